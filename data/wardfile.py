"""A boundary file of wards: read in whatever form it comes, joined by code, checked, and warned about unit by unit."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from hatang.data._filetype import opened
from hatang.data._inspection import inspect
from hatang.data.contracts import MAP_CRS, WARDS, BoundarySource, Fault, RefusedError, Severity
from hatang.data.crs import Doubt, asked, judged, on_earth
from hatang.data.facts import ward_facts
from hatang.data.gazetteer import ward_codes
from hatang.data.geodesy import geodesic_area_m2
from hatang.data.limits import Limits

AREA_TOLERANCE: Final = 0.05
"""Share by which a unit's geodesic area may differ from its official one before it is named; 6 of the 40 real wards differ by > 0.5 %."""
_CODE_NAMES: Final = ("ward_code", "ma_xa", "ma_phuong_xa", "ma_dvhc", "maxa", "code", "ma")
_NAME_NAMES: Final = ("ward_name", "name", "ten_xa", "ten", "tenxa", "phuong_xa", "ten_phuong_xa")
_VIETNAM: Final = (102.0, 8.0, 118.0, 23.5)
_NAMED_UNITS: Final = 12
_UNREADABLE: Final = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    shapely.errors.ShapelyError,
    ValueError,
    OSError,
    KeyError,
    TypeError,
    UnboundLocalError,
)
"""What the libraries raise of damaged files; the last where pyogrio cannot write a coordinate system down."""
_DANGEROUS: Final = frozenset({"file_hostile", "file_archive", "file_too_large", "file_secret", "file_features"})
"""Faults for which a file is not even tried; others may come of forms that only GDAL knows."""


def read_boundaries(
    path: Path, *, source: BoundarySource = BoundarySource.CITY, limits: Limits | None = None
) -> tuple[gpd.GeoDataFrame, tuple[Fault, ...]]:
    """Return the wards of a file (WARDS contract, EPSG:4326, sorted by code) and warnings that name the units they are about.

    Any file that GDAL opens, or GeoParquet; units by code, as a last resort by name. Several units of other provinces are taken too.

    Raises
    ------
    RefusedError
        Where the file cannot be opened, has no CRS or one that lost VN-2000, is empty, says of itself that it is approximate, or a unit
        has no known code, repeats one or has no area.
    """
    frame = _opened(path, limits or Limits())
    faults: list[Fault] = []
    if frame.empty:
        raise _refused(path, "boundaries_empty")
    if frame.crs is None:
        raise _refused(path, "boundaries_crs")
    if "boundary_source" in frame and (frame["boundary_source"] == BoundarySource.APPROXIMATE).any():
        raise _refused(path, "boundaries_approximate", field="boundary_source", found=str(BoundarySource.APPROXIMATE))
    frame, swapped = _right_way_round(_on_its_datum(frame, path).to_crs(MAP_CRS))
    if swapped:
        faults.append(Fault("boundaries_swapped", path.name, Severity.REPAIRED))
    coded = _with_codes(frame, path)
    shapes, repaired = _valid(coded, path)
    faults += repaired
    facts = ward_facts().set_index("ward_code")
    given = pd.DataFrame({"ward_code": coded["ward_code"], "ward_name": coded["ward_name"]})
    known = facts.reindex(given["ward_code"])
    official = (
        pd.to_numeric(coded["area_km2_official"], errors="coerce").to_numpy()
        if "area_km2_official" in coded
        else np.full(len(coded), np.nan)
    )
    wards = gpd.GeoDataFrame(
        given.assign(
            ward_name=known["ward_name"].fillna(pd.Series(given["ward_name"].to_numpy(), index=known.index)).to_numpy(),
            kind=_kinds(known["kind"], given["ward_name"]),
            area_km2_official=known["area_km2_official"].fillna(pd.Series(official, index=known.index)).to_numpy(),
            population=known["population"].to_numpy(),
            boundary_source=str(source),
        ),
        geometry=shapes,
        crs=MAP_CRS,
    )
    wards = gpd.GeoDataFrame(WARDS.conform(wards), crs=MAP_CRS).sort_values("ward_code", ignore_index=True)
    return wards, (*faults, *check_wards(wards, path.name))


def check_wards(wards: gpd.GeoDataFrame, file: str) -> list[Fault]:
    """Return warnings about a set of wards: units of Huế missing, areas off by more than 5 %, borders that overlap or leave gaps."""
    faults = []
    missing = sorted(set(ward_facts()["ward_code"]) - set(wards["ward_code"]))
    if missing:
        faults.append(_about("boundaries_missing", file, missing))
    area_km2 = geodesic_area_m2(wards.geometry) / 1e6
    off = (area_km2 / wards["area_km2_official"] - 1).abs() > AREA_TOLERANCE
    if off.any():
        faults.append(_about("boundaries_area", file, list(wards.loc[off, "ward_code"])))
    broken = ~shapely.is_empty(shapely.coverage_invalid_edges(wards.geometry.to_numpy()))
    if broken.any():
        faults.append(_about("boundaries_coverage", file, list(wards.loc[broken, "ward_code"])))
    return faults


def _about(code: str, file: str, units: Sequence[str]) -> Fault:
    """Return a warning that names the first units and counts them all."""
    named = ", ".join(units[:_NAMED_UNITS]) + (" …" if len(units) > _NAMED_UNITS else "")
    return Fault(code, file, Severity.WARNING, found=named, fields={"units": len(units)}, count=1)


def _refused(path: Path, code: str, **where: object) -> RefusedError:
    fault = Fault(
        code, path.name, field=str(where["field"]) if "field" in where else None, found=str(where["found"]) if "found" in where else None
    )
    return RefusedError("error.boundaries.refused", [fault], file=path.name)


