"""Sentences in Vietnamese and English: gettext catalogues keyed by message id, one file a room and language.

The catalogues are `locale/<language>/<room>.po`; they are compiled in memory, so that no binary is committed and an office can mend a
sentence with a text editor. A message id that no catalogue knows is an error of ours and raises.
"""

import gettext
import io
from functools import cache
from importlib.resources import files
from typing import Literal

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from hatang.data.contracts import Fault, HatangError

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")


@cache
def _catalogue(language: Language) -> dict[str, str]:
    """Return message id → sentence of every room's catalogue."""
    sentences: dict[str, str] = {}
    for path in sorted(files("hatang.data").joinpath("locale", language).iterdir(), key=lambda entry: entry.name):
        if not path.name.endswith(".po"):
            continue
        with path.open("rb") as source:
            catalogue = read_po(source, locale=language, domain=path.name.removesuffix(".po"))
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        translations = gettext.GNUTranslations(compiled)
        for message in catalogue:
            if message.id:
                key = str(message.id)
                if key in sentences:
                    raise HatangError("error.language.twice", message=key)
                sentences[key] = translations.gettext(key)
    return sentences


def message_ids(language: Language) -> frozenset[str]:
    """Return every message id that the language's catalogues define."""
    return frozenset(_catalogue(language))


def text(message_id: str, language: Language, **fields: object) -> str:
    """Return the sentence `message_id` in `language`, its `{fields}` filled.

    Raises
    ------
    KeyError
        Where no catalogue defines the message id.

    Examples
    --------
    >>> text("verdict.gap", "vi")
    'chưa đạt'
    >>> text("verdict.gap", "en")
    'not met'
    """
    sentence = _catalogue(language)[message_id]
    return sentence.format(**fields) if fields else sentence


def error_text(error: HatangError, language: Language) -> str:
    """Return what an error says in `language`: its message id rendered with its fields."""
    return text(error.message_id, language, **error.fields)


def fault_text(fault: Fault, language: Language) -> str:
    """Return one line naming file, row, field, what was found, what was expected and what to do."""
    place = fault.file
    if fault.row is not None:
        place += ", " + text("fault.row", language, row=fault.row)
    if fault.field is not None:
        place += ", " + text("fault.field", language, field=fault.field)
    found = "" if fault.found is None else text("fault.found", language, found=fault.found) + "; "
    more = "" if fault.count == 1 else " " + text("fault.more", language, count=fault.count)
    expected = text(f"fault.{fault.code}.expected", language, **fault.fields)
    remedy = text(f"fault.{fault.code}.remedy", language, **fault.fields)
    return f"{place}: {found}{text('fault.expected', language, expected=expected)}; {remedy}{more}"
