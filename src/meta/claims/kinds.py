"""Which kinds of claims are there? Each stands in the module of its rule."""

from __future__ import annotations

from meta.claims import (
    contrast_rules,
    measured_rules,
    percent_rules,
    published_rules,
    source_rules,
    superiority_rules,
    untested_rules,
)
from meta.claims.kind import Kind

KINDS: dict[str, Kind] = {
    **superiority_rules.KINDS,
    **percent_rules.KINDS,
    **contrast_rules.KINDS,
    **measured_rules.KINDS,
    **published_rules.KINDS,
    **source_rules.KINDS,
    **untested_rules.KINDS,
}
