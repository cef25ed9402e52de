"""A road's corridor: which poles, ducts and chambers stand along it, where, on which side, and with how much room."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import CORRIDOR, HUE_CRS, MAP_CRS, AssetClass, CrsError, EmptyDataError
from hatang.sharing.capacity import chamber_actions, spare_capacity
from hatang.sharing.near import pairs_within
from hatang.sharing.policy import SharingPolicy

_ON_AXIS_M = 0.05


def road_axes(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return roads as single lines in EPSG:9214: parts that touch merged, those that do not numbered `id/2`, `id/3`.

    Raises
    ------
    CrsError
        Where the frame has no CRS.
    EmptyDataError
        Where no line with a length is left.
    """
    if roads.crs is None:
        raise CrsError("error.corridor.crs")
    metric = roads.to_crs(HUE_CRS)
    parts = []
    ordered = metric[metric.geometry.notna()].sort_values("road_id", kind="stable")
    for road, shape in zip(ordered.itertuples(), ordered.geometry.to_numpy(), strict=True):
        merged = shapely.line_merge(shapely.MultiLineString(list(shapely.get_parts(shape))))
        lines = [line for line in shapely.get_parts(merged).tolist() if line.length > 0]
        lines.sort(key=lambda line: (-line.length, line.wkb))
        for number, line in enumerate(lines, 1):
            name = road.road_id if number == 1 else f"{road.road_id}/{number}"
            parts.append({"road_id": name, "road_name": road.road_name, "width_m": road.width_m, "geometry": line})
    if not parts:
        raise EmptyDataError("error.corridor.no_line")
    return gpd.GeoDataFrame(parts, geometry="geometry", crs=HUE_CRS)


def corridor_assets(axes: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, *, policy: SharingPolicy) -> gpd.GeoDataFrame:
    """Return the assets in the corridor of each road (CORRIDOR contract, EPSG:4326), by road and chainage.

    An asset near several roads belongs to the nearest. Ducts count with the part in the corridor; chambers have the room of the ducts
    that end in them, wherever those lead. Chainage is metres along the axis from its first point; `left` and `right` are seen in that
    direction.

    Parameters
    ----------
    axes
        Single lines in EPSG:9214 (`road_axes`).
    assets
        ASSETS contract, any CRS.
    """
    columns = {name: pd.Series(dtype=object) for name in CORRIDOR.names}
    if assets.empty:
        return gpd.GeoDataFrame(CORRIDOR.conform(pd.DataFrame(columns)), geometry="geometry", crs=MAP_CRS)
    metric = assets.to_crs(HUE_CRS).sort_values("asset_id", ignore_index=True)
    reach = policy.corridor_m + axes["width_m"].astype(float).fillna(0).to_numpy() / 2
    pairs = pairs_within(metric, axes, distance_m=float(reach.max()))
    pairs = pairs[pairs["distance_m"] <= reach[pairs["line"]]].sort_values(["point", "distance_m", "line"]).drop_duplicates("point")
    found = metric.iloc[pairs["point"]].reset_index(drop=True)
    if found.empty:
        return gpd.GeoDataFrame(CORRIDOR.conform(pd.DataFrame(columns)), geometry="geometry", crs=MAP_CRS)
    line = axes.geometry.to_numpy()[pairs["line"]]
    shapes = found.geometry.to_numpy()
    inside = _clipped(shapes, line, reach[pairs["line"]])
    place = _middle(inside)
    room = spare_capacity(found, policy=policy)
    asked = (found["asset_class"] == AssetClass.CHAMBER) & (room["action"] != "closed")
    ducts = gpd.GeoDataFrame(metric[metric["asset_class"] == AssetClass.DUCT_SECTION])
    said = chamber_actions(found[asked], ducts, spare_capacity(ducts, policy=policy)["action"], end_m=policy.end_m)
    room = room.assign(action=said.reindex(room.index).fillna(room["action"]))
    frame = gpd.GeoDataFrame(
        {
            **{name: found[name] for name in ("asset_id", "asset_class", "kind", "owner", "contact", "survey_date")},
            **{name: room[name] for name in ("capacity", "used", "spare", "action")},
            "road_id": axes["road_id"].to_numpy()[pairs["line"]],
            "chainage_m": np.minimum(*(shapely.line_locate_point(line, end) for end in _ends(inside))),
            "offset_m": pairs["distance_m"].to_numpy(),
            "side": _side(line, place),
            "length_m": np.where(shapely.length(inside) > 0, shapely.length(inside), np.nan),
        },
        geometry=shapes,
        crs=HUE_CRS,
    )
    frame = frame.sort_values(["road_id", "chainage_m", "asset_id"], ignore_index=True).to_crs(MAP_CRS)
    return gpd.GeoDataFrame(CORRIDOR.conform(frame), geometry="geometry", crs=MAP_CRS)


def clipped_to(axes: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, *, policy: SharingPolicy) -> np.ndarray:
    """Return the part of each asset (CORRIDOR contract) that lies in the corridor of its road, EPSG:9214, in their order."""
    by_road = axes.set_index("road_id")
    line = by_road.loc[list(assets["road_id"])]
    reach = policy.corridor_m + line["width_m"].astype(float).fillna(0).to_numpy() / 2
    return _clipped(assets.to_crs(HUE_CRS).geometry.to_numpy(), line.geometry.to_numpy(), reach)


def _clipped(shapes: np.ndarray, lines: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Return shapes cut to the corridor of their line."""
    zones = shapely.buffer(lines, reach, cap_style="flat")
    cut = shapely.intersection(shapes, zones)
    return np.where(shapely.is_empty(cut), shapes, cut)


def _middle(shapes: np.ndarray) -> np.ndarray:
    """Return a point on each shape: half-way along a line, the centre of anything else."""
    middle = shapely.centroid(shapes)
    lines = shapely.get_type_id(shapes) == 1
    middle[lines] = shapely.line_interpolate_point(shapes[lines], 0.5, normalized=True)
    return middle


def _ends(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the first and last point of each shape."""
    coordinates = [shapely.get_coordinates(shape) for shape in shapes]
    return shapely.points([c[0] for c in coordinates]), shapely.points([c[-1] for c in coordinates])


def _side(lines: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return on which side of its line each point lies, seen along the line."""
    along = shapely.line_locate_point(lines, places)
    length = shapely.length(lines)
    before = shapely.get_coordinates(shapely.line_interpolate_point(lines, np.maximum(along - 0.5, 0)))
    after = shapely.get_coordinates(shapely.line_interpolate_point(lines, np.minimum(along + 0.5, length)))
    point = shapely.get_coordinates(places)
    cross = (after - before)[:, 0] * (point - before)[:, 1] - (after - before)[:, 1] * (point - before)[:, 0]
    near = shapely.distance(lines, places) <= _ON_AXIS_M
    return np.select([near, cross > 0], ["on", "left"], "right")
