"""`hatang share works`: whose plans and works meet; with `--confidential FIRM`, what one firm may be told of it."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from hatang.commands.terminal import Bar, Session, session
from hatang.data.figures import shown, shown_date
from hatang.data.language import text


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
    from hatang.pipeline.report import write_report
    from hatang.pipeline.works import share_works

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


def _confidential(here: Session, firm: str, out: Path | None, period: str | None, as_of: dt.date | None) -> None:
    from hatang.pipeline.works import meetings_of, write_meetings

    with Bar(here) as bar:
        meetings, base = meetings_of(firm, here.settings, period=period, as_of=as_of, progress=bar)
        files = write_meetings(meetings, base, out, language=here.language) if out else []
    for row in meetings.to_dict("records"):
        first, last = (shown_date(row[name], here.language) for name in ("window_from", "window_to"))
        start, end = (shown(row[name], "m", here.language) for name in ("from_m", "to_m"))
        here.say("share.works.meeting", own=row["own_id"], start=start, end=end, first=first, last=last, meeting=row["meeting_id"])
    here.say("share.works.told", firm=firm, meetings=len(meetings))
    here.written(base.run_id, out, files, {"meetings": len(meetings)})
