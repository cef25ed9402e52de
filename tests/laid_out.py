"""Wards, claims and people laid out round a corner in Huế, and what clipping makes of them: cases for the tests of integrate."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.coverage.integrate import union
from hatang.coverage.raster import Affine, Raster
from hatang.data.contracts import HUE_CRS

X, Y = 561_636.0, 1_821_406.0
"""A corner near the centre of Huế, EPSG:9214."""
PIXELS: Affine = (100.0, 0.0, X - 200.0, 0.0, -100.0, Y + 1200.0)


def frame(shapes: list[shapely.Geometry | None], **columns: list[str]) -> gpd.GeoDataFrame:
    """Return shapes, given in metres from the corner, with columns."""
    moved = [None if shape is None else shapely.transform(shape, lambda xy: xy + np.array([X, Y])) for shape in shapes]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=HUE_CRS)


def wards_of(*shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    return frame(list(shapes), ward_code=[f"{k:05d}" for k in range(len(shapes))])


def claims_of(*shapes: shapely.Geometry | None, operators: str = "") -> gpd.GeoDataFrame:
    return frame(list(shapes), operator=list(operators or "a" * len(shapes)), technology=["4g"] * len(shapes))


def box(x: float, y: float, width: float, height: float) -> shapely.Polygon:
    return shapely.box(x, y, x + width, y + height)


def two_wards() -> gpd.GeoDataFrame:
    """Return two wards of 1 km² side by side."""
    return wards_of(box(0, 0, 1000, 1000), box(1000, 0, 1000, 1000))


def shares(found: pd.DataFrame) -> dict[tuple[str, str], float]:
    share = found["covered_area_m2"] / found["area_m2"]
    return dict(zip(zip(found["ward_code"], found["operator"], strict=True), share, strict=True))


def clipped(wards: gpd.GeoDataFrame, claims: gpd.GeoDataFrame) -> dict[tuple[str, str], float]:
    """Return the share of each ward in each operator's claims, by GEOS."""
    metres, out = wards.to_crs(HUE_CRS), {}
    for operator, rows in claims.to_crs(HUE_CRS).groupby("operator"):
        cover = union(list(rows.geometry))
        for code, shape in zip(metres["ward_code"], metres.geometry, strict=True):
            out[code, str(operator)] = shapely.intersection(shape, cover).area / shape.area
    return out


def people_by_pixel(shapes: gpd.GeoSeries, raster: Raster) -> np.ndarray:
    """Return people by clipping each shape with the polygon of each pixel: the definition, spelled out."""
    a, b, c, d, e, f = raster.transform
    row, column = (index.ravel() for index in np.indices(raster.shape))
    corners = np.stack([np.column_stack([column + i, row + j]) for i, j in [(0, 0), (1, 0), (1, 1), (0, 1)]], axis=1)
    pixels = shapely.polygons(corners @ np.array([[a, d], [b, e]]) + np.array([c, f]))
    weight = raster.window(0, raster.shape[0], 0, raster.shape[1]).ravel() / shapely.area(pixels)
    moved = np.asarray(shapes.to_crs(raster.crs).to_numpy(), object)
    return np.array([(weight * shapely.area(shapely.intersection(shape, pixels))).sum() for shape in moved])


def people(shape: tuple[int, int], *, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).gamma(0.5, 20.0, shape)


def starry(seed: int, *, count: int, reach_m: float, vertices: int) -> list[shapely.Polygon]:
    """Return ragged stars about the corner: long thin edges, crossings everywhere."""
    random = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        angle = np.sort(random.uniform(0, 2 * np.pi, vertices))
        radius = reach_m * random.uniform(0.2, 1.0, vertices)
        centre = random.uniform(0, 1000, 2)
        out.append(shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]) + centre))
    return [shape for shape in out if shape.is_valid]
