"""The network that a joint design works on: roads cut where ways, works and terminals begin and end, and what each stretch can take.

Every stretch has a trench beside it, unless the ground is closed; where a duct has room it may be rented instead, and so may a pole line.
"""

from dataclasses import dataclass
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely import ops

from hatang.data.contracts import HUE_CRS, DesignOption, ParameterError
from hatang.sharing._network import Network
from hatang.sharing.roadnet import RoadNetwork
from hatang.sharing.streetways import CLOSED

_LEAST_M: Final = 1.0
"""Stretches shorter than this are not told apart."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What a metre costs: VND, or metres dug where no price of digging is known.

    Attributes
    ----------
    unit
        `VND` or `m`.
    trench
        Opening a joint trench, once for all.
    duct
        What each operator lays in it for itself.
    way, pole
        Renting a way or a slot for as long as is counted; None: no price is known, and none is rented.
    works_share
        Part of the opening that is left to pay where works have the ground open.
    """

    unit: Literal["VND", "m"]
    trench: float
    duct: float
    way: float | None
    pole: float | None
    works_share: float

    def __post_init__(self) -> None:
        """Check ranges.

        Raises
        ------
        ParameterError
            Where a rate is negative, or the share not within 0–1.
        """
        for name in ("trench", "duct", "way", "pole"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < np.inf:
                raise ParameterError("error.sharing.policy", name=name, value=value)
        if not 0 <= self.works_share <= 1:
            raise ParameterError("error.sharing.policy", name="works_share", value=self.works_share)


@dataclass(frozen=True)
class StreetGraph:
    """Stretches of road and where they meet.

    Attributes
    ----------
    edges : GeoDataFrame, EPSG:9214
        `u`, `v` (vertices), `road_id`, `road_name`, `component`, `length_m`, `crossing` (on a bridge or in a tunnel), `way_spare` and
        `pole_spare` (operators that still find room), `way_ids` and `pole_ids`, `works_id` (works that have the ground open), `closed`.
    ends : array of int, shape (ends,)
        Vertex of each end that was given, -1 where it is off the network.
    """

    edges: gpd.GeoDataFrame
    ends: npt.NDArray[np.int64]


def street_graph(
    net: RoadNetwork, spans: pd.DataFrame, ends: npt.NDArray[np.float64], *, over: frozenset[str] = frozenset(), snap_m: float
) -> StreetGraph:
    """Return the network cut where something begins or ends along it.

    Parameters
    ----------
    net
        The network of roads.
    spans
        As `ways_beside` and `works_beside` return them, for the edges of `net`.
    ends : array of float, shape (ends, 2), EPSG:9214
        Where operators' lines begin and end; each is moved to the nearest place of the network within `snap_m`.
    over
        Roads on bridges and in tunnels.

    Raises
    ------
    ParameterError
        Where `snap_m` is negative.
    """
    if not snap_m >= 0:
        raise ParameterError("error.sharing.policy", name="snap_m", value=snap_m)
    shapes = net.edges.geometry.to_numpy()
    on, at = _placed(shapes, ends, snap_m)
    marks: list[list[float]] = [[] for _ in shapes]
    for span in spans.to_dict("records"):
        marks[span["edge"]] += [span["from_m"], span["to_m"]]
    for edge, metre in zip(on.tolist(), at.tolist(), strict=True):
        if edge >= 0:
            marks[edge].append(metre)
    stops = [_stops(wanted, float(shape.length)) for wanted, shape in zip(marks, shapes, strict=True)]
    of_edge = np.repeat(np.arange(len(shapes)), [len(stop) - 1 for stop in stops])
    low = np.concatenate([stop[:-1] for stop in stops])
    high = np.concatenate([stop[1:] for stop in stops])
    vertex, vertices = [], len(net.points)
    for u, v, stop in zip(net.edges["u"], net.edges["v"], stops, strict=True):
        inner = np.arange(vertices, vertices + len(stop) - 2)
        vertices += len(inner)
        vertex.append(np.array([u, *inner, v], np.int64))
    lines = [
        ops.substring(shapes[edge], a, b) if len(stops[edge]) > 2 else shapes[edge]
        for edge, a, b in zip(of_edge.tolist(), low.tolist(), high.tolist(), strict=True)
    ]
    edges = gpd.GeoDataFrame(
        {
            "u": np.concatenate([row[:-1] for row in vertex]),
            "v": np.concatenate([row[1:] for row in vertex]),
            **{name: net.edges[name].to_numpy()[of_edge] for name in ("road_id", "road_name", "component")},
            "length_m": high - low,
            **_options(of_edge, low, high, spans),
        },
        geometry=lines,
        crs=HUE_CRS,
    )
    edges["crossing"] = edges["road_id"].isin(over)
    placed = [
        int(vertex[edge][np.abs(stops[edge] - metre).argmin()]) if edge >= 0 else -1
        for edge, metre in zip(on.tolist(), at.tolist(), strict=True)
    ]
    return StreetGraph(edges, np.array(placed, np.int64))


def network_of(edges: pd.DataFrame, rates: Rates) -> tuple[Network, pd.DataFrame]:
    """Return the network of stretches at these rates, and for each of its edges the stretch and what renting and building there are.

    Returns
    -------
    Network
        A stretch with a duct that has room is one edge with both; a pole line with room is an edge of its own.
    DataFrame
        `edge` (position in `edges`), `rented` and `built` (DesignOption), `length_m`, in the order of the network's edges.
    """
    length = edges["length_m"].to_numpy(float)
    works = edges["works_id"].notna().to_numpy(bool)
    opening = np.where(edges["closed"].to_numpy(bool), np.inf, length * rates.trench * np.where(works, rates.works_share, 1.0))
    built = np.select(
        [works, edges["crossing"].to_numpy(bool)], [str(DesignOption.WORKS), str(DesignOption.CROSSING)], str(DesignOption.TRENCH)
    )
    ways = edges["way_spare"].to_numpy(int) if rates.way is not None else np.zeros(len(edges), int)
    poles = np.flatnonzero(edges["pole_spare"].to_numpy(int)) if rates.pole is not None else np.empty(0, int)
    place = np.concatenate([np.arange(len(edges)), poles])
    nothing = np.zeros(len(poles))
    network = Network(
        edges["u"].to_numpy()[place],
        edges["v"].to_numpy()[place],
        np.concatenate([opening, nothing + np.inf]),
        np.concatenate([length * rates.duct, nothing]),
        rent=np.concatenate([length * (rates.way or 0.0), length[poles] * (rates.pole or 0.0)]),
        spare=np.concatenate([ways, edges["pole_spare"].to_numpy(int)[poles]]),
    )
    rented = np.where(np.arange(len(place)) < len(edges), str(DesignOption.WAY), str(DesignOption.POLE))
    return network, pd.DataFrame({"edge": place, "rented": rented, "built": built[place], "length_m": length[place]})


def _placed(
    shapes: npt.NDArray[np.object_], ends: npt.NDArray[np.float64], snap_m: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the edge of each end, -1 where none is near, and where along it."""
    on, at = np.full(len(ends), -1, np.int64), np.zeros(len(ends))
    if len(ends):
        points = np.array([shapely.Point(end) for end in ends], object)
        end, edge = shapely.STRtree(shapes).query_nearest(points, max_distance=snap_m, all_matches=True)
        for e, k in sorted(zip(end.tolist(), edge.tolist(), strict=True), reverse=True):
            on[e] = k
        near = on >= 0
        at[near] = shapely.line_locate_point(shapes[on[near]], points[near])
    return on, at


def _stops(wanted: list[float], length: float) -> npt.NDArray[np.float64]:
    """Return where an edge is cut, ends included; no stretch is shorter than the least."""
    kept = [0.0]
    for metre in sorted(wanted):
        if metre - kept[-1] >= _LEAST_M and length - metre >= _LEAST_M:
            kept.append(metre)
    return np.array([*kept, length])


def _options(
    of_edge: npt.NDArray[np.int64], low: npt.NDArray[np.float64], high: npt.NDArray[np.float64], spans: pd.DataFrame
) -> dict[str, object]:
    """Return for each stretch what covers it from end to end; room of ways side by side adds up."""
    count = len(of_edge)
    spare = {str(kind): np.zeros(count, np.int64) for kind in (DesignOption.WAY, DesignOption.POLE)}
    names: dict[str, list[list[str]]] = {kind: [[] for _ in range(count)] for kind in (*spare, DesignOption.WORKS, CLOSED)}
    first = np.searchsorted(of_edge, np.arange(int(of_edge.max(initial=-1)) + 2))
    for span in spans.to_dict("records"):
        begin, end = first[span["edge"]], first[span["edge"] + 1]
        here = (span["from_m"] <= low[begin:end] + _LEAST_M) & (span["to_m"] >= high[begin:end] - _LEAST_M)
        for k in (begin + np.flatnonzero(here)).tolist():
            if high[k] - low[k] >= _LEAST_M:
                names[span["kind"]][k].append(str(span["id"]))
                if span["kind"] in spare:
                    spare[span["kind"]][k] += int(span["spare"])
    words = {kind: [", ".join(sorted(row)) or None for row in rows] for kind, rows in names.items()}
    return {
        "way_spare": spare[DesignOption.WAY],
        "pole_spare": spare[DesignOption.POLE],
        "way_ids": pd.Series(words[DesignOption.WAY], dtype=object),
        "pole_ids": pd.Series(words[DesignOption.POLE], dtype=object),
        "works_id": pd.Series(words[DesignOption.WORKS], dtype=object),
        "closed": np.array([bool(row) for row in names[CLOSED]], bool),
    }
