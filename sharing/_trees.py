"""Trees that span the terminals: grown by shortest paths, spanning trees without idle branches, and exchange of key paths.

A key vertex of a tree is a terminal or a vertex of degree three or more; a key path joins two of them with none between.

References
----------
H. Takahashi, A. Matsuyama, "An approximate solution for the Steiner problem in graphs", Mathematica Japonica 24 (1980), for the growth.
E. Uchoa, R. F. Werneck, "Fast local search for the Steiner problem in graphs", ACM Journal of Experimental Algorithmics 17 (2012), for key
paths and key vertices.
"""

from typing import Final

import numpy as np

from hatang.coverage.compiled import compiled
from hatang.sharing._graph import FAR, Flags, Graph, Integers, enter, leave

_MOST_BRANCHES: Final = 6
"""A key vertex with more branches is not tried for elimination: it seldom helps, and costs a search for each branch."""


@compiled
def grown(graph: Graph, cost: Integers, prize: Integers, start: int, tree: Flags) -> tuple[Flags, int]:
    """Return the edges of a tree from `start` and `tree` that takes in the nearest terminal again and again, and how many are out of reach.

    `prize` is 0 where a vertex is no terminal and `FAR` where it must be reached; a terminal farther than its prize is left out. `tree`
    holds edges to begin with: none, or a tree that touches `start`.
    """
    vertices = len(graph.first) - 1
    chosen, inside = tree.copy(), np.zeros(vertices, np.uint8)
    reached, came = np.full(vertices, FAR, np.int64), np.full(vertices, -1, np.int64)
    heap, place = np.empty(vertices, np.int64), np.full(vertices, -1, np.int64)
    inside[start], reached[start] = 1, 0
    size = enter(heap, place, reached, 0, start)
    for e in range(len(cost)):
        if chosen[e]:
            for x in (graph.u[e], graph.v[e]):
                if not inside[x]:
                    inside[x], reached[x] = 1, 0
                    size = enter(heap, place, reached, size, x)
    missing, outside = 0, 0
    for x in range(vertices):
        missing += prize[x] >= FAR and not inside[x]
        outside += prize[x] > 0 and not inside[x]
    while size > 0 and outside > 0:
        x = leave(heap, place, reached, size)
        size -= 1
        if reached[x] < prize[x] and not inside[x]:
            y = x
            while not inside[y]:
                inside[y] = 1
                missing -= prize[y] >= FAR
                outside -= prize[y] > 0
                reached[y] = 0
                size = enter(heap, place, reached, size, y)
                i = came[y]
                chosen[graph.edge[i]] = 1
                y = graph.near[graph.back[i]]
            continue
        for i in range(graph.first[x], graph.first[x + 1]):
            y, e = graph.near[i], graph.edge[i]
            further = reached[x] + cost[e]
            if further < reached[y] and further < FAR and not inside[y]:
                reached[y], came[y] = further, i
                size = enter(heap, place, reached, size, y)
    return chosen, missing


@compiled
def trimmed(graph: Graph, cost: Integers, terminal: Flags, chosen: Flags) -> tuple[Flags, int]:
    """Return the least spanning tree over the vertices that `chosen` touches, without branches that end in no terminal; and its cost."""
    vertices = len(graph.first) - 1
    member, seed = np.zeros(vertices, np.uint8), -1
    for e in range(len(cost)):
        if chosen[e]:
            member[graph.u[e]] = 1
            member[graph.v[e]] = 1
    for x in range(vertices):
        if terminal[x]:
            member[x] = 1
            seed = x
    tree, degree = np.zeros(len(cost), np.uint8), np.zeros(vertices, np.int64)
    key, came, order = np.full(vertices, FAR, np.int64), np.full(vertices, -1, np.int64), np.empty(vertices, np.int64)
    heap, place, count = np.empty(vertices, np.int64), np.full(vertices, -1, np.int64), 0
    if seed < 0:
        return tree, 0
    key[seed] = 0
    size = enter(heap, place, key, 0, seed)
    while size > 0:
        x = leave(heap, place, key, size)
        size -= 1
        member[x] = 0
        order[count] = x
        count += 1
        if came[x] >= 0:
            degree[x] += 1
            degree[graph.near[graph.back[came[x]]]] += 1
        for i in range(graph.first[x], graph.first[x + 1]):
            y, e = graph.near[i], graph.edge[i]
            if member[y] and cost[e] < key[y]:
                key[y], came[y] = cost[e], i
                size = enter(heap, place, key, size, y)
    total = 0
    for at in range(count - 1, 0, -1):  # a vertex comes after its parent
        x = order[at]
        parent = graph.near[graph.back[came[x]]]
        if degree[x] == 1 and not terminal[x]:
            degree[parent] -= 1
            degree[x] = 0
        else:
            tree[graph.edge[came[x]]] = 1
            total += cost[graph.edge[came[x]]]
    return tree, total


