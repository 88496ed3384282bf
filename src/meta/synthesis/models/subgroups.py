"""Does the effect differ between kinds of studies?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import Measure
from meta.errors import DataError, TooFewStudies
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import NO_SPREAD, WeightedFit, tau2_estimate, weighted_fit
from meta.synthesis.estimate import Estimate, RandomEffects, inference, prediction, readable
from meta.synthesis.heterogeneity import q_profile_interval, typical_variance
from meta.synthesis.method_input import effects_of
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pool_notes import AS_EXPECTED
from meta.synthesis.models.pooled import Pooled, PooledAsGiven
from meta.synthesis.presentation import Answer
from meta.wording import compact, listed, number, p_text

# with fewer studies than this in a subgroup its tau2 and its interval say little
_SMALL_GROUP = 5
# a test that finds a difference needs no word on power
_CLEAR = 0.05

_COLUMNS = (
    "k",
    "n_total",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "p_value",
    "pi_low",
    "pi_high",
    "tau2",
    "i2",
    "q",
    "q_dof",
    "q_p_value",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subgroups(Answer):
    """Pooled effects of subgroups, and the test that they are equal.

    Attributes
    ----------
    by : str
        What the subgroups are.
    shared_tau2 : bool
        Whether the subgroups share one tau2.
    table : pandas.DataFrame
        One row for each subgroup, in order of appearance: ``subgroup k n_total estimate se ci_low
        ci_high p_value pi_low pi_high tau2 i2 q q_dof q_p_value``, on the scale of computation.
    fits : mapping of str to Estimate
        The answer of each subgroup; the table holds the same numbers.
    overall : Estimate
        All studies together, whatever their subgroup.
    q_between, q_between_dof, q_between_p_value : float, int, float
        Wald-type test that all subgroups have the same effect.
    q_between_test : {"chi2", "F"}
        Its distribution: F under a shared tau2 with a Knapp-Hartung interval, else chi-squared.
    q_between_dof_residual : int or None
        Second degrees of freedom of the F distribution.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "Subgroups"

    by: str
    shared_tau2: bool
    table: pd.DataFrame
    fits: Mapping[str, Estimate]
    overall: Estimate
    q_between: float
    q_between_dof: int
    q_between_p_value: float
    q_between_test: str
    q_between_dof_residual: int | None
    notes: tuple[str, ...]

    @property
    def scale(self) -> Measure:
        """The scale on which the effects are read."""
        return self.overall.scale

    def to_frame(self) -> pd.DataFrame:
        """Return the table on the reader's scale, which the column ``scale`` names."""
        return readable(self.table, self.scale).assign(scale=self.scale.label)

    def test_text(self) -> str:
        """Return the test between subgroups, as it stands under a forest plot."""
        if self.q_between_test == "F":
            name = f"F({self.q_between_dof}, {self.q_between_dof_residual})"
            return f"{name} = {self.q_between:.2f}, p {p_text(self.q_between_p_value)}"
        return (
            f"Q = {self.q_between:.2f}, df = {self.q_between_dof}, "
            f"p {p_text(self.q_between_p_value)}"
        )

    def sentence(self) -> str:
        """Say the answer in one sentence."""
        parts = [f"{name}: {fit.effect_text()}, k = {fit.k}" for name, fit in self.fits.items()]
        return (
            f"{self.scale.label} by {self.by}: {'; '.join(parts)}. Test for a difference between "
            f"subgroups: {self.test_text()}."
        )

    def _rows(self) -> list[tuple[str, str]]:
        spread = "one tau2 for all subgroups" if self.shared_tau2 else "a tau2 for each subgroup"
        return [
            ("Effect measure", self.scale.label),
            ("Subgroups", f"{self.by}, {spread}"),
            ("Difference between subgroups", self.test_text()),
        ]

    def _frames(self) -> list[pd.DataFrame]:
        rows = [
            {"subgroup": name, "k": fit.k}
            | {f"estimate ({fit.level_text()} interval)": fit.effect_text()}
            | (
                {"prediction interval": fit.prediction_text(), "τ²": compact(fit.tau2)}
                if isinstance(fit, RandomEffects)
                else {}
            )
            | ({"I² %": number(fit.i2, 0)} if np.isfinite(fit.i2) else {})
            for name, fit in self.fits.items()
        ]
        return [pd.DataFrame(rows)]


