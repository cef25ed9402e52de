"""`hatang share overlap`: routes of files and of the city by firm, the files written, and four firms whose overlaps are published."""

import datetime as dt
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
from web_results import city

from hatang.commands.main import app
from hatang.data.contracts import MAP_CRS, ParameterError
from hatang.data.limits import Limits
from hatang.data.settings import Settings
from hatang.pipeline.commonroutes import Routes, compare_routes, note_of, routes_of_city, routes_of_files
from hatang.pipeline.progress import Quiet
from hatang.reports.commonroutes import routes_firms, routes_pairs

DAY = dt.date(2026, 11, 25)
LON, LAT = 107.59, 16.46
STEP = 0.001  # 106.8 m to the east


def network(folder: Path, name: str, *, owner: str | None, north: float, length: float = 10) -> Path:
    """Write one span of a network, east from a place, `north` degrees off."""
    route = shapely.geometry.mapping(shapely.LineString([(LON, LAT + north), (LON + length * STEP, LAT + north)]))
    said = {} if owner is None else {"physicalInfrastructureProvider": {"id": owner, "name": owner}}
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"networks": [{"id": name, "name": name, "nodes": [], "spans": [{"id": name, "route": route, **said}]}]}))
    return path


def test_a_firm_is_the_owner_else_the_network(tmp_path: Path) -> None:
    files = [network(tmp_path, "a", owner="VNPT", north=0), network(tmp_path, "b", owner=None, north=0.0001)]
    routes = routes_of_files(files, Limits(), progress=Quiet())
    assert sorted(routes.lines["firm"]) == ["VNPT", "b"]
    assert (routes.source, routes.left_out, routes.synthetic) == ("a.json, b.json", 0, False)


def test_rows_that_could_not_be_used_are_counted(tmp_path: Path) -> None:
    path = network(tmp_path, "a", owner="VNPT", north=0)
    whole = json.loads(path.read_text())
    whole["networks"][0]["spans"].append({"id": "lost"})
    path.write_text(json.dumps(whole))
    routes = routes_of_files([path], Limits(), progress=Quiet())
    answer = compare_routes(routes, as_of=DAY, progress=Quiet())
    assert routes.left_out == 1
    assert "Bỏ 1 dòng" in note_of(answer, "vi")
    assert answer.found.empty


def test_the_command_writes_who_could_have_dug_with_whom(tmp_path: Path) -> None:
    """Two routes 11 m apart, one of 1,068 m and one of 534 m: the longer is near for 534 m and √(30² − 11²) m beyond its end."""
    files = [network(tmp_path, "a", owner="VNPT", north=0), network(tmp_path, "b", owner="Viettel", north=0.0001, length=5)]
    out = tmp_path / "out"
    start = ["--home", str(tmp_path / "home"), "--json", "share", "overlap", *map(str, files)]
    result = CliRunner().invoke(app, [*start, "--offsets", "30,100", "--out", str(out), "--as-of", "2026-11-25"])
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["crs"] == "EPSG:9214"
    assert [(pair["distance_m"], pair["left"], pair["right"]) for pair in said["pairs"]] == [
        (30, "VNPT", "Viettel"),
        (100, "VNPT", "Viettel"),
    ]
    assert said["pairs"][0]["left_beside_km"] == pytest.approx(0.534 + 0.0279, abs=0.001)
    assert said["pairs"][0]["right_beside_share"] == 1
    assert "Tuyến" not in result.stdout
    assert (
        sorted(path.name for path in out.iterdir()) == sorted(said["files"]) == ["tuyen-chung.gpkg", "tuyen-chung.png", "tuyen-chung.xlsx"]
    )
    book = openpyxl.load_workbook(io.BytesIO((out / "tuyen-chung.xlsx").read_bytes()))
    rows = list(book["Ai có thể đào chung với ai"].iter_rows(values_only=True))
    assert "a.json, b.json" in rows[0][0]
    assert "EPSG:9214" in rows[0][0]
    assert rows[1][3] == "A đi cùng B (km)"
    assert rows[2][3] == pytest.approx(said["pairs"][0]["left_beside_km"])
    layers = {
        name: pyogrio.read_dataframe(out / "tuyen-chung.gpkg", layer=name) for name, _ in pyogrio.list_layers(out / "tuyen-chung.gpkg")
    }
    assert set(layers) == {"common_routes", "routes"}
    beside = layers["common_routes"]
    assert beside.length.to_numpy() == pytest.approx(beside["beside_m"].to_numpy())
    assert set(beside["as_of"]) == {"2026-11-25"}
    assert int.from_bytes((out / "tuyen-chung.png").read_bytes()[16:20], "big") == 2000  # the width in its head
    wrong = CliRunner().invoke(app, [*start, "--offsets", "30,xa"])
    assert wrong.exit_code == 2
    far = CliRunner().invoke(app, [*start, "--offsets", "0"])
    assert far.exit_code == 1


