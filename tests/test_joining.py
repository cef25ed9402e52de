"""Joining works: a suggestion to decide on, and works joined in time by the day of the decision."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from test_sharedset import ROAD, plans, road

from hatang.data.contracts import Choice
from hatang.data.settings import Settings
from hatang.pipeline.decisions import decide
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.kpis import share_kpis
from hatang.pipeline.progress import Quiet
from hatang.pipeline.share import share_road
from hatang.reports.drawing import sharing_drawing
from hatang.reports.sections import Scope, build_report
from hatang.reports.sharing_workbook import sharing_workbook
from hatang.sharing.joining import works_joined

CLOSING = pd.DataFrame(
    {
        "work_id": ["W1", "W2", "W3"],
        "start": pd.to_datetime(["2027-01-10", "2027-02-01", None]),
        "join_deadline": pd.to_datetime(["2026-12-01", None, None]),
    }
)


def joined(*rows: tuple[str, str, str | None]) -> list[float]:
    """Return numerator, denominator and unknown of suggestions: assets, decision, day."""
    made = pd.DataFrame([{"kind": "join_works", "assets": a, "decision": d, "decided_on": pd.Timestamp(day)} for a, d, day in rows])
    (row,) = works_joined(made, CLOSING, period="2026Q4").to_dict("records")
    return [row["numerator"], row["denominator"], row["unknown"]]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("K1, W1", "accepted", "2026-12-01")], [1, 1, 0]),  # on the last day
        ([("K1, W1", "accepted", "2026-12-02")], [0, 1, 0]),  # a day late
        ([("K1, W2", "accepted", "2027-02-01")], [1, 1, 0]),  # no deadline stated: the start
        ([("K1, W3", "accepted", "2026-10-01")], [0, 0, 1]),  # neither is known
        ([("K1, W1", "refused", "2026-11-01")], [0, 1, 0]),
        ([("K1, W1", "open", None)], [0, 0, 1]),
        ([("K1, W1", "refused", "2026-11-01"), ("K2, W1", "open", None)], [0, 0, 1]),  # one may still join
        ([("K1, W1", "accepted", "2026-11-01"), ("K2, W1", "open", None)], [1, 1, 0]),  # one joined: the works are joined, once
    ],
)
def test_works_are_joined_in_time_by_the_day_of_the_decision(rows: list[tuple[str, str, str | None]], expected: list[float]) -> None:
    assert joined(*rows) == expected


def test_a_plan_that_can_join_is_a_suggestion_and_its_acceptance_counts(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "works.gpkg"
    far = {"start": ["2090-01-10"], "end": ["2090-03-01"], "join_deadline": ["2089-12-01"]}  # a list that is open whenever this runs
    works = {"work_id": ["W1"], "kind": ["water"], "open_trench": [True], **far}
    gpd.GeoDataFrame(works, geometry=[shapely.LineString(ROAD.coords)], crs="EPSG:4326").to_file(path, engine="pyogrio")
    planned = gpd.read_file(plans(tmp_path, 3, 2)).assign(latest="2090-12-31")
    planned.to_file(tmp_path / "plans.gpkg", engine="pyogrio")
    assert ingest([tmp_path / "plans.gpkg", path], IngestOptions(), settings, Quiet()).complete
    made = share_road(road(), settings, progress=Quiet()).tables["suggestions"]
    made = made[made["kind"] == "join_works"].sort_values("assets")
    assert made["assets"].tolist() == ["K0, W1", "K1, W1"]
    again = share_road(road(), settings, progress=Quiet())
    assert sharing_workbook(again, "vi")
    assert sharing_drawing(again, "vi")
    assert build_report(again, scope=Scope("road"), language="vi")

    def counted() -> list[float]:
        kpis = share_kpis(settings, progress=Quiet()).tables["sharing_kpis"].set_index("indicator").loc["works_joined_in_time"]
        return [kpis["numerator"], kpis["denominator"], kpis["unknown"]]

    assert counted() == [0, 0, 1]
    decide(settings, made["suggestion_id"].iloc[0], Choice.ACCEPTED)
    assert counted() == [1, 1, 0]
    decide(settings, made["suggestion_id"].iloc[0], Choice.REFUSED, reason="hết vốn")
    assert counted() == [0, 0, 1], "the other may still join"
