"""Which coordinate system numbers are in: what a file states held against where the points would lie; in doubt a question, never a shift.

VN-2000 and WGS 84 share an ellipsoid and lie about 225 m apart in Huế. A file that writes VN-2000 metres under a WGS 84 name (MapInfo TAB
and MIF, a `.prj` "WGS84 / TM 107") looks sound to every library, which then reports an accuracy of 0 m. Only the parameters of the
projection betray it: no system on WGS 84 has the scale 0.9999 and a Vietnamese central meridian.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

import numpy as np
import pyproj

from hatang.data.contracts import HUE_CRS, MAP_CRS
from hatang.data.facts import ward_facts

ZONES: Final[Mapping[int, tuple[float, float]]] = {
    9214: (107.0, 0.9999),
    3405: (105.0, 0.9996),
    5898: (108.0, 0.9999),
    5899: (107.75, 0.9999),
    9210: (105.75, 0.9999),
    9212: (106.25, 0.9999),
    3406: (111.0, 0.9996),
    5897: (105.0, 0.9999),
    9216: (107.5, 0.9999),
    9215: (107.25, 0.9999),
    9213: (106.5, 0.9999),
    9211: (106.0, 0.9999),
    9217: (108.25, 0.9999),
    9218: (108.5, 0.9999),
    9209: (105.5, 0.9999),
    9208: (104.75, 0.9999),
    9207: (104.5, 0.9999),
    9206: (104.0, 0.9999),
    9205: (103.0, 0.9999),
    5896: (102.0, 0.9999),
}
"""EPSG code → central meridian (degrees) and scale of every system on VN-2000, likeliest for Huế first.

All are Transverse Mercator from the equator with a false easting of 500,000 m. Huế's own is 9214; its neighbours' are 5898 and 5899.
"""
TO_WGS84: Final = (-191.90441429, -39.30318279, -111.45032835, 0.00928836, -0.01975479, 0.00427372, 0.252906278)
"""VN-2000 to WGS 84: metres, arc seconds, parts per million, as position vector (Quyết định 05/2007/QĐ-BTNMT; EPSG:6960)."""
_UTM: Final[Mapping[float, int]] = {105.0: 32648, 111.0: 32649}
_DEGREES: Final = ("EPSG:4326", "EPSG:4756")
_METRES: Final = tuple(
    f"EPSG:{twin}" for code, (meridian, k) in ZONES.items() for twin in ((code, _UTM[meridian]) if k == 0.9996 else (code,))
)
"""What numbers alone may be in: beside each system on VN-2000 its twin on WGS 84, 225 m away, where a name in common use has one."""
_FALSE_EASTING: Final = 500_000.0
_UTM_SCALE: Final = 0.9996
_VN2000: Final = re.compile(r"vi[eệ]t[\s_-]*nam[\s_-]*2000|vn[\s_-]*2000", re.IGNORECASE)
_WGS84: Final = pyproj.CRS(MAP_CRS)
_SAMPLE: Final = 5_000
_MOST: Final = 0.9
_HALF: Final = 0.5
_PROPOSED: Final = 4
_KM_PER_DEGREE: Final = (106.8, 110.7)
"""Length of a degree of longitude and latitude at 16.4° N, km."""


class Doubt(StrEnum):
    """Why a coordinate system cannot be taken as it is; the values are the codes of the faults."""

    UNSTATED = "crs_unstated"
    DATUM = "crs_datum"
    ELSEWHERE = "crs_elsewhere"
    DEGREES = "crs_degrees"
    METRES = "crs_metres"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A coordinate system the numbers could be in, and where they would lie.

    Attributes
    ----------
    crs
        What to write in the mapping: `EPSG:9214`, or the parameters of a system without a code.
    why
        Its name.
    share_inside
        Share of the points that would lie in Huế, 0 to 1.
    centre_lon, centre_lat
        Median position, degrees of WGS 84.
    first_lon, first_lat
        Position of the first point, degrees of WGS 84.
    swapped
        Whether north stands first in the file.
    """

    crs: str
    why: str
    share_inside: float
    centre_lon: float
    centre_lat: float
    first_lon: float
    first_lat: float
    swapped: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the candidate as plain values."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        order = " (x ↔ y)" if self.swapped else ""
        return f"{self.crs} ({self.why}){order} → {self.first_lon:.4f}, {self.first_lat:.4f}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The coordinate system to use, or why there is a doubt; and what else the numbers could be in, likeliest first."""

    crs: pyproj.CRS | None
    doubt: Doubt | None = None
    candidates: tuple[Candidate, ...] = ()


