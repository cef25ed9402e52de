"""Joint designs along streets: what plans ask for, what is answered, who pays, and that no answer promises more than there is."""

import datetime as dt

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hatang.data.contracts import DESIGN_EDGES, HUE_CRS, CrsError
from hatang.sharing.designtables import design_edges, design_operators, design_totals
from hatang.sharing.roadnet import road_network
from hatang.sharing.streetdesign import DesignedPart, Wish, designed, ends_of, links_within, parts_of
from hatang.sharing.streetgraph import Rates, StreetGraph, street_graph
from hatang.sharing.streetways import SPAN_COLUMNS

X, Y = 560_000.0, 1_820_000.0
METRES = Rates("m", trench=1.0, duct=0.0, way=0.1, pole=0.1, works_share=0.5)
EVERYWHERE = shapely.box(X - 10_000, Y - 10_000, X + 10_000, Y + 10_000)
STEP = 100.0


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def plans(*rows: tuple[str, str, shapely.Geometry], ways: int | None = 1) -> gpd.GeoDataFrame:
    names = {"plan_id": [row[0] for row in rows], "operator": [row[1] for row in rows], "ways": ways}
    days = {"earliest": pd.Timestamp("2027-01-01"), "latest": pd.Timestamp("2027-12-31")}
    return gpd.GeoDataFrame({**names, **days}, geometry=[row[2] for row in rows], crs=HUE_CRS)


def answer(
    roads: list[shapely.LineString],
    asked: gpd.GeoDataFrame,
    *spans: tuple[int, str, float, float, int],
    rates: Rates = METRES,
    wishes: tuple[Wish, ...] = (),
    exact: bool = False,
) -> tuple[list[DesignedPart], StreetGraph, dict[str, list[str]]]:
    """Return the parts designed, the graph, and the notes by code; spans lie on the edges that roads make."""
    names = [f"R{n}" for n in range(len(roads))]
    net = road_network(gpd.GeoDataFrame({"road_id": names, "road_name": None}, geometry=roads, crs=HUE_CRS))
    found = pd.DataFrame([(*span, f"A{n}") for n, span in enumerate(spans)], columns=SPAN_COLUMNS)
    links, without = links_within(asked, EVERYWHERE)
    graph = street_graph(net, found, ends_of(links, wishes), snap_m=20.0)
    parts, notes = parts_of(graph, links, rates, wishes)
    told = pd.concat([without, notes]).groupby("code")["id"].agg(list).to_dict()
    return [designed(part, exact=exact, time_limit_s=5.0) for part in parts], graph, told


LADDER = [line((0, 0), (300, 0)), line((0, 40), (300, 40)), line((0, 0), (0, 40)), line((300, 0), (300, 40))]


def test_two_operators_dig_once_where_that_is_cheaper() -> None:
    asked = plans(("K1", "viettel", line((0, 0), (300, 0))), ("K2", "vnpt", line((0, 40), (300, 40))))
    found, graph, notes = answer(LADDER, asked, exact=True)
    assert notes == {}
    totals = design_totals(found, unit="m").set_index("part")
    assert totals.loc["all", ["operators", "plans", "dug_m", "cost", "bound", "alone", "saved"]].tolist() == pytest.approx(
        [2, 2, 380, 380, 380, 600, 220]
    )
    assert totals.loc["1", ["bound_pct", "proven", "in_core"]].tolist() == [0, True, True]
    operators = design_operators(found, unit="m").set_index("operator")
    assert sorted(operators["statutory"]) == [150, 230]
    assert operators[["alone", "shapley"]].to_numpy().tolist() == [[300, 190], [300, 190]]
    edges = design_edges(found, graph.edges, unit="m")
    both = edges[edges["users"] == 2]
    assert both[["operators", "plan_ids", "option", "length_m", "cost"]].to_numpy().tolist() == [
        ["viettel, vnpt", "K1, K2", "trench", 300, 300]
    ]
    assert edges.crs.to_epsg() == 4326


