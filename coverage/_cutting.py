"""Edges laid on a grid of cells and cut at its lines: the compiled kernels below the sweep of `coverage._sweep`.

An edge is always cut from its lower end, so that the two neighbours of a border cut it at the very same numbers.
"""

import numpy as np
import numpy.typing as npt

from hatang.coverage.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int32]


@compiled
def ring_signs(x: Floats, y: Floats, ring: Ints) -> Floats:
    """Return twice the signed area of each ring; `ring` holds the offsets of their vertices."""
    signed = np.zeros(ring.size - 1)
    for r in range(ring.size - 1):
        first = ring[r]
        total = 0.0
        for i in range(first, ring[r + 1] - 1):
            total += (x[i] - x[first]) * (y[i + 1] - y[first]) - (x[i + 1] - x[first]) * (y[i] - y[first])
        signed[r] = total
    return signed


@compiled
def strips_of(y: Floats, first: Ints, rows: int, height: int) -> tuple[Ints, Ints]:
    """Return the edges that enter each strip of `height` rows, as offsets and edge numbers; level ones in none."""
    count = (rows + height - 1) // height
    offsets = np.zeros(count + 1, np.int64)
    edges = np.empty(0, np.int64)
    for fill in range(2):
        if fill == 1:
            for s in range(count):
                offsets[s + 1] += offsets[s]
            edges = np.empty(offsets[count], np.int64)
        place = offsets[:-1].copy()
        for e in range(first.size):
            i = first[e]
            low, high = min(y[i], y[i + 1]), max(y[i], y[i + 1])
            if low == high or high <= 0.0 or low >= rows:
                continue
            top = min(int(np.ceil(min(high, float(rows)))), rows) - 1
            for s in range(int(max(low, 0.0)) // height, top // height + 1):
                if fill == 0:
                    offsets[s + 1] += 1
                else:
                    edges[place[s]] = e
                    place[s] += 1
    return offsets, edges


@compiled
def cut(
    x: Floats, y: Floats, first: Ints, label: Labels, edges: Ints, row: int, west: Ints, east: Ints, column: int, end: int
) -> tuple[Ints, Ints, Labels, Floats]:
    """Return the pieces of `edges` in the cells of the rows from `row` on, ordered by row and column.

    `west` and `east` tell for each row which columns count, within `column` to `end`; none where they are equal. What lies east of them is
    dropped; of what lies west only the heights matter, and they are given to a column of its own, numbered 0, so that `column` is number 1.

    Returns
    -------
    offsets of the rows; per piece in order its column's number × 2³² + its own; then by its number its signed label (negative where the
    polygon ends there on the way east) and its ends (x, y, x, y), the lower end first, in the cell's own unit square.
    """
    stop = row + west.size
    bound = 0
    for k in range(edges.size):
        i = first[edges[k]]
        low, high = max(min(y[i], y[i + 1]), float(row)), min(max(y[i], y[i + 1]), float(stop))
        left, right = max(min(x[i], x[i + 1]), float(column)), min(max(x[i], x[i + 1]), float(end))
        bound += int(high) - int(low) + 2
        if right > left:
            bound += int(right) - int(left) + 2
    owner = np.empty(bound, np.int32)
    cell = np.empty(bound, np.int64)
    ends = np.empty((bound, 4))
    width = end - column + 1
    n = 0
    for k in range(edges.size):
        e = edges[k]
        i = first[e]
        # Always from the lower end: see above.
        if y[i] < y[i + 1]:
            ax, ay, bx, by, sign = x[i], y[i], x[i + 1], y[i + 1], -label[e]
        else:
            ax, ay, bx, by, sign = x[i + 1], y[i + 1], x[i], y[i], label[e]
        leftmost, rightmost = min(ax, bx), max(ax, bx)
        if leftmost >= end:
            continue
        r = max(int(max(ay, 0.0)), row)
        if by <= r + 1.0 and ay >= r:
            begin, close, base = west[r - row], east[r - row], (r - row) * width
            n = _cut_row(ax, ay, bx, by, leftmost, rightmost, r, begin, close, column, base, sign, n, owner, cell, ends)
            continue
        slope = (bx - ax) / (by - ay)
        low = max(ay, float(r))
        left = ax if low == ay else min(max(ax + (low - ay) * slope, leftmost), rightmost)
        while r < stop and low < by:
            high = min(by, r + 1.0)
            right = bx if high == by else min(max(ax + (high - ay) * slope, leftmost), rightmost)
            begin, close, base = west[r - row], east[r - row], (r - row) * width
            n = _cut_row(
                left, low, right, high, min(left, right), max(left, right), r, begin, close, column, base, sign, n, owner, cell, ends
            )
            low, left, r = high, right, r + 1
    return *_ordered(cell, n, stop - row, width), owner, ends


@compiled
def _ordered(cell: Ints, n: int, rows: int, width: int) -> tuple[Ints, Ints]:
    """Return the offsets of the rows and the keys of pieces, ordered by cell, then number."""
    offsets = np.zeros(rows + 1, np.int64)
    keys = np.empty(n, np.int64)
    if rows * width <= 4 * n:
        start = np.zeros(rows * width + 1, np.int64)
        for p in range(n):
            start[cell[p] + 1] += 1
        for c in range(rows * width):
            start[c + 1] += start[c]
        for r in range(rows + 1):
            offsets[r] = start[r * width]
        for p in range(n):
            keys[start[cell[p]]] = ((cell[p] % width) << 32) | p
            start[cell[p]] += 1
        return offsets, keys
    for p in range(n):
        offsets[cell[p] // width + 1] += 1
    for r in range(rows):
        offsets[r + 1] += offsets[r]
    place = offsets[:-1].copy()
    for p in range(n):
        r = cell[p] // width
        keys[place[r]] = ((cell[p] - r * width) << 32) | p
        place[r] += 1
    for r in range(rows):
        _sort(keys, offsets[r], offsets[r + 1])
    return offsets, keys


@compiled
def _sort(keys: Ints, start: int, stop: int) -> None:
    """Sort a stretch of keys: by insertion where short."""
    if stop - start > 48:
        keys[start:stop] = np.sort(keys[start:stop])
        return
    for i in range(start + 1, stop):
        key = keys[i]
        j = i - 1
        while j >= start and keys[j] > key:
            keys[j + 1] = keys[j]
            j -= 1
        keys[j + 1] = key


@compiled
def _cut_row(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    west: float,
    east: float,
    r: int,
    begin: int,
    close: int,
    column: int,
    base: int,
    sign: int,
    n: int,
    owner: Labels,
    cell: Ints,
    ends: Floats,
) -> int:
    """Write the pieces of one edge in one row, cut at the columns; return the count of pieces so far."""
    if west >= close or begin >= close:
        return n
    if east <= begin:
        owner[n], cell[n] = sign, base
        ends[n, 0], ends[n, 1], ends[n, 2], ends[n, 3] = 0.0, ay - r, 0.0, by - r
        return n + 1
    if west >= begin:
        only = int(west)
        if east <= only + 1.0:
            owner[n], cell[n] = sign, base + only - column + 1
            ends[n, 0], ends[n, 1], ends[n, 2], ends[n, 3] = ax - only, ay - r, bx - only, by - r
            return n + 1
    x, y = ax, ay
    while y < by:
        # The column of what comes next: where an edge on a grid line turns west it lies in the cell before.
        c = x - 1.0 if bx < x and x == np.floor(x) else np.floor(x)
        if c < begin:
            last = bx <= begin
            xn = bx if last else float(begin)
        elif c >= close:
            last = bx >= close
            xn = bx if last else float(close)
        elif bx > x:
            last = bx <= c + 1.0
            xn = bx if last else c + 1.0
        elif bx < x:
            last = bx >= c
            xn = bx if last else c
        else:
            last, xn = True, bx
        yn = by if last else min(max(ay + (xn - ax) / (bx - ax) * (by - ay), y), by)
        if yn > y and c < close:
            owner[n] = sign
            ends[n, 1], ends[n, 3] = y - r, yn - r
            if c < begin:
                cell[n], ends[n, 0], ends[n, 2] = base, 0.0, 0.0
            else:
                cell[n], ends[n, 0], ends[n, 2] = base + int(c) - column + 1, x - c, xn - c
            n += 1
        if last:
            break
        x, y = xn, yn
    return n
