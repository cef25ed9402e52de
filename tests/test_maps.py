"""Map builders, without a browser: what is drawn, with what words, from which addresses."""

import json
import re
from collections.abc import Iterator
from typing import Any

import branca.element
import geopandas as gpd
import numpy as np
import pytest
import shapely
from web_results import HOSTILE, city, road

from hatang.data.contracts import HUE_CRS, MAP_CRS
from hatang.data.figures import shown
from hatang.data.results import ResultSet
from hatang.data.settings import Settings
from hatang.web.layers import CityMap, Shapes, safe_json
from hatang.web.listing import (
    call_list,
    gap_list,
    headline,
    operators,
    rule_list,
    selected,
    suggestion_list,
    survey_list,
    technologies,
    ward_detail,
    ward_list,
)
from hatang.web.maps import SHOWN_AT_MOST, coverage_map, display_wards, drawing_map, overlays, road_map, view_of, ward_at
from hatang.web.symbols import legend, road_legend
from hatang.web.vendor import FOLDER, PREFIX


@pytest.fixture(scope="module")
def results(approximate_map: Any, tmp_path_factory: pytest.TempPathFactory) -> ResultSet:
    home = tmp_path_factory.mktemp("maps")
    (home / "boundaries").symlink_to(approximate_map)
    return city(Settings(home=home, offline=True, boundaries=None))


@pytest.fixture(scope="module")
def wards(results: ResultSet) -> gpd.GeoDataFrame:
    return display_wards(gpd.GeoDataFrame(results.tables["wards"]))


def elements(root: branca.element.Element) -> Iterator[branca.element.Element]:
    yield root
    for child in root._children.values():
        yield from elements(child)


def drawn(sheet: CityMap) -> list[dict[str, Any]]:
    return [json.loads(element.features) for element in elements(sheet) if isinstance(element, Shapes)]


def test_simplified_wards_still_meet_and_stay_where_they_were(results: ResultSet, wards: gpd.GeoDataFrame) -> None:
    exact = gpd.GeoDataFrame(results.tables["wards"]).to_crs(HUE_CRS)
    simple = wards.to_crs(HUE_CRS)
    assert shapely.coverage_is_valid(simple.geometry.to_numpy(), gap_width=1.0)
    assert simple.geometry.count_coordinates().sum() < exact.geometry.count_coordinates().sum() / 2
    share = simple.geometry.symmetric_difference(exact.geometry, align=False).area / exact.area
    assert share.max() < 0.08
    assert list(wards["ward_code"]) == list(exact["ward_code"])
    assert wards.crs == MAP_CRS


def test_ward_at_finds_each_ward_by_a_point_inside_and_none_at_sea(wards: gpd.GeoDataFrame) -> None:
    points = wards.geometry.representative_point()
    assert [ward_at(wards, point.x, point.y) for point in points] == list(wards["ward_code"])
    assert ward_at(wards, 108.3, 16.9) is None


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_ward_is_drawn_with_its_verdict_and_the_figures_of_the_table(
    results: ResultSet, wards: gpd.GeoDataFrame, language: Any
) -> None:
    rows = selected(results.tables["ward_table"], technology="4g", operator="viettel")
    shapes = drawn(coverage_map(wards, rows, language))[1]["features"]
    assert [shape["properties"]["style"] for shape in shapes] == list(rows.set_index("ward_code").loc[wards["ward_code"], "verdict"])
    for shape, share in zip(shapes, rows.set_index("ward_code").loc[wards["ward_code"], "population_share"], strict=True):
        assert shown(share, "share", language) in shape["properties"]["tip"][2]


def test_a_ward_without_a_verdict_shows_its_interval_and_no_share(results: ResultSet, wards: gpd.GeoDataFrame) -> None:
    rows = selected(results.tables["ward_table"], technology="4g", operator="any").copy()
    rows.loc[rows.index[0], ["verdict", "population_share", "population_lo", "population_hi"]] = ["insufficient", 1.0, 0.861, 1.0]
    code = rows["ward_code"].iloc[0]
    name = wards.set_index("ward_code").loc[code, "ward_name"].removeprefix("Phường ").removeprefix("Xã ")
    page = coverage_map(wards, rows, "vi").get_root().render()
    assert f'["{name}","86,1–100,0%"]' in page


