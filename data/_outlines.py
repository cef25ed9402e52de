"""Outlines of the pixels of a grid that are in, found while its rows pass: corners are kept, pixels are not.

Along every line between two rows, and between two columns, corners come in pairs that are the ends of one straight piece of the outline;
rings follow from the pairs alone. Memory grows with the corners of the answer and not with the grid, and nothing is ever united, so that
the result is exact in whole numbers.

References
----------
O'Rourke, "Uniqueness of orthogonal connect-the-dots" (1988): sorted by row and by column, the corners of rectilinear polygons pair up.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

Numbers: TypeAlias = npt.NDArray[Any]
"""Whole numbers, of 8 to 64 bits."""
_CROSSED, _INSIDE = 1, 2
"""Marks of a corner: two outlines meet there; the pixel right below it is in."""


class Outlines:
    """Takes the rows of a grid from top to bottom; gives the outlines of its pixels that are in, those that share a side made one.

    Attributes
    ----------
    corners
        Corners found so far, which memory grows with.

    Examples
    --------
    >>> outlines = Outlines(3)
    >>> outlines.add(np.array([[True, True, False], [False, True, False]]))
    >>> float(shapely.area(outlines.polygons((10.0, 0.0, 0.0, 0.0, -10.0, 0.0))))
    300.0
    """

    def __init__(self, width: int) -> None:
        self._above = np.zeros((1, width + 2), np.bool_)
        self._line = 0
        self.corners = 0
        self._rows: list[Numbers] = []
        self._columns: list[Numbers] = []
        self._marks: list[Numbers] = []

    def add(self, inside: npt.NDArray[np.bool_]) -> None:
        """Take the next rows, shape (rows, width)."""
        pixels = np.zeros((len(inside) + 1, self._above.shape[1]), np.bool_)
        pixels[0] = self._above
        pixels[1:, 1:-1] = inside
        self._above = pixels[-1:].copy()
        upper = pixels[:-1, :-1] ^ pixels[:-1, 1:]
        lower = pixels[1:, :-1] ^ pixels[1:, 1:]
        crossed = upper & lower & (pixels[:-1, :-1] ^ pixels[1:, :-1])
        rows, columns = np.nonzero((upper ^ lower) | crossed)
        marks = crossed[rows, columns] * np.uint8(_CROSSED) + pixels[1:, 1:][rows, columns] * np.uint8(_INSIDE)
        self.corners += len(rows)
        self._rows.append((rows + self._line).astype(np.int32))
        self._columns.append(columns.astype(np.int32))
        self._marks.append(marks)
        self._line += len(inside)

    def polygons(self, transform: tuple[float, float, float, float, float, float]) -> shapely.MultiPolygon:
        """Return the area that is in; ends the taking of rows.

        Parameters
        ----------
        transform
            (a, b, c, d, e, f): a corner at column u and row v lies at x = a u + b v + c, y = d u + e v + f.
        """
        self.add(np.zeros((1, self._above.shape[1] - 2), np.bool_))
        rows, columns, marks = (np.concatenate(parts) for parts in (self._rows, self._columns, self._marks))
        self._rows, self._columns, self._marks = [], [], []
        if not len(rows):
            return shapely.MultiPolygon()
        twice = 1 + (marks & _CROSSED)
        again = np.zeros(int(twice.sum()), np.bool_)
        again[(np.cumsum(twice) - 1)[twice == 2]] = True
        rows, columns, marks = (np.repeat(part, twice) for part in (rows, columns, marks))
        del twice
        corners, ends = _rings(rows, columns, marks, again)
        return _assembled(rows, columns, corners, ends, transform)


def _rings(rows: Numbers, columns: Numbers, marks: Numbers, again: npt.NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """Return the corners in the order of their rings, what is in always on the right hand, and where each ring ends.

    A corner where two outlines meet stands twice, the left piece of outline before the right one; the two pixels that are in there stay
    apart, so the pieces turn back to the side of their own pixel.
    """
    falling = (marks & _INSIDE) > 0
    turned = again ^ (((marks & _CROSSED) > 0) & ~falling)
    key = (columns.astype(np.int64) << 33) | (rows.astype(np.int64) << 1) | turned
    order = np.argsort(key, kind="stable").astype(np.int32)
    del key, turned
    mate = np.empty(len(rows), np.int32)
    mate[order[0::2]], mate[order[1::2]] = order[1::2], order[0::2]
    del order
    starts = np.arange(0, len(rows), 2, dtype=np.int32) + ~falling[0::2]
    following = np.ascontiguousarray(mate[starts ^ 1] >> 1).data
    del mate
    path = np.empty(len(starts), np.int32)
    steps, done, ends, place = path.data, bytearray(len(starts)), [], 0
    for first in range(len(starts)):
        piece = first
        if done[piece]:
            continue
        while not done[piece]:
            done[piece] = 1
            steps[place] = piece
            place += 1
            piece = following[piece]
        ends.append(2 * place)
    chosen = starts[path]
    corners = np.empty(len(rows), np.int32)
    corners[0::2], corners[1::2] = chosen, chosen ^ 1
    return _simple(rows, columns, marks, corners, np.array(ends, np.int64))


def _simple(
    rows: Numbers,
    columns: Numbers,
    marks: Numbers,
    corners: Numbers,
    ends: Numbers,
) -> tuple[Numbers, Numbers]:
    """Return the rings, those that come to a place twice cut in two there."""
    ring = np.empty(len(corners), np.int32)
    ring[corners] = np.repeat(np.arange(len(ends), dtype=np.int32), np.diff(ends, prepend=0))
    crossed = np.flatnonzero(marks & _CROSSED)[::2]
    touching = np.unique(ring[crossed][ring[crossed] == ring[crossed + 1]])
    del ring
    if not len(touching):
        return corners, ends
    begins = np.concatenate([[0], ends[:-1]])
    kept = np.ones(len(ends), np.bool_)
    kept[touching] = False
    parts = [corners[np.repeat(kept, ends - begins)]]
    lengths = list((ends - begins)[kept])
    for number in touching:
        walked: list[int] = []
        seen: dict[tuple[int, int], int] = {}
        for corner in corners[begins[number] : ends[number]].tolist():
            spot = (int(rows[corner]), int(columns[corner]))
            if spot in seen:
                loop = walked[seen[spot] :]
                del walked[seen[spot] :]
                for gone in loop:
                    del seen[int(rows[gone]), int(columns[gone])]
                parts.append(np.array(loop, np.int32))
                lengths.append(len(loop))
            seen[spot] = len(walked)
            walked.append(corner)
        parts.append(np.array(walked, np.int32))
        lengths.append(len(walked))
    return np.concatenate(parts), np.cumsum(lengths)


def _assembled(
    rows: Numbers,
    columns: Numbers,
    corners: Numbers,
    ends: Numbers,
    transform: tuple[float, float, float, float, float, float],
) -> shapely.MultiPolygon:
    """Return rings as polygons: those that run clockwise on the map are shells, the others holes of the least shell round them."""
    begins = np.concatenate([[0], ends[:-1]])
    across, down = columns[corners].astype(np.int64), rows[corners].astype(np.int64)
    after = np.arange(1, len(corners) + 1)
    after[ends - 1] = begins
    areas = np.add.reduceat(across * down[after] - across[after] * down, begins)
    del after, across, down
    shell = np.flatnonzero(areas > 0)
    hole = np.flatnonzero(areas < 0)
    owner = np.empty(len(ends), np.int64)
    owner[shell] = np.arange(len(shell))
    if len(hole):
        owner[hole] = _owners(rows, columns, corners, begins, ends, areas, shell, hole)
    order = np.lexsort((areas < 0, owner))
    sizes = (ends - begins)[order]
    closed = np.concatenate([[0], np.cumsum(sizes + 1)])
    place = np.arange(closed[-1]) - np.repeat(closed[:-1], sizes + 1)
    place %= np.repeat(sizes, sizes + 1)
    taken = corners[place + np.repeat(begins[order], sizes + 1)]
    del place
    a, b, c, d, e, f = transform
    points = np.empty((len(taken), 2))
    points[:, 0] = a * columns[taken] + b * rows[taken] + c
    points[:, 1] = d * columns[taken] + e * rows[taken] + f
    of_rings = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(shell)))])
    made = shapely.from_ragged_array(shapely.GeometryType.MULTIPOLYGON, points, (closed, of_rings, np.array([0, len(shell)])))
    area: shapely.MultiPolygon = made[0]
    return area


def _owners(
    rows: Numbers,
    columns: Numbers,
    corners: Numbers,
    begins: Numbers,
    ends: Numbers,
    areas: Numbers,
    shell: Numbers,
    hole: Numbers,
) -> Numbers:
    """Return for each hole the position in `shell` of the least one round a pixel beside the hole."""
    first = corners[begins[hole]]
    second = corners[begins[hole] + 1]
    level = rows[first] == rows[second]  # a ring that was cut in two may begin with an upright piece
    left = np.where(level, np.minimum(columns[first], columns[second]), columns[first])
    top = np.where(level, rows[first], np.minimum(rows[first], rows[second]))
    # What is in lies on the right hand: below a piece that runs right, above one that runs left, left of one that runs down.
    below = columns[second] > columns[first]
    west = rows[second] > rows[first]
    x = left + np.where(level, 0.5, np.where(west, -0.5, 0.5))
    y = top + np.where(level, np.where(below, 0.5, -0.5), 0.5)
    beside = shapely.STRtree(np.asarray(shapely.points(x, y), object))
    owner = np.zeros(len(hole), np.int64)
    for number in np.argsort(-areas[shell], kind="stable"):  # the least comes last
        of_ring = corners[begins[shell[number]] : ends[shell[number]]]
        polygon = shapely.Polygon(np.column_stack([columns[of_ring], rows[of_ring]]))
        owner[beside.query(polygon, predicate="contains")] = number
    return owner
