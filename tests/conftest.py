"""The project folder, the built site, and the rule for tests that need a browser."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# CI tries the same examples each time, so that a red run is due to the change; elsewhere each run
# looks further
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


def figure_digests() -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((ROOT / "figures").iterdir())
    }


@pytest.fixture(scope="session")
def built(testrun_uid: str) -> dict[str, str]:
    """Build the report once in a test run, and return the figures as they were before.

    The workers of a run wait for each other here: whoever comes first builds, in place, which is
    quick where `make report` has just done it.
    """
    from meta.report.build import build

    (ROOT / "build").mkdir(exist_ok=True)
    done = ROOT / "build" / "tested.json"
    with FileLock(ROOT / "build" / "tested.lock"):
        record = json.loads(done.read_text(encoding="utf-8")) if done.exists() else {}
        if record.get("run") != testrun_uid:
            record = {"run": testrun_uid, "figures": figure_digests()}
            build(ROOT)
            done.write_text(json.dumps(record), encoding="utf-8")
    return record["figures"]


@pytest.fixture(scope="session")
def figures_before(built: dict[str, str]) -> dict[str, str]:
    return built


@pytest.fixture(scope="session")
def site(built: dict[str, str]) -> Path:
    return ROOT / "build" / "site"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave browser tests out where there is no browser, but never in CI."""
    if shutil.which("chromium") or os.environ.get("CI"):
        return
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="Chromium is not installed; CI requires it"))
