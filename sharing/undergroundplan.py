"""A programme of streets to go underground as tables: each street, its owners, its order of work, what to survey, what is proposed."""

import hashlib
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import (
    HUE_CRS,
    MAP_CRS,
    UNDERGROUND_ORDER,
    UNDERGROUND_OWNERS,
    UNDERGROUND_STREETS,
    UNDERGROUND_SUGGESTIONS,
    UNDERGROUND_SURVEY,
    AssetClass,
    Table,
)
from hatang.sharing.undergrounding import Street, StreetUnderground, UndergroundPolicy, along_street, plan_street

_ID_DIGITS: Final = 12
_DONE: Final = "done"


def plan_streets(streets: gpd.GeoDataFrame, assets: gpd.GeoDataFrame, *, policy: UndergroundPolicy) -> dict[str, pd.DataFrame]:
    """Return `underground_streets`, `_owners`, `_order`, `_survey`, `_suggestions` (contracts of these names), shapes in EPSG:4326.

    A street whose measure is not filed is planned as one that goes underground. Metres of dead cable that nobody filed are not known, and
    nothing is proposed for them.

    Parameters
    ----------
    streets
        UNDERGROUNDING contract, lines with a length, any CRS.
    assets
        ASSETS contract, any CRS.
    """
    metric = assets.to_crs(HUE_CRS)
    tables: dict[str, list[dict[str, Any]]] = {"streets": [], "owners": [], "order": [], "survey": [], "suggestions": []}
    ordered = streets.to_crs(HUE_CRS).sort_values("street_id", kind="stable")
    for row in ordered.to_dict("records"):
        street, axis = str(row["street_id"]), _axis(row["geometry"])
        measure: Literal["underground", "tidy"] = "tidy" if row["measure"] == "tidy" else "underground"
        done = row["status"] == _DONE
        dead = None if pd.isna(row["dead_cable_m"]) else float(row["dead_cable_m"])
        plan = plan_street(axis, metric, measure=measure, done=done, dead_cable_m=dead, policy=policy)
        here = along_street(axis, metric, policy.beside_m)
        needed = measure == "underground" and not done
        filed = {str(name): value for name, value in row.items()} | {"geometry": axis, "needs_document": _missing(row["document"])}
        tables["streets"].append(filed | _street(plan, axis, needed=needed))
        tables["owners"] += _owners(street, plan, here)
        tables["order"] += [{"street_id": street, "rank": rank, "step": step} for rank, step in enumerate(plan.steps, 1)]
        tables["survey"] += _survey(street, axis, here) if needed else []
        tables["suggestions"] += _suggestions(street, axis, plan)
    contracts = (UNDERGROUND_STREETS, UNDERGROUND_OWNERS, UNDERGROUND_ORDER, UNDERGROUND_SURVEY, UNDERGROUND_SUGGESTIONS)
    return {table.name: _kept(table, tables[table.name.removeprefix("underground_")]) for table in contracts}


def _axis(shape: shapely.Geometry) -> Street:
    """Return a street as one line where its parts touch, else as its parts."""
    merged = shapely.line_merge(shapely.MultiLineString(list(shapely.get_parts(shape))))
    return merged if isinstance(merged, shapely.LineString) else shapely.MultiLineString(list(shapely.get_parts(merged)))


def _street(plan: StreetUnderground, axis: Street, *, needed: bool) -> dict[str, Any]:
    """Return the figures of a street, and on what the joint ways rest."""
    poles, uncounted = int(plan.owners["poles"].sum()), int(plan.owners["uncounted"].sum())
    counted = plan.owners.loc[plan.owners["poles"] > 0, "cables"].dropna()
    if not needed:
        basis = "not_needed"
    elif not poles:
        basis = "no_poles"
    elif counted.empty:
        basis = "unknown"
    else:
        basis = "at_least" if uncounted else "counted"
    return {
        "length_m": float(axis.length),
        "owners": len(plan.owners),
        "poles": poles,
        "uncounted": uncounted,
        "cables": None if counted.empty else int(counted.sum()),
        "ways": plan.ways if basis in ("counted", "at_least") else None,
        "ways_basis": basis,
        "ducts_m": float(plan.owners["ducts_m"].sum()),
        "unknown_owners": ", ".join(plan.unknown_owners) or None,
        "steps": ", ".join(plan.steps) or None,
    }


def _owners(street: str, plan: StreetUnderground, here: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    contacts = here.dropna(subset=["contact"]).drop_duplicates("owner").set_index("owner")["contact"]
    rows = plan.owners.assign(street_id=street, contact=plan.owners["owner"].map(contacts))
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _survey(street: str, axis: Street, here: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return the poles and ducts whose use nobody counted, along the street."""
    poles = (here["asset_class"] == AssetClass.POLE) & here["slots_used"].isna()
    ducts = (here["asset_class"] == AssetClass.DUCT_SECTION) & (here["ways"].isna() | here["ways_used"].isna())
    found = here[poles | ducts]
    places = shapely.line_locate_point(axis, shapely.centroid(found.geometry.to_numpy()))
    rows = found.assign(street_id=street, chainage_m=np.asarray(places, float)).sort_values(["chainage_m", "asset_id"], kind="stable")
    return [{**{str(name): value for name, value in row.items()}, "rank": rank} for rank, row in enumerate(rows.to_dict("records"), 1)]


def _suggestions(street: str, axis: Street, plan: StreetUnderground) -> list[dict[str, Any]]:
    rows = []
    for row in plan.suggestions.to_dict("records"):
        digest = hashlib.sha256(f"{row['kind']}|{street}".encode()).hexdigest()
        fields = {str(name): value for name, value in row.items()}
        rows.append({**fields, "suggestion_id": f"U-{digest[:_ID_DIGITS]}", "street_id": street, "geometry": axis})
    return rows


def _kept(table: Table, rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows) if rows else pd.DataFrame(columns=table.names)
    if not table.geometry:
        return table.conform(frame)
    placed = gpd.GeoDataFrame(frame, geometry="geometry", crs=HUE_CRS).to_crs(MAP_CRS)
    return gpd.GeoDataFrame(table.conform(placed), geometry="geometry", crs=MAP_CRS)


def _missing(value: object) -> bool:
    return value is None or bool(pd.isna(value)) or not str(value).strip()  # type: ignore[call-overload]  # a cell of text
