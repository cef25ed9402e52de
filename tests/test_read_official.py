"""Prices, declared figures and outages: read from tables in Vietnamese words, every wrong row named, filed with their versions."""

import datetime as dt
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from hatang.data.contracts import INPUT_TABLES, Kind, RefusedError, Severity
from hatang.data.pricelist import prices_in_force
from hatang.data.reading import ReadOptions, ReadOutcome, read, recognise
from hatang.data.settings import Settings
from hatang.data.store import Store
from hatang.pipeline.ingest import IngestOptions, ingest
from hatang.pipeline.inputs import layer
from hatang.pipeline.progress import Quiet

PRICES = "Hạng mục;Đơn vị tính;Đơn giá (VND);Hiệu lực từ;Nguồn;Đã đối chiếu\n"
DECLARED = "Chỉ tiêu;Phạm vi;Doanh nghiệp;Mã xã;Kỳ;Giá trị;Đơn vị tính;Văn bản;Ngày công bố\n"
FIGURE = "Tỷ lệ dùng chung vị trí trạm BTS;;;;{period};{value};{unit};BC 12/BC-SKHCN;15/07/2026\n"
OUTAGES = "Mã sự cố;Doanh nghiệp;Công nghệ;Mã trạm;Mã xã;Bắt đầu;Khôi phục;Nguyên nhân\n"
WARD = "19774"


def run(folder: Path, text: str, kind: Kind, mapping: str | None = None, **options: str) -> tuple[ReadOutcome, pd.DataFrame]:
    (folder / "t.csv").write_text(text, encoding="utf-8")
    if mapping is not None:
        (folder / "m.yaml").write_text(mapping, encoding="utf-8")
    chosen = ReadOptions(mapping=folder / "m.yaml" if mapping else None, **options)
    outcome = read(folder / "t.csv", folder / "out.arrow", kind, chosen)
    frame = INPUT_TABLES[kind].conform(pa.ipc.open_file(folder / "out.arrow").read_all().to_pandas())
    assert outcome.rows_in == outcome.rows_kept + outcome.rows_refused
    return outcome, frame


def refused(folder: Path, text: str, kind: Kind, **options: str) -> list[tuple[str, int | None, str | None]]:
    with pytest.raises(RefusedError) as error:
        run(folder, text, kind, **options)
    return [(f.code, f.row, f.field) for f in error.value.faults if f.severity is Severity.REFUSED and f.row is not None]


def test_prices_are_read_in_vietnamese_words(tmp_path: Path) -> None:
    text = PRICES + "Đào đất;m3;150.000;01/01/2026;QĐ 1;có\nBể cáp;bể;12.500.000;01/01/2026;QĐ 1;\nVá ổ gà;m2;90000;01/01/2026;QĐ 1;không\n"
    outcome, frame = run(tmp_path, text, Kind.PRICES)
    assert frame[["item", "unit", "price_vnd"]].to_numpy().tolist() == [
        ["dig", "m³", 150_000],
        ["chamber", "chambers", 12_500_000],
        ["Vá ổ gà", "m²", 90_000],
    ]
    assert [value is True for value in frame["verified"].astype(object)] == [True, False, False]
    assert outcome.repairs == {"thousands:price_vnd": 2}
    assert recognise(tmp_path / "t.csv", ReadOptions()) is Kind.PRICES


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("Đào đất;m³;;01/01/2026;QĐ 1;có", ("cell_missing", 2, "Đơn giá (VND)")),
        ("Đào đất;m³;-5;01/01/2026;QĐ 1;có", ("cell_range", 2, "Đơn giá (VND)")),
        ("Đào đất;m³;5;31/02/2026;QĐ 1;có", ("cell_date", 2, "Hiệu lực từ")),
        ("Đào đất;m³;5;01/01/2026;;có", ("cell_missing", 2, "Nguồn")),
        ("Đào đất;m³;5;01/01/2026;QĐ 1;chắc", ("cell_bool", 2, "Đã đối chiếu")),
    ],
)
def test_a_row_that_is_no_price_is_named(tmp_path: Path, row: str, fault: tuple[str, int, str]) -> None:
    assert refused(tmp_path, PRICES + row + "\n", Kind.PRICES) == [fault]


