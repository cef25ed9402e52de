"""Page "Vi phạm quy chuẩn": what of a road's plan does not meet which clause, and the register of clauses."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import streamlit as st
from streamlit_folium import st_folium

from hatang.data.clauses import clauses_in_force
from hatang.data.contracts import HUE_CRS, Clause
from hatang.data.figures import MISSING, shown, shown_date
from hatang.data.language import text
from hatang.data.results import ResultSet
from hatang.pipeline.roadruns import RoadRun, checked_roads, every_violation
from hatang.pipeline.runs import marked
from hatang.reports.geodata import with_run
from hatang.reports.rulecoverage import coverage_state, coverage_sum
from hatang.reports.sharing_lists import violations_csv, violations_geopackage
from hatang.web import chrome, runs, state
from hatang.web.state import language, say
from hatang.web.symbols import severity_legend
from hatang.web.violations_map import clause_name, compared, violations_map, with_unit
from hatang.web.words import known

_HEIGHT: Final = 460


def show() -> None:
    """Draw the page."""
    st.title(say("web.violations.title"))
    with chrome.errors_spoken():
        city = runs.current(state.settings())
        if city is None:
            st.info(say("web.map.empty"))
            return
        chrome.labels(city)
        offered = checked_roads(runs.home_of(state.settings()))
        if offered:
            run = _road(offered)
            _register(clauses_in_force(run.as_of), run)
        else:
            st.info(say("web.violations.empty"))
            _register(clauses_in_force(city.as_of), None)


def _road(offered: Sequence[RoadRun]) -> ResultSet:
    """Offer the roads, and show the map and the table of the one chosen, which is returned."""
    titles = {
        run.run_id: f"{run.roads} · {run.as_of} · {run.run_id[:6]} · {say('web.violations.found', n=run.violations)}" for run in offered
    }
    picked = st.selectbox(say("web.violations.road"), list(titles), format_func=titles.__getitem__, key="violations-road")
    home = runs.home_of(state.settings())
    run = marked(runs.opened(home.home, picked or offered[0].run_id), home)
    every = every_violation(run)
    for column, severity in zip(st.columns(4), ("breach", "warning"), strict=False):
        count = int((every["severity"] == severity).sum())
        column.metric(say(f"web.violations.{severity}"), shown(count, "assets", language()))
    st.caption(say("web.violations.what"))
    st.caption(say("sharing.standing"))
    violations = _filtered(every) if len(every) else every
    st_folium(
        violations_map(runs.screen_wards(home.home, run.run_id), run.tables, violations, language()),
        key=f"violations-map-{run.run_id}",
        height=_HEIGHT,
        use_container_width=True,
        returned_objects=[],
    )
    st.html(severity_legend(language()))
    if every.empty:
        st.success(say("web.violations.none"))
    elif violations.empty:
        st.info(say("web.violations.no_match"))
    else:
        chrome.table(_rows(violations), say("web.violations.table"))
    _downloads(run, violations)
    return run


def _filtered(every: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Offer a choice for each of subject, severity, clause and owner; return what is left."""
    words: dict[str, Callable[[str], str]] = {
        "subject": lambda code: say(f"web.violations.{code}"),
        "severity": lambda code: say(f"sharing.severity.{code}"),
        "code": lambda code: clause_name(code, language()),
        "owner": str,
    }
    kept = pd.Series(data=True, index=every.index)
    for column, (name, worded) in zip(st.columns(len(words)), words.items(), strict=True):
        picked = column.selectbox(
            say(f"web.violations.by_{name}"),
            sorted(every[name].dropna().astype(str).unique(), key=worded),
            index=None,
            placeholder=say("web.decisions.every"),
            format_func=worded,
            key=f"violations-{name}",
        )
        if picked is not None:
            kept &= every[name] == picked
    return gpd.GeoDataFrame(every[kept])


def _rows(violations: pd.DataFrame) -> pd.DataFrame:
    chosen = language()
    return pd.DataFrame(
        [
            {
                say("web.violations.by_subject"): say(f"web.violations.{row.subject}"),
                say("web.column.severity"): text(f"sharing.severity.{row.severity}", chosen),
                say("web.column.clause_asks"): clause_name(row.code, chosen),
                say("web.column.measured"): with_unit(row.measured, row.unit, chosen),
                say("web.column.needed"): compared(row.op, row.needed, row.unit, chosen),
                say("web.column.document"): row.document,
                say("web.column.clause"): row.clause,
                say("web.column.verified"): text(f"web.verified.{'yes' if row.verified else 'no'}", chosen),
                say("web.column.feature"): row.feature_id,
                say("web.violations.by_owner"): known(row.owner if isinstance(row.owner, str) else None),
            }
            for row in violations.itertuples()
        ]
    )


def _downloads(run: ResultSet, violations: gpd.GeoDataFrame) -> None:
    violations = with_run(violations, run)
    files = (
        ("quy-chuan.gpkg", "application/geopackage+sqlite3", violations_geopackage(violations, crs=HUE_CRS)),
        ("quy-chuan.csv", "text/csv", violations_csv(violations)),
    )
    for column, (name, media, content) in zip(st.columns(4), files, strict=False):
        column.download_button(
            name, content, file_name=name, mime=media, key=f"file-{name}-{run.run_id}", on_click="ignore", width="stretch"
        )


def _register(clauses: Sequence[Clause], run: ResultSet | None) -> None:
    """Show every clause that plans are held against, and how far the new set of a run could be."""
    st.subheader(say("web.violations.register"))
    st.caption(say("web.violations.register_what"))
    chosen = language()
    coverage = None if run is None else run.tables.get("rule_coverage")
    if coverage is not None:
        st.caption(f"{coverage_sum(coverage, chosen)} {say('rulecover.what')}")
    elif run is not None:
        st.caption(say("web.violations.register_before"))
    counted = {} if coverage is None else {row["code"]: row for row in coverage.to_dict("records")}
    rows = [
        {
            say("web.column.clause_asks"): clause_name(clause.code, chosen),
            say("web.column.needed"): say("web.violations.profile")
            if clause.value is None
            else compared(clause.op, clause.value, clause.unit, chosen),
            **({} if coverage is None else _counts(counted.get(clause.code))),
            say("web.column.unless"): MISSING
            if clause.unless is None
            else say(f"clause.unless.{clause.unless[0]}", value=shown(clause.unless[1], "", chosen)),
            say("web.column.document"): clause.document,
            say("web.column.clause"): clause.clause,
            say("web.column.since"): shown_date(clause.in_force_from, chosen),
            say("web.column.verified"): text(f"web.verified.{'yes' if clause.verified else 'no'}", chosen),
            say("web.column.severity"): text(f"sharing.severity.{clause.severity}", chosen),
        }
        for clause in clauses
    ]
    chrome.table(pd.DataFrame(rows), say("web.violations.register"))


def _counts(row: Mapping[Any, Any] | None) -> dict[str, str]:
    """Return how many things a clause judged, how many do not meet it, how many were not measured, and why (a row of RULE_COVERAGE)."""
    counts = ("judged", "violating", "unjudged")
    told = {say(f"sharing.column.{name}"): shown(None if row is None else row[name], "assets", language()) for name in counts}
    return told | {say("sharing.column.judged_state"): MISSING if row is None else coverage_state(row, language())}
