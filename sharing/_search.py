"""One tree for one set of terminals: grow, polish, bound, throw away what the bound proves useless, and again on what is left."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from hatang.sharing._ascent import ascend, outward, useful
from hatang.sharing._graph import FAR, Flags, Graph, Integers, contracted, distances, graph_of, spelled
from hatang.sharing._trees import exchanged, grown, trimmed

_ROUNDS: Final = 12
_EFFORT: Final = 10_000
"""Edges polished in all, after which no new round begins: a small kernel is polished often, a large one once or twice."""
_IDLE: Final = 3
"""Rounds without any gain, after which the search ends."""
_STARTS: Final = 2
"""Terminals that trees are grown from in a round; one where costs are stirred, which is other each time."""
_PASSES: Final = 12
_STIR: Final = 0.2
"""Costs are stirred by up to this share where trees are grown once more, so that they end in other places."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """What is left of a graph: its vertices numbered anew, and the edges given that each of its edges stands for.

    Attributes
    ----------
    members, first_member
        Edge `e` stands for the edges `members[first_member[e]:first_member[e + 1]]` of the graph given.
    """

    graph: Graph
    cost: Integers
    terminals: Integers
    members: Integers
    first_member: Integers

    @classmethod
    def of(cls, vertices: int, u: Integers, v: Integers, cost: Integers, terminals: Integers) -> "Kernel":
        """Return the kernel of a graph: nothing but what needs no decision is gone."""
        every = np.arange(len(u) + 1)
        return cls(graph_of(vertices, u, v), cost, terminals, every[:-1], every).reduced(np.ones(len(u), np.uint8))

    @property
    def terminal(self) -> Flags:
        """Flags of the terminals, by vertex."""
        flags = np.zeros(len(self.graph.first) - 1, np.uint8)
        flags[self.terminals] = 1
        return flags

    def reduced(self, kept: Flags) -> "Kernel":
        """Return the kernel of the edges `kept`."""
        cost = np.where(kept > 0, self.cost, FAR)
        vertices = len(self.graph.first) - 1
        a, b, length, left, right, alive = contracted(vertices, self.graph.u, self.graph.v, cost, self.terminal)
        edges = np.flatnonzero(alive)
        members, first_member = spelled(edges, left, right, self.members, self.first_member)
        used = np.unique(np.concatenate([a[edges], b[edges], self.terminals]))
        number = np.full(vertices, -1, np.int64)
        number[used] = np.arange(len(used))
        return Kernel(
            graph_of(len(used), number[a[edges]], number[b[edges]]),
            length[edges],
            number[self.terminals],
            members,
            first_member,
        )

    def given(self, chosen: Flags) -> Integers:
        """Return the edges given that the edges `chosen` stand for, sorted."""
        return np.sort(self.members[np.repeat(chosen > 0, np.diff(self.first_member))])

    def taken(self, edges: Integers, count: int) -> Flags:
        """Return the edges of the kernel all of whose members stand among `edges` of the `count` edges given."""
        among = np.zeros(count, np.uint8)
        among[edges] = 1
        return np.minimum.reduceat(among[self.members], self.first_member[:-1]) if len(self.cost) else np.empty(0, np.uint8)


@dataclass(slots=True)
class Search:
    """The best tree so far as edges given, its cost, the best bound, and the kernel that holds every cheaper tree."""

    kernel: Kernel
    count: int
    tree: Integers
    cost: int = FAR
    bound: int = 0

    @property
    def proven(self) -> bool:
        """Whether no tree is cheaper."""
        return self.bound >= self.cost


def search(kernel: Kernel, *, count: int, random: np.random.Generator, effort: int = 1) -> Search:
    """Return what a few rounds find; all terminals must be connected. `count` is the number of edges given."""
    found = Search(kernel, count, np.empty(0, np.int64))
    polished, idle = 0, 0
    for turn in range(_ROUNDS * effort):
        before = (found.cost, found.bound, len(found.kernel.cost))
        polished += len(found.kernel.cost) if turn > 0 else 0
        _improve(found, random, polish=turn > 0, stir=_STIR if turn > 1 else 0.0)
        _bound(found, random)
        idle = idle + 1 if before == (found.cost, found.bound, len(found.kernel.cost)) else 0
        if found.proven or (polished >= _EFFORT * effort) or idle > _IDLE:
            break
    return found


def _improve(found: Search, random: np.random.Generator, *, polish: bool, stir: float = 0.0, closed: Flags | None = None) -> None:
    """Grow trees from a few terminals, over edges that are not `closed`, polish them, keep the best."""
    kernel = found.kernel
    terminal = kernel.terminal
    cost = kernel.cost if closed is None else np.where(closed > 0, FAR, kernel.cost)
    prize, empty = np.where(terminal > 0, FAR, 0), np.zeros(len(cost), np.uint8)
    for start in random.permutation(kernel.terminals)[: 1 if stir else _STARTS]:
        stirred = (cost * random.uniform(1, 1 + stir, len(cost))).astype(np.int64) if stir else cost
        tree, missing = grown(kernel.graph, stirred, prize, start, empty)
        if missing:
            return
        tree, total = trimmed(kernel.graph, kernel.cost, terminal, tree)
        if polish:
            tree, saved = exchanged(kernel.graph, kernel.cost, terminal, tree, _PASSES)
            if saved:
                tree, total = trimmed(kernel.graph, kernel.cost, terminal, tree)
        if total < found.cost:
            found.cost, found.tree = int(total), kernel.given(tree)


def _bound(found: Search, random: np.random.Generator) -> None:
    """Raise the bound from a root, guided by the best tree, and leave in the kernel what a cheaper tree may use."""
    kernel = found.kernel
    terminal = kernel.terminal
    root = int(random.choice(kernel.terminals))
    best = kernel.taken(found.tree, found.count)
    slack = kernel.cost[kernel.graph.edge]
    guide, prize = outward(kernel.graph, best, root), np.full(len(terminal), FAR)
    bound, _ = ascend(kernel.graph, slack, root, terminal, prize, guide, np.empty(0, np.int64))
    if bound < 0:  # nothing cheaper is connected
        found.bound = found.cost
        return
    found.bound = max(found.bound, min(int(bound), found.cost))
    idle = np.ones(len(kernel.cost), np.uint8)
    idle[kernel.graph.edge[slack == 0]] = 0
    _improve(found, random, polish=False, closed=idle)
    others = kernel.terminals[kernel.terminals != root]
    room = found.cost - 1 - bound
    kept = useful(
        kernel.graph, slack, distances(kernel.graph, slack, np.array([root]), False), distances(kernel.graph, slack, others, True), room
    )
    found.kernel = kernel.reduced(kept | kernel.taken(found.tree, found.count))
