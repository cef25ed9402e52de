"""The nearest facets, by a packed tree of boxes: it needs no scale, so that a far or lonely point costs no more than another.

References
----------
S. T. Leutenegger, M. A. Lopez, J. Edgington, "STR: a simple and efficient algorithm for R-tree packing", ICDE 1997; here packed along the
Z-order curve. N. Roussopoulos, S. Kelley, F. Vincent, "Nearest neighbor queries", SIGMOD 1995, for the search.
"""

from typing import NamedTuple

import numpy as np

from hatang.coverage.compiled import compiled
from hatang.sharing._segments import Floats, Ints, Positions, doubled, segment_to_segment

_FANOUT = 8


class BoxTree(NamedTuple):
    """Facets along a curve, and boxes over eight of them, over eight boxes, and so on up to one.

    Boxes of level `l` stand at `level[l]` up to, not including, `level[l + 1]`; the facets are below level 0.
    """

    ends: Floats
    row: Ints
    boxes: Floats
    level: Positions


def box_tree(ends: Floats, first: Positions) -> BoxTree:
    """Return the tree of facets (facets, 4), at least one, whose rows begin at `first`."""
    middle = (ends[:, :2] + ends[:, 2:]) / 2
    ranks = np.empty(middle.shape, np.int64)
    for axis in range(2):
        ranks[np.argsort(middle[:, axis], kind="stable"), axis] = np.arange(len(ends))
    order = np.argsort(z_order(ranks), kind="stable")
    row = np.repeat(np.arange(len(first) - 1, dtype=np.int32), np.diff(first))
    level, count = [0], len(ends)
    while count > 1 or len(level) == 1:
        count = -(-count // _FANOUT)
        level.append(level[-1] + count)
    return pack_boxes(ends[order], row[order], np.array(level, np.int64))


@compiled
def z_order(ranks: Positions) -> Positions:
    """Return the bits of both columns of `ranks`, below 2**31, interleaved."""
    keys = np.zeros(len(ranks), np.int64)
    for at in range(len(ranks)):
        for bit in range(31):
            keys[at] |= ((ranks[at, 0] >> bit) & 1) << (2 * bit) | ((ranks[at, 1] >> bit) & 1) << (2 * bit + 1)
    return keys


@compiled
def pack_boxes(ends: Floats, row: Ints, level: Positions) -> BoxTree:
    """Return the tree over facets in the order given."""
    boxes = np.empty((level[-1], 4))
    for top in range(len(level) - 1):
        below = len(ends) if top == 0 else level[top] - level[top - 1]
        for box in range(level[top + 1] - level[top]):
            west, south, east, north = np.inf, np.inf, -np.inf, -np.inf
            for child in range(box * _FANOUT, min((box + 1) * _FANOUT, below)):
                if top == 0:
                    ax, ay, bx, by = ends[child, 0], ends[child, 1], ends[child, 2], ends[child, 3]
                else:
                    at = level[top - 1] + child
                    ax, ay, bx, by = boxes[at, 0], boxes[at, 1], boxes[at, 2], boxes[at, 3]
                west, east = min(west, ax, bx), max(east, ax, bx)
                south, north = min(south, ay, by), max(north, ay, by)
            at = level[top] + box
            boxes[at, 0], boxes[at, 1], boxes[at, 2], boxes[at, 3] = west, south, east, north
    return BoxTree(ends, row, boxes, level)


@compiled
def _enter(distances: Floats, rows: Ints, held: int, distance: float, row: int) -> int:
    """Put a row among the nearest ones, which are sorted by distance, then row; return how many are held."""
    for at in range(held):
        if rows[at] == row:
            if not distance < distances[at]:
                return held
            for later in range(at, held - 1):
                distances[later], rows[later] = distances[later + 1], rows[later + 1]
            held -= 1
            break
    at = held
    while at > 0 and (distances[at - 1] > distance or (distances[at - 1] == distance and rows[at - 1] > row)):
        at -= 1
    if at == len(rows):
        return held
    held = min(held + 1, len(rows))
    for later in range(held - 1, at, -1):
        distances[later], rows[later] = distances[later - 1], rows[later - 1]
    distances[at], rows[at] = distance, row
    return held


@compiled
def nearest_rows(
    tree: BoxTree, ends: Floats, first: Positions, turn: Positions, begin: int, end: int, count: int, limit: float, margin: float
) -> tuple[Ints, Ints, Floats]:
    """Return the rows `turn[begin:end]`, the up to `count` rows of the tree nearest to each, and their distance (m), at most `limit`.

    Of one row sorted by distance, then row of the tree. `margin` (m) is wider than the rounding of a distance.
    """
    levels = len(tree.level) - 1
    stack_box, stack_level = np.empty(levels * _FANOUT + 1, np.int64), np.empty(levels * _FANOUT + 1, np.int64)
    stack_square = np.empty(levels * _FANOUT + 1)
    distances, rows = np.empty(count), np.empty(count, np.int32)
    found_row, found, found_distance = np.empty(1024, np.int32), np.empty(1024, np.int32), np.empty(1024)
    pairs = 0
    for row in turn[begin:end]:
        held = 0
        for at in range(first[row], first[row + 1]):
            ax, ay, bx, by = ends[at, 0], ends[at, 1], ends[at, 2], ends[at, 3]
            west, east, south, north = min(ax, bx), max(ax, bx), min(ay, by), max(ay, by)
            stack_box[0], stack_level[0], stack_square[0] = 0, levels - 1, 0.0
            depth = 1
            while depth > 0:
                depth -= 1
                worst = (distances[count - 1] if held == count else limit) + margin
                if stack_square[depth] > worst * worst:
                    continue
                box, level = stack_box[depth], stack_level[depth]
                if level == 0:
                    for child in range(box * _FANOUT, min((box + 1) * _FANOUT, len(tree.ends))):
                        distance = segment_to_segment(
                            ax, ay, bx, by, tree.ends[child, 0], tree.ends[child, 1], tree.ends[child, 2], tree.ends[child, 3]
                        )
                        if distance <= limit:
                            held = _enter(distances, rows, held, distance, tree.row[child])
                    continue
                base = depth
                for child in range(box * _FANOUT, min((box + 1) * _FANOUT, tree.level[level] - tree.level[level - 1])):
                    here = tree.level[level - 1] + child
                    dx = max(tree.boxes[here, 0] - east, west - tree.boxes[here, 2], 0.0)
                    dy = max(tree.boxes[here, 1] - north, south - tree.boxes[here, 3], 0.0)
                    square = dx * dx + dy * dy
                    if square > worst * worst:
                        continue
                    place = depth
                    while place > base and stack_square[place - 1] < square:
                        stack_box[place], stack_level[place] = stack_box[place - 1], stack_level[place - 1]
                        stack_square[place] = stack_square[place - 1]
                        place -= 1
                    stack_box[place], stack_level[place], stack_square[place] = child, level - 1, square
                    depth += 1
        while pairs + held > len(found):
            found_row, found, found_distance = doubled(found_row), doubled(found), doubled(found_distance)
        found_row[pairs : pairs + held] = row
        found[pairs : pairs + held] = rows[:held]
        found_distance[pairs : pairs + held] = distances[:held]
        pairs += held
    return found_row[:pairs], found[:pairs], found_distance[:pairs]
