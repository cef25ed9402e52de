"""Compiled loops over straight pieces ("facets"): a uniform grid of them, and what is near to what.

The arithmetic of a distance is that of GEOS, operation by operation, so that both give the same bits. The grid only proposes candidates:
its cells are found with a margin wider than any rounding, and it never decides.

References
----------
GEOS 3.14, `algorithm/Distance.cpp` (`pointToSegment`, `segmentToSegment`). J. L. Bentley, D. F. Stanat, E. H. Williams, "The complexity of
finding fixed-radius near neighbors", Information Processing Letters 6 (1977). M. Teschner et al., "Optimized spatial hashing for
collision detection of deformable objects", VMV 2003, for cells that share buckets.
"""

from typing import NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from hatang.coverage.compiled import compiled

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int32]
Positions: TypeAlias = npt.NDArray[np.int64]
N = TypeVar("N", np.int32, np.float64)


class Lattice(NamedTuple):
    """Where the cells of a grid lie: cell (i, j) belongs to bucket `(i + j * stride) & mask`.

    Where every cell has a bucket of its own, `stride` is `columns` and `mask` has all bits; else cells share `mask + 1` buckets.
    """

    west: float
    south: float
    inverse: float
    columns: int
    rows: int
    stride: int
    mask: int
    buckets: int


class Grid(NamedTuple):
    """Facets by bucket: bucket `b` holds the entries `start[b]` up to, not including, `start[b + 1]`."""

    start: Ints
    ends: Floats
    row: Ints
    facet: Ints


@compiled
def cut_into_facets(xy: Floats, part: Positions, row_of_part: Positions, rows: int, proper_only: bool) -> tuple[Floats, Positions]:  # noqa: FBT001
    """Return ends (facets, 4) and first facet by row (rows + 1,) of vertices `xy` (n, 2) that stand in row order."""
    count = len(xy)
    ends = np.empty((count, 4))
    first = np.zeros(rows + 1, np.int64)
    facets = 0
    for here in range(count):
        there = here
        if here + 1 < count and part[here + 1] == part[here]:
            there = here + 1
        elif here > 0 and part[here - 1] == part[here]:
            continue
        if proper_only and xy[here, 0] == xy[there, 0] and xy[here, 1] == xy[there, 1]:
            continue
        ends[facets, 0], ends[facets, 1] = xy[here, 0], xy[here, 1]
        ends[facets, 2], ends[facets, 3] = xy[there, 0], xy[there, 1]
        first[row_of_part[part[here]] + 1] += 1
        facets += 1
    for row in range(rows):
        first[row + 1] += first[row]
    return ends[:facets], first


@compiled
def bounds_of(ends: Floats) -> tuple[float, float, float, float]:
    """Return west, south, east, north of facets."""
    west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
    for at in range(len(ends)):
        west, east = min(west, ends[at, 0], ends[at, 2]), max(east, ends[at, 0], ends[at, 2])
        south, north = min(south, ends[at, 1], ends[at, 3]), max(north, ends[at, 1], ends[at, 3])
    return west, south, east, north


@compiled
def point_to_segment(px: float, py: float, ax: float, ay: float, bx: float, by: float) -> float:
    """Return the distance of a point from a segment."""
    if ax == bx and ay == by:
        return float(np.sqrt((px - ax) * (px - ax) + (py - ay) * (py - ay)))
    square = (bx - ax) * (bx - ax) + (by - ay) * (by - ay)
    along = ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / square
    if along <= 0.0:
        return float(np.sqrt((px - ax) * (px - ax) + (py - ay) * (py - ay)))
    if along >= 1.0:
        return float(np.sqrt((px - bx) * (px - bx) + (py - by) * (py - by)))
    across = ((ay - py) * (bx - ax) - (ax - px) * (by - ay)) / square
    return float(abs(across) * np.sqrt(square))