def test_a_way_is_rented_by_as_many_as_it_takes() -> None:
    asked = plans(("K1", "viettel", line((0, 0), (300, 0))), ("K2", "vnpt", line((0, 2), (300, 2))))
    found, graph, _ = answer(LADDER[:1], asked, (0, "way", 0, 300, 1))
    assert design_totals(found, unit="m").loc[0, ["dug_m", "rented_m", "cost"]].tolist() == [300, 0, 300]
    found, graph, _ = answer(LADDER[:1], asked, (0, "way", 0, 300, 2))
    assert design_totals(found, unit="m").loc[0, ["dug_m", "rented_m", "cost"]].tolist() == [0, 300, 60]
    rented = design_edges(found, graph.edges, unit="m")
    assert rented[["option", "users", "spare", "uses", "cost"]].to_numpy().tolist() == [["way", 2, 2, "A0", 60]]
    wide = plans(("K1", "viettel", line((0, 0), (300, 0))), ways=3)
    found, _, _ = answer(LADDER[:1], wide, (0, "way", 0, 300, 2))
    assert design_totals(found, unit="m").loc[0, "dug_m"] == 300  # two ways do not take three


def test_works_that_have_the_ground_open_are_cheaper_and_closed_ground_is_gone_round() -> None:
    asked = plans(("K1", "viettel", line((0, 0), (300, 0))))
    found, graph, _ = answer(LADDER, asked, (0, "works", 0, 300, 0))
    assert design_edges(found, graph.edges, unit="m")[["option", "uses", "cost"]].to_numpy().tolist() == [["works", "A0", 150]]
    found, graph, _ = answer(LADDER, asked, (0, "closed", 100, 200, 0))
    assert design_totals(found, unit="m").loc[0, "dug_m"] == 380
    _, _, notes = answer(LADDER[:1], asked, (0, "closed", 100, 200, 0))
    assert notes == {"apart": ["K1"]}


def test_what_cannot_be_answered_is_named_and_the_rest_stands() -> None:
    far = [line((0, 500), (300, 500))]
    asked = plans(
        ("K1", "viettel", line((0, 0), (300, 0))),
        ("K2", "vnpt", line((0, 0), (0, 500))),
        ("K3", "fpt", line((0, 900), (300, 900))),
        ("K4", "fpt", line((0, 500), (0, 515))),
        ("K5", "fpt", line((0, 0), (50, 0), (50, 50), (0, 0))),
        ("K6", "fpt", line((10, 500), (290, 500))),
    )
    found, _, notes = answer([*LADDER, *far], asked)
    assert notes == {"apart": ["K2"], "no_ends": ["K5"], "off_network": ["K3"], "same_place": ["K4"]}
    assert [part.part.plans for part in found] == [(("K1",),), (("K6",),)]
    assert design_totals(found, unit="m")["part"].tolist() == ["all", "1", "2"]
    with pytest.raises(CrsError):
        links_within(asked.set_crs(None, allow_override=True), EVERYWHERE)


def test_plans_of_one_operator_that_meet_are_one_demand_and_those_apart_are_not_joined() -> None:
    asked = plans(
        ("K1", "viettel", line((0, 0), (100, 0))), ("K2", "viettel", line((100, 0), (200, 0))), ("K3", "viettel", line((260, 0), (300, 0)))
    )
    found, _, _ = answer(LADDER[:1], asked)
    assert found[0].part.plans == (("K1", "K2"), ("K3",))
    assert design_totals(found, unit="m").loc[0, ["dug_m", "plans"]].tolist() == [240, 3]


def test_a_place_is_reached_if_it_is_worth_more_than_that_costs() -> None:
    asked = plans(("K1", "viettel", line((0, 0), (300, 0))))
    near = Wish("G1", "viettel", X, Y + 40, worth=50.0)
    found, _, notes = answer(LADDER, asked, wishes=(near,))
    assert notes == {}
    assert design_totals(found, unit="m").loc[0, ["dug_m", "cost", "forgone"]].tolist() == [340, 340, 0]
    found, _, _ = answer(LADDER, asked, wishes=(Wish("G1", "viettel", X, Y + 40, worth=30.0),))
    assert design_totals(found, unit="m").loc[0, ["dug_m", "cost", "forgone"]].tolist() == [300, 330, 30]
    others = (Wish("G2", "vnpt", X, Y + 40, worth=50.0), Wish("G3", "viettel", X, Y + 400, worth=50.0))
    assert answer(LADDER, asked, wishes=others)[2] == {"wish_alone": ["G2"], "wish_off_network": ["G3"]}


