"""Does a cell of hostile form keep a pattern busy without end?

A pattern of a data package is somebody else's, and Python's `re` has no limit. In the main thread a
signal ends the comparison; elsewhere, and on systems without that signal, a child process compares
first and is ended when it takes too long.
"""

from __future__ import annotations

import json
import queue
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

SECONDS = 2
# a group that is repeated, or repetitions side by side: without these a pattern ends soon
_REPEATED = re.compile(r"\)[*+{]|[*+}].*[*+}]", flags=re.DOTALL)
_OFTEN = re.compile(r"\)[*+{]|(?:[*+}].*){4}", flags=re.DOTALL)
# texts so short are compared soon by any pattern, and by one of few repetitions
_SHORT, _MIDDLING = 12, 200
_CHILD = """\
import json, re, sys
for line in sys.stdin:
    pattern, text = json.loads(line)
    re.match(pattern, text)
    print("", flush=True)
"""
T = TypeVar("T")


class TooSlow(Exception):
    """A comparison took longer than `SECONDS`."""


def may_be_slow(pattern: str) -> bool:
    """Tell a pattern that may take endless time.

    Examples
    --------
    >>> [may_be_slow(pattern) for pattern in ("[a-z]+", "(a+)+b", "(a|aa)*b", "a*a*b")]
    [False, True, True, True]
    """
    return _REPEATED.search(pattern) is not None


def within_time(read: Callable[[str], T], pattern: str) -> Callable[[str], T]:
    """Make a reader that raises `TooSlow` for a text that the pattern does not get through.

    Parameters
    ----------
    read : callable
        Reads a cell, and compares it with the pattern.
    pattern : str
        A regular expression that compiles.

    Returns
    -------
    callable
        Reads a cell, too.
    """
    harmless = _SHORT if _OFTEN.search(pattern) else _MIDDLING

    def limited(cell: str) -> T:
        if len(cell) <= harmless:
            return read(cell)
        main = threading.current_thread() is threading.main_thread()
        if main and hasattr(signal, "setitimer"):
            before = signal.signal(signal.SIGALRM, _stop)
            signal.setitimer(signal.ITIMER_REAL, SECONDS)
            try:
                return read(cell)
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, before)
        _COMPARER.compare(pattern, cell)
        return read(cell)

    return limited


def _stop(*_: object) -> None:
    raise TooSlow


class _Comparer:
    """A child process that compares texts with patterns; it ends with this process."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str] = queue.Queue()
        self._turn = threading.Lock()

    def compare(self, pattern: str, text: str) -> None:
        """Return when the comparison ended; raise `TooSlow` if it does not."""
        with self._turn:
            child = self._child or self._started()
            assert child.stdin is not None
            child.stdin.write(json.dumps([pattern, text]) + "\n")
            child.stdin.flush()
            try:
                self._answers.get(timeout=SECONDS)
            except queue.Empty:
                child.kill()
                child.wait()
                self._child = None
                raise TooSlow from None

    def _started(self) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _CHILD],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip
        self._child, self._answers = child, queue.Queue()

        def listen(answers: queue.Queue[str]) -> None:
            assert child.stdout is not None
            for line in child.stdout:
                answers.put(line)

        threading.Thread(target=listen, args=(self._answers,), daemon=True).start()
        child_is_ready = json.dumps(["", ""]) + "\n"
        assert child.stdin is not None
        child.stdin.write(child_is_ready)
        child.stdin.flush()
        self._answers.get(timeout=60)  # starting Python is no comparison
        return child


_COMPARER = _Comparer()
