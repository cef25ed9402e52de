"""Which reader takes which real file, and what becomes of its rows: `python -m benchmarks readers`, with HATANG_REFERENCE_DIR set."""

import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from hatang.data.contracts import BoundarySource, Kind, RefusedError, Severity
from hatang.data.limits import Limits
from hatang.data.reading import ReadOptions, published_format
from hatang.data.sandbox import boundaries_apart, read_apart

_HIDDEN = frozenset({".md", ".txt", ".json", ".tif", ""})
"""Notes, licences, code lists and terrain beside the data; the field dictionary of ARCEP is named below."""
_DICTIONARIES = frozenset({"Documentation_qos.xlsx"})
_LARGE_BYTES = 10_000_000
_SAID = {
    "sigcomm21_speedtest/dataset_speedtest_ookla_full.csv": (None, "constants: {lon: '-93.27', lat: '44.98'}\n"),
    "lte_chengdu/measurements.parquet": ("4g", "crs: EPSG:32648\n"),
    "lte_chengdu/cells.csv": (None, "crs: EPSG:32648\n"),
    "rtr_netztest/searchOpenDataTests.xlsx": ("4g", None),
    "fcc_bdc/claims_vs_measured_hex_sample_mukoo.csv": ("4g", None),
    "hue_places_geonames.gpkg": (None, "constants: {kind: populated_place}\n"),
    "hue_bus_stops_sample24.csv": (None, "constants: {kind: bus_stop}\n"),
}
"""What a person must say of these: technology, and a mapping for the place of a town's tests or the zone of a planning tool's metres."""


_BOUNDARIES = ("hue_wards_2025.parquet", "hue_wards_2025_simplified10m.geojson")
_LISTS = ("hue_places_geonames.gpkg", "hue_bus_stops_sample24.csv")


@dataclass(frozen=True)
class Reading:
    """What became of one real file."""

    file: str
    reader: str
    said: str
    rows_in: int | None
    kept: int
    reasons: str
    seconds: float
    peak_mb: float


def readings(folder: Path, *, small: bool = False) -> list[Reading]:
    """Return what becomes of every file of tests, sites and claims under `folder`; `small` leaves out the largest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in _HIDDEN and path.name not in _DICTIONARIES)
    return [_reading(folder, path) for path in files if not (small and path.stat().st_size > _LARGE_BYTES)]


def as_table(found: list[Reading]) -> str:
    """Return the readings as one Markdown table."""
    head = "| tệp thật | trình đọc | người nạp ghi | dòng vào | giữ | từ chối | lý do từ chối | giây |\n"
    rule = "|---|---|---|---:|---:|---:|---|---:|\n"
    rows = []
    for line in found:
        counts = ("–", "0", "–") if line.rows_in is None else (f"{n:,}" for n in (line.rows_in, line.kept, line.rows_in - line.kept))
        rows.append(" | ".join(["|", line.file, line.reader, line.said, *counts, line.reasons, f"{line.seconds:.1f} |\n"])[2:])
    return head + rule + "".join(rows)


def reference_readings(*, small: bool) -> str:
    """Return the table for the folder that HATANG_REFERENCE_DIR names, or a line that says there is none."""
    folder = os.environ.get("HATANG_REFERENCE_DIR")
    if not folder:
        return "HATANG_REFERENCE_DIR is not set\n"
    found = readings(Path(folder) / "measurements", small=small)
    most = max(found, key=lambda line: line.peak_mb)
    beside = as_table(layers(Path(folder) / "boundaries"))
    return f"{as_table(found)}\nPeak: {most.peak_mb:,.0f} MB ({most.file}), within {Limits().memory_mb:,} MB.\n\n{beside}"


def layers(folder: Path) -> list[Reading]:
    """Return what becomes of the boundaries and of the list of places that stand beside the measurements."""
    return [*(_boundaries(folder / name) for name in _BOUNDARIES), *(_reading(folder, folder / name) for name in _LISTS)]


def _boundaries(path: Path) -> Reading:
    """Return what becomes of a file of wards."""
    start = time.perf_counter()
    frame, _ = boundaries_apart(path, origin=BoundarySource.CITY, limits=Limits())
    seconds = time.perf_counter() - start
    return Reading(path.name, "ranh giới phường, xã", "–", len(frame), len(frame), "–", seconds, 0.0)


def _reading(folder: Path, path: Path) -> Reading:
    """Return what becomes of one file, for an operator who states that it is his."""
    name = str(path.relative_to(folder))
    technology, about = _SAID.get(name, (None, None))
    kind = Kind.PLACES if name in _LISTS else Kind.AUTO
    with tempfile.TemporaryDirectory(prefix="hatang-") as scratch:
        options, said = ReadOptions(operator="viettel", technology=technology), "--operator" + (" --technology" if technology else "")
        if about is not None:
            mapping = Path(scratch) / "m.yaml"
            mapping.write_text(about, encoding="utf-8")
            options, said = replace(options, mapping=mapping), said + " --mapping"
        reader = _title(path, options)
        peaks = [0.0]
        start = time.perf_counter()
        try:
            outcome = read_apart(path, Path(scratch) / "out.arrow", kind, options, note=lambda cost: peaks.append(cost.peak_mb))
            rows, kept, faults = outcome.rows_in, outcome.rows_kept, outcome.faults
        except RefusedError as error:
            kept, faults = 0, error.faults
            rows = next((int(fault.found or 0) for fault in faults if fault.code == "file_rows"), None)
            rows = next((fault.count for fault in faults if fault.code.startswith("format_")), rows)
        seconds = time.perf_counter() - start
    reasons: Counter[str] = Counter()
    for fault in faults:
        if fault.severity is Severity.REFUSED and fault.code != "file_rows":
            reasons[fault.code] += fault.count
    listed = ", ".join(f"{code} {count:,}" for code, count in reasons.most_common()) or "–"
    return Reading(name, reader, said, rows, kept, listed, seconds, peaks[-1])


def _title(path: Path, options: ReadOptions) -> str:
    """Return the name of a file's format, a dash where it is of none that is published."""
    try:
        form = published_format(path, options)
    except RefusedError:
        return "–"
    return "–" if form is None else form.title
