"""Sites, assets, works, plans, roads, villages, places: each under its contract, in Vietnamese or English."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from hatang.data.contracts import INPUT_TABLES, Kind, RefusedError, Severity
from hatang.data.gazetteer import ward_codes
from hatang.data.reading import ReadOptions, ReadOutcome, read, recognise

DUCT = "LINESTRING (107.590 16.460, 107.600 16.470)"
ASSETS = "Mã tài sản;Loại tài sản;Chủ sở hữu;Trạng thái;Số ống;Số ống đã dùng;Ngày khảo sát;Kinh độ;Vĩ độ;WKT\n"
ROW = "{id};{kind};VNPT;Đang sử dụng;{ways};{used};{date};107.59;16.46;{shape}\n"


def asset(number: str = "A1", kind: str = "Cống cáp", ways: str = "4", used: str = "1", date: str = "30/09/2026", shape: str = DUCT) -> str:
    return ROW.format(id=number, kind=kind, ways=ways, used=used, date=date, shape=shape)


def run(folder: Path, text: str, kind: Kind, mapping: str | None = None, **options: str) -> tuple[ReadOutcome, pd.DataFrame]:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    if mapping is not None:
        (folder / "m.yaml").write_text(mapping, encoding="utf-8")
    chosen = ReadOptions(mapping=folder / "m.yaml" if mapping else None, **options)
    outcome = read(folder / "t.csv", folder / "out.arrow", kind, chosen)
    frame = pa.ipc.open_file(folder / "out.arrow").read_all().to_pandas()
    frame["geometry"] = shapely.from_wkb(frame["geometry"].to_numpy())
    INPUT_TABLES[kind].conform(frame)
    assert list(frame.columns) == INPUT_TABLES[kind].names
    assert outcome.rows_in == outcome.rows_kept + outcome.rows_refused
    return outcome, frame


def refused(outcome: ReadOutcome) -> list[tuple[str, int | None, str | None, str | None]]:
    return [(f.code, f.row, f.field, f.found) for f in outcome.faults if f.severity is Severity.REFUSED]


def test_assets_in_vietnamese_words(tmp_path: Path) -> None:
    point = "POINT (107.59 16.46)"
    text = ASSETS + asset() + asset("A2", "Bể cáp", "", "", "", point) + asset("A3", "Cột treo cáp", "", "", "2026-05-01", point)
    outcome, frame = run(tmp_path, text, Kind.ASSETS)
    assert list(frame["asset_class"]) == ["duct_section", "chamber", "pole"]
    assert list(frame["status"]) == ["in_service"] * 3
    assert list(frame["ways"].fillna(-1)) == [4, -1, -1]
    assert frame["survey_date"].iloc[0] == pd.Timestamp("2026-09-30")
    assert frame["geometry"].iloc[0].equals(shapely.from_wkt(DUCT))
    assert not outcome.faults
    assert recognise(tmp_path / "t.csv", ReadOptions()) is Kind.ASSETS


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"kind": "Tháp"}, ("cell_value", 3, "Loại tài sản", "Tháp")),
        ({"kind": ""}, ("cell_missing", 3, "Loại tài sản", None)),
        ({"ways": "-3"}, ("cell_range", 3, "Số ống", "-3")),
        ({"ways": "ba"}, ("cell_integer", 3, "Số ống", "ba")),
        ({"ways": "2.5"}, ("cell_integer", 3, "Số ống", "2.5")),
        ({"date": "31/02/2026"}, ("cell_date", 3, "Ngày khảo sát", "31/02/2026")),
        ({"shape": "LINESTRING (107.5 16.4, 107.5 16.4)"}, ("zero_length", 3, "WKT", None)),
        ({"shape": "POINT (107.5 16.4)"}, ("geometry_type", 3, "WKT", "Point")),
        ({"shape": "LINESTRING (107.5"}, ("geometry_text", 3, "WKT", "LINESTRING (107.5")),
        ({"number": "A1"}, ("duplicate_id", 3, "Mã tài sản", "A1 = 2")),
        ({"number": ""}, ("cell_missing", 3, "Mã tài sản", None)),
    ],
)
def test_one_defect_refuses_one_row(tmp_path: Path, changed: dict[str, str], fault: tuple[str, int, str, str | None]) -> None:
    outcome, frame = run(tmp_path, ASSETS + asset() + asset(**{"number": "A2", "used": "0", **changed}), Kind.ASSETS)
    assert fault in refused(outcome)
    assert {row for _, row, _, _ in refused(outcome)} == {3}
    assert list(frame["asset_id"]) == ["A1"]


def test_every_fault_of_a_row_is_told_at_once(tmp_path: Path) -> None:
    outcome, _ = run(tmp_path, ASSETS + asset() + asset("A2", "Tháp", "-3", "x", "nay"), Kind.ASSETS)
    assert [code for code, _, _, _ in refused(outcome)] == ["cell_value", "cell_range", "cell_integer", "cell_date"]


def test_a_row_that_stands_twice_is_refused(tmp_path: Path) -> None:
    outcome, frame = run(tmp_path, ASSETS + asset() + asset("A2") + asset(), Kind.ASSETS)
    assert len(frame) == 2
    assert refused(outcome) == [("duplicate_row", 4, None, "= 2")]


def test_use_beyond_capacity_becomes_unknown(tmp_path: Path) -> None:
    outcome, frame = run(tmp_path, ASSETS + asset(used="7") + asset("A2", ways="", used="7"), Kind.ASSETS)
    assert list(frame["ways_used"].fillna(-1)) == [-1, 7]
    assert outcome.repairs == {"used_more:ways_used": 1}
    assert [(f.code, f.severity, f.row) for f in outcome.faults] == [("used_more", Severity.REPAIRED, 2)]


def test_outlines_of_chambers_become_points(tmp_path: Path) -> None:
    outline = "POLYGON ((107.59 16.46, 107.5901 16.46, 107.5901 16.4601, 107.59 16.4601, 107.59 16.46))"
    outcome, frame = run(tmp_path, ASSETS + asset(kind="Bể cáp", shape=outline), Kind.ASSETS)
    assert frame["geometry"].iloc[0].within(shapely.from_wkt(outline))
    assert outcome.repairs == {"footprint": 1}


def test_works_whose_dates_are_reversed(tmp_path: Path) -> None:
    text = "work_id,kind,start,end,open_trench,longitude,latitude\nW1,Mở rộng đường,2027-03-01,2027-02-01,có,107.6,16.4\n"
    text += "W2,thoát nước,01/03/2027,01/06/2027,không,107.6,16.4\n"
    outcome, frame = run(tmp_path, text, Kind.WORKS)
    assert refused(outcome) == [("dates_reversed", 2, "end", "2027-02-01")]
    assert (frame["kind"].iloc[0], frame["open_trench"].iloc[0]) == ("sewer", False)


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026-11", "2026-11-01", "2026-11-30"),
        ("11/2026", "2026-11-01", "2026-11-30"),
        ("Tháng 2/2028", "2028-02-01", "2028-02-29"),
        ("T11/2026", "2026-11-01", "2026-11-30"),
        ("Quý I/2027", "2027-01-01", "2027-03-31"),
        ("2027Q4", "2027-10-01", "2027-12-31"),
        ("2027", "2027-01-01", "2027-12-31"),
        ("năm 2027", "2027-01-01", "2027-12-31"),
    ],
)
def test_a_month_quarter_or_year_stands_for_its_first_or_last_day_and_is_named(tmp_path: Path, written: str, first: str, last: str) -> None:
    text = f"work_id,start,end,join_deadline,moratorium_until,longitude,latitude\nW1,{written},{written},{written},{written},107.6,16.4\n"
    outcome, frame = run(tmp_path, text + "W2,01/12/2026,31/12/2027,,,107.6,16.4\n", Kind.WORKS)
    days = [str(day)[:10] for day in frame.loc[0, ["start", "end", "join_deadline", "moratorium_until"]]]
    assert days == [first, last, first, last]
    assert outcome.repairs == {f"date_{bound}:{name}": 1 for bound, name in (
        ("first", "start"), ("last", "end"), ("first", "join_deadline"), ("last", "moratorium_until"))}  # fmt: skip
    assert [(fault.code, fault.row, fault.field, fault.found) for fault in outcome.faults][:2] == [
        ("date_first", 2, "start", written),
        ("date_last", 2, "end", written),
    ]
    shape = shapely.from_wkt(DUCT).wkt
    _, frame = run(
        tmp_path, f"plan_id;operator;earliest;latest;wkt\nP1;FPT;{written};{written};{shape}\n", Kind.PLANS, mapping="crs: EPSG:4326\n"
    )
    assert [str(day)[:10] for day in frame.loc[0, ["earliest", "latest"]]] == [first, last]


@pytest.mark.parametrize("written", ["31/02/2026", "13/2026", "2026-00", "Quý V/2027", "1027", "sau Tết"])
def test_what_is_neither_a_day_nor_a_period_is_still_refused(tmp_path: Path, written: str) -> None:
    text = f"work_id,start,end,longitude,latitude\nW1,{written},2027-03-01,107.6,16.4\nW2,2027,,107.6,16.4\n"
    outcome, _ = run(tmp_path, text, Kind.WORKS)
    assert refused(outcome) == [("cell_date", 2, "start", written)]


def test_a_day_that_no_window_bounds_is_not_made_of_a_month(tmp_path: Path) -> None:
    outcome, _ = run(tmp_path, ASSETS + asset() + asset("A2", date="09/2026"), Kind.ASSETS, mapping="crs: EPSG:4326\n")
    assert [code for code, *_ in refused(outcome)] == ["cell_date"]


def test_plans_with_costs(tmp_path: Path) -> None:
    shapes = [shapely.from_wkt(DUCT)] * 3
    lines = [f"P{i};FPT Telecom;2;{cost};{shape.wkt}" for i, (cost, shape) in enumerate(zip(("1.250", "-1", "0,5"), shapes, strict=True))]
    text = "plan_id;operator;ways;Khái toán;wkt\n" + "\n".join(lines) + "\n"
    outcome, frame = run(tmp_path, text, Kind.PLANS, mapping="crs: EPSG:4326\ndecimal: ','\nunits: {cost_vnd: triệu đồng}\n")
    assert refused(outcome) == [("cell_range", 3, "Khái toán", "-1")]
    assert list(frame["cost_vnd"]) == [1.25e9, 5e5]
    assert set(frame["operator"]) == {"fpt"}


def test_shapes_as_text_need_a_crs(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error:
        run(tmp_path, f"plan_id;operator;wkt\nP1;FPT;{DUCT}\n", Kind.PLANS)
    assert error.value.faults[0].code == "crs_unstated"


def test_missing_columns_and_shapes_refuse_the_file(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error:
        run(tmp_path, "asset_id,longitude,latitude,Chủ\nA1,107.6,16.4,VNPT\n", Kind.ASSETS)
    fault = error.value.faults[0]
    assert (fault.code, fault.field, fault.found) == ("file_columns", "asset_class, owner", "asset_id, longitude, latitude, Chủ")
    with pytest.raises(RefusedError) as error:
        run(tmp_path, "asset_id,asset_class,owner\nA1,pole,VNPT\n", Kind.ASSETS)
    assert error.value.faults[0].code == "file_geometry"


def test_ids_are_made_from_content_where_a_register_may_lack_them(tmp_path: Path) -> None:
    text = "operator,longitude,latitude,chieu_cao\nViettel,107.6,16.4,42\nViettel,107.7,16.4,0\nViettel,107.6,16.4,42\n"
    outcome, frame = run(tmp_path, text, Kind.SITES)
    assert outcome.repairs == {"id_made:site_id": 2, "sentinel:height_m": 1}
    assert refused(outcome) == [("duplicate_row", 4, None, "= 2")]
    _, again = run(tmp_path, text.replace("107.7,16.4,0", "107.8,16.4,30"), Kind.SITES)
    assert frame["site_id"].iloc[0] == again["site_id"].iloc[0] != again["site_id"].iloc[1]


def test_technologies_of_sites_are_listed_alike(tmp_path: Path) -> None:
    _, frame = run(tmp_path, "site_id,operator,technologies,longitude,latitude\nS1,VNPT,3G/LTE; NR,107.6,16.4\n", Kind.SITES)
    assert frame["technologies"].iloc[0] == "3g;4g;5g"


def test_claims_take_operator_and_technology_from_the_options(tmp_path: Path) -> None:
    square = shapely.box(107.5, 16.4, 107.6, 16.5).wkt
    text = f"level_dbm;wkt\n-110;{square}\n-200;{square}\n"
    outcome, frame = run(tmp_path, text, Kind.CLAIMS, mapping="crs: EPSG:4326\n", operator="viettel", technology="5g")
    assert (frame["operator"].iloc[0], frame["technology"].iloc[0], frame["environment"].iloc[0]) == ("viettel", "5g", "outdoor")
    assert refused(outcome) == [("cell_range", 3, "level_dbm", "-200")]
    _, fibre = run(tmp_path, text, Kind.CLAIMS, mapping="crs: EPSG:4326\n", operator="fpt", technology="FTTH")
    assert (fibre["technology"].iloc[0], fibre["environment"].iloc[0]) == ("fibre", "premises")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("850.000", 850_000), ("850.000.000", 850e6), ("1,250,000", 1_250_000), ("850000000", 850e6), ("850000,5", 850_000.5), ("850", 850)],
)
def test_a_sum_of_money_has_its_thousands_as_vietnamese_write_them(tmp_path: Path, written: str, meant: float) -> None:
    text = f'Mã kế hoạch;Doanh nghiệp;Khái toán (VND);wkt\nK1;Viettel;{written};"{DUCT}"\n'
    outcome, frame = run(tmp_path, text, Kind.PLANS, mapping="crs: EPSG:4326\n")
    assert frame["cost_vnd"].tolist() == [meant]
    assert not refused(outcome)


@pytest.mark.parametrize(("written", "mapping", "meant"), [("1.250", "", None), ("1.250", "decimal: ','\n", 1_250e6),
    ("1.250", "decimal: '.'\n", 1.25e6), ("1.250.000", "", 1.25e12), ("1,5", "", 1.5e6), ("12.5", "", 12.5e6)])  # fmt: skip
def test_a_sum_in_millions_that_reads_two_ways_is_asked_about(tmp_path: Path, written: str, mapping: str, meant: float | None) -> None:
    text = f'Mã kế hoạch;Doanh nghiệp;Khái toán (triệu đồng);wkt\nK1;Viettel;{written};"{DUCT}"\nK2;Viettel;;"{DUCT}"\n'
    outcome, frame = run(tmp_path, text, Kind.PLANS, mapping=f"crs: EPSG:4326\n{mapping}")
    found = frame.set_index("plan_id")["cost_vnd"].dropna().to_dict()
    assert found == ({} if meant is None else {"K1": pytest.approx(meant)})
    assert refused(outcome) == ([("cell_money", 2, "Khái toán (triệu đồng)", written)] if meant is None else [])


def test_villages_and_buildings(tmp_path: Path) -> None:
    text = "Mã thôn,Tên thôn,Số hộ,Điện lưới,ĐBKK,Kinh độ,Vĩ độ\nT1,Thôn A Ka,1.250,có,x,107.2,16.2\n"
    outcome, frame = run(tmp_path, text, Kind.VILLAGES)
    assert (frame["households"].iloc[0], frame["grid_power"].iloc[0], frame["specially_difficult"].iloc[0]) == (1250, True, True)
    assert outcome.repairs == {"thousands:households": 1}
    outline = shapely.box(107.5, 16.4, 107.5001, 16.4001).wkt
    text = f'latitude,longitude,area_in_meters,confidence,geometry\n16.4,107.5,118.2,0.8,"{outline}"\n'
    outcome, frame = run(tmp_path, text, Kind.BUILDINGS)
    assert frame["area_m2"].iloc[0] == 118.2
    assert frame["geometry"].iloc[0].geom_type == "Polygon"


def test_reading_twice_gives_equal_bytes(tmp_path: Path) -> None:
    run(tmp_path, ASSETS + asset() + asset("A2"), Kind.ASSETS)
    first = (tmp_path / "out.arrow").read_bytes()
    run(tmp_path, ASSETS + asset() + asset("A2"), Kind.ASSETS)
    assert (tmp_path / "out.arrow").read_bytes() == first


@pytest.mark.reference
def test_real_sites_of_france_by_mapping(reference: Path, tmp_path: Path) -> None:
    """77,147 rows in Lambert-93 (data card: Orange 24,612, SFR 21,449, Bouygues 18,816, Free 12,270); positions lie in France."""
    (tmp_path / "m.yaml").write_text("crs: EPSG:2154\ncolumns: {operator: Operateur}\n", encoding="utf-8")
    source = reference / "measurements" / "arcep" / "sites_mobiles_2018_L93.csv"
    outcome = read(source, tmp_path / "out.arrow", Kind.SITES, ReadOptions(operator="mobifone", mapping=tmp_path / "m.yaml"))
    assert outcome.rows_in == 77_147
    assert outcome.rows_kept + outcome.rows_refused == 77_147
    assert {fault.code for fault in outcome.faults if fault.severity is Severity.REFUSED} <= {"duplicate_row"}
    points = shapely.from_wkb(pa.ipc.open_file(tmp_path / "out.arrow").read_all().column("geometry").to_numpy())
    bounds = shapely.total_bounds(points)
    np.testing.assert_array_less([-5.5, 41.0], bounds[:2])
    np.testing.assert_array_less(bounds[2:], [10.0, 51.5])
    read(source, tmp_path / "o.arrow", Kind.SITES, ReadOptions(operator="mobifone"))  # its publisher has one CRS, and the layout names it
    assert (tmp_path / "o.arrow").read_bytes() == (tmp_path / "out.arrow").read_bytes()


VILLAGE_LIST = "STT;Tên thôn;Phường, xã;Loại hình;Số hộ;ĐBKK;Kinh độ;Vĩ độ\n"


def test_a_list_of_villages_needs_no_codes_and_no_places(tmp_path: Path) -> None:
    text = VILLAGE_LIST + (
        "1;A Ka;A Lưới 1;bản;120;có;107,2;16,2\n"
        "2;Tổ 5;Phường Thuận Hóa;Tổ dân phố;1.250;không;;\n"
        "3;Tổ 5;Phường Phú Xuân;TDP;310;;;\n"
        "4;Tổ 5;Phường Phú Xuân;TDP;320;;;\n"
        "5;Tổ 6;Phường Ở Đâu;TDP;10;;;\n"
        "6;Tổ 7;;TDP;10;;;\n"
        "7;Tổ 8;Phường Phú Xuân;TDP;10;;107,5;\n"
    )
    (tmp_path / "v.csv").write_text(text, encoding="utf-8")
    assert recognise(tmp_path / "v.csv", ReadOptions()) is Kind.VILLAGES
    outcome, frame = run(tmp_path, text, Kind.VILLAGES)
    assert frame[["village_name", "village_kind", "households"]].to_numpy().tolist() == [
        ["A Ka", "ban", 120], ["Tổ 5", "to_dan_pho", 1250], ["Tổ 5", "to_dan_pho", 310],
    ]  # fmt: skip
    assert frame["ward_code"].tolist() == ward_codes(["A Lưới 1", "Thuận Hóa", "Phú Xuân"])
    assert frame["geometry"].isna().tolist() == [False, True, True]
    assert frame["village_id"].nunique() == 3
    assert [(fault.code, fault.row) for fault in outcome.faults if fault.severity is Severity.REFUSED] == [
        ("duplicate_id", 5), ("ward_unknown", 6), ("cell_missing", 7), ("position_missing", 8),
    ]  # fmt: skip
    assert [(fault.code, fault.count) for fault in outcome.faults if fault.severity is Severity.WARNING] == [("position_open", 2)]
    again, later = run(tmp_path, text.replace(";120;", ";140;"), Kind.VILLAGES)
    assert later["village_id"].tolist() == frame["village_id"].tolist()
    assert again.rows_kept == 3


def test_points_of_interest_with_their_ward_and_fibre(tmp_path: Path) -> None:
    text = "Tên điểm,Loại điểm,Mã xã,Số hướng cáp quang,Kinh độ,Vĩ độ\nUBND phường Phú Xuân,commune_office,19753,2,107.58,16.47\n"
    text += "Trường A,school,19753,1,,\n"
    outcome, frame = run(tmp_path, text, Kind.PLACES)
    assert frame[["kind", "ward_name", "fibre_paths"]].to_numpy().tolist() == [
        ["commune_office", "Phường Phú Xuân", 2], ["school", "Phường Phú Xuân", 1],
    ]  # fmt: skip
    assert frame["geometry"].isna().tolist() == [False, True]
    assert outcome.rows_kept == 2


def test_a_place_with_unreadable_coordinates_is_not_asked_for_its_ward(tmp_path: Path) -> None:
    text = "Mã điểm,Tên điểm,Loại điểm,Kinh độ,Vĩ độ\nP1,Trường,trường học,107.5797,16.4602\nP2,Trạm,y tế,x,16.4\n"
    outcome, frame = run(tmp_path, text, Kind.PLACES)
    assert list(frame["place_id"]) == ["P1"]
    assert refused(outcome) == [("cell_number", 3, "Kinh độ", "x")]


def test_a_list_without_places_and_wards_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error:
        run(tmp_path, "ma_thon,ten_thon,so_ho\nT1,A Ka,120\n", Kind.VILLAGES)
    assert [fault.code for fault in error.value.faults] == ["file_geometry"]


def test_surfaces_of_water(tmp_path: Path) -> None:
    outline = shapely.box(107.5, 16.4, 107.6, 16.5)
    gpd.GeoDataFrame({"ten_song": ["Sông Hương"], "natural": ["water"]}, geometry=[outline], crs="EPSG:4326").to_file(tmp_path / "n.gpkg")
    assert recognise(tmp_path / "n.gpkg", ReadOptions()) is Kind.WATER
    outcome = read(tmp_path / "n.gpkg", tmp_path / "out.arrow", Kind.AUTO, ReadOptions())
    frame = pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pandas()
    assert frame[["water_name", "water_class"]].to_numpy().tolist() == [["Sông Hương", "water"]]
    assert outcome.repairs == {"id_made:water_id": 1}
