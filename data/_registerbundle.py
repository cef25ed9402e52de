"""A register's tables and findings as one Arrow file: what a process apart hands over, held against the contracts by whoever takes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import shapely

from hatang.data.contracts import FINDINGS, MAP_CRS, REGISTER_TABLES, SchemaError, Table

_TABLES: Final[Mapping[str, Table]] = {**REGISTER_TABLES, FINDINGS.name: FINDINGS}


def write_register(tables: Mapping[str, pd.DataFrame], findings: pd.DataFrame, path: Path) -> None:
    """Write the tables of a register (EPSG:4326) and what is wrong in them: a row a table, which holds its name and its Arrow stream."""
    names, streams = [], []
    for name, frame in {**tables, FINDINGS.name: findings}.items():
        plain = pd.DataFrame(frame).reset_index(drop=True)
        if "geometry" in plain:
            plain = plain.assign(geometry=pd.Series(shapely.to_wkb(plain["geometry"].to_numpy(object)), index=plain.index, dtype=object))
        table = pa.Table.from_pandas(plain, preserve_index=False)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        names.append(name)
        streams.append(sink.getvalue().to_pybytes())
    feather.write_feather(pa.table({"name": names, "stream": pa.array(streams, pa.large_binary())}), str(path), compression="uncompressed")


def bundled_register(path: Path) -> tuple[dict[str, pd.DataFrame], gpd.GeoDataFrame]:
    """Return the tables of a register and its findings as `write_register` wrote them, shapes in EPSG:4326.

    Raises
    ------
    ValueError
        Where the file is no such bundle, or a table breaks its contract.
    """
    whole = feather.read_table(str(path), memory_map=False)
    if whole.column_names != ["name", "stream"] or set(whole["name"].to_pylist()) != set(_TABLES):
        raise ValueError(whole.column_names)
    read: dict[str, pd.DataFrame] = {}
    for name, stream in zip(whole["name"].to_pylist(), whole["stream"], strict=True):
        frame = pa.ipc.open_stream(stream.as_buffer()).read_all().to_pandas()
        if _TABLES[name].geometry:
            shapes = shapely.from_wkb(frame["geometry"].to_numpy(object)) if len(frame) else np.array([], object)
            frame["geometry"] = pd.Series(shapes, index=frame.index, dtype=object)
        try:
            held = _TABLES[name].conform(frame)
        except SchemaError as error:
            raise ValueError(name) from error
        read[name] = gpd.GeoDataFrame(held, geometry="geometry", crs=MAP_CRS) if _TABLES[name].geometry else held
    return read, gpd.GeoDataFrame(read.pop(FINDINGS.name), geometry="geometry", crs=MAP_CRS)
