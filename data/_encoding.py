"""The encoding of text that does not state one: Unicode by its marks, old Vietnamese and Latin code pages by what they would say."""

import re
import unicodedata
from itertools import islice
from typing import Final

from hatang.data._legacytext import CP1258, FONTS, TWICE, Mender, converted, once_encoded

_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE: Final = 65_536
_LINES: Final = 20_000
_VIETNAMESE: Final = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
GUESSED: Final = ("cp1258", "latin-1", "cp1252", TWICE, *FONTS)
"""Encodings that no mark proves: a reader tells which it took."""


def unicode_of(head: bytes) -> str | None:
    """Return the Unicode encoding that a byte order mark or the pattern of NUL bytes gives away, else None."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    even, odd = head[0:_SAMPLE:2].count(0), head[1:_SAMPLE:2].count(0)
    half = max(1, len(head) // 2)
    if max(even, odd) > 0.4 * half and min(even, odd) < 0.1 * half:
        return "utf-16-be" if even > odd else "utf-16-le"
    return None


def decoded(content: bytes) -> tuple[str, str]:
    """Return text of no stated encoding, composed, and the encoding it was in.

    UTF-8 where it is; TCVN3, VNI, VISCII or cp1258 where its words are Vietnamese under that; else what Western Windows wrote.

    Examples
    --------
    >>> decoded("Hu\u00ea\u0301".encode("cp1258"))
    ('Huế', 'cp1258')
    >>> decoded("HuÕ".encode("latin-1"))
    ('Huế', 'tcvn3')
    >>> decoded("Métropole".encode("latin-1"))
    ('Métropole', 'latin-1')
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return _old_code_page(content)
    once = None if text.isascii() else once_encoded(text)
    return (text, "utf-8") if once is None else (once, TWICE)


def _old_code_page(content: bytes) -> tuple[str, str]:
    """Return text that is not Unicode, and the encoding in which it is Vietnamese, or Latin."""
    odd = (line.decode("latin-1") for line in content.splitlines() if not line.isascii())
    encoding = Mender(islice(odd, _LINES)).encoding
    if encoding in FONTS:
        return converted(content.decode("latin-1"), encoding), encoding
    composed = unicodedata.normalize("NFC", content.decode("cp1258", errors="replace"))
    if encoding == CP1258 or _is_vietnamese(content, composed):
        return composed, CP1258
    try:
        windows = content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"
    return windows, "cp1252" if windows != content.decode("latin-1") else "latin-1"


def _is_vietnamese(content: bytes, composed: str) -> bool:
    """Return whether tone marks of cp1258 fall on vowels as Vietnamese writes them."""
    text = content.decode("cp1258", errors="replace")
    marked = any(tone in text for tone in _TONES)
    return marked and "\ufffd" not in text and not any(tone in composed for tone in _TONES) and _VIETNAMESE.search(composed) is not None
