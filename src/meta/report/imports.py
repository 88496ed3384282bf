"""Leaves out an import that takes seconds, of which nothing here makes use."""

from __future__ import annotations

import sys
from typing import Any


def leave_out_grammars() -> None:
    """Let a process of our own not compile the grammars of international addresses.

    JupyterLab installs them for the schemas of its events. The library that reads schemas of JSON
    imports them wherever it finds them, and needs them only to check formats of addresses, which
    nobody asks for, be it a data package or a notebook that is read.
    """
    loaded: dict[str, Any] = sys.modules
    loaded.setdefault("rfc3987_syntax", None)  # none: it cannot be imported
