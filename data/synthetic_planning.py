"""The synthetic city's zones that planning asks something of, and its programme of streets to go underground; none of it real."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS
from hatang.data.synthetic_city import City, CityPlan

_KINDS: Final = {
    "underground_only": ("ngầm hóa", 1_200.0, 2),
    "a1_only": ("chỉ cột A1", 1_500.0, 2),
    "relic_zone_1": ("khu vực bảo vệ I", 350.0, 3),
    "relic_zone_2": ("khu vực bảo vệ II", 700.0, 3),
    "airport_height": ("tĩnh không", 6_000.0, 1),
    "forest": ("rừng", 4_000.0, 4),
    "flood": ("ngập lụt", 1_800.0, 5),
    "moratorium": ("cấm đào", 600.0, 2),
}
"""Kind of zone to its word in a file, its radius in m, and how many there are."""
_RURAL: Final = ("forest", "flood")
_LIMIT_M: Final = 45.0
_STATUS: Final = ("đề xuất", "dự kiến", "dự kiến", "đang thi công", "đã hoàn thành")
_STREETS: Final = 10


def synthetic_constraints(city: City, *, plan: CityPlan) -> gpd.GeoDataFrame:
    """Return zones of every kind under the headings of the template, EPSG:9214; some have lapsed, and some name no document.

    Both zones of a relic stand round one place. Forests and floods lie in communes, all else in the city's wards; one
    street that is to go underground may not be dug up now.
    """
    random = np.random.default_rng([plan.seed, 7])
    towns = np.flatnonzero(city.wards["kind"] == "phường")
    communes = np.flatnonzero(city.wards["kind"] != "phường")
    middle = shapely.get_coordinates(city.wards.geometry.representative_point().to_numpy())
    streets = synthetic_undergrounding(city, plan=plan)
    begun = (streets["Hình thức"] == "ngầm hóa") & (streets["Tiến độ"] != _STATUS[-1])
    dug = shapely.get_coordinates(shapely.centroid((streets[begun] if begun.any() else streets).geometry.iloc[0]))[0]
    relics = random.choice(towns, _KINDS["relic_zone_1"][2], replace=False)
    rows: list[dict[str, object]] = []
    for kind, (word, radius, count) in _KINDS.items():
        homes = relics if kind.startswith("relic") else random.choice(communes if kind in _RURAL else towns, count, replace=False)
        for number, home in enumerate(homes, 1):
            bends = radius * random.uniform(0.75, 1.25, 16)
            angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
            lapsed = kind == "moratorium" and number == 1
            place = dug if kind == "moratorium" and not lapsed else middle[home]
            outline = place + bends[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
            rows.append(
                {
                    "Mã vùng": f"MP-V-{kind}-{number}",
                    "Loại ràng buộc": word,
                    "Tên vùng": f"Vùng mô phỏng {len(rows) + 1} ({word})",
                    "Văn bản": None if number == count and count > 2 else f"Văn bản mô phỏng {len(rows) + 1}",
                    "Hiệu lực từ": "2024-01-01" if lapsed else "2025-01-01",
                    "Hiệu lực đến": "2024-12-31" if lapsed else None,
                    "Chiều cao tối đa": _LIMIT_M if kind == "airport_height" else None,
                    "geometry": shapely.Polygon(outline),
                }
            )
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS)


def synthetic_undergrounding(city: City, *, plan: CityPlan) -> gpd.GeoDataFrame:
    """Return a programme of streets to go underground or to be tidied, under the headings of the template, EPSG:9214.

    Streets are the shortest roads with poles, which lie in towns, and two streets that have none. What was not counted stays empty.
    """
    random = np.random.default_rng([plan.seed, 8])
    roads = city.roads.assign(metres=city.roads.length)
    lanes = roads[roads["road_name"].str.startswith("Đường thôn")].nsmallest(4 * _STREETS, "metres")
    streets = roads[roads["road_name"].str.startswith("Phố")]
    chosen = pd.concat(
        [
            lanes.iloc[np.sort(random.choice(len(lanes), _STREETS - 2, replace=False))],
            streets.iloc[np.sort(random.choice(len(streets), 2, replace=False))],
        ]
    )
    count = len(chosen)
    start = pd.Timestamp("2026-06-01") + pd.to_timedelta(random.integers(0, 600, count), unit="D")
    counted = random.random(count) < 0.5
    dead = np.round(random.uniform(0.2, 2.0, count) * chosen["metres"].to_numpy(), -1)
    document = np.where(random.random(count) < 0.8, "Chương trình mô phỏng 01", None)  # type: ignore[call-overload]  # text or nothing
    return gpd.GeoDataFrame(
        {
            "Mã tuyến": [f"MP-N{n:02d}" for n in range(1, count + 1)],
            "Tên tuyến đường": chosen["road_name"].to_numpy(),
            "Điểm đầu": [f"Nút mô phỏng {n}" for n in range(1, count + 1)],
            "Điểm cuối": [f"Nút mô phỏng {n}" for n in range(2, count + 2)],
            "Hình thức": random.choice(["ngầm hóa", "chỉnh trang"], count, p=[0.7, 0.3]),
            "Ngày bắt đầu": start.strftime("%Y-%m-%d"),
            "Ngày hoàn thành": (start + pd.Timedelta(days=240)).strftime("%Y-%m-%d"),
            "Chủ đầu tư": "Ban QLDA (mô phỏng)",
            "Văn bản": document,
            "Tiến độ": random.choice(_STATUS, count),
            "Chiều dài cáp không sử dụng": np.where(counted, dead, np.nan),
            "Số thuê bao": pd.array(np.where(counted, random.integers(20, 400, count), np.nan), dtype="Int64"),
        },
        geometry=chosen.geometry.to_numpy(),
        crs=HUE_CRS,
    )
