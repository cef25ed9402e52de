"""A synthetic city to try everything on: villages, roads, buildings and points of interest, plausible and seeded, never real.

It stands on the wards in use and their official populations; all else is drawn at random. Every name says that it is simulated.
"""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS

HOUSEHOLD: Final = 3.6
"""People a household, used to turn official populations into households (census 2019, rounded)."""
_SPREAD: Final = 0.22
_TRIES: Final = 40
_STREET_M: Final = (600.0, 1600.0)


@dataclass(frozen=True, slots=True)
class CityPlan:
    """How large the synthetic city is; the defaults are the demo's."""

    seed: int = 455
    buildings: int = 110_000
    sites: int = 1_600
    devices: int = 2_200
    readings: int = 22
    streets_a_ward: int = 9
    works: int = 48


@dataclass(frozen=True)
class City:
    """The synthetic city in EPSG:9214: wards, villages, roads, buildings, points of interest."""

    wards: gpd.GeoDataFrame
    villages: gpd.GeoDataFrame
    roads: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    places: gpd.GeoDataFrame


def synthetic_city(wards: gpd.GeoDataFrame, labels: pd.DataFrame, *, plan: CityPlan) -> City:
    """Return a city on `wards` (WARDS contract) whose centres are `labels` (`ward_code`, `label_lon`, `label_lat`)."""
    random = np.random.default_rng([plan.seed, 1])
    metric = wards.to_crs(HUE_CRS).sort_values("ward_code", ignore_index=True)
    centres = gpd.GeoSeries(gpd.points_from_xy(labels["label_lon"], labels["label_lat"]), crs="EPSG:4326").to_crs(HUE_CRS)
    seats = np.column_stack([centres.x, centres.y])
    villages = _villages(metric, seats, random)
    roads = _roads(metric, seats, villages, plan, random)
    return City(metric, villages, roads, _buildings(villages, plan, random), _places(metric, seats, villages, random))


