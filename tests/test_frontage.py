"""Buildings along a road: which face it, where their laterals and entrances are, and how near a trench comes to a wall."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from hatang.data.clauses import trench_profiles
from hatang.data.contracts import HUE_CRS
from hatang.sharing.frontage import frontage, wall_distances
from hatang.sharing.streetrules import Need, StreetRules
from hatang.sharing.streetset import StreetSet, street_set

X, Y = 560_000.0, 1_820_000.0
AXIS = shapely.LineString([(X, Y), (X + 200, Y)])


def box(x: float, y: float, wide: float, deep: float) -> shapely.Polygon:
    return shapely.box(X + x, Y + y, X + x + wide, Y + y + deep)


def homes(*shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    names = [f"N{n}" for n in range(len(shapes))]
    return gpd.GeoDataFrame({"building_id": names, "area_m2": None}, geometry=list(shapes), crs=HUE_CRS)


def laid(layer: gpd.GeoDataFrame, *needs: Need, rules: StreetRules | None = None) -> StreetSet:
    rules = rules or StreetRules()
    fronts = frontage(AXIS, layer, reach_m=rules.lateral_m).fronts
    return street_set(AXIS, needs or [Need("vnpt", 1)], profiles=trench_profiles(), rules=rules, width_m=8, fronts=fronts)


def test_first_rows_face_the_road_and_what_stands_behind_or_far_off_does_not() -> None:
    """Walls at 9 m and, beside a gap, at 30 m face the road; one behind the first, one on the axis do not; one at 151 m is out of reach."""
    layer = homes(box(20, 9, 10, 12), box(20, 24, 10, 12), box(50, 30, 10, 10), box(90, -5, 10, 10), box(120, 151, 10, 10))
    found = frontage(AXIS, layer, reach_m=150)
    assert found.fronts[["building_id", "distance_m"]].to_numpy().tolist() == [["N0", 9.0], ["N2", 30.0]]
    assert found.behind == 2


def test_what_lies_beyond_the_ends_of_a_road_does_not_face_it() -> None:
    found = frontage(AXIS, homes(box(-30, -5, 10, 10), box(205, 9, 10, 10), box(5, 9, 10, 10)), reach_m=150)
    assert (found.fronts["building_id"].tolist(), found.behind) == (["N2"], 2)


def test_houses_wall_to_wall_all_face_the_road_and_points_too() -> None:
    row = [box(4 * n, 9, 4, 15) for n in range(10)]
    found = frontage(AXIS, homes(*row, shapely.Point(X + 100, Y - 12)), reach_m=150)
    assert (len(found.fronts), found.behind) == (11, 0)
    unnamed = homes(*row[:2]).assign(building_id=[None, "b"])
    assert frontage(AXIS, unnamed, reach_m=150).fronts["building_id"].tolist() == ["B1", "b"]
    assert frontage(AXIS, homes(), reach_m=150).fronts.empty


def test_laterals_lead_at_right_angles_from_the_ducts_of_their_side() -> None:
    """Ducts 4 + 1.5 = 5.5 m from the axis: laterals 9 − 5.5 = 3.5 m and 20 − 5.5 = 14.5 m; fronts' middles at 35, 165 m."""
    found = laid(homes(box(30, 9, 10, 10), box(160, 20, 10, 10)))
    assert set(found.sections["side"]) == {"left"}  # the side of the buildings, as the need names none
    assert found.laterals["length_m"].tolist() == pytest.approx([3.5, 14.5])
    assert found.laterals["from_id"].tolist() == ["R-L-B001", "R-L-B003"]
    assert found.laterals["target_id"].tolist() == ["N0", "N1"]
    assert shapely.get_coordinates(found.laterals.geometry.iloc[0]) == pytest.approx(np.array([[X + 35, Y + 5.5], [X + 35, Y + 9]]))


def test_buildings_on_both_sides_or_across_from_the_need_have_ducts_on_both() -> None:
    both = laid(homes(box(30, 9, 10, 10), box(160, -20, 10, 10)))
    assert set(both.sections["side"]) == set(both.laterals["side"]) == {"left", "right"}
    across = laid(homes(box(30, 9, 10, 10)), Need("vnpt", 2, "right"))
    assert across.sections.groupby("side")["needed"].first().to_dict() == {"left": 1, "right": 2}
    assert across.notes[0] == ("both_sides_targets", None)


def test_no_chamber_stands_before_a_building_s_entrance() -> None:
    """A point's front at 100 m closes 98 to 102 m: the chamber due at 100 m stands at 98 m, the last stretch halved at 149 m."""
    found = laid(homes(shapely.Point(X + 100, Y + 12)))
    assert found.chambers["chainage_m"].tolist() == [0, 98, 149, 200]
    assert not found.chambers["before_entrance"].any()


def test_thousands_of_buildings_are_capped_the_nearest_kept_and_the_rest_counted() -> None:
    layer = homes(*[shapely.Point(X + 0.04 * n, Y + 8 + 0.001 * n) for n in range(5000)])
    found = laid(layer)
    assert found.laterals["target_id"].tolist() == [f"N{n}" for n in range(200)]
    assert ("laterals_left_out", 4800) in found.notes


def test_a_trench_keeps_its_distance_from_walls_by_its_edge() -> None:
    """Middle of the trench at 5.5 m, top 0.45 m wide: a wall at 6.5 m is 1 − 0.225 = 0.775 m off; points and far walls tell nothing."""
    trench = gpd.GeoDataFrame(
        {"trench_top_mm": [450, 450]},
        geometry=[shapely.LineString([(X, Y + 5.5), (X + 50, Y + 5.5)]), shapely.LineString([(X + 900, Y), (X + 950, Y)])],
        crs=HUE_CRS,
    )
    found = wall_distances(trench, homes(box(10, 6.5, 10, 10), shapely.Point(X + 900, Y)))
    assert found[0] == pytest.approx(0.775)
    assert np.isnan(found[1])
    assert np.isnan(wall_distances(trench, homes())).all()
