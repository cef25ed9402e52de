"""Declared figures beside ours: a difference only where both speak of the same thing, and filed figures before those of the press."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from hatang.coverage.declared import beside_declared, official_figures
from hatang.data.contracts import DECLARATIONS, DECLARED, SCORECARD, SHARING_KPIS, Kind
from hatang.data.facts import declarations
from hatang.data.language import text
from hatang.data.settings import Settings
from hatang.pipeline.assess import assess
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet
from hatang.reports.sections import Scope, build_report
from hatang.reports.workbook import report_workbook
from hatang.web.declared_section import declared_list

HEAD = "Chỉ tiêu;Phạm vi;Doanh nghiệp;Mã xã;Kỳ;Giá trị;Đơn vị tính;Văn bản;Ngày công bố\n"
SITES = "site_id,operator,lon,lat,tenants\nA,viettel,107.58,16.46,2\nB,vnpt,107.59,16.46,1\nC,vnpt,107.60,16.46,1\nD,vnpt,107.61,16.46,1\n"


def figure(**changed: Any) -> dict[str, Any]:
    return {
        "indicator": "shared_bts_share",
        "scope": "city",
        "operator": None,
        "ward_code": None,
        "ward_name": None,
        "period": "2026Q3",
        "value": 0.5,
        "unit": "share",
        "document": "BC 12",
        "declared_on": pd.Timestamp("2026-07-15"),
        "definition": None,
        **changed,
    }


def filed(*rows: dict[str, Any]) -> pd.DataFrame:
    return DECLARATIONS.conform(pd.DataFrame(rows, columns=DECLARATIONS.names))


def score(value: float = 0.25, unit: str = "share") -> pd.DataFrame:
    row = {"indicator": "shared_bts_share", "clause": "I", "unit": unit, "value": value, "assessment": "not_computed", "lead": "x"}
    return SCORECARD.conform(pd.DataFrame([row]))


def kpis() -> pd.DataFrame:
    names = ("indicator", "scope", "scope_code", "scope_name", "period", "unit", "share", "numerator", "denominator", "unknown")
    rows = [
        ("shared_bts_share", "ward", "19774", "Phường Kim Long", "2026Q3", "positions", 0.75, 3, 4, 0),
        ("shared_bts_share", "firm", "VNPT", "VNPT", "2026Q3", "positions", 0.4, 2, 5, 0),
        ("dig_avoided_m", "city", "", "Huế", "2026Q3", "m", np.nan, 120.0, 0, 0),
    ]
    return SHARING_KPIS.conform(pd.DataFrame(rows, columns=list(names)))


@pytest.mark.parametrize(
    ("changed", "comparison", "counted", "difference"),
    [
        ({}, "compared", 0.25, -0.25),
        ({"period": "2026-08"}, "compared", 0.25, -0.25),
        ({"period": "2026Q2"}, "period_differs", 0.25, None),
        ({"period": "2026-06"}, "period_differs", 0.25, None),
        ({"period": "2026"}, "period_differs", 0.25, None),
        ({"unit": "stations", "value": 12.0}, "unit_differs", 0.25, None),
        ({"scope": "ward", "ward_code": "19774"}, "compared", 0.75, 0.25),
        ({"scope": "ward", "ward_code": "19753"}, "scope_differs", None, None),
        ({"scope": "ward", "ward_code": "19774", "operator": "vnpt"}, "scope_differs", None, None),
        ({"scope": "operator", "operator": "vnpt"}, "compared", 0.4, -0.1),
        ({"scope": "operator", "operator": "fpt"}, "scope_differs", None, None),
        ({"indicator": "dig_avoided_m", "unit": "m", "value": 100.0}, "compared", 120.0, 20.0),
        ({"indicator": "số thuê bao"}, "not_counted", None, None),
    ],
)
def test_what_is_compared_and_what_is_not(
    changed: dict[str, Any], comparison: str, counted: float | None, difference: float | None
) -> None:
    (row,) = beside_declared(filed(figure(**changed)), score(), kpis(), period="2026Q3").to_dict("records")
    assert row["comparison"] == comparison
    assert row["declared"] == figure(**changed)["value"]
    for name, expected in (("counted", counted), ("difference", difference)):
        assert row[name] == pytest.approx(np.nan if expected is None else expected, nan_ok=True)


def test_a_declared_figure_within_what_may_be_is_undecided() -> None:
    """No ward of forty is proven and none is refuted: whatever is declared may be right."""
    open_score = score(0.0).assign(lo=0.0, hi=1.0)
    (row,) = beside_declared(filed(figure()), open_score, kpis().iloc[:0], period="2026Q3").to_dict("records")
    assert (row["comparison"], np.isnan(row["difference"])) == ("undecided", True)
    (beyond,) = beside_declared(filed(figure()), open_score.assign(hi=0.2), kpis().iloc[:0], period="2026Q3").to_dict("records")
    assert beyond["comparison"] == "compared"


def test_a_figure_of_which_we_have_no_data_is_not_compared() -> None:
    (row,) = beside_declared(filed(figure()), score(np.nan), kpis().iloc[:0], period="2026Q3").to_dict("records")
    assert (row["comparison"], np.isnan(row["counted"]), np.isnan(row["difference"])) == ("not_counted", True, True)


def test_filed_figures_stand_before_those_of_the_press() -> None:
    rows = filed(
        figure(period="2026Q1", declared_on=pd.Timestamp("2026-04-15"), value=0.2),
        figure(period="2026Q2", declared_on=pd.Timestamp("2026-07-15"), value=0.3, document="BC 13"),
        figure(scope="ward", ward_code="19774", value=0.9, declared_on=pd.Timestamp("2026-08-01")),
        figure(indicator="shared_poles_share", unit="poles", value=900.0),
    )
    press = declarations().set_index("indicator")
    found = official_figures(rows, declarations())
    bts, poles = (found[found["indicator"] == name] for name in ("shared_bts_share", "shared_poles_share"))
    assert bts[["value", "source", "date"]].to_numpy().tolist() == [[0.3, "BC 13", "2026-07-15"]]
    assert dict(zip(poles["unit"], poles["value"], strict=True)) == {"share": press.loc["shared_poles_share", "value"], "poles": 900.0}
    alone = official_figures(filed(), declarations())
    pd.testing.assert_frame_equal(alone, declarations()[list(alone.columns)])


def test_the_workbook_has_the_sheet_and_the_scorecard_the_filed_figure(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "tram.csv").write_text(SITES)
    lines = ["shared_bts_share;;;;2026Q3;30;%;BC 12/BC-SKHCN;02/10/2026", "shared_bts_share;;;;2026Q1;13;%;BC 3;15/04/2026"]
    lines.append("shared_bts_share;;;;2026Q2;90;%;BC 40;06/10/2026")  # the day after: not known yet
    (tmp_path / "cong-bo.csv").write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
    for name, kind in (("tram.csv", Kind.SITES), ("cong-bo.csv", Kind.DECLARATIONS)):
        outcome = ingest([tmp_path / name], IngestOptions(kind=kind), settings, Quiet())
        assert outcome.complete, outcome.faults
    results = assess(settings, period="2026Q3", as_of=dt.date(2026, 10, 5), progress=Quiet())
    row = results.tables["scorecard"].set_index("indicator").loc["shared_bts_share"]
    assert (row["declared"], row["declared_source"], row["declared_date"]) == (0.3, "BC 12/BC-SKHCN", "2026-10-02")
    assert (row["value"], row["difference"]) == (0.25, pytest.approx(-0.05))
    book = openpyxl.load_workbook(io.BytesIO(report_workbook(results, build_report(results, scope=Scope(), language="vi"), language="vi")))
    title, note, header, *cells = [list(line) for line in book["So với công bố"].iter_rows(values_only=True)]
    assert "Chênh lệch" in str(note[0])
    assert results.run_id in str(note[0])
    found = [dict(zip(header, line, strict=True)) for line in cells]
    assert [line["So sánh"] for line in found] == ["không so được: khác kỳ", "so được"]
    assert (found[1]["Số công bố"], found[1]["Số tính được"], found[1]["Văn bản"], found[1]["Ngày công bố"]) == (
        0.3,
        0.25,
        "BC 12/BC-SKHCN",
        "02/10/2026",
    )
    assert found[1]["Chênh lệch"] == pytest.approx(-0.05)
    assert found[0]["Chênh lệch"] is None
    assert title[0]


def test_the_page_shows_declared_figures_in_their_units_and_why_none_is_compared() -> None:
    row = {"indicator": "shared_poles_share", "scope": "city", "period": "2026", "unit": "share", "declared": 0.13, "document": "BC 12"}
    row |= {"declared_on": pd.Timestamp("2026-11-01"), "definition": "cột treo cáp", "counted": 0.2, "counted_unit": "share"}
    differs = {**row, "counted_period": "2026Q3", "comparison": "period_differs"}
    compared = {**row, "period": "2026Q3", "counted_period": "2026Q3", "difference": 0.07, "comparison": "compared"}
    table = declared_list(DECLARED.conform(pd.DataFrame([differs, compared])), "vi")
    cells = {str(cell) for cell in table.to_numpy().ravel()}
    assert {"13,0%", "20,0%", "BC 12", "01/11/2026", "cột treo cáp", text("report.declared.comparison.period_differs", "vi")} <= cells
    assert table[text("report.declared.difference", "vi")].tolist() == ["–", "7,0%"]
