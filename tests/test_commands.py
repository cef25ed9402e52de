"""The command line's global options."""

import json
import os

import pytest
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data import sandbox
from hatang.data.sandbox import SandboxReport


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


def test_doctor_tries_what_protects_the_reading_of_files() -> None:
    done = CliRunner().invoke(app, ["--json", "doctor"])
    document = json.loads(done.stdout)
    assert set(document["layers"]) == {"limits", "namespace", "landlock", "syscalls", "audit"}
    assert document["tight"] == all(document["refused"].values())
    assert done.exit_code == (0 if document["tight"] else 1)
    assert {"read", "write", "connect", "fork", "signal", "memory"} <= set(document["refused"])


@pytest.mark.parametrize(("lang", "words"), [("vi", "bị chặn: mở tệp khác"), ("en", "refused: open another file")])
def test_doctor_speaks_both_languages(lang: str, words: str) -> None:
    assert words in CliRunner().invoke(app, ["--lang", lang, "doctor"]).stdout


def test_doctor_ends_with_one_where_something_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    loose = SandboxReport({"landlock": "Function not implemented"}, {"read": False}, ("GPKG",), ("GTiff",))
    monkeypatch.setattr(sandbox, "sandbox_report", lambda _: loose)
    done = CliRunner().invoke(app, ["--lang", "en", "doctor"])
    assert done.exit_code == 1
    assert "layer landlock: Function not implemented" in done.stdout
    assert "NOT REFUSED: open another file" in done.stdout
