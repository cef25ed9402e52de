"""A street whose cables go underground: who hangs cable there, how many joint ways it takes, in which order, and which dead cable goes."""

from dataclasses import dataclass
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, AssetClass, ParameterError, SuggestionKind

Street = shapely.LineString | shapely.MultiLineString
ORDER: Final = ("joint_ducts", "pull_cables", "move_subscribers", "remove_dead_cable", "remove_poles")
"""Steps in the order of work: nobody's cable comes down before its way is there and its subscribers have moved."""
_SUGGESTED: Final = ["kind", "amount", "unit", "owners"]
TIDY_ORDER: Final = ("remove_dead_cable", "tidy_cable")
"""Steps where cables stay on their poles: what is dead comes down before the rest is bundled."""


@dataclass(frozen=True, slots=True)
class UndergroundPolicy:
    """How far from the axis things belong to the street, and which share of the ways needed stays in reserve."""

    beside_m: float = 15.0
    reserve_share: float = 0.10  # QCVN 07-3:2023/BXD 2.2.1.2, new common trenches

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where a value is negative.
        """
        for name in ("beside_m", "reserve_share"):
            if getattr(self, name) < 0:
                raise ParameterError("error.sharing.policy", name=name, value=getattr(self, name))


@dataclass(frozen=True)
class StreetUnderground:
    """What a street needs: its owners, joint ways, steps in order, and suggestions.

    `owners`: `owner`, `poles`, `uncounted` (poles whose cables nobody counted), `cables` (most slots used on one of its poles; missing
    where none is known), `ducts_m`. `ways` are the joint ways for the cables known, reserve included; an owner with an uncounted pole may
    need more, and of the `unknown_owners` no pole was counted at all.
    `suggestions`: `kind`, `amount`, `unit`, `owners`.
    """

    owners: pd.DataFrame
    ways: int
    unknown_owners: tuple[str, ...]
    steps: tuple[str, ...]
    suggestions: pd.DataFrame


def plan_street(
    axis: Street,
    assets: gpd.GeoDataFrame,
    *,
    measure: Literal["underground", "tidy"] = "underground",
    done: bool = False,
    dead_cable_m: float | None = None,
    policy: UndergroundPolicy,
) -> StreetUnderground:
    """Return what undergrounding a street takes, or tidying it.

    Suggestions: `underground` (metres of street, where poles carry or may carry cable and the street is not done), `tidy_cable` (poles that
    carry or may carry cable where it is tidied, poles that still stand where it is underground), `remove_dead_cable` (metres, where some
    are known).

    Parameters
    ----------
    axis
        The street, EPSG:9214.
    assets
        ASSETS contract, any CRS.
    measure
        Whether cables go underground, or stay on their poles and are tidied.
    done
        Whether the street is filed as done.
    dead_cable_m
        Metres of cable out of use; `None` where not known, which is not none.

    Examples
    --------
    >>> nothing = gpd.GeoDataFrame(geometry=[], crs=HUE_CRS)
    >>> street = plan_street(shapely.LineString([(0, 0), (9, 0)]), nothing, dead_cable_m=40.0, policy=UndergroundPolicy())
    >>> street.suggestions.values.tolist(), street.steps
    ([['remove_dead_cable', 40.0, 'm', '']], ('remove_dead_cable',))
    """
    owners = _owners(axis, assets, policy.beside_m)
    if measure == "tidy":
        return _tidied(owners, done=done, dead_cable_m=dead_cable_m)
    hung = owners[owners["poles"] > 0]
    known = hung["cables"].dropna()
    needed = int(known.sum())
    ways = int(np.ceil(round(needed * (1 + policy.reserve_share), 9)))
    unknown = tuple(hung.loc[hung["cables"].isna(), "owner"])
    carried = needed > 0 or bool(unknown)
    names = ", ".join(hung["owner"])
    rows: list[dict[str, Any]] = []
    if carried and not done:
        rows.append({"kind": str(SuggestionKind.UNDERGROUND), "amount": float(axis.length), "unit": "m", "owners": names})
    if done and len(hung):
        rows.append({"kind": str(SuggestionKind.TIDY_CABLE), "amount": float(hung["poles"].sum()), "unit": "poles", "owners": names})
    dead = _dead(dead_cable_m, names)
    rows += dead
    work = carried and not done
    taken = {
        "joint_ducts": work,
        "pull_cables": work,
        "move_subscribers": work,
        "remove_dead_cable": bool(dead),
        "remove_poles": len(hung) > 0,
    }
    return StreetUnderground(
        owners=owners,
        ways=0 if done else ways,
        unknown_owners=unknown,
        steps=tuple(step for step in ORDER if taken[step]),
        suggestions=pd.DataFrame(rows, columns=_SUGGESTED),
    )


def _tidied(owners: pd.DataFrame, *, done: bool, dead_cable_m: float | None) -> StreetUnderground:
    """Return what tidying a street takes: no ways, and poles only where cable hangs or may hang."""
    hung = owners[(owners["poles"] > 0) & (owners["cables"].fillna(1) > 0)]
    names = ", ".join(hung["owner"])
    rows: list[dict[str, Any]] = []
    if len(hung) and not done:
        rows.append({"kind": str(SuggestionKind.TIDY_CABLE), "amount": float(hung["poles"].sum()), "unit": "poles", "owners": names})
    dead = _dead(dead_cable_m, names)
    taken = {"remove_dead_cable": bool(dead), "tidy_cable": bool(rows)}
    return StreetUnderground(
        owners=owners,
        ways=0,
        unknown_owners=tuple(hung.loc[hung["cables"].isna(), "owner"]),
        steps=tuple(step for step in TIDY_ORDER if taken[step]),
        suggestions=pd.DataFrame([*rows, *dead], columns=_SUGGESTED),
    )


def _dead(dead_cable_m: float | None, names: str) -> list[dict[str, Any]]:
    """Return the suggestion to take dead cable down, none where none is known."""
    if dead_cable_m is None or not dead_cable_m > 0:
        return []
    return [{"kind": str(SuggestionKind.REMOVE_DEAD_CABLE), "amount": dead_cable_m, "unit": "m", "owners": names}]


def _owners(axis: Street, assets: gpd.GeoDataFrame, beside_m: float) -> pd.DataFrame:
    """Return who has poles or ducts within reach of the street and in service, by name."""
    names = ["owner", "poles", "uncounted", "cables", "ducts_m"]
    if assets.empty:
        return pd.DataFrame(columns=names)
    here = along_street(axis, assets, beside_m)
    reach = axis.buffer(beside_m, cap_style="flat")
    rows = []
    for owner, part in here.groupby("owner", sort=True):
        poles = part[part["asset_class"] == AssetClass.POLE]
        ducts = part[part["asset_class"] == AssetClass.DUCT_SECTION]
        length = float(shapely.length(shapely.intersection(ducts.geometry.to_numpy(), reach)).sum())
        uncounted = int(poles["slots_used"].isna().sum())
        rows.append({"owner": owner, "poles": len(poles), "uncounted": uncounted, "cables": poles["slots_used"].max(), "ducts_m": length})
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(cables=frame["cables"].astype("Int64"))


def along_street(axis: Street, assets: gpd.GeoDataFrame, beside_m: float) -> gpd.GeoDataFrame:
    """Return the assets within reach of a street that serve, or of which nobody says that they do not, EPSG:9214."""
    metric = assets.to_crs(HUE_CRS)
    serving = metric["status"].isna() | (metric["status"] == "in_service")
    return gpd.GeoDataFrame(metric[serving & metric.intersects(axis.buffer(beside_m, cap_style="flat"))])
