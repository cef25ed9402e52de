"""Engine files: a data set of measurements laid out for the engines, a cache that may be deleted at any time.

Rows lie in Morton order, so that neighbours on the ground are neighbours in the file and columns compress; coordinates are whole 1e-7
degrees in int32; `ward_row` is the ward of each row for one ward index; texts are stored as codes, numbers as float32 where
that loses nothing; compressed by lz4, each page with a checksum. The key (submission, ward index, version of the layout) stands in the
name and in the file. `hatang.pipeline.enginecache` makes the files when they are wanted.
"""

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hatang.data.atomic import replacing
from hatang.data.contracts import ENGINE_DEGREE, ENGINE_VERSION, ENGINE_WARD, EngineLayout, ParameterError, RefusedError

_ROW_GROUP: Final = 1_000_000
_DICTIONARY_BYTES: Final = 1 << 24
"""Bound on the texts of a row group that are stored as codes: a hundred thousand hashes as device ids stay far below it. A column that
exceeds it has hardly two rows alike, and is stored plain from there on."""
_HALVES: Final = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)


def engine_path(home: Path, submission: str, index_hash: str) -> Path:
    """Return where an installation keeps the engine file of a submission and a ward index."""
    return home / "engine" / f"{submission[:32]}-{index_hash[:32]}-{ENGINE_VERSION}.parquet"


def morton_codes(x: npt.NDArray[np.int32], y: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """Return the place of each cell of a 2³² × 2³² grid on the Z-curve: the bits of `x` and `y` by turns, `x` lowest.

    Coordinates are taken as offsets from the least int32, so that their order is kept across zero.

    References
    ----------
    Morton, G. M. (1966). A computer oriented geodetic data base and a new technique in file sequencing. IBM.

    Examples
    --------
    >>> least = np.iinfo(np.int32).min
    >>> morton_codes(np.array([0, 1, 0, 1, 2], np.int32) + least, np.array([0, 0, 1, 1, 0], np.int32) + least).tolist()
    [0, 1, 2, 3, 4]
    """
    return _spread(x) | (_spread(y) << np.uint64(1))


def write_engine_file(
    table: pa.Table, path: Path, *, wards: npt.NDArray[np.int32], submission: str, index_hash: str, x: str = "lon", y: str = "lat"
) -> EngineLayout:
    """Write the engine file of a table of measurements at `path`, whole or not at all, and return its layout.

    Parameters
    ----------
    table : pyarrow.Table
        Canonical measurements; `x`, `y` in degrees, null or NaN where there is no position.
    wards : ndarray of shape (rows,)
        Row of each test's ward in the ward index, -1 outside.
    submission, index_hash : str
        Key of the file.

    Raises
    ------
    ParameterError
        Where a coordinate lies beyond ±180 degrees.
    StoreError
        Where the disk refuses; nothing stands at `path` then that did not stand there before.
    """
    degrees = [_floats(table.column(name)) for name in (x, y)]
    whole = [np.rint(axis * ENGINE_DEGREE) for axis in degrees]
    known = [np.isfinite(axis) for axis in whole]
    if any(bool(np.any(np.abs(axis[is_known]) > 180 * ENGINE_DEGREE)) for axis, is_known in zip(whole, known, strict=True)):
        raise ParameterError("error.engine.degrees", x=x, y=y)
    units = [np.where(is_known, axis, np.iinfo(np.int32).min).astype(np.int32) for axis, is_known in zip(whole, known, strict=True)]
    exact = all(
        bool(np.array_equal(unit[is_known] / ENGINE_DEGREE, axis[is_known]))
        for unit, axis, is_known in zip(units, degrees, known, strict=True)
    )
    order = np.argsort(morton_codes(*units), kind="stable")
    layout = EngineLayout(submission, index_hash, exact, x, y)
    columns = {name: _laid_out(table.column(name).take(pa.array(order))) for name in table.column_names if name not in {x, y, ENGINE_WARD}}
    for name, unit, is_known in zip((x, y), units, known, strict=True):
        columns[name] = pa.array(unit[order], mask=~is_known[order])
    narrow = np.int16 if len(wards) == 0 or int(wards.max()) <= np.iinfo(np.int16).max else np.int32
    columns[ENGINE_WARD] = pa.array(wards[order].astype(narrow))
    laid_out = _required(pa.table(columns)).replace_schema_metadata(layout.as_metadata())
    coded = [field.name for field in laid_out.schema if field.type == pa.string() or field.name == ENGINE_WARD]
    with replacing(path) as beside:
        pq.write_table(
            laid_out,
            beside,
            compression="lz4",
            row_group_size=_ROW_GROUP,
            use_dictionary=coded,
            dictionary_pagesize_limit=_DICTIONARY_BYTES,
            write_page_checksum=True,
        )
    return layout


def engine_layout(path: Path) -> EngineLayout | None:
    """Return what an engine file says about itself; None where there is none, or one that is damaged or of another version."""
    try:
        return EngineLayout.of(pq.read_schema(path).metadata)
    except (OSError, pa.ArrowException):
        return None


def read_engine_file(path: Path) -> pd.DataFrame:
    """Return the rows of an engine file, coordinates in degrees, `ward_row` last.

    Raises
    ------
    RefusedError
        Where the file is damaged, or is no engine file of this version.
    """
    layout = engine_layout(path)
    if layout is None:
        raise RefusedError("error.engine.unreadable", file=str(path))
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise RefusedError("error.engine.unreadable", file=str(path)) from error
    frame: pd.DataFrame = table.to_pandas()
    return frame.assign(**{name: frame[name] / ENGINE_DEGREE for name in (layout.x, layout.y)})


def _laid_out(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column as it is stored: float64 as float32 where every value is one, coded texts as texts.

    The file codes texts by row group; a coded column would carry all its texts in each.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_large_string(column.type):
        return column.cast(pa.string())
    if pa.types.is_float64(column.type):
        narrow = column.cast(pa.float32(), safe=False)
        same = pc.all(pc.or_kleene(pc.equal(narrow.cast(pa.float64()), column), pc.is_nan(column)), min_count=0)
        return narrow if same.as_py() else column
    return column


def _required(table: pa.Table) -> pa.Table:
    """Return a table that says of its full columns that they are full: the reader then need not look for gaps."""
    fields = [field.with_nullable(table[field.name].null_count > 0) for field in table.schema]
    return pa.table(table.columns, schema=pa.schema(fields))


def _floats(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    found: npt.NDArray[np.float64] = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return found


def _spread(axis: npt.NDArray[np.int32]) -> npt.NDArray[np.uint64]:
    """Return each number with a zero bit between any two of its bits."""
    word = (axis.astype(np.int64) - np.iinfo(np.int32).min).astype(np.uint64)
    for shift, mask in _HALVES:
        word = (word | (word << np.uint64(shift))) & np.uint64(mask)
    return word
