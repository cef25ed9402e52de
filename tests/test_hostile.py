"""Every file of the list of those to be refused or tamed, each made here: what it ended as, how long it took, and how much memory.

The list is the one of docs/security.md; the table printed at the end (`pytest -s`) is the one there.
"""

import gzip
import io
import json
import sqlite3
import stat
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import geopandas as gpd
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from openpyxl.packaging.custom import StringProperty

from hatang.data._inspection import tiff_size
from hatang.data.contracts import Kind, RefusedError
from hatang.data.limits import Limits
from hatang.data.reading import ReadOptions
from hatang.data.sandbox import Cost, read_apart

MARK: Final = "Bi-mat-cua-may-chu"
"""Stands in a file of the server that no upload may show."""
GOOD_CSV: Final = "site_id,operator,lon,lat\nA1,vnpt,107.58,16.46\nA2,vnpt,107.59,16.47\n"
BOUND_MB: Final = 400
"""Above this no hostile file may drive its reader: the program itself has about 100 MB, and no file here is worth more."""
TABLE: Final[list[tuple[str, str, float, float]]] = []
Make = Callable[[Path], Path]


@dataclass(frozen=True)
class Row:
    """One file of the list: what it is, how it is made, and the code it must end as."""

    name: str
    make: Make
    code: str


def text(name: str, content: str, encoding: str = "utf-8") -> Make:
    def make(folder: Path) -> Path:
        secret = folder / "secret.csv"
        secret.write_text(f"site_id,operator,lon,lat\n{MARK},vnpt,107.5,16.4\n")
        path = folder / name
        path.write_bytes(content.replace("TARGET", str(secret)).encode(encoding))
        return path

    return make


def archive(*entries: tuple[str | zipfile.ZipInfo, str | bytes], name: str = "x.zip") -> Make:
    def make(folder: Path) -> Path:
        path = folder / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for entry, content in entries:
                packed.writestr(entry, content)
        return path

    return make


def special(name: str, mode: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


def twice(folder: Path) -> Path:
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.csv", GOOD_CSV)
        with pytest.warns(UserWarning, match="Duplicate"):
            packed.writestr("a.csv", GOOD_CSV)
    return path


def encrypted(folder: Path) -> Path:
    path = archive(("a.csv", GOOD_CSV))(folder)
    content = bytearray(path.read_bytes())
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + offset] |= 1
    path.write_bytes(content)
    return path


def bomb(folder: Path) -> Path:
    path = folder / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("x.csv", "w", force_zip64=True) as entry:
        for _ in range(400):
            entry.write(bytes(1 << 20))
    return path


def gzip_bomb(folder: Path) -> Path:
    path = folder / "bomb.csv.gz"
    with gzip.open(path, "wb") as packed:
        for _ in range(400):
            packed.write(bytes(1 << 20))
    return path


def nested(folder: Path) -> Path:
    content = GOOD_CSV.encode()
    for depth in range(5):
        into = io.BytesIO()
        with zipfile.ZipFile(into, "w") as packed:
            packed.writestr(f"{depth}.zip" if depth else "x.csv", content)
        content = into.getvalue()
    path = folder / "nested.zip"
    path.write_bytes(content)
    return path


def workbook_bomb(folder: Path) -> Path:
    path = workbook()(folder)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as packed, packed.open("xl/worksheets/sheet2.xml", "w") as entry:
        for _ in range(400):
            entry.write(b" " * (1 << 20))
    return path


def many_features(folder: Path) -> Path:
    path = folder / "many.geojson"
    block = b'{"type":"Feature","geometry":null,"properties":{}},' * 10_000
    with path.open("wb") as stream:
        stream.write(b'{"type":"FeatureCollection","features":[')
        for _ in range(1_000):
            stream.write(block)
        stream.write(b'{"type":"Feature","geometry":null,"properties":{}}]}')
    return path


def point(coordinates: str, properties: str = '{"operator":"vnpt","site_id":"A"}') -> str:
    shape = f'{{"type":"Point","coordinates":[{coordinates}]}}'
    return f'{{"type":"FeatureCollection","features":[{{"type":"Feature","geometry":{shape},"properties":{properties}}}]}}'


def late_link(folder: Path) -> Path:
    path = folder / "late.geojson"
    rows = ",".join(['{"type":"Feature","geometry":null,"properties":{}}'] * 5_000)
    link = '"crs":{"type":"link","properties":{"href":"http://127.0.0.1:9/crs","type":"proj4"}}'
    path.write_text(f'{{"type":"FeatureCollection","features":[{rows}],{link}}}')
    return path


