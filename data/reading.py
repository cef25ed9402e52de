"""Path in, Arrow file out: a file of any known form to the canonical table of its kind, with every fault it has.

`read` touches nothing but its two paths and keeps no state, so that a child process can run it unchanged.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from hatang.data._anfr import read_supports
from hatang.data._celljson import read_cell_list
from hatang.data._filetype import Form, Member, opened, refused
from hatang.data._gridfile import DRIVERS, published
from hatang.data._inspection import inspect, refuse_secret_cells, refuse_shapes, refuse_size
from hatang.data._intake import Intake
from hatang.data._mending import with_text_mended
from hatang.data._periods import quarter_of
from hatang.data._recognition import likely_kind
from hatang.data._roadfiles import read_road_network
from hatang.data._sourcetable import SourceTable
from hatang.data._statements import ReadOptions, checked
from hatang.data.contracts import INPUT_TABLES, Fault, Kind, RefusedError, Severity
from hatang.data.formats import Format, format_of
from hatang.data.keptrows import KeptRows
from hatang.data.limits import Limits
from hatang.data.mapping import FileMapping, load_mapping, stated_crs
from hatang.data.read_features import read_features
from hatang.data.read_fixed import read_fixed
from hatang.data.read_measurements import read_measurements, read_measurements_in_parts
from hatang.data.read_official import read_declarations, read_outages, read_prices
from hatang.data.read_speeds import read_speeds
from hatang.data.read_tiles import read_tiles
from hatang.data.registerfile import read_register_assets
from hatang.data.tabular import read_tabular
from hatang.data.vector import read_vector

__all__ = ["ReadOptions", "ReadOutcome", "cells_of", "published_format", "read", "recognise", "sample_of"]

PART_ROWS: Final = 500_000
"""Tests beyond so many are read part by part, so that memory grows with the text of a file and not with what is made of it."""
_SAMPLE_ROWS: Final = 200
_TABULAR: Final = (Form.CSV, Form.XLSX)
_OFFICIAL: Final = {Kind.PRICES: read_prices, Kind.DECLARATIONS: read_declarations, Kind.OUTAGES: read_outages}


@dataclass(frozen=True)
class ReadOutcome:
    """What reading a file gave: `rows_in` = `rows_kept` + `rows_refused` + `repairs["duplicate"]`.

    `repairs` counts by name what was mended in the rows kept: `sentinel:sinr_db`, `decimal_comma:lon`, `geometry_repaired`, …;
    `kept` tells which row of the file each row of the table is; `period` is the quarter of the median time where rows have times, else the
    one the options name.
    """

    kind: Kind
    rows_in: int
    rows_kept: int
    rows_refused: int
    repairs: Mapping[str, int]
    faults: tuple[Fault, ...]
    period: str | None
    kept: KeptRows = field(default_factory=KeptRows)


def recognise(source: Path, options: ReadOptions) -> Kind:
    """Return the kind of data set a file holds, by its columns and shapes.

    Raises
    ------
    RefusedError
        Where the file cannot be read, or its columns fit no kind or several.
    """
    mapping = _mapping(options)
    with opened(source, options.limits) as members:
        inspect(members, options.limits)
        return _kind_in(source.name, members, mapping, options)


def published_format(source: Path, options: ReadOptions) -> Format | None:
    """Return the published format that a file is of, told by its columns, None where it is of none.

    Raises
    ------
    RefusedError
        Where the file cannot be read.
    """
    sample = sample_of(source, options)
    return None if sample is None else format_of(sample)


def cells_of(source: Path, options: ReadOptions) -> SourceTable | None:
    """Return the cells of a table as they stand, their text put right; None where the file is no single table of text or workbook.

    Raises
    ------
    RefusedError
        Where the file cannot be read.
    """
    mapping = _mapping(options)
    with opened(source, options.limits) as members:
        if len(members) != 1 or members[0].form not in _TABULAR:
            return None
        inspect(members, options.limits)
        rows = _source(source.name, members, mapping, options.limits)
    refuse_size(source.name, rows.cells.num_rows, rows.cells.num_columns, options.limits)
    return rows


def sample_of(source: Path, options: ReadOptions) -> SourceTable | None:
    """Return the first rows of a table or layer as they stand, without shapes; None where the file is a grid, which has no columns.

    Raises
    ------
    RefusedError
        Where the file cannot be read.
    """
    mapping = _mapping(options)
    with opened(source, options.limits) as members:
        inspect(members, options.limits)
        if _is_grid(members):
            return None
        return _source(source.name, members, mapping, options.limits, None, _SAMPLE_ROWS)


def read(source: Path, target: Path, kind: Kind, options: ReadOptions) -> ReadOutcome:
    """Read the file `source` as `kind` and write the canonical table to `target` as an Arrow IPC file.

    The table has the columns of the kind's contract, typed, and `geometry` as WKB in EPSG:4326 (two dimensions, valid). Rows refused are
    left out; each is named by a fault.

    Parameters
    ----------
    source
        A file, or an archive of one layer or of logs with the same columns; its form is told by its content.
    target
        Where to write; replaced if there.
    kind
        What it holds; `Kind.AUTO` recognises it.
    options
        What the person who hands it in states about it.

    Raises
    ------
    RefusedError
        Where the file is refused as a whole; carries every fault found until then. `target` is not written.
    """
    mapping = _mapping(options)
    options = checked(options, source.name)
    with opened(source, options.limits) as members:
        inspect(members, options.limits)
        if kind is Kind.AUTO:
            kind = _kind_in(source.name, members, mapping, options)
        mapping.check_against(INPUT_TABLES[kind])
        if kind in (Kind.POPULATION, Kind.TERRAIN):
            table = _pixels(source.name, members, mapping, kind, options)
            _write_whole(table, target)
            return ReadOutcome(kind, table.num_rows, table.num_rows, 0, {}, (), options.period)
        grid = _grid(source.name, members, mapping, kind, options)
        rows = grid or _source(source.name, members, mapping, options.limits, kind)
        refuse_size(source.name, rows.cells.num_rows, rows.cells.num_columns, options.limits)
        refuse_shapes(source.name, rows.geometry, options.limits)
        form = format_of(rows)
        if form is not None and form.kind is kind:
            rows, mapping = form.adapted(rows, mapping)
        beside = target.with_name(f"{target.name}.part")
        try:
            intake, times, kept = _write(_tables(kind, rows, mapping, options), beside)
            faults = tuple(sorted(intake.faults, key=lambda fault: (fault.row is not None, fault.file, fault.row or 0)))
            lost = intake.source.lost
            if not kept:
                everything = Fault("file_rows", source.name, found=str(intake.count + lost))
                raise RefusedError("error.reading.refused", (everything, *faults), file=source.name)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    period, differs = _period(times, options, source.name)
    rows_refused = int(intake.refused.sum()) + lost
    stays = ~(intake.refused | intake.dropped)
    same = int(stays.sum()) == kept  # tests joined in parts and homes counted by ward are other rows than those of the file
    told = KeptRows.of(rows.parts, rows.part[stays], rows.rows[stays]) if same else KeptRows()
    if kind is Kind.FIXED:  # a list of buildings is counted by ward: what counts is rows of the file
        kept = intake.count - int((intake.refused | intake.dropped).sum())
    return ReadOutcome(kind, intake.count + lost, kept, rows_refused, dict(+intake.repairs), differs + faults, period, told)


def _tables(kind: Kind, rows: SourceTable, mapping: FileMapping, options: ReadOptions) -> Iterator[tuple[Intake, pa.Table]]:
    """Yield the canonical table of a kind in one part, that of many tests in several, with the intake, which the last part completes."""
    if kind is Kind.MEASUREMENTS and len(rows.rows) > PART_ROWS:
        yield from read_measurements_in_parts(rows, mapping, options, PART_ROWS)
    else:
        yield _reader(kind)(rows, mapping, options)


def _write(parts: Iterator[tuple[Intake, pa.Table]], target: Path) -> tuple[Intake, pa.Table, int]:
    """Write the parts of a table to `target`; return the intake, what the table says of times, and its number of rows."""
    intake, first = next(parts)
    dated = [name for name in ("time", "period") if name in first.column_names]
    times, kept = [first.select(dated)], first.num_rows
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, first.schema) as writer:
        writer.write_table(first)
        del first
        for _, table in parts:
            writer.write_table(table)
            times.append(table.select(dated))
            kept += table.num_rows
    return intake, pa.concat_tables(times), kept


def _write_whole(table: pa.Table, target: Path) -> None:
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def _pixels(file: str, members: tuple[Member, ...], mapping: FileMapping, kind: Kind, options: ReadOptions) -> pa.Table:
    """Return the canonical table of people or of terrain."""
    from hatang.data.read_population import read_hexagons, read_people, read_points  # noqa: PLC0415 - rasterio, and few files are grids
    from hatang.data.read_terrain import read_terrain  # noqa: PLC0415 - as above

    grids = [member for member in members if member.form in DRIVERS]
    if kind is Kind.TERRAIN:
        if len(grids) < len(members):
            raise refused(file, "kind_raster", found=kind)
        return read_terrain(grids, options.limits)
    if grids:
        return read_people(grids, mapping, options.limits)
    rows = _source(file, members, mapping, options.limits, kind)
    form = format_of(rows)
    if form is not None and form.refusal is not None:
        form.adapted(rows, mapping)  # raises, and says why
    if form is not None and form.kind is kind and form.marks >= {"latitude", "longitude"}:
        return read_points(rows, members[0], mapping)
    return read_hexagons(rows, members[0], mapping)


def _mapping(options: ReadOptions) -> FileMapping:
    mapping = FileMapping() if options.mapping is None else load_mapping(options.mapping)
    return mapping if options.crs is None else replace(mapping, crs=stated_crs(options.crs))


def _is_grid(members: tuple[Member, ...]) -> bool:
    return any(member.form in DRIVERS for member in members)


def _grid(file: str, members: tuple[Member, ...], mapping: FileMapping, kind: Kind, options: ReadOptions) -> SourceTable | None:
    """Return the claim that a grid of signal makes, None where the members are no grids."""
    if not _is_grid(members):
        return None
    if len(members) > 1:
        raise refused(file, "file_layers", found=", ".join(member.name for member in members))
    if kind is not Kind.CLAIMS:
        raise refused(file, "file_format", found=DRIVERS[members[0].form])
    from hatang.data._claimgrid import read_claim_grid  # noqa: PLC0415 - rasterio, and few files are grids

    return read_claim_grid(file, members[0], mapping, options.limits, options.technology)


def _kind_in(file: str, members: tuple[Member, ...], mapping: FileMapping, options: ReadOptions) -> Kind:
    """Return the kind of data set that the members hold: a grid under no publisher's name is one of signal."""
    named = published(members[0])[0]
    if _is_grid(members) or named is not None:
        return named or Kind.CLAIMS
    return _kind_of(_source(file, members, mapping, options.limits, None, _SAMPLE_ROWS), mapping, options)


