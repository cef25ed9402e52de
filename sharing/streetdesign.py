"""A joint design along streets: what operators' plans ask for, each part of the network designed, and the tables of the answer.

A plan asks that the ends of each of its lines be joined, on whatever way; lines of one operator that share an end are one demand. What an
operator plans in two places is not joined for it: nobody asked for that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, dijkstra

from hatang.data.contracts import DESIGN_NOTES, HUE_CRS, CrsError
from hatang.sharing._problem import MOST_OPERATORS
from hatang.sharing.design import Demand, JointDesign, Network, Progress, design
from hatang.sharing.streetgraph import Rates, StreetGraph, network_of

MOST_DEMANDS: Final = MOST_OPERATORS
"""So many demands of one part can be designed at once."""
_FREE: Final = 1e-9
"""What a way without a cost counts for, so that it is one."""
LINK_COLUMNS: Final = ["plan_id", "operator", "ways", "from_x", "from_y", "to_x", "to_y"]


@dataclass(frozen=True)
class Part:
    """What is asked of one part of the network, and what there is to answer it with.

    Attributes
    ----------
    operators, plans : tuple, one entry a demand
        Whose it is, and the plans that it is made of.
    demands : tuple of Demand
        Vertices are those of `network`.
    network : Network
    legend : DataFrame
        As `network_of`: what each edge of `network` is; `edge` is a position in the graph's edges.
    """

    operators: tuple[str, ...]
    plans: tuple[tuple[str, ...], ...]
    demands: tuple[Demand, ...]
    network: Network
    legend: pd.DataFrame


@dataclass(frozen=True)
class DesignedPart:
    """A part and the joint network found for it; `proven`: no network costs less."""

    part: Part
    found: JointDesign
    proven: bool


@dataclass(frozen=True)
class Wish:
    """A place that an operator would like to reach if that costs no more than it is worth.

    Attributes
    ----------
    name, operator : str
    x, y : float, EPSG:9214
    worth : float, in the unit of the rates
    """

    name: str
    operator: str
    x: float
    y: float
    worth: float


def links_within(plans: gpd.GeoDataFrame, area: shapely.Geometry) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the lines of plans within an area as pairs of ends, and what has none (DESIGN_NOTES contract).

    Parameters
    ----------
    plans
        PLANS contract, any CRS.
    area
        EPSG:9214. A line is cut where it leaves the area, and ends there.

    Returns
    -------
    DataFrame
        `plan_id`, `operator`, `ways` (1 where not told), `from_x`, `from_y`, `to_x`, `to_y` (EPSG:9214).

    Raises
    ------
    CrsError
        Where the frame has no CRS.
    """
    if plans.crs is None:
        raise CrsError("error.corridor.crs")
    metric = plans.to_crs(HUE_CRS)
    rows: list[dict[str, Any]] = []
    notes: list[tuple[str, str]] = []
    for row, shape in zip(metric.to_dict("records"), metric.geometry.to_numpy(), strict=True):
        if not shapely.intersects(shape, area):
            continue
        inside = shapely.intersection(shape, area)
        lines = [part for part in shapely.get_parts(inside).tolist() if shapely.get_type_id(part) == 1 and part.length > 0]
        merged = shapely.get_parts(shapely.line_merge(shapely.MultiLineString(lines))).tolist() if lines else []
        open_ = [part for part in merged if not part.is_closed]
        if not open_:
            notes.append(("no_ends", str(row["plan_id"])))
        for part in open_:
            (x, y), (to_x, to_y) = part.coords[0][:2], part.coords[-1][:2]
            ways = int(row["ways"]) if pd.notna(row["ways"]) and row["ways"] > 0 else 1
            ends = {"from_x": x, "from_y": y, "to_x": to_x, "to_y": to_y}
            rows.append({"plan_id": str(row["plan_id"]), "operator": str(row["operator"]), "ways": ways, **ends})
    return pd.DataFrame(rows, columns=LINK_COLUMNS), _notes(notes)


