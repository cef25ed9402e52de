"""What a register measures of assets that stand already, as facts that clauses can be held against.

A measure that leaves doubt is taken in favour of the asset, so that what is found is certain as far as the register is right; what the
register does not hold is no fact. Findings on assets are for review: a clause may be younger than what it is held against.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import ops

from hatang.data.contracts import ASSET_VIOLATIONS, AssetClass, Clause, TrenchProfile
from hatang.sharing.near import pairs_within
from hatang.sharing.rulecheck import check_rules, facts_of

_COMING: Final = ("proposed", "planned", "under_construction")
_DUG: Final = ("open_trench", "hao")
_CONDITIONS: Final = ("surface", "poled_road")
_MEASURES: Final = (
    *("boxes_per_operator", "slack_m", "new_poles", "duct_cover_mm", "slab_mm", "duct_gap_mm", "trench_top_mm", "trench_bottom_mm"),
    *("lid_cover_m", "chamber_length_m", "chamber_width_ratio", "chamber_depth_ratio", "duct_above_floor_mm"),
)


def asset_facts(assets: gpd.GeoDataFrame, *, profiles: Sequence[TrenchProfile], end_m: float) -> gpd.GeoDataFrame:
    """Return what is measured of assets, as `check_rules` takes it, with `feature_id` the asset's id, in the CRS of the assets.

    - Poles: `boxes_per_operator`, at least so many of one operator, since no more operators hang there than slots are used; `slack_m`;
      `new_poles`, 1 for each pole to come on a road where a pole carries cables, if `road_id` tells the road.
    - Ducts in an open trench: `duct_cover_mm`, `slab_mm`, `duct_gap_mm`, widths of the trench against the profile of ways and layers; in
      an open trench or a hào: `chamber_spacing_m` between chambers that follow on one section. Cover of a hào is that of its lid.
    - Chambers: `lid_cover_m`, `duct_above_floor_mm`; of those known to be no handhole `chamber_length_m`, and width and depth over those
      of the trenches that end there: the bottom's width, and the cover alone as depth, which is less than the trench is deep.

    Abandoned assets are left out.

    Parameters
    ----------
    assets
        ASSETS contract in a metric CRS, with `road_id` where it is known.
    profiles
        Trench profiles in force.
    end_m
        How far an end of a section may lie from its chamber.

    Examples
    --------
    >>> from hatang.data.contracts import ASSETS
    >>> pole = {"asset_id": ["C1"], "asset_class": ["pole"], "owner": ["EVN"], "slots_used": [2], "boxes_used": [3]}
    >>> at = gpd.points_from_xy([0], [0], crs="EPSG:9214")
    >>> frame = gpd.GeoDataFrame(ASSETS.conform(pd.DataFrame(pole).assign(geometry=at)), crs="EPSG:9214")
    >>> asset_facts(frame, profiles=(), end_m=2.0)[["feature_id", "parameter", "measured"]].values.tolist()
    [['C1', 'boxes_per_operator', 2.0]]
    """
    kept = assets[assets["status"].isna() | (assets["status"] != "abandoned")].reset_index(drop=True)
    here = {kind: gpd.GeoDataFrame(kept[kept["asset_class"] == kind]).reset_index(drop=True) for kind in AssetClass}
    ducts, chambers = here[AssetClass.DUCT_SECTION], here[AssetClass.CHAMBER]
    met = _met(chambers, ducts, end_m)
    wide = [_poles(here[AssetClass.POLE]), _ducts(ducts, profiles), _chambers(chambers, ducts, met)]
    parts = [facts_of(part, _MEASURES, conditions=_CONDITIONS) for part in wide] + [_spacing(ducts, met)]
    filled = [part for part in parts if len(part)]
    return gpd.GeoDataFrame(pd.concat(filled or parts[:1], ignore_index=True), geometry="geometry", crs=assets.crs)


def way_facts(ways: pd.DataFrame, attachments: pd.DataFrame, sections: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return how full each way with cables is (`duct_fill_pct`, under the condition `cables`: 1, 2 or 3+), where its section lies.

    The fill stated counts; else the cables' outer areas over the way's inner area, if all are known; `feature_id` is `section/way`.

    Parameters
    ----------
    ways, attachments, sections
        Contracts DUCT_WAYS, ATTACHMENTS and DUCT_SECTIONS.

    Examples
    --------
    >>> line = gpd.GeoSeries.from_wkt(["LINESTRING (0 0, 9 0)"], crs="EPSG:9214")
    >>> section = gpd.GeoDataFrame({"asset_id": ["D1"]}, geometry=line)
    >>> way = pd.DataFrame({"way_id": ["W1"], "section_id": ["D1"], "inner_mm": [100.0], "fill_pct": [None]})
    >>> cables = pd.DataFrame({"asset_id": ["W1", "W1"], "cable_outer_mm": [40.0, 40.0]})
    >>> way_facts(way, cables, section)[["feature_id", "measured", "cables"]].values.tolist()
    [['D1/W1', 32.0, '2']]
    """
    squares = (attachments["cable_outer_mm"].astype(float) ** 2).groupby(attachments["asset_id"])
    inside = pd.DataFrame({"count": squares.size(), "square": squares.sum(min_count=1).where(squares.count() == squares.size())})
    found = ways.merge(inside, left_on="way_id", right_index=True).merge(
        sections[["asset_id", "geometry"]], left_on="section_id", right_on="asset_id"
    )
    reckoned = 100 * found["square"] / found["inner_mm"].astype(float).replace(0, np.nan) ** 2
    names = (found["section_id"].astype(object) + "/" + found["way_id"].astype(object)).astype(object)
    wide = found.assign(
        feature_id=names,
        duct_fill_pct=found["fill_pct"].astype(float).fillna(reckoned),
        cables=found["count"].map(lambda count: "3+" if count > 2 else str(count)),
    )
    return facts_of(gpd.GeoDataFrame(wide, geometry="geometry", crs=sections.crs), ["duct_fill_pct"], conditions=["cables"])


