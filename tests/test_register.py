"""A register looked through: the process apart, room and survey list of every class, the files, and the command line."""

import datetime as dt
import io
import json
import warnings
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.feather as feather
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data._registerbundle import bundled_register, write_register
from hatang.data.contracts import FINDINGS, MAP_CRS, REGISTER_TABLES, Kind, ParameterError, RefusedError
from hatang.data.language import message_ids
from hatang.data.limits import Limits
from hatang.data.openfibre import read_openfibre
from hatang.data.reading import ReadOptions
from hatang.data.registerfile import read_register, register_geopackage
from hatang.data.sandbox import read_apart, register_apart
from hatang.data.tablefile import arrow_table
from hatang.pipeline.progress import Quiet
from hatang.pipeline.register import check_register
from hatang.pipeline.registerfiles import register_openfibre

DAY = dt.date(2026, 11, 25)
LON, LAT = 107.59, 16.46


def register_file(folder: Path) -> Path:
    """Write four ducts (free, full, unknown long, unknown short), a pole of which the use is unknown, and two chambers."""
    shapes = [
        shapely.LineString([(LON, LAT + i / 1000), (LON + width, LAT + i / 1000)]) for i, width in enumerate((1e-3, 1e-3, 3e-3, 2e-3))
    ]
    ducts = gpd.GeoDataFrame({"asset_id": ["D1", "D2", "D3", "D4"], "owner": "VNPT", "ways": 2}, geometry=shapes, crs=MAP_CRS)
    ducts[["laying", "cover_m", "surface"]] = ["open_trench", 0.45, "sidewalk"]  # 50 mm too little
    ducts["from_id"] = ["B1", "B9", None, None]
    ways = pd.DataFrame([("1", "D1", "empty"), ("2", "D1", "data"), ("3", "D2", "data"), ("4", "D2", "data")])
    ways = ways.set_axis(["way_id", "section_id", "use"], axis=1).assign(parent_way_id=None)
    ways["use"] = ways["use"].replace("data", "used")
    points = [shapely.Point(LON, LAT), shapely.Point(LON + 1e-3, LAT)]
    chambers = gpd.GeoDataFrame({"asset_id": ["B1", "B2"], "owner": "VNPT", "entries_total": [4, 4], "entries_used": [1, 4]},
                                geometry=points, crs=MAP_CRS)  # fmt: skip
    poles = gpd.GeoDataFrame({"asset_id": ["C1"], "owner": ["EVN"], "slots_total": [6]}, geometry=points[:1], crs=MAP_CRS)
    path = folder / "register.gpkg"
    path.write_bytes(register_geopackage({"duct_sections": ducts, "duct_ways": ways, "chambers": chambers, "poles": poles}))
    return path


def test_the_process_apart_hands_over_every_table(tmp_path: Path) -> None:
    path = register_file(tmp_path)
    here, found = read_register(path, Limits())
    apart, found_apart = register_apart(path, Limits())
    assert set(apart) == set(REGISTER_TABLES)
    for name, frame in here.items():
        pd.testing.assert_frame_equal(pd.DataFrame(apart[name]), pd.DataFrame(frame))
    pd.testing.assert_frame_equal(pd.DataFrame(found_apart), pd.DataFrame(found))
    assert gpd.GeoDataFrame(apart["duct_sections"]).crs == MAP_CRS


def test_the_process_apart_refuses_as_the_reader_does(tmp_path: Path) -> None:
    path = tmp_path / "roads.gpkg"
    gpd.GeoDataFrame({"road_id": ["R"]}, geometry=[shapely.LineString([(LON, LAT), (LON + 1, LAT)])], crs=MAP_CRS).to_file(path)
    with pytest.raises(RefusedError) as caught:
        register_apart(path, Limits())
    assert [fault.code for fault in caught.value.faults] == ["file_no_register"]


def test_a_bundle_that_breaks_the_contracts_is_not_taken(tmp_path: Path) -> None:
    tables, found = read_register(register_file(tmp_path), Limits())
    path = tmp_path / "bundle.arrow"
    poles = pd.DataFrame(tables["poles"]).assign(slots_total=-1)
    write_register({**tables, "poles": poles}, found, path)
    with pytest.raises(ValueError, match="poles"):
        bundled_register(path)
    feather.write_feather(pa.table({"name": ["poles"], "stream": pa.array([b""], pa.large_binary())}), str(path))
    with pytest.raises(ValueError, match="name"):
        bundled_register(path)


