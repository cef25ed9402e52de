"""The new shared set of a road's answer: from the plans in the store to XLSX, DXF and GPKG, with the same numbers in each."""

import datetime as dt
import io
from dataclasses import replace
from pathlib import Path

import ezdxf.filemanagement
import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from hatang.data.clauses import clauses_in_force
from hatang.data.contracts import VIOLATIONS, Kind, MissingError
from hatang.data.results import ResultSet
from hatang.data.rules import rules_in_force
from hatang.data.settings import Settings
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet
from hatang.pipeline.share import share_road
from hatang.pipeline.sharedset import street_rules
from hatang.reports.calendar_file import sharing_calendar
from hatang.reports.drawing import sharing_drawing
from hatang.reports.geodata import report_geopackage
from hatang.reports.sharing_workbook import sharing_workbook

LON, LAT = 107.58, 16.46
ROAD = shapely.LineString([(LON, LAT), (LON + 0.0094, LAT)])


def road(shape: shapely.LineString = ROAD) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"road_id": ["R1"], "road_name": ["Đường mới"], "width_m": [10.0]}, geometry=[shape], crs="EPSG:4326")


def plans(folder: Path, *ways: int) -> Path:
    names = ("viettel", "vnpt", "fpt")
    path = folder / "plans.gpkg"
    frame: dict[str, object] = {"plan_id": [f"K{n}" for n in range(len(ways))], "operator": names[: len(ways)], "ways": ways}
    frame |= {"earliest": "2026-11-01", "latest": "2027-12-31", "budget_status": "approved"}
    lines = [shapely.LineString([(LON, LAT + 5e-5), (LON + 0.005, LAT + 5e-5)])] * len(ways)
    gpd.GeoDataFrame(frame, geometry=lines, crs="EPSG:4326").to_file(path, engine="pyogrio")
    return path


def works(folder: Path) -> Path:
    path = folder / "works.gpkg"
    frame = {"work_id": ["W1"], "kind": ["water"], "start": ["2027-01-10"], "end": ["2027-03-01"], "join_deadline": ["2026-12-01"]}
    gpd.GeoDataFrame(frame, geometry=[ROAD], crs="EPSG:4326").to_file(path, engine="pyogrio")
    return path


@pytest.fixture
def answer(settings: Settings, tmp_path: Path) -> ResultSet:
    assert ingest([plans(tmp_path, 3, 2)], IngestOptions(), settings, Quiet()).complete
    return share_road(road(), settings, progress=Quiet())


def test_plans_along_the_road_are_the_needs(answer: ResultSet) -> None:
    trenches = gpd.GeoDataFrame(answer.tables["new_trenches"])
    assert set(trenches["ways"]) == {6}
    assert trenches.crs == "EPSG:4326"
    assert trenches["length_m"].sum() == pytest.approx(1003, rel=0.005)
    assert len(answer.tables["new_chambers"]) == len(trenches) + 1 == 12
    assert answer.tables["set_notes"]["code"].tolist() == ["junctions_unknown", "buildings_unknown", "no_poles_ducts"]
    assert answer.tables["violations"].empty
    assert list(answer.tables["violations"].columns) == VIOLATIONS.names


def test_the_workbook_has_the_numbers_of_the_model_and_says_where_a_price_is_missing(answer: ResultSet) -> None:
    book = openpyxl.load_workbook(io.BytesIO(sharing_workbook(answer, "vi")))
    rows = [row for row in book["Khoi luong"].iter_rows(values_only=True) if row[0]]
    head = next(n for n, row in enumerate(rows) if row[0] == "Hạng mục")
    bill = answer.tables["boq"]
    written = rows[head + 1 :]
    assert answer.run_id in rows[1][0]
    assert rows[2][0] == "R1: chưa nạp lớp đường nên chưa biết nút giao; nạp bằng hatang ingest --kind roads"
    assert [row[2] for row in written] == pytest.approx(bill["quantity"].tolist(), rel=1e-14)
    assert {row[3] for row in written} == {"chưa có đơn giá"}
    trenches = [row for row in book["Ranh - ong moi"].iter_rows(min_row=3, values_only=True) if row[0]]
    assert [row[6] for row in trenches] == pytest.approx(answer.tables["new_trenches"]["length_m"].tolist(), rel=1e-14)
    assert {"Be cap moi", "Chua phu hop"} <= set(book.sheetnames)


