"""Suggestions against zones, by hand: no layer is no data, what is not in force does not bind, and the document is named."""

import datetime as dt
import io
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely

from hatang.data.contracts import CONSTRAINTS, HUE_CRS, PLAN_FIT, Kind, RefusedError
from hatang.data.reading import ReadOptions, read
from hatang.data.settings import Settings
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet
from hatang.pipeline.share import share_road
from hatang.reports.planfit import fit_verdicts, worded_fit
from hatang.reports.sharing_workbook import sharing_workbook
from hatang.sharing.planfit import FORBIDS, plan_fit

X, Y = 560_000.0, 1_820_000.0
DAY = dt.date(2026, 9, 30)
ZONE = shapely.box(X - 50, Y - 50, X + 50, Y + 50)


def zones(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame([{"constraint_id": f"C{n}", "geometry": ZONE, **row} for n, row in enumerate(rows)])
    kept = CONSTRAINTS.conform(frame if rows else pd.DataFrame(columns=CONSTRAINTS.names))
    return gpd.GeoDataFrame(kept, geometry="geometry", crs=HUE_CRS)


def made(kind: str, *, east: float = 0.0, height: float | None = None) -> gpd.GeoDataFrame:
    facts = {"suggestion_id": ["s"], "kind": [kind], "height_m": pd.array([height], dtype="Float64").astype(float)}
    return gpd.GeoDataFrame(facts, geometry=[shapely.Point(X + east, Y)], crs=HUE_CRS)


def said(suggestion: gpd.GeoDataFrame, filed: gpd.GeoDataFrame, kind: str) -> list[tuple[str, str]]:
    found = plan_fit(suggestion, filed, on=DAY)
    rows = found[found["constraint_kind"] == kind]
    return list(zip(rows["fit"], rows["reason"], strict=True))


def test_every_kind_of_the_contract_is_judged() -> None:
    assert set(FORBIDS) == set(CONSTRAINTS["constraint_kind"].values)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ({}, ("does_not_fit", "inside")),
        ({"valid_from": "2026-09-30", "valid_to": "2026-09-30"}, ("does_not_fit", "inside")),
        ({"valid_from": "2026-10-01"}, ("fits", "outside")),
        ({"valid_to": "2026-09-29"}, ("fits", "outside")),
        ({"geometry": shapely.box(X + 60, Y, X + 90, Y + 9)}, ("fits", "outside")),
    ],
)
def test_a_street_without_overhead_cable_takes_no_pole_while_it_is_in_force(zone: dict[str, object], expected: tuple[str, str]) -> None:
    filed = zones({"constraint_kind": "underground_only", **zone})
    assert said(made("reuse_pole"), filed, "underground_only") == [expected]
    assert plan_fit(made("reuse_way"), filed, on=DAY).empty


def test_without_a_layer_nothing_is_said_to_fit() -> None:
    found = plan_fit(made("colocate_new_mast"), zones({"constraint_kind": "forest"}), on=DAY).set_index("constraint_kind")
    assert found["fit"].to_dict() == {
        "a1_only": "no_data",
        "relic_zone_1": "no_data",
        "relic_zone_2": "no_data",
        "airport_height": "no_data",
        "forest": "does_not_fit",
        "flood": "no_data",
    }
    assert len(plan_fit(made("reuse_pole"), zones(), on=DAY)) == 1


@pytest.mark.parametrize(
    ("height", "limit", "expected"),
    [
        (45.0, 45.0, ("fits", "low_enough")),
        (45.1, 45.0, ("does_not_fit", "too_high")),
        (None, 45.0, ("no_data", "height_unknown")),
        (30.0, None, ("no_data", "height_unknown")),
    ],
)
def test_heights_are_held_against_the_limit(height: float | None, limit: float | None, expected: tuple[str, str]) -> None:
    filed = zones({"constraint_kind": "airport_height", "max_height_m": limit})
    assert said(made("share_mast", height=height), filed, "airport_height") == [expected]


def test_the_document_is_named_or_asked_for_and_floods_are_said() -> None:
    filed = zones({"constraint_kind": "flood", "name": "Vùng trũng", "document": "QĐ thử"}, {"constraint_kind": "moratorium"})
    found = plan_fit(made("joint_trench"), filed, on=DAY).set_index("constraint_kind")
    assert list(found.loc["flood", ["fit", "reason", "constraint_name", "document", "needs_document"]]) == [
        "fits",
        "flooded",
        "Vùng trũng",
        "QĐ thử",
        False,
    ]
    assert list(found.loc["moratorium", ["fit", "needs_document"]]) == ["does_not_fit", True]


