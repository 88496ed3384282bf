"""The likelihood of counts when a logarithm of odds or rates varies normally between studies.

A family says how probable the counts of a study are at a value of its own parameter; the normal
distribution of the parameters is integrated out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from meta.errors import NotConverged

Floats = NDArray[np.float64]

# Seven points agree with these to seven digits at the maximum; the derivatives, which are posterior
# moments, need more where tau is large and counts are zero.
POINTS = 21
_STEPS = 100
_STEP = 1e-12
# Standard deviations at which the likelihood is looked at first. It need not have one maximum, so
# the best of these is refined rather than the first that is met. The look ends where the likelihood
# has fallen this far below its best.
_FALLEN = 10.0
_TAU_GRID = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.65, 0.9, 1.3, 1.9, 2.8, 4.0, 6.0, 9.0)


class Derivatives(NamedTuple):
    """Log-likelihood of each study with its slope and downward curvature, shape (k, m)."""

    value: Floats
    slope: Floats
    curve: Floats


def log_total(logs: Floats) -> tuple[Floats, Floats]:
    """Logarithm of the sum of exponentials along the last axis, and the share of each in it."""
    highest = logs.max(axis=-1, keepdims=True)
    share = np.exp(logs - highest)
    total = share.sum(axis=-1, keepdims=True)
    return (highest + np.log(total))[..., 0], share / total


class Family(Protocol):
    """How probable the counts of each study are, given its parameter."""

    start: float

    def at(self, parameter: Floats) -> Derivatives:
        """The studies at parameters of shape (k, m)."""
        ...

    def best(self) -> Floats:
        """Highest log-likelihood that each study can have, shape (k,)."""
        ...


class Binomial:
    """Events among people, by the log odds less an offset.

    One proportion has no offset. With the offset ``log(n_t / n_c)`` the events of the treated among
    all events of a trial are nearly binomial, and the parameter is its log odds ratio; with the
    offset ``log(time_t / time_c)`` they are binomial, and the parameter is its log rate ratio.
    """

    def __init__(self, events: Floats, people: Floats, offset: Floats | float = 0.0) -> None:
        self.events, self.people = events[:, None], people[:, None]
        self.offset = np.broadcast_to(np.asarray(offset, dtype=float), events.shape)[:, None]
        self.constant = (
            special.gammaln(self.people + 1)
            - special.gammaln(self.events + 1)
            - special.gammaln(self.people - self.events + 1)
        )
        rough = special.logit((events.sum() + 0.5) / (people.sum() + 1))
        self.start = float(rough - np.average(self.offset[:, 0], weights=people))

    def at(self, parameter: Floats) -> Derivatives:
        """The studies at log odds (ratios) of shape (k, m)."""
        eta = parameter + self.offset
        p = special.expit(eta)
        value = self.constant + self.events * eta - self.people * np.logaddexp(0, eta)
        return Derivatives(value, self.events - self.people * p, self.people * p * (1 - p))

    def best(self) -> Floats:
        """Log-likelihood at each study's own share."""
        share = self.events / self.people
        found = special.xlogy(self.events, share)
        found += special.xlog1py(self.people - self.events, -share) + self.constant
        return np.asarray(found[:, 0])


class Poisson:
    """Events in person-time, by the log rate."""

    def __init__(self, events: Floats, time: Floats) -> None:
        self.events, self.time = events[:, None], time[:, None]
        self.constant = -special.gammaln(self.events + 1)
        self.start = float(np.log((events.sum() + 0.5) / time.sum()))

    def at(self, parameter: Floats) -> Derivatives:
        """The studies at log rates of shape (k, m)."""
        with np.errstate(over="ignore"):
            expected = self.time * np.exp(parameter)
        value = self.constant + self.events * (parameter + np.log(self.time)) - expected
        return Derivatives(value, self.events - expected, expected)

    def best(self) -> Floats:
        """Log-likelihood at each study's own rate."""
        return np.asarray(
            (self.constant + special.xlogy(self.events, self.events) - self.events)[:, 0]
        )


