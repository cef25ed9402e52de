"""Fixtures that every test may use."""

import os
import shutil
from pathlib import Path

import pytest

from hatang.data.settings import Settings
from hatang.data.wards import load_boundaries


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of reference data; skip where HATANG_REFERENCE_DIR is not set."""
    folder = os.environ.get("HATANG_REFERENCE_DIR")
    if not folder:
        pytest.skip("HATANG_REFERENCE_DIR is not set")
    return Path(folder)


@pytest.fixture(scope="session")
def approximate_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose approximate ward map is computed, once for all tests."""
    home = tmp_path_factory.mktemp("map")
    load_boundaries(Settings(home=home, offline=True, boundaries=None))
    return home / "boundaries"


@pytest.fixture
def settings(tmp_path: Path, approximate_map: Path) -> Settings:
    """Return settings with a fresh home, but for the approximate ward map, that never try a download."""
    shutil.copytree(approximate_map, tmp_path / "home/boundaries")
    return Settings(home=tmp_path / "home", offline=True, reference_dir=None, boundaries=None, database_url=None)
