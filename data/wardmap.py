"""Approximate ward map: computed from official label points and official areas alone, where no boundary file is at hand (ADR 3).

Method: the city's outline is the union of discs round the label points, closed and filled, of exactly as many hectare cells as the official
areas sum to. Within it a cell goes to the ward with the least `distance to label point − radius`, the radii found by a damped Newton
iteration so that each ward gets its official number of cells; the last cells are moved along the borders. By the triangle inequality such a
cell set is star-shaped about its label point, hence connected; this would not hold for a power diagram, which squares the distance.

Against the real wards the outline agrees to an intersection over union of about 0.9 and three points in four lie in the right ward. It is
marked "ranh giới tham khảo (gần đúng)" wherever it shows, and is no substitute for the boundary file.
"""

from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy import ndimage

from hatang.data._wardcells import exact_counts, join_detached, polygons
from hatang.data.contracts import HUE_CRS, MAP_CRS

CELL_M: Final = 100.0
"""One cell is a hectare: official areas are whole numbers of hectares."""
_COARSE: Final = 5
_MARGIN_M: Final = 25_000.0
_CLOSING_M: Final = 10_000.0
_START_RADIUS_M: Final = 2_500.0
_STEP_LIMIT_M: Final = 4_000.0


@dataclass(frozen=True, slots=True)
class _Grid:
    """Cells of `size_m`, their lower-left corner, and their number of rows and columns."""

    west: float
    south: float
    size_m: float
    rows: int
    columns: int

    def centres(self) -> tuple[np.ndarray, np.ndarray]:
        x = self.west + self.size_m * (np.arange(self.columns) + 0.5)
        y = self.south + self.size_m * (np.arange(self.rows) + 0.5)
        return np.meshgrid(x, y)

    def coarse(self) -> "_Grid":
        """Return the grid of larger cells that the search starts on."""
        return _Grid(self.west, self.south, self.size_m * _COARSE, self.rows // _COARSE, self.columns // _COARSE)


def approximate_wards(facts: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a polygon a ward, each with its official number of hectares and its label point inside.

    Parameters
    ----------
    facts
        One row a ward, sorted by `ward_code`: `label_lon`, `label_lat` (EPSG:4326), `area_km2_official` (km², whole hectares).

    Returns
    -------
    GeoDataFrame in EPSG:4326 with `ward_code` and `geometry`: one polygon without holes a ward, together a valid coverage.
    """
    labels = gpd.GeoSeries(gpd.points_from_xy(facts["label_lon"], facts["label_lat"]), crs=MAP_CRS).to_crs(HUE_CRS)
    x, y = labels.x.to_numpy(), labels.y.to_numpy()
    hectares = np.rint(facts["area_km2_official"].to_numpy(float) * 100).astype(np.int64)
    west, south = np.floor((x.min() - _MARGIN_M) / CELL_M) * CELL_M, np.floor((y.min() - _MARGIN_M) / CELL_M) * CELL_M
    size = [int(np.ceil((span + _MARGIN_M) / CELL_M / _COARSE)) * _COARSE for span in (y.max() - south, x.max() - west)]
    fine = _Grid(float(west), float(south), CELL_M, *size)
    coarse = fine.coarse()

    radii = _balance(
        _distances(coarse, x, y, outside=True), hectares / _COARSE**2, np.full(len(x), _START_RADIUS_M), start_gap_m=1500, tolerance=3
    )
    mask = _outline(fine, coarse, x, y, radii, hectares.sum())
    sparse = mask[_COARSE // 2 :: _COARSE, _COARSE // 2 :: _COARSE]
    few = hectares * (sparse.sum() / hectares.sum())
    radii = _balance(_distances(coarse, x, y, within=sparse), few, radii, start_gap_m=1500, tolerance=3)
    distances = _distances(fine, x, y, within=mask)
    radii = _balance(distances, hectares.astype(float), radii, start_gap_m=300, tolerance=1)

    owner = np.full(mask.shape, -1, np.int32)
    owner[mask] = _nearest(distances, radii)[0]
    seats = np.column_stack([(y - south) // CELL_M, (x - west) // CELL_M]).astype(np.int64)
    owner = exact_counts(join_detached(owner, seats), hectares, seats)
    shapes = polygons(owner, west=fine.west, south=fine.south, cell_m=CELL_M)
    return gpd.GeoDataFrame({"ward_code": facts["ward_code"].to_numpy()}, geometry=shapes, crs=HUE_CRS).to_crs(MAP_CRS)


def _distances(grid: _Grid, x: np.ndarray, y: np.ndarray, *, within: np.ndarray | None = None, outside: bool = False) -> np.ndarray:
    """Return distances label × cell in m; with `outside` a last row of zeros stands for "in no ward"."""
    gx, gy = grid.centres()
    if within is not None:
        gx, gy = gx[within], gy[within]
    rows = [np.hypot(gx.ravel() - px, gy.ravel() - py).astype(np.float32) for px, py in zip(x, y, strict=True)]
    return np.stack([*rows, np.zeros_like(rows[0])] if outside else rows)


def _nearest(distances: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each cell the label of least distance − radius, the second, and the gap between their values in m."""
    cells = distances.shape[1]
    best, runner = np.full(cells, np.inf, np.float32), np.full(cells, np.inf, np.float32)
    first, second = np.zeros(cells, np.int32), np.zeros(cells, np.int32)
    for row, radius in enumerate(np.append(radii, np.zeros(len(distances) - len(radii)))):
        value = distances[row] - np.float32(radius)
        wins, places = value < best, value < runner
        places &= ~wins
        runner = np.where(wins, best, np.where(places, value, runner))
        second = np.where(wins, first, np.where(places, row, second)).astype(np.int32)
        best, first = np.where(wins, value, best), np.where(wins, row, first).astype(np.int32)
    return first, second, runner - best


def _balance(distances: np.ndarray, targets: np.ndarray, radii: np.ndarray, *, start_gap_m: float, tolerance: float) -> np.ndarray:
    """Return radii for which every label gets its target count of cells, by Newton steps halved while they do not help."""
    wards, everything = len(radii), len(distances)

    def counted(trial: np.ndarray) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], np.ndarray]:
        nearest = _nearest(distances, trial)
        return nearest, np.bincount(nearest[0], minlength=everything)[:wards].astype(float)

    nearest, counts = counted(radii)
    while (worst := np.abs(counts - targets).max()) > tolerance:
        first, second, gap = nearest
        reach = np.clip(start_gap_m * worst / 3000, 60, start_gap_m)
        near = gap < reach
        flow = np.zeros((everything, everything))
        np.add.at(flow, (first[near], second[near]), 0.5 / reach)
        flow += flow.T
        jacobian = (np.diag(flow.sum(1)) - flow)[:wards, :wards] + 1e-3 * np.eye(wards)
        step = np.linalg.solve(jacobian, targets - counts)
        if everything == wards:
            step -= step.mean()
        scale = min(1.0, _STEP_LIMIT_M / np.abs(step).max())
        while scale > 1e-3:
            trial = radii + scale * step
            trial_nearest, trial_counts = counted(trial)
            if trial_counts.min() > 0 and ((trial_counts - targets) ** 2).sum() < ((counts - targets) ** 2).sum():
                break
            scale /= 2
        else:
            break  # no step helps any more; the border cells make up the rest
        radii, nearest, counts = trial, trial_nearest, trial_counts
    return radii


