"""Medians by ward from i-Speed: too few samples are an answer, medians without a count are none."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hatang.data.contracts import MIN_SAMPLES, SPEEDS, Kind, RefusedError, Severity
from hatang.data.facts import ward_facts
from hatang.data.reading import ReadOptions, ReadOutcome, read, recognise

HEADER = "Phường xã,Doanh nghiệp,Loại mạng,Kỳ,Số mẫu,Tốc độ tải xuống (Mbps),Tốc độ tải lên (Mbps),Độ trễ (ms)"
GOOD = "Phường Thuận Hóa,Viettel,5G,07/2025,512,210.5,48.2,12.5"


def run(folder: Path, *rows: str, header: str = HEADER, kind: Kind = Kind.AUTO, **options: str) -> tuple[ReadOutcome, pd.DataFrame]:
    path = folder / "ispeed.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    outcome = read(path, folder / "out.arrow", kind, ReadOptions(**options))
    frame = pa.ipc.open_file(folder / "out.arrow").read_all().to_pandas()
    assert outcome.rows_in == outcome.rows_kept + outcome.rows_refused + outcome.repairs.get("duplicate", 0)
    SPEEDS.conform(frame)
    return outcome, frame


def refused(outcome: ReadOutcome) -> list[tuple[str, int | None, str | None]]:
    return [(fault.code, fault.row, fault.found) for fault in outcome.faults if fault.severity is Severity.REFUSED]


def test_a_table_of_ispeed_is_recognised_and_read(tmp_path: Path) -> None:
    outcome, frame = run(tmp_path, GOOD)
    row = frame.iloc[0]
    assert (outcome.kind, outcome.period) == (Kind.SPEEDS, "2025Q3")
    assert row["ward_name"] == "Phường Thuận Hóa"
    assert (row["operator"], row["network"], row["period"], row["samples"]) == ("viettel", "5g", "2025-07", 512)
    assert (row["download_mbps"], row["upload_mbps"], row["latency_ms"], row["sufficiency"]) == (210.5, 48.2, 12.5, "sufficient")


@pytest.mark.parametrize("samples", ["299", "0", "<300", "không đủ mẫu", "Chưa đủ mẫu"])
def test_too_few_samples_are_an_answer_without_medians(tmp_path: Path, samples: str) -> None:
    """VNNIC publishes a ward from 300 samples (formats.md 1.2)."""
    outcome, frame = run(tmp_path, GOOD, GOOD.replace("Thuận Hóa", "Phú Xuân").replace("512", samples))
    assert not refused(outcome)
    assert list(frame["sufficiency"]) == ["sufficient", "insufficient"]
    assert frame[["download_mbps", "upload_mbps", "latency_ms"]].iloc[1].isna().all()
    assert outcome.repairs["samples_insufficient"] == 1


def test_exactly_300_samples_are_enough(tmp_path: Path) -> None:
    assert MIN_SAMPLES == 300
    _, frame = run(tmp_path, GOOD.replace("512", "300"))
    assert (frame["sufficiency"].iloc[0], frame["download_mbps"].iloc[0]) == ("sufficient", 210.5)


@pytest.mark.parametrize("text", ["-", "", "Không đủ mẫu"])
def test_a_ward_without_medians_is_insufficient(tmp_path: Path, text: str) -> None:
    outcome, frame = run(tmp_path, f"Phường Thuận Hóa,Viettel,5G,07/2025,-,{text},{text},{text}")
    assert not refused(outcome)
    assert list(frame["sufficiency"]) == ["insufficient"]


def test_medians_without_a_count_of_samples_are_refused(tmp_path: Path) -> None:
    outcome, _ = run(tmp_path, GOOD, GOOD.replace("Thuận Hóa", "Phú Xuân").replace("512", ""))
    assert refused(outcome) == [("cell_missing", 3, None)]


def test_a_table_without_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error:
        run(tmp_path, "Phường Thuận Hóa,Viettel,5G,210.5", header="Phường xã,Doanh nghiệp,Loại mạng,Tải xuống", kind=Kind.SPEEDS)
    assert (error.value.faults[0].code, error.value.faults[0].field) == ("file_columns", "samples")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [("Thuận Hóa", "Bến Nghé", "ward_unknown"), ("Viettel", "Beta", "operator_unknown"), ("5G", "3G", "cell_value"),
     ("07/2025", "mùa hè", "period_unknown"), ("512", "năm trăm", "cell_integer"), ("210.5", "-3", "cell_range")],
)  # fmt: skip
def test_one_wrong_cell_refuses_its_row(tmp_path: Path, old: str, new: str, code: str) -> None:
    outcome, _ = run(tmp_path, GOOD, GOOD.replace(old, new))
    assert [(code, row) for code, row, _ in refused(outcome)] == [(code, 3)]


def test_a_ward_stands_once_an_operator_network_and_period(tmp_path: Path) -> None:
    outcome, frame = run(tmp_path, GOOD, GOOD.replace("512", "513"), GOOD.replace("07/2025", "08/2025"), GOOD.replace("5G", "4G"))
    assert refused(outcome) == [("duplicate_id", 3, "= 2")]
    assert len(frame) == 3
    assert outcome.period == "2025Q3"


def test_fixed_lines_of_every_provider_are_taken(tmp_path: Path) -> None:
    _, frame = run(tmp_path, GOOD.replace("5G", "cố định").replace("Viettel", "FPT"))
    assert (frame["network"].iloc[0], frame["operator"].iloc[0]) == ("fixed", "fpt")


WARDS = sorted(ward_facts()["ward_code"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(samples=st.lists(st.one_of(st.integers(0, 2_000).map(str), st.sampled_from(["", "-", "không đủ mẫu"])), min_size=1, max_size=40))
def test_a_median_is_kept_where_and_only_where_samples_suffice(tmp_path: Path, samples: list[str]) -> None:
    rows = [f"{ward},VNPT,4G,2026Q3,{count},40.5,,20" for ward, count in zip(WARDS, samples, strict=False)]
    try:
        outcome, frame = run(tmp_path, *rows, header=HEADER.replace("Phường xã", "ward_code"))
    except RefusedError as error:
        assert error.faults[0].code == "file_rows"  # noqa: PT017 - every row gave medians without a count
        assert not any(text.isdigit() or text.startswith("k") for text in samples)
        return
    enough = {ward: int(text) >= MIN_SAMPLES for ward, text in zip(WARDS, samples, strict=False) if text.isdigit()}
    for _, row in frame.iterrows():
        assert pd.notna(row["download_mbps"]) == enough.get(row["ward_code"], False)
    assert outcome.rows_refused == sum(text in ("", "-") for text in samples)


def test_the_kind_is_known_by_its_samples(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{HEADER}\n{GOOD}\n", encoding="utf-8")
    assert recognise(path, ReadOptions()) is Kind.SPEEDS


@pytest.mark.parametrize(
    "header",
    [
        "Mã xã/phường,Nhà mạng,Loại mạng,Kỳ,Số mẫu,Tốc độ tải xuống trung vị (Mbps),Tốc độ tải lên trung vị (Mbps),Độ trễ (ms)",
        "Tên xã/phường,Doanh nghiệp,Mạng,Tháng,Số lượng mẫu,Download trung vị,Upload trung vị,Ping",
    ],
)
def test_headings_that_departments_write(tmp_path: Path, header: str) -> None:
    ward = "19789" if header.startswith("Mã") else "Phường Thuận Hóa"
    outcome, frame = run(tmp_path, GOOD.replace("Phường Thuận Hóa", ward), header=header)
    row = frame.iloc[0]
    assert outcome.kind is Kind.SPEEDS
    assert (row["ward_code"], row["samples"]) == ("19789", 512)
    assert (row["download_mbps"], row["upload_mbps"], row["latency_ms"]) == (210.5, 48.2, 12.5)
