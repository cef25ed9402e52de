"""Page "Phương pháp": definitions, thresholds with their sources, the inputs of the run with their hashes, and how to repeat it."""

import streamlit as st

from hatang.data.figures import shown_date
from hatang.web import chrome, runs, state
from hatang.web.listing import input_list, ledger_list, rule_list
from hatang.web.state import language, say
from hatang.web.waiting import plain


def show() -> None:
    """Draw the page."""
    st.title(say("web.method.title"))
    st.markdown(say("web.method.verdict"))
    st.markdown(say("web.method.principles"))
    with chrome.errors_spoken():
        results = runs.current(state.settings(), st.session_state.get(state.RUN))
        if results is None:
            st.info(say("web.map.empty"))
            return
        chosen = language()
        chrome.labels(results)
        st.header(say("web.method.rules"))
        chrome.table(rule_list(results.configuration, chosen), say("web.method.rules"))
        st.caption(say("web.method.unverified"))
        st.header(say("web.method.inputs"))
        if results.inputs:
            chrome.table(input_list(results.inputs, chosen, withdrawn=results.withdrawn_inputs), say("web.method.inputs"))
        else:
            st.caption(say("web.method.no_inputs"))
        st.header(say("web.method.run"))
        facts = {
            say("web.method.run_id"): results.run_id,
            say("web.column.period"): results.period,
            say("web.method.as_of"): shown_date(results.as_of, chosen),
            say("web.method.boundary"): say(f"boundary.{results.boundary_source}"),
            say("web.method.ward_version"): results.ward_version,
            say("web.method.versions"): ", ".join(f"{name} {number}" for name, number in results.versions.items()),
        }
        st.markdown("\n".join(f"- {name}: {plain(value)}" for name, value in facts.items()))
        ledger = results.tables.get("ledger")
        if ledger is not None and len(ledger):
            st.header(say("web.method.ledger"))
            chrome.table(ledger_list(ledger, chosen), say("web.method.ledger"))
