"""The README's examples run as they stand, and its commands and links exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import meta


def examples(root: Path) -> list[str]:
    text = (root / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.parametrize("number", [0, 1])
def test_examples_run(number, root: Path, tmp_path: Path, monkeypatch, capsys):
    (tmp_path / "data").symlink_to(root / "data", target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    exec(compile(examples(root)[number], "README.md", "exec"), scope)
    printed = capsys.readouterr().out
    assert "Standardised mean difference" in printed
    if number == 0:
        assert (tmp_path / "forest.svg").stat().st_size > 1000
        assert "equal arms (45 and 45 of 90 randomised)" in printed


def test_there_are_no_other_examples(root: Path):
    assert len(examples(root)) == 2


def test_links_and_commands_exist(root: Path):
    text = (root / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (root / target).exists(), target
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    for command in re.findall(r"\bmake ([a-z]+)", text):
        assert re.search(rf"^{command}:", makefile, flags=re.MULTILINE), command


@pytest.mark.parametrize(
    "page",
    ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "src/meta/report/skeleton/pages/guides.md"],
)
def test_names_of_the_module_are_public(page, root: Path):
    text = (root / page).read_text(encoding="utf-8")
    named = set(re.findall(r"\bmeta\.([a-zA-Z]\w*)", text))
    assert named, page
    assert named <= set(meta.__all__)
