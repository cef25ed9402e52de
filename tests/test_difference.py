"""Difference of two versions: areas by hand and by overlay with GEOS, villages, rows by key."""

from collections import Counter

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from assess_inputs import SIDE_M, claim, claims, two_wards
from hypothesis import given, settings
from hypothesis import strategies as st

from hatang.coverage.difference import area_changes, row_changes, village_changes
from hatang.coverage.integrate import geodesic_area_m2
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import ASSETS, CLAIMS, HUE_CRS, MAP_CRS, MEASUREMENTS, VILLAGES, CrsError, SchemaError


def test_gained_and_lost_by_hand() -> None:
    """A claim over the west half moves a quarter of the city east: the first ward loses half of itself, the second gains half."""
    found = area_changes(two_wards(), claims(claim(0, 0.5)), claims(claim(0.25, 0.75)))
    shares = found[["before_m2", "after_m2", "gained_m2", "lost_m2"]].div(found["area_m2"], axis=0)
    assert found["ward_code"].tolist() == ["19753", "19774"]
    # A chord in degrees departs from one in metres by less than 1e-5 of a side of 4 km.
    np.testing.assert_allclose(shares.to_numpy(), [[1, 0.5, 0, 0.5], [0, 0.5, 0.5, 0]], atol=2e-5)
    np.testing.assert_allclose(found["area_m2"], geodesic_area_m2(two_wards().geometry), rtol=1e-12)


def test_what_stays_is_no_change() -> None:
    both = claims(claim(0, 0.5), claim(0.2, 0.4), claim(0, 1, operator="vnpt"))
    assert area_changes(two_wards(), both, both.iloc[::-1]).empty
    split = claims(claim(0, 0.3), claim(0.3, 0.5), claim(0, 1, operator="vnpt"))
    assert area_changes(two_wards(), both, split)["lost_m2"].sum() < 100  # nothing but chords in degrees


def test_an_operator_that_comes_or_goes() -> None:
    found = area_changes(two_wards(), claims(claim(0, 0.5)), claims(claim(0, 0.5, operator="vnpt")))
    assert found[["operator", "gained_m2", "lost_m2"]].assign(
        gained_m2=found["gained_m2"] > 0, lost_m2=found["lost_m2"] > 0
    ).to_numpy().tolist() == [
        ["viettel", False, True],
        ["vnpt", True, False],
    ]


def test_empty_versions() -> None:
    none = claims(claim(0, 1)).iloc[:0]
    assert area_changes(two_wards(), none, none).empty
    found = area_changes(two_wards(), none, claims(claim(0, 1)))
    np.testing.assert_allclose(found["gained_m2"], found["area_m2"], rtol=1e-5)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_areas_are_those_of_an_overlay(seed: int) -> None:
    """Against shapely's difference of unions, in EPSG:9214."""
    random = np.random.default_rng(seed)
    wards = two_wards().to_crs(HUE_CRS)
    west, south, east, north = wards.total_bounds

    def blobs() -> gpd.GeoDataFrame:
        centres = shapely.points(random.uniform(west, east, 6), random.uniform(south, north, 6))
        shapes = shapely.buffer(centres, random.uniform(200, 2_000, 6))
        return gpd.GeoDataFrame({"operator": random.choice(["viettel", "vnpt"], 6)}, geometry=shapes, crs=HUE_CRS)

    before, after = blobs(), blobs()
    found = area_changes(wards, before, after, by=["operator"]).set_index(["ward_code", "operator"])
    scale = geodesic_area_m2(wards.geometry) / wards.area
    for ward, code, ratio in zip(wards.geometry, wards["ward_code"], scale, strict=True):
        for operator in ("viettel", "vnpt"):
            old, new = (frame.loc[frame["operator"] == operator, "geometry"].union_all() for frame in (before, after))
            gained, lost = (ward.intersection(shape).area * ratio for shape in (new.difference(old), old.difference(new)))
            row = found.loc[(code, operator)] if (code, operator) in found.index else {"gained_m2": 0.0, "lost_m2": 0.0}
            assert row["gained_m2"] == pytest.approx(gained, abs=0.1)
            assert row["lost_m2"] == pytest.approx(lost, abs=0.1)


def test_frames_must_share_a_crs_and_name_their_groups() -> None:
    with pytest.raises(CrsError):
        area_changes(two_wards(), claims(claim(0, 1)), claims(claim(0, 1)).to_crs(HUE_CRS))
    with pytest.raises(SchemaError):
        area_changes(two_wards(), claims(claim(0, 1)), claims(claim(0, 1)), by=["nothing"])


