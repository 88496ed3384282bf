"""The likelihood of effects whose publication depends on the p-value in steps, and its maximum."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from meta.errors import NotConverged
from meta.synthesis.engine import tau2_estimate, weighted_fit

Values = NDArray[np.float64]

# Starting points: shifts of the mean in its standard errors, factors of tau2 (plus a little, so
# that a boundary estimate is left), and relative chances of publication of the later intervals.
_SHIFTS = (0.0, -3.0)
_TAU2_FACTORS = (1.0, 0.1)
_CHANCES = (1.0, 0.3)
# Newton steps after the quasi-Newton search, which stops at about six digits
_NEWTON_STEPS = 50
_GRADIENT_TOLERANCE = 1e-8
# log relative chances beyond this (10,000-fold) are no estimate: the likelihood is a ridge
_FAR = float(np.log(1e4))


class StepLikelihood:
    """The likelihood of a step-function selection model in (mu, tau2, log delta_2, ...).

    Parameters
    ----------
    y, v : numpy.ndarray of shape (k,)
        Effects, of which positive ones favour publication, and sampling variances.
    limits : numpy.ndarray
        Limits of the intervals of the one-sided p-value, rising.
    """

    def __init__(self, y: Values, v: Values, limits: Values) -> None:
        self.y, self.v = y, v
        p_values = stats.norm.sf(y / np.sqrt(v))
        self.interval = np.searchsorted(limits, p_values, side="left")
        self.counts = np.bincount(self.interval, minlength=len(limits) + 1)
        # effects at which the p-value of each study crosses each limit: falling along columns
        self.bounds = np.sqrt(v)[:, None] * stats.norm.isf(limits)[None, :]

    def __call__(self, point: Values) -> tuple[float, Values]:
        """Log-likelihood and its gradient."""
        mu, tau2 = point[0], point[1]
        log_delta = np.concatenate([[0.0], point[2:]])
        delta = np.exp(log_delta)
        variance = self.v + tau2
        s = np.sqrt(variance)
        residual = (self.y - mu) / s
        u = (self.bounds - mu) / s[:, None]
        # P(p below each limit) is the upper tail beyond each bound
        edge = np.zeros((len(self.y), 1))
        upper = np.hstack([edge, stats.norm.sf(u), edge + 1])
        chance = np.diff(upper, axis=1)
        density = stats.norm.pdf(u)
        slope_mu = np.diff(np.hstack([edge, density / s[:, None], edge]), axis=1)
        slope_tau2 = np.diff(np.hstack([edge, u * density / (2 * variance[:, None]), edge]), axis=1)
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
        return value, gradient

    def without_selection(self) -> tuple[float, float, float]:
        """Maximum-likelihood mean and tau2 if every delta is 1, and the log-likelihood there."""
        tau2 = tau2_estimate(self.y, self.v, "ML")
        mu = float(weighted_fit(self.y, self.v, tau2).beta[0])
        point = np.concatenate([[mu, tau2], np.zeros(len(self.counts) - 1)])
        return mu, tau2, self(point)[0]


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
    free = len(model.counts) - 1
    bounds = [(None, None), (0.0, None), *[(-_FAR, _FAR)] * free]

    def downhill(point: Values) -> tuple[float, Values]:
        value, gradient = model(point)
        return -value, -gradient

    best: Values | None = None
    highest = -np.inf
    for shift, factor, chance in itertools.product(_SHIFTS, _TAU2_FACTORS, _CHANCES):
        start = np.array([mu + shift * se, factor * tau2 + 0.01, *[np.log(chance)] * free])
        search = optimize.minimize(
            downhill,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9},
        )
        if -search.fun > highest:
            highest, best = -float(search.fun), search.x
    # only the highest one is finished: a lower maximum beside a ridge would be no answer
    finished = None if best is None else _newton(model, best)
    if finished is not None:
        return finished, model(finished)[0]
    raise NotConverged(
        "the likelihood of the selection model has no maximum at which the chances of publication "
        "differ less than 10,000-fold: the data cannot tell selection from a different mean "
        f"({', '.join(map(str, model.counts))} studies in the intervals of p). Use fewer steps, or "
        "leave the model out and say so"
    )


def _active(point: Values, gradient: Values) -> NDArray[np.bool_]:
    """Parameters that may move: all but a tau2 that is held at 0."""
    free = np.ones(len(point), dtype=bool)
    free[1] = point[1] > 0 or gradient[1] > 0
    return free


def _information(model: StepLikelihood, point: Values) -> Values:
    """Observed information, by central differences of the analytic gradient."""
    size = len(point)
    hessian = np.empty((size, size))
    for i in range(size):
        # one-sided steps over the boundary would leave tau2's range, so its step is shortened
        step = 1e-5 * max(1.0, abs(point[i]))
        if i == 1:
            step = min(step, 0.5 * point[1]) if point[1] > 0 else 1e-7
        ahead, behind = point.copy(), point.copy()
        ahead[i] += step
        behind[i] -= step if not (i == 1 and point[1] == 0) else 0.0
        hessian[i] = (model(ahead)[1] - model(behind)[1]) / (ahead[i] - behind[i])
    return -(hessian + hessian.T) / 2


def _newton(model: StepLikelihood, point: Values) -> Values | None:
    """Finish the search; None where it leads to no maximum."""
    value, gradient = model(point)
    for _ in range(_NEWTON_STEPS):
        free = _active(point, gradient)
        if np.max(np.abs(gradient[free])) < _GRADIENT_TOLERANCE * len(model.y):
            break
        information = _information(model, point)[np.ix_(free, free)]
        try:
            np.linalg.cholesky(information)
        except np.linalg.LinAlgError:
            return None
        move = np.zeros_like(point)
        move[free] = np.linalg.solve(information, gradient[free])
        for halving in range(30):
            trial = point + move / 2**halving
            trial[1] = max(trial[1], 0.0)
            trial_value, trial_gradient = model(trial)
            # near the maximum the likelihood is flat to rounding; the gradient still falls
            if trial_value >= value - 1e-12 * abs(value):
                break
        else:
            return None
        point, value, gradient = trial, trial_value, trial_gradient
    free = _active(point, gradient)
    settled = np.max(np.abs(gradient[free])) < 1e-6 * len(model.y)
    inside = np.max(np.abs(point[2:])) < 0.999 * _FAR
    return point if settled and inside else None


def standard_errors(model: StepLikelihood, point: Values) -> Values:
    """Return standard errors of mu, tau2 and log delta; NaN for a tau2 at 0.

    Raises
    ------
    NotConverged
        If the observed information is not positive definite.
    """
    free = _active(point, np.zeros_like(point))
    errors = np.full(len(point), np.nan)
    covariance = np.linalg.inv(_information(model, point)[np.ix_(free, free)])
    variances = np.diag(covariance)
    if (variances <= 0).any():
        raise NotConverged(
            "the information of the selection model is not positive definite at its maximum: use "
            "fewer steps, or leave the model out and say so"
        )
    errors[free] = np.sqrt(variances)
    return errors
