"""A road's corridor, spare capacity, and the first suggestions: by hand on a straight road of 1,000 m."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hatang.data.contracts import ASSETS, HUE_CRS, ROADS, CrsError, EmptyDataError, ParameterError
from hatang.sharing.capacity import spare_capacity
from hatang.sharing.corridor import corridor_assets, road_axes
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.suggestions import metres_not_dug, suggest

X, Y = 561_000.0, 1_821_000.0
POLICY = SharingPolicy()


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def road(*shapes: shapely.Geometry, width_m: float | None = None) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(
        {"road_id": [f"R{n}" for n in range(1, len(shapes) + 1)], "width_m": width_m}, geometry=list(shapes), crs=HUE_CRS
    )
    return gpd.GeoDataFrame(ROADS.conform(frame), geometry="geometry", crs=HUE_CRS)


STRAIGHT = line((0, 0), (1000, 0))


def asset(name: str, shape: shapely.Geometry, *, kind: str = "duct_section", owner: str = "VNPT", **columns: object) -> dict[str, object]:
    return {"asset_id": name, "asset_class": kind, "owner": owner, "status": "in_service", "geometry": shape, **columns}


def duct(
    name: str, start: float, end: float, *, offset: float = 5.0, ways: int | None = 4, used: int | None = 1, **columns: object
) -> dict[str, object]:
    return asset(name, line((start, offset), (end, offset)), ways=ways, ways_used=used, **columns)


def pole(name: str, at: float, *, free: int | None = 2, **columns: object) -> dict[str, object]:
    used = None if free is None else 4 - free
    return asset(name, shapely.Point(X + at, Y - 4), kind="pole", slots_total=4, slots_used=used, **columns)


def register(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(ASSETS.conform(pd.DataFrame(list(rows))), geometry="geometry", crs=HUE_CRS)


def answer(
    *rows: dict[str, object], axis: gpd.GeoDataFrame | None = None, policy: SharingPolicy = POLICY
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame, float]:
    axes = road_axes(road(STRAIGHT) if axis is None else axis)
    corridor = corridor_assets(axes, register(*rows), policy=policy)
    return corridor, suggest(axes, corridor, policy=policy), metres_not_dug(axes, corridor, policy=policy)


def test_place_side_and_length() -> None:
    corridor, _, _ = answer(duct("D1", 100, 300), pole("P1", 250), asset("C1", shapely.Point(X + 300, Y), kind="chamber"))
    rows = corridor.set_index("asset_id")
    assert rows["chainage_m"].tolist() == pytest.approx([100, 250, 300])
    assert rows["offset_m"].tolist() == pytest.approx([5, 4, 0], abs=1e-6)
    assert rows["side"].tolist() == ["left", "right", "on"]
    assert rows.loc["D1", "length_m"] == pytest.approx(200)
    assert np.isnan(rows.loc["P1", "length_m"])


def test_a_chamber_has_the_room_of_the_ducts_that_end_in_it_and_unknown_is_no_room() -> None:
    """Room in one of two ducts is room; a duct that passes by ends nowhere; where no duct ends, or an unknown one, somebody must look."""
    rows = (duct("D1", 100, 200), duct("D2", 200, 300, used=4), duct("D3", 300, 400, used=None), duct("D4", 500, 600, used=4))
    places = {"C1": 200.5, "C2": 300, "C3": 400, "C4": 600, "C5": 550, "C6": 800}
    pits = [asset(name, shapely.Point(X + at, Y + 6), kind="chamber") for name, at in places.items()]
    shut = asset("C7", shapely.Point(X + 100, Y + 5), kind="chamber", sharable="no")
    found = answer(*rows, *pits, shut)[0].set_index("asset_id")["action"]
    told = {"C1": "reuse", "C2": "survey", "C3": "survey", "C4": "full", "C5": "survey", "C6": "survey", "C7": "closed"}
    assert found[list(told)].to_dict() == told
    assert answer(*pits[:1])[0]["action"].tolist() == ["survey"], "a register without ducts"


def test_the_corridor_ends_at_its_width_and_half_the_road_is_added() -> None:
    assert answer(pole("P1", 100) | {"geometry": shapely.Point(X + 100, Y + 15)})[0]["asset_id"].tolist() == ["P1"]
    far = pole("P1", 100) | {"geometry": shapely.Point(X + 100, Y + 19)}
    assert len(answer(far)[0]) == 0
    assert len(answer(far, axis=road(STRAIGHT, width_m=8))[0]) == 1


def test_a_duct_counts_with_its_part_in_the_corridor() -> None:
    leaving = asset("D1", line((100, 5), (200, 5), (200, 500)), ways=4, ways_used=1)
    corridor, suggestions, saved = answer(leaving)
    assert corridor["length_m"].iloc[0] == pytest.approx(110)
    assert saved == pytest.approx(100)
    assert suggestions["dig_m_saved"].tolist() == pytest.approx([100])


@pytest.mark.parametrize(
    ("columns", "spare", "action"),
    [
        ({"ways": 4, "ways_used": 1}, 3, "reuse"),
        ({"ways": 4, "ways_used": 4}, 0, "full"),
        ({"ways": 4, "ways_used": None}, None, "survey"),
        ({"ways": None, "ways_used": 1}, None, "survey"),
        ({"ways": 4, "ways_used": 1, "sharable": "no"}, 3, "closed"),
        ({"ways": 4, "ways_used": 1, "status": "abandoned"}, 3, "closed"),
        ({"ways": 4, "ways_used": 1, "status": None}, 3, "reuse"),
    ],
)
def test_unknown_occupancy_is_never_room(columns: dict[str, object], spare: int | None, action: str) -> None:
    row = spare_capacity(register({**asset("D1", STRAIGHT), **columns}), policy=POLICY).iloc[0]
    assert (None if pd.isna(row["spare"]) else row["spare"], row["action"]) == (spare, action)


def test_the_reserve_is_kept_from_ducts_only() -> None:
    policy = SharingPolicy(reserve_ways=1)
    rows = spare_capacity(register(duct("D1", 0, 10, used=3), pole("P1", 0, free=1)), policy=policy)
    assert rows["action"].tolist() == ["full", "reuse"]


def test_each_metre_not_dug_counts_once_an_owner_and_once_in_all() -> None:
    _, suggestions, saved = answer(
        duct("D1", 0, 300), duct("D2", 200, 500, offset=-5), duct("D3", 400, 600, owner="Viettel"), duct("D4", 700, 800, used=4)
    )
    metres = suggestions.set_index("owner")["dig_m_saved"]
    assert metres["VNPT"] == pytest.approx(500)
    assert metres["Viettel"] == pytest.approx(200)
    assert saved == pytest.approx(600)
    assert suggestions["owner"].tolist() == ["VNPT", "Viettel"]


def test_stretches_end_where_an_owner_has_a_long_gap() -> None:
    _, suggestions, saved = answer(duct("D1", 0, 300), duct("D2", 315, 400, used=2), duct("D3", 500, 600))
    assert suggestions["assets"].tolist() == ["D1, D2", "D3"]
    assert suggestions["spare"].tolist() == [2, 3]
    assert suggestions["dig_m_saved"].tolist() == pytest.approx([385, 100])
    assert saved == pytest.approx(485)


def test_poles_make_a_line_up_to_the_longest_span() -> None:
    _, suggestions, saved = answer(
        *(pole(f"P{n}", at) for n, at in enumerate((0, 50, 100, 400))), pole("PX", 150, free=0), pole("PY", 130, free=None)
    )
    (row,) = suggestions.itertuples()
    assert (row.kind, row.assets, row.spare) == ("reuse_pole", "P0, P1, P2", 2)
    assert pd.isna(row.dig_m_saved)
    assert saved == 0


def test_whom_to_call_and_that_no_price_is_invented() -> None:
    _, suggestions, _ = answer(duct("D1", 0, 300, contact="Phòng hạ tầng"))
    assert suggestions["contact"].tolist() == ["Phòng hạ tầng"]
    assert suggestions["saving_vnd"].isna().all()
    assert suggestions["decision"].tolist() == ["open"]


def test_an_empty_corridor_is_an_empty_answer() -> None:
    corridor, suggestions, saved = answer(duct("D1", 0, 100, offset=500))
    assert (len(corridor), len(suggestions), saved) == (0, 0, 0)
    axes = road_axes(road(STRAIGHT))
    assert len(corridor_assets(axes, register(duct("D1", 0, 1)).iloc[:0], policy=POLICY)) == 0


def test_parts_that_touch_are_one_road_and_others_are_numbered() -> None:
    joined = shapely.MultiLineString([line((0, 0), (100, 0)), line((100, 0), (250, 0)), line((900, 0), (950, 0))])
    axes = road_axes(road(joined))
    assert axes["road_id"].tolist() == ["R1", "R1/2"]
    assert axes.length.tolist() == pytest.approx([250, 50])


def test_roads_without_length_or_crs_are_named() -> None:
    with pytest.raises(EmptyDataError, match=r"error\.corridor\.no_line"):
        road_axes(road(line((0, 0), (0, 0))))
    with pytest.raises(CrsError, match=r"error\.corridor\.crs"):
        road_axes(road(STRAIGHT).set_crs(None, allow_override=True))
    with pytest.raises(ParameterError, match=r"error\.sharing\.policy"):
        SharingPolicy(corridor_m=-1)


def test_the_answer_does_not_depend_on_the_order_of_rows() -> None:
    rows = [duct("D1", 0, 300), duct("D2", 200, 500), pole("P1", 10), pole("P2", 40), pole("P3", 70, owner="Viettel")]
    first, second = answer(*rows), answer(*rows[::-1])
    pd.testing.assert_frame_equal(pd.DataFrame(first[0]), pd.DataFrame(second[0]))
    pd.testing.assert_frame_equal(pd.DataFrame(first[1]), pd.DataFrame(second[1]))
