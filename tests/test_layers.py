"""Layers for GIS clients on PostgreSQL: what is filed, withdrawn, erased and assessed shows, with the columns of its contract."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import psycopg
import pytest
import shapely
from postgres import Server
from sqlalchemy import make_url
from test_assess import AS_OF, claimed, filed

from hatang.data.contracts import ASSETS, FIXED, GAPS, INPUT_TABLES, Kind
from hatang.data.layers import LAYERS, publish_gaps
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Filing, Store
from hatang.pipeline.assess import assess
from hatang.pipeline.progress import Quiet

Reader = psycopg.Connection[tuple[Any, ...]]
pytestmark = pytest.mark.databases("postgresql")


@pytest.fixture
def reader(server: Server, settings: Settings) -> Iterator[Reader]:
    """Return a connection that sees every row."""
    assert settings.database_url is not None
    with server.connect(str(make_url(settings.database_url).database)) as connection:
        yield connection


def assets(count: int = 3) -> gpd.GeoDataFrame:
    """Return poles, a duct section and what a register may leave out."""
    points = [shapely.Point(107.5 + n / 1e6, 16.4) for n in range(count - 1)]
    frame = gpd.GeoDataFrame(
        {
            "asset_id": [f"a{n}" for n in range(count)],
            "owner": "vnpt",
            "asset_class": ["duct_section", *["pole"] * (count - 1)],
            "geometry": [shapely.LineString([(107.5, 16.4), (107.6, 16.4)]), *points],
        },
        crs="EPSG:4326",
    )
    return gpd.GeoDataFrame(ASSETS.conform(frame), crs="EPSG:4326")


def add(store: Store, folder: Path, frame: pd.DataFrame, kind: Kind) -> Dataset:
    file = folder / f"{kind}.bin"
    file.write_text(str(len(frame)))
    with store.receive(file) as received:
        return store.add(received, frame, Filing(kind, "vnpt", len(frame), len(frame), 0))[0]


def count(reader: Reader, relation: str) -> int:
    row = reader.execute(f"SELECT count(*) FROM {relation}".encode()).fetchone()
    return int(row[0]) if row else -1


def test_a_row_shows_as_it_was_filed(settings: Settings, tmp_path: Path, reader: Reader) -> None:
    with Store.open(settings) as store:
        dataset = add(store, tmp_path, assets(), Kind.ASSETS)
    rows = reader.execute(
        b"SELECT feature_id, asset_id, asset_class, ST_AsText(geometry), ST_SRID(geometry) FROM assets ORDER BY 1"
    ).fetchall()
    assert rows == [
        (f"{dataset.id}-0", "a0", "duct_section", "LINESTRING(107.5 16.4,107.6 16.4)", 4326),
        (f"{dataset.id}-1", "a1", "pole", "POINT(107.5 16.4)", 4326),
        (f"{dataset.id}-2", "a2", "pole", "POINT(107.500001 16.4)", 4326),
    ]


def test_every_kind_with_geometry_has_a_view_with_the_columns_of_its_contract(reader: Reader) -> None:
    assert set(LAYERS) == {name for name, table in INPUT_TABLES.items() if table.geometry}
    for table in (*(INPUT_TABLES[layer] for layer in LAYERS), GAPS):
        columns = [column.name for column in reader.execute(f"SELECT * FROM {table.name}".encode()).description or ()]
        assert {name for name in table.names if not name.startswith("nearest_site")} <= set(columns), table.name
        assert not any(name.startswith("nearest_site") for name in columns)


def test_more_rows_than_go_in_one_statement(settings: Settings, tmp_path: Path, reader: Reader) -> None:
    with Store.open(settings) as store:
        add(store, tmp_path, assets(12_001), Kind.ASSETS)
    columns = "count(*), count(DISTINCT asset_id), min(position), max(position)"
    joined = "assets JOIN features ON feature_id = features.dataset_id || '-' || position"
    found = reader.execute(f"SELECT {columns} FROM {joined}".encode()).fetchone()
    assert found == (12_001, 12_001, 0, 12_000)


def test_rows_without_a_place_are_left_out_and_heights_with_them(settings: Settings, tmp_path: Path, reader: Reader) -> None:
    frame = assets(4)
    frame.loc[1, "geometry"] = None
    frame.loc[2, "geometry"] = shapely.Point(107.5, 16.4, 12.5)
    with Store.open(settings) as store:
        add(store, tmp_path, frame, Kind.ASSETS)
    rows = reader.execute(b"SELECT asset_id, ST_NDims(geometry) FROM assets ORDER BY 1").fetchall()
    assert rows == [("a0", 2), ("a2", 2), ("a3", 2)]


def test_what_is_withdrawn_hides_and_what_is_erased_goes(settings: Settings, tmp_path: Path, reader: Reader) -> None:
    with Store.open(settings) as store:
        dataset = add(store, tmp_path, assets(), Kind.ASSETS)
        store.withdraw(dataset.id)
        assert (count(reader, "assets"), count(reader, "features")) == (0, 3)
        store.withdraw(dataset.id, undo=True)
        assert count(reader, "assets") == 3
        store.erase([dataset], reason="test")
        assert (count(reader, "assets"), count(reader, "features")) == (0, 0)


def test_a_table_without_geometry_and_a_rehearsal_leave_none(settings: Settings, tmp_path: Path, reader: Reader) -> None:
    rows = {"ward_code": ["19774"], "ward_name": "A", "operator": "vnpt", "households": 5, "households_served": 1}
    with Store.open(settings) as store:
        add(store, tmp_path, FIXED.conform(pd.DataFrame(rows)), Kind.FIXED)
        with store.receive(tmp_path / "fixed.bin") as received:
            store.add(received, assets(), Filing(Kind.ASSETS, "vnpt", 3, 3, 0), rehearsal=True)
    assert count(reader, "features") == 0


def test_the_gaps_of_a_run_are_a_layer(settings: Settings, tmp_path: Path, reader: Reader) -> None:
    filed(settings, claimed(tmp_path, "c.geojson", 0.5), period="2026Q3")
    results = assess(settings, as_of=AS_OF, progress=Quiet())
    gaps = results.tables["gaps"]
    rows = reader.execute(b"SELECT run_id, gap_id, rank, area_m2 FROM gaps ORDER BY rank").fetchall()
    assert rows == [(results.run_id, row.gap_id, row.rank, row.area_m2) for row in gaps.sort_values("rank").itertuples()]
    with Store.open(settings) as store, store.changing() as (session, _):
        publish_gaps(session, results.run_id, gaps)
        publish_gaps(session, "another", gaps)
    assert count(reader, "gaps") == 2 * len(gaps)