def test_the_workbook_says_of_every_clause_what_was_judged_and_what_is_missing(answer: ResultSet) -> None:
    """11 sections between 12 chambers; neither roads, buildings nor assets are filed."""
    sheet = openpyxl.load_workbook(io.BytesIO(sharing_workbook(answer, "vi")))["Da doi chieu"]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    assert rows[0][:5] == ("Đại lượng", "Đã xét", "Chưa phù hợp", "Chưa đo được", "Tình trạng đối chiếu")
    told = {row[0]: row[1:5] for row in rows[1:]}
    assert len(rows) - 1 == len(clauses_in_force(answer.as_of)) == len(answer.tables["rule_coverage"])
    assert told["khoảng cách hai bể liền nhau"] == (11, 0, 0, "đã xét hết")
    assert told["bể ở nút giao"] == (0, 0, None, "chưa đo được: thiếu lớp đường để biết nút giao")
    assert told["khoảng cách tới tường, móng công trình"][2:] == (11, "chưa đo được: thiếu hình nhà (dạng vùng) trong 100 m")
    assert told["chiều dài bể"][2:] == (12, "chưa đo được: thiếu kích thước bể (phương án sơ bộ chưa vẽ)")


def test_the_drawing_opens_without_faults_and_lies_where_the_model_lies(answer: ResultSet, tmp_path: Path) -> None:
    path = tmp_path / "chia-se.dxf"
    path.write_bytes(sharing_drawing(answer, "vi"))
    document = ezdxf.filemanagement.readfile(path)
    assert document.audit().errors == []
    lines = [entity for entity in document.modelspace().query("LWPOLYLINE") if entity.dxf.layer == "RANH CAP MOI"]
    circles = [entity for entity in document.modelspace().query("CIRCLE") if entity.dxf.layer == "BE CAP MOI"]
    trenches = gpd.GeoDataFrame(answer.tables["new_trenches"]).to_crs("EPSG:9214")
    drawn = [shapely.LineString([point[:2] for point in line.get_points()]).length for line in lines]
    assert drawn == pytest.approx(trenches["length_m"].tolist(), abs=1e-4)
    assert len(circles) == len(answer.tables["new_chambers"])
    low, high = document.header["$EXTMIN"], document.header["$EXTMAX"]
    west, south, east, north = trenches.total_bounds
    assert low[0] <= west < east <= high[0]
    assert low[1] <= south < north <= high[1] < north + 200
    words = {entity.dxf.text: entity for entity in document.modelspace().query("TEXT") if entity.dxf.layer == "RANH CAP MOI"}
    assert "L-D001 6" in words
    assert words["L-D001 6"].dxf.rotation == pytest.approx(0, abs=0.5)  # along a road that runs east, by the grid's convergence


def test_the_geopackage_holds_the_set_in_vn2000(answer: ResultSet, tmp_path: Path) -> None:
    path = tmp_path / "du-lieu.gpkg"
    path.write_bytes(report_geopackage(answer, crs="EPSG:9214"))
    trenches = gpd.read_file(path, layer="new_trenches")
    assert trenches.crs == "EPSG:9214"
    assert trenches.length.tolist() == pytest.approx(answer.tables["new_trenches"]["length_m"].tolist(), abs=1e-4)
    assert len(gpd.read_file(path, layer="new_chambers")) == 12
    assert gpd.read_file(path, layer="violations").empty


def test_the_calendar_has_the_works_the_deadline_and_what_to_decide(settings: Settings, tmp_path: Path) -> None:
    assert ingest([plans(tmp_path, 3, 2), works(tmp_path)], IngestOptions(), settings, Quiet()).complete
    found = share_road(road(), settings, as_of=dt.date(2026, 11, 24), progress=Quiet())
    timing = found.tables["timing"]
    assert timing[["operator", "work_id", "advice", "reason"]].to_numpy().tolist() == [
        ["viettel", "W1", "join", "windows_meet"],
        ["vnpt", "W1", "join", "windows_meet"],
    ]
    lines = sharing_calendar(found, "vi").decode().replace("\r\n ", "").split("\r\n")
    assert lines.count("BEGIN:VEVENT") == len(found.tables["calendar"]) + 2 == 6
    assert "UID:R1:deadline:W1@hatang.invalid" in lines
    assert "DTSTART;VALUE=DATE:20261201" in lines
    book = openpyxl.load_workbook(io.BytesIO(sharing_workbook(found, "vi")))
    rows = list(book["Thoi diem"].iter_rows(values_only=True))
    assert rows[-1][1:] == (
        "K1",
        "vnpt",
        "W1",
        "tham gia công trình",
        "thời gian trùng, còn hạn, đã duyệt vốn",
        "2026-12-01",
        None,
    )