@compiled
def segment_to_segment(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float) -> float:
    """Return the distance of two segments, 0 where they meet."""
    if ax == bx and ay == by:
        return point_to_segment(ax, ay, cx, cy, dx, dy)
    if cx == dx and cy == dy:
        return point_to_segment(dx, dy, ax, ay, bx, by)
    if max(ax, bx) >= min(cx, dx) and max(cx, dx) >= min(ax, bx) and max(ay, by) >= min(cy, dy) and max(cy, dy) >= min(ay, by):
        turn = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx)
        if turn != 0.0:
            r = ((ay - cy) * (dx - cx) - (ax - cx) * (dy - cy)) / turn
            s = ((ay - cy) * (bx - ax) - (ax - cx) * (by - ay)) / turn
            if 0.0 <= r <= 1.0 and 0.0 <= s <= 1.0:
                return 0.0
    return min(
        point_to_segment(ax, ay, cx, cy, dx, dy),
        point_to_segment(bx, by, cx, cy, dx, dy),
        point_to_segment(cx, cy, ax, ay, bx, by),
        point_to_segment(dx, dy, ax, ay, bx, by),
    )


@compiled
def _span(low: float, high: float, origin: float, inverse: float, cells: int) -> tuple[int, int]:
    """Return the first and last cell of an interval of one axis; first > last where it lies beside the grid."""
    lowest, highest = (low - origin) * inverse, (high - origin) * inverse
    if not (lowest < cells and highest >= 0.0):
        return 1, 0
    return int(lowest) if lowest > 0.0 else 0, int(highest) if highest < cells else cells - 1


@compiled
def _strip(ax: float, ay: float, bx: float, by: float, low: float, high: float) -> tuple[float, float]:
    """Return the extent in x of the part of a segment with `low <= y <= high`."""
    if ay > by:
        ax, ay, bx, by = bx, by, ax, ay
    first, last = ax, bx
    if by > ay:
        slope = (bx - ax) / (by - ay)
        if low > ay:
            first = ax + min(low - ay, by - ay) * slope
        if high < by:
            last = bx - min(by - high, by - ay) * slope
    return min(first, last), max(first, last)


@compiled
def _window(ends: Floats, at: int, pad: float, lattice: Lattice) -> tuple[int, int, int, int]:
    """Return the first and last column and row that the box of a facet, widened by `pad`, touches; first > last where none."""
    i0, i1 = _span(min(ends[at, 0], ends[at, 2]) - pad, max(ends[at, 0], ends[at, 2]) + pad, lattice.west, lattice.inverse, lattice.columns)
    j0, j1 = _span(min(ends[at, 1], ends[at, 3]) - pad, max(ends[at, 1], ends[at, 3]) + pad, lattice.south, lattice.inverse, lattice.rows)
    return i0, i1, j0, j1


@compiled
def _columns(ends: Floats, at: int, pad: float, j: int, lattice: Lattice) -> tuple[int, int]:
    """Return the first and last column that a facet, widened by `pad`, touches in row `j`."""
    size = 1.0 / lattice.inverse
    low = lattice.south + j * size
    west, east = _strip(ends[at, 0], ends[at, 1], ends[at, 2], ends[at, 3], low - pad, low + size + pad)
    return _span(west - pad, east + pad, lattice.west, lattice.inverse, lattice.columns)


@compiled
def fill_grid(ends: Floats, first: Positions, lattice: Lattice, margin: float) -> Grid:
    """Return the grid of all facets; `margin` (m) widens each by more than the cells' rounding."""
    # A bucket is counted two places on and filled one place on, which leaves `start` behind without a second table.
    start = np.zeros(lattice.buckets + 2, np.int32)
    for at in range(len(ends)):
        i0, i1, j0, j1 = _window(ends, at, margin, lattice)
        slanting = i1 > i0 and j1 > j0
        for j in range(j0, j1 + 1):
            if slanting:
                i0, i1 = _columns(ends, at, margin, j, lattice)
            for i in range(i0, i1 + 1):
                start[((i + j * lattice.stride) & lattice.mask) + 2] += 1
    for bucket in range(lattice.buckets):
        start[bucket + 2] += start[bucket + 1]
    entries = start[lattice.buckets + 1]
    grid = Grid(start, np.empty((entries, 4)), np.empty(entries, np.int32), np.empty(entries, np.int32))
    for row in range(len(first) - 1):
        for at in range(first[row], first[row + 1]):
            i0, i1, j0, j1 = _window(ends, at, margin, lattice)
            slanting = i1 > i0 and j1 > j0
            for j in range(j0, j1 + 1):
                if slanting:
                    i0, i1 = _columns(ends, at, margin, j, lattice)
                for i in range(i0, i1 + 1):
                    bucket = (i + j * lattice.stride) & lattice.mask
                    entry = start[bucket + 1]
                    start[bucket + 1] += 1
                    for end in range(4):
                        grid.ends[entry, end] = ends[at, end]
                    grid.row[entry] = row
                    grid.facet[entry] = at
    return grid


