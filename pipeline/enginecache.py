"""Engine files made when they are wanted: one for each data set of measurements and ward index, kept until somebody deletes it."""

from pathlib import Path

import pyarrow.parquet as pq

from hatang.coverage.locate import WardIndex
from hatang.data.contracts import RefusedError
from hatang.data.enginefile import engine_layout, engine_path, write_engine_file


def engine_file(home: Path, table: Path, submission: str, index: WardIndex, *, threads: int = 1) -> Path:
    """Return the engine file of the canonical table at `table`; make it where there is none that fits.

    Parameters
    ----------
    home : path
        Data folder of the installation; the file lies in its folder `engine`, which may be deleted at any time.
    table : path
        Canonical measurements (EPSG:4326), `lon` and `lat` in degrees.
    submission : str
        Hash that names what the table holds.
    index : WardIndex
        Wards in EPSG:4326.
    threads : int
        Threads that locate; they never change the file.

    Raises
    ------
    RefusedError
        Where the table cannot be read.
    StoreError
        Where the disk refuses.
    """
    path = engine_path(home, submission, index.hash)
    layout = engine_layout(path)
    if layout is not None and (layout.submission, layout.index_hash) == (submission, index.hash):
        return path
    try:
        tests = pq.read_table(table)
    except (OSError, ValueError) as error:  # Arrow's errors are ValueErrors
        raise RefusedError("error.engine.unreadable", file=str(table)) from error
    x, y = (tests.column(name).to_numpy() for name in ("lon", "lat"))
    write_engine_file(tests, path, wards=index.locate(x, y, threads=threads), submission=submission, index_hash=index.hash)
    return path
