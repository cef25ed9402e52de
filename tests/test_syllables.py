"""Vietnamese syllables: every one of the official names is one, words of other languages and broken text are not."""

import re
import unicodedata
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatang.data._syllables import is_syllable
from hatang.data.facts import crosswalk, ward_facts

_WORD = re.compile(r"[^\W\d_]+")
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def accented(texts: Iterable[str]) -> set[str]:
    """Return the distinct words with a letter beyond ASCII."""
    return {word for text in texts for word in _WORD.findall(unicodedata.normalize("NFC", text)) if not word.isascii()}


def test_names_of_wards_former_units_and_seats_are_syllables() -> None:
    wards, former = ward_facts(), crosswalk()
    words = accented([*wards["ward_name"], *wards["seat"].dropna(), *wards["merged_from"].dropna(), *former["old_name"]])
    assert len(words) > 120
    assert {word for word in words if not is_syllable(word)} <= {"NĐ", "QĐ"}


def test_our_own_sentences_are_syllables() -> None:
    folder = files("hatang.data").joinpath("locale", "vi")
    words = accented(path.read_text(encoding="utf-8") for path in folder.iterdir() if path.name.endswith(".po"))
    assert len(words) > 500
    odd = {word for word in words if not is_syllable(word) and re.search("[aeiouy]", unicodedata.normalize("NFD", word).lower())}
    assert not odd


@pytest.mark.parametrize(
    "word",
    ["gì", "giết", "giếng", "quốc", "quý", "quyết", "quỳnh", "nghiêng", "khuỷu", "khuya", "xoong", "yếu", "hoà", "hòa", "thúy", "thuý",
     "Ủy", "UỶ", "ưỡn", "Đắc"],
)  # fmt: skip
def test_rare_but_right(word: str) -> None:
    assert is_syllable(word)
    assert is_syllable(unicodedata.normalize("NFD", word))


@pytest.mark.parametrize(
    "word",
    ["ngiêng", "ghà", "cế", "kà", "tàc", "mãt", "xaị", "hoaì", "cafế", "trờmg", "ấń", "HuẾ", "hUế", "HuÕ", "Hueá", "Tr¹m", "BTS", "", "đ",
     "été", "naïve", "über", "garçon", "señor", "schön", "João", "a" * 1_000_000],
)  # fmt: skip
def test_wrong(word: str) -> None:
    assert not is_syllable(word)


@given(
    st.sampled_from("bdđhlmnrstvx"),
    st.sampled_from("aăâeêioôơuư"),
    st.sampled_from(["\u0300", "\u0303", "\u0309", ""]),
    st.sampled_from("cpt"),
)
def test_a_stop_takes_two_tones_only(onset: str, vowel: str, tone: str, stop: str) -> None:
    """Sắc and nặng (Thompson, A Vietnamese Reference Grammar, 1987, chapter 2)."""
    assert not is_syllable(unicodedata.normalize("NFC", onset + vowel + tone + stop))
    assert not is_syllable(unicodedata.normalize("NFC", onset + vowel + tone + "\u0301" + "n")) or not tone


@pytest.mark.reference
def test_names_of_the_country(reference: Path) -> None:
    """Of the words in the names of 3,321 units only those of other languages of Vietnam (Krông, Đắk, Kông) are no syllables: below 6 %."""
    names = gpd.read_parquet(reference / "boundaries/vn_wards_2025_simplified30m.parquet")["name"]
    words = accented(names)
    assert len(words) > 900
    assert sum(not is_syllable(word) for word in words) / len(words) < 0.06
