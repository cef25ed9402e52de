"""Quarters and months in the ways that files write them."""

import calendar
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
_YEAR: Final = re.compile(r"(?:năm\s+)?(\d{4})", re.IGNORECASE)
_WHOLE_MONTHS: Final = (
    (re.compile(r"(\d{4})[-/.](\d{1,2})"), (1, 2)),
    (re.compile(r"(?:tháng|thg|t)?\s*(\d{1,2})\s*(?:[-/.]|năm)\s*(\d{4})", re.IGNORECASE), (2, 1)),
)
_YEARS: Final = (1990, 2100)
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


def bounds_of(text: str) -> tuple[str, str] | None:
    """Return the first and the last day of the month, quarter or year that a text names instead of a day, None where it names none.

    Examples
    --------
    >>> bounds_of("11/2026"), bounds_of("Quý I/2027"), bounds_of("2028")
    (('2026-11-01', '2026-11-30'), ('2027-01-01', '2027-03-31'), ('2028-01-01', '2028-12-31'))
    >>> bounds_of("31/02/2026"), bounds_of("13/2026"), bounds_of("1226")
    (None, None, None)
    """
    quarter = quarter_of(text) if re.search(r"q", text, re.IGNORECASE) else None
    whole = _YEAR.fullmatch(text.strip())
    months = [(int(found[year]), int(found[part])) for pattern, (year, part) in _WHOLE_MONTHS if (found := pattern.fullmatch(text.strip()))]
    if quarter is not None:
        year, last = int(quarter[:4]), 3 * int(quarter[5:])
        first = last - 2
    elif whole is not None:
        year, first, last = int(whole[1]), 1, 12
    elif months:
        year, first = months[0]
        last = first
    else:
        return None
    if not (_YEARS[0] <= year <= _YEARS[1] and 1 <= first <= last <= 12):
        return None
    return f"{year}-{first:02d}-01", f"{year}-{last:02d}-{calendar.monthrange(year, last)[1]}"
