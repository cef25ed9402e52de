"""Grids that come from outside: which driver opens which form, and what every reader of one asks first."""

import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import Any, Final

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from hatang.data._filetype import Form, Member, refused
from hatang.data.contracts import Kind
from hatang.data.limits import Limits

DRIVERS: Final[Mapping[Form, str]] = {
    Form.TIFF: "GTiff",
    Form.ASCII_GRID: "AAIGrid",
    Form.BIL: "EHdr",
    Form.NWT_GRD: "NWT_GRD",
    Form.NWT_GRC: "NWT_GRC",
    Form.SRTM: "SRTMHGT",
}
"""The one driver that may open each form: no file is handed to a library that asks what it may be."""
_CACHE_BYTES: Final = 32_000_000
_PUBLISHERS: Final = (
    (Kind.POPULATION, "WorldPop", re.compile(r"^[a-z]{3}_(?:pop|ppp)_(?P<year>\d{4})")),
    (Kind.POPULATION, "GHS-POP", re.compile(r"^ghs_pop_e(?P<year>\d{4})")),
    (Kind.POPULATION, "Meta HRSL", re.compile(r"(?:^|_)hrsl(?:_|\.|$)|^[a-z]{3}_general_(?P<year>\d{4})")),
    (Kind.POPULATION, "Kontur", re.compile(r"^kontur_population(?:_[a-z]{2})?_(?P<year>\d{4})")),
    (Kind.TERRAIN, "Copernicus DEM", re.compile(r"^copernicus_dsm_")),
    (Kind.TERRAIN, "SRTM", re.compile(r"^[ns]\d{2}[ew]\d{3}.*\.hgt$")),
)
"""Names under which publishers hand out grids: a grid does not say what its numbers are."""


def published(member: Member) -> tuple[Kind | None, str | None, int | None]:
    """Return what a grid holds, who made it and for which year, as far as the name it was published under says so.

    Examples
    --------
    >>> from pathlib import Path
    >>> kind, publisher, year = published(Member("GHS_POP_E2025_GLOBE_R2023A_54009_100_V1_0_R7_C29.zip/x.tif", Path("x"), Form.TIFF))
    >>> str(kind), publisher, year
    ('population', 'GHS-POP', 2025)
    """
    for name in reversed(PurePosixPath(member.name).parts):
        for kind, publisher, pattern in _PUBLISHERS:
            if (found := pattern.search(name.casefold())) is not None:
                year = found.groupdict().get("year")
                return kind, publisher, None if year is None else int(year)
    return None, None, None


@contextmanager
def grid_opened(member: Member, limits: Limits) -> Iterator[Any]:
    """Yield an open grid that has a place and no more cells than the limits allow.

    Raises
    ------
    RefusedError
        Where it has not, or where it breaks off while it is read.
    """
    try:
        with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # refused below, by name
            with rasterio.open(member.path, driver=DRIVERS[member.form]) as grid:
                if grid.width * grid.height > limits.pixels:
                    raise refused(member.name, "file_too_large", found=f"{grid.width:,} × {grid.height:,}")
                if grid.transform.is_identity:
                    raise refused(member.name, "file_geometry", found=DRIVERS[member.form])
                yield grid
    except RasterioError as error:
        raise refused(member.name, "file_malformed", found=(str(error).splitlines() or [""])[0]) from error
