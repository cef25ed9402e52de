"""Where people live: shares of claims and people of gaps by a raster, official totals kept, the source told wherever the figure stands."""

import datetime as dt
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from pyproj import CRS
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.coverage.people import People
from hatang.coverage.raster import Raster
from hatang.data.contracts import HUE_CRS, MAP_CRS, Kind
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.data.wards import load_boundaries
from hatang.pipeline.assess import assess
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.inputs import gather
from hatang.pipeline.living import in_force, people_of
from hatang.pipeline.progress import Quiet
from hatang.reports.sections import Scope, build_report
from hatang.web.tips import gap_tip

WARD = "19753"
"""Phường Phú Xuân; its centre is at 107.577 E, 16.4785 N."""
STEP = 0.001
HOME, AWAY = (107.5765, 16.4785), (107.5815, 16.4785)
"""Middles of the two pixels that have people: 300 and 100."""
AS_OF = dt.date(2026, 9, 30)


def worldpop(folder: Path, people: tuple[float, float] = (300.0, 100.0), name: str = "vnm_pop_2025_CN_100m_R2025A_v1.tif") -> Path:
    """Write a grid of 0.001° over the whole city, in which two pixels of one ward have people."""
    west, north = 106.9, 16.9
    values = np.full((1_000, 1_400), -99999, np.float32)
    for (lon, lat), count in zip((HOME, AWAY), people, strict=True):
        values[int((north - lat) / STEP), int((lon - west) / STEP)] = count
    profile = {"count": 1, "height": 1_000, "width": 1_400, "dtype": "float32", "crs": "EPSG:4326", "nodata": -99999}
    with rasterio.open(folder / name, "w", transform=rasterio.Affine(STEP, 0, west, 0, -STEP, north), **profile, driver="GTiff") as target:
        target.write(values, 1)
    return folder / name


def claim(folder: Path) -> Path:
    """Write a claim round the first pixel: 300 of 400 people."""
    area = shapely.Point(HOME).buffer(0.0024, cap_style="square")
    frame = gpd.GeoDataFrame({"operator": ["viettel"], "technology": ["4g"]}, geometry=[area], crs=MAP_CRS)
    frame.to_file(folder / "claim.geojson", engine="pyogrio")
    return folder / "claim.geojson"


def test_shares_and_people_follow_the_raster_and_totals_stay_official() -> None:
    """Two pixels of 1 km: 30 and 10 people; the ward has 4,000 by the official count."""
    ward = shapely.box(561_000, 1_821_000, 563_000, 1_822_000)
    wards = gpd.GeoDataFrame({"ward_code": ["1", "2"]}, geometry=[ward, shapely.box(562_900, 1_821_000, 564_000, 1_822_000)], crs=HUE_CRS)
    raster = Raster(np.array([[30.0, 10.0]]), (1_000.0, 0.0, 561_000.0, 0.0, -1_000.0, 1_822_000.0), CRS(HUE_CRS))
    living = People.of(wards, raster, ward, "WorldPop 2025")
    assert living.wards.to_dict() == {"1": pytest.approx(40.0)}  # the other ward goes beyond what the raster knows
    claimed = gpd.GeoDataFrame({"operator": ["vnpt"]}, geometry=[shapely.box(561_000, 1_821_000, 561_500, 1_822_000)], crs=HUE_CRS)
    assert living.claimed(wards, claimed, ["operator"])["people_share"].tolist() == [pytest.approx(0.375)]
    right = gpd.GeoSeries([shapely.box(562_000, 1_821_000, 563_000, 1_821_500)] * 2, crs=HUE_CRS)
    codes = pd.Series(["1", "2"])
    people = living.of_official(right, codes, pd.Series({"1": 4_000.0, "2": 500.0}))
    assert people[0] == pytest.approx(500.0)
    assert np.isnan(people[1])
    assert living.of_official(right, codes, pd.Series({"1": np.nan}))[0] == pytest.approx(5.0)
    assert living.spread(codes).to_numpy().tolist() == [["raster", "WorldPop 2025"], ["even", None]]


