"""One Chromium for all browser tests, told to ask for nothing by itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Frame, Page, sync_playwright

# without these a fresh profile looks for updates and hosts of its own
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("Chromium is missing: `.ci/run` installs it (Debian package chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(_QUIET))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def tab(browser: Browser) -> Page:
    return browser.new_page()


@pytest.fixture
def page(tab: Page) -> Page:
    """The one tab of all tests, as if new: to open one takes Chromium longer than most tests."""
    tab.set_default_timeout(15_000)
    tab.set_viewport_size({"width": 1280, "height": 720})
    tab.emulate_media(media="null", color_scheme="light")
    tab.goto("about:blank")
    return tab


@pytest.fixture
def asked_and_failed(page: Page) -> Iterator[tuple[list[str], list[str]]]:
    """Addresses that pages ask for, and errors of their scripts."""
    requests: list[str] = []
    errors: list[str] = []
    listeners = {
        "request": lambda request: requests.append(request.url),
        "pageerror": lambda error: errors.append(error.stack or str(error)),
        "console": lambda said: (
            errors.append(f"{said.location['url']}: {said.text}") if said.type == "error" else None
        ),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    yield requests, errors
    for event, listener in listeners.items():
        page.remove_listener(event, listener)


OPEN = """addresses => Promise.all(addresses.map(address => new Promise(loaded => {
    const frame = document.createElement("iframe");
    frame.style = "position: absolute; top: 0; left: 0; width: 1280px; height: 720px; border: 0";
    frame.src = address;
    frame.onload = loaded;
    document.body.append(frame);
})))"""


@pytest.fixture
def opened_together(
    page: Page, tmp_path: Path
) -> Callable[[Sequence[Path]], Iterator[list[Frame]]]:
    """Open files, twenty at once, which takes half as long as to visit one after the other.

    They lie on each other, each in a frame as wide as a desk's screen.
    """
    desk = tmp_path / "desk.html"  # a file, from which files may be opened
    desk.write_text("<!doctype html><title>A desk</title><body>", encoding="utf-8")

    def open_files(paths: Sequence[Path]) -> Iterator[list[Frame]]:
        for start in range(0, len(paths), 20):
            addresses = [path.as_uri() for path in paths[start : start + 20]]
            page.goto(desk.as_uri())
            page.evaluate(OPEN, addresses)
            frames = page.main_frame.child_frames
            assert [frame.url for frame in frames] == addresses
            yield frames

    return open_files
