"""Blank templates: what is filled in comes back as a data set of the kind, the example row does not."""

import io
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
import shapely
from test_commands_ingest import call

from hatang.data._vocabulary import fold, spellings, value_of
from hatang.data.contracts import INPUT_TABLES, Kind, MissingError, RefusedError
from hatang.data.language import text
from hatang.data.reading import ReadOptions, read, recognise
from hatang.data.sandbox import read_apart
from hatang.data.templates import TEMPLATE_KINDS, heading, template

KINDS = [pytest.param(kind, id=str(kind)) for kind in TEMPLATE_KINDS]


def filled(kind: Kind, path: Path, *, rows: int = 1) -> Path:
    """Write the template with the example's cells in `rows` rows below it, as a person would; keys numbered."""
    book = openpyxl.load_workbook(io.BytesIO(template(kind, "vi")))
    sheet = book.worksheets[0]
    example = [cell.value for cell in sheet[2]]
    names = [cell.value for cell in sheet[1]]
    for number in range(rows):
        for place, value in enumerate(example[1:], 2):
            if names[place - 1] == "WKT (WGS 84)" and not value:
                continue
            new = f"{value}{number}" if isinstance(value, str) and value.endswith("-001") else value
            sheet.cell(3 + number, place, new)
    book.save(path)
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_a_filled_row_is_accepted_and_the_example_is_passed_over(kind: Kind, tmp_path: Path) -> None:
    path = filled(kind, tmp_path / "tep.xlsx")
    assert recognise(path, ReadOptions()) is kind
    outcome = read_apart(path, tmp_path / "t.arrow", kind, ReadOptions())
    assert (outcome.rows_in, outcome.rows_kept, outcome.rows_refused) == (1, 1, 0)
    assert [(fault.code, fault.row) for fault in outcome.faults if fault.code == "example_row"] == [("example_row", 2)]
    table = pa.ipc.open_file(tmp_path / "t.arrow").read_all()
    required = [column.name for column in INPUT_TABLES[kind].columns if column.required]
    assert all(table.column(name).null_count == 0 for name in required)


@pytest.mark.parametrize("kind", KINDS)
def test_every_heading_is_a_name_that_the_readers_know(kind: Kind) -> None:
    table = INPUT_TABLES[kind]
    for column in table.columns:
        assert fold(heading(table, column)) in spellings(column.name, column.synonyms), column.name


@pytest.mark.parametrize("kind", KINDS)
def test_no_template_shows_the_plain_name_of_a_column(kind: Kind) -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(kind, "en")))
    names = [column.name for column in INPUT_TABLES[kind].columns]
    shown = [str(cell.value).split(" (")[0] for cell in book.worksheets[0][1]]
    assert not set(shown) & set(names)
    assert len(set(shown)) == len(shown)
    meanings = [row[1].value for row in book.worksheets[1].iter_rows(min_row=5)]
    assert not set(meanings) & set(names)


@pytest.mark.parametrize("kind", KINDS)
def test_every_choice_of_a_list_means_its_own_code(kind: Kind) -> None:
    table = INPUT_TABLES[kind]
    book = openpyxl.load_workbook(io.BytesIO(template(kind, "en")))
    lists = {column[0].value: [cell.value for cell in column[1:] if cell.value] for column in book.worksheets[2].columns}
    for column in table.columns:
        if column.values and column.name not in ("sufficiency", "technology", "environment"):
            assert [value_of(column.name, word, column.values) for word in lists[f"[{column.name}]"]] == list(column.values)


@pytest.mark.parametrize("kind", KINDS)
def test_lists_to_choose_from_are_in_vietnamese(kind: Kind) -> None:
    """`underground` and `proposed` stood in a Vietnamese form."""
    book = openpyxl.load_workbook(io.BytesIO(template(kind, "vi")))
    lists = {str(column[0].value)[1:-1]: [cell.value for cell in column[1:] if cell.value] for column in book.worksheets[2].columns}
    for column in INPUT_TABLES[kind].columns:
        codes = {value for value in column.values if value.isalpha() and value == value.casefold()}
        assert not codes & set(lists.get(column.name, ()))


