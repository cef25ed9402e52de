"""One rounding for every figure that people read."""

import datetime as dt

import pandas as pd
import pytest

from hatang.data.figures import MISSING, shown, shown_date, shown_interval


@pytest.mark.parametrize(
    ("value", "unit", "vi", "en"),
    [
        (12345.6, "km²", "12.345,60", "12,345.60"),
        (0.876, "share", "87,6%", "87.6%"),
        (1432986, "people", "1.432.986", "1,432,986"),
        (-101.25, "dBm", "-101,2", "-101.2"),
        (0.5, "unknown unit", "0,5", "0.5"),
        (1.0, "share", "100,0%", "100.0%"),
        (0.9997, "share", "99,9%", "99.9%"),
        (0.0001, "share", "0,1%", "0.1%"),
        (0.0, "share", "0,0%", "0.0%"),
    ],
)
def test_figures_in_both_languages(value: float, unit: str, vi: str, en: str) -> None:
    assert (shown(value, unit, "vi"), shown(value, unit, "en")) == (vi, en)


@pytest.mark.parametrize("value", [None, float("nan"), pd.NA, pd.NaT])
def test_missing_is_never_zero(value: object) -> None:
    assert shown(value, "share", "vi") == MISSING


def test_interval_without_bounds_is_the_figure_alone() -> None:
    assert shown_interval(0.5, None, None, "share", "vi") == "50,0%"
    assert shown_interval(0.5, 0.25, 0.75, "share", "en") == "50.0% [25.0%; 75.0%]"


def test_dates() -> None:
    day = dt.date(2027, 1, 5)
    assert shown_date(day, "en") == "2027-01-05"
    assert shown_date(day, "en", long=True) == "5 January 2027"
    assert shown_date(None, "vi") == MISSING
    assert shown_date(pd.NaT, "vi") == MISSING