def test_a_ward_without_a_row_is_drawn_blank(results: ResultSet, wards: gpd.GeoDataFrame) -> None:
    rows = selected(results.tables["ward_table"], technology="4g", operator="any").iloc[1:]
    shapes = drawn(coverage_map(wards, rows, "vi"))[1]["features"]
    assert [shape["properties"]["style"] for shape in shapes].count("none") == 1
    assert "chưa đủ dữ liệu" in shapes[0]["properties"]["tip"][1]


def test_no_piece_of_any_map_names_an_address_outside_the_server(results: ResultSet, wards: gpd.GeoDataFrame) -> None:
    shared = road(results).tables
    frames = (gpd.GeoDataFrame(shared[name]) for name in ("roads", "corridor", "suggestions"))
    rows = selected(results.tables["ward_table"], technology="mobile", operator="any")
    sheets = [
        coverage_map(wards, rows, "vi"),
        drawing_map(wards, gpd.GeoDataFrame(results.tables["assets"]), gpd.GeoDataFrame(results.tables["works"]), "vi"),
        road_map(wards, *frames, "vi"),
    ]
    for layer in overlays(results.tables, ["gaps", "sites", "assets", "works"], wards, "vi", ward_code="19753"):
        layer.group.add_to(sheets[0])
    for sheet in sheets:
        links = [url for part in elements(sheet) for name in ("default_js", "default_css") for _, url in getattr(part, name, [])]
        assert links
        for link in links:
            assert (FOLDER / link.removeprefix(PREFIX + "/")).is_file(), link
        page = sheet.get_root().render()
        assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//[^"']+""", page)
        assert not re.findall(r"https?://(?!www\.w3\.org)[^\"' )]+", page)


def test_uploaded_words_stay_words(results: ResultSet, wards: gpd.GeoDataFrame) -> None:
    sheet = coverage_map(wards, selected(results.tables["ward_table"], technology="4g", operator="any"), "vi")
    (layer,) = overlays(results.tables, ["sites"], wards, "vi")
    layer.group.add_to(sheet)
    page = sheet.get_root().render()
    assert "<img src=x" not in page
    assert page.count("</script>") == page.count("<script")
    (shapes,) = (json.loads(part.features) for part in elements(layer.group) if isinstance(part, Shapes))
    assert shapes["features"][0]["properties"]["tip"][0] == HOSTILE
    assert json.loads(safe_json(HOSTILE)) == HOSTILE


def test_sites_and_assets_are_limited_to_the_ward_picked(results: ResultSet, wards: gpd.GeoDataFrame) -> None:
    whole = overlays(results.tables, ["sites", "assets"], wards, "vi")
    assert [(layer.drawn, layer.total) for layer in whole] == [(40, 40), (40, 40)]
    picked = overlays(results.tables, ["sites"], wards, "vi", ward_code="19753")
    assert [(layer.drawn, layer.total) for layer in picked] == [(1, 40), (1, 1)]


def test_no_more_points_are_drawn_than_a_browser_takes_at_ease(results: ResultSet, wards: gpd.GeoDataFrame) -> None:
    sites = gpd.GeoDataFrame(results.tables["sites"])
    many = sites.loc[sites.index.repeat(60)].reset_index(drop=True)
    (layer,) = overlays({"sites": many}, ["sites"], wards, "vi")
    assert (layer.drawn, layer.total) == (SHOWN_AT_MOST, 2_400)


def test_a_layer_that_is_not_there_is_an_empty_one(wards: gpd.GeoDataFrame) -> None:
    (layer,) = overlays({}, ["gaps"], wards, "vi")
    assert (layer.drawn, layer.total) == (0, 0)


def test_first_view_is_small(results: ResultSet, wards: gpd.GeoDataFrame) -> None:
    sheet = coverage_map(wards, selected(results.tables["ward_table"], technology="mobile", operator="any"), "vi")
    (gaps,) = overlays(results.tables, ["gaps"], wards, "vi")
    gaps.group.add_to(sheet)
    assert len(sheet.get_root().render().encode()) < 400_000


def test_a_ward_or_the_city_fits_the_view(wards: gpd.GeoDataFrame) -> None:
    for code in (None, "19753", "20182"):
        (lat, lon), zoom = view_of(wards, code, width_px=560, height_px=500)
        west, south, east, north = wards[wards["ward_code"] == code].total_bounds if code else wards.total_bounds
        assert west < lon < east or code is None
        assert south < lat < north
        pixels = 256 * 2**zoom / 360
        assert (east - west) * pixels <= 560
        assert (north - south) * pixels / np.cos(np.radians(lat)) <= 500
        assert 2 * max((east - west) * pixels / 560, (north - south) * pixels / np.cos(np.radians(lat)) / 500) > 1


