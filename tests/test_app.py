"""Every page by AppTest: without data, with data, and after one interaction; no page ever breaks."""

import io
import zipfile
from pathlib import Path

import ezdxf.filemanagement
import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from web_results import AS_OF, PERIOD, city, dug_together, meeting_works, road

from hatang.data.contracts import CancelledError, Fault, Kind, RefusedError
from hatang.data.figures import shown
from hatang.data.results import save_results
from hatang.data.settings import Settings
from hatang.pipeline.mappings import list_mappings, show_mapping
from hatang.pipeline.runs import remember
from hatang.web import state
from hatang.web.downloads import archive
from hatang.web.listing import headline, selected
from hatang.web.road_page import drawn_lines
from hatang.web.server import MAIN_PAGE
from hatang.web.waiting import plain

PAGES = (
    "coverage_page",
    "road_page",
    "route_page",
    "decisions_page",
    "violations_page",
    "works_page",
    "underground_page",
    "design_page",
    "register_page",
    "kpi_page",
    "data_page",
    "method_page",
)
_SECONDS = 60


@pytest.fixture(autouse=True)
def _home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATANG_HOME", str(settings.home))
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    monkeypatch.delenv("HATANG_LANG", raising=False)


@pytest.fixture
def filled(settings: Settings) -> Settings:
    """Return settings whose home holds one run."""
    results = city(settings)
    folder = settings.home / "results" / results.run_id
    folder.parent.mkdir(parents=True)
    save_results(results, folder)
    remember(settings, results.run_id)
    return settings


def page(name: str) -> AppTest:
    return AppTest.from_string(f"from hatang.web import {name}\n{name}.show()", default_timeout=_SECONDS)


def words(app: AppTest) -> str:
    return "\n".join(str(part.value) for kind in (app.title, app.markdown, app.caption, app.info, app.error, app.success) for part in kind)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_page_without_data_says_what_to_do(name: str, language: str) -> None:
    app = page(name)
    app.session_state[state.LANGUAGE] = language
    app.run()
    assert not app.exception
    assert app.info
    assert {"vi": "hatang demo", "en": "hatang demo"}[language] in words(app) or name == "data_page"


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.usefixtures("filled")
def test_page_with_data(name: str, language: str) -> None:
    app = page(name)
    app.session_state[state.LANGUAGE] = language
    app.run()
    assert not app.exception
    assert not app.error
    if name != "data_page":
        assert {"vi": "số liệu mô phỏng", "en": "synthetic data"}[language] in words(app)
        assert {"vi": "ranh giới tham khảo (gần đúng)", "en": "approximate"}[language] in words(app)


def test_headline_shows_the_counts_of_the_table(filled: Settings) -> None:
    table = city(filled).tables["ward_table"]
    app = page("coverage_page").run()
    counts = headline(selected(table, technology="mobile", operator="any"))
    assert [metric.value for metric in app.metric] == [f"{count} / 40" for count in (counts.covered, counts.gap, counts.insufficient)]
    assert PERIOD in words(app)
    assert f"{AS_OF:%d/%m/%Y}" in words(app)


def test_technology_and_operator_change_figures_and_table(filled: Settings) -> None:
    table = city(filled).tables["ward_table"]
    app = page("coverage_page").run()
    app.selectbox(key=state.TECHNOLOGY).select("fibre").run()
    app.selectbox(key=state.OPERATOR).select("vnpt").run()
    assert not app.exception
    counts = headline(selected(table, technology="fibre", operator="vnpt"))
    assert app.metric[0].value == f"{counts.covered} / 40"
    assert "cáp quang · VNPT · tại hộ" in words(app)


def test_a_ward_picked_shows_every_operator_and_technology_and_its_gaps(filled: Settings) -> None:
    ward = city(filled).tables["wards"].iloc[0]
    app = page("coverage_page").run()
    app.selectbox(key=state.WARD).select(ward["ward_code"]).run()
    assert not app.exception
    assert [subheader.value for subheader in app.subheader] == [ward["ward_name"]]
    assert shown(ward["population"], "people", "vi") in words(app)
    assert len(app.dataframe[0].value) == 16
    assert len(app.dataframe[1].value) == 1


@pytest.mark.usefixtures("filled")
def test_layers_can_be_switched() -> None:
    app = page("coverage_page").run()
    app.pills(key=state.LAYERS).set_value(["sites", "works", "assets"]).run()
    assert not app.exception


@pytest.mark.usefixtures("filled")
def test_road_answer_shows_what_is_spared_and_whom_to_call(settings: Settings) -> None:
    app = page("road_page")
    app.session_state[state.ROAD_RESULT] = road(city(settings))
    app.run()
    assert not app.exception
    assert [metric.value for metric in app.metric] == ["2.405 m", "844 m", "3", "3"]
    assert len(app.dataframe) == 3
    app.button(key="another").click().run()
    assert not app.exception
    assert not app.metric


