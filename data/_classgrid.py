"""Names of the classes of a Vertical Mapper grid (`.grc`) to ranges of levels in dBm; names that are no ranges mean nothing here."""

import math
import re
import struct
import unicodedata
from pathlib import Path
from typing import Final

import numpy as np

from hatang.data._filetype import Member, refused

_HEAD_BYTES: Final = 1024
_CLASS: Final = struct.Struct("<HBBBBBH")
"""Number of the class, five bytes of colour, and the length of the name that follows."""
_VALUES: Final = 1 << 16
_MOST_CLASSES: Final = 4_096
_LOWEST, _HIGHEST = -160.0, -20.0
_LEVEL: Final = r"(-\s?\d{1,3}(?:[.,]\d+)?)\s*(?:dBm)?"
_NAMED: Final = r"(?:(?:SS-)?RSRP|RSSI|RxLev|level|x|mức thu|mức)?"
_BETWEEN: Final = (
    re.compile(rf"{_NAMED}\s*:?\s*(?:từ\s+|from\s+|between\s+)?{_LEVEL}\s*(?:to|and|đến|tới|\.\.\.?|~|-|/|;)\s*{_LEVEL}", re.IGNORECASE),
    re.compile(rf"{_NAMED}\s*[\[\](]\s*{_LEVEL}\s*[,;]\s*{_LEVEL}\s*[\[\])]\s*(?:dBm)?", re.IGNORECASE),
    re.compile(rf"{_LEVEL}\s*[<≤]=?\s*{_NAMED}\s*[<≤]=?\s*{_LEVEL}", re.IGNORECASE),
)
_ABOVE: Final = re.compile(
    rf"{_NAMED}\s*(?:[>≥]=?|trên|above|over|better than|từ)\s*{_LEVEL}(?:\s*trở lên)?|{_NAMED}\s*{_LEVEL}\s*(?:trở lên|and above)",
    re.IGNORECASE,
)
_BELOW: Final = re.compile(rf"{_NAMED}\s*(?:[<≤]=?|dưới|below|under|worse than)\s*{_LEVEL}", re.IGNORECASE)
_NOTHING: Final = frozenset(
    {"", "no data", "nodata", "null", "none", "no coverage", "no signal", "không phủ", "không phủ sóng", "không có sóng"}
)
_REACHED, _NOT, _SPLIT, _UNKNOWN = 1, 0, 2, 3


class ClassLevels:
    """Which classes of a grid lie at or above a level, by their names.

    Parameters
    ----------
    member : Member
        A grid of classes.
    level : float
        dBm.

    Raises
    ------
    RefusedError
        Where the grid has no names of classes.

    References
    ----------
    Northwood classified grid: a head of 1024 bytes, the pixels, and behind them the number of classes and each with its name.
    """

    def __init__(self, member: Member, level: float) -> None:
        self._member = member
        self._level = level
        self._names = _names(member)
        self._verdicts = np.full(_VALUES, _UNKNOWN, np.uint8)
        self._verdicts[0] = _NOT  # none, in every grid of this form
        for value, name in self._names.items():
            self._verdicts[value] = _verdict(name, level)

    def reached(self, band: np.ndarray) -> np.ndarray:
        """Return which pixels are of a class at or above the level.

        Raises
        ------
        RefusedError
            Where a pixel is of a class whose name is no range of levels, or whose range holds the level within it.
        """
        verdicts = self._verdicts[band]
        for verdict, code in ((_UNKNOWN, "raster_classes"), (_SPLIT, "raster_class_split")):
            if (there := verdicts == verdict).any():
                name = self._names.get(int(band[there][0]), str(band[there][0]))
                raise refused(self._member.name, code, found=name, level=f"{self._level:g}")
        return np.asarray(verdicts == _REACHED, dtype=bool)


def levels_in(name: str) -> tuple[float, float] | None:
    """Return the least and the greatest level that the name of a class names, dBm, None where it names no range of levels.

    Examples
    --------
    >>> levels_in("-95 to -85 dBm"), levels_in(">= -75 dBm"), levels_in("RSRP < -110"), levels_in("-105 ≤ x < -95")
    ((-95.0, -85.0), (-75.0, inf), (-inf, -110.0), (-105.0, -95.0))
    >>> levels_in("Urban"), levels_in("2 to 5 Mbps"), levels_in("-300 to -5")
    (None, None, None)
    """
    plain = re.sub("[\u2212\u2013\u2014]", "-", unicodedata.normalize("NFC", name.strip()))
    for pattern in _BETWEEN:
        if (found := pattern.fullmatch(plain)) is not None:
            low, high = sorted(map(_number, found.groups()))
            return (low, high) if _LOWEST <= low < high <= _HIGHEST else None
    for pattern, above in ((_ABOVE, True), (_BELOW, False)):
        if (found := pattern.fullmatch(plain)) is not None:
            bound = _number(next(group for group in found.groups() if group))
            if not _LOWEST <= bound <= _HIGHEST:
                return None
            return (bound, math.inf) if above else (-math.inf, bound)
    return None


def _verdict(name: str, level: float) -> int:
    """Return whether a class lies at or above a level, below it, or on both sides."""
    if unicodedata.normalize("NFC", name.strip()).casefold() in _NOTHING:
        return _NOT
    levels = levels_in(name)
    if levels is None:
        return _UNKNOWN
    low, high = levels
    return _REACHED if low >= level else _NOT if high <= level else _SPLIT


def _number(text: str) -> float:
    return float(text.replace(" ", "").replace(",", "."))


def _names(member: Member) -> dict[int, str]:
    """Return the names of the classes by their numbers."""
    try:
        return _dictionary(member.path)
    except (struct.error, OSError, ValueError) as error:
        raise refused(member.name, "raster_classes", found="GRC") from error


def _dictionary(path: Path) -> dict[int, str]:
    """Return the dictionary behind the pixels of a grid of classes; raises where it is cut off."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
        columns, rows = struct.unpack_from("<HH", head, 9)
        wide, high = struct.unpack_from("<II", head, 128)
        bits = head[_HEAD_BYTES - 1] * 4 or 16
        if bits not in (8, 16):
            raise ValueError(bits)
        stream.seek(_HEAD_BYTES + (columns or wide) * (rows or high) * bits // 8)
        (count,) = struct.unpack("<H", stream.read(2))
        if not 0 < count <= _MOST_CLASSES:
            raise ValueError(count)
        names = {}
        for _ in range(count):
            value, *_, length = _CLASS.unpack(stream.read(_CLASS.size))
            name = stream.read(length)
            if len(name) < length:
                raise ValueError(length)
            names[value] = _decoded(name.rstrip(b"\x00"))
        return names


def _decoded(name: bytes) -> str:
    """Return a name as text: UTF-8 where it is, else the code page of Windows in Vietnam."""
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("cp1258", errors="replace")
