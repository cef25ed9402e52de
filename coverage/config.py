"""What the assessment is asked for: levels, target, period, all from rules in force."""

from dataclasses import dataclass
from typing import Final

from hatang.data.contracts import ParameterError, Technology

MOBILE: Final = (str(Technology.LTE), str(Technology.NR))


@dataclass(frozen=True, slots=True)
class AssessConfig:
    """Thresholds of one assessment; shares 0–1."""

    period: str
    ward_version: str
    level_4g_dbm: float = -110.0  # TRAI 22-11-2024, unverified for Vietnam
    level_5g_dbm: float = -110.0  # as above
    target_share: float = 0.95  # QCVN 81:2019/BTTTT §2.1.1
    interval_level: float = 0.9
    wards_target: float = 1.0  # Plan 455, I.2.a
    contradiction_tests: int = 5
    contradiction_devices: int = 2
    gap_min_area_m2: float = 10_000.0
    gap_min_width_m: float = 50.0
    accuracy_m: float = 50.0

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where a share or level lies outside its range.
        """
        for name in ("target_share", "interval_level", "wards_target"):
            if not 0 < getattr(self, name) <= 1:
                raise ParameterError("error.assess.share", name=name, value=getattr(self, name))
        for name in ("level_4g_dbm", "level_5g_dbm"):
            if not -140 <= getattr(self, name) <= -44:
                raise ParameterError("error.assess.level", name=name, value=getattr(self, name))

    def level_dbm(self, technology: str) -> float:
        """Return the level that a test of this technology must reach, in dBm."""
        return self.level_5g_dbm if technology == Technology.NR else self.level_4g_dbm
