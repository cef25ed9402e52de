"""Which reader takes which real file, and what becomes of its rows: `python -m benchmarks readers`, with HATANG_REFERENCE_DIR set."""

import os
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from hatang.data.contracts import Kind, RefusedError, Severity
from hatang.data.reading import ReadOptions, published_format, read

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
}
"""What a person must say of these: technology, and a mapping for the place of a town's tests or the zone of a planning tool's metres."""


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
    return as_table(readings(Path(folder) / "measurements", small=small)) if folder else "HATANG_REFERENCE_DIR is not set\n"


def _reading(folder: Path, path: Path) -> Reading:
    """Return what becomes of one file, for an operator who states that it is his."""
    name = str(path.relative_to(folder))
    technology, about = _SAID.get(name, (None, None))
    with tempfile.TemporaryDirectory(prefix="hatang-") as scratch:
        options, said = ReadOptions(operator="viettel", technology=technology), "--operator" + (" --technology" if technology else "")
        if about is not None:
            mapping = Path(scratch) / "m.yaml"
            mapping.write_text(about, encoding="utf-8")
            options, said = replace(options, mapping=mapping), said + " --mapping"
        reader = _title(path, options)
        start = time.perf_counter()
        try:
            outcome = read(path, Path(scratch) / "out.arrow", Kind.AUTO, options)
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
    return Reading(name, reader, said, rows, kept, listed, seconds)


def _title(path: Path, options: ReadOptions) -> str:
    """Return the name of a file's format, a dash where it is of none that is published."""
    try:
        form = published_format(path, options)
    except RefusedError:
        return "–"
    return "–" if form is None else form.title
