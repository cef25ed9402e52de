"""`hatang share road FILE`: what can be reused along a road and what is then not dug; `share works`: whose plans and works meet."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from hatang.commands.terminal import Bar, Session, session, speaks_errors
from hatang.data.contracts import HUE_CRS
from hatang.data.figures import shown, shown_date
from hatang.data.language import text
from hatang.data.results import ResultSet
from hatang.pipeline.register import check_register, write_register
from hatang.pipeline.report import write_report
from hatang.pipeline.share import share_road
from hatang.pipeline.works import meetings_of, share_works, write_meetings


def register(app: typer.Typer) -> None:
    """Add `share` to the command line."""
    group = typer.Typer(help="Sử dụng chung hạ tầng / shared infrastructure", no_args_is_help=True)
    group.callback()(lambda: None)
    group.command("road")(speaks_errors(road))
    group.command("register")(speaks_errors(check))
    group.command("works")(speaks_errors(works))
    app.add_typer(group, name="share")


def road(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Tuyến đường: GeoJSON, GPKG, SHP nén zip / road line")],
    out: Annotated[Path | None, typer.Option(help="Thư mục kết quả / result folder")] = None,
    period: Annotated[str | None, typer.Option(help="Kỳ, ví dụ 2026Q3 / quarter")] = None,
    as_of: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the figures")] = None,
) -> None:
    """Cột, cống, bể cáp dùng chung được dọc một tuyến đường / what can be shared along a road."""
    here = session(context)
    with Bar(here) as bar:
        results = share_road(file, here.settings, period=period, as_of=as_of.date() if as_of else None, progress=bar)
        files = write_report(results, out, scope="road", language=here.language, progress=bar) if out else []
    summary = summarised(results)
    _say(here, results, summary)
    here.written(results.run_id, out, files, summary)


def works(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="Thư mục kết quả / result folder")] = None,
    period: Annotated[str | None, typer.Option(help="Kỳ, ví dụ 2026Q3 / quarter")] = None,
    as_of: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the figures")] = None,
    confidential: Annotated[
        str | None,
        typer.Option(metavar="FIRM", help="Chỉ báo cho một đơn vị: gặp ở đâu, khi nào / tell one firm only where and when it meets"),
    ] = None,
) -> None:
    """Kế hoạch và công trình nào đi chung, cùng thời gian / whose plans and works meet in place and time."""
    here = session(context)
    day = as_of.date() if as_of else None
    if confidential is not None:
        _confidential(here, confidential, out, period, day)
        return
    with Bar(here) as bar:
        results = share_works(here.settings, period=period, as_of=day, progress=bar)
        files = write_report(results, out, scope="city", language=here.language, progress=bar) if out else []
    groups, found = results.tables["overlap_groups"], results.tables["overlaps"]
    summary = {
        "pairs": len(found),
        "meet": int((found["time"] == "meets").sum()),
        "groups": len(groups),
        "left_out": len(results.tables["works_notes"]),
        "advice": {str(name): int(count) for name, count in results.tables["timing"]["advice"].value_counts().sort_index().items()},
    }
    mark = f" ({text('synthetic', here.language)})" if results.synthetic else ""
    here.say("share.works.done", as_of=shown_date(results.as_of, here.language), synthetic=mark, **summary)
    for row in groups.head(10).to_dict("records"):
        first, last = (shown_date(row[name], here.language) for name in ("window_from", "window_to"))
        metres = shown(row["dig_m_saved"], "m", here.language)
        here.say("share.works.group", members=row["members"], owners=row["owners"], first=first, last=last, metres=metres)
    for row in results.tables["works_notes"].to_dict("records"):
        here.say("share.works.note", id=row["id"], note=text(f"sharing.note.{row['code']}", here.language))
    here.written(results.run_id, out, files, summary)


def check(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Hồ sơ: GraceTHD nén zip, FiberQ GPKG, GPKG của hatang / a register")],
    out: Annotated[Path | None, typer.Option(help="Thư mục kết quả / result folder")] = None,
    as_of: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the rules")] = None,
    crs: Annotated[str, typer.Option(help="Hệ tọa độ đo chiều dài / where lengths are taken")] = HUE_CRS,
) -> None:
    """Soát hồ sơ cột, cống, bể: có gì, còn chỗ bao nhiêu, sai ở đâu, khảo sát gì trước / look a register through; nothing is stored."""
    here = session(context)
    with Bar(here) as bar:
        checked = check_register(
            file, here.settings.limits, as_of=as_of.date() if as_of else dt.datetime.now(dt.UTC).date(), metric_crs=crs, progress=bar
        )
        files = write_register(checked, out, file=file.name, language=here.language) if out else []
    for name, count in checked.counts().items():
        here.say("share.register.count", table=text(f"register.table.{name}", here.language), count=count)
    known = checked.room["spare"].notna()
    summary = {
        "tables": checked.counts(),
        "findings": {str(name): int(count) for name, count in checked.findings["finding"].value_counts().sort_index().items()},
        "spare": int(checked.room["spare"].sum()),
        "unknown": int(checked.room["unknown"].sum()),
        "survey": len(checked.survey),
    }
    here.say("share.register.room", spare=summary["spare"], assets=int(known.sum()), unknown=summary["unknown"], survey=summary["survey"])
    for finding, count in checked.findings["finding"].value_counts().sort_index().items():
        here.say("share.register.finding", finding=text(f"finding.{finding}", here.language), count=count)
    for row in checked.survey.head(5).to_dict("records"):
        metres, unknown = shown(row["length_m"], "m", here.language), shown(row["unknown"], "ways", here.language)
        here.say("share.register.survey", asset=row["asset_id"], owner=shown_contact(row["owner"]), unknown=unknown, metres=metres)
    if out is not None:
        here.say("report.written", folder=out, files=", ".join(path.name for path in files))
    here.result({"folder": None if out is None else str(out), "files": [path.name for path in files], "summary": summary})


def _confidential(here: Session, firm: str, out: Path | None, period: str | None, as_of: dt.date | None) -> None:
    with Bar(here) as bar:
        meetings, run_id, synthetic = meetings_of(firm, here.settings, period=period, as_of=as_of, progress=bar)
        files = write_meetings(meetings, out, language=here.language, synthetic=synthetic) if out else []
    for row in meetings.to_dict("records"):
        first, last = (shown_date(row[name], here.language) for name in ("window_from", "window_to"))
        start, end = (shown(row[name], "m", here.language) for name in ("from_m", "to_m"))
        here.say("share.works.meeting", own=row["own_id"], start=start, end=end, first=first, last=last, meeting=row["meeting_id"])
    here.say("share.works.told", firm=firm, meetings=len(meetings))
    here.written(run_id, out, files, {"meetings": len(meetings)})


def summarised(results: ResultSet) -> dict[str, Any]:
    """Return the totals of a sharing answer by name."""
    totals = results.tables["sharing_totals"]
    return dict(zip(totals["name"], totals["value"].astype(float), strict=True))


def _say(here: Session, results: ResultSet, summary: dict[str, Any]) -> None:
    language = here.language
    mark = f" ({text('synthetic', language)})" if results.synthetic else ""
    figures = {name: shown(summary[name], "m", language) for name in ("road_m", "assets", "dig_m_saved")}
    here.say("share.done", as_of=shown_date(results.as_of, language), synthetic=mark, **figures)
    here.say("share.actions", **{name: int(summary[f"assets_{name}"]) for name in ("reuse", "full", "survey", "closed")})
    suggestions = results.tables["suggestions"]
    if suggestions.empty:
        here.say("share.none")
    for row in suggestions.head(10).itertuples():
        here.say(
            "share.suggestion",
            rank=row.rank,
            kind=text(f"suggestion.{row.kind}", language),
            owner=row.owner,
            count=row.asset_count,
            spare=shown(row.spare, "ways", language),
            metres=shown(row.dig_m_saved, "m", language),
            contact=shown_contact(row.contact),
        )


def shown_contact(contact: object) -> str:
    """Return a contact as people read it; a dash where the register names none."""
    return contact if isinstance(contact, str) else "–"
