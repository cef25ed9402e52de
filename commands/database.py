"""`hatang db`: the catalogue database prepared, brought to this version of the program, copied into another, and persons let in."""

import datetime as dt
from typing import Annotated

import typer

from hatang.commands.terminal import Bar, fault_document, session, speaks_errors
from hatang.data.language import text


def register(app: typer.Typer) -> None:
    """Add `db` to the command line."""
    group = typer.Typer(help="Cơ sở dữ liệu danh mục / catalogue database", no_args_is_help=True)
    for name, command in (("prepare", prepare), ("upgrade", upgrade), ("copy", copy), ("session", enter), ("bind", bind)):
        group.command(name)(speaks_errors(command))
    app.add_typer(group, name="db")


def prepare(
    context: typer.Context,
    database: Annotated[str, typer.Option(help="Tên cơ sở dữ liệu mới / name of the new database")] = "hatang",
) -> None:
    """In kịch bản cho psql: tài khoản, PostGIS, lược đồ / print what a superuser feeds to psql once."""
    from hatang.data.rolesetup import script

    here = session(context)
    written = script(database)
    here.line(written)
    here.result({"database": database, "script": written})


def upgrade(context: typer.Context) -> None:
    """Đưa cơ sở dữ liệu lên phiên bản mới nhất / bring the database to the newest revision."""
    from hatang.pipeline.catalogue import upgrade_database

    here = session(context)
    revision = upgrade_database(here.settings)
    here.line(text("database.upgraded", here.language, revision=revision))
    here.result({"revision": revision})


def copy(
    context: typer.Context,
    to: Annotated[str, typer.Option(help="Cơ sở dữ liệu đích, trống / empty database: postgresql+psycopg://…, sqlite:///…")],
) -> None:
    """Chép danh mục sang cơ sở dữ liệu khác, trống / copy the catalogue into another, empty database."""
    from hatang.pipeline.database import copy_database

    here = session(context)
    with Bar(here) as bar:
        found = copy_database(to, here.settings, bar)
    here.faults(found.faults)
    here.say("database.copied", rows=sum(found.rows.values()), seq=found.head.seq, hash=found.head.hash)
    for name, count in found.rows.items():
        here.line(f"{name}\t{count}")
    faults = [fault_document(fault, here.language) for fault in found.faults]
    here.result({"rows": dict(found.rows), "audit": {"records": found.head.seq, "head": found.head.hash}, "faults": faults})


def enter(
    context: typer.Context,
    user: Annotated[str, typer.Argument(metavar="USER", help="Tên người dùng / name")],
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="Thời hạn, phút / minutes")] = 60,
) -> None:
    """In mã phiên cho tài khoản của vai trò / print the secret for HATANG_DATABASE_SESSION."""
    from hatang.pipeline.database import open_session

    here = session(context)
    secret = open_session(here.settings, user=user, lasting=dt.timedelta(minutes=minutes))
    here.line(secret)
    here.result({"user": user, "minutes": minutes, "session": secret})


def bind(
    context: typer.Context,
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="Tài khoản riêng / the person's own login")],
    user: Annotated[str, typer.Argument(metavar="USER", help="Tên người dùng / name")],
    days: Annotated[int, typer.Option(min=1, max=366, help="Thời hạn, ngày / days")] = 90,
) -> None:
    """Cho tài khoản riêng thay mặt một người / let a person's own login act for that person."""
    from hatang.pipeline.database import bind_login

    here = session(context)
    bind_login(here.settings, login=login, user=user, lasting=dt.timedelta(days=days))
    here.say("database.bound", login=login, user=user, days=days)
    here.result({"login": login, "user": user, "days": days})
