"""Tests of mobile networks: G-NetTrack Pro as its real log is, generic tables, and what each row must say to count."""

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hatang.data.contracts import MEASUREMENTS, Kind, RefusedError, Severity
from hatang.data.reading import ReadOptions, ReadOutcome, read

GNETTRACK = (
    "Timestamp,Longitude,Latitude,Speed,Operatorname,CellID,NetworkMode,RSRP,RSRQ,SNR,CQI,RSSI,DL_bitrate,UL_bitrate,State,PINGAVG,PINGMIN,"
    "PINGMAX,PINGSTDEV,PINGLOSS,CELLHEX,NODEHEX,LACHEX,RAWCELLID,NRxRSRP,NRxRSRQ"
)


def logged(mode: str = "LTE", rsrp: str = "-92", operator: str = "Viettel", second: int = 0, extra: str = "") -> str:
    """Return one line of a G-NetTrack Pro log."""
    return (
        f"2026.08.02_09.30.{second:02d},107.595,16.4637,36,{operator},11,{mode},{rsrp},-11,-,8,-,1500,250,D,48.0,-,-,-,-,B,A4DF,9CBA,10805003,"
        f"-205.0,2147483647.0{extra}"
    )


def run(folder: Path, text: str, mapping: str | None = None, name: str = "log.csv", **options: str) -> tuple[ReadOutcome, pd.DataFrame]:
    (folder / name).write_text(text, encoding="utf-8")
    if mapping is not None:
        (folder / "m.yaml").write_text(mapping, encoding="utf-8")
    outcome = read(
        folder / name, folder / "out.arrow", Kind.MEASUREMENTS, ReadOptions(mapping=folder / "m.yaml" if mapping else None, **options)
    )
    frame = pa.ipc.open_file(folder / "out.arrow").read_all().to_pandas()
    assert list(frame.columns) == MEASUREMENTS.names
    assert outcome.rows_in == outcome.rows_kept + outcome.rows_refused + outcome.repairs.get("duplicate", 0)
    return outcome, frame


def gnettrack(folder: Path, *lines: str, header: str = GNETTRACK, **options: str) -> tuple[ReadOutcome, pd.DataFrame]:
    return run(folder, "\n".join([header, *lines]) + "\n", **options)


def table(*lines: str) -> str:
    return "\n".join(["time,lon,lat,operator,technology,rsrp_dbm,device_id,no_service,download_mbps", *lines]) + "\n"


def refused(outcome: ReadOutcome) -> list[tuple[str, int | None, str | None]]:
    return [(fault.code, fault.row, fault.found) for fault in outcome.faults if fault.severity is Severity.REFUSED]


def test_a_log_of_gnettrack_is_read_without_a_mapping(tmp_path: Path) -> None:
    outcome, frame = gnettrack(tmp_path, logged(), logged(second=1))
    row = frame.iloc[0]
    assert row["time"] == pd.Timestamp("2026-08-02 09:30:00")
    assert (row["lon"], row["lat"], row["operator"], row["technology"], row["environment"]) == (
        107.595,
        16.4637,
        "viettel",
        "4g",
        "outdoor",
    )
    assert (row["rsrp_dbm"], row["rsrq_db"], row["speed_kmh"], row["latency_ms"]) == (-92.0, -11.0, 36.0, 48.0)
    assert (row["download_mbps"], row["upload_mbps"]) == (1.5, 0.25)  # kbit/s in the file
    assert row["cell_id"] == "10805003"
    assert np.isnan(row["sinr_db"])
    assert outcome.repairs == {"sentinel:sinr_db": 2, "environment_assumed": 2}
    assert outcome.period == "2026Q3"
    assert not refused(outcome)


