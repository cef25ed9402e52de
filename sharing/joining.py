"""How many works were joined in time, by the day that joining was decided."""

import pandas as pd

from hatang.data.contracts import SuggestionKind
from hatang.sharing.kpis import tabulated_works


def works_joined(suggestions: pd.DataFrame, works: pd.DataFrame, *, period: str) -> pd.DataFrame:
    """Return `works_joined_in_time` (SHARING_KPIS contract) of the city: works joined by the day their list closed, over those decided.

    Works are joined in time where joining was accepted on or before their deadline, or their start where no deadline is stated; they are
    unknown where a suggestion to join is open and none was accepted in time, or neither day is known.

    Parameters
    ----------
    suggestions
        SUGGESTIONS contract with `decided_on`, the day of the decision that holds; the last of the `assets` of one to join is the works.
    works
        WORKS contract.

    Examples
    --------
    >>> made = {"kind": "join_works", "assets": ["K1, W1", "K2, W2"], "decision": "accepted"}
    >>> said = pd.DataFrame(made).assign(decided_on=pd.to_datetime(["2026-11-30", "2026-12-02"]))
    >>> closing = pd.DataFrame({"work_id": ["W1", "W2"], "start": pd.NaT, "join_deadline": pd.Timestamp("2026-12-01")})
    >>> works_joined(said, closing, period="2026Q4")[["numerator", "denominator", "unknown"]].values.tolist()
    [[1.0, 2.0, 0.0]]
    """
    joining = suggestions[suggestions["kind"] == SuggestionKind.JOIN_WORKS]
    closes = dict(zip(works["work_id"], works["join_deadline"].fillna(works["start"]), strict=True))
    answers: list[object] = []
    for work, part in joining.groupby(joining["assets"].astype(str).str.rsplit(", ", n=1).str[-1], sort=True):
        accepted = part[part["decision"] == "accepted"]
        day = closes.get(str(work), pd.NaT)
        if pd.notna(day) and (pd.to_datetime(accepted["decided_on"]) <= day).any():
            answers.append(True)
        else:
            answers.append(pd.NA if (part["decision"] == "open").any() or (len(accepted) and pd.isna(day)) else False)
    return tabulated_works("works_joined_in_time", answers, period=period)
