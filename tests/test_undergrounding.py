"""A street that goes underground, by hand: cables counted once an owner, unknown ones named, steps in order."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from hatang.data.contracts import ASSETS, HUE_CRS, ParameterError
from hatang.sharing.undergrounding import ORDER, UndergroundPolicy, plan_street

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