@compiled
def _candidates(ends: Floats, at: int, pad: float, lattice: Lattice, grid: Grid, seen: Ints, mark: int, found: Ints) -> int:
    """Write to `found` the entries, each facet once, whose box comes within `pad` of the box of facet `at`; return how many."""
    west, east = min(ends[at, 0], ends[at, 2]) - pad, max(ends[at, 0], ends[at, 2]) + pad
    south, north = min(ends[at, 1], ends[at, 3]) - pad, max(ends[at, 1], ends[at, 3]) + pad
    count = 0
    i0, i1, j0, j1 = _window(ends, at, pad, lattice)
    repeated = len(grid.row) >= len(found) or lattice.columns != lattice.stride
    slanting = i1 - i0 > 3 and j1 - j0 > 3  # else the box is quicker gone through than cut to the segment
    for j in range(j0, j1 + 1):
        if slanting:
            i0, i1 = _columns(ends, at, pad, j, lattice)
        bucket = (i0 + j * lattice.stride) & lattice.mask
        left = min(i1 - i0 + 1, lattice.buckets)
        while left > 0:
            taken = min(left, lattice.buckets - bucket)
            for entry in range(grid.start[bucket], grid.start[bucket + taken]):
                ax, ay, bx, by = grid.ends[entry, 0], grid.ends[entry, 1], grid.ends[entry, 2], grid.ends[entry, 3]
                near = ((ax <= east) | (bx <= east)) & ((ax >= west) | (bx >= west))
                near &= ((ay <= north) | (by <= north)) & ((ay >= south) | (by >= south))
                if repeated and near:
                    facet = grid.facet[entry]
                    near = seen[facet] != mark
                    seen[facet] = mark
                found[count] = entry  # kept or not without a branch, which could not be foretold
                count += near
            left -= taken
            bucket = 0
    return count


@compiled
def doubled(values: npt.NDArray[N]) -> npt.NDArray[N]:
    """Return an array of twice the length that begins with `values`."""
    longer = np.empty(2 * len(values), values.dtype)
    longer[: len(values)] = values
    return longer


@compiled
def pairs_near(
    grid: Grid,
    lattice: Lattice,
    grid_first: Positions,
    ends: Floats,
    first: Positions,
    turn: Positions,
    begin: int,
    end: int,
    pad: float,
    limit: float,
) -> tuple[Ints, Ints, Floats]:
    """Return rows of the grid, the rows `turn[begin:end]` of the others, and their distance (m), where it is at most `limit`.

    Each pair once. `pad` is `limit` and a margin for rounding.
    """
    seen = np.full(grid_first[-1], -1, np.int32)
    found = np.empty(grid_first[-1] + 1, np.int32)
    last = np.full(len(grid_first) - 1, -1, np.int32)
    slot = np.empty(len(grid_first) - 1, np.int64)
    rows, others, distances = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024)
    pairs = 0
    for other in turn[begin:end]:
        for at in range(first[other], first[other + 1]):
            for candidate in range(_candidates(ends, at, pad, lattice, grid, seen, at, found)):
                entry = found[candidate]
                distance = segment_to_segment(
                    grid.ends[entry, 0], grid.ends[entry, 1], grid.ends[entry, 2], grid.ends[entry, 3],
                    ends[at, 0], ends[at, 1], ends[at, 2], ends[at, 3],
                )  # fmt: skip
                if not distance <= limit:
                    continue
                row = grid.row[entry]
                if last[row] == other:
                    distances[slot[row]] = min(distances[slot[row]], distance)
                    continue
                if pairs == len(rows):
                    rows, others, distances = doubled(rows), doubled(others), doubled(distances)
                last[row], slot[row] = other, pairs
                rows[pairs], others[pairs], distances[pairs] = row, other, distance
                pairs += 1
    return rows[:pairs], others[:pairs], distances[:pairs]


