"""What a command loads before it does anything: help, settings and wrong usage must not wait for libraries they never use."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hatang.commands
from hatang.commands.main import COMMANDS

HEAVY = ("numba", "scipy", "pandas", "geopandas", "shapely", "ezdxf", "rasterio", "pandera", "sqlalchemy", "matplotlib", "openpyxl", "docx")


def loaded(program: str, home: Path) -> tuple[int, list[str]]:
    """Return the exit code of a program in a process of its own, and which of the heavy libraries it loaded."""
    asked = f"import atexit, json, sys\natexit.register(lambda: sys.stderr.write(json.dumps([n for n in {HEAVY} if n in sys.modules])))\n"
    environment = {**os.environ, "HATANG_HOME": str(home), "HATANG_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", asked + program], check=False, capture_output=True, text=True, env=environment, timeout=120
    )
    return done.returncode, list(json.loads("[" + done.stderr.rpartition("[")[2]))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--help"], 0),
        (["share", "--help"], 0),
        (["share", "road", "--help"], 0),
        (["config", "show"], 0),
        (["ingest", "--no-such-option"], 2),
        (["share", "road"], 2),
        (["no-such-command"], 2),
    ],
)
def test_help_settings_and_wrong_usage_load_no_heavy_library(words: list[str], code: int, tmp_path: Path) -> None:
    program = f"import sys\nfrom hatang.commands.main import run\nsys.argv = ['hatang', *{words}]\nrun()"
    assert loaded(program, tmp_path) == (code, [])


def test_every_module_of_the_room_is_light_to_import(tmp_path: Path) -> None:
    room = Path(str(hatang.commands.__file__)).parent
    names = sorted(path.stem for path in room.glob("*.py") if path.stem != "__init__")
    assert {module.__name__.rpartition(".")[2] for module in COMMANDS} <= set(names)
    assert loaded("".join(f"import hatang.commands.{name}\n" for name in names), tmp_path) == (0, [])
