"""Published formats of claims, buildings, people and served homes: codes for technology and place, and hexagons without a shape."""

import re
from typing import Final

import h3
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from hatang.data._format import Draft, Format, Trap, among, mask, objects, text_of
from hatang.data.contracts import MAP_CRS, Environment, Kind, Technology

_FCC_TECHNOLOGIES: Final = {"400": str(Technology.LTE), "500": str(Technology.NR)}
"""Codes of a mobile filing; the same numbers mean other things in a filing of fixed lines."""
_FCC_ENVIRONMENTS: Final = {"0": str(Environment.OUTDOOR), "1": str(Environment.IN_VEHICLE)}
_ID: Final = re.compile(r"[0-9a-fA-F]{15}")
_OLD: Final = ("2G", "3G", "2G3G", "2G/3G")


def is_hexagon(name: str | None) -> bool:
    """Return whether a text is the id of an H3 cell, for any text: the library takes a number of more than 64 bits for an accident.

    Examples
    --------
    >>> [is_hexagon(name) for name in ("89415ac1287ffff", "89415ac1287ffff" * 2, "x", None)]
    [True, False, False, False]
    """
    return name is not None and _ID.fullmatch(name) is not None and h3.is_valid_cell(name)


def hexagons(ids: np.ndarray) -> np.ndarray:
    """Return the H3 cells of some ids as polygons, longitude first, None where an id is none.

    Parameters
    ----------
    ids : ndarray of object, shape (n,)
        Ids as text, `89415ac1287ffff`.

    Returns
    -------
    ndarray of object, shape (n,)
        Degrees of WGS 84.

    Examples
    --------
    >>> hexagons(np.array(["89415ac1287ffff", "x", None], dtype=object))[1:].tolist()
    [None, None]
    """
    shapes = np.full(len(ids), None, dtype=object)
    known = np.array([isinstance(cell, str) and is_hexagon(cell) for cell in ids], dtype=bool)
    rings = [[(lon, lat) for lat, lon in h3.cell_to_boundary(cell)] for cell in ids[known]]
    if rings:
        corners = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
        shapes[known] = shapely.polygons(shapely.linearrings(np.array([point for ring in rings for point in ring]), indices=corners))
    return shapes


def _shaped_by_h3(column: str) -> Trap:
    """Return the trap that draws the hexagon of each row; the shape follows from the id, which is exact."""

    def draw(draft: Draft) -> None:
        cells = draft.cells(column)
        draft.geometry = hexagons(objects(cells))
        draft.crs = pyproj.CRS(MAP_CRS)
        draft.refuse(shapely.is_missing(draft.geometry) & mask(pc.is_valid(cells)), "h3_id", column)

    return draw


def _codes_of_fcc(draft: Draft) -> None:
    """Read technology and environment from their codes; voice and 3G are no 4G."""
    technology = pc.replace_substring_regex(draft.cells("technology"), pattern=r"\.0+$", replacement="")
    meant = [_FCC_TECHNOLOGIES.get(code or "") for code in technology.to_pylist()]
    draft.refuse(mask(pc.is_valid(technology)) & np.array([code is None for code in meant], dtype=bool), "technology_other", "technology")
    draft.give("technology", pc.coalesce(pa.array(meant, pa.string()), technology), "technology′")
    environment = pc.replace_substring_regex(draft.cells("environmnt"), pattern=r"\.0+$", replacement="")
    draft.give("environment", pa.array([_FCC_ENVIRONMENTS.get(code or "") for code in environment.to_pylist()], pa.string()), "environmnt′")


def _data_of_arcep(draft: Draft) -> None:
    """Refuse voice and the networks before 4G, of which a claim says nothing here; codes of firms lose a trailing `.0`."""
    draft.refuse(among(draft.cells("techno"), [word.lower() for word in _OLD]), "technology_other", "techno")
    code = objects(pc.replace_substring_regex(draft.cells("operateur"), pattern=r"\.0+$", replacement=""))
    draft.give("operator", text_of(code), "operateur")


_HRSL: Final = "Meta HRSL, dân số theo điểm lưới (CSV)"
_HEXAGON_COLUMNS: Final = {
    "operator": ("brandname", "providerid"),
    "level_dbm": ("minsignal",),
    "download_mbps": ("mindown",),
}

