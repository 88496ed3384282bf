"""The highest point of the likelihood of a selection model, and how sharp it is.

A selection model has the mean, tau2, and logarithms of what decides on publication. Its likelihood
is a callable that returns the value and the gradient at such a point.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.special import chdtri

from meta.errors import NotConverged

Values = NDArray[np.float64]

# Newton steps after the quasi-Newton search, which stops at about six digits
_NEWTON_STEPS = 50
_GRADIENT_TOLERANCE = 1e-8
# parameters of selection beyond this (a factor of 10,000) are no estimate: it is a ridge
FAR = float(np.log(1e4))


class Likelihood(Protocol):
    """A likelihood in the mean, tau2 and logarithms of what decides on publication."""

    y: Values

    def __call__(self, point: Values, /) -> tuple[float, Values]:
        """Return the log-likelihood and its gradient."""


def maximise(model: Likelihood, starts: Iterable[Values]) -> Values | None:
    """Find the highest of the maxima that the starting points lead to.

    Returns
    -------
    numpy.ndarray or None
        The point; None where it is no maximum, or lies on a ridge.
    """
    best: Values | None = None
    highest = -np.inf
    for start in starts:
        point, value = _climb(model, start)
        if value > highest:
            highest, best = value, point
    # only the highest one is finished: a lower maximum beside a ridge would be no answer
    return None if best is None else _newton(model, best)


def _climb(model: Likelihood, start: Values) -> tuple[Values, float]:
    def downhill(point: Values) -> tuple[float, Values]:
        value, gradient = model(point)
        return -value, -gradient

    search = optimize.minimize(
        downhill,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(None, None), (0.0, None), *[(-FAR, FAR)] * (len(start) - 2)],
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9},
    )
    return np.asarray(search.x, dtype=float), -float(search.fun)


def _active(point: Values, gradient: Values) -> NDArray[np.bool_]:
    """Parameters that may move: all but a tau2 that is held at 0."""
    free = np.ones(len(point), dtype=bool)
    free[1] = point[1] > 0 or gradient[1] > 0
    return free


def _information(model: Likelihood, point: Values) -> Values:
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


def _newton(model: Likelihood, point: Values) -> Values | None:
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
    inside = np.max(np.abs(point[2:]), initial=0.0) < 0.999 * FAR
    return point if settled and inside else None


def standard_errors(model: Likelihood, point: Values) -> Values:
    """Return standard errors of the parameters; NaN for a tau2 at 0.

    Raises
    ------
    NotConverged
        If the observed information is not positive definite.
    """
    free = _active(point, np.zeros_like(point))
    errors = np.full(len(point), np.nan)
    information = _information(model, point)[np.ix_(free, free)]
    try:
        np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        raise NotConverged(
            "the information of the selection model is not positive definite at its maximum: use "
            "fewer steps or another shape, or leave the model out and say so"
        ) from None
    errors[free] = np.sqrt(np.diag(np.linalg.inv(information)))
    return errors


class _Held:
    """A likelihood with one of its parameters held."""

    def __init__(self, model: Likelihood, place: int, value: float) -> None:
        self.model, self.place, self.value = model, place, value
        self.y = model.y

    def __call__(self, rest: Values) -> tuple[float, Values]:
        value, gradient = self.model(np.insert(rest, self.place, self.value))
        return value, np.delete(gradient, self.place)


def _height(
    above: Callable[[float, Values], tuple[float, Values]], start: Values, value: float
) -> float:
    return above(value, start)[0]


def profile_limits(
    model: Likelihood, point: Values, place: int, level: float, at_none: float = -np.inf
) -> tuple[float, float]:
    """Return the profile-likelihood interval of a parameter of selection, as a factor.

    Parameters
    ----------
    model : Likelihood
        The model.
    point : numpy.ndarray
        Its maximum.
    place : int
        Place of the parameter, 2 or more.
    level : float
        Confidence level.
    at_none : float
        Log-likelihood in the limit of a factor of 0, if it is known; where that is high enough the
        lower limit is 0.

    Returns
    -------
    tuple of float
        Limits of the exponentiated parameter; 0 or infinite where the likelihood does not fall far
        enough within a factor of 10,000 of 1.
    """
    floor = model(point)[0] - float(chdtri(1, 1 - level)) / 2

    def above(value: float, start: Values) -> tuple[float, Values]:
        rest, highest = _climb(_Held(model, place, value), start)
        return highest - floor, rest

    ends = []
    for side in (-1.0, 1.0):
        limit = float(0.0 if side < 0 else np.inf)
        if side < 0 and at_none >= floor:
            ends.append(limit)
            continue
        inside, rest, step = float(point[place]), np.delete(point, place), 0.25
        while side * inside < FAR:
            outside = inside + side * step
            height, found = above(outside, rest)
            if height < 0:
                at = partial(_height, above, rest)
                root = optimize.brentq(at, min(inside, outside), max(inside, outside), xtol=1e-10)
                limit = float(np.exp(root))
                break
            inside, rest, step = outside, found, 1.5 * step
        ends.append(limit)
    return ends[0], ends[1]
