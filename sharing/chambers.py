"""Where chambers stand along a line of ducts: at ends, junctions and bends, no farther apart than the rule, not before entrances."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely

from hatang.data.contracts import ParameterError

Reason = Literal["end", "junction", "bend", "spacing"]
_RANK: Final = {"end": 0, "junction": 1, "bend": 2, "spacing": 3}


@dataclass(frozen=True, slots=True)
class ChamberRules:
    """How far apart chambers may stand, what is a bend, and what is kept free before an entrance."""

    spacing_m: float = 100.0  # QCVN 07-3:2023/BXD 2.2.1.9, on straights
    bend_deg: float = 15.0  # change of direction that asks for a chamber
    entrance_clear_m: float = 2.0  # each side of the middle of an entrance
    together_m: float = 5.0  # places closer than this share one chamber

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where a value is not positive.
        """
        for name in ("spacing_m", "bend_deg", "entrance_clear_m", "together_m"):
            if not getattr(self, name) > 0:
                raise ParameterError("error.streetset.rule", name=name, value=getattr(self, name))


@dataclass(frozen=True, slots=True)
class Place:
    """A chamber's place: metres along the line, why it is there, whether it stands before an entrance because nothing else was free."""

    at_m: float
    reason: Reason
    blocked: bool = False


def bends_of(line: shapely.LineString, *, bend_deg: float) -> list[float]:
    """Return the metres along a line at which it has turned by `bend_deg` since the last bend; a curve drawn in small steps adds up.

    Examples
    --------
    >>> bends_of(shapely.LineString([(0, 0), (100, 0), (100, 50)]), bend_deg=15)
    [100.0]
    """
    steps = np.diff(shapely.get_coordinates(line), axis=0)
    lengths = np.hypot(*steps.T)
    steps, lengths = steps[lengths > 0], lengths[lengths > 0]
    heading = np.degrees(np.arctan2(steps[:, 1], steps[:, 0]))
    turns = (np.diff(heading) + 180) % 360 - 180
    found, turned = [], 0.0
    for at, turn in zip(np.cumsum(lengths)[:-1].tolist(), turns.tolist(), strict=True):
        turned += turn
        if abs(turned) >= bend_deg - 1e-9:
            found.append(at)
            turned = 0.0
    return found


def chamber_places(
    line: shapely.LineString, *, junctions_m: Sequence[float] = (), entrances_m: Sequence[float] = (), rules: ChamberRules
) -> list[Place]:
    """Return the chambers along a line in order.

    Ends, junctions and bends come first; places within `together_m` of one another are one, of the weightier reason. Between two of them
    the rest stand evenly, at most `spacing_m` apart. One that would stand before an entrance moves to the nearest free place, where none
    is free it stays and says so.

    Parameters
    ----------
    line
        In metres.
    junctions_m, entrances_m
        Metres along the line; those beyond its ends do not count.

    Examples
    --------
    >>> straight = shapely.LineString([(0, 0), (250, 0)])
    >>> [(p.at_m, p.reason) for p in chamber_places(straight, rules=ChamberRules(spacing_m=125))]
    [(0.0, 'end'), (125.0, 'spacing'), (250.0, 'end')]
    """
    length = line.length
    closed = _united([(at - rules.entrance_clear_m, at + rules.entrance_clear_m) for at in sorted(entrances_m) if 0 <= at <= length])
    wanted: list[tuple[float, Reason]] = [(0.0, "end"), (length, "end")]
    wanted += [(at, "junction") for at in junctions_m if 0 <= at <= length]
    wanted += [(at, "bend") for at in bends_of(line, bend_deg=rules.bend_deg)]
    kept: list[tuple[float, Reason]] = []
    for at, reason in sorted(wanted, key=lambda place: (_RANK[place[1]], place[0])):
        if all(abs(at - other) >= rules.together_m for other, _ in kept):
            kept.append((at, reason))
    fixed = [_free(at, reason, closed, 0.0, length) for at, reason in sorted(kept)]
    places = [fixed[0]]
    for until in fixed[1:]:
        places += _between(places[-1].at_m, until.at_m, closed, rules.spacing_m)
        places.append(until)
    return places


def _between(start: float, end: float, closed: Sequence[tuple[float, float]], spacing: float) -> list[Place]:
    """Return chambers strictly between two, spread evenly over what is left and never farther than `spacing` from the last."""
    found: list[Place] = []
    while end - start > spacing + 1e-9:
        left = math.ceil((end - start) / spacing - 1e-9)
        place = _free(start + (end - start) / left, "spacing", closed, start, min(start + spacing, end))
        found.append(place)
        start = place.at_m
    return found


def _free(at: float, reason: Reason, closed: Sequence[tuple[float, float]], low: float, high: float) -> Place:
    """Return the place nearest to `at`, between `low` (not itself) and `high`, that is before no entrance."""
    inside = next(((a, b) for a, b in closed if a < at < b), None)
    if inside is None:
        return Place(at, reason)
    free = [edge for edge in inside if low <= edge <= high and edge - low > (1.0 if reason == "spacing" else -1.0)]
    if not free:
        return Place(at, reason, blocked=True)
    return Place(min(free, key=lambda edge: (abs(edge - at), edge)), reason)


def _united(spans: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    joined: list[tuple[float, float]] = []
    for low, high in spans:
        if joined and low < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    return joined
