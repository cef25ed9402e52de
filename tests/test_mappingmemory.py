"""A mapping that a file was taken with is used again for files with the same heading, by the same organisation alone, and that is said."""

import datetime as dt
import os
from pathlib import Path

import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_commands_ingest import call, document, home

from hatang.data.contracts import Kind, MissingError
from hatang.data.mapping import FileMapping, load_mapping, mapping_text
from hatang.data.mappingmemory import all_remembered, find, forget, lasting, recall, remember, signature

__all__ = ["home"]
FILE = "Xa,Hang,Nha,Noi\n{},vnpt,100,90\n"
MAPPING = "columns: {ward_code: Xa, operator: Hang, households: Nha, households_served: Noi}\n"
REST = ("--kind", "fixed", "--period", "2026Q3")
NOW = dt.datetime(2026, 9, 1, tzinfo=dt.UTC)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    first, second, mapping = (tmp_path / name for name in ("a.csv", "b.csv", "m.yaml"))
    first.write_text(FILE.format(19753))
    second.write_text(FILE.format(19774))
    mapping.write_text(MAPPING)
    return first, second, mapping


def codes(done: dict[str, object]) -> set[str]:
    return {fault["code"] for fault in done["faults"]}  # type: ignore[attr-defined]


@pytest.mark.usefixtures("home")
def test_the_same_columns_need_no_mapping_again(files: tuple[Path, Path, Path]) -> None:
    first, second, mapping = files
    assert document("ingest", second, *REST)["exit_code"] == 1
    assert document("ingest", first, *REST, "--mapping", mapping, "--dry-run")["exit_code"] == 0
    assert document("ingest", second, *REST)["exit_code"] == 1, "a rehearsal teaches nothing"
    stated = document("ingest", first, *REST, "--mapping", mapping)
    assert stated["exit_code"] == 0
    assert "mapping_remembered" not in codes(stated)
    done = document("ingest", second, *REST)
    assert done["exit_code"] == 0
    assert "mapping_remembered" in codes(done)
    again = document("ingest", second, *REST)
    assert again["datasets"] == done["datasets"], "the same file with the same mapping is the same data set"
    for other in (("--organisation", "khac"), ("--kind", "assets")):
        assert document("ingest", second, *REST, *other)["exit_code"] == 1
    assert document("ingest", second, "--period", "2026Q3", "--dry-run")["exit_code"] == 0, "the heading says the kind too"


@pytest.mark.usefixtures("home")
def test_a_refused_file_teaches_nothing(files: tuple[Path, Path, Path]) -> None:
    first, second, mapping = files
    first.write_text(FILE.format("khong-co"))
    assert document("ingest", first, *REST, "--mapping", mapping)["exit_code"] == 1
    assert "mapping_remembered" not in codes(document("ingest", second, *REST))


@pytest.mark.usefixtures("home")
def test_a_refusal_also_says_that_a_mapping_was_used_again(files: tuple[Path, Path, Path]) -> None:
    first, second, mapping = files
    assert document("ingest", first, *REST, "--mapping", mapping)["exit_code"] == 0
    second.write_text(FILE.format("khong-co"))
    done = document("ingest", second, *REST)
    assert done["exit_code"] == 1
    assert "mapping_remembered" in codes(done)


@pytest.mark.usefixtures("home")
def test_kept_mappings_are_listed_shown_and_forgotten(files: tuple[Path, Path, Path]) -> None:
    first, second, mapping = files
    assert "Chưa nhớ" in call("mapping", "list").stderr
    assert document("ingest", first, *REST, "--mapping", mapping)["exit_code"] == 0
    (kept,) = document("mapping", "list")["mappings"]  # type: ignore[misc]
    assert (kept["organisation"], kept["kind"], kept["file"], kept["columns"]) == (  # type: ignore[index]
        "so-khcn", "fixed", "a.csv", ["Xa", "Hang", "Nha", "Noi"],
    )  # fmt: skip
    shown = call("mapping", "show", kept["id"][:6])  # type: ignore[index]
    mapping.write_text(shown.stdout, encoding="utf-8")
    assert load_mapping(mapping).columns["ward_code"] == "Xa"
    assert call("mapping", "forget", kept["id"]).exit_code == 0  # type: ignore[index]
    assert document("ingest", second, *REST)["exit_code"] == 1
    assert call("mapping", "show", kept["id"]).exit_code != 0  # type: ignore[index]


