"""Whether suggestions fit what plans and zones ask where they lie: yes, no, or no data, with the document named."""

import datetime as dt
from collections.abc import Hashable, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, PLAN_FIT, SuggestionKind

NO_POLES: Final = frozenset({SuggestionKind.REUSE_POLE})
NEW_MASTS: Final = frozenset({SuggestionKind.COLOCATE_NEW_MAST})
MASTS: Final = NEW_MASTS | {SuggestionKind.SHARE_MAST}
DIGGING: Final = frozenset({SuggestionKind.JOINT_TRENCH, SuggestionKind.NEW_SHARED_SET, SuggestionKind.UNDERGROUND})
FORBIDS: Final[Mapping[str, frozenset[SuggestionKind]]] = {
    "underground_only": NO_POLES,
    "a1_only": NEW_MASTS,
    "relic_zone_1": NEW_MASTS | DIGGING,
    "relic_zone_2": NEW_MASTS | DIGGING,
    "airport_height": MASTS,
    "forest": NEW_MASTS | DIGGING,
    "flood": frozenset(),
    "moratorium": DIGGING,
}
"""Suggestions that each kind of constraint speaks of, beside those it does not touch. Flooding forbids nothing: it is said. A height limit
forbids only what is known to be higher.
"""


def plan_fit(suggestions: gpd.GeoDataFrame, constraints: gpd.GeoDataFrame, *, on: dt.date) -> pd.DataFrame:
    """Return for each suggestion and each kind of constraint that speaks of it whether it fits on a day.

    Columns: PLAN_FIT contract. No layer of a kind filed: `no_data`, never `fits`. A layer whose dates are not valid on the day does not
    count, but was filed; a limit without its date holds from the first day or to the last. Where the height of a mast, or the limit, is not
    known: `no_data`. A constraint that names no document does not bind by itself: it is flagged in `needs_document`.

    Parameters
    ----------
    suggestions
        `suggestion_id`, `kind`, and `height_m` where masts have one; any CRS.
    constraints
        CONSTRAINTS contract, any CRS.

    Examples
    --------
    >>> made = gpd.GeoDataFrame({"suggestion_id": ["s"], "kind": ["reuse_pole"]}, geometry=[shapely.Point(0, 0)], crs=HUE_CRS)
    >>> nothing = gpd.GeoDataFrame({"constraint_kind": []}, geometry=[], crs=HUE_CRS)
    >>> plan_fit(made, nothing, on=dt.date(2026, 9, 30))[["constraint_kind", "fit"]].values.tolist()
    [['underground_only', 'no_data']]
    """
    metric = suggestions.to_crs(HUE_CRS)
    zones = constraints.to_crs(HUE_CRS).reset_index(drop=True)
    filed = set(zones["constraint_kind"])
    valid = _valid(zones, on)
    heights = metric["height_m"].to_numpy(float) if "height_m" in metric else np.full(len(metric), np.nan)
    rows = []
    for name, kind, height, shape in zip(metric["suggestion_id"], metric["kind"], heights, metric.geometry.to_numpy(), strict=True):
        for constraint, forbidden in FORBIDS.items():
            if kind not in forbidden and not (constraint == "flood" and kind in DIGGING | NEW_MASTS):
                continue
            common = {"suggestion_id": name, "constraint_kind": constraint}
            if constraint not in filed:
                rows.append({**common, "fit": "no_data", "reason": "no_layer"})
                continue
            here = valid[(valid["constraint_kind"] == constraint) & shapely.intersects(valid.geometry.to_numpy(), shape)]
            if here.empty:
                rows.append({**common, "fit": "fits", "reason": "outside"})
            rows += [{**common, **_met(constraint, zone, height)} for zone in here.to_dict("records")]
    return PLAN_FIT.conform(pd.DataFrame(rows, columns=PLAN_FIT.names))


def _valid(zones: gpd.GeoDataFrame, on: dt.date) -> gpd.GeoDataFrame:
    """Return the constraints in force on a day."""
    if zones.empty:
        return zones
    day = pd.Timestamp(on)
    begun = zones["valid_from"].isna() | (zones["valid_from"] <= day)
    lasting = zones["valid_to"].isna() | (zones["valid_to"] >= day)
    return gpd.GeoDataFrame(zones[begun & lasting])


def _met(constraint: str, zone: Mapping[Hashable, Any], height_m: float) -> dict[str, object]:
    """Return what a constraint says of a suggestion that lies in it."""
    document = zone.get("document")
    days = {"valid_from": zone.get("valid_from"), "valid_to": zone.get("valid_to")}
    said = {"constraint_name": zone.get("name"), "document": document, **days, "needs_document": bool(pd.isna(document))}
    if constraint == "flood":
        return {"fit": "fits", "reason": "flooded", **said}
    if constraint == "airport_height":
        limit = zone.get("max_height_m")
        if pd.isna(limit) or np.isnan(height_m):
            return {"fit": "no_data", "reason": "height_unknown", **said}
        if height_m <= limit:
            return {"fit": "fits", "reason": "low_enough", **said}
        return {"fit": "does_not_fit", "reason": "too_high", **said}
    return {"fit": "does_not_fit", "reason": "inside", **said}
