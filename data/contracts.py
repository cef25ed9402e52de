"""Names that every room shares: CRS, enumerations, errors, faults, and the tables with their columns and units.

This module does no I/O; it is the only one that `hatang.coverage`, `hatang.sharing` and `hatang.programme` import from `hatang.data`.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from hatang.data._enginelayout import ENGINE_DEGREE, ENGINE_KEY, ENGINE_VERSION, ENGINE_WARD, EngineLayout
from hatang.data._errors import (
    CancelledError,
    CrsError,
    EmptyDataError,
    Fault,
    HatangError,
    MissingError,
    ParameterError,
    RefusedError,
    SchemaError,
    Severity,
    StoreError,
)
from hatang.data._tables import Column, Table

__all__ = [  # noqa: RUF022 - errors first, then contracts, in the order of this file
    "CancelledError",
    "CrsError",
    "EmptyDataError",
    "Fault",
    "HatangError",
    "MissingError",
    "ParameterError",
    "RefusedError",
    "SchemaError",
    "Severity",
    "StoreError",
    "Column",
    "Table",
    "ENGINE_DEGREE",
    "ENGINE_KEY",
    "ENGINE_VERSION",
    "ENGINE_WARD",
    "EngineLayout",
    "ALL",
    "ANY",
    "AUTHORITY",
    "H3_RESOLUTION",
    "HUE_CRS",
    "MAP_CRS",
    "MIN_SAMPLES",
    "OPERATOR_LABELS",
    "PLMN",
    "AssetClass",
    "BoundarySource",
    "Environment",
    "GapKind",
    "Kind",
    "Operator",
    "SuggestionKind",
    "Technology",
    "Verdict",
    "ASSETS",
    "BUILDINGS",
    "CELLS",
    "CLAIMS",
    "CORRIDOR",
    "FIXED",
    "GAPS",
    "INPUT_TABLES",
    "MEASUREMENTS",
    "PLACES",
    "PLANS",
    "RAW_TESTS",
    "RESULT_TABLES",
    "ROADS",
    "SCORECARD",
    "SITES",
    "SPEEDS",
    "SUGGESTIONS",
    "TILES",
    "VILLAGES",
    "WARDS",
    "WARD_KEY",
    "WARD_TABLE",
    "WORKS",
]

HUE_CRS: Final = "EPSG:9214"
"""VN-2000 / TM-3 107-00: every length and area is computed here (ADR 2)."""
MAP_CRS: Final = "EPSG:4326"
"""WGS 84: exchange, maps and the stored canonical tables."""
H3_RESOLUTION: Final = 8
"""H3 cells (about 0.7 km²) that carry the sampling statistics and the contradicted areas."""


class Operator(StrEnum):
    """Operators and fixed-line providers known by name; `any` and `all` are derived rows, never filed."""

    VIETTEL = "viettel"
    VNPT = "vnpt"
    MOBIFONE = "mobifone"
    VIETNAMOBILE = "vietnamobile"
    GMOBILE = "gmobile"
    FPT = "fpt"
    SCTV = "sctv"
    CMC = "cmc"


AUTHORITY: Final = "so-khcn"
"""Organisation of a file that names none, the department that runs the store: no operator sees raw data by default."""
ANY: Final = "any"
ALL: Final = "all"
OPERATOR_LABELS: Final[Mapping[str, str]] = {
    "viettel": "Viettel",
    "vnpt": "VNPT",
    "mobifone": "MobiFone",
    "vietnamobile": "Vietnamobile",
    "gmobile": "Gmobile",
    "fpt": "FPT",
    "sctv": "SCTV",
    "cmc": "CMC",
}
"""Proper names; they are written alike in every language."""
PLMN: Final[Mapping[str, str]] = {
    "45201": "mobifone",
    "45202": "vnpt",
    "45204": "viettel",
    "45205": "vietnamobile",
    "45207": "gmobile",
}
"""MCC and MNC of the serving network to operator."""


class Technology(StrEnum):
    """Technologies; `mobile` means 4G or 5G and is derived."""

    LTE = "4g"
    NR = "5g"
    MOBILE = "mobile"
    FIBRE = "fibre"


class Environment(StrEnum):
    """Where the service is used."""

    OUTDOOR = "outdoor"
    IN_VEHICLE = "in_vehicle"
    INDOOR = "indoor"
    PREMISES = "premises"


class Verdict(StrEnum):
    """Three-way verdict: not measured is not uncovered, and claimed is not covered."""

    COVERED = "covered"
    GAP = "gap"
    INSUFFICIENT = "insufficient"


class Kind(StrEnum):
    """Kinds of data set that `ingest` takes; `AUTO` asks it to recognise the file."""

    AUTO = "auto"
    MEASUREMENTS = "measurements"
    CLAIMS = "claims"
    SITES = "sites"
    FIXED = "fixed"
    ASSETS = "assets"
    PLANS = "plans"
    WORKS = "works"
    ROADS = "roads"
    BUILDINGS = "buildings"
    VILLAGES = "villages"
    PLACES = "places"
    CELLS = "cells"
    TILES = "tiles"
    SPEEDS = "speeds"
    POPULATION = "population"
    TERRAIN = "terrain"


class AssetClass(StrEnum):
    """Passive infrastructure that can be shared."""

    POLE = "pole"
    CHAMBER = "chamber"
    DUCT_SECTION = "duct_section"


class GapKind(StrEnum):
    """Why an area is not assured: nobody claims it, or tests contradict a claim."""

    UNCLAIMED = "unclaimed"
    CONTRADICTED = "contradicted"


class SuggestionKind(StrEnum):
    """Every kind of suggestion; later issues add members, never a second list."""

    REUSE_WAY = "reuse_way"
    REUSE_POLE = "reuse_pole"
    JOIN_WORKS = "join_works"
    JOINT_TRENCH = "joint_trench"
    NEW_SHARED_SET = "new_shared_set"
    WAIT = "wait"
    SHARE_MAST = "share_mast"
    COLOCATE_NEW_MAST = "colocate_new_mast"
    UNDERGROUND = "underground"
    TIDY_CABLE = "tidy_cable"
    REMOVE_DEAD_CABLE = "remove_dead_cable"


class BoundarySource(StrEnum):
    """Where the ward boundaries in use come from, best first (ADR 3)."""

    CITY = "city"
    CACHE = "cache"
    DOWNLOAD = "download"
    APPROXIMATE = "approximate"


_OPERATOR = Column("operator", required=True, synonyms=("doanh_nghiep", "nha_mang", "operatorname", "carrier", "provider", "don_vi"))
_TECHNOLOGY = Column(
    "technology", required=True, values=("4g", "5g", "fibre"), synonyms=("cong_nghe", "techno", "tech", "network_mode", "networkmode")
)
_ENVIRONMENT = Column("environment", required=True, values=tuple(Environment), synonyms=("moi_truong", "situation"))
_PERIOD = Column("period", required=True)
_PERIOD_OPEN = Column("period", synonyms=("ky", "ky_do", "quy", "quarter", "thang", "month"))
_WARD = (
    Column("ward_code", required=True, synonyms=("ma_xa", "ma_phuong_xa", "ma_dvhc", "code")),
    Column("ward_name", required=True, synonyms=("ten_xa", "phuong_xa", "xa_phuong", "ward")),
)


def _share(name: str) -> Column:
    return Column(name, "float", "share", low=0.0, high=1.0)


WARDS = Table(
    "wards",
    (
        *_WARD,
        Column("kind", required=True, values=("phường", "xã")),
        Column("area_km2_official", "float", "km²", low=0),
        Column("population", "int", "people", low=0),
        Column("boundary_source", required=True, values=tuple(BoundarySource)),
    ),
    key=("ward_code",),
    geometry="polygon",
)

CLAIMS = Table(
    "claims",
    (
        _OPERATOR,
        _TECHNOLOGY,
        _ENVIRONMENT,
        Column("level_dbm", "float", "dBm", low=-140, high=-40, synonyms=("minsignal", "muc_thu", "rsrp_min")),
        Column("download_mbps", "float", "Mbit/s", low=0, synonyms=("mindown", "toc_do_xuong")),
    ),
    geometry="polygon",
)

MEASUREMENTS = Table(
    "measurements",
    (
        Column("time", "time", synonyms=("timestamp", "thoi_gian", "time_utc", "measured_at", "devicetime")),
        Column(
            "lon",
            "float",
            "degree",
            required=True,
            low=-180,
            high=180,
            synonyms=("longitude", "lng", "long", "kinh_do", "x"),
            sentinels=(2147483647,),
        ),
        Column("lat", "float", "degree", required=True, low=-90, high=90, synonyms=("latitude", "vi_do", "y"), sentinels=(2147483647,)),
        _OPERATOR,
        _TECHNOLOGY,
        _ENVIRONMENT,
        Column(
            "rsrp_dbm",
            "float",
            "dBm",
            low=-156,
            high=-31,
            synonyms=("rsrp", "ss_rsrp", "lte_rsrp", "muc_thu"),
            sentinels=(-200, -205, 2147483647, 0),
        ),
        Column("rsrq_db", "float", "dB", low=-43, high=20, synonyms=("rsrq", "ss_rsrq"), sentinels=(2147483647, -200)),
        Column("sinr_db", "float", "dB", low=-40, high=60, synonyms=("snr", "sinr", "ss_sinr", "rssnr"), sentinels=(2147483647, -200)),
        Column("no_service", "bool", synonyms=("mat_song", "khong_co_song")),
        Column("cell_id", synonyms=("cellid", "rawcellid", "cell", "eci", "nci")),
        Column("device_id", required=True, synonyms=("device", "thiet_bi", "deviceserialnumber", "imei_hash")),
        Column("accuracy_m", "float", "m", low=0, synonyms=("accuracy", "loc_accuracy", "do_chinh_xac"), sentinels=(2147483647,)),
        Column("speed_kmh", "float", "km/h", low=0, high=400, synonyms=("speed", "toc_do"), sentinels=(2147483647,)),
        Column("download_mbps", "float", "Mbit/s", low=0, high=20000, synonyms=("dl_bitrate", "download", "toc_do_tai_xuong")),
        Column("upload_mbps", "float", "Mbit/s", low=0, high=20000, synonyms=("ul_bitrate", "upload", "toc_do_tai_len")),
        Column("latency_ms", "float", "ms", low=0, high=60000, synonyms=("pingavg", "ping", "latency", "do_tre")),
    ),
)

SITES = Table(
    "sites",
    (
        Column("site_id", required=True, synonyms=("site_code", "ma_tram", "num_site", "ma_tram_bts", "ma_bts", "id")),
        Column("site_name", synonyms=("ten_tram", "ten_tram_bts", "ten_bts", "name")),
        _OPERATOR,
        Column("technologies", synonyms=("cong_nghe", "technology", "techno")),
        Column("structure", values=("A1", "A2a", "A2b", "rooftop", "pole", "unknown"), synonyms=("loai_cot", "site_type")),
        Column(
            "height_m",
            "float",
            "m",
            low=0,
            high=350,
            synonyms=("tower_height_m", "chieu_cao", "do_cao_cot", "chieu_cao_cot"),
            sentinels=(0,),
        ),
        Column("free_height_m", "float", "m", low=0, high=350, synonyms=("available_height_m", "chieu_cao_trong")),
        Column(
            "tenants",
            "int",
            "operators",
            low=0,
            high=20,
            synonyms=("so_don_vi_dung_chung", "so_doanh_nghiep_dung_chung", "don_vi_dung_chung", "doanh_nghiep_dung_chung"),
        ),
        Column("owner", synonyms=("chu_so_huu", "don_vi_so_huu")),
        Column("status", synonyms=("trang_thai",)),
        Column("mast_id", synonyms=("id_site_partage", "ma_cot", "ma_nha_tram")),
    ),
    key=("site_id",),
    geometry="point",
)

CELLS = Table(
    "cells",
    (
        Column("cell_id", required=True),
        Column("cell_name", synonyms=("ten_cell",)),
        _OPERATOR,
        Column("radio", values=("2g", "3g", "4g", "5g"), synonyms=("cong_nghe", "technology", "rat")),
        Column("pci", "int", low=0, high=1007),
        Column("channel", "int", low=0, high=3_279_165, synonyms=("earfcn", "narfcn", "arfcn")),
        Column("azimuth_deg", "float", "degree", low=0, high=360, synonyms=("azimuth", "goc_phuong_vi")),
        Column("height_m", "float", "m", low=0, high=350, synonyms=("height", "chieu_cao"), sentinels=(0,)),
        Column("range_m", "float", "m", low=0, synonyms=("range",)),
        Column("samples", "int", "tests", low=0, synonyms=("so_mau",)),
        Column("estimated", "bool", synonyms=("changeable",)),
        Column("updated", "time"),
    ),
    key=("cell_id",),
    geometry="point",
)
"""Cells as phones, planners or crowds have them: hints to where antennas stand, never the register that ratios are counted from."""

TILES = Table(
    "tiles",
    (
        Column("quadkey", required=True),
        Column("network", required=True, values=("mobile", "fixed"), synonyms=("layer", "mang")),
        _PERIOD_OPEN,
        Column("download_mbps", "float", "Mbit/s", low=0, high=20000),
        Column("upload_mbps", "float", "Mbit/s", low=0, high=20000),
        Column("latency_ms", "float", "ms", low=0, high=60000),
        Column("latency_down_ms", "float", "ms", low=0, high=60000),
        Column("latency_up_ms", "float", "ms", low=0, high=60000),
        Column("tests", "int", "tests", required=True, low=1),
        Column("devices", "int", "devices", required=True, low=1),
    ),
    key=("quadkey", "network", "period"),
    geometry="polygon",
)
"""Mean speeds by map tile, of all firms and technologies together: they can contradict a claim and never prove one. Means of tiles are
joined with `tests` as weights.
"""

SPEEDS = Table(
    "speeds",
    (
        *_WARD,
        _OPERATOR,
        Column("network", required=True, values=("4g", "5g", "mobile", "fixed"), synonyms=("mang", "loai_mang", "cong_nghe", "technology")),
        _PERIOD_OPEN,
        Column("samples", "int", "tests", low=0, synonyms=("so_mau", "so_mau_do", "so_luong_mau", "so_luot_do")),
        Column(
            "download_mbps",
            "float",
            "Mbit/s",
            low=0,
            high=20000,
            synonyms=("toc_do_tai_xuong", "toc_do_tai_xuong_trung_vi", "trung_vi_tai_xuong", "median_down", "download"),
        ),
        Column(
            "upload_mbps",
            "float",
            "Mbit/s",
            low=0,
            high=20000,
            synonyms=("toc_do_tai_len", "toc_do_tai_len_trung_vi", "trung_vi_tai_len", "median_up", "upload"),
        ),
        Column("latency_ms", "float", "ms", low=0, high=60000, synonyms=("ping", "do_tre", "do_tre_trung_vi", "latency")),
        Column("sufficiency", required=True, values=("sufficient", "insufficient")),
    ),
    key=("ward_code", "operator", "network", "period"),
)
"""Medians that an official system publishes by ward (i-Speed): below `MIN_SAMPLES` a row says that nothing is known, and has no median."""
MIN_SAMPLES: Final = 300
"""Samples from which VNNIC publishes a ward."""

FIXED = Table(
    "fixed",
    (
        *_WARD,
        _OPERATOR,
        Column("households", "int", "households", required=True, low=0, synonyms=("so_ho", "tong_so_ho", "ho")),
        Column(
            "households_served", "int", "households", required=True, low=0, synonyms=("ho_co_kha_nang_tiep_can", "served", "ho_phu_cap")
        ),
        Column("households_connected", "int", "households", low=0, synonyms=("ho_co_ket_noi", "subscribers", "thue_bao")),
        Column("download_mbps", "float", "Mbit/s", low=0, synonyms=("toc_do_trung_vi", "speed")),
    ),
    key=("ward_code", "operator"),
)

ASSETS = Table(
    "assets",
    (
        Column("asset_id", required=True, synonyms=("ma_tai_san", "ma", "ext_id", "id")),
        Column("asset_class", required=True, values=tuple(AssetClass), synonyms=("loai_tai_san", "loai", "class")),
        Column("kind", synonyms=("chung_loai", "kieu")),
        Column("owner", required=True, synonyms=("chu_so_huu", "owner_id", "don_vi_so_huu")),
        Column("contact", synonyms=("lien_he", "dau_moi")),
        Column(
            "status", values=("proposed", "planned", "under_construction", "in_service", "inactive", "abandoned"), synonyms=("trang_thai",)
        ),
        Column("ways", "int", "ways", low=0, high=200, synonyms=("so_ong", "so_lo")),
        Column("ways_used", "int", "ways", low=0, high=200, synonyms=("so_ong_da_dung", "ong_da_dung")),
        Column("slots_total", "int", "slots", low=0, high=100, synonyms=("so_vi_tri",)),
        Column("slots_used", "int", "slots", low=0, high=100, synonyms=("vi_tri_da_dung",)),
        Column("survey_date", "date", synonyms=("ngay_khao_sat",)),
        Column("sharable", values=("yes", "conditional", "no"), synonyms=("cho_dung_chung",)),
    ),
    key=("asset_id",),
    geometry="any",
)

ROADS = Table(
    "roads",
    (
        Column("road_id", required=True, synonyms=("ma_duong", "osm_id", "id")),
        Column("road_name", synonyms=("ten_duong", "name", "ten")),
        Column("width_m", "float", "m", low=0, high=200, synonyms=("be_rong", "chieu_rong", "width")),
    ),
    geometry="line",
)

WORKS = Table(
    "works",
    (
        Column("work_id", required=True, synonyms=("ma_cong_trinh", "id")),
        Column("work_name", synonyms=("ten_cong_trinh", "name")),
        Column("promoter", synonyms=("chu_dau_tu",)),
        Column(
            "kind",
            values=("road_new", "road_widen", "resurface", "sidewalk", "water", "sewer", "power", "lighting", "other"),
            synonyms=("loai_cong_trinh", "loai"),
        ),
        Column("start", "date", synonyms=("ngay_khoi_cong", "bat_dau")),
        Column("end", "date", synonyms=("ngay_hoan_thanh", "ket_thuc")),
        Column("join_deadline", "date", synonyms=("han_dang_ky",)),
        Column("open_trench", "bool", synonyms=("dao_ho",)),
        Column("moratorium_until", "date", synonyms=("cam_dao_den",)),
    ),
    key=("work_id",),
    geometry="any",
)

PLANS = Table(
    "plans",
    (
        Column("plan_id", required=True, synonyms=("ma_ke_hoach", "id")),
        _OPERATOR,
        Column("ways", "int", "ways", low=0, high=200, synonyms=("so_ong",)),
        Column("earliest", "date", synonyms=("som_nhat",)),
        Column("latest", "date", synonyms=("muon_nhat",)),
        Column("budget_status", values=("none", "requested", "approved"), synonyms=("von",)),
        Column("cost_vnd", "float", "VND", low=0, synonyms=("khai_toan",)),
    ),
    key=("plan_id",),
    geometry="line",
)

BUILDINGS = Table(
    "buildings", (Column("building_id"), Column("area_m2", "float", "m²", low=0, synonyms=("area_in_meters",))), geometry="any"
)

VILLAGES = Table(
    "villages",
    (
        Column("village_id", required=True, synonyms=("ma_thon", "id")),
        Column("village_name", required=True, synonyms=("ten_thon", "name")),
        Column("households", "int", "households", low=0, synonyms=("so_ho",)),
        Column("grid_power", "bool", synonyms=("dien_luoi",)),
        Column("specially_difficult", "bool", synonyms=("dbkk",)),
    ),
    key=("village_id",),
    geometry="point",
)

PLACES = Table(
    "places",
    (
        Column("place_id", required=True, synonyms=("id",)),
        Column("place_name", synonyms=("ten", "name")),
        Column("kind", required=True, synonyms=("loai",)),
    ),
    key=("place_id",),
    geometry="point",
)

INPUT_TABLES: Final[Mapping[str, Table]] = {
    t.name: t for t in (CLAIMS, MEASUREMENTS, SITES, FIXED, ASSETS, ROADS, WORKS, PLANS, BUILDINGS, VILLAGES, PLACES, CELLS, TILES, SPEEDS)
}
"""Contracts of the canonical tables that `ingest` stores, by kind."""

WARD_KEY: Final = ("ward_code", "operator", "technology", "environment", "period")
WARD_TABLE = Table(
    "ward_table",
    (
        *_WARD,
        Column("operator", required=True),
        Column("technology", required=True, values=tuple(Technology)),
        _ENVIRONMENT,
        _PERIOD,
        Column("tests", "int", "tests", low=0),
        Column("devices", "int", "devices", low=0),
        Column("median_rsrp_dbm", "float", "dBm"),
        Column("p10_rsrp_dbm", "float", "dBm"),
        *(_share(name) for name in ("pass_share", "pass_lo", "pass_hi", "claimed_area_share", "claimed_population_share")),
        *(_share(name) for name in ("area_share", "area_lo", "area_hi", "population_share", "population_lo", "population_hi")),
        Column("verdict", required=True, values=tuple(Verdict)),
        Column("tests_needed", "int", "tests", low=0),
        Column("boundary_source", required=True, values=tuple(BoundarySource)),
        Column("ward_version", required=True),
        Column("cells_measured", "int", "cells", low=0),
        Column("cells_total", "int", "cells", low=0),
        Column("evidence", values=("tests", "declared", "none")),
        Column("population_spread", values=("even", "raster")),
    ),
    key=WARD_KEY,
)
"""One row per ward × operator × technology × environment × period; shares are 0–1, empty means not known, never 0."""

RAW_TESTS = Table(
    "raw_tests",
    (
        *_WARD,
        Column("operator", required=True),
        Column("technology", required=True, values=tuple(Technology)),
        _ENVIRONMENT,
        _PERIOD,
        Column("tests", "int", "tests", required=True, low=1),
        Column("devices", "int", "devices", required=True, low=0),
        Column("median_rsrp_dbm", "float", "dBm", required=True),
        Column("p10_rsrp_dbm", "float", "dBm", required=True),
        Column("p95_rsrp_dbm", "float", "dBm", required=True),
        Column("share_at_level", "float", "share", required=True, low=0.0, high=1.0),
    ),
    key=WARD_KEY,
)
"""Rows as filed, before cleaning, that have a level: what a firm can count again in its own file."""

GAPS = Table(
    "gaps",
    (
        Column("gap_id", required=True),
        Column("gap_kind", required=True, values=tuple(GapKind)),
        *_WARD,
        Column("operator", required=True),
        Column("technology", required=True, values=tuple(Technology)),
        _ENVIRONMENT,
        _PERIOD,
        Column("rank", "int", "", required=True, low=1),
        Column("area_m2", "float", "m²", required=True, low=0),
        Column("population", "float", "people", low=0),
        Column("population_spread", required=True, values=("even", "raster")),
        Column("tests", "int", "tests", low=0),
        Column("devices", "int", "devices", low=0),
        Column("failures", "int", "tests", low=0),
        _share("failure_lo"),
        Column("claims", "int", "claims", low=0),
        Column("nearest_site_id"),
        Column("nearest_site_operator"),
        Column("nearest_site_m", "float", "m", low=0),
        Column("first_period", required=True),
        Column("carried_from"),
        Column("ward_version", required=True),
    ),
    key=("gap_id",),
    geometry="polygon",
)

SCORECARD = Table(
    "scorecard",
    (
        Column("indicator", required=True),
        Column("clause", required=True),
        Column("unit", required=True),
        Column("target_2030", "float"),
        Column("milestone_2028", "float"),
        Column("previous", "float"),
        Column("value", "float"),
        Column("lo", "float"),
        Column("hi", "float"),
        Column("numerator", "float"),
        Column("denominator", "float"),
        Column("declared", "float"),
        Column("declared_source"),
        Column("declared_date"),
        Column("difference", "float"),
        Column("assessment", required=True, values=("met", "not_met", "insufficient", "not_computed")),
        Column("lead", required=True),
    ),
    key=("indicator",),
)

CORRIDOR = Table(
    "corridor",
    (
        Column("asset_id", required=True),
        Column("asset_class", required=True, values=tuple(AssetClass)),
        Column("kind"),
        Column("owner", required=True),
        Column("contact"),
        Column("road_id", required=True),
        Column("chainage_m", "float", "m", required=True, low=0),
        Column("offset_m", "float", "m", required=True, low=0),
        Column("side", required=True, values=("left", "right", "on")),
        Column("length_m", "float", "m", low=0),
        Column("capacity", "int", "ways or slots", low=0),
        Column("used", "int", "ways or slots", low=0),
        Column("spare", "int", "ways or slots", low=0),
        Column("action", required=True, values=("reuse", "full", "survey", "closed")),
        Column("survey_date", "date"),
    ),
    key=("asset_id",),
    geometry="any",
)
"""Assets within a road's corridor: what can be reused, what is full, and what must be surveyed because its occupancy is unknown."""

SUGGESTIONS = Table(
    "suggestions",
    (
        Column("suggestion_id", required=True),
        Column("kind", required=True, values=tuple(SuggestionKind)),
        Column("road_id", required=True),
        Column("road_name"),
        Column("rank", "int", "", required=True, low=1),
        Column("owner", required=True),
        Column("contact"),
        Column("assets", required=True),
        Column("asset_count", "int", "assets", required=True, low=1),
        Column("spare", "int", "ways or slots", low=0),
        Column("dig_m_saved", "float", "m", low=0),
        Column("saving_vnd", "float", "VND"),
        Column("bound_pct", "float", "%"),
        Column("violations"),
        Column("assumptions"),
        Column("decision", required=True, values=("open", "accepted", "refused")),
        Column("reason"),
    ),
    key=("suggestion_id",),
    geometry="line",
)

RESULT_TABLES: Final[Mapping[str, Table]] = {t.name: t for t in (WARD_TABLE, RAW_TESTS, GAPS, SCORECARD, CORRIDOR, SUGGESTIONS)}
"""Contracts of the tables of a run, by name."""
