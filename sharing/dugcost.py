"""What it takes that some firms dig along a road together: metres, each dug once, and VND where every price is known.

Every coalition of the firms has its own cost: the pieces of road that its members want, each opened once, in VND with a trench of the
profile that holds their ways. A trench that several share has the reserve on top, a firm's own has not.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from hatang.data.contracts import ParameterError, Price, TrenchProfile
from hatang.sharing.roadplans import RoadPlan, by_firm, spans_of, ways_of
from hatang.sharing.stretches import Floats, Span, common, cut
from hatang.sharing.trench import RESERVE_SHARE, TrenchBuild, profile_for, trench_quantities, ways_with_reserve

NEEDED: Final = ("dig", "sand", "backfill", "surface_sidewalk", "duct")
"""Items that must have a price before a metre of trench has one."""
OPTIONAL: Final = ("trench_m", "spoil")
"""Items that count where a price is given for them."""
_LAID: Final = ("sand", "duct")
_UNITS: Final = {"dig": "m³", "sand": "m³", "backfill": "m³", "spoil": "m³", "surface_sidewalk": "m²", "duct": "m", "trench_m": "m"}


@dataclass(frozen=True)
class TrenchPrice:
    """What a metre of trench under a pavement costs by its ways, from the price of each item that counts; none where one is missing."""

    items: Mapping[str, float]
    profiles: Sequence[TrenchProfile]
    build: TrenchBuild = field(default_factory=TrenchBuild)
    known: dict[int, float] = field(default_factory=dict, compare=False)

    @property
    def duct_vnd(self) -> float:
        """What a metre of one duct costs, VND: what each firm pays for itself in a trench that is shared."""
        return self.items.get("duct", 0.0) if self.items else math.nan

    def __call__(self, ways: int) -> float:
        """Return VND of a metre of trench with so many ways; NaN where a price is missing or no profile holds them."""
        if ways not in self.known:
            self.known[ways] = self._of(ways) if self.items else math.nan
        return self.known[ways]

    def _of(self, ways: int) -> float:
        try:
            profile = profile_for(ways, self.profiles, build=self.build, surface="sidewalk")
        except ParameterError:
            return math.nan
        found = trench_quantities(profile, length_m=1.0, ways=ways, build=self.build, surface="sidewalk")
        amounts = {
            "dig": found.dig_m3,
            "sand": found.sand_m3,
            "backfill": found.backfill_m3,
            "spoil": found.spoil_m3,
            "surface_sidewalk": found.surface_m2,
            "duct": found.ways_m,
            "trench_m": 1.0,
        }
        return sum(price * amounts[item] for item, price in self.items.items())


def trench_price(prices: Mapping[str, Price], profiles: Sequence[TrenchProfile], *, laid: bool = True) -> TrenchPrice:
    """Return what a metre of trench costs: dug, bedded, filled, closed and with its ducts; chambers and crossings are not in it.

    Where `laid` is no, neither is what is laid in an open trench: sand and ducts. Where one of `NEEDED` has no price in its unit, nothing
    has a price: nothing is guessed.

    Examples
    --------
    >>> trench_price({}, [TrenchProfile(4, 2, 450, 350)])(4)
    nan
    """
    needed = NEEDED if laid else tuple(item for item in NEEDED if item not in _LAID)
    items = {item: prices[item].vnd for item in (*needed, *OPTIONAL) if item in prices and prices[item].unit == _UNITS[item]}
    return TrenchPrice({} if set(needed) - set(items) else items, profiles)


@dataclass(frozen=True)
class Dig:
    """The pieces of a road that firms want, who wants each, and what opening them costs.

    `lengths_m` (pieces,), `wants` (firms, pieces), `ways` (firms,) as asked for, `price` of a metre by its ways. `promoter` is the place in
    `firms` of the one whose works the others join: it lays nothing, and alone it opens as much as the largest of the others' own trenches
    there. Then nothing that is laid counts: digging and reinstatement alone are divided.
    """

    firms: tuple[str, ...]
    lengths_m: Floats
    wants: npt.NDArray[np.bool_]
    ways: tuple[int, ...]
    price: TrenchPrice
    promoter: int | None = None

    def metres(self, group: int) -> float:
        """Return the metres that a coalition digs, its firms as bits."""
        return float(self.lengths_m[self._wanted(group).any(axis=0)].sum())

    def vnd(self, group: int) -> float:
        """Return what a coalition's trenches cost, VND; NaN where a price is not known."""
        return float(self.opening_vnd(group).sum())

    def opening_vnd(self, group: int) -> Floats:
        """Return what a coalition's trench costs on each piece, VND, shape (pieces,)."""
        wanted = self._wanted(group)
        if self.promoter is None:
            return self._trench_vnd(wanted)
        laying = wanted.copy()
        laying[self.promoter] = False
        return np.maximum(self._trench_vnd(laying), np.where(wanted[self.promoter], self._works_vnd(), 0.0))

    def own_vnd(self, group: int) -> Floats:
        """Return what the ducts of each of a coalition's firms cost, VND on each piece, shape (firms, pieces)."""
        if self.promoter is not None:
            return np.zeros(self.wants.shape)
        ducts: Floats = self._wanted(group) * np.array(self.ways, np.float64)[:, None] * self.lengths_m * self.price.duct_vnd
        return ducts

    def growth_vnd(self) -> Floats:
        """Return what works that are joined grow by, VND by firm, shape (firms,): beyond their own size, alike for all who lay there."""
        laying = self.wants.copy()
        if self.promoter is None:
            return np.zeros(len(self.firms))
        laying[self.promoter] = False
        grown = self.opening_vnd(self.everyone) - self._works_vnd()
        parts: Floats = np.where(laying, grown / np.maximum(laying.sum(axis=0), 1), 0.0).sum(axis=1)
        return parts

    @property
    def everyone(self) -> int:
        """All firms, as bits."""
        return (1 << len(self.firms)) - 1

    def alone(self, cost: Callable[[int], float]) -> list[float]:
        """Return what each firm's own digging costs."""
        return [cost(1 << number) for number in range(len(self.firms))]

    def _trench_vnd(self, wanted: npt.NDArray[np.bool_]) -> Floats:
        """Return what a trench for the ways of those who lay there costs, VND on each piece: with the reserve where they are several."""
        ways, members = wanted.T @ np.array(self.ways), wanted.sum(axis=0)
        cost = np.zeros(len(self.lengths_m))
        for piece in np.flatnonzero(members):
            laid = int(ways[piece]) if members[piece] == 1 else ways_with_reserve(int(ways[piece]), reserve_share=RESERVE_SHARE)
            cost[piece] = self.price(laid) * self.lengths_m[piece]
        return cost

    def _works_vnd(self) -> Floats:
        """Return what works open alone, VND on each piece: the largest of the trenches that each who joins would open there."""
        each = np.array([0.0 if number == self.promoter else self.price(ways) for number, ways in enumerate(self.ways)])
        largest: Floats = np.where(self.wants, each[:, None], 0.0).max(axis=0) * self.lengths_m
        return largest

    def _wanted(self, group: int) -> npt.NDArray[np.bool_]:
        members = np.array([bool(group >> number & 1) for number in range(len(self.firms))])
        wanted: npt.NDArray[np.bool_] = self.wants & members[:, None]
        return wanted


