"""Which distribution has these quantiles? Quantile estimation by least squares."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtri

from meta.effect_sizes.inputs import Floats


class QuantileFit(NamedTuple):
    """The distribution that comes closest to a set of quantiles.

    Attributes
    ----------
    mean, sd : float
        Its mean and standard deviation.
    family : str
        "normal", "log-normal", "gamma", "Weibull" or "beta".
    distance : float
        Sum of the squared differences between given and fitted quantiles.
    """

    mean: float
    sd: float
    family: str
    distance: float


def fit_quantiles(quantiles: Floats, probabilities: Floats) -> QuantileFit:
    """Fit distributions to quantiles and return the closest.

    Parameters
    ----------
    quantiles : numpy.ndarray
        At least three numbers in ascending order.
    probabilities : numpy.ndarray
        The probability below each.

    Returns
    -------
    QuantileFit
        The closest family. With a value <= 0 only the normal is tried; the beta only if all values
        lie in (0, 1).

    Examples
    --------
    >>> fit = fit_quantiles(np.array([2.0, 4.0, 9.0]), np.array([0.01, 0.5, 0.99]))
    >>> fit.family, round(fit.mean, 2), round(fit.sd, 2)
    ('log-normal', 4.35, 1.5)
    """
    fits = [_fit_normal(quantiles, probabilities)]
    if quantiles[0] > 0:
        mean, sd = fits[0].mean, fits[0].sd
        families = [*_POSITIVE, *(["beta"] if quantiles[-1] < 1 else [])]
        fits += [_fit(family, quantiles, probabilities, mean, sd) for family in families]
    return min(fits, key=lambda fit: fit.distance)


def _fit_normal(quantiles: Floats, probabilities: Floats) -> QuantileFit:
    """Fit the normal, whose quantiles are a straight line in the standard normal ones."""
    z = ndtri(probabilities)
    slope, intercept = np.polyfit(z, quantiles, 1)
    distance = ((quantiles - intercept - slope * z) ** 2).sum()
    return QuantileFit(float(intercept), float(slope), "normal", float(distance))


_POSITIVE = ("log-normal", "gamma", "Weibull")


def _distribution(family: str, first: float, second: float) -> Any:
    from scipy import stats  # takes a second to import, and most tables hold no quantiles

    if family == "log-normal":
        return stats.lognorm(second, scale=first)
    if family == "gamma":
        return stats.gamma(first, scale=second)
    if family == "Weibull":
        return stats.weibull_min(first, scale=second)
    return stats.beta(first, second)


def _start(family: str, mean: float, sd: float) -> tuple[float, float]:
    """Begin near the moments of the normal fit."""
    mean = max(mean, 1e-3 * sd)  # a long right tail can pull the fitted line below zero
    ratio = sd / mean
    if family == "log-normal":
        return mean / np.sqrt(1 + ratio**2), np.sqrt(np.log1p(ratio**2))
    if family == "gamma":
        return 1 / ratio**2, mean * ratio**2
    if family == "Weibull":
        # -1.086 is the usual approximation of the shape by the coefficient of variation
        return ratio**-1.086, mean
    mean = min(mean, 0.999)
    strength = max(mean * (1 - mean) / sd**2 - 1, 0.1)
    return mean * strength, (1 - mean) * strength


def _fit(
    family: str, quantiles: Floats, probabilities: Floats, mean: float, sd: float
) -> QuantileFit:
    """Fit a family of two positive parameters, on their logarithms."""
    from scipy import optimize

    def residuals(logs: Floats) -> Floats:
        first, second = np.exp(logs)
        found = _distribution(family, first, second).ppf(probabilities)
        # a trial step may leave the range of the floats: such a step is just a bad one
        return np.asarray(np.nan_to_num(found - quantiles, nan=1e6, posinf=1e6, neginf=-1e6))

    start = np.clip(np.log(_start(family, mean, sd)), -_BOUND + 1, _BOUND - 1)
    best = optimize.least_squares(
        residuals, start, bounds=(-_BOUND, _BOUND), xtol=1e-12, ftol=1e-12, gtol=1e-12
    )
    fitted = _distribution(family, *np.exp(best.x))
    return QuantileFit(float(fitted.mean()), float(fitted.std()), family, float(2 * best.cost))


# on the log scale: parameters from 1e-9 to 1e9, beyond any scale of an outcome
_BOUND = 20.0
