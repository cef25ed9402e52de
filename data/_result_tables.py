"""Contracts of the tables of a run, public through `hatang.data.contracts`."""

from collections.abc import Mapping
from typing import Final

from hatang.data._input_tables import ENVIRONMENT, PERIOD, WARD, share
from hatang.data._names import AssetClass, BoundarySource, GapKind, SuggestionKind, Technology, Verdict
from hatang.data._official_tables import DECLARED
from hatang.data._route_tables import ROUTE_TABLES
from hatang.data._sharing_tables import SHARING_TABLES
from hatang.data._tables import Column, Table
from hatang.data._underground_tables import UNDERGROUND_TABLES

WARD_KEY: Final = ("ward_code", "operator", "technology", "environment", "period")
WARD_TABLE = Table(
    "ward_table",
    (
        *WARD,
        Column("operator", required=True),
        Column("technology", required=True, values=tuple(Technology)),
        ENVIRONMENT,
        PERIOD,
        Column("tests", "int", "tests", low=0),
        Column("devices", "int", "devices", low=0),
        Column("median_rsrp_dbm", "float", "dBm"),
        Column("p10_rsrp_dbm", "float", "dBm"),
        *(share(name) for name in ("pass_share", "pass_lo", "pass_hi", "claimed_area_share", "claimed_population_share")),
        *(share(name) for name in ("area_share", "area_lo", "area_hi", "population_share", "population_lo", "population_hi")),
        Column("verdict", required=True, values=tuple(Verdict)),
        Column("tests_needed", "int", "tests", low=0),
        Column("boundary_source", required=True, values=tuple(BoundarySource)),
        Column("ward_version", required=True),
        Column("cells_measured", "int", "cells", low=0),
        Column("cells_total", "int", "cells", low=0),
        Column("evidence", values=("tests", "declared", "none")),
        Column("population_spread", values=("even", "raster")),
        Column("population_source"),
    ),
    key=WARD_KEY,
)
"""One row per ward × operator × technology × environment × period; shares are 0–1, empty means not known, never 0."""

RAW_TESTS = Table(
    "raw_tests",
    (
        *WARD,
        Column("operator", required=True),
        Column("technology", required=True, values=tuple(Technology)),
        ENVIRONMENT,
        PERIOD,
        Column("tests", "int", "tests", required=True, low=1),
        Column("no_service", "int", "tests", required=True, low=0),
        Column("devices", "int", "devices", required=True, low=0),
        Column("median_rsrp_dbm", "float", "dBm"),
        Column("p10_rsrp_dbm", "float", "dBm"),
        Column("p95_rsrp_dbm", "float", "dBm"),
        Column("share_at_level", "float", "share", required=True, low=0.0, high=1.0),
    ),
    key=WARD_KEY,
)
"""Rows as filed, before cleaning, that have a level or found no service: what a firm can count again in its own file.

Levels are those of the rows that have one; a row without service is none at level.
"""

GAPS = Table(
    "gaps",
    (
        Column("gap_id", required=True),
        Column("gap_kind", required=True, values=tuple(GapKind)),
        *WARD,
        Column("operator", required=True),
        Column("technology", required=True, values=tuple(Technology)),
        ENVIRONMENT,
        PERIOD,
        Column("rank", "int", "", required=True, low=1),
        Column("area_m2", "float", "m²", required=True, low=0),
        Column("population", "float", "people", low=0),
        Column("population_spread", required=True, values=("even", "raster")),
        Column("population_source"),
        Column("tests", "int", "tests", low=0),
        Column("devices", "int", "devices", low=0),
        Column("failures", "int", "tests", low=0),
        share("failure_lo"),
        Column("claims", "int", "claims", low=0),
        Column("nearest_site_id"),
        Column("nearest_site_operator"),
        Column("nearest_site_m", "float", "m", low=0),
        Column("first_period", required=True),
        Column("carried_from"),
        Column("ward_version", required=True),
    ),
    key=("gap_id",),
    geometry="polygon",
)

GAPS_LEFT_OUT = Table(
    "gaps_left_out",
    (
        Column("reason", required=True, values=("small", "narrow")),
        Column("parts", "int", "parts", required=True, low=0),
        Column("area_m2", "float", "m²", required=True, low=0),
    ),
    key=("reason",),
)
"""How many parts were too small or too narrow to be a gap, and their area together."""

