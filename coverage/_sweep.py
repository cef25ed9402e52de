"""Measures of intersections by sweeping the rows of a grid: the compiled kernels of `coverage.integrate`.

A polygon's indicator is a sum over its edges: at height y it is the sum of the signs of the edges left of x. So the measure of a ward
inside a claim is a sum over pairs of edges,

    m(w ∩ q) = Σ_a Σ_b s_a s_b ∫ (∞ − max(x_a(y), x_b(y))) dy,

with no point location, no intersection points and no overlay geometry. Coincident, collinear and touching edges need no rule:
max(x_a, x_b) is continuous, and an edge that lies in several wards is credited to each. Edges are cut at the lines of a grid (of pixels,
where there is a raster) and the sum is taken cell by cell. Of everything left of a cell there remain only the *steps*: the heights where
the indicator changes along the cell's left side, +s at the lower and −s at the upper end of each piece passed, which cancel exactly along
a chain because neighbours share the very same numbers. Inside a polygon one step is left, (0, +1); outside none. Cells without pieces
between two others are summed at once from the row-cumulative raster.

References
----------
.. [1] W. R. Franklin, "Polygon properties calculated from the vertex neighborhoods", Proc. 3rd ACM Symposium on Computational Geometry,
   1987: measures of an overlay without the overlay.
"""

import numpy as np
import numpy.typing as npt

from hatang.coverage.compiled import compiled

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Labels = npt.NDArray[np.int32]

EXCESS = 1e-9
"""Share of a cell by which an indicator may leave 0 and 1 before it counts as an overlap: rounding of shared borders stays far below."""


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
    x: Floats, y: Floats, first: Ints, label: Labels, edges: Ints, row: int, stop: int, column: int, end: int
) -> tuple[Ints, Ints, Labels, Floats]:
    """Return the pieces of `edges` in the cells of rows `row` to `stop` and columns `column` to `end`, ordered by row and column.

    What lies east is dropped; of what lies west only the heights matter, and they are given to a column of its own, numbered 0, so that
    `column` is number 1.

    Returns
    -------
    offsets of the rows; per piece in order its column's number × 2³² + its own; then by its number its signed label (negative where the
    polygon ends there on the way east) and its ends (x, y, x, y), the lower end first, in the cell's own unit square.
    """
    bound = 0
    for k in range(edges.size):
        i = first[edges[k]]
        low, high = max(min(y[i], y[i + 1]), float(row)), min(max(y[i], y[i + 1]), float(stop))
        west, east = max(min(x[i], x[i + 1]), float(column)), min(max(x[i], x[i + 1]), float(end))
        bound += int(high) - int(low) + 2
        if east > west:
            bound += int(east) - int(west) + 2
    owner = np.empty(bound, np.int32)
    cell = np.empty(bound, np.int64)
    ends = np.empty((bound, 4))
    width = end - column + 1
    n = 0
    for k in range(edges.size):
        e = edges[k]
        i = first[e]
        # Always from the lower end, so that both neighbours of a border cut it at the very same numbers.
        if y[i] < y[i + 1]:
            ax, ay, bx, by, sign = x[i], y[i], x[i + 1], y[i + 1], -label[e]
        else:
            ax, ay, bx, by, sign = x[i + 1], y[i + 1], x[i], y[i], label[e]
        west, east = min(ax, bx), max(ax, bx)
        if west >= end:
            continue
        r = max(int(max(ay, 0.0)), row)
        if by <= r + 1.0 and ay >= r:
            n = _cut_row(ax, ay, bx, by, west, east, r, column, end, (r - row) * width, sign, n, owner, cell, ends)
            continue
        slope = (bx - ax) / (by - ay)
        low = max(ay, float(r))
        left = ax if low == ay else min(max(ax + (low - ay) * slope, west), east)
        while r < stop and low < by:
            high = min(by, r + 1.0)
            right = bx if high == by else min(max(ax + (high - ay) * slope, west), east)
            n = _cut_row(
                left, low, right, high, min(left, right), max(left, right), r, column, end, (r - row) * width, sign, n, owner, cell, ends
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
    column: int,
    end: int,
    base: int,
    sign: int,
    n: int,
    owner: Labels,
    cell: Ints,
    ends: Floats,
) -> int:
    """Write the pieces of one edge in one row, cut at the columns; return the count of pieces so far."""
    if west >= end:
        return n
    if east <= column:
        owner[n], cell[n] = sign, base
        ends[n, 0], ends[n, 1], ends[n, 2], ends[n, 3] = 0.0, ay - r, 0.0, by - r
        return n + 1
    if west >= column:
        only = int(west)
        if east <= only + 1.0:
            owner[n], cell[n] = sign, base + only - column + 1
            ends[n, 0], ends[n, 1], ends[n, 2], ends[n, 3] = ax - only, ay - r, bx - only, by - r
            return n + 1
    x, y = ax, ay
    while y < by:
        # The column of what comes next: where an edge on a grid line turns west it lies in the cell before.
        c = x - 1.0 if bx < x and x == np.floor(x) else np.floor(x)
        if c < column:
            last = bx <= column
            xn = bx if last else float(column)
        elif c >= end:
            last = bx >= end
            xn = bx if last else float(end)
        elif bx > x:
            last = bx <= c + 1.0
            xn = bx if last else c + 1.0
        elif bx < x:
            last = bx >= c
            xn = bx if last else c
        else:
            last, xn = True, bx
        yn = by if last else min(max(ay + (xn - ax) / (bx - ax) * (by - ay), y), by)
        if yn > y and c < end:
            owner[n] = sign
            ends[n, 1], ends[n, 3] = y - r, yn - r
            if c < column:
                cell[n], ends[n, 0], ends[n, 2] = base, 0.0, 0.0
            else:
                cell[n], ends[n, 0], ends[n, 2] = base + int(c) - column + 1, x - c, xn - c
            n += 1
        if last:
            break
        x, y = xn, yn
    return n


