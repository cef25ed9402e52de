"""A street that goes underground, by hand: cables counted once an owner, unknown ones named, steps in order."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from hatang.data.contracts import ASSETS, HUE_CRS, MAP_CRS, UNDERGROUND_STREETS, UNDERGROUNDING, ParameterError
from hatang.sharing.undergrounding import ORDER, TIDY_ORDER, UndergroundPolicy, plan_street
from hatang.sharing.undergroundplan import plan_streets

X, Y = 560_000.0, 1_820_000.0
AXIS = shapely.LineString([(X, Y), (X + 200, Y)])
POLICY = UndergroundPolicy(beside_m=10, reserve_share=0.1)


def pole(name: str, owner: str, east: float, used: int | None, **more: object) -> dict[str, object]:
    facts = {"asset_id": name, "asset_class": "pole", "owner": owner, "slots_used": used, "geometry": shapely.Point(X + east, Y + 5)}
    return {**facts, **more}


def assets(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(list(rows), columns=sorted({name for row in rows for name in row} | set(ASSETS.names)))
    return gpd.GeoDataFrame(ASSETS.conform(frame), geometry="geometry", crs=HUE_CRS)


STREET = assets(
    pole("v1", "viettel", 0, 4),
    pole("v2", "viettel", 100, 6),
    pole("n1", "vnpt", 50, 4),
    pole("f1", "fpt", 60, None),
    pole("old", "cmc", 60, 9, status="abandoned"),
    pole("far", "sctv", 60, 9, geometry=shapely.Point(X, Y + 11)),
    {
        "asset_id": "d",
        "asset_class": "duct_section",
        "owner": "vnpt",
        "geometry": shapely.LineString([(X - 50, Y - 3), (X + 120, Y - 3)]),
    },
)


def test_owners_ways_and_order() -> None:
    street = plan_street(AXIS, STREET, dead_cable_m=350, policy=POLICY)
    owners = street.owners.set_index("owner")
    assert owners["poles"].to_dict() == {"fpt": 1, "viettel": 2, "vnpt": 1}
    assert owners["ducts_m"].to_dict() == pytest.approx({"fpt": 0, "viettel": 0, "vnpt": 120})
    assert street.ways == 11  # 6 + 4 cables, a tenth in reserve
    assert street.unknown_owners == ("fpt",)
    assert street.steps == ORDER
    assert street.suggestions[["kind", "amount"]].to_numpy().tolist() == [["underground", 200.0], ["remove_dead_cable", 350]]
    assert street.suggestions["owners"].iloc[0] == "fpt, viettel, vnpt"


def test_a_street_that_is_done_is_tidied_and_dug_no_more() -> None:
    street = plan_street(AXIS, STREET, done=True, policy=POLICY)
    assert street.suggestions[["kind", "amount", "unit"]].to_numpy().tolist() == [["tidy_cable", 4.0, "poles"]]
    assert (street.ways, street.steps) == (0, ("remove_poles",))


def test_unknown_cables_are_a_reason_to_go_on_and_bare_streets_are_none() -> None:
    street = plan_street(AXIS, assets(pole("f1", "fpt", 60, None)), policy=POLICY)
    assert (street.ways, street.unknown_owners, list(street.suggestions["kind"])) == (0, ("fpt",), ["underground"])
    bare = plan_street(AXIS, assets(pole("f1", "fpt", 60, 0)), policy=POLICY)
    assert bare.suggestions.empty
    assert bare.steps == ("remove_poles",)
    assert plan_street(AXIS, assets(), dead_cable_m=0, policy=POLICY).steps == ()


@pytest.mark.parametrize("name", ["beside_m", "reserve_share"])
def test_a_negative_policy_is_refused(name: str) -> None:
    with pytest.raises(ParameterError):
        UndergroundPolicy(**{name: -1})


def test_a_street_to_be_tidied_digs_nothing_and_counts_poles_that_carry_or_may_carry() -> None:
    street = plan_street(AXIS, STREET, measure="tidy", dead_cable_m=20, policy=POLICY)
    assert street.suggestions[["kind", "amount", "unit"]].to_numpy().tolist() == [
        ["tidy_cable", 4.0, "poles"],
        ["remove_dead_cable", 20, "m"],
    ]
    assert (street.ways, street.steps, street.unknown_owners) == (0, TIDY_ORDER, ("fpt",))
    assert plan_street(AXIS, STREET, measure="tidy", done=True, policy=POLICY).suggestions.empty
    assert plan_street(AXIS, assets(pole("v", "viettel", 0, 0)), measure="tidy", policy=POLICY).steps == ()


def programme(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame([{"street_id": f"N{n}", "street_name": f"Phố {n}", "geometry": AXIS, **row} for n, row in enumerate(rows)])
    return gpd.GeoDataFrame(UNDERGROUNDING.conform(frame), geometry="geometry", crs=HUE_CRS)


def test_a_programme_says_of_each_street_on_what_its_ways_rest() -> None:
    aside = shapely.LineString([(X, Y + 500), (X + 100, Y + 500)])
    uncounted = pole("u", "fpt", 0, None, geometry=shapely.Point(X, Y + 501))
    streets = programme(
        {"document": "QĐ thử"},
        {"geometry": aside},
        {"geometry": shapely.LineString([(X, Y + 900), (X + 100, Y + 900)])},
        {"status": "done"},
        {"measure": "tidy"},
    )
    filed = gpd.GeoDataFrame(pd.concat([STREET, assets(uncounted)], ignore_index=True), geometry="geometry", crs=HUE_CRS)
    tables = plan_streets(streets, filed, policy=POLICY)
    found = tables["underground_streets"].set_index("street_id")
    assert found["ways_basis"].tolist() == ["at_least", "unknown", "no_poles", "not_needed", "not_needed"]
    assert found["ways"].isna().tolist() == [False, True, True, True, True]  # nobody counted: no number, not zero
    assert (found.loc["N0", "ways"], found.loc["N0", "cables"], found.loc["N0", "uncounted"]) == (11, 10, 1)
    assert found["needs_document"].tolist() == [False, True, True, True, True]
    assert found.loc["N0", "unknown_owners"] == "fpt"
    assert tables["underground_owners"].groupby("street_id").size().to_dict() == {"N0": 3, "N1": 1, "N3": 3, "N4": 3}


def test_what_to_survey_comes_in_walking_order_with_the_owner_to_ask() -> None:
    duct = {"asset_id": "d", "asset_class": "duct_section", "owner": "vnpt", "geometry": shapely.LineString([(X + 20, Y), (X + 40, Y)])}
    filed = assets(pole("f2", "fpt", 150, None, contact="0234"), pole("f1", "fpt", 60, None), pole("v", "viettel", 70, 3), duct)
    tables = plan_streets(programme({}), filed, policy=POLICY)
    survey = tables["underground_survey"]
    assert survey[["rank", "asset_id"]].to_numpy().tolist() == [[1, "d"], [2, "f1"], [3, "f2"]]
    assert survey["chainage_m"].tolist() == pytest.approx([30, 60, 150])
    owners = tables["underground_owners"].set_index("owner")
    assert owners.loc["fpt", ["contact", "uncounted"]].tolist() == ["0234", 2]
    assert pd.isna(owners.loc["fpt", "cables"])
    assert tables["underground_order"]["step"].tolist() == ["joint_ducts", "pull_cables", "move_subscribers", "remove_poles"]
    assert tables["underground_suggestions"][["kind", "amount"]].to_numpy().tolist() == [["underground", 200.0]]


def test_an_empty_programme_gives_empty_tables() -> None:
    nothing = gpd.GeoDataFrame(UNDERGROUNDING.conform(pd.DataFrame(columns=UNDERGROUNDING.names)), geometry="geometry", crs=HUE_CRS)
    tables = plan_streets(nothing, STREET, policy=POLICY)
    assert {name: len(frame) for name, frame in tables.items()} == dict.fromkeys(tables, 0)
    assert list(tables["underground_streets"].columns) == UNDERGROUND_STREETS.names
    assert gpd.GeoDataFrame(tables["underground_streets"]).crs == MAP_CRS


def test_a_street_in_two_parts_is_walked_part_after_part() -> None:
    parts = shapely.MultiLineString([[(X, Y), (X + 100, Y)], [(X + 300, Y), (X + 400, Y)]])
    filed = assets(pole("far", "fpt", 350, None), pole("between", "fpt", 200, None), pole("near", "fpt", 40, None))
    tables = plan_streets(programme({"geometry": parts}), filed, policy=POLICY)
    assert tables["underground_streets"]["length_m"].tolist() == pytest.approx([200])
    survey = tables["underground_survey"]
    assert survey["asset_id"].tolist() == ["near", "far"]
    assert survey["chainage_m"].tolist() == pytest.approx([40, 150])
