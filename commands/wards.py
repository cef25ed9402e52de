"""`hatang wards export FILE`, `show CODE`, `load FILE`, `unload`, `versions`: the boundaries in use, with their source."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hatang.commands.terminal import fault_document, session, speaks_errors
from hatang.data.figures import shown
from hatang.data.language import text


def register(app: typer.Typer) -> None:
    """Add `wards` to the command line."""
    group = typer.Typer(help="Ranh giới phường, xã / ward boundaries", no_args_is_help=True)
    for command in (export, show, load, unload, versions):
        group.command()(speaks_errors(command))
    app.add_typer(group, name="wards")


def export(context: typer.Context, file: Annotated[Path, typer.Argument(help=".gpkg, .geojson, .parquet, .fgb")]) -> None:
    """Ghi ranh giới đang dùng ra tệp / write the boundaries in use to a file."""
    from hatang.pipeline.wards import export_wards

    here = session(context)
    boundaries = export_wards(file, here.settings)
    here.faults(boundaries.faults)
    here.say("wards.exported", wards=len(boundaries.frame), file=file, source=text(f"boundary.{boundaries.source}", here.language))
    here.result(
        {"file": str(file), "wards": len(boundaries.frame), "boundary_source": boundaries.source, "ward_version": boundaries.version}
    )


def show(context: typer.Context, ward: Annotated[str, typer.Argument(help="Mã hoặc tên / code or name")]) -> None:
    """Thông tin một phường, xã / facts of one ward."""
    from hatang.pipeline.wards import describe_ward

    here = session(context)
    found = describe_ward(ward, here.settings)
    here.line(
        text(
            "wards.show",
            here.language,
            code=found.ward_code,
            name=found.ward_name,
            population=shown(found.population, "people", here.language),
            area=shown(found.area_km2, "km²", here.language),
            official=shown(found.area_km2_official, "km²", here.language),
            seat=found.seat,
            decree=found.decree,
            source=text(f"boundary.{found.boundary_source}", here.language),
            version=found.ward_version,
        )
    )
    here.result(asdict(found))


def load(context: typer.Context, file: Annotated[Path, typer.Argument(help="Tệp ranh giới của thành phố / the city's file")]) -> None:
    """Dùng ranh giới của thành phố từ nay / use the city's boundaries from now on."""
    from hatang.data.geodesy import geodesic_area_m2
    from hatang.pipeline.wards import load_city_boundaries

    here = session(context)
    boundaries = load_city_boundaries(file, here.settings)
    here.faults(boundaries.faults)
    area = shown(geodesic_area_m2(boundaries.frame.geometry).sum() / 1e6, "km²", here.language)
    here.say("wards.loaded", file=file, wards=len(boundaries.frame), area=area)
    faults = [fault_document(fault, here.language) for fault in boundaries.faults]
    here.result({"file": str(file), "wards": len(boundaries.frame), "ward_version": boundaries.version, "faults": faults})


def unload(context: typer.Context) -> None:
    """Bỏ dùng ranh giới của thành phố / stop using the city's boundaries."""
    from hatang.pipeline.wards import unload_city_boundaries

    here = session(context)
    was_loaded = unload_city_boundaries(here.settings)
    here.say("wards.unloaded" if was_loaded else "wards.none_loaded")
    here.result({"unloaded": was_loaded})


def versions(context: typer.Context) -> None:
    """Các phiên bản ranh giới đã dùng để tính / versions of the boundaries that results were computed with."""
    from hatang.pipeline.wards import boundary_versions

    here = session(context)
    found = boundary_versions(here.settings)
    for entry in found:
        source = text(f"boundary.{entry.source}", here.language)
        here.line("\t".join([entry.version, source, entry.origin, f"{entry.first_used_at:%Y-%m-%d %H:%M}Z"]))
    here.result({"versions": [{**asdict(entry), "first_used_at": entry.first_used_at.isoformat()} for entry in found]})