def ends_of(links: pd.DataFrame, wishes: Sequence[Wish] = ()) -> npt.NDArray[np.float64]:
    """Return where links begin and end, then the wishes, as `street_graph` takes them; shape (2 · links + wishes, 2)."""
    pairs = links[["from_x", "from_y", "to_x", "to_y"]].to_numpy(float).reshape(-1, 2)
    return np.concatenate([pairs, np.array([(wish.x, wish.y) for wish in wishes], float).reshape(-1, 2)])


def parts_of(graph: StreetGraph, links: pd.DataFrame, rates: Rates, wishes: Sequence[Wish] = ()) -> tuple[list[Part], pd.DataFrame]:
    """Return what is asked of each part of the network that can be passed, and what cannot be answered (DESIGN_NOTES contract).

    Codes: `off_network` (an end has no road near), `apart` (no way leads from one end to the other), `same_place`, and of wishes
    `wish_off_network`, `wish_alone` (its operator plans nothing in that part).

    Parameters
    ----------
    graph
        Cut with `ends_of(links, wishes)`.
    """
    network, legend = network_of(graph.edges, rates)
    label = _labels(network)
    ends = graph.ends[: 2 * len(links)].reshape(-1, 2)
    notes: list[tuple[str, str]] = []
    asked: dict[int, list[tuple[str, str, int, int, int]]] = {}
    for (u, v), row in zip(ends.tolist(), links.to_dict("records"), strict=True):
        code = "off_network" if min(u, v) < 0 else "same_place" if u == v else "apart" if label[u] != label[v] else None
        if code:
            notes.append((code, row["plan_id"]))
        else:
            asked.setdefault(int(label[u]), []).append((row["operator"], row["plan_id"], u, v, int(row["ways"])))
    wanted: dict[int, list[tuple[Wish, int]]] = {}
    for wish, vertex in zip(wishes, graph.ends[2 * len(links) :].tolist(), strict=True):
        here = int(label[vertex]) if vertex >= 0 else -1
        if here < 0:
            notes.append(("wish_off_network", wish.name))
        elif wish.operator not in {row[0] for row in asked.get(here, [])}:
            notes.append(("wish_alone", wish.name))
        else:
            wanted.setdefault(here, []).append((wish, vertex))
    parts = [_part(network, legend, label, here, rows, wanted.get(here, [])) for here, rows in asked.items()]
    return sorted(parts, key=lambda part: (-len(part.demands), part.plans)), _notes(notes)


def designed(part: Part, *, exact: bool = False, time_limit_s: float = 10.0, progress: Progress | None = None) -> DesignedPart:
    """Return a joint network for a part; see `hatang.sharing.design.design` for the arguments and errors."""
    found = design(part.network, part.demands, exact=exact, time_limit_s=time_limit_s, progress=progress)
    return DesignedPart(part, found, proven=found.bound >= found.cost * (1 - 1e-6))


def operator_costs(answer: DesignedPart, names: Sequence[str]) -> Callable[[int], float]:
    """Return what the best network found for a set of operators (bits, in the order of `names`) costs; 0 where they ask nothing."""
    masks = [sum(1 << k for k, name in enumerate(answer.part.operators) if name == wanted) for wanted in names]

    def cost(group: int) -> float:
        return answer.found.coalitions(sum(mask for k, mask in enumerate(masks) if group >> k & 1))

    return cost


