"""What few files need of the readers: loaded where a file's name lets expect it, before a worker is confined.

The process that reads files starts with what a table of text needs, and loads the rest when it is first asked for a file that may need it,
so that each of its workers has it. A name may be wrong: a worker that misses something says so, for some libraries look outside the
program's folders while they load, and one that has everything reads the file again.
"""

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from pathlib import PurePath
from types import ModuleType
from typing import Final

TEXT: Final = b"t"
WORKBOOKS: Final = b"x"
EVERYTHING: Final = b"a"
LATE: Final = frozenset(
    {
        "hatang.data._claimgrid",
        "hatang.data._drawing",
        "hatang.data._workbook",
        "hatang.data.read_population",
        "hatang.data.read_terrain",
        "pandera",
        "rasterio",
    }
)
"""Modules that are imported inside the functions of readers."""
_EXPECTED: Final = {".csv": TEXT, ".tsv": TEXT, ".txt": TEXT, ".geojson": TEXT, ".xlsx": WORKBOOKS, ".xlsm": WORKBOOKS}


def expected(call: str, source: str) -> bytes:
    """Return what reading a file of this name is expected to need.

    Examples
    --------
    >>> expected("read", "cot.CSV"), expected("cells", "bieu-mau.xlsx"), expected("read", "ho-so.zip"), expected("register", "cot.csv")
    (b't', b'x', b'a', b'a')
    """
    return _EXPECTED.get(PurePath(source).suffix.casefold(), EVERYTHING) if call in ("read", "recognise", "cells") else EVERYTHING


def load(needed: bytes) -> None:
    """Load what is needed; what is there already costs nothing."""
    if needed != TEXT:
        import hatang.data._workbook  # noqa: PLC0415 - openpyxl, a tenth of a second
    if needed == EVERYTHING:
        import pandera.pandas  # noqa: F401, PLC0415 - registers and boundaries are held against their contracts

        import hatang.data._claimgrid  # noqa: PLC0415 - rasterio
        import hatang.data._drawing  # noqa: PLC0415 - ezdxf, half a second
        import hatang.data.read_population  # noqa: PLC0415 - rasterio
        import hatang.data.read_terrain  # noqa: F401, PLC0415 - rasterio


class Watchman(importlib.abc.MetaPathFinder):
    """First of a worker's finders: it notes which late module the worker misses, whatever becomes of the error."""

    def __init__(self) -> None:
        self.missed: str | None = None
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Refuse a late module that is not loaded; leave any other to the next finder."""
        del path, target
        if fullname in LATE:
            self.missed = fullname
            raise ModuleNotFoundError(fullname)
        return None
