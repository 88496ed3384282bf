"""metafor's answers on classic data sets; validation/README.md says which call gave what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).resolve().parents[1] / "validation" / "metafor"
# ends of the names of files that hold no pooled effects
OTHER_KINDS = (
    "_binary_methods",
    "_multilevel",
    "_tables",
    "_selection",
    "_clustered",
    "_measures",
)


def reference(name: str) -> dict[str, Any]:
    """Read one file of answers."""
    return json.loads((REFERENCE / f"{name}.json").read_text(encoding="utf-8"))


def univariate_references() -> list[str]:
    """Name every data set whose effects metafor pooled."""
    paths = [path.relative_to(REFERENCE).with_suffix("") for path in REFERENCE.rglob("*.json")]
    return sorted(str(path) for path in paths if not path.stem.endswith(OTHER_KINDS))
