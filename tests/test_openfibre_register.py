"""Open Fibre Data Standard as a register: what a network says and does not, out and in again, and the files of four firms."""

import json
import shutil
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from test_openfibre import NETWORK

from hatang.data.contracts import MAP_CRS, REGISTER_TABLES, Kind, RefusedError
from hatang.data.limits import Limits
from hatang.data.openfibre import openfibre_geojson, read_openfibre
from hatang.data.reading import ReadOptions, recognise
from hatang.data.registerfile import read_register
from hatang.data.sandbox import read_apart, register_apart
from hatang.data.tablefile import arrow_table
from hatang.pipeline.registerfiles import register_openfibre
from hatang.sharing.room import duct_room

PLACES = [shapely.Point(107.59 + step / 1000, 16.46) for step in range(4)]
LINE = shapely.LineString(PLACES[:2])


def written(folder: Path, *networks: dict[str, object]) -> Path:
    path = folder / "ofds.json"
    path.write_text(json.dumps({"networks": networks}), "utf-8")
    return path


def node(own: str, *types: str) -> dict[str, object]:
    return {"id": own, "type": list(types), "location": {"type": "Point", "coordinates": [107.59, 16.46]}}


def test_what_goes_out_comes_in_the_same(tmp_path: Path) -> None:
    """Things, ids, names, owners, states, shapes and ends; not ways, slots and sizes, for which the standard has no word."""
    said = {"owner": "VNPT", "manager": "VNPT Huế", "status": "in_service"}
    names = dict(zip(("chambers", "poles", "masts", "station_houses"), "BCMN", strict=True))
    register = {name: gpd.GeoDataFrame({"asset_id": [letter], "ext_id": [f"số {letter}"], **said}, geometry=PLACES[:1], crs=MAP_CRS)
                for name, letter in names.items()}  # fmt: skip
    for name, letter in (("duct_sections", "D"), ("spans", "S")):
        register[name] = gpd.GeoDataFrame({"asset_id": [letter], **said, "from_id": "B", "to_id": None}, geometry=[LINE], crs=MAP_CRS)
    whole = {
        name: table.conform(pd.DataFrame(register.get(name, pd.DataFrame(columns=table.names)))) for name, table in REGISTER_TABLES.items()
    }
    path = tmp_path / "ofds.json"
    path.write_bytes(register_openfibre(whole, "register.gpkg"))
    back, found = read_register(path, Limits())
    assert found.empty
    for name, table in whole.items():
        read = pd.DataFrame(back[name])
        if "source" in read:
            assert set(read["source"]) <= {"register.gpkg"}
            read = read.assign(source=pd.Series(None, index=read.index, dtype="str"))
        pd.testing.assert_frame_equal(read, pd.DataFrame(table), check_dtype=False)
    assert register_openfibre(back, "register.gpkg") == path.read_bytes()


def test_what_a_network_does_not_say_is_named_and_never_room(tmp_path: Path) -> None:
    """A route neither below nor above ground is kept with the ducts, its room unknown; a border crossing is left out."""
    places = [node("B1", "manhole"), node("C1", "pole"), node("N1", "pop"), node("X1", "borderCrossing"), node("X2")]
    words = ([], ["aboveGround"], ["belowGround"], ["aboveGround", "belowGround"])
    route = {"route": shapely.geometry.mapping(LINE)}
    spans = [{"id": f"S{number}", "deployment": said, **route} for number, said in enumerate(words)]
    path = written(tmp_path, {"id": "n", "name": "Mạng", "nodes": places, "spans": spans})
    register, found = read_register(path, Limits())
    assert {name: frame["asset_id"].tolist() for name, frame in register.items() if len(frame)} == {
        "poles": ["C1"], "chambers": ["B1"], "duct_sections": ["S0", "S2", "S3"], "spans": ["S1"], "station_houses": ["N1"],
    }  # fmt: skip
    unsaid = found[found["finding"] != "owner_unknown"]
    assert unsaid[["finding", "table", "asset_id", "severity"]].to_numpy().tolist() == [
        ["node_kind_unknown", "station_houses", "X1", "left_out"],
        ["node_kind_unknown", "station_houses", "X2", "left_out"],
        ["deployment_unknown", "duct_sections", "S0", "warning"],
        ["deployment_unknown", "duct_sections", "S3", "warning"],
    ]
    assert (duct_room(register["duct_sections"], register["duct_ways"])["action"] == "survey").all()
    assert register["chambers"]["owner"].isna().all()


