"""A route for an operator's need, by hand on a straight street and against a plain search."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hatang.data.contracts import ASSETS, HUE_CRS, ROADS, EmptyDataError, ParameterError
from hatang.sharing.needroute import NeedRoute, need_route
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.roadnet import road_network
from hatang.sharing.routegraph import Need, RouteGraph, RouteRules, route_graph

RULES = RouteRules(reach_m=30, joint_m=2, end_m=100, existing_share=0.05)
Place = tuple[float, float]
STREET = [[(0, 0), (1000, 0)]]


def roads(lines: list[list[tuple[float, float]]]) -> gpd.GeoDataFrame:
    """Return roads (ROADS contract)."""
    names = [f"R{number}" for number in range(1, len(lines) + 1)]
    frame = pd.DataFrame({"road_id": names, "road_name": [f"Phố {name}" for name in names]})
    return gpd.GeoDataFrame(ROADS.conform(frame.assign(geometry=[shapely.LineString(line) for line in lines])), crs=HUE_CRS)


def duct(name: str, low: float, high: float, y: float = 4.0, *, ways: int | None = 4, used: int | None = 1, owner: str = "vnpt") -> dict:
    """Return a duct section beside the street."""
    line = shapely.LineString([(low, y), (high, y)])
    return {"asset_id": name, "asset_class": "duct_section", "owner": owner, "ways": ways, "ways_used": used, "geometry": line}


def pole(name: str, x: float, y: float = -5.0, *, total: int | None = 6, used: int | None = 2, owner: str = "evn") -> dict:
    """Return a pole beside the street."""
    return {
        "asset_id": name,
        "asset_class": "pole",
        "owner": owner,
        "slots_total": total,
        "slots_used": used,
        "geometry": shapely.Point(x, y),
    }


def assets(*rows: dict) -> gpd.GeoDataFrame:
    """Return assets in service (ASSETS contract)."""
    frame = pd.DataFrame([{"status": "in_service", "contact": f"đầu mối {row['owner']}", **row} for row in rows], columns=ASSETS.names)
    return gpd.GeoDataFrame(ASSETS.conform(frame), geometry="geometry", crs=HUE_CRS)


def answer(
    *rows: dict, lines: list | None = None, start: Place = (0, 0), end: Place = (1000, 0), ways: int = 2, poles: bool = True
) -> NeedRoute:
    """Return the routes of a need along the street."""
    need = Need(shapely.Point(start), shapely.Point(end), ways, poles)
    return need_route(route_graph(road_network(roads(lines or STREET)), assets(*rows), need, rules=RULES, policy=SharingPolicy()))


def metres(found: NeedRoute, variant: str) -> tuple[float, float]:
    """Return metres to dig and on what exists."""
    row = found.totals.set_index("variant").loc[variant]
    return pytest.approx(row["dig_m"], abs=1e-6), pytest.approx(row["reuse_m"], abs=1e-6)


def test_a_duct_with_room_is_taken_for_its_whole_length_and_dug_to_at_both_ends() -> None:
    """0–200 dug, 4 m to the chamber, 600 m of duct, 4 m back, 800–1000 dug: 408 m to dig, 592 m less than 1,000."""
    found = answer(duct("D1", 200, 500), duct("D2", 500, 800))
    assert metres(found, "known") == (408, 600)
    assert metres(found, "alone") == (1000, 0)
    known = found.legs[found.legs["variant"] == "known"]
    assert known["leg_kind"].tolist() == ["dig", "duct", "dig"]
    assert known["assets"].tolist()[1] == "D1, D2"
    assert known["spare"].tolist()[1] == 3
    assert found.totals.set_index("variant").loc["known", "dig_m_saved"] == pytest.approx(592)
    assert found.owners.set_index("variant").loc["known", ["owner", "contact", "duct_m", "spare"]].tolist() == [
        "vnpt",
        "đầu mối vnpt",
        pytest.approx(600),
        3,
    ]
    assert found.survey.empty


def test_a_duct_with_too_few_ways_is_passed_by() -> None:
    assert metres(answer(duct("D1", 200, 800), ways=4), "known") == (1000, 0)


@pytest.mark.parametrize("closed", [{"status": "abandoned"}, {"sharable": "no"}])
def test_what_is_closed_is_passed_by(closed: dict) -> None:
    assert metres(answer(duct("D1", 200, 800) | closed), "surveyed") == (1000, 0)


def test_a_duct_shorter_than_the_way_to_it_is_passed_by() -> None:
    """7 m of duct would ask for 8 m of digging to and from it."""
    assert metres(answer(duct("D1", 500, 507)), "known") == (1000, 0)


def test_what_is_not_known_is_no_room_but_stands_on_the_survey_list() -> None:
    """Of 300 m each, D1 is known; D2 is not: 292 m are spared if it has room (its own 300 m, less 4 + 4 m to and from the street: none
    needed, as D1 and D2 meet in a chamber, so 300 m)."""
    found = answer(duct("D1", 200, 500), duct("D2", 500, 800, used=None))
    assert metres(found, "known") == (708, 300)
    assert metres(found, "surveyed") == (408, 600)
    assert found.survey[["rank", "assets", "owner"]].to_numpy().tolist() == [[1, "D2", "vnpt"]]
    assert found.survey["dig_m_saved"].tolist() == [pytest.approx(300)]
    assert found.survey["dig_m_lost"].tolist() == [pytest.approx(300)]
    legs = found.legs[found.legs["variant"] == "surveyed"]
    assert legs["known"].tolist() == [True, True, False, True]


def test_the_survey_list_is_ranked_by_what_knowing_might_spare() -> None:
    found = answer(
        duct("D1", 100, 200, used=None, owner="vnpt"), duct("D2", 300, 800, used=None, owner="fpt"), duct("D3", 850, 950, used=None)
    )
    assert found.survey["assets"].tolist() == ["D2", "D1", "D3"]
    assert found.survey["dig_m_saved"].tolist() == pytest.approx([492, 92, 92])


def test_chambers_of_two_owners_side_by_side_are_not_one() -> None:
    """From VNPT's duct to FPT's, 1 m apart, the way leads over the street: 4 + 5 m to dig, 1 m along it."""
    found = answer(duct("D1", 200, 500), duct("D2", 501, 800, 5.0, owner="fpt"))
    dig = 200 + 4 + 4 + 1 + 5 + 5 + 200
    assert metres(found, "known") == (dig, 300 + 299)
    assert set(found.owners.loc[found.owners["variant"] == "known", "owner"]) == {"vnpt", "fpt"}


def test_poles_of_one_owner_carry_the_cable_as_far_as_a_span_reaches() -> None:
    """Poles at 100, 150 … 400, then one 90 m on, which no span of 60 m reaches."""
    rows = [pole(f"C{x}", x) for x in range(100, 401, 50)] + [pole("C490", 490)]
    found = answer(*rows)
    assert metres(found, "known") == (100 + 5 + 5 + 600, 300)
    assert found.owners.set_index("variant").loc["known", "span_m"] == pytest.approx(300)
    assert metres(answer(*rows, poles=False), "known") == (1000, 0)


def test_a_pole_that_is_full_breaks_the_line_and_one_of_which_nothing_is_known_may_not() -> None:
    line = [pole(f"C{x}", x) for x in (100, 150, 250, 300)]
    assert metres(answer(*line, pole("C200", 200, used=6)), "surveyed") == metres(answer(*line), "known")
    doubtful = answer(*line, pole("C200", 200, used=None))
    assert metres(doubtful, "surveyed") == (100 + 5 + 5 + 700, 200)
    assert doubtful.survey[["assets", "asset_count"]].to_numpy().tolist() == [["C150, C200, C250", 3]]


def test_poles_of_two_owners_make_no_span() -> None:
    assert metres(answer(pole("C1", 100), pole("C2", 150, owner="vnpt")), "known") == (1000, 0)


def test_a_road_elsewhere_is_shorter_with_its_duct() -> None:
    """The direct street is 1,000 m; round the block it is 1,200 m, of which 1,000 m lie in a duct."""
    block = [[(0, 0), (1000, 0)], [(0, 0), (0, 100)], [(0, 100), (1000, 100)], [(1000, 100), (1000, 0)]]
    assert metres(answer(duct("D1", 0, 1000, 104.0), lines=block), "known") == (100 + 4 + 4 + 100, 1000)


def test_ends_apart_are_joined_by_a_duct_alone() -> None:
    """No road crosses the river; VNPT's duct does. Digging alone leads nowhere."""
    banks = [[(0, 0), (400, 0)], [(600, 0), (1000, 0)]]
    found = answer(duct("D1", 390, 610, 0.0), lines=banks)
    assert found.totals["variant"].tolist() == ["known", "surveyed"]
    assert metres(found, "known") == (390 + 390, 220)
    assert found.totals["dig_m_saved"].isna().all()


