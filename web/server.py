"""Everything that answers besides Streamlit itself: health, vendored assets, security headers, and the start of the server."""

import errno
import socket
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hatang.data.contracts import HatangError, ParameterError
from hatang.data.language import error_text, text
from hatang.data.settings import Settings
from hatang.web import vendor

MAIN_PAGE: Final = str(Path(__file__).with_name("main.py"))
"""The script that draws every page; in a checkout and in an installed wheel alike."""
CONTENT_SECURITY_POLICY: Final = (
    # Streamlit and streamlit-folium build their scripts at run time; nothing of a user's is ever put into one unquoted.
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data: blob:; connect-src 'self' ws: wss: data: blob:; worker-src 'self' blob:"
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # Streamlit's components are frames of this very server.
    "X-Frame-Options": "SAMEORIGIN",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"


class SecurityHeaders:
    """Puts the headers on every answer that passes, whatever made it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, its headers added."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


class _Vendored(StaticFiles):
    """Vendored files; the version stands in each address, so that a browser need never ask again."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = _FOR_EVER
        return response


async def _health(request: Request) -> JSONResponse:
    del request
    return JSONResponse({"status": "ok", "version": version("hatang")}, headers={"Cache-Control": "no-store"})


async def _failed(request: Request, error: Exception) -> PlainTextResponse:
    # Starlette answers an unforeseen error outside all middleware; the error itself goes to the log, never to the browser.
    del request, error
    return PlainTextResponse("500", status_code=500, headers=HEADERS)


ROUTES: Final = (Route("/healthz", _health), Mount(vendor.PREFIX, _Vendored(directory=vendor.FOLDER), name="vendor"))
MIDDLEWARE: Final = (Middleware(SecurityHeaders),)
FAILURES: Final = {Exception: _failed}


def streamlit_options() -> dict[str, Any]:
    """Return Streamlit's settings by dotted name, as they stand in `static/streamlit.toml`."""
    found: dict[str, Any] = {}

    def gather(table: dict[str, Any], prefix: str) -> None:
        for name, value in table.items():
            if isinstance(value, dict):
                gather(value, f"{prefix}{name}.")
            else:
                found[prefix + name] = value

    gather(tomllib.loads((vendor.STATIC / "streamlit.toml").read_text("utf-8")), "")
    return found


def check_port(host: str, port: int) -> None:
    """Raise ParameterError where nothing can listen at this address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            reason = error.strerror or str(error)
            message = "error.serve.port_taken" if taken else "error.serve.address"
            raise ParameterError(message, port=port, host=host, reason=reason) from error


def serve(app: st.App, settings: Settings) -> None:
    """Listen at the host and port of the settings until told to stop; say what to do where the port is taken, and exit with 1."""
    try:
        check_port(settings.host, settings.port)
    except HatangError as error:
        sys.stderr.write(error_text(error, settings.lang) + "\n")
        raise SystemExit(1) from error
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    sys.stderr.write(text("serve.address", settings.lang, address=f"http://{host}:{settings.port}") + "\n")
    app.run(
        config={
            **streamlit_options(),
            "server.address": settings.host,
            "server.port": settings.port,
            "logger.hideWelcomeMessage": True,
        }
    )
