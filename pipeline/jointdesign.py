"""Use case: the joint design of an area from what is filed, with a bound on how much cheaper it could be."""

import datetime as dt
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from hatang.data.contracts import DESIGN_NOTES, HUE_CRS, MAP_CRS, EmptyDataError, HatangError, Kind, MissingError, ParameterError, Price
from hatang.data.limits import Limits
from hatang.data.pricelist import prices_in_force
from hatang.data.reading import ReadOptions
from hatang.data.results import ResultSet
from hatang.data.rules import Rule, rule_value, rules_in_force
from hatang.data.sandbox import read_apart
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.data.tablefile import arrow_table
from hatang.pipeline.assess import assess, today
from hatang.pipeline.inputs import layer
from hatang.pipeline.progress import Progress, counting
from hatang.pipeline.runs import keep_run, load_run, remember, run_identity, run_ids
from hatang.reports.design_words import WHOLE
from hatang.sharing.designtables import design_edges, design_operators, design_totals
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.roadnet import RoadNetwork, road_network
from hatang.sharing.streetdesign import MOST_DEMANDS, DesignedPart, Part, Wish, designed, ends_of, links_within, parts_of
from hatang.sharing.streetgraph import Rates, StreetGraph, street_graph
from hatang.sharing.streetways import common_window, long_enough, ways_beside, works_beside

_STEPS: Final = 100


@dataclass(frozen=True, slots=True)
class Ask:
    """What is to be designed.

    Attributes
    ----------
    wards
        Codes of wards; together with `area` they make the ground looked at.
    area
        Polygons in EPSG:4326, where an area was drawn.
    operators
        Whose plans; empty: everybody's.
    gap_worth
        What it is worth to reach a gap of the operator's own coverage, in the unit of the answer; None: gaps are not looked at.
    exact
        Prove the design least, within `seconds` for each part.
    seconds
        How long the bound, and the proof, may take for each part.
    """

    wards: tuple[str, ...] = ()
    area: shapely.Geometry | None = None
    operators: tuple[str, ...] = ()
    gap_worth: float | None = None
    exact: bool = False
    seconds: float = 10.0

    def __post_init__(self) -> None:
        """Check values.

        Raises
        ------
        ParameterError
            Where neither wards nor an area are named, or a figure is negative.
        """
        if not self.wards and self.area is None:
            raise ParameterError("error.design.nowhere")
        for name, value in (("gap_worth", self.gap_worth), ("seconds", self.seconds)):
            if value is not None and not 0 <= value < np.inf:
                raise ParameterError("error.sharing.policy", name=name, value=value)

    def named(self) -> tuple[str, ...]:
        """Return what tells one question from another, for the name of its run."""
        drawn = "" if self.area is None else hashlib.sha256(shapely.to_wkb(shapely.normalize(self.area))).hexdigest()
        return (*sorted(self.wards), drawn, *sorted(self.operators), repr((self.gap_worth, self.exact, self.seconds)))


def share_design(ask: Ask, settings: Settings, *, period: str | None = None, as_of: dt.date | None = None, progress: Progress) -> ResultSet:
    """Return the assessment of the period with the joint design added, as a run of its own.

    Added are `design_edges`, `design_operators`, `design_totals` and `design_notes`, each with its contract. A part of the network for
    which no design is found is named in the notes; the rest is computed.

    Raises
    ------
    MissingError
        Where a ward or an operator is not known, no roads are filed there, or no plan touches the area.
    EmptyDataError
        Where no plan there can be answered at all; the notes tell why.
    ParameterError
        Where more plans meet in one part than can be designed at once.
    """
    as_of = as_of or today()
    base = assess(settings, period=period, as_of=as_of, progress=progress)
    rules, prices = rules_in_force(as_of), prices_in_force(as_of, settings.prices)
    identity = run_identity(
        [base.run_id],
        ward_version=base.ward_version,
        configuration=base.configuration,
        as_of=as_of.isoformat(),
        extra=("design", *ask.named(), repr(sorted(prices.items()))),
    )
    if identity in run_ids(settings):
        remember(settings, identity)
        return load_run(settings, identity)
    progress.step("share.design.network")
    here = _Ground(settings, base, ask, rules)
    rates, assumed = rates_of(rules, prices)
    links, without = links_within(here.plans, here.area)
    wishes = _wishes(gpd.GeoDataFrame(base.tables["gaps"]), here, ask.gap_worth)
    graph = here.graph(ends_of(links, wishes))
    parts, unanswered = parts_of(graph, links, rates, wishes)
    answers, failed = _solved(parts, ask, progress)
    progress.step("share.design.shares")
    told = pd.concat([without, unanswered, failed], ignore_index=True)
    if not answers:
        raise EmptyDataError("error.design.nothing", plans=", ".join(sorted(set(told["id"]))))
    totals = design_totals(answers, unit=rates.unit)
    codes = [*assumed, *here.assumed, *(["one_way_each"] if (links["ways"] > 1).any() else [])]
    codes += ["ways_wanted_twice"] if (totals["saved"] < 0).any() else []
    whole = pd.DataFrame([(code, WHOLE) for code in codes], columns=DESIGN_NOTES.names, dtype=object)
    notes = DESIGN_NOTES.conform(pd.concat([told, whole], ignore_index=True).drop_duplicates(ignore_index=True))
    shared = base.with_tables(
        design_edges=design_edges(answers, graph.edges, unit=rates.unit),
        design_operators=design_operators(answers, unit=rates.unit),
        design_totals=totals,
        design_notes=notes,
    )
    return keep_run(shared, identity, settings)


