"""`hatang config show`: each setting, its value and where it came from."""

import typer

from hatang.commands.terminal import session


def register(app: typer.Typer) -> None:
    """Add `config` to the command line."""
    group = typer.Typer(help="Cấu hình / settings", no_args_is_help=True)
    group.command("show")(show)
    app.add_typer(group, name="config")


def show(context: typer.Context) -> None:
    """In mỗi thiết lập, giá trị và nguồn / print each setting, its value and its origin."""
    here = session(context)
    origins = {**here.settings.origins(), **dict.fromkeys(here.options, "option")}
    values = here.settings.model_dump() | {"database_url": here.settings.shown_database_url()}
    for name, value in values.items():
        here.line(f"HATANG_{name.upper()}={'' if value is None else value}\t{origins[name]}")
    here.result({name: {"value": None if value is None else str(value), "origin": origins[name]} for name, value in values.items()})
