"""`hatang share underground`: what it takes to put the cables of streets underground, or to tidy them."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from hatang.commands.terminal import Bar, session
from hatang.data.figures import shown, shown_date
from hatang.data.language import text

_LISTED = 10


def underground(
    context: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="Tuyến vẽ sẵn; bỏ trống thì lấy chương trình đã nạp / street line; else the programme filed")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="Tệp khai báo: hệ tọa độ, lớp, tên cột (YAML) / mapping file")] = None,
    crs: Annotated[str | None, typer.Option(help="Hệ tọa độ của tệp, ví dụ EPSG:9214 / coordinate system of the file")] = None,
    street: Annotated[str | None, typer.Option(help="Một tuyến, theo mã hoặc tên / one street by code or name")] = None,
    out: Annotated[Path | None, typer.Option(help="Thư mục kết quả / result folder")] = None,
    period: Annotated[str | None, typer.Option(help="Kỳ, ví dụ 2026Q3 / quarter")] = None,
    as_of: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the figures")] = None,
) -> None:
    """Ngầm hóa, chỉnh trang cáp: tuyến nào, của ai, làm gì trước / streets whose cables go underground."""
    from hatang.pipeline.roadfile import read_road
    from hatang.pipeline.undergrounding import share_underground, write_underground
    from hatang.reports.underground_workbook import steps_said

    here = session(context)
    lines, faults = read_road(file, here.settings, mapping=mapping, crs=crs) if file is not None else (None, ())
    here.faults(faults)
    day = as_of.date() if as_of else None
    with Bar(here) as bar:
        results = share_underground(here.settings, road=lines, street=street, period=period, as_of=day, progress=bar)
    files = write_underground(results, out, language=here.language) if out else []
    streets = results.tables["underground_streets"]
    summary = {
        "streets": len(streets),
        "length_m": float(streets["length_m"].sum()),
        "uncounted": int(streets["uncounted"].sum()),
        "survey": len(results.tables["underground_survey"]),
        "left_out": len(results.tables["underground_notes"]),
    }
    mark = f" ({text('synthetic', here.language)})" if results.synthetic else ""
    said = {**summary, "length_m": shown(summary["length_m"], "m", here.language)}
    here.say("share.underground.done", as_of=shown_date(results.as_of, here.language), synthetic=mark, **said)
    for row in streets.head(_LISTED).to_dict("records"):
        here.say(
            "share.underground.street",
            street=row["street_name"],
            metres=shown(row["length_m"], "m", here.language),
            owners=row["owners"],
            ways=shown(row["ways"], "ways", here.language),
            basis=text(f"underground.basis.{row['ways_basis']}", here.language),
            steps=steps_said(row["steps"], here.language) or text("underground.nothing", here.language),
        )
    for row in results.tables["underground_notes"].to_dict("records"):
        here.say("share.works.note", id=row["id"], note=text(f"sharing.note.{row['code']}", here.language))
    here.written(results.run_id, out, files, summary)
