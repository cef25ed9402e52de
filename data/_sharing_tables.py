"""Contracts of what is counted and proposed about shared use in the whole city, public through `hatang.data.contracts`."""

from typing import Final

from hatang.data._names import SuggestionKind
from hatang.data._tables import Column, Table

SHARE_KEYS: Final = ("length", "number", "cross_section", "weight")
"""What the statutory key of cost shares may count, as the setting `share_key` names it."""

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

_VARIANT: Final = Column("variant", required=True, values=("alone", "known", "surveyed"))

ROUTE_LEGS: Final = Table(
    "route_legs",
    (
        _VARIANT,
        Column("leg", "int", "", required=True, low=1),
        Column("leg_kind", required=True, values=("dig", "duct", "span")),
        Column("owner"),
        Column("contact"),
        Column("road_name"),
        Column("assets"),
        Column("asset_count", "int", "assets", required=True, low=0),
        Column("spare", "int", "ways or slots", low=0),
        Column("known", "bool", required=True),
        Column("length_m", "float", "m", required=True, low=0),
    ),
    key=("variant", "leg"),
    geometry="line",
)
"""The way a cable would run for an operator's need, leg by leg: dug alone, on what is known to have room, or also on what might have."""

ROUTE_TOTALS: Final = Table(
    "route_totals",
    (
        _VARIANT,
        Column("dig_m", "float", "m", required=True, low=0),
        Column("reuse_m", "float", "m", required=True, low=0),
        Column("length_m", "float", "m", required=True, low=0),
        Column("owners", "int", "owners", required=True, low=0),
        Column("assets", "int", "assets", required=True, low=0),
        Column("unknown", "int", "assets", required=True, low=0),
        Column("dig_m_saved", "float", "m"),
    ),
    key=("variant",),
)
"""Metres to dig and on what exists, by variant; `dig_m_saved` against digging alone, empty where no road leads from end to end."""

ROUTE_SURVEY: Final = Table(
    "route_survey",
    (
        Column("rank", "int", "", required=True, low=1),
        Column("leg_kind", required=True, values=("duct", "span")),
        Column("owner"),
        Column("contact"),
        Column("assets", required=True),
        Column("asset_count", "int", "assets", required=True, low=0),
        Column("length_m", "float", "m", required=True, low=0),
        Column("dig_m_saved", "float", "m"),
        Column("dig_m_lost", "float", "m"),
    ),
    key=("rank",),
    geometry="line",
)
"""Stretches of which nothing is known, by what knowing might spare: `dig_m_saved` if this one alone has room, `dig_m_lost` if it alone has
none. Both are empty for stretches that were not tried alone, and infinite differences, where a route hangs on the stretch, are empty too.
"""

ROUTE_OWNERS: Final = Table(
    "route_owners",
    (
        _VARIANT,
        Column("owner", required=True),
        Column("contact"),
        Column("duct_m", "float", "m", required=True, low=0),
        Column("span_m", "float", "m", required=True, low=0),
        Column("assets", "int", "assets", required=True, low=0),
        Column("unknown", "int", "assets", required=True, low=0),
        Column("spare", "int", "ways or slots", low=0),
        Column("rent_vnd_year", "float", "VND/year", low=0),
        Column("rent_from", "date"),
        Column("rent_source"),
        Column("rent_verified", "bool"),
    ),
    key=("variant", "owner"),
)
"""Whom to call for a route on what exists; the rent is that of its ducts by the price in force, empty where there is none."""

SHARES: Final = Table(
    "shares",
    (
        Column("suggestion_id", required=True),
        Column("road_id", required=True),
        Column("firm", required=True),
        Column("unit", required=True, values=("m", "VND")),
        Column("key", required=True, values=SHARE_KEYS),
        Column("alone", "float", "see unit", required=True, low=0),
        Column("total", "float", "see unit", required=True, low=0),
        Column("statutory", "float", "see unit", low=0),
        Column("statutory_in_core", "bool"),
        Column("not_above_alone", "bool"),
        Column("capped", "float", "see unit", low=0),
        Column("saving", "float", "see unit"),
        Column("shapley", "float", "see unit", required=True),
        Column("shapley_in_core", "bool", required=True),
    ),
    key=("suggestion_id", "firm", "unit"),
)
"""What a firm pays of a joint trench or set: by the statutory key, at most what it would alone (`capped`), and as reference by Shapley.

`total` is of all together. What the key counts may not be known: then what follows from it is empty.
"""

LEAVING: Final = Table(
    "leaving",
    (
        Column("suggestion_id", required=True),
        Column("road_id", required=True),
        Column("leaver", required=True),
        Column("firm", required=True),
        Column("unit", required=True, values=("m", "VND")),
        Column("key", required=True, values=SHARE_KEYS),
        Column("pays_before", "float", "see unit", required=True, low=0),
        Column("pays_after", "float", "see unit", required=True, low=0),
        Column("alone", "float", "see unit", required=True, low=0),
        Column("rest_dug_m", "float", "m", required=True, low=0),
        Column("rest_total", "float", "see unit", required=True, low=0),
        Column("still_saves", "bool", required=True),
    ),
    key=("suggestion_id", "leaver", "firm", "unit"),
)
"""What `firm` pays with everybody and once `leaver` has left, and what those that stay dig and pay together."""
