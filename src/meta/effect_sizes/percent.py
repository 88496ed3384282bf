"""By how many percent did each arm change, and how much of it is left against the other arm?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite, log, nan, sqrt

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtri

from meta.arguments import checked
from meta.effect_sizes.assumptions import change_correlation
from meta.effect_sizes.derivation import Assumption
from meta.effect_sizes.inputs import as_floats
from meta.effect_sizes.rows import Row, read_rows
from meta.errors import DataError

# a mean that became a million times its baseline had no baseline
_LARGEST_RATIO = 1e6
_EQUAL_SDS = Assumption(
    "same SD before and after",
    why="only the SD of the change is printed; with equal SDs the covariance of change and "
    "baseline is minus half the variance of the change",
)
_INDEPENDENT = Assumption(
    "periods of the crossover treated as independent",
    why="how the percent changes of one person go together is not reported; the net interval is "
    "wider than a paired one",
)
_NUMBERS = (
    *(f"percent_{arm}{limit}" for arm in "tc" for limit in ("", "_low", "_high")),
    *("net", "net_low", "net_high", "net_se"),
    *("relative", "relative_low", "relative_high"),
)


@dataclass(frozen=True, slots=True)
class _Arm:
    """End over baseline in one arm, with its sampling variance (NaN if there are no SDs)."""

    ratio: float = nan
    variance: float = nan
    note: str = ""
    assumption: Assumption | None = None


@checked
def percent_change(
    results: pd.DataFrame | None = None,
    *,
    base_mean_t: ArrayLike | None = None,
    mean_t: ArrayLike | None = None,
    base_sd_t: ArrayLike | None = None,
    sd_t: ArrayLike | None = None,
    n_t: ArrayLike | None = None,
    base_mean_c: ArrayLike | None = None,
    mean_c: ArrayLike | None = None,
    base_sd_c: ArrayLike | None = None,
    sd_c: ArrayLike | None = None,
    n_c: ArrayLike | None = None,
    scores: str = "post",
    correlation: float = 0.5,
    ci_level: float = 0.95,
) -> pd.DataFrame:
    r"""Give the percent change within each arm and what is left of it against the other arm.

    "Symptoms fell by 28 %" says nothing about a treatment as long as the fall under placebo is not
    beside it. This sets both side by side.

    Parameters
    ----------
    results : pandas.DataFrame, optional
        Rows of reported results (``evidence.select(...)``): `result_type` "post" (`mean_t` and
        `mean_c` are values at the end) or "change" (end minus baseline), with `base_mean_t` and so
        on. Either this or the figures themselves.
    base_mean_t, mean_t, base_sd_t, sd_t, n_t : array_like, optional
        Baseline mean (above 0), mean, their SDs and the number of people in the treated arm.
    base_mean_c, mean_c, base_sd_c, sd_c, n_c : array_like, optional
        The same in the control arm. Without them the change of one arm is given, and no net change.
    scores : {"post", "change"}, default "post"
        What `mean_t`, `sd_t`, ... hold, if figures are given.
    correlation : float, default 0.5
        Within-person correlation of baseline and end, strictly between -1 and 1; used for end
        scores. Papers rarely print it: vary it over 0.3 to 0.8.
    ci_level : float, default 0.95
        Confidence level, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        One row for each row that came in, in its order. In percent, negative for a fall:
        `percent_t`, `percent_c` (change within each arm, of its baseline); `net` (their difference,
        in percentage points) and its standard error `net_se`; `relative` (by how many percent the
        treated end lower than if they had changed like the controls); each with `_low` and `_high`.
        A figure that cannot be computed is missing and `note` says why; `assumptions` names what
        was supposed.

    Raises
    ------
    DataError
        If neither or both of rows and figures are given, a choice is unknown, or a cell is wrong
        (all faults at once).

    Notes
    -----
    With R = end / baseline of the means of one arm: percent = 100 (R - 1); net = 100 (R_t - R_c);
    relative = 100 (R_t / R_c - 1). The two differ where both arms fall: from 20 to 10 against 20 to
    15, net is -25 points and relative is -33 %.

    Delta method. For end scores, var R = (s_e² + R² s_b² - 2 r R s_e s_b) / (n b²), b and s_b the
    mean and SD at baseline, s_e the SD at the end. For change scores with mean c, var R = (s_c² +
    (c/b)² s_b² + (c/b) s_c²) / (n b²), under equal SDs before and after, which need s_c <= 2 s_b.
    Intervals take the normal quantile: symmetric for arms and net, on the log scale for relative.
    Baseline means are often of more people than end means (before drop-out); they are taken as of
    the same.

    Examples
    --------
    >>> change = percent_change(
    ...     base_mean_t=26.9, base_sd_t=7.1, mean_t=11.26, sd_t=6.9, n_t=26,
    ...     base_mean_c=25.6, base_sd_c=6.1, mean_c=15.2, sd_c=9.3, n_c=27)
    >>> change[["percent_t", "percent_c", "net", "net_low", "net_high"]].round(1)
       percent_t  percent_c   net  net_low  net_high
    0      -58.1      -40.6 -17.5    -32.2      -2.8

    The net change and its standard error can be pooled as they are, with ``net_se`` squared as the
    sampling variance and the measure ``"PC"``:

    >>> change["net_se"].round(2).tolist()
    [7.51]
    """
    figures = {
        "base_mean_t": base_mean_t,
        "mean_t": mean_t,
        "base_sd_t": base_sd_t,
        "sd_t": sd_t,
        "n_t": n_t,
        "base_mean_c": base_mean_c,
        "mean_c": mean_c,
        "base_sd_c": base_sd_c,
        "sd_c": sd_c,
        "n_c": n_c,
    }
    faults = _choice_faults(scores, correlation)
    rows: list[Row] = []
    try:
        rows = read_rows(_as_results(results, figures, scores))
    except DataError as error:
        faults += error.faults
    if faults:
        raise DataError.from_faults("percent_change", faults)
    quantile = float(ndtri((1 + ci_level) / 2))
    table = pd.DataFrame([_one(row, correlation, quantile) for row in rows])
    if table.empty:
        names = ("result_id", "study_id", "label", *_NUMBERS, "assumptions", "note")
        return pd.DataFrame({name: pd.Series(dtype=object) for name in names})
    return table.astype(dict.fromkeys(_NUMBERS, float))


def _choice_faults(scores: str, correlation: float) -> list[str]:
    faults = []
    if scores not in ("post", "change"):
        faults.append(f"scores is {scores!r}; needed: post or change")
    if not -1 < correlation < 1:
        faults.append(f"correlation is {correlation!r}; needed: a number strictly between -1 and 1")
    return faults


def _as_results(
    results: pd.DataFrame | None, figures: Mapping[str, ArrayLike | None], scores: str
) -> pd.DataFrame:
    """Bring rows or bare figures to one kind of table."""
    given = {name: value for name, value in figures.items() if value is not None}
    if results is not None:
        if given:
            raise DataError(
                f"results and {', '.join(given)} are both given; give rows or figures, not both"
            )
        return results
    missing = [name for name in ("base_mean_t", "mean_t") if name not in given]
    if missing:
        raise DataError(f"{', '.join(missing)} missing; give rows of results, or these figures")
    faults: list[str] = []
    numbers = {name: as_floats(name, value, faults) for name, value in given.items()}
    columns = {
        name: pd.Series(np.atleast_1d(value))
        for name, value in numbers.items()
        if value is not None
    }
    if faults:
        raise DataError.from_faults("percent_change", faults)
    longest = max(map(len, columns.values()))
    short = [name for name, column in columns.items() if len(column) not in (1, longest)]
    if short:
        raise DataError(f"{', '.join(short)}: lengths do not fit; give columns of one length")
    table = pd.DataFrame(
        {
            name: column if len(column) == longest else pd.Series([column.iloc[0]] * longest)
            for name, column in columns.items()
        }
    )
    return table.assign(study_id=[f"row {i}" for i in range(longest)], result_type=scores)


def _one(row: Row, correlation: float, quantile: float) -> dict[str, str | float]:
    treated, control = (_arm(row, arm, correlation) for arm in "tc")
    assumptions = [each.assumption for each in (treated, control) if each.assumption is not None]
    if row.paired and isfinite(treated.variance) and isfinite(control.variance):
        assumptions.append(_INDEPENDENT)
    answer: dict[str, str | float] = {
        "result_id": row.result_id,
        "study_id": row.study_id,
        "label": row.label,
    }
    for name, arm in (("t", treated), ("c", control)):
        answer |= _with_limits(f"percent_{name}", arm.ratio - 1, _root(arm.variance), quantile)
    net_se = _root(treated.variance + control.variance)
    answer |= _with_limits("net", treated.ratio - control.ratio, net_se, quantile)
    answer["net_se"] = 100 * net_se
    answer |= _relative(treated, control, quantile)
    notes = [f"{name}: {arm.note}" for name, arm in _named(treated, control) if arm.note]
    return answer | {
        "assumptions": "; ".join(dict.fromkeys(map(str, assumptions))),
        "note": "; ".join(notes),
    }


def _named(treated: _Arm, control: _Arm) -> tuple[tuple[str, _Arm], ...]:
    if treated.note == control.note:
        return (("both arms", treated),)
    return ("treated arm", treated), ("control arm", control)


def _root(variance: float) -> float:
    """Return the root, or NaN where there is no variance."""
    return sqrt(variance) if isfinite(variance) else nan


def _with_limits(name: str, share: float, se: float, quantile: float) -> dict[str, float]:
    half = 100 * quantile * se
    return {
        name: 100 * share,
        f"{name}_low": 100 * share - half,
        f"{name}_high": 100 * share + half,
    }


def _relative(treated: _Arm, control: _Arm, quantile: float) -> dict[str, float]:
    """Compare the ratios of the two arms on the log scale."""
    names = ("relative", "relative_low", "relative_high")
    if not (treated.ratio > 0 and control.ratio > 0):
        return dict.fromkeys(names, nan)
    middle = log(treated.ratio / control.ratio)
    se = _root(treated.variance / treated.ratio**2 + control.variance / control.ratio**2)
    points = (middle, middle - quantile * se, middle + quantile * se)
    with np.errstate(over="ignore"):  # a limit of an endless interval is infinite
        percent = (100 * np.expm1(points)).tolist()
    return dict(zip(names, percent, strict=True))


def _arm(row: Row, arm: str, correlation: float) -> _Arm:
    """Read one arm: the ratio of its means, and how certain it is."""
    mean, base = f"mean_{arm}", f"base_mean_{arm}"
    sd, base_sd, n = f"sd_{arm}", f"base_sd_{arm}", f"n_{arm}"
    if row.result_type not in ("post", "change"):
        return _Arm(note=f"no means in a row of type {row.result_type}")
    if not row.has(mean):
        return _Arm(note="no mean")
    if row.result_type == "change" and row.text("effect_unit") == "percent":
        return _Arm(1 + row[mean] / 100, note="printed in percent, without an interval")
    if not row.has(base):
        return _Arm(note="no baseline mean, of which a percentage could be taken")
    if row[base] <= 0:
        return _Arm(note=f"a baseline mean of {row[base]:g}, of which no percentage can be taken")
    change = row[mean] if row.result_type == "change" else row[mean] - row[base]
    ratio = 1 + change / row[base]
    if abs(ratio) > _LARGEST_RATIO:
        return _Arm(
            note=f"a baseline mean of {row[base]:g}, too near 0 for a percentage of a change of "
            f"{change:g}"
        )
    if not row.has(sd, base_sd, n):
        lacking = [name for name in (sd, base_sd, n) if not row.has(name)]
        return _Arm(ratio, note=f"no interval without {' and '.join(lacking)}")
    scale = row[n] * row[base] ** 2
    s, s_base = row[sd], row[base_sd]
    if row.result_type == "post":
        variance = s**2 + (ratio * s_base) ** 2 - 2 * correlation * ratio * s * s_base
        return _Arm(ratio, variance / scale, assumption=change_correlation(correlation))
    if s > 2 * s_base:
        return _Arm(
            ratio, note="no interval: the SD of the change is above twice the SD at baseline"
        )
    share = change / row[base]
    variance = s**2 + (share * s_base) ** 2 + share * s**2
    return _Arm(ratio, variance / scale, assumption=_EQUAL_SDS)
