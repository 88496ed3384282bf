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
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    defined = [node.lineno for node in ast.walk(tree) if isinstance(node, kinds)]
    assert not defined, f"move these to the module: lines {defined}"


@pytest.mark.parametrize("name", BY_NAME)
def test_can_be_read_in_one_sitting(name):
    every = cells(name)
    assert 12 <= len(every) <= 25
    longest = max(len(cell.source.splitlines()) for cell in every if cell.cell_type == "code")
    assert longest <= 25, "a cell of this length wants to be a function of the module"


@pytest.mark.parametrize("name", BY_NAME)
def test_uses_public_names_only(name):
    imported = {
        node.module
        for node in ast.walk(ast.parse(code_of(name)))
        if isinstance(node, ast.ImportFrom)
    }
    assert not {module for module in imported if module and module.split(".")[0] == "meta"}


# the galleries show what can be drawn and answer nothing
@pytest.mark.parametrize("name", [name for name in BY_NAME if not name.startswith("8")])
def test_ends_with_limits_and_sources(name):
    headings = [
        line.removeprefix("## ").lower()
        for cell in cells(name)
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("## ")
    ]
    assert headings[-2:] == ["limits", "sources"]
    assert any("left out" in heading for heading in headings), "say what is left out, and why"
    assert any("answer" in heading for heading in headings[:2]), "the answer comes first"


def test_every_figure_has_one_maker(root: Path):
    makers: dict[str, list[str]] = {}
    for name in BY_NAME:
        for node in ast.walk(ast.parse(code_of(name))):
            if isinstance(node, ast.Constant) and str(node.value).startswith("../figures/"):
                makers.setdefault(Path(str(node.value)).name, []).append(name)
    assert {figure: names for figure, names in makers.items() if len(set(names)) > 1} == {}
    kept = {path.name for path in (root / "figures").iterdir()}
    assert kept == set(makers), "figures without a maker, or made and not kept"
