"""Statutory key: by hand, and that nothing is lost or made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hatang.data.contracts import ParameterError
from hatang.sharing.costshares import SHARE_KEYS, Cables, ShareKey, statutory_shares

VIETTEL = Cables("viettel", 200, cables=2, area_mm2=100, kg_per_m=0.2)
VNPT = Cables("vnpt", 100, cables=1, area_mm2=400, kg_per_m=0.1)


@pytest.mark.parametrize(
    ("key", "viettel", "vnpt"),
    [("length", 80.0, 40.0), ("number", 96.0, 24.0), ("area", 60.0, 60.0), ("weight", 120 * 80 / 90, 120 * 10 / 90)],
)
def test_each_key_by_hand(key: ShareKey, viettel: float, vnpt: float) -> None:
    """Length 200 : 100; cable metres 400 : 100; section 400 × 100 : 100 × 400; weight 400 × 0.2 : 100 × 0.1."""
    found = statutory_shares([(120.0, [VIETTEL, VNPT])], key=key)
    assert found.to_dict() == pytest.approx({"viettel": viettel, "vnpt": vnpt})


def test_each_stretch_is_paid_by_those_who_use_it() -> None:
    found = statutory_shares([(120.0, [VIETTEL, VNPT]), (50.0, [VNPT]), (0.0, [VIETTEL])], key="length")
    assert found.to_dict() == pytest.approx({"viettel": 80, "vnpt": 90})


@given(st.lists(st.tuples(st.floats(0, 1e9), st.lists(st.integers(1, 9), min_size=1, max_size=5)), min_size=1, max_size=6))
def test_nothing_is_lost_or_made_whatever_the_order(stretches: list[tuple[float, list[int]]]) -> None:
    given_ = [(cost, [Cables(f"o{n}", 10.0, cables=count) for n, count in enumerate(users)]) for cost, users in stretches]
    found = statutory_shares(given_, key="number")
    assert found.sum() == pytest.approx(sum(cost for cost, _ in stretches))
    assert (found >= 0).all()
    turned = statutory_shares([(cost, users[::-1]) for cost, users in given_[::-1]], key="number")
    assert turned.to_dict() == pytest.approx(found.to_dict())


def test_what_cannot_be_shared_is_named() -> None:
    with pytest.raises(ParameterError, match=r"error\.costshares\.key"):
        statutory_shares([], key="heads")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"error\.costshares\.cost"):
        statutory_shares([(-1.0, [VNPT])], key="length")
    with pytest.raises(ParameterError, match=r"error\.costshares\.nobody.*2"):
        statutory_shares([(1.0, [VNPT]), (1.0, [])], key="length")
    with pytest.raises(ParameterError, match=r"error\.costshares\.quantity.*fpt"):
        statutory_shares([(1.0, [Cables("fpt", 10.0)])], key="weight")
    assert statutory_shares([], key="length").empty
    assert SHARE_KEYS == ("length", "number", "area", "weight")
