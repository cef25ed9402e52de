"""Use case: mappings made on the page, tried on the first rows, kept, looked at and forgotten."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import pyproj

from hatang.data import mappingmemory
from hatang.data.contracts import Fault, ParameterError
from hatang.data.fields import Field, fields_of, guess
from hatang.data.mapping import FileMapping, mapping_text
from hatang.data.mappingmemory import Remembered
from hatang.data.reading import ReadOptions
from hatang.data.sandbox import read_apart, sample_apart
from hatang.data.settings import Settings
from hatang.data.tablefile import arrow_table
from hatang.pipeline.ingest import IngestOptions

__all__ = [
    "Field",
    "Remembered",
    "Sample",
    "fields_of",
    "first_rows",
    "forget_mapping",
    "guess",
    "list_mappings",
    "preview",
    "show_mapping",
    "stated",
]
_SHOWN_ROWS: Final = 3
_SHOWN: Final = 40


def list_mappings(settings: Settings) -> tuple[Remembered, ...]:
    """Return every mapping that is kept, by organisation, kind and time."""
    return mappingmemory.all_remembered(settings.home)


def show_mapping(mapping_id: str, settings: Settings) -> tuple[Remembered, str]:
    """Return a mapping that is kept, by its id or how that begins, and its text.

    Raises
    ------
    MissingError
        Where none has that id, or several begin so.
    """
    found = mappingmemory.find(settings.home, mapping_id)
    return found, mappingmemory.kept_text(found)


def forget_mapping(mapping_id: str, settings: Settings) -> Remembered:
    """Keep a mapping no longer, and return what it was.

    Raises
    ------
    MissingError
        As `show_mapping`.
    StoreError
        Where the disk refuses.
    """
    return mappingmemory.forget(settings.home, mapping_id)


@dataclass(frozen=True, slots=True)
class Sample:
    """Heading of a file and its first rows, as they stand in it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def values(self, column: str) -> str:
        """Return the first values of a column, for people."""
        place = self.columns.index(column)
        return ", ".join(row[place] for row in self.rows if row[place])


def first_rows(file: Path, settings: Settings) -> Sample | None:
    """Return heading and first rows of a file; None where it has no columns.

    Raises
    ------
    RefusedError
        Where the file cannot be read.
    """
    table = sample_apart(file, ReadOptions(limits=settings.limits))
    if table is None:
        return None
    first = table.cells.slice(0, _SHOWN_ROWS).to_pylist()
    return Sample(tuple(table.columns), tuple(tuple((row[name] or "")[:_SHOWN] for name in table.columns) for row in first))


def stated(columns: Mapping[str, str], units: Mapping[str, str], constants: Mapping[str, str], crs: str = "") -> str:
    """Return a mapping as YAML.

    Raises
    ------
    ParameterError
        Where no coordinate system goes by that name.
    """
    try:
        system = pyproj.CRS.from_user_input(crs.strip()) if crs.strip() else None
    except pyproj.exceptions.CRSError as error:
        raise ParameterError("error.mapping.crs", crs=crs) from error
    return mapping_text(FileMapping(columns=columns, units=units, constants=constants, crs=system))


def preview(file: Path, options: IngestOptions, settings: Settings) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
    """Return the first rows of a file as they are read with these options, and its faults; nothing is stored.

    Raises
    ------
    RefusedError
        Where the file is refused.
    """
    stated_options = ReadOptions(
        options.operator, options.technology, options.environment, options.period, options.mapping, settings.limits, options.crs
    )
    with tempfile.TemporaryDirectory(prefix="hatang-") as folder:
        target = Path(folder, "table.arrow")
        outcome = read_apart(file, target, options.kind, stated_options)
        frame = arrow_table(target, outcome.kind).head(_SHOWN_ROWS)
    return frame, outcome.faults
