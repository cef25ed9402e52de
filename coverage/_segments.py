"""Rows put into order by group, and segments of equal group sorted, thinned and joined: the loops under `hatang.coverage.blocks`.

A column of segments is `items` with `starts` (int64, one longer than the number of segments): segment i lies from `starts[i]` up to but
without `starts[i + 1]`. A sorted column may carry `upto` (uint64): how many rows its segment holds up to and including each item, where
equal rows were folded into one.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hatang.coverage.compiled import compiled

Int32s: TypeAlias = npt.NDArray[np.int32]
Int64s: TypeAlias = npt.NDArray[np.int64]
Counts: TypeAlias = npt.NDArray[np.uint64]
Items: TypeAlias = npt.NDArray[Any]

_SMALL = 40
"""Segments up to this length are sorted by insertion in one compiled pass; longer ones each by numpy, whose vector sort then wins."""


@compiled
def tally(ward: Int32s, key: Int32s, held: npt.NDArray[np.bool_], rank: Int32s, width: int, cells: Int32s, sizes: Int64s) -> None:
    """Write the cell `key * width + rank[ward]` of every row into `cells`, -1 where it is left out; count the rows of each in `sizes`."""
    for row in range(ward.shape[0]):
        where = ward[row]
        if where < 0 or not held[row]:
            cells[row] = -1
            continue
        cell = key[row] * width + rank[where]
        cells[row] = cell
        sizes[cell] += 1


@compiled
def in_order(cells: Int32s, cursor: Int64s, order: Int32s) -> None:
    """Write the rows into `order`, cell by cell; `cursor` holds where each cell begins and is used up."""
    for row in range(cells.shape[0]):
        cell = cells[row]
        if cell >= 0:
            order[cursor[cell]] = row
            cursor[cell] += 1


@compiled
def first_codes(codes: Int32s, starts: Int64s, seen: Int32s, found: Int32s, found_starts: Int64s) -> int:
    """Keep the first of equal codes in each segment, none below 0; `seen` (one entry a code) must hold -1. Return how many were kept."""
    kept = 0
    for segment in range(starts.shape[0] - 1):
        found_starts[segment] = kept
        for place in range(starts[segment], starts[segment + 1]):
            code = codes[place]
            if code >= 0 and seen[code] != segment:
                seen[code] = segment
                found[kept] = code
                kept += 1
    found_starts[starts.shape[0] - 1] = kept
    return kept


@compiled
def gather(items: Items, starts: Int64s, target: Int64s, cursor: Int64s, joined: Items) -> None:
    """Copy segment i of `items` to `joined` where `cursor[target[i]]` points, and move that on."""
    for segment in range(target.shape[0]):
        place = cursor[target[segment]]
        for source in range(starts[segment], starts[segment + 1]):
            joined[place] = items[source]
            place += 1
        cursor[target[segment]] = place


@compiled
def gather_counts(upto: Counts, starts: Int64s, target: Int64s, cursor: Int64s, joined: Counts) -> None:
    """Write how many rows each item stands for, in the places that `gather` gives them; an empty `upto` means one each."""
    for segment in range(target.shape[0]):
        place = cursor[target[segment]]
        before = np.uint64(0)
        for source in range(starts[segment], starts[segment + 1]):
            if upto.shape[0] == 0:
                joined[place] = np.uint64(1)
            else:
                joined[place] = upto[source] - before
                before = upto[source]
            place += 1
        cursor[target[segment]] = place


@compiled
def _sort_small(items: Items, starts: Int64s, longest: int) -> None:
    for segment in range(starts.shape[0] - 1):
        begin, end = starts[segment], starts[segment + 1]
        if end - begin > longest:
            continue
        for place in range(begin + 1, end):
            item = items[place]
            hole = place
            while hole > begin and items[hole - 1] > item:
                items[hole] = items[hole - 1]
                hole -= 1
            items[hole] = item


def sort_segments(items: Items, starts: Int64s) -> None:
    """Sort every segment where it stands."""
    _sort_small(items, starts, _SMALL)
    for segment in np.flatnonzero(np.diff(starts) > _SMALL):
        items[starts[segment] : starts[segment + 1]].sort()


def sort_counted(items: Items, counts: Counts, starts: Int64s) -> None:
    """Sort every segment where it stands, its counts along with it."""
    for segment in np.flatnonzero(np.diff(starts) > 1):
        part = slice(starts[segment], starts[segment + 1])
        order = np.argsort(items[part])
        items[part], counts[part] = items[part][order], counts[part][order]


@compiled
def distinct(items: Items, starts: Int64s, found_starts: Int64s) -> int:
    """Fold equal neighbours of each sorted segment into one, in place; return how many items stay at the front of `items`."""
    kept = 0
    for segment in range(starts.shape[0] - 1):
        found_starts[segment] = kept
        for place in range(starts[segment], starts[segment + 1]):
            if place == starts[segment] or items[place] != items[kept - 1]:
                items[kept] = items[place]
                kept += 1
    found_starts[starts.shape[0] - 1] = kept
    return kept


@compiled
def folded(items: Items, counts: Counts, starts: Int64s, found_starts: Int64s) -> int:
    """Fold equal neighbours of each sorted segment into one, in place, and turn `counts` into `upto`; return how many items stay."""
    kept = 0
    for segment in range(starts.shape[0] - 1):
        found_starts[segment] = kept
        total = np.uint64(0)
        for place in range(starts[segment], starts[segment + 1]):
            total += counts[place]
            if place == starts[segment] or items[place] != items[kept - 1]:
                items[kept] = items[place]
                kept += 1
            counts[kept - 1] = total
    found_starts[starts.shape[0] - 1] = kept
    return kept


@compiled
def order_statistics(items: npt.NDArray[np.float64], upto: Counts, starts: Int64s, ranks: Int64s, found: npt.NDArray[np.float64]) -> None:
    """Write the items of `ranks` (segments × k, from 0) of each sorted segment into `found`; an empty `upto` means one row an item."""
    for segment in range(starts.shape[0] - 1):
        begin, end = starts[segment], starts[segment + 1]
        for which in range(ranks.shape[1]):
            rank = ranks[segment, which]
            if upto.shape[0] == 0:
                found[segment, which] = items[begin + rank]
                continue
            low, high = begin, end - 1
            while low < high:
                middle = (low + high) // 2
                if upto[middle] > np.uint64(rank):
                    high = middle
                else:
                    low = middle + 1
            found[segment, which] = items[low]


@compiled
def below(items: npt.NDArray[np.float64], upto: Counts, starts: Int64s, thresholds: npt.NDArray[np.float64], found: Int64s) -> None:
    """Write how many rows of each sorted segment lie below each threshold into `found` (segments × thresholds)."""
    for segment in range(starts.shape[0] - 1):
        begin, end = starts[segment], starts[segment + 1]
        for which in range(thresholds.shape[0]):
            low, high = begin, end
            while low < high:
                middle = (low + high) // 2
                if items[middle] < thresholds[which]:
                    low = middle + 1
                else:
                    high = middle
            if low == begin:
                found[segment, which] = 0
            elif upto.shape[0] == 0:
                found[segment, which] = low - begin
            else:
                found[segment, which] = np.int64(upto[low - 1])


@compiled
def hashed(text: npt.NDArray[np.uint8], offsets: Int64s, seed: np.uint64) -> npt.NDArray[np.uint64]:
    """Return a 64-bit hash of each string `text[offsets[i]:offsets[i + 1]]`.

    Eight bytes at a time are multiplied in, so that strings of one length up to eight bytes never collide; the length ends the state, and
    the finish is that of SplitMix64 (Steele, Lea & Flood, 2014, "Fast splittable pseudorandom number generators").
    """
    found = np.empty(offsets.shape[0] - 1, np.uint64)
    for entry in range(found.shape[0]):
        begin, end = offsets[entry], offsets[entry + 1]
        state = seed
        word = np.uint64(0)
        for place in range(begin, end):
            word = (word << np.uint64(8)) | np.uint64(text[place])
            if (place - begin) % 8 == 7:
                state = _mixed(state ^ word)
                word = np.uint64(0)
        state = _mixed(state ^ word)
        found[entry] = _mixed(state + np.uint64(end - begin) * seed)
    return found


@compiled
def _mixed(word: np.uint64) -> np.uint64:
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@compiled
def mixed(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return every word mixed by the finish of SplitMix64, which is one to one: equal exactly where the words are."""
    found = np.empty_like(words)
    for place in range(words.shape[0]):
        found[place] = _mixed(words[place])
    return found