def test_a_price_of_an_item_and_a_day_stands_once(tmp_path: Path) -> None:
    text = PRICES + "Đào đất;m³;5;01/01/2026;QĐ 1;có\nĐào đất;m3;6;2026-01-01;QĐ 2;có\nĐào đất;m³;7;01/07/2026;QĐ 2;có\n"
    outcome, frame = run(tmp_path, text, Kind.PRICES)
    assert frame["price_vnd"].tolist() == [5, 7]
    assert [(f.code, f.row, f.found) for f in outcome.faults] == [("duplicate_id", 3, "= 2")]


def test_prices_filed_count_before_all_others_and_the_later_filing_before_the_earlier(settings: Settings, tmp_path: Path) -> None:
    for number, price in enumerate(("150.000", "160.000")):
        file = tmp_path / f"gia{number}.csv"
        file.write_text(PRICES + f"Đào đất;m³;{price};01/01/2026;QĐ {number};có\n")
        assert ingest([file], IngestOptions(kind=Kind.PRICES), settings, Quiet()).complete
    with Store.open(settings) as store:
        filed, used = layer(store, Kind.PRICES, "2026Q3")
    assert len(used) == 1
    price = prices_in_force(dt.date(2026, 9, 28), None, filed.to_dict("records"))["dig"]
    assert (price.vnd, price.source, price.verified, price.in_force_from) == (160_000, "QĐ 1", True, dt.date(2026, 1, 1))
    assert "dig" not in prices_in_force(dt.date(2025, 12, 31), None, filed.to_dict("records"))


@pytest.mark.parametrize(
    ("period", "kept"), [("2026Q2", "2026Q2"), ("Quý II/2026", "2026Q2"), ("06/2026", "2026-06"), ("năm 2025", "2025")]
)
def test_declared_figures_are_read_with_their_period(tmp_path: Path, period: str, kept: str) -> None:
    outcome, frame = run(tmp_path, DECLARED + FIGURE.format(period=period, value="13,5", unit="%"), Kind.DECLARATIONS)
    (row,) = frame.to_dict("records")
    assert (row["indicator"], row["scope"], row["period"], row["unit"]) == ("shared_bts_share", "city", kept, "share")
    assert row["value"] == pytest.approx(0.135)
    assert (row["document"], row["declared_on"]) == ("BC 12/BC-SKHCN", pd.Timestamp("2026-07-15"))
    assert outcome.rows_kept == 1
    assert recognise(tmp_path / "t.csv", ReadOptions()) is Kind.DECLARATIONS


def test_whose_a_declared_figure_is(tmp_path: Path) -> None:
    tail = "2026Q2;0,5;tỷ lệ;BC 12;15/07/2026\n"
    text = DECLARED + f"a;;;;{tail}b;;Viettel;;{tail}c;;;{WARD};{tail}d;phường, xã;VinaPhone;{WARD};{tail}"
    outcome, frame = run(tmp_path, text, Kind.DECLARATIONS)
    assert frame["scope"].tolist() == ["city", "operator", "ward", "ward"]
    assert frame["operator"].fillna("–").tolist() == ["–", "viettel", "–", "vnpt"]
    assert [(f.code, f.severity) for f in outcome.faults if f.code != "decimal_comma"] == [("declared_indicator", Severity.WARNING)] * 4
    _, filed = run(tmp_path, DECLARED + f"a;;;;{tail}", Kind.DECLARATIONS, operator="fpt")
    assert filed[["scope", "operator"]].to_numpy().tolist() == [["operator", "fpt"]]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("x;toàn thành phố;Viettel;;2026Q2;1;%;BC;15/07/2026", ("declared_scope", 2, "Phạm vi")),
        ("x;phường, xã;;;2026Q2;1;%;BC;15/07/2026", ("cell_missing", 2, "Mã xã")),
        ("x;doanh nghiệp;;;2026Q2;1;%;BC;15/07/2026", ("cell_missing", 2, "Doanh nghiệp")),
        ("x;;;99999;2026Q2;1;%;BC;15/07/2026", ("ward_unknown", 2, "Mã xã")),
        ("x;;Hãng B;;2026Q2;1;%;BC;15/07/2026", ("operator_unknown", 2, "Doanh nghiệp")),
        ("x;;;;mùa hè;1;%;BC;15/07/2026", ("period_unknown", 2, "Kỳ")),
        ("x;;;;;1;%;BC;15/07/2026", ("cell_missing", 2, "Kỳ")),
        ("x;;;;2026Q2;130;%;BC;15/07/2026", ("cell_range", 2, "Giá trị")),
        ("x;;;;2026Q2;1.250;trạm;BC;15/07/2026", ("cell_thousands", 2, "Giá trị")),
        ("x;;;;2026Q2;1;%;;15/07/2026", ("cell_missing", 2, "Văn bản")),
        ("x;;;;2026Q2;1;%;BC;", ("cell_missing", 2, "Ngày công bố")),
    ],
)
def test_a_row_that_declares_nothing_is_named(tmp_path: Path, row: str, fault: tuple[str, int, str]) -> None:
    assert refused(tmp_path, DECLARED + row + "\n", Kind.DECLARATIONS) == [fault]


