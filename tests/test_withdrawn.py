"""A result whose inputs were withdrawn after it was made says so wherever it is opened; the result itself stays."""

import datetime as dt
import json
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.results import table_hash
from hatang.data.settings import Settings
from hatang.pipeline.assess import assess
from hatang.pipeline.catalogue import withdraw_dataset
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet
from hatang.pipeline.runs import load_run, withdrawn_inputs
from hatang.reports.sections import Scope, build_report


@pytest.fixture
def run(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environment: None) -> tuple[str, str]:
    """Return the name of a run and of its only input."""
    del environment
    monkeypatch.setenv("HATANG_OFFLINE", "1")
    file = tmp_path / "a.csv"
    rows = {"time": "2026-08-01 08:00:00", "lon": 107.577, "lat": 16.4785, "operator": "viettel", "technology": "4g", "rsrp_dbm": -90}
    pd.DataFrame([{**rows, "device_id": f"d{n}"} for n in range(60)]).to_csv(file, index=False)
    outcome = ingest([file], IngestOptions(period="2026Q3"), settings, Quiet())
    results = assess(settings, as_of=dt.date(2026, 9, 30), progress=Quiet())
    return results.run_id, outcome.datasets[0].id


@pytest.mark.databases("sqlite", "postgresql")
def test_a_run_is_marked_when_its_input_is_withdrawn_and_no_longer_when_that_is_undone(settings: Settings, run: tuple[str, str]) -> None:
    name, dataset = run
    before = load_run(settings, name)
    assert before.withdrawn_inputs == ()
    withdraw_dataset(dataset, settings)
    after = load_run(settings, name)
    assert after.withdrawn_inputs == (dataset,)
    assert [entry.id for entry in withdrawn_inputs(after, settings)] == [dataset]
    assert after.manifest()["withdrawn_inputs"] == [dataset]
    assert {key: table_hash(frame) for key, frame in after.tables.items()} == {
        key: table_hash(frame) for key, frame in before.tables.items()
    }
    labels = build_report(after, scope=Scope(), language="vi").labels
    assert [label for label in labels if label.startswith("Số liệu đã rút") and dataset in label]
    withdraw_dataset(dataset, settings, undo=True)
    assert load_run(settings, name).withdrawn_inputs == ()


def test_a_new_assessment_uses_none_of_it(settings: Settings, run: tuple[str, str]) -> None:
    withdraw_dataset(run[1], settings)
    fresh = assess(settings, period="2026Q3", as_of=dt.date(2026, 9, 30), progress=Quiet())
    assert (fresh.run_id != run[0], fresh.inputs, fresh.withdrawn_inputs) == (True, (), ())


def test_the_command_line_and_the_report_s_manifest_say_so(settings: Settings, run: tuple[str, str], tmp_path: Path) -> None:
    withdraw_dataset(run[1], settings)
    done = CliRunner().invoke(app, ["--json", "report", "city", "--run", run[0], "--out", str(tmp_path / "out")])
    assert json.loads(done.stdout)["summary"]["withdrawn_inputs"] == [run[1]]
    assert "Số liệu đã rút" in done.stderr
    assert json.loads((tmp_path / "out/manifest.json").read_text("utf-8"))["withdrawn_inputs"] == [run[1]]


@pytest.mark.parametrize("page", ["coverage_page", "method_page"])
def test_pages_opened_before_say_so_at_the_next_look(settings: Settings, run: tuple[str, str], page: str) -> None:
    shown = AppTest.from_string(f"from hatang.web import {page}\n{page}.show()", default_timeout=60)
    assert not shown.run().warning
    withdraw_dataset(run[1], settings)
    assert not shown.run().exception
    assert [run[1] in warning.value for warning in shown.warning] == [True]
    if page == "method_page":
        assert any("số liệu đã rút" in str(table.value.to_numpy()) for table in shown.dataframe)
