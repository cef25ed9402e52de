"""How a figure is measured and written down.

Each contender runs in a process of its own, forked for the run, so that CPU seconds and peak memory are the kernel's account of that run
alone: seconds include those of processes it started and waited for, memory is the peak beyond what the process held when the run began.
Contenders take turns (A B A B …), medians are quoted, and a peer whose answer differs is listed with the count of differences.
"""

import importlib.metadata
import json
import math
import multiprocessing
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
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
    "highspy",
    "networkx",
    "rustworkx",
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
    wall_s: float | None = None
    peak_mb: float | None = None
    own_run: str | None = None
    """Date of a run by itself that took the figure, for those too long to be taken with all others."""


@dataclass(frozen=True)
class Timing:
    """Medians over the runs of one contender, and its answer in the first run."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    answer: np.ndarray

    def line(self, name: str, reference: str, *, goal: float | None = None, ratio: float | None = None, holds: bool | None = None) -> Line:
        """Return the line of this contender: its CPU seconds, held against something."""
        return Line(name, self.cpu_s, "CPU s", goal, reference, ratio, holds, self.wall_s, self.peak_mb)


class Peak:
    """Peak of this process's resident memory since the object was made, beyond what was held then (Linux; elsewhere not a number).

    A forked process begins with the peak of its parent in `getrusage`, so that the kernel's own mark is set back instead.
    """

    def __init__(self) -> None:
        try:
            Path("/proc/self/clear_refs").write_text("5", "ascii")
        except OSError:
            self._before = float("nan")
        else:
            self._before = _resident_mb("VmRSS")

    def megabytes(self) -> float:
        """Return the peak until now, in MB of a million bytes."""
        return _resident_mb("VmHWM") - self._before


def _child(run: Callable[[], np.ndarray], channel: object) -> None:
    peak = Peak()
    begun, start = cpu_s(), time.perf_counter()
    answer = run()
    wall, cpu = time.perf_counter() - start, cpu_s() - begun
    channel.send((cpu, wall, peak.megabytes(), answer))  # type: ignore[attr-defined]


def cpu_s() -> float:
    """Return the CPU seconds of this process and of those it started and waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


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
            try:
                measured[name].append(ours.recv())
            except EOFError as error:
                raise RuntimeError(name) from error  # what went wrong stands above it, from the child itself
            finally:
                process.join()
    return {
        name: Timing(*(statistics.median(values) for values in list(zip(*rows, strict=True))[:3]), rows[0][3])
        for name, rows in measured.items()
    }


def table(title: str, lines: Sequence[Line]) -> str:
    """Return the lines as one Markdown table; wall seconds and memory have a column where a line has them."""
    columns = ["figure", "value", "unit", "wall s", "peak MB", "goal", "held against", "ratio", "holds"]
    rows = [
        [
            line.name if line.own_run is None else f"{line.name} (run by itself, {line.own_run})",
            "–" if math.isnan(line.figure) else f"{line.figure:.4g}",
            line.unit,
            "" if line.wall_s is None else f"{line.wall_s:.3g}",
            "" if line.peak_mb is None or math.isnan(line.peak_mb) else f"{line.peak_mb:.0f}",
            "" if line.goal is None else f"{line.goal:g}",
            line.reference,
            "" if line.ratio is None else f"{line.ratio:.2f}",
            "" if line.holds is None else "yes" if line.holds else "NO",
        ]
        for line in lines
    ]
    shown = [at for at, name in enumerate(columns) if name not in {"wall s", "peak MB"} or any(row[at] for row in rows)]
    made = ["| " + " | ".join(row[at] for at in shown) + " |\n" for row in [columns, ["---"] * len(columns), *rows]]
    return f"# {title}\n\n{''.join(made)}"


def machine() -> str:
    """Return what the figures were measured on: processor, cores, memory and the versions that matter."""
    model = next((line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    total = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _MATTER if _installed(name))
    return f"{model}, {os.cpu_count()} cores, {total / 2**20:.0f} GiB; Python {platform.python_version()}, {versions}"


def publish(name: str, title: str, lines: Sequence[Line], *, page: str | None = None) -> None:
    """Write `docs/<page>.md` with the table and a plot of the ratios, and `docs/<name>.json`; lines of runs by themselves are kept."""
    page, names = page or name, {line.name for line in lines}
    lines = [*lines, *(line for line in published(name) if line.own_run is not None and line.name not in names)]
    content = f"{table(title, lines)}\nMeasured on {machine()}.\n"
    if any(line.ratio is not None for line in lines):
        _plot(lines, DOCS / "img" / f"{page}.png")
        content += f"\n![Ratios of peers to hatang, with their goals](img/{page}.png)\n"
    notes = DOCS / f"{page}-notes.md"
    if notes.is_file():
        content += f"\n{notes.read_text('utf-8')}"
    (DOCS / f"{page}.md").write_text(content, "utf-8")
    written = [{key: _plain(value) for key, value in asdict(line).items()} for line in lines]
    (DOCS / f"{name}.json").write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _plain(value: object) -> object:
    """Return a value as JSON has it: NaN as null, numpy's truths and numbers as Python's."""
    value = value.item() if isinstance(value, np.generic) else value
    return None if value != value else value


def publish_own_run(name: str, title: str, lines: Sequence[Line], *, page: str, date: str) -> None:
    """Put lines of a run by itself beside what is published, in place of those of the same name."""
    names = {line.name for line in lines}
    others = [line for line in published(name) if line.name not in names]
    publish(name, title, [*others, *(replace(line, own_run=date) for line in lines)], page=page)


def published(name: str) -> list[Line]:
    """Return the lines of `docs/<name>.json`."""
    path = DOCS / f"{name}.json"
    rows = json.loads(path.read_text("utf-8")) if path.is_file() else []
    return [Line(**{**row, "figure": float("nan") if row["figure"] is None else row["figure"]}) for row in rows]


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


def _resident_mb(name: str) -> float:
    return next((int(line.split()[1]) * 1024 / 1e6 for line in _lines("/proc/self/status") if line.startswith(name)), float("nan"))


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
