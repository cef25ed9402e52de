"""The synthetic city's radio: sites, the true signal everywhere, claims that are too good, and tests that are as dirty as real logs.

Level at a place = transmitted power − path loss (3GPP TR 36.942, macro cell, 37.6 dB a decade; open land 14 dB less) + shadowing (Gaussian,
7 dB, correlated over 500 m). Claims leave the shadowing out and add an operator's optimism. Tests add device bias and noise; loggers
repeat their last reading; now and then there is no service, a sentinel, or a poor position.
"""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from hatang.data.contracts import HUE_CRS
from hatang.data.synthetic_city import City, CityPlan

CELL_M: Final = 250.0
LEVEL_DBM: Final = -110.0
OPERATORS: Final = {"viettel": (0.34, 4.0), "vnpt": (0.3, 6.0), "mobifone": (0.24, 8.0), "vietnamobile": (0.12, 10.0)}
"""Operator to its share of sites and the optimism of its claims in dB."""
_NR_SHARE: Final = {"viettel": 0.5, "vnpt": 0.3, "mobifone": 0.22, "vietnamobile": 0.08}
_POWER_DBM: Final = {"4g": 33.0, "5g": 34.0}
_LOSS_1KM_DB: Final = {"4g": 128.1, "5g": 134.0}
_OPEN_LAND_DB: Final = 14.0
_SHADOW_DB: Final = 7.0
_SHADOW_M: Final = 500.0
_FLOOR_DBM: Final = -124.0


@dataclass(frozen=True)
class Radio:
    """Sites (EPSG:9214), claims (EPSG:9214), raw tests (x, y in EPSG:9214), and the true share of cells at or above the level."""

    sites: gpd.GeoDataFrame
    claims: gpd.GeoDataFrame
    tests: pd.DataFrame
    truth: pd.DataFrame