class Hypergeometric:
    """Events of the treated, given all events of the trial, by the log odds ratio.

    The distribution of a 2x2 table with both margins fixed (Fisher's noncentral hypergeometric).
    """

    start = 0.0

    def __init__(self, a: Floats, n_t: Floats, n_c: Floats, events: Floats) -> None:
        self.a = a[:, None]
        low, high = np.maximum(0, events - n_c), np.minimum(n_t, events)
        width = int((high - low).max()) + 1
        # counts that the treated could have had, shape (k, width)
        self.counts = low[:, None] + np.arange(width, dtype=float)
        self.edge = np.column_stack([a <= low, a >= high])
        ways = self._ways(n_t[:, None], self.counts)
        ways += self._ways(n_c[:, None], events[:, None] - self.counts)
        self.ways = np.where(self.counts <= high[:, None], ways, -np.inf)
        self.own = np.take_along_axis(self.ways, (a - low).astype(int)[:, None], axis=1)

    @staticmethod
    def _ways(people: Floats, events: Floats) -> Floats:
        inside = (events >= 0) & (events <= people)
        n = np.where(inside, events, 0.0)
        found = special.gammaln(people + 1) - special.gammaln(n + 1)
        return np.asarray(np.where(inside, found - special.gammaln(people - n + 1), -np.inf))

    def at(self, parameter: Floats) -> Derivatives:
        """The tables at log odds ratios of shape (k, m)."""
        logs = self.ways[:, None, :] + parameter[:, :, None] * self.counts[:, None, :]
        total, share = log_total(logs)
        mean = (share * self.counts[:, None, :]).sum(axis=2)
        spread = (share * (self.counts[:, None, :] - mean[:, :, None]) ** 2).sum(axis=2)
        return Derivatives(self.own + parameter * self.a - total, self.a - mean, spread)

    def best(self) -> Floats:
        """Log-likelihood at each table's own conditional odds ratio; 0 where that is infinite."""
        parameter = np.zeros_like(self.a)
        inside = np.asarray(~self.edge.any(axis=1))
        for _ in range(_STEPS):
            here = self.at(parameter)
            step = np.where(inside[:, None], here.slope / np.maximum(here.curve, 1e-300), 0.0)
            parameter = parameter + np.clip(step, -2.0, 2.0)
            if np.abs(step).max() < _STEP:
                break
        return np.asarray(np.where(inside, self.at(parameter).value[:, 0], 0.0))


@dataclass(frozen=True, slots=True)
class Profile:
    """The likelihood at one tau, at its maximum in the mean and whatever else there is.

    Attributes
    ----------
    value, mean, slope : float
        Log-likelihood, the mean that has it, and its derivative by tau.
    hessian : numpy.ndarray of shape (2, 2)
        Second derivatives by mean and tau, anything else profiled out.
    weights : numpy.ndarray of shape (k,)
        Information on the mean that each study gives.
    """

    value: float
    mean: float
    slope: float
    hessian: Floats
    weights: Floats

    def information(self, tau: float) -> Floats:
        """Observed information; of the mean alone at tau = 0, where tau says nothing about it."""
        return -(self.hessian[:1, :1] if tau == 0 else self.hessian)


def highest_profile(profile: Callable[[float], Profile], endless: str) -> tuple[float, Profile]:
    """Find the tau, at least 0, at which a likelihood of counts is highest.

    Parameters
    ----------
    profile : callable
        Takes tau and returns the likelihood there, the other parameters at their best.
    endless : str
        What is said, with ``{tau}``, if the likelihood grows without end.

    Returns
    -------
    tuple
        tau, and the profile there.

    Raises
    ------
    NotConverged
        If the likelihood grows with tau without end.
    """
    profiles: list[Profile] = []
    for tau in _TAU_GRID:
        profiles.append(profile(tau))
        if profiles[-1].value < max(one.value for one in profiles) - _FALLEN:
            break
    best = int(np.argmax([one.value for one in profiles]))
    if best == len(_TAU_GRID) - 1:
        raise NotConverged(endless.format(tau=_TAU_GRID[-1]))
    if best == 0:
        # the slope at 0 is 0 by symmetry; the curvature says whether 0 is the top
        if profiles[0].hessian[1, 1] <= 0:
            return 0.0, profiles[0]
        low, high = 1e-6, _TAU_GRID[1]
    else:
        low, high = max(_TAU_GRID[best - 1], 1e-6), _TAU_GRID[best + 1]
    tau = float(optimize.brentq(lambda at: profile(at).slope, low, high, xtol=1e-12))
    return tau, profile(tau)


