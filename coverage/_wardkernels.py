"""Compiled loops of the ward grid: exact side of a line, cells that an edge touches, build of the grid, look-up of points.

Geometry of the grid. Fine cells are squares of side `size`; the cell of a coordinate is `int((value - origin) * inverse)`, a function
that never falls as its argument rises, whatever the rounding. Hence a point can only meet an edge that is listed in the point's own
cell, provided that an edge is listed wherever it may have a point. `BLOCK` × `BLOCK` fine cells are a block, one row of which is the
bits of an unsigned 16-bit number.

Each fine cell has one reference point, its centre as floating point has it. A ward holds a point of the cell if it holds the centre and
the way from the point, level to the centre's column, then upright to the centre, crosses its rings an even number of times, or if it
does not hold the centre and the number is odd. The side of a line is computed exactly; where a centre or the corner of the way lies on
an edge it counts as moved by an infinitesimal step to the east and a far smaller one to the north, which is what the half-open
comparisons `(a > q) != (b > q)` mean as well. The point itself is never moved: on an edge it is inside.

References
----------
.. [1] J. R. Shewchuk, "Adaptive Precision Floating-Point Arithmetic and Fast Robust Geometric Predicates", 1997: theorems 10
   (grow-expansion), 18 (two-product), and the bound of `orient2d`, section 4.2.
.. [2] H. Edelsbrunner and E. P. Mücke, "Simulation of Simplicity", ACM Transactions on Graphics 9(1), 1990.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from hatang.coverage.compiled import compiled

BLOCK: Final = 16
"""Fine cells on a side of a block."""
RUN_LIMIT: Final = 511
"""Edges that one run of the word list can count."""
ROW_LIMIT: Final = 1 << 19
"""Rows of wards that a word can name."""
NO_RANK: Final = np.iinfo(np.int32).max
"""No ward covers the block."""
_SHIFT: Final = 4
_FULL: Final = 0xFFFF
_MARGIN: Final = 1e-6
"""Cells by which the cells of an edge are widened; coordinates in cells are off by less than 1e-7."""
_FILTER: Final = 3.3306690738754716e-16
_SPLITTER: Final = 134217729.0
_LAST: Final = 1
_MORE: Final = 2
_INSIDE: Final = 4
_BATCH: Final = 1024


@compiled
def _exact_orientation(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    if ax == bx or ay == by:  # comparisons cannot underflow
        upright = (by > ay) - (by < ay)
        level = (bx > ax) - (bx < ax)
        return upright * ((ax > px) - (ax < px)) + level * ((py > ay) - (py < ay))
    left = (ax, ay, bx, by, px, py)
    right = (by, bx, py, px, ay, ax)
    expansion = np.zeros(12)
    length = 0
    for term in range(6):
        a, b = left[term], right[term]
        product = a * b
        split = _SPLITTER * a
        a_high = split - (split - a)
        a_low = a - a_high
        split = _SPLITTER * b
        b_high = split - (split - b)
        b_low = b - b_high
        error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
        if term % 2 == 1:
            product, error = -product, -error
        for value in (error, product):
            carry = value
            for place in range(length):
                old = expansion[place]
                total = carry + old
                virtual = total - carry
                expansion[place] = (carry - (total - virtual)) + (old - virtual)
                carry = total
            expansion[length] = carry
            length += 1
    for place in range(length - 1, -1, -1):
        if expansion[place] > 0.0:
            return 1
        if expansion[place] < 0.0:
            return -1
    return 0


@compiled
def orientation(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return 1 where (px, py) lies left of the line from a to b, -1 right of it, 0 on it; exact while no product under- or overflows."""
    left = (bx - ax) * (py - ay)
    right = (by - ay) * (px - ax)
    determinant = left - right
    bound = _FILTER * (abs(left) + abs(right))
    if determinant > bound:
        return 1
    if determinant < -bound:
        return -1
    return _exact_orientation(ax, ay, bx, by, px, py)


