"""Which tests speak for an operator, for any operator, for all, for 4G or 5G: chosen cell by cell.

`any` is the best of the operators at a place and `all` the worst. Before a calibrated surface exists "a place" is an H3 cell of a ward,
and best and worst are told by evidence, not by luck: the operator whose share of passes has the highest lower bound (Clopper–Pearson)
speaks for `any`, the one with the lowest upper bound for `all`, the latter only where every operator was tested. `mobile` takes the better
of 4G and 5G alike. What remains are counts of tests, which a spreadsheet can add up again.
"""

import pandas as pd

from hatang.coverage.config import MOBILE, AssessConfig
from hatang.coverage.statistics import clopper_pearson
from hatang.data.contracts import ALL, ANY, Technology

PLACE = ["ward_code", "cell", "environment"]


def judged(units: pd.DataFrame, *, config: AssessConfig) -> pd.DataFrame:
    """Return units with `passed`: whether their level reaches that of their technology."""
    level = units["technology"].map(config.level_dbm).astype(float)
    return units.assign(passed=units["rsrp_dbm"].astype(float) >= level)


def speaking(units: pd.DataFrame, *, config: AssessConfig) -> pd.DataFrame:
    """Return judged units with the derived rows beside them: technology `mobile`, operators `any` and `all`.

    A derived row keeps its test; only `operator` and `technology` say whom it speaks for.
    """
    if units.empty:
        return units
    own = units[units["technology"].isin(MOBILE)]
    mobile = _chosen(own, among=["technology"], within=[*PLACE, "operator"], best=True, config=config)
    mobile = mobile.assign(technology=str(Technology.MOBILE))
    each = pd.concat([own, mobile], ignore_index=True)
    within = [*PLACE, "technology"]
    anyone = _chosen(each, among=["operator"], within=within, best=True, config=config).assign(operator=ANY)
    everyone = _chosen(_tested_by_all(each), among=["operator"], within=within, best=False, config=config).assign(operator=ALL)
    return pd.concat([each, anyone, everyone], ignore_index=True)


def _chosen(units: pd.DataFrame, *, among: list[str], within: list[str], best: bool, config: AssessConfig) -> pd.DataFrame:
    """Return the units of the one among several that speaks for each place; ties go to the first by name."""
    counts = units.groupby([*within, *among], sort=True, observed=True)["passed"].agg(["sum", "size"]).reset_index()
    low, high = clopper_pearson(counts["sum"], counts["size"], level=config.interval_level)
    rank = pd.Series(-low if best else high, index=counts.index)
    order = counts.assign(rank=rank).sort_values(["rank", *among], kind="stable")
    winners = order.drop_duplicates(within)[[*within, *among]]
    return units.merge(winners, on=[*within, *among], how="inner")


def _tested_by_all(units: pd.DataFrame) -> pd.DataFrame:
    """Return the units of places where every operator tested for that technology and environment has tests."""
    keys = ["technology", "environment"]
    operators = units.groupby(keys, observed=True)["operator"].nunique().rename("operators")
    there = units.groupby([*PLACE, "technology"], observed=True)["operator"].nunique().rename("there").reset_index()
    full = there.merge(operators.reset_index(), on=keys)
    full = full[full["there"] == full["operators"]]
    return units.merge(full[[*PLACE, "technology"]], on=[*PLACE, "technology"], how="inner")