def asset_violations(facts: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, clauses: Iterable[Clause]) -> gpd.GeoDataFrame:
    """Return what of the facts does not meet which clause, whose it is and of which class (ASSET_VIOLATIONS contract, CRS of the facts).

    A way is its section's.
    """
    found = check_rules(facts, clauses)
    known = assets.drop_duplicates("asset_id").set_index("asset_id")
    names = found["feature_id"].where(found["feature_id"].isin(known.index), found["feature_id"].str.rsplit("/", n=1).str[0])
    told = pd.DataFrame(known[["asset_class", "owner"]]).reindex(list(names)).set_axis(found.index)
    frame = ASSET_VIOLATIONS.conform(pd.DataFrame(found).assign(asset_class=told["asset_class"], owner=told["owner"]))
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=facts.crs)


def _met(chambers: gpd.GeoDataFrame, ducts: gpd.GeoDataFrame, end_m: float) -> pd.DataFrame:
    """Return chambers on sections that are one line (`point`, `line`): `at_m` along it, and whether it `ends` there."""
    single = shapely.get_type_id(ducts.geometry.to_numpy()) == shapely.GeometryType.LINESTRING
    pairs = pairs_within(chambers, ducts, distance_m=end_m) if len(chambers) and len(ducts) else pd.DataFrame({"point": [], "line": []})
    pairs = pd.DataFrame(pairs).astype({"point": int, "line": int})
    pairs = pd.DataFrame(pairs[single[pairs["line"]]]).reset_index(drop=True)
    lines = ducts.geometry.to_numpy()[pairs["line"]]
    at = shapely.line_locate_point(lines, shapely.centroid(chambers.geometry.to_numpy()[pairs["point"]]))
    return pairs.assign(at_m=at, ends=(at <= end_m) | (at >= shapely.length(lines) - end_m))


