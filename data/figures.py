"""One rounding for every figure that a person reads: DOCX, PDF, PNG, the map and the terminal all call these functions.

CSV, XLSX, GPKG and GeoJSON hold full values instead. A missing value is an en dash, never 0.
"""

import datetime as dt
import math
import sys
import unicodedata
from typing import TYPE_CHECKING, Final

from babel.dates import format_date
from babel.numbers import format_decimal

from hatang.data.language import Language, text

if TYPE_CHECKING:
    import pandas as pd

MISSING: Final = "–"
_DIGITS: Final = {
    "share": 1,
    "m²": 0,
    "km²": 2,
    "people": 0,
    "households": 0,
    "tests": 0,
    "dBm": 1,
    "m": 0,
    "km": 1,
    "Mbit/s": 1,
    "VND": 0,
    "%": 1,
    "ways": 0,
    "assets": 0,
    "wards": 0,
    "ms": 0,
    "ha": 1,
    "months": 0,
    "years": 1,
}


_FORMLESS: Final = {"Cc": "?", "Cs": "?", "Co": "?", "Cn": "?", "Cf": ""}
"""Categories of signs that have no form of their own, with what stands for them."""


def is_missing(value: object) -> bool:
    """Return whether `value` is None, NaN, NA or NaT."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    pandas = sys.modules.get("pandas")  # where it was never imported, nothing can be NA or NaT
    return pandas is not None and (value is pandas.NA or value is pandas.NaT)


def shown(value: object, unit: str, language: Language) -> str:
    """Return a figure as people read it, without its unit except for the sign of a share.

    Parameters
    ----------
    value
        A number in `unit`; shares are 0–1 and shown in per cent.
    unit
        One of the units of `hatang.data.contracts`; an unknown one is shown with up to three digits.
    language
        `vi` writes 12.345,6 and 87,6%; `en` writes 12,345.6 and 87.6%.

    Examples
    --------
    >>> shown(0.8764, "share", "vi"), shown(12345.61, "km²", "vi"), shown(None, "share", "vi")
    ('87,6%', '12.345,61', '–')
    """
    if is_missing(value):
        return MISSING
    number = float(value)  # type: ignore[arg-type]
    digits = _DIGITS.get(unit, 3)
    pattern = "#,##0" + ("." + ("0" if unit in _DIGITS else "#") * digits if digits else "")
    if unit == "share":
        # Shares are cut, not rounded, at the ends: 99.97 % must not read 100 %.
        percent = number * 100
        if number < 1 and round(percent, digits) == 100:
            percent = 99.9
        if number > 0 and round(percent, digits) == 0:
            percent = 0.1
        return format_decimal(round(percent, digits), format=pattern, locale=language) + "%"
    return format_decimal(round(number, digits), format=pattern, locale=language)


def shown_interval(value: object, low: object, high: object, unit: str, language: Language) -> str:
    """Return a figure with its interval: `87,6% [80,1; 93,0]`.

    Examples
    --------
    >>> shown_interval(0.876, 0.801, 0.93, "share", "vi")
    '87,6% [80,1%; 93,0%]'
    """
    if is_missing(low) or is_missing(high):
        return shown(value, unit, language)
    return f"{shown(value, unit, language)} [{shown(low, unit, language)}; {shown(high, unit, language)}]"


def shown_words(words: str, *, most: int = 1_000) -> str:
    r"""Return words that a file brought as a page of a document can hold and show them.

    Signs without a form are taken out (marks of direction, which make a line read backwards) or become `?` (control characters, broken
    letters, which no DOCX or PDF holds); what is longer than `most` is cut, and says so.

    Examples
    --------
    >>> shown_words("Tr\u1ea1m\x0b 7\u202e"), shown_words("xxxx", most=3)
    ('Tr\u1ea1m? 7', 'xx…')
    """
    words = words if len(words) <= most else words[: most - 1] + "…"
    if words.isprintable():
        return words
    return "".join(sign if sign in "\n\t" else _FORMLESS.get(unicodedata.category(sign), sign) for sign in words)


def shown_spread(rows: "pd.DataFrame", language: Language) -> str:
    """Return how the people of some rows were spread over their wards, each way once, a raster with its source.

    Examples
    --------
    >>> import pandas as pd
    >>> shown_spread(pd.DataFrame({"population_spread": ["even"], "population_source": [None]}), "en")
    'people spread evenly over the ward'
    """
    ways = (
        rows.reindex(columns=["population_spread", "population_source"]).drop_duplicates().sort_values("population_spread", ascending=False)
    )
    words = [
        text("spread.even.long" if way.population_spread == "even" else "spread.raster.long", language, source=way.population_source or "")
        for way in ways.itertuples()
    ]
    return "; ".join(words) or text("spread.even.long", language)


def shown_date(value: dt.date | None, language: Language, *, long: bool = False) -> str:
    """Return a date as tables show it (05/01/2027), or as text does where `long` (ngày 05 tháng 01 năm 2027).

    Examples
    --------
    >>> shown_date(dt.date(2027, 1, 5), "vi"), shown_date(dt.date(2027, 1, 5), "vi", long=True)
    ('05/01/2027', 'ngày 05 tháng 01 năm 2027')
    """
    if value is None or is_missing(value):
        return MISSING
    if language == "vi":
        return f"ngày {value:%d} tháng {value:%m} năm {value:%Y}" if long else f"{value:%d/%m/%Y}"
    return format_date(value, "d MMMM y" if long else "yyyy-MM-dd", locale=language)
