"""The tables of a joint design: stretches and how they are gone along, who pays what, and what it costs at least."""

import math
from collections.abc import Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from hatang.data.contracts import DESIGN_EDGES, DESIGN_OPERATORS, DESIGN_TOTALS, HUE_CRS, MAP_CRS, DesignOption
from hatang.sharing import shares as sharing_out
from hatang.sharing.streetdesign import DesignedPart, operator_costs

_DIGITS: Final = 6
"""Figures are told to a millionth of their unit; bounds are rounded down."""
_USES: Final = {DesignOption.WAY: "way_ids", DesignOption.POLE: "pole_ids", DesignOption.WORKS: "works_id"}


def design_edges(answers: Sequence[DesignedPart], edges: gpd.GeoDataFrame, *, unit: str) -> gpd.GeoDataFrame:
    """Return the stretches that the designs go along (DESIGN_EDGES contract, EPSG:4326); one that is rented and built in has two rows.

    Parameters
    ----------
    answers
        The parts, in the order in which they are numbered.
    edges
        Those of the graph.
    unit
        Of the rates.
    """
    rows: list[dict[str, Any]] = []
    shapes = edges.geometry.to_numpy()
    for number, answer in enumerate(answers, 1):
        network, legend = answer.part.network, answer.part.legend
        for kind, used in (("built", answer.found.built), ("rented", answer.found.reused)):
            users = _users(answer, used)
            for e in np.flatnonzero(users.any(axis=0)).tolist():
                who = np.flatnonzero(users[:, e]).tolist()
                place = int(legend["edge"].iloc[e])
                option = DesignOption(legend[kind].iloc[e])
                own = network.cost_per_operator[e] if kind == "built" else network.rent[e]
                rows.append(
                    {
                        "part": number,
                        **{name: edges[name].iloc[place] for name in ("road_id", "road_name", "length_m")},
                        "option": str(option),
                        "operators": ", ".join(sorted({answer.part.operators[k] for k in who})),
                        "plan_ids": ", ".join(sorted({plan for k in who for plan in answer.part.plans[k]})),
                        "users": len(who),
                        "spare": int(network.spare[e]) if kind == "rented" else None,
                        "uses": edges[_USES[option]].iloc[place] if option in _USES else None,
                        "cost": (network.cost[e] if kind == "built" else 0.0) + own * len(who),
                        "unit": unit,
                        "geometry": shapes[place],
                        "place": place,
                    }
                )
    columns = [*(name for name in DESIGN_EDGES.names if name != "edge_id"), "place"]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=HUE_CRS)
    frame = frame.sort_values(["part", "place", "option"], ignore_index=True)
    frame.insert(0, "edge_id", np.arange(1, len(frame) + 1))
    return gpd.GeoDataFrame(DESIGN_EDGES.conform(frame.to_crs(MAP_CRS)), geometry="geometry", crs=MAP_CRS)


def design_operators(answers: Sequence[DesignedPart], *, unit: str) -> pd.DataFrame:
    """Return what each operator pays by each key, and alone (DESIGN_OPERATORS contract), summed over the parts.

    An opening is divided equally between the operators that build in it, however many plans each has there.
    """
    names = sorted({name for answer in answers for name in answer.part.operators})
    rows = []
    for name in names:
        total = dict.fromkeys(("built_m", "rented_m", "alone", "statutory", "shapley", "capped"), 0.0)
        plans: set[str] = set()
        for answer in answers:
            here = sorted(set(answer.part.operators))
            if name in here:
                plans |= {plan for k, mine in enumerate(answer.part.operators) if mine == name for plan in answer.part.plans[k]}
                for key, value in _paid(answer, here)[name].items():
                    total[key] += value
        told = {key: round(value, _DIGITS) + 0.0 for key, value in {**total, "saved": total["alone"] - total["statutory"]}.items()}
        rows.append({"operator": name, "plans": len(plans), **told, "unit": unit})
    return DESIGN_OPERATORS.conform(pd.DataFrame(rows, columns=DESIGN_OPERATORS.names))


