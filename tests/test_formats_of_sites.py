"""Published formats of stations and of cells, each with the traps of its files."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from format_files import ARCEP_SITES, OPENCELLID, refused, run, written

from hatang.data.contracts import Kind, RefusedError
from hatang.data.formats import names_of_headerless
from hatang.data.reading import ReadOptions, recognise
from hatang.data.sandbox import read_apart

GOOD_CELL = {"radio": "LTE", "mcc": "452", "net": "4", "area": "4601", "cell": "118303233", "unit": "0", "lon": "107.595",
             "lat": "16.4637", "range": "1000", "samples": "1", "changeable": "1", "created": "1459813819", "updated": "1459813819",
             "averageSignal": "0"}  # fmt: skip


@pytest.mark.parametrize("headed", [True, False])
def test_cells_of_opencellid_with_and_without_header(tmp_path: Path, headed: bool) -> None:
    rows = [GOOD_CELL, {**GOOD_CELL, "radio": "GSM", "net": "1", "cell": "7"}, {**GOOD_CELL, "radio": "UMTS", "cell": "9"}]
    text = written(OPENCELLID, rows)
    (tmp_path / "452.csv").write_text(text if headed else text.split("\r\n", 1)[1], encoding="utf-8")
    outcome, frame = run(tmp_path / "452.csv")
    assert outcome.kind is Kind.CELLS
    assert list(frame["cell_id"]) == ["452-04-lte-4601-118303233", "452-01-gsm-4601-7", "452-04-umts-4601-9"]
    assert list(frame["operator"]) == ["viettel", "mobifone", "viettel"]
    assert list(frame["radio"]) == ["4g", "2g", "3g"]
    assert list(frame["estimated"]) == [True, True, True]
    assert frame["updated"].iloc[0] == pd.Timestamp("2016-04-05 06:50:19")  # date -d @1459813819, UTC+7
    assert frame["geometry"].iloc[0] == shapely.to_wkb(shapely.Point(107.595, 16.4637))


def test_cells_are_hints_and_never_stations(tmp_path: Path) -> None:
    (tmp_path / "452.csv").write_text(written(OPENCELLID, [GOOD_CELL]), encoding="utf-8")
    assert recognise(tmp_path / "452.csv", ReadOptions()) is Kind.CELLS
    outcome, _ = run(tmp_path / "452.csv")
    assert outcome.kind != Kind.SITES


def test_a_cell_that_stands_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "452.csv").write_text(written(OPENCELLID, [GOOD_CELL, {**GOOD_CELL, "samples": "2"}]), encoding="utf-8")
    outcome, _ = run(tmp_path / "452.csv")
    assert refused(outcome) == [("duplicate_id", 3, "452-04-lte-4601-118303233 = 2")]


@pytest.mark.parametrize("text", ["RATE_LIMITED", "INVALID_TOKEN"])
def test_a_failed_download_of_cells_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "452.csv.gz").write_text(text)
    with pytest.raises(RefusedError) as error:
        run(tmp_path / "452.csv.gz")
    assert error.value.faults[0].code == "file_error_text"


def test_only_opencellid_is_known_without_a_header() -> None:
    assert names_of_headerless(["LTE", *"1" * 13]) == tuple(OPENCELLID)
    assert names_of_headerless(["LTE", *"1" * 12]) is None
    assert names_of_headerless(["Huế", *"1" * 13]) is None
    assert names_of_headerless(["LTE", "a", *"1" * 12]) is None


NSG = '"ECellID","CellName","Longitude","Latitude","PCI","EARFCN","Azimuth"\n129097582,"Cầu | Huế",107.595,16.4637,406,6400,277\n'


def test_the_network_of_signal_guru_stands_in_the_files_name(tmp_path: Path) -> None:
    (tmp_path / "45204_merged_cells_eutra.csv").write_text(NSG, encoding="utf-8")
    _, frame = run(tmp_path / "45204_merged_cells_eutra.csv")
    row = frame.iloc[0]
    assert (row["cell_id"], row["operator"], row["radio"], row["cell_name"]) == ("452-04-129097582", "viettel", "4g", "Cầu | Huế")
    assert (row["pci"], row["channel"], row["azimuth_deg"]) == (406, 6400, 277.0)


def test_signal_guru_without_a_network_in_its_name_needs_the_option(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text(NSG, encoding="utf-8")
    with pytest.raises(RefusedError) as error:
        run(tmp_path / "cells.csv")
    assert (error.value.faults[0].code, error.value.faults[0].fields["options"]) == ("file_columns", "--operator")
    _, frame = run(tmp_path / "cells.csv", operator="vnpt")
    assert list(frame["operator"]) == ["vnpt"]


def test_several_files_of_signal_guru_in_one_archive_keep_their_networks(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "cells.zip", "w") as archive:
        archive.writestr("45204_cells_eutra.csv", NSG)
        archive.writestr("452-02_cells_eutra.csv", NSG.replace("129097582", "129097583"))
    _, frame = run(tmp_path / "cells.zip")
    assert sorted(frame["operator"]) == ["viettel", "vnpt"]


def test_firms_that_share_a_mast_of_arcep_are_counted(tmp_path: Path) -> None:
    """Place Kléber at 48.5834 N, 7.7458 E; two firms on mast P1, one alone; number 7 is used by two firms."""
    common = {"latitude": "48.5834", "longitude": "7.7458", "x": "1050000", "y": "6840000", "site_2g": "1", "site_3g": "0", "site_4g": "1"}
    rows = [
        {**common, "code_op": "20801", "nom_op": "Orange", "num_site": "7", "id_site_partage": "P1", "site_5g": "1"},
        {**common, "code_op": "20810", "nom_op": "SFR", "num_site": "7", "id_site_partage": "P1", "site_5g": "0"},
        {**common, "code_op": "20815", "nom_op": "Free", "num_site": "9", "id_site_partage": "", "site_4g": "0"},
    ]
    (tmp_path / "s.csv").write_text(written(ARCEP_SITES, rows, ";"), encoding="utf-8")
    outcome, frame = run(tmp_path / "s.csv", operator="viettel")
    assert outcome.kind is Kind.SITES
    assert list(frame["site_id"]) == ["20801-7", "20810-7", "20815-9"]
    assert list(frame["technologies"]) == ["2g;4g;5g", "2g;4g", "2g"]
    assert frame["tenants"].tolist()[:2] == [2, 2]
    assert pd.isna(frame["tenants"].iloc[2])
    assert list(frame["mast_id"])[:2] == ["P1", "P1"]
    assert frame["geometry"].iloc[0] == shapely.to_wkb(shapely.Point(7.7458, 48.5834))


def test_sites_of_2018_are_in_lambert_93(tmp_path: Path) -> None:
    """700000, 6600000 is the origin of Lambert-93, 3° E 46°30′ N (IGN)."""
    (tmp_path / "s.csv").write_text("Operateur,x,y,2G,3G,4G\nOrange,700000,6600000,1,0,1\n")
    _, frame = run(tmp_path / "s.csv", operator="viettel")
    place = shapely.from_wkb(frame["geometry"].iloc[0])
    assert (place.x, place.y) == pytest.approx((3.0, 46.5), abs=1e-9)
    assert list(frame["technologies"]) == ["2g;4g"]


BTS = "Mã trạm BTS;Tên trạm;Doanh nghiệp;Chủ sở hữu;Loại cột;Chiều cao cột (m);Đơn vị dùng chung;Kinh độ;Vĩ độ\n"


def test_a_vietnamese_list_of_stations_names_or_counts_its_tenants(tmp_path: Path) -> None:
    rows = [
        "HUE0001;Trạm Đông Ba;VinaPhone;VNPT Huế;A2a;45;Viettel, MobiFone và VinaPhone;107,588;16,473",
        "HUE0002-41;Trạm Phú Hội;Viettel;Viettel;Cột tự đứng;0;1;107,595;16,463",
        "HUE0003;Trạm A Lưới;MobiFone;Viettel;A1;30,5;-;107,23;16,27",
    ]
    (tmp_path / "bts.csv").write_text(BTS + "\n".join(rows) + "\n", encoding="utf-8-sig")
    (tmp_path / "m.yaml").write_text("decimal: ','\n")
    outcome, frame = run(tmp_path / "bts.csv", mapping=tmp_path / "m.yaml")
    assert (outcome.kind, outcome.rows_refused) == (Kind.SITES, 0)
    assert frame["tenants"].tolist()[:2] == [3, 1]
    assert pd.isna(frame["tenants"].iloc[2])
    assert list(frame["structure"]) == ["A2a", "unknown", "A1"]
    assert list(frame["owner"]) == ["VNPT Huế", "Viettel", "Viettel"]
    assert frame["height_m"].tolist()[0] == 45.0
    assert pd.isna(frame["height_m"].iloc[1])  # a height of 0 is none
    assert outcome.repairs["sentinel:height_m"] == 1


def test_a_list_of_an_operator_in_mangled_letters_is_read(tmp_path: Path) -> None:
    header = "site_code,site_name,latitude,longitude,tower_height_m,available_height_m,status,owner,region,overload,VH\n"
    row = "HUE0001,TRẠM Bình Sơn,16.473,107.588,45,12,hoạt động,VNPT,MT,0,1\n"
    (tmp_path / "s.csv").write_bytes((header + row).encode().decode("cp1252").encode("utf-8"))
    outcome, frame = run(tmp_path / "s.csv", kind=Kind.SITES, operator="vnpt")
    row_read = frame.iloc[0]
    assert (row_read["site_name"], row_read["height_m"], row_read["free_height_m"], row_read["status"]) == (
        "TRẠM Bình Sơn",
        45.0,
        12.0,
        "hoạt động",
    )
    assert outcome.repairs["encoding:utf-8 × 2"] == 1


def test_cells_of_a_planning_tool_need_a_crs(tmp_path: Path) -> None:
    text = "Cell Index,Cell X,Cell Y,Height,Azimuth,Electrical Downtilt\n1001701.0,424515,3376325,24,300,6\n"
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(RefusedError) as error:
        run(tmp_path / "c.csv", operator="viettel")
    assert error.value.faults[0].code == "file_crs"
    (tmp_path / "m.yaml").write_text("crs: EPSG:32648\n")
    _, frame = run(tmp_path / "c.csv", operator="viettel", mapping=tmp_path / "m.yaml")
    assert (frame["cell_id"].iloc[0], frame["height_m"].iloc[0], frame["azimuth_deg"].iloc[0]) == ("1001701", 24.0, 300.0)


def test_bins_of_a_planning_tool_are_tests(tmp_path: Path) -> None:
    """UTM zone 48N: easting 500,000 m at northing 0 is 105° E on the equator (its definition)."""
    (tmp_path / "b.csv").write_text("Cell Index,X,Y,Altitude,Building Height,Clutter Index,RSRP\n1001701.0,500000,0,504,0,5,-92.5\n")
    (tmp_path / "m.yaml").write_text("crs: EPSG:32648\n")
    outcome, frame = run(tmp_path / "b.csv", operator="viettel", technology="4g", mapping=tmp_path / "m.yaml")
    assert outcome.kind is Kind.MEASUREMENTS
    assert (frame["lon"].iloc[0], frame["lat"].iloc[0]) == pytest.approx((105.0, 0.0), abs=1e-9)
    assert (frame["cell_id"].iloc[0], frame["rsrp_dbm"].iloc[0]) == ("1001701", -92.5)


def test_supports_of_anfr_have_degrees_minutes_and_decimal_commas(tmp_path: Path) -> None:
    """By hand: 48° 51′ 30″ = 48.858333…; 2° 17′ 40″ W = −2.294444…; columns from ANFR's description of the tables."""
    columns = "SUP_ID;STA_NM_ANFR;NAT_ID;COR_NB_DG_LAT;COR_NB_MN_LAT;COR_NB_SC_LAT;COR_CD_NS_LAT;COR_NB_DG_LON;COR_NB_MN_LON;"
    columns += "COR_NB_SC_LON;COR_CD_EW_LON;SUP_NM_HAUT;TPO_ID\n"
    rows = "12;0010010001;23;48;51;30;N;2;17;40;W;24,5;7\n12;0010010002;23;48;51;30;N;2;17;40;E;24,5;7\n"
    rows += "13;0010010003;23;48;;30;N;2;17;40;E;9;7\n"
    (tmp_path / "SUP_SUPPORT.txt").write_text(columns + rows, encoding="latin-1")
    outcome, frame = run(tmp_path / "SUP_SUPPORT.txt", operator="viettel")
    assert outcome.kind is Kind.SITES
    assert frame[["site_id", "mast_id", "height_m"]].to_numpy().tolist() == [["0010010001", "12", 24.5], ["0010010002", "12", 24.5]]
    places = shapely.from_wkb(frame["geometry"])
    np.testing.assert_allclose(shapely.get_x(places), [-(2 + 17 / 60 + 40 / 3600), 2 + 17 / 60 + 40 / 3600], atol=1e-7)
    np.testing.assert_allclose(shapely.get_y(places), 48 + 51 / 60 + 30 / 3600, atol=1e-7)
    assert [(code, row) for code, row, _ in refused(outcome)] == [("position_missing", 4)]


