"""Room in existing assets: what is known to be free after the reserve, and what must be surveyed first.

Unknown occupancy stays unknown: it is never room.
"""

import numpy as np
import pandas as pd

from hatang.data.contracts import AssetClass
from hatang.sharing.policy import SharingPolicy


def spare_capacity(assets: pd.DataFrame, *, policy: SharingPolicy) -> pd.DataFrame:
    """Return `capacity`, `used`, `spare` (ways of ducts, slots of poles; missing where not known) and `action`, on the index of `assets`.

    `action` is `closed` (not to be shared, or out of service), `survey` (occupancy unknown), `full`, or `reuse`. Chambers have no ways of
    their own: an open one in service is `reuse`, its room being that of the ducts that end in it.

    Examples
    --------
    >>> duct = {"asset_class": "duct_section", "status": "in_service", "sharable": None, "ways": 4, "ways_used": 1}
    >>> assets = pd.DataFrame([{**duct, "slots_total": None, "slots_used": None}])
    >>> spare_capacity(assets, policy=SharingPolicy(reserve_ways=1))[["spare", "action"]].values.tolist()
    [[2, 'reuse']]
    """
    duct = assets["asset_class"] == AssetClass.DUCT_SECTION
    chamber = assets["asset_class"] == AssetClass.CHAMBER
    capacity = assets["ways"].where(duct, assets["slots_total"]).astype("Int64")
    used = assets["ways_used"].where(duct, assets["slots_used"]).astype("Int64")
    reserve = np.where(duct, policy.reserve_ways, 0)
    spare = (capacity - used - reserve).clip(lower=0)
    closed = (assets["sharable"] == "no") | (assets["status"].notna() & (assets["status"] != "in_service"))
    unknown = spare.isna() & ~chamber
    action = np.select([closed, unknown, (spare == 0).fillna(value=False)], ["closed", "survey", "full"], "reuse")
    return pd.DataFrame({"capacity": capacity, "used": used, "spare": spare, "action": action}, index=assets.index)
