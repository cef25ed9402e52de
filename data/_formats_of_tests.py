"""Published formats of tests: logs of apps, open data of regulators, and speed tests; each with the traps seen in its files."""

import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from hatang.data._format import FALSE, TRUE, Draft, Format, among, mask, objects, plmn, refuse_where, serving, text_of, whole_id
from hatang.data._vocabulary import NSA, fold, spellings, technology_of
from hatang.data.contracts import MEASUREMENTS, Kind, Technology

_NOT_GPS: Final = ("rastered", "ip", "geoip", "geocoder", "manual", "browser", "address")
"""Sources of a position that is not where the phone was: drawn to a raster, looked up, or typed."""


def _cell_of_rtr(draft: Draft) -> None:
    """Take the larger of area code and cell for the cell: the export writes them under each other's name, and a cell holds its station."""
    area, cell = (_whole(draft, name) for name in ("cell_area_code", "cell_location_id"))
    both = np.fmax(area, cell)
    text = np.array([None if np.isnan(value) else str(int(value)) for value in both], dtype=object)
    draft.give("cell_id", text_of(text), "cell_area_code, cell_location_id")


def _radio_of_rtr(draft: Draft) -> None:
    """Take the network type, which is finer than the category (LTE with 5G in reach is 4G); where nobody knows it the category counts.

    A level of 5G stands under `signal_strength` where there is none of 4G.
    """
    fine, coarse = draft.cells("network_type"), draft.cells("cat_technology")
    known = np.array([text is not None and technology_of(text) is not None for text in objects(fine)], dtype=bool)
    technology = pc.if_else(pa.array(known), fine, coarse)
    draft.give("technology", technology, "network_type, cat_technology")
    meant = np.array([None if text is None else technology_of(text) for text in objects(technology)], dtype=object)
    anchored = mask(pc.is_valid(draft.cells("lte_rsrp")))
    own = np.isin(meant.astype(str), (Technology.NR, NSA)) & ~anchored
    draft.give("ss_rsrp", pc.if_else(pa.array(own), draft.cells("signal_strength"), pa.scalar(None, pa.string())), "signal_strength")


def _roaming(draft: Draft) -> None:
    """Count a test for the network that served it, whoever sold the SIM; where the two differ, that is told."""
    network, sim = plmn_text(draft, "network_mcc_mnc"), plmn_text(draft, "sim_mcc_mnc")
    draft.give("operator", pc.coalesce(network, draft.cells("network_name")), "network_mcc_mnc, network_name")
    draft.flag(mask(pc.not_equal(network, sim)), "serving_not_sim", "sim_mcc_mnc")


def plmn_text(draft: Draft, column: str) -> pa.Array:
    """Return `452-04` from cells that write it as `452-4`, `45204` or `452-04`, null where they write none."""
    found = [None if text is None else re.fullmatch(r"([2-7]\d\d)-?(\d{1,3})", text) for text in objects(draft.cells(column))]
    return pa.array([None if match is None else f"{match[1]}-{int(match[2]):02d}" for match in found], pa.string())


def _start_and_end(draft: Draft) -> None:
    """Join the networks of a test that began in one and ended in another: it stands for neither alone."""
    start, end = draft.cells("techno_start"), draft.cells("techno_end")
    moved = mask(pc.not_equal(pc.utf8_lower(start), pc.utf8_lower(end)))
    both = pc.binary_join_element_wise(start, end, "/")
    draft.give("technology", pc.if_else(pa.array(moved), both, pc.coalesce(start, end)), "techno_start, techno_end")
    draft.give(
        "operator", pc.coalesce(plmn(draft, ("mcc_start",), ("mnc_start",)), draft.cells("operator")), "mcc_start, mnc_start, operator"
    )


def _radio_of_tracker(draft: Draft) -> None:
    """Take a row for 5G where the phone says that it is connected to it; an icon, or a 5G cell in reach, is 4G."""
    connected = among(draft.cells("nrstatus"), ("connected",))
    draft.give("technology", text_of(np.where(connected, "5g", "4g").astype(object)), "nrStatus")


