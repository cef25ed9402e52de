"""Formats that others publish: each written here from its publisher's schema, one defect a file, and every real file there is."""

import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from format_files import ROWS, refused, run, run_rows, written

from hatang.data.contracts import MAP_CRS, Kind, RefusedError, Severity
from hatang.data.formats import FORMATS, names_of_headerless
from hatang.data.reading import ReadOptions, published_format, read

DOCS = Path(__file__).resolve().parent.parent / "docs" / "formats.md"


@pytest.mark.parametrize("form", ROWS)
def test_a_good_row_means_what_its_publisher_says(tmp_path: Path, form: str) -> None:
    """One place, level and time in nine layouts; 10 m/s are 36 km/h, 12,500 kbit/s are 12.5 Mbit/s, 02:30:05 UTC is 09:30:05 in Huế."""
    outcome, frame = run_rows(tmp_path, form, **({"operator": "viettel"} if form == "umn_5g" else {}))
    assert (outcome.rows_in, outcome.rows_kept) == (1, 1)
    row = frame.iloc[0]
    assert (row["lon"], row["lat"], row["rsrp_dbm"]) == (107.595, 16.4637, -92.0)
    assert row["time"].floor("s") == pd.Timestamp("2026-08-02 09:30:05")
    assert row["operator"] == {"network_survey_nr": "vnpt", "opencellid_upload": "mobifone", "arcep_qos": "mobifone"}.get(form, "viettel")
    assert row["technology"] == ("5g" if form == "network_survey_nr" else "4g")
    assert np.isnan(row["speed_kmh"]) or row["speed_kmh"] == 36.0
    assert np.isnan(row["download_mbps"]) or row["download_mbps"] == 12.5
    assert pd.isna(row["cell_id"]) or row["cell_id"] in {"118303233", "68719476735"}
    assert outcome.period == "2026Q3"


def test_neighbours_that_a_phone_only_heard_do_not_count(tmp_path: Path) -> None:
    outcome, _ = run_rows(tmp_path, "tower_collector", {"neighboring": "true"})
    assert refused(outcome) == [("row_neighbour", 3, "true")]
    for form in ("network_survey_lte", "network_survey_nr"):
        outcome, frame = run_rows(tmp_path, form, {"servingCell": "false"})
        assert refused(outcome) == [("row_neighbour", 4, "false")]  # a comment stands above the header
        assert len(frame) == 1


@pytest.mark.parametrize("form", ["tower_collector", "opencellid_upload", "rtr", "arcep_qos", "mukoo", "cradlepoint"])
def test_levels_of_older_networks_are_refused_in_every_format(tmp_path: Path, form: str) -> None:
    column = {"tower_collector": "net_type", "opencellid_upload": "act", "rtr": "network_type", "arcep_qos": "techno_start",
              "mukoo": "network_type", "cradlepoint": "Service Display"}[form]  # fmt: skip
    change = {column: "UMTS"} | ({"techno_start": "3G", "techno_end": "3G"} if form == "arcep_qos" else {})
    outcome, frame = run_rows(tmp_path, form, change)
    assert [code for code, _, _ in refused(outcome)] == ["technology_other"]
    assert len(frame) == 1


def test_a_survey_of_2g_and_3g_is_refused(tmp_path: Path) -> None:
    header = "deviceTime,latitude,longitude,altitude,speed,accuracy,missionId,recordNumber,groupNumber,mcc,mnc,lac,cid,uarfcn,psc,rscp"
    path = tmp_path / "umts.csv"
    path.write_text(f"CSV Version=0.2.0\n{header}\n2026-08-02T02:30:05Z,16.4,107.6,1,1,1,M,1,1,452,04,1,2,3,4,-80\n")
    with pytest.raises(RefusedError) as error:
        run(path)
    assert [fault.code for fault in error.value.faults] == ["file_rows", "technology_other"]


