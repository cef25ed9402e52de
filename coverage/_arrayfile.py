"""Arrays in one file, read by mapping it into memory: nothing is copied, and processes share the pages.

Layout: magic (8 bytes), format version, length and CRC-32 of the header (three uint32), header (JSON: what the arrays are, and name, type,
shape, place and CRC-32 of each), arrays at multiples of 64 bytes. Numbers are little-endian.
"""

import contextlib
import json
import os
import struct
import threading
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from hatang.data.contracts import MissingError, StoreError

_PREFIX: Final = struct.Struct("<8s3I")
_ALIGNMENT: Final = 64


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]], *, magic: bytes, version: int, about: Mapping[str, object]) -> None:
    """Write arrays and what JSON can say about them to `path`: whole or not at all, whoever else writes there at the same time.

    Raises
    ------
    StoreError
        Where the disk refuses; what stood at `path` stays.
    """
    parts, places, place = {}, [], 0
    for name, array in arrays.items():
        part = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        parts[name] = part
        places.append({"name": name, "dtype": part.dtype.str, "shape": part.shape, "place": place, "crc32": zlib.crc32(part.data)})
        place += -(-part.nbytes // _ALIGNMENT) * _ALIGNMENT
    header = json.dumps({"about": dict(about), "arrays": places, "bytes": place}).encode()
    head = _PREFIX.pack(magic, version, len(header), zlib.crc32(header)) + header
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            for part in (np.frombuffer(head, np.uint8), *parts.values()):
                file.write(part.data)
                file.write(bytes(-part.nbytes % _ALIGNMENT))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _flush_folder(path.parent)
    except OSError as error:
        raise StoreError("error.arrays.write", file=str(path), reason=error.strerror or str(error)) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


def read_arrays(path: Path, *, magic: bytes, version: int) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Return what was said about the arrays of a file, and the arrays, mapped; writing to them never reaches the file.

    Raises
    ------
    MissingError
        Where there is no such file.
    StoreError
        Where it cannot be read, is of another kind or version, is cut short, or has a byte changed.
    """
    try:
        content = np.asarray(np.memmap(path, np.uint8, mode="c"))
    except FileNotFoundError as error:
        raise MissingError("error.arrays.missing", file=str(path)) from error
    except OSError as error:
        raise StoreError("error.arrays.read", file=str(path), reason=error.strerror or str(error)) from error
    except ValueError as error:  # an empty file cannot be mapped
        raise StoreError("error.arrays.broken", file=str(path)) from error
    if len(content) < _PREFIX.size:
        raise StoreError("error.arrays.broken", file=str(path))
    found_magic, found_version, length, checksum = _PREFIX.unpack(content[: _PREFIX.size].tobytes())
    if found_magic != magic:
        raise StoreError("error.arrays.broken", file=str(path))
    if found_version != version:
        raise StoreError("error.arrays.version", file=str(path), found=found_version, expected=version)
    head = content[_PREFIX.size : _PREFIX.size + length].tobytes()
    if len(head) != length or zlib.crc32(head) != checksum:
        raise StoreError("error.arrays.broken", file=str(path))
    header = json.loads(head)
    begin = -(-(_PREFIX.size + length) // _ALIGNMENT) * _ALIGNMENT
    if len(content) != begin + header["bytes"]:
        raise StoreError("error.arrays.broken", file=str(path))
    arrays = {}
    for entry in header["arrays"]:
        dtype, shape = np.dtype(entry["dtype"]), tuple(entry["shape"])
        start = begin + entry["place"]
        part = content[start : start + dtype.itemsize * int(np.prod(shape))]
        if zlib.crc32(part.data) != entry["crc32"]:
            raise StoreError("error.arrays.broken", file=str(path))
        arrays[entry["name"]] = part.view(dtype).reshape(shape)
    return header["about"], arrays


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