SCORECARD = Table(
    "scorecard",
    (
        Column("indicator", required=True),
        Column("clause", required=True),
        Column("unit", required=True),
        Column("target_2030", "float"),
        Column("milestone_2028", "float"),
        Column("previous", "float"),
        Column("value", "float"),
        Column("lo", "float"),
        Column("hi", "float"),
        Column("numerator", "float"),
        Column("denominator", "float"),
        Column("declared", "float"),
        Column("declared_source"),
        Column("declared_date"),
        Column("difference", "float"),
        Column("assessment", required=True, values=("met", "not_met", "insufficient", "not_computed")),
        Column("lead", required=True),
    ),
    key=("indicator",),
)

CORRIDOR = Table(
    "corridor",
    (
        Column("asset_id", required=True),
        Column("asset_class", required=True, values=tuple(AssetClass)),
        Column("kind"),
        Column("owner", required=True),
        Column("contact"),
        Column("road_id", required=True),
        Column("chainage_m", "float", "m", required=True, low=0),
        Column("offset_m", "float", "m", required=True, low=0),
        Column("side", required=True, values=("left", "right", "on")),
        Column("length_m", "float", "m", low=0),
        Column("capacity", "int", "ways or slots", low=0),
        Column("used", "int", "ways or slots", low=0),
        Column("spare", "int", "ways or slots", low=0),
        Column("action", required=True, values=("reuse", "full", "survey", "closed")),
        Column("survey_date", "date"),
    ),
    key=("asset_id",),
    geometry="any",
)
"""Assets within a road's corridor: what can be reused, what is full, and what must be surveyed because its occupancy is unknown."""

SUGGESTIONS = Table(
    "suggestions",
    (
        Column("suggestion_id", required=True),
        Column("kind", required=True, values=tuple(SuggestionKind)),
        Column("road_id", required=True),
        Column("road_name"),
        Column("rank", "int", "", required=True, low=1),
        Column("owner", required=True),
        Column("contact"),
        Column("members"),
        Column("assets", required=True),
        Column("asset_count", "int", "assets", required=True, low=1),
        Column("spare", "int", "ways or slots", low=0),
        Column("ways", "int", "ways", low=0),
        Column("reach_m", "float", "m", low=0),
        Column("alone_m", "float", "m", low=0),
        Column("dug_m", "float", "m", low=0),
        Column("dig_m_saved", "float", "m", low=0),
        Column("saving_vnd", "float", "VND"),
        Column("bound_pct", "float", "%"),
        Column("window_from", "date"),
        Column("window_to", "date"),
        Column("decide_by", "date"),
        Column("rules"),
        Column("violations"),
        Column("assumptions"),
        Column("decision", required=True, values=("open", "accepted", "refused")),
        Column("reason"),
    ),
    key=("suggestion_id",),
    geometry="line",
)
"""What could be done along a road. `owner` has what is used (of what is built together: everybody), `assets` are the assets, plans and
works concerned; `ways` are those that a plan to join works states, empty where it states none; `bound_pct` is by how much fewer metres
could be dug at most; `rules` are clauses that speak of it, `violations` those not met.
"""

VIOLATIONS = Table(
    "violations",
    (
        Column("violation_id", required=True),
        Column("feature_id", required=True),
        Column("code", required=True),
        Column("document", required=True),
        Column("clause", required=True),
        Column("parameter", required=True),
        Column("op", required=True, values=(">=", "<=", "==")),
        Column("measured", "float", "see unit", required=True),
        Column("needed", "float", "see unit", required=True),
        Column("unit", required=True),
        Column("verified", "bool", required=True),
        Column("severity", required=True, values=("breach", "warning")),
    ),
    key=("violation_id",),
    geometry="any",
)
"""Where a plan does not meet a clause: what was measured, in `unit`, and what the clause needs; unverified clauses only warn."""

ASSET_VIOLATIONS = Table(
    "asset_violations",
    (Column("asset_class", values=tuple(AssetClass)), Column("owner"), *VIOLATIONS.columns),
    key=("violation_id",),
    geometry="any",
)
"""The same of assets that stand already, by what the register holds of them: findings to review, since a clause may be younger."""

RESULT_TABLES: Final[Mapping[str, Table]] = {
    t.name: t
    for t in (
        *(WARD_TABLE, RAW_TESTS, GAPS, GAPS_LEFT_OUT, SCORECARD, DECLARED),
        *(CORRIDOR, SUGGESTIONS, VIOLATIONS, ASSET_VIOLATIONS),
        *SHARING_TABLES,
        *ROUTE_TABLES,
        *UNDERGROUND_TABLES,
    )
}
"""Contracts of the tables of a run, by name."""
