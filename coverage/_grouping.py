"""From a batch of rows to a run: ward, keys and values decoded, rows put in order by group, devices turned into words.

A group is ward × keys: its number is the code of the keys, given batch by batch by the process's `Keys`, in the upper 32 bits and
the rank of the ward's code in the lower.
"""

from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hatang.coverage._batches import Columns, Source
from hatang.coverage._frame import Frame, Key, sortable
from hatang.coverage._merging import Column, Run
from hatang.coverage._segments import Counts, Int32s, Int64s, first_codes, hashed, in_order, mixed, tally
from hatang.coverage.locate import WardIndex
from hatang.data.contracts import ENGINE_DEGREE, ENGINE_WARD, SchemaError

_SEEDS: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03))
"""Two odd constants: the golden ratio, and that of the plastic number's square root used by MRG-type generators; any two do."""
_WHOLE: Final = 2.0**53
_FEW: Final = 4096


class Keys:
    """Tuples of key values seen by this process, each with a code; threads share one."""

    def __init__(self) -> None:
        self._codes: dict[Key, int] = {}
        self._lock = Lock()

    def codes(self, keys: list[Key]) -> Int64s:
        """Return the code of each key; new ones are sorted, so that processes that see the same keys first order their groups alike."""
        with self._lock:
            for key in sorted((key for key in keys if key not in self._codes), key=sortable):
                self._codes.setdefault(key, len(self._codes))
            return np.array([self._codes[key] for key in keys], np.int64)

    def seen(self) -> list[Key]:
        """Return every key by its code."""
        return list(self._codes)


@dataclass(frozen=True, slots=True)
class Job:
    """What to aggregate: columns, wards, the frame of the result, and the rank of each ward's code among the codes."""

    columns: Columns
    index: WardIndex
    frame: Frame
    ranks: Int32s


