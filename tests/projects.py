"""Small projects with the site's own settings, for the tests of building."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import nbformat

from meta.evidence.new_project import new_project
from meta.evidence.tables import Evidence
from meta.report.project import Project

ROOT = Path(__file__).resolve().parents[1]


def evidence_folder(place: Path) -> Path:
    """Write the two tables that evidence needs, as a new project has them, without their rows."""
    new_project(place)
    folder = place / "data"
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    package["resources"] = package["resources"][:2]
    package["resources"][1]["schema"]["foreignKeys"].pop()  # to the scales
    del package["question"]
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    kept = [folder / f"{table['name']}.csv" for table in package["resources"]]
    for path in folder.glob("*.csv"):
        header = path.read_text(encoding="utf-8").partition("\n")[0]
        path.unlink()
        if path in kept:
            path.write_text(f"{header}\n", encoding="utf-8")
    return folder


def project_in(home: Path, pages: dict[str, str]) -> Path:
    """Write a project of some pages."""
    (home / "report").mkdir(parents=True)
    (home / "notebooks").mkdir()
    (home / "data").symlink_to(ROOT / "data", target_is_directory=True)
    for name, text in pages.items():
        write_page(home, name, text)
    return home


def write_own_pages(project: Project, evidence: Evidence, folder: Path) -> None:
    """Take the project's own pages as they are, and generate none."""
    shutil.copytree(project.own / "pages", folder, dirs_exist_ok=True)


def write_page(home: Path, name: str, text: str) -> None:
    path = home / "report" / "pages" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_notebook(home: Path, name: str, code: str) -> None:
    """Write a notebook whose third cell holds the code."""
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# A question", id="first"),
            nbformat.v4.new_code_cell("import os, time", id="second"),
            nbformat.v4.new_code_cell(code, id="third"),
        ],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, home / "notebooks" / f"{name}.ipynb")


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(true: Callable[[], bool], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def children(pid: int) -> list[int]:
    """List the processes that a process has started, on Linux."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for listed in lists for child in listed.read_text("utf-8").split()]
