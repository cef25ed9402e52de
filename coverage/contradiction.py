"""Where tests contradict a claim: one function, used by gaps, reports and audits alike."""

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.coverage.config import AssessConfig
from hatang.coverage.statistics import clopper_pearson
from hatang.data.contracts import HUE_CRS, MAP_CRS

KEYS: Final = ["operator", "technology", "environment", "cell"]


def cell_counts(units: pd.DataFrame, claims: gpd.GeoDataFrame, *, config: AssessConfig) -> pd.DataFrame:
    """Return the counts of tests inside a claim per claimant and H3 cell, and whether they contradict it.

    A cell is contradicted with at least five tests from at least two devices whose lower bound of failures (Clopper–Pearson, two-sided
    90 %) exceeds 1 − `target_share`.

    Parameters
    ----------
    units
        Judged units of one operator and technology each (`lon`, `lat` in EPSG:4326, `cell`, `device_id`, `passed`).
    claims
        One polygon a claimant, EPSG:9214.

    Returns
    -------
    KEYS, `tests`, `devices`, `failures`, `failure_lo`, `contradicted`.
    """
    parts = []
    for claim, area in zip(claims.itertuples(), claims.geometry.to_numpy(), strict=True):
        mine = units[
            (units["operator"] == claim.operator) & (units["technology"] == claim.technology) & (units["environment"] == claim.environment)
        ]
        if mine.empty:
            continue
        points = gpd.GeoSeries(gpd.points_from_xy(mine["lon"], mine["lat"]), crs=MAP_CRS).to_crs(HUE_CRS)
        shapely.prepare(area)
        parts.append(mine[shapely.intersects_xy(area, points.x.to_numpy(), points.y.to_numpy())])
    inside = pd.concat(parts, ignore_index=True) if parts else units.iloc[:0]
    counts = (
        inside.assign(failed=~inside["passed"].astype(bool))
        .groupby(KEYS, sort=True, observed=True)
        .agg(tests=("failed", "size"), devices=("device_id", "nunique"), failures=("failed", "sum"))
        .reset_index()
    )
    low, _ = clopper_pearson(counts["failures"].to_numpy(float), counts["tests"].to_numpy(float), level=config.interval_level)
    enough = (counts["tests"] >= config.contradiction_tests) & (counts["devices"] >= config.contradiction_devices)
    return counts.assign(failure_lo=low, contradicted=enough & (np.nan_to_num(low) > 1 - config.target_share))
