"""Limits of the sharing answer, from the rules in force."""

from dataclasses import dataclass

from hatang.data.contracts import ParameterError


@dataclass(frozen=True, slots=True)
class SharingPolicy:
    """How wide a road's corridor is, what stays in reserve, and how far apart poles may stand."""

    corridor_m: float = 15.0  # each side of the road's axis, beside half the road's width where it is known
    reserve_ways: int = 0  # QCVN 07-3:2023/BXD asks for 10 % in new common trenches, nothing of existing ducts
    span_max_m: float = 60.0  # longest span between two poles that still counts as one line of poles
    stretch_gap_m: float = 20.0  # ducts of one owner this close along the road are one stretch
    end_m: float = 2.0  # a duct that ends this close to a chamber ends in it

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where a length or count is negative.
        """
        for name in ("corridor_m", "reserve_ways", "span_max_m", "stretch_gap_m", "end_m"):
            if getattr(self, name) < 0:
                raise ParameterError("error.sharing.policy", name=name, value=getattr(self, name))
