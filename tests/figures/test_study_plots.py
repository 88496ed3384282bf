"""L'Abbé, radial, normal Q-Q and profile plots show what the answers say."""

from __future__ import annotations

import numpy as np
import pytest
from figures.readable import assert_readable, panel_of
from reference_answers import reference
from scipy import stats

import meta
from meta.errors import DataError, NotComparable, TooFewStudies


def tables(measure="OR"):
    arms = reference("bcg_binary_methods")["arms"]
    return meta.mantel_haenszel(
        *(arms[name] for name in ("events_t", "n_t", "events_c", "n_c")), measure=measure
    )


def pooled():
    answers = reference("bcg_RR")
    return meta.pool(answers["yi"], answers["vi"], measure="RR")


def line(panel, gid):
    return next(item for item in panel.lines if item.get_gid() == gid)


@pytest.mark.parametrize("measure", ["OR", "RR", "RD"])
def test_labbe_shows_both_risks_and_the_effect_between_them(measure):
    fit = tables(measure)
    figure = meta.plot_labbe(fit, treatment="vaccine", control="none")
    assert_readable(figure)
    panel = panel_of(figure)
    studies = next(item for item in panel.collections if item.get_gid() == "studies")
    counts = fit.effects.table
    np.testing.assert_allclose(studies.get_offsets()[:, 0], counts["events_c"] / counts["n_c"])
    np.testing.assert_allclose(studies.get_offsets()[:, 1], counts["events_t"] / counts["n_t"])
    areas, people = studies.get_sizes(), counts["n_t"] + counts["n_c"]
    wanted = np.maximum(260 * people / people.max(), 14)
    np.testing.assert_allclose(areas / areas.max(), wanted / wanted.max())
    x, y = line(panel, "pooled").get_data()
    want = meta.absolute_effect(fit, {str(i): float(v) for i, v in enumerate(x[40::40])})
    np.testing.assert_allclose(y[40::40], want["treated_risk"], rtol=1e-8)  # nine digits are drawn
    assert panel.get_xlabel() == "Risk, none"


def test_labbe_needs_the_counts_of_two_arms():
    with pytest.raises(DataError, match="carry no events_t"):
        meta.plot_labbe(pooled())
    with pytest.raises(NotComparable, match="'SMD'"):
        meta.plot_labbe(meta.pool([0.1, 0.2], [0.1, 0.1], measure="SMD"))


def test_radial_slopes_are_effects():
    fit = pooled()
    figure = meta.plot_radial(fit)
    assert_readable(figure)
    x, z = line(panel_of(figure), "studies").get_data()
    np.testing.assert_allclose(z / x, fit.effects.yi)
    np.testing.assert_allclose(x**-2, fit.effects.vi + fit.tau2)
    far, high = (values[-1] for values in line(panel_of(figure), "pooled").get_data())
    assert high / far == pytest.approx(fit.estimate)
    with pytest.raises(TooFewStudies):
        meta.plot_radial(meta.pool([0.1], [0.1]))
    with pytest.raises(DataError, match="one variance for each study"):
        meta.plot_radial(tables())


def test_normal_quantiles():
    fit = pooled()
    figure = meta.plot_qq(fit)
    assert_readable(figure)
    at, residual = line(panel_of(figure), "studies").get_data()
    assert (np.diff(residual) >= 0).all()
    np.testing.assert_allclose(at, stats.norm.ppf((np.arange(1, 14) - 0.5) / 13))
    # of a mean, the residuals of a regression on nothing else
    H = np.tile(fit.weights / 100, (13, 1))
    reach = np.eye(13) - H
    se = np.sqrt(np.einsum("ij,j,ij->i", reach, fit.effects.vi + fit.tau2, reach))
    np.testing.assert_allclose(
        residual, np.sort((fit.effects.yi - fit.estimate) / se), rtol=1e-8
    )  # nine digits are drawn
    effects = meta.Effects.from_arrays(fit.effects.yi, fit.effects.vi, x=np.arange(13.0))
    line_fit = meta.meta_regression(effects, "~ x")
    drawn = line(panel_of(meta.plot_qq(line_fit)), "studies").get_ydata()
    np.testing.assert_allclose(drawn, np.sort(meta.residuals(line_fit)["standardised"]))


def test_profile_is_highest_at_the_estimate():
    fit = pooled()
    figure = meta.plot_profile(fit)
    assert_readable(figure)
    tau2, value = line(panel_of(figure), "curve").get_data()
    assert tau2[np.argmax(value)] == pytest.approx(fit.tau2)
    limits = sorted(
        item.get_xdata()[0] for item in panel_of(figure).lines if item.get_gid() == "limit"
    )
    row = meta.tau2_intervals(fit).loc["profile likelihood"]
    assert limits == pytest.approx([row["tau2_low"], row["tau2_high"]])
    with pytest.raises(DataError, match="tau2 is by DL"):
        meta.plot_profile(fit.refit(tau2_method="DL"))
