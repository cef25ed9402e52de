"""Every example in a docstring runs."""

import doctest
import importlib
import pkgutil

import pytest

ROOMS = ("data", "coverage", "sharing", "programme", "reports", "pipeline", "web", "commands")
PAGES = ("hatang.web.main",)
"""Scripts that Streamlit runs; importing them would draw a page. AppTest covers them."""


def modules() -> list[str]:
    packages = [importlib.import_module(f"hatang.{room}") for room in ROOMS]
    found = [
        f"{package.__name__}.{entry.name}" for package in packages for entry in pkgutil.iter_modules(package.__path__) if not entry.ispkg
    ]
    return [name for name in found if not name.startswith(PAGES)]


@pytest.mark.parametrize("name", modules())
def test_examples_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0
