"""How numbers, effects and answers are written."""

from __future__ import annotations

import numpy as np
import pytest
from reference_answers import reference

import meta
from meta.errors import DataError
from meta.synthesis.consumers import need_estimate
from meta.wording import compact, decimals, number, p_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.005, "0.01"),
        (-0.384, "−0.38"),
        (-0.004, "0.00"),
        (99999.994, "99,999.99"),
        (1e5, "100,000"),
        (483251.4, "483,251"),
        (-483251.4, "−483,251"),
        (1e9, "1,000,000,000"),
        (1.6e24, "over a billion"),
        (-1.6e24, "below minus a billion"),
        (np.inf, "∞"),
        (-np.inf, "−∞"),
        (np.nan, "not available"),
    ],
)
def test_numbers_can_be_read_aloud(value, text):
    assert number(value) == text


def test_variances_and_p_values():
    assert [compact(x) for x in (0, 0.0004, 0.0213, 3.0, 12345.6, np.nan)] == [
        *("0.000", "0.0004", "0.021", "3.000", "12,346"),
        "not available",
    ]
    assert [p_text(p) for p in (0.0001, 0.012, 0.3, np.nan)] == [
        *("< 0.001", "= 0.012", "= 0.30"),
        "not available",
    ]


def test_an_interval_with_one_degree_of_freedom_on_a_ratio_scale():
    # equal variances: mean 1.35, standard error half the difference, t(1) = 12.7062
    wide = meta.pool([0.2, 2.5], [0.8, 0.8], measure="RR")
    assert np.exp(1.35 + 12.7062 * 1.15) == pytest.approx(8.54e6, rel=1e-2)
    assert wide.effect_text() == f"3.86 (0.00 to {np.exp(wide.ci_high):,.0f})"
    assert wide.ci_high == pytest.approx(1.35 + 12.706204736 * 1.15, rel=1e-8)
    wider = meta.pool([0.2, 6.5], [0.9, 0.8], measure="RR")
    assert wider.effect_text().endswith("to over a billion)")


def test_every_pooled_effect_has_one_base():
    fits = [meta.pool([0.1, 0.2, 0.4], [0.1, 0.2, 0.1], measure="SMD")]
    arms = reference("bcg_OR")["arms"]
    counts = [arms[name] for name in ("events_t", "n_t", "events_c", "n_c")]
    fits += [meta.mantel_haenszel(*counts), meta.peto(*counts), meta.glmm(*counts)]
    ref = reference("konstantopoulos2011_multilevel")
    effects = meta.Effects.from_arrays(ref["yi"], ref["vi"], measure="SMD", cluster=ref["cluster"])
    levels = meta.multilevel(effects, cluster="cluster")
    fits += [levels, meta.robust(levels)]
    for fit in fits:
        need_estimate("plot_forest", fit)
        shown = [number(float(fit.scale.to_reader(x)), 3) for x in (fit.estimate, fit.ci_low)]
        assert fit.effect_text(3).startswith(f"{shown[0]} ({shown[1]} to ")
        assert fit.effect_text(4) in str(fit)
        assert fit.scale.label in fit._repr_html_()
        assert fit.to_dict()["ci_level"] == 0.95
    with pytest.raises(DataError, match=r"was given float: give meta.compare\(meta.pool"):
        need_estimate("compare", 0.3)


@pytest.mark.parametrize(
    ("values", "digits"),
    [
        ((-0.384, -0.85, 0.08), 2),
        ((-0.0005, -0.0009, -0.0001), 4),
        ((0.0028, 0.0001, 0.072), 4),
        ((0.97, 0.9692, 0.9708), 3),
        ((3.86, 1e-9, 1e7), 2),  # a limit of a billionth of the estimate is 0 to a reader
        ((0.5, 0.5, 0.5), 2),
        ((0.0, -0.001, 0.001), 3),
        ((0.3, np.nan, np.nan), 2),
        ((np.nan, np.nan, np.nan), 2),
        ((np.nan, 1e-6, 0.89), 2),  # limits alone
        ((np.nan, 0.0011, 0.0014), 4),
    ],
)
def test_decimals_tell_an_estimate_from_its_limits(values, digits):
    assert decimals(values) == digits


def test_every_answer_compares_by_its_numbers():
    from meta.synthesis.presentation import Answer

    def below(kind):
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    assert {meta.pool, meta.bayes, meta.multiverse, meta.egger, meta.certainty}
    for kind in below(Answer):
        assert kind.__eq__ is Answer.__eq__, kind
        assert kind.__hash__ is not None
    one, other = (meta.egger(meta.pool([0.1, 0.2, 0.5], [0.1, 0.2, v])) for v in (0.3, 0.3))
    assert one == other
    assert one != meta.egger(meta.pool([0.1, 0.2, 0.5], [0.1, 0.2, 0.4]))
