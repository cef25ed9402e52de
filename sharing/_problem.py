"""A network and demands as one task in whole numbers, and what a solution of it costs whom."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from hatang.data.contracts import ParameterError
from hatang.sharing._costs import check_reachable, check_terminals, counted, fine_unit_of, named, vertices_of
from hatang.sharing._exact import Task
from hatang.sharing._graph import FAR, Flags, Floats, Integers, graph_of
from hatang.sharing._joint import Joint, assigned
from hatang.sharing._network import Demand, Key, Network
from hatang.sharing._single import alone, is_plain
from hatang.sharing.shares import statutory

MOST_OPERATORS: Final = 30
_COALITION_EFFORT: Final = 0.15
"""Of the search for all, what each coalition is given."""


class Problem:
    """A network, the demands on it, and the task made of them.

    Raises
    ------
    ParameterError
        Where demands are none, too many, or one cannot be served.
    """

    def __init__(self, network: Network, demands: Sequence[Demand]) -> None:
        self.network, self.demands = network, list(demands)
        _check_operators([demand.operator for demand in demands])
        self.vertices = int(max(network.u.max(initial=-1), network.v.max(initial=-1))) + 1
        checked = [_checked(demand, self.vertices) for demand in demands]
        self.terminals = [terminals for terminals, _ in checked]
        self.prizes = [prizes for _, prizes in checked]
        self.unit = fine_unit_of(
            network.cost, network.cost_per_operator, np.where(network.spare > 0, network.rent, 0), *self.prizes, times=len(demands) + 1
        )
        dug = np.isfinite(network.cost) & np.isfinite(network.cost_per_operator)
        spare = np.where(np.isfinite(network.rent), network.spare, 0)
        opening, own = (np.where(dug, cost, np.inf) for cost in (network.cost, network.cost_per_operator))
        table = np.zeros((len(demands), self.vertices), np.int64)
        for k, demand in enumerate(demands):
            worth = counted(self.prizes[k], self.unit)
            table[k, self.terminals[k][worth > 0]] = worth[worth > 0]
            table[k, demand.root] = FAR
        self.task = Task(
            graph_of(self.vertices, network.u, network.v),
            counted(opening, self.unit),
            counted(own, self.unit),
            np.where(spare > 0, counted(network.rent, self.unit), 0),
            spare,
            [int(demand.root) for demand in demands],
            list(table),
        )
        passable = np.where(dug | (spare > 0), 0, FAR)
        for demand, terminals, prizes in zip(demands, self.terminals, self.prizes, strict=True):
            check_reachable(self.task.graph, passable, int(demand.root), terminals[np.isinf(prizes)], demand.operator)

    def part(self, members: Sequence[int]) -> Task:
        """Return the task of some operators alone."""
        task = self.task
        roots, prizes = [task.roots[k] for k in members], [task.prizes[k] for k in members]
        return Task(task.graph, task.opening, task.own, task.rent, task.spare, roots, prizes)

    def cost(self, built: Sequence[Integers], reused: Sequence[Integers], members: Sequence[int] | None = None) -> float:
        """Return what a network costs, prizes forgone included; correctly rounded."""
        members = range(len(self.demands)) if members is None else members
        opened = np.unique(np.concatenate(list(built)))
        terms = [self.network.cost[opened]]
        for k, mine, rented in zip(members, built, reused, strict=True):
            terms += [self.network.cost_per_operator[mine], self.network.rent[rented], self._forgone_prizes(k, mine, rented)]
        return math.fsum(np.concatenate(terms))

    def shares(self, built: Sequence[Integers], reused: Sequence[Integers], key: Key) -> list[float]:
        """Return what each operator pays."""
        users = np.zeros((len(built), len(self.network.cost)), bool)
        for k, mine in enumerate(built):
            users[k, mine] = True
        common = statutory(self.network.cost, users, [demand.quantity(key) for demand in self.demands])
        return [
            math.fsum(
                [common[k], *self.network.cost_per_operator[mine], *self.network.rent[rented], *self._forgone_prizes(k, mine, rented)]
            )
            for k, (mine, rented) in enumerate(zip(built, reused, strict=True))
        ]

    def forgone(self, built: Sequence[Integers], reused: Sequence[Integers]) -> list[Integers]:
        """Return the terminals that each operator leaves out."""
        return [self.terminals[k][self._left_out(k, *edges)] for k, edges in enumerate(zip(built, reused, strict=True))]

    def _forgone_prizes(self, k: int, built: Integers, reused: Integers) -> Floats:
        return self.prizes[k][self._left_out(k, built, reused)]

    def _left_out(self, k: int, built: Integers, reused: Integers) -> Flags:
        edges = np.concatenate([built, reused])
        touched = np.concatenate([self.network.u[edges], self.network.v[edges]])
        return np.asarray(~np.isin(self.terminals[k], touched))


class Coalitions:
    """The cost of the best network found for a set of operators on their own, from its bits; existing ways are all theirs."""

    def __init__(self, problem: Problem, trees: Flags, cost: float, seed: int) -> None:
        self.seed = seed
        self._problem, self._trees = problem, trees
        self._known = {0: 0.0, (1 << len(trees)) - 1: cost}

    def __call__(self, group: int) -> float:
        """Return the cost; the search starts from scratch and from their part of the joint network."""
        if group not in self._known:
            members = [k for k in range(len(self._trees)) if group >> k & 1]
            task = self._problem.part(members)
            self._known[group] = self._problem.cost(*assigned(task, self._network(task, members)), members)
        return self._known[group]

    def _network(self, task: Task, members: list[int]) -> Flags:
        """Return the edges of a network for `members`, by operator."""
        if is_plain(task):
            return alone(task, seconds_left=lambda: 0.0, seed=self.seed)[0]
        joint = Joint(task, seed=self.seed)
        joint.answer(self._trees[members], np.ones(len(members), np.uint8), stirred=False)
        joint.run(effort=_COALITION_EFFORT, advance=lambda _: None)
        return joint.trees


def _check_operators(names: Sequence[str]) -> None:
    if not names:
        raise ParameterError("error.network.operators")
    if len(names) > MOST_OPERATORS:
        raise ParameterError("error.network.many_operators", count=len(names), most=MOST_OPERATORS)
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ParameterError("error.network.same_operator", operators=named(repeated))


def _checked(demand: Demand, vertices: int) -> tuple[Integers, Floats]:
    """Return terminals and prizes of a demand; infinite where a terminal must be reached."""
    name = demand.operator
    terminals = vertices_of(demand.terminals, "terminals")
    root = vertices_of([demand.root], "root")
    if not terminals.size:
        raise ParameterError("error.network.no_terminals", operator=name)
    check_terminals(np.concatenate([root, terminals[terminals != root[0]]]), vertices, name)
    if root[0] in terminals:
        raise ParameterError("error.network.root", operator=name, root=int(root[0]))
    prizes = np.full(len(terminals), np.inf) if demand.prizes is None else np.asarray(demand.prizes, np.float64)
    if prizes.shape != terminals.shape:
        raise ParameterError("error.network.prizes", operator=name, found=prizes.size, expected=terminals.size)
    if not (prizes >= 0).all():
        raise ParameterError("error.network.prize", operator=name, value=float(prizes[~(prizes >= 0)][0]))
    for field in ("cables", "area_mm2", "kg_per_m"):
        if not 0 < getattr(demand, field) < math.inf:
            raise ParameterError("error.network.quantity", operator=name, name=field, value=getattr(demand, field))
    return terminals, prizes
