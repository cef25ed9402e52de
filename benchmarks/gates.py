"""How often the published 90 % intervals hold the truth of the synthetic city, and how far the shares are off."""

import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from benchmarks.harness import Line
from hatang.coverage.cells import cell_of, ward_cells
from hatang.coverage.claimed import claimants
from hatang.coverage.cleaning import CleaningRules, clean
from hatang.coverage.config import AssessConfig
from hatang.coverage.evidence import judged, speaking
from hatang.coverage.locate import WardIndex
from hatang.coverage.wardtable import ward_table
from hatang.data.contracts import ALL, ANY, FIXED, HUE_CRS, MAP_CRS
from hatang.data.facts import ward_facts
from hatang.data.settings import Settings
from hatang.data.synthetic_city import CityPlan, synthetic_city
from hatang.data.synthetic_radio import synthetic_radio
from hatang.data.wards import load_boundaries
from hatang.pipeline.demo import held_truth

_REFERENCE = "truth of the synthetic city"


def gate_lines(seeds: Iterable[int]) -> list[Line]:
    """Return the gates over synthetic cities of these seeds."""
    with tempfile.TemporaryDirectory() as home:
        wards = load_boundaries(Settings(home=Path(home), offline=True, boundaries=None)).frame
    held, judged_rows, errors = 0, 0, []
    for seed in seeds:
        table, truth = _assessed(wards, replace(CityPlan(), seed=seed))
        inside, known = held_truth(table, truth)
        held, judged_rows = held + inside, judged_rows + known
        own = table[~table["operator"].isin([ANY, ALL])].merge(truth, on=["ward_code", "operator", "technology"])
        errors += (own["area_share"] - own["true_share"]).abs().dropna().tolist()
    share, error = held / judged_rows, float(np.mean(errors)) * 100
    return [
        Line("90 % intervals of ward shares that hold the truth", share, "share", 0.87, _REFERENCE, None, 0.87 <= share <= 0.95),
        Line("mean error of ward shares", error, "points", 6.0, _REFERENCE, None, error <= 6.0),
    ]


def _assessed(wards: gpd.GeoDataFrame, plan: CityPlan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return ward table and truth of one synthetic city, without a store in between."""
    radio = synthetic_radio(synthetic_city(wards, ward_facts(), plan=plan), plan=plan)
    degrees = gpd.GeoSeries(gpd.points_from_xy(radio.tests["x"], radio.tests["y"]), crs=HUE_CRS).to_crs(MAP_CRS)
    tests = radio.tests[radio.tests["rsrp_dbm"] != -200].assign(environment="outdoor")
    tests = tests.assign(lon=degrees.x, lat=degrees.y)
    row = WardIndex.build(wards).locate(tests["lon"], tests["lat"])
    codes = wards["ward_code"].to_numpy(object)
    tests = tests.assign(ward_code=np.where(row >= 0, codes[row], None), cell=cell_of(tests["lon"], tests["lat"]))
    config = AssessConfig("2026Q3", "gates")
    spoken = speaking(judged(clean(tests, rules=CleaningRules()).units, config=config), config=config)
    none = gpd.GeoDataFrame({"operator": [], "technology": [], "environment": []}, geometry=[], crs=MAP_CRS)
    fixed = FIXED.conform(pd.DataFrame(columns=FIXED.names))
    return ward_table(wards, ward_cells(wards), spoken, claimants(none), fixed, config=config), radio.truth
