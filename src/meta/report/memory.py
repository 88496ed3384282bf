"""What earlier runs read and wrote: a run is repeated only if something of it has changed."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from meta.report.recording import PACKAGE, digest_of


def digest(*parts: str) -> str:
    """Return one digest of several texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def tree_digest(*folders: Path, leaving: Iterable[str] = ()) -> str:
    """Return one digest of all files in some folders, by name and by what they hold."""
    left = set(leaving)
    return digest(
        *(
            f"{path.relative_to(folder).as_posix()} {digest_of(path)}"
            for folder in folders
            for path in files_in(folder)
            if not left & set(path.relative_to(folder).parts)
        )
    )


def files_in(folder: Path) -> Iterator[Path]:
    """List the files below a folder in the order of their names."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


@cache
def code_digest() -> str:
    """Return a digest of this package: its code and the files beside it, when first asked for."""
    return tree_digest(PACKAGE, leaving=["__pycache__"])


def environment() -> str:
    """Return a digest of Python and of what is installed, by names and versions."""
    installed = {one.name for folder in sys.path for one in Path(folder).glob("*.dist-info")}
    return digest(sys.version, *sorted(installed))


class Memory:
    """What runs depended on and what they left behind.

    Parameters
    ----------
    folder : pathlib.Path
        Where it is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._modules = {
            ".".join(("meta", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
                ".__init__"
            ): digest_of(path)
            for path in PACKAGE.rglob("*.py")
        }
        self._environment = environment()

    def path(self, name: str, suffix: str) -> Path:
        """Say where something of a run is kept."""
        return self._folder / f"{name}{suffix}"

    def knows(self, name: str, own: str) -> bool:
        """Whether a run would do and leave what it did and left the last time.

        Parameters
        ----------
        name : str
            The run's name.
        own : str
            Digest of the run's own text.
        """
        kept = read_note(self.path(name, ".json"))
        return (
            isinstance(kept, dict)
            and kept["own"] == digest(own, self._environment)
            and all(self._modules.get(module) == of for module, of in kept["modules"].items())
            and all(digest_of(Path(path)) == of for path, of in kept["files"].items())
        )

    def learn(self, name: str, own: str, left: Iterable[Path]) -> None:
        """Keep what a run did, by its recording.

        Parameters
        ----------
        name, own : str
            As for `knows`.
        left : iterable of path
            Files that the run left in this folder.
        """
        files: dict[str, str] = {}
        loaded: dict[str, str] = {}
        modules: dict[str, str | None] = {}
        written = [str(path) for path in left]
        for line in self.path(name, ".log").read_text(encoding="utf-8").splitlines():
            kind, what, *of = json.loads(line)
            if kind == "start":
                return  # nobody knows what another program reads
            elif kind == "import":
                modules[what] = self._modules.get(what)
            elif kind == "read":
                files[what] = of[0]
            elif kind == "loaded":
                loaded[what] = of[0]
            elif kind == "used":
                files |= {what: loaded[what]} if what in loaded else {}
            else:
                written.append(what)
        files |= {path: digest_of(Path(path)) for path in written}
        kept = {"own": digest(own, self._environment), "modules": modules, "files": files}
        write_whole(self.path(name, ".json"), json.dumps(kept, indent=1))

    def forget_all_but(self, names: Iterable[str]) -> None:
        """Throw away what was kept of runs that are gone."""
        kept = set(names)
        for path in self._folder.iterdir():
            if path.stem not in kept:
                path.unlink()


def read_note(path: Path) -> Any:
    """Read what was kept in a file of JSON: nothing, if there is none or it is damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_whole(path: Path, held: str | bytes) -> None:
    """Write a file in one step: whoever is interrupted leaves the old one."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(held.encode() if isinstance(held, str) else held)
    partial.replace(path)
