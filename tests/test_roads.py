"""Road networks of OpenStreetMap and Overture: files written here by osmium, json and pyarrow from the publishers' pages.

Tags: OpenStreetMap wiki, Key:highway, Key:width, Key:lanes. Overture: schema 1.x, transportation/segment.
"""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from format_files import run
from hypothesis import given, settings
from hypothesis import strategies as st

from hatang.data._formats_of_roads import _lanes, _metres
from hatang.data._roadfiles import _runs
from hatang.data.contracts import Kind, RefusedError, Severity
from hatang.data.reading import ReadOptions, published_format, read, recognise
from hatang.data.sandbox import read_apart

NODES = {
    1: (107.58, 16.46), 2: (107.59, 16.465), 3: (107.60, 16.47), 4: (107.61, 16.48), 5: (107.62, 16.48),
    11: (105.80, 21.00), 12: (105.85, 21.03),
    21: (106.80, 16.50), 22: (106.95, 16.50),
}  # fmt: skip
WAYS: Sequence[tuple[int, Sequence[int], Mapping[str, str]]] = (
    (100, (1, 2, 3), {"highway": "primary", "name": "Lê Lợi", "ref": "QL1", "width": "24'", "lanes": "2;3", "surface": "asphalt"}),
    (101, (3, 4), {"highway": "residential", "ref": "ĐT10", "width": "rộng", "bridge": "viaduct", "tunnel": "no"}),
    (102, (11, 12), {"highway": "trunk", "name": "Hà Nội"}),
    (103, (21, 22), {"highway": "track", "est_width": "3,5"}),
    (104, (1, 4), {"highway": "proposed"}),
    (105, (1, 2, 3, 1), {"highway": "pedestrian", "area": "yes"}),
    (106, (1, 5), {"waterway": "river", "name": "Sông Hương"}),
    (107, (1, 2, 999, 4, 5), {"highway": "secondary", "name": "Cắt"}),
    (108, (998, 999), {"highway": "service"}),
)


def write_pbf(path: Path, ways: Sequence[tuple[int, Sequence[int], Mapping[str, str]]] = WAYS) -> Path:
    path.unlink(missing_ok=True)
    with osmium.SimpleWriter(osmium.io.File(str(path), "pbf")) as writer:
        for number, place in NODES.items():
            writer.add_node(osmium.osm.mutable.Node(id=number, location=place, version=1))
        for number, nodes, tags in ways:
            writer.add_way(osmium.osm.mutable.Way(id=number, nodes=list(nodes), tags=dict(tags), version=1))
    return path


def write_overpass(path: Path, *, geometry: bool) -> Path:
    elements: list[dict[str, Any]] = []
    for number, nodes, tags in WAYS:
        way: dict[str, Any] = {"type": "way", "id": number, "nodes": list(nodes), "tags": dict(tags)}
        if geometry:
            way["geometry"] = [None if n not in NODES else {"lat": NODES[n][1], "lon": NODES[n][0]} for n in nodes]
        elements.append(way)
    if not geometry:
        elements += [{"type": "node", "id": number, "lat": lat, "lon": lon} for number, (lon, lat) in NODES.items()]
    document = {"version": 0.6, "generator": "Overpass API", "osm3s": {"copyright": "…"}, "elements": elements}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def osm_xml(*, geometry: bool = False, nodes_last: bool = False) -> str:
    """Return the same ways as XML: as the API and JOSM write them, as Overpass does with nodes behind, or with places in the ways."""
    nodes = "".join(f'  <node id="{number}" version="1" lat="{lat}" lon="{lon}"/>\n' for number, (lon, lat) in NODES.items())
    ways = ""
    for number, refs, tags in WAYS:
        ways += f'  <way id="{number}" version="1">\n'
        for ref in refs:
            place = f' lat="{NODES[ref][1]}" lon="{NODES[ref][0]}"' if geometry and ref in NODES else ""
            ways += f'    <nd ref="{ref}"{place}/>\n'
        ways += "".join(f"    <tag k={quoteattr(key)} v={quoteattr(value)}/>\n" for key, value in tags.items()) + "  </way>\n"
    body = ways if geometry else ways + nodes if nodes_last else nodes + ways
    return f"<?xml version='1.0' encoding='UTF-8'?>\n<!-- cắt từ bản đồ -->\n<osm version=\"0.6\">\n{body}</osm>\n"


def write_osm(path: Path, form: str) -> Path:
    text = osm_xml(geometry=form == "osm_geometry", nodes_last=form == "osm_nodes_last").encode()
    path.write_bytes(gzip.compress(text) if form == "osm_gz" else text)
    return path