def _kind_of(sample: SourceTable, mapping: FileMapping, options: ReadOptions) -> Kind:
    """Return the kind of the published format that a table is of, else the kind that its columns fit best."""
    form = format_of(sample)
    return likely_kind(sample, mapping, options) if form is None else form.kind


def _source(
    file: str, members: tuple[Member, ...], mapping: FileMapping, limits: Limits, kind: Kind | None = None, limit: int | None = None
) -> SourceTable:
    """Return the rows of the members, their text put right."""
    rows = with_text_mended(_as_it_stands(file, members, mapping, limits, kind, limit), mapping.encoding)
    if not {member.form for member in members} <= set(_TABULAR):  # of a table its headings are looked at
        refuse_secret_cells(file, rows.cells)
    return rows


def _as_it_stands(
    file: str, members: tuple[Member, ...], mapping: FileMapping, limits: Limits, kind: Kind | None, limit: int | None
) -> SourceTable:
    """Return the rows of the members as they stand."""
    register = read_register_assets(file, members) if mapping.layer is None and kind in (None, Kind.ASSETS) else None
    if register is not None:
        return register
    if (supports := read_supports(file, members, mapping, limit)) is not None:
        return supports
    forms = {member.form for member in members}
    if forms <= set(_TABULAR):
        if len(forms) > 1 or (Form.XLSX in forms and len(members) > 1):
            raise refused(file, "file_layers", found=", ".join(member.name for member in members))
        return read_tabular(file, members, mapping, limit=limit)
    if forms == {Form.CELL_LIST} and len(members) == 1:
        return read_cell_list(file, members[0], limit)
    layers = [member for member in members if member.form not in _TABULAR]
    network = read_road_network(file, layers, limit)
    if network is not None:
        return network
    return read_vector(file, layers, mapping, limits, wanted=kind, limit=limit)


