"""Lists of buildings and homes, counted by ward, provider and technology."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from hatang.data.contracts import FIXED


def counted_by_ward(columns: Mapping[str, np.ndarray]) -> pa.Table:
    """Return rows of buildings (the columns of FIXED and `building_id`) counted under the contract FIXED.

    Of each ward and provider `households` are those of every building of the ward that any row names: who is served by nobody counts, and
    a provider is held against the same number as the others. Where rows differ about a building's homes the largest number counts.
    """
    frame = pd.DataFrame(dict(columns))
    homes = frame.groupby(["ward_code", "building_id"])["households"].max().groupby("ward_code").sum().to_dict()
    rows = [
        {
            **dict(zip(FIXED.key, key, strict=True)),
            "ward_name": part["ward_name"].iloc[0],
            "households": homes[key[0]],
            "households_served": part["households_served"].sum(),
            "households_connected": part["households_connected"].sum(min_count=1),
            "download_mbps": _median(part, "download_mbps"),
            "upload_mbps": _median(part, "upload_mbps"),
            "basis": part["basis"].iloc[0],
        }
        for key, part in frame.groupby(list(FIXED.key), sort=True)
    ]
    return pa.Table.from_pandas(FIXED.conform(pd.DataFrame(rows, columns=FIXED.names)), preserve_index=False)


def _median(part: pd.DataFrame, speed: str) -> float:
    """Return the median speed of the served homes that a row tells one of; NaN where none does."""
    known = part[part[speed].notna() & (part["households_served"] > 0)].sort_values(speed)
    if known.empty:
        return float("nan")
    homes = known["households_served"].cumsum().to_numpy()
    return float(known[speed].to_numpy()[int(np.searchsorted(homes, homes[-1] / 2))])
