"""`hatang assess`: ward table, gaps and scorecard of a period."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hatang.commands.terminal import Bar, Session, session, speaks_errors
from hatang.data.contracts import ANY, Technology, Verdict
from hatang.data.figures import shown, shown_date, shown_spread
from hatang.data.language import text

if TYPE_CHECKING:
    from hatang.data.results import ResultSet


def register(app: typer.Typer) -> None:
    """Add `assess` to the command line."""
    app.command("assess")(speaks_errors(run))


def run(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="Thư mục kết quả / result folder")] = None,
    period: Annotated[str | None, typer.Option(help="Kỳ, ví dụ 2026Q3 / quarter")] = None,
    as_of: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the figures")] = None,
) -> None:
    """Tính bảng phường, xã, khu vực chưa bảo đảm phủ sóng và chỉ tiêu / ward table, gaps and scorecard."""
    from hatang.pipeline.assess import assess
    from hatang.pipeline.report import write_report

    here = session(context)
    with Bar(here) as bar:
        results = assess(here.settings, period=period, as_of=as_of.date() if as_of else None, progress=bar)
        files = write_report(results, out, language=here.language, progress=bar) if out else []
    summary = summarised(results)
    say_summary(here, results, summary)
    here.written(results.run_id, out, files, summary)


def summarised(results: "ResultSet") -> dict[str, Any]:
    """Return what a run says in few figures: verdicts of any operator per technology, gaps, their area and people."""
    table, gaps = results.tables["ward_table"], results.tables["gaps"]
    anyone = table[table["operator"] == ANY]
    verdicts = {
        str(technology): {str(kind): int(((anyone["technology"] == technology) & (anyone["verdict"] == kind)).sum()) for kind in Verdict}
        for technology in Technology
    }
    return {
        "period": results.period,
        "as_of": results.as_of.isoformat(),
        "synthetic": results.synthetic,
        "withdrawn_inputs": list(results.withdrawn_inputs),
        "boundary_source": results.boundary_source,
        "verdicts": verdicts,
        "gaps": len(gaps),
        "gap_area_m2": float(gaps["area_m2"].sum()),
        "gap_population": float(gaps["population"].sum()),
        "tests": int(results.tables["ledger"].set_index("step")["rows"].get("units", 0)),
    }


def say_summary(here: Session, results: "ResultSet", summary: dict[str, Any]) -> None:
    """Print the summary for a person, each figure with its unit."""
    language = here.language
    mark = f" ({text('synthetic', language)})" if results.synthetic else ""
    here.say("assess.done", run=results.run_id, period=results.period, as_of=shown_date(results.as_of, language), synthetic=mark)
    if results.withdrawn_inputs:
        here.say("results.withdrawn", datasets=", ".join(results.withdrawn_inputs))
    for technology, counts in summary["verdicts"].items():
        words = {"technology": text(f"technology.{technology}", language), "operator": text("operator.any", language)}
        here.say("assess.wards_line", wards=sum(counts.values()), **words, **counts)
    area, people = shown(summary["gap_area_m2"] / 1e6, "km²", language), shown(summary["gap_population"], "people", language)
    here.say("assess.gaps_line", gaps=summary["gaps"], area=area, people=people, spread=shown_spread(results.tables["gaps"], language))
