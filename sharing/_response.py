"""Operators answer each other: each takes the tree that is best for all while the others keep theirs, until nobody moves.

What an edge costs depends only on how many use it: existing ways take as many as they have room for, the others build in one trench.
"""

from typing import Final

import numpy as np

from hatang.coverage.compiled import compiled
from hatang.sharing._graph import FAR, Flags, Floats, Graph, Integers
from hatang.sharing._trees import exchanged, grown, trimmed

_FRESH: Final = 2
"""Rounds in which a tree is also grown anew, not only polished."""
_PASSES: Final = 12


@compiled
def use_cost(count: int, opening: int, own: int, rent: int, spare: int) -> int:
    """Return the least cost of one edge used by `count` operators; `FAR` where they find no room."""
    if count == 0:
        return 0
    least = FAR
    if count <= spare:
        least = rent * count
    if opening < FAR and own < FAR:
        least = min(least, opening + own * count - min(count, spare) * max(own - rent, 0))
    return least


@compiled
def network_cost(
    trees: Flags, reached: Flags, opening: Integers, own: Integers, rent: Integers, spare: Integers, prizes: Integers, roots: Integers
) -> int:
    """Return what all trees (operators, edges) cost together, with the prizes of terminals not `reached` (operators, vertices)."""
    total = 0
    for e in range(trees.shape[1]):
        count = 0
        for k in range(len(trees)):
            count += trees[k, e]
        total += use_cost(count, opening[e], own[e], rent[e], spare[e])
    for k in range(len(trees)):
        for x in range(prizes.shape[1]):
            if not reached[k, x] and x != roots[k]:
                total += prizes[k, x]
    return total


@compiled
def touched(graph: Graph, tree: Flags) -> Flags:
    """Return the vertices of the edges `tree`."""
    inside = np.zeros(len(graph.first) - 1, np.uint8)
    for e in range(len(tree)):
        if tree[e]:
            inside[graph.u[e]] = 1
            inside[graph.v[e]] = 1
    return inside


@compiled
def kept_terminals(graph: Graph, cost: Integers, tree: Flags, root: int, prize: Integers) -> Flags:
    """Return the terminals worth their branch: those of the best part of `tree` that holds `root` and all that must be reached.

    D. S. Johnson, M. Minkoff, S. Phillips, "The prize collecting Steiner tree problem: theory and practice", SODA 2000: strong pruning.
    """
    vertices = len(graph.first) - 1
    order, came, seen = np.empty(vertices, np.int64), np.full(vertices, -1, np.int64), np.zeros(vertices, np.uint8)
    order[0], seen[root], count, at = root, 1, 1, 0
    while at < count:
        x = order[at]
        at += 1
        for i in range(graph.first[x], graph.first[x + 1]):
            y = graph.near[i]
            if tree[graph.edge[i]] and not seen[y]:
                seen[y], came[y] = 1, i
                order[count] = y
                count += 1
    worth, kept = prize.copy(), np.zeros(vertices, np.uint8)
    for at in range(count - 1, 0, -1):
        x = order[at]
        gain = worth[x] - cost[graph.edge[came[x]]] if worth[x] < FAR else FAR
        if gain > 0:
            parent = graph.near[graph.back[came[x]]]
            worth[parent] = min(FAR, worth[parent] + gain)
            kept[x] = 1
    kept[root] = 1
    for at in range(1, count):
        x = order[at]
        kept[x] = kept[x] and kept[graph.near[graph.back[came[x]]]]
    for x in range(vertices):
        kept[x] = x == root or (kept[x] and prize[x] > 0)
    return kept


@compiled
def tree_cost(graph: Graph, cost: Integers, root: int, prize: Integers, tree: Flags) -> int:
    """Return the cost of a tree and of the prizes it forgoes."""
    inside, total = touched(graph, tree), 0
    for e in range(len(tree)):
        if tree[e]:
            total += cost[e]
    for x in range(len(prize)):
        if prize[x] < FAR and not inside[x] and x != root:
            total += prize[x]
    return total


