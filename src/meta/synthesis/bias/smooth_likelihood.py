"""The likelihood of effects whose publication falls smoothly with the p-value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from meta.synthesis.engine import tau2_estimate, weighted_fit

Values = NDArray[np.float64]


def density(u: Values | np.float64) -> Values:
    """Density of the standard normal distribution."""
    return np.asarray(np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi))


def _log_density(residual: Values, spread: Values) -> Values:
    return np.asarray(-((residual / spread) ** 2) / 2 - np.log(spread) - np.log(2 * np.pi) / 2)


class P(NamedTuple):
    """One-sided p-values with their logarithm and that of their complement."""

    p: Values
    log: Values
    log_rest: Values

    @classmethod
    def of(cls, z: Values, least: float) -> P:
        """Take them from z, no nearer to 0 or 1 than ``least``."""
        p = np.clip(special.ndtr(-z), least, 1 - least)
        # the complement by its own tail, which keeps its digits where p is near 1
        rest = np.clip(special.ndtr(z), least, 1 - least)
        return cls(p, np.log(p), np.log(rest))


@dataclass(frozen=True, slots=True)
class Shape:
    """A weight function of the one-sided p-value.

    Attributes
    ----------
    words : str
        The function, for a reader.
    size : int
        Number of its parameters, which are all above 0.
    weight : callable
        Takes p and the parameters, returns the logarithm of the weight and its derivative by the
        logarithm of each parameter.
    least : float
        p-values nearer to 0 or 1 count as this far from them.
    """

    words: str
    size: int
    weight: Callable[[P, Values], tuple[Values, list[Values]]]
    least: float = 1e-15


def _beta(p: P, delta: Values) -> tuple[Values, list[Values]]:
    log_weight = (delta[0] - 1) * p.log + (delta[1] - 1) * p.log_rest
    return log_weight, [delta[0] * p.log, delta[1] * p.log_rest]


def _half_normal(p: P, delta: Values) -> tuple[Values, list[Values]]:
    return -delta[0] * p.p**2, [-delta[0] * p.p**2]


def _exponential(p: P, delta: Values) -> tuple[Values, list[Values]]:
    return -delta[0] * p.p, [-delta[0] * p.p]


def _logistic(p: P, delta: Values) -> tuple[Values, list[Values]]:
    reach = delta[0] * p.p
    return np.log(2) - np.logaddexp(0.0, reach), [-reach * special.expit(reach)]


def _power(p: P, delta: Values) -> tuple[Values, list[Values]]:
    return delta[0] * p.log_rest, [delta[0] * p.log_rest]


# a single trial of many people would decide on the exponents of beta by how far beyond doubt it is
SHAPES = {
    "beta": Shape("p^(δ₁ - 1) (1 - p)^(δ₂ - 1)", 2, _beta, least=1e-5),
    "halfnorm": Shape("exp(-δ p²)", 1, _half_normal),
    "negexp": Shape("exp(-δ p)", 1, _exponential),
    "logistic": Shape("2 / (1 + exp(δ p))", 1, _logistic),
    "power": Shape("(1 - p)^δ", 1, _power),
}


class SmoothLikelihood:
    """The likelihood in (mu, tau2, log delta).

    Parameters
    ----------
    y, v : numpy.ndarray of shape (k,)
        Effects, of which positive ones favour publication, and sampling variances.
    shape : Shape
        Weight function.
    """

    def __init__(self, y: Values, v: Values, shape: Shape) -> None:
        self.y, self.v, self.shape = y, v, shape
        self.sei = np.sqrt(v)
        self.own = P.of(y / self.sei, shape.least)
        # the chance of publication is smooth between the effects whose p-values are at the limits
        self.edge = float(special.ndtri(1 - shape.least))
        points = 101 if self.edge < 5 else 201
        nodes, weights = np.polynomial.legendre.leggauss(points)
        self.nodes, self.weights = self.edge * nodes, self.edge * weights
        self.inside = P.of(self.nodes, shape.least)
        self.beyond = P.of(np.array([self.edge, -self.edge]), shape.least)

    def __call__(self, point: Values) -> tuple[float, Values]:
        """Log-likelihood and its gradient."""
        mean, tau2, delta = point[0], point[1], np.exp(point[2:])
        variance = self.v + tau2
        spread = np.sqrt(variance)
        log_own, own_slopes = self.shape.weight(self.own, delta)
        log_inside, inside_slopes = self.shape.weight(self.inside, delta)
        log_beyond, beyond_slopes = self.shape.weight(self.beyond, delta)
        # the effect of each study at the nodes, which are in its standard errors
        u = (self.sei[:, None] * self.nodes - mean) / spread[:, None]
        mass = density(u) * (self.sei / spread)[:, None] * self.weights * np.exp(log_inside)
        # beyond the limits the chance of publication stays
        side = np.array([1.0, -1.0])
        end = side * (side * self.edge * self.sei[:, None] - mean) / spread[:, None]
        tail = np.exp(log_beyond)
        tail_mass, tail_density = special.ndtr(-end) * tail, density(end) * tail
        chance = mass.sum(axis=1) + tail_mass.sum(axis=1)
        by_mean = ((mass * u).sum(axis=1) + (side * tail_density).sum(axis=1)) / spread
        by_tau2 = (mass * (u**2 - 1)).sum(axis=1) + (tail_density * end).sum(axis=1)
        by_tau2 = by_tau2 / (2 * variance)
        residual = (self.y - mean) / spread
        value = log_own + _log_density(self.y - mean, spread) - np.log(chance)
        gradient = [
            np.sum(residual / spread - by_mean / chance),
            np.sum((residual**2 - 1) / (2 * variance) - by_tau2 / chance),
        ]
        for own, inside, beyond in zip(own_slopes, inside_slopes, beyond_slopes, strict=True):
            change = mass @ inside + tail_mass @ beyond
            gradient.append(np.sum(own - change / chance))
        return float(np.sum(value)), np.array(gradient)

    def without_selection(self) -> tuple[float, float, float]:
        """Maximum-likelihood mean and tau2 without selection, and the log-likelihood there."""
        tau2 = tau2_estimate(self.y, self.v, "ML")
        mean = float(weighted_fit(self.y, self.v, tau2).beta[0])
        value = np.sum(_log_density(self.y - mean, np.sqrt(self.v + tau2)))
        return mean, tau2, float(value)
