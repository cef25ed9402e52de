"""Text cells to typed values, a column at a time; what cannot be read is marked, never guessed."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

LOCAL_ZONE: Final = "Asia/Ho_Chi_Minh"
"""Times are kept as the clock on a wall in Huế showed them: a day of tests is a local day."""
_MISSING: Final = pa.array(
    ["-", "--", "–", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "unknown", "?", "chưa rõ", "không rõ", "không có", "k/c"]
)
_PLAIN: Final = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
_POINTED: Final = r"^\s*[+\-\x{2212}]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\s*$"
_COMMA: Final = r"^[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+$"
_GROUPED_COMMA: Final = r"^[+-]?[1-9]\d{0,2}(?:\.\d{3})+,\d+$"
_THOUSANDS: Final = r"^[+-]?[1-9]\d{0,2}(?:[., \x{00a0}]\d{3})+$"
_WHOLE: Final = 2.0**53
_ANGLE: Final = re.compile(
    r"(?P<before>[NESW])?\s*(?P<sign>[+-])?(?P<deg>\d{1,3}(?:[.,]\d+)?)\s*(?:[°º˚d:]|độ|\s)?\s*"
    r"(?:(?P<min>\d{1,2}(?:[.,]\d+)?)\s*(?:['′’‘´:]|phút|\s)?\s*)?"
    r"(?:(?P<sec>\d{1,2}(?:[.,]\d+)?)\s*(?:[\"″”“]|''|’’|′′|giây)?\s*)?(?P<after>[NESWĐB])?",
    re.IGNORECASE,
)
_NEGATIVE: Final = ("s", "w")
_SIXTY: Final = 60.0
_TRUE: Final = pa.array(["true", "t", "yes", "y", "1", "1.0", "x", "có", "co", "đúng", "v"])
_FALSE: Final = pa.array(["false", "f", "no", "n", "0", "0.0", "không", "khong", "sai"])
_YEARS: Final = (1990, 2100)
_TIMES: Final[Sequence[tuple[str, str]]] = (
    (r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?$", "ISO8601"),
    (r"^\d{4}\.\d{2}\.\d{2}_\d{2}\.\d{2}\.\d{2}$", "%Y.%m.%d_%H.%M.%S"),
    (r"^\d{4}/\d{1,2}/\d{1,2}$", "%Y/%m/%d"),
    (r"^\d{4}/\d{1,2}/\d{1,2} \d{1,2}:\d{2}:\d{2}$", "%Y/%m/%d %H:%M:%S"),
    (r"^\d{1,2}/\d{1,2}/\d{4}$", "%d/%m/%Y"),
    (r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}$", "%d/%m/%Y %H:%M"),
    (r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}$", "%d/%m/%Y %H:%M:%S"),
    (r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2}:\d{2}\.\d{1,6}$", "%d/%m/%Y %H:%M:%S.%f"),
    (r"^\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d{2} [AaPp][Mm]$", "%m/%d/%Y %I:%M %p"),
    (r"^\d{1,2}/\d{1,2}/\d{4}, \d{1,2}:\d{2} [AaPp][Mm]$", "%m/%d/%Y, %I:%M %p"),
    (r"^\d{1,2}-\d{1,2}-\d{4}$", "%d-%m-%Y"),
    (r"^\d{1,2}\.\d{1,2}\.\d{4}$", "%d.%m.%Y"),
    (r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)? ?(?:Z|[+-]\d{2}:?\d{2})$", "zoned"),
    (r"^1\d{9}(?:\.\d+)?$", "s"),
    (r"^1\d{12}$", "ms"),
)
"""Pattern of a text → how pandas reads it; Unix times are seconds or milliseconds from 2001 on."""


@dataclass(frozen=True)
class Parsed:
    """A column read: values (NaN, NaT or None where missing), where the text made no sense, and what had to be mended."""

    values: Any
    bad: np.ndarray
    comma: np.ndarray
    thousands: np.ndarray
    marked: np.ndarray


def tidy(cells: Any) -> Any:
    """Return cells of text trimmed and composed (NFC), null where empty."""
    trimmed = pc.utf8_normalize(pc.utf8_trim_whitespace(cells), form="NFC")
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def marks_missing(cells: Any) -> np.ndarray:
    """Return where tidy cells hold a sign for "no value" (`-`, `NA`) instead of one."""
    return _mask(pc.is_in(pc.utf8_lower(cells), value_set=_MISSING))


def _writes_both(cells: Any) -> bool:
    """Return whether a column writes `1.250,5` somewhere and nowhere a point that could only be a decimal one."""
    both = _mask(pc.match_substring_regex(cells, pattern=_GROUPED_COMMA))
    if not both.any():
        return False
    pointed = _mask(pc.match_substring_regex(cells, pattern=_POINTED))
    return not (pointed & ~_mask(pc.match_substring_regex(cells, pattern=_THOUSANDS))).any()


def writes_points(cells: Any) -> bool:
    """Return whether some number of a column is written with a decimal point."""
    return bool(_mask(pc.match_substring_regex(cells, pattern=_POINTED)).any())


def numbers(cells: Any, *, whole: bool = False, money: bool = False, decimal: str | None = None, pointed: bool = False) -> Parsed:
    """Return tidy cells as float64.

    A decimal comma is understood where the column has no decimal point (here, or elsewhere where it is `pointed`), or `decimal` says so;
    digits in threes are thousands in whole numbers, in sums of `money`, and where `decimal` is a comma.
    """
    text = pc.replace_substring(cells, pattern="\u2212", replacement="-")
    if decimal is None and not pointed and _writes_both(text):
        decimal = ","
    marked = marks_missing(text)
    plain = _mask(pc.match_substring_regex(text, pattern=_PLAIN))
    comma = _mask(pc.match_substring_regex(text, pattern=_COMMA)) & ~plain
    grouped = np.zeros(len(plain), bool)
    if whole or money or decimal == ",":
        grouped = _mask(pc.match_substring_regex(text, pattern=_THOUSANDS))
        if decimal is not None:  # what parts the decimals of a file cannot part its thousands too
            grouped &= ~_mask(pc.match_substring(text, pattern=decimal))
        plain, comma = plain & ~grouped, comma & ~grouped
    if decimal == "." or (decimal is None and (pointed or (plain & _mask(pc.match_substring(text, pattern="."))).any())):
        comma = np.zeros(len(comma), bool)  # a column that writes decimal points means something else by a comma
    values = _floats(text, plain)
    if comma.any():
        points = pc.replace_substring(pc.replace_substring(text, pattern=".", replacement=""), pattern=",", replacement=".")
        values = np.where(comma, _floats(points, comma), values)
    if grouped.any():
        values = np.where(grouped, _floats(pc.replace_substring_regex(text, pattern=r"[., \x{00a0}]", replacement=""), grouped), values)
    filled = _mask(pc.is_valid(text))
    bad = filled & ~marked & ~(plain | comma | grouped)
    bad |= np.isinf(values)
    if whole:
        bad |= np.isfinite(values) & ((values != np.floor(values)) | (np.abs(values) >= _WHOLE))
    return Parsed(np.where(bad, np.nan, values), bad, comma, grouped, marked)


def degrees(cells: Any) -> Any:
    """Return tidy cells with degrees, minutes and seconds (`107°34'45.5"E`, `16 27 36`, `107,58°Đ`) written as decimal degrees.

    South and west are negative; what is not so written stays as it is.
    """
    written = _written_in_degrees(cells)
    if not written.any():
        return cells
    texts = np.asarray(cells.to_numpy(zero_copy_only=False), dtype=object)
    for place in np.flatnonzero(written):
        texts[place] = _decimal_degrees(texts[place])
    return pa.array(texts, pa.string(), from_pandas=True)


def _written_in_degrees(cells: Any) -> np.ndarray:
    """Return where tidy cells write an angle with signs of degrees, a side of the world, or in three numbers."""
    return _mask(pc.match_substring_regex(cells, pattern=r"(?i)[°º˚]|độ|^[nesw]|[neswđb]$|^\d{1,3} \d{1,2} \d{1,2}(?:[.,]\d+)?$"))


def _decimal_degrees(text: str) -> str:
    """Return one angle in decimal degrees; the text itself where it is none."""
    parts = _ANGLE.fullmatch(text.strip())
    if parts is None or (parts["before"] and parts["after"]):
        return text
    whole, minutes, seconds = (float((parts[name] or "0").replace(",", ".")) for name in ("deg", "min", "sec"))
    if minutes >= _SIXTY or seconds >= _SIXTY:
        return text
    value = whole + minutes / _SIXTY + seconds / _SIXTY**2
    side = (parts["before"] or parts["after"] or "").casefold()
    return f"{-value if side in _NEGATIVE or parts['sign'] == '-' else value:.9f}"


def times(cells: Any, *, utc: bool = False) -> Parsed:
    """Return tidy cells as local times (datetime64[us], no zone), from ISO, day-first, G-NetTrack and Unix forms.

    Times with a zone, Unix times, and all times where `utc` is set are turned into the time of Huế (UTC+7).
    """
    marked = marks_missing(cells)
    filled = _mask(pc.is_valid(cells)) & ~marked
    values = np.full(len(cells), np.datetime64("NaT", "us"))
    left = filled.copy()
    for pattern, form in _TIMES:
        fits = left & _mask(pc.match_substring_regex(cells, pattern=pattern)) if left.any() else left
        if fits.any():
            values[fits] = _instants(cells.filter(pa.array(fits)).to_numpy(zero_copy_only=False), form, utc=utc)
            left &= ~fits
    years = values.astype("datetime64[Y]").astype(np.int64) + 1970
    bad = filled & (np.isnat(values) | (years < _YEARS[0]) | (years > _YEARS[1]))
    values[bad] = np.datetime64("NaT", "us")
    none = np.zeros(len(values), bool)
    return Parsed(values, bad, none, none, marked)


def truths(cells: Any) -> Parsed:
    """Return tidy cells as booleans (object array of True, False, None)."""
    lower = pc.utf8_lower(cells)
    yes, no, marked = (_mask(pc.is_in(lower, value_set=words)) for words in (_TRUE, _FALSE, _MISSING))
    values = np.full(len(yes), None, dtype=object)
    values[yes], values[no] = True, False
    none = np.zeros(len(values), bool)
    return Parsed(values, _mask(pc.is_valid(cells)) & ~(yes | no | marked), none, none, marked)


def words(cells: Any, meaning: Callable[[str], object]) -> np.ndarray:
    """Return what `meaning` makes of each tidy cell (object array, None where it knows nothing), asked once a distinct text."""
    encoded = pc.dictionary_encode(cells)
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    known = np.full(len(encoded.dictionary) + 1, None, dtype=object)
    for place, word in enumerate(encoded.dictionary.to_pylist()):
        known[place] = meaning(word)
    return np.asarray(known[np.asarray(encoded.indices.fill_null(len(known) - 1))], dtype=object)


def _instants(text: Any, form: str, *, utc: bool) -> np.ndarray:
    """Return texts of one form as local times, NaT where the calendar has no such day."""
    if form in ("s", "ms"):
        stamps = pd.to_datetime(text.astype(np.float64), unit="s" if form == "s" else "ms", utc=True)
    else:
        zoned = utc or form == "zoned"
        stamps = pd.to_datetime(pd.Index(text), format="ISO8601" if form == "zoned" else form, errors="coerce", utc=zoned)
    local = stamps if stamps.tz is None else stamps.tz_convert(LOCAL_ZONE).tz_localize(None)
    return np.asarray(local.to_numpy(), dtype="datetime64[us]")


def _floats(text: Any, where: np.ndarray) -> np.ndarray:
    """Return the cells at `where` as numbers, NaN elsewhere."""
    chosen = pc.if_else(pa.array(where), text, pa.scalar(None, pa.string()))
    return np.asarray(pc.cast(chosen, pa.float64()).fill_null(float("nan")), dtype=np.float64)


def _mask(booleans: Any) -> np.ndarray:
    """Return an Arrow array of booleans as numpy, null as False."""
    return np.asarray(booleans.fill_null(False), dtype=bool)
