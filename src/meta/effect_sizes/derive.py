"""Which effects do these reported results hold? Mixed forms in, traced effects out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from meta.arguments import checked
from meta.effect_sizes.assumptions import ExternalSD, Settings, read_settings
from meta.effect_sizes.at_once import Derivations, at_once, names_of, texts_of
from meta.effect_sizes.choice import CRITERIA, Rejected, choose_one_per_trial
from meta.effect_sizes.container import EXCLUDED, REJECTED, Effects, measure_in, no_rows
from meta.effect_sizes.forms import derive
from meta.effect_sizes.measures import MEASURES, arguments_in_words
from meta.effect_sizes.row_effect import NoEffect, RowEffect
from meta.effect_sizes.rows import NUMBERS, Row, read_rows
from meta.effect_sizes.set_notes import without_a_name
from meta.errors import DataError, NotComparable
from meta.wording import listed

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
    "sign_reversed",
    "cluster",
    "flag",
)
_FOUND = ("yi", "vi", "sei")


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
        Effect measure, as in :func:`meta.effect_size`, HR (which only a printed hazard ratio gives)
        or GEN (any kind, as printed). SMD is Hedges' g with the exact factor J.
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
    return from_table(
        results, measure, scores=scores, include=include, choose=choose, correlation=correlation,
        sd=sd, lower_is_better=lower_is_better, drop00=drop00,
    )  # fmt: skip


def from_table(
    table: pd.DataFrame,
    measure: str | None,
    *,
    scores: str | None = None,
    include: Sequence[str] = ("arms", "interval", "p_value"),
    choose: Sequence[str] | None = None,
    correlation: float = 0.5,
    sd: ExternalSD = None,
    lower_is_better: bool | None = None,
    drop00: bool | None = None,
) -> Effects:
    """Derive the effects of a table; see :func:`effects` and :meth:`Effects.from_table`."""
    faults: list[str] = []
    if isinstance(table, pd.DataFrame):
        if "label" not in table and "study" in table:
            table = table.assign(label=table["study"])
        measure = measure_in(table, measure) or _only_measure(table)
    settings = read_settings(
        measure or "GEN", scores, include, correlation, sd, drop00, faults
    )  # fmt: skip
    criteria = (choose,) if isinstance(choose, str) else () if choose is None else tuple(choose)
    unknown = [name for name in criteria if name not in CRITERIA]
    if unknown:
        faults.append(f"choose has {unknown}; needed: some of {', '.join(CRITERIA)}")
    if lower_is_better not in (None, True, False):
        faults.append(f"lower_is_better is {lower_is_better!r}; needed: True, False or None")
    if faults or not isinstance(table, pd.DataFrame):
        # the table's own faults are told with those of the call
        known = settings.measure in MEASURES
        _read(table, lower_is_better, settings if known else None, None, faults)
        raise DataError.from_faults("effects", faults)
    shared = choose is not None and "study_id" in table and table["study_id"].duplicated().any()
    fast = at_once(table.iloc[:0] if shared else table, settings)
    unread = np.ones(len(table), dtype=bool)
    unread[fast["position"]] = False
    rest = np.flatnonzero(unread).tolist()
    rows = _read(table, lower_is_better, settings, rest, faults)
    _check_columns(table, settings)
    outcomes = [derive(row, settings) for row in rows]
    derived = [each for each in outcomes if isinstance(each, RowEffect)]
    without = [each for each in outcomes if isinstance(each, NoEffect)]
    _check_direction_known(derived, settings)
    rejected: list[Rejected] = []
    if choose is not None:
        derived, rejected = choose_one_per_trial(derived, settings.include, criteria)
    _check_comparable(derived, settings)
    derived, common = _to_common_direction(derived)
    if common is None:
        common = lower_is_better if len(fast) else None
    return Effects(
        measure=settings.measure,
        table=_table(table, fast, derived, settings),
        excluded=_excluded(without),
        rejected=_rejected(rejected),
        derivations=Derivations(
            {each.row.study_id: each.derivation for each in derived},
            fast["position"].to_numpy(dtype=int),
            table,
            settings,
        ),
        lower_is_better=common,
        remarks=_unnamed(table),
    )


def _only_measure(table: pd.DataFrame) -> str:
    """Say what a table holds that nobody named: effects of any kind, if effects are given."""
    if {"yi", "estimate"} & set(table):
        return "GEN"
    ways = [
        f"{names} from {arguments}"
        for names, arguments in arguments_in_words()
        if set(arguments.split()) <= set(table)
    ]
    given = f"they give {'; '.join(ways)}" if ways else "no measure follows from them"
    example = ways[0].split()[0] if ways else "SMD"
    raise DataError(
        "effects: there is no column yi; name the measure that the columns become, for example "
        f"measure={example!r} (--measure {example}). The columns are {listed(table)}; {given}"
    )


def _read(
    table: pd.DataFrame,
    lower_is_better: bool | None,
    settings: Settings | None,
    where: Sequence[int] | None,
    faults: list[str],
) -> list[Row]:
    arguments = settings.entry.arguments if settings else {}
    try:
        return read_rows(table, lower_is_better, arguments, where)
    except DataError as error:
        raise DataError.from_faults("effects", [*faults, *error.faults]) from None


def _check_columns(table: pd.DataFrame, settings: Settings) -> None:
    """Refuse a table none of whose columns could give the measure."""
    measure = settings.entry
    needed = [name for name in measure.arguments if name not in measure.optional]
    others = {"yi", "estimate", "ci_low", "p_value", "q1_t", "favours", "result_type", "reporting"}
    if others & set(table) or (needed and set(needed) <= set(table)):
        return
    missing = [name for name in needed if name not in table]
    raise DataError(
        f"effects: {measure.name} needs {f'the columns {listed(needed)}, or ' if needed else ''}"
        f"yi with vi or sei, or estimate with its interval; "
        f"{f'missing: {listed(missing)}; ' if missing else ''}the columns are {listed(table)}"
    )


def _unnamed(table: pd.DataFrame) -> tuple[str, ...]:
    """Say which rows have no name, in a table that names its studies."""
    if "label" not in table or "study_id" in table:
        return ()
    texts = texts_of(table["label"].array)
    if all(texts):
        return ()
    return without_a_name([f"study {i}" for i, text in enumerate(texts, start=1) if not text])


def _check_direction_known(derived: Sequence[RowEffect], settings: Settings) -> None:
    """Refuse effects of which nobody can say which side they favour beside others that say it."""
    if not any(each.oriented or "lower_is_better" in each.row.known_columns for each in derived):
        return
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
    turns = not settings.entry.log or settings.entry.family == "odds ratio"
    if len(directions) > 1 and not turns:
        higher = [each.row.result_id for each in chosen if each.direction is False]
        raise NotComparable(
            f"{settings.measure} cannot be reversed, and higher is better in "
            f"{', '.join(higher)} while lower is better in the others. Select outcomes of one "
            "direction, or use measure='OR' for events and 'SMD' for means"
        )


def _to_common_direction(
    chosen: Sequence[RowEffect],
) -> tuple[list[RowEffect], bool | None]:
    """Turn effects so that all read the same way: lower is better, unless none does."""
    directions = {each.direction for each in chosen} - {None}
    if not directions and not any(each.oriented for each in chosen):
        return list(chosen), None
    common = directions != {False}
    alike = []
    for each in chosen:
        # an effect known only from its verdict was given the sign of "lower is better"
        own = True if each.direction is None else each.direction
        if own == common:
            alike.append(each)
        else:
            alike.append(
                replace(each, derivation=each.derivation.sign_reversed(), sign_reversed=True)
            )
    return alike, common


def _table(
    table: pd.DataFrame, fast: pd.DataFrame, chosen: Sequence[RowEffect], settings: Settings
) -> pd.DataFrame:
    """Put the effects, in the order of their rows, under the columns they came from."""
    used = {name for each in chosen for name in each.used}
    known = {**NUMBERS, **settings.entry.arguments}
    numbers = [name for name in known if (name in table or name in used) and name not in _FOUND]
    parts = [_read_one_by_one(chosen, numbers)] if chosen or not len(fast) else []
    if len(fast):
        parts.append(_computed_at_once(table, fast, numbers))
    found: dict[Any, Any] = parts[0]
    positions = np.asarray(found.pop("position"), dtype=int)
    if len(parts) == 2:
        positions = np.concatenate([positions, parts[1].pop("position")])
        order = np.argsort(positions, kind="stable")
        positions = positions[order]
        found = {
            name: pd.concat([pd.Series(part[name]) for part in parts]).array.take(order)
            for name in found
        }
    for name in table:
        if name not in found:
            found[name] = table[name].array.take(positions)
    first = [name for name in _FIRST if name in found]
    return pd.DataFrame({name: found[name] for name in dict.fromkeys([*first, *found])})


def _read_one_by_one(chosen: Sequence[RowEffect], numbers: Sequence[str]) -> dict[str, Any]:
    texts = {
        "result_id": [each.row.result_id for each in chosen],
        "study_id": [each.row.study_id for each in chosen],
        "label": [each.row.label for each in chosen],
        "reporting": [each.level for each in chosen],
        "form": [each.derivation.form for each in chosen],
        "assumptions": ["; ".join(map(str, each.derivation.assumptions)) for each in chosen],
        "cluster": [each.row.trial for each in chosen],
        "flag": [each.row.text("flag") for each in chosen],
    }
    figures = {
        "yi": [each.derivation.yi for each in chosen],
        "vi": [each.derivation.vi for each in chosen],
        "sei": [each.derivation.sei for each in chosen],
    } | {
        name: [each.used.get(name, each.row.numbers.get(name)) for each in chosen]
        for name in numbers
    }
    return {
        **{name: pd.Series(values, dtype="str").array for name, values in texts.items()},
        **{name: np.array(values, dtype=float) for name, values in figures.items()},
        "paired": np.array([each.row.paired for each in chosen], dtype=bool),
        "sign_reversed": np.array([each.sign_reversed for each in chosen], dtype=bool),
        "position": [each.row.position for each in chosen],
    }


def _computed_at_once(
    table: pd.DataFrame, fast: pd.DataFrame, numbers: Sequence[str]
) -> dict[str, Any]:
    positions = fast["position"].to_numpy(dtype=int)
    studies = names_of(table, positions)
    keys = [f"{study}[{i}]" for study, i in zip(studies, positions.tolist(), strict=True)]
    texts = {
        "result_id": keys,
        "study_id": studies,
        "label": names_of(table, positions, "label") if "label" in table else studies,
        "reporting": fast["reporting"],
        "form": fast["form"],
        "assumptions": fast["assumptions"],
        "cluster": studies if "study_id" in table else keys,
        "flag": pd.Series([""], dtype="str").array.take(np.zeros(len(fast), dtype=int)),
    }
    nothing = np.full(len(fast), np.nan)
    return {
        **{name: pd.Series(values, dtype="str").array for name, values in texts.items()},
        **{name: fast[name].to_numpy() for name in ("yi", "vi")},
        "sei": np.sqrt(fast["vi"].to_numpy()),
        **{
            name: table[name].to_numpy(dtype=float, na_value=np.nan)[positions]
            if name in table
            else nothing
            for name in numbers
        },
        "paired": np.zeros(len(fast), dtype=bool),
        "sign_reversed": np.zeros(len(fast), dtype=bool),
        "position": positions,
    }


def _excluded(without: Sequence[NoEffect]) -> pd.DataFrame:
    if not without:
        return no_rows(EXCLUDED)
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
        columns=list(EXCLUDED),
    ).astype({"n_t": float, "n_c": float, "n": float, "paired": bool})


def _people(row: Row) -> float | None:
    """Return the people of both arms together; unknown where the trial has further arms."""
    several = row.numbers.get("n_arms", 2.0) > 2 or row.text("p_contrast") == "multi_arm"
    return None if several else row.numbers.get("n_randomised")


def _rejected(rejected: Sequence[Rejected]) -> pd.DataFrame:
    if not rejected:
        return no_rows(REJECTED)
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
        columns=list(REJECTED),
    )
