"""Around every page: Streamlit's own words in Vietnamese, the document's language, labels on data that are not real, faults in a table."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Literal

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from hatang.data.contracts import BoundarySource, Fault, HatangError, RefusedError
from hatang.data.figures import MISSING
from hatang.data.language import Language, error_text, text
from hatang.data.results import ResultSet
from hatang.web.layers import safe_json
from hatang.web.listing import widths
from hatang.web.state import language, say
from hatang.web.waiting import plain

_FRAMEWORK_WORDS: Final = {
    "Drag and drop a file here": "Kéo và thả một tệp vào đây",
    "Drag and drop files here": "Kéo và thả các tệp vào đây",
    "Add files": "Thêm tệp",
    "Upload": "Chọn tệp",
    "Remove file": "Bỏ tệp",
    "Running...": "Đang tính…",
    "Stop": "Dừng",
    "Connecting": "Đang kết nối",
    "Connection error": "Mất kết nối",
    "Connection lost": "Mất kết nối",
    "Loading...": "Đang tải…",
    "Fullscreen": "Toàn màn hình",
    "Close fullscreen": "Thoát toàn màn hình",
    "Exit fullscreen": "Thoát toàn màn hình",
    "Download as CSV": "Tải bảng (CSV)",
    "Show/hide columns": "Hiện, ẩn cột",
    "Search": "Tìm",
    "Type to search": "Gõ để tìm",
    "Clear selection": "Bỏ chọn",
    "Close Search": "Đóng ô tìm",
    "Next Result": "Kết quả sau",
    "Previous Result": "Kết quả trước",
    "Sort ascending": "Xếp tăng dần",
    "Sort descending": "Xếp giảm dần",
    "Format": "Định dạng",
    "Statistics": "Thống kê",
    "Autosize": "Tự chỉnh độ rộng",
    "Copy column name": "Chép tên cột",
    "Pin column": "Ghim cột",
    "Unpin column": "Bỏ ghim cột",
    "Hide column": "Ẩn cột",
    "Dataframe column menu": "Thao tác với cột",
    "No results": "Không có kết quả",
    "No options": "Không có lựa chọn",
    "Select...": "Chọn…",
    "Select all": "Chọn tất cả",
    "Clear all": "Bỏ tất cả",
    "Clear value": "Bỏ chọn",
    "Open sidebar": "Mở thanh bên",
    "Close sidebar": "Đóng thanh bên",
    "Expand sidebar": "Mở thanh bên",
    "Collapse sidebar": "Đóng thanh bên",
    "Main menu": "Trình đơn",
    "Help": "Trợ giúp",
    "Close": "Đóng",
    "View more": "Xem thêm",
    "View less": "Thu gọn",
    "empty": "trống",
}
"""Words of Streamlit 1.67's own frontend that can show on our pages, with no catalogue of their own."""
_SCRIPT: Final = """
<script>
(function () {
  var words = %(words)s, vietnamese = %(vietnamese)s, skip = '[data-testid="stIconMaterial"], [data-testid="stHtml"], script, style';
  document.documentElement.lang = '%(language)s';
  function put(value) {
    var bare = value.trim();
    if (words.hasOwnProperty(bare)) { return value.replace(bare, words[bare]); }
    return vietnamese ? value.replace(/(\\S+) per file/, 'tối đa $1 mỗi tệp') : value.replace(/tối đa (\\S+) mỗi tệp/, '$1 per file');
  }
  function text(node) {
    if (node.parentElement && node.parentElement.closest(skip)) { return; }
    var now = put(node.nodeValue);
    if (now !== node.nodeValue) { node.nodeValue = now; }
  }
  function attributes(element) {
    ['aria-label', 'title', 'placeholder', 'alt'].forEach(function (name) {
      var value = element.getAttribute(name);
      if (value !== null && put(value) !== value) { element.setAttribute(name, put(value)); }
    });
  }
  function walk(root) {
    if (root.nodeType === Node.TEXT_NODE) { text(root); return; }
    if (root.nodeType !== Node.ELEMENT_NODE) { return; }
    attributes(root);
    root.querySelectorAll('[aria-label], [title], [placeholder], [alt]').forEach(attributes);
    var nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), node;
    while ((node = nodes.nextNode())) { text(node); }
  }
  if (window.hatangWords) { window.hatangWords.disconnect(); }
  window.hatangWords = new MutationObserver(function (changes) {
    changes.forEach(function (change) {
      if (change.type === 'characterData') { text(change.target); }
      else if (change.type === 'attributes') { attributes(change.target); }
      else { change.addedNodes.forEach(walk); }
    });
  });
  window.hatangWords.observe(document.body, {
    childList: true, subtree: true, characterData: true, attributes: true,
    attributeFilter: ['aria-label', 'title', 'placeholder', 'alt']
  });
  walk(document.body);
})();
</script>
"""
_STYLE: Final = """
<style>
  .block-container, [data-testid="stMainBlockContainer"] { padding: 1.1rem 2rem 2rem; max-width: 100rem; }
  [data-testid="stHeader"] { background: transparent; height: 2rem; pointer-events: none; }
  [data-testid="stHeader"] * { pointer-events: auto; }
  [data-testid="stMetric"] { border-left: 4px solid #C9D3DC; padding: 0 0 0 .8rem; }
  [data-testid="stMetricValue"] { font-size: 1.7rem; }
  .st-key-covered [data-testid="stMetric"] { border-color: #5BA3D4; }
  .st-key-gap [data-testid="stMetric"] { border-color: #C44E00; border-left-style: dashed; }
  .st-key-insufficient [data-testid="stMetric"] { border-color: #8A949D; border-left-style: dotted; }
  [data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] * { color: #465767 !important; opacity: 1; }
  .legend { display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; font-size: .87rem; align-items: center; }
  .legend span { display: inline-flex; align-items: center; gap: .4rem; }
  .legend svg { flex: none; }
</style>
"""


