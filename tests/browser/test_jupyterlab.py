"""Answers, figures and the changeable plot in a real JupyterLab."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("lab")]

CELLS = [
    "import meta\nE = meta.load_evidence('data')\neffects = meta.effects(E.primary('depression'), "
    "'SMD')\nfit = meta.pool(effects)",
    "E", "effects", "fit", "meta.plot_forest(fit)", "meta.what_if(effects)",
    "meta.assess('a0-c11', E)", "meta.studies_table(fit)",
]  # fmt: skip
(SETUP, EVIDENCE, EFFECTS, FIT, FOREST, CHANGEABLE, ASSESSMENT, STUDIES) = range(len(CELLS))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a folder with a notebook and the project's data by JupyterLab, with no settings."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "data").symlink_to(root / "data")
    cells = [
        {"id": f"c{i}", "cell_type": "code", "source": text, "metadata": {}, "outputs": [],
         "execution_count": None} for i, text in enumerate(CELLS)
    ]  # fmt: skip
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "cells": cells,
                "metadata": {"kernelspec": kernel}}  # fmt: skip
    (folder / "shown.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    own = tmp_path_factory.mktemp("jupyter")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    port = _free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
         "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}",
         "--LabApp.news_url=None"],
        env={**os.environ, **dict.fromkeys(names, str(own)), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(240):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.25)
        yield f"http://127.0.0.1:{port}/lab/tree/shown.ipynb"
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module", params=[1400, 1000])
def page(request: pytest.FixtureRequest, browser: Browser, lab: str) -> Iterator[Page]:
    """Open the notebook in a window of some width, and run all its cells."""
    opened = browser.new_page(viewport={"width": request.param, "height": 1000})
    opened.goto(f"{lab}?reset")
    opened.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=120_000)
    # a command that comes before the kernel is ready is lost
    opened.wait_for_selector("[data-status='idle']", timeout=120_000)
    opened.locator(".jp-Notebook .jp-CodeCell").first.click(timeout=30_000)
    prompts = opened.locator(".jp-Notebook .jp-CodeCell .jp-InputArea-prompt")
    for tick in range(600):
        told = prompts.all_text_contents()
        if told and all(re.search(r"\[\d+\]", text) for text in told):
            break
        if tick % 40 == 0 and not any(re.search(r"\[[\d*]+\]", text) for text in told):
            opened.click("text=Run >> nth=0")
            opened.click("text=Run All Cells >> nth=0")
        time.sleep(0.5)
    assert all(re.search(r"\[\d+\]", text) for text in prompts.all_text_contents())
    yield opened
    opened.close()


def _output(page: Page, cell: int):
    return page.locator(".jp-Notebook .jp-CodeCell").nth(cell).locator(".jp-OutputArea-output")


def test_every_output_fits_its_cell(page):
    for cell in range(EVIDENCE, len(CELLS)):
        output = _output(page, cell).first
        output.scroll_into_view_if_needed()
        page.wait_for_timeout(200)
        room, used = output.evaluate("e => [e.clientWidth, e.scrollWidth]")
        assert used <= room + 1, CELLS[cell]
    assert page.locator(".jp-RenderedText[data-mime-type*=error]").count() == 0


def test_the_forest_plot_is_whole(page):
    picture = _output(page, FOREST).locator("img")
    picture.scroll_into_view_if_needed()
    room = _output(page, FOREST).first.evaluate("e => e.clientWidth")
    shape = picture.evaluate(
        "e => [e.clientWidth, e.clientHeight, e.naturalWidth, e.naturalHeight]"
    )
    assert shape[0] <= room
    assert shape[0] / shape[1] == pytest.approx(shape[2] / shape[3], rel=0.02)
    assert "Standardised mean difference" in picture.get_attribute("alt")


def test_the_plot_can_be_changed(page):
    output = _output(page, CHANGEABLE)
    frame = output.frame_locator("iframe")
    answer = frame.locator(".what-if-answer")
    before = answer.text_content()
    assert "8 trials" in before
    frame.locator("input[type=checkbox]").first.uncheck()
    assert "7 trials" in answer.text_content()
    frame.get_by_role("button", name="Reset").click()
    assert answer.text_content() == before
    # the frame is as high as what it holds, so that nothing scrolls in it
    height, needed = output.locator("iframe").evaluate(
        "e => [e.clientHeight, e.contentDocument.documentElement.scrollHeight]"
    )
    assert needed <= height + 1


def test_words_stand_left_and_numbers_right(page):
    for cell, column in ((EFFECTS, 4), (EVIDENCE, 3), (STUDIES, 7)):
        table = _output(page, cell).locator("table").first
        align = "e => getComputedStyle(e).textAlign"
        assert table.locator("tbody tr >> nth=0").locator("td, th").first.evaluate(align) == "left"
        numbers = table.locator(f"tbody tr > :nth-child({column})")
        assert {numbers.nth(i).evaluate(align) for i in range(numbers.count())} == {"right"}
        ends = {round(numbers.nth(i).bounding_box()["x"] + numbers.nth(i).bounding_box()["width"])
                for i in range(numbers.count())}  # fmt: skip
        assert len(ends) == 1
    assert "Rajizadeh 2017" in _output(page, EFFECTS).first.text_content()
    assert "unresolved" in _output(page, ASSESSMENT).first.text_content()
    assert "Heterogeneity" in _output(page, FIT).first.text_content()


def test_the_names_of_studies_lead_to_their_reports(page):
    links = _output(page, STUDIES).locator("tbody th a")
    assert links.count() == 8
    for i in range(8):
        assert links.nth(i).get_attribute("href").startswith("https://")