@compiled
def _clipped(low: float, high: float, start: float, step: float, least: float, most: float) -> tuple[float, float]:
    """Return the part of [low, high] where `least <= start + t * step <= most`; empty where low > high."""
    if step == 0.0:
        return (low, high) if least <= start <= most else (1.0, 0.0)
    first, last = (least - start) / step, (most - start) / step
    return max(low, min(first, last)), min(high, max(first, last))


@compiled
def overlap(
    ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float, offset: float, cosine: float, sine: float
) -> float:
    """Return the length of AB beside CD, measured along CD: within its ends and no farther from its straight line than `offset`."""
    ux, uy, vx, vy = dx - cx, dy - cy, bx - ax, by - ay
    along, across = ux * vx + uy * vy, ux * vy - uy * vx
    if abs(across) * cosine > abs(along) * sine or along == 0.0:
        return 0.0
    length = np.sqrt(ux * ux + uy * uy)
    s0, step = ((ax - cx) * ux + (ay - cy) * uy) / length, along / length
    n0, rise = (ux * (ay - cy) - uy * (ax - cx)) / length, across / length
    low, high = _clipped(0.0, 1.0, s0, step, 0.0, length)
    low, high = _clipped(low, high, n0, rise, -offset, offset)
    return float((high - low) * abs(step)) if high > low else 0.0


@compiled
def runs_beside(
    grid: Grid, lattice: Lattice, grid_first: Positions, ends: Floats, first: Positions, turn: Positions, begin: int, end: int, pad: float,
    offset: float, cosine: float, sine: float,
) -> tuple[Ints, Ints, Floats]:  # fmt: skip
    """Return rows of the grid, the rows `turn[begin:end]` of the others, and the overlap (m) of the first on the second; each pair once."""
    seen = np.full(grid_first[-1], -1, np.int32)
    found = np.empty(grid_first[-1] + 1, np.int32)
    last = np.full(len(grid_first) - 1, -1, np.int32)
    slot = np.empty(len(grid_first) - 1, np.int64)
    rows, others, lengths = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024)
    pairs = 0
    for other in turn[begin:end]:
        for at in range(first[other], first[other + 1]):
            for candidate in range(_candidates(ends, at, pad, lattice, grid, seen, at, found)):
                entry = found[candidate]
                length = overlap(
                    grid.ends[entry, 0], grid.ends[entry, 1], grid.ends[entry, 2], grid.ends[entry, 3],
                    ends[at, 0], ends[at, 1], ends[at, 2], ends[at, 3], offset, cosine, sine,
                )  # fmt: skip
                if not length > 0.0:
                    continue
                row = grid.row[entry]
                if last[row] == other:
                    lengths[slot[row]] += length
                    continue
                if pairs == len(rows):
                    rows, others, lengths = doubled(rows), doubled(others), doubled(lengths)
                last[row], slot[row] = other, pairs
                rows[pairs], others[pairs], lengths[pairs] = row, other, length
                pairs += 1
    return rows[:pairs], others[:pairs], lengths[:pairs]


