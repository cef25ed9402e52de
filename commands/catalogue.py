"""`hatang catalogue`: the store, looked at and looked after: entries, differences, checks, backup, retention."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hatang.commands.terminal import Bar, Session, fault_document, session, speaks_errors
from hatang.data.contracts import Kind
from hatang.data.figures import is_missing, shown, shown_date
from hatang.data.language import text

if TYPE_CHECKING:
    from hatang.data.store import Dataset

Id = Annotated[str, typer.Argument(metavar="ID", help="Mã bộ số liệu, hoặc phần đầu / data set id, or how it begins")]


def register(app: typer.Typer) -> None:
    """Add `catalogue` to the command line."""
    group = typer.Typer(help="Danh mục số liệu / the store", no_args_is_help=True)
    for name, command in (("list", entries), ("show", show), ("diff", diff), ("withdraw", withdraw), ("verify", verify)):
        group.command(name)(speaks_errors(command))
    for archiving in (backup, restore):
        group.command()(speaks_errors(archiving))
    group.command()(speaks_errors(retain))
    app.add_typer(group, name="catalogue")


def entries(
    context: typer.Context,
    kind: Annotated[Kind | None, typer.Option(help="Chỉ loại này / this kind only")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Kể cả đã rút / withdrawn ones too")] = False,  # noqa: FBT002
) -> None:
    """Liệt kê bộ số liệu / list the data sets."""
    from hatang.pipeline.catalogue import list_datasets

    here = session(context)
    found = list_datasets(here.settings, kind=kind, include_withdrawn=everything)
    if not found:
        here.say("catalogue.empty")
    for dataset in found:
        here.line(_line(here, dataset))
    here.result({"datasets": [dataset.as_dict() for dataset in found]})


def show(context: typer.Context, dataset: Id) -> None:
    """Một bộ số liệu và lỗi khi đọc tệp / one data set, and what was wrong with its file."""
    from hatang.pipeline.catalogue import show_dataset

    here = session(context)
    found, faults = show_dataset(dataset, here.settings)
    document = found.as_dict()
    for name, value in document.items():
        here.line(f"{name}\t{'' if value is None else value}")
    here.faults(faults)
    here.result({**document, "faults": [fault_document(fault, here.language) for fault in faults]})


def diff(context: typer.Context, before: Id, after: Id) -> None:
    """So sánh hai bộ số liệu cùng loại / what changed between two data sets of one kind."""
    from hatang.pipeline.difference import compare_datasets

    here = session(context)
    with Bar(here) as bar:
        found = compare_datasets(before, after, here.settings, bar)
    here.say(
        "catalogue.diff_rows",
        before=found.before.id,
        after=found.after.id,
        added=shown(found.rows.added, "tests", here.language),
        removed=shown(found.rows.removed, "tests", here.language),
        changed=shown(found.rows.changed, "tests", here.language),
    )
    if found.areas is not None and found.villages is not None:
        here.say(
            "catalogue.diff_area",
            gained=shown(float(found.areas["gained_m2"].sum()) / 1e6, "km²", here.language),
            lost=shown(float(found.areas["lost_m2"].sum()) / 1e6, "km²", here.language),
            villages_gained=int((found.villages["change"] == "gained").sum()),
            villages_lost=int((found.villages["change"] == "lost").sum()),
        )
    for table in (found.rows.rows, found.areas, found.villages):
        if table is not None and len(table):
            here.line("\t".join(table.columns))
            for row in table.itertuples(index=False):
                here.line("\t".join(_cell(value) for value in row))
    here.result(found.as_dict())


def _cell(value: object) -> str:
    """Return a value as a cell of a table for other programs: full precision, empty where it is missing."""
    return "" if is_missing(value) else repr(value) if isinstance(value, float) else str(value)


def withdraw(
    context: typer.Context,
    dataset: Id,
    undo: Annotated[bool, typer.Option("--undo", help="Cho tính lại / let it count again")] = False,  # noqa: FBT002
) -> None:
    """Rút một bộ số liệu khỏi tính toán, vẫn lưu / let a data set count no longer; it stays stored."""
    from hatang.pipeline.catalogue import withdraw_dataset

    here = session(context)
    found = withdraw_dataset(dataset, here.settings, undo=undo)
    here.say("catalogue.restored" if undo else "catalogue.withdrawn", dataset=found.id)
    here.result(found.as_dict())


def verify(
    context: typer.Context,
    head: Annotated[str | None, typer.Option(help="Mã băm cuối nhật ký đã ghi lại / a noted hash of the audit log")] = None,
) -> None:
    """Kiểm tra lại từng tệp đã lưu và nhật ký / check every stored file and the audit log."""
    from hatang.pipeline.catalogue import verify_catalogue

    here = session(context)
    with Bar(here) as bar:
        found = verify_catalogue(here.settings, bar, anchor=head)
    here.faults(found.faults)
    here.say("catalogue.damaged" if found.faults else "catalogue.sound", datasets=found.datasets, faults=len(found.faults))
    here.say("catalogue.head", seq=found.head.seq, hash=found.head.hash)
    audit = {"records": found.head.seq, "head": found.head.hash}
    here.result({"datasets": found.datasets, "audit": audit, "faults": [fault_document(fault, here.language) for fault in found.faults]})
    if found.faults:
        raise typer.Exit(1)


def backup(context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="Tệp sao lưu mới / new file: .tar")]) -> None:
    """Sao lưu danh mục, tệp gốc và bảng chuẩn vào một tệp / catalogue, originals and tables into one file."""
    from hatang.pipeline.backup import back_up

    here = session(context)
    with Bar(here) as bar:
        found = back_up(file, here.settings, bar)
    here.say("backup.written", files=found.files, file=file, seq=found.head.seq, hash=found.head.hash)
    here.result(
        {"file": str(file), "sha256": found.sha256, "files": found.files, "audit": {"records": found.head.seq, "head": found.head.hash}}
    )


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Tệp sao lưu / backup")],
    replace: Annotated[bool, typer.Option("--replace", help="Thay kho đang có, giữ bên cạnh / keep the old one beside")] = False,  # noqa: FBT002
) -> None:
    """Khôi phục từ tệp sao lưu vào thư mục dữ liệu trống / restore into an empty data folder."""
    from hatang.pipeline.backup import bring_back

    here = session(context)
    with Bar(here) as bar:
        found = bring_back(file, here.settings, bar, replace=replace)
    here.faults(found.faults)
    here.say("backup.restored", datasets=found.datasets, folder=here.settings.home)
    if found.kept is not None:
        here.say("backup.kept", folder=found.kept)
    kept = None if found.kept is None else str(found.kept)
    faults = [fault_document(fault, here.language) for fault in found.faults]
    here.result({"folder": str(here.settings.home), "datasets": found.datasets, "kept": kept, "faults": faults})


def retain(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ liệt kê, không xóa / list only")] = False,  # noqa: FBT002
) -> None:
    """Xóa tệp số liệu đo thô đã hết thời hạn lưu / erase the files of raw tests whose time is over."""
    from hatang.pipeline import retention
    from hatang.pipeline.assess import today

    here = session(context)
    found = retention.retain(here.settings, as_of=today(), dry_run=dry_run)
    for dataset in found.datasets:
        here.line(_line(here, dataset))
    before = shown_date(found.before, here.language)
    said = "catalogue.retained" if found.erased else "catalogue.retainable"
    here.say(said, datasets=len(found.datasets), before=before, months=found.months)
    ids = [dataset.id for dataset in found.datasets]
    here.result({"datasets": ids, "before": found.before.isoformat(), "months": found.months, "erased": found.erased})


def _line(here: Session, dataset: "Dataset") -> str:
    """Return an entry as one line of tab-separated words."""
    marks = [
        text("synthetic", here.language) if dataset.synthetic else "",
        text("catalogue.mark_withdrawn", here.language) if dataset.withdrawn_at is not None else "",
        text("catalogue.mark_erased", here.language) if dataset.erased_at is not None else "",
    ]
    return "\t".join(
        [
            dataset.id,
            str(dataset.kind),
            dataset.operator or "",
            dataset.technology or "",
            dataset.period or "",
            shown(dataset.rows_kept, "tests", here.language),
            dataset.organisation,
            f"{dataset.accepted_at:%Y-%m-%d %H:%M}Z",
            dataset.file_name,
            "; ".join(filter(None, marks)),
        ]
    ).rstrip("\t")
