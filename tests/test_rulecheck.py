"""Every clause of the register against values just on and just beyond it; the values are those of the texts named in each clause."""

import dataclasses
import datetime as dt

import geopandas as gpd
import pytest
import shapely

from hatang.data.clauses import clauses_in_force, trench_profiles
from hatang.data.contracts import HUE_CRS, Clause, CrsError, ParameterError, SchemaError
from hatang.sharing.rulecheck import check_rules, facts_of

DAY = dt.date(2026, 9, 30)
CLAUSES = {clause.code: clause for clause in clauses_in_force(DAY)}

ONE_AT_LEAST = "Each such place has at least one: none is beyond it, one is enough, two are more than enough."

# code, where, well within, just allowed, just beyond, verified, the reading: typed from the table of the texts, not read from the register.
TABLE = [
    ("reserve", {}, 0.5, 0.10, 0.09, True, "10 % of the ways needed: of 10 ways, 1 in reserve is 0.10; 0.9 of a way would be 0.09."),
    ("chamber_spacing", {}, 60.0, 100.0, 100.5, True, "At most 100 m on straights: 100 m between two chambers is allowed, 100.5 m is not."),
    ("chamber_at_junction", {}, 2, 1, 0, True, ONE_AT_LEAST),
    ("chamber_at_bend", {}, 2, 1, 0, True, ONE_AT_LEAST),
    ("lid_cover_sidewalk", {"surface": "sidewalk"}, 0.5, 0.3, 0.29, True, "Lid 0.3 m below the pavement; 29 cm is 1 cm short."),
    (
        "lid_cover_carriageway",
        {"surface": "carriageway"},
        0.9,
        0.7,
        0.5,
        True,
        "Lid 0.7 m below the carriageway; 0.5 m is enough only aside.",
    ),
    ("wall_distance", {}, 2.5, 1.0, 0.9, True, "The trench keeps 1.0 m from a wall of a house."),
    ("floor_slope", {}, 0.5, 0.1, 0.05, True, "The floor falls 0.1 %: 10 cm in 100 m; 5 cm in 100 m is 0.05 %."),
    ("bracket_telecom", {}, 0.3, 0.15, 0.14, True, "15 cm between brackets of telecom cables."),
    ("bracket_power", {}, 0.3, 0.2, 0.19, True, "20 cm between a bracket of telecom cables and power above it."),
    ("chamber_length", {}, 2.0, 1.5, 1.4, True, "A chamber is 1.5 m long or more."),
    ("chamber_width", {}, 1.5, 1.1, 1.0, True, "Trench + 10 %: of 600 mm, 660 / 600 = 1.1; as wide as the trench is 1.0."),
    ("chamber_depth", {}, 1.5, 1.1, 1.05, True, "Trench + 10 %: of 1000 mm, 1100 / 1000 = 1.1; 1050 mm is 1.05."),
    ("duct_gap", {}, 50, 30, 29, True, "30 mm clear between two ducts."),
    ("duct_above_floor", {}, 300, 200, 150, True, "The lowest duct enters 200 mm above the floor of the chamber."),
    ("new_area_underground", {"area": "new_urban"}, 0, 0, 1, True, "In a new urban area no cable hangs: none is allowed, one is beyond."),
    ("new_area_shared", {"area": "new_urban"}, 0, 0, 1, True, "In a new urban area ducts are shared: no bank of one firm alone."),
    ("new_area_routes", {"area": "new_urban"}, 3, 2, 1, True, "Two routes lead into a new urban area; one is too few."),
    ("duct_cover_sidewalk", {"surface": "sidewalk"}, 600, 500, 499, True, "500 mm above ducts in a pavement."),
    (
        "duct_cover_carriageway",
        {"surface": "carriageway"},
        800,
        700,
        500,
        True,
        "700 mm above ducts in a carriageway; 500 is for pavements.",
    ),
    ("no_new_poles", {"poled_road": "yes"}, 0, 0, 1, True, "Where cable poles stand no pole is added: none is allowed, one is beyond."),
    ("boxes", {}, 0, 1, 2, True, "One box an operator and pole: none or one is allowed, two are not."),
    ("slack", {}, 0, 10, 10.5, True, "At most 10 m of cable coiled at a pole."),
    ("distance_water", {}, 1.0, 0.5, 0.4, False, "0.5 m from a water main, in a table of which only a damaged copy was seen."),
    ("distance_sewer", {}, 1.0, 0.5, 0.4, False, "0.5 m from a sewer, the same table."),
    ("distance_storm", {}, 1.0, 0.5, 0.4, False, "0.5 m from a storm drain, the same table."),
    ("distance_power", {}, 1.0, 0.5, 0.4, False, "0.5 m from a power cable, the same table."),
    ("distance_tunnel", {}, 2.0, 1.0, 0.9, False, "1.0 m from a utility tunnel, the same table."),
    ("fill_1", {"cables": "1"}, 40, 53, 54, False, "One cable fills 53 % of its duct at most: in 100 mm, d² <= 5300, d = 72.8 mm."),
    ("fill_2", {"cables": "2"}, 20, 31, 32, False, "Two cables, 31 %: in 100 mm, 2 d² <= 3100, d = 39.4 mm each."),
    ("fill_3_more", {"cables": "3+"}, 30, 40, 41, False, "Three or more, 40 %: in 100 mm, 3 d² <= 4000, d = 36.5 mm each."),
]

