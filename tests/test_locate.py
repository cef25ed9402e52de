"""Point → ward: intersects, lowest code wins."""

from fractions import Fraction
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from benchmarks.locate import adversarial_around
from hatang.coverage._wardkernels import orientation
from hatang.coverage.cells import cell_of, cell_polygons, ward_cells
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import MissingError, ParameterError, SchemaError, StoreError

Points = npt.NDArray[np.float64]


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """Compile before examples are timed."""
    WardIndex.build(frame_of([shapely.box(0, 0, 1, 1)])).locate([0.0], [0.0])
    orientation(0.0, 0.0, 1.0, 1.0, 0.5, 0.5)


def frame_of(shapes: list[shapely.Geometry | None]) -> gpd.GeoDataFrame:
    """Return wards whose codes fall as the rows rise: the last row wins."""
    return gpd.GeoDataFrame({"ward_code": [f"{99999 - row:05d}" for row in range(len(shapes))]}, geometry=shapes, crs="EPSG:9214")


def geos(wards: gpd.GeoDataFrame, x: Points, y: Points) -> npt.NDArray[np.int32]:
    """Return what GEOS answers: of the wards that a point intersects, the one with the lowest code."""
    found = np.full(len(x), -1, np.int32)
    shapes = wards.geometry.to_numpy()
    shapely.prepare(shapes)
    for row in np.argsort(wards["ward_code"].to_numpy(str), kind="stable")[::-1]:
        west, south, east, north = shapely.bounds(shapes[row])
        near = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
        found[near[shapely.intersects_xy(shapes[row], x[near], y[near])]] = row
    return found


def assert_as_geos(wards: gpd.GeoDataFrame, *, count: int, seed: int = 455) -> None:
    """Hold the index against GEOS on random and on adversarial points."""
    index = WardIndex.build(wards)
    west, south, east, north = wards.total_bounds
    margin = 0.05 * max(east - west, north - south)
    random = np.random.default_rng(seed).uniform((west - margin, south - margin), (east + margin, north + margin), (count, 2))
    for points in (random, adversarial_around(wards, index, count=count, seed=seed)):
        x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
        differing = np.flatnonzero(index.locate(x, y) != geos(wards, x, y))
        assert len(differing) == 0, points[differing[:5]].tolist()


def star(*, x: float, y: float, radius: float, corners: int, seed: int) -> shapely.Polygon:
    """Return a ragged polygon round a place."""
    random = np.random.default_rng(seed)
    angle = np.sort(random.uniform(0, 2 * np.pi, corners))
    reach = radius * random.uniform(0.5, 1.0, corners)
    return shapely.Polygon(np.column_stack([x + reach * np.cos(angle), y + reach * np.sin(angle)]))


def dirty_wards() -> gpd.GeoDataFrame:
    """Return four wards that overlap, leave a gap, have a hole and are of several parts, not in the order of their codes."""
    shapes = [
        shapely.box(1, 0, 2, 1),
        shapely.box(0, 0, 1, 1).difference(shapely.box(0.4, 0.4, 0.6, 0.6)),
        shapely.box(1.5, 0.5, 3, 1.5),
        shapely.union(shapely.box(5, 0, 6, 1), shapely.box(7, 0, 8, 1)),
    ]
    return gpd.GeoDataFrame({"ward_code": ["00002", "00001", "00003", "00004"]}, geometry=shapes, crs="EPSG:9214")


@pytest.fixture
def wards() -> gpd.GeoDataFrame:
    return dirty_wards()


coordinate = st.one_of(st.floats(-1, 9), st.sampled_from([0.0, 0.4, 0.5, 0.6, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0]))


@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=40))
def test_every_point_is_where_geos_says_by_the_lowest_code(points: list[tuple[float, float]]) -> None:
    frame = dirty_wards()
    x, y = (np.array(axis) for axis in zip(*points, strict=True))
    found = WardIndex.build(frame).locate(x, y)
    for px, py, row in zip(x, y, found, strict=True):
        touched = np.flatnonzero(frame.intersects(shapely.Point(px, py)))
        hits = [(frame["ward_code"][place], place) for place in touched]
        assert row == (min(hits)[1] if hits else -1)


near_line = st.integers(-40, 40).map(lambda ulps: 0.1 + ulps * np.spacing(0.1))


