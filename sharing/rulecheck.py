"""Violations: what of a plan does not meet which clause, with the value measured and the value needed.

Facts are a long table, a row a thing measured. A clause looks at the rows of its parameter that are what it holds for; what was not
measured is neither met nor violated. Unverified clauses warn and never more.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from hatang.data.contracts import VIOLATIONS, Clause, CrsError, SchemaError

_NEEDED: Final = ("feature_id", "parameter", "measured")


def facts_of(features: gpd.GeoDataFrame, measures: Sequence[str], *, conditions: Sequence[str] = ()) -> gpd.GeoDataFrame:
    """Return facts (`feature_id`, `parameter`, `measured`, `needed`, the conditions, geometry) from a wide table of features.

    Parameters
    ----------
    features
        Has `feature_id` and the measures as columns; `<measure>_needed` where each thing has its own need. Absent columns measure nothing.
    measures
        Names of parameters.
    conditions
        Columns that clauses may ask about (`surface`, `area`, …), kept with every fact.

    Examples
    --------
    >>> shape = gpd.points_from_xy([0], [0], crs="EPSG:9214")
    >>> pole = gpd.GeoDataFrame({"feature_id": ["C1"], "slack_m": [12.0], "boxes_per_operator": [None]}, geometry=shape)
    >>> facts_of(pole, ["slack_m", "boxes_per_operator"])[["feature_id", "parameter", "measured"]].values.tolist()
    [['C1', 'slack_m', 12.0]]
    """
    kept = [name for name in conditions if name in features]
    parts = []
    for measure in measures:
        if measure not in features:
            continue
        needed = features[f"{measure}_needed"] if f"{measure}_needed" in features else pd.Series(np.nan, index=features.index)
        part = features[["feature_id", *kept, "geometry"]].assign(
            parameter=measure, measured=features[measure].astype(float), needed=needed.astype(float)
        )
        parts.append(part[part["measured"].notna()])
    if not parts:
        empty = pd.DataFrame({name: pd.Series(dtype=object) for name in (*_NEEDED, "needed", *kept, "geometry")})
        return gpd.GeoDataFrame(empty, geometry="geometry", crs=features.crs)
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=features.crs)


def check_rules(facts: gpd.GeoDataFrame, clauses: Iterable[Clause]) -> gpd.GeoDataFrame:
    """Return the violations (VIOLATIONS contract, CRS of the facts), breaches first, then by clause and feature.

    Parameters
    ----------
    facts
        `feature_id`, `parameter`, `measured`, optionally `needed` and columns of conditions; several frames may be concatenated.
    clauses
        Those in force on the day of the plan.

    Raises
    ------
    SchemaError
        Where a column is missing.
    CrsError
        Where the facts have no CRS.

    Examples
    --------
    >>> import datetime as dt
    >>> wall = Clause("wall_distance", "QCVN 07-3", "2.2.1.4", "wall_distance_m", ">=", 1.0, "m", dt.date(2024, 7, 1), True, "breach")
    >>> at = gpd.points_from_xy([0, 9], [0, 0], crs="EPSG:9214")
    >>> facts = gpd.GeoDataFrame({"feature_id": ["a", "b"], "parameter": "wall_distance_m", "measured": [0.8, 1.0]}, geometry=at)
    >>> check_rules(facts, [wall])[["feature_id", "measured", "needed", "severity"]].values.tolist()
    [['a', 0.8, 1.0, 'breach']]
    """
    absent = [name for name in _NEEDED if name not in facts]
    if absent:
        raise SchemaError("error.rulecheck.columns", columns=", ".join(absent))
    if facts.crs is None:
        raise CrsError("error.rulecheck.crs")
    rows: list[dict[str, Any]] = []
    measures = _by_feature(facts)
    for clause in clauses:
        for fact, needed in _judged(facts, clause):
            if clause.holds(float(fact["measured"]), needed):
                continue
            if clause.unless and measures.get((str(fact["feature_id"]), clause.unless[0]), -np.inf) >= clause.unless[1]:
                continue
            rows.append(_violation(clause, fact, needed))
    if not rows:
        return gpd.GeoDataFrame(VIOLATIONS.conform(pd.DataFrame(columns=VIOLATIONS.names)), geometry="geometry", crs=facts.crs)
    frame = pd.DataFrame(rows).sort_values(["severity", "code", "feature_id"], kind="stable", ignore_index=True)
    number = frame.groupby(["code", "feature_id"]).cumcount()
    frame["violation_id"] = [
        f"{row.code}:{row.feature_id}" + (f":{n + 1}" if n else "") for row, n in zip(frame.itertuples(), number, strict=True)
    ]
    return gpd.GeoDataFrame(VIOLATIONS.conform(frame), geometry="geometry", crs=facts.crs)


def count_judged(facts: gpd.GeoDataFrame, clauses: Iterable[Clause]) -> dict[str, int]:
    """Return for each clause, by code, how many facts it could be held against: what `check_rules` looks at, met or not.

    Parameters
    ----------
    facts, clauses
        As `check_rules` takes them.

    Examples
    --------
    >>> import datetime as dt
    >>> wall = Clause("wall_distance", "QCVN 07-3", "2.2.1.4", "wall_distance_m", ">=", 1.0, "m", dt.date(2024, 7, 1), True, "breach")
    >>> at = gpd.points_from_xy([0, 9], [0, 0], crs="EPSG:9214")
    >>> facts = gpd.GeoDataFrame({"feature_id": ["a", "b"], "parameter": "wall_distance_m", "measured": [0.8, None]}, geometry=at)
    >>> count_judged(facts, [wall])
    {'wall_distance': 1}
    """
    return {clause.code: len(_judged(facts, clause)) for clause in clauses}


def _judged(facts: gpd.GeoDataFrame, clause: Clause) -> list[tuple[Mapping[Any, Any], float]]:
    """Return the facts that a clause can be held against, each with what is needed there."""
    found = [(fact, _need(fact, clause)) for fact in facts[_concerned(facts, clause)].to_dict("records")]
    return [(fact, needed) for fact, needed in found if not np.isnan(needed)]


def _need(fact: Mapping[Any, Any], clause: Clause) -> float:
    return clause.value if clause.value is not None else float(fact.get("needed", np.nan))


def _by_feature(facts: gpd.GeoDataFrame) -> Mapping[tuple[str, str], float]:
    keys = zip(facts["feature_id"].astype(str), facts["parameter"].astype(str), strict=True)
    return dict(zip(keys, facts["measured"].astype(float).tolist(), strict=True))


def _concerned(facts: gpd.GeoDataFrame, clause: Clause) -> pd.Series:
    """Return which facts a clause speaks of; where a condition is not known the clause says nothing."""
    found = (facts["parameter"] == clause.parameter) & facts["measured"].notna()
    for column, value in clause.where.items():
        found &= (facts[column] == value) if column in facts else False
    return found


def _violation(clause: Clause, fact: Mapping[Any, Any], needed: float) -> dict[str, Any]:
    return {
        "feature_id": str(fact["feature_id"]),
        "code": clause.code,
        "document": clause.document,
        "clause": clause.clause,
        "parameter": clause.parameter,
        "op": clause.op,
        "measured": float(fact["measured"]),
        "needed": needed,
        "unit": clause.unit,
        "verified": clause.verified,
        "severity": clause.severity,
        "geometry": fact["geometry"],
    }
