"""`hatang template KIND`: a blank workbook to fill in."""

from pathlib import Path
from typing import Annotated

import typer

from hatang.commands.terminal import session, speaks_errors
from hatang.data.contracts import Kind
from hatang.data.language import text


def register(app: typer.Typer) -> None:
    """Add `template` to the command line."""
    app.command("template")(speaks_errors(write))


def write(
    context: typer.Context,
    kind: Annotated[Kind, typer.Argument(help="Loại dữ liệu / kind of data")],
    out: Annotated[Path | None, typer.Option(help="Tệp XLSX / workbook; mặc định bieu-mau-KIND.xlsx")] = None,
) -> None:
    """Ghi biểu mẫu XLSX trống / write a blank template."""
    from hatang.pipeline.forms import write_template

    here = session(context)
    target = out or Path(f"bieu-mau-{kind}.xlsx")
    write_template(kind, target, here.language)
    here.say("form.written", kind=text(f"web.kind.{kind}", here.language), file=target)
    here.result({"kind": str(kind), "file": str(target)})
