"""What changed between two versions of one table: area and villages that claims gained and lost, and rows by their key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hatang.coverage.integrate import WardShapes, integrate
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import CrsError, SchemaError, Table

__all__ = ["CLAIM_KEY", "RowChanges", "area_changes", "row_changes", "village_changes"]

CLAIM_KEY: Final = ("operator", "technology", "environment")
"""Columns that make claims one and the same promise."""
_NOTHING: Final = 1e-9
"""Share of a ward's area up to which a change is rounding of the areas it is the difference of."""
_SIDE: Final = "_side"


def area_changes(
    wards: gpd.GeoDataFrame | WardShapes, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, *, by: Sequence[str] = CLAIM_KEY
) -> pd.DataFrame:
    """Return what each ward gained and lost of the area inside each group's claims.

    With U the union of both versions, gained is area(U) − area(before) and lost is area(U) − area(after); no polygons are subtracted, so
    that slivers along borders in common cannot arise. Edges are straight in EPSG:9214: in degrees, a vertex added in the middle of an edge
    of some kilometres moves it by centimetres, and the change says so.

    Parameters
    ----------
    wards
        Frame with `ward_code` and polygons, or the same prepared.
    before, after
        Claims with the columns `by` and polygons, in the CRS of `wards`.
    by
        Columns that make a group.

    Returns
    -------
    One row a ward and group with any change, sorted by them: `ward_code`, `by`…, `area_m2` of the ward, `before_m2`, `after_m2`,
    `gained_m2`, `lost_m2`; geodesic (WGS 84). Changes below 1e-9 of the ward's area are none.

    Raises
    ------
    CrsError
        Where a frame has no CRS, or they differ.
    SchemaError
        Where a column is missing.

    Examples
    --------
    >>> box = shapely.box(561_000, 1_821_000, 562_000, 1_822_000)
    >>> wards = gpd.GeoDataFrame({"ward_code": ["19738"]}, geometry=[box], crs="EPSG:9214")
    >>> half = gpd.GeoDataFrame({"operator": ["vnpt"]}, geometry=[shapely.box(561_000, 1_821_000, 561_500, 1_822_000)], crs="EPSG:9214")
    >>> part = gpd.GeoDataFrame({"operator": ["vnpt"]}, geometry=[shapely.box(561_250, 1_821_000, 562_000, 1_822_000)], crs="EPSG:9214")
    >>> found = area_changes(wards, half, part, by=["operator"])
    >>> [round(float(found[name].iloc[0] / found["area_m2"].iloc[0]), 6) for name in ("gained_m2", "lost_m2")]
    [0.5, 0.25]
    """
    keys = list(by)
    sides = [part.assign(**{_SIDE: side}) for side, part in (("before", before), ("after", after), ("both", before), ("both", after))]
    joined = gpd.GeoDataFrame(pd.concat(_same_crs(sides), ignore_index=True), geometry="geometry", crs=before.crs)
    measured = integrate(wards, joined, by=[*keys, _SIDE])
    columns = ["ward_code", *keys, "area_m2", "before_m2", "after_m2", "gained_m2", "lost_m2"]
    if measured.empty:
        return pd.DataFrame(columns=columns)
    index = ["ward_code", *keys, "area_m2"]
    wide = measured[index].drop_duplicates(ignore_index=True)
    for side in ("before", "after", "both"):
        part = measured.loc[measured[_SIDE] == side, [*index, "covered_area_m2"]].rename(columns={"covered_area_m2": side})
        wide = wide.merge(part, on=index, how="left").fillna({side: 0.0})
    least = _NOTHING * wide["area_m2"]
    for name, other in (("gained_m2", "before"), ("lost_m2", "after")):
        change = wide["both"] - wide[other]
        wide[name] = change.where(change > least, 0.0)
    wide = wide.rename(columns={"before": "before_m2", "after": "after_m2"})
    changed = (wide["gained_m2"] > 0) | (wide["lost_m2"] > 0)
    return wide.loc[changed, columns].sort_values(["ward_code", *keys], ignore_index=True)


def _same_crs(frames: Sequence[gpd.GeoDataFrame]) -> Sequence[gpd.GeoDataFrame]:
    """Return the frames, whose geometry is the column `geometry` in one CRS."""
    first = frames[0].crs
    for frame in frames:
        if frame.crs is None or frame.crs != first:
            raise CrsError("error.difference.crs", before=str(first), after=str(frame.crs))
    return [frame.rename_geometry("geometry") if frame.geometry.name != "geometry" else frame for frame in frames]


def village_changes(
    villages: gpd.GeoDataFrame,
    index: WardIndex,
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    *,
    by: Sequence[str] = CLAIM_KEY,
) -> pd.DataFrame:
    """Return the villages whose centre came inside a group's claims, and those that fell outside.

    Parameters
    ----------
    villages
        VILLAGES contract: points, in the CRS of the claims.
    index
        Wards in the same CRS; they say where a village lies.
    before, after
        Claims with the columns `by` and polygons. A centre on the border of a claim is inside.

    Returns
    -------
    One row a village and group that changed, sorted: `village_id`, `village_name`, `ward_code` (missing outside every ward), `by`…,
    `households`, `change` (`gained` or `lost`).

    Raises
    ------
    CrsError
        Where a frame has no CRS, or they differ.
    """
    keys = list(by)
    _same_crs([villages, before, after])
    points = np.asarray(villages.geometry.to_numpy(), object)
    inside = [_groups_of(points, claims, keys) for claims in (before, after)]
    position = index.locate(shapely.get_x(points), shapely.get_y(points))
    codes = pd.Series(index.codes.astype(object)[position]).where(position >= 0, None)
    facts = pd.DataFrame(
        {
            "village_id": villages["village_id"].to_numpy(object),
            "village_name": villages["village_name"].to_numpy(object),
            "ward_code": codes,
            "households": villages["households"].array,
        }
    )
    parts = []
    for change, here, there in (("gained", inside[1], inside[0]), ("lost", inside[0], inside[1])):
        only = sorted(here - there)
        rows = facts.iloc[[entry[0] for entry in only]].reset_index(drop=True)
        groups = pd.DataFrame([entry[1] for entry in only], columns=keys, dtype=object)
        parts.append(pd.concat([rows, groups], axis=1).assign(change=change))
    joined = pd.concat(parts, ignore_index=True)
    names = ["village_id", "village_name", "ward_code", *keys, "households", "change"]
    return joined[names].sort_values(["village_id", *keys], ignore_index=True)


