"""Benchmarks run at their smallest size, so that they cannot rot; inequality with a peer fails, slowness never does."""

import json
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from benchmarks import harness
from benchmarks.__main__ import FULL, SMALL, main
from benchmarks.gates import gate_lines
from benchmarks.harness import Line, table
from benchmarks.readers import as_table, layers, readings
from benchmarks.stream import stream_lines
from benchmarks.stress import stress_wards


@pytest.fixture
def drawn_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run on the boundaries that every machine has, whatever lies beside the checkout: the smallest size is the same everywhere."""
    monkeypatch.delenv("HATANG_REFERENCE_DIR", raising=False)


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_maps")
def test_locate_equals_its_peers() -> None:
    lines = SMALL["locate"]()
    exact = [line for line in lines if "sedonadb" not in line.name and "duckdb" not in line.name and "within" not in line.name]
    assert [line.holds for line in exact] == [True, True, True, True]
    assert "geopandas sjoin within" in table("Benchmarks", lines)


@pytest.mark.slow
def test_stress_wards_keep_what_wards_share() -> None:
    wards = gpd.GeoDataFrame({"ward_code": ["1", "2"]}, geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs="EPSG:4326")
    rough = stress_wards(wards, vertices=2_000, seed=1)
    assert abs(rough.count_coordinates().sum() - 2_000) < 20
    assert shapely.coverage_is_valid(rough.geometry.to_numpy())
    assert rough.geometry[0].boundary.intersection(rough.geometry[1].boundary).length > 1
    assert rough.equals(stress_wards(wards, vertices=2_000, seed=1))
    assert not rough.equals(stress_wards(wards, vertices=2_000, seed=2))


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_maps")
def test_integrate_equals_its_peers() -> None:
    lines = SMALL["integrate"]()
    assert {line.name.rpartition(": ")[2] for line in lines} >= {"geopandas.overlay", "shapely, claims boxed", "shapely, claims in tiles"}
    assert all(line.holds is not False for line in lines)


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_maps")
def test_near_equals_its_peers() -> None:
    lines = SMALL["near"]()
    assert any("STRtree" in line.name for line in lines)
    assert all(line.holds is not False for line in lines)


def test_every_kernel_has_a_smallest_size() -> None:
    assert set(SMALL) == set(FULL)


def test_a_page_holds_the_table_a_plot_and_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "DOCS", tmp_path)
    (tmp_path / "performance-notes.md").write_text("## Goals that stay missed\n", "utf-8")
    ours, theirs = Line("x", 1.0, "CPU s", None, "hatang", None, None, 1.25, 80), Line("x: peer", 3.0, "CPU s", 2.0, "0 differ", 3.0, True)
    harness.publish("benchmarks", "Performance", [ours, theirs], page="performance")
    page = (tmp_path / "performance.md").read_text("utf-8")
    assert "| x | 1 | CPU s | 1.25 | 80 |  | hatang |  |  |" in page
    assert "| x: peer | 3 | CPU s |  |  | 2 | 0 differ | 3.00 | yes |" in page
    assert "cores" in page
    assert page.endswith("## Goals that stay missed\n")
    assert (tmp_path / "img/performance.png").read_bytes().startswith(b"\x89PNG")
    assert [line["ratio"] for line in json.loads((tmp_path / "benchmarks.json").read_text("utf-8"))] == [None, 3.0]


def test_a_run_by_itself_stays_when_all_others_are_taken_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "DOCS", tmp_path)
    long, short = Line("long", 7.0, "s", None, "x", None, True), Line("short", float("nan"), "s", None, "not installed", None, None)
    harness.publish_own_run("benchmarks", "Performance", [long], page="performance", date="2026-11-25")
    harness.publish("benchmarks", "Performance", [short], page="performance")
    harness.publish("benchmarks", "Performance", [short], page="performance")
    page = (tmp_path / "performance.md").read_text("utf-8")
    assert page.count("| long (run by itself, 2026-11-25) | 7 |") == 1
    assert page.count("| short | – |") == 1
    harness.publish_own_run("benchmarks", "Performance", [replace(long, figure=8.0)], page="performance", date="2026-11-26")
    assert [(line.name, line.own_run) for line in harness.published("benchmarks")] == [("short", None), ("long", "2026-11-26")]


@pytest.mark.slow
def test_a_stream_of_any_length_is_published_by_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness, "DOCS", tmp_path)
    monkeypatch.setitem(main.__globals__, "stream_lines", partial(stream_lines, devices=5_000))
    assert main(["stream", "--rows", "3e4"]) == 0
    figures, memory = harness.published("benchmarks")
    assert figures.name.startswith("aggregate, 30,000 tests of 5,000 devices")
    assert figures.holds
    assert memory.holds
    assert figures.own_run is not None


def test_memory_is_that_of_the_run_alone() -> None:
    held = np.ones(25_000_000)  # what the parent holds and held is not the child's
    del held
    kept = np.ones(2_000_000)
    timings = harness.race({"much": lambda: np.ones(10_000_000)[:1], "little": lambda: np.ones(10)}, runs=1)
    assert 75 < timings["much"].peak_mb < 110
    assert timings["little"].peak_mb < 15
    assert kept[0] == timings["much"].answer[0]


def test_a_contender_that_fails_is_named() -> None:
    def fail() -> np.ndarray:
        os._exit(3)

    with pytest.raises(RuntimeError, match="broken"):
        harness.race({"broken": fail}, runs=1)


@pytest.mark.slow
@pytest.mark.parametrize("kernel", ["aggregate", "stream", "cluster"])
@pytest.mark.usefixtures("drawn_maps")
def test_aggregate_equals_its_peers(kernel: str) -> None:
    lines = SMALL[kernel]()
    assert lines
    assert all(line.holds is not False for line in lines)
    if kernel == "aggregate":
        named = {"aggregate: hatang on an engine file", "aggregate: geopandas, 2,000 tests", "aggregate: numpy.quantile of each group"}
        assert {line.name for line in lines} >= named


@pytest.mark.slow
@pytest.mark.usefixtures("drawn_maps")
def test_storage_is_timed() -> None:
    lines = SMALL["storage"]()
    assert len(lines) == 4
    assert all(line.figure > 0 and line.holds is None for line in lines)


@pytest.mark.slow
def test_designs_are_no_dearer_than_those_of_peers() -> None:
    lines = SMALL["design"]()
    assert any("certified gap" in line.name for line in lines)
    assert any("HiGHS" in line.name for line in lines)
    assert all(line.holds is not False for line in lines)


@pytest.mark.slow
def test_gates_are_measured() -> None:
    held, error = gate_lines(seeds=[455])
    assert 0 < held.figure <= 1
    assert error.figure < 15


def test_a_table_says_what_does_not_hold() -> None:
    assert "| NO |" in table("t", [Line("x", 1.0, "s", 0.5, "peer", 2.0, False)])


def test_every_file_of_a_folder_is_accounted_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,lon,lat,operator,technology,rsrp_dbm\n2026-08-02 09:30:00,107.6,16.4,Viettel,4G,-90\n")
    (tmp_path / "b.csv").write_text("gateway,gw_lat,gw_lon,gw_elevation,frequency\ng,16.1,108.2,15.7,922200000\n")
    (tmp_path / "notes.md").write_text("not data")
    first, second = readings(tmp_path)
    assert (first.file, first.reader, first.rows_in, first.kept, first.reasons) == ("a.csv", "–", 1, 1, "–")
    assert (second.file, second.reader, second.rows_in, second.kept, second.reasons) == (
        "b.csv",
        "LoRaWAN (cổng)",
        1,
        0,
        "format_other_radio 1",
    )
    assert as_table([first, second]).count("\n") == 4


@pytest.mark.reference
def test_the_table_of_real_files_in_the_page_is_what_the_readers_give(reference: Path) -> None:
    page = (Path(__file__).resolve().parent.parent / "docs" / "formats.md").read_text(encoding="utf-8")
    found = [*readings(reference / "measurements", small=True), *layers(reference / "boundaries")]
    for line in as_table(found).splitlines()[2:]:
        assert line.rsplit("|", 2)[0] in page  # all but the seconds