def test_a_foreign_network_is_refused_unless_the_option_says_whose_it_is(tmp_path: Path) -> None:
    for form in ("tower_collector", "network_survey_lte"):
        outcome, _ = run_rows(tmp_path, form, {"mcc": "232", "mnc": "1"})
        assert [(code, found) for code, _, found in refused(outcome)] == [("operator_unknown", "232-01")]
        outcome, frame = run_rows(tmp_path, form, {"mcc": "232", "mnc": "1"}, operator="viettel")
        assert outcome.repairs["operator_replaced"] == 1
        assert len(frame) == 2
    outcome, _ = run_rows(tmp_path, "tower_collector", {"mcc": "2147483647", "mnc": "2147483647"})
    assert refused(outcome) == [("cell_missing", 3, None)]


def test_5g_of_tower_collector_needs_its_ss_rsrp(tmp_path: Path) -> None:
    changes = {"net_type": "NR", "rsrp": "", "ss_rsrp": "-101"}, {"net_type": "NR", "rsrp": "-88"}
    outcome, frame = run_rows(tmp_path, "tower_collector", *changes)
    assert list(frame["technology"]) == ["4g", "5g", "4g"]
    assert list(frame["rsrp_dbm"]) == [-92.0, -101.0, -88.0]
    assert outcome.repairs["nsa_as_4g"] == 1


@pytest.mark.parametrize("source", ["rastered", "ip", "Geocoder", "manual"])
def test_positions_that_are_not_the_phones_are_refused(tmp_path: Path, source: str) -> None:
    outcome, frame = run_rows(tmp_path, "rtr", {"loc_src": source}, {"loc_src": "network"})
    assert refused(outcome) == [("position_rastered", 3, source)]
    assert len(frame) == 2


def test_what_rtr_marks_implausible_or_measured_by_wifi_is_refused(tmp_path: Path) -> None:
    wifi = {"cat_technology": "WLAN", "network_type": "WLAN", "lte_rsrp": "", "signal_strength": "-51", "network_mcc_mnc": ""}
    outcome, _ = run_rows(tmp_path, "rtr", {"implausible": "true"}, wifi, {"lat": "", "long": ""}, {"network_type": "", "open_uuid": "P2"})
    assert {(code, row) for code, row, _ in refused(outcome)} == {
        ("row_excluded", 3),
        ("technology_other", 4),
        ("position_missing", 5),
    }
    outcome, _ = run_rows(tmp_path, "rtr", {"cat_technology": "3G/4G", "network_type": "3G/4G"})
    assert [code for code, _, _ in refused(outcome)] == ["technology_other"]


def test_a_roaming_test_counts_for_the_network_that_served_it(tmp_path: Path) -> None:
    outcome, frame = run_rows(tmp_path, "rtr", {"network_mcc_mnc": "452-02", "sim_mcc_mnc": "452-04"}, {"sim_mcc_mnc": ""})
    assert list(frame["operator"]) == ["viettel", "vnpt", "viettel"]
    assert outcome.repairs["serving_not_sim"] == 1


def test_rtr_exports_area_and_cell_exchanged_or_not(tmp_path: Path) -> None:
    _, frame = run_rows(
        tmp_path, "rtr", {"cell_area_code": "4601", "cell_location_id": "118303233"}, {"cell_area_code": "", "ping_ms": "9"}
    )
    assert list(frame["cell_id"]) == ["118303233", "118303233", "4601"]


def test_5g_of_rtr_has_its_level_under_signal_strength(tmp_path: Path) -> None:
    own = {"cat_technology": "5G", "network_type": "NR", "lte_rsrp": "", "signal_strength": "-99"}
    anchored = {"cat_technology": "5G", "network_type": "NR NSA", "lte_rsrp": "-91", "signal_strength": "-99"}
    reach = {"cat_technology": "4G", "network_type": "LTE NR avail", "ping_ms": "9"}
    outcome, frame = run_rows(tmp_path, "rtr", own, anchored, reach)
    assert list(frame["technology"]) == ["4g", "5g", "4g", "4g"]
    assert list(frame["rsrp_dbm"]) == [-92.0, -99.0, -91.0, -92.0]
    assert outcome.repairs["nsa_as_4g"] == 1