@compiled
def exchanged(graph: Graph, cost: Integers, terminal: Flags, chosen: Flags, passes: int) -> tuple[Flags, int]:
    """Return a tree no dearer than `chosen`, and what was saved: key paths replaced by shorter joins, key vertices done without.

    After the first pass only key vertices whose surroundings changed are looked at again.

    Where a key path goes, both sides are walked in step and only the smaller is labelled; the search for a shorter join starts there and
    never goes further than the path was long.
    """
    vertices, first, near, edge = len(graph.first) - 1, graph.first, graph.near, graph.edge
    chosen, degree = chosen.copy(), np.zeros(vertices, np.int64)
    for e in range(len(cost)):
        if chosen[e]:
            degree[graph.u[e]] += 1
            degree[graph.v[e]] += 1
    most = _MOST_BRANCHES
    label, base = np.full(vertices, -1, np.int64), 0
    walk, held, done = np.empty((most, vertices), np.int64), np.zeros(most, np.int64), np.zeros(most, np.int64)
    group, ends, open_ = np.zeros(most, np.int64), np.zeros(most, np.int64), np.zeros(most, np.uint8)
    removed, added = np.empty(vertices, np.int64), np.empty(2 * vertices, np.int64)
    reached, came = np.full(vertices, FAR, np.int64), np.full(vertices, -1, np.int64)
    heap, place, touched = np.empty(vertices, np.int64), np.full(vertices, -1, np.int64), np.empty(vertices, np.int64)
    changed, looked = np.ones(vertices, np.uint8), np.full(vertices, -1, np.int64)
    saved = 0
    for turn in range(passes):
        before = saved
        for centre in range(vertices):
            if not changed[centre] or degree[centre] == 0:
                continue
            changed[centre], looked[centre] = 0, turn
            for step in range(first[centre + 1] - first[centre] + 1):
                if degree[centre] == 0 or not (terminal[centre] or degree[centre] >= 3):
                    break
                begin = first[centre] + step
                eliminate = begin == first[centre + 1]
                if eliminate:
                    if terminal[centre] or degree[centre] > most:
                        break
                    begin, end = first[centre], first[centre + 1]
                else:
                    end = begin + 1
                # What goes: one key path, or all those of the centre.
                gone, pieces, length = 0, 0, 0
                for start in range(begin, end):
                    if not chosen[edge[start]]:
                        continue
                    i = start
                    while True:
                        removed[gone] = edge[i]
                        gone += 1
                        length += cost[edge[i]]
                        y = near[i]
                        if terminal[y] or degree[y] != 2:
                            break
                        for j in range(first[y], first[y + 1]):
                            if chosen[edge[j]] and edge[j] != edge[i]:
                                i = j
                                break
                    ends[pieces] = y
                    pieces += 1
                if gone == 0 or (not eliminate and looked[ends[0]] == turn):
                    continue
                if not eliminate:
                    ends[pieces] = centre
                    pieces += 1
                for k in range(gone):
                    e = removed[k]
                    chosen[e] = 0
                    degree[graph.u[e]] -= 1
                    degree[graph.v[e]] -= 1
                # Label all pieces but the largest, walking them in step.
                running, largest = pieces, 0
                for c in range(pieces):
                    walk[c, 0], held[c], done[c], group[c], open_[c] = ends[c], 1, 0, c, 1
                    label[ends[c]] = base + c
                while running > 1:
                    for c in range(pieces):
                        if not open_[c]:
                            continue
                        if done[c] == held[c]:
                            open_[c] = 0
                            running -= 1
                            if running == 1:
                                break
                            continue
                        x = walk[c, done[c]]
                        done[c] += 1
                        for j in range(first[x], first[x + 1]):
                            y = near[j]
                            if chosen[edge[j]] and label[y] < base:
                                label[y] = base + c
                                walk[c, held[c]] = y
                                held[c] += 1
                for c in range(pieces):
                    if open_[c]:
                        largest = c
                # Join again, the smallest group first.
                apart, spent, more = pieces, 0, 0
                while apart > 1:
                    small, size_of_small = -1, 0
                    for c in range(pieces):
                        if group[c] != c or group[largest] == c:
                            continue
                        members = 0
                        for d in range(pieces):
                            if group[d] == c:
                                members += held[d]
                        if small < 0 or members < size_of_small:
                            small, size_of_small = c, members
                    size, seen, hit = 0, 0, -1
                    for d in range(pieces):
                        if group[d] == small:
                            for k in range(held[d]):
                                x = walk[d, k]
                                reached[x], came[x] = 0, -1
                                touched[seen] = x
                                seen += 1
                                size = enter(heap, place, reached, size, x)
                    while size > 0:
                        x = leave(heap, place, reached, size)
                        size -= 1
                        if reached[x] > 0 or came[x] >= 0:
                            piece = label[x] - base if label[x] >= base else (largest if degree[x] > 0 or terminal[x] else -1)
                            if piece >= 0 and group[piece] != small:
                                hit = x
                                break
                        for j in range(first[x], first[x + 1]):
                            y = near[j]
                            further = reached[x] + cost[edge[j]]
                            if further < reached[y] and further + spent < length:
                                if reached[y] == FAR:
                                    touched[seen] = y
                                    seen += 1
                                reached[y], came[y] = further, j
                                size = enter(heap, place, reached, size, y)
                    for k in range(size):
                        place[heap[k]] = -1
                    if hit >= 0:
                        spent += reached[hit]
                        x = hit
                        piece = label[x] - base if label[x] >= base else largest
                        goal = group[piece]
                        while came[x] >= 0:
                            added[more] = edge[came[x]]
                            more += 1
                            x = near[graph.back[came[x]]]
                            if label[x] < base:
                                label[x] = base + small
                                walk[small, held[small]] = x
                                held[small] += 1
                        for c in range(pieces):
                            if group[c] == small:
                                group[c] = goal
                        apart -= 1
                    for k in range(seen):
                        reached[touched[k]] = FAR
                    if hit < 0:
                        break
                base += most
                if apart > 1:
                    more = gone
                    for k in range(gone):
                        added[k] = removed[k]
                    spent = length
                for k in range(more):
                    e = added[k]
                    chosen[e] = 1
                    degree[graph.u[e]] += 1
                    degree[graph.v[e]] += 1
                if spent < length:
                    saved += length - spent
                    for c in range(pieces):
                        changed[ends[c]] = 1
                    for k in range(more):
                        changed[graph.u[added[k]]] = changed[graph.v[added[k]]] = 1
        if saved == before:
            break
    return chosen, saved
