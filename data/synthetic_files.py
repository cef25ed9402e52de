"""The synthetic city as the files that firms and departments would send, each in a format of its own."""

import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import yaml

from hatang.data.atomic import replacing
from hatang.data.contracts import MAP_CRS
from hatang.data.synthetic_assets import plans_along, synthetic_assets, synthetic_fixed, synthetic_plans, synthetic_works, works_along
from hatang.data.synthetic_city import City, CityPlan
from hatang.data.synthetic_planning import synthetic_constraints, synthetic_undergrounding
from hatang.data.synthetic_radio import Radio, synthetic_radio

_LOG_OPERATOR = "mobifone"
_UNSAID = ("PINGAVG", "PINGMIN", "PINGMAX", "PINGSTDEV", "PINGLOSS", "CELLHEX", "NODEHEX", "LACHEX", "RAWCELLID", "NRxRSRP", "NRxRSRQ")
_ZIP_TIME = (2026, 9, 30, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One file as it was sent: what the sender said of it."""

    file: Path
    kind: str
    said: Mapping[str, Any] = field(default_factory=dict)


def write_files(
    city: City, folder: Path, *, plan: CityPlan, advance: Callable[[], object] = lambda: None
) -> tuple[list[Delivery], pd.DataFrame]:
    """Write the city's files into `folder`; return them, and the truth (`ward_code`, `operator`, `technology`, `true_share`)."""
    folder.mkdir(parents=True, exist_ok=True)
    radio = synthetic_radio(city, plan=plan)
    deliveries = [*_measurements(radio, folder), *_claims(radio, folder)]
    advance()
    assets = synthetic_assets(city, plan=plan).to_crs(MAP_CRS)
    points = radio.sites.to_crs(MAP_CRS)
    table = pd.DataFrame(points.drop(columns=["geometry", "x", "y"])).assign(
        longitude=points.geometry.x.round(6), latitude=points.geometry.y.round(6)
    )
    deliveries.append(Delivery(_csv(table, folder / "tram-bts-mo-phong.csv"), "sites"))
    deliveries.append(Delivery(_gpkg(assets, folder / "so-tai-san-mo-phong.gpkg"), "assets"))
    asked = shapely.LineString(shapely.get_coordinates(demo_road(city).geometry.iloc[0]))
    works = _together(synthetic_works(city, plan=plan), works_along(asked))
    plans = _together(synthetic_plans(city, plan=plan), plans_along(asked))
    deliveries.append(Delivery(_gpkg(works.to_crs(MAP_CRS), folder / "cong-trinh-mo-phong.gpkg"), "works"))
    deliveries.append(Delivery(_gpkg(plans.to_crs(MAP_CRS), folder / "ke-hoach-mo-phong.gpkg"), "plans"))
    deliveries.append(Delivery(_gpkg(city.roads, folder / "duong-mo-phong.gpkg"), "roads"))
    deliveries += _planning(city, folder, plan)
    for name, frame, kind in (
        ("nha-mo-phong", city.buildings, "buildings"),
        ("thon-mo-phong", city.villages, "villages"),
        ("diem-trong-yeu-mo-phong", city.places, "places"),
    ):
        degrees = frame.to_crs(MAP_CRS)
        plain = pd.DataFrame(degrees.drop(columns=["geometry", "x", "y", "density", "ward_code"], errors="ignore"))
        plain = plain.assign(longitude=degrees.geometry.x.round(6), latitude=degrees.geometry.y.round(6))
        deliveries.append(Delivery(_csv(plain, folder / f"{name}.csv"), kind))
    with replacing(folder / "cap-quang-mo-phong.xlsx") as beside:
        _workbook(synthetic_fixed(city, plan=plan), beside)
    deliveries.append(Delivery(folder / "cap-quang-mo-phong.xlsx", "fixed"))
    advance()
    return deliveries, radio.truth


def demo_road(city: City) -> gpd.GeoDataFrame:
    """Return the street with most of the city's people near it, as a road to ask about (ROADS columns, EPSG:9214)."""
    streets = city.roads[city.roads["road_name"].str.startswith("Phố")]
    middle = streets.geometry.interpolate(0.5, normalized=True)
    villages = city.villages
    near = [float((villages["households"] * np.exp(-villages.distance(point) / 800)).sum()) for point in middle]
    return gpd.GeoDataFrame(streets.iloc[[int(np.argmax(near))]].reset_index(drop=True))


def _together(everywhere: gpd.GeoDataFrame, asked: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return what lies along roads all over the city, and along the road that is asked about."""
    return gpd.GeoDataFrame(pd.concat([everywhere, asked], ignore_index=True), geometry="geometry", crs=everywhere.crs)


def _measurements(radio: Radio, folder: Path) -> list[Delivery]:
    """Write one operator's 4G log as G-NetTrack Pro would, all other tests as a semicolon CSV with a mapping."""
    degrees = gpd.GeoSeries(gpd.points_from_xy(radio.tests["x"], radio.tests["y"]), crs="EPSG:9214").to_crs(MAP_CRS)
    tests = radio.tests.assign(lon=degrees.x.round(6).to_numpy(), lat=degrees.y.round(6).to_numpy())
    logged = (tests["operator"] == _LOG_OPERATOR) & (tests["technology"] == "4g") & ~tests["no_service"]
    log = tests[logged]
    gnettrack = pd.DataFrame(
        {
            "session": log["session"],
            "Timestamp": log["time"].dt.strftime("%Y.%m.%d_%H.%M.%S"),
            "Longitude": log["lon"],
            "Latitude": log["lat"],
            "Speed": 18,
            "Operatorname": "45201",
            "CellID": "-",
            "NetworkMode": "LTE",
            "RSRP": log["rsrp_dbm"],
            "RSRQ": log["rsrq_db"],
            "SNR": log["sinr_db"],
            "CQI": "-",
            "RSSI": "-",
            "DL_bitrate": (log["download_mbps"] * 1000).round().astype("Int64"),
            "UL_bitrate": "-",
            "State": "D",
            **dict.fromkeys(_UNSAID, "-"),
        }
    )
    mapped = tests[~logged]
    generic = pd.DataFrame(
        {
            "thời gian": mapped["time"].dt.strftime("%d/%m/%Y %H:%M:%S"),
            "kinh độ": mapped["lon"],
            "vĩ độ": mapped["lat"],
            "nhà mạng": mapped["operator"],
            "công nghệ": mapped["technology"],
            "mức thu": mapped["rsrp_dbm"],
            "rsrq": mapped["rsrq_db"],
            "sinr": mapped["sinr_db"],
            "mất sóng": mapped["no_service"].astype(int),
            "máy": mapped["device_id"],
            "sai số": mapped["accuracy_m"],
            "tải xuống": (mapped["download_mbps"] * 1000).round().astype("Int64"),
        }
    )
    names = (
        "time",
        "lon",
        "lat",
        "operator",
        "technology",
        "rsrp_dbm",
        "rsrq_db",
        "sinr_db",
        "no_service",
        "device_id",
        "accuracy_m",
        "download_mbps",
    )
    mapping = {
        "crs": MAP_CRS,
        "delimiter": ";",
        "decimal": ",",
        "columns": dict(zip(names, generic.columns, strict=True)),
        "units": {"download_mbps": "kbit/s"},
        "constants": {"environment": "outdoor"},
    }
    (folder / "ket-qua-do-mo-phong.yaml").write_text(yaml.safe_dump(mapping, allow_unicode=True, sort_keys=False), "utf-8")
    return [
        Delivery(_csv(gnettrack, folder / "gnettrack-mo-phong.csv"), "measurements", {"environment": "outdoor"}),
        Delivery(
            _csv(generic, folder / "ket-qua-do-mo-phong.csv", sep=";", decimal=","),
            "measurements",
            {"mapping": folder / "ket-qua-do-mo-phong.yaml"},
        ),
    ]


def _claims(radio: Radio, folder: Path) -> list[Delivery]:
    """Write each operator's claims in the format it prefers: GPKG, GeoJSON, or a zipped shapefile."""
    deliveries = []
    for operator, mine in radio.claims.groupby("operator", sort=True):
        frame = gpd.GeoDataFrame(mine[["operator", "technology", "geometry"]], crs=radio.claims.crs).to_crs(MAP_CRS)
        name = f"cong-bo-{operator}-mo-phong"
        if operator == "vnpt":
            path = folder / f"{name}.geojson"
            with replacing(path) as beside:
                frame.to_file(beside, driver="GeoJSON", engine="pyogrio")
        elif operator == "mobifone":
            path = _zipped_shape(frame, folder / f"{name}.zip")
        else:
            path = _gpkg(frame, folder / f"{name}.gpkg")
        deliveries.append(Delivery(path, "claims", {"environment": "outdoor"}))
    return deliveries


def _planning(city: City, folder: Path, plan: CityPlan) -> list[Delivery]:
    """Write the zones as a layer, and the programme of undergrounding as a table with its lines as text."""
    zones = _gpkg(synthetic_constraints(city, plan=plan).to_crs(MAP_CRS), folder / "vung-rang-buoc-mo-phong.gpkg")
    streets = synthetic_undergrounding(city, plan=plan).to_crs(MAP_CRS)
    lines = [shapely.to_wkt(line, rounding_precision=6) for line in streets.geometry.to_numpy()]
    table = pd.DataFrame(streets.drop(columns="geometry")).assign(**{"WKT (WGS 84)": lines})
    programme = _csv(table, folder / "chuong-trinh-ngam-hoa-mo-phong.csv", sep=";")
    return [Delivery(zones, "constraints"), Delivery(programme, "undergrounding")]


def _csv(frame: pd.DataFrame, path: Path, *, sep: str = ",", decimal: str = ".") -> Path:
    with replacing(path) as beside:
        frame.to_csv(beside, index=False, sep=sep, decimal=decimal)
    return path


def _gpkg(frame: gpd.GeoDataFrame, path: Path) -> Path:
    with replacing(path) as beside:
        frame.to_file(beside, driver="GPKG", layer=path.stem, engine="pyogrio")
    return path


def _zipped_shape(frame: gpd.GeoDataFrame, path: Path) -> Path:
    with tempfile.TemporaryDirectory() as folder, replacing(path) as beside:
        frame.to_file(Path(folder) / f"{path.stem}.shp", driver="ESRI Shapefile", engine="pyogrio", encoding="utf-8")
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in sorted(Path(folder).iterdir()):
                archive.writestr(zipfile.ZipInfo(part.name, _ZIP_TIME), part.read_bytes(), zipfile.ZIP_DEFLATED)
    return path


def _workbook(frame: pd.DataFrame, path: Path) -> None:
    with pd.ExcelWriter(path, engine="xlsxwriter") as book:
        frame.to_excel(book, index=False, sheet_name="Cáp quang (mô phỏng)")
