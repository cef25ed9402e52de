"""Point → ward: ours beside geopandas and a shapely recipe, on the wards in use, with equality checked."""

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.harness import Line, race
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import HUE_CRS
from hatang.data.settings import Settings
from hatang.data.wards import load_boundaries


def points_around(wards: gpd.GeoDataFrame, *, count: int, seed: int) -> np.ndarray:
    """Return `count` points uniform in the bounding box of `wards`, shape (count, 2), in their CRS."""
    west, south, east, north = wards.total_bounds
    return np.random.default_rng(seed).uniform((west, south), (east, north), (count, 2))


def locate_lines(*, count: int, runs: int, seed: int = 455) -> list[Line]:
    """Race `WardIndex.locate` against its peers on `count` points; every answer is row positions, -1 outside."""
    boundaries = load_boundaries(Settings())
    wards = boundaries.frame.to_crs(HUE_CRS)
    xy = points_around(wards, count=count, seed=seed)
    index = WardIndex.build(wards)

    def ours() -> np.ndarray:
        return index.locate(xy[:, 0], xy[:, 1])

    def sjoin() -> np.ndarray:
        points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]), crs=wards.crs)
        joined = gpd.sjoin(points, wards[["geometry"]], how="left", predicate="intersects")
        return joined.groupby(level=0)["index_right"].min().fillna(-1).to_numpy(np.int32)

    def recipe() -> np.ndarray:
        found = np.full(count, -1, np.int32)
        for row in range(len(wards) - 1, -1, -1):  # lowest code last, so that it wins
            shape = wards.geometry.iloc[row]
            shapely.prepare(shape)
            found[shapely.intersects_xy(shape, xy[:, 0], xy[:, 1])] = row
        return found

    timings = race({"hatang": ours, "geopandas sjoin": sjoin, "shapely intersects_xy": recipe}, runs=runs)
    base = timings["hatang"]
    lines = [Line(f"locate, {count:,} points, {boundaries.source}", base.cpu_s, "CPU s", None, "hatang", None, None)]
    for name, timing in timings.items():
        if name != "hatang":
            differing = int((timing.answer != base.answer).sum())
            lines.append(
                Line(f"locate: {name}", timing.cpu_s, "CPU s", None, f"{differing} differ", timing.cpu_s / base.cpu_s, differing == 0)
            )
    return lines