def held(frame: pd.DataFrame) -> None:
    """Hold what every file of the same ways must give against the ways, by hand."""
    frame = frame.set_index("road_id")
    assert sorted(frame.index) == ["100", "101", "103", "107"]
    assert frame["road_name"].to_dict() == {"100": "Lê Lợi", "101": "ĐT10", "103": None, "107": "Cắt"} or pd.isna(frame["road_name"]["103"])
    assert frame["road_class"].to_dict() == {"100": "primary", "101": "residential", "103": "track", "107": "secondary"}
    assert (frame["width_m"]["100"], frame["width_m"]["103"]) == (7.315, 3.5)
    assert np.isnan(frame["width_m"]["101"])
    assert frame["lanes"]["100"] == 2
    assert (frame["bridge"]["101"], frame["tunnel"]["101"], frame["surface"]["100"]) == (True, False, "asphalt")
    assert set(frame["source"]) == {"osm"}
    shapes = dict(zip(frame.index, shapely.from_wkb(frame["geometry"]), strict=True))
    assert shapes["100"].equals_exact(shapely.LineString([NODES[1], NODES[2], NODES[3]]), 1e-7)
    cut = shapely.MultiLineString([[NODES[1], NODES[2]], [NODES[4], NODES[5]]])
    assert shapes["107"].equals_exact(cut, 1e-7)


@pytest.mark.parametrize("form", ["pbf", "overpass_geometry", "overpass_nodes", "osm", "osm_gz", "osm_nodes_last", "osm_geometry"])
def test_ways_of_openstreetmap_in_every_form_are_the_same_roads(tmp_path: Path, form: str) -> None:
    path = tmp_path / "duong"
    if form == "pbf":
        write_pbf(path)
    elif form.startswith("osm"):
        write_osm(path, form)
    else:
        write_overpass(path, geometry=form == "overpass_geometry")
    assert recognise(path, ReadOptions()) is Kind.ROADS
    outcome, frame = run(path)
    held(frame)
    assert (outcome.rows_in, outcome.rows_kept) == (8, 4)
    refused = {(fault.code, fault.count) for fault in outcome.faults if fault.severity is Severity.REFUSED}
    assert refused == {("road_elsewhere", 1), ("road_other", 1), ("geometry_missing", 1)}
    assert outcome.repairs["road_cut"] == 1
    assert outcome.repairs["cell_cleared"] == 1


def test_a_pbf_is_read_in_a_process_apart(tmp_path: Path) -> None:
    path = write_pbf(tmp_path / "hue.osm.pbf")
    here = read(path, tmp_path / "here.arrow", Kind.AUTO, ReadOptions())
    apart = read_apart(path, tmp_path / "apart.arrow", Kind.AUTO, ReadOptions())
    assert apart == here
    assert (tmp_path / "apart.arrow").read_bytes() == (tmp_path / "here.arrow").read_bytes()


def test_a_document_of_openstreetmap_is_read_in_a_process_apart(tmp_path: Path) -> None:
    path = write_osm(tmp_path / "hue.osm", "osm")
    here = read(path, tmp_path / "here.arrow", Kind.AUTO, ReadOptions())
    assert read_apart(path, tmp_path / "apart.arrow", Kind.AUTO, ReadOptions()) == here
    assert (tmp_path / "apart.arrow").read_bytes() == (tmp_path / "here.arrow").read_bytes()


def refusal(path: Path) -> str:
    with pytest.raises(RefusedError) as error:
        read_apart(path, path.parent / "out.arrow", Kind.ROADS, ReadOptions())
    return error.value.faults[0].code


ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        ("<osm version", f'<!DOCTYPE osm [<!ENTITY e0 "ha">{ENTITIES}]>\n<osm version', "file_hostile"),
        ("<osm version", '<!DOCTYPE osm SYSTEM "file:///etc/hostname">\n<osm version', "file_hostile"),
        ("<!-- cắt", "<!-- " + "x" * 70_000 + "--><!DOCTYPE osm [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><!-- ", "file_format"),
        ('v="Lê Lợi"', 'v="&e;"', "file_malformed"),
        ("</osm>", "", "file_malformed"),
        ('ref="1"', 'ref="một"', "file_malformed"),
        ('ref="1"', 'ref="99999999999999999999"', "file_malformed"),
        ('lat="16.46"', 'lat="mười sáu"', "file_malformed"),
        ('  <way id="100"', "<a>" * 50 + "</a>" * 50 + '  <way id="100"', "file_malformed"),
        ('<osm version="0.6">', '<osm version="0.6"><note>MẬT</note>', "file_secret"),
    ],
)  # fmt: skip
def test_a_damaged_or_hostile_document_of_openstreetmap_is_refused(tmp_path: Path, before: str, after: str, code: str) -> None:
    text = osm_xml()
    assert before in text
    (tmp_path / "a.osm").write_text(text.replace(before, after), encoding="utf-8")
    assert refusal(tmp_path / "a.osm") == code