def judged(first: np.ndarray, second: np.ndarray, stated: pyproj.CRS | None, *, named: bool = True) -> Judgement:
    """Judge whether coordinates can be in the system that a file states.

    Parameters
    ----------
    first, second : ndarray of shape (n,)
        Coordinates as they stand in the file, east and north in the units of its system; NaN where there is none.
    stated : pyproj.CRS or None
        What the file states.
    named : bool
        Whether its form writes systems by name or code. MapInfo's writes parameters only, among which WGS 84 can mean VN-2000.

    Returns
    -------
    Judgement
        `crs` is the system to use: the one stated, or its official equal on VN-2000. Where it is None, `doubt` says why and `candidates`
        what to ask; there are none where the numbers fit nothing in Huế.

    Examples
    --------
    >>> x, y = np.array([561636.671]), np.array([1821406.847])
    >>> judged(x, y, pyproj.CRS("EPSG:9214")).crs.to_epsg()
    9214
    >>> asked = judged(x, y, pyproj.CRS("+proj=tmerc +lon_0=107 +k=0.9999 +x_0=500000 +datum=WGS84"))
    >>> asked.doubt, str(asked.candidates[0])
    (<Doubt.DATUM: 'crs_datum'>, 'EPSG:9214 (VN-2000 / TM-3 107-00) → 107.5791, 16.4676')
    """
    first, second = _sample(first, second)
    if stated is None or not on_earth(stated):
        return Judgement(None, Doubt.UNSTATED, candidates(first, second))
    used = official(stated)
    if not len(first):
        return Judgement(used)
    degrees = float(np.mean(_like_degrees(first, second)))
    if used.is_geographic and degrees < _HALF:
        proposed = candidates(first, second)
        return Judgement(None, Doubt.METRES, proposed) if proposed else Judgement(used)
    if not used.is_geographic and degrees >= _MOST:
        return Judgement(None, Doubt.DEGREES, candidates(first, second) or (_candidate("EPSG:4326", first, second),))
    if (lost := _lost_datum(used, named=named)) is not None:
        fitting = candidates(first, second)
        own = tuple(_candidate(code, first, second) for code in lost)
        return Judgement(None, Doubt.DATUM, (*own, *(c for c in fitting if c.crs not in lost and not _inside_enough(own[0])))[:_PROPOSED])
    if _share(used, first, second) < _HALF and _share(used, second, first) < _HALF:
        better = tuple(c for c in candidates(first, second) if c.share_inside >= _MOST)
        if better:
            return Judgement(None, Doubt.ELSEWHERE, better)
    return Judgement(used)


def asked(judgement: Judgement) -> dict[str, Any]:
    """Return the fields of the fault that asks: the proposals in words and as values, and the line of a mapping that takes the first.

    Examples
    --------
    >>> asked(judged(np.array([107.5791]), np.array([16.4676]), None))["line"]
    'crs: EPSG:4326'
    """
    proposed = judgement.candidates
    words = "; ".join(map(str, proposed))
    return {"proposals": words, "line": f"crs: {proposed[0].crs}", "candidates": [candidate.as_dict() for candidate in proposed]}


def candidates(first: np.ndarray, second: np.ndarray) -> tuple[Candidate, ...]:
    """Return the systems under which most of the points would lie in Huế, best first, at most four.

    Parameters
    ----------
    first, second : ndarray of shape (n,)
        Coordinates as they stand in the file.

    Examples
    --------
    >>> [c.crs for c in candidates(np.array([107.5791]), np.array([16.4676]))]
    ['EPSG:4326', 'EPSG:4756']
    >>> north, east = np.array([1821406.847]), np.array([561636.671])
    >>> best = candidates(north, east)[0]
    >>> best.crs, best.swapped
    ('EPSG:9214', True)
    """
    first, second = _sample(first, second)
    if not len(first):
        return ()
    degrees = float(np.mean(_like_degrees(first, second))) >= _HALF
    codes = _DEGREES if degrees else _METRES
    found = []
    for code in codes:
        for swapped in (False, True):
            candidate = _candidate(code, first, second, swapped=swapped)
            if candidate.share_inside >= _HALF:
                found.append(candidate)
    prior = {code: place for place, code in enumerate(codes)}
    in_use = {code for code in codes if _in_use_in_hue(code)}
    found.sort(key=lambda c: (-round(c.share_inside, 1), c.crs not in in_use, prior[c.crs], c.swapped))
    return tuple(found[:_PROPOSED])


