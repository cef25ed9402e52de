"""The encoding of text that does not state one: Unicode by its marks, old Vietnamese and Latin code pages by what they would say."""

import re
import unicodedata
from typing import Final

_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE: Final = 65_536
_VIETNAMESE: Final = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_MOJIBAKE: Final = re.compile("[\u00c3\u00c4\u00c6][\u0080-\u00bf\u0152-\u2122]|\u00e1[\u00ba\u00bb\u2018-\u203a]")

GUESSED: Final = ("cp1258", "latin-1", "utf-8 × 2")
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

    UTF-8 where it is; cp1258 where its tone marks fall on vowels as Vietnamese writes them; else Latin-1.

    Examples
    --------
    >>> decoded("Hu\u00ea\u0301".encode("cp1258"))
    ('Huế', 'cp1258')
    >>> decoded("Métropole".encode("latin-1"))
    ('Métropole', 'latin-1')
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return _old_code_page(content)
    mended = _twice_encoded(text) if _MOJIBAKE.search(text[:_SAMPLE]) else None
    return (text, "utf-8") if mended is None else (mended, "utf-8 × 2")


def _old_code_page(content: bytes) -> tuple[str, str]:
    text = content.decode("cp1258", errors="replace")
    composed = unicodedata.normalize("NFC", text)
    marked = any(tone in text for tone in _TONES)
    if marked and "\ufffd" not in text and not any(tone in composed for tone in _TONES) and _VIETNAMESE.search(composed):
        return composed, "cp1258"
    return content.decode("latin-1"), "latin-1"


def _twice_encoded(text: str) -> str | None:
    """Return text that was encoded as UTF-8 twice as it was meant, None where it was not."""
    try:
        return text.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None
