"""What every command shares: the global options, messages on stderr, JSON on stdout, progress bars and exit codes."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, Self

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from hatang.data.contracts import Fault, HatangError, RefusedError
from hatang.data.figures import shown
from hatang.data.language import Language, error_text, fault_text, text
from hatang.data.settings import Settings

P = ParamSpec("P")
LISTED_FAULTS = 50


@dataclass(frozen=True, slots=True)
class Session:
    """One call of the command line: its settings, language and manner of speaking."""

    settings: Settings
    language: Language
    json: bool
    quiet: bool
    console: Console
    options: frozenset[str] = frozenset()
    """Settings that an option of the command line states."""

    def say(self, message_id: str, **fields: object) -> None:
        """Print a sentence of the catalogue for a person, on stderr."""
        if not self.quiet:
            self.console.print(text(message_id, self.language, **fields), markup=False, highlight=False, soft_wrap=True)

    def line(self, words: str) -> None:
        """Print words that are data, not a sentence, on stdout; nothing where one JSON document is wanted."""
        if not self.json:
            sys.stdout.write(words.encode(errors="replace").decode() + "\n")

    def result(self, document: Mapping[str, Any]) -> None:
        """Print the one JSON document of `--json` on stdout."""
        if self.json:
            words = json.dumps(document, ensure_ascii=False, default=str)
            sys.stdout.write(words.encode(errors="replace").decode() + "\n")  # a file's name may be no text at all

    def written(self, run_id: str, out: Path | None, files: Sequence[Path], summary: Mapping[str, Any]) -> None:
        """Say which files a run left in `out`, and close with the run's JSON document; without `out` its folder is the run's own."""
        names = [path.name for path in files]
        if out is not None:
            self.say("report.written", folder=out, files=", ".join(names))
        folder = out or self.settings.home / "results" / run_id
        self.result({"run_id": run_id, "folder": str(folder), "files": names, "summary": summary})

    def faults(self, faults: Sequence[Fault]) -> None:
        """Print faults row by row on stderr; past the first fifty, how many more."""
        for fault in faults[:LISTED_FAULTS]:
            mark = text(f"severity.{fault.severity}", self.language)
            self.console.print(f"{mark}: {fault_text(fault, self.language)}", markup=False, highlight=False, soft_wrap=True)
        if len(faults) > LISTED_FAULTS:
            self.say("faults.more", count=len(faults) - LISTED_FAULTS)


def session(context: typer.Context) -> Session:
    """Return the session that the global options opened."""
    found = context.find_root().obj
    if not isinstance(found, Session):
        raise TypeError(type(found))
    return found


def fault_document(fault: Fault, language: Language) -> dict[str, Any]:
    """Return a fault as `--json` prints it: file, row, field, found, expected, remedy, severity, code."""
    return {
        "file": fault.file,
        "row": fault.row,
        "field": fault.field,
        "found": fault.found,
        "expected": text(f"fault.{fault.code}.expected", language, **fault.fields),
        "remedy": text(f"fault.{fault.code}.remedy", language, **fault.fields),
        "severity": str(fault.severity),
        "code": fault.code,
        "count": fault.count,
    }


def speaks_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Turn the project's errors into a sentence and exit code 1; never a traceback for bad input.

    The command's first parameter is its `context: typer.Context`.
    """

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except HatangError as error:
            here = session(kwargs["context"])  # type: ignore[arg-type]  # typer hands every parameter over by name
            faults = error.faults if isinstance(error, RefusedError) else ()
            sentence = error_text(error, here.language)
            here.console.print(sentence, markup=False, highlight=False, soft_wrap=True)
            here.faults(faults)
            here.result({"error": sentence, "code": error.message_id, "faults": [fault_document(f, here.language) for f in faults]})
            raise typer.Exit(1) from error

    return wrapped


class _Rate(ProgressColumn):
    """Units a second."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language

    def render(self, task: Task) -> Text:
        """Return the rate of a step that counts its units; nothing before there is one."""
        speed = task.finished_speed or task.speed
        if not speed or task.total is None:
            return Text("")
        return Text(text("progress.rate", self._language, rate=shown(round(speed, 1), "units/s", self._language)))


class Bar:
    """A terminal's progress bars; silent where the output is no terminal asked for quiet or JSON."""

    def __init__(self, here: Session) -> None:
        self._language = here.language
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(here.language),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=here.console,
            disable=here.quiet,
            transient=False,
        )
        self._task: Any = None

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._finish()
        self._bars.stop()

    def _finish(self) -> None:
        if self._task is not None:
            task = next(entry for entry in self._bars.tasks if entry.id == self._task)
            self._bars.update(self._task, total=task.total or 1, completed=task.total or 1)

    def step(self, message_id: str, *, total: int | None = None, **fields: object) -> None:
        """Begin a step."""
        self._finish()
        self._task = self._bars.add_task(text(message_id, self._language, **fields), total=total)

    def advance(self, units: int = 1) -> None:
        """Report that `units` more are done."""
        if self._task is not None:
            self._bars.advance(self._task, units)


def open_session(*, home: str | None, lang: Language | None, as_json: bool, quiet: bool) -> Session:
    """Return a session from the global options; an option outranks the environment, which stays as it is."""
    given: dict[str, Any] = {name: value for name, value in (("home", home), ("lang", lang)) if value is not None}
    settings = Settings(**given)
    return Session(settings, settings.lang, as_json, quiet, Console(stderr=True), frozenset(given))