@compiled
def tree_for(
    graph: Graph,
    cost: Integers,
    root: int,
    prize: Integers,
    tree: Flags,
    start: int,
) -> tuple[Flags, int]:
    """Return a tree grown on from `tree` (from `start` where it is empty), polished and pruned; and its cost with prizes forgone.

    `FAR` where a terminal that must be reached is not.
    """
    lifted = prize.copy()
    if not tree.any():  # terminals that pay for their way only together are left to the pruning
        for x in range(len(prize)):
            lifted[x] = FAR - 1 if 0 < prize[x] < FAR else prize[x]
    chosen, missing = grown(graph, cost, lifted, start, tree)
    if missing > 0:
        return chosen, FAR
    terminal = kept_terminals(graph, cost, chosen, root, prize)
    chosen, _ = trimmed(graph, cost, terminal, chosen)
    chosen, saved = exchanged(graph, cost, terminal, chosen, _PASSES)
    if saved > 0:
        terminal = kept_terminals(graph, cost, chosen, root, prize)
        chosen, _ = trimmed(graph, cost, terminal, chosen)
    return chosen, tree_cost(graph, cost, root, prize, chosen)


@compiled
def respond(
    graph: Graph,
    opening: Integers,
    own: Integers,
    rent: Integers,
    spare: Integers,
    roots: Integers,
    prizes: Integers,
    trees: Flags,
    placed: Flags,
    bias: Integers,
    draws: Floats,
) -> int:
    """Let operators answer in turn, in place in `trees` (operators, edges); return the cost, or `FAR` where one finds no room.

    `placed` tells who has a tree yet. `bias` (operators, edges) is added to the cost of an edge in the first round. `draws` (rounds, 2,
    operators) of 0 to below 1 choose the order of each round, and where trees are grown from.
    """
    operators, edges = trees.shape
    vertices = len(graph.first) - 1
    count = np.zeros(edges, np.int64)
    for k in range(operators):
        for e in range(edges):
            count[e] += trees[k, e]
    cost, stirred = np.empty(edges, np.int64), np.empty(edges, np.int64)
    empty = np.zeros(edges, np.uint8)
    targets = np.empty(vertices, np.int64)
    moves, seen = 0, np.full(operators, -1, np.int64)
    for turn in range(len(draws)):
        before_turn = moves
        for k in np.argsort(draws[turn, 0]):
            if seen[k] == moves:  # nobody else moved since
                continue
            for e in range(edges):
                others = count[e] - trees[k, e]
                before = use_cost(others, opening[e], own[e], rent[e], spare[e])
                after = use_cost(others + 1, opening[e], own[e], rent[e], spare[e])
                cost[e] = min(after - before, FAR) if after < FAR else FAR
                stirred[e] = cost[e] + bias[k, e] if turn == 0 and cost[e] < FAR else cost[e]
            prize, root = prizes[k], roots[k]
            held = 0
            for x in range(vertices):
                if prize[x] > 0 and x != root:
                    targets[held] = x
                    held += 1
            targets[held] = root
            best = FAR
            if placed[k]:
                chosen, best = tree_for(graph, cost, root, prize, trees[k], root)
                current = tree_cost(graph, cost, root, prize, trees[k])
            else:
                chosen, current = empty, FAR
            start = targets[int(draws[turn, 1, k] * (held + 1))]
            if prize[start] < FAR:
                start = root
            if turn < _FRESH or not placed[k]:
                fresh, total = tree_for(graph, stirred, root, prize, empty, start)
                if total < FAR:
                    total = tree_cost(graph, cost, root, prize, fresh)
                    if total < best:
                        best, chosen = total, fresh
            if best >= FAR and not placed[k]:
                return FAR
            if best < current:
                for e in range(edges):
                    count[e] += int(chosen[e]) - int(trees[k, e])
                    trees[k, e] = chosen[e]
                placed[k] = 1
                moves += 1
            seen[k] = moves
        if moves == before_turn:
            break
    reached = np.zeros((operators, vertices), np.uint8)
    for k in range(operators):
        reached[k] = touched(graph, trees[k])
    return network_cost(trees, reached, opening, own, rent, spare, prizes, roots)