def test_what_arcep_excludes_or_lost_on_the_way_is_refused(tmp_path: Path) -> None:
    changes = (
        {"descoping": "1"},
        {"helicopter_measure": "1"},
        {"techno_end": "3G"},
        {"techno_start": "Inconnue", "techno_end": "Inconnue"},
        {"date_time_start": "07/08/2023 12:45:85.12"},  # the dictionary's own example: 85 seconds
    )
    outcome, frame = run_rows(tmp_path, "arcep_qos", *changes)
    assert [(code, row) for code, row, _ in sorted(refused(outcome), key=lambda fault: fault[1] or 0)] == [
        ("row_excluded", 3),
        ("row_excluded", 4),
        ("technology_other", 5),
        ("technology_unknown", 6),
        ("cell_date", 7),
    ]
    assert list(frame["environment"]) == ["in_vehicle"]


def test_no_service_of_arcep_and_mukoo_stays(tmp_path: Path) -> None:
    outcome, frame = run_rows(tmp_path, "arcep_qos", {"techno_start": "Pas de service", "techno_end": "Pas de service", "rsrp": ""})
    assert list(frame["no_service"]) == [False, True]
    outcome, frame = run_rows(tmp_path, "mukoo", {"network_type": "none", "rsrp": ""})
    assert list(frame["no_service"]) == [False, True]
    assert not refused(outcome)


def test_latin_1_of_arcep_is_read(tmp_path: Path) -> None:
    columns, good = ROWS["arcep_qos"]
    path = tmp_path / "2019_QoS.csv"
    path.write_bytes(written(columns, [{**good, "zone": "zones intermédiaires"}], ";").encode("latin-1"))
    outcome, _ = run(path)
    assert outcome.repairs["encoding:latin-1"] == 1


def test_5g_of_the_umn_tracker_is_what_it_is_connected_to(tmp_path: Path) -> None:
    on = {"nrStatus": "CONNECTED", "nr_ssRsrp": "-85", "timestamp": "1785637806"}
    icon = {"nrStatus": "NOT_RESTRICTED", "nr_ssRsrp": "-85", "timestamp": "1785637807"}
    none = {"lte_rsrp": "2147483647", "Throughput": "", "timestamp": "1785637808"}
    outcome, frame = run_rows(tmp_path, "umn_5g", on, icon, none, operator="viettel")
    assert list(frame["technology"]) == ["4g", "5g", "4g"]
    assert list(frame["rsrp_dbm"]) == [-92.0, -85.0, -92.0]
    assert refused(outcome) == [("sentinel_level", 5, "2147483647")]


def survey_layers(path: Path, **layers: int) -> None:
    """Write a GeoPackage as Network Survey does: a layer a radio, most of them empty."""
    for number, (layer, rows) in enumerate(layers.items()):
        frame = gpd.GeoDataFrame(
            {
                "Time": [1785637805000 + row for row in range(rows)], "RecordNumber": range(rows), "MissionId": ["M"] * rows,
                "MCC": [452] * rows, "MNC": [4] * rows, "TAC": [1] * rows, "RSRP" if "LTE" in layer else "SS_RSRP": [-92.0] * rows,
                "ECI" if "LTE" in layer else "NCI": [118303233] * rows, "Serving_Cell": [1] * rows,
            },
            geometry=shapely.points(np.full(rows, 107.595), np.full(rows, 16.4637)), crs=MAP_CRS,
        )  # fmt: skip
        frame.to_file(path, layer=layer, driver="GPKG", engine="pyogrio", mode="w" if number == 0 else "a", geometry_type="Point")


def test_the_one_filled_layer_of_a_survey_is_read(tmp_path: Path) -> None:
    survey_layers(tmp_path / "survey.gpkg", GSM_MESSAGE=2, LTE_MESSAGE=3, NR_MESSAGE=0)
    outcome, frame = run(tmp_path / "survey.gpkg")
    assert (outcome.kind, len(frame)) == (Kind.MEASUREMENTS, 3)
    assert set(frame["operator"]) == {"viettel"}
    assert set(frame["cell_id"]) == {"118303233"}


