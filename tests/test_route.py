"""A need's route from the store: its run, its files, the command and the page."""

import datetime as dt
import io
import json
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import shapely
from test_app import page, words
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import HUE_CRS, MAP_CRS, ROUTE_LEGS, ROUTE_OWNERS, ROUTE_SURVEY, ROUTE_TOTALS, EmptyDataError, ParameterError
from hatang.data.results import ResultSet
from hatang.data.settings import Settings
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.needroute import place_of, share_route
from hatang.pipeline.progress import Quiet
from hatang.pipeline.runs import run_ids
from hatang.reports.route_workbook import route_workbook
from hatang.web import runs, state

X, Y = 563_000.0, 1_820_000.0
AS_OF = dt.date(2026, 11, 26)


def place(x: float, y: float = 0.0) -> tuple[float, float]:
    """Return latitude and longitude of a place on the street."""
    point = gpd.GeoSeries([shapely.Point(X + x, Y + y)], crs=HUE_CRS).to_crs(MAP_CRS).iloc[0]
    return round(point.y, 7), round(point.x, 7)


def _file(path: Path, rows: list[dict[str, object]], kind: str, settings: Settings) -> None:
    gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS).to_crs(MAP_CRS).to_file(path, engine="pyogrio")
    assert ingest([path], IngestOptions(kind=kind, synthetic=True), settings, Quiet()).complete


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


