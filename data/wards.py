"""Ward boundaries in use, from the best source at hand (ADR 3).

In order: the city's own file (setting `HATANG_BOUNDARIES`, or loaded once into HATANG_HOME), the cached download, a pinned and
hash-checked download unless offline, and the approximate map computed from official label points and areas.
"""

import hashlib
import io
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import pyogrio

from hatang.data.atomic import replacing
from hatang.data.contracts import MAP_CRS, WARDS, BoundarySource, Fault, RefusedError, Severity
from hatang.data.facts import boundary_sources, ward_facts
from hatang.data.limits import Limits
from hatang.data.results import table_hash
from hatang.data.sandbox import boundaries_apart
from hatang.data.settings import Settings
from hatang.data.wardfile import check_wards, read_boundaries

_MAP_METHOD: Final = "1"
"""Raised when the approximate map's method changes its result, so that cached maps are computed anew."""
_TIMEOUT_S: Final = 20
_VERSION_DIGITS: Final = 12


@dataclass(frozen=True)
class Boundaries:
    """Wards in use: their frame (WARDS contract, EPSG:4326, sorted by `ward_code`), where they come from, and what is wrong with them."""

    frame: gpd.GeoDataFrame
    source: BoundarySource
    version: str
    origin: str
    faults: tuple[Fault, ...] = ()


def load_boundaries(settings: Settings) -> Boundaries:
    """Return the ward boundaries from the best source at hand.

    Raises
    ------
    RefusedError
        Where the city's own file is refused: a chosen file never gives way to another source in silence.
    StoreError
        Where the cache folder cannot be written.
    """
    folder = settings.home / "boundaries"
    for chosen in (settings.boundaries, city_file(settings)):
        if chosen is not None and (chosen == settings.boundaries or chosen.is_file()):
            return _from_outside(chosen, settings.limits) if chosen == settings.boundaries else _from_file(chosen, BoundarySource.CITY)
    cached = folder / "download.parquet"
    if cached.is_file():
        return _from_file(cached, BoundarySource.CACHE)
    faults: tuple[Fault, ...] = ()
    if not settings.offline:
        try:
            _write(_downloaded(_fetch), cached)
            return _from_file(cached, BoundarySource.DOWNLOAD)
        except RefusedError as error:
            faults = error.faults
    return _approximate(folder, faults)


def city_file(settings: Settings) -> Path:
    """Return where a city file loaded into this installation lies."""
    return settings.home / "boundaries" / "city.parquet"


def install_city_file(path: Path, settings: Settings) -> Boundaries:
    """Check the city's boundary file and keep a copy as the one in use from now on; refuse one that lacks any of the 40 units."""
    boundaries = _from_outside(path, settings.limits)
    missing = [fault for fault in boundaries.faults if fault.code == "boundaries_missing"]
    if missing:
        raise RefusedError("error.boundaries.refused", missing, file=path.name)
    _write(boundaries.frame, city_file(settings))
    return boundaries


def remove_city_file(settings: Settings) -> bool:
    """Stop using the loaded city file; return whether there was one."""
    path = city_file(settings)
    existed = path.is_file()
    path.unlink(missing_ok=True)
    return existed


def _from_outside(path: Path, limits: Limits) -> Boundaries:
    """Return the boundaries of a file that somebody handed in."""
    frame, faults = boundaries_apart(path, origin=BoundarySource.CITY, limits=limits)
    return Boundaries(frame, BoundarySource.CITY, _version(frame, BoundarySource.CITY), path.name, faults)


def _from_file(path: Path, source: BoundarySource) -> Boundaries:
    frame, faults = read_boundaries(path, source=source)
    return Boundaries(frame, source, _version(frame, source), path.name, faults)


def _version(frame: gpd.GeoDataFrame, source: BoundarySource) -> str:
    """Return a short name of the boundaries' content: the same shapes have the same version whatever file they came in."""
    content = table_hash(frame[["ward_code", "geometry"]])[:_VERSION_DIGITS]
    return f"{'public' if source in (BoundarySource.CACHE, BoundarySource.DOWNLOAD) else source}-{content}"


def _write(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write a frame whole or not at all."""
    with replacing(path) as beside:
        frame.to_parquet(beside, index=False)


def _approximate(folder: Path, faults: tuple[Fault, ...]) -> Boundaries:
    """Return the approximate map, computed once an installation."""
    facts = ward_facts()
    key = hashlib.sha256(
        (_MAP_METHOD + table_hash(facts[["ward_code", "area_km2_official", "label_lon", "label_lat"]])).encode()
    ).hexdigest()
    cached = folder / f"approximate-{key[:_VERSION_DIGITS]}.parquet"
    if not cached.is_file():
        from hatang.data.wardmap import approximate_wards  # noqa: PLC0415 - scipy, once an installation

        joined = approximate_wards(facts).merge(facts, on="ward_code").assign(boundary_source=str(BoundarySource.APPROXIMATE))
        _write(gpd.GeoDataFrame(WARDS.conform(joined), crs=MAP_CRS), cached)
    frame = gpd.read_parquet(cached)
    return Boundaries(
        frame, BoundarySource.APPROXIMATE, _version(frame, BoundarySource.APPROXIMATE), "", (*faults, *check_wards(frame, cached.name))
    )


def _fetch(url: str) -> bytes:
    """Return the bytes at an address of the pinned list."""
    with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - only https addresses of the shipped list come here
        return bytes(answer.read())


def _downloaded(fetch: Callable[[str], bytes]) -> gpd.GeoDataFrame:
    """Return the public boundaries, each file held against its pinned hash."""
    parts = []
    sources = boundary_sources()
    for source in sources[sources["path"].str.contains("/wards/")].itertuples():
        try:
            content = fetch(str(source.url))
        except (urllib.error.URLError, OSError) as error:
            fault = Fault("boundaries_download", str(source.path), Severity.WARNING, found=str(getattr(error, "reason", error))[:200])
            raise RefusedError("error.boundaries.refused", [fault], file=str(source.path)) from error
        if hashlib.sha256(content).hexdigest() != source.sha256:
            fault = Fault("boundaries_hash", str(source.path), Severity.WARNING, found=hashlib.sha256(content).hexdigest())
            raise RefusedError("error.boundaries.refused", [fault], file=str(source.path))
        part = pyogrio.read_dataframe(io.BytesIO(content))
        parts.append(part[["geometry"]].dissolve().assign(ward_code=Path(str(source.path)).name[:5]))
    joined = pd.concat(parts, ignore_index=True).merge(ward_facts(), on="ward_code").assign(boundary_source=str(BoundarySource.DOWNLOAD))
    return gpd.GeoDataFrame(WARDS.conform(joined), crs=MAP_CRS)
