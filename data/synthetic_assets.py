"""The synthetic city's ducts, chambers and poles along its roads, its works and plans, and what its fibre providers declare."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import ops

from hatang.data.contracts import HUE_CRS
from hatang.data.synthetic_city import HOUSEHOLD, City, CityPlan

_POLE_M: Final = 45.0
_DUCT_M: Final = 90.0
_POLE_OWNERS: Final = ("Điện lực (mô phỏng)", "VNPT (mô phỏng)")
_DUCT_OWNERS: Final = ("VNPT (mô phỏng)", "Viettel (mô phỏng)", "FPT (mô phỏng)")
_UNKNOWN: Final = 0.3
"""Share of assets whose occupancy nobody has surveyed."""
_UNDER_PAVEMENT: Final = 0.8
"""Share of ducts and chambers under a pavement; the rest lies under a carriageway."""
_PROVIDERS: Final = {"viettel": (0.93, 1.1), "vnpt": (0.95, 1.0), "fpt": (0.5, 2.4)}
"""Fibre provider to the share it reaches in the densest ward and how fast that falls with density."""
_KINDS: Final = ("road_new", "road_widen", "resurface", "sidewalk", "water", "sewer", "power", "lighting")


def synthetic_assets(city: City, *, plan: CityPlan) -> gpd.GeoDataFrame:
    """Return poles along roads outside the centre, and ducts with chambers along streets, ASSETS columns, EPSG:9214."""
    random = np.random.default_rng([plan.seed, 3])
    parts = []
    for road, line in zip(city.roads.itertuples(), city.roads.geometry.to_numpy(), strict=True):
        street = str(road.road_name).startswith("Phố")
        parts.append(_ducts(str(road.road_id), line, random) if street else _poles(str(road.road_id), line, random))
    frame = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=HUE_CRS)
    unknown = random.random(len(frame)) < _UNKNOWN
    for column in ("ways_used", "slots_used", "survey_date"):
        frame[column] = frame[column].where(~unknown, None)
    frame["contact"] = "Đầu mối " + frame["owner"]
    frame["status"] = random.choice(["in_service", "inactive"], len(frame), p=[0.97, 0.03])
    frame["sharable"] = random.choice(["yes", "conditional", "no"], len(frame), p=[0.75, 0.2, 0.05])
    return frame.assign(**_measures(frame, np.random.default_rng([plan.seed, 7])))


def _measures(assets: gpd.GeoDataFrame, random: np.random.Generator) -> dict[str, np.ndarray]:
    """Return what a survey measured of each asset, ASSETS columns: most as the clauses ask, some short of it."""
    count = len(assets)
    seen = assets["survey_date"].notna().to_numpy()
    of = {name: seen & (assets["asset_class"] == name).to_numpy() for name in ("pole", "duct_section", "chamber")}
    surface = np.where(random.random(count) < _UNDER_PAVEMENT, "sidewalk", "carriageway")
    cover = np.where(surface == "sidewalk", 0.57, 0.78) + random.normal(0, 0.08, count)
    figures = {
        "boxes_used": ("pole", random.choice([0, 1, 2, 3, 4], count, p=[0.3, 0.35, 0.2, 0.1, 0.05])),
        "slack_m": ("pole", np.round(random.gamma(3, 2, count), 1)),
        "cover_m": ("duct_section", np.round(cover, 2)),
        "duct_gap_mm": ("duct_section", np.round(random.normal(42, 7, count))),
        "length_mm": ("chamber", random.choice([1200, 1500, 1800, 2200], count, p=[0.2, 0.3, 0.3, 0.2])),
        "floor_gap_mm": ("chamber", np.round(random.normal(260, 40, count), -1)),
        "lid_cover_m": ("chamber", np.round(np.where(surface == "sidewalk", 0.36, 0.78) + random.normal(0, 0.05, count), 2)),
    }
    measured = {name: np.where(of[kind], value.astype(float), np.nan) for name, (kind, value) in figures.items()}
    under = pd.Series(surface, dtype=object).where(of["duct_section"] | of["chamber"], None)
    dug = pd.Series("open_trench", index=range(count), dtype=object).where(of["duct_section"], None)
    return {**measured, "surface": under.to_numpy(object), "laying": dug.to_numpy(object)}


def _along(line: shapely.LineString, spacing_m: float, offset_m: float) -> np.ndarray:
    """Return points along a line moved to its side, shape (points, 2)."""
    at = np.arange(0, line.length, spacing_m)
    points = shapely.get_coordinates(shapely.line_interpolate_point(line, at))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(line, np.minimum(at + 1, line.length)))
    behind = shapely.get_coordinates(shapely.line_interpolate_point(line, np.maximum(at - 1, 0)))
    along = ahead - behind
    normal = np.column_stack([-along[:, 1], along[:, 0]]) / np.maximum(np.hypot(*along.T), 1e-9)[:, None]
    return np.asarray(points + offset_m * normal)


def _poles(road: str, line: shapely.LineString, random: np.random.Generator) -> pd.DataFrame:
    points = _along(line, _POLE_M, random.choice([-5.0, 5.0]))
    total = random.integers(4, 9, len(points))
    return pd.DataFrame(
        {
            "asset_id": [f"{road}-C{n:03d}" for n in range(1, len(points) + 1)],
            "asset_class": "pole",
            "kind": "bê tông ly tâm",
            "owner": random.choice(_POLE_OWNERS, p=[0.7, 0.3]),
            "ways": None,
            "ways_used": None,
            "slots_total": total,
            "slots_used": np.minimum(total, random.integers(1, 8, len(points))),
            "survey_date": _survey(len(points), random),
            "geometry": shapely.points(points),
        }
    )


def _ducts(road: str, line: shapely.LineString, random: np.random.Generator) -> pd.DataFrame:
    """Return one or two owners' duct banks along a street, a chamber at each joint."""
    parts = []
    owners = random.choice(_DUCT_OWNERS, random.choice([1, 2]), replace=False)
    for bank, owner in enumerate(owners, 1):
        ends = _along(line, _DUCT_M, 4.0 if bank == 1 else -4.0)
        ways = int(random.choice([2, 4, 6, 9]))
        count = max(len(ends) - 1, 0)
        used = np.clip(random.integers(0, ways + 1) + random.integers(-1, 2, count), 0, ways)
        chambers = {"asset_id": [f"{road}-B{bank}{n:03d}" for n in range(1, len(ends) + 1)], "asset_class": "chamber", "kind": "bể cáp"}
        ducts = {"asset_id": [f"{road}-D{bank}{n:03d}" for n in range(1, count + 1)], "asset_class": "duct_section", "kind": "uPVC 110"}
        empty = {"ways": None, "ways_used": None, "slots_total": None, "slots_used": None, "owner": owner}
        parts.append(pd.DataFrame({**empty, **chambers, "survey_date": _survey(len(ends), random), "geometry": shapely.points(ends)}))
        lines = np.asarray(shapely.linestrings(np.stack([ends[:-1], ends[1:]], axis=1)), object)
        parts.append(
            pd.DataFrame({**empty, **ducts, "ways": ways, "ways_used": used, "survey_date": _survey(count, random), "geometry": lines})
        )
    return pd.concat([part for part in parts if len(part)], ignore_index=True)