@checked
def subgroups(
    effects: Effects | Estimate | ArrayLike | str,
    vi: ArrayLike | str | None = None,
    *,
    by: str | ArrayLike,
    sei: ArrayLike | str | None = None,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    measure: str | None = None,
    shared_tau2: bool = False,
    **settings: Any,
) -> Subgroups:
    r"""Pool the studies of each subgroup and test whether the subgroups differ.

    Parameters
    ----------
    effects : Effects, Estimate or array_like of shape (k,)
        Effects of all studies, or bare effects ``yi``, pooled by :func:`meta.pool`; or an answer of
        any method, which is repeated in each subgroup with its settings.
    vi, sei, data, labels, measure : optional
        For bare effects, as in :func:`meta.pool`.
    by : str or array_like of shape (k,)
        A column of ``effects.table``, or the subgroup of each effect. Missing values are a fault.
    shared_tau2 : bool
        One tau2 for all subgroups (estimated within them) instead of one for each. Steadier with
        few studies a subgroup, at the price of the assumption that they are equally diverse.
    **settings
        Settings of :func:`meta.pool` (``model``, ``tau2_method``, ``ci_method``, ``ci_level``,
        ``prediction_method``), or of the method of the answer.

    Returns
    -------
    Subgroups

    Raises
    ------
    DataError
        If the column does not exist, the subgroup of a study is missing (all such studies are
        named), there is only one subgroup, or a setting is unknown; if ``shared_tau2`` is asked
        for under a model other than random effects.
    TooFewStudies
        If ``shared_tau2`` is asked for and no subgroup has two studies.

    Notes
    -----
    With a tau2 for each subgroup, :math:`Q = \sum_g w_g (\hat\mu_g - \bar\mu)^2` with
    :math:`w_g = 1 / SE_g^2`, the standard errors being those of the intervals shown, has a
    chi-squared distribution with one degree of freedom less than there are subgroups. With a shared
    tau2 the answer is the meta-regression on the subgroup as a factor: tau2 is the residual one,
    Knapp-Hartung's factor is common, and the test is F under Knapp-Hartung.

    A subgroup of one trial has its own standard error (separate tau2, which treats it as free of
    heterogeneity in the test) or the model's, with the shared tau2 in it.

    Studies were not randomised to subgroups: a difference can have any other cause that goes along
    with it. Two subgroups of which one is significant and one is not do not differ for that.

    Checked against R's metafor 3.8 for ``rma(yi, vi, mods = ~ alloc)`` on dat.bcg (shared tau2),
    and against the identity that the common-effect Q splits into its parts between and within.

    References
    ----------
    borensteinhiggins2013

    Examples
    --------
    >>> import meta
    >>> form = ["tablet", "tablet", "drops", "drops"]
    >>> effects = meta.Effects.from_arrays([-0.5, -0.4, -0.1, 0.0], [0.04, 0.05, 0.03, 0.06],
    ...                                    measure="SMD", form=form)
    >>> answer = meta.subgroups(effects, by="form", ci_method="wald")
    >>> print(answer.test_text())
    Q = 3.58, df = 1, p = 0.058
    """
    if isinstance(effects, Estimate):
        need_estimate("subgroups", effects)
        overall = effects.refit(**settings) if settings else effects
    else:
        given = effects_of(effects, vi, sei=sei, data=data, labels=labels, measure=measure)
        overall = pool(given, **settings)
    effects = overall.effects
    name, groups = _groups(effects, by)
    masks = {group: groups == group for group in dict.fromkeys(groups.tolist())}
    if len(masks) < 2:
        raise DataError(
            f"every study has the same value of {name} ({next(iter(masks))}): there are no "
            "subgroups to compare; use pool()"
        )
    fits = {group: overall.subset(mask) for group, mask in masks.items()}
    residual: int | None = None
    if shared_tau2:
        if not isinstance(overall, Pooled) or isinstance(overall, PooledAsGiven):
            found = (
                "one whose tau2 or weights were given"
                if isinstance(overall, Pooled)
                else f"a {overall.model} one"
            )
            raise DataError(
                f"shared_tau2 needs the answer of pool() by estimation; this is {found}"
            )
        if overall.model != "random":
            raise DataError(
                f"shared_tau2 needs model='random'; the {overall.model} model has no tau2"
            )
        if effects.k <= len(masks):
            raise TooFewStudies(
                f"{effects.k} studies in {len(masks)} subgroups leave nothing to estimate a shared "
                "tau2 from; use shared_tau2=False or fewer subgroups"
            )
        X = np.column_stack(list(masks.values())).astype(float)
        ci_method = overall.settings()["ci_method"]
        tau2 = tau2_estimate(effects.yi, effects.vi, overall.tau2_method, X)
        limits = q_profile_interval(effects.yi, effects.vi, overall.ci_level, X)
        together = weighted_fit(effects.yi, effects.vi, tau2, X, ci_method)
        shared = zip(fits.items(), together.beta, np.diag(together.cov), strict=True)
        fits = {
            group: _with_shared(
                fit, tau2, limits, float(mean), together, float(variance), ci_method
            )
            for (group, fit), mean, variance in shared
        }
        residual = together.dof
        exact = [] if ci_method != "HK" or together.scale >= NO_SPREAD else list(fits)
        q = np.nan if exact else _wald(together.beta, together.cov)
    else:
        means = np.array([fit.estimate for fit in fits.values()])
        exact = [name for name, fit in fits.items() if _no_error(fit)]
        q = np.nan if exact else _wald(means, np.diag([fit.se**2 for fit in fits.values()]))
    dof = len(fits) - 1
    if residual is None:
        p_value = float(special.chdtrc(dof, q))
    else:
        q /= dof
        p_value = float(special.fdtrc(dof, residual, q))
    return Subgroups(
        by=name,
        shared_tau2=shared_tau2,
        table=pd.DataFrame(
            [
                {"subgroup": group} | {column: getattr(fit, column, np.nan) for column in _COLUMNS}
                for group, fit in fits.items()
            ]
        ),
        fits=fits,
        overall=overall,
        q_between=q,
        q_between_dof=dof,
        q_between_p_value=p_value,
        q_between_test="chi2" if residual is None else "F",
        q_between_dof_residual=residual,
        notes=tuple(_notes(fits, shared_tau2, p_value, exact)),
    )


