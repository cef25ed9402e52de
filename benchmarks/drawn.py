"""Tests drawn for benchmarks: any number of rows, block by block from a seed, round the settlements of a ward map."""

from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

BLOCK_ROWS = 1_000_000
_OPERATORS, _TECHNOLOGIES = ("viettel", "vnpt", "mobifone", "vietnamobile"), ("4g", "5g")
_QUARTERS = tuple(f"{year}Q{quarter}" for year in (2025, 2026) for quarter in (1, 2, 3, 4))


def drawn(wards: gpd.GeoDataFrame, *, rows: int, devices: int, seed: int = 455) -> Iterator[pa.Table]:
    """Yield tables of tests in EPSG:4326: coordinates to 1e-7 degrees, float32 levels to 0.01 dB, eight quarters, devices as texts."""
    west, south, east, north = wards.total_bounds
    settlements = np.random.default_rng(seed).uniform((west, south), (east, north), (400, 2))
    for block in range(-(-rows // BLOCK_ROWS)):
        count = min(BLOCK_ROWS, rows - block * BLOCK_ROWS)
        random = np.random.default_rng((seed, block))
        place = np.round(settlements[random.integers(0, 400, count)] + random.standard_normal((count, 2)) * 0.02, 7)
        level = np.round(np.clip(random.normal(-97, 12, count), -140, -44), 2).astype(np.float32)
        yield pa.table(
            {
                "lon": place[:, 0],
                "lat": place[:, 1],
                "rsrp_dbm": level,
                "operator": _picked(random.choice(4, count, p=[0.5, 0.25, 0.2, 0.05]), _OPERATORS),
                "technology": _picked(random.integers(0, 2, count), _TECHNOLOGIES),
                "quarter": _picked(random.integers(0, 8, count), _QUARTERS),
                "device_id": pc.binary_join_element_wise("d", pa.array(random.integers(0, devices, count)).cast(pa.string()), ""),
            }
        )


def write_drawn(path: Path, wards: gpd.GeoDataFrame, *, rows: int, devices: int, seed: int = 455) -> None:
    """Write drawn tests as `ingest` stores them: float64 coordinates, zstd, in order of arrival."""
    writer: pq.ParquetWriter | None = None
    for table in drawn(wards, rows=rows, devices=devices, seed=seed):
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=BLOCK_ROWS)
    if writer is not None:
        writer.close()


def _picked(codes: np.ndarray, values: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(codes.astype(np.int32), list(values)).cast(pa.string())
