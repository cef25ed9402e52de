"""Decisions on suggestions: kept with their history, carried by every later answer, and what a refusal owes."""

import datetime as dt
import io
import json
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from docx import Document
from test_share import register, road_file
from typer.testing import CliRunner
from web_results import city, road

from hatang.commands.main import app
from hatang.data.contracts import Choice, MissingError, ParameterError
from hatang.data.decisions import REASON_LIMIT, Subject
from hatang.data.figures import shown_date
from hatang.data.language import Language, text
from hatang.data.results import load_results, save_results
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.decisions import all_suggestions, decide, list_decisions
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet
from hatang.pipeline.report import write_report
from hatang.pipeline.runs import load_run, run_ids
from hatang.pipeline.share import share_road
from hatang.reports.docx import report_docx
from hatang.reports.sections import Scope, build_report
from hatang.reports.sharing_lists import owed_text, owed_words
from hatang.reports.sharing_workbook import sharing_workbook

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.fixture
def answered(settings: Settings) -> Settings:
    """Return a home with one road's answer, of one suggestion `g1` for two spare ways."""
    results = road(city(settings))
    (settings.home / "results").mkdir(parents=True)
    save_results(results, settings.home / "results" / results.run_id)
    return settings


def test_every_change_of_mind_is_kept_and_the_last_one_holds(answered: Settings) -> None:
    assert all_suggestions(answered)[["decision", "rank"]].to_numpy().tolist() == [["open", 1]]
    first = decide(answered, "g1", Choice.ACCEPTED)
    assert decide(answered, "g1", Choice.ACCEPTED) == first
    second = decide(answered, "g1", Choice.REFUSED, reason="  Ống đã cho thuê\0 ")
    assert decide(answered, "g1", Choice.OPEN, reason="nhầm").decision is Choice.OPEN
    history = list_decisions(answered, "g1")
    assert [entry.decision for entry in history] == ["accepted", "refused", "open"]
    assert history[0] == first
    assert (second.reason, second.decided_by) == ("Ống đã cho thuê", answered.actor)
    assert second.spare_owed == {"count": 2, "unit": "ways", "assets": ["a2,a5"], "owner": "vnpt"}
    assert all_suggestions(answered)[["decision", "reason"]].to_numpy().tolist() == [["open", "nhầm"]]
    with Store.open(answered) as store:
        assert store.audit_head().seq == 3
        assert store.verify() == []


def test_the_road_report_says_what_was_decided_by_whom_when_why_and_what_is_owed(settings: Settings, tmp_path: Path) -> None:
    ingest([register(tmp_path)], IngestOptions(), settings, Quiet())
    run = share_road(road_file(tmp_path), settings, progress=Quiet()).run_id
    (row,) = load_run(settings, run).tables["suggestions"].to_dict("records")

    def said(language: Language = "vi") -> str:
        report = build_report(load_run(settings, run), scope=Scope("road"), language=language)
        document = Document(io.BytesIO(report_docx(report, as_of=dt.date(2026, 10, 1))))
        cells = [cell.text for table in document.tables for line in table.rows for cell in line.cells]
        return "\n".join([*(part.text for part in document.paragraphs), *cells])

    assert text("report.decisions.none", "vi") in said()
    decide(settings, row["suggestion_id"], Choice.ACCEPTED, reason="đủ ống")
    assert "đủ ống" in said()
    assert text("report.decisions.owed", "vi") not in said()
    made = decide(settings, row["suggestion_id"], Choice.REFUSED, reason="Ống đã cho thuê")
    words = said()
    assert all(part in words for part in ("Ống đã cho thuê", "từ chối", f"Sở Khoa học và Công nghệ ({settings.actor})"))
    assert f"{row['spare']} ống trống của {row['owner']} ({row['assets']})" in words
    assert shown_date(made.decided_at.date(), "vi") in words
    assert "đủ ống" not in words, "the decision that holds"
    assert f"{row['spare']} spare ways of {row['owner']} ({row['assets']})" in said("en")
    files = write_report(load_run(settings, run), tmp_path / "out", scope="road", progress=Quiet())
    assert tmp_path / "out" / "bao-cao.pdf" in files


def test_what_may_not_be_decided_changes_nothing(answered: Settings) -> None:
    for reason in (None, "", "  \0"):
        with pytest.raises(ParameterError, match=r"error\.decision\.reason"):
            decide(answered, "g1", Choice.REFUSED, reason=reason)
    with pytest.raises(ParameterError, match=r"error\.decision\.long"):
        decide(answered, "g1", Choice.REFUSED, reason="x" * (REASON_LIMIT + 1))
    with pytest.raises(ParameterError, match=r"error\.decision\.open"):
        decide(answered, "g1", Choice.OPEN)
    with pytest.raises(MissingError, match=r"error\.suggestion\.missing"):
        decide(answered, "S-nowhere", Choice.ACCEPTED)
    assert list_decisions(answered) == []
    with Store.open(answered) as store:
        assert store.audit_head().seq == 0


