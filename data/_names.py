"""CRS, organisations and enumerations that every room shares, public through `hatang.data.contracts`."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

HUE_CRS: Final = "EPSG:9214"
"""VN-2000 / TM-3 107-00: every length and area is computed here (ADR 2)."""
MAP_CRS: Final = "EPSG:4326"
"""WGS 84: exchange, maps and the stored canonical tables."""
H3_RESOLUTION: Final = 8
"""H3 cells (about 0.7 km²) that carry the sampling statistics and the contradicted areas."""


class Operator(StrEnum):
    """Operators and fixed-line providers known by name; `any` and `all` are derived rows, never filed."""

    VIETTEL = "viettel"
    VNPT = "vnpt"
    MOBIFONE = "mobifone"
    VIETNAMOBILE = "vietnamobile"
    GMOBILE = "gmobile"
    FPT = "fpt"
    SCTV = "sctv"
    CMC = "cmc"


AUTHORITY: Final = "so-khcn"
"""Organisation of a file that names none, the department that runs the store: no operator sees raw data by default."""
ANY: Final = "any"
ALL: Final = "all"
OPERATOR_LABELS: Final[Mapping[str, str]] = {
    "viettel": "Viettel",
    "vnpt": "VNPT",
    "mobifone": "MobiFone",
    "vietnamobile": "Vietnamobile",
    "gmobile": "Gmobile",
    "fpt": "FPT",
    "sctv": "SCTV",
    "cmc": "CMC",
}
"""Proper names; they are written alike in every language."""
PLMN: Final[Mapping[str, str]] = {
    "45201": "mobifone",
    "45202": "vnpt",
    "45204": "viettel",
    "45205": "vietnamobile",
    "45207": "gmobile",
}
"""MCC and MNC of the serving network to operator."""


class Technology(StrEnum):
    """Technologies; `mobile` means 4G or 5G and is derived."""

    LTE = "4g"
    NR = "5g"
    MOBILE = "mobile"
    FIBRE = "fibre"


class Environment(StrEnum):
    """Where the service is used."""

    OUTDOOR = "outdoor"
    IN_VEHICLE = "in_vehicle"
    INDOOR = "indoor"
    PREMISES = "premises"


class Verdict(StrEnum):
    """Three-way verdict: not measured is not uncovered, and claimed is not covered."""

    COVERED = "covered"
    GAP = "gap"
    INSUFFICIENT = "insufficient"


class Kind(StrEnum):
    """Kinds of data set that `ingest` takes; `AUTO` asks it to recognise the file."""

    AUTO = "auto"
    MEASUREMENTS = "measurements"
    CLAIMS = "claims"
    SITES = "sites"
    FIXED = "fixed"
    ASSETS = "assets"
    PLANS = "plans"
    WORKS = "works"
    ROADS = "roads"
    BUILDINGS = "buildings"
    VILLAGES = "villages"
    PLACES = "places"
    WATER = "water"
    CELLS = "cells"
    TILES = "tiles"
    SPEEDS = "speeds"
    POPULATION = "population"
    TERRAIN = "terrain"
    CONSTRAINTS = "constraints"
    UNDERGROUNDING = "undergrounding"
    PRICES = "prices"
    DECLARATIONS = "declarations"
    OUTAGES = "outages"


class AssetClass(StrEnum):
    """Passive infrastructure that can be shared."""

    POLE = "pole"
    CHAMBER = "chamber"
    DUCT_SECTION = "duct_section"


class GapKind(StrEnum):
    """Why an area is not assured: nobody claims it, or tests contradict a claim."""

    UNCLAIMED = "unclaimed"
    CONTRADICTED = "contradicted"


class SuggestionKind(StrEnum):
    """Every kind of suggestion; later issues add members, never a second list."""

    REUSE_WAY = "reuse_way"
    REUSE_POLE = "reuse_pole"
    JOIN_WORKS = "join_works"
    JOINT_TRENCH = "joint_trench"
    NEW_SHARED_SET = "new_shared_set"
    WAIT = "wait"
    SHARE_MAST = "share_mast"
    COLOCATE_NEW_MAST = "colocate_new_mast"
    UNDERGROUND = "underground"
    TIDY_CABLE = "tidy_cable"
    REMOVE_DEAD_CABLE = "remove_dead_cable"


class Choice(StrEnum):
    """What was decided on a suggestion; `open` undoes."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"


class Role(StrEnum):
    """Who people are to the system."""

    LEAD = "lead"
    PLANNER = "planner"
    COMMUNE = "commune"
    OPERATOR = "operator"
    OWNER = "owner"
    READER = "reader"
    ADMIN = "admin"


class DesignOption(StrEnum):
    """How a joint design goes along a stretch of road."""

    WAY = "way"
    POLE = "pole"
    TRENCH = "trench"
    WORKS = "works"
    CROSSING = "crossing"


class BoundarySource(StrEnum):
    """Where the ward boundaries in use come from, best first (ADR 3)."""

    CITY = "city"
    CACHE = "cache"
    DOWNLOAD = "download"
    APPROXIMATE = "approximate"
