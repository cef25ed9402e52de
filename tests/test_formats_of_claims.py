"""Published formats of claims and buildings, written here from their publishers' schemas, one defect a file."""

import gzip
import json
from pathlib import Path

import geopandas as gpd
import h3
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from hatang.data._formats_of_claims import hexagons
from hatang.data.contracts import HUE_CRS, INPUT_TABLES, MAP_CRS, Kind, RefusedError, Severity
from hatang.data.language import LANGUAGES, fault_text
from hatang.data.reading import ReadOptions, ReadOutcome, read, recognise

PLACE = (16.4637, 107.595)
CELL = h3.latlng_to_cell(*PLACE, 9)


def run(path: Path, **options: str) -> tuple[ReadOutcome, pd.DataFrame]:
    target = path.parent / "out.arrow"
    outcome = read(path, target, Kind.AUTO, ReadOptions(**options))
    assert outcome.rows_in == outcome.rows_kept + outcome.rows_refused
    assert all(fault_text(fault, language) for fault in outcome.faults for language in LANGUAGES)
    frame = pa.ipc.open_file(target).read_all().to_pandas()
    INPUT_TABLES[outcome.kind].conform(frame)
    return outcome, frame


def refused(outcome: ReadOutcome) -> list[tuple[str, int | None, str | None]]:
    return [(fault.code, fault.row, fault.found) for fault in outcome.faults if fault.severity is Severity.REFUSED]


def provinces(**changes: list[object]) -> gpd.GeoDataFrame:
    """Return a layer as ARCEP publishes one, with firms of Vietnam: a square, and a collection with a line in it."""
    square = shapely.box(107.5, 16.4, 107.6, 16.5)
    collection = shapely.GeometryCollection([shapely.box(107.2, 16.2, 107.3, 16.3), shapely.LineString([(107, 16), (107.1, 16)])])
    columns = {
        "operateur": [45204, 45201],
        "date": ["2026-06-30"] * 2,
        "techno": ["4G", "5G"],
        "usage": ["data"] * 2,
        "niveau": ["CL"] * 2,
        "dept": ["75"] * 2,
    }
    return gpd.GeoDataFrame({**columns, **changes}, geometry=[square, collection], crs=MAP_CRS)


def test_theoretical_coverage_of_arcep(tmp_path: Path) -> None:
    provinces().to_crs("EPSG:32648").to_file(tmp_path / "couv.gpkg")
    outcome, frame = run(tmp_path / "couv.gpkg")
    assert outcome.kind is Kind.CLAIMS
    assert list(frame["operator"]) == ["viettel", "mobifone"]
    assert list(frame["technology"]) == ["4g", "5g"]
    assert list(frame["environment"]) == ["outdoor", "outdoor"]
    assert outcome.repairs == {"geometry_collection": 1}
    assert shapely.from_wkb(frame["geometry"][1]).area == pytest.approx(0.01, rel=1e-6)


def test_voice_networks_of_arcep_are_no_claim(tmp_path: Path) -> None:
    provinces(techno=["2G3G", "5G"]).to_file(tmp_path / "couv.gpkg")
    outcome, frame = run(tmp_path / "couv.gpkg")
    assert refused(outcome) == [("technology_other", 1, "2G3G")]
    assert list(frame["operator"]) == ["mobifone"]


def test_statistics_of_arcep_have_no_shape(tmp_path: Path) -> None:
    header = "techno;mcc_mnc;commune;couv_nc;couv_cl;couv_bc;couv_tbc;pop_nc;pop_cl;pop_bc;pop_tbc"
    (tmp_path / "stat.csv").write_text(f"{header}\n4G;45204;75056;0;100;0;0;0;100;0;0\n")
    with pytest.raises(RefusedError) as error:
        run(tmp_path / "stat.csv")
    assert error.value.faults[0].code == "format_no_position"


