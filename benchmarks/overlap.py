"""Plans × plans: all that run side by side for 50 m within 8 m, beside a recipe with STRtree, on seeded plans of a city 15 km wide."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.harness import Line, race
from benchmarks.near import segment_overlaps, segments_of
from hatang.data.contracts import HUE_CRS
from hatang.sharing.overlap import OverlapPolicy, overlaps

_GOAL_CPU_S = 1.5
_GOAL_PLANS = 5_000
_SIDE_M = 15_000.0
_TOLERANCE_M = 1e-6


def drawn_plans(count: int, *, seed: int) -> gpd.GeoDataFrame:
    """Return plans of four firms, each along a street or two of a grid, with 3–19 legs of 40–120 m that turn a little."""
    random = np.random.default_rng(seed)
    lines = []
    for _ in range(count):
        legs = random.integers(3, 20)
        heading = random.choice([0, np.pi / 2]) + np.cumsum(random.normal(0, 0.05, legs))
        steps = random.uniform(40, 120, legs)[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=1)
        corner = np.array([561_000, 1_815_000]) + np.round(random.uniform(0, _SIDE_M, 2) / 60) * 60 + random.normal(0, 2, 2)
        lines.append(shapely.LineString(corner + np.concatenate([[(0, 0)], np.cumsum(steps, axis=0)])))
    start = pd.Timestamp("2027-01-01") + pd.to_timedelta(random.integers(0, 700, count), unit="D")
    return gpd.GeoDataFrame(
        {
            "plan_id": [f"K{n:05d}" for n in range(count)],
            "operator": random.choice(["viettel", "vnpt", "mobifone", "fpt"], count),
            "earliest": start,
            "latest": start + pd.to_timedelta(random.integers(30, 400, count), unit="D"),
        },
        geometry=lines,
        crs=HUE_CRS,
    )


def overlap_lines(*, plans: int, runs: int, seed: int = 455) -> list[Line]:
    """Race `overlaps` against STRtree over the segments with the same measure in numpy; pairs and metres must be the same."""
    drawn = drawn_plans(plans, seed=seed)
    policy = OverlapPolicy()
    number = {name: row for row, name in enumerate(drawn["plan_id"])}
    overlaps(drawn_plans(50, seed=seed))

    def ours() -> np.ndarray:
        found = overlaps(drawn, policy=policy)
        return np.stack([found["left_id"].map(number), found["right_id"].map(number), found["overlap_m"]], axis=1).astype(float)

    def tree() -> np.ndarray:
        segments, row = segments_of(drawn)
        shapes = shapely.linestrings(segments)
        left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=policy.offset_m)
        firm = drawn["operator"].to_numpy()
        kept = (row[left] < row[right]) & (firm[row[left]] != firm[row[right]])
        left, right = left[kept], right[kept]
        length = segment_overlaps(segments[left], segments[right], distance_m=policy.offset_m, angle_deg=policy.max_angle_deg)
        table = pd.DataFrame({"left": row[left], "right": row[right], "m": length}).groupby(["left", "right"], as_index=False)["m"].sum()
        return table[table["m"] >= policy.min_overlap_m].to_numpy(float)

    timings = race({"hatang": ours, "shapely STRtree on segments": tree}, runs=runs)
    mine, theirs = (timings[name] for name in ("hatang", "shapely STRtree on segments"))
    same = mine.answer.shape == theirs.answer.shape and np.allclose(mine.answer, theirs.answer, rtol=0, atol=_TOLERANCE_M)
    held = None if plans < _GOAL_PLANS else mine.cpu_s <= _GOAL_CPU_S
    goal = None if held is None else _GOAL_CPU_S
    title = f"overlaps of plans, {plans:,} plans, {len(mine.answer):,} pairs"
    said = "same pairs and metres" if same else f"{len(mine.answer)} and {len(theirs.answer)} pairs"
    return [
        mine.line(title, "windows and groups included", goal=goal, holds=held),
        theirs.line("overlaps of plans: shapely STRtree on segments", said, ratio=theirs.cpu_s / mine.cpu_s, holds=bool(same)),
    ]
