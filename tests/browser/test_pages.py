"""Every page in a real browser: no request leaves the file tree, and no script fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Frame, Locator, Page, expect

pytestmark = pytest.mark.browser

Log = tuple[list[str], list[str]]
OpenedTogether = Callable[[list[Path]], Iterator[list[Frame]]]

# Studies share one layout, so a few stand for all; every other page is opened.
STUDIES = ("tarleton2017", "rajizadeh2017", "asemi2015")


# with a picture of both arms, without any figure, with a range
CLAIMS = ("a0-c11", "a0-c01", "a2-c08")


def pages_of(site: Path) -> list[Path]:
    every = sorted(site.rglob("*.html"))
    some = {*STUDIES, *CLAIMS}
    return [p for p in every if p.parent.name not in {"trials", "claim"} or p.stem in some]


# the workers share what takes long
PARTS = range(4)


def test_the_single_file_loads_in_a_moment(page: Page, site: Path):
    """What is far away is drawn when the reader comes near, and then it is there."""
    measure = page.context.new_cdp_session(page)
    # of the processor's time, not of the clock, which counts other work of the machine too
    measure.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    measure.send("Performance.enable")
    page.goto((site.parent / "report.html").as_uri(), timeout=120_000)
    taken = {one["name"]: one["value"] for one in measure.send("Performance.getMetrics")["metrics"]}
    measure.detach()
    assert taken["TaskDuration"] < 3
    image = page.locator("section.page img").last
    image.scroll_into_view_if_needed()
    page.wait_for_function("e => e.complete && e.naturalWidth > 0", arg=image.element_handle())


UNNAMED = """found => found.filter(e => !(e.alt || e.getAttribute('aria-label') ||
    e.querySelector('title'))).map(e => e.outerHTML.slice(0, 200))"""
NOT_DRAWN = "found => found.filter(e => e.complete && !e.naturalWidth).map(e => e.src)"


WIDEST = """() => Math.max(...[...document.querySelectorAll('html, .main, .content, article')]
    .map(e => e.scrollWidth))"""


NARROW = """() => document.querySelectorAll("iframe").forEach(frame => {
    frame.style.width = "390px"; })"""


@pytest.mark.parametrize("part", PARTS)
def test_pages_load_alone_without_errors_with_named_images_and_fit_a_phone(
    page: Page, asked_and_failed: Log, site: Path, opened_together: OpenedTogether, part: int
):
    requests, errors = asked_and_failed
    every = [*pages_of(site), site.parent / "report.html"][part :: len(PARTS)]
    for frames in opened_together(every):
        for frame in frames:
            unnamed = frame.eval_on_selector_all("img, svg[role=img]", UNNAMED)
            assert not unnamed, f"{frame.url}: {unnamed}"
            assert not frame.eval_on_selector_all("img", NOT_DRAWN), frame.url
        page.evaluate(NARROW)
        # the theme lets its content scroll by itself, which is no better for a reader
        wide = [frame.url for frame in frames if frame.evaluate(WIDEST) > 392]
        assert not wide
        assert not errors
        outside = [url for url in requests if not url.startswith(("file:", "data:", "blob:"))]
        assert not outside


# a page of each kind, the gallery of figures and the longest tables among them
OF_EACH_KIND = (
    *("index", "articles/000", "claims", "search", "results", "trials", "methods", "glossary"),
    *("bibliography", "api", "reference/meta.pool", "genindex", "how_to_cite", "data", "guides"),
    *("coming_from", "changes", "your_own_question", "notebooks/15_risk_of_bias_and_certainty"),
    *("notebooks/02_depression", "notebooks/14_claims", "notebooks/80_forest_plots"),
    *(f"trials/{name}" for name in STUDIES[:2]),
    *(f"claim/{name}" for name in CLAIMS),
)
# where colours and layout differ: these are looked at in the other two ways as well
IN_ALL_WAYS = ("index", "articles/000", "notebooks/02_depression", "claim/a0-c11", "search")
WAYS = [("light", 1400), ("dark", 390), ("dark", 1400), ("light", 390)]


# Looking at colours takes axe ten times as long as all else. Text has the same contrast where it
# and all that it stands in are drawn alike: of each such kind axe looks at one.
MARK_ONE_OF_A_KIND = r"""() => {
    const looks = ["color", "backgroundColor", "backgroundImage", "opacity", "mixBlendMode",
        "filter", "textShadow", "fontSize", "fontWeight", "display", "visibility", "position",
        "zIndex", "float", "overflow", "clip", "clipPath", "transform"];
    const looked = new Set(), numbers = new Map(), numberOf = new Map();
    for (const e of document.querySelectorAll("*")) {
        const style = getComputedStyle(e), box = e.getBoundingClientRect();
        const look = [numberOf.get(e.parentElement), ...looks.map(name => style[name])].join();
        if (!numbers.has(look)) numbers.set(look, numbers.size);
        numberOf.set(e, numbers.get(look));
        const text = [...e.childNodes].map(n => n.nodeType === 3 ? n.data.trim() : "").join("");
        const kind = [numberOf.get(e), e.tagName, /\w/.test(text), text.length > 1,
            e.checkVisibility(), box.width > 0, box.height > 0, box.right > 0, box.bottom > 0]
            .join();
        const first = !looked.has(kind) || e.matches("input, select, textarea, button");
        looked.add(kind);
        e.toggleAttribute("data-looked-at", first);
    }
}"""
ONE_OF_A_KIND = "axe.configure({rules: [{id: 'color-contrast', selector: '[data-looked-at]'}]})"
# what is in order axe need not list
FOUND = "axe.run({resultTypes: ['violations']}).then(found => found.violations)"


@pytest.mark.parametrize("part", PARTS)
def test_axe_finds_nothing(page: Page, site: Path, part: int):
    findings = []
    for name in OF_EACH_KIND[part :: len(PARTS)]:
        page.goto((site / f"{name}.html").as_uri())
        page.evaluate(AXE_SCRIPT)
        page.evaluate(ONE_OF_A_KIND)
        for scheme, width in WAYS if name in IN_ALL_WAYS else WAYS[:2]:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 850})
            page.evaluate(MARK_ONE_OF_A_KIND)
            for found in page.evaluate(FOUND):
                where = found["nodes"][0]["html"][:200]
                many = f"{found['id']} x{len(found['nodes'])}"
                findings.append(f"{name}, {scheme}, {width}: {many}: {where}")
    assert not findings, "\n".join(findings)


def test_code_opens_by_keyboard(page: Page, site: Path):
    page.goto((site / "notebooks" / "02_depression.html").as_uri())
    summary = page.locator("details.hide summary").first
    body = page.locator("details.hide").first.locator("pre").first
    assert not body.is_visible()
    summary.focus()
    page.keyboard.press("Enter")
    assert body.is_visible()


def test_tables_sort_and_filter_by_keyboard(page: Page, site: Path):
    page.goto((site / "trials.html").as_uri())
    table = page.locator(".table-scroll table").first
    year = table.locator("th button.sort", has_text="Year")
    year.focus()
    page.keyboard.press("Enter")
    years = [text for text in table.locator("tbody tr td:nth-child(2)").all_inner_texts() if text]
    assert years == sorted(years)
    assert table.locator("th[aria-sort=ascending]").inner_text().startswith("Year")
    page.locator("label.filter input").first.focus()
    page.keyboard.type("glycinate")
    shown = table.locator("tbody tr:visible").all_inner_texts()
    assert 0 < len(shown) < 30
    assert all("glycinate" in row.lower() for row in shown)


# what somebody asks -> an address that must be among the first answers
ASKED = {
    "28%": "articles/000.html#a0-c11",
    "37 percent": "articles/001.html#a1-c10",
    "side effects": "articles/001.html#a1-c29",
    "safe with antidepressants": "articles/002.html#a2-c33",
    "Is 400 mg safe?": "index.html#dose-and-safety",
    "how to cite": "how_to_cite.html",
    "download data": "downloads/data.zip",
    "diarrhea": "articles/000.html#a0-c26",
    "Tarleton": "trials/tarleton2017.html",
}


ADDRESSES = "found => found.map(e => e.getAttribute('href'))"


def test_search_answers_questions_and_leads_to_the_claim(
    page: Page, asked_and_failed: Log, site: Path
):
    requests, errors = asked_and_failed
    page.goto((site / "search.html").as_uri() + "?q=glycinate")
    assert page.locator(".find-results li").count() > 10
    for asked, wanted in ASKED.items():
        page.locator("#find-words").fill(asked)
        links = page.eval_on_selector_all(".find-results a", ADDRESSES)
        assert wanted in links[:5], f"{asked}: {links[:5]}"
    page.locator("#find-words").fill("28 %")
    page.locator(".find-results a").first.click()
    # the claim is in sight, also where it stands in a group that was folded
    expect(page).to_have_url(re.compile(r"articles/000\.html#a0-c11$"))
    expect(page.locator("#a0-c11 .ruling")).to_be_visible()  # once the page's script has run
    page.goto((site / "search.html").as_uri() + "?q=xyzzy")
    assert page.locator(".find-count").inner_text().startswith("Nothing found")
    assert not errors
    assert all(url.startswith("file:") for url in requests)


def test_the_single_file_searches_itself(page: Page, asked_and_failed: Log, site: Path):
    requests, errors = asked_and_failed
    page.goto((site.parent / "report.html").as_uri(), timeout=120_000)
    assert page.locator(".find-results li").count() == 0
    for asked, wanted in ASKED.items():
        if wanted.startswith("downloads/"):  # beside the site
            continue
        page.locator("#find-words").fill(asked)
        links = page.eval_on_selector_all(".find-results a", ADDRESSES)
        path, _, fragment = wanted.partition("#")
        name = path.removesuffix(".html").replace("/", "-")
        anchor = f"#{name}--{fragment}" if fragment else f"#{name}"
        assert anchor in links[:5], f"{asked}: {links[:5]}"
    page.locator("#find-words").fill("28 %")
    page.locator(".find-results a").first.click()
    expect(page.locator("#articles-000--a0-c11 .answer")).to_be_in_viewport()
    assert not errors
    assert all(url.startswith(("file:", "data:")) for url in requests)


def test_short_tables_have_plain_headings(page: Page, site: Path):
    page.set_content(
        '<div class="table-scroll"><table><thead><tr><th>Name</th></tr></thead><tbody>'
        + "<tr><td>a</td></tr>" * 5
        + "</tbody></table></div>"
    )
    page.add_script_tag(path=str(site / "_static" / "tables.js"))
    page.evaluate("document.dispatchEvent(new Event('DOMContentLoaded'))")
    assert page.locator("button.sort").count() == 0
    page.evaluate("document.querySelector('tbody').insertRow()")
    page.evaluate("document.dispatchEvent(new Event('DOMContentLoaded'))")
    assert page.locator("button.sort").count() == 1


@pytest.mark.parametrize("width", [390, 1280, 1600])
def test_the_figures_of_the_landing_page_are_in_sight(page: Page, site: Path, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto((site / "index.html").as_uri())
    for row in page.locator(".promise").all():
        assert row.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def in_first_screen(page: Page, part: Locator) -> bool:
    box, height = part.bounding_box(), page.viewport_size["height"]
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= height


def test_five_questions_are_answered_in_one_screen_or_by_one_click(page: Page, site: Path):
    page.set_viewport_size({"width": 1400, "height": 900})
    start = (site / "index.html").as_uri()
    page.goto(start)
    # does glycinate help my depression, and how sure is that?
    lead = page.locator(".lead")
    assert in_first_screen(page, lead)
    assert "may improve depression" in lead.inner_text()
    card = page.locator(".card", has=page.get_by_role("heading", name="Depression"))
    assert in_first_screen(page, card.locator(".says"))
    assert in_first_screen(page, card.locator(".sure"))
    assert "very low certainty" in card.locator(".sure").inner_text()
    # is 400 mg safe?
    safe = page.locator(".card", has=page.get_by_role("heading", name="Dose and safety"))
    for limit in ("250 mg a day", "350 mg a day"):
        assert in_first_screen(page, safe.get_by_text(f"At most {limit}"))
    # who says?
    page.get_by_role("link", name="Who says so?").click()
    expect(page.get_by_role("heading", name="Who made it, and how")).to_be_in_viewport()
    page.goto(start)
    card.get_by_role("link", name="See the trials").click()
    expect(page).to_have_url(re.compile(r"notebooks/02_depression\.html$"))
    # what about the 28 %?
    page.goto(start)
    page.get_by_role("link", name="scores drop 28%").click()
    expect(page.locator("#a0-c11 .answer")).to_be_in_viewport()
    # a phone answers the question itself before anybody scrolls
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(start)
    assert in_first_screen(page, page.locator(".lead"))
    assert in_first_screen(page, page.locator(".tally .count"))


HIDDEN_ON_PAPER = (
    ".skip-to-content, details.hide, div.cell_input, .sidebar-drawer, .toc-drawer, "
    ".mobile-header, label.filter, .what-if-controls, .content-icon-container"
)
CLIPPED = """found => found.filter(e => e.scrollWidth > e.clientWidth + 1 &&
    getComputedStyle(e).overflowX !== 'visible').map(e => e.getAttribute('aria-label'))"""


def test_paper_shows_text_and_tables_without_controls(page: Page, site: Path):
    page.set_viewport_size({"width": 794, "height": 1123})  # A4 at 96 px an inch
    page.emulate_media(media="print")
    for name in ("index", "notebooks/02_depression", "trials", f"trials/{STUDIES[0]}"):
        page.goto((site / f"{name}.html").as_uri())
        shown = [e for e in page.locator(HIDDEN_ON_PAPER).all() if e.is_visible()]
        assert not shown, f"{name}: {[e.get_attribute('class') for e in shown]}"
        assert not page.eval_on_selector_all(".table-scroll", CLIPPED), name
        tables = page.eval_on_selector_all(
            ".table-scroll table", "found => found.map(e => e.offsetWidth)"
        )
        assert max(tables, default=0) <= 794, name
        stands = page.locator(".on-paper").inner_text()
        assert stands.startswith(f"{(site / f'{name}.html').as_uri()}, printed on ")
    # what is folded on the screen is open on paper
    page.goto((site / "articles" / "000.html").as_uri())
    expect(page.locator("#a0-c36 .answer")).to_be_visible()
    link = page.locator("#a0-c11 .source a[href^=http]").first
    printed = link.evaluate("e => getComputedStyle(e, '::after').content")
    assert link.get_attribute("href") in printed


def test_a_phone_gets_the_rows_of_a_forest_plot(page: Page, site: Path):
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto((site / "notebooks" / "02_depression.html").as_uri())
    forest = page.locator("figure.has-rows").first
    assert not forest.locator("img").is_visible()
    assert forest.locator(".rows li.study").count() == 8
    assert forest.locator(".rows").evaluate("e => e.scrollWidth <= e.clientWidth")
    # what has no interval is rows as well, and nothing that is drawn scrolls sideways
    page.goto((site / "notebooks" / "15_risk_of_bias_and_certainty.html").as_uri())
    for figure in page.locator("figure.drawn").all():
        assert figure.locator(".rows li.long").count() > 0
        assert figure.evaluate("e => e.scrollWidth <= e.clientWidth")
    page.goto((site / "notebooks" / "02_depression.html").as_uri())
    page.set_viewport_size({"width": 1000, "height": 800})
    assert forest.locator("img").is_visible()
    assert not forest.locator(".rows").is_visible()