def test_two_filled_layers_of_a_survey_are_asked_about(tmp_path: Path) -> None:
    survey_layers(tmp_path / "survey.gpkg", LTE_MESSAGE=3, NR_MESSAGE=2, WIFI_BEACON=1)
    with pytest.raises(RefusedError) as error:
        run(tmp_path / "survey.gpkg")
    assert (error.value.faults[0].code, error.value.faults[0].found) == ("file_layers", "LTE_MESSAGE, NR_MESSAGE")
    (tmp_path / "m.yaml").write_text("layer: NR_MESSAGE\n")
    _, frame = run(tmp_path / "survey.gpkg", mapping=tmp_path / "m.yaml")
    assert list(frame["technology"]) == ["5g", "5g"]


def test_a_workbook_that_states_a_wrong_size_is_read_whole(tmp_path: Path) -> None:
    """RTR's export says `dimension ref="A1"` for any sheet (seen in its real file)."""
    columns, good = ROWS["rtr"]
    book = openpyxl.Workbook()
    for row in (columns, [good.get(name, "") for name in columns]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "right.xlsx")
    with zipfile.ZipFile(tmp_path / "right.xlsx") as right, zipfile.ZipFile(tmp_path / "wrong.xlsx", "w") as wrong:
        for name in right.namelist():
            part = right.read(name)
            stated = b'<dimension ref="A1:AW2"'
            assert ("sheet1" in name) == (stated in part)
            wrong.writestr(name, part.replace(stated, b'<dimension ref="A1"'))
    _, frame = run(tmp_path / "wrong.xlsx")
    assert list(frame["rsrp_dbm"]) == [-92.0]


@pytest.mark.parametrize(
    ("header", "row", "code"),
    [
        ("device,lat,lon,gateway,gw_lat,gw_lon,rssi,snr,time,frequency,bandwidth,spreading_factor",
         "b,16.1,108.1,g,16.1,108.2,-109,-14,2026-02-17T12:22:46Z,922200000,125000,12", "format_other_radio"),
        ("gateway,gw_lat,gw_lon,gw_elevation,frequency", "g,16.1,108.2,15.7,922200000", "format_other_radio"),
        ("a.UUID,a.TestTime,a.MeanThroughputMbps,a.MinRTT,client.Geo.Latitude,client.Geo.Longitude,client.Network.ASNumber",
         "u,2026-08-02 02:30:05,12.5,31,16.4,107.6,45899", "format_ip_position"),
        ("layer,province,quarter,avg_d_mbps,avg_u_mbps,avg_lat_ms_wt,total_tests,n_tiles",
         "fixed,Thừa Thiên Huế,2024-Q4,144.9,125.3,6.9,25502,1561", "format_province"),
        ("OID,NR_TAC,NR_PCI,Match_Dist,SS_RSRP", "1,10116864,386,263.03,-72.6", "format_no_position"),
        ("OID_,CGI,FREQUENCY,PCI,ECI,angle,TAC,Down frequency,Bandwidth,Electron downpour,Mechanical down tilting",
         "1,97780550,5,908,40050913280,90,9787648,630000,100M,0,6", "format_no_position"),
    ],
)  # fmt: skip
def test_what_proves_nothing_here_is_refused_with_its_reason(tmp_path: Path, header: str, row: str, code: str) -> None:
    (tmp_path / "f.csv").write_text(f"{header}\n{row}\n", encoding="utf-8")
    with pytest.raises(RefusedError) as error:
        run(tmp_path / "f.csv", operator="viettel")
    assert [fault.code for fault in error.value.faults] == [code]


SIGCOMM = (
    "Date,downlink_Mbps,uplink_Mbps,latency_ms,Speedtest_URL,sponsor_name,connection_mode,UE_model,Server_city,Server_state,country,carrier,"
    'radio_type,UE_Server_distance_km,UE_location\n"01/13/2021, 10:22 AM",12.5,2.5,31,,V,single,S20,M,MN,USA,Viettel,5G-SA-Low-Band,1,Huế\n'
)