def one_line(folder: Path) -> Path:
    path = folder / "line.csv"
    with path.open("wb") as stream:
        stream.write(b"site_id,operator,lon,lat\n")
        for _ in range(500):
            stream.write(b"x" * (1 << 20))
    return path


def workbook(*parts: tuple[str, str], cells: tuple[object, ...] = ()) -> Make:
    def make(folder: Path) -> Path:
        path = folder / "x.xlsx"
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        if cells:
            sheet.append(cells)
        for line in GOOD_CSV.splitlines():
            sheet.append(line.split(","))
        book.save(path)
        with zipfile.ZipFile(path) as packed:
            content = {name: packed.read(name) for name in packed.namelist()}
        content |= {name: part.encode() for name, part in parts}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, part in content.items():
                packed.writestr(name, part)
        return path

    return make


def secret_page_heading(folder: Path) -> Path:
    path = folder / "x.xlsx"
    book = openpyxl.load_workbook(workbook()(folder))
    sheet = book.active
    assert sheet is not None
    sheet.oddHeader.center.text = "TUYỆT MẬT"
    sheet.oddHeader.center.font = "Times New Roman,Bold"
    book.save(path)
    return path


def secret_property(**properties: str) -> Make:
    """Return a workbook with document properties as an office writes them; `custom` is a property of its own."""

    def make(folder: Path) -> Path:
        path = folder / "x.xlsx"
        book = openpyxl.load_workbook(workbook()(folder))
        for name, value in properties.items():
            if name == "custom":
                book.custom_doc_props.append(StringProperty(name="Độ mật", value=value))
            else:
                setattr(book.properties, name, value)
        book.save(path)
        return path

    return make


LAUGHS: Final = (
    '<?xml version="1.0"?>'
    f"<!-- {'x' * 9_000} -->"
    '<!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + ']><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&j;</t></si></sst>'
)
KML_ENTITY: Final = (
    f"<?xml version='1.0'?><!-- {'<kml> ' * 20_000} --><!DOCTYPE kml [<!ENTITY x SYSTEM 'file://TARGET'>]>"
    "<kml><Document><Placemark><name>&x;</name><Point><coordinates>107.5,16.4</coordinates></Point></Placemark></Document></kml>"
)
VRT: Final = "<OGRVRTDataSource><OGRVRTLayer name='secret'><SrcDataSource>TARGET</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
RASTER_VRT: Final = (
    "<VRTDataset rasterXSize='9' rasterYSize='9'><VRTRasterBand dataType='Byte' band='1'><SimpleSource>"
    "<SourceFilename>TARGET</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
)
GDALG: Final = '{"type":"gdal_streamed_alg","command_line":"gdal vector pipeline ! read TARGET"}'


def geopackage(*statements: str) -> Make:
    def make(folder: Path) -> Path:
        path = folder / "x.gpkg"
        gpd.GeoDataFrame({"site_id": ["A1"], "operator": ["vnpt"]}, geometry=[shapely.Point(107.5, 16.4)], crs="EPSG:4326").to_file(
            path, layer="sites"
        )
        with sqlite3.connect(path) as database:
            for statement in statements:
                database.execute(statement.replace("TARGET", str(folder / "secret.db")))
        database.close()
        return path

    return make


VIEW: Final = (
    "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS fid, geom FROM n, sites",
    "INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('endless', 'features', 'endless', 4326)",
    "INSERT INTO gpkg_geometry_columns VALUES ('endless', 'geom', 'POINT', 4326, 0, 0)",
)
WRITABLE: Final = "PRAGMA writable_schema = ON"


def schema_row(sql: str) -> tuple[str, str]:
    quoted = sql.replace("'", "''")
    return WRITABLE, f"INSERT INTO sqlite_master VALUES ('table', 'odd', 'odd', 0, '{quoted}')"  # noqa: S608 - of this file


def nested_blocks(folder: Path) -> Path:
    path = folder / "x.dxf"
    with path.open("w") as stream:
        stream.write("  0\nSECTION\n  2\nBLOCKS\n")
        for n in range(1_000_000):
            stream.write(f"  0\nBLOCK\n  2\nB{n}\n  0\nINSERT\n  2\nB{n + 1}\n  0\nENDBLK\n")
        stream.write("  0\nENDSEC\n  0\nEOF\n")
    return path


