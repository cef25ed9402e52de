"""Lower bounds by dual ascent over directed cuts, and what a bound proves useless.

Every cut that parts active terminals from the root raises the bound by the least slack on it. Whole numbers make the bound exact: the
raises are integers, and no arc is ever charged more than it costs.

References
----------
R. T. Wong, "A dual ascent approach for Steiner tree problems on a directed graph", Mathematical Programming 28 (1984). M. Poggi de Aragão,
E. Uchoa, R. F. Werneck, "Dual heuristics on the exact solution of large Steiner problems", Electronic Notes in Discrete Mathematics 7
(2001), for an ascent guided by a tree: cuts that the tree crosses once come first.
"""

import heapq
from typing import Final

import numpy as np

from hatang.coverage.compiled import compiled
from hatang.sharing._graph import FAR, Flags, Graph, Integers

_PATIENCE: Final = 1.1
"""A terminal whose cut grew beyond this many times its size gives way to one with a smaller cut."""
_CROSSED: Final = 100_000
"""Arcs that each further crossing of the guiding tree counts for."""


@compiled
def outward(graph: Graph, chosen: Flags, root: int) -> Flags:
    """Return the entries whose arcs lead away from the root along the tree `chosen`."""
    arcs, stack = np.zeros(len(graph.near), np.uint8), np.empty(len(graph.first), np.int64)
    seen = np.zeros(len(graph.first) - 1, np.uint8)
    seen[root], stack[0], depth = 1, root, 1
    while depth > 0:
        depth -= 1
        x = stack[depth]
        for i in range(graph.first[x], graph.first[x + 1]):
            y = graph.near[i]
            if chosen[graph.edge[i]] and not seen[y]:
                seen[y] = 1
                arcs[graph.back[i]] = 1
                stack[depth] = y
                depth += 1
    return arcs


@compiled
def ascend(graph: Graph, slack: Integers, root: int, terminal: Flags, prize: Integers, guide: Flags, cuts: Integers) -> tuple[int, int]:
    """Raise cuts until every terminal is reached or its prize is used up; return the bound, or -1 where a terminal is out of reach.

    `slack[i]` (the cost of the arc of entry `i`, `FAR` where it is closed) and `prize` (by vertex, `FAR` for a terminal that must be
    reached) are lowered in place to what is left. `guide` marks the arcs of a tree. As far as there is room, `cuts` takes the entries of
    each cut, after them -1 less the terminal; how much of it was filled is returned second.
    """
    first, near = graph.first, graph.near
    vertices = len(first) - 1
    active, mark, now = np.zeros(vertices, np.uint8), np.full(vertices, -1, np.int64), 0
    queue = [(np.int64(0), np.int64(0))]
    queue.pop()
    for t in range(vertices):
        if terminal[t] and t != root:
            active[t] = 1
            queue.append((np.int64(first[t + 1] - first[t]), np.int64(t)))
    heapq.heapify(queue)
    stack, cut, bound = np.empty(vertices, np.int64), np.empty(len(near), np.int64), 0
    noted = 0
    while len(queue) > 0:
        popped = heapq.heappop(queue)
        size, t = int(popped[0]), int(popped[1])
        now += 1
        stack[0], mark[t], depth, arcs = t, now, 1, 0
        while True:
            while depth > 0 and active[t]:
                depth -= 1
                x = stack[depth]
                for i in range(first[x], first[x + 1]):
                    y = near[i]
                    if mark[y] == now or slack[i] >= FAR:
                        continue
                    if slack[i] > 0:
                        cut[arcs] = i
                        arcs += 1
                    elif y == root or (active[y] and prize[y] >= FAR):
                        active[t] = 0
                        break
                    else:
                        mark[y] = now
                        stack[depth] = y
                        depth += 1
            if not active[t]:
                break
            raised, kept, crossed = int(prize[t]), 0, 0
            for k in range(arcs):
                i = cut[k]
                if mark[near[i]] != now:
                    cut[kept] = i
                    kept += 1
                    crossed += int(guide[i])
                    raised = min(raised, int(slack[i]))
            arcs = kept
            if arcs == 0 and prize[t] >= FAR:
                return -1, noted
            rank = arcs + _CROSSED * max(crossed - 1, 0)
            if len(queue) > 0 and rank > _PATIENCE * size and rank > queue[0][0]:
                heapq.heappush(queue, (np.int64(rank), np.int64(t)))
                break
            size = max(size, rank)
            bound += raised
            if noted + arcs < len(cuts):
                cuts[noted : noted + arcs] = cut[:arcs]
                cuts[noted + arcs] = -1 - t
                noted += arcs + 1
            if prize[t] < FAR:
                prize[t] -= raised
                if prize[t] == 0:
                    active[t] = 0
            for k in range(arcs):
                i = cut[k]
                slack[i] -= raised
                y = near[i]
                if slack[i] == 0 and mark[y] != now:
                    if y == root or (active[y] and prize[y] >= FAR):
                        active[t] = 0
                    else:
                        mark[y] = now
                        stack[depth] = y
                        depth += 1
            if not active[t]:
                break
    return bound, noted


@compiled
def useful(graph: Graph, slack: Integers, to_root: Integers, to_terminal: Integers, room: int) -> Flags:
    """Return the edges that a tree dearer than the bound by at most `room` may use, in either direction.

    Such a tree enters the arc by a path from the root and leaves it by a path to a terminal: the slack on those is a cost beyond the bound.
    """
    kept = np.zeros(len(graph.u), np.uint8)
    for x in range(len(graph.first) - 1):
        for i in range(graph.first[x], graph.first[x + 1]):
            if to_root[graph.near[i]] + slack[i] + to_terminal[x] <= room:
                kept[graph.edge[i]] = 1
    return kept
