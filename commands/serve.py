"""`hatang serve`: the map in a browser."""

import os
import sys
from typing import Annotated

import typer

from hatang.commands.terminal import session


def register(app: typer.Typer) -> None:
    """Add `serve` to the command line."""
    app.command("serve")(serve)


def serve(
    context: typer.Context,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Cổng / port (HATANG_PORT)")] = None,
    host: Annotated[str | None, typer.Option(help="Địa chỉ lắng nghe / address to listen on (HATANG_HOST)")] = None,
) -> None:
    """Mở bản đồ trong trình duyệt / open the map in a browser."""
    settings = session(context).settings
    environment = {
        **os.environ,
        "HATANG_HOME": str(settings.home.absolute()),
        "HATANG_LANG": settings.lang,
        "HATANG_PORT": str(port or settings.port),
        "HATANG_HOST": host or settings.host,
    }
    # This process becomes the server's: commands import no page, and a signal reaches the server itself.
    os.execve(sys.executable, [sys.executable, "-P", "-m", "hatang.web"], environment)  # noqa: S606 - a fixed command