BY_OWNER = "site_code,site_name,latitude,longitude,tower_height_m,available_height_m,status,owner,region,overload,VH"


@pytest.mark.parametrize(
    ("lat", "lon"),
    [
        ("16.4600", "107.5800"),
        ("107.5800", "16.4600"),  # exchanged: only the other way round does it lie in Huế
        ('"16°27\'36""N"', '"107°34\'48""E"'),
        ("16 27 36.0", "107 34 48.0"),
        ("16độ27phút36giây", "107độ34phút48giây"),
        ("N16°27.6'", "E107°34.8'"),
        ('"16°27\'36,0"""', '"107°34\'48,0""Đ"'),
    ],
)
def test_a_list_of_sites_by_owner_however_it_writes_positions(tmp_path: Path, lat: str, lon: str) -> None:
    """16° 27' 36" are 16 + 27/60 + 36/3600 = 16.46 degrees, 107° 34' 48" are 107.58."""
    path = tmp_path / "tram.csv"
    path.write_text(f"{BY_OWNER}\nHUE0001-41,Trạm Thuận Hóa,{lat},{lon},45,30,Hoạt động,Viettel,Huế,0,1\n", encoding="utf-8")
    outcome, frame = run(path)
    assert (outcome.kind, outcome.rows_in, outcome.rows_kept) == (Kind.SITES, 1, 1)
    row = frame.iloc[0]
    assert (row["site_id"], row["operator"], row["owner"]) == ("HUE0001-41", "viettel", "Viettel")
    assert (row["height_m"], row["free_height_m"]) == (45.0, 30.0)
    point = shapely.from_wkb(row["geometry"])
    assert (round(point.x, 8), round(point.y, 8)) == (107.58, 16.46)