def test_tests_that_name_a_town_need_a_position_in_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(SIGCOMM, encoding="utf-8")
    with pytest.raises(RefusedError) as error:
        run(tmp_path / "s.csv")
    assert (error.value.faults[0].code, error.value.faults[0].field) == ("format_no_position", "UE_location")
    (tmp_path / "m.yaml").write_text("constants: {lon: '107.595', lat: '16.4637'}\n")
    _, frame = run(tmp_path / "s.csv", mapping=tmp_path / "m.yaml")
    assert (frame["lon"].iloc[0], frame["download_mbps"].iloc[0], frame["technology"].iloc[0]) == (107.595, 12.5, "5g")


def test_a_closed_format_takes_no_column_by_its_looks(tmp_path: Path) -> None:
    """Salzburg's `Speed_kmh` is made from positions up to days apart: it must not be taken for the phone's speed."""
    header = "Time,Latitude,Longitude,Elevation,PCI,Cell_Id,RSRP,RSRQ,SINR,Noise,Speed_kmh\n"
    (tmp_path / "h.csv").write_text(header + "2018-01-15 16:44:18,47.85,13.08,517,284,710664,-82,-10,7,-89,150.6\n")
    _, frame = run(tmp_path / "h.csv", operator="viettel")
    assert np.isnan(frame["speed_kmh"].iloc[0])
    assert (frame["environment"].iloc[0], frame["technology"].iloc[0]) == ("in_vehicle", "4g")


@pytest.mark.parametrize("stated", ["operator,technology", "Nhà mạng,Công nghệ", "carrier,network_mode"])
def test_a_log_that_states_more_than_the_format_is_somebodys_own(tmp_path: Path, stated: str) -> None:
    header = f"time,latitude,longitude,elevation,pci,cell_id,rsrp,rsrq,sinr,{stated}\n"
    (tmp_path / "h.csv").write_text(header + "2026-08-02 09:30:05,16.46,107.59,5,284,710664,-82,-10,7,VNPT,5G\n", encoding="utf-8")
    assert published_format(tmp_path / "h.csv", ReadOptions()) is None
    _, frame = run(tmp_path / "h.csv")
    assert (frame["operator"].iloc[0], frame["technology"].iloc[0], frame["environment"].iloc[0]) == ("vnpt", "5g", "outdoor")


def test_what_a_person_states_goes_before_what_is_known_of_the_format(tmp_path: Path) -> None:
    columns, good = ROWS["network_survey_lte"]
    (tmp_path / "f.csv").write_text(written([*columns, "RSRP_hieu_chinh"], [{**good, "RSRP_hieu_chinh": "-95"}]), encoding="utf-8")
    (tmp_path / "m.yaml").write_text("columns: {rsrp_dbm: RSRP_hieu_chinh}\nunits: {speed_kmh: km/h}\n")
    _, frame = run(tmp_path / "f.csv", mapping=tmp_path / "m.yaml")
    assert (frame["rsrp_dbm"].iloc[0], frame["speed_kmh"].iloc[0]) == (-95.0, 10.0)


def test_every_format_stands_in_the_page_with_whether_it_was_tried() -> None:
    page = DOCS.read_text(encoding="utf-8")
    for form in FORMATS:
        lines = [line for line in page.splitlines() if line.startswith(f"| {form.title} |")]
        assert len(lines) == 1, form.title
        assert ("chưa thử với tệp thật" in lines[0]) != form.tried, form.title
        assert ("đã thử với tệp thật" in lines[0]) == form.tried, form.title


def test_no_two_formats_are_known_by_the_same_columns(tmp_path: Path) -> None:
    """The header of each format written here is told to be that format, whichever stand before it."""
    for name, (columns, good) in ROWS.items():
        path = tmp_path / f"{name}.csv"
        path.write_text(written(columns, [good], ";" if name.startswith("arcep") else ","), encoding="utf-8")
        form = published_format(path, ReadOptions())
        assert form is not None
        assert form.name == name
    assert len({form.name for form in FORMATS}) == len(FORMATS)


