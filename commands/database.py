"""`hatang db upgrade`: the catalogue database brought to this version of the program."""

import typer

from hatang.commands.terminal import session, speaks_errors
from hatang.data.language import text
from hatang.pipeline.catalogue import upgrade_database


def register(app: typer.Typer) -> None:
    """Add `db` to the command line."""
    group = typer.Typer(help="Cơ sở dữ liệu danh mục / catalogue database", no_args_is_help=True)
    group.command()(speaks_errors(upgrade))
    app.add_typer(group, name="db")


def upgrade(context: typer.Context) -> None:
    """Đưa cơ sở dữ liệu lên phiên bản mới nhất / bring the database to the newest revision."""
    here = session(context)
    revision = upgrade_database(here.settings)
    here.line(text("database.upgraded", here.language, revision=revision))
    here.result({"revision": revision})