@pytest.mark.parametrize("lon", ["107°60'00\"E", "107°34'60\"E", "E107°34'W", "107° Đông", "Huế"])
def test_an_angle_that_is_none_is_refused_and_shown(tmp_path: Path, lon: str) -> None:
    path = tmp_path / "tram.csv"
    quoted = lon.replace('"', '""')
    good = "HUE1,A,16.46,107.58,45,,,Viettel,,,"
    path.write_text(f'{BY_OWNER}\n{good}\nHUE2,A,16.46,"{quoted}",45,,,Viettel,,,\n', encoding="utf-8")
    outcome, _ = run(path)
    assert refused(outcome) == [("cell_number", 3, lon)]


def test_a_list_by_owner_with_decimal_commas_and_one_that_names_operators(tmp_path: Path) -> None:
    path = tmp_path / "tram.csv"
    header = BY_OWNER.replace(",", ";")
    path.write_text(f"{header}\nHUE1;A;16,46;107,58;45,5;;;VNPT;;;\n", encoding="utf-8")
    outcome, frame = run(path)
    assert not refused(outcome)
    assert frame["height_m"].iloc[0] == 45.5
    path.write_text(f"{header};operator\nHUE1;A;16.46;107.58;45.5;;;OCK;;;;MobiFone\n", encoding="utf-8")
    _, frame = run(path)
    assert (frame["operator"].iloc[0], frame["owner"].iloc[0]) == ("mobifone", "OCK")


