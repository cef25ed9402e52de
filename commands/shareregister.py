"""`hatang share register FILE`: a register looked through; nothing is stored."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hatang.commands.terminal import Bar, Session, session
from hatang.data.figures import is_missing, shown
from hatang.data.language import text

if TYPE_CHECKING:
    from hatang.pipeline.register import RegisterCheck

_ACTIONS: Final = ("reuse", "full", "survey", "closed")


def register_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Hồ sơ hạ tầng: GraceTHD nén zip, FiberQ, OFDS hoặc GPKG / register file")],
    out: Annotated[Path | None, typer.Option(help="Thư mục kết quả / result folder")] = None,
    *,
    openfibre: Annotated[bool, typer.Option("--ofds", help="Thêm Open Fibre Data Standard / also as OFDS")] = False,
    exchange: Annotated[
        bool, typer.Option("--gpkg", help="Thêm chính hồ sơ, để trao đổi / also the register itself as GeoPackage")
    ] = False,
    as_of: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the rules")] = None,
    crs: Annotated[str | None, typer.Option(help="Hệ tọa độ của tệp không ghi, và để đo chiều dài / of a file that says none")] = None,
) -> None:
    """Xem một hồ sơ hạ tầng mà không lưu: số lượng, lỗi, chỗ trống, cần khảo sát / a register looked through, not stored."""
    from hatang.pipeline.assess import today
    from hatang.pipeline.register import check_register
    from hatang.pipeline.registerfiles import write_register_check

    here = session(context)
    day = as_of.date() if as_of else today()
    with Bar(here) as bar:
        check = check_register(file, here.settings.limits, as_of=day, crs=crs, progress=bar)
        files: list[Path] = []
        if out is not None:
            kinds = {"openfibre": openfibre, "exchange": exchange}
            files = write_register_check(check, out, name=file.name, as_of=day, language=here.language, **kinds, progress=bar)
    _say_register(here, check)
    if out is not None:
        here.say("report.written", folder=out, files=", ".join(path.name for path in files))
    counts = {name: len(frame) for name, frame in check.tables.items()}
    findings = {str(name): int(count) for name, count in check.findings["finding"].value_counts().sort_index().items()}
    actions = {name: int((check.assets["action"] == name).sum()) for name in _ACTIONS}
    document = {"counts": counts, "findings": findings, "actions": actions, "survey": check.survey["asset_id"].tolist()}
    document["violations"] = {str(code): int(count) for code, count in check.violations["code"].value_counts().sort_index().items()}
    here.result({"file": file.name, "as_of": day, **document, "files": [path.name for path in files]})


def _say_register(here: Session, check: "RegisterCheck") -> None:
    """Say what a register holds, what is wrong in it, what is free, and what to survey first."""
    from hatang.reports.register_words import AMOUNTS, in_words

    language = here.language
    for table, amount, unit in in_words(check.amounts, AMOUNTS, language).itertuples(index=False):
        here.say("register.amount", table=table, amount=shown(amount, "", language), unit=unit)
    for (finding, severity), rows in check.findings.groupby(["finding", "severity"], sort=True):
        words = text(f"finding.{finding}", language)
        here.say("register.finding", finding=words, severity=text(f"register.severity.{severity}", language), count=len(rows))
    for code, rows in check.violations.groupby("code", sort=True):
        severity = text(f"sharing.severity.{rows['severity'].iloc[0]}", language)
        here.say("register.finding", finding=text(f"clause.{code}", language), severity=severity, count=len(rows))
    here.say("share.actions", **{name: int((check.assets["action"] == name).sum()) for name in _ACTIONS})
    for row in check.survey.head(10).itertuples():
        here.say(
            "register.survey",
            rank=row.rank,
            asset=text(f"asset.{row.asset_class}", language),
            asset_id=row.asset_id,
            owner="–" if is_missing(row.owner) else str(row.owner),
            metres=shown(row.length_m, "m", language),
        )
