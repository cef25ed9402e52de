"""Catalogues: both languages say the same things, and everything that code says is in them."""

import re
import string
from pathlib import Path

import pytest

from hatang.data.contracts import CrsError, Fault
from hatang.data.language import LANGUAGES, error_text, fault_text, message_ids, text

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("data", "coverage", "sharing", "programme", "reports", "pipeline", "web", "commands")


def fields_of(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_define_the_same_messages() -> None:
    assert message_ids("vi") == message_ids("en")


@pytest.mark.parametrize("message_id", sorted(message_ids("vi")))
def test_sentences_fill_the_same_fields(message_id: str) -> None:
    sentences = [text(message_id, language) for language in LANGUAGES]
    assert all(sentences)
    assert fields_of(sentences[0]) == fields_of(sentences[1])


def test_errors_raised_in_code_have_sentences() -> None:
    raised = {
        found
        for room in ROOMS
        for path in (ROOT / room).glob("*.py")
        for found in re.findall(r"Error\(\s*\"([a-z0-9_]+(?:\.[a-z0-9_]+)+)\"", path.read_text("utf-8"))
    }
    assert raised - message_ids("vi") == set()


def test_faults_made_in_code_have_sentences() -> None:
    codes = {
        found
        for room in ROOMS
        for path in (ROOT / room).glob("*.py")
        for found in re.findall(r"Fault\(\s*(?:code=)?\"([a-z0-9_]+)\"", path.read_text("utf-8"))
    }
    wanted = {f"fault.{code}.{part}" for code in codes for part in ("expected", "remedy")}
    assert wanted - message_ids("vi") == set()


def test_unknown_message_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        text("no.such.message", "vi")


def test_error_renders_its_fields() -> None:
    error = CrsError("error.rule.missing", rule="target_share")
    assert "target_share" in error_text(error, "vi")
    assert isinstance(error, ValueError)


def test_fault_without_row_or_field_is_still_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "hatang.data.language.text", lambda message_id, _language, **fields: message_id if not fields else f"{message_id}{fields}"
    )
    line = fault_text(Fault(code="x", file="a.csv", count=3), "vi")
    assert line == "a.csv: fault.expected{'expected': 'fault.x.expected'}; fault.x.remedy fault.more{'count': 3}"
