"""`hatang share design`: the ways and trenches that several operators rent and dig together in wards or a drawn area."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hatang.commands.terminal import Bar, session
from hatang.data.figures import shown, shown_date
from hatang.data.language import Language, text

if TYPE_CHECKING:
    from hatang.data.results import ResultSet


def joint_design(
    context: typer.Context,
    ward: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Mã phường, xã; nêu được nhiều lần / ward code, repeatable")
    ] = None,
    area: Annotated[Path | None, typer.Option(help="Tệp vùng vẽ: GeoJSON, GPKG, SHP nén zip / file with an area")] = None,
    operators: Annotated[
        list[str] | None, typer.Option("--operators", metavar="NAME", help="Chỉ các doanh nghiệp này; nêu được nhiều lần / only these")
    ] = None,
    gap_worth: Annotated[
        float | None,
        typer.Option(min=0, help="Nối tới khu vực chưa phủ nếu tốn không quá mức này (đơn vị của kết quả) / reach gaps worth this much"),
    ] = None,
    *,
    exact: Annotated[bool, typer.Option("--exact", help="Chứng minh rẻ nhất trong thời hạn / prove it least")] = False,
    seconds: Annotated[float, typer.Option(min=0, help="Thời hạn cho chặn dưới và chứng minh mỗi phần mạng, giây / time limit, s")] = 10.0,
    out: Annotated[Path | None, typer.Option(help="Thư mục kết quả / result folder")] = None,
    period: Annotated[str | None, typer.Option(help="Kỳ, ví dụ 2026Q3 / quarter")] = None,
    as_of: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the figures")] = None,
) -> None:
    """Thiết kế chung: đào, thuê cùng nhau thế nào cho rẻ, ai góp bao nhiêu / joint design of ways and trenches."""
    from hatang.pipeline.jointdesign import Ask, read_area, share_design
    from hatang.pipeline.report import write_report

    here = session(context)
    drawn = read_area(area, here.settings.limits) if area else None
    ask = Ask(tuple(ward or ()), drawn, tuple(operators or ()), gap_worth, exact, seconds)
    with Bar(here) as bar:
        results = share_design(ask, here.settings, period=period, as_of=as_of.date() if as_of else None, progress=bar)
        files = write_report(results, out, scope="city", language=here.language, progress=bar) if out else []
    for words in told(results, here.language):
        here.line(words)
    here.written(results.run_id, out, files, _summary(results))


def told(results: "ResultSet", language: Language) -> list[str]:
    """Return a joint design in a few lines: what is dug and rented, the certificate, who pays what, what was left out."""
    from hatang.reports.design_words import certificate, noted

    whole = results.tables["design_totals"].iloc[0]
    unit = str(whole["unit"])
    figure = {name: shown(whole[name], unit, language) for name in ("cost", "alone", "saved")}
    unit_word = text(f"share.design.unit.{unit}", language)
    lines = [
        text(
            "share.design.done",
            language,
            plans=whole["plans"],
            operators=whole["operators"],
            as_of=shown_date(results.as_of, language),
            synthetic=f"; {text('synthetic', language)}" if results.synthetic else "",
            dug=shown(whole["dug_m"], "m", language),
            rented=shown(whole["rented_m"], "m", language),
            cost=text(f"share.design.cost.{unit}", language, cost=figure["cost"]),
        ),
        text("share.design.saved", language, alone=figure["alone"], saved=figure["saved"], unit=unit_word),
        certificate(results, language),
        text("share.design.core" if whole["in_core"] else "share.design.no_core", language),
    ]
    for row in results.tables["design_operators"].to_dict("records"):
        paid = {name: shown(row[name], unit, language) for name in ("statutory", "alone", "saved")}
        lines.append(text("share.design.operator", language, operator=row["operator"], plans=row["plans"], unit=unit_word, **paid))
    notes = noted(results, language).to_dict("records")
    return lines + [text("share.design.note", language, id=row["id"], note=row["note"]) for row in notes]


def _summary(results: "ResultSet") -> dict[str, Any]:
    totals, operators = results.tables["design_totals"], results.tables["design_operators"]
    whole = {str(name): value.item() if hasattr(value, "item") else value for name, value in totals.iloc[0].to_dict().items()}
    return {
        **whole,
        "shares": {row["operator"]: row["statutory"] for row in operators.to_dict("records")},
        "notes": results.tables["design_notes"].to_dict("records"),
    }
