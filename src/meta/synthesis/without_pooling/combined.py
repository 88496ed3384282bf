"""What can be said of results that print a p-value or a direction, but no effect?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence, Sized
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from meta.arguments import LARGEST, checked
from meta.errors import DataError, TooFewStudies
from meta.synthesis.engine import check_choice
from meta.synthesis.presentation import Answer
from meta.synthesis.without_pooling.reported_p_values import (
    names_of,
    read_direction,
    read_p,
    same_length,
)
from meta.wording import listed, number, p_alone, p_text

COMBINATIONS = ("stouffer", "fisher")
_NOT_SAID = (
    "it does not say how large the effect is, nor that every trial has one, and it takes each "
    "printed p at its word."
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CombinedP(Answer):
    """The joint test of several p-values.

    Attributes
    ----------
    method : {"stouffer", "fisher"}
        How they were combined.
    z : float
        Combined statistic on the normal scale; above 0 it favours the treatment.
    p_value : float
        Two-sided: twice the smaller one-sided p, at most 1.
    p_treated, p_control : float
        One-sided, against no effect in any trial: in favour of the treatment, of the control.
    k, k_results : int
        Trials that were combined, and results that they gave.
    table : pandas.DataFrame
        One row a result: ``label cluster reported direction p_used bound z weight``. ``z`` is above
        0 where the treatment is favoured; ``bound`` marks a printed threshold.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "Combined p-values"

    method: str
    z: float
    p_value: float
    p_treated: float
    p_control: float
    k: int
    k_results: int
    table: pd.DataFrame
    notes: tuple[str, ...]

    def sentence(self) -> str:
        """Say in plain words what the test says, and what it does not."""
        trials = "1 trial" if self.k == 1 else f"{self.k} trials"
        side = "the treatment" if self.z > 0 else "the control" if self.z < 0 else "neither side"
        alone = (
            " A single trial with a very small p is enough for it."
            if self.method == "fisher"
            else ""
        )
        return (
            f"Taken together, {trials} lean towards {side} ({self.method.capitalize()}'s method, "
            f"z = {number(self.z)}, two-sided p {p_text(self.p_value)}). A small p speaks against "
            f"no effect in any of the trials; {_NOT_SAID}{alone}"
        )

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Method", f"{self.method.capitalize()}'s combination of one-sided p-values"),
            ("Trials", f"{self.k} ({self.k_results} results)"),
            ("z (above 0 favours the treatment)", number(self.z, 3)),
            ("p, two-sided", p_alone(self.p_value)),
            ("p, in favour of the treatment", p_alone(self.p_treated)),
            ("p, in favour of the control", p_alone(self.p_control)),
            ("Reading", self.sentence()),
        ]