def test_a_place_is_asked_of_the_plan_that_is_nearest_to_it() -> None:
    street = [line((0, 0), (1000, 0)), line((900, 0), (900, 40))]
    asked = plans(("K1", "viettel", line((0, 0), (100, 0))), ("K2", "viettel", line((800, 0), (1000, 0))))
    found, _, _ = answer(street, asked, wishes=(Wish("G1", "viettel", X + 900, Y + 40, worth=50.0),))
    assert design_totals(found, unit="m").loc[0, ["dug_m", "cost", "forgone"]].tolist() == [340, 340, 0]
    assert [demand.prizes is None for demand in found[0].part.demands] == [True, False]


def test_lines_are_cut_where_they_leave_the_area() -> None:
    area = shapely.box(X, Y - 10, X + 100, Y + 10)
    links, notes = links_within(plans(("K1", "viettel", line((-50, 0), (200, 0))), ("K2", "vnpt", line((0, 50), (9, 50)))), area)
    assert links.drop(columns="operator").to_numpy().tolist() == [["K1", 1, X, Y, X + 100, Y]]
    assert notes.empty


corners = st.tuples(st.integers(0, 2), st.integers(0, 2))
links_drawn = st.lists(st.tuples(st.sampled_from(["viettel", "vnpt", "fpt"]), corners, corners), min_size=1, max_size=4)
rooms = st.lists(st.tuples(st.integers(0, 11), st.sampled_from(["way", "pole", "works", "closed"]), st.integers(1, 2)), max_size=8)
GRID = [line((0, k * STEP), (2 * STEP, k * STEP)) for k in range(3)] + [line((k * STEP, 0), (k * STEP, 2 * STEP)) for k in range(3)]


@settings(deadline=dt.timedelta(seconds=20), max_examples=40)
@given(links_drawn, rooms)
def test_no_answer_is_below_its_bound_exceeds_a_room_or_leaves_an_end_unjoined(
    wanted: list[tuple[str, tuple[int, int], tuple[int, int]]], room: list[tuple[int, str, int]]
) -> None:
    rows = [
        (f"K{n}", name, line((a[0] * STEP, a[1] * STEP), (b[0] * STEP, b[1] * STEP))) for n, (name, a, b) in enumerate(wanted) if a != b
    ]
    spans = [(edge, kind, 0.0, STEP, free if kind in ("way", "pole") else 0) for edge, kind, free in room]
    rates = Rates("VND", trench=100.0, duct=7.0, way=30.0, pole=20.0, works_share=0.3)
    found, graph, _ = answer(GRID, plans(*rows), *spans, rates=rates) if rows else ([], None, {})
    least = answer(GRID, plans(*rows), *spans, rates=rates, exact=True)[0] if rows else []
    for got, best in zip(found, least, strict=True):
        assert got.found.bound <= got.found.cost
        assert best.proven
        assert got.found.bound <= best.found.cost * (1 + 1e-6)
        assert got.found.cost == pytest.approx(best.found.cost)
        network = got.part.network
        count = np.zeros(len(network.u), int)
        for demand in got.part.demands:
            used = np.concatenate([got.found.built[demand.operator], got.found.reused[demand.operator]])
            count[got.found.reused[demand.operator]] += 1
            joined = {int(demand.root)}
            for _ in used:
                joined |= {int(end) for e in used for end in (network.u[e], network.v[e]) if {network.u[e], network.v[e]} & joined}
            assert {int(vertex) for vertex in demand.terminals} <= joined
        assert (count <= network.spare).all()
    if found:
        assert graph is not None
        edges = design_edges(found, graph.edges, unit="VND")
        totals, operators = design_totals(found, unit="VND"), design_operators(found, unit="VND")
        assert edges["cost"].sum() == pytest.approx(totals.loc[0, "cost"])
        assert operators["statutory"].sum() == pytest.approx(totals.loc[0, "cost"])
        assert operators["shapley"].sum() == pytest.approx(totals.loc[0, "cost"])
        assert operators["alone"].sum() == pytest.approx(totals.loc[0, "alone"])
        assert (edges["users"] <= edges["spare"].fillna(99)).all()
        DESIGN_EDGES.conform(edges)