def test_what_an_editor_is_about_to_delete_is_no_road(tmp_path: Path) -> None:
    text = osm_xml().replace('<way id="100"', "<way id='100' action='delete'").replace('<way id="103"', '<way id="103" visible="false"')
    text = text.replace('<node id="5"', "<node id='5' action='delete'").replace('"101"', '"-101"')
    (tmp_path / "josm.osm").write_text(text, encoding="utf-8")
    outcome, frame = run(tmp_path / "josm.osm")
    assert sorted(frame["road_id"]) == ["-101", "107"]
    assert outcome.rows_in == 6


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_a_pbf_cut_off_is_refused(tmp_path: Path, share: float) -> None:
    content = write_pbf(tmp_path / "a.pbf").read_bytes()
    (tmp_path / "b.pbf").write_bytes(content[: max(20, int(share * len(content)))])
    with pytest.raises(RefusedError) as error:
        read(tmp_path / "b.pbf", tmp_path / "out.arrow", Kind.ROADS, ReadOptions())
    assert error.value.faults[0].code == "file_malformed"


DAMAGED = (
    '[{"type": "way", "tags": {"highway": "x"}}]',
    '[{"type": "way", "id": 1, "tags": 3}]',
    '[{"type": "way", "id": 1, "tags": {"highway": "x"}, "geometry": [{"lat": "a", "lon": 2}]}]',
    '[{"type": "node"',
    "7",
)


@pytest.mark.parametrize("elements", DAMAGED)
def test_a_damaged_answer_of_overpass_is_refused(tmp_path: Path, elements: str) -> None:
    (tmp_path / "a.json").write_text('{"osm3s": {}, "elements": ' + elements + "}", encoding="utf-8")
    with pytest.raises(RefusedError) as error:
        read(tmp_path / "a.json", tmp_path / "out.arrow", Kind.ROADS, ReadOptions())
    assert error.value.faults[0].code == "file_malformed"


def test_a_network_wholly_elsewhere_is_refused_with_its_count(tmp_path: Path) -> None:
    path = write_pbf(tmp_path / "a.pbf", [WAYS[2]])
    with pytest.raises(RefusedError) as error:
        read(path, tmp_path / "out.arrow", Kind.ROADS, ReadOptions())
    assert [(fault.code, fault.found, fault.count) for fault in error.value.faults] == [("file_rows", "1", 1), ("road_elsewhere", "102", 1)]


SEGMENTS: Sequence[Mapping[str, Any]] = (
    {"id": "08b1", "subtype": "road", "class": "primary", "names": {"primary": "Lê Lợi", "common": None},
     "road_surface": [{"value": "gravel", "between": [0.0, 0.2]}, {"value": "paved", "between": [0.2, 1.0]}],
     "road_flags": [{"values": ["is_bridge"], "between": [0.4, 0.5]}], "width_rules": [{"value": 7.5, "between": None}],
     "line": [NODES[1], NODES[2], NODES[3]]},
    {"id": "08b2", "subtype": "road", "class": "footway", "names": None, "road_surface": None, "road_flags": None, "width_rules": None,
     "line": [NODES[3], NODES[4]]},
    {"id": "08b3", "subtype": "rail", "class": "standard_gauge", "names": None, "road_surface": None, "road_flags": None,
     "width_rules": None, "line": [NODES[3], NODES[5]]},
    {"id": "08b4", "subtype": "road", "class": "trunk", "names": None, "road_surface": None, "road_flags": None, "width_rules": None,
     "line": [NODES[11], NODES[12]]},
)  # fmt: skip


