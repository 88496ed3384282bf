"""Where would the true effect of a new study lie, if tau2 is no better known than Q makes it?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

# points at which the confidence distribution of tau2 is computed, then interpolated; and nodes of
# the averages over tau2 and over t
_GRID, _TAU2_NODES, _T_NODES = 80, 120, 300
# chance that tau2 lies beyond the grid
_BEYOND = 1e-6
# first term of Ruben's series below which it underflows, and most terms
_UNDERFLOW, _TERMS = -600.0, 20_000


def nnf_interval(yi: Floats, vi: Floats, level: float) -> tuple[float, float]:
    r"""Return the prediction interval of Nagashima, Noma and Furukawa.

    Notes
    -----
    tau2 has the confidence distribution :math:`H(\tau^2) = P(Q > q \mid \tau^2)`, where Q is
    Cochran's, a weighted sum of :math:`\chi^2_1`, and q its value; a part of it lies on 0. Given
    tau2, the effect of a new study is that of
    :math:`\hat\mu(\tau^2) + \tau z + SE(\tau^2) t_{k - 1}` with Knapp and Hartung's standard error.
    The authors draw random numbers from this; here its distribution is integrated, by Ruben's
    series for Q and by nodes for the rest, to about four digits.

    References
    ----------
    nagashima2019
    """
    from scipy import interpolate, optimize  # take a second to import, on the way of every pool

    k = len(yi)
    if np.ptp(yi) == 0:  # Q is 0, so that all chance lies on tau2 = 0, and nothing is uncertain
        return float(yi[0]), float(yi[0])
    at_zero = 1 - _chance_below(yi, vi, 0.0)
    grid = _grid(yi, vi)
    # logarithms of tau2 against those of the chance that is left: both nearly straight lines
    left = np.array([-np.log(max(_chance_below(yi, vi, tau2), 1e-300)) for tau2 in grid])
    rising = np.concatenate([[True], np.diff(np.maximum.accumulate(left)) > 1e-12])
    of_left = interpolate.PchipInterpolator(left[rising], np.log(grid[rising]))
    nodes, weights = np.polynomial.legendre.leggauss(_TAU2_NODES)
    chance = at_zero + (1 - at_zero) * (nodes + 1) / 2
    place = np.clip(-np.log1p(-chance), left[rising][0], left[rising][-1])
    tau2 = np.concatenate([[0.0], np.exp(of_left(place))])
    share = np.concatenate([[at_zero], (1 - at_zero) * weights / 2])
    w = 1 / (vi + tau2[:, None])
    mean = (w * yi).sum(axis=1) / w.sum(axis=1)
    spread = (w * (yi - mean[:, None]) ** 2).sum(axis=1) / ((k - 1) * w.sum(axis=1))
    t = special.stdtrit(k - 1, (np.arange(_T_NODES) + 0.5) / _T_NODES)
    centres = mean[:, None] + np.sqrt(spread)[:, None] * t
    tau = np.sqrt(tau2)

    def below(value: float) -> float:
        given = special.ndtr((value - centres[1:]) / tau[1:, None]).mean(axis=1)
        error = float(np.sqrt(spread[0]))
        none = special.stdtr(k - 1, (value - mean[0]) / error) if error else value >= mean[0]
        return float(share[0] * none + share[1:] @ given)

    ends = []
    for aim in ((1 - level) / 2, (1 + level) / 2):
        reach = 4 * float(np.ptp(yi) + np.sqrt(vi.max()))
        while below(mean[0] - reach) > aim or below(mean[0] + reach) < aim:
            reach *= 2
        found = optimize.brentq(
            lambda value, aim=aim: below(value) - aim, mean[0] - reach, mean[0] + reach
        )
        ends.append(float(found))
    return ends[0], ends[1]


def _grid(yi: Floats, vi: Floats) -> Floats:
    """Values of tau2 from next to nothing to where hardly any chance is left."""
    low, high = 1e-4 * float(vi.min()), float(vi.max())
    while _chance_below(yi, vi, high) > _BEYOND:
        high *= 4
    return np.geomspace(low, high, _GRID)


def _chance_below(yi: Floats, vi: Floats, tau2: float) -> float:
    """Chance that Q is no larger than its value if tau2 is this."""
    w, root = 1 / vi, np.sqrt(vi + tau2)
    projection = np.diag(w) - np.outer(w, w) / w.sum()
    values = np.linalg.eigvalsh(root[:, None] * projection * root)[1:]
    mean = float(w @ yi / w.sum())
    q = float(w @ (yi - mean) ** 2)
    least = float(values.min())
    log_first = float(np.log(least / values).sum() / 2)
    return _ruben(values, q, log_first) if log_first > _UNDERFLOW else _imhof(values, q)


def _ruben(values: Floats, q: float, log_first: float) -> float:
    """Sum chances of chi-squared with growing degrees of freedom (Ruben 1962): all terms positive.

    It keeps its digits however small the chance is.
    """
    least, half = float(values.min()), len(values) / 2
    ratios, x = 1 - least / values, q / least / 2
    powers, sums, parts = np.ones_like(ratios), [], [float(np.exp(log_first))]
    total, mass = parts[0] * float(special.gammainc(half, x)), parts[0]
    for term in range(1, _TERMS):
        powers = powers * ratios
        sums.append(float(powers.sum()))
        part = float(np.dot(sums[::-1], parts)) / (2 * term)
        parts.append(part)
        mass += part
        below = float(special.gammainc(half + term, x))
        total += part * below
        if (1 - mass) * below <= 1e-12 * total:
            break
    return min(total, 1.0)


def _imhof(values: Floats, q: float) -> float:
    """Invert the characteristic function (Imhof 1961), which falls fast where studies are many."""
    scale = float(values.sum())
    values, q = values / scale, q / scale

    def integrand(u: float) -> float:
        angle = float(np.arctan(values * u).sum() - q * u) / 2
        return float(np.sin(angle) / u * np.exp(-np.log1p((values * u) ** 2).sum() / 4))

    from scipy import integrate

    total = integrate.quad(integrand, 0, np.inf, limit=400, epsabs=1e-10, epsrel=1e-8)[0]
    return float(min(max(0.5 - total / np.pi, 0.0), 1.0))