def _groups(effects: Effects, by: str | ArrayLike) -> tuple[str, NDArray[np.object_]]:
    if isinstance(by, str):
        if by not in effects.table:
            known = ", ".join(map(str, effects.table.columns))
            raise DataError(f"effects.table has no column {by!r}; it has {known}")
        name, values = by, effects.table[by]
    else:
        name = str(by.name) if isinstance(by, pd.Series) and by.name is not None else "subgroup"
        raw = np.asarray(by, dtype=object)
        if raw.shape != (effects.k,):
            raise DataError(f"by has shape {raw.shape} for {effects.k} effects; give one for each")
        values = pd.Series(raw)
    missing = (values.isna() | (values.astype(str).str.strip() == "")).to_numpy(dtype=bool)
    if missing.any():
        raise DataError.from_faults(
            f"subgroups by {name}",
            [
                f"{effects.labels[i]}: {name} is missing; give it, or leave the study out with "
                "effects.subset() and say so"
                for i in np.flatnonzero(missing)
            ],
        )
    return name, values.astype(str).to_numpy(dtype=object)


def _wald(means: NDArray[np.float64], cov: NDArray[np.float64]) -> float:
    """Wald statistic of equal means: every mean against the first."""
    contrast = np.column_stack([-np.ones(len(means) - 1), np.eye(len(means) - 1)])
    difference = contrast @ means
    return float(difference @ np.linalg.solve(contrast @ cov @ contrast.T, difference))


