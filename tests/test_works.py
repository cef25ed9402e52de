"""The works register's answer: who meets whom where and when, what is left out, and what one firm alone may be told."""

import io
import json
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import HUE_CRS, MAP_CRS, MissingError
from hatang.data.meetingkey import meeting_key
from hatang.data.settings import Settings
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet
from hatang.pipeline.runs import run_ids
from hatang.pipeline.works import meetings_of, share_works
from hatang.sharing.worksregister import groups_of, usable

X, Y = 563_000.0, 1_820_000.0


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def _file(path: Path, rows: list[dict[str, object]]) -> Path:
    gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS).to_crs(MAP_CRS).to_file(path, engine="pyogrio")
    return path


@pytest.fixture
def register(settings: Settings, tmp_path: Path) -> Settings:
    """Return settings of a store where two firms' plans and one work run side by side for 300 m and 200 m, a third firm's far away."""
    window = {"earliest": "2027-01-01", "latest": "2027-12-31", "ways": 2}
    plans = [
        {"plan_id": "K1", "operator": "viettel", "budget_status": "approved", **window, "geometry": line((0, 0), (500, 0))},
        {"plan_id": "K2", "operator": "vnpt", "budget_status": "requested", **window, "geometry": line((200, 5), (800, 5))},
        {"plan_id": "K3", "operator": "fpt", "budget_status": "none", **window, "geometry": line((0, 900), (500, 900))},
    ]
    works = [
        {
            "work_id": "W1",
            "work_name": "Cải tạo cấp nước",
            "promoter": "HueWACO",
            "kind": "water",
            "start": "2027-03-01",
            "end": "2027-06-30",
            "join_deadline": "2027-02-01",
            "open_trench": True,
            "geometry": line((0, -4), (200, -4)),
        }
    ]
    files = [_file(tmp_path / "plans.gpkg", plans), _file(tmp_path / "works.gpkg", works)]
    for kind, path in zip(("plans", "works"), files, strict=True):
        assert ingest([path], IngestOptions(kind=kind), settings, Quiet()).complete
    return settings


def test_who_meets_whom_and_what_each_should_do(register: Settings) -> None:
    results = share_works(register, as_of=pd.Timestamp("2026-11-26").date(), progress=Quiet())
    found = results.tables["overlaps"]
    assert found[["left_id", "right_id", "time"]].to_numpy().tolist() == [["K1", "K2", "meets"], ["K1", "W1", "meets"]]
    assert found["overlap_m"].tolist() == pytest.approx([300, 200], abs=0.5)
    group = results.tables["overlap_groups"].iloc[0]
    assert (group["members"], group["owners"], group["plans"], group["works"]) == ("K1, K2, W1", "HueWACO, viettel, vnpt", 2, 1)
    assert (group["window_from"], group["window_to"]) == (pd.Timestamp("2027-03-01"), pd.Timestamp("2027-06-30"))
    assert group["join_deadline"] == pd.Timestamp("2027-02-01")
    assert group["dig_m_saved"] == pytest.approx(300, abs=0.5)
    advice = results.tables["timing"].set_index("plan_id")[["work_id", "advice"]]
    assert advice.loc["K1"].tolist() == ["W1", "join"]
    assert advice.loc[["K2", "K3"], "advice"].tolist() == ["alone", "alone"]
    assert set(results.tables["calendar"]["id"]) == {"K1", "K2", "K3", "W1"}
    assert share_works(register, as_of=results.as_of, progress=Quiet()).run_id == results.run_id
    assert len(run_ids(register)) == 2


def test_rows_that_cannot_count_are_named_and_the_rest_stands() -> None:
    rows = [("a", line((0, 0), (100, 0))), ("b", line((5, 5), (5, 5))), ("c", line((90_000, 0), (90_100, 0)))]
    frame = gpd.GeoDataFrame({"plan_id": [name for name, _ in rows]}, geometry=[shape for _, shape in rows], crs=HUE_CRS)
    kept, notes = usable(frame, key="plan_id", city=shapely.Point(X, Y).buffer(10_000))
    assert kept["plan_id"].tolist() == ["a"]
    assert notes == [{"code": "no_length", "id": "b"}, {"code": "outside_city", "id": "c"}]


