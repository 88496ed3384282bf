"""Public names are the same for Python and for type checkers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import meta


def typed() -> dict[str, str]:
    tree = ast.parse(Path(meta.__file__).read_text(encoding="utf-8"))
    (block,) = [
        node for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]  # fmt: skip
    return {
        alias.asname or "": f"{node.module}:{alias.name}"
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_type_checkers_see_every_public_name():
    modules = {
        name: f"{place[:-1].rpartition('.')[0]}:{place[:-1].rpartition('.')[2]}"
        for name, place in meta._PUBLIC.items()
        if place.endswith(":")
    }
    assert typed() == meta._PUBLIC | modules


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("meta.nosuch(1)", 'has no attribute "nosuch"'),
        ("meta.pool([0.1], [0.2], modle='random')", 'Unexpected keyword argument "modle"'),
        ("print(meta.pool([0.1], [0.2]).estimat)", 'has no attribute "estimat"'),
        ("fit: meta.Pooled = meta.pool([0.1], [0.2])\nprint(fit.tau2 + fit.estimate)", ""),
    ],
)
def test_a_type_checker_reads_a_file_of_a_user(line, fault, tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(f"import meta\n\n{line}\n", encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent",
         "--cache-dir", str(tmp_path.parent / "mypy"), str(file)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert fault in found.stdout
    assert (found.returncode == 0) == (fault == ""), found.stdout
