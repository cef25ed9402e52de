"""Files in: each stored or refused on its own, and nothing of a refused or broken one remains."""

import gzip
import multiprocessing
import os
import random
import resource
import signal
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from hatang.data.contracts import AUTHORITY, CLAIMS, MEASUREMENTS, CancelledError, Fault, Kind, Severity, StoreError
from hatang.data.results import table_hash
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Store
from hatang.data.wards import load_boundaries
from hatang.pipeline.ingest import IngestOptions, IngestOutcome, ingest
from hatang.pipeline.progress import Quiet

FORKS = pytest.mark.filterwarnings("ignore:This process.*is multi-threaded:DeprecationWarning")


def drive_test(rows: int = 40, seed: int = 1) -> pd.DataFrame:
    """Return raw tests round Ngọ Môn (107.5791 E, 16.4676 N), inside Phú Xuân ward of Huế."""
    random_state = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "time": pd.date_range("2026-08-01", periods=rows, freq="7s").strftime("%Y-%m-%d %H:%M:%S"),
            "lon": random_state.uniform(107.570, 107.585, rows).round(6),
            "lat": random_state.uniform(16.462, 16.472, rows).round(6),
            "operator": "viettel",
            "technology": "4g",
            "environment": "outdoor",
            "rsrp_dbm": random_state.integers(-120, -70, rows),
            "device_id": [f"d{n % 5}" for n in range(rows)],
        }
    )


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    drive_test().to_csv(path, index=False)
    return path


@pytest.fixture
def large_log(tmp_path: Path) -> Path:
    path = tmp_path / "large.csv"
    drive_test(60_000).to_csv(path, index=False)
    return path


def run(settings: Settings, *files: Path, **options: object) -> IngestOutcome:
    return ingest(files, IngestOptions(**options), settings, Quiet())  # type: ignore[arg-type]


def stored(settings: Settings) -> list[Dataset]:
    with Store.open(settings) as store:
        assert store.verify() == []
        return store.datasets()


def test_a_log_is_recognised_read_and_stored(settings: Settings, log: Path) -> None:
    outcome = run(settings, log)
    (dataset,) = outcome.datasets
    assert outcome.complete
    assert (dataset.kind, dataset.rows_in, dataset.rows_kept, dataset.rows_refused) == (Kind.MEASUREMENTS, 40, 40, 0)
    assert (dataset.operator, dataset.technology, dataset.environment, dataset.period) == ("viettel", "4g", "outdoor", "2026Q3")
    assert (dataset.file_name, dataset.organisation, dataset.synthetic) == ("log.csv", AUTHORITY, False)
    with Store.open(settings) as store:
        table = store.read(dataset)
    assert list(table.columns) == MEASUREMENTS.names
    np.testing.assert_array_equal(table["rsrp_dbm"], drive_test()["rsrp_dbm"])
    assert table_hash(table) == dataset.sha256
    assert stored(settings) == [dataset]


