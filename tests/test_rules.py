"""Rules: dated, sourced, flagged."""

import datetime as dt

import pytest

from hatang.data.contracts import MissingError
from hatang.data.language import LANGUAGES, Language, message_ids
from hatang.data.rules import rule_value, rules_in_force


def test_every_rule_has_a_source_a_unit_and_a_flag() -> None:
    rules = rules_in_force(dt.date(2026, 11, 24))
    assert rules
    for rule in rules.values():
        assert rule.source
        assert isinstance(rule.unit, str)
        assert isinstance(rule.verified, bool)
        assert rule.as_dict()["from"] <= "2026-11-24"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_and_its_unit_have_words(language: Language) -> None:
    known = message_ids(language)
    rules = rules_in_force(dt.date(2026, 11, 24))
    assert {f"rule.{name}" for name in rules} | {f"unit.{rule.unit}" for rule in rules.values()} <= known


def test_rules_come_into_force_on_their_day() -> None:
    assert "target_share" not in rules_in_force(dt.date(2025, 11, 20))
    assert rule_value(rules_in_force(dt.date(2025, 11, 21)), "target_share") == 0.95


def test_a_rule_that_is_not_there_is_named() -> None:
    with pytest.raises(MissingError, match=r"error\.rule\.missing"):
        rule_value({}, "target_share")
