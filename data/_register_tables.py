"""Contracts of the register of shared works, public through `hatang.data.contracts`.

Poles, chambers, duct sections and their ways, spans, what hangs on or lies in them, masts and station houses. After INSPIRE us-net and OGC
MUDDI, occupancy after GraceTHD. Power poles, lamp posts and signal posts are poles of their kind.
"""

from collections.abc import Mapping
from typing import Final

from hatang.data._asset_measures import LAYINGS, SURFACES
from hatang.data._tables import Column, Table

OCCUPANCIES: Final = ("0", "1.1", "1.2", "2", "9")
"""Empty, used and usable, used and unusable, saturated, unknown (GraceTHD `l_occupation_type`, and 9)."""
_STATUS: Final = ("proposed", "planned", "under_construction", "in_service", "inactive", "abandoned")
_COMMON: Final = (
    Column("asset_id", required=True),
    Column("ext_id"),
    Column("owner"),
    Column("manager"),
    Column("status", values=_STATUS),
    Column("valid_from", "date"),
    Column("valid_to", "date"),
    Column("survey_date", "date"),
    Column("position_class", values=("A", "B", "C", "U")),
    Column("position_accuracy_m", "float", "m", low=0),
    Column("source"),
    Column("confidentiality", values=("public", "operators", "regulator")),
    Column("sharable", values=("yes", "conditional", "no")),
)
_OCCUPANCY: Final = Column("occupancy", values=OCCUPANCIES)

POLES: Final = Table(
    "poles",
    (
        *_COMMON,
        Column("kind", values=("telecom", "power_lv", "power_mv", "lighting", "signal", "multi")),
        Column("material"),
        Column("height_m", "float", "m", low=0, high=80),
        Column("allow_moment_knm", "float", "kN·m", low=0),
        Column("used_moment_knm", "float", "kN·m", low=0),
        Column("slots_total", "int", "slots", low=0),
        Column("slots_used", "int", "slots", low=0),
        Column("boxes_used", "int", "boxes", low=0),
        Column("slack_m", "float", "m", low=0),
        _OCCUPANCY,
        Column("condition", values=("ok", "poor", "replace", "unknown")),
    ),
    key=("asset_id",),
    geometry="point",
)
CHAMBERS: Final = Table(
    "chambers",
    (
        *_COMMON,
        Column("kind", values=("manhole", "handhole", "vault")),
        Column("length_mm", "float", "mm", low=0),
        Column("width_mm", "float", "mm", low=0),
        Column("depth_mm", "float", "mm", low=0),
        Column("cover_class"),
        Column("entries_total", "int", "entries", low=0),
        Column("entries_used", "int", "entries", low=0),
        Column("floor_gap_mm", "float", "mm", low=0),
        Column("lid_cover_m", "float", "m", low=0),
        Column("surface", values=SURFACES),
        _OCCUPANCY,
    ),
    key=("asset_id",),
    geometry="point",
)
DUCT_SECTIONS: Final = Table(
    "duct_sections",
    (
        *_COMMON,
        Column("from_id"),
        Column("to_id"),
        Column("length_m", "float", "m", low=0),
        Column("laying", values=LAYINGS),
        Column("ways", "int", "ways", low=0),
        Column("layers", "int", "layers", low=0),
        Column("cover_m", "float", "m", low=0),
        Column("slab_mm", "float", "mm", low=0),
        Column("duct_gap_mm", "float", "mm", low=0),
        Column("surface", values=SURFACES),
        Column("trench_top_mm", "float", "mm", low=0),
        Column("trench_bottom_mm", "float", "mm", low=0),
        Column("year", "int", "year", low=1900, high=2100),
    ),
    key=("asset_id",),
    geometry="line",
)
DUCT_WAYS: Final = Table(
    "duct_ways",
    (
        Column("way_id", required=True),
        Column("section_id"),
        Column("way_number", "int", "ways", low=0),
        Column("parent_way_id"),
        Column("owner"),
        Column("inner_mm", "float", "mm", low=0),
        Column("use", values=("empty", "used", "blocked", "maintenance", "manoeuvre", "reserved")),
        Column("cable_area_mm2", "float", "mm²", low=0),
        Column("fill_pct", "float", "%", low=0),
        _OCCUPANCY,
    ),
)
"""One row a way and section it runs through: a long duct passes several sections under one `way_id`."""
SPANS: Final = Table(
    "spans",
    (*_COMMON, Column("from_id"), Column("to_id"), Column("length_m", "float", "m", low=0)),
    key=("asset_id",),
    geometry="line",
)
ATTACHMENTS: Final = Table(
    "attachments",
    (
        Column("attachment_id", required=True),
        Column("asset_id", required=True),
        Column("operator"),
        Column("cable_outer_mm", "float", "mm", low=0),
        Column("mass_kg_per_m", "float", "kg/m", low=0),
    ),
)
"""One row a cable and the asset (pole, span, or way of a duct) it hangs on or lies in."""
MASTS: Final = Table(
    "masts",
    (
        *_COMMON,
        Column("kind", values=("mast", "roof")),
        Column("mast_class", values=("A1", "A2a", "A2b")),
        Column("height_m", "float", "m", low=0, high=350),
        Column("free_height_m", "float", "m", low=0, high=350),
        Column("wind_check_date", "date"),
        Column("tenants", "int", "operators", low=0),
        Column("tenant_names"),
        Column("power", values=("grid", "generator", "solar", "none")),
        Column("backhaul", values=("fibre", "microwave", "satellite", "none")),
        Column("camouflaged", "bool"),
        Column("house_id"),
    ),
    key=("asset_id",),
    geometry="point",
)
STATION_HOUSES: Final = Table(
    "station_houses",
    (
        *_COMMON,
        Column("area_m2", "float", "m²", low=0),
        Column("racks_total", "int", "racks", low=0),
        Column("racks_used", "int", "racks", low=0),
        Column("tenants", "int", "operators", low=0),
        Column("power_kw", "float", "kW", low=0),
    ),
    key=("asset_id",),
    geometry="point",
)