SUPPORTS = (
    "SUP_ID;STA_NM_ANFR;NAT_ID;COR_NB_DG_LAT;COR_NB_MN_LAT;COR_NB_SC_LAT;COR_CD_NS_LAT;COR_NB_DG_LON;COR_NB_MN_LON;COR_NB_SC_LON;"
    "COR_CD_EW_LON;SUP_NM_HAUT;TPO_ID\r\n900;0750010001;12;16;27;36;N;107;34;48;E;35,5;1\r\n900;0750010002;12;16;27;36;N;107;34;48;E;35,5;1\r\n"
)
STATIONS = "STA_NM_ANFR;ADM_ID;DTE_EN_SERVICE\r\n0750010001;23;01/03/2016\r\n0750010002;6;01/03/2016\r\n"
EMITTERS = (
    "EMR_ID;EMR_LB_SYSTEME;STA_NM_ANFR;AER_ID\r\n1;LTE 700;0750010001;10\r\n2;5G NR 3500;0750010001;10\r\n3;FH;0750010001;11\r\n"
    "4;UMTS 900;0750010002;12\r\n5;LTE 1800;0750010002;12\r\n"
)


def anfr(folder: Path, **tables: str) -> Path:
    path = folder / "anfr.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in tables.items():
            archive.writestr(f"{name}.txt", text.encode("latin-1"))
        archive.writestr("LISEZMOI.txt", "Données de l'ANFR")
    return path


