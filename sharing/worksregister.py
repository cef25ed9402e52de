"""The works register read as a whole: which rows can be used, which groups could dig together, and what each plan should do."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import HUE_CRS

_COLUMNS = ["group", "members", "owners", "plans", "works", "pairs", "window_from", "window_to", "join_deadline", "dig_m_saved"]


def usable(frame: gpd.GeoDataFrame, *, key: str, city: shapely.Geometry) -> tuple[gpd.GeoDataFrame, list[dict[str, str]]]:
    """Return the rows that can be computed with, and those left out as `code` (`no_length`, `outside_city`) and `id`.

    Parameters
    ----------
    frame
        PLANS or WORKS contract, any CRS.
    key
        Column with the id.
    city
        Outline of the city, EPSG:9214.
    """
    metric = frame.to_crs(HUE_CRS)
    shapes = metric.geometry.to_numpy()
    sized = (shapely.length(shapes) > 0) & ~shapely.is_empty(shapes)
    inside = shapely.intersects(city, shapes)
    notes = [
        {"code": "no_length" if not has_size else "outside_city", "id": str(name)}
        for name, has_size, is_inside in zip(metric[key], sized, inside, strict=True)
        if not (has_size and is_inside)
    ]
    return gpd.GeoDataFrame(metric[sized & inside].reset_index(drop=True), crs=HUE_CRS), notes


def groups_of(found: pd.DataFrame, works: pd.DataFrame) -> pd.DataFrame:
    """Return the connected groups of plans and works that meet in place and time, the one that spares most first.

    Parameters
    ----------
    found
        OVERLAPS contract.
    works
        WORKS contract: their deadlines.

    Returns
    -------
    DataFrame
        `group`, `members` and `owners` (words), `plans`, `works`, `pairs` (counts), `window_from` and `window_to` (days on which all pairs
        meet; empty where there are none), `join_deadline` (the earliest of its works), `dig_m_saved` (m that are certainly dug once instead
        of twice: the longest stretch of one pair).
    """
    deadlines = dict(zip(works["work_id"], works["join_deadline"], strict=True))
    rows = []
    for _, pairs in found[found["group"].notna()].groupby("group"):
        sides = [
            pairs[[f"{side}_kind", f"{side}_id", f"{side}_owner"]].set_axis(["kind", "id", "owner"], axis=1) for side in ("left", "right")
        ]
        members = pd.concat(sides).drop_duplicates(["kind", "id"]).sort_values(["kind", "id"])
        first, last = pairs["window_from"].max(), pairs["window_to"].min()
        due = [deadlines[name] for name in members.loc[members["kind"] == "work", "id"] if pd.notna(deadlines[name])]
        longest = pairs["overlap_m"].max()
        rows.append(
            {
                "group": int(pairs["group"].iloc[0]),
                "members": ", ".join(members["id"]),
                "owners": ", ".join(sorted(set(members["owner"].dropna()))),
                "plans": int((members["kind"] == "plan").sum()),
                "works": int((members["kind"] == "work").sum()),
                "pairs": len(pairs),
                "window_from": first if first <= last else pd.NaT,
                "window_to": last if first <= last else pd.NaT,
                "join_deadline": min(due, default=pd.NaT),
                "dig_m_saved": float(longest) if pd.notna(longest) else np.nan,
            }
        )
    table = pd.DataFrame(rows, columns=_COLUMNS).astype({"dig_m_saved": float})
    return table.sort_values(["dig_m_saved", "group"], ascending=[False, True], na_position="last", ignore_index=True)
