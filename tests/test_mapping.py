"""The mapping file: read once, all its faults at once."""

from pathlib import Path

import pytest

from hatang.data.contracts import MEASUREMENTS, RefusedError
from hatang.data.mapping import FileMapping, load_mapping


def load(folder: Path, text: str) -> FileMapping:
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    return load_mapping(folder / "m.yaml")


def faults_of(folder: Path, text: str) -> list[tuple[str, str | None, str | None]]:
    with pytest.raises(RefusedError) as error:
        load(folder, text).check_against(MEASUREMENTS)
    assert error.value.message_id == "error.reading.mapping"
    return [(fault.code, fault.field, fault.found) for fault in error.value.faults]


def test_every_key_is_read(tmp_path: Path) -> None:
    mapping = load(
        tmp_path,
        "crs: EPSG:9214\ndelimiter: tab\ndecimal: ','\nencoding: cp1258\nlayer: tram\n"
        "columns: {x: X (m), y: Y (m), rsrp_dbm: Muc thu}\nunits: {download_mbps: kbit/s}\nconstants: {operator: 45204, no_service: no}\n",
    )
    assert mapping.crs is not None
    assert mapping.crs.to_epsg() == 9214
    assert (mapping.delimiter, mapping.decimal, mapping.encoding, mapping.layer) == ("\t", ",", "cp1258", "tram")
    assert mapping.columns == {"x": "X (m)", "y": "Y (m)", "rsrp_dbm": "Muc thu"}
    assert mapping.constants == {"operator": "45204", "no_service": "false"}
    mapping.check_against(MEASUREMENTS)


def test_units_become_factors() -> None:
    mapping = FileMapping(units={"download_mbps": "kbit/s", "speed_kmh": "m/s"})
    assert mapping.factor("download_mbps", "Mbit/s") == 0.001
    assert mapping.factor("speed_kmh", "km/h") == 3.6
    assert mapping.factor("upload_mbps", "Mbit/s") == 1.0
    assert mapping.factor("upload_mbps", "Mbit/s", "Gbit/s") == 1000.0
    assert mapping.factor("download_mbps", "Mbit/s", "Gbit/s") == 0.001


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = "crs: EPSG:0\ndelimiter: ab\ndecimal: ':'\nencoding: tcvn9\ncolour: red\ncolumns: [a, b]\n"
    assert faults_of(tmp_path, text) == [
        ("mapping_key", "colour", "colour"),
        ("mapping_crs", "crs", "EPSG:0"),
        ("mapping_value", "delimiter", "ab"),
        ("mapping_value", "decimal", ":"),
        ("mapping_value", "encoding", "tcvn9"),
        ("mapping_table", "columns", "['a', 'b']"),
    ]


def test_names_and_units_of_another_table_are_told(tmp_path: Path) -> None:
    text = "columns: {rsrp: A}\nunits: {speed_kmh: furlong}\nconstants: {x: 1, operater: viettel}\n"
    assert faults_of(tmp_path, text) == [
        ("mapping_column", "columns", "rsrp"),
        ("mapping_column", "constants", "x"),
        ("mapping_column", "constants", "operater"),
        ("mapping_unit", "speed_kmh", "furlong"),
    ]


@pytest.mark.parametrize("text", ["- a\n- b\n", "just words", "a: [1", ""])
def test_what_is_no_table_is_refused(tmp_path: Path, text: str) -> None:
    assert [code for code, _, _ in faults_of(tmp_path, text)] == ["mapping_file"]


def test_a_missing_mapping_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as error:
        load_mapping(tmp_path / "none.yaml")
    assert error.value.faults[0].code == "mapping_file"