HEAD = "Loại ràng buộc;Tên vùng;Văn bản;Hiệu lực từ;Hiệu lực đến;lon;lat;wkt\n"
AREA = "107.58;16.46;POLYGON ((107.57 16.45, 107.6 16.45, 107.6 16.47, 107.57 16.45))\n"


@pytest.mark.parametrize(
    ("row", "code"),
    [("sân vận động;A;QĐ;2026-01-01;;", "cell_value"), ("ngập lụt;A;QĐ;2026-02-01;2026-01-01;", "dates_reversed")],
)
def test_a_row_with_one_defect_is_refused_by_name(tmp_path: Path, row: str, code: str) -> None:
    path = tmp_path / "vung.csv"
    path.write_text(HEAD + "rừng;B;QĐ;;;" + AREA + row + AREA, "utf-8")
    try:
        outcome = read(path, tmp_path / "out.arrow", Kind.CONSTRAINTS, ReadOptions())
        faults = outcome.faults
    except RefusedError as error:
        faults = error.faults
    assert code in {fault.code for fault in faults}


def test_a_road_is_held_against_the_layers_filed(settings: Settings, tmp_path: Path) -> None:
    poles = gpd.GeoDataFrame(
        {"asset_id": ["P1", "P2"], "asset_class": "pole", "owner": "VNPT", "slots_total": 4, "slots_used": 1},
        geometry=[shapely.Point(107.585, 16.4551), shapely.Point(107.5853, 16.4551)],
        crs="EPSG:4326",
    )
    poles.to_file(tmp_path / "poles.gpkg", engine="pyogrio")
    (tmp_path / "vung.csv").write_text(HEAD + "ngầm hóa;Trung tâm;QĐ thử;2026-01-01;;" + AREA, "utf-8")
    assert ingest([tmp_path / "poles.gpkg", tmp_path / "vung.csv"], IngestOptions(), settings, Quiet()).complete
    axis = shapely.LineString([(107.584, 16.455), (107.587, 16.455)])
    road = gpd.GeoDataFrame({"road_id": ["R1"]}, geometry=[axis], crs="EPSG:4326")
    results = share_road(road, settings, as_of=DAY, progress=Quiet())
    fit = results.tables["plan_fit"]
    assert fit[["constraint_kind", "fit", "document"]].to_numpy().tolist() == [["underground_only", "does_not_fit", "QĐ thử"]]
    assert fit["suggestion_id"].tolist() == results.tables["suggestions"]["suggestion_id"].tolist()
    sheet = openpyxl.load_workbook(io.BytesIO(sharing_workbook(results, "vi")))["Khop quy hoach"]
    told = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
    assert told[0][1:] == ["Đề xuất", "Loại ràng buộc", "Kết quả", "Lý do", "Tên vùng", "Văn bản", "Hiệu lực"]
    about, *said_of_it = told[1][1:]
    assert about.startswith("1. ")
    assert about.endswith(": VNPT")
    assert said_of_it == ["khu vực phải ngầm hóa", "không phù hợp", "nằm trong vùng", "Trung tâm", "QĐ thử", "01/01/2026 đến –"]


def test_one_word_a_suggestion_and_what_does_not_fit_outranks_what_is_not_known() -> None:
    rows = [("a", "forest", "fits", "outside"), ("a", "flood", "no_data", "no_layer"), ("b", "flood", "no_data", "no_layer")]
    rows += [("b", "forest", "does_not_fit", "inside"), ("c", "forest", "fits", "outside")]
    fit = PLAN_FIT.conform(pd.DataFrame(rows, columns=["suggestion_id", "constraint_kind", "fit", "reason"]))
    assert fit_verdicts(fit, "vi").to_dict() == {"a": "chưa có dữ liệu", "b": "không phù hợp", "c": "phù hợp"}
    worded = worded_fit(fit, pd.Series({"a": "A"}), "vi")
    assert worded["fit"].tolist() == ["không phù hợp", "chưa có dữ liệu", "chưa có dữ liệu", "phù hợp", "phù hợp"]
    assert worded["in_force"].isna().all()
