"""`hatang catalogue diff`: two filings of claims, and of a register."""

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.coverage.integrate import geodesic_area_m2
from hatang.data.contracts import INPUT_TABLES, MAP_CRS, Kind, MissingError, ParameterError
from hatang.data.settings import Settings
from hatang.data.store import Filing, Store
from hatang.pipeline.difference import compare_datasets
from hatang.pipeline.progress import Quiet

pytestmark = pytest.mark.databases("sqlite", "postgresql")

BOX = (107.55, 16.44, 107.59, 16.48)
"""In the middle of the city, well inside the wards in use."""


def filed(settings: Settings, tmp_path: Path, kind: Kind, rows: dict[str, object]) -> str:
    frame = INPUT_TABLES[str(kind)].conform(gpd.GeoDataFrame(rows, geometry="geometry", crs=MAP_CRS))
    file = tmp_path / f"{kind}.gpkg"
    file.write_bytes(repr(rows).encode())
    with Store.open(settings) as store, store.receive(file) as received:
        filing = Filing(kind, "viettel", len(frame), len(frame), 0, operator="viettel")
        return store.add(received, gpd.GeoDataFrame(frame, geometry="geometry", crs=MAP_CRS), filing)[0].id


def claims(west: float, east: float) -> dict[str, object]:
    shape = shapely.box(west, BOX[1], east, BOX[3])
    return {"operator": "viettel", "technology": "4g", "environment": "outdoor", "geometry": [shape]}


@pytest.fixture
def two_claims(settings: Settings, tmp_path: Path) -> tuple[str, str]:
    middle = (BOX[0] + BOX[2]) / 2
    points = [shapely.Point(BOX[0] + 0.001, 16.46), shapely.Point(BOX[2] - 0.001, 16.46)]
    filed(settings, tmp_path, Kind.VILLAGES, {"village_id": ["w", "e"], "village_name": ["Tây", "Đông"], "geometry": points})
    return filed(settings, tmp_path, Kind.CLAIMS, claims(BOX[0], middle)), filed(settings, tmp_path, Kind.CLAIMS, claims(BOX[0], BOX[2]))


def test_claims_ward_by_ward(settings: Settings, two_claims: tuple[str, str]) -> None:
    found = compare_datasets(*two_claims, settings, Quiet())
    assert found.areas is not None
    assert found.villages is not None
    new_half = gpd.GeoSeries([shapely.box((BOX[0] + BOX[2]) / 2, BOX[1], BOX[2], BOX[3])], crs=MAP_CRS)
    assert found.areas["gained_m2"].sum() == pytest.approx(geodesic_area_m2(new_half).iloc[0], rel=2e-4)  # chords, and scale by ward
    assert found.areas["lost_m2"].sum() < 0.05 * 4_500  # centimetres along an edge that is one chord now and was two before
    assert found.villages[["village_name", "change"]].to_numpy().tolist() == [["Đông", "gained"]]
    back = compare_datasets(*reversed(two_claims), settings, Quiet())
    assert back.areas is not None
    assert back.areas["lost_m2"].to_numpy().tolist() == found.areas["gained_m2"].to_numpy().tolist()


def test_a_register_by_key_and_kinds_that_do_not_compare(settings: Settings, tmp_path: Path, two_claims: tuple[str, str]) -> None:
    rows = {"asset_id": ["p1", "p2"], "asset_class": "pole", "owner": "vnpt", "geometry": [shapely.Point(107.5, 16.4)] * 2}
    old = filed(settings, tmp_path, Kind.ASSETS, rows)
    new = filed(settings, tmp_path, Kind.ASSETS, {**rows, "asset_id": ["p2", "p3"], "owner": ["fpt", "vnpt"]})
    found = compare_datasets(old, new, settings, Quiet())
    assert found.areas is None
    assert found.as_dict()["changes"] == [
        {"asset_id": "p1", "change": "removed", "fields": ""},
        {"asset_id": "p2", "change": "changed", "fields": "owner"},
        {"asset_id": "p3", "change": "added", "fields": ""},
    ]
    with pytest.raises(ParameterError, match=r"error\.dataset\.kinds"):
        compare_datasets(old, two_claims[0], settings, Quiet())
    with pytest.raises(MissingError):
        compare_datasets(old, "none", settings, Quiet())


@pytest.mark.usefixtures("environment")
def test_on_the_command_line(two_claims: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    document = json.loads(CliRunner().invoke(app, ["--json", "catalogue", "diff", *two_claims]).stdout)
    assert (document["kind"], document["before"]["id"], document["rows"]) == (
        "claims",
        two_claims[0],
        {"added": 1, "removed": 1, "changed": 0},
    )
    assert {"ward_code", "operator", "gained_m2", "lost_m2", "area_m2"} <= set(document["areas"][0])
    said = CliRunner().invoke(app, ["--lang", "en", "catalogue", "diff", *two_claims])
    assert said.exit_code == 0
    assert "lost_m2" in said.stdout
    assert "Đông" in said.stdout
    assert CliRunner().invoke(app, ["catalogue", "diff", two_claims[0], "none"]).exit_code == 1
