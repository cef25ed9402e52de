"""A road's plan told to one firm: its own plans, and of its rivals and the works not a word in any file."""

import io
import json
import sqlite3
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import HUE_CRS, MAP_CRS, MissingError
from hatang.data.settings import Settings
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet
from hatang.pipeline.roadconfidential import road_for_firm

X, Y = 563_000.0, 1_820_000.0
SECRETS = (
    "KRIVAL",
    "viettel",
    "Viettel",
    "KAWAY",
    "fpt",
    "FPT",
    "WSECRET",
    "HueWACO",
    "requested",
    "approved",
    "2027-09-30",
    "30/09/2027",
    "20270930",
)
"""Ids, firms, promoter, budgets, and the days of others beyond the common window."""


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def filed(path: Path, rows: list[dict[str, object]]) -> Path:
    gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS).to_crs(MAP_CRS).to_file(path, engine="pyogrio")
    return path


@pytest.fixture
def register(settings: Settings, tmp_path: Path) -> Settings:
    """Return settings of a store where a firm's plan, a rival's and a work run along one road, and another plan of the firm elsewhere."""
    window = {"earliest": "2027-01-01", "latest": "2027-06-30", "ways": 2}
    plans = [
        {"plan_id": "KOWN", "operator": "vnpt", "budget_status": "approved", **window, "geometry": line((200, 5), (800, 5))},
        {
            "plan_id": "KRIVAL",
            "operator": "viettel",
            "budget_status": "requested",
            **window,
            "latest": "2027-09-30",
            "geometry": line((0, 8), (500, 8)),
        },
        {"plan_id": "KAWAY", "operator": "fpt", "budget_status": "none", **window, "geometry": line((0, 900), (500, 900))},
        {"plan_id": "KOTHER", "operator": "vnpt", "budget_status": "approved", **window, "geometry": line((0, 904), (500, 904))},
    ]
    named = {"work_id": "WSECRET", "work_name": "Cải tạo", "promoter": "HueWACO", "kind": "water", "open_trench": True}
    works = [{**named, "start": "2027-03-01", "end": "2027-09-30", "join_deadline": "2027-02-01", "geometry": line((300, 2), (900, 2))}]
    files = [filed(tmp_path / "ke-hoach.gpkg", plans), filed(tmp_path / "cong-trinh.gpkg", works)]
    assert ingest(files[:1], IngestOptions(kind="plans"), settings, Quiet()).complete
    assert ingest(files[1:], IngestOptions(kind="works"), settings, Quiet()).complete
    return settings


def road_file(folder: Path) -> Path:
    return filed(folder / "duong.geojson", [{"road_id": "R1", "road_name": "Đường mới", "geometry": line((0, 0), (1000, 0))}])


def everything_in(folder: Path) -> str:
    """Return every word that the files of a folder hold, those inside workbooks and databases too."""
    found = []
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        found += [path.name, content.decode("latin-1"), content.decode("utf-8", "ignore")]
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(io.BytesIO(content)) as parts:
                found += [parts.read(name).decode("utf-8", "ignore") for name in parts.namelist()]
        if path.suffix == ".gpkg":
            with sqlite3.connect(path) as base:
                tables = [row[0] for row in base.execute("select name from sqlite_master where type = 'table'")]
                found += [str(base.execute(f'select * from "{name}"').fetchall()) for name in tables]  # noqa: S608
    return "\n".join(found)


def test_no_file_told_to_a_firm_names_a_rival_a_work_or_a_budget(register: Settings, tmp_path: Path) -> None:
    out = tmp_path / "out"
    call = ["--home", str(register.home), "--json", "share", "road", str(road_file(tmp_path)), "--as-of", "2026-11-26"]
    answer = CliRunner().invoke(app, [*call, "--confidential", "vnpt", "--out", str(out)], env={"HATANG_OFFLINE": "1"})
    assert answer.exit_code == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert document["files"] == ["duong.xlsx", "lich.ics", "cuoc-gap.gpkg"]
    assert document["summary"] == {"plans": 1, "meetings": 2}
    told = everything_in(out)
    assert "KOWN" in told
    assert "20270201" in told  # the day to join
    for secret in SECRETS:
        assert secret not in told + answer.stdout + answer.stderr, secret
    assert "KOTHER" not in told  # another road's


def test_the_city_s_own_answer_names_them_all(register: Settings, tmp_path: Path) -> None:
    out = tmp_path / "out"
    call = ["--home", str(register.home), "share", "road", str(road_file(tmp_path)), "--as-of", "2026-11-26", "--out", str(out)]
    answer = CliRunner().invoke(app, call, env={"HATANG_OFFLINE": "1"})
    assert answer.exit_code == 0, answer.stderr
    assert "tham gia công trình: VNPT, HueWACO; không phải đào 500 m" in answer.stderr
    assert "nên chọn phương án B" in answer.stderr
    told = everything_in(out)
    for secret in SECRETS[:3]:
        assert secret in told, secret


def test_the_advice_is_the_city_s_and_a_firm_without_a_plan_is_told_so(register: Settings, tmp_path: Path) -> None:
    told, _ = road_for_firm(road_file(tmp_path), "vnpt", register, progress=Quiet())
    assert told["timing"][["plan_id", "advice", "decide_by"]].to_numpy().tolist() == [["KOWN", "join", pd.Timestamp("2027-02-01")]]
    assert told["calendar"]["id"].tolist() == ["KOWN"]
    assert told["meetings"]["own_id"].tolist() == ["KOWN", "KOWN"]
    with pytest.raises(MissingError, match=r"error\.road\.firm"):
        road_for_firm(road_file(tmp_path), "fpt", register, progress=Quiet())