def test_plans_on_both_sides_of_the_axis_are_needs_on_both(settings: Settings, tmp_path: Path) -> None:
    """Plans 5.5 m north and south of an axis that runs east: left and right of it."""
    path = tmp_path / "plans.gpkg"
    lines = [shapely.LineString([(LON, LAT + off), (LON + 0.005, LAT + off)]) for off in (5e-5, -5e-5)]
    frame = {"plan_id": ["K0", "K1"], "operator": ["viettel", "vnpt"], "ways": [3, 2]}
    gpd.GeoDataFrame(frame, geometry=lines, crs="EPSG:4326").to_file(path, engine="pyogrio")
    assert ingest([path], IngestOptions(), settings, Quiet()).complete
    found = share_road(road(), settings, progress=Quiet())
    trenches = pd.DataFrame(found.tables["new_trenches"])
    assert trenches[trenches["part"] == "section"].groupby("side")["ways"].first().to_dict() == {"left": 4, "right": 3}
    assert (trenches["part"] == "crossing").sum() == 1
    assert "both_sides_needs" in found.tables["set_notes"]["code"].tolist()


def test_roads_filed_give_junctions_with_chambers(settings: Settings, tmp_path: Path) -> None:
    """Two roads cross at 0.002° and 0.006° of the road's 0.0094° of longitude; a third passes over on a bridge."""
    path = tmp_path / "roads.gpkg"
    lines = [shapely.LineString([(LON + x, LAT - 0.001), (LON + x, LAT + 0.001)]) for x in (0.002, 0.006, 0.008)]
    frame = {"road_id": ["A", "B", "C"], "road_name": ["a", "b", "c"], "bridge": [False, False, True]}
    gpd.GeoDataFrame(frame, geometry=lines, crs="EPSG:4326").to_file(path, engine="pyogrio")
    assert ingest([path], IngestOptions(Kind.ROADS), settings, Quiet()).complete
    found = share_road(road(), settings, progress=Quiet())
    notes = found.tables["set_notes"].set_index("code")["amount"]
    assert notes["junctions"] == 2
    chambers = gpd.GeoDataFrame(found.tables["new_chambers"])
    at = chambers[chambers["chamber_reason"] == "junction"].geometry.x - LON
    assert at.tolist() == pytest.approx([0.002, 0.006], abs=2e-6)
    judged = found.tables["rule_coverage"].set_index("code").loc["chamber_at_junction"]
    assert judged[["judged", "violating", "unjudged"]].tolist() == [2, 0, 0]


def test_buildings_filed_give_laterals_and_a_wall_too_near_is_a_violation(settings: Settings, tmp_path: Path) -> None:
    """Ducts 10 / 2 + 1.5 = 6.5 m south of the axis; walls from 7 m, less half of the trench's width: nearer than 1.0 m."""
    path = tmp_path / "nha.gpkg"
    south = LAT - 7 / 110_650
    shapes = [shapely.box(LON + x, south - 0.0001, LON + x + 0.0001, south) for x in (0.001, 0.003)]
    frame = {"building_id": ["N1", "N2"], "area_m2": [100.0, 100.0]}
    gpd.GeoDataFrame(frame, geometry=shapes, crs="EPSG:4326").to_file(path, engine="pyogrio")
    assert ingest([path], IngestOptions(Kind.BUILDINGS), settings, Quiet()).complete
    found = share_road(road(), settings, progress=Quiet())
    notes = found.tables["set_notes"].set_index("code")["amount"]
    assert (notes["buildings"], notes["buildings_behind"]) == (2, 0)
    trenches = pd.DataFrame(found.tables["new_trenches"])
    laterals = trenches[trenches["part"] == "lateral"]
    assert laterals["target_id"].tolist() == ["N1", "N2"]
    assert laterals["length_m"].tolist() == pytest.approx([0.5, 0.5], abs=0.1)
    broken = found.tables["violations"]
    assert set(broken["code"]) == {"wall_distance"}
    assert broken["measured"].between(0, 0.5).all()
    assert sharing_workbook(found, "vi")
    document = ezdxf.filemanagement.read(io.StringIO(sharing_drawing(found, "vi").decode()))
    drawn = [entity.dxf.layer for entity in document.modelspace().query("LWPOLYLINE")]
    assert (drawn.count("NHANH"), drawn.count("RANH CAP MOI")) == (2, (trenches["part"] == "section").sum())


