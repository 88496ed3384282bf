"""Which effects do these reported results hold? Mixed forms in, traced effects out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from meta.effect_sizes.assumptions import ExternalSD, Settings, read_settings
from meta.effect_sizes.choice import CRITERIA, Rejected, choose_one_per_trial
from meta.effect_sizes.container import Effects
from meta.effect_sizes.forms import derive
from meta.effect_sizes.row_effect import NoEffect, RowEffect
from meta.effect_sizes.rows import NUMBERS, Row, read_rows
from meta.errors import DataError, NotComparable

# what an effect's row shows first; whatever else the results table holds follows
_FIRST = (
    "result_id",
    "study_id",
    "label",
    "year",
    "outcome",
    "instrument",
    "time_weeks",
    "reporting",
    "form",
    "assumptions",
    "yi",
    "vi",
    "sei",
    *(f"{name}_{arm}" for arm in "tc" for name in ("n", "mean", "sd", "events")),
    "paired",
    "turned",
    "cluster",
    "flag",
)
_EXCLUDED = (
    "result_id", "study_id", "label", "reporting", "favours", "n_t", "n_c", "n", "paired", "reason",
    "cluster",
)  # fmt: skip
_REJECTED = ("result_id", "study_id", "chosen_result_id", "reason")


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
) -> Effects:
    r"""Derive one effect for each trial from results in whatever form they were reported.

    Every row that comes in is accounted for: it becomes an effect, or stands in `rejected` (its
    trial is already counted) or in `excluded`, each with the reason.

    Parameters
    ----------
    results : pandas.DataFrame
        One row for each reported result, with columns as ``evidence.select(...)`` returns them. Of
        a table of your own, `study_id` (or `label`) and the figures of any form are enough: `n_t
        mean_t sd_t n_c mean_c sd_c`; `events_t n_t events_c n_c`; `estimate` with `ci_low ci_high`
        or `se`; `p_value` with `n_t n_c` (or `n_randomised`) and a sign. Read as well, if there:
        `result_id`, `result_type` (post, change, difference, events, median_iqr,
        single_arm_change, proportion; without the column the filled cells say it, and means count
        as end scores), `base_mean_t` ... `base_sd_c`, `q1_t q3_t q1_c q3_c` (medians then stand in
        `mean_t` and `mean_c`), `ci_level` (95 or 0.95; 95 % is supposed without), `effect_unit`,
        `lower_is_better`, `favours`, `p_contrast` (whose test the p-value is; between the arms
        without the column), `design` and `paired`, `n_arms`, `same_trial_as`, `time_weeks`,
        `duration_weeks`, `source_kind`, `flag`, `figures_not_quoted`. An empty cell means "not
        reported". No other text is parsed.
    measure : {"SMD", "MD", "ROM", "RR", "OR", "RD", "PETO"}
        Effect measure. SMD is Hedges' g with the exact factor J.
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
        Direction of the scale for rows whose cell `lower_is_better` is empty or absent.

    Returns
    -------
    Effects
        `.table` has a row for each trial: `yi` (treated minus control; log for RR, OR, PETO, ROM;
        negative favours the treated where lower is better), `vi`, `sei`, `reporting`, `form`,
        `assumptions` ("" if none), the figures used, `paired`, `turned`, `cluster` (the trial),
        `flag`, and every other column of the results. `.excluded` and `.rejected` hold the other
        rows with the reason, `.derivation(study_id)` the way to each effect,
        `.lower_is_better` the common direction. No effect at all is an empty table.

    Raises
    ------
    DataError
        With a line for each fault: a wrong choice of argument; a cell that is no number, an SD or
        SE not above 0, more events than people, limits in the wrong order, a repeated `result_id`;
        a row with an effect whose direction is not said.
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
    - Effects on scales where higher is better are turned if the set also holds the opposite; a
      risk or mean ratio cannot be turned (its inverse is not the ratio of the opposite outcome).
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
    faults: list[str] = []
    settings = read_settings(measure, scores, include, correlation, sd, faults)
    criteria = (choose,) if isinstance(choose, str) else tuple(choose)
    unknown = [name for name in criteria if name not in CRITERIA]
    if unknown:
        faults.append(f"choose has {unknown}; needed: some of {', '.join(CRITERIA)}")
    if lower_is_better not in (None, True, False):
        faults.append(f"lower_is_better is {lower_is_better!r}; needed: True, False or None")
    try:
        rows = read_rows(results, lower_is_better)
    except DataError as error:
        raise DataError.from_faults("effects", [*faults, *error.faults]) from None
    if faults:
        raise DataError.from_faults("effects", faults)
    outcomes = [derive(row, settings) for row in rows]
    derived = [each for each in outcomes if isinstance(each, RowEffect)]
    without = [each for each in outcomes if isinstance(each, NoEffect)]
    _check_direction_known(derived, settings)
    chosen, rejected = choose_one_per_trial(derived, settings.include, criteria)
    _check_comparable(chosen, settings)
    chosen, common = _to_common_direction(chosen)
    return Effects(
        measure=settings.measure,
        table=_table(results, chosen),
        excluded=_excluded(without),
        rejected=_rejected(rejected),
        derivations={each.row.study_id: each.derivation for each in chosen},
        lower_is_better=common,
    )