CLAIM_FORMATS: Final = (
    Format(
        "arcep_coverage",
        "ARCEP, vùng phủ lý thuyết",
        Kind.CLAIMS,
        frozenset({"operateur", "techno", "niveau"}),
        without=frozenset({"couv_cl", "couv_0"}),
        columns={"technology": ("techno",)},
        constants={"environment": str(Environment.OUTDOOR)},
        traps=(_data_of_arcep,),
    ),
    Format(
        "arcep_statistics",
        "ARCEP, tỷ lệ phủ theo xã",
        Kind.CLAIMS,
        frozenset({"techno", "commune", "couv_cl", "pop_cl"}),
        refusal="format_no_position",
    ),
    Format(
        "fcc_mobile",
        "FCC BDC, vùng phủ di động (lục giác H3)",
        Kind.CLAIMS,
        frozenset({"technology", "mindown", "minup", "environmnt", "h3_res9_id"}),
        columns=_HEXAGON_COLUMNS,
        traps=(_codes_of_fcc, _shaped_by_h3("h3_res9_id")),
    ),
    Format(
        "fcc_mobile_compared",
        "FCC BDC, lục giác đã so với kết quả đo",
        Kind.CLAIMS,
        frozenset({"h3_res9_id", "claimed_minsignal_dbm", "n_measurements"}),
        columns={"level_dbm": ("claimed_minsignal_dbm",)},
        traps=(_shaped_by_h3("h3_res9_id"),),
        tried=True,
    ),
    Format(
        "fcc_fixed",
        "FCC BDC, mạng cố định",
        Kind.FIXED,
        frozenset({"frn", "provider_id", "location_id", "technology", "max_advertised_download_speed", "block_geoid", "h3_res8_id"}),
        refusal="format_no_position",
    ),
    Format(
        "fcc_served",
        "FCC BDC, địa điểm đã và chưa được phục vụ",
        Kind.FIXED,
        frozenset({"location_id", "block_geoid", "h3_res8_id", "any_dl100_ul20"}),
        refusal="format_no_position",
    ),
    Format(
        "ofcom_premises",
        "Ofcom Connected Nations (từng nhà)",
        Kind.CLAIMS,
        frozenset({"uprn", "postcode"}),
        some=frozenset(f"{firm}dataoutdoor" for firm in ("ee", "h3", "tf", "vo")),
        refusal="format_no_position",
    ),
    Format(
        "ofcom_areas",
        "Ofcom Connected Nations (theo khu vực)",
        Kind.CLAIMS,
        frozenset(),
        prefix="4g_prem_out_",
        refusal="format_area_shares",
    ),
    Format(
        "microsoft_buildings",
        "Microsoft Global ML Building Footprints",
        Kind.BUILDINGS,
        frozenset({"height", "confidence"}),
        alone=True,
    ),
    Format(
        "hexagons_of_people",
        "Kontur, dân số theo ô H3",
        Kind.POPULATION,
        frozenset({"population"}),
        some=frozenset({"h3", "h3_index"}),
    ),
    Format("hrsl_points", _HRSL, Kind.POPULATION, frozenset({"latitude", "longitude", "population"}), alone=True),
    *(
        Format(f"hrsl_points_{name}", _HRSL, Kind.POPULATION, frozenset({"latitude", "longitude"}), prefix=prefix)
        for name, prefix in (("dated", "population_20"), ("country", "vnm_general_20"))
    ),
    Format(
        "relative_wealth",
        "Meta Relative Wealth Index",
        Kind.POPULATION,
        frozenset({"rwi", "error"}),
        some=frozenset({"quadkey", "latitude"}),
        refusal="format_not_people",
    ),
    Format(
        "google_buildings",
        "Google Open Buildings v3",
        Kind.BUILDINGS,
        frozenset({"latitude", "longitude", "area_in_meters", "confidence", "geometry", "full_plus_code"}),
        columns={
            "wkt": ("geometry",),
            "lon": ("longitude",),
            "lat": ("latitude",),
            "building_id": ("full_plus_code",),
            "area_m2": ("area_in_meters",),
        },
    ),
)
