"""Engine files: Morton order, coordinates to 1e-7 degrees, wards of one index, and the same aggregate as from the table itself."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from hatang.coverage.aggregate import aggregate
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import ENGINE_WARD, EngineLayout, ParameterError, RefusedError, SchemaError
from hatang.data.enginefile import engine_layout, engine_path, morton_codes, read_engine_file, write_engine_file
from hatang.pipeline.enginecache import engine_file

int32 = st.integers(-(2**31), 2**31 - 1)


def wards(shift: float = 0.0) -> WardIndex:
    shapes = [shapely.box(107.0 + west / 4 + shift, 16.0, 107.25 + west / 4 + shift, 17.0) for west in range(4)]
    return WardIndex.build(gpd.GeoDataFrame({"ward_code": list("dbca")}, geometry=shapes, crs="EPSG:4326"))


def measured(rows: int, *, digits: int | None) -> pd.DataFrame:
    random = np.random.default_rng(rows)
    x, y = random.uniform(106.9, 108.1, rows), random.uniform(15.9, 17.1, rows)
    frame = pd.DataFrame(
        {
            "time": pd.date_range("2026-07-01", periods=rows, freq="s"),
            "lon": x if digits is None else np.round(x, digits),
            "lat": y if digits is None else np.round(y, digits),
            "operator": random.choice(["viettel", "vnpt"], rows),
            "technology": random.choice(["4g", "5g"], rows),
            "rsrp_dbm": random.normal(-100, 12, rows).round(1),
            "rsrq_db": random.integers(-20, 0, rows).astype(float),
            "device_id": [f"{device:032x}" for device in random.integers(0, 300, rows)],
        }
    )
    frame.loc[3, ["lon", "rsrq_db"]] = np.nan
    return frame


def of_another_version(path: Path) -> bytes:
    """Return an engine file as a later version of the program might have written it."""
    sink = pa.BufferOutputStream()
    metadata = EngineLayout("s", "i", exact=True, version=9).as_metadata()
    pq.write_table(pq.read_table(path).replace_schema_metadata(metadata), sink)
    return bytes(sink.getvalue().to_pybytes())


def bits_by_turns(x: int, y: int) -> int:
    """Interleave by the definition, bit by bit."""
    x, y = x + 2**31, y + 2**31
    return sum(((x >> bit) & 1) << (2 * bit) | ((y >> bit) & 1) << (2 * bit + 1) for bit in range(32))


@given(st.lists(st.tuples(int32, int32), min_size=1, max_size=20))
def test_morton_codes_take_bits_by_turns(points: list[tuple[int, int]]) -> None:
    x, y = (np.array(axis, np.int32) for axis in zip(*points, strict=True))
    assert morton_codes(x, y).tolist() == [bits_by_turns(*point) for point in points]


def test_a_table_comes_back_whole_in_morton_order(tmp_path: Path) -> None:
    frame, index = measured(5_000, digits=7), wards()
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    path = engine_file(tmp_path, tmp_path / "t.parquet", "f" * 64, index)
    assert path == engine_path(tmp_path, "f" * 64, index.hash)
    assert engine_layout(path) == EngineLayout("f" * 64, index.hash, exact=True)
    back = read_engine_file(path)
    stored = pq.read_table(path)
    codes = morton_codes(*(stored[name].fill_null(-(2**31)).to_numpy() for name in ("lon", "lat")))
    assert bool(np.all(codes[1:] >= codes[:-1]))
    np.testing.assert_array_equal(back[ENGINE_WARD], index.locate(back["lon"], back["lat"]))
    plain = back.drop(columns=ENGINE_WARD).astype({"operator": "str", "technology": "str", "device_id": "str", "rsrq_db": "float64"})
    assert_frame_equal(plain[frame.columns].sort_values("time", ignore_index=True), frame, check_dtype=False, check_exact=True)


def test_the_layout_is_small(tmp_path: Path) -> None:
    table = pa.Table.from_pandas(measured(5_000, digits=7), preserve_index=False)
    write_engine_file(table, tmp_path / "e.parquet", wards=np.zeros(5_000, np.int32), submission="s", index_hash="i")
    schema = pq.read_schema(tmp_path / "e.parquet")
    kinds = {name: str(schema.field(name).type) for name in ("lon", "lat", ENGINE_WARD, "rsrq_db", "rsrp_dbm")}
    assert kinds == {"lon": "int32", "lat": "int32", ENGINE_WARD: "int16", "rsrq_db": "float", "rsrp_dbm": "double"}
    first = pq.ParquetFile(tmp_path / "e.parquet").metadata.row_group(0)
    assert {first.column(at).compression for at in range(first.num_columns)} == {"LZ4"}
    many = np.array([40_000] * 5_000, np.int32)
    write_engine_file(table, tmp_path / "e.parquet", wards=many, submission="s", index_hash="i")
    assert pq.read_table(tmp_path / "e.parquet")[ENGINE_WARD].to_numpy().tolist() == many.tolist()


def test_aggregate_is_that_of_the_table(tmp_path: Path) -> None:
    frame, index = measured(20_000, digits=7), wards()
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    path = engine_file(tmp_path, tmp_path / "t.parquet", "s", index)
    wanted = aggregate(tmp_path / "t.parquet", index)
    assert len(wanted) > 8
    assert_frame_equal(aggregate(path, index), wanted, check_exact=True)
    moved = wards(0.1)
    assert_frame_equal(aggregate(path, moved), aggregate(tmp_path / "t.parquet", moved), check_exact=True)


def test_stored_wards_are_used_and_not_located_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame, index = measured(2_000, digits=None), wards()
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    wanted = aggregate(tmp_path / "t.parquet", index)
    path = engine_file(tmp_path, tmp_path / "t.parquet", "s", index)
    monkeypatch.setattr(WardIndex, "locate", None)
    assert_frame_equal(aggregate(path, index), wanted, check_exact=True)


def test_rounded_coordinates_never_meet_other_wards(tmp_path: Path) -> None:
    measured(2_000, digits=None).to_parquet(tmp_path / "t.parquet", index=False)
    path = engine_file(tmp_path, tmp_path / "t.parquet", "s", wards())
    layout = engine_layout(path)
    assert layout is not None
    assert not layout.exact
    with pytest.raises(SchemaError, match="stale"):
        aggregate(path, wards(0.1))


def test_a_file_that_fits_is_kept_and_one_that_does_not_is_made_anew(tmp_path: Path) -> None:
    measured(500, digits=7).to_parquet(tmp_path / "t.parquet", index=False)
    path = engine_file(tmp_path, tmp_path / "t.parquet", "s", wards())
    first = path.stat().st_ino
    assert engine_file(tmp_path, tmp_path / "t.parquet", "s", wards()).stat().st_ino == first
    whole = path.read_bytes()
    for content in (whole[:-20], b"", of_another_version(path)):
        path.write_bytes(content)
        assert engine_layout(path) is None
        assert engine_file(tmp_path, tmp_path / "t.parquet", "s", wards()).read_bytes() == whole
    path.unlink()
    assert engine_file(tmp_path, tmp_path / "t.parquet", "s", wards()).read_bytes() == whole
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_damage_is_named(tmp_path: Path) -> None:
    measured(5_000, digits=7).to_parquet(tmp_path / "t.parquet", index=False)
    path = engine_file(tmp_path, tmp_path / "t.parquet", "s", wards())
    content = bytearray(path.read_bytes())
    content[3_000] ^= 1  # one bit of one page: only its checksum can tell
    path.write_bytes(content)
    for read in (read_engine_file, lambda file: aggregate(file, wards(), by=["operator", "time"])):
        with pytest.raises(RefusedError, match=path.name):
            read(path)
    engine_file(tmp_path, tmp_path / "t.parquet", "t", wards()).replace(path)
    path.write_bytes(of_another_version(path))
    with pytest.raises(RefusedError, match="engine"):
        read_engine_file(path)
    with pytest.raises(SchemaError, match="stale"):
        aggregate(path, wards())
    with pytest.raises(RefusedError, match="nowhere"):
        engine_file(tmp_path, tmp_path / "nowhere.parquet", "other", wards())


def test_degrees_out_of_range_are_refused(tmp_path: Path) -> None:
    frame = measured(10, digits=7).assign(lon=768_000.0)
    with pytest.raises(ParameterError, match="degrees"):
        write_engine_file(pa.Table.from_pandas(frame), tmp_path / "e.parquet", wards=np.zeros(10, np.int32), submission="s", index_hash="i")
    assert list(tmp_path.iterdir()) == []
