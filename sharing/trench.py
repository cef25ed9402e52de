"""Trenches of TCVN 8700:2011: the profile for so many ways, and what it takes to dig, bed, fill and close one.

The cross-section is a trapezoid; depth is bed + layers of ducts with a clear gap between + cover. Sand fills from the floor to a given
height above the topmost duct, the rest is backfill up to the surface layer, whose area is that of the top width.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hatang.data.contracts import ParameterError, TrenchProfile

RESERVE_SHARE: Final = 0.10  # QCVN 07-3:2023/BXD 2.2.1.2
_EXACT: Final = 1e-9


@dataclass(frozen=True, slots=True)
class TrenchBuild:
    """How ducts lie in a trench; lengths in mm."""

    duct_mm: float = 110.0  # outer diameter of the usual uPVC duct
    gap_mm: float = 30.0  # QCVN 07-8:2023/BXD 2.4.3, clear gap between ducts
    bed_mm: float = 50.0  # sand below the ducts
    sand_above_mm: float = 100.0  # sand above the topmost duct
    cover_sidewalk_mm: float = 500.0  # TCVN 8700:2011
    cover_carriageway_mm: float = 700.0  # TCVN 8700:2011

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where a length is negative, a duct has no width, or the sand reaches above the cover.
        """
        for name in ("duct_mm", "gap_mm", "bed_mm", "sand_above_mm", "cover_sidewalk_mm", "cover_carriageway_mm"):
            if getattr(self, name) < 0 or (name == "duct_mm" and self.duct_mm == 0):
                raise ParameterError("error.trench.build", name=name, value=getattr(self, name))
        if self.sand_above_mm > min(self.cover_sidewalk_mm, self.cover_carriageway_mm):
            raise ParameterError("error.trench.build", name="sand_above_mm", value=self.sand_above_mm)

    def cover_mm(self, surface: str) -> float:
        """Return the cover over the topmost duct: under a carriageway, or anything else."""
        return self.cover_carriageway_mm if surface == "carriageway" else self.cover_sidewalk_mm

    def depth_mm(self, layers: int, surface: str) -> float:
        """Return the depth from the surface to the floor.

        Examples
        --------
        >>> TrenchBuild().depth_mm(2, "sidewalk")  # 50 + 110 + 30 + 110 + 500
        800.0
        """
        return self.bed_mm + layers * self.duct_mm + (layers - 1) * self.gap_mm + self.cover_mm(surface)


@dataclass(frozen=True, slots=True)
class TrenchQuantities:
    """What one trench takes: volumes in place (m³, no swell), surface to close again (m²), ducts laid (m)."""

    dig_m3: float
    sand_m3: float
    backfill_m3: float
    spoil_m3: float
    surface_m2: float
    ways_m: float


def ways_with_reserve(needed: int, *, reserve_share: float = RESERVE_SHARE) -> int:
    """Return the ways to lay for so many needed: the reserve on top, rounded up to whole ways; none for none.

    References
    ----------
    QCVN 07-3:2023/BXD 2.2.1.2.

    Examples
    --------
    >>> [ways_with_reserve(n) for n in (0, 1, 9, 10, 11)]
    [0, 2, 10, 11, 13]
    """
    if needed < 0 or reserve_share < 0:
        raise ParameterError("error.trench.ways", ways=needed, most=math.inf)
    return math.ceil(needed * (1 + reserve_share) - _EXACT)


def profile_for(ways: int, profiles: Sequence[TrenchProfile], *, build: TrenchBuild, surface: str = "sidewalk") -> TrenchProfile:
    """Return the profile that holds the ways with the least earth to dig; among equals the fewer ways, then the fewer layers.

    Raises
    ------
    ParameterError
        Where there are no ways, or more than any profile holds.

    Examples
    --------
    >>> flat, deep = TrenchProfile(4, 1, 750, 650), TrenchProfile(4, 2, 450, 350)
    >>> profile_for(4, [flat, deep], build=TrenchBuild()).layers  # 0.462 m² against 0.320 m²
    2
    """
    enough = [profile for profile in profiles if profile.ways >= ways]
    if ways < 1 or not enough:
        raise ParameterError("error.trench.ways", ways=ways, most=max((profile.ways for profile in profiles), default=0))
    return min(enough, key=lambda p: ((p.top_mm + p.bottom_mm) * build.depth_mm(p.layers, surface), p.ways, p.layers))


def trench_quantities(
    profile: TrenchProfile, *, length_m: float, ways: int, build: TrenchBuild, surface: str = "sidewalk"
) -> TrenchQuantities:
    """Return what a trench of a profile takes over a length.

    Parameters
    ----------
    profile
        Widths and layers (`profile_for`).
    length_m
        Along the trench, >= 0.
    ways
        Ducts laid in it, at most those of the profile.
    surface
        `carriageway`, or anything else for the lesser cover.

    Raises
    ------
    ParameterError
        Where the ways do not fit or the length is negative.

    Examples
    --------
    Four ways in two layers under a pavement, 100 m: 0.8 m deep, (0.45 + 0.35) / 2 m wide in the mean.

    >>> round(trench_quantities(TrenchProfile(4, 2, 450, 350), length_m=100, ways=4, build=TrenchBuild()).dig_m3, 6)
    32.0
    """
    if not 1 <= ways <= profile.ways:
        raise ParameterError("error.trench.ways", ways=ways, most=profile.ways)
    if length_m < 0:
        raise ParameterError("error.trench.build", name="length_m", value=length_m)
    depth = build.depth_mm(profile.layers, surface) / 1000
    top, bottom = profile.top_mm / 1000, profile.bottom_mm / 1000
    sand_height = depth - (build.cover_mm(surface) - build.sand_above_mm) / 1000
    sand_top = bottom + (top - bottom) * sand_height / depth
    dig = (top + bottom) / 2 * depth * length_m
    ducts = ways * math.pi / 4 * (build.duct_mm / 1000) ** 2 * length_m
    sand_room = (bottom + sand_top) / 2 * sand_height * length_m
    backfill = dig - sand_room
    return TrenchQuantities(
        dig_m3=dig,
        sand_m3=sand_room - ducts,
        backfill_m3=backfill,
        spoil_m3=dig - backfill,
        surface_m2=top * length_m,
        ways_m=ways * length_m,
    )
