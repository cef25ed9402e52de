"""Any file in, an Arrow file out: kinds recognised, periods found, every fault with a sentence in both languages."""

import contextlib
import csv
import gzip
import io
import re
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely

from hatang.data.contracts import INPUT_TABLES, MAP_CRS, Kind, RefusedError, Severity
from hatang.data.language import LANGUAGES, Language, error_text, fault_text, message_ids
from hatang.data.reading import ReadOptions, read, recognise

SAMPLES = {
    Kind.MEASUREMENTS: "time,lon,lat,operator,technology,rsrp_dbm\n2026-08-02 09:30:00,107.6,16.4,Viettel,4G,-90\n",
    Kind.CLAIMS: "operator;technology;lon;lat;wkt\nVNPT;5G;107.5;16.4;POLYGON ((107.5 16.4, 107.6 16.4, 107.6 16.5, 107.5 16.4))\n",
    Kind.SITES: "Mã trạm,Tên trạm,Nhà mạng,Kinh độ,Vĩ độ\nS1,Trạm 1,Viettel,107.6,16.4\n",
    Kind.FIXED: "ward_code,operator,households,households_served\n19753,VNPT,100,90\n",
    Kind.ASSETS: "asset_id,asset_class,owner,longitude,latitude\nA1,pole,VNPT,107.6,16.4\n",
    Kind.ROADS: "road_id;road_name;lon;lat;wkt\nR1;Lê Lợi;107.5;16.4;LINESTRING (107.5 16.4, 107.6 16.4)\n",
    Kind.WORKS: "work_id,work_name,promoter,longitude,latitude\nW1,Mở rộng đường,Ban QLDA,107.6,16.4\n",
    Kind.PLANS: "plan_id;operator;ways;lon;lat;wkt\nP1;FPT;2;107.5;16.4;LINESTRING (107.5 16.4, 107.6 16.4)\n",
    Kind.BUILDINGS: "latitude,longitude,area_in_meters,confidence\n16.4,107.6,118.2,0.8\n",
    Kind.VILLAGES: "village_id,village_name,households,longitude,latitude\nT1,A Ka,120,107.2,16.2\n",
    Kind.PLACES: "place_id,place_name,kind,longitude,latitude\nX1,Chợ Đông Ba,market,107.588,16.473\n",
    Kind.CONSTRAINTS: "Loại ràng buộc;Tên vùng;Văn bản;Hiệu lực từ;lon;lat;wkt\n"
    "ngầm hóa;Đường Lê Lợi;QĐ thử;2026-01-01;107.5;16.4;POLYGON ((107.5 16.4, 107.6 16.4, 107.6 16.5, 107.5 16.4))\n",
    Kind.UNDERGROUNDING: "Tên tuyến đường;Điểm đầu;Điểm cuối;Hình thức;Ngày bắt đầu;Văn bản;lon;lat;wkt\n"
    "Lê Lợi;Cầu Ga;Đập Đá;ngầm hóa;01/03/2027;QĐ thử;107.5;16.4;LINESTRING (107.58 16.46, 107.59 16.465)\n",
    Kind.WATER: "water_id;water_name;lon;lat;wkt\nW1;Sông Hương;107.5;16.4;POLYGON ((107.5 16.4, 107.6 16.4, 107.6 16.5, 107.5 16.4))\n",
}