def test_the_session_stands_for_the_device_whatever_the_file_is_called(tmp_path: Path) -> None:
    _, first = gnettrack(tmp_path, logged(), name="a.csv")
    _, second = gnettrack(tmp_path, logged(), name="b.csv")
    _, other = gnettrack(tmp_path, logged(), logged(second=1), name="a.csv")
    assert first["device_id"].iloc[0].startswith("session:")
    assert first["device_id"].iloc[0] == second["device_id"].iloc[0] != other["device_id"].iloc[0]
    _, named = run(tmp_path, "session," + GNETTRACK + "\nS1," + logged() + "\nS2," + logged() + "\n")
    assert [device.rsplit(":", 1)[1] for device in named["device_id"]] == ["S1", "S2"]


@pytest.mark.parametrize("mode", ["HSPA+", "UMTS", "HSUPA", "HSDPA", "GPRS", "EDGE", "GSM"])
def test_levels_of_older_networks_are_no_rsrp(tmp_path: Path, mode: str) -> None:
    outcome, frame = gnettrack(tmp_path, logged(), logged(mode, second=1), logged(mode, "-51", second=2))
    assert len(frame) == 1
    (fault,) = [fault for fault in outcome.faults if fault.severity is Severity.REFUSED]
    assert (fault.code, fault.row, fault.found, fault.count) == ("technology_other", 3, mode, 2)


def test_5g_without_ss_rsrp_is_its_4g_anchor(tmp_path: Path) -> None:
    outcome, frame = gnettrack(tmp_path, logged("5G"), logged("5G", second=1))
    assert set(frame["technology"]) == {"4g"}
    assert outcome.repairs["nsa_as_4g"] == 2


def test_5g_with_ss_rsrp_is_5g(tmp_path: Path) -> None:
    lines = [logged("5G", extra=",-101"), logged("5G", second=1, extra=",-"), logged(second=2, extra=",-99")]
    outcome, frame = gnettrack(tmp_path, *lines, header=GNETTRACK + ",SS_RSRP")
    assert list(frame["technology"]) == ["5g", "4g", "4g"]
    assert list(frame["rsrp_dbm"]) == [-101.0, -92.0, -92.0]
    assert outcome.repairs["nsa_as_4g"] == 1


@pytest.mark.parametrize("sign", ["-200", "-205", "2147483647", "-", "NA", "0"])
def test_a_sign_for_no_value_is_no_level(tmp_path: Path, sign: str) -> None:
    outcome, frame = gnettrack(tmp_path, logged(), logged(rsrp=sign, second=1))
    assert len(frame) == 1
    assert refused(outcome) == [("sentinel_level", 3, sign)]
    assert outcome.repairs["sentinel:rsrp_dbm"] == 1


def test_impossible_and_missing_levels(tmp_path: Path) -> None:
    outcome, frame = run(
        tmp_path,
        table(
            "2026-08-02 09:30:00,107.6,16.4,Viettel,4G,-20,p1,,",
            "2026-08-02 09:30:01,107.6,16.4,Viettel,4G,,p1,,",
            "2026-08-02 09:30:02,107.6,16.4,Viettel,4G,,p1,,48.5",
            "2026-08-02 09:30:03,107.6,16.4,Viettel,4G,-98,p1,,99999999",
        ),
    )
    assert refused(outcome) == [("cell_range", 2, "-20"), ("level_missing", 3, None)]
    assert list(frame["rsrp_dbm"].isna()) == [True, False]
    assert outcome.repairs["range:download_mbps"] == 1


def test_no_service_is_kept_without_a_level(tmp_path: Path) -> None:
    outcome, frame = run(
        tmp_path,
        table(
            "2026-08-02 09:30:00,107.6,16.4,Viettel,4G,-200,p1,1,",
            "2026-08-02 09:30:01,107.6,16.4,Viettel,No service,,p1,,",
            "2026-08-02 09:30:02,107.6,16.4,Viettel,5G,-99,p1,không,",
        ),
    )
    assert not refused(outcome)
    assert list(frame["no_service"]) == [True, True, False]
    assert list(frame["technology"]) == ["4g", "4g", "5g"]
    assert list(frame["rsrp_dbm"].isna()) == [True, True, False]


