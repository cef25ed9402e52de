"""Contracts: tables conform, errors are builtins too, faults are plain values."""

import pandas as pd
import pytest

from hatang.data import contracts
from hatang.data.contracts import FIXED, INPUT_TABLES, RESULT_TABLES, WARD_KEY, WARD_TABLE, Column, Fault, SchemaError, Severity, Table

COUNTS = {"ward_code": ["19753"], "ward_name": ["Phường Phú Xuân"], "operator": ["vnpt"], "households": [10], "households_served": [9]}


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (contracts.CrsError, ValueError),
        (contracts.SchemaError, ValueError),
        (contracts.EmptyDataError, ValueError),
        (contracts.ParameterError, ValueError),
        (contracts.RefusedError, ValueError),
        (contracts.MissingError, LookupError),
        (contracts.StoreError, OSError),
        (contracts.CancelledError, RuntimeError),
    ],
)
def test_every_error_is_also_what_people_would_catch(error: type[contracts.HatangError], builtin: type[Exception]) -> None:
    caught = error("error.schema", table="wards")
    assert isinstance(caught, builtin)
    assert caught.message_id == "error.schema"
    assert caught.fields == {"table": "wards"}
    assert str(caught) == "error.schema: table='wards'"


def test_conform_orders_types_and_fills_absent_columns() -> None:
    conformed = FIXED.conform(pd.DataFrame({**COUNTS, "note": ["not of the contract"]}))
    assert list(conformed) == FIXED.names
    assert conformed["households_connected"].isna().all()
    assert str(conformed["households"].dtype) == "Int64"
    assert list(conformed["ward_code"]) == ["19753"]


def test_conform_names_every_fault_at_once() -> None:
    with pytest.raises(SchemaError) as caught:
        FIXED.conform(pd.DataFrame({**COUNTS, "households": [-1], "households_served": [-9]}))
    assert {fault["column"] for fault in caught.value.fields["faults"]} == {"households", "households_served"}  # type: ignore[attr-defined]


def test_conform_refuses_a_repeated_key() -> None:
    twice = pd.concat([pd.DataFrame(COUNTS)] * 2, ignore_index=True)
    with pytest.raises(SchemaError):
        FIXED.conform(twice)


def test_conform_does_not_change_its_argument() -> None:
    frame = pd.DataFrame(COUNTS)
    before = frame.copy()
    FIXED.conform(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_conform_accepts_an_empty_frame() -> None:
    assert len(FIXED.conform(pd.DataFrame(columns=list(COUNTS)))) == 0


@pytest.mark.parametrize("table", [*INPUT_TABLES.values(), *RESULT_TABLES.values(), contracts.WARDS], ids=lambda table: table.name)
def test_tables_are_well_formed(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(names) == len(set(names))
    assert set(table.key) <= set(names)
    assert all(column.unit for column in table.columns if column.type == "float" and table.name != "scorecard")
    synonyms = [synonym for column in table.columns for synonym in (column.name, *column.synonyms)]
    assert [s for s in set(synonyms) if synonyms.count(s) > 1] == []


def test_ward_table_holds_the_promised_columns() -> None:
    shares = [f"{kind}_{part}" for kind in ("pass", "area", "population") for part in ("share", "lo", "hi")]
    levels = ["tests", "devices", "median_rsrp_dbm", "p10_rsrp_dbm"]
    claims = ["claimed_area_share", "claimed_population_share"]
    answer = ["ward_name", "verdict", "tests_needed", "boundary_source", "ward_version"]
    assert {*WARD_KEY, *shares, *levels, *claims, *answer} <= set(WARD_TABLE.names)


def test_fault_becomes_plain_values() -> None:
    fault = Fault(code="range", file="a.csv", row=7, field="rsrp_dbm", found="-900", fields={"low": -156})
    assert fault.as_dict() == {
        "code": "range",
        "file": "a.csv",
        "severity": "refused",
        "row": 7,
        "field": "rsrp_dbm",
        "found": "-900",
        "fields": {"low": -156},
        "count": 1,
    }
    assert fault.severity is Severity.REFUSED


def test_column_checks_hold_ranges_and_values() -> None:
    table = Table("t", (Column("kind", values=("a", "b")), Column("size_m", "float", "m", low=0, high=5)))
    assert len(table.conform(pd.DataFrame({"kind": ["a", None], "size_m": [5.0, None]}))) == 2
    for bad in ({"kind": ["c"], "size_m": [1.0]}, {"kind": ["a"], "size_m": [5.1]}):
        with pytest.raises(SchemaError, match=r"error\.schema"):
            table.conform(pd.DataFrame(bad))
    assert table["size_m"].unit == "m"


def test_sentinels_of_real_logs_are_named() -> None:
    assert {-200, -205, 2147483647} <= set(contracts.MEASUREMENTS["rsrp_dbm"].sentinels)
