"""A route for an operator's need: on what is known to have room, on what might have, and dug alone; what to survey first; whom to call."""

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from hatang.data.contracts import HUE_CRS, MAP_CRS, ROUTE_LEGS, ROUTE_OWNERS, ROUTE_SURVEY, ROUTE_TOTALS, EmptyDataError, Table
from hatang.sharing.routegraph import Leg, RouteGraph

_Integers = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]

_LEAST: Final = 1e-9
"""An edge of no length must not look like no edge at all."""
_KINDS: Final = {Leg.ROAD: "dig", Leg.ACCESS: "dig", Leg.DUCT: "duct", Leg.SPAN: "span"}
_SURVEYED_ALONE: Final = 40
"""Groups to survey that are each tried alone; the longest ones."""


@dataclass(frozen=True)
class NeedRoute:
    """The answer to a need, EPSG:4326.

    Attributes
    ----------
    legs : GeoDataFrame
        ROUTE_LEGS contract: the route of each variant, from start to end.
    totals : DataFrame
        ROUTE_TOTALS contract: one row a variant.
    survey : GeoDataFrame
        ROUTE_SURVEY contract: what nothing is known of and might be of use, by the metres it might spare.
    owners : DataFrame
        ROUTE_OWNERS contract: whom to call, for the routes on what exists.
    """

    legs: gpd.GeoDataFrame
    totals: pd.DataFrame
    survey: gpd.GeoDataFrame
    owners: pd.DataFrame


def need_route(graph: RouteGraph) -> NeedRoute:
    """Return the cheapest routes through a graph.

    `alone` digs all the way; `known` uses what is known to have room; `surveyed` also what might have, as if all of it had. So no
    survey can lead to fewer weighted metres than `surveyed`, and without any the route is `known`.

    Raises
    ------
    EmptyDataError
        Where start and end do not hang together by any road, duct or pole line.
    """
    edges = graph.edges
    known = edges["known"].to_numpy(bool)
    dug = edges["leg"].isin((Leg.ROAD, Leg.ACCESS)).to_numpy(bool)
    paths = {"alone": _path(graph, dug), "known": _path(graph, known), "surveyed": _path(graph, np.ones(len(edges), bool))}
    if paths["surveyed"] is None:
        raise EmptyDataError("error.route.apart", gap_m=round(_gap_m(graph)))
    found = {variant: path for variant, path in paths.items() if path is not None}
    legs = [leg for variant, path in found.items() for leg in _legs(graph, variant, *path)]
    frame = _framed(pd.DataFrame(legs), ROUTE_LEGS)
    return NeedRoute(
        legs=frame,
        totals=_totals(frame),
        survey=_survey(graph, [leg for leg in legs if leg["variant"] == "surveyed"], found.get("known"), known),
        owners=_owners(frame),
    )


def _path(graph: RouteGraph, allowed: _Flags) -> tuple[_Integers, _Flags] | None:
    """Return the edges of the cheapest path from start to end in order, and which of them it runs backwards; None where there is none."""
    count, rows = len(graph.places), np.flatnonzero(allowed)
    u, v = graph.edges["u"].to_numpy(np.int64)[rows], graph.edges["v"].to_numpy(np.int64)[rows]
    cost = np.maximum(graph.edges["cost"].to_numpy(float)[rows], _LEAST)
    low, high = np.minimum(u, v), np.maximum(u, v)
    order = np.lexsort((cost, high, low))
    key = (low * count + high)[order]
    key, first = np.unique(key, return_index=True)
    best = order[first]
    matrix = coo_array((cost[best], (low[best], high[best])), shape=(count, count))
    _, before = dijkstra(matrix, directed=False, indices=[count - 2], return_predecessors=True)
    here, way, back = count - 1, [], []
    while here != count - 2:
        last = int(before[0, here])
        if last < 0:
            return None
        row = best[np.searchsorted(key, min(last, here) * count + max(last, here))]
        way.append(rows[row])
        back.append(v[row] == last)
        here = last
    return np.array(way[::-1], np.int64), np.array(back[::-1], bool)


