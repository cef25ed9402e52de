"""Joint design: by hand, against every combination of small networks, against HiGHS, and on the reference networks."""

import csv
import itertools
import json
import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from hatang.data.contracts import ParameterError
from hatang.sharing._jointbound import lower_bound
from hatang.sharing._problem import Problem
from hatang.sharing.design import Demand, JointDesign, Network, design
from hatang.sharing.shares import in_core, no_more_than_alone, shapley, statutory

OPTIMA = {"small": 2165.3, "medium": 3956.1}
"""Proven by HiGHS."""


def use_cost(network: Network, edge: int, users: int) -> float:
    """Return the least cost of an edge for so many users: all numbers of renters tried."""
    best = math.inf if users else 0.0
    for renting in range(min(users, int(network.spare[edge])) + 1):
        building = users - renting
        rents = renting * network.rent[edge] if renting else 0.0
        trench = network.cost[edge] + building * network.cost_per_operator[edge] if building else 0.0
        best = min(best, rents + trench)
    return best


def least(network: Network, demands: list[Demand]) -> float:
    """Return the least cost of all: every set of edges for every operator."""
    edges, vertices = len(network.u), int(max(network.u.max(), network.v.max())) + 1
    choices = []
    for demand in demands:
        prizes = np.full(len(demand.terminals), np.inf) if demand.prizes is None else np.asarray(demand.prizes)
        seen: dict[tuple[int, ...], float] = {}
        for bits in itertools.product((False, True), repeat=edges):
            chosen = np.flatnonzero(bits)
            joined = coo_matrix((np.ones(len(chosen)), (network.u[chosen], network.v[chosen])), (vertices, vertices))
            _, part = connected_components(joined, directed=False)
            lost = float(prizes[part[np.asarray(demand.terminals)] != part[demand.root]].sum())
            if math.isfinite(lost):
                seen[tuple(chosen.tolist())] = lost
        minimal = [
            (sets, lost)
            for sets, lost in seen.items()
            if not any(other_lost <= lost and set(other) < set(sets) for other, other_lost in seen.items())
        ]
        choices.append(minimal)
    best = math.inf
    for combination in itertools.product(*choices):
        count = np.zeros(edges, int)
        for sets, _ in combination:
            count[list(sets)] += 1
        best = min(best, sum(lost for _, lost in combination) + sum(use_cost(network, e, int(count[e])) for e in np.flatnonzero(count)))
    return best


def drawn(seed: int, *, operators: int, prizes: bool, whole: bool = False) -> tuple[Network, list[Demand]]:
    """Return a small connected network, ways on some edges, trenches on all but a few that have ways with room for all."""
    random = np.random.default_rng(seed)
    vertices, more = 5, 2
    u = np.concatenate([[random.integers(0, at) for at in range(1, vertices)], random.integers(0, vertices, more)])
    v = np.concatenate([np.arange(1, vertices), random.integers(0, vertices, more)])
    cost, own = random.uniform(5, 100, len(u)), random.uniform(0, 20, len(u))
    spare = np.where(random.random(len(u)) < 0.5, random.integers(1, operators + 2, len(u)), 0)
    rent = np.where(spare > 0, random.uniform(0, 25, len(u)), np.nan)
    cost = np.where((spare >= operators) & (random.random(len(u)) < 0.5), np.inf, cost)
    if whole:
        cost, own, rent = np.round(cost), np.round(own), np.round(rent)
    demands = []
    for k in range(operators):
        places = random.permutation(vertices)
        count = int(random.integers(1, 4))
        worth = np.where(random.random(count) < 0.4, np.inf, random.uniform(0, 90, count)) if prizes else None
        demands.append(Demand(f"op{k}", int(places[0]), places[1 : 1 + count], worth))
    return Network(u, v, cost, own, rent, spare), demands


