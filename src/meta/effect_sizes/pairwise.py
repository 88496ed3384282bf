"""From trials with several arms to one comparison a trial."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from meta.errors import DataError
from meta.evidence.faults import closest, listed

_FACTS = ["study_id", "label", "year"]


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
        If a column is missing.

    Examples
    --------
    >>> import meta
    >>> arms = meta.long_arms(meta.load_evidence("data").antidepressants_primary_care)
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
    numbers = sorted(
        int(name.removeprefix("treatment_")) for name in columns if name.startswith("treatment_")
    )
    names = [name.removesuffix("_1") for name in columns if name.endswith("_1")]
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


def pairwise(
    arms: pd.DataFrame, treated: str | Iterable[str], control: str, *, events: str
) -> pd.DataFrame:
    """Compare treatments with a control, once for each trial that has both.

    Parameters
    ----------
    arms : pandas.DataFrame
        One row an arm, from :func:`long_arms`: ``study_id label year treatment n`` and the counts.
    treated : str or iterable of str
        Treatment, or several that count as one: arms of one trial are added up, so that its control
        arm counts once.
    control : str
        Treatment that they are compared with.
    events : str
        Column with the people who had the event, for example ``"response"``.

    Returns
    -------
    pandas.DataFrame
        ``study_id label year events_t n_t events_c n_c``, one row a trial, as :func:`meta.effects`
        takes it. A trial of which one of the arms does not print the count has a missing one, and
        is named there among the excluded.

    Raises
    ------
    DataError
        If no arm has such a treatment, a column is missing, or a treatment is also the control.

    Notes
    -----
    Adding up arms is what the Cochrane Handbook recommends for several arms of one kind (version
    6.5, section 23.3.4).

    Examples
    --------
    >>> import meta
    >>> arms = meta.long_arms(meta.load_evidence("data").antidepressants_primary_care)
    >>> pairs = meta.pairwise(arms, ["TCA", "SNRI"], "Placebo", events="response")
    >>> pairs.loc[pairs["study_id"] == "1", ["events_t", "n_t", "events_c", "n_c"]].values.tolist()
    [[109, 153, 48, 76]]
    """
    wanted = [treated] if isinstance(treated, str) else list(treated)
    known = list(dict.fromkeys(arms["treatment"].dropna()))
    faults = [
        f"no arm has the treatment {name!r}. {closest(name, known)}Known are {listed(known)}"
        for name in (*wanted, control)
        if name not in known
    ]
    if events not in arms:
        faults.append(f"no column {events!r}. {closest(events, arms.columns)}")
    if control in wanted:
        faults.append(f"{control!r} is treated and control at once; leave it out of one of them")
    if faults:
        raise DataError.from_faults("pairwise", faults)
    columns = [events, "n"]
    sides = [
        arms[arms["treatment"].isin(names)]
        .groupby(_FACTS, as_index=False, sort=False)[columns]
        .sum(skipna=False)
        for names in (wanted, [control])
    ]
    both = sides[0].merge(sides[1], on=_FACTS, suffixes=("_t", "_c"))
    return both.rename(columns={f"{events}_{arm}": f"events_{arm}" for arm in "tc"})
