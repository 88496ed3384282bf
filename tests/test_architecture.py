"""The map of the code leads to places that are there, and lists that stand twice are the same."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from meta.cli.studies import add_study_options
from meta.synthesis.engine import TAU2_METHODS

ROOT = Path(__file__).resolve().parents[1]
PLACE = re.compile(r"`([\w./*-]+(?:\.(?:py|pyi|md|csv|json|toml)|/))`")


def places() -> list[str]:
    """Files and folders that the map names, without what it says of an earlier layout."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    now = re.sub(r"(?m)^\| before \|(?s:.*)", "", text)
    later = re.findall(r"(?m)^\|[^|]*\|([^|]*)\|$", text.removeprefix(now))
    return sorted({name.rstrip("/") for part in (now, *later) for name in PLACE.findall(part)})


@pytest.mark.parametrize("place", places())
def test_every_place_on_the_map_is_there(place: str) -> None:
    code = ROOT / "src" / "meta"
    bases = (ROOT, code, *(stage for stage in code.rglob("*") if stage.is_dir()))
    assert any(next(base.glob(place), None) for base in bases)


def test_the_map_names_a_place_for_everything() -> None:
    assert len(places()) > 50
    stages = {path.name for path in (ROOT / "src" / "meta").iterdir() if path.is_dir()}
    assert stages - {"__pycache__", "templates"} <= set(places()) | {"cli"}


def test_the_command_line_offers_every_estimator_of_tau2() -> None:
    """Its list is written out, for the help must not wait for the engine."""
    parser = argparse.ArgumentParser()
    add_study_options(parser)
    for method in TAU2_METHODS:
        assert parser.parse_args(["a.csv", "--tau2-method", method]).tau2_method == method
    (option,) = [each for each in parser._actions if each.dest == "tau2_method"]
    assert tuple(option.choices or ()) == TAU2_METHODS
