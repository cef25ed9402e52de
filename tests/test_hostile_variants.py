"""Hostile files in unusual spellings, each of which was once taken, or took too long or too much, or ended in a traceback."""

import json
import os
import sqlite3
import zipfile
from pathlib import Path
from typing import Final

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from typer.testing import CliRunner

from hatang.commands.main import app
from hatang.data.contracts import Kind, RefusedError
from hatang.data.limits import Limits
from hatang.data.reading import ReadOptions
from hatang.data.sandbox import Cost, read_apart, register_apart

CSV: Final = "site_id,operator,lon,lat\nA1,vnpt,107.58,16.46\n"
FEATURE: Final = '{"type":"Feature","properties":{"site_id":"A1"},"geometry":{"type":"Point","coordinates":[107.58,16.46]}}'
LINKS: Final = (
    '"crs":{"properties":{"href":"http://127.0.0.1:9/"},"type":"link"}',
    '"crs":{"type":"li\\u006ek","properties":{"href":"http://127.0.0.1:9/"}}',
    '"cr\\u0073":{"a":{"b":{}},"type" : "link"}',
)


def ended(path: Path, folder: Path, costs: list[Cost] | None = None) -> str:
    """Return the code that a file ends as."""
    try:
        read_apart(path, folder / "out.arrow", Kind.SITES, ReadOptions(), note=(costs if costs is not None else []).append)
    except RefusedError as error:
        return error.faults[0].code
    return "read"


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("lines", [False, True])
def test_a_link_to_a_coordinate_system_is_known_however_written(link: str, lines: bool, tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    whole = f'{{"type":"FeatureCollection",{link},"features":[{FEATURE}]}}'
    path.write_text(f"{FEATURE}\n{FEATURE[:-1]},{link}}}\n" if lines else whole)
    assert ended(path, tmp_path) == "file_hostile"


def test_a_named_coordinate_system_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.geojson"
    named = '"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}}'
    rows = FEATURE.replace('"A1"', '"A1","operator":"vnpt"')
    path.write_text(f'{{"type":"FeatureCollection",{named},"features":[{rows}]}}')
    assert ended(path, tmp_path) == "read"


def test_features_line_by_line_are_counted_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.geojsonl"
    path.write_text(f"{FEATURE}\n" * 101)
    with pytest.raises(RefusedError) as caught:
        read_apart(path, tmp_path / "out.arrow", Kind.SITES, ReadOptions(limits=Limits(features=100)))
    assert caught.value.faults[0].code == "file_features"


def test_names_alike_but_for_slashes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a\\x.csv", CSV)
        packed.writestr("a/x.csv", CSV)
    assert ended(path, tmp_path) == "file_archive"


def sites(folder: Path, *statements: str) -> Path:
    path = folder / "x.gpkg"
    frame = gpd.GeoDataFrame({"site_id": ["A1"], "operator": ["vnpt"]}, geometry=[shapely.Point(107.58, 16.46)], crs="EPSG:4326")
    frame.to_file(path, layer="sites")
    with sqlite3.connect(path) as database:
        for statement in statements:
            database.execute(statement)
    database.close()
    return path


def test_a_virtual_table_hidden_by_comments_is_refused(tmp_path: Path) -> None:
    sql = "CREATE/**/VIRTUAL/*x*/TABLE odd USING/**/csv(filename=''/etc/passwd'')"
    row = f"INSERT INTO sqlite_master VALUES ('table', 'odd', 'odd', 0, '{sql}')"  # noqa: S608 - of this test
    assert ended(sites(tmp_path, "PRAGMA writable_schema = ON", row), tmp_path) == "file_hostile"


def test_a_register_with_an_endless_view_is_refused_at_once(tmp_path: Path) -> None:
    path = sites(
        tmp_path,
        "CREATE VIEW poles AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS fid, geom FROM n, sites",
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('poles', 'features', 'poles', 4326)",
        "INSERT INTO gpkg_geometry_columns VALUES ('poles', 'geom', 'POINT', 4326, 0, 0)",
    )
    with pytest.raises(RefusedError) as caught:
        register_apart(path, Limits(wall_s=20))
    assert caught.value.faults[0].code == "file_hostile"


@pytest.mark.parametrize("cells", [([b"\0" * 50_000_000] * 10), (["viettel" * 1_000] * 100_000)], ids=["large cells", "one word repeated"])
def test_a_parquet_that_grows_without_measure_is_refused(cells: list[bytes | str], tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    column = pa.array(cells).dictionary_encode() if isinstance(cells[0], str) else pa.chunked_array([pa.array([cell]) for cell in cells])
    pq.write_table(pa.table({"site_id": column, "operator": ["vnpt"] * len(cells)}), path, compression="zstd")
    del column
    costs: list[Cost] = []
    assert ended(path, tmp_path, costs) == "file_too_large"
    assert costs[-1].peak_mb < 700


@pytest.mark.parametrize("name", ["x" * 300 + ".gpkg", "d/" * 3_000, os.fsdecode(b"\xff\xfe.csv")], ids=["long name", "deep", "no text"])
@pytest.mark.parametrize("verb", ["register", "road"])
def test_a_path_of_any_name_ends_in_a_sentence(name: str, verb: str, tmp_path: Path) -> None:
    if len(name) < 20:
        (tmp_path / name).write_text(CSV)
    result = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "--json", "share", verb, str(tmp_path / name)])
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert json.loads(result.stdout)["faults"]
