"""The page of suggestions and decisions by AppTest: decide, undo, filter, take away; and what it says before there is anything."""

import io

import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from test_app import page, words
from web_results import HOSTILE, city, dug_together, road

from hatang.data.contracts import SUGGESTIONS, Choice
from hatang.data.figures import MISSING
from hatang.data.results import ResultSet, save_results
from hatang.data.settings import Settings
from hatang.pipeline.decisions import all_suggestions, decide, list_decisions
from hatang.pipeline.runs import remember
from hatang.reports.sharing_lists import suggestion_rows, suggestions_csv, suggestions_workbook
from hatang.web import state
from hatang.web.waiting import plain


@pytest.fixture(autouse=True)
def _home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATANG_HOME", str(settings.home))
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    monkeypatch.delenv("HATANG_LANG", raising=False)


def several(settings: Settings) -> ResultSet:
    """Return a road's answer with three suggestions, one of them hostile."""
    results = road(city(settings))
    one = results.tables["suggestions"]
    more = [
        one.assign(suggestion_id="g2", owner="viettel", kind="reuse_pole", dig_m_saved=None, rank=2, assets="a1, a4"),
        one.assign(suggestion_id="g3", owner=HOSTILE, dig_m_saved=12.0, rank=3, saving_vnd=2e6, bound_pct=4.5, assumptions="new_word"),
    ]
    frame = SUGGESTIONS.conform(pd.concat([one, *more], ignore_index=True))
    return results.with_tables(suggestions=one.iloc[:0].pipe(lambda empty: pd.concat([empty, frame])).set_geometry("geometry", crs=one.crs))


@pytest.fixture
def answered(settings: Settings) -> Settings:
    results = several(settings)
    (settings.home / "results").mkdir(parents=True)
    save_results(results, settings.home / "results" / results.run_id)
    remember(settings, results.run_id)
    return settings


def shown(app: AppTest) -> list[str]:
    return [str(name) for name in app.dataframe[0].value["Mã đề xuất"]]


@pytest.mark.parametrize(("language", "link"), [("vi", "[Đường mới](duong-moi)"), ("en", "[New road](duong-moi)")])
def test_without_a_road_it_leads_to_the_page_of_roads(settings: Settings, language: str, link: str) -> None:
    results = city(settings)
    (settings.home / "results").mkdir(parents=True)
    save_results(results, settings.home / "results" / results.run_id)
    app = page("decisions_page")
    app.session_state[state.LANGUAGE] = language
    app.run()
    assert not app.exception
    assert link in words(app)


def test_one_list_ranked_by_what_is_saved(answered: Settings) -> None:
    app = page("decisions_page").run()
    assert not app.exception
    assert shown(app) == ["g1", "g3", "g2"]
    assert [metric.value for metric in app.metric] == ["3", "3", "0", "0"]
    assert all_suggestions(answered)["rank"].tolist() == [1, 2, 3]


@pytest.mark.usefixtures("answered")
def test_filters_narrow_the_list_and_say_when_nothing_is_left() -> None:
    app = page("decisions_page").run()
    app.selectbox(key="decisions-owner").select("viettel").run()
    assert shown(app) == ["g2"]
    app.selectbox(key="decisions-kind").select("reuse_way").run()
    assert not app.exception
    assert "Không đề xuất nào" in words(app)
    app.selectbox(key="decisions-owner").set_value(None).run()
    assert shown(app) == ["g1", "g3"]
    ward = app.selectbox(key="decisions-ward").options[0]
    app.selectbox(key="decisions-ward").select(ward).run()
    assert shown(app) == ["g1", "g3"]


def test_accept_refuse_with_a_reason_and_reopen(answered: Settings) -> None:
    app = page("decisions_page").run()
    app.button(key="accepted-g1").click().run()
    assert not app.exception
    assert app.dataframe[0].value["Quyết định"].tolist()[0] == "accepted"
    assert [metric.value for metric in app.metric] == ["3", "2", "1", MISSING]  # nobody knows what g1 saves
    app.button(key="refused-g1").click().run()
    assert [error.value for error in app.error] == [plain("Từ chối đề xuất g1 thì phải ghi lý do.")]
    assert [entry.decision for entry in list_decisions(answered)] == ["accepted"]
    app.text_area(key="reason-g1-1").input("ống đã cho thuê")
    app.button(key="refused-g1").click().run()
    assert not app.error
    assert app.text_area(key="reason-g1-2").value == ""
    assert plain("2 ống trống của vnpt (a2,a5)") in words(app)
    again = page("decisions_page").run()
    assert again.dataframe[0].value["Quyết định"].tolist()[0] == "refused"
    assert again.dataframe[1].value["Lý do"].tolist() == ["ống đã cho thuê", "–"]
    again.button(key="open-g1").click().run()
    assert not again.exception
    assert "phải dành" not in "".join(part.value for part in again.markdown)
    assert [entry.decision for entry in list_decisions(answered)] == ["accepted", "refused", "open"]


@pytest.mark.usefixtures("answered")
def test_the_suggestion_picked_is_told_in_full_with_hostile_words_as_words() -> None:
    app = page("decisions_page").run()
    app.selectbox(key="decisions-picked").select("g3").run()
    assert not app.exception
    told = words(app)
    assert plain("2.000.000") in told
    assert plain("4,5 %") in told
    assert plain("new_word") in told
    assert "<img" not in told


def test_the_road_page_shows_what_was_decided(answered: Settings) -> None:
    decide(answered, "g1", Choice.REFUSED, reason="không")
    app = page("road_page")
    app.session_state[state.ROAD_RESULT] = several(answered)
    app.run()
    assert not app.exception
    assert app.dataframe[1].value["Quyết định"].tolist() == ["refused", "open", "open"]


def test_the_files_hold_what_the_page_shows_and_run_nothing(answered: Settings) -> None:
    decide(answered, "g1", Choice.REFUSED, reason="=HYPERLINK(1)")
    every, history = all_suggestions(answered), list_decisions(answered)
    rows = suggestions_csv(every, "vi").decode("utf-8-sig").splitlines()
    assert rows[0].split(",")[-3:] == ["Lần tính", "Ngày chốt", "Ghi chú"]
    assert every["as_of"].astype(str).iloc[0] in rows[1]
    assert len(rows) == 4
    assert "'=HYPERLINK(1)" in rows[1]
    book = openpyxl.load_workbook(io.BytesIO(suggestions_workbook(every, history, "en")))
    assert [cell.value for cell in book["Suggestions"][3]][:3] == [1, "reuse free duct ways", "r1"]
    last = [cell.value for cell in book["Decisions"][3]]
    assert last[0] == "g1"
    assert last[-1] == "2 spare ways of vnpt (a2,a5)"
    assert {cell.data_type for row in book["Decisions"].iter_rows() for cell in row} <= {"s", "n"}


def test_who_pays_what_and_which_clauses_speak_stand_beside_a_joint_trench(settings: Settings) -> None:
    results = dug_together(road(city(settings)))
    (settings.home / "results").mkdir(parents=True)
    save_results(results, settings.home / "results" / results.run_id)
    remember(settings, results.run_id)
    app = page("decisions_page").run()
    assert not app.exception
    told = "\n".join(entry.value for entry in app.markdown)
    assert plain("VNPT 1.203 m") in told
    assert plain("QCVN 07-3:2023/BXD 2.2.1.2") in told
    listed = suggestion_rows(all_suggestions(settings), "vi")
    assert listed["shares"].str.contains("VNPT 1.203 m").all()
