"""Joint design: the ways and trenches that several operators build and rent together, what it costs at least, and who pays what.

Model: operators k with a root and terminals; edges with an existing way (rent, room for `spare` operators), a new joint trench (opened
once, and a cost for each operator who builds in it), or both. What rules or windows of works forbid is left out of the network, or closed
with an infinite cost, before the call: a trench inside works is an edge with the cost that it has there.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event
from typing import Any, Final

import numpy as np
import pandas as pd

from hatang.data.contracts import ParameterError
from hatang.sharing import shares as sharing_out
from hatang.sharing._costs import named
from hatang.sharing._exact import prove
from hatang.sharing._graph import FAR, Flags, Integers
from hatang.sharing._joint import Joint, assigned
from hatang.sharing._jointbound import lower_bound
from hatang.sharing._network import KEYS, Demand, Key, Network
from hatang.sharing._problem import Coalitions, Problem
from hatang.sharing._single import alone, is_plain

__all__ = ["Demand", "JointDesign", "Key", "Network", "Progress", "design"]

Progress = Callable[[int, int], None]
"""Called with steps done and steps in all; what it raises ends the work."""

_STEPS: Final = 100
_LOOK_S: Final = 0.05


@dataclass(frozen=True)
class JointDesign:
    """A joint network and what is known about it.

    Attributes
    ----------
    edges
        Positions of edges opened, sorted.
    cost, bound
        Cost of the whole, prizes forgone included; no network costs less than `bound`.
    built, reused
        By operator, positions of edges where it builds, and where it rents an existing way.
    forgone
        By operator, terminals left out because their prize is less than reaching them costs.
    shares
        By operator, what it pays: its own costs and rents and prizes forgone, and of each opening its part by the statutory key.
    coalitions
        Cost of the best network found for a set of operators (bits), searched for when it is first asked for.
    """

    edges: Integers
    cost: float
    bound: float
    built: Mapping[str, Integers]
    reused: Mapping[str, Integers]
    forgone: Mapping[str, Integers]
    shares: Mapping[str, float]
    coalitions: Coalitions = field(repr=False, compare=False)

    @property
    def gap(self) -> float:
        """How much dearer than the least network this one is at most: (cost − bound) / bound."""
        return (self.cost - self.bound) / self.bound if self.bound > 0 else (0.0 if self.cost <= 0 else math.inf)

    @cached_property
    def in_core(self) -> bool:
        """Whether no coalition is known to pay more by `shares` than a network of its own would cost.

        Coalitions are looked at when this is first asked for; their costs are those of networks found, so that False is certain.
        """
        return sharing_out.in_core(list(self.shares.values()), self.coalitions)

    def explain(self) -> pd.DataFrame:
        """Return one row an operator: what it pays by each rule, and alone.

        Returns
        -------
        DataFrame
            Index `operator`; `statutory` (the shares), `shapley`, `capped` (statutory, nobody more than alone), `alone` (the cost of its
            own best network found), `saved` (alone less statutory), `built_edges`, `reused_edges`, `forgone`.
        """
        names, cost = list(self.shares), self.coalitions
        alone = [cost(1 << k) for k in range(len(names))]
        statutory = [self.shares[name] for name in names]
        return pd.DataFrame(
            {
                "statutory": statutory,
                "shapley": sharing_out.shapley(len(names), cost, seed=cost.seed),
                "capped": sharing_out.no_more_than_alone(statutory, alone),
                "alone": alone,
                "saved": np.array(alone) - statutory,
                "built_edges": [len(self.built[name]) for name in names],
                "reused_edges": [len(self.reused[name]) for name in names],
                "forgone": [len(self.forgone[name]) for name in names],
            },
            index=pd.Index(names, name="operator"),
        )


def design(
    network: Network,
    demands: Sequence[Demand],
    *,
    exact: bool = False,
    time_limit_s: float = 10.0,
    seed: int = 0,
    key: Key = "length",
    progress: Progress | None = None,
) -> JointDesign:
    """Return a joint network of low cost and a bound on all others.

    Operators answer each other from common trees, and the best network is shaken; side by side a bound is raised by dual ascent for each
    operator and a virtual one at prices that share each opening. Existing ways never take more operators than their `spare`. One operator
    without prizes needs a plain Steiner tree, which is searched for and proven as one. The bound is in whole units of a power of two,
    rounded down: no rounding can lift it above the least cost. The same input and seed give the same network, and the same bound where
    time did not run out.

    Parameters
    ----------
    network : Network
        What rules or windows of works forbid left out or closed before.
    demands : sequence of Demand
        At least one, at most 30.
    exact : bool
        Prove the network least with HiGHS, within `time_limit_s`; bounds of HiGHS hold to about 1e-7 of them.
    time_limit_s : float, s
        Bounds the search for a better bound, and the proof; the search for a network always runs to its end.
    seed : int
    key : {"length", "number", "area", "weight"}
        What the statutory key counts: those in one trench divide its opening by length (equal parts), number, cross-section or weight of
        their cables.
    progress : callable (steps done, steps in all), optional
        Called from the calling thread; what it raises ends the work and passes through.

    Returns
    -------
    JointDesign

    Raises
    ------
    ParameterError
        Where there is no demand, operators repeat, a root is its own terminal, terminals are none, named twice, off the network or without
        a way to the root, prizes are negative or not one a terminal, or existing ways have no room for all who need them.

    References
    ----------
    I. Ljubić, "Solving Steiner trees: recent advances, challenges, and perspectives", Networks 77 (2021), for models with directed cuts.
    Papers of each part stand in its module.

    Examples
    --------
    Two operators share the trench in the middle; the first rents the way at the end.

    >>> network = Network([0, 1, 2, 2], [1, 2, 3, 4], [100, 100, 100, 100], [10, 10, 10, 10], rent=[np.nan, np.nan, 5, np.nan],
    ...                   spare=[0, 0, 1, 0])
    >>> found = design(network, [Demand("a", 0, [3]), Demand("b", 1, [4])])
    >>> found.edges.tolist(), found.cost, found.shares
    ([0, 1, 3], 345.0, {'a': 175.0, 'b': 170.0})
    >>> found.built["a"].tolist(), found.reused["a"].tolist(), found.in_core
    ([0, 1], [2], True)
    """
    if not time_limit_s >= 0:
        raise ParameterError("error.network.time", value=time_limit_s)
    if key not in KEYS:
        raise ParameterError("error.network.key", key=key, keys=", ".join(KEYS))
    problem = Problem(network, demands)
    watch = _Watch(time_limit_s, progress)
    work = _alone if is_plain(problem.task) else _together
    trees, built, reused, bound = work(problem, watch, exact=exact, seed=seed)
    cost = problem.cost(built, reused)
    names = [demand.operator for demand in demands]
    return JointDesign(
        np.unique(np.concatenate(built)),
        cost,
        min(bound * problem.unit, cost),
        dict(zip(names, built, strict=True)),
        dict(zip(names, reused, strict=True)),
        dict(zip(names, problem.forgone(built, reused), strict=True)),
        dict(zip(names, problem.shares(built, reused, key), strict=True)),
        Coalitions(problem, trees, cost, seed),
    )


_Answer = tuple[Flags, list[Integers], list[Integers], int]
"""Flags of the edges used, shape (operators, edges), those built and those rented by operator, and the bound in whole units."""


def _alone(problem: Problem, watch: "_Watch", *, exact: bool, seed: int) -> _Answer:
    """One operator that must reach every terminal."""
    with ThreadPoolExecutor(1) as threads:
        tree = threads.submit(alone, problem.task, seconds_left=watch.seconds_left, exact=exact, seed=seed)
        watch.follow(tree)
    trees, bound = tree.result()
    return trees, *assigned(problem.task, trees), bound


def _together(problem: Problem, watch: "_Watch", *, exact: bool, seed: int) -> _Answer:
    """Operators, or prizes: the network and the bound are searched for side by side."""
    joint = Joint(problem.task, seed=seed)
    with ThreadPoolExecutor(2) as threads:
        networks = threads.submit(joint.run, effort=1.0, advance=watch.part(0))
        bounds = threads.submit(lower_bound, problem.task, seed=seed, seconds_left=watch.seconds_left, advance=watch.part(1))
        watch.follow(networks, bounds)
    if joint.cost >= FAR:
        raise ParameterError("error.network.no_room", operators=named(demand.operator for demand in problem.demands))
    built, reused = assigned(problem.task, joint.trees)
    bound = bounds.result()
    if exact and bound < joint.cost:
        everywhere = [np.ones(len(problem.task.graph.near), np.uint8)] * len(problem.demands)
        proof = prove(problem.task, allowed=everywhere, cost=joint.cost, seconds_left=watch.seconds_left)
        bound = max(bound, math.floor(proof.bound * (1 - 1e-9)))
        if proof.built:
            built, reused = proof.built, proof.reused
    return joint.trees, built, reused, bound


class _Watch:
    """What is done of the parts of the work, how long is left, and whether to stop."""

    def __init__(self, time_limit_s: float, progress: Progress | None) -> None:
        self.end = time.monotonic() + time_limit_s
        self.progress = progress
        self.done = [0.0, 0.0]
        self.stopped = Event()

    def seconds_left(self) -> float:
        """Return how long the bound may still be worked on."""
        return self.end - time.monotonic()

    def part(self, index: int) -> Callable[[float], None]:
        """Return what a part calls with the share of it that is done."""

        def advance(share: float) -> None:
            if self.stopped.is_set():
                raise _StoppedError
            self.done[index] = share

        return advance

    def follow(self, *parts: Future[Any]) -> None:
        """Wait for all, telling how far they are; where telling raises, let them stop first."""
        try:
            while not all(part.done() for part in parts):
                wait(parts, timeout=_LOOK_S)
                if self.progress is not None:
                    self.progress(int(sum(self.done) / len(self.done) * _STEPS), _STEPS)
        except BaseException:
            self.stopped.set()
            raise
        for part in parts:
            part.result()


class _StoppedError(Exception):
    """The caller's progress raised; the threads end."""
