"""A larger map than any at hand: the wards of a real one with every edge divided and its new vertices moved aside."""

import geopandas as gpd
import numpy as np
import shapely

_ROUGHNESS = 0.08
"""Largest move of a new vertex, as a share of the length of the edge that it divides."""
_MIX = np.uint64(0xBF58476D1CE4E5B9)


def stress_wards(wards: gpd.GeoDataFrame, *, vertices: int = 7_000_000, seed: int = 455) -> gpd.GeoDataFrame:
    """Return `wards` with about `vertices` vertices in all, long edges divided most.

    New vertices lie beside the edge by up to 8 % of its length. Moves come from a hash of the edge's ends and the seed, the
    same in both directions: a border that two wards share stays shared, vertex by vertex. Rings may come to cross where edges are close, as
    dirty maps do.
    """
    shapes = wards.geometry.to_numpy()
    _, xy, (rings, parts, geometries) = shapely.to_ragged_array(_multi(shapes), include_z=False)
    edge = np.ones(len(xy), bool)
    edge[rings[1:] - 1] = False
    begin = np.flatnonzero(edge)
    turned = (xy[begin, 0] > xy[begin + 1, 0]) | ((xy[begin, 0] == xy[begin + 1, 0]) & (xy[begin, 1] > xy[begin + 1, 1]))
    start, end = (xy[begin + turned], xy[begin + ~turned])
    length = np.hypot(*(end - start).T)
    pieces = _pieces(length, total=vertices - (len(xy) - len(begin)))
    first = np.cumsum(pieces) - pieces
    owner = np.repeat(np.arange(len(begin)), pieces)
    step = np.arange(len(owner)) - first[owner]
    step = np.where(turned[owner] & (step > 0), pieces[owner] - step, step)
    share = step / pieces[owner]
    aside = np.where(step > 0, (_unit(start, end, step, owner, seed) * 2 - 1) * _ROUGHNESS * np.sin(np.pi * share), 0.0)
    normal = np.column_stack([start[:, 1] - end[:, 1], end[:, 0] - start[:, 0]])
    points = start[owner] * (1 - share)[:, None] + end[owner] * share[:, None] + aside[:, None] * normal[owner]
    points[first] = xy[begin]
    counts = np.ones(len(xy), np.int64)
    counts[begin] = pieces
    places = np.cumsum(counts) - counts
    grown = np.empty((counts.sum(), 2))
    grown[places[~edge]] = xy[~edge]
    grown[np.repeat(places[begin] - first, pieces) + np.arange(len(owner))] = points
    offsets = (np.append(places, len(grown))[rings], parts, geometries)
    made = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, grown, offsets)
    return gpd.GeoDataFrame(wards.drop(columns=wards.geometry.name), geometry=made, crs=wards.crs)


def _multi(shapes: np.ndarray) -> np.ndarray:
    """Return every polygon as a multipolygon."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    made = np.empty(len(shapes), object)
    made[:] = shapely.MultiPolygon()
    return shapely.multipolygons(parts, indices=owner, out=made)


def _pieces(length: np.ndarray, *, total: int) -> np.ndarray:
    """Return into how many pieces to divide each edge, about `total` in all: one for each begun stretch of a common length."""
    low, high = 0.0, float(length.max())
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if np.ceil(length / middle).sum() > total else (low, middle)
    return np.maximum(np.ceil(length / high), 1).astype(np.int64)


def _unit(start: np.ndarray, end: np.ndarray, step: np.ndarray, owner: np.ndarray, seed: int) -> np.ndarray:
    """Return a number of [0, 1) for each step of each edge, from a hash of the edge's ends."""
    bits = np.ascontiguousarray(np.column_stack([start, end])).view(np.uint64)
    mixed = np.full(len(bits), seed, np.uint64)
    for column in bits.T:
        mixed = (mixed ^ column ^ (column >> np.uint64(31))) * _MIX
        mixed ^= mixed >> np.uint64(29)
    mixed = (mixed[owner] + step.astype(np.uint64)) * _MIX
    mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIX
    return (mixed >> np.uint64(11)) * 2.0**-53
