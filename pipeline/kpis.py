"""Use case: the indicators of shared use of a period, with the metres not dug of its roads, and the files they are handed on as."""

import datetime as dt
import json
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow.parquet as pq

from hatang.data.contracts import SUGGESTIONS, Kind, StoreError
from hatang.data.decisions import standing
from hatang.data.language import Language
from hatang.data.results import ResultSet
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.assess import assess
from hatang.pipeline.progress import Progress
from hatang.pipeline.runs import run_ids, with_decisions
from hatang.reports.sharing_kpis import kpis_csv, kpis_workbook
from hatang.sharing.joining import works_joined
from hatang.sharing.kpis import dig_avoided

_FILES: Final = ("chi-so-dung-chung.xlsx", "chi-so-dung-chung.csv")


def share_kpis(settings: Settings, *, period: str | None = None, as_of: dt.date | None = None, progress: Progress) -> ResultSet:
    """Return the assessment of the period; its table `sharing_kpis` holds the indicators, metres not dug along its roads among them.

    Raises
    ------
    ParameterError
        Where `period` is no quarter.
    """
    return with_roads(assess(settings, period=period, as_of=as_of, progress=progress), settings)


def with_roads(results: ResultSet, settings: Settings) -> ResultSet:
    """Return a result set with what was decided on the roads of its period among its indicators; as it is where it holds none."""
    kpis = results.tables.get("sharing_kpis")
    if kpis is None:
        return results
    made = suggestions_of(settings, results.period)
    found = [dig_avoided(made, period=results.period), works_joined(made, results.tables[str(Kind.WORKS)], period=results.period)]
    return results.with_tables(sharing_kpis=pd.concat([kpis, *found], ignore_index=True))


def suggestions_of(settings: Settings, period: str) -> pd.DataFrame:
    """Return the suggestions of every road asked for in a period, each once, with what is decided on them now."""
    parts = [pd.DataFrame(SUGGESTIONS.conform(pd.DataFrame(columns=SUGGESTIONS.names)))]
    for run in sorted(run_ids(settings)):
        folder = settings.home / "results" / run
        made = folder / "suggestions.parquet"
        if made.is_file() and json.loads((folder / "manifest.json").read_text("utf-8"))["period"] == period:
            there = set(pq.read_schema(made).names)  # an older run has fewer columns
            parts.append(pd.read_parquet(made, columns=[column.name for column in SUGGESTIONS.columns if column.name in there]))
    found = pd.concat(parts[1:] or parts, ignore_index=True)
    each = found.sort_values("suggestion_id", kind="stable").drop_duplicates("suggestion_id").reset_index(drop=True)
    with Store.open(settings) as store, store.looking() as session:
        held = standing(session)
    days = [entry.decided_at.date() if (entry := held.get(name)) else None for name in each["suggestion_id"]]
    return with_decisions(each, held).assign(decided_on=pd.to_datetime(pd.Series(days, index=each.index, dtype=object)))


def write_kpis(results: ResultSet, out: Path, *, language: Language) -> list[Path]:
    """Write the indicators as XLSX and CSV into `out`, over earlier ones, and return their paths.

    Raises
    ------
    StoreError
        Where the disk refuses.
    """
    made = (kpis_workbook(results, language), kpis_csv(results))
    paths = [out / name for name in _FILES]
    try:
        out.mkdir(parents=True, exist_ok=True)
        for path, content in zip(paths, made, strict=True):
            path.write_bytes(content)
    except OSError as error:
        raise StoreError("error.store.write", file=str(out), reason=error.strerror or str(error)) from error
    return paths
