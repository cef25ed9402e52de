"""Point → ward: ours beside geopandas, shapely, SedonaDB and DuckDB, with every answer held against GEOS.

The rule is "intersects, of several the lowest code". `within` asks less of a peer and is how most people ask, so the goals are set against
it; it loses points on borders, and the table says how many.
"""

import importlib.util
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from benchmarks import maps
from benchmarks.harness import Line, Timing, race
from hatang.coverage.locate import WardIndex

_SLOW_SHARE = 20
"""Peers that take minutes where others take a second get one point in so many, and ours beside them as well."""
_TRUTH = "shapely intersects_xy"
_WITHIN, _SEDONA_WITHIN = "geopandas sjoin within", "sedonadb ST_Within"
_GOALS = {
    (maps.CITY, _WITHIN): 50.0,
    (maps.CITY, _SEDONA_WITHIN): 30.0,
    (maps.COUNTRY, _WITHIN): 45.0,
    (maps.COUNTRY, _SEDONA_WITHIN): 30.0,
    (maps.STRESS, _WITHIN): 45.0,
    (maps.STRESS, _SEDONA_WITHIN): 30.0,
}
"""How many times more CPU a peer is to take, by map and peer."""


def points_around(wards: gpd.GeoDataFrame, *, count: int, seed: int) -> np.ndarray:
    """Return points in the CRS of `wards`, shape (count, 2): each uniform in the bounding box of a ward drawn at random.

    Small wards, where people live, get as many as large ones.
    """
    random = np.random.default_rng(seed)
    west, south, east, north = wards.bounds.to_numpy()[random.integers(0, len(wards), count)].T
    return np.ascontiguousarray(random.uniform((west, south), (east, north)).T)


def adversarial_around(wards: gpd.GeoDataFrame, index: WardIndex, *, count: int, seed: int) -> np.ndarray:
    """Return points on vertices, on and beside edges, on the grid's lines and centres, and level with vertices, shape (count, 2)."""
    random = np.random.default_rng(seed)
    rings = shapely.get_rings(shapely.get_parts(wards.geometry.to_numpy()))
    vertices, ring = shapely.get_coordinates(rings, return_index=True)
    edge = random.choice(np.flatnonzero(ring[1:] == ring[:-1]), count)
    share = random.choice([0.0, 0.5, 0.25, np.nan], (count, 1))
    share = np.where(np.isnan(share), random.random((count, 1)), share)
    points = vertices[edge] * (1 - share) + vertices[edge + 1] * share
    x0, y0, size = index._grid.frame  # noqa: SLF001 - where the index's own lines run, points are hardest
    half = random.choice([0.0, 0.5], (count, 2))
    snapped = np.array([x0, y0]) + (np.floor((points - [x0, y0]) / size) + half) * size
    snap = random.random((count, 2)) < random.choice([0.0, 0.5, 1.0], (count, 1), p=[0.8, 0.1, 0.1])
    points = np.where(snap, snapped, points)
    level = random.random(count) < 0.1
    points[level, 0] = random.uniform(*wards.total_bounds[[0, 2]], level.sum())
    step = random.choice([-np.inf, np.nan, np.inf], (count, 2), p=[0.15, 0.7, 0.15])
    points = np.where(np.isnan(step), points, np.nextafter(points, step))
    return np.where(np.abs(points) < 1e-140, 0.0, points)  # below lies what the index does not promise


def locate_lines(*, count: int, equal: int, adversarial: int, runs: int = 1, seed: int = 455) -> list[Line]:
    """Race the index against its peers at `count` points on the city and, where they are at hand, the country and the stress set.

    Beyond the race `equal` points drawn, and `adversarial` ones on and beside borders, are held against GEOS.
    """
    name, wards = maps.city()
    lines = map_lines(name, wards, count=count, runs=runs, seed=seed)
    lines += equality_lines(name, wards, equal=equal, adversarial=adversarial, seed=seed)
    country = maps.country()
    if country is not None:
        stress = maps.stress(country, seed=seed)
        for name, wards in ((maps.COUNTRY, country), (maps.STRESS, stress)):
            lines += index_lines(name, wards) + map_lines(name, wards, count=count, runs=runs if name == maps.COUNTRY else 1, seed=seed)
            lines += equality_lines(name, wards, equal=0, adversarial=adversarial, seed=seed)
    return lines


