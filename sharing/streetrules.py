"""What a new shared set along a road is laid out by: who needs ways on which side, and where ducts, chambers and laterals lie."""

from dataclasses import dataclass, field
from typing import Final, Literal

from hatang.data.contracts import ParameterError
from hatang.sharing.chambers import ChamberRules
from hatang.sharing.trench import RESERVE_SHARE, TrenchBuild

Side = Literal["left", "right"]
SIDES: Final[tuple[Side, Side]] = ("left", "right")


@dataclass(frozen=True, slots=True)
class Need:
    """Ways that one operator needs along the road; without a side, on the side that has more of them."""

    operator: str
    ways: int
    side: Side | None = None


@dataclass(frozen=True, slots=True)
class StreetRules:
    """Where ducts lie beside a road, how far laterals reach, and what is kept in reserve."""

    chambers: ChamberRules = field(default_factory=ChamberRules)
    build: TrenchBuild = field(default_factory=TrenchBuild)
    reserve_share: float = RESERVE_SHARE
    width_m: float = 7.0  # of a road whose width is not known
    pavement_m: float = 1.5  # from the kerb to the middle of the trench
    assumed_ways: int = 3  # where no plan runs along the road
    lateral_m: float = 150.0  # longest lateral
    lateral_ways: int = 1
    pole_span_m: float = 50.0  # between new poles, where they are allowed

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where a length is not positive or a count negative.
        """
        for name in ("width_m", "pavement_m", "assumed_ways", "lateral_m", "lateral_ways", "pole_span_m"):
            if not getattr(self, name) > 0:
                raise ParameterError("error.streetset.rule", name=name, value=getattr(self, name))
