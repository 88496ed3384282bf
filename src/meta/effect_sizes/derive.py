"""Which effects do these reported results hold? Mixed forms in, traced effects out."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from meta.arguments import checked
from meta.effect_sizes.assumptions import ExternalSD
from meta.effect_sizes.container import Effects


@checked
def effects(
    results: pd.DataFrame,
    measure: str = "SMD",
    *,
    scores: str | None = None,
    include: Sequence[str] = ("arms", "interval", "p_value"),
    choose: Sequence[str] = ("reporting", "time", "assumptions", "source", "size"),
    correlation: float = 0.5,
    sd: ExternalSD = None,
    lower_is_better: bool | None = None,
    drop00: bool | None = None,
) -> Effects:
    r"""Derive one effect for each trial from results in whatever form they were reported.

    Every row that comes in is accounted for: it becomes an effect, or stands in `rejected` (its
    trial is already counted) or in `excluded`, each with the reason.

    Parameters
    ----------
    results : pandas.DataFrame
        One row for each reported result, with columns as ``evidence.select(...)`` returns them. Of
        a table of your own, the figures of any form are enough, and rows may differ in form: the
        arguments of :func:`meta.effect_size` (`n_t mean_t sd_t n_c mean_c sd_c`; `events_t n_t
        events_c n_c`; ...); `estimate` with `ci_low ci_high` or `se`; `p_value` with `n_t n_c` (or
        `n_randomised`) and a sign; `yi` with `vi` or `sei`, which is taken before all others.
        `study_id` says which rows report one trial; `label` (or `study`) names a row and does not.
        Read as well, if there:
        `result_id`, `result_type` (post, change, difference, events, median_iqr,
        single_arm_change, proportion; without the column the filled cells say it, and means count
        as end scores), `base_mean_t` ... `base_sd_c`, `q1_t q3_t q1_c q3_c` (medians then stand in
        `mean_t` and `mean_c`), `ci_level` (95 or 0.95; 95 % is supposed without), `effect_unit`,
        `lower_is_better`, `favours`, `p_contrast` (whose test the p-value is; between the arms
        without the column), `design` and `paired`, `n_arms`, `same_trial_as`, `time_weeks`,
        `duration_weeks`, `source_kind`, `flag`, `figures_not_quoted`. An empty cell means "not
        reported". No other text is parsed.
    measure : str
        Effect measure, as in :func:`meta.effect_size`, HR (from a printed hazard ratio, or O-E with
        its variance in a file), or GEN (any kind, as printed). SMD is Hedges' g with the exact
        factor J.
    scores : {"post", "change", "both"}, optional
        Which scores of a scale to take. ``"post"`` (default for SMD and ROM): end scores; rows of
        change scores are excluded. ``"change"``: change scores; end scores become changes where
        baseline means and SDs are printed (by `correlation`, named). ``"both"`` (default for MD,
        where either estimates the same difference): either; in an SMD the two have different
        standardisers, so each change score carries that by name.
    include : sequence of {"arms", "interval", "p_value"}
        Levels of reporting that may give an effect, the preferred first. ``("arms", "interval")``
        leaves out whatever was rebuilt from a p-value.
    choose : sequence of {"reporting", "time", "assumptions", "source", "size", "scores"}
        Rules, in order, by which one report speaks for a trial: the level that stands first in
        `include`; the time closest to the end of treatment; fewer assumptions; the paper before a
        secondary source; more people; end before change scores. What is still equal is decided by
        `result_id`.
    correlation : float, default 0.5
        Within-person correlation, strictly between -1 and 1: between the periods of a crossover
        and, for ``scores="change"``, between baseline and end. Named wherever it is used; vary it
        over 0.3 to 0.8.
    sd : None, "instrument", "instrument_low", "instrument_high", float or mapping, optional
        Outside standard deviation for SMDs from rows that print a difference without one. None:
        such rows are excluded. ``"instrument"``: column `sd_reference` of the results (a printed SD
        of the same scale), ``"instrument_low"`` and ``"instrument_high"``: columns `sd_low` and
        `sd_high`; a number; or a mapping from `instrument_id` (or `instrument`) to numbers.
    lower_is_better : bool, optional
        Direction of the scale for rows whose cell `lower_is_better` is empty or absent. Without it
        and without such a column, effects favour nobody that could be named.
    drop00 : bool, optional
        Whether a trial in which nobody or everybody had the event is excluded, as in
        :func:`meta.effect_size`: by default from ratios, about which it says nothing.

    Returns
    -------
    Effects
        `.table` has a row for each trial: `yi` (treated minus control; log for RR, OR, PETO, ROM;
        negative favours the treated where lower is better), `vi`, `sei`, `reporting`, `form`,
        `assumptions` ("" if none), the figures used, `paired`, `sign_reversed`, `cluster` (the
        trial), `flag`, and every other column of the results. `.excluded` and `.rejected` hold the
        other rows with the reason, `.derivation(study_id)` the way to each effect,
        `.lower_is_better` the common direction. No effect at all is an empty table.

    Raises
    ------
    DataError
        With a line for each fault: a wrong choice of argument; a cell that is no number, an SD or
        SE not above 0, more events than people, limits in the wrong order, a repeated `result_id`;
        a row with an effect whose direction is not said, beside others that say it.
    NotComparable
        If an MD would mix instruments or units, or an RR, PETO or ROM outcomes of opposite
        direction.

    Notes
    -----
    The choices, and why:

    - A row is read at its best level: means with SDs before an interval before a p-value. A
      difference with an interval is not turned into an SMD through its own standard error, which
      an adjusted analysis has made smaller; it needs an outside SD, by name.
    - An interval is read with the normal quantile (see :func:`meta.convert.ci_to_se`).
    - A p-value gives an SMD through the exact t with n_t + n_c - 2 degrees of freedom, under the
      named assumption of an unadjusted t test, and, where only the number randomised is known, of
      equal arms (more people behind one p-value mean a smaller effect, so drop-out makes this
      cautious). A bound ("<0.001"), a word, a test of three or more groups, within one arm or of
      several outcomes gives none. Means and SDs without numbers of people give none, because there
      a number too large would make the effect look more precise than it is.
    - A crossover is paired unless its two columns count different people (the first period, read
      as two groups); a column `paired` overrides this.
    - Effects on scales where higher is better are reversed in sign if the set also holds the
      opposite; a risk or mean ratio cannot be (its inverse is not the ratio of the opposite
      outcome).
    - Strata are not filtered or mixed with a warning: select them before; the column is carried.
      Flags are carried, too, and bar a row only if they say "retracted", "do not pool" or "do not
      use as SD".

    Checked against: rajizadeh2017's printed changes (pooled SD 8.41, d -0.62), tarleton2017's
    interval (SE 0.944), the crossover example of the Cochrane Handbook (section 16.4.6 of the
    edition of 2011), and every line of arithmetic evaluated again from its printed form.

    References
    ----------
    Higgins JPT, Thomas J, Chandler J, et al (2019). Cochrane Handbook for Systematic Reviews of
    Interventions, chapters 6 and 23. Wiley. doi:10.1002/9781119536604

    Elbourne DR, Altman DG, Higgins JPT, Curtin F, Worthington HV, Vail A (2002). Meta-analyses
    involving cross-over trials: methodological issues. International Journal of Epidemiology
    31(1):140-149. doi:10.1093/ije/31.1.140

    Examples
    --------
    >>> import pandas as pd
    >>> results = pd.DataFrame({
    ...     "study_id": ["a", "b", "c"],
    ...     "n_t": [26, None, 20], "mean_t": [11.3, None, None], "sd_t": [6.9, None, None],
    ...     "n_c": [27, None, 20], "mean_c": [15.2, None, None], "sd_c": [9.3, None, None],
    ...     "n_randomised": [60, 90, 40], "p_value": [None, "0.02", "<0.05"],
    ...     "favours": [None, "treated", "treated"], "lower_is_better": "yes",
    ... })
    >>> found = effects(results)
    >>> found.table[["study_id", "reporting", "yi", "vi"]].round(4)
      study_id reporting      yi      vi
    0        a      arms -0.4679  0.0776
    1        b   p_value -0.4953  0.0458
    >>> found.excluded[["study_id", "reason"]].values.tolist()
    [['c', 'the p-value is given only as a bound (<0.05), from which no effect is rebuilt; ...']]
    >>> for step in found.derivation("b").steps:
    ...     print(step)
    t = -1*t_quantile(1 - 0.02/2, 88) = -2.36947
    J = gamma(88/2)/(sqrt(88/2)*gamma((88 - 1)/2)) = 0.991449
    yi = J*t*sqrt(1/45 + 1/45) = -0.495257
    vi = 1/45 + 1/45 + yi^2/(2*(45 + 45)) = 0.0458071
    >>> print(found.table["assumptions"][1])
    p-value of an unadjusted t test of two arms; equal arms (45 and 45 of 90 randomised)
    """
    return Effects.from_table(
        results, measure, scores=scores, include=include, choose=choose, correlation=correlation,
        sd=sd, lower_is_better=lower_is_better, drop00=drop00,
    )  # fmt: skip
