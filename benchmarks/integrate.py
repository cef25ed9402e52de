"""Area and people of wards inside claims: ours beside geopandas, the best shapely recipes and exactextract, with equality checked.

Claims are filled contours of noisy fields, as planning tools draw them: holes, islands, some hundred thousand vertices an operator.
"""

import importlib.util
import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import contourpy
import geopandas as gpd
import numpy as np
import rasterio
import shapely
from scipy.ndimage import gaussian_filter

from benchmarks import maps
from benchmarks.harness import Line, Timing, race
from hatang.coverage.integrate import WardShapes, integrate
from hatang.data.contracts import HUE_CRS, MAP_CRS

_PIXEL_DEGREES = 1 / 1200
_GROUPS = [(operator, technology) for operator in ("viettel", "vnpt", "mobifone", "vietnamobile") for technology in ("4g", "5g")]
_CLOSE = 1e-9
"""Share of the greatest answer up to which GEOS must agree."""
_EXACTEXTRACT_CLOSE = 1e-6

Answer = Callable[[], np.ndarray]


def contour_claims(wards: gpd.GeoDataFrame, *, groups: int, pixel: float, seed: int) -> gpd.GeoDataFrame:
    """Return claims over the box of `wards` (EPSG:4326): a noisy field of `pixel` degrees above a quantile, one a group."""
    random = np.random.default_rng(seed)
    west, south, east, north = wards.total_bounds
    rows, columns = int((north - south) / pixel), int((east - west) / pixel)
    shapes = []
    for k in range(groups):
        field = np.zeros((rows, columns), np.float32)
        for spread, weight in ((2, 0.5), (5, 0.5), (16, 0.7), (50, 1.2)):
            field += gaussian_filter(random.standard_normal((rows, columns), dtype=np.float32), spread) * (spread * weight)
        level = np.quantile(field[::3, ::3], 0.2 + 0.07 * k)
        x, y = west + (np.arange(columns) + 0.5) * pixel, north - (np.arange(rows) + 0.5) * pixel
        outlines, offsets = contourpy.contour_generator(x, y, field, fill_type="OuterOffset").filled(float(level), 1e30)
        rings = [[line[i:j] for i, j in itertools.pairwise(cut)] for line, cut in zip(outlines, offsets, strict=True)]
        polygons = np.array([shapely.Polygon(parts[0], parts[1:]) for parts in rings], object)
        claim = shapely.multipolygons(polygons[shapely.area(polygons) > 4 * pixel**2])
        shapes.append(claim if shapely.is_valid(claim) else shapely.make_valid(claim))
    names = {"operator": [name for name, _ in _GROUPS[:groups]], "technology": [name for _, name in _GROUPS[:groups]]}
    return gpd.GeoDataFrame(names, geometry=shapes, crs=MAP_CRS)


@contextmanager
def people_raster(wards: gpd.GeoDataFrame, *, seed: int) -> Iterator[Path]:
    """Give a compressed raster of people at 3″ over the box of `wards`, 1 % of it without data."""
    random = np.random.default_rng(seed)
    west, south, east, north = wards.total_bounds
    rows, columns = int((north - south) / _PIXEL_DEGREES) + 1, int((east - west) / _PIXEL_DEGREES) + 1
    profile = {
        "crs": MAP_CRS,
        "nodata": -99999.0,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
        "predictor": 3,
    }
    transform = rasterio.transform.from_origin(west, north, _PIXEL_DEGREES, _PIXEL_DEGREES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "people.tif")
        with rasterio.open(
            path, "w", driver="GTiff", width=columns, height=rows, count=1, dtype="float32", transform=transform, **profile
        ) as file:
            for row in range(0, rows, 512):
                shape = (min(512, rows - row), columns)
                values = np.exp(random.standard_normal(shape, dtype=np.float32))
                values[random.random(shape, dtype=np.float32) < 0.01] = -99999.0
                file.write(values, 1, window=rasterio.windows.Window(0, row, columns, shape[0]))
        yield path


