"""Published formats of speeds by map tile, and those whose files prove nothing about a mobile network here."""

from typing import Final

from hatang.data._format import Format
from hatang.data.contracts import Kind

SPEED_FORMATS: Final = (
    Format(
        "ndt",
        "M-Lab NDT",
        Kind.MEASUREMENTS,
        frozenset({"a_uuid", "a_testtime", "client_geo_latitude", "client_geo_longitude"}),
        refusal="format_ip_position",
    ),
    Format(
        "lorawan",
        "LoRaWAN",
        Kind.MEASUREMENTS,
        frozenset({"gateway", "gw_lat", "gw_lon", "rssi", "snr", "spreading_factor"}),
        refusal="format_other_radio",
        tried=True,
    ),
    Format(
        "lorawan_gateways",
        "LoRaWAN (cổng)",
        Kind.CELLS,
        frozenset({"gateway", "gw_lat", "gw_lon", "gw_elevation", "frequency"}),
        without=frozenset({"rssi"}),
        refusal="format_other_radio",
        tried=True,
    ),
    Format(
        "lorawan_predicted",
        "LoRaWAN (vùng dự báo)",
        Kind.CLAIMS,
        frozenset({"bin", "rssi_low_dbm", "rssi_high_dbm", "label"}),
        refusal="format_other_radio",
        tried=True,
    ),
    Format(
        "ookla",
        "Ookla, dữ liệu mở (ô z16)",
        Kind.TILES,
        frozenset({"quadkey", "avg_d_kbps", "avg_u_kbps", "avg_lat_ms", "tests", "devices"}),
        columns={
            "quadkey": ("quadkey",),
            "network": ("type", "network"),
            "lon": ("tile_x",),
            "lat": ("tile_y",),
            "download_mbps": ("avg_d_kbps",),
            "upload_mbps": ("avg_u_kbps",),
            "latency_ms": ("avg_lat_ms",),
            "latency_down_ms": ("avg_lat_down_ms",),
            "latency_up_ms": ("avg_lat_up_ms",),
            "tests": ("tests",),
            "devices": ("devices",),
        },
        units={"download_mbps": "kbit/s", "upload_mbps": "kbit/s"},
    ),
    Format(
        "ookla_joined",
        "Ookla, ô gộp nhiều quý",
        Kind.TILES,
        frozenset({"quadkey", "tests", "devices", "d_mbps", "u_mbps", "lat_ms", "quarters"}),
        columns={
            "quadkey": ("quadkey",),
            "lon": ("lon",),
            "lat": ("lat",),
            "download_mbps": ("d_mbps",),
            "upload_mbps": ("u_mbps",),
            "latency_ms": ("lat_ms",),
            "tests": ("tests",),
            "devices": ("devices",),
        },
        constants={"network": "mobile"},  # it is held against claims of mobile coverage
        tried=True,
    ),
    Format(
        "ookla_provinces",
        "Ookla, số liệu theo tỉnh",
        Kind.TILES,
        frozenset({"province", "quarter", "avg_d_mbps", "avg_u_mbps", "total_tests", "n_tiles"}),
        refusal="format_province",
        tried=True,
    ),
)
