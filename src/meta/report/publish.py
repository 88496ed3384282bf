"""Moves a finished report into its place in one step, and lets one build at a time do so."""

from __future__ import annotations

import ctypes
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from meta.report.memory import files_in, read_note, tree_digest, write_whole
from meta.report.project import Project
from meta.report.recording import digest_of

_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux


@contextmanager
def alone(project: Project) -> Iterator[None]:
    """Build alone: wait for another build of the same project, and say which that is."""
    project.build.mkdir(exist_ok=True)
    holder = project.build / "builder.json"
    lock = FileLock(project.build / "build.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"      waiting for {_who(holder)}", flush=True)
        lock.acquire()
    try:
        by = {
            "process": os.getpid(),
            "machine": platform.node(),
            "since": time.strftime("%H:%M:%S"),
        }
        write_whole(holder, json.dumps(by))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _who(holder: Path) -> str:
    match read_note(holder):
        case {"process": process, "machine": machine, "since": since}:
            return f"process {process} on {machine}, which has been building since {since}"
        case _:
            return "another process, which builds this report"


def publish(project: Project, single: str) -> None:
    """Put a report in the place of the last one.

    Parameters
    ----------
    project : Project
        The project, whose prepared site is taken.
    single : str
        The text of the single file.
    """
    fresh = project.build / "site.next"
    shutil.rmtree(fresh, ignore_errors=True)  # of a build that was ended here
    if tree_digest(project.site) != tree_digest(project.prepared):
        shutil.copytree(project.prepared, fresh)
        _exchange(fresh, project.site)
        shutil.rmtree(fresh, ignore_errors=True)
    write_whole(project.single, single)
    write_whole(project.build / "provenance.json", json.dumps(provenance(project), indent=2) + "\n")


def _exchange(fresh: Path, place: Path) -> None:
    """Put a folder in the place of another, of which nobody ever finds a part."""
    if not place.exists():
        fresh.rename(place)
        return
    if sys.platform == "linux":
        swap = getattr(ctypes.CDLL(None), "renameat2", None)
        paths = os.fsencode(fresh), os.fsencode(place)
        if swap and swap(_HERE, paths[0], _HERE, paths[1], _EXCHANGE) == 0:
            return
    old = place.with_name(f"{place.name}.old")  # elsewhere it takes two steps, one after the other
    shutil.rmtree(old, ignore_errors=True)
    place.rename(old)
    fresh.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def provenance(project: Project) -> dict[str, Any]:
    """Say what a report was built from: the data by checksum, the commit, every version."""
    installed = importlib.metadata.distributions()
    commit = _git(project.home, "rev-parse", "HEAD")
    return {
        "commit": commit,
        "uncommitted_changes": bool(_git(project.home, "status", "--porcelain"))
        if commit
        else None,
        "sha256": {
            path.relative_to(project.home).as_posix(): digest_of(path)
            for path in [*files_in(project.home / "data"), *project.notebooks]
        },
        "python": platform.python_version(),
        "packages": dict(sorted({one.name: one.version for one in installed}.items())),
    }


def _git(home: Path, *command: str) -> str | None:
    try:
        run = subprocess.run(["git", "-C", str(home), *command], capture_output=True, text=True)
    except OSError:
        return None  # there is no git here
    return run.stdout.strip() if run.returncode == 0 else None
