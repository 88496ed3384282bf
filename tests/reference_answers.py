"""metafor's answers on classic data sets; tests/reference/README.md says which call gave what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).resolve().parent / "reference"


def reference(name: str) -> dict[str, Any]:
    """Read one file of answers."""
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def univariate_references() -> list[str]:
    """Name every data set whose effects metafor pooled."""
    names = sorted(path.stem for path in REFERENCE.glob("*.json"))
    return [n for n in names if not n.endswith(("_binary_methods", "_multilevel"))]