def design_totals(answers: Sequence[DesignedPart], *, unit: str) -> pd.DataFrame:
    """Return what each part costs, what it costs at least, and all of them together (DESIGN_TOTALS contract)."""
    rows = [{"part": str(number), **_total(answer)} for number, answer in enumerate(answers, 1)]
    sums = {name: math.fsum(row[name] for row in rows) for name in ("dug_m", "rented_m", "cost", "bound", "alone", "saved", "forgone")}
    whole = {
        "part": "all",
        "operators": len({name for answer in answers for name in answer.part.operators}),
        "plans": sum(row["plans"] for row in rows),
        "stretches": sum(row["stretches"] for row in rows),
        **sums,
        "proven": all(row["proven"] for row in rows),
        "in_core": all(row["in_core"] for row in rows),
    }
    table = pd.DataFrame([whole, *rows]).assign(unit=unit)
    cost, bound = table["cost"].to_numpy(float), table["bound"].to_numpy(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        table["bound_pct"] = np.where(cost > 0, 100 * (cost - bound) / cost, 0.0).clip(0, 100).round(_DIGITS)
    table["bound"] = np.floor(bound * 10**_DIGITS) / 10**_DIGITS
    return DESIGN_TOTALS.conform(table.round(dict.fromkeys(("dug_m", "rented_m", "cost", "alone", "saved", "forgone"), _DIGITS)))


def _users(answer: DesignedPart, used: Any) -> np.ndarray:
    """Return who uses which edge, shape (demands, edges)."""
    users = np.zeros((len(answer.part.demands), len(answer.part.network.u)), bool)
    for k, demand in enumerate(answer.part.demands):
        users[k, used[demand.operator]] = True
    return users


def _metres(answer: DesignedPart) -> np.ndarray:
    return np.asarray(answer.part.legend["length_m"].to_numpy(float))


def _statutory(answer: DesignedPart, names: Sequence[str]) -> list[float]:
    """Return what each operator pays: equal parts of each opening between those who build there, and all of its own."""
    network = answer.part.network
    built, rented = _users(answer, answer.found.built), _users(answer, answer.found.reused)
    mine = np.array([[name == operator for operator in answer.part.operators] for name in names])
    builders = (mine[:, :, None] & built[None]).any(axis=1)
    common = sharing_out.statutory(network.cost, builders, np.ones(len(names)))
    own = built @ network.cost_per_operator + rented @ network.rent + np.array(_forgone(answer))
    paid: list[float] = (common + mine @ own).tolist()
    return paid


def _forgone(answer: DesignedPart) -> list[float]:
    """Return for each demand the worth of what it leaves out."""
    worth = []
    for demand in answer.part.demands:
        left = set(answer.found.forgone[demand.operator].tolist())
        prizes = [] if demand.prizes is None else list(demand.prizes)
        worth.append(math.fsum(prize for vertex, prize in zip(demand.terminals, prizes, strict=False) if int(vertex) in left))
    return worth


def _paid(answer: DesignedPart, names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return by operator the metres it builds and rents in, and what it pays."""
    cost, length = operator_costs(answer, names), _metres(answer)
    alone = [cost(1 << k) for k in range(len(names))]
    statutory = _statutory(answer, names)
    shapley = sharing_out.shapley(len(names), cost)
    capped = sharing_out.no_more_than_alone(statutory, alone)
    built, rented = _users(answer, answer.found.built), _users(answer, answer.found.reused)
    told = {}
    for k, name in enumerate(names):
        mine = np.array([operator == name for operator in answer.part.operators])
        told[name] = {
            "built_m": float(length[built[mine].any(axis=0)].sum()),
            "rented_m": float(length[rented[mine].any(axis=0)].sum()),
            "alone": alone[k],
            "statutory": statutory[k],
            "shapley": float(shapley[k]),
            "capped": float(capped[k]),
        }
    return told


def _total(answer: DesignedPart) -> dict[str, Any]:
    names = sorted(set(answer.part.operators))
    cost, length = operator_costs(answer, names), _metres(answer)
    alone = math.fsum(cost(1 << k) for k in range(len(names)))
    built, rented = _users(answer, answer.found.built).any(axis=0), _users(answer, answer.found.reused).any(axis=0)
    return {
        "operators": len(names),
        "plans": len({plan for plans in answer.part.plans for plan in plans}),
        "stretches": int((built | rented).sum()),
        "dug_m": float(length[built].sum()),
        "rented_m": float(length[rented].sum()),
        "cost": answer.found.cost,
        "bound": answer.found.bound,
        "alone": alone,
        "saved": alone - answer.found.cost,
        "forgone": math.fsum(_forgone(answer)),
        "proven": answer.proven,
        "in_core": sharing_out.in_core(_statutory(answer, names), cost),
    }