def write_segments(path: Path, form: str) -> Path:
    shapes = [shapely.LineString(segment["line"]) for segment in SEGMENTS]
    plain = [{**{k: v for k, v in s.items() if k != "line"}, "connectors": [{"connector_id": "c", "at": 0.0}]} for s in SEGMENTS]
    if form == "parquet":
        table = pa.Table.from_pylist(plain).append_column("geometry", pa.array(shapely.to_wkb(shapes), pa.binary()))
        geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}}}
        pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)
    else:
        features = [
            {"type": "Feature", "properties": row, "geometry": shapely.geometry.mapping(shape)}
            for row, shape in zip(plain, shapes, strict=True)
        ]
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["parquet", "geojson"])
def test_segments_of_overture(tmp_path: Path, form: str) -> None:
    path = write_segments(tmp_path / "segment", form)
    found = published_format(path, ReadOptions())
    assert found is not None
    assert found.name == "overture_segments"
    outcome, frame = run(path)
    frame = frame.set_index("road_id")
    assert list(frame.index) == ["08b1", "08b2"]
    assert frame.loc["08b1", ["road_name", "road_class", "width_m", "bridge", "tunnel", "surface", "source"]].tolist() == [
        "Lê Lợi", "primary", 7.5, True, False, "paved", "overture",
    ]  # fmt: skip
    assert {(fault.code, fault.count) for fault in outcome.faults} == {("road_other", 1), ("road_elsewhere", 1)}


def test_segments_of_overture_without_their_connectors(tmp_path: Path) -> None:
    """Who cuts an area out keeps the columns of use: a railway had been stored as a road, and roads had lost their names."""
    path = write_segments(tmp_path / "segment", "parquet")
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["connectors"]), path)
    outcome, frame = run(path)
    assert (list(frame["road_id"]), frame["road_name"][0]) == (["08b1", "08b2"], "Lê Lợi")
    assert {(fault.code, fault.count) for fault in outcome.faults} == {("road_other", 1), ("road_elsewhere", 1)}


@pytest.mark.parametrize("driver", ["GeoJSON", "GPKG", "FlatGeobuf", "ESRI Shapefile"])
def test_plain_layers_of_roads_keep_what_lies_in_the_box(tmp_path: Path, driver: str) -> None:
    frame = gpd.GeoDataFrame(
        {"ma_duong": ["D1", "D2"], "ten_duong": ["Lê Lợi", "Xa"], "cap_duong": ["Đường đô thị", "Quốc lộ"], "so_lan": [4, 2],
         "mat_duong": ["bê tông nhựa", "nhựa"]},
        geometry=[shapely.LineString([NODES[1], NODES[2]]), shapely.LineString([NODES[11], NODES[12]])], crs="EPSG:4326",
    )  # fmt: skip
    path = tmp_path / {"GeoJSON": "a.geojson", "GPKG": "a.gpkg", "FlatGeobuf": "a.fgb", "ESRI Shapefile": "a.shp"}[driver]
    frame.to_file(path, driver=driver)
    outcome, roads = run(path, kind=Kind.ROADS)
    assert [(fault.code, fault.count) for fault in outcome.faults if fault.severity is Severity.REFUSED] == [("road_elsewhere", 1)]
    assert roads.loc[0, ["road_id", "road_name", "road_class", "lanes", "surface"]].tolist() == [
        "D1", "Lê Lợi", "Đường đô thị", 4, "bê tông nhựa",
    ]  # fmt: skip


def test_the_shapefile_of_geofabrik(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame(
        {"osm_id": ["100", "101"], "code": [5113, 5122], "fclass": ["primary", "residential"], "name": ["Lê Lợi", None],
         "ref": ["", "ĐT10"], "oneway": ["B", "B"], "maxspeed": [50, 0], "layer": [0, 1], "bridge": ["F", "T"], "tunnel": ["F", "F"]},
        geometry=[shapely.LineString([NODES[1], NODES[2]]), shapely.LineString([NODES[3], NODES[4]])], crs="EPSG:4326",
    )  # fmt: skip
    frame.to_file(tmp_path / "gis_osm_roads_free_1.shp")
    _, roads = run(tmp_path / "gis_osm_roads_free_1.shp")
    assert roads[["road_id", "road_name", "bridge", "tunnel", "source"]].to_numpy().tolist() == [
        ["100", "Lê Lợi", False, False, "osm"], ["101", "ĐT10", True, False, "osm"],
    ]  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=12))
def test_tags_in_any_words_never_break_the_reader(text: str) -> None:
    for meaning, most in ((_metres, 200), (_lanes, 20)):
        found = meaning(text)
        assert found is None or 0 <= float(found) <= most


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.tuples(st.floats(106, 109), st.floats(15, 17))), max_size=12))
def test_runs_hold_every_known_place_in_order_and_join_none_across_a_gap(places: list[tuple[float, float] | None]) -> None:
    runs = _runs(iter(places))
    assert [tuple(place) for run in runs for place in run] == [place for place in places if place is not None]
    known = [i for i, place in enumerate(places) if place is not None]
    assert len(runs) == sum(i == known[0] or places[i - 1] is None for i in known)