def translate(chosen: Language) -> None:
    """Set the document's language and put Streamlit's own English words into it."""
    pairs = _FRAMEWORK_WORDS.items()
    words = dict(pairs) if chosen == "vi" else {vietnamese: english for english, vietnamese in pairs}
    vietnamese = "true" if chosen == "vi" else "false"
    st.html(_STYLE)
    st.html(_SCRIPT % {"words": safe_json(words), "vietnamese": vietnamese, "language": chosen}, unsafe_allow_javascript=True)


def labels(results: ResultSet) -> None:
    """Say on every page what is not real or not exact."""
    badges = [f":orange-badge[{say('synthetic')}]"] if results.synthetic else []
    if results.boundary_source == BoundarySource.APPROXIMATE:
        badges.append(f":gray-badge[{say('boundary.approximate')}]")
    if badges:
        st.markdown(" ".join(badges))
    if results.withdrawn_inputs:
        st.warning(say("results.withdrawn", datasets=", ".join(results.withdrawn_inputs)))


@contextmanager
def errors_spoken() -> Iterator[None]:
    """Show an error of ours as a sentence, and the faults of a refused file row by row, instead of a broken page."""
    try:
        yield
    except HatangError as error:
        st.error(plain(error_text(error, language())))
        if isinstance(error, RefusedError):
            faults_table(error.faults)


def table(rows: Styler | pd.DataFrame, alt: str, *, height: int | Literal["auto"] = "auto", key: str | None = None) -> None:
    """Show a table that sorts by value; `alt` says to a screen reader what it holds."""
    config = {name: st.column_config.Column(width=pixels) for name, pixels in widths(language()).items()}
    st.dataframe(rows, hide_index=True, width="stretch", height=height, alt=alt, key=key, column_config=config, placeholder=MISSING)


def faults_table(faults: Sequence[Fault]) -> None:
    """List faults: where each is, what stood there, what was expected and what to do."""
    if not faults:
        return
    chosen = language()

    def head(name: str) -> str:
        return text(f"web.column.{name}", chosen)

    rows = [
        {
            head("severity"): text(f"severity.{fault.severity}", chosen),
            head("file"): fault.file,
            head("row"): MISSING if fault.row is None else str(fault.row),
            head("field"): fault.field or MISSING,
            head("found"): MISSING if fault.found is None else str(fault.found),
            head("expected"): text(f"fault.{fault.code}.expected", chosen, **fault.fields),
            head("remedy"): text(f"fault.{fault.code}.remedy", chosen, **fault.fields),
            head("count"): str(fault.count),
        }
        for fault in faults
    ]
    table(pd.DataFrame(rows), text("web.faults", chosen))
