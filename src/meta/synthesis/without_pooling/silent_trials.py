"""How far would the answer move if the trials that printed no figure were counted?"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy import stats

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.measures import measure_of
from meta.effect_sizes.standardised import hedges_j
from meta.errors import DataError, NotComparable
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import Answer
from meta.wording import listed, p_text, value_text

_COLUMNS = ["study_id", "label", "n_t", "n_c", "paired", "variance", "bound", "assumptions"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NullBounds(Answer):
    """A pooled answer with and without the trials that printed no figure.

    Attributes
    ----------
    printed_only : Pooled
        The answer of the trials with figures.
    with_nulls : Pooled
        With every silent trial at exactly no effect.
    lower, upper : Pooled
        With every silent trial as far below, or above, no effect as "not significant" allows.
    entered : pandas.DataFrame
        The silent trials that entered: ``study_id label n_t n_c paired variance bound assumptions``
        with the sampling variance at no effect and the largest effect that is not significant,
        both on the scale of computation.
    not_entered : pandas.DataFrame
        Those that could not, even as null: ``study_id label reason``.
    alpha : float
        What "not significant" is taken to mean, two-sided.
    notes : tuple of str
        Sentences that must stand beside these numbers wherever they are shown.
    """

    _caption: ClassVar[str] = "With the silent trials"

    printed_only: Pooled
    with_nulls: Pooled
    lower: Pooled
    upper: Pooled
    entered: pd.DataFrame
    not_entered: pd.DataFrame
    alpha: float
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return the four answers, one row each, on the scale of computation.

        Returns
        -------
        pandas.DataFrame
            ``scenario k estimate ci_low ci_high p_value pi_low pi_high tau2 i2``.
        """
        columns = ["k", "estimate", "ci_low", "ci_high", "p_value", "pi_low", "pi_high"]
        columns += ["tau2", "i2"]
        rows = [
            {"scenario": name} | {column: getattr(fit, column) for column in columns}
            for name, fit in self._fits()
        ]
        return pd.DataFrame(rows)

    def sentence(self) -> str:
        """Say in one sentence how far the silent trials move the answer."""
        fit, added = self.printed_only, len(self.entered)
        text = f"{fit.scale.label} {fit.effect_text()} from {_trials(fit.k)} with figures"
        if added:
            text += (
                f"; {self.with_nulls.effect_text()} with {_trials(added)} more counted as no "
                f"effect; {self._shown(self.lower)} to {self._shown(self.upper)} if all of them "
                "fell just short of significance on one side or the other"
            )
        if len(self.not_entered):
            text += (
                f"; {_trials(len(self.not_entered))} could not enter even as null (number of "
                "people unknown)"
            )
        return f"{text}."

    def _fits(self) -> list[tuple[str, Pooled]]:
        return [
            ("trials with figures", self.printed_only),
            ("silent trials as no effect", self.with_nulls),
            ("silent trials just not significant, below", self.lower),
            ("silent trials just not significant, above", self.upper),
        ]

    def _shown(self, fit: Pooled) -> str:
        return value_text(fit.scale.to_reader(fit.estimate))

    def _rows(self) -> list[tuple[str, str]]:
        rows = [
            (name, f"{fit.effect_text()}, {_trials(fit.k)}, p {p_text(fit.p_value)}")
            for name, fit in self._fits()
        ]
        return [*rows, ("Reading", self.sentence())]


