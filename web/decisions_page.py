"""Page "Đề xuất và quyết định": the suggestions of every road in one ranked list, and what is decided on each."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import streamlit as st

from hatang.data.contracts import Choice, HatangError, SuggestionKind
from hatang.data.decisions import REASON_LIMIT, Decision
from hatang.data.figures import MISSING, is_missing, shown
from hatang.data.language import error_text, text
from hatang.data.settings import Settings
from hatang.pipeline.decisions import decidable_runs, decide, decided, list_decisions, listed_suggestions
from hatang.reports.bargain_sheets import clauses_named
from hatang.reports.sharing_lists import assumptions_text, owed_text, shares_text, suggestions_csv, suggestions_workbook
from hatang.web import chrome, runs, state
from hatang.web.listing import decision_list
from hatang.web.state import language, say
from hatang.web.waiting import plain
from hatang.web.words import known, party_names

_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILTERS: Final = ("road", "ward", "kind", "owner", "decision")
_HEIGHT: Final = 330


def show() -> None:
    """Draw the page."""
    st.title(say("web.decisions.title"))
    with chrome.errors_spoken():
        city = runs.current(state.settings())
        if city is None:
            st.info(say("web.map.empty"))
            return
        chrome.labels(city)
        home = runs.home_of(state.settings())
        names = tuple(manifest["run_id"] for manifest, _ in decidable_runs(home))
        suggestions = _listed(home.home, names)
        if suggestions.empty:
            st.info(say("web.decisions.empty" if not names else "web.decisions.none"))
            return
        history = list_decisions(home)
        every = decided(suggestions, home)
        _figures(every)
        chosen = _filtered(every)
        if chosen.empty:
            st.info(say("web.decisions.no_match"))
            return
        chrome.table(decision_list(chosen, language()), say("web.decisions.list"), height=_HEIGHT if len(chosen) > 8 else "auto")
        _one(chosen, history, home)
        _owed(every, history)
        with st.expander(say("web.downloads.title")):
            _downloads(chosen, history)


@st.cache_resource(max_entries=2, show_spinner=False)
def _listed(home: Path, names: tuple[str, ...]) -> gpd.GeoDataFrame:
    """Return the list of all roads' runs; `names`, the runs there are, tell when it is another one."""
    return listed_suggestions(Settings(home=home)) if names else gpd.GeoDataFrame()


def _figures(every: gpd.GeoDataFrame) -> None:
    """Show how many there are and what those agreed to save; suggestions not decided on may exclude each other, so theirs is no sum."""
    agreed = every.loc[every["decision"] == Choice.ACCEPTED, "saving_vnd"]
    money = float(agreed.sum()) if every["saving_vnd"].notna().any() and (agreed.empty or agreed.notna().any()) else None
    values = {
        "count": shown(len(every), "assets", language()),
        "open": shown(int((every["decision"] == Choice.OPEN).sum()), "assets", language()),
        "accepted": shown(int((every["decision"] == Choice.ACCEPTED).sum()), "assets", language()),
        "money": MISSING if money is None else shown(money, "VND", language()),
    }
    for column, (name, value) in zip(st.columns(len(values)), values.items(), strict=True):
        column.metric(say(f"web.decisions.{name}"), value)
    if money is None:
        st.caption(say("web.decisions.no_price"))