def test_the_tables_of_anfr_are_joined(tmp_path: Path) -> None:
    names = "ADM_ID;ADM_LB_NOM\r\n23;VIETTEL\r\n6;MOBIFONE\r\n"
    path = anfr(tmp_path, SUP_STATION=STATIONS, SUP_SUPPORT=SUPPORTS, SUP_EMETTEUR=EMITTERS, SUP_EXPLOITANT=names)
    outcome, frame = run(path)
    assert (outcome.kind, outcome.rows_in, outcome.rows_kept) == (Kind.SITES, 2, 2)
    assert list(frame["operator"]) == ["viettel", "mobifone"]
    assert list(frame["technologies"]) == ["4g;5g", "3g;4g"]
    assert list(frame["mast_id"]) == ["900", "900"]
    assert list(frame["height_m"]) == [35.5, 35.5]
    point = shapely.from_wkb(frame["geometry"].iloc[0])
    assert (round(point.x, 6), round(point.y, 6)) == (107.58, 16.46)  # 107 + 34/60 + 48/3600, 16 + 27/60 + 36/3600


def test_firms_of_anfr_without_their_names_are_asked(tmp_path: Path) -> None:
    path = anfr(tmp_path, SUP_STATION=STATIONS, SUP_SUPPORT=SUPPORTS, SUP_EMETTEUR=EMITTERS)
    with pytest.raises(RefusedError) as error:
        run(path)
    shown = [(fault.code, fault.row, fault.found) for fault in error.value.faults if fault.row]
    assert shown == [("operator_unknown", 2, "23"), ("operator_unknown", 3, "6")]
    outcome, frame = run(path, operator="vnpt")
    assert outcome.rows_kept == 2
    assert set(frame["operator"]) == {"vnpt"}


AREA = [
    {"lat": 16.46, "lon": 107.58, "mcc": 452, "mnc": 4, "lac": 4601, "cellid": 118303233, "averageSignalStrength": 0, "range": 1000,
     "samples": 1, "changeable": True, "radio": "LTE", "rnc": 0, "cid": 0, "tac": 0, "sid": 0, "nid": 0, "bid": 0},
    {"lat": 16.461, "lon": 107.581, "mcc": 452, "mnc": 1, "radio": "UMTS", "range": 1000, "samples": 1},
]  # fmt: skip


def test_the_answer_of_opencellid_to_an_area_is_a_list_of_hints(tmp_path: Path) -> None:
    path = tmp_path / "getInArea"
    path.write_text(json.dumps({"count": 2, "cells": AREA}))
    assert recognise(path, ReadOptions()) is Kind.CELLS
    outcome, frame = run(path)
    assert (outcome.rows_in, outcome.rows_kept) == (2, 2)
    assert frame["operator"].tolist() == ["viettel", "mobifone"]
    assert frame["radio"].tolist() == ["4g", "3g"]
    assert frame["cell_id"].iloc[0] == "452-04-lte-4601-118303233"
    assert outcome.repairs == {"id_made:cell_id": 1}
    assert frame[["range_m", "samples"]].to_numpy().tolist() == [[1000, 1], [1000, 1]]
    apart = read_apart(path, tmp_path / "apart.arrow", Kind.AUTO, ReadOptions())
    assert apart == outcome
    bulk = "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n"
    (tmp_path / "452.csv").write_text(bulk + "LTE,452,4,4601,118303233,0,107.58,16.46,1000,1,1,1459813819,1459813819,0\n")
    assert run(tmp_path / "452.csv")[1]["cell_id"].tolist() == frame["cell_id"].tolist()[:1]  # one cell, one name
    table = pd.DataFrame(AREA[:1])
    table.to_csv(tmp_path / "area.csv", index=False)
    assert run(tmp_path / "area.csv")[1]["cell_id"].tolist() == frame["cell_id"].tolist()[:1]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ('{"error":"Invalid token","code":2}', "file_error_text"),
        ('{"count":0,"cells":[]}', "file_empty"),
        ('{"count":1,"cells":[1]}', "file_malformed"),
        ('{"count":1,"cells":[{"lat":16.4', "file_malformed"),
        ('{"count":1,"cells":[{"lat":{"a":1},"note":"TUYỆT MẬT"}]}', "file_secret"),
        ('{"count":1,"cells":[{' + ",".join(f'"c{n}":1' for n in range(200)) + "}]}", "file_columns_many"),
        ('{"count":1,"cells":[' + "[" * 100_000 + "]" * 100_000 + "]}", "file_malformed"),
    ],
    ids=["error", "empty", "number", "cut", "secret", "wide", "deep"],
)
def test_a_broken_answer_to_an_area_is_refused(tmp_path: Path, content: str, code: str) -> None:
    (tmp_path / "a.json").write_text(content, encoding="utf-8")
    with pytest.raises(RefusedError) as error:
        read_apart(tmp_path / "a.json", tmp_path / "out.arrow", Kind.CELLS, ReadOptions())
    assert error.value.faults[0].code == code
