"""The pooling in the page against `meta.pool`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser
from reference_answers import reference

import meta
from meta.report.what_if import what_if

pytestmark = pytest.mark.browser

METHODS = [(t, c) for t in ("REML", "DL", "PM") for c in ("HK", "HK-adhoc", "wald")]


@pytest.fixture
def pool_in_page(browser: Browser, root: Path):
    page = browser.new_page()
    page.add_script_tag(path=str(root / "report" / "_static" / "pool.js"))
    yield lambda *args: page.evaluate("args => metaPool.pool(...args)", list(args))
    page.close()


def same(got: dict, fit: meta.Pooled) -> None:
    pairs = {
        "estimate": fit.estimate,
        "se": fit.se,
        "ciLow": fit.ci_low,
        "ciHigh": fit.ci_high,
        "tau2": fit.tau2,
        "i2": fit.i2,
        "piLow": fit.pi_low,
        "piHigh": fit.pi_high,
    }
    for name, want in pairs.items():
        # both sides converge to about 1e-9 of the between-study variance
        assert got[name] == pytest.approx(want, rel=1e-6, abs=1e-7), name


@pytest.mark.parametrize(("tau2_method", "ci_method"), METHODS)
def test_page_and_module_agree(pool_in_page, tau2_method, ci_method):
    rng = np.random.default_rng(20261122)
    names = ("bcg_RR", "normand1999_SMD", "raudenbush1985_GEN", "hine1989_RD")
    for name in names:
        ref = reference(name)
        yi, vi = np.array(ref["yi"]), np.array(ref["vi"])
        keep = [np.arange(len(yi))]
        keep += [
            rng.choice(len(yi), size=int(rng.integers(2, len(yi))), replace=False) for _ in "ab"
        ]
        for chosen in keep:
            fit = meta.pool(yi[chosen], vi[chosen], tau2_method=tau2_method, ci_method=ci_method)
            got = pool_in_page(yi[chosen].tolist(), vi[chosen].tolist(), tau2_method, ci_method)
            same(got, fit)


def test_one_trial_is_not_pooled(pool_in_page):
    got = pool_in_page([-0.5], [0.04], "REML", "HK")
    fit = meta.pool([-0.5], [0.04])
    assert (got["ciLow"], got["ciHigh"]) == pytest.approx((fit.ci_low, fit.ci_high))
    assert got["tau2"] is None or np.isnan(got["tau2"])


def test_a_reader_takes_trials_out(browser: Browser, site: Path):
    """Ten random choices on the depression page, each against the module."""
    page = browser.new_page()
    page.goto((site / "notebooks" / "02_depression.html").as_uri())
    data = json.loads(page.locator(".what-if script").first.text_content())
    boxes = page.locator(".what-if input[type=checkbox]")
    rng = np.random.default_rng(7)
    for _ in range(10):
        picked = rng.random(len(data["trials"])) < 0.6
        picked[int(rng.integers(len(picked)))] = True
        tau2_method, ci_method = METHODS[int(rng.integers(len(METHODS)))]
        for i, wanted in enumerate(picked):
            boxes.nth(i).set_checked(bool(wanted))
        page.locator(".what-if select").nth(0).select_option(tau2_method)
        page.locator(".what-if select").nth(1).select_option(ci_method)
        settings = page.locator(".what-if input[type=range]")
        key = ",".join(settings.nth(i).input_value() for i in range(settings.count()))
        effects = [t["effects"].get(key, t["effects"][""]) for t in data["trials"]]
        yi, vi = np.array(effects)[picked].T
        fit = meta.pool(yi, vi, tau2_method=tau2_method, ci_method=ci_method)
        got = page.evaluate("metaWhatIf[0].result")
        assert got["estimate"] == pytest.approx(fit.estimate, rel=1e-6)
        assert (got["ciLow"], got["ciHigh"]) == pytest.approx((fit.ci_low, fit.ci_high), rel=1e-6)
        said = page.locator(".what-if-answer").inner_text()
        assert f"{fit.estimate:.2f}".replace("-", "−") in said
    # and without the mouse
    boxes.first.focus()
    before = boxes.first.is_checked()
    page.keyboard.press("Space")
    assert boxes.first.is_checked() != before
    page.close()


def test_markup_in_labels_stays_text(browser: Browser, root: Path, tmp_path: Path):
    attack = '</script><img src=x onerror="document.title=1">'
    effects = meta.Effects.from_arrays([0.1, 0.2], [0.1, 0.2], labels=[attack, "b"])
    static = (root / "report" / "_static").as_uri()
    html = tmp_path / "page.html"
    html.write_text(
        f'<!doctype html><title>fine</title><script src="{static}/pool.js"></script>'
        f'<script src="{static}/what_if.js"></script>{what_if(effects)}',
        encoding="utf-8",
    )
    page = browser.new_page()
    page.goto(html.as_uri())
    assert page.title() == "fine"
    assert page.locator("img").count() == 0
    assert attack in page.locator(".what-if label").first.inner_text()
    page.close()


def test_assumptions_need_a_way_to_derive():
    effects = meta.Effects.from_arrays([0.1, 0.2], [0.1, 0.2])
    with pytest.raises(meta.DataError, match="under"):
        what_if(effects, assumptions={"correlation": [0.3, 0.5]}, chosen={"correlation": 0.5})
