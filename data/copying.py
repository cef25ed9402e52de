"""A catalogue's rows from one database into another, SQLite or PostgreSQL, every row read back and held against the first by its hash.

Ids stay, since the audit log's hashes name organisations by them. Sessions and layers are no part of a catalogue.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, Table, func, insert, select, text
from sqlalchemy.orm import Session

from hatang.data import _sqlite
from hatang.data._entries import utc
from hatang.data._postgresql import SCHEMA
from hatang.data.contracts import ParameterError, StoreError
from hatang.data.database import as_json, database, is_sqlite, open_engine, upgrade
from hatang.data.models import Base

_BATCH: Final = 1_000


def copy_rows(source: Session, target: Session, advance: Callable[[], object] = lambda: None) -> Mapping[str, int]:
    """Copy every row of a catalogue into an empty one of the same revision; return how many each table has.

    Nothing of `target` is committed here. `advance` is called after each batch of rows.

    Raises
    ------
    ParameterError
        Where the target holds rows.
    StoreError
        Where what is read back is not what was written.
    """
    _require_empty(target)
    counts: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        written = hashlib.sha256()
        counts[table.name] = 0
        for rows in _batches(source, table):
            target.execute(insert(table), rows)
            counts[table.name] += len(rows)
            _hash(written, rows)
            advance()
        found = hashlib.sha256()
        for rows in _batches(target, table):
            _hash(found, rows)
        if found.digest() != written.digest() or _count(target, table) != counts[table.name]:
            raise StoreError("error.copy.differs", table=table.name, found=found.hexdigest(), expected=written.hexdigest())
        _number_on(target, table)
    return counts


def require_empty_database(url: str) -> None:
    """Refuse a database whose catalogue holds rows; one without tables gets them, where this login may make them.

    Raises
    ------
    ParameterError
        Where it holds rows.
    StoreError
        Where it cannot be used.
    """
    engine = open_engine(url)
    try:
        with database(), engine.begin() as connection:
            upgrade(connection)
        with database(), Session(engine) as session:
            _require_empty(session)
    finally:
        engine.dispose()


def _require_empty(session: Session) -> None:
    held = {table.name: count for table in Base.metadata.sorted_tables if (count := _count(session, table))}
    if held:
        raise ParameterError("error.copy.not_empty", tables=", ".join(f"{name} ({count})" for name, count in held.items()))


def write_sqlite(source: Session, path: Path) -> None:
    """Copy a catalogue, consistent at one moment, into a new SQLite file without journal; nobody may be filing.

    Raises
    ------
    StoreError
        Where the disk or a database refuses, or what is read back is not what was written.
    """
    if isinstance(live := source.get_bind(), Engine) and is_sqlite(live.url):
        _sqlite.snapshot(live, path)
        return
    engine = open_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            upgrade(connection)
        with Session(engine) as target, target.begin():
            copy_rows(source, target)
        _sqlite.close_journal(engine)
    finally:
        engine.dispose()


def _count(session: Session, table: Table) -> int:
    return int(session.scalar(select(func.count()).select_from(table)) or 0)


def _batches(session: Session, table: Table) -> Iterator[list[dict[str, Any]]]:
    """Yield a table's rows in the order of its key; times have their zone, which SQLite drops."""
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_BATCH)
    for part in session.execute(query).mappings().partitions():
        yield [{name: utc(value) if isinstance(value, dt.datetime) else value for name, value in row.items()} for row in part]


def _hash(digest: Any, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        plain = [value.isoformat() if isinstance(value, dt.datetime) else json.loads(as_json(value)) for value in row.values()]
        digest.update(json.dumps(plain, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass") + b"\n")


def _number_on(session: Session, table: Table) -> None:
    """Let the numbers that PostgreSQL gives go on after those copied."""
    column = table.autoincrement_column
    if column is not None and session.get_bind().dialect.name == "postgresql" and (last := session.scalar(select(func.max(column)))):
        sequence = {"table": f"{SCHEMA}.{table.name}", "column": column.name, "last": last}
        session.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"), sequence)
