"""Registers as others write them, and as a GeoPackage of our own: GraceTHD v2, FiberQ, Open Fibre Data Standard, one layer a table.

A file from outside is read through `hatang ingest --kind assets`, in the process apart; `read_register` gives its full tables.
"""

import re
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import pyproj
import shapely

from hatang.data._asset_measures import ASSET_MEASURES
from hatang.data._fiberq import FIBERQ_LAYERS, FIBERQ_MARKS, fiberq_register
from hatang.data._filetype import Form, Member, opened, refused
from hatang.data._gracethd import GRACETHD_MARKS, GRACETHD_TABLES, gracethd_register
from hatang.data._inspection import inspect, refuse_secret
from hatang.data._openfibre_register import openfibre_register
from hatang.data._registerchecks import checked_rows
from hatang.data._sourcetable import SourceTable
from hatang.data.contracts import FINDINGS, MAP_CRS, REGISTER_TABLES, Fault, Severity
from hatang.data.limits import Limits
from hatang.data.openfibre import read_openfibre

_CLASSES: Final = {"poles": "pole", "chambers": "chamber", "duct_sections": "duct_section"}
_BESIDE: Final = ("masts", "station_houses", "spans", "attachments")
"""Tables whose rows are no assets of the three classes."""
_ASSET_COLUMNS: Final = (
    *("asset_id", "kind", "owner", "status", "ways", "ways_used", "slots_total", "slots_used", "sharable"),
    *(column.name for column in ASSET_MEASURES),
)
_NETWORK: Final = re.compile(rb'"networks"\s*:\s*\[|"network"\s*:\s*\{')
"""What a file of the Open Fibre Data Standard says of its network: JSON holds networks, each feature of GeoJSON its own."""
_SEARCHED: Final = 1 << 24
_MALFORMED: Final = (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, ValueError, KeyError)
"""What the libraries below raise of a damaged file, and what a table without its columns raises."""


def read_register(source: Path, limits: Limits, crs: str | None = None) -> tuple[dict[str, pd.DataFrame], gpd.GeoDataFrame]:
    """Return the tables of a register (`REGISTER_TABLES`) and what is wrong with their rows (FINDINGS contract), shapes in EPSG:4326.

    A table that is not there is empty. Rows that cannot be kept are left out and named, the rest is kept.

    Parameters
    ----------
    source
        A folder or ZIP of GraceTHD v2, a GeoPackage of FiberQ, JSON or GeoJSON of the Open Fibre Data Standard (nodes and spans together
        in a folder or ZIP), or a GeoPackage that `register_geopackage` wrote.
    limits
        How much an archive may hold.
    crs
        What a layer is in that does not say; one that says stays as it says.

    Raises
    ------
    RefusedError
        Where it is none of these, a table lacks its columns, or a layer says no coordinate system and none is given.
    """
    if source.is_dir():
        found = [Member(path.name, path, form) for path in sorted(source.iterdir()) if (form := _form(path)) is not None]
        inspect(found, limits)
        return _conformed(_register(source.name, found), source.name, crs)
    with opened(source, limits) as members:
        inspect(members, limits)
        return _conformed(_register(source.name, members), source.name, crs)


