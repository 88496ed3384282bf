"""The project folder, the built site, and the rule for tests that need a browser."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings
from xdist.scheduler import LoadGroupScheduling

from meta.report.imports import leave_out_grammars

ROOT = Path(__file__).resolve().parents[1]

# processes that tests start find what an earlier one compiled
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# linear algebra that takes every core in each worker would only stand in its own way
os.environ.setdefault("OMP_NUM_THREADS", "1")
leave_out_grammars()

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


# what looks at the built report, whose build begins with the tests
OF_THE_SITE = (ROOT / "tests" / "browser", ROOT / "tests" / "report" / "test_site.py")
RECORD = ROOT / "build" / "tested.json"
BUILDING = pytest.StashKey[subprocess.Popen[bytes]]()


def pytest_sessionstart(session: pytest.Session) -> None:
    """Note the figures as they are, and begin to build the report if tests will ask for it."""
    config = session.config
    if hasattr(config, "workerinput"):  # a worker: the one who started it has done this
        return
    RECORD.parent.mkdir(exist_ok=True)
    keep({"figures": figure_digests(), "built": False, "failure": None})
    asked = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    whole = any(test.is_relative_to(path) for path in asked for test in OF_THE_SITE)
    if whole and not config.option.keyword and not config.option.collectonly:
        with (RECORD.parent / "tested.log").open("wb") as log:
            command = [sys.executable, "-m", "meta", "report", str(ROOT)]
            config.stash[BUILDING] = subprocess.Popen(command, stdout=log, stderr=log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End a build that nobody waits for any more."""
    building = session.config.stash.get(BUILDING, None)
    if building and building.poll() is None:
        building.terminate()
        building.wait()


def keep(record: dict[str, Any]) -> None:
    RECORD.write_text(json.dumps(record), encoding="utf-8")


@pytest.fixture(scope="session")
def built() -> dict[str, str]:
    """Build the report once in a test run, and return the figures as they were before.

    The workers of a run wait here for each other and for the build that began with the tests:
    whoever comes first builds, in place, what is not yet as it must be.
    """
    from meta.errors import BuildError
    from meta.report.build import build

    with FileLock(ROOT / "build" / "tested.lock"):
        record = json.loads(RECORD.read_text(encoding="utf-8"))
        if record["failure"]:  # of another worker, which has waited long enough for it
            pytest.fail(record["failure"])
        if not record["built"]:
            try:
                build(ROOT)
            except BuildError as error:
                keep(record | {"failure": str(error)})
                raise
            keep(record | {"built": True})
    figures: dict[str, str] = record["figures"]
    return figures


@pytest.fixture(scope="session")
def figures_before(built: dict[str, str]) -> dict[str, str]:
    return built


@pytest.fixture(scope="session")
def site(built: dict[str, str]) -> Path:
    return ROOT / "build" / "site"


# what takes longest begins first, so that no worker is left alone with it at the end
LONG = ("wheel", "lab", "attack", "tests.report.test_build")
OF_SITE = "site"  # how the names of the groups begin that wait for it


def group_of(item: pytest.Item) -> str:
    """Name the tests that run in one process with this one."""
    marked = item.get_closest_marker("xdist_group")
    return str(marked.args[0]) if marked else item.nodeid


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around the one that reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Group the tests and put them in order; leave out browser tests where there is no browser.

    In CI there must be one. What a file makes once for its tests, one process makes. The tests of
    the site stand last.
    """
    for item in items:
        made = getattr(item, "_fixtureinfo", None)
        shared = made and any(one[-1].scope == "module" for one in made.name2fixturedefs.values())
        if isinstance(item, pytest.Function) and shared and group_of(item) == item.nodeid:
            item.add_marker(pytest.mark.xdist_group(item.module.__name__))
    for place, item in enumerate(items):
        if "site" in getattr(item, "fixturenames", ()) and not group_of(item).startswith(OF_SITE):
            assert not item.get_closest_marker("xdist_group"), f"{item.nodeid}: not of the site"
            item.add_marker(pytest.mark.xdist_group(f"{OF_SITE}-{place}"))
    items.sort(key=lambda item: (group_of(item).startswith(OF_SITE), group_of(item) not in LONG))
    if not shutil.which("chromium") and not os.environ.get("CI"):
        for item in items:
            if "browser" in item.keywords:
                item.add_marker(
                    pytest.mark.skip(reason="Chromium is not installed; CI requires it")
                )
    yield
    # xdist hands the groups on in the names of tests, which pytest keeps elsewhere since 9.2
    for item in items:
        named: str = getattr(item, "_nodeid", item.nodeid)
        if named != item.nodeid:
            item._id = type(item._id).parse(named)


class WhenBuilt(LoadGroupScheduling):
    """Hands out the tests of the site as soon as it is built.

    Until then the others have their turn, so that no worker waits while there is anything to do,
    and after it, so that the workers share out short tests at the end, and not the browser's.
    """

    def _assign_work_unit(self, node: Any) -> None:
        building: subprocess.Popen[bytes] = self.config.stash[BUILDING]
        if building.poll() is not None:
            of_site = (group for group in self.workqueue if group.startswith(OF_SITE))
            if first := next(of_site, None):
                self.workqueue.move_to_end(first, last=False)
        super()._assign_work_unit(node)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadGroupScheduling | None:
    grouped = config.option.dist == "loadgroup" and BUILDING in config.stash
    return WhenBuilt(config, log) if grouped else None