@pytest.fixture
def street(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Return settings of a store with a street of 1 km, 300 m of VNPT's duct with room and 300 m of which nothing is known."""
    monkeypatch.setenv("HATANG_HOME", str(settings.home))
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    common = {"asset_class": "duct_section", "owner": "vnpt", "contact": "Phòng hạ tầng", "status": "in_service", "ways": 4}
    ducts = [
        {"asset_id": "D1", **common, "ways_used": 1, "geometry": line((200, 4), (500, 4))},
        {"asset_id": "D2", **common, "ways_used": None, "geometry": line((500, 4), (800, 4))},
    ]
    _file(tmp_path / "assets.gpkg", ducts, "assets", settings)
    roads = [
        {"road_id": "R1", "road_name": "Phố Một", "geometry": line((0, 0), (1000, 0))},
        {"road_id": "R2", "road_name": "Phố Xa", "geometry": line((0, 5000), (100, 5000))},
    ]
    _file(tmp_path / "roads.gpkg", roads, "roads", settings)
    return settings


@pytest.fixture
def found(street: Settings) -> ResultSet:
    return share_route(place(0), place(1000), street, ways=2, as_of=AS_OF, progress=Quiet())


def test_the_answer_is_a_run_with_its_tables(found: ResultSet, street: Settings) -> None:
    for table in (ROUTE_LEGS, ROUTE_TOTALS, ROUTE_SURVEY, ROUTE_OWNERS):
        table.schema().validate(found.tables[table.name])
    totals = found.tables["route_totals"].set_index("variant")
    assert totals["dig_m"].to_dict() == {
        "alone": pytest.approx(1000, abs=0.5),
        "known": pytest.approx(708, abs=0.5),
        "surveyed": pytest.approx(408, abs=0.5),
    }
    assert found.tables["route_survey"]["assets"].tolist() == ["D2"]
    assert found.tables["route_notes"].to_numpy().tolist() == [["road_apart", "R2"]]
    assert found.synthetic
    again = share_route(place(0), place(1000), street, ways=2, as_of=AS_OF, progress=Quiet())
    assert again.run_id == found.run_id
    assert len(run_ids(street)) == 2
    other = share_route(place(0), place(1000), street, ways=3, as_of=AS_OF, progress=Quiet())
    assert other.run_id != found.run_id


def test_the_rent_is_that_of_the_ways_and_metres_with_its_source(found: ResultSet) -> None:
    """300 m × 2 ways × 79,258 VND a metre and year (a cap of Hà Nội from the press, not verified)."""
    owner = found.tables["route_owners"].set_index("variant").loc["known"]
    assert owner["rent_vnd_year"] == pytest.approx(300 * 2 * 79_258, rel=1e-4)
    assert "Hà Nội" in owner["rent_source"]
    assert not owner["rent_verified"]
    assert owner["contact"] == "Phòng hạ tầng"


def test_it_is_no_run_of_the_whole_city(found: ResultSet, street: Settings) -> None:
    offered = [entry.run_id for entry in runs.offered(street)]
    assert len(offered) == 1
    assert found.run_id not in offered


def test_without_roads_the_kind_to_file_is_named(settings: Settings) -> None:
    with pytest.raises(EmptyDataError, match=r"error\.route\.no_roads"):
        share_route(place(0), place(1000), settings, as_of=AS_OF, progress=Quiet())


@pytest.mark.parametrize("spelled", ["16,5 107", "16.46", "một, hai", "16.46, 107.6, 5"])
def test_a_place_that_is_none_is_told(spelled: str) -> None:
    with pytest.raises(ParameterError):
        place_of(spelled)


def test_a_place_off_the_earth_is_told(street: Settings) -> None:
    with pytest.raises(ParameterError, match=r"error\.route\.place"):
        share_route((107.6, 16.4), place(0), street, as_of=AS_OF, progress=Quiet())


def test_the_workbook_names_need_day_and_run_and_holds_every_table(found: ResultSet) -> None:
    book = openpyxl.load_workbook(io.BytesIO(route_workbook(found, "vi")))
    assert book.sheetnames == ["So sánh phương án", "Các đoạn", "Cần liên hệ", "Khảo sát trước", "Đường không nối"]
    for sheet in book:
        assert "cần 2 ống" in sheet["A1"].value
        assert found.run_id in sheet["A2"].value
        assert "MÔ PHỎNG" in sheet["A2"].value
    rows = [[cell.value for cell in row] for row in book["So sánh phương án"].iter_rows(min_row=4)]
    assert [row[0] for row in rows] == ["Tự đào toàn tuyến", "Dùng lại chỗ đã biết còn trống", "Nếu khảo sát thấy còn trống"]
    assert [row[4] for row in rows] == pytest.approx([0, 292, 592], abs=0.5)


def test_the_command_says_whom_to_call_and_writes_the_files(street: Settings, tmp_path: Path) -> None:
    (lat, lon), (end_lat, end_lon) = place(0), place(1000)
    asked = ["share", "route", "--from", f"{lat},{lon}", "--to", f"{end_lat} {end_lon}", "--ways", "2", "--as-of", "2026-11-26"]
    told = CliRunner().invoke(app, ["--home", str(street.home), *asked])
    assert told.exit_code == 0, told.output
    assert "Liên hệ vnpt (Phòng hạ tầng)" in told.stderr
    assert "Khảo sát 1: vnpt, 1 tài sản" in told.stderr
    made = CliRunner().invoke(app, ["--home", str(street.home), "--json", *asked, "--out", str(tmp_path / "out")])
    document = json.loads(made.stdout)
    assert "tuyen-cap.xlsx" in document["files"]
    assert document["summary"]["variants"]["known"]["dig_m"] == pytest.approx(708, abs=0.5)
    legs = pyogrio.read_dataframe(tmp_path / "out" / "du-lieu.gpkg", layer="route_legs")
    assert len(legs) == 1 + 3 + 4
    off = CliRunner().invoke(app, ["--home", str(street.home), *asked[:2], "--from", "17.5,107", "--to", f"{end_lat},{end_lon}"])
    assert off.exit_code == 1
    assert "Điểm đầu cách đường gần nhất" in off.stderr


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_page_finds_a_route_shows_it_and_takes_another(street: Settings, language: str) -> None:
    share_route(place(0), place(1000), street, ways=1, as_of=AS_OF, progress=Quiet())
    at = page("route_page")
    at.session_state[state.LANGUAGE] = language
    at.run()
    assert not at.exception
    assert at.button(key="compute_route").disabled
    at.text_input(key="route_start").input(", ".join(map(str, place(0))))
    at.text_input(key="route_end").input(", ".join(map(str, place(1000))))
    at.number_input(key="route_ways").set_value(2)
    at.run()
    at.button(key="compute_route").click().run()
    assert not at.exception
    assert not at.error
    assert [metric.value.split()[0] for metric in at.metric] == ["708", "300", "292", "300"]
    legs, owners, survey = (frame.value for frame in at.dataframe)
    assert len(legs) == 3
    assert owners.iloc[0, 0] == "vnpt"
    assert survey.iloc[0].tolist()[-1] == "D2"
    at.radio(key="route_variant").set_value("alone").run()
    assert not at.exception
    assert {"vi": "toàn tuyến phải đào", "en": "all of the route is to be dug"}[language] in words(at)
    at.button(key="route_another").click().run()
    assert at.button(key="compute_route")


def test_the_page_says_what_is_wrong_with_a_place(street: Settings) -> None:
    share_route(place(0), place(1000), street, as_of=AS_OF, progress=Quiet())
    at = page("route_page").run()
    at.text_input(key="route_start").input("ở kia")
    at.text_input(key="route_end").input("16.46, 107.6")
    at.run()
    at.button(key="compute_route").click().run()
    assert "“ở kia” không đọc được" in at.error[0].value
    assert state.ROUTE_RESULT not in at.session_state