def _outline(fine: _Grid, coarse: _Grid, x: np.ndarray, y: np.ndarray, radii: np.ndarray, total: int) -> np.ndarray:
    """Return the mask of the city on the fine grid: discs grown by one length, closed, filled, of exactly `total` cells."""
    rough = _bisect(_level(coarse, x, y, radii), coarse.size_m, total / _COARSE**2, -15_000.0, 15_000.0, steps=12)
    low, high = _bisect(_level(fine, x, y, radii), fine.size_m, total, rough[0] - 500.0, rough[1] + 500.0, steps=8)
    level = _level(fine, x, y, radii)
    inner, outer = _closed(level <= low, fine.size_m), _closed(level <= high, fine.size_m)
    missing = int(total - inner.sum())
    candidates = np.flatnonzero(outer & ~inner)
    nearness = ndimage.distance_transform_edt(~inner).ravel()[candidates]
    inner.ravel()[candidates[np.argsort(nearness, kind="stable")[:missing]]] = True
    return inner


def _level(grid: _Grid, x: np.ndarray, y: np.ndarray, radii: np.ndarray) -> np.ndarray:
    """Return for every cell the least distance − radius over the labels, in m."""
    gx, gy = grid.centres()
    level = np.full(gx.shape, np.inf, np.float32)
    for px, py, radius in zip(x, y, radii, strict=True):
        np.minimum(level, np.hypot(gx - px, gy - py).astype(np.float32) - np.float32(radius), out=level)
    return level


def _bisect(level: np.ndarray, size_m: float, total: float, low: float, high: float, *, steps: int) -> tuple[float, float]:
    """Return a bracket of the growth in m whose closed shapes hold fewer, and at least, `total` cells."""
    for _ in range(steps):
        middle = (low + high) / 2
        if _closed(level <= middle, size_m).sum() >= total:
            high = middle
        else:
            low = middle
    return low, high


def _closed(mask: np.ndarray, size_m: float) -> np.ndarray:
    """Return `mask` closed by a disc of the closing radius, holes filled."""
    dilated = ndimage.distance_transform_edt(~mask, sampling=size_m) <= _CLOSING_M
    return np.asarray(ndimage.binary_fill_holes(ndimage.distance_transform_edt(dilated, sampling=size_m) > _CLOSING_M))
