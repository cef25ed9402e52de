"""Contracts of the tables that `ingest` stores, and columns that several tables share; public through `hatang.data.contracts`."""

from collections.abc import Mapping
from typing import Final

from hatang.data._asset_measures import ASSET_MEASURES
from hatang.data._grid_tables import POPULATION, TERRAIN
from hatang.data._names import AssetClass, BoundarySource, Environment
from hatang.data._official_tables import DECLARATIONS, OUTAGES, PRICES
from hatang.data._planning_tables import CONSTRAINTS, UNDERGROUNDING
from hatang.data._tables import Column, Table

OPERATOR = Column("operator", required=True, synonyms=("doanh_nghiep", "nha_mang", "operatorname", "carrier", "provider", "don_vi"))
TECHNOLOGY = Column(
    "technology", required=True, values=("4g", "5g", "fibre"), synonyms=("cong_nghe", "techno", "tech", "network_mode", "networkmode")
)
ENVIRONMENT = Column("environment", required=True, values=tuple(Environment), synonyms=("moi_truong", "situation"))
PERIOD = Column("period", required=True)
PERIOD_OPEN = Column("period", synonyms=("ky", "ky_do", "quy", "quarter", "thang", "month"))
WARD = (
    Column("ward_code", required=True, synonyms=("ma_xa", "ma_phuong_xa", "ma_dvhc", "code", "ma_xa_phuong")),
    Column("ward_name", required=True, synonyms=("ten_xa", "phuong_xa", "xa_phuong", "ward", "ten_xa_phuong", "ten_phuong_xa")),
)


def share(name: str) -> Column:
    """Return a column of shares, 0–1."""
    return Column(name, "float", "share", low=0.0, high=1.0)


WARD_OPEN = (
    Column("ward_code", synonyms=("ma_xa", "ma_phuong_xa", "ma_dvhc", "ma_xa_phuong")),
    Column("ward_name", synonyms=("ten_xa", "phuong_xa", "xa_phuong", "xa", "phuong", "ward", "ten_xa_phuong", "ten_phuong_xa")),
)
"""Ward of a row that may have its place instead."""

WARDS = Table(
    "wards",
    (
        *WARD,
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
        OPERATOR,
        TECHNOLOGY,
        ENVIRONMENT,
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
        OPERATOR,
        TECHNOLOGY,
        ENVIRONMENT,
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
        Column("cell_id", synonyms=("cellid", "rawcellid", "cell", "eci", "nci", "ma_cell")),
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
        OPERATOR,
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
        Column("cell_id", required=True, synonyms=("ma_cell",)),
        Column("cell_name", synonyms=("ten_cell",)),
        OPERATOR,
        Column("radio", values=("2g", "3g", "4g", "5g"), synonyms=("cong_nghe", "technology", "rat")),
        Column("pci", "int", low=0, high=1007),
        Column("channel", "int", low=0, high=3_279_165, synonyms=("earfcn", "narfcn", "arfcn", "so_kenh")),
        Column("azimuth_deg", "float", "degree", low=0, high=360, synonyms=("azimuth", "goc_phuong_vi")),
        Column("height_m", "float", "m", low=0, high=350, synonyms=("height", "chieu_cao"), sentinels=(0,)),
        Column("range_m", "float", "m", low=0, synonyms=("range", "tam_phu")),
        Column("samples", "int", "tests", low=0, synonyms=("so_mau",)),
        Column("estimated", "bool", synonyms=("changeable", "uoc_luong")),
        Column("updated", "time", synonyms=("ngay_cap_nhat",)),
    ),
    key=("cell_id",),
    geometry="point",
)
"""Cells as phones, planners or crowds have them: hints to where antennas stand, never the register that ratios are counted from."""

