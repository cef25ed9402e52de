"""Vietnamese text of old fonts and code pages, standing in Unicode under the wrong letters: recognised by its syllables and put right.

Text typed in a TCVN3 font (ABC, `.VnTime`), in a VNI font, or read by a program in the wrong code page arrives as Latin letters: `HuÕ`,
`Hueá` and `HuÃª` are all Huế. Which encoding it is in shows by what becomes of words that no Vietnamese syllable could be: nearly all of
them are syllables under the right one, nearly none under another. A text that makes sense as it stands is never touched.

Fonts of capitals (`.VnTimeH`) hold small letters; a word of capitals whose accented letters are small becomes capital throughout.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from hatang.data._syllables import is_syllable

TCVN3: Final = "tcvn3"
VNI: Final = "vni"
VISCII: Final = "viscii"
CP1258: Final = "cp1258"
TWICE: Final = "utf-8 × 2"

_TCVN3_FROM_A1: Final = "ĂÂÊÔƠƯĐăâêôơưđẰ\0\0\0\0\0àảãáạẲằẳẵắẴẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịòỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ"
"""TCVN 5712:1993, VN2: the letters of bytes A1 to FF; B0 to B4 are tone marks apart, which fonts do not use."""
_VISCII_FROM_80: Final = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ"
)
"""VISCII (RFC 1456): the letters of bytes 80 to FF."""
_VISCII_BELOW: Final[Mapping[str, str]] = {"\x02": "Ẳ", "\x05": "Ẵ", "\x06": "Ẫ", "\x14": "Ỷ", "\x19": "Ỹ", "\x1e": "Ỵ"}
_VNI_MARKS: Final[Mapping[str, str]] = {
    "a": "ùáøàûảõãïạââáấàầåẩãẫäậêăéắèằúẳüẵëặ",
    "e": "ùéøèûẻõẽïẹâêáếàềåểãễäệ",
    "i": "ùíøì",
    "o": "ùóøòûỏõõïọâôáốàồåổãỗäộ",
    "ô": "ùớøờûởõỡïợ",
    "u": "ùúøùûủõũïụ",
    "ö": "ùứøừûửõữïự",
    "y": "ùýøỳûỷõỹïỵ",
}
"""VNI for Windows: vowel → pairs of the mark that follows it and the letter both mean; in capitals both are capital."""
_VNI_ALONE: Final = "ñđôơöưæỉóĩòịîỵ"

_LETTER: Final = r"[A-Za-z\u0080-\u009f\u00a1-\u00ff\u0100-\u024f\u0300-\u036f\u1e00-\u1eff]"
_TOKEN: Final = re.compile(_LETTER + "+")
_ODD: Final = re.compile(r"[\u0080-\u00ff]")
_VIETNAMESE: Final = re.compile(r"[ăđĩũơưĂĐĨŨƠƯ\u1ea0-\u1ef9]")
"""Letters that Vietnamese alone has, and no old font ever shows."""
_BETWEEN: Final = re.compile(r"(?<=[A-Za-z\u00c0-\u00ff])[\u0080-\u009f\u00a1-\u00bf\u00d7\u00f7]")
_HUMP: Final = re.compile(r"[a-z][\u00c0-\u00de]")
_VNI_PAIR: Final = re.compile(r"[aoe][âáàåãä]|aê|[ôö][ùøûõï]|[uoaey]ø", re.IGNORECASE)
"""A vowel and a mark of VNI that stand side by side in no language of the West."""
_MOJIBAKE: Final = re.compile(
    "[\u00c2-\u00df][\u0080-\u00bf\u0152-\u2122]|[\u00e0-\u00ef][\u0080-\u00bf\u0152-\u2122]{2}|[\u00f0-\u00f4][\u0080-\u00bf\u0152-\u2122]{3}"
)
_QUOTES: Final = frozenset("\u2018\u2019\u201a\u201c\u201d\u201e\u2013\u2014\u2026\u2039\u203a\u00a0\u00ab\u00bb")
"""What may follow a capital letter in right text and is a trail byte too: XÃ”."""
_READABLE: Final = re.compile(r"[\u0000-\u024f\u0300-\u036f\u1e00-\u1eff\u2000-\u2122]*")
_CONTROLS: Final = {ord(bytes([byte]).decode("cp1252")): byte for byte in range(0x80, 0xA0) if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
"""What Windows shows for the bytes 80 to 9F; five it leaves open."""
FONTS: Final = (TCVN3, VNI, VISCII)
"""Encodings that are no codecs of Python; a mapping may name them."""
_LONGEST: Final = 24
_ENOUGH: Final = 2
_FOREIGN_SHARE: Final = 0.7


def mended(text: str) -> tuple[str, str | None]:
    r"""Return text as it was meant, composed (NFC), and the encoding it had been in; None where it stood right.

    One string by itself: where it holds a single word that could be either, it stays. `Mender` judges a whole column.

    Examples
    --------
    >>> mended("Tr¹m BTS ph­êng Thuû Xu©n")
    ('Trạm BTS phường Thuỷ Xuân', 'tcvn3')
    >>> mended("Phöôøng Thuaän Hoùa"), mended("PhÆ°á»\x9dng Thuáº\xadn HÃ³a")
    (('Phường Thuận Hóa', 'vni'), ('Phường Thuận Hóa', 'utf-8 × 2'))
    >>> mended("Le maïs coûte 5 µm, là où…"), mended("Phường Thuận Hóa")
    (('Le maïs coûte 5 µm, là où…', None), ('Phường Thuận Hóa', None))
    """
    return Mender((text,)).mend(text)


@cache
def letters_of(encoding: str) -> Mapping[str, str]:
    """Return what Latin letters, one or a vowel and its mark, mean in TCVN3, VNI or VISCII.

    Examples
    --------
    >>> letters_of("tcvn3")["Õ"], letters_of("vni")["eá"], letters_of("viscii")["ª"]
    ('ế', 'ế', 'ế')
    """
    if encoding == TCVN3:
        return {chr(0xA1 + place): letter for place, letter in enumerate(_TCVN3_FROM_A1) if letter != "\0"}
    if encoding == VISCII:
        return {chr(0x80 + place): letter for place, letter in enumerate(_VISCII_FROM_80)} | dict(_VISCII_BELOW)
    vni = dict(zip(_VNI_ALONE[::2], _VNI_ALONE[1::2], strict=True))
    for vowel, pairs in _VNI_MARKS.items():
        vni |= {vowel + mark: letter for mark, letter in zip(pairs[::2], pairs[1::2], strict=True)}
    mixed = {written[0].upper() + written[1:]: letter.upper() for written, letter in vni.items()}
    return vni | mixed | {written.upper(): letter.upper() for written, letter in vni.items()}


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What the words of some texts say about an encoding: the odd ones that it solves, with twice the weight where proof, or leaves."""

    solved: int
    weight: int
    left: int