def test_the_example_of_a_tile_lies_in_hue(tmp_path: Path) -> None:
    outcome = read(filled(Kind.TILES, tmp_path / "o.xlsx"), tmp_path / "out.arrow", Kind.TILES, ReadOptions())
    assert outcome.rows_kept == 1
    shape = shapely.from_wkb(pa.ipc.open_file(tmp_path / "out.arrow").read_all().column("geometry")[0].as_py())
    assert shape.covers(shapely.Point(107.5791, 16.4676))


def test_times_are_asked_with_their_hour_and_made_columns_need_not_be_filled() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(Kind.OUTAGES, "vi")))
    begin = next(cell for cell in book.worksheets[0][1] if str(cell.value).startswith("Bắt đầu"))
    assert str(begin.value).endswith("(ngày/tháng/năm giờ:phút)")
    assert book.worksheets[0].cell(2, begin.column).number_format == "dd/mm/yyyy hh:mm"
    notes = {row[0].value: (row[2].value, row[4].value) for row in book.worksheets[1].iter_rows(min_row=5)}
    assert notes["Mã sự cố"] == ("–", "không")
    declared = openpyxl.load_workbook(io.BytesIO(template(Kind.DECLARATIONS, "vi"))).worksheets[1]
    assert {row[0].value: (row[2].value, row[4].value) for row in declared.iter_rows(min_row=5)}["Giá trị"] == ("–", "có")


@pytest.mark.parametrize("kind", KINDS)
def test_a_blank_template_is_refused_as_empty(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "trong.xlsx"
    path.write_bytes(template(kind, "vi"))
    with pytest.raises(RefusedError) as raised:
        read(path, tmp_path / "t.arrow", kind, ReadOptions())
    assert [fault.code for fault in raised.value.faults] == ["file_header_only"]


def test_lists_to_choose_from_lie_under_the_cells() -> None:
    book = openpyxl.load_workbook(io.BytesIO(template(Kind.ASSETS, "vi")))
    sheet = book.worksheets[0]
    names = {cell.value: cell.column_letter for cell in sheet[1]}
    under = {str(rule.sqref).split(":")[0].rstrip("0123456789") for rule in sheet.data_validations.dataValidation}
    assert under == {names[name] for name in ("Loại tài sản", "Trạng thái", "Cho dùng chung", "Cách đặt", "Vị trí đặt")}
    wards = openpyxl.load_workbook(io.BytesIO(template(Kind.FIXED, "vi"))).worksheets[2]
    assert len([cell for cell in wards["A"] if cell.value]) == 41


def test_a_pole_without_a_drawn_shape_stands_at_its_coordinates(tmp_path: Path) -> None:
    path = tmp_path / "cot.csv"
    path.write_text(
        "Mã tài sản,Loại tài sản,Chủ sở hữu,Kinh độ,Vĩ độ,WKT (WGS 84)\n"
        "C1,cột,VNPT,107.59,16.46,\n"
        'T1,cống cáp,VNPT,,,"LINESTRING (107.59 16.46, 107.60 16.46)"\n'
    )
    outcome = read(path, tmp_path / "t.arrow", Kind.ASSETS, ReadOptions())
    assert (outcome.rows_kept, outcome.rows_refused) == (2, 0)


def test_grids_have_no_template() -> None:
    with pytest.raises(MissingError, match="kind"):
        template(Kind.POPULATION, "vi")


def test_the_command_writes_the_workbook(tmp_path: Path) -> None:
    done = call("template", "sites", "--out", tmp_path / "tram.xlsx")
    assert done.exit_code == 0, done.output
    assert openpyxl.load_workbook(tmp_path / "tram.xlsx").sheetnames[0] == text("form.sheet.data", "vi")
