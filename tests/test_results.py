"""Result sets: saved whole or not at all, read back equal, hashed by content."""

import datetime as dt
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from hatang.data.contracts import MissingError, StoreError
from hatang.data.results import ResultSet, load_results, save_results, table_hash


@pytest.fixture
def results() -> ResultSet:
    places = gpd.GeoDataFrame({"place_id": ["a", "b"], "geometry": shapely.points([[107.5, 16.4], [107.6, 16.5]])}, crs="EPSG:4326")
    ledger = pd.DataFrame({"step": ["raw", "latched"], "rows": [10, 4]})
    return ResultSet(
        run_id="r1",
        period="2026Q3",
        as_of=dt.date(2026, 9, 30),
        synthetic=True,
        ward_version="approximate-1",
        boundary_source="approximate",
        inputs=({"id": "x", "sha256": "y"},),
        configuration={"target_share": {"value": 0.95}},
        versions={"hatang": "0.1.0"},
        tables={"places": places, "ledger": ledger},
    )


def test_saved_results_read_back_equal(results: ResultSet, tmp_path: Path) -> None:
    save_results(results, tmp_path / "r1")
    again = load_results(tmp_path / "r1")
    assert again.manifest() == results.manifest()
    assert isinstance(again.tables["places"], gpd.GeoDataFrame)
    assert [path.name for path in tmp_path.iterdir()] == ["r1"]


def test_saving_again_replaces(results: ResultSet, tmp_path: Path) -> None:
    save_results(results, tmp_path / "r1")
    save_results(results.with_tables(ledger=pd.DataFrame({"step": ["raw"], "rows": [1]})), tmp_path / "r1")
    assert len(load_results(tmp_path / "r1").tables["ledger"]) == 1


def test_hash_is_of_content_alone() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None]})
    assert table_hash(frame) == table_hash(frame.set_index(pd.Index([7, 9])))
    assert table_hash(frame) != table_hash(frame.iloc[::-1])


def test_missing_results_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"error\.results\.missing"):
        load_results(tmp_path / "none")


def test_a_disk_that_refuses_leaves_nothing_behind(results: ResultSet, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"error\.store\.write"):
        save_results(results, tmp_path / "file" / "r1")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
