"""Runs the notebooks: side by side, once for each state of code and data, and says which fails."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# What a notebook's result depends on besides its own text: a cache that looked at the text alone
# would show old numbers after a change in the code.
_FINGERPRINTED = ("src/**/*.py", "data/*", "tests/reference/**/*.json", "requirements.lock")
_TIMEOUT = 300


def execute_notebooks(home: Path, target: Path) -> None:
    """Write executed copies of all notebooks.

    Parameters
    ----------
    home : pathlib.Path
        The project folder. Notebooks run in its folder ``notebooks``, so that they read and write
        the same paths as in JupyterLab.
    target : pathlib.Path
        Where the executed copies go.

    Raises
    ------
    RuntimeError
        If a notebook fails; every failing one is named with its cell and error.
    """
    notebooks = sorted((home / "notebooks").glob("*.ipynb"))
    cache = home / "build" / "executed" / fingerprint(home, _FINGERPRINTED)
    for old in (home / "build" / "executed").glob("*"):
        if old != cache:  # results of other code or data are never wanted again
            shutil.rmtree(old, ignore_errors=True)
    cache.mkdir(parents=True, exist_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    # numerical libraries that each take all cores would only stand in each other's way
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        failures = [
            text for text in pool.map(lambda path: _execute(path, cache), notebooks) if text
        ]
    if failures:
        raise RuntimeError("\n\n".join(failures))
    for path in notebooks:
        shutil.copyfile(_cached(path, cache), target / path.name)


def fingerprint(home: Path, patterns: Iterable[str]) -> str:
    """Return a short digest of the names and contents of files."""
    digest = hashlib.sha256()
    for pattern in patterns:
        for path in sorted(home.glob(pattern)):
            if path.is_file():
                digest.update(path.relative_to(home).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _cached(path: Path, cache: Path) -> Path:
    return cache / f"{path.stem}-{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}.ipynb"


def _execute(path: Path, cache: Path) -> str:
    """Execute one notebook unless its result is there; return what failed, or nothing."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    done = _cached(path, cache)
    if done.exists():
        return ""
    started = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=_TIMEOUT,
        kernel_name="python3",
        # a kernel otherwise warns that it talks over TCP, on this machine only
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
    except CellExecutionError as error:
        number = next(
            i + 1
            for i, cell in enumerate(notebook.cells)
            if any(out.output_type == "error" for out in cell.get("outputs", []))
        )
        return f"notebooks/{path.name} failed in cell {number}:\n{error}"
    partial = done.with_suffix(".partial")  # an interrupted write must not look finished
    nbformat.write(notebook, partial)
    partial.rename(done)
    print(f"      {path.name} {time.perf_counter() - started:.0f} s", flush=True)
    return ""
