"""Small sound files of every form and kind that readers take, to be damaged: `SEEDS` makes each by its publisher's library or by hand."""

import gzip
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import geopandas as gpd
import openpyxl
import osmium
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from hatang.data.contracts import Kind

TESTS: Final = (
    "time,lon,lat,operator,technology,rsrp_dbm,sinr_db,no_service\n"
    "2026-08-02 09:30:05,107.59,16.46,Viettel,4G,-90,7.5,\n2026-08-02 09:30:06,107.60,16.47,45202,5G,-91,8,\n,107.6,16.4,Viettel,,,,có\n"
)
_LOG: Final = (
    "Timestamp,Longitude,Latitude,Speed,Operatorname,CellID,NetworkMode,RSRP,RSRQ,SNR,CQI,RSSI,DL_bitrate,UL_bitrate,State,PINGAVG,"
    "CELLHEX,RAWCELLID\n2026.08.02_09.30.05,107.59,16.46,12,Viettel,7,LTE,-92,-11,7.5,9,-70,1200,300,D,31,A1,118303233\n"
    "2026.08.02_09.30.06,107.59,16.46,12,Viettel,7,5G,-200,2147483647,-,9,-70,1200,300,D,31,A1,118303233\n"
)
_RTR: Final = (
    "open_uuid,open_test_uuid,time_utc,cat_technology,network_type,lat,long,loc_src,loc_accuracy,download_kbit,upload_kbit,ping_ms,lte_rsrp,"
    "lte_rsrq,platform,model,network_mcc_mnc,sim_mcc_mnc,implausible,signal_strength,cell_area_code,cell_location_id\n"
    "P1,O1,2026-08-02 02:30:05,4G,LTE,16.46,107.59,gps,5,12000,3000,31,-92,-11,Android,X,452-04,452-04,false,,1,2\n"
)
_SITES: Final = (
    "Mã trạm;Tên trạm;Nhà mạng;Kinh độ;Vĩ độ;Chiều cao cột;Công nghệ\n"
    "S1;Huế 1;Viettel;107,59;16,46;42,5;4G/5G\n"
    "S2;Huế 2;VNPT;107,6;16,47;0;LTE\n"
)
_CELLS: Final = (
    "LTE,452,4,4601,118303233,0,107.59,16.46,1000,1,1,1459813819,1459813819,0\n"
    "GSM,452,1,46,11,0,107.6,16.4,900,2,0,1459813819,1459813819,-70\n"
)
_FIXED: Final = (
    "ward_code,ward_name,operator,households,households_served,households_connected\n19753,,VNPT,100,90,80\n,Phú Xuân,FPT,1.250,90,80\n"
)
_TILES: Final = "WKT,quadkey,avg_d_kbps,avg_u_kbps,avg_lat_ms,tests,devices,type\n,1322312103021132,1200,300,31,5,2,mobile\n"
_SPEEDS: Final = (
    "Phường xã,Nhà mạng,Mạng,Số mẫu,Tải xuống,Tải lên,Ping,period\n"
    "Phú Xuân,Viettel,5G,420,85,22,28,2026Q3\n"
    "Thuận Hóa,VNPT,cố định,không đủ mẫu,,,,Quý III/2026\n"
)
_VILLAGES: Final = (
    "Tên thôn;Phường, xã;Loại hình;Số hộ;ĐBKK;Kinh độ;Vĩ độ\nA Ka;A Lưới 1;bản;120;có;107,2;16,2\nTổ 5;Thuận Hóa;TDP;1.250;không;;\n"
)
_ASSETS: Final = (
    "asset_id;asset_class;owner;status;ways;ways_used;survey_date;lon;lat;wkt\n"
    'A1;Cống cáp;VNPT;Đang sử dụng;4;1;30/09/2026;107.59;16.46;"LINESTRING (107.59 16.46, 107.6 16.47)"\n'
    "A2;pole;VNPT;in_service;;;;107.59;16.46;POINT (107.59 16.46)\n"
)
_WORKS: Final = (
    "work_id,work_name,promoter,kind,start,end,longitude,latitude\nW1,Mở rộng,Ban QLDA,mở rộng,01/10/2026,31/12/2026,107.6,16.4\n"
)
_LINE: Final = shapely.LineString([(107.58, 16.46), (107.59, 16.465), (107.6, 16.47)])
_AREA: Final = shapely.Polygon(
    [(107.5, 16.4), (107.6, 16.4), (107.6, 16.5), (107.5, 16.5)], [[(107.54, 16.44), (107.56, 16.44), (107.55, 16.46)]]
)


