"""Contracts of what it takes to put the cables of streets underground, public through `hatang.data.contracts`."""

from typing import Final

from hatang.data._names import AssetClass, SuggestionKind
from hatang.data._planning_tables import UNDERGROUNDING
from hatang.data._tables import Column, Table

_STEPS: Final = ("joint_ducts", "pull_cables", "move_subscribers", "remove_dead_cable", "tidy_cable", "remove_poles")

UNDERGROUND_STREETS: Final = Table(
    "underground_streets",
    (
        *UNDERGROUNDING.columns,
        Column("length_m", "float", "m", required=True, low=0),
        Column("owners", "int", "owners", required=True, low=0),
        Column("poles", "int", "poles", required=True, low=0),
        Column("uncounted", "int", "poles", required=True, low=0),
        Column("cables", "int", "cables", low=0),
        Column("ways", "int", "ways", low=0),
        Column("ways_basis", required=True, values=("counted", "at_least", "unknown", "no_poles", "not_needed")),
        Column("ducts_m", "float", "m", required=True, low=0),
        Column("unknown_owners"),
        Column("steps"),
        Column("needs_document", "bool", required=True),
    ),
    key=("street_id",),
    geometry="line",
)
"""One row a street: what was filed of it, who stands along it, and joint ways needed with the reserve. `cables` and `ways` are what is
known: missing where no pole was counted, at least so many where some were not (`ways_basis`), never zero because nobody looked.
"""

UNDERGROUND_OWNERS: Final = Table(
    "underground_owners",
    (
        Column("street_id", required=True),
        Column("owner", required=True),
        Column("contact"),
        Column("poles", "int", "poles", required=True, low=0),
        Column("uncounted", "int", "poles", required=True, low=0),
        Column("cables", "int", "cables", low=0),
        Column("ducts_m", "float", "m", required=True, low=0),
    ),
    key=("street_id", "owner"),
)
"""Who owns poles and ducts along a street; `cables` are the most slots in use on one of the owner's poles."""

UNDERGROUND_ORDER: Final = Table(
    "underground_order",
    (
        Column("street_id", required=True),
        Column("rank", "int", "", required=True, low=1),
        Column("step", required=True, values=_STEPS),
    ),
    key=("street_id", "rank"),
)
"""The order of work in a street."""

UNDERGROUND_SURVEY: Final = Table(
    "underground_survey",
    (
        Column("street_id", required=True),
        Column("rank", "int", "", required=True, low=1),
        Column("asset_id", required=True),
        Column("asset_class", required=True, values=(str(AssetClass.POLE), str(AssetClass.DUCT_SECTION))),
        Column("owner"),
        Column("contact"),
        Column("chainage_m", "float", "m", required=True, low=0),
        Column("survey_date", "date"),
    ),
    key=("street_id", "asset_id"),
    geometry="any",
)
"""What somebody must look at before the ways are known: poles and ducts whose use nobody counted, in walking order."""

UNDERGROUND_SUGGESTIONS: Final = Table(
    "underground_suggestions",
    (
        Column("suggestion_id", required=True),
        Column("street_id", required=True),
        Column(
            "kind",
            required=True,
            values=(str(SuggestionKind.UNDERGROUND), str(SuggestionKind.TIDY_CABLE), str(SuggestionKind.REMOVE_DEAD_CABLE)),
        ),
        Column("amount", "float", "see unit", required=True, low=0),
        Column("unit", required=True, values=("m", "poles")),
        Column("owners", required=True),
    ),
    key=("suggestion_id",),
    geometry="line",
)
"""What is proposed for a street, in metres or poles, and whom it concerns."""

UNDERGROUND_TABLES: Final = (UNDERGROUND_STREETS, UNDERGROUND_OWNERS, UNDERGROUND_ORDER, UNDERGROUND_SURVEY, UNDERGROUND_SUGGESTIONS)
