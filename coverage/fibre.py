"""Fibre by served counts: households that a provider can connect, of all households of a ward.

Counts are the providers' own declarations, judged like tests: Clopper–Pearson on the counts. What several providers reach together is
not in their counts; the exact bounds are Fréchet's: any at least the best and at most the sum; all at most the least, at least the sum
less the rest.
"""

from typing import Any, Final

import numpy as np
import pandas as pd

from hatang.coverage.config import AssessConfig
from hatang.coverage.statistics import clopper_pearson
from hatang.data.contracts import ALL, ANY, Environment, Technology

COLUMNS: Final = [
    "ward_code",
    "operator",
    "technology",
    "environment",
    "claimed_population_share",
    "population_share",
    "population_lo",
    "population_hi",
    "evidence",
]


def fibre_shares(fixed: pd.DataFrame, *, config: AssessConfig) -> pd.DataFrame:
    """Return the share of households that fibre can reach, per ward and provider, and for any and all providers.

    Parameters
    ----------
    fixed
        FIXED contract: one row a ward, provider and technology, `households_served` of `households`; of a survey `households` are those
        asked. Lines that are not fibre do not count; a row that names no technology is fibre.
    """
    fixed = fibre_lines(fixed)
    rows: list[dict[str, Any]] = []
    for ward, part in fixed.groupby("ward_code", sort=True):
        households = part["households"].to_numpy(float)
        served = part["households_served"].to_numpy(float)
        low, high = clopper_pearson(served, households, level=config.interval_level)
        share = np.divide(served, households, out=np.full(len(part), np.nan), where=households > 0)
        rows += [_row(str(ward), operator, s, lo, hi) for operator, s, lo, hi in zip(part["operator"], share, low, high, strict=True)]
        if np.isnan(share).any():
            continue
        together = min(1.0, float(share.sum()))
        sampled = clopper_pearson(together * households.max(), households.max(), level=config.interval_level)
        rows.append(_row(str(ward), ANY, float(share.max()), float(low[share.argmax()]), float(sampled[1])))
        least = max(0.0, float(share.sum()) - (len(share) - 1))
        below = clopper_pearson(least * households.max(), households.max(), level=config.interval_level)
        rows.append(_row(str(ward), ALL, float(share.min()), min(float(below[0]), float(share.min())), float(high[share.argmin()])))
    return pd.DataFrame(rows, columns=COLUMNS)


def fibre_lines(fixed: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a table under FIXED that are fibre, or name no technology."""
    return fixed if fixed.empty else fixed[fixed["technology"].isna() | (fixed["technology"] == Technology.FIBRE)]


def _row(ward: str, operator: str, share: float, low: float, high: float) -> dict[str, Any]:
    return {
        "ward_code": ward,
        "operator": operator,
        "technology": str(Technology.FIBRE),
        "environment": str(Environment.PREMISES),
        "claimed_population_share": share,
        "population_share": share,
        "population_lo": low,
        "population_hi": high,
        "evidence": "none" if np.isnan(share) else "declared",
    }