@dataclass(frozen=True)
class _Grid:
    west: float
    south: float
    rows: int
    columns: int

    def centres(self) -> np.ndarray:
        y, x = np.mgrid[: self.rows, : self.columns]
        return np.column_stack([self.west + (x.ravel() + 0.5) * CELL_M, self.south + (y.ravel() + 0.5) * CELL_M])

    def cell(self, xy: np.ndarray) -> np.ndarray:
        column = np.clip((xy[:, 0] - self.west) // CELL_M, 0, self.columns - 1).astype(int)
        row = np.clip((xy[:, 1] - self.south) // CELL_M, 0, self.rows - 1).astype(int)
        return np.asarray(row * self.columns + column)


def synthetic_radio(city: City, *, plan: CityPlan) -> Radio:
    """Return the radio of a city."""
    random = np.random.default_rng([plan.seed, 2])
    west, south, east, north = city.wards.total_bounds
    grid = _Grid(west - 1000, south - 1000, int((north - south + 2000) // CELL_M) + 1, int((east - west + 2000) // CELL_M) + 1)
    centres = grid.centres()
    ward = _ward_of(city, centres)
    crowded = cKDTree(city.buildings.get_coordinates().to_numpy()).query_ball_point(centres, 700, return_length=True)
    open_land = _OPEN_LAND_DB * np.exp(-np.asarray(crowded) / 250)
    sites = _sites(city, plan, random)
    fields, claims, truth = {}, [], []
    for operator, (_, optimism) in OPERATORS.items():
        common = _shadowing(grid, random)
        for technology in ("4g", "5g"):
            mine = sites[(sites["operator"] == operator) & sites["technologies"].str.contains(technology)]
            planned = _planned(mine, centres, technology, open_land)
            shadow = _SHADOW_DB * (0.8 * common + 0.6 * _shadowing(grid, random))
            fields[operator, technology] = planned + shadow
            claims.append(
                {"operator": operator, "technology": technology, "geometry": _area(grid, (planned + optimism >= LEVEL_DBM) & (ward >= 0))}
            )
            passed = fields[operator, technology] >= LEVEL_DBM
            shares = pd.Series(passed[ward >= 0]).groupby(ward[ward >= 0]).mean()
            codes = city.wards["ward_code"].to_numpy()[shares.index.to_numpy(int)]
            truth += [(code, operator, technology, share) for code, share in zip(codes, shares, strict=True)]
    tests = _tests(city, grid, fields, plan, random)
    table = pd.DataFrame(truth, columns=["ward_code", "operator", "technology", "true_share"])
    return Radio(sites, gpd.GeoDataFrame(claims, geometry="geometry", crs=HUE_CRS), tests, table)


def _ward_of(city: City, centres: np.ndarray) -> np.ndarray:
    """Return the ward position of each cell centre, -1 outside."""
    found = np.full(len(centres), -1)
    shapes = city.wards.geometry.to_numpy()
    shapely.prepare(shapes)
    for row, shape in enumerate(shapes):
        west, south, east, north = shape.bounds
        near = np.flatnonzero((centres[:, 0] >= west) & (centres[:, 0] <= east) & (centres[:, 1] >= south) & (centres[:, 1] <= north))
        found[near[shapely.contains_xy(shape, centres[near])]] = row
    return found


def _sites(city: City, plan: CityPlan, random: np.random.Generator) -> gpd.GeoDataFrame:
    """Return sites near villages, denser where people are; 5G on the densest share of each operator's."""
    parts = []
    weight = city.villages["households"].to_numpy(float) ** 0.75
    for operator, (share, _) in OPERATORS.items():
        count = round(plan.sites * share)
        home = random.choice(len(city.villages), count, p=weight / weight.sum())
        place = city.villages[["x", "y"]].to_numpy()[home] + random.normal(0, 450, (count, 2))
        density = city.villages["density"].to_numpy()[home] * random.lognormal(0, 0.4, count)
        nr = density >= np.quantile(density, 1 - _NR_SHARE[operator])
        height = np.round(random.uniform(18, 48, count))
        parts.append(
            pd.DataFrame(
                {
                    "site_id": [f"MP-{operator.upper()}-{n:04d}" for n in range(1, count + 1)],
                    "site_name": [f"Trạm mô phỏng {n}" for n in range(1, count + 1)],
                    "operator": operator,
                    "technologies": np.where(nr, "4g,5g", "4g"),
                    "structure": random.choice(["A1", "A2a", "A2b", "rooftop"], count, p=[0.15, 0.3, 0.25, 0.3]),
                    "height_m": height,
                    "free_height_m": np.round(height * random.uniform(0, 0.4, count)),
                    "tenants": random.choice([1, 2, 3], count, p=[0.86, 0.11, 0.03]),
                    "owner": f"{operator} (mô phỏng)",
                    "x": place[:, 0],
                    "y": place[:, 1],
                }
            )
        )
    frame = pd.concat(parts, ignore_index=True)
    return gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(frame["x"], frame["y"]), crs=HUE_CRS)


def _planned(sites: gpd.GeoDataFrame, centres: np.ndarray, technology: str, open_land: np.ndarray) -> np.ndarray:
    """Return the level that path loss alone gives from the nearest site, in dBm."""
    distance_m, _ = cKDTree(sites[["x", "y"]].to_numpy()).query(centres)
    loss = _LOSS_1KM_DB[technology] + 37.6 * np.log10(np.maximum(distance_m, 35) / 1000) - open_land
    return np.asarray(np.minimum(_POWER_DBM[technology] - loss, -45.0))


def _shadowing(grid: _Grid, random: np.random.Generator) -> np.ndarray:
    """Return a Gaussian field of unit variance with exponential-like correlation over 500 m, one value a cell."""
    white = np.fft.rfft2(random.normal(size=(grid.rows, grid.columns)))
    fy = np.fft.fftfreq(grid.rows, CELL_M)[:, None]
    fx = np.fft.rfftfreq(grid.columns, CELL_M)[None, :]
    shaped = np.fft.irfft2(white * (1 + (2 * np.pi * _SHADOW_M) ** 2 * (fx**2 + fy**2)) ** -0.75, s=(grid.rows, grid.columns))
    return np.asarray((shaped - shaped.mean()) / shaped.std()).ravel()


def _area(grid: _Grid, mask: np.ndarray) -> shapely.Geometry:
    """Return the cells of a mask as one smoothed polygon, as an operator would publish it."""
    lattice = mask.reshape(grid.rows, grid.columns)
    runs = []
    for row, line in enumerate(lattice):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(int), [0]])))
        south = grid.south + row * CELL_M
        runs += [shapely.box(grid.west + a * CELL_M, south, grid.west + b * CELL_M, south + CELL_M) for a, b in edges.reshape(-1, 2)]
    return shapely.make_valid(shapely.union_all(runs).buffer(200).buffer(-150).simplify(40))


