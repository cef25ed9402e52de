"""Files written whole or not at all: beside their place, flushed to disk, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hatang.data.contracts import StoreError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; at the end flush it and put it in its place at once.

    Raises
    ------
    StoreError
        Where the disk refuses (full, no permission, a file in the way); what stood at `path` stays, and nothing is left beside it.
    """
    beside = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        with beside.open("rb") as written:
            os.fsync(written.fileno())
        beside.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise StoreError("error.store.write", file=str(path), reason=error.strerror or str(error)) from error
    finally:
        if beside.exists():
            beside.unlink()


def _flush_folder(folder: Path) -> None:
    """Flush a folder's entries, so that a rename survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
