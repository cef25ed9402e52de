"""Undergrounding from the store to the files handed on: a programme, one street by name, a line, and what is missing said."""

import io
import json
from pathlib import Path

import geopandas as gpd
import openpyxl
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import HUE_CRS, MAP_CRS, PLAN_FIT, UNDERGROUND_ORDER, EmptyDataError, MissingError
from hatang.data.language import LANGUAGES, message_ids
from hatang.data.settings import Settings
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet
from hatang.pipeline.undergrounding import share_underground, underground_files

X, Y = 563_000.0, 1_820_000.0


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def _file(path: Path, rows: list[dict[str, object]], kind: str, settings: Settings) -> None:
    gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS).to_crs(MAP_CRS).to_file(path, engine="pyogrio")
    assert ingest([path], IngestOptions(kind), settings, Quiet()).complete  # type: ignore[arg-type]  # a kind is its own name


@pytest.fixture
def poles(settings: Settings, tmp_path: Path) -> Settings:
    """Return settings of a store with three poles along a street of 200 m, one of them uncounted, and a road of that name."""
    rows: list[dict[str, object]] = [
        {"asset_id": name, "asset_class": "pole", "owner": owner, "slots_used": used, "geometry": shapely.Point(X + east, Y + 5)}
        for name, owner, east, used in (("v1", "viettel", 10, 4), ("n1", "vnpt", 90, 6), ("f1", "fpt", 150, None))
    ]
    _file(tmp_path / "poles.gpkg", rows, "assets", settings)
    road = {"road_id": "R1", "road_name": "Phố  Thử", "geometry": line((0, 0), (200, 0))}
    _file(tmp_path / "road.gpkg", [road], "roads", settings)
    return settings


@pytest.fixture
def programme(poles: Settings, tmp_path: Path) -> Settings:
    """Return settings of a store with a programme of two streets, one of them outside the city, and a relic over the first."""
    common = {"measure": "underground", "document": "QĐ thử", "promoter": "Ban QLDA"}
    rows: list[dict[str, object]] = [
        {"street_id": "N1", "street_name": "Phố Thử", "dead_cable_m": 40.0, **common, "geometry": line((0, 0), (200, 0))},
        {"street_id": "N2", "street_name": "Xa", **common, "geometry": line((-90_000, 0), (-89_000, 0))},
    ]
    _file(tmp_path / "programme.gpkg", rows, "undergrounding", poles)
    zone = {
        "constraint_kind": "relic_zone_1",
        "name": "Kinh thành",
        "valid_from": "2020-01-01",
        "geometry": shapely.box(X, Y - 50, X + 50, Y + 50),
    }
    _file(tmp_path / "zone.gpkg", [zone], "constraints", poles)
    return poles


def test_a_programme_is_planned_and_what_lies_outside_is_named(programme: Settings) -> None:
    results = share_underground(programme, progress=Quiet())
    street = results.tables["underground_streets"].iloc[0]
    assert (street["street_id"], street["ways"], street["ways_basis"], street["unknown_owners"]) == ("N1", 11, "at_least", "fpt")
    assert results.tables["underground_notes"].to_dict("records") == [{"code": "outside_city", "id": "N2"}]
    assert results.tables["underground_survey"]["asset_id"].tolist() == ["f1"]
    fit = PLAN_FIT.conform(results.tables["underground_fit"]).set_index("constraint_kind")
    assert fit["fit"].to_dict()["relic_zone_1"] == "does_not_fit"
    assert fit["fit"].to_dict()["relic_zone_2"] == "no_data"
    assert fit.loc["relic_zone_1", "needs_document"]
    again = share_underground(programme, progress=Quiet())
    one, two = results.manifest()["hashes"], again.manifest()["hashes"]
    assert {name for name in one if one[name] != two[name]} == set()
    assert again.run_id == results.run_id


def test_one_street_is_found_by_code_or_name_in_programme_or_roads(programme: Settings) -> None:
    assert share_underground(programme, street="n1", progress=Quiet()).tables["underground_streets"]["dead_cable_m"].tolist() == [40]
    by_road = share_underground(programme, street="r1", progress=Quiet()).tables["underground_streets"]
    assert by_road["dead_cable_m"].isna().all()  # of a road nobody filed any: not known, not none
    with pytest.raises(MissingError) as error:
        share_underground(programme, street="Không Có", progress=Quiet())
    assert error.value.fields["known"] == "Phố Thử, Xa"


