"""The built report: complete, self-contained, reproducible."""

from __future__ import annotations

import base64
import csv
import gc
import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from conftest import figure_digests

import meta
from meta.evidence.addresses import source_address
from meta.report.links import copied_on

# elements whose address the browser fetches by itself
FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


# parsing the pages takes longest: one process does it for all tests here
pytestmark = pytest.mark.xdist_group("site")
MENU = '<div class="sidebar-tree">'  # most of a page, which is read without making a tree of it


@pytest.fixture(scope="module")
def parts(site: Path) -> dict[Path, tuple[str, str]]:
    """Every page without its menu, and the menu."""
    parts = {}
    for path in sorted(site.rglob("*.html")):
        before, menu, rest = path.read_text(encoding="utf-8").partition(MENU)
        assert menu or path.parent.name == "claim", path
        menu, end, after = rest.partition("</div>")
        parts[path] = before + end + after, menu
    return parts


@pytest.fixture(scope="module")
def pages(parts: dict[Path, tuple[str, str]]) -> dict[Path, BeautifulSoup]:
    gc.disable()  # of millions of parts, which it would look through again and again, all are kept
    pages = {path: BeautifulSoup(page, "html.parser") for path, (page, _) in parts.items()}
    gc.enable()
    return pages


@pytest.fixture(scope="module")
def menus(parts: dict[Path, tuple[str, str]]) -> dict[Path, str]:
    return {path: menu for path, (_, menu) in parts.items()}


def test_menus_hold_lists_of_links_and_switches(menus):
    kinds = {kind for menu in menus.values() for kind in re.findall(r"<(\w+)", menu)}
    assert kinds == {"p", "span", "ul", "li", "a", "code", "input", "label", "svg", "use"}


