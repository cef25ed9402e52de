"""Speeds by map tile: keys as text, shapes from keys, networks and quarters from file names, and means that carry their weights."""

import math
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hatang.data.contracts import MAP_CRS, TILES, Kind, RefusedError, Severity
from hatang.data.read_tiles import ZOOM, tile_bounds
from hatang.data.reading import ReadOptions, ReadOutcome, read, recognise

MOBILE = "2025-10-01_performance_mobile_tiles"


def key_of(lon: float, lat: float) -> str:
    """Return the quadkey of a position, bit by bit as the Bing Maps Tile System page describes it."""
    side = 2**ZOOM
    column = int((lon + 180) / 360 * side)
    row = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * side)
    return "".join(str((column >> bit & 1) + 2 * (row >> bit & 1)) for bit in reversed(range(ZOOM)))


HUE, PHU_BAI, LONDON = key_of(107.5791, 16.4676), key_of(107.70, 16.40), key_of(-0.1276, 51.5072)


def ookla(*keys: str, **changed: object) -> pd.DataFrame:
    """Return a table as the publisher's parquet has it since the end of 2023."""
    bounds = tile_bounds(np.array(keys))
    return pd.DataFrame(
        {
            "quadkey": list(keys),
            "tile": [shapely.box(*box).wkt for box in bounds],
            "tile_x": (bounds[:, 0] + bounds[:, 2]) / 2,
            "tile_y": (bounds[:, 1] + bounds[:, 3]) / 2,
            "avg_d_kbps": 134_200,
            "avg_u_kbps": 33_000,
            "avg_lat_ms": 27,
            "avg_lat_down_ms": pd.array([None] * len(keys), dtype="Int32"),
            "avg_lat_up_ms": pd.array([None] * len(keys), dtype="Int32"),
            "tests": 12,
            "devices": 4,
            **changed,
        }
    )


def run(path: Path, kind: Kind = Kind.AUTO, **options: str | Path) -> tuple[ReadOutcome, pd.DataFrame]:
    outcome = read(path, path.parent / "out.arrow", kind, ReadOptions(**options))  # type: ignore[arg-type]
    frame = pa.ipc.open_file(path.parent / "out.arrow").read_all().to_pandas()
    assert outcome.rows_in == outcome.rows_kept + outcome.rows_refused + outcome.repairs.get("duplicate", 0)
    TILES.conform(frame)
    return outcome, frame


def csv_of(folder: Path, frame: pd.DataFrame, name: str = f"{MOBILE}.csv") -> Path:
    frame.to_csv(folder / name, index=False)
    return folder / name


def refused(outcome: ReadOutcome) -> list[tuple[str, int | None, str | None]]:
    return [(fault.code, fault.row, fault.found) for fault in outcome.faults if fault.severity is Severity.REFUSED]


@given(lon=st.floats(-179.9, 179.9), lat=st.floats(-84, 84))
def test_a_position_lies_in_the_tile_of_its_key(lon: float, lat: float) -> None:
    (west, south, east, north), *_ = tile_bounds(np.array([key_of(lon, lat)]))
    assert west - 1e-9 <= lon <= east + 1e-9
    assert south - 1e-9 <= lat <= north + 1e-9
    assert east - west == pytest.approx(360 / 2**16)


def test_a_tile_of_hue_is_586_m_wide() -> None:
    """formats.md 1.1: about 610.8 m (a sphere's 40,075,017 m by 65,536 = 611.5) at the equator and 586 m at 16.4° N."""
    (west, _, east, _), *_ = tile_bounds(np.array([HUE]))
    assert math.radians(east - west) * 6_378_137 * math.cos(math.radians(16.4)) == pytest.approx(586, abs=1)


@pytest.mark.parametrize("name", ["tile", "tiles"])
def test_parquet_of_the_publisher_is_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{MOBILE}.parquet"
    pq.write_table(pa.Table.from_pandas(ookla(HUE, PHU_BAI).rename(columns={"tile": name}), preserve_index=False), path)
    assert recognise(path, ReadOptions()) is Kind.TILES
    outcome, frame = run(path)
    assert (outcome.period, outcome.rows_kept) == ("2025Q4", 2)
    row = frame.iloc[0]
    assert (row["quadkey"], row["network"], row["period"], row["tests"], row["devices"]) == (HUE, "mobile", "2025Q4", 12, 4)
    assert (row["download_mbps"], row["upload_mbps"], row["latency_ms"]) == (134.2, 33.0, 27.0)
    assert shapely.from_wkb(row["geometry"]).contains(shapely.Point(107.5791, 16.4676))
    assert not {"operator", "technology"} & set(frame.columns)


