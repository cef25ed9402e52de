"""`hatang share route`: a route for an operator's need on what exists, whom to call, what to survey first."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hatang.commands.terminal import Bar, Session, session
from hatang.data.figures import is_missing, shown, shown_date
from hatang.data.language import text

if TYPE_CHECKING:
    from hatang.data.results import ResultSet


def route(
    context: typer.Context,
    start: Annotated[str, typer.Option("--from", metavar="LAT,LON", help="Điểm đầu, độ, ví dụ 16.4637,107.5909 / start")],
    end: Annotated[str, typer.Option("--to", metavar="LAT,LON", help="Điểm cuối, độ / end")],
    ways: Annotated[int, typer.Option(min=1, help="Số ống cần / ways needed")] = 1,
    out: Annotated[Path | None, typer.Option(help="Thư mục kết quả / result folder")] = None,
    period: Annotated[str | None, typer.Option(help="Kỳ, ví dụ 2026Q3 / quarter")] = None,
    as_of: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the figures")] = None,
    *,
    poles: Annotated[bool, typer.Option("--poles/--no-poles", help="Được treo trên cột hay không / whether poles will do")] = True,
) -> None:
    """Tuyến cáp cho một nhu cầu, dùng lại cống và cột còn chỗ / a route for a need on ducts and poles with room."""
    from hatang.pipeline.needroute import place_of, share_route
    from hatang.pipeline.report import write_report

    here = session(context)
    with Bar(here) as bar:
        results = share_route(
            place_of(start),
            place_of(end),
            here.settings,
            ways=ways,
            poles=poles,
            period=period,
            as_of=as_of.date() if as_of else None,
            progress=bar,
        )
        files = write_report(results, out, scope="city", language=here.language, progress=bar) if out else []
    _say(here, results)
    totals = results.tables["route_totals"].set_index("variant").astype(object)
    figures = {
        str(variant): {str(name): None if is_missing(value) else value for name, value in row.items()} for variant, row in totals.iterrows()
    }
    here.written(results.run_id, out, files, {"variants": figures, "survey": len(results.tables["route_survey"])})


def _say(here: Session, results: "ResultSet") -> None:
    """Say what each variant digs, whom to call, and what to survey first."""
    from hatang.reports.route_workbook import need_words

    language, tables = here.language, results.tables
    mark = f" ({text('synthetic', language)})" if results.synthetic else ""
    title = text("sharing.route.title", language, **need_words(tables["route_need"].iloc[0], language))
    here.say("share.route.done", title=title, as_of=shown_date(results.as_of, language), synthetic=mark)
    for row in tables["route_totals"].to_dict("records"):
        figures = {name: shown(row[f"{column}_m"], "m", language) for name, column in (("dig", "dig"), ("reuse", "reuse"))}
        saved = shown(row["dig_m_saved"], "m", language)
        here.say(
            "share.route.variant", variant=text(f"sharing.variant.{row['variant']}", language), owners=row["owners"], saved=saved, **figures
        )
    owners = tables["route_owners"]
    for row in owners[owners["variant"] == "known"].to_dict("records"):
        unverified = not is_missing(row["rent_verified"]) and not row["rent_verified"]
        here.say(
            "share.route.owner",
            owner=row["owner"],
            contact="–" if is_missing(row["contact"]) else row["contact"],
            duct=shown(row["duct_m"], "m", language),
            span=shown(row["span_m"], "m", language),
            assets=row["assets"],
            rent=shown(row["rent_vnd_year"], "VND", language),
            verified=f" ({text('sharing.verified.no', language)})" if unverified else "",
        )
    for row in tables["route_survey"].head(10).to_dict("records"):
        here.say(
            "share.route.survey",
            rank=row["rank"],
            owner=row["owner"],
            count=row["asset_count"],
            metres=shown(row["length_m"], "m", language),
            saved=shown(row["dig_m_saved"], "m", language),
        )
    if len(tables["route_notes"]):
        here.say("share.route.left_out", count=len(tables["route_notes"]))
