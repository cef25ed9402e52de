"""The files of a store: where each stands, how it comes and goes, and the folders of receptions; public through `hatang.data.store`.

Only names and bytes are known here. Which files are named by a row is the catalogue's matter, and is handed in.
"""

import shutil
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final

from ulid import ULID

from hatang.data.atomic import disk, is_locked, locked, place, replacing

_NOTE: Final = "placing"


class StoredFiles:
    """The files under a data folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.incoming = home / "incoming"

    def original(self, sha256: str) -> Path:
        """Return where the bytes of a file as filed stand."""
        return self.home / "originals" / sha256[:2] / sha256

    def table(self, sha256: str) -> Path:
        """Return where a canonical table stands."""
        return self.home / "datasets" / sha256[:2] / f"{sha256}.parquet"

    def pair(self, original_sha256: str, table_sha256: str) -> tuple[Path, Path]:
        """Return where both files of an entry stand."""
        return self.original(original_sha256), self.table(table_sha256)

    def name(self, path: Path) -> str:
        """Return a file's name within the store."""
        return path.relative_to(self.home).as_posix()

    def stored(self) -> Iterator[Path]:
        """Yield every original and every table there is."""
        for folder in ("originals", "datasets"):
            yield from sorted((self.home / folder).glob("??/*"))

    def alone(self) -> AbstractContextManager[None]:
        """Return a lock under which files are placed, rows committed and leftovers removed, by one process at a time."""
        return locked(self.home / "lock")

    @contextmanager
    def working(self) -> Iterator[Path]:
        """Yield a folder of the store's own to work in, gone at the end, or once it is found dead."""
        folder = self.incoming / str(ULID())
        with ExitStack() as held:
            with disk(folder), self.alone():
                folder.mkdir()
                held.enter_context(locked(folder / "lock"))
            held.callback(self._clear, folder)
            yield folder

    def bury(self, named: Callable[[], set[Path]]) -> None:
        """Remove what receptions left whose process died; the caller is alone in the store."""
        for folder in self.incoming.glob("*/"):
            if not is_locked(folder / "lock"):
                self.take_back(folder, named)
                shutil.rmtree(folder, ignore_errors=True)

    def place(self, folder: Path, files: Mapping[Path, Path]) -> None:
        """Put files at their places; a note in the reception's folder says first which places were empty."""
        new = [self.name(target) for target in files.values() if not target.exists()]
        with replacing(folder / _NOTE) as note:
            note.write_text("\n".join(new), "utf-8")
        for written, target in files.items():
            place(written, target)

    def take_back(self, folder: Path, named: Callable[[], set[Path]]) -> None:
        """Remove what a reception placed and no row names; the caller is alone in the store."""
        note = folder / _NOTE
        if not note.is_file():
            return
        kept = named()
        with disk(self.home):
            for name in note.read_text("utf-8").splitlines():
                if self.home / name not in kept:
                    (self.home / name).unlink(missing_ok=True)

    def remove(self, paths: Iterable[Path]) -> None:
        """Remove files for good."""
        with disk(self.home):
            for path in paths:
                path.unlink(missing_ok=True)

    def _clear(self, folder: Path) -> None:
        """Remove a reception's folder; alone, so that nobody who looks for dead receptions finds half of it."""
        with self.alone():
            shutil.rmtree(folder, ignore_errors=True)


def printable(name: str) -> str:
    r"""Return a file name as it can be stored, printed and sent: composed letters, no control characters, no broken bytes.

    Examples
    --------
    >>> printable("số\x1bđo.csv")
    'số?đo.csv'
    """
    return "".join(mark if mark.isprintable() else "?" for mark in unicodedata.normalize("NFC", name))
