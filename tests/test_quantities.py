"""The bill of a new set: by hand, priced only where a price is known; the city's own price table and its faults."""

import datetime as dt
from pathlib import Path

import pytest
import shapely

from hatang.data.clauses import trench_profiles
from hatang.data.contracts import Price, RefusedError
from hatang.data.pricelist import prices_in_force
from hatang.sharing.quantities import ITEMS, bill_of_quantities
from hatang.sharing.streetrules import Need, StreetRules
from hatang.sharing.streetset import empty_set, street_set
from hatang.sharing.trench import TrenchBuild

DAY = dt.date(2026, 9, 30)
X, Y = 561_000.0, 1_821_000.0
HEAD = "item,unit,vnd,from,source,verified\n"


def test_the_bill_of_200_m_by_hand() -> None:
    """Five ways needed, six laid in two layers 600/500 on 200 m of sidewalk: depth 50 + 110 + 30 + 110 + 500 = 800 mm.

    Dig 0.55 × 0.8 × 200 = 88 m³; sand to 400 mm where it is 0.55 m wide: 0.525 × 0.4 × 200 = 42 m³, less ducts
    6 × π/4 × 0.0121 × 200 = 11.40398 m³; backfill 88 − 42 = 46 m³; surface 0.6 × 200 = 120 m²; chambers at 0, 100, 200 m.
    """
    road = shapely.LineString([(X, Y), (X + 200, Y)])
    found = street_set(road, [Need("viettel", 5)], profiles=trench_profiles(), rules=StreetRules())
    prices = {
        "dig": Price("dig", "m³", 100_000.0, DAY, "Bảng giá thử", verified=False),
        "duct": Price("duct", "m³", 1.0, DAY, "sai đơn vị", verified=True),
    }
    bill = bill_of_quantities([found], prices, build=TrenchBuild()).set_index("item")
    assert bill["quantity"].to_dict() == pytest.approx(
        {
            "trench_m": 200,
            "dig": 88,
            "sand": 42 - 11.40398,
            "backfill": 46,
            "spoil": 42,
            "surface_sidewalk": 120,
            "surface_carriageway": 0,
            "duct": 1200,
            "chamber": 3,
            "crossing": 0,
            "pole": 0,
        },
        rel=1e-6,
    )
    assert bill.loc["dig", "cost_vnd"] == pytest.approx(8_800_000)
    assert bill.loc["dig", "price_from"] == "2026-09-30"
    assert not bill.loc["dig", "price_verified"]
    assert bill["cost_vnd"].notna().sum() == 1
    assert list(bill.index) == list(ITEMS)


def test_nothing_costs_nothing_and_has_no_price() -> None:
    bill = bill_of_quantities([empty_set()], {}, build=TrenchBuild())
    assert bill["quantity"].tolist() == [0.0] * len(ITEMS)
    assert bill["price_vnd"].isna().all()
    assert bill["price_verified"].isna().all()


def test_no_price_of_works_is_shipped_and_rents_are_not_verified() -> None:
    shipped = prices_in_force(DAY)
    assert not set(shipped) & set(ITEMS)
    assert (shipped["rent_duct"].vnd, shipped["rent_duct"].verified) == (79_258, False)
    assert prices_in_force(dt.date(2025, 1, 1)) == {}


def test_the_citys_table_counts_first_and_by_its_days(tmp_path: Path) -> None:
    own = tmp_path / "gia.csv"
    own.write_text(
        HEAD
        + "dig,m³,150000,2026-01-01,QĐ thử,yes\ndig,m³,160.000,2026-07-01,QĐ thử 2,yes\n"
        + "dig,m³,999999,2027-01-01,sau này,yes\nrent_duct,m/year,50000,2024-01-01,QĐ thử,no\n",
        "utf-8-sig",
    )
    found = prices_in_force(DAY, own)
    assert (found["dig"].vnd, found["dig"].source, found["dig"].verified) == (160_000, "QĐ thử 2", True)
    assert found["rent_duct"].vnd == 50_000


@pytest.mark.parametrize(
    "row",
    [
        "dig,m³,-1,2026-01-01,QĐ,yes",
        "dig,m³,nan,2026-01-01,QĐ,yes",
        "dig,m³,1,01/01/2026,QĐ,yes",
        "dig,m³,1,2026-01-01,,yes",
        "dig,m³,1,2026-01-01,QĐ,maybe",
        "dig",
    ],
)
def test_a_row_that_is_no_price_is_named(tmp_path: Path, row: str) -> None:
    own = tmp_path / "gia.csv"
    own.write_text(HEAD + "sand,m³,1,2026-01-01,QĐ,yes\n" + row + "\n", "utf-8")
    with pytest.raises(RefusedError, match=r"error\.prices") as error:
        prices_in_force(DAY, own)
    assert [(fault.code, fault.row) for fault in error.value.faults] == [("price_row", 3)]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_table_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    own = tmp_path / "gia.csv"
    if content is not None:
        own.write_bytes(content)
    with pytest.raises(RefusedError, match=r"error\.prices"):
        prices_in_force(DAY, own)
