"""The real effect beside each health claim: trial data, small meta-analyses, figures, verdicts.

Public names stand in ``__init__.pyi``, where type checkers read them. They are imported when they
are first used, so that ``import meta`` stays quick: the estimation engine, the regression and the
drawing libraries take seconds to import.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

__version__ = "0.1.0"

_LINES = Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")
# public name -> module that holds it
_PUBLIC = {name: module for module, name in re.findall(r"from (\S+) import \(?\s*(\w+) as", _LINES)}

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(
            f"module 'meta' has no attribute {name!r}; its public names are "
            f"{', '.join(sorted(_PUBLIC))}"
        )
    module = import_module(_PUBLIC[name])
    value = vars(module).get(name) or import_module(f"{module.__name__}.{name}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
