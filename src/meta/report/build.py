"""From the project folder to the HTML report."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from meta.errors import DataError
from meta.report.execute import execute_notebooks
from meta.report.single_file import write_single_file


def build(root: Path | str = ".") -> Path:
    """Execute the notebooks and build the HTML report.

    Parameters
    ----------
    root : path
        The project folder, which holds ``data``, ``notebooks`` and ``report``.

    Returns
    -------
    pathlib.Path
        The landing page, ``build/site/index.html``.

    Raises
    ------
    DataError
        If the folder is not the project, or the data tables have faults.
    RuntimeError
        If a notebook fails (it is named with its cell) or a page refers to something missing.
    """
    home = Path(root).resolve()
    missing = [
        name for name in ("data", "notebooks", "report/conf.py") if not (home / name).exists()
    ]
    if missing:
        raise DataError(
            f"{home} is not the project folder: {', '.join(missing)} missing. "
            "Run `make report` where the Makefile is"
        )
    started = time.perf_counter()
    _say(1, "checking the data and writing the generated pages")
    source = _assemble(home)
    _say(2, "executing the notebooks")
    execute_notebooks(home, source / "notebooks")
    _fold_code(source / "notebooks")
    _say(3, "building the site")
    site = home / "build" / "site"
    _sphinx(home, source, site)
    _say(4, "writing the single file")
    single = home / "build" / "report.html"
    write_single_file(site, single, _reading_order(source))
    print(f"      done in {time.perf_counter() - started:.0f} s", flush=True)
    index = site / "index.html"
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    print(f"      the site, {size / 1e6:.1f} MB: {index.as_uri()}", flush=True)
    print(f"      one file, {single.stat().st_size / 1e6:.1f} MB: {single.as_uri()}", flush=True)
    return index


def _say(step: int, text: str) -> None:
    print(f"[{step}/4] {text}", flush=True)


def _reading_order(source: Path) -> list[str]:
    """List every page as a reader meets them: the landing page, notebooks, the rest, studies."""
    pages = [
        path.relative_to(source).with_suffix("").as_posix()
        for pattern in ("*.md", "notebooks/*.ipynb", "articles/*.md", "trials/*.md", "reference/*")
        for path in sorted(source.glob(pattern))
    ]
    first = ("index", "articles/", "notebooks/", "methods", "trials", "results", "data", "api")
    rank = {page: [page.startswith(start) for start in (*first, "")].index(True) for page in pages}
    return sorted(pages, key=lambda page: (rank[page], pages.index(page)))


def _assemble(home: Path) -> Path:
    """Lay out the hand-written and the generated pages."""
    from meta.report.pages import write_pages

    source = home / "build" / "source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(home / "report" / "pages", source)
    shutil.copytree(home / "figures", source / "figures")
    write_pages(home, source)
    return source


def _fold_code(notebooks: Path) -> None:
    """Fold the code of every cell: on the pages the answer comes first, the code on demand."""
    import nbformat

    for path in sorted(notebooks.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.source.strip():
                tags = cell.metadata.get("tags", [])
                cell.metadata["tags"] = [
                    *(tag for tag in tags if tag != "hide-input"),
                    "hide-input",
                ]
        nbformat.write(notebook, path)


def _sphinx(home: Path, source: Path, site: Path) -> None:
    """Turn the pages into HTML; a warning, such as a broken link, is a failure."""
    shutil.rmtree(site, ignore_errors=True)  # a page that is gone must not stay behind
    command = [sys.executable, "-W", "ignore", "-m", "sphinx", "-b", "html"]
    command += ["-c", str(home / "report"), "-d", str(home / "build" / "doctrees")]
    command += ["-W", "--keep-going", "-q", "-j", "auto", str(source), str(site)]
    run = subprocess.run(command, text=True, capture_output=True, check=False)
    if run.returncode:
        raise RuntimeError(f"the site was not built\n{_failure(run.stdout + run.stderr)}")


def _failure(output: str) -> str:
    """Keep what tells a reader where the build failed."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", output).splitlines()
    wanted = [line for line in lines if re.search(r"WARNING|ERROR|Error", line)]
    return "\n".join(wanted[-40:] or lines[-40:])
