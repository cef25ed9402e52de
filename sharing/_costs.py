"""What a network is given as, checked, and its costs as whole numbers.

A cost is divided by a power of two, which is exact, and rounded down: the least network in whole numbers costs no more than the real one,
so that a bound on it holds for the real one without any margin for rounding.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from hatang.data.contracts import ParameterError
from hatang.sharing._graph import FAR, Floats, Graph, Integers, parts

_ROOM_BITS: Final = 50
_NAMED: Final = 10
"""So many faulty entries are named at most."""


def named(entries: Iterable[object]) -> str:
    """Return the first entries as words for a message."""
    words = [str(entry) for entry in entries]
    return ", ".join(words[:_NAMED]) + (", …" if len(words) > _NAMED else "")


def numbers(values: npt.ArrayLike, name: str, *, count: int, fill: float | None = None) -> Floats:
    """Return `values` as float64, one an edge, at least 0; NaN becomes `fill` where there is one.

    Raises
    ------
    ParameterError
        Where the length differs from `count`, or an entry is negative or not a number.
    """
    array = np.asarray(values, np.float64)
    if array.shape != (count,):
        raise ParameterError("error.network.lengths", name=name, found=array.size, expected=count)
    if fill is not None:
        array = np.where(np.isnan(array), fill, array)
    wrong = np.flatnonzero(~(array >= 0))
    if wrong.size:
        raise ParameterError("error.network.cost", name=name, edges=named(wrong), value=float(array[wrong[0]]))
    return array


def vertices_of(values: npt.ArrayLike, name: str, *, count: int | None = None) -> Integers:
    """Return vertex numbers as int64.

    Raises
    ------
    ParameterError
        Where an entry is no whole number of at least 0, or the length differs from `count`.
    """
    array = np.asarray(values)
    if array.ndim != 1 or (count is not None and len(array) != count):
        raise ParameterError("error.network.lengths", name=name, found=array.size, expected=array.size if count is None else count)
    wrong = (
        np.flatnonzero(~((array >= 0) & (array == np.floor(array)) & (array < FAR))) if array.dtype.kind in "iuf" else np.arange(len(array))
    )
    if wrong.size:
        raise ParameterError("error.network.vertex", name=name, entries=named(array[wrong]))
    return array.astype(np.int64)


def unit_of(cost: Floats) -> float:
    """Return the power of two that costs are counted in: 1 where all are whole and few enough, else the least for which sums fit."""
    finite = cost[np.isfinite(cost)]
    if math.fsum(finite) <= 2.0**_ROOM_BITS and (finite == np.floor(finite)).all():
        return 1.0
    return fine_unit_of(finite)


def fine_unit_of(*costs: Floats, times: int = 1) -> float:
    """Return the least power of two for which `times` the sum of all finite costs still fits; 1 where there are none."""
    largest = max((float(cost[np.isfinite(cost)].max(initial=0)) for cost in costs), default=0.0)
    if largest == 0:
        return 1.0
    scaled = math.fsum(float((cost[np.isfinite(cost)] / largest).sum()) for cost in costs) * times
    return math.ldexp(1.0, math.frexp(largest)[1] + math.ceil(math.log2(scaled)) - _ROOM_BITS)


def counted(cost: Floats, unit: float) -> Integers:
    """Return `cost` in units, rounded down; infinite ones as `FAR`."""
    open_ = np.isfinite(cost)
    return np.where(open_, np.floor(np.where(open_, cost, 0.0) / unit), float(FAR)).astype(np.int64)


def check_reachable(graph: Graph, cost: Integers, root: int, terminals: Sequence[int] | Integers, operator: str) -> None:
    """Raise where a terminal has no way to the root over open edges.

    Raises
    ------
    ParameterError
        Naming the terminals.
    """
    part = parts(graph, cost)
    cut_off = [int(t) for t in terminals if part[t] != part[root]]
    if cut_off:
        raise ParameterError("error.network.disconnected", operator=operator, root=root, terminals=named(cut_off))


def check_terminals(terminals: Integers, vertices: int, operator: str) -> None:
    """Raise where terminals repeat or lie off the network of `vertices` vertices.

    Raises
    ------
    ParameterError
        Naming them.
    """
    off = terminals[terminals >= vertices]
    if off.size:
        raise ParameterError("error.network.off", operator=operator, terminals=named(off))
    found, times = np.unique(terminals, return_counts=True)
    if (times > 1).any():
        raise ParameterError("error.network.twice", operator=operator, terminals=named(found[times > 1]))
