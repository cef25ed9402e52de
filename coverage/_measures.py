"""Measures of wards inside groups of claims: the sweep led over a grid, strip by strip and window by window."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from hatang.coverage._cutting import Floats
from hatang.coverage._linework import STRIP_ROWS, Grid, Layer, Linework, pixels
from hatang.coverage._sweep import EXCESS, overlap, total
from hatang.coverage.raster import RasterSource, summed

Heed = Callable[[float], None]
"""Called with the share of a sweep that is done; what it raises ends the sweep."""

_SLIVERS: Final = 1e-11
"""Share of the covered area that overlaps of claims, each too small to count, may have together."""
_CELL_EDGES: Final = 6.0
"""Width of a cell of the area grid, in lengths of an edge: measured, the best on contour claims over the city and the country."""
_WINDOW_PIXELS: Final = 4_000_000
"""Pixels of a raster read at once."""


def unheeded(share: float) -> None:
    """Take no heed of a share that is done."""
    del share


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """Strips of a grid whose pixels are read at once, from a column of cells on: the measure of a cell in each, and its running sums."""

    strips: range
    column: int
    density: Floats
    cumulated: Floats


def areas(wards: Linework, groups: list[Linework], *, edge: float, heed: Heed) -> Floats:
    """Return the planar area of each ward inside each group, shape (groups, wards), in EPSG:9214."""
    if not wards.x.size:
        return np.zeros((len(groups), wards.count))
    west, south = wards.x.min(), wards.y.min()
    width = max(wards.x.max() - west, wards.y.max() - south)
    cells = int(np.clip(width / max(_CELL_EDGES * edge * wards.edge_length(), 1e-9), 1, 1_000_000)) + 1
    side = width * (1 + 1e-9) or 1.0
    grid = Grid((side, 0.0, west, 0.0, side, south), 0, 0, 1, 1, cells)

    def windows(layer: Layer) -> Iterator[_Window]:
        yield _Window(range(layer.offsets.size - 1), 0, np.ones((1, 1)), np.array([[0.0, cells]]))

    _, measured = _measured(wards, groups, grid, windows, whole=False, heed=heed)
    return measured * (side / cells) ** 2


def people_in(
    wards: Linework, groups: list[Linework], source: RasterSource, *, edge: float, whole: bool = True, heed: Heed
) -> tuple[Floats, Floats]:
    """Return the people of each ward (zeros unless `whole`), and of each ward inside each group, shape (groups, wards).

    Lines are in the raster's CRS.
    """
    empty = np.zeros(wards.count), np.zeros((len(groups), wards.count))
    if not wards.x.size:
        return empty
    column, row = pixels(source.transform, wards)
    height, width = source.shape
    # Windows start at a multiple of the strip, so that strips of cells never straddle two.
    start = int(np.clip(np.floor(row.min()), 0, height)) // STRIP_ROWS * STRIP_ROWS
    stop = int(np.clip(np.floor(row.max()) + 1, 0, height))
    left = int(np.clip(np.floor(column.min()), 0, width))
    right = int(np.clip(np.floor(column.max()) + 1, 0, width))
    if stop <= start or right <= left:
        return empty
    a, b, _, d, e, _ = source.transform
    pixel = float(np.sqrt(abs(a * e - b * d)))
    refined = int(np.clip(pixel / max(_CELL_EDGES * edge * wards.edge_length(), pixel / 64), 1, 64))
    grid = Grid(source.transform, left, start, right - left, stop - start, refined)
    height = max(_WINDOW_PIXELS // grid.columns // STRIP_ROWS, 1) * STRIP_ROWS

    def windows(layer: Layer) -> Iterator[_Window]:
        for first in range(0, grid.rows, height):
            last = min(first + height, grid.rows)
            strips = range(first * refined // STRIP_ROWS, -(-last * refined // STRIP_ROWS))
            near = layer.columns_of(strips)
            if near is None:
                continue
            west, east = near[0] // refined, -(-near[1] // refined)
            values = source.window(start + first, start + last, left + west, left + east)
            yield _Window(strips, west * refined, *summed(values, refined))

    return _measured(wards, groups, grid, windows, whole=whole, heed=heed)


def _measured(
    wards: Linework, groups: list[Linework], grid: Grid, windows: Callable[[Layer], Iterator[_Window]], *, whole: bool, heed: Heed
) -> tuple[Floats, Floats]:
    """Return the measure of each ward (zeros unless `whole`) and that inside each group, shape (groups, wards).

    A group that covers a place twice shows itself in the sums; only then are its polygons united.
    """
    layer = Layer(wards, grid)
    sums, measured = np.zeros(wards.count), np.zeros((len(groups), wards.count))
    slivers = np.zeros(len(groups))
    covers = {g: Layer(part, grid, single=True) for g, part in enumerate(groups) if part.x.size}
    doubled: set[int] = set()
    for united in (False, True):
        for window in windows(layer):
            for strip in window.strips:
                near = layer.columns_of(range(strip, strip + 1))
                if near is None:
                    continue
                tally = layer.tally(strip, *near)
                columns = near[0] - window.column, near[1] - window.column
                place = (strip - window.strips.start) * STRIP_ROWS, *columns, grid.refined, window.density, window.cumulated
                if whole and not united:
                    total(tally, *place, sums)
                for g in sorted(covers.keys() - doubled):
                    rows, keys, owner, ends = covers[g].pieces(strip, *tally[-2:], *near)
                    if keys.size:
                        worst, sliver = overlap(tally, rows, keys, owner, ends, *place, measured[g])
                        slivers[g] += sliver
                        if worst > EXCESS and not united:
                            doubled.add(g)
                heed(1.0 if united else (strip + 1) / (layer.offsets.size - 1))
        doubled |= {g for g in covers if slivers[g] > _SLIVERS * measured[g].sum()} if not united else set()
        if not doubled or united:
            break
        measured[sorted(doubled)] = 0.0
        covers = {g: Layer(groups[g].united(), grid, single=True) for g in sorted(doubled)}
        doubled = set()
    return sums, measured