def save(folder: Path, text: str, name: str = "t.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize("kind", SAMPLES, ids=str)
def test_every_kind_is_recognised_and_read(tmp_path: Path, kind: Kind) -> None:
    path = save(tmp_path, SAMPLES[kind])
    assert recognise(path, ReadOptions()) is kind
    outcome = read(path, tmp_path / "out.arrow", Kind.AUTO, ReadOptions())
    assert (outcome.kind, outcome.rows_kept) == (kind, 1)
    frame = pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pandas()
    assert list(frame.columns) == INPUT_TABLES[kind].names
    INPUT_TABLES[kind].conform(frame)


def test_what_fits_no_kind_is_refused_with_its_columns(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error:
        recognise(save(tmp_path, "colour,price\nred,3\nblue,4\n"), ReadOptions())
    assert (error.value.faults[0].code, error.value.faults[0].found) == ("kind_unknown", "colour, price")


@pytest.mark.parametrize("kind", [Kind.POPULATION, Kind.TERRAIN])
def test_a_table_is_no_grid(tmp_path: Path, kind: Kind) -> None:
    with pytest.raises(RefusedError) as error:
        read(save(tmp_path, SAMPLES[Kind.SITES]), tmp_path / "out.arrow", kind, ReadOptions())
    assert error.value.faults[0].code == "kind_raster"


@pytest.mark.parametrize(
    "document",
    [
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": LINE}]}',
        '{"type": "Feature", "properties": {"name": "Lê Lợi"}, "geometry": LINE}',
        "LINE",
    ],
)
def test_a_line_somebody_drew_is_a_road(tmp_path: Path, document: str) -> None:
    line = '{"type": "LineString", "coordinates": [[107.58, 16.46], [107.6, 16.47]]}'
    outcome = read(save(tmp_path, document.replace("LINE", line), "ve.geojson"), tmp_path / "out.arrow", Kind.ROADS, ReadOptions())
    assert outcome.rows_kept == 1
    assert outcome.repairs == {"id_made:road_id": 1}


def test_the_period_is_the_quarter_of_the_median_time(tmp_path: Path) -> None:
    days = pd.to_datetime(["2026-06-30", "2026-07-01", "2026-12-31"])
    lines = "".join(f"{day:%Y-%m-%d %H:%M:%S},107.6,16.4,Viettel,4G,-90\n" for day in days)
    path = save(tmp_path, "time,lon,lat,operator,technology,rsrp_dbm\n" + lines)
    target = tmp_path / "out.arrow"
    assert read(path, target, Kind.MEASUREMENTS, ReadOptions()).period == "2026Q3"
    outcome = read(path, target, Kind.MEASUREMENTS, ReadOptions(period="2026Q2"))
    assert outcome.period == "2026Q3"
    assert [(f.code, f.severity, f.found) for f in outcome.faults if f.code == "period_differs"] == [
        ("period_differs", Severity.WARNING, "2026Q3")
    ]
    assert read(save(tmp_path, SAMPLES[Kind.SITES]), target, Kind.SITES, ReadOptions(period="2026Q2")).period == "2026Q2"
    assert read(save(tmp_path, SAMPLES[Kind.SITES]), target, Kind.SITES, ReadOptions()).period is None


def test_a_refused_file_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "out.arrow"
    target.write_text("before")
    with pytest.raises(RefusedError) as error:
        read(save(tmp_path, SAMPLES[Kind.SITES].replace("Viettel", "Beta")), target, Kind.SITES, ReadOptions())
    assert [fault.code for fault in error.value.faults] == ["file_rows", "operator_unknown"]
    assert target.read_text() == "before"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (ReadOptions(operator="Beta"), "operator_unknown"),
        (ReadOptions(technology="3G"), "technology_unknown"),
        (ReadOptions(environment="underwater"), "environment_unknown"),
    ],
)
def test_options_that_nobody_knows(tmp_path: Path, options: ReadOptions, code: str) -> None:
    with pytest.raises(RefusedError) as error:
        read(save(tmp_path, SAMPLES[Kind.CLAIMS]), tmp_path / "out.arrow", Kind.CLAIMS, options)
    assert [(error.value.message_id, fault.code) for fault in error.value.faults] == [("error.reading.options", code)]


