"""The `hatang` command: global options, and the list of commands."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from hatang.commands import assess, catalogue, config, database, demo, doctor, ingest, mapping, report, serve, share, template, users, wards
from hatang.commands.terminal import open_session

COMMANDS = (assess, catalogue, config, database, demo, doctor, ingest, mapping, report, serve, share, template, users, wards)
"""Modules of this room that add commands: each has `register(app)`."""


class Lang(StrEnum):
    """Languages of messages."""

    VI = "vi"
    EN = "en"


app = typer.Typer(
    name="hatang",
    help="Phủ sóng 4G, 5G, cáp quang và sử dụng chung cột, cống, bể cáp / Coverage gaps and shared infrastructure for Huế.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option(help="Thư mục dữ liệu / data folder (HATANG_HOME)")] = None,
    lang: Annotated[Lang | None, typer.Option(help="Ngôn ngữ / language (HATANG_LANG)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Một tài liệu JSON ra stdout / one JSON document on stdout")] = False,  # noqa: FBT002
    quiet: Annotated[bool, typer.Option("--quiet", help="Chỉ in lỗi / errors only")] = False,  # noqa: FBT002
) -> None:
    """Read the global options."""
    context.obj = open_session(
        home=None if home is None else str(home), lang=None if lang is None else lang.value, as_json=as_json, quiet=quiet
    )


for module in COMMANDS:
    module.register(app)


def run() -> None:
    """Start the command line."""
    app()