def test_room_and_survey_of_every_class(tmp_path: Path) -> None:
    """D3 is 3/2 as long as D4; the pole spares no metre: it comes last. Nothing unknown is free."""
    check = check_register(register_file(tmp_path), Limits(), as_of=DAY, progress=Quiet())
    assert check.assets.set_index("asset_id")["action"].to_dict() == {
        "D1": "reuse", "D2": "full", "D3": "survey", "D4": "survey", "C1": "survey", "B1": "reuse", "B2": "full",
    }  # fmt: skip
    assert check.survey[["rank", "asset_id"]].to_numpy().tolist() == [[1, "D3"], [2, "D4"], [3, "C1"]]
    assert check.survey["spare"].isna().all()
    assert check.survey["length_m"].iloc[0] == pytest.approx(1.5 * check.survey["length_m"].iloc[1], rel=1e-4)
    assert check.amounts[check.amounts["unit"] == "km"][["table", "amount"]].round(2).to_numpy().tolist() == [["duct_sections", 0.75]]
    assert "end_not_found" in set(check.findings["finding"])


def test_use_of_ways_reaches_the_store_only_where_all_are_known(tmp_path: Path) -> None:
    """D1 has one of two ways in use, D2 both; of D3 and D4 no way is described: missing, not none."""
    read_apart(register_file(tmp_path), tmp_path / "out.arrow", Kind.AUTO, ReadOptions())
    assets = arrow_table(tmp_path / "out.arrow", Kind.ASSETS).set_index("asset_id")
    assert assets.loc[["D1", "D2"], "ways_used"].tolist() == [1, 2]
    assert assets.loc[["D3", "D4"], "ways_used"].isna().all()


def test_open_fibre_names_only_nodes_that_it_has(tmp_path: Path) -> None:
    tables, _ = read_register(register_file(tmp_path), Limits())
    nodes, spans = read_openfibre(register_openfibre(tables, "register.gpkg"), "ofds.json")
    assert nodes["node_id"].tolist() == ["B1", "B2", "C1"]
    assert spans["span_id"].tolist() == ["D1", "D2", "D3", "D4"]
    assert spans["from_id"].astype(object).where(spans["from_id"].notna(), None).tolist() == ["B1", None, None, None]
    assert spans["owner"].unique().tolist() == ["VNPT"]
    assert register_openfibre(tables, "register.gpkg") == register_openfibre(tables, "register.gpkg")


def test_the_command_writes_what_it_says(tmp_path: Path) -> None:
    path, out = register_file(tmp_path), tmp_path / "out"
    arguments = ["--home", str(tmp_path / "home"), "--json", "share", "register", str(path), "--out", str(out), "--ofds"]
    result = CliRunner().invoke(app, [*arguments, "--as-of", "2026-11-25"])
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    assert said["counts"]["duct_ways"] == 4
    assert said["actions"] == {"reuse": 2, "full": 2, "survey": 3, "closed": 0}
    assert said["survey"] == ["D3", "D4", "C1"]
    assert said["violations"] == {"chamber_spacing": 1, "duct_cover_sidewalk": 4}  # B1 and B2 are 0.001° apart, 107 m
    assert sorted(file.name for file in out.iterdir()) == sorted(said["files"]) == ["ho-so.gpkg", "ho-so.xlsx", "ofds.json"]
    book = openpyxl.load_workbook(io.BytesIO((out / "ho-so.xlsx").read_bytes()))
    assert [row[2].value for row in book["Cần khảo sát"].iter_rows(min_row=3)] == ["D3", "D4", "C1"]
    amounts = [row[:3] for row in book["Số lượng"].iter_rows(min_row=3, values_only=True)]
    assert ("bể cáp", 2, "cái") in amounts
    assert [unit for table, _, unit in amounts if table == "đoạn cống cáp"] == ["đoạn", "km"]
    assert [name for name, _ in pyogrio.list_layers(out / "ho-so.gpkg")] == ["findings", "room", "survey", "violations"]
    broken = [row[1:6] for row in book["So với quy chuẩn"].iter_rows(min_row=3, values_only=True)]
    assert ("D2", "VNPT", "lớp phủ trên ống dưới hè", 450, 500) in broken
    spoken = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "--lang", "en", "share", "register", str(path)])
    assert spoken.exit_code == 0
    assert "1. To survey: duct section D3, VNPT, 32" in " ".join(spoken.stderr.split())
    assert not list((tmp_path / "home").rglob("*.parquet"))
    elsewhere = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "share", "register", str(path), "--crs", "EPSG:2225"])
    assert elsewhere.exit_code == 1
    assert "EPSG:9214" in elsewhere.stderr