def test_the_shapefile_of_the_publisher_is_read(tmp_path: Path) -> None:
    frame = ookla(HUE, PHU_BAI)
    shapes = gpd.GeoDataFrame(frame.drop(columns=["tile", "tile_x", "tile_y", "avg_lat_down_ms", "avg_lat_up_ms"]),
                              geometry=shapely.from_wkt(frame["tile"]), crs=MAP_CRS)  # fmt: skip
    shapes.to_file(tmp_path / "gps_mobile_tiles.shp", engine="pyogrio")
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        for part in tmp_path.glob("gps_mobile_tiles.*"):
            archive.write(part, f"2025-10-01_performance_mobile_tiles/{part.name}")
    outcome, kept = run(tmp_path / "t.zip")
    assert list(kept["quadkey"]) == [HUE, PHU_BAI]
    assert outcome.period == "2025Q4"


def test_csv_with_the_shape_first_is_read(tmp_path: Path) -> None:
    frame = ookla(HUE).rename(columns={"tile": "WKT"})[["WKT", "quadkey", "avg_d_kbps", "avg_u_kbps", "avg_lat_ms", "tests", "devices"]]
    outcome, kept = run(csv_of(tmp_path, frame))
    assert (outcome.kind, list(kept["quadkey"])) == (Kind.TILES, [HUE])


@pytest.mark.parametrize("bad", ["1.32213E+15", HUE[1:], HUE + "0", HUE.replace("1", "7", 1), ""])
def test_a_key_that_became_a_number_is_refused(tmp_path: Path, bad: str) -> None:
    frame = ookla(HUE, PHU_BAI)
    frame.loc[1, "quadkey"] = bad
    outcome, _ = run(csv_of(tmp_path, frame))
    assert [(code, row) for code, row, _ in refused(outcome)] == [("tile_quadkey", 3)]


def test_a_key_with_a_leading_zero_stays_text(tmp_path: Path) -> None:
    assert LONDON.startswith("0")
    _, frame = run(csv_of(tmp_path, ookla(LONDON)))
    assert list(frame["quadkey"]) == [LONDON]


def test_of_the_world_only_hue_is_kept(tmp_path: Path) -> None:
    outcome, frame = run(csv_of(tmp_path, ookla(LONDON, HUE, LONDON)))
    assert list(frame["quadkey"]) == [HUE]
    (fault,) = [fault for fault in outcome.faults if fault.code == "tile_elsewhere"]
    assert (fault.row, fault.count, outcome.rows_refused) == (2, 2, 2)


def test_a_key_and_a_position_that_are_two_places(tmp_path: Path) -> None:
    outcome, _ = run(csv_of(tmp_path, ookla(HUE, PHU_BAI, tile_x=[107.581, 107.581], tile_y=[16.465, 16.465])))
    assert refused(outcome) == [("tile_contrary", 3, PHU_BAI)]


def test_a_file_that_hides_its_network_needs_it_stated(tmp_path: Path) -> None:
    path = csv_of(tmp_path, ookla(HUE), "tiles.csv")
    with pytest.raises(RefusedError) as error:
        run(path)
    assert [fault.code for fault in error.value.faults] == ["file_rows", "tile_network"]
    (tmp_path / "m.yaml").write_text("constants: {network: fixed}\n")
    outcome, frame = run(path, mapping=tmp_path / "m.yaml", period="2024Q4")
    assert (frame["network"].iloc[0], frame["period"].iloc[0], outcome.period) == ("fixed", "2024Q4", "2024Q4")


def test_phones_on_wifi_are_not_the_mobile_network(tmp_path: Path) -> None:
    _, frame = run(csv_of(tmp_path, ookla(HUE), "2024-10-01_performance_fixed_tiles.csv"))
    assert (frame["network"].iloc[0], frame["period"].iloc[0]) == ("fixed", "2024Q4")


def test_a_tile_stands_once_a_network_and_quarter(tmp_path: Path) -> None:
    outcome, _ = run(csv_of(tmp_path, ookla(HUE, HUE, HUE, tests=[12, 13, 12])))
    assert [(code, row) for code, row, _ in refused(outcome)] == [("duplicate_id", 3), ("duplicate_row", 4)]


@pytest.mark.parametrize(
    ("column", "value", "code"), [("tests", "0", "cell_range"), ("tests", "", "cell_missing"), ("devices", "x", "cell_integer")]
)
def test_a_mean_without_its_weight_is_refused(tmp_path: Path, column: str, value: str, code: str) -> None:
    frame = ookla(HUE, PHU_BAI).astype({column: object})
    frame.loc[1, column] = value
    outcome, _ = run(csv_of(tmp_path, frame))
    assert [(code, row) for code, row, _ in refused(outcome)] == [(code, 3)]


def test_a_table_of_ones_own_with_the_contracts_names_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "o.csv"
    path.write_text(f"quadkey;Mạng;Kỳ;download_mbps;tests;devices\n{HUE};di động;Quý III/2026;40,5;12;4\n", encoding="utf-8")
    assert recognise(path, ReadOptions()) is Kind.TILES
    outcome, frame = run(path)
    assert (frame["network"].iloc[0], frame["period"].iloc[0], frame["download_mbps"].iloc[0]) == ("mobile", "2026Q3", 40.5)
    assert outcome.period == "2026Q3"
