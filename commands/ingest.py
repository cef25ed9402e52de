"""`hatang ingest FILE…`: files into the store; what was refused, row by row."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hatang.commands.terminal import Bar, Session, fault_document, session, speaks_errors
from hatang.data.contracts import Environment, Kind, ParameterError
from hatang.data.figures import shown
from hatang.data.language import text

if TYPE_CHECKING:
    from hatang.pipeline.ingest import FileOutcome


def register(app: typer.Typer) -> None:
    """Add `ingest` to the command line."""
    app.command("ingest")(speaks_errors(take))


def take(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Tệp cần nạp / files to take in")],
    kind: Annotated[Kind, typer.Option(help="Loại dữ liệu / kind of data; auto: nhận biết từ tệp / recognised")] = Kind.AUTO,
    operator: Annotated[str | None, typer.Option(help="Doanh nghiệp / operator: viettel, vnpt, mobifone, …")] = None,
    technology: Annotated[Literal["4g", "5g", "fibre"] | None, typer.Option(help="Công nghệ / technology")] = None,
    environment: Annotated[Environment | None, typer.Option(help="Môi trường sử dụng / where the service is used")] = None,
    period: Annotated[str | None, typer.Option(help="Kỳ số liệu / quarter: 2026Q3")] = None,
    mapping: Annotated[Path | None, typer.Option(help="Tệp ánh xạ cột / mapping file (YAML)")] = None,
    crs: Annotated[str | None, typer.Option(help="Hệ tọa độ, ví dụ EPSG:9214 / coordinate system")] = None,
    organisation: Annotated[str | None, typer.Option(help="Đơn vị nộp / organisation that files")] = None,
    source: Annotated[str | None, typer.Option(help="Nguồn số liệu / where the data come from")] = None,
    licence: Annotated[str | None, typer.Option(help="Điều kiện sử dụng / licence")] = None,
    method_statement: Annotated[
        str | None, typer.Option(help="Phương pháp tính: mô hình, tổn hao, mức biên, tải / method: model, losses, edge level, load")
    ] = None,
    certified_by: Annotated[str | None, typer.Option(help="Người chịu trách nhiệm về số liệu / who certifies the data")] = None,
    annotate: Annotated[
        Path | None, typer.Option(help="Ghi bản XLSX đánh dấu lỗi để sửa và gửi lại / write the file with its faults marked, to correct")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ kiểm tra, không lưu / check only, store nothing")] = False,  # noqa: FBT002
) -> None:
    """Kiểm tra và lưu tệp số liệu / check and store data files."""
    from hatang.pipeline.forms import write_annotated
    from hatang.pipeline.ingest import IngestOptions, ingest

    here = session(context)
    if annotate is not None and len(files) > 1:
        raise ParameterError("error.annotate.one")
    options = IngestOptions(
        kind=kind,
        operator=operator,
        technology=technology,
        environment=None if environment is None else str(environment),
        period=period,
        mapping=mapping,
        crs=crs,
        organisation=organisation,
        source=source,
        licence=licence,
        method_statement=method_statement,
        certified_by=certified_by,
        dry_run=dry_run,
    )
    with Bar(here) as bar:
        outcome = ingest(files, options, here.settings, bar)
    for file in outcome.files:
        _tell(here, file, dry_run=dry_run)
    if annotate is not None:
        written = write_annotated(files[0], outcome.faults, annotate, here.language, here.settings, mapping=mapping)
        here.say("form.annotated" if written else "form.annotated_none", file=annotate)
    here.result(
        {
            "datasets": [dataset.as_dict() for dataset in outcome.datasets],
            "faults": [fault_document(fault, here.language) for fault in outcome.faults],
        }
    )
    if not outcome.complete:
        raise typer.Exit(1)


def _tell(here: Session, file: "FileOutcome", *, dry_run: bool) -> None:
    """Print what became of one file: rows, repairs by kind and count, then its faults row by row."""
    entry = file.dataset
    if entry is None:
        here.line(text("ingest.refused", here.language, file=file.file))
    else:
        said = "ingest.checked" if dry_run else "ingest.stored" if file.added else "ingest.known"
        here.line(
            text(
                said,
                here.language,
                file=file.file,
                kind=entry.kind,
                dataset=entry.id,
                rows_in=shown(entry.rows_in, "tests", here.language),
                kept=shown(entry.rows_kept, "tests", here.language),
                refused=shown(entry.rows_refused, "tests", here.language),
            )
        )
        for name, count in entry.repairs.items():
            here.line("  " + text("ingest.repair", here.language, repair=name, count=shown(count, "tests", here.language)))
    here.faults(file.faults)
