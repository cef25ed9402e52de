"""Statutory key of cost shares: what each operator pays of shared stretches by length, number, cross-section or weight of its cables.

Works on stretches, each with its cost and its users; a stretch is split among those who use it in proportion to what the key counts there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import pandas as pd

from hatang.data.contracts import ParameterError

ShareKey = Literal["length", "number", "area", "weight"]
SHARE_KEYS: Final[tuple[ShareKey, ...]] = get_args(ShareKey)


@dataclass(frozen=True, slots=True)
class Cables:
    """What an operator lays in one stretch; metres, count, cross-section of one cable (mm²) and its weight (kg a metre)."""

    operator: str
    length_m: float
    cables: int = 1
    area_mm2: float | None = None
    kg_per_m: float | None = None

    def quantity(self, key: ShareKey) -> float | None:
        """Return what the key counts: metres of route, or metres × cables (× section or weight of each); None where not known."""
        if key == "length":
            return self.length_m
        each = {"number": 1.0, "area": self.area_mm2, "weight": self.kg_per_m}[key]
        return None if each is None else self.length_m * self.cables * each


def statutory_shares(stretches: Sequence[tuple[float, Sequence[Cables]]], *, key: ShareKey) -> pd.Series:
    """Return what each operator pays, in the unit of the costs, by operator name; the sum is exactly the sum of the costs but for rounding.

    Parameters
    ----------
    stretches
        Cost and users of each; a user of several cables may be named once or several times.
    key
        What counts: a setting of the city.

    Raises
    ------
    ParameterError
        Where the key is none, a cost is negative, nobody uses a stretch, or what the key counts is not known, negative or nothing at all.

    References
    ----------
    NĐ 72/2012/NĐ-CP on shared technical works names the parties' agreement; which of the keys counts is the city's own setting.

    Examples
    --------
    One trench of 90 for a firm with two cables and one with one:

    >>> users = [Cables("viettel", 100, cables=2), Cables("vnpt", 100)]
    >>> statutory_shares([(90.0, users)], key="number").to_dict()
    {'viettel': 60.0, 'vnpt': 30.0}
    >>> statutory_shares([(90.0, users)], key="length").to_dict()
    {'viettel': 45.0, 'vnpt': 45.0}
    """
    if key not in SHARE_KEYS:
        raise ParameterError("error.costshares.key", found=key, keys=", ".join(SHARE_KEYS))
    paid: dict[str, float] = {}
    for number, (cost, users) in enumerate(stretches, 1):
        if not cost >= 0:
            raise ParameterError("error.costshares.cost", stretch=number, cost=cost)
        counted: dict[str, float] = {}
        for user in users:
            quantity = user.quantity(key)
            if quantity is None or not quantity >= 0:
                raise ParameterError("error.costshares.quantity", stretch=number, operator=user.operator, key=key)
            counted[user.operator] = counted.get(user.operator, 0.0) + quantity
        total = sum(counted.values())
        if not total > 0:
            raise ParameterError("error.costshares.nobody", stretch=number)
        for operator, quantity in counted.items():
            paid[operator] = paid.get(operator, 0.0) + cost * quantity / total
    return pd.Series(dict(sorted(paid.items())), dtype=float, name="cost")
