"""The likelihood of effects whose publication depends on the p-value in steps, and its maximum."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from meta.errors import NotConverged
from meta.synthesis.bias import selection_search
from meta.synthesis.bias.smooth_likelihood import density
from meta.synthesis.engine import tau2_estimate, weighted_fit

Values = NDArray[np.float64]

# Starting points: shifts of the mean in its standard errors, factors of tau2 (plus a little, so
# that a boundary estimate is left), and relative chances of publication of the later intervals.
_SHIFTS = (0.0, -3.0)
_TAU2_FACTORS = (1.0, 0.1)
_CHANCES = (1.0, 0.3)


class StepLikelihood:
    """The likelihood of a step-function selection model in (mu, tau2, log delta_2, ...).

    Parameters
    ----------
    y, v : numpy.ndarray of shape (k,)
        Effects, of which positive ones favour publication, and sampling variances.
    limits : numpy.ndarray
        Limits of the intervals of the one-sided p-value, rising.
    given : numpy.ndarray, optional
        Chances of publication where they are given; the point then has no log delta.
    """

    def __init__(self, y: Values, v: Values, limits: Values, given: Values | None = None) -> None:
        self.y, self.v, self.given = y, v, given
        p_values = stats.norm.sf(y / np.sqrt(v))
        self.interval = np.searchsorted(limits, p_values, side="left")
        self.counts = np.bincount(self.interval, minlength=len(limits) + 1)
        # effects at which the p-value of each study crosses each limit: falling along columns
        self.bounds = np.sqrt(v)[:, None] * stats.norm.isf(limits)[None, :]

    def __call__(self, point: Values) -> tuple[float, Values]:
        """Log-likelihood and its gradient."""
        mu, tau2 = point[0], point[1]
        log_delta = np.concatenate([[0.0], point[2:]]) if self.given is None else np.log(self.given)
        delta = np.exp(log_delta)
        variance = self.v + tau2
        s = np.sqrt(variance)
        residual = (self.y - mu) / s
        u = (self.bounds - mu) / s[:, None]
        # P(p below each limit) is the upper tail beyond each bound
        edge = np.zeros((len(self.y), 1))
        upper = np.hstack([edge, special.ndtr(-u), edge + 1])
        chance = np.diff(upper, axis=1)
        height = density(u)
        slope_mu = np.diff(np.hstack([edge, height / s[:, None], edge]), axis=1)
        slope_tau2 = np.diff(np.hstack([edge, u * height / (2 * variance[:, None]), edge]), axis=1)
        total = chance @ delta
        value = float(
            np.sum(
                log_delta[self.interval]
                - 0.5 * (np.log(2 * np.pi * variance) + residual**2)
                - np.log(total)
            )
        )
        gradient = np.concatenate(
            [
                [
                    np.sum(residual / s - (slope_mu @ delta) / total),
                    np.sum((residual**2 - 1) / (2 * variance) - (slope_tau2 @ delta) / total),
                ],
                self.counts[1:] - ((chance * delta) / total[:, None]).sum(axis=0)[1:],
            ]
        )
        return value, gradient[: len(point)]

    def without_selection(self) -> tuple[float, float, float]:
        """Maximum-likelihood mean and tau2 if every delta is 1, and the log-likelihood there."""
        tau2 = tau2_estimate(self.y, self.v, "ML")
        mu = float(weighted_fit(self.y, self.v, tau2).beta[0])
        value = np.sum(stats.norm.logpdf(self.y, mu, np.sqrt(self.v + tau2)))
        return mu, tau2, float(value)


def maximise(model: StepLikelihood) -> tuple[Values, float]:
    """Find the highest of the maxima that the starting points lead to.

    Returns
    -------
    tuple
        The point and the log-likelihood there.

    Raises
    ------
    NotConverged
        If that is no maximum, or lies at chances of publication that differ 10,000-fold or more.
    """
    mu, tau2, _ = model.without_selection()
    se = float(1 / np.sqrt(np.sum(1 / (model.v + tau2))))
    free = 0 if model.given is not None else len(model.counts) - 1
    finished = selection_search.maximise(
        model,
        (
            np.array([mu + shift * se, factor * tau2 + 0.01, *[np.log(chance)] * free])
            for shift, factor, chance in itertools.product(_SHIFTS, _TAU2_FACTORS, _CHANCES)
        ),
    )
    if finished is not None:
        return finished, model(finished)[0]
    raise NotConverged(
        "the likelihood of the selection model has no maximum at which the chances of publication "
        "differ less than 10,000-fold: the data cannot tell selection from a different mean "
        f"({', '.join(map(str, model.counts))} studies in the intervals of p). Use fewer steps, or "
        "leave the model out and say so"
    )
