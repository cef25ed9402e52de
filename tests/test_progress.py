"""Progress: silent by default, and the wish to stop is honoured."""

import pytest

from hatang.data.contracts import CancelledError
from hatang.pipeline.progress import Pace, Quiet, counting, tracked


def test_tracked_yields_everything_and_advances() -> None:
    assert list(tracked([1, 2, 3], Quiet())) == [1, 2, 3]


def test_a_cancelled_job_stops_at_its_next_step() -> None:
    progress = Quiet()
    progress.step("verdict.gap")
    progress.cancel()
    with pytest.raises(CancelledError, match=r"error\.cancelled"):
        progress.step("verdict.gap")


def test_counts_of_the_engines_advance_by_what_is_new() -> None:
    class Sum(Quiet):
        units: list[int]

        def advance(self, units: int = 1) -> None:
            self.units.append(units)
            super().advance(units)

    progress = Sum()
    progress.units = []
    heed = counting(progress)
    heed(0, 10)
    heed(4, 10)
    heed(10, 10)
    assert progress.units == [0, 4, 6]
    progress.cancel()
    with pytest.raises(CancelledError):
        heed(10, 10)


def test_pace_is_units_a_second_and_seconds_left() -> None:
    now = [10.0]
    pace = Pace(lambda: now[0])
    pace.begin(1_000)
    pace.advance(100)
    assert pace.told() is None
    now[0] = 12.0
    assert pace.told() == (50.0, 18)
    pace.advance(900)
    assert pace.told() == (500.0, 0)
    pace.begin(None)
    pace.advance(5)
    now[0] = 20.0
    assert pace.told() is None