REAL = [
    ("rtr_netztest/netztest-opendata-2021-11.xlsx", Kind.MEASUREMENTS, 41, 3, {"technology_other": 37, "position_missing": 2,
                                                                              "technology_unknown": 1}),
    ("salzburg_lte_handover/handover_events.csv", Kind.MEASUREMENTS, 9_151, 9_151, {}),
    ("fcc_bdc/ookla_vs_fcc_robust_contradictions_az.csv", Kind.TILES, 11, 11, {}),
    ("opencellid_munich/final_dataset.csv", Kind.CELLS, 2_231, 2_231, {}),
    ("nsg_cells_uk/23410_merged_cells_eutra.csv", Kind.CELLS, 884, 884, {}),
    ("nsg_cells_uk/23415_merged_cells_eutra.csv", Kind.CELLS, 632, 632, {}),
    ("nsg_cells_uk/23420_merged_cells_eutra.csv", Kind.CELLS, 715, 715, {}),
    ("nsg_cells_uk/23430_merged_cells_eutra.csv", Kind.CELLS, 1_006, 1_006, {}),
    ("lte_chengdu/cells.csv", Kind.CELLS, 3_357, 3_357, {}),
    ("arcep/sites_mobiles_2018_L93.csv", Kind.SITES, 77_147, 77_023, {"duplicate_row": 124}),
]  # fmt: skip


@pytest.mark.reference
@pytest.mark.parametrize(("name", "kind", "rows", "kept", "faults"), REAL, ids=[case[0] for case in REAL])
def test_real_files(reference: Path, tmp_path: Path, name: str, kind: Kind, rows: int, kept: int, faults: Mapping[str, int]) -> None:
    """Rows counted with wc and pandas: 77,147 sites with 124 whole repeats, 37 tests of RTR by Wi-Fi or wire, 2 without position."""
    source = reference / "measurements" / name
    (tmp_path / "m.yaml").write_text("crs: EPSG:32648\n")
    mapping = tmp_path / "m.yaml" if name.startswith("lte") else None
    outcome = read(source, tmp_path / "out.arrow", Kind.AUTO, ReadOptions(operator="viettel", mapping=mapping))
    counted: Counter[str] = Counter()
    for fault in outcome.faults:
        if fault.severity is Severity.REFUSED:
            counted[fault.code] += fault.count
    assert (outcome.kind, outcome.rows_in, outcome.rows_kept, dict(counted)) == (kind, rows, kept, faults)
    if kind is not Kind.TILES:  # a firm nobody here knows is nobody's
        with pytest.raises(RefusedError):
            read(source, tmp_path / "out.arrow", Kind.AUTO, ReadOptions())


@pytest.mark.reference
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("sigcomm21_speedtest/dataset_speedtest_ookla_full.csv", "format_no_position"),
        ("cim5g/fishnet_30x30_processed_feature_engineered.csv", "format_no_position"),
        ("cim5g/base_station.xlsx", "format_no_position"),
        ("lorawan_danang/devices_history_1.csv", "format_other_radio"),
        ("lorawan_danang/devices_history_2.csv", "format_other_radio"),
        ("lorawan_danang/gateway_table.csv", "format_other_radio"),
        ("lorawan_danang/predicted_rssi_composite.geojson", "format_other_radio"),
        ("ookla_vn/ookla_vn_central_province_quarter.csv", "format_province"),
        ("rtr_netztest/searchOpenDataTests.xlsx", "file_rows"),
    ],
)
def test_real_files_that_prove_nothing(reference: Path, tmp_path: Path, name: str, code: str) -> None:
    with pytest.raises(RefusedError) as error:
        read(reference / "measurements" / name, tmp_path / "out.arrow", Kind.AUTO, ReadOptions(operator="viettel", technology="4g"))
    assert error.value.faults[0].code == code


