"""Deliveries in the French model GraceTHD v2 as a register: nodes, technical points, paths, ducts, walls of chambers, cables, sites.

Columns and code lists: GraceTHD-MCD v2 (Avicca and Cerema). Firms are named by `t_organisme`. A duct that runs through several paths is
a way in each of them. Anchors and paths on walls and inside buildings are no shared works and are left out.
"""

from collections.abc import Mapping
from typing import Final

import geopandas as gpd
import pandas as pd

GRACETHD_TABLES: Final = (
    "t_noeud",
    "t_ptech",
    "t_cheminement",
    "t_conduite",
    "t_cond_chem",
    "t_masque",
    "t_cable",
    "t_cab_cond",
    "t_sitetech",
    "t_organisme",
)
"""Tables that are read; a delivery holds more."""
GRACETHD_MARKS: Final = frozenset({"t_noeud", "t_ptech", "t_cheminement"})
"""Tables by which a delivery is known."""
_STATUS: Final = {
    **dict.fromkeys(("PRE", "DIA", "AVP"), "proposed"),
    **dict.fromkeys(("PRO", "ACT", "EXE"), "planned"),
    "TVX": "under_construction",
    **dict.fromkeys(("REC", "MCO"), "in_service"),
}
_BURIED: Final = ("4", "5", "6", "7", "8")
"""`l_implantation_type`: in the ground, gutter, gallery, duct, sewer."""
_AERIAL: Final = ("0", "1")
_LAYING: Final = {"TRA": "open_trench", "MEC": "open_trench", "MIC": "micro_trench", "FOR": "hdd", "FON": "hdd", "ENC": "bridge"}
_MATERIAL: Final = {"PBOI": "gỗ", "PBET": "bê tông", "PMET": "thép"}


def gracethd_register(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the register's tables, not yet held to their contracts, of a delivery's tables of text."""
    nodes = gpd.GeoDataFrame(tables["t_noeud"]).drop_duplicates("nd_code").set_index("nd_code").geometry
    points, firms = tables["t_ptech"], _firms(tables.get("t_organisme"))
    masks = tables.get("t_masque", pd.DataFrame(columns=["mq_nd_code", "mq_cd_code"]))
    placed = {
        "asset_id": points["pt_code"],
        "ext_id": points["pt_etiquet"],
        "owner": points["pt_prop"].map(firms),
        "manager": points["pt_gest"].map(firms),
        "status": points["pt_statut"].map(_STATUS),
        "occupancy": points["pt_occp"],
        "geometry": points["pt_nd_code"].map(nodes),
    }
    chamber, pole = points["pt_typephy"] == "C", points["pt_typephy"] == "A"
    entries = points["pt_nd_code"].map(masks.groupby("mq_nd_code").size())
    taken = points["pt_nd_code"].map(masks[masks["mq_cd_code"].notna()].groupby("mq_nd_code").size())
    chambers = pd.DataFrame({**placed, "cover_class": points["pt_nature"], "entries_total": entries, "entries_used": taken.fillna(0)})
    chambers["entries_used"] = chambers["entries_used"].where(entries.notna())
    poles = pd.DataFrame({**placed, "kind": "telecom", "material": points["pt_nature"].map(_MATERIAL), "height_m": points["pt_a_haut"]})
    ends = dict(zip(points["pt_nd_code"], points["pt_code"], strict=True))
    paths = _paths(gpd.GeoDataFrame(tables["t_cheminement"]), ends, firms)
    kind = tables["t_cheminement"]["cm_typ_imp"]
    sites = tables.get("t_sitetech")
    houses = pd.DataFrame() if sites is None else pd.DataFrame(
        {
            "asset_id": sites["st_code"],
            "ext_id": sites["st_nom"],
            "owner": sites["st_prop"].map(firms),
            "status": sites["st_statut"].map(_STATUS),
            "geometry": sites["st_nd_code"].map(nodes),
        }
    )  # fmt: skip
    return {
        "chambers": chambers[chamber],
        "poles": poles[pole],
        "duct_sections": paths[kind.isin(_BURIED)],
        "spans": paths[kind.isin(_AERIAL)].drop(columns="laying"),
        "duct_ways": _ways(tables, firms),
        "attachments": _attachments(tables, firms),
        "station_houses": houses,
    }


def _firms(organisations: pd.DataFrame | None) -> dict[str, str]:
    """Return the names of the firms by code."""
    if organisations is None:
        return {}
    return dict(zip(organisations["or_code"], organisations["or_nom"], strict=True))


def _paths(paths: gpd.GeoDataFrame, ends: Mapping[str, str], firms: Mapping[str, str]) -> pd.DataFrame:
    """Return paths; an end is the technical point at its node, else the node itself."""
    real = paths["cm_lgreel"].where(paths["cm_lgreel"].notna(), paths["cm_long"])
    return pd.DataFrame(
        {
            "asset_id": paths["cm_code"],
            "ext_id": paths["cm_codeext"],
            "owner": paths["cm_prop_do"].map(firms),
            "manager": paths["cm_gest_do"].map(firms),
            "status": paths["cm_statut"].map(_STATUS),
            "from_id": paths["cm_ndcode1"].map(lambda node: ends.get(node, node)),
            "to_id": paths["cm_ndcode2"].map(lambda node: ends.get(node, node)),
            "length_m": real,
            "laying": paths["cm_mod_pos"].map(_LAYING),
            "geometry": paths.geometry,
        }
    )


def _ways(tables: Mapping[str, pd.DataFrame], firms: Mapping[str, str]) -> pd.DataFrame:
    """Return each duct in each path that it runs through; `cd_occup` is how full it is, %."""
    if "t_conduite" not in tables:
        return pd.DataFrame()
    ducts = tables["t_conduite"]
    through = tables.get("t_cond_chem", pd.DataFrame(columns=["dm_cd_code", "dm_cm_code"]))
    rows = ducts.merge(through[["dm_cd_code", "dm_cm_code"]], left_on="cd_code", right_on="dm_cd_code", how="left")
    cables = pd.to_numeric(rows["cd_nbcable"], errors="coerce")
    return pd.DataFrame(
        {
            "way_id": rows["cd_code"],
            "section_id": rows["dm_cm_code"],
            "parent_way_id": rows["cd_cd_code"],
            "owner": rows["cd_prop"].map(firms),
            "inner_mm": rows["cd_dia_int"],
            "use": cables.map(lambda count: None if pd.isna(count) else "used" if count > 0 else "empty"),
            "fill_pct": rows["cd_occup"],
        }
    )


def _attachments(tables: Mapping[str, pd.DataFrame], firms: Mapping[str, str]) -> pd.DataFrame:
    """Return each cable in each duct."""
    if "t_cable" not in tables or "t_cab_cond" not in tables:
        return pd.DataFrame()
    rows = tables["t_cab_cond"].merge(tables["t_cable"], left_on="cc_cb_code", right_on="cb_code", how="left")
    return pd.DataFrame(
        {
            "attachment_id": rows["cc_cb_code"] + "@" + rows["cc_cd_code"],
            "asset_id": rows["cc_cd_code"],
            "operator": rows["cb_prop"].map(firms),
            "cable_outer_mm": rows["cb_diam"],
        }
    )
