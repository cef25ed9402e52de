"""Published formats of sites and cells: registers with masts, and lists of cells that are hints only."""

import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._format import TRUE, Draft, Format, Trap, among, mask, objects, plmn, text_of, whole_id
from hatang.data._vocabulary import spellings
from hatang.data.contracts import SITES, Kind

_GENERATIONS: Final = ("2g", "3g", "4g", "5g")
_PLMN_IN_NAME: Final = re.compile(r"(?<!\d)([2-7]\d\d)[-_]?(\d{2})(?!\d)")
_NAMES: Final = re.compile(r"\s*(?:[,;+/&]|\bvà\b|\band\b)\s*", re.IGNORECASE)
OPENCELLID_COLUMNS: Final = (
    "radio",
    "mcc",
    "net",
    "area",
    "cell",
    "unit",
    "lon",
    "lat",
    "range",
    "samples",
    "changeable",
    "created",
    "updated",
    "averageSignal",
)
"""Columns of OpenCelliD and MLS; the files of one country have no line that names them."""
OPENCELLID_RADIOS: Final = frozenset({"GSM", "UMTS", "LTE", "NR", "CDMA"})


def _generations(prefix: str = "", suffix: str = "") -> Trap:
    """Return the trap that joins columns of truths, one a generation, to a list: `4g;5g`."""

    def join(draft: Draft) -> None:
        names = [f"{prefix}{generation}{suffix}" for generation in _GENERATIONS]
        there = {generation: among(draft.cells(name), TRUE) for generation, name in zip(_GENERATIONS, names, strict=True)}
        lists = np.full(draft.count, "", dtype=object)
        for generation, offered in there.items():
            lists[offered] = lists[offered] + np.where(lists[offered] == "", generation, ";" + generation)
        lists[lists == ""] = None
        draft.give("technologies", text_of(lists), ", ".join(name for name in names if draft.has(name)))

    return join


def _ids_of_arcep(draft: Draft) -> None:
    """Name sites by firm and number, as each firm counts for itself, and count the firms that share a mast."""
    code = draft.cells("code_op", "nom_op")
    draft.give("site_id", pc.binary_join_element_wise(code, draft.cells("num_site"), "-"), "code_op, num_site")
    mast = objects(draft.cells("id_site_partage"))
    firms: dict[str, set[str]] = {}
    for name, firm in zip(mast, objects(code), strict=True):
        if name is not None and firm is not None:
            firms.setdefault(name, set()).add(firm)
    count = [None if name is None else str(len(firms.get(name, ()))) for name in mast]
    draft.give("tenants", pa.array(count, pa.string()), "id_site_partage")


def _degrees_of_anfr(draft: Draft) -> None:
    """Give degrees for degrees, minutes, seconds and a letter, and the height with a decimal point."""
    for name, axis, sides in (("lat", "lat", "NS"), ("lon", "lon", "EW")):
        parts = [draft.cells(f"cor_nb_{part}_{axis}") for part in ("dg", "mn", "sc")]
        side = draft.cells(f"cor_cd_{'ns' if axis == 'lat' else 'ew'}_{axis}")
        whole = np.all([mask(pc.match_substring_regex(part, pattern=r"^\d{1,3}(?:[.,]\d+)?$")) for part in parts], axis=0)
        whole &= among(side, tuple(sides.casefold()))
        degrees = np.zeros(draft.count)
        for part, share in zip(parts, (1.0, 60.0, 3600.0), strict=True):
            known = pc.if_else(pa.array(whole), pc.replace_substring(part, pattern=",", replacement="."), "0")
            degrees += pc.cast(known, pa.float64()).to_numpy(zero_copy_only=False) / share
        signed = np.where(among(side, (sides[1].casefold(),)), -degrees, degrees)
        text = np.array([f"{value:.7f}" if known else None for value, known in zip(signed, whole, strict=True)], dtype=object)
        draft.give(name, text_of(text), f"cor_nb_dg_{axis}")
    draft.give("height_m", pc.replace_substring(draft.cells("sup_nm_haut"), pattern=",", replacement="."), "SUP_NM_HAUT")


