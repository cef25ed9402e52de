"""A register as one Arrow file, the way it leaves the process in which it was read: each table as a stream, shapes as WKB."""

from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import shapely

from hatang.data.contracts import FINDINGS, MAP_CRS, REGISTER_TABLES


def pack(tables: Mapping[str, pd.DataFrame], findings: pd.DataFrame, target: Path) -> None:
    """Write a register's tables and findings, shapes in EPSG:4326."""
    frames = {**tables, FINDINGS.name: findings}
    content = [_stream(frame) for frame in frames.values()]
    table = pa.table({"name": pa.array(list(frames), pa.string()), "content": pa.array(content, pa.large_binary())})
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def unpacked(source: Path) -> tuple[dict[str, pd.DataFrame], gpd.GeoDataFrame]:
    """Return what `pack` wrote, every table held to its contract anew.

    Raises
    ------
    KeyError, TypeError, ValueError
        Where it is anything else.
    """
    with pa.memory_map(str(source)) as mapped:
        held = pa.ipc.open_file(mapped).read_all()
        content = {str(row["name"]): bytes(row["content"]) for row in held.to_pylist()}
    frames = {}
    for table in (*REGISTER_TABLES.values(), FINDINGS):
        rows = pa.ipc.open_stream(content[table.name]).read_all().to_pandas()
        if table.geometry:
            rows["geometry"] = shapely.from_wkb(rows["geometry"].to_numpy(object))
        whole = table.conform(rows)
        frames[table.name] = gpd.GeoDataFrame(whole, geometry="geometry", crs=MAP_CRS) if table.geometry else whole
    return frames, gpd.GeoDataFrame(frames.pop(FINDINGS.name), geometry="geometry", crs=MAP_CRS)


def _stream(frame: pd.DataFrame) -> bytes:
    plain = pd.DataFrame(frame).copy()
    if "geometry" in plain:
        plain["geometry"] = shapely.to_wkb(plain["geometry"].to_numpy(object))
    table = pa.Table.from_pandas(plain, preserve_index=False)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())
