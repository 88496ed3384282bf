"""From the project folder to the HTML report."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from meta.errors import DataError
from meta.report.single_file import write_single_file

# what the notebooks' results depend on besides their own text
_FINGERPRINTED = ("src/**/*.py", "data/*", "tests/reference/*.json", "requirements.lock")


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
        If a notebook fails (its name and cell are named) or a page refers to something missing.
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
    _say(2, f"executing {len(_notebooks(home))} notebooks and building the site")
    site = home / "build" / "site"
    _sphinx(home, source, site)
    _say(3, "writing the single file")
    single = home / "build" / "report.html"
    write_single_file(site, single, _reading_order(source))
    print(f"      done in {time.perf_counter() - started:.0f} s", flush=True)
    index = site / "index.html"
    size = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    print(f"      the site, {size / 1e6:.1f} MB: {index.as_uri()}", flush=True)
    print(f"      one file, {single.stat().st_size / 1e6:.1f} MB: {single.as_uri()}", flush=True)
    return index


def _say(step: int, text: str) -> None:
    print(f"[{step}/3] {text}", flush=True)


def _reading_order(source: Path) -> list[str]:
    """List every page as a reader meets them: the landing page, notebooks, the rest, studies."""
    pages = [
        path.relative_to(source).with_suffix("").as_posix()
        for pattern in ("*.md", "notebooks/*.ipynb", "articles/*.md", "trials/*.md", "reference/*")
        for path in sorted(source.glob(pattern))
    ]
    first = ("index", "articles/", "notebooks/", "methods", "trials", "data", "api")
    rank = {page: [page.startswith(start) for start in (*first, "")].index(True) for page in pages}
    return sorted(pages, key=lambda page: (rank[page], pages.index(page)))


def _notebooks(home: Path) -> list[Path]:
    return sorted((home / "notebooks").glob("*.ipynb"))


def _assemble(home: Path) -> Path:
    """Lay out the pages: hand-written ones, generated ones, and the notebooks where they are."""
    from meta.report.pages import write_pages

    source = home / "build" / "source"
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(home / "report" / "pages", source)
    # linked, not copied: they run in their own folder and write the project's figures
    (source / "notebooks").symlink_to(home / "notebooks", target_is_directory=True)
    (source / "figures").symlink_to(home / "figures", target_is_directory=True)
    write_pages(home, source)
    return source


def _fingerprint(home: Path) -> str:
    digest = hashlib.sha256()
    for pattern in _FINGERPRINTED:
        for path in sorted(home.glob(pattern)):
            if path.is_file():
                digest.update(str(path.relative_to(home)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sphinx(home: Path, source: Path, site: Path) -> None:
    cache = home / "build" / "cache" / _fingerprint(home)
    for old in (home / "build" / "cache").glob("*"):
        if old != cache:  # results of other code or data are never wanted again
            shutil.rmtree(old, ignore_errors=True)
    # a page whose notebook was not run again would keep the numbers of the old fingerprint
    doctrees = home / "build" / "doctrees" / cache.name
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-c", str(home / "report")]
    command += ["-d", str(doctrees), "-W", "--keep-going", str(source), str(site)]
    environment = os.environ | {"META_NOTEBOOK_CACHE": str(cache), "PYTHONWARNINGS": "ignore"}
    run = subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines: list[str] = []
    for line in run.stdout or ():
        text = re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip()
        lines.append(text)
        if text.startswith("Executing:") or "Executing notebook" in text:
            print(f"      {Path(text.split()[-1]).name}", flush=True)
    if run.wait():
        raise RuntimeError("the report was not built\n" + _failure(lines))


def _failure(lines: list[str]) -> str:
    """Keep what tells a reader where the build failed."""
    wanted = [line for line in lines if re.search(r"WARNING|ERROR|Error|error", line)]
    return "\n".join(wanted[-40:] or lines[-40:])
