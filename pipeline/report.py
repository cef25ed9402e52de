"""Use case: the whole result folder of a run, written at once."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from hatang.data.contracts import HUE_CRS, MissingError, StoreError
from hatang.data.language import Language
from hatang.data.results import ResultSet
from hatang.pipeline.progress import Progress
from hatang.reports.calendar_file import sharing_calendar
from hatang.reports.design_workbook import design_workbook
from hatang.reports.docx import report_docx
from hatang.reports.drawing import sharing_drawing
from hatang.reports.geodata import report_csv, report_geojson, report_geopackage
from hatang.reports.maps import verdict_map
from hatang.reports.pdf import report_pdf
from hatang.reports.route_workbook import route_workbook
from hatang.reports.sections import Scope, build_report
from hatang.reports.sharing_workbook import sharing_workbook
from hatang.reports.workbook import report_workbook
from hatang.reports.works_workbook import works_workbook

_MANIFEST: Final = "manifest.json"


def write_report(
    results: ResultSet,
    out: Path,
    *,
    scope: Literal["city", "ward", "road"] = "city",
    ward_code: str | None = None,
    language: Language = "vi",
    crs: str = HUE_CRS,
    progress: Progress,
) -> list[Path]:
    """Write every file of a result folder into `out` and return their paths.

    The files are made beside `out` and put in its place at once. A folder that holds anything but an earlier report is not touched.

    Raises
    ------
    MissingError
        Where there is no such ward.
    StoreError
        Where the folder is not ours to replace, or the disk refuses.
    """
    if ward_code is not None and ward_code not in set(results.tables["wards"]["ward_code"]):
        raise MissingError("error.ward.unknown", ward=ward_code)
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / _MANIFEST).is_file()):
        raise StoreError("error.report.not_ours", folder=str(out))
    report = build_report(results, scope=Scope(scope, ward_code), language=language)
    makers: dict[str, Callable[[], bytes]] = {
        "bao-cao.docx": lambda: report_docx(report, as_of=results.as_of),
        "bao-cao.pdf": lambda: report_pdf(report, as_of=results.as_of),
        "bang-so-lieu.xlsx": lambda: report_workbook(results, report, language=language),
        "xa-phuong.csv": lambda: report_csv(results),
        "du-lieu.gpkg": lambda: report_geopackage(results, crs=crs),
        "khu-vuc-chua-phu.geojson": lambda: report_geojson(results),
        "ban-do.png": lambda: verdict_map(results, technology="mobile", language=language),
    }
    if "sharing_totals" in results.tables:
        makers["chia-se.xlsx"] = lambda: sharing_workbook(results, language)
        makers["chia-se.dxf"] = lambda: sharing_drawing(results, language)
    if "overlaps" in results.tables:
        makers["lich-cong-trinh.xlsx"] = lambda: works_workbook(results, language)
    if "route_legs" in results.tables:
        makers["tuyen-cap.xlsx"] = lambda: route_workbook(results, language)
    if "design_totals" in results.tables:
        makers["thiet-ke-chung.xlsx"] = lambda: design_workbook(results, language)
    if "calendar" in results.tables:
        makers["lich.ics"] = lambda: sharing_calendar(results, language)
    progress.step("report.writing", total=len(makers))
    beside = out.with_name(f".{os.getpid()}.{out.name}")
    try:
        beside.mkdir(parents=True)
        hashes = {}
        for name, make in makers.items():
            content = make()
            (beside / name).write_bytes(content)
            hashes[name] = hashlib.sha256(content).hexdigest()
            progress.advance()
        manifest = {**results.manifest(), "scope": scope, "ward_code": ward_code, "language": language, "crs": crs, "files": hashes}
        (beside / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1, default=str), "utf-8")
        if out.exists():
            shutil.rmtree(out)
        beside.rename(out)
    except OSError as error:
        raise StoreError("error.store.write", file=str(out), reason=error.strerror or str(error)) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return [out / name for name in (*makers, _MANIFEST)]
