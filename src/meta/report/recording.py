"""Notes what a running notebook depends on: the files it reads and the modules it imports.

It runs in the notebook's own process, so it imports little and keeps out of the notebook's way.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]
_PROGRAMS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"}
_FOLDERS = {"os.listdir", "os.scandir"}
_WRITING = os.O_WRONLY | os.O_RDWR


def digest_of(path: Path) -> str:
    """Return a digest of what a file holds, or of a folder's names; empty if there is neither."""
    try:
        names = sorted(one.name for one in path.iterdir()) if path.is_dir() else None
        held = path.read_bytes() if names is None else "\n".join(names).encode()
    except OSError:
        return ""
    return hashlib.sha256(held).hexdigest()


def _loads_evidence() -> bool:
    frame: FrameType | None = sys._getframe()
    while frame and frame.f_code.co_name != "load_evidence":
        frame = frame.f_back
    return frame is not None


def record(log: str, home: str) -> None:
    """Write down from now on what this process reads, writes, imports and starts.

    Parameters
    ----------
    log : str
        The file to write. Each thing is a line of JSON at its first use: ``["read", path,
        digest]``, ``["write", path]``, ``["import", module]`` or ``["start", what]``. Tables of the
        project are loaded all at once: each is ``["loaded", path, digest]``, and ``["used", path]``
        when something of it is asked for.
    home : str
        The project folder. Files count that lie in it, unless they are built, installed or hidden,
        and files of this package. Modules count that are of this package.
    """
    os.environ["META_FOR_A_SITE"] = "1"  # which `meta.html` asks
    out = Path(log).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115 as long as it runs
    inside = tuple(f"{folder}{os.sep}" for folder in (home, PACKAGE))
    outside = tuple(f"{folder}{os.sep}" for folder in (Path(home, "build"), sys.prefix))
    data = f"{Path(home, 'data')}{os.sep}"
    package = __name__.partition(".")[0]
    seen: set[tuple[str, str]] = set()
    here = threading.local()

    def note(kind: str, what: str) -> None:
        if (kind, what) not in seen:
            seen.add((kind, what))
            of = [digest_of(Path(what))] if kind in {"read", "loaded"} else []
            out.write(json.dumps([kind, what, *of]) + "\n")

    def note_file(kind: str, given: Any) -> None:
        if isinstance(given, int):  # opened before, under its name
            return
        path = os.path.abspath(os.fsdecode("." if given is None else given))  # noqa: PTH100 no links
        counts = (
            path.startswith(inside) and not path.startswith(outside) and f"{os.sep}." not in path
        )
        # the report is not built unless every table is as it must be, so only what is used counts
        table = path.startswith(data) and not path.endswith(".json")
        if kind == "read" and table and _loads_evidence():
            kind = "loaded"
        # code counts as modules, compiled or being compiled
        if counts and not path.endswith(".py") and "__pycache__" not in path:
            note(kind, path)

    def look(event: str, given: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = given
            writes = set(mode) & set("wax+") if mode else (flags or 0) & _WRITING
            note_file("write" if writes else "read", path)
        elif event == "os.rename":
            note_file("write", given[1])
        elif event == "meta.table":
            note_file("used", given[0])
        elif event in _PROGRAMS:
            note("start", str(given[0]))
        # looking for a module, Python lists folders: the module counts, if there is one
        elif "importlib" not in sys._getframe(2).f_code.co_filename:
            note_file("read", given[0])

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event not in watched or getattr(here, "busy", False):
            return
        here.busy = True
        try:
            look(event, given)
        except Exception as error:  # what cannot be noted must not disturb, and cannot be kept
            note("start", repr(error))
        finally:
            here.busy = False

    def note_module(name: str) -> None:
        if name.partition(".")[0] == package:
            note("import", name)

    class Watcher:
        """Sees every module that is looked for, and finds none."""

        @staticmethod
        def find_spec(name: str, *_: Any) -> None:
            note_module(name)

    watched = {"open", "os.rename", "meta.table", *_FOLDERS, *_PROGRAMS}
    for name in list(sys.modules):
        note_module(name)
    sys.meta_path.insert(0, Watcher)
    sys.addaudithook(hook)