REGISTER_TABLES: Final[Mapping[str, Table]] = {
    t.name: t for t in (POLES, CHAMBERS, DUCT_SECTIONS, DUCT_WAYS, SPANS, ATTACHMENTS, MASTS, STATION_HOUSES)
}
"""Contracts of the register, by name."""

ROOM: Final = Table(
    "room",
    (
        Column("asset_id", required=True),
        Column("capacity", "int", "count", low=0),
        Column("used", "int", "count", low=0),
        Column("unknown", "int", "count", low=0),
        Column("reserve", "int", "count", low=0),
        Column("spare", "int", "count", low=0),
        Column("action", required=True, values=("closed", "survey", "full", "reuse")),
    ),
)
"""Room in ways, slots, entries or racks: `spare` is what is known to be free after the reserve, missing if nothing is known."""

REGISTER_WARDS: Final = Table(
    "register_wards",
    (
        Column("ward_code"),
        Column("ward_name"),
        Column("asset_class", required=True),
        Column("assets", "int", "assets", low=0),
        Column("length_m", "float", "m", low=0),
        Column("room_known", "int", "assets", low=0),
        Column("room_unknown", "int", "assets", low=0),
        Column("spare", "int", "count", low=0),
    ),
)
"""The register ward by ward: assets, length of ducts, of how many the room is known, and ways or slots known to be free."""

FINDINGS: Final = Table(
    "findings",
    (
        Column("finding", required=True),
        Column("table", required=True, values=tuple(REGISTER_TABLES)),
        Column("asset_id", required=True),
        Column("other_id"),
        Column("measured", "float", "as `unit`"),
        Column("needed", "float", "as `unit`"),
        Column("unit"),
        Column("severity", required=True, values=("left_out", "emptied", "warning")),
    ),
    geometry="any",
    placed=False,
)
"""What is wrong in a register, with what was found and what was needed, where it is: the row left out, a cell emptied, or a warning."""

OVERLAPS: Final = Table(
    "overlaps",
    (
        Column("left_id", required=True),
        Column("left_kind", required=True, values=("plan", "work")),
        Column("left_owner"),
        Column("right_id", required=True),
        Column("right_kind", required=True, values=("plan", "work")),
        Column("right_owner"),
        Column("overlap_m", "float", "m", low=0),
        Column("overlap_share", "float", "share", low=0, high=1),
        Column("window_from", "date"),
        Column("window_to", "date"),
        Column("time", required=True, values=("meets", "apart", "unknown")),
        Column("group", "int", "number", low=1),
    ),
    key=("left_kind", "left_id", "right_kind", "right_id"),
)
"""Plans and works that run side by side, whether their windows meet, and the group that those who meet form."""

COMMON_ROUTES: Final = Table(
    "common_routes",
    (
        Column("firm", required=True),
        Column("other", required=True),
        Column("distance_m", "float", "m", low=0),
        Column("near_m", "float", "m", low=0),
        Column("beside_m", "float", "m", low=0),
        Column("route_m", "float", "m", low=0),
        Column("near_share", "float", "share", low=0, high=1),
        Column("beside_share", "float", "share", low=0, high=1),
    ),
    key=("firm", "other", "distance_m"),
    geometry="any",
    placed=False,
)
"""Who could have dug with whom: how much of a firm's routes lies near another's (`any`: near anybody's), and where it runs beside them."""

MEETINGS: Final = Table(
    "meetings",
    (
        Column("meeting_id", required=True),
        Column("own_id", required=True),
        Column("from_m", "float", "m", low=0),
        Column("to_m", "float", "m", low=0),
        Column("window_from", "date", required=True),
        Column("window_to", "date", required=True),
    ),
    geometry="any",
)
"""What one firm is told in confidential mode: where on its own line, from and to, and in which window it meets somebody."""
