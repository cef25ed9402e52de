"""Damaged files against every reader, seeded: only documented errors leave one. The long run is `make fuzz` (atheris)."""

import io
import json
import random
import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz import damaged, fed, finding, run_seeded
from benchmarks.seeds import SEEDS, TESTS, seed
from hatang.data.contracts import Kind, RefusedError
from hatang.data.reading import ReadOptions, read
from hatang.data.wardfile import read_boundaries

EACH = 25
"""Damaged files of each target in a run of the tests: about a second for the slowest."""


@pytest.mark.parametrize("name", SEEDS)
def test_sound_files_are_read_and_damaged_ones_end_as_documented(name: str, tmp_path: Path) -> None:
    kind = SEEDS[name][0]
    (tmp_path / "sound").write_bytes(seed(name))
    if kind is not None:
        outcome = read(tmp_path / "sound", tmp_path / "out.arrow", kind, ReadOptions())
        assert outcome.rows_kept >= 1
    assert run_seeded(name, EACH) == {}


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(SEEDS)), content=st.binary(max_size=300))
def test_bytes_of_no_form_end_as_documented(name: str, content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    fed(name, content, tmp_path_factory.mktemp("fuzz"))


def test_damage_is_the_same_for_the_same_seed_and_seldom_nothing() -> None:
    sound = seed("csv")
    first, again = ([damaged(sound, random.Random(number)) for number in range(50)] for _ in range(2))  # noqa: S311 - damage, no secret
    assert first == again
    assert sum(content != sound for content in first) >= 45


def test_a_finding_names_the_error_and_its_line() -> None:
    with pytest.raises(AttributeError) as error:
        read(Path("/nowhere"), Path("/nowhere"), Kind.SITES, None)  # type: ignore[arg-type]  # wrong on purpose
    assert finding(error.value).startswith("AttributeError reading.py:")


@pytest.mark.parametrize("name", ["tram.xls", "tram", "tram.csv"])
def test_a_workbook_is_one_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    """Found by fuzzing: openpyxl judges the ending of a path, and its error was no documented one."""
    book = openpyxl.Workbook()
    for line in TESTS.splitlines():
        book.active.append(line.split(","))  # type: ignore[union-attr]  # a new workbook has a sheet
    book.save(tmp_path / "t.xlsx")
    (tmp_path / "t.xlsx").rename(tmp_path / name)
    assert read(tmp_path / name, tmp_path / "out.arrow", Kind.MEASUREMENTS, ReadOptions()).rows_kept == 3


@pytest.mark.parametrize("encoding", ["Infinity", "utf-NaN", "shift_jis"])
def test_a_document_in_an_encoding_that_nobody_knows_is_refused(tmp_path: Path, encoding: str) -> None:
    """Found by atheris: expat asks Python for the encoding, whose LookupError was no documented one."""
    text = seed("kml").decode()
    (tmp_path / "t.kml").write_text(text.replace('encoding="utf-8"', f'encoding="{encoding}"', 1), encoding="utf-8")
    assert encoding in (tmp_path / "t.kml").read_text("utf-8")
    with pytest.raises(RefusedError) as error:
        read(tmp_path / "t.kml", tmp_path / "out.arrow", Kind.ROADS, ReadOptions())
    assert error.value.faults[0].code == "file_malformed"


def test_a_layer_on_another_body_is_asked_for_its_coordinate_system(tmp_path: Path) -> None:
    """Found by atheris: a changed digit in the ellipsoid of a `.prj` made it the system of no body PROJ knows as the Earth."""
    text = seed("shp")
    with zipfile.ZipFile(io.BytesIO(text)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content.replace(b"6378137", b"1737400") if name.endswith(".prj") else content)
    with pytest.raises(RefusedError) as error:
        read(tmp_path / "t.zip", tmp_path / "out.arrow", Kind.ROADS, ReadOptions())
    assert error.value.faults[0].code in ("crs_unstated", "file_crs")
    (tmp_path / "m.yaml").write_text("crs: IAU_2015:30100\n", encoding="utf-8")
    with pytest.raises(RefusedError) as error:
        read(tmp_path / "t.zip", tmp_path / "out.arrow", Kind.ROADS, ReadOptions(mapping=tmp_path / "m.yaml"))
    assert error.value.faults[0].code == "mapping_crs"


def test_a_layer_whose_system_cannot_be_written_down_is_refused(tmp_path: Path) -> None:
    """A byte that is no UTF-8 and a lost decimal point in a `.prj`: pyogrio 0.13 leaves its `wkt` unset and raises UnboundLocalError."""
    with zipfile.ZipFile(io.BytesIO(seed("shp"))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    damaged = {
        name: content.replace(b'WGS_1984",6', b'W\xddS_1984",6').replace(b"0.0174532925199433", b"0174532925199433")
        for name, content in members.items()
    }
    (projection,) = [name for name in members if name.endswith(".prj")]
    assert damaged[projection] != members[projection]
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, damaged[name] if name == projection else content)
    with pytest.raises(RefusedError) as error:
        read(tmp_path / "t.zip", tmp_path / "out.arrow", Kind.ROADS, ReadOptions())
    assert error.value.faults[0].code == "file_malformed"


def test_an_archive_with_a_damaged_directory_is_refused(tmp_path: Path) -> None:
    """Found by atheris: a name that is no UTF-8, and one that is empty, in the directory of an archive."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("ế.csv", TESTS)
    sound = sink.getvalue()
    name = "ế.csv".encode()
    place = sound.rindex(name)
    (tmp_path / "a.zip").write_bytes(sound[:place] + b"\xd8" + sound[place + 1 :])
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), TESTS)
    for path, code in ((tmp_path / "a.zip", "file_truncated"), (tmp_path / "b.zip", "file_archive")):
        with pytest.raises(RefusedError) as error:
            read(path, tmp_path / "out.arrow", Kind.AUTO, ReadOptions())
        assert error.value.faults[0].code == code


BOUNDARIES = [
    ('"ward_code": "19753"', '"ward_code": null', "boundaries_code"),
    ('"ward_name": "Thủy Xuân"', '"ward_name": null, "ward_code": null', "boundaries_code"),
    ("[107.6, 16.4]", "[1e400, 16.4]", "boundaries_unreadable"),
    ("[107.5, 16.4]]", "[107.5, 16.3]]", "boundaries_unreadable"),
]


@pytest.mark.parametrize(("right", "wrong", "code"), BOUNDARIES, ids=["no code", "no name", "endless", "open ring"])
def test_a_damaged_boundary_file_is_refused(tmp_path: Path, right: str, wrong: str, code: str) -> None:
    """Found by atheris: missing codes, coordinates that are no numbers and open rings left the reader as errors of the libraries."""
    text = json.dumps(json.loads(seed("boundaries")), ensure_ascii=False)
    assert right in text
    (tmp_path / "w.geojson").write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(RefusedError) as error:
        read_boundaries(tmp_path / "w.geojson")
    assert error.value.faults[0].code == code