class NormalMean:
    r"""Parameters of the studies that vary normally around one mean.

    Parameters
    ----------
    family : Family
        The counts.
    points : int
        Points of the adaptive Gauss-Hermite quadrature.

    Notes
    -----
    The parameter of study i is :math:`\theta + \tau z_i` with standard normal z. Derivatives of the
    integral are posterior moments of those given z (Louis 1982).
    """

    def __init__(self, family: Family, points: int = POINTS) -> None:
        nodes, weights = np.polynomial.hermite.hermgauss(points)
        self.family, self.nodes = family, np.sqrt(2) * nodes
        self.log_weights = np.log(weights) + nodes**2 - 0.5 * np.log(np.pi)
        self.start = family.start

    def _mode(self, mean: float, tau: float, k: int) -> tuple[Floats, Floats]:
        """Most likely z of each study and the width of its peak; the curve is concave in z."""
        z = np.zeros((k, 1))
        here = self.family.at(mean + tau * z)
        for _ in range(_STEPS):
            step = (tau * here.slope - z) / (1 + tau**2 * here.curve)
            if np.abs(step).max() < _STEP * (1 + np.abs(z).max()):
                break
            height = here.value - z**2 / 2
            for _ in range(60):
                there = self.family.at(mean + tau * (z + step))
                gain = there.value - (z + step) ** 2 / 2 - height
                worse = ~(gain >= -1e-9 * (1 + np.abs(height)))
                if not worse.any():
                    break
                step = np.where(worse, step / 2, step)
            z, here = z + step, there
        return z, 1 / np.sqrt(1 + tau**2 * here.curve)

    def moments(self, mean: float, tau: float) -> tuple[float, Floats, Floats]:
        """Return the log-likelihood and its derivatives by mean and tau.

        Shapes are () for all studies together, and (2,) and (2, 2, k) by study.
        """
        k = len(self.family.at(np.full((1, 1), mean)).value)
        mode, width = self._mode(mean, tau, k)
        z = mode + width * self.nodes
        here = self.family.at(mean + tau * z)
        logs = here.value - z**2 / 2 + self.log_weights + np.log(width)
        value, posterior = log_total(logs)
        moves = np.stack([np.ones_like(z), z])
        first = moves * here.slope
        second = -moves[:, None] * moves[None, :] * here.curve
        gradient = np.einsum("ikm,km->ik", first, posterior)
        square = np.einsum("ijkm,km->ijk", second + first[:, None] * first[None, :], posterior)
        hessian = square - gradient[:, None] * gradient[None, :]
        return float(value.sum()), gradient.sum(axis=1), hessian

    def profile(self, tau: float) -> Profile:
        """Maximise over the mean; concave at a given tau."""
        mean = self.start
        value, gradient, hessian = self.moments(mean, tau)
        for _ in range(_STEPS):
            step = float(np.clip(-gradient[0] / hessian[0, 0].sum(), -2.0, 2.0))
            if abs(step) < 1e-11:
                break
            for _ in range(60):
                there = self.moments(mean + step, tau)
                if there[0] >= value - 1e-9:
                    break
                step /= 2
            mean, (value, gradient, hessian) = mean + step, there
        self.start = mean
        return Profile(value, mean, float(gradient[1]), hessian.sum(axis=2), -hessian[0, 0])

    def maximise(self) -> tuple[float, Profile]:
        """Find tau, at least 0, and the profile there; see :func:`highest_profile`."""
        return highest_profile(
            self.profile,
            "the likelihood still grows at tau = {tau:g}: the studies contradict each other "
            "without limit; show them one by one",
        )


