"""The least network, proven: directed cuts added where they are broken, by HiGHS.

For each operator an arborescence from its root; an edge is opened once for all who build in it, an existing way holds at most its spare.

References
----------
T. Koch, A. Martin, "Solving Steiner tree problems in graphs to optimality", Networks 32 (1998), for directed cuts, flow balance and their
separation. Q. Huangfu, J. A. J. Hall, "Parallelizing the dual revised simplex method", Mathematical Programming Computation 10 (2018).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import highspy
import numpy as np
import numpy.typing as npt

from hatang.sharing._ascent import ascend
from hatang.sharing._flow import least_cut
from hatang.sharing._graph import FAR, Flags, Floats, Graph, Integers

_SCALE: Final = 1 << 24
_BROKEN: Final = 1e-4
_WHOLE: Final = 1e-6
_CUT_ROOM: Final = 400_000
_TURNS: Final = 500
_LARGEST: Final = 2.0**24
"""Costs given to HiGHS are at most this: its tolerances are absolute."""


@dataclass(frozen=True, slots=True)
class Task:
    """A joint network in whole numbers; arrays have one entry an edge, `roots` and `prizes` one an operator.

    `opening` or `own` of `FAR`: no trench. `spare` 0: no existing way. `prizes[k]` has one entry a vertex: 0 where it is no terminal, `FAR`
    where it must be reached.
    """

    graph: Graph
    opening: Integers
    own: Integers
    rent: Integers
    spare: Integers
    roots: Sequence[int]
    prizes: Sequence[Integers]


@dataclass(slots=True)
class Proof:
    """What HiGHS found: entries built and rented by operator, and the bound; `proven` where nothing is left to decide."""

    bound: float
    proven: bool
    built: list[Integers] = field(default_factory=list)
    reused: list[Integers] = field(default_factory=list)


class _Model:
    """Columns and rows. Columns: opening of edges; of each operator arcs built, arcs rented, prizes forgone; -1 where there is none."""

    def __init__(self, task: Task, allowed: Sequence[Flags]) -> None:
        self.task, graph = task, task.graph
        self.owner = np.repeat(np.arange(len(graph.first) - 1), np.diff(graph.first))
        costs: list[float] = []

        def columns(wanted: npt.NDArray[np.bool_], cost: Integers) -> Integers:
            index = np.full(len(wanted), -1, np.int64)
            index[wanted] = len(costs) + np.arange(wanted.sum())
            costs.extend(cost[wanted].astype(float).tolist())
            return index

        trench = (task.opening < FAR) & (task.own < FAR)
        self.opened = columns(trench & (task.opening > 0), task.opening)
        self.built, self.rented, self.forgone = [], [], []
        for root, prize, arcs in zip(task.roots, task.prizes, allowed, strict=True):
            usable = (self.owner != root) & (arcs > 0)
            self.built.append(columns(usable & trench[graph.edge], task.own[graph.edge]))
            self.rented.append(columns(usable & (task.spare > 0)[graph.edge], task.rent[graph.edge]))
            self.forgone.append(columns((prize > 0) & (prize < FAR), prize))
        self.count = len(costs)
        self.unit = max(1.0, max(costs, default=1.0) / _LARGEST)
        make: Any = highspy.Highs
        self.solver: Any = make()
        self.solver.silent()
        for option, value in (("threads", 1), ("random_seed", 0)):
            self.solver.setOptionValue(option, value)
        self.solver.addVars(self.count, np.zeros(self.count), np.ones(self.count))
        self.solver.changeColsCost(self.count, np.arange(self.count, dtype=np.int32), np.array(costs) / self.unit)
        self.lower: list[float] = []
        self.upper: list[float] = []
        self.starts: list[int] = []
        self.index: list[Integers] = []
        self.value: list[Floats] = []
        self.size = 0
        self.seen: set[bytes] = set()
        self._first_rows()

    def row(self, lower: float, upper: float, *terms: tuple[Integers, float]) -> bool:
        """Keep a row for the next solution; return whether it is new. Columns of -1 are left out."""
        index = np.concatenate([columns[columns >= 0] for columns, _ in terms])
        value = np.concatenate([np.full(int((columns >= 0).sum()), factor) for columns, factor in terms])
        index, place = np.unique(index, return_inverse=True)  # a loop leaves and enters one vertex; HiGHS takes a column once a row
        value = np.bincount(place, value, len(index))
        index, value = index[value != 0], value[value != 0]
        name = np.array([lower, upper]).tobytes() + index.tobytes() + value.tobytes()
        if name in self.seen:
            return False
        self.seen.add(name)
        self.lower.append(lower)
        self.upper.append(upper)
        self.starts.append(self.size)
        self.index.append(index)
        self.value.append(value)
        self.size += len(index)
        return True

    def solve(self) -> Floats:
        """Add the rows kept and return the values of all columns; empty where there is no solution."""
        if self.lower:
            status = self.solver.addRows(
                len(self.lower),
                np.array(self.lower),
                np.array(self.upper),
                self.size,
                np.array(self.starts, dtype=np.int32),
                np.concatenate(self.index).astype(np.int32),
                np.concatenate(self.value),
            )
            if status == highspy.HighsStatus.kError:
                raise RuntimeError("HiGHS refused rows")
            self.lower, self.upper, self.starts, self.index, self.value, self.size = [], [], [], [], [], 0
        self.solver.run()
        return np.array(self.solver.getSolution().col_value)

    def _first_rows(self) -> None:
        task, graph, inf = self.task, self.task.graph, highspy.kHighsInf
        entry_of_u = np.full(len(task.own), -1, np.int64)
        entry_of_u[graph.edge[::-1]] = np.arange(len(graph.edge))[::-1]
        pair = np.stack([entry_of_u, graph.back[entry_of_u]], axis=1)
        for built in self.built:
            for e in np.flatnonzero(self.opened >= 0):
                self.row(-inf, 0, (built[pair[e]], 1.0), (self.opened[e : e + 1], -1.0))
        for e in np.flatnonzero(task.spare > 0):
            self.row(-inf, float(task.spare[e]), *((rented[pair[e]], 1.0) for rented in self.rented))
        for k, prize in enumerate(task.prizes):
            for x in range(len(graph.first) - 1):
                arcs = np.arange(graph.first[x], graph.first[x + 1])
                if x != task.roots[k] and (self.used(k)[arcs] >= 0).any():
                    must = prize[x] >= FAR
                    self.row(1.0 if must else 0.0, 1.0, (self.built[k][arcs], 1.0), (self.rented[k][arcs], 1.0))

    def used(self, k: int) -> Integers:
        """Return a column of each entry that operator `k` may use, else -1."""
        return np.maximum(self.built[k], self.rented[k])

    def flows(self, values: Floats, k: int) -> Floats:
        """Return how much operator `k` uses the arc of each entry."""
        padded = np.append(values, 0.0)
        return np.asarray(padded[self.built[k]] + padded[self.rented[k]])

    def enters(self, k: int, entries: Integers, terminal: int) -> bool:
        """Ask that operator `k` cross a cut, or forgo the prize."""
        return self.row(
            1.0,
            highspy.kHighsInf,
            (self.built[k][entries], 1.0),
            (self.rented[k][entries], 1.0),
            (self.forgone[k][terminal : terminal + 1], 1.0),
        )

    def separate(self, values: Floats) -> int:
        """Keep rows that `values` break; return how many."""
        return sum(self._balances(values, k) + self._cuts(values, k) for k in range(len(self.built))) + self._shortages(values)

    def _cuts(self, values: Floats, k: int) -> int:
        graph, prize, root = self.task.graph, self.task.prizes[k], self.task.roots[k]
        flow, found = self.flows(values, k), 0
        capacity = np.where(self.used(k) >= 0, np.maximum(flow * _SCALE, 0).astype(np.int64) + 1, 0)
        padded = np.append(values, 0.0)
        for terminal in np.flatnonzero(prize > 0):
            need = int((1 - padded[self.forgone[k][terminal]]) * _SCALE) if prize[terminal] < FAR else _SCALE
            while terminal != root:
                reached, side = least_cut(graph, capacity, root, int(terminal), need)
                if reached >= need - int(_BROKEN * _SCALE) or side[root]:
                    break
                entries = np.flatnonzero((side[self.owner] > 0) & (side[graph.near] == 0) & (self.used(k) >= 0))
                if not self.enters(k, entries, int(terminal)):
                    break
                found += 1
                capacity[entries] = _SCALE
        return found

    def _balances(self, values: Floats, k: int) -> int:
        """Keep: no vertex but a terminal is an end of the road, and an arc leaves only a vertex that was entered over another edge."""
        graph, prize, root = self.task.graph, self.task.prizes[k], self.task.roots[k]
        flow, found = self.flows(values, k), 0
        vertices = len(graph.first) - 1
        entering = np.bincount(self.owner, flow, vertices)
        leaving = np.bincount(graph.near, flow, vertices)
        for x in np.flatnonzero((entering > leaving + _BROKEN) & (prize == 0)):
            if x != root:
                into = np.arange(graph.first[x], graph.first[x + 1])
                out = graph.back[into]
                found += self.row(
                    -highspy.kHighsInf,
                    0,
                    *((c[into], 1.0) for c in (self.built[k], self.rented[k])),
                    *((c[out], -1.0) for c in (self.built[k], self.rented[k])),
                )
        tails = graph.near
        short = np.flatnonzero((flow > entering[tails] - flow[graph.back] + _BROKEN) & (tails != root))
        for i in short[:2_000]:
            into = np.arange(graph.first[tails[i]], graph.first[tails[i] + 1])
            into = into[into != graph.back[i]]
            found += self.row(
                0,
                highspy.kHighsInf,
                *((c[into], 1.0) for c in (self.built[k], self.rented[k])),
                *((c[i : i + 1], -1.0) for c in (self.built[k], self.rented[k])),
            )
        return found

    def _shortages(self, values: Floats) -> int:
        """Of `spare + 1` operators on an edge, one builds: their use less the spare is at most the opening."""
        task, graph, found = self.task, self.task.graph, 0
        operators = len(self.built)
        use = np.zeros((operators, len(task.own)))
        for k in range(operators):
            np.add.at(use[k], graph.edge, self.flows(values, k))
        opening = np.where(self.opened >= 0, np.append(values, 0.0)[self.opened], 0.0)
        for edge in np.flatnonzero((task.spare > 0) & (task.spare < operators)):
            count = int(task.spare[edge]) + 1
            most = np.argsort(-use[:, edge], kind="stable")[:count]
            if self.opened[edge] >= 0 and use[most, edge].sum() > task.spare[edge] + opening[edge] + _BROKEN:
                arcs = np.flatnonzero(graph.edge == edge)
                terms = [(column[arcs], 1.0) for k in most for column in (self.built[k], self.rented[k])]
                found += self.row(-highspy.kHighsInf, float(task.spare[edge]), *terms, (self.opened[edge : edge + 1], -1.0))
        return found


def prove(
    task: Task,
    *,
    allowed: Sequence[Flags],
    cost: int,
    seconds_left: Callable[[], float],
) -> Proof:
    """Return the least network cheaper than `cost` over the arcs `allowed`, or the proof that there is none.

    `cost` is that of a network known; costs are whole numbers, so that a bound within one of it closes the case. Where time runs out, the
    bound of the last solution stands. HiGHS computes in float64: a bound holds to about 1e-7 of it.
    """
    model = _Model(task, allowed)
    _first_cuts(model, allowed)
    slack = max(1.0 - 1e-3, 1e-9 * cost)
    bound = 0.0
    whole_columns = np.arange(model.count, dtype=np.int32)
    for integral in (False, True):
        for _ in range(_TURNS):
            if integral:
                model.solver.changeColsIntegrality(model.count, whole_columns, np.full(model.count, highspy.HighsVarType.kInteger))
                model.solver.setOptionValue("mip_rel_gap", 0.0)
                model.solver.setOptionValue("objective_bound", (cost + 0.5) / model.unit)
            model.solver.setOptionValue("time_limit", model.solver.getRunTime() + max(seconds_left(), 0.01))
            values = model.solve()
            status, figures = model.solver.getModelStatus(), model.solver.getInfo()
            if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kObjectiveBound):
                return Proof(float(cost), True)
            if integral:
                bound = max(bound, min(float(figures.mip_dual_bound) * model.unit, float(cost)))
            elif status == highspy.HighsModelStatus.kOptimal:
                bound = max(bound, min(float(figures.objective_function_value) * model.unit, float(cost)))
            if bound > cost - slack:
                return Proof(float(cost), True)
            if status != highspy.HighsModelStatus.kOptimal or seconds_left() <= 0:
                return Proof(bound, False)
            values = np.round(values) if integral else values
            if not model.separate(values):
                if np.abs(values - np.round(values)).max(initial=0) < _WHOLE:
                    return _proof(model, np.round(values), bound)
                break
            if integral:
                model.solver.changeColsIntegrality(model.count, whole_columns, np.full(model.count, highspy.HighsVarType.kContinuous))
    return Proof(bound, False)


def _first_cuts(model: _Model, allowed: Sequence[Flags]) -> None:
    """Start from the cuts of a dual ascent of each operator, who opens all by itself."""
    task, graph = model.task, model.task.graph
    alone = np.minimum(np.where(task.spare > 0, task.rent, FAR), np.minimum(task.own + task.opening, FAR))
    for k, (root, prize) in enumerate(zip(task.roots, task.prizes, strict=True)):
        slack = np.where(allowed[k] > 0, alone[graph.edge], FAR)
        cuts = np.empty(_CUT_ROOM, np.int64)
        terminal = (prize > 0).astype(np.uint8)
        _, noted = ascend(graph, slack, root, terminal, prize.copy(), np.zeros(len(slack), np.uint8), cuts)
        begin = 0
        for end in np.flatnonzero(cuts[:noted] < 0).tolist():
            model.enters(k, cuts[begin:end], int(-1 - cuts[end]))
            begin = end + 1


def _proof(model: _Model, values: Floats, bound: float) -> Proof:
    padded = np.append(values, 0.0)
    built = [np.flatnonzero(padded[columns] > 0.5) for columns in model.built]
    reused = [np.flatnonzero(padded[columns] > 0.5) for columns in model.rented]
    edges = model.task.graph.edge
    return Proof(bound, True, [np.unique(edges[arcs]) for arcs in built], [np.unique(edges[arcs]) for arcs in reused])