class Peers:
    """What others would do, each for all wards and groups: arrays of shape (groups, wards)."""

    def __init__(self, wards: gpd.GeoDataFrame, claims: gpd.GeoDataFrame) -> None:
        self.crs = wards.crs
        self.wards, self.claims = np.asarray(wards.geometry, object), np.asarray(claims.geometry, object)

    def _each(self, one: Answer | Callable[[shapely.Geometry], np.ndarray]) -> np.ndarray:
        return np.array([one(claim) for claim in self.claims])  # type: ignore[call-arg]

    def prepared(self) -> np.ndarray:
        """Prepare claims, intersect them whole."""

        def one(claim: shapely.Geometry) -> np.ndarray:
            shapely.prepare(claim)
            return shapely.area(shapely.intersection(self.wards, claim))

        return self._each(one)

    def boxed_pieces(self, claim: shapely.Geometry) -> np.ndarray:
        """Return the intersections with a claim that is first clipped to each ward's box."""
        boxes = shapely.bounds(self.wards)
        clipped = [shapely.clip_by_rect(claim, *box) for box in boxes]
        return shapely.intersection(self.wards, np.array(clipped, object))

    def boxed(self) -> np.ndarray:
        """Clip claims to each ward's box."""
        return self._each(lambda claim: shapely.area(self.boxed_pieces(claim)))

    def tiled_pieces(self, claim: shapely.Geometry) -> tuple[np.ndarray, np.ndarray]:
        """Return the intersections with small tiles of a claim, found by a tree, and the ward of each."""
        tiles = subdivided(claim)
        ward, tile = shapely.STRtree(tiles).query(self.wards)
        pieces = tiles[tile]
        border = ~shapely.contains_properly(self.wards[ward], pieces)
        met = ~border | shapely.intersects(self.wards[ward], pieces)
        ward, pieces, border = ward[met], pieces[met], border[met]
        pieces[border] = shapely.intersection(self.wards[ward[border]], pieces[border])
        return pieces, ward

    def tiled(self) -> np.ndarray:
        """Cut claims into tiles, find them by a tree, prepare wards."""
        shapely.prepare(self.wards)

        def one(claim: shapely.Geometry) -> np.ndarray:
            pieces, ward = self.tiled_pieces(claim)
            return np.bincount(ward, shapely.area(pieces), len(self.wards))

        return self._each(one)

    def overlaid(self, claim: shapely.Geometry) -> gpd.GeoDataFrame:
        """Return what geopandas.overlay makes of the wards and a claim."""
        left = gpd.GeoDataFrame({"ward": range(len(self.wards))}, geometry=self.wards, crs=self.crs)
        return gpd.overlay(left, gpd.GeoDataFrame(geometry=[claim], crs=self.crs), how="intersection", keep_geom_type=True)

    def overlay(self) -> np.ndarray:
        """Let geopandas overlay them."""

        def one(claim: shapely.Geometry) -> np.ndarray:
            found = self.overlaid(claim)
            return np.bincount(found["ward"], found.area, len(self.wards))

        return self._each(one)

    def extracted(self, raster: Path, pieces_of: Callable[[shapely.Geometry], tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """Sum people over pieces of wards in claims by exactextract."""
        from exactextract import exact_extract  # noqa: PLC0415 - a peer that need not be there

        def one(claim: shapely.Geometry) -> np.ndarray:
            pieces, ward = pieces_of(claim)
            some = ~shapely.is_empty(pieces)
            frame = gpd.GeoDataFrame({"ward": ward[some]}, geometry=pieces[some], crs=self.crs)
            sums = exact_extract(str(raster), frame, ["sum"], include_cols=["ward"], output="pandas")
            return np.bincount(sums["ward"], np.nan_to_num(sums["sum"].to_numpy(float)), len(self.wards))

        return self._each(one)

    def boxed_people(self, raster: Path) -> np.ndarray:
        """Box, intersect, then exactextract."""
        return self.extracted(raster, lambda claim: (self.boxed_pieces(claim), np.arange(len(self.wards))))

    def tiled_people(self, raster: Path) -> np.ndarray:
        """Tile, intersect, then exactextract."""
        shapely.prepare(self.wards)
        return self.extracted(raster, self.tiled_pieces)

    def overlaid_people(self, raster: Path) -> np.ndarray:
        """Overlay by geopandas, then exactextract."""

        def pieces(claim: shapely.Geometry) -> tuple[np.ndarray, np.ndarray]:
            found = self.overlaid(claim)
            return np.asarray(found.geometry, object), found["ward"].to_numpy()

        return self.extracted(raster, pieces)


def subdivided(shape: shapely.Geometry, *, limit: int = 256) -> np.ndarray:
    """Return the polygons of `shape`, halved by `clip_by_rect` until each has at most `limit` vertices."""
    done: list[shapely.Geometry] = []
    todo = shapely.get_parts(shape).tolist()
    while todo:
        part = todo.pop()
        if part.geom_type != "Polygon" or part.is_empty:
            continue
        if shapely.get_num_coordinates(part) <= limit:
            done.append(part)
            continue
        west, south, east, north = part.bounds
        x, y = ((west + east) / 2, north) if east - west > north - south else (east, (south + north) / 2)
        other = (x, south, east, north) if x < east else (west, y, east, north)
        for box in ((west, south, x, y), other):
            todo += shapely.get_parts(shapely.clip_by_rect(part, *box)).tolist()
    return np.array(done, object)


def answer_of(found: gpd.GeoDataFrame, wards: gpd.GeoDataFrame, claims: gpd.GeoDataFrame, column: str) -> np.ndarray:
    """Return a column of `integrate` as an array of shape (groups, wards); areas planar, as the peers have them."""
    ward = {code: row for row, code in enumerate(wards["ward_code"])}
    group = {key: row for row, key in enumerate(zip(claims["operator"], claims["technology"], strict=True))}
    out = np.zeros((len(group), len(ward)))
    rows = [group[key] for key in zip(found["operator"], found["technology"], strict=True)]
    columns = [ward[code] for code in found["ward_code"]]
    values = found[column].to_numpy(float)
    if column == "covered_area_m2":
        values = values / found["area_m2"].to_numpy(float) * wards.area.to_numpy()[columns]
    out[rows, columns] = values
    return out


def _lines(title: str, timings: dict[str, Timing], goals: dict[str, float], *, close: float) -> list[Line]:
    base = timings["hatang"]
    lines = [base.line(title, "hatang")]
    for name, timing in timings.items():
        if name == "hatang":
            continue
        differ = int((np.abs(timing.answer - base.answer) > close * np.abs(base.answer).max()).sum())
        ratio, goal = timing.cpu_s / base.cpu_s, goals.get(name)
        holds = differ == 0 and (goal is None or ratio >= goal)
        said = f"{differ} of {base.answer.size:,} ward × group differ by more than {close:g} of the greatest"
        lines.append(timing.line(f"{title}: {name}", said, goal=goal, ratio=ratio, holds=holds))
    return lines


def _raced(title: str, wards: gpd.GeoDataFrame, claims: gpd.GeoDataFrame, *, runs: int, country: bool, goals: bool) -> list[Line]:
    metric, covers = wards.to_crs(HUE_CRS), claims.to_crs(HUE_CRS)
    integrate(metric, covers.iloc[:1])  # every kernel compiled and loaded before it is timed
    prepared, peers = WardShapes.build(metric), Peers(metric, covers)
    contenders: dict[str, Answer] = {
        "hatang": lambda: answer_of(integrate(metric, covers), metric, covers, "covered_area_m2"),
        "hatang, wards prepared": lambda: answer_of(integrate(prepared, covers), metric, covers, "covered_area_m2"),
        "shapely, claims in tiles": peers.tiled,
    }
    if not country:  # minutes of the country's 3,321 wards against half a million vertices
        contenders |= {"shapely, prepared": peers.prepared, "shapely, claims boxed": peers.boxed, "geopandas.overlay": peers.overlay}
    wanted = {"shapely, claims in tiles": 1.0} if country else {"shapely, claims boxed": 2.0, "geopandas.overlay": 8.0}
    lines = _lines(f"area, {title}", race(contenders, runs=runs), wanted if goals else {}, close=_CLOSE)
    if importlib.util.find_spec("exactextract") is None:
        return lines
    with people_raster(wards, seed=455) as raster:
        integrate(wards, claims.iloc[:1], raster=raster)
        plain = Peers(wards, claims)
        contenders = {
            "hatang": lambda: answer_of(integrate(wards, claims, raster=raster), wards, claims, "covered_population"),
            "shapely, tiles + exactextract": lambda: plain.tiled_people(raster),
        }
        if not country:
            contenders |= {
                "shapely, boxed + exactextract": lambda: plain.boxed_people(raster),
                "geopandas.overlay + exactextract": lambda: plain.overlaid_people(raster),
            }
        wanted = {"shapely, tiles + exactextract": 5.0} if country else {"geopandas.overlay + exactextract": 10.0}
        timings = race(contenders, runs=runs)
    return lines + _lines(f"area and people, {title}", timings, wanted if goals else {}, close=_EXACTEXTRACT_CLOSE)


def integrate_lines(*, runs: int, pixel: float = _PIXEL_DEGREES, groups: int = 8, country: bool = False, seed: int = 455) -> list[Line]:
    """Race `integrate` against its peers on claims drawn at `pixel` degrees; the whole country where its wards are at hand.

    Goals are held against claims at full size alone.
    """
    name, wards = maps.city()
    wards = wards.to_crs(MAP_CRS)
    claims = contour_claims(wards, groups=groups, pixel=pixel, seed=seed)
    full = pixel <= _PIXEL_DEGREES
    lines = _raced(name, wards, claims, runs=runs, country=False, goals=full)
    every = maps.country() if country else None
    if every is not None:
        every = every[["ward_code", "geometry"]].cx[102:110, 8:24]
        claims = contour_claims(every, groups=2, pixel=4 * _PIXEL_DEGREES, seed=seed)
        lines += _raced(f"{len(every)} wards of the country", every, claims, runs=1, country=True, goals=full)
    return lines