def _opened(path: Path, limits: Limits) -> gpd.GeoDataFrame:
    """Return the file's first layer as a frame."""
    if not path.is_file():
        raise _refused(path, "boundaries_no_file", found="…" if path.is_dir() else path)
    try:
        with opened(path, limits) as members:
            inspect(members, limits)
    except RefusedError as error:
        if error.faults[0].code in _DANGEROUS:
            raise RefusedError("error.boundaries.refused", error.faults, file=path.name) from error
    try:
        if path.suffix == ".parquet":
            return gpd.read_parquet(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of open rings, which are refused here
            return gpd.GeoDataFrame(pyogrio.read_dataframe(path))
    except _UNREADABLE as error:
        raise _refused(path, "boundaries_unreadable", found=(str(error).splitlines() or [""])[0][:200]) from error


def _on_its_datum(frame: gpd.GeoDataFrame, path: Path) -> gpd.GeoDataFrame:
    """Return the frame under the official equal of its system; one that lost VN-2000 on the way would move every border by 225 m."""
    stated = pyproj.CRS(frame.crs)
    if not on_earth(stated):
        raise _refused(path, "boundaries_crs", found=stated.name)
    first, second = shapely.get_coordinates(frame.geometry.to_numpy()).T
    judgement = judged(first, second, stated, named=path.suffix.casefold() not in (".tab", ".mif"))
    if judgement.doubt is Doubt.DATUM:
        fault = Fault("boundaries_datum", path.name, field="geometry", found=stated.name, fields=asked(judgement))
        raise RefusedError("error.boundaries.refused", [fault], file=path.name)
    return frame if judgement.crs is None else frame.set_crs(judgement.crs, allow_override=True)


def _right_way_round(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, bool]:
    """Return the frame with longitude first; latitude-first files of Vietnam are recognised by their box."""
    west, south, east, north = frame.total_bounds
    swapped = (south, west, north, east)
    if _within(swapped, _VIETNAM) and not _within((west, south, east, north), _VIETNAM):
        return frame.set_geometry(frame.geometry.map(lambda shape: shapely.transform(shape, lambda xy: xy[:, ::-1]))).set_crs(MAP_CRS), True
    return frame, False


def _within(box: Sequence[float], limits: Sequence[float]) -> bool:
    return limits[0] <= box[0] and limits[1] <= box[1] and box[2] <= limits[2] and box[3] <= limits[3]


def _column(frame: gpd.GeoDataFrame, names: Sequence[str]) -> str | None:
    """Return the frame's column that goes by one of `names`, in their order."""
    lowered = {str(column).casefold(): str(column) for column in frame.columns}
    return next((lowered[name] for name in names if name in lowered), None)


def _with_codes(frame: gpd.GeoDataFrame, path: Path) -> gpd.GeoDataFrame:
    """Return the frame with `ward_code` (five digits) and `ward_name`, codes from names where the file has none."""
    code, name = _column(frame, _CODE_NAMES), _column(frame, _NAME_NAMES)
    if code is None and name is None:
        raise _refused(path, "boundaries_columns", found=", ".join(map(str, frame.columns)))
    names = _texts(frame[name]) if name is not None else pd.Series([""] * len(frame), index=frame.index)
    if code is not None:
        codes = _texts(frame[code]).str.removesuffix(".0").str.strip()
        codes = codes.where(codes == "", codes.str.zfill(5))
        wrong = ~codes.str.fullmatch(r"\d{5}")
        if wrong.any():
            raise _refused(path, "boundaries_code", field=code, found=", ".join(codes[wrong][:_NAMED_UNITS]))
    else:
        codes = pd.Series(ward_codes(list(names)), index=frame.index, dtype=object)
        if codes.isna().any():
            raise _refused(path, "boundaries_name", field=name, found=", ".join(names[codes.isna()][:_NAMED_UNITS]))
    if codes.duplicated().any():
        raise _refused(path, "boundaries_twice", found=", ".join(sorted(set(codes[codes.duplicated()]))[:_NAMED_UNITS]))
    return frame.assign(ward_code=codes, ward_name=names).reset_index(drop=True)


def _texts(column: pd.Series) -> pd.Series:
    """Return a column as text, empty where missing."""
    return column.astype(object).where(column.notna(), "").astype(str)


def _valid(frame: gpd.GeoDataFrame, path: Path) -> tuple[np.ndarray, list[Fault]]:
    """Return polygons made valid, 2-D; refuse units without area; say which ones were repaired."""
    shapes = shapely.force_2d(frame.geometry.to_numpy())
    if not np.isfinite(shapely.get_coordinates(shapes)).all():
        raise _refused(path, "boundaries_unreadable", found="NaN")
    faults = []
    invalid = ~shapely.is_valid(shapes)
    if invalid.any():
        shapes = np.where(invalid, shapely.make_valid(shapes), shapes)
        faults.append(Fault("boundaries_rings", path.name, Severity.REPAIRED, found=", ".join(frame["ward_code"][invalid][:_NAMED_UNITS])))
    flat = shapely.is_missing(shapes) | (shapely.area(shapes) == 0)
    if flat.any():
        raise _refused(path, "boundaries_area_none", found=", ".join(frame["ward_code"][flat][:_NAMED_UNITS]))
    return shapes, faults


def _kinds(known: pd.Series, names: pd.Series) -> np.ndarray:
    """Return the kind of each unit: from the facts, else from its name; towns and islands' zones count as wards."""
    guessed = np.where(names.str.casefold().str.startswith("xã"), "xã", "phường")
    return np.where(known.isna(), guessed, known)