def _filtered(every: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Offer a choice for each of road, ward, kind, owner and decision; return what is left."""
    roads = every["road_name"].where(every["road_name"].notna(), every["road_id"]).astype(str)
    values: dict[str, pd.Series] = {"road": roads, **{name: every[name].astype(str) for name in ("kind", "owner", "decision")}}
    words: dict[str, Callable[[str], str]] = {
        "kind": lambda code: text(f"suggestion.{code}", language()),
        "decision": lambda code: text(f"decision.{code}", language()),
    }
    wards = every["ward_name"].astype(str)
    kept = pd.Series(data=True, index=every.index)
    for column, name in zip(st.columns(len(_FILTERS)), _FILTERS, strict=True):
        options = {ward for cell in wards for ward in cell.split(", ") if ward} if name == "ward" else set(values[name])
        picked = column.selectbox(
            say(f"web.decisions.by_{name}"),
            sorted(options),
            index=None,
            placeholder=say("web.decisions.every"),
            format_func=words.get(name, str),
            key=f"decisions-{name}",
        )
        if picked is not None:
            kept &= wards.map(lambda cell, ward=picked: ward in cell.split(", ")) if name == "ward" else values[name] == picked
    return gpd.GeoDataFrame(every[kept])


def _one(chosen: gpd.GeoDataFrame, history: Sequence[Decision], home: Settings) -> None:
    """Show one suggestion in full, and take a decision on it."""
    rows = {str(row["suggestion_id"]): row for row in chosen.to_dict("records")}

    def title(name: str) -> str:
        row = rows[name]
        kind = text(f"suggestion.{row['kind']}", language())
        road = row["road_id"] if is_missing(row["road_name"]) else row["road_name"]
        return f"{row['rank']}. {kind} · {party_names(row['owner'], language())} · {road} · {name}"

    picked = st.selectbox(say("web.decisions.pick"), list(rows), format_func=title, key="decisions-picked")
    row = rows[picked or next(iter(rows))]
    name = str(row["suggestion_id"])
    own = [entry for entry in history if entry.suggestion_id == name]
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        money, day = shown(row["saving_vnd"], "VND", language()), dt.date.fromisoformat(str(row["as_of"]))
        facts = {
            "assets": known(row["assets"]),
            "spare": shown(row["spare"], "ways", language()),
            "metres": shown(row["dig_m_saved"], "m", language()),
            "money": say("sharing.no_price") if is_missing(row["saving_vnd"]) else money,
            "bound": MISSING if is_missing(row["bound_pct"]) else shown(row["bound_pct"], "%", language()) + " %",
            "shares": shares_text(row.get("shares"), language()) or MISSING,
            "speaks": clauses_named(row.get("rules"), day) or MISSING,
            "rules": clauses_named(row["violations"], day) or MISSING,
            "assumptions": assumptions_text(row["assumptions"], language()) or MISSING,
            "contact": known(row["contact"]),
        }
        st.markdown("\n".join(f"- **{say(f'web.decisions.fact_{key}')}**: {plain(value)}" for key, value in facts.items()))
    with right:
        decision = text(f"decision.{row['decision']}", language())
        st.markdown(f"**{say('web.decisions.now')}**: {decision}")
        with st.form(f"decide-{name}", clear_on_submit=False):
            reason = st.text_area(say("web.decisions.reason"), max_chars=REASON_LIMIT, key=f"reason-{name}-{len(own)}")
            party = _party(row, name)
            buttons = st.columns(3)
            made = [
                choice
                for column, choice in zip(buttons, (Choice.ACCEPTED, Choice.REFUSED, Choice.OPEN), strict=True)
                if column.form_submit_button(
                    say(f"web.decisions.do_{choice}"), key=f"{choice}-{name}", width="stretch", disabled=row["decision"] == choice
                )
            ]
        if made:
            _decide(home, name, made[0], reason, party if made[0] is Choice.REFUSED else None)
    _history(own)


def _party(row: dict[Any, Any], name: str) -> str | None:
    """Ask which party refuses to join works: that one owes the room; other suggestions have one party to ask."""
    if row["kind"] != SuggestionKind.JOIN_WORKS or is_missing(row["members"]):
        return None
    members = str(row["members"]).split(", ")
    label, nobody = say("web.decisions.party"), say("web.decisions.party_none")
    return st.selectbox(
        label, members, index=None, placeholder=nobody, format_func=lambda party: party_names(party, language()), key=f"party-{name}"
    )


def _decide(home: Settings, name: str, choice: Choice, reason: str, party: str | None) -> None:
    try:
        decide(home, name, choice, reason=reason or None, party=party)
    except HatangError as error:
        st.error(plain(error_text(error, language())))
        return
    st.rerun()


def _history(entries: Sequence[Decision]) -> None:
    if not entries:
        st.caption(say("web.decisions.no_history"))
        return
    st.markdown(f"**{say('web.decisions.history')}**")
    rows = [
        {
            say("web.column.decided_at"): f"{entry.decided_at:%Y-%m-%d %H:%M}",
            say("web.column.decision"): text(f"decision.{entry.decision}", language()),
            say("web.column.decision_reason"): known(entry.reason),
            say("web.column.decided_by"): entry.decided_by,
            say("web.column.owed"): owed_text(entry, language()) or MISSING,
        }
        for entry in reversed(entries)
    ]
    chrome.table(pd.DataFrame(rows), say("web.decisions.history"))


def _owed(every: gpd.GeoDataFrame, history: Sequence[Decision]) -> None:
    """List what is owed after refusals that hold."""
    refused = set(every.loc[every["decision"] == Choice.REFUSED, "suggestion_id"])
    last = {entry.suggestion_id: entry for entry in history if entry.suggestion_id in refused and entry.spare_owed}
    if last:
        st.markdown(f"**{say('web.decisions.owed')}**")
        st.markdown("\n".join(f"- {plain(owed_text(entry, language()))} · {plain(known(entry.reason))}" for entry in last.values()))


def _downloads(chosen: gpd.GeoDataFrame, history: Sequence[Decision]) -> None:
    files = (
        ("de-xuat.xlsx", _XLSX, suggestions_workbook(chosen, history, language())),
        ("de-xuat.csv", "text/csv", suggestions_csv(chosen, language())),
    )
    for column, (name, media, content) in zip(st.columns(4), files, strict=False):
        column.download_button(name, content, file_name=name, mime=media, key=f"file-{name}", on_click="ignore", width="stretch")
