"""From trials with several arms to one comparison a trial."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from meta.arguments import checked
from meta.effect_sizes.arms import combine_arms
from meta.errors import DataError
from meta.evidence.faults import closest
from meta.wording import listed, one_name

_FACTS = ["study_id", "label", "year"]
_WHAT = {"events": "people who had the event", "mean": "means", "sd": "standard deviations"}


@checked
def long_arms(trials: pd.DataFrame) -> pd.DataFrame:
    """Take a table with the arms of a trial side by side to one row an arm.

    Parameters
    ----------
    trials : pandas.DataFrame
        One row a trial: ``trial_number author year`` and, for each arm, ``treatment_1 n_1
        response_1 ...``, ``treatment_2 ...`` and so on, as in the table
        ``antidepressants_primary_care``.

    Returns
    -------
    pandas.DataFrame
        ``study_id label year treatment`` and every column of the arms without its number; an arm
        that a trial does not have gives no row.

    Raises
    ------
    DataError
        If a column is missing, the arms do not have the same columns, or an author or year is not
        given.

    Examples
    --------
    >>> import meta
    >>> arms = meta.long_arms(meta.load_evidence("data").table("antidepressants_primary_care"))
    >>> arms.loc[arms["study_id"] == "1", ["treatment", "n", "response"]].values.tolist()
    [['TCA', 75, 49], ['SNRI', 78, 60], ['Placebo', 76, 48]]
    """
    needed = ["trial_number", "author", "year", "treatment_1", "n_1"]
    missing = [name for name in needed if name not in trials]
    if missing:
        raise DataError(
            f"long_arms: no column {', '.join(missing)}; needed are {', '.join(needed)} and the "
            "same with _2, _3 for further arms"
        )
    columns = [str(name) for name in trials]
    ends = [name.removeprefix("treatment_") for name in columns if name.startswith("treatment_")]
    numbers = sorted(int(end) for end in ends if end.isdecimal())
    names = [name.removesuffix("_1") for name in columns if name.endswith("_1")]
    lacking = [
        f"no column {name}_{number}; arm 1 has {name}_1, so every arm needs its own"
        for number in numbers
        for name in names
        if f"{name}_{number}" not in columns
    ]
    faults = lacking + _empty(trials, ["trial_number", "author", "year"])
    if faults:
        raise DataError.from_faults("long_arms", faults)
    facts = pd.DataFrame(
        {
            "study_id": trials["trial_number"].astype(str),
            "label": trials["author"] + " " + trials["year"].astype(str),
            "year": trials["year"],
        }
    )
    parts = []
    for number in numbers:
        cells = trials[[f"{name}_{number}" for name in names]].set_axis(names, axis=1)
        parts.append(pd.concat([facts, cells], axis=1))
    arms = pd.concat(parts).dropna(subset="treatment")
    return arms.sort_index(kind="stable").reset_index(drop=True)


@checked
def pairwise(
    arms: pd.DataFrame,
    treated: str | Iterable[str],
    control: str,
    *,
    events: str | None = None,
    mean: str | None = None,
    sd: str | None = None,
) -> pd.DataFrame:
    """Compare treatments with a control, once for each trial that has both.

    Parameters
    ----------
    arms : pandas.DataFrame
        One row an arm, from :func:`long_arms`: ``study_id label year treatment n`` and what was
        measured. ``label`` (the study_id by default) and ``year`` may be absent.
    treated : str or iterable of str
        Treatment, or several that count as one: arms of one trial become one, so that its control
        arm counts once.
    control : str
        Treatment that they are compared with.
    events : str, optional
        Column with the people who had the event, for example ``"response"``.
    mean, sd : str, optional
        Columns with mean and standard deviation, in place of ``events``.

    Returns
    -------
    pandas.DataFrame
        ``study_id label year events_t n_t events_c n_c``, or ``mean_t sd_t n_t mean_c sd_c n_c``,
        one row a trial, as :func:`meta.effects` takes it with ``lower_is_better``, which says
        whether the event is unwanted. A trial of which one of the arms does not print a figure has
        a missing one, and is named there among the excluded. Arms belong to one trial by
        ``study_id`` alone; where they spell its label or year in different ways the first is taken,
        and a column ``note`` says so.

    Raises
    ------
    DataError
        If no arm has such a treatment, none is named, a treatment is also the control, a column is
        missing, a figure is no number; if a study or treatment has no name, or one that is written
        in several ways; if neither events nor mean and sd are named, or both. All faults are named.

    Notes
    -----
    Counts are added up, means and SDs become those of all people together
    (:func:`meta.convert.combine_arms`), as the Cochrane Handbook recommends for several arms of one
    kind (version 6.5, sections 6.5.2.10 and 23.3.4).

    Examples
    --------
    >>> import meta
    >>> arms = meta.long_arms(meta.load_evidence("data").table("antidepressants_primary_care"))
    >>> pairs = meta.pairwise(arms, ["TCA", "SNRI"], "Placebo", events="response")
    >>> pairs.loc[pairs["study_id"] == "1", ["events_t", "n_t", "events_c", "n_c"]].values.tolist()
    [[109, 153, 48, 76]]
    """
    given = {name: value for name, value in
             (("events", events), ("mean", mean), ("sd", sd)) if value is not None}  # fmt: skip
    if set(given) not in ({"events"}, {"mean", "sd"}):
        raise DataError(
            "pairwise takes the column of people who had the event (events=) or those of mean and "
            f"SD (mean=, sd=), and was given {listed(given) or 'none of them'}"
        )
    columns = list(given.values())
    missing = [name for name in ("study_id", "treatment", "n", *columns) if name not in arms]
    if missing:
        raise DataError.from_faults(
            "pairwise",
            (
                f"no column {name!r}. {closest(name, arms.columns)}Known are {listed(arms.columns)}"
                for name in missing
            ),
        )
    wanted = [treated] if isinstance(treated, str) else list(treated)
    known = list(dict.fromkeys(arms["treatment"].dropna()))
    faults = [
        f"no arm has the treatment {name!r}. {closest(name, known)}Known are {listed(known)}"
        for name in (*wanted, control)
        if name not in known
    ]
    if not wanted:
        faults.append(f"treated names no treatment. Known are {listed(known)}")
    faults += [
        f"{name} is {column!r}; name the column of {_WHAT[name]}"
        for name, column in given.items()
        if column in ("n", *_FACTS, "treatment")
    ]
    faults += [
        f"column {name!r} holds no numbers; give {'counts' if events else 'figures'}, missing "
        "where none is printed"
        for name in (*columns, "n")
        if not pd.api.types.is_numeric_dtype(arms[name])
    ]
    faults += _empty(arms, [name for name in (*_FACTS, "treatment") if name in arms])
    faults += [
        f"column {column!r} writes one name in {len(alike)} ways, {listed(map(repr, alike))}; "
        "write it in one, or rows that belong together do not meet"
        for column in ("study_id", "treatment")
        for alike in _alike(arms[column])
    ]
    if control in wanted:
        faults.append(f"{control!r} is treated and control at once; leave it out of one of them")
    if faults:
        raise DataError.from_faults("pairwise", faults)
    if "label" not in arms:
        arms = arms.assign(label=arms["study_id"])
    facts = [name for name in _FACTS[1:] if name in arms]
    sides = [
        _one_arm(arms[arms["treatment"].isin(names)], columns).set_axis(
            [f"{name}_{arm}" for name in (*given, "n")], axis=1
        )
        for arm, names in (("t", wanted), ("c", [control]))
    ]
    of_trial = arms[arms["treatment"].isin([*wanted, control])].groupby("study_id", sort=False)
    both = of_trial[facts].first().join(sides[0], how="inner").join(sides[1], how="inner")
    clashes = {
        study: "; ".join(
            f"{name} is spelled {' / '.join(spellings)}"
            for name in facts
            if len(spellings := list(dict.fromkeys(map(str, rows[name])))) > 1
        )
        for study, rows in of_trial
    }
    if any(clashes[study] for study in both.index):
        both["note"] = [clashes[study] for study in both.index]
    return both.reset_index()


def _one_arm(arms: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Make one arm of those of each trial: counts added up, or the mean and SD of all people."""
    trials = arms.groupby("study_id", sort=False)[[*columns, "n"]]
    if len(columns) == 1:
        return trials.sum(skipna=False)

    mean, sd = columns
    found: dict[object, Any] = {}
    faults: list[str] = []
    for study, trial in trials:
        found[study] = trial.iloc[0]
        if len(trial) > 1 and trial.isna().to_numpy().any():
            found[study] = trial.iloc[0] * np.nan  # what one of them does not print, none can have
        elif len(trial) > 1:
            try:
                arm = combine_arms(trial["n"], trial[mean], trial[sd])
            except DataError as error:
                faults += [f"study {study}: {fault}" for fault in error.faults]
            else:
                found[study] = pd.Series({mean: arm.mean, sd: arm.sd, "n": arm.n})
    if faults:
        raise DataError.from_faults("pairwise", faults)
    return pd.DataFrame(found).T


def _alike(names: pd.Series[Any]) -> Iterable[list[Any]]:
    """Find names that only case, blanks or the writing of an accent tell apart."""
    written: dict[str, list[Any]] = {}
    for name in names.dropna().unique():
        written.setdefault(one_name(name), []).append(name)
    return (ways for ways in written.values() if len(ways) > 1)


def _empty(table: pd.DataFrame, columns: Iterable[str]) -> list[str]:
    """Name the rows of which nobody could say what trial they are."""
    return [
        f"row {position + 1}, column {name}: it is empty; give it, for it tells trials apart"
        for name in columns
        for position, empty in enumerate(table[name].isna())
        if empty
    ]
