"""Coordinate systems: recognised by name, parameters and place; every way to lose VN-2000 ends in a question, never in a shift."""

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hatang.data._sourcetable import SourceTable
from hatang.data._statements import ReadOptions
from hatang.data.contracts import PLACES, Fault, Kind, RefusedError, Severity
from hatang.data.crs import TO_WGS84, ZONES, Doubt, candidates, inside_hue, judged, official
from hatang.data.facts import ward_facts
from hatang.data.language import LANGUAGES, fault_text, message_ids
from hatang.data.mapping import FileMapping
from hatang.data.read_features import read_features
from hatang.data.reading import read

NGO_MON = (107.5791, 16.4676)
"""Ngọ Môn, degrees of WGS 84; 561636.671, 1821406.847 in EPSG:9214 (stack.md, trap 1)."""
METRES = (561636.671, 1821406.847)
LOST_TM = (
    'PROJCS["WGS84 / TM 107",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
    'PARAMETER["central_meridian",107],PARAMETER["scale_factor",0.9999],PARAMETER["false_easting",500000],'
    'PARAMETER["false_northing",0],UNIT["metre",1]]'
)
BOUND = "+proj=tmerc +lon_0=107 +k=0.9999 +x_0=500000 +ellps=WGS84 +towgs84={}"
MISSPELT = LOST_TM.replace("WGS84 / TM 107", "VN2000 Hue").replace('"WGS_1984"', '"VN2000"')


