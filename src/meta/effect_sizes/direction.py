"""Whom does a printed result favour, significant or not?"""

from __future__ import annotations

import pandas as pd

from meta.arguments import checked
from meta.effect_sizes.forms import RATIO_UNITS
from meta.effect_sizes.rows import Row, read_rows


@checked
def directions(results: pd.DataFrame) -> pd.Series[str]:
    """Say for each reported result whom it favours, significant or not.

    Parameters
    ----------
    results : pandas.DataFrame
        One row for each reported result, with columns as ``evidence.select(...)`` returns them.
        Of a table of your own, `study_id` (or `label`) will do with any of: `favours`; `estimate`
        with `effect_unit`; `mean_t mean_c`; `events_t n_t events_c n_c`; and, for all but the
        first, `lower_is_better` (yes or no). An empty or absent cell means "not reported".

    Returns
    -------
    pandas.Series of str
        With the index of `results`: "treated", "control", "neither" (no difference was found, or
        the figures are equal), "not_stated" (no direction between two arms can be read).

    Raises
    ------
    DataError
        If a cell cannot be read: a word that `favours` does not know, a figure that is no number,
        more events than people. All faults are named.

    Notes
    -----
    The first of these that a row prints decides:

    1. the verdict in words, `favours`;
    2. the estimate (treated minus control) against no difference: 0, or 1 where `effect_unit` is a
       ratio of two groups (RR, OR, HR, IRR, PETO). The estimate of a `proportion` is the share of
       one group and says nothing here;
    3. the means (or medians) of both arms;
    4. the events of both arms, as shares of the people; where the people of an arm were not
       printed, as counts, which supposes arms of equal size.

    Figures favour the treated if they are lower there and `lower_is_better` is yes, or higher and
    it is no; without `lower_is_better` they favour nobody that could be named. A change within one
    arm and an uncontrolled study have no second arm: "not_stated".

    A direction carries no size and no certainty. One trial has a direction for each of its
    outcomes, scales and times: choose one row a trial before counting with
    :func:`meta.direction_vote`, which takes the answer as it is.

    Checked against: rows of each kind, read by hand.

    Examples
    --------
    >>> import meta
    >>> import pandas as pd
    >>> rows = pd.DataFrame({
    ...     "study_id": ["a", "b", "c", "d"],
    ...     "favours": [None, None, None, "neither"],
    ...     "estimate": [-2.1, 1.3, None, None], "effect_unit": ["points", "OR", None, None],
    ...     "mean_t": [None, None, 14.0, None], "mean_c": [None, None, 11.5, None],
    ...     "lower_is_better": ["yes", "no", "yes", "yes"],
    ... })
    >>> meta.directions(rows).tolist()
    ['treated', 'treated', 'control', 'neither']
    >>> vote = meta.direction_vote(meta.directions(rows), labels=rows["study_id"])
    >>> vote.treated, vote.control, vote.silent
    (2, 1, 1)
    """
    sides = [direction_of(row) for row in read_rows(results)]
    return pd.Series(sides, index=results.index, name="favours", dtype="str")


def direction_of(row: Row) -> str:
    """Say whom one result favours; see `directions`."""
    if verdict := row.text("favours"):
        return verdict
    difference = _difference(row)
    if difference is None or row.lower_is_better is None:
        return "not_stated"
    if difference == 0:
        return "neither"
    return "treated" if (difference < 0) == row.lower_is_better else "control"


def _difference(row: Row) -> float | None:
    """Return treated minus control on any scale that keeps the sign; None without both arms."""
    if row.result_type == "single_arm_change" or row.text("stratum") == "uncontrolled":
        return None
    if row.has("estimate") and row.result_type != "proportion":
        estimate = row["estimate"]
        return estimate - (1 if row.text("effect_unit") in RATIO_UNITS else 0)
    if row.has("mean_t", "mean_c"):
        return row["mean_t"] - row["mean_c"]
    if row.has("events_t", "events_c"):
        if row.has("n_t", "n_c"):
            return row["events_t"] / row["n_t"] - row["events_c"] / row["n_c"]
        return row["events_t"] - row["events_c"]
    return None
