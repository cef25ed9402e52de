"""Served households: wards by code or by name, counts that must agree."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from hatang.coverage.config import AssessConfig
from hatang.coverage.fibre import fibre_shares
from hatang.data.contracts import FIXED, Kind, RefusedError, Severity
from hatang.data.reading import ReadOptions, ReadOutcome, read, recognise

HEADER = "Mã xã;Phường, xã;Doanh nghiệp;Số hộ;Hộ có khả năng tiếp cận;Hộ có kết nối\n"


def run(folder: Path, text: str, **options: str) -> tuple[ReadOutcome, pd.DataFrame]:
    (folder / "ho.csv").write_text(text, encoding="utf-8")
    outcome = read(folder / "ho.csv", folder / "out.arrow", Kind.FIXED, ReadOptions(**options))
    frame = pa.ipc.open_file(folder / "out.arrow").read_all().to_pandas()
    FIXED.conform(frame)
    return outcome, frame


def refused(outcome: ReadOutcome) -> list[tuple[str, int | None, str | None, str | None]]:
    return [(f.code, f.row, f.field, f.found) for f in outcome.faults if f.severity is Severity.REFUSED]


def test_counts_by_code(tmp_path: Path) -> None:
    outcome, frame = run(tmp_path, HEADER + "19753;Phú Xuân;VNPT;30.000;29.500;21.000\n19753;;Viettel;30000;28000;\n")
    assert list(frame["ward_code"]) == ["19753", "19753"]
    assert list(frame["ward_name"]) == ["Phường Phú Xuân", "Phường Phú Xuân"] or list(frame["ward_name"]) == ["Phú Xuân", "Phú Xuân"]
    assert list(frame["households_served"]) == [29_500, 28_000]
    assert not refused(outcome)
    assert recognise(tmp_path / "ho.csv", ReadOptions()) is Kind.FIXED


@pytest.mark.parametrize("name", ["Phường Thuỷ Xuân", "thủy xuân", "THUY XUAN", "P. Thủy Xuân"])
def test_wards_by_name_in_any_spelling(tmp_path: Path, name: str) -> None:
    _, frame = run(tmp_path, HEADER + f";{name};VNPT;100;90;80\n")
    assert list(frame["ward_code"]) == ["19813"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("99999;;VNPT;100;90;80", ("ward_unknown", 3, "Mã xã", "99999")),
        (";Tổng cộng;VNPT;100;90;80", ("ward_unknown", 3, "Phường, xã", "Tổng cộng")),
        (";;VNPT;100;90;80", ("cell_missing", 3, "Mã xã", None)),
        ("19813;Phú Xuân;VNPT;100;90;80", ("ward_two", 3, "Mã xã", "19813, Phú Xuân")),
        ("19813;;Netnam;100;90;80", ("operator_unknown", 3, "Doanh nghiệp", "Netnam")),
        ("19813;;VNPT;100;190;80", ("served_more", 3, "Hộ có khả năng tiếp cận", "190")),
        ("19813;;VNPT;100;;80", ("cell_missing", 3, "Hộ có khả năng tiếp cận", None)),
        ("19813;;VNPT;-1;0;0", ("cell_range", 3, "Số hộ", "-1")),
        ("19753;;VNPT;200;90;80", ("duplicate_id", 3, "Mã xã", "= 2")),
        ("19753;;VNPT;100;90;80", ("duplicate_row", 3, "Mã xã", "= 2")),
    ],
)
def test_one_defect_refuses_one_row(tmp_path: Path, line: str, fault: tuple[str, int, str, str | None]) -> None:
    outcome, frame = run(tmp_path, HEADER + f"19753;;VNPT;100;90;80\n{line}\n")
    assert fault in refused(outcome)
    assert len(frame) == 1
    assert (outcome.rows_in, outcome.rows_kept, outcome.rows_refused) == (2, 1, 1)


def test_more_connected_than_served_is_a_warning(tmp_path: Path) -> None:
    outcome, frame = run(tmp_path, HEADER + "19753;;VNPT;100;90;95\n")
    assert len(frame) == 1
    assert [(f.code, f.severity) for f in outcome.faults] == [("connected_more", Severity.WARNING)]


def test_the_option_names_the_provider_of_a_file(tmp_path: Path) -> None:
    _, frame = run(tmp_path, "ward_code,households,households_served\n19753,100,90\n", operator="fpt")
    assert list(frame["operator"]) == ["fpt"]


def test_missing_columns_refuse_the_file(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error:
        run(tmp_path, "Doanh nghiệp;Số hộ\nVNPT;100\n")
    assert (error.value.faults[0].code, error.value.faults[0].field) == ("file_columns", "ward_code, households_served")


HOMES = "Mã xã;Mã nhà;Doanh nghiệp;Công nghệ;Số hộ;Hộ có khả năng tiếp cận;Tốc độ tải xuống (Mbit/s);Tốc độ tải lên (Mbit/s)\n"


def test_a_list_of_buildings_is_counted_by_ward_provider_and_technology(tmp_path: Path) -> None:
    outcome, frame = run(
        tmp_path,
        HOMES
        + "19753;N1;VNPT;GPON;10;có;300;300\n19753;N2;VNPT;GPON;4;không;;\n19753;N3;VNPT;cáp quang;6;5;100;50\n"
        + "19753;N1;FPT;cáp quang;10;có;1000;1000\n19753;N1;VNPT;cáp đồng;10;10;8;1\n19774;N9;FPT;;;1;80;80\n",
    )
    assert recognise(tmp_path / "ho.csv", ReadOptions()) is Kind.FIXED
    assert (outcome.rows_in, outcome.rows_kept, outcome.rows_refused) == (6, 6, 0)
    counted = frame.set_index(["ward_code", "operator", "technology"])
    columns = ["households", "households_served", "download_mbps", "upload_mbps", "basis"]
    # Ward 19753 has 10 + 4 + 6 homes, whoever serves them; half of the 15 that VNPT reaches by fibre have 300 Mbit/s.
    assert counted.loc[("19753", "vnpt", "fibre"), columns].tolist() == [20, 15, 300, 300, "building"]
    assert counted.loc[("19753", "fpt", "fibre"), columns].tolist() == [20, 10, 1000, 1000, "building"]
    assert counted.loc[("19753", "vnpt", "copper"), columns].tolist() == [20, 10, 8, 1, "building"]
    assert counted.loc[("19774", "fpt", "fibre"), columns].tolist() == [1, 1, 80, 80, "building"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("19753;;VNPT;GPON;10;có;300;300", ("cell_missing", 3, "Mã nhà", None)),
        ("99999;N2;VNPT;GPON;10;có;300;300", ("ward_unknown", 3, "Mã xã", "99999")),
        ("19753;N2;VNPT;4G;10;có;300;300", ("technology_unknown", 3, "Công nghệ", "4G")),
        ("19753;N2;VNPT;GPON;10;11;300;300", ("served_more", 3, "Hộ có khả năng tiếp cận", "11")),
        ("19753;N2;VNPT;GPON;10;có;-1;300", ("cell_range", 3, "Tốc độ tải xuống (Mbit/s)", "-1")),
        ("19753;N2;VNPT;GPON;10;;300;300", ("cell_missing", 3, "Hộ có khả năng tiếp cận", None)),
        ("19753;N1;VNPT;FTTH;10;không;300;300", ("duplicate_id", 3, "Mã nhà", "= 2")),
    ],
)
def test_one_defect_refuses_one_building(tmp_path: Path, line: str, fault: tuple[str, int, str, str | None]) -> None:
    outcome, frame = run(tmp_path, HOMES + f"19753;N1;VNPT;GPON;10;không;300;300\n{line}\n")
    assert fault in refused(outcome)
    assert (outcome.rows_kept, outcome.rows_refused, len(frame)) == (1, 1, 1)


def test_a_list_of_served_buildings_alone_is_told_to_prove_nothing(tmp_path: Path) -> None:
    outcome, _ = run(tmp_path, HOMES + "19753;N1;VNPT;GPON;10;có;;\n19753;N2;VNPT;GPON;3;3;;\n")
    assert [(f.code, f.severity, f.found) for f in outcome.faults] == [("fixed_all_served", Severity.WARNING, "2")]


def test_a_survey_counts_the_homes_that_were_asked(tmp_path: Path) -> None:
    _, frame = run(
        tmp_path, "ward_code;operator;households;households_served;basis\n19753;VNPT;40;30;khảo sát\n19774;VNPT;900;100;thống kê\n"
    )
    assert frame[["households", "basis", "technology"]].to_numpy().tolist() == [[40, "survey", "fibre"], [900, "count", "fibre"]]
    outcome, _ = run(tmp_path, "ward_code;operator;households;households_served;basis\n19753;VNPT;40;30;đoán\n19774;VNPT;900;100;\n")
    assert [(f.code, f.row) for f in outcome.faults] == [("cell_value", 2)]


def test_only_fibre_counts_as_fibre() -> None:
    rows = {"ward_code": "19753", "ward_name": "Phú Xuân", "operator": "vnpt", "households": 100}
    served = [{**rows, "households_served": 40, "technology": "fibre"}, {**rows, "households_served": 90, "technology": "copper"}]
    shares = fibre_shares(FIXED.conform(pd.DataFrame(served)), config=AssessConfig("2026Q3", "v1"))
    assert shares.set_index("operator").loc["vnpt", "population_share"] == 0.4