@checked
def null_bounds(
    effects: Effects | Pooled,
    silent: pd.DataFrame,
    *,
    sd: float | None = None,
    correlation: float = 0.5,
    alpha: float = 0.05,
    **settings: Any,
) -> NullBounds:
    r"""Pool once more with the trials that reported "no difference" without a figure.

    Parameters
    ----------
    effects : Effects or Pooled
        The trials with figures, or a fit of them, whose settings are kept.
    silent : pandas.DataFrame
        One row a trial that reported no significant difference: ``study_id``, ``label``, ``n_t``
        and ``n_c`` (people in each arm) or ``n`` (in both together). A trial in which all people
        had both treatments has ``paired`` true and its people in ``n_t`` or ``n``. Missing numbers
        are allowed: such trials are listed and counted.
    sd : float, optional
        For measures other than the standardised mean difference: the standard deviation behind one
        person's contribution, in units of the effect, above 0. For a mean difference it is the SD
        of the outcome; for a log odds ratio :math:`1 / \sqrt{p (1 - p)}` with p the share of people
        with the event; for a log risk ratio :math:`\sqrt{(1 - p) / p}`. A column ``sd`` of
        ``silent`` overrides it.
    correlation : float
        Within-person correlation of paired trials, at least 0 and below 1.
    alpha : float
        The two-sided level that "not significant" refers to, between 0 and 1.
    **settings
        Settings of :func:`meta.pool`, where ``effects`` is not yet a fit.

    Returns
    -------
    NullBounds

    Raises
    ------
    DataError
        If a number of people is impossible, a trial is there twice or also has figures, or ``sd``
        is missing where it is needed. All faults are named.
    NotComparable
        If the measure describes single groups, for which no effect has no meaning.

    Notes
    -----
    A silent trial enters with effect 0 and the sampling variance that a trial of its size has when
    there is no effect: :math:`1/n_t + 1/n_c` for a standardised mean difference, times
    :math:`sd^2` for other measures, :math:`2 (1 - r) / n` instead of the sum for paired trials.
    Where only the total is known, equal arms are assumed and named.

    "Not significant" allows any effect with :math:`|t|` below the critical value, so the bound of
    a trial is :math:`t_{1 - \alpha/2} \sqrt{v}` with :math:`n_t + n_c - 2` degrees of freedom
    (n - 1 if paired); standardised mean differences get Hedges' correction and the variance that
    belongs to the bound. ``lower`` and ``upper`` put all silent trials at their bounds on one side.
    Under the common-effect model no results that are consistent with the reports lead further away;
    under random effects tau2 is estimated anew, and the two are the answers for the extreme
    results, not proven extremes of the answer. Zero is a convention, not an estimate.

    Checked against closed forms under the common-effect model.

    Examples
    --------
    >>> import meta
    >>> import pandas as pd
    >>> from meta.synthesis.without_pooling.silent_trials import null_bounds
    >>> fit = meta.pool([-0.6, -0.4], [0.08, 0.06], measure="SMD", model="common")
    >>> silent = pd.DataFrame({"study_id": ["x"], "label": ["X"], "n_t": [40], "n_c": [40]})
    >>> answer = null_bounds(fit, silent)
    >>> round(fit.estimate, 3), round(answer.with_nulls.estimate, 3)
    (-0.486, -0.288)
    """
    fit = effects if isinstance(effects, Pooled) else pool(effects, **settings)
    if isinstance(effects, Pooled) and settings:
        raise DataError(
            f"{', '.join(settings)} cannot be given with a fit, which has its own settings"
        )
    if measure_of(fit.measure).single_group:
        raise NotComparable(
            f"{fit.measure} describes one group: there is no 'no effect' to put a trial at"
        )
    rows, not_entered = _read(fit, silent, sd, correlation)
    entered = _variances(rows, fit.measure, correlation, alpha)
    notes = [
        "counting a silent trial as zero is only a convention. "
        "The bounds show how far other results that the reports allow would move the answer."
    ]
    assumed = entered[entered["assumptions"] != ""]
    if len(assumed):
        named = [f"{row.label} ({row.assumptions})" for row in assumed.itertuples()]
        notes.append(f"assumed: {listed(named, 5)}.")
    if len(not_entered):
        notes.append(
            f"{_trials(len(not_entered))} could not enter even as null: "
            f"{listed(not_entered['label'].tolist(), 5)}."
        )
    return NullBounds(
        printed_only=fit,
        with_nulls=_with(fit, entered, 0),
        lower=_with(fit, entered, -1),
        upper=_with(fit, entered, 1),
        entered=entered[_COLUMNS],
        not_entered=not_entered,
        alpha=alpha,
        notes=tuple(notes),
    )


def _read(
    fit: Pooled, silent: pd.DataFrame, sd: float | None, correlation: float
) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """Take sizes from the frame; collect what is impossible, set aside what is unknown."""
    faults = []
    if not 0 <= correlation < 1:
        faults.append(f"correlation is {correlation}; give one from 0 to below 1")
    if sd is not None and sd <= 0:
        faults.append(f"sd is {sd}; give a standard deviation above 0")
    missing = [name for name in ("study_id", "label") if name not in silent]
    if missing or not {"n_t", "n"} & set(silent):
        found = ", ".join(map(str, silent.columns))
        faults.append(
            f"silent needs the columns study_id, label and n_t with n_c, or n; it has {found}"
        )
        raise DataError.from_faults("silent trials", faults)
    for study, count in Counter(map(str, silent["study_id"])).items():
        if count > 1:
            faults.append(f"{study} is there {count} times: a trial counts once")
        if study in set(fit.effects.table["study_id"].astype(str)):
            faults.append(f"{study} has an effect already: leave it out of the silent trials")
    rows, unknown = [], []
    for record in silent.to_dict("records"):
        row = _sizes(record, faults)
        row["sd"] = _optional(record.get("sd"), sd)
        if row["n_t"] is None or row["n_c"] is None:
            unknown.append(
                {k: row[k] for k in ("study_id", "label")} | {"reason": "number of people unknown"}
            )
        elif not measure_of(fit.measure).standardised and row["sd"] is None:
            faults.append(
                f"{row['label']}: {fit.measure} needs a standard deviation: give sd= or a column sd"
            )
        elif row["sd"] is not None and not row["sd"] > 0:
            faults.append(f"{row['label']}: sd is {row['sd']}; it must be above 0")
        else:
            rows.append(row)
    if faults:
        raise DataError.from_faults("silent trials", faults)
    return rows, pd.DataFrame(unknown, columns=["study_id", "label", "reason"])


