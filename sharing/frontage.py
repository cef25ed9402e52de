"""Buildings along a road: where each faces it, which stand behind others, and how near they come to what is dug.

Works in EPSG:9214. A building faces a road with the point of it that is nearest to where the road passes its middle; that is also where its
entrance is taken to be, as no layer of entrances is known.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS


@dataclass(frozen=True)
class Frontage:
    """Buildings that face a road.

    Attributes
    ----------
    fronts : GeoDataFrame, EPSG:9214
        Points, the nearest to the axis first: `building_id`, `distance_m` to the axis.
    behind : int
        Buildings within reach that are no front: the way to the axis leads through another building, or they lie on the axis or
        beyond its ends.
    """

    fronts: gpd.GeoDataFrame
    behind: int


def frontage(axis: shapely.LineString, buildings: gpd.GeoDataFrame, *, reach_m: float) -> Frontage:
    """Return the buildings that face a road within `reach_m` of its axis.

    Parameters
    ----------
    axis
        One line.
    buildings
        BUILDINGS contract, any geometry, any CRS; those without an id are called by their place in the frame, from 1.

    Examples
    --------
    >>> axis = shapely.LineString([(0, 0), (100, 0)])
    >>> shapes = [shapely.box(10, 8, 20, 20), shapely.box(10, 25, 20, 40)]
    >>> homes = gpd.GeoDataFrame({"building_id": ["a", "b"]}, geometry=shapes, crs=HUE_CRS)
    >>> found = frontage(axis, homes, reach_m=50)
    >>> found.fronts["building_id"].tolist(), found.fronts["distance_m"].tolist(), found.behind
    (['a'], [8.0], 1)
    """
    metric = buildings.to_crs(HUE_CRS)
    numbers = pd.Series([f"B{n}" for n in range(1, len(metric) + 1)], index=metric.index, dtype=object)
    names = metric["building_id"].astype(object).where(metric["building_id"].notna(), numbers)
    within = shapely.dwithin(metric.geometry.to_numpy(), axis, reach_m)
    shapes = metric.geometry.to_numpy()[within]
    passing = shapely.line_interpolate_point(axis, shapely.line_locate_point(axis, shapely.centroid(shapes)))
    fronts = shapely.get_point(shapely.shortest_line(shapes, passing), 0)
    ways = shapely.shortest_line(fronts, axis)
    crossing, _ = shapely.STRtree(shapes).query(ways, predicate="crosses")
    faces = (shapely.length(ways) > 0) & shapely.intersects(fronts, axis.buffer(reach_m, cap_style="flat"))
    faces[crossing] = False
    frame = gpd.GeoDataFrame(
        {"building_id": names[within][faces].to_numpy(), "distance_m": shapely.length(ways)[faces]},
        geometry=fronts[faces],
        crs=HUE_CRS,
    )
    return Frontage(frame.sort_values(["distance_m", "building_id"], ignore_index=True), int((~faces).sum()))


def wall_distances(trenches: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> np.ndarray:
    """Return metres from the edge of each trench to the nearest wall, NaN where no area of a building is known nearby (100 m).

    Parameters
    ----------
    trenches
        Lines, EPSG:9214, with `trench_top_mm`.
    buildings
        BUILDINGS contract, any CRS; points have no walls.
    """
    metric = buildings.to_crs(HUE_CRS)
    walls = metric.geometry.to_numpy()[np.isin(shapely.get_type_id(metric.geometry.to_numpy()), (3, 6))]
    found = np.full(len(trenches), np.nan)
    if len(walls) and len(trenches):
        (line, _), distance = shapely.STRtree(walls).query_nearest(
            trenches.geometry.to_numpy(), max_distance=100.0, all_matches=False, return_distance=True
        )
        found[line] = np.maximum(distance - trenches["trench_top_mm"].to_numpy(float)[line] / 2000, 0)
    return found
