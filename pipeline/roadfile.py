"""Use case: the lines of a road from a file, read in a process apart, and what is to be said of them before anything is computed."""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Final

import geopandas as gpd
import shapely

from hatang.data.contracts import HUE_CRS, MAP_CRS, ROADS, Fault, Kind, RefusedError, Severity
from hatang.data.reading import ReadOptions
from hatang.data.rules import rule_value, rules_in_force
from hatang.data.sandbox import read_apart
from hatang.data.settings import Settings
from hatang.data.store import printable
from hatang.data.tablefile import arrow_table
from hatang.data.wards import load_boundaries

_COARSE_M: Final = 50.0
"""By how much the city's outline may be simplified before the margin, which is far wider, is laid round it."""


def read_road(
    file: Path, settings: Settings, *, mapping: Path | None = None, crs: str | None = None
) -> tuple[gpd.GeoDataFrame, tuple[Fault, ...]]:
    """Return the road lines of a file (ROADS contract, EPSG:4326) and what is to be said of it, `road_notes` included.

    Parameters
    ----------
    mapping, crs
        What a mapping file (YAML) says of the file: the layer of a drawing, names of columns; and its CRS where it names none.

    Raises
    ------
    RefusedError
        Where the file is refused, or the whole road lies outside the city.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "road.arrow"
        outcome = read_apart(file, target, Kind.ROADS, ReadOptions(mapping=mapping, limits=settings.limits, crs=crs))
        roads = gpd.GeoDataFrame(arrow_table(target, Kind.ROADS), geometry="geometry", crs=MAP_CRS)
    return roads, (*road_notes(roads, settings, printable(file.name)), *outcome.faults)


def road_lines(road: Path | gpd.GeoDataFrame, settings: Settings) -> gpd.GeoDataFrame:
    """Return the lines of a file or of a frame in any CRS (ROADS contract).

    Raises
    ------
    RefusedError
        As `read_road`.
    """
    if isinstance(road, Path):
        return read_road(road, settings)[0]
    return gpd.GeoDataFrame(ROADS.conform(road), geometry="geometry", crs=road.crs)


def road_notes(roads: gpd.GeoDataFrame, settings: Settings, name: str) -> tuple[Fault, ...]:
    """Return warnings of a road that leaves the city, or that is in parts which do not touch; both are computed as they are.

    Outside is what lies beyond the wards in use and the rule `inside_city_margin_m`; parts touch within `road_snap_m`.

    Parameters
    ----------
    roads
        Lines, any CRS.
    name
        What the file is called.

    Raises
    ------
    RefusedError
        Where nothing of the road lies in the city.
    """
    rules = rules_in_force(dt.datetime.now(dt.UTC).date())
    margin, snap = (rule_value(rules, rule) for rule in ("inside_city_margin_m", "road_snap_m"))
    lines = roads[roads.geometry.notna()].to_crs(HUE_CRS).geometry
    wards = load_boundaries(settings).frame.geometry.to_crs(HUE_CRS)
    city = shapely.buffer(shapely.simplify(wards.union_all(), _COARSE_M), margin + _COARSE_M)
    whole, outside = float(lines.length.sum()), float(lines.difference(city).length.sum())
    said = {"outside_m": f"{outside:.0f}", "road_m": f"{whole:.0f}", "margin_m": f"{margin:g}"}
    faults = []
    if outside >= whole > 0:
        x, y = shapely.get_coordinates(lines.to_crs(MAP_CRS).iloc[0])[0]
        fault = Fault("road_outside", name, found=f"{x:.5f}, {y:.5f}", fields=said)
        raise RefusedError("error.reading.refused", [fault], file=name)
    if outside > 0:
        faults.append(Fault("road_partly_outside", name, Severity.WARNING, found=f"{outside:.0f} m", fields=said))
    grown = shapely.get_parts(shapely.union_all(shapely.buffer(lines.to_numpy(), snap / 2)))
    if len(grown) > 1:
        gaps = [part.distance(shapely.union_all([other for other in grown if other is not part])) + snap for part in grown]
        fields = {"parts": len(grown), "gap_m": f"{max(gaps):.0f}", "snap_m": f"{snap:g}"}
        faults.append(Fault("road_parts", name, Severity.WARNING, found=str(len(grown)), fields=fields, count=len(grown)))
    return tuple(faults)
