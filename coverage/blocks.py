"""Blocks: what some tests contribute to a table of groups, small enough to keep and to send, and mergeable in any order.

A block holds, for each ward × keys, its values as sorted distinct values with their numbers of tests, and its devices as sorted distinct
words. Merging is associative and commutative to the last bit, since it only joins multisets; every figure is computed at the end.

A device that is a whole number is one word, one to one. A device that is a text is two independent 64-bit hashes, kept as two sets; the
count is the larger of the two, so that it is wrong only where, within one group, both hashes clash: with n devices in a group the
probability is below (n² / 2⁶⁵)², 5e-9 for fifty million.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from hatang.coverage._frame import Frame, Key, sortable
from hatang.coverage._merging import NO_COUNTS, Column, Run, all_groups, merge, total_tests
from hatang.coverage._segments import Counts
from hatang.coverage._summary import QUANTILES, summarise
from hatang.data.contracts import ParameterError, SchemaError

PIECE_ITEMS: Final = 4_000_000
"""Items of a column joined at a time where no bound on memory is set."""
_SHIFT: Final = np.uint64(32)
_RANK: Final = np.uint64((1 << 32) - 1)
_FORMAT: Final = b"hatang.block.1"
_NAMES: Final = ("median", "p10", "p95")


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a share of the work leaves, before it is sorted and folded into a block: runs whose groups name `keys` by their places."""

    frame: Frame
    keys: tuple[Key, ...]
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One mergeable block; make it with `hatang.coverage.aggregate.block_of`."""

    frame: Frame
    keys: tuple[Key, ...]
    run: Run

    @classmethod
    def of_runs(cls, runs: Sequence[Run], keys: Sequence[Key], frame: Frame) -> Self:
        """Return the block of runs whose groups name `keys` by their places."""
        order = sorted(range(len(keys)), key=lambda place: sortable(keys[place]))
        rank = np.empty(len(keys), np.uint64)
        rank[order] = np.arange(len(keys), dtype=np.uint64)
        moved = [_renumbered(_with_sets(run, frame.word_sets), rank) for run in runs if len(run.groups)]
        return cls(frame, tuple(keys[place] for place in order), _one(moved))

    @classmethod
    def merge(cls, blocks: Sequence[Self | Bundle]) -> Self:
        """Return the block of all tests of `blocks` (or of what is to become blocks), one or more, the same for any order of them.

        Raises
        ------
        ParameterError
            Where there is no block.
        SchemaError
            Where they group by different keys or wards.
        """
        return cls.of_runs(*_side_by_side(blocks))

    @property
    def runs(self) -> tuple[Run, ...]:
        """Return the block's only run, as a bundle has several."""
        return (self.run,)

    @property
    def tests(self) -> int:
        """Return the number of tests in the block."""
        return int(self.run.tests.sum())

    def table(self, *, thresholds: Sequence[float] = (-110.0,), threads: int = 1) -> pd.DataFrame:
        """Return the table of the block's groups, as `hatang.coverage.aggregate.aggregate` describes it."""
        return merged_table([self], thresholds=thresholds, threads=threads)

    def to_bytes(self) -> bytes:
        """Return the block as bytes: an Arrow stream of one row, read by any version with the same format."""
        arrays: dict[str, npt.NDArray[Any]] = {"groups": self.run.groups, "tests": self.run.tests}
        for which, column in enumerate(self.run.columns):
            arrays |= {f"items{which}": np.asarray(column.items), f"starts{which}": column.starts, f"upto{which}": np.asarray(column.upto)}
        columns = {
            name: pa.LargeListArray.from_arrays(pa.array([0, len(array)], pa.int64()), pa.array(array)) for name, array in arrays.items()
        }
        for place, (name, kind) in enumerate(zip(self.frame.by, self.frame.kinds, strict=False)):
            said = _key_array([key[place] for key in self.keys], kind)
            columns[f"key{place}:{name}"] = pa.LargeListArray.from_arrays(pa.array([0, len(said)], pa.int64()), said)
        about = {"by": self.frame.by, "kinds": self.frame.kinds, "wards": self.frame.wards, "keys": len(self.keys)}
        table = pa.table(columns).replace_schema_metadata({_FORMAT: json.dumps(about).encode()})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            writer.write_table(table)
        return bytes(sink.getvalue().to_pybytes())

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Return the block that `to_bytes` wrote.

        Raises
        ------
        SchemaError
            Where the bytes are not a block of this format.
        """
        try:
            table = pa.ipc.open_stream(content).read_all().combine_chunks()
            about = json.loads(table.schema.metadata[_FORMAT])
        except (pa.ArrowException, KeyError, TypeError, ValueError, OSError) as error:
            raise SchemaError("error.aggregate.block") from error
        flat = {name: table.column(name).chunk(0).flatten() for name in table.column_names}
        held = {name: array.to_numpy(zero_copy_only=False) for name, array in flat.items() if not name.startswith("key")}
        count = sum(name.startswith("items") for name in held)
        columns = tuple(Column(held[f"items{which}"], held[f"starts{which}"], held[f"upto{which}"]) for which in range(count))
        said = [array.to_pylist() for name, array in flat.items() if name.startswith("key")]
        keys = tuple(zip(*said, strict=True)) if said else ((),) * about["keys"]
        frame = Frame(tuple(about["by"]), tuple(about["kinds"]), tuple(about["wards"]))
        return cls(frame, keys, Run(held["groups"], held["tests"], columns, ordered=True))


def merged_table(blocks: Sequence[Block | Bundle], *, thresholds: Sequence[float], threads: int = 1) -> pd.DataFrame:
    """Return the table of `Block.merge(blocks)` without making that block; errors are those of `merge`."""
    return table_of(*_side_by_side(blocks), thresholds=thresholds, items=PIECE_ITEMS, threads=threads)


def _side_by_side(blocks: Sequence[Block | Bundle]) -> tuple[list[Run], list[Key], Frame]:
    """Return the runs of blocks, numbered by one list of keys, and the frame of all."""
    if not blocks:
        raise ParameterError("error.aggregate.no_blocks")
    frame = blocks[0].frame
    for block in blocks[1:]:
        frame = frame.joined(block.frame)
    keys: dict[Key, int] = {}
    runs = []
    for block in blocks:
        place = np.array([keys.setdefault(key, len(keys)) for key in block.keys], np.uint64)
        runs += [_renumbered(_with_sets(run, frame.word_sets), place) for run in block.runs if len(run.groups)]
    return runs, list(keys), frame


def table_of(
    runs: Sequence[Run], keys: Sequence[Key], frame: Frame, *, thresholds: Sequence[float], items: int, threads: int
) -> pd.DataFrame:
    """Return the table of runs whose groups name `keys` by their places."""
    runs = [run for run in runs if len(run.groups)]
    limits = np.array(thresholds, np.float64)
    summary = summarise(runs, thresholds=limits, items=items, threads=threads)
    rank = (summary.groups & _RANK).astype(np.int64)
    code = (summary.groups >> _SHIFT).astype(np.int64)
    place = np.empty(len(keys), np.int64)
    place[sorted(range(len(keys)), key=lambda at: sortable(keys[at]))] = np.arange(len(keys))
    order = np.lexsort((place[code], rank))
    columns: dict[str, Any] = {"ward_code": pd.Series([frame.wards[at] for at in rank[order]], dtype="str")}
    for at, (name, kind) in enumerate(zip(frame.by, frame.kinds, strict=False)):
        columns[name] = _key_series([keys[which][at] for which in code[order]], kind)
    columns |= {"tests": summary.tests[order], "devices": summary.devices[order]}
    columns |= {name: summary.quantiles[order, at] for at, name in enumerate(_NAMES[: len(QUANTILES)])}
    columns |= {f"share_ge_{limit:g}": summary.passed[order, at] / summary.tests[order] for at, limit in enumerate(thresholds)}
    return pd.DataFrame(columns)


def _one(runs: Sequence[Run]) -> Run:
    """Return the runs as one in memory, sorted and folded."""
    if not runs:
        return Run(NO_COUNTS, np.empty(0, np.int64), (), ordered=True)
    groups = all_groups(runs)
    sizes = np.zeros((len(runs[0].columns), len(groups) + 1), np.int64)
    most = [sum(int(run.columns[which].starts[-1]) for run in runs) for which in range(len(sizes))]
    kinds = [np.result_type(*(run.columns[which].dtype for run in runs)) for which in range(len(sizes))]
    items = [np.empty(count, kind) for count, kind in zip(most, kinds, strict=True)]
    upto: Counts = np.empty(most[0], np.uint64)
    filled = [0] * len(sizes)
    for piece, which, column in merge(runs, items=PIECE_ITEMS):
        first = int(np.searchsorted(groups, piece.groups[0]))
        place = slice(filled[which], filled[which] + int(column.starts[-1]))
        items[which][place] = column.items
        if which == 0:
            later = piece.giant and sizes[0, first + 1] > 0  # another chunk of one group: its counts go on where the last ones ended
            upto[place] = np.asarray(column.upto) + (upto[place.start - 1] if later else np.uint64(0))
        sizes[which, first + 1 : first + len(column.starts)] += np.diff(column.starts)
        filled[which] = place.stop
    kept = [_fitted(array, count) for array, count in zip(items, filled, strict=True)]
    starts = np.cumsum(sizes, axis=1)
    values = Column(kept[0], starts[0], _fitted(upto, filled[0]))
    return Run(groups, total_tests(runs, groups), (values, *map(Column, kept[1:], starts[1:])), ordered=True)


def _fitted(array: npt.NDArray[Any], count: int) -> npt.NDArray[Any]:
    """Return the first items; where most of the room stayed empty, as a copy that lets go of it."""
    return array[:count].copy() if 2 * count < len(array) else array[:count]


def _with_sets(run: Run, sets: int) -> Run:
    """Return a run with so many sets of device words: one without any device has a single empty set, whatever the others have."""
    return Run(run.groups, run.tests, run.columns + run.columns[-1:] * (sets + 1 - len(run.columns)), run.ordered)


def _renumbered(run: Run, place: Counts) -> Run:
    """Return a run whose keys have other codes, its groups in their new order."""
    groups = (place[(run.groups >> _SHIFT).astype(np.int64)] << _SHIFT) | (run.groups & _RANK)
    if len(groups) < 2 or bool(np.all(groups[1:] > groups[:-1])):
        return Run(groups, run.tests, run.columns, run.ordered)
    order = np.argsort(groups)
    return Run(groups[order], run.tests[order], tuple(_reordered(column, order) for column in run.columns), run.ordered)


def _reordered(column: Column, order: npt.NDArray[np.int64]) -> Column:
    sizes = np.diff(column.starts)[order]
    starts = np.concatenate([[0], np.cumsum(sizes)])
    source = np.repeat(column.starts[:-1][order] - starts[:-1], sizes) + np.arange(starts[-1])
    whole = column.part(0, len(column.starts) - 1)
    items, upto = np.asarray(whole.items), np.asarray(whole.upto)
    return Column(items[source - column.starts[0]], starts, upto[source - column.starts[0]] if len(upto) else NO_COUNTS)


def _key_array(values: list[Any], kind: str) -> pa.Array:
    kinds = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "bool": pa.bool_(), "null": pa.string()}
    return pa.array(values, kinds.get(kind))


def _key_series(values: list[Any], kind: str) -> "pd.Series[Any]":
    """Return key values as a column: text, whole numbers, numbers or truth values in their own type, everything else as Arrow gives it."""
    if kind in {"text", "null"}:
        return pd.Series(values, dtype="str")
    if kind == "whole":
        return pd.Series(values, dtype="Int64" if None in values else "int64")
    if kind == "number":
        return pd.Series(values, dtype="float64")
    if kind == "bool":
        return pd.Series(values, dtype="boolean" if None in values else "bool")
    return pd.Series(pa.array(values).to_pandas() if values else values, dtype=None if values else "object")
