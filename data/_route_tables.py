"""Contracts of a need's route, public through `hatang.data.contracts`."""

from typing import Final

from hatang.data._tables import Column, Table

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

ROUTE_TABLES: Final = (ROUTE_LEGS, ROUTE_TOTALS, ROUTE_SURVEY, ROUTE_OWNERS)