@checked
def combine_p_values(
    p_values: Sequence[float | str],
    directions: Sequence[Any],
    weights: Sequence[float] | None = None,
    method: str = "stouffer",
    cluster: Sequence[Hashable] | None = None,
    *,
    labels: Sequence[str] | None = None,
) -> CombinedP:
    r"""Test p-values of several trials together.

    Parameters
    ----------
    p_values : sequence of float or str
        Two-sided p-values of the treatment against its control, above 0 and up to 1. ``"<0.05"``
        and ``">0.05"`` are bounds.
    directions : sequence
        Whom each result favours: ``"treated"`` (or 1) or ``"control"`` (or -1). Only beside a
        lower bound (``">0.05"``) may it be missing.
    weights : sequence of float, optional
        Weights of Stouffer's method, above 0 and equal within a cluster: the square root of the
        number of people is the usual choice. Equal by default.
    method : {"stouffer", "fisher"}
        Sum of z, or sum of logarithms of one-sided p.
    cluster : sequence, optional
        Trial of each result. Results of one trial count once together.
    labels : sequence of str, optional
        Names of the results.

    Returns
    -------
    CombinedP
        With ``z`` above 0 in favour of the treatment.

    Raises
    ------
    DataError
        If a p-value or direction cannot be used, a p has no direction, or weights do not fit. All
        faults are named.
    TooFewStudies
        If there is no p-value.

    Notes
    -----
    A two-sided p becomes :math:`z = \pm\Phi^{-1}(1 - p/2)` with the sign of its direction.
    Stouffer: :math:`\sum w z / \sqrt{\sum w^2}`. Fisher: :math:`-2\sum\ln p` with one-sided p,
    chi-squared with 2k degrees of freedom. The two-sided p doubles the smaller one-sided one, as
    both directions are tested.

    *Bounds* are used at the point of their range that is nearest to no effect: "<0.05" as 0.05,
    ">0.05" as 1 (z = 0), so a threshold never counts for more than it printed.

    *Several results of one trial* (two scales, two papers) are dependent. Their z are averaged and
    the average is treated as one z of variance 1, which is exact if they are perfectly correlated
    and conservative otherwise: more results of one trial can never make the evidence stronger than
    its best one.

    P-values of tests over three or more arms, or within one arm, have no direction between
    treatment and control and must be left out.

    Both tests are PyMARE's ("directed" for one-sided, "concordant" for two-sided p). Checked
    against their closed forms.

    References
    ----------
    Winkler AM et al. (2016), Non-parametric combination and related permutation tests for
    neuroimaging, Hum Brain Mapp 37:1486-1511, doi 10.1002/hbm.23115.

    Examples
    --------
    >>> import meta
    >>> answer = meta.combine_p_values([0.02, "<0.05", 0.55], ["treated", "treated", "control"])
    >>> round(answer.z, 3), round(answer.p_value, 4)
    (2.13, 0.0332)
    """
    from pymare.estimators import FisherCombinationTest, StoufferCombinationTest

    check_choice("method", method, COMBINATIONS)
    same_length(p_values=p_values, directions=directions, weights=weights, cluster=cluster)
    # by position, whatever the index of a Series says
    p_values, directions = list(p_values), list(directions)
    weights = None if weights is None else list(weights)
    cluster = None if cluster is None else list(cluster)
    if len(p_values) == 0:
        raise TooFewStudies("there is no p-value to combine")
    table = _read_results(p_values, directions, weights, cluster, names_of(labels, len(p_values)))
    if weights is not None and method == "fisher":
        raise DataError("weights belong to method='stouffer'; Fisher's method has none")
    trials = table.groupby("cluster", sort=False).agg(z=("z", "mean"), weight=("weight", "first"))
    z = trials["z"].to_numpy(dtype=float)[:, None]
    shares = trials["weight"].to_numpy(dtype=float)[:, None] / trials["weight"].max()
    extra = {"w": shares} if method == "stouffer" else {}
    engine = StoufferCombinationTest if method == "stouffer" else FisherCombinationTest
    both = engine(mode="concordant").fit(z, **extra).params_
    treated = engine(mode="directed").fit(z, **extra).params_
    control = engine(mode="directed").fit(-z, **extra).params_
    return CombinedP(
        method=method,
        z=float(both["z"][0]),
        p_value=float(both["p"][0]),
        p_treated=float(treated["p"][0]),
        p_control=float(control["p"][0]),
        k=len(trials),
        k_results=len(table),
        table=table,
        notes=tuple(_p_notes(table, len(trials))),
    )


def _read_results(
    p_values: Sequence[float | str],
    directions: Sequence[Any],
    weights: Sequence[float] | None,
    cluster: Sequence[Hashable] | None,
    names: list[str],
) -> pd.DataFrame:
    rows, faults = [], []
    for i, name in enumerate(names):
        try:
            printed, bound = read_p(p_values[i])
        except DataError as fault:
            faults.append(f"{name}: {fault}")
            printed, bound = np.nan, ""
        try:
            side = read_direction(directions[i])
        except DataError as fault:
            faults.append(f"{name}: {fault}")
            side = "treated"
        if side in {"none", "silent"} and bound != ">":
            faults.append(
                f"{name}: p is {p_values[i]!r} without a direction; say whom it favours, or count "
                "the result with direction_vote instead"
            )
        used = 1.0 if bound == ">" else printed
        size = float(stats.norm.isf(used / 2))
        weight = 1.0 if weights is None else float(weights[i])
        if not 1 / LARGEST <= weight <= LARGEST:
            faults.append(
                f"{name}: weight is {weight}; give a finite weight above 0 (from 1e-50 to 1e50)"
            )
        rows.append(
            {
                "label": name,
                "cluster": i if cluster is None else cluster[i],
                "reported": str(p_values[i]),
                "direction": side,
                "p_used": used,
                "bound": bool(bound),
                "z": -size if side == "control" else size,
                "weight": weight,
            }
        )
    table = pd.DataFrame(rows)
    if table["cluster"].isna().any():
        faults.append("a cluster is missing: name the trial of each result")
    uneven = [
        str(key)
        for key, part in table.groupby("cluster", sort=False)
        if part["weight"].min() < part["weight"].max()
    ]
    if uneven:
        faults.append(
            f"weights differ within {', '.join(uneven)}: the results of one trial share one weight"
        )
    if faults:
        raise DataError.from_faults("p-values", faults)
    return table


