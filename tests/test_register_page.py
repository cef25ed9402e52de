"""The page of the register: without data, with a run's assets, and with a file looked through."""

import dataclasses
import datetime as dt
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from streamlit.testing.v1 import AppTest
from test_register import register_file
from web_results import city

from hatang.data.contracts import ASSETS, MAP_CRS
from hatang.data.limits import Limits
from hatang.data.results import save_results
from hatang.data.settings import Settings
from hatang.pipeline.progress import Quiet
from hatang.pipeline.register import check_register
from hatang.pipeline.runs import remember
from hatang.web import state
from hatang.web.register_map import register_map

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
    stored, wards, amounts, findings, survey = (part.value for part in app.dataframe)
    assert wards["Số tài sản (cái)"].sum() == len(results.tables["assets"])
    assert (wards["Đã rõ chỗ trống (cái)"] + wards["Chưa rõ chỗ trống (cái)"] == wards["Số tài sản (cái)"]).all()
    assert amounts.iloc[:3].to_numpy().tolist()[0] == ["cột", 1, "cái"]
    assert stored["Số dòng"].sum() == len(results.tables["assets"])
    assert (stored["Đã rõ chỗ trống"] + stored["Chưa rõ chỗ trống"] == stored["Số dòng"]).all()
    assert len(findings) == len(check.findings)
    assert survey["Mã tài sản"].tolist() == ["D3", "D4", "C1"]
    assert [part.value for part in app.metric] == ["2", "2", "3", "0"]


def test_what_is_wrong_stands_on_the_map(tmp_path: Path) -> None:
    """A pole whose id is there twice and one at which more hangs than it holds, each where it stands."""
    poles = gpd.GeoDataFrame(
        {"asset_id": ["C1", "C1", "C2"], "owner": "EVN", "slots_total": 4, "slots_used": [1, 1, 5]},
        geometry=gpd.points_from_xy([107.59, 107.5901, 107.5902], [16.46] * 3),
        crs=MAP_CRS,
    )
    path = tmp_path / "register.gpkg"
    for name, rows in (("poles", poles), ("chambers", poles[:1])):
        pyogrio.write_dataframe(rows, path, layer=name, append=path.exists())
    check = check_register(path, Limits(), as_of=DAY, progress=Quiet())
    page = register_map(None, check.assets, check.findings, "vi").get_root().render()
    assert "bỏ dòng: trùng mã" in page
    assert "cột C1" in page
    assert "107.5901" in page
    assert "Đo được: 5 vị trí" in page


def test_who_could_have_dug_with_whom(settings: Settings) -> None:
    """The city's own ducts by owner: two lines 11 m apart and a third 332 m off, at the distance chosen."""
    results = city(settings)
    lines = [shapely.LineString([(107.59, 16.46 + north), (107.62, 16.46 + north)]) for north in (0, 0.0001, 0.003)]
    ducts = {"asset_id": ["D1", "D2", "D3"], "asset_class": "duct_section", "owner": ["vnpt", "viettel", "fpt"]}
    results = results.with_tables(assets=gpd.GeoDataFrame(ASSETS.conform(pd.DataFrame(ducts).assign(geometry=lines)), crs=MAP_CRS))
    folder = settings.home / "results" / results.run_id
    folder.parent.mkdir(parents=True)
    save_results(results, folder)
    remember(settings, results.run_id)
    app = page()
    app.run()
    app.button(key="routes_start").click().run()
    assert not app.exception
    pairs = app.dataframe[-2].value
    assert pairs.iloc[0].tolist()[:2] == ["viettel", "vnpt"]
    assert pairs.iloc[0, 2:6].astype(float).tolist() == pytest.approx([3.203, 1, 3.203, 1], abs=0.003)
    assert pairs.iloc[1:, 2].tolist() == [0, 0]  # 332 m off is not within 30 m
    app.radio(key="routes_distance").set_value(500.0).run()
    assert not app.exception
    assert (app.dataframe[-2].value.iloc[:, 2] > 3).all()
    assert any(results.run_id in part.value for part in app.markdown)


def test_a_list_that_is_cut_says_so(tmp_path: Path) -> None:
    check = check_register(register_file(tmp_path), Limits(), as_of=DAY, progress=Quiet())
    long = dataclasses.replace(check, survey=pd.concat([check.survey] * 200, ignore_index=True))
    app = page()
    app.session_state[state.REGISTER_CHECK] = ("register.gpkg", DAY, long)
    app.run()
    assert not app.exception
    assert len(app.dataframe[-1].value) == 500
    assert any("còn 100 dòng, xem trong tệp ho-so.xlsx" in part.value for part in app.caption)
