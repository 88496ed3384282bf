"""Sphinx in a process of its own, which imports what it needs while notebooks still run."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from importlib import import_module
from typing import Self

import meta
from meta.errors import BuildError
from meta.report.imports import leave_out_grammars
from meta.report.memory import code_digest, digest, environment, read_note, tree_digest, write_whole
from meta.report.project import Project
from meta.report.recording import digest_of

# what Sphinx and its extensions need
LIBRARIES = (
    "sphinx.cmd.build",
    "myst_nb.sphinx_ext",
    "furo",
    "numpydoc",
    "sphinxcontrib.bibtex",
    "bs4",
)
REFERENCE = "reference"  # the folder of pages that Sphinx writes by itself, a function each


class SphinxProcess:
    """A process that is ready to build a site, once, by the time that it is asked to."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Let it begin to import what it needs, also the modules whose documentation it reads."""
        read = sorted(set(meta._PUBLIC.values())) if self._project.lists_functions else ()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-m", __name__, *LIBRARIES, *read],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # Ctrl-C reaches the one who asked, who ends this
            env=os.environ | {"META_PROJECT": str(self._project.home)},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """End it, and what it started."""
        if self._process:
            if self._process.poll() is None:
                _end_group(self._process.pid)
            self._process.communicate()

    def build(self, arguments: list[str]) -> tuple[bool, str]:
        """Run Sphinx; say whether all went well, and what it wrote."""
        if not self._process:
            self.start()
        assert self._process
        assert self._process.stdin
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(arguments) + "\n")
            self._process.stdin.flush()
        assert self._process.stdout
        output = self._process.stdout.read()
        return self._process.wait() == 0, output


def build_site(project: Project, first: SphinxProcess) -> None:
    """Turn the pages into HTML; a warning, such as a broken link, is a failure.

    A build continues the last one, unless settings, code or what is installed have changed since.
    One that fails is repeated from nothing, so that nothing that an earlier build left behind can
    make it fail, and every warning is told.

    Parameters
    ----------
    project : Project
        The project folder.
    first : SphinxProcess
        Where it is built.

    Raises
    ------
    BuildError
        If the site cannot be built, or there are warnings.
    """
    note = project.work / "sphinx.json"
    settings = tree_digest(project.own, leaving=["pages"])
    sources = [digest_of(path) for path in sorted(project.source.glob("*.bib"))]
    state = digest(settings, repr(project.about), *sources, code_digest(), environment())
    pages = tree_digest(project.source, leaving=[REFERENCE])
    kept = read_note(note) or [None]
    if kept == [state, pages, tree_digest(project.prepared)]:
        return
    note.unlink(missing_ok=True)  # whoever is interrupted now begins from nothing
    went_well = False
    if kept[0] == state:
        # pages name these files with checksums of what is there, which in a first build is nothing
        shutil.rmtree(project.prepared / "_static", ignore_errors=True)
        went_well, output = first.build(_arguments(project))
    if not went_well:
        made = (project.doctrees, project.work / "jupyter_execute", project.source / REFERENCE)
        for folder in (project.prepared, *made):
            shutil.rmtree(folder, ignore_errors=True)
        with first if kept[0] != state else SphinxProcess(project) as again:
            went_well, output = again.build(_arguments(project))
    if not went_well:
        raise BuildError(f"the site was not built\n{_failure(output)}")
    write_whole(note, json.dumps([state, pages, tree_digest(project.prepared)]))


def _arguments(project: Project) -> list[str]:
    jobs = str((os.cpu_count() or 1) + 1)  # one of Sphinx's processes hands out the work
    return [
        *("-b", "html", "-q", "-W", "--keep-going", "-j", jobs),
        *("-c", str(project.settings), "-d", str(project.doctrees)),
        *(str(project.source), str(project.prepared)),
    ]


def _failure(output: str) -> str:
    """Keep what tells a reader where the build failed."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", output).splitlines()
    wanted = [line for line in lines if re.search(r"WARNING|ERROR|Error", line)]
    return "\n".join(wanted[-40:] or lines[-40:])


def _end_group(pid: int) -> None:
    with suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)


def _end_with_parent() -> None:
    # It ends when the one who asked ends. Not through sys.stdin: a process that is forked while a
    # thread holds its lock waits for ever.
    os.read(0, 1)
    _end_group(os.getpid())


def _main() -> None:
    leave_out_grammars()
    for name in sys.argv[1:]:
        with suppress(Exception):  # Sphinx reports it
            import_module(name)
    order = sys.stdin.readline()
    if order:
        threading.Thread(target=_end_with_parent, daemon=True).start()
        from sphinx.cmd.build import main

        sys.exit(main(json.loads(order)))


if __name__ == "__main__":
    _main()