def test_lengths_are_taken_in_the_coordinate_system_named(tmp_path: Path) -> None:
    """Far from its central meridian a zone stretches lines: PROJ's scale of zone 47 here is 1.0101 times that of EPSG:9214."""
    path = register_file(tmp_path)
    lengths = []
    for crs in ("EPSG:9214", "EPSG:32647"):
        check = check_register(path, Limits(), as_of=DAY, crs=crs, progress=Quiet())
        lengths.append(float(check.assets.set_index("asset_id").loc["D3", "length_m"]))
    assert lengths[1] / lengths[0] == pytest.approx(1.0101, abs=0.0002)


def test_a_file_that_says_no_coordinate_system_is_asked_and_never_guessed(tmp_path: Path) -> None:
    """The same poles in metres of EPSG:9214 with that left out: refused, then where they were when it is named."""
    poles = gpd.GeoDataFrame({"asset_id": ["C1"], "owner": ["EVN"]}, geometry=[shapely.Point(LON, LAT)], crs=MAP_CRS).to_crs("EPSG:9214")
    path = tmp_path / "register.gpkg"
    for name in ("poles", "chambers"):
        bare = gpd.GeoDataFrame(poles.drop(columns="geometry"), geometry=poles.geometry.to_numpy())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has none is the point
            pyogrio.write_dataframe(bare, path, layer=name, append=path.exists())
    for refuses in (lambda: register_apart(path, Limits()), lambda: check_register(path, Limits(), as_of=DAY, progress=Quiet())):
        with pytest.raises(RefusedError) as caught:
            refuses()
        assert [(fault.code, fault.field) for fault in caught.value.faults] == [("register_crs", "poles")]
    check = check_register(path, Limits(), as_of=DAY, crs="EPSG:9214", progress=Quiet())
    placed = check.assets.geometry.iloc[0]
    assert (placed.x, placed.y) == pytest.approx((LON, LAT), abs=1e-8)
    with pytest.raises(ParameterError, match="EPSG:99999"):
        check_register(path, Limits(), as_of=DAY, crs="EPSG:99999", progress=Quiet())


def test_every_table_severity_and_column_has_words() -> None:
    wanted = {f"register.table.{name}" for name in REGISTER_TABLES}
    wanted |= {f"register.severity.{value}" for value in FINDINGS["severity"].values or ()}  # noqa: PD011 - of the contract
    assert wanted <= message_ids("vi") & message_ids("en")


@pytest.mark.reference
def test_published_registers_are_looked_through(reference: Path, tmp_path: Path) -> None:
    """Counts of the published tables; in GraceTHD every way that is described is used, so nothing is free."""
    folder = reference / "registers/gracethd_v2"
    archive = tmp_path / "delivery.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for file in sorted(folder.iterdir()):
            target.write(file, file.name)
    check = check_register(archive, Limits(), as_of=DAY, crs="EPSG:2154", progress=Quiet())
    counts = {name: len(frame) for name, frame in check.tables.items() if len(frame)}
    assert counts == {"poles": 3, "chambers": 6, "duct_sections": 15, "duct_ways": 27, "spans": 8, "attachments": 12, "station_houses": 2}
    assert not (check.assets[check.assets["asset_class"] == "duct_section"]["action"] == "reuse").any()


def test_a_register_is_handed_on_as_a_geopackage_that_is_read_again(tmp_path: Path) -> None:
    path, out = register_file(tmp_path), tmp_path / "out"
    base = ["--home", str(tmp_path / "home"), "--json", "share", "register"]
    first = CliRunner().invoke(app, [*base, str(path), "--out", str(out), "--gpkg", "--as-of", "2026-11-25"])
    assert first.exit_code == 0, first.stderr
    again = CliRunner().invoke(app, [*base, str(out / "trao-doi.gpkg"), "--as-of", "2026-11-25"])
    assert again.exit_code == 0, again.stderr
    one, two = (json.loads(result.stdout) for result in (first, again))
    assert [one[name] for name in ("counts", "actions", "survey", "violations")] == [
        two[name] for name in ("counts", "actions", "survey", "violations")
    ]
