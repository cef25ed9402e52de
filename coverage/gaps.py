"""Areas that are not assured: claimed by no operator, or claimed and contradicted by tests; as polygons with people, evidence and rank."""

import datetime as dt
import hashlib
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from ulid import ULID

from hatang.coverage.cells import cell_polygons
from hatang.coverage.claimed import CLAIMANT
from hatang.coverage.config import MOBILE, AssessConfig
from hatang.coverage.dryland import dry_wards
from hatang.coverage.integrate import geodesic_area_m2
from hatang.coverage.people import People
from hatang.data.contracts import ANY, GAPS, GAPS_LEFT_OUT, HUE_CRS, MAP_CRS, GapKind

_GRID_M: Final = 0.01


def find_gaps(
    wards: gpd.GeoDataFrame,
    claims: gpd.GeoDataFrame,
    counts: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    *,
    config: AssessConfig,
    as_of: dt.date,
    living: People | None = None,
    water: gpd.GeoDataFrame | None = None,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return gaps (GAPS contract, EPSG:4326), ranked by people, then area; and what was too small or too narrow to be one.

    The second table (GAPS_LEFT_OUT contract) has a row for each of the reasons `small` and `narrow`. A part is narrow where no disc of the
    least width fits into it: along the city's border it shows that two maps differ, not that nobody claims it.

    Parameters
    ----------
    wards
        WARDS contract, any CRS.
    claims
        One polygon a claimant (`coverage.claimed.claimants`), EPSG:9214.
    counts
        Tests inside claims per cell (`coverage.contradiction.cell_counts`).
    sites
        SITES contract; may be empty.
    living
        Where people live; evenly over each ward less its water where it is not told.
    water
        WATER contract; nobody lives there.
    """
    metric = wards.to_crs(HUE_CRS)
    parts = [*_unclaimed(metric, claims), *_contradicted(metric, claims, counts)]
    reasons = [_reason(part["geometry"], config) for part in parts]
    rows = [part for part, reason in zip(parts, reasons, strict=True) if reason is None]
    left_out = _left_out(parts, reasons)
    if not rows:
        return gpd.GeoDataFrame(GAPS.conform(pd.DataFrame(columns=GAPS.names)), geometry="geometry", crs=MAP_CRS), left_out
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS)
    people = wards.set_index("ward_code")["population"].astype(float)
    area = geodesic_area_m2(frame.geometry)
    dry = dry_wards(wards, water).set_index("ward_code").geometry if water is not None and not water.empty else None
    ward_area = geodesic_area_m2(wards.geometry if dry is None else dry).set_axis(wards["ward_code"])
    lived = area if dry is None else _dry_area_m2(frame, dry)
    frame = frame.assign(
        area_m2=area,
        population=lived.to_numpy() / frame["ward_code"].map(ward_area).to_numpy() * frame["ward_code"].map(people).to_numpy(),
        population_spread="even",
        period=config.period,
        first_period=config.period,
        ward_version=config.ward_version,
    )
    if living is not None:
        known = living.of_official(frame.geometry, frame["ward_code"], people)
        frame = frame.assign(population=np.where(np.isnan(known), frame["population"], known), **living.spread(frame["ward_code"]))
    frame = frame.join(_nearest(frame, sites))
    frame = frame.sort_values(
        ["population", "area_m2", "ward_code", *CLAIMANT], ascending=[False, False, True, True, True, True], kind="stable"
    )
    frame = frame.reset_index(drop=True).assign(rank=np.arange(1, len(frame) + 1))
    frame = frame.to_crs(MAP_CRS)
    frame["gap_id"] = [_identifier(row, as_of) for row in frame.itertuples()]
    return gpd.GeoDataFrame(GAPS.conform(frame), geometry="geometry", crs=MAP_CRS), left_out


def _dry_area_m2(parts: gpd.GeoDataFrame, dry: gpd.GeoSeries) -> pd.Series:
    """Return the area of each part that is no water, m²."""
    shapes = np.asarray(dry.loc[list(parts["ward_code"])], object)
    cut = shapely.intersection(np.asarray(parts.geometry.to_numpy(), object), shapes, grid_size=_GRID_M)
    return geodesic_area_m2(gpd.GeoSeries(cut, index=parts.index, crs=HUE_CRS))


def _reason(part: shapely.Polygon, config: AssessConfig) -> str | None:
    """Return why a part (EPSG:9214) is no gap; None where it is one."""
    if part.area < config.gap_min_area_m2:
        return "small"
    return "narrow" if part.buffer(-config.gap_min_width_m / 2).is_empty else None


def _left_out(parts: list[dict[str, Any]], reasons: list[str | None]) -> pd.DataFrame:
    """Return how many parts were left out for each reason, and their area together."""
    rows = []
    for reason in ("small", "narrow"):
        shapes = [part["geometry"] for part, why in zip(parts, reasons, strict=True) if why == reason]
        area = geodesic_area_m2(gpd.GeoSeries(shapes, crs=HUE_CRS)).sum() if shapes else 0.0
        rows.append({"reason": reason, "parts": len(shapes), "area_m2": float(area)})
    return GAPS_LEFT_OUT.conform(pd.DataFrame(rows))


def _unclaimed(wards: gpd.GeoDataFrame, claims: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return the parts of each ward that no operator claims, for technologies that at least one has filed."""
    rows = []
    anyone = claims[(claims["operator"] == ANY) & claims["technology"].isin(MOBILE)]
    for claim, area in zip(anyone.itertuples(), anyone.geometry.to_numpy(), strict=True):
        filed = claims[(claims["technology"] == claim.technology) & (claims["environment"] == claim.environment)]
        left = shapely.difference(wards.geometry.to_numpy(), area, grid_size=_GRID_M)
        for ward, remainder in zip(wards.itertuples(), left, strict=True):
            rows += [
                {**_named(ward, claim, GapKind.UNCLAIMED), "claims": int((~filed["operator"].isin([ANY, "all"])).sum()), "geometry": part}
                for part in _polygons(remainder)
            ]
    return rows


def _contradicted(wards: gpd.GeoDataFrame, claims: gpd.GeoDataFrame, counts: pd.DataFrame) -> list[dict[str, Any]]:
    """Return connected contradicted cells inside each claim, cut by wards, with the counts of the cells they touch."""
    rows = []
    faulty = counts[counts["contradicted"].astype(bool)]
    hexagons = cell_polygons(sorted(faulty["cell"].unique())).to_crs(HUE_CRS)
    for claim, claimed in zip(claims.itertuples(), claims.geometry.to_numpy(), strict=True):
        mine = faulty[
            (faulty["operator"] == claim.operator)
            & (faulty["technology"] == claim.technology)
            & (faulty["environment"] == claim.environment)
        ].set_index("cell")
        if mine.empty:
            continue
        shapes = np.asarray(hexagons.loc[list(mine.index)], object)
        area = shapely.intersection(shapely.union_all(shapes, grid_size=_GRID_M), claimed, grid_size=_GRID_M)
        for ward, cut in zip(wards.itertuples(), shapely.intersection(wards.geometry.to_numpy(), area, grid_size=_GRID_M), strict=True):
            for part in _polygons(cut):
                touched = mine[shapely.area(shapely.intersection(shapes, part)) > 1.0]
                evidence = {
                    "tests": int(touched["tests"].sum()),
                    "devices": int(touched["devices"].max()),
                    "failures": int(touched["failures"].sum()),
                    "failure_lo": float(touched["failure_lo"].min()),
                }
                rows.append({**_named(ward, claim, GapKind.CONTRADICTED), **evidence, "claims": 1, "geometry": part})
    return rows


def _named(ward: Any, claim: Any, kind: GapKind) -> dict[str, Any]:
    return {
        "gap_kind": str(kind),
        "ward_code": ward.ward_code,
        "ward_name": ward.ward_name,
        "operator": claim.operator,
        "technology": claim.technology,
        "environment": claim.environment,
    }


def _polygons(shape: shapely.Geometry) -> list[shapely.Polygon]:
    """Return the polygons of a geometry, lines and points left out."""
    return [part for part in shapely.get_parts(shapely.get_parts(shape)).tolist() if part.geom_type == "Polygon" and not part.is_empty]


def _nearest(gaps: gpd.GeoDataFrame, sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return for each gap the nearest known site, its operator and its distance in m; empty where no site is known."""
    if sites.empty:
        return pd.DataFrame({"nearest_site_id": None, "nearest_site_operator": None, "nearest_site_m": np.nan}, index=gaps.index)
    ordered = sites.sort_values("site_id", ignore_index=True).to_crs(HUE_CRS)
    tree = shapely.STRtree(ordered.geometry.to_numpy())
    found, distance = tree.query_nearest(gaps.geometry.to_numpy(), return_distance=True, all_matches=True)
    nearest = pd.DataFrame({"gap": found[0], "site": found[1], "m": distance}).sort_values(["gap", "m", "site"]).drop_duplicates("gap")
    return pd.DataFrame(
        {
            "nearest_site_id": ordered["site_id"].to_numpy()[nearest["site"]],
            "nearest_site_operator": ordered["operator"].to_numpy()[nearest["site"]],
            "nearest_site_m": nearest["m"].to_numpy(),
        },
        index=gaps.index,
    )


def _identifier(gap: Any, as_of: dt.date) -> str:
    """Return the gap's ULID: the day of the assessment and a hash of what the gap is, so that one assessment names it alike every time."""
    midnight = dt.datetime.combine(as_of, dt.time(), dt.UTC)
    what = [gap.ward_version, gap.gap_kind, gap.operator, gap.technology, gap.environment, gap.period, gap.ward_code]
    digest = hashlib.sha256("|".join(map(str, what)).encode() + shapely.to_wkb(shapely.normalize(gap.geometry))).digest()
    return str(ULID.from_bytes(int(midnight.timestamp() * 1000).to_bytes(6, "big") + digest[:10]))
