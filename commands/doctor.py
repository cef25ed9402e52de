"""`hatang doctor`: what protects this machine from the files it is handed, tried for real."""

import typer

from hatang.commands.terminal import session, speaks_errors
from hatang.data.language import text


def register(app: typer.Typer) -> None:
    """Add `doctor` to the command line."""
    app.command("doctor")(speaks_errors(examine))


def examine(context: typer.Context) -> None:
    """Thử các lớp bảo vệ khi đọc tệp trên máy này / try what protects this machine while it reads files."""
    from hatang.data.sandbox import sandbox_report

    here = session(context)
    report = sandbox_report(here.settings.limits)
    for layer, state in report.layers.items():
        here.line(text("doctor.layer", here.language, layer=layer, state=text("doctor.on", here.language) if state == "on" else state))
    for name, refused in report.refused.items():
        here.line(text("doctor.refused" if refused else "doctor.allowed", here.language, what=text(f"doctor.try.{name}", here.language)))
    here.line(text("doctor.drivers", here.language, vector=", ".join(report.vector_drivers), raster=", ".join(report.raster_drivers)))
    here.say("doctor.tight" if report.tight else "doctor.loose")
    here.result(
        {
            "tight": report.tight,
            "layers": dict(report.layers),
            "refused": dict(report.refused),
            "vector_drivers": list(report.vector_drivers),
            "raster_drivers": list(report.raster_drivers),
        }
    )
    if not report.tight:
        raise typer.Exit(1)
