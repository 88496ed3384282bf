"""Runs the notebooks: side by side, each again only when something of it changed."""

from __future__ import annotations

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from meta.errors import BuildError
from meta.report.memory import Memory, write_whole
from meta.report.project import Project
from meta.report.recording import digest_of
from meta.report.warm_kernels import WarmKernels, warm_kernels

if TYPE_CHECKING:
    from meta.report.notebook_client import Client

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
        self._stack = ExitStack()
        self._clients: list[Client] = []
        self._ended = False
        self._kernels: WarmKernels | None = None
        self._memory.forget_all_but(path.stem for path in project.notebooks)
        self.waiting = [
            path for path in project.notebooks if not self._memory.knows(path.stem, digest_of(path))
        ]

    def __enter__(self) -> Self:
        """Let the kernels' process begin to import what notebooks need."""
        # numerical libraries that each take all cores would only stand in each other's way
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        self._kernels = self._stack.enter_context(warm_kernels(len(self.waiting)))
        return self

    def __exit__(self, *error: object) -> None:
        """End every kernel."""
        self.end()

    def end(self) -> None:
        """End every kernel; a notebook that runs or waits fails at once."""
        self._ended = True
        for client in self._clients:
            client.end()
        self._stack.close()

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
        # one more than cores: while a notebook waits for its kernel, a core has time
        with ThreadPoolExecutor(max_workers=(os.cpu_count() or 1) + 1) as pool:
            try:
                # the long ones stand last, so they go first: one that starts late runs alone
                failures = [text for text in pool.map(self._run, reversed(self.waiting)) if text]
            finally:  # also on Ctrl-C: a notebook whose kernel has gone ends at once
                self.end()
        if failures:
            raise BuildError("\n".join(sorted(failures)))

    def executed(self) -> dict[str, Path]:
        """Return the executed copy of each notebook by its file name."""
        return {
            path.name: self._memory.path(path.stem, ".ipynb") for path in self._project.notebooks
        }

    def _run(self, path: Path) -> str:
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
        manager = self._kernels.manager() if self._kernels else None
        client = Client(notebook, path.parent, manager, _TIMEOUT, str(log), str(self._project.home))
        self._clients.append(client)
        if self._ended:
            return f"notebooks/{path.name} was not executed"
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