def _tests(city: City, grid: _Grid, fields: dict[tuple[str, str], np.ndarray], plan: CityPlan, random: np.random.Generator) -> pd.DataFrame:
    """Return raw rows of logging sessions: a device goes from village to village, its logger repeating what the modem last said."""
    villages = city.villages[["x", "y"]].to_numpy()
    sparse = city.villages["density"].to_numpy() < np.quantile(city.villages["density"].to_numpy(), 0.25)
    weight = city.villages["households"].to_numpy(float) ** 0.5 * np.where(sparse, 0.25, 1.0)
    neighbours = np.asarray(cKDTree(villages).query(villages, k=5)[1])
    shares = np.array([share for share, _ in OPERATORS.values()])
    sessions = plan.devices * 3
    device = np.repeat(np.arange(plan.devices), 3)
    operator = np.repeat(random.choice(list(OPERATORS), plan.devices, p=shares / shares.sum()), 3)
    bias = np.repeat(random.normal(0, 2.5, plan.devices), 3)
    technology = np.where(random.random(sessions) < 0.4, "5g", "4g")
    start = random.choice(len(villages), sessions, p=weight / weight.sum())
    end = neighbours[start, random.integers(1, 5, sessions)]
    begin = pd.Timestamp("2026-07-01 06:00") + pd.to_timedelta(
        random.integers(0, 90, sessions) * 86400 + random.integers(0, 50_000, sessions), unit="s"
    )

    steps = np.linspace(0, 1, plan.readings)
    path = villages[start][:, None] + (villages[end] - villages[start])[:, None] * steps[None, :, None]
    xy = (path + random.normal(0, 120, path.shape)).reshape(-1, 2)
    session = np.repeat(np.arange(sessions), plan.readings)
    cell = grid.cell(xy)
    level = np.empty(len(xy), np.float64)
    for (name, kind), field in fields.items():
        mine = (operator[session] == name) & (technology[session] == kind)
        level[mine] = field[cell[mine]]
    level = np.minimum(level + bias[session] + random.normal(0, 2.0, len(xy)), -44.0).round().astype(np.float64)
    silent = level < _FLOOR_DBM
    reading = pd.DataFrame(
        {
            "time": begin[session] + pd.to_timedelta(np.tile(np.arange(plan.readings) * 30, sessions), unit="s"),
            "x": xy[:, 0],
            "y": xy[:, 1],
            "operator": operator[session],
            "technology": technology[session],
            "rsrp_dbm": np.where(silent, np.nan, level),
            "rsrq_db": np.round(np.clip(-6 - (level + 70) / -8, -20, -4) + random.normal(0, 1, len(xy))),
            "sinr_db": np.round(np.clip((level + 112) / 2, -10, 28) + random.normal(0, 2, len(xy)), 1),
            "no_service": silent,
            "device_id": [f"mp-{number:05d}" for number in device[session]],
            "session": [f"MP_{number:05d}" for number in session],
            "accuracy_m": np.round(random.lognormal(1.9, 0.7, len(xy)), 1),
            "download_mbps": np.round(
                np.clip((level + 125) * np.where(technology[session] == "5g", 5.5, 1.3), 0, None) * random.uniform(0.5, 1.2, len(xy)), 1
            ),
        }
    )
    repeats = random.choice([1, 2, 3], len(reading), p=[0.2, 0.45, 0.35])
    place = np.repeat(np.arange(len(reading)), repeats)
    later = np.arange(len(place)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    raw = reading.iloc[place].reset_index(drop=True)
    raw["time"] = raw["time"] + pd.to_timedelta(later * 2, unit="s")
    spoiled = random.random(len(raw)) < 0.002
    raw.loc[spoiled & ~raw["no_service"], "rsrp_dbm"] = -200.0
    return raw
