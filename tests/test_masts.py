"""Masts near a need, by hand: known room is shared, unknown is surveyed, too little is left out."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from hatang.data.contracts import HUE_CRS, MAST_SUGGESTIONS, SITES, ParameterError
from hatang.pipeline.demo import DemoOutcome
from hatang.sharing.masts import MastPolicy, masts, suggest_masts

X, Y = 560_000.0, 1_820_000.0
POLICY = MastPolicy(radius_m=1000, free_height_m=3)


def sites(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame(list(rows), columns=sorted({name for row in rows for name in row} | set(SITES.names)))
    return gpd.GeoDataFrame(SITES.conform(frame), geometry="geometry", crs=HUE_CRS)


def site(name: str, east: float, free: float | None, *, operator: str = "vnpt", **more: object) -> dict[str, object]:
    return {"site_id": name, "operator": operator, "free_height_m": free, "geometry": shapely.Point(X + east, Y), **more}


def need(*operators: str, shape: shapely.Geometry | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"need_id": ["n"], "operators": [operators]}, geometry=[shape or shapely.Point(X, Y)], crs=HUE_CRS)


def listed(found: gpd.GeoDataFrame) -> list[tuple[object, ...]]:
    return [(row.rank, row.action, row.mast_id if pd.notna(row.mast_id) else None, row.operators) for row in found.itertuples()]


def test_known_room_comes_first_then_surveys_and_too_little_is_left_out() -> None:
    filed = sites(site("far", 900, 10), site("near", 100, None), site("low", 50, 2.9), site("mid", 400, 3.0), site("beyond", 1001, 20))
    found = suggest_masts(need("viettel"), filed, policy=POLICY)
    assert listed(found) == [(1, "share", "mid", "viettel"), (2, "share", "far", "viettel"), (3, "survey", "near", "viettel")]
    assert list(found["distance_m"]) == pytest.approx([400, 900, 100])
    assert set(found["kind"]) == {"share_mast"}
    assert found.crs == "EPSG:4326"
    assert found["free_height_m"].isna().tolist() == [False, False, True]


def test_rows_of_a_mast_are_one_and_the_cautious_figure_holds() -> None:
    filed = sites(
        site("a", 0, 8, mast_id="M", height_m=40, tenants=1),
        site("b", 0, 4, mast_id="M", operator="viettel", owner="tower co"),
        site("M", 10, 5),  # a lone site of the same name is another
        site("c", 0, 9, mast_id="P", status="planned"),
    )
    found = masts(filed)
    assert found["mast_id"].tolist() == ["M", "M"]
    mast = found[found["present"].map(len) == 2].iloc[0]
    assert (mast["free_height_m"], mast["height_m"], mast["tenants"], mast["owner"]) == (4, 40, 2, "tower co")
    assert pd.isna(found[found["present"].map(len) == 1].iloc[0]["tenants"])


def test_who_is_on_the_mast_already_does_not_share_it() -> None:
    filed = sites(site("own", 100, 10, operator="viettel"))
    assert suggest_masts(need("viettel"), filed, policy=POLICY).empty
    assert listed(suggest_masts(need("viettel", "vnpt"), filed, policy=POLICY)) == [(1, "share", "own", "vnpt")]


def test_several_firms_without_known_room_build_one_together() -> None:
    area = shapely.box(X - 100, Y - 100, X + 100, Y + 100)
    filed = sites(site("unknown", 300, None, operator="mobifone"))
    found = suggest_masts(need("vnpt", "viettel", shape=area), filed, policy=POLICY)
    assert listed(found) == [(1, "survey", "unknown", "viettel, vnpt"), (2, "build_together", None, "viettel, vnpt")]
    assert found["distance_m"].iloc[0] == pytest.approx(200)
    assert area.contains(found.to_crs(HUE_CRS).geometry.iloc[1])
    assert suggest_masts(need("vnpt"), sites(), policy=POLICY).empty


def test_few_masts_are_named_and_names_are_stable() -> None:
    filed = sites(*(site(f"s{place}", 10.0 * place, 5) for place in range(9)))
    found = suggest_masts(need("viettel"), filed, policy=MastPolicy(radius_m=1000, free_height_m=3, most=2))
    assert listed(found) == [(1, "share", "s0", "viettel"), (2, "share", "s1", "viettel")]
    again = suggest_masts(need("viettel"), gpd.GeoDataFrame(filed.iloc[::-1]), policy=MastPolicy(radius_m=1000, free_height_m=3, most=2))
    assert found["suggestion_id"].tolist() == again["suggestion_id"].tolist()


@pytest.mark.parametrize("name", ["radius_m", "free_height_m", "most"])
def test_a_policy_without_reach_is_refused(name: str) -> None:
    with pytest.raises(ParameterError):
        MastPolicy(**{name: 0})


def test_the_assessment_names_masts_near_its_gaps(small_demo: DemoOutcome) -> None:
    tables = small_demo.results.tables
    found, gaps = gpd.GeoDataFrame(tables["mast_suggestions"]), gpd.GeoDataFrame(tables["gaps"])
    MAST_SUGGESTIONS.conform(found)
    assert len(found)
    assert set(found["need_id"]) <= set(gaps["gap_id"])
    shared = found[found["action"] == "share"]
    assert (shared["free_height_m"] >= 3).all()
    places = gaps.set_index("gap_id").to_crs(HUE_CRS).geometry.loc[shared["need_id"]]
    metres = shapely.distance(places.to_numpy(), shared.to_crs(HUE_CRS).geometry.to_numpy())
    assert metres == pytest.approx(shared["distance_m"].to_numpy(float), abs=0.01)
    assert (metres <= 1500).all()