def villages(*places: tuple[str, float]) -> gpd.GeoDataFrame:
    """Return villages at fractions of the city's width, half-way up."""
    west, south, east, _ = two_wards().to_crs(HUE_CRS).total_bounds
    points = [shapely.Point(west + part * (east - west), south + SIDE_M / 2) for _, part in places]
    rows = {"village_id": [name for name, _ in places], "village_name": [f"Thôn {name}" for name, _ in places], "households": 7}
    frame = gpd.GeoDataFrame(rows, geometry=points, crs=HUE_CRS).to_crs(MAP_CRS)
    return gpd.GeoDataFrame(VILLAGES.conform(frame), geometry="geometry", crs=MAP_CRS)


def test_villages_gained_and_lost() -> None:
    places = villages(("a", 0.1), ("b", 0.4), ("c", 0.7), ("d", 0.9))
    index = WardIndex.build(two_wards())
    found = village_changes(places, index, claims(claim(0, 0.5)), claims(claim(0.25, 0.75), claim(0.3, 0.8)))
    assert found[["village_id", "ward_code", "operator", "households", "change"]].to_numpy().tolist() == [
        ["a", "19753", "viettel", 7, "lost"],
        ["c", "19774", "viettel", 7, "gained"],
    ]
    assert village_changes(places.iloc[:0], index, claims(claim(0, 1)), claims(claim(0, 1))).empty


def assets(**changed: object) -> gpd.GeoDataFrame:
    rows = {
        "asset_id": ["p1", "p2", "d1"],
        "asset_class": ["pole", "pole", "duct_section"],
        "owner": "vnpt",
        "ways_used": [None, None, 3],
        "geometry": [shapely.Point(107.5, 16.4), shapely.Point(107.6, 16.4), shapely.LineString([(107.5, 16.4), (107.6, 16.4)])],
        **changed,
    }
    return gpd.GeoDataFrame(ASSETS.conform(gpd.GeoDataFrame(rows, crs=MAP_CRS)), geometry="geometry", crs=MAP_CRS)


def test_rows_by_key() -> None:
    moved = [shapely.Point(107.5, 16.4), shapely.Point(107.61, 16.4), shapely.LineString([(107.6, 16.4), (107.5, 16.4)])]
    found = row_changes(ASSETS, assets(), assets(asset_id=["p1", "p2", "d1"], ways_used=[None, None, 4], owner="vnpt", geometry=moved))
    # A line read backwards is the same line.
    assert found.rows.to_numpy().tolist() == [["d1", "changed", "ways_used"], ["p2", "changed", "geometry"]]
    renamed = row_changes(ASSETS, assets(), assets(asset_id=["p1", "p3", "d1"]))
    assert (renamed.added, renamed.removed, renamed.changed) == (1, 1, 0)
    assert renamed.rows.to_numpy().tolist() == [["p2", "removed", ""], ["p3", "added", ""]]


def test_the_order_of_rows_is_no_change_and_missing_equals_missing() -> None:
    found = row_changes(ASSETS, assets(), assets().iloc[::-1])
    assert (found.added, found.removed, found.changed, len(found.rows)) == (0, 0, 0, 0)
    filled = row_changes(ASSETS, assets(), assets(ways_used=[1, None, 3]))
    assert filled.rows.to_numpy().tolist() == [["p1", "changed", "ways_used"]]


@given(st.lists(st.integers(0, 3), max_size=12), st.lists(st.integers(0, 3), max_size=12))
@settings(max_examples=50, deadline=None)
def test_rows_without_a_key_are_counted_off(old: list[int], new: list[int]) -> None:
    """Against Counter's subtraction of multisets."""

    def tests(levels: list[int]) -> pd.DataFrame:
        rows = {"lon": 107.5, "lat": 16.4, "operator": "vnpt", "technology": "4g", "environment": "outdoor", "device_id": "a"}
        return pd.DataFrame(
            [{**dict.fromkeys(MEASUREMENTS.names), **rows, "rsrp_dbm": -90.0 - n} for n in levels], columns=MEASUREMENTS.names
        )

    found = row_changes(MEASUREMENTS, tests(old), tests(new))
    assert found.added == sum((Counter(new) - Counter(old)).values())
    assert found.removed == sum((Counter(old) - Counter(new)).values())


def test_claims_are_rows_too() -> None:
    old, new = (gpd.GeoDataFrame(CLAIMS.conform(claims(claim(0, end))), geometry="geometry", crs=MAP_CRS) for end in (0.5, 0.6))
    found = row_changes(CLAIMS, old, new)
    assert (found.added, found.removed) == (1, 1)
