"""Marks of secrecy on documents that come in: the words of the stamp, and where each form of document carries them.

A document is marked where one of the stamps stands alone: a whole cell, line, name, property or heading, never a word of a sentence
("mật độ dân số", "bảo mật", a person named Mật). Stamps are known in Unicode (NFC and NFD), in TCVN3, VNI, VISCII and cp1258 under the
wrong letters, encoded twice, and without accents. What is not seen: scanned pages, compressed streams and own fonts of a PDF, pictures.
"""

import html
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final

from hatang.data._legacytext import FONTS, converted, once_encoded

_BLOCK: Final = 1 << 20
_WIDEST: Final = 160
"""Bytes around a word within which the edges of its cell must lie: longer cells are sentences."""
_DOCUMENT_BYTES: Final = 32 << 20
_LONGEST: Final = 60
_PREFIX: Final = r"(?:(?:MỨC\s+)?ĐỘ\s+MẬT\s*[:.=–-]?\s*)"
_STAMP: Final = re.compile(rf"{_PREFIX}?(?:(?:TUYỆT|TỐI)\s+MẬT|MẬT)(?:\s*[-–(]?\s*(?:HOẢ|HỎA)\s+TỐC\s*\)?)?", re.IGNORECASE)
_PLAIN_STAMP: Final = re.compile(r"(?:(?:MUC\s+)?DO\s+MAT\s*[:.=-]?\s*)(?:(?:TUYET|TOI)\s+)?MAT|(?:TUYET|TOI)\s+MAT")
"""Without accents only in capitals: "toi mat" may be anything."""
_ALONE: Final = ("MẬT", "MAT")
_EDGES: Final = " \t\r\n.,;:!()[]{}*-–—_=|/\\<>\"'“”‘’«»\ufeff\u200b\u00a0"
_BREAKS: Final = re.compile(r"[\r\n\t\v\f\u2028\x00]|\\[nPt]|\^[JI]")
_ESCAPED: Final = re.compile(r"\\u([0-9a-fA-F]{4})|\\U\+([0-9a-fA-F]{4})|\\M\+\d[0-9a-fA-F]{4}")
_FORMATTED: Final = re.compile(r"\\[ACFHQTWacfhpqw][^;\\{}]*;|\\[LOKlok]|[{}]|%%[ouOU]")
"""Formatting of writing in a drawing: fonts, heights, underlining."""
_TAG: Final = re.compile(r"<[^<>]*>")
_BREAK_TAG: Final = re.compile(r"<(?:w:br|w:tab|text:tab|text:line-break|w:cr|a:br)\b[^<>]*>")
_OPENING: Final = (b'"', b">", b"<", b"\n", b"\r", b"\x00", b"[")
_CLOSING: Final = (b'"', b"<", b">", b"\n", b"\r", b"\x00", b"]")
_PARAGRAPH: Final = re.compile(
    r"</?(?:w:p|a:p|text:p|text:h|si|text|dc:\w+|cp:\w+|vt:\w+|meta:[\w-]+|table:table-cell|comment)(?=[\s>/])[^<>]*>"
)
_NAMED: Final = re.compile(r"\b(?:table:name|draw:name|name|descr|title)=\"([^\"]*)\"")
_KEYWORD_END: Final = re.compile(r"[;,]")
_PDF_TEXT: Final = re.compile(
    rb"\[((?:[^\[\]\\]|\\.){0,4000})\]\s*TJ|\(((?:\\.|[^\\()]){1,400})\)|<((?:[0-9A-Fa-f]{2}\s?){3,200})>", re.DOTALL
)
_PDF_PIECE: Final = re.compile(rb"\(((?:\\.|[^\\()])*)\)", re.DOTALL)
_PDF_ESCAPE: Final = re.compile(rb"\\([0-7]{1,3}|[()\\])")
OFFICE_PARTS: Final = (
    *("word/document", "word/header", "word/footer", "word/comments", "word/footnotes", "word/endnotes"),
    *("docprops/", "content.xml", "styles.xml", "meta.xml", "ppt/slides/slide", "ppt/notesslides/"),
    *("xl/drawings/", "xl/comments", "xl/threadedcomments/", "xl/charts/", "xl/workbook.xml"),
)
"""Parts of an office document that hold what its reader sees, or says of it."""
_XP_TAGS: Final = range(40_091, 40_096)


