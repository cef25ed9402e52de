"""Use case: streets whose cables go underground or are tidied: a filed programme, one street, or a line that was drawn."""

import datetime as dt
import unicodedata
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely

from hatang.data.atomic import replacing
from hatang.data.contracts import HUE_CRS, MAP_CRS, ROADS, UNDERGROUNDING, EmptyDataError, Kind, MissingError
from hatang.data.geopackage import geopackage_bytes
from hatang.data.language import Language
from hatang.data.results import ResultSet, table_hash
from hatang.data.rules import rule_value, rules_in_force
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.assess import assess, today
from hatang.pipeline.inputs import layer
from hatang.pipeline.progress import Progress
from hatang.pipeline.roadfile import road_lines
from hatang.pipeline.runs import keep_run, load_run, remember, run_identity, run_ids
from hatang.reports.geodata import with_run
from hatang.reports.underground_workbook import underground_workbook
from hatang.sharing.planfit import plan_fit
from hatang.sharing.undergrounding import UndergroundPolicy
from hatang.sharing.undergroundplan import plan_streets
from hatang.sharing.worksregister import usable

FILES: Final = ("ngam-hoa.xlsx", "ngam-hoa.gpkg")
_LAYERS: Final = ("underground_streets", "underground_survey", "underground_suggestions")
_NAMED: Final = 10


def share_underground(
    settings: Settings,
    *,
    road: Path | gpd.GeoDataFrame | None = None,
    street: str | None = None,
    period: str | None = None,
    as_of: dt.date | None = None,
    progress: Progress,
) -> ResultSet:
    """Return the assessment of the period with what undergrounding takes added, as a run of its own.

    Added are the tables of `plan_streets`, `underground_fit` (PLAN_FIT contract) and `underground_notes` (code, id: streets left out).

    Parameters
    ----------
    road
        Lines of a street, a file in any form that `ingest` takes or a frame (ROADS contract, any CRS); without it the programme filed.
    street
        Code or name of one street: of the programme filed, else of the roads filed.

    Raises
    ------
    RefusedError
        Where the file is refused.
    MissingError
        Where no street has that name, or no programme is filed.
    EmptyDataError
        Where no street with a length lies in the city.
    """
    as_of = as_of or today()
    base = assess(settings, period=period, as_of=as_of, progress=progress)
    progress.step("share.underground")
    with Store.open(settings) as store:
        filed, _ = layer(store, Kind.UNDERGROUNDING, base.period)
        constraints, _ = layer(store, Kind.CONSTRAINTS, base.period)
        roads, _ = layer(store, Kind.ROADS, base.period) if street is not None else (None, [])
    if road is not None:
        chosen = as_streets(road_lines(road, settings))
    elif street is not None:
        chosen = street_named(street, gpd.GeoDataFrame(filed), gpd.GeoDataFrame(roads))
    elif filed.empty:
        raise MissingError("error.underground.none")
    else:
        chosen = gpd.GeoDataFrame(filed)
    chosen = gpd.GeoDataFrame(chosen.to_crs(MAP_CRS).sort_values("street_id", ignore_index=True))
    identity = run_identity(
        [base.run_id, table_hash(chosen)],
        ward_version=base.ward_version,
        configuration=base.configuration,
        as_of=as_of.isoformat(),
        extra=("underground",),
    )
    if identity in run_ids(settings):
        remember(settings, identity)
        return load_run(settings, identity)
    city = shapely.union_all(gpd.GeoDataFrame(base.tables["wards"]).to_crs(HUE_CRS).geometry.to_numpy())
    kept, notes = usable(chosen, key="street_id", city=city)
    if kept.empty:
        raise EmptyDataError("error.underground.empty", streets=", ".join(note["id"] for note in notes[:_NAMED]))
    rules = rules_in_force(as_of)
    policy = UndergroundPolicy(beside_m=rule_value(rules, "corridor_m"), reserve_share=rule_value(rules, "reserve_share"))
    tables = plan_streets(kept, gpd.GeoDataFrame(base.tables[str(Kind.ASSETS)]), policy=policy)
    suggestions = gpd.GeoDataFrame(tables["underground_suggestions"], geometry="geometry", crs=MAP_CRS)
    shared = base.with_tables(
        **tables,
        underground_fit=plan_fit(suggestions, gpd.GeoDataFrame(constraints), on=as_of),
        underground_notes=pd.DataFrame(notes, columns=["code", "id"], dtype="str"),
    )
    return keep_run(shared, identity, settings)


def as_streets(roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return road lines (ROADS contract) as streets to go underground (UNDERGROUNDING contract, EPSG:4326); no more is known of them."""
    metric = roads.set_crs(MAP_CRS) if roads.crs is None else roads.to_crs(MAP_CRS)
    named = pd.DataFrame(
        {
            "street_id": metric["road_id"].astype(str).to_numpy(),
            "street_name": metric["road_name"].fillna(metric["road_id"]).astype(str).to_numpy(),
            "measure": "underground",
            "geometry": metric.geometry.to_numpy(),
        }
    )
    return gpd.GeoDataFrame(UNDERGROUNDING.conform(named), geometry="geometry", crs=MAP_CRS)


def street_named(name: str, programme: gpd.GeoDataFrame, roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the streets of a programme that bear a code or name, else the roads that bear it as one street; case counts for nothing.

    Raises
    ------
    MissingError
        Where neither has one.
    """
    wanted = _plain(name)
    for column in ("street_id", "street_name"):
        found = programme[programme[column].map(_plain) == wanted]
        if len(found):
            return gpd.GeoDataFrame(found)
    for column in ("road_id", "road_name"):
        lines = roads[roads[column].map(_plain) == wanted]
        if len(lines):
            shape = shapely.multilinestrings(shapely.get_parts(lines.geometry.to_numpy()).tolist())
            first = lines.iloc[[0]][["road_id", "road_name"]]
            whole = pd.DataFrame(first.assign(geometry=[shape]))
            return as_streets(gpd.GeoDataFrame(ROADS.conform(whole), geometry="geometry", crs=lines.crs))
    known = ", ".join(programme["street_name"].dropna().astype(str).head(_NAMED)) or "–"
    raise MissingError("error.underground.street", street=name, known=known)


def write_underground(results: ResultSet, out: Path, *, language: Language) -> list[Path]:
    """Write `ngam-hoa.xlsx` and `ngam-hoa.gpkg` (EPSG:9214) into a folder, each whole or not at all.

    Raises
    ------
    StoreError
        Where the disk refuses.
    """
    for name, content in underground_files(results, language).items():
        with replacing(out / name) as beside:
            beside.write_bytes(content)
    return [out / name for name in FILES]


def underground_files(results: ResultSet, language: Language) -> dict[str, bytes]:
    """Return the files that are handed on, by name."""
    frames = {name: gpd.GeoDataFrame(results.tables[name], geometry="geometry", crs=MAP_CRS) for name in _LAYERS}
    layers = {name: with_run(frame, results).to_crs(HUE_CRS) for name, frame in frames.items()}
    return dict(zip(FILES, (underground_workbook(results, language), geopackage_bytes(layers)), strict=True))


def _plain(name: object) -> str:
    """Return a name to compare: one form of accents, no case, no double blanks."""
    return " ".join(unicodedata.normalize("NFC", str(name)).casefold().split())
