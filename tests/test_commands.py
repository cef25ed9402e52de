"""The command line's global options."""

import json
import os

import pytest
from typer.testing import CliRunner

from hatang.commands.main import app


def test_config_show_names_value_and_origin(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setenv("HATANG_HOME", str(tmp_path))
    monkeypatch.delenv("HATANG_LANG", raising=False)
    done = CliRunner().invoke(app, ["--json", "config", "show"])
    assert done.exit_code == 0
    document = json.loads(done.stdout)
    assert document["home"] == {"value": str(tmp_path), "origin": "environment"}
    assert document["lang"] == {"value": "vi", "origin": "default"}


def test_an_option_outranks_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATANG_LANG", "vi")
    done = CliRunner().invoke(app, ["--lang", "en", "config", "show"])
    assert "HATANG_LANG=en\toption" in done.stdout
    assert os.environ["HATANG_LANG"] == "vi"  # one call in a process leaves nothing to the next


def test_wrong_usage_is_two() -> None:
    assert CliRunner().invoke(app, ["--lang", "fr", "config", "show"]).exit_code == 2
    assert CliRunner().invoke(app, ["no-such-command"]).exit_code == 2