def _trigger() -> re.Pattern[bytes]:
    """Return what finds every spelling of the stamp's last word in bytes: the quick look before the exact one."""
    letters = {b"a", b"A"}
    for word in ("ậ", "Ậ"):
        spelt = {word, unicodedata.normalize("NFD", word), "â\u0323" if word == "ậ" else "Â\u0323"}
        spelt |= {unicodedata.normalize("NFC", one) for one in spelt} | {"ạ\u0302" if word == "ậ" else "Ạ\u0302"}
        letters |= {one.encode() for one in spelt} | {one.encode().decode("latin-1").encode() for one in spelt}
        letters |= {one.encode().decode("cp1252", errors="replace").encode() for one in spelt}
    for shown in ("Ë", "ë", "aä", "AÄ", "Aä", "§", "\x87", "‡", "\xa7", "âò", "Âò", "ÂÒ"):
        letters |= {shown.encode(), shown.encode("latin-1", errors="ignore") or b"a"}
    plain = b"|".join(re.escape(one) for one in sorted(letters, key=len, reverse=True))
    coded = rb"\\[uU]\+?1[eE][aA][cdCD]|&#(?:7852|7853|[xX]1[eE][aA][cdCD]);|(?:[Aa]|\\u[0-9a-fA-F]{4})(?:\\u03(?:02|23)){1,2}"
    return re.compile(rb"[Mm](?:" + plain + rb"|" + coded + rb")[Tt]")


_TRIGGER: Final = _trigger()


def is_marked_secret(text: str, *, stamp: bool = False) -> bool:
    r"""Return whether a text is a mark of secrecy, in the words that are stamped on documents.

    Parameters
    ----------
    text
        One cell, line, name or property.
    stamp
        It stands where stamps do (head and foot of a page, properties, a line of a letter): there the one word alone counts in small
        letters too, and "MAT" without accents. In a cell of data "Mật" may be a place, "mật" honey and "MAT" a material.

    Examples
    --------
    >>> [is_marked_secret(text) for text in ("MẬT", "Độ mật: Tối mật", "(TUYỆT MẬT)", "Mật độ dân số", "Bảo mật", "Mật", "MAT")]
    [True, True, True, False, False, False, False]
    >>> [is_marked_secret(text) for text in ("TUYÖT MËT", "MAÄT", "TOI MAT", "Tối mâ\u0323t", "DO MAT: MAT", "Toi mat")]
    [True, True, True, True, True, False]
    >>> is_marked_secret("Mật", stamp=True), is_marked_secret("MAT", stamp=True), is_marked_secret("mật ong", stamp=True)
    (True, True, False)
    """
    if not 3 <= len(text) <= _WIDEST:
        return False
    return any(_is_stamp(meant, stamp=stamp) for meant in _meanings(text))


def first_mark(texts: Iterable[str], *, stamp: bool = False) -> str | None:
    """Return the first mark of secrecy among texts, line by line, None where there is none."""
    for text in texts:
        if is_marked_secret(text, stamp=stamp):
            return text.strip()
        if _BREAKS.search(text) or any(sign in text for sign in ("{", "%%", "\\")):
            for line in _BREAKS.split(_FORMATTED.sub("", text)):
                if is_marked_secret(line, stamp=stamp):
                    return line.strip()
    return None


def mark_in_properties(texts: Iterable[str]) -> str | None:
    """Return the first mark among a document's properties, keywords taken one by one."""
    return first_mark((part for text in texts for part in (text, *_KEYWORD_END.split(text))), stamp=True)


def mark_in_stream(stream: IO[bytes], *, stamp: bool = False, limit: int | None = None) -> str | None:
    """Return the first mark that stands alone between quotes, tags or line ends of a text file, whatever its encoding.

    Reads in blocks, up to `limit` bytes where one is given.
    """
    before, read, first = b"", 0, True
    wide: str | None = None
    while (limit is None or read < limit) and (block := stream.read(_BLOCK)):
        if read == 0 and block[:2] in (b"\xff\xfe", b"\xfe\xff"):
            wide = "utf-16-le" if block[:2] == b"\xff\xfe" else "utf-16-be"
        read += len(block)
        window = before + (block if wide is None else block.decode(wide, errors="replace").encode())
        found = first_mark(_around(window, begins=not before, ends=False), stamp=stamp)
        if found is not None:
            return found
        first = not before and len(window) <= 2 * _WIDEST
        before = window[-2 * _WIDEST :]
    return first_mark(_around(before, begins=first, ends=True), stamp=stamp)


def mark_in_companion(path: Path, name: str) -> str | None:
    """Return the mark on a file that lies beside the data of an archive (letter, note, picture), or in its name."""
    inside = PurePosixPath(name)
    if is_marked_secret(inside.stem):
        return inside.stem
    suffix = inside.suffix.casefold()
    try:
        with path.open("rb") as stream:
            head = stream.read(8)
            stream.seek(0)
            if head.startswith(b"%PDF"):
                return _mark_in_pdf(stream.read(_DOCUMENT_BYTES))
            if head.startswith(b"PK") and suffix != ".zip":
                return mark_in_office(path)
            if suffix in (".txt", ".md", ".xml", ".qmd", ".qml", ".html", ".htm", ".rtf"):
                return mark_in_stream(stream, stamp=True)
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError):
        return None  # a damaged letter marks nothing, and nothing of it is read further
    return None


