"""Use case: whose routes run along whose – of registers' files, or of the ducts that the city's register holds – and the files of it."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import pyproj

from hatang.data.atomic import disk, replacing
from hatang.data.contracts import HUE_CRS, MAP_CRS, AssetClass, ParameterError
from hatang.data.geopackage import geopackage_bytes
from hatang.data.language import Language
from hatang.data.limits import Limits
from hatang.data.results import ResultSet
from hatang.data.rules import rule_value, rules_in_force
from hatang.data.sandbox import register_apart
from hatang.pipeline.progress import Progress
from hatang.pipeline.register import lengths_crs
from hatang.reports.commonroutes import routes_layers, routes_map, routes_note, routes_workbook
from hatang.sharing.commonroutes import common_routes

DISTANCES_M: Final = (30.0, 100.0, 500.0)
"""How near counts where nothing else is asked for: one trench, one road, one corridor."""
_FARTHEST_M: Final = 5_000.0
_LINES: Final = ("duct_sections", "spans")


@dataclass(frozen=True)
class Routes:
    """Routes by firm (`firm`, lines, EPSG:4326), which files or run they are of, whether synthetic, how many rows were left out."""

    lines: gpd.GeoDataFrame
    source: str
    synthetic: bool = False
    left_out: int = 0


@dataclass(frozen=True)
class CommonRoutes:
    """Who could have dug with whom: `found` (COMMON_ROUTES contract, EPSG:4326), the routes, the day, and where lengths are taken."""

    routes: Routes
    found: gpd.GeoDataFrame
    as_of: dt.date
    crs: str


def routes_of_files(files: Sequence[Path], limits: Limits, *, crs: str | None = None, progress: Progress) -> Routes:
    """Return the ducts and spans of registers by firm: who owns them, else who runs them, else the network, else the file.

    Parameters
    ----------
    files
        As `read_register` takes them; each is read in a process apart.
    crs
        What a file is in that does not say.

    Raises
    ------
    RefusedError
        Where one is no register, or damaged.
    """
    progress.step("share.register", total=len(files))
    parts, left_out = [], 0
    for file in files:
        tables, found = register_apart(file, limits, crs)
        for name in _LINES:
            rows = pd.DataFrame(tables[name])
            firm = rows["owner"].astype(object)
            for next_best in ("manager", "source"):
                firm = firm.where(firm.notna(), rows[next_best].astype(object))
            parts.append(pd.DataFrame({"firm": firm.fillna(file.stem), "geometry": rows["geometry"]}))
        left_out += int(((found["severity"] == "left_out") & found["table"].isin(_LINES)).sum())
        progress.advance()
    whole = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"firm": [], "geometry": []})
    lines = gpd.GeoDataFrame(whole, geometry="geometry", crs=MAP_CRS)
    return Routes(lines, ", ".join(file.name for file in files), left_out=left_out)


def routes_of_city(results: ResultSet) -> Routes:
    """Return the duct sections of a run by owner."""
    assets = gpd.GeoDataFrame(results.tables["assets"])
    ducts = assets[(assets["asset_class"] == AssetClass.DUCT_SECTION) & assets["owner"].notna()]
    lines = gpd.GeoDataFrame({"firm": ducts["owner"].astype(object)}, geometry=ducts.geometry, crs=assets.crs).reset_index(drop=True)
    return Routes(lines, results.run_id, results.synthetic)


def compare_routes(
    routes: Routes, *, distances_m: Sequence[float] = DISTANCES_M, as_of: dt.date, crs: str | None = None, progress: Progress
) -> CommonRoutes:
    """Return who could have dug with whom, at several distances.

    Parameters
    ----------
    crs
        Where lengths are taken, as for `check_register`; where none is named, EPSG:9214, or for routes beyond its area the zone of UTM
        they lie in.

    Raises
    ------
    ParameterError
        Where a distance is not above 0 and at most 5,000 m, or the coordinate system is none in degrees or metres.
    """
    for distance in distances_m:
        if not 0 < distance <= _FARTHEST_M:
            raise ParameterError("error.routes.distance", distance=distance, most=f"{_FARTHEST_M:.0f}")
    metric = lengths_crs(crs) if crs is not None else _near_crs(routes.lines)
    rules = rules_in_force(as_of)
    progress.step("share.routes")
    found = common_routes(
        routes.lines.to_crs(metric),
        distances_m=tuple(distances_m),
        max_angle_deg=rule_value(rules, "overlap_angle_deg"),
        gap_m=rule_value(rules, "overlap_gap_m"),
    )
    return CommonRoutes(routes, found.to_crs(MAP_CRS), as_of, metric)


def _near_crs(lines: gpd.GeoDataFrame) -> str:
    """Return EPSG:9214 where the middle of the lines lies in its area of use, else the zone of UTM of that middle."""
    area = pyproj.CRS(HUE_CRS).area_of_use
    if lines.empty or area is None:
        return HUE_CRS
    west, south, east, north = lines.total_bounds
    x, y = (west + east) / 2, (south + north) / 2
    inside = area.west <= x <= area.east and area.south <= y <= area.north
    return HUE_CRS if inside else str(lines.estimate_utm_crs())


def write_common_routes(answer: CommonRoutes, out: Path, *, language: Language, progress: Progress) -> list[Path]:
    """Write `tuyen-chung.xlsx`, `tuyen-chung.gpkg` (lengths' CRS) and `tuyen-chung.png` into `out` and return their paths.

    Raises
    ------
    StoreError
        Where the disk refuses.
    """
    note = note_of(answer, language)
    lines, found = answer.routes.lines.to_crs(answer.crs), answer.found.to_crs(answer.crs)
    makers: dict[str, Callable[[], bytes]] = {
        "tuyen-chung.xlsx": lambda: routes_workbook(answer.found, language, note=note),
        "tuyen-chung.gpkg": lambda: geopackage_bytes(routes_layers(lines, found, answer.as_of, synthetic=answer.routes.synthetic)),
        "tuyen-chung.png": lambda: routes_map(lines, found, language, note=note),
    }
    progress.step("report.writing", total=len(makers))
    with disk(out):
        out.mkdir(parents=True, exist_ok=True)
    paths = []
    for file, make in makers.items():
        content = make()
        with replacing(out / file) as part:
            part.write_bytes(content)
        paths.append(out / file)
        progress.advance()
    return paths


def note_of(answer: CommonRoutes, language: Language) -> str:
    """Return what stands beside every figure of an answer: source, day, coordinate system, what is uncertain, and the synthetic label."""
    routes = answer.routes
    return routes_note(routes.source, answer.as_of, answer.crs, language, synthetic=routes.synthetic, left_out=routes.left_out)
