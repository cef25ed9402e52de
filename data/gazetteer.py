"""Ward names in any Vietnamese spelling to ward codes: a last resort where a file has no codes.

Names are compared without case, prefix (phường, xã, thị trấn) and Unicode form, and with the tone taken off its vowel, so that `Thuỷ` and
`Thủy`, `Hoà` and `Hòa` are one. A name without diacritics, or of a former unit, counts only where it can mean one ward.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Final

from hatang.data.facts import crosswalk, ward_facts

_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_PREFIX: Final = re.compile(r"^(?:phường|phuong|xã|xa|thị trấn|thi tran|tt\.?|p\.|x\.)\s+|^(?:p\.|x\.|tt\.)")


def ward_codes(names: Sequence[str | None]) -> list[str | None]:
    """Return the ward code of each name, None where it is unknown or can mean more than one ward.

    Examples
    --------
    >>> ward_codes(["Phường Phú Xuân", "PHU XUAN", "thuỷ xuân", "Huế"])
    ['19753', '19753', '19813', None]
    """
    return [None if name is None else _code(name) for name in names]


def _code(name: str) -> str | None:
    """Return the code of one name: exact spellings before bare ones, today's wards before former units."""
    return next((found for key, table in _tables() if (found := table.get(key(name))) is not None), None)


def _plain(name: str) -> str:
    """Return the name without case, prefix and surplus blanks, composed."""
    folded = " ".join(unicodedata.normalize("NFC", str(name)).casefold().split())
    return _PREFIX.sub("", folded).strip()


def _spoken(name: str) -> str:
    """Return the name with each syllable's tone mark moved behind the syllable, wherever it stood."""
    syllables = []
    for syllable in _plain(name).split():
        marks = unicodedata.normalize("NFD", syllable)
        tone = "".join(mark for mark in marks if mark in _TONES)
        syllables.append("".join(mark for mark in marks if mark not in _TONES) + tone)
    return " ".join(syllables)


def _bare(name: str) -> str:
    """Return the name without diacritics."""
    marks = unicodedata.normalize("NFD", _plain(name))
    return "".join(mark for mark in marks if not unicodedata.combining(mark)).replace("đ", "d")


@cache
def _tables() -> tuple[tuple[Callable[[str], str], dict[str, str]], ...]:
    """Return the look-ups in the order of trust."""
    wards, former = ward_facts(), crosswalk()
    today = list(zip(wards["ward_name"], wards["ward_code"], strict=True))
    before = list(zip(former["old_name"], former["ward_code"], strict=True))
    return tuple((key, _unambiguous(pairs, key)) for pairs in (today, before) for key in (_spoken, _bare))


def _unambiguous(pairs: Iterable[tuple[str, str]], key: Callable[[str], str]) -> dict[str, str]:
    """Return key of name → code for the keys that mean one ward only."""
    codes: defaultdict[str, set[str]] = defaultdict(set)
    for name, code in pairs:
        codes[key(name)].add(code)
    return {name: next(iter(found)) for name, found in codes.items() if len(found) == 1}
