"""Stretches of a line as spans in metres from its first point: found, joined, counted, cut into pieces that everybody has or has not."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

Span = tuple[float, float]
Floats = npt.NDArray[np.float64]
_NOTHING_M: Final = 1e-6
"""Pieces shorter than this are the rounding of two ends that are one."""


def spans_inside(line: shapely.LineString, zone: shapely.Geometry) -> list[Span]:
    """Return where along a line it lies in a zone, segment by segment, m: right also where the line crosses itself.

    Examples
    --------
    >>> spans_inside(shapely.LineString([(0, 0), (10, 0), (20, 0)]), shapely.box(5, -1, 12, 1))
    [(5.0, 10.0), (10.0, 12.0)]
    """
    ends = shapely.get_coordinates(line)
    segments = np.asarray(shapely.linestrings(np.stack([ends[:-1], ends[1:]], axis=1)), dtype=object)
    start = np.concatenate([[0.0], np.cumsum(shapely.length(segments))])
    shapely.prepare(zone)
    whole = shapely.covers(zone, segments)
    cut = np.flatnonzero(shapely.intersects(zone, segments) & ~whole)  # the zone's own edge is followed for these alone
    pieces, position = shapely.get_parts(shapely.intersection(segments[cut], zone), return_index=True)
    spans = [(float(start[number]), float(start[number + 1])) for number in np.flatnonzero(whole & (shapely.length(segments) > 0))]
    segment = cut[position]
    for piece, number in zip(pieces, segment, strict=True):
        if piece.length > 0:
            away = np.hypot(*(shapely.get_coordinates(piece) - ends[number]).T)
            spans.append((float(start[number] + away.min()), float(start[number] + away.max())))
    return sorted(spans)


def united(spans: Sequence[Span], gap_m: float = 0.0) -> list[Span]:
    """Return spans by their begin, those joined that overlap or are no farther apart than a gap.

    Examples
    --------
    >>> united([(30, 40), (0, 10), (12, 20)], 2)
    [(0, 20), (30, 40)]
    """
    joined: list[Span] = []
    for begin, end in sorted(spans):
        if joined and begin - joined[-1][1] <= gap_m:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((begin, end))
    return joined


def metres(spans: Sequence[Span]) -> float:
    """Return how much of the line spans cover, each metre once."""
    return float(sum(end - begin for begin, end in united(spans)))


def common(left: Sequence[Span], right: Sequence[Span]) -> list[Span]:
    """Return what lies in both of two lists of spans.

    Examples
    --------
    >>> common([(0, 10), (20, 30)], [(5, 25)])
    [(5, 10), (20, 25)]
    """
    both = ((max(a, c), min(b, d)) for a, b in united(left) for c, d in united(right))
    return [(begin, end) for begin, end in both if end > begin]


def cut(parties: Sequence[Sequence[Span]]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return the pieces that the ends of all spans cut the line into, and who has each.

    Returns
    -------
    pieces : ndarray of float, shape (pieces, 2)
        From where to where, m; pieces that nobody has are left out.
    has : ndarray of bool, shape (parties, pieces)

    Examples
    --------
    >>> pieces, has = cut([[(0, 10)], [(5, 20)]])
    >>> pieces.tolist(), has.tolist()
    ([[0.0, 5.0], [5.0, 10.0], [10.0, 20.0]], [[True, True, False], [False, True, True]])
    """
    ends = np.unique(np.array([end for spans in parties for span in spans for end in span], np.float64))
    pieces = np.stack([ends[:-1], ends[1:]], axis=1) if len(ends) else np.empty((0, 2))
    pieces = pieces[pieces[:, 1] - pieces[:, 0] > _NOTHING_M]
    middle = pieces.mean(axis=1)
    has = np.zeros((len(parties), len(pieces)), bool)
    for number, spans in enumerate(parties):
        for begin, end in spans:
            has[number] |= (begin <= middle) & (middle <= end)
    anybody = has.any(axis=0)
    return pieces[anybody], has[:, anybody]


def between(line: shapely.LineString, begin: float, end: float) -> shapely.LineString:
    """Return the part of a line between two chainages, m."""
    ends = shapely.get_coordinates(line)
    at = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(ends, axis=0).T))])
    first, last = shapely.get_coordinates(shapely.line_interpolate_point(line, [begin, end]))
    return shapely.LineString([first, *ends[(at > begin) & (at < end)], last])


def shape_of(line: shapely.LineString, spans: Sequence[Span]) -> shapely.Geometry:
    """Return the parts of a line that spans cover, as a line of one part or many."""
    parts = [between(line, begin, max(end, begin + 0.01)) for begin, end in united(spans)]
    return parts[0] if len(parts) == 1 else shapely.MultiLineString(parts)
