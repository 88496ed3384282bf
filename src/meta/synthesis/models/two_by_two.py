"""What is the common effect in a set of two-by-two tables?

Mantel-Haenszel and Peto pool counts without an effect size for each table, so that tables with a
zero cell need no constant added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.sizes import effect_size
from meta.errors import DataError, TooFewStudies
from meta.synthesis.engine import check_choice
from meta.synthesis.estimate import Estimate, inference
from meta.synthesis.heterogeneity import common_q
from meta.synthesis.models.two_by_two_tables import (
    PetoTables,
    PooledTables,
    Tables,
    read_tables,
    single_effects,
)

Floats = NDArray[np.float64]
Counts = ArrayLike | str | Effects | Estimate

MH_MEASURES = ("RR", "OR", "RD")
RD_VARIANCES = ("sato", "greenland-robins")

# Peto's estimate is a first step from an odds ratio of 1, which misses where the effect is large or
# the arms unequal (Greenland and Salvan 1990). Where to draw the line is our choice.
_LARGE_EFFECT = np.log(3.0)
_UNEQUAL_ARMS = 2.0


@checked
def mantel_haenszel(
    events_t: Counts,
    n_t: ArrayLike | str | None = None,
    events_c: ArrayLike | str | None = None,
    n_c: ArrayLike | str | None = None,
    measure: str = "RR",
    *,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    ci_level: float = 0.95,
    cmh_correction: bool = True,
    rd_variance: str = "sato",
) -> PooledTables:
    r"""Pool two-by-two tables into one common effect by Mantel and Haenszel.

    Parameters
    ----------
    events_t, events_c : array_like of shape (k,) or str
        People with the event in the treated and the control arm, from 0 to n. A missing count is a
        fault. With ``data``, names of its columns. ``events_t`` may be :class:`meta.Effects` that
        carry all four columns, or an answer with such effects; nothing else is given then.
    n_t, n_c : array_like of shape (k,) or str
        People in each arm, at least 1. Fractions are allowed (a shared control group that was
        split).
    measure : {"RR", "OR", "RD"}
        Risk ratio, odds ratio or risk difference, treated against control.
    data : pandas.DataFrame, optional
        Table of the named columns.
    labels : sequence of str or str, optional
        Names of the tables, or their column; a column ``label`` of ``data``, else "study 1",
        "study 2", ... by default.
    ci_level : float
        Confidence level, between 0 and 1.
    cmh_correction : bool
        Whether the Cochran-Mantel-Haenszel test takes 0.5 off the difference.
    rd_variance : {"sato", "greenland-robins"}
        Variance of a risk difference.

    Returns
    -------
    PooledTables
        On the log scale for RR and OR.

    Raises
    ------
    DataError
        If a count is impossible, lengths differ or a setting is unknown (a line for each fault);
        or if the counts leave no finite estimate with a standard error (no event in a whole arm).
    TooFewStudies
        If there is no table, or none that says anything about the measure.

    Notes
    -----
    With :math:`a, b` (event, none) in the treated and :math:`c, d` in the control arm,
    :math:`N` people in a table and sums over tables:

    - OR: :math:`\sum (ad/N) / \sum (bc/N)`, variance of Robins, Breslow and Greenland (1986);
    - RR: :math:`\sum (a n_c/N) / \sum (c n_t/N)`, variance of Greenland and Robins (1985);
    - RD: :math:`\sum ((a n_c - c n_t)/N) / \sum (n_t n_c/N)`, variance of Sato, Greenland and
      Robins (1989), which holds for few large and for many small tables; or that of Greenland and
      Robins (1985), :math:`\sum (ab n_c^3 + cd n_t^3) / (n_t n_c N^2)` over the squared sum of
      weights, which holds for few large ones only.

    No constant is added to any cell for the estimate. A table without events (OR: or with events
    only) adds nothing to a ratio and is left out; it does weigh in a risk difference. Q compares
    single effects, which need 0.5 in tables with a zero cell; tables without a contrast (no
    events, or events only) are left out of it for every measure. The Breslow-Day test is computed
    by a form of the quadratic's root that holds at an odds ratio of 1.

    This is a common-effect method: its interval does not widen when the tables disagree.

    Checked against R's metafor 3.8 (``rma.mh``) on the data sets in validation/metafor to 1e-8, and
    against statsmodels' ``StratifiedTable``.

    References
    ----------
    mantelhaenszel1959, greenlandrobins1985, robins1986, sato1989, tarone1985

    Examples
    --------
    >>> import meta
    >>> fit = meta.mantel_haenszel([4, 0, 3], [123, 50, 231], [11, 2, 11], [139, 50, 220])
    >>> print(fit.effect_text())
    0.30 (0.13 to 0.69)
    """
    check_choice("measure", measure, MH_MEASURES)
    where = f"mantel_haenszel({measure!r})"
    counts = {"events_t": events_t, "n_t": n_t, "events_c": events_c, "n_c": n_c}
    given = read_tables(where, counts, labels, data)
    silent = {
        "OR": given.nobody | given.everybody,
        "RR": given.nobody,
        "RD": np.zeros(len(given.a), dtype=bool),
    }[measure]
    used = _informative(where, given, silent)
    check_choice("rd_variance", rd_variance, RD_VARIANCES)
    estimate, variance, weights = {"OR": _odds_ratio, "RR": _risk_ratio, "RD": _risk_difference}[
        measure
    ](where, used)
    if measure == "RD" and rd_variance == "greenland-robins":
        each = (used.a * used.b * used.n_c**3 + used.c * used.d * used.n_t**3) / (
            used.n_t * used.n_c * used.n**2
        )
        variance = float(each.sum() / weights.sum() ** 2)
    sizes = effect_size(
        measure,
        events_t=given.a,
        n_t=given.n_t,
        events_c=given.c,
        n_c=given.n_c,
        drop00=True,
    )
    yi, vi = sizes["yi"].to_numpy(dtype=float), sizes["vi"].to_numpy(dtype=float)
    notes = _left_out(given, silent, measure)
    flat = (given.nobody | given.everybody) & ~silent
    if flat.any():
        notes.append(
            f"{given.names(flat)}: no contrast between the arms (no events, or events only); "
            "counted in the estimate, not in Q."
        )
    zero = given.with_zero & np.isfinite(yi)
    if zero.any():
        notes.append(
            f"{given.names(zero)}: a zero cell; the pooled estimate needs no constant, the single "
            "effects and Q have 0.5 added to these tables."
        )
    answer = _answer(
        given,
        used,
        silent,
        model="mantel-haenszel",
        measure=measure,
        ci_level=ci_level,
        estimate=estimate,
        se=float(np.sqrt(variance)),
        weights=weights,
        yi=yi,
        vi=vi,
        cmh_correction=cmh_correction,
        notes=notes,
    )
    return replace(answer, rd_variance=rd_variance)


@checked
def peto(
    events_t: Counts,
    n_t: ArrayLike | str | None = None,
    events_c: ArrayLike | str | None = None,
    n_c: ArrayLike | str | None = None,
    *,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    ci_level: float = 0.95,
    cmh_correction: bool = True,
) -> PooledTables:
    r"""Pool two-by-two tables into one common odds ratio by Peto's one-step method.

    Parameters
    ----------
    events_t, events_c : array_like of shape (k,) or str
        People with the event in the treated and the control arm, from 0 to n. A missing count is a
        fault. With ``data``, names of its columns. ``events_t`` may be :class:`meta.Effects` that
        carry all four columns, or an answer with such effects; nothing else is given then.
    n_t, n_c : array_like of shape (k,) or str
        People in each arm, at least 1.
    data : pandas.DataFrame, optional
        Table of the named columns.
    labels : sequence of str or str, optional
        Names of the tables, or their column; a column ``label`` of ``data``, else "study 1",
        "study 2", ... by default.
    ci_level : float
        Confidence level, between 0 and 1.
    cmh_correction : bool
        Whether the Cochran-Mantel-Haenszel test takes 0.5 off the difference.

    Returns
    -------
    PooledTables
        Log odds ratio, measure ``"PETO"``.

    Raises
    ------
    DataError
        If a count is impossible or lengths differ; with a line for each fault.
    TooFewStudies
        If no table has both an event and a non-event.

    Notes
    -----
    With :math:`E` the events expected in the treated arm and :math:`V` the hypergeometric variance,
    both given the margins, the log odds ratio is :math:`\sum (a - E) / \sum V` with variance
    :math:`1 / \sum V`. It needs no constant for zero cells. It serves rare events, arms of about
    equal size and effects that are not large; outside of that it is biased (Greenland and Salvan
    1990), and a note says so.

    Checked against R's metafor 3.8 (``rma.peto``) on the data sets in validation/metafor to 1e-8.

    References
    ----------
    yusuf1985, greenlandsalvan1990

    Examples
    --------
    >>> import meta
    >>> print(meta.peto([4, 0, 3], [123, 50, 231], [11, 2, 11], [139, 50, 220]).effect_text())
    0.33 (0.16 to 0.68)
    """
    counts = {"events_t": events_t, "n_t": n_t, "events_c": events_c, "n_c": n_c}
    given = read_tables("peto", counts, labels, data)
    silent = given.nobody | given.everybody
    used = _informative("peto", given, silent)
    difference, variance = _hypergeometric(used)
    estimate, se = float(difference.sum() / variance.sum()), float(1 / np.sqrt(variance.sum()))
    yi, vi = np.full(len(silent), np.nan), np.full(len(silent), np.nan)
    yi[~silent], vi[~silent] = difference / variance, 1 / variance
    notes = _left_out(given, silent, "PETO")
    ratio = np.maximum(used.n_t / used.n_c, used.n_c / used.n_t)
    unequal = ratio > _UNEQUAL_ARMS
    if unequal.any():
        notes.append(
            f"{used.names(unequal)}: one arm has more than twice the people of the other; Peto's "
            "estimate is biased with unequal arms. Compare mantel_haenszel(measure='OR')."
        )
    if abs(estimate) > _LARGE_EFFECT:
        notes.append(
            "the odds ratio is beyond threefold, where Peto's one-step estimate is biased. Compare "
            "mantel_haenszel(measure='OR')."
        )
    return _answer(
        given,
        used,
        silent,
        model="peto",
        measure="PETO",
        ci_level=ci_level,
        estimate=estimate,
        se=se,
        weights=variance,
        yi=yi,
        vi=vi,
        cmh_correction=cmh_correction,
        notes=notes,
    )


def _informative(where: str, given: Tables, silent: NDArray[np.bool_]) -> Tables:
    if silent.all():
        raise TooFewStudies(
            f"{where}: no table has both people with and people without the event, so nothing can "
            "be said about a ratio; use mantel_haenszel(measure='RD')"
        )
    return given.keep(~silent)


def _left_out(given: Tables, silent: NDArray[np.bool_], measure: str) -> list[str]:
    if not silent.any():
        return []
    kind = "no events" if measure == "RR" else "no events, or events only,"
    return [
        f"{given.names(silent)}: {kind} in both arms, which says nothing about a ratio; left out."
    ]


def _undefined(where: str, arm: str) -> DataError:
    return DataError(
        f"{where}: {arm}, so the pooled ratio is zero or infinite and has no standard error; use "
        "measure='RD', or pool() on effect_size(), which adds 0.5 to such tables and says so"
    )


def _odds_ratio(where: str, t: Tables) -> tuple[float, float, Floats]:
    from statsmodels.stats.contingency_tables import StratifiedTable

    if not (t.a * t.d).any():
        raise _undefined(where, "every table lacks treated people with or controls without events")
    if not (t.b * t.c).any():
        raise _undefined(where, "every table lacks treated people without or controls with events")
    engine = StratifiedTable(_cube(t))
    return float(engine.logodds_pooled), float(engine.logodds_pooled_se) ** 2, t.b * t.c / t.n


def _risk_ratio(where: str, t: Tables) -> tuple[float, float, Floats]:
    treated, control = t.a * t.n_c / t.n, t.c * t.n_t / t.n
    if not t.a.any() or not t.c.any():
        arm = "treated" if not t.a.any() else "control"
        raise _undefined(where, f"nobody had the event in any {arm} arm")
    spread = ((t.a + t.c) * t.n_t * t.n_c / t.n**2 - t.a * t.c / t.n)[~t.everybody].sum()
    if spread <= 0:
        raise DataError(
            f"{where}: everybody had the event in every table: the ratio is 1 and its standard "
            "error 0, so there is nothing to pool"
        )
    total = treated.sum(), control.sum()
    return float(np.log(total[0] / total[1])), float(spread / (total[0] * total[1])), control


def _risk_difference(where: str, t: Tables) -> tuple[float, float, Floats]:
    weights = t.n_t * t.n_c / t.n
    estimate = ((t.a * t.n_c - t.c * t.n_t) / t.n).sum() / weights.sum()
    if not (t.a * t.b).any() and not (t.c * t.d).any():
        raise DataError(
            f"{where}: in every arm either nobody or everybody had the event: the standard error "
            "of the difference is 0 and cannot be believed; look at the single tables"
        )
    p = (t.n_t**2 * t.c - t.n_c**2 * t.a + t.n_t * t.n_c * (t.n_c - t.n_t) / 2) / t.n**2
    q = (t.a * t.d + t.c * t.b) / (2 * t.n)
    return float(estimate), float((estimate * p + q).sum() / weights.sum() ** 2), weights


def _hypergeometric(t: Tables) -> tuple[Floats, Floats]:
    """Observed minus expected events of the treated arm, and their variance given the margins."""
    events = t.a + t.c
    variance = t.n_t * t.n_c * events * (t.b + t.d) / (t.n**2 * (t.n - 1))
    return t.a - t.n_t * events / t.n, variance


def _cube(t: Tables) -> Floats:
    return np.array([[t.a, t.b], [t.c, t.d]])


def _equal_odds_ratios(t: Tables, log_or: float) -> tuple[float, float]:
    """Breslow-Day statistic and Tarone's.

    The engine's root of the quadratic divides by 1 - OR and is lost at an odds ratio of 1.
    """
    ratio, events = np.exp(log_or), t.a + t.c
    square = 1 - ratio
    linear = ratio * (t.n_t + events) + t.n_c - events
    constant = -ratio * t.n_t * events
    root = np.sqrt(linear**2 - 4 * square * constant)
    # the two forms of one root: each where nothing cancels (linear < 0 only for an OR below 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(
            linear >= 0, -2 * constant / (linear + root), (root - linear) / (2 * square)
        )
    cells = (expected, events - expected, t.n_t - expected, t.n_c - events + expected)
    variance = 1 / np.sum([1 / cell for cell in cells], axis=0)
    breslow_day = float(((t.a - expected) ** 2 / variance).sum())
    correction = float((t.a.sum() - expected.sum()) ** 2 / variance.sum())
    return breslow_day, breslow_day - correction


def _answer(
    given: Tables,
    used: Tables,
    silent: NDArray[np.bool_],
    *,
    measure: str,
    ci_level: float,
    estimate: float,
    se: float,
    weights: Floats,
    yi: Floats,
    vi: Floats,
    cmh_correction: bool,
    notes: list[str],
    model: str,
) -> PooledTables:
    differ = common_q(yi, vi, estimate)
    cmh = _cmh(used, cmh_correction)
    contrast = used.keep(~(used.nobody | used.everybody))
    equal = _equal_odds_ratios(contrast, estimate) if measure == "OR" else (np.nan, np.nan)
    equal_dof = len(contrast.a) - 1 if measure == "OR" else 0
    share = np.zeros(len(given.a))
    share[~silent] = 100 * weights / weights.sum()
    if len(used.a) == 1:
        notes.append("k = 1: this is one table, not a meta-analysis.")
    if differ["q_p_value"] < 0.1:
        notes.append(
            "the tables differ more than chance would let them (Q), and a common-effect interval "
            "does not widen for that: read the random-effects answer of pool() beside it."
        )
    kind = PetoTables if model == "peto" else PooledTables
    return kind(
        **inference(estimate, se, None, ci_level, measure),
        model=model,
        k=len(used.a),
        n_total=float(used.n.sum()),
        **differ,
        weights=share,
        effects=single_effects(given, measure, yi, vi),
        cmh=cmh,
        cmh_p_value=float(chdtrc(1, cmh)),
        cmh_correction=cmh_correction,
        breslow_day=equal[0],
        breslow_day_p_value=_chi2_p(equal[0], equal_dof),
        tarone=equal[1],
        tarone_p_value=_chi2_p(equal[1], equal_dof),
        equal_or_dof=equal_dof,
        notes=tuple(notes),
    )


def _cmh(t: Tables, correction: bool) -> float:
    difference, variance = _hypergeometric(t)
    # the correction takes the difference to 0 at most, never across it
    distance = max(abs(float(difference.sum())) - (0.5 if correction else 0.0), 0.0)
    return distance**2 / float(variance.sum()) if variance.any() else np.nan


def _chi2_p(statistic: float, dof: int) -> float:
    return float(chdtrc(dof, statistic)) if dof else np.nan
