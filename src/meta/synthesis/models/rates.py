"""How often does it happen per person-time, and does a treatment change that?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.inputs import EVENTS, PERSON_TIME, read_columns
from meta.effect_sizes.sizes import effect_size
from meta.errors import DataError, TooFewStudies
from meta.synthesis.engine import check_choice
from meta.synthesis.estimate import Estimate, RandomEffects, inference, prediction
from meta.synthesis.heterogeneity import common_q
from meta.synthesis.method_input import columns_of
from meta.synthesis.models.count_likelihood import Binomial, NormalMean, Poisson
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled
from meta.wording import compact, listed, p_text

Floats = NDArray[np.float64]

RATE_MEASURES = ("IRLN", "IRS", "IR")
RATE_RATIOS = ("IRR", "IRD")
Counts = ArrayLike | str | Effects
_TWO_ARMS = ("events_t", "time_t", "events_c", "time_c")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PooledRates(Estimate):
    """A common rate ratio or difference by Mantel and Haenszel.

    It has the attributes of every estimate; ``effects`` holds every study with its counts, and its
    own effect (0.5 added where an arm has no event), which is shown and used for Q alone.
    """

    _caption: ClassVar[str] = "Mantel-Haenszel rates"
    _method: ClassVar[str] = "meta.synthesis.models.rates:mantel_haenszel_rates"
    _arguments: ClassVar[tuple[str, ...]] = ("measure", "ci_level")

    def _model_text(self) -> str:
        return "common effect (Mantel-Haenszel)"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountNormal(RandomEffects):
    """A rate, a rate ratio or a proportion from a model of the counts themselves.

    It has the attributes of every random-effects estimate; ``tau2`` is by maximum likelihood, ``q``
    the likelihood ratio test of one true value in all studies, and a study's ``weight`` its share
    of the information on the mean. ``effects`` holds every study with its counts; its own effect is
    shown and not used.

    Attributes
    ----------
    log_likelihood : float
        Of the fit.
    """

    _caption: ClassVar[str] = "Model of counts"

    log_likelihood: float

    def refit(self, effects: Effects | None = None, **changes: Any) -> CountNormal:
        """Do the same analysis with other effects or another ``ci_level``.

        A level alone changes the intervals of this fit, and nothing is fitted again.
        """
        unknown = sorted(set(changes) - {"ci_level"})
        if unknown:
            raise DataError(f"refit: {', '.join(unknown)} is no setting of this analysis: ci_level")
        if found := self._at_level(effects, changes):
            return found
        given = self.effects if effects is None else effects
        level = changes.get("ci_level", self.ci_level)
        return count_model(given, model=self.model, ci_level=level, notes=())

    def settings(self) -> dict[str, Any]:
        """Return the settings that made this answer."""
        return {"ci_level": self.ci_level}

    def heterogeneity_text(self) -> str:
        """Return tau2 and the likelihood ratio test."""
        return (
            f"τ² = {compact(self.tau2)}; likelihood ratio {self.q:.2f}, df = {self.q_dof}, "
            f"p {p_text(self.q_p_value)}"
        )

    def _model_text(self) -> str:
        return f"random effects ({self.model}), maximum likelihood"


@overload
def pool_rates(
    events: ArrayLike | str, time: ArrayLike | str, measure: str = ..., *,
    method: Literal["GLMM"] = ..., data: pd.DataFrame | None = ...,
    labels: Sequence[str] | str | None = ..., ci_level: float = ...,
) -> CountNormal: ...  # fmt: skip
@overload
def pool_rates(
    events: ArrayLike | str, time: ArrayLike | str, measure: str = ..., *, method: Literal["IV"],
    data: pd.DataFrame | None = ..., labels: Sequence[str] | str | None = ...,
    ci_level: float = ..., **settings: Any,
) -> Pooled: ...  # fmt: skip
@checked
def pool_rates(
    events: ArrayLike | str,
    time: ArrayLike | str,
    measure: str = "IRLN",
    *,
    method: str = "GLMM",
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    ci_level: float = 0.95,
    **settings: Any,
) -> CountNormal | Pooled:
    r"""Pool the event rates of several single groups.

    Parameters
    ----------
    events : array_like of shape (k,) or str
        Events, 0 or more. With ``data``, the name of a column.
    time : array_like of shape (k,) or str
        Person-time at risk, above 0, in one unit.
    measure : {"IRLN", "IRS", "IR"}
        Scale of pooling by inverse variance: logarithm, square root, or the raw rate. The model of
        counts has the logarithm.
    method : {"GLMM", "IV"}
        A Poisson-normal model of the counts, or inverse variance of each group's own rate.
    data : pandas.DataFrame, optional
        Table of the named columns.
    labels : sequence of str or str, optional
        Names of the groups, or their column.
    ci_level : float
        Confidence level, between 0 and 1.
    **settings
        Further settings of :func:`meta.pool`, for ``method="IV"``.

    Returns
    -------
    CountNormal or Pooled
        On the scale of pooling; texts show events per unit of time.

    Raises
    ------
    DataError
        If a count or time is impossible, lengths differ, or a setting is unknown.
    TooFewStudies
        If there are fewer than two groups for the model of counts, or no event at all.

    Notes
    -----
    GLMM: events are Poisson with mean :math:`t_i e^{\theta + u_i}`, :math:`u_i \sim N(0, \tau^2)`,
    which needs nothing added to a group without events. The answer is the rate of a typical group
    (the median), not the mean of the rates, which is higher.

    When not to use it: for events that the same people have again and again, whose counts vary more
    than Poisson's; tau2 then holds that, too.

    Checked against metafor 5.1 (``rma.glmm(measure = "IRLN")``, four digits, at which its search
    stops) and a brute-force integral.

    References
    ----------
    stijnen2010

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool_rates([7, 8, 3, 6], [1344, 1600, 12012, 1536])
    >>> print(fit.effect_text(4))
    0.0022 (0.0006 to 0.0073)
    """
    check_choice("method", method, ("GLMM", "IV"))
    check_choice("measure", measure, RATE_MEASURES)
    found = columns_of("pool_rates", data, {"events": events, "time": time, "labels": labels})
    names = _labels(found.pop("labels"), data)
    rules = {"events": EVENTS, "time": PERSON_TIME}
    columns = read_columns("pool_rates", found, rules)
    counts, exposure = columns["events"], columns["time"]
    if len(counts) == 0:
        raise TooFewStudies("pool_rates: there is no group to pool")
    if method == "GLMM" and (measure != "IRLN" or settings):
        extra = ", ".join(settings) or f"measure={measure!r}"
        raise DataError(f"pool_rates: {extra} belongs to method='IV'")
    sizes = effect_size(measure, events=counts, time=exposure)
    effects = Effects.from_arrays(
        sizes["yi"], sizes["vi"], names, measure, events=counts, time=exposure
    )
    if method == "GLMM":
        return count_model(effects, model="Poisson-normal", ci_level=ci_level, notes=())
    fit = pool(effects, ci_level=ci_level, **settings)
    none = counts == 0
    if none.any() and measure != "IRS":
        where = listed([effects.labels[i] for i in np.flatnonzero(none)], 5)
        fit = replace(fit, notes=(*fit.notes, f"{where}: no event; 0.5 is added."))
    return fit


@checked
def glmm_rates(
    events_t: Counts,
    time_t: ArrayLike | str | None = None,
    events_c: ArrayLike | str | None = None,
    time_c: ArrayLike | str | None = None,
    *,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    ci_level: float = 0.95,
) -> CountNormal:
    r"""Fit a model of counts to the rates of two arms, with a random rate ratio.

    Parameters
    ----------
    events_t, events_c : array_like of shape (k,) or str
        Events in the treated and the control arm. With ``data``, names of columns. ``events_t`` may
        be :class:`meta.Effects` that carry all four columns; nothing else is given then.
    time_t, time_c : array_like of shape (k,) or str
        Person-time at risk, above 0, both arms in one unit.
    data : pandas.DataFrame, optional
        Table of the named columns.
    labels : sequence of str or str, optional
        Names of the studies, or their column.
    ci_level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    CountNormal
        Log rate ratio of the treated against the control arm, measure "IRR".

    Raises
    ------
    DataError
        If a count or time is impossible, or lengths differ.
    TooFewStudies
        If fewer than two studies have an event.

    Notes
    -----
    Given the events of both arms, those of the treated are binomial with the log odds
    :math:`\log(t_t / t_c) + \theta + u_i`, :math:`u_i \sim N(0, \tau^2)`: the conditional model
    with exact likelihood. Nothing is added to arms without events; a study without any says
    nothing and is left out.

    When not to use it: for events that the same people have again and again.

    Checked against metafor 5.1 (``rma.glmm(measure = "IRR", model = "CM.EL")``) and a brute-force
    integral.

    References
    ----------
    stijnen2010

    Examples
    --------
    >>> import meta
    >>> fit = meta.glmm_rates([7, 8, 3], [1344, 1600, 12012], [11, 8, 14], [1988, 1461, 10962])
    >>> print(fit.effect_text())
    0.58 (0.26 to 1.26)
    """
    effects = _two_arms("glmm_rates", "IRR", (events_t, time_t, events_c, time_c), data, labels)
    none = ~np.isfinite(effects.yi)
    notes: tuple[str, ...] = ()
    if none.any():
        where = listed([effects.labels[i] for i in np.flatnonzero(none)], 5)
        notes = (f"{where}: no event in either arm, which says nothing about a ratio; left out.",)
    return count_model(effects, model="CM.EL", ci_level=ci_level, notes=notes)


@checked
def mantel_haenszel_rates(
    events_t: Counts,
    time_t: ArrayLike | str | None = None,
    events_c: ArrayLike | str | None = None,
    time_c: ArrayLike | str | None = None,
    measure: str = "IRR",
    *,
    data: pd.DataFrame | None = None,
    labels: Sequence[str] | str | None = None,
    ci_level: float = 0.95,
) -> PooledRates:
    r"""Pool the rates of two arms into one common ratio or difference by Mantel and Haenszel.

    Parameters
    ----------
    events_t, events_c, time_t, time_c, data, labels
        As in :func:`meta.glmm_rates`.
    measure : {"IRR", "IRD"}
        Rate ratio or rate difference, treated against control.
    ci_level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    PooledRates
        On the log scale for a ratio.

    Raises
    ------
    DataError
        If a count or time is impossible, lengths differ, or no arm of one side has an event.
    TooFewStudies
        If no study has an event.

    Notes
    -----
    With events :math:`a, c`, person-times :math:`t_t, t_c` and their sum T,

    - IRR: :math:`\sum (a t_c / T) / \sum (c t_t / T)`, variance
      :math:`\sum (t_t t_c (a + c) / T^2)` over the product of both sums;
    - IRD: :math:`\sum ((a t_c - c t_t) / T) / \sum (t_t t_c / T)`, variance
      :math:`\sum ((a t_c^2 + c t_t^2) / T^2)` over the squared sum of weights.

    Nothing is added to arms without events. This is a common-effect method.

    Checked against metafor 5.1 (``rma.mh``).

    References
    ----------
    greenlandrobins1985

    Examples
    --------
    >>> import meta
    >>> fit = meta.mantel_haenszel_rates([7, 8], [1344, 1600], [11, 8], [1988, 1461])
    >>> print(fit.effect_text())
    0.93 (0.47 to 1.83)
    """
    check_choice("measure", measure, RATE_RATIOS)
    where = f"mantel_haenszel_rates({measure!r})"
    effects = _two_arms(where, measure, (events_t, time_t, events_c, time_c), data, labels)
    a, t_t, c, t_c = (effects.column(name).to_numpy(dtype=float) for name in _TWO_ARMS)
    total = t_t + t_c
    if not (a.any() or c.any()):
        raise TooFewStudies(f"{where}: no study has an event")
    treated, control = a * t_c / total, c * t_t / total
    if measure == "IRR":
        if not a.any() or not c.any():
            side = "treated" if not a.any() else "control"
            raise DataError(
                f"{where}: no {side} arm has an event, so the ratio is zero or infinite; use "
                "measure='IRD'"
            )
        estimate = float(np.log(treated.sum() / control.sum()))
        spread = float((t_t * t_c * (a + c) / total**2).sum())
        variance, weights = spread / float(treated.sum() * control.sum()), control
    else:
        weights = t_t * t_c / total
        estimate = float((treated - control).sum() / weights.sum())
        variance = float(((a * t_c**2 + c * t_t**2) / total**2).sum() / weights.sum() ** 2)
    return PooledRates(
        **inference(estimate, float(np.sqrt(variance)), None, ci_level, measure),
        model="common",
        k=effects.k,
        n_total=None,
        **common_q(effects.yi, effects.vi, estimate),
        weights=100 * weights / weights.sum(),
        effects=effects,
        notes=(),
    )


def count_model(
    effects: Effects, *, model: str, ci_level: float, notes: tuple[str, ...]
) -> CountNormal:
    """Fit the normal mean of a model of counts, to effects that carry their counts.

    Raises
    ------
    TooFewStudies
        If fewer than two studies say something, or no study has an event.
    """
    table = {
        name: effects.column(name).to_numpy(dtype=float)
        for name in ("events", "n", "time", *_TWO_ARMS)
        if name in effects.table
    }
    used = np.ones(effects.k, dtype=bool)
    if model == "CM.EL":
        used = table["events_t"] + table["events_c"] > 0
    if used.sum() < 2:
        raise TooFewStudies(
            f"a model of counts needs 2 studies that say something, and there are {used.sum()}"
        )
    at = {name: values[used] for name, values in table.items()}
    if model == "CM.EL":
        events = at["events_t"] + at["events_c"]
        _two_sides(at["events_t"], at["events_c"])
        family: Binomial | Poisson = Binomial(
            at["events_t"], events, np.log(at["time_t"] / at["time_c"])
        )
    elif model == "Poisson-normal":
        if not at["events"].any():
            raise TooFewStudies("no group has an event, so the rate is 0 and has no interval here")
        family = Poisson(at["events"], at["time"])
    else:
        _two_sides(at["events"], at["n"] - at["events"])
        family = Binomial(at["events"], at["n"])
    likelihood = NormalMean(family)
    tau, top = likelihood.maximise()
    se = float(np.sqrt(np.linalg.inv(top.information(tau))[0, 0]))
    q = max(2 * (float(family.best().sum()) - likelihood.profile(0.0).value), 0.0)
    k = int(used.sum())
    weights = np.zeros(effects.k)
    weights[used] = 100 * top.weights / top.weights.sum()
    found = list(notes)
    if k < 10:
        found.append(
            f"k = {k}: the normal interval is too narrow and tau2 by maximum likelihood too small "
            "with few studies."
        )
    if tau == 0:
        found.append("tau2 is estimated as 0, which does not show that the true values are equal.")
    people = float(table["n"].sum()) if "n" in table else None
    return CountNormal(
        **inference(top.mean, se, None, ci_level, effects.measure),
        **prediction(top.mean, se, tau**2, ci_level, "z", k - 1),
        model=model,
        k=k,
        n_total=people,
        tau2=tau**2,
        q=q,
        q_dof=k - 1,
        q_p_value=float(chdtrc(k - 1, q)),
        log_likelihood=top.value,
        weights=weights,
        effects=effects,
        notes=tuple(found),
    )


def _two_sides(first: Floats, second: Floats) -> None:
    if not first.any() or not second.any():
        raise TooFewStudies(
            "all events lie on one side, so the estimate is zero or infinite and has no interval "
            "here"
        )


def _labels(labels: Any, data: pd.DataFrame | None) -> list[str] | None:
    if labels is None and data is not None and "label" in data:
        labels = data["label"]
    return None if labels is None else [str(label) for label in np.ravel(labels)]


def _two_arms(
    where: str,
    measure: str,
    given: tuple[Any, ...],
    data: pd.DataFrame | None,
    labels: Sequence[str] | str | None,
) -> Effects:
    """Return the studies' own effects with their counts; NaN where both arms have no event."""
    first = given[0]
    if isinstance(first, Effects):
        missing = [name for name in _TWO_ARMS if name not in first.table]
        if missing:
            raise DataError(f"{where}: the effects carry no {', '.join(missing)}")
        return first
    arms = dict(zip(_TWO_ARMS, given, strict=True))
    absent = [name for name, values in arms.items() if values is None]
    if absent:
        raise DataError(f"{where}: {', '.join(absent)} missing: give events and time of both arms")
    found = columns_of(where, data, {**arms, "labels": labels})
    names = _labels(found.pop("labels"), data)
    rules = {name: EVENTS if name.startswith("events") else PERSON_TIME for name in _TWO_ARMS}
    columns = read_columns(where, found, rules)
    counts: dict[str, Any] = {name: columns[name] for name in _TWO_ARMS}
    if len(columns) == 0:
        raise TooFewStudies(f"{where}: there is no study to pool")
    sizes = effect_size(measure, **counts, drop00=measure == "IRR")
    names = names or [f"study {i + 1}" for i in range(len(columns))]
    if len(names) != len(columns):
        raise DataError(f"{where}: {len(names)} labels for {len(columns)} studies; give one each")
    table = pd.DataFrame(
        {"study_id": names, "label": names, "yi": sizes["yi"].to_numpy(dtype=float)}
        | {"vi": sizes["vi"].to_numpy(dtype=float)}
        | {"sei": np.sqrt(sizes["vi"].to_numpy(dtype=float))}
        | counts
    )
    return Effects(measure=measure, table=table)
