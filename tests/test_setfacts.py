"""What is measured of a new set, by hand: chambers at junctions and bends, and how far each clause could be judged."""

import datetime as dt

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from hatang.data.clauses import clauses_in_force, trench_profiles
from hatang.data.contracts import BUILDINGS, HUE_CRS
from hatang.sharing.chambers import ChamberRules
from hatang.sharing.rulecheck import check_rules
from hatang.sharing.rulecoverage import rule_coverage
from hatang.sharing.setfacts import ASKED, LaidOut, place_facts, set_facts, set_things
from hatang.sharing.streetrules import Need, StreetRules
from hatang.sharing.streetset import StreetSet, empty_set, street_set

X, Y = 561_000.0, 1_821_000.0
RULES = ChamberRules()
CLAUSES = clauses_in_force(dt.date(2026, 11, 24))
PROFILES = trench_profiles()


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def at(x: float, y: float) -> shapely.Point:
    return shapely.Point(X + x, Y + y)


def laid(ducts: shapely.LineString, *chambers: shapely.Point) -> StreetSet:
    """Return ducts on the right as one section, with chambers as told."""
    section = {"feature_id": ["D"], "side": "right", "surface": "sidewalk"}
    standing = {"feature_id": [f"B{n}" for n in range(len(chambers))], "side": "right"}
    none = empty_set()
    return StreetSet(
        sections=gpd.GeoDataFrame(section, geometry=[ducts], crs=HUE_CRS),
        chambers=gpd.GeoDataFrame(standing, geometry=list(chambers), crs=HUE_CRS),
        crossings=none.crossings,
        laterals=none.laterals,
        notes=(),
    )


