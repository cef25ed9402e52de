"""Raw tests to units: what a logger repeats or places badly is left out, and one device counts once a cell and day.

The **unit of a test** is device × H3 res-8 cell × day, per operator, technology and environment; its level is the median of its rows.
A row without service lies below every level (it is censored at the device's floor), so that places without signal are not left out of
the sample. It never enters a mean: a unit half of whose rows had no service is one without service, whatever the other half had.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

FLOOR_DBM: Final = -140.0
"""Level of a unit without service: the lowest that 3GPP TS 36.133 lets a device report. It fails every threshold and is no level itself."""
UNIT: Final = ["operator", "technology", "environment", "device_id", "cell", "day"]
_STEADY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class CleaningRules:
    """Limits of the cleaning, from the rules in force."""

    accuracy_m: float = 50.0


@dataclass(frozen=True)
class Cleaned:
    """Units (one row a unit: UNIT, `ward_code`, `lon`, `lat`, `rsrp_dbm`, `download_mbps`) and the ledger of rows (`step`, `rows`)."""

    units: pd.DataFrame
    ledger: pd.DataFrame


def clean(tests: pd.DataFrame, *, rules: CleaningRules) -> Cleaned:
    """Return the units of raw tests.

    Parameters
    ----------
    tests
        MEASUREMENTS contract with `ward_code` (missing outside every ward) and `cell` (H3 index) added; the order of rows does not
        matter where they carry times.

    Returns
    -------
    Cleaned
        The ledger's rows add up: `raw` = `outside_city` + `inaccurate` + `latched` + `merged_into_units` + `units`.
    """
    if tests.empty:
        columns = [*UNIT, "ward_code", "lon", "lat", "rsrp_dbm", "download_mbps"]
        return Cleaned(pd.DataFrame(columns=columns), _ledger(0, 0, 0, 0, 0))
    inside = tests[tests["ward_code"].notna()]
    accurate = inside[~(inside["accuracy_m"] > rules.accuracy_m)]
    fresh = accurate[~latched(accurate)]
    silent = fresh["no_service"].fillna(value=False).astype(bool)
    level = fresh["rsrp_dbm"].where(~(silent & fresh["rsrp_dbm"].isna()), -np.inf)
    day = fresh["time"].dt.normalize()
    rows = fresh.assign(rsrp_dbm=level, day=day)
    grouped = rows.groupby([*UNIT, "ward_code"], dropna=False, sort=True, observed=True)
    units = grouped.agg(
        lon=("lon", "median"), lat=("lat", "median"), rsrp_dbm=("rsrp_dbm", "median"), download_mbps=("download_mbps", "median")
    ).reset_index()
    units["rsrp_dbm"] = units["rsrp_dbm"].replace(-np.inf, FLOOR_DBM)
    return Cleaned(units, _ledger(len(tests), len(inside), len(accurate), len(fresh), len(units)))


def latched(tests: pd.DataFrame) -> pd.Series:
    """Return which rows repeat the reading before them: the modem's last values written again by the logger.

    A row is a repeat where the same device shows the same level, quality and noise within ten seconds; a level alone is too coarse to tell.

    References
    ----------
    56–84 % of the rows of real logs repeat the triple before them (UCC 5G data set, MMSys'20, and others).
    """
    signal = ["rsrp_dbm", "rsrq_db", "sinr_db"]
    order = tests.sort_values(["device_id", "operator", "technology", "time"], kind="stable")
    same = pd.Series(data=True, index=order.index)
    for column in ("device_id", "operator", "technology", *signal):
        before = order[column].shift()
        same &= (order[column] == before) | (order[column].isna() & before.isna()) if column in signal else order[column] == before
    told = order["rsrp_dbm"].notna() & (order["rsrq_db"].notna() | order["sinr_db"].notna())
    gap = order["time"].diff().dt.total_seconds()
    steady = gap.isna() | gap.between(0, _STEADY_S)
    first = pd.Series(np.arange(len(order)) == 0, index=order.index)
    return pd.Series((same & told & steady & ~first).reindex(tests.index))


def _ledger(raw: int, inside: int, accurate: int, fresh: int, units: int) -> pd.DataFrame:
    steps = {
        "raw": raw,
        "outside_city": raw - inside,
        "inaccurate": inside - accurate,
        "latched": accurate - fresh,
        "merged_into_units": fresh - units,
        "units": units,
    }
    return pd.DataFrame({"step": list(steps), "rows": list(steps.values())})
