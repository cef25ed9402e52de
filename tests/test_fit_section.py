"""How suggestions fit plans, under the suggestions of a page: counted, each with its document, or why there is nothing."""

import pandas as pd
from streamlit.testing.v1 import AppTest

from hatang.data.contracts import PLAN_FIT

PAGE = """
import pandas as pd, streamlit as st
from hatang.web.fit_section import fit_section
fit_section(st.session_state["fit"], st.session_state["suggestions"], "owner", numbered=True)
"""
SUGGESTIONS = pd.DataFrame({"suggestion_id": ["a", "b"], "rank": [1, 2], "kind": "reuse_pole", "owner": ["VNPT", "<b>x</b>"]})


def drawn(fit: pd.DataFrame | None) -> AppTest:
    app = AppTest.from_string(PAGE, default_timeout=60)
    app.session_state["fit"], app.session_state["suggestions"] = fit, SUGGESTIONS
    app.run()
    assert not app.exception
    return app


def test_each_suggestion_is_told_with_its_rank_and_document_the_worst_first() -> None:
    rows = [
        {"suggestion_id": "a", "constraint_kind": "underground_only", "fit": "fits", "reason": "outside"},
        {"suggestion_id": "b", "constraint_kind": "underground_only", "fit": "does_not_fit", "reason": "inside", "document": "QĐ thử"},
    ]
    app = drawn(PLAN_FIT.conform(pd.DataFrame(rows)))
    assert "không phù hợp: **1** · phù hợp: **1**" in {entry.value for entry in app.markdown}
    table = app.dataframe[0].value
    assert table["Đề xuất"].tolist() == ["2. dùng lại cột treo cáp: <b>x</b>", "1. dùng lại cột treo cáp: VNPT"]
    assert table["Văn bản"].tolist() == ["QĐ thử", "–"]


def test_nothing_to_say_is_said() -> None:
    for nothing in (None, PLAN_FIT.conform(pd.DataFrame(columns=PLAN_FIT.names))):
        app = drawn(nothing)
        assert not app.dataframe
        assert "Không có loại ràng buộc" in app.caption[0].value
