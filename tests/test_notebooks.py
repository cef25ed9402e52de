"""The notebooks: they run from a clean start, offline, without a warning, label what is simulated, and are committed without outputs."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST_FUNCTION = 5
LABEL = "số liệu mô phỏng"
EXPECTED = {
    # figures, tables, and words that the story cannot be told without
    "coverage-story": (6, 4, ("chưa đủ dữ liệu để kết luận", "khu vực chưa bảo đảm phủ sóng", "khoảng tin cậy 90%")),
    "sharing-story": (4, 11, ("không phải đào", "chưa khảo sát", "Đầu mối", "rẻ hơn", "nằm trong lõi", "Shapley", "QCVN 33:2019")),
    "your-own-data": (1, 6, ("từ chối", "dòng 5", "thêm mới: False", "manifest.json")),
}
by_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(book: NotebookNode, kind: str) -> list[NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == kind]


def run(path: Path, folder: Path) -> NotebookNode:
    """Return a notebook as it is after a run in a folder of its own, by the command of the developer's guide."""
    copy = folder / path.name
    shutil.copy(path, copy)
    settings = ("HATANG_", "PYTHON", "JUPYTER", "MPL")  # MPLBACKEND, which Streamlit sets, would leave the figures out
    environment = {key: value for key, value in os.environ.items() if not key.startswith(settings)}
    environment |= {
        "HATANG_HOME": str(folder / "nobody"),
        "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    command = [sys.executable, "-m", "pytest", "--nbmake", "--overwrite", "--nbmake-timeout=300", "-q", "-p", "no:cacheprovider", path.name]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return nbformat.read(copy, as_version=4)


def test_there_are_three_stories() -> None:
    assert {path.stem for path in NOTEBOOKS} == set(EXPECTED)


@by_notebook
def test_no_output_is_committed(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert [cell.id for cell in cells(book, "code") if cell.outputs or cell.execution_count is not None] == []
    assert book.metadata.kernelspec.name == "python3"


@by_notebook
def test_no_function_is_longer_than_five_lines(path: Path) -> None:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    for cell in cells(nbformat.read(path, as_version=4), "code"):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, functions):
                assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{path.name}, line {node.lineno}: {cell.source}"


@by_notebook
def test_markdown_has_title_question_source_conclusion_and_a_line_of_english_in_each_section(path: Path) -> None:
    texts = [cell.source for cell in cells(nbformat.read(path, as_version=4), "markdown")]
    assert texts[0].startswith("# ")
    assert "**Câu hỏi.**" in texts[0]
    assert "**Nguồn số liệu.**" in texts[0]
    assert LABEL in texts[0].lower()
    assert texts[-1].startswith("## Kết luận")
    assert [text for text in texts if "*In English:" not in text] == []


@pytest.mark.slow
@by_notebook
def test_notebook_tells_its_story(path: Path, tmp_path: Path) -> None:
    book = run(path, tmp_path)
    outputs = [output for cell in cells(book, "code") for output in cell.outputs]
    said = [output.text for output in outputs if output.output_type == "stream" and output.name == "stdout"]
    shown = [output.data for output in outputs if output.output_type in ("display_data", "execute_result")]
    warned = [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert warned == []
    figures, tables, words = EXPECTED[path.stem]
    assert sum("image/png" in data for data in shown) >= figures
    tabled = [data["text/html"] for data in shown if "text/html" in data]
    assert len(tabled) >= tables
    everything = " ".join([*said, *tabled])
    assert LABEL in everything.lower()
    assert [word for word in words if word not in everything] == []
    assert not (tmp_path / "nobody").exists(), "a notebook leaves the store of its user alone"