def test_claims_are_stored_in_the_crs_of_maps(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "claims.gpkg"
    shape = shapely.box(555_000, 1_815_000, 560_000, 1_820_000)
    gpd.GeoDataFrame({"operator": ["vnpt"], "technology": ["5g"], "environment": ["outdoor"]}, geometry=[shape], crs="EPSG:9214").to_file(
        path
    )
    (dataset,) = run(settings, path, period="2026q3", organisation=" VNPT  ").datasets
    assert (dataset.kind, dataset.operator, dataset.technology, dataset.period, dataset.organisation) == (
        Kind.CLAIMS,
        "vnpt",
        "5g",
        "2026Q3",
        "VNPT",
    )
    with Store.open(settings) as store:
        table = store.read(dataset)
    assert isinstance(table, gpd.GeoDataFrame)
    assert (table.crs.to_epsg(), list(table.columns)) == (4326, CLAIMS.names)
    assert table.to_crs("EPSG:9214").area.sum() == pytest.approx(25e6, rel=1e-6)  # 5 km × 5 km


def test_what_the_sender_says_is_kept(settings: Settings, log: Path) -> None:
    (dataset,) = run(settings, log, source="đo kiểm tháng 8", licence="nội bộ", synthetic=True, organisation="viettel").datasets
    assert (dataset.source, dataset.licence, dataset.synthetic, dataset.organisation) == ("đo kiểm tháng 8", "nội bộ", True, "viettel")


def test_the_period_that_the_sender_states_counts(settings: Settings, log: Path) -> None:
    outcome = run(settings, log, period="2026Q4")
    assert outcome.datasets[0].period == "2026Q4"
    assert [(fault.code, fault.found) for fault in outcome.faults] == [("period_differs", "2026Q3")]


def test_the_same_file_with_the_same_options_adds_nothing(settings: Settings, log: Path) -> None:
    first = run(settings, log, operator="viettel")
    again = run(settings, log, operator=" Viettel ")
    assert again.complete
    assert again.datasets == first.datasets
    assert [file.added for file in (*first.files, *again.files)] == [True, False]
    assert stored(settings) == list(first.datasets)


def test_the_same_table_in_another_wrapping_counts_once(settings: Settings, log: Path, tmp_path: Path) -> None:
    packed = tmp_path / "log.csv.gz"
    packed.write_bytes(gzip.compress(log.read_bytes()))
    first = run(settings, log, organisation="x")
    again = run(settings, packed, organisation="x")
    assert again.datasets == first.datasets
    assert [(fault.code, fault.severity) for fault in again.faults if fault.code == "already_stored"] == [
        ("already_stored", Severity.WARNING)
    ]
    assert len(stored(settings)) == 1


def test_a_withdrawn_file_can_be_ingested_again(settings: Settings, log: Path) -> None:
    (first,) = run(settings, log).datasets
    with Store.open(settings) as store:
        store.withdraw(first.id)
    (second,) = run(settings, log).datasets
    assert (second.sha256, second.id != first.id) == (first.sha256, True)


def test_a_mapping_counts_by_its_content(settings: Settings, tmp_path: Path) -> None:
    log, mapping = tmp_path / "log.csv", tmp_path / "mapping.yaml"
    drive_test().drop(columns="operator").to_csv(log, index=False)
    mapping.write_text("constants: {operator: viettel}\n", "utf-8")
    (first,) = run(settings, log, mapping=mapping).datasets
    mapping.write_text("constants: {operator: vnpt}\n", "utf-8")
    (second,) = run(settings, log, mapping=mapping).datasets
    assert (first.operator, second.operator) == ("viettel", "vnpt")
    (fault,) = run(settings, log, mapping=tmp_path / "none.yaml").faults
    assert fault.code == "mapping_missing"


def odd_paths(tmp_path: Path) -> dict[str, Path]:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.csv").touch()
    return {
        "file_missing": tmp_path / "none.csv",
        "directory": tmp_path,
        "file_unreadable": tmp_path / "pipe",
        "file_empty": tmp_path / "empty.csv",
    }


@pytest.mark.parametrize("code", ["file_missing", "directory", "file_unreadable", "file_empty"])
def test_what_is_no_file_is_refused(settings: Settings, tmp_path: Path, code: str) -> None:
    path = odd_paths(tmp_path)[code]
    outcome = run(settings, path)
    assert not outcome.complete
    assert [(fault.code, fault.file, fault.severity) for fault in outcome.faults] == [(code, path.name, Severity.REFUSED)]
    assert stored(settings) == []


@pytest.mark.parametrize("path", [Path("a" * 300), Path("nul\0.csv"), Path("/proc/none/x.csv"), Path("log.csv/inside")])
def test_paths_that_cannot_exist_are_refused(settings: Settings, path: Path) -> None:
    assert [fault.code for fault in run(settings, path).faults] == ["file_missing"]


def test_a_name_with_broken_bytes_is_made_printable(settings: Settings, log: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(bytes(tmp_path) + b"/l\xf2g\x1b.csv"))
    log.rename(odd)
    (dataset,) = run(settings, odd).datasets
    assert dataset.file_name == "l?g?.csv"


@pytest.mark.parametrize(
    ("options", "code"),
    [({"period": "2026-3"}, "period_malformed"), ({"period": "2026Q5"}, "period_malformed"), ({"operator": "nobody"}, "operator_unknown")],
)
def test_options_that_name_nothing_known_refuse_the_file(settings: Settings, log: Path, options: dict[str, object], code: str) -> None:
    outcome = run(settings, log, **options)
    assert not outcome.complete
    assert code in [fault.code for fault in outcome.faults]
    assert stored(settings) == []


def test_each_file_stands_alone(settings: Settings, log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    drive_test(seed=2).to_csv(other, index=False)
    outcome = run(settings, log, tmp_path / "none.csv", other)
    assert not outcome.complete
    assert [file.added for file in outcome.files] == [True, False, True]
    assert stored(settings) == list(outcome.datasets)


def test_a_dry_run_checks_everything_and_stores_nothing(settings: Settings, log: Path, tmp_path: Path) -> None:
    outcome = run(settings, log, tmp_path / "none.csv", dry_run=True)
    assert not outcome.complete
    assert stored(settings) == []
    assert run(settings, log).datasets[0].sha256 == outcome.datasets[0].sha256


def test_rows_outside_the_city_are_taken_with_one_warning(settings: Settings, tmp_path: Path) -> None:
    # Hà Nội, then a place in the box round the city but in the sea: Huế's waters lie beyond 108.2 E, 16.6 N.
    frame = drive_test(10)
    frame.loc[[3, 7], ["lon", "lat"]] = [[105.85, 21.03], [108.2, 16.7]]
    path = tmp_path / "log.csv"
    frame.to_csv(path, index=False)
    outcome = run(settings, path)
    (fault,) = (fault for fault in outcome.faults if fault.code == "outside_city")
    assert (fault.severity, fault.count, fault.found) == (Severity.WARNING, 2, "105.85000, 21.03000")
    assert (fault.file, fault.row, fault.fields["rows"]) == ("log.csv", 5, "5, 9")  # as a person counts in the file
    assert outcome.datasets[0].rows_kept == 10
    with Store.open(settings) as store:
        assert fault in store.faults(outcome.datasets[0])


def test_rows_outside_the_city_keep_their_number_behind_rows_refused_and_name_their_file(settings: Settings, tmp_path: Path) -> None:
    """The order in the stored table had been told, which nobody sees."""
    frame = drive_test(6).astype({"lat": object})
    frame.loc[1, "lat"] = "x"
    frame.loc[[0, 4], ["lon", "lat"]] = [105.85, 21.03]
    frame.to_csv(tmp_path / "a.csv", index=False)
    (fault,) = (fault for fault in run(settings, tmp_path / "a.csv").faults if fault.code == "outside_city")
    assert (fault.row, fault.fields["rows"]) == (2, "2, 6")
    later = drive_test(6).assign(time=[f"2026-08-02 08:00:{second:02}" for second in range(6)])
    later.loc[5, ["lon", "lat"]] = [105.85, 21.03]
    later.to_csv(tmp_path / "b.csv", index=False)
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.write(tmp_path / name, name)
    (fault,) = (fault for fault in run(settings, tmp_path / "logs.zip").faults if fault.code == "outside_city")
    assert (fault.file, fault.row) == ("logs.zip/a.csv", 2)
    assert fault.fields["rows"] == "logs.zip/a.csv: 2, logs.zip/a.csv: 6, logs.zip/b.csv: 7"


def elsewhere(settings: Settings, path: Path, *, inside: int, near: int = 0, far: int) -> Path:
    """Write tests at Ngọ Môn, near the city (0.01° of longitude, 1.07 km, west of its westernmost point), and in Hà Nội."""
    frame = drive_test(inside + near + far)
    west, latitude = min(shapely.get_coordinates(load_boundaries(settings).frame.geometry.array).tolist())
    frame["lon"], frame["lat"] = 107.5791, 16.4676
    frame["time"] = pd.date_range("2026-08-01", periods=len(frame), freq="7s").strftime("%Y-%m-%d %H:%M:%S")
    frame.loc[inside:, ["lon", "lat"]] = [105.85, 21.03]
    frame.loc[inside + far :, ["lon", "lat"]] = [west - 0.01, latitude]
    frame.to_csv(path, index=False)
    return path


def test_a_file_mostly_outside_the_city_is_stored_with_the_strongest_warning_first(settings: Settings, tmp_path: Path) -> None:
    outcome = run(settings, elsewhere(settings, tmp_path / "log.csv", inside=4, far=6))
    first = outcome.faults[0]
    assert (first.code, first.severity, first.found, first.count) == ("few_inside_city", Severity.WARNING, "4 / 10", 6)
    assert first.fields == {"inside": 4, "total": 10, "percent": "40", "least": "50", "margin": "2000"}
    assert sum(fault.count for fault in outcome.faults if fault.code == "outside_city") == 6
    assert outcome.complete
    assert stored(settings) == list(outcome.datasets)
    with Store.open(settings) as store:
        assert store.faults(outcome.datasets[0])[0] == first


def test_half_of_the_rows_inside_or_within_the_margin_is_enough(settings: Settings, tmp_path: Path) -> None:
    half = run(settings, elsewhere(settings, tmp_path / "half.csv", inside=5, far=5)).files[0]
    border = run(settings, elsewhere(settings, tmp_path / "border.csv", inside=4, near=2, far=4)).files[0]
    assert (half.few_inside, border.few_inside) == (None, None)
    assert [fault.count for fault in border.faults if fault.code == "outside_city"] == [6]


def test_who_asks_first_gets_a_file_mostly_outside_held_back(settings: Settings, tmp_path: Path) -> None:
    path = elsewhere(settings, tmp_path / "log.csv", inside=0, far=10)
    (held,) = run(settings, path, ask_outside=True).files
    assert (held.held_back, held.dataset, held.added) == (True, None, False)
    assert held.few_inside is not None
    assert stored(settings) == []
    (rehearsed,) = run(settings, path, ask_outside=True, dry_run=True).files
    assert (rehearsed.held_back, rehearsed.few_inside) == (False, held.few_inside)
    (taken,) = run(settings, path).files
    assert (taken.held_back, taken.added) == (False, True)
    # Once it is stored, nobody is asked again: the question is no part of what is said of the file.
    (again,) = run(settings, path, ask_outside=True).files
    assert (again.held_back, again.added, again.dataset) == (False, False, taken.dataset)


def test_a_refused_file_is_not_held_back(settings: Settings, tmp_path: Path) -> None:
    frame = drive_test(3).assign(lon=999)
    path = tmp_path / "log.csv"
    frame.to_csv(path, index=False)
    (refused,) = run(settings, path, ask_outside=True).files
    assert (refused.held_back, refused.dataset, refused.few_inside) == (False, None, None)


def test_shapes_that_touch_the_city_are_inside(settings: Settings, tmp_path: Path) -> None:
    west, south, east, north = load_boundaries(settings).frame.total_bounds
    around, elsewhere = shapely.box(west - 1, south - 1, east + 1, north + 1), shapely.box(105, 20, 106, 21)
    path = tmp_path / "claims.gpkg"
    rows = {"operator": ["vnpt"] * 2, "technology": ["4g"] * 2, "environment": ["outdoor"] * 2}
    gpd.GeoDataFrame(rows, geometry=[around, elsewhere], crs="EPSG:4326").to_file(path)
    (fault,) = (fault for fault in run(settings, path).faults if fault.code == "outside_city")
    assert (fault.count, fault.fields["rows"]) == (1, "2")


def test_boundaries_that_are_refused_refuse_the_file(settings: Settings, log: Path, tmp_path: Path) -> None:
    broken = settings.model_copy(update={"boundaries": tmp_path / "none.gpkg"})
    outcome = run(broken, log)
    assert [fault.code for fault in outcome.faults] == ["boundaries_no_file"]
    assert stored(settings) == []


def test_faults_are_stored_with_the_submission(settings: Settings, tmp_path: Path) -> None:
    frame = drive_test().astype({"rsrp_dbm": object})
    frame.loc[2, "lon"] = 999.0
    path = tmp_path / "log.csv"
    frame.to_csv(path, index=False)
    outcome = run(settings, path)
    assert (outcome.complete, outcome.datasets[0].rows_refused) == (True, 1)
    with Store.open(settings) as store:
        kept = store.faults(outcome.datasets[0])
    assert kept == outcome.faults
    assert any(isinstance(fault, Fault) and fault.row == 4 and fault.severity is Severity.REFUSED for fault in kept)
    assert run(settings, path).faults == outcome.faults


class StopsAfterCopying(Quiet):
    """Asks to stop once the file is copied."""

    def advance(self, units: int = 1) -> None:
        self.cancelled = units > 0
        super().advance(units)


def test_a_user_who_stops_leaves_nothing(settings: Settings, log: Path) -> None:
    with pytest.raises(CancelledError):
        ingest([log], IngestOptions(), settings, StopsAfterCopying())
    assert stored(settings) == []
    assert list((settings.home / "incoming").iterdir()) == []


class DiesAfter(Quiet):
    """Kills its process at the n-th advance: 1 the file is copied, 2 read, 3 checked, 4 stored."""

    def __init__(self, advances: int) -> None:
        super().__init__()
        self.left = advances

    def advance(self, units: int = 1) -> None:
        self.left -= units
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def child(target: Callable[..., object], *arguments: object) -> multiprocessing.Process:
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    process.start()
    return process  # type: ignore[return-value]


@FORKS
@pytest.mark.parametrize("advances", [1, 2, 3])
def test_killed_in_any_phase_the_catalogue_is_unchanged(settings: Settings, log: Path, tmp_path: Path, advances: int) -> None:
    other = tmp_path / "other.csv"
    drive_test(seed=2).to_csv(other, index=False)
    before = list(run(settings, log).datasets)
    process = child(ingest, [other], IngestOptions(), settings, DiesAfter(advances))
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert list((settings.home / "incoming").iterdir()) != []
    assert stored(settings) == before
    assert list((settings.home / "incoming").iterdir()) == []
    assert run(settings, other).complete


@FORKS
def test_killed_at_random_times_the_catalogue_stays_whole(settings: Settings, large_log: Path) -> None:
    load_boundaries(settings)
    delays = random.Random(455)  # noqa: S311 - no secret
    for _ in range(6):
        process = child(ingest, [large_log], IngestOptions(), settings, Quiet())
        time.sleep(delays.uniform(0.01, 0.9))
        process.kill()
        process.join()
        assert len(stored(settings)) <= 1
    outcome = run(settings, large_log)
    assert outcome.complete
    assert stored(settings) == list(outcome.datasets)


def _with_little_room(settings: Settings, file: Path, limit_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))
    try:
        run(settings, file)
    except StoreError:
        os._exit(3)
    os._exit(0)


@FORKS
@pytest.mark.parametrize("limit_bytes", [100_000, 5_000_000])
def test_a_full_disk_is_named_and_changes_nothing(settings: Settings, log: Path, large_log: Path, limit_bytes: int) -> None:
    # The large log has 4.2 MB, its Arrow table more: the first limit stops the copy, the second the reader.
    before = list(run(settings, log).datasets)
    process = child(_with_little_room, settings, large_log, limit_bytes)
    process.join()
    assert process.exitcode == 3
    assert list((settings.home / "incoming").iterdir()) == []
    assert stored(settings) == before
    assert run(settings, large_log).complete


@FORKS
def test_two_processes_at_once_both_store(settings: Settings, log: Path, large_log: Path) -> None:
    processes = [child(run, settings, log, large_log) for _ in range(2)]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert sorted(dataset.file_name for dataset in stored(settings)) == ["large.csv", "log.csv"]


@pytest.mark.reference
def test_a_real_log_is_stored_whole(settings: Settings, reference: Path) -> None:
    outcome = run(settings, reference / "measurements/ucc_5g/ucc5g_all.csv.gz", operator="viettel")
    (dataset,) = outcome.datasets
    assert dataset.rows_in == 188_711  # lines of the file but the header, by zcat | wc -l
    assert dataset.rows_in == dataset.rows_kept + dataset.rows_refused + dataset.repairs.get("duplicate", 0)
    assert sum(fault.count for fault in outcome.faults if fault.code == "outside_city") == dataset.rows_kept  # measured in Ireland
    assert stored(settings) == [dataset]
