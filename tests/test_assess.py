"""From filed files to a run: what counts in a period, one run for equal input, and the command."""

import datetime as dt
import json
from pathlib import Path

import pytest
from assess_inputs import claim, claims
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import CancelledError, Kind, MissingError, ParameterError
from hatang.data.results import table_hash
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.assess import assess
from hatang.pipeline.catalogue import withdraw_dataset
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.inputs import gather, latest_period
from hatang.pipeline.progress import Quiet
from hatang.pipeline.runs import latest_run, load_run, run_identity, run_ids, with_results

AS_OF = dt.date(2026, 9, 30)


def measured(folder: Path, name: str, *, level_dbm: float, count: int = 60, day: str = "2026-08-01") -> Path:
    """Write a CSV of tests at the centre of Phường Phú Xuân, one a device."""
    rows = [f"{day} 08:00:00,107.577,16.4785,viettel,4g,{level_dbm},device-{n}" for n in range(count)]
    path = folder / name
    path.write_text("time,lon,lat,operator,technology,rsrp_dbm,device_id\n" + "\n".join(rows) + "\n", "utf-8")
    return path


def claimed(folder: Path, name: str, east: float) -> Path:
    path = folder / name
    claims(claim(0, east)).to_file(path, engine="pyogrio")
    return path


def filed(settings: Settings, *files: Path, **options: object) -> list[str]:
    outcome = ingest(list(files), IngestOptions(**options), settings, Quiet())  # type: ignore[arg-type]
    assert outcome.complete, [fault for fault in outcome.faults if fault.severity == "refused"]
    return [entry.id for entry in outcome.datasets]


def test_a_ward_with_60_passes_is_covered(settings: Settings, tmp_path: Path) -> None:
    filed(settings, measured(tmp_path, "a.csv", level_dbm=-90), claimed(tmp_path, "c.geojson", 0.5), period="2026Q3")
    results = assess(settings, as_of=AS_OF, progress=Quiet())
    table = results.tables["ward_table"].set_index(["ward_code", "operator", "technology"])
    row = table.loc[("19753", "viettel", "4g")]
    assert (row["verdict"], row["tests"], row["devices"], row["median_rsrp_dbm"]) == ("covered", 60, 60, -90.0)
    assert row["claimed_area_share"] > 0
    assert results.period == "2026Q3"
    assert results.boundary_source == "approximate"
    assert not results.synthetic
    assert len(results.tables["gaps"]) > 0
    assert results.tables["gaps_left_out"]["reason"].tolist() == ["small", "narrow"]
    assert {entry["kind"] for entry in results.inputs} == {"measurements", "claims"}


class Stopping(Quiet):
    """Notes how far each step came, and stops in the middle of one."""

    def __init__(self, stop_in: str = "") -> None:
        super().__init__()
        self.stop_in, self.at = stop_in, ""
        self.units: dict[str, tuple[int, int | None]] = {}

    def step(self, message_id: str, *, total: int | None = None, **fields: object) -> None:
        super().step(message_id, total=total, **fields)
        self.at, self.units[message_id] = message_id, (0, total)

    def advance(self, units: int = 1) -> None:
        super().advance(units)
        if self.at:
            done, total = self.units[self.at]
            assert units >= 0
            self.units[self.at] = done + units, total
        if units and self.at == self.stop_in:
            self.cancel()


def test_claims_over_wards_tell_how_far_they_are_and_may_be_stopped(settings: Settings, tmp_path: Path) -> None:
    filed(settings, measured(tmp_path, "a.csv", level_dbm=-90), claimed(tmp_path, "c.geojson", 0.5), period="2026Q3")
    with pytest.raises(CancelledError, match=r"error\.cancelled"):
        assess(settings, as_of=AS_OF, progress=Stopping("assess.claims"))
    assert not list((settings.home / "results").glob("*"))
    progress = Stopping()
    results = assess(settings, as_of=AS_OF, progress=progress)
    done, total = progress.units["assess.claims"]
    assert done == total == 40 * len(results.tables["ward_table"].query("claimed_area_share.notna() and ward_code == '19753'"))


def test_equal_input_is_one_run_and_other_input_another(settings: Settings, tmp_path: Path) -> None:
    filed(settings, measured(tmp_path, "a.csv", level_dbm=-90))
    first = assess(settings, as_of=AS_OF, progress=Quiet())
    second = assess(settings, as_of=AS_OF, progress=Quiet())
    assert first.run_id == second.run_id
    assert run_ids(settings) == [first.run_id]
    for name, frame in first.tables.items():
        assert table_hash(frame) == table_hash(second.tables[name]), name
    filed(settings, measured(tmp_path, "b.csv", level_dbm=-100))
    assert assess(settings, as_of=AS_OF, progress=Quiet()).run_id != first.run_id
    assert assess(settings, as_of=dt.date(2026, 10, 1), progress=Quiet()).run_id != first.run_id


