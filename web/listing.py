"""Tables beside the map: numbers stay numbers, so that a column sorts by value, and are shown by the one rounding of `figures`."""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pandas as pd
from pandas.io.formats.style import Styler

from hatang.data.contracts import ALL, ANY, Environment, Technology, Verdict
from hatang.data.figures import MISSING, shown, shown_date
from hatang.data.language import Language, message_ids, text
from hatang.web.words import asset_name, environment_name, known, operator_name, party_names, technology_name, verdict_name

_TECHNOLOGIES: Final = (Technology.MOBILE, Technology.LTE, Technology.NR, Technology.FIBRE)
"""The plan's own row, 4G or 5G, comes first."""
_VERDICT_COLOURS: Final = {Verdict.COVERED: "#D6E8F5", Verdict.GAP: "#FBE3CF", Verdict.INSUFFICIENT: "#ECEEF0"}
_ORDER: Final = {Verdict.GAP: 0, Verdict.INSUFFICIENT: 1, Verdict.COVERED: 2}
_WIDTHS: Final = {
    "ward": 150,
    "verdict": 195,
    "operator": 150,
    "technology": 85,
    "gap_kind": 240,
    "suggestion": 170,
    "owner": 110,
    "contact": 220,
}
Shower = Callable[[object], str]


@dataclass(frozen=True, slots=True)
class Headline:
    """How many wards meet the target, do not, or cannot be judged yet."""

    covered: int
    gap: int
    insufficient: int

    @property
    def total(self) -> int:
        """All wards judged."""
        return self.covered + self.gap + self.insufficient


def widths(language: Language) -> dict[str, int]:
    """Return widths in pixels of the columns that hold words, by title; figures take what they need."""
    return {_head(name, language): pixels for name, pixels in _WIDTHS.items()}


def technologies(ward_table: pd.DataFrame) -> list[str]:
    """Return the technologies that the ward table holds, the plan's own first."""
    held = set(ward_table["technology"])
    return [str(name) for name in _TECHNOLOGIES if name in held]


def operators(ward_table: pd.DataFrame, technology: str) -> list[str]:
    """Return `any`, `all` and the operators that have rows for a technology."""
    held = set(ward_table.loc[ward_table["technology"] == technology, "operator"])
    return [name for name in (ANY, ALL) if name in held] + sorted(held - {ANY, ALL})


def selected(ward_table: pd.DataFrame, *, technology: str, operator: str) -> pd.DataFrame:
    """Return the rows of one operator and technology where the plan looks: outdoors, for fibre at the premises."""
    place = Environment.PREMISES if technology == Technology.FIBRE else Environment.OUTDOOR
    rows = ward_table[
        (ward_table["technology"] == technology) & (ward_table["operator"] == operator) & (ward_table["environment"] == place)
    ]
    return rows.reset_index(drop=True)


def headline(rows: pd.DataFrame) -> Headline:
    """Return the counts of the three verdicts."""
    counts = rows["verdict"].value_counts()
    return Headline(*(int(counts.get(str(verdict), 0)) for verdict in (Verdict.COVERED, Verdict.GAP, Verdict.INSUFFICIENT)))


def ward_list(rows: pd.DataFrame, language: Language) -> Styler:
    """Return the wards of one selection, those that do not meet the target first."""
    order = rows.assign(_order=rows["verdict"].map(_ORDER)).sort_values(["_order", "population_share", "ward_code"], na_position="last")
    columns: dict[str, tuple[str, Shower]] = {
        "ward_name": ("ward", known),
        "verdict": ("verdict", partial(verdict_name, language=language)),
        "population_share": ("share", _share(language)),
        "population_lo": ("lo", _share(language)),
        "population_hi": ("hi", _share(language)),
        "tests": ("tests", figure("tests", language)),
        "tests_needed": ("tests_needed", figure("tests", language)),
        "claimed_population_share": ("claimed", _share(language)),
    }
    return styled(order, columns, language)


def ward_detail(ward_table: pd.DataFrame, ward_code: str, language: Language) -> Styler:
    """Return every row of one ward: each operator and technology, the claim beside the tests."""
    rows = ward_table[ward_table["ward_code"] == ward_code]
    first = {name: place for place, name in enumerate(_TECHNOLOGIES)}
    rank = {ANY: 0, ALL: 1}
    order = rows.assign(_technology=rows["technology"].map(first), _operator=rows["operator"].map(rank).fillna(2)).sort_values(
        ["_technology", "environment", "_operator", "operator"]
    )
    columns: dict[str, tuple[str, Shower]] = {
        "technology": ("technology", partial(technology_name, language=language)),
        "operator": ("operator", partial(operator_name, language=language)),
        "verdict": ("verdict", partial(verdict_name, language=language)),
        "population_share": ("share", _share(language)),
        "population_lo": ("lo", _share(language)),
        "population_hi": ("hi", _share(language)),
        "claimed_population_share": ("claimed", _share(language)),
        "pass_share": ("passed", _share(language)),
        "pass_lo": ("passed_lo", _share(language)),
        "pass_hi": ("passed_hi", _share(language)),
        "tests": ("tests", figure("tests", language)),
        "devices": ("devices", figure("tests", language)),
        "tests_needed": ("tests_needed", figure("tests", language)),
        "median_rsrp_dbm": ("median", figure("dBm", language)),
        "environment": ("environment", partial(environment_name, language=language)),
    }
    return styled(order, columns, language)