def test_routes_far_from_hue_are_measured_in_their_own_zone() -> None:
    lines = gpd.GeoDataFrame({"firm": ["A", "B"]}, geometry=[shapely.LineString([(37, -1), (37.1, -1)])] * 2, crs=MAP_CRS)
    answer = compare_routes(Routes(lines, "k"), as_of=DAY, progress=Quiet())
    assert answer.crs == "EPSG:32737"
    assert compare_routes(Routes(lines, "k"), as_of=DAY, crs="EPSG:21037", progress=Quiet()).crs == "EPSG:21037"
    with pytest.raises(ParameterError, match="5000"):
        compare_routes(Routes(lines, "k"), distances_m=(6000.0,), as_of=DAY, progress=Quiet())


def test_the_citys_own_ducts_are_compared_by_owner_and_say_what_they_are(settings: Settings) -> None:
    results = city(settings)
    routes = routes_of_city(results)
    assets = results.tables["assets"]
    assert len(routes.lines) == int(((assets["asset_class"] == "duct_section") & assets["owner"].notna()).sum())
    answer = compare_routes(routes, as_of=DAY, progress=Quiet())
    assert ("SỐ LIỆU MÔ PHỎNG" in note_of(answer, "vi").upper()) is results.synthetic
    assert results.run_id in note_of(answer, "vi")


@pytest.mark.reference
def test_four_firms_in_kenya_run_along_each_other(reference: Path) -> None:
    """Liquid along NOFBI at 30, 100 and 500 m, and 13,600 km in all: README of the data, made apart from this code; within 1 %."""
    files = sorted((reference / "ofds").glob("*_spans.geojson"))
    routes = routes_of_files(files, Limits(), progress=Quiet())
    assert routes.left_out == 0
    answer = compare_routes(routes, as_of=DAY, progress=Quiet())
    pairs, firms = routes_pairs(answer.found), routes_firms(answer.found)
    with pd.option_context("display.width", 200, "display.max_columns", None):
        print(firms.round(3).to_string(), pairs.round(3).to_string(), sep="\n")  # noqa: T201 - the figures of the documents
    assert sorted(firms["firm"].unique()) == ["BCS", "Jamii Telecom Ltd", "Liquid Intelligent Technologies", "NOFBI"]
    liquid = pairs[(pairs["left"] == "Liquid Intelligent Technologies") & (pairs["right"] == "NOFBI")]
    assert liquid["left_near_km"].tolist() == pytest.approx([178, 553, 2131], rel=0.01)
    assert firms.drop_duplicates("firm")["route_km"].sum() == pytest.approx(13_600, rel=0.01)
    assert (pairs["left_beside_km"] <= pairs["left_near_km"] * 1.03).all()  # gaps of 20 m count as beside
    rising = answer.found.groupby(["firm", "other"])["near_m"].is_monotonic_increasing
    assert rising.all()