def _with_a_position(draft: Draft) -> None:
    """Raise where tests name a town and no mapping says where in it they were made."""
    stated = {*draft.mapping.columns, *draft.mapping.constants}
    if not {"lon", "lat"} <= stated:
        place = draft.column("ue_location", "nr_tac", "cgi")
        raise draft.refusal("format_no_position", field=place, found=", ".join(draft.source.columns))


def _signal_of_lte(draft: Draft) -> None:
    """Take the one column of levels for that of 5G too; rows of 2G and 3G are refused by their network."""
    draft.give("ss_rsrp", draft.cells("signal"), "signal")


def _area_code(draft: Draft) -> None:
    """Take the network of the serving cell: its code stands in `mnc`, of CDMA in `sid`."""
    draft.give("operator", plmn(draft, ("mcc",), ("mnc", "sid")), "mcc, mnc")


_TOP: Final = "rsrp_top1_"
_IN_DEGREES: Final = 4326


def _row_for_each_firm(draft: Draft) -> None:
    """Make a row of each firm's level: the file writes them side by side. A firm without one was not measured there.

    A row without any level stays, to be refused as one.
    """
    names = [name for name in map(fold, draft.source.columns) if name.startswith(_TOP)]
    levels = np.column_stack([objects(draft.cells(name)) for name in names])
    there = levels != np.array(None)
    there[~there.any(axis=1), 0] = True
    places, firms = np.nonzero(there)
    draft.repeat(places)
    draft.give("operator", text_of(np.array([name.removeprefix(_TOP) for name in names], dtype=object)[firms]), f"{_TOP}…")
    draft.give("rsrp_dbm", text_of(levels[places, firms]), f"{_TOP}…")


def _points_of_text(draft: Draft) -> None:
    """Give longitude and latitude for points that a database wrote as text: WKT, its own with SRID, or WKB in hexadecimal."""
    if draft.has("geom") and not (draft.has("lon") or draft.has("longitude")):
        points = [_point(text) for text in objects(draft.cells("geom"))]
        for name, place in (("lon", 0), ("lat", 1)):
            values = [None if point is None else f"{point[place]:.9f}" for point in points]
            draft.give(name, pa.array(values, pa.string()), "geom")


def _point(text: str | None) -> tuple[float, float] | None:
    """Return longitude and latitude of a point written as text, None where it is none in degrees."""
    if text is None:
        return None
    stated, _, bare = text.rpartition(";")
    reader = shapely.from_wkb if re.fullmatch(r"[0-9A-Fa-f]+", bare) else shapely.from_wkt
    shape = reader(bare, on_invalid="ignore")
    srid = int(shapely.get_srid(shape)) if shape is not None else 0
    known = srid in (0, _IN_DEGREES) and stated.strip().upper() in ("", f"SRID={_IN_DEGREES}")
    return (shape.x, shape.y) if known and isinstance(shape, shapely.Point) and not shape.is_empty else None


def _whole(draft: Draft, name: str) -> np.ndarray:
    """Return a column of whole numbers, NaN where a cell is none."""
    cells = draft.cells(name)
    plain = pc.if_else(pc.match_substring_regex(cells, pattern=r"^\d{1,15}$"), cells, pa.scalar(None, pa.string()))
    return np.asarray(pc.cast(plain, pa.float64()).fill_null(float("nan")), dtype=np.float64)


_SURVEY: Final = {
    "time": ("devicetime", "time"),
    "lon": ("longitude",),
    "lat": ("latitude",),
    "accuracy_m": ("accuracy",),
    "speed_kmh": ("speed",),
    "device_id": ("deviceserialnumber",),
    "session": ("missionid",),
}
_STATED: Final = frozenset(
    name
    for column in ("operator", "technology", "environment", "device_id", "ss_rsrp")
    for name in spellings(column, MEASUREMENTS[column].synonyms if column != "ss_rsrp" else ())
)
"""Names of what plain logs leave out: a table that states any of it is somebody's own, whatever else it looks like."""
_NEIGHBOUR: Final = refuse_where("servingcell", FALSE, "row_neighbour")
_NEIGHBOUR_LAYER: Final = refuse_where("serving_cell", FALSE, "row_neighbour")

