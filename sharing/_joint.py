"""A joint network of low cost: common trees taken apart, answers to each other, and shaking of the best.

A common tree over all terminals puts operators into the same trenches, which answers one by one would not find; ways with room for few are
priced as if the others had to dig beside them. From there operators answer each other. The best network is then shaken: some operators give
up their trees and build anew at costs stirred at random.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from hatang.sharing._exact import Task
from hatang.sharing._graph import FAR, Flags, Integers
from hatang.sharing._response import respond
from hatang.sharing._trees import exchanged, grown, trimmed

_ROUNDS: Final = 10
_PASSES: Final = 12
_BIAS: Final = 0.4
"""Openings are stirred by up to this share where operators build anew."""
_STIR: Final = 0.1
_STARTS: Final = (60, 8)
_SHAKES: Final = (60, 46)
"""Numbers for small networks and for large ones."""
_SMALL: Final = 2_000


class Joint:
    """Networks for one task; the same seed finds the same."""

    def __init__(self, task: Task, *, seed: int) -> None:
        self.task = task
        self.random = np.random.default_rng(seed)
        self.prizes = np.array(task.prizes)
        self.roots = np.array(task.roots)
        self.operators, self.edges = len(task.roots), len(task.own)
        self.trees = np.zeros((self.operators, self.edges), np.uint8)
        self.cost = FAR

    def run(self, *, effort: float, advance: Callable[[float], None]) -> None:
        """Start and shake as often as the size allows, times `effort`; `advance` is told the share done and may raise."""
        large = self.edges > _SMALL
        starts, shakes = max(1, int(_STARTS[large] * effort)), int(_SHAKES[large] * effort) if self.operators > 1 else 0
        for at in range(starts):
            trees, placed = self._nothing() if at % 3 == 0 or self.operators == 1 else self._common()
            self.answer(trees, placed, stirred=at > 0)
            advance((at + 1) / (starts + shakes))
        for at in range(shakes if self.cost < FAR else 0):
            trees, placed = self.trees.copy(), np.ones(self.operators, np.uint8)
            for k in self.random.permutation(self.operators)[: self.random.integers(1, max(self.operators, 2))]:
                trees[k], placed[k] = 0, 0
            self.answer(trees, placed, stirred=True)
            advance((starts + at + 1) / (starts + shakes))

    def answer(self, trees: Flags, placed: Flags, *, stirred: bool) -> None:
        """Let operators answer each other from `trees`; keep what comes of it if it is the best."""
        task = self.task
        bias = np.zeros((self.operators, self.edges), np.int64)
        if stirred:
            opening = np.where(task.opening < FAR, task.opening, 0)
            bias = (self.random.uniform(0, _BIAS, bias.shape) * opening).astype(np.int64)
        cost = respond(
            task.graph,
            task.opening,
            task.own,
            task.rent,
            task.spare,
            self.roots,
            self.prizes,
            trees,
            placed,
            bias,
            self.random.random((_ROUNDS, 2, self.operators)),
        )
        if cost < self.cost:
            self.cost, self.trees = int(cost), trees

    def _nothing(self) -> tuple[Flags, Flags]:
        return np.zeros((self.operators, self.edges), np.uint8), np.zeros(self.operators, np.uint8)

    def _common(self) -> tuple[Flags, Flags]:
        """Return each operator's part of one tree over all terminals, where ways hold all who would use them; else nothing placed."""
        task, random = self.task, self.random
        vertices = len(task.graph.first) - 1
        crowding, together = random.uniform(0.3, 1.2), random.uniform(1, self.operators + 1)
        opening = np.where(task.opening < FAR, task.opening, 0)
        scarce = crowding * np.maximum(0.0, 1 - task.spare / self.operators) * opening
        digging = np.where(task.opening < FAR, opening + together * np.where(task.own < FAR, task.own, 0), float(FAR))
        weight = np.where(task.spare > 0, np.minimum(scarce + together * task.rent, digging), digging)
        cost = np.where(weight < FAR, weight * random.uniform(1, 1 + _STIR, self.edges), float(FAR)).astype(np.int64)
        must = (self.prizes >= FAR).any(axis=0)
        prize = np.where(must, FAR, np.minimum(self.prizes.sum(axis=0, where=self.prizes < FAR), FAR - 1))
        start = int(random.choice(np.flatnonzero(must)))
        empty = np.zeros(self.edges, np.uint8)
        tree, missing = grown(task.graph, cost, prize, start, empty)
        trees, placed = self._nothing()
        if missing:
            return trees, placed
        terminal = self._inside(tree, prize > 0, start)
        tree, _ = trimmed(task.graph, cost, terminal, tree)
        tree, _ = exchanged(task.graph, cost, terminal, tree, _PASSES)
        count = np.zeros(self.edges, np.int64)
        for k in range(self.operators):
            mine = self._inside(tree, self.prizes[k] > 0, int(self.roots[k]))
            trees[k], _ = trimmed(task.graph, cost, mine, tree)
            count += trees[k]
        dug = (task.opening < FAR) & (task.own < FAR)
        if ((count > task.spare) & ~dug).any() or vertices == 0:
            return self._nothing()
        placed[:] = 1
        return trees, placed

    def _inside(self, tree: Flags, wanted: np.ndarray, start: int) -> Flags:
        """Return the vertices `wanted` that the tree touches, and its start."""
        graph = self.task.graph
        inside = np.zeros(len(graph.first) - 1, np.uint8)
        inside[graph.u[tree > 0]] = 1
        inside[graph.v[tree > 0]] = 1
        inside[~wanted] = 0
        inside[start] = 1
        return inside


def assigned(task: Task, trees: Flags) -> tuple[list[Integers], list[Integers]]:
    """Return the edges in which each operator builds and those where it rents, at the least cost for the number of users of each edge."""
    operators = len(trees)
    built: list[list[int]] = [[] for _ in range(operators)]
    reused: list[list[int]] = [[] for _ in range(operators)]
    for e in np.flatnonzero(trees.any(axis=0)).tolist():
        users = np.flatnonzero(trees[:, e]).tolist()
        opening, own, rent, spare = (int(column[e]) for column in (task.opening, task.own, task.rent, task.spare))
        digs = opening < FAR and own < FAR
        room = min(spare, len(users))
        trench = opening + own * len(users) - room * max(own - rent, 0) if digs else FAR
        all_rent = len(users) <= spare and rent * len(users) <= trench
        renting = len(users) if all_rent else room if rent < own else 0
        for at, k in enumerate(users):
            (reused if at < renting else built)[k].append(e)
    return [np.array(edges, np.int64) for edges in built], [np.array(edges, np.int64) for edges in reused]
