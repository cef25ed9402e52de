"""The one file that the analysis opens: a raster named by its path, because the interface of `integrate` takes a path.

A raster may be larger than memory, so that the integral reads windows of it as it goes; a table of pixels handed in would not do. Nothing
else in this room touches the disk, and no other module imports rasterio (an import contract).
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import rasterio
from pyproj import CRS
from rasterio.enums import MaskFlags
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from hatang.coverage.raster import Affine, RasterSource, counts, known, placed
from hatang.data.contracts import MissingError, ParameterError

DRIVERS: Final = ("GTiff", "HFA", "AAIGrid", "EHdr", "ENVI", "SAGA", "RST", "GSAG", "GSBG", "GS7BG", "JP2OpenJPEG", "PNG", "netCDF", "XYZ")
"""Formats that hold their own pixels. Not VRT and the like: a file that names other files or addresses would be followed."""
_CACHE_BYTES: Final = 64_000_000


class RasterFile:
    """An open raster; band 1 holds counts."""

    def __init__(self, dataset: Any, *, path: Path) -> None:
        self._dataset, self._path = dataset, path
        self.transform: Affine = placed(tuple(dataset.transform)[:6])
        self.crs: CRS = known(dataset.crs and dataset.crs.to_wkt())
        self.shape: tuple[int, int] = dataset.shape
        self._scale, self._offset = dataset.scales[0], dataset.offsets[0]
        nodata = dataset.nodata
        # A mark of no data that is itself no count needs no mask, which would be read apart: `counts` makes nothing of it.
        plain = (self._scale, self._offset) == (1.0, 0.0) and (nodata is None or not nodata >= 0)
        self._masked = not plain or set(dataset.mask_flag_enums[0]) not in ({MaskFlags.all_valid}, {MaskFlags.nodata})

    def window(self, row: int, stop: int, column: int, end: int) -> npt.NDArray[np.float64]:
        """Return the pixels of rows `row` to `stop` and columns `column` to `end`; 0 where masked, negative or not finite.

        Raises
        ------
        ParameterError
            Where the file breaks off or cannot be decoded.
        """
        try:
            pixels = self._dataset.read(1, window=Window(column, row, end - column, stop - row), masked=self._masked)
        except RasterioError as error:
            raise ParameterError("error.raster.unreadable", path=self._path.name) from error
        raw = pixels.data if self._masked else pixels
        values = counts(raw)
        if (self._scale, self._offset) != (1.0, 0.0):
            values = counts(np.asarray(raw, float) * self._scale + self._offset)
        if self._masked and pixels.mask is not np.ma.nomask:
            values[pixels.mask] = 0.0
        return values


@contextmanager
def opened(raster: str | Path | RasterSource) -> Iterator[RasterSource]:
    """Give a raster: one in memory as it is, or the file of a path, of a format of `DRIVERS`, closed afterwards.

    Raises
    ------
    MissingError
        Where there is no such file.
    ParameterError
        Where it is no raster of a known format, or has no place.
    CrsError
        Where it names no coordinate system.
    """
    if not isinstance(raster, str | Path):
        yield raster
        return
    path = Path(raster)
    if not path.is_file():
        raise MissingError("error.raster.missing", path=str(path))
    with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES), _opened(path.absolute()) as dataset:
        yield RasterFile(dataset, path=path)


def _opened(path: Path) -> Any:
    """Return the file opened by the first of `DRIVERS` that knows it; rasterio takes one name at a time."""
    for driver in DRIVERS:
        try:
            with warnings.catch_warnings():
                # A file without a place is refused later, by name.
                warnings.simplefilter("ignore", NotGeoreferencedWarning)
                return rasterio.open(path, driver=driver)
        except RasterioError:
            continue
    raise ParameterError("error.raster.unreadable", path=path.name)