@pytest.mark.parametrize(
    "header",
    ["location_id,block_geoid,h3_res8_id,any_dl100_ul20,wired_dl100_ul20,terrestrial_dl100_ul20",
     "UPRN,AddressShortDescription,PostCode,EEVoiceOutdoor,EEDataOutdoor"],
)  # fmt: skip
def test_lists_of_premises_abroad_are_told_by_name(tmp_path: Path, header: str) -> None:
    (tmp_path / "ds.csv").write_text(f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    with pytest.raises(RefusedError) as error:
        run(tmp_path / "ds.csv")
    assert error.value.faults[0].code == "format_no_position"


def test_buildings_of_microsoft_are_recognised(tmp_path: Path) -> None:
    shapes = [shapely.box(107.58, 16.46, 107.5802, 16.4602), shapely.box(107.59, 16.46, 107.5901, 16.4601)]
    lines = [json.dumps({"type": "Feature", "properties": {"height": 5.1, "confidence": -1},
                         "geometry": shapely.geometry.mapping(shape)}) for shape in shapes]  # fmt: skip
    (tmp_path / "part.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    outcome, frame = run(tmp_path / "part.csv.gz")
    assert (outcome.kind, outcome.rows_kept) == (Kind.BUILDINGS, 2)
    assert shapely.equals(shapely.from_wkb(frame["geometry"]), shapes).all()


HEADER = "technology,mindown,minup,environmnt,h3_res9_id,providerid,brandname,minsignal"


def test_hexagons_of_the_fcc(tmp_path: Path) -> None:
    rows = [
        f"400,5,1,0,{CELL},130077,Viettel,-90",
        f"500,35,3,1,{CELL},130077,Viettel,-80",
        f"300,0,0,0,{CELL},130077,Viettel,-90",
        f"0,0,0,0,{CELL},130077,Viettel,-90",
        "400,5,1,0,89415ac12,130077,Viettel,-90",
    ]
    (tmp_path / "hex.csv").write_text("\n".join([HEADER, *rows]))
    assert recognise(tmp_path / "hex.csv", ReadOptions()) is Kind.CLAIMS
    outcome, frame = run(tmp_path / "hex.csv")
    assert {("h3_id", 6, "89415ac12"), ("technology_other", 4, "300"), ("technology_other", 5, "0")} <= set(refused(outcome))
    assert outcome.rows_refused == 3
    assert sorted((fault.row, fault.code, fault.field) for fault in outcome.faults) == [
        (4, "technology_other", "technology"),  # once, under the file's own name
        (5, "technology_other", "technology"),
        (6, "h3_id", "h3_res9_id"),
    ]
    assert frame[["operator", "technology", "environment", "level_dbm", "download_mbps"]].to_numpy().tolist() == [
        ["viettel", "4g", "outdoor", -90.0, 5.0],
        ["viettel", "5g", "in_vehicle", -80.0, 35.0],
    ]
    shape = shapely.from_wkb(frame["geometry"][0])
    assert shape.covers(shapely.Point(*PLACE[::-1]))
    area = gpd.GeoSeries([shape], crs=MAP_CRS).to_crs(HUE_CRS).area[0]
    assert area == pytest.approx(h3.cell_area(CELL, unit="m^2"), rel=0.01)  # the sphere of H3 against the ellipsoid


def test_an_option_makes_no_claim_of_4g_from_voice(tmp_path: Path) -> None:
    (tmp_path / "hex.csv").write_text(f"{HEADER}\n400,5,1,0,{CELL},1,Viettel,-90\n0,0,0,0,{CELL},1,Viettel,-90\n")
    outcome, frame = run(tmp_path / "hex.csv", technology="4g")
    assert (outcome.rows_refused, list(frame["download_mbps"])) == (1, [5.0])


def test_a_foreign_firm_is_refused_unless_the_option_says_whose_it_is(tmp_path: Path) -> None:
    (tmp_path / "hex.csv").write_text(f"{HEADER}\n400,5,1,0,{CELL},131425,Verizon,-90")
    with pytest.raises(RefusedError):
        run(tmp_path / "hex.csv")
    outcome, _ = run(tmp_path / "hex.csv", operator="viettel")
    assert outcome.repairs == {"operator_replaced": 1}


def test_hexagons_are_the_cells_of_their_ids() -> None:
    cells = np.array(sorted(h3.grid_disk(CELL, 4)), dtype=object)
    shapes = hexagons(cells)
    centres = [h3.latlng_to_cell(shape.centroid.y, shape.centroid.x, 9) for shape in shapes]
    assert centres == list(cells)
    assert shapely.union_all(shapes).geom_type == "Polygon"
    pentagon = hexagons(np.array([h3.get_pentagons(9)[0]], dtype=object))[0]
    assert len(pentagon.exterior.coords) in (6, 11)


@pytest.mark.reference
def test_real_hexagons_of_the_fcc(tmp_path: Path, reference: Path) -> None:
    """Every row of the real sample has a valid id whose cell holds the row's own position, where that is the cell's centre."""
    path = reference / "measurements" / "fcc_bdc" / "claims_vs_measured_hex_sample_mukoo.csv"
    target = tmp_path / "out.arrow"
    outcome = read(path, target, Kind.AUTO, ReadOptions(operator="viettel", technology="4g"))
    table = pa.ipc.open_file(target).read_all().to_pandas()
    own = pd.read_csv(path)
    assert (outcome.rows_kept, outcome.rows_refused) == (len(own), 0)
    assert list(table["level_dbm"]) == list(own["claimed_minsignal_dbm"])
    shapes = shapely.from_wkb(table["geometry"])
    assert shapely.distance(shapes, shapely.points(own["lon"], own["lat"])).max() < 2e-3


def test_served_locations_of_the_fcc_have_no_position(tmp_path: Path) -> None:
    header = "frn,provider_id,brand_name,location_id,technology,max_advertised_download_speed,max_advertised_upload_speed,low_latency,"
    header += "business_residential_code,state_usps,block_geoid,h3_res8_id"
    (tmp_path / "fixed.csv").write_text(f"{header}\n0001,1,VNPT,0000000000001,50,1000,1000,1,R,HI,150010000000001,88415ac121fffff\n")
    with pytest.raises(RefusedError) as error:
        run(tmp_path / "fixed.csv")
    assert error.value.faults[0].code == "format_no_position"


def test_buildings_of_google(tmp_path: Path) -> None:
    square = "POLYGON((107.595 16.463, 107.596 16.463, 107.596 16.464, 107.595 16.464, 107.595 16.463))"
    text = "latitude,longitude,area_in_meters,confidence,geometry,full_plus_code\n"
    text += f'16.4635,107.5955,11830.5,0.85,"{square}",7P8WFH7W+C6\n'
    (tmp_path / "open.csv.gz").write_bytes(gzip.compress(text.encode()))
    outcome, frame = run(tmp_path / "open.csv.gz")
    assert outcome.kind is Kind.BUILDINGS
    assert frame[["building_id", "area_m2"]].to_numpy().tolist() == [["7P8WFH7W+C6", 11830.5]]
    assert shapely.from_wkb(frame["geometry"][0]).equals(shapely.from_wkt(square))


def test_buildings_of_microsoft_are_features_a_line(tmp_path: Path) -> None:
    square = {"type": "Polygon", "coordinates": [[[107.595, 16.463], [107.596, 16.463], [107.596, 16.464], [107.595, 16.463]]]}
    line = json.dumps({"type": "Feature", "properties": {"height": -1.0, "confidence": 0.9}, "geometry": square})
    other = line.replace("107.59", "107.57")
    path = tmp_path / "132.csv.gz"
    path.write_bytes(gzip.compress(f"{line}\n{other}\n".encode()))
    outcome = read(path, tmp_path / "out.arrow", Kind.BUILDINGS, ReadOptions())
    frame = pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pandas()
    assert (outcome.rows_in, outcome.rows_kept) == (2, 2)
    assert [shapely.from_wkb(shape).bounds[0] for shape in frame["geometry"]] == [107.595, 107.575]
    path.write_bytes(gzip.compress(f"{line}\n{other[:40]}".encode()))
    with pytest.raises(RefusedError) as error:
        read(path, tmp_path / "out.arrow", Kind.BUILDINGS, ReadOptions())
    assert error.value.faults[0].code == "file_truncated"


def test_figures_of_ofcom_by_area_are_refused_by_their_name(tmp_path: Path) -> None:
    """A format whose columns are known in part (formats.md §3): the first of them is enough to tell it."""
    (tmp_path / "202409_mobile_laua.csv").write_text("laua,laua_name,4G_prem_out_0,4G_prem_out_1\nS12000033,Aberdeen,0.02,1.5\n")
    with pytest.raises(RefusedError) as error:
        read(tmp_path / "202409_mobile_laua.csv", tmp_path / "out.arrow", Kind.AUTO, ReadOptions())
    fault = error.value.faults[0]
    assert (fault.code, fault.found, fault.count) == ("format_area_shares", "Ofcom Connected Nations (theo khu vực)", 1)