TEST_FORMATS: Final = (
    Format(
        "gnettrack",
        "G-NetTrack Pro",
        Kind.MEASUREMENTS,
        frozenset({"timestamp", "longitude", "latitude", "operatorname", "networkmode", "rsrp", "dl_bitrate", "cellhex"}),
        columns={"cell_id": ("rawcellid",)},  # CellID repeats in every base station; RAWCELLID is one cell of the network
        units={"download_mbps": "kbit/s", "upload_mbps": "kbit/s", "speed_kmh": "km/h"},
        anchored=True,
        closed=False,
        tried=True,
    ),
    Format(
        "tower_collector",
        "TowerCollector",
        Kind.MEASUREMENTS,
        frozenset({"mcc", "mnc", "net_type", "neighboring", "measured_at", "rsrp", "ss_rsrp", "lat", "lon"}),
        columns={
            "time": ("measured_at",),
            "lon": ("lon",),
            "lat": ("lat",),
            "technology": ("net_type",),
            "rsrp_dbm": ("rsrp",),
            "ss_rsrp": ("ss_rsrp",),
            "rsrq_db": ("rsrq",),
            "sinr_db": ("rssnr",),
            "cell_id": ("cell_id",),
            "device_id": ("device",),
            "accuracy_m": ("accuracy",),
            "speed_kmh": ("speed",),
        },
        units={"speed_kmh": "m/s"},
        traps=(serving(), refuse_where("neighboring", TRUE, "row_neighbour")),
        anchored=True,
    ),
    Format(
        "opencellid_upload",
        "OpenCelliD (tệp gửi lên của TowerCollector)",
        Kind.MEASUREMENTS,
        frozenset({"lat", "lon", "mcc", "mnc", "signal", "measured_at", "act", "devn", "cellid"}),
        columns={
            "time": ("measured_at",),
            "lon": ("lon",),
            "lat": ("lat",),
            "technology": ("act",),
            "rsrp_dbm": ("signal",),
            "cell_id": ("cellid",),
            "device_id": ("devn",),
            "speed_kmh": ("speed",),
        },
        units={"speed_kmh": "m/s"},
        traps=(_area_code, _signal_of_lte),
    ),
    Format(
        "network_survey_lte",
        "Network Survey (4G; CSV, GPKG)",
        Kind.MEASUREMENTS,
        frozenset({"recordnumber", "missionid", "eci", "rsrp", "mcc"}),
        columns={**_SURVEY, "rsrp_dbm": ("rsrp",), "rsrq_db": ("rsrq",), "sinr_db": ("snr",), "cell_id": ("eci",)},
        units={"speed_kmh": "m/s"},
        constants={"technology": "LTE"},
        traps=(serving(name=("provider",)), _NEIGHBOUR, _NEIGHBOUR_LAYER),
    ),
    Format(
        "network_survey_nr",
        "Network Survey (5G; CSV, GPKG)",
        Kind.MEASUREMENTS,
        frozenset({"recordnumber", "missionid", "nci"}),
        columns={
            **_SURVEY,
            "rsrp_dbm": ("ssrsrp", "ss_rsrp"),
            "rsrq_db": ("ssrsrq", "ss_rsrq"),
            "sinr_db": ("sssinr", "ss_sinr"),
            "cell_id": ("nci",),
        },
        units={"speed_kmh": "m/s"},
        constants={"technology": "NR"},
        traps=(serving(name=("provider",)), _NEIGHBOUR, _NEIGHBOUR_LAYER),
    ),
    Format(
        "network_survey_3g",
        "Network Survey (2G, 3G)",
        Kind.MEASUREMENTS,
        frozenset({"recordnumber", "missionid", "lac"}),
        columns={**_SURVEY, "rsrp_dbm": ("signalstrength", "rscp", "signal_strength")},
        constants={"technology": "3G"},
        traps=(serving(name=("provider",)),),
    ),
    Format(
        "rtr",
        "RTR-Netztest, OpenRMBT",
        Kind.MEASUREMENTS,
        frozenset({"open_test_uuid", "time_utc", "cat_technology", "lat", "long", "download_kbit", "upload_kbit", "lte_rsrp"}),
        columns={
            "time": ("time_utc",),
            "lon": ("long",),
            "lat": ("lat",),
            "rsrp_dbm": ("lte_rsrp",),
            "rsrq_db": ("lte_rsrq",),
            "device_id": ("open_uuid",),
            "accuracy_m": ("loc_accuracy",),
            "download_mbps": ("download_kbit",),
            "upload_mbps": ("upload_kbit",),
            "latency_ms": ("ping_ms",),
        },
        units={"download_mbps": "kbit/s", "upload_mbps": "kbit/s"},
        traps=(
            _roaming,
            _radio_of_rtr,
            _cell_of_rtr,
            refuse_where("loc_src", _NOT_GPS, "position_rastered"),
            refuse_where("implausible", TRUE, "row_excluded"),
        ),
        tried=True,
    ),
    Format(
        "rtr_search",
        "RTR-Netztest (kết quả tìm kiếm)",
        Kind.MEASUREMENTS,
        frozenset({"open_test_uuid", "time", "lat", "long", "download_kbit", "provider_name", "lte_rsrp"}),
        columns={
            "time": ("time",),
            "lon": ("long",),
            "lat": ("lat",),
            "operator": ("provider_name",),
            "rsrp_dbm": ("lte_rsrp",),
            "device_id": ("open_uuid",),
            "accuracy_m": ("loc_accuracy",),
            "download_mbps": ("download_kbit",),
            "upload_mbps": ("upload_kbit",),
            "latency_ms": ("ping_ms",),
        },
        units={"download_mbps": "kbit/s", "upload_mbps": "kbit/s"},
        tried=True,
    ),
    Format(
        "arcep_qos",
        "ARCEP, chất lượng dịch vụ",
        Kind.MEASUREMENTS,
        frozenset({"protocole", "situation", "techno_start", "latitude_start", "longitude_start", "date_time_start", "descoping"}),
        columns={
            "time": ("date_time_start",),
            "lon": ("longitude_start",),
            "lat": ("latitude_start",),
            "environment": ("situation",),
            "rsrp_dbm": ("rsrp",),
            "rsrq_db": ("rsrq",),
            "cell_id": ("cell_id",),
            "device_id": ("imei", "id_sending_terminal"),
            "download_mbps": ("bitrate_dl",),
            "upload_mbps": ("bitrate_ul",),
        },
        traps=(_start_and_end, refuse_where("descoping", TRUE, "row_excluded"), refuse_where("helicopter_measure", TRUE, "row_excluded")),
        anchored=True,
    ),
    Format(
        "salzburg",
        "CRAWDAD SRFG (Salzburg)",
        Kind.MEASUREMENTS,
        frozenset({"time", "latitude", "longitude", "elevation", "pci", "cell_id", "rsrp", "rsrq", "sinr"}),
        without=_STATED,
        columns={
            "time": ("time",),
            "lon": ("longitude",),
            "lat": ("latitude",),
            "cell_id": ("cell_id",),
            "rsrp_dbm": ("rsrp",),
            "rsrq_db": ("rsrq",),
            "sinr_db": ("sinr",),
        },  # its speeds are made from positions a second or a day apart
        constants={"technology": "LTE", "environment": "in_vehicle"},
        tried=True,
    ),
    Format(
        "umn_5g",
        "UMN 5G Tracker, Lumos5G",
        Kind.MEASUREMENTS,
        frozenset({"latitude", "longitude", "nrstatus", "nr_ssrsrp", "nr_ssrsrq", "nr_sssinr"}),
        columns={
            "time": ("timestamp",),
            "lon": ("longitude",),
            "lat": ("latitude",),
            "accuracy_m": ("locationaccuracy",),
            "speed_kmh": ("movingspeed",),
            "rsrp_dbm": ("lte_rsrp",),
            "ss_rsrp": ("nr_ssrsrp",),
            "rsrq_db": ("lte_rsrq",),
            "sinr_db": ("lte_rssnr",),
            "download_mbps": ("throughput",),
            "session": ("run_num",),
            "operator": ("operator", "carrier"),
        },
        units={"speed_kmh": "m/s"},
        traps=(_radio_of_tracker,),
        anchored=True,
    ),
    Format(
        "sigcomm21",
        "SIGCOMM'21, đo tốc độ 5G",
        Kind.MEASUREMENTS,
        frozenset({"date", "downlink_mbps", "uplink_mbps", "latency_ms", "carrier", "radio_type", "ue_location"}),
        columns={
            "time": ("date",),
            "operator": ("carrier",),
            "technology": ("radio_type",),
            "download_mbps": ("downlink_mbps",),
            "upload_mbps": ("uplink_mbps",),
            "latency_ms": ("latency_ms",),
        },
        traps=(_with_a_position,),
        tried=True,
    ),
    Format(
        "cim5g",
        "CIM5G (lưới 30 m)",
        Kind.MEASUREMENTS,
        frozenset({"oid", "nr_tac", "nr_pci", "ss_rsrp", "match_dist"}),
        columns={"rsrp_dbm": ("ss_rsrp",)},
        constants={"technology": "NR"},
        traps=(_with_a_position,),
        tried=True,
    ),
    Format(
        "planning_bins",
        "Ô đo của phần mềm quy hoạch",
        Kind.MEASUREMENTS,
        frozenset({"cell_index", "x", "y", "rsrp", "clutter_index"}),
        columns={"x": ("x",), "y": ("y",), "rsrp_dbm": ("rsrp",)},
        traps=(whole_id("cell_id", "cell_index"),),
        closed=False,
        tried=True,
    ),
    Format(
        "mukoo",
        "mukoo",
        Kind.MEASUREMENTS,
        frozenset({"sample_id", "session_id", "recorded_at", "rsrp", "network_type", "modem_reported_at"}),
        columns={
            "time": ("recorded_at",),
            "lon": ("lon", "longitude"),
            "lat": ("lat", "latitude"),
            "operator": ("carrier",),
            "technology": ("network_type",),
            "rsrp_dbm": ("rsrp",),
            "rsrq_db": ("rsrq",),
            "sinr_db": ("sinr",),
            "cell_id": ("cell_id",),
            "speed_kmh": ("speed_mps",),
            "session": ("session_id",),
        },
        units={"speed_kmh": "m/s"},
        traps=(_points_of_text,),
        anchored=True,
    ),
    Format(
        "cradlepoint",
        "Cradlepoint Mobile Site Survey",
        Kind.MEASUREMENTS,
        frozenset({"time", "latitude", "longitude", "carrier", "service_display", "rsrp", "rsrq", "sinr"}),
        columns={
            "time": ("time",),
            "lon": ("longitude",),
            "lat": ("latitude",),
            "operator": ("carrier",),
            "technology": ("service_display",),
            "cell_id": ("cell_id",),
            "rsrp_dbm": ("rsrp",),
            "rsrq_db": ("rsrq",),
            "sinr_db": ("sinr",),
            "download_mbps": ("download",),
            "upload_mbps": ("upload",),
            "latency_ms": ("latency",),
        },
        anchored=True,
    ),
    Format(
        "ofcom_drive",
        "Ofcom, đo trên đường (mỗi doanh nghiệp một cột)",
        Kind.MEASUREMENTS,
        frozenset({"latitude", "longitude"}),
        prefix=_TOP,
        columns={"time": ("time", "timestamp"), "lon": ("longitude",), "lat": ("latitude",)},
        constants={"technology": "LTE", "environment": "in_vehicle"},
        traps=(_row_for_each_firm,),
    ),
)