def _with_shared(
    fit: Estimate,
    tau2: float,
    limits: tuple[float, float],
    mean: float,
    together: WeightedFit,
    variance: float,
    ci_method: str,
) -> Estimate:
    """Put the shared tau2 into the answer of a subgroup, be it of one trial."""
    if not isinstance(fit, Pooled):
        return fit
    se = float(np.sqrt(variance))
    # studies less coefficients take the place that k - 1 has in pool()
    freedom = len(together.weights) - len(together.beta)
    weights = 1 / (fit.effects.vi + tau2)
    # shares of this subgroup's sampling variance, from the tau2 and interval of all subgroups
    vi = fit.effects.vi
    typical = typical_variance(vi) if fit.k > 1 else float(vi[0])
    i2 = [100 * (value / (value + typical)) for value in (tau2, *limits)]
    h2 = [value / typical + 1 for value in (tau2, *limits)]
    return replace(
        fit,
        **inference(mean, se, together.dof, fit.ci_level, fit.measure),
        **prediction(mean, se, tau2, fit.ci_level, fit.prediction_method, freedom),
        ci_method=ci_method,
        tau2=tau2, tau2_se=np.nan, tau2_low=limits[0], tau2_high=limits[1],
        i2=i2[0], i2_low=i2[1], i2_high=i2[2],
        h2=h2[0], h2_low=h2[1], h2_high=h2[2],
        hk_scale=together.scale,
        weights=100 * weights / weights.sum(),
        notes=("tau2 and degrees of freedom are shared with the other subgroups.",),
    )  # fmt: skip


def _no_error(fit: Estimate) -> bool:
    """Whether the effects agree exactly, so that Knapp and Hartung's factor is 0."""
    if not isinstance(fit, Pooled):
        return False
    return fit.k > 1 and fit.ci_method == "HK" and fit.hk_scale < NO_SPREAD


def _notes(
    fits: Mapping[str, Estimate], shared_tau2: bool, p_value: float, exact: list[str]
) -> list[str]:
    notes = [
        "subgroups are compared across studies, not by randomisation: a difference can come from "
        "anything else in which these studies differ."
    ]
    single = [name for name, fit in fits.items() if fit.k == 1]
    if single:
        shown = (
            "its interval has the shared tau2 in it, and is wider than the trial's own"
            if shared_tau2
            else "shown with its own interval; in the test it enters as if free of heterogeneity, "
            "which makes the test too sharp"
        )
        notes.append(f"{listed(single, 5)}: one trial; {shown}.")
    small = [f"{name} (k = {fit.k})" for name, fit in fits.items() if 1 < fit.k < _SMALL_GROUP]
    if small:
        advice = "" if shared_tau2 else " (shared_tau2=True is steadier)"
        notes.append(
            f"{listed(small, 5)}: fewer than {_SMALL_GROUP} studies, whose spread and interval are "
            f"uncertain{advice}."
        )
    if exact:
        notes.append(
            f"{listed(exact, 5)}: the effects are equal, which leaves no Knapp-Hartung standard "
            "error and no test between subgroups; use ci_method='HK-adhoc'."
        )
    elif not shared_tau2:
        notes.extend(_chance_note(fits, p_value))
    scarce = sum(fit.k for fit in fits.values()) < 10 * (len(fits) - 1) or small or single
    if scarce and not p_value < _CLEAR:
        notes.append(
            "the test between subgroups has little power here: a large p-value does not show that "
            "they agree."
        )
    return notes


def _chance_note(fits: Mapping[str, Estimate], p_value: float) -> list[str]:
    """Warn where Knapp-Hartung standard errors are small by chance, and give the test without."""
    pooled = {name: fit for name, fit in fits.items() if isinstance(fit, Pooled)}
    several = [fit for fit in pooled.values() if fit.k > 1]
    agreeing = [n for n, fit in pooled.items() if fit.k > 1 and fit.hk_scale < AS_EXPECTED]
    if not agreeing or any(fit.ci_method != "HK" for fit in several):
        return []
    # what the standard error would be without Knapp and Hartung's factor
    variances = [
        fit.se**2 if fit.k == 1 else 1 / (1 / (fit.effects.vi + fit.tau2)).sum()
        for fit in pooled.values()
    ]
    means = np.array([fit.estimate for fit in fits.values()])
    other = float(special.chdtrc(len(fits) - 1, _wald(means, np.diag(variances))))
    if not other > 2 * p_value:  # where the factor hardly matters, a note would only alarm
        return []
    return [
        f"{listed(agreeing, 5)}: the effects spread less than the model expects, which "
        "makes the Knapp-Hartung standard error small and the test between subgroups sharp "
        f"(p {p_text(p_value)}); with model-based standard errors p {p_text(other)}."
    ]
