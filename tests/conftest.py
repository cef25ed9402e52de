"""Fixtures that every test may use."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import dask
import pytest
from distributed import LocalCluster
from postgres import Server, running
from securedrows import fill_all

from hatang.data.settings import Settings
from hatang.data.synthetic_city import CityPlan
from hatang.data.wards import load_boundaries
from hatang.pipeline.demo import DemoOutcome, run_demo
from hatang.pipeline.progress import Quiet


@pytest.fixture(scope="session")
def reference() -> Path:
    """Return the folder of reference data; skip where HATANG_REFERENCE_DIR is not set."""
    folder = os.environ.get("HATANG_REFERENCE_DIR")
    if not folder:
        pytest.skip("HATANG_REFERENCE_DIR is not set")
    return Path(folder)


@pytest.fixture(scope="session")
def approximate_map(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home whose approximate ward map is computed, once for all tests."""
    home = tmp_path_factory.mktemp("map")
    load_boundaries(Settings(home=home, offline=True, boundaries=None))
    return home / "boundaries"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Return a PostgreSQL server, started once for all tests."""
    with running() as started:
        yield started


@pytest.fixture(scope="session")
def secured(server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a catalogue on PostgreSQL with rows of two organisations in every table; nobody changes it for good."""
    name = server.copy()
    fill_all(server, name, tmp_path_factory.mktemp("secured"))
    return name


@pytest.fixture
def copied(server: Server, secured: str) -> Iterator[str]:
    """Return a catalogue of the test's own with the same rows."""
    name = server.copy(secured)
    yield name
    server.drop(name)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `databases` on each of them; a mark on a test wins over the mark of its module."""
    mark = metafunc.definition.get_closest_marker("databases")
    if mark is not None and "catalogue" in metafunc.fixturenames:
        metafunc.parametrize("catalogue", mark.args, indirect=True)


@pytest.fixture
def catalogue(request: pytest.FixtureRequest) -> str:
    """Return the kind of database that the catalogue stands in: SQLite unless a test is marked `databases`."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def new_catalogue(request: pytest.FixtureRequest, catalogue: str) -> Iterator[Callable[[], str | None]]:
    """Return what makes a fresh catalogue and answers its URL; None: SQLite in the home."""
    if catalogue == "sqlite":
        yield lambda: None
        return
    server: Server = request.getfixturevalue("server")
    made: list[str] = []

    def make() -> str:
        made.append(server.copy())
        return server.url(made[-1])

    yield make
    for database in made:
        server.drop(database)


@pytest.fixture
def settings(tmp_path: Path, approximate_map: Path, new_catalogue: Callable[[], str | None]) -> Settings:
    """Return settings with a fresh home, but for the approximate ward map, and a fresh catalogue, that never try a download."""
    shutil.copytree(approximate_map, tmp_path / "home/boundaries")
    return Settings(home=tmp_path / "home", offline=True, reference_dir=None, boundaries=None, database_url=new_catalogue())


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands find the store of `settings`."""
    monkeypatch.setenv("HATANG_HOME", str(settings.home))
    if settings.database_url is not None:
        monkeypatch.setenv("HATANG_DATABASE_URL", settings.database_url)


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory, approximate_map: Path) -> DemoOutcome:
    """Return the demo on a small synthetic city, made once for all tests."""
    home = tmp_path_factory.mktemp("demo")
    shutil.copytree(approximate_map, home / "demo/boundaries")
    plan = CityPlan(buildings=3_000, sites=400, devices=300, readings=12, streets_a_ward=2, works=10)
    return run_demo(Settings(home=home, offline=True, boundaries=None), home / "out", plan=plan, progress=Quiet())


@pytest.fixture(scope="session")
def workers() -> Iterator[LocalCluster]:
    """Return a cluster of two worker processes with one thread each; a worker that dies is started anew."""
    patient = {"distributed.comm.timeouts.connect": "120s", "distributed.comm.timeouts.tcp": "120s"}
    with (
        dask.config.set(patient),  # a machine busy with other work starts processes late
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as running,
    ):
        yield running
