"""The page of the register: without data, with a run's assets, and with a file looked through."""

import dataclasses
import datetime as dt
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from test_register import register_file
from web_results import city

from hatang.data.limits import Limits
from hatang.data.results import save_results
from hatang.data.settings import Settings
from hatang.pipeline.progress import Quiet
from hatang.pipeline.register import check_register
from hatang.pipeline.runs import remember
from hatang.web import state

DAY = dt.date(2026, 11, 25)


@pytest.fixture(autouse=True)
def _home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATANG_HOME", str(settings.home))
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    monkeypatch.delenv("HATANG_LANG", raising=False)


def page() -> AppTest:
    return AppTest.from_string("from hatang.web import register_page\nregister_page.show()", default_timeout=60)


@pytest.mark.parametrize(("language", "words"), [("vi", "Số liệu"), ("en", "Data page")])
def test_without_data_it_says_what_to_do(language: str, words: str) -> None:
    app = page()
    app.session_state[state.LANGUAGE] = language
    app.run()
    assert not app.exception
    assert words in app.info[0].value


def test_assets_and_a_file_looked_through(settings: Settings, tmp_path: Path) -> None:
    results = city(settings)
    folder = settings.home / "results" / results.run_id
    folder.parent.mkdir(parents=True)
    save_results(results, folder)
    remember(settings, results.run_id)
    check = check_register(register_file(tmp_path), Limits(), as_of=DAY, progress=Quiet())
    app = page()
    app.session_state[state.REGISTER_CHECK] = ("register.gpkg", DAY, check)
    app.run()
    assert not app.exception
    stored, amounts, findings, survey = (part.value for part in app.dataframe)
    assert amounts.iloc[:3].to_numpy().tolist()[0] == ["cột", 1, "cái"]
    assert stored["Số dòng"].sum() == len(results.tables["assets"])
    assert (stored["Đã rõ chỗ trống"] + stored["Chưa rõ chỗ trống"] == stored["Số dòng"]).all()
    assert len(findings) == len(check.findings)
    assert survey["Mã tài sản"].tolist() == ["D3", "D4", "C1"]
    assert [part.value for part in app.metric] == ["2", "2", "3", "0"]


def test_a_list_that_is_cut_says_so(tmp_path: Path) -> None:
    check = check_register(register_file(tmp_path), Limits(), as_of=DAY, progress=Quiet())
    long = dataclasses.replace(check, survey=pd.concat([check.survey] * 200, ignore_index=True))
    app = page()
    app.session_state[state.REGISTER_CHECK] = ("register.gpkg", DAY, long)
    app.run()
    assert not app.exception
    assert len(app.dataframe[-1].value) == 500
    assert "còn 100 dòng, xem trong tệp ho-so.xlsx" in app.caption[-1].value
