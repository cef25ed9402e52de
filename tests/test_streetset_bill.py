"""Whole sets worked out by hand, from chambers to the bill: a straight road of 250 m and a bent one, ducts on both sides."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hatang.data.clauses import trench_profiles
from hatang.data.contracts import HUE_CRS
from hatang.sharing.quantities import bill_of_quantities
from hatang.sharing.streetrules import Need, StreetRules
from hatang.sharing.streetset import StreetSet, street_set

X, Y = 561_000.0, 1_821_000.0
RULES = StreetRules()
NEEDS = [Need("viettel", 3, "left"), Need("vnpt", 2, "right")]
DUCT_M2 = np.pi / 4 * 0.11**2
"""Each trench below is 450 mm wide at the top and 350 mm at the floor, 0.40 m in the mean: four ways in two layers need the least earth for
3 and for 4 ways, 2 ways in one layer for a lateral. Sand reaches 100 mm above the topmost duct.

Sections (cover 500): 50 + 110 + 30 + 110 + 500 = 800 mm deep, 0.32 m² to dig; sand 400 mm high, (0.35 + 0.40) / 2 × 0.40 = 0.150 m².
Crossings (cover 700): 1000 mm deep, 0.40 m²; sand 400 mm high, 0.39 m wide at its top, (0.35 + 0.39) / 2 × 0.40 = 0.148 m².
Laterals (one layer): 50 + 110 + 500 = 660 mm deep, 0.264 m²; sand 260 mm high, 0.35 + 0.1 × 26 / 66 m wide at its top.
"""
LATERAL_SAND_M2 = (0.35 + 0.35 + 0.1 * 26 / 66) / 2 * 0.26


def laid(
    *points: tuple[float, float], junction: float, front: tuple[float, float] | None = None, gap: tuple[float, float] | None = None
) -> StreetSet:
    """Return the set along a road 8 m wide: ducts 8 / 2 + 1.5 = 5.5 m from the axis."""
    at = [] if front is None else [shapely.Point(X + front[0], Y + front[1])]
    return street_set(
        shapely.LineString([(X + x, Y + y) for x, y in points]),
        NEEDS,
        profiles=trench_profiles(),
        rules=RULES,
        width_m=8,
        junctions=[shapely.Point(X + junction, Y)],
        fronts=gpd.GeoDataFrame({"building_id": ["N1"] * len(at)}, geometry=at, crs=HUE_CRS),
        targets={} if gap is None else {"K1": shapely.Point(X + gap[0], Y + gap[1])},
    )


def chainages(found: StreetSet) -> dict[str, list[float]]:
    return {str(side): [round(at, 6) for at in rows["chainage_m"]] for side, rows in found.chambers.groupby("side")}


def bill(found: StreetSet) -> dict[str, float]:
    frame: pd.DataFrame = bill_of_quantities([found], {}, build=RULES.build)
    return dict(zip(frame["item"], frame["quantity"], strict=True))


def test_a_straight_of_250_m_with_a_junction_and_a_house() -> None:
    """A junction at 120 m halves what is before it, 60 + 60 m, and after it, 65 + 65 m: five chambers and four sections a side.

    3 ways and their reserve are 4, 2 are 3; crossings of 11 m at the start and the junction take 3. The house at 40 m, 20 m from the axis,
    has a lateral of 14.5 m; its nearest chamber is that at 60 m.
    """
    found = laid((0, 0), (250, 0), junction=120, front=(40, 20))
    assert chainages(found) == {"left": [0, 60, 120, 185, 250], "right": [0, 60, 120, 185, 250]}
    assert found.sections.groupby("side")["ways"].agg(list).to_dict() == {"left": [4] * 4, "right": [3] * 4}
    assert found.crossings[["reason", "ways", "length_m"]].to_numpy().tolist() == [["start", 3, 11.0], ["junction", 3, 11.0]]
    assert found.laterals[["from_id", "target_id", "side", "length_m"]].to_numpy().tolist() == [["R-L-B002", "N1", "left", 14.5]]
    dig = 0.32 * 500 + 0.40 * 22 + 0.264 * 14.5  # 160 + 8.8 + 3.828
    sand = 0.150 * 500 + 0.148 * 22 + LATERAL_SAND_M2 * 14.5
    ducts = 4 * 250 + 3 * 250 + 3 * 22 + 14.5  # 1 830.5 m
    assert bill(found) == pytest.approx(
        {
            "trench_m": 536.5,
            "dig": dig,
            "sand": sand - ducts * DUCT_M2,
            "backfill": dig - sand,
            "spoil": sand,
            "surface_sidewalk": 0.45 * 514.5,
            "surface_carriageway": 0.45 * 22,
            "duct": 1830.5,
            "chamber": 10,
            "crossing": 2,
            "pole": 0,
        }
    )


def test_an_l_with_a_junction_on_both_sides() -> None:
    """120 m east, then 80 m north. On the left, inside the bend: 114.5 + 74.5 = 189 m; on the right, outside: 125.5 + 85.5 = 211 m.

    Chambers at the ends, the junction at 60 m and the bend: four a side, none due to spacing as no stretch is over 100 m. The gap 25.5 m
    south of the junction has a lateral of 20 m from the junction's chamber.
    """
    found = laid((0, 0), (120, 0), (120, 80), junction=60, gap=(60, -25.5))
    assert chainages(found) == {"left": [0, 60, 114.5, 189], "right": [0, 60, 125.5, 211]}
    assert found.chambers["chamber_reason"].tolist() == ["end", "junction", "bend", "end"] * 2
    assert found.sections["length_m"].tolist() == pytest.approx([60, 54.5, 74.5, 60, 65.5, 85.5])
    assert found.crossings["length_m"].tolist() == pytest.approx([11, 11])
    assert found.laterals[["from_id", "target_id", "side", "length_m"]].to_numpy().tolist() == [["R-R-B002", "K1", "right", 20.0]]
    dig = 0.32 * 400 + 0.40 * 22 + 0.264 * 20  # 128 + 8.8 + 5.28 = 142.08
    sand = 0.150 * 400 + 0.148 * 22 + LATERAL_SAND_M2 * 20  # 60 + 3.256 + 1.922
    ducts = 4 * 189 + 3 * 211 + 3 * 22 + 20  # 1 475 m
    assert bill(found) == pytest.approx(
        {
            "trench_m": 442,
            "dig": dig,
            "sand": sand - ducts * DUCT_M2,
            "backfill": dig - sand,
            "spoil": sand,
            "surface_sidewalk": 0.45 * 420,
            "surface_carriageway": 0.45 * 22,
            "duct": 1475,
            "chamber": 8,
            "crossing": 2,
            "pole": 0,
        }
    )
    assert bill(found)["dig"] == pytest.approx(142.08)
    assert bill(found)["sand"] == pytest.approx(51.161, abs=0.001)
