"""Kernels that start warm: forked from one process that has imported the libraries already.

A kernel that starts cold spends more seconds on imports than most notebooks do on their work. Each
kernel here is a process of its own all the same: what a notebook does, no other notebook sees.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

import meta

# what the notebooks import, and what the project's module imports when it first needs it
LIBRARIES = (
    "formulaic",
    "frictionless",
    "matplotlib.backends.backend_svg",
    "meta.html",
    "pymare",
    "statsmodels.stats.meta_analysis",
    "statsmodels.stats.proportion",
    *sorted(set(meta._PUBLIC.values())),
)


class WarmKernels:
    """The process that has everything imported, as seen by those who need kernels."""

    def __init__(self) -> None:
        self._asking = Lock()
        self._process = subprocess.Popen(
            # -P: as for a kernel, the working directory is no place to import this from
            [sys.executable, "-P", "-m", __name__, *LIBRARIES],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C reaches the one who asked, who ends this
        )

    def manager(self) -> AsyncKernelManager:
        """Return the manager of a kernel that will be forked when it is started."""
        manager = AsyncKernelManager(kernel_name="python3")
        manager.provisioner = _Provisioner(
            kernel_id="", kernel_spec=manager.kernel_spec, parent=manager
        )
        manager.provisioner.kernels = self
        return manager

    def fork(self, arguments: Sequence[str], folder: str) -> _Forked:
        """Start a kernel with arguments of the command line, in a folder."""
        assert self._process.stdin
        assert self._process.stdout
        with self._asking, suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps([*arguments, folder]) + "\n")
            self._process.stdin.flush()
            if answer := self._process.stdout.readline():
                return _Forked(int(answer))
        raise RuntimeError("the process that starts the kernels has ended")

    def end(self) -> None:
        """End the process, every kernel, and what the kernels started."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


@contextmanager
def warm_kernels(wanted: int) -> Iterator[WarmKernels | None]:
    """Offer warm kernels while the block runs.

    Parameters
    ----------
    wanted : int
        How many kernels will be asked for.

    Yields
    ------
    WarmKernels or None
        None where kernels had better start cold. They do where each core starts one at most, which
        takes as long as warming up, and anywhere but on Linux: Windows cannot fork, and on macOS
        libraries of the system may have started threads by then, which a fork does not survive.
    """
    pays = sys.platform == "linux" and wanted > (os.cpu_count() or 1)
    kernels = WarmKernels() if pays else None
    try:
        yield kernels
    finally:
        if kernels:
            kernels.end()


class _Forked:
    """What a kernel's manager asks of a process, for one that is no child of this process."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """Return None while the process runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 1
        return None

    def wait(self) -> int:
        """Wait for the end of the process."""
        while self.poll() is None:
            time.sleep(0.02)
        return 1

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the process has ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


class _Provisioner(LocalProvisioner):
    """Takes a kernel from the warm process where others would start Python anew."""

    kernels: WarmKernels
    process: Any = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel whose connection file the command names."""
        self.process = self.kernels.fork(cmd[cmd.index("-f") :], str(kwargs["cwd"]))
        return self.connection_info


def _serve() -> list[str] | None:
    """Fork a kernel for each order that comes in; return twice, as ``os.fork`` does.

    Returns
    -------
    list of str or None
        In a kernel its arguments, and None in the warm process when no order can come any more.
    """
    for order in sys.stdin:
        arguments: list[str]
        *arguments, folder = json.loads(order)
        pid = os.fork()
        if not pid:
            os.chdir(folder)
            return arguments
        print(pid, flush=True)
    return None


def _main() -> None:
    # Read at import, so set before. A kernel looks at its parent, and ends when that is gone;
    # the other is what a cold kernel sets before a notebook can import Matplotlib.
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    from ipykernel.kernelapp import IPKernelApp

    for name in sys.argv[1:]:
        with suppress(Exception):  # it is reported by the notebook that needs it
            import_module(name)
    # a kernel imports this package again, in no time: so it is seen which modules it needs
    for name in [name for name in sys.modules if name.partition(".")[0] == meta.__name__]:
        del sys.modules[name]
    import pandas as pd

    # pandas looks at import whether it is in a notebook, and there shows this many
    pd.set_option("display.max_columns", 20)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no ended kernel stays behind as a zombie
    arguments = _serve()
    if arguments is None:
        os.killpg(0, signal.SIGKILL)
        return
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), 0)  # the orders, and the answers to them, are not for kernels
    os.dup2(2, 1)
    IPKernelApp.launch_instance(arguments)


if __name__ == "__main__":
    _main()