def register_geopackage(register: Mapping[str, pd.DataFrame]) -> bytes:
    """Return a register as one GeoPackage, a layer a table in the order of the contracts, in EPSG:4326; empty tables are left out."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.gpkg"
        for name, table in REGISTER_TABLES.items():
            frame = register.get(name, pd.DataFrame())
            if len(frame):
                plain = pd.DataFrame(table.conform(pd.DataFrame(frame)))
                plain = plain.astype({c.name: "float64" for c in table.columns if c.type == "int"})
                layer: Any = plain
                if table.geometry:
                    layer = gpd.GeoDataFrame(plain, geometry="geometry", crs=gpd.GeoDataFrame(frame).crs).to_crs(MAP_CRS)
                pyogrio.write_dataframe(layer, path, layer=name, driver="GPKG", append=path.exists())
        return path.read_bytes()


def read_register_assets(file: str, members: Sequence[Member]) -> SourceTable | None:
    """Return the poles, chambers and duct sections of a register as rows of the kind `assets`, None where the members are no register.

    Raises
    ------
    RefusedError
        Where a register is damaged, or lacks its columns.
    """
    if not _is_register(members):
        return None
    register = _register(file, members)
    parts = []
    for name, asset_class in _CLASSES.items():
        rows = register.get(name, pd.DataFrame())
        if len(rows):
            if name == "duct_sections":
                rows = rows.assign(ways_used=_ways_used(rows, register.get("duct_ways", pd.DataFrame())))
            parts.append(pd.DataFrame(rows).reindex(columns=[*_ASSET_COLUMNS, "geometry"]).assign(asset_class=asset_class))
    if not parts:
        raise refused(file, "file_rows", found="0")
    beside = [f"{name} ({len(rows)})" for name, rows in register.items() if name in _BESIDE and len(rows)]
    faults = (Fault("register_beside", file, Severity.WARNING, found=", ".join(beside)),) if beside else ()
    crs = next((frame.crs for frame in register.values() if isinstance(frame, gpd.GeoDataFrame) and frame.crs is not None), None)
    rows = pd.concat(parts, ignore_index=True)
    text = rows.drop(columns="geometry").astype(object)
    cells = pa.table({name: pa.array([None if pd.isna(v) else str(v) for v in text[name]], pa.string()) for name in text})
    number = np.arange(1, len(rows) + 1, dtype=np.int64)
    shapes = rows["geometry"].to_numpy(object)
    shapes[shapely.is_missing(shapes)] = None
    return SourceTable(
        file, cells, number, np.zeros(len(rows), np.int32), (file,), ("",), geometry=shapes, crs=None if crs is None else pyproj.CRS(crs),
        faults=faults,
    )  # fmt: skip


def _ways_used(sections: pd.DataFrame, ways: pd.DataFrame) -> pd.Series:
    """Return how many ways of each section are taken; missing unless every one of its ways is described and known, without sub-ducts."""
    told = ways.reindex(columns=["section_id", "parent_way_id", "use", "occupancy"]).astype(object)
    silent, empty = told["use"].isna(), told["use"] == "empty"
    taken = (~silent & ~empty) | (silent & told["occupancy"].isin(("1.1", "1.2", "2")))
    free = (empty & (told["occupancy"].isna() | told["occupancy"].isin(("0", "9")))) | (silent & (told["occupancy"] == "0"))
    clear = (taken | free) & told["parent_way_id"].isna()
    counts = pd.DataFrame({"section": told["section_id"], "all": 1, "clear": clear.astype(int), "taken": taken.astype(int)})
    found = counts.groupby("section").sum().reindex(sections["asset_id"]).reset_index(drop=True)
    stated = pd.to_numeric(sections.get("ways", pd.Series(np.nan, index=sections.index)), errors="coerce").reset_index(drop=True)
    whole = (found["all"] == stated) & (found["clear"] == stated)
    return pd.Series(found["taken"].where(whole).astype("Int64").to_numpy(object), index=sections.index, dtype=object)


def _form(path: Path) -> Form | None:
    """Return the form of a file in a folder, by its ending: only its names are looked for."""
    return {".csv": Form.CSV, ".shp": Form.SHP, ".json": Form.GEOJSON, ".geojson": Form.GEOJSON}.get(path.suffix.casefold())


def _stems(members: Sequence[Member]) -> dict[str, Member]:
    return {Path(member.name).stem.casefold(): member for member in members if member.form in (Form.CSV, Form.SHP)}


def _layers(members: Sequence[Member]) -> list[str]:
    """Return the layers of the one GeoPackage that the members are, none where they are something else."""
    if len(members) != 1 or members[0].form is not Form.GPKG:
        return []
    try:
        return [str(name) for name, _ in pyogrio.list_layers(members[0].path)]
    except _MALFORMED:
        return []


def _is_register(members: Sequence[Member]) -> bool:
    """Return whether the members are a register: in somebody else's model, or one of ours."""
    layers = set(_layers(members))
    ours = layers & set(REGISTER_TABLES)
    own = "duct_sections" in layers or (len(ours) > 1 and bool(ours & set(_CLASSES)))
    return set(_stems(members)) >= GRACETHD_MARKS or layers >= FIBERQ_MARKS or own or bool(_networks(members))


