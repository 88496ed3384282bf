"""The notebooks keep to their form; that they run is what building the report shows."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))
BY_NAME = {path.stem: path for path in NOTEBOOKS}


def cells(name: str) -> list[nbformat.NotebookNode]:
    return nbformat.read(BY_NAME[name], as_version=4).cells


def code_of(name: str) -> str:
    return "\n".join(cell.source for cell in cells(name) if cell.cell_type == "code")


@pytest.mark.parametrize("name", BY_NAME)
def test_outputs_are_not_kept(name):
    for cell in cells(name):
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("name", BY_NAME)
def test_starts_with_a_title_and_holds_text(name):
    kinds = [cell.cell_type for cell in cells(name)]
    assert cells(name)[0].source.startswith("# ")
    assert kinds.count("markdown") >= len(kinds) / 4
    assert (
        sum(cell.source.startswith("# ") for cell in cells(name) if cell.cell_type == "markdown")
        == 1
    )


@pytest.mark.parametrize("name", BY_NAME)
def test_defines_no_functions(name):
    tree = ast.parse(code_of(name))
    defined = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    assert not defined, f"move these to the module: {defined}"


def test_every_figure_has_one_maker(root: Path):
    makers: dict[str, list[str]] = {}
    for name in BY_NAME:
        for node in ast.walk(ast.parse(code_of(name))):
            if isinstance(node, ast.Constant) and str(node.value).startswith("../figures/"):
                makers.setdefault(Path(str(node.value)).name, []).append(name)
    assert {figure: names for figure, names in makers.items() if len(set(names)) > 1} == {}
    kept = {path.name for path in (root / "figures").iterdir()}
    assert kept == set(makers), "figures without a maker, or made and not kept"
