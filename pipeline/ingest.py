"""Use case: files in. Each is copied, recognised, read, checked and stored, or refused with the reasons, row by row."""

import dataclasses
import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from hatang.data.atomic import DISK_FULL, disk, file_hash
from hatang.data.contracts import AUTHORITY, Fault, HatangError, Kind, RefusedError, SchemaError, Severity, StoreError
from hatang.data.keptrows import KeptRows
from hatang.data.mappingmemory import recall, remember, remembers
from hatang.data.reading import ReadOptions, ReadOutcome
from hatang.data.rules import rules_in_force
from hatang.data.sandbox import prepare, read_apart, sample_apart
from hatang.data.settings import Settings
from hatang.data.store import Dataset, Filing, Received, Store, printable
from hatang.data.tablefile import arrow_table
from hatang.data.wards import load_boundaries
from hatang.pipeline.living import source_of
from hatang.pipeline.progress import Progress

_PERIOD: Final = re.compile(r"\d{4}Q[1-4]")
_STEPS: Final = 4
_NAMED_ROWS: Final = 5
_INSIDE_MIN: Final = "inside_city_min"
_INSIDE_MARGIN: Final = "inside_city_margin_m"
_DEGREE_M: Final = 108_800.0
"""Metres of one degree at 16.4° N, between 106.9 km along the parallel and 110.7 km along the meridian: a margin is right to 2 %."""


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """What the sender says about the files of one call; `dry_run` checks them and stores nothing.

    `ask_outside` holds a file back of which too few rows lie in the city, so that a person may be asked; else it is stored with a warning.
    """

    kind: Kind = Kind.AUTO
    operator: str | None = None
    technology: str | None = None
    environment: str | None = None
    period: str | None = None
    mapping: Path | None = None
    crs: str | None = None
    organisation: str | None = None
    source: str | None = None
    licence: str | None = None
    synthetic: bool = False
    method_statement: str | None = None
    certified_by: str | None = None
    dry_run: bool = False
    ask_outside: bool = False


@dataclass(frozen=True, slots=True)
class FileOutcome:
    """What became of one file: the entry it is stored under and whether that is new, or none where it was refused or held back.

    A file is held back where most of it lies outside the city and the call asks about such files: it has no entry and was not refused.
    """

    file: str
    dataset: Dataset | None
    added: bool
    faults: tuple[Fault, ...]
    held_back: bool = False

    @property
    def few_inside(self) -> Fault | None:
        """The warning that too few rows lie in the city, None where there is none."""
        return next((fault for fault in self.faults if fault.code == "few_inside_city"), None)


