"""A folder of tables that tests may spoil."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

Spoil = Callable[[str, str, str, str], int]


@pytest.fixture
def folder(root: Path, tmp_path: Path) -> Path:
    """A copy of the project's own tables."""
    return Path(shutil.copytree(root / "data", tmp_path / "data"))


@pytest.fixture
def spoil(folder: Path) -> Spoil:
    """Overwrite one cell and return the physical line of its row."""

    def overwrite(file: str, key: str, column: str, value: str) -> int:
        path = folder / file
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        header = rows[0]
        (at,) = (i for i, row in enumerate(rows) if row[0] == key)
        rows[at][header.index(column)] = value
        written = io.StringIO(newline="")
        csv.writer(written, lineterminator="\n").writerows(rows)
        path.write_text(written.getvalue(), encoding="utf-8")
        return 1 + sum(len(list(io.StringIO(_line(row), newline=""))) for row in rows[:at])

    return overwrite


def _line(row: list[str]) -> str:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerow(row)
    return written.getvalue()
