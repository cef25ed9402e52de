"""The register ward by ward: counts where things stand, lengths cut at borders, unknown room apart, and its workbook."""

import io

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from web_results import city

from hatang.data.contracts import ASSETS, HUE_CRS, REGISTER_WARDS
from hatang.data.language import text
from hatang.data.settings import Settings
from hatang.pipeline.register import wards_of_register
from hatang.reports.register_workbook import wards_workbook
from hatang.sharing.policy import SharingPolicy
from hatang.sharing.registerwards import register_by_ward

X, Y = 561000.0, 1821000.0


def wards() -> gpd.GeoDataFrame:
    """Two squares of 1 km side by side."""
    squares = [shapely.box(X, Y, X + 1000, Y + 1000), shapely.box(X + 1000, Y, X + 2000, Y + 1000)]
    return gpd.GeoDataFrame({"ward_code": ["1", "2"], "ward_name": ["Tây", "Đông"]}, geometry=squares, crs=HUE_CRS)


def assets(*rows: dict[str, object]) -> gpd.GeoDataFrame:
    frame = pd.DataFrame([{"asset_id": str(number), "owner": "vnpt", **row} for number, row in enumerate(rows)])
    return gpd.GeoDataFrame(ASSETS.conform(frame), geometry="geometry", crs=HUE_CRS)


def line(west: float, east: float) -> shapely.LineString:
    return shapely.LineString([(X + west, Y + 500), (X + east, Y + 500)])


def test_lengths_are_cut_and_counts_are_not() -> None:
    """A duct from 300 m inside the west to 100 m inside the east, one that leaves the city, a pole of each kind of room."""
    held = assets(
        {"asset_class": "duct_section", "ways": 4, "ways_used": 1, "geometry": line(700, 1100)},
        {"asset_class": "duct_section", "ways": 4, "geometry": line(1900, 2500)},
        {"asset_class": "pole", "slots_total": 6, "slots_used": 2, "geometry": shapely.Point(X + 10, Y + 10)},
        {"asset_class": "pole", "slots_total": 6, "slots_used": 6, "geometry": shapely.Point(X + 20, Y + 10)},
        {"asset_class": "pole", "slots_total": 6, "geometry": shapely.Point(X + 1000, Y + 10)},
    )
    found = register_by_ward(held, wards(), policy=SharingPolicy(reserve_ways=1))
    columns = ["ward_code", "asset_class", "assets", "length_m", "room_known", "room_unknown", "spare"]
    rows = found[columns].astype(object).where(found[columns].notna(), None).to_numpy().tolist()
    assert rows == [
        ["1", "duct_section", 1, pytest.approx(300), 1, 0, 2],
        ["1", "pole", 3, None, 2, 1, 4],
        ["2", "duct_section", 0, pytest.approx(200), 0, 0, 0],
        [None, "duct_section", 1, pytest.approx(500), 0, 1, 0],
    ]
    assert found["length_m"].sum() == pytest.approx(held.length.sum())
    assert list(found.columns) == REGISTER_WARDS.names


def test_an_empty_register_has_no_rows() -> None:
    assert register_by_ward(
        assets({"asset_class": "pole", "geometry": shapely.Point(X, Y)}).iloc[:0], wards(), policy=SharingPolicy()
    ).empty


def test_the_workbook_says_day_run_and_unit(settings: Settings) -> None:
    results = city(settings)
    table = wards_of_register(results)
    assert table["assets"].sum() == len(results.tables["assets"])
    sheet = openpyxl.load_workbook(io.BytesIO(wards_workbook(table, results, "vi"))).active
    rows = list(sheet.iter_rows(values_only=True))
    assert results.run_id in rows[0][0]
    assert text("register.wards_note", "vi") in rows[0][0]
    assert rows[1][:5] == ("Mã", "Phường, xã", "Loại", "Số tài sản (cái)", "Chiều dài (m)")
    assert len(rows) == len(table) + 2
    assert {row[8] for row in rows[2:]} <= {"ống", "vị trí", None}
