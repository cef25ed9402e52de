"""`hatang mapping list`, `show ID`, `forget ID`: mappings that files were taken with, used again for files with the same heading."""

from typing import Annotated

import typer

from hatang.commands.terminal import session, speaks_errors
from hatang.data.language import text

Id = Annotated[str, typer.Argument(metavar="ID", help="Mã khai báo cột, hoặc phần đầu / mapping id, or how it begins")]


def register(app: typer.Typer) -> None:
    """Add `mapping` to the command line."""
    group = typer.Typer(help="Khai báo cột đã nhớ / mappings that are kept", no_args_is_help=True)
    for name, command in (("list", entries), ("show", show), ("forget", forget)):
        group.command(name)(speaks_errors(command))
    app.add_typer(group, name="mapping")


def entries(context: typer.Context) -> None:
    """Liệt kê khai báo cột đã nhớ / list the mappings that are kept."""
    from hatang.pipeline.mappings import list_mappings

    here = session(context)
    found = list_mappings(here.settings)
    if not found:
        here.say("mapping.none")
    for entry in found:
        here.line("\t".join([entry.id, entry.organisation, text(f"kind.{entry.kind}", here.language), entry.used[:10], entry.file]))
    here.result({"mappings": [entry.as_dict() for entry in found]})


def show(context: typer.Context, mapping: Id) -> None:
    """Một khai báo cột, dạng YAML / one mapping, as YAML."""
    from hatang.pipeline.mappings import show_mapping

    here = session(context)
    entry, content = show_mapping(mapping, here.settings)
    here.line(content.rstrip("\n"))
    here.result({**entry.as_dict(), "text": content})


def forget(context: typer.Context, mapping: Id) -> None:
    """Không dùng lại một khai báo cột nữa / use a mapping no longer."""
    from hatang.pipeline.mappings import forget_mapping

    here = session(context)
    entry = forget_mapping(mapping, here.settings)
    here.say("mapping.forgotten", mapping=entry.id, kind=text(f"kind.{entry.kind}", here.language), organisation=entry.organisation)
    here.result(entry.as_dict())