def mark_in_office(path: Path) -> str | None:
    """Return the first mark in body, headings, notes, boxes, names or properties of an office document (DOCX, PPTX, XLSX, ODT, ODS)."""
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = entry.filename.casefold()
            if name == "xl/sharedstrings.xml":
                with archive.open(entry) as part:
                    found = mark_in_stream(part, limit=_DOCUMENT_BYTES)
                if found is not None:
                    return found
            if name.endswith(".xml") and name.startswith(OFFICE_PARTS):
                with archive.open(entry) as part:
                    content = part.read(_DOCUMENT_BYTES)
                found = mark_in_part(content, name)
                if found is not None:
                    return found
    return None


def mark_in_part(content: bytes, name: str) -> str | None:
    """Return the first mark in a part of an office document: paragraph by paragraph, however many runs one is cut into."""
    text = content.decode("utf-8", errors="replace")
    found = first_mark((html.unescape(one) for one in _NAMED.findall(text)), stamp=False)
    if found is not None:
        return found
    paragraphs = (html.unescape(_TAG.sub("", one)) for one in _PARAGRAPH.split(_BREAK_TAG.sub("\n", text)) if one)
    about = name.startswith("docprops/") or name.endswith("meta.xml")
    return mark_in_properties(paragraphs) if about else first_mark(paragraphs, stamp=True)


def is_tag_of_text(tag: int) -> bool:
    """Return whether a tag of a TIFF holds words: name, description, maker, software, copyright, XMP, GDAL's and Windows' own."""
    return tag in (269, 270, 271, 272, 285, 305, 315, 316, 700, 33_432, 42_112) or tag in _XP_TAGS


def mark_in_tag(tag: int, content: bytes) -> str | None:
    """Return the mark in a tag of a TIFF."""
    text = content.decode("utf-16-le" if tag in _XP_TAGS else "utf-8", errors="replace").strip("\x00")
    return mark_in_properties([text, *(html.unescape(one) for one in _TAG.split(text))])


def _around(window: bytes, *, begins: bool, ends: bool) -> Iterator[str]:
    """Yield the cells that hold a word like the stamp's, those that are whole: the text may go on before or behind the window."""
    for hit in _TRIGGER.finditer(window):
        left = max(window.rfind(edge, max(0, hit.start() - _WIDEST), hit.start()) for edge in _OPENING)
        rights = [place for edge in _CLOSING if (place := window.find(edge, hit.end(), hit.end() + _WIDEST)) >= 0]
        if left < 0 and not (begins and hit.start() <= _WIDEST):
            continue
        if not rights and not (ends and len(window) <= hit.end() + _WIDEST):
            continue
        content = window[left + 1 : min(rights, default=len(window))]
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = content.decode("latin-1")
        yield html.unescape(_ESCAPED.sub(_letter, text))


def _letter(escaped: re.Match[str]) -> str:
    code = escaped[1] or escaped[2]
    return chr(int(code, 16)) if code else escaped[0]


def _meanings(text: str) -> Iterator[str]:
    """Yield a text as it stands, and as what it could be under another encoding."""
    yield text
    if text.isascii():
        return
    once = once_encoded(text)
    if once is not None:
        yield once
    for encoding in FONTS:
        yield converted(text, encoding)
    try:
        yield text.encode("cp1252").decode("cp1258")
    except UnicodeError:
        return


def _is_stamp(text: str, *, stamp: bool) -> bool:
    bare = " ".join(unicodedata.normalize("NFC", text).strip(_EDGES).split())
    if len(bare) > _LONGEST:
        return False
    if bare.upper() in _ALONE:
        return bare == _ALONE[0] or (stamp and (bare.upper() == _ALONE[0] or bare == _ALONE[1]))
    return _STAMP.fullmatch(bare) is not None or _PLAIN_STAMP.fullmatch(bare) is not None


def _mark_in_pdf(content: bytes) -> str | None:
    """Return the mark in what a PDF holds uncompressed: its properties, metadata and plain text."""
    found = first_mark(_around(content, begins=True, ends=True), stamp=True)
    if found is not None:
        return found
    return mark_in_properties(_pdf_texts(content))


def _pdf_texts(content: bytes) -> Iterator[str]:
    for row, plain, coded in _PDF_TEXT.findall(content):
        if coded:
            raw = bytes.fromhex(coded.decode().replace("\n", " ").replace("\r", " "))
        else:
            raw = b"".join(_PDF_PIECE.findall(row)) if row else plain
            raw = _PDF_ESCAPE.sub(lambda hit: hit[1] if hit[1] in b"()\\" else bytes([int(hit[1], 8) & 255]), raw)
        if raw[:2] == b"\xfe\xff":
            yield raw[2:].decode("utf-16-be", errors="replace")
            continue
        try:
            yield raw.decode()
        except UnicodeDecodeError:
            yield raw.decode("latin-1")