@pytest.mark.usefixtures("filled")
def test_a_road_where_two_firms_plan_shows_variants_side_by_side_and_who_pays_what(settings: Settings) -> None:
    app = page("road_page")
    app.session_state[state.ROAD_RESULT] = dug_together(road(city(settings)))
    app.run()
    assert not app.exception
    told = words(app)
    assert "Nên chọn phương án **B. Cùng làm một lần**: đào ít nhất. Đào 2.405 m, ít hơn 2.405 m" in told
    assert "QCVN 07-3:2023/BXD 2.2.1.2" in told
    assert "Chưa đủ đơn giá" in told
    assert "Giá thuê lấy từ báo chí, chưa xác minh" in told
    assert len(app.dataframe) == 7


@pytest.mark.usefixtures("filled")
def test_money_of_variants_says_whose_prices_it_rests_on(settings: Settings) -> None:
    answer = dug_together(road(city(settings)))
    bill = {
        "item": ["dig", "sand"],
        "price_vnd": [1.0, 2.0],
        "price_source": "Bảng giá [x]",
        "price_from": "2026-01-01",
        "price_verified": False,
    }
    priced = answer.with_tables(boq=pd.DataFrame(bill), variants=answer.tables["variants"].assign(cost_vnd=1e6))
    app = page("road_page")
    app.session_state[state.ROAD_RESULT] = priced
    app.run()
    assert not app.exception
    assert f"Đơn giá: {plain('Bảng giá [x]')}, từ 01/01/2026, chưa xác minh" in words(app)
    assert "Chưa đủ đơn giá" not in words(app)


@pytest.mark.usefixtures("filled")
def test_works_say_what_is_missing_and_answer_where_there_is_nothing() -> None:
    app = page("works_page").run()
    assert not app.exception
    app.button(key="compute_works").click().run()
    assert not app.exception
    assert "Không có kế hoạch, công trình nào đi song song" in words(app)


def test_works_show_groups_advice_and_calendar_and_can_be_filtered(settings: Settings) -> None:
    results = meeting_works(settings)
    save_results(results, settings.home / "results" / results.run_id)
    remember(settings, results.run_id)
    app = page("works_page")
    app.session_state[state.WORKS_RESULT] = results
    app.session_state[state.RUN] = results.run_id
    app.run()
    assert not app.exception
    assert [metric.value for metric in app.metric] == ["1", "1", "1", "1"]
    assert len(app.dataframe) == 4
    app.multiselect(key="works_parties").select("fpt").run()
    assert not app.exception
    assert "Không có kế hoạch, công trình nào đi song song" in words(app)


@pytest.mark.usefixtures("filled")
def test_a_refused_road_is_explained_row_by_row() -> None:
    fault = Fault("file_missing", "đường <b>.geojson", row=7, field="geometry", found="<img src=x>")
    app = page("road_page")
    app.session_state[state.ROAD_REFUSAL] = RefusedError("error.boundaries.refused", [fault], file="đường.geojson")
    app.run()
    assert not app.exception
    (error,) = app.error
    assert "đường" in error.value
    assert app.dataframe[0].value.iloc[0].tolist()[1:5] == ["đường <b>.geojson", "7", "geometry", "<img src=x>"]


@pytest.mark.usefixtures("filled")
def test_a_stopped_job_is_one_sentence() -> None:
    app = page("road_page")
    app.session_state[state.ROAD_REFUSAL] = CancelledError("error.cancelled")
    app.run()
    assert len(app.error) == 1
    assert not app.dataframe


def test_only_lines_drawn_count_as_roads() -> None:
    line = {"geometry": {"type": "LineString", "coordinates": [[107.5, 16.4], [107.6, 16.5]]}}
    point = {"geometry": {"type": "Point", "coordinates": [107.5, 16.4]}}
    roads = drawn_lines([line, point, line], " Đường A ")
    assert list(roads["road_id"]) == ["ve-1", "ve-2"]
    assert list(roads["road_name"]) == ["Đường A"] * 2
    assert roads.crs == "EPSG:4326"
    assert len(drawn_lines(None, "")) == 0