class TwoNormals:
    r"""Arms of trials whose base odds and odds ratios both vary normally.

    Parameters
    ----------
    events, people : numpy.ndarray of shape (2, k)
        Treated and control arms.
    points : int
        Points of the adaptive Gauss-Hermite quadrature in each of the two directions; 1 is
        Laplace's approximation.

    Notes
    -----
    The log odds of an arm are :math:`\alpha + \sigma z_1 \pm (\theta + \tau z_2) / 2`.
    """

    def __init__(self, events: Floats, people: Floats, points: int) -> None:
        self.events, self.people = events[:, :, None], people[:, :, None]
        nodes, weights = np.polynomial.hermite.hermgauss(points)
        first, second = np.meshgrid(nodes, nodes, indexing="ij")
        self.nodes = np.sqrt(2) * np.stack([first.ravel(), second.ravel()])
        self.log_weights = (
            np.log(np.outer(weights, weights)).ravel()
            + (self.nodes**2).sum(axis=0) / 2
            - np.log(np.pi)
        )
        self.constant = (
            special.gammaln(people + 1)
            - special.gammaln(events + 1)
            - special.gammaln(people - events + 1)
        ).sum(axis=0)[:, None]
        share = special.logit((events + 0.5) / (people + 1))
        self.start = np.array(
            [
                share.mean(),
                float((share[0] - share[1]).mean()),
                float(share.mean(axis=0).std()),
                0.5,
            ]
        )

    def _joint(self, theta: Floats, z: Floats) -> tuple[Floats, Floats, Floats]:
        """Log-likelihood of the counts and z (2, k, m), with its slope and curvature in z."""
        alpha, mean, sigma, tau = theta
        side = np.array([0.5, -0.5])[:, None, None]
        eta = alpha + sigma * z[0] + side * (mean + tau * z[1])
        p = special.expit(eta)
        counts = (self.events * eta - self.people * np.logaddexp(0, eta)).sum(axis=0)
        value = self.constant + counts - (z**2).sum(axis=0) / 2
        left, spread = self.events - self.people * p, self.people * p * (1 - p)
        moves = np.stack(np.broadcast_arrays(sigma + 0 * side, tau * side))  # (2, arm, 1, 1)
        slope = (moves * left).sum(axis=1) - z
        curve = np.einsum("iakm,jakm,akm->ijkm", moves, moves, spread)
        return value, slope, curve + np.eye(2)[:, :, None, None]

    def log_likelihood(self, theta: Floats) -> float:
        """Return the log-likelihood at mean log odds, log odds ratio, and the SDs of both."""
        k = self.events.shape[1]
        z = np.zeros((2, k, 1))
        value, slope, curve = self._joint(theta, z)
        for _ in range(_STEPS):
            step = np.linalg.solve(curve.transpose(2, 3, 0, 1), slope.transpose(1, 2, 0)[..., None])
            step = step[..., 0].transpose(2, 0, 1)
            if np.abs(step).max() < _STEP * (1 + np.abs(z).max()):
                break
            for _ in range(60):
                there = self._joint(theta, z + step)
                worse = ~(there[0] >= value - 1e-9 * (1 + np.abs(value)))
                if not worse.any():
                    break
                step = np.where(worse, step / 2, step)
            z, (value, slope, curve) = z + step, there
        root = np.linalg.cholesky(np.linalg.inv(curve[:, :, :, 0].transpose(2, 0, 1)))
        around = z + np.einsum("kij,jm->ikm", root, self.nodes)
        logs = self._joint(theta, around)[0] + self.log_weights
        logs += np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)[:, None]
        return float(log_total(logs)[0].sum())

    def maximise(self) -> tuple[Floats, Floats, float]:
        """Return the parameters, their covariance and the log-likelihood at the maximum.

        Raises
        ------
        NotConverged
            If the search does not settle.
        """

        def downhill(theta: Floats) -> float:
            return -self.log_likelihood(theta)

        found = optimize.minimize(downhill, self.start, method="BFGS", options={"gtol": 1e-6})
        theta = found.x
        hessian = self._hessian(theta)
        gradient = self._gradient(theta)
        if np.abs(gradient).max() > 1e-3 * self.events.shape[1]:
            raise NotConverged(
                "the likelihood search for two variances did not settle: the tables hardly tell "
                "them apart; use model='UM.FS'"
            )
        theta = theta - np.linalg.lstsq(hessian, gradient, rcond=1e-8)[0]
        # a variance of 0 carries no information on the means
        free = np.abs(np.append([1.0, 1.0], theta[2:])) > 1e-4
        cov = np.zeros((4, 4))
        cov[np.ix_(free, free)] = np.linalg.inv(-hessian[np.ix_(free, free)])
        return np.append(theta[:2], np.abs(theta[2:])), cov, self.log_likelihood(theta)

    def _gradient(self, theta: Floats, width: float = 1e-4) -> Floats:
        steps = width * np.eye(4)
        return np.array(
            [
                (self.log_likelihood(theta + step) - self.log_likelihood(theta - step))
                / (2 * width)
                for step in steps
            ]
        )

    def _hessian(self, theta: Floats, width: float = 1e-3) -> Floats:
        steps = width * np.eye(4)
        rows = [
            (self._gradient(theta + step) - self._gradient(theta - step)) / (2 * width)
            for step in steps
        ]
        matrix = np.array(rows)
        return np.asarray((matrix + matrix.T) / 2)
