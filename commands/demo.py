"""`hatang demo`: the whole main job on the synthetic city."""

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from hatang.commands.assess import say_summary, summarised
from hatang.commands.terminal import Bar, session, speaks_errors
from hatang.data.figures import shown


def register(app: typer.Typer) -> None:
    """Add `demo` to the command line."""
    app.command("demo")(speaks_errors(demo))


def demo(
    context: typer.Context,
    out: Annotated[Path, typer.Option(help="Thư mục kết quả / result folder")] = Path("out/demo"),
    seed: Annotated[int, typer.Option(help="Hạt giống / seed", min=0)] = 455,
) -> None:
    """Toàn bộ quy trình trên thành phố mô phỏng / the whole main job on a synthetic city."""
    from hatang.data.synthetic_city import CityPlan
    from hatang.pipeline.demo import run_demo

    here = session(context)
    with Bar(here) as bar:
        made = run_demo(here.settings, out, plan=dataclasses.replace(CityPlan(), seed=seed), language=here.language, progress=bar)
    summary = summarised(made.results)
    say_summary(here, made.results, summary)
    here.say("demo.truth", held=made.held, judged=made.judged, share=shown(made.held / made.judged, "share", here.language))
    here.say("demo.where", folder=made.folder, files=len(made.files), store=made.settings.home)
    summary = {**summary, "intervals_held": made.held, "intervals": made.judged}
    here.result(
        {"run_id": made.results.run_id, "folder": str(made.folder), "files": [path.name for path in made.files], "summary": summary}
    )