@compiled
def _right_of_both(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> float:
    """Return the area of the unit square right of both pieces a–b and c–d, over the heights they share; both run upwards."""
    low, high = max(ay, cy), min(by, dy)
    if high <= low:
        return 0.0
    p = ax if low == ay else ax + (low - ay) / (by - ay) * (bx - ax)
    q = bx if high == by else ax + (high - ay) / (by - ay) * (bx - ax)
    r = cx if low == cy else cx + (low - cy) / (dy - cy) * (dx - cx)
    s = dx if high == dy else cx + (high - cy) / (dy - cy) * (dx - cx)
    below, above = p - r, q - s
    if below >= 0.0 and above >= 0.0:
        mean = 0.5 * (p + q)
    elif below <= 0.0 and above <= 0.0:
        mean = 0.5 * (r + s)
    else:
        ahead = max(below, above)
        mean = 0.5 * (r + s) + 0.5 * ahead * ahead / (abs(below) + abs(above))
    return (high - low) * (1.0 - mean)


@compiled
def _step(labels: Labels, heights: Floats, jumps: Labels, n: int, label: int, height: float, jump: int) -> int:
    """Add a jump of the indicator of `label` at `height` of the left side; return the count of steps, those that cancel gone."""
    if height >= 1.0:
        return n
    for i in range(n):
        if labels[i] == label and heights[i] == height:
            jumps[i] += jump
            if jumps[i] == 0:
                n -= 1
                # Order is kept: sums are taken in it.
                for j in range(i, n):
                    labels[j], heights[j], jumps[j] = labels[j + 1], heights[j + 1], jumps[j + 1]
            return n
    labels[n], heights[n], jumps[n] = label, height, jump
    return n + 1


@compiled
def _widest(offsets: Ints) -> int:
    widest = 0
    for r in range(offsets.size - 1):
        widest = max(widest, offsets[r + 1] - offsets[r])
    return 2 * widest + 2


@compiled
def _pixel(column: int | np.int64, refined: int, pixels: int) -> int | np.int64:
    """Return the pixel of a column of cells; a division of integers would cost more than the rest of a cell."""
    if refined == 1:
        return column
    return 0 if pixels == 1 else column // refined


@compiled
def overlap(
    a_rows: Ints,
    a_keys: Ints,
    a_owner: Labels,
    a_ends: Floats,
    b_rows: Ints,
    b_keys: Ints,
    b_owner: Labels,
    b_ends: Floats,
    everywhere: bool,  # noqa: FBT001 - kernels take arguments by position
    row: int,
    column: int,
    end: int,
    refined: int,
    density: Floats,
    cumulated: Floats,
    measured: Floats,
) -> tuple[float, float]:
    """Add to `measured` the measure of each label of layer a inside layer b, over the rows of a strip.

    `a_…` and `b_…` are what `cut` returns; layer b has one label, or covers everything where `everywhere`. `density` is the measure of a
    cell, one value a pixel of `refined` × `refined` cells; `cumulated` its running sum along a row of cells, with a zero in front. `row`
    is that of the first row of the strip within `density`, in cells.

    Returns
    -------
    The greatest excess of b in a cell that a enters (∫ w² − w, which is 0 only where no point lies in b twice or negatively), and their
    sum, each weighed by its cell.
    """
    size = _widest(a_rows)
    a_label, a_height, a_jump = np.empty(size, np.int32), np.empty(size), np.empty(size, np.int32)
    size = _widest(b_rows)
    b_label, b_height, b_jump = np.empty(size, np.int32), np.empty(size), np.empty(size, np.int32)
    worst, ignored = 0.0, 0.0
    last = int(end - column + 1)
    pixels = density.shape[1]
    for r in range(a_rows.size - 1):
        i, i_end, j, j_end = a_rows[r], a_rows[r + 1], b_rows[r], b_rows[r + 1]
        if i == i_end or (j == j_end and not everywhere):
            continue
        pixel_row = (row + r) // refined
        na, nb = 0, 0
        if everywhere:
            b_label[0], b_height[0], b_jump[0], nb = 1, 0.0, 1, 1
        while i < i_end or na > 0:
            # The next cell with pieces; beyond the last one of a there is nothing but steps of a that end with the window.
            number = last
            if i < i_end:
                number = min(number, a_keys[i] >> 32)
            if j < j_end:
                number = min(number, b_keys[j] >> 32)
            if number == last:
                break
            i_next, j_next = i, j
            while i_next < i_end and (a_keys[i_next] >> 32) == number:
                i_next += 1
            while j_next < j_end and (b_keys[j_next] >> 32) == number:
                j_next += 1
            rho = float(density[pixel_row, _pixel(column + number - 1, refined, pixels)]) if number > 0 else 0.0
            if rho != 0.0 and (na > 0 or i_next > i) and (nb > 0 or j_next > j):
                if j_next == j and nb == 1 and b_jump[0] == 1 and b_height[0] == 0.0:
                    _filled(a_keys, a_owner, a_ends, i, i_next, a_label, a_height, a_jump, na, rho, measured)
                else:
                    inside, excess = _inside(b_keys, b_owner, b_ends, j, j_next, b_height, b_jump, nb)
                    worst = max(worst, excess)
                    ignored += excess * rho
                    if i_next == i and na == 1 and a_height[0] == 0.0:
                        measured[a_label[0] - 1] += rho * a_jump[0] * inside
                    else:
                        _cell(
                            a_keys, a_owner, a_ends, i, i_next, a_label, a_height, a_jump, na,
                            b_keys, b_owner, b_ends, j, j_next, b_height, b_jump, nb, rho, measured,
                        )  # fmt: skip
            for k in range(i, i_next):
                p = a_keys[k] & 0xFFFFFFFF
                sign = 1 if a_owner[p] > 0 else -1
                na = _step(a_label, a_height, a_jump, na, abs(a_owner[p]), a_ends[p, 1], sign)
                na = _step(a_label, a_height, a_jump, na, abs(a_owner[p]), a_ends[p, 3], -sign)
            for k in range(j, j_next):
                p = b_keys[k] & 0xFFFFFFFF
                sign = 1 if b_owner[p] > 0 else -1
                nb = _step(b_label, b_height, b_jump, nb, 1, b_ends[p, 1], sign)
                nb = _step(b_label, b_height, b_jump, nb, 1, b_ends[p, 3], -sign)
            i, j = i_next, j_next
            if na == 0 or nb == 0:
                continue
            # The cells without pieces up to the next one.
            beyond = last
            if i < i_end:
                beyond = min(beyond, a_keys[i] >> 32)
            if j < j_end:
                beyond = min(beyond, b_keys[j] >> 32)
            start, beyond = column + number, column + beyond - 1
            if beyond <= start:
                continue
            p, q = _pixel(start, refined, pixels), _pixel(beyond, refined, pixels)
            run = cumulated[pixel_row, q] - cumulated[pixel_row, p]
            if beyond > q * refined:
                run += density[pixel_row, q] * (beyond - q * refined)
            if start > p * refined:
                run -= density[pixel_row, p] * (start - p * refined)
            if nb > 1 or b_jump[0] != 1:
                # Along level edges, which have no pieces, b may fill a part of a row; only what it fills twice is an excess.
                _, excess = _inside(b_keys, b_owner, b_ends, j, j, b_height, b_jump, nb)
                worst = max(worst, excess)
                ignored += excess * abs(run)
            for m in range(nb):
                for k in range(na):
                    measured[a_label[k] - 1] += a_jump[k] * b_jump[m] * (1.0 - max(a_height[k], b_height[m])) * run
    return worst, ignored


@compiled
def _filled(
    keys: Ints,
    owner: Labels,
    ends: Floats,
    i: int,
    i_end: int,
    labels: Labels,
    heights: Floats,
    jumps: Labels,
    n: int,
    rho: float,
    measured: Floats,
) -> None:
    """Add the measures inside one cell that layer b fills."""
    for k in range(n):
        measured[labels[k] - 1] += rho * jumps[k] * (1.0 - heights[k])
    for k in range(i, i_end):
        p = keys[k] & 0xFFFFFFFF
        area = rho * (ends[p, 3] - ends[p, 1]) * (1.0 - 0.5 * (ends[p, 0] + ends[p, 2]))
        if owner[p] > 0:
            measured[owner[p] - 1] += area
        else:
            measured[-owner[p] - 1] -= area


@compiled
def _cell(
    a_keys: Ints,
    a_owner: Labels,
    a_ends: Floats,
    i: int,
    i_end: int,
    a_label: Labels,
    a_height: Floats,
    a_jump: Labels,
    na: int,
    b_keys: Ints,
    b_owner: Labels,
    b_ends: Floats,
    j: int,
    j_end: int,
    b_height: Floats,
    b_jump: Labels,
    nb: int,
    rho: float,
    measured: Floats,
) -> None:
    """Add the measures inside one cell: pieces and steps of a against pieces and steps of b."""
    for m in range(nb):
        h, weight = b_height[m], rho * b_jump[m]
        for k in range(na):
            measured[a_label[k] - 1] += weight * a_jump[k] * (1.0 - max(a_height[k], h))
        for k in range(i, i_end):
            p = a_keys[k] & 0xFFFFFFFF
            label = a_owner[p]
            if h <= a_ends[p, 1]:
                area = (a_ends[p, 3] - a_ends[p, 1]) * (1.0 - 0.5 * (a_ends[p, 0] + a_ends[p, 2]))
            else:
                area = _right_of_both(a_ends[p, 0], a_ends[p, 1], a_ends[p, 2], a_ends[p, 3], 0.0, h, 0.0, 1.0)
            measured[abs(label) - 1] += weight * area if label > 0 else -weight * area
    for n in range(j, j_end):
        q = b_keys[n] & 0xFFFFFFFF
        x0, y0, x1, y1 = b_ends[q, 0], b_ends[q, 1], b_ends[q, 2], b_ends[q, 3]
        weight = rho if b_owner[q] > 0 else -rho
        for k in range(na):
            h = a_height[k]
            area = (y1 - y0) * (1.0 - 0.5 * (x0 + x1)) if h <= y0 else _right_of_both(x0, y0, x1, y1, 0.0, h, 0.0, 1.0)
            measured[a_label[k] - 1] += weight * a_jump[k] * area
        for k in range(i, i_end):
            p = a_keys[k] & 0xFFFFFFFF
            label = a_owner[p]
            area = _right_of_both(a_ends[p, 0], a_ends[p, 1], a_ends[p, 2], a_ends[p, 3], x0, y0, x1, y1)
            measured[abs(label) - 1] += weight * area if label > 0 else -weight * area


@compiled
def _inside(keys: Ints, owner: Labels, ends: Floats, i: int, i_end: int, heights: Floats, jumps: Labels, n: int) -> tuple[float, float]:
    """Return ∫ w and ∫ w² − w over one cell, w the winding number of the layer.

    The second is 0 for a valid polygon, positive where anything lies in it twice.
    """
    single, square = 0.0, 0.0
    for k in range(n):
        single += jumps[k] * (1.0 - heights[k])
        for m in range(n):
            square += jumps[k] * jumps[m] * (1.0 - max(heights[k], heights[m]))
    for k in range(i, i_end):
        p = keys[k] & 0xFFFFFFFF
        sign = 1.0 if owner[p] > 0 else -1.0
        area = (ends[p, 3] - ends[p, 1]) * (1.0 - 0.5 * (ends[p, 0] + ends[p, 2]))
        single += sign * area
        square += area
        for m in range(n):
            if heights[m] <= ends[p, 1]:
                square += 2.0 * sign * jumps[m] * area
            else:
                square += 2.0 * sign * jumps[m] * _right_of_both(ends[p, 0], ends[p, 1], ends[p, 2], ends[p, 3], 0.0, heights[m], 0.0, 1.0)
        for m in range(i, k):
            q = keys[m] & 0xFFFFFFFF
            shared = _right_of_both(ends[p, 0], ends[p, 1], ends[p, 2], ends[p, 3], ends[q, 0], ends[q, 1], ends[q, 2], ends[q, 3])
            square += 2.0 * sign * shared if owner[q] > 0 else -2.0 * sign * shared
    return single, abs(square - single)