def dig_of(plans: Sequence[RoadPlan], price: TrenchPrice, *, within: Sequence[Span] | None = None) -> Dig:
    """Return the digging of plans along one road, firm by firm; only `within` some spans where they are given.

    Examples
    --------
    >>> plans = [RoadPlan("K1", "vnpt", ((0, 100),)), RoadPlan("K2", "viettel", ((60, 200),))]
    >>> dig = dig_of(plans, trench_price({}, []))
    >>> dig.firms, dig.alone(dig.metres), dig.metres(dig.everyone)
    (('viettel', 'vnpt'), [140.0, 100.0], 200.0)
    """
    firms = by_firm(plans)
    spans = [spans_of(own) for own in firms.values()]
    if within is not None:
        spans = [common(own, within) for own in spans]
    pieces, wants = cut(spans)
    return Dig(tuple(firms), pieces[:, 1] - pieces[:, 0], wants, tuple(ways_of(own)[0] for own in firms.values()), price)


def joined_dig(plans: Sequence[RoadPlan], promoter: str | None, opening: TrenchPrice) -> Dig:
    """Return the digging of works and of all plans that join them along one road; `spans` of a plan are what it shares with the works.

    Parameters
    ----------
    promoter
        Who opens the works, none of the plans' firms; None where nobody knows.
    opening
        VND of opening a metre of trench by its ways, without what is laid in it.

    Examples
    --------
    >>> plans = [RoadPlan("K1", "vnpt", ((0, 100),)), RoadPlan("K2", "viettel", ((60, 200),))]
    >>> dig = joined_dig(plans, "HueWACO", trench_price({}, []))
    >>> dig.firms, dig.alone(dig.metres), dig.metres(dig.everyone)
    (('HueWACO', 'viettel', 'vnpt'), [200.0, 140.0, 100.0], 200.0)
    """
    spans = {promoter or "": spans_of(plans)} | {firm: spans_of(own) for firm, own in by_firm(plans).items()}
    ways = {promoter or "": 0} | {firm: ways_of(own)[0] for firm, own in by_firm(plans).items()}
    firms = tuple(sorted(spans))
    pieces, wants = cut([spans[firm] for firm in firms])
    lengths_m = pieces[:, 1] - pieces[:, 0]
    return Dig(firms, lengths_m, wants, tuple(ways[firm] for firm in firms), opening, promoter=firms.index(promoter or ""))
