"""How a figure is measured and written down.

Each contender runs in a process of its own, forked for the run, so that CPU seconds and peak memory are the kernel's account of that run
alone. Contenders take turns (A B A B …), medians are quoted, and a peer whose answer differs is listed with the count of differences.
"""

import importlib.metadata
import json
import multiprocessing
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

DOCS = Path(__file__).resolve().parent.parent / "docs"

_MATTER = (
    "numpy",
    "numba",
    "shapely",
    "geopandas",
    "pyarrow",
    "rasterio",
    "sedonadb",
    "duckdb",
    "exactextract",
    "rasterstats",
    "dask",
    "pyspark",
)


@dataclass(frozen=True)
class Line:
    """One line of a table: a figure, what it is held against, and whether it holds (None: no goal set)."""

    name: str
    figure: float
    unit: str
    goal: float | None
    reference: str
    ratio: float | None
    holds: bool | None


@dataclass(frozen=True)
class Timing:
    """Medians over the runs of one contender, and its answer in the first run."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    answer: np.ndarray


def _child(run: Callable[[], np.ndarray], channel: object) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    answer = run()
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    channel.send((cpu, wall, (after.ru_maxrss - before.ru_maxrss) / 1024, answer))  # type: ignore[attr-defined]


def race(contenders: dict[str, Callable[[], np.ndarray]], *, runs: int) -> dict[str, Timing]:
    """Return the median timing of each contender; `contenders` maps its name to a call that returns its answer as an array."""
    fork = multiprocessing.get_context("fork")
    measured: dict[str, list[tuple[float, float, float, np.ndarray]]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, run in contenders.items():
            ours, theirs = fork.Pipe()
            process = fork.Process(target=_child, args=(run, theirs))
            process.start()
            theirs.close()
            measured[name].append(ours.recv())
            process.join()
    return {
        name: Timing(*(statistics.median(values) for values in list(zip(*rows, strict=True))[:3]), rows[0][3])
        for name, rows in measured.items()
    }


def table(title: str, lines: Sequence[Line]) -> str:
    """Return the lines as one Markdown table."""
    head = "| figure | value | unit | goal | held against | ratio | holds |\n|---|---|---|---|---|---|---|\n"
    rows = "".join(
        f"| {line.name} | {line.figure:.4g} | {line.unit} | {'' if line.goal is None else f'{line.goal:g}'} | {line.reference} "
        f"| {'' if line.ratio is None else f'{line.ratio:.2f}'} | {'' if line.holds is None else 'yes' if line.holds else 'NO'} |\n"
        for line in lines
    )
    return f"# {title}\n\n{head}{rows}"


def machine() -> str:
    """Return what the figures were measured on: processor, cores, memory and the versions that matter."""
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    total = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _MATTER if _installed(name))
    return f"{model}, {os.cpu_count()} cores, {total / 2**20:.0f} GiB; Python {platform.python_version()}, {versions}"


def publish(name: str, title: str, lines: Sequence[Line], *, page: str | None = None) -> None:
    """Write `docs/<page>.md` with the table and a plot of the ratios, and `docs/<name>.json`."""
    page = page or name
    content = f"{table(title, lines)}\nMeasured on {machine()}.\n"
    if any(line.ratio is not None for line in lines):
        _plot(lines, DOCS / "img" / f"{page}.png")
        content += f"\n![Ratios of peers to hatang, with their goals](img/{page}.png)\n"
    (DOCS / f"{page}.md").write_text(content, "utf-8")
    (DOCS / f"{name}.json").write_text(json.dumps([asdict(line) for line in lines], indent=1, ensure_ascii=False) + "\n", "utf-8")


def _plot(lines: Sequence[Line], path: Path) -> None:
    """Draw how many times our figure each peer's is, goals as strokes."""
    rated = [line for line in lines if line.ratio is not None][::-1]
    figure = Figure(figsize=(9, 1 + 0.26 * len(rated)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(rated))
    axes.barh(places, [line.ratio or 0 for line in rated], color=["#0072B2" if line.holds is not False else "#D55E00" for line in rated])
    for place, line in zip(places, rated, strict=True):
        if line.goal is not None:
            axes.plot([line.goal] * 2, [place - 0.45, place + 0.45], color="black", linewidth=2)
    axes.set(xscale="log", xlabel="times the figure of hatang (black: goal; orange: goal missed)", yticks=places)
    axes.set_yticklabels([line.name for line in rated], fontsize=7)
    axes.axvline(1, color="grey", linewidth=0.8)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8").splitlines()
    except OSError:
        return []


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
