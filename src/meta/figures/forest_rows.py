"""Which rows and columns does a forest plot have, given a pooled answer?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from meta.effect_sizes.printed import printed_intervals
from meta.errors import DataError
from meta.figures.axis import to_axis, to_reader
from meta.figures.forest_notes import DAGGER, STAR, flags_of, marked
from meta.figures.table import Column, Row, digits_for, effect_columns, interval_cells
from meta.figures.theme import plain, text_width, wrap
from meta.synthesis.engine import quantile
from meta.synthesis.estimate import Estimate, RandomEffects
from meta.synthesis.models.robust import Robust
from meta.wording import exact_decimals, number, upper_first

LAYOUTS = ("revman", "jama", "compact", "dense")
# longer names are broken into lines, so that the figure fits a column
NARROW, WIDE = 120.0, 220.0
_MISSING = "–"


def effect_heading(fit: Estimate) -> str:
    """Write the heading over effects and their intervals."""
    return f"{fit.scale.short} ({fit.level_text()} interval)"


def arms_kind(table: pd.DataFrame) -> str:
    """Say what the arms of a table show: "events", "means", "n" or "" for nothing."""

    def known(*names: str) -> bool:
        return all(name in table and table[name].notna().any() for name in names)

    if known("events_t", "n_t", "events_c", "n_c"):
        return "events"
    if known("n_t", "n_c", "mean_t", "sd_t", "mean_c", "sd_c"):
        return "means"
    return "n" if known("n_t", "n_c") else ""


def forest_columns(
    layout: str, arms: str, heading: str, treatment: str, control: str, *, weights: bool
) -> tuple[Column, ...]:
    """Choose the columns of a layout."""
    first = Column(key="label", heading="Study", align="left")
    weight = [Column(key="weight", heading="Weight, %")] if weights else []
    effect = effect_columns(heading, "left")
    if layout in {"compact", "dense"}:
        return (first, *effect_columns(heading))
    fields = {"events": ("events", "n"), "means": ("mean", "sd", "n"), "n": ("n",), "": ()}[arms]
    names = {"events": "Events", "n": "Total", "mean": "Mean", "sd": "SD"}
    groups = [upper_first(treatment), upper_first(control)] if fields else []
    if layout == "jama":
        sub = {"events": "No./total", "means": "Mean (SD), n", "n": "No."}.get(arms, "")
        both = [
            Column(key=f"arm_{arm}", heading=sub, group=group)
            for arm, group in zip("tc", groups, strict=False)
        ]
        return (first, *both, *effect, *(replace(column, side="right") for column in weight))
    both = [
        Column(key=f"{name}_{arm}", heading=names[name], group=group)
        for arm, group in zip("tc", groups, strict=False)
        for name in fields
    ]
    return (first, *both, *weight, *effect)


def _arm_digits(table: pd.DataFrame, names: Sequence[str]) -> int:
    """Decimals that show what was reported: as many as the values have, two at the most."""
    values = pd.concat([table[n] for n in names if n in table]).dropna().to_numpy(dtype=float)
    large = len(values) and float(np.median(np.abs(values))) >= 100
    return exact_decimals(values, most=1 if large else 2)


def arm_cells(
    table: pd.DataFrame, arms: str, everyone: pd.DataFrame | None = None
) -> list[dict[str, str]]:
    """Write the arms of each study; a dash where a study did not report them.

    The rows of ``everyone`` in the figure decide on decimals, so that a column has one number of
    them over all subgroups.
    """
    whole = table if everyone is None else everyone

    digits = {"events": 0, "n": 0}
    for name in ("mean", "sd"):
        digits[name] = _arm_digits(whole, [f"{name}_t", f"{name}_c"]) if arms == "means" else 0
    rows = []
    for record in table.to_dict("records"):
        cells = {
            key: _MISSING if pd.isna(record.get(key)) else number(float(record[key]), digits[name])
            for name in digits
            for key in (f"{name}_t", f"{name}_c")
        }
        for arm in "tc":
            n = cells[f"n_{arm}"]
            mean, sd = cells[f"mean_{arm}"], cells[f"sd_{arm}"]
            cells[f"arm_{arm}"] = {
                "events": f"{cells[f'events_{arm}']}/{n}",
                "means": f"{mean} ({sd}), {n}" if mean != _MISSING else n,
            }.get(arms, n)
        rows.append(cells)
    return rows


def total_cells(table: pd.DataFrame, arms: str) -> dict[str, str]:
    """Add people and events up, where every study reports them."""

    def total(name: str) -> str:
        if name not in table or table[name].isna().any():
            return ""
        return number(pd.to_numeric(table[name]).sum(), 0)

    cells = {f"n_{arm}": total(f"n_{arm}") for arm in "tc"}
    for arm in "tc":
        events = total(f"events_{arm}") if arms == "events" else ""
        cells[f"events_{arm}"] = events
        joined = f"{events}/{cells[f'n_{arm}']}" if events and cells[f"n_{arm}"] else ""
        cells[f"arm_{arm}"] = joined if arms == "events" else cells[f"n_{arm}"]
    return cells


def order_of(fit: Estimate, sort: str | None) -> list[int]:
    """Return the positions of the studies in the order in which they are drawn.

    Raises
    ------
    DataError
        If the column to sort by is not there.
    """
    if sort is None:
        return list(range(len(fit.effects)))
    if sort == "effect":
        return [int(i) for i in np.argsort(fit.effects.yi, kind="stable")]
    if sort == "weight":
        return [int(i) for i in np.argsort(-fit.weights, kind="stable")]
    if sort not in fit.effects.table:
        raise DataError(
            f"plot_forest: sort={sort!r} is no column; use 'effect', 'weight' or one of "
            f"{', '.join(map(str, fit.effects.table))}"
        )
    positions = pd.Series(range(len(fit.effects)))
    keys = fit.effects.table[sort].reset_index(drop=True)
    return [int(i) for i in positions[keys.sort_values(kind="stable").index]]


def in_lines(name: str, width: float = NARROW, *, bold: bool = False) -> str:
    """Break a long name into lines."""
    if text_width(name, bold=bold) <= width:
        return name
    return "\n".join(wrap(name, width, bold=bold))


def study_rows(
    fit: Estimate,
    *,
    arms: str,
    digits: int,
    order: Sequence[int],
    largest: float,
    weights: Sequence[float],
    lights: Mapping[str, tuple[str, ...]],
    everyone: pd.DataFrame,
    width: float = WIDE,
) -> list[Row]:
    """Make one row for each study of a fit; ``everyone`` is the table of the whole figure.

    Names wider than ``width`` points are broken into lines.
    """
    table, scale = fit.effects.table, fit.scale
    intervals, printed = study_intervals(fit), printed_intervals(fit.effects, fit.ci_level)
    cells = arm_cells(table, arms, everyone)
    hollow = marked(table, "assumptions")
    flags = flags_of(table)
    rows = []
    for i in order:
        weight = float(weights[i])
        text = {"label": plain(fit.effects.labels[i])}
        integrity, other = flags[i]
        signs = DAGGER * bool(integrity) + STAR * bool(other)
        text["label"] = in_lines(text["label"] + (f" {signs}" if signs else ""), width)
        text["weight"] = f"{weight:.1f}" if np.isfinite(weight) else _MISSING
        estimate, low, high = (float(value) for value in intervals[i])
        shown = exact_decimals(printed[i]) if np.isfinite(printed[i, 0]) else digits
        text |= cells[i] | {"ci": "not estimable"}
        text |= interval_cells(scale, estimate, low, high, shown)
        study = str(table["study_id"].iloc[i])
        rows.append(
            Row(
                kind="study", cells=text, estimate=estimate, low=low, high=high,
                hollow=bool(hollow[i]), lights=lights.get(study, ()),
                size=max(weight, 0) / largest if np.isfinite(weight) and largest > 0 else 0.35,
            )
        )  # fmt: skip
    return rows


def study_intervals(fit: Estimate) -> np.ndarray:
    """Return effect and limits of each study (normal, level of the fit) in axis coordinates.

    Shape (k, 3); NaN for a study that says nothing alone. Where a study's effect is the one that
    was printed, its limits are the printed ones, too: recomputed from a standard error they would
    differ by the rounding.
    """
    effects = fit.effects
    half = float(quantile(fit.ci_level)) * effects.sei
    found = np.column_stack([effects.yi, effects.yi - half, effects.yi + half])
    if not fit.scale.log:
        found = np.column_stack([effects.to_reader(column) for column in found.T])
    printed = printed_intervals(effects, fit.ci_level)
    places = np.log(printed) if fit.scale.log else printed
    return np.where(np.isfinite(places), places, found)


def predicted(fit: Estimate) -> tuple[float, float]:
    """Return the prediction interval of an answer; NaN for a method that has none."""
    return (fit.pi_low, fit.pi_high) if isinstance(fit, RandomEffects) else (np.nan, np.nan)


def total_name(fit: Estimate) -> str:
    """Name the row of the pooled effect by its model."""
    kind = ", cluster-robust" * isinstance(fit, Robust)
    return upper_first(fit.model_name()) + kind


def summary_rows(
    fit: Estimate, *, kind: str, label: str, arms: str, digits: int, weight: float | None = 100.0
) -> list[Row]:
    """Make the row of the pooled effect and, for the total, that of the prediction interval."""
    scale = fit.scale
    estimate, low, high, pi_low, pi_high = to_axis(
        scale, [fit.estimate, fit.ci_low, fit.ci_high, *predicted(fit)]
    )
    cells = {"label": label} | total_cells(fit.effects.table, arms)
    if weight is not None and np.isfinite(weight):
        cells["weight"] = f"{weight:.1f}"
    cells |= interval_cells(scale, estimate, low, high, digits)
    certain = fit.k != 2
    rows = [
        Row(
            kind=kind, cells=cells, estimate=estimate, low=low, high=high, diamond=certain,  # type: ignore[arg-type]
            size=1.0 if certain else 0.5,
        )
    ]  # fmt: skip
    if kind == "total" and np.isfinite(pi_low) and np.isfinite(pi_high):
        text = {"label": f"{fit.level_text()} prediction interval"}
        text |= interval_cells(scale, np.nan, pi_low, pi_high, digits)
        rows.append(Row(kind="prediction", cells=text, low=pi_low, high=pi_high, diamond=certain))
    return rows


def silent_trials(silent: pd.DataFrame | None, fit: Estimate) -> pd.DataFrame:
    """Return the trials that are silent: once each, and none that is in the pooled effect.

    A trial may print no figure on one instrument and one on another; it is not silent then.

    Raises
    ------
    DataError
        If there is no column ``label``.
    """
    if silent is None or len(silent) == 0:
        return pd.DataFrame({"label": []})
    if "label" not in silent:
        raise DataError(
            "plot_forest: silent needs a column label; found "
            f"{', '.join(map(str, silent)) or 'none'}"
        )
    if "study_id" not in silent:
        return silent
    pooled = silent["study_id"].isin(fit.effects.table["study_id"])
    return silent[~pooled].drop_duplicates("study_id")


def silent_rows(silent: pd.DataFrame, arms: str, *, pooled: bool, width: float) -> list[Row]:
    """Make the rows of trials that measured the outcome and printed no figure.

    Of a single trial there is no pooled effect that they could be missing from.
    """
    if len(silent) == 0:
        return []
    people = arm_cells(silent, "n")
    heading = "Measured it, printed no figure" + " (not in the pooled effect)" * pooled
    rows = [Row(kind="gap"), Row(kind="heading", cells={"label": heading})]
    for label, cells in zip(silent["label"], people, strict=True):
        shown = {key: cells[key] for key in ("n_t", "n_c", "arm_t", "arm_c")}
        shown = {key: value for key, value in shown.items() if value != _MISSING}
        if arms not in {"events", "means", "n"}:
            shown = {}
        rows.append(
            Row(
                kind="silent", cells={"label": in_lines(label, width), "ci": "not reported"} | shown
            )
        )
    return rows


def effect_digits(fit: Estimate, digits: int | None) -> int:
    """Choose the decimals of effects unless they are given."""
    if digits is not None:
        return digits
    least = 1 if fit.measure == "PC" else None
    pooled = to_axis(fit.scale, [fit.estimate, fit.ci_low, fit.ci_high])
    rows = np.vstack([study_intervals(fit), pooled])
    shown = to_reader(fit.scale, rows.ravel()).reshape(rows.shape)
    return digits_for(shown.tolist(), least)
