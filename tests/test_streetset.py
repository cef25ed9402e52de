"""The new set along a road: by hand on a straight and a bent road, and what must hold on any."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hatang.data.clauses import trench_profiles
from hatang.data.contracts import HUE_CRS, ParameterError
from hatang.sharing.beside import parallel_line, side_of, side_of_line
from hatang.sharing.chambers import ChamberRules, bends_of, chamber_places
from hatang.sharing.streetpoles import new_poles
from hatang.sharing.streetrules import Need, StreetRules, shared_between_sides, ways_by_side
from hatang.sharing.streetset import street_set

X, Y = 561_000.0, 1_821_000.0
PROFILES = trench_profiles()
RULES = StreetRules()


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def at(x: float, y: float) -> shapely.Point:
    return shapely.Point(X + x, Y + y)


STRAIGHT = line((0, 0), (250, 0))


def test_chambers_of_a_straight_stand_evenly_and_at_most_the_rule_apart() -> None:
    places = chamber_places(STRAIGHT, rules=ChamberRules())
    assert [round(place.at_m, 6) for place in places] == [0, 83.333333, 166.666667, 250]
    assert [place.reason for place in places] == ["end", "spacing", "spacing", "end"]
    assert [place.at_m for place in chamber_places(line((0, 0), (200, 0)), rules=ChamberRules())] == [0, 100, 200]


def test_junctions_and_bends_have_chambers_and_close_ones_are_one() -> None:
    bent = line((0, 0), (90, 0), (90, 60))
    places = chamber_places(bent, junctions_m=[40, 92, 400], rules=ChamberRules())
    assert [(place.at_m, place.reason) for place in places] == [(0, "end"), (40, "junction"), (92, "junction"), (150, "end")]


def test_a_curve_in_small_steps_adds_up_to_bends() -> None:
    """A quarter of a circle in steps of 5°: a bend after every three steps of turning, as 3 × 5 = 15°."""
    turn = np.radians(np.arange(0, 91, 5))
    arc = shapely.LineString(np.column_stack([100 * np.sin(turn), 100 * (1 - np.cos(turn))]))
    step = 2 * 100 * np.sin(np.radians(2.5))
    assert bends_of(arc, bend_deg=15) == pytest.approx([3 * step, 6 * step, 9 * step, 12 * step, 15 * step])
    assert bends_of(STRAIGHT, bend_deg=15) == []


def test_no_chamber_stands_before_an_entrance_where_another_place_is_free() -> None:
    places = chamber_places(line((0, 0), (200, 0)), entrances_m=[100], rules=ChamberRules())
    assert [place.at_m for place in places] == [0, 98, 149, 200]
    assert not any(place.blocked for place in places)
    moved = chamber_places(STRAIGHT, junctions_m=[50], entrances_m=[49], rules=ChamberRules())
    assert [place.at_m for place in moved][:2] == [0, 51]
    wide = chamber_places(line((0, 0), (150, 0)), entrances_m=list(range(0, 151, 3)), rules=ChamberRules())
    assert [(place.at_m, place.blocked) for place in wide] == [(0, True), (75, True), (150, True)]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.floats(20, 300), st.floats(-60, 60)), min_size=1, max_size=6),
    st.lists(st.floats(0, 1500), max_size=5),
    st.lists(st.floats(0, 1500), max_size=8),
)
def test_on_any_line_chambers_keep_the_rule(steps: list[tuple[float, float]], junctions: list[float], entrances: list[float]) -> None:
    points, heading = [(0.0, 0.0)], 0.0
    for length, turn in steps:
        heading += np.radians(turn)
        points.append((points[-1][0] + length * np.cos(heading), points[-1][1] + length * np.sin(heading)))
    road = shapely.LineString(points)
    places = [place.at_m for place in chamber_places(road, junctions_m=junctions, entrances_m=entrances, rules=ChamberRules())]
    assert places == sorted(places)
    assert np.diff(places).max() <= 100 + 1e-6
    reach = 5 + 2 + 2 * len(entrances) * 2
    for wanted in [j for j in junctions if j <= road.length] + bends_of(road, bend_deg=15):
        assert np.abs(np.array(places) - wanted).min() <= reach


def test_ways_per_side_have_their_reserve_and_needs_without_a_side_join_the_greater() -> None:
    needs = [Need("viettel", 6, "left"), Need("vnpt", 2, "right"), Need("fpt", 4)]
    assert ways_by_side(needs) == {"left": (11, 10), "right": (3, 2)}
    assert ways_by_side([Need("fpt", 1)]) == {"right": (2, 1)}
    with pytest.raises(ParameterError, match=r"error\.streetset\.need.*fpt"):
        ways_by_side([Need("fpt", -1)])


def test_a_set_on_one_side_by_hand() -> None:
    """Road 8 m wide: ducts 4 + 1.5 = 5.5 m to the right of the axis; 5 ways needed, 6 laid, in two layers 600/500."""
    found = street_set(STRAIGHT, [Need("viettel", 3), Need("vnpt", 2)], profiles=PROFILES, rules=RULES, width_m=8, name="R1")
    assert found.sections["ways"].tolist() == [6, 6, 6]
    assert found.sections[["layers", "trench_top_mm", "trench_bottom_mm", "cover_mm"]].drop_duplicates().to_numpy().tolist() == [
        [2, 600, 500, 500]
    ]
    assert found.sections["length_m"].sum() == pytest.approx(250)
    assert shapely.get_coordinates(found.chambers.geometry)[:, 1] == pytest.approx([Y - 5.5] * 4)
    assert found.sections["from_id"].tolist() == ["R1-R-B001", "R1-R-B002", "R1-R-B003"]
    assert found.sections["to_id"].tolist()[-1] == "R1-R-B004"
    assert found.crossings.empty
    assert found.laterals.empty
    assert found.notes == (("no_poles_ducts", None),)
    assert found.sections.crs == HUE_CRS


def test_two_sides_are_joined_at_the_start_and_at_junctions_under_the_carriageway() -> None:
    needs = [Need("viettel", 3, "left"), Need("vnpt", 2, "right")]
    found = street_set(STRAIGHT, needs, profiles=PROFILES, rules=RULES, junctions=[at(120, 0)])
    assert found.crossings["reason"].tolist() == ["start", "junction"]
    assert found.crossings["length_m"].tolist() == pytest.approx([10, 10])
    assert found.crossings[["surface", "cover_mm", "ways"]].drop_duplicates().to_numpy().tolist() == [["carriageway", 700, 3]]
    assert found.notes == (("width_assumed", 7.0), ("both_sides_needs", None), ("no_poles_ducts", None))


def test_targets_on_both_sides_and_wide_roads_have_ducts_on_both() -> None:
    """Three ways of two operators on the right: 4 laid there; across, one way for each of the two, 3 laid with the reserve."""
    needs = [Need("viettel", 2, "right"), Need("vnpt", 1)]
    targets = {"left": at(60, 40), "right": at(190, -40)}
    for found, why in (
        (street_set(STRAIGHT, needs, profiles=PROFILES, rules=RULES, width_m=8, targets=targets), ("both_sides_targets", None)),
        (street_set(STRAIGHT, needs, profiles=PROFILES, rules=RULES, width_m=15.1), ("both_sides_width", 15.0)),
    ):
        assert found.sections.groupby("side")[["ways", "needed"]].first().T.to_dict("list") == {"left": [3, 2], "right": [4, 3]}
        assert found.notes[0] == why
        assert found.crossings["reason"].tolist() == ["start"]
    assert set(street_set(STRAIGHT, needs, profiles=PROFILES, rules=RULES, width_m=15).sections["side"]) == {"right"}
    one_side = {"a": at(60, -40), "b": at(190, -40), "far": at(60, 160)}
    assert set(street_set(STRAIGHT, needs, profiles=PROFILES, rules=RULES, targets=one_side).sections["side"]) == {"right"}


def test_a_side_too_full_for_one_trench_hands_the_smallest_needs_across() -> None:
    """12 + 6 + 2 = 20 ways, 22 with the reserve, are more than 20: 2 go across, and 18 (20 laid) stay."""
    needs = [Need("viettel", 12, "left"), Need("vnpt", 6, "left"), Need("fpt", 2, "left")]
    sided, why = shared_between_sides(needs, both=None, most=20, rules=RULES)
    assert (ways_by_side(sided), why) == ({"left": (20, 18), "right": (3, 2)}, "ways")
    found = street_set(STRAIGHT, needs, profiles=PROFILES, rules=RULES, width_m=8)
    assert found.notes[0] == ("both_sides_ways", None)
    with pytest.raises(ParameterError, match=r"error\.trench\.ways"):
        street_set(STRAIGHT, [Need("a", 19, "left"), Need("b", 19, "left"), Need("c", 1)], profiles=PROFILES, rules=RULES)


def test_a_line_is_on_the_side_it_mostly_runs_on() -> None:
    """Offsets +6 for 100 m and −2 for 100 m have the mean 2: left; +2 and −2 have the mean 0: no side."""
    assert side_of_line(STRAIGHT, line((0, 6), (100, 6), (100, -2), (200, -2)), beside_m=20, least_m=1) == "left"
    assert side_of_line(STRAIGHT, line((0, 2), (100, 2), (100, -2), (200, -2)), beside_m=20, least_m=1) is None
    assert side_of_line(STRAIGHT, line((0, -3), (100, -3), (100, -500)), beside_m=20, least_m=1) == "right"
    assert side_of_line(STRAIGHT, line((0, 300), (100, 300)), beside_m=20, least_m=1) is None
    assert side_of(line((0, 0), (0, 10)), at(-1, 5)) == "left"


def test_laterals_lead_to_what_is_near_and_go_under_the_road_where_they_must() -> None:
    """Ducts 5 m from the axis: 40 − 5 = 35 m to the near one, 45 − 5 = 40 m beyond a crossing of 10 m to the one opposite."""
    beside = {"near": at(0, -40), "far": at(0, -400)}
    found = street_set(STRAIGHT, [Need("vnpt", 1)], profiles=PROFILES, rules=RULES, targets=beside)
    assert found.laterals[["target_id", "length_m"]].to_numpy().tolist() == [["near", pytest.approx(35)]]
    assert found.crossings.empty
    opposite = street_set(STRAIGHT, [Need("vnpt", 1)], profiles=PROFILES, rules=RULES, targets={"opposite": at(250, 45)})
    assert opposite.laterals[["target_id", "length_m"]].to_numpy().tolist() == [["opposite", pytest.approx(40)]]
    assert opposite.crossings[["reason", "to_id", "length_m"]].to_numpy().tolist() == [["lateral", "opposite", pytest.approx(10)]]
    trenches = opposite.trenches()
    assert trenches["part"].value_counts().to_dict() == {"section": 3, "lateral": 1, "crossing": 1}


def test_a_gap_beside_the_road_whose_lateral_is_too_long_is_counted() -> None:
    """Two gaps are 144.9 m from the ducts: one from a chamber too, the other amid two, 41.67 m along, 150.8 m; a third is beyond 150 m."""
    targets = {"beside": at(0, -149.9), "amid": at(125 / 3, -149.9), "far": at(0, -155.1)}
    found = street_set(STRAIGHT, [Need("vnpt", 1)], profiles=PROFILES, rules=RULES, targets=targets)
    assert found.laterals[["target_id", "length_m"]].to_numpy().tolist() == [["beside", pytest.approx(144.9)]]
    assert ("gaps_left_out", 1) in found.notes


def test_entrances_count_on_their_own_side_alone() -> None:
    road = line((0, 0), (200, 0))
    for side, moved in ((-8, True), (8, False)):
        found = street_set(road, [Need("vnpt", 1, "right")], profiles=PROFILES, rules=RULES, entrances=[at(100, side)])
        assert (100.0 not in found.chambers["chainage_m"].tolist()) is moved


def test_poles_only_where_none_stand() -> None:
    """QCVN 33:2019/BTTTT; 250 m take five spans of 50 m, 251 m six of 41.83 m; at the edge of a road 8 m wide."""
    assert new_poles(STRAIGHT, cable_poles=1, rules=RULES).empty
    found = new_poles(STRAIGHT, cable_poles=0, rules=RULES, width_m=8, side="left")
    assert found["chainage_m"].tolist() == [0, 50, 100, 150, 200, 250]
    assert shapely.get_coordinates(found.geometry)[:, 1] == pytest.approx([Y + 4] * 6)
    assert np.diff(new_poles(line((0, 0), (251, 0)), cable_poles=0, rules=RULES)["chainage_m"]) == pytest.approx([251 / 6] * 6)
    assert street_set(STRAIGHT, [Need("fpt", 1)], profiles=PROFILES, rules=RULES, cable_poles=4).notes[-1] == (
        "no_poles_existing_poles",
        None,
    )


def test_a_parallel_line_keeps_its_distance_and_its_vertices() -> None:
    bent = line((0, 0), (100, 0), (160, 80), (160, 80), (250, 80))
    side = parallel_line(bent, -5)
    assert shapely.get_num_points(side) == 4
    middles = shapely.line_interpolate_point(side, np.linspace(0.02, 0.98, 30), normalized=True)
    assert shapely.distance(middles, bent) == pytest.approx(5, abs=1.0)


def test_the_same_road_gives_the_same_set() -> None:
    needs = [Need("viettel", 3, "left"), Need("vnpt", 2, "right")]
    targets = {"b": at(60, 30), "a": at(10, -30)}
    first = street_set(STRAIGHT, needs, profiles=PROFILES, rules=RULES, targets=targets)
    again = street_set(STRAIGHT, needs[::-1], profiles=PROFILES, rules=RULES, targets=dict(reversed(targets.items())))
    assert first.trenches().to_wkt().equals(again.trenches().to_wkt())


def test_nothing_needed_too_many_ways_and_bad_rules_are_named() -> None:
    with pytest.raises(ParameterError, match=r"error\.streetset\.no_need"):
        street_set(STRAIGHT, [Need("fpt", 0)], profiles=PROFILES, rules=RULES)
    with pytest.raises(ParameterError, match=r"error\.trench\.ways"):
        street_set(STRAIGHT, [Need("fpt", 20)], profiles=PROFILES, rules=RULES)
    with pytest.raises(ParameterError, match="spacing_m"):
        ChamberRules(spacing_m=0)
    with pytest.raises(ParameterError, match="lateral_m"):
        StreetRules(lateral_m=-1)


def test_a_line_that_turns_back_on_itself_is_moved_without_a_fault() -> None:
    """Out and back over 200 m, 5 m to the left: on one side out, on the other back, and at the turn on the line itself."""
    moved = parallel_line(shapely.LineString([(0, 0), (200, 0), (0, 0)]), 5)
    assert shapely.get_coordinates(moved).tolist() == pytest.approx(np.array([[0, 5], [200, 0], [0, -5]]))
