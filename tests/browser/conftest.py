"""One Chromium for all browser tests, told to ask for nothing by itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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