def _reader(kind: Kind) -> Callable[[SourceTable, FileMapping, ReadOptions], tuple[Intake, pa.Table]]:
    """Return the reader of a kind."""
    if kind is Kind.MEASUREMENTS:
        return read_measurements
    if kind is Kind.FIXED:
        return read_fixed
    if kind is Kind.TILES:
        return read_tiles
    if kind is Kind.SPEEDS:
        return read_speeds
    if kind in _OFFICIAL:
        return _OFFICIAL[kind]
    table = INPUT_TABLES[kind]
    return lambda source, mapping, options: read_features(source, table, mapping, options)


def _period(table: Any, options: ReadOptions, file: str) -> tuple[str | None, tuple[Fault, ...]]:
    """Return the quarter of the median time, or the last that rows name, and a warning where the options name another; else theirs."""
    period = _median_quarter(table) or _last_quarter(table)
    if period is None:
        return options.period, ()
    if options.period in (None, period):
        return period, ()
    return period, (Fault("period_differs", file, Severity.WARNING, field="time", found=period, fields={"option": options.period}),)


def _median_quarter(table: Any) -> str | None:
    """Return the quarter of the median of a table's times, None where it has none."""
    times = pc.drop_null(table.column("time")) if "time" in table.column_names else None
    if times is None or not len(times):
        return None
    middle: datetime = times.take(pc.sort_indices(times).slice(len(times) // 2, 1))[0].as_py()
    return f"{middle.year}Q{(middle.month + 2) // 3}"


def _last_quarter(table: Any) -> str | None:
    """Return the last quarter that rows name, None where none names one."""
    named = pc.unique(table.column("period")).drop_null().to_pylist() if "period" in table.column_names else []
    return max((quarter for text in named if (quarter := quarter_of(text)) is not None), default=None)