TILES = Table(
    "tiles",
    (
        Column("quadkey", required=True, synonyms=("ma_o",)),
        Column("network", required=True, values=("mobile", "fixed"), synonyms=("layer", "mang")),
        PERIOD_OPEN,
        Column("download_mbps", "float", "Mbit/s", low=0, high=20000, synonyms=("toc_do_tai_xuong",)),
        Column("upload_mbps", "float", "Mbit/s", low=0, high=20000, synonyms=("toc_do_tai_len",)),
        Column("latency_ms", "float", "ms", low=0, high=60000, synonyms=("do_tre",)),
        Column("latency_down_ms", "float", "ms", low=0, high=60000, synonyms=("do_tre_khi_tai_xuong",)),
        Column("latency_up_ms", "float", "ms", low=0, high=60000, synonyms=("do_tre_khi_tai_len",)),
        Column("tests", "int", "tests", required=True, low=1, synonyms=("so_phep_do",)),
        Column("devices", "int", "devices", required=True, low=1, synonyms=("so_thiet_bi",)),
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
        *WARD,
        OPERATOR,
        Column("network", required=True, values=("4g", "5g", "mobile", "fixed"), synonyms=("mang", "loai_mang", "cong_nghe", "technology")),
        PERIOD_OPEN,
        Column("samples", "int", "tests", low=0, synonyms=("so_mau", "so_mau_do", "so_luong_mau", "so_luot_do")),
        Column(
            "download_mbps",
            "float",
            "Mbit/s",
            low=0,
            high=20000,
            synonyms=(
                "toc_do_tai_xuong",
                "toc_do_tai_xuong_trung_vi",
                "trung_vi_tai_xuong",
                "trung_vi_toc_do_tai_xuong",
                "tai_xuong_trung_vi",
                "tai_xuong",
                "median_down",
                "median_download",
                "download",
                "download_trung_vi",
                "trung_vi_download",
                "toc_do_download",
            ),
        ),
        Column(
            "upload_mbps",
            "float",
            "Mbit/s",
            low=0,
            high=20000,
            synonyms=(
                "toc_do_tai_len",
                "toc_do_tai_len_trung_vi",
                "trung_vi_tai_len",
                "trung_vi_toc_do_tai_len",
                "tai_len_trung_vi",
                "tai_len",
                "median_up",
                "median_upload",
                "upload",
                "upload_trung_vi",
                "trung_vi_upload",
                "toc_do_upload",
            ),
        ),
        Column(
            "latency_ms",
            "float",
            "ms",
            low=0,
            high=60000,
            synonyms=("ping", "do_tre", "do_tre_trung_vi", "trung_vi_do_tre", "ping_trung_vi", "median_ping", "latency"),
        ),
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
        *WARD,
        OPERATOR,
        Column("households", "int", "households", required=True, low=0, synonyms=("so_ho", "tong_so_ho", "ho")),
        Column(
            "households_served", "int", "households", required=True, low=0, synonyms=("ho_co_kha_nang_tiep_can", "served", "ho_phu_cap")
        ),
        Column("households_connected", "int", "households", low=0, synonyms=("ho_co_ket_noi", "subscribers", "thue_bao")),
        Column("download_mbps", "float", "Mbit/s", low=0, synonyms=("toc_do_trung_vi", "speed", "toc_do_tai_xuong", "max_download")),
        Column("upload_mbps", "float", "Mbit/s", low=0, synonyms=("toc_do_tai_len", "max_upload")),
        Column(
            "technology",
            values=("fibre", "cable", "copper", "wireless", "satellite", "other"),
            synonyms=("cong_nghe", "loai_duong_truyen", "technologie"),
        ),
        Column("basis", values=("count", "building", "served_area", "survey"), synonyms=("co_so_so_lieu", "cach_lap")),
    ),
    key=("ward_code", "operator", "technology"),
)
"""Homes of each ward that a provider can serve, by technology. `basis` tells where they come from: the provider's count, its list of
buildings, the area it serves, or a survey, whose `households` are those that were asked.
"""

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
        *ASSET_MEASURES,
    ),
    key=("asset_id",),
    geometry="any",
)

ROADS = Table(
    "roads",
    (
        Column("road_id", required=True, synonyms=("ma_duong", "osm_id", "id")),
        Column("road_name", synonyms=("ten_duong", "name", "ten")),
        Column("road_class", synonyms=("cap_duong", "loai_duong", "highway", "fclass", "class")),
        Column("width_m", "float", "m", low=0, high=200, synonyms=("be_rong", "chieu_rong", "width")),
        Column("lanes", "int", "lanes", low=0, high=20, synonyms=("so_lan", "so_lan_xe")),
        Column("bridge", "bool", synonyms=("cau",)),
        Column("tunnel", "bool", synonyms=("ham",)),
        Column("surface", synonyms=("mat_duong", "ket_cau_mat_duong")),
        Column("source", synonyms=("nguon",)),
    ),
    geometry="line",
)
"""Lines of roads; `road_class` and `surface` are in the words of `source`: `osm`, `overture`, or those of a register."""

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
        Column("start", "date", synonyms=("ngay_khoi_cong", "bat_dau"), bound="first"),
        Column("end", "date", synonyms=("ngay_hoan_thanh", "ket_thuc"), bound="last"),
        Column("join_deadline", "date", synonyms=("han_dang_ky",), bound="first"),
        Column("open_trench", "bool", synonyms=("dao_ho",)),
        Column("moratorium_until", "date", synonyms=("cam_dao_den",), bound="last"),
    ),
    key=("work_id",),
    geometry="any",
)