def test_a_group_without_a_common_day_has_no_window() -> None:
    days = {"window_from": pd.to_datetime(["2027-01-01", "2027-05-01"]), "window_to": pd.to_datetime(["2027-02-01", "2027-06-01"])}
    pairs = {"left_id": ["A", "B"], "left_owner": ["a", "b"], "right_id": ["B", "C"], "right_owner": ["b", "c"]}
    found = pd.DataFrame({**pairs, "left_kind": "plan", "right_kind": "plan", **days, "group": 1, "overlap_m": [60.0, 80.0]})
    group = groups_of(found, pd.DataFrame(columns=["work_id", "join_deadline"])).iloc[0]
    assert group["members"] == "A, B, C"
    assert pd.isna(group["window_from"])
    assert pd.isna(group["window_to"])


def test_one_firm_is_told_where_it_meets_and_nothing_of_whom(register: Settings, tmp_path: Path) -> None:
    told, _ = meetings_of("vnpt", register, progress=Quiet())
    assert told["own_id"].tolist() == ["K2"]
    assert told.to_crs(HUE_CRS).length.iloc[0] == pytest.approx(310, abs=1)  # 8 m beyond the other's end, to the next 10 m
    call = ["--home", str(register.home), "--json", "share", "works", "--confidential", "vnpt", "--out", str(tmp_path / "out")]
    answer = CliRunner().invoke(app, call, env={"HATANG_OFFLINE": "1"})
    assert answer.exit_code == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert document["files"] == ["cuoc-gap.xlsx", "cuoc-gap.gpkg"]
    assert document["summary"] == {"meetings": 1}
    everything = answer.stdout + answer.stderr
    book = openpyxl.load_workbook(tmp_path / "out" / "cuoc-gap.xlsx")
    everything += " ".join(str(cell.value) for sheet in book for row in sheet for cell in row)
    layer = pyogrio.read_dataframe(tmp_path / "out" / "cuoc-gap.gpkg")
    assert layer["as_of"].str.fullmatch(r"\d{4}-\d{2}-\d{2}").all()
    assert document["run_id"] in everything  # the workbook names the run it rests on
    everything += layer.to_csv()
    for secret in ("K1", "viettel", "W1", "HueWACO", "fpt", "K3"):
        assert secret not in everything
    with pytest.raises(MissingError, match=r"error\.works\.firm"):
        meetings_of("mobifone", register, progress=Quiet())


def test_the_command_writes_workbook_map_layer_and_calendar(register: Settings, tmp_path: Path) -> None:
    out = tmp_path / "ket-qua"
    call = ["--home", str(register.home), "share", "works", "--as-of", "2026-11-26", "--out", str(out)]
    answer = CliRunner().invoke(app, call, env={"HATANG_OFFLINE": "1"})
    assert answer.exit_code == 0, answer.stderr
    assert "K1, K2, W1" in answer.stderr
    book = openpyxl.load_workbook(io.BytesIO((out / "lich-cong-trinh.xlsx").read_bytes()))
    assert len(book.sheetnames) == 5
    assert [cell.value for cell in book.worksheets[0][4]][1:3] == ["K1, K2, W1", "HueWACO, viettel, vnpt"]
    shapes = pyogrio.read_dataframe(out / "du-lieu.gpkg", layer="overlaps")
    assert shapes.geometry.length.tolist() == pytest.approx([310, 210], abs=1)
    calendar = (out / "lich.ics").read_bytes()
    assert b"UID:hue:works:W1" in calendar


def test_an_empty_register_still_answers(settings: Settings) -> None:
    results = share_works(settings, progress=Quiet())
    assert len(results.tables["overlaps"]) == 0
    assert len(results.tables["overlap_groups"]) == 0


def test_the_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    first = meeting_key(tmp_path / "home")
    assert len(first) == 32
    assert meeting_key(tmp_path / "home") == first
    assert (tmp_path / "home" / "meetings.key").stat().st_mode & 0o077 == 0
    assert meeting_key(tmp_path / "other") != first
