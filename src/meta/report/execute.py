"""Runs the notebooks: side by side, each again only when something of it changed."""

from __future__ import annotations

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from meta.errors import BuildError
from meta.report.memory import Memory, write_whole
from meta.report.project import Project
from meta.report.recording import digest_of
from meta.report.warm_kernels import WarmKernels, warm_kernels

_TIMEOUT = 300


class Runs:
    """The runs of a project's notebooks.

    A notebook runs in the folder ``notebooks``, so that it reads and writes the same paths as in
    JupyterLab. While it runs, the files that it opens and the modules that it imports are noted:
    it runs again when one of them has changed, or something that it wrote is not as it left it.

    Parameters
    ----------
    project : Project
        The project folder.

    Attributes
    ----------
    waiting : list of pathlib.Path
        The notebooks that must be executed.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._memory = Memory(project.work / "notebooks")
        self._memory.forget_all_but(path.stem for path in project.notebooks)
        self.waiting = [
            path for path in project.notebooks if not self._memory.knows(path.stem, digest_of(path))
        ]

    def execute(self) -> None:
        """Execute the notebooks that wait.

        Raises
        ------
        BuildError
            If a notebook fails; every failing one is named with its cell and error.
        """
        if not self.waiting:
            return
        _check_loopback()
        # numerical libraries that each take all cores would only stand in each other's way
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        # the kernels are left first, also on Ctrl-C: a notebook whose kernel has gone ends at once
        with (
            # one more than cores: while a notebook waits for its kernel, a core has time
            ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 1) as pool,
            warm_kernels(len(self.waiting)) as kernels,
        ):
            # the long ones stand last, so they go first: one that starts late runs alone
            runs = pool.map(lambda path: self._run(path, kernels), reversed(self.waiting))
            failures = [text for text in runs if text]
        if failures:
            raise BuildError("\n".join(sorted(failures)))

    def executed(self) -> dict[str, Path]:
        """Return the executed copy of each notebook by its file name."""
        return {
            path.name: self._memory.path(path.stem, ".ipynb") for path in self._project.notebooks
        }

    def _run(self, path: Path, kernels: WarmKernels | None) -> str:
        """Execute one notebook; return what failed, or nothing."""
        import nbformat

        from meta.report.notebook_client import Client

        started = time.perf_counter()
        own = digest_of(path)
        log = self._memory.path(path.stem, ".log")
        log.unlink(missing_ok=True)
        try:
            notebook = nbformat.read(path, as_version=4)
        except (
            nbformat.reader.NotJSONError,
            nbformat.ValidationError,
            UnicodeDecodeError,
        ) as error:
            return f"notebooks/{path.name} is no notebook: {error}"
        manager = kernels.manager() if kernels else None
        client = Client(notebook, path.parent, manager, _TIMEOUT, str(log), str(self._project.home))
        try:
            client.execute(cleanup_kc=True)
        except Exception as error:  # an error of the notebook's, a dead kernel, too long a time
            return f"notebooks/{path.name} {client.failure(error)}"
        done = self._memory.path(path.stem, ".ipynb")
        write_whole(done, nbformat.writes(notebook))
        self._memory.learn(path.stem, own, [done])
        print(f"      {path.name} {time.perf_counter() - started:.0f} s", flush=True)
        return ""


def _check_loopback() -> None:
    """Say at once what each kernel would otherwise wait a minute for."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()
    except OSError as error:
        raise BuildError(
            f"notebooks cannot be executed: their kernels are reached through 127.0.0.1, the "
            f"machine's own network, which answers {error}; switch the loopback interface on, on "
            "Linux by `ip link set lo up`"
        ) from None