def test_every_notebook_and_study_has_a_page(pages, site, root):
    names = {path.relative_to(site).with_suffix("").as_posix() for path in pages}
    notebooks = {f"notebooks/{path.stem}" for path in (root / "notebooks").glob("*.ipynb")}
    studies = (root / "data" / "trials.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert {"index", "methods", "data", "trials", "api"} | notebooks <= names
    assert sum(name.startswith("trials/") for name in names) >= 150
    assert studies  # the table is where it should be


def test_nothing_is_fetched_from_elsewhere(pages):
    for path, soup in pages.items():
        for name, attribute in FETCHED.items():
            for element in soup.find_all(name):
                address = urlsplit(str(element.get(attribute, "")))
                assert not address.netloc, f"{path.name}: {element}"


def test_style_sheets_fetch_nothing(site):
    for path in site.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert "http://" not in text.replace("http://www.w3.org", ""), path
        assert "url(https:" not in text, path
        assert "@import" not in text, path


def test_every_link_leads_somewhere(pages, menus, site):
    anchors = {
        path: {str(tag["id"]) for tag in soup.select("[id]")} for path, soup in pages.items()
    }
    links = {
        # icons, style sheets, scripts and images count as well as links
        path: {str(e.get("href", e.get("src"))) for e in soup.select("[href], [src]")}
        | set(re.findall(r'href="([^"]*)"', menus[path]))
        for path, soup in pages.items()
    }
    broken = []
    # the pages of a folder lead to the same places, in their menus alone to hundreds
    for place, name in {
        (path if name.startswith("#") else path.parent / "-", name)
        for path, names in links.items()
        for name in names
    }:
        address = urlsplit(name)
        if address.scheme or address.netloc:
            continue
        target = (place.parent / unquote(address.path)).resolve() if address.path else place
        fragment = unquote(address.fragment)
        if target not in anchors and not target.exists():
            broken.append(f"{place.relative_to(site)}: {name}")
        elif fragment and target in anchors and fragment not in anchors[target]:
            broken.append(f"{place.relative_to(site)}: {name} (no such place)")
    assert not broken, broken[:10]


def test_code_of_notebooks_is_folded_behind_the_answers(pages):
    for path, soup in pages.items():
        if path.parent.name == "notebooks":
            assert soup.select("details.hide div.cell_input"), path.name
            assert not soup.select("div.cell > div.cell_input"), path.name
            sections = soup.select("article section > section")
            for section in sections:
                # once, and nothing but sections of its own comes after it
                assert len(section.select(":scope > div.cell > details.hide")) <= 1, path.name
            if sections:
                first = soup.select_one("article section")
                assert not first.select(":scope > div.cell details.hide"), path.name


def test_figures_of_notebooks_can_be_taken_along(pages, site):
    drawn = 0
    for path, soup in pages.items():
        for figure in soup.select("figure.drawn"):
            drawn += 1
            links = {str(a["href"]) for a in figure.select("a[download]")}
            assert {link.rpartition(".")[2] for link in links} == {"svg", "png", "csv"}
            assert all((path.parent / link).is_file() for link in links)
            assert "Figure in: " in figure.select_one("figcaption details p").get_text()
    assert drawn > 60
    forest = pages[site / "notebooks" / "02_depression.html"].select_one("figure.has-rows")
    with (site / "drawn" / "02_depression-1.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["what"] == "study"]
    shown = forest.select(".rows li.study")
    assert [one.select_one(".name").get_text() for one in shown] == [r["label"] for r in rows]
    for one, row in zip(shown, rows, strict=True):
        said = one.select_one(".value").get_text().replace("\u2212", "-")
        numbers = (float(row[name]) for name in ("estimate", "ci_low", "ci_high"))
        assert said == "{:.2f} ({:.2f} to {:.2f})".format(*numbers)


def test_pages_say_what_they_are_and_run_nothing_else(pages, site):
    for path, soup in pages.items():
        assert len(soup.select("meta[name=viewport]")) == 1, path.name
        assert soup.select("link[rel~=icon]"), path.name
        assert len(soup.select("h1")) == 1, path.name
        policy = soup.select_one("meta[http-equiv=Content-Security-Policy]")["content"]
        assert "default-src 'none'" in policy
        for script in soup.select("script:not([src]):not([type])"):
            digest = hashlib.sha256(script.string.encode()).digest()
            assert base64.b64encode(digest).decode() in policy, path.name
    for name in ("index", "articles/000", "notebooks/02_depression", "trials/tarleton2017"):
        soup = pages[site / f"{name}.html"]
        assert len(soup.select_one("meta[name=description]")["content"]) > 40
        assert soup.select_one("meta[property='og:title']")["content"]
    single = (site.parent / "report.html").read_text(encoding="utf-8")
    policy = re.search(r'Security-Policy" content="([^"]*)"', single)[1]
    for code in re.findall(r"<script>(.*?)</script>", single, re.DOTALL):
        digest = hashlib.sha256(code.encode()).digest()
        assert base64.b64encode(digest).decode() in policy


def test_names_of_studies_and_claims_have_become_links(pages, site):
    marked = "span[data-study], span[data-claim]"
    assert not [path.name for path, soup in pages.items() if soup.select(marked)]
    depression = pages[site / "notebooks" / "02_depression.html"]
    assert depression.select_one('td a.study, th a.study[href="../trials/tarleton2017.html"]')
    claims = pages[site / "notebooks" / "14_claims.html"]
    assert claims.select_one('a.claim[href="../articles/000.html#a0-c11"]')


def test_every_image_is_described(pages):
    for path, soup in pages.items():
        for image in soup.find_all("img"):
            text = str(image.get("alt", ""))
            assert len(text) > 30, f"{path.name}: {image.get('src')}"
            assert not text.endswith(".svg"), path


def test_landing_page_answers_its_question_and_advises_nobody(pages, site, root):
    soup = pages[site / "index.html"]
    question = json.loads((root / "data" / "datapackage.json").read_text())["question"]
    assert soup.h1.get_text().startswith(question["title"])
    assert "advises nobody" in soup.select_one(".modesty").get_text()
    assert [card.h2.get_text() for card in soup.select(".card")] == [
        "Depression", "Anxiety", "Sleep", "Dose and safety",
    ]  # fmt: skip


def test_landing_page_leads_to_every_article_and_counts_its_claims(pages, site, root):
    with (root / "data" / "claims.csv").open(encoding="utf-8", newline="") as file:
        works = Counter(
            row["article_file"][:3] for row in csv.DictReader(file) if row["group"] == "works"
        )
    shown = pages[site / "index.html"].select(".article")
    assert len(shown) == len(list((site / "articles").iterdir()))
    for article in shown:
        page = Path(str(article.a["href"])).stem
        backed, _, total = article.select_one(".backed b").get_text().split()
        assert int(total) == works[page]
        bar = article.select(".bar span")
        parts = {part["class"][0]: int(part["style"].partition(":")[2]) for part in bar}
        assert sum(parts.values()) == works[page]
        assert parts.get("supported", 0) == int(backed)


def test_every_claim_has_a_page_a_card_and_its_place(pages, site, root):
    with (root / "data" / "claims.csv").open(encoding="utf-8", newline="") as file:
        claims = [row["claim_id"] for row in csv.DictReader(file)]
    for claim in claims:
        assert pages[site / "claim" / f"{claim}.html"].h1
        assert (site / "claim" / f"{claim}.png").stat().st_size > 2000
        assert (site / "claim" / f"{claim}.svg").exists()


def test_study_pages_say_where_results_stand_and_what_speaks_to_them(pages, site):
    soup = pages[site / "trials" / "tarleton2017.html"]
    result = soup.find(id="tarleton2017-depression-1")
    assert "-6.0 (CI -7.9, -4.2; P<0.001)" in result.select_one("blockquote").get_text()
    assert result.select_one('a[href^="https://pmc.ncbi.nlm.nih.gov/"]')
    assert result.select_one("details summary").get_text().startswith("From print to effect")
    assert soup.select_one('a[href="../notebooks/02_depression.html"]')
    judged = soup.find("caption", string=lambda text: text and text.startswith("Judgements"))
    assert "RoB" in judged.find_parent("table").get_text()


def test_results_of_a_study_have_names_of_their_own_and_lead_to_claims(pages, site):
    for path, soup in pages.items():
        if path.parent.name == "trials":
            names = [h3.get_text() for h3 in soup.select("section.result h3")]
            assert len(names) == len(set(names)), path.name
    (row,) = pages[site / "trials" / "tarleton2017.html"].select("#tarleton2017-depression-1")
    claims = {str(a["href"]) for a in row.select('a[href^="../articles/"]')}
    assert "../articles/004.html#a4-c05" in claims
    rests_on = pages[site / "articles" / "004.html"].select_one("#a4-c05")
    assert rests_on.select_one('a[href="../trials/tarleton2017.html#tarleton2017-depression-1"]')


def test_every_result_leads_to_its_page_and_to_its_row(pages, site, root):
    rows = pages[site / "results.html"].select("tbody tr")
    printed = meta.load_evidence(root / "data").select().to_dict("records")
    assert len(rows) == len(printed)
    for row, result in zip(rows, printed, strict=True):
        links = [str(a["href"]) for a in row.select("a")]
        assert f"trials/{result['study_id']}.html#{result['result_id']}" in links
        address = source_address(result)
        assert (address in links) != bool(copied_on(address))


def test_no_page_links_to_a_copy_on_a_sharing_site(site):
    for path in [*site.rglob("*.html"), site.parent / "report.html"]:
        links = set(re.findall(r'href="(https?://[^"]*)"', path.read_text(encoding="utf-8")))
        assert not [link for link in links if copied_on(link)], path.name


def test_figures_are_the_same_to_the_byte(site, figures_before):
    assert figure_digests() == figures_before


def test_single_file_is_complete_and_alone(site, pages):
    path = site.parent / "report.html"
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for name, attribute in FETCHED.items():
        for element in soup.find_all(name):
            assert str(element.get(attribute, "data:")).startswith("data:"), str(element)[:200]
    ids = [str(element["id"]) for element in soup.select("[id]")]
    assert len(ids) == len(set(ids))
    local = [str(a["href"])[1:] for a in soup.select('a[href^="#"]') if len(str(a["href"])) > 1]
    missing = set(local) - set(ids)
    assert not missing, sorted(missing)[:10]
    inside = [str(a["href"]) for a in soup.select("a[href]") if not urlsplit(str(a["href"])).scheme]
    assert all(href.startswith("#") for href in inside)
    contents = {str(a["href"]) for a in soup.select("nav[aria-label=Contents] a")}
    assert {f"#articles-00{number}" for number in range(5)} <= contents
    notebooks = [p for p in pages if p.parent.name == "notebooks"]
    assert len(soup.select('section.page[id^="notebooks-"]')) == len(notebooks)
