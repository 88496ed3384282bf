"""How well is a result reported?"""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pandas as pd

from meta.evidence.digits import range_of_p
from meta.evidence.rules import all_given, column_or_nothing, needs_verdict

LEVELS = ("arms", "interval", "p_value", "direction", "silent", "single_arm")
_NULL_WORDS = re.compile(r"^(?:ns|n\.s\.|not significant|not reported)$", re.IGNORECASE)


def reporting_level(results: pd.DataFrame) -> pd.Series[str]:
    """Say for each result row how much of the comparison was printed.

    Parameters
    ----------
    results : pandas.DataFrame
        Result rows, as in ``Evidence.results`` or from ``Evidence.select``. A column that is absent
        counts as not reported.

    Returns
    -------
    pandas.Series of str
        With the index of `results`; the first level that holds:

        ``single_arm``
            No comparison: change within one arm, a proportion, an uncontrolled study.
        ``arms``
            n, mean and SD of both arms, or events and n of both arms (a 2x2 table).
        ``interval``
            An estimate with both confidence limits or a standard error.
        ``p_value``
            An exact p-value of the treatment against the control, and n of both arms.
        ``direction``
            A side without a size: means without SD, an estimate without interval, a verdict in
            words, a significant p-value or a bound below which it lies. ``favours`` or the
            figures tell the side; ``favours`` = not_stated means that the source does not.
        ``silent``
            "No difference" or nothing at all about the comparison, and no figure to compute from.

    Raises
    ------
    KeyError
        If ``result_type`` is absent.

    Notes
    -----
    The level is about what is printed, not about its quality or its kind: a cohort's odds ratio
    with interval is ``interval``; its ``stratum`` keeps it apart. Medians (``median_iqr``) are
    never ``arms``. A p-value of a test over three or more arms, within one arm, or of several
    outcomes together (``p_contrast``) is none of this comparison: such a row is ``direction`` or
    ``silent``. Where the column ``p_contrast`` is absent, the test is taken as between the arms.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame(
    ...     {
    ...         "result_type": ["post", "difference", "difference", "difference"],
    ...         "estimate": [None, -6.0, None, None],
    ...         "ci_low": [None, -7.9, None, None],
    ...         "ci_high": [None, -4.2, None, None],
    ...         "mean_t": [9.2, None, None, None],
    ...         "mean_c": [21.6, None, None, None],
    ...         "p_value": [None, "<0.001", "0.01", "ns"],
    ...         "n_t": [30, 112, 23, 30],
    ...         "n_c": [30, 112, 23, 30],
    ...     }
    ... )
    >>> reporting_level(rows).tolist()
    ['direction', 'interval', 'p_value', 'silent']
    """
    given = partial(all_given, results)
    kind = column_or_nothing(results, "result_type")
    alone = kind.isin(["single_arm_change", "proportion"])
    if "stratum" in results:
        alone = alone | (results["stratum"] == "uncontrolled")
    means = given("n_t", "n_c", "mean_t", "mean_c", "sd_t", "sd_c") & (kind != "median_iqr")
    counts = given("n_t", "n_c", "events_t", "events_c")
    interval = given("estimate") & (given("ci_low", "ci_high") | given("se"))
    printed = column_or_nothing(results, "p_value").map(range_of_p, na_action=None)
    exact = printed.map(lambda p: p is not None and p.exact).astype(bool)
    ours = column_or_nothing(results, "p_contrast") == "between_arms"
    if "p_contrast" not in results:
        ours = pd.Series(True, index=results.index)
    favours = column_or_nothing(results, "favours")
    figures = ~needs_verdict(results)
    sided = figures | favours.isin(["treated", "control"])
    # a significant test whose side is not printed is a finding, not a silence; a test within one
    # arm says nothing of the comparison
    claimed = column_or_nothing(results, "p_value").map(_significant).astype(bool)
    significant = claimed & (favours != "neither")
    significant &= column_or_nothing(results, "p_contrast") != "within_arm"
    levels = np.select(
        [alone, means | counts, interval, exact & ours & given("n_t", "n_c"), sided | significant],
        ["single_arm", "arms", "interval", "p_value", "direction"],
        default="silent",
    )
    return pd.Series(levels, index=results.index, name="reporting", dtype="str")


def _significant(text: object) -> bool:
    """Tell whether a printed p-value or word claims a difference."""
    if not isinstance(text, str):
        return False
    p = range_of_p(text)
    if p is not None:
        return p.high <= 0.05 or (p.exact and (p.low + p.high) / 2 <= 0.05)
    return not _NULL_WORDS.match(text.strip())


def doubted(flags: pd.Series) -> pd.Series[bool]:
    """Say which flags doubt the integrity of a trial's figures.

    Parameters
    ----------
    flags : pandas.Series of str
        Column ``flag``; a missing one doubts nothing.

    Examples
    --------
    >>> import pandas as pd
    >>> doubted(pd.Series(["integrity: SDs too small", "open label", None])).tolist()
    [True, False, False]
    """
    return flags.fillna("").str.startswith("integrity")


def doubted_studies(results: pd.DataFrame) -> frozenset[str]:
    """Name the studies of which any row carries an integrity flag; none without the column.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"study_id": ["a", "b"], "flag": ["integrity: SDs", None]})
    >>> sorted(doubted_studies(rows)), sorted(doubted_studies(rows[["study_id"]]))
    (['a'], [])
    """
    if "flag" not in results:
        return frozenset()
    return frozenset(results.loc[doubted(results["flag"]), "study_id"])


def barred_studies(results: pd.DataFrame) -> frozenset[str]:
    """Name the studies whose data bar them from every pool and every count.

    Parameters
    ----------
    results : pandas.DataFrame
        Result rows with ``study_id``. A row bars its study where the column ``barred`` is "data"
        (its figures contradict each other, or are not known to be true) or where ``flag`` begins
        with "retracted". Columns that are absent bar nothing.

    Returns
    -------
    frozenset of str
        Values of ``study_id``.

    Notes
    -----
    One such row is enough, also for the other rows of the study: a trial that the curators do not
    trust for a pool is no evidence of "no difference" either. The other words of ``barred``
    (spread, analysis, route) bar the row alone.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame(
    ...     {
    ...         "study_id": ["a", "a", "b", "c"],
    ...         "barred": ["data", None, "analysis", None],
    ...         "flag": [None, None, None, "retracted in 2022"],
    ...     }
    ... )
    >>> sorted(barred_studies(rows))
    ['a', 'c']
    """
    barred = column_or_nothing(results, "barred") == "data"
    barred |= column_or_nothing(results, "flag").fillna("").str.lower().str.startswith("retracted")
    return frozenset(results.loc[barred, "study_id"])