@compiled
def _reach(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, dx: float, dy: float, distance: float) -> tuple[float, float]:
    """Return the part [low, high] of AB, 0 at A and 1 at B, no farther than `distance` from CD; empty where low > high.

    What lies so near to a segment is convex, so that the part is one interval: from the first to the last of what lies beside the segment
    and of what lies round its ends.
    """
    ux, uy, vx, vy = dx - cx, dy - cy, bx - ax, by - ay
    length, size = np.sqrt(ux * ux + uy * uy), vx * vx + vy * vy
    first, last = 2.0, -1.0
    if length > 0.0:
        s0, step = ((ax - cx) * ux + (ay - cy) * uy) / length, (ux * vx + uy * vy) / length
        n0, rise = (ux * (ay - cy) - uy * (ax - cx)) / length, (ux * vy - uy * vx) / length
        low, high = _clipped(0.0, 1.0, s0, step, 0.0, length)
        low, high = _clipped(low, high, n0, rise, -distance, distance)
        if low <= high:
            first, last = low, high
    for end in range(2):
        ex, ey = (cx, cy) if end == 0 else (dx, dy)
        across = (ex - ax) * vy - (ey - ay) * vx
        half = distance * distance - across * across / size
        if half >= 0.0:
            middle, half = ((ex - ax) * vx + (ey - ay) * vy) / size, np.sqrt(half / size)
            low, high = max(0.0, middle - half), min(1.0, middle + half)
            if low <= high:
                first, last = min(first, low), max(last, high)
    return first, last


@compiled
def lengths_near(
    grid: Grid, lattice: Lattice, grid_first: Positions, ends: Floats, first: Positions, turn: Positions, begin: int, end: int,
    pad: float, distance: float,
) -> tuple[Ints, Ints, Floats]:  # fmt: skip
    """Return the rows `turn[begin:end]`, rows of the grid, and the metres of the first within `distance` of the second."""
    seen = np.full(grid_first[-1], -1, np.int32)
    found = np.empty(grid_first[-1] + 1, np.int32)
    last = np.full(len(grid_first) - 1, -1, np.int32)
    slot = np.empty(len(grid_first) - 1, np.int64)
    touched = np.full(len(grid_first) - 1, -1, np.int32)
    covered = np.empty(len(grid_first) - 1)
    starts, stops = np.empty(grid_first[-1]), np.empty(grid_first[-1])
    rows, others, lengths = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024)
    pairs = 0
    for row in turn[begin:end]:
        for at in range(first[row], first[row + 1]):
            ax, ay, bx, by = ends[at, 0], ends[at, 1], ends[at, 2], ends[at, 3]
            size = np.sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay))
            count = _candidates(ends, at, pad, lattice, grid, seen, at, found)
            for candidate in range(count):
                entry = found[candidate]
                starts[candidate], stops[candidate] = _reach(
                    ax, ay, bx, by,
                    grid.ends[entry, 0], grid.ends[entry, 1], grid.ends[entry, 2], grid.ends[entry, 3], distance,
                )  # fmt: skip
            for candidate in np.argsort(starts[:count]):
                entry, low, high = found[candidate], starts[candidate], stops[candidate]
                if not low < high:
                    continue
                other = grid.row[entry]
                if touched[other] != at:
                    touched[other], covered[other] = at, 0.0
                low = max(low, covered[other])
                if not low < high:
                    continue
                covered[other] = high
                if last[other] == row:
                    lengths[slot[other]] += (high - low) * size
                    continue
                if pairs == len(rows):
                    rows, others, lengths = doubled(rows), doubled(others), doubled(lengths)
                last[other], slot[other] = row, pairs
                rows[pairs], others[pairs], lengths[pairs] = row, other, (high - low) * size
                pairs += 1
    return rows[:pairs], others[:pairs], lengths[:pairs]


@compiled
def stable_order(keys: Ints, count: int) -> Positions:
    """Return the permutation that sorts `keys`, each in [0, count), and keeps the order of equal ones."""
    place = np.zeros(count + 1, np.int64)
    for key in keys:
        place[key + 1] += 1
    for key in range(count):
        place[key + 1] += place[key]
    order = np.empty(len(keys), np.int64)
    for at in range(len(keys)):
        order[place[keys[at]]] = at
        place[keys[at]] += 1
    return order


@compiled
def strips_of(ends: Floats, first: Positions, south: float, north: float, strips: int) -> Ints:
    """Return for each row the strip from south to north where it begins, 0 where it has no facet."""
    found = np.zeros(len(first) - 1, np.int32)
    scale = strips / (north - south) if north > south else 0.0
    for row in range(len(first) - 1):
        if first[row] < first[row + 1]:
            found[row] = min(int((ends[first[row], 1] - south) * scale), strips - 1)
    return found