def raw_list(raw_tests: pd.DataFrame, language: Language) -> Styler:
    """Return the tests as filed, before cleaning, of each operator and technology."""
    columns: dict[str, tuple[str, Shower]] = {
        "technology": ("technology", partial(technology_name, language=language)),
        "operator": ("operator", partial(operator_name, language=language)),
        "tests": ("raw_tests", figure("tests", language)),
        "no_service": ("no_service", figure("tests", language)),
        "devices": ("devices", figure("tests", language)),
        "median_rsrp_dbm": ("median", figure("dBm", language)),
        "p10_rsrp_dbm": ("p10", figure("dBm", language)),
        "p95_rsrp_dbm": ("p95", figure("dBm", language)),
        "share_at_level": ("at_level", _share(language)),
        "environment": ("environment", partial(environment_name, language=language)),
    }
    held = {name: words for name, words in columns.items() if name in raw_tests}  # results of before 0.5 do not tell tests without service
    return styled(raw_tests, held, language)


def gap_list(gaps: pd.DataFrame, language: Language) -> Styler:
    """Return gaps by rank."""
    columns: dict[str, tuple[str, Shower]] = {
        "rank": ("rank", figure("wards", language)),
        "gap_kind": ("gap_kind", lambda code: text(f"gap.{code}", language)),
        "operator": ("operator", partial(operator_name, language=language)),
        "technology": ("technology", partial(technology_name, language=language)),
        "area_km2": ("area_km2", figure("km²", language)),
        "population": ("people", figure("people", language)),
        "failures": ("failures", figure("tests", language)),
        "tests": ("tests", figure("tests", language)),
        "nearest_site_operator": ("nearest_operator", partial(operator_name, language=language)),
        "nearest_site_m": ("nearest_m", figure("m", language)),
    }
    frame = pd.DataFrame(gaps.drop(columns="geometry", errors="ignore")).sort_values("rank")
    return styled(frame.assign(area_km2=frame["area_m2"] / 1e6), columns, language)


def suggestion_list(suggestions: pd.DataFrame, language: Language) -> Styler:
    """Return suggestions by rank."""
    columns: dict[str, tuple[str, Shower]] = {
        "rank": ("rank", figure("wards", language)),
        "kind": ("suggestion", lambda code: text(f"web.suggestion.{code}", language)),
        "members": ("parties", partial(party_names, language=language)),
        "dig_m_saved": ("dig_saved", figure("m", language)),
        "alone_m": ("alone_m", figure("m", language)),
        "saving_vnd": ("saving_vnd", figure("VND", language)),
        "spare": ("spare", figure("ways", language)),
        "decide_by": ("decide_by", partial(_date, language=language)),
        "decision": ("decision", lambda code: text(f"decision.{code}", language)),
        "contact": ("contact", known),
    }
    return styled(pd.DataFrame(suggestions.drop(columns="geometry", errors="ignore")).sort_values("rank"), columns, language)


def decision_list(suggestions: pd.DataFrame, language: Language) -> Styler:
    """Return suggestions of all roads by rank, each with what was decided on it."""
    rows = suggestions.assign(road=suggestions["road_name"].where(suggestions["road_name"].notna(), suggestions["road_id"]))
    columns: dict[str, tuple[str, Shower]] = {
        "rank": ("rank", figure("wards", language)),
        "kind": ("suggestion", lambda code: text(f"suggestion.{code}", language)),
        "road": ("road", known),
        "ward_name": ("ward", known),
        "owner": ("owner", partial(party_names, language=language)),
        "dig_m_saved": ("dig_saved", figure("m", language)),
        "saving_vnd": ("saving_vnd", figure("VND", language)),
        "bound_pct": ("bound_pct", figure("%", language)),
        "decision": ("decision", lambda code: text(f"decision.{code}", language)),
        "reason": ("decision_reason", known),
        "suggestion_id": ("suggestion_id", known),
    }
    return styled(pd.DataFrame(rows.drop(columns="geometry", errors="ignore")), columns, language)