def test_a_lane_without_room_for_a_trench_gets_poles_only_where_none_stand(settings: Settings, tmp_path: Path) -> None:
    """QCVN 33:2019/BTTTT: one cable pole on the road, and no new one is proposed."""
    lane = road().assign(width_m=2.0)
    free = share_road(lane, settings, progress=Quiet())
    assert {"road_narrow", "poles_instead"} <= set(free.tables["set_notes"]["code"])
    assert len(free.tables["new_poles"]) == 22
    path = tmp_path / "cot.gpkg"
    frame = {"asset_id": ["P1"], "asset_class": ["pole"], "owner": ["evn"]}
    gpd.GeoDataFrame(frame, geometry=[shapely.Point(LON + 0.001, LAT)], crs="EPSG:4326").to_file(path, engine="pyogrio")
    assert ingest([path], IngestOptions(Kind.ASSETS), settings, Quiet()).complete
    poled = share_road(lane, settings, progress=Quiet())
    assert {"road_narrow", "no_poles_existing_poles"} <= set(poled.tables["set_notes"]["code"])
    assert poled.tables["new_poles"].empty
    assert sharing_drawing(poled, "vi")


RULES = rules_in_force(dt.date(2026, 11, 24))
OURS = [name for name in RULES if name.startswith(("street_", "chamber_", "trench_")) or name == "reserve_share"]


@pytest.mark.parametrize("name", OURS)
def test_each_setting_of_a_new_set_is_a_dated_rule(name: str) -> None:
    clauses = clauses_in_force(dt.date(2026, 11, 24))
    other = RULES | {name: replace(RULES[name], value=float(RULES[name].value) + 1)}
    assert street_rules(other, clauses) != street_rules(RULES, clauses)


@pytest.mark.parametrize("code", ["chamber_spacing", "duct_gap", "duct_cover_sidewalk", "duct_cover_carriageway"])
def test_requirements_of_law_are_the_clauses_in_force(code: str) -> None:
    clauses = clauses_in_force(dt.date(2026, 11, 24))
    changed = [replace(clause, value=(clause.value or 0) + 1) if clause.code == code else clause for clause in clauses]
    assert street_rules(RULES, changed) != street_rules(RULES, clauses)
    with pytest.raises(MissingError, match=code):
        street_rules(RULES, [clause for clause in clauses if clause.code != code])


def test_without_plans_three_ways_are_assumed_and_said(settings: Settings) -> None:
    found = share_road(road(), settings, progress=Quiet())
    assert set(found.tables["new_trenches"]["ways"]) == {4}
    assert found.tables["set_notes"]["code"].tolist() == ["ways_assumed", "junctions_unknown", "buildings_unknown", "no_poles_ducts"]
    book = openpyxl.load_workbook(io.BytesIO(sharing_workbook(found, "vi")))
    words = [str(cell) for row in book["Khoi luong"].iter_rows(values_only=True) for cell in row]
    assert any("R1: chưa có kế hoạch nào dọc tuyến, tạm tính 3 ống" in cell for cell in words)


def test_more_ways_than_a_trench_holds_are_named_and_the_rest_stands(settings: Settings, tmp_path: Path) -> None:
    ingest([plans(tmp_path, 30, 12)], IngestOptions(), settings, Quiet())
    found = share_road(road(), settings, progress=Quiet())
    assert found.tables["set_notes"]["code"].tolist() == ["junctions_unknown", "buildings_unknown", "ways_fit_no_trench", "poles_instead"]
    assert found.tables["new_trenches"].empty
    poles = found.tables["new_poles"]  # 1003 m: 21 spans of at most 50 m
    assert (len(poles), set(poles["side"])) == (22, {"left"})
    bill = found.tables["boq"].set_index("item")["quantity"]
    assert (bill["pole"], bill.drop("pole").sum()) == (22, 0)
    assert sharing_workbook(found, "en")
    assert sharing_drawing(found, "en")
    assert report_geopackage(found, crs="EPSG:9214")
