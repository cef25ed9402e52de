"""`hatang share`: a road (`road FILE`), `decide` and `decisions`, indicators (`kpi`); the others stand in modules of their own."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hatang.commands import sharedesign, shareoverlap, shareregister, shareroute, shareunderground, shareworks
from hatang.commands.terminal import Bar, Session, session, speaks_errors
from hatang.data.contracts import Choice, SuggestionKind
from hatang.data.figures import is_missing, shown, shown_date
from hatang.data.language import Language, text

if TYPE_CHECKING:
    import geopandas as gpd

    from hatang.data.results import ResultSet


def register(app: typer.Typer) -> None:
    """Add `share` to the command line."""
    group = typer.Typer(help="Sử dụng chung hạ tầng / shared infrastructure", no_args_is_help=True)
    group.callback()(lambda: None)
    group.command("road")(speaks_errors(road))
    group.command("register")(speaks_errors(shareregister.register_file))
    group.command("overlap")(speaks_errors(shareoverlap.overlap))
    group.command("route")(speaks_errors(shareroute.route))
    group.command("works")(speaks_errors(shareworks.works))
    group.command("design")(speaks_errors(sharedesign.joint_design))
    group.command("underground")(speaks_errors(shareunderground.underground))
    group.command("kpi")(speaks_errors(kpi))
    group.command("decide")(speaks_errors(decide_on))
    group.command("decisions")(speaks_errors(decided))
    app.add_typer(group, name="share")


def road(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Tuyến đường: GeoJSON, GPKG, SHP nén zip, DXF / road line")],
    mapping: Annotated[Path | None, typer.Option(help="Tệp khai báo: hệ tọa độ, lớp, tên cột (YAML) / mapping file")] = None,
    crs: Annotated[str | None, typer.Option(help="Hệ tọa độ của tệp, ví dụ EPSG:9214 / coordinate system of the file")] = None,
    out: Annotated[Path | None, typer.Option(help="Thư mục kết quả / result folder")] = None,
    period: Annotated[str | None, typer.Option(help="Kỳ, ví dụ 2026Q3 / quarter")] = None,
    as_of: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the figures")] = None,
    confidential: Annotated[
        str | None,
        typer.Option(metavar="FIRM", help="Chỉ báo cho một đơn vị: kế hoạch của chính họ / tell one firm only of its own plans"),
    ] = None,
) -> None:
    """Cột, cống, bể cáp dùng chung được dọc một tuyến đường / what can be shared along a road."""
    from hatang.pipeline.report import write_report
    from hatang.pipeline.roadfile import read_road
    from hatang.pipeline.share import share_road

    here = session(context)
    lines, faults = read_road(file, here.settings, mapping=mapping, crs=crs)
    here.faults(faults)
    if confidential is not None:
        _confidential(here, lines, confidential, out, period, as_of.date() if as_of else None)
        return
    with Bar(here) as bar:
        results = share_road(lines, here.settings, period=period, as_of=as_of.date() if as_of else None, progress=bar)
        files = write_report(results, out, scope="road", language=here.language, progress=bar) if out else []
    summary = summarised(results)
    _say(here, results, summary)
    here.written(results.run_id, out, files, summary)


def _confidential(here: Session, road: "gpd.GeoDataFrame", firm: str, out: Path | None, period: str | None, day: dt.date | None) -> None:
    """Say what to do about each of the firm's plans along the road, and how often it meets somebody; of others nothing."""
    from hatang.pipeline.roadconfidential import road_for_firm, write_road_for_firm

    with Bar(here) as bar:
        told, base = road_for_firm(road, firm, here.settings, period=period, as_of=day, progress=bar)
        files = write_road_for_firm(told, base, out, language=here.language) if out else []
    for row in told["timing"].to_dict("records"):
        words = {name: text(f"sharing.{name}.{row[name]}", here.language) for name in ("advice", "reason")}
        here.say("share.road.advice", own=row["plan_id"], day=_day(row["decide_by"], here.language), **words)
    here.say("share.works.told", firm=firm, meetings=len(told["meetings"]))
    here.written(base.run_id, out, files, {"plans": len(told["timing"]), "meetings": len(told["meetings"])})


