"""The page of violations by AppTest: map, table and files of a road's run, and the register of clauses."""

import datetime as dt

import geopandas as gpd
import pandas as pd
import pytest
from test_app import page, words
from web_results import AS_OF, HOSTILE, city, road, violating

from hatang.data.clauses import clauses_in_force
from hatang.data.contracts import HUE_CRS, RULE_COVERAGE
from hatang.data.figures import MISSING
from hatang.data.language import LANGUAGES, message_ids, text
from hatang.data.results import save_results
from hatang.data.settings import Settings
from hatang.pipeline.roadruns import every_violation
from hatang.reports.geodata import with_run
from hatang.reports.sharing_lists import violations_csv, violations_geopackage
from hatang.web import state
from hatang.web.violations_map import compared, violations_map


@pytest.fixture(autouse=True)
def _home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATANG_HOME", str(settings.home))
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    monkeypatch.delenv("HATANG_LANG", raising=False)


@pytest.fixture
def violated(settings: Settings) -> Settings:
    results = violating(road(city(settings)))
    (settings.home / "results").mkdir(parents=True)
    save_results(results, settings.home / "results" / results.run_id)
    return settings


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.usefixtures("violated")
def test_each_violation_with_what_was_measured_and_needed(language: str) -> None:
    app = page("violations_page")
    app.session_state[state.LANGUAGE] = language
    app.run()
    assert not app.exception
    assert [metric.value for metric in app.metric] == ["2", "1"]
    first, coil, second = app.dataframe[0].value.to_numpy().tolist()
    figure = {"vi": "0,35", "en": "0.35"}[language]
    assert first[3:5] == ["420 mm", "≥ 500 mm"]
    assert coil[0] == {"vi": "tài sản hiện hữu", "en": "standing asset"}[language]
    assert coil[3:5] == [{"vi": "12,5 m", "en": "12.5 m"}[language], "≤ 10 m"]
    assert coil[8:] == ["C1", HOSTILE]
    assert second[3] == f"{figure} m"
    assert second[5:7] == ["QCVN 07-3:2023/BXD", "bảng 1"]
    assert second[7] == {"vi": "chưa xác minh", "en": "not verified"}[language]
    assert second[8:] == [HOSTILE, MISSING]
    assert len(app.dataframe[1].value) == len(clauses_in_force(AS_OF))


@pytest.mark.usefixtures("violated")
def test_a_run_of_before_the_counts_says_so() -> None:
    app = page("violations_page").run()
    assert text("web.violations.register_before", "vi") in words(app)
    assert text("sharing.column.judged", "vi") not in app.dataframe[1].value


def test_the_register_says_of_each_clause_what_was_judged_and_what_is_missing(settings: Settings) -> None:
    counts = {
        "code": ["wall_distance", "duct_cover_sidewalk", "distance_power", "chamber_at_junction", "no_new_poles"],
        "judged": [0, 12, 1, 0, 0],
        "violating": [0, 1, 1, 0, 0],
        "unjudged": [12, 0, 11, None, 0],
        "lacks": ["buildings", None, "utilities", "roads", "no_such"],
    }
    run = violating(road(city(settings))).with_tables(rule_coverage=RULE_COVERAGE.conform(pd.DataFrame(counts)))
    (settings.home / "results").mkdir(parents=True)
    save_results(run, settings.home / "results" / run.run_id)
    app = page("violations_page").run()
    assert not app.exception
    register = app.dataframe[1].value.set_index(text("web.column.clause_asks", "vi"))
    columns = [text(f"sharing.column.{name}", "vi") for name in ("judged", "violating", "unjudged", "judged_state")]
    told = {code: register.loc[text(f"clause.{code}", "vi"), columns].tolist() for code in (*counts["code"], "slack")}
    assert told == {
        "wall_distance": ["0", "0", "12", "chưa đo được: thiếu hình nhà (dạng vùng) trong 100 m"],
        "duct_cover_sidewalk": ["12", "1", "0", "đã xét hết"],
        "distance_power": ["1", "1", "11", "còn 11 chưa đo được: thiếu tuyến nước, điện, tuy nen đi gần"],
        "chamber_at_junction": ["0", "0", MISSING, "chưa đo được: thiếu lớp đường để biết nút giao"],
        "no_new_poles": ["0", "0", "0", "phương án không có đối tượng của điều khoản"],
        "slack": [MISSING] * 4,
    }
    said = "2 trong 5 điều khoản có ít nhất một số đo; 2 điều khoản chưa đo được gì; 1 điều khoản không có đối tượng trong phương án."
    assert said in words(app)


