"""What is the effect of one study, and how uncertain is it?

`effect_size` is the one door to all measures: arms in, effects and sampling variances out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta.arguments import checked
from meta.effect_sizes.inputs import Columns, Flags, Floats, read_columns, take_column
from meta.effect_sizes.measures import MEASURES, Measure, cells
from meta.errors import DataError

TO = ("only0", "all", "if0all", "none")
_SAYS_NOTHING = "in either arm had the event: the trial says nothing about a ratio"
# why a row has no effect, by the value of `Sizes.dropped`
LEFT_OUT = ("", f"nobody {_SAYS_NOTHING}", f"everybody {_SAYS_NOTHING}")


ADDED = "added to each count"


def added_to_counts(add: float) -> str:
    """Say that a constant was added to the cells of a table."""
    return f"{add:g} {ADDED}"


@dataclass(frozen=True, slots=True)
class Options:
    """How a measure is computed where the field has more than one way.

    Attributes
    ----------
    vtype : str
        Formula of the variance.
    bias_corrected : bool
        Add the second-order terms.
    add : float
        What is added to cells.
    to : {"only0", "all", "if0all", "none"}
        Which tables get it.
    drop00 : bool
        Leave out studies in which nobody or everybody had the event.
    """

    vtype: str = "LS"
    bias_corrected: bool = False
    add: float = 0.0
    to: str = "only0"
    drop00: bool = False

    @classmethod
    def of(cls, measure: Measure, *, drop00: bool | None = None) -> Options:
        """Take the defaults of a measure."""
        left_out = measure.drop00 if drop00 is None else drop00
        return cls(measure.vtypes[0], add=measure.add or 0.0, drop00=bool(left_out))


@dataclass(frozen=True, slots=True)
class Sizes:
    """Effects and sampling variances of one call, each of shape (k,).

    Attributes
    ----------
    yi, vi : numpy.ndarray
        Effects and variances.
    dropped : numpy.ndarray of int
        1 in a row that is left out because nobody had the event, 2 because everybody had, else 0.
    added : numpy.ndarray of bool
        Rows to whose cells a constant was added.
    """

    yi: Floats
    vi: Floats
    dropped: NDArray[np.int8]
    added: Flags


def compute(measure: Measure, arguments: Mapping[str, Floats], options: Options) -> Sizes:
    """Compute checked arguments of one length; a row without an effect comes out as not finite."""
    assert measure.formula is not None
    size = len(next(iter(arguments.values())))
    dropped, added = np.zeros(size, dtype=np.int8), np.zeros(size, dtype=bool)
    values: dict[str, Any] = {
        name: column for name, column in arguments.items() if name not in measure.optional
    }
    if measure.add is not None:
        table = cells(arguments)
        values = {name: v for name, v in values.items() if name.startswith("time")}
        empty = {name: cell == 0 for name, cell in table.items()}
        if options.drop00:
            dropped[_all(empty, "ac")] = 1
            dropped[_all(empty, "bd") & (dropped == 0)] = 2
        zero = np.logical_or.reduce(list(empty.values()))
        if options.add > 0:
            added = _to_adjust(zero, dropped == 0, options.to)
        if added.any():
            extra = np.where(added, options.add, 0.0)
            table = {name: cell + extra for name, cell in table.items()}
        values |= table
    if len(measure.vtypes) > 1:
        values["vtype"] = options.vtype
    if measure.can_correct_bias:
        values["bias_corrected"] = options.bias_corrected
    # a zero cell that nobody adjusts has no finite effect, which the caller names row by row
    with np.errstate(divide="ignore", invalid="ignore"):
        yi, vi = measure.formula(**values)
    if dropped.any():
        yi, vi = (np.where(dropped > 0, np.nan, column) for column in (yi, vi))
        added = added & (dropped == 0)
    return Sizes(yi, vi, dropped, added)


def _all(empty: Mapping[str, Flags], names: str) -> Flags:
    """Say in which rows all these cells are empty; in none where there are no such cells."""
    found = [empty[name] for name in names if name in empty]
    nowhere = np.zeros(len(empty["a"]), dtype=bool)
    return np.logical_and.reduce(found) if found else nowhere


def _to_adjust(zero: Flags, kept: Flags, to: str) -> Flags:
    """Say which rows get a constant; only rows that are kept can trigger ``"if0all"``."""
    if to == "only0":
        return zero
    everywhere = to == "all" or (to == "if0all" and bool(np.any(zero & kept)))
    return np.full(len(zero), everywhere)


@checked
def effect_size(
    measure: str,
    *,
    mean_t: ArrayLike | str | None = None,
    sd_t: ArrayLike | str | None = None,
    n_t: ArrayLike | str | None = None,
    mean_c: ArrayLike | str | None = None,
    sd_c: ArrayLike | str | None = None,
    n_c: ArrayLike | str | None = None,
    events_t: ArrayLike | str | None = None,
    events_c: ArrayLike | str | None = None,
    time_t: ArrayLike | str | None = None,
    time_c: ArrayLike | str | None = None,
    events: ArrayLike | str | None = None,
    time: ArrayLike | str | None = None,
    mean: ArrayLike | str | None = None,
    sd: ArrayLike | str | None = None,
    n: ArrayLike | str | None = None,
    r: ArrayLike | str | None = None,
    mean_post: ArrayLike | str | None = None,
    mean_pre: ArrayLike | str | None = None,
    sd_post: ArrayLike | str | None = None,
    sd_pre: ArrayLike | str | None = None,
    predictors: ArrayLike | str | None = None,
    r2: ArrayLike | str | None = None,
    auc: ArrayLike | str | None = None,
    vtype: str = "LS",
    bias_corrected: bool = False,
    add: float | None = None,
    to: str = "only0",
    drop00: bool | None = None,
    data: pd.DataFrame | None = None,
) -> pd.DataFrame:
    r"""Compute effects and their sampling variances from what the arms report.

    Arguments are numbers, columns, or with `data` names of columns; single numbers are repeated.
    Which ones a measure takes:

    =================================== ==================================================
    measure                             arguments
    =================================== ==================================================
    MD SMD SMDH SMD1H CVR ROM RPB RBIS  mean_t sd_t n_t mean_c sd_c n_c
    SMD1                                mean_t n_t mean_c sd_c n_c
    VR                                  sd_t n_t sd_c n_c
    RR OR PETO RD AS PHI YUQ YUY        events_t n_t events_c n_c
    IRR IRD IRSD                        events_t time_t events_c time_c
    IR IRLN IRS IRFT                    events time
    MN MNLN CVLN                        mean sd n
    SDLN                                sd n
    PR PLO PAS PFT                      events n
    COR ZCOR                            r n
    PCOR ZPCOR                          r n predictors
    SPCOR                               r n r2
    AUC                                 auc n_t n_c
    MC SMCC ROMC                        mean_post mean_pre sd_post sd_pre n r
    SMCR                                mean_post mean_pre sd_pre n r
    =================================== ==================================================

    Parameters
    ----------
    measure : str
        Short name of the measure, from the table above.
    mean_t, mean_c : array_like or str, optional
        Means of the treated and the control arm, in the unit of the outcome. Above 0 for ROM.
        Either both end values or both changes: do not mix the two in one SMD.
    sd_t, sd_c : array_like or str, optional
        Standard deviations (not standard errors) of the arms; above 0.
    n_t, n_c : array_like or str, optional
        People analysed in each arm; at least 2 for means, 1 for counts. Fractions are allowed
        (a shared control group that was split).
    events_t, events_c : array_like or str, optional
        People with the event (events, for IRR); from 0 to n.
    time_t, time_c : array_like or str, optional
        Person-time at risk, both arms in one unit; above 0.
    events, n : array_like or str, optional
        People with the event and people in all, in one group; n also counts the pairs of `r`
        and the people measured twice.
    time, mean, sd : array_like or str, optional
        Person-time of one group; mean and standard deviation of one group.
    r : array_like or str, optional
        Correlation, strictly between -1 and 1: the effect itself for COR, ZCOR, PCOR, ZPCOR and
        SPCOR, the within-person correlation of before and after for the change measures.
    predictors, r2 : array_like or str, optional
        Number of predictors in the regression behind a partial correlation, the one of interest
        among them; share of variance that all predictors of a semi-partial one explain, from 0.
    auc : array_like or str, optional
        Area under the ROC curve, between 0 and 1; n_t are those with the condition.
    mean_post, mean_pre, sd_post, sd_pre : array_like or str, optional
        Means and standard deviations after and before in one group. SMCR checks `sd_post`, and SMD1
        `sd_t`, if it is given, and does not use it.
    vtype : {"LS", "LS2", "UB", "J2"}, default "LS"
        Formula of the variance (see Notes): SMD has "LS", "LS2" and "UB", SMDH "LS" and "J2", ROM
        "LS" and "LS2", the other measures "LS" only.
    bias_corrected : bool, default False
        ROM only: correct the effect to the second order (Lajeunesse 2015).
    add : float, optional
        What is added to the cells of a table with a zero. By default 0.5, and 0 for AS, PAS and
        PFT, which need nothing.
    to : {"only0", "all", "if0all", "none"}, default "only0"
        Which tables get it: those with a zero; all; all as soon as one has a zero; none.
    drop00 : bool, optional
        Two arms with counts only: whether a study with no events in either arm, or with events in
        everybody, has no effect. By default it has none as a ratio (RR, OR, PETO, IRR), about which
        it says nothing, and has one as a difference (RD, AS).
    data : pandas.DataFrame, optional
        Table in which names of columns are looked up; an argument that is not given is taken from
        the column of its own name. The result stands beside its columns.

    Returns
    -------
    pandas.DataFrame
        A row for each row that came in, in its order, with the index of the Series among the
        arguments. Columns `yi` (treated minus control, or after minus before; natural log for
        RR, OR, PETO, IRR, ROM, ROMC), `vi` (its sampling variance, above 0), `measure` and `note`:
        what was added to the cells, or why there is no effect; "" if nothing needs saying. A row
        has no effect (missing `yi` and `vi`) if an argument is missing (NaN: not reported), or for
        `drop00`. The table may be cut, joined and saved as it is: :func:`meta.pool` reads from it
        which measure it holds, refuses a mixture, and keeps the rows without an effect, with the
        note, among the excluded.

    Raises
    ------
    DataError
        With a line for each fault, naming argument, row (from 0), index label, what was found and
        what is needed: an unknown measure; missing or superfluous arguments or options; an infinite
        value or no number; sd <= 0; too few people; more events than people; r outside
        (-1, 1); lengths or indices that do not fit; no such column in `data`; and a row for which
        the options leave no finite effect or no variance (a zero cell with ``to="none"``).

    Notes
    -----
    With d the difference in pooled SDs, m = n_t + n_c - 2, N = n_t + n_c, g = J(m) d and J the
    exact small-sample factor:

    - SMD: ``LS`` 1/n_t + 1/n_c + g²/(2N); ``LS2`` J²(1/n_t + 1/n_c + d²/(2N)); ``UB``, unbiased,
      1/n_t + 1/n_c + (1 - (m - 2)/(m J²)) g². Packages differ here without saying so; ``LS`` is the
      default of metafor, whose numbers are the ones most often published.
    - SMDH divides by the root of the plain mean of the two variances; its variance (Bonett 2009)
      does not assume them equal. ``J2`` multiplies it by J², as metafor did before version 4.6.
    - SMD1 (Glass's delta) divides by the SD of the control arm, times J(n_c - 1); its variance
      takes equal SDs, that of SMD1H does not. VR and CVR compare SDs and coefficients of variation,
      SDLN and CVLN are those of one group (Nakagawa 2015), corrected by 1/(2(n - 1)).
    - MD: the variances of the two means are added, not pooled. ROM: ``LS`` the squared coefficients
      of variation over n; ``LS2`` adds the second-order terms of Lajeunesse (2015).
      `bias_corrected` is off by default; metafor from version 5 on corrects the effect and keeps
      the variance ``LS``.
    - RR, OR, PETO, IRR, RD, PR, PLO follow the textbook large-sample variances after the adjustment
      for zeros, which also applies to RD, PETO and PR. With ``drop00=False`` it applies to a study
      without any event, too, as in metafor; such a study's ratio is near 1 only through the
      constant, and with everybody having the event its weight is, too.
    - IRD and IR have Poisson variances, IRSD, IRS and IRFT are square roots (IRFT the mean of two,
      by Freeman and Tukey), whose variance hangs on the time alone.
    - COR: (1 - r²)²/(n - 1). metafor's unbiased variance is not offered: it is unbiased for the
      bias-corrected coefficient, and for r itself it can be negative. ZCOR: 1/(n - 3).
    - PHI, Yule's Q and Y (YUQ, YUY) are correlations of a 2x2 table. PHI has the variance of Yule
      (1912) for people drawn together, and no constant is added to its cells. RPB and RBIS take the
      arms for the two halves of a dichotomy: RPB as it is (variance for arms of given size), RBIS
      of the variable behind it. PCOR, ZPCOR and SPCOR have the variances of metafor 5 (3.8 took one
      degree of freedom more). AUC: Newcombe (2006) with (n_t - 1)(n_c - 1).
    - MC, SMCC, SMCR, ROMC: variance of the change sd_post² + sd_pre² - 2 r sd_post sd_pre. SMCC
      divides by the SD of the change, SMCR by the SD before, both times J(n - 1); variances
      1/n + yi²/(2n) and 2(1 - r)/n + yi²/(2n). They hold no comparison with a control group.

    Checked against: every yi and vi of metafor 3.8 on 49 pairs of data set and measure
    (validation/metafor) to 1e-8, and of metafor 5 on single studies (validation/metafor5); LS2 and
    UB against metafor for one study; SMCR against the five trials of Morris (2008).

    References
    ----------
    Hedges LV, Olkin I (1985). Statistical Methods for Meta-Analysis. Academic Press.

    Bonett DG (2009). Meta-analytic interval estimation for standardized and unstandardized mean
    differences. Psychological Methods 14(3):225-238. doi:10.1037/a0016619

    Lajeunesse MJ (2015). Bias and correction for the log response ratio in ecological
    meta-analysis. Ecology 96(8):2056-2063. doi:10.1890/14-2402.1

    Nakagawa S, Poulin R, Mengersen K, et al. (2015). Meta-analysis of variation. Methods in Ecology
    and Evolution 6(2):143-152. doi:10.1111/2041-210X.12309

    Morris SB (2008). Estimating effect sizes from pretest-posttest-control group designs.
    Organizational Research Methods 11(2):364-386. doi:10.1177/1094428106291059

    Viechtbauer W (2010). Conducting meta-analyses in R with the metafor package. Journal of
    Statistical Software 36(3):1-48. doi:10.18637/jss.v036.i03

    Examples
    --------
    >>> effect_size("SMD", mean_t=103, sd_t=5.5, n_t=50, mean_c=100, sd_c=4.5, n_c=50).round(6)
            yi        vi measure note
    0  0.59244  0.041755     SMD
    >>> effect_size("RR", events_t=[4, 0], n_t=[123, 20], events_c=[11, 3], n_c=[139, 20]).round(6)
             yi        vi measure                     note
    0 -0.889311  0.325585      RR
    1 -1.945910  2.190476      RR  0.5 added to each count
    >>> effect_size("MD", mean_t=1, sd_t=[2, 0], n_t=[10, 1], mean_c=0, sd_c=1, n_c=10)
    Traceback (most recent call last):
    ...
    meta.errors.DataError: effect_size('MD'): 2 faults
      - sd_t[1] is 0; needed: a standard deviation > 0
      - n_t[1] is 1; needed: a number of people >= 2 (one person has no SD)
    """
    known = [name for name, each in MEASURES.items() if each.formula is not None]
    if measure not in known:
        raise DataError(
            f"effect_size: unknown measure {measure!r}; the known ones are {', '.join(known)}"
        )
    chosen = MEASURES[measure]
    where = f"effect_size({measure!r})"
    arguments: dict[str, ArrayLike | str | None] = {
        "mean_t": mean_t,
        "sd_t": sd_t,
        "n_t": n_t,
        "mean_c": mean_c,
        "sd_c": sd_c,
        "n_c": n_c,
        "events_t": events_t,
        "events_c": events_c,
        "time_t": time_t,
        "time_c": time_c,
        "events": events,
        "time": time,
        "mean": mean,
        "sd": sd,
        "n": n,
        "r": r,
        "mean_post": mean_post,
        "mean_pre": mean_pre,
        "sd_post": sd_post,
        "sd_pre": sd_pre,
        "predictors": predictors,
        "r2": r2,
        "auc": auc,
    }
    if data is not None:
        own = {name: name for name in chosen.arguments if name in data}
        arguments = {
            name: take_column(where, data, name, own.get(name) if value is None else value)
            for name, value in arguments.items()
        }
    faults = _argument_faults(chosen, arguments)
    faults += _option_faults(chosen, vtype, bias_corrected, add, to, drop00)
    arms = read_columns(
        where,
        {name: value for name, value in arguments.items() if name in chosen.arguments},
        chosen.arguments,
        relations=chosen.relations,
        faults=faults,
        missing=True,
    )
    amount = (chosen.add or 0.0) if add is None else float(add)
    left_out = bool(chosen.drop00) if drop00 is None else bool(drop00)
    sizes = compute(chosen, arms.values, Options(vtype, bias_corrected, amount, to, left_out))
    needed = [name for name in arms.values if name not in chosen.optional]
    missing = np.logical_or.reduce([np.isnan(arms[name]) for name in needed])
    _refuse_rows_without_effect(where, arms, sizes, missing)
    found = {
        "yi": np.where(missing, np.nan, sizes.yi) if missing.any() else sizes.yi,
        "vi": np.where(missing, np.nan, sizes.vi) if missing.any() else sizes.vi,
        "measure": _named(np.zeros(len(arms), dtype=np.int8), measure),
        "note": _notes(arms, needed, sizes, missing, amount),
    }
    if chosen.of_sizes is not None and (data is None or "n" not in data):
        found["n"] = arms["n"]  # the way back to the reader's scale needs it
    if data is None:
        return arms.frame(**found)
    return data.drop(columns=[name for name in found if name in data]).assign(**found)


def _notes(
    arms: Columns, needed: Sequence[str], sizes: Sizes, missing: Flags, add: float
) -> pd.Categorical[Any]:
    """Say of each row what was added to it or why it has no effect."""
    texts = ["", *LEFT_OUT[1:], added_to_counts(add)]
    codes = sizes.dropped.copy()
    codes[sizes.added] = 3
    for row in np.flatnonzero(missing):
        text = f"not reported: {', '.join(name for name in needed if np.isnan(arms[name][row]))}"
        if text not in texts:
            texts.append(text)
        codes[row] = texts.index(text)
    return _named(codes, *texts)


def _named(codes: NDArray[np.int8], *names: str) -> pd.Categorical[Any]:
    """Give codes their names, as fast as many calls for single trials need it."""
    return pd.Categorical.from_codes(codes, dtype=_names(*names), validate=False)


@lru_cache
def _names(*names: str) -> pd.CategoricalDtype[Any]:
    return pd.CategoricalDtype(pd.Index(names))


def _argument_faults(measure: Measure, arguments: Mapping[str, object]) -> list[str]:
    """Say which arguments of a measure are missing and which do not belong to it."""
    given = {name for name, value in arguments.items() if value is not None}
    takes = ", ".join(measure.arguments)
    faults = [
        f"{name} is missing; {measure.name} takes {takes}"
        for name in measure.arguments
        if name not in given and name not in measure.optional
    ]
    faults += [
        f"{name} does not belong to {measure.name}, which takes {takes}; leave it out"
        for name in arguments
        if name in given and name not in measure.arguments
    ]
    return faults


def _option_faults(
    measure: Measure,
    vtype: str,
    bias_corrected: bool,
    add: float | None,
    to: str,
    drop00: bool | None,
) -> list[str]:
    """Say which options are unknown or have no meaning for the measure."""
    faults = []
    name = measure.name
    if vtype not in measure.vtypes:
        faults.append(f"vtype {vtype!r} is unknown for {name}; use {' or '.join(measure.vtypes)}")
    if bias_corrected and not measure.can_correct_bias:
        faults.append(f"bias_corrected has no meaning for {name}; leave it out (it is for ROM)")
    if to not in TO:
        faults.append(f"to is {to!r}; needed: one of {', '.join(TO)}")
    if measure.add is None and (add is not None or to != "only0"):
        faults.append(f"add and to have no meaning for {name}, which has no cells; leave them out")
    elif add is not None and add < 0:
        faults.append(f"add is {add!r}; needed: a number >= 0")
    if drop00 and measure.drop00 is None:
        faults.append(f"drop00 has no meaning for {name}; it is for counts in two arms")
    return faults


def _refuse_rows_without_effect(where: str, arms: Columns, sizes: Sizes, missing: Flags) -> None:
    """Raise if a row that is complete and not left out has no finite effect or no variance."""
    good = np.isfinite(sizes.yi) & np.isfinite(sizes.vi) & (sizes.vi > 0)
    good |= missing | (sizes.dropped > 0)
    faults = []
    for row in np.flatnonzero(~good):
        values = ", ".join(f"{name} {column[row]:g}" for name, column in arms.values.items())
        place = arms.place(int(row)) or "[0]"
        faults.append(
            f"row{place} ({values}) has no finite effect with a variance > 0 (yi "
            f"{sizes.yi[row]:g}, vi {sizes.vi[row]:g}); needed: a constant for zero cells "
            "(add=0.5, to='only0'), another measure, or leaving the study out and saying so"
        )
    if faults:
        raise DataError.from_faults(where, faults)