class Mender:
    """What encoding a column of texts is in, told from all of them together.

    Parameters
    ----------
    texts : iterable of str
        The distinct texts.
    beside : str, optional
        Encoding of the columns beside it, which is believed where the texts fit it but are too few to prove it.

    Attributes
    ----------
    encoding
        `tcvn3`, `vni`, `viscii` or `cp1258` where the texts are in one of them; text encoded twice is told apart text by text.
    """

    def __init__(self, texts: Iterable[str], *, beside: str | None = None) -> None:
        odd: dict[str, None] = {}
        plain: set[str] = set()
        self._unicode = False
        for text in texts:
            once = once_encoded(text)
            if _VIETNAMESE.search(unicodedata.normalize("NFC", once or text)):
                self._unicode = True
            elif once is None and _ODD.search(text):
                for word in _TOKEN.findall(text):
                    if word.isascii():
                        plain.add(word)
                    else:
                        odd.setdefault(word)
        self.encoding = _encoding_of(list(odd), plain, beside)

    def mend(self, text: str) -> tuple[str, str | None]:
        """Return one of the texts as it was meant, composed, and the encoding it had been in; None where it stood right."""
        once = once_encoded(text)
        if once is not None:
            return once, TWICE
        composed = unicodedata.normalize("NFC", text)
        if self.encoding is None or not _ODD.search(text) or _VIETNAMESE.search(composed):
            return composed, None
        suspects = [word for word in _TOKEN.findall(text) if not word.isascii() and not _makes_sense(word)]
        if not suspects and self._unicode:
            return composed, None  # among texts that are right, one that makes sense is right too
        if suspects and not _evidence(suspects, self.encoding).solved and not any(_is_proof(word, self.encoding) for word in suspects):
            return composed, None  # a foreign name in the same column
        meant = converted(text, self.encoding)
        return (meant, self.encoding) if meant != composed else (composed, None)


def converted(text: str, encoding: str) -> str:
    """Return text whose letters stand for those of an encoding (`tcvn3`, `vni`, `viscii`, `cp1258`) as it was meant.

    Examples
    --------
    >>> converted("ThuËn Hãa", "tcvn3"), converted("Thuaän Hoùa", "vni")
    ('Thuận Hóa', 'Thuận Hóa')
    """
    return _TOKEN.sub(lambda found: _converted(found[0], encoding), text)


