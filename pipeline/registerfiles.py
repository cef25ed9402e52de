"""Use case: what a register's file holds and lacks, written as workbook, GeoPackage and Open Fibre Data Standard."""

import datetime as dt
import uuid
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import pandas as pd

from hatang.data.atomic import disk, replacing
from hatang.data.contracts import MAP_CRS
from hatang.data.figures import shown_date
from hatang.data.language import Language, text
from hatang.data.openfibre import NODE_OF_TABLE, TABLE_OF_DEPLOYMENT, openfibre_json
from hatang.data.registerfile import register_geopackage
from hatang.pipeline.progress import Progress
from hatang.pipeline.register import RegisterCheck
from hatang.reports.register_workbook import register_layers, register_workbook


def write_register_check(
    check: RegisterCheck,
    out: Path,
    *,
    name: str,
    as_of: dt.date,
    language: Language = "vi",
    openfibre: bool = False,
    exchange: bool = False,
    progress: Progress,
) -> list[Path]:
    """Write `ho-so.xlsx` and `ho-so.gpkg`, `ofds.json` and `trao-doi.gpkg` where asked for, into `out` and return their paths.

    Other files in the folder stay as they are; each of these is put in its place whole.

    Parameters
    ----------
    name
        Of the register's file: on every sheet, and of the network in the standard.
    exchange
        Write the register itself too, a layer a table, as this command and `ingest` read it again.

    Raises
    ------
    StoreError
        Where the disk refuses.
    """
    note = text("register.note", language, file=name, as_of=shown_date(as_of, language))
    makers: dict[str, Callable[[], bytes]] = {
        "ho-so.xlsx": lambda: register_workbook(
            check.amounts, check.findings, check.assets, check.survey, check.violations, language, note=note
        ),
        "ho-so.gpkg": lambda: register_layers(check.findings, check.assets, check.survey, check.violations, crs=check.crs),
    }
    if openfibre:
        makers["ofds.json"] = lambda: register_openfibre(check.tables, name)
    if exchange:
        makers["trao-doi.gpkg"] = lambda: register_geopackage(check.tables)
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


def register_openfibre(tables: dict[str, pd.DataFrame], name: str) -> bytes:
    """Return a register in the Open Fibre Data Standard: chambers, poles, masts and houses as nodes, ducts and overhead spans as spans.

    An end that names no node is left out, as the standard asks. The id of the network follows from the name. Read again, the register has
    the same things with their ids, owners, states, shapes and ends; what the standard has no word for (ways, slots, sizes) is not in it.
    """
    network = {"network_id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"hatang:register:{name}")), "network": name}
    nodes = _placed([pd.DataFrame(tables[table]).assign(kind=NODE_OF_TABLE[table]) for table in NODE_OF_TABLE])
    spans = _placed([pd.DataFrame(tables[table]).assign(deployment=word) for word, table in TABLE_OF_DEPLOYMENT.items()])
    nodes = nodes.reindex(columns=["node_id", "name", "status", "owner", "provider", "kind", "geometry"]).assign(**network)
    columns = ["span_id", "name", "status", "owner", "provider", "deployment", "from_id", "to_id", "geometry"]
    spans = spans.reindex(columns=columns).assign(**network, length_m=None)  # stated is the duct's, not the fibre's
    known = set(nodes["node_id"])
    for end in ("from_id", "to_id"):
        spans[end] = spans[end].astype(object).where(spans[end].isin(known), None)
    return openfibre_json(
        gpd.GeoDataFrame(nodes, geometry="geometry", crs=MAP_CRS), gpd.GeoDataFrame(spans, geometry="geometry", crs=MAP_CRS)
    )


def _placed(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return tables one below the other, with what the standard calls their columns."""
    whole = pd.concat([part.astype(object) for part in parts if len(part)] or parts[:1], ignore_index=True)
    names = {"name": whole["ext_id"].where(whole["ext_id"].notna(), whole["asset_id"]), "provider": whole["manager"]}
    return whole.assign(**names, node_id=whole["asset_id"], span_id=whole["asset_id"])
