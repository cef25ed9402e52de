"""Whose plans and works meet: side by side in place, at one time, in which groups; and what a firm may be told of it.

Side by side is what `parallel_runs` calls so: a mere crossing does not count. Windows are days, both ends included. A window that is not
known, or ends before it begins, is unknown: it neither meets nor misses another, unless what is known of it already does.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hatang.data.contracts import HUE_CRS, MAP_CRS, MEETINGS, OVERLAPS, ParameterError
from hatang.sharing.near import parallel_runs
from hatang.sharing.stretches import between, spans_inside, united

_ROUNDED_M = 10.0
"""Stretches are told in steps of this, outwards: the very metre at which somebody else's line turns off is his."""


@dataclass(frozen=True, slots=True)
class OverlapPolicy:
    """When two lines run side by side."""

    offset_m: float = 8.0
    min_overlap_m: float = 50.0
    max_angle_deg: float = 30.0
    gap_m: float = 20.0  # stretches this close along a line are one

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where a value is negative, or the offset or angle is not above 0.
        """
        for name in ("offset_m", "max_angle_deg"):
            if not getattr(self, name) > 0:
                raise ParameterError("error.sharing.policy", name=name, value=getattr(self, name))
        for name in ("min_overlap_m", "gap_m"):
            if not getattr(self, name) >= 0:
                raise ParameterError("error.sharing.policy", name=name, value=getattr(self, name))


_DEFAULT = OverlapPolicy()


def overlaps(
    plans: gpd.GeoDataFrame, works: gpd.GeoDataFrame | None = None, *, policy: OverlapPolicy = _DEFAULT, threads: int = 1
) -> pd.DataFrame:
    """Return every pair of plans and works of different owners that run side by side (OVERLAPS contract).

    Parameters
    ----------
    plans
        PLANS contract, any CRS; computed in EPSG:9214.
    works
        WORKS contract, any CRS. A line in an area of works overlaps it by its length there; two areas that share ground pair without a
        length.
    policy
        When two lines run side by side.
    threads
        How many threads share the work; the answer is the same for any number.

    Returns
    -------
    DataFrame
        Sorted by the position of left and right, plans first. `overlap_m` is measured along the right line (`parallel_runs`),
        `overlap_share` is of the shorter of the two. `group` numbers the connected sets of those that meet in place and time.

    Raises
    ------
    CrsError
        Where a frame has no CRS.

    Examples
    --------
    >>> lines = [shapely.LineString([(561000, 1821000), (561200, 1821000)]), shapely.LineString([(561100, 1821005), (561400, 1821005)])]
    >>> window = {"earliest": pd.Timestamp("2027-01-01"), "latest": pd.Timestamp("2027-06-30")}
    >>> plans = gpd.GeoDataFrame({"plan_id": ["A", "B"], "operator": ["viettel", "vnpt"], **window}, geometry=lines, crs=HUE_CRS)
    >>> overlaps(plans)[["left_id", "right_id", "overlap_m", "time"]].round(3).values.tolist()
    [['A', 'B', 100.0, 'meets']]
    """
    parties = _parties(plans, works)
    found = _side_by_side(parties, policy, threads)
    left, right = parties.iloc[found["left"]].reset_index(drop=True), parties.iloc[found["right"]].reset_index(drop=True)
    foreign = (left["owner"].isna() | right["owner"].isna() | (left["owner"] != right["owner"])).to_numpy(bool)
    found, left, right = found[foreign].reset_index(drop=True), left[foreign].reset_index(drop=True), right[foreign].reset_index(drop=True)
    start, stop = (
        left["start"].where(left["start"] >= right["start"], right["start"]),
        left["stop"].where(left["stop"] <= right["stop"], right["stop"]),
    )
    known = left[["start", "stop"]].notna().all(axis=1) & right[["start", "stop"]].notna().all(axis=1)
    apart = (left["stop"] < right["start"]) | (right["stop"] < left["start"])
    time = np.select([apart.to_numpy(bool), known.to_numpy(bool)], ["apart", "meets"], "unknown")
    meets = time == "meets"
    shorter = np.fmin(shapely.length(left.geometry.to_numpy()), shapely.length(right.geometry.to_numpy()))
    lengths = found["overlap_m"].to_numpy(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(shorter > 0, np.minimum(lengths / shorter, 1.0), np.nan)
    table = pd.DataFrame(
        {
            **{f"left_{name}": left[name] for name in ("id", "kind", "owner")},
            **{f"right_{name}": right[name] for name in ("id", "kind", "owner")},
            "overlap_m": lengths,
            "overlap_share": share,
            "window_from": start.where(meets),
            "window_to": stop.where(meets),
            "time": time,
            "group": _groups(found, meets, len(parties)),
        }
    )
    return OVERLAPS.conform(table)


def common_stretches(
    plans: gpd.GeoDataFrame, works: gpd.GeoDataFrame | None, found: pd.DataFrame, *, policy: OverlapPolicy = _DEFAULT
) -> gpd.GeoDataFrame:
    """Return the pairs of `overlaps` with where they run side by side, EPSG:4326.

    That is the stretches of the left line, of the right one where the left is an area, and the common ground of two areas.

    Examples
    --------
    >>> lines = [shapely.LineString([(561000, 1821000), (561200, 1821000)]), shapely.LineString([(561100, 1821005), (561400, 1821005)])]
    >>> plans = gpd.GeoDataFrame({"plan_id": ["A", "B"], "operator": ["viettel", "vnpt"]}, geometry=lines, crs=HUE_CRS)
    >>> common_stretches(plans, None, overlaps(plans)).to_crs(HUE_CRS).length.round().tolist()
    [110.0]
    """
    parties = _parties(plans, works)
    shapes = dict(zip(zip(parties["kind"], parties["id"], strict=True), parties.geometry, strict=True))
    where = []
    for pair in found.itertuples():
        left, right = shapes[pair.left_kind, pair.left_id], shapes[pair.right_kind, pair.right_id]
        if shapely.get_dimensions(left) == shapely.get_dimensions(right) == 2:
            where.append(shapely.intersection(left, right))
            continue
        own, other = (left, right) if shapely.get_dimensions(left) == 1 else (right, left)
        where.append(shapely.union_all([part["geometry"] for part in _stretches(own, other, policy)]))
    return gpd.GeoDataFrame(found.reset_index(drop=True), geometry=gpd.GeoSeries(where, crs=HUE_CRS)).to_crs(MAP_CRS)


def told_to(
    owner: str,
    plans: gpd.GeoDataFrame,
    works: gpd.GeoDataFrame | None,
    found: pd.DataFrame,
    *,
    secret: bytes,
    policy: OverlapPolicy = _DEFAULT,
) -> gpd.GeoDataFrame:
    """Return what one owner is told in confidential mode (MEETINGS contract, EPSG:4326): you meet here, from–to, in this window.

    One row a stretch of one of the owner's own lines, with its geometry, in steps of 10 m outwards. Nothing else of the other is in it:
    neither who it is nor its shape, cost, ends beyond the stretch, or days beyond the common window. Pairs whose windows do not meet or
    are unknown are not told.

    Parameters
    ----------
    owner
        As `left_owner` and `right_owner` name it.
    plans, works, found, policy
        What `overlaps` was given, and its answer.
    secret
        Key of at most 64 bytes, of which `meeting_id` is made: both sides are told the same id, and none can be guessed from it.

    Raises
    ------
    ParameterError
        Where the key is empty.
    """
    if not secret:
        raise ParameterError("error.sharing.policy", name="secret", value="")
    parties = _parties(plans, works)
    shapes = dict(zip(zip(parties["kind"], parties["id"], strict=True), parties.geometry, strict=True))
    rows = []
    for pair in found[found["time"] == "meets"].itertuples():
        left, right = (pair.left_kind, pair.left_id), (pair.right_kind, pair.right_id)
        name = hashlib.blake2b(f"{left}{right}".encode(), key=secret, digest_size=6).hexdigest()
        for mine, own, other in ((pair.left_owner, left, right), (pair.right_owner, right, left)):
            if mine == owner:
                told = {"meeting_id": name, "own_id": own[1], "window_from": pair.window_from, "window_to": pair.window_to}
                rows += [{**told, **stretch} for stretch in _stretches(shapes[own], shapes[other], policy)]
    frame = gpd.GeoDataFrame(rows, columns=MEETINGS.names, geometry="geometry", crs=HUE_CRS).to_crs(MAP_CRS)
    return gpd.GeoDataFrame(MEETINGS.conform(frame), geometry="geometry", crs=MAP_CRS)


def _parties(plans: gpd.GeoDataFrame, works: gpd.GeoDataFrame | None) -> gpd.GeoDataFrame:
    """Return plans, then works, as `id`, `kind`, `owner`, `start`, `stop` and shapes in EPSG:9214."""
    parts = []
    columns = {"plan": ("plan_id", "operator", "earliest", "latest"), "work": ("work_id", "promoter", "start", "end")}
    for kind, frame in (("plan", plans), ("work", works)):
        if frame is None:
            continue
        metric = frame if frame.crs == HUE_CRS else frame.to_crs(HUE_CRS)
        named = dict(zip(("id", "owner", "start", "stop"), columns[kind], strict=True))
        part = pd.DataFrame({name: metric[column].to_numpy() if column in metric else None for name, column in named.items()})
        start, stop = pd.to_datetime(part["start"]), pd.to_datetime(part["stop"])
        wrong = start > stop
        part = part.assign(kind=kind, start=start.mask(wrong), stop=stop.mask(wrong))
        parts.append(gpd.GeoDataFrame(part, geometry=metric.geometry.to_numpy(), crs=HUE_CRS))
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=HUE_CRS)


def _side_by_side(parties: gpd.GeoDataFrame, policy: OverlapPolicy, threads: int) -> pd.DataFrame:
    """Return `left` < `right` (positions) and `overlap_m`, missing for two areas."""
    runs = parallel_runs(
        parties, parties, offset_m=policy.offset_m, min_overlap_m=policy.min_overlap_m, max_angle_deg=policy.max_angle_deg, threads=threads
    )
    parts = [runs[runs["left"] < runs["right"]]]
    shapes = parties.geometry.to_numpy()
    dimension = shapely.get_dimensions(shapes)
    areas = np.flatnonzero(dimension == 2)
    if areas.size:
        area, other = shapely.STRtree(shapes).query(shapes[areas], predicate="intersects")
        area = areas[area]
        common = shapely.intersection(shapes[area], shapes[other])
        length = np.where(dimension[other] == 1, shapely.length(common), np.nan)
        with_line = (dimension[other] == 1) & (length >= policy.min_overlap_m)
        with_area = (dimension[other] == 2) & (shapely.area(common) > 0) & (area < other)
        kept = with_line | with_area
        pair = np.sort(np.stack([area[kept], other[kept]], axis=1), axis=1)
        parts.append(pd.DataFrame({"left": pair[:, 0], "right": pair[:, 1], "overlap_m": length[kept]}))
    return pd.concat(parts, ignore_index=True).sort_values(["left", "right"], ignore_index=True)


def _groups(found: pd.DataFrame, meets: npt.NDArray[np.bool_], count: int) -> pd.Series:
    """Return the number of the group of each pair that meets, missing for the others; groups are numbered by their first member."""
    left, right = found["left"].to_numpy()[meets], found["right"].to_numpy()[meets]
    _, label = connected_components(coo_array((np.ones(len(left)), (left, right)), shape=(count, count)), directed=False)
    number = pd.Series(pd.NA, index=found.index, dtype="Int64")
    number[meets] = pd.factorize(label[np.asarray(left)], sort=False)[0] + 1
    return number


def _stretches(own: shapely.Geometry, other: shapely.Geometry, policy: OverlapPolicy) -> list[dict[str, Any]]:
    """Return the stretches of an own line that lie beside another, as chainage and geometry; an own area is told as a whole."""
    if shapely.get_dimensions(own) != 1:
        return [{"from_m": np.nan, "to_m": np.nan, "geometry": own}]
    zone = other if shapely.get_dimensions(other) == 2 else shapely.buffer(other, policy.offset_m)
    crossing = 2 * policy.offset_m / np.sin(np.deg2rad(min(policy.max_angle_deg, 90.0)))
    found: list[tuple[float, dict[str, Any]]] = []
    before = 0.0
    for part in shapely.get_parts(shapely.line_merge(shapely.MultiLineString(list(shapely.get_parts(own))))):
        for begin, end in united(spans_inside(part, zone), policy.gap_m):
            first = float(np.floor(begin / _ROUNDED_M) * _ROUNDED_M)
            last = min(float(np.ceil(end / _ROUNDED_M) * _ROUNDED_M), part.length)
            told = {"from_m": before + first, "to_m": before + last, "geometry": between(part, first, last)}
            found.append((end - begin, told))
        before += part.length
    longest = max((length for length, _ in found), default=0.0)
    return [told for length, told in found if length > crossing or length == longest]