@pytest.mark.usefixtures("filled")
def test_a_roads_drawing_asks_for_its_system_and_says_what_it_leaves_out(tmp_path: Path) -> None:
    document = ezdxf.filemanagement.new("R2010")
    x, y = 561_636.0, 1_821_406.0
    document.modelspace().add_line((x, y), (x + 400, y), dxfattribs={"layer": "TIM_DUONG"})
    document.modelspace().add_line((x, y + 5), (x + 400, y + 5), dxfattribs={"layer": "MEP"})
    document.saveas(tmp_path / "duong.dxf")
    app = page("road_page").run()
    app.file_uploader[0].upload("duong.dxf", (tmp_path / "duong.dxf").read_bytes(), "image/vnd.dxf")
    app.run()
    app.button(key="compute_file").click().run()
    assert "bị từ chối" in app.error[0].value
    assert "EPSG:9214" in app.dataframe[0].value.to_string()
    app.selectbox(key="road_crs").set_value("EPSG:9214").run()
    app.button(key="compute_file").click().run()
    assert not app.exception
    assert app.metric[0].value == "400 m"
    assert any("MEP" in frame.value.to_string() for frame in app.dataframe)


def test_upload_checks_row_by_row_and_a_rehearsal_stores_nothing(settings: Settings) -> None:
    app = page("data_page").run()
    table = b"ward_code,operator,households,households_served\n19753,vnpt,100,90\n19774,vnpt,80,-5\n"
    app.file_uploader[0].upload("hộ.csv", table, "text/csv")
    app.selectbox(key="kind").select("fixed")
    app.button[0].click().run()
    assert not app.exception
    assert not app.success, "a file of which a row is refused is not in order"
    assert "1 dòng sẽ bị từ chối" in app.warning[0].value
    assert not list((settings.home / "datasets").glob("*/*"))
    app.button(key="annotate-0").click().run()
    assert not app.exception
    (content,) = app.session_state[state.ANNOTATED].values()
    marked = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert [cell.value for cell in marked[3]][:4] == [19774, "vnpt", 80, -5]
    assert marked["D3"].comment is not None
    app.button[0].click().run()  # sent anew: the copy of the file before is gone
    assert not app.session_state[state.ANNOTATED]


@pytest.mark.parametrize("language", ["vi", "en"])
def test_a_file_in_doubt_is_asked_and_taken_with_the_answer(language: str) -> None:
    """Ngọ Môn in metres of EPSG:9214 without a word about the system (stack.md, trap 1)."""
    app = page("data_page")
    app.session_state[state.LANGUAGE] = language
    app.run()
    app.file_uploader[0].upload("a.csv", b"place_id,kind,lon,lat\nP1,x,107.5791,16.4676\n", "text/csv")
    app.file_uploader[0].upload("b <i>.csv", b"place_id,kind,x,y\nP2,x,561636.671,1821406.847\n", "text/csv")
    app.button[0].click().run()
    assert not app.exception
    (question,) = app.subheader
    assert "EPSG:9214" in app.dataframe[-1].value.iloc[0].tolist()
    assert "107.57910, 16.46760" in app.dataframe[-1].value.iloc[0].tolist()
    assert "<i>" not in question.value
    send = app.button[-1]
    send.click().run()
    assert len(app.subheader) == 1  # nothing chosen, nothing sent
    app.radio(key=f"{state.CRS}_1").set_value("EPSG:9214")
    app.button[-1].click().run()
    assert not app.exception
    assert not app.subheader
    assert len(app.success) == 2
    outcome, _ = app.session_state[state.UPLOAD_OUTCOME]
    assert [file.file for file in outcome.files] == ["a.csv", "b <i>.csv"]
    assert outcome.complete


@pytest.mark.parametrize("language", ["vi", "en"])
def test_columns_that_nobody_knows_are_asked_tried_and_remembered(language: str, settings: Settings) -> None:
    app = page("data_page")
    app.session_state[state.LANGUAGE] = language
    app.run()
    app.file_uploader[0].upload("hộ <i>.csv", b"xa,hang,tong,noi\n19753,vnpt,100,90\n19774,vnpt,80,70\n", "text/csv")
    app.checkbox[0].uncheck()
    app.text_input[0].set_value("2026Q3")
    app.button[0].click().run()
    assert not app.exception
    assert app.error
    assert "<i>" not in app.subheader[0].value
    app.selectbox(key="map-kind-0").select("fixed").run()
    for field, column in (("ward_code", "xa"), ("households", "tong"), ("households_served", "noi")):
        app.selectbox(key=f"map-column-0-fixed-{field}").select(column)
    app.selectbox(key="map-constant-0-fixed-operator").select("vnpt")
    assert "xa: 19753, 19774" in app.selectbox(key="map-column-0-fixed-ward_code").options
    app.button(key="map-try-0").click().run()
    assert not app.exception
    assert app.dataframe[-1].value["households_served"].tolist() == ["90", "70"]
    assert not list((settings.home / "datasets").glob("*/*")), "a preview stores nothing"
    app.button(key="map-send-0").click().run()
    assert not app.exception
    assert len(app.success) == 1
    assert not app.subheader, "nothing is asked any more"
    (kept,) = list_mappings(settings)
    assert (kept.kind, kept.columns) == (Kind.FIXED, ("xa", "hang", "tong", "noi"))
    assert "operator" not in show_mapping(kept.id, settings)[1], "whose rows they are is asked each time"


