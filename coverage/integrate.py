"""Area and people of wards inside coverage, per group of claims."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from hatang.coverage._cutting import Floats
from hatang.coverage._linework import Linework, Shapes, union
from hatang.coverage._measures import Heed, areas, people_in, unheeded
from hatang.coverage._projection import Projection
from hatang.coverage._rasterfile import opened
from hatang.coverage.cluster import map_merge
from hatang.coverage.raster import RasterSource
from hatang.data.contracts import HUE_CRS, CrsError, SchemaError

__all__ = ["WardShapes", "geodesic_area_m2", "integrate", "polygon_sums", "union"]

Progress = Callable[[int, int], None]
"""Called with what is done, in pairs of ward and group or in polygons, and with what there is in all; what it raises ends the work."""

_METRIC: Final = CRS(HUE_CRS)
_NOTHING: Final = 1e-12
"""Share of a ward's area up to which covered means a border in common, told apart from nothing only by rounding."""


def geodesic_area_m2(geometry: gpd.GeoSeries) -> pd.Series:
    """Return the geodesic area (WGS 84) of each polygon in m², on its index; NaN for a missing one.

    Outer rings less inner ones, whichever way they turn.

    Examples
    --------
    >>> one = gpd.GeoSeries([shapely.box(107.0, 16.0, 107.1, 16.1), None], crs="EPSG:4326")
    >>> (geodesic_area_m2(one) / 1e6).round(3).tolist()
    [118.414, nan]
    """
    shapes = np.asarray(geometry.to_numpy(), object)
    if geometry.crs is None:
        raise CrsError("error.integrate.crs", wards="None", claims="None")
    areas = Linework.of(shapes, crs=geometry.crs).geodesic_area_m2()
    return pd.Series(np.where(shapely.is_missing(shapes), np.nan, areas), index=geometry.index, name="area_m2")


@dataclass(frozen=True, slots=True, eq=False)
class WardShapes:
    """Wards prepared for many calls of `integrate`: their lines in EPSG:9214 and their geodesic areas.

    Attributes
    ----------
    code
        `ward_code` of each ward.
    lines, metric
        Their rings in their own CRS and in EPSG:9214.
    area_m2
        Geodesic area of each, m².
    projection
        From the one CRS to the other; claims follow the same.
    """

    code: npt.NDArray[np.object_]
    lines: Linework
    metric: Linework
    area_m2: Floats
    projection: Projection

    @classmethod
    def build(cls, wards: gpd.GeoDataFrame) -> Self:
        """Return prepared wards: a frame with `ward_code` and polygons in any CRS; an invalid one is made valid.

        Raises
        ------
        SchemaError
            Where there is no column `ward_code`.
        CrsError
            Where the frame has no CRS.
        """
        if "ward_code" not in wards:
            raise SchemaError("error.locate.ward_code", columns=", ".join(map(str, wards.columns)))
        if wards.crs is None:
            raise CrsError("error.integrate.crs", wards="None", claims="")
        lines = Linework.of(_valid(np.asarray(wards.geometry.to_numpy(), object)), crs=wards.crs)
        projection = Projection(lines.crs, _METRIC, points=lines.x.size)
        return cls(wards["ward_code"].to_numpy(object), lines, lines.moved(projection), lines.geodesic_area_m2(), projection)


