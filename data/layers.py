"""Geometries for GIS clients, on PostgreSQL only: rows of canonical tables and gaps of the runs, as views under row-level security.

What is filed stays in files; these rows are a copy made in the same transaction, in EPSG:4326 (`ST_Transform(geometry, 9214)` for metres).
A view for each kind with geometry shows the data sets in force with the columns of its contract; `gaps` shows the areas of every run,
without the sites nearest to them.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
from sqlalchemy import text
from sqlalchemy.orm import Session

from hatang.data._entries import Dataset, dataset_of, in_order, organisation_of
from hatang.data._postgresql import SCHEMA
from hatang.data.contracts import AUTHORITY, GAPS, INPUT_TABLES, Table
from hatang.data.models import DatasetRow

_BATCH: Final = 5_000
_HIDDEN: Final = frozenset({"nearest_site_id", "nearest_site_operator", "nearest_site_m"})
"""Columns of gaps that tell where somebody's sites are."""
_TYPES: Final[Mapping[str, str]] = {
    "text": "text",
    "int": "bigint",
    "float": "double precision",
    "bool": "boolean",
    "date": "timestamp",
    "time": "timestamp",
}
LAYERS: Final = tuple(name for name, table in INPUT_TABLES.items() if table.geometry)
"""Kinds of data set that have a view of their name."""
VIEWS: Final[Mapping[str, str]] = {**dict.fromkeys(LAYERS, "features"), "gaps": "gap_features"}
"""Each view and the table whose rows it shows."""


def add_features(session: Session, row: DatasetRow, frame: pd.DataFrame) -> None:
    """Copy the rows of a data set's table that have a geometry; nothing happens where the catalogue is no PostgreSQL."""
    if _here(session) and isinstance(frame, gpd.GeoDataFrame):
        fixed = {"dataset_id": row.id, "organisation_id": row.organisation_id, "kind": row.kind}
        _insert(session, "features", fixed, frame)


def fill(session: Session, read: Callable[[Dataset], pd.DataFrame]) -> None:
    """Copy the geometries of every data set not erased, whose tables `read` returns; for a catalogue that came from elsewhere."""
    if _here(session):
        for row in session.scalars(in_order().where(DatasetRow.erased_at.is_(None), DatasetRow.kind.in_(LAYERS))).all():
            add_features(session, row, read(dataset_of(row)))


def remove_features(session: Session, dataset_id: str) -> None:
    """Remove the copy of a data set that is erased."""
    if _here(session):
        session.execute(text(f"DELETE FROM {SCHEMA}.features WHERE dataset_id = :id"), {"id": dataset_id})


def publish_gaps(session: Session, run_id: str, gaps: pd.DataFrame) -> None:
    """Copy the gaps of a run, in place of those it published before."""
    if _here(session) and isinstance(gaps, gpd.GeoDataFrame):
        session.execute(text(f"DELETE FROM {SCHEMA}.gap_features WHERE run_id = :id"), {"id": run_id})
        fixed = {"run_id": run_id, "organisation_id": organisation_of(session, AUTHORITY).id}
        _insert(session, "gap_features", fixed, gaps.drop(columns=list(_HIDDEN), errors="ignore"))


def _here(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _insert(session: Session, table: str, fixed: Mapping[str, Any], frame: gpd.GeoDataFrame) -> None:
    names, values = ", ".join(fixed), ", ".join(f":{name}" for name in fixed)
    command = text(
        f"INSERT INTO {SCHEMA}.{table} ({names}, position, geometry, properties) "
        f"SELECT {values}, rows.position, public.ST_Force2D(public.ST_GeomFromWKB(rows.wkb, 4326)), rows.said::jsonb "
        "FROM unnest(CAST(:positions AS integer[]), CAST(:wkb AS bytea[]), CAST(:said AS text[])) AS rows (position, wkb, said)"
    )
    placed = np.flatnonzero(frame.geometry.notna().to_numpy())
    for start in range(0, len(placed), _BATCH):
        positions = placed[start : start + _BATCH]
        part = frame.iloc[positions]
        rows = {"positions": positions.tolist(), "wkb": list(part.geometry.to_wkb()), "said": _properties(part)}
        session.execute(command, {**fixed, **rows})


def _properties(frame: gpd.GeoDataFrame) -> list[str]:
    """Return each row's other columns as JSON, what is missing left out."""
    plain = pd.DataFrame(frame.drop(columns=[str(frame.geometry.name)]))
    records = plain.astype(object).to_dict("records")
    return [json.dumps({str(name): _plain(value) for name, value in row.items() if not _missing(value)}) for row in records]


def _missing(value: object) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value))


def _plain(value: Any) -> object:
    if isinstance(value, str):
        return value.replace("\0", "")
    return value.isoformat() if hasattr(value, "isoformat") else value.item() if hasattr(value, "item") else value


def view_statements() -> Iterator[str]:
    """Yield what makes the views anew; each asks with its reader's rights and hides rows before any condition is tried."""
    for kind in LAYERS:
        source = f"FROM {SCHEMA}.features f JOIN {SCHEMA}.datasets d ON d.id = f.dataset_id"
        where = f"WHERE f.kind = '{kind}' AND d.withdrawn_at IS NULL AND d.erased_at IS NULL"
        of_dataset = ["f.dataset_id", "f.organisation_id", "d.period AS dataset_period", "d.synthetic AS dataset_synthetic"]
        first = "f.dataset_id || '-' || f.position AS feature_id"
        yield from _view(kind, [first, *of_dataset, *_columns(INPUT_TABLES[kind])], f"{source} {where}")
    first = "f.run_id || '-' || f.position AS feature_id"
    yield from _view("gaps", [first, "f.run_id", *_columns(GAPS)], f"FROM {SCHEMA}.gap_features f")


def _columns(table: Table) -> Iterator[str]:
    for column in table.columns:
        if column.name not in _HIDDEN:
            yield f"(f.properties ->> '{column.name}')::{_TYPES[column.type]} AS \"{column.name}\""


def _view(name: str, columns: Iterable[str], source: str) -> Iterator[str]:
    yield f"DROP VIEW IF EXISTS {SCHEMA}.{name}"
    chosen = ", ".join((*columns, "f.geometry"))
    yield f"CREATE VIEW {SCHEMA}.{name} WITH (security_invoker = true, security_barrier = true) AS SELECT {chosen} {source}"