def kpi(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="Thư mục kết quả / result folder")] = None,
    period: Annotated[str | None, typer.Option(help="Kỳ, ví dụ 2026Q3 / quarter")] = None,
    as_of: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the figures")] = None,
) -> None:
    """Chỉ số dùng chung của thành phố, phường xã, doanh nghiệp / indicators of shared use."""
    from hatang.pipeline.kpis import share_kpis, write_kpis

    here = session(context)
    with Bar(here) as bar:
        results = share_kpis(here.settings, period=period, as_of=as_of.date() if as_of else None, progress=bar)
    files = write_kpis(results, out, language=here.language) if out else []
    kpis = results.tables["sharing_kpis"]
    city = kpis[kpis["scope"] == "city"]
    mark = f" ({text('synthetic', here.language)})" if results.synthetic else ""
    here.say("share.kpi.title", period=results.period, as_of=shown_date(results.as_of, here.language), synthetic=mark)
    for row in city.itertuples():
        here.say(
            "share.kpi.row",
            indicator=text(f"indicator.{row.indicator}", here.language),
            share=shown(row.share, "share", here.language),
            unit=text(f"sharing.kpi.unit.{row.unit}", here.language),
            **{name: shown(getattr(row, name), str(row.unit), here.language) for name in ("numerator", "denominator", "unknown")},
        )
    figures = ("share", "numerator", "denominator", "unknown")
    summary = {
        str(row.indicator): {name: None if is_missing(getattr(row, name)) else getattr(row, name) for name in figures}
        for row in city.itertuples()
    }
    here.written(results.run_id, out, files, summary)


def summarised(results: "ResultSet") -> dict[str, Any]:
    """Return the totals of a sharing answer by name."""
    totals = results.tables["sharing_totals"]
    return dict(zip(totals["name"], totals["value"].astype(float), strict=True))


def _say(here: Session, results: "ResultSet", summary: dict[str, Any]) -> None:
    from hatang.reports.bargain_sheets import firms_named

    language = here.language
    mark = f" ({text('synthetic', language)})" if results.synthetic else ""
    figures = {name: shown(summary[name], "m", language) for name in ("road_m", "assets", "dig_m_saved")}
    here.say("share.done", as_of=shown_date(results.as_of, language), synthetic=mark, **figures)
    here.say("share.actions", **{name: int(summary[f"assets_{name}"]) for name in ("reuse", "full", "survey", "closed")})
    suggestions = results.tables["suggestions"]
    if suggestions.empty:
        here.say("share.none")
    for row in results.tables["variants"].query("recommended").to_dict("records"):
        figures = {name: shown(row[column], "m", language) for name, column in (("metres", "dug_m"), ("saved", "saved_m"))}
        words = {name: text(f"sharing.{name}.{row[name]}", language) for name in ("variant", "why")}
        here.say("share.variant", road=row["road_id"], **words, **figures)
    for row in suggestions.head(10).to_dict("records"):
        named = {
            "rank": row["rank"],
            "kind": text(f"suggestion.{row['kind']}", language),
            "metres": shown(row["dig_m_saved"], "m", language),
        }
        if row["kind"] in (SuggestionKind.REUSE_WAY, SuggestionKind.REUSE_POLE):
            spare, contact = shown(row["spare"], "ways", language), shown_contact(row["contact"])
            here.say("share.suggestion", owner=row["owner"], count=row["asset_count"], spare=spare, contact=contact, **named)
        else:
            alone, by = shown(row["alone_m"], "m", language), _day(row["decide_by"], language)
            here.say("share.together", members=firms_named(row["members"]), alone=alone, day=by, **named)


def _day(value: Any, language: Language) -> str:
    return shown_date(None if is_missing(value) else value.date(), language)


def shown_contact(contact: object) -> str:
    """Return a contact as people read it; a dash where the register names none."""
    return contact if isinstance(contact, str) else "–"


def decide_on(
    context: typer.Context,
    suggestion: Annotated[str, typer.Argument(metavar="SUGGESTION_ID", help="Mã đề xuất, ví dụ S-0123456789ab / suggestion")],
    decision: Annotated[Choice, typer.Argument(help="accepted: đồng ý; refused: từ chối; open: mở lại / decision")],
    reason: Annotated[str | None, typer.Option(help="Lý do; từ chối thì phải có / reason, needed to refuse")] = None,
    party: Annotated[str | None, typer.Option(help="Bên từ chối tham gia công trình / which party refused to join works")] = None,
) -> None:
    """Quyết định về một đề xuất / decide on a suggestion."""
    from hatang.pipeline.decisions import decide
    from hatang.reports.sharing_lists import owed_text

    here = session(context)
    made = decide(here.settings, suggestion, decision, reason=reason, party=party)
    here.say("decisions.made", suggestion=made.suggestion_id, decision=text(f"decision.{made.decision}", here.language))
    if made.spare_owed:
        here.say("decisions.owed", owed=owed_text(made, here.language))
    here.result(made.as_dict())


def decided(context: typer.Context) -> None:
    """Mọi quyết định, cũ trước mới sau / every decision, oldest first."""
    from hatang.pipeline.decisions import list_decisions

    here = session(context)
    found = list_decisions(here.settings)
    for entry in found:
        words = (text(f"suggestion.{entry.kind}", here.language), entry.owner, text(f"decision.{entry.decision}", here.language))
        here.line("\t".join([f"{entry.decided_at:%Y-%m-%d %H:%M}", entry.suggestion_id, *words, entry.decided_by, entry.reason or "–"]))
    here.result({"decisions": [entry.as_dict() for entry in found]})
