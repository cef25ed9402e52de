"""Use case: a route for an operator's need, on the roads and assets of the store, beside the assessment of its period."""

import datetime as dt

import geopandas as gpd
import pandas as pd
import pyproj
import shapely

from hatang.data.contracts import HUE_CRS, MAP_CRS, ROUTE_OWNERS, EmptyDataError, Kind, ParameterError, Price
from hatang.data.pricelist import prices_in_force
from hatang.data.results import ResultSet
from hatang.data.rules import Rule, rule_value, rules_in_force
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.assess import assess, today
from hatang.pipeline.inputs import layer
from hatang.pipeline.progress import Progress
from hatang.pipeline.runs import keep_run, load_run, remember, run_identity, run_ids
from hatang.sharing.needroute import need_route
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.roadnet import road_network
from hatang.sharing.routegraph import Need, RouteRules, route_graph

Place = tuple[float, float]
"""Latitude and longitude, degrees."""


def share_route(
    start: Place,
    end: Place,
    settings: Settings,
    *,
    ways: int = 1,
    poles: bool = True,
    period: str | None = None,
    as_of: dt.date | None = None,
    progress: Progress,
) -> ResultSet:
    """Return the assessment of the period with a route for the need added, as a run of its own.

    Added are `route_legs`, `route_totals`, `route_survey`, `route_owners` (their contracts), `route_need` (one row: `ways`, `poles`, and
    the straight line from start to end), and `route_notes` (code, id): roads left out.

    Raises
    ------
    EmptyDataError
        Where no road counts in the period, or nothing joins start and end.
    ParameterError
        Where an end lies off the network or is no place on earth, or no way is needed.
    """
    as_of = as_of or today()
    need = Need(_metric(start), _metric(end), ways, poles)
    base = assess(settings, period=period, as_of=as_of, progress=progress)
    rules, prices = rules_in_force(as_of), prices_in_force(as_of, settings.prices)
    with Store.open(settings) as store:
        filed, used = layer(store, Kind.ROADS, base.period)
    identity = run_identity(
        [base.run_id, *(entry.sha256 for entry in used)],
        ward_version=base.ward_version,
        configuration=base.configuration,
        as_of=as_of.isoformat(),
        extra=("route", repr((start, end, ways, poles)), repr(prices.get("rent_duct"))),
    )
    if identity in run_ids(settings):
        remember(settings, identity)
        return load_run(settings, identity)
    if filed.empty:
        raise EmptyDataError("error.route.no_roads", period=base.period)
    progress.step("share.route.network")
    net = road_network(gpd.GeoDataFrame(filed, geometry="geometry", crs=MAP_CRS), snap_m=rule_value(rules, "road_snap_m"))
    progress.step("share.route.search")
    assets = gpd.GeoDataFrame(base.tables[str(Kind.ASSETS)], geometry="geometry", crs=MAP_CRS)
    found = need_route(route_graph(net, assets, need, rules=_route_rules(rules), policy=_policy(rules)))
    line = shapely.LineString([start[::-1], end[::-1]])
    shared = base.with_tables(
        route_legs=found.legs,
        route_totals=found.totals,
        route_survey=found.survey,
        route_owners=_with_rent(found.owners, prices.get("rent_duct"), ways),
        route_need=gpd.GeoDataFrame({"ways": [ways], "poles": [poles]}, geometry=[line], crs=MAP_CRS),
        route_notes=pd.DataFrame(net.notes, columns=["code", "id"], dtype=object).drop_duplicates(ignore_index=True),
    )
    return keep_run(shared, identity, settings)


def place_of(words: str) -> Place:
    """Return the place that is written as latitude and longitude in degrees, with a comma or space between.

    Raises
    ------
    ParameterError
        Where these are not two numbers.

    Examples
    --------
    >>> place_of("16.4637, 107.5909")
    (16.4637, 107.5909)
    """
    parts = words.replace(",", " ").split()
    try:
        lat, lon = (float(part) for part in parts)
    except ValueError as error:
        raise ParameterError("error.route.place_words", found=words) from error
    return lat, lon


def _metric(place: Place) -> shapely.Point:
    """Return a place in EPSG:9214."""
    lat, lon = place
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ParameterError("error.route.place", place=f"{lat}, {lon}")
    return shapely.Point(pyproj.Transformer.from_crs(MAP_CRS, HUE_CRS, always_xy=True).transform(lon, lat))


def _route_rules(rules: dict[str, Rule]) -> RouteRules:
    return RouteRules(
        reach_m=rule_value(rules, "route_reach_m"),
        joint_m=rule_value(rules, "register_end_m"),
        end_m=rule_value(rules, "route_end_m"),
        existing_share=rule_value(rules, "reuse_m_share"),
    )


def _policy(rules: dict[str, Rule]) -> SharingPolicy:
    return SharingPolicy(reserve_ways=int(rule_value(rules, "reserve_ways")), span_max_m=rule_value(rules, "span_max_m"))


def _with_rent(owners: pd.DataFrame, price: Price | None, ways: int) -> pd.DataFrame:
    """Return owners with the rent of their ducts a year, by the price in force for a way and metre; poles have none."""
    if price is None:
        return owners
    rent = (owners["duct_m"].astype(float) * ways * price.vnd).where(owners["duct_m"].astype(float) > 0)
    has_rent = rent.notna()
    return ROUTE_OWNERS.conform(
        owners.assign(
            rent_vnd_year=rent,
            rent_from=pd.Series(pd.Timestamp(price.in_force_from), index=owners.index).where(has_rent),
            rent_source=pd.Series(price.source, index=owners.index, dtype=object).where(has_rent, None),
            rent_verified=pd.Series(price.verified, index=owners.index, dtype="boolean").where(has_rent),
        )
    )
