"""A street whose cables go underground: who hangs cable there, how many joint ways it takes, in which order, and which dead cable goes."""

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS, AssetClass, ParameterError, SuggestionKind

ORDER: Final = ("joint_ducts", "pull_cables", "move_subscribers", "remove_dead_cable", "remove_poles")
"""Steps in the order of work: nobody's cable comes down before its way is there and its subscribers have moved."""


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

    `owners`: `owner`, `poles`, `cables` (most slots used on one of its poles; missing where none is known), `ducts_m`. `ways` are the joint
    ways for the cables known, reserve included; `unknown_owners` have poles whose cables nobody counted, and may need more.
    `suggestions`: `kind`, `amount`, `unit`, `owners`.
    """

    owners: pd.DataFrame
    ways: int
    unknown_owners: tuple[str, ...]
    steps: tuple[str, ...]
    suggestions: pd.DataFrame


def plan_street(
    axis: shapely.LineString, assets: gpd.GeoDataFrame, *, done: bool = False, dead_cable_m: float | None = None, policy: UndergroundPolicy
) -> StreetUnderground:
    """Return what undergrounding a street takes.

    Suggestions: `underground` (metres of street, where poles carry or may carry cable and the street is not done), `tidy_cable` (poles that
    still stand in a street that is done), `remove_dead_cable` (metres, where some are known).

    Parameters
    ----------
    axis
        The street, EPSG:9214.
    assets
        ASSETS contract, any CRS.
    done
        Whether the street is filed as undergrounded.
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
    dead = dead_cable_m is not None and dead_cable_m > 0
    if dead:
        rows.append({"kind": str(SuggestionKind.REMOVE_DEAD_CABLE), "amount": dead_cable_m, "unit": "m", "owners": names})
    work = carried and not done
    taken = {"joint_ducts": work, "pull_cables": work, "move_subscribers": work, "remove_dead_cable": dead, "remove_poles": len(hung) > 0}
    return StreetUnderground(
        owners=owners,
        ways=0 if done else ways,
        unknown_owners=unknown,
        steps=tuple(step for step in ORDER if taken[step]),
        suggestions=pd.DataFrame(rows, columns=["kind", "amount", "unit", "owners"]),
    )


def _owners(axis: shapely.LineString, assets: gpd.GeoDataFrame, beside_m: float) -> pd.DataFrame:
    """Return who has poles or ducts within reach of the street and in service, by name."""
    names = ["owner", "poles", "cables", "ducts_m"]
    if assets.empty:
        return pd.DataFrame(columns=names)
    metric = assets.to_crs(HUE_CRS)
    reach = axis.buffer(beside_m, cap_style="flat")
    serving = metric["status"].isna() | (metric["status"] == "in_service")
    here = metric[serving & metric.intersects(reach)]
    rows = []
    for owner, part in here.groupby("owner", sort=True):
        poles = part[part["asset_class"] == AssetClass.POLE]
        ducts = part[part["asset_class"] == AssetClass.DUCT_SECTION]
        length = float(shapely.length(shapely.intersection(ducts.geometry.to_numpy(), reach)).sum())
        rows.append({"owner": owner, "poles": len(poles), "cables": poles["slots_used"].max(), "ducts_m": length})
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(cables=frame["cables"].astype("Int64"))
