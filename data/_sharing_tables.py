"""Contracts of what is counted and proposed about shared use in the whole city, public through `hatang.data.contracts`."""

from typing import Final

from hatang.data._names import SuggestionKind
from hatang.data._tables import Column, Table

SHARING_KPIS: Final = Table(
    "sharing_kpis",
    (
        Column("indicator", required=True),
        Column("scope", required=True, values=("city", "ward", "firm")),
        Column("scope_code", required=True),
        Column("scope_name", required=True),
        Column("period", required=True),
        Column("unit", required=True, values=("positions", "poles", "sections", "km", "assets", "m", "works")),
        Column("share", "float", "share", low=0, high=1),
        Column("numerator", "float", "see unit", required=True, low=0),
        Column("denominator", "float", "see unit", required=True, low=0),
        Column("unknown", "float", "see unit", required=True, low=0),
    ),
    key=("indicator", "scope", "scope_code", "period"),
)
"""`share` is `numerator` over `denominator`, both of what is known; what is not known is counted in `unknown` alone, never as not shared.
`share` is empty where nothing is known.
"""

MAST_SUGGESTIONS: Final = Table(
    "mast_suggestions",
    (
        Column("suggestion_id", required=True),
        Column("kind", required=True, values=(str(SuggestionKind.SHARE_MAST), str(SuggestionKind.COLOCATE_NEW_MAST))),
        Column("action", required=True, values=("share", "survey", "build_together")),
        Column("need_id", required=True),
        Column("operators", required=True),
        Column("rank", "int", "", required=True, low=1),
        Column("mast_id"),
        Column("owner"),
        Column("structure"),
        Column("distance_m", "float", "m", low=0),
        Column("height_m", "float", "m", low=0),
        Column("free_height_m", "float", "m", low=0),
        Column("tenants", "int", "operators", low=0),
        Column("assumptions", required=True),
        Column("decision", required=True, values=("open", "accepted", "refused")),
    ),
    key=("suggestion_id",),
    geometry="point",
)
"""Masts and roofs near what needs an antenna; `rank` counts within a need. A mast whose free height is not known is surveyed first."""