def _gap_m(graph: RouteGraph) -> float:
    """Return how far what hangs together with the start lies from what hangs together with the end, m."""
    u, v = graph.edges["u"].to_numpy(np.int64), graph.edges["v"].to_numpy(np.int64)
    joined = coo_array((np.ones(len(u), bool), (u, v)), shape=(len(graph.places), len(graph.places)))
    _, part = connected_components(joined, directed=False)
    at_start, at_end = (graph.edges.geometry.to_numpy()[part[u] == part[end]] for end in (-2, -1))
    _, distance = shapely.STRtree(at_start).query_nearest(at_end, return_distance=True, all_matches=False)
    return float(distance.min())


def _legs(graph: RouteGraph, variant: str, path: _Integers, back: _Flags) -> list[dict[str, Any]]:
    """Return a path as legs: stretches of one kind, one owner, one state of knowledge."""
    edges = graph.edges.iloc[path]
    kind = np.array([_KINDS[Leg(leg)] for leg in edges["leg"]], object)
    mark = [(k, o if k != "dig" else None, bool(s)) for k, o, s in zip(kind, edges["owner"], edges["known"], strict=True)]
    starts = [place for place in range(len(mark)) if place == 0 or mark[place] != mark[place - 1]]
    legs = []
    for number, (begin, end) in enumerate(zip(starts, [*starts[1:], len(mark)], strict=True), 1):
        part = edges.iloc[begin:end]
        assets = _assets_of(graph, part)
        contacts = assets["contact"].dropna()
        names = dict.fromkeys(str(name) for name in part["road_name"].dropna())
        legs.append(
            {
                "variant": variant,
                "leg": number,
                "leg_kind": kind[begin],
                "owner": mark[begin][1],
                "contact": contacts.iloc[0] if len(contacts) else None,
                "road_name": ", ".join(names) or None,
                "assets": ", ".join(assets["asset_id"]) or None,
                "asset_count": len(assets),
                "spare": assets["spare"].min() if len(assets) and assets["spare"].notna().all() else None,
                "known": mark[begin][2],
                "length_m": float(part["length_m"].sum()),
                "rows": path[begin:end],
                "geometry": _joined(part, back[begin:end]),
            }
        )
    return legs


def _assets_of(graph: RouteGraph, part: pd.DataFrame) -> pd.DataFrame:
    """Return the assets that a stretch rests on, each once, in its order."""
    rows = part[["first", "second"]].to_numpy(np.int64).ravel()
    return graph.assets.iloc[list(dict.fromkeys(rows[rows >= 0].tolist()))]


def _joined(part: gpd.GeoDataFrame, back: _Flags) -> shapely.LineString:
    """Return the lines of a stretch as one, from its beginning to its end."""
    runs = [shapely.get_coordinates(line)[:: -1 if turned else 1] for line, turned in zip(part.geometry, back, strict=True)]
    return shapely.LineString(np.concatenate(runs))


def _totals(legs: pd.DataFrame) -> pd.DataFrame:
    """Return one row a variant: metres to dig, on what exists, in all, owners, assets, and metres spared against digging alone."""
    rows = []
    for variant, part in legs.groupby("variant", sort=False):
        dug = part["leg_kind"] == "dig"
        rows.append(
            {
                "variant": variant,
                "dig_m": float(part.loc[dug, "length_m"].sum()),
                "reuse_m": float(part.loc[~dug, "length_m"].sum()),
                "length_m": float(part["length_m"].sum()),
                "owners": part.loc[~dug, "owner"].nunique(),
                "assets": int(part["asset_count"].sum()),
                "unknown": int(part.loc[~part["known"].astype(bool), "asset_count"].sum()),
            }
        )
    totals = pd.DataFrame(rows)
    alone = totals.loc[totals["variant"] == "alone", "dig_m"]
    return ROUTE_TOTALS.conform(totals.assign(dig_m_saved=alone.iloc[0] - totals["dig_m"] if len(alone) else np.nan))