def call_list(corridor: pd.DataFrame, language: Language) -> Styler:
    """Return whom to call: each owner, the contact, and how many assets can be reused, are full, or must be surveyed."""
    owners = [corridor["owner"], corridor["contact"].fillna("")]
    counts = pd.crosstab(owners, corridor["action"]).reset_index()
    columns: dict[str, tuple[str, Shower]] = {
        "owner": ("owner", partial(operator_name, language=language)),
        "contact": ("contact", known),
        **{name: (f"action_{name}", figure("assets", language)) for name in ("reuse", "full", "survey", "closed")},
    }
    return styled(counts.reindex(columns=list(columns), fill_value=0), columns, language)


def survey_list(corridor: pd.DataFrame, language: Language) -> Styler:
    """Return the assets whose occupancy nobody knows, along the road."""
    columns: dict[str, tuple[str, Shower]] = {
        "asset_id": ("asset", known),
        "asset_class": ("asset_class", partial(asset_name, language=language)),
        "owner": ("owner", partial(operator_name, language=language)),
        "chainage_m": ("chainage", figure("m", language)),
        "offset_m": ("offset", figure("m", language)),
        "capacity": ("capacity", figure("ways", language)),
        "survey_date": ("survey_date", partial(_date, language=language)),
    }
    rows = corridor[corridor["action"] == "survey"].sort_values(["road_id", "chainage_m"])
    return styled(pd.DataFrame(rows.drop(columns="geometry", errors="ignore")), columns, language)


def group_list(groups: pd.DataFrame, language: Language) -> Styler:
    """Return the groups of plans and works that could dig together, in their order."""
    columns: dict[str, tuple[str, Shower]] = {
        "members": ("members", known),
        "owners": ("parties", known),
        "window_from": ("window_from", partial(_date, language=language)),
        "window_to": ("window_to", partial(_date, language=language)),
        "join_deadline": ("join_deadline", partial(_date, language=language)),
        "dig_m_saved": ("dig_saved", figure("m", language)),
    }
    return styled(groups, columns, language)


def pair_list(found: pd.DataFrame, language: Language) -> Styler:
    """Return who could have dug with whom, the longest common stretch first."""
    columns: dict[str, tuple[str, Shower]] = {
        "left_id": ("first", known),
        "left_owner": ("first_owner", partial(operator_name, language=language)),
        "right_id": ("second", known),
        "right_owner": ("second_owner", partial(operator_name, language=language)),
        "overlap_m": ("overlap", figure("m", language)),
        "time": ("time", lambda code: text(f"sharing.time.{code}", language)),
    }
    rows = pd.DataFrame(found.drop(columns="geometry", errors="ignore")).sort_values("overlap_m", ascending=False, kind="stable")
    return styled(rows, columns, language)


def timing_list(timing: pd.DataFrame, language: Language) -> Styler:
    """Return what each plan should do, those who have to decide first at the top."""
    columns: dict[str, tuple[str, Shower]] = {
        "plan_id": ("plan", known),
        "operator": ("operator", partial(operator_name, language=language)),
        "work_id": ("work", known),
        "advice": ("advice", lambda code: text(f"sharing.advice.{code}", language)),
        "reason": ("reason", lambda code: text(f"sharing.reason.{code}", language)),
        "decide_by": ("decide_by", partial(_date, language=language)),
        "not_before": ("not_before", partial(_date, language=language)),
    }
    return styled(timing.sort_values(["decide_by", "plan_id"], na_position="last"), columns, language)


def design_operator_list(operators: pd.DataFrame, language: Language) -> Styler:
    """Return what each operator pays in a joint design by each key, and alone."""
    unit = str(operators["unit"].iloc[0])
    columns: dict[str, tuple[str, Shower]] = {
        "operator": ("operator", partial(operator_name, language=language)),
        "plans": ("plans", figure("assets", language)),
        "built_m": ("built_m", figure("m", language)),
        "rented_m": ("rented_m", figure("m", language)),
        **{name: (name, figure(unit, language)) for name in ("alone", "statutory", "saved", "capped", "shapley")},
    }
    return styled(operators, columns, language)


def design_edge_list(edges: pd.DataFrame, language: Language) -> Styler:
    """Return the stretches that a joint design goes along, those with most plans first."""
    columns: dict[str, tuple[str, Shower]] = {
        "edge_id": ("stretch", str),
        "road_name": ("road", known),
        "option": ("option", lambda code: text(f"sharing.option.{code}", language)),
        "operators": ("operators", partial(_operators, language=language)),
        "length_m": ("length", figure("m", language)),
        "cost": ("design_cost", figure(str(edges["unit"].iloc[0]), language)),
        "uses": ("uses", known),
    }
    rows = pd.DataFrame(edges.drop(columns="geometry", errors="ignore"))
    return styled(rows.sort_values(["users", "length_m"], ascending=False, kind="stable"), columns, language)


