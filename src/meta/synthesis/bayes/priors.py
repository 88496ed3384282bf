"""What is believed about heterogeneity and effect before the trials are read?"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from meta.arguments import LARGEST
from meta.effect_sizes.measures import MEASURES
from meta.errors import DataError, NotComparable

Values = NDArray[np.float64]

_SMD = tuple(name for name, measure in MEASURES.items() if measure.standardised)
_ODDS = tuple(name for name, measure in MEASURES.items() if measure.family == "odds ratio")

# name -> (family, parameters, measures it was fitted on, where the parameters were read)
# The parameters of rhodes2015 and turner2015 belong to tau2, those of the others to tau.
PUBLISHED: dict[str, tuple[str, tuple[float, ...], tuple[str, ...], str]] = {
    "rhodes2015": (
        "logt-tau2",
        (-3.44, 2.59, 5.0),
        _SMD,
        "Rhodes, Turner, Higgins 2015 (doi 10.1016/j.jclinepi.2014.08.012), section 3.3, any "
        "setting; log-t of tau2",
    ),
    "rhodes2015 mental health": (
        "logt-tau2",
        (-2.99, 2.16, 5.0),
        _SMD,
        "Rhodes, Turner, Higgins 2015, table 3, mental health outcome, drug against placebo",
    ),
    "rhodes2015 biological marker": (
        "logt-tau2",
        (-3.41, 2.83, 5.0),
        _SMD,
        "Rhodes, Turner, Higgins 2015, table 3, biological marker, drug against placebo",
    ),
    "rhodes2015 subjective": (
        "logt-tau2",
        (-2.76, 2.58, 5.0),
        _SMD,
        "Rhodes, Turner, Higgins 2015, table 3, various subjectively measured outcomes, drug "
        "against placebo",
    ),
    "turner2015": (
        "lognormal-tau2",
        (-2.56, 1.74),
        _ODDS,
        "Turner, Jackson, Wei, Thompson, Higgins 2015 (doi 10.1002/sim.6381), any setting; "
        "log-normal of tau2 for log odds ratios",
    ),
    "bartos2021": (
        "invgamma",
        (1.71, 0.40),
        _SMD,
        "Bartoš et al. 2021 (doi 10.1002/sim.9170), all of the Cochrane database, given that "
        "effects differ",
    ),
    "bartos2021 common mental disorders": (
        "invgamma",
        (1.62, 0.45),
        _SMD,
        "Bartoš et al. 2021 (doi 10.1002/sim.9170), Cochrane Common Mental Disorders, given that "
        "effects differ",
    ),
}

_FORMS = (
    "halfnormal(scale)",
    "halfcauchy(scale)",
    "uniform(0, upper)",
)
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_CALL = re.compile(rf"^\s*([a-z]+)\s*\(\s*({_NUMBER})\s*(?:,\s*({_NUMBER})\s*)?\)\s*$")


@dataclass(frozen=True, slots=True)
class TauPrior:
    """A proper prior of tau, the standard deviation of the true effects.

    Attributes
    ----------
    text : str
        How it is written.
    source : str
        Where a published prior comes from; "" for one that the user wrote.
    log_density : callable
        Logarithm of the density of log(tau), of log(tau).
    quantile : callable
        Quantile of tau.
    tail : float
        a, where the density of tau falls like tau to the power -a; infinite if it falls faster.
    upper : float
        Largest tau that is possible.
    """

    text: str
    source: str
    log_density: Callable[[Values], Values]
    quantile: Callable[[float], float]
    tail: float
    upper: float = np.inf

    def density(self, tau: Values) -> Values:
        """Density of tau at values above 0."""
        u = np.log(np.asarray(tau, dtype=float))
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(np.asarray(self.log_density(u)) - u))


def tau_prior(text: str, measure: str) -> TauPrior:
    """Read a prior of tau.

    Parameters
    ----------
    text : str
        ``"halfnormal(0.5)"``, ``"halfcauchy(0.5)"``, ``"uniform(0, 2)"`` (in units of the effect)
        or the name of a published prior.
    measure : str
        Measure of the effects; a published prior holds for the measure it was fitted on.

    Raises
    ------
    DataError
        If the form is unknown or a parameter is not above 0; the message lists the forms.
    NotComparable
        If a published prior is asked for effects of another measure.

    Examples
    --------
    >>> from meta.synthesis.bayes.priors import tau_prior
    >>> round(tau_prior("halfnormal(0.5)", "SMD").quantile(0.5), 4)
    0.3372
    """
    name = " ".join(str(text).split()).lower()
    if name in PUBLISHED:
        family, parameters, measures, source = PUBLISHED[name]
        if measure not in (*measures, "GEN"):
            raise NotComparable(
                f"tau_prior={text!r} was fitted to effects of {' or '.join(measures)}; these are "
                f"{measure}: write a prior in their unit, for example 'halfnormal(1)'"
            )
        return _build(family, parameters, name, source)
    found = _CALL.match(str(text).lower())
    if found:
        family, first, second = found.group(1), float(found.group(2)), found.group(3)
        if family in {"halfnormal", "halfcauchy"} and second is None and first > 0:
            return _build(family, (first,), f"{family}({first:.10g})", "")
        if family == "uniform" and second is not None and first == 0 and float(second) > 0:
            return _build(family, (float(second),), f"uniform(0, {float(second):.10g})", "")
    raise DataError(
        f"tau_prior={text!r} cannot be read: use {', '.join(_FORMS)}, each with parameters above 0 "
        f"in the unit of the effects, or a published prior: {', '.join(map(repr, PUBLISHED))}"
    )


def mu_prior(text: str | None) -> tuple[float, float] | None:
    """Read a prior of the mean effect: None for a flat one, else (mean, standard deviation).

    Raises
    ------
    DataError
        If the text is not of the form ``"normal(mean, sd)"`` with sd above 0.
    """
    if text is None:
        return None
    found = _CALL.match(str(text).lower())
    if found and found.group(1) == "normal" and found.group(3):
        mean, sd = float(found.group(2)), float(found.group(3))
        if abs(mean) <= LARGEST and 1 / LARGEST <= sd <= LARGEST:
            return mean, sd
    raise DataError(
        f"mu_prior={text!r} cannot be read: use None (flat) or 'normal(mean, sd)' with sd above 0, "
        "for example 'normal(0, 2)', in the unit of computation (logarithms for ratio measures)"
    )


def _build(family: str, parameters: tuple[float, ...], text: str, source: str) -> TauPrior:
    if family == "logt-tau2":
        # the square root halves location and scale on the log scale
        location, spread, freedom = parameters[0] / 2, parameters[1] / 2, parameters[2]
        base: Any = stats.t(freedom, loc=location, scale=spread)
        return TauPrior(text, source, base.logpdf, lambda p: float(np.exp(base.ppf(p))), tail=1.0)
    if family == "lognormal-tau2":
        base = stats.norm(parameters[0] / 2, parameters[1] / 2)
        return TauPrior(
            text, source, base.logpdf, lambda p: float(np.exp(base.ppf(p))), tail=np.inf
        )
    scale = parameters[-1]
    upper = np.inf
    if family == "halfnormal":
        base, tail = stats.halfnorm(scale=scale), np.inf
    elif family == "halfcauchy":
        base, tail = stats.halfcauchy(scale=scale), 2.0
    elif family == "uniform":
        base, tail, upper = stats.uniform(0, scale), np.inf, scale
    else:
        base, tail = stats.invgamma(parameters[0], scale=scale), parameters[0] + 1

    def log_density(u: Values) -> Values:
        return np.asarray(base.logpdf(np.exp(u)) + u)

    return TauPrior(text, source, log_density, lambda p: float(base.ppf(p)), tail, upper)