@given(*[st.one_of(near_line, st.floats(-10, 10), st.integers(-9, 9).map(float)).map(lambda value: value + 0.0)] * 6)
def test_the_side_of_a_line_is_that_of_rational_arithmetic(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> None:
    assume(all(abs(value) > 1e-140 for value in (ax, ay, bx, by, px, py) if value))  # no product underflows
    fa, fb, fc, fd, fe, ff = map(Fraction, (ax, ay, bx, by, px, py))
    determinant = (fc - fa) * (ff - fb) - (fd - fb) * (fe - fa)
    assert orientation(ax, ay, bx, by, px, py) == (determinant > 0) - (determinant < 0)


lattice = st.tuples(st.integers(0, 6), st.integers(0, 6))


@settings(deadline=None, max_examples=150)
@given(st.lists(st.lists(lattice, min_size=3, max_size=9), min_size=1, max_size=5))
def test_any_rings_on_a_lattice_are_read_as_geos_reads_them(rings: list[list[tuple[int, int]]]) -> None:
    # Crossing, touching, repeated and collapsed rings among them; every quarter point, so that most lie on edges or level with vertices.
    # As multipolygons: GEOS takes a polygon of four edges along the axes for its bounding box, even where they run back on themselves.
    wards = frame_of([shapely.MultiPolygon([shapely.Polygon(ring)]) for ring in rings])
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(-2, 27) / 4, np.arange(-2, 27) / 4))
    np.testing.assert_array_equal(WardIndex.build(wards).locate(x, y), geos(wards, x, y))


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1), st.floats(-1e6, 1e6), st.sampled_from([1e-4, 1.0, 1e5]))
def test_overlapping_stars_of_any_scale_are_as_geos_has_them(seed: int, origin: float, scale: float) -> None:
    random = np.random.default_rng(seed)
    places = random.uniform(0, 10 * scale, (12, 3))
    shapes = [star(x=origin + x, y=y, radius=r / 3 + scale / 9, corners=30, seed=seed + row) for row, (x, y, r) in enumerate(places)]
    assert_as_geos(frame_of(list(shapes)), count=3_000, seed=seed)


CASES: dict[str, list[shapely.Geometry | None]] = {
    "nested": [shapely.box(0, 0, 9, 9), shapely.box(1, 1, 8, 8), shapely.box(2, 2, 3, 3)],
    "nested, the outer wins": [shapely.box(2, 2, 3, 3), shapely.box(1, 1, 8, 8), shapely.box(0, 0, 9, 9)],
    "twice the same": [star(x=0, y=0, radius=5, corners=40, seed=1)] * 2,
    "hole with an island": [
        shapely.union(shapely.box(0, 0, 9, 9).difference(shapely.box(2, 2, 7, 7)), shapely.box(4, 4, 5, 5)),
        shapely.box(2, 2, 7, 7).difference(shapely.box(4, 4, 5, 5)),
    ],
    "missing and empty": [None, shapely.box(0, 0, 1, 1), shapely.Polygon(), shapely.MultiPolygon(), shapely.box(1, 1, 2, 2)],
    "sliver": [shapely.Polygon([(0, 0), (10, 1e-13), (10, 2e-13)]), shapely.box(0, 0, 10, 1e-13)],
    "no area": [shapely.Polygon([(0, 0), (3, 1), (6, 2), (3, 1)]), shapely.Polygon([(1, 1)] * 4), shapely.box(1, 0, 1, 5)],
    "crossing itself": [shapely.Polygon([(0, 0), (4, 4), (4, 0), (0, 4)]), shapely.box(1, 1, 2, 3)],
    "spike": [shapely.Polygon([(0, 0), (4, 0), (4, 2), (9, 2), (4, 2), (4, 4), (0, 4)])],
    "ring touching itself": [shapely.Polygon([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)])],
    "repeated vertices": [shapely.Polygon([(0, 0), (0, 0), (4, 1), (4, 1), (4, 1), (1, 4), (0, 0)])],
    "parts that overlap": [shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3)])],
    "third dimension": [shapely.Polygon([(0, 0, 5), (4, 1, 6), (1, 4, 7)])],
    "far and small": [shapely.box(0, 0, 1e-3, 1e-3), star(x=1e6, y=1e6, radius=1e-3, corners=3_000, seed=2)],
    "many edges in a cell": [
        star(x=1e9, y=1e9, radius=90, corners=4_000, seed=3),
        star(x=1e9 + 30, y=1e9, radius=60, corners=4_000, seed=4),
    ],
}


@pytest.mark.parametrize("case", CASES)
def test_dirty_wards_are_as_geos_has_them(case: str) -> None:
    assert_as_geos(frame_of(CASES[case]), count=20_000)


