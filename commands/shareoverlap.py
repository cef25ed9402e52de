"""`hatang share overlap FILE…`: whose routes run along whose, so who could have dug with whom; without a file, of the city's register."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from hatang.commands.terminal import Bar, session
from hatang.data.figures import shown


def _distances(words: str) -> tuple[float, ...]:
    """Return distances in m of words such as 30,100,500."""
    try:
        return tuple(float(word) for word in words.split(","))
    except ValueError as error:
        said = f"{words}: số mét, cách nhau bằng dấu phẩy / metres, commas between them: 30,100,500"
        raise typer.BadParameter(said) from error


def overlap(
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]…", help="Hồ sơ của từng đơn vị (OFDS, GPKG…) / registers")] = None,
    offsets: Annotated[str, typer.Option(help="Cách nhau tối đa, mét / how near counts, m")] = "30,100,500",
    out: Annotated[Path | None, typer.Option(help="Thư mục kết quả / result folder")] = None,
    crs: Annotated[str | None, typer.Option(help="Hệ tọa độ của tệp không ghi, và để đo chiều dài / of a file that says none")] = None,
    period: Annotated[str | None, typer.Option(help="Kỳ, ví dụ 2026Q3 / quarter")] = None,
    as_of: Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Ngày chốt / date of the rules")] = None,
) -> None:
    """Tuyến của ai đi dọc tuyến của ai: ai đã có thể đào chung với ai / whose routes run along whose."""
    from hatang.pipeline.assess import assess, today
    from hatang.pipeline.commonroutes import compare_routes, note_of, routes_of_city, routes_of_files, write_common_routes
    from hatang.reports.commonroutes import routes_firms, routes_pairs

    here = session(context)
    language, day, distances = here.language, as_of.date() if as_of else today(), _distances(offsets)
    with Bar(here) as bar:
        if files:
            routes = routes_of_files(files, here.settings.limits, crs=crs, progress=bar)
        else:
            routes = routes_of_city(assess(here.settings, period=period, as_of=day, progress=bar))
        answer = compare_routes(routes, distances_m=distances, as_of=day, crs=crs, progress=bar)
        written = write_common_routes(answer, out, language=language, progress=bar) if out else []
    here.say("routes.said.note", note=note_of(answer, language))
    pairs, firms = routes_pairs(answer.found), routes_firms(answer.found)
    for row in firms.to_dict("records"):
        figures = {name: shown(row[f"{name}_km"], "km", language) for name in ("route", "beside")}
        share, distance = shown(row["beside_share"], "share", language), shown(row["distance_m"], "m", language)
        here.say("routes.said.firm", firm=row["firm"], share=share, distance=distance, **figures)
    for row in pairs[(pairs["left_beside_km"] > 0) | (pairs["right_beside_km"] > 0)].to_dict("records"):
        figures = {name: shown(row[f"{name}_beside_km"], "km", language) for name in ("left", "right")}
        shares = {f"{name}_share": shown(row[f"{name}_beside_share"], "share", language) for name in ("left", "right")}
        distance = shown(row["distance_m"], "m", language)
        words = {"first": row["left"], "second": row["right"], "distance": distance}
        here.say("routes.said.pair", **words, **figures, **shares)
    if pairs.empty:
        here.say("routes.said.nobody")
    if out is not None:
        here.say("report.written", folder=out, files=", ".join(path.name for path in written))
    document = {"source": routes.source, "as_of": day, "crs": answer.crs, "synthetic": routes.synthetic, "left_out": routes.left_out}
    tables = {"firms": firms.to_dict("records"), "pairs": pairs.to_dict("records")}
    here.result({**document, **tables, "files": [path.name for path in written]})
