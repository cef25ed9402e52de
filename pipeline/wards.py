"""Use case: the ward boundaries in use, looked at, exported, replaced by the city's own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatang.data.atomic import replacing
from hatang.data.boundary_versions import BoundaryVersion, versions
from hatang.data.contracts import MissingError, ParameterError
from hatang.data.facts import ward_facts
from hatang.data.gazetteer import ward_codes
from hatang.data.geodesy import geodesic_area_m2
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.data.wards import Boundaries, install_city_file, load_boundaries, remove_city_file

_DRIVERS: Final = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".json": "GeoJSON", ".fgb": "FlatGeobuf"}


@dataclass(frozen=True, slots=True)
class Ward:
    """One ward as people ask for it: official facts beside the boundary in use."""

    ward_code: str
    ward_name: str
    kind: str
    population: int
    area_km2: float
    area_km2_official: float
    seat: str
    decree: str
    boundary_source: str
    ward_version: str


def export_wards(file: Path, settings: Settings) -> Boundaries:
    """Write the boundaries in use to `file` (EPSG:4326; GPKG, GeoJSON, FlatGeobuf or GeoParquet by its suffix) and return them.

    Raises
    ------
    ParameterError
        Where the suffix names no format.
    StoreError
        Where the file cannot be written; what stood there stays.
    """
    suffix = file.suffix.lower()
    if suffix not in {*_DRIVERS, ".parquet"}:
        raise ParameterError("error.wards.format", suffix=suffix)
    boundaries = load_boundaries(settings)
    frame = boundaries.frame.assign(ward_version=boundaries.version)
    with replacing(file) as beside:
        if suffix == ".parquet":
            frame.to_parquet(beside, index=False)
        else:
            frame.to_file(beside, driver=_DRIVERS[suffix], layer="wards", engine="pyogrio")
    return boundaries


def describe_ward(ward: str, settings: Settings) -> Ward:
    """Return the facts of the ward with this code or name.

    Raises
    ------
    MissingError
        Where no ward goes by it.
    """
    facts = ward_facts().set_index("ward_code")
    code = ward if ward in facts.index else ward_codes([ward])[0]
    if code is None:
        raise MissingError("error.ward.unknown", ward=ward)
    fact = facts.loc[[code]].iloc[0]
    boundaries = load_boundaries(settings)
    shape = boundaries.frame.loc[boundaries.frame["ward_code"] == code].geometry
    return Ward(
        code,
        str(fact["ward_name"]),
        str(fact["kind"]),
        int(fact["population"]),
        float(geodesic_area_m2(shape).sum() / 1e6),
        float(fact["area_km2_official"]),
        str(fact["seat"]),
        str(fact["decree"]),
        str(boundaries.source),
        boundaries.version,
    )


def load_city_boundaries(file: Path, settings: Settings) -> Boundaries:
    """Check the city's own boundary file and use it from now on."""
    return install_city_file(file, settings)


def unload_city_boundaries(settings: Settings) -> bool:
    """Stop using the city's own boundaries; return whether any were in use."""
    return remove_city_file(settings)


def boundary_versions(settings: Settings) -> list[BoundaryVersion]:
    """Return every version of the boundaries that anything was computed with, in order of first use."""
    with Store.open(settings) as store, store.looking() as session:
        return versions(session)
