"""Texts that a reader sees do not fall back into words that readers stumbled over."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

# said in other words now; each pattern stands for its kind
OLD_WORDS = (
    r"with the(se)? searches( made)?",
    r"no proof that it does not exist",
    r"what turned up",
    r"\bevidence exists\b|cannot decide",
    r"nobody (has )?(ever )?(measured|compared|tested)",
    r"claimed figures on the real intervals",
    r"for a wide public",
    r"is nothing at all|far above nothing",
    r"counted are\b|pooled are\b|shown are\b",
    r"evidence: indirect",
    r"it rests on:",
    r"trials of outcomes do not test",
    r"not judged here",
    r"could meet or miss",
    r"is a convention for a trial",
    r"not a safe number",
    r"could lie anywhere",
    r"allow the sum",
    r"rounded by itself",
    r"to the control, \d",
    r"article not read",
    r"no source is named",
    r"who is let in|that are let in",
    r"and to mind",
    r"free of doubt",
    r"beside the yardsticks",
)
_OLD = re.compile("|".join(f"(?:{pattern})" for pattern in OLD_WORDS), re.IGNORECASE)


def _texts(root: Path) -> dict[str, str]:
    """Return what is written for readers, by file, in one line each."""
    found = {}
    for path in (root / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        text = " ".join(" ".join("".join(cell["source"]) for cell in cells).split())
        found[path.name] = re.sub(r'" f?"', "", text)  # a text over several lines of code
    report = root / "src" / "meta" / "report"
    for folder, pattern in (
        (root, "*.md"),
        (root / "docs", "*.md"),
        (root / "examples", "**/*.ipynb"),
        (root / "src" / "meta" / "evidence" / "new_project_template", "**/*.*"),
        (root / "report" / "pages", "*.md"),
        (root / "data", "*.csv"),
        (root / "data", "README.md"),
        (root / "data", "datapackage.json"),
        (report, "**/*.py"),
        (report / "skeleton", "pages/*.md"),
        (root / "src" / "meta" / "templates", "*"),
        (root / "src" / "meta" / "claims", "*.py"),
        (root / "src" / "meta" / "synthesis" / "without_pooling", "*.py"),
    ):
        for path in folder.glob(pattern):
            text = path.read_text(encoding="utf-8")
            said = _strings(text) if path.suffix == ".py" else text
            found[str(path.relative_to(root))] = " ".join(said.split())
    return found


def _strings(code: str) -> str:
    """Return the texts of a module that it may show: no docstring and no comment."""
    tree = ast.parse(code)
    own = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    every = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return "\n".join(
        str(node.value) for node in every if isinstance(node.value, str) and id(node) not in own
    )


def test_old_words_are_gone(root: Path):
    found = [
        f"{name}: {text[max(0, hit.start() - 40) : hit.end() + 40]}"
        for name, text in _texts(root).items()
        for hit in _OLD.finditer(text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "was not found with the searches made",
        "evidence exists and cannot decide",
        "nobody measured it in the people or with the salt of the claim",
        "Counted are trials in the people of the claim",
        "each figure is rounded by itself",
        "provisional: article not read",
        "Assumed, and to mind",
    ],
)
def test_an_old_word_is_noticed(text):
    assert _OLD.search(text)
