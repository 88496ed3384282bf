"""A figure is found again by the way that made it, and what is missing is said."""

from __future__ import annotations

import pytest

import meta


@pytest.fixture(scope="module")
def rows(root):
    return meta.load_evidence(root / "data").primary("depression")


def printed(fit, digits=3):
    names = ("estimate", "ci_low", "ci_high")
    return {name: f"{getattr(fit, name):.{digits}f}" for name in names} | {"k": fit.k}


def test_the_way_that_made_a_figure_is_among_its_matches(rows):
    effects = meta.effects(rows)
    keep = [label for label in effects.labels if label != effects.labels[2]]
    fit = meta.pool(
        effects.subset([label in keep for label in effects.labels]),
        tau2_method="PM",
        ci_method="HK",
    )
    found = meta.reproduce(printed(fit), rows)
    ways = found.matches[["leave_out", "tau2_method", "ci_method", "model"]].astype(str)
    assert (effects.labels[2], "PM", "HK", "random") in set(map(tuple, ways.to_numpy()))
    assert (found.matches["k"] == fit.k).all()
    assert "is reached in" in found.sentence()
    assert found.nearest["away"].iloc[0] <= 0.5


def test_the_fewest_changes_come_first(rows):
    fit = meta.pool(meta.effects(rows), tau2_method="DL", ci_method="wald")
    first = meta.reproduce(printed(fit, 1), rows).matches.iloc[0]
    assert [first[n] for n in ("include", "model", "tau2_method", "ci_method")] == [
        "all that give an effect",
        "random",
        "DL",
        "wald",
    ]


def test_trials_that_are_missing_are_counted(rows):
    k = meta.effects(rows).k
    found = meta.reproduce({"estimate": "-3.00", "k": k + 2}, rows)
    assert found.matches.empty
    assert f"it rests on {k + 2} trials, and {k} of those at hand give" in found.sentence()


def test_a_figure_that_no_way_gives_has_its_nearest(rows):
    found = meta.reproduce({"estimate": "-9.99"}, rows, choices={"tau2_method": ["DL", "REML"]})
    assert found.matches.empty
    assert found.nearest["away"].is_monotonic_increasing
    assert "units of the last digit away" in found.sentence()
    assert set(found.searched.choices["tau2_method"]) == {"DL", "REML"}


def test_ratios_are_compared_as_they_are_printed():
    pairs = meta.pairwise(
        meta.long_arms(meta.load_evidence("data").table("antidepressants_primary_care")),
        "SSRI",
        "Placebo",
        events="response",
    ).assign(lower_is_better=False)
    fit = meta.pool(meta.effects(pairs, "RR"), tau2_method="REML", ci_method="wald")
    low, high = fit.scale.to_reader([fit.ci_low, fit.ci_high])
    text = {"estimate": f"{fit.scale.to_reader(fit.estimate):.2f}", "ci_low": f"{low:.2f}"}
    found = meta.reproduce(text | {"ci_high": f"{high:.2f}"}, pairs, measure="RR")
    assert len(found.matches)


def test_a_row_of_published_reviews_is_read(root, rows):
    reviews = meta.load_evidence(root / "data").reviews
    row = reviews[reviews["review_id"] == "moabedi2023"].iloc[0]
    found = meta.reproduce(row, rows)
    assert found.printed["estimate"] == "-0.919"
    assert found.printed["k"] == "8"


def test_what_is_no_printed_figure_is_refused(rows):
    with pytest.raises(meta.DataError, match="no estimate was printed"):
        meta.reproduce({"ci_low": "1"}, rows)
    with pytest.raises(meta.DataError, match="estimate is 'about half'"):
        meta.reproduce({"estimate": "about half"}, rows)
    with pytest.raises(meta.DataError, match="one limit"):
        meta.reproduce({"estimate": "1", "ci_low": "0"}, rows)