def equality_lines(name: str, wards: gpd.GeoDataFrame, *, equal: int, adversarial: int, seed: int) -> list[Line]:
    """Return how many of many points differ from GEOS."""
    wards = gpd.GeoDataFrame(wards[["ward_code", "geometry"]]).sort_values("ward_code", ignore_index=True)
    index = WardIndex.build(wards)
    drawn = {
        "drawn afresh": points_around(wards, count=equal, seed=seed + 1),
        "on and beside borders": adversarial_around(wards, index, count=adversarial, seed=seed),
    }
    lines = []
    for kind, xy in drawn.items():
        if len(xy):
            answers = race({"hatang": partial(index.locate, *np.ascontiguousarray(xy.T)), _TRUTH: partial(_recipe, wards, xy)}, runs=1)
            differing = int((answers["hatang"].answer != answers[_TRUTH].answer).sum())
            title = f"locate, {name}: {len(xy):,} points {kind} that differ"
            lines.append(Line(title, differing, "points", 0, f"GEOS, {_TRUTH}", None, differing == 0))
    return lines


def index_lines(name: str, wards: gpd.GeoDataFrame) -> list[Line]:
    """Return what it takes to build the index of a map, to load it, and to keep it."""
    WardIndex.build(wards[:1]).locate([0.0], [0.0])  # compiled before the race
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "index")
        built = race({"build": lambda: _saved(wards, path)}, runs=1)["build"].answer[0]
        loaded = race({"load": lambda: _loaded(path)}, runs=3)["load"].wall_s
        megabytes = path.stat().st_size / 1e6
    vertices = int(wards.count_coordinates().sum())
    return [
        Line(f"locate: build the index, {vertices:,} vertices, {name}", built, "s", 5.0, "wall, 2 threads", None, built <= 5.0),
        Line(f"locate: load the index, {name}", loaded, "s", 0.5, "wall", None, loaded <= 0.5),
        Line(f"locate: the index on disk and in memory, {name}", megabytes, "MB", 350.0, "file", None, megabytes <= 350),
    ]


def _saved(wards: gpd.GeoDataFrame, path: Path) -> np.ndarray:
    start = time.perf_counter()
    index = WardIndex.build(wards)
    seconds = time.perf_counter() - start
    index.save(path)
    return np.array([seconds])


def _loaded(path: Path) -> np.ndarray:
    return WardIndex.load(path).locate([], [])


