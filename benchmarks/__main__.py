"""`python -m benchmarks [KERNEL …] [--small]` times the engines; `python -m benchmarks gates [--small]` measures the statistical gates.

`python -m benchmarks readers [--small]` reads every real file that HATANG_REFERENCE_DIR holds and says what became of its rows.

`python -m benchmarks stream --rows 1e9` aggregates a stream of tests that are never on disk together, some minutes long; its lines are
published beside those that are there.

At full size, with every kernel, the table is also written to `docs/`; `--small` only prints it, for CI.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from benchmarks.aggregate import aggregate_lines, large_lines
from benchmarks.cluster import cluster_lines
from benchmarks.design import design_lines
from benchmarks.gates import gate_lines
from benchmarks.harness import Line, publish, publish_own_run, table
from benchmarks.integrate import integrate_lines
from benchmarks.locate import locate_lines
from benchmarks.near import near_lines
from benchmarks.overlap import overlap_lines
from benchmarks.readers import reference_readings
from benchmarks.storage import storage_lines
from benchmarks.stream import stream_lines
from hatang.data.settings import Settings

SMALL: Final[dict[str, Callable[[], list[Line]]]] = {
    "locate": lambda: locate_lines(count=20_000, equal=0, adversarial=5_000),
    "integrate": lambda: integrate_lines(runs=1, pixel=1 / 150, groups=2),
    "near": lambda: near_lines(poles=2_000, runs=1),
    "overlap": lambda: overlap_lines(plans=300, runs=1),
    "aggregate": lambda: [*aggregate_lines(rows=20_000, runs=1, devices=2_000), *large_lines(rows=20_000, devices=2_000)],
    "stream": lambda: stream_lines(rows=200_000, devices=50_000),
    "cluster": lambda: cluster_lines(rows=20_000, runs=1, devices=2_000),
    "storage": lambda: storage_lines(rows=20_000, runs=1, devices=2_000),
    "design": lambda: design_lines(side=15, runs=1),
}
"""Each kernel at its smallest size."""
FULL: Final[dict[str, Callable[[], list[Line]]]] = {
    "locate": lambda: locate_lines(count=2_000_000, equal=10_000_000, adversarial=400_000, runs=3),
    "integrate": lambda: integrate_lines(runs=3, country=True),
    "near": lambda: near_lines(poles=200_000, runs=3),
    "overlap": lambda: overlap_lines(plans=5_000, runs=3),
    "aggregate": lambda: [*aggregate_lines(rows=10_000_000, runs=3), *large_lines(rows=100_000_000)],
    "stream": lambda: stream_lines(rows=10_000_000),
    "cluster": lambda: cluster_lines(rows=20_000_000, runs=3),
    "storage": lambda: storage_lines(rows=10_000_000, runs=5),
    "design": lambda: design_lines(side=60, runs=3, reference=Settings().reference_dir),
}
"""Each kernel at the size that its goals are set for."""


def main(arguments: list[str]) -> int:
    """Run what was asked for; return 1 where a figure with a goal does not hold."""
    small = "--small" in arguments
    if "--rows" in arguments:
        return _own_run(int(float(arguments[arguments.index("--rows") + 1])))
    if "readers" in arguments:
        sys.stdout.write(reference_readings(small=small))
        return 0
    if "gates" in arguments:
        name, page, title, lines = "gates", "gates", "Statistical gates", gate_lines(seeds=range(1 if small else 8))
    else:
        name, page, title = "benchmarks", "performance", "Performance"
        sizes = SMALL if small else FULL
        chosen = [kernel for kernel in sizes if kernel in arguments] or list(sizes)
        lines = [line for kernel in chosen for line in sizes[kernel]()]
        small = small or len(chosen) < len(sizes)
    sys.stdout.write(table(title, lines))
    if not small:
        publish(name, title, lines, page=page)
    return int(any(line.holds is False for line in lines))


def _own_run(rows: int) -> int:
    """Stream so many tests and publish the lines beside those that are there."""
    lines = stream_lines(rows=rows)
    sys.stdout.write(table("Performance", lines))
    publish_own_run("benchmarks", "Performance", lines, page="performance", date=f"{datetime.now(UTC):%Y-%m-%d}")
    return int(any(line.holds is False for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
