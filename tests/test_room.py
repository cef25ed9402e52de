"""Room in the register's assets: hand-counted ways, slots and masts; what is unknown is never room."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hatang.data.contracts import DUCT_SECTIONS, DUCT_WAYS, OCCUPANCIES, REGISTER_TABLES, ROOM, ParameterError, Table
from hatang.sharing.room import counted_room, duct_fill, duct_room, mast_action

USES = (None, "empty", "used", "blocked", "maintenance", "manoeuvre", "reserved")


def sections(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"asset_id": ["D1"], "ways": [None], "status": ["in_service"], "sharable": ["yes"], **columns})


def ways(*rows: tuple[str, str | None, str | None, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["way_id", "parent_way_id", "use", "occupancy"], dtype=object)
    return frame.assign(section_id="D1")


def answer(section: pd.DataFrame, described: pd.DataFrame, **kept: float) -> dict[str, object]:
    row = duct_room(section, described, **kept).iloc[0]  # type: ignore[arg-type]
    return {name: None if pd.isna(row[name]) else row[name] for name in ("capacity", "used", "unknown", "reserve", "spare", "action")}


@pytest.mark.parametrize("table", REGISTER_TABLES.values(), ids=lambda table: table.name)
def test_tables_of_the_register_are_well_formed(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert set(table.key) <= set(names)
    assert all(column.unit for column in table.columns if column.type in ("int", "float"))
    assert len(table.conform(pd.DataFrame(columns=table.names))) == 0


def test_ways_are_free_only_where_they_are_known_to_be() -> None:
    described = ways(
        ("1", None, "empty", None), ("2", None, None, "0"), ("3", None, "blocked", "0"), ("4", None, None, "9"), ("5", None, "empty", "2")
    )
    assert answer(sections(ways=[7]), described) == {"capacity": 7, "used": 1, "unknown": 4, "reserve": 0, "spare": 2, "action": "reuse"}


def test_a_section_of_which_nothing_is_said_is_to_be_surveyed() -> None:
    assert answer(sections(ways=[4]), ways()) == {
        "capacity": 4,
        "used": None,
        "unknown": 4,
        "reserve": 0,
        "spare": None,
        "action": "survey",
    }
    assert answer(sections(), ways())["capacity"] is None
    assert answer(sections(ways=[2]), ways(("1", None, "used", None)))["action"] == "survey"
    assert answer(sections(ways=[1]), ways(("1", None, "used", None)))["action"] == "full"


def test_a_way_that_holds_sub_ducts_is_counted_by_them() -> None:
    described = ways(("1", None, "used", "1.1"), ("1a", "1", "empty", None), ("1b", "1", "used", None), ("2", None, "used", "2"))
    assert answer(sections(ways=[2]), described) == {"capacity": 3, "used": 2, "unknown": 0, "reserve": 0, "spare": 1, "action": "reuse"}


@pytest.mark.parametrize(("count", "kept"), [(4, 1), (10, 1), (11, 2), (20, 2)])
def test_a_new_trench_keeps_a_tenth_and_an_old_one_what_is_set(count: int, kept: int) -> None:
    described = ways(*((str(n), None, "empty", "0") for n in range(count)))
    planned = answer(sections(ways=[count], status=["planned"]), described)
    assert (planned["reserve"], planned["spare"], planned["action"]) == (kept, count - kept, "closed")  # not built: nobody pulls cable yet
    old = answer(sections(ways=[count]), described, reserve_ways=2)
    assert (old["reserve"], old["spare"]) == (2, count - 2)


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"reserve_share": 1.1}, {"reserve_share": -0.1}, {"reserve_ways": -1}):
        with pytest.raises(ParameterError):
            duct_room(sections(), ways(), **wrong)
    with pytest.raises(ParameterError):
        mast_action(pd.DataFrame({"free_height_m": [1.0]}), needed_m=0)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.sampled_from(USES), st.sampled_from((None, *OCCUPANCIES))), max_size=12), st.none() | st.integers(0, 15))
def test_ways_add_up_and_forgetting_one_never_makes_room(rows: list[tuple[str | None, str | None]], stated: int | None) -> None:
    described = ways(*((str(n), None, *row) for n, row in enumerate(rows)))
    full = duct_room(sections(ways=[stated]), described).iloc[0]
    if not pd.isna(full["spare"]):
        assert full["capacity"] == full["used"] + full["unknown"] + full["spare"]
        assert full["capacity"] >= len(rows)
    if rows:
        described.loc[0, ["use", "occupancy"]] = None
        less = duct_room(sections(ways=[stated]), described).iloc[0]
        assert (0 if pd.isna(less["spare"]) else less["spare"]) <= (0 if pd.isna(full["spare"]) else full["spare"])


def test_slots_and_entries_count_what_is_stated() -> None:
    poles = pd.DataFrame({
        "asset_id": list("abcdef"), "slots_total": [6, 6, None, 4, 6, 2], "slots_used": [2, None, 1, 5, 1, 2],
        "occupancy": [None, None, None, None, "2", None], "sharable": [None, None, None, None, None, "yes"],
    })  # fmt: skip
    room = counted_room(poles, total="slots_total", used="slots_used")
    assert room["action"].tolist() == ["reuse", "survey", "survey", "survey", "full", "full"]
    assert room["spare"].astype(object).where(room["spare"].notna(), None).tolist() == [4, None, None, None, 0, 0]
    assert list(room) == ROOM.names


def test_what_is_not_to_be_shared_is_closed() -> None:
    masts = pd.DataFrame({"free_height_m": [9.0, 9.0, 9.0], "sharable": ["no", "yes", None], "status": ["in_service", "abandoned", None]})
    assert mast_action(masts, needed_m=3).tolist() == ["closed", "closed", "reuse"]


def test_fill_is_the_share_of_the_way_that_cables_take() -> None:
    """NEC chapter 9 table 1: 53, 31 and 40 %; areas by hand."""
    fill = duct_fill([100.0, 100.0, 100.0, np.nan, 100.0, 40.0], [[], [20.0], [20.0, 20.0], [20.0], [math.nan], [30.0, 30.0]])
    assert fill["limit_pct"].tolist() == [53, 53, 31, 53, 53, 31]
    assert fill["fill_pct"][:3].tolist() == pytest.approx([0, 4, 8])
    assert fill["fill_pct"][3:5].isna().all()
    assert fill["fill_pct"][5] == pytest.approx(112.5)
    assert fill["room_mm2"].tolist()[:3] == pytest.approx([math.pi / 4 * 5300, math.pi / 4 * (3100 - 400), math.pi / 4 * (4000 - 800)])
    assert fill["room_mm2"][3:5].isna().all()
    assert fill["room_mm2"][5] == 0


def test_empty_tables_have_no_room() -> None:
    nothing = duct_room(
        DUCT_SECTIONS.conform(pd.DataFrame(columns=DUCT_SECTIONS.names)), DUCT_WAYS.conform(pd.DataFrame(columns=DUCT_WAYS.names))
    )
    assert nothing.empty
    assert list(nothing) == ROOM.names
