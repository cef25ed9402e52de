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

DECIDED: Final = Table(
    "decided",
    (
        Column("suggestion_id", required=True),
        Column("kind", required=True, values=tuple(SuggestionKind)),
        Column("owner", required=True),
        Column("decision", required=True, values=("open", "accepted", "refused")),
        Column("reason"),
        Column("organisation", required=True),
        Column("decided_by", required=True),
        Column("decided_on", "date", required=True),
        Column("owed_count", "int", "ways or slots", low=0),
        Column("owed_unit", values=("ways", "slots")),
        Column("owed_assets"),
        Column("owed_by"),
        Column("owed_why"),
    ),
    key=("suggestion_id",),
)
"""What was decided on the suggestions of a run, by whom and on which day, and the capacity that a refusal owes: unknown where empty."""

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

RENT_OR_BUILD: Final = Table(
    "rent_or_build",
    (
        Column("road_id", required=True),
        Column("firm", required=True),
        Column("owner", required=True),
        Column("reuse_m", "float", "m", required=True, low=0),
        Column("ways", "int", "ways", required=True, low=1),
        Column("ways_assumed", "bool", required=True),
        Column("rent_vnd_m_year", "float", "VND", low=0),
        Column("rent_vnd_year", "float", "VND", low=0),
        Column("rent_from", "date"),
        Column("rent_source"),
        Column("rent_verified", "bool"),
        Column("build_vnd", "float", "VND", low=0),
        Column("build_basis", values=("prices", "declared")),
        Column("break_even_years", "float", "years", low=0),
    ),
    key=("road_id", "firm", "owner"),
)
"""Rent of an owner's ways along a firm's plans against building as much: of all its ways a year, and the years until both cost the same."""

VARIANTS: Final = Table(
    "variants",
    (
        Column("road_id", required=True),
        Column("variant", required=True, values=("A", "B", "C")),
        Column("recommended", "bool", required=True),
        Column("why"),
        Column("dug_m", "float", "m", required=True, low=0),
        Column("saved_m", "float", "m", required=True),
        Column("reused_m", "float", "m", required=True, low=0),
        Column("cost_vnd", "float", "VND", low=0),
        Column("saving_vnd", "float", "VND"),
        Column("rent_vnd_year", "float", "VND", low=0),
        Column("firms", "int", "operators", required=True, low=1),
        Column("firms_in_time", "int", "operators", required=True, low=0),
        Column("members", required=True),
        Column("rules"),
        Column("violations"),
        Column("assumptions"),
    ),
    key=("road_id", "variant"),
)
"""Reuse first (A), one trench or set for everybody (B), each alone (C): `saved_m` and `saving_vnd` are against C, rent stands apart."""

SET_NOTES: Final = Table(
    "set_notes", (Column("code", required=True), Column("road_id", required=True), Column("amount", "float", "see code", low=0))
)
"""What was assumed or left out of a road's new set; `amount` is the number that the sentence names, where it names one."""

NEW_POLES: Final = Table(
    "new_poles",
    (
        Column("feature_id", required=True),
        Column("side", required=True, values=("left", "right")),
        Column("chainage_m", "float", "m", required=True, low=0),
    ),
    key=("feature_id",),
    geometry="point",
)
"""New shared poles along a road where ducts cannot be built and no cable pole stands."""

RULE_COVERAGE: Final = Table(
    "rule_coverage",
    (
        Column("code", required=True),
        Column("judged", "int", "things", required=True, low=0),
        Column("violating", "int", "things", required=True, low=0),
        Column("unjudged", "int", "things", low=0),
        Column(
            "lacks",
            values=(
                *("no_such", "sketch", "roads", "buildings", "assets", "profile", "levels", "brackets", "chamber_size", "lid_cover"),
                *("area", "attachments", "utilities", "cables"),
            ),
        ),
    ),
    key=("code",),
)
"""How far the clauses in force could be held against a road's new set: things judged, those that do not meet the clause, and those that
it speaks of but that were not measured, empty where not even their number is known. `lacks` is what is missing to judge them, `no_such`
where the set has nothing that the clause speaks of, empty where all were judged."""

SHARING_TABLES: Final = (SHARING_KPIS, MAST_SUGGESTIONS, SHARES, LEAVING, RENT_OR_BUILD, VARIANTS, SET_NOTES, NEW_POLES, RULE_COVERAGE)
"""Those that a run may hold."""
