"""Quarters and months in the ways that files write them."""

import re
from typing import Final

_QUARTER: Final = (
    (re.compile(r"(\d{4})[\s_/.-]*Q([1-4])", re.IGNORECASE), (1, 2)),
    (re.compile(r"Q(?:uý)?\s*([1-4])[\s_/.-]*(\d{4})", re.IGNORECASE), (2, 1)),
)
_MONTHS: Final = (
    (re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.]\d{1,2}(?:[T ].*)?)?"), (1, 2)),
    (re.compile(r"(?:\d{1,2}/)?(\d{1,2})[-/.](\d{4})"), (2, 1)),
)
_ROMAN: Final = {"IV": "4", "III": "3", "II": "2", "I": "1"}


def quarter_of(text: str) -> str | None:
    """Return the quarter that a text names or that its month or day lies in, None where it names none.

    Examples
    --------
    >>> quarter_of("2024-Q4"), quarter_of("Quý III/2026"), quarter_of("07/2025"), quarter_of("2025-11-03"), quarter_of("1997")
    ('2024Q4', '2026Q3', '2025Q3', '2025Q4', None)
    """
    plain = re.sub(r"\b(IV|III|II|I)\b", lambda roman: _ROMAN[roman[1]], text.strip())
    for pattern, (year, part) in _QUARTER:
        if found := pattern.fullmatch(plain):
            return f"{found[year]}Q{found[part]}"
    month = month_of(plain)
    return None if month is None else f"{month[:4]}Q{(int(month[5:]) + 2) // 3}"


def month_of(text: str) -> str | None:
    """Return the month that a text names or that its day lies in as `2025-07`, None where it names none.

    Examples
    --------
    >>> month_of("7/2025"), month_of("01/07/2025"), month_of("2025-13"), month_of("2024Q4")
    ('2025-07', '2025-07', None, None)
    """
    for pattern, (year, part) in _MONTHS:
        found = pattern.fullmatch(text.strip())
        if found and 1 <= int(found[part]) <= 12:
            return f"{found[year]}-{int(found[part]):02d}"
    return None