def _survey(
    graph: RouteGraph, surveyed: list[dict[str, Any]], known_path: tuple[_Integers, _Flags] | None, known: _Flags
) -> gpd.GeoDataFrame:
    """Return the stretches of the best thinkable route of which nothing is known, by what knowing might spare.

    `dig_m_saved`: metres to dig less than on what is known, if this stretch alone has room. `dig_m_lost`: metres to dig more than on the
    best thinkable route, if this stretch alone has none.
    """
    doubtful = sorted((leg for leg in surveyed if not leg["known"]), key=lambda leg: (-leg["length_m"], leg["leg"]))
    base = _dug(graph, known_path)
    best = sum(leg["length_m"] for leg in surveyed if leg["leg_kind"] == "dig")
    rows = []
    for place, leg in enumerate(doubtful):
        saved = lost = np.nan
        if place < _SURVEYED_ALONE:
            mine = _resting_on_no_other(graph, leg["rows"])
            saved = base - _dug(graph, _path(graph, known | mine))
            lost = _dug(graph, _path(graph, ~_touching(graph, leg["rows"]) | known)) - best
        figures = {"dig_m_saved": saved, "dig_m_lost": lost}
        rows.append({**leg, **{name: value if np.isfinite(value) else np.nan for name, value in figures.items()}})
    rows.sort(key=lambda row: (-np.nan_to_num(row["dig_m_saved"]), -np.nan_to_num(row["dig_m_lost"]), -row["length_m"], row["leg"]))
    frame = pd.DataFrame([{**row, "rank": place} for place, row in enumerate(rows, 1)], columns=[*ROUTE_SURVEY.names])
    return _framed(frame, ROUTE_SURVEY)


def _dug(graph: RouteGraph, path: tuple[_Integers, _Flags] | None) -> float:
    """Return the metres to dig along a path; infinite where there is none."""
    if path is None:
        return np.inf
    part = graph.edges.iloc[path[0]]
    return float(part.loc[part["leg"].isin((Leg.ROAD, Leg.ACCESS)), "length_m"].sum())


def _resting_on_no_other(graph: RouteGraph, rows: _Integers) -> _Flags:
    """Return the edges whose assets of unknown room are all among those of these edges."""
    asked = _assets_at(graph, rows)
    unknown = np.append((graph.assets["action"] == "survey").to_numpy(bool), False)
    settled = ~unknown
    settled[asked] = True
    both = graph.edges[["first", "second"]].to_numpy(np.int64)
    return np.asarray(settled[both].all(axis=1))


def _touching(graph: RouteGraph, rows: _Integers) -> _Flags:
    """Return the edges that rest on an asset of unknown room that these edges rest on."""
    unknown = np.append((graph.assets["action"] == "survey").to_numpy(bool), False)
    asked = np.zeros(len(unknown), bool)
    asked[_assets_at(graph, rows)] = True
    both = graph.edges[["first", "second"]].to_numpy(np.int64)
    return np.asarray((asked & unknown)[both].any(axis=1))


def _assets_at(graph: RouteGraph, rows: _Integers) -> _Integers:
    both = graph.edges[["first", "second"]].to_numpy(np.int64)[rows].ravel()
    return np.unique(both[both >= 0])


def _owners(legs: pd.DataFrame) -> pd.DataFrame:
    """Return whom to call for each route on what exists, most metres first."""
    existing = legs[legs["leg_kind"] != "dig"]
    rows = []
    for (variant, owner), part in existing.groupby(["variant", "owner"], sort=False):
        contacts, spare = part["contact"].dropna(), part["spare"].dropna()
        by_kind = part.groupby("leg_kind")["length_m"].sum()
        rows.append(
            {
                "variant": variant,
                "owner": owner,
                "contact": contacts.iloc[0] if len(contacts) else None,
                "duct_m": float(by_kind.get("duct", 0.0)),
                "span_m": float(by_kind.get("span", 0.0)),
                "assets": int(part["asset_count"].sum()),
                "unknown": int(part.loc[~part["known"].astype(bool), "asset_count"].sum()),
                "spare": spare.min() if len(spare) else None,
            }
        )
    frame = pd.DataFrame(rows, columns=[name for name in ROUTE_OWNERS.names if not name.startswith("rent_")])
    total = (frame["duct_m"] + frame["span_m"]).astype(float)
    order = np.lexsort((frame["owner"].astype(str), -total, frame["variant"].astype(str)))
    return ROUTE_OWNERS.conform(frame.iloc[order].reset_index(drop=True))


def _framed(frame: pd.DataFrame, table: Table) -> gpd.GeoDataFrame:
    shaped = gpd.GeoDataFrame(frame, geometry="geometry", crs=HUE_CRS).to_crs(MAP_CRS)
    return gpd.GeoDataFrame(table.conform(shaped), geometry="geometry", crs=MAP_CRS)