PLANS = Table(
    "plans",
    (
        Column("plan_id", required=True, synonyms=("ma_ke_hoach", "id")),
        OPERATOR,
        Column("ways", "int", "ways", low=0, high=200, synonyms=("so_ong",)),
        Column("earliest", "date", synonyms=("som_nhat",), bound="first"),
        Column("latest", "date", synonyms=("muon_nhat",), bound="last"),
        Column("budget_status", values=("none", "requested", "approved"), synonyms=("von",)),
        Column("cost_vnd", "float", "VND", low=0, synonyms=("khai_toan",)),
        Column("cables", "int", "", low=0, high=500, synonyms=("so_cap",)),
        Column("cable_od_mm", "float", "mm", low=0, high=200, synonyms=("duong_kinh_cap",)),
        Column("cable_kg_m", "float", "kg/m", low=0, high=100, synonyms=("khoi_luong_cap",)),
    ),
    key=("plan_id",),
    geometry="line",
)

BUILDINGS = Table(
    "buildings", (Column("building_id"), Column("area_m2", "float", "m²", low=0, synonyms=("area_in_meters", "dien_tich"))), geometry="any"
)

VILLAGES = Table(
    "villages",
    (
        Column("village_id", required=True, synonyms=("ma_thon", "ma_to", "ma_thon_to", "id")),
        Column(
            "village_name",
            required=True,
            synonyms=("ten_thon", "thon", "ten_to_dan_pho", "to_dan_pho", "ten_thon_to_dan_pho", "ten_ban", "name"),
        ),
        *WARD_OPEN,
        Column("village_kind", values=("thon", "ban", "to_dan_pho"), synonyms=("loai_hinh", "loai_thon", "loai", "kind")),
        Column("households", "int", "households", low=0, synonyms=("so_ho",)),
        Column("grid_power", "bool", synonyms=("dien_luoi",)),
        Column("specially_difficult", "bool", synonyms=("dbkk", "dac_biet_kho_khan")),
    ),
    key=("village_id",),
    geometry="point",
    placed=False,
)

PLACES = Table(
    "places",
    (
        Column("place_id", required=True, synonyms=("id",)),
        Column("place_name", synonyms=("ten_diem", "ten", "name")),
        Column("kind", required=True, synonyms=("loai_diem", "loai")),
        *WARD_OPEN,
        Column("fibre_paths", "int", "paths", low=0, high=20, synonyms=("so_huong_cap_quang", "so_tuyen_cap_quang")),
    ),
    key=("place_id",),
    geometry="point",
    placed=False,
)

WATER = Table(
    "water",
    (
        Column("water_id", required=True, synonyms=("ma_mat_nuoc", "id")),
        Column("water_name", synonyms=("ten_song", "ten_ho", "ten_mat_nuoc", "ten", "name")),
        Column("water_class", synonyms=("loai_mat_nuoc", "natural", "water", "waterway")),
    ),
    geometry="polygon",
)
"""Surfaces of water: nobody lives there, and people of a ward are spread over the rest of it."""

INPUT_TABLES: Final[Mapping[str, Table]] = {
    t.name: t
    for t in (
        CLAIMS,
        MEASUREMENTS,
        SITES,
        FIXED,
        ASSETS,
        ROADS,
        WORKS,
        PLANS,
        BUILDINGS,
        VILLAGES,
        PLACES,
        WATER,
        CELLS,
        TILES,
        SPEEDS,
        POPULATION,
        TERRAIN,
        CONSTRAINTS,
        UNDERGROUNDING,
        PRICES,
        DECLARATIONS,
        OUTAGES,
    )
}
"""Contracts of the canonical tables that `ingest` stores, by kind."""