def check(network: Network, demands: list[Demand], found: JointDesign) -> None:
    """Everyone is connected, ways hold who rents them, trenches are opened where someone builds, and all costs add up."""
    vertices = int(max(network.u.max(), network.v.max())) + 1
    opened = np.unique(np.concatenate(list(found.built.values())))
    assert found.edges.tolist() == opened.tolist()
    rents = np.zeros(len(network.u), int)
    terms = [network.cost[opened].sum()]
    for demand in demands:
        built, reused = found.built[demand.operator], found.reused[demand.operator]
        assert not set(built) & set(reused)
        rents[reused] += 1
        used = np.concatenate([built, reused])
        joined = coo_matrix((np.ones(len(used)), (network.u[used], network.v[used])), (vertices, vertices))
        _, part = connected_components(joined, directed=False)
        terminals = np.asarray(demand.terminals)
        missed = terminals[part[terminals] != part[demand.root]]
        assert found.forgone[demand.operator].tolist() == missed.tolist()
        lost = 0.0 if demand.prizes is None else float(np.asarray(demand.prizes)[np.isin(terminals, missed)].sum())
        assert demand.prizes is not None or not missed.size
        terms.append(network.cost_per_operator[built].sum() + network.rent[reused].sum() + lost)
    assert (rents <= network.spare).all()
    assert math.isfinite(found.cost)
    assert found.cost == pytest.approx(sum(terms), rel=1e-12)
    assert sum(found.shares.values()) == pytest.approx(found.cost, rel=1e-12)
    assert found.bound <= found.cost


def two_sharing() -> tuple[Network, list[Demand]]:
    """Return a trench in the middle that both need, and a way with room for one at an end."""
    nan = np.nan
    network = Network([0, 1, 2, 2], [1, 2, 3, 4], [100] * 4, [10] * 4, rent=[nan, nan, 5, nan], spare=[0, 0, 1, 0])
    return network, [Demand("a", 0, [3]), Demand("b", 1, [4])]


def test_a_trench_is_opened_once_and_a_way_rented_by_hand() -> None:
    """a: 0–1 alone 110, 1–2 half of 100 and 10, rent 5 = 175; b: 60 and 2–4 alone 110 = 170; alone they pay 225 and 220."""
    network, demands = two_sharing()
    found = design(network, demands)
    check(network, demands, found)
    assert (found.cost, found.edges.tolist()) == (345.0, [0, 1, 3])
    assert found.bound == pytest.approx(345, rel=1e-3)
    assert dict(found.shares) == {"a": 175.0, "b": 170.0}
    assert found.reused["a"].tolist() == [2]
    assert found.in_core
    told = found.explain()
    assert told["alone"].tolist() == [225.0, 220.0]
    assert told["shapley"].tolist() == [175.0, 170.0]
    assert told["saved"].tolist() == [50.0, 50.0]
    assert told["capped"].tolist() == [175.0, 170.0]
    assert told["built_edges"].tolist() == [2, 2]
    assert told["reused_edges"].tolist() == [1, 0]
    assert isinstance(told.index, pd.Index)
    assert told.index.name == "operator"


@pytest.mark.parametrize(("key", "expected"), [("length", 50.0), ("number", 25.0), ("area", 80.0), ("weight", 10.0)])
def test_the_statutory_key_divides_the_opening_by_hand(key: Any, expected: float) -> None:
    """One trench of 100: cables 1 and 3, cross-sections 400 and 100 mm², weights 0.1 and 0.9 kg/m."""
    network = Network([0], [1], [100.0])
    demands = [Demand("a", 0, [1], cables=1, area_mm2=400, kg_per_m=0.1), Demand("b", 0, [1], cables=3, area_mm2=100, kg_per_m=0.9)]
    found = design(network, demands, key=key)
    assert found.shares["a"] == pytest.approx(expected)
    assert found.shares["b"] == pytest.approx(100 - expected)


def test_capacity_binds_by_hand() -> None:
    """A way of rent 1 with room for one of two: one rents, the other digs for 60 and 5; with room for two, both rent."""
    demands = [Demand("a", 0, [1]), Demand("b", 0, [1])]
    one = design(Network([0], [1], [60.0], [5.0], [1.0], [1]), demands)
    assert (one.cost, one.edges.tolist()) == (66.0, [0])
    assert sorted(map(len, one.reused.values())) == [0, 1]
    assert one.bound == pytest.approx(66, rel=1e-3)
    two = design(Network([0], [1], [60.0], [5.0], [1.0], [2]), demands)
    assert (two.cost, two.edges.tolist(), two.bound) == (2.0, [], pytest.approx(2, rel=1e-3))


