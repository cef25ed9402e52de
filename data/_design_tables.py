"""Contracts of a joint design for an area, public through `hatang.data.contracts`."""

from typing import Final

from hatang.data._names import DesignOption
from hatang.data._tables import Column, Table

_UNIT: Final = Column("unit", required=True, values=("VND", "m"))
"""Of the costs of the row: money, or metres dug where no price of digging is known."""

DESIGN_EDGES: Final = Table(
    "design_edges",
    (
        Column("edge_id", "int", "number", required=True, low=1),
        Column("part", "int", "number", required=True, low=1),
        Column("road_id", required=True),
        Column("road_name"),
        Column("option", required=True, values=tuple(DesignOption)),
        Column("operators", required=True),
        Column("plan_ids", required=True),
        Column("users", "int", "plans", required=True, low=1),
        Column("spare", "int", "ways", low=1),
        Column("uses"),
        Column("length_m", "float", "m", required=True, low=0),
        Column("cost", "float", "see unit", required=True, low=0),
        _UNIT,
    ),
    key=("edge_id",),
    geometry="line",
)
"""Stretches of road that the design goes along, and how. `spare` is the room known where a way or slot is rented, counted in plans; `uses`
names the assets, or the works that have the ground open.
"""

DESIGN_OPERATORS: Final = Table(
    "design_operators",
    (
        Column("operator", required=True),
        Column("plans", "int", "plans", required=True, low=1),
        Column("built_m", "float", "m", required=True, low=0),
        Column("rented_m", "float", "m", required=True, low=0),
        Column("alone", "float", "see unit", required=True, low=0),
        Column("statutory", "float", "see unit", required=True, low=0),
        Column("shapley", "float", "see unit", required=True),
        Column("capped", "float", "see unit", required=True, low=0),
        Column("saved", "float", "see unit", required=True),
        _UNIT,
    ),
    key=("operator",),
)
"""What each operator pays together by each key, and what the best network found for it alone costs; `saved` is `alone` less `statutory`."""

DESIGN_TOTALS: Final = Table(
    "design_totals",
    (
        Column("part", required=True),
        Column("operators", "int", "operators", required=True, low=1),
        Column("plans", "int", "plans", required=True, low=1),
        Column("stretches", "int", "stretches", required=True, low=1),
        Column("dug_m", "float", "m", required=True, low=0),
        Column("rented_m", "float", "m", required=True, low=0),
        Column("cost", "float", "see unit", required=True, low=0),
        Column("bound", "float", "see unit", required=True, low=0),
        Column("bound_pct", "float", "%", required=True, low=0, high=100),
        Column("alone", "float", "see unit", required=True, low=0),
        Column("saved", "float", "see unit", required=True),
        Column("forgone", "float", "see unit", required=True, low=0),
        Column("proven", "bool", required=True),
        Column("in_core", "bool", required=True),
        _UNIT,
    ),
    key=("part",),
)
"""One row a part of the network, and `all`. No design of the part costs less than `bound`; `bound_pct` is the part of the cost by which it
could be cheaper at most. `forgone` is the worth of gaps left out, counted in `cost`.
"""

DESIGN_NOTES: Final = Table("design_notes", (Column("code", required=True), Column("id", required=True)))
"""What was left out or assumed."""

DESIGN_TABLES: Final = (DESIGN_EDGES, DESIGN_OPERATORS, DESIGN_TOTALS, DESIGN_NOTES)
