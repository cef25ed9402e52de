"""How far the clauses could be held against a plan: what was judged, what not, and what is missing to judge it.

A clause that judged nothing is not met: it says what it lacks, or that the plan has nothing that it speaks of.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import pandas as pd

from hatang.data.contracts import RULE_COVERAGE, Clause
from hatang.sharing.rulecheck import count_judged

NO_SUCH: Final = "no_such"
"""What a clause lacks whose things the plan does not have."""


def rule_coverage(
    facts: gpd.GeoDataFrame,
    things: pd.DataFrame,
    violations: pd.DataFrame,
    clauses: Sequence[Clause],
    *,
    asked: Mapping[str, tuple[str | None, str]],
) -> pd.DataFrame:
    """Return for each clause what of a plan was judged (RULE_COVERAGE contract), in the order of the clauses.

    Parameters
    ----------
    facts
        As `check_rules` takes them.
    things
        What the plan has, a row each kind: `subject`, `number` (missing where there are such things but nobody knows how many), and
        columns of conditions (`surface`, …). A condition that is not known leaves a thing among those that the clause may speak of.
    violations
        What `check_rules` found in the facts.
    clauses
        Those in force on the day of the plan.
    asked
        For each parameter the subject that it is measured of and what is missing where it is not measured; no subject where plans have
        none.

    Examples
    --------
    >>> import datetime as dt
    >>> wall = Clause("wall_distance", "QCVN 07-3", "2.2.1.4", "wall_distance_m", ">=", 1.0, "m", dt.date(2024, 7, 1), True, "breach")
    >>> at = gpd.points_from_xy([0], [0], crs="EPSG:9214")
    >>> facts = gpd.GeoDataFrame({"feature_id": ["a"], "parameter": "wall_distance_m", "measured": [1.2]}, geometry=at)
    >>> things = pd.DataFrame({"subject": ["section"], "number": [3.0]})
    >>> none = pd.DataFrame({"code": []})
    >>> rule_coverage(facts, things, none, [wall], asked={"wall_distance_m": ("section", "buildings")}).values.tolist()
    [['wall_distance', 1, 0, 2, 'buildings']]
    """
    judged = count_judged(facts, clauses)
    violating = violations["code"].value_counts()
    rows: list[dict[str, Any]] = []
    for clause in clauses:
        subject, lacks = asked.get(clause.parameter, (None, "sketch"))
        whole = _number(things, subject, clause) if subject else None
        left = None if whole is None else max(whole - judged[clause.code], 0)
        none = left == 0 and not judged[clause.code]
        row = {"code": clause.code, "judged": judged[clause.code], "violating": int(violating.get(clause.code, 0)), "unjudged": left}
        rows.append(row | {"lacks": NO_SUCH if none else (None if left == 0 else lacks)})
    return RULE_COVERAGE.conform(pd.DataFrame(rows, columns=RULE_COVERAGE.names))


def _number(things: pd.DataFrame, subject: str, clause: Clause) -> int | None:
    """Return how many things a clause speaks of or may speak of, None where nobody knows how many there are."""
    found = things["subject"] == subject
    for column, value in clause.where.items():
        if column in things:
            found &= things[column].isna() | (things[column] == value)
    number = things.loc[found, "number"]
    return None if number.isna().any() else int(number.sum())