def places(code: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the label points of Huế's 40 wards in a system."""
    facts = ward_facts()
    to = pyproj.Transformer.from_crs("EPSG:4326", code, always_xy=True)
    east, north = to.transform(facts["label_lon"].to_numpy(), facts["label_lat"].to_numpy())
    return np.asarray(east), np.asarray(north)


def layer(code: str) -> gpd.GeoDataFrame:
    """Return Ngọ Môn and the label points as a layer of places in a system."""
    points = [shapely.Point(NGO_MON), *shapely.points(*places("EPSG:4326"))]
    frame = gpd.GeoDataFrame({"kind": "x"}, index=range(len(points)), geometry=points, crs="EPSG:4326")
    return frame.assign(place_id=[f"P{i}" for i in range(len(points))]).to_crs(code)


def refusal(path: Path, mapping: str | None = None) -> Fault:
    with pytest.raises(RefusedError) as error:
        taken(path, mapping)
    return error.value.faults[0]


def taken(path: Path, mapping: str | None = None) -> tuple[gpd.GeoSeries, tuple[Fault, ...]]:
    chosen = ReadOptions()
    if mapping is not None:
        (path.parent / "m.yaml").write_text(mapping, encoding="utf-8")
        chosen = ReadOptions(mapping=path.parent / "m.yaml")
    outcome = read(path, path.parent / "out.arrow", Kind.PLACES, chosen)
    table = pa.ipc.open_file(path.parent / "out.arrow").read_all()
    return gpd.GeoSeries.from_wkb(table.column("geometry").to_pylist(), crs="EPSG:4326"), outcome.faults


def off_m(point: shapely.Point) -> float:
    """Return how far a position lies from Ngọ Môn, metres."""
    return float(pyproj.Geod(ellps="WGS84").inv(point.x, point.y, *NGO_MON)[2])


def test_zones_are_those_of_epsg() -> None:
    for code, (meridian, scale) in ZONES.items():
        crs = pyproj.CRS(code)
        operation = crs.coordinate_operation
        assert operation is not None
        found = {p.name: p.value for p in operation.params}
        assert crs.name.startswith("VN-2000 / ")
        assert found["Longitude of natural origin"] == meridian
        assert found["Scale factor at natural origin"] == scale
        assert (found["False easting"], found["False northing"], found["Latitude of natural origin"]) == (500_000, 0, 0)
    assert set(ZONES) == {*range(9205, 9219), 3405, 3406, *range(5896, 5900)}


def test_parameters_to_wgs84_are_those_of_epsg() -> None:
    """PROJ writes the same operation as coordinate frame: the rotations change sign."""
    definition = pyproj.Transformer.from_crs(9214, 4326, always_xy=True).definition
    steps = dict(part.split("=") for part in definition.split() if "=" in part)
    assert steps["convention"] == "coordinate_frame"
    given = [float(steps[name]) for name in ("x", "y", "z", "rx", "ry", "rz", "s")]
    np.testing.assert_allclose([*given[:3], *(-v for v in given[3:6]), given[6]], TO_WGS84, rtol=0, atol=1e-12)


@pytest.mark.parametrize("code", [f"EPSG:{code}" for code in ZONES] + ["EPSG:4326"])
def test_a_system_stated_rightly_is_taken(code: str) -> None:
    judgement = judged(*places(code), pyproj.CRS(code))
    assert judgement.doubt is None
    assert judgement.crs is not None
    assert judgement.crs.to_epsg() == int(code.removeprefix("EPSG:"))


@pytest.mark.parametrize("code", ["EPSG:9214", "EPSG:3405", "EPSG:5898", "EPSG:5899", "EPSG:9212", "EPSG:4326"])
@pytest.mark.parametrize("swapped", [False, True])
def test_numbers_alone_are_asked_with_the_right_one_first(code: str, swapped: bool) -> None:
    first, second = places(code)[::-1] if swapped else places(code)
    judgement = judged(first, second, None)
    assert (judgement.crs, judgement.doubt) == (None, Doubt.UNSTATED)
    best = judgement.candidates[0]
    assert (best.crs, best.swapped, best.share_inside) == (code, swapped, 1.0)
    wards = ward_facts()
    assert best.first_lon == pytest.approx(wards["label_lon"].iloc[0], abs=1e-6)
    assert (best.centre_lon, best.centre_lat) == pytest.approx((wards["label_lon"].median(), wards["label_lat"].median()), abs=1e-6)
    assert len(judgement.candidates) <= 4


@pytest.mark.parametrize(("code", "twin"), [("EPSG:32648", "EPSG:3405"), ("EPSG:32649", "EPSG:3406"), ("EPSG:4756", "EPSG:4326")])
def test_numbers_alone_are_asked_with_both_datums(code: str, twin: str) -> None:
    """UTM and degrees exist on WGS 84 and on VN-2000, 225 m apart: a question with one of them only answers itself."""
    judgement = judged(*places(code), None)
    proposed = {candidate.crs: candidate for candidate in judgement.candidates}
    assert {code, twin} <= set(list(proposed)[:2])
    wards = ward_facts()
    right, wrong = proposed[code], proposed[twin]
    assert (right.first_lon, right.first_lat) == pytest.approx((wards["label_lon"].iloc[0], wards["label_lat"].iloc[0]), abs=1e-6)
    assert abs(wrong.first_lon - right.first_lon) * 106_800 == pytest.approx(193, abs=10)


def test_numbers_of_nowhere_in_hue_have_no_proposal() -> None:
    """Lambert-93 of Paris, UTM 48N of Hà Nội, and a local survey grid."""
    for pair in ((652_000.0, 6_862_000.0), (587_000.0, 2_325_000.0), (1_000.0, 2_000.0)):
        assert candidates(np.array(pair[:1]), np.array(pair[1:])) == ()
    assert candidates(np.array([np.nan]), np.array([np.nan])) == ()


@pytest.mark.parametrize("wrong", ["EPSG:5899", "EPSG:9210", "EPSG:3405", "EPSG:32648", "EPSG:5898", "EPSG:3857"])
def test_another_zone_is_noticed_and_the_right_one_proposed(wrong: str) -> None:
    """107-45 taken for 107-00 moves a city by 0.75°, some 80 km; UTM 48N for TM-3 by 210 km."""
    judgement = judged(*places("EPSG:9214"), pyproj.CRS(wrong))
    assert (judgement.crs, judgement.doubt) == (None, Doubt.ELSEWHERE)
    assert judgement.candidates[0].crs == "EPSG:9214"


def test_data_of_other_places_are_left_alone() -> None:
    paris = judged(np.array([652_000.0]), np.array([6_862_000.0]), pyproj.CRS(2154))
    assert paris.crs == pyproj.CRS(2154)
    hanoi = judged(np.array([105.85]), np.array([21.03]), pyproj.CRS(4326))
    assert hanoi.crs == pyproj.CRS(4326)


def test_degrees_and_metres_in_each_others_place() -> None:
    degrees = judged(*places("EPSG:4326"), pyproj.CRS(9214))
    assert (degrees.doubt, degrees.candidates[0].crs) == (Doubt.DEGREES, "EPSG:4326")
    metres = judged(*places("EPSG:9214"), pyproj.CRS(4326))
    assert (metres.doubt, metres.candidates[0].crs) == (Doubt.METRES, "EPSG:9214")
    abroad = judged(np.array([2.35]), np.array([48.86]), pyproj.CRS(9214))
    assert (abroad.doubt, abroad.candidates[0].crs) == (Doubt.DEGREES, "EPSG:4326")


@pytest.mark.parametrize(
    "text",
    [
        "EPSG:9214",
        MISSPELT,
        BOUND.format("-191.90441429,-39.30318279,-111.45032835,-0.00928836,0.01975479,-0.00427372,0.252906278"),
        BOUND.format("-193,-39,-111"),
        "EPSG:9214+5773",
    ],
    ids=["code", "datum misspelt", "rotations reversed", "draft shift", "with heights"],
)
def test_vn2000_is_known_by_any_mark_and_shifted_officially(text: str) -> None:
    """PROJ shifts a datum called VN2000 by 0 m and reports nothing; the official operation is used instead."""
    judgement = judged(np.array(METRES[:1]), np.array(METRES[1:]), pyproj.CRS(text))
    assert judgement.crs is not None
    lon, lat = pyproj.Transformer.from_crs(judgement.crs, 4326, always_xy=True).transform(*METRES)
    assert off_m(shapely.Point(lon, lat)) < 0.01


def test_vn2000_outside_the_list_keeps_its_meridian_and_its_shift() -> None:
    own = MISSPELT.replace('"central_meridian",107', '"central_meridian",107.1')
    at = pyproj.Transformer.from_crs(official(pyproj.CRS(own)), 4326, always_xy=True).transform(500_000, 1821406.847)
    right = pyproj.Transformer.from_crs(9214, 4326, always_xy=True).transform(500_000, 1821406.847)
    assert at[0] - right[0] == pytest.approx(0.1, abs=1e-6)
    geographic = official(pyproj.CRS('GEOGCS["x",DATUM["D_VN_2000",SPHEROID["WGS 84",6378137,298.257223563]],UNIT["degree",0.0174532925]]'))
    assert geographic.to_epsg() == 4756


def test_utm_on_wgs84_is_taken_from_forms_that_name_it_and_asked_from_others() -> None:
    numbers = places("EPSG:32648")
    assert judged(*numbers, pyproj.CRS(32648)).doubt is None
    asked = judged(*numbers, pyproj.CRS(32648), named=False)
    assert (asked.doubt, [c.crs for c in asked.candidates]) == (Doubt.DATUM, ["EPSG:3405", "EPSG:32648"])


@pytest.mark.parametrize(("driver", "suffix", "options"), [("MapInfo File", "tab", {}), ("MapInfo File", "mif", {"FORMAT": "MIF"})])
@pytest.mark.parametrize("code", ["EPSG:9214", "EPSG:5899", "EPSG:3405"])
def test_mapinfo_loses_the_datum_and_the_file_is_asked(
    tmp_path: Path, driver: str, suffix: str, options: dict[str, str], code: str
) -> None:
    """GDAL writes VN-2000 as `CoordSys Earth Projection 8, 104`, which is WGS 84, and reads it back with an accuracy of 0 m."""
    path = tmp_path / f"x.{suffix}"
    layer(code).to_file(path, driver=driver, engine="pyogrio", **options)
    stated = pyproj.CRS(pyogrio.read_info(path)["crs"])
    assert pyproj.Transformer.from_crs(stated, 4326, always_xy=True).accuracy == 0
    shapes = pyogrio.read_dataframe(path).geometry.to_numpy()
    fault = refusal_of_layer(shapes, stated)
    assert (fault.code, fault.severity) == ("crs_datum", Severity.REFUSED)
    assert fault.fields["line"] == f"crs: {code}"
    first, second = fault.fields["candidates"][:2]
    assert off_m(shapely.Point(first["first_lon"], first["first_lat"])) < 0.02  # MapInfo's integers round to 1 cm
    assert off_m(shapely.Point(second["first_lon"], second["first_lat"])) == pytest.approx(225, abs=5)


def test_a_drawing_without_a_system_is_asked(tmp_path: Path) -> None:
    """DXF names no coordinate system at all."""
    layer("EPSG:9214")[["geometry"]].to_file(tmp_path / "x.dxf", driver="DXF", engine="pyogrio")
    assert pyogrio.read_info(tmp_path / "x.dxf")["crs"] is None
    fault = refusal_of_layer(pyogrio.read_dataframe(tmp_path / "x.dxf").geometry.to_numpy(), None)
    assert (fault.code, fault.fields["line"]) == ("crs_unstated", "crs: EPSG:9214")


def refusal_of_layer(shapes: np.ndarray, stated: pyproj.CRS | None) -> Fault:
    """Return the fault that refuses a layer of a form that does not name its system."""
    count = len(shapes)
    cells = pa.table({"place_id": [f"P{i}" for i in range(count)], "kind": ["x"] * count})
    rows = np.arange(1, count + 1)
    source = SourceTable("x", cells, rows, np.zeros(count, np.int32), ("x",), ("0",), geometry=shapes, crs=stated, crs_named=False)
    with pytest.raises(RefusedError) as error:
        read_features(source, PLACES, FileMapping(), ReadOptions())
    return error.value.faults[0]


def test_a_prj_that_says_wgs84_is_asked_and_the_line_it_proposes_mends_it(tmp_path: Path) -> None:
    layer("EPSG:9214").to_file(tmp_path / "x.shp", engine="pyogrio")
    (tmp_path / "x.prj").write_text(LOST_TM, encoding="ascii")
    (tmp_path / "x.cpg").unlink()
    fault = refusal(tmp_path / "x.shp")
    assert (fault.code, fault.found, fault.fields["line"]) == ("crs_datum", "WGS84 / TM 107", "crs: EPSG:9214")
    points, faults = taken(tmp_path / "x.shp", fault.fields["line"] + "\n")
    assert off_m(points.iloc[0]) < 0.01
    assert [f.code for f in faults] == ["crs_overridden"]
    (proposed,) = [c["crs"] for c in fault.fields["candidates"] if "+proj" in c["crs"]]
    points, _ = taken(tmp_path / "x.shp", f"crs: {proposed}\n")
    assert off_m(points.iloc[0]) == pytest.approx(225, abs=5)  # a person may say that it is WGS 84 indeed


@pytest.mark.parametrize(
    ("actual", "labelled", "code", "line"),
    [
        ("EPSG:9214", "EPSG:5899", "crs_elsewhere", "crs: EPSG:9214"),
        ("EPSG:5899", "EPSG:9214", "crs_elsewhere", "crs: EPSG:5899"),
        ("EPSG:9214", "EPSG:3405", "crs_elsewhere", "crs: EPSG:9214"),
        ("EPSG:9214", "EPSG:32648", "crs_elsewhere", "crs: EPSG:9214"),
        ("EPSG:4326", "EPSG:9214", "crs_degrees", "crs: EPSG:4326"),
        ("EPSG:9214", "EPSG:4326", "crs_metres", "crs: EPSG:9214"),
        ("EPSG:3405", "EPSG:4326", "crs_metres", "crs: EPSG:3405"),
        ("EPSG:9214", None, "crs_unstated", "crs: EPSG:9214"),
    ],
)
@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_wrong_label_is_refused_and_the_line_proposed_mends_it(
    tmp_path: Path, actual: str, labelled: str | None, code: str, line: str
) -> None:
    path = tmp_path / "x.gpkg"
    layer(actual).set_crs(labelled, allow_override=True).to_file(path, engine="pyogrio")
    fault = refusal(path)
    assert (fault.code, fault.field, fault.fields["line"]) == (code, "geometry", line)
    points, _ = taken(path, line + "\n")
    assert off_m(points.iloc[0]) < 0.01


def test_geojson_of_metres(tmp_path: Path) -> None:
    document = json.loads(layer("EPSG:9214").to_json(drop_id=True))
    document.pop("crs", None)
    (tmp_path / "x.geojson").write_text(json.dumps(document), encoding="utf-8")
    assert refusal(tmp_path / "x.geojson").code == "crs_metres"


@pytest.mark.parametrize("names", ["x,y", "X (m),Y (m)", "Easting,Northing", "Toạ độ X,Toạ độ Y"])
def test_columns_without_a_system_are_asked(tmp_path: Path, names: str) -> None:
    (tmp_path / "x.csv").write_text(f"place_id,kind,{names}\nP1,x,561636.671,1821406.847\n", encoding="utf-8")
    fault = refusal(tmp_path / "x.csv")
    assert (fault.code, fault.field, fault.found) == ("crs_unstated", names.replace(",", ", "), "561636.671, 1821406.847")
    points, _ = taken(tmp_path / "x.csv", "crs: EPSG:9214\n")
    assert off_m(points.iloc[0]) < 0.01


def test_north_in_the_x_column_as_surveyors_write(tmp_path: Path) -> None:
    """In Vietnamese surveying x points north; the file is asked, and with its system stated the axes are exchanged, and told."""
    (tmp_path / "x.csv").write_text("place_id,kind,x,y\nP1,x,1821406.847,561636.671\n", encoding="utf-8")
    fault = refusal(tmp_path / "x.csv")
    assert fault.fields["candidates"][0]["swapped"] is True
    points, faults = taken(tmp_path / "x.csv", "crs: EPSG:9214\n")
    assert off_m(points.iloc[0]) < 0.01
    assert [f.code for f in faults] == ["axes_swapped"]


def test_metres_in_columns_called_longitude(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("place_id,kind,longitude,latitude\nP1,x,561636.671,1821406.847\n", encoding="utf-8")
    assert refusal(tmp_path / "x.csv").code == "crs_metres"
    points, _ = taken(tmp_path / "x.csv", "crs: EPSG:9214\n")
    assert off_m(points.iloc[0]) < 0.01


def test_what_a_person_states_stands_with_a_warning_but_not_against_the_numbers(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("place_id,kind,x,y\nP1,x,561636.671,1821406.847\n", encoding="utf-8")
    points, faults = taken(tmp_path / "x.csv", "crs: EPSG:9212\n")
    assert [(f.code, f.severity) for f in faults] == [("crs_elsewhere", Severity.WARNING)]
    assert off_m(points.iloc[0]) == pytest.approx(80_000, rel=0.01)
    assert refusal(tmp_path / "x.csv", "crs: EPSG:4326\n").code == "crs_metres"


def test_a_few_rows_in_other_units_are_their_own_fault(tmp_path: Path) -> None:
    rows = "".join(f"P{i},x,107.5{i},16.4\n" for i in range(9))
    (tmp_path / "x.csv").write_text(f"place_id,kind,lon,lat\n{rows}P9,x,561636.671,1821406.847\n", encoding="utf-8")
    points, faults = taken(tmp_path / "x.csv")
    assert len(points) == 9
    assert [(f.code, f.row) for f in faults] == [("position_range", 11)]


def test_every_doubt_is_a_sentence_in_both_languages(tmp_path: Path) -> None:
    for language in LANGUAGES:
        assert {f"fault.{doubt}.{part}" for doubt in Doubt for part in ("expected", "remedy")} <= message_ids(language)
        (tmp_path / "x.csv").write_text("place_id,kind,x,y\nP1,x,561636.671,1821406.847\n", encoding="utf-8")
        said = fault_text(refusal(tmp_path / "x.csv"), language)
        assert "EPSG:9214 (VN-2000 / TM-3 107-00) → 107.5791, 16.4676" in said
        assert "«crs: EPSG:9214»" in said


@given(st.sampled_from(sorted(ZONES)), st.sampled_from(sorted(ZONES)), st.integers(0, 39), st.booleans())
@settings(max_examples=60, deadline=None)
def test_nothing_is_taken_225_m_off(actual: int, labelled: int, ward: int, lost: bool) -> None:
    """Whatever the label, a system is taken only where it is the label's own, on VN-2000; never one on WGS 84 for metres of VN-2000."""
    facts = ward_facts().iloc[ward]
    x, y = pyproj.Transformer.from_crs(4326, actual, always_xy=True).transform(facts["label_lon"], facts["label_lat"])
    meridian, scale = ZONES[labelled]
    stated = pyproj.CRS(f"+proj=tmerc +lon_0={meridian} +k={scale} +x_0=500000 +datum=WGS84") if lost else pyproj.CRS(labelled)
    judgement = judged(np.array([x]), np.array([y]), stated, named=not lost)
    if lost:
        assert judgement.doubt is Doubt.DATUM
        if actual == labelled:
            assert judgement.candidates[0].crs == f"EPSG:{actual}"
    elif judgement.crs is not None:
        assert judgement.crs.to_epsg() == labelled
    if actual == labelled and not lost:
        assert judgement.doubt is None


@pytest.mark.reference
def test_discs_cover_the_real_city(reference: Path) -> None:
    """The discs round the wards' label points hold 99 % of every border's vertices, and leave Đà Nẵng and Đông Hà out."""
    wards = gpd.read_parquet(reference / "boundaries/hue_wards_2025.parquet")
    vertices = shapely.get_coordinates(wards.geometry.to_numpy())
    assert inside_hue(vertices[:, 0], vertices[:, 1]).mean() > 0.99
    assert not inside_hue(np.array([108.2208, 107.1003]), np.array([16.0678, 16.8163])).any()


@pytest.mark.reference
def test_real_wards_in_a_zip_of_a_lost_datum(reference: Path, tmp_path: Path) -> None:
    wards = gpd.read_file(reference / "boundaries/hue_wards_2025_simplified10m.geojson").to_crs("EPSG:9214")
    frame = gpd.GeoDataFrame({"place_id": wards["ward_code"], "kind": "x"}, geometry=wards.geometry.centroid, crs=wards.crs)
    frame.to_file(tmp_path / "x.shp", engine="pyogrio")
    (tmp_path / "x.prj").write_text(LOST_TM, encoding="ascii")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        for suffix in ("shp", "shx", "dbf", "prj"):
            packed.write(tmp_path / f"x.{suffix}", f"x.{suffix}")
    fault = refusal(tmp_path / "x.zip")
    assert (fault.code, fault.fields["candidates"][0]["share_inside"]) == ("crs_datum", 1.0)
