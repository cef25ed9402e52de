"""Use case: from what was filed to ward table, gaps and scorecard, kept as one run."""

import datetime as dt
import re
from typing import Final

import geopandas as gpd
import pandas as pd

from hatang.coverage.cells import cell_of, ward_cells
from hatang.coverage.claimed import claimants
from hatang.coverage.cleaning import CleaningRules, clean
from hatang.coverage.config import AssessConfig
from hatang.coverage.contradiction import cell_counts
from hatang.coverage.declared import beside_declared, official_figures
from hatang.coverage.evidence import judged, speaking
from hatang.coverage.gaps import find_gaps
from hatang.coverage.locate import WardIndex
from hatang.coverage.scorecard import scorecard
from hatang.coverage.wardtable import ward_table
from hatang.data.boundary_versions import known, note
from hatang.data.contracts import ALL, ANY, Kind, ParameterError, Technology
from hatang.data.facts import declarations
from hatang.data.layers import publish_gaps
from hatang.data.results import ResultSet, save_results
from hatang.data.rules import rule_value, rules_in_force
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.data.wards import Boundaries, load_boundaries
from hatang.pipeline.inputs import Inputs, gather, latest_period
from hatang.pipeline.living import people_of
from hatang.pipeline.progress import Progress, counting
from hatang.pipeline.rawtests import raw_tests
from hatang.pipeline.runs import load_run, remember, run_identity, run_ids, versions
from hatang.pipeline.sharingcounts import counted_sharing, masts_near, with_ratios
from hatang.sharing.masts import MastPolicy
from hatang.sharing.planfit import plan_fit

_PERIOD: Final = re.compile(r"\d{4}Q[1-4]")
_CITY_TIME: Final = dt.timezone(dt.timedelta(hours=7))
_LAYERS: Final = (Kind.CLAIMS, Kind.SITES, Kind.ASSETS, Kind.WORKS, Kind.VILLAGES, Kind.PLACES)


def assess(settings: Settings, *, period: str | None = None, as_of: dt.date | None = None, progress: Progress) -> ResultSet:
    """Return the assessment of a period; computed once for equal inputs, boundaries, rules and date.

    Parameters
    ----------
    period
        Quarter such as `2026Q3`; by default the latest that anything was filed for, else that of `as_of`.
    as_of
        The day whose rules are in force, and the date on every report; by default today.

    Raises
    ------
    ParameterError
        Where `period` is no quarter.
    """
    as_of = as_of or today()
    if period is not None and not _PERIOD.fullmatch(period):
        raise ParameterError("error.period", period=period)
    progress.step("assess.gather")
    boundaries = load_boundaries(settings)
    with Store.open(settings) as store:
        period = period or latest_period(store) or f"{as_of.year}Q{(as_of.month + 2) // 3}"
        return _assessed(settings, store, boundaries, period=period, as_of=as_of, progress=progress)


def _assessed(settings: Settings, store: Store, boundaries: Boundaries, *, period: str, as_of: dt.date, progress: Progress) -> ResultSet:
    """Return the assessment of a period from an open store."""
    note_boundaries(store, boundaries)
    inputs = gather(store, period)
    rules = rules_in_force(as_of)
    configuration = {name: rule.as_dict() for name, rule in rules.items()}
    config = AssessConfig(
        period,
        boundaries.version,
        level_4g_dbm=rule_value(rules, "level_4g_dbm"),
        level_5g_dbm=rule_value(rules, "level_5g_dbm"),
        target_share=rule_value(rules, "target_share"),
        interval_level=rule_value(rules, "interval_level"),
        wards_target=rule_value(rules, "wards_target"),
        gap_min_area_m2=rule_value(rules, "gap_min_area_m2"),
        gap_min_width_m=rule_value(rules, "gap_min_width_m"),
        accuracy_m=rule_value(rules, "gps_accuracy_m"),
    )
    identity = run_identity(
        (f"{entry.id}:{entry.sha256}" for entry in inputs.datasets),
        ward_version=boundaries.version,
        configuration=configuration,
        as_of=as_of.isoformat(),
        extra=(period,),
    )
    if identity in run_ids(settings):
        remember(settings, identity)
        return load_run(settings, identity)
    tables = _computed(store, boundaries.frame, inputs, config, as_of=as_of, progress=progress)
    policy = MastPolicy(rule_value(rules, "mast_radius_m"), rule_value(rules, "mast_free_height_m"))
    masts = masts_near(gpd.GeoDataFrame(tables["gaps"]), inputs, policy=policy)
    tables |= {"mast_suggestions": masts, "mast_fit": plan_fit(masts, gpd.GeoDataFrame(inputs[Kind.CONSTRAINTS]), on=as_of)}
    results = ResultSet(
        run_id=identity,
        period=period,
        as_of=as_of,
        synthetic=inputs.synthetic,
        ward_version=boundaries.version,
        boundary_source=str(boundaries.source),
        inputs=inputs.listed(),
        configuration=configuration,
        versions=versions(),
        tables={"wards": boundaries.frame, **tables},
    )
    save_results(results, settings.home / "results" / identity)
    if store.has_layers:
        with store.changing() as (session, _):
            publish_gaps(session, identity, results.tables["gaps"])
    remember(settings, identity)
    return results