def _villages(wards: gpd.GeoDataFrame, seats: np.ndarray, random: np.random.Generator) -> gpd.GeoDataFrame:
    """Return villages of each ward, the first at its seat, households shared unevenly among them."""
    parts = []
    for row, (ward, shape) in enumerate(zip(wards.itertuples(), wards.geometry, strict=True)):
        population = float(ward.population)  # type: ignore[arg-type]
        count = int(np.clip(population / 3500, 5, 24))
        spread = np.sqrt(shape.area) * _SPREAD
        draws = random.normal(seats[row], spread, (count * _TRIES, 2))
        inside = draws[shapely.contains_xy(shape, draws)][: count - 1]
        places = np.vstack([seats[row], inside])
        share = random.dirichlet(np.full(len(places), 2.0))
        parts.append(
            pd.DataFrame(
                {
                    "village_id": [f"MP-{ward.ward_code}-{n:02d}" for n in range(1, len(places) + 1)],
                    "village_name": [f"Thôn mô phỏng {n} ({ward.ward_name})" for n in range(1, len(places) + 1)],
                    "ward_code": ward.ward_code,
                    "households": np.maximum(8, np.rint(share * population / HOUSEHOLD)).astype(int),
                    "grid_power": random.random(len(places)) > 0.03,
                    "specially_difficult": random.random(len(places)) < (0.15 if ward.kind == "xã" else 0.0),
                    "density": population / (shape.area / 1e6),
                    "x": places[:, 0],
                    "y": places[:, 1],
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["x"], frame["y"]), crs=HUE_CRS)


def _roads(
    wards: gpd.GeoDataFrame, seats: np.ndarray, villages: gpd.GeoDataFrame, plan: CityPlan, random: np.random.Generator
) -> gpd.GeoDataFrame:
    """Return highways between neighbouring seats, roads from villages to their seat, and streets in the city's wards."""
    lines: list[tuple[str, float, shapely.LineString]] = []
    between = np.hypot(*(seats[:, None] - seats[None, :]).transpose(2, 0, 1))
    pairs = {tuple(sorted((row, int(other)))) for row in range(len(seats)) for other in np.argsort(between[row])[1:4]}
    lines += [("Quốc lộ mô phỏng", 12.0, _bent(seats[a], seats[b], random)) for a, b in sorted(pairs)]
    for row, ward in enumerate(wards.itertuples()):
        mine = villages[villages["ward_code"] == ward.ward_code]
        lines += [
            ("Đường thôn mô phỏng", 5.0, _bent(seats[row], np.array([x, y]), random))
            for x, y in zip(mine["x"][1:], mine["y"][1:], strict=True)
        ]
        if ward.kind == "phường":
            for _ in range(plan.streets_a_ward):
                start = random.normal(seats[row], 900, 2)
                angle, length = random.choice([0.35, 1.92]) + random.normal(0, 0.05), random.uniform(*_STREET_M)
                end = start + length * np.array([np.cos(angle), np.sin(angle)])
                lines.append(("Phố mô phỏng", 8.0, shapely.LineString([start, end])))
    names = [f"{kind} {number}" for number, (kind, _, _) in enumerate(lines, 1)]
    ids = [f"MP-R{number:04d}" for number in range(1, len(lines) + 1)]
    frame = {"road_id": ids, "road_name": names, "width_m": [width for _, width, _ in lines]}
    return gpd.GeoDataFrame(frame, geometry=[line for _, _, line in lines], crs=HUE_CRS)


def _bent(start: np.ndarray, end: np.ndarray, random: np.random.Generator) -> shapely.LineString:
    """Return a line with a few gentle bends from `start` to `end`."""
    steps = np.linspace(0, 1, max(3, int(np.hypot(*(end - start)) / 1200) + 2))[:, None]
    path = start + (end - start) * steps
    path[1:-1] += random.normal(0, 90, (len(path) - 2, 2))
    return shapely.LineString(path)


def _buildings(villages: gpd.GeoDataFrame, plan: CityPlan, random: np.random.Generator) -> gpd.GeoDataFrame:
    """Return buildings gathered round the villages, in proportion to households."""
    weight = villages["households"].to_numpy(float)
    home = random.choice(len(villages), plan.buildings, p=weight / weight.sum())
    place = villages[["x", "y"]].to_numpy()[home] + random.normal(0, 320, (plan.buildings, 2))
    frame = {
        "building_id": [f"MP-B{n:06d}" for n in range(plan.buildings)],
        "area_m2": np.round(random.lognormal(4.4, 0.5, plan.buildings), 1),
    }
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*place.T), crs=HUE_CRS)


def _places(wards: gpd.GeoDataFrame, seats: np.ndarray, villages: gpd.GeoDataFrame, random: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the commune offices, and schools, clinics and markets near villages."""
    rows = [("UBND xã, phường", f"UBND {name} (mô phỏng)", *seat) for name, seat in zip(wards["ward_name"], seats, strict=True)]
    for kind, share in (("Trường học", 0.6), ("Trạm y tế", 0.12), ("Chợ", 0.15), ("Di tích, điểm du lịch", 0.06)):
        chosen = np.flatnonzero(random.random(len(villages)) < share)
        near = villages[["x", "y"]].to_numpy()[chosen] + random.normal(0, 150, (len(chosen), 2))
        rows += [(kind, f"{kind} mô phỏng {n}", x, y) for n, (x, y) in enumerate(near, 1)]
    frame = pd.DataFrame(rows, columns=["kind", "place_name", "x", "y"])
    frame.insert(0, "place_id", [f"MP-P{n:04d}" for n in range(1, len(frame) + 1)])
    return gpd.GeoDataFrame(frame.drop(columns=["x", "y"]), geometry=gpd.points_from_xy(frame["x"], frame["y"]), crs=HUE_CRS)
