"""What is the odds ratio when the counts themselves are modelled?

The binomial-normal models need no normal approximation for the effect of a table and no constant
for zero cells, and let the odds ratio differ between studies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.sizes import effect_size
from meta.errors import DataError, NotConverged, TooFewStudies
from meta.synthesis.engine import check_choice
from meta.synthesis.estimate import RandomEffects, inference, prediction
from meta.synthesis.models.count_likelihood import (
    POINTS,
    Binomial,
    Hypergeometric,
    NormalMean,
    Profile,
    TwoNormals,
    highest_profile,
    log_total,
)
from meta.synthesis.models.two_by_two import Counts
from meta.synthesis.models.two_by_two_tables import Tables, read_tables, single_effects
from meta.wording import compact, p_text

Floats = NDArray[np.float64]

_NEWTON_STEPS = 60
# logarithms of factorials of more people leave less than six digits of a likelihood
_MOST_PEOPLE = 1e8
_STEP = 1e-12

GLMM_MODELS = {
    "UM.FS": "fixed study effects, random treatment effect",
    "UM.RS": "random study effects, random treatment effect",
    "CM.EL": "conditional on the events of each table, exact likelihood",
    "CM.AL": "conditional on the events of each table, approximate likelihood",
}
# points in each of two directions; nine agree with more to six digits
_POINTS_OF_TWO = 9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BinomialNormal(RandomEffects):
    """A random-effects odds ratio from a binomial-normal model.

    It has the attributes of every random-effects estimate. ``model`` is one of those of
    :func:`meta.glmm`, ``tau2`` the variance of the true log odds ratios by maximum
    likelihood, ``q`` the likelihood ratio test of equal odds ratios (the deviance of the
    common-effect model against one odds ratio a table; none for "UM.RS"), and ``k`` and ``n_total``
    are the tables that say something about the odds ratio and the people in them. ``effects`` holds
    every table given; a table's ``weight`` is its share of the information on the mean (NaN for
    "UM.RS"), its own odds ratio (0.5 added where a cell is 0) is shown and not used.

    Attributes
    ----------
    log_likelihood : float
        Of the fit; of "UM.FS" relative to the saturated model (0 is a perfect fit).
    sigma2 : float
        Variance of the log odds between studies, of "UM.RS".
    """

    _caption: ClassVar[str] = "Binomial-normal model"
    _counted: ClassVar[tuple[str, str]] = ("table", "tables")
    _method: ClassVar[str] = "meta.synthesis.models.glmm:glmm"
    _arguments: ClassVar[tuple[str, ...]] = ("model", "ci_level")

    log_likelihood: float
    sigma2: float = np.nan

    def refit(self, effects: Effects | None = None, **changes: Any) -> BinomialNormal:
        """Do the same analysis with other effects or settings; see :meth:`meta.Estimate.refit`.

        Another ``ci_level`` alone changes the intervals of this fit, and nothing is fitted again.
        """
        return self._at_level(effects, changes) or RandomEffects.refit(self, effects, **changes)

    def heterogeneity_text(self) -> str:
        """Return tau2 and the likelihood ratio test of equal odds ratios."""
        if not np.isfinite(self.q):
            return f"τ² = {compact(self.tau2)}"
        return (
            f"τ² = {compact(self.tau2)}; likelihood ratio {self.q:.2f}, df = {self.q_dof}, "
            f"p {p_text(self.q_p_value)}"
        )

    def _model_text(self) -> str:
        return (
            f"binomial-normal model ({self.model}: {GLMM_MODELS[self.model]}), maximum likelihood"
        )


@checked
def glmm(
    events_t: Counts,
    n_t: ArrayLike | str | None = None,
    events_c: ArrayLike | str | None = None,
    n_c: ArrayLike | str | None = None,
    *,
    model: str = "UM.FS",
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    ci_level: float = 0.95,
) -> BinomialNormal:
    r"""Fit a binomial-normal model to two-by-two tables, with a random treatment effect.

    Parameters
    ----------
    events_t, events_c : array_like of shape (k,) or str
        People with the event in the treated and the control arm, from 0 to n. A missing count is a
        fault. With ``data``, names of its columns. ``events_t`` may be :class:`meta.Effects` that
        carry all four columns, or an answer with such effects; nothing else is given then.
    n_t, n_c : array_like of shape (k,) or str
        People in each arm, at least 1.
    model : {"UM.FS", "UM.RS", "CM.EL", "CM.AL"}
        Unconditional with fixed or with random study effects; or conditional on the events of each
        table, with the exact or an approximate likelihood.
    data : pandas.DataFrame, optional
        Table of the named columns.
    labels : sequence of str or str, optional
        Names of the tables, or their column; a column ``label`` of ``data``, else "study 1",
        "study 2", ... by default.
    ci_level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    BinomialNormal
        Log odds ratio of the treated against the control arm.

    Raises
    ------
    DataError
        If a count is impossible, lengths differ or ci_level is no share; with a line for each
        fault.
    TooFewStudies
        If fewer than two tables have both people with and people without the event.
    NotConverged
        If the odds ratio is zero or infinite (no table holds it back), or tau2 grows without end.

    Notes
    -----
    In study i the log odds of the event are :math:`\alpha_i \pm (\theta + u_i) / 2` in the treated
    and the control arm, :math:`u_i \sim N(0, \tau^2)`, and the counts are binomial. The study
    effects :math:`\alpha_i` are parameters; :math:`u_i` is integrated out. Splitting the effect
    between the arms matters: giving all of :math:`u_i` to the treated arm would be another model,
    in which the arms differ in variance. The maximum is found by Newton steps for :math:`\theta`
    and all :math:`\alpha_i`, with the derivatives of the marginal likelihood as posterior moments,
    at each :math:`\tau`, and by the root of the derivative for :math:`\tau`; the integral is an
    adaptive Gauss-Hermite quadrature. The standard error comes from the observed information of
    all parameters together.

    UM.RS: the :math:`\alpha_i` are normal, too, which borrows strength between studies on the base
    risk and so breaks the randomisation a little. CM.EL: given the events of a table, those of the
    treated are hypergeometric with odds ratio :math:`e^{\theta + u_i}` (Fisher's noncentral
    distribution), which leaves no study effect to estimate. CM.AL takes them for binomial with the
    log odds :math:`\log(n_t / n_c) + \theta + u_i`, which holds for rare events.

    When not to use it: with frequent events all models agree with :func:`meta.pool`, which has a
    small-sample interval; with few studies that matters more. With one parameter a study (UM.FS),
    tau2 by maximum likelihood is too small with few studies; for rare events CM.EL is the one to
    trust.

    Checked against metafor's ``rma.glmm(measure="OR")`` for the data of dat.nielweise2007 (it stops
    its search a little before the maximum: three to five digits agree; UM.RS agrees to five with
    metafor's Laplace approximation, which is used here with more points), against brute-force
    integrals, and, where tau2 = 0, against logistic regression in statsmodels.

    References
    ----------
    stijnen2010, jackson2018

    Examples
    --------
    >>> import meta
    >>> fit = meta.glmm([4, 0, 3, 9], [123, 50, 231, 80], [11, 2, 11, 10], [139, 50, 220, 80])
    >>> print(fit.effect_text())
    0.46 (0.25 to 0.84)
    """
    check_choice("model", model, tuple(GLMM_MODELS))
    counts = {"events_t": events_t, "n_t": n_t, "events_c": events_c, "n_c": n_c}
    given = read_tables("glmm", counts, labels, data)
    silent = given.nobody | given.everybody
    used = given.keep(~silent)
    if len(used.a) < 2:
        raise TooFewStudies(
            f"glmm: {len(used.a)} of {len(given.a)} tables have both people with and people "
            "without the event; 2 are needed to tell the effect from its spread"
        )
    _check_separation(used)
    if model != "CM.AL" and max(used.n_t.max(), used.n_c.max()) > _MOST_PEOPLE:
        raise DataError(
            f"glmm: the likelihood of model={model!r} loses its digits in arms of more than "
            f"{_MOST_PEOPLE:.0e} people; use model='CM.AL', an approximation for rare events, or "
            "pool() on effect_size('OR', ...)"
        )
    fit = {"UM.FS": _fixed_studies, "UM.RS": _random_studies}.get(model, _conditional)(used, model)
    q_dof = len(used.a) - 1
    weights = np.zeros(len(given.a))
    weights[~silent] = 100 * fit.weights / fit.weights.sum()
    single = effect_size(
        "OR", events_t=given.a, n_t=given.n_t, events_c=given.c, n_c=given.n_c, drop00=True
    )
    yi, vi = (single[name].to_numpy(dtype=float) for name in ("yi", "vi"))
    return BinomialNormal(
        **inference(fit.mean, fit.se, None, ci_level, "OR"),
        **prediction(fit.mean, fit.se, fit.tau2, ci_level, "z", q_dof),
        model=model,
        k=len(used.a),
        n_total=float(used.n.sum()),
        tau2=fit.tau2,
        q=fit.q,
        q_dof=q_dof,
        q_p_value=float(special.chdtrc(q_dof, fit.q)),
        log_likelihood=fit.log_likelihood,
        sigma2=fit.sigma2,
        weights=weights,
        effects=single_effects(given, "OR", yi, vi),
        notes=tuple(_notes(given, silent, used, fit.tau2)),
    )


class _Fit(NamedTuple):
    mean: float
    se: float
    tau2: float
    log_likelihood: float
    weights: Floats
    # likelihood ratio of one odds ratio a table against a common one
    q: float
    sigma2: float = np.nan


def _fixed_studies(used: Tables, _model: str) -> _Fit:
    likelihood = _Likelihood(used)
    tau, at = highest_profile(
        likelihood.profile,
        "glmm: the likelihood still grows at tau = {tau:g} (the tables contradict each other "
        "without limit); use mantel_haenszel(measure='RD') or pool() on effect_size('OR', ...)",
    )
    common = at if tau == 0 else likelihood.profile(0.0)
    se = float(np.sqrt(np.linalg.inv(at.information(tau))[0, 0]))
    # the deviance; rounding can leave it a hair below 0 where all tables agree
    q = max(-2 * common.value, 0.0)
    return _Fit(at.mean, se, tau**2, at.value, at.weights, q)


def _random_studies(used: Tables, _model: str) -> _Fit:
    events, people = np.array([used.a, used.c]), np.array([used.n_t, used.n_c])
    theta, cov, value = TwoNormals(events, people, _POINTS_OF_TWO).maximise()
    unknown = np.full(len(used.a), np.nan)
    tau2, sigma2 = float(theta[3] ** 2), float(theta[2] ** 2)
    return _Fit(float(theta[1]), float(np.sqrt(cov[1, 1])), tau2, value, unknown, np.nan, sigma2)


def _conditional(used: Tables, model: str) -> _Fit:
    events = used.a + used.c
    broken = np.any([cell % 1 != 0 for cell in (used.a, used.b, used.c, used.d)], axis=0)
    if model == "CM.EL" and broken.any():
        raise DataError(
            f"glmm: {used.names(broken)}: counts that are no whole numbers have no exact "
            "likelihood; use model='CM.AL'"
        )
    family = (
        Hypergeometric(used.a, used.n_t, used.n_c, events)
        if model == "CM.EL"
        else Binomial(used.a, events, np.log(used.n_t / used.n_c))
    )
    likelihood = NormalMean(family)
    tau, at = likelihood.maximise()
    se = float(np.sqrt(np.linalg.inv(at.information(tau))[0, 0]))
    q = max(2 * (float(family.best().sum()) - likelihood.profile(0.0).value), 0.0)
    return _Fit(at.mean, se, tau**2, at.value, at.weights, q)


def _notes(given: Tables, silent: NDArray[np.bool_], used: Tables, tau2: float) -> list[str]:
    notes = []
    if silent.any():
        notes.append(
            f"{given.names(silent)}: no events, or events only, in both arms, which says nothing "
            "about an odds ratio; left out."
        )
    if len(used.a) < 10:
        notes.append(
            f"k = {len(used.a)}: the normal interval is too narrow and tau2 by maximum likelihood "
            "too small with few studies; read the interval of pool() beside it."
        )
    if tau2 == 0:
        notes.append(
            "tau2 is estimated as 0: this is the common-effect model, which does not show that the "
            "true odds ratios are equal."
        )
    return notes


def _check_separation(used: Tables) -> None:
    if not (used.b * used.c).any():
        side = "infinite: every table lacks treated people without or controls with events"
    elif not (used.a * used.d).any():
        side = "zero: every table lacks treated people with or controls without events"
    else:
        return
    raise NotConverged(
        f"glmm: the odds ratio is {side}; no finite estimate exists. Use mantel_haenszel("
        "measure='RD'), or pool() on effect_size('OR', ...), which adds 0.5 and says so"
    )


@dataclass(frozen=True, slots=True)
class _Moments:
    """Marginal log-likelihood of every study at one point, with its first two derivatives.

    ``gradient`` has shape (3, k), ``hessian`` (3, 3, k), in the order study effect, theta, tau.
    """

    value: Floats
    gradient: Floats
    hessian: Floats


class _Likelihood:
    def __init__(self, tables: Tables, points: int = POINTS) -> None:
        # treated and control as rows; the effect is split between them
        self.events = np.array([tables.a, tables.c])
        self.people = np.array([tables.n_t, tables.n_c])
        self.side = np.array([[0.5], [-0.5]])
        nodes, weights = np.polynomial.hermite.hermgauss(points)
        self.nodes = np.sqrt(2) * nodes
        self.log_weights = np.log(weights) + nodes**2 - 0.5 * np.log(np.pi)
        share = self.events / self.people
        self.saturated = (
            special.xlogy(self.events, share) + special.xlog1py(self.people - self.events, -share)
        ).sum(axis=0)
        # the study effects are warm-started from one tau to the next
        self.start = special.logit((self.events + 0.5) / (self.people + 1)).mean(axis=0)
        self.start_theta = 0.0
        # sums over so many people are not exact beyond this
        self.slack = 1e-9 + 1e-15 * float(self.people.sum())

    def _log_odds(self, alpha: Floats, theta: float, tau: float, z: Floats) -> Floats:
        # z has shape (k, m): m values of the standardised random effect in each study
        return alpha[:, None] + self.side[:, :, None] * (theta + tau * z)

    def _given(self, alpha: Floats, theta: float, tau: float, z: Floats) -> Floats:
        """Log-likelihood of the counts and z, relative to the saturated model, shape (k, m)."""
        eta = self._log_odds(alpha, theta, tau, z)
        counts = self.events[:, :, None] * eta - self.people[:, :, None] * np.logaddexp(0, eta)
        return np.asarray(counts.sum(axis=0) - self.saturated[:, None] - z**2 / 2)

    def _mode(self, alpha: Floats, theta: float, tau: float) -> tuple[Floats, Floats]:
        """Most likely z of each study and the width of its peak; the curve is concave in z."""
        z = np.zeros((len(alpha), 1))
        value = self._given(alpha, theta, tau, z)
        for _ in range(_NEWTON_STEPS):
            p = special.expit(self._log_odds(alpha, theta, tau, z))
            residual = self.events[:, :, None] - self.people[:, :, None] * p
            spread = self.people[:, :, None] * p * (1 - p)
            slope = tau * (self.side[:, :, None] * residual).sum(axis=0) - z
            curve = 1 + tau**2 * (self.side[:, :, None] ** 2 * spread).sum(axis=0)
            step = slope / curve
            if np.abs(step).max() < _STEP * (1 + np.abs(z).max()):
                break
            for _ in range(60):
                moved = self._given(alpha, theta, tau, z + step)
                worse = moved < value - self.slack * (1 + np.abs(value))
                if not worse.any():
                    break
                step = np.where(worse, step / 2, step)
            z, value = z + step, moved
        return z, 1 / np.sqrt(curve)

    def moments(self, alpha: Floats, theta: float, tau: float) -> _Moments:
        """Integrate z out; derivatives are posterior moments of those given z (Louis 1982)."""
        mode, width = self._mode(alpha, theta, tau)
        z = mode + width * self.nodes
        logs = self._given(alpha, theta, tau, z) + self.log_weights + np.log(width)
        value, posterior = log_total(logs)
        p = special.expit(self._log_odds(alpha, theta, tau, z))
        residual = self.events[:, :, None] - self.people[:, :, None] * p
        spread = self.people[:, :, None] * p * (1 - p)
        # how the log odds of an arm move with study effect, theta and tau, shape (2, 3, k, m)
        side = np.broadcast_to(self.side[:, :, None], residual.shape)
        moves = np.stack([np.ones_like(side), side, side * z], axis=1)
        first = np.einsum("aikm,akm->ikm", moves, residual)
        second = -np.einsum("aikm,ajkm,akm->ijkm", moves, moves, spread)
        gradient = np.einsum("ikm,km->ik", first, posterior)
        square = np.einsum("ijkm,km->ijk", second, posterior)
        square += np.einsum("ikm,jkm,km->ijk", first, first, posterior)
        return _Moments(value, gradient, square - gradient[:, None] * gradient[None, :])

    def profile(self, tau: float) -> Profile:
        """Maximise over theta and the study effects; jointly concave at a given tau."""
        alpha, theta = self.start, self.start_theta
        here = self.moments(alpha, theta, tau)
        for _ in range(_NEWTON_STEPS):
            # the information is an arrow: study effects meet theta only, never each other
            curve, cross = -here.hessian[0, 0], -here.hessian[0, 1]
            ratio = cross / curve
            schur = float((-here.hessian[1, 1] - ratio * cross).sum())
            step_theta = float((here.gradient[1] - ratio * here.gradient[0]).sum()) / schur
            step = (here.gradient[0] - cross * step_theta) / curve
            size = max(abs(step_theta), float(np.abs(step).max()))
            if size < 1e-10:
                break
            for _ in range(60):
                there = self.moments(alpha + step, theta + step_theta, tau)
                if there.value.sum() >= here.value.sum() - self.slack:
                    break
                step, step_theta = step / 2, step_theta / 2
            alpha, theta, here = alpha + step, theta + step_theta, there
        else:
            gain = float((here.gradient[0] * step + here.gradient[1] * step_theta).sum())
            # steps that cannot raise the likelihood by more than rounding do no harm; both factors
            # of the gain carry it
            if abs(gain) > max(10 * self.slack, 1e-10 * (1 + abs(float(here.value.sum())))):
                raise NotConverged(
                    f"glmm: {_NEWTON_STEPS} Newton steps at tau = {tau:.3g} did not settle (last "
                    f"step {size:.1g}); look for tables with extreme counts"
                )
        self.start, self.start_theta = alpha, theta
        inner = here.hessian[0, 0]
        outer = here.hessian[1:, 1:] - here.hessian[0, 1:] * here.hessian[1:, :1] / inner
        return Profile(
            value=float(here.value.sum()),
            mean=theta,
            slope=float(here.gradient[2].sum()),
            hessian=outer.sum(axis=2),
            weights=-outer[0, 0],
        )