def test_who_runs_a_network_is_its_manager_and_not_its_owner(tmp_path: Path) -> None:
    register, _ = read_register(written(tmp_path, NETWORK), Limits())
    assert register["duct_sections"][["manager", "status"]].to_numpy().tolist() == [["Viettel", "planned"]]
    assert register["duct_sections"]["owner"].isna().all()


def test_networks_that_share_ids_are_told_apart(tmp_path: Path) -> None:
    span = {"id": "1", "start": "1", "deployment": ["belowGround"], "route": shapely.geometry.mapping(LINE)}
    networks = [{"id": own, "name": own, "nodes": [node("1", "manhole")], "spans": [span]} for own in ("a", "b")]
    register, _ = read_register(written(tmp_path, *networks), Limits())
    assert register["chambers"]["asset_id"].tolist() == ["a/node/1", "b/node/1"]
    assert register["duct_sections"][["asset_id", "from_id"]].to_numpy().tolist() == [["a/span/1", "a/node/1"], ["b/span/1", "b/node/1"]]


def test_json_and_geojson_in_a_zip_are_one_register_in_the_process_apart(tmp_path: Path) -> None:
    path = written(tmp_path, NETWORK)
    here, found = read_register(path, Limits())
    assert found["finding"].tolist() == ["node_kind_unknown", "owner_unknown", "owner_unknown"]  # B2; S1 and B1
    archive = tmp_path / "ofds.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for name, content in zip(("nodes", "spans"), openfibre_geojson(*read_openfibre(path.read_bytes(), "n")), strict=True):
            target.writestr(f"{name}.geojson", content)
    for source in (path, archive):
        apart, found_apart = register_apart(source, Limits())
        assert len(found_apart) == len(found)
        for name, frame in here.items():
            pd.testing.assert_frame_equal(pd.DataFrame(apart[name]), pd.DataFrame(frame), check_dtype=False)
        assert recognise(source, ReadOptions()) is Kind.ASSETS


def test_a_register_goes_through_ingest_with_nothing_known_to_be_free(tmp_path: Path) -> None:
    owner = {"physicalInfrastructureProvider": {"id": "v", "name": "VNPT"}}
    span = {"id": "D1", "deployment": ["belowGround"], "route": shapely.geometry.mapping(LINE), **owner}
    path = written(tmp_path, {"id": "n", "name": "n", "nodes": [{**node("B1", "manhole"), **owner}], "spans": [span]})
    outcome = read_apart(path, tmp_path / "out.arrow", Kind.AUTO, ReadOptions())
    assert (outcome.kind, outcome.rows_in, outcome.rows_kept) == (Kind.ASSETS, 2, 2)
    assets = arrow_table(tmp_path / "out.arrow", Kind.ASSETS).set_index("asset_id")
    assert assets.loc["D1", ["ways", "ways_used"]].isna().all()
    assert assets["owner"].tolist() == ["VNPT", "VNPT"]


@pytest.mark.parametrize(
    "content", ['{"networks": [{"nodes": [{}]}]}', '{"networks": [7]}', '{"networks": [{"spans": [{"id": "1", "route": {}}]}]}']
)
def test_a_damaged_network_is_refused_apart(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ofds.json"
    path.write_text(content)
    with pytest.raises(RefusedError) as caught:
        register_apart(path, Limits())
    assert caught.value.faults[0].code == "file_malformed"


@pytest.mark.reference
def test_four_firms_are_read_as_one_register(reference: Path, tmp_path: Path) -> None:
    """171 spans of four firms: Liquid's 21 are said to be below ground, of the 150 others nothing is said; sites by `jq`."""
    archive = tmp_path / "kenya.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for file in sorted((reference / "ofds").glob("*.geojson")):
            target.write(file, file.name)
    register, found = register_apart(archive, Limits())
    assert {name: len(frame) for name, frame in register.items() if len(frame)} == {"duct_sections": 171, "station_houses": 53}
    counts = found["finding"].value_counts().to_dict()
    assert counts["deployment_unknown"] == 150
    assert counts["node_kind_unknown"] == 160 - 53
    alone = Path(shutil.copy(reference / "ofds/ofds_bcs_kenya.json", tmp_path))
    small, _ = register_apart(alone, Limits())
    assert small["duct_sections"]["manager"].unique().tolist() == ["BCS"]
