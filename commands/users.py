"""`hatang users list`, `add NAME`, `disable NAME`: who may act for which organisation."""

from typing import Annotated

import typer

from hatang.commands.terminal import session, speaks_errors
from hatang.data.contracts import Role
from hatang.data.language import text

Name = Annotated[str, typer.Argument(metavar="NAME", help="Tên người dùng / name")]


def register(app: typer.Typer) -> None:
    """Add `users` to the command line."""
    group = typer.Typer(help="Người dùng và vai trò / users and roles", no_args_is_help=True)
    for name, command in (("list", entries), ("add", add), ("disable", disable)):
        group.command(name)(speaks_errors(command))
    app.add_typer(group, name="users")


def entries(context: typer.Context) -> None:
    """Liệt kê người dùng / list the users."""
    from hatang.pipeline.users import list_users

    here = session(context)
    found = list_users(here.settings)
    for user in found:
        state = text("users.active" if user.active else "users.disabled", here.language)
        here.line("\t".join([user.name, text(f"role.{user.role}", here.language), user.organisation, state]))
    here.result({"users": [user.as_dict() for user in found]})


def add(
    context: typer.Context,
    name: Name,
    role: Annotated[Role, typer.Option(help="Vai trò / role")],
    organisation: Annotated[str, typer.Option(help="Đơn vị / organisation")],
) -> None:
    """Thêm người dùng / add a user."""
    from hatang.pipeline.users import add_user

    here = session(context)
    user = add_user(here.settings, name=name, organisation=organisation, role=role)
    here.say("users.added", user=user.name, role=text(f"role.{user.role}", here.language), organisation=user.organisation)
    here.result(user.as_dict())


def disable(context: typer.Context, name: Name) -> None:
    """Khóa người dùng / disable a user."""
    from hatang.pipeline.users import disable_user

    here = session(context)
    user = disable_user(here.settings, name=name)
    here.say("users.was_disabled", user=user.name)
    here.result(user.as_dict())
