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

from hatang.coverage._cutting import Floats, Ints, Labels
from hatang.coverage._tally import Tally, stepped
from hatang.coverage.compiled import compiled

EXCESS = 1e-9
"""Share of a cell by which an indicator may leave 0 and 1 before it counts as an overlap: rounding of shared borders stays far below."""


@compiled
def right_of_both(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> float:
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
def _pixel(column: int | np.int64, refined: int, pixels: int) -> int | np.int64:
    """Return the pixel of a column of cells; a division of integers would cost more than the rest of a cell."""
    if refined == 1:
        return column
    return 0 if pixels == 1 else column // refined


@compiled
def _run(cumulated: Floats, density: Floats, row: int, refined: int, start: int, stop: int) -> float:
    """Return the measure of a row's cells from column `start` to `stop`."""
    pixels = density.shape[1]
    p, q = _pixel(start, refined, pixels), _pixel(stop, refined, pixels)
    run = cumulated[row, q] - cumulated[row, p]
    if stop > q * refined:
        run += density[row, q] * (stop - q * refined)
    if start > p * refined:
        run -= density[row, p] * (start - p * refined)
    return float(run)


@compiled
def total(tally: Tally, row: int, column: int, end: int, refined: int, density: Floats, cumulated: Floats, measured: Floats) -> None:
    """Add to `measured` the measure of each label of a layer, over the rows of a strip; parameters as for `overlap`."""
    rows, number, _, _, _, step_at, step_label, step_height, step_jump, share_at, share_label, share, _, _ = tally
    pixels = density.shape[1]
    for r in range(rows.size - 1):
        pixel_row = (row + r) // refined
        for i in range(rows[r], rows[r + 1]):
            if number[i] > 0:
                rho = float(density[pixel_row, _pixel(column + number[i] - 1, refined, pixels)])
                for k in range(share_at[i], share_at[i + 1]):
                    measured[share_label[k] - 1] += rho * share[k]
            start, stop = column + number[i], end
            if i + 1 < rows[r + 1]:
                stop = column + number[i + 1] - 1
            if stop > start and step_at[i + 1] > step_at[i]:
                run = _run(cumulated, density, pixel_row, refined, start, stop)
                for k in range(step_at[i], step_at[i + 1]):
                    measured[step_label[k] - 1] += step_jump[k] * (1.0 - step_height[k]) * run


@compiled
def overlap(
    tally: Tally,
    b_rows: Ints,
    b_keys: Ints,
    b_owner: Labels,
    b_ends: Floats,
    row: int,
    column: int,
    end: int,
    refined: int,
    density: Floats,
    cumulated: Floats,
    measured: Floats,
) -> tuple[float, float]:
    """Add to `measured` the measure of each label of layer a inside layer b, over the rows of a strip.

    `tally` is what `tallied` returns of layer a, `b_…` what `cut` returns of layer b, which has one label. `density` is the measure of a
    cell, one value a pixel of `refined` × `refined` cells; `cumulated` its running sum along a row of cells, with a zero in front. `row`,
    `column` and `end` tell the strip's first row and columns within `density`, in cells.

    Returns
    -------
    The greatest excess of b in a cell that a enters (∫ w² − w, which is 0 only where no point lies in b twice or negatively), and their
    sum, each weighed by its cell.
    """
    rows, number, piece_at, owner, ends, step_at, step_label, step_height, step_jump, share_at, share_label, share, _, _ = tally
    size = 2
    for r in range(b_rows.size - 1):
        size = max(size, 2 * (b_rows[r + 1] - b_rows[r]) + 2)
    b_label, b_height, b_jump = np.empty(size, np.int32), np.empty(size), np.empty(size, np.int32)
    worst, ignored = 0.0, 0.0
    last = int(end - column + 1)
    pixels = density.shape[1]
    for r in range(rows.size - 1):
        i, i_end, j, j_end = rows[r], rows[r + 1], b_rows[r], b_rows[r + 1]
        if i == i_end:
            continue
        pixel_row = (row + r) // refined
        # Steps of a that stand, as a range; steps of b as a count.
        step, steps, nb = 0, 0, 0
        while j < j_end or nb > 0:
            b_next = min(last, b_keys[j] >> 32) if j < j_end else last
            if nb == 0:
                # Where b is nowhere the cells of a are passed over.
                while i < i_end and number[i] < b_next:
                    step, steps = step_at[i], step_at[i + 1]
                    i += 1
            here = min(b_next, number[i]) if i < i_end else b_next
            if here == last:
                break
            piece, pieces = 0, 0
            mine = i < i_end and number[i] == here
            if mine:
                piece, pieces = piece_at[i], piece_at[i + 1]
            j_next = j
            while j_next < j_end and (b_keys[j_next] >> 32) == here:
                j_next += 1
            rho = float(density[pixel_row, _pixel(column + here - 1, refined, pixels)]) if here > 0 else 0.0
            if rho != 0.0 and (steps > step or mine):
                if j_next == j and nb == 1 and b_jump[0] == 1 and b_height[0] == 0.0:
                    for k in range(share_at[i], share_at[i + 1]):
                        measured[share_label[k] - 1] += rho * share[k]
                else:
                    inside, excess = _inside(b_keys, b_owner, b_ends, j, j_next, b_height, b_jump, nb)
                    worst = max(worst, excess)
                    ignored += excess * rho
                    if not mine and steps - step == 1 and step_height[step] == 0.0:
                        measured[step_label[step] - 1] += rho * step_jump[step] * inside
                    else:
                        _cell(
                            owner, ends, piece, pieces, step_label, step_height, step_jump, step, steps,
                            b_keys, b_owner, b_ends, j, j_next, b_height, b_jump, nb, rho, measured,
                        )  # fmt: skip
            if mine:
                step, steps = step_at[i], step_at[i + 1]
                i += 1
            for k in range(j, j_next):
                p = b_keys[k] & 0xFFFFFFFF
                sign = 1 if b_owner[p] > 0 else -1
                nb = stepped(b_label, b_height, b_jump, nb, 1, b_ends[p, 1], sign)
                nb = stepped(b_label, b_height, b_jump, nb, 1, b_ends[p, 3], -sign)
            j = j_next
            if steps == step or nb == 0:
                continue
            # The cells without pieces up to the next one.
            beyond = last
            if i < i_end:
                beyond = min(beyond, number[i])
            if j < j_end:
                beyond = min(beyond, b_keys[j] >> 32)
            start, beyond = column + here, column + beyond - 1
            if beyond <= start:
                continue
            run = _run(cumulated, density, pixel_row, refined, start, beyond)
            if nb > 1 or b_jump[0] != 1:
                # Along level edges, which have no pieces, b may fill a part of a row; only what it fills twice is an excess.
                _, excess = _inside(b_keys, b_owner, b_ends, j, j, b_height, b_jump, nb)
                worst = max(worst, excess)
                ignored += excess * abs(run)
            for m in range(nb):
                for k in range(step, steps):
                    measured[step_label[k] - 1] += step_jump[k] * b_jump[m] * (1.0 - max(step_height[k], b_height[m])) * run
    return worst, ignored


@compiled
def _cell(
    a_owner: Labels,
    a_ends: Floats,
    i: int,
    i_end: int,
    a_label: Labels,
    a_height: Floats,
    a_jump: Labels,
    step: int,
    steps: int,
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
        for k in range(step, steps):
            measured[a_label[k] - 1] += weight * a_jump[k] * (1.0 - max(a_height[k], h))
        for p in range(i, i_end):
            label = a_owner[p]
            if h <= a_ends[p, 1]:
                area = (a_ends[p, 3] - a_ends[p, 1]) * (1.0 - 0.5 * (a_ends[p, 0] + a_ends[p, 2]))
            else:
                area = right_of_both(a_ends[p, 0], a_ends[p, 1], a_ends[p, 2], a_ends[p, 3], 0.0, h, 0.0, 1.0)
            measured[abs(label) - 1] += weight * area if label > 0 else -weight * area
    for n in range(j, j_end):
        q = b_keys[n] & 0xFFFFFFFF
        x0, y0, x1, y1 = b_ends[q, 0], b_ends[q, 1], b_ends[q, 2], b_ends[q, 3]
        weight = rho if b_owner[q] > 0 else -rho
        for k in range(step, steps):
            h = a_height[k]
            area = (y1 - y0) * (1.0 - 0.5 * (x0 + x1)) if h <= y0 else right_of_both(x0, y0, x1, y1, 0.0, h, 0.0, 1.0)
            measured[a_label[k] - 1] += weight * a_jump[k] * area
        for p in range(i, i_end):
            label = a_owner[p]
            area = right_of_both(a_ends[p, 0], a_ends[p, 1], a_ends[p, 2], a_ends[p, 3], x0, y0, x1, y1)
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
                square += 2.0 * sign * jumps[m] * right_of_both(ends[p, 0], ends[p, 1], ends[p, 2], ends[p, 3], 0.0, heights[m], 0.0, 1.0)
        for m in range(i, k):
            q = keys[m] & 0xFFFFFFFF
            shared = right_of_both(ends[p, 0], ends[p, 1], ends[p, 2], ends[p, 3], ends[q, 0], ends[q, 1], ends[q, 2], ends[q, 3])
            square += 2.0 * sign * shared if owner[q] > 0 else -2.0 * sign * shared
    return single, abs(square - single)