def test_unknown_room_is_no_room() -> None:
    found = design(Network([0], [1], [60.0], [5.0], [1.0], [np.nan]), [Demand("a", 0, [1])])
    assert (found.cost, found.reused["a"].tolist()) == (65.0, [])


def test_a_terminal_worth_less_than_its_way_is_forgone_by_hand() -> None:
    """2 costs 50 more to reach: for a prize of 40 it is left, and the 40 counted; for 60 it is taken."""
    network = Network([0, 1], [1, 2], [10.0, 50.0])
    left = design(network, [Demand("a", 0, [1, 2], [np.inf, 40.0])])
    assert (left.cost, left.forgone["a"].tolist(), left.edges.tolist(), left.shares["a"]) == (50.0, [2], [0], 50.0)
    assert left.bound == pytest.approx(50, rel=1e-9)
    taken = design(network, [Demand("a", 0, [1, 2], [np.inf, 60.0])])
    assert (taken.cost, taken.forgone["a"].tolist(), taken.bound) == (60.0, [], pytest.approx(60, rel=1e-9))
    nothing = design(network, [Demand("a", 0, [1, 2], [5.0, 3.0])])
    assert (nothing.cost, nothing.edges.tolist(), nothing.bound) == (8.0, [], pytest.approx(8, rel=1e-9))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.booleans())
def test_bound_and_cost_enclose_the_least_network(seed: int, operators: int, prizes: bool) -> None:
    network, demands = drawn(seed, operators=operators, prizes=prizes)
    optimum = least(network, demands)
    found = design(network, demands, seed=seed % 5)
    check(network, demands, found)
    assert found.bound <= optimum * (1 + 1e-12)
    assert optimum * (1 - 1e-12) <= found.cost <= optimum * 1.2


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 3), st.booleans())
def test_exact_is_the_least_network(seed: int, operators: int, prizes: bool) -> None:
    network, demands = drawn(seed, operators=operators, prizes=prizes, whole=True)
    found = design(network, demands, exact=True, time_limit_s=60)
    check(network, demands, found)
    optimum = least(network, demands)
    assert found.cost == pytest.approx(optimum, rel=1e-9)
    assert found.bound == pytest.approx(optimum, rel=1e-6)


def grid(side: int, *, operators: int, terminals: int, seed: int) -> tuple[Network, list[Demand]]:
    """Return streets as a grid, ways on a fifth of them with room for one to three."""
    random = np.random.default_rng(seed)
    at = np.arange(side * side).reshape(side, side)
    u, v = np.concatenate([at[:-1].ravel(), at[:, :-1].ravel()]), np.concatenate([at[1:].ravel(), at[:, 1:].ravel()])
    length = random.uniform(60, 160, len(u))
    spare = np.where(random.random(len(u)) < 0.2, random.integers(1, 4, len(u)), 0)
    network = Network(u, v, length, 0.12 * length, np.where(spare > 0, 0.08 * length, np.nan), spare)
    places = [random.permutation(side * side)[: terminals + 1].tolist() for _ in range(operators)]
    return network, [Demand(f"op{k}", row[0], row[1:]) for k, row in enumerate(places)]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_one_operator_alone_has_the_least_tree_of_ways_and_trenches(seed: int) -> None:
    network, demands = drawn(seed, operators=1, prizes=False)
    found = design(network, demands, exact=True)
    check(network, demands, found)
    assert found.cost == pytest.approx(least(network, demands))
    assert found.bound == pytest.approx(found.cost)


def test_alone_in_a_design_of_several_is_what_a_design_of_its_own_finds() -> None:
    network, demands = grid(9, operators=3, terminals=6, seed=7)
    together = design(network, demands).explain()
    for demand in demands:
        assert together.loc[demand.operator, "alone"] == design(network, [demand]).cost


