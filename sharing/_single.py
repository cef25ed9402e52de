"""One operator on its own: a plain Steiner tree, each of whose edges costs the lesser of digging there and renting there.

What makes joint networks hard, sharing an opening and crowding a way, does not arise, so that the search for one tree serves, and its bound
and its proof with it.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from hatang.sharing._exact import Task, prove
from hatang.sharing._graph import FAR, Flags, Integers
from hatang.sharing._search import Kernel, search

_LONGER: Final = 10
"""Where the least tree is asked for, the search may do so many times the work: what it throws away, HiGHS need not look at."""


def least_tree(
    vertices: int,
    u: Integers,
    v: Integers,
    units: Integers,
    terminals: Integers,
    *,
    seconds_left: Callable[[], float],
    exact: bool = False,
    seed: int = 0,
) -> tuple[Integers, int]:
    """Return edges of a tree over connected `terminals`, sorted, and a bound, counted in `units`; with `exact`, proven in time left."""
    kernel = Kernel.of(vertices, u, v, units, terminals)
    found = search(kernel, count=len(u), random=np.random.default_rng(seed), effort=_LONGER if exact else 1)
    if not exact or found.proven:
        return found.tree, found.bound
    kernel = found.kernel
    root, none = int(kernel.terminals[0]), np.zeros(len(kernel.cost), np.int64)
    prizes = np.zeros(len(kernel.graph.first) - 1, np.int64)
    prizes[kernel.terminals] = FAR
    prizes[root] = 0
    proof = prove(
        Task(kernel.graph, none, kernel.cost, none, none, [root], [prizes]),
        allowed=[np.ones(len(kernel.graph.near), np.uint8)],
        cost=found.cost,
        seconds_left=seconds_left,
    )
    bound = max(found.bound, math.floor(proof.bound))
    if not proof.built:
        return found.tree, bound
    chosen = np.zeros(len(kernel.cost), np.uint8)
    chosen[proof.built[0]] = 1
    tree = kernel.given(chosen)
    return tree, min(int(units[tree].sum()), found.cost) if proof.proven else bound


def is_plain(task: Task) -> bool:
    """Whether the task is one operator's, and every terminal must be reached."""
    return len(task.roots) == 1 and bool(np.isin(task.prizes[0], (0, FAR)).all())


def alone(task: Task, *, seconds_left: Callable[[], float], exact: bool = False, seed: int = 0) -> tuple[Flags, int]:
    """Return the edges of one operator's network as flags of shape (1, edges), and a bound, for a task that `is_plain`."""
    graph = task.graph
    digging = np.where((task.opening < FAR) & (task.own < FAR), task.opening + task.own, FAR)
    units = np.where(task.spare > 0, np.minimum(task.rent, digging), digging)
    terminals = np.flatnonzero(task.prizes[0] > 0)
    tree, bound = least_tree(len(graph.first) - 1, graph.u, graph.v, units, terminals, seconds_left=seconds_left, exact=exact, seed=seed)
    trees = np.zeros((1, len(units)), np.uint8)
    trees[0, tree] = 1
    return trees, bound