def test_the_command_reads_a_grid_and_the_assessment_uses_it(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"HOME": str(settings.home), "OFFLINE": "1", "LANG": "vi"}.items():
        monkeypatch.setenv(f"HATANG_{name}", value)
    run = CliRunner().invoke(app, ["--json", "ingest", str(worldpop(tmp_path))])
    (entry,) = json.loads(run.stdout)["datasets"]
    assert (entry["kind"], entry["rows_kept"], entry["source"]) == ("population", 2, "WorldPop 2025")
    assert json.loads(run.stdout)["faults"][0]["found"] == "400"
    filed = CliRunner().invoke(app, ["ingest", str(claim(tmp_path)), "--period", "2026Q3"])
    assert filed.exit_code == 0, filed.output
    done = CliRunner().invoke(app, ["assess", "--as-of", "2026-09-30"])
    assert "theo lưới WorldPop 2025, tổng theo số liệu chính thức" in done.output

    results = assess(settings, as_of=AS_OF, progress=Quiet())
    assert any(one["kind"] == "population" and one["source"] == "WorldPop 2025" for one in results.inputs)
    table = results.tables["ward_table"].set_index(["ward_code", "operator", "technology"])
    row = table.loc[(WARD, "viettel", "4g")]
    assert row["claimed_population_share"] == pytest.approx(0.75)
    assert row["claimed_area_share"] < 0.1
    assert (row["population_spread"], row["population_source"]) == ("raster", "WorldPop 2025")
    other = table.drop(index=WARD).xs(("viettel", "4g"), level=("operator", "technology"))
    assert set(other["population_spread"]) == {"even"}  # the raster has nobody there
    gaps = results.tables["gaps"]
    mine = gaps[(gaps["ward_code"] == WARD) & (gaps["technology"] == "4g")]
    official = load_boundaries(settings).frame.set_index("ward_code")["population"]
    assert mine["population"].sum() == pytest.approx(0.25 * official[WARD], rel=1e-6)
    whole = gaps[gaps["technology"] == "4g"].groupby("ward_code")["population"].sum()
    assert whole.drop(WARD).sum() == pytest.approx(official.drop(WARD)[whole.drop(WARD).index].sum(), rel=1e-4)
    said = "theo lưới WorldPop 2025, tổng theo số liệu chính thức"
    assert said in repr(gap_tip(mine.iloc[0].to_dict(), "vi"))
    assert said in repr(build_report(results, scope=Scope(), language="vi"))


def test_tests_stand_for_the_people_of_their_cells(settings: Settings, tmp_path: Path) -> None:
    """All pass in the cell of 300 people, all fail in the cell of 100: three quarters of the people, whatever the areas."""
    lines = ["time,lon,lat,operator,technology,rsrp_dbm,device_id"]
    for (lon, lat), level in ((HOME, -90), (AWAY, -120)):
        lines += [f"2026-08-01 08:00:00,{lon},{lat},viettel,4g,{level},device-{n}" for n in range(60)]
    (tmp_path / "tests.csv").write_text("\n".join(lines) + "\n", "utf-8")
    assert ingest([worldpop(tmp_path), tmp_path / "tests.csv"], IngestOptions(), settings, Quiet()).complete
    results = assess(settings, period="2026Q3", as_of=AS_OF, progress=Quiet())
    row = results.tables["ward_table"].set_index(["ward_code", "operator", "technology"]).loc[(WARD, "viettel", "4g")]
    assert row["population_share"] == pytest.approx(0.75)
    assert row["area_share"] != pytest.approx(0.75, abs=1e-3)


def test_the_grid_filed_last_counts_with_all_its_tiles(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    old = worldpop(tmp_path / "old", (7.0, 7.0), "vnm_pop_2020_CN_100m_R2025A_v1.tif")
    assert ingest([old, worldpop(tmp_path)], IngestOptions(), settings, Quiet()).complete
    with Store.open(settings) as store:
        inputs = gather(store, "2026Q3")
    pixels = inputs[Kind.POPULATION]
    assert pixels["population"].tolist() == [300.0, 100.0]
    assert [entry.source for entry in inputs.datasets] == ["WorldPop 2025"]
    tile = pixels.assign(x=pixels["x"] + 0.5, west=108.0)
    both = in_force(pd.concat([pixels, tile], ignore_index=True))
    assert len(both) == 4
    assert people_of(pixels.iloc[:0], load_boundaries(settings).frame) is None
