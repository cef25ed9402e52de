"""Grids that come from outside: which driver opens which form, and what every reader of one asks first."""

import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, Final

import numpy as np

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
_SAMPLE: Final = 10_000
_MOST: Final = 1e6
"""Numbers above it are floats read as whole numbers, or signs for none."""
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


def _pixel_type(member: Member) -> str | None:
    """Return what the cells of a BIL are where its head does not say so, by the cells; None where the driver is right anyway.

    Tools leave `PIXELTYPE` out, and a driver then takes floats for whole numbers and negative numbers for large ones. A byte can be
    either, and stays without a sign.
    """
    if member.form is not Form.BIL:
        return None
    pairs = [line.split()[:2] for line in member.path.with_suffix(".hdr").read_text(errors="replace").upper().splitlines()]
    head = {pair[0]: pair[1] for pair in pairs if len(pair) == 2}
    width = {"16": 2, "32": 4}.get(head.get("NBITS", ""))
    if "PIXELTYPE" in head or width is None:
        return None
    order = ">" if head.get("BYTEORDER", "I").startswith("M") else "<"
    cells = np.memmap(member.path, f"{order}i{width}", mode="r", shape=(member.path.stat().st_size // width,))
    whole = np.array(cells[:: max(1, len(cells) // _SAMPLE)])
    if width == 4:
        levels = np.abs(whole.view(f"{order}f4"))
        if ((levels > 1e-3) & (levels < _MOST)).sum() > (np.abs(whole.astype(np.int64)) < _MOST).sum():
            return "FLOAT"
    return "SIGNEDINT" if (whole < 0).any() else None


@contextmanager
def _with_pixel_type(member: Member) -> Iterator[Path]:
    """Yield the path at which a driver finds a grid with everything that must be said of it."""
    kind = _pixel_type(member)
    if kind is None:
        yield member.path
        return
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        path = Path(folder) / "grid.bil"
        for suffix in (".bil", ".prj"):
            part = member.path.with_suffix(suffix)
            if part.is_file():
                path.with_suffix(suffix).symlink_to(part.resolve())
        head = member.path.with_suffix(".hdr").read_text(errors="replace").rstrip()
        path.with_suffix(".hdr").write_text(f"{head}\nPIXELTYPE {kind}\n")
        yield path


@contextmanager
def grid_opened(member: Member, limits: Limits) -> Iterator[Any]:
    """Yield an open grid that has a place and no more cells than the limits allow.

    Raises
    ------
    RefusedError
        Where it has not, or where it breaks off while it is read.
    """
    import rasterio  # noqa: PLC0415 - few files are grids
    from rasterio.errors import NotGeoreferencedWarning, RasterioError  # noqa: PLC0415 - as above

    try:
        with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)  # refused below, by name
            with _with_pixel_type(member) as path, rasterio.open(path, driver=DRIVERS[member.form]) as grid:
                if grid.width * grid.height > limits.pixels:
                    raise refused(member.name, "file_too_large", found=f"{grid.width:,} × {grid.height:,}")
                if grid.transform.is_identity:
                    raise refused(member.name, "file_geometry", found=DRIVERS[member.form])
                yield grid
    except RasterioError as error:
        raise refused(member.name, "file_malformed", found=(str(error).splitlines() or [""])[0]) from error
