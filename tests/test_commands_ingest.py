"""`hatang ingest`, `catalogue` and `db` on the command line."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import Result
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.settings import Settings

KEYS = {"id", "sha256", "kind", "organisation", "operator", "technology", "period", "rows_in", "rows_kept", "rows_refused", "repairs"}
FAULT_KEYS = {"file", "row", "field", "found", "expected", "remedy", "severity", "code"}


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    monkeypatch.setenv("HATANG_LANG", "vi")
    monkeypatch.delenv("HATANG_DATABASE_URL", raising=False)
    monkeypatch.setenv("HATANG_HOME", str(settings.home))
    return settings.home


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    rows = {
        "time": [f"2026-08-01 07:00:0{n}" for n in range(4)],
        "lon": [107.5791, 107.5792, 999, 107.5793],
        "lat": [16.4676] * 4,
        "operator": "viettel",
        "technology": "4g",
        "environment": "outdoor",
        "rsrp_dbm": [-95, -96, -97, -98],
        "device_id": "d1",
    }
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def document(*arguments: object) -> dict[str, object]:
    done = call("--json", *arguments)
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return {**found, "exit_code": done.exit_code}


@pytest.mark.usefixtures("home")
def test_ingest_prints_the_document_that_scripts_read(log: Path) -> None:
    done = document("ingest", log)
    assert set(done) == {"datasets", "faults", "exit_code"}
    (dataset,) = done["datasets"]  # type: ignore[misc]
    assert dataset.keys() >= KEYS  # type: ignore[attr-defined]
    assert (done["exit_code"], dataset["rows_in"], dataset["rows_kept"], dataset["rows_refused"]) == (0, 4, 3, 1)  # type: ignore[index]
    assert all(fault.keys() >= FAULT_KEYS for fault in done["faults"])  # type: ignore[attr-defined]
    assert [fault["row"] for fault in done["faults"] if fault["severity"] == "refused"] == [4]  # type: ignore[attr-defined]
    again = document("ingest", log)
    assert (again["exit_code"], again["datasets"]) == (0, done["datasets"])
    assert document("catalogue", "list")["datasets"] == done["datasets"]


@pytest.mark.usefixtures("home")
def test_ingest_tells_rows_and_faults_to_people(log: Path) -> None:
    done = call("ingest", log)
    assert done.exit_code == 0
    assert "4 dòng vào, giữ 3, từ chối 1" in done.stdout
    assert "log.csv, dòng 4, trường lon" in done.stderr
    assert "đã có từ trước" in call("ingest", log).stdout
    assert "4 rows in, 3 kept, 1 refused" in call("--lang", "en", "ingest", "--dry-run", log).stdout


@pytest.mark.usefixtures("home")
def test_a_refused_file_is_one_and_lists_its_faults(log: Path, tmp_path: Path) -> None:
    done = document("ingest", tmp_path / "none.csv", tmp_path, log)
    assert done["exit_code"] == 1
    assert len(done["datasets"]) == 1  # type: ignore[arg-type]
    assert {fault["code"] for fault in done["faults"]} >= {"file_missing", "directory"}  # type: ignore[attr-defined]
    assert "bị từ chối" in call("ingest", tmp_path).stdout


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("option", "value", "code"), [("--operator", "nobody", 1), ("--period", "2026", 1), ("--kind", "x", 2), ("--technology", "3g", 2)]
)
def test_words_that_name_nothing_known(log: Path, option: str, value: str, code: int) -> None:
    assert call("--json", "ingest", log, option, value).exit_code == code


@pytest.mark.usefixtures("home")
def test_an_empty_home_says_what_to_do() -> None:
    done = call("catalogue", "list")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "hatang ingest" in done.stderr
    assert document("catalogue", "list") == {"datasets": [], "exit_code": 0}
    verified = document("catalogue", "verify")
    assert (verified["datasets"], verified["faults"], verified["exit_code"]) == (0, [], 0)
    assert document("db", "upgrade") == {"revision": "0004", "exit_code": 0}


def test_the_catalogue_is_listed_shown_withdrawn_and_verified(home: Path, log: Path) -> None:
    (dataset,) = document("ingest", log)["datasets"]  # type: ignore[misc]
    line = call("catalogue", "list").stdout
    assert line.split("\t")[:5] == [dataset["id"], "measurements", "viettel", "4g", "2026Q3"]  # type: ignore[index]
    shown = document("catalogue", "show", dataset["id"][:8])  # type: ignore[index]
    assert shown["sha256"] == dataset["sha256"]  # type: ignore[index]
    assert [fault["row"] for fault in shown["faults"] if fault["severity"] == "refused"] == [4]  # type: ignore[attr-defined]
    assert call("catalogue", "show", "none").exit_code == 1
    assert document("catalogue", "withdraw", dataset["id"])["withdrawn_at"] is not None  # type: ignore[index]
    assert document("catalogue", "list")["datasets"] == []
    assert "đã rút" in call("catalogue", "list", "--all").stdout
    assert document("catalogue", "withdraw", "--undo", dataset["id"])["withdrawn_at"] is None  # type: ignore[index]
    (original,) = (path for path in (home / "originals").rglob("*") if path.is_file())
    original.chmod(0o644)
    original.write_bytes(b"damaged")
    verified = document("catalogue", "verify")
    assert (verified["exit_code"], verified["datasets"]) == (1, 1)
    assert [fault["code"] for fault in verified["faults"]] == ["stored_file_damaged"]  # type: ignore[attr-defined]


def test_the_installed_command_ingests(home: Path, log: Path) -> None:
    command = [sys.executable, "-c", "from hatang.commands.main import run; run()", "--home", home, "--json", "ingest", log]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, len(json.loads(done.stdout)["datasets"])) == (0, 1), done.stderr


@pytest.mark.usefixtures("home")
def test_a_log_of_another_city_is_taken_and_the_warning_stands_first(log: Path) -> None:
    frame = pd.read_csv(log).assign(lon=-8.47, lat=51.90)  # Cork, where the ucc_5g log was driven
    frame.to_csv(log, index=False)
    done = document("ingest", log)
    assert done["exit_code"] == 0
    first = done["faults"][0]  # type: ignore[index]
    assert (first["code"], first["severity"], first["found"], first["count"]) == ("few_inside_city", "warning", "0 / 4", 4)
    assert "0 trên 4 dòng (0 %)" in first["expected"]
    told = call("--lang", "en", "ingest", log)
    assert "0 of 4 rows (0 %)" in told.output