def _encoding_of(odd: Sequence[str], plain: Iterable[str], beside: str | None) -> str | None:
    """Return the encoding under which words with letters beyond ASCII are Vietnamese, None where they are or are not anyway."""
    suspects = [word for word in odd if not _makes_sense(word)]
    if not suspects:
        return None
    found = {encoding: _evidence(suspects, encoding) for encoding in (TCVN3, VNI, CP1258, VISCII)}
    if beside is not None and found[beside].solved > found[beside].left:
        return beside
    most = max(evidence.solved - evidence.left for evidence in found.values())
    equal = [encoding for encoding, evidence in found.items() if evidence.solved - evidence.left == most]
    others = [word for word in odd if _makes_sense(word)] if len(equal) > 1 else []
    best = max(equal, key=lambda encoding: sum(is_syllable(_converted(word, encoding)) for word in others))
    evidence = found[best]
    if evidence.weight < _ENOUGH or evidence.weight < 4 * evidence.left:
        return None
    if evidence.weight > evidence.solved:  # at least one word is proof
        return best
    words = [word for word in plain if not word.isupper()]
    syllables = sum(map(is_syllable, words))
    return best if syllables >= _FOREIGN_SHARE * len(words) else None


def _evidence(suspects: Iterable[str], encoding: str) -> _Evidence:
    """Return what words say of an encoding."""
    solved = weight = left = 0
    for word in suspects:
        if len(word) > _LONGEST:
            left += 1
            continue
        meant = _converted(word, encoding)
        if is_syllable(meant) and not meant.isascii():
            solved += 1
            weight += 2 if _is_proof(word, encoding) else len(word) > 1
        elif meant == word or not _abbreviates(meant):
            left += 1
    return _Evidence(solved, weight, left)


def _is_proof(word: str, encoding: str) -> bool:
    """Return whether a word is one that nobody writes in any language as it stands."""
    if len(word) < 3:
        return False
    return bool(_VNI_PAIR.search(word)) if encoding == VNI else bool(_BETWEEN.search(word) or _HUMP.search(word))


def _makes_sense(word: str) -> bool:
    """Return whether a word with accents is Vietnamese as it stands, or signs that are no word."""
    return is_syllable(unicodedata.normalize("NFC", word)) or not any(map(str.isalpha, word))


def _abbreviates(word: str) -> bool:
    """Return whether a word has no vowel, as ĐH, TTĐ: it says nothing of the encoding."""
    return not any(unicodedata.normalize("NFD", letter)[0] in "aeiouyAEIOUY" for letter in word)


def _converted(word: str, encoding: str) -> str:
    """Return a word as an encoding means it; words that texts repeat are remembered."""
    if word.isascii():
        return word
    return _short_converted(word, encoding) if len(word) <= _LONGEST else _letter_by_letter(word, encoding)


@lru_cache(maxsize=65_536)
def _short_converted(word: str, encoding: str) -> str:
    return _letter_by_letter(word, encoding)


def _letter_by_letter(word: str, encoding: str) -> str:
    """Return a word as an encoding means it, capital throughout where its plain letters are."""
    if encoding == CP1258:
        try:
            return unicodedata.normalize("NFC", word.encode("latin-1").decode("cp1258"))
        except (UnicodeEncodeError, UnicodeDecodeError):
            return word
    table = letters_of(encoding)
    pieces = []
    place = 0
    while place < len(word):
        width = 2 if word[place : place + 2] in table and place + 1 < len(word) else 1
        pieces.append(table.get(word[place : place + width], word[place : place + width]))
        place += width
    meant = "".join(pieces)
    capitals = sum("A" <= letter <= "Z" for letter in word) >= 2 and not re.search("[a-z]", word)
    return meant.upper() if capitals else meant


def once_encoded(text: str) -> str | None:
    """Return text that had been encoded as UTF-8 twice (or more often) as it was meant, composed; None where it had not.

    Every letter beyond ASCII must be part of what UTF-8 writes, and something must be there that right text does not hold: a letter
    of three bytes, or a capital with a sign after it that is neither a quotation mark nor a space.

    Examples
    --------
    >>> once_encoded("BÃ¬nh ??nh"), once_encoded("XÃ”"), once_encoded("Xã")
    ('Bình ??nh', None, None)
    """
    found: str | None = None
    for _ in range(3):
        once = _decoded_once(text if found is None else found)
        if once is None:
            break
        found = once
    return None if found is None else unicodedata.normalize("NFC", found)


def _decoded_once(text: str) -> str | None:
    """Return text after one decoding, None where it is not what UTF-8 writes."""
    if not _MOJIBAKE.search(text):
        return None
    pairs = set(_MOJIBAKE.findall(text))
    if not any(len(pair) > 2 or pair[1] not in _QUOTES or re.search(f"[a-z]{pair}|{pair}[a-z]", text) for pair in pairs):
        return None
    try:
        meant = text.translate(_CONTROLS).encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return None
    return meant if _READABLE.fullmatch(meant) else None
