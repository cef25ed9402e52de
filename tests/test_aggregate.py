"""Aggregate: the table equals one made by pandas and numpy from the whole frame, whatever the files, batches, threads and limits."""

import os
import signal
import threading
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from distributed import Client, LocalCluster
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import hatang.coverage.aggregate as module
from hatang.coverage import _gathering, _spill, cluster
from hatang.coverage._batches import Work
from hatang.coverage._grouping import Job
from hatang.coverage.aggregate import Aggregation, aggregate, block_of
from hatang.coverage.blocks import Block, Bundle
from hatang.coverage.cluster import map_finish, map_merge
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import MissingError, ParameterError, RefusedError, SchemaError, StoreError

CODES = ["00003", "00001", "00002"]
NAMES = ["tests", "devices", "median", "p10", "p95", "share_ge_-110", "share_ge_-95.5"]
LIMITS = (-110.0, -95.5)


@pytest.fixture(scope="module")
def index() -> WardIndex:
    """Return three wards side by side, not in the order of their codes."""
    shapes = [shapely.box(west, 0, west + 1, 1) for west in range(3)]
    return WardIndex.build(gpd.GeoDataFrame({"ward_code": CODES}, geometry=shapes, crs="EPSG:4326"))


def measured(rows: int, seed: int, *, devices: int = 40) -> pd.DataFrame:
    """Return rows with everything that is left out or missing: outside, no position, no value, no key, no device."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "lon": random.uniform(-0.2, 3.2, rows),
            "lat": random.uniform(0.01, 0.99, rows),
            "operator": random.choice(["viettel", "vnpt", "mobifone", None], rows, p=[0.5, 0.3, 0.15, 0.05]),
            "technology": random.choice(["4g", "5g"], rows),
            "rsrp_dbm": np.round(random.normal(-100, 12, rows), 2),
            "device_id": pd.Series(random.integers(0, devices, rows)).map("thiết bị {}".format).where(random.random(rows) > 0.03),
        }
    )
    frame.loc[random.random(rows) < 0.02, "lon"] = np.nan
    frame.loc[random.random(rows) < 0.02, "rsrp_dbm"] = np.nan
    return frame


def expected(frame: pd.DataFrame, by: list[str], limits: tuple[float, ...] = LIMITS) -> pd.DataFrame:
    """Return the table by pandas' groups, numpy's quantiles and plain counting."""
    strip = np.floor(frame["lon"])
    inside = frame[(strip >= 0) & (strip < 3) & np.isfinite(frame["rsrp_dbm"])]
    inside = inside.assign(ward_code=[CODES[int(at)] for at in np.floor(inside["lon"])])
    rows = []
    for key, part in inside.groupby(["ward_code", *by], dropna=False, sort=False):
        value = part["rsrp_dbm"].to_numpy(np.float64)
        quantiles = [np.quantile(value, share) for share in (0.5, 0.1, 0.95)]
        rows.append([*key, len(part), part["device_id"].nunique(), *quantiles, *((value >= limit).mean() for limit in limits)])
    names = ["ward_code", *by, "tests", "devices", "median", "p10", "p95", *(f"share_ge_{limit:g}" for limit in limits)]
    table = pd.DataFrame(rows, columns=names).sort_values(["ward_code", *by], na_position="last", ignore_index=True)
    return table.astype({"ward_code": "str", "tests": "int64", "devices": "int64"})


def same(found: pd.DataFrame, wanted: pd.DataFrame) -> None:
    assert_frame_equal(found, wanted, check_exact=True, check_dtype=False)


def test_the_table_by_hand(index: WardIndex, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "lon": [0.5, 0.5, 0.5, 1.5, 9.0, np.nan, 0.5],
            "lat": [0.5] * 7,
            "operator": ["vnpt"] * 7,
            "rsrp_dbm": [-90.0, -110.0, -111.0, -80.0, -70.0, -70.0, np.nan],
            "device_id": ["a", "a", "b", "a", "c", "c", "c"],
        }
    )
    frame.to_parquet(tmp_path / "a.parquet")
    found = aggregate(tmp_path / "a.parquet", index, by=["operator"])
    # p10 of -111, -110, -90 lies 0.2 above -111, p95 1.9 steps up: -110 + 0.9 × 20.
    assert found.columns.tolist() == ["ward_code", "operator", "tests", "devices", "median", "p10", "p95", "share_ge_-110"]
    assert found.drop(columns=["p10", "p95"]).to_numpy().tolist() == [
        ["00001", "vnpt", 1, 1, -80.0, 1.0],
        ["00003", "vnpt", 3, 2, -110.0, 2 / 3],
    ]
    np.testing.assert_allclose(found[["p10", "p95"]], [[-80, -80], [-110.8, -92]], rtol=1e-14)
    assert [str(kind) for kind in found.dtypes] == ["str", "str", "int64", "int64", "float64", "float64", "float64", "float64"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.integers(1, 3000),
    seed=st.integers(0, 10_000),
    files=st.integers(1, 4),
    row_group=st.integers(1, 900),
    threads=st.integers(1, 3),
    coded=st.booleans(),
    kind=st.sampled_from(["float64", "float32", "int16"]),
)
def test_any_split_gives_the_table_of_the_whole(
    index: WardIndex, tmp_path: Path, rows: int, seed: int, files: int, row_group: int, threads: int, *, coded: bool, kind: str
) -> None:
    frame = measured(rows, seed)
    if kind == "int16":
        frame["rsrp_dbm"] = frame["rsrp_dbm"].round().astype("Int16")
    else:
        frame["rsrp_dbm"] = frame["rsrp_dbm"].astype(kind)
    if coded:
        frame = frame.astype({"operator": "category", "device_id": "category"})
    paths = [tmp_path / f"{at}.parquet" for at in range(files)]
    for at, path in enumerate(reversed(paths)):
        frame.iloc[at::files].to_parquet(path, row_group_size=row_group)
    found = aggregate(paths, index, thresholds=LIMITS, threads=threads)
    plain = frame.astype({"operator": object, "device_id": object})
    plain["rsrp_dbm"] = plain["rsrp_dbm"].astype("float64")
    same(found, expected(plain, ["operator", "technology"]))


@pytest.mark.parametrize("devices", [5, 20_000])
def test_what_waits_on_disk_gives_the_same_table(index: WardIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, devices: int) -> None:
    frame = measured(60_000, 3, devices=devices)
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=7_000)
    stored: list[int] = []
    store = _spill.Spill.store

    def counted(spill: _spill.Spill, runs: list[Any], *, items: int) -> Any:
        stored.append(len(runs))
        return store(spill, runs, items=items)

    monkeypatch.setattr(_spill.Spill, "store", counted)
    monkeypatch.setattr(_gathering, "_FEWEST_ROWS", 2_000)
    for limit in (40_000, 900_000):  # of 40 kB, every group alone exceeds a piece
        found = aggregate(tmp_path, index, thresholds=LIMITS, memory_limit_bytes=limit)
        same(found, expected(frame, ["operator", "technology"]))
    assert len(stored) > 4


def test_one_group_larger_than_a_piece(index: WardIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = measured(30_000, 4, devices=9_000).assign(operator="vnpt", technology="4g", lon=0.5)
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=4_000)
    monkeypatch.setattr(_gathering, "PIECE_ITEMS", 500)
    same(aggregate(tmp_path, index, thresholds=LIMITS), expected(frame, ["operator", "technology"]))


def test_many_keys_and_none(index: WardIndex, tmp_path: Path) -> None:
    frame = measured(5_000, 5).assign(cell=lambda table: (np.arange(len(table)) * 7919) % 4_001, day=pd.Timestamp("2026-07-01"))
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=1_000)
    same(aggregate(tmp_path, index, by=["cell"], thresholds=LIMITS), expected(frame, ["cell"]))
    same(aggregate(tmp_path, index, by=["cell", "operator"], thresholds=LIMITS), expected(frame, ["cell", "operator"]))
    same(aggregate(tmp_path, index, by=[], thresholds=LIMITS), expected(frame, []))
    assert (aggregate(tmp_path, index, by=["day"])["day"] == pd.Timestamp("2026-07-01")).all()


def test_a_missing_key_is_a_group_and_stands_last(index: WardIndex, tmp_path: Path) -> None:
    frame = measured(400, 6).assign(quarter=lambda table: np.where(np.arange(len(table)) % 3 == 0, np.nan, 2.0))
    frame.to_parquet(tmp_path / "a.parquet")
    found = aggregate(tmp_path, index, by=["operator", "quarter"], thresholds=LIMITS)
    same(found, expected(frame, ["operator", "quarter"]))
    assert found.groupby("ward_code")["operator"].last().isna().sum() == 0  # `last` skips the missing ones,
    assert found.groupby("ward_code").tail(1)["operator"].isna().all()  # which stand there


@pytest.mark.parametrize("kind", ["int64", "int32", "float64", "Int64", "uint64"])
def test_devices_as_numbers(index: WardIndex, tmp_path: Path, kind: str) -> None:
    frame = measured(3_000, 7)
    number = pd.Series(np.random.default_rng(1).integers(0, 500, len(frame)), dtype="Int64")
    if kind in {"float64", "Int64"}:
        number = number.where(frame["lat"] > 0.3)
    if kind == "uint64":
        number = number.astype("uint64") + np.uint64(2**63)
    frame["device_id"] = number.astype(kind)
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=800)
    same(aggregate(tmp_path, index, thresholds=LIMITS), expected(frame, ["operator", "technology"]))


def test_devices_that_begin_alike_are_told_apart(index: WardIndex, tmp_path: Path) -> None:
    names = ["", "a", "aa", "a" * 8, "a" * 9, "a" * 16, "a" * 17, "b" + "a" * 16, "\x00", "\x00\x00", "a\x00"]
    frame = measured(len(names), 8).assign(lon=0.5, rsrp_dbm=-90.0, operator="vnpt", technology="4g", device_id=names)
    frame.to_parquet(tmp_path / "a.parquet")
    assert aggregate(tmp_path, index)["devices"].tolist() == [len(names)]


def test_minus_nothing_and_huge_values(index: WardIndex, tmp_path: Path) -> None:
    frame = measured(6, 9).assign(lon=0.5, operator="vnpt", technology="4g", rsrp_dbm=[-0.0, 0.0, 1e300, -1e300, 5e-324, np.inf])
    for name, part in (("a", frame), ("b", frame[::-1])):
        (tmp_path / name).mkdir()
        part.to_parquet(tmp_path / name / "x.parquet", row_group_size=2)
    one, other = (aggregate(tmp_path / name, index, thresholds=()) for name in "ab")
    assert one["tests"].tolist() == [5]
    assert one["median"].tolist() == [0.0]
    assert [np.signbit(table["median"][0]) for table in (one, other)] == [False, False]
    same(one, other)


def test_files_that_come_and_go(index: WardIndex, tmp_path: Path) -> None:
    frame, by = measured(5_000, 8), ["operator", "technology"]
    with Aggregation(index, by=by, thresholds=LIMITS, memory_limit_bytes=200_000) as tests:
        assert tests.table().empty
        for begin in range(0, 5_000, 1_000):
            frame[begin : begin + 1_000].to_parquet(tmp_path / "part.parquet")
            tests.take(tmp_path / "part.parquet")
            (tmp_path / "part.parquet").unlink()
            same(tests.table(), expected(frame[: begin + 1_000], by))


def test_devices_cannot_become_texts_on_the_way(index: WardIndex, tmp_path: Path) -> None:
    frame = measured(100, 9)
    frame.assign(device_id=None).to_parquet(tmp_path / "none.parquet")
    frame.to_parquet(tmp_path / "texts.parquet")
    with Aggregation(index) as tests:
        tests.take(tmp_path / "none.parquet")
        with pytest.raises(SchemaError, match=r"error\.aggregate\.kinds|null"):
            tests.take(tmp_path / "texts.parquet")
    same(
        aggregate([tmp_path / "none.parquet", tmp_path / "texts.parquet"], index, thresholds=LIMITS)[["devices"]],
        expected(frame, ["operator", "technology"])[["devices"]],
    )


def test_empty_input_is_an_empty_table(index: WardIndex, tmp_path: Path) -> None:
    measured(10, 1).iloc[:0].astype({"device_id": "str", "operator": "str"}).to_parquet(tmp_path / "a.parquet")
    measured(10, 1).assign(lon=99.0).to_parquet(tmp_path / "b.parquet")
    for paths in ([], [tmp_path / "a.parquet"], [tmp_path / "b.parquet"], tmp_path):
        found = aggregate(paths, index)
        assert len(found) == 0
        assert [str(kind) for kind in found.dtypes] == ["str", "str", "str", "int64", "int64", "float64", "float64", "float64", "float64"]


def test_files_are_named_when_they_cannot_serve(index: WardIndex, tmp_path: Path) -> None:
    good = tmp_path / "good.parquet"
    measured(50, 1).to_parquet(good)
    broken = {
        "empty.parquet": b"",
        "text.parquet": b"lon,lat\n1,2\n",
        "cut.parquet": good.read_bytes()[:-40],
        "hole.parquet": good.read_bytes()[:60] + bytes(400) + good.read_bytes()[460:],
    }
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RefusedError, match=name):
            aggregate([good, tmp_path / name], index)
    with pytest.raises(MissingError, match="nowhere"):
        aggregate(tmp_path / "nowhere.parquet", index)
    (tmp_path / "bare").mkdir()
    with pytest.raises(MissingError, match="bare"):
        aggregate(tmp_path / "bare", index)


def test_columns_are_named_when_they_cannot_serve(index: WardIndex, tmp_path: Path) -> None:
    measured(50, 1).drop(columns="device_id").to_parquet(tmp_path / "less.parquet")
    with pytest.raises(SchemaError, match=r"less\.parquet.*device_id"):
        aggregate(tmp_path / "less.parquet", index)
    measured(50, 1).astype({"rsrp_dbm": "str"}).to_parquet(tmp_path / "text.parquet")
    with pytest.raises(SchemaError, match=r"text\.parquet.*rsrp_dbm"):
        aggregate(tmp_path / "text.parquet", index)
    measured(50, 1).assign(device_id=0.5).to_parquet(tmp_path / "half.parquet")
    with pytest.raises(SchemaError, match=r"half\.parquet.*device_id"):
        aggregate(tmp_path / "half.parquet", index)
    measured(50, 1).assign(device_id=True).to_parquet(tmp_path / "truth.parquet")
    with pytest.raises(SchemaError, match=r"truth\.parquet.*device_id"):
        aggregate(tmp_path / "truth.parquet", index)
    measured(50, 1).to_parquet(tmp_path / "a.parquet")
    measured(50, 1).assign(device_id=7).to_parquet(tmp_path / "b.parquet")
    with pytest.raises(SchemaError, match=r"kinds"):
        aggregate([tmp_path / "a.parquet", tmp_path / "b.parquet"], index)


def test_arguments_out_of_range(index: WardIndex) -> None:
    with pytest.raises(ParameterError, match="limit"):
        aggregate([], index, memory_limit_bytes=0)
    with pytest.raises(ParameterError, match="threads"):
        aggregate([], index, threads=0)
    with pytest.raises(ParameterError, match="tests"):
        aggregate([], index, by=["tests"])
    with pytest.raises(ParameterError, match="share_ge_-110"):
        aggregate([], index, thresholds=(-110, -110.0))
    with pytest.raises(ParameterError, match="nan"):
        aggregate([], index, thresholds=(float("nan"),))


def test_progress_ends_at_all_rows_and_may_stop(index: WardIndex, tmp_path: Path) -> None:
    measured(2_000, 1).to_parquet(tmp_path / "a.parquet", row_group_size=100)
    told: list[tuple[int, int]] = []
    aggregate(tmp_path, index, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (2_000, 2_000)
    assert told == sorted(told)

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        aggregate(tmp_path, index, progress=stop)
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("ThreadPool")] == []


def test_a_full_disk_is_named_and_nothing_is_left(index: WardIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    measured(20_000, 1).to_parquet(tmp_path / "a.parquet", row_group_size=2_000)
    aggregate(tmp_path / "a.parquet", index, memory_limit_bytes=40_000)
    assert list((tmp_path / "tmp").iterdir()) == []

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_spill.StoredItems, "append", full)
    with pytest.raises(StoreError, match="No space left"):
        aggregate(tmp_path / "a.parquet", index, memory_limit_bytes=40_000)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_blocks_merge_in_any_order_and_survive_bytes(index: WardIndex, tmp_path: Path) -> None:
    parts = [measured(700, seed) for seed in range(5)]
    parts[1]["device_id"] = pd.Series([None] * 700, dtype=object)
    for at, part in enumerate(parts):
        part.to_parquet(tmp_path / f"{at}.parquet")
    blocks = [block_of(tmp_path / f"{at}.parquet", index) for at in range(5)]
    left = Block.merge([Block.merge(blocks[:2]), Block.merge([blocks[4], blocks[3]]), blocks[2]])
    right = Block.merge([blocks[3], Block.merge([blocks[1], blocks[4], blocks[2]]), blocks[0]])
    assert left.to_bytes() == right.to_bytes()
    back = Block.from_bytes(left.to_bytes())
    assert back.to_bytes() == left.to_bytes()
    wanted = expected(pd.concat(parts), ["operator", "technology"])
    same(back.table(thresholds=LIMITS), wanted)
    assert back.tests == wanted["tests"].sum()


def test_what_came_over_a_wire_may_not_change(index: WardIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = measured(9_000, 4, devices=3_000).assign(operator="vnpt")
    frame.to_parquet(tmp_path / "a.parquet", row_group_size=1_000)
    bundles: list[Block | Bundle] = []

    def finish(_: Any, work: list[Work], merge: Any, end: Any, *, scheduler: Any, shared: Any, **__: Any) -> pd.DataFrame:
        assert scheduler == "none"
        bundles.extend(module._share(share, shared) for share in work)
        for run in (run for bundle in bundles for run in bundle.runs):
            for column in run.columns:
                np.asarray(column.items).flags.writeable = False
        return end([merge(bundles[:3]), *bundles[3:]])

    monkeypatch.setattr(module, "_SHARE_ROWS", 2_000)
    monkeypatch.setattr(module, "map_finish", finish)
    monkeypatch.setattr("hatang.coverage.blocks.PIECE_ITEMS", 300)  # every group alone exceeds a piece
    same(aggregate(tmp_path, index, thresholds=LIMITS, scheduler="none"), expected(frame, ["operator", "technology"]))
    assert len(bundles) == 5


def test_a_share_larger_than_its_memory_becomes_a_block(index: WardIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = measured(30_000, 6, devices=20_000)
    frame.to_parquet(tmp_path / "a.parquet")  # one row group, which nothing cuts
    found: list[Block | Bundle] = []
    monkeypatch.setattr(_gathering, "_FEWEST_ROWS", 2_000)
    monkeypatch.setattr(
        module, "map_finish", lambda share, work, _, finish, *, shared, **__: finish([found.append(share(work[0], shared)) or found[0]])
    )
    table = aggregate(tmp_path, index, thresholds=LIMITS, scheduler="none", memory_limit_bytes=100_000)
    same(table, expected(frame, ["operator", "technology"]))
    assert isinstance(found[0], Block)


def test_blocks_that_do_not_fit(index: WardIndex, tmp_path: Path) -> None:
    measured(70, 1).to_parquet(tmp_path / "a.parquet")
    with pytest.raises(SchemaError, match="kinds"):
        Block.merge([block_of(tmp_path, index), block_of(tmp_path, index, by=["operator"])])
    with pytest.raises(ParameterError, match="no_blocks"):
        Block.merge([])
    with pytest.raises(SchemaError, match="block"):
        Block.from_bytes(b"nothing of ours")


def killing(work: Work, shared: tuple[Job, int, str]) -> Block | Bundle:
    """Do one share; the first worker that comes to the third share dies there as if its machine lost power."""
    job, limit, mark = shared
    if work.row_groups[0] == 2:
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return module._share(work, (job, limit))


@pytest.mark.slow
def test_the_cluster_gives_the_same_table(index: WardIndex, tmp_path: Path, workers: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    measured(20_000, 2).to_parquet(tmp_path / "a.parquet", row_group_size=2_000)
    monkeypatch.setattr(module, "_SHARE_ROWS", 2_000)
    alone = aggregate(tmp_path, index, thresholds=LIMITS)
    told: list[int] = []
    found = aggregate(tmp_path, index, thresholds=LIMITS, scheduler=workers.scheduler_address, progress=lambda done, _: told.append(done))
    same(found, alone)
    assert told[-1] == 20_000
    with Client(workers, set_as_default=False) as client:
        same(aggregate(tmp_path, index, thresholds=LIMITS, scheduler=client), alone)
        assert client.status == "running"
    assert len(aggregate([], index, scheduler=workers)) == 0


@pytest.mark.slow
def test_a_worker_killed_in_mid_run_changes_nothing(
    index: WardIndex, tmp_path: Path, workers: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(20_000, 2).to_parquet(tmp_path / "a.parquet", row_group_size=1_000)
    alone = aggregate(tmp_path, index, thresholds=LIMITS)
    mark = tmp_path / "died"
    monkeypatch.setattr(module, "_SHARE_ROWS", 1_000)
    monkeypatch.setattr(
        module,
        "map_finish",
        lambda _, work, merge, finish, *, scheduler, shared, finished: map_finish(
            killing, work, merge, finish, scheduler=scheduler, shared=(*shared, str(mark)), finished=finished
        ),
    )
    same(aggregate(tmp_path / "a.parquet", index, thresholds=LIMITS, scheduler=workers), alone)
    assert mark.exists()


@pytest.mark.slow
def test_the_cluster_passes_errors_on(index: WardIndex, tmp_path: Path, workers: LocalCluster) -> None:
    measured(50, 1).to_parquet(tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content[:60] + bytes(400) + content[460:])
    with pytest.raises(RefusedError, match=r"a\.parquet"):
        aggregate(tmp_path, index, scheduler=workers)
    with pytest.raises(ParameterError, match="nothing"):
        map_merge(killing, [], Block.merge, scheduler=workers, shared=None)  # type: ignore[arg-type]


def test_a_cluster_needs_its_packages(index: WardIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured(50, 1).to_parquet(tmp_path / "a.parquet")

    def absent(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(cluster.importlib, "import_module", absent)
    with pytest.raises(MissingError, match="cluster"):
        aggregate(tmp_path, index, scheduler="tcp://127.0.0.1:1")


def test_arrow_types_of_keys_and_devices(index: WardIndex, tmp_path: Path) -> None:
    frame = measured(900, 3)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    wanted = expected(frame, ["operator", "technology"])
    for kind in (pa.large_string(), pa.dictionary(pa.int8(), pa.large_string()), pa.string_view()):
        at = table.schema.get_field_index("operator")
        pq.write_table(table.set_column(at, "operator", table["operator"].cast(pa.string()).cast(kind)), tmp_path / "a.parquet")
        same(aggregate(tmp_path, index, thresholds=LIMITS), wanted)
    at = table.schema.get_field_index("device_id")
    for device in (pa.large_string(), pa.string_view()):
        changed = table.set_column(at, "device_id", table["device_id"].cast(pa.string()).cast(device))
        pq.write_table(changed, tmp_path / "a.parquet", use_dictionary=False)
        same(aggregate(tmp_path, index, thresholds=LIMITS), wanted)
