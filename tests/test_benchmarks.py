"""Benchmarks run at their smallest size, so that they cannot rot; inequality with a peer fails, slowness never does."""

import pytest

from benchmarks.gates import gate_lines
from benchmarks.harness import Line, table
from benchmarks.locate import locate_lines


@pytest.mark.slow
def test_locate_equals_its_peers() -> None:
    lines = locate_lines(count=5_000, runs=1)
    assert [line.holds for line in lines[1:]] == [True, True]
    assert "geopandas" in table("Benchmarks", lines)


@pytest.mark.slow
def test_gates_are_measured() -> None:
    held, error = gate_lines(seeds=[455])
    assert 0 < held.figure <= 1
    assert error.figure < 15


def test_a_table_says_what_does_not_hold() -> None:
    assert "| NO |" in table("t", [Line("x", 1.0, "s", 0.5, "peer", 2.0, False)])
