"""What the process that reads files loads, and when: a table of text waits for nothing else, and a wrong name costs time alone."""

import ast
import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import ezdxf
import ezdxf.filemanagement
import openpyxl
import pandas as pd
import pytest

from hatang.data import _readinglibraries, sandbox
from hatang.data._readinglibraries import EVERYTHING, LATE, TEXT, WORKBOOKS, load
from hatang.data.contracts import Kind
from hatang.data.reading import ReadOptions, read
from hatang.data.sandbox import read_apart

ROWS = {
    "asset_id": ["P1", "P2"],
    "asset_class": ["pole", "chamber"],
    "owner": ["vnpt", "viettel"],
    "lon": [107.58, 107.59],
    "lat": [16.46, 16.47],
}


def modules_after(statements: str) -> set[str]:
    """Return every module that a process of its own has loaded after some statements."""
    program = f"{statements}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", program], check=True, capture_output=True, text=True, timeout=120)
    return set(json.loads(done.stdout))


def test_a_table_of_text_loads_neither_drawings_nor_grids_nor_workbooks() -> None:
    at_start = modules_after("import hatang.data._sandboxed")
    assert not at_start & {"ezdxf", "rasterio", "openpyxl", "numba", "scipy", "pandera", "sqlalchemy", "matplotlib"}
    assert not at_start & LATE


def test_everything_is_every_late_module() -> None:
    named = modules_after("import hatang.data._sandboxed\nfrom hatang.data._readinglibraries import load\nload(b'a')")
    assert named >= LATE
    assert "ezdxf" in named


def test_an_import_inside_a_reader_is_one_that_workers_are_given() -> None:
    at_start = modules_after("import hatang.data._sandboxed")
    room = Path(str(_readinglibraries.__file__)).parent
    strange = set()
    for name in sorted(module for module in at_start | LATE if module.startswith("hatang.data.")):
        if name in ("hatang.data._readinglibraries", "hatang.data._sandboxed"):  # these load, or try what must fail
            continue
        tree = ast.parse((room / f"{name.rpartition('.')[2]}.py").read_text("utf-8"))
        inner = [node for function in ast.walk(tree) if isinstance(function, ast.FunctionDef) for node in ast.walk(function)]
        asked = {str(node.module) for node in inner if isinstance(node, ast.ImportFrom)}
        asked |= {alias.name for node in inner if isinstance(node, ast.Import) for alias in node.names}
        strange |= {(name, module) for module in asked if module not in at_start and not {module, module.partition(".")[0]} & LATE}
    assert strange == {("hatang.data._roadfiles", "osmium")}  # a parser that the worker itself loads, by intention


def test_loading_twice_is_loading_once() -> None:
    for needed in (TEXT, WORKBOOKS, EVERYTHING, EVERYTHING):
        load(needed)
    assert set(sys.modules) >= LATE


@pytest.mark.parametrize("name", ["cot.csv", "cot.txt", "cot.xlsx", "cot.dat"])
def test_a_workbook_under_any_name_is_read_as_one(name: str, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in [list(ROWS), *zip(*ROWS.values(), strict=True)]:
        sheet.append(list(row))
    book.save(tmp_path / name)
    _same_apart(tmp_path / name, Kind.ASSETS, ReadOptions())


@pytest.mark.parametrize("name", ["cot.csv", "cot.dxf"])
def test_a_drawing_under_any_name_is_read_as_one(name: str, tmp_path: Path) -> None:
    drawing = ezdxf.filemanagement.new()
    for x in (560_000, 560_050):
        drawing.modelspace().add_point((x, 1_821_000), dxfattribs={"layer": "COT"})
    drawing.saveas(tmp_path / "cot.dxf")
    (tmp_path / "cot.dxf").rename(tmp_path / name)
    mapping = tmp_path / "m.yaml"
    mapping.write_text("columns: {asset_id: handle}\ncrs: EPSG:9214\nconstants: {owner: vnpt}\n")
    _same_apart(tmp_path / name, Kind.ASSETS, ReadOptions(mapping=mapping))


def _same_apart(source: Path, kind: Kind, options: ReadOptions) -> None:
    """Read a file in this process and, by a process that has loaded nothing late, apart: the same is told and written."""
    here, apart = source.parent / "here.arrow", source.parent / "apart.arrow"
    sandbox._HOST.stop()
    told = read_apart(source, apart, kind, options)
    expected = read(source, here, kind, options)
    assert dataclasses.asdict(told) == dataclasses.asdict(expected)
    assert expected.rows_kept == len(ROWS["lon"])
    assert apart.read_bytes() == here.read_bytes()


def test_a_table_of_text_is_read_by_a_process_that_loaded_nothing_late(tmp_path: Path) -> None:
    pd.DataFrame(ROWS).to_csv(tmp_path / "cot.csv", index=False)
    _same_apart(tmp_path / "cot.csv", Kind.ASSETS, ReadOptions())
    host = sandbox._HOST._process
    assert host is not None
    held = Path(f"/proc/{host.pid}/maps").read_text()
    assert "pyogrio" in held
    assert not [library for library in ("rasterio", "numba", "scipy") if f"/{library}/" in held]
