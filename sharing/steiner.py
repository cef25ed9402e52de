"""The least tree of edges that connects terminals, with a bound: how far from the least it can be at most."""

import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hatang.data.contracts import ParameterError
from hatang.sharing._costs import check_reachable, check_terminals, counted, numbers, unit_of, vertices_of
from hatang.sharing._graph import graph_of
from hatang.sharing._single import least_tree


@dataclass(frozen=True, slots=True)
class SteinerTree:
    """A tree and what it is known to be worth.

    Attributes
    ----------
    edges
        Positions of its edges, sorted, shape (edges of the tree,).
    cost
        Sum of their costs, in the unit of the costs given.
    bound
        No tree that connects the terminals costs less.
    """

    edges: npt.NDArray[np.int64]
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """How much dearer than the least tree this one is at most: (cost − bound) / bound; 0 where both are 0."""
        return (self.cost - self.bound) / self.bound if self.bound > 0 else (0.0 if self.cost <= 0 else math.inf)


def steiner_tree(
    u: npt.ArrayLike,
    v: npt.ArrayLike,
    cost: npt.ArrayLike,
    terminals: npt.ArrayLike,
    *,
    exact: bool = False,
    time_limit_s: float = 60.0,
    seed: int = 0,
) -> SteinerTree:
    """Return a tree of low cost that connects all terminals, and a bound.

    Trees are grown along shortest paths, polished by exchange of key paths and key vertices, bounded by dual ascent over directed cuts;
    edges that the bound proves useless are dropped, and so on again. Costs are counted in whole units of a power of two, rounded down: the
    bound is exact. The same input and seed give the same tree.

    Parameters
    ----------
    u, v : array of int, shape (edges,)
        Ends of each edge, vertices from 0 on; parallel edges and loops are allowed.
    cost : array of float, shape (edges,), any one unit
        At least 0; infinite: closed.
    terminals : array of int, shape (terminals,)
        At least one, each once.
    exact : bool
        Search on, then prove with directed cuts in HiGHS; within its tolerances (about 1e-7 of the cost) where costs are not whole.
    time_limit_s : float, s
        How long the proof may take; the search itself always runs to its end. A proof cut short depends on the machine.
    seed : int
        Where trees are grown from.

    Returns
    -------
    SteinerTree

    Raises
    ------
    ParameterError
        Where lengths differ, a cost is negative or NaN, or terminals are none, named twice, off the network or not connected.

    References
    ----------
    S. Pajor, E. Uchoa, R. F. Werneck, "A robust and scalable algorithm for the Steiner problem in graphs", Mathematical Programming
    Computation 10 (2018). Papers of each part stand in its module.

    Examples
    --------
    A square with a centre: three corners meet there.

    >>> tree = steiner_tree([0, 1, 2, 3, 0, 1, 2], [1, 2, 3, 0, 4, 4, 4], [3, 3, 3, 3, 1, 2, 1], [0, 1, 2])
    >>> tree.edges.tolist(), tree.cost, tree.bound
    ([4, 5, 6], 4.0, 4.0)
    """
    length = len(np.atleast_1d(np.asarray(u)))
    begins, stops = vertices_of(u, "u", count=length), vertices_of(v, "v", count=length)
    costs = numbers(cost, "cost", count=length)
    targets = vertices_of(terminals, "terminals")
    if not targets.size:
        raise ParameterError("error.network.no_terminals", operator="")
    vertices = int(max(begins.max(initial=-1), stops.max(initial=-1))) + 1
    check_terminals(targets, vertices, "")
    unit = unit_of(costs)
    units = counted(costs, unit)
    check_reachable(graph_of(vertices, begins, stops), units, int(targets[0]), targets, "")
    started = time.monotonic()
    tree, bound = least_tree(
        vertices,
        begins,
        stops,
        units,
        targets,
        seconds_left=lambda: time_limit_s - (time.monotonic() - started),
        exact=exact,
        seed=seed,
    )
    total = math.fsum(costs[tree])
    return SteinerTree(tree, total, min(bound * unit, total))
