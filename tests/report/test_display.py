"""Tables of a notebook: what is shown, what links where, what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

import meta
from meta.evidence.addresses import source_address

ATTACK = '<script>alert(1)</script>"><img onerror=alert(1)>'


@pytest.fixture(scope="module")
def evidence(root):
    return meta.load_evidence(root / "data")


def cells(table) -> list[list[str]]:
    soup = BeautifulSoup(table._repr_html_(), "html.parser")
    return [[cell.get_text() for cell in row.select("th, td")] for row in soup.select("tr")]


def test_columns_have_known_headings_or_given_ones(evidence):
    rows = evidence.select(study_id="tarleton2017", outcome="depression")
    names = ["label", "mg_form", "reporting", "percent_t"]
    rows = rows.assign(percent_t=0.0)
    shown = cells(meta.table(rows, "Results", names))
    assert shown[0] == ["Trial", "Mg form", "Printed as", "Treatment, %"]
    shown = cells(meta.table(rows, "Results", meta.headings(names, evidence)))
    assert shown[0] == ["Trial", "Salt", "Printed as", "Magnesium, %"]
    assert cells(meta.table(rows, "Results", {"label": "Study"}))[0] == ["Study"]


def test_names_and_places_link_to_where_they_come_from(evidence):
    rows = evidence.select(study_id="tarleton2017", outcome="depression")
    soup = BeautifulSoup(meta.table(rows, "x", ["label", "locator"]).html, "html.parser")
    assert {span["data-study"] for span in soup.select("span.study")} == {"tarleton2017"}
    # of a paper the DOI, wherever it was read; of what quotes it, the page itself
    doi = f"https://doi.org/{rows['doi'].iloc[0]}"
    of_the_paper = rows["source_kind"].str.startswith("primary")
    wanted = rows["source_url"].mask(of_the_paper, doi).tolist()
    assert doi in wanted
    assert [a["href"] for a in soup.select("td a")] == wanted
    reviews = evidence.reviews.head(3)
    soup = BeautifulSoup(meta.table(reviews, "x", ["label", "k"]).html, "html.parser")
    wanted = [source_address(row) for row in reviews.to_dict("records")]
    assert [a["href"] for a in soup.select("th a")] == wanted


def test_an_interval_stands_in_one_cell():
    frame = pd.DataFrame(
        {"label": ["A", "B"], "net": [-7.6, 1.0], "net_low": [-12.4, np.nan], "net_high": [-2.8, 3]}
    )
    table = meta.table(frame, "x", ["label", "net", "net_ci"])
    assert cells(table)[1:] == [["A", "−8", "−12 to −3"], ["B", "1", ""]]
    assert table.frame.columns.tolist() == ["label", "net", "net_low", "net_high"]
    assert table.frame.loc[0, "net_low"] == -12.4, "what is kept is not rounded"


def test_numbers_of_a_column_have_the_same_decimals():
    frame = pd.DataFrame({"a": [1.0, 2.5], "b": [1.0, 2.0], "c": [-0.001, np.nan], "d": [3, 4]})
    shown = cells(meta.table(frame, "x"))[1:]
    assert shown == [["1.00", "1", "0.00", "3"], ["2.50", "2", "", "4"]]


def test_codes_are_shown_in_words_and_study_names_are_not_touched():
    frame = pd.DataFrame({"stratum": ["magnesium_alone"], "label": ["A_1"]})
    assert cells(meta.table(frame, "x"))[1] == ["magnesium alone", "A_1"]


def test_text_from_tables_stays_text():
    frame = pd.DataFrame({"label": [ATTACK], "study_id": [ATTACK], "note": [ATTACK]})
    soup = BeautifulSoup(meta.table(frame, ATTACK, ["label", "note"]).html, "html.parser")
    assert not soup.select("script, img")
    assert soup.find("caption").get_text() == ATTACK
    assert soup.select_one("span.study").get_text() == ATTACK


def test_a_wrong_column_is_named_with_the_nearest():
    with pytest.raises(meta.DataError, match=r"'labl'.*'label'"):
        meta.table(pd.DataFrame({"label": ["A"]}), "x", ["labl"])


@pytest.mark.parametrize(
    ("frame", "settings", "said"),
    [
        ([1, 2], {}, r"frame is \[1, 2\]; needed: a data frame"),
        (
            pd.DataFrame([[1, 2]], columns=["a", "a"]),
            {},
            "several columns 'a'",
        ),
        (
            pd.DataFrame({"a": [1]}),
            {"columns": "a"},
            "columns is 'a'; needed: several values",
        ),
        (
            pd.DataFrame({"a": [1]}),
            {"columns": [0]},
            r"columns is \[0\]; needed: several values",
        ),
        (pd.DataFrame({"a": [1]}), {"digits": 2}, "digits is 2; needed: a mapping"),
        (
            pd.DataFrame({"a": [1]}),
            {"digits": {"a": -1}},
            r"digits is \{'a': \-1\}; needed: a mapping",
        ),
        (pd.DataFrame({"a": [1]}), {"digits": {"b": 1}}, "there is no column 'b'"),
        (pd.DataFrame({"low": ["x"], "high": ["y"]}), {"columns": ["ci"]}, "must be numbers"),
    ],
)
def test_what_is_no_table_is_refused(frame, settings, said):
    with pytest.raises(meta.DataError, match=said):
        meta.table(frame, "x", **settings)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ([], "no rows are given"),
        ([[1]], r"frames is \[1\]; needed: a data frame"),
        ([pd.DataFrame({"label": ["A"]})], "no column source_url"),
        ([pd.DataFrame({"source_url": ["https://example.org"]})], "no column citation"),
    ],
)
def test_sources_need_pages_and_names(frames, said):
    with pytest.raises(meta.DataError, match=said):
        meta.sources(*frames)


def test_sources_are_listed_once(evidence):
    rows = evidence.primary("depression")
    table = meta.sources(rows, rows, evidence.reviews.head(2))
    once = pd.concat([rows, evidence.reviews.head(2)]).drop_duplicates(
        ["label", "source_url", "locator"]
    )
    assert len(table.frame) == len(once)
    assert table.frame["label"].is_monotonic_increasing


def test_behind_an_answer_stand_its_effects_on_the_readers_scale():
    fit = meta.pool(np.log([0.5, 2.0]), [0.04, 0.01], labels=["A", "B"], measure="RR")
    table = meta.studies_table(fit)
    assert table.frame["label"].tolist() == ["B", "A"]
    assert table.frame["estimate"].tolist() == pytest.approx([2.0, 0.5])
    # the normal quantile times the standard error, 0.1
    assert table.frame.loc[0, ["ci_low", "ci_high"]].tolist() == pytest.approx(
        [2 * np.exp(-0.1959964), 2 * np.exp(0.1959964)], rel=1e-6
    )
    assert table.frame["weight"].sum() == pytest.approx(100)
    target = BeautifulSoup(meta.linked(fit), "html.parser").a["href"].removeprefix("#")
    assert BeautifulSoup(table.html, "html.parser").find(id=target) is not None


def test_answers_side_by_side_link_to_themselves_and_name_their_trials():
    fit = meta.pool([-0.5, -0.3, -0.1], [0.04, 0.04, 0.04], labels=["A", "B", "C"])
    one = fit.refit(fit.effects.subset([0]))
    table = meta.compare({"all": fit, "first": one, "none": None}, "x")
    shown = cells(table)
    assert shown[2][3:] == ["−0.50 (−0.89 to −0.11)", "", "", ""], "one trial is never pooled"
    assert shown[3] == ["none", "0", "", "no trial", "", "", ""]
    soup = BeautifulSoup(table.html, "html.parser")
    target = BeautifulSoup(meta.linked(fit, among=True), "html.parser").a["href"]
    assert soup.find(id=target.removeprefix("#")).get_text() == "all"
    opened = soup.find("details").get_text()
    assert "A; B; C" in opened
    assert all(note in opened for note in fit.notes), "notes stand beside the numbers"
    assert table.frame["k"].tolist() == [3, 1, 0]


def test_choices_that_come_to_the_same_answer_share_one_place():
    fit = meta.pool([-0.5, -0.3], [0.04, 0.04])
    table = meta.compare({"all": fit, "the same <b>": fit}, "x")
    soup = BeautifulSoup(table._repr_html_(), "html.parser")
    assert [mark.get_text() for mark in soup.select("[id]")] == ["all"]
    assert "the same <b>" in soup.get_text()


def test_what_cannot_be_compared_is_refused():
    fit = meta.pool([-0.5, -0.3], [0.04, 0.04])
    ratio = meta.pool([-0.5, -0.3], [0.04, 0.04], measure="RR")
    with pytest.raises(meta.DataError, match="different measures"):
        meta.compare({"a": fit, "b": ratio}, "x")
    with pytest.raises(meta.DataError, match=r"meta.pool\(effects\)"):
        meta.compare({"a": fit.effects}, "x")
    narrow = meta.pool([-0.5, -0.3], [0.04, 0.04], ci_level=0.9)
    with pytest.raises(meta.DataError, match=r"different levels \(0.9, 0.95\)"):
        meta.compare({"a": fit, "b": narrow}, "x")
    for given in ([fit], {}):
        with pytest.raises(meta.DataError, match=r"needed: a mapping of names|there is no answer"):
            meta.compare(given, "x")
    with pytest.raises(meta.DataError, match="digits is -1"):
        meta.compare({"a": fit}, "x", digits=-1)
    for function in (meta.studies_table, meta.linked):
        with pytest.raises(meta.DataError, match=r"meta\.pool\(effects\)"):
            function(fit.effects)


def test_the_heading_says_the_level_of_the_intervals():
    narrow = meta.pool([-0.5, -0.3], [0.04, 0.04], ci_level=0.9)
    assert "Effect (90 % interval)" in cells(meta.compare({"a": narrow}, "x"))[0]


def test_where_no_trial_is_left_the_table_still_says_so():
    assert cells(meta.compare({"none": None}, "x"))[1] == ["none", "0", "", "no trial", "", "", ""]


def test_equal_answers_have_equal_names_and_others_do_not():
    a = meta.linked(meta.pool([-0.5, -0.3], [0.04, 0.04]))
    assert a == meta.linked(meta.pool([-0.5, -0.3], [0.04, 0.04]))
    assert a != meta.linked(meta.pool([-0.5, -0.3], [0.04, 0.05]))
    assert a != meta.linked(meta.pool([-0.5, -0.3], [0.04, 0.04], ci_method="wald"))
