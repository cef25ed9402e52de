"""Tests as filed, before cleaning, by ward: counted by the aggregate engine over the engine files of a period's data sets."""

import numpy as np
import pandas as pd

from hatang.coverage.aggregate import aggregate
from hatang.coverage.config import AssessConfig
from hatang.coverage.locate import WardIndex
from hatang.coverage.silent import with_silent
from hatang.data.contracts import RAW_TESTS, Kind, Technology
from hatang.data.store import Store
from hatang.pipeline.enginecache import engine_file
from hatang.pipeline.inputs import Inputs
from hatang.pipeline.progress import Progress, counting

_BY = ("operator", "technology", "environment")


def raw_tests(
    store: Store,
    inputs: Inputs,
    wards: pd.DataFrame,
    index: WardIndex,
    placed: pd.DataFrame,
    *,
    config: AssessConfig,
    progress: Progress,
) -> pd.DataFrame:
    """Return the table of raw tests (RAW_TESTS contract) of the data sets that count in a period.

    A row without service has no level: it is counted in `no_service` and `tests`, and is none at level.

    Parameters
    ----------
    wards
        WARDS contract.
    index
        The same wards, EPSG:4326.
    placed
        The tests of the period with the ward of each.
    """
    tests = [entry for entry in inputs.datasets if entry.kind is Kind.MEASUREMENTS]
    if not tests:
        return RAW_TESTS.conform(pd.DataFrame(columns=RAW_TESTS.names))
    progress.step("assess.engine", total=len(tests))
    paths = []
    for entry in tests:
        paths.append(engine_file(store.home, store.table_path(entry), entry.sha256, index, threads=2))
        progress.advance()
    progress.step("assess.raw", total=sum(entry.rows_kept for entry in tests))
    levels = {str(Technology.LTE): config.level_4g_dbm, str(Technology.NR): config.level_5g_dbm}
    counted = aggregate(paths, index, by=_BY, thresholds=sorted(set(levels.values())), progress=counting(progress))
    at_level = np.select(
        [counted["technology"] == technology for technology in levels],
        [counted[f"share_ge_{level:g}"] for level in levels.values()],
        np.nan,
    )
    names = wards.set_index("ward_code")["ward_name"]
    renamed = counted.rename(columns={name: f"{name}_rsrp_dbm" for name in ("median", "p10", "p95")}).assign(share_at_level=at_level)
    whole = with_silent(renamed, placed)
    return RAW_TESTS.conform(whole.assign(ward_name=whole["ward_code"].map(names), period=config.period)[RAW_TESTS.names])