def plans_by_ward(settings: Settings, base: ResultSet) -> dict[str, int]:
    """Return how many plans of the run's period touch each ward that any does, by code."""
    with Store.open(settings) as store:
        filed, _ = layer(store, Kind.PLANS, base.period)
    wards = gpd.GeoDataFrame(base.tables["wards"])
    plan, ward = shapely.STRtree(wards.geometry.to_numpy()).query(gpd.GeoDataFrame(filed).geometry.to_numpy(), predicate="intersects")
    pairs = pd.DataFrame({"plan": plan, "ward": wards["ward_code"].to_numpy()[ward]})
    return {str(code): int(count) for code, count in pairs.groupby("ward")["plan"].nunique().items()}


def read_area(file: Path, limits: Limits) -> shapely.Geometry:
    """Return the area drawn in a file (EPSG:4326), read in a process apart.

    Raises
    ------
    RefusedError
        Where the file is refused.
    EmptyDataError
        Where it holds no area.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "area.arrow"
        read_apart(file, target, Kind.BUILDINGS, ReadOptions(limits=limits))
        shapes = gpd.GeoDataFrame(arrow_table(target, Kind.BUILDINGS), geometry="geometry", crs=MAP_CRS).geometry.to_numpy()
    areas = shapes[shapely.get_dimensions(shapes) == 2]
    if not len(areas):
        raise EmptyDataError("error.design.area", file=file.name)
    return shapely.union_all(areas)


def rates_of(rules: Mapping[str, Rule], prices: Mapping[str, Price]) -> tuple[Rates, list[str]]:
    """Return what a metre costs, and the codes of what had to be assumed: VND where `trench_m` has a price, else metres dug."""
    held = dict(rules)
    share = rule_value(held, "design_works_share")
    trench, duct = _price(prices, "trench_m", "m"), _price(prices, "duct", "m")
    if trench is None:
        weight = rule_value(held, "reuse_m_share")
        return Rates("m", 1.0, 0.0, weight, weight, share), ["no_trench_price"]
    years = rule_value(held, "design_rent_years")
    way, pole = _price(prices, "rent_duct", "m/year"), _price(prices, "rent_pole", "m/year")
    rent_way, rent_pole = (None if price is None else price * years for price in (way, pole))
    lacking = {"no_duct_price": duct, "no_way_price": way, "no_pole_price": pole}
    return Rates("VND", trench, duct or 0.0, rent_way, rent_pole, share), [code for code, price in lacking.items() if price is None]


class _Ground:
    """What is filed for the area: its plans, and the network of its roads with what lies along them."""

    def __init__(self, settings: Settings, base: ResultSet, ask: Ask, rules: dict[str, Rule]) -> None:
        self.area = _area(ask, gpd.GeoDataFrame(base.tables["wards"]))
        self.rules = rules
        with Store.open(settings) as store:
            filed = {kind: gpd.GeoDataFrame(layer(store, kind, base.period)[0]) for kind in (Kind.PLANS, Kind.ROADS)}
        self.plans = _asked(filed[Kind.PLANS], self.area, ask.operators)
        self.net, self.over = _network(filed[Kind.ROADS], self.area, snap_m=rule_value(rules, "road_snap_m"))
        self.assets, self.works = (gpd.GeoDataFrame(base.tables[str(kind)]) for kind in (Kind.ASSETS, Kind.WORKS))
        self.window = common_window(self.plans)
        lacking = {"no_assets": self.assets.empty, "no_works": self.works.empty, "no_window": self.window is None}
        self.assumed = [code for code, is_lacking in lacking.items() if is_lacking] + (["crossing_as_trench"] if self.over else [])

    def graph(self, ends: np.ndarray) -> StreetGraph:
        """Return the network cut where something begins or ends along it."""
        angle = rule_value(self.rules, "overlap_angle_deg")
        policy = SharingPolicy(
            corridor_m=rule_value(self.rules, "corridor_m"),
            reserve_ways=int(rule_value(self.rules, "reserve_ways")),
            span_max_m=rule_value(self.rules, "span_max_m"),
            stretch_gap_m=rule_value(self.rules, "stretch_gap_m"),
        )
        reach = rule_value(self.rules, "timing_beside_m")
        room = ways_beside(self.net.edges, self.assets, policy=policy, max_angle_deg=angle)
        least = rule_value(self.rules, "design_least_reuse_m")
        spans = [
            long_enough(room, self.net.edges["length_m"].to_numpy(float), least_m=least),
            works_beside(self.net.edges, self.works, window=self.window, reach_m=reach, max_angle_deg=angle),
        ]
        found = pd.concat([part for part in spans if len(part)] or spans[:1], ignore_index=True)
        return street_graph(self.net, found, ends, over=self.over, snap_m=rule_value(self.rules, "design_end_m"))


def _area(ask: Ask, wards: gpd.GeoDataFrame) -> shapely.Geometry:
    """Return the ground looked at, EPSG:9214."""
    unknown = sorted(set(ask.wards) - set(wards["ward_code"]))
    if unknown:
        raise MissingError("error.ward.unknown", ward=", ".join(unknown))
    shapes = list(wards.loc[wards["ward_code"].isin(ask.wards)].to_crs(HUE_CRS).geometry)
    if ask.area is not None:
        shapes.append(gpd.GeoSeries([ask.area], crs=MAP_CRS).to_crs(HUE_CRS).iloc[0])
    return shapely.union_all(shapes)


def _asked(plans: gpd.GeoDataFrame, area: shapely.Geometry, operators: Sequence[str]) -> gpd.GeoDataFrame:
    """Return the plans that touch the area, EPSG:9214, of the operators named."""
    metric = gpd.GeoDataFrame(plans.to_crs(HUE_CRS).reset_index(drop=True))
    here = gpd.GeoDataFrame(metric[shapely.intersects(metric.geometry.to_numpy(), area)].reset_index(drop=True))
    if here.empty:
        raise MissingError("error.design.no_plans")
    unknown = sorted(set(operators) - set(here["operator"]))
    if unknown:
        raise MissingError("error.design.operator", operator=", ".join(unknown), operators=", ".join(sorted(set(here["operator"]))))
    return gpd.GeoDataFrame(here[here["operator"].isin(operators)].reset_index(drop=True)) if operators else here


def _network(roads: gpd.GeoDataFrame, area: shapely.Geometry, *, snap_m: float) -> tuple[RoadNetwork, frozenset[str]]:
    """Return the network of the roads cut to the area, and which of them lie on bridges or in tunnels."""
    metric = gpd.GeoDataFrame(roads.to_crs(HUE_CRS).reset_index(drop=True))
    cut = shapely.intersection(metric.geometry.to_numpy(), area)
    kept = shapely.length(cut) > 0
    if shapely.length(cut).max(initial=0.0) <= 2 * snap_m:
        raise MissingError("error.design.no_roads")
    inside = gpd.GeoDataFrame(metric[kept].reset_index(drop=True)).set_geometry(gpd.GeoSeries(_lines(cut[kept]), crs=HUE_CRS))
    over = inside["bridge"].eq(other=True).fillna(value=False) | inside["tunnel"].eq(other=True).fillna(value=False)
    return road_network(inside, snap_m=snap_m), frozenset(inside.loc[over.to_numpy(bool), "road_id"].astype(str))


def _lines(shapes: np.ndarray) -> list[shapely.Geometry]:
    """Return the lines of shapes that were cut, without the points at which they only touch."""
    return [
        shapely.MultiLineString([part for part in shapely.get_parts(shape).tolist() if shapely.get_dimensions(part) == 1])
        for shape in shapes
    ]


def _wishes(gaps: gpd.GeoDataFrame, here: _Ground, worth: float | None) -> list[Wish]:
    """Return the gaps of those who plan in the area as places worth reaching; each at its inner point."""
    if worth is None or gaps.empty:
        return []
    metric = gaps.to_crs(HUE_CRS)
    points = shapely.point_on_surface(metric.geometry.to_numpy())
    planning = metric["operator"].isin(set(here.plans["operator"])).to_numpy(bool)
    chosen = np.flatnonzero(planning & shapely.intersects(here.area, points))
    return [
        Wish(str(metric["gap_id"].iloc[k]), str(metric["operator"].iloc[k]), float(points[k].x), float(points[k].y), worth)
        for k in chosen.tolist()
    ]


def _solved(parts: Sequence[Part], ask: Ask, progress: Progress) -> tuple[list[DesignedPart], pd.DataFrame]:
    """Return the parts designed, and those for which nothing is found."""
    answers, failed = [], []
    for number, part in enumerate(parts, 1):
        if len(part.demands) > MOST_DEMANDS:
            raise ParameterError("error.design.many", count=len(part.demands), most=MOST_DEMANDS)
        progress.step("share.design.part", total=_STEPS, number=number, parts=len(parts))
        try:
            answers.append(designed(part, exact=ask.exact, time_limit_s=ask.seconds, progress=counting(progress)))
        except HatangError as error:
            if error.message_id != "error.network.no_room":
                raise
            failed += [("no_room", plan) for plans in part.plans for plan in plans]
    return answers, pd.DataFrame(failed, columns=DESIGN_NOTES.names, dtype=object)


def _price(prices: Mapping[str, Price], item: str, unit: str) -> float | None:
    """Return the price of an item in its unit, VND; None where none is known."""
    price = prices.get(item)
    return price.vnd if price is not None and price.unit == unit else None