@dataclass(frozen=True, slots=True)
class IngestOutcome:
    """What became of every file, in the order given."""

    files: tuple[FileOutcome, ...]

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """Entries of the files that were taken, those stored before included."""
        return tuple(file.dataset for file in self.files if file.dataset is not None)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Faults of all files."""
        return tuple(fault for file in self.files for fault in file.faults)

    @property
    def complete(self) -> bool:
        """Whether no file was refused."""
        return all(file.dataset is not None for file in self.files)


def ingest(files: Sequence[Path], options: IngestOptions, settings: Settings, progress: Progress) -> IngestOutcome:
    """Store each file that can be read as a data set; each stands alone, so that one refused file does not hold back another.

    The same file with the same options again names the stored data set and adds nothing; it is looked at again for marks of secrecy.

    Raises
    ------
    StoreError
        Where the disk or the database refuses; files stored before it stay, the one at hand leaves no trace.
    CancelledError
        Where the user stopped; as above.
    """
    prepare()
    intake = _Intake(_normal(options), settings, progress)
    with Store.open(settings) as store:
        return IngestOutcome(tuple(intake.take(file, store) for file in files))


@dataclass(frozen=True)
class _Intake:
    """One call of `ingest`: its options, and the city's area, read when the first table with positions needs it."""

    options: IngestOptions
    settings: Settings
    progress: Progress

    @cached_property
    def city(self) -> shapely.Geometry:
        """Area of every ward in use, EPSG:4326, prepared for many questions."""
        area = load_boundaries(self.settings).frame.geometry.union_all()
        shapely.prepare(area)
        return area

    def take(self, file: Path, store: Store) -> FileOutcome:
        """Return what became of one file."""
        name = printable(file.name or str(file))
        self.progress.step("ingest.file", total=_STEPS, file=name)
        faults = (*_path_faults(file, name), *_option_faults(self.options, name))
        if faults:
            return FileOutcome(name, None, False, faults)
        notes: tuple[Fault, ...] = ()
        try:
            with store.receive(file) as received:
                self.progress.advance()
                options, notes = self._recalled(received)
                said = _said(options, name)
                stored = None if options.dry_run else store.find(received.sha256, said)
                if stored is not None:
                    return self._again(received, options, stored, store)
                return self._store(received, options, said, notes, store)
        except RefusedError as error:
            return FileOutcome(name, None, False, (*notes, *error.faults))

    def _again(self, received: Received, options: IngestOptions, stored: Dataset, store: Store) -> FileOutcome:
        """Return what becomes of a file that is stored already: looked at again, for what marks a document as secret is known better since.

        One that turns out to be marked is refused, and the fault names the data set that holds it; nothing is erased here. What else would
        be said of it today changes nothing: it was taken.
        """
        try:
            self._read(received, options)
        except RefusedError as error:
            marked = [fault for fault in error.faults if fault.code == "file_secret"]
            if marked:
                held = Fault("stored_secret", received.path.name, found=stored.file_name, fields={"dataset": stored.id})
                return FileOutcome(received.path.name, None, False, (*marked, held))
        return FileOutcome(received.path.name, stored, False, store.faults(stored))

    def _store(
        self, received: Received, options: IngestOptions, said: dict[str, Any], notes: tuple[Fault, ...], store: Store
    ) -> FileOutcome:
        """Read, check and store a received file; what it was taken with is remembered once it is stored."""
        name = received.path.name
        kind, outcome, frame = self._read(received, options)
        self.progress.advance()
        few, outside = self._outside(frame, name, outcome.kept)
        faults = (*few, *notes, *outcome.faults, *outside, *_people(frame, kind, name))
        self.progress.advance()
        if few and options.ask_outside and not options.dry_run:
            return FileOutcome(name, None, False, faults, held_back=True)
        filing = Filing(
            kind=kind,
            organisation=options.organisation or AUTHORITY,
            operator=_stated(frame, "operator", options.operator),
            technology=_stated(frame, "technology", options.technology),
            environment=_stated(frame, "environment", options.environment),
            period=options.period or outcome.period,
            rows_in=outcome.rows_in,
            rows_kept=outcome.rows_kept,
            rows_refused=outcome.rows_refused,
            repairs=outcome.repairs,
            faults=faults,
            options=said,
            source=options.source or (source_of(frame) if kind is Kind.POPULATION else None),
            licence=options.licence,
            synthetic=options.synthetic,
            method_statement=options.method_statement,
            certified_by=options.certified_by,
        )
        # What it was read with is asked of the file while it lies here: the store takes it away.
        columns = None if options.dry_run or self.options.mapping is None else self._columns(received)
        dataset, added = store.add(received, frame, filing, rehearsal=options.dry_run)
        self.progress.advance()
        if columns:
            faults = (*faults, *self._remembered(kind, columns, name))
        if not added and not options.dry_run:
            faults = (*faults, Fault("already_stored", name, Severity.WARNING, found=dataset.file_name, fields={"dataset": dataset.id}))
        return FileOutcome(name, dataset, added, faults)

    def _recalled(self, received: Received) -> tuple[IngestOptions, tuple[Fault, ...]]:
        """Return the options with the mapping that earlier files with this heading were taken with, and the note of it."""
        if self.options.mapping is not None or not remembers(self.settings.home):
            return self.options, ()
        columns = self._columns(received)
        kept = recall(self.settings.home, self.options.organisation or AUTHORITY, self.options.kind, columns) if columns else None
        if kept is None:
            return self.options, ()
        note = Fault("mapping_remembered", received.path.name, Severity.WARNING, found=kept.file, fields={"mapping": kept.id})
        return dataclasses.replace(self.options, mapping=kept.path, kind=kept.kind), (note,)

    def _remembered(self, kind: Kind, columns: tuple[str, ...], name: str) -> tuple[Fault, ...]:
        """Keep the mapping that a stored file was taken with; where the disk does not take it the file stays stored, and that is said."""
        if self.options.mapping is None:
            return ()
        owner, now = self.options.organisation or AUTHORITY, dt.datetime.now(dt.UTC)
        try:
            remember(self.settings.home, owner, kind, columns, self.options.mapping, file=name, used=now)
        except (RefusedError, StoreError) as error:
            return (Fault("mapping_not_kept", name, Severity.WARNING, found=error.message_id),)
        return ()

    def _columns(self, received: Received) -> tuple[str, ...]:
        """Return a file's heading as it stands, whatever a mapping says of it; none where it cannot be read without one."""
        try:
            sample = sample_apart(received.path, ReadOptions(limits=self.settings.limits))
        except RefusedError:
            return ()
        return () if sample is None else tuple(sample.columns)

    def _read(self, received: Received, said: IngestOptions) -> tuple[Kind, ReadOutcome, pd.DataFrame]:
        """Return the kind of a file, what its reader says of it, and its canonical table."""
        options = ReadOptions(
            operator=said.operator,
            technology=said.technology,
            environment=said.environment,
            period=said.period,
            mapping=said.mapping,
            limits=self.settings.limits,
            crs=said.crs,
        )
        target = received.folder / "table.arrow"
        try:
            outcome = read_apart(received.path, target, said.kind, options, heed=lambda: self.progress.advance(0))
            return outcome.kind, outcome, arrow_table(target, outcome.kind)
        except SchemaError as error:
            faults = [
                Fault(
                    "contract",
                    received.path.name,
                    field=str(case["column"]),
                    found=str(case["failure_case"]),
                    fields={"check": case["check"]},
                )
                for case in error.fields["faults"]  # type: ignore[attr-defined]  # the list that Table.conform makes
            ]
            raise RefusedError("error.reading.refused", faults, file=received.path.name) from error
        except OSError as error:
            if isinstance(error, HatangError):
                raise
            if error.errno in DISK_FULL:
                with disk(target):
                    raise
            fault = Fault("file_unreadable", received.path.name, found=error.strerror or str(error))
            raise RefusedError("error.reading.refused", [fault], file=received.path.name) from error

    def _outside(self, frame: pd.DataFrame, name: str, kept: KeptRows) -> tuple[tuple[Fault, ...], tuple[Fault, ...]]:
        """Return the warning that too few rows lie in the city, by the rule, and the one of rows outside every ward in use."""
        if isinstance(frame, gpd.GeoDataFrame):
            shapes = np.asarray(frame.geometry.array, dtype=object)
        elif {"lon", "lat"} <= set(frame.columns):
            shapes = np.asarray(shapely.points(frame["lon"].to_numpy(float), frame["lat"].to_numpy(float)), dtype=object)
        else:
            return (), ()
        shapes = shapes[placed := ~shapely.is_missing(shapes)]
        outside = np.flatnonzero(~_meets(shapes, self.city))
        if not len(outside):
            return (), ()
        first = shapely.centroid(shapes[outside[0]])
        rows = kept.at(np.flatnonzero(placed)[outside][:_NAMED_ROWS].tolist())
        several = len(kept.parts) > 1
        named = [f"{file}: {row}" if several else str(row) for file, row in rows]
        fields = {"rows": ", ".join(named) + (" …" if len(outside) > len(rows) else "")}
        file, row = rows[0] if rows else (name, None)
        found = f"{first.x:.5f}, {first.y:.5f}"
        warning = Fault("outside_city", file, Severity.WARNING, row=row, found=found, fields=fields, count=len(outside))
        return self._few(shapes, outside, name), (warning,)

    def _few(self, shapes: npt.NDArray[np.object_], outside: npt.NDArray[np.intp], name: str) -> tuple[Fault, ...]:
        """Return the warning that the rule asks for where fewer shapes than its share lie in the city or within its margin."""
        rules = rules_in_force(dt.datetime.now(dt.UTC).date())
        if not {_INSIDE_MIN, _INSIDE_MARGIN} <= set(rules):
            return ()
        least, margin = (float(rules[rule].value) for rule in (_INSIDE_MIN, _INSIDE_MARGIN))
        total = len(shapes)
        if total - len(outside) >= least * total:
            return ()
        inside = total - len(outside) + int(_meets(shapes[outside], self.city, margin / _DEGREE_M).sum())
        if inside >= least * total:
            return ()
        fields = {
            "inside": inside, "total": total, "percent": f"{100 * inside / total:.3g}", "least": f"{100 * least:g}",
            "margin": f"{margin:g}",
        }  # fmt: skip
        return (Fault("few_inside_city", name, Severity.WARNING, found=f"{inside} / {total}", fields=fields, count=total - inside),)