def test_a_corridor_is_styled_by_what_to_do(results: ResultSet, wards: gpd.GeoDataFrame) -> None:
    shared = road(results).tables
    corridor = gpd.GeoDataFrame(shared["corridor"])
    sheet = road_map(wards, gpd.GeoDataFrame(shared["roads"]), corridor, gpd.GeoDataFrame(shared["suggestions"]), "vi")
    styles = [[shape["properties"]["style"] for shape in layer["features"]] for layer in drawn(sheet)]
    assert list(corridor["action"]) in styles
    assert ["suggestion"] in styles
    nothing = road_map(wards, gpd.GeoDataFrame(shared["roads"]), corridor.iloc[:0], gpd.GeoDataFrame(shared["suggestions"]).iloc[:0], "vi")
    assert [] in [layer["features"] for layer in drawn(nothing)]


def test_verdicts_differ_without_colour() -> None:
    marks = legend(["gaps", "sites", "assets", "works", "suggestions"], "vi")
    for words in ("chưa đủ dữ liệu để kết luận", "không ai công bố phủ sóng", "trạm BTS", "cống cáp", "công trình"):
        assert words in marks
    pictures = re.findall(r'src="(data:[^"]+)"', marks)
    assert len(set(pictures)) == len(pictures) == 11
    assert "cần khảo sát" in road_legend("vi")


def test_headline_counts_every_ward_once(results: ResultSet) -> None:
    for technology in technologies(results.tables["ward_table"]):
        for operator in operators(results.tables["ward_table"], technology):
            assert headline(selected(results.tables["ward_table"], technology=technology, operator=operator)).total == 40
    assert technologies(results.tables["ward_table"]) == ["mobile", "4g", "5g", "fibre"]
    assert operators(results.tables["ward_table"], "4g") == ["any", "all", "viettel", "vnpt"]


def test_tables_hold_numbers_and_show_the_one_rounding(results: ResultSet) -> None:
    rows = selected(results.tables["ward_table"], technology="mobile", operator="any")
    table = ward_list(rows, "vi")
    assert table.data["% dân số"].dtype == "float64"
    written = table.to_html()
    for share in rows["population_share"]:
        assert shown(share, "share", "vi") in written
    assert table.data["Kết luận"].iloc[0] == "gap"
    assert "chưa đủ dữ liệu để kết luận" in written


def test_a_ward_shows_every_operator_and_technology(results: ResultSet) -> None:
    detail = ward_detail(results.tables["ward_table"], "19753", "en").data
    assert len(detail) == 16
    assert list(detail["Technology"])[:5] == ["mobile"] * 4 + ["4g"]
    assert list(detail["Operator"])[:3] == ["any", "all", "viettel"]


def test_lists_of_gaps_suggestions_calls_and_surveys(results: ResultSet) -> None:
    shared = road(results).tables
    assert list(gap_list(shared["gaps"], "en").data["Area (km²)"].round(3)) == [0.785] * 5
    assert suggestion_list(shared["suggestions"], "vi").data.loc[0, "Không phải đào (m)"] == 843.6
    calls = call_list(shared["corridor"], "vi").data.set_index("Chủ sở hữu")
    assert calls.loc["vnpt", ["Dùng chung được", "Cần khảo sát"]].tolist() == [3, 3]
    assert list(survey_list(shared["corridor"], "vi").data["Mã tài sản"]) == ["a2", "a6", "a10"]


def test_thresholds_say_whether_their_source_was_read(results: ResultSet) -> None:
    rules = rule_list(results.configuration, "vi").set_index("Ngưỡng")
    assert rules.loc["Mức thu 4G tối thiểu", "Văn bản nguồn"] == "chưa xác minh"
    assert rules.loc["Tỷ lệ dân số phải đạt", "Giá trị"] == "95,0%"
    unknown = rule_list({"new_rule": {"value": 3, "unit": "m", "from": "2026-01-05", "source": "x", "verified": True}}, "vi")
    assert unknown.iloc[0].tolist()[:2] == ["new_rule", "3"]