def test_bounds_of_larger_networks_lie_below_what_is_proven() -> None:
    for seed in range(3):
        network, demands = grid(5, operators=3, terminals=3, seed=seed)
        quick = design(network, demands)
        proven = design(network, demands, exact=True, time_limit_s=120)
        check(network, demands, quick)
        check(network, demands, proven)
        assert proven.gap < 1e-6
        assert quick.bound <= proven.cost * (1 + 1e-9)
        assert proven.cost <= quick.cost * (1 + 1e-12)
        assert quick.gap < 0.15


def test_more_operators_than_groups_are_looked_at_for() -> None:
    network, demands = grid(6, operators=8, terminals=2, seed=3)
    found = design(network, demands)
    check(network, demands, found)
    assert 0 < found.bound <= found.cost
    alone = [design(network, [demand]).bound for demand in demands]
    assert max(alone) <= found.cost
    told = found.explain()
    assert told["shapley"].sum() == pytest.approx(found.cost)


def test_joint_costs_no_more_than_all_alone_and_spare_never_hurts() -> None:
    network, demands = grid(8, operators=3, terminals=4, seed=1)
    found = design(network, demands)
    without = Network(network.u, network.v, network.cost, network.cost_per_operator)
    assert found.bound <= design(without, demands).cost
    told = found.explain()
    assert found.cost < told["alone"].sum()
    assert (told["capped"] <= told["alone"] + 1e-9).all()
    assert told["capped"].sum() == pytest.approx(found.cost)
    assert told["shapley"].sum() == pytest.approx(found.cost)


