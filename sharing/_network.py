"""What a joint design is asked for: the network of edges and the demands of operators, checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from hatang.data.contracts import ParameterError
from hatang.sharing._costs import named, numbers, vertices_of
from hatang.sharing._graph import Floats, Integers

Key = Literal["length", "number", "area", "weight"]
KEYS: Final[tuple[Key, ...]] = get_args(Key)


@dataclass(frozen=True, init=False)
class Network:
    """Edges that may be built or rented; checked and copied on the way in.

    Parameters
    ----------
    u, v : array of int, shape (edges,)
        Ends, vertices from 0 on.
    cost : array of float, shape (edges,), one currency
        Opening a joint trench once; infinite: no trench here.
    cost_per_operator : array of float, optional
        Each operator that builds in it: its own duct and cable; 0 where left out.
    rent : array of float, optional
        Each operator that uses the existing way, over the period of the plan; NaN where there is none.
    spare : array of int, optional
        Operators that the existing way still takes, the reserve taken off; 0 where there is none or its occupancy is unknown.

    Raises
    ------
    ParameterError
        Where lengths differ, a cost is negative or NaN, `spare` is no whole number, or a way with room has no rent.
    """

    u: Integers
    v: Integers
    cost: Floats
    cost_per_operator: Floats
    rent: Floats
    spare: Integers

    def __init__(
        self,
        u: npt.ArrayLike,
        v: npt.ArrayLike,
        cost: npt.ArrayLike,
        cost_per_operator: npt.ArrayLike | None = None,
        rent: npt.ArrayLike | None = None,
        spare: npt.ArrayLike | None = None,
    ) -> None:
        count = len(np.atleast_1d(np.asarray(u)))
        nothing = np.zeros(count)
        room = numbers(nothing if spare is None else spare, "spare", count=count, fill=0.0)
        broken = np.flatnonzero(~np.isinf(room) & (room != np.floor(room)))
        if broken.size:
            raise ParameterError("error.network.spare", edges=named(broken), value=float(room[broken[0]]))
        rents = np.full(count, np.nan) if rent is None else np.asarray(rent, np.float64)
        numbers(rents, "rent", count=count, fill=0.0)
        checked = {
            "u": vertices_of(u, "u", count=count),
            "v": vertices_of(v, "v", count=count),
            "cost": numbers(cost, "cost", count=count),
            "cost_per_operator": numbers(nothing if cost_per_operator is None else cost_per_operator, "cost_per_operator", count=count),
            "rent": numbers(np.where((room == 0) & np.isnan(rents), 0.0, rents), "rent", count=count),
            "spare": np.minimum(room, 1 << 20).astype(np.int64),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class Demand:
    """What one operator must reach, and what the statutory key counts of it.

    Parameters
    ----------
    operator : str
    root : int
        Vertex where its network begins.
    terminals : sequence of int
        Vertices to reach, without the root, each once.
    prizes : sequence of float, optional
        What each terminal is worth, in the currency of the costs: one that costs more to reach may be left out. Infinite, or all left out:
        must be reached.
    cables : float
        Number of its cables in a trench.
    area_mm2 : float, mm²
        Their cross-section together.
    kg_per_m : float, kg/m
        Their weight together.
    """

    operator: str
    root: int
    terminals: Sequence[int] | Integers
    prizes: Sequence[float] | Floats | None = None
    cables: float = 1.0
    area_mm2: float = 1.0
    kg_per_m: float = 1.0

    def quantity(self, key: Key) -> float:
        """Return what the key counts in a metre of its trench."""
        return {"length": 1.0, "number": self.cables, "area": self.area_mm2, "weight": self.kg_per_m}[key]
