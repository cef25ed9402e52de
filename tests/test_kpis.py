"""Indicators of shared use, counted by hand: what is not known is neither shared nor not shared."""

from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import ASSETS, HUE_CRS, PLANS, SITES, SUGGESTIONS, WORKS, Choice, StoreError, Table
from hatang.data.settings import Settings
from hatang.pipeline.decisions import decide
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.kpis import share_kpis, suggestions_of, write_kpis
from hatang.pipeline.progress import Quiet
from hatang.pipeline.share import share_road
from hatang.sharing.kpis import dig_avoided, positions, sharing_kpis

X, Y = 560_000.0, 1_820_000.0


def table(contract: Table, rows: list[dict[str, object]]) -> gpd.GeoDataFrame:
    """Return rows as a frame of a contract, with whatever stands beside it."""
    frame = pd.DataFrame(rows, columns=sorted({name for row in rows for name in row} | set(contract.names)))
    kept = contract.conform(frame)
    if "ward_code" in frame:
        kept = kept.assign(ward_code=frame["ward_code"])
    return gpd.GeoDataFrame(kept, geometry="geometry", crs=HUE_CRS)


def site(name: str, operator: str, mast: str | None, tenants: int | None, **more: object) -> dict[str, object]:
    return {"site_id": name, "operator": operator, "mast_id": mast, "tenants": tenants, "geometry": shapely.Point(X, Y), **more}


def asset(name: str, kind: str, used: int | None, **more: object) -> dict[str, object]:
    column = "slots_used" if kind == "pole" else "ways_used"
    shape = shapely.Point(X, Y) if kind == "pole" else shapely.LineString([(X, Y), (X + 400, Y)])
    return {"asset_id": name, "asset_class": kind, "owner": "vnpt", column: used, "geometry": shape, **more}


SITES_FILED = table(
    SITES,
    [
        site("a", "viettel", "M1", 1, ward_code="1"),  # two firms are filed at M1, whatever the figure says
        site("b", "vnpt", "M1", 1, ward_code="1"),
        site("c", "vnpt", None, 1, ward_code="1"),
        site("d", "mobifone", "M2", None, ward_code="2"),  # not known
        site("e", "mobifone", "M3", 3, ward_code="2", owner="tower co"),
    ],
)
NONE = {contract.name: table(contract, []) for contract in (SITES, ASSETS, WORKS, PLANS)}


def rows_of(kpis: pd.DataFrame, scope: str = "city") -> pd.DataFrame:
    return kpis[kpis["scope"] == scope].set_index(["indicator", "scope_code"])[["share", "numerator", "denominator", "unknown"]]


def test_stations_of_one_mast_are_one_position() -> None:
    found = positions(SITES_FILED).set_index("position")
    assert found["tenants"].fillna(-1).to_dict() == {"mast:M1": 2, "mast:M2": -1, "mast:M3": 3, "site:c": 1}
    assert found["firm"].where(found["firm"].notna(), "?").to_dict() == {
        "mast:M1": "?",
        "mast:M2": "mobifone",
        "mast:M3": "tower co",
        "site:c": "vnpt",
    }


def test_positions_are_told_by_city_ward_and_firm() -> None:
    kpis = sharing_kpis(SITES_FILED, NONE["assets"], NONE["works"], NONE["plans"], period="2026Q3", ward_names={"1": "Phường A"})
    assert list(rows_of(kpis).loc[("shared_bts_share", "city")]) == pytest.approx([2 / 3, 2, 3, 1])
    wards = rows_of(kpis, "ward")
    assert list(wards.loc[("shared_bts_share", "1")]) == [0.5, 1, 2, 0]
    assert list(wards.loc[("shared_bts_share", "2")]) == [1.0, 1, 1, 1]
    firms = rows_of(kpis, "firm")
    assert list(firms.loc[("shared_bts_share", "vnpt")]) == [0.0, 0, 1, 0]
    alone = firms.loc[("shared_bts_share", "mobifone")]
    assert pd.isna(alone["share"])
    assert alone["unknown"] == 1
    assert set(kpis.loc[kpis["scope_code"] == "1", "scope_name"]) == {"Phường A"}


