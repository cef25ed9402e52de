"""`hatang share register FILE`: a register looked through; nothing is stored."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from hatang.commands.terminal import Bar, session
from hatang.data.contracts import HUE_CRS
from hatang.data.figures import is_missing, shown
from hatang.data.language import text
from hatang.pipeline.register import check_register, write_register


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
        here.say(
            "share.register.survey",
            asset=row["asset_id"],
            owner="–" if is_missing(row["owner"]) else row["owner"],
            unknown=unknown,
            metres=metres,
        )
    if out is not None:
        here.say("report.written", folder=out, files=", ".join(path.name for path in files))
    here.result({"folder": None if out is None else str(out), "files": [path.name for path in files], "summary": summary})
