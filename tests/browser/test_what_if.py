"""The plot that a reader can change: its pooling against `meta.pool`, its controls, its look."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page
from reference_answers import reference

import meta

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
CHANGEABLE = sorted(
    path.stem
    for path in (ROOT / "notebooks").glob("*.ipynb")
    if "what_if(" in path.read_text(encoding="utf-8")
)
STATIC = "src/meta/report/skeleton/_static"
METHODS = [(t, c) for t in ("REML", "DL", "PM") for c in ("HK", "HK-adhoc", "wald")]


@pytest.fixture
def pool_in_page(page: Page, root: Path):
    page.add_script_tag(path=str(root / STATIC / "pool.js"))
    return lambda *args: page.evaluate("args => metaPool.pool(...args)", list(args))


def same(got: dict, fit: meta.Pooled) -> None:
    pairs = {
        "estimate": fit.estimate,
        "se": fit.se,
        "ciLow": fit.ci_low,
        "ciHigh": fit.ci_high,
        "tau2": fit.tau2,
        "i2": fit.i2,
        "q": fit.q,
        "spread": fit.hk_scale,
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


@pytest.fixture(scope="session")
def evidence() -> meta.Evidence:
    return meta.load_evidence(ROOT / "data")


@pytest.fixture
def opened(page: Page, tmp_path: Path) -> Callable[..., Page]:
    """Put a plot on a page of its own, with the scripts and styles of the site."""
    static = (ROOT / STATIC).as_uri()

    def open_page(plot: Any) -> Page:
        html = tmp_path / "page.html"
        html.write_text(
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>fine</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            "<style>:root { --color-brand-primary: #0a4bff; }</style>"
            f'<link rel="stylesheet" href="{static}/report.css">'
            f'<script src="{static}/pool.js"></script><script src="{static}/what_if.js"></script>'
            f"<body>{plot.html}</body></html>",
            encoding="utf-8",
        )
        page.goto(html.as_uri())
        return page

    return open_page


def primary(evidence: meta.Evidence, outcome: str) -> Any:
    return evidence.select(
        outcome,
        stratum=["magnesium_alone", "add_on"],
        control=["placebo", "no_treatment"],
        randomised="yes",
    )


def infarction(evidence: meta.Evidence) -> meta.Effects:
    trials = evidence.table("iv_magnesium_mi_egger2001")
    trials["label"] = trials["study_id"] = trials["study"] + " " + trials["year"].astype(str)
    names = {"events_mg": "events_t", "n_mg": "n_t"}
    return meta.effects(trials.rename(columns=names), "OR", lower_is_better=True)


def shown(value: float, digits: int) -> str:
    from meta.wording import number

    return number(value, digits)


def expected(evidence: meta.Evidence, data: dict, places: list[int]) -> list[Any]:
    """Return (yi, vi) of each trial under a combination, or None, as the module has it.

    Where the page varies assumptions, the effects are derived again from the results tables.
    """
    key = ",".join(map(str, places))
    effects = [trial["effects"][key] for trial in data["trials"]]
    if not data["assumptions"]:
        return [(e["yi"], e["vi"]) for e in effects]
    settings = dict(data["derivation"])
    for assumption, place in zip(data["assumptions"], places, strict=True):
        value = assumption["values"][place]
        if assumption["instrument"]:
            value = settings[assumption["argument"]] | {assumption["instrument"]: value}
        settings[assumption["argument"]] = value
    ids = {e["result"] for t in data["trials"] for e in t["effects"].values() if "result" in e}
    table = meta.effects(evidence.select(result_id=sorted(ids)), **settings).table
    derived = {row["result_id"]: (row["yi"], row["vi"]) for row in table.to_dict("records")}
    return [derived.pop(e["result"]) if "result" in e else None for e in effects] + list(derived)


CLICK = """(boxes, wanted) => boxes.forEach((box, i) => {
    if (box.checked !== wanted[i]) box.click(); })"""


def choose_at_random(page: Page, place: int, evidence: meta.Evidence, rounds: int = 10) -> None:
    """Make random choices in one plot, and hold each answer against the module."""
    plot = page.locator(".what-if").nth(place)
    data = json.loads(page.locator("script[type='application/json']").nth(place).text_content())
    boxes, sliders = plot.locator("input[type=checkbox]"), plot.locator("input[type=range]")
    axis = plot.locator(".what-if-scale").inner_html()
    scale_label = data["measure"]
    rng = np.random.default_rng(7)
    for turn in range(rounds):
        picked = rng.random(len(data["trials"])) < 0.6
        picked[int(rng.integers(len(picked)))] = True
        for i in range(len(picked) if turn == 0 else 0):  # with the mouse, which takes its time
            boxes.nth(i).set_checked(bool(picked[i]))
        boxes.evaluate_all(CLICK, picked.tolist())
        places = [int(rng.integers(len(a["values"]))) for a in data["assumptions"]]
        for i, value in enumerate(places):
            sliders.nth(i).fill(str(value))
        tau2_method, ci_method = METHODS[int(rng.integers(len(METHODS)))]
        plot.locator("select").nth(0).select_option(tau2_method)
        plot.locator("select").nth(1).select_option(ci_method)
        effects = expected(evidence, data, places)
        assert len(effects) == len(data["trials"])
        known = [e for e, wanted in zip(effects, picked, strict=True) if wanted and e is not None]
        got = page.evaluate("place => metaWhatIf[place].result", place)
        said = plot.locator(".what-if-answer").inner_text()
        if not known:
            assert got is None
            assert "No trial is left" in said
            continue
        yi, vi = np.array(known).T
        fit = meta.pool(yi, vi, tau2_method=tau2_method, ci_method=ci_method)
        if fit.k > 1:
            same(got, fit)
        assert got["k"] == fit.k
        limits = [got["estimate"], got["ciLow"], got["ciHigh"]]
        texts = got.get("printed") or [
            shown(float(np.exp(v)) if data["log"] else v, data["digits"]) for v in limits
        ]
        if "printed" in got:  # rounded in print, and so a little off what follows from the SE
            assert limits[1:] == pytest.approx([fit.ci_low, fit.ci_high], rel=0.05, abs=0.1)
        assert said.startswith(f"{scale_label} {texts[0]}")
        assert f"interval {texts[1]} to {texts[2]})" in said
        weights = plot.locator("tbody .what-if-weight").all_inner_texts()
        assert [w for w in weights if w != "–"] == [f"{w:.1f} %" for w in fit.weights]
        assert plot.locator(".what-if-scale").inner_html() == axis


@pytest.mark.parametrize("name", CHANGEABLE)
def test_a_reader_changes_the_plots_of_the_site(
    page: Page, site: Path, evidence: meta.Evidence, name: str
):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto((site / "notebooks" / f"{name}.html").as_uri())
    count = page.locator(".what-if").count()
    assert count
    assert page.evaluate("metaWhatIf.length") == count
    for place in range(count):
        choose_at_random(page, place, evidence)
        box = page.locator(".what-if").nth(place).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


OUTSIDE = """() => { const copy = document.querySelector("article").cloneNode(true);
    copy.querySelectorAll(".what-if").forEach(e => e.remove()); return copy.textContent; }"""


@pytest.mark.parametrize("name", CHANGEABLE)
def test_a_plot_starts_from_the_answer_of_its_page(page: Page, site: Path, name: str):
    page.goto((site / "notebooks" / f"{name}.html").as_uri())
    said = page.evaluate(OUTSIDE)
    for before in page.locator(".what-if-before").all_inner_texts():
        answer = re.match(r"As analysed: \S+ (\S+ \(\S+ to \S+\))", before)
        assert answer, before
        assert answer[1] in said, before


def two_trials(rows):
    return rows[rows["study_id"].isin(["lutsey2018", "rajizadeh2017"])]


PLOTS = {
    "assumed SDs and correlation": lambda evidence: meta.what_if(
        primary(evidence, "depression"),
        "SMD",
        sd={"phq9": [3.5, 5.0, 6.5]},
        correlation=[0.3, 0.5, 0.8],
        start={"phq9": 5},
        choose=("source", "reporting", "time", "size"),
    ),
    "trials that come and go": lambda evidence: meta.what_if(
        primary(evidence, "insomnia_severity"),
        "SMD",
        sd=[None, "instrument_low", "instrument", "instrument_high"],
    ),
    "odds ratios": lambda evidence: meta.what_if(infarction(evidence)),
    "risk ratios, two trials": lambda evidence: meta.what_if(
        meta.effects(two_trials(primary(evidence, "gi_adverse_event")), "RR")
    ),
}


@pytest.mark.parametrize("name", PLOTS)
def test_answers_are_those_of_the_module(opened, evidence, name):
    choose_at_random(opened(PLOTS[name](evidence)), 0, evidence, rounds=5)


def test_the_start_is_the_answer_as_analysed_and_reset_returns_to_it(opened, evidence):
    page = opened(PLOTS["assumed SDs and correlation"](evidence))
    rows = primary(evidence, "depression")
    choose = ("source", "reporting", "time", "size")
    fit = meta.pool(meta.effects(rows, "SMD", sd={"phq9": 5}, choose=choose))
    before = page.locator(".what-if-before").inner_text()
    assert before.startswith(f"As analysed: SMD {fit.effect_text()}, {fit.k} trials, REML")
    answer = page.locator(".what-if-answer")
    first, ghost = answer.inner_text(), page.locator("tfoot .what-if-muted")
    assert not ghost.is_visible()
    page.locator("input[type=range]").nth(1).fill("0")
    page.locator("select").first.select_option("DL")
    page.get_by_role("button", name="Double-blind only").click()
    assert answer.inner_text() != first
    assert ghost.is_visible()
    assert page.locator(".what-if-before").inner_text() == before
    page.get_by_role("button", name="Reset").click()
    assert answer.inner_text() == first
    assert page.locator(".what-if-controls label span").nth(1).inner_text() == "5"


def test_one_click_leaves_the_trials_in_doubt_out(opened, evidence):
    page = opened(PLOTS["assumed SDs and correlation"](evidence))
    page.get_by_role("button", name="Without integrity flags").click()
    left = page.locator("tbody tr", has=page.locator("input:checked")).all_inner_texts()
    assert left
    assert not any("†" in text for text in left)
    page.get_by_role("button", name="All trials").click()
    assert page.locator("tbody input:not(:checked)").count() == 0


def test_choices_of_trials_combine_and_stay_in_the_address(opened, evidence):
    page = opened(meta.what_if(meta.effects(primary(evidence, "depression"), "SMD")))
    start = page.url
    blind = page.get_by_role("button", name="Double-blind only")
    sound = page.get_by_role("button", name="Without integrity flags")
    ticked = "found => found.map((e, i) => (e.checked ? i : -1)).filter(i => i >= 0)"

    def chosen():
        return page.eval_on_selector_all("tbody input", ticked)

    blind.click()
    only_blind = chosen()
    sound.click()
    assert blind.get_attribute("aria-pressed") == sound.get_attribute("aria-pressed") == "true"
    both = chosen()
    blind.click()
    assert sorted(set(only_blind) & set(chosen())) == both
    assert len(both) < min(len(only_blind), len(chosen()))
    blind.click()
    page.locator("select").first.select_option("PM")
    answer, address = page.locator(".what-if-answer").inner_text(), page.url
    assert "#try-0:PM," in address
    # another reader opens the address
    page.goto("about:blank")
    page.goto(address)
    assert page.locator(".what-if-answer").inner_text() == answer
    assert chosen() == both
    page.get_by_role("button", name="Reset").click()
    assert page.url == start
    page.goto("about:blank")
    page.goto(f"{start}#try-0:PM,HK,,11")  # of another plot: nothing is taken from it
    assert chosen() == list(range(page.locator("tbody input").count()))


def test_the_answer_is_said_in_words(opened, evidence):
    page = opened(
        meta.what_if(meta.effects(primary(evidence, "depression"), "SMD"), treatment="magnesium")
    )
    said = page.locator(".what-if-plain")
    count = page.locator("tbody input").count()
    assert said.inner_text() == f"These {count} trials together favour magnesium."
    page.get_by_role("button", name="Double-blind only").click()
    page.get_by_role("button", name="Without integrity flags").click()
    assert said.inner_text().endswith("together leave open a benefit, no effect or harm.")


def test_a_trial_without_an_effect_under_an_assumption_is_announced(opened, evidence):
    page = opened(PLOTS["trials that come and go"](evidence))
    answer = page.get_by_role("status")
    assert "Schuster 2025 has no effect under this assumption" in answer.inner_text()
    row = page.locator("tbody tr", has_text="Schuster 2025")
    assert "no effect under this assumption" in row.inner_text()
    assert row.locator("svg").count() == 0
    assert "standard deviation" in page.locator(".what-if-notes").inner_text()
    page.locator("input[type=range]").fill("2")
    assert "no effect" not in answer.inner_text()
    assert row.locator("svg").count() == 1


def test_few_trials_are_said_aloud(opened, evidence):
    page = opened(PLOTS["risk ratios, two trials"](evidence))
    assert "read them, not the pooled effect" in page.locator(".what-if-answer").inner_text()
    assert "Two trials" in page.locator(".what-if-loud").inner_text()
    assert page.locator("tfoot .what-if-arrow").count() == 4  # both intervals
    assert page.locator(".what-if-diamond").count() == 0
    page.locator("input[type=checkbox]").first.uncheck()
    assert "not a meta-analysis" in page.locator(".what-if-loud").inner_text()
    assert page.locator(".what-if-pooled .what-if-diamond").count() == 0
    page.locator("input[type=checkbox]").nth(1).uncheck()
    assert "No trial is left" in page.locator(".what-if-answer").inner_text()


def test_everything_works_without_a_mouse(opened, evidence):
    page = opened(PLOTS["assumed SDs and correlation"](evidence))
    result = "JSON.stringify(metaWhatIf[0].result)"
    keys = {"select-one": "End", "range": "ArrowRight", "button": None, "checkbox": "Space"}
    kinds = []
    for _ in range(9):  # two lists, two sliders, four buttons, the first trial
        page.keyboard.press("Tab")
        kind, outline, moved = page.evaluate(
            "(({ type, id }) => [type, getComputedStyle(document.activeElement).outlineStyle,"
            " document.getElementById(`${id}-moves`)?.textContent])(document.activeElement)"
        )
        kinds.append(kind)
        assert outline == "solid", kind
        before = page.evaluate(result)
        if keys[kind]:
            page.keyboard.press(keys[kind])
        if keys[kind] and moved != "no trial here rests on it":
            page.wait_for_function(f"before => {result} !== before", arg=before)
    assert kinds == [*["select-one"] * 2, *["range"] * 2, *["button"] * 4, "checkbox"]
    assert page.locator("input[type=range]").nth(1).get_attribute("aria-valuetext") == "6.5"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_without_sideways_scrolling(page, opened, evidence, scheme):
    page.set_viewport_size({"width": 390, "height": 800})
    page.emulate_media(color_scheme=scheme)
    for name in PLOTS:
        opened(PLOTS[name](evidence))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
        cells = page.locator("tbody td.what-if-effect")
        assert all(box["width"] > 100 for box in (c.bounding_box() for c in cells.all()))


def test_print_keeps_the_figure_and_drops_the_controls(opened, evidence):
    page = opened(PLOTS["odds ratios"](evidence))
    page.emulate_media(media="print")
    assert not page.locator(".what-if-controls").is_visible()
    assert not page.locator("input[type=checkbox]").first.is_visible()
    assert page.locator("tbody svg").first.is_visible()
    assert page.locator("tfoot svg").first.is_visible()


def test_markup_in_texts_stays_text(opened):
    attack = '</script><img src=x onerror="document.title=1">'
    effects = meta.Effects.from_arrays(
        [0.1, 0.2], [0.1, 0.2], labels=[attack, "b"], flag=[attack, ""], assumptions=["", attack]
    )
    page = opened(meta.what_if(effects, names={}, treatment=attack))
    assert page.title() == "fine"
    assert page.locator("img").count() == 0
    assert attack in page.locator("tbody label").first.inner_text()
    assert attack in page.locator(".what-if-notes").inner_text()
