"""Tests drawn for benchmarks: any number of rows, block by block from a seed, round the settlements of a ward map."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hatang.coverage.locate import WardIndex
from hatang.data.contracts import ENGINE_WARD

BLOCK_ROWS = 1_000_000
OPERATORS, TECHNOLOGIES = ("viettel", "vnpt", "mobifone", "vietnamobile"), ("4g", "5g")
QUARTERS = tuple(f"{year}Q{quarter}" for year in (2025, 2026) for quarter in (1, 2, 3, 4))


@dataclass(frozen=True)
class Draw:
    """A block of tests as numbers: `place` (n, 2) in EPSG:4326 to 1e-7 degrees, float32 `level` to 0.01 dB, others as places in lists."""

    place: np.ndarray
    level: np.ndarray
    operator: np.ndarray
    technology: np.ndarray
    quarter: np.ndarray
    device: np.ndarray

    def table(self) -> pa.Table:
        """Return the tests as a table, devices as texts."""
        return pa.table(
            {
                "lon": self.place[:, 0],
                "lat": self.place[:, 1],
                "rsrp_dbm": self.level,
                "operator": _picked(self.operator, OPERATORS),
                "technology": _picked(self.technology, TECHNOLOGIES),
                "quarter": _picked(self.quarter, QUARTERS),
                "device_id": pc.binary_join_element_wise("d", pa.array(self.device).cast(pa.string()), ""),
            }
        )


def drawn(wards: gpd.GeoDataFrame, *, rows: int, devices: int, seed: int = 455) -> Iterator[Draw]:
    """Yield blocks of tests, each drawn afresh from the seed and its number."""
    west, south, east, north = wards.total_bounds
    settlements = np.random.default_rng(seed).uniform((west, south), (east, north), (400, 2))
    for block in range(-(-rows // BLOCK_ROWS)):
        count = min(BLOCK_ROWS, rows - block * BLOCK_ROWS)
        random = np.random.default_rng((seed, block))
        place = np.round(settlements[random.integers(0, 400, count)] + random.standard_normal((count, 2)) * 0.02, 7)
        level = np.round(np.clip(random.normal(-97, 12, count), -140, -44), 2).astype(np.float32)
        yield Draw(
            place,
            level,
            operator=random.choice(4, count, p=[0.5, 0.25, 0.2, 0.05]),
            technology=random.integers(0, 2, count),
            quarter=random.integers(0, 8, count),
            device=random.integers(0, devices, count),
        )


def write_drawn(path: Path, wards: gpd.GeoDataFrame, *, rows: int, devices: int, seed: int = 455, index: WardIndex | None = None) -> None:
    """Write drawn tests as `ingest` stores them: float64 coordinates, zstd, in order of arrival.

    With an index, a column tells the ward's row of each test, for peers that cannot locate in reasonable time; ours does not read it.
    """
    writer: pq.ParquetWriter | None = None
    for draw in drawn(wards, rows=rows, devices=devices, seed=seed):
        table = draw.table()
        if index is not None:
            found = index.locate(*np.ascontiguousarray(draw.place.T))
            table = table.append_column(ENGINE_WARD, pa.array(found))
        writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=BLOCK_ROWS)
    if writer is not None:
        writer.close()


def _picked(codes: np.ndarray, values: tuple[str, ...]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(codes.astype(np.int32), list(values)).cast(pa.string())
