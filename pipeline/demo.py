"""Use case: the whole main job on the synthetic city, in a store of its own beside the city's."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from hatang.data.atomic import replacing
from hatang.data.contracts import ALL, ANY, Kind, RefusedError
from hatang.data.facts import ward_facts
from hatang.data.language import Language
from hatang.data.results import ResultSet
from hatang.data.settings import Settings
from hatang.data.synthetic_city import CityPlan, synthetic_city
from hatang.data.synthetic_files import demo_road, write_files
from hatang.data.wards import load_boundaries
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Progress
from hatang.pipeline.report import write_report
from hatang.pipeline.share import share_road

AS_OF: Final = dt.date(2026, 9, 30)
PERIOD: Final = "2026Q3"


@dataclass(frozen=True)
class DemoOutcome:
    """What the demo made: the run, its report folder and files, its store, and how often the intervals held the truth."""

    results: ResultSet
    folder: Path
    files: tuple[Path, ...]
    settings: Settings
    held: int
    judged: int


def run_demo(settings: Settings, out: Path, *, plan: CityPlan, language: Language = "vi", progress: Progress) -> DemoOutcome:
    """Build the synthetic city, file it, assess it, answer for one road, and write the city's report.

    Needs no file and no network. The store is `<home>/demo`; the same plan gives the same run.

    Raises
    ------
    RefusedError
        Where a file of the synthetic city was refused, which would be a fault of ours.
    """
    demo = settings.model_copy(update={"home": settings.home / "demo", "offline": True, "boundaries": None, "database_url": None})
    progress.step("demo.wards")
    boundaries = load_boundaries(demo)
    progress.step("demo.city", total=2)
    city = synthetic_city(boundaries.frame, ward_facts(), plan=plan)
    deliveries, truth = write_files(city, demo.home / "files" / str(plan.seed), plan=plan, advance=progress.advance)
    source = f"số liệu mô phỏng, hạt giống {plan.seed}"
    for delivery in deliveries:
        options = IngestOptions(Kind(delivery.kind), period=PERIOD, source=source, licence="CC0-1.0", synthetic=True, **delivery.said)
        outcome = ingest([delivery.file], options, demo, progress)
        if not outcome.complete:
            raise RefusedError("error.demo.refused", outcome.faults, file=delivery.file.name)
    results = share_road(demo_road(city), demo, period=PERIOD, as_of=AS_OF, progress=progress)
    with replacing(demo.home / "truth.parquet") as beside:
        truth.to_parquet(beside, index=False)
    held, judged = held_truth(results.tables["ward_table"], truth)
    files = write_report(results, out, scope="city", language=language, progress=progress)
    return DemoOutcome(results, out, tuple(files), demo, held, judged)


def held_truth(table: pd.DataFrame, truth: pd.DataFrame) -> tuple[int, int]:
    """Return how many intervals of single operators hold the true share, and how many there are."""
    own = table[~table["operator"].isin([ANY, ALL])]
    known = own[own["area_lo"].notna()].merge(truth, on=["ward_code", "operator", "technology"])
    inside = known["true_share"].between(known["area_lo"].astype(float) - 1e-9, known["area_hi"].astype(float) + 1e-9)
    return int(inside.sum()), len(known)
