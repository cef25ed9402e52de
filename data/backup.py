"""A store as one file: a plain tar of the catalogue, its files, the city's own boundaries and mappings kept; the manifest comes last.

Both ways the bytes are streamed in blocks, so that memory stays flat. Reading trusts nothing: of a tar's many kinds of members only plain
files are taken, and only under the names that a store has, so that no archive can write anywhere else; every file must have the hash
that the manifest says, an original also the one it is named by; an archive cut off lacks the manifest.
"""

import hashlib
import importlib.metadata
import io
import json
import re
import sqlite3
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from hatang.data.atomic import disk, replacing
from hatang.data.audit import Head
from hatang.data.contracts import Fault, ParameterError, RefusedError, StoreError
from hatang.data.store import Store

FORMAT: Final = 1
CATALOGUE: Final = "catalogue.sqlite"
CITY: Final = "boundaries/city.parquet"
"""The city's own boundaries, once loaded; every other map is computed or downloaded anew."""
_MANIFEST: Final = "manifest.json"
_ORIGINAL: Final = re.compile(r"originals/([0-9a-f]{2})/(\1[0-9a-f]{62})")
_TABLE: Final = re.compile(r"datasets/([0-9a-f]{2})/\1[0-9a-f]{62}\.parquet")
_MAPPING: Final = re.compile(r"mappings/[0-9a-f]{12}\.yaml")
_BLOCK: Final = 1 << 20
_MANIFEST_MOST: Final = 1 << 28
"""Bytes of the largest manifest read: about two million files."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was written: how many files it holds, its own hash, and the last record of the audit log in it."""

    files: int
    sha256: str
    head: Head


def write_backup(store: Store, target: Path, advance: Callable[[], object] = lambda: None) -> Backup:
    """Write a backup of a store to a new file, whole or not at all, while others go on filing.

    `advance` is called after each file.

    Raises
    ------
    ParameterError
        Where there is something at `target`.
    StoreError
        Where the disk refuses, or a stored file is missing or damaged.
    """
    if target.exists():
        raise ParameterError("error.backup.exists", file=str(target))
    with store.working() as folder, replacing(target) as beside, beside.open("xb") as raw:
        copy = folder / CATALOGUE
        named = store.snapshot(copy)
        out = _Hashing(raw)
        hashes = {CATALOGUE: _append(out, CATALOGUE, copy)}
        city = store.home / CITY
        mappings = [path for path in sorted((store.home / "mappings").glob("*.yaml")) if _MAPPING.fullmatch(f"mappings/{path.name}")]
        unnamed = [*([city] if city.is_file() else []), *mappings]
        for path, expected in {**named, **dict.fromkeys(unnamed)}.items():
            name = path.relative_to(store.home).as_posix()
            try:
                hashes[name] = _append(out, name, path)
            except FileNotFoundError as error:
                if path in mappings:  # forgotten meanwhile
                    continue
                raise StoreError("error.backup.damaged", file=name) from error
            if expected is not None and expected != hashes[name]:
                raise StoreError("error.backup.damaged", file=name)
            advance()
        head = _head_of(copy)
        version = importlib.metadata.version("hatang")
        manifest = {"format": FORMAT, "version": version, "audit": {"records": head.seq, "head": head.hash}, "files": hashes}
        content = json.dumps(manifest, indent=1).encode()
        _member(out, _MANIFEST, io.BytesIO(content), len(content))
        out.write(b"\0" * 2 * tarfile.BLOCKSIZE)
        return Backup(len(hashes), out.digest.hexdigest(), head)


class _Hashing:
    """A file being written, hashed on the way."""

    def __init__(self, target: IO[bytes]) -> None:
        self._target = target
        self.digest = hashlib.sha256()

    def write(self, block: bytes) -> None:
        self.digest.update(block)
        self._target.write(block)


def _append(out: _Hashing, name: str, path: Path) -> str:
    with path.open("rb") as source:
        return _member(out, name, source, path.stat().st_size)


