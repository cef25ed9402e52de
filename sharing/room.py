"""Room in the register's assets: ways of ducts, slots of poles, entries of chambers, height of masts, racks of station houses.

What is not known is never room: it is counted as unknown, and an asset that has nothing else is to be surveyed first.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from hatang.data.contracts import ROOM, ParameterError

_NEW = ("proposed", "planned", "under_construction")
_UNUSABLE = ("1.2", "2")
_FILL_LIMITS_PCT = (53.0, 31.0, 40.0)
"""For one cable, two, and three or more: NEC chapter 9 table 1, a default that is no law in Vietnam."""
_ROUNDING = 1e-9


def duct_room(sections: pd.DataFrame, ways: pd.DataFrame, *, reserve_share: float = 0.10, reserve_ways: int = 0) -> pd.DataFrame:
    """Return how many ways of each section are known to be free (ROOM contract), in the order of `sections`.

    A way is free where it is said to be empty and no sub-duct lies in it: then its sub-ducts count instead. One that is blocked, reserved
    or kept for maintenance is used. One of which nothing is said, and the ways by which a section has more than are described, are
    unknown; so is one that is said to be empty and saturated at once.

    Parameters
    ----------
    sections
        DUCT_SECTIONS contract.
    ways
        DUCT_WAYS contract; rows of other sections are not looked at.
    reserve_share
        Share of the ways of a section that is still to be built, rounded up, that stays free: QCVN 07-3:2023/BXD 2.2.1.2 asks for 10 % in
        new common trenches.
    reserve_ways
        Ways that stay free in sections that exist.

    Raises
    ------
    ParameterError
        Where the share is not within 0–1, or the ways are negative.

    Examples
    --------
    >>> sections = pd.DataFrame([{"asset_id": "D1", "ways": 3, "status": "in_service", "sharable": "yes"}])
    >>> ways = pd.DataFrame([{"way_id": "W1", "section_id": "D1", "parent_way_id": None, "use": "empty", "occupancy": "0"},
    ...                      {"way_id": "W2", "section_id": "D1", "parent_way_id": None, "use": "used", "occupancy": "2"}])
    >>> duct_room(sections, ways)[["capacity", "used", "unknown", "spare", "action"]].values.tolist()
    [[3, 1, 1, 1, 'reuse']]
    """
    if not 0 <= reserve_share <= 1:
        raise ParameterError("error.sharing.policy", name="reserve_share", value=reserve_share)
    if reserve_ways < 0:
        raise ParameterError("error.sharing.policy", name="reserve_ways", value=reserve_ways)
    parents = set(ways["parent_way_id"].dropna())
    leaves = ways[~ways["way_id"].isin(parents)]
    free = _is_free(leaves)
    used = _is_used(leaves)
    by_section = pd.DataFrame({"section_id": leaves["section_id"], "free": free, "used": used, "all": 1}).groupby("section_id").sum()
    outer = ways[ways["parent_way_id"].isna() | ~ways["parent_way_id"].isin(set(ways["way_id"]))]
    described = _per(sections, outer.groupby("section_id").size())
    counted = {name: _per(sections, by_section[name]) for name in ("free", "used", "all")}
    stated = sections["ways"].astype("Int64")
    missing = (stated - described).clip(lower=0).fillna(0).astype("Int64")
    nothing = (counted["all"] == 0) & stated.isna()
    capacity = (counted["all"] + missing).where(~nothing)
    unknown = (capacity - counted["free"] - counted["used"]).where(~nothing)
    new = sections["status"].isin(_NEW).to_numpy(bool)
    tenth = pd.Series(np.ceil(capacity.astype("Float64") * reserve_share - _ROUNDING), index=sections.index).astype("Int64")
    reserve = tenth.where(new, reserve_ways)
    silent = (unknown == capacity).fillna(value=True)
    spare = (counted["free"] - reserve).clip(lower=0).where(~silent)
    return _room(sections, capacity, counted["used"].where(~silent), unknown, reserve, spare)


def counted_room(assets: pd.DataFrame, *, total: str, used: str) -> pd.DataFrame:
    """Return the room of assets that state a total and what is used of it (ROOM contract), in their order.

    For slots of poles, entries of chambers and racks of station houses. An asset whose `occupancy` says saturated, or used and not usable,
    has no room whatever its figures say; one that uses more than it has is unknown.

    Examples
    --------
    >>> poles = pd.DataFrame({"asset_id": ["C1", "C2"], "slots_total": [6, 6], "slots_used": [2, None]})
    >>> counted_room(poles, total="slots_total", used="slots_used")[["spare", "action"]].values.tolist()
    [[4, 'reuse'], [<NA>, 'survey']]
    """
    capacity, taken = assets[total].astype("Int64"), assets[used].astype("Int64")
    full = assets["occupancy"].isin(_UNUSABLE).to_numpy(bool) if "occupancy" in assets else np.zeros(len(assets), bool)
    taken = taken.where(~(taken > capacity).fillna(value=False).to_numpy(bool))
    spare = (capacity - taken).mask(full, 0)
    unknown = capacity.where(spare.isna()).fillna(0).astype("Int64")
    return _room(assets, capacity, taken, unknown, pd.Series(0, index=assets.index, dtype="Int64"), spare)


def mast_action(masts: pd.DataFrame, *, needed_m: float) -> pd.Series:
    """Return for each mast (MASTS contract) whether a further operator who needs `needed_m` of height has room: as `action` of ROOM.

    Raises
    ------
    ParameterError
        Where the height is not above 0.

    Examples
    --------
    >>> masts = pd.DataFrame({"free_height_m": [6.0, 2.0, None], "status": "in_service", "sharable": [None, "yes", "yes"]})
    >>> mast_action(masts, needed_m=3).tolist()
    ['reuse', 'full', 'survey']
    """
    if not needed_m > 0:
        raise ParameterError("error.sharing.policy", name="needed_m", value=needed_m)
    free = masts["free_height_m"].astype("Float64")
    enough = (free >= needed_m).astype("Int64")
    return _action(masts, enough)


def duct_fill(inner_mm: npt.ArrayLike, cables_mm: list[list[float]]) -> pd.DataFrame:
    """Return `fill_pct`, the `limit_pct` for that number of cables, and `room_mm2` that a further cable may take, of each way.

    Parameters
    ----------
    inner_mm
        Inner diameter of each way, mm, shape (ways,); missing where not known.
    cables_mm
        Outer diameters of the cables in each way, mm; one that is not known makes the fill unknown.

    Returns
    -------
    DataFrame
        One row a way. The room is that under the limit for one cable more; unknown where a diameter is, never below 0.

    References
    ----------
    NEC (NFPA 70) chapter 9, table 1: 53 % for one cable, 31 % for two, 40 % for more. No law in Vietnam: a default.

    Examples
    --------
    >>> duct_fill([100.0], [[50.0]]).round(1).values.tolist()
    [[25.0, 53.0, 471.2]]
    """
    inner = np.asarray(inner_mm, np.float64)
    area = np.pi / 4 * np.where(inner > 0, inner, np.nan) ** 2
    cables = np.array([np.pi / 4 * float(np.sum(np.square(row))) for row in cables_mm], np.float64)
    count = np.array([len(row) for row in cables_mm], np.int64)
    limits = np.asarray(_FILL_LIMITS_PCT)
    limit = limits[np.clip(count, 1, 3) - 1]
    further = limits[np.clip(count + 1, 1, 3) - 1]
    room = np.clip(area * further / 100 - cables, 0, None)
    return pd.DataFrame({"fill_pct": 100 * cables / area, "limit_pct": limit, "room_mm2": room})


def _is_free(ways: pd.DataFrame) -> pd.Series:
    """Return which ways are known to be empty: said so by `use` or, where that is silent, by `occupancy`; never against each other."""
    said = (ways["use"] == "empty") & (ways["occupancy"].isna() | ways["occupancy"].isin(("0", "9")))
    return said.fillna(value=False) | ((ways["occupancy"] == "0") & ways["use"].isna()).fillna(value=False)


def _is_used(ways: pd.DataFrame) -> pd.Series:
    """Return which ways are known to be taken."""
    taken = ways["use"].notna() & (ways["use"] != "empty")
    return taken | (ways["use"].isna() & ways["occupancy"].isin(("1.1", *_UNUSABLE)))


def _per(sections: pd.DataFrame, counts: pd.Series) -> pd.Series:
    """Return counts by section in the order of the sections, 0 where there are none."""
    return pd.Series(counts.reindex(sections["asset_id"]).fillna(0).to_numpy(), index=sections.index).astype("Int64")


def _action(assets: pd.DataFrame, spare: pd.Series) -> pd.Series:
    """Return what can be done with each asset: `closed`, `reuse`, `survey` or `full`."""
    none = pd.Series(None, index=assets.index, dtype=object)
    status, sharable = (assets.get(name, none) for name in ("status", "sharable"))
    closed = (sharable == "no") | (status.notna() & (status != "in_service"))
    action = np.select([closed.to_numpy(bool), spare.isna().to_numpy(bool), (spare == 0).fillna(value=False).to_numpy(bool)],
                       ["closed", "survey", "full"], "reuse")  # fmt: skip
    return pd.Series(action, index=assets.index, dtype="str")


def _room(
    assets: pd.DataFrame, capacity: pd.Series, used: pd.Series, unknown: pd.Series, reserve: pd.Series, spare: pd.Series
) -> pd.DataFrame:
    """Return the ROOM contract; where nothing is known to be free but something is unknown, the asset is to be surveyed."""
    action = _action(assets, spare)
    doubtful = ((spare == 0) & (unknown > 0)).fillna(value=False)
    action = action.mask((action == "full") & doubtful, "survey")
    columns = {"capacity": capacity, "used": used, "unknown": unknown, "reserve": reserve, "spare": spare}
    return ROOM.conform(pd.DataFrame({"asset_id": assets["asset_id"], **columns, "action": action}, index=assets.index))
