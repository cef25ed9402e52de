"""Old text in every form of file: headings found, cells read right, repairs counted, the original kept, right tables left alone."""

import io
import struct
import unicodedata
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pyarrow as pa
import pytest
import shapely
from test_legacytext import ENCODINGS, written

from hatang.data._mending import with_text_mended
from hatang.data._sourcetable import SourceTable
from hatang.data.contracts import Fault, Kind, Severity
from hatang.data.language import LANGUAGES, fault_text
from hatang.data.reading import ReadOptions, ReadOutcome, read, recognise
from hatang.data.settings import Settings
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.progress import Quiet

HEADING = ["Mã trạm", "Tên trạm", "Doanh nghiệp", "Kinh độ", "Vĩ độ", "Chiều cao (m)"]
ROWS = [
    ["T1", "Trạm Phú Hội", "Viettel", "107,5950", "16,4637", "42,5"],
    ["T2", "Trạm Thuỷ Biều", "VinaPhone", "107,5500", "16,4400", "36"],
    ["T3", "Trạm A Lưới", "MobiFone", "107,2330", "16,2730", "45"],
    ["T4", "Cột Đông Ba", "Viettel", "107,5880", "16,4730", "30"],
]
TEXT = "".join(";".join(cells) + "\n" for cells in [["# Danh sách trạm"], HEADING, *ROWS])


def taken(path: Path, kind: Kind = Kind.SITES, mapping: str | None = None) -> tuple[ReadOutcome, list[dict[str, object]]]:
    options = ReadOptions()
    if mapping is not None:
        (path.parent / "m.yaml").write_text(mapping, encoding="utf-8")
        options = ReadOptions(mapping=path.parent / "m.yaml")
    assert recognise(path, options) is kind
    outcome = read(path, path.parent / "out.arrow", kind, options)
    return outcome, pa.ipc.open_file(path.parent / "out.arrow").read_all().to_pylist()


def assert_whole(rows: list[dict[str, object]]) -> None:
    assert [row["site_name"] for row in rows] == [row[1] for row in ROWS]
    assert [row["height_m"] for row in rows] == [42.5, 36, 45, 30]


def mended_faults(outcome: ReadOutcome) -> list[Fault]:
    return [fault for fault in outcome.faults if fault.code in ("text_encoding", "file_encoding")]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("form", ["bytes", "utf-8", "utf-16", "bom"])
