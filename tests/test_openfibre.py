"""Open Fibre Data Standard: a network by hand and back, and the files of four firms."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from hatang.data.contracts import RefusedError
from hatang.data.openfibre import openfibre_geojson, openfibre_json, read_openfibre

NETWORK = {
    "id": "n1",
    "name": "Mạng Huế",
    "nodes": [
        {
            "id": "B1",
            "name": "Bể 1",
            "status": "operational",
            "type": ["pop", "chamber"],
            "location": {"type": "Point", "coordinates": [107.59, 16.46]},
        },
        {"id": "B2", "physicalInfrastructureProvider": {"id": "v", "name": "VNPT"}},
    ],
    "spans": [
        {
            "id": "S1",
            "start": "B1",
            "end": {"id": "B2"},
            "status": "planned",
            "deployment": ["belowGround"],
            "fibreLength": 0.25,
            "networkProviders": [{"id": "w", "name": "Viettel"}],
            "route": {"type": "LineString", "coordinates": [[107.59, 16.46], [107.592, 16.46]]},
        }
    ],
}


def test_a_network_is_read_as_it_stands() -> None:
    nodes, spans = read_openfibre(json.dumps({"networks": [NETWORK]}).encode(), "n.json")
    assert nodes[["node_id", "name", "status", "kind", "owner"]].astype(object).fillna("-").to_numpy().tolist() == [
        ["B1", "Bể 1", "in_service", "pop;chamber", "-"],
        ["B2", "-", "-", "-", "VNPT"],
    ]
    assert nodes.geometry.isna().tolist() == [False, True]
    columns = ["network", "span_id", "status", "from_id", "to_id", "provider", "length_m"]
    assert spans[columns].to_numpy().tolist() == [["Mạng Huế", "S1", "planned", "B1", "B2", "Viettel", 250.0]]
    assert spans.geometry.iloc[0].coords[1] == (107.592, 16.46)


def same(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame) -> None:
    pd.testing.assert_frame_equal(pd.DataFrame(left), pd.DataFrame(right), check_dtype=False)


def test_what_is_written_reads_the_same() -> None:
    nodes, spans = read_openfibre(json.dumps({"networks": [NETWORK]}).encode(), "n.json")
    back = read_openfibre(openfibre_json(nodes, spans), "back.json")
    same(back[0], nodes)
    same(back[1], spans)
    assert json.loads(openfibre_json(nodes, spans))["networks"][0]["spans"][0]["start"] == "B1"  # by id in JSON, written out in GeoJSON
    of_nodes, of_spans = openfibre_geojson(nodes, spans)
    assert json.loads(of_spans)["features"][0]["properties"]["start"]["name"] == "Bể 1"
    same(read_openfibre(of_nodes, "nodes.geojson")[0], nodes)
    same(read_openfibre(of_spans, "spans.geojson")[1], spans)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"networks": [{"nodes": [{}]}]}', b'{"features": [{"properties": {"id": 1}}]}', b"\xff"]
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        read_openfibre(content, "x.json")
    assert caught.value.faults[0].code == "file_malformed"


@pytest.mark.reference
def test_the_networks_of_four_firms(reference: Path) -> None:
    """Counts of features by `jq '.features | length'`."""
    counts = {"BCS_Kenya": (12, 11), "JTL_Kenya": (28, 27), "liquid_kenya": (18, 21), "NOFBI_Kenya": (102, 112)}
    for name, expected in counts.items():
        read = [(reference / f"ofds/ofds_{name}_{part}.geojson").read_bytes() for part in ("nodes", "spans")]
        nodes, _ = read_openfibre(read[0], name)
        none, spans = read_openfibre(read[1], name)
        assert (len(nodes), len(spans), len(none)) == (*expected, 0)
        assert spans["from_id"].notna().all()
        back = read_openfibre(openfibre_json(nodes, spans), "back.json")
        same(back[0], nodes)
        same(back[1], spans)
    nodes, spans = read_openfibre((reference / "ofds/ofds_bcs_kenya.json").read_bytes(), "bcs")
    assert (len(nodes), len(spans)) == (12, 11)
    assert set(spans["provider"]) == {"BCS"}
    assert spans["owner"].isna().all()  # who runs the network need not own what it lies in
    assert set(spans["status"]) == {"in_service"}