def test_what_a_clause_may_lack_has_words_in_both_languages() -> None:
    (lacks,) = (column for column in RULE_COVERAGE.columns if column.name == "lacks")
    needed = {f"rulecover.lacks.{name}" for name in lacks.values if name != "no_such"}  # noqa: PD011 - of a contract, not of a frame
    for language in LANGUAGES:
        assert needed - set(message_ids(language)) == set()


@pytest.mark.usefixtures("violated")
def test_the_list_follows_what_is_chosen_and_the_figures_stay() -> None:
    app = page("violations_page").run()
    app.selectbox(key="violations-subject").set_value("standing").run()
    assert app.dataframe[0].value[text("web.column.feature", "vi")].tolist() == ["C1"]
    assert [metric.value for metric in app.metric] == ["2", "1"]
    app.selectbox(key="violations-severity").set_value("warning").run()
    assert text("web.violations.no_match", "vi") in words(app)
    assert len(app.dataframe) == 1
    app.selectbox(key="violations-subject").set_value(None).run()
    assert app.dataframe[0].value[text("web.column.feature", "vi")].tolist() == [HOSTILE]


def test_without_a_road_the_register_stands_and_the_way_to_one(settings: Settings) -> None:
    results = city(settings)
    (settings.home / "results").mkdir(parents=True)
    save_results(results, settings.home / "results" / results.run_id)
    app = page("violations_page").run()
    assert not app.exception
    assert "[Đường mới](duong-moi)" in words(app)
    assert len(app.dataframe) == 1


def test_every_clause_has_words_in_both_languages() -> None:
    clauses = clauses_in_force(dt.date(2100, 1, 1))
    needed = {f"clause.{clause.code}" for clause in clauses} | {f"clause.unless.{clause.unless[0]}" for clause in clauses if clause.unless}
    for language in LANGUAGES:
        assert needed - set(message_ids(language)) == set()


def test_shares_are_told_in_per_cent_and_units_in_words() -> None:
    assert compared(">=", 0.1, "share", "vi") == "≥ 10,0%"
    assert compared("<=", 0, "poles", "en") == "≤ 0 poles"


def test_hostile_words_stay_words_on_the_map(violated: Settings) -> None:
    results = violating(road(city(violated)))
    sheet = violations_map(results.tables["wards"], results.tables, every_violation(results), "vi")
    written = sheet.get_root().render()
    assert "<img src=x" not in written
    assert all(code in written for code in ("420 mm", "12,5 m", "TCVN 8700:2011", "QCVN 07-3:2023/BXD"))


def test_the_files_hold_every_violation(violated: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    run = violating(road(city(violated)))
    violations = with_run(every_violation(run), run)
    file = tmp_path_factory.mktemp("files") / "quy-chuan.gpkg"
    file.write_bytes(violations_geopackage(violations, crs=HUE_CRS))
    layer = gpd.read_file(file, layer="violations")
    assert layer.crs == HUE_CRS
    assert layer[["code", "measured", "needed", "severity"]].to_numpy().tolist() == [
        ["duct_cover_sidewalk", 420.0, 500.0, "breach"],
        ["slack", 12.5, 10.0, "breach"],
        ["distance_power", 0.35, 0.5, "warning"],
    ]
    assert layer[["run_id", "as_of", "synthetic"]].drop_duplicates().to_numpy().tolist() == [[run.run_id, f"{AS_OF}", run.synthetic]]
    lines = violations_csv(violations).decode("utf-8-sig").splitlines()
    assert lines[0].endswith(",run_id,as_of,synthetic")
    assert all(line.endswith(f",{run.run_id},{AS_OF},{run.synthetic}") for line in lines[1:])
    assert len(lines) == 4
