"""Room in existing assets: what is known to be free after the reserve, and what must be surveyed first.

Unknown occupancy stays unknown: it is never room.
"""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import AssetClass
from hatang.sharing.policy import SharingPolicy

_SAYS: Final = ("reuse", "survey", "full", "closed")
"""Of the ducts that end in a chamber the one that comes first here speaks for it."""


def spare_capacity(assets: pd.DataFrame, *, policy: SharingPolicy) -> pd.DataFrame:
    """Return `capacity`, `used`, `spare` (ways of ducts, slots of poles; missing where not known) and `action`, on the index of `assets`.

    `action` is `closed` (not to be shared, or out of service), `survey` (occupancy unknown), `full`, or `reuse`. Chambers have no ways of
    their own: what there is to do about one in service is `survey` until the ducts that end in it are looked at (`chamber_actions`).

    Examples
    --------
    >>> duct = {"asset_class": "duct_section", "status": "in_service", "sharable": None, "ways": 4, "ways_used": 1}
    >>> assets = pd.DataFrame([{**duct, "slots_total": None, "slots_used": None}])
    >>> spare_capacity(assets, policy=SharingPolicy(reserve_ways=1))[["spare", "action"]].values.tolist()
    [[2, 'reuse']]
    """
    duct = assets["asset_class"] == AssetClass.DUCT_SECTION
    capacity = assets["ways"].where(duct, assets["slots_total"]).astype("Int64")
    used = assets["ways_used"].where(duct, assets["slots_used"]).astype("Int64")
    reserve = np.where(duct, policy.reserve_ways, 0)
    spare = (capacity - used - reserve).clip(lower=0)
    closed = (assets["sharable"] == "no") | (assets["status"].notna() & (assets["status"] != "in_service"))
    unknown = spare.isna()
    action = np.select([closed, unknown, (spare == 0).fillna(value=False)], ["closed", "survey", "full"], "reuse")
    return pd.DataFrame({"capacity": capacity, "used": used, "spare": spare, "action": action}, index=assets.index)


def chamber_actions(chambers: gpd.GeoDataFrame, ducts: gpd.GeoDataFrame, actions: pd.Series, *, end_m: float) -> pd.Series:
    """Return what the ducts that end in each chamber say of it, on the index of `chambers`: their room is the chamber's.

    `reuse` where one of them has room, else `survey` where one is unknown or none ends there, else `full`, else `closed`.

    Parameters
    ----------
    chambers, ducts
        ASSETS contract, one metric CRS.
    actions
        `action` of `spare_capacity` for `ducts`, in their order.
    end_m
        How near to a chamber a duct ends that ends in it.

    Examples
    --------
    >>> chambers = gpd.GeoDataFrame(geometry=[shapely.Point(0, 0), shapely.Point(50, 0)], crs="EPSG:9214")
    >>> ducts = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 1), (90, 1)])], crs="EPSG:9214")
    >>> chamber_actions(chambers, ducts, pd.Series(["full"]), end_m=2).tolist()
    ['full', 'survey']
    """
    shapes, lines = chambers.geometry.to_numpy(), ducts.geometry.to_numpy()
    chamber, duct = shapely.STRtree(lines).query(shapes, predicate="dwithin", distance=end_m)
    ends = [shapely.MultiPoint(shapely.get_coordinates(lines[number])[[0, -1]]) for number in duct]
    ending = shapely.dwithin(shapes[chamber], np.array(ends, dtype=object), end_m)
    rank = actions.map({name: number for number, name in enumerate(_SAYS)}).to_numpy(int)
    best = np.full(len(shapes), len(_SAYS))
    np.minimum.at(best, chamber[ending], rank[duct[ending]])
    return pd.Series(np.array([*_SAYS, "survey"], dtype=object)[best], index=chambers.index, name="action")