class Grouper:
    """Turns batches of one thread into runs."""

    def __init__(self, job: Job, keys: Keys) -> None:
        self._columns, self._index, self._ranks, self._keys = job.columns, job.index, job.ranks, keys
        self._width = len(job.frame.wards)
        self._word_sets = job.frame.word_sets
        self._dictionary: tuple[pa.Array, tuple[Counts, ...]] | None = None

    def run(self, batch: pa.RecordBatch, source: Source) -> Run | None:
        """Return the batch's rows by group; None where every row is left out."""
        ward = self._wards(batch, source)
        value = _numbers(batch.column(self._columns.value))
        held = np.isfinite(value)
        key, codes = self._key_codes(batch)
        cells, numbers, sizes = _cells(ward, key, held, self._ranks, self._width, len(codes))
        filled = np.flatnonzero(sizes)
        if len(filled) == 0:
            return None
        cursor = np.cumsum(sizes) - sizes
        starts = np.append(cursor[filled], sizes.sum())
        order = np.empty(starts[-1], np.int32)
        in_order(cells, cursor, order)
        where = numbers[filled]
        groups = (codes[where // self._width].astype(np.uint64) << np.uint64(32)) | (where % self._width).astype(np.uint64)
        values = Column(_compact(value[order]), starts)
        device, words = self._devices(batch.column(self._columns.device), source)
        found = np.empty(len(order), np.int32)
        found_starts = np.empty_like(starts)
        kept = first_codes(device[order], starts, np.full(len(words[0]), -1, np.int32), found, found_starts)
        return Run(groups, np.diff(starts), (values, *(Column(word[found[:kept]], found_starts) for word in words)))

    def _wards(self, batch: pa.RecordBatch, source: Source) -> Int32s:
        if source.position is None:
            return _whole(batch.column(ENGINE_WARD), np.int32)
        x, y = (_numbers(batch.column(name)).astype(np.float64, copy=False) for name in source.position)
        if source.layout is not None:
            x, y = x / ENGINE_DEGREE, y / ENGINE_DEGREE
        return self._index.locate(x, y)

    def _key_codes(self, batch: pa.RecordBatch) -> tuple[Int32s, Int64s]:
        """Return for each row the place of its key among those in the batch, and their codes, ascending."""
        if not self._columns.by:
            return np.zeros(batch.num_rows, np.int32), self._keys.codes([()])
        combined = np.zeros(batch.num_rows, np.int64)
        values: list[list[Any]] = []
        for name in self._columns.by:
            column = _coded(batch.column(name))
            said = [None if entry != entry else entry for entry in column.dictionary.to_pylist()]
            if values and len(combined) and int(combined.max()) * (len(said) + 1) > 1 << 40:
                raise SchemaError("error.aggregate.keys", columns=", ".join(self._columns.by))
            values.append([None, *said])
            combined *= len(said) + 1
            combined += _whole(column.indices, np.int64) + 1
        total = int(np.prod([len(entry) for entry in values], dtype=np.float64))
        if total <= max(4096, 4 * batch.num_rows):
            present = np.flatnonzero(np.bincount(combined, minlength=total))
        else:
            present, combined = np.unique(combined, return_inverse=True)
            total = 0
        places = np.unravel_index(present, tuple(len(entry) for entry in values))
        keys = [tuple(entry[int(place)] for entry, place in zip(values, row, strict=True)) for row in np.column_stack(places).tolist()]
        codes = self._keys.codes(keys)
        ordered, place_of = np.unique(codes, return_inverse=True)
        if total == 0:
            return place_of[combined].astype(np.int32), ordered
        look_up = np.zeros(total, np.int32)
        look_up[present] = place_of
        return look_up[combined], ordered

    def _devices(self, column: pa.Array, source: Source) -> tuple[Int32s, tuple[Counts, ...]]:
        """Return a code of each row's device, -1 for none, and for each code one word (whole numbers) or two (texts)."""
        kind = source.kinds[-1]
        if kind == "null":
            return np.full(len(column), -1, np.int32), (np.empty(0, np.uint64),) * self._word_sets
        if pa.types.is_dictionary(column.type) and len(column.dictionary) > 2 * len(column) + _FEW:
            column = column.dictionary_decode()
        if pa.types.is_dictionary(column.type):
            codes, words = _whole(column.indices, np.int32), self._words_of(column.dictionary, source)
            if column.dictionary.null_count:
                codes = np.where(codes >= 0, np.where(_valid(column.dictionary), np.arange(len(column.dictionary)), -1)[codes], -1)
            return codes.astype(np.int32, copy=False), words
        codes = np.arange(len(column), dtype=np.int32)
        if column.null_count:
            codes[~_valid(column)] = -1
        if pa.types.is_floating(column.type):
            numbers = _numbers(column).astype(np.float64, copy=False)
            codes[np.isnan(numbers)] = -1
        return codes, self._words(column, source)

    def _words_of(self, dictionary: pa.Array, source: Source) -> tuple[Counts, ...]:
        """Return the words of a dictionary; consecutive batches of a row group share theirs."""
        if self._dictionary is None or not _same(self._dictionary[0], dictionary):
            self._dictionary = (dictionary, self._words(dictionary, source))
        return self._dictionary[1]

    def _words(self, column: pa.Array, source: Source) -> tuple[Counts, ...]:
        if source.kinds[-1] == "text":
            text = column if pa.types.is_large_string(column.type) else column.cast(pa.large_string())
            _, offsets, content = text.buffers()
            starts = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1] if len(text) else np.zeros(1, np.int64)
            letters = np.frombuffer(content or b"", np.uint8)
            return tuple(hashed(letters, starts, seed) for seed in _SEEDS)
        if pa.types.is_floating(column.type):
            numbers = _numbers(column).astype(np.float64, copy=False)
            known = numbers[~np.isnan(numbers)]
            if not bool(np.all((np.abs(known) <= _WHOLE) & (known == np.floor(known)))):
                raise SchemaError("error.aggregate.device", file=str(source.path), column=self._columns.device, type=str(column.type))
            whole = np.nan_to_num(numbers).astype(np.int64)
        else:
            whole = _whole(column, np.uint64 if pa.types.is_uint64(column.type) else np.int64).view(np.int64)
        return (mixed(whole.view(np.uint64)),)


def _cells(ward: Int32s, key: Int32s, held: npt.NDArray[np.bool_], ranks: Int32s, width: int, keys: int) -> tuple[Int32s, Int64s, Int64s]:
    """Return each row's cell (-1: left out), the number `key * width + rank` of each cell, and its rows.

    With many keys and wards most numbers have no row in a batch; then only those that have one become cells.
    """
    cells = np.empty(len(ward), np.int32)
    if keys * width <= 4 * len(ward) + 65_536:
        sizes = np.zeros(keys * width, np.int64)
        tally(ward, key, held, ranks, width, cells, sizes)
        return cells, np.arange(keys * width), sizes
    kept = np.flatnonzero((ward >= 0) & held)
    numbers, cell, sizes = np.unique(key[kept].astype(np.int64) * width + ranks[ward[kept]], return_inverse=True, return_counts=True)
    cells.fill(-1)
    cells[kept] = cell
    return cells, numbers, sizes


def _compact(value: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the values as float32 where each is one exactly; -0.0 becomes 0.0, since the two are equal."""
    value += 0.0
    if value.dtype == np.float32:
        return value
    with np.errstate(over="ignore"):
        narrow = value.astype(np.float32)
    return narrow if bool(np.array_equal(narrow, value)) else value


def _numbers(column: pa.Array) -> npt.NDArray[Any]:
    """Return a numeric column as float32 or float64, NaN where there is none."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not pa.types.is_float32(column.type) and not pa.types.is_float64(column.type):
        column = column.cast(pa.float64(), safe=False)
    found: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return found


def _whole(column: pa.Array, kind: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a column of whole numbers, -1 where there is none."""
    if column.null_count:
        column = pc.fill_null(column.cast(pa.int64(), safe=False), -1)
    found: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return found.astype(kind, copy=False)


def _coded(column: pa.Array) -> pa.DictionaryArray:
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    return _without_ballast(column) if pa.types.is_dictionary(column.type) else column.dictionary_encode()


def _without_ballast(column: pa.DictionaryArray) -> pa.DictionaryArray:
    """Return a coded column with the values of its own rows: some files carry those of all their rows with every batch."""
    return column if len(column.dictionary) <= len(column) + _FEW else column.dictionary_decode().dictionary_encode()


def _valid(column: pa.Array) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = column.is_valid().to_numpy(zero_copy_only=False)
    return found


def _same(one: pa.Array, other: pa.Array) -> bool:
    """Return whether two arrays are the same memory."""
    return (
        len(one) == len(other)
        and one.offset == other.offset
        and [_address(b) for b in one.buffers()] == [_address(b) for b in other.buffers()]
    )


def _address(buffer: pa.Buffer | None) -> int:
    return 0 if buffer is None else buffer.address
