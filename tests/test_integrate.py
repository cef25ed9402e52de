"""Area and people of wards inside claims: hand-computed cases, GEOS and pixel-by-pixel clipping as judges."""

import os
import signal
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from distributed import LocalCluster
from hypothesis import example, given, settings
from hypothesis import strategies as st
from laid_out import PIXELS, X, Y, box, claims_of, clipped, frame, people, people_by_pixel, shares, starry, two_wards, wards_of
from pyproj import CRS, Geod, Transformer

from hatang.coverage import _projection
from hatang.coverage import integrate as module
from hatang.coverage._linework import Linework
from hatang.coverage._projection import Projection
from hatang.coverage.cluster import map_merge
from hatang.coverage.integrate import WardShapes, geodesic_area_m2, integrate, polygon_sums, union
from hatang.coverage.raster import Raster
from hatang.data.contracts import HUE_CRS, MAP_CRS, CrsError, ParameterError, SchemaError


@pytest.fixture
def metric() -> gpd.GeoDataFrame:
    return two_wards()


def test_overlapping_claims_of_a_group_count_once(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(box(0, 0, 500, 1000), box(250, 0, 500, 1000), box(0, 0, 100, 100), operators="aab")
    found = integrate(metric, claims)
    assert shares(found) == pytest.approx({("00000", "a"): 0.75, ("00000", "b"): 0.01}, rel=1e-12)
    np.testing.assert_allclose(found["area_m2"], geodesic_area_m2(metric.geometry)[0], rtol=1e-12)


def test_overlapping_wards_are_credited_each_in_full() -> None:
    # The middle edge of the claim lies in both wards; the ward listed first must not take it alone.
    wards = wards_of(box(0, 0, 1000, 1000), box(0, 0, 1000, 1000), box(500, 250, 1000, 1000))
    found = shares(integrate(wards, claims_of(box(0, 0, 1000, 500))))
    assert found == pytest.approx({("00000", "a"): 0.5, ("00001", "a"): 0.5, ("00002", "a"): 0.125}, rel=1e-12)


def test_a_claim_clipped_to_a_ward_adds_nothing_to_its_neighbour(metric: gpd.GeoDataFrame) -> None:
    exact = claims_of(metric.geometry[0], box(1000, 0, 1000, 1000)).set_geometry([metric.geometry[0], metric.geometry[1]], crs=HUE_CRS)
    one = exact.iloc[:1]
    assert shares(integrate(metric, one)) == pytest.approx({("00000", "a"): 1.0}, rel=1e-12)
    assert shares(integrate(metric, exact)) == pytest.approx({("00000", "a"): 1.0, ("00001", "a"): 1.0}, rel=1e-12)
    # The same border with vertices of its own.
    more = one.set_geometry(shapely.segmentize(one.geometry.to_numpy(), 37.0), crs=HUE_CRS)
    assert shares(integrate(metric, more)) == pytest.approx({("00000", "a"): 1.0}, rel=1e-12)


def test_holes_parts_and_what_lies_outside() -> None:
    ring = box(0, 0, 1000, 1000).difference(box(400, 400, 200, 200))
    wards = wards_of(ring, shapely.MultiPolygon([box(2000, 0, 100, 100), box(3000, 0, 100, 100)]))
    claim = shapely.MultiPolygon([box(-5000, 450, 5500, 100), box(3050, -50, 9000, 9000).difference(box(3060, 10, 20, 20))])
    found = shares(integrate(wards, claims_of(claim)))
    expected = {("00000", "a"): 40_000 / 960_000, ("00001", "a"): (50 * 100 - 400) / 20_000}
    assert found == pytest.approx(expected, rel=1e-12)


def test_claims_are_united_only_where_they_overlap(metric: gpd.GeoDataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    united: list[int] = []
    true_union = Linework.united
    monkeypatch.setattr(Linework, "united", lambda self: united.append(self.count) or true_union(self))
    beside = [box(0, 0, 500, 333), box(500, 0, 700, 333), box(0, 333, 1200, 400).difference(box(300, 400, 50, 51))]
    raster = Raster(people((14, 30)), PIXELS, HUE_CRS)
    # Level and upright edges, on pixels and off them, in common or not, are no overlaps.
    integrate(metric, claims_of(*beside, *starry(2, count=1, reach_m=500, vertices=60), operators="aaab"), raster=raster)
    assert united == []
    integrate(metric, claims_of(box(0, 0, 500, 333), box(499, 0, 700, 333)), raster=raster)
    assert united == [2, 2]  # once in EPSG:9214, once in the raster's CRS


def test_invalid_claims_are_made_valid_and_what_is_no_polygon_counts_nothing(metric: gpd.GeoDataFrame) -> None:
    bow = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    twice = shapely.MultiPolygon([box(200, 0, 100, 100), box(250, 0, 100, 100)])
    mixed = shapely.GeometryCollection([shapely.Point(5, 5), shapely.LineString([(0, 0), (900, 900)]), box(500, 0, 10, 10)])
    nested = shapely.GeometryCollection([shapely.GeometryCollection([box(600, 0, 10, 10)])])
    claims = claims_of(bow, twice, mixed, nested, None, shapely.Polygon(), operators="abcdee")
    found = shares(integrate(metric, claims))
    expected = {("00000", "a"): 0.005, ("00000", "b"): 0.015, ("00000", "c"): 1e-4, ("00000", "d"): 1e-4}
    assert found == pytest.approx(expected, rel=1e-10)


def test_an_invalid_ward_is_made_valid() -> None:
    bow = shapely.Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    found = integrate(wards_of(bow), claims_of(box(0, 0, 50, 100)))
    assert shares(found) == pytest.approx({("00000", "a"): 0.5}, rel=1e-10)
    assert found["area_m2"][0] == pytest.approx(5000, rel=1e-3)


def test_frames_must_share_a_crs(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(box(0, 0, 1, 1))
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        integrate(metric.to_crs(MAP_CRS), claims)
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        integrate(metric, claims.set_crs(None, allow_override=True))
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        WardShapes.build(metric.set_crs(None, allow_override=True))
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        polygon_sums(metric.geometry.set_crs(None, allow_override=True), raster=Raster(people((2, 2)), PIXELS, HUE_CRS))
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        geodesic_area_m2(metric.geometry.set_crs(None, allow_override=True))


def test_columns_and_coordinates_are_checked(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(box(0, 0, 1, 1))
    with pytest.raises(SchemaError, match=r"error\.integrate\.columns.*environment"):
        integrate(metric, claims, by=("operator", "environment"))
    with pytest.raises(SchemaError, match=r"error\.locate\.ward_code"):
        integrate(metric.drop(columns="ward_code"), claims)
    broken = claims.set_geometry([shapely.Polygon([(0, 0), (1, np.inf), (1, 0)])], crs=HUE_CRS)
    with pytest.raises(ParameterError, match=r"error\.integrate\.coordinates"):
        integrate(metric, broken)


def test_groups_are_named_by_the_columns_asked_for(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(box(0, 0, 500, 1000), box(500, 0, 500, 1000), operators="ab").assign(technology=["4g", "5g"])
    assert list(integrate(metric, claims).columns) == ["ward_code", "operator", "technology", "area_m2", "covered_area_m2"]
    assert integrate(metric, claims, by=["technology"])["technology"].tolist() == ["4g", "5g"]
    whole = integrate(metric, claims.assign(all="x"), by="all")
    assert (whole["covered_area_m2"] / whole["area_m2"]).tolist() == pytest.approx([1.0], rel=1e-12)


def test_no_claims_are_no_rows(metric: gpd.GeoDataFrame) -> None:
    empty = gpd.GeoDataFrame({"operator": [], "technology": []}, geometry=[], crs=HUE_CRS)
    raster = Raster(people((12, 24)), PIXELS, HUE_CRS)
    assert len(integrate(metric, empty)) == 0
    columns = list(integrate(metric, empty, raster=raster).columns)
    assert columns == list(integrate(metric, claims_of(box(0, 0, 9, 9)), raster=raster).columns)
    assert len(integrate(metric, claims_of(box(-900, 0, 9, 9)), raster=raster)) == 0
    assert len(integrate(metric.iloc[:0], claims_of(box(0, 0, 9, 9)), raster=raster)) == 0


# Whole coordinates make every kind of coincidence likely: shared vertices, collinear and crossing edges, edges along pixels.
corner = st.tuples(st.integers(0, 10), st.integers(0, 10))
triangle = st.lists(corner, min_size=3, max_size=3, unique=True).map(shapely.Polygon).filter(lambda shape: shape.area > 0)
rectangle = st.tuples(corner, st.integers(1, 6), st.integers(1, 6)).map(lambda t: box(*map(float, t[0]), float(t[1]), float(t[2])))
blob = st.lists(st.one_of(triangle, rectangle), min_size=1, max_size=3).map(shapely.union_all)


@settings(max_examples=150, deadline=None)
@given(st.lists(blob, min_size=1, max_size=4), st.lists(st.one_of(triangle, rectangle, blob), min_size=1, max_size=4), st.integers(1, 4))
@example([box(0, 0, 3, 3), box(3, 0, 3, 3)], [box(0, 0, 3, 3)], 1)
@example([box(0, 0, 3, 3)], [box(0, 0, 3, 3), box(0, 0, 3, 3)], 2)
@example([box(0, 0, 4, 4).difference(box(1, 1, 2, 2))], [box(1, 1, 2, 2)], 3)
def test_every_coincidence_agrees_with_clipping(wards: list[shapely.Geometry], claims: list[shapely.Geometry], pixel: int) -> None:
    scale = 97.0
    ward_frame = wards_of(*(shapely.transform(shape, lambda xy: xy * scale) for shape in wards))
    claim_frame = claims_of(*(shapely.transform(shape, lambda xy: xy * scale) for shape in claims))
    size = -(-12 // pixel)
    raster = Raster(people((size, size)), (pixel * scale, 0.0, X, 0.0, -pixel * scale, Y + size * pixel * scale), HUE_CRS)
    found = integrate(ward_frame, claim_frame, raster=raster).set_index("ward_code")
    expected = clipped(ward_frame, claim_frame)
    cover = union(list(claim_frame.geometry))
    inside = people_by_pixel(ward_frame.geometry.intersection(cover), raster)
    whole = people_by_pixel(ward_frame.geometry, raster)
    for row, code in enumerate(ward_frame["ward_code"]):
        if expected[code, "a"] < 1e-9:
            assert code not in found.index
            continue
        share = found.loc[code, "covered_area_m2"] / found.loc[code, "area_m2"]
        assert share == pytest.approx(expected[code, "a"], rel=1e-9)
        assert found.loc[code, "covered_population"] == pytest.approx(inside[row], rel=1e-9, abs=1e-9)
        assert found.loc[code, "population"] == pytest.approx(whole[row], rel=1e-9)


def test_prepared_wards_answer_alike(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(*starry(2, count=5, reach_m=500, vertices=60))
    raster = Raster(people((14, 30)), PIXELS, HUE_CRS)
    shapes = WardShapes.build(metric)
    pd.testing.assert_frame_equal(integrate(shapes, claims, raster=raster), integrate(metric, claims, raster=raster), check_exact=True)
    with pytest.raises(CrsError, match=r"error\.integrate\.crs"):
        integrate(shapes, claims.to_crs(MAP_CRS))


def test_the_order_of_claims_and_of_vertices_does_not_matter(metric: gpd.GeoDataFrame) -> None:
    claims = claims_of(*starry(2, count=5, reach_m=500, vertices=60), operators="aabbb")
    turned = claims.set_geometry(shapely.reverse(claims.geometry.to_numpy()), crs=HUE_CRS).iloc[::-1]
    pd.testing.assert_frame_equal(integrate(metric, claims), integrate(metric, turned), check_exact=False, rtol=1e-12)


def test_more_claims_never_cover_less(metric: gpd.GeoDataFrame) -> None:
    stars = starry(4, count=6, reach_m=600, vertices=40)
    before = 0.0
    for count in range(1, len(stars) + 1):
        covered = integrate(metric, claims_of(*stars[:count]))["covered_area_m2"].sum()
        assert covered >= before * (1 - 1e-12)
        before = covered


def test_geodesic_area_does_not_ask_which_way_a_ring_turns() -> None:
    ring = box(0, 0, 1000, 1000).difference(box(400, 400, 200, 200))
    askew = shapely.Polygon(ring.exterior.coords[::-1], [ring.interiors[0].coords])
    areas = geodesic_area_m2(frame([ring, askew, shapely.Polygon(askew.exterior, [askew.interiors[0].coords[::-1]])]).geometry)
    np.testing.assert_allclose(areas, areas[0], rtol=1e-12)
    # Planar 960,000 m²; the scale of TM-3 at 0.6° from its meridian is 0.9999 × (1 + 4.6e-5): closed form of the projection.
    assert areas[0] == pytest.approx(960_000 / (0.9999 * (1 + 61_000**2 / (2 * 6.36e6**2))) ** 2, rel=1e-6)


SYSTEMS = [(MAP_CRS, HUE_CRS, 1e-8), (HUE_CRS, MAP_CRS, 1e-12), ("EPSG:32648", HUE_CRS, 1e-8), (MAP_CRS, "EPSG:3857", 3e-8)]


@pytest.mark.parametrize(("source", "target", "close"), SYSTEMS, ids=[f"{a} to {b}" for a, b, _ in SYSTEMS])
def test_many_points_are_moved_as_proj_moves_them(source: str, target: str, close: float) -> None:
    degrees = np.random.default_rng(7).uniform((102.0, 8.0), (110.0, 23.0), (20_000, 2)).T
    x, y = Transformer.from_crs(MAP_CRS, source, always_xy=True).transform(*degrees)
    found = Projection(CRS(source), CRS(target), points=x.size).move(x, y)
    expected = Transformer.from_crs(source, target, always_xy=True).transform(x, y)
    np.testing.assert_allclose(found, expected, rtol=0, atol=close)
    # A point's place depends on the point alone.
    alone = Projection(CRS(source), CRS(target), points=x.size).move(x[:3].copy(), y[:3].copy())
    np.testing.assert_array_equal(alone, np.array(found)[:, :3])


def test_tiles_that_do_not_prove_close_and_few_points_go_to_proj(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.random.default_rng(7).uniform((107.0, 16.0), (108.0, 17.0), (5_000, 2)).T
    expected = Transformer.from_crs(MAP_CRS, HUE_CRS, always_xy=True).transform(x, y)
    np.testing.assert_array_equal(Projection(CRS(MAP_CRS), CRS(HUE_CRS), points=10).move(x, y), expected)
    monkeypatch.setattr(_projection, "_CLOSE", {True: 0.0, False: 0.0})
    np.testing.assert_array_equal(Projection(CRS(MAP_CRS), CRS(HUE_CRS), points=x.size).move(x, y), expected)


def test_vertices_without_a_place_in_the_raster_are_refused(metric: gpd.GeoDataFrame) -> None:
    polar = metric.to_crs(MAP_CRS).set_geometry([shapely.box(0, 80, 1, 95)] * 2, crs=MAP_CRS)
    with pytest.raises(ParameterError, match=r"error\.integrate\.coordinates"):
        polygon_sums(polar.geometry, raster=Raster(people((2, 2)), PIXELS, "EPSG:3857"))


@pytest.mark.parametrize("reach_m", [5.0, 500.0, 900.0, 30_000.0])
def test_geodesic_areas_are_those_of_karney(reach_m: float) -> None:
    # pyproj sums from the equator and keeps some 1e-3 m²; edges beyond 2 km go to it.
    degrees = frame([*starry(3, count=8, reach_m=reach_m, vertices=50), None]).to_crs(MAP_CRS).geometry
    expected = [abs(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0]) for shape in degrees.iloc[:-1]]
    found = geodesic_area_m2(degrees)
    np.testing.assert_allclose(found.iloc[:-1], expected, rtol=2e-11, atol=2e-3)
    assert np.isnan(found.iloc[-1])


def test_geodesic_areas_of_small_shapes_are_those_of_an_equal_area_plane() -> None:
    # On a Lambert azimuthal plane about the shape a geodesic of some hundred metres is straight to nanometres.
    for shape in frame(starry(4, count=4, reach_m=150, vertices=60)).to_crs(MAP_CRS).geometry:
        x, y = shape.exterior.xy
        plane = gpd.GeoSeries([shape], crs=MAP_CRS).to_crs(f"+proj=laea +lon_0={x[0]} +lat_0={y[0]} +ellps=WGS84 +datum=WGS84")
        assert geodesic_area_m2(gpd.GeoSeries([shape], crs=MAP_CRS))[0] == pytest.approx(plane.area[0], rel=3e-9)


def contours(west: float, south: float, east: float, north: float, *, seed: int, rows: int) -> shapely.MultiPolygon:
    """Return a claim as a radio planning tool would draw it: the cells of a noisy field above its median, holes and islands and all."""
    random = np.random.default_rng(seed)
    field = random.normal(size=(rows, rows))
    for _ in range(6):
        field = (field + np.roll(field, 1, 0) + np.roll(field, -1, 0) + np.roll(field, 1, 1) + np.roll(field, -1, 1)) / 5
    on = field > np.median(field)
    i, j = np.nonzero(on)
    width, height = (east - west) / rows, (north - south) / rows
    cells = shapely.box(west + j * width, south + i * height, west + (j + 1) * width, south + (i + 1) * height)
    return shapely.simplify(shapely.coverage_union_all(cells), 1.2 * min(width, height))


@pytest.fixture(scope="module")
def real(reference: Path) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return the real wards and contour claims of three operators, EPSG:4326."""
    wards = gpd.read_parquet(reference / "boundaries/hue_wards_2025.parquet")[["ward_code", "geometry"]]
    shapes = [shapely.make_valid(contours(*wards.total_bounds, seed=seed, rows=150)) for seed in range(3)]
    names = {"operator": ["viettel", "vnpt", "mobifone"], "technology": ["4g"] * 3}
    return wards, gpd.GeoDataFrame(names, geometry=shapes, crs=wards.crs)


@pytest.mark.reference
def test_real_wards_agree_with_geos(real: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]) -> None:
    wards, claims = real
    found = shares(integrate(wards, claims))
    expected = clipped(wards, claims)
    assert found.keys() == {key for key, share in expected.items() if share > 0}
    for key, share in found.items():
        assert share == pytest.approx(expected[key], rel=1e-9)


@pytest.mark.reference
def test_claims_clipped_to_real_wards_fill_them_and_no_neighbour(real: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]) -> None:
    wards, claims = (part.to_crs(HUE_CRS) for part in real)
    cut = shapely.intersection(wards.geometry.to_numpy(), claims.geometry[0])
    own = gpd.GeoDataFrame({"operator": wards["ward_code"].tolist(), "technology": "4g"}, geometry=cut, crs=HUE_CRS)
    found = shares(integrate(wards, own))
    expected = clipped(wards, claims.iloc[:1])
    assert all(ward == operator for ward, operator in found)
    for code in wards["ward_code"]:
        assert found[code, code] == pytest.approx(expected[code, "viettel"], rel=1e-9)
    together = shares(integrate(wards, own.assign(operator="all")))
    assert together == pytest.approx({(code, "all"): expected[code, "viettel"] for code in wards["ward_code"]}, rel=1e-9)


@pytest.mark.reference
def test_people_of_real_wards_agree_with_clipping(real: tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]) -> None:
    wards, claims = real
    wards = wards.iloc[:6]
    west, south, east, north = wards.total_bounds
    step = 1 / 120
    raster = Raster(people((int((north - south) / step), int((east - west) / step))), (step, 0.0, west, 0.0, -step, north), MAP_CRS)
    found = integrate(wards, claims.iloc[:1], raster=raster)
    inside = people_by_pixel(wards.geometry.intersection(claims.geometry[0]), raster)
    np.testing.assert_allclose(found["covered_population"], inside[inside > 0], rtol=1e-9)
    np.testing.assert_allclose(
        polygon_sums(wards.geometry, raster=raster)["population"], people_by_pixel(wards.geometry, raster), rtol=1e-9
    )


@pytest.mark.reference
def test_dirty_wards_of_the_country_agree_with_geos(reference: Path) -> None:
    wards = gpd.read_parquet(reference / "boundaries/vn_wards_2025_simplified30m.parquet")[["ward_code", "geometry"]]
    wards = wards.cx[105.6:106.1, 20.8:21.2].to_crs(HUE_CRS)
    claims = claims_of(contours(*wards.total_bounds, seed=9, rows=120))
    claims = claims.set_geometry(shapely.transform(claims.geometry.to_numpy(), lambda xy: xy - np.array([X, Y])), crs=HUE_CRS)
    found = shares(integrate(wards, claims))
    for key, share in clipped(wards, claims).items():
        assert found.get(key, 0.0) == pytest.approx(share, rel=1e-9, abs=1e-12)


@pytest.mark.slow
def test_the_cluster_gives_the_same_table_though_a_worker_dies(
    workers: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(11)
    wards = wards_of(*(box(500 * k, 0, 500, 900) for k in range(6)), box(200, 100, 700, 500))
    discs = [shapely.Point(x, y).buffer(r, 40) for x, y, r in random.uniform((0, 0, 50), (3000, 900, 600), (40, 3))]
    claims = claims_of(*discs, operators="abcdefgh" * 5)
    raster = Raster(people((14, 34)), PIXELS, "EPSG:9214")
    alone = integrate(wards, claims, raster=raster)
    assert len(alone) > 40
    mark = tmp_path / "died"

    def through(_: object, pieces: list[object], merge: object, *, scheduler: object, shared: object, finished: object) -> object:
        return map_merge(killing, pieces, merge, scheduler=scheduler, shared=(shared, str(mark)), finished=finished)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "map_merge", through)
    told: list[tuple[int, int]] = []
    found = integrate(
        wards, claims, raster=raster, scheduler=workers.scheduler_address, progress=lambda done, every: told.append((done, every))
    )
    assert told == [(7 * k, 56) for k in range(9)] + [(56, 56)]
    assert mark.exists()
    pd.testing.assert_frame_equal(found, alone, check_exact=True)
    assert integrate(wards, claims.iloc[:0], raster=raster, scheduler=workers).empty


def killing(pieces: list[tuple[int, Linework]], shared: tuple[object, str]) -> object:
    """Do one group; the first worker that comes to the fourth dies there as if its machine lost power."""
    work, mark = shared
    if pieces[0][0] == 3:
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return module._reach(pieces, work)  # type: ignore[arg-type]
