"""What if a trial has more than two arms?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from meta.arguments import checked
from meta.effect_sizes.inputs import (
    SIZE_FOR_COUNTS,
    Numbers,
    Relation,
    Rule,
    read_columns,
)
from meta.errors import DataError


class Arm(NamedTuple):
    """One arm: people, mean and standard deviation."""

    n: float
    mean: float
    sd: float


class SharedControl(NamedTuple):
    """The share of a control group that one of several comparisons may use.

    Attributes
    ----------
    n : float, numpy.ndarray or pandas.Series
        People; may be a fraction.
    events : float, numpy.ndarray, pandas.Series or None
        People with the event, if any were given.
    """

    n: Numbers
    events: Numbers


@checked
def combine_arms(n: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> Arm:
    r"""Combine two or more arms into one, as if their people had been one group.

    Parameters
    ----------
    n : array_like
        People in each arm; at least 2. One value for each arm.
    mean : array_like
        Mean of each arm.
    sd : array_like
        Standard deviation of each arm; above 0.

    Returns
    -------
    Arm
        n, mean and sd of the people of all arms together.

    Raises
    ------
    DataError
        If there are fewer than two arms, or a value is missing or out of range.

    Notes
    -----
    With :math:`N = \sum n_i` people and :math:`M = \sum n_i m_i / N`, the SD is the root of

    .. math:: \frac{\sum (n_i - 1) s_i^2 + \sum n_i (m_i - M)^2}{N - 1}

    Mean and SD are the very ones that the individual data have together, so combining in steps or
    in any order gives the same. For two arms it is the Handbook's formula (Table 6.5.a). Counts are
    simply added.

    Checked against: the mean and standard deviation of simulated individual data.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, chapter 6, section 6.5.2.10.

    Examples
    --------
    >>> arm = combine_arms([20, 30], [10.0, 12.0], [3.0, 4.0])
    >>> arm.n, arm.mean, round(arm.sd, 4)
    (50.0, 11.2, 3.7335)
    """
    arms = read_columns("combine_arms", {"n": n, "mean": mean, "sd": sd})
    if len(arms) < 2:
        raise DataError(f"combine_arms: {len(arms)} arm given; needed: at least 2")
    size, centre, spread = arms["n"], arms["mean"], arms["sd"]
    total = size.sum()
    overall = (size * centre).sum() / total
    squares = ((size - 1) * spread**2 + size * (centre - overall) ** 2).sum()
    return Arm(float(total), float(overall), float(np.sqrt(squares / (total - 1))))


@checked
def split_control(
    n_c: ArrayLike, comparisons: ArrayLike, *, events_c: ArrayLike | None = None
) -> SharedControl:
    """Split a control group among several comparisons of one trial.

    Parameters
    ----------
    n_c : array_like
        People in the shared control group; at least 1.
    comparisons : array_like
        In how many comparisons of the analysis it serves; a whole number, at least 2.
    events_c : array_like, optional
        People with the event in it; from 0 to n_c.

    Returns
    -------
    SharedControl
        n and, if given, events for each comparison. Mean and standard deviation stay as they are.

    Raises
    ------
    DataError
        If a value is missing or out of range.

    Notes
    -----
    Keeps control people from being counted twice. The comparisons remain correlated, so their
    pooled interval is still somewhat off; combining the active arms (`combine_arms`) is better
    where they can be regarded as one treatment.

    Checked against: computation by hand.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions, chapter 23, section 23.3.4.

    Examples
    --------
    >>> split_control(33, 2, events_c=7)
    SharedControl(n=16.5, events=3.5)
    """
    columns = read_columns(
        "split_control",
        {"n_c": n_c, "comparisons": comparisons, "events_c": events_c},
        {
            "n_c": SIZE_FOR_COUNTS,
            "comparisons": Rule(
                lambda x: (x >= 2) & (x == np.floor(x)), "a whole number of comparisons >= 2"
            ),
        },
        relations=(
            Relation(
                ("events_c", "n_c"), lambda events, n: events <= n, "no more events than people"
            ),
        ),
    )
    events = columns.get("events_c")
    return SharedControl(
        columns.like_input(columns["n_c"] / columns["comparisons"]),
        None if events is None else columns.like_input(events / columns["comparisons"]),
    )
