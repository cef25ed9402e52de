"""The aggregate on a cluster of two workers beside the same on two threads: CPU seconds of every process, and the same table.

Processes are started, and loops compiled, before the clock: a cluster stands for longer than one table.
"""

import statistics
import tempfile
from pathlib import Path
from time import perf_counter, process_time

from distributed import Client, LocalCluster

from benchmarks.aggregate import TIMED_ROWS
from benchmarks.drawn import write_drawn
from benchmarks.harness import Line
from benchmarks.maps import city
from hatang.coverage.aggregate import aggregate
from hatang.coverage.locate import WardIndex

_GOAL = 1.5


def cluster_lines(*, rows: int, runs: int, devices: int = 5_000_000) -> list[Line]:
    """Return CPU seconds of two workers, the scheduler and the client together against those of one process on two threads."""
    name, wards = city()
    index = WardIndex.build(wards)
    with tempfile.TemporaryDirectory() as folder, LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        path, few = Path(folder, "tests.parquet"), Path(folder, "few.parquet")
        for file, count in ((path, rows), (few, 1_000)):
            write_drawn(file, wards, rows=count, devices=devices)
        spread, alone = aggregate(path, index, scheduler=cluster), aggregate(path, index)
        same = alone.equals(spread)
        shared: list[tuple[float, float]] = []
        own: list[tuple[float, float]] = []
        with Client(cluster, set_as_default=False) as client:
            client.run(aggregate, few, index)  # whichever worker comes to make the table has every loop loaded
            for _ in range(runs):
                used, start = _used_s(client), perf_counter()
                same &= alone.equals(aggregate(path, index, scheduler=client))
                wall = perf_counter() - start
                shared.append((_used_s(client) - used, wall))
                used, start = process_time(), perf_counter()
                aggregate(path, index)
                own.append((process_time() - used, perf_counter() - start))
    cpu, wall = (statistics.median(run[which] for run in shared) for which in (0, 1))
    kernel, kernel_wall = (statistics.median(run[which] for run in own) for which in (0, 1))
    answer = "the same table to the last bit" if same else "ANOTHER table"
    said = f"two threads of one process: {kernel:.3g} CPU s, {kernel_wall:.3g} s; {answer}"
    held = same and (rows < TIMED_ROWS or cpu <= _GOAL * kernel)
    return [Line(f"aggregate on a cluster of two workers, {rows:,} tests, {name}", cpu, "CPU s", _GOAL, said, cpu / kernel, held, wall)]


def _used_s(client: Client) -> float:
    """Return the CPU seconds of this process, which holds the scheduler too, and of the workers."""
    return process_time() + sum(client.run(process_time).values())
