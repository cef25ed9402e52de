"""Rasters of people: values with their place, and the sums of windows that the integral reads."""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
from pyproj import CRS

from hatang.coverage.compiled import compiled
from hatang.data.contracts import CrsError, ParameterError

Affine = tuple[float, float, float, float, float, float]


_COMPILED: Final = frozenset({np.dtype(np.float32), np.dtype(np.float64)})
"""Types of pixels with a compiled loop of their own; others, seldom met, are made float64 first."""


class RasterSource(Protocol):
    """What the integral asks of a raster: where its pixels lie, and their values row by row."""

    @property
    def transform(self) -> Affine:
        """The map from column and row to x = a·column + b·row + c, y = d·column + e·row + f."""

    @property
    def crs(self) -> CRS:
        """The coordinate system of x and y."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""

    def window(self, row: int, stop: int, column: int, end: int) -> npt.NDArray[np.float64]:
        """Return the pixels of rows `row` to `stop` and columns `column` to `end`; 0 where nothing is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Raster:
    """A raster in memory.

    Attributes
    ----------
    values
        Quantity a pixel (people, not people a km²), shape (rows, columns). NaN, infinite and negative values count 0.
    transform
        Affine map (a, b, c, d, e, f) of pixel corners; may turn and shear.
    crs
        Its coordinate system, in any form that pyproj takes.

    Raises
    ------
    CrsError
        Where there is no CRS.
    ParameterError
        Where the values are no table or the transform folds the plane.

    Examples
    --------
    >>> Raster(np.array([[1.0, -99999.0]]), (100.0, 0.0, 0.0, 0.0, -100.0, 100.0), "EPSG:9214").window(0, 1, 0, 2).tolist()
    [[1.0, 0.0]]
    """

    values: npt.NDArray[np.generic]
    transform: Affine
    crs: CRS

    def __post_init__(self) -> None:
        if self.values.ndim != 2:
            raise ParameterError("error.raster.transform", transform=f"shape {self.values.shape}")
        object.__setattr__(self, "transform", placed(self.transform))
        object.__setattr__(self, "crs", known(self.crs))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.values.shape[0], self.values.shape[1]

    def window(self, row: int, stop: int, column: int, end: int) -> npt.NDArray[np.float64]:
        """Return the pixels of rows `row` to `stop` and columns `column` to `end`, 0 for what is no count."""
        return counts(self.values[row:stop, column:end])


def counts(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Return values as counts: what is not finite or negative (nobody counts fewer than none: a mark of no data) is 0."""
    numeric = values if values.dtype in _COMPILED else np.asarray(values, np.float64)
    return _counted(np.ascontiguousarray(numeric))


@compiled
def _counted(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    out = np.empty(values.shape)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            value = float(values[row, column])
            out[row, column] = value if 0.0 <= value < np.inf else 0.0
    return out


@compiled
def summed(values: npt.NDArray[np.float64], refined: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return the measure of a cell in each pixel of `refined` × `refined`, and its running sums along a row of cells, a zero in front."""
    rows, columns = values.shape
    density, cumulated = np.empty((rows, columns)), np.empty((rows, columns + 1))
    cells = float(refined * refined)
    for row in range(rows):
        run = 0.0
        cumulated[row, 0] = run
        for column in range(columns):
            density[row, column] = values[row, column] / cells
            run += density[row, column] * refined
            cumulated[row, column + 1] = run
    return density, cumulated


def placed(transform: Affine) -> Affine:
    """Return the six numbers of a transform; refuse one that folds the plane or is not finite."""
    numbers = tuple(map(float, tuple(transform)[:6]))
    if len(numbers) != 6 or not np.isfinite(numbers).all() or numbers[0] * numbers[4] - numbers[1] * numbers[3] == 0.0:
        raise ParameterError("error.raster.transform", transform=str(numbers))
    return numbers


def known(crs: object) -> CRS:
    """Return a CRS; refuse none."""
    if crs is None:
        raise CrsError("error.raster.crs")
    return CRS.from_user_input(crs)