def _part(
    network: Network,
    legend: pd.DataFrame,
    label: npt.NDArray[np.int64],
    here: int,
    rows: list[tuple[str, str, int, int, int]],
    wanted: list[tuple[Wish, int]],
) -> Part:
    """Return one part: its edges alone, its vertices numbered anew, room counted in what the plan with most ways needs."""
    kept = np.flatnonzero((label[network.u] == here) & _passable(network))
    place, flat = np.unique(np.concatenate([network.u[kept], network.v[kept]]), return_inverse=True)
    number = {vertex: k for k, vertex in enumerate(place.tolist())}
    most = max(row[4] for row in rows)
    rented = legend["rented"].to_numpy()[kept]
    room = np.where(rented == "way", network.spare[kept] // most, network.spare[kept])
    own = Network(
        flat[: len(kept)], flat[len(kept) :], network.cost[kept], network.cost_per_operator[kept], rent=network.rent[kept], spare=room
    )
    demands, operators, plans = [], [], []
    for operator in sorted({row[0] for row in rows}):
        for names, vertices, ways in _joined([row for row in rows if row[0] == operator]):
            root, *terminals = (number[vertex] for vertex in vertices)
            operators.append(operator)
            plans.append(names)
            demands.append(Demand(f"{operator}: {', '.join(names)}", root, terminals, cables=float(ways)))
    for wish, vertex in wanted:
        away = _cheapest(own, number[vertex])
        mine = [k for k, name in enumerate(operators) if name == wish.operator]
        nearest = min(mine, key=lambda k: (away[[demands[k].root, *demands[k].terminals]].min(), k))
        demands[nearest] = _with_wish(demands[nearest], number[vertex], wish.worth)
    return Part(tuple(operators), tuple(plans), tuple(demands), own, legend.iloc[kept].reset_index(drop=True))


def _cheapest(network: Network, vertex: int) -> npt.NDArray[np.float64]:
    """Return what the cheapest way from a vertex to each costs one operator that goes it alone."""
    dug = network.cost + network.cost_per_operator
    cost = np.minimum(dug, np.where(network.spare > 0, network.rent, np.inf))
    order = np.lexsort((cost, network.v, network.u))
    pairs = np.stack([network.u, network.v], axis=1)[order]
    first = np.concatenate([[True], (pairs[1:] != pairs[:-1]).any(axis=1)])  # of parallel edges the cheapest: a sum of them is no cost
    count = int(pairs.max()) + 1
    graph = coo_array((np.maximum(cost[order][first], _FREE), tuple(pairs[first].T)), shape=(count, count))
    away: npt.NDArray[np.float64] = dijkstra(graph.tocsr(), directed=False, indices=np.array([vertex]))[0]
    return away


def _with_wish(demand: Demand, vertex: int, worth: float) -> Demand:
    """Return a demand that would also reach a place."""
    terminals = list(demand.terminals)
    if vertex in (demand.root, *terminals):
        return demand
    prizes = [np.inf] * len(terminals) if demand.prizes is None else list(demand.prizes)
    return Demand(demand.operator, demand.root, [*terminals, vertex], [*prizes, worth], demand.cables)


def _joined(rows: list[tuple[str, str, int, int, int]]) -> list[tuple[tuple[str, ...], list[int], int]]:
    """Return the plans, vertices and most ways of each set of links that hang together."""
    vertices, which = np.unique([[row[2], row[3]] for row in rows], return_inverse=True)
    pairs = which.reshape(-1, 2)
    joined = coo_array((np.ones(len(pairs), bool), (pairs[:, 0], pairs[:, 1])), shape=(len(vertices), len(vertices)))
    count, label = connected_components(joined, directed=False)
    found = []
    for k in range(count):
        mine = [row for row, pair in zip(rows, pairs, strict=True) if label[pair[0]] == k]
        names = tuple(sorted({row[1] for row in mine}))
        found.append((names, vertices[label == k].tolist(), max(row[4] for row in mine)))
    return sorted(found)


def _passable(network: Network) -> npt.NDArray[np.bool_]:
    return np.isfinite(network.cost) | (network.spare > 0)


def _labels(network: Network) -> npt.NDArray[np.int64]:
    """Return which part each vertex belongs to when only what can be passed joins."""
    count = int(max(network.u.max(initial=-1), network.v.max(initial=-1))) + 1
    kept = _passable(network)
    joined = coo_array((np.ones(int(kept.sum()), bool), (network.u[kept], network.v[kept])), shape=(count, count))
    return np.asarray(connected_components(joined, directed=False)[1], np.int64)


def _notes(rows: Sequence[tuple[str, str]]) -> pd.DataFrame:
    return DESIGN_NOTES.conform(pd.DataFrame(list(dict.fromkeys(rows)), columns=DESIGN_NOTES.names, dtype=object))