def _sizes(record: dict[Any, Any], faults: list[str]) -> dict[str, Any]:
    """Number of people in each arm; None where it cannot be known."""
    label = str(record["label"])
    n_t, n_c, n = (_optional(record.get(name), None) for name in ("n_t", "n_c", "n"))
    paired = record.get("paired")
    paired = bool(paired) if paired is not None and not pd.isna(paired) else False
    assumption = ""
    if paired:
        people = n_t if n_t is not None else n
        n_t = n_c = people
    elif n_t is None and n_c is None and n is not None:
        n_t = n_c = n / 2
        whole = float(n / 2).is_integer()
        assumption = f"equal arms of {n / 2:g}" if whole else f"equal arms, {n:g} people together"
    elif n is not None and n_t is not None and n_c is None:
        n_c = n - n_t
    elif n is not None and n_c is not None and n_t is None:
        n_t = n - n_c
    for name, size in (("n_t", n_t), ("n_c", n_c)):
        if size is not None and not (np.isfinite(size) and size >= 2):
            faults.append(f"{label}: {name} is {size:g}; an arm has at least 2 people")
            break
    return {
        "study_id": str(record["study_id"]),
        "label": label,
        "n_t": n_t,
        "n_c": n_c,
        "paired": paired,
        "assumptions": assumption,
    }


def _optional(value: Any, default: float | None) -> float | None:
    return default if value is None or pd.isna(value) else float(value)


def _variances(
    rows: list[dict[str, Any]], measure: str, correlation: float, alpha: float
) -> pd.DataFrame:
    """Variance at no effect, the bound, and the variance there, for each trial."""
    table = pd.DataFrame(
        rows, columns=["study_id", "label", "n_t", "n_c", "paired", "sd", "assumptions"]
    )
    n_t, n_c = table["n_t"].to_numpy(dtype=float), table["n_c"].to_numpy(dtype=float)
    paired = table["paired"].to_numpy(dtype=bool)
    per_person = np.where(paired, 2 * (1 - correlation) / n_t, 1 / n_t + 1 / n_c)
    people = np.where(paired, n_t, n_t + n_c)
    dof = np.where(paired, n_t - 1, people - 2)
    reach = stats.t.isf(alpha / 2, dof) if len(table) else np.array([])
    if measure_of(measure).standardised:
        variance = per_person
        bound = hedges_j(dof) * reach * np.sqrt(per_person)
        at_bound = variance + bound**2 / (2 * people)
    else:
        variance = per_person * table["sd"].to_numpy(dtype=float) ** 2
        bound = reach * np.sqrt(variance)
        at_bound = variance
    stated = f"correlation {correlation:g}"
    words = [
        "; ".join(filter(None, [text, stated if pair else ""]))
        for text, pair in zip(table["assumptions"], paired, strict=True)
    ]
    return table.assign(variance=variance, bound=bound, at_bound=at_bound, assumptions=words)


def _with(fit: Pooled, entered: pd.DataFrame, side: int) -> Pooled:
    """Pool again with the silent trials at no effect (0) or at their bounds (-1, 1)."""
    if entered.empty:
        return fit
    variance = entered["variance"] if side == 0 else entered["at_bound"]
    added = pd.DataFrame(
        {
            "study_id": entered["study_id"],
            "label": entered["label"],
            "yi": side * entered["bound"],
            "vi": variance,
            "sei": np.sqrt(variance),
            "reporting": "silent",
            "assumptions": "no effect" if side == 0 else "just not significant",
        }
    )
    known = fit.effects.table
    for name in ("n_t", "n_c", "paired"):
        if name in known or name == "paired":
            added[name] = entered[name]
    if "paired" not in known:
        known = known.assign(paired=False)
    table = pd.concat([known, added], ignore_index=True)
    table["paired"] = table["paired"].astype(bool)
    return fit.refit(replace(fit.effects, table=table))


def _trials(count: int) -> str:
    return "1 trial" if count == 1 else f"{count} trials"