def test_a_withdrawn_filing_no_longer_counts(settings: Settings, tmp_path: Path) -> None:
    (entry,) = filed(settings, measured(tmp_path, "a.csv", level_dbm=-90))
    withdraw_dataset(entry, settings)
    results = assess(settings, period="2026Q3", as_of=AS_OF, progress=Quiet())
    assert results.tables["ward_table"]["tests"].fillna(0).sum() == 0


def test_the_latest_claim_counts_and_later_periods_do_not(settings: Settings, tmp_path: Path) -> None:
    filed(settings, claimed(tmp_path, "q2.geojson", 0.2), period="2026Q2")
    filed(settings, claimed(tmp_path, "q3.geojson", 0.4), period="2026Q3")
    filed(settings, claimed(tmp_path, "q4.geojson", 0.6), period="2026Q4")
    with Store.open(settings) as store:
        width = {
            period: gather(store, period)[Kind.CLAIMS].total_bounds[2]
            for period in ("2026Q1", "2026Q2", "2026Q3", "2026Q4")
            if period != "2026Q1"
        }
        assert len(gather(store, "2026Q1")[Kind.CLAIMS]) == 0
        assert latest_period(store) == "2026Q4"
    assert width["2026Q2"] < width["2026Q3"] < width["2026Q4"]


def test_an_empty_store_gives_the_whole_table_undecided(settings: Settings) -> None:
    results = assess(settings, as_of=AS_OF, progress=Quiet())
    assert results.period == "2026Q3"
    table = results.tables["ward_table"]
    assert table["ward_code"].nunique() == 40
    assert set(table["verdict"]) == {"insufficient"}


def test_runs_are_found_by_name_and_the_demo_only_where_there_is_nothing_else(settings: Settings) -> None:
    assert latest_run(settings) is None
    assert with_results(settings) == settings
    demo = settings.model_copy(update={"home": settings.home / "demo"})
    assess(demo, as_of=AS_OF, progress=Quiet())
    assert with_results(settings).home == demo.home
    shared = settings.model_copy(update={"database_url": "postgresql+psycopg://city/hatang"})
    assert with_results(shared).database_url is None  # what is decided on the demo stays out of the city's own catalogue
    own = assess(settings, as_of=AS_OF, progress=Quiet())
    assert with_results(settings) == settings
    found = latest_run(settings)
    assert found is not None
    assert found.run_id == load_run(settings, own.run_id[:6]).run_id
    with pytest.raises(MissingError, match=r"error\.run\.missing"):
        load_run(settings, "none")


def test_the_identity_does_not_depend_on_the_order_of_inputs() -> None:
    first, second = (run_identity(inputs, ward_version="v", configuration={}, as_of="2026-09-30") for inputs in (["a", "b"], ["b", "a"]))
    assert first == second
    assert first != run_identity(["a"], ward_version="v", configuration={}, as_of="2026-09-30")


def test_a_period_that_is_no_quarter_is_named(settings: Settings) -> None:
    with pytest.raises(ParameterError, match=r"error\.period"):
        assess(settings, period="2026", as_of=AS_OF, progress=Quiet())


def test_the_command_says_what_the_run_says(settings: Settings, tmp_path: Path) -> None:
    filed(settings, measured(tmp_path, "a.csv", level_dbm=-90))
    call = ["--home", str(settings.home)]
    done = CliRunner().invoke(app, [*call, "--json", "assess", "--as-of", "2026-09-30"], env={"HATANG_OFFLINE": "1"})
    assert done.exit_code == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["summary"]["verdicts"]["4g"] == {"covered": 1, "gap": 0, "insufficient": 39}
    words = CliRunner().invoke(app, [*call, "assess", "--as-of", "2026-09-30"], env={"HATANG_OFFLINE": "1"})
    assert "4G: 1 phường, xã đạt, 0 chưa đạt, 39 chưa đủ dữ liệu để kết luận" in words.stderr
    out = settings.home.parent / "bao-cao"
    written = CliRunner().invoke(app, [*call, "--json", "assess", "--as-of", "2026-09-30", "--out", str(out)], env={"HATANG_OFFLINE": "1"})
    assert set(json.loads(written.stdout)["files"]) == {path.name for path in out.iterdir()}
    wrong = CliRunner().invoke(app, [*call, "--json", "assess", "--period", "2026"], env={"HATANG_OFFLINE": "1"})
    assert (wrong.exit_code, json.loads(wrong.stdout)["code"]) == (1, "error.period")