def _text(words: str, encoding: str = "utf-8") -> Callable[[Path], bytes]:
    return lambda _: words.encode(encoding)


def _book(words: str) -> bytes:
    book = openpyxl.Workbook()
    for line in words.splitlines():
        book.active.append(line.split(","))  # type: ignore[union-attr]  # a new workbook has a sheet
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def _layer(driver: str, name: str, shape: shapely.Geometry = _LINE) -> Callable[[Path], bytes]:
    """Return what writes two features by GDAL, a layer of several files as an archive."""

    def make(folder: Path) -> bytes:
        frame = gpd.GeoDataFrame(
            {"road_id": ["R1", "R2"], "road_name": ["Lê Lợi", None], "width_m": [7.5, 12.0], "lanes": [2, 4]},
            geometry=[shape, shapely.transform(shape, lambda xy: xy + 0.01)],
            crs="EPSG:4326",
        )
        frame.to_file(folder / name, driver=driver)
        if not name.endswith(".shp"):
            return (folder / name).read_bytes()
        sink = io.BytesIO()
        with zipfile.ZipFile(sink, "w") as archive:
            for path in sorted(folder.iterdir()):
                archive.write(path, path.name)
        return sink.getvalue()

    return make


def _claims(_: Path) -> bytes:
    properties = {"operator": "VNPT", "technology": "5G", "level_dbm": -110, "environment": "outdoor"}
    feature = {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(_AREA)}
    return json.dumps({"type": "FeatureCollection", "features": [feature, feature]}, ensure_ascii=False).encode()


def _wards(_: Path) -> bytes:
    features = [
        {"type": "Feature", "properties": {"ward_code": code, "ward_name": name}, "geometry": shapely.geometry.mapping(_AREA)}
        for code, name in (("19753", "Phú Xuân"), ("19813", "Thủy Xuân"))
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode()


def _parquet(folder: Path) -> bytes:
    rows = {
        "lon": [107.59, 107.6],
        "lat": [16.46, 16.47],
        "operator": ["Viettel", "VNPT"],
        "technology": ["4G", "5G"],
        "rsrp_dbm": [-90.0, None],
    }
    pq.write_table(pa.table(rows), folder / "t.parquet")
    return (folder / "t.parquet").read_bytes()


def _geoparquet(folder: Path) -> bytes:
    gpd.GeoDataFrame({"road_id": ["R1"], "road_name": ["Lê Lợi"]}, geometry=[_LINE], crs="EPSG:4326").to_parquet(folder / "t.parquet")
    return (folder / "t.parquet").read_bytes()


def _segments(folder: Path) -> bytes:
    row = {"id": "08b1", "subtype": "road", "class": "primary", "names": {"primary": "Lê Lợi"}, "connectors": [{"at": 0.0}]}
    rules = {
        "road_surface": [{"value": "paved", "between": None}],
        "road_flags": [{"values": ["is_bridge"]}],
        "width_rules": [{"value": 7.5}],
    }
    table = pa.Table.from_pylist([row | rules]).append_column("geometry", pa.array([shapely.to_wkb(_LINE)], pa.binary()))
    pq.write_table(table, folder / "t.parquet")
    return (folder / "t.parquet").read_bytes()


def _pbf(folder: Path) -> bytes:
    path = folder / "t.pbf"
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf,pbf_compression=none")) as writer:
        for number, place in enumerate(_LINE.coords, 1):
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place, version=1))
        writer.add_way(osmium.osm.mutable.Way(id=7, nodes=[1, 2, 3], tags={"highway": "primary", "width": "7,5"}, version=1))
    return path.read_bytes()


