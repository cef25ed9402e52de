"""The page of shared use: ratios beside what is declared, what is not known apart, and masts near gaps."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from streamlit.testing.v1 import AppTest
from web_results import city

from hatang.data.contracts import MAST_SUGGESTIONS, PLAN_FIT, SHARING_KPIS
from hatang.data.results import save_results
from hatang.data.settings import Settings
from hatang.pipeline.runs import remember
from hatang.web import state

PAGE = "from hatang.web import kpi_page\nkpi_page.show()"
NAMES = ("shared_bts_share", "shared_poles_share", "shared_ducts_share")


@pytest.fixture
def counted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings whose home holds one run with indicators and masts."""
    monkeypatch.setenv("HATANG_HOME", str(settings.home))
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    results = city(settings)
    common = {"period": results.period, "unit": "poles", "numerator": 0.0, "denominator": 0.0, "unknown": 7.0}
    rows = [{"indicator": name, "scope": "city", "scope_code": "city", "scope_name": "city", **common} for name in NAMES]
    rows[0] |= {"unit": "positions", "share": 0.125, "numerator": 1.0, "denominator": 8.0}
    rows.append({**rows[0], "scope": "firm", "scope_code": "vnpt", "scope_name": "vnpt"})
    need = results.tables["gaps"]["gap_id"].iloc[0]
    common = {"need_id": need, "operators": "viettel, vnpt", "assumptions": "radio_plan_before_use", "decision": "open"}
    masts = [
        {"suggestion_id": "M-1", "kind": "share_mast", "action": "survey", "rank": 1, "mast_id": "<b>m</b>", "distance_m": 300.0, **common},
        {"suggestion_id": "M-2", "kind": "colocate_new_mast", "action": "build_together", "rank": 2, **common},
    ]
    placed = pd.DataFrame(masts).assign(geometry=[shapely.Point(107.58, 16.46)] * 2)
    fit = [{"suggestion_id": "M-1", "constraint_kind": "forest", "fit": "does_not_fit", "reason": "inside", "needs_document": True}]
    found = results.with_tables(
        sharing_kpis=SHARING_KPIS.conform(pd.DataFrame(rows)),
        mast_fit=PLAN_FIT.conform(pd.DataFrame(fit)),
        mast_suggestions=gpd.GeoDataFrame(MAST_SUGGESTIONS.conform(placed), geometry="geometry", crs="EPSG:4326"),
    )
    (settings.home / "results").mkdir(parents=True)
    save_results(found, settings.home / "results" / found.run_id)
    remember(settings, found.run_id)
    return settings


@pytest.mark.usefixtures("counted")
def test_ratios_and_what_is_not_known_are_shown() -> None:
    app = AppTest.from_string(PAGE, default_timeout=60).run()
    assert not app.exception
    assert not app.error
    assert [metric.value for metric in app.metric] == ["12,5%", "–", "–"]
    table = app.dataframe[0].value
    assert table["Chưa rõ"].tolist() == ["7", "7", "7", "0", "0"]
    assert table["Tỷ lệ"].tolist()[1] == "–"
    masts = app.dataframe[1].value
    assert masts["Doanh nghiệp cần"].tolist() == ["Viettel, VNPT"] * 2
    assert masts["Còn trống (m)"].tolist() == ["–", "–"]
    assert masts["Khớp quy hoạch"].tolist() == ["không phù hợp", "–"]
    fit = app.dataframe[2].value
    assert fit[["Đề xuất", "Văn bản"]].to_numpy().tolist() == [["dùng chung cột ăng ten: <b>m</b>", "chưa ghi văn bản"]]
    app.radio(key=state.KPI_SCOPE).set_value("firm").run()
    assert not app.exception
    assert app.dataframe[0].value["Phạm vi"].tolist() == ["VNPT"]


def test_a_run_without_indicators_says_how_to_get_them(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATANG_HOME", str(settings.home))
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    results = city(settings)
    (settings.home / "results").mkdir(parents=True)
    save_results(results, settings.home / "results" / results.run_id)
    remember(settings, results.run_id)
    app = AppTest.from_string(PAGE, default_timeout=60).run()
    assert not app.exception
    assert "hatang assess" in app.info[0].value