def test_a_table_of_text_however_it_was_saved(tmp_path: Path, encoding: str, form: str) -> None:
    """As the old program wrote it, and as a newer one saved it again in Unicode under the wrong letters."""
    old = written(TEXT, encoding)
    contents = {"bytes": old.encode("utf-8" if "utf-8" in encoding else "latin-1"), "bom": b"\xef\xbb\xbf" + old.encode()}
    content = contents.get(form, old.encode(form if form != "bom" and form != "bytes" else "utf-8"))
    (tmp_path / "tram.csv").write_bytes(content)
    outcome, rows = taken(tmp_path / "tram.csv")
    assert_whole(rows)
    assert outcome.repairs[f"encoding:{encoding}"] >= 1
    assert {fault.severity for fault in mended_faults(outcome)} == {Severity.REPAIRED}
    assert [row["site_id"] for row in rows] == ["T1", "T2", "T3", "T4"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_cells_of_a_workbook(tmp_path: Path, encoding: str) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    control = encoding in ("viscii", "utf-8 × 2")  # a workbook cannot hold the control signs among their letters
    for cells in [HEADING, *ROWS]:
        sheet.append(
            [cell if control and any("\x7f" <= c <= "\x9f" for c in written(cell, encoding)) else written(cell, encoding) for cell in cells]
        )
    notes = book.create_sheet("Ghi chú", 0)
    notes.append(["a", "b"])
    book.save(tmp_path / "tram.xlsx")
    outcome, rows = taken(tmp_path / "tram.xlsx")
    assert_whole(rows)
    assert outcome.repairs[f"encoding:{encoding}"] >= 1


def layer(encoding: str) -> gpd.GeoDataFrame:
    """Return roads whose names are in an old encoding."""
    names = ["Đường Lê Lợi", "Đường Hùng Vương", "Đường Nguyễn Huệ", "Kiệt 7"]
    shapes = [shapely.LineString([(107.5, 16.4 + i / 100), (107.6, 16.4)]) for i in range(4)]
    columns = {"ma_duong": ["D1", "D2", "D3", "D4"], written("Tên đường", encoding): [written(name, encoding) for name in names]}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4326")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_attributes_of_a_layer(tmp_path: Path, encoding: str) -> None:
    layer(encoding).to_file(tmp_path / "duong.gpkg", engine="pyogrio")
    outcome, rows = taken(tmp_path / "duong.gpkg", Kind.ROADS)
    assert [row["road_name"] for row in rows] == ["Đường Lê Lợi", "Đường Hùng Vương", "Đường Nguyễn Huệ", "Kiệt 7"]
    assert list(outcome.repairs) == [f"encoding:{encoding}"]
    assert outcome.repairs[f"encoding:{encoding}"] >= 4  # the heading and three names; "Kiệt" alone can be the same in two


@pytest.mark.parametrize("encoding", ["tcvn3", "vni", "viscii"])
def test_attributes_of_a_dbf(tmp_path: Path, encoding: str) -> None:
    """Bytes as dBase wrote them: one a letter, no code page named."""
    frame = layer(encoding)
    title = frame.columns[1]
    plain = frame.rename(columns={title: "TENDUONG"}).assign(TENDUONG=["#" * 20 + str(i) for i in range(4)])
    plain.to_file(tmp_path / "duong.shp", engine="pyogrio")
    (tmp_path / "duong.cpg").unlink()
    content = (tmp_path / "duong.dbf").read_bytes()
    for place, name in enumerate(frame[title]):
        content = content.replace(b"#" * 20 + str(place).encode(), name.encode("latin-1").ljust(21))
    content = content.replace(b"TENDUONG", b"ten_duon")
    (tmp_path / "duong.dbf").write_bytes(content)
    assert struct.unpack("<I", content[4:8]) == (4,)
    outcome, rows = taken(tmp_path / "duong.shp", Kind.ROADS, mapping="columns: {road_name: ten_duon}")
    assert [row["road_name"] for row in rows] == ["Đường Lê Lợi", "Đường Hùng Vương", "Đường Nguyễn Huệ", "Kiệt 7"]
    assert list(outcome.repairs) == [f"encoding:{encoding}"]


def test_an_encoding_that_a_mapping_states_needs_no_proof(tmp_path: Path) -> None:
    """One ambiguous word is left alone; the mapping decides."""
    header = "site_id,site_name,operator,longitude,latitude\n"
    (tmp_path / "x.csv").write_text(header + "T1,laïc,Viettel,107.6,16.4\n", encoding="utf-8")
    assert taken(tmp_path / "x.csv")[1][0]["site_name"] == "laïc"
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(header.strip().split(","))
    sheet.append(["T1", "laïc", "Viettel", 107.6, 16.4])
    book.save(tmp_path / "x.xlsx")
    (tmp_path / "x.csv").write_bytes((header + "T1,laïc,Viettel,107.6,16.4\n").encode("latin-1"))
    for name in ("x.csv", "x.xlsx"):
        outcome, rows = taken(tmp_path / name, mapping="encoding: VNI\n")
        assert rows[0]["site_name"] == "lạc"
        assert outcome.repairs["encoding:vni"] == 1


def test_the_fault_names_the_first_text_and_counts_the_cells(tmp_path: Path) -> None:
    rows = "".join(f"T{i},{'Tr¹m Phó Héi' if i % 2 else 'Trạm Phú Hội'},Viettel,107.5{i},16.4\n" for i in range(8))
    (tmp_path / "x.csv").write_text("site_id,site_name,operator,longitude,latitude\n" + rows, encoding="utf-8")
    outcome, table = taken(tmp_path / "x.csv")
    assert {row["site_name"] for row in table} == {"Trạm Phú Hội"}
    assert outcome.repairs == {"encoding:tcvn3": 4}
    (fault,) = outcome.faults
    assert (fault.code, fault.row, fault.field, fault.found, fault.count) == ("text_encoding", 3, "site_name", "Tr¹m Phó Héi", 4)
    assert fault.fields == {"encoding": "tcvn3", "meant": "Trạm Phú Hội"}
    for language in LANGUAGES:
        assert "«Trạm Phú Hội»" in fault_text(fault, language)


def test_letters_lost_are_told_of(tmp_path: Path) -> None:
    """The style of a real register: `BÃ¬nh ??nh`, `TR?M`; an address with a question mark is none."""
    header = "site_id,site_name,operator,longitude,latitude,owner\n"
    rows = "T1,TR?M 1,Viettel,107.6,16.4,http://a.vn/x?y=1\nT2,BÃ¬nh ??nh,Viettel,107.61,16.4,a?b=c\nT3,Thật không?,Viettel,107.62,16.4,?\n"
    (tmp_path / "x.csv").write_text(header + rows, encoding="utf-8")
    outcome, table = taken(tmp_path / "x.csv")
    assert [row["site_name"] for row in table] == ["TR?M 1", "Bình ??nh", "Thật không?"]
    (lost,) = [fault for fault in outcome.faults if fault.code == "text_lost"]
    assert (lost.row, lost.field, lost.found, lost.count, lost.severity) == (2, "site_name", "TR?M 1", 2, Severity.WARNING)
    assert all(fault_text(lost, language) for language in LANGUAGES)


def test_the_original_is_kept(settings: Settings, tmp_path: Path) -> None:
    content = written(TEXT, "tcvn3").encode("latin-1")
    (tmp_path / "tram.csv").write_bytes(content)
    outcome = ingest([tmp_path / "tram.csv"], IngestOptions(), settings, Quiet())
    assert outcome.datasets[0].rows_kept == 4
    kept = [path for path in (settings.home / "originals").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in kept] == [content]


def test_a_right_table_is_the_same_object() -> None:
    """Nothing to mend, nothing copied; names decomposed stay for the cells to compose."""
    cells = pa.table({"a": ["x", None], "b": ["1", "2"]})
    source = SourceTable("x", cells, np.array([1, 2]), np.zeros(2, np.int32), ("x",), ("0",))
    assert with_text_mended(source) is source
    right = pa.table({"Tên": ["Phường Thuận Hoá", "Xã A Lưới"], "ghi chú": ["5 µm", None]})
    told = with_text_mended(SourceTable("x", right, np.array([1, 2]), np.zeros(2, np.int32), ("x",), ("0",)))
    assert told.cells.equals(right)
    assert (told.faults, told.repairs) == ((), {})


def test_a_large_right_table_stays() -> None:
    """Every distinct text is looked at once, and no row is copied."""
    names = [unicodedata.normalize("NFC", f"Trạm số {i} phường Thuận Hoá") for i in range(5_000)]
    cells = pa.table({"n": pa.array([names[i % 5_000] for i in range(200_000)])})
    source = SourceTable("x", cells, np.arange(200_000), np.zeros(200_000, np.int32), ("x",), ("0",))
    assert with_text_mended(source).cells.equals(cells)


def test_two_headings_that_mean_the_same_stay_apart(tmp_path: Path) -> None:
    stream = io.StringIO()
    stream.write("site_id,Tªn tr¹m,Tên trạm,operator,longitude,latitude\nT1,Tr¹m Phó Héi,Trạm khác,Viettel,107.6,16.4\n")
    (tmp_path / "x.csv").write_text(stream.getvalue(), encoding="utf-8")
    outcome, rows = taken(tmp_path / "x.csv")
    assert rows[0]["site_name"] == "Trạm Phú Hội"
    assert outcome.repairs == {"encoding:tcvn3": 2}