def test_a_shared_border_is_counted_once_and_never_lost() -> None:
    # two wards whose common border is one ragged line: every point on it is the lower code's, as the rule says
    line = np.column_stack([np.linspace(0, 1, 500), np.random.default_rng(5).uniform(0.4, 0.6, 500)])
    upper = shapely.Polygon([*line, (1, 1), (0, 1)])
    lower = shapely.Polygon([*line, (1, 0), (0, 0)])
    index = WardIndex.build(gpd.GeoDataFrame({"ward_code": ["2", "1"]}, geometry=[upper, lower]))
    assert (index.locate(*line.T) == 1).all()
    assert (index.locate(*np.random.default_rng(6).random((2, 100_000))) >= 0).all()


def test_equal_codes_are_the_first_row() -> None:
    wards = gpd.GeoDataFrame(
        {"ward_code": ["7", "7", "5"]}, geometry=[shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3), shapely.box(5, 5, 6, 6)]
    )
    assert WardIndex.build(wards).locate([0.5, 1.5, 2.5, 5.5], [0.5, 1.5, 2.5, 5.5]).tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize("shapes", [[], [None], [shapely.Polygon(), None]])
def test_without_polygons_every_point_is_outside(shapes: list[shapely.Geometry | None], tmp_path: Path) -> None:
    index = WardIndex.build(frame_of(shapes))
    index.save(tmp_path / "index")
    for one in (index, WardIndex.load(tmp_path / "index")):
        assert one.locate([0.0, 1.0, np.nan], [0.0, 1.0, 0.0]).tolist() == [-1, -1, -1]
        assert np.isnan(one.bounds).all()


def test_nan_and_infinity_are_outside(wards: gpd.GeoDataFrame) -> None:
    assert WardIndex.build(wards).locate([np.nan, np.inf, 1.5, -np.inf, 1e300], [0.5, 0.5, np.nan, 0.5, -1e300]).tolist() == [-1] * 5


def test_threads_do_not_change_the_answer_or_the_index() -> None:
    wards = frame_of([star(x=x, y=y, radius=8, corners=200, seed=x * y) for x in range(0, 30, 3) for y in range(0, 30, 3)])
    xy = np.random.default_rng(1).uniform(-9, 40, (2, 600_000))
    first, *others = (WardIndex.build(wards, threads=threads) for threads in (1, 2, 5))
    answer = first.locate(*xy)
    assert len(np.unique(answer)) > 50
    for other in others:
        for name in ("blocks", "codes", "starts", "entries", "words", "vertices"):
            np.testing.assert_array_equal(getattr(first._grid, name), getattr(other._grid, name))
    for threads in (2, 5):
        np.testing.assert_array_equal(first.locate(*xy, threads=threads), answer)


def test_points_come_in_any_form(wards: gpd.GeoDataFrame) -> None:
    index = WardIndex.build(wards)
    xy = np.random.default_rng(3).uniform(0, 8, (5_000, 2)).astype(np.float32)
    answer = geos(wards, xy[:, 0].astype(float), xy[:, 1].astype(float))
    assert not xy[:, 0].flags.contiguous
    np.testing.assert_array_equal(index.locate(xy[:, 0], xy[:, 1]), answer)
    np.testing.assert_array_equal(index.locate(xy[::-1, 0].astype(">f8"), xy[::-1, 1].tolist()), answer[::-1])
    np.testing.assert_array_equal(index.locate(xy[:, 0].reshape(50, 100), xy[:, 1].reshape(50, 100)), answer.reshape(50, 100))
    frame = pd.DataFrame(xy, columns=["x", "y"], index=np.arange(5_000)[::-1])
    np.testing.assert_array_equal(index.locate(frame["x"], frame["y"]), answer)
    assert index.locate([1, 2, 4], 1).tolist() == [1, 0, -1]
    assert index.locate(1, 1).tolist() == [1]
    assert index.locate([], []).tolist() == []


def test_points_of_unequal_length_are_refused(wards: gpd.GeoDataFrame) -> None:
    with pytest.raises(ParameterError, match=r"error\.locate\.shape"):
        WardIndex.build(wards).locate([1.0, 2.0], [1.0, 2.0, 3.0])


def test_wards_without_codes_are_refused() -> None:
    with pytest.raises(SchemaError, match=r"error\.locate\.ward_code"):
        WardIndex.build(gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)]))


def test_other_shapes_than_polygons_are_refused_by_name() -> None:
    with pytest.raises(SchemaError, match=r"error\.locate\.geometry: count=1, wards='99998'"):
        WardIndex.build(frame_of([shapely.box(0, 0, 1, 1), shapely.Point(0, 0), None]))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_vertices_without_a_place_are_refused_by_name(bad: float) -> None:
    with np.errstate(invalid="ignore"):
        shape = shapely.Polygon([(0, 0), (1, bad), (1, 1)])
    with pytest.raises(SchemaError, match=r"error\.locate\.coordinates: count=1, wards='99997'"):
        WardIndex.build(frame_of([shapely.box(0, 0, 1, 1), None, shape, shapely.box(0, 0, 1, 1)]))