def test_same_seed_same_design_also_in_threads_at_once() -> None:
    network, demands = grid(9, operators=3, terminals=4, seed=2)
    found: list[JointDesign] = []
    threads = [threading.Thread(target=lambda: found.append(design(network, demands, time_limit_s=600, seed=5))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = design(network, demands, time_limit_s=600, seed=5)
    for other in found:
        assert (other.cost, other.bound) == (again.cost, again.bound)
        assert other.edges.tolist() == again.edges.tolist()
        assert all(other.built[name].tolist() == again.built[name].tolist() for name in again.built)


def test_time_limit_bounds_the_bound_alone() -> None:
    network, demands = grid(9, operators=3, terminals=4, seed=2)
    short, long = design(network, demands, time_limit_s=0), design(network, demands, time_limit_s=60)
    assert short.cost == long.cost
    assert 0 < short.bound <= long.bound


def test_progress_is_told_and_may_stop_the_work() -> None:
    network, demands = grid(12, operators=3, terminals=5, seed=2)
    told: list[tuple[int, int]] = []
    design(network, demands, progress=lambda done, total: told.append((done, total)))
    assert told
    assert all(0 <= done <= total == 100 for done, total in told)
    assert [done for done, _ in told] == sorted(done for done, _ in told)

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    running = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        design(network, demands, progress=stop)
    assert threading.active_count() == running


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Network([0, 1], [1], [1.0, 1.0]), "error.network.lengths"),
        (lambda: Network([0], [1], [1.0], [1.0, 2.0]), "error.network.lengths"),
        (lambda: Network([0], [1], [-1.0]), "error.network.cost"),
        (lambda: Network([0], [1], [np.nan]), "error.network.cost"),
        (lambda: Network([0], [1], [1.0], [np.nan]), "error.network.cost"),
        (lambda: Network([0], [1], [1.0], rent=[-1.0]), "error.network.cost"),
        (lambda: Network([0], [1], [1.0], rent=[np.nan], spare=[1]), "error.network.cost"),
        (lambda: Network([0], [1], [1.0], rent=[1.0], spare=[-1]), "error.network.cost"),
        (lambda: Network([0], [1], [1.0], rent=[1.0], spare=[0.5]), "error.network.spare"),
        (lambda: Network([0], [-1], [1.0]), "error.network.vertex"),
    ],
)
def test_bad_networks_are_named(make: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        make()
    assert caught.value.message_id == message


@pytest.mark.parametrize(
    ("demands", "options", "message"),
    [
        ([], {}, "error.network.operators"),
        ([Demand(f"op{k}", 0, [1]) for k in range(31)], {}, "error.network.many_operators"),
        ([Demand("a", 0, [1]), Demand("a", 1, [2])], {}, "error.network.same_operator"),
        ([Demand("a", 0, [])], {}, "error.network.no_terminals"),
        ([Demand("a", 0, [9])], {}, "error.network.off"),
        ([Demand("a", 9, [0])], {}, "error.network.off"),
        ([Demand("a", 0, [1, 1])], {}, "error.network.twice"),
        ([Demand("a", 0, [0, 1])], {}, "error.network.root"),
        ([Demand("a", 0, [3])], {}, "error.network.disconnected"),
        ([Demand("a", 0, [1], [1.0, 2.0])], {}, "error.network.prizes"),
        ([Demand("a", 0, [1], [-1.0])], {}, "error.network.prize"),
        ([Demand("a", 0, [1], [np.nan])], {}, "error.network.prize"),
        ([Demand("a", 0, [1.5])], {}, "error.network.vertex"),  # type: ignore[list-item]
        ([Demand("a", 0, [1], cables=0)], {}, "error.network.quantity"),
        ([Demand("a", 0, [1])], {"time_limit_s": -1}, "error.network.time"),
        ([Demand("a", 0, [1])], {"time_limit_s": math.nan}, "error.network.time"),
        ([Demand("a", 0, [1])], {"key": "price"}, "error.network.key"),
    ],
)
def test_bad_demands_are_named(demands: list[Demand], options: dict[str, Any], message: str) -> None:
    network = Network([0, 1, 3], [1, 2, 4], [1.0, 1.0, 1.0])
    with pytest.raises(ParameterError) as caught:
        design(network, demands, **options)
    assert caught.value.message_id == message


def test_ways_without_room_for_all_are_named() -> None:
    network = Network([0], [1], [np.inf], [0.0], [1.0], [1])
    assert design(network, [Demand("a", 0, [1])]).cost == 1
    with pytest.raises(ParameterError) as caught:
        design(network, [Demand("a", 0, [1]), Demand("b", 0, [1])])
    assert caught.value.message_id == "error.network.no_room"
    assert caught.value.fields["operators"] == "a, b"


def test_a_terminal_out_of_reach_with_a_prize_is_forgone() -> None:
    found = design(Network([0, 2], [1, 3], [1.0, 1.0]), [Demand("a", 0, [1, 3], [np.inf, 7.0])])
    assert (found.cost, found.forgone["a"].tolist(), found.bound) == (8.0, [3], pytest.approx(8, rel=1e-9))


def test_shapley_by_hand() -> None:
    """Airport game (Littlechild & Owen 1973): runways of 10, 20, 40 give 10/3, 10/3 + 5, 10/3 + 5 + 20."""
    lengths = [10.0, 20.0, 40.0]

    def cost(group: int) -> float:
        return max((lengths[k] for k in range(3) if group >> k & 1), default=0.0)

    value = shapley(3, cost)
    assert value.tolist() == pytest.approx([10 / 3, 10 / 3 + 5, 10 / 3 + 25])
    assert in_core(value, cost)
    assert not in_core([0, 0, 70], cost)
    assert not in_core([11, 9, 20], cost)


def test_shapley_sampled_sums_to_the_whole_and_is_near() -> None:
    weights = np.arange(1.0, 9.0)

    def cost(group: int) -> float:
        return 10.0 * (group > 0) + float(sum(weights[k] for k in range(8) if group >> k & 1))

    value = shapley(8, cost, seed=1)
    assert value.sum() == pytest.approx(46)
    assert np.abs(value - (weights + 10 / 8)).max() < 1
    assert value.tolist() == shapley(8, cost, seed=1).tolist()
    assert in_core(value, cost)
    assert not in_core([46, 0, 0, 0, 0, 0, 0, 0], cost)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 100), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_nobody_pays_more_than_alone(shares: list[float], seed: int) -> None:
    alone = np.random.default_rng(seed).uniform(0, 150, len(shares))
    capped = no_more_than_alone(shares, alone)
    assert capped.sum() == pytest.approx(sum(shares))
    if sum(shares) <= alone.sum():
        assert (capped <= alone + 1e-9).all()


