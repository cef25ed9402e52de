"""How a figure is measured and written down.

Each contender runs in a process of its own, forked for the run, so that CPU seconds and peak memory are the kernel's account of that run
alone. Contenders take turns (A B A B …), medians are quoted, and a peer whose answer differs is listed with the count of differences.
"""

import json
import multiprocessing
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

DOCS = Path(__file__).resolve().parent.parent / "docs"


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


def publish(name: str, title: str, lines: Sequence[Line]) -> None:
    """Write `docs/<name>.md` and `docs/<name>.json`."""
    (DOCS / f"{name}.md").write_text(table(title, lines), "utf-8")
    (DOCS / f"{name}.json").write_text(json.dumps([asdict(line) for line in lines], indent=1) + "\n", "utf-8")