def _survey(count: int, random: np.random.Generator) -> pd.Series:
    days = pd.Timestamp("2025-01-01") + pd.to_timedelta(random.integers(0, 600, count), unit="D")
    return pd.Series(days).dt.strftime("%Y-%m-%d").astype(object)


def synthetic_works(city: City, *, plan: CityPlan) -> gpd.GeoDataFrame:
    """Return works along roads with their windows and deadlines, WORKS columns, EPSG:9214."""
    random = np.random.default_rng([plan.seed, 4])
    chosen = city.roads.iloc[np.sort(random.choice(len(city.roads), plan.works, replace=False))]
    start = pd.Timestamp("2026-10-15") + pd.to_timedelta(random.integers(0, 420, plan.works), unit="D")
    end = start + pd.to_timedelta(random.integers(40, 240, plan.works), unit="D")
    deadline = start - pd.to_timedelta(random.integers(20, 60, plan.works), unit="D")
    kinds = random.choice(_KINDS, plan.works)
    return gpd.GeoDataFrame(
        {
            "work_id": [f"MP-W{n:03d}" for n in range(1, plan.works + 1)],
            "work_name": [f"Công trình mô phỏng {n} trên {name}" for n, name in enumerate(chosen["road_name"], 1)],
            "promoter": random.choice(["Ban QLDA (mô phỏng)", "Công ty Cấp nước (mô phỏng)", "Điện lực (mô phỏng)"], plan.works),
            "kind": kinds,
            "start": start.strftime("%Y-%m-%d"),
            "end": end.strftime("%Y-%m-%d"),
            "join_deadline": deadline.strftime("%Y-%m-%d"),
            "open_trench": np.isin(kinds, ["road_new", "road_widen", "water", "sewer", "power"]),
        },
        geometry=chosen.geometry.to_numpy(),
        crs=HUE_CRS,
    )