def _cells_of_opencellid(draft: Draft) -> None:
    """Name a cell by network, area and number; where the file lost the area no name is made up."""
    network, area, cell = plmn(draft, ("mcc",), ("net",)), draft.cells("area"), draft.cells("cell")
    draft.give("operator", network, "mcc, net")
    draft.give(
        "cell_id", pc.binary_join_element_wise(network, pc.utf8_lower(draft.cells("radio")), area, cell, "-"), "mcc, net, area, cell"
    )


def _cells_of_an_area(draft: Draft) -> None:
    """Name a cell by network, area and number as the bulk files do; an answer without them gets an id of its content."""
    network, area, cell = plmn(draft, ("mcc",), ("mnc",)), draft.cells("lac", "tac"), draft.cells("cellid", "cid")
    draft.give("operator", network, "mcc, mnc")
    draft.give("cell_id", pc.binary_join_element_wise(network, pc.utf8_lower(draft.cells("radio")), area, cell, "-"), "lac, cellid")


def _network_in_the_name(draft: Draft) -> None:
    """Take the network from the file's name: Network Signal Guru writes it nowhere else."""
    named = [_PLMN_IN_NAME.search(part.rsplit("/", 1)[-1]) for part in draft.source.parts]
    networks = [None if found is None else f"{found[1]}-{found[2]}" for found in named]
    if any(networks):
        network = pa.array([networks[part] for part in draft.source.part], pa.string())
        draft.give("operator", network, "file")
        draft.give("cell_id", pc.binary_join_element_wise(network, draft.cells("ecellid"), "-"), "file, ECellID")
    else:
        draft.give("cell_id", draft.cells("ecellid"), "ECellID′")


def _tenants_by_name(draft: Draft) -> None:
    """Count the firms on a mast where the column that should count them names them."""
    column = next(name for name in _TENANTS if draft.has(name))
    cells = draft.cells(column)
    named = mask(pc.is_valid(cells)) & ~mask(pc.match_substring_regex(cells, pattern=r"^[-–]?\s*\d*(?:[.,]0)?$"))
    if named.any():
        counts = objects(cells)
        for place in np.flatnonzero(named):
            counts[place] = str(len({name.casefold() for name in _NAMES.split(counts[place]) if name.strip()}))
        draft.give("tenants", text_of(counts), draft.column(column) or column)


def _owner_too(draft: Draft) -> None:
    """Keep the owner beside the operator that it stands for."""
    draft.give("owner", draft.cells("owner"), "owner")


_TENANTS: Final = ("don_vi_dung_chung", "doanh_nghiep_dung_chung", "so_don_vi_dung_chung", "so_doanh_nghiep_dung_chung")
_CELL_COLUMNS: Final = {
    "radio": ("radio",),
    "lon": ("lon",),
    "lat": ("lat",),
    "range_m": ("range",),
    "samples": ("samples",),
    "estimated": ("changeable",),
    "updated": ("updated",),
}

