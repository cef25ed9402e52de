"""Trenches: every profile of TCVN 8700:2011, and quantities worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatang.data.clauses import trench_profiles
from hatang.data.contracts import ParameterError
from hatang.sharing.trench import TrenchBuild, profile_for, trench_quantities, ways_with_reserve

PROFILES = trench_profiles()
BUILD = TrenchBuild()


def test_profiles_are_those_of_the_standard() -> None:
    assert {(p.ways, p.layers): (p.top_mm, p.bottom_mm) for p in PROFILES} == {
        (2, 1): (450, 350),
        (3, 1): (600, 500),
        (4, 1): (750, 650),
        (4, 2): (450, 350),
        (6, 2): (600, 500),
        (8, 2): (750, 650),
        (9, 3): (600, 500),
        (12, 3): (750, 650),
        (16, 4): (750, 650),
        (20, 5): (750, 650),
    }


@pytest.mark.parametrize(
    ("ways", "held", "layers"),
    [(1, 2, 1), (2, 2, 1), (3, 4, 2), (4, 4, 2), (5, 6, 2), (6, 6, 2), (7, 9, 3), (9, 9, 3), (10, 12, 3), (13, 16, 4), (17, 20, 5)],
)
def test_the_profile_with_the_least_earth_is_taken(ways: int, held: int, layers: int) -> None:
    """By hand, mean width × depth: 3 ways flat 0.55 × 0.66 = 0.363 against 4 in two layers 0.40 × 0.80 = 0.320 m²;
    8 ways in two layers 0.70 × 0.80 = 0.560 against 9 in three 0.55 × 0.94 = 0.517 m²."""
    profile = profile_for(ways, PROFILES, build=BUILD)
    assert (profile.ways, profile.layers) == (held, layers)


def test_quantities_of_six_ways_under_a_carriageway_by_hand() -> None:
    """Depth 50 + 2 × 110 + 30 + 700 = 1,000 mm; dig (0.6 + 0.5) / 2 × 1.0 × 10 = 5.5 m³; sand to 400 mm, where it is 0.54 m wide:
    (0.5 + 0.54) / 2 × 0.4 × 10 = 2.08 m³ less six ducts of π/4 × 0.11² × 10 = 0.570199 m³; backfill 5.5 − 2.08 = 3.42 m³."""
    six = next(p for p in PROFILES if p.ways == 6)
    found = trench_quantities(six, length_m=10, ways=6, build=BUILD, surface="carriageway")
    assert found.dig_m3 == pytest.approx(5.5)
    assert found.sand_m3 == pytest.approx(2.08 - 0.5701990)
    assert found.backfill_m3 == pytest.approx(3.42)
    assert found.spoil_m3 == pytest.approx(2.08)
    assert found.surface_m2 == pytest.approx(6.0)
    assert found.ways_m == 60


def test_reserve_is_ten_per_cent_in_whole_ways() -> None:
    assert [ways_with_reserve(n) for n in (0, 1, 5, 9, 10, 19, 20, 30)] == [0, 2, 6, 10, 11, 21, 22, 33]
    assert ways_with_reserve(10, reserve_share=0) == 10


@given(st.integers(1, 20), st.floats(0, 5000), st.sampled_from(["sidewalk", "carriageway"]))
def test_earth_is_neither_made_nor_lost(ways: int, length_m: float, surface: str) -> None:
    profile = profile_for(ways, PROFILES, build=BUILD, surface=surface)
    found = trench_quantities(profile, length_m=length_m, ways=ways, build=BUILD, surface=surface)
    ducts = ways * math.pi / 4 * 0.11**2 * length_m
    assert found.dig_m3 == pytest.approx(found.sand_m3 + found.backfill_m3 + ducts)
    assert min(found.dig_m3, found.sand_m3, found.backfill_m3, found.spoil_m3, found.surface_m2) >= 0


@pytest.mark.parametrize("ways", [0, 21])
def test_ways_that_no_profile_holds_are_named(ways: int) -> None:
    with pytest.raises(ParameterError, match=r"error\.trench\.ways.*20"):
        profile_for(ways, PROFILES, build=BUILD)


def test_more_ways_than_the_profile_or_a_length_below_zero_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"error\.trench\.ways"):
        trench_quantities(PROFILES[0], length_m=1, ways=3, build=BUILD)
    with pytest.raises(ParameterError, match=r"length_m"):
        trench_quantities(PROFILES[0], length_m=-1, ways=1, build=BUILD)
    with pytest.raises(ParameterError, match=r"error\.trench\.ways"):
        ways_with_reserve(-1)


@pytest.mark.parametrize("given_", [{"duct_mm": 0.0}, {"bed_mm": -1.0}, {"sand_above_mm": 600.0}])
def test_a_build_that_cannot_be_is_refused(given_: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(given_))):
        TrenchBuild(**given_)
