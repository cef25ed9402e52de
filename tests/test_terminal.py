"""What every command shares: errors become sentences and exit codes, bars end."""

import json
import re

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from hatang.commands.terminal import Bar, Session, session, speaks_errors
from hatang.data.contracts import Fault, MissingError, RefusedError
from hatang.data.settings import Settings


@pytest.fixture
def failing(settings: Settings) -> typer.Typer:
    app = typer.Typer()

    @app.callback()
    def options(context: typer.Context, *, as_json: bool = False) -> None:
        context.obj = Session(settings, "en", as_json, False, Console(stderr=True))

    @app.command()
    @speaks_errors
    def fail(context: typer.Context) -> None:
        session(context).say("synthetic")
        raise MissingError("error.rule.missing", rule="level")

    @app.command()
    @speaks_errors
    def refuse(context: typer.Context) -> None:
        session(context)
        raise RefusedError("error.cancelled", faults=[Fault(code="probe", file="a.csv", row=3, found="x")] * 60)

    return app


def test_an_error_is_a_sentence_on_stderr_and_exit_one(failing: typer.Typer) -> None:
    done = CliRunner().invoke(failing, ["fail"])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "No rule level is in force" in done.stderr.replace("\n", " ")


def test_json_holds_one_document_with_the_error(failing: typer.Typer) -> None:
    done = CliRunner().invoke(failing, ["--as-json", "fail"])
    assert json.loads(done.stdout)["code"] == "error.rule.missing"


def test_faults_are_listed_and_the_rest_counted(failing: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hatang.commands.terminal.fault_text", lambda fault, _: f"{fault.file}:{fault.row}")
    monkeypatch.setattr("hatang.commands.terminal.fault_document", lambda fault, _: fault.as_dict())
    done = CliRunner().invoke(failing, ["refuse"])
    assert done.stderr.count("refused: a.csv:3") == 50
    assert "10 more" in done.stderr


def test_bars_show_and_finish(settings: Settings) -> None:
    console = Console(record=True, width=100, file=open("/dev/null", "w"), force_terminal=True)  # noqa: SIM115, PTH123 - rich keeps it open
    with Bar(Session(settings, "en", False, False, console)) as bar:
        bar.step("synthetic", total=2)
        bar.advance()
        bar.step("boundary.city", total=2_000_000)
        bar.advance(500_000)
        bar.advance(1_500_000)
    console.file.close()
    printed = console.export_text()
    assert "synthetic data" in printed
    assert re.search(r"\d/s", printed)
