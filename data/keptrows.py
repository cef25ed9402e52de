"""Which row of a file each row of its canonical table is, as runs of rows that follow each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

_MOST_RUNS: Final = 10_000
"""Runs beyond so many are not kept: every other row of a large file was refused, and its faults name them."""


@dataclass(frozen=True, slots=True)
class KeptRows:
    """Rows of a canonical table as rows of the file, or of the files of an archive, that they were.

    Attributes
    ----------
    parts
        Names of the files.
    runs
        Of each run its first position in the table (from 0), the position of its file in `parts`, and the row of the file that stands
        there, as a person counts. Empty where it is not known.
    """

    parts: tuple[str, ...] = ()
    runs: tuple[tuple[int, int, int], ...] = ()

    @classmethod
    def of(cls, parts: Sequence[str], part: np.ndarray, rows: np.ndarray) -> "KeptRows":
        """Return the runs of rows kept.

        Parameters
        ----------
        parts
            Names of the files.
        part, rows : ndarray of int, shape (n,)
            File and row in it of each row kept, in the order of the table.

        Examples
        --------
        >>> KeptRows.of(["a.csv"], np.zeros(3, int), np.array([2, 3, 7])).runs
        ((0, 0, 2), (2, 0, 7))
        """
        if not len(rows):
            return cls()
        follows = (np.diff(rows) == 1) & (np.diff(part) == 0)
        first = np.concatenate([[0], np.flatnonzero(~follows) + 1])
        if len(first) > _MOST_RUNS:
            return cls()
        return cls(tuple(parts), tuple((int(place), int(part[place]), int(rows[place])) for place in first))

    @classmethod
    def told(cls, parts: Sequence[Any], runs: Sequence[Sequence[Any]]) -> "KeptRows":
        """Return what another process says of rows.

        Raises
        ------
        ValueError
            Where it is no such thing.
        """
        plain = tuple((int(place), int(part), int(row)) for place, part, row in runs)
        if any(not 0 <= part < len(parts) for _, part, _ in plain):
            raise ValueError(parts)
        return cls(tuple(map(str, parts)), plain)

    def at(self, positions: Sequence[int]) -> list[tuple[str, int]]:
        """Return file and row of some positions in the table, none where they are not known.

        Examples
        --------
        >>> KeptRows.of(["a.csv"], np.zeros(3, int), np.array([2, 3, 7])).at([1, 2])
        [('a.csv', 3), ('a.csv', 7)]
        """
        if not self.runs:
            return []
        begins = np.array([run[0] for run in self.runs])
        found = [self.runs[int(np.searchsorted(begins, position, side="right")) - 1] for position in positions]
        return [(self.parts[part], row + int(position) - place) for position, (place, part, row) in zip(positions, found, strict=True)]