def _said(options: IngestOptions, name: str) -> dict[str, Any]:
    """Return the options that make a file "the same file with the same options", as plain values; a mapping by its content."""
    try:
        content = None if options.mapping is None else file_hash(options.mapping)
    except OSError as error:
        fault = Fault("mapping_missing", name, field="--mapping", found=error.strerror or str(error))
        raise RefusedError("error.reading.refused", [fault], file=name) from error
    said = dataclasses.asdict(options)
    for how in ("dry_run", "ask_outside"):  # what to do with a file, not what is said of it
        del said[how]
    for later in ("method_statement", "certified_by"):  # filings before these were asked for name neither
        if said[later] is None:
            del said[later]
    return {**said, "kind": str(options.kind), "mapping": content}


def _people(frame: pd.DataFrame, kind: Kind, name: str) -> Iterator[Fault]:
    """Yield what a grid of people holds round the city, for the catalogue to tell."""
    if kind is Kind.POPULATION:
        found = f"{frame['population'].sum():,.0f}"
        yield Fault(
            "population_read", name, Severity.WARNING, found=found, fields={"source": source_of(frame), "pixels": f"{len(frame):,}"}
        )


def _meets(shapes: npt.NDArray[np.object_], area: shapely.Geometry, margin: float = 0.0) -> npt.NDArray[np.bool_]:
    """Return which shapes touch an area or lie within `margin` degrees: by their boxes first, exactly where those leave it open."""
    west, south, east, north = shapely.bounds(area)
    boxes = shapely.bounds(shapes)
    near = (boxes[:, 2] >= west - margin) & (boxes[:, 0] <= east + margin)
    near &= (boxes[:, 3] >= south - margin) & (boxes[:, 1] <= north + margin)
    near[near] = shapely.dwithin(area, shapes[near], margin) if margin else shapely.intersects(area, shapes[near])
    return np.asarray(near, dtype=bool)