def test_poles_and_ducts_are_counted_with_their_length() -> None:
    assets = table(
        ASSETS,
        [
            asset("p1", "pole", 2),
            asset("p2", "pole", 1),
            asset("p3", "pole", None),
            asset("p4", "pole", 5, status="abandoned"),  # out of service
            asset("d1", "duct_section", 3, status="in_service"),
            asset("d2", "duct_section", 0),
            asset("d3", "duct_section", None),
        ],
    )
    city = rows_of(sharing_kpis(NONE["sites"], assets, NONE["works"], NONE["plans"], period="2026Q3", ward_names={}))
    assert list(city.loc[("shared_poles_share", "city")]) == [0.5, 1, 2, 1]
    assert list(city.loc[("shared_ducts_share", "city")]) == [0.5, 1, 2, 1]
    assert list(city.loc[("shared_duct_km", "city")]) == pytest.approx([0.5, 0.4, 0.8, 0.4])
    assert list(city.loc[("tenanted_assets_share", "city")]) == [0.5, 2, 4, 2]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        ({}, [1.0, 1, 1, 0]),
        ({"budget_status": "requested"}, [0.0, 0, 1, 0]),
        ({"budget_status": None}, [None, 0, 0, 1]),
        ({"latest": None}, [None, 0, 0, 1]),
        ({"earliest": "2027-07-01", "latest": "2027-09-01"}, [0.0, 0, 1, 0]),
        ({"geometry": shapely.LineString([(X, Y + 500), (X + 400, Y + 500)])}, [0.0, 0, 1, 0]),
    ],
)
@pytest.mark.parametrize("area", [False, True])
def test_a_work_is_joined_by_an_approved_plan_in_its_time(plan: dict[str, object], expected: list[object], *, area: bool) -> None:
    axis = shapely.LineString([(X, Y), (X + 400, Y)])
    work = {"work_id": "w", "start": "2027-01-01", "end": "2027-06-30", "geometry": axis.buffer(12) if area else axis}
    usual = {"plan_id": "p", "operator": "vnpt", "budget_status": "approved", "earliest": "2027-03-01", "latest": "2027-12-31"}
    beside = shapely.LineString([(X, Y + 5), (X + 400, Y + 5)])
    filed = table(PLANS, [{**usual, "geometry": beside, **plan}])
    city = rows_of(sharing_kpis(NONE["sites"], NONE["assets"], table(WORKS, [work]), filed, period="2026Q3", ward_names={}))
    found = list(city.loc[("works_joint_plan_share", "city")])
    assert [None if pd.isna(value) else value for value in found] == expected


def test_without_plans_filed_no_work_is_called_unjoined() -> None:
    works = table(WORKS, [{"work_id": "w", "geometry": shapely.LineString([(X, Y), (X + 400, Y)])}])
    city = rows_of(sharing_kpis(NONE["sites"], NONE["assets"], works, NONE["plans"], period="2026Q3", ward_names={}))
    assert list(city.loc[("works_joint_plan_share", "city")])[1:] == [0, 0, 1]


def test_only_accepted_suggestions_avoid_digging() -> None:
    made = pd.DataFrame(
        {"owner": ["a", "a", "b", "b"], "dig_m_saved": [80.0, 20.0, 50.0, None], "decision": ["accepted", "refused", "open", "accepted"]}
    ).assign(kind="reuse_way", road_id="R1", assets="D1")
    kpis = dig_avoided(made, period="2026Q3")
    assert list(rows_of(kpis).loc[("dig_avoided_m", "city")]) == pytest.approx([0.8, 80, 100, 50])
    assert list(rows_of(kpis, "firm").loc[("dig_avoided_m", "a")]) == pytest.approx([0.8, 80, 100, 0])
    none = dig_avoided(pd.DataFrame(SUGGESTIONS.conform(pd.DataFrame(columns=SUGGESTIONS.names))), period="2026Q3")
    assert none["denominator"].tolist() == [0.0]


def test_a_plan_digs_once_however_many_suggestions_it_is_in() -> None:
    columns = ["kind", "owner", "assets", "dig_m_saved", "decision"]
    rows = [
        ("new_shared_set", "a, b", "K1, K2", 300.0, "open"),
        ("joint_trench", "a, b", "K1, K2", 200.0, "accepted"),
        ("join_works", "W", "K1, W1", 90.0, "open"),
        ("join_works", "W", "K3, W1", 40.0, "open"),
        ("reuse_way", "a", "D1", 10.0, "open"),
    ]
    made = pd.DataFrame(rows, columns=columns).assign(road_id="R1")
    kpis = dig_avoided(made, period="2026Q3")
    assert list(rows_of(kpis).loc[("dig_avoided_m", "city")]) == pytest.approx([1, 200, 200, 50])
    assert kpis.loc[kpis["scope"] == "firm", "scope_code"].tolist() == ["a"]
    undecided = dig_avoided(made.assign(decision="open"), period="2026Q3")
    assert rows_of(undecided).loc[("dig_avoided_m", "city"), "unknown"] == pytest.approx(300 + 40 + 10)


def filed(folder: Path) -> Path:
    """Write a register of a duct used by two and a pole of unknown use, in Huế."""
    names = ["asset_id", "asset_class", "owner", "ways", "ways_used", "slots_total", "slots_used"]
    rows = [["D1", "duct_section", "VNPT", 4, 2, None, None], ["P1", "pole", "=1+1", None, None, 4, None]]
    shapes = [shapely.LineString([(107.58, 16.46), (107.583, 16.46)]), shapely.Point(107.58, 16.461)]
    path = folder / "register.gpkg"
    gpd.GeoDataFrame(pd.DataFrame(rows, columns=names), geometry=shapes, crs="EPSG:4326").to_file(path, engine="pyogrio")
    return path