def official(crs: pyproj.CRS) -> pyproj.CRS:
    """Return the system of EPSG that a system on VN-2000 means, by its parameters; any other as it is.

    A datum counts as VN-2000 by its name in any spelling, or by the official seven parameters. PROJ knows the datum by one spelling only
    and takes every other for WGS 84.

    Examples
    --------
    >>> official(pyproj.CRS("+proj=tmerc +lon_0=107.75 +k=0.9999 +x_0=500000 +ellps=WGS84 +towgs84=-191.90441429,-39.30318279,"
    ...     "-111.45032835,0.00928836,-0.01975479,0.00427372,0.252906278")).to_epsg()
    5899
    """
    base = _base(crs)
    if not _on_vn2000(crs, base):
        return crs
    if base.is_geographic:
        return pyproj.CRS(4756)
    shape = _transverse(base)
    if shape is None:
        return crs
    code = _zone(shape)
    if code is not None:
        return pyproj.CRS(code)
    lat_0, lon_0, scale, east, north = shape
    helmert = ",".join(map(repr, TO_WGS84))
    return pyproj.CRS(
        f"+proj=tmerc +lat_0={lat_0!r} +lon_0={lon_0!r} +k={scale!r} +x_0={east!r} +y_0={north!r} +ellps=WGS84 +towgs84={helmert} +units=m"
    )


