"""The ward table: one row per ward × operator × technology × environment, with shares, intervals and the three-way verdict."""

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from hatang.coverage.claimed import CLAIMANT
from hatang.coverage.cleaning import FLOOR_DBM
from hatang.coverage.config import MOBILE, AssessConfig
from hatang.coverage.dryland import dry_areas, dry_wards
from hatang.coverage.fibre import fibre_shares
from hatang.coverage.integrate import Progress, integrate
from hatang.coverage.people import People
from hatang.coverage.statistics import clopper_pearson, further_tests, ratio_share, verdict
from hatang.data.contracts import ALL, ANY, HUE_CRS, WARD_KEY, WARD_TABLE, Environment, Technology, Verdict

_GROUP: Final = ["ward_code", *CLAIMANT]
_SHARES: Final = [f"{kind}_{part}" for kind in ("area", "population") for part in ("share", "lo", "hi")]


def ward_table(
    wards: gpd.GeoDataFrame,
    cells: pd.DataFrame,
    spoken: pd.DataFrame,
    claimed: gpd.GeoDataFrame,
    fixed: pd.DataFrame,
    *,
    config: AssessConfig,
    living: People | None = None,
    water: gpd.GeoDataFrame | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the ward table (WARD_TABLE contract), sorted by its key.

    Parameters
    ----------
    wards
        WARDS contract, any CRS.
    cells
        Parts of H3 cells in wards (`coverage.cells.ward_cells`).
    spoken
        Judged units with the derived rows (`coverage.evidence.speaking`).
    claimed
        Polygons a claimant (`coverage.claimed.claimants`), EPSG:9214.
    fixed
        FIXED contract.
    living
        Where people live; evenly over each ward less its water where it is not told.
    water
        WATER contract; nobody lives there.
    progress
        Called as by `integrate`, while claims are laid over wards.
    """
    fibre = fibre_shares(fixed, config=config)
    frame = _rows(wards, spoken, claimed, fibre)
    frame = frame.merge(_measured(spoken, _weighed(wards, cells, spoken, living, water), config=config), on=_GROUP, how="left")
    frame = frame.merge(_claimed(wards, claimed, living, water, progress), on=_GROUP, how="left")
    frame = _with_fibre(_coherent(frame), fibre)
    frame = frame.merge(cells.groupby("ward_code")["cell"].size().rename("cells_total").reset_index(), on="ward_code", how="left")
    shares = frame[["population_share", "population_lo", "population_hi", "effective"]].to_numpy(float)
    target, level = config.target_share, config.interval_level
    verdicts = [verdict(lo, hi, target_share=target) for _, lo, hi, _ in shares]
    needed = [
        0
        if answer is not Verdict.INSUFFICIENT
        else max(1, further_tests(share, 0.0 if np.isnan(n) else n, target_share=target, level=level))
        for answer, (share, _, _, n) in zip(verdicts, shares, strict=True)
    ]
    mobile = frame["technology"] != Technology.FIBRE
    frame = frame.assign(
        verdict=[str(answer) for answer in verdicts],
        tests_needed=pd.Series(needed, index=frame.index).where(mobile, None),
        evidence=frame["evidence"].fillna(frame["tests"].gt(0).map({True: "tests", False: "none"})),
        period=config.period,
        ward_version=config.ward_version,
        population_spread="even",
    )
    if living is not None:
        frame = frame.assign(**living.spread(frame["ward_code"]))
    counted = frame["tests"].where(~mobile, frame["tests"].fillna(0))
    frame = frame.assign(tests=counted, devices=frame["devices"].where(~mobile, frame["devices"].fillna(0)))
    return WARD_TABLE.conform(frame.sort_values(list(WARD_KEY), ignore_index=True))


def _rows(wards: gpd.GeoDataFrame, spoken: pd.DataFrame, claimed: gpd.GeoDataFrame, fibre: pd.DataFrame) -> pd.DataFrame:
    """Return every ward × claimant that there is any input for, and any and all for every technology."""
    outdoor, premises = str(Environment.OUTDOOR), str(Environment.PREMISES)
    mobile = [*MOBILE, str(Technology.MOBILE)]
    always = [(who, technology, outdoor) for who in (ANY, ALL) for technology in mobile]
    always += [(who, str(Technology.FIBRE), premises) for who in (ANY, ALL)]
    parts = [pd.DataFrame(always, columns=CLAIMANT), *(pd.DataFrame(frame[CLAIMANT]) for frame in (spoken, claimed, fibre) if len(frame))]
    claimants = pd.concat(parts, ignore_index=True).drop_duplicates()
    facts = pd.DataFrame(wards[["ward_code", "ward_name", "boundary_source"]])
    return facts.merge(claimants, how="cross")


def _measured(spoken: pd.DataFrame, cells: pd.DataFrame, *, config: AssessConfig) -> pd.DataFrame:
    """Return counts, levels and shares of the tests of each ward and claimant."""
    columns = [*_GROUP, "tests", "devices", "cells_measured", "median_rsrp_dbm", "p10_rsrp_dbm", "effective"]
    columns += [f"{kind}_{part}" for kind in ("pass", "area", "population") for part in ("share", "lo", "hi")]
    if spoken.empty:
        return pd.DataFrame(columns=columns)
    weights = cells.set_index(["ward_code", "cell"])[["area_m2", "people"]]
    rows: list[dict[str, Any]] = []
    for key, part in spoken.groupby(_GROUP, sort=True, observed=True):
        by_cell = part.groupby("cell", sort=True)["passed"].agg(["sum", "size"])
        weight = weights.reindex(pd.MultiIndex.from_product([[key[0]], by_cell.index])).fillna(0.0)
        estimates = {
            kind: ratio_share(by_cell["sum"], by_cell["size"], weight[column], level=config.interval_level)
            for kind, column in (("area", "area_m2"), ("population", "people"))
        }
        passes, tests = int(part["passed"].sum()), len(part)
        low, high = clopper_pearson(passes, tests, level=config.interval_level)
        spread = {
            f"{kind}_{name}": value
            for kind, estimate in estimates.items()
            for name, value in zip(("share", "lo", "hi"), (estimate.share, estimate.lo, estimate.hi), strict=True)
        }
        rows.append(
            {
                **dict(zip(_GROUP, key, strict=True)),
                "tests": tests,
                "devices": part["device_id"].nunique(),
                "cells_measured": len(by_cell),
                "median_rsrp_dbm": _level_at(part["rsrp_dbm"], 0.5),
                "p10_rsrp_dbm": _level_at(part["rsrp_dbm"], 0.1),
                "effective": estimates["population"].effective_tests,
                "pass_share": passes / tests,
                "pass_lo": float(low),
                "pass_hi": float(high),
                **spread,
            }
        )
    return pd.DataFrame(rows, columns=columns)


def _level_at(levels: pd.Series, share: float) -> float:
    """Return a quantile of levels, linear between neighbours; NaN where it rests on a unit without service, whose level nobody knows."""
    known = np.sort(levels.dropna().to_numpy(np.float64))
    if not len(known) or known[int(share * (len(known) - 1))] <= FLOOR_DBM:
        return float("nan")
    return float(np.quantile(known, share))


def _weighed(
    wards: gpd.GeoDataFrame, cells: pd.DataFrame, spoken: pd.DataFrame, living: People | None, water: gpd.GeoDataFrame | None
) -> pd.DataFrame:
    """Return the parts of cells with the people of each that was measured; spread evenly over a ward, dry area stands for people."""
    wet = water is not None and not water.empty
    if spoken.empty or (living is None and not wet):
        return cells.assign(people=cells["area_m2"])
    measured = cells[cells["cell"].isin(spoken["cell"].unique())]
    even = dry_areas(wards, water, measured) if wet else measured["area_m2"].to_numpy(float)
    if living is None:
        return measured.assign(people=even)
    people = living.in_cells(wards, measured)
    return measured.assign(people=np.where(np.isnan(people), even, people))


def _coherent(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with derived rows no worse than their best, or no better than their worst, component.

    At every place 4G or 5G is at least 4G, any operator at least each one, all operators at most each one; what is known of a component
    bounds the derived row, whichever cells happened to be tested. Of `all`, tested together nowhere, only the upper bound is known.
    """
    keys = ["ward_code", "environment", "operator", "technology"]
    derived = frame["operator"].isin([ANY, ALL])

    def mobile(rows: pd.DataFrame) -> pd.DataFrame:
        return rows[rows["technology"].isin(MOBILE)].assign(technology=str(Technology.MOBILE))

    frame = _bounded(frame, mobile(frame[~derived]), keys, highest=True)
    each = frame[~derived]
    frame = _bounded(frame, each.assign(operator=ANY), keys, highest=True)
    frame = _bounded(frame, each.assign(operator=ALL), keys, highest=False)
    return _bounded(frame, mobile(frame[derived]), keys, highest=True)


def _bounded(frame: pd.DataFrame, components: pd.DataFrame, keys: list[str], *, highest: bool) -> pd.DataFrame:
    """Return the frame with each share and bound raised to the highest, or lowered to the lowest, of its components."""
    grouped = components.groupby(keys, observed=True)[_SHARES]
    limit = frame[keys].merge((grouped.max() if highest else grouped.min()).reset_index(), on=keys, how="left").set_axis(frame.index)
    own, bound = frame[_SHARES].astype(float), limit[_SHARES].astype(float)
    if highest:
        return frame.assign(**{name: own[name].combine(bound[name], np.fmax) for name in _SHARES})
    joint = own.notna()
    nothing = bound.assign(area_lo=bound["area_lo"] * 0, population_lo=bound["population_lo"] * 0)
    return frame.assign(**{name: own[name].combine(bound[name], np.fmin).where(joint[name], nothing[name]) for name in _SHARES})


def _claimed(
    wards: gpd.GeoDataFrame, claimed: gpd.GeoDataFrame, living: People | None, water: gpd.GeoDataFrame | None, progress: Progress | None
) -> pd.DataFrame:
    """Return the share of each ward inside each claim: 0 where a claim does not reach it, no row where nothing was filed."""
    columns = [*_GROUP, "claimed_area_share", "claimed_population_share"]
    if claimed.empty:
        return pd.DataFrame(columns=columns)
    covered = integrate(wards.to_crs(HUE_CRS), claimed, by=CLAIMANT, progress=progress)
    covered = covered.assign(share=(covered["covered_area_m2"] / covered["area_m2"]).clip(0, 1))
    every = pd.DataFrame(wards[["ward_code"]]).merge(pd.DataFrame(claimed[CLAIMANT]).drop_duplicates(), how="cross")
    joined = every.merge(covered[[*_GROUP, "share"]], on=_GROUP, how="left").fillna({"share": 0.0})
    people = joined["share"] if water is None or water.empty else _dry_share(wards, claimed, water, joined)
    if living is not None:
        known = joined.merge(living.claimed(wards, claimed, CLAIMANT), on=_GROUP, how="left")["people_share"].fillna(0.0)
        people = known.where(joined["ward_code"].isin(living.wards.index), people)
    return joined.assign(claimed_area_share=joined["share"], claimed_population_share=people)[columns]


def _dry_share(wards: gpd.GeoDataFrame, claimed: gpd.GeoDataFrame, water: gpd.GeoDataFrame, rows: pd.DataFrame) -> pd.Series:
    """Return the share of each ward's dry area inside each claim, in the order of `rows`."""
    covered = integrate(dry_wards(wards, water), claimed, by=CLAIMANT)
    covered = covered.assign(dry=(covered["covered_area_m2"] / covered["area_m2"]).clip(0, 1))
    return rows[_GROUP].merge(covered[[*_GROUP, "dry"]], on=_GROUP, how="left")["dry"].fillna(0.0).set_axis(rows.index)


def _with_fibre(frame: pd.DataFrame, fibre: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the shares of served counts in the rows of fibre, those of served areas where a provider filed no counts.

    Where some providers filed counts and others areas, what they reach together lies between the exact bounds of Fréchet.
    """
    frame = _from_areas(frame)
    values = [column for column in fibre.columns if column not in _GROUP]
    joined = frame.merge(fibre.rename(columns={name: f"{name}_fibre" for name in values}), on=_GROUP, how="left")
    both = {who: (joined["operator"] == who) & joined["population_share_fibre"].notna() & _areas(joined) for who in (ANY, ALL)}
    area = joined["claimed_population_share"].astype(float)
    share, low, high = (joined[f"population_{name}_fibre"].astype(float) for name in ("share", "lo", "hi"))
    together = {
        ANY: (np.maximum(area, share), np.maximum(area, low), np.minimum(1.0, area + high)),
        ALL: (np.minimum(area, share), np.maximum(0.0, area + low - 1.0), np.minimum(area, high)),
    }
    for who, bounds in together.items():
        for name, bound in zip(("share", "lo", "hi"), bounds, strict=True):
            column = f"population_{name}_fibre"
            joined[column] = pd.Series(bound, index=joined.index).where(both[who], joined[column].astype(float))
    for name in values:
        own = joined[name] if name in joined else pd.Series(None, index=joined.index, dtype=object)
        joined[name] = joined[f"{name}_fibre"].where(joined[f"{name}_fibre"].notna(), own)
    return joined.drop(columns=[f"{name}_fibre" for name in values])


def _areas(frame: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rows are fibre with a served area filed."""
    return (frame["technology"] == Technology.FIBRE) & frame["claimed_population_share"].notna()


def _from_areas(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the share of people inside a served area of fibre as the provider's declaration."""
    areas = _areas(frame)
    inside = frame["claimed_population_share"].astype(float)
    declared = {f"population_{name}": inside.where(areas, frame[f"population_{name}"].astype(float)) for name in ("share", "lo", "hi")}
    return frame.assign(**declared, evidence=areas.map({True: "declared", False: None}))