def note_boundaries(store: Store, boundaries: Boundaries) -> None:
    """Keep which version of the boundaries is used, at its first use."""
    with store.looking() as session:
        if known(session, boundaries.version):
            return
    with store.changing() as (session, actor):
        note(session, version=boundaries.version, source=str(boundaries.source), origin=boundaries.origin, actor=actor)


def today() -> dt.date:
    """Return the day at the city, UTC+7."""
    return dt.datetime.now(_CITY_TIME).date()


def _computed(
    store: Store, wards: gpd.GeoDataFrame, inputs: Inputs, config: AssessConfig, *, as_of: dt.date, progress: Progress
) -> dict[str, pd.DataFrame]:
    """Return the result tables and the layers that stand beside them."""
    index = WardIndex.cached(wards, store.home / "engine")
    placed = _placed(index, inputs[Kind.MEASUREMENTS])
    raw = raw_tests(store, inputs, wards, index, placed, config=config, progress=progress)
    progress.step("assess.clean")
    cells = ward_cells(wards)
    cleaned = clean(placed, rules=CleaningRules(config.accuracy_m))
    units = judged(cleaned.units, config=config)
    progress.step("assess.wards")
    claimed = claimants(gpd.GeoDataFrame(inputs[Kind.CLAIMS]))
    living = people_of(inputs[Kind.POPULATION], wards)
    water = gpd.GeoDataFrame(inputs[Kind.WATER])
    spoken = speaking(units, config=config)
    progress.step("assess.claims", total=len(wards) * len(claimed) or None)
    fixed = inputs[Kind.FIXED]
    table = ward_table(wards, cells, spoken, claimed, fixed, config=config, living=living, water=water, progress=counting(progress))
    progress.step("assess.gaps")
    own = claimed[~claimed["operator"].isin([ANY, ALL]) & (claimed["technology"] != Technology.MOBILE)]
    counts = cell_counts(units, own, config=config)
    sites = gpd.GeoDataFrame(inputs[Kind.SITES])
    gaps, left_out = find_gaps(wards, claimed, counts, sites, config=config, as_of=as_of, living=living, water=water)
    filed = inputs[Kind.DECLARATIONS]
    filed = filed[pd.to_datetime(filed["declared_on"]) <= pd.Timestamp(as_of)].reset_index(drop=True)
    official = official_figures(filed, declarations())
    score = scorecard(table, units, inputs[Kind.FIXED], sites, inputs[Kind.ASSETS], official, config=config)
    kpis = counted_sharing(wards, index, inputs, period=config.period, as_of=as_of)
    counted = with_ratios(score, kpis)
    layers = {str(kind): inputs[kind] for kind in _LAYERS}
    found = {"gaps": gaps, "gaps_left_out": left_out}
    return {
        "ward_table": table,
        "raw_tests": raw,
        **found,
        "scorecard": counted,
        "declared": beside_declared(filed, counted, kpis, period=config.period),
        "sharing_kpis": kpis,
        "ledger": cleaned.ledger,
        **layers,
    }


def _placed(index: WardIndex, tests: pd.DataFrame) -> pd.DataFrame:
    """Return tests with their ward and H3 cell; the ward is missing outside all of them."""
    if tests.empty:
        return tests.assign(ward_code=pd.Series(dtype=object), cell=pd.Series(dtype=object))
    position = index.locate(tests["lon"].to_numpy(float), tests["lat"].to_numpy(float), threads=2)
    codes = index.codes.astype(object)
    inside = position >= 0
    cell = pd.Series("", index=tests.index, dtype=object)
    cell[inside] = cell_of(tests["lon"].to_numpy(float)[inside], tests["lat"].to_numpy(float)[inside])
    return tests.assign(ward_code=pd.Series(codes[position], index=tests.index).where(inside, None), cell=cell)
