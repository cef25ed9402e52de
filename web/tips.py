"""What stands in the tooltip of each kind of shape on a map: lines of text, every figure by the one rounding."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from hatang.data.figures import shown, shown_date, shown_interval, shown_spread
from hatang.data.language import Language, text
from hatang.web.words import asset_name, environment_name, known, operator_name, party_names, technology_name, verdict_name


def _line(message_id: str, language: Language, **fields: object) -> str:
    return text(f"web.tip.{message_id}", language, **fields)


def ward_tip(row: Mapping[str, Any], language: Language) -> list[str]:
    """Return a ward's verdict, share with interval, and tests."""
    share = shown_interval(row["population_share"], row["population_lo"], row["population_hi"], "share", language)
    lines = [str(row["ward_name"]), _line("verdict", language, verdict=verdict_name(row["verdict"], language))]
    if pd.isna(row["verdict"]):
        return lines
    lines.append(_line("share", language, share=share))
    if row["evidence"] == "tests" or row["technology"] != "fibre":
        tests, needed = (shown(row[name], "tests", language) for name in ("tests", "tests_needed"))
        lines.append(_line("tests", language, tests=tests, needed=needed))
    return lines


def gap_tip(row: Mapping[str, Any], language: Language) -> list[str]:
    """Return what an area without assured coverage is."""
    lines = [
        _line("gap", language, rank=row["rank"], ward=row["ward_name"]),
        text(f"gap.{row['gap_kind']}", language),
        " · ".join(
            (
                operator_name(row["operator"], language),
                technology_name(row["technology"], language),
                environment_name(row["environment"], language),
            )
        ),
        _line("area", language, area=shown(row["area_m2"] / 1e6, "km²", language)),
        _line(
            "people",
            language,
            people=shown(row["population"], "people", language),
            spread=shown_spread(pd.DataFrame([row]), language),
        ),
    ]
    if row["gap_kind"] == "contradicted":
        failures, tests, devices = (shown(row[name], "tests", language) for name in ("failures", "tests", "devices"))
        lines.append(_line("failures", language, failures=failures, tests=tests, devices=devices))
    if not pd.isna(row["nearest_site_m"]):
        nearest = operator_name(row["nearest_site_operator"], language)
        lines.append(_line("nearest", language, operator=nearest, distance=shown(row["nearest_site_m"], "m", language)))
    return lines


def site_tip(row: Mapping[str, Any], language: Language) -> list[str]:
    """Return a station."""
    return [
        known(row["site_name"]) if known(row["site_name"]) != known(None) else str(row["site_id"]),
        operator_name(row["operator"], language),
        _line("technologies", language, technologies=known(row["technologies"])),
        _line("mast", language, structure=known(row["structure"]), height=shown(row["height_m"], "m", language)),
        _line("tenants", language, tenants=shown(row["tenants"], "ways", language)),
    ]


def asset_tip(row: Mapping[str, Any], language: Language) -> list[str]:
    """Return an asset's owner and room."""
    ducts = row["asset_class"] == "duct_section"
    total, used = (row["ways"], row["ways_used"]) if ducts else (row["slots_total"], row["slots_used"])
    return [
        f"{asset_name(row['asset_class'], language)} {row['asset_id']}",
        _line("owner", language, owner=operator_name(row["owner"], language)),
        _line("capacity", language, total=shown(total, "ways", language), used=shown(used, "ways", language)),
    ]


def work_tip(row: Mapping[str, Any], language: Language) -> list[str]:
    """Return works with their dates."""
    return [
        known(row["work_name"]),
        _line("promoter", language, promoter=known(row["promoter"])),
        _line("dates", language, start=shown_date(row["start"], language), end=shown_date(row["end"], language)),
        _line("deadline", language, date=shown_date(row["join_deadline"], language)),
    ]


def suggestion_tip(row: Mapping[str, Any], language: Language) -> list[str]:
    """Return what a suggestion spares."""
    return [
        text(f"web.suggestion.{row['kind']}", language),
        _line("owner", language, owner=party_names(row["owner"], language)),
        _line("spare", language, spare=shown(row["spare"], "ways", language)),
        _line("dig_saved", language, metres=shown(row["dig_m_saved"], "m", language)),
    ]


def overlap_tip(row: Mapping[str, Any], language: Language) -> list[str]:
    """Return who meets whom, for how far and when."""
    sides = [f"{row[f'{side}_id']} – {operator_name(row[f'{side}_owner'], language)}" for side in ("left", "right")]
    first, last = (shown_date(row[name], language) for name in ("window_from", "window_to"))
    window = _line("dates", language, start=first, end=last)
    metres = f"{shown(row['overlap_m'], 'm', language)} m, {text('sharing.time.' + row['time'], language)}"
    return [*sides, metres, *([window] if row["time"] == "meets" else [])]


def corridor_tip(row: Mapping[str, Any], language: Language) -> list[str]:
    """Return an asset of a corridor, what to do with it, and where along the road it stands."""
    chainage, offset = (shown(row[name], "m", language) for name in ("chainage_m", "offset_m"))
    return [*room_tip(row, language), _line("chainage", language, chainage=chainage, offset=offset)]


def room_tip(row: Mapping[str, Any], language: Language) -> list[str]:
    """Return an asset, what to do with it, and its room."""
    capacity, used, spare = (shown(row[name], "ways", language) for name in ("capacity", "used", "spare"))
    return [
        f"{asset_name(row['asset_class'], language)} {row['asset_id']}",
        text(f"web.action.{row['action']}", language),
        _line("owner", language, owner=operator_name(row["owner"], language)),
        _line("room", language, capacity=capacity, used=used, spare=spare),
    ]
