"""The joint design of an area from the store: what is filed is used, what is not is said, the answer is bounded and written."""

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
from hatang.data.contracts import DESIGN_TABLES, HUE_CRS, MAP_CRS, CancelledError, EmptyDataError, MissingError, ParameterError, Price
from hatang.data.limits import Limits
from hatang.data.rules import rules_in_force
from hatang.data.settings import Settings
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.jointdesign import Ask, rates_of, read_area, share_design
from hatang.pipeline.progress import Quiet
from hatang.pipeline.runs import run_ids
from hatang.sharing.streetgraph import Rates

X, Y = 563_000.0, 1_820_000.0
DAY = pd.Timestamp("2026-11-26").date()
WINDOW = {"earliest": "2027-01-01", "latest": "2027-12-31", "ways": 1, "budget_status": "approved"}


def line(*points: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([(X + x, Y + y) for x, y in points])


def _file(path: Path, rows: list[dict[str, object]]) -> Path:
    gpd.GeoDataFrame(rows, geometry="geometry", crs=HUE_CRS).to_crs(MAP_CRS).to_file(path, engine="pyogrio")
    return path


def roads() -> list[dict[str, object]]:
    """Two streets 40 m apart with two ways across, a bridge, and a street that hangs together with none."""
    shapes = {
        "D1": line((0, 0), (600, 0)),
        "D2": line((0, 40), (600, 40)),
        "D3": line((0, 0), (0, 40)),
        "D4": line((600, 0), (600, 40)),
        "D5": line((0, 2000), (300, 2000)),
        "C1": line((600, 40), (700, 40)),
    }
    return [{"road_id": name, "road_name": f"Đường {name}", "bridge": name == "C1", "geometry": shape} for name, shape in shapes.items()]


def plans() -> list[dict[str, object]]:
    asked = {
        "K1": ("viettel", line((0, 0), (600, 0))),
        "K2": ("vnpt", line((0, 40), (700, 40))),
        "K3": ("fpt", line((0, 2000), (300, 2000))),
        "K4": ("fpt", line((0, 3000), (300, 3000))),
    }
    return [{"plan_id": name, "operator": operator, **WINDOW, "geometry": shape} for name, (operator, shape) in asked.items()]


@pytest.fixture
def filed(settings: Settings, tmp_path: Path) -> Settings:
    """Return settings of a store with roads, four plans of three firms, a duct with two free ways, and works."""
    duct = {
        "asset_id": "O1",
        "asset_class": "duct_section",
        "owner": "VNPT",
        "status": "in_service",
        "ways": 4,
        "ways_used": 2,
        "geometry": line((300, 4), (600, 4)),
    }
    works = {
        "work_id": "W1",
        "promoter": "HueWACO",
        "kind": "water",
        "start": "2027-03-01",
        "end": "2027-06-30",
        "open_trench": True,
        "geometry": line((0, -4), (300, -4)),
    }
    layers = {"roads": roads(), "plans": plans(), "assets": [duct], "works": [works]}
    for kind, rows in layers.items():
        assert ingest([_file(tmp_path / f"{kind}.gpkg", rows)], IngestOptions(kind=kind), settings, Quiet()).complete
    return settings


def ground(*, north: float = 4000) -> shapely.Geometry:
    """Return an area round the roads, EPSG:4326."""
    return gpd.GeoSeries([shapely.box(X - 50, Y - 50, X + 750, Y + north)], crs=HUE_CRS).to_crs(MAP_CRS).iloc[0]


def test_what_is_filed_is_used_and_the_answer_is_bounded(filed: Settings) -> None:
    results = share_design(Ask(area=ground(), exact=True), filed, as_of=DAY, progress=Quiet())
    for table in DESIGN_TABLES:
        assert table.conform(results.tables[table.name]).shape == results.tables[table.name].shape
    edges = results.tables["design_edges"].to_crs(HUE_CRS)
    used = edges[edges["part"] == 1].groupby("option")["length_m"].sum().round().to_dict()
    # both go with the works and rent the duct; vnpt digs over to that street and back, and goes on over the bridge
    assert used == {"crossing": 100, "trench": 80, "way": 300, "works": 300}
    totals = results.tables["design_totals"].set_index("part")
    assert totals.index.tolist() == ["all", "1", "2"]
    assert totals["unit"].tolist() == ["m"] * 3
    assert totals.loc["all", "cost"] == pytest.approx(totals.loc[["1", "2"], "cost"].sum(), abs=1e-5)
    assert (totals["bound"] <= totals["cost"]).all()
    assert totals["proven"].all()
    assert totals.loc["2", "dug_m"] == pytest.approx(300, abs=0.5)
    assert totals.loc["1", ["alone", "cost", "saved"]].tolist() == pytest.approx([180 + 360, 390, 150], abs=0.5)
    notes = results.tables["design_notes"].to_numpy().tolist()
    assert notes == [["off_network", "K4"], ["no_trench_price", "hue"], ["crossing_as_trench", "hue"]]
    assert share_design(Ask(area=ground(), exact=True), filed, as_of=DAY, progress=Quiet()).run_id == results.run_id
    assert len(run_ids(filed)) == 2


def test_a_way_that_each_counts_on_alone_is_said(filed: Settings, tmp_path: Path) -> None:
    duct = {
        "asset_id": "O1",
        "asset_class": "duct_section",
        "owner": "VNPT",
        "ways": 4,
        "ways_used": 3,
        "geometry": line((300, 4), (600, 4)),
    }
    again = _file(tmp_path / "assets-2.gpkg", [duct])
    assert ingest([again], IngestOptions(kind="assets"), filed, Quiet()).complete
    results = share_design(Ask(area=ground(north=100)), filed, as_of=DAY, progress=Quiet())
    assert results.tables["design_totals"].loc[0, "saved"] < 0
    assert ["ways_wanted_twice", "hue"] in results.tables["design_notes"].to_numpy().tolist()


def test_only_those_asked_for_and_only_there(filed: Settings) -> None:
    results = share_design(Ask(area=ground(north=100), operators=("viettel",)), filed, as_of=DAY, progress=Quiet())
    assert results.tables["design_operators"]["operator"].tolist() == ["viettel"]
    totals = results.tables["design_totals"].iloc[0]
    assert totals[["operators", "plans", "saved", "cost"]].tolist() == pytest.approx([1, 1, 0, 150 + 30], abs=0.5)


def test_what_cannot_be_asked_is_said(filed: Settings, tmp_path: Path) -> None:
    def refused(error: type[Exception], ask: Ask, message: str) -> None:
        with pytest.raises(error, match=message.replace(".", r"\.")):
            share_design(ask, filed, as_of=DAY, progress=Quiet())

    with pytest.raises(ParameterError, match=r"error\.design\.nowhere"):
        Ask()
    with pytest.raises(ParameterError, match=r"error\.sharing\.policy"):
        Ask(wards=("19753",), seconds=-1)
    refused(MissingError, Ask(wards=("00000",)), "error.ward.unknown")
    refused(MissingError, Ask(area=ground(), operators=("mobifone",)), "error.design.operator")
    nowhere = gpd.GeoSeries([shapely.box(X, Y + 6000, X + 10, Y + 6010)], crs=HUE_CRS).to_crs(MAP_CRS).iloc[0]
    refused(MissingError, Ask(area=nowhere), "error.design.no_plans")
    north = gpd.GeoSeries([shapely.box(X, Y + 2900, X + 400, Y + 3100)], crs=HUE_CRS).to_crs(MAP_CRS).iloc[0]
    refused(MissingError, Ask(area=north), "error.design.no_roads")
    apart = shapely.union_all([ground(north=100), north])
    refused(EmptyDataError, Ask(area=apart, operators=("fpt",)), "error.design.nothing")
    corner = gpd.GeoSeries([shapely.box(X - 1, Y - 1, X + 0.5, Y + 0.5)], crs=HUE_CRS).to_crs(MAP_CRS).iloc[0]
    refused(MissingError, Ask(area=corner), "error.design.no_roads")
    assert read_area(_file(tmp_path / "area.gpkg", [{"geometry": shapely.box(X, Y, X + 9, Y + 9)}]), Limits()).area > 0
    with pytest.raises(EmptyDataError, match=r"error\.design\.area"):
        read_area(_file(tmp_path / "line.gpkg", [{"geometry": line((0, 0), (9, 9))}]), Limits())


def test_it_stops_when_asked_to(filed: Settings) -> None:
    class Impatient(Quiet):
        def step(self, message_id: str, *, total: int | None = None, **fields: object) -> None:
            self.cancelled = message_id == "share.design.part"
            super().step(message_id, total=total, **fields)

    with pytest.raises(CancelledError):
        share_design(Ask(area=ground()), filed, as_of=DAY, progress=Impatient())
    assert len(run_ids(filed)) == 1  # the assessment alone


def test_a_price_of_digging_makes_it_money_and_what_has_none_is_not_rented() -> None:
    rules = rules_in_force(DAY)
    prices = {
        item: Price(item, unit, vnd, DAY, "thử", True) for item, unit, vnd in [("trench_m", "m", 900_000), ("rent_duct", "m/year", 79_258)]
    }
    rates, assumed = rates_of(rules, prices)
    assert rates == Rates("VND", 900_000, 0.0, 792_580, None, 0.5)
    assert assumed == ["no_duct_price", "no_pole_price"]
    assert rates_of(rules, {})[1] == ["no_trench_price"]
    wrong = {"trench_m": Price("trench_m", "m³", 1.0, DAY, "thử", True)}
    assert rates_of(rules, wrong)[0].unit == "m"


def test_the_command_prints_the_certificate_and_writes_the_files(filed: Settings, tmp_path: Path) -> None:
    area, out = tmp_path / "vung.gpkg", tmp_path / "ra"
    gpd.GeoDataFrame(geometry=[ground()], crs=MAP_CRS).to_file(area, engine="pyogrio")
    given = ["--home", str(filed.home), "share", "design", "--area", str(area), "--as-of", "2026-11-26"]
    said = CliRunner().invoke(app, [*given, "--out", str(out)])
    assert said.exit_code == 0, said.output
    assert "Thiết kế chung cho 3 kế hoạch của 3 doanh nghiệp" in said.output
    assert "rẻ hơn" in said.output
    assert "chặn dưới" in said.output
    assert "K4: Đầu kế hoạch không gần đường nào đã nạp" in said.output
    book = openpyxl.load_workbook(out / "thiet-ke-chung.xlsx")
    assert book.sheetnames == ["Tong hop", "Doanh nghiep", "Doan tuyen", "Ghi chu"]
    rows = [[cell.value for cell in row] for row in book["Doanh nghiep"].iter_rows()]
    assert {"viettel", "vnpt", "fpt"} <= {row[0] for row in rows}
    layers = pyogrio.read_dataframe(out / "du-lieu.gpkg", layer="design_edges")
    assert {"option", "operators", "length_m", "cost"} <= set(layers.columns)
    told = CliRunner().invoke(app, ["--json", *given])
    summary = json.loads(told.stdout.strip().splitlines()[-1])["summary"]
    assert summary["unit"] == "m"
    assert summary["bound"] <= summary["cost"]
    assert sum(summary["shares"].values()) == pytest.approx(summary["cost"], rel=1e-6)
    assert {"code": "off_network", "id": "K4"} in summary["notes"]
    empty = CliRunner().invoke(app, ["--home", str(filed.home), "share", "design"])
    assert empty.exit_code != 0
    assert "Chưa chọn khu vực" in empty.output
