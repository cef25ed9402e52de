"""Whether a register hangs together: ducts end in chambers, spans on poles, stated lengths are those of the lines, ways fit their sections.

Everything found is a feature with what was measured and what was needed: nothing is mended.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import FINDINGS, HUE_CRS, ParameterError
from hatang.sharing.near import nearest


@dataclass(frozen=True, slots=True)
class TopologyTolerances:
    """How far things may lie apart before they are found; from the dated rules."""

    end_m: float = 2.0  # an end of a duct or span from its chamber or pole
    length_share: float = 0.05  # a stated length from that of the line, of the longer of the two
    length_m: float = 1.0  # a difference of lengths up to this is none

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where one is negative.
        """
        for name in ("end_m", "length_share", "length_m"):
            if not getattr(self, name) >= 0:
                raise ParameterError("error.sharing.policy", name=name, value=getattr(self, name))


_ENDS = (("duct_sections", ("chambers", "station_houses")), ("spans", ("poles", "station_houses")))
_DEFAULT = TopologyTolerances()


def topology_findings(
    register: Mapping[str, pd.DataFrame], *, tolerances: TopologyTolerances = _DEFAULT, metric_crs: str = HUE_CRS
) -> gpd.GeoDataFrame:
    """Return what does not hang together (FINDINGS contract, in `metric_crs`), by table, asset and finding.

    Findings: `end_not_found` (an end names an asset that the register does not have), `end_far` (it lies farther than `end_m` from the
    asset it names; the feature is the end), `end_open` (it names none, and nothing of the right kind lies within `end_m`),
    `length_differs` (stated and drawn), `section_not_found`, `parent_not_found` and `parent_circle` of ways, `ways_above_section` (more
    described than the section has), `fill_above_way` (cables of more area than the way).

    Parameters
    ----------
    register
        Tables by name (REGISTER_TABLES contracts); those with shapes in any one CRS. A table that is not there is empty.
    tolerances
        How far is too far.
    metric_crs
        Where lengths are taken; EPSG:9214 in Huế.

    Raises
    ------
    CrsError
        Where a layer has no CRS.

    Examples
    --------
    >>> chamber = gpd.GeoDataFrame({"asset_id": ["B1"]}, geometry=[shapely.Point(561000, 1821000)], crs=HUE_CRS)
    >>> line = shapely.LineString([(561000, 1821003), (561100, 1821000)])
    >>> duct = gpd.GeoDataFrame({"asset_id": ["D1"], "from_id": "B1", "to_id": "B9", "length_m": 120.0}, geometry=[line], crs=HUE_CRS)
    >>> topology_findings({"chambers": chamber, "duct_sections": duct})[["finding", "other_id", "needed"]].round(1).values.tolist()
    [['end_far', 'B1', 2.0], ['end_not_found', 'B9', nan], ['length_differs', nan, 5.0]]
    """
    layers = {name: gpd.GeoDataFrame(frame).to_crs(metric_crs) for name, frame in register.items() if "geometry" in frame and len(frame)}
    rows: list[dict[str, Any]] = []
    for table, kinds in _ENDS:
        if table in layers:
            there = [layers[kind][["asset_id", "geometry"]] for kind in kinds if kind in layers]
            rows += _ends(table, layers[table], there, tolerances, metric_crs)
            rows += _lengths(table, layers[table], tolerances)
    sections = layers.get("duct_sections")
    if "duct_ways" in register and len(register["duct_ways"]):
        rows += _ways(register["duct_ways"], sections)
    found = FINDINGS.conform(pd.DataFrame(rows, columns=FINDINGS.names).assign(severity="warning"))
    found = found.sort_values(["table", "asset_id", "finding", "other_id"], kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(found, geometry="geometry", crs=metric_crs)


def _ends(
    table: str, lines: gpd.GeoDataFrame, there: list[gpd.GeoDataFrame], tolerances: TopologyTolerances, crs: str
) -> list[dict[str, Any]]:
    """Return the ends that do not lie at what they name, or at anything where they name nothing."""
    assets = pd.concat(there, ignore_index=True) if there else pd.DataFrame({"asset_id": [], "geometry": []})
    at = dict(zip(assets["asset_id"], assets["geometry"], strict=True))
    rows: list[dict[str, Any]] = []
    for side, column in ((0, "from_id"), (-1, "to_id")):
        ends = [shapely.Point(shapely.get_coordinates(shape)[side]) for shape in lines.geometry]
        names = lines[column] if column in lines else pd.Series(None, index=lines.index, dtype=object)
        away = _nearest_m(ends, assets, crs)
        for row, (asset, name, end) in enumerate(zip(lines["asset_id"], names, ends, strict=True)):
            common = {"table": table, "asset_id": asset, "unit": "m", "needed": tolerances.end_m, "geometry": end}
            if pd.isna(name):
                if not away[row] <= tolerances.end_m:
                    rows.append({**common, "finding": "end_open", "measured": away[row]})
            elif name not in at:
                rows.append({**common, "finding": "end_not_found", "other_id": name, "needed": np.nan, "unit": None})
            elif (distance := float(shapely.distance(end, at[name]))) > tolerances.end_m:
                rows.append({**common, "finding": "end_far", "other_id": name, "measured": distance})
    return rows


def _nearest_m(ends: list[shapely.Point], assets: pd.DataFrame, crs: str) -> np.ndarray:
    """Return how far the nearest asset is from each end, m; missing where there is none."""
    away = np.full(len(ends), np.nan)
    if len(assets):
        points = gpd.GeoDataFrame(geometry=ends, crs=crs)
        pairs = nearest(points, gpd.GeoDataFrame(geometry=assets["geometry"].to_numpy(), crs=crs))
        away[pairs["point"]] = pairs["distance_m"]
    return away


def _lengths(table: str, lines: gpd.GeoDataFrame, tolerances: TopologyTolerances) -> list[dict[str, Any]]:
    """Return the lines whose stated length is not that of the drawing: the larger tolerance counts."""
    if "length_m" not in lines:
        return []
    stated, drawn = lines["length_m"].to_numpy(np.float64, na_value=np.nan), lines.geometry.length.to_numpy()
    allowed = np.maximum(tolerances.length_m, tolerances.length_share * drawn)
    return [
        {
            "finding": "length_differs",
            "table": table,
            "asset_id": lines["asset_id"].iloc[row],
            "measured": abs(stated[row] - drawn[row]),
            "needed": allowed[row],
            "unit": "m",
            "geometry": lines.geometry.iloc[row],
        }
        for row in np.flatnonzero(np.abs(stated - drawn) > allowed)
    ]


def _ways(ways: pd.DataFrame, sections: gpd.GeoDataFrame | None) -> list[dict[str, Any]]:
    """Return the ways that belong nowhere, hang in a circle, or are more or fuller than can be."""
    known = {} if sections is None else dict(zip(sections["asset_id"], sections.geometry, strict=True))
    names, parent = set(ways["way_id"]), dict(zip(ways["way_id"], ways["parent_way_id"], strict=True))
    rows: list[dict[str, Any]] = []
    columns = ("way_id", "section_id", "parent_way_id", "inner_mm", "cable_area_mm2")
    for way, section, above, inner, cables in ways.reindex(columns=list(columns)).astype(object).to_numpy().tolist():
        common = {"table": "duct_ways", "asset_id": way, "geometry": known.get(section)}
        if pd.notna(section) and section not in known:
            rows.append({**common, "finding": "section_not_found", "other_id": section})
        if pd.notna(above) and above not in names:
            rows.append({**common, "finding": "parent_not_found", "other_id": above})
        elif _in_circle(way, parent):
            rows.append({**common, "finding": "parent_circle", "other_id": above})
        if pd.notna(inner) and pd.notna(cables) and cables > np.pi / 4 * inner**2:
            rows.append({**common, "finding": "fill_above_way", "measured": cables, "needed": np.pi / 4 * inner**2, "unit": "mm²"})
    if sections is not None and "ways" in sections:
        outer = ways[~ways["parent_way_id"].isin(names)].groupby("section_id").size()
        for asset, stated, shape in zip(sections["asset_id"], sections["ways"], sections.geometry, strict=True):
            described = int(outer.get(asset, 0))
            if pd.notna(stated) and described > stated:
                common = {"table": "duct_sections", "asset_id": asset, "geometry": shape}
                rows.append({**common, "finding": "ways_above_section", "measured": described, "needed": float(stated), "unit": "ways"})
    return rows


def _in_circle(way: str, parent: Mapping[str, Any]) -> bool:
    """Return whether a way is, over some steps, its own parent."""
    seen: set[Any] = set()
    above = parent.get(way)
    while pd.notna(above) and above not in seen:
        if above == way:
            return True
        seen.add(above)
        above = parent.get(above)
    return False
