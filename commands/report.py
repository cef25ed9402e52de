"""`hatang report city|ward CODE|road FILE`: the whole result folder."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from hatang.commands.assess import say_summary, summarised
from hatang.commands.terminal import Bar, Session, session, speaks_errors
from hatang.data.contracts import HUE_CRS, MAP_CRS

if TYPE_CHECKING:
    from hatang.data.results import ResultSet

Out = Annotated[Path, typer.Option(help="Thư mục kết quả / result folder")]
Period = Annotated[str | None, typer.Option(help="Kỳ, ví dụ 2026Q3 / quarter")]
Day = Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the figures")]
Run = Annotated[str | None, typer.Option(help="Lần tính đã có / an existing run")]
Crs = Annotated[Literal["9214", "4326"], typer.Option(help="Hệ tọa độ của GPKG / CRS of the GeoPackage")]
_OUT = Path("bao-cao")


def register(app: typer.Typer) -> None:
    """Add `report` to the command line."""
    group = typer.Typer(help="Báo cáo: DOCX, PDF, XLSX, GPKG / reports", no_args_is_help=True)
    for command in (city, ward, road):
        group.command()(speaks_errors(command))
    app.add_typer(group, name="report")


def city(context: typer.Context, out: Out = _OUT, period: Period = None, as_of: Day = None, run: Run = None, crs: Crs = "9214") -> None:
    """Toàn thành phố / the whole city."""
    from hatang.pipeline.assess import assess
    from hatang.pipeline.report import write_report
    from hatang.pipeline.runs import load_run

    here = session(context)
    with Bar(here) as bar:
        results = (
            load_run(here.settings, run)
            if run
            else assess(here.settings, period=period, as_of=as_of.date() if as_of else None, progress=bar)
        )
        files = write_report(results, out, scope="city", language=here.language, crs=_crs(crs), progress=bar)
    _done(here, results, out, files)


def ward(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="Mã hoặc tên / code or name")],
    out: Out = _OUT,
    period: Period = None,
    as_of: Day = None,
    run: Run = None,
    crs: Crs = "9214",
) -> None:
    """Một phường, xã / one ward."""
    from hatang.pipeline.assess import assess
    from hatang.pipeline.report import write_report
    from hatang.pipeline.runs import load_run
    from hatang.pipeline.wards import describe_ward

    here = session(context)
    with Bar(here) as bar:
        found = describe_ward(code, here.settings).ward_code
        results = (
            load_run(here.settings, run)
            if run
            else assess(here.settings, period=period, as_of=as_of.date() if as_of else None, progress=bar)
        )
        files = write_report(results, out, scope="ward", ward_code=found, language=here.language, crs=_crs(crs), progress=bar)
    _done(here, results, out, files)


def road(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Tuyến đường / road line")],
    out: Out = _OUT,
    period: Period = None,
    as_of: Day = None,
    crs: Crs = "9214",
) -> None:
    """Một tuyến đường: phương án sử dụng chung / a road's sharing answer."""
    from hatang.pipeline.report import write_report
    from hatang.pipeline.share import share_road

    here = session(context)
    with Bar(here) as bar:
        results = share_road(file, here.settings, period=period, as_of=as_of.date() if as_of else None, progress=bar)
        files = write_report(results, out, scope="road", language=here.language, crs=_crs(crs), progress=bar)
    _done(here, results, out, files)


def _crs(code: str) -> str:
    return MAP_CRS if code == "4326" else HUE_CRS


def _done(here: Session, results: "ResultSet", out: Path, files: list[Path]) -> None:
    summary = summarised(results)
    say_summary(here, results, summary)
    here.written(results.run_id, out, files, summary)
