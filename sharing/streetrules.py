"""What a new shared set along a road is laid out by: who needs ways on which side, and where ducts, chambers and laterals lie."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from hatang.data.contracts import ParameterError
from hatang.sharing.chambers import ChamberRules
from hatang.sharing.trench import RESERVE_SHARE, TrenchBuild, ways_with_reserve

Side = Literal["left", "right"]
WhyBoth = Literal["needs", "targets", "width", "ways"]
SIDES: Final[tuple[Side, Side]] = ("left", "right")


@dataclass(frozen=True, slots=True)
class Need:
    """Ways that one operator needs along the road; without a side, on the side of the road that more of them are told for."""

    operator: str
    ways: int
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class StreetRules:
    """Where ducts lie beside a road, how far laterals reach, and what is kept in reserve."""

    chambers: ChamberRules = field(default_factory=ChamberRules)
    build: TrenchBuild = field(default_factory=TrenchBuild)
    reserve_share: float = RESERVE_SHARE
    both_sides_m: float = 15.0  # a road wider than this has ducts on both sides
    ducts_m: float = 2.5  # a road narrower than this has no room for a trench
    side_m: float = 1.0  # a plan this far from the axis tells which side its operator is on
    width_m: float = 7.0  # of a road whose width is not known
    pavement_m: float = 1.5  # from the kerb to the middle of the trench
    assumed_ways: int = 3  # where no plan runs along the road
    lateral_m: float = 150.0  # longest lateral
    lateral_ways: int = 1
    laterals: int = 200  # to buildings along one road, the nearest first
    pole_span_m: float = 50.0  # between new poles, where they are allowed

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where a length is not positive or a count negative.
        """
        lengths = ("both_sides_m", "ducts_m", "side_m", "width_m", "pavement_m", "lateral_m", "pole_span_m")
        for name in (*lengths, "assumed_ways", "lateral_ways", "laterals"):
            if not getattr(self, name) > 0:
                raise ParameterError("error.streetset.rule", name=name, value=getattr(self, name))


def ways_by_side(needs: Sequence[Need], *, reserve_share: float = RESERVE_SHARE) -> dict[Side, tuple[int, int]]:
    """Return for each side that is needed: ways to lay with the reserve, and ways needed.

    Raises
    ------
    ParameterError
        Where a need is negative.

    Examples
    --------
    >>> ways_by_side([Need("viettel", 3, "left"), Need("vnpt", 1, "right"), Need("fpt", 2)])
    {'left': (6, 5), 'right': (2, 1)}
    """
    sided = _with_sides(needs)
    told = {side: sum(need.ways for need in sided if need.side == side) for side in SIDES}
    return {side: (ways_with_reserve(told[side], reserve_share=reserve_share), told[side]) for side in SIDES if told[side]}


def shared_between_sides(
    needs: Sequence[Need], *, both: WhyBoth | None, most: int, rules: StreetRules
) -> tuple[list[Need], WhyBoth | None]:
    """Return the needs, each with its side, and why there are two sides, None where there is one.

    Where both sides are asked for and one has no need, every operator gets the ways of a lateral there, to reach what lies on it. A side
    with more ways than a trench holds hands its smallest needs over to the other as far as they fit there.

    Parameters
    ----------
    both
        Why both sides are asked for, whatever the needs; None where they are not.
    most
        Ways that the largest trench holds.

    Raises
    ------
    ParameterError
        Where a need is negative.

    Examples
    --------
    >>> found, why = shared_between_sides([Need("vnpt", 12, "left"), Need("fpt", 9, "left")], both=None, most=20, rules=StreetRules())
    >>> [(need.operator, need.side) for need in found], why
    ([('vnpt', 'left'), ('fpt', 'right')], 'ways')
    """
    sided = _with_sides(needs)
    why: WhyBoth | None = "needs" if {need.side for need in sided if need.ways} == set(SIDES) else both
    for side, other in (SIDES, SIDES[::-1]):
        there = [need for need in sided if need.side == side and need.ways]
        if both and not there:
            operators = dict.fromkeys(need.operator for need in sided if need.ways)
            sided += [Need(operator, rules.lateral_ways, side) for operator in operators]
        for need in sorted(there, key=lambda need: (need.ways, need.operator)):
            if _laid(sided, side, rules) > most and _laid([*sided, replace(need, side=other)], other, rules) <= most:
                sided[sided.index(need)] = replace(need, side=other)
                why = why or "ways"
    return sided, why


def _laid(needs: Sequence[Need], side: Side, rules: StreetRules) -> int:
    return ways_with_reserve(sum(need.ways for need in needs if need.side == side), reserve_share=rules.reserve_share)


def _with_sides(needs: Sequence[Need]) -> list[Need]:
    for need in needs:
        if need.ways < 0:
            raise ParameterError("error.streetset.need", operator=need.operator, ways=need.ways)
    told = {side: sum(need.ways for need in needs if need.side == side) for side in SIDES}
    main: Side = "left" if told["left"] > told["right"] else "right"
    return [need if need.side else replace(need, side=main) for need in needs]
