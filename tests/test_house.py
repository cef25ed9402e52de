"""The house: folders, packages, import arrows, and the guard that keeps coverage.py reachable."""

import importlib
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("data", "coverage", "sharing", "programme", "reports", "pipeline", "web", "commands")


WHEEL_PROBE = """
import sys
from importlib.resources import files
from pathlib import Path

sys.path[:0] = sys.argv[1:]  # -S keeps the editable install away: what answers is the wheel
import hatang.data
from hatang.data.language import text

home = Path(sys.argv[1], "hatang")
assert str(files("hatang.data")) == str(home / "data"), files("hatang.data")
assert all(path.read_bytes() is not None for path in home.rglob("*") if path.is_file())
print(text("verdict.gap", "vi"))
"""


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def python(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("room", ROOMS)
def test_room_is_a_typed_package_with_a_link_for_type_checkers(room: str) -> None:
    assert importlib.import_module(f"hatang.{room}").__doc__
    assert (ROOT / room / "py.typed").is_file()
    assert (ROOT / ".typings/hatang" / room).resolve() == ROOT / room


def test_packages_listed_are_the_folders_that_hold_python() -> None:
    listed = set(project()["tool"]["setuptools"]["packages"])  # type: ignore[index]
    found = {
        "hatang." + path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert listed == found


def test_rooms_are_flat_but_for_migrations() -> None:
    nested = {path.parent for room in ROOMS for path in (ROOT / room).rglob("*.py")} - {ROOT / room for room in ROOMS}
    assert {path.relative_to(ROOT).as_posix() for path in nested} <= {"data/migrations", "data/migrations/versions", "data/gazette"}


def test_coverage_in_the_checkout_is_coverage_py() -> None:
    code = "import coverage, hatang.coverage as ours; print(coverage.Coverage.__name__); print(ours.__file__)"
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    name, path = done.stdout.split()
    assert name == "Coverage"
    assert Path(path) == ROOT / "coverage/__init__.py"


def test_without_coverage_py_the_guard_says_there_is_no_such_module() -> None:
    done = python("-S", "-c", "import coverage")
    assert "ModuleNotFoundError: No module named 'coverage'" in done.stderr


def test_numba_works_from_the_checkout() -> None:
    code = "import numba; print(numba.njit(lambda x: x + 1)(1))"
    done = python("-W", "ignore", "-c", code)
    assert done.stdout.strip() == "2", done.stderr


def test_pytest_cov_measures_our_coverage_package(tmp_path: Path) -> None:
    test = tmp_path / "test_probe.py"
    test.write_text(
        "def test_probe() -> None:\n    from hatang.data.figures import shown\n\n    assert shown(0.5, 'share', 'en') == '50.0%'\n"
    )
    done = python("-m", "pytest", str(test), "--cov=hatang.data", "--cov-report=term", "-p", "no:cacheprovider", "-q", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"data/figures\.py\s+\d+", done.stdout)
    (ROOT / ".coverage").unlink(missing_ok=True)


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-bench.lock"])
def test_lock_names_no_address(lock: str) -> None:
    assert not re.search(r"https?://|file:", (ROOT / lock).read_text("utf-8"))


def test_dependencies_have_tested_lower_bounds() -> None:
    tables = project()["project"]
    declared = [*tables["dependencies"], *(entry for extra in tables["optional-dependencies"].values() for entry in extra)]  # type: ignore[index]
    assert [entry for entry in declared if ">=" not in entry] == []


@pytest.mark.slow
def test_wheel_carries_every_asset_and_opens_them(tmp_path: Path) -> None:
    built = python("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT))
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("hatang/")}
        archive.extractall(tmp_path / "installed")
    ignored = {"__pycache__"}
    expected = {
        f"hatang/{path.relative_to(ROOT).as_posix()}"
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and not ignored & set(path.parts)
    }
    assert expected - packed == set()
    probe = tmp_path / "probe.py"
    probe.write_text(WHEEL_PROBE, "utf-8")
    opened = python("-S", str(probe), str(tmp_path / "installed"), *(entry for entry in sys.path if "site-packages" in entry), cwd=tmp_path)
    assert opened.stdout.strip() == "chưa đạt", opened.stderr