def _stated(frame: pd.DataFrame, column: str, option: str | None) -> str | None:
    """Return the one value of a column, None where it has several; the option where the table has no such column."""
    if column not in frame:
        return option
    values = frame[column].dropna().unique()
    return str(values[0]) if len(values) == 1 else None


def _normal(options: IngestOptions) -> IngestOptions:
    """Return the options as people mean them: no case in codes, no blanks round words, letters composed; empty words are none."""

    def words(value: str | None) -> str | None:
        return unicodedata.normalize("NFC", value).strip() or None if value is not None else None

    def code(value: str | None) -> str | None:
        return words(value.casefold()) if value is not None else None

    return dataclasses.replace(
        options,
        operator=code(options.operator),
        technology=code(options.technology),
        environment=code(options.environment),
        period=words(options.period.upper()) if options.period is not None else None,
        organisation=words(options.organisation),
        source=words(options.source),
        licence=words(options.licence),
        method_statement=words(options.method_statement),
        certified_by=words(options.certified_by),
    )


def _path_faults(file: Path, name: str) -> Iterator[Fault]:
    """Yield what keeps a path from being a file that can be read."""
    try:
        mode = file.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        yield Fault("file_missing", name, found=getattr(error, "strerror", None) or str(error))
        return
    if S_ISDIR(mode):
        yield Fault("directory", name)
    elif not S_ISREG(mode):
        yield Fault("file_unreadable", name)


def _option_faults(options: IngestOptions, name: str) -> Iterator[Fault]:
    """Yield options that no reader looks at and that are not what they should be."""
    if options.period is not None and not _PERIOD.fullmatch(options.period):
        yield Fault("period_malformed", name, field="--period", found=options.period)