def test_the_saved_run_stays_as_it_was(answered: Settings) -> None:
    (run,) = run_ids(answered)
    folder = answered.home / "results" / run
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    decide(answered, "g1", Choice.ACCEPTED, reason="tốt")
    shown = load_run(answered, run)
    assert shown.run_id == run
    assert shown.tables["suggestions"][["decision", "reason"]].to_numpy().tolist() == [["accepted", "tốt"]]
    assert load_results(folder).tables["suggestions"]["decision"].tolist() == ["open"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("kind", "spare", "count", "unit"),
    [("reuse_way", 3, 3, "ways"), ("joint_trench", None, None, "ways"), ("share_mast", 1, 1, "slots"), ("wait", 3, None, None)],
)
def test_only_who_refuses_coordination_owes_room(kind: str, spare: int | None, count: int | None, unit: str | None) -> None:
    owed = Subject("S", "r", kind, "R1", "VNPT", ("D1",), spare).owed()
    assert owed == ({} if unit is None else {"count": count, "unit": unit, "assets": ["D1"], "owner": "VNPT"})


@pytest.fixture
def joining(answered: Settings) -> Settings:
    """Return a home where suggestion `g1` joins works `W1`: the plan of VNPT states three ways, the promoter is a water company."""
    (run,) = run_ids(answered)
    results = load_results(answered.home / "results" / run)
    row = {"kind": "join_works", "owner": "Cấp nước", "members": "vnpt, Cấp nước", "assets": "K1, W1", "spare": None, "ways": 3}
    save_results(results.with_tables(suggestions=results.tables["suggestions"].assign(**row)), answered.home / "results" / run)
    return answered


def test_who_refuses_to_join_works_owes_the_ways_of_the_joint_plan(joining: Settings) -> None:
    silent = decide(joining, "g1", Choice.REFUSED, reason="bận")
    assert silent.spare_owed == {"count": 3, "unit": "ways", "assets": ["K1", "W1"], "owner": None}
    assert "chưa ghi bên nào" in owed_text(silent, "vi")
    made = decide(joining, "g1", Choice.REFUSED, reason="bận", party="Cấp nước")
    assert made.id != silent.id
    assert made.spare_owed["owner"] == "Cấp nước"
    assert decide(joining, "g1", Choice.REFUSED, reason="bận", party="Cấp nước") == made
    assert "3 ống" in owed_text(made, "vi")
    assert owed_text(made, "vi").endswith("Cấp nước")
    held = load_run(joining, run_ids(joining)[0]).tables["decided"].iloc[0]
    assert (held["owed_count"], held["owed_by"]) == (3, "Cấp nước")
    assert decide(joining, "g1", Choice.OPEN).spare_owed == {}
    assert [entry.decision for entry in list_decisions(joining, "g1")] == ["refused", "refused", "open"]
    for choice, party in ((Choice.REFUSED, "fpt"), (Choice.ACCEPTED, "vnpt")):
        with pytest.raises(ParameterError, match=r"error\.decision\.party"):
            decide(joining, "g1", choice, reason="bận", party=party)


def test_a_decision_is_told_by_the_hour_of_the_city(joining: Settings) -> None:
    made = decide(joining, "g1", Choice.ACCEPTED)
    assert made.decided_at.utcoffset() == dt.timedelta(hours=7)
    assert abs(made.decided_at - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=5)
    assert list_decisions(joining, "g1")[0].as_dict()["decided_at"].endswith("+07:00")


def test_ways_that_no_plan_states_are_owed_as_unknown_with_the_reason() -> None:
    subject = Subject("S", "r", "join_works", "R1", "W1", ("K1", "W1"), None, ("vnpt",), None)
    assert subject.owed("vnpt") == {"count": None, "unit": "ways", "assets": ["K1", "W1"], "owner": "vnpt", "why": "plan_ways_unknown"}
    said = owed_words("join_works", None, "ways", owner="vnpt", assets="K1, W1", why="plan_ways_unknown", language="vi")
    assert "chưa rõ" in said
    assert said.endswith("(kế hoạch không ghi số ống)")