def _poles(poles: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    most = poles["slots_used"].where(poles["slots_used"] > 0, poles["slots_total"]).astype(float).replace(0, np.nan)
    coming = poles["status"].isin(_COMING)
    carrying = ~coming & (poles["slots_used"].fillna(0) > 0)
    roads = poles["road_id"] if "road_id" in poles else pd.Series(None, index=poles.index, dtype=object)
    poled = roads.isin(set(roads[carrying].dropna()))
    return poles.assign(
        feature_id=poles["asset_id"],
        boxes_per_operator=np.ceil(poles["boxes_used"].astype(float) / most),
        new_poles=pd.Series(1.0, index=poles.index).where(coming & poled),
        poled_road=np.where(poled, "yes", "no"),
    )


def _ducts(ducts: gpd.GeoDataFrame, profiles: Sequence[TrenchProfile]) -> gpd.GeoDataFrame:
    """Return ducts with measures that hold of how they are laid; what is laid nobody knows how has none."""
    trench, hao = ducts["laying"] == "open_trench", ducts["laying"] == "hao"
    counts = zip(ducts["ways"].astype(float), ducts["layers"].astype(float), strict=True)
    own = [_profile(ways, layers, profiles) for ways, layers in counts]
    in_trench = {name: ducts[name].astype(float).where(trench) for name in ("slab_mm", "duct_gap_mm", "trench_top_mm", "trench_bottom_mm")}
    needed = {f"trench_{end}_mm_needed": [getattr(profile, f"{end}_mm", np.nan) for profile in own] for end in ("top", "bottom")}
    cover = ducts["cover_m"].astype(float)
    return ducts.assign(
        feature_id=ducts["asset_id"], duct_cover_mm=(cover * 1000).where(trench), lid_cover_m=cover.where(hao), **in_trench, **needed
    )


def _profile(ways: float, layers: float, profiles: Sequence[TrenchProfile]) -> TrenchProfile | None:
    """Return the profile of so many ways, None where the standard has none, or has several and the layers are not known."""
    found = [profile for profile in profiles if ways == profile.ways and (np.isnan(layers) or layers == profile.layers)]
    return found[0] if len(found) == 1 else None


def _chambers(chambers: gpd.GeoDataFrame, ducts: gpd.GeoDataFrame, met: pd.DataFrame) -> gpd.GeoDataFrame:
    entering = met[met["ends"]]
    trench = ducts.iloc[entering["line"]].reset_index(drop=True)
    own = trench["laying"].isin(_DUG)
    wide = trench["trench_bottom_mm"].astype(float).where(own).groupby(entering["point"].to_numpy()).max().reindex(chambers.index)
    deep = (trench["cover_m"].astype(float) * 1000).where(own).groupby(entering["point"].to_numpy()).max().reindex(chambers.index)
    large = chambers["kind"].notna() & (chambers["kind"] != "handhole")
    return chambers.assign(
        feature_id=chambers["asset_id"],
        chamber_length_m=(chambers["length_mm"].astype(float) / 1000).where(large),
        chamber_width_ratio=(chambers["width_mm"].astype(float) / wide.replace(0, np.nan)).where(large),
        chamber_depth_ratio=(chambers["depth_mm"].astype(float) / deep.replace(0, np.nan)).where(large),
        duct_above_floor_mm=chambers["floor_gap_mm"].astype(float),
        lid_cover_m=chambers["lid_cover_m"].astype(float),
    )


def _spacing(ducts: gpd.GeoDataFrame, met: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return how far chambers that follow on one section are apart, with the stretch between them."""
    lines, names = ducts.geometry.to_numpy(), ducts["asset_id"].to_numpy(object)
    on = met[ducts["laying"].isin(_DUG).to_numpy()[met["line"]]].sort_values(["line", "at_m"], kind="stable")
    line, at = on["line"].to_numpy(int), on["at_m"].to_numpy(float)
    rows = [
        {"feature_id": names[line[n]], "measured": at[n + 1] - at[n], "geometry": ops.substring(lines[line[n]], at[n], at[n + 1])}
        for n in np.flatnonzero(line[:-1] == line[1:])
    ]
    frame = pd.DataFrame(rows, columns=["feature_id", "measured", "geometry"]).assign(parameter="chamber_spacing_m", needed=np.nan)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=ducts.crs)
