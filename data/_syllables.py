"""Syllables of Vietnamese: onset, rhyme and tone as the language allows them, to tell right text from text in a wrong encoding."""

import unicodedata
from functools import lru_cache
from typing import Final

_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")
_CHECKED: Final = frozenset("\u0301\u0323")
"""Tones of a syllable that ends in a stop: sắc and nặng."""
_CONSONANTS: Final = "b c ch d đ g gh h k kh l m n ng ngh nh p ph r s t th tr v x"
_ONSETS: Final = frozenset(_CONSONANTS.split())
_FRONT_ONLY: Final = frozenset(("k", "gh", "ngh"))
_NOT_FRONT: Final = frozenset(("c", "g", "ng"))
_ALL: Final = (
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây "
    "e ec em en eng eo ep et ê êch êm ên êng ênh êp êt êu i ich im in inh ip it iu ia iêc iêm iên iêng iêp iêt iêu "
    "o oc oi om on ong op ot ooc oong oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oe oem oen oeo oet "
    "ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt "
    "u ua uc ui um un ung up ut uân uâng uât uây uê uêch uên uênh uêt uêu uôc uôi uôm uôn uông uôt uơ "
    "uy uya uych uyn uynh uyp uyt uyu uyên uyêt "
    "ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu y yêm yên yêng yêt yêu"
)
_QU: Final = (
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt ân âng ât âu ây e en eo et ê êch ên ênh êt êu i ich in inh it iu "
    "ôc ơ ơi ơn y ych yn ynh yt yên yêt"
)
_RHYMES: Final = frozenset(_ALL.split())
_AFTER_QU: Final = frozenset(_QU.split())
_AFTER_GI: Final = frozenset(rhyme for rhyme in _RHYMES if rhyme[0] not in "iy")
_LONGEST: Final = 12
"""Nghiếng and its like with every mark apart."""
_STOPS: Final = ("c", "ch", "p", "t")


def is_syllable(word: str) -> bool:
    """Return whether a word is one that Vietnamese spelling allows, with its tone in either of the two customary places.

    Letters are all small, all capital, or the first alone is capital.

    Examples
    --------
    >>> [is_syllable(word) for word in ("Huế", "nghiêng", "QUỐC", "gì", "hòa", "hoà", "thuỷ")]
    [True, True, True, True, True, True, True]
    >>> [is_syllable(word) for word in ("ngiêng", "kả", "tạc", "tàc", "HuÕ", "café", "m¹", "trờng", "bts")]
    [False, False, True, False, False, False, False, False, False]
    """
    return len(word) <= _LONGEST and _is_syllable(word)


@lru_cache(maxsize=65_536)
def _is_syllable(word: str) -> bool:
    """Return whether a word of some letters is a syllable: texts repeat them."""
    if word not in (word.lower(), word.upper()) and word != word[:1].upper() + word[1:].lower():
        return False
    letters: list[str] = []
    tone, bearer = "", -1
    for letter in unicodedata.normalize("NFC", word.lower()):
        marks = unicodedata.normalize("NFD", letter)
        tones = [mark for mark in marks if mark in _TONES]
        if tones:
            if tone or len(tones) > 1:
                return False
            tone, bearer = tones[0], len(letters)
        letters.append(unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES)))
    return _spelt("".join(letters), tone, bearer)


def _spelt(letters: str, tone: str, bearer: int) -> bool:
    """Return whether letters without tone marks are an onset and a rhyme, and the tone one that the rhyme takes, on the right vowel."""
    onset, rhyme = _split(letters)
    if rhyme is None:
        return False
    if rhyme.endswith(_STOPS) and tone not in _CHECKED:
        return False
    if tone and bearer - len(onset) not in _bearers(rhyme):
        return False
    if onset == "qu":
        return rhyme in _AFTER_QU
    if onset == "gi":
        return rhyme in _AFTER_GI
    if rhyme not in _RHYMES or (onset and onset not in _ONSETS):
        return False
    front = rhyme[0] in "ieêy"
    return not (onset in _FRONT_ONLY and not front) and not (onset in _NOT_FRONT and front and not letters.startswith("gi"))


def _bearers(rhyme: str) -> tuple[int, ...]:
    """Return on which letters of a rhyme its tone may stand: old and new custom differ for oa, oe and uy."""
    vowels = rhyme.rstrip("bcdghklmnpqrstvxđ")
    strong = [place for place, letter in enumerate(vowels) if letter in "ăâêôơ"]
    if strong:
        return (strong[-1],)
    if len(vowels) == 2 and vowels == rhyme:
        return (0, 1) if vowels in ("oa", "oe", "uy") else (0,)
    return (min(1, len(vowels) - 1),)


def _split(letters: str) -> tuple[str, str | None]:
    """Return onset and rhyme, None where there is no vowel."""
    place = next((i for i, letter in enumerate(letters) if letter in "aăâeêioôơuưy"), None)
    if place is None:
        return letters, None
    if letters.startswith("qu") and len(letters) > 2:
        return "qu", letters[2:]
    if letters.startswith("gi") and len(letters) > 2 and letters[2:] in _AFTER_GI:
        return "gi", letters[2:]
    return letters[:place], letters[place:]