def test_a_wrong_mapping_is_told_before_the_file_is_read(tmp_path: Path) -> None:
    mapping = save(tmp_path, "columns: {operator: Nha mang}\ncolour: red\n", "m.yaml")
    with pytest.raises(RefusedError) as error:
        read(save(tmp_path, SAMPLES[Kind.CLAIMS]), tmp_path / "out.arrow", Kind.CLAIMS, ReadOptions(mapping=mapping))
    assert [fault.code for fault in error.value.faults] == ["mapping_key"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_faults_are_sentences_in_both_languages(tmp_path: Path, language: Language) -> None:
    text = SAMPLES[Kind.SITES] + "S2,,Beta,107.6,16.4\nS1,,Viettel,107.6,16.5\nS3,,Viettel,,16.4\nS4,,VNPT,107.6,99\n"
    outcome = read(save(tmp_path, text), tmp_path / "out.arrow", Kind.SITES, ReadOptions())
    sentences = [fault_text(fault, language) for fault in outcome.faults]
    assert len(sentences) == 4
    assert all("t.csv" in sentence and not re.search(r"\{\w+\}", sentence) for sentence in sentences)
    with pytest.raises(RefusedError) as error:
        read(save(tmp_path, "a,b\n1,2\n"), tmp_path / "out.arrow", Kind.SITES, ReadOptions())
    assert "t.csv" in error_text(error.value, language)


NASTY = [
    "", "-", "NA", "0", "-1", "1e308", "1e999", "nan", "inf", "1,5", "1.234.567", "12.345,6", "99999999999999999999", "16 000", "−5",
    "0x10", "2026-02-30", "31/12/9999", "0000-00-00", "452-04", "no service", "2147483647", "-200", "POINT EMPTY",
    "LINESTRING (107 16, 107 16)", "GEOMETRYCOLLECTION EMPTY", "POINT (nan nan)", "POINT (1e400 2)", '=HYPERLINK("x")', 'a"b',
    "<img src=x>", "١٢٣", "1_000", "a\nb", "\u202eabc", "x" * 5000,
]  # fmt: skip


def test_whatever_stands_in_a_cell_is_taken_or_told(tmp_path: Path) -> None:
    """Rows in are accounted for, what is kept holds its contract, and every fault has its sentence."""
    random = np.random.default_rng(455)
    for kind in [*SAMPLES] * 6:
        header, base = (line.split(";" if ";" in SAMPLES[kind] else ",") for line in SAMPLES[kind].splitlines())
        rows = [base]
        for _ in range(5):
            row = list(base)
            for place in random.integers(len(row), size=2):
                row[place] = str(random.choice(NASTY))
            rows.append(row)
        stream = io.StringIO()
        csv.writer(stream, delimiter=";").writerows([header, *rows])
        outcome = read(save(tmp_path, stream.getvalue()), tmp_path / "out.arrow", kind, ReadOptions())
        INPUT_TABLES[kind].conform(pa.ipc.open_file(tmp_path / "out.arrow").read_all().to_pandas())
        assert outcome.rows_in == len(rows) == outcome.rows_kept + outcome.rows_refused + outcome.repairs.get("duplicate", 0)
        assert all(fault_text(fault, language) for fault in outcome.faults for language in LANGUAGES)


def test_damaged_bytes_end_in_rows_or_a_refusal(tmp_path: Path) -> None:
    """Bytes changed, cut out or cut off at random places of every form; nothing but RefusedError may come of it."""
    random = np.random.default_rng(9214)
    shapes = shapely.buffer(shapely.points(107 + np.arange(8) / 100, 16.4), 0.01)
    claims = gpd.GeoDataFrame({"operator": ["Viettel"] * 8, "technology": ["4G"] * 8}, geometry=shapes, crs=MAP_CRS)
    for suffix in ("gpkg", "geojson", "fgb"):
        claims.to_file(tmp_path / f"a.{suffix}", engine="pyogrio")
    claims.to_file(tmp_path / "a.kml", driver="KML", engine="pyogrio")
    claims.to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"operator": ["VNPT"], "technology": ["5G"], "wkt": [shapes[0].wkt]}).to_excel(tmp_path / "a.xlsx", index=False)
    (tmp_path / "a.gz").write_bytes(gzip.compress(SAMPLES[Kind.CLAIMS].encode(), mtime=0))
    for source in sorted(tmp_path.glob("a.*")):
        whole = source.read_bytes()
        for trial in range(25):
            damaged = bytearray(whole)
            place = int(random.integers(len(whole)))
            if trial % 3 == 0:
                damaged = damaged[:place]
            elif trial % 3 == 1:
                for other in random.integers(len(whole), size=4):
                    damaged[other] = int(random.integers(256))
            else:
                del damaged[place : place + 50]
            (tmp_path / "damaged").write_bytes(damaged)
            with contextlib.suppress(RefusedError):
                read(tmp_path / "damaged", tmp_path / "out.arrow", Kind.CLAIMS, ReadOptions())


def test_every_code_of_the_readers_has_its_sentences() -> None:
    """A code is the first text in a call that notes, repairs or refuses; those made of a column's name are listed here."""
    calls = re.compile(
        r"(?:note|repaired|refused|refusal|about_file|Fault|wrong|_refuse|_unreadable)\((?:[^\"()]|\([^()]*\))*?\"([a-z]+_[a-z_0-9]+)\""
    )
    names = re.compile(r"_?(read|tab|vec|map|file|form|int|shap|stat|rec|ward).*\.py")
    modules = [path for path in files("hatang.data").iterdir() if names.fullmatch(path.name)]
    codes = {code for path in modules for code in calls.findall(path.read_text(encoding="utf-8"))}
    codes |= {f"{name}_{what}" for name in ("operator", "technology", "environment") for what in ("unknown", "replaced")}
    assert len(codes) > 50
    columns = {c.name for table in INPUT_TABLES.values() for c in table.columns}
    for language in LANGUAGES:
        ids = message_ids(language)
        missing = {code for code in codes - columns for part in ("expected", "remedy") if f"fault.{code}.{part}" not in ids}
        assert not missing
    assert message_ids("vi") == message_ids("en")
