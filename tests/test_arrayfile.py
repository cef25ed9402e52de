"""Arrays in one mapped file: read back alike, refused when a byte is wrong, whole however many write."""

import json
import struct
import threading
from pathlib import Path

import numpy as np
import pytest

from hatang.coverage._arrayfile import read_arrays, write_arrays
from hatang.data.contracts import MissingError, StoreError

MAGIC = b"TESTFILE"
ARRAYS = {
    "numbers": np.arange(35, dtype=np.float64).reshape(7, 5),
    "none": np.empty((0, 2), np.int32),
    "bytes": np.arange(3, dtype=np.uint8),
    "turned": np.arange(12, dtype=">i4").reshape(3, 4).T,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_arrays(tmp_path / "new/file", ARRAYS, magic=MAGIC, version=3, about={"name": "Huế", "nan": float("nan")})
    return tmp_path / "new/file"


def test_arrays_come_back_alike(path: Path) -> None:
    about, arrays = read_arrays(path, magic=MAGIC, version=3)
    assert about["name"] == "Huế"
    assert np.isnan(about["nan"])
    assert list(arrays) == list(ARRAYS)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, ARRAYS[name], strict=False)
        assert array.flags.c_contiguous
        assert array.ctypes.data % 64 == 0 or not array.size
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_writing_to_an_array_never_reaches_the_file(path: Path) -> None:
    before = path.read_bytes()
    _, arrays = read_arrays(path, magic=MAGIC, version=3)
    arrays["numbers"][:] = -1
    assert path.read_bytes() == before


def test_every_changed_or_missing_byte_is_noticed(path: Path) -> None:
    content = path.read_bytes()
    length = struct.unpack_from("<8s3I", content)[2]
    begin = -(-(20 + length) // 64) * 64
    used = set(range(20 + length))  # what pads to the next multiple of 64 means nothing
    for entry in json.loads(content[20 : 20 + length])["arrays"]:
        start = begin + entry["place"]
        used |= set(range(start, start + np.dtype(entry["dtype"]).itemsize * int(np.prod(entry["shape"]))))
    for place in sorted(used):
        changed = bytearray(content)
        changed[place] ^= 0x10
        path.write_bytes(changed)
        with pytest.raises(StoreError, match=r"error\.arrays\.(broken|version)"):
            read_arrays(path, magic=MAGIC, version=3)
    for stop in range(0, len(content), 7):
        path.write_bytes(content[:stop])
        with pytest.raises(StoreError, match=r"error\.arrays\.broken"):
            read_arrays(path, magic=MAGIC, version=3)
    path.write_bytes(content + b"\0")
    with pytest.raises(StoreError, match=r"error\.arrays\.broken"):
        read_arrays(path, magic=MAGIC, version=3)


def test_other_versions_and_kinds_are_named(path: Path) -> None:
    with pytest.raises(StoreError, match=r"error\.arrays\.version: .*found=3, expected=4"):
        read_arrays(path, magic=MAGIC, version=4)
    with pytest.raises(StoreError, match=r"error\.arrays\.broken"):
        read_arrays(path, magic=b"ANOTHER.", version=3)


def test_what_cannot_be_read_or_written_is_named(path: Path) -> None:
    with pytest.raises(MissingError, match=r"error\.arrays\.missing"):
        read_arrays(path.with_name("other"), magic=MAGIC, version=3)
    with pytest.raises(StoreError, match=r"error\.arrays\.read"):
        read_arrays(path.parent, magic=MAGIC, version=3)
    with pytest.raises(StoreError, match=r"error\.arrays\.write"):
        write_arrays(path / "below a file", ARRAYS, magic=MAGIC, version=3, about={})
    (path.parent / "folder/full").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"error\.arrays\.write"):
        write_arrays(path.parent / "folder", ARRAYS, magic=MAGIC, version=3, about={})
    assert {entry.name for entry in path.parent.iterdir()} == {"file", "folder"}


def test_readers_see_whole_files_while_many_write(path: Path) -> None:
    def write(number: int) -> None:
        for _ in range(20):
            write_arrays(path, {"a": np.full(5_000, number)}, magic=MAGIC, version=3, about={"number": number})

    _, held = read_arrays(path, magic=MAGIC, version=3)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        about, arrays = read_arrays(path, magic=MAGIC, version=3)
        assert (arrays.get("a", np.empty(0)) == about.get("number")).all()
        seen.add(about.get("number"))
    for writer in writers:
        writer.join()
    assert seen - {None}
    np.testing.assert_array_equal(held["numbers"], ARRAYS["numbers"])
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]
