"""Runs the notebooks: side by side, once for each state of code and data, and says which fails."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from meta.report.warm_kernels import WarmKernels, warm_kernels

# What a notebook's result depends on besides its own text: a cache that looked at the text alone
# would show old numbers after a change in the code.
_FINGERPRINTED = ("src/**/*.py", "data/*", "validation/metafor/**/*.json", "requirements.lock")
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
    # The long ones stand last, so they go first: a long one that starts late runs alone.
    waiting = [path for path in reversed(notebooks) if not _cached(path, cache).exists()]
    # the kernels are left first, also on Ctrl-C: a notebook whose kernel has gone ends at once
    with (
        ThreadPoolExecutor(max_workers=os.cpu_count()) as pool,
        warm_kernels(len(waiting)) as kernels,
    ):
        failures = [
            text for text in pool.map(lambda path: _execute(path, cache, kernels), waiting) if text
        ]
    if failures:
        raise RuntimeError("\n\n".join(sorted(failures)))
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


def _execute(path: Path, cache: Path, kernels: WarmKernels | None) -> str:
    """Execute one notebook; return what failed, or nothing."""
    import nbformat
    from nbclient import NotebookClient

    done = _cached(path, cache)
    started = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    begun: list[int] = []
    client = NotebookClient(
        notebook,
        km=kernels.manager() if kernels else None,
        timeout=_TIMEOUT,
        kernel_name="python3",
        # a kernel otherwise warns that it talks over TCP, on this machine only, and may complain
        # when it is told to end
        extra_arguments=["--log-level=CRITICAL"],
        shutdown_kernel="immediate",  # all it had to do is done
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_start=lambda **at: begun.append(at["cell_index"] + 1),
    )
    try:
        client.execute(cleanup_kc=True)
    except Exception as error:  # an error of the notebook's, a dead kernel, too long a time
        place = f"in cell {begun[-1]}" if begun else "before its first cell"
        return f"notebooks/{path.name} failed {place}:\n{error}"
    partial = done.with_suffix(".partial")  # an interrupted write must not look finished
    nbformat.write(notebook, partial)
    partial.rename(done)
    print(f"      {path.name} {time.perf_counter() - started:.0f} s", flush=True)
    return ""
