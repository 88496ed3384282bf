"""What posteriors and bubbles show beside their line: priors, margins, held values."""

from __future__ import annotations

import pytest

import meta

YI, VI = [-0.9, -0.6, -0.5, -0.2, -0.1], [0.2, 0.12, 0.1, 0.02, 0.05]


def texts(figure) -> str:
    return " ".join(
        text.get_text() for text in figure.findobj(lambda each: hasattr(each, "get_text"))
    )


def test_a_posterior_shows_its_prior_and_the_important_difference() -> None:
    effects = meta.Effects.from_arrays(YI, VI, measure="OR")
    figure = meta.plot_posterior(meta.bayes(effects, mu_prior="normal(0, 1)"), mid=0.8)
    said = texts(figure)
    for words in ("prior", "smallest important 0.8", "no effect", "a new study"):
        assert words in said
    plain = texts(meta.plot_posterior(meta.bayes(effects)))
    assert "smallest important" not in plain
    assert "prior" not in plain.split("Bayes")[0]


def test_a_bubble_plot_says_at_which_values_the_others_are_held() -> None:
    effects = meta.Effects.from_arrays(
        YI, VI, measure="SMD", dose=[1.0, 2, 4, 3, 5], year=[1999.0, 2001, 2003, 2005, 2012],
        form=["x", "y", "x", "x", "y"],
    )  # fmt: skip
    fit = meta.meta_regression(effects, "dose + form", ci_method="wald")
    assert "Line drawn at form = x." in meta.alt_text(meta.plot_bubble(fit, "dose"))
    fit = meta.meta_regression(effects, "dose + year", ci_method="wald")
    assert "Line drawn at year = 2004." in meta.alt_text(meta.plot_bubble(fit, "dose"))
    with pytest.raises(meta.DataError, match="'form' is no numeric column of the studies"):
        meta.plot_bubble(fit, "form")