def test_a_mapping_can_be_sent_with_a_file() -> None:
    app = page("data_page").run()
    app.file_uploader[0].upload("a.csv", b"xa,hang,tong,noi\n19753,vnpt,100,90\n", "text/csv")
    stated = b"columns: {ward_code: xa, operator: hang, households: tong, households_served: noi}\n"
    app.file_uploader[1].upload("m.yaml", stated, "application/yaml")
    app.selectbox(key="kind").select("fixed")
    app.text_input[0].set_value("2026Q3")
    app.button[0].click().run()
    assert not app.exception
    assert len(app.success) == 1


def test_a_file_of_another_city_is_stored_after_a_person_says_so(settings: Settings) -> None:
    app = page("data_page").run()
    table = b"place_id,kind,lon,lat\nP1,x,105.85,21.03\nP2,x,105.86,21.04\nP3,x,107.5791,16.4676\n"
    app.file_uploader[0].upload("c.csv", table, "text/csv")
    app.button[0].click().run()  # a rehearsal asks nothing
    assert not app.exception
    assert next(warning.value for warning in app.warning) == r"c\.csv: 1 trên 3 dòng nằm trong Huế (33,3%)."
    assert not app.success
    assert "Vẫn nạp" not in app.button[-1].label
    app.checkbox[0].uncheck()
    app.button[0].click().run()
    assert not app.exception
    assert not app.error
    assert not list((settings.home / "datasets").glob("*/*"))
    assert app.button[-1].label == r"Vẫn nạp c\.csv: 1 trên 3 dòng trong Huế"
    app.button(key="few-inside-0").click().run()
    assert not app.exception
    assert len(list((settings.home / "datasets").glob("*/*"))) == 1
    assert "few-inside-0" not in [button.key for button in app.button]


def test_what_was_said_of_a_file_holds_when_it_is_confirmed(settings: Settings) -> None:
    """Its columns are told first, then that it is meant: the mapping goes along."""
    app = page("data_page").run()
    app.file_uploader[0].upload("d.csv", b"ma,kieu,kd,vd\nP1,x,105.85,21.03\n", "text/csv")
    app.file_uploader[1].upload("m.yaml", b"columns: {place_id: ma, kind: kieu, lon: kd, lat: vd}\n", "application/yaml")
    app.selectbox(key="kind").select("places")
    app.checkbox[0].uncheck()
    app.button[0].click().run()
    assert not app.exception
    app.button(key="few-inside-0").click().run()
    assert not app.exception
    assert not app.error
    assert len(list((settings.home / "datasets").glob("*/*"))) == 1


def test_sending_nothing_is_said() -> None:
    app = page("data_page").run()
    app.button[0].click().run()
    assert [warning.value for warning in app.warning] == ["Chưa chọn tệp nào."]


@pytest.mark.usefixtures("filled")
def test_main_script_switches_language() -> None:
    app = AppTest.from_file(MAIN_PAGE, default_timeout=_SECONDS).run()
    assert not app.exception
    assert app.title[0].value == "Phủ sóng của 40 phường, xã so với mục tiêu 100%"
    app.radio(key=state.LANGUAGE).set_value("en").run()
    assert not app.exception
    assert app.title[0].value == "Coverage of the 40 wards against the 100% target"


@pytest.mark.usefixtures("filled")
def test_documents_are_made_when_asked_for() -> None:
    app = page("coverage_page").run()
    (make,) = [button for button in app.button if "Chuẩn bị" in button.label]
    make.click().run(timeout=180)
    assert not app.exception
    assert not app.error
    (made,) = app.session_state[state.DOWNLOADS].values()
    assert {"bao-cao.docx", "bao-cao.pdf", "bang-so-lieu.xlsx", "xa-phuong.csv", "du-lieu.gpkg", "ban-do.png", "manifest.json"} <= set(made)


def test_archive_holds_every_file_and_is_the_same_each_time() -> None:
    files = {"a.txt": b"1", "b.txt": b"2"}
    with zipfile.ZipFile(io.BytesIO(archive(files))) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == files
    assert archive(files) == archive(files)


def test_signs_of_markdown_are_escaped() -> None:
    assert plain("![x](http://a)") == r"\!\[x\]\(http\://a\)"


def test_no_page_opens_a_file_or_a_data_set_itself() -> None:
    for path in Path(MAIN_PAGE).parent.glob("*_page.py"):
        assert "read_parquet" not in path.read_text("utf-8")