def design_note_list(notes: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return what a joint design left out or assumed (`id` and `note` in words)."""
    return pd.DataFrame({_head("row_id", language): notes["id"].to_numpy(), _head("reason", language): notes["note"].to_numpy()})


def note_list(notes: pd.DataFrame, language: Language) -> pd.DataFrame:
    """Return the rows that were left out, or count without their dates, each with why."""
    words = [text(f"sharing.note.{code}", language) for code in notes["code"]]
    return pd.DataFrame({_head("row_id", language): notes["id"].to_numpy(), _head("reason", language): words})


def rule_list(configuration: Mapping[str, Mapping[str, Any]], language: Language) -> pd.DataFrame:
    """Return the thresholds of a run: value, unit, date, source, and whether the source's text was read."""
    head = partial(_head, language=language)
    return pd.DataFrame(
        [
            {
                head("rule"): _rule_name(name, language),
                head("value"): shown(rule["value"], str(rule["unit"]), language),
                head("unit"): "" if rule["unit"] == "share" else text(f"unit.{rule['unit']}", language),
                head("since"): shown_date(dt.date.fromisoformat(str(rule["from"])), language),
                head("verified"): text(f"web.verified.{'yes' if rule['verified'] else 'no'}", language),
                head("source"): str(rule["source"]),
            }
            for name, rule in sorted(configuration.items())
        ]
    )


def input_list(inputs: tuple[Mapping[str, Any], ...], language: Language, *, withdrawn: Collection[str] = ()) -> pd.DataFrame:
    """Return the data sets that a run counted, with the hash of each; those withdrawn since are marked beside their file."""
    mark = text("results.input_withdrawn", language)
    head = partial(_head, language=language)
    return pd.DataFrame(
        [
            {
                head("file"): f"{known(entry.get('file'))} ({mark})" if entry.get("id") in withdrawn else known(entry.get("file")),
                head("kind"): text(f"web.kind.{entry['kind']}", language),
                head("operator"): operator_name(entry.get("operator"), language),
                head("period"): known(entry.get("period")),
                head("rows_kept"): shown(entry.get("rows_kept"), "tests", language),
                head("rows_refused"): shown(entry.get("rows_refused"), "tests", language),
                head("hash"): str(entry["sha256"])[:12],
                head("origin"): known(entry.get("source")),
            }
            for entry in inputs
        ]
    )


def _rule_name(name: str, language: Language) -> str:
    """Return a threshold in words, or its name where the catalogues have none yet."""
    message = f"web.rule.{name}"
    return text(message, language) if message in message_ids(language) else name


def ledger_list(ledger: pd.DataFrame, language: Language) -> Styler:
    """Return what cleaning did to the rows of the tests, step by step."""
    columns: dict[str, tuple[str, Shower]] = {
        "step": ("step", lambda step: text(f"ledger.{step}", language)),
        "rows": ("rows", figure("tests", language)),
    }
    return styled(ledger, columns, language)


def styled(frame: pd.DataFrame, columns: Mapping[str, tuple[str, Shower]], language: Language) -> Styler:
    """Return chosen columns under their titles; what is shown comes from `figures`, what sorts is the value itself."""
    titles = {column: _head(name, language) for column, (name, _) in columns.items()}
    plain = frame.reindex(columns=list(columns)).rename(columns=titles).reset_index(drop=True)
    words = {titles[column]: show for column, (_, show) in columns.items()}
    styler = plain.style.format(words, na_rep=MISSING)  # type: ignore[arg-type]  # a formatter may take any value
    if "verdict" in columns:
        styler = styler.map(_verdict_colour, subset=[titles["verdict"]])
    return styler


def _verdict_colour(code: object) -> str:
    colour = _VERDICT_COLOURS.get(code)  # type: ignore[call-overload]  # a verdict is its own code
    return f"background-color: {colour}; color: #14202B" if colour else ""


def _operators(names: object, language: Language) -> str:
    return ", ".join(operator_name(name, language) for name in str(names).split(", "))


def _head(name: str, language: Language) -> str:
    return text(f"web.column.{name}", language)


def _share(language: Language) -> Shower:
    return partial(shown, unit="share", language=language)


def figure(unit: str, language: Language) -> Shower:
    """Return what shows a figure of a unit by the one rounding."""
    return partial(shown, unit=unit, language=language)


def _date(value: object, language: Language) -> str:
    return shown_date(pd.Timestamp(value).date() if not pd.isna(value) else None, language)  # type: ignore[arg-type,call-overload]  # a date or nothing
