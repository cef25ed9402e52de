"""Masts and roofs near what needs an antenna: which can be shared, which must be surveyed first, and where firms build one together."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, MAP_CRS, MAST_SUGGESTIONS, ParameterError, SuggestionKind

_ID_DIGITS: Final = 12
_GONE: Final = ("proposed", "planned", "under_construction", "inactive", "abandoned")


@dataclass(frozen=True, slots=True)
class MastPolicy:
    """How far a mast may stand from a need, what height must be free on it, and how many are named for a need."""

    radius_m: float = 1500.0
    free_height_m: float = 3.0
    most: int = 5

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where a length is not positive, or no mast may be named.
        """
        for name in ("radius_m", "free_height_m", "most"):
            if not getattr(self, name) > 0:
                raise ParameterError("error.masts.policy", name=name, value=getattr(self, name))


def masts(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return one row a mast or roof that stands (EPSG:9214), sorted by `mast_id`.

    Rows of one `mast_id` are one mast; a row without it is one of its own, named by `site_id`. Of figures that differ the cautious one
    holds: least height and free height, most tenants, but never fewer than the operators filed there. `present` are those operators.

    Parameters
    ----------
    sites
        SITES contract, any CRS.
    """
    names = ["mast_id", "owner", "structure", "height_m", "free_height_m", "tenants", "present"]
    standing = sites if sites.empty else sites[~sites["status"].isin(_GONE) & sites.geometry.notna()]
    if standing.empty:
        return gpd.GeoDataFrame({name: pd.Series(dtype=object) for name in names}, geometry=gpd.GeoSeries([], crs=HUE_CRS))
    metric = standing.to_crs(HUE_CRS)
    # A mast and a lone site may bear the same name: they are kept apart by what the name stands in.
    keyed = metric.assign(_shared=metric["mast_id"].notna(), mast_id=metric["mast_id"].fillna(metric["site_id"]))
    each = keyed.groupby(["_shared", "mast_id"], sort=True)
    found = each[["owner", "structure", "geometry"]].first()
    found[["height_m", "free_height_m"]] = each[["height_m", "free_height_m"]].min()
    present = pd.Series([tuple(sorted(set(part))) for _, part in each["operator"]], index=found.index, dtype=object)
    here, stated = present.map(len), each["tenants"].max().astype(float)
    tenants = stated.clip(lower=here).where(stated.notna(), here.where(here > 1))
    found = found.assign(tenants=tenants.astype("Int64"), present=present).reset_index().drop(columns="_shared")
    ordered = found.sort_values("mast_id", kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(ordered[[*names, "geometry"]], geometry="geometry", crs=HUE_CRS)


def suggest_masts(needs: gpd.GeoDataFrame, sites: gpd.GeoDataFrame, *, policy: MastPolicy) -> gpd.GeoDataFrame:
    """Return suggestions (MAST_SUGGESTIONS contract, EPSG:4326), ranked by need: what can be shared, then what is surveyed, by distance.

    A mast within the radius whose free height is known and suffices is shared (`share_mast`, action `share`); one whose free height is not
    known is surveyed first (action `survey`): unknown is never room. One known to have too little is left out. A mast where all who need
    one are present already is no sharing. Where nothing can be shared as far as known and two firms or more need a mast, they build one
    together (`colocate_new_mast`), after the surveys; its place is a point within the need.

    Parameters
    ----------
    needs
        `need_id` (unique), `operators` (tuple of the firms that need an antenna there), geometry of any kind, any CRS.
    sites
        SITES contract, any CRS.

    Examples
    --------
    >>> need = gpd.GeoDataFrame({"need_id": ["n"], "operators": [("a", "b")]}, geometry=[shapely.Point(560000, 1820000)], crs=HUE_CRS)
    >>> nothing = gpd.GeoDataFrame(geometry=[], crs=HUE_CRS)
    >>> suggest_masts(need, nothing, policy=MastPolicy())[["kind", "operators"]].values.tolist()
    [['colocate_new_mast', 'a, b']]
    """
    found = masts(sites)
    metric = needs.to_crs(HUE_CRS)
    rows: list[dict[str, Any]] = []
    near = _near(metric, found, policy.radius_m)
    for place, (need, operators) in enumerate(zip(needs["need_id"], needs["operators"], strict=True)):
        firms = tuple(sorted(set(operators)))
        here = [row for row in (_mast_row(str(need), firms, found.iloc[at], m, policy) for at, m in near.get(place, ())) if row]
        here = sorted(here, key=lambda row: (row["action"] != "share", row["distance_m"], row["mast_id"]))[: policy.most]
        if len(firms) > 1 and not any(row["action"] == "share" for row in here):
            here.append(_new_mast(str(need), firms, metric.geometry.iloc[place]))
        rows += [{**row, "rank": rank} for rank, row in enumerate(here, 1)]
    if not rows:
        return gpd.GeoDataFrame(MAST_SUGGESTIONS.conform(pd.DataFrame(columns=MAST_SUGGESTIONS.names)), geometry="geometry", crs=MAP_CRS)
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS).to_crs(MAP_CRS)
    return gpd.GeoDataFrame(MAST_SUGGESTIONS.conform(frame), geometry="geometry", crs=MAP_CRS)


def _near(needs: gpd.GeoDataFrame, found: gpd.GeoDataFrame, radius_m: float) -> dict[int, list[tuple[int, float]]]:
    """Return for each need (place) the masts within the radius (place) and their distance, in m; 0 inside an area."""
    near: dict[int, list[tuple[int, float]]] = {}
    if found.empty or needs.empty:
        return near
    points, shapes = found.geometry.to_numpy(), needs.geometry.to_numpy()
    left, right = shapely.STRtree(points).query(shapes, predicate="dwithin", distance=radius_m)
    for need, mast, metres in zip(left.tolist(), right.tolist(), shapely.distance(shapes[left], points[right]).tolist(), strict=True):
        near.setdefault(need, []).append((mast, metres))
    return near


def _mast_row(need: str, firms: tuple[str, ...], mast: pd.Series, distance_m: float, policy: MastPolicy) -> dict[str, Any] | None:
    """Return the suggestion of one mast for a need; nothing where it has too little room or all who need it are there."""
    wanting = [name for name in firms if name not in mast["present"]]
    free = mast["free_height_m"]
    if not wanting or (pd.notna(free) and free < policy.free_height_m):
        return None
    kept = {name: mast[name] for name in ("mast_id", "owner", "structure", "height_m", "free_height_m", "tenants", "geometry")}
    action = "survey" if pd.isna(free) else "share"
    return {
        **_common(SuggestionKind.SHARE_MAST, action, need, wanting, f"{mast['mast_id']}@{mast['present']}"),
        **kept,
        "distance_m": distance_m,
    }


def _new_mast(need: str, firms: tuple[str, ...], shape: shapely.Geometry) -> dict[str, Any]:
    nothing = {"mast_id": None, "owner": None, "structure": None, "height_m": np.nan, "free_height_m": np.nan, "tenants": pd.NA}
    common = _common(SuggestionKind.COLOCATE_NEW_MAST, "build_together", need, firms, "")
    return {**common, **nothing, "distance_m": np.nan, "geometry": shapely.point_on_surface(shape)}


def _common(kind: SuggestionKind, action: str, need: str, firms: list[str] | tuple[str, ...], mast: str) -> dict[str, Any]:
    digest = hashlib.sha256("|".join([str(kind), need, mast, *firms]).encode()).hexdigest()
    return {
        "suggestion_id": f"M-{digest[:_ID_DIGITS]}",
        "kind": str(kind),
        "action": action,
        "need_id": need,
        "operators": ", ".join(firms),
        "assumptions": "radio_plan_before_use" if kind == SuggestionKind.COLOCATE_NEW_MAST else "radio_plan_before_use, mast_load_check",
        "decision": "open",
    }
