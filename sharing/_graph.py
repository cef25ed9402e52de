"""Undirected graphs as rows of neighbours, a heap, shortest paths and the contraction of what needs no decision: compiled loops.

Costs are whole numbers (`int64`): sums are exact, so that no bound needs a margin for rounding and ties are ties. An edge whose cost is
`FAR` or more is closed.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from hatang.coverage.compiled import compiled

Integers: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float64]

FAR: Final = 2**60
"""A distance or cost that stands for none; four of them still fit."""


class Graph(NamedTuple):
    """Vertex `x` has the neighbours `near[i]` over the edges `edge[i]`, `first[x] <= i < first[x + 1]`; `back[i]` is the other way's entry.

    Entry `i` of vertex `x` also names the arc from `near[i]` into `x`: what a dual ascent walks along.
    """

    u: Integers
    v: Integers
    first: Integers
    near: Integers
    edge: Integers
    back: Integers


@compiled
def graph_of(vertices: int, u: Integers, v: Integers) -> Graph:
    """Return the graph of edges `u[e]`–`v[e]`; rows of neighbours stand in the order of edges."""
    first = np.zeros(vertices + 1, np.int64)
    for e in range(len(u)):
        first[u[e] + 1] += 1
        first[v[e] + 1] += 1
    for x in range(vertices):
        first[x + 1] += first[x]
    free = first[:-1].copy()
    near, edge, back = np.empty(2 * len(u), np.int64), np.empty(2 * len(u), np.int64), np.empty(2 * len(u), np.int64)
    for e in range(len(u)):
        i = free[u[e]]
        free[u[e]] += 1
        j = free[v[e]]
        free[v[e]] += 1
        near[i], edge[i], back[i] = v[e], e, j
        near[j], edge[j], back[j] = u[e], e, i
    return Graph(u, v, first, near, edge, back)


@compiled
def enter(heap: Integers, place: Integers, key: Integers, size: int, x: int) -> int:
    """Put `x` into the heap, or move it up after its key fell; return how many are held. `place[x]` is -1 where it is not in."""
    at = place[x]
    if at < 0:
        at = size
        size += 1
    while at > 0:
        above = (at - 1) >> 1
        if key[heap[above]] <= key[x]:
            break
        heap[at] = heap[above]
        place[heap[at]] = at
        at = above
    heap[at] = x
    place[x] = at
    return size


@compiled
def leave(heap: Integers, place: Integers, key: Integers, size: int) -> int:
    """Take the vertex with the least key off the heap of `size` and return it; `size - 1` are held after."""
    top = heap[0]
    place[top] = -1
    size -= 1
    if size > 0:
        x = heap[size]
        at = 0
        while True:
            below = 2 * at + 1
            if below >= size:
                break
            if below + 1 < size and key[heap[below + 1]] < key[heap[below]]:
                below += 1
            if key[x] <= key[heap[below]]:
                break
            heap[at] = heap[below]
            place[heap[at]] = at
            at = below
        heap[at] = x
        place[x] = at
    return int(top)


@compiled
def distances(graph: Graph, arc: Integers, sources: Integers, inward: bool) -> Integers:  # noqa: FBT001
    """Return the distance from the nearest source, or to it (`inward`); `arc[i]` is the length of the arc of entry `i`."""
    vertices = len(graph.first) - 1
    reached = np.full(vertices, FAR, np.int64)
    heap, place, size = np.empty(vertices, np.int64), np.full(vertices, -1, np.int64), 0
    for x in sources:
        if reached[x] > 0:
            reached[x] = 0
            size = enter(heap, place, reached, size, x)
    while size > 0:
        x = leave(heap, place, reached, size)
        size -= 1
        for i in range(graph.first[x], graph.first[x + 1]):
            y = graph.near[i]
            further = reached[x] + (arc[i] if inward else arc[graph.back[i]])
            if further < reached[y]:
                reached[y] = further
                size = enter(heap, place, reached, size, y)
    return reached


@compiled
def parts(graph: Graph, cost: Integers) -> Integers:
    """Return the connected part of each vertex over open edges, numbered by their first vertex."""
    vertices = len(graph.first) - 1
    part, stack = np.full(vertices, -1, np.int64), np.empty(vertices, np.int64)
    for seed in range(vertices):
        if part[seed] >= 0:
            continue
        part[seed], stack[0], depth = seed, seed, 1
        while depth > 0:
            depth -= 1
            x = stack[depth]
            for i in range(graph.first[x], graph.first[x + 1]):
                y = graph.near[i]
                if part[y] < 0 and cost[graph.edge[i]] < FAR:
                    part[y] = seed
                    stack[depth] = y
                    depth += 1
    return part


@compiled
def contracted(
    vertices: int, u: Integers, v: Integers, cost: Integers, kept: Flags
) -> tuple[Integers, Integers, Integers, Integers, Integers, Flags]:
    """Return edges after every vertex of degree one or two that is not `kept` went, and parallel edges and loops with it.

    Ends, cost, the two edges that each new edge joins (-1 for an edge given), and which edges remain.
    """
    room = len(u) + vertices
    a, b, length = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    left, right, alive = np.full(room, -1, np.int64), np.full(room, -1, np.int64), np.zeros(room, np.uint8)
    head, following, degree = np.full(vertices, -1, np.int64), np.full(2 * room, -1, np.int64), np.zeros(vertices, np.int64)
    count = len(u)
    for e in range(count):
        a[e], b[e], length[e] = u[e], v[e], cost[e]
        if u[e] == v[e] or cost[e] >= FAR:
            continue
        alive[e] = 1
        following[2 * e], head[u[e]] = head[u[e]], 2 * e
        following[2 * e + 1], head[v[e]] = head[v[e]], 2 * e + 1
        degree[u[e]] += 1
        degree[v[e]] += 1
    best = np.full(vertices, -1, np.int64)
    for x in range(vertices):
        h = head[x]
        while h >= 0:
            e = h >> 1
            if alive[e]:
                y = a[e] + b[e] - x
                other = best[y]
                if other >= 0 and a[other] + b[other] - y == x and alive[other]:
                    worse = other if length[e] < length[other] or (length[e] == length[other] and e < other) else e
                    alive[worse] = 0
                    degree[x] -= 1
                    degree[y] -= 1
                    e = e + other - worse
                best[y] = e
            h = following[h]
    waiting, waits = np.empty(vertices, np.int64), np.zeros(vertices, np.uint8)
    depth = 0
    for x in range(vertices):
        if not kept[x] and degree[x] <= 2:
            waiting[depth], waits[x] = x, 1
            depth += 1
    while depth > 0:
        depth -= 1
        x = waiting[depth]
        waits[x] = 0
        one, two, h = -1, -1, head[x]
        while h >= 0:
            e = h >> 1
            if alive[e]:
                one, two = e, one
            h = following[h]
        if one < 0:
            continue
        y = a[one] + b[one] - x
        alive[one] = 0
        degree[x] = 0
        degree[y] -= 1
        z = y
        if two >= 0:
            z = a[two] + b[two] - x
            alive[two] = 0
            degree[z] -= 1
            joined, parallel, h = length[one] + length[two], -1, head[y]
            while h >= 0:
                e = h >> 1
                if alive[e] and a[e] + b[e] - y == z:
                    parallel = e
                h = following[h]
            if parallel < 0 or joined < length[parallel]:
                if parallel >= 0:
                    alive[parallel] = 0
                else:
                    degree[y] += 1
                    degree[z] += 1
                e = count
                count += 1
                a[e], b[e], length[e], left[e], right[e], alive[e] = y, z, joined, one, two, 1
                following[2 * e], head[y] = head[y], 2 * e
                following[2 * e + 1], head[z] = head[z], 2 * e + 1
        for end in (y, z):
            if degree[end] <= 2 and not kept[end] and not waits[end]:
                waiting[depth], waits[end] = end, 1
                depth += 1
    return a[:count], b[:count], length[:count], left[:count], right[:count], alive[:count]


@compiled
def spelled(edges: Integers, left: Integers, right: Integers, members: Integers, first_member: Integers) -> tuple[Integers, Integers]:
    """Return the members of the edges `edges` of `contracted`, and where those of each begin; (members, edges + 1).

    `members` and `first_member` are those of the edges that were contracted.
    """
    stack, found, first = np.empty(len(left) + 1, np.int64), np.empty(len(members), np.int64), np.zeros(len(edges) + 1, np.int64)
    count = 0
    for at in range(len(edges)):
        stack[0], depth = edges[at], 1
        while depth > 0:
            depth -= 1
            e = stack[depth]
            if left[e] < 0:
                for k in range(first_member[e], first_member[e + 1]):
                    found[count] = members[k]
                    count += 1
            else:
                stack[depth], stack[depth + 1] = right[e], left[e]
                depth += 2
        first[at + 1] = count
    return found[:count], first