def inside_hue(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return which positions (degrees of WGS 84) lie in or close to Huế: near the label point of a ward, by the ward's size.

    Examples
    --------
    >>> inside_hue(np.array([107.5791, 108.2208]), np.array([16.4676, 16.0678]))
    array([ True, False])
    """
    inside = np.zeros(len(lon), bool)
    for label_lon, label_lat, reach_km in _discs():
        with np.errstate(invalid="ignore", over="ignore"):
            east, north = (lon - label_lon) * _KM_PER_DEGREE[0], (lat - label_lat) * _KM_PER_DEGREE[1]
            inside |= east * east + north * north <= reach_km * reach_km
    return inside


@cache
def _discs() -> tuple[tuple[float, float, float], ...]:
    """Return label point and reach (km) of each ward: the radius of a disc of its area, and half as much again, and 3 km."""
    facts = ward_facts()
    reach = 1.5 * np.sqrt(facts["area_km2_official"] / np.pi) + 3.0
    return tuple(zip(facts["label_lon"].tolist(), facts["label_lat"].tolist(), reach.tolist(), strict=True))


def _sample(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the finite pairs, thinned evenly; the origin, which loggers write for "none", is left out."""
    there = np.isfinite(first) & np.isfinite(second) & ((first != 0) | (second != 0))
    places = np.flatnonzero(there)
    places = places[:: max(1, len(places) // _SAMPLE)]
    return np.asarray(first[places], np.float64), np.asarray(second[places], np.float64)


def _like_degrees(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return which pairs can be degrees in either order."""
    a, b = np.abs(first), np.abs(second)
    return np.asarray((np.maximum(a, b) <= 180) & (np.minimum(a, b) <= 90), dtype=bool)


def _candidate(code: str, first: np.ndarray, second: np.ndarray, *, swapped: bool = False) -> Candidate:
    """Return what becomes of coordinates under a system."""
    east, north = (second, first) if swapped else (first, second)
    crs = _known(code)
    lon, lat = _way(code).transform(east, north)
    share = float(np.mean(inside_hue(lon, lat)))
    there = np.isfinite(lon) & np.isfinite(lat)
    lon, lat = (lon[there], lat[there]) if there.any() else (np.zeros(1), np.zeros(1))
    why = crs.name if crs.name != "unknown" else "WGS 84"
    return Candidate(code, why, share, float(np.median(lon)), float(np.median(lat)), float(lon[0]), float(lat[0]), swapped)


@cache
def _known(code: str) -> pyproj.CRS:
    return pyproj.CRS(code)


@cache
def _way(code: str) -> pyproj.Transformer:
    """Return the transformation of a known system to degrees; PROJ takes a hundredth of a second to find each."""
    return pyproj.Transformer.from_crs(_known(code), _WGS84, always_xy=True)


@cache
def _in_use_in_hue(code: str) -> bool:
    """Return whether EPSG names Huế within a system's area of use."""
    area = _known(code).area_of_use
    own = area is not None and area.west <= 107.5 <= area.east and area.south <= 16.4 <= area.north
    return own or code == HUE_CRS


def on_earth(crs: pyproj.CRS) -> bool:
    """Return whether coordinates of a system can be turned into degrees of WGS 84: those of other bodies, and of broken ones, cannot."""
    try:
        pyproj.Transformer.from_crs(crs, _WGS84, always_xy=True)
    except pyproj.exceptions.ProjError:
        return False
    return True


def _share(crs: pyproj.CRS, east: np.ndarray, north: np.ndarray) -> float:
    return float(np.mean(inside_hue(*_to_wgs84(crs, east, north))))


def _inside_enough(candidate: Candidate) -> bool:
    return candidate.share_inside >= _MOST


def _to_wgs84(crs: pyproj.CRS, east: np.ndarray, north: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return coordinates in degrees, not finite where they cannot be."""
    lon, lat = pyproj.Transformer.from_crs(crs, _WGS84, always_xy=True).transform(east, north)
    return np.asarray(lon, np.float64), np.asarray(lat, np.float64)


def _base(crs: pyproj.CRS) -> pyproj.CRS:
    """Return the horizontal system inside a compound or bound one."""
    base = crs
    while base.is_compound or base.is_bound:
        inner = base.sub_crs_list[0] if base.is_compound else base.source_crs
        if inner is None:
            return base
        base = inner
    return base


def _helmert(crs: pyproj.CRS) -> Iterator[tuple[float, ...]]:
    """Yield the parameters by which a bound system goes to WGS 84."""
    bound = next((part for part in (crs, *crs.sub_crs_list) if part.is_bound), None)
    if bound is not None and bound.coordinate_operation is not None:
        given = bound.coordinate_operation.towgs84
        if given:
            yield tuple(given)


def _on_vn2000(crs: pyproj.CRS, base: pyproj.CRS) -> bool:
    """Return whether a system rests on VN-2000: its datum's name says so, or the shift to WGS 84 is the official one.

    Older drafts of the shift differ by a few metres, and rotations come in either sign: a file that writes one of them means VN-2000.
    """
    for given in _helmert(crs):
        return bool(np.allclose(given[:3], TO_WGS84[:3], rtol=0, atol=5.0))
    geodetic = base.geodetic_crs
    datum = None if geodetic is None else (geodetic.datum or geodetic)
    return datum is not None and _VN2000.search(datum.name) is not None


def _transverse(crs: pyproj.CRS) -> tuple[float, float, float, float, float] | None:
    """Return latitude and longitude of the origin (degrees), scale, false easting and northing (m) of a Transverse Mercator in metres."""
    operation = crs.coordinate_operation
    metric = all(axis.unit_conversion_factor == 1.0 for axis in crs.axis_info)
    if not crs.is_projected or operation is None or operation.method_name != "Transverse Mercator" or not metric:
        return None
    values = {parameter.name: float(parameter.value) for parameter in operation.params}
    names = (
        "Latitude of natural origin",
        "Longitude of natural origin",
        "Scale factor at natural origin",
        "False easting",
        "False northing",
    )
    if not set(names) <= set(values):
        return None
    lat_0, lon_0, scale, east, north = (values[name] for name in names)
    return lat_0, lon_0, scale, east, north


def _zone(shape: tuple[float, float, float, float, float]) -> int | None:
    """Return the code of the system on VN-2000 with these parameters, None where there is none."""
    lat_0, lon_0, scale, east, north = shape
    if abs(lat_0) > 1e-9 or abs(north) > 1e-3 or abs(east - _FALSE_EASTING) > 1e-3:
        return None
    return next((code for code, (own, k) in ZONES.items() if abs(own - lon_0) < 1e-6 and abs(k - scale) < 1e-7), None)


def _lost_datum(crs: pyproj.CRS, *, named: bool) -> tuple[str, ...] | None:
    """Return the systems to ask about where one has the parameters of a zone of VN-2000 but not its datum: VN-2000 first.

    UTM 48 and 49 exist on both datums: there only a form without names leaves it open.
    """
    base = _base(crs)
    shape = _transverse(base)
    code = None if shape is None else _zone(shape)
    if shape is None or code is None or _on_vn2000(crs, base):
        return None
    if any(abs(value) > 1e-9 for given in _helmert(crs) for value in given):
        return None  # a shift of its own, which is used as it is written
    lon_0, scale = ZONES[code]
    if scale == _UTM_SCALE:
        told = named and base.to_epsg(min_confidence=100) == _UTM[lon_0]
        return None if told else (f"EPSG:{code}", f"EPSG:{_UTM[lon_0]}")
    return f"EPSG:{code}", f"+proj=tmerc +lat_0=0 +lon_0={lon_0:g} +k={scale:g} +x_0=500000 +y_0=0 +datum=WGS84 +units=m"
