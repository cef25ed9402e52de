"""Assets × corridors: pairs within a distance, the nearest line and parallel runs, beside STRtree recipes and spatial databases.

The city is drawn, seeded: streets with a vertex every 40 m or so, poles along them and some astray, ducts likewise. Peers
that are not installed are left out; each answer is compared with ours, pair by pair.
"""

import importlib
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.harness import Line, race
from hatang.data.contracts import HUE_CRS
from hatang.sharing.near import length_within, nearest, pairs_within, parallel_runs

_DISTANCE_M, _OVERLAP_M, _ANGLE_DEG = 30.0, 10.0, 15.0
_PAIRS_GOAL, _PARALLEL_GOAL = 2.5, 3.0
_GOALS_FROM = 100_000
"""Poles from which the goals are held to: below it, a fixed cost of a millisecond decides."""

_APPROXIMATE = ("shapely buffers",)
"""Their arcs are chords: what skims past at just the distance differs, and is counted without being held against anyone."""

Answer = Callable[[], np.ndarray]


@dataclass(frozen=True)
class City:
    """Poles, streets and ducts in EPSG:9214."""

    poles: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    ducts: gpd.GeoDataFrame


def city_of(poles: int, *, seed: int) -> City:
    """Return a city with `poles` poles, about a quarter as many streets and a third as many ducts."""
    random = np.random.default_rng(seed)
    side = max(2, int(np.sqrt(poles / 8)))
    nodes = (np.indices((side + 1, side + 1)).transpose(1, 2, 0) * 310.0 + random.normal(0, 60, (side + 1, side + 1, 2))) + (
        561_000,
        1_821_000,
    )
    starts = np.concatenate([nodes[:-1, :-1].reshape(-1, 2)] * 2)
    stops = np.concatenate([nodes[1:, :-1].reshape(-1, 2), nodes[:-1, 1:].reshape(-1, 2)])
    at = np.linspace(0, 1, 9)[:, None]
    paths = starts[:, None] * (1 - at) + stops[:, None] * at
    paths[:, 1:-1] += random.normal(0, 4, paths[:, 1:-1].shape)
    paths = paths[random.permutation(len(paths))]
    low, high = nodes.min(axis=(0, 1)), nodes.max(axis=(0, 1))

    beside = paths[random.integers(0, len(paths), poles * 4 // 5), random.integers(0, 9, poles * 4 // 5)]
    places = np.concatenate([beside + random.laplace(0, 14, beside.shape), random.uniform(low, high, (poles - len(beside), 2))])

    chosen = paths[random.integers(0, len(paths), poles // 4)]
    heading = chosen[:, -1] - chosen[:, 0]
    across = np.stack([-heading[:, 1], heading[:, 0]], axis=1) / np.hypot(*heading.T)[:, None]
    ways = chosen + (across * (random.choice([-1, 1], len(chosen)) * random.uniform(2, 25, len(chosen)))[:, None])[:, None]
    first, last = random.integers(0, 4, len(ways)), random.integers(5, 10, len(ways))
    ducts = [shapely.LineString(way[a:b]) for way, a, b in zip(ways, first, last, strict=True)]
    begin, turn = random.uniform(low, high, (poles // 12, 2)), random.uniform(0, 2 * np.pi, poles // 12)
    astray = np.stack([begin, begin + random.uniform(50, 600, (len(begin), 1)) * np.stack([np.cos(turn), np.sin(turn)], axis=1)], axis=1)
    ducts += shapely.linestrings(astray).tolist()
    return City(
        gpd.GeoDataFrame(geometry=shapely.points(places), crs=HUE_CRS),
        gpd.GeoDataFrame(geometry=shapely.linestrings(paths), crs=HUE_CRS),
        gpd.GeoDataFrame(geometry=ducts, crs=HUE_CRS),
    )


def near_lines(*, poles: int, runs: int, seed: int = 455) -> list[Line]:
    """Race every function of `hatang.sharing.near` against its peers on one city."""
    city = city_of(poles, seed=seed)
    small = city_of(50, seed=seed)
    for warm in (_our_pairs(small), _our_runs(small), _our_nearest(small), _our_lengths(small)):
        warm()
    held = poles >= _GOALS_FROM
    size = f"{poles:,} poles, {len(city.streets):,} streets, {len(city.ducts):,} ducts"
    return [
        *_raced(
            f"pairs within {_DISTANCE_M:g} m, {size}",
            {"hatang": _our_pairs(city), **_pair_peers(city)},
            runs,
            {"shapely STRtree dwithin": _PAIRS_GOAL} if held else {},
        ),
        *_raced(
            f"parallel runs within {_DISTANCE_M:g} m, {size}",
            {"hatang": _our_runs(city), **_run_peers(city)},
            runs,
            {"shapely STRtree on segments": _PARALLEL_GOAL} if held else {},
        ),
        *_raced(f"nearest street, {size}", {"hatang": _our_nearest(city), "shapely query_nearest": _tree_nearest(city)}, runs, {}),
        *_raced(
            f"length within {_DISTANCE_M:g} m, {size}", {"hatang": _our_lengths(city), "shapely buffers": _buffer_lengths(city)}, runs, {}
        ),
    ]


def _raced(title: str, contenders: dict[str, Answer], runs: int, goals: dict[str, float]) -> list[Line]:
    """Return one line for ours and one for each peer; a peer's holds where its answer is ours and the ratio reaches its goal."""
    timings = race(contenders, runs=runs)
    ours = timings["hatang"]
    lines = [ours.line(title, "hatang")]
    for name, timing in timings.items():
        if name != "hatang":
            differing, goal, ratio = _differing(ours.answer, timing.answer), goals.get(name), timing.cpu_s / ours.cpu_s
            holds = None if name in _APPROXIMATE else differing == 0 and (goal is None or ratio >= goal)
            said = f"{differing} of {len(ours.answer):,} pairs differ"
            lines.append(timing.line(f"{title.split(',', maxsplit=1)[0]}: {name}", said, goal=goal, ratio=ratio, holds=holds))
    return lines


def _differing(ours: np.ndarray, theirs: np.ndarray) -> int:
    """Return how many pairs (left, right[, metres]) differ by more than 0.1 m, which is how coarsely arcs of buffers are drawn."""
    a, b = ({(int(row[0]), int(row[1])): float(row[2]) if len(row) > 2 else 1.0 for row in rows} for rows in (ours, theirs))
    return sum(abs(a.get(pair, 0.0) - b.get(pair, 0.0)) > 0.1 for pair in a.keys() | b.keys())


def _our_pairs(city: City) -> Answer:
    def pairs() -> np.ndarray:
        return pairs_within(city.poles, city.streets, distance_m=_DISTANCE_M)[["point", "line"]].to_numpy()

    return pairs


def _our_nearest(city: City) -> Answer:
    def nearest_streets() -> np.ndarray:
        return nearest(city.poles, city.streets)[["point", "line"]].to_numpy()

    return nearest_streets


def _our_lengths(city: City) -> Answer:
    return lambda: length_within(city.ducts, city.streets, distance_m=_DISTANCE_M).to_numpy()


def _our_runs(city: City) -> Answer:
    return lambda: parallel_runs(
        city.ducts, city.streets, offset_m=_DISTANCE_M, min_overlap_m=_OVERLAP_M, max_angle_deg=_ANGLE_DEG
    ).to_numpy()


def _pair_peers(city: City) -> dict[str, Answer]:
    poles, streets = city.poles.geometry.to_numpy(), city.streets.geometry.to_numpy()

    def tree() -> np.ndarray:
        return shapely.STRtree(streets).query(poles, predicate="dwithin", distance=_DISTANCE_M).T

    def sjoin() -> np.ndarray:
        return gpd.sjoin(city.poles, city.streets, predicate="dwithin", distance=_DISTANCE_M)["index_right"].reset_index().to_numpy()

    return {"shapely STRtree dwithin": tree, "geopandas sjoin dwithin": sjoin, **_database_joins(poles, streets)}


def _run_peers(city: City) -> dict[str, Answer]:
    """Return recipes that look for near segments by an index, then measure the overlap of each pair with numpy."""
    ducts, duct = segments_of(city.ducts)
    streets, street = segments_of(city.streets)
    of_ducts, of_streets = shapely.linestrings(ducts), shapely.linestrings(streets)

    def measured(pairs: np.ndarray) -> np.ndarray:
        length = segment_overlaps(ducts[pairs[:, 0]], streets[pairs[:, 1]])
        table = pd.DataFrame({"left": duct[pairs[:, 0]], "right": street[pairs[:, 1]], "m": length})
        table = table[length > 0].groupby(["left", "right"], as_index=False)["m"].sum()
        return table[table["m"] >= _OVERLAP_M].to_numpy()

    def tree() -> np.ndarray:
        left, _ = segments_of(city.ducts)
        right, _ = segments_of(city.streets)
        index = shapely.STRtree(shapely.linestrings(right))
        return measured(index.query(shapely.linestrings(left), predicate="dwithin", distance=_DISTANCE_M).T)

    joins = _database_joins(of_ducts, of_streets)
    return {"shapely STRtree on segments": tree, **{name: _then(join, measured) for name, join in joins.items()}}


def _then(first: Answer, second: Callable[[np.ndarray], np.ndarray]) -> Answer:
    return lambda: second(first())


def segments_of(lines: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return segments, shape (n, 2, 2), and the row of each."""
    xy, row = shapely.get_coordinates(lines.geometry.to_numpy(), return_index=True)
    same = row[1:] == row[:-1]
    return np.stack([xy[:-1], xy[1:]], axis=1)[same], row[1:][same]


def segment_overlaps(left: np.ndarray, right: np.ndarray, *, distance_m: float = _DISTANCE_M, angle_deg: float = _ANGLE_DEG) -> np.ndarray:
    """Return the overlap (m) of left segments on right ones, both (n, 2, 2)."""
    along, course = right[:, 1] - right[:, 0], left[:, 1] - left[:, 0]
    length = np.hypot(*along.T)
    along = along / length[:, None]
    start = left[:, 0] - right[:, 0]
    s, ds = (start * along).sum(axis=1), (course * along).sum(axis=1)
    n, dn = along[:, 0] * start[:, 1] - along[:, 1] * start[:, 0], along[:, 0] * course[:, 1] - along[:, 1] * course[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = np.sort([-s / ds, (length - s) / ds], axis=0)
        sides = np.sort([(-distance_m - n) / dn, (distance_m - n) / dn], axis=0)
    level = dn == 0
    sides[:, level] = np.where(np.abs(n[level]) <= distance_m, [[-np.inf], [np.inf]], [[np.inf], [-np.inf]])
    part = np.clip(np.minimum(ends[1], sides[1]), None, 1) - np.clip(np.maximum(ends[0], sides[0]), 0, None)
    return np.where(np.abs(dn) <= np.tan(np.deg2rad(angle_deg)) * np.abs(ds), np.maximum(part, 0) * np.abs(ds), 0.0)


def _tree_nearest(city: City) -> Answer:
    def nearest_by_tree() -> np.ndarray:
        found = shapely.STRtree(city.streets.geometry.to_numpy()).query_nearest(city.poles.geometry.to_numpy(), all_matches=True)
        return pd.DataFrame(found.T).groupby(0, as_index=False)[1].min().to_numpy()

    return nearest_by_tree


def _buffer_lengths(city: City) -> Answer:
    def lengths_by_buffers() -> np.ndarray:
        ducts = city.ducts.geometry.to_numpy()
        zones = shapely.buffer(city.streets.geometry.to_numpy(), _DISTANCE_M, quad_segs=32)
        zone, duct = shapely.STRtree(ducts).query(zones, predicate="intersects")
        return np.stack([duct, zone, shapely.length(shapely.intersection(ducts[duct], zones[zone]))], axis=1)

    return lengths_by_buffers


def _database_joins(left: np.ndarray, right: np.ndarray) -> dict[str, Answer]:
    """Return ST_DWithin joins by the databases that are installed; tables are loaded beforehand, one thread each."""
    joins: dict[str, Answer] = {}
    condition = f"ST_DWithin(a.shape, b.shape, {_DISTANCE_M:g})"
    query = f"SELECT a.id AS l, b.id AS r FROM a JOIN b ON {condition}"  # noqa: S608 - constants of this module
    if importlib.util.find_spec("duckdb") and importlib.util.find_spec("duckdb_extension_spatial"):
        import pyarrow as pa  # noqa: PLC0415 - only where the peer is installed

        duckdb: Any = importlib.import_module("duckdb")
        extension = importlib.import_module("duckdb_extension_spatial")
        path = next(Path(str(extension.__file__)).parent.rglob("*.duckdb_extension"))
        tables = {n: pa.table({"id": np.arange(len(s)), "wkb": shapely.to_wkb(s)}) for n, s in (("a", left), ("b", right))}

        def by_duckdb() -> np.ndarray:
            connection = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": 1})
            connection.execute(f"LOAD '{path}'")
            for name, content in tables.items():
                connection.register(f"{name}_wkb", content)
                connection.execute(f"CREATE TABLE {name} AS SELECT id, ST_GeomFromWKB(wkb) AS shape FROM {name}_wkb")  # noqa: S608
            found = connection.execute(query).fetchnumpy()
            return np.stack([found["l"], found["r"]], axis=1)

        joins["DuckDB ST_DWithin"] = by_duckdb
    if importlib.util.find_spec("sedonadb"):
        frames = {
            n: gpd.GeoDataFrame({"id": np.arange(len(s))}, geometry=s, crs=HUE_CRS).rename_geometry("shape")
            for n, s in (("a", left), ("b", right))
        }

        def by_sedonadb() -> np.ndarray:
            database = importlib.import_module("sedonadb").connect()
            database.sql("SET datafusion.execution.target_partitions = 1").execute()
            for name, content in frames.items():
                database.create_data_frame(content).to_view(name)
            found = database.sql(query).to_arrow_table()
            return np.stack([found["l"].to_numpy(), found["r"].to_numpy()], axis=1)

        joins["SedonaDB ST_DWithin"] = by_sedonadb
    return joins
