"""Two levels of squares over wards: a block with no border is one row; of the others each fine cell is a row or a few edges to look at."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from hatang.coverage._wardkernels import BLOCK, NO_RANK, fill_blocks, look_up, trace_wards

_FEWEST_CELLS: Final = 1 << 16
"""Border cells aimed at where wards have few edges."""
_MANY_CELLS: Final = 6_000_000
"""Border cells beyond which there is one for each edge, no longer four: memory counts then."""
_FEWEST_BLOCKS: Final = 1 << 14
_MOST_BLOCKS: Final = 1 << 23
_FINEST: Final = 2.0**-22
"""Smallest cell as a share of the largest coordinate: centres and cells then agree, and a crossing is found to 1e-7 cells."""
_OFFSET: Final = 0.3819660112501051
"""Cells between the grid's corner and that of the wards; no simple fraction, so that round coordinates do not fall on centres."""
_SLICES: Final = 16
_CHUNK: Final = 1 << 15
"""Points a thread takes at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Polygons:
    """Polygons as arrays: ring r is vertices `rings[r]` to `rings[r + 1]`, ward w is rings `wards[w]` to `wards[w + 1]`.

    `vertices` has shape (vertices, 2); wards stand in the order in which they win.
    """

    vertices: npt.NDArray[np.float64]
    rings: npt.NDArray[np.int64]
    wards: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class WardGrid:
    """A grid ready for look-ups; `_wardkernels` says what the arrays hold.

    `frame` is x and y of the grid's corner and the side of a fine cell, in units of the CRS; `columns` counts the blocks of a row.
    """

    frame: tuple[float, float, float]
    columns: int
    blocks: npt.NDArray[np.int32]
    codes: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int32]
    entries: npt.NDArray[np.int32]
    words: npt.NDArray[np.int32]
    vertices: npt.NDArray[np.float64]

    @classmethod
    def build(cls, polygons: Polygons, rows: npt.NDArray[np.int32], *, threads: int) -> Self:
        """Return the grid over `polygons`, where a point in ward w is answered `rows[w]`; the same for any number of threads."""
        vertices = np.ascontiguousarray(polygons.vertices)
        frame, columns, height = _frame(polygons)
        weights = polygons.rings[polygons.wards]
        covers = [np.full(columns * height, NO_RANK, np.int32) for _ in range(max(threads, 1))]
        with ThreadPoolExecutor(max(threads, 1)) as pool:
            cuts = _cuts(weights, len(covers))
            traced = list(
                pool.map(
                    lambda part: trace_wards(
                        vertices, polygons.rings, polygons.wards, cuts[part], cuts[part + 1], *frame, columns, covers[part]
                    ),
                    range(len(covers)),
                )
            )
            cover = np.minimum.reduce(covers)
            pairs, runs = _joined(traced)
            offsets = np.flatnonzero(np.r_[True, pairs[1:, 0] != pairs[:-1, 0], True]) if len(pairs) else np.zeros(1, np.int64)
            slices = _cuts(offsets, _SLICES)
            filled = list(
                pool.map(
                    lambda part: fill_blocks(vertices, rows, pairs, offsets, runs, cover, slices[part], slices[part + 1], *frame, columns),
                    range(_SLICES),
                )
            )
        blocks = np.where(cover == NO_RANK, np.int32(-1), rows[np.minimum(cover, len(rows) - 1)]) if len(rows) else np.full_like(cover, -1)
        blocks[pairs[offsets[:-1], 0]] = -2 - np.arange(len(offsets) - 1, dtype=np.int32)
        return cls(frame, columns, blocks, *_strung(filled), vertices)

    def locate(self, x: npt.NDArray[np.generic], y: npt.NDArray[np.generic], *, threads: int) -> npt.NDArray[np.int32]:
        """Return the row of each point, -1 outside; `x` and `y` are 1-D and of one length."""
        found = np.empty(len(x), np.int32)

        def take(begin: int) -> None:
            part = slice(begin, begin + _CHUNK)
            look_up(
                np.ascontiguousarray(x[part], np.float64),
                np.ascontiguousarray(y[part], np.float64),
                found[part],
                *self.frame,
                self.columns,
                self.blocks,
                self.codes,
                self.starts,
                self.entries,
                self.words,
                self.vertices,
            )

        begins = range(0, len(x), _CHUNK)
        if threads <= 1 or len(begins) <= 1:
            for begin in begins:
                take(begin)
        else:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(take, begins))
        return found


def _frame(polygons: Polygons) -> tuple[tuple[float, float, float], int, int]:
    """Return corner and cell size of a grid whose border cells hold an edge or two, and its blocks along and up."""
    vertices = polygons.vertices
    if not len(vertices):
        return (0.0, 0.0, 1.0), 1, 1
    (west, south), (east, north) = vertices.min(axis=0), vertices.max(axis=0)
    steps = np.diff(vertices, axis=0)
    length = float(np.abs(np.delete(steps, polygons.rings[1:-1] - 1, axis=0)).sum())
    extent = max(east - west, north - south)
    edges = len(vertices)
    most = min(max(32 * edges, _FEWEST_BLOCKS), _MOST_BLOCKS)
    size = max(
        length / max(edges, min(4 * edges, _MANY_CELLS), _FEWEST_CELLS),
        np.sqrt((east - west) * (north - south) / most) / BLOCK,
        extent / most,
        _FINEST * max(abs(west), abs(east), abs(south), abs(north)),
    )
    size = float(size) if size > 0.0 else 1.0
    x0, y0 = float(west - _OFFSET * size), float(south - _OFFSET * size)
    columns, height = (int((high - low) / (size * BLOCK)) + 2 for low, high in ((x0, east), (y0, north)))
    return (x0, y0, size), columns, height


def _cuts(weights: npt.NDArray[np.int64], parts: int) -> list[int]:
    """Return where to cut what stands at the cumulative `weights` into parts of about equal weight."""
    inner = np.searchsorted(weights, weights[-1] * np.arange(1, parts) / parts)
    return [0, *inner.tolist(), len(weights) - 1]


def _joined(
    traced: Sequence[tuple[npt.NDArray[np.int32], int, npt.NDArray[np.int32], int]],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return pairs of all parts by block, then rank, and their runs, renumbered."""
    base = 0
    for pairs, pair_count, runs, run_count in traced:
        pairs[:pair_count, 3] += base
        following = runs[:run_count, 2]
        following[following >= 0] += base
        base += run_count
    pairs = np.concatenate([pairs[:count] for pairs, count, _, _ in traced])
    runs = np.concatenate([runs[:count] for _, _, runs, count in traced])
    return pairs[np.argsort(pairs[:, 0], kind="stable")], runs


def _strung(
    filled: Sequence[tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], npt.NDArray[np.int32], int, npt.NDArray[np.int32], int]],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Return the arrays of all slices end to end, with their places renumbered."""
    entry = word = 0
    for _, starts, entries, entry_count, _, word_count in filled:
        starts += entry
        borders = entries[:entry_count] < -1
        entries[:entry_count][borders] -= word
        entry, word = entry + entry_count, word + word_count
    return (
        np.concatenate([part[0] for part in filled]),
        np.concatenate([part[1] for part in filled]),
        np.concatenate([part[2][: part[3]] for part in filled]),
        np.concatenate([part[4][: part[5]] for part in filled]),
    )
