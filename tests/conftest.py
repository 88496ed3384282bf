"""The project folder, the built site, and the rule for tests that need a browser."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Tests of the built site share one build: they run on one worker, one after the other.
SITE_GROUP = "site"


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


def figure_digests() -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((ROOT / "figures").iterdir())
    }


@pytest.fixture(scope="session")
def figures_before() -> dict[str, str]:
    return figure_digests()


@pytest.fixture(scope="session")
def site(figures_before: dict[str, str]) -> Path:
    """Build the report in place (quick where `make report` has just done it)."""
    from meta.report.build import build

    return build(ROOT).parent


@pytest.hookimpl(tryfirst=True)  # the scheduler reads the groups when its turn comes
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests of the site together; leave browser tests out where there is no browser."""
    browser = shutil.which("chromium") or os.environ.get("CI")
    for item in items:
        if {"site", "figures_before"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group(SITE_GROUP))
        if "browser" in item.keywords and not browser:
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed; CI requires it"))
