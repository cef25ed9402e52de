"""Raw tests to units: latched readings, bad positions, silence, and a ledger that adds up."""

import numpy as np
import pandas as pd
import pytest

from hatang.coverage.cleaning import FLOOR_DBM, CleaningRules, clean, latched

RULES = CleaningRules(accuracy_m=50.0)


def log(**columns: object) -> pd.DataFrame:
    """Return a log of one device, a row a second, with the given columns."""
    length = max((len(value) for value in columns.values() if isinstance(value, list)), default=1)
    base = {
        "time": pd.date_range("2026-08-01 08:00", periods=length, freq="s"),
        "lon": 107.58,
        "lat": 16.46,
        "operator": "viettel",
        "technology": "4g",
        "environment": "outdoor",
        "rsrp_dbm": -95.0,
        "rsrq_db": -10.0,
        "sinr_db": 5.0,
        "no_service": pd.array([None] * length, dtype="boolean"),
        "device_id": "a",
        "accuracy_m": 5.0,
        "download_mbps": np.nan,
        "ward_code": "19753",
        "cell": "c1",
    }
    return pd.DataFrame({**base, **columns}, index=range(length))


def steps(frame: pd.DataFrame) -> dict[str, int]:
    return dict(zip(frame["step"], frame["rows"], strict=True))


def test_repeats_of_the_same_reading_are_latched() -> None:
    rows = log(rsrp_dbm=[-95.0, -95.0, -95.0, -96.0, -95.0], sinr_db=[5.0, 5.0, 5.0, 5.0, 5.0])
    assert list(latched(rows)) == [False, True, True, False, False]


def test_a_level_alone_or_another_device_or_a_long_pause_is_no_repeat() -> None:
    assert not latched(log(rsrp_dbm=[-95.0, -95.0], rsrq_db=np.nan, sinr_db=np.nan)).any()
    assert not latched(log(rsrp_dbm=[-95.0, -95.0], device_id=["a", "b"])).any()
    assert not latched(log(rsrp_dbm=[-95.0, -95.0], time=list(pd.to_datetime(["2026-08-01 08:00", "2026-08-01 08:01"])))).any()


def test_order_of_rows_does_not_matter() -> None:
    rows = log(rsrp_dbm=[-95.0, -95.0, -90.0, -90.0, -80.0])
    shuffled = rows.sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(latched(shuffled).sort_index(), latched(rows))
    pd.testing.assert_frame_equal(clean(shuffled, rules=RULES).units, clean(rows, rules=RULES).units)


def test_one_device_counts_once_a_cell_and_day() -> None:
    rows = log(rsrp_dbm=[-90.0, -100.0, -110.0, -80.0], cell=["c1", "c1", "c1", "c2"])
    units = clean(rows, rules=RULES).units
    assert dict(zip(units["cell"], units["rsrp_dbm"], strict=True)) == {"c1": -100.0, "c2": -80.0}
    two_days = log(rsrp_dbm=[-90.0, -91.0], time=list(pd.to_datetime(["2026-08-01 08:00", "2026-08-02 08:00"])))
    assert len(clean(two_days, rules=RULES).units) == 2


def test_silence_is_a_level_at_the_floor() -> None:
    rows = log(rsrp_dbm=[np.nan], no_service=pd.array([True], dtype="boolean"))
    assert list(clean(rows, rules=RULES).units["rsrp_dbm"]) == [FLOOR_DBM]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [([np.nan, -70.0], FLOOR_DBM), ([np.nan, -70.0, -72.0], -72.0), ([np.nan, np.nan, -70.0], FLOOR_DBM), ([-70.0, -72.0], -71.0)],
)
def test_silence_is_no_part_of_a_mean(levels: list[float], expected: float) -> None:
    """By hand: the middle of {none, −70} is no level; −105 between a floor of −140 and −70 would pass −110."""
    rows = log(rsrp_dbm=levels, no_service=pd.array(np.isnan(levels), dtype="boolean"))
    assert list(clean(rows, rules=RULES).units["rsrp_dbm"]) == [expected]


def test_the_ledger_adds_up() -> None:
    rows = log(
        rsrp_dbm=[-95.0, -95.0, -96.0, -97.0, -98.0],
        accuracy_m=[5.0, 5.0, 80.0, np.nan, 5.0],
        ward_code=["19753", "19753", "19753", "19753", None],
    )
    found = steps(clean(rows, rules=RULES).ledger)
    assert found == {"raw": 5, "outside_city": 1, "inaccurate": 1, "latched": 1, "merged_into_units": 1, "units": 1}
    assert found["raw"] == sum(count for step, count in found.items() if step != "raw")


def test_no_rows_are_no_units() -> None:
    cleaned = clean(log().iloc[:0], rules=RULES)
    assert len(cleaned.units) == 0
    assert set(cleaned.ledger["rows"]) == {0}


def test_rows_without_time_still_count() -> None:
    rows = log(rsrp_dbm=[-95.0, -80.0], time=pd.to_datetime([None, None]), device_id=["a", "b"])
    assert len(clean(rows, rules=RULES).units) == 2
    with pytest.raises(KeyError):
        clean(rows.drop(columns="device_id"), rules=RULES)
