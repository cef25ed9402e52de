"""Progress of a long job on the page."""

import streamlit as st

from hatang.data.figures import shown
from hatang.data.language import text
from hatang.pipeline.progress import Pace
from hatang.web.state import language


class Screen:
    """A progress bar that names the step at hand; use it as `pipeline.progress.Progress`, then `done`."""

    def __init__(self) -> None:
        self._language = language()
        self._bar = st.progress(0.0, text=text("web.waiting", self._language))
        self._label = ""
        self._total: int | None = None
        self._units = 0
        self._pace = Pace()

    def step(self, message_id: str, *, total: int | None = None, **fields: object) -> None:
        """Begin a step."""
        self._label, self._total, self._units = text(message_id, self._language, **fields), total, 0
        self._pace.begin(total)
        self._show()

    def advance(self, units: int = 1) -> None:
        """Report that `units` more are done."""
        self._units += units
        self._pace.advance(units)
        if self._total:
            self._show()

    def done(self) -> None:
        """Take the bar away."""
        self._bar.empty()

    def _show(self) -> None:
        # What a file brought may stand in the label: it is shown as it is, not as markup.
        words, pace = plain(self._label), self._pace.told()
        if pace is not None:
            units_s, left_s = pace
            rate = shown(round(units_s, 1), "units/s", self._language)
            words += plain(" · " + text("progress.pace", self._language, rate=rate, seconds=str(left_s)))
        self._bar.progress(min(self._units / self._total, 1.0) if self._total else 0.0, text=words)


def plain(words: str) -> str:
    r"""Return words with every sign that Markdown would read escaped.

    Examples
    --------
    >>> plain("a*b* [x](y)")
    'a\\*b\\* \\[x\\]\\(y\\)'
    """
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!|<>$:~=&^@" else sign for sign in words)