def test_no_service_stands_for_the_technology_it_names(tmp_path: Path) -> None:
    outcome, frame = run(
        tmp_path,
        table(
            "2026-08-02 09:30:00,107.6,16.4,Viettel,5G,,p1,1,",
            "2026-08-02 09:30:01,107.6,16.4,Viettel,LTE,,p1,1,",
            "2026-08-02 09:30:02,107.6,16.4,Viettel,,,p1,1,",
        ),
    )
    assert not refused(outcome)
    assert list(frame["technology"]) == ["5g", "4g", "4g"]
    assert "nsa_as_4g" not in outcome.repairs


@pytest.mark.parametrize(
    ("text", "operator"),
    [("VinaPhone", "vnpt"), ("vnpt-vinaphone", "vnpt"), ("VIETTEL MOBILE", "viettel"), ("Mobi Fone", "mobifone"), ("45204", "viettel"),
     ("452-04", "viettel"), ("452 1", "mobifone"), ("452-05", "vietnamobile"), ("Gmobile", "gmobile")],
)  # fmt: skip
def test_operators_by_every_name(tmp_path: Path, text: str, operator: str) -> None:
    _, frame = gnettrack(tmp_path, logged(operator=text))
    assert list(frame["operator"]) == [operator]


def test_an_unknown_operator_is_refused_and_the_known_are_listed(tmp_path: Path) -> None:
    outcome, _ = gnettrack(tmp_path, logged(), logged(operator="27203", second=1), logged(operator="", second=2))
    assert refused(outcome) == [("operator_unknown", 3, "27203"), ("cell_missing", 4, None)]
    assert "Viettel" in str(next(f for f in outcome.faults if f.code == "operator_unknown").fields["known"])


def test_the_option_names_unknown_operators_but_never_another_firm(tmp_path: Path) -> None:
    lines = [logged(operator="B"), logged(operator="", second=1), logged(operator="MobiFone", second=2)]
    outcome, frame = gnettrack(tmp_path, *lines, operator="viettel")
    assert list(frame["operator"]) == ["viettel", "viettel"]
    assert outcome.repairs["operator_replaced"] == 1
    assert refused(outcome) == [("option_contrary", 4, "MobiFone")]


def test_an_unknown_technology_is_refused_unless_the_option_names_it(tmp_path: Path) -> None:
    text = table("2026-08-02 09:30:00,107.6,16.4,Viettel,6G,-90,p1,,", "2026-08-02 09:30:01,107.6,16.4,Viettel,4G,-90,p1,,")
    outcome, _ = run(tmp_path, text)
    assert refused(outcome) == [("technology_unknown", 2, "6G")]
    _, frame = run(tmp_path, text, technology="4g")
    assert list(frame["technology"]) == ["4g", "4g"]
    outcome, frame = run(tmp_path, text, technology="5g")
    assert refused(outcome) == [("option_contrary", 3, "4G")]


@pytest.mark.parametrize(
    ("longitude", "latitude", "code"),
    [("", "16.4", "position_missing"), ("107.6", "NaN", "position_missing"), ("0", "0", "position_range"),
        ("107.6", "96.4", "position_range"),
     ("abc", "16.4", "cell_number"), ("2147483647", "16.4", "position_missing")],
)  # fmt: skip
def test_a_row_without_a_position_is_refused(tmp_path: Path, longitude: str, latitude: str, code: str) -> None:
    good = "2026-08-02 09:30:00,107.6,16.4,Viettel,4G,-90,p1,,"
    outcome, _ = run(tmp_path, table(good, f"2026-08-02 09:30:01,{longitude},{latitude},Viettel,4G,-90,p1,,"))
    assert [(code, row) for code, row, _ in refused(outcome)] == [(code, 3)]


