"""What a reader is told of articles and claims: all of it, escaped, with its source."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from PIL import Image

import meta
from meta.claims.assess import assess
from meta.claims.verdicts import VERDICTS
from meta.evidence.spreadsheet import safe_csv
from meta.report import claim_pages
from meta.report.article_pages import about_article, article_page
from meta.report.claim_pages import write_claim_pages
from meta.report.landing import landing, promised
from meta.report.links import copied_on
from meta.report.notebook_index import NotebookIndex
from meta.report.reader_words import LEVELS, WORDS, effect_sentence, verdict_label
from meta.report.share import card_lines, card_png, claim_review
from meta.wording import in_words

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def evidence() -> meta.Evidence:
    return meta.load_evidence(ROOT / "data")


@pytest.fixture(scope="module")
def found(evidence):
    return [assess(str(name), evidence) for name in evidence.claims["claim_id"]]


@pytest.fixture(scope="module")
def page(evidence, found):
    files = dict.fromkeys(one.article_file for one in found)
    return BeautifulSoup(landing(evidence, found, {file: file for file in files}), "html.parser")


def test_every_verdict_and_level_has_words():
    assert set(WORDS) == set(VERDICTS)
    sentences = {effect_sentence("sleep", level, side) for level in LEVELS for side in (-1, 0, 1)}
    assert len(sentences) == 12
    assert all("may" in said or "uncertain" in said for said in sentences if "very un" in said)


def test_the_first_screen_answers_the_question_before_it_counts(page, evidence):
    lead = page.select_one(".lead").get_text()
    # every outcome here is of very low certainty; the interval of depression alone excludes nothing
    assert lead.startswith("Nobody knows for sure. Magnesium may improve depression, but ")
    assert lead.endswith("Whether it does anything for anxiety or sleep is very uncertain.")


def test_the_first_screen_counts_the_claims_that_it_works(page, found):
    works = [one for one in found if one.group == "works"]
    backed = sum(one.verdict == "supported" for one in works)
    said = page.select_one(".tally .count").get_text()
    assert f"make {len(works)} claims that it works" in said
    assert said.endswith(f"{in_words(backed).capitalize()} of them are backed by what we found.")
    counts = {
        item.select_one(".swatch")["class"][1]: int(item.b.get_text())
        for item in page.select(".tally li")
    }
    assert counts == Counter(one.verdict for one in works)


def test_cards_show_a_dot_a_trial_and_the_own_form_in_colour(page, evidence):
    (card,) = [c for c in page.select(".card") if c.h2.get_text() == "Depression"]
    trials = evidence.primary("depression").drop_duplicates("study_id")
    assert len(card.select(".dots i")) == len(trials)
    own = int((trials["mg_form"] == "glycinate").sum())
    assert len(card.select(".dots i.own")) == own
    reached = len(card.select(".certainty i.on"))
    rated = meta.certainties(evidence)["Depressive symptoms"]
    assert reached == LEVELS.index(rated.level) + 1


def test_safety_says_who_says_so(page):
    (card,) = [c for c in page.select(".card") if c.h2.get_text() == "Dose and safety"]
    links = [str(a["href"]) for a in card.select("a[href^=http]")]
    told = meta.load_evidence(ROOT / "data").table("safety")
    copies = [url for url in told["source_url"] if copied_on(url)]
    assert len(copies) == 1  # of a fact sheet, on a site that shares files
    assert set(links) == set(told["source_url"]) - set(copies)
    assert "docslib.org, which is not linked" in card.get_text()


def test_promised_rows_stand_on_the_axis_in_real_units(page, evidence, found):
    rows = promised(evidence, found)
    assert {"a0-c11", "a0-c21", "a1-c10"} <= {row.claim_id for row in rows}
    (row,) = [row for row in rows if row.claim_id == "a0-c11"]
    assert (row.claimed_low, round(row.estimate)) == (28.0, 8)
    drawn = page.select(".promise:not(.scale)")
    assert len(drawn) == len(rows)
    for one, shown in zip(drawn, rows, strict=True):
        assert bool(one.select(".nothing")) == (not shown.shown)
        for mark in one.select("[style]"):
            assert 0 <= float(re.search(r"left:([\d.]+)%", mark["style"])[1]) <= 100


def test_an_article_shows_its_headline_first_and_every_claim_once(evidence, found):
    claims = [one for one in found if one.claim_id.startswith("a4-")]
    soup = BeautifulSoup(article_page(claims, evidence, {}), "html.parser")
    shown = [section["id"] for section in soup.select("section.claim")]
    assert shown[0] == "a4-c01"
    assert sorted(shown) == sorted(one.claim_id for one in claims)
    assert len(soup.select(".ruling .answer")) == len(claims)
    for one in claims:
        section = soup.select_one(f"#{one.claim_id}")
        if one.source_link and not one.source_link_is_citation:
            assert "The cited source" not in section.get_text()


def test_falls_of_both_arms_are_those_of_the_sentence(evidence, found):
    (one,) = [one for one in found if one.claim_id == "a0-c11"]
    page = article_page([one], evidence, {})
    treated = np.average(one.arms["fall_t"], weights=one.fit.weights)
    control = np.average(one.arms["fall_c"], weights=one.fit.weights)
    for value in (treated, control):
        assert f"{value:.0f} % better" in page
        assert f"{value:.0f} %" in one.answer


def test_pages_cards_and_rows_of_every_claim(tmp_path, evidence, found):
    few = [one for one in found if one.claim_id in {"a0-c11", "a0-c01", "a2-c08"}]
    first = write_claim_pages(evidence, few, tmp_path, NotebookIndex(), tmp_path / "cards")
    assert "claims that it works" in first
    folder = tmp_path / "extra" / "claim"
    for one in few:
        soup = BeautifulSoup((folder / f"{one.claim_id}.html").read_text(), "html.parser")
        assert soup.h1.get_text() == one.claim
        assert soup.select_one("meta[property='og:description']")["content"] == one.answer
        # without an address of the site nothing pretends to have one
        assert not soup.select(
            "meta[property='og:url'], meta[property='og:image'], link[rel=canonical]"
        )
        review = json.loads(soup.select_one("script[type='application/ld+json']").string)
        assert review["@type"] == "ClaimReview"
        assert review["claimReviewed"] == one.claim
        assert "url" not in review
        image = Image.open(io.BytesIO((folder / f"{one.claim_id}.png").read_bytes()))
        assert image.size == (1200, 630)
        assert (folder / f"{one.claim_id}.csv").exists() == bool(len(one.used))
    with zipfile.ZipFile(tmp_path / "extra" / "downloads" / "data.zip") as packed:
        assert packed.read("data/trials.csv") == (ROOT / "data" / "trials.csv").read_bytes()


def test_cards_hold_their_text(found):
    for one in found:
        lines = card_lines(one, "Asked?")
        assert max(y for _, y, *_ in lines) <= 600, one.claim_id
    assert card_png(found[0], "Asked?") == card_png(found[0], "Asked?")


def test_texts_cannot_leave_their_place(found, evidence):
    text = claim_review(found[0], evidence, {"title": "</script><script>alert(1)"}, "")
    assert "</script>" not in text
    assert json.loads(text)["itemReviewed"]["appearance"]["headline"].startswith("</script>")
    frame = pd.DataFrame({"a": ["=1+1", "-5", "@x", "+ y", "plain"], "b": [-1.0, 2, 3, 4, 5]})
    assert safe_csv(frame).splitlines()[1:] == [
        "'=1+1,-1.0", "-5,2.0", "'@x,3.0", "'+ y,4.0", "plain,5.0",
    ]  # fmt: skip


# properties of schema.org's types and what they may hold; the file says of which release
SCHEMA = json.loads((ROOT / "tests" / "report" / "schema_org.json").read_text(encoding="utf-8"))
# what a reader of such a review cannot do without
NEEDED = {"ClaimReview": {"claimReviewed", "reviewRating", "author"}, "Rating": {"alternateName"}}


def checked_by_schema(node: dict) -> int:
    """Hold a node and those in it to their types; count them."""
    kind = node["@type"]
    unknown = set(node) - {"@type", "@context"} - set(SCHEMA["properties"][kind].split())
    assert not unknown, (kind, unknown)
    assert NEEDED.get(kind, set()) <= set(node), kind
    for name, value in node.items():
        if isinstance(value, dict):
            fits = {value["@type"], *SCHEMA["above"][value["@type"]]}
            assert fits & set(SCHEMA["expected"][name]), (kind, name, value["@type"])
    inner = [value for value in node.values() if isinstance(value, dict)]
    texts = [value for value in node.values() if not isinstance(value, dict)]
    assert all(isinstance(text, str) and text for text in texts), node
    return 1 + sum(map(checked_by_schema, inner))


def test_reviews_of_claims_have_the_properties_of_schema_org(evidence, found):
    for one in found:
        review = json.loads(claim_review(one, evidence, about_article(one, evidence), ""))
        assert checked_by_schema(review) >= 5  # review, claim, article, rating, who reviews
        assert review["reviewRating"]["alternateName"] == verdict_label(one)
    known = about_article(found[0], evidence)
    review = json.loads(claim_review(found[0], evidence, known, "https://example.org/claim/a.html"))
    assert review["url"] == "https://example.org/claim/a.html"


def reading_grade(text: str) -> float:
    """Flesch-Kincaid grade; a figure counts as a word of one syllable."""
    sentences = [part for part in re.split(r"[.!?:;]+(?:\s|$)", text) if re.search(r"\w", part)]
    words = re.findall(r"[A-Za-z][A-Za-z'’-]*|\d[\d.,]*", text)
    return (
        0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    )


def syllables(word: str) -> int:
    """Count groups of vowels, without a silent e or ed at the end; at least one."""
    word = re.sub(r"[^a-z]", "", word.lower())
    silent = re.search(r"[^aeiouyl]e$|[^aeiouytd]ed$", word)
    return max(1, len(re.findall(r"[aeiouy]+", word)) - bool(silent))


def test_reading_grade_is_that_of_the_formula():
    # 10 words of 10 syllables in 2 sentences
    assert reading_grade("The cat sat on the mat. It was not big.") == pytest.approx(
        0.39 * 5 + 11.8 * 1 - 15.59
    )


def test_what_is_read_first_can_be_read_by_a_pupil_of_the_ninth_grade(page):
    for part in (".lead", ".tally", ".card", ".promise .outcome", ".article", ".trust", "dl"):
        text = ". ".join(
            element.get_text(" ", strip=True).rstrip(".")
            for found in page.select(part)
            for element in (found.select("p:not(.acts), dd") or [found])
        )
        assert reading_grade(text) <= 9, (part, reading_grade(text), text)
    for path in sorted((ROOT / "notebooks").glob("[01]*.ipynb")):
        first = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]
        text = re.sub(r"^#.*$|[`*]|\]\([^)]*\)", "", "".join(first), flags=re.MULTILINE)
        assert reading_grade(text) <= 9, (path.name, reading_grade(text))


def test_an_article_says_a_line_about_sources_once(evidence, found):
    for article in {one.article_file for one in found}:
        claims = [one for one in found if one.article_file == article]
        soup = BeautifulSoup(article_page(claims, evidence, {}), "html.parser")
        text = " ".join(soup.get_text(" ").split())
        assert text.count("it may still exist") == 1
        assert "No source is named." not in text
        assert "no proof" not in text


def test_notebooks_say_what_they_answer():
    index = NotebookIndex.read((ROOT / "notebooks").glob("*.ipynb"))
    assert index.of_topic("sleep") == "04_sleep"
    assert index.of_topic("nothing") == ""
    assert index.of_results("tarleton2017", ["depression"]) == ["01_tarleton_2017", "02_depression"]


def test_a_card_is_drawn_once_as_long_as_it_says_the_same(tmp_path, evidence, found, monkeypatch):
    few = [one for one in found if one.claim_id in {"a0-c11", "a0-c01"}]
    cards = tmp_path / "cards"

    def write(name, claims):
        folder = tmp_path / name
        folder.mkdir()
        write_claim_pages(evidence, claims, folder, NotebookIndex(), cards)
        return {one.claim_id: (folder / "extra/claim" / f"{one.claim_id}.png") for one in claims}

    first = write("first", few)
    assert {path.read_bytes() for path in first.values()} == {card_png(one, evidence.question.title)
                                                              for one in few}  # fmt: skip
    monkeypatch.setattr(claim_pages, "card_png", lambda one, _: one.claim_id.encode())
    changed = [few[0], replace(few[1], claim="Another claim")]
    second = write("second", changed)
    assert second[few[0].claim_id].read_bytes() == first[few[0].claim_id].read_bytes()
    assert second[few[1].claim_id].read_bytes() == few[1].claim_id.encode()
    assert len(list(cards.iterdir())) == 2