SITE_FORMATS: Final = (
    Format(
        "arcep_sites",
        "ARCEP, trạm (2024)",
        Kind.SITES,
        frozenset({"code_op", "nom_op", "num_site", "id_site_partage", "latitude", "longitude", "site_4g", "site_5g"}),
        columns={
            "operator": ("nom_op",),
            "lon": ("longitude",),
            "lat": ("latitude",),
            "mast_id": ("id_site_partage",),
        },
        traps=(_generations("site_"), _ids_of_arcep),
    ),
    Format(
        "anfr_supports",
        "ANFR (SUP_SUPPORT)",
        Kind.SITES,
        frozenset({"sup_id", "sta_nm_anfr", "cor_nb_dg_lat", "cor_nb_mn_lat", "cor_nb_sc_lat", "cor_cd_ns_lat", "cor_nb_dg_lon"}),
        columns={
            "site_id": ("sta_nm_anfr",),
            "mast_id": ("sup_id",),
            "operator": ("exploitant",),
            "technologies": ("systemes",),
        },
        traps=(_degrees_of_anfr,),
    ),
    Format(
        "arcep_sites_2018",
        "ARCEP, trạm (2018)",
        Kind.SITES,
        frozenset({"operateur", "x", "y", "2g", "3g", "4g"}),
        columns={"operator": ("operateur",), "x": ("x",), "y": ("y",)},
        crs="EPSG:2154",
        traps=(_generations(),),
        tried=True,
    ),
    *(
        Format(
            f"bts_{name}",
            "Danh sách trạm BTS tiếng Việt",
            Kind.SITES,
            frozenset({name, "chu_so_huu", "kinh_do", "vi_do"}),
            decimal=None,
            traps=(_tenants_by_name,),
            closed=False,
        )
        for name in _TENANTS
    ),
    Format(
        "sites_by_owner",
        "Danh sách trạm của doanh nghiệp (site_code, owner)",
        Kind.SITES,
        frozenset({"site_code", "owner"}),
        without=frozenset(spellings("operator", SITES["operator"].synonyms)),
        decimal=None,
        columns={"operator": ("owner",)},
        traps=(_owner_too,),
        closed=False,
    ),
    Format(
        "opencellid",
        "OpenCelliD, MLS",
        Kind.CELLS,
        frozenset({"radio", "mcc", "net", "area", "cell", "lon", "lat", "range", "samples", "averagesignal"}),
        columns=_CELL_COLUMNS,
        traps=(_cells_of_opencellid,),
    ),
    Format(
        "opencellid_cut",
        "OpenCelliD, bản rút gọn",
        Kind.CELLS,
        frozenset({"mcc", "net", "cell", "lon", "lat", "range", "averagesignal"}),
        without=frozenset({"area"}),
        columns=_CELL_COLUMNS,
        traps=(_cells_of_opencellid,),
        tried=True,
    ),
    Format(
        "opencellid_area",
        "OpenCelliD, trả lời theo vùng (JSON, CSV)",
        Kind.CELLS,
        frozenset({"lat", "lon", "mcc", "mnc", "radio", "range", "samples"}),
        without=frozenset({"net", "measured_at", "rsrp", "signal"}),
        columns=_CELL_COLUMNS,
        traps=(_cells_of_an_area,),
    ),
    Format(
        "nsg_cells",
        "Network Signal Guru (danh sách cell)",
        Kind.CELLS,
        frozenset({"ecellid", "cellname", "longitude", "latitude", "pci", "earfcn", "azimuth"}),
        columns={
            "cell_name": ("cellname",),
            "lon": ("longitude",),
            "lat": ("latitude",),
            "pci": ("pci",),
            "channel": ("earfcn",),
            "azimuth_deg": ("azimuth",),
        },
        constants={"radio": "4g"},
        traps=(_network_in_the_name,),
        tried=True,
    ),
    Format(
        "cim5g_cells",
        "CIM5G (trạm)",
        Kind.CELLS,
        frozenset({"cgi", "eci", "pci", "tac", "electron_downpour", "mechanical_down_tilting"}),
        refusal="format_no_position",
        tried=True,
    ),
    Format(
        "planning_cells",
        "Danh sách cell của phần mềm quy hoạch",
        Kind.CELLS,
        frozenset({"cell_index", "cell_x", "cell_y", "height", "azimuth", "electrical_downtilt"}),
        columns={
            "x": ("cell_x",),
            "y": ("cell_y",),
            "height_m": ("height",),
            "azimuth_deg": ("azimuth",),
        },
        traps=(whole_id("cell_id", "cell_index"),),
        closed=False,
        tried=True,
    ),
)