def map_lines(name: str, wards: gpd.GeoDataFrame, *, count: int, runs: int, seed: int) -> list[Line]:
    """Return the lines of one map: ours, then each peer with its ratio and the number of points where it differs from GEOS."""
    wards = gpd.GeoDataFrame(wards[["ward_code", "geometry"]]).sort_values("ward_code", ignore_index=True)
    xy = points_around(wards, count=count, seed=seed)
    points = gpd.GeoDataFrame({"point": np.arange(count)}, geometry=gpd.points_from_xy(xy[:, 0], xy[:, 1]), crs=wards.crs)
    index = WardIndex.build(wards)
    index.locate(xy[:1, 0], xy[:1, 1])  # compiled before the race
    contenders: dict[str, Callable[[], np.ndarray]] = {
        "hatang": partial(index.locate, xy[:, 0], xy[:, 1]),
        _WITHIN: partial(_sjoin, wards, points, "within"),
    }
    few = max(count // _SLOW_SHARE, 1)
    slow: dict[str, Callable[[], np.ndarray]] = {
        "hatang": partial(index.locate, xy[:few, 0], xy[:few, 1]),
        "geopandas sjoin intersects": partial(_sjoin, wards, points[:few], "intersects"),
    }
    if importlib.util.find_spec("sedonadb"):
        contenders["sedonadb ST_Intersects"] = partial(_sedona, wards, points, "ST_Intersects(w.geometry, p.geometry)")
        contenders[_SEDONA_WITHIN] = partial(_sedona, wards, points, "ST_Within(p.geometry, w.geometry)")
    if importlib.util.find_spec("duckdb_extension_spatial"):
        slow["duckdb ST_Intersects"] = partial(_duckdb, wards, points[:few])
    timings = race(contenders, runs=runs) | race({_TRUTH: partial(_recipe, wards, xy)}, runs=1)
    base, truth = timings.pop("hatang"), timings[_TRUTH].answer
    lines = [_line(f"locate, {count:,} points, {name}", base, None, int((base.answer != truth).sum()), exact=True)]
    slowly = race(slow, runs=1)
    for ours, raced in ((base.cpu_s, timings), (slowly.pop("hatang").cpu_s, slowly)):
        for peer, timing in raced.items():
            differing = int((timing.answer != truth[: len(timing.answer)]).sum())
            exact = peer in {_TRUTH, "geopandas sjoin intersects"}
            lines.append(_line(f"locate, {name}: {peer}", timing, timing.cpu_s / ours, differing, exact, _GOALS.get((name, peer))))
    return lines


def _line(name: str, timing: Timing, ratio: float | None, differing: int, exact: bool, goal: float | None = None) -> Line:  # noqa: FBT001
    """Return a line that holds if an exact contender differs nowhere and the ratio reaches the goal; None where neither is asked."""
    asked = ([differing == 0] if exact else []) + ([ratio is not None and ratio >= goal] if goal is not None else [])
    said = f"GEOS: {differing} of {len(timing.answer):,} points differ"
    return timing.line(name, said, goal=goal, ratio=ratio, holds=all(asked) if asked else None)


def _first(point: np.ndarray, row: np.ndarray, count: int) -> np.ndarray:
    """Return the lowest row of each point's pairs, -1 without any."""
    found = np.full(count, np.iinfo(np.int32).max, np.int32)
    np.minimum.at(found, point, row.astype(np.int32))
    return np.where(found == np.iinfo(np.int32).max, np.int32(-1), found)


def _recipe(wards: gpd.GeoDataFrame, xy: np.ndarray) -> np.ndarray:
    found = np.full(len(xy), -1, np.int32)
    for row in range(len(wards) - 1, -1, -1):  # lowest code last, so that it wins
        shape = wards.geometry.iloc[row]
        west, south, east, north = shape.bounds
        near = np.flatnonzero((xy[:, 0] >= west) & (xy[:, 0] <= east) & (xy[:, 1] >= south) & (xy[:, 1] <= north))
        shapely.prepare(shape)
        found[near[shapely.intersects_xy(shape, xy[near, 0], xy[near, 1])]] = row
    return found


def _sjoin(wards: gpd.GeoDataFrame, points: gpd.GeoDataFrame, predicate: str) -> np.ndarray:
    joined = gpd.sjoin(points, wards[["geometry"]], predicate=predicate)
    return _first(joined["point"].to_numpy(), joined["index_right"].to_numpy(), len(points))


def _sedona(wards: gpd.GeoDataFrame, points: gpd.GeoDataFrame, condition: str) -> np.ndarray:
    import sedonadb  # noqa: PLC0415 - an optional peer

    session = sedonadb.connect()
    session.create_data_frame(points).to_view("points")
    session.create_data_frame(wards.assign(row=np.arange(len(wards)))).to_view("wards")
    joined = session.sql(f"SELECT p.point, w.row FROM points p JOIN wards w ON {condition}").to_pandas()  # noqa: S608 - our own words
    return _first(joined["point"].to_numpy(), joined["row"].to_numpy(), len(points))


def _duckdb(wards: gpd.GeoDataFrame, points: gpd.GeoDataFrame) -> np.ndarray:
    import duckdb  # noqa: PLC0415 - an optional peer
    import duckdb_extension_spatial  # noqa: PLC0415

    (extension,) = Path(os.fspath(duckdb_extension_spatial.__file__)).parent.rglob("spatial.duckdb_extension")
    session = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    session.execute(f"LOAD '{extension}'")
    session.register("p", points[["point"]].assign(x=points.geometry.x, y=points.geometry.y))
    session.register("w", wards[[]].assign(row=np.arange(len(wards)), wkb=wards.geometry.to_wkb()))
    session.execute("CREATE TABLE wards AS SELECT row, ST_GeomFromWKB(wkb) AS shape FROM w")
    session.execute("CREATE TABLE points AS SELECT point, ST_Point(x, y) AS place FROM p")
    joined = session.execute("SELECT point, row FROM points JOIN wards ON ST_Intersects(shape, place)").df()
    return _first(joined["point"].to_numpy(), joined["row"].to_numpy(), len(points))
