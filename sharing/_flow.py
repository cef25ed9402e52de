"""Least cuts between a root and a terminal, by blocking flows.

References
----------
E. A. Dinic, "Algorithm for solution of a problem of maximum flow in networks with power estimation", Soviet Mathematics Doklady 11 (1970).
"""

import numpy as np

from hatang.coverage.compiled import compiled
from hatang.sharing._graph import Flags, Graph, Integers


@compiled
def least_cut(graph: Graph, capacity: Integers, root: int, terminal: int, enough: int) -> tuple[int, Flags]:
    """Return the flow from `root` to `terminal`, at most `enough`, and the vertices from which the terminal can still be reached.

    `capacity[i]` belongs to the arc of entry `i`, from `near[i]`. Where the flow is less than `enough`, the arcs that enter the vertices
    returned are a least cut.
    """
    first, near, back = graph.first, graph.near, graph.back
    vertices = len(first) - 1
    left = capacity.copy()
    level, queue = np.empty(vertices, np.int64), np.empty(vertices, np.int64)
    turn, path = np.empty(vertices, np.int64), np.empty(vertices, np.int64)
    flow = 0
    while True:
        level[:] = -1
        level[terminal], queue[0], begin, end = 0, terminal, 0, 1
        while begin < end:  # against the arcs, from the terminal
            x = queue[begin]
            begin += 1
            for i in range(first[x], first[x + 1]):
                y = near[i]
                if left[i] > 0 and level[y] < 0:
                    level[y] = level[x] + 1
                    queue[end] = y
                    end += 1
        if level[root] < 0 or flow >= enough:
            break
        turn[:] = first[:-1]
        x, depth = root, 0
        while True:
            if x == terminal:
                pushed = enough - flow
                for k in range(depth):
                    pushed = min(pushed, left[back[path[k]]])
                flow += pushed
                rest = depth
                for k in range(depth - 1, -1, -1):
                    i = back[path[k]]
                    left[i] -= pushed
                    left[path[k]] += pushed
                    if left[i] == 0:
                        rest = k
                if flow >= enough:
                    break
                depth = rest
                x = near[back[path[depth]]]
                continue
            advanced = False
            while turn[x] < first[x + 1]:
                i = turn[x]  # the arc from x to near[i] is that of the entry the other way
                if left[back[i]] > 0 and level[near[i]] == level[x] - 1:
                    path[depth] = i
                    depth += 1
                    x = near[i]
                    advanced = True
                    break
                turn[x] += 1
            if not advanced:
                if depth == 0:
                    break
                level[x] = vertices
                depth -= 1
                x = near[back[path[depth]]]
                turn[x] += 1
    side = np.zeros(vertices, np.uint8)
    for x in range(vertices):
        if level[x] >= 0:
            side[x] = 1
    return flow, side
