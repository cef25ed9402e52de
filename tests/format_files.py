"""Files of published formats, written from the publishers' schemas, and what reading them gives."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from hatang.data.contracts import INPUT_TABLES, Kind, Severity
from hatang.data.language import LANGUAGES, fault_text
from hatang.data.reading import ReadOptions, ReadOutcome, read, recognise


def columns_of(header: str, delimiter: str = ",") -> list[str]:
    """Return the names in a header line as its publisher writes it."""
    return header.split(delimiter)


TOWER_COLLECTOR = columns_of(
    "mcc,mnc,lac,cell_id,short_cell_id,rnc,psc,asu,dbm,ta,lat,lon,accuracy,speed,bearing,altitude,measured_at,net_type,neighboring,"
    "discovered_at,device,rsrp,rsrq,rssi,rssnr,cqi,rscp,csi_rsrp,csi_rsrq,csi_sinr,ss_rsrp,ss_rsrq,ss_sinr,cdma_dbm,cdma_ecio,evdo_dbm,"
    "evdo_ecio,evdo_snr,ec_no,arfcn"
)
SURVEY_LTE = columns_of(
    "deviceTime,latitude,longitude,altitude,speed,accuracy,missionId,recordNumber,groupNumber,mcc,mnc,tac,eci,earfcn,pci,rsrp,rsrq,ta,"
    "servingCell,lteBandwidth,provider,signalStrength,cqi,slot,snr,deviceSerialNumber"
)
SURVEY_NR = columns_of(
    "deviceTime,latitude,longitude,altitude,speed,accuracy,missionId,recordNumber,groupNumber,mcc,mnc,tac,nci,narfcn,pci,ssRsrp,ssRsrq,"
    "ssSinr,csiRsrp,csiRsrq,csiSinr,ta,servingCell,provider,slot,deviceSerialNumber"
)
RTR = columns_of(
    "open_uuid,open_test_uuid,time_utc,cat_technology,network_type,lat,long,loc_src,loc_accuracy,gkz,zip_code,country_location,"
    "download_kbit,upload_kbit,ping_ms,lte_rsrp,lte_rsrq,server_name,test_duration,num_threads,platform,model,client_version,"
    "network_mcc_mnc,network_name,sim_mcc_mnc,nat_type,asn,ip_anonym,ndt_download_kbit,ndt_upload_kbit,implausible,signal_strength,pinned,"
    "kg_nr,gkz_sa,land_cover,cell_area_code,cell_location_id,channel_number,radio_band,settlement_type,link_id,link_name,link_distance,"
    "edge_id,link_frc,dtm_level,signal_classification"
)
ARCEP_QOS = columns_of(
    "id_measure;protocole;situation;operator;mcc_start;mnc_start;mcc_end;mnc_end;techno_start;techno_end;latitude_start;longitude_start;"
    "latitude_end;longitude_end;date_time_start;bitrate_dl;bitrate_ul;acess_duration;loaded_in_less_5_secondes;rsrp;rsrq;rscp;rx_level;"
    "cell_id;lac;tac;pci;insee_com;zone;terminal;descoping;helicopter_measure",
    delimiter=";",
)
ARCEP_SITES = columns_of(
    "code_op;nom_op;num_site;id_site_partage;id_station_anfr;x;y;latitude;longitude;nom_reg;nom_dep;insee_dep;nom_com;insee_com;site_2g;"
    "site_3g;site_4g;site_5g;mes_4g_trim;site_ZB;site_DCC;site_strategique;site_capa_240mbps;date_ouverturecommerciale_5g;site_5g_700_m_hz;"
    "site_5g_800_m_hz;site_5g_1800_m_hz;site_5g_2100_m_hz;site_5g_3500_m_hz",
    delimiter=";",
)
UMN = columns_of(
    "run_num,seq_num,timestamp,latitude,longitude,locationAccuracy,movingSpeed,compassDirection,nrStatus,lte_rssi,lte_rsrp,lte_rsrq,"
    "lte_rssnr,nr_ssRsrp,nr_ssRsrq,nr_ssSinr,Throughput,mobility_mode"
)
OPENCELLID = columns_of("radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal")

ROWS: Mapping[str, tuple[Sequence[str], Mapping[str, str]]] = {
    "tower_collector": (
        TOWER_COLLECTOR,
        {"mcc": "452", "mnc": "4", "lac": "4601", "cell_id": "118303233", "lat": "16.4637", "lon": "107.595", "accuracy": "4.5",
         "speed": "10", "measured_at": "2026-08-02T02:30:05.000Z", "net_type": "LTE", "neighboring": "false", "device": "SM-G991B",
         "rsrp": "-92", "rsrq": "-11", "rssnr": "7.5"},
    ),
    "opencellid_upload": (
        columns_of("lat,lon,mcc,mnc,sid,lac,tac,nid,cellid,bid,psc,pci,signal,ta,measured_at,rating,speed,direction,act,devn"),
        {"lat": "16.4637", "lon": "107.595", "mcc": "452", "mnc": "1", "tac": "4601", "cellid": "118303233", "signal": "-92",
         "measured_at": "1785637805000", "rating": "5", "speed": "10", "act": "LTE", "devn": "SM-G991B"},
    ),
    "network_survey_lte": (
        SURVEY_LTE,
        {"deviceTime": "2026-08-02T02:30:05.000Z", "latitude": "16.4637", "longitude": "107.595", "speed": "10", "accuracy": "4",
         "missionId": "NS A 1", "recordNumber": "1", "mcc": "452", "mnc": "04", "eci": "118303233", "rsrp": "-92", "rsrq": "-11",
         "servingCell": "true", "provider": "Viettel", "snr": "7.5", "deviceSerialNumber": "A"},
    ),
    "network_survey_nr": (
        SURVEY_NR,
        {"deviceTime": "2026-08-02T02:30:05.000Z", "latitude": "16.4637", "longitude": "107.595", "speed": "10", "accuracy": "4",
         "missionId": "NS A 1", "recordNumber": "1", "mcc": "452", "mnc": "02", "nci": "68719476735", "ssRsrp": "-92", "ssRsrq": "-11",
         "ssSinr": "7.5", "servingCell": "true", "deviceSerialNumber": "A"},
    ),
    "rtr": (
        RTR,
        {"open_uuid": "P1", "open_test_uuid": "O1", "time_utc": "2026-08-02 02:30:05", "cat_technology": "4G", "network_type": "LTE CA",
         "lat": "16.4637", "long": "107.595", "loc_src": "gps", "loc_accuracy": "4.5", "download_kbit": "12500", "upload_kbit": "2500",
         "ping_ms": "31.5", "lte_rsrp": "-92", "lte_rsrq": "-11", "network_mcc_mnc": "452-04", "network_name": "Viettel",
         "sim_mcc_mnc": "452-04", "implausible": "false", "cell_area_code": "118303233", "cell_location_id": "4601"},
    ),
    "arcep_qos": (
        ARCEP_QOS,
        {"id_measure": "1", "protocole": "DOWNLOAD", "situation": "INCAR", "operator": "Orange", "techno_start": "4G", "techno_end": "4G",
         "mcc_start": "452", "mnc_start": "1", "latitude_start": "16.4637", "longitude_start": "107.595",
         "date_time_start": "02/08/2026 09:30:05.12", "bitrate_dl": "12.5", "rsrp": "-92", "rsrq": "-11", "descoping": "0",
         "helicopter_measure": "0"},
    ),
    "umn_5g": (
        UMN,
        {"run_num": "1", "timestamp": "1785637805", "latitude": "16.4637", "longitude": "107.595", "locationAccuracy": "4",
         "movingSpeed": "10", "nrStatus": "NONE", "lte_rsrp": "-92", "lte_rsrq": "-11", "lte_rssnr": "7.5", "nr_ssRsrp": "2147483647",
         "Throughput": "12.5"},
    ),
    "mukoo": (
        columns_of("sample_id,session_id,recorded_at,lon,lat,rsrp,rsrq,sinr,network_type,cell_id,speed_mps,heading_deg,carrier,"
                   "modem_reported_at"),
        {"sample_id": "1", "session_id": "S", "recorded_at": "2026-08-02T02:30:05Z", "lon": "107.595", "lat": "16.4637", "rsrp": "-92",
         "network_type": "LTE", "cell_id": "118303233", "speed_mps": "10", "carrier": "Viettel", "modem_reported_at": ""},
    ),
    "cradlepoint": (
        columns_of("Time,Latitude,Longitude,Carrier,Cell ID,Service Display,Band,SCELL0,RSSI,SINR,RSRP,RSRQ,State,Download,Upload,Latency,"
         "Bytes Sent,Bytes Received,Results URL"),
        {"Time": "2026-08-02 09:30:05", "Latitude": "16.4637", "Longitude": "107.595", "Carrier": "Viettel", "Cell ID": "118303233",
         "Service Display": "LTE", "SINR": "7.5", "RSRP": "-92", "RSRQ": "-11", "Download": "12.5", "Upload": "2.5", "Latency": "31"},
    ),
}  # fmt: skip
"""Header and one good row of every format of tests that no real file was at hand for, and of RTR."""


def written(columns: Sequence[str], rows: Sequence[Mapping[str, str]], delimiter: str = ",", comment: str = "") -> str:
    """Return a CSV as an app would write it."""
    stream = io.StringIO()
    stream.write(comment)
    table = csv.DictWriter(stream, list(columns), restval="", delimiter=delimiter, lineterminator="\r\n")
    table.writeheader()
    table.writerows(rows)
    return stream.getvalue()


def run(path: Path, *, kind: Kind = Kind.AUTO, **options: str | Path) -> tuple[ReadOutcome, pd.DataFrame]:
    """Return what reading gave, after holding it against what every reader promises."""
    target = path.parent / "out.arrow"
    outcome = read(path, target, kind, ReadOptions(**options))  # type: ignore[arg-type]  # texts, and the path of a mapping
    frame = pa.ipc.open_file(target).read_all().to_pandas()
    assert outcome.rows_in == outcome.rows_kept + outcome.rows_refused + outcome.repairs.get("duplicate", 0)
    assert all(fault_text(fault, language) for fault in outcome.faults for language in LANGUAGES)
    INPUT_TABLES[outcome.kind].conform(frame)
    return outcome, frame


def run_rows(folder: Path, form: str, *changes: Mapping[str, str], **options: str) -> tuple[ReadOutcome, pd.DataFrame]:
    """Return what reading a file of a format gave: its good row, then one row for each change of it."""
    columns, good = ROWS[form]
    path = folder / "file.csv"
    delimiter = ";" if form.startswith("arcep") else ","
    comment = "CSV Version=0.2.0\r\n" if form.startswith("network_survey") else ""
    path.write_text(written(columns, [good, *({**good, **change} for change in changes)], delimiter, comment), encoding="utf-8")
    assert recognise(path, ReadOptions()) is Kind.MEASUREMENTS
    return run(path, **options)


def refused(outcome: ReadOutcome) -> list[tuple[str, int | None, str | None]]:
    return [(fault.code, fault.row, fault.found) for fault in outcome.faults if fault.severity is Severity.REFUSED]