def _groups_of(points: npt.NDArray[np.object_], claims: gpd.GeoDataFrame, keys: Sequence[str]) -> set[tuple[int, tuple[str, ...]]]:
    """Return (position of the point, its group) of every point that a claim of the group meets."""
    if missing := [name for name in keys if name not in claims]:
        raise SchemaError("error.integrate.columns", missing=", ".join(missing), columns=", ".join(map(str, claims.columns)))
    if not len(points) or claims.empty:
        return set()
    shapes = shapely.make_valid(np.asarray(claims.geometry.to_numpy(), object))
    point, claim = shapely.STRtree(shapes).query(points, predicate="intersects")
    labels = claims[list(keys)].to_numpy(object)
    return {(int(p), tuple(labels[c])) for p, c in zip(point, claim, strict=True)}


@dataclass(frozen=True, slots=True)
class RowChanges:
    """Rows that differ between two versions of a table.

    Attributes
    ----------
    added, removed
        How many rows stand in the later or in the earlier version alone; of rows without a key, equal ones are counted off one by one.
    changed
        How many rows of one key differ in a field.
    rows
        Each of them, sorted by key: the key's columns, `change` (`added`, `removed`, `changed`), `fields` (names of those that differ,
        with `, ` between them). Empty for a table without a key.
    """

    added: int
    removed: int
    changed: int
    rows: pd.DataFrame


def row_changes(table: Table, before: pd.DataFrame, after: pd.DataFrame) -> RowChanges:
    """Return which rows of a table were added, removed and changed.

    Rows are matched by the key of the contract. Two missing values are equal; geometries are where their shapes coincide in every vertex,
    wherever a ring begins and whichever way it turns.

    Parameters
    ----------
    table
        Contract of both frames.
    before, after
        The two versions.

    Examples
    --------
    >>> from hatang.data.contracts import FIXED
    >>> rows = {"ward_code": ["19738"], "ward_name": "A", "operator": "vnpt", "households": 9, "households_served": 5}
    >>> old = FIXED.conform(pd.DataFrame(rows).assign(technology="fibre"))
    >>> found = row_changes(FIXED, old, old.assign(households_served=[7]))
    >>> found.rows.to_dict("records")
    [{'ward_code': '19738', 'operator': 'vnpt', 'technology': 'fibre', 'change': 'changed', 'fields': 'households_served'}]
    """
    names = table.names
    old, new = (_comparable(frame[names], table) for frame in (before, after))
    if not table.key:
        both = pd.concat([old, new], ignore_index=True)
        group = both.groupby(names, dropna=False, sort=False, observed=True).ngroup().to_numpy()
        kinds = int(group.max()) + 1 if len(group) else 0
        surplus = np.bincount(group[len(old) :], minlength=kinds) - np.bincount(group[: len(old)], minlength=kinds)
        return RowChanges(int(surplus[surplus > 0].sum()), int(-surplus[surplus < 0].sum()), 0, pd.DataFrame(columns=["change", "fields"]))
    key = list(table.key)
    old, new = (frame.set_index(key) for frame in (old, new))
    common = old.index.intersection(new.index, sort=False)
    differs = _differences(old.loc[common], new.loc[common])
    fields = [", ".join(differs.columns[row]) for row in differs.to_numpy(bool)]
    parts = [
        _named(new.index.difference(old.index, sort=False), key, "added"),
        _named(old.index.difference(new.index, sort=False), key, "removed"),
        _named(common, key, "changed").assign(fields=fields).loc[lambda rows: rows["fields"] != ""],
    ]
    rows = pd.concat(parts, ignore_index=True).sort_values([*key, "change"], ignore_index=True)
    return RowChanges(len(parts[0]), len(parts[1]), len(parts[2]), rows)


def _named(index: pd.Index, key: list[str], change: str) -> pd.DataFrame:
    rows = index.to_frame(index=False).astype(object)
    return rows.set_axis(key, axis=1).assign(change=change, fields="")


def _comparable(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """Return plain columns; of a geometry its canonical form as bytes."""
    plain = pd.DataFrame(frame).copy()
    if table.geometry:
        plain["geometry"] = shapely.to_wkb(shapely.normalize(np.asarray(frame["geometry"].to_numpy(), object)))
    return plain


def _differences(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Return which fields differ, row by row; two missing values do not."""
    columns = {}
    for name in old.columns:
        left, right = old[name].to_numpy(object), new[name].to_numpy(object)
        absent = np.asarray(pd.isna(left)), np.asarray(pd.isna(right))
        differs = absent[0] != absent[1]
        present = ~(absent[0] | absent[1])
        differs[present] = np.asarray(left[present] != right[present], bool)
        columns[name] = differs
    return pd.DataFrame(columns, index=old.index)