def _networks(members: Sequence[Member]) -> list[Member]:
    """Return the files of the Open Fibre Data Standard among the members, where all that hold JSON are."""
    found = [member for member in members if member.form is Form.GEOJSON]
    return found if found and all(_NETWORK.search(_head(member.path)) for member in found) else []


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_SEARCHED)


def _register(file: str, members: Sequence[Member]) -> dict[str, pd.DataFrame]:
    """Return the tables of a register as their writer meant them, shapes in the writer's CRS."""
    stems, layers = _stems(members), _layers(members)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # columns that are empty throughout have no type that GDAL knows
            if networks := _networks(members):
                read_ones = [read_openfibre(member.path.read_bytes(), member.name) for member in networks]
                nodes, spans = (gpd.GeoDataFrame(pd.concat(parts, ignore_index=True)) for parts in zip(*read_ones, strict=True))
                return _placed(openfibre_register(nodes, spans), MAP_CRS)
            if set(stems) >= GRACETHD_MARKS:
                tables: dict[str, pd.DataFrame] = {str(name): _table(stems[name]) for name in GRACETHD_TABLES if name in stems}
                return _placed(gracethd_register(tables), gpd.GeoDataFrame(tables["t_noeud"]).crs)
            if set(layers) >= FIBERQ_MARKS:
                read: dict[str, Any] = {
                    str(name): pyogrio.read_dataframe(members[0].path, layer=name) for name in FIBERQ_LAYERS if name in layers
                }
                return _placed(fiberq_register(read), read["Route"].crs)
            own = [name for name in REGISTER_TABLES if name in layers]
            if own:
                return {name: pyogrio.read_dataframe(members[0].path, layer=name) for name in own}
    except _MALFORMED as error:
        raise refused(file, "file_malformed", found=(str(error).splitlines() or [""])[0]) from error
    raise refused(file, "file_no_register", found=", ".join(layers or [member.name for member in members]))


def _table(member: Member) -> pd.DataFrame:
    """Return a table of text, or a layer."""
    if member.form is Form.CSV:
        return pd.read_csv(member.path, sep=";", dtype=str, encoding="utf-8")
    layer: pd.DataFrame = gpd.GeoDataFrame(pyogrio.read_dataframe(member.path))
    return layer.astype({name: object for name in layer.columns if name != "geometry"})


def _placed(register: Mapping[str, pd.DataFrame], crs: Any) -> dict[str, pd.DataFrame]:
    """Return tables, those with shapes under their CRS."""
    return {
        name: gpd.GeoDataFrame(frame, geometry="geometry", crs=crs) if "geometry" in frame else frame
        for name, frame in register.items()
    }  # fmt: skip


def _conformed(register: Mapping[str, pd.DataFrame], file: str, crs: str | None) -> tuple[dict[str, pd.DataFrame], gpd.GeoDataFrame]:
    """Return every table under its contract, shapes in EPSG:4326, and what was wrong with their rows."""
    for frame in register.values():
        texts = frame.select_dtypes(["object", "string"]).drop(columns="geometry", errors="ignore")
        refuse_secret(file, (text for name in texts for text in texts[name].unique() if isinstance(text, str)))
    whole: dict[str, pd.DataFrame] = {}
    findings = [pd.DataFrame(register[FINDINGS.name])] if FINDINGS.name in register else []
    for name, table in REGISTER_TABLES.items():
        frame = register.get(name, pd.DataFrame())
        if isinstance(frame, gpd.GeoDataFrame) and len(frame):
            if frame.crs is None:
                if crs is None:
                    raise refused(file, "register_crs", field=name)
                frame = frame.set_crs(crs)
            frame = frame.to_crs(MAP_CRS)
        kept, found = checked_rows(table, pd.DataFrame(columns=table.names) if frame.empty else pd.DataFrame(frame))
        held = table.conform(kept)
        whole[name] = gpd.GeoDataFrame(held, geometry="geometry", crs=MAP_CRS) if table.geometry else held
        findings.append(found)
    found = FINDINGS.conform(pd.concat([part for part in findings if len(part)] or findings[:1], ignore_index=True))
    return whole, gpd.GeoDataFrame(found, geometry="geometry", crs=MAP_CRS)
