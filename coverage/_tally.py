"""What the cells of a layer of wards hold, worked out once a strip for all groups of claims that are swept over it."""

import numpy as np

from hatang.coverage._cutting import Floats, Ints, Labels
from hatang.coverage.compiled import compiled

Tally = tuple[Ints, Ints, Ints, Labels, Floats, Ints, Labels, Floats, Labels, Ints, Labels, Floats, Ints, Ints]
"""What `tallied` returns."""


@compiled
def stepped(labels: Labels, heights: Floats, jumps: Labels, n: int, label: int, height: float, jump: int) -> int:
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
def tallied(rows: Ints, keys: Ints, owner: Labels, ends: Floats, column: int, end: int) -> Tally:
    """Return the cells that pieces enter, in order.

    Parameters are what `cut` returns and its window of columns.

    Returns
    -------
    Offsets of the rows into the cells. Per cell: its column's number; offsets into the pieces; offsets into the steps that stand after it;
    offsets into what each label has of it where the other layer fills it. Pieces (signed label, ends), steps (label, height, jump) and
    shares (label, share of a cell) themselves stand in between. At the end the first column of each row that the other layer is asked
    about and the one behind the last.
    """
    cells = np.zeros(rows.size, np.int64)
    n = 0
    for r in range(rows.size - 1):
        for k in range(rows[r], rows[r + 1]):
            if k == rows[r] or (keys[k] >> 32) != (keys[k - 1] >> 32):
                n += 1
        cells[r + 1] = n
    number = np.empty(n, np.int64)
    piece_at, step_at, share_at = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    sorted_owner, sorted_ends = np.empty(keys.size, np.int32), np.empty((keys.size, 4))
    widest = 2
    for r in range(rows.size - 1):
        widest = max(widest, 2 * (rows[r + 1] - rows[r]) + 2)
    label, height, jump = np.empty(widest, np.int32), np.empty(widest), np.empty(widest, np.int32)
    step_label, step_height, step_jump = np.empty(4 * n + 4, np.int32), np.empty(4 * n + 4), np.empty(4 * n + 4, np.int32)
    share_label, share = np.empty(4 * n + 4, np.int32), np.empty(4 * n + 4)
    west, east = np.zeros(rows.size - 1, np.int64), np.zeros(rows.size - 1, np.int64)
    c, steps, shares = 0, 0, 0
    for r in range(rows.size - 1):
        standing, k = 0, rows[r]
        while k < rows[r + 1]:
            number[c] = keys[k] >> 32
            start = k
            while k < rows[r + 1] and (keys[k] >> 32) == number[c]:
                p = keys[k] & 0xFFFFFFFF
                sorted_owner[k], sorted_ends[k] = owner[p], ends[p]
                k += 1
            if shares + standing + k - start > share.size:
                share_label, share = _grown_labels(share_label, standing + k - start), _grown(share, standing + k - start)
            if number[c] > 0:
                shares = _shared(sorted_owner, sorted_ends, start, k, label, height, jump, standing, share_label, share, share_at[c])
            for p in range(start, k):
                sign = 1 if sorted_owner[p] > 0 else -1
                standing = stepped(label, height, jump, standing, abs(sorted_owner[p]), sorted_ends[p, 1], sign)
                standing = stepped(label, height, jump, standing, abs(sorted_owner[p]), sorted_ends[p, 3], -sign)
            if steps + standing > step_height.size:
                step_label, step_jump = _grown_labels(step_label, standing), _grown_labels(step_jump, standing)
                step_height = _grown(step_height, standing)
            for m in range(standing):
                step_label[steps + m], step_height[steps + m], step_jump[steps + m] = label[m], height[m], jump[m]
            steps += standing
            piece_at[c + 1], step_at[c + 1], share_at[c + 1] = k, steps, shares
            c += 1
        if rows[r + 1] > rows[r]:
            west[r] = column + max(number[cells[r]] - 1, 0)
            east[r] = end if standing > 0 else column + number[c - 1]
    return (
        cells, number, piece_at, sorted_owner, sorted_ends, step_at, step_label, step_height, step_jump,
        share_at, share_label, share, west, east,
    )  # fmt: skip


@compiled
def _shared(
    owner: Labels,
    ends: Floats,
    start: int,
    stop: int,
    label: Labels,
    height: Floats,
    jump: Labels,
    standing: int,
    share_label: Labels,
    share: Floats,
    first: int,
) -> int:
    """Write what each label has of one cell, from its steps and pieces; return the count of all shares so far."""
    n = first
    for k in range(standing + stop - start):
        if k < standing:
            who, part = label[k], jump[k] * (1.0 - height[k])
        else:
            p = start + k - standing
            who = abs(owner[p])
            part = (ends[p, 3] - ends[p, 1]) * (1.0 - 0.5 * (ends[p, 0] + ends[p, 2]))
            if owner[p] < 0:
                part = -part
        m = first
        while m < n and share_label[m] != who:
            m += 1
        if m == n:
            share_label[n], share[n] = who, 0.0
            n += 1
        share[m] += part
    return n


@compiled
def _grown(values: Floats, more: int) -> Floats:
    bigger = np.empty(2 * values.size + more)
    bigger[: values.size] = values
    return bigger


@compiled
def _grown_labels(values: Labels, more: int) -> Labels:
    bigger = np.empty(2 * values.size + more, np.int32)
    bigger[: values.size] = values
    return bigger