def test_statutory_by_hand() -> None:
    users = np.array([[True, True, False], [True, False, False], [True, False, True]])
    assert statutory(np.array([12.0, 5.0, 7.0]), users, [1, 2, 3]).tolist() == [2 + 5, 4, 6 + 7]


@given(st.lists(st.tuples(st.floats(0, 1e9), st.lists(st.booleans(), min_size=5, max_size=5).filter(any)), min_size=1, max_size=6))
def test_the_statutory_key_loses_and_makes_nothing_whatever_the_order(trenches: list[tuple[float, list[bool]]]) -> None:
    cost, users, cables = np.array([c for c, _ in trenches]), np.array([u for _, u in trenches]).T, [1, 2, 3, 4, 9]
    found = statutory(cost, users, cables)
    assert found.sum() == pytest.approx(cost.sum())
    assert (found >= 0).all()
    turned = statutory(cost[::-1], users[::-1, ::-1], cables[::-1])
    assert turned[::-1] == pytest.approx(found)
    assert found == pytest.approx(np.where(users.any(axis=1), found, 0))


def read(folder: Path, name: str, *, unlimited: bool = False) -> tuple[Network, list[Demand]]:
    with (folder / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    column = {field: np.array([float(row[field] or "nan") for row in rows]) for field in rows[0]}
    spare = np.where(column["spare"] > 0, 9, 0) if unlimited else column["spare"]
    network = Network(column["u"].astype(int), column["v"].astype(int), column["cost"], column["cost_per_operator"], column["rent"], spare)
    operators = json.loads((folder / "demands.json").read_text("utf-8"))[name]["operators"]
    return network, [Demand(operator, each["root"], each["terminals"]) for operator, each in operators.items()]


@pytest.mark.reference
@pytest.mark.parametrize(("name", "gap"), [("small", 0.015), ("medium", 0.05)])
def test_reference_optima_are_found_and_certified(reference: Path, name: str, gap: float) -> None:
    network, demands = read(reference / "joint", name)
    found = design(network, demands, time_limit_s=60)
    check(network, demands, found)
    assert found.cost == pytest.approx(OPTIMA[name], abs=0.05)
    assert found.gap <= gap


@pytest.mark.reference
def test_reference_small_is_proven(reference: Path) -> None:
    network, demands = read(reference / "joint", "small")
    found = design(network, demands, exact=True, time_limit_s=120)
    assert found.cost == pytest.approx(OPTIMA["small"], abs=0.05)
    assert found.gap < 1e-6


@pytest.mark.reference
@pytest.mark.parametrize("name", OPTIMA)
def test_bound_never_exceeds_a_known_optimum(reference: Path, name: str) -> None:
    problem = Problem(*read(reference / "joint", name))
    for seed in range(4):
        bound = lower_bound(problem.task, seed=seed, seconds_left=lambda: math.inf, advance=lambda _: None)
        assert bound * problem.unit <= OPTIMA[name] + 0.05


@pytest.mark.reference
@pytest.mark.slow
def test_reference_large(reference: Path) -> None:
    network, demands = read(reference / "joint", "large")
    found = design(network, demands, time_limit_s=120)
    check(network, demands, found)
    assert found.cost <= 113_500
    assert found.gap <= 0.35


@pytest.mark.reference
@pytest.mark.parametrize("name", ["instance016", "instance010", "instance009"])
def test_reference_trees_are_proven_for_one_operator(reference: Path, name: str) -> None:
    rows = [line.split() for line in (reference / "steiner" / f"{name}.gr").read_text("utf-8").splitlines()]
    u, v, cost = np.array([[int(a) - 1, int(b) - 1, int(c)] for kind, a, b, c in (row for row in rows if row[:1] == ["E"])]).T
    root, *terminals = [int(row[1]) - 1 for row in rows if row[:1] == ["T"]]
    found = design(Network(u, v, cost), [Demand("a", root, terminals)], exact=True, time_limit_s=60)
    assert found.cost == found.bound == {"instance016": 14171206, "instance010": 13309487, "instance009": 15841596}[name]
