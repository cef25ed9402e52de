"""Fixtures that every test may use."""

import os
from pathlib import Path

import pytest

from hatang.data.settings import Settings


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of reference data; skip where HATANG_REFERENCE_DIR is not set."""
    folder = os.environ.get("HATANG_REFERENCE_DIR")
    if not folder:
        pytest.skip("HATANG_REFERENCE_DIR is not set")
    return Path(folder)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return settings with a fresh home that never try a download."""
    return Settings(home=tmp_path / "home", offline=True, reference_dir=None, boundaries=None, database_url=None)
