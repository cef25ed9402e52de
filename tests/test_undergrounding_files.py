"""A programme of streets to go underground as offices send it: told from roads and works, one defect a row named, filed and replaced."""

from pathlib import Path

import ezdxf.filemanagement
import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest
import shapely
import yaml

from hatang.data.contracts import UNDERGROUNDING, Kind
from hatang.data.reading import ReadOptions, read, recognise
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.inputs import layer
from hatang.pipeline.progress import Quiet

COLUMNS = {
    "Mã tuyến": "N1",
    "Tên tuyến đường": "Lê Lợi",
    "Điểm đầu": "Cầu Ga",
    "Điểm cuối": "Đập Đá",
    "Hình thức": "ngầm hóa",
    "Ngày bắt đầu": "01/03/2027",
    "Ngày hoàn thành": "30/11/2027",
    "Chủ đầu tư": "Ban QLDA",
    "Văn bản": "QĐ thử",
    "Tiến độ": "đang thi công",
    "Cáp hỏng (m)": "350",
    "WKT (WGS 84)": "LINESTRING (107.58 16.46, 107.59 16.465)",
}
HEAD = ";".join(COLUMNS) + "\n"
GOOD = ";".join(COLUMNS.values()) + "\n"
LINE = "LINESTRING (107.58 16.46, 107.59 16.465)"


def row(**changed: str) -> str:
    other = {"Mã tuyến": "N2", "WKT (WGS 84)": "LINESTRING (107.57 16.46, 107.58 16.47)"}
    return ";".join((COLUMNS | other | changed).values()) + "\n"


def save(folder: Path, text: str) -> Path:
    (folder / "ngam-hoa.csv").write_text(text, "utf-8")
    return folder / "ngam-hoa.csv"


def test_a_programme_is_read_in_the_words_of_offices(tmp_path: Path) -> None:
    path = save(tmp_path, HEAD + GOOD + row(**{"Tiến độ": "Đã hoàn thành", "Hình thức": "chỉnh trang", "Cáp hỏng (m)": ""}))
    assert recognise(path, ReadOptions()) is Kind.UNDERGROUNDING
    read(path, tmp_path / "out.arrow", Kind.AUTO, ReadOptions())
    frame = pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pandas()
    assert frame[["measure", "status"]].to_numpy().tolist() == [["underground", "under_construction"], ["tidy", "done"]]
    assert frame["start"].tolist() == [pd.Timestamp("2027-03-01")] * 2
    assert frame["dead_cable_m"].iloc[0] == 350
    assert pd.isna(frame["dead_cable_m"].iloc[1])  # not counted is not none


@pytest.mark.parametrize(
    ("heading", "cell", "code"),
    [
        ("Hình thức", "treo lên", "cell_value"),
        ("Tiến độ", "tạm dừng", "cell_value"),
        ("Ngày hoàn thành", "01/01/2027", "dates_reversed"),
        ("Tên tuyến đường", "", "cell_missing"),
        ("WKT (WGS 84)", "POINT (107.58 16.46)", "geometry_type"),
        ("Mã tuyến", "N1", "duplicate_id"),
    ],
)
def test_a_row_with_one_defect_is_refused_by_name(tmp_path: Path, heading: str, cell: str, code: str) -> None:
    path = save(tmp_path, HEAD + GOOD + row(**{heading: cell}))
    faults = read(path, tmp_path / "out.arrow", Kind.UNDERGROUNDING, ReadOptions()).faults
    assert [(fault.code, fault.field, fault.row) for fault in faults] == [(code, heading, 3)]


def test_a_list_of_roads_from_place_to_place_stays_a_list_of_roads(tmp_path: Path) -> None:
    path = save(tmp_path, f"Tên đường;Điểm đầu;Điểm cuối;Bề rộng;WKT (WGS 84)\nLê Lợi;Cầu Ga;Đập Đá;12;{LINE}\n")
    assert recognise(path, ReadOptions()) is Kind.ROADS


def test_a_drawing_names_its_streets_by_a_mapping(tmp_path: Path) -> None:
    drawing = ezdxf.filemanagement.new()
    drawing.modelspace().add_lwpolyline([(561_500, 1_820_500), (562_300, 1_820_900)], dxfattribs={"layer": "Le Loi"})
    drawing.saveas(tmp_path / "tuyen.dxf")
    said = {"crs": "EPSG:9214", "columns": {"street_name": "layer"}}
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(said), "utf-8")
    options = ReadOptions(mapping=tmp_path / "m.yaml")
    outcome = read(tmp_path / "tuyen.dxf", tmp_path / "out.arrow", Kind.UNDERGROUNDING, options)
    assert outcome.rows_kept == 1
    frame = pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pandas()
    assert frame["street_name"].tolist() == ["Le Loi"]


def test_a_later_filing_of_a_street_replaces_the_earlier_one(settings: Settings, tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"ma_tuyen": ["N1"], "ten_tuyen": ["Lê Lợi"], "hinh_thuc": ["ngầm hóa"], "trang_thai": ["dự kiến"]})
    line = shapely.from_wkt(LINE)
    for name, status in (("a", "dự kiến"), ("b", "hoàn thành")):
        placed = frame.assign(trang_thai=status).set_geometry(gpd.GeoSeries([line], crs="EPSG:4326"))
        placed.to_file(tmp_path / f"{name}.gpkg", engine="pyogrio")
        assert ingest([tmp_path / f"{name}.gpkg"], IngestOptions(), settings, Quiet()).complete
    with Store.open(settings) as store:
        kept, used = layer(store, Kind.UNDERGROUNDING, "2026Q3")
    assert (kept["status"].tolist(), len(used)) == (["done"], 1)
    assert UNDERGROUNDING.conform(kept).shape[0] == 1