def _member(out: _Hashing, name: str, source: IO[bytes], size: int) -> str:
    """Write one plain file and return its hash; nothing but name, size and content goes in."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o444
    out.write(info.tobuf(tarfile.GNU_FORMAT, "ascii", "strict"))
    digest, left = hashlib.sha256(), size
    while left and (block := source.read(min(_BLOCK, left))):
        digest.update(block)
        out.write(block)
        left -= len(block)
    if left:
        raise StoreError("error.backup.damaged", file=name)
    out.write(b"\0" * (-size % tarfile.BLOCKSIZE))
    return digest.hexdigest()


def _head_of(copy: Path) -> Head:
    connection = sqlite3.connect(copy)
    try:
        last = connection.execute("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1").fetchone()
    finally:
        connection.close()
    return Head(0, "0" * 64) if last is None else Head(*last)


def unpack_backup(archive: Path, folder: Path) -> str:
    """Write what a backup holds into an empty folder, each file checked; return the archive's own hash.

    Raises
    ------
    RefusedError
        Where the archive is unreadable, foreign, cut off, hostile or damaged; what stands in `folder` then is not to be used.
    StoreError
        Where the disk refuses.
    """
    try:
        with archive.open("rb") as raw:
            source = _Reading(raw, archive.name)
            found: dict[str, str] = {}
            manifest: dict[str, Any] | None = None
            for name, size in source.members():
                if name in found or manifest is not None or not _known(name):
                    raise source.refused("backup_member", name)
                if name == _MANIFEST:
                    manifest = source.manifest(size)
                    continue
                found[name] = source.copy(size, folder / name)
            if manifest is None:
                raise source.refused("backup_truncated")
            source.agree(manifest, found)
            source.rest()
            digest = source.digest.hexdigest()
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        fault = Fault("file_unreadable", archive.name, found=error.strerror or str(error))
        raise RefusedError("error.backup.refused", [fault], file=archive.name) from error
    _check_catalogue(folder / CATALOGUE, archive.name)
    return digest


def _known(name: str) -> bool:
    return name in (CATALOGUE, CITY, _MANIFEST) or any(pattern.fullmatch(name) for pattern in (_ORIGINAL, _TABLE, _MAPPING))


class _Reading:
    """An archive being read once from its beginning to its end, hashed on the way."""

    def __init__(self, source: IO[bytes], name: str) -> None:
        self._source = source
        self._name = name
        self.digest = hashlib.sha256()

    def refused(self, code: str, found: str | None = None, **fields: object) -> RefusedError:
        shown = None if found is None else "".join(mark if mark.isprintable() else "?" for mark in found[:200])
        return RefusedError("error.backup.refused", [Fault(code, self._name, found=shown, fields=fields)], file=self._name)

    def read(self, size: int) -> bytes:
        block = self._source.read(size)
        self.digest.update(block)
        if len(block) < size:
            raise self.refused("backup_truncated")
        return block

    def members(self) -> Iterator[tuple[str, int]]:
        """Yield name and size of each member, whose content the caller reads; plain files alone are taken."""
        first = True
        while any(header := self.read(tarfile.BLOCKSIZE)):
            try:
                info = tarfile.TarInfo.frombuf(header, "ascii", "strict")
            except (tarfile.TarError, ValueError) as error:
                raise self.refused("backup_foreign" if first else "backup_truncated") from error
            if info.type != tarfile.REGTYPE or info.size < 0:
                raise self.refused("backup_member", info.name)
            first = False
            yield info.name, info.size
            self.read(-info.size % tarfile.BLOCKSIZE)
        if first:
            raise self.refused("backup_foreign")

    def copy(self, size: int, target: Path) -> str:
        """Write a member's content to a new file and return its hash."""
        digest = hashlib.sha256()
        with disk(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        with disk(target), target.open("xb") as copy:
            while size:
                block = self.read(min(_BLOCK, size))
                digest.update(block)
                copy.write(block)
                size -= len(block)
        if target.name != CATALOGUE:
            target.chmod(0o444)
        return digest.hexdigest()

    def manifest(self, size: int) -> dict[str, Any]:
        if size > _MANIFEST_MOST:
            raise self.refused("backup_foreign", f"{size}")
        try:
            manifest = json.loads(self.read(size))
            known = manifest["format"] == FORMAT and all(isinstance(value, str) for value in manifest["files"].values())
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise self.refused("backup_foreign", _MANIFEST) from error
        if not known:
            raise self.refused("backup_foreign", _MANIFEST)
        return dict(manifest)

    def agree(self, manifest: dict[str, Any], found: dict[str, str]) -> None:
        """Hold every file against the manifest, and every original against its own name."""
        listed = manifest["files"]
        if missing := sorted(listed.keys() - found.keys()):
            raise self.refused("backup_truncated", missing[0])
        for name, sha256 in found.items():
            original = _ORIGINAL.fullmatch(name)
            for expected in (listed.get(name), original[2] if original else sha256):
                if sha256 != expected:
                    raise self.refused("backup_hash", f"{name}: {sha256}", hash=expected)
        if CATALOGUE not in found:
            raise self.refused("backup_foreign", CATALOGUE)

    def rest(self) -> None:
        while block := self._source.read(_BLOCK):
            self.digest.update(block)


def _check_catalogue(path: Path, archive: str) -> None:
    """Refuse a catalogue that is no sound database, or that would run anything when it is used."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        connection.execute("PRAGMA trusted_schema=OFF")
        sound = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        active = connection.execute(
            "SELECT name FROM sqlite_master WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'"
        ).fetchall()
    except sqlite3.Error:
        sound, active = False, []
    finally:
        connection.close()
    if not sound or active:
        fault = Fault("backup_member" if active else "backup_foreign", archive, found=CATALOGUE)
        raise RefusedError("error.backup.refused", [fault], file=archive)
