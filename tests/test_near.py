"""What is near to what: against GEOS pair by pair, against geometry built another way, and by hand."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.near import near_lines
from hatang.data.contracts import HUE_CRS, CrsError, ParameterError
from hatang.sharing.near import length_within, length_within_any, nearest, pairs_within, parallel_runs

X, Y = 561_000.0, 1_821_000.0
"""A corner in Huế: coordinates of real size, where float64 steps by 2e-10 m."""


def frame(*shapes: shapely.Geometry | None, shift: tuple[float, float] = (0, 0)) -> gpd.GeoDataFrame:
    moved = [None if s is None else shapely.transform(s, lambda xy: xy + shift) for s in shapes]
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(moved), crs=HUE_CRS)


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString(points)


def tuples(found: pd.DataFrame) -> list[tuple[int, int, float]]:
    return list(found.itertuples(index=False, name=None))


def network(random: np.random.Generator, count: int, side: float) -> gpd.GeoDataFrame:
    """Return winding lines of 2–9 vertices about 40 m apart in a square."""
    lines = []
    for size in random.integers(2, 10, count):
        heading = random.uniform(0, 2 * np.pi) + np.cumsum(random.normal(0, 0.2, size))
        steps = random.uniform(20, 60, (size, 1)) * np.c_[np.cos(heading), np.sin(heading)]
        lines.append(shapely.LineString(random.uniform(0, side, 2) + np.array([X, Y]) + np.cumsum(steps, axis=0)))
    return frame(*lines)


def brute_pairs(points: gpd.GeoDataFrame, lines: gpd.GeoDataFrame, distance: float) -> list[tuple[int, int, float]]:
    """Return all pairs by `shapely.distance`, which is NaN for None and empty."""
    gaps = shapely.distance(points.geometry.to_numpy()[:, None], lines.geometry.to_numpy()[None, :])
    return [(int(i), int(j), float(gaps[i, j])) for i, j in np.argwhere(gaps <= distance)]


# Steps of 2⁻¹²: cross products are exact, so that GEOS's robust predicates and its distances agree on what touches.
near_zero = st.one_of(st.integers(-6, 6).map(float), st.integers(-6 << 12, 6 << 12).map(lambda steps: steps / 4096))
spots = st.tuples(near_zero, near_zero)
paths = st.lists(spots, min_size=2, max_size=5)
boxes = st.tuples(spots, st.integers(1, 6), st.integers(1, 6)).map(lambda b: shapely.box(*b[0], b[0][0] + b[1], b[0][1] + b[2]))
holed = boxes.map(lambda b: b.difference(b.centroid.buffer(0.3, quad_segs=1)))
simple = st.one_of(spots.map(shapely.Point), paths.map(shapely.LineString), boxes, holed)
shapes = st.one_of(
    simple,
    st.lists(spots, min_size=1, max_size=4).map(shapely.MultiPoint),
    st.lists(paths, min_size=1, max_size=3).map(shapely.MultiLineString),
    st.lists(simple, max_size=3).map(shapely.GeometryCollection),
    st.lists(simple, max_size=2).map(lambda parts: shapely.GeometryCollection([shapely.GeometryCollection(parts), shapely.Point(0, 0)])),
    st.sampled_from([None, shapely.Point(), shapely.LineString(), shapely.Polygon(), shapely.GeometryCollection()]),
)
columns = st.lists(shapes, min_size=1, max_size=12)
limits = st.one_of(st.integers(0, 8).map(float), st.floats(0, 12), st.just(np.inf))


@settings(deadline=None)  # the first example may compile
@given(columns, columns, limits)
def test_pairs_of_any_geometry_are_those_of_geos(a: list[shapely.Geometry], b: list[shapely.Geometry], distance: float) -> None:
    points, lines = frame(*a), frame(*b)
    assert tuples(pairs_within(points, lines, distance_m=distance)) == brute_pairs(points, lines, distance)


@settings(deadline=None)  # the first example may compile
@given(columns, columns, st.integers(1, 4), st.one_of(st.none(), limits))
def test_nearest_of_any_geometry_are_those_of_geos(
    a: list[shapely.Geometry], b: list[shapely.Geometry], k: int, limit: float | None
) -> None:
    points, lines = frame(*a), frame(*b)
    everything = brute_pairs(points, lines, np.inf if limit is None else limit)
    wanted = [row for i in range(len(a)) for row in sorted((r for r in everything if r[0] == i), key=lambda r: (r[2], r[1]))[:k]]
    assert tuples(nearest(points, lines, max_distance_m=limit, k=k)) == wanted


@pytest.mark.parametrize("distance", [0.0, 5.0, 30.0, 400.0])
@pytest.mark.parametrize("kind", ["points", "lines"])
def test_pairs_are_those_of_strtree_dwithin_to_the_bit(distance: float, kind: str) -> None:
    random = np.random.default_rng(45)
    lines = network(random, 400, 3000)
    points = (
        frame(*shapely.points(random.uniform(0, 3000, (2000, 2)) + np.array([X, Y]))) if kind == "points" else network(random, 400, 3000)
    )
    found = pairs_within(points, lines, distance_m=distance)
    left, right = points.geometry.to_numpy(), lines.geometry.to_numpy()
    wanted = shapely.STRtree(right).query(left, predicate="dwithin", distance=distance)
    wanted = wanted[:, np.lexsort(wanted[::-1])]
    np.testing.assert_array_equal(found[["point", "line"]].to_numpy().T, wanted)
    np.testing.assert_array_max_ulp(found["distance_m"].to_numpy(), shapely.distance(left[wanted[0]], right[wanted[1]]), maxulp=4)


def test_points_exactly_at_the_distance_are_pairs_and_one_step_farther_not() -> None:
    # Directions with whole-number hypotenuse (3-4-5, 5-12-13, 8-15-17, 20-21-29): distances are exact in real arithmetic.
    random = np.random.default_rng(455)
    points, lines, limits_m = [], [], []
    for a, b, c in [(3, 4, 5), (5, 12, 13), (8, 15, 17), (20, 21, 29), (1, 0, 1), (0, 1, 1)]:
        for scale in (1, 2, 10, 1000, 0.1):
            base = np.array([X, Y]) + random.integers(0, 1000, 2)
            along, across = np.array([a, b]) * scale * 3, np.array([-b, a]) * scale
            points.append(shapely.Point(base + along + across))
            lines.append(shapely.LineString([base, base + 2 * along]))
            limits_m.append(c * scale)
    for point, way, limit in zip(points, lines, limits_m, strict=True):
        exact = shapely.distance(point, way)
        for distance in (limit, exact, np.nextafter(exact, 0), np.nextafter(exact, np.inf)):
            found = pairs_within(frame(point), frame(way), distance_m=distance)
            by_tree = shapely.STRtree([way]).query([point], predicate="dwithin", distance=distance)
            assert len(found) == by_tree.shape[1] == int(exact <= distance)
            assert len(nearest(frame(point), frame(way), max_distance_m=distance)) == len(found)


def test_the_limit_is_settled_for_every_pair_of_a_lattice() -> None:
    # All distances between whole coordinates recur exactly: half of the pairs lie on the limit.
    x, y = np.meshgrid(np.arange(20.0), np.arange(20.0))
    points = frame(*shapely.points(np.c_[x.ravel(), y.ravel()]), shift=(X, Y))
    lines = frame(*(line((i, 0), (i, 19)) for i in range(0, 20, 5)), shift=(X, Y))
    found = pairs_within(points, lines, distance_m=5.0)
    gap = np.abs(x.ravel()[:, None] - np.arange(0, 20, 5))
    np.testing.assert_array_equal(found[["point", "line"]].to_numpy(), np.argwhere(gap <= 5))


def test_far_outliers_and_clusters_change_nothing() -> None:
    random = np.random.default_rng(7)
    lines = network(random, 60, 500)
    cluster = shapely.points(random.normal(0, 5, (300, 2)) + lines.geometry.iloc[0].coords[0])
    points = frame(*cluster, shapely.Point(0, 0), shapely.Point(1e9, -1e9), shapely.Point(1e15, 3), shapely.Point(np.inf, 0))
    with np.errstate(invalid="ignore"):  # GEOS notes the NaN
        broken = line((np.nan, 0), (X, Y))
    lines = pd.concat([lines, frame(line((-1e9, Y), (1e9, Y + 1)), line((0, 0), (0, 1e12)), broken)], ignore_index=True)
    wanted = brute_pairs(points.iloc[:-1], lines.iloc[:-1], 30)
    assert tuples(pairs_within(points, lines, distance_m=30)) == wanted
    best = nearest(points, lines)
    gaps = shapely.distance(points.geometry.to_numpy()[:-1, None], lines.geometry.to_numpy()[None, :-1])
    np.testing.assert_array_equal(best["line"], gaps.argmin(axis=1))
    np.testing.assert_array_equal(best["distance_m"], gaps.min(axis=1))


def test_many_points_on_one_spot() -> None:
    points, lines = frame(*[shapely.Point(X, Y)] * 3000), frame(line((X, Y), (X, Y)), line((X, Y + 2), (X + 1, Y + 2)))
    assert len(pairs_within(points, lines, distance_m=0)) == 3000
    assert len(pairs_within(points, lines, distance_m=2)) == 6000
    assert nearest(points, lines, k=2)["line"].tolist() == [0, 1] * 3000


def test_ties_go_to_the_first_line() -> None:
    lines = frame(line((0, 2), (9, 2)), line((0, -2), (9, -2)), line((0, 0), (-9, 0)), line((2, 2), (4, 7)))
    assert tuples(nearest(frame(shapely.Point(2, 0)), lines, k=3)) == [(0, 0, 2.0), (0, 1, 2.0), (0, 2, 2.0)]
    assert tuples(nearest(frame(shapely.Point(2, 0)), lines.iloc[::-1], k=1)) == [(0, 0, 2.0)]


def same_on_threads(found: list[pd.DataFrame]) -> bool:
    return all(found[0].equals(other) for other in found[1:])


def test_threads_do_not_change_the_answer() -> None:
    random = np.random.default_rng(3)
    left, right = network(random, 300, 1500), network(random, 200, 1500)
    numbers = (1, 2, 7)
    assert same_on_threads([pairs_within(left, right, distance_m=50, threads=n) for n in numbers])
    assert same_on_threads([nearest(left, right, k=2, threads=n) for n in numbers])
    assert same_on_threads([parallel_runs(left, right, offset_m=50, min_overlap_m=5, max_angle_deg=30, threads=n) for n in numbers])
    assert same_on_threads([length_within(left, right, distance_m=50, threads=n) for n in numbers])
    assert len(pairs_within(left.iloc[:1], right.iloc[:1], distance_m=1e6, threads=8)) == 1


def test_nothing_in_is_nothing_out_with_the_same_columns() -> None:
    some, none = frame(line((0, 0), (1, 0))), frame(line((0, 0), (1, 0))).iloc[:0]
    for left, right in ((some, none), (none, some), (none, none), (frame(None), some)):
        for found, names in (
            (pairs_within(left, right, distance_m=1), ["point", "line", "distance_m"]),
            (nearest(left, right), ["point", "line", "distance_m"]),
            (parallel_runs(left, right, offset_m=1, min_overlap_m=0, max_angle_deg=5), ["left", "right", "overlap_m"]),
            (length_within(left, right, distance_m=1), ["left", "right", "length_m"]),
        ):
            assert (list(found), len(found)) == (names, 0)
            assert found.dtypes.tolist() == [np.int64, np.int64, np.float64]
        assert length_within_any(left, right, distance_m=1).tolist() == [0.0] * len(left)


def runs(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, **limits_m: float) -> list[tuple[int, int, float]]:
    wanted = {"offset_m": 5.0, "min_overlap_m": 0.0, "max_angle_deg": 15.0, **limits_m}
    return tuples(parallel_runs(left, right, **wanted))  # type: ignore[arg-type]


ROAD = line((0, 0), (100, 0))


@pytest.mark.parametrize(
    ("duct", "overlap"),
    [
        (line((10, 3), (60, 3)), 50),
        (line((60, 3), (10, 3)), 50),  # direction counts mod 180°
        (line((-20, -3), (30, -3)), 30),
        (line((90, 5), (190, 5)), 10),  # the offset itself is in
        (line((0, 5.001), (100, 5.001)), None),
        (line((100, 3), (200, 3)), None),  # beside its end only
        (line((0, 0), (100, 10)), 50),  # 5.7° off: half of it within 5 m
        (line((0, -10), (100, 10)), 50),  # crosses at 11.3°: from −5 to 5 m
        (line((0, 0), (100, 40)), None),  # 21.8°
        (line((10, 3), (10, 3), (30, 3), (30, 3), (60, 3)), 50),  # vertices given twice
        (line((10, 3), (60, 3), (10, 3)), 100),  # out and back lies beside the road twice
        (line((10, 3), (40, 3), (40, 50), (60, 50), (60, 3), (90, 3)), 60),
        (shapely.MultiLineString([line((0, 1), (20, 1)), line((50, -2), (80, -2))]), 50),
        (shapely.GeometryCollection([line((0, 1), (20, 1)), shapely.Point(50, 0), shapely.box(30, 0, 60, 1)]), 20),
        (shapely.Point(50, 0), None),
        (shapely.box(0, 0, 100, 1), None),
        (line((50, 1), (50, 1)), None),
        (shapely.LineString(), None),
        (None, None),
    ],
)
def test_a_run_beside_a_straight_road(duct: shapely.Geometry | None, overlap: float | None) -> None:
    wanted = [] if overlap is None else [(0, 0, pytest.approx(overlap, abs=1e-6))]
    assert runs(frame(duct), frame(ROAD)) == wanted
    assert runs(frame(duct, shift=(X, Y)), frame(ROAD, shift=(X, Y))) == wanted


def test_a_run_sums_over_segments_of_both() -> None:
    cut = line((0, 0), (25, 0), (50, 0), (100, 0))
    assert runs(frame(line((10, 3), (60, 3))), frame(cut)) == [(0, 0, pytest.approx(50))]
    there_and_back = line((0, 0), (100, 0), (0, 0))  # each metre stands beside two segments of the right line
    assert runs(frame(line((10, 3), (60, 3))), frame(there_and_back)) == [(0, 0, pytest.approx(100))]


def test_the_overlap_is_measured_along_the_right_line() -> None:
    slant = line((0, 0), (96, 28))  # 16.26°, length 100
    assert runs(frame(slant), frame(line((0, 0), (200, 0))), offset_m=100, max_angle_deg=20) == [(0, 0, pytest.approx(96))]
    assert runs(frame(line((0, 0), (200, 0))), frame(slant), offset_m=100, max_angle_deg=20) == [(0, 0, pytest.approx(100))]


def test_the_angle_limit_itself_is_in() -> None:
    road = frame(ROAD)
    for angle, end in ((45, (10, 10)), (90, (0, 10)), (0, (10, 0))):
        duct = frame(line((20, 0), (20 + end[0], end[1])))
        assert len(runs(duct, road, offset_m=50, max_angle_deg=angle)) == (angle < 90)  # a right angle projects to nothing
        if angle:
            assert runs(duct, road, offset_m=50, max_angle_deg=angle - 1e-6) == []
    for degrees in range(1, 90):
        turned = np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))]) * 10
        duct = frame(line((20, 0), (20 + turned[0], turned[1])))
        assert len(runs(duct, road, offset_m=50, max_angle_deg=degrees)) == 1
        assert runs(duct, road, offset_m=50, max_angle_deg=degrees - 1e-6) == []


def test_an_exact_parallel_at_the_offset_counts_however_it_lies() -> None:
    for degrees in range(0, 180, 7):
        u = np.array([np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))])
        start, shift = np.array([X, Y]), 5 * np.array([-u[1], u[0]])
        road, duct = line(start, start + 300 * u), line(start + 50 * u + shift, start + 90 * u + shift)
        assert runs(frame(duct), frame(road), max_angle_deg=1) == [(0, 0, pytest.approx(40, abs=1e-6))]


def test_short_runs_are_left_out_and_the_least_is_in() -> None:
    ducts = frame(line((10, 3), (30, 3)), line((10, 3), (29, 3)))
    assert [row[0] for row in runs(ducts, frame(ROAD), min_overlap_m=20)] == [0]


def test_a_stretch_as_long_as_asked_for_counts_however_it_lies() -> None:
    """50 m of 50 asked for, in a hundred directions at places of Huế: sums of float64 fall short by a step or two."""
    random = np.random.default_rng(3)
    for start, turn in zip(random.uniform((555_000, 1_810_000), (575_000, 1_835_000), (100, 2)), random.uniform(0, 6.3, 100), strict=True):
        u = np.array([np.cos(turn), np.sin(turn)])
        first = start + 100 * u + 5 * np.array([-u[1], u[0]])
        road, duct = frame(line(start, start + 1000 * u)), frame(line(first, first + 50 * u))
        assert len(runs(duct, road, offset_m=8, min_overlap_m=50)) == 1
        assert len(runs(road, duct, offset_m=8, min_overlap_m=50)) == 1
        assert runs(duct, road, offset_m=8, min_overlap_m=50.001) == []


def test_a_frame_against_itself_has_each_pair_in_both_orders_and_each_line_beside_itself() -> None:
    ducts = frame(line((10, 3), (30, 3)), line((20, 4), (60, 4)), line((0, 500), (1, 500)))
    assert runs(ducts, ducts) == [(0, 0, 20), (0, 1, 10), (1, 0, 10), (1, 1, 40), (2, 2, 1)]


def brute_runs(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame, offset: float, angle: float) -> dict[tuple[int, int], float]:
    """Return overlaps by clipping each left segment with the rectangle round each right one, by GEOS, as the definition says."""
    total: dict[tuple[int, int], float] = {}
    for i, a in enumerate(left.geometry):
        for j, b in enumerate(right.geometry):
            for p, q in zip(a.coords[:-1], a.coords[1:], strict=True):
                for c, d in zip(b.coords[:-1], b.coords[1:], strict=True):
                    first, second = np.subtract(q, p), np.subtract(d, c)
                    turn = np.rad2deg(np.arctan2(*first[::-1]) - np.arctan2(*second[::-1])) % 180
                    if min(turn, 180 - turn) > angle:
                        continue
                    aside = offset * np.array([-second[1], second[0]]) / np.hypot(*second)
                    beside = shapely.Polygon([c + aside, d + aside, d - aside, c - aside])
                    length = shapely.LineString([p, q]).intersection(beside).length * abs(np.cos(np.deg2rad(turn)))
                    if length > 0:
                        total[i, j] = total.get((i, j), 0.0) + length
    return total


@pytest.mark.parametrize(("offset", "angle"), [(30.0, 15.0), (8.0, 90.0), (100.0, 3.0)])
def test_runs_are_those_of_the_definition(offset: float, angle: float) -> None:
    random = np.random.default_rng(11)
    left, right = network(random, 30, 300), network(random, 30, 300)
    left.geometry, right.geometry = (
        gpd.GeoSeries(shapely.transform(f.geometry.to_numpy(), lambda xy: xy - (X, Y)), crs=HUE_CRS) for f in (left, right)
    )
    wanted = brute_runs(left, right, offset, angle)
    found = parallel_runs(left, right, offset_m=offset, min_overlap_m=0, max_angle_deg=angle)
    assert list(zip(found["left"], found["right"], strict=True)) == sorted(wanted)
    np.testing.assert_allclose(found["overlap_m"], [wanted[pair] for pair in sorted(wanted)], rtol=1e-9, atol=1e-6)
    longest = parallel_runs(left, right, offset_m=offset, min_overlap_m=20, max_angle_deg=angle)
    pd.testing.assert_frame_equal(longest, found[found["overlap_m"] >= 20].reset_index(drop=True))


def test_lengths_by_hand() -> None:
    road = frame(ROAD)
    # A crossing at a right angle: twice the distance. Past the end: a chord of the disc, √(5² − 3²) = 4.
    ducts = frame(
        line((50, -80), (50, 80)), line((90, 3), (200, 3)), line((10, 3), (60, 3), (10, 3)), line((0, 6), (9, 6)), line((0, 5), (9, 5))
    )
    found = length_within(ducts, road, distance_m=5)
    assert tuples(found) == [(0, 0, pytest.approx(10)), (1, 0, pytest.approx(14)), (2, 0, pytest.approx(100)), (4, 0, pytest.approx(9))]
    twice = frame(ROAD, line((100, 0), (0, 0), (100, 0)), shapely.Point(195, 0))
    assert length_within(ducts.iloc[:1], twice, distance_m=5)["length_m"].tolist() == pytest.approx([10, 10])
    assert length_within_any(ducts.iloc[:2], twice, distance_m=5).tolist() == pytest.approx([10, 14 + 8])


def test_lengths_are_those_of_fine_buffers() -> None:
    random = np.random.default_rng(12)
    left, right = network(random, 40, 300), network(random, 40, 300)
    zones = right.buffer(25, quad_segs=400)  # arcs drawn 25 m · (1 − cos(π/1600)) = 0.05 mm too near
    wanted = shapely.length(shapely.intersection(left.geometry.to_numpy()[:, None], zones.to_numpy()[None, :]))
    found = length_within(left, right, distance_m=25)
    table = np.zeros(wanted.shape)
    table[found["left"], found["right"]] = found["length_m"]
    np.testing.assert_allclose(table, wanted, atol=0.2)
    assert np.abs(table - wanted).mean() < 1e-3
    together = shapely.length(shapely.intersection(left.geometry.to_numpy(), zones.union_all()))
    np.testing.assert_allclose(length_within_any(left.set_index(left.index + 7), right, distance_m=25), together, atol=0.2)
    assert length_within_any(left.set_index(left.index + 7), right, distance_m=25).index.tolist() == list(range(7, 47))


@settings(max_examples=50, deadline=None)
@given(st.lists(paths, min_size=1, max_size=6), st.lists(paths, min_size=1, max_size=6), st.floats(0.1, 8))
def test_what_is_near_grows_with_the_distance_and_is_never_longer_than_the_line(
    a: list[list[tuple[float, float]]], b: list[list[tuple[float, float]]], distance: float
) -> None:
    left, right = frame(*map(shapely.LineString, a)), frame(*map(shapely.LineString, b))
    near, nearer = (length_within_any(left, right, distance_m=d) for d in (distance, distance / 2))
    assert (nearer <= near + 1e-9).all()
    assert (near <= left.length + 1e-9).all()
    pairs = length_within(left, right, distance_m=distance)
    assert (pairs.groupby("left")["length_m"].max() <= near[sorted(set(pairs["left"]))] + 1e-9).all()


@pytest.mark.parametrize("bad", [-1.0, float("nan")])
def test_arguments_that_make_no_sense_are_refused(bad: float) -> None:
    some = frame(line((0, 0), (1, 0)))
    for call in (
        lambda: pairs_within(some, some, distance_m=bad),
        lambda: nearest(some, some, max_distance_m=bad),
        lambda: length_within(some, some, distance_m=bad),
        lambda: length_within_any(some, some, distance_m=bad),
        lambda: parallel_runs(some, some, offset_m=bad, min_overlap_m=1, max_angle_deg=1),
        lambda: parallel_runs(some, some, offset_m=1, min_overlap_m=bad, max_angle_deg=1),
    ):
        with pytest.raises(ParameterError, match=r"error\.near\.distance"):
            call()
    with pytest.raises(ParameterError, match=r"error\.near\.angle"):
        parallel_runs(some, some, offset_m=1, min_overlap_m=1, max_angle_deg=bad)


def test_other_refusals() -> None:
    some = frame(line((0, 0), (1, 0)))
    with pytest.raises(ParameterError, match=r"error\.near\.count"):
        nearest(some, some, k=0)
    with pytest.raises(ParameterError, match=r"error\.near\.areas"):
        length_within(some, frame(shapely.Point(0, 0), shapely.box(0, 0, 1, 1)), distance_m=1)
    for other in (some.to_crs(4326), some.set_crs(None, allow_override=True), some.set_crs(2263, allow_override=True)):
        with pytest.raises(CrsError, match=r"error\.near\.crs"):
            pairs_within(some, other, distance_m=1)
        with pytest.raises(CrsError, match=r"error\.near\.crs"):
            parallel_runs(other, other, offset_m=1, min_overlap_m=1, max_angle_deg=1)


@pytest.mark.reference
def test_routes_of_kenyan_operators_share_what_was_measured_with_buffers(reference: Path) -> None:
    """Liquid runs 178, 553 and 2,131 km within 30, 100 and 500 m of NOFBI's routes (README of the reference data)."""
    liquid, nofbi = (gpd.read_file(reference / f"ofds/ofds_{name}_spans.geojson").to_crs(32737) for name in ("liquid_kenya", "NOFBI_Kenya"))
    for distance, kilometres in ((30, 178), (100, 553), (500, 2131)):
        found = length_within_any(liquid, nofbi, distance_m=distance).sum() / 1000
        assert found == pytest.approx(kilometres, rel=0.003)
        zone = nofbi.buffer(distance, quad_segs=64).union_all()
        assert found == pytest.approx(liquid.intersection(zone).length.sum() / 1000, rel=1e-5)


@pytest.mark.slow
def test_the_benchmark_gives_the_answers_of_its_peers() -> None:
    lines = near_lines(poles=1_000, runs=1)
    assert len(lines) >= 9
    assert all(line.reference == "hatang" or line.reference.startswith("0 of ") for line in lines)