def _overpass(_: Path) -> bytes:
    way = {"type": "way", "id": 7, "tags": {"highway": "primary"}, "geometry": [{"lon": x, "lat": y} for x, y in _LINE.coords]}
    return json.dumps({"version": 0.6, "osm3s": {}, "elements": [way, {"type": "node", "id": 1, "lon": 107.5, "lat": 16.4}]}).encode()


def _cell_list(_: Path) -> bytes:
    cell = {"lat": 16.46, "lon": 107.58, "mcc": 452, "mnc": 4, "lac": 1, "cellid": 2, "range": 1000, "samples": 1, "radio": "LTE"}
    return json.dumps({"count": 1, "cells": [cell]}).encode()


def _osm(_: Path) -> bytes:
    nodes = "".join(f'<node id="{n}" lat="{y}" lon="{x}"/>' for n, (x, y) in enumerate(_LINE.coords, 1))
    way = '<way id="7"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="primary"/><tag k="width" v="7,5"/></way>'
    return f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{nodes}{way}</osm>'.encode()


def _zipped(_: Path) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("a.csv", _LOG)
        archive.writestr("b/b.csv", _LOG)
    return sink.getvalue()


SEEDS: Final[Mapping[str, tuple[Kind | None, Callable[[Path], bytes]]]] = {
    "csv": (Kind.MEASUREMENTS, _text(TESTS)),
    "csv_gnettrack": (Kind.AUTO, _text(_LOG)),
    "csv_rtr": (Kind.AUTO, _text(_RTR)),
    "csv_utf16": (Kind.AUTO, _text(TESTS, "utf-16")),
    "csv_cp1258": (
        Kind.SITES,
        _text("Ma tram;Nha mang;Kinh do;Vi do;Ten tram\nS1;Viettel;107,59;16,46;\u0110ươ\u0300ng Hu\u00ea\u0301\n", "cp1258"),
    ),
    "sites": (Kind.SITES, _text(_SITES)),
    "cells": (Kind.CELLS, _text(_CELLS)),
    "fixed": (Kind.FIXED, _text(_FIXED)),
    "tiles": (Kind.TILES, _text(_TILES)),
    "speeds": (Kind.SPEEDS, _text(_SPEEDS)),
    "villages": (Kind.VILLAGES, _text(_VILLAGES)),
    "assets": (Kind.ASSETS, _text(_ASSETS)),
    "works": (Kind.WORKS, _text(_WORKS)),
    "xlsx": (Kind.AUTO, lambda _: _book(TESTS)),
    "zip": (Kind.AUTO, _zipped),
    "gzip": (Kind.AUTO, lambda _: gzip.compress(TESTS.encode())),
    "geojson": (Kind.CLAIMS, _claims),
    "gpkg": (Kind.ROADS, _layer("GPKG", "t.gpkg")),
    "shp": (Kind.ROADS, _layer("ESRI Shapefile", "t.shp")),
    "fgb": (Kind.ROADS, _layer("FlatGeobuf", "t.fgb")),
    "kml": (Kind.ROADS, _layer("KML", "t.kml")),
    "parquet": (Kind.MEASUREMENTS, _parquet),
    "geoparquet": (Kind.ROADS, _geoparquet),
    "overture": (Kind.ROADS, _segments),
    "pbf": (Kind.ROADS, _pbf),
    "overpass": (Kind.ROADS, _overpass),
    "osm": (Kind.ROADS, _osm),
    "cell_list": (Kind.CELLS, _cell_list),
    "people": (
        Kind.POPULATION,
        _text("latitude,longitude,population\n16.460138889,107.580138889,4.5\n16.460416667,107.580138889,2\n"),
    ),
    "boundaries": (None, _wards),
    "mapping": (
        None,
        _text(
            "crs: EPSG:9214\ndecimal: ','\ncolumns: {rsrp_dbm: RSRP, x: X}\nunits: {download_mbps: kbit/s}\nconstants: {operator: vnpt}\n"
        ),
    ),
}
"""Name of a target → the kind its files are read as (None: boundaries and mapping files have readers of their own), and their bytes."""


def seed(name: str) -> bytes:
    """Return a sound file of a target."""
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        return SEEDS[name][1](Path(folder))