def synthetic_plans(city: City, *, plan: CityPlan) -> gpd.GeoDataFrame:
    """Return the operators' build plans along roads, PLANS columns, EPSG:9214."""
    random = np.random.default_rng([plan.seed, 5])
    count = plan.works // 2
    chosen = city.roads.iloc[np.sort(random.choice(len(city.roads), count, replace=False))]
    return gpd.GeoDataFrame(
        {
            "plan_id": [f"MP-K{n:03d}" for n in range(1, count + 1)],
            "operator": random.choice(["viettel", "vnpt", "fpt"], count),
            "ways": random.integers(1, 4, count),
            "earliest": "2026-11-01",
            "latest": "2027-12-31",
            "budget_status": random.choice(["none", "requested", "approved"], count),
        },
        geometry=chosen.geometry.to_numpy(),
        crs=HUE_CRS,
    )


def plans_along(road: shapely.LineString) -> gpd.GeoDataFrame:
    """Return three operators' plans along one road that lie and meet together, PLANS columns, EPSG:9214."""
    rows = [
        ("MP-K101", "viettel", 2, "2026-11-01", "2027-06-30", "approved", (0.0, 0.7)),
        ("MP-K102", "vnpt", 3, "2027-01-01", "2027-09-30", "requested", (0.3, 1.0)),
        ("MP-K103", "fpt", 1, "2027-02-01", "2027-12-31", "approved", (0.2, 0.9)),
    ]
    names = ["plan_id", "operator", "ways", "earliest", "latest", "budget_status"]
    shapes = [ops.substring(road, *part, normalized=True) for *_, part in rows]
    return gpd.GeoDataFrame([dict(zip(names, row, strict=False)) for row in rows], geometry=shapes, crs=HUE_CRS)


def works_along(road: shapely.LineString) -> gpd.GeoDataFrame:
    """Return works along most of one road that open a trench which plans can still join, WORKS columns, EPSG:9214."""
    row = {
        "work_id": "MP-W101",
        "work_name": "Công trình mô phỏng: thoát nước",
        "promoter": "Công ty Thoát nước (mô phỏng)",
        "kind": "sewer",
        "start": "2027-02-15",
        "end": "2027-05-31",
        "join_deadline": "2026-12-20",
        "open_trench": True,
    }
    return gpd.GeoDataFrame([row], geometry=[ops.substring(road, 0.1, 0.8, normalized=True)], crs=HUE_CRS)


def synthetic_fixed(city: City, *, plan: CityPlan) -> pd.DataFrame:
    """Return served counts of three fibre providers per ward, under the headings that Vietnamese offices use."""
    random = np.random.default_rng([plan.seed, 6])
    households = np.rint(city.wards["population"].astype(float).to_numpy() / HOUSEHOLD).astype(int)
    density = city.wards["population"].astype(float).to_numpy() / city.wards.area.to_numpy() * 1e6
    rank = density.argsort().argsort() / (len(density) - 1)
    parts = []
    for provider, (reach, fall) in _PROVIDERS.items():
        share = np.clip(reach + 0.07 * rank - 0.25 * fall * (1 - rank) ** 3 + random.normal(0, 0.02, len(rank)), 0, 1)
        served = np.rint(households * share).astype(int)
        connected = np.rint(served * random.uniform(0.2, 0.4, len(rank))).astype(int)
        parts.append(
            pd.DataFrame(
                {
                    "Mã xã": city.wards["ward_code"],
                    "Tên xã": city.wards["ward_name"],
                    "Doanh nghiệp": provider,
                    "Số hộ": households,
                    "Hộ có khả năng tiếp cận": served,
                    "Hộ có kết nối": connected,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
