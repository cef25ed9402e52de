"""What it spares in money to rent ways that stand instead of building: own trench, ducts and chambers less the rent of some years."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hatang.data.contracts import Price
from hatang.sharing.dugcost import NEEDED, OPTIONAL, TrenchPrice
from hatang.sharing.proposals import RoadCase
from hatang.sharing.rentorbuild import rent_price
from hatang.sharing.roadplans import by_firm, same_firm, spans_of, ways_of
from hatang.sharing.stretches import Span, common, metres

CHAMBER: Final = "chamber"
_CHAMBER_UNIT: Final = "chambers"


@dataclass(frozen=True)
class ReuseMoney:
    """Prices a `reuse_way`: for the firms that plan along it and whose ways it holds, own building less rent.

    Parameters
    ----------
    cases
        The roads with the plans along them.
    price
        VND of a metre of trench by its ways, ducts in it.
    prices
        Item → price in force; the rent is that of `rent_duct`, by the metre, year and way.
    years
        Over how many years rent is paid.
    spacing_m
        How far apart chambers of an own line may stand; None where no clause in force says.
    """

    cases: Sequence[RoadCase]
    price: TrenchPrice
    prices: Mapping[str, Price]
    years: float
    spacing_m: float | None

    def __call__(self, road_id: str, owner: str, spare: int, spans: Sequence[Span]) -> tuple[float, list[str]]:
        """Return VND spared, NaN where nobody asks for ways or a price is missing, and the codes of what is assumed or missing.

        Those who need fewest ways come first; who finds too few left is not counted, which `not_all_fit` says. Chambers of an own line
        stand at both ends of each stretch and no farther apart than the rule.
        """
        asking = sorted(self._asking(road_id, owner, spans), key=lambda ask: (ask[1], ask[0]))
        if not asking:
            return math.nan, ["no_plan_asks"]
        chamber, rent = self.prices.get(CHAMBER), rent_price(self.prices)
        known_chamber = chamber is not None and chamber.unit == _CHAMBER_UNIT
        total, left, notes = 0.0, spare, [f"rent_years={self.years:g}", "chambers_own_line", "along_axis"]
        fitting = 0
        for _, ways, assumed, stretch in asking:
            if ways > left:
                notes.append("not_all_fit")
                break
            left -= ways
            fitting += 1
            notes += ["ways_assumed"] if assumed and "ways_assumed" not in notes else []
            if self.spacing_m is None:
                return math.nan, ["chamber_spacing_unknown"]
            chambers = sum(1 + max(1, math.ceil(round((end - begin) / self.spacing_m, 6))) for begin, end in stretch)
            build = metres(stretch) * self.price(ways) + (chambers * chamber.vnd if chamber is not None and known_chamber else math.nan)
            total += build - (metres(stretch) * ways * rent.vnd * self.years if rent is not None else math.nan)
        if not fitting:
            return math.nan, ["no_plan_fits"]
        if math.isnan(total):
            unpriced = not known_chamber or any(math.isnan(self.price(ways)) for _, ways, _, _ in asking[:fitting])
            return math.nan, [*(["prices_missing"] if unpriced else []), *(["rent_unknown"] if rent is None else [])]
        notes += ["rent_unverified"] if rent is not None and not rent.verified else []
        used = [self.prices[item] for item in (*NEEDED, *OPTIONAL, CHAMBER) if item in self.prices]
        return total, [*notes, *(["prices_unverified"] if not all(price.verified for price in used) else [])]

    def _asking(self, road_id: str, owner: str, spans: Sequence[Span]) -> list[tuple[str, int, bool, list[Span]]]:
        """Return firm, ways, whether they are assumed, and the stretch of each firm that plans beside the owner's ducts."""
        plans = [plan for case in self.cases if case.road_id == road_id for plan in case.plans]
        found = [(firm, *ways_of(own), common(spans_of(own), spans)) for firm, own in by_firm(plans).items() if not same_firm(firm, owner)]
        return [ask for ask in found if metres(ask[3]) > 0]
