"""Files written whole or not at all: beside their place, flushed to disk, then renamed; and locks that end with their holder."""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hatang.data.contracts import Fault, HatangError, RefusedError, StoreError

DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of a disk, a quota or a limit that takes no more."""
_BLOCK_BYTES: Final = 1 << 20
_READ_ONLY: Final = 0o444


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; at the end flush it and put it in its place at once.

    Raises
    ------
    StoreError
        Where the disk refuses (full, no permission, a file in the way); what stood at `path` stays, and nothing is left beside it.
    """
    beside = path.with_name(f".{os.getpid()}.{path.name}")
    with disk(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with disk(path):
            yield beside
            _settle(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def place(written: Path, target: Path) -> None:
    """Flush a finished file, make it read-only and put it at `target` at once; both lie on one file system.

    Raises
    ------
    StoreError
        Where the disk refuses; nothing of this file stands at `target` then.
    """
    with disk(target):
        for folder in (target.parent.parent, target.parent):
            if not folder.is_dir():
                folder.mkdir(exist_ok=True)
                _flush_folder(folder.parent)
        written.chmod(_READ_ONLY)
        _settle(written, target)


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file's bytes to the new file `target` and return their sha256; memory stays flat.

    Raises
    ------
    RefusedError
        Where `source` cannot be read.
    StoreError
        Where the disk of `target` refuses.
    """
    digest = hashlib.sha256()
    with disk(target), target.open("xb") as copy:
        for block in _blocks(source):
            digest.update(block)
            copy.write(block)
    return digest.hexdigest()


def _blocks(source: Path) -> Iterator[bytes]:
    """Yield a file's bytes; a refusal to read is the file's fault, never the store's."""
    try:
        with source.open("rb") as content:
            while block := content.read(_BLOCK_BYTES):
                yield block
    except OSError as error:
        fault = Fault("file_unreadable", source.name, found=error.strerror or str(error))
        raise RefusedError("error.reading.refused", [fault], file=source.name) from error


def file_hash(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Name a disk's refusal while `path` is written: OSError becomes StoreError."""
    try:
        yield
    except HatangError:
        raise
    except OSError as error:
        raise StoreError("error.store.write", file=str(path), reason=error.strerror or str(error)) from error


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path` alone, waiting for whoever holds it; the system frees it when its holder ends, however it ends."""
    with disk(path):
        handle = path.open("ab")
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def is_locked(path: Path) -> bool:
    """Return whether somebody alive holds `path`; nobody holds what is not there, and looking makes no file."""
    try:
        with path.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _settle(written: Path, target: Path) -> None:
    """Flush a file and its new folder entry, so that the rename survives a power cut."""
    with written.open("rb") as content:
        os.fsync(content.fileno())
    written.replace(target)
    _flush_folder(target.parent)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
