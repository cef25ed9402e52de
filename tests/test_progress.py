"""Progress: silent by default, and the wish to stop is honoured."""

import pytest

from hatang.data.contracts import CancelledError
from hatang.pipeline.progress import Quiet, tracked


def test_tracked_yields_everything_and_advances() -> None:
    assert list(tracked([1, 2, 3], Quiet())) == [1, 2, 3]


def test_a_cancelled_job_stops_at_its_next_step() -> None:
    progress = Quiet()
    progress.step("verdict.gap")
    progress.cancel()
    with pytest.raises(CancelledError, match=r"error\.cancelled"):
        progress.step("verdict.gap")