def buildings(*shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    frame = pd.DataFrame({"building_id": [f"N{n}" for n in range(len(shapes))], "geometry": list(shapes)})
    return gpd.GeoDataFrame(BUILDINGS.conform(frame), geometry="geometry", crs=HUE_CRS)


def found(road: LaidOut, walls: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the violations of a road's set and how far each clause was judged, by code."""
    facts = set_facts([road], walls, profiles=PROFILES, gap_mm=30, chambers=RULES)
    broken = check_rules(facts, CLAUSES)
    return broken, rule_coverage(facts, set_things([road], rules=RULES), broken, CLAUSES, asked=ASKED).set_index("code")


@pytest.mark.parametrize(("chamber", "count"), [((50, 0), 1), ((45, 0), 1), ((44.9, 0), 0)])
def test_a_junction_has_a_chamber_within_five_metres_or_breaks_the_clause(chamber: tuple[float, float], count: int) -> None:
    """QCVN 07-3:2023/BXD 2.2.1.9: ducts pass the junction at 50 m along them, the axis 5 m beside; the setting is 5 m."""
    street = laid(line((0, 0), (100, 0)), at(0, 0), at(*chamber), at(100, 0))
    facts = place_facts(street, [at(50, 5)], rules=RULES, name="R")
    assert facts[["feature_id", "parameter", "measured"]].to_numpy().tolist() == [["R-R-J001", "junction_chambers", count]]
    assert facts.geometry.iloc[0].equals(at(50, 0))
    broken = check_rules(facts, CLAUSES)
    wanted = [] if count else [["chamber_at_junction", 0.0, 1.0, "breach"]]
    assert broken[["code", "measured", "needed", "severity"]].to_numpy().tolist() == wanted


@pytest.mark.parametrize(("chamber", "count"), [((90, 0), 1), ((90, 5), 1), ((84, 0), 0)])
def test_a_bend_has_a_chamber_within_five_metres_or_breaks_the_clause(chamber: tuple[float, float], count: int) -> None:
    """QCVN 07-3:2023/BXD 2.2.1.9: ducts turn by 90° at 90 m; 6 m before the bend is not at it."""
    street = laid(line((0, 0), (90, 0), (90, 60)), at(0, 0), at(*chamber), at(90, 60))
    broken = check_rules(place_facts(street, [], rules=RULES, name="R"), CLAUSES)
    wanted = [] if count else [["chamber_at_bend", "R-R-K001", 0.0, 1.0]]
    assert broken[["code", "feature_id", "measured", "needed"]].to_numpy().tolist() == wanted


def test_chambers_of_the_other_side_do_not_count_and_a_slight_turn_is_no_bend() -> None:
    """10 m in 100 m is 5.7°, less than 15°."""
    street = laid(line((0, 0), (100, 0), (200, 10)), at(100, 0))
    assert place_facts(street, [], rules=RULES, name="R").empty
    street.chambers["side"] = "left"
    assert place_facts(street, [at(100, 0)], rules=RULES, name="R")["measured"].tolist() == [0]


def test_a_set_as_laid_out_has_chambers_at_junctions_and_bends_of_both_sides() -> None:
    axis = line((0, 0), (150, 0), (150, 130))
    street = street_set(
        axis,
        [Need("viettel", 3, "left"), Need("vnpt", 2, "right")],
        profiles=PROFILES,
        rules=StreetRules(),
        width_m=8,
        junctions=[at(60, 0)],
        name="R",
    )
    facts = place_facts(street, [at(60, 0)], rules=RULES, name="R")
    assert facts["parameter"].value_counts().to_dict() == {"junction_chambers": 2, "bend_chambers": 2}
    assert facts["measured"].min() >= 1


def test_each_clause_says_how_much_was_judged_and_what_is_missing() -> None:
    """Straight road of 250 m, 8 m wide, 4 ways in reserve of 3: three sections between four chambers, no roads nor buildings filed."""
    street = street_set(line((0, 0), (250, 0)), [Need("vnpt", 3)], profiles=PROFILES, rules=StreetRules(), width_m=8, name="R")
    broken, coverage = found(LaidOut("R", line((0, 0), (250, 0)), street), buildings())
    assert broken.empty
    rows = coverage.astype(object).where(coverage.notna(), None)
    told = {code: tuple(row) for code, row in zip(rows.index, rows.to_numpy().tolist(), strict=True)}
    assert list(told) == [clause.code for clause in CLAUSES]
    assert told["reserve"] == told["chamber_spacing"] == told["trench_top"] == told["duct_gap"] == (3, 0, 0, None)
    assert told["duct_cover_sidewalk"] == (3, 0, 0, None)
    assert told["duct_cover_carriageway"] == told["chamber_at_bend"] == told["boxes"] == (0, 0, 0, "no_such")
    assert told["chamber_at_junction"] == (0, 0, None, "roads")
    assert told["wall_distance"] == (0, 0, 3, "buildings")
    assert told["chamber_width"] == (0, 0, 4, "chamber_size")
    assert told["lid_cover_sidewalk"] == (0, 0, 4, "lid_cover")
    assert told["lid_cover_carriageway"] == (0, 0, 0, "no_such")
    assert told["bracket_power"] == (0, 0, None, "brackets")
    assert told["distance_water"] == (0, 0, 3, "utilities")
    assert told["new_area_routes"] == (0, 0, 1, "area")
    assert told["no_new_poles"] == (0, 0, 1, "assets")


def test_what_is_filed_is_judged_and_the_rest_stays_counted() -> None:
    """A wall 0.5 m from the ducts' middle along the first 50 m: the trench's edge is 0.225 m nearer; sections beyond 100 m see none."""
    axis = line((0, 0), (350, 0))
    street = street_set(axis, [Need("vnpt", 3)], profiles=PROFILES, rules=StreetRules(), width_m=8, junctions=[at(120, 0)], name="R")
    middle = street.chambers.geometry.iloc[0].y - Y
    wall = shapely.box(X, Y + middle - 10, X + 50, Y + middle - 0.5)
    broken, coverage = found(LaidOut("R", axis, street, junctions=[at(120, 0)], cable_poles=2), buildings(wall))
    assert broken["code"].tolist() == ["wall_distance"]
    assert broken["measured"].iloc[0] == pytest.approx(0.5 - 0.450 / 2)
    assert coverage.loc["wall_distance", ["judged", "violating", "unjudged"]].tolist() == [3, 1, 2]
    assert coverage.loc["wall_distance", "lacks"] == "buildings"
    assert coverage.loc["chamber_at_junction", ["judged", "violating", "unjudged"]].tolist() == [1, 0, 0]
    assert coverage.loc["no_new_poles", ["judged", "violating", "unjudged"]].tolist() == [1, 0, 0]


def test_a_profile_that_the_standard_does_not_have_is_not_judged() -> None:
    """5 ways lie in the trench of 6 in two layers; TCVN 8700:2011 names no widths for 5."""
    axis = line((0, 0), (90, 0))
    street = street_set(axis, [Need("vnpt", 4)], profiles=PROFILES, rules=StreetRules(), width_m=8, name="R")
    assert street.sections["ways"].tolist() == [5]
    _, coverage = found(LaidOut("R", axis, street), buildings())
    assert coverage.loc["trench_bottom", ["judged", "unjudged"]].tolist() == [0, 1]
    assert coverage.loc["trench_bottom", "lacks"] == "profile"


def test_poles_where_no_ducts_can_be_built_are_judged_by_what_stands_there() -> None:
    """A new pole on a road with cable poles breaks QCVN 33:2019/BTTTT; where none stand, the clause has nothing to speak of."""
    axis = line((0, 0), (90, 0))
    broken, coverage = found(LaidOut("R", axis, empty_set(), cable_poles=1, new_poles=3), buildings())
    assert broken[["code", "feature_id", "measured", "needed"]].to_numpy().tolist() == [["no_new_poles", "R", 3.0, 0.0]]
    assert coverage.loc["boxes", ["judged", "unjudged"]].tolist() == [0, 3]
    assert coverage.loc["boxes", "lacks"] == "attachments"
    assert coverage.loc[["reserve", "chamber_at_junction", "bracket_power"], "lacks"].tolist() == ["no_such"] * 3
    _, free = found(LaidOut("R", axis, empty_set(), cable_poles=0, new_poles=3), buildings())
    assert free.loc["no_new_poles", "lacks"] == "no_such"


def test_every_parameter_of_the_register_is_known_to_sets() -> None:
    assert {clause.parameter for clause in CLAUSES} == set(ASKED)