def test_thousands_of_a_declared_figure_are_told_by_the_mapping(tmp_path: Path) -> None:
    text = DECLARED + FIGURE.format(period="2026Q2", value="1.250", unit="trạm")
    _, frame = run(tmp_path, text, Kind.DECLARATIONS, mapping="decimal: ','\n")
    assert frame[["value", "unit"]].to_numpy().tolist() == [[1250, "stations"]]


def test_outages_have_times_and_a_station_or_a_ward(tmp_path: Path) -> None:
    text = OUTAGES + "SC1;Viettel;4G;HUE001;;25/09/2026 13:05;26/09/2026 07:30;mất điện\n" + f";VNPT;;;{WARD};2026-09-25 14:00:00;;bão\n"
    outcome, frame = run(tmp_path, text, Kind.OUTAGES)
    first, second = frame.astype(object).where(frame.notna(), None).to_dict("records")
    assert (first["outage_id"], first["site_id"], first["technology"], first["ward_code"]) == ("SC1", "HUE001", "4g", None)
    assert (first["end"] - first["start"]) == pd.Timedelta(hours=18, minutes=25)
    assert (second["ward_code"], second["technology"], second["start"]) == (WARD, None, pd.Timestamp("2026-09-25 14:00"))
    assert second["end"] is None
    assert outcome.repairs == {"id_made:outage_id": 1}
    again = run(tmp_path, text, Kind.OUTAGES)[1]
    assert again["outage_id"].tolist() == frame["outage_id"].tolist()
    assert recognise(tmp_path / "t.csv", ReadOptions()) is Kind.OUTAGES


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("A;Viettel;4G;T1;;25/09/2026 13:05;25/09/2026 12:00;", ("dates_reversed", 2, "Khôi phục")),
        ("A;Viettel;3G;T1;;25/09/2026 13:05;;", ("technology_unknown", 2, "Công nghệ")),
        ("A;Viettel;4G;;;25/09/2026 13:05;;", ("cell_missing", 2, "Mã xã")),
        ("A;Viettel;4G;T1;;;;", ("cell_missing", 2, "Bắt đầu")),
        ("A;Hãng B;4G;T1;;25/09/2026 13:05;;", ("operator_unknown", 2, "Doanh nghiệp")),
    ],
)
def test_a_row_that_is_no_outage_is_named(tmp_path: Path, row: str, fault: tuple[str, int, str]) -> None:
    assert refused(tmp_path, OUTAGES + row + "\n", Kind.OUTAGES) == [fault]


@pytest.mark.parametrize(
    ("kind", "head", "missing"),
    [
        (Kind.PRICES, "Hạng mục;Đơn giá", "unit"),
        (Kind.DECLARATIONS, "Chỉ tiêu;Giá trị", "unit"),
        (Kind.OUTAGES, "Mã sự cố;Bắt đầu", "operator"),
    ],
)
def test_a_column_that_must_be_there_is_asked_for(tmp_path: Path, kind: Kind, head: str, missing: str) -> None:
    with pytest.raises(RefusedError) as error:
        run(tmp_path, f"{head}\na;1\n", kind)
    (fault,) = error.value.faults
    assert (fault.code, missing in str(fault.field)) == ("file_columns", True)
