"""What should be believed about the effect, given the trials and a stated prior?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError, TooFewStudies
from meta.synthesis.bayes import priors
from meta.synthesis.bayes.priors import TauPrior
from meta.synthesis.bayes.quadrature import posterior
from meta.synthesis.bayes.result import BayesFit
from meta.synthesis.estimate import Estimate
from meta.synthesis.method_input import effects_of

# how far a prior and the effects may lie apart
_REACH = 1e6


@checked
def bayes(
    effects: Effects | Estimate | ArrayLike | str,
    vi: ArrayLike | str | None = None,
    *,
    sei: ArrayLike | str | None = None,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    measure: str | None = None,
    tau_prior: str = "halfnormal(0.5)",
    mu_prior: str | None = None,
    ci_level: float = 0.95,
) -> BayesFit:
    r"""Pool effects with stated priors, by exact integration instead of sampling.

    Parameters
    ----------
    effects : Effects, Estimate or array_like of shape (k,)
        Effects, an answer whose effects are taken, or bare effects ``yi`` (logarithms for ratio
        measures).
    vi : array_like of shape (k,), optional
        Sampling variances of bare effects, all above 0. Must not be given with the other forms.
    sei : array_like of shape (k,), optional
        Standard errors of bare effects, in place of ``vi``.
    data : pandas.DataFrame, optional
        Table of bare effects, as in :func:`meta.pool`.
    labels : sequence of str or str, optional
        Names of bare effects.
    measure : str, optional
        Measure of bare effects, ``"GEN"`` by default.
    tau_prior : str
        Prior of tau, the standard deviation of the true effects: ``"halfnormal(scale)"``,
        ``"halfcauchy(scale)"`` or ``"uniform(0, upper)"``, in units of the effect; or a published
        prior: ``"rhodes2015"``, ``"rhodes2015 mental health"``, ``"rhodes2015 biological marker"``,
        ``"rhodes2015 subjective"``, ``"bartos2021"``, ``"bartos2021 common mental disorders"`` for
        standardised mean differences, ``"turner2015"`` for odds ratios. All are proper, so one
        trial can be analysed too.
    mu_prior : str, optional
        ``"normal(mean, sd)"`` on the scale of computation; flat by default.
    ci_level : float
        Posterior probability of all intervals, between 0 and 1.

    Returns
    -------
    BayesFit
        On the scale of computation (logarithms for ratio measures); texts are on the reader's.

    Raises
    ------
    DataError
        If an effect or variance is unusable, or a prior cannot be read (the message lists the
        forms).
    NotComparable
        If a published prior is asked for a measure it was not fitted on.
    TooFewStudies
        If there is no effect at all.

    Notes
    -----
    The model is :math:`y_i \sim N(\theta_i, v_i)`, :math:`\theta_i \sim N(\mu, \tau^2)`. Given tau
    everything is normal, so mu is integrated out in closed form and one integral over tau remains.
    It is taken over :math:`\log\tau` by Gauss-Legendre panels laid where the posterior is; every
    posterior is then a mixture of normal distributions. Nothing is random and nothing has to
    converge.

    The default prior, half-normal with scale 0.5, holds 95 % of its probability below tau = 0.98
    and suits standardised mean differences and log ratios (Röver et al. 2021). A mean difference
    in points needs a prior in points; a note reminds of that.

    Published priors: Rhodes et al. 2015 give :math:`\log\tau^2` a t distribution with 5 degrees of
    freedom, Turner et al. 2015 a normal one; Bartoš et al. 2021 give tau an inverse gamma
    distribution, fitted where effects differed. Their parameters were read in the R packages
    bayesmeta, rnmamod and BayesTools, which print them with the table they come from.

    Checked against R's bayesmeta on Rubin's eight schools (tests), against two-dimensional
    quadrature, closed forms with tau near 0, and REML with many studies.

    References
    ----------
    Röver C (2020), Bayesian random-effects meta-analysis using the bayesmeta R package, J Stat
    Softw 93(6), doi 10.18637/jss.v093.i06. Röver C et al. (2021), doi 10.1002/jrsm.1475. Rhodes KM
    et al. (2015), doi 10.1016/j.jclinepi.2014.08.012. Turner RM et al. (2015), doi
    10.1002/sim.6381. Bartoš F et al. (2021), doi 10.1002/sim.9170.

    Examples
    --------
    >>> import meta
    >>> fit = meta.bayes([-0.50, -0.10, -0.40], [0.04, 0.09, 0.06], measure="SMD")
    >>> print(fit.effect_text())
    −0.37 (−0.81 to 0.11)
    """
    given = effects_of(effects, vi, sei=sei, labels=labels, measure=measure, data=data)
    prior, centre = _read_priors(tau_prior, mu_prior, given.measure)
    if given.k == 0:
        raise TooFewStudies("there is no effect to analyse")
    _check_reach(given, prior)
    found = posterior(given.yi, given.vi, prior, centre)
    mu, prediction, tail = found.mu(), found.prediction(), (1 - ci_level) / 2
    # powers of tau by which the likelihood falls: one study is spent on a flat prior of mu
    power = given.k - (centre is None)
    mean = float(found.weight @ found.mean)
    variance = float(found.weight @ (found.var + (found.mean - mean) ** 2))
    first, second = (_moment_exists(prior.tail, power, order) for order in (1, 2))
    null = measure_of(given.measure).null
    below = np.log(null) if measure_of(given.measure).log else null
    precision = 1 / (given.vi[:, None] + found.tau**2)
    known = 0.0 if centre is None else centre[1] ** -2
    weights = (precision / (precision.sum(axis=0) + known)) @ found.weight
    return BayesFit(
        measure=given.measure,
        model="bayes",
        k=given.k,
        n_total=given.n_total,
        estimate=float(mu.quantile(0.5)[0]),
        se=float(np.sqrt(variance)) if second or centre is not None else np.inf,
        dof=None,
        statistic=np.nan,
        p_value=np.nan,
        ci_level=ci_level,
        ci_low=float(mu.quantile(tail)[0]),
        ci_high=float(mu.quantile(1 - tail)[0]),
        pi_low=float(prediction.quantile(tail)[0]),
        pi_high=float(prediction.quantile(1 - tail)[0]),
        prediction_dof=np.inf,
        tau2=found.tau_quantile(0.5) ** 2,
        tau_prior=prior.text,
        mu_prior=None if centre is None else f"normal({centre[0]:.10g}, {centre[1]:.10g})",
        mean=mean if first or centre is not None else np.nan,
        tau_mean=float(found.weight @ found.tau) if first else np.inf,
        tau_low=found.tau_quantile(tail),
        tau_high=found.tau_quantile(1 - tail),
        p_below_null=float(mu.cdf(below)[0]) if np.isfinite(below) else np.nan,
        weights=100 * weights,
        effects=given,
        notes=(*given.notes, *_notes(given, prior.text, prior.source, first, second, centre)),
        posterior=found,
    )


def _check_reach(given: Effects, prior: TauPrior) -> None:
    """Refuse a prior of tau, or effects, in another unit than the rest."""
    typical, spread = prior.quantile(0.5), float(np.ptp(given.yi))
    least, most = float(given.sei.min()), max(float(given.sei.max()), spread)
    if not least / _REACH <= typical <= most * _REACH:
        raise DataError(
            f"tau_prior={prior.text!r} expects a tau of about {typical:.3g}, and the effects with "
            f"their standard errors lie between {least:.3g} and {most:.3g}: write it in the unit "
            "of the effects"
        )
    if spread > _REACH * max(typical, float(given.sei.max())):
        raise DataError(
            f"the effects lie {spread:.3g} apart, more than a million times what their standard "
            f"errors and tau_prior={prior.text!r} allow: are they in the unit of vi?"
        )


def _read_priors(
    tau: str, mu: str | None, measure: str
) -> tuple[TauPrior, tuple[float, float] | None]:
    """Read both priors and name the faults of both at once."""
    faults = []
    prior, centre = None, None
    try:
        prior = priors.tau_prior(tau, measure)
    except DataError as fault:
        faults.append(str(fault))
    try:
        centre = priors.mu_prior(mu)
    except DataError as fault:
        faults.append(str(fault))
    if prior is None or faults:
        raise DataError.from_faults("priors", faults)
    return prior, centre


def _moment_exists(tail: float, power: int, order: int) -> bool:
    """Whether the posterior of tau, falling like tau**-(tail + power), has a moment."""
    # tail 1 is a log-t prior: a sixth power of log(tau) below makes the limiting case integrable
    return tail + power > order + 1 or (tail == 1.0 and power >= order)


def _notes(
    data: Effects,
    prior: str,
    source: str,
    first: bool,
    second: bool,
    centre: tuple[float, float] | None,
) -> list[str]:
    notes = []
    if data.k == 1:
        notes.append(
            "k = 1: this is one trial, not a meta-analysis; what is said about tau, and so about a "
            "new study, is the prior alone."
            if centre is None
            else "k = 1: this is one trial, not a meta-analysis; what is said about tau, and so "
            "about a new study, is almost the prior alone."
        )
    elif data.k < 5:
        notes.append(
            f"k = {data.k}: so few studies say little about tau, and the prior {prior} decides "
            "much of the interval; see the answer under other priors."
        )
    if source:
        notes.append(f"the prior of tau is {source}.")
    elif not measure_of(data.measure).log and not measure_of(data.measure).standardised:
        notes.append(
            f"the prior {prior} is in units of the effect; judge whether true effects could differ "
            "by that much on this scale."
        )
    if not first:
        notes.append("the posterior mean of tau is infinite; read medians and intervals.")
    elif not second and centre is None:
        notes.append("the posterior standard deviation is infinite; read medians and intervals.")
    return notes
