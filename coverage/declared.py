"""Official figures beside what an assessment counts: a difference only where both speak of the same thing, place and time."""

from typing import Any, Final

import numpy as np
import pandas as pd

from hatang.data.contracts import DECLARED, SCORECARD

_SCOPES: Final = {"city": "city", "ward": "ward", "firm": "operator"}
"""Scope of an indicator of shared use → scope of a declaration."""
_FIGURES: Final = ["indicator", "scope", "whose", "unit", "value", "lo", "hi"]


def official_figures(declarations: pd.DataFrame, press: pd.DataFrame) -> pd.DataFrame:
    """Return a declared figure an indicator and unit of the whole city: of those filed the one declared last, else the one of the press.

    Parameters
    ----------
    declarations
        What was filed (DECLARATIONS contract).
    press
        Figures that ship with the project: `indicator`, `value`, `unit`, `date`, `source`.

    Returns
    -------
    DataFrame
        `indicator`, `value`, `unit`, `source`, `date`.
    """
    city = declarations[declarations["scope"] == "city"].sort_values(["declared_on", "period"], kind="stable")
    last = city.drop_duplicates(["indicator", "unit"], keep="last")
    days = pd.to_datetime(last["declared_on"]).dt.strftime("%Y-%m-%d")
    filed = last.assign(source=last["document"], date=days)[["indicator", "value", "unit", "source", "date"]]
    parts = [part for part in (press[filed.columns], filed) if len(part)]
    return pd.concat(parts or [filed], ignore_index=True).drop_duplicates(["indicator", "unit"], keep="last", ignore_index=True)


def beside_declared(declarations: pd.DataFrame, scorecard: pd.DataFrame, kpis: pd.DataFrame, *, period: str) -> pd.DataFrame:
    """Return every declared figure with what the assessment counts (DECLARED contract).

    The difference stands where indicator, scope, unit and period agree; else `comparison` says what differs, and nothing is compared. Of a
    figure that lies within what may be, nothing is said either: `undecided`.

    Parameters
    ----------
    declarations
        DECLARATIONS contract; may be empty.
    scorecard, kpis
        SCORECARD and SHARING_KPIS contracts, of the assessment.
    period
        Quarter of the assessment, `2026Q3`.
    """
    ours = _ours(scorecard, kpis)
    rows = [_compared(row, ours, period) for row in declarations.sort_values(["indicator", "scope", "period"]).to_dict("records")]
    return DECLARED.conform(pd.DataFrame(rows, columns=DECLARED.names))


def _ours(scorecard: pd.DataFrame, kpis: pd.DataFrame) -> pd.DataFrame:
    """Return what was counted, a row a figure; those of the scorecard before those of shared use."""
    score = SCORECARD.conform(scorecard)
    city = score.assign(scope="city", whose="")[_FIGURES]
    amounts = kpis["share"].isna() & (kpis["unit"] == "m")
    shared = kpis.assign(
        scope=kpis["scope"].map(_SCOPES),
        whose=kpis["scope_code"].where(kpis["scope"] != "city", "").astype(str).str.casefold(),
        value=kpis["share"].where(~amounts, kpis["numerator"]),
        unit=kpis["unit"].where(amounts, "share"),
        lo=np.nan,
        hi=np.nan,
    )[_FIGURES]
    parts = [part for part in (city, shared) if len(part)]
    return pd.concat(parts, ignore_index=True).drop_duplicates(["indicator", "scope", "whose"])


def _compared(row: Any, ours: pd.DataFrame, period: str) -> dict[str, Any]:
    """Return one declared figure with ours."""
    code = {"ward": row["ward_code"], "operator": row["operator"]}.get(row["scope"]) or ""
    same = ours[ours["indicator"] == row["indicator"]]
    mixed = row["scope"] == "ward" and isinstance(row["operator"], str)  # of one firm in one ward: nothing of the kind is counted
    found = same[(same["scope"] == row["scope"]) & (same["whose"] == str(code).casefold()) & (not mixed)]
    mine = found.iloc[0].to_dict() if len(found) else dict.fromkeys(_FIGURES)
    value = float(found["value"].iloc[0]) if len(found) else np.nan
    known = not np.isnan(value)
    if not len(same) or (len(found) and not known):
        comparison = "not_counted"
    elif not len(found):
        comparison = "scope_differs"
    elif mine["unit"] != row["unit"]:
        comparison = "unit_differs"
    elif quarter(str(row["period"])) != period:
        comparison = "period_differs"
    elif mine["lo"] is not None and mine["lo"] < mine["hi"] and mine["lo"] <= row["value"] <= mine["hi"]:
        comparison = "undecided"
    else:
        comparison = "compared"
    counted = {"counted": value, "lo": mine["lo"], "hi": mine["hi"], "counted_unit": mine["unit"] if known else None}
    difference = value - float(row["value"]) if comparison == "compared" else np.nan
    declared = {name: row[name] for name in ("indicator", "scope", "operator", "ward_code", "ward_name", "period", "unit", "document")}
    return {
        **declared,
        "declared": row["value"],
        "declared_on": row["declared_on"],
        "definition": row["definition"],
        **counted,
        "counted_period": period if known else None,
        "difference": difference,
        "comparison": comparison,
    }


def quarter(period: str) -> str | None:
    """Return the quarter of a period that is a quarter or a month, None of a year.

    Examples
    --------
    >>> quarter("2026Q3"), quarter("2026-08"), quarter("2026")
    ('2026Q3', '2026Q3', None)
    """
    if "Q" in period:
        return period
    year, _, month = period.partition("-")
    return f"{year}Q{(int(month) + 2) // 3}" if month else None
