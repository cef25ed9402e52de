"""Thresholds and targets: dated configuration, each with its source and whether its text was verified.

Defaults stand in `rules/*.toml`; a later entry of the same name with a later `from` date replaces an earlier one from that day on. An
unverified figure may warn; where it decides, the report says that it is unverified.
"""

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from hatang.data.contracts import MissingError


@dataclass(frozen=True, slots=True)
class Rule:
    """One threshold: its value and unit, from when it is in force, where it stands written, and whether that text was read."""

    name: str
    value: float | int | str
    unit: str
    in_force_from: dt.date
    source: str
    verified: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the rule as plain values for a manifest."""
        return {
            "value": self.value,
            "unit": self.unit,
            "from": self.in_force_from.isoformat(),
            "source": self.source,
            "verified": self.verified,
        }


@cache
def _all_rules() -> tuple[Rule, ...]:
    paths = (path for path in files("hatang.data").joinpath("rules").iterdir() if path.name.endswith(".toml"))
    rules = [
        Rule(entry["name"], entry["value"], entry["unit"], entry["from"], entry["source"], entry["verified"])
        for path in paths
        for entry in tomllib.loads(path.read_text("utf-8")).get("rule", ())
    ]
    return tuple(sorted(rules, key=lambda rule: (rule.name, rule.in_force_from)))


def rules_in_force(as_of: dt.date) -> dict[str, Rule]:
    """Return name → rule for every rule in force on `as_of`; of several of one name the latest counts."""
    return {rule.name: rule for rule in _all_rules() if rule.in_force_from <= as_of}


def rule_value(rules: dict[str, Rule], name: str) -> float:
    """Return the numeric value of the rule `name`.

    Raises
    ------
    MissingError
        Where no such rule is in force.
    """
    if name not in rules:
        raise MissingError("error.rule.missing", rule=name)
    return float(rules[name].value)
