"""Executes one notebook: notes what it depends on, stops what it floods, says where it failed."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

_MOST_OUTPUT = 20_000_000  # characters; the fullest page of a notebook holds a tenth of it
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has the second alone
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_FAILING_LINE = re.compile(r"^-+> \d+ *(.*)$", re.MULTILINE)


class Client(NotebookClient):
    """Runs a notebook in its folder.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        The notebook, which is executed in place.
    folder : pathlib.Path
        Where it runs.
    manager : jupyter_client.AsyncKernelManager or None
        The manager of a warm kernel; None for a cold one.
    timeout : int
        Seconds that a cell may take.
    log, home : str
        Where :func:`~meta.report.recording.record` writes, and of which project.
    """

    def __init__(
        self,
        notebook: NotebookNode,
        folder: Path,
        manager: AsyncKernelManager | None,
        timeout: int,
        log: str,
        home: str,
    ) -> None:
        super().__init__(
            notebook,
            km=manager,
            timeout=timeout,
            record_timing=False,  # a page is the same when nothing on it has changed
            kernel_name="python3",
            # a kernel otherwise warns that it talks over TCP, on this machine only
            extra_arguments=["--log-level=CRITICAL"],
            shutdown_kernel="immediate",  # all it had to do is done
            resources={"metadata": {"path": str(folder)}},
            on_cell_start=self._begin,
        )
        self._seconds = timeout
        self._recorder = (
            f"__import__('meta.report.recording', fromlist=['record']).record({log!r}, {home!r})"
        )
        self._cell = 0
        self._shown = 0
        self._ended = False

    async def async_start_new_kernel_client(self) -> Any:
        """Let the recording begin before the first cell."""
        client = await super().async_start_new_kernel_client()
        if self._ended:  # while it started
            self.end()
        client.execute(self._recorder, silent=True, store_history=False)
        return client

    def process_message(self, msg: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        """Take what a cell shows, and end a notebook that shows without end."""
        content = msg["content"]
        shown = (content.get("text", ""), *content.get("data", {}).values())
        self._shown += sum(len(str(part)) for part in shown)
        if self._shown <= _MOST_OUTPUT:
            return super().process_message(msg, cell, cell_index)
        assert self.km
        assert self.km.provisioner
        self._ending = asyncio.ensure_future(self.km.provisioner.send_signal(_KILL))
        return None

    def end(self) -> None:
        """End the kernel, from another thread than the one that runs the notebook."""
        self._ended = True
        kernel = getattr(self.km and self.km.provisioner, "process", None)
        if kernel:
            kernel.send_signal(_KILL)

    def _begin(self, cell_index: int, **_: Any) -> None:
        self._cell = cell_index + 1

    def failure(self, error: Exception) -> str:
        """Say where the notebook failed, and of what."""
        place = f"in cell {self._cell}" if self._cell else "before its first cell"
        if self._shown > _MOST_OUTPUT:
            what = f"it shows more than {_MOST_OUTPUT:,} characters; show less"
        elif isinstance(error, CellExecutionError):
            what = _COLOURS.sub("", f"{error.ename}: {error.evalue}")
            line = _FAILING_LINE.search(_COLOURS.sub("", error.traceback))
            what += f"\n  at the line: {line[1]}" if line else ""
        elif isinstance(error, CellTimeoutError):
            what = f"it took longer than {self._seconds} s"
        elif isinstance(error, DeadKernelError):
            what = "its kernel died, as one does that takes too much memory or is ended"
        else:
            what = f"{type(error).__name__}: {error}"
        return f"failed {place}: {what}"