# ways, layers, top and bottom in mm, as the text gives them; of 16 and 20 ways it gives the widths alone.
PROFILES = [
    (2, 1, 450, 350),
    (3, 1, 600, 500),
    (4, 1, 750, 650),
    (4, 2, 450, 350),
    (6, 2, 600, 500),
    (8, 2, 750, 650),
    (9, 3, 600, 500),
    (12, 3, 750, 650),
    (16, 4, 750, 650),
    (20, 5, 750, 650),
]


def facts(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    shapes = shapely.points([[561_000.0 + n, 1_821_000.0] for n in range(len(rows))])
    return gpd.GeoDataFrame([{"feature_id": f"F{n}", **row} for n, row in enumerate(rows)], geometry=shapes, crs=HUE_CRS)


def test_every_clause_has_a_case_by_hand() -> None:
    """The two widths have theirs in `PROFILES`; a clause added to the register without a case fails here."""
    assert {row[0] for row in TABLE} | {"trench_top", "trench_bottom"} == set(CLAUSES)


@pytest.mark.parametrize(("code", "where", "within", "at", "beyond", "verified", "reading"), TABLE, ids=[row[0] for row in TABLE])
def test_each_clause_holds_within_and_on_its_value_and_not_beyond(
    code: str, where: dict[str, str], within: float, at: float, beyond: float, verified: bool, reading: str
) -> None:
    clause = CLAUSES[code]
    given = facts(
        {"parameter": clause.parameter, "measured": at, **where},
        {"parameter": clause.parameter, "measured": beyond, **where},
        {"parameter": "something_else", "measured": beyond, **where},
        {"parameter": clause.parameter, "measured": within, **where},
        {"parameter": clause.parameter, "measured": None, **where},
    )
    found = check_rules(given, CLAUSES.values())
    assert found["code"].tolist() == [code], reading
    (row,) = found.to_dict("records")
    assert (row["feature_id"], row["measured"], row["needed"]) == ("F1", beyond, at), reading
    assert (row["verified"], row["severity"]) == (verified, "breach" if verified else "warning")
    assert row["geometry"].equals(given.geometry.iloc[1])
    assert row["document"]
    assert row["clause"]
    assert row["unit"]
    if where:
        elsewhere = given.assign(**dict.fromkeys(where, "another"))
        assert check_rules(elsewhere, [clause]).empty
        assert check_rules(given.drop(columns=list(where)), [clause]).empty


def test_every_profile_of_a_trench_has_a_case_by_hand() -> None:
    assert {(p.ways, p.layers, p.top_mm, p.bottom_mm) for p in trench_profiles()} == set(PROFILES)


@pytest.mark.parametrize(("ways", "layers", "top", "bottom"), PROFILES)
def test_widths_of_a_trench_are_those_of_its_own_profile(ways: int, layers: int, top: float, bottom: float) -> None:
    """TCVN 8700:2011: as wide as the profile of its ways and layers, above and below; 10 mm less is beyond; an unknown need is none."""
    profile = next(p for p in trench_profiles() if (p.ways, p.layers) == (ways, layers))
    wide = {"trench_top_mm": top, "trench_bottom_mm": bottom}
    narrow = {"trench_top_mm": top - 10, "trench_bottom_mm": bottom - 10}
    sections = facts({name: mm + 100 for name, mm in wide.items()}, wide, narrow, narrow).assign(
        trench_top_mm_needed=[profile.top_mm] * 3 + [None], trench_bottom_mm_needed=[profile.bottom_mm] * 3 + [None]
    )
    found = check_rules(facts_of(sections, ["trench_top_mm", "trench_bottom_mm"]), CLAUSES.values())
    assert found[["feature_id", "code", "measured", "needed", "severity"]].to_numpy().tolist() == [
        ["F2", "trench_bottom", bottom - 10, bottom, "breach"],
        ["F2", "trench_top", top - 10, top, "breach"],
    ]


def test_a_slab_of_concrete_stands_for_cover() -> None:
    """TCVN 8700:2011: where the cover is less, a slab of 100 mm."""
    ducts = facts(
        {"surface": "carriageway", "duct_cover_mm": 400, "slab_mm": 100},
        {"surface": "carriageway", "duct_cover_mm": 400, "slab_mm": 80},
        {"surface": "carriageway", "duct_cover_mm": 400, "slab_mm": None},
        {"surface": "carriageway", "duct_cover_mm": None, "slab_mm": None},
    )
    found = check_rules(facts_of(ducts, ["duct_cover_mm", "slab_mm"], conditions=["surface"]), CLAUSES.values())
    assert found["feature_id"].tolist() == ["F1", "F2"]


def test_breaches_come_first_and_the_same_feature_may_break_a_clause_twice() -> None:
    given = facts(
        {"parameter": "distance_water_m", "measured": 0.1},
        {"parameter": "wall_distance_m", "measured": 0.5},
        {"parameter": "wall_distance_m", "measured": 0.6},
    ).assign(feature_id=["A", "B", "B"])
    found = check_rules(given, CLAUSES.values())
    assert found["violation_id"].tolist() == ["wall_distance:B", "wall_distance:B:2", "distance_water:A"]
    assert found.crs == HUE_CRS


def test_no_facts_no_violations_but_a_table() -> None:
    found = check_rules(facts_of(facts({"other": 1}), ["slack_m"]), CLAUSES.values())
    assert found.empty
    assert "needed" in found


def test_clauses_come_into_force_on_their_day() -> None:
    before = {clause.code for clause in clauses_in_force(dt.date(2025, 11, 20))}
    assert "chamber_spacing" not in before
    assert "chamber_spacing" in {clause.code for clause in clauses_in_force(dt.date(2025, 11, 21))}


def test_an_unverified_clause_can_only_warn() -> None:
    with pytest.raises(ParameterError, match=r"error\.clause\.unverified"):
        dataclasses.replace(CLAUSES["distance_water"], severity="breach")
    with pytest.raises(ParameterError, match=r"error\.clause\.operator"):
        Clause("x", "d", "1", "p", "~", 1.0, "m", DAY, True, "breach")  # type: ignore[arg-type]


def test_facts_without_columns_or_crs_are_named() -> None:
    given = facts({"parameter": "slack_m", "measured": 12})
    with pytest.raises(SchemaError, match=r"error\.rulecheck\.columns.*measured"):
        check_rules(given.drop(columns="measured"), CLAUSES.values())
    with pytest.raises(CrsError, match=r"error\.rulecheck\.crs"):
        check_rules(given.set_crs(None, allow_override=True), CLAUSES.values())
