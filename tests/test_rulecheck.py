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

# code, where, a value that is just allowed, one that is not, verified: typed from the table of the texts, not read from the register.
TABLE = [
    ("reserve", {}, 0.10, 0.09, True),
    ("chamber_spacing", {}, 100.0, 100.5, True),
    ("chamber_at_junction", {}, 1, 0, True),
    ("chamber_at_bend", {}, 1, 0, True),
    ("lid_cover_sidewalk", {"surface": "sidewalk"}, 0.3, 0.29, True),
    ("lid_cover_carriageway", {"surface": "carriageway"}, 0.7, 0.5, True),
    ("wall_distance", {}, 1.0, 0.9, True),
    ("floor_slope", {}, 0.1, 0.05, True),
    ("bracket_telecom", {}, 0.15, 0.14, True),
    ("bracket_power", {}, 0.2, 0.19, True),
    ("chamber_length", {}, 1.5, 1.4, True),
    ("chamber_width", {}, 1.1, 1.0, True),
    ("chamber_depth", {}, 1.1, 1.05, True),
    ("duct_gap", {}, 30, 29, True),
    ("duct_above_floor", {}, 200, 150, True),
    ("new_area_underground", {"area": "new_urban"}, 0, 1, True),
    ("new_area_shared", {"area": "new_urban"}, 0, 1, True),
    ("new_area_routes", {"area": "new_urban"}, 2, 1, True),
    ("duct_cover_sidewalk", {"surface": "sidewalk"}, 500, 499, True),
    ("duct_cover_carriageway", {"surface": "carriageway"}, 700, 500, True),
    ("no_new_poles", {"poled_road": "yes"}, 0, 1, True),
    ("boxes", {}, 1, 2, True),
    ("slack", {}, 10, 10.5, True),
    ("distance_water", {}, 0.5, 0.4, False),
    ("distance_sewer", {}, 0.5, 0.4, False),
    ("distance_storm", {}, 0.5, 0.4, False),
    ("distance_power", {}, 0.5, 0.4, False),
    ("distance_tunnel", {}, 1.0, 0.9, False),
    ("fill_1", {"cables": "1"}, 53, 54, False),
    ("fill_2", {"cables": "2"}, 31, 32, False),
    ("fill_3_more", {"cables": "3+"}, 40, 41, False),
]


def facts(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    shapes = shapely.points([[561_000.0 + n, 1_821_000.0] for n in range(len(rows))])
    return gpd.GeoDataFrame([{"feature_id": f"F{n}", **row} for n, row in enumerate(rows)], geometry=shapes, crs=HUE_CRS)


def test_the_table_names_every_clause_but_the_widths() -> None:
    assert {row[0] for row in TABLE} | {"trench_top", "trench_bottom"} == set(CLAUSES)


@pytest.mark.parametrize(("code", "where", "allowed", "beyond", "verified"), TABLE, ids=[row[0] for row in TABLE])
def test_each_clause_holds_on_its_value_and_not_beyond(
    code: str, where: dict[str, str], allowed: float, beyond: float, verified: bool
) -> None:
    clause = CLAUSES[code]
    given = facts(
        {"parameter": clause.parameter, "measured": allowed, **where},
        {"parameter": clause.parameter, "measured": beyond, **where},
        {"parameter": "something_else", "measured": beyond, **where},
    )
    found = check_rules(given, CLAUSES.values())
    assert found["code"].tolist() == [code]
    (row,) = found.to_dict("records")
    assert (row["feature_id"], row["measured"], row["needed"]) == ("F1", beyond, allowed)
    assert (row["verified"], row["severity"]) == (verified, "breach" if verified else "warning")
    assert row["geometry"].equals(given.geometry.iloc[1])
    assert row["document"]
    assert row["clause"]
    assert row["unit"]
    if where:
        elsewhere = given.assign(**dict.fromkeys(where, "another"))
        assert check_rules(elsewhere, [clause]).empty
        assert check_rules(given.drop(columns=list(where)), [clause]).empty


def test_widths_of_a_trench_are_those_of_its_own_profile() -> None:
    """TCVN 8700:2011: six ways in two layers need 600 mm above and 500 mm below."""
    six = next(profile for profile in trench_profiles() if (profile.ways, profile.layers) == (6, 2))
    assert (six.top_mm, six.bottom_mm) == (600, 500)
    sections = facts(
        {"trench_top_mm": 600, "trench_bottom_mm": 500},
        {"trench_top_mm": 550, "trench_bottom_mm": 450},
        {"trench_top_mm": 550, "trench_bottom_mm": 450},
    ).assign(trench_top_mm_needed=[six.top_mm, six.top_mm, None], trench_bottom_mm_needed=[six.bottom_mm, six.bottom_mm, None])
    found = check_rules(facts_of(sections, ["trench_top_mm", "trench_bottom_mm"]), CLAUSES.values())
    assert found[["feature_id", "code", "measured", "needed"]].to_numpy().tolist() == [
        ["F1", "trench_bottom", 450.0, 500.0],
        ["F1", "trench_top", 550.0, 600.0],
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
