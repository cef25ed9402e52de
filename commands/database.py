"""`hatang db prepare|upgrade`: the catalogue database prepared, and brought to this version of the program."""

from typing import Annotated

import typer

from hatang.commands.terminal import session, speaks_errors
from hatang.data.language import text
from hatang.data.rolesetup import script
from hatang.pipeline.catalogue import upgrade_database


def register(app: typer.Typer) -> None:
    """Add `db` to the command line."""
    group = typer.Typer(help="Cơ sở dữ liệu danh mục / catalogue database", no_args_is_help=True)
    for command in (prepare, upgrade):
        group.command()(speaks_errors(command))
    app.add_typer(group, name="db")


def prepare(
    context: typer.Context,
    database: Annotated[str, typer.Option(help="Tên cơ sở dữ liệu mới / name of the new database")] = "hatang",
) -> None:
    """In kịch bản cho psql: tài khoản, PostGIS, lược đồ / print what a superuser feeds to psql once."""
    here = session(context)
    written = script(database)
    here.line(written)
    here.result({"database": database, "script": written})


def upgrade(context: typer.Context) -> None:
    """Đưa cơ sở dữ liệu lên phiên bản mới nhất / bring the database to the newest revision."""
    here = session(context)
    revision = upgrade_database(here.settings)
    here.line(text("database.upgraded", here.language, revision=revision))
    here.result({"revision": revision})