def test_exchanged_axes_are_put_right_only_where_that_puts_every_row_in_the_city(tmp_path: Path) -> None:
    rows = [f"2026-08-02 09:30:0{i},16.4{i},107.6{i},Viettel,4G,-90,p1,," for i in range(3)]
    outcome, frame = run(tmp_path, table(*rows))
    assert list(frame["lon"]) == [107.6, 107.61, 107.62]
    assert outcome.repairs["axes_swapped"] == 3
    with pytest.raises(RefusedError) as error:  # Lào Cai, exchanged: not ours to guess
        run(tmp_path, table("2026-08-02 09:30:00,22.3,103.9,Viettel,4G,-90,p1,,"))
    assert [fault.code for fault in error.value.faults] == ["file_rows", "position_range"]


def test_planar_coordinates_need_a_crs(tmp_path: Path) -> None:
    """Ngọ Môn: 107.5791 E, 16.4676 N is 561636.671, 1821406.847 in EPSG:9214 (stack.md)."""
    text = "x,y,rsrp_dbm,operator,technology\n561636.671,1821406.847,-90,Viettel,LTE\n"
    with pytest.raises(RefusedError) as error:
        run(tmp_path, text)
    assert [(fault.code, fault.field) for fault in error.value.faults] == [("crs_unstated", "x, y")]
    _, frame = run(tmp_path, text, mapping="crs: EPSG:9214")
    assert frame["lon"].iloc[0] == pytest.approx(107.5791, abs=1e-6)
    assert frame["lat"].iloc[0] == pytest.approx(16.4676, abs=1e-6)
    _, turned = run(tmp_path, text.replace("x,y", "y,x"), mapping="crs: EPSG:9214")
    assert turned["lon"].iloc[0] == pytest.approx(107.5791, abs=1e-6)


def test_rows_that_stand_twice_count_once(tmp_path: Path) -> None:
    line = "2026-08-02 09:30:00,107.6,16.4,Viettel,4G,-90,p1,,"
    outcome, frame = run(tmp_path, table(line, line, line.replace("p1", "p2"), line))
    assert list(frame["device_id"]) == ["p1", "p2"]
    assert outcome.repairs["duplicate"] == 2
    fault = next(f for f in outcome.faults if f.code == "duplicate_dropped")
    assert (fault.severity, fault.row, fault.count) == (Severity.REPAIRED, 3, 2)


def test_equal_rows_without_a_time_are_tests_of_their_own(tmp_path: Path) -> None:
    _, frame = run(tmp_path, "lon,lat,operator,technology,rsrp_dbm\n" + "107.6,16.4,Viettel,4G,-90\n" * 3)
    assert len(frame) == 3


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-08-02T09:30:05", "2026-08-02 09:30:05"),
        ("2026-08-02 09:30:05.250", "2026-08-02 09:30:05.250"),
        ("2026-08-02T02:30:05Z", "2026-08-02 09:30:05"),
        ("2026-08-02T02:30:05+00:00", "2026-08-02 09:30:05"),
        ("02/08/2026 09:30:05", "2026-08-02 09:30:05"),
        ("2/8/2026 9:30", "2026-08-02 09:30:00"),
        ("08/02/2026, 09:30 AM", "2026-08-02 09:30:00"),
        ("2026.08.02_09.30.05", "2026-08-02 09:30:05"),
        ("1785637805", "2026-08-02 09:30:05"),
        ("1785637805000", "2026-08-02 09:30:05"),
        ("2026-08-02", "2026-08-02 00:00:00"),
    ],
)
def test_times_in_every_form_are_local(tmp_path: Path, text: str, time: str) -> None:
    _, frame = run(tmp_path, f'time;lon;lat;operator;technology;rsrp_dbm\n"{text}";107.6;16.4;Viettel;4G;-90\n')
    assert frame["time"].iloc[0] == pd.Timestamp(time)


def test_a_column_of_utc_times_becomes_local(tmp_path: Path) -> None:
    _, frame = run(tmp_path, "time_utc,lon,lat,operator,technology,rsrp_dbm\n2026-08-01 17:30:00,107.6,16.4,Viettel,4G,-90\n")
    assert frame["time"].iloc[0] == pd.Timestamp("2026-08-02 00:30:00")


