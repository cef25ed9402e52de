"""Cells to wards: detached pieces joined, the last cells moved along borders, and the raster turned into one coverage of polygons."""

import itertools
from collections import deque

import numpy as np
import shapely
from scipy import ndimage

_NEIGHBOURS = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))
"""Rows and columns of the eight neighbours in cyclic order; the even ones share an edge."""


def join_detached(owner: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """Give every piece of a ward that does not hold its seat to the neighbour it shares most border with.

    Parameters
    ----------
    owner : ndarray of int32, shape (rows, columns)
        Ward position of each cell, -1 outside; not changed.
    seats : ndarray of int64, shape (wards, 2)
        Row and column of each ward's label point.
    """
    joined = owner.copy()
    while True:
        moved = False
        for ward, (row, column) in enumerate(seats):
            parts, count = ndimage.label(joined == ward)
            for part in set(range(1, count + 1)) - {parts[row, column]}:
                piece = parts == part
                ring = ndimage.binary_dilation(piece) & ~piece
                around = joined[ring & (joined >= 0)]
                if around.size:
                    joined[piece] = np.bincount(around).argmax()
                    moved = True
        if not moved:
            return joined


def exact_counts(owner: np.ndarray, targets: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """Push surplus cells along the shortest paths of neighbouring wards until each ward holds its target count.

    A cell moves only where both wards stay in one part without holes, and never a ward's seat.
    """
    exact = owner.copy()
    fixed = {(int(row), int(column)) for row, column in seats}
    while True:
        surplus = np.bincount(exact[exact >= 0], minlength=len(targets)) - targets
        if not surplus.any():
            return exact
        giver = int(np.abs(surplus).argmax())
        path = _path(_adjacency(exact, len(targets)), giver, surplus)
        amount = int(min(abs(surplus[giver]), abs(surplus[path[-1]])))
        for here, there in itertools.pairwise(path):
            source, target = (here, there) if surplus[giver] > 0 else (there, here)
            _move(exact, source, target, amount, fixed)


def _adjacency(owner: np.ndarray, wards: int) -> np.ndarray:
    """Return the number of cell edges that each pair of wards shares."""
    shared = np.zeros((wards, wards), np.int64)
    for left, right in ((owner[:, 1:], owner[:, :-1]), (owner[1:], owner[:-1])):
        border = (left >= 0) & (right >= 0) & (left != right)
        np.add.at(shared, (left[border], right[border]), 1)
    return shared + shared.T


def _path(shared: np.ndarray, start: int, surplus: np.ndarray) -> list[int]:
    """Return the shortest path of neighbours from `start` to a ward whose surplus has the other sign."""
    came = {start: -1}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        if surplus[here] * surplus[start] < 0:
            path = [here]
            while came[path[-1]] >= 0:
                path.append(came[path[-1]])
            return path[::-1]
        for there in np.argsort(-shared[here], kind="stable"):
            if shared[here, there] > 0 and int(there) not in came:
                came[int(there)] = here
                queue.append(int(there))
    raise AssertionError(start)  # the wards are one connected coverage and their targets sum to its cells


def _move(owner: np.ndarray, source: int, target: int, amount: int, fixed: set[tuple[int, int]]) -> None:
    """Hand `amount` border cells of `source` to `target`, most surrounded by `target` first, in place."""
    for _ in range(amount):
        theirs = owner == target
        rows, columns = np.nonzero((owner == source) & ndimage.binary_dilation(theirs))
        crowd = ndimage.convolve(theirs.astype(np.int8), np.ones((3, 3), np.int8), mode="constant")[rows, columns]
        for place in np.argsort(-crowd, kind="stable"):
            cell = (int(rows[place]), int(columns[place]))
            if cell not in fixed and _simple(owner, cell, source) and _simple(owner, cell, target):
                owner[cell] = target
                break
        else:
            raise AssertionError((source, target))  # a border of two simple regions always has such a cell


def _simple(owner: np.ndarray, cell: tuple[int, int], ward: int) -> bool:
    """Return whether `cell` can leave or join `ward` while the ward stays one part without holes, seen from its eight neighbours."""
    around = [
        0 <= cell[0] + row < owner.shape[0] and 0 <= cell[1] + column < owner.shape[1] and owner[cell[0] + row, cell[1] + column] == ward
        for row, column in _NEIGHBOURS
    ]
    edges = sum(around[::2])
    links = sum(around[side] and around[side + 1] and around[(side + 2) % 8] for side in (0, 2, 4, 6))
    return bool(0 < edges < 4 and edges - links == 1)


def polygons(owner: np.ndarray, *, west: float, south: float, cell_m: float) -> np.ndarray:
    """Return one polygon a ward from a raster of ward positions (-1 outside; row 0 is the southernmost), sharing their borders exactly."""
    padded = np.pad(owner, 1, constant_values=-1)
    segments = []
    for across in (False, True):
        grid = padded.T if across else padded
        rows, columns = np.nonzero(grid[:-1] != grid[1:])
        start = np.column_stack([columns - 1.0, rows])
        end = start + np.array([1.0, 0.0])
        pair = np.stack([start, end], axis=1)
        segments.append(pair[..., ::-1] if across else pair)
    edges = np.concatenate(segments) * cell_m + np.array([west, south])
    lines = shapely.line_merge(shapely.MultiLineString(list(edges)))
    faces = shapely.get_parts(shapely.GeometryCollection(shapely.polygonize([lines])))
    inner = shapely.get_coordinates(shapely.point_on_surface(faces))
    columns, rows = ((inner - np.array([west, south])) // cell_m).astype(np.int64).T
    wards = owner[rows, columns]
    return np.array([shapely.coverage_union_all(faces[wards == ward]) for ward in range(owner.max() + 1)])
