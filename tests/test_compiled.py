"""Compiled loops: the answer is the interpreter's, and no lock is held meanwhile."""

import numpy as np
import numpy.typing as npt

from hatang.coverage.compiled import compiled


@compiled
def total(values: npt.NDArray[np.float64]) -> float:
    found = 0.0
    for value in values:
        found += value
    return found


def test_a_compiled_loop_adds_in_the_order_written() -> None:
    values = np.array([1e16, 1.0, -1e16, 1.0])
    assert total(values) == 1.0  # fastmath might give 2


def test_infinities_follow_ieee() -> None:
    assert np.isnan(total(np.array([np.inf, -np.inf])))
