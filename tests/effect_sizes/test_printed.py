"""An effect that was printed with its interval is shown as it was printed, wherever it stands."""

from __future__ import annotations

import numpy as np
import pandas as pd

import meta
from meta.effect_sizes.printed import printed_intervals, printed_text

# three trials: one printed its interval, one the limits at another level, one its arms
ROWS = pd.DataFrame(
    {
        "study_id": ["ann", "ben", "cas"],
        "label": ["Ann 2001", "Ben 2002", "Cas 2003"],
        "estimate": [-6.0, -2.0, np.nan],
        "ci_low": [-7.9, -3.0, np.nan],
        "ci_high": [-4.2, -1.0, np.nan],
        "ci_level": [0.95, 0.9, np.nan],
        "n_t": [60.0, 50, 40],
        "n_c": [60.0, 50, 40],
        "mean_t": [np.nan, np.nan, 5.0],
        "sd_t": [np.nan, np.nan, 2.0],
        "mean_c": [np.nan, np.nan, 6.0],
        "sd_c": [np.nan, np.nan, 2.0],
    }
)


def test_limits_are_the_printed_ones_of_this_level_alone():
    effects = meta.effects(ROWS, "MD", lower_is_better=True)
    found = printed_intervals(effects)
    assert found[0].tolist() == [-6.0, -7.9, -4.2]
    assert np.isnan(found[1:]).all()
    assert printed_intervals(effects, 0.9)[1].tolist() == [-2.0, -3.0, -1.0]


def test_a_reversed_sign_turns_the_limits():
    turned = meta.Effects.from_arrays(
        [6.0], [0.9], measure="MD", estimate=[-6.0], ci_low=[-7.9], ci_high=[-4.2],
        sign_reversed=[True],
    )  # fmt: skip
    assert printed_intervals(turned)[0].tolist() == [6.0, 4.2, 7.9]


def test_a_ratio_stands_on_its_own_scale():
    effects = meta.Effects.from_arrays(
        [np.log(0.8)], [0.04], measure="RR", estimate=[0.8], ci_low=[0.55], ci_high=[1.2]
    )
    assert printed_intervals(effects)[0].tolist() == [0.8, 0.55, 1.2]


def test_decimals_are_those_of_print():
    assert printed_text([-1.6, -3.3, 0.0]) == "−1.6 (−3.3 to 0.0)"


def test_one_trial_reads_the_same_everywhere():
    fit = meta.pool(meta.effects(ROWS.head(1), "MD", lower_is_better=True))
    said = "−6.0 (−7.9 to −4.2)"
    assert fit.effect_text() == fit.effect_text(4) == said
    for text in (fit.sentence(), str(fit), fit._repr_html_(), meta.linked(fit)):
        assert said in text
    assert fit.method_text() == "one trial, not pooled; printed interval"
    assert said in meta.studies_table(fit).html
    assert meta.alt_text(meta.plot_forest(fit)).count("−7.9 to −4.2") == 2  # the answer, the row
    # what is computed with stays what was computed
    assert fit.ci_low == -6.0 - 1.959963984540054 * fit.se


def test_in_a_pool_each_printed_trial_keeps_its_interval():
    fit = meta.pool(meta.effects(ROWS, "MD", lower_is_better=True))
    assert "−6.0 (−7.9 to −4.2)" in meta.studies_table(fit).html
    assert '"printed": ["\\u22126.0"' in meta.what_if(fit.effects).html