def _p_notes(table: pd.DataFrame, k: int) -> list[str]:
    notes = []
    if k == 1:
        notes.append("k = 1: this is one trial; nothing is combined.")
    upper = table[table["bound"] & (table["p_used"] < 1)]
    lower = table[table["bound"] & (table["p_used"] == 1)]
    if len(upper):
        notes.append(
            f"{_printed(upper)} a threshold, used at the threshold itself: {_names(upper)}."
        )
    if len(lower):
        notes.append(
            f"{_printed(lower)} only that p is above a threshold, used as no effect at all "
            f"(z = 0): {_names(lower)}."
        )
    if k < len(table):
        notes.append(
            f"{len(table)} results come from {k} trials: the z of one trial are averaged and count "
            "as one, as if perfectly correlated."
        )
    return notes


def _printed(rows: pd.DataFrame) -> str:
    return "1 result prints" if len(rows) == 1 else f"{len(rows)} results print"


def _names(rows: pd.DataFrame) -> str:
    return listed([f"{row.label} ({row.reported})" for row in rows.itertuples()], 5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DirectionVote(Answer):
    """How many trials lean to which side.

    Attributes
    ----------
    treated, control : int
        Trials whose result favours the treatment, the control, significant or not.
    ties : int
        Trials whose printed result leans to neither side.
    silent : int
        Trials that print no direction ("no significant difference").
    share, ci_low, ci_high : float
        Share of trials with a direction that favour the treatment, with its exact interval; NaN if
        no trial has a direction.
    ci_level : float
        Confidence level of the interval, between 0 and 1.
    p_value : float
        Two-sided sign test: were both directions equally likely, how surprising is this count?
    bounds : pandas.DataFrame
        The same if every silent trial leaned against, or towards, the treatment: ``scenario treated
        decided share ci_low ci_high p_value``.
    table : pandas.DataFrame
        One row a trial: ``label favours``.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "Directions of effect"

    treated: int
    control: int
    ties: int
    silent: int
    share: float
    ci_low: float
    ci_high: float
    ci_level: float
    p_value: float
    bounds: pd.DataFrame
    table: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def k(self) -> int:
        """All trials, with and without a direction."""
        return self.treated + self.control + self.ties + self.silent

    def sentence(self) -> str:
        """Say the count, what it says, and what it does not."""
        decided = self.treated + self.control
        if not decided:
            return f"None of {self.k} trials prints a direction."
        text = (
            f"{self.treated} of {decided} trials with a direction favour the treatment "
            f"({_share(self.share)}, {100 * self.ci_level:g} % interval {_share(self.ci_low)} to "
            f"{_share(self.ci_high)}; sign test p {p_text(self.p_value)})."
        )
        if self.silent:
            low, high = self.bounds["share"].iloc[1:]
            trials = "1 trial prints" if self.silent == 1 else f"{self.silent} trials print"
            text += f" {trials} none: with them the share is {_share(low)} to {_share(high)}."
        return f"{text} It says nothing about the size of an effect."

    def _rows(self) -> list[tuple[str, str]]:
        return [
            ("Favour the treatment", str(self.treated)),
            ("Favour the control", str(self.control)),
            ("Lean to neither side", str(self.ties)),
            ("Print no direction", str(self.silent)),
            ("Reading", self.sentence()),
        ]

    def _frames(self) -> list[pd.DataFrame]:
        level = f"{100 * self.ci_level:g} % interval"
        shares = [
            f"{_share(row['share'])} ({_share(row['ci_low'])} to {_share(row['ci_high'])})"
            if row["decided"]
            else "none"
            for row in self.bounds.to_dict("records")
        ]
        shown = {
            "If": self.bounds["scenario"],
            "For the treatment": self.bounds["treated"],
            "Of": self.bounds["decided"],
            f"Share ({level})": shares,
            "p": [p_alone(p) for p in self.bounds["p_value"]],
        }
        return [pd.DataFrame(shown)]


@checked
def direction_vote(
    directions: Sequence[Any] | pd.DataFrame,
    *,
    labels: Sequence[str] | None = None,
    ci_level: float = 0.95,
) -> DirectionVote:
    """Count whom trials favour, whether significant or not.

    This is not vote counting by significance, which mistakes small trials for null ones: each
    trial counts by the side its result leans to.

    Parameters
    ----------
    directions : sequence or pandas.DataFrame
        ``"treated"`` (or 1), ``"control"`` (or -1), ``"none"`` (or 0: a printed result that leans
        to neither side); ``"neither"`` (reported as no difference, without a figure),
        ``"not_stated"`` or a missing value where no direction was printed. A frame has them in the
        column ``favours``, with ``label`` and ``study_id`` where known.
    labels : sequence of str, optional
        Names of the trials.
    ci_level : float
        Confidence level of the exact interval, between 0 and 1.

    Returns
    -------
    DirectionVote

    Raises
    ------
    DataError
        If a word is unknown, or a trial (``study_id``) is there twice. All faults are named.
    TooFewStudies
        If there is no trial.

    Notes
    -----
    The share is that of trials with a direction; ties are left out, as a sign test does. Its
    interval is Clopper and Pearson's, and the p-value is the exact binomial one against one half.
    Silent trials are never guessed: the answer is given without them, and twice more with all of
    them against and all of them in favour.

    References
    ----------
    McKenzie JE, Brennan SE (2019), Synthesizing and presenting findings using other methods,
    Cochrane Handbook, chapter 12, doi 10.1002/9781119536604.ch12.

    Examples
    --------
    >>> import meta
    >>> vote = meta.direction_vote(["treated"] * 6 + ["control"] + ["neither"] * 2)
    >>> round(vote.share, 3), vote.silent, vote.p_value
    (0.857, 2, 0.125)
    """
    words, names = _words(directions, labels)
    faults, sides = [], []
    for name, word in zip(names, words, strict=True):
        try:
            sides.append(read_direction(word))
        except DataError as fault:
            faults.append(f"{name}: {fault}")
    if isinstance(directions, pd.DataFrame) and "study_id" in directions:
        for study, count in Counter(directions["study_id"]).items():
            if count > 1:
                faults.append(f"{study} is there {count} times: a trial counts once, choose one")
    if faults:
        raise DataError.from_faults("directions", faults)
    if not sides:
        raise TooFewStudies("there is no trial to count")
    treated, control = sides.count("treated"), sides.count("control")
    silent = sides.count("silent")
    decided = treated + control
    bounds = pd.DataFrame(
        [
            _sign_test("printed directions", treated, decided, ci_level),
            _sign_test("all silent trials against", treated, decided + silent, ci_level),
            _sign_test("all silent trials in favour", treated + silent, decided + silent, ci_level),
        ]
    )
    main = bounds.iloc[0]
    notes = []
    if not decided:
        notes.append("no trial prints a direction: there is nothing to test.")
    elif decided < 6:
        notes.append(
            f"so few directions show little: were all {decided} the same, p would be "
            f"{min(1.0, 0.5 ** (decided - 1)):.3g}."
        )
    if silent:
        notes.append(
            f"{silent} of {len(sides)} trials print no direction; trials that found nothing print "
            "least, so the printed share is likely to flatter the treatment."
        )
    return DirectionVote(
        treated=treated,
        control=control,
        ties=sides.count("none"),
        silent=silent,
        share=float(main["share"]),
        ci_low=float(main["ci_low"]),
        ci_high=float(main["ci_high"]),
        ci_level=ci_level,
        p_value=float(main["p_value"]),
        bounds=bounds,
        table=pd.DataFrame({"label": names, "favours": sides}),
        notes=tuple(notes),
    )


def _words(
    directions: Sequence[Any] | pd.DataFrame, labels: Sequence[str] | None
) -> tuple[list[Any], list[str]]:
    if not isinstance(directions, pd.DataFrame):
        if not isinstance(directions, Sized) or isinstance(directions, str):
            raise DataError(
                f"directions is {type(directions).__name__}; give one word a study, or a frame "
                "with the column favours"
            )
        return list(directions), names_of(labels, len(directions))
    if "favours" not in directions:
        raise DataError(
            f"the frame has no column favours; it has {', '.join(map(str, directions.columns))}"
        )
    named = next((name for name in ("label", "study_id") if name in directions), None)
    if labels is None and named:
        labels = [str(value) for value in directions[named]]
    return directions["favours"].tolist(), names_of(labels, len(directions))


def _sign_test(scenario: str, treated: int, decided: int, level: float) -> dict[str, Any]:
    share = low = high = p_value = np.nan
    if decided:
        test = stats.binomtest(treated, decided, 0.5)
        limits = test.proportion_ci(level, method="exact")
        share, low, high = treated / decided, float(limits.low), float(limits.high)
        p_value = float(test.pvalue)
    return {
        "scenario": scenario,
        "treated": treated,
        "decided": decided,
        "share": share,
        "ci_low": low,
        "ci_high": high,
        "p_value": p_value,
    }


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"