def test_without_a_programme_it_is_asked_for_and_a_line_far_away_is_refused(poles: Settings) -> None:
    with pytest.raises(MissingError, match=r"error\.underground\.none"):
        share_underground(poles, progress=Quiet())
    far = gpd.GeoDataFrame({"road_id": ["R"], "road_name": [None]}, geometry=[line((-90_000, 0), (-89_000, 0))], crs=HUE_CRS)
    with pytest.raises(EmptyDataError, match=r"error\.underground\.empty"):
        share_underground(poles, road=far, progress=Quiet())
    near = far.set_geometry([line((0, 0), (200, 0))]).set_crs(HUE_CRS, allow_override=True)
    assert share_underground(poles, road=near, progress=Quiet()).tables["underground_streets"]["street_name"].tolist() == ["R"]
    near.to_crs(MAP_CRS).to_file(poles.home / "pho.geojson", engine="pyogrio")
    from_file = share_underground(poles, road=poles.home / "pho.geojson", progress=Quiet())
    assert from_file.tables["underground_streets"]["length_m"].tolist() == pytest.approx([200], rel=1e-3)


def test_the_workbook_and_the_layers_hold_words_units_and_the_run(programme: Settings, tmp_path: Path) -> None:
    results = share_underground(programme, progress=Quiet())
    files = underground_files(results, "vi")
    book = openpyxl.load_workbook(io.BytesIO(files["ngam-hoa.xlsx"]))
    assert book.sheetnames == ["Tuyến đường", "Chủ sở hữu", "Trình tự", "Cần khảo sát", "Đề xuất", "Khớp quy hoạch"]
    sheet = book["Tuyến đường"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert results.run_id in rows[1][0]
    told = dict(zip(rows[2], rows[3], strict=True))
    assert (told["Số ống dùng chung cần có"], told["Căn cứ của số ống"]) == (11, "ít nhất; còn cột chưa đếm cáp")
    assert told["Trình tự thực hiện"].startswith("1. xây cống bể dùng chung; 2. kéo cáp mới vào ống")
    assert told["Thuê bao phải chuyển"] is None
    fit = [[cell.value for cell in row] for row in book["Khớp quy hoạch"].iter_rows(min_row=4)]
    about, constraint, *rest = fit[0][1:8]
    assert (about, constraint) == ("ngầm hóa: Phố Thử", "khu vực bảo vệ di tích I")
    assert rest == ["không phù hợp", "nằm trong vùng", "Kinh thành", "chưa ghi văn bản", "01/01/2020 đến –"]
    (tmp_path / "l.gpkg").write_bytes(files["ngam-hoa.gpkg"])
    layers = {name for name, _ in pyogrio.list_layers(tmp_path / "l.gpkg")}
    assert layers == {"underground_streets", "underground_survey", "underground_suggestions"}
    frame = gpd.read_file(tmp_path / "l.gpkg", layer="underground_streets")
    assert (frame.crs, frame["run_id"].tolist()) == (HUE_CRS, [results.run_id])


def test_the_command_tells_and_writes(programme: Settings, tmp_path: Path) -> None:
    out = tmp_path / "out"
    call = ["--home", str(programme.home), "--json", "share", "underground", "--street", "N1", "--out", str(out)]
    answer = CliRunner().invoke(app, call)
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert told["files"] == ["ngam-hoa.xlsx", "ngam-hoa.gpkg"]
    assert (told["summary"]["streets"], told["summary"]["uncounted"]) == (1, 1)
    assert sorted(path.name for path in out.iterdir()) == ["ngam-hoa.gpkg", "ngam-hoa.xlsx"]


def test_every_code_has_words() -> None:
    needed = {f"underground.step.{code}" for code in UNDERGROUND_ORDER["step"].values}
    needed |= {f"planfit.{what}.{code}" for what, column in (("kind", "constraint_kind"), ("fit", "fit"), ("reason", "reason"))
               for code in PLAN_FIT[column].values}  # fmt: skip
    for language in LANGUAGES:
        assert needed <= set(message_ids(language))