@pytest.mark.reference
def test_real_speed_tests_of_minneapolis_at_a_stated_place(reference: Path, tmp_path: Path) -> None:
    """pandas: 11,024 tests, 9,126 of 5G-NSA that count as 4G; one place for all is what the paper says of its stationary tests."""
    (tmp_path / "m.yaml").write_text("constants: {lon: '-93.27', lat: '44.98'}\n")
    source = reference / "measurements" / "sigcomm21_speedtest" / "dataset_speedtest_ookla_full.csv"
    options = ReadOptions(operator="viettel", mapping=tmp_path / "m.yaml")
    outcome = read(source, tmp_path / "out.arrow", Kind.AUTO, options)
    assert (outcome.rows_in, outcome.rows_refused) == (11_024, 0)
    frame = pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pandas()
    assert frame["technology"].value_counts()["5g"] == 1_216
    assert frame["download_mbps"].max() < 4_000


def test_levels_side_by_side_become_a_row_of_each_firm(tmp_path: Path) -> None:
    path = tmp_path / "drive.csv"
    header = "latitude,longitude,rsrp_top1_viettel,rsrp_top1_vinaphone,rsrp_top1_ee"
    path.write_text(f"{header}\n16.46,107.58,-97.5,-101,\n16.46,107.59,,-88,-90\n16.46,107.60,,,\n", encoding="utf-8")
    outcome, frame = run(path)
    assert (outcome.kind, outcome.rows_in, outcome.rows_kept) == (Kind.MEASUREMENTS, 5, 3)
    assert list(zip(frame["lon"], frame["operator"], frame["rsrp_dbm"], strict=True)) == [
        (107.58, "viettel", -97.5),
        (107.58, "vnpt", -101.0),
        (107.59, "vnpt", -88.0),
    ]
    assert set(frame["technology"]) == {"4g"}
    assert {(code, row) for code, row, _ in refused(outcome)} >= {("operator_unknown", 3), ("level_missing", 4)}


@pytest.mark.parametrize("form", ["wkt", "ewkt", "ewkb"])
def test_points_that_mukoo_takes_from_its_database(tmp_path: Path, form: str) -> None:
    point = shapely.set_srid(shapely.Point(107.58, 16.46), 4326)
    text = {"wkt": point.wkt, "ewkt": f"SRID=4326;{point.wkt}", "ewkb": str(shapely.to_wkb(point, hex=True, include_srid=True))}[form]
    header = "sample_id,session_id,recorded_at,geom,rsrp,rsrq,sinr,network_type,cell_id,speed_mps,heading_deg,carrier,modem_reported_at"
    rest = "9.5,,Viettel,2026-07-14T02:30:00Z"
    lines = [f"s1,a,2026-07-14T02:30:00Z,{text},-97,-11,9,LTE,7,{rest}", f"s2,a,2026-07-14T02:30:01Z,{text},,,,none,,{rest}",
             f"s3,a,2026-07-14T02:30:02Z,SRID=9214;POINT(107.58 16.46),-97,-11,9,LTE,7,{rest}"]  # fmt: skip
    (tmp_path / "mukoo.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    outcome, frame = run(tmp_path / "mukoo.csv")
    assert list(frame["lon"]) == [107.58, 107.58]
    assert list(frame["lat"]) == [16.46, 16.46]
    assert list(frame["no_service"]) == [False, True]
    assert [(code, row) for code, row, _ in refused(outcome)] == [("position_missing", 4)]


def test_speeds_with_points_for_thousands_and_commas_for_decimals(tmp_path: Path) -> None:
    header = "Thời gian;Kinh độ;Vĩ độ;Nhà mạng;Công nghệ;RSRP (dBm);Tốc độ tải xuống (Mbps)"
    rows = [f"14/07/2026 09:3{n}:00;107,58;16,46;Viettel;4G;-9{n};{speed}" for n, speed in enumerate(("1.250,5", "320,1", "1.590"))]
    (tmp_path / "do.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8-sig")
    _, frame = run(tmp_path / "do.csv")
    assert list(frame["download_mbps"]) == [1250.5, 320.1, 1590.0]


@pytest.mark.parametrize("first", ["8" * 40, "f" * 17, "0x88415acb39fffff", ""])
def test_a_first_cell_that_is_no_hexagon_names_no_columns(first: str) -> None:
    """A hexadecimal number of more than 64 bits once ended the reading."""
    assert names_of_headerless([first, "12"]) is None
