"""The server besides Streamlit: health, vendored files, headers on every answer, the port, the three ways of starting."""

import asyncio
import hashlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import httpx
import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hatang.data.contracts import ParameterError
from hatang.web import vendor
from hatang.web.server import FAILURES, HEADERS, MAIN_PAGE, MIDDLEWARE, ROUTES, check_port, streamlit_options

ROOT = Path(__file__).resolve().parent.parent
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data: blob:; connect-src 'self' ws: wss: data: blob:; worker-src 'self' blob:"
)
"""stack.md, trap 4."""


async def broken(request: Request) -> Response:
    raise ZeroDivisionError(request.url.path)


def get(path: str) -> httpx.Response:
    """Return the answer of the routes, middleware and failures that `app.py` hands to Streamlit."""
    served = Starlette(routes=[*ROUTES, Route("/broken", broken)], middleware=list(MIDDLEWARE), exception_handlers=FAILURES)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(served, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://hatang") as client:
            return await client.get(path)

    return asyncio.run(ask())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_health_answers_json() -> None:
    answer = get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/vendor/leaflet-1.9.4/leaflet.js", 200),
        ("/vendor/nothing.js", 404),
        ("/vendor/%2e%2e/vendor.json", 404),
        ("/nothing", 404),
        ("/broken", 500),
    ],
)
def test_every_answer_carries_the_headers(path: str, status: int) -> None:
    answer = get(path)
    assert answer.status_code == status
    assert answer.headers["content-security-policy"] == POLICY
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_an_unforeseen_error_tells_the_browser_nothing() -> None:
    assert get("/broken").text == "500"


def test_vendored_files_may_be_kept_for_ever() -> None:
    answer = get(vendor.address("leaflet", "leaflet.js"))
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert get("/vendor/nothing.js").headers.get("cache-control") is None


def test_vendored_files_are_those_of_the_lock() -> None:
    expected = {}
    for package, entry in vendor.packages().items():
        for name, digest in entry["sha256"].items():
            expected[f"{package}-{entry['version']}/{name}"] = digest
    found = {path.relative_to(vendor.FOLDER).as_posix(): path for path in vendor.FOLDER.rglob("*") if path.is_file()}
    assert {name for name in found if not name.endswith("LICENSE")} == {name for name in expected if not name.endswith("LICENSE")}
    assert {name: hashlib.sha256(found[name].read_bytes()).hexdigest() for name in expected} == expected
    assert all((vendor.FOLDER / f"{name}-{entry['version']}/LICENSE").is_file() for name, entry in vendor.packages().items())


def test_the_lock_names_no_address() -> None:
    assert "://" not in vendor.LOCK.read_text("utf-8")
    assert all(entry["integrity"].startswith("sha512-") for entry in vendor.packages().values())


def test_an_asset_outside_the_lock_has_no_address() -> None:
    with pytest.raises(FileNotFoundError):
        vendor.address("leaflet", "leaflet-src.js")


def test_notices_name_every_vendored_package() -> None:
    notices = (ROOT / "THIRD-PARTY-NOTICES.md").read_text("utf-8")
    for package, entry in vendor.packages().items():
        assert f"{package} {entry['version']}" in notices
        assert entry["licence"] in notices


def test_streamlit_sends_nothing_home_and_shows_no_trace() -> None:
    options = streamlit_options()
    assert options["browser.gatherUsageStats"] is False
    assert options["client.showErrorLinks"] is False
    assert options["client.showErrorDetails"] == "none"
    assert options["client.toolbarMode"] == "minimal"
    assert set(options) <= set(st.config._config_options_template)


def test_streamlit_run_reads_the_same_settings() -> None:
    assert (ROOT / ".streamlit/config.toml").resolve() == vendor.STATIC / "streamlit.toml"
    assert tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))["theme"]["base"] == "light"


def test_app_py_holds_the_app_that_streamlit_run_finds() -> None:
    from streamlit.web.server.app_discovery import discover_asgi_app  # noqa: PLC0415 - streamlit's own way of looking

    assert discover_asgi_app(ROOT / "app.py").import_string == "app:app"
    spec = importlib.util.spec_from_file_location("hatang_app", ROOT / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert isinstance(module.app, st.App)
    assert Path(MAIN_PAGE) == ROOT / "web/main.py"


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ParameterError, match=r"error\.serve\.port_taken") as caught:
            check_port("127.0.0.1", port)
    assert caught.value.fields["port"] == port


def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(ParameterError, match=r"error\.serve\.address"):
        check_port("192.0.2.1", free_port())


def started(command: list[str], home: Path, port: int, **more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "HATANG_HOME": str(home), "HATANG_OFFLINE": "1", "HATANG_PORT": str(port), **more}
    return subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_serve_says_which_port_is_taken_and_what_to_do(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        hatang = Path(sys.executable).with_name("hatang")
        run = started([str(hatang), "serve", "--port", str(port)], tmp_path, 1)
        output, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert f"Cổng {port}" in output
    assert "--port" in output
    assert "Traceback" not in output


@pytest.mark.slow
@pytest.mark.parametrize("way", ["hatang serve", "python app.py", "streamlit run"])
def test_each_way_of_starting_serves_and_ends_on_sigterm(way: str, tmp_path: Path) -> None:
    port = free_port()
    python = Path(sys.executable)
    commands = {
        "hatang serve": [str(python.with_name("hatang")), "serve", "--port", str(port)],
        "python app.py": [str(python), str(ROOT / "app.py")],
        "streamlit run": [str(python.with_name("streamlit")), "run", str(ROOT / "app.py"), "--server.port", str(port)],
    }
    run = started(commands[way], tmp_path, port)
    try:
        address = f"http://127.0.0.1:{port}"
        health = _answer(f"{address}/healthz", run)
        assert json.loads(health)["status"] == "ok"
        with urllib.request.urlopen(address, timeout=10) as page:
            assert page.headers["Content-Security-Policy"] == POLICY
        before = time.monotonic()
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=20)
        assert time.monotonic() - before < 20
    finally:
        if run.poll() is None:
            run.kill()
            run.communicate()


def _answer(address: str, run: subprocess.Popen[str]) -> bytes:
    for _ in range(120):
        if run.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own server
                return bytes(answer.read())
        except OSError:
            time.sleep(0.5)
    raise AssertionError(run.communicate(timeout=5)[0] if run.poll() is not None else "no answer")