def truncated_parquet(folder: Path) -> Path:
    path = folder / "x.parquet"
    pd.DataFrame({"site_id": ["A"] * 1_000}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    return path


def varint(number: int) -> bytes:
    """Return a number as Thrift's compact protocol writes it: zigzag, seven bits a byte."""
    number, written = number << 1, bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def claimed_rows(folder: Path) -> Path:
    # FileMetaData of parquet.thrift: version 1, a root with one child, an optional int32 `n`, num_rows, no row groups
    root = b"\x48\x06schema" + b"\x15" + varint(1) + b"\x00"
    leaf = b"\x15" + varint(1) + b"\x25" + varint(1) + b"\x18\x01n" + b"\x00"
    footer = b"\x15" + varint(1) + b"\x19\x2c" + root + leaf + b"\x16" + varint(10**12) + b"\x19\x0c" + b"\x00"
    path = folder / "rows.parquet"
    path.write_bytes(b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1")
    assert pq.ParquetFile(path).metadata.num_rows == 10**12
    return path


def tiff(width: int, height: int, *, large: bool = False) -> bytes:
    """Return the heading of a TIFF by the formats' own descriptions: one directory of two entries."""
    if large:
        return struct.pack("<2sHHHQQ", b"II", 43, 8, 0, 16, 2) + struct.pack("<HHQQHHQQ", 256, 4, 1, width, 257, 4, 1, height)
    return struct.pack(">2sHIH", b"MM", 42, 8, 2) + struct.pack(">HHIIHHII", 256, 4, 1, width, 257, 4, 1, height)


def raw(name: str, content: bytes) -> Make:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def pdf_and_zip(folder: Path) -> Path:
    packed = archive(("sites.csv", GOOD_CSV))(folder).read_bytes()
    return raw("x.zip", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" + packed)(folder)


def directory(folder: Path) -> Path:
    (folder / "x.gpkg").mkdir()
    return folder / "x.gpkg"


ROWS: Final = (
    *(Row(f"VRT named .{end}", text(f"x.{end}", VRT), "file_hostile") for end in ("geojson", "gpkg", "kml", "csv")),
    Row("VRT named .tif", text("x.tif", RASTER_VRT), "file_hostile"),
    Row("VRT in UTF-16", text("x.geojson", "\ufeff" + VRT, "utf-16-le"), "file_hostile"),
    Row("VRT behind 100 kB of comment", text("x.kml", f"<!-- {'x' * 100_000} -->{VRT}"), "file_format"),
    Row("GDALG named .geojson", text("x.geojson", GDALG), "file_hostile"),
    Row("VRT inside a zip", archive(("x.kml", VRT)), "file_hostile"),
    Row("GDALG inside a zip", archive(("x.geojson", GDALG)), "file_hostile"),
    Row("entry named /vsicurl/…", archive(("/vsicurl/http://127.0.0.1/x.csv", GOOD_CSV)), "file_archive"),
    Row("entry named /vsizip/…", archive(("/vsizip/x.csv", GOOD_CSV)), "file_archive"),
    Row("GeoJSON with a crs link", text("x.geojson", '{"type":"FeatureCollection","crs":{"type":"link"},"features":[]}'), "file_hostile"),
    Row("GeoJSON with a crs link at its end", late_link, "file_hostile"),
    Row("zip slip ../x", archive(("../x.csv", GOOD_CSV)), "file_archive"),
    Row("zip slip ..\\x", archive(("a\\..\\..\\x.csv", GOOD_CSV)), "file_archive"),
    Row("absolute name", archive(("/etc/x.csv", GOOD_CSV)), "file_archive"),
    Row("symbolic link", archive((special("x.csv", stat.S_IFLNK | 0o777), "/etc/passwd")), "file_archive"),
    Row("device", archive((special("x.csv", stat.S_IFCHR | 0o666), b"")), "file_archive"),
    Row("pipe", archive((special("x.csv", stat.S_IFIFO | 0o666), b"")), "file_archive"),
    Row("duplicate names", twice, "file_archive"),
    Row("names alike but for case", archive(("a.csv", GOOD_CSV), ("A.CSV", GOOD_CSV)), "file_archive"),
    Row("encrypted entry", encrypted, "file_archive"),
    Row("zip bomb, 400 MB of zeros", bomb, "file_too_large"),
    Row("gzip bomb, 400 MB of zeros", gzip_bomb, "file_too_large"),
    Row("XLSX bomb, 400 MB of blanks", workbook_bomb, "file_too_large"),
    Row("nested zips", nested, "file_archive"),
    Row("GeoJSON 100,000 levels deep", text("x.geojson", point("107.5,16.4", "[" * 100_000 + "]" * 100_000)), "file_malformed"),
    Row("GeoJSON of 10,000,001 features", many_features, "file_features"),
    Row("GeoJSON with 1e400", text("x.geojson", point("1e400,16.4")), "file_malformed"),
    Row("GeoJSON with NaN", text("x.geojson", point("NaN,16.4")), "file_rows"),
    Row("CSV of one 500 MB line", one_line, "file_line"),
    Row("CSV with NUL bytes", text("x.csv", GOOD_CSV.replace("A1", "A\0")), "file_binary"),
    Row("CSV in UTF-16", text("x.csv", "\ufeff" + GOOD_CSV, "utf-16-le"), "read"),
    Row(
        "CSV of 10,000 columns", text("x.csv", ",".join(f"c{n}" for n in range(10_000)) + "\n" + "1," * 9_999 + "1\n"), "file_columns_many"
    ),
    Row("XLSX billion laughs", workbook(("xl/sharedStrings.xml", LAUGHS)), "file_hostile"),
    Row("XLSX external link", workbook(("xl/externalLinks/externalLink1.xml", "<externalLink/>")), "file_hostile"),
    Row("XLSX macro", workbook(("xl/vbaProject.bin", "x")), "file_hostile"),
    Row("XLSX query", workbook(("xl/connections.xml", "<connections/>")), "file_hostile"),
    Row("KML external entity behind 100 kB", text("x.kml", KML_ENTITY), "file_hostile"),
    Row("GPKG with a trigger", geopackage("CREATE TRIGGER t AFTER INSERT ON sites BEGIN DELETE FROM sites; END"), "read"),
    Row("GPKG with an endless view", geopackage(*VIEW), "file_hostile"),
    Row("GPKG with ATTACH", geopackage(*schema_row("ATTACH DATABASE 'TARGET' AS other")), "file_malformed"),
    Row("GPKG with a virtual table", geopackage(*schema_row("CREATE VIRTUAL TABLE odd USING VirtualOGR('TARGET')")), "file_hostile"),
    Row("DXF with 1,000,000 nested blocks", nested_blocks, "file_blocks"),
    Row("truncated Parquet", truncated_parquet, "file_truncated"),
    Row("Parquet claiming 1e12 rows", claimed_rows, "file_rows_many"),
    Row("TIFF with a 1e6 × 1e6 header", raw("x.tif", tiff(10**6, 10**6)), "file_too_large"),
    Row("ASCII grid of 1e6 × 1e6 cells", text("x.asc", "ncols 1000000\nnrows 1000000\ncellsize 1\n0"), "file_too_large"),
    Row("polyglot PDF and ZIP", pdf_and_zip, "file_format"),
    Row("marked MẬT above the header (CSV)", text("x.csv", "ĐỘ MẬT: MẬT;;;\n" + GOOD_CSV.replace(",", ";")), "file_secret"),
    Row("marked TỐI MẬT above the header (XLSX)", workbook(cells=("Tối mật",)), "file_secret"),
    Row("marked TUYỆT MẬT in the page heading (XLSX)", secret_page_heading, "file_secret"),
    Row("marked MẬT among the keywords (XLSX)", secret_property(keywords="hạ tầng; MẬT; 2026"), "file_secret"),
    Row("marked Tối mật in the title (XLSX)", secret_property(title="Tối mật"), "file_secret"),
    Row("marked Tuyệt mật in a property of its own (XLSX)", secret_property(custom="Tuyệt mật"), "file_secret"),
    Row("a title that only tells of density (XLSX)", secret_property(title="Mật độ dân số", category="Bảo mật"), "read"),
    Row("marked MẬT in a layer's description (GPKG)", geopackage("UPDATE gpkg_contents SET description = 'MẬT'"), "file_secret"),
    Row("a download's error text", text("x.csv", "RATE_LIMITED"), "file_error_text"),
    Row("HTML instead of CSV", text("x.csv", "<!DOCTYPE html><html><body>Sign in</body></html>"), "file_html"),
    Row("empty file", text("x.csv", ""), "file_empty"),
    Row("header only", text("x.csv", GOOD_CSV.splitlines()[0] + "\n"), "file_header_only"),
    Row("directory", directory, "directory"),
)


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    lines = [f"| {name} | `{code}` | {seconds:.2f} | {peak_mb:.0f} |" for name, code, seconds, peak_mb in TABLE]
    sys.stdout.write("\n".join(["", "| file | ended as | seconds | peak MB |", "|---|---|---|---|", *lines, ""]))


def ended(path: Path, target: Path) -> tuple[str, str, Cost]:
    """Return the code a file ended as, all that is said of it, and what it took."""
    costs = [Cost(0, 0, 0)]
    try:
        outcome = read_apart(path, target, Kind.SITES, ReadOptions(), note=costs.append)
    except RefusedError as error:
        return error.faults[0].code, repr(error.faults), costs[-1]
    return "read", repr(outcome) + repr(target.read_bytes()), costs[-1]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_hostile_file_ends_as_it_must(row: Row, tmp_path: Path) -> None:
    source = row.make(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    code, said, cost = ended(source, tmp_path / "out.arrow")
    TABLE.append((row.name, code, cost.seconds, cost.peak_mb))
    assert code == row.code or (row.code == "refused" and code != "read"), said
    assert MARK not in said
    assert "root:" not in said  # /etc/passwd
    assert cost.peak_mb < BOUND_MB
    assert cost.seconds < 30
    (tmp_path / "out.arrow").unlink(missing_ok=True)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    (tmp_path / "good.csv").write_text(GOOD_CSV)
    assert ended(tmp_path / "good.csv", tmp_path / "out.arrow")[0] == "read"
    if source.is_file() and source.stat().st_size > 1 << 24:
        source.unlink()


@pytest.mark.parametrize("large", [False, True])
def test_the_size_of_a_tiff_is_read_from_its_heading(large: bool) -> None:
    assert tiff_size(io.BytesIO(tiff(3_601, 1_201, large=large)), "x.tif", Limits()) == (3_601, 1_201)
    with pytest.raises(RefusedError) as caught:
        tiff_size(io.BytesIO(tiff(10**6, 10**6, large=large)), "x.tif", Limits())
    assert caught.value.faults[0].code == "file_too_large"


@pytest.mark.parametrize("content", [b"", b"II*\0", b"II*\0\xff\xff\xff\xff", tiff(9, 9)[:20], b"PK\x03\x04" + bytes(20)])
def test_a_damaged_tiff_heading_is_named(content: bytes) -> None:
    with pytest.raises(RefusedError) as caught:
        tiff_size(io.BytesIO(content), "x.tif", Limits())
    assert caught.value.faults[0].code == "file_malformed"


NAMES: Final = ("CON.csv", "x" * 200 + ".csv", "Tra\u0323m.csv", "📡.csv", "'; drop table x; --.csv", "<b>.csv", "..csv", "%2e%2e%2fx.csv")


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_are_read(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(GOOD_CSV)
    assert ended(tmp_path / name, tmp_path / "out.arrow")[0] == "read"
    packed = archive((f"a/{'y' * 300}.csv", GOOD_CSV))(tmp_path)
    assert ended(packed, tmp_path / "out.arrow")[0] == "read"


def test_a_layer_named_dots_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.gpkg"
    frame = gpd.GeoDataFrame({"site_id": ["A1"], "operator": ["vnpt"]}, geometry=[shapely.Point(107.5, 16.4)], crs="EPSG:4326")
    frame.to_file(path, layer="sites", SPATIAL_INDEX="NO")
    with sqlite3.connect(path) as database:
        database.execute('ALTER TABLE sites RENAME TO ".."')
        for table in ("gpkg_contents", "gpkg_geometry_columns", "gpkg_ogr_contents"):
            database.execute(f"UPDATE {table} SET table_name = '..'")  # noqa: S608 - names of this list
    database.close()
    assert ended(path, tmp_path / "out.arrow")[0] == "read"


def test_a_text_of_a_megabyte_stays_a_text(tmp_path: Path) -> None:
    long = "<img src=x onerror=alert(1)>" + "\u202e" + "x" * (1 << 20)
    (tmp_path / "x.csv").write_text(GOOD_CSV.replace("A1", long))
    code, said, _ = ended(tmp_path / "x.csv", tmp_path / "out.arrow")
    assert code == "read"
    assert "onerror" in said
    (tmp_path / "x.geojson").write_text(point("107.5,16.4", json.dumps({"site_id": long, "operator": "vnpt"})))
    assert ended(tmp_path / "x.geojson", tmp_path / "out.arrow")[0] == "read"
