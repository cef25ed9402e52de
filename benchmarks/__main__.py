"""`python -m benchmarks [--small]` times the engines; `python -m benchmarks gates [--small]` measures the statistical gates.

At full size the table is also written to `docs/`; `--small` only prints it, for CI.
"""

import sys

from benchmarks.gates import gate_lines
from benchmarks.harness import publish, table
from benchmarks.locate import locate_lines
from hatang.data.settings import Settings


def main(arguments: list[str]) -> int:
    """Run what was asked for; return 1 where a figure with a goal does not hold."""
    small = "--small" in arguments
    if "gates" in arguments:
        name, title, lines = "gates", "Statistical gates", gate_lines(seeds=range(1 if small else 8))
    else:
        lines = locate_lines(count=20_000) if small else locate_lines(count=2_000_000, runs=3, reference=Settings().reference_dir)
        name, title = "benchmarks", "Benchmarks"
    sys.stdout.write(table(title, lines))
    if not small:
        publish(name, title, lines)
    return int(any(line.holds is False for line in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
