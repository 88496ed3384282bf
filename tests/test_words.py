"""Texts that a reader sees do not fall back into words that readers stumbled over."""

from __future__ import annotations

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
    """Return what is written for readers, by file; broken lines are joined."""
    found = {}
    for path in (root / "notebooks").glob("*.ipynb"):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        found[path.name] = "\n\n".join("".join(cell["source"]) for cell in cells)
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
            found[str(path.relative_to(root))] = path.read_text(encoding="utf-8")
    # the parts of a text that is written over several lines of Python
    return {name: re.sub(r'"\s*\n\s*f?"|\s*\n\s*', " ", text) for name, text in found.items()}


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
