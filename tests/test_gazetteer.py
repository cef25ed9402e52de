"""Ward names in any Vietnamese spelling, and the fact tables they are looked up in."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatang.data.facts import boundary_sources, crosswalk, declarations, ward_facts
from hatang.data.gazetteer import ward_codes


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Phường Phú Xuân", "19753"),
        ("phường phú xuân", "19753"),
        ("P. Phú Xuân", "19753"),
        ("Phú Xuân", "19753"),
        ("PHU XUAN", "19753"),
        ("  Phú   Xuân ", "19753"),
        (unicodedata.normalize("NFD", "Phường Phú Xuân"), "19753"),
        ("Phường Thuỷ Xuân", "19813"),
        ("Phường Thủy Xuân", "19813"),
        ("Phường Thuận Hoá", "19789"),
        ("Phường Tây Lộc", "19753"),
        ("Quận Phú Xuân thành phố", None),
        ("", None),
        ("Hà Nội", None),
    ],
)
def test_spellings(name: str, code: str | None) -> None:
    assert ward_codes([name]) == [code]


def test_missing_names_stay_missing() -> None:
    assert ward_codes([None, "Phú Xuân"]) == [None, "19753"]


def test_every_ward_is_found_by_its_own_name_in_both_unicode_forms() -> None:
    facts = ward_facts()
    for form in ("NFC", "NFD"):
        names = [unicodedata.normalize(form, name) for name in facts["ward_name"]]  # type: ignore[arg-type]
        assert ward_codes(names) == list(facts["ward_code"])


@given(st.text(max_size=30))
def test_any_text_is_answered(name: str) -> None:
    (found,) = ward_codes([name])
    assert found is None or found in set(ward_facts()["ward_code"])


def test_facts_sum_to_the_official_totals() -> None:
    facts = ward_facts()
    assert len(facts) == 40
    assert (facts["kind"].value_counts()["phường"], facts["kind"].value_counts()["xã"]) == (21, 19)
    assert facts["population"].sum() == 1_432_986
    assert round(facts["area_km2_official"].sum(), 2) == 4947.14


def test_crosswalk_takes_133_former_units_to_the_40() -> None:
    table = crosswalk()
    assert len(table) == 133
    assert set(table["ward_code"]) == set(ward_facts()["ward_code"])
    assert not table["old_code"].duplicated().any()


def test_pinned_sources_have_hashes() -> None:
    sources = boundary_sources()
    assert len(sources) == 41
    assert sources["sha256"].str.fullmatch("[0-9a-f]{64}").all()
    assert sources["url"].str.startswith("https://").all()


def test_declarations_carry_source_and_flag() -> None:
    table = declarations()
    assert {"shared_bts_share", "fibre_households_share"} <= set(table["indicator"])
    assert table[["source", "date", "definition", "unit"]].notna().all().all()
    assert not table["verified"].any()