def _check_direction_known(derived: Sequence[RowEffect], settings: Settings) -> None:
    """Refuse effects of which nobody can say which side they favour."""
    faults = [
        f"{each.row.result_id}, column lower_is_better: missing; needed: yes or no, or the "
        "argument lower_is_better=True or False"
        for each in derived
        if each.direction is None and not each.oriented
    ]
    if faults:
        raise DataError.from_faults(f"effects({settings.measure!r})", faults)


def _check_comparable(chosen: Sequence[RowEffect], settings: Settings) -> None:
    """Refuse sets whose effects are not on one scale."""
    if settings.measure == "MD":
        scales: dict[tuple[str, str], list[str]] = {}
        for each in chosen:
            row = each.row
            key = (row.text("instrument_id"), row.text("effect_unit"))
            scales.setdefault(key, []).append(row.result_id)
        if len(scales) > 1:
            listed = "; ".join(
                f"{instrument or 'instrument not named'} in {unit or 'unnamed units'}: "
                f"{', '.join(ids)}"
                for (instrument, unit), ids in scales.items()
            )
            raise NotComparable(
                f"a mean difference needs one instrument and unit, and these rows have "
                f"{len(scales)}: {listed}. Select one (instrument_id=..., effect_unit=...), or use "
                "measure='SMD'"
            )
    directions = {each.direction for each in chosen} - {None}
    if len(directions) > 1 and settings.measure in ("RR", "ROM"):
        higher = [each.row.result_id for each in chosen if each.direction is False]
        raise NotComparable(
            f"{settings.measure} cannot be turned round, and higher is better in "
            f"{', '.join(higher)} while lower is better in the others. Select outcomes of one "
            "direction, or use measure='OR' for events and 'SMD' for means"
        )


def _to_common_direction(
    chosen: Sequence[RowEffect],
) -> tuple[list[RowEffect], bool | None]:
    """Turn effects so that all read the same way: lower is better, unless none does."""
    directions = {each.direction for each in chosen} - {None}
    if not chosen:
        return [], None
    common = directions != {False}
    turned = []
    for each in chosen:
        # an effect known only from its verdict was given the sign of "lower is better"
        own = True if each.direction is None else each.direction
        if own == common:
            turned.append(each)
        else:
            turned.append(replace(each, derivation=each.derivation.turned(), turned=True))
    return turned, common


def _table(results: pd.DataFrame, chosen: Sequence[RowEffect]) -> pd.DataFrame:
    """Put the chosen effects under the columns of the results they came from."""
    carried = results.iloc[[each.row.position for each in chosen]].reset_index(drop=True)
    computed: dict[str, list[Any]] = {
        "result_id": [each.row.result_id for each in chosen],
        "study_id": [each.row.study_id for each in chosen],
        "label": [each.row.label for each in chosen],
        "reporting": [each.level for each in chosen],
        "form": [each.derivation.form for each in chosen],
        "assumptions": ["; ".join(map(str, each.derivation.assumptions)) for each in chosen],
        "yi": [each.derivation.yi for each in chosen],
        "vi": [each.derivation.vi for each in chosen],
        "sei": [each.derivation.sei for each in chosen],
        "paired": [each.row.paired for each in chosen],
        "turned": [each.turned for each in chosen],
        "cluster": [each.row.trial for each in chosen],
        "flag": [each.row.text("flag") for each in chosen],
    }
    types = {"yi": float, "vi": float, "sei": float, "paired": bool, "turned": bool}
    columns = {
        name: pd.Series(values, dtype=types.get(name, "str")) for name, values in computed.items()
    }
    used = {name for each in chosen for name in each.used}
    for name in NUMBERS:
        if name in carried or name in used:
            columns[name] = pd.Series([_number(each, name) for each in chosen], dtype=float)
    rest = [name for name in carried if name not in columns]
    table = pd.concat([pd.DataFrame(columns), carried[rest]], axis=1)
    first = [name for name in _FIRST if name in table]
    return table[[*first, *(name for name in table if name not in first)]]


def _number(effect: RowEffect, name: str) -> float | None:
    return effect.used.get(name, effect.row.numbers.get(name))


def _excluded(without: Sequence[NoEffect]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (
                each.row.result_id,
                each.row.study_id,
                each.row.label,
                each.level,
                each.row.text("favours"),
                each.row.numbers.get("n_t"),
                each.row.numbers.get("n_c"),
                _people(each.row),
                each.row.paired,
                each.reason,
                each.row.trial,
            )
            for each in without
        ],
        columns=list(_EXCLUDED),
    ).astype({"n_t": float, "n_c": float, "n": float, "paired": bool})


def _people(row: Row) -> float | None:
    """Return the people of both arms together; unknown where the trial has further arms."""
    several = row.numbers.get("n_arms", 2.0) > 2 or row.text("p_contrast") == "multi_arm"
    return None if several else row.numbers.get("n_randomised")


def _rejected(rejected: Sequence[Rejected]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            (
                each.effect.row.result_id,
                each.effect.row.study_id,
                each.chosen.row.result_id,
                each.reason,
            )
            for each in rejected
        ],
        columns=list(_REJECTED),
    )