def test_ends_that_nothing_joins_are_said_to_be_apart() -> None:
    """The banks lie 200 m apart, VNPT's duct on one of them 150 m from the other."""
    with pytest.raises(EmptyDataError) as refused:
        answer(duct("D1", 390, 450, 0.0), lines=[[(0, 0), (400, 0)], [(600, 0), (1000, 0)]])
    assert (refused.value.message_id, refused.value.fields) == ("error.route.apart", {"gap_m": 150})


@pytest.mark.parametrize(("start", "end", "which"), [((0, 150), (1000, 0), "start"), ((0, 0), (1000, -101), "end")])
def test_an_end_off_the_network_is_named_with_its_distance(start: Place, end: Place, which: str) -> None:
    with pytest.raises(ParameterError) as refused:
        answer(start=start, end=end)
    assert refused.value.message_id == f"error.route.off_road.{which}"
    assert refused.value.fields["road_m"] in (150, 101)


def test_a_need_of_no_way_or_of_one_place_is_refused() -> None:
    with pytest.raises(ParameterError):
        Need(shapely.Point(0, 0), shapely.Point(1, 0), 0)
    with pytest.raises(ParameterError, match="same_place"):
        Need(shapely.Point(0, 0), shapely.Point(0, 0), 1)


def cheapest(graph: RouteGraph, allowed: np.ndarray) -> float:
    """Return the cost from start to end by Bellman and Ford: every edge relaxed until nothing changes."""
    u, v, cost = (graph.edges.loc[allowed, name].to_numpy() for name in ("u", "v", "cost"))
    far = np.full(len(graph.places), np.inf)
    far[-2] = 0
    while True:
        before = far.copy()
        np.minimum.at(far, v, before[u] + cost)
        np.minimum.at(far, u, before[v] + cost)
        if np.array_equal(far, before):
            return float(far[-1])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_routes_are_as_cheap_as_relaxing_every_edge_makes_them_and_hang_together(seed: int) -> None:
    random = np.random.default_rng(seed)
    lines = [[(x, 0), (x, 400)] for x in (0, 200, 400)] + [[(0, y), (400, y)] for y in (0, 200, 400)]
    rows = []
    for number in range(int(random.integers(1, 14))):
        x, y, length = random.uniform(0, 300), random.choice([0, 200, 400]) + random.uniform(-8, 8), random.uniform(20, 150)
        used = random.choice([1, 4, None], p=[0.5, 0.2, 0.3])
        rows.append(duct(f"D{number}", x, x + length, y, used=used, owner=str(random.choice(["vnpt", "fpt"]))))
        rows.append(pole(f"C{number}", random.uniform(0, 400), y, used=random.choice([2, 6, None]), owner="evn"))
    need = Need(shapely.Point(random.uniform(0, 400), 0), shapely.Point(random.uniform(0, 400), 400), 2)
    graph = route_graph(road_network(roads(lines)), assets(*rows), need, rules=RULES, policy=SharingPolicy())
    found = need_route(graph)
    for variant, allowed in {
        "alone": graph.edges["first"] < 0,
        "known": graph.edges["known"].astype(bool),
        "surveyed": np.ones(len(graph.edges), bool),
    }.items():
        best = cheapest(graph, np.asarray(allowed))
        dig, reuse = found.totals.set_index("variant").loc[variant, ["dig_m", "reuse_m"]]
        assert dig + RULES.existing_share * reuse == pytest.approx(best, abs=1e-5)
        legs = found.legs[found.legs["variant"] == variant].to_crs(HUE_CRS)
        assert legs["length_m"].tolist() == pytest.approx(legs.length.tolist(), abs=2 * RULES.joint_m * len(legs))
        for one, other in zip(legs.geometry[:-1], legs.geometry[1:], strict=True):
            assert shapely.get_point(one, -1).distance(shapely.get_point(other, 0)) <= RULES.joint_m