def integrate(
    wards: gpd.GeoDataFrame | WardShapes,
    claims: gpd.GeoDataFrame,
    *,
    by: Sequence[str] = ("operator", "technology"),
    raster: str | Path | RasterSource | None = None,
    scheduler: Any = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the area, and the people, of each ward inside the union of each group's claims.

    Areas are computed planar in EPSG:9214 and scaled per ward by geodesic/planar. People are taken to live evenly within a pixel, whose
    shares are planar in the raster's own CRS; vertices are moved there and edges are straight between them. Overlapping claims of a group
    count once, overlapping wards each in full, and borders in common with a ward add nothing to its neighbour.

    Parameters
    ----------
    wards
        Frame with `ward_code` and polygons in any CRS, or the same prepared (`WardShapes.build`).
    claims
        Frame with the columns `by` and polygons, in the CRS of `wards`. Invalid polygons are made valid; what is no polygon counts nothing.
    by
        Columns that make a group.
    raster
        Path of a raster whose band 1 holds people a pixel, or one in memory (`coverage.raster.Raster`). No data, NaN and negative values
        count 0, as does what lies outside.
    scheduler
        Address of a Dask scheduler (`tcp://…`), or a `distributed.Client` or `LocalCluster`: each group is a piece of work for its workers,
        who must see the raster under the same path. The table is the same to the last bit.
    progress
        Called from the calling thread between strips of cells, with pairs of ward and group done and in all, from 0 to all of them; what it
        raises ends the work, of which nothing is left, and passes through.

    Returns
    -------
    One row a ward and group that it meets, sorted by them: `ward_code`, `by`…, `area_m2` of the ward, `covered_area_m2`, and with a raster
    `population` of the ward and `covered_population`. A missing row means nothing covered.

    Raises
    ------
    CrsError
        Where a frame or the raster has no CRS, or the frames differ.
    SchemaError
        Where a column is missing.
    ParameterError
        Where a coordinate is not finite or has no place in a CRS, or the file is no raster.
    MissingError
        Where there is no such file, no scheduler, or no extra `cluster`.

    Examples
    --------
    >>> box = shapely.box(561_000, 1_821_000, 562_000, 1_822_000)
    >>> wards = gpd.GeoDataFrame({"ward_code": ["19738"]}, geometry=[box], crs="EPSG:9214")
    >>> claims = gpd.GeoDataFrame({"operator": ["vnpt"], "technology": ["4g"]}, geometry=[box.buffer(-100)], crs="EPSG:9214")
    >>> covered = integrate(wards, claims)
    >>> (covered["covered_area_m2"] / covered["area_m2"]).round(6).tolist()
    [0.64]
    """
    crs = wards.lines.crs if isinstance(wards, WardShapes) else wards.crs
    if crs is None or claims.crs is None or crs != claims.crs:
        raise CrsError("error.integrate.crs", wards=str(crs), claims=str(claims.crs))
    keys = [by] if isinstance(by, str) else list(by)
    if missing := [name for name in keys if name not in claims]:
        raise SchemaError("error.integrate.columns", missing=", ".join(missing), columns=", ".join(map(str, claims.columns)))
    shapes = wards if isinstance(wards, WardShapes) else WardShapes.build(wards)
    groups = {key: np.asarray(rows.geometry.to_numpy(), object) for key, rows in claims.groupby(keys, sort=True, observed=True)}
    meter = _Meter(progress, shapes.code.size * len(groups))
    meter.reach(0.0)
    lines = [Linework.of(part, crs=crs) for part in groups.values()]
    work = _Work(shapes, raster, _relative_edge(shapes.lines, lines))
    pieces = [(g, part) for g, part in enumerate(lines)]
    if scheduler is None or not pieces:
        reach = _reach(pieces, work, meter.reach)
    else:
        done = itertools.count(1)
        reach = map_merge(
            _reach,
            [[piece] for piece in pieces],
            _joined,
            scheduler=scheduler,
            shared=work,
            finished=lambda _: meter.reach(next(done) / len(pieces)),
        )
    meter.reach(1.0)
    planar = shapes.metric.planar_area()
    scale = np.divide(shapes.area_m2, planar, out=np.zeros_like(planar), where=planar > 0)
    people = reach.people
    parts = []
    for g, key in enumerate(groups):
        covered, reached = reach.groups[g]
        met = covered > _NOTHING * planar
        columns: dict[str, object] = {"ward_code": shapes.code[met], **dict(zip(keys, key, strict=True))}
        columns |= {"area_m2": shapes.area_m2[met], "covered_area_m2": (covered * scale)[met]}
        if raster is not None:
            columns |= {"population": people[met], "covered_population": np.clip(reached, 0, people)[met]}
        parts.append(pd.DataFrame(columns))
    names = ["ward_code", *keys, "area_m2", "covered_area_m2", *(["population", "covered_population"] if raster is not None else [])]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    return frame[names].sort_values(["ward_code", *keys], ignore_index=True)


def polygon_sums(polygons: gpd.GeoSeries, *, raster: str | Path | RasterSource, progress: Progress | None = None) -> pd.DataFrame:
    """Return the geodesic area of each polygon and the people in it, as `integrate` does.

    Parameters
    ----------
    polygons
        Polygons in any CRS, of any number and overlapping or not: each is counted in full. Invalid ones are made valid.
    raster
        As for `integrate`.
    progress
        Called from the calling thread with polygons done and in all, as by `integrate`.

    Returns
    -------
    `area_m2` and `population` on the index of `polygons`; 0 for a missing or an empty one.

    Raises
    ------
    CrsError
        Where the polygons or the raster have no CRS.
    ParameterError
        Where a coordinate is not finite or has no place in a CRS, or the file is no raster.
    MissingError
        Where there is no such file.

    Examples
    --------
    >>> from hatang.coverage.raster import Raster
    >>> people = Raster(np.array([[8.0, 4.0]]), (100.0, 0.0, 561_000.0, 0.0, -100.0, 1_821_100.0), "EPSG:9214")
    >>> half = gpd.GeoSeries([shapely.box(561_050, 1_821_000, 561_150, 1_821_100)], crs="EPSG:9214")
    >>> polygon_sums(half, raster=people)["population"].tolist()
    [6.0]
    """
    if polygons.crs is None:
        raise CrsError("error.integrate.crs", wards="None", claims="")
    lines = Linework.of(_valid(np.asarray(polygons.to_numpy(), object)), crs=polygons.crs)
    with opened(raster) as source:
        moved = lines.moved(Projection(lines.crs, source.crs, points=lines.x.size))
        meter = _Meter(progress, len(polygons))
        meter.reach(0.0)
        people, _ = people_in(moved, [], source, edge=1.0, heed=meter.reach)
    meter.reach(1.0)
    return pd.DataFrame({"area_m2": lines.geodesic_area_m2(), "population": people}, index=polygons.index)


def _valid(shapes: Shapes) -> Shapes:
    """Return geometries, those that are not valid made so."""
    wrong = np.flatnonzero(~(shapely.is_valid(shapes) | shapely.is_missing(shapes)))
    if wrong.size:
        shapes = shapes.copy()
        shapes[wrong] = [union([shape]) for shape in shapes[wrong]]
    return shapes


class _Meter:
    """Shares of the work that is done, told as whole numbers that never fall."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._told = progress, total, 0

    def reach(self, share: float) -> None:
        """Tell that a share of the work is done, and let the caller stop."""
        if self._progress is not None:
            self._told = max(self._told, min(int(share * self._total), self._total))
            self._progress(self._told, self._total)


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What every group's piece of work needs: the wards, the raster, and how long edges are beside those of the wards."""

    wards: WardShapes
    raster: str | Path | RasterSource | None
    edge: float


@dataclass(frozen=True, slots=True, eq=False)
class _Reach:
    """People of each ward (empty where another piece counts them), and of each group the area and the people of each ward inside it."""

    people: Floats
    groups: dict[int, tuple[Floats, Floats]]


def _reach(pieces: Sequence[tuple[int, Linework]], work: _Work, heed: Heed = unheeded) -> _Reach:
    """Return what the groups of some pieces reach; a group's figures depend on nothing but itself and what all share."""
    half = 1.0 if work.raster is None else 0.5
    wards, lines = work.wards, [part for _, part in pieces]
    first = not pieces or pieces[0][0] == 0
    covering = areas(wards.metric, [part.moved(wards.projection) for part in lines], edge=work.edge, heed=lambda share: heed(half * share))
    covered = np.minimum(covering, wards.metric.planar_area())
    people, reached = np.zeros(0), np.zeros((len(lines), 0))
    if work.raster is not None:
        with opened(work.raster) as source:
            projection = Projection(wards.lines.crs, source.crs, points=wards.lines.x.size)
            moved = [part.moved(projection) for part in lines]
            own = wards.lines.moved(projection)
            people, reached = people_in(own, moved, source, edge=work.edge, whole=first, heed=lambda share: heed(half + half * share))
    return _Reach(people if first else np.zeros(0), {g: (covered[place], reached[place]) for place, (g, _) in enumerate(pieces)})


def _joined(parts: Sequence[_Reach]) -> _Reach:
    """Return what all pieces reach, in any order of them."""
    people = max((part.people for part in parts), key=len)
    return _Reach(people, {g: found for part in parts for g, found in part.groups.items()})


def _relative_edge(wards: Linework, groups: Sequence[Linework]) -> float:
    """Return the median length of an edge beside that of the wards: it decides the width of cells, in whatever CRS they lie."""
    lengths = [part.edge_length() for part in (wards, *groups) if part.x.size]
    own = wards.edge_length() if wards.x.size else 0.0
    return float(np.median(lengths)) / own if own > 0 else 1.0
