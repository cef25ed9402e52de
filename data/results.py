"""A run's result set: one set of tables and one manifest, which the map, the reports and the API read."""

import datetime as dt
import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from hatang.data.contracts import MissingError, StoreError

FORMAT: Final = 1


@dataclass(frozen=True)
class ResultSet:
    """Everything a report or a page shows, and everything needed to compute it again.

    `tables` holds frames by name: those of `contracts.RESULT_TABLES`, `wards` (WARDS contract), `ledger` (step, rows: what cleaning
    kept and removed) and the latest input layers `claims`, `sites`, `assets`, `works`, `villages`, `places`. Geometry is EPSG:4326.
    `withdrawn_inputs` names the inputs withdrawn since: `hatang.pipeline.runs` finds that out anew whenever a run is opened.
    """

    run_id: str
    period: str
    as_of: dt.date
    synthetic: bool
    ward_version: str
    boundary_source: str
    inputs: tuple[Mapping[str, Any], ...]
    configuration: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, str]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    withdrawn_inputs: tuple[str, ...] = ()

    def manifest(self) -> dict[str, Any]:
        """Return the manifest: inputs with hashes, configuration, date, versions, boundary source, synthetic flag, totals."""
        return {
            "format": FORMAT,
            "run_id": self.run_id,
            "period": self.period,
            "as_of": self.as_of.isoformat(),
            "synthetic": self.synthetic,
            "ward_version": self.ward_version,
            "boundary_source": self.boundary_source,
            "inputs": [dict(entry) for entry in self.inputs],
            "withdrawn_inputs": list(self.withdrawn_inputs),
            "configuration": {name: dict(rule) for name, rule in self.configuration.items()},
            "versions": dict(self.versions),
            "totals": {name: len(frame) for name, frame in self.tables.items()},
            "hashes": {name: table_hash(frame) for name, frame in self.tables.items()},
        }

    def with_tables(self, **tables: pd.DataFrame) -> "ResultSet":
        """Return a copy with these tables added or replaced."""
        return replace(self, tables={**self.tables, **tables})


def table_hash(frame: pd.DataFrame) -> str:
    """Return the sha256 of a table's Arrow content; geometry counts as WKB. Equal tables have equal hashes."""
    plain = pd.DataFrame(frame).copy()
    if isinstance(frame, gpd.GeoDataFrame):
        plain[str(frame.geometry.name)] = frame.geometry.to_wkb()
    table = pa.Table.from_pandas(plain, preserve_index=False).replace_schema_metadata(None).combine_chunks()
    sink = io.BytesIO()
    for name in table.column_names:
        # What memory holds beneath a missing value is arbitrary: which are missing and those present are hashed apart.
        for part in (table.column(name).is_valid(), table.column(name).drop_null()):
            single = pa.table({name: part}).combine_chunks()
            with pa.ipc.new_stream(sink, single.schema) as writer:
                writer.write_table(single)
    return hashlib.sha256(sink.getvalue()).hexdigest()


def save_results(results: ResultSet, folder: Path) -> None:
    """Write a result set beside `folder`, then put it in its place at once.

    Raises
    ------
    StoreError
        Where the disk refuses; what stood in `folder` stays.
    """
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        beside.mkdir(parents=True)
        for name, frame in results.tables.items():
            frame.to_parquet(beside / f"{name}.parquet", index=False)
        manifest = json.dumps(results.manifest(), ensure_ascii=False, indent=1, default=str)
        (beside / "manifest.json").write_text(manifest, "utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        beside.rename(folder)
    except OSError as error:
        raise StoreError("error.store.write", file=str(folder), reason=error.strerror or str(error)) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def load_results(folder: Path) -> ResultSet:
    """Return the result set in `folder`.

    Raises
    ------
    MissingError
        Where there is none.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise MissingError("error.results.missing", folder=str(folder))
    manifest = json.loads(path.read_text("utf-8"))
    tables: dict[str, pd.DataFrame] = {}
    for name in manifest["totals"]:
        tables[name] = load_table(folder, name)
    return ResultSet(
        run_id=manifest["run_id"],
        period=manifest["period"],
        as_of=dt.date.fromisoformat(manifest["as_of"]),
        synthetic=manifest["synthetic"],
        ward_version=manifest["ward_version"],
        boundary_source=manifest["boundary_source"],
        inputs=tuple(manifest["inputs"]),
        configuration=manifest["configuration"],
        versions=manifest["versions"],
        tables=tables,
    )


def load_table(folder: Path, name: str) -> pd.DataFrame:
    """Return one table of the result set in `folder`, a GeoDataFrame where it has geometry."""
    source = folder / f"{name}.parquet"
    geographic = b"geo" in (pq.read_schema(source).metadata or {})
    return gpd.read_parquet(source) if geographic else pd.read_parquet(source)