@pytest.mark.parametrize("text", ["2026-13-02 09:30:00", "31/02/2026", "yesterday", "1899-12-30 00:00:00", "0001-01-01"])
def test_a_day_the_calendar_does_not_have(tmp_path: Path, text: str) -> None:
    good = "2026-08-02 09:30:00,107.6,16.4,Viettel,4G,-90,p1,,"
    outcome, _ = run(tmp_path, table(good, f"{text},107.6,16.4,Viettel,4G,-90,p1,,"))
    assert refused(outcome) == [("cell_date", 3, text)]


def test_a_mapped_table_with_units_and_constants(tmp_path: Path) -> None:
    mapping = (
        "delimiter: ';'\ndecimal: ','\ncolumns: {lon: E, lat: N, rsrp_dbm: Muc, download_mbps: Xuong, device_id: May}\n"
        "units: {download_mbps: kbit/s, speed_kmh: m/s}\nconstants: {operator: VinaPhone, technology: LTE, environment: trong xe}\n"
    )
    outcome, frame = run(tmp_path, "May;E;N;Muc;Xuong;Toc do\nA;107,6;16,4;-98,5;12.500,5;10\n", mapping=mapping)
    row = frame.iloc[0]
    assert (row["operator"], row["technology"], row["environment"], row["device_id"]) == ("vnpt", "4g", "in_vehicle", "A")
    assert (row["lon"], row["rsrp_dbm"], row["download_mbps"], row["speed_kmh"]) == (107.6, -98.5, pytest.approx(12.5005), 36.0)
    assert outcome.repairs == {}


def test_a_unit_in_the_heading_counts(tmp_path: Path) -> None:
    header = "Kinh độ,Vĩ độ,Doanh nghiệp,Công nghệ,RSRP (dBm),Tốc độ tải xuống (kbit/s)\n"
    _, frame = run(tmp_path, header + "107.6,16.4,Viettel,4G,-90,25000\n")
    assert frame["download_mbps"].iloc[0] == 25.0


def test_missing_columns_are_named_with_a_mapping_that_might_do(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error:
        run(tmp_path, "lon,lat,rsrp_dbm,Ten nha mang,Loai\n107.6,16.4,-90,Viettel,4G\n")
    fault = error.value.faults[0]
    assert (fault.code, fault.field, fault.found) == ("file_columns", "operator", "lon, lat, rsrp_dbm, Ten nha mang, Loai")
    assert fault.fields["mapping"] == "columns: {operator: Ten nha mang}"
    assert fault.fields["options"] == "--operator"


def test_faults_of_one_kind_are_folded_after_a_thousand(tmp_path: Path) -> None:
    good = "2026-08-02 09:30:00,107.6,16.4,Viettel,4G,-90,p1,,"
    bad = [f"2026-08-02 09:30:00,107.6,16.4,Beta,4G,-90,p{i},," for i in range(1500)]
    outcome, _ = run(tmp_path, table(good, *bad))
    counts = [fault.count for fault in outcome.faults if fault.code == "operator_unknown"]
    assert len(counts) == 1000
    assert sum(counts) == 1500
    assert outcome.rows_refused == 1500


def test_points_of_a_layer_are_tests_too(tmp_path: Path) -> None:
    document = (
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [107.6, 16.4]},'
        ' "properties": {"operator": "Viettel", "technology": "LTE", "rsrp": -97.5, "no_service": false}}]}'
    )
    _, frame = run(tmp_path, document, name="do.geojson")
    assert (frame["lon"].iloc[0], frame["lat"].iloc[0], frame["rsrp_dbm"].iloc[0]) == (107.6, 16.4, -97.5)


