"""The posterior of a normal-normal hierarchical model, by deterministic quadrature."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from meta.synthesis.bayes.priors import TauPrior

Values = NDArray[np.float64]

# log(tau) beyond which neither double precision nor any tail that matters reaches; the heaviest
# prior offered (log-t with 5 degrees of freedom) keeps less than 1e-9 of its mass out there
_FURTHEST = 150.0
# densities below exp(-45) of the highest one add nothing to a sum in double precision
_NEGLIGIBLE = 45.0
_COARSE = 1500
_PANELS = 48
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


@dataclass(frozen=True, slots=True)
class Mixture:
    """A mixture of normal distributions.

    Attributes
    ----------
    weight : numpy.ndarray of shape (n,)
        Shares, summing to 1.
    mean, sd : numpy.ndarray of shape (n, m)
        Parts of m mixtures that share the weights.
    """

    weight: Values
    mean: Values
    sd: Values

    def cdf(self, x: Values | float) -> Values:
        """Probability below x, one x for each of the m mixtures."""
        return np.asarray(self.weight @ special.ndtr((x - self.mean) / self.sd))

    def density(self, x: Values | float) -> Values:
        """Density at x, one x for each of the m mixtures."""
        z = (x - self.mean) / self.sd
        return np.asarray(self.weight @ (np.exp(-(z**2) / 2) / (self.sd * np.sqrt(2 * np.pi))))

    def quantile(self, p: float) -> Values:
        """Quantile of each mixture, by Newton steps inside a bracket that only shrinks."""
        typical = np.sqrt(1 / (self.weight @ (1 / self.sd**2)))
        x = np.asarray(self.weight @ self.mean)
        low, high, reach = x - typical, x + typical, typical
        while (short := self.cdf(low) > p).any():
            reach = 2 * reach
            low = np.where(short, low - reach, low)
        reach = typical
        while (short := self.cdf(high) < p).any():
            reach = 2 * reach
            high = np.where(short, high + reach, high)
        x = (low + high) / 2
        for _ in range(200):
            value = self.cdf(x) - p
            low, high = np.where(value < 0, x, low), np.where(value < 0, high, x)
            with np.errstate(divide="ignore", invalid="ignore"):
                step = x - value / self.density(x)
            new = np.where((step > low) & (step < high), step, (low + high) / 2)
            done = np.abs(new - x) <= 1e-13 * (np.abs(x) + typical)
            x = new
            if done.all():
                break
        return x


@dataclass(frozen=True, slots=True)
class Posterior:
    """Posterior of tau on nodes, and what follows from it given tau.

    Attributes
    ----------
    yi, vi : numpy.ndarray of shape (k,)
        Effects and sampling variances.
    mu_prior : tuple of float or None
        Mean and standard deviation of the normal prior of mu; None for a flat one.
    prior : TauPrior
        Prior of tau.
    tau, weight, mean, var : numpy.ndarray of shape (n,)
        Nodes, their posterior probability, and the mean and variance of mu at each.
    edges, below : numpy.ndarray
        Panels of log(tau), and the probability below each edge.
    log_norm : float
        Logarithm of the normalising constant.
    """

    yi: Values
    vi: Values
    mu_prior: tuple[float, float] | None
    prior: TauPrior
    tau: Values
    weight: Values
    mean: Values
    var: Values
    edges: Values
    below: Values
    log_norm: float

    def mu(self) -> Mixture:
        """Posterior of the mean effect."""
        return Mixture(self.weight, self.mean[:, None], np.sqrt(self.var)[:, None])

    def prediction(self) -> Mixture:
        """Posterior of the true effect of a new study."""
        spread = np.sqrt(self.var + self.tau**2)
        return Mixture(self.weight, self.mean[:, None], spread[:, None])

    def studies(self) -> Mixture:
        """Posterior of the true effect of each study (shrinkage)."""
        t2 = self.tau[:, None] ** 2
        pull = self.vi / (self.vi + t2)  # 1 at tau = 0: all studies share one effect
        mean = pull * self.mean[:, None] + (1 - pull) * self.yi
        var = pull * t2 + pull**2 * self.var[:, None]
        return Mixture(self.weight, mean, np.sqrt(var))

    def tau_density(self, tau: Values) -> Values:
        """Posterior density of tau at values above 0."""
        u = np.log(tau)
        inside = u <= np.log(self.prior.upper)
        out = np.zeros_like(u)
        out[inside] = np.exp(self._log_joint(u[inside])[0] - self.log_norm - u[inside])
        return out

    def tau_quantile(self, p: float) -> float:
        """Quantile of tau."""
        i = int(np.clip(np.searchsorted(self.below, p) - 1, 0, len(self.edges) - 2))
        start, end = self.edges[i], self.edges[i + 1]

        def surplus(u: float) -> float:
            half = (u - start) / 2
            log_density, _, _ = self._log_joint(start + half * (_NODES + 1))
            return float(self.below[i] + half * _WEIGHTS @ np.exp(log_density - self.log_norm) - p)

        # rounding may put the root on the edge of the panel
        if surplus(start) >= 0:
            return float(np.exp(start))
        if surplus(end) <= 0:
            return float(np.exp(end))
        return float(np.exp(optimize.brentq(surplus, start, end, xtol=1e-13)))

    def _log_joint(self, u: Values) -> tuple[Values, Values, Values]:
        return log_joint(u, self.yi, self.vi, self.prior, self.mu_prior)


def log_joint(
    u: Values, yi: Values, vi: Values, prior: TauPrior, mu: tuple[float, float] | None
) -> tuple[Values, Values, Values]:
    """Log of prior times marginal likelihood as a density of u = log(tau); mean and variance of mu.

    The mean effect is integrated out in closed form: given tau it is normal.
    """
    w = 1 / (vi + np.exp(2 * u)[:, None])
    precision = w.sum(axis=1)
    weighted = w @ yi
    if mu is not None:
        precision = precision + 1 / mu[1] ** 2
        weighted = weighted + mu[0] / mu[1] ** 2
    mean = weighted / precision
    misfit = (w * (yi - mean[:, None]) ** 2).sum(axis=1)
    if mu is not None:
        misfit = misfit + ((mean - mu[0]) / mu[1]) ** 2
    likelihood = 0.5 * (np.log(w).sum(axis=1) - np.log(precision) - misfit)
    return likelihood + prior.log_density(u), mean, 1 / precision


def posterior(yi: Values, vi: Values, prior: TauPrior, mu: tuple[float, float] | None) -> Posterior:
    """Integrate over tau with Gauss-Legendre panels laid where the posterior is."""
    edges = _panels(yi, vi, prior, mu)
    half = np.diff(edges)[:, None] / 2
    u = (edges[:-1, None] + half * (_NODES + 1)).ravel()
    log_density, mean, var = log_joint(u, yi, vi, prior, mu)
    top = log_density.max()
    mass = np.exp(log_density - top) * (half * _WEIGHTS).ravel()
    total = mass.sum()
    weight = mass / total
    below = np.concatenate([[0.0], weight.reshape(len(half), -1).sum(axis=1).cumsum()])
    kept = weight > 0
    return Posterior(
        yi=yi,
        vi=vi,
        mu_prior=mu,
        prior=prior,
        tau=np.exp(u[kept]),
        weight=weight[kept],
        mean=mean[kept],
        var=var[kept],
        edges=edges,
        below=below,
        log_norm=float(top + np.log(total)),
    )


def _panels(yi: Values, vi: Values, prior: TauPrior, mu: tuple[float, float] | None) -> Values:
    """Edges of panels in log(tau): even ones over all that counts, dense ones where the mass is."""
    scales = [np.sqrt(vi.min()), np.sqrt(vi.max()), prior.quantile(0.001), prior.quantile(0.999)]
    if np.ptp(yi) > 0:
        scales.append(np.ptp(yi))
    centre = np.log(np.array(scales))
    low = max(centre.min() - _NEGLIGIBLE, -_FURTHEST)
    high = min(centre.max() + _NEGLIGIBLE, _FURTHEST)
    if prior.tail == 1.0:  # no power of tau makes this tail light
        low, high = -_FURTHEST, _FURTHEST
    high = min(high, float(np.log(prior.upper)))
    for _ in range(2):
        u = np.linspace(low, high, _COARSE)
        log_density, _, _ = log_joint(u, yi, vi, prior, mu)
        counts = np.flatnonzero(log_density > log_density.max() - _NEGLIGIBLE)
        low, high = u[max(counts[0] - 1, 0)], u[min(counts[-1] + 1, _COARSE - 1)]
    share = np.exp(log_density - log_density.max())
    cumulated = np.concatenate([[0.0], ((share[1:] + share[:-1]) / 2).cumsum()])
    dense = np.interp(np.linspace(0, 1, _PANELS + 1), cumulated / cumulated[-1], u)
    return np.unique(np.concatenate([np.linspace(low, high, _PANELS + 1), dense[1:-1]]))