def test_more_wards_than_a_word_can_name_are_refused() -> None:
    shapes = np.full((1 << 19) + 1, shapely.Polygon(), object)
    with pytest.raises(SchemaError, match=r"error\.locate\.size: wards=524289"):
        WardIndex.build(gpd.GeoDataFrame({"ward_code": ["1"] * len(shapes)}, geometry=shapes))


def test_a_saved_index_answers_alike(wards: gpd.GeoDataFrame, tmp_path: Path) -> None:
    index = WardIndex.build(wards)
    index.save(tmp_path / "index")
    loaded = WardIndex.load(tmp_path / "index")
    xy = np.random.default_rng(2).uniform(0, 8, (2, 500))
    np.testing.assert_array_equal(loaded.locate(*xy), index.locate(*xy))
    assert (loaded.hash, loaded.bounds, loaded.crs) == (index.hash, index.bounds, wards.crs)
    assert loaded.codes.tolist() == wards["ward_code"].tolist()
    assert index.bounds == tuple(wards.total_bounds)


def test_the_hash_names_the_content(wards: gpd.GeoDataFrame) -> None:
    same = WardIndex.build(wards.assign(name="x").set_index(np.arange(4) + 7)).hash
    assert same == WardIndex.build(wards).hash
    moved = wards.set_geometry([*wards.geometry[:3], shapely.transform(wards.geometry[3], lambda xy: np.nextafter(xy, 9))])
    others = [
        moved,
        wards.iloc[::-1],
        wards.assign(ward_code=["00002", "00001", "00003", "00005"]),
        wards.set_crs(3405, allow_override=True),
        wards.iloc[:3],
    ]
    assert len({same, *(WardIndex.build(other).hash for other in others)}) == 6


def test_the_cache_builds_once_and_mends_itself(wards: gpd.GeoDataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = WardIndex.cached(wards, tmp_path / "cache")
    (path,) = (tmp_path / "cache").iterdir()
    assert path.name == f"{index.hash}.wards"
    path.write_bytes(path.read_bytes()[:-1])
    assert WardIndex.cached(wards, tmp_path / "cache").hash == index.hash
    WardIndex.load(path)
    monkeypatch.setattr(WardIndex, "build", None)
    xy = np.random.default_rng(2).uniform(0, 8, (2, 500))
    np.testing.assert_array_equal(WardIndex.cached(wards, tmp_path / "cache").locate(*xy), index.locate(*xy))


def test_files_that_are_no_index_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"error\.arrays\.missing"):
        WardIndex.load(tmp_path / "nothing")
    (tmp_path / "text").write_text("not an index, and long enough to hold a header")
    with pytest.raises(StoreError, match=r"error\.arrays\.broken"):
        WardIndex.load(tmp_path / "text")


@pytest.mark.reference
def test_the_forty_wards_are_as_geos_has_them(reference: Path) -> None:
    assert_as_geos(gpd.read_parquet(reference / "boundaries/hue_wards_2025.parquet"), count=400_000)


@pytest.mark.reference
def test_the_dirty_country_is_as_geos_has_it(reference: Path) -> None:
    assert_as_geos(gpd.read_parquet(reference / "boundaries/vn_wards_2025_simplified30m.parquet"), count=200_000)


@pytest.fixture
def metric() -> gpd.GeoDataFrame:
    """Return two wards of 1 km² side by side near the centre of Huế."""
    x, y = 561_636.0, 1_821_406.0
    return gpd.GeoDataFrame(
        {"ward_code": ["1", "2"]},
        geometry=[shapely.box(x, y, x + 1000, y + 1000), shapely.box(x + 1000, y, x + 2000, y + 1000)],
        crs="EPSG:9214",
    )


def test_parts_of_cells_fill_each_ward(metric: gpd.GeoDataFrame) -> None:
    parts = ward_cells(metric)
    np.testing.assert_allclose(parts.groupby("ward_code")["area_m2"].sum(), metric.area, rtol=1e-9)


def test_the_cell_of_a_point_holds_it() -> None:
    xy = np.random.default_rng(3).uniform((107.0, 16.0), (108.0, 16.8), (50, 2))
    names = cell_of(xy[:, 0], xy[:, 1])
    shapes = cell_polygons(names)
    assert shapely.intersects_xy(shapes.to_numpy(), xy[:, 0], xy[:, 1]).all()