LEVELS = st.one_of(
    st.integers(-140, -44).map(str), st.sampled_from(["-200", "-205", "2147483647", "-", "NA", "", "abc", "-20", "-999", "1e400"])
)
MODES = st.sampled_from(["LTE", "5G", "HSPA+", "-", "", "No service", "6G"])


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.tuples(LEVELS, MODES, st.sampled_from(["Viettel", "452-02", "B", ""])), min_size=1, max_size=30))
def test_no_row_is_lost_and_none_counts_that_says_nothing(tmp_path: Path, lines: list[tuple[str, str, str]]) -> None:
    text = "\n".join([GNETTRACK, *(logged(mode, level, operator, i) for i, (level, mode, operator) in enumerate(lines))]) + "\n"
    try:
        outcome, frame = run(tmp_path, text)
    except RefusedError as error:
        assert error.faults[0].code == "file_rows"  # noqa: PT017 - either outcome is lawful; this one says why
        return
    assert outcome.rows_in == len(lines)
    measured = frame["rsrp_dbm"].between(-156, -31) | frame["download_mbps"].notna()
    assert (measured | frame["no_service"].astype(bool)).all()
    assert set(frame["operator"]) <= {"viettel", "vnpt"}
    MEASUREMENTS.conform(frame)


@pytest.mark.reference
@pytest.mark.parametrize("name", ["ucc5g_all.csv.gz", "5G-production-dataset.zip"])
def test_real_log_of_cork(reference: Path, tmp_path: Path, name: str) -> None:
    """Counts taken from the file with pandas: 188,711 rows; 17,096 of HSPA+ and older; three levels of −200; 5G by icon without SS-RSRP."""
    source = reference / "measurements" / "ucc_5g" / name
    outcome = read(source, tmp_path / "out.arrow", Kind.AUTO, ReadOptions(operator="viettel"))
    assert outcome.kind is Kind.MEASUREMENTS
    assert (outcome.rows_in, outcome.rows_kept, outcome.rows_refused) == (188_711, 171_612, 17_099)
    assert outcome.repairs["sentinel:rsrp_dbm"] == 3
    assert outcome.repairs["nsa_as_4g"] == 136_403
    counts: Counter[str] = Counter()
    for fault in outcome.faults:
        if fault.severity is Severity.REFUSED:
            counts[str(fault.found)] += fault.count
    assert counts == {"HSPA+": 15_880, "UMTS": 492, "HSUPA": 470, "HSDPA": 163, "GPRS": 78, "EDGE": 13, "-200": 3}
    frame = pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pandas()
    assert frame["device_id"].nunique() == 82  # 83 sessions, one of them without 4G or 5G
    assert frame["download_mbps"].max() == pytest.approx(532.905)
    assert outcome.period == "2019Q4"


@pytest.mark.reference
def test_real_log_of_cork_names_no_operator_of_ours(reference: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error:
        read(reference / "measurements" / "ucc_5g" / "ucc5g_all.csv.gz", tmp_path / "out.arrow", Kind.MEASUREMENTS, ReadOptions())
    assert {"file_rows", "operator_unknown", "technology_other"} <= {fault.code for fault in error.value.faults}
    assert not (tmp_path / "out.arrow").exists()


@pytest.mark.reference
def test_real_drive_test_of_salzburg_by_mapping(reference: Path, tmp_path: Path) -> None:
    """9,151 rows (data card), one of operator A's LTE."""
    (tmp_path / "m.yaml").write_text(
        "columns: {time: Time, lon: Longitude, lat: Latitude, cell_id: Cell_Id, rsrp_dbm: RSRP, rsrq_db: RSRQ, sinr_db: SINR,"
        " speed_kmh: Speed_kmh}\nconstants: {operator: mobifone, technology: 4g, environment: in_vehicle}\n",
        encoding="utf-8",
    )
    source = reference / "measurements" / "salzburg_lte_handover" / "handover_events.csv"
    outcome = read(source, tmp_path / "out.arrow", Kind.MEASUREMENTS, ReadOptions(mapping=tmp_path / "m.yaml"))
    assert (outcome.rows_in, outcome.rows_refused) == (9_151, 0)
    assert outcome.rows_kept + outcome.repairs.get("duplicate", 0) == 9_151
    assert outcome.period == "2019Q2"  # pandas: median 2019-04-04