@compiled
def _moved_orientation(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """Return the side of a point that counts as moved to the east, and far less to the north; never 0 but for an edge without length."""
    sign = orientation(ax, ay, bx, by, px, py)
    if sign != 0:
        return sign
    if by != ay:
        return -1 if by > ay else 1
    return 1 if bx > ax else -1


@compiled
def _span(ua: float, va: float, ub: float, vb: float, row: int) -> tuple[int, int]:
    """Return the first and last column where the segment, in cells, may have a point in `row`."""
    low, high = (ua, ub) if ua < ub else (ub, ua)
    if va != vb:
        slope = (ub - ua) / (vb - va)
        below = ua + ((row - _MARGIN) - va) * slope
        above = ua + ((row + 1.0 + _MARGIN) - va) * slope
        low = max(low, min(below, above) - _MARGIN)
        high = min(high, max(below, above) + _MARGIN)
    return int(low), int(high)


@compiled
def _crossing(ax: float, ay: float, bx: float, by: float, y: float, x0: float, size: float, inverse: float) -> int:
    """Return the first column whose centre, at height `y`, lies right of an edge that crosses that height."""
    place = ((ax - x0) + (y - ay) * (bx - ax) / (by - ay)) * inverse - 0.5
    below = np.floor(place)
    part = place - below
    if _MARGIN < part < 1.0 - _MARGIN:
        return int(below) + 1
    nearest = int(np.floor(place + 0.5))
    sign = _moved_orientation(ax, ay, bx, by, x0 + (nearest + 0.5) * size, y)
    right = sign < 0 if by > ay else sign > 0
    return nearest if right else nearest + 1


@compiled
def _doubled(table: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    larger = np.empty((2 * table.shape[0], table.shape[1]), np.int32)
    for row in range(table.shape[0]):
        for column in range(table.shape[1]):
            larger[row, column] = table[row, column]
    return larger


@compiled
def _longer(values: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    larger = np.empty(2 * len(values), np.int32)
    for place in range(len(values)):
        larger[place] = values[place]
    return larger


@compiled
def _fill(values: npt.NDArray[np.int32], value: int) -> None:
    for place in range(len(values)):
        values[place] = value


@compiled
def trace_wards(
    vertices: npt.NDArray[np.float64],
    rings: npt.NDArray[np.int64],
    wards: npt.NDArray[np.int64],
    first: int,
    stop: int,
    x0: float,
    y0: float,
    size: float,
    columns: int,
    covers: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], int, npt.NDArray[np.int32], int]:
    """Follow the rings of the wards of rank `first` to `stop` through the blocks.

    `rings` and `wards` are offsets into vertices and rings. A ward that fills a block without an edge in it goes into `covers` if its
    rank is the lowest there.

    Returned are pairs of block and ward, with their number, shape (pairs, 4): block, rank, row mask (bit j: the ward holds the westmost
    centre of the block's row j, but for edges of the block itself), first run; and runs, with their number, shape (runs, 3): first vertex,
    last vertex, next run of the pair or -1.
    """
    inverse = 1.0 / size
    coarse = inverse / BLOCK
    runs = np.empty((1024, 3), np.int32)
    pairs = np.empty((256, 4), np.int32)
    head, tail, entering, leaving = np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int32)
    run_count = 0
    pair_count = 0
    for ward in range(first, stop):
        begin, end = rings[wards[ward]], rings[wards[ward + 1]]
        if begin == end:
            continue
        west = east = vertices[begin, 0]
        south = north = vertices[begin, 1]
        for vertex in range(begin + 1, end):
            west, east = min(west, vertices[vertex, 0]), max(east, vertices[vertex, 0])
            south, north = min(south, vertices[vertex, 1]), max(north, vertices[vertex, 1])
        left, bottom = int((west - x0) * coarse), int((south - y0) * coarse)
        width, height = int((east - x0) * coarse) - left + 2, int((north - y0) * coarse) - bottom + 1
        if width * height > len(head):
            head, tail = np.empty(width * height, np.int32), np.empty(width * height, np.int32)
            entering, leaving = np.empty(width * height, np.int32), np.empty(width * height, np.int32)
        for place in range(width * height):
            head[place] = tail[place] = -1
            entering[place] = leaving[place] = 0
        for ring in range(wards[ward], wards[ward + 1]):
            for edge in range(rings[ring], rings[ring + 1] - 1):
                ax, ay = vertices[edge, 0], vertices[edge, 1]
                bx, by = vertices[edge + 1, 0], vertices[edge + 1, 1]
                ua, va = (ax - x0) * inverse, (ay - y0) * inverse
                ub, vb = (bx - x0) * inverse, (by - y0) * inverse
                row_a, row_b = int(va), int(vb)
                low_row, high_row = min(row_a, row_b), max(row_a, row_b)
                for row in range(low_row, high_row + 1):
                    y = y0 + (row + 0.5) * size
                    if (ay > y) != (by > y):
                        column = _crossing(ax, ay, bx, by, y, x0, size, inverse)
                        place = ((row >> _SHIFT) - bottom) * width + (column >> _SHIFT) - left
                        if column & (BLOCK - 1):
                            leaving[place] ^= 1 << (row & (BLOCK - 1))
                        else:
                            entering[place] ^= 1 << (row & (BLOCK - 1))
                for row in range(low_row >> _SHIFT, (high_row >> _SHIFT) + 1):
                    low, high = _span(ua / BLOCK, va / BLOCK, ub / BLOCK, vb / BLOCK, row)
                    for column in range(low, high + 1):
                        place = (row - bottom) * width + column - left
                        known = tail[place]
                        if known >= 0 and runs[known, 1] == edge:
                            runs[known, 1] = edge + 1
                            continue
                        if run_count == len(runs):
                            runs = _doubled(runs)
                        runs[run_count, 0] = edge
                        runs[run_count, 1] = edge + 1
                        runs[run_count, 2] = -1
                        if known >= 0:
                            runs[known, 2] = run_count
                        else:
                            head[place] = run_count
                        tail[place] = run_count
                        run_count += 1
        for row in range(height):
            mask = 0
            for column in range(width):
                place = row * width + column
                mask ^= entering[place]
                block = (bottom + row) * columns + left + column
                if head[place] >= 0:
                    if pair_count == len(pairs):
                        pairs = _doubled(pairs)
                    pairs[pair_count, 0] = block
                    pairs[pair_count, 1] = ward
                    pairs[pair_count, 2] = mask
                    pairs[pair_count, 3] = head[place]
                    pair_count += 1
                elif mask == _FULL:
                    covers[block] = min(covers[block], ward)
                mask ^= leaving[place]
    return pairs, pair_count, runs, run_count


@compiled
def _mirrored(vertices: npt.NDArray[np.float64], nodes: npt.NDArray[np.int32], one: int, other: int) -> bool:
    """Return whether two runs of different wards are the same edges in opposite directions, as on a shared border."""
    if nodes[one, 3] == nodes[other, 3] or nodes[one, 2] != nodes[other, 2]:
        return False
    for step in range(nodes[one, 2] + 1):
        forth, back = nodes[one, 1] + step, nodes[other, 1] + nodes[other, 2] - step
        if vertices[forth, 0] != vertices[back, 0] or vertices[forth, 1] != vertices[back, 1]:
            return False
    return True


@compiled
def fill_blocks(
    vertices: npt.NDArray[np.float64],
    rows: npt.NDArray[np.int32],
    pairs: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    runs: npt.NDArray[np.int32],
    covers: npt.NDArray[np.int32],
    first: int,
    stop: int,
    x0: float,
    y0: float,
    size: float,
    columns: int,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32], npt.NDArray[np.int32], int, npt.NDArray[np.int32], int]:
    """Divide the border blocks `first` to `stop` into fine cells.

    `pairs` are sorted by block, then rank; those of block b stand at `offsets[b]` to `offsets[b + 1]`; `rows` maps rank to row.

    Returned are, of these blocks: the number of each fine cell's entry among its block's entries, 256 a block; the first entry of each
    block; the entries, a row or -1, or -2 - p where p is a place in the words, and their number; and the words of the border cells, with
    their number. A border cell has 1 + the row that fills it where no listed ward holds the point (0: none), then two words a run of
    edges, ranks ascending: first vertex; row, number of edges (0: the same edges as the run before) and flags.
    """
    inverse = 1.0 / size
    cells = BLOCK * BLOCK
    codes = np.empty((stop - first) * cells, np.uint8)
    starts = np.empty(stop - first, np.int32)
    entries = np.empty((stop - first) * cells, np.int32)
    words = np.empty(4096, np.int32)
    entry_count = 0
    word_count = 0
    nodes = np.empty((256, 4), np.int32)
    label = np.empty(cells, np.int32)
    last = np.empty(cells, np.int32)
    inside = np.empty(BLOCK, np.int32)
    touched = np.empty(BLOCK, np.int32)
    covered = np.empty(BLOCK, np.int32)
    ends = np.empty(cells + 1, np.int32)
    sorted_nodes = np.empty(256, np.int32)
    for place in range(first, stop):
        block = pairs[offsets[place], 0]
        left, bottom = (block % columns) * BLOCK, (block // columns) * BLOCK
        lowest = covers[block]
        _fill(label, -1 if lowest == NO_RANK else rows[lowest])
        _fill(covered, 0)
        count = 0
        for pair in range(offsets[place], offsets[place + 1]):
            rank = pairs[pair, 1]
            if rank > lowest:
                break
            begin = count
            _fill(last, -1)
            _fill(touched, 0)
            for row in range(BLOCK):
                inside[row] = _FULL if (pairs[pair, 2] >> row) & 1 else 0
            run = pairs[pair, 3]
            while run >= 0:
                for edge in range(runs[run, 0], runs[run, 1]):
                    ax, ay = vertices[edge, 0], vertices[edge, 1]
                    bx, by = vertices[edge + 1, 0], vertices[edge + 1, 1]
                    ua, va = (ax - x0) * inverse, (ay - y0) * inverse
                    ub, vb = (bx - x0) * inverse, (by - y0) * inverse
                    row_a, row_b = int(va), int(vb)
                    for row in range(max(min(row_a, row_b), bottom), min(max(row_a, row_b), bottom + BLOCK - 1) + 1):
                        y = y0 + (row + 0.5) * size
                        if (ay > y) != (by > y):
                            column = _crossing(ax, ay, bx, by, y, x0, size, inverse) - left
                            if 0 < column < BLOCK:
                                inside[row - bottom] ^= (_FULL << column) & _FULL
                        low, high = _span(ua, va, ub, vb, row)
                        for column in range(max(low - left, 0), min(high - left, BLOCK - 1) + 1):
                            touched[row - bottom] |= 1 << column
                            cell = (row - bottom) * BLOCK + column
                            known = last[cell]
                            if known >= 0 and nodes[known, 1] + nodes[known, 2] == edge and nodes[known, 2] < RUN_LIMIT:
                                nodes[known, 2] += 1
                                continue
                            if count == len(nodes):
                                nodes = _doubled(nodes)
                                sorted_nodes = np.empty(2 * count, np.int32)
                            nodes[count, 0] = cell
                            nodes[count, 1] = edge
                            nodes[count, 2] = 1
                            last[cell] = count
                            count += 1
                run = runs[run, 2]
            kept = begin
            for node in range(begin, count):
                cell = nodes[node, 0]
                row, column = cell // BLOCK, cell % BLOCK
                if not (covered[row] >> column) & 1:
                    nodes[kept, 0] = cell
                    nodes[kept, 1] = nodes[node, 1]
                    nodes[kept, 2] = nodes[node, 2]
                    nodes[kept, 3] = rank * 2 + ((inside[row] >> column) & 1)
                    kept += 1
            count = kept
            for row in range(BLOCK):
                whole = inside[row] & ~touched[row] & ~covered[row] & _FULL
                covered[row] |= whole
                if whole:
                    for column in range(BLOCK):
                        if (whole >> column) & 1:
                            label[row * BLOCK + column] = rows[rank]
        _fill(ends, 0)
        for node in range(count):
            ends[nodes[node, 0] + 1] += 1
        for cell in range(cells):
            ends[cell + 1] += ends[cell]
        for node in range(count - 1, -1, -1):
            cell = nodes[node, 0]
            ends[cell + 1] -= 1
            sorted_nodes[ends[cell + 1]] = node
        start = entry_count
        starts[place - first] = start
        for cell in range(cells):
            begin = ends[cell + 1]
            end = ends[cell + 2] if cell + 2 <= cells else count
            if begin == end:
                entry = start
                while entry < entry_count and entries[entry] != label[cell]:
                    entry += 1
                if entry == entry_count:
                    entries[entry] = label[cell]
                    entry_count += 1
                codes[(place - first) * cells + cell] = entry - start
                continue
            while word_count + 1 + 2 * (end - begin) > len(words):
                words = _longer(words)
            codes[(place - first) * cells + cell] = entry_count - start
            entries[entry_count] = -2 - word_count
            entry_count += 1
            words[word_count] = label[cell] + 1
            word_count += 1
            for at in range(begin, end):
                node = sorted_nodes[at]
                flags = _INSIDE if nodes[node, 3] & 1 else 0
                if at + 1 == end:
                    flags |= _LAST
                elif nodes[sorted_nodes[at + 1], 3] == nodes[node, 3]:
                    flags |= _MORE
                edges = nodes[node, 2]
                if end - begin == 2 and at == begin + 1 and _mirrored(vertices, nodes, sorted_nodes[begin], node):
                    edges = 0
                words[word_count] = nodes[node, 1]
                words[word_count + 1] = (rows[nodes[node, 3] >> 1] << 12) | (edges << 3) | flags
                word_count += 2
    return codes, starts, entries, entry_count, words, word_count


@compiled
def _walk(
    vertices: npt.NDArray[np.float64], begin: int, count: int, x: float, y: float, centre_x: float, centre_y: float
) -> tuple[bool, bool]:
    """Return whether the way from a point to the centre crosses the run an odd number of times, and whether the point lies on the run."""
    odd = False
    ax, ay = vertices[begin, 0], vertices[begin, 1]
    for vertex in range(begin + 1, begin + count + 1):
        bx, by = vertices[vertex, 0], vertices[vertex, 1]
        level = (ay > y) != (by > y)
        upright = (ax > centre_x) != (bx > centre_x)
        if level or upright:
            corner = _moved_orientation(ax, ay, bx, by, centre_x, y)
            if level:
                sign = orientation(ax, ay, bx, by, x, y)
                if sign == 0:
                    return odd, True
                odd ^= sign != corner
            if upright:
                odd ^= _moved_orientation(ax, ay, bx, by, centre_x, centre_y) != corner
        if ay == y and (ax == x or (by == y and min(ax, bx) <= x <= max(ax, bx))):
            return odd, True
        if by == y and bx == x:
            return odd, True
        ax, ay = bx, by
    return odd, False


@compiled
def _settle(
    vertices: npt.NDArray[np.float64], words: npt.NDArray[np.int32], place: int, x: float, y: float, centre_x: float, centre_y: float
) -> int:
    """Return the row of a point in a border cell whose words begin at `place`, or -1."""
    base = words[place] - 1
    inside = odd = touches = False
    fresh = True
    at = place + 1
    while True:
        word = words[at + 1]
        if fresh:
            inside = (word & _INSIDE) != 0
        edges = (word >> 3) & RUN_LIMIT
        if edges:
            odd, touches = _walk(vertices, words[at], edges, x, y, centre_x, centre_y)
        if touches:
            return int(word >> 12)
        inside ^= odd
        fresh = (word & _MORE) == 0
        if fresh:
            if inside:
                return int(word >> 12)
            if word & _LAST:
                return int(base)
        at += 2


@compiled
def look_up(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    found: npt.NDArray[np.int32],
    x0: float,
    y0: float,
    size: float,
    columns: int,
    blocks: npt.NDArray[np.int32],
    codes: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.int32],
    entries: npt.NDArray[np.int32],
    words: npt.NDArray[np.int32],
    vertices: npt.NDArray[np.float64],
) -> None:
    """Write the row of each point, or -1, to `found`: blocks first, then cells, then edges, a batch at a time to keep branches few."""
    inverse = 1.0 / size
    width = float(columns * BLOCK)
    height = float(len(blocks) // columns * BLOCK)
    waiting = np.empty(_BATCH, np.int32)
    places = np.empty(_BATCH, np.int64)
    for begin in range(0, len(x), _BATCH):
        # Loops as short as can be: each waits for one array out of cache, and the shorter it is the more points wait at the same time.
        count = 0
        for point in range(begin, min(begin + _BATCH, len(x))):
            u, v = (x[point] - x0) * inverse, (y[point] - y0) * inverse
            label = -1
            cell = 0
            if 0.0 <= u < width and 0.0 <= v < height:
                column, row = int(u), int(v)
                label = blocks[(row >> _SHIFT) * columns + (column >> _SHIFT)]
                cell = ((row & (BLOCK - 1)) << _SHIFT) | (column & (BLOCK - 1))
            found[point] = label
            waiting[count] = point - begin
            places[count] = (-2 - label) * (BLOCK * BLOCK) + cell
            count += label < -1
        for at in range(count):
            places[at] = starts[places[at] >> (2 * _SHIFT)] + codes[places[at]]
        left = 0
        for at in range(count):
            label = entries[places[at]]
            found[begin + waiting[at]] = label
            waiting[left] = waiting[at]
            places[left] = -2 - label
            left += label < -1
        for at in range(left):
            point = begin + waiting[at]
            centre_x = x0 + (int((x[point] - x0) * inverse) + 0.5) * size
            centre_y = y0 + (int((y[point] - y0) * inverse) + 0.5) * size
            found[point] = _settle(vertices, words, places[at], x[point], y[point], centre_x, centre_y)
