"""A lower bound on any joint network: operators and one virtual operator bid for edges, each on its own.

If the operators' networks form one connected network, it spans all their terminals: a virtual operator with all of them, who pays nothing
but its share of openings, may bid along. If not, the operators fall into blocks without a common vertex, and the bounds of the blocks add
up. The bound is the least over all ways to part the operators into blocks; the blocks of the cheapest way are worked on.

References
----------
A. M. Geoffrion, "Lagrangean relaxation for integer programming", Mathematical Programming Study 2 (1974), for the split of a cost between
copies. J. Kivinen, M. K. Warmuth, "Exponentiated gradient versus gradient descent for linear predictors", Information and Computation 132
(1997), for the update of shares.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from hatang.coverage.compiled import compiled
from hatang.sharing._ascent import ascend, outward
from hatang.sharing._exact import Task
from hatang.sharing._graph import FAR, Flags, Floats, Graph, Integers
from hatang.sharing._prices import MOST_GROUPED, bid, price, shareholders
from hatang.sharing._search import Kernel, search
from hatang.sharing._trees import grown, trimmed

_MEMORY: Final = 0.3
"""Weight of the newest trees in the running average of use."""
_LEAST_STEP: Final = 0.01
_FLOOR: Final = -8.0
_LITTLE: Final = -6.0
_VIRTUAL_BY: Final = (4.0, 6.0, 1.0)
"""How much likelier, as a logarithm, the virtual operator pays for an opening at the start; small graphs try all."""
_CHUNK_EDGES: Final = 40_000
"""Edges times iterations between two looks at the clock."""
_WORK: Final = 2_500_000
_TURNS: Final = (60, 600)
"""Iterations: `_WORK` over the number of edges, within these limits."""
_STEPS: Final = ((0.7, 0.05), (0.3, 0.09))
"""First and last step, of small graphs and of large ones."""
_GLANCE: Final = 4
"""Iterations on a block of some operators before it is known whether it matters."""
_SMALL: Final = 2_000
"""Edges up to which several starts are tried, and the bound is sharpened on the way."""
_SHARPEN_EVERY: Final = 20


@compiled
def iterate(
    graph: Graph,
    opening: Integers,
    own: Integers,
    rent: Integers,
    spare: Integers,
    holder: Integers,
    first: Integers,
    roots: Integers,
    prizes: Integers,
    weight: Floats,
    scarcity: Floats,
    use: Floats,
    building: Floats,
    guides: Flags,
    best_weight: Floats,
    best_scarcity: Floats,
    best: int,
    step: float,
    decay: float,
    scarcer: float,
    begin: int,
    end: int,
    draws: Floats,
) -> tuple[int, float]:
    """Let all bid from iteration `begin` up to `end`, in place; return the best bound, whose weights are kept, and the step reached.

    `draws` (iterations, bidders) of 0 to below 1 choose where trees are grown from.
    """
    bidders, operators, edges = len(roots), len(building), len(opening)
    vertices = len(graph.first) - 1
    prices, builds = np.zeros((bidders, edges), np.int64), np.zeros((operators, edges), np.uint8)
    slack, none, empty = np.empty(len(graph.near), np.int64), np.empty(0, np.int64), np.zeros(edges, np.uint8)
    tight, wanted, terminal = np.empty(edges, np.int64), np.empty(vertices, np.int64), np.empty(vertices, np.uint8)
    reachable = np.empty(vertices, np.int64)
    for turn in range(begin, end):
        memory = 1.0 if turn == 0 else _MEMORY
        bound = price(weight, holder, first, scarcity, opening, own, rent, spare, prices, builds)
        for c in range(bidders):
            root, left = roots[c], prizes[c].copy()
            for i in range(len(slack)):
                slack[i] = prices[c, graph.edge[i]]
            for x in range(vertices):
                terminal[x] = left[x] > 0
            raised, _ = ascend(graph, slack, root, terminal, left, guides[c], none)
            bound += raised
            tight[:] = FAR
            for i in range(len(slack)):
                if slack[i] == 0:
                    tight[graph.edge[i]] = prices[c, graph.edge[i]]
            held = 0
            for x in range(vertices):
                wanted[x] = FAR if left[x] > 0 else 0
                terminal[x] = left[x] > 0 or x == root
                if terminal[x]:
                    reachable[held] = x
                    held += 1
            start = reachable[int(draws[turn - begin, c] * held)]
            wanted[root] = FAR
            tree, _ = grown(graph, tight, wanted, start, empty)
            tree, _ = trimmed(graph, prices[c], terminal, tree)
            guides[c] = outward(graph, tree, root)
            for e in range(edges):
                use[c, e] += memory * (tree[e] - use[c, e])
                if c < operators:
                    building[c, e] += memory * (tree[e] * builds[c, e] - building[c, e])
        if bound > best:
            best = bound
            best_weight[:] = weight
            best_scarcity[:] = scarcity
        bid(weight, holder, first, scarcity, own, spare, use, building, step, step * scarcer, _FLOOR)
        step = max(step * decay, _LEAST_STEP)
    return best, step


class _Block:
    """Operators that form one connected network, and the best bound on it so far."""

    def __init__(self, task: Task, operators: list[int], *, virtual: bool, ahead: float, pace: tuple[float, float], seed: int) -> None:
        self.task, self.random = task, np.random.default_rng(seed)
        vertices, edges = len(task.graph.first) - 1, len(task.own)
        self.virtual = virtual
        everyone = np.zeros(vertices, np.int64)
        for k in operators:
            everyone[task.prizes[k] >= FAR] = FAR
        self.prizes = np.array([*(task.prizes[k] for k in operators), *([everyone] if self.virtual else [])])
        roots = [task.roots[k] for k in operators]
        self.roots = np.array([*roots, *(roots[:1] if self.virtual else [])])
        self.holder, self.first = shareholders(len(operators), self.virtual, task.opening, task.spare)
        edge = np.repeat(np.arange(edges), np.diff(self.first))
        alone = (self.holder & (self.holder - 1)) == 0
        self.weight = np.where(alone, 0.0, _LITTLE)
        if self.virtual:
            self.weight[alone & (self.holder > 0) & (task.spare[edge] == 0)] = -ahead
        self.scarcity = np.zeros(edges)
        self.use, self.building = np.zeros((len(self.roots), edges)), np.zeros((len(operators), edges))
        self.guides = np.zeros((len(self.roots), len(task.graph.near)), np.uint8)
        self.best_weight, self.best_scarcity = self.weight.copy(), self.scarcity.copy()
        self.step, self.decay = pace
        self.done, self.bound = 0, 0

    def work(self, turns: int) -> None:
        """Go on for so many iterations."""
        task = self.task
        self.bound, self.step = iterate(
            task.graph,
            task.opening,
            task.own,
            task.rent,
            task.spare,
            self.holder,
            self.first,
            self.roots,
            self.prizes,
            self.weight,
            self.scarcity,
            self.use,
            self.building,
            self.guides,
            self.best_weight,
            self.best_scarcity,
            self.bound,
            self.step,
            self.decay,
            1.0 if self.virtual else 0.0,
            self.done,
            self.done + turns,
            self.random.random((turns, len(self.roots))),
        )
        self.done += turns

    def sharpen(self, weight: Floats, scarcity: Floats) -> None:
        """Bound each bidder better at the prices of these weights, by a search for its least tree; not where prizes may be forgone."""
        task = self.task
        if (self.prizes[(self.prizes > 0)] < FAR).any():
            return
        prices = np.zeros((len(self.roots), len(task.own)), np.int64)
        builds = np.zeros((len(self.building), len(task.own)), np.uint8)
        arguments = (self.holder, self.first, scarcity, task.opening, task.own, task.rent, task.spare, prices, builds)
        bound = price(weight, *arguments)
        vertices = len(task.graph.first) - 1
        for costs, prize in zip(prices, self.prizes, strict=True):
            kernel = Kernel.of(vertices, task.graph.u, task.graph.v, costs, np.flatnonzero(prize > 0))
            bound += search(kernel, count=len(costs), random=np.random.default_rng(0)).bound
        self.bound = max(self.bound, bound)


def lower_bound(task: Task, *, seed: int, seconds_left: Callable[[], float], advance: Callable[[float], None]) -> int:
    """Return a bound on every network that serves the task.

    The number of iterations depends on the size alone; where `seconds_left` runs out, what was reached by then is returned. `advance` is
    told the share done, and may raise to end the work.
    """
    operators, edges = len(task.roots), len(task.own)
    turns = int(np.clip(_WORK // max(edges, 1), *_TURNS))
    first_step, last_step = _STEPS[edges > _SMALL]
    pace = (first_step, (last_step / first_step) ** (1 / turns))
    everyone = (1 << operators) - 1
    if operators > MOST_GROUPED:
        block = _Block(task, list(range(operators)), virtual=False, ahead=0.0, pace=pace, seed=seed)
        _exhaust(block, turns, seconds_left, advance, 0.0, 1.0)
        return block.bound
    blocks: dict[int, _Block] = {}
    for group in _separable(task, everyone):
        members = [k for k in range(operators) if group >> k & 1]
        blocks[group] = _Block(task, members, virtual=len(members) > 1, ahead=_VIRTUAL_BY[0], pace=pace, seed=seed)
    starts = _VIRTUAL_BY if edges <= _SMALL else _VIRTUAL_BY[:1]
    whole = 0
    for at, ahead in enumerate(starts if operators > 1 else (0.0,)):
        block = _Block(task, list(range(operators)), virtual=operators > 1, ahead=ahead, pace=pace, seed=seed)
        _exhaust(block, turns if operators > 1 else 1, seconds_left, advance, 0.8 * at / len(starts), 0.8 * (at + 1) / len(starts))
        whole = max(whole, block.bound)
    for block in blocks.values():
        block.work(_GLANCE if block.virtual else 1)
    while True:
        bounds = {group: block.bound for group, block in blocks.items()}
        least, parting = _cheapest_parting({**bounds, everyone: whole}, everyone)
        open_ = [blocks[group] for group in parting if group != everyone and blocks[group].virtual and blocks[group].done < turns]
        if least >= whole or not open_ or seconds_left() <= 0:
            return min(least, whole)
        block = min(open_, key=lambda block: block.done)
        block.work(min(block.done, turns - block.done))
        advance(0.9)


def _exhaust(
    block: _Block, turns: int, seconds_left: Callable[[], float], advance: Callable[[float], None], begin: float, end: float
) -> None:
    """Work on a block to its end, or until time runs out; sharpen what is best."""
    small = len(block.task.own) <= _SMALL
    chunk = _SHARPEN_EVERY if small else max(1, _CHUNK_EDGES // len(block.task.own))
    while block.done < turns and (block.done == 0 or seconds_left() > 0):
        block.work(min(chunk, turns - block.done))
        if small and block.done > turns // 2:
            block.sharpen(block.weight, block.scarcity)
        advance(begin + (end - begin) * block.done / turns)
    if seconds_left() > 0:
        block.sharpen(block.best_weight, block.best_scarcity)


def _cheapest_parting(bounds: dict[int, int], everyone: int) -> tuple[int, list[int]]:
    """Return the least sum of bounds over the ways to part `everyone` (bits) into groups, and those groups."""
    best: dict[int, tuple[int, list[int]]] = {0: (0, [])}
    for rest in sorted(bounds):
        lowest = rest & -rest
        found = (bounds[rest], [rest])
        for group, bound in bounds.items():
            if group & lowest and group & rest == group and group != rest:
                cost, groups = best[rest ^ group]
                if bound + cost < found[0]:
                    found = (bound + cost, [group, *groups])
        best[rest] = found
    return best[everyone]


def _separable(task: Task, everyone: int) -> list[int]:
    """Return the groups (bits), but all and none, whose members must reach no vertex that another operator must reach."""
    operators = len(task.roots)
    must = np.array(task.prizes) >= FAR
    meets = np.asarray((must[:, None] & must[None]).any(axis=2))
    apart = []
    for group in range(1, everyone):
        inside = np.array([bool(group >> k & 1) for k in range(operators)])
        if not meets[inside][:, ~inside].any():
            apart.append(group)
    return apart