def test_masts_and_streets_are_decided_as_roads_are(answered: Settings) -> None:
    (run,) = run_ids(answered)
    results = load_results(answered.home / "results" / run)
    mast = {"need_id": "n1", "operators": "fpt, vnpt", "rank": 1, "assumptions": "mast_load_check", "decision": "open"}
    masts = pd.DataFrame(
        [
            {"suggestion_id": "M-1", "kind": "share_mast", "action": "share", "mast_id": "T1", "owner": "Viettel", **mast},
            {"suggestion_id": "M-2", "kind": "colocate_new_mast", "action": "build_together", "mast_id": None, "owner": None, **mast},
        ]
    ).assign(geometry=[shapely.Point(107.58, 16.46)] * 2)
    streets = results.tables["suggestions"][["geometry"]].assign(street_id="U1", street_name="Lê Lợi")
    proposals = pd.concat([streets] * 3, ignore_index=True).assign(
        suggestion_id=["U-1", "U-2", "U-3"],
        kind=["underground", "tidy_cable", "remove_dead_cable"],
        amount=[500.0, 500.0, 12.0],
        unit=["m", "m", "poles"],
        owners="vnpt",
    )
    tables = {"mast_suggestions": masts, "underground_streets": streets, "underground_suggestions": proposals}
    more = results.with_tables(**{name: gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326") for name, frame in tables.items()})
    save_results(more, answered.home / "results" / run)
    listed = all_suggestions(answered).set_index("suggestion_id")
    assert set(listed.index) == {"g1", "M-1", "M-2", "U-1", "U-2", "U-3"}
    assert listed.loc["U-1", "road_name"] == "Lê Lợi"
    assert listed["saving_vnd"].isna().all()
    for name, owed in (
        ("M-1", {"count": None, "unit": "slots", "assets": ["T1"], "owner": "Viettel"}),
        ("M-2", {"count": None, "unit": "slots", "assets": ["n1"], "owner": "fpt, vnpt"}),
        ("U-1", {}),
        ("U-2", {}),
        ("U-3", {}),
    ):
        assert decide(answered, name, Choice.REFUSED, reason="chưa khảo sát").spare_owed == owed
        assert all_suggestions(answered).set_index("suggestion_id").loc[name, "decision"] == "refused"
        assert decide(answered, name, Choice.OPEN).decision is Choice.OPEN
        assert [entry.decision for entry in list_decisions(answered, name)] == ["refused", "open"]


def test_a_later_answer_for_the_same_road_carries_the_decision(settings: Settings, tmp_path: Path) -> None:
    ingest([register(tmp_path)], IngestOptions(), settings, Quiet())
    first = share_road(road_file(tmp_path), settings, progress=Quiet())
    (name,) = first.tables["suggestions"]["suggestion_id"]
    decide(settings, name, Choice.REFUSED, reason="ống hỏng")
    wider = tmp_path / "wider.geojson"
    wider.write_text(road_file(tmp_path).read_text("utf-8").replace("Đường mới", "Đường mới mở"), "utf-8")
    second = share_road(wider, settings, progress=Quiet())
    assert second.run_id != first.run_id
    rows = second.tables["suggestions"]
    assert rows[["suggestion_id", "decision", "reason"]].to_numpy().tolist() == [[name, "refused", "ống hỏng"]]
    listed = all_suggestions(settings)
    assert listed[["run_id", "road_name", "decision"]].to_numpy().tolist() == [[second.run_id, "Đường mới mở", "refused"]]
    assert listed["ward_name"].str.len().gt(0).all()


@pytest.mark.usefixtures("environment")
def test_on_the_command_line(answered: Settings) -> None:
    def call(*arguments: str) -> tuple[int, dict[str, object]]:
        done = CliRunner().invoke(app, ["--json", "share", *arguments])
        return done.exit_code, json.loads(done.stdout) if done.stdout.strip() else {}

    assert call("decisions") == (0, {"decisions": []})
    assert call("decide", "g1", "refused")[0] == 1
    assert call("decide", "g1", "perhaps")[0] == 2
    assert call("decide", "S-nowhere", "accepted")[0] == 1
    said = CliRunner().invoke(app, ["--lang", "vi", "share", "decide", "g1", "refused", "--reason", "hết chỗ"])
    assert "2 ống trống của vnpt (a2,a5)" in said.stderr
    code, document = call("decisions")
    assert code == 0
    assert [entry["reason"] for entry in document["decisions"]] == ["hết chỗ"]  # type: ignore[attr-defined]
    line = CliRunner().invoke(app, ["--lang", "vi", "share", "decisions"]).stdout.strip().split("\t")
    assert line[1] == "g1"
    assert line[4:] == ["từ chối", answered.actor, "hết chỗ"]
    assert CliRunner().invoke(app, ["share", "decide", "g1", "accepted", "--reason", "=1+1"]).exit_code == 0
    book = openpyxl.load_workbook(io.BytesIO(sharing_workbook(load_run(answered, run_ids(answered)[0]), "vi")))
    values = [cell.value for row in book["De xuat dung chung"].iter_rows() for cell in row if cell.data_type == "s"]
    assert {"đồng ý", "=1+1", "g1"} <= set(values)
