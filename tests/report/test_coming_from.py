"""Every line of the page for people who come from other programs runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import meta

ROOT = Path(__file__).parents[2]
FILES = ROOT / "tests" / "evidence" / "files"
PAGE = (ROOT / "report" / "pages" / "coming_from.md").read_text(encoding="utf-8")
# the last cell of each row of a table, without the column heads
LINES = re.findall(r"^\| .* \| `([^`]+)` \|$", PAGE, flags=re.MULTILINE)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    frame = meta.read_table(FILES / "bcg.csv").frame
    frame.assign(
        year=range(1933, 1946),
        region=["N", "S"] * 6 + ["N"],
        team=[f"team {i // 2}" for i in range(13)],
    ).to_csv(tmp_path / "trials.csv", index=False)
    (tmp_path / "means.csv").write_bytes((FILES / "tab.tsv").read_bytes())
    (tmp_path / "bias.csv").write_bytes((FILES / "rob1.csv").read_bytes())
    text = "study,effectSize,standardError\nA,-0.3,0.2\nB,0.1,0.3\nC,-0.5,0.25\n"
    (tmp_path / "effects.csv").write_text(text, encoding="utf-8")
    text = "study,O-E,Variance\nA,-3.2,4.5\nB,1.1,3.0\n"
    (tmp_path / "log_rank.csv").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def test_every_line_runs(folder):
    names: dict[str, object] = {"meta": meta}
    for line in LINES:
        try:
            exec(line, names)
        except Exception as error:
            pytest.fail(f"{line}: {type(error).__name__}: {error}")
    assert len(LINES) == len(re.findall(r"^\| (?!in |---)", PAGE, flags=re.MULTILINE))
    assert isinstance(names["fit"], meta.Pooled)


def test_no_row_is_only_said():
    """What stands on the right is code, so that nothing of the page escapes the test."""
    for row in re.findall(r"^\| .*$", PAGE, flags=re.MULTILINE):
        assert row in ("|---|---|",) or row.startswith("| in ") or row.endswith("` |"), row