def test_only_what_belongs_to_the_heading_is_kept() -> None:
    stated = FileMapping(
        crs=pyproj.CRS("EPSG:4756"),
        columns={"lon": "K"},
        constants={"operator": "vnpt", "period": "2026Q3", "time": "2026-08-01", "asset_class": "pole"},
    )
    kept = lasting(stated, Kind.ASSETS)
    assert kept is not None
    assert kept.crs is None, "no number tells degrees of VN-2000 from those of WGS 84"
    assert dict(kept.constants) == {"time": "2026-08-01", "asset_class": "pole"}
    assert "time" not in lasting(stated, Kind.MEASUREMENTS).constants  # type: ignore[union-attr]
    metres = lasting(FileMapping(crs=pyproj.CRS("EPSG:9214"), columns={"x": "X"}), Kind.ASSETS)
    assert metres is not None
    assert metres.crs == pyproj.CRS("EPSG:9214")
    assert lasting(FileMapping(crs=pyproj.CRS("EPSG:9214"), constants={"operator": "vnpt"}), Kind.ASSETS) is None


@given(st.dictionaries(WORDS, WORDS, max_size=4), st.sampled_from([None, ";", "\t"]), st.sampled_from([None, 9214, "EPSG:4326"]))
def test_a_mapping_written_is_read_the_same(
    tmp_path_factory: pytest.TempPathFactory, columns: dict[str, str], delimiter: str | None, crs: int | str | None
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.yaml"
    mapping = FileMapping(columns=columns, constants=columns, delimiter=delimiter, crs=None if crs is None else pyproj.CRS(crs))
    path.write_text(mapping_text(mapping), encoding="utf-8")
    read = load_mapping(path)
    assert (read.columns, read.constants, read.delimiter, read.crs) == (columns, columns, delimiter, mapping.crs)


@given(st.lists(WORDS, min_size=1, max_size=6, unique=True), st.randoms(use_true_random=False))
def test_order_of_columns_does_not_matter(columns: list[str], random: object) -> None:
    mixed = list(columns)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert signature(mixed) == signature(columns)
    assert signature([*columns, "cột nữa"]) != signature(columns)


def test_headings_of_no_latin_letter_and_of_other_units_are_other_headings() -> None:
    assert signature(["経度"]) != signature(["緯度"])
    assert signature(["tải (kbit/s)"]) != signature(["tải (Mbit/s)"])


def test_memory_that_is_damaged_or_no_longer_fits_counts_as_none(tmp_path: Path) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text(MAPPING)
    remember(tmp_path, "so-khcn", Kind.FIXED, ["Xa", "Hang"], mapping, file="a.csv", used=NOW)
    kept = recall(tmp_path, "so-khcn", Kind.AUTO, ["HANG", "xã"])
    assert kept is not None
    assert kept.kind is Kind.FIXED
    assert find(tmp_path, kept.id[:4]) == kept
    with pytest.raises(MissingError):
        find(tmp_path, "")
    first, _, rest = kept.path.read_text("utf-8").partition("\n")
    kept.path.write_text(f"{first}\n{rest.replace('ward_code', 'no_such_column')}", "utf-8")
    assert recall(tmp_path, "so-khcn", Kind.FIXED, ["Xa", "Hang"]) is None
    kept.path.write_bytes(os.urandom(64))
    assert recall(tmp_path, "so-khcn", Kind.FIXED, ["Xa", "Hang"]) is None
    assert all_remembered(tmp_path) == ()
    with pytest.raises(MissingError):
        forget(tmp_path, kept.id)


def test_two_kinds_with_one_heading_are_not_guessed_between(tmp_path: Path) -> None:
    mapping = tmp_path / "m.yaml"
    mapping.write_text("columns: {operator: Hang}\n")
    for kind in (Kind.FIXED, Kind.SITES):
        remember(tmp_path, "so-khcn", kind, ["Hang"], mapping, file="a.csv", used=NOW)
    assert recall(tmp_path, "so-khcn", Kind.AUTO, ["Hang"]) is None
    assert recall(tmp_path, "so-khcn", Kind.SITES, ["Hang"]) is not None