def test_the_command_writes_the_indicators(settings: Settings, tmp_path: Path) -> None:
    assert ingest([filed(tmp_path)], IngestOptions(), settings, Quiet()).complete
    out = tmp_path / "out"
    call = ["--home", str(settings.home), "share", "kpi", "--as-of", "2026-09-30", "--out", str(out)]
    done = CliRunner().invoke(app, call, env={"HATANG_OFFLINE": "1"})
    assert done.exit_code == 0, done.stderr
    assert "100,0%" in done.stderr
    book = openpyxl.load_workbook(out / "chi-so-dung-chung.xlsx")
    assert len(book.sheetnames) == 4
    rows = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    ducts = next(row for row in rows if row[0] == "Tỷ lệ dùng chung cống bể cáp")
    assert ducts[2:6] == [1, 1, 1, 0]
    poles = next(row for row in rows if row[0] == "Tỷ lệ dùng chung cột treo cáp")
    assert poles[2:6] == [None, 0, 0, 1]
    assert "'=1+1" in (out / "chi-so-dung-chung.csv").read_text("utf-8-sig")


def test_the_scorecard_has_the_same_ratio_and_roads_bring_their_metres(settings: Settings, tmp_path: Path) -> None:
    ingest([filed(tmp_path)], IngestOptions(), settings, Quiet())
    axis = shapely.LineString([(107.58, 16.46005), (107.583, 16.46005)])
    road = gpd.GeoDataFrame({"road_id": ["R1"]}, geometry=[axis], crs="EPSG:4326")
    shared = share_road(road, settings, progress=Quiet())
    results = share_kpis(settings, progress=Quiet())
    score = results.tables["scorecard"].set_index("indicator").loc["shared_ducts_share"]
    assert [score["value"], score["numerator"], score["denominator"]] == [1, 1, 1]
    city = rows_of(results.tables["sharing_kpis"])
    assert city.loc[("dig_avoided_m", "city"), "unknown"] == pytest.approx(shared.tables["suggestions"]["dig_m_saved"].sum())
    assert len(suggestions_of(settings, "1999Q1")) == 0
    (made,) = shared.tables["suggestions"].to_dict("records")
    decide(settings, made["suggestion_id"], Choice.ACCEPTED)
    after = rows_of(share_kpis(settings, progress=Quiet()).tables["sharing_kpis"]).loc[("dig_avoided_m", "city")]
    assert list(after) == pytest.approx([1, made["dig_m_saved"], made["dig_m_saved"], 0])
    assert results.tables["sharing_kpis"].query("scope == 'ward'")["scope_code"].nunique() >= 1


def test_a_folder_that_cannot_be_written_is_said(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError):
        write_kpis(share_kpis(settings, progress=Quiet()), tmp_path / "file", language="vi")


def test_what_lies_outside_the_city_counts_in_no_ratio_of_it(settings: Settings, tmp_path: Path) -> None:
    """Two poles in Huế, one at sea and one in Đà Nẵng, used twice each: of the city's two one is shared; its works are one, joined."""
    poles = [shapely.Point(107.59, 16.46), shapely.Point(107.591, 16.46), shapely.Point(108.9, 16.9), shapely.Point(108.2, 16.05)]
    filed = {"asset_id": ["p1", "p2", "p3", "p4"], "asset_class": "pole", "owner": "vnpt", "slots_total": 4, "slots_used": [2, 1, 2, 2]}
    gpd.GeoDataFrame(filed, geometry=poles, crs="EPSG:4326").to_file(tmp_path / "assets.gpkg", engine="pyogrio")
    lines = [shapely.LineString([(x, y), (x + 0.004, y)]) for x, y in ((107.58, 16.46), (108.2, 16.05))]
    when = {"start": "2027-01-01", "end": "2027-06-30"}
    gpd.GeoDataFrame({"work_id": ["w1", "w2"], "kind": "water", **when}, geometry=lines, crs="EPSG:4326").to_file(
        tmp_path / "works.gpkg", engine="pyogrio"
    )
    planned = {"plan_id": ["k"], "operator": "vnpt", "earliest": "2027-01-01", "latest": "2027-12-31", "budget_status": "approved"}
    gpd.GeoDataFrame(planned, geometry=lines[:1], crs="EPSG:4326").to_file(tmp_path / "plans.gpkg", engine="pyogrio")
    files = [tmp_path / f"{name}.gpkg" for name in ("assets", "works", "plans")]
    assert ingest(files, IngestOptions(), settings, Quiet()).complete
    city = rows_of(share_kpis(settings, progress=Quiet()).tables["sharing_kpis"])
    assert list(city.loc[("shared_poles_share", "city")]) == [0.5, 1, 2, 0]
    assert list(city.loc[("works_joint_plan_share", "city")]) == [1.0, 1, 1, 0]
