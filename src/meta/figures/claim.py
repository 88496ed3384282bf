"""How does the claimed figure stand beside the real effect?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meta.arguments import checked
from meta.effect_sizes.measures import Measure
from meta.errors import DataError
from meta.figures import forest_rows as make
from meta.figures import theme
from meta.figures.axis import axis_name, null_place, reader_to_axis, to_axis
from meta.figures.checks import nothing_to_draw, require_columns
from meta.figures.forest import favours
from meta.figures.forest_notes import remarks
from meta.figures.frame import Note
from meta.figures.references import important_and_claimed, reference_lines
from meta.figures.table import (
    Column,
    Reference,
    Row,
    Table,
    effect_columns,
    interval_cells,
    rows_in_words,
    table_limits,
)
from meta.figures.table_drawing import CONTROL, TREATED, draw_table
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate
from meta.wording import as_stated, upper_first

_ARMS = "The change within one arm is no effect: the effect is the difference between the arms."
_SIDES = ("treated", "control")


@checked
def plot_claim(
    fit: Estimate,
    claimed: float,
    ax: Axes | None = None,
    *,
    claimed_low: float | None = None,
    claimed_high: float | None = None,
    arms: pd.DataFrame | None = None,
    mid: float | None = None,
    treatment: str = "treatment",
    control: str = "control",
    title: str = "",
    axis_label: str = "",
    xlim: tuple[float, float] | None = None,
    digits: int | None = None,
) -> Figure:
    """Draw a claimed effect over the real one: estimate, interval and prediction interval.

    The claim stands in the first row and as a line through all rows, so that one look says
    whether it meets the estimate, its interval, or neither. A sentence under the plot says the same
    in words.

    Parameters
    ----------
    fit : Estimate
        The real effect.
    claimed : float
        The claimed effect on the reader's scale and in its direction: a claimed fall of 28 percent
        is -28 on the scale of percent change.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of the right size by default.
    claimed_low, claimed_high : float, optional
        The claimed range, if a range was claimed.
    arms : pandas.DataFrame, optional
        What happened in each arm: the answer of :func:`meta.percent_change` as it is, or columns
        ``label estimate`` and, where known, ``ci_low ci_high``, on the reader's scale. A claimed
        percent fall is compared with both arms: what the control arm does too is no effect. A
        column ``arm`` ("treated" or "control") says which arm a row is; without it, a label that
        ends in a comma and the name of an arm does. Treated arms are drawn filled and blue,
        control arms hollow and grey.
    mid : float, optional
        Minimal important difference, on the reader's scale and signed.
    treatment, control : str
        Names of the arms, for the direction under the axis.
    title : str
        Heading.
    axis_label : str
        Name of the axis; the measure's by default.
    xlim : tuple of float, optional
        Axis limits on the reader's scale, as they are drawn.
    digits : int, optional
        Decimals.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`.

    Raises
    ------
    DataError
        If this is no fit, the claim is no finite number (above 0 for ratios), it lies outside its
        own range, columns of ``arms`` are missing, an arm is neither treated nor control, or an
        arm of an answer of :func:`meta.percent_change` has no change.

    Notes
    -----
    A claimed fall in percent (a negative claim of measure "PC") is drawn as people speak of it:
    falls are positive and lie on the right, rises are negative.

    Examples
    --------
    >>> import meta
    >>> from meta.figures.claim import plot_claim
    >>> fit = meta.pool([-0.50, -0.10, -0.40], [0.04, 0.09, 0.06], measure="SMD")
    >>> plot_claim(fit, claimed=-1.2).alt_text()[:60]
    'Claimed effect −1.2 beside the effect that trials show. Stan'
    """
    need_estimate("plot_claim", fit)
    scale = fit.scale
    shown = make.effect_digits(fit, digits)
    _check(fit, claimed, claimed_low, claimed_high, mid)
    at = reader_to_axis(scale, claimed)
    low = at if claimed_low is None else reader_to_axis(scale, claimed_low)
    high = at if claimed_high is None else reader_to_axis(scale, claimed_high)
    falls = fit.measure == "PC" and claimed < 0
    cells = {"label": "Claimed", "est": as_stated(claimed)}
    if low < high:
        cells["label"] = "Claimed (range)"
        cells |= {"ci": interval_cells(scale, at, low, high, shown)["ci"]}
    rows = [Row(kind="claim", cells=cells, estimate=at, low=low, high=high, size=0.75)]
    arm_rows = _arm_rows(fit, arms, (treatment, control), shown)
    rows += arm_rows
    if arms is not None:
        rows.append(Row(kind="gap"))
    if fit.k == 1:
        (row,) = make.study_rows(
            fit, arms="", digits=shown, order=[0], largest=1.0, weights=[1.0], lights={},
            everyone=fit.effects.table,
        )  # fmt: skip
        label = "Found in one trial: " + row.cells["label"].replace("\n", " ")
        rows.append(replace(row, cells={**row.cells, "label": label}))
    else:
        label = f"Found in {fit.k} trials" + (
            " (difference between arms)" if arms is not None else ""
        )
        rows += make.summary_rows(
            fit, kind="total", label=label, arms="", digits=shown, weight=None
        )
    names, heading = (treatment, control), make.effect_heading(fit)
    answer = _verdict(fit, low, high, as_stated(-claimed if falls else claimed))
    if falls:
        rows = [_as_fall(row, scale, shown) for row in rows]
        at, mid = -at, None if mid is None else -mid
        heading = heading.replace("change", "fall")
    references = [
        *reference_lines("plot_claim", scale, important_and_claimed(mid, None)),
        Reference(value=at, kind="claimed"),
    ]
    sides = favours(fit, names)
    notes = [Note(answer)]
    if arms is not None:
        notes.append(Note(_ARMS))
    if any(row.hollow for row in arm_rows):
        for name, sample in ((treatment, TREATED), (control, CONTROL)):
            notes.append(Note(f"{upper_first(theme.plain(name))} arm.", sample))
    notes += remarks(fit, marked_rows=fit.k == 1)
    table = Table(
        name="plot_claim",
        rows=tuple(rows),
        columns=(Column(key="label", align="left"), *effect_columns(heading)),
        scale=scale,
        axis_label=axis_label or ("Fall, percent" if falls else axis_name(scale)),
        limits=table_limits("plot_claim", scale, rows, references, xlim),
        references=tuple(references),
        favours=sides[::-1] if sides and falls else sides,
        notes=tuple(notes),
        title=theme.plain(title),
        row_height=19.0,
    )
    in_arms = [row for row in rows if row.kind == "arm"]
    parts = [
        f"Claimed {_said(claimed, falls=falls)} beside the effect that trials show.",
        fit.sentence(),
        f"{rows_in_words(in_arms, len(in_arms))}." if in_arms else "",
        *(note.text for note in notes),
    ]
    return draw_table(table, ax, " ".join(parts))


def _said(claimed: float, *, falls: bool) -> str:
    return f"fall of {as_stated(-claimed)} %" if falls else f"effect {as_stated(claimed)}"


def _as_fall(row: Row, scale: Measure, digits: int) -> Row:
    """Turn a change round, so that a fall is a positive number."""
    if row.kind == "gap":
        return row
    low, high = -row.high, -row.low
    cells = {key: text for key, text in row.cells.items() if key not in {"est", "ci"}}
    cells |= interval_cells(scale, -row.estimate, low, high, digits)
    if row.kind == "claim":
        cells["est"] = as_stated(-row.estimate)
        cells = {key: text for key, text in cells.items() if key != "ci" or low < high}
    return replace(row, cells=cells, estimate=-row.estimate, low=low, high=high)


def _check(
    fit: Estimate,
    claimed: float,
    claimed_low: float | None,
    claimed_high: float | None,
    mid: float | None,
) -> None:
    given = {
        "claimed": claimed, "claimed_low": claimed_low, "claimed_high": claimed_high, "mid": mid,
    }  # fmt: skip
    need = "a ratio above 0" if fit.scale.log else "a finite number"
    faults = [
        f"{name}={value}: give {need}, on the reader's scale"
        for name, value in given.items()
        if value is not None and (not np.isfinite(value) or (fit.scale.log and value <= 0))
    ]
    low = claimed if claimed_low is None else claimed_low
    high = claimed if claimed_high is None else claimed_high
    if not faults and not low <= claimed <= high:
        faults.append(f"the claimed range {low} to {high} does not hold the claimed {claimed}")
    if faults:
        raise DataError.from_faults("plot_claim", faults)


def _arm_rows(
    fit: Estimate, arms: pd.DataFrame | None, names: tuple[str, str], digits: int
) -> list[Row]:
    if arms is None:
        return []
    if "percent_t" in arms:
        arms = _from_percent_change(arms)
    require_columns("plot_claim, arms", arms, ["label", "estimate"])
    nothing_to_draw("plot_claim, arms", arms)
    rows: list[Row] = []
    sides = _sides(arms, names)
    for record, side in zip(arms.to_dict("records"), sides, strict=True):
        values = [record.get(name, np.nan) for name in ("estimate", "ci_low", "ci_high")]
        if fit.scale.log:
            values = [float(np.log(v)) for v in values]
        estimate, low, high = (float(v) for v in values)
        label = theme.plain(record["label"])
        if side:
            ending = f", {theme.plain(names[_SIDES.index(side)])}"
            label = label.removesuffix(ending) + ending
        cells = {"label": label}
        cells |= interval_cells(fit.scale, estimate, low, high, digits)
        rows.append(
            Row(
                kind="arm", cells=cells, estimate=estimate, low=low, high=high, size=0.6,
                hollow=side == "control", colour=theme.STUDY if side == "treated" else "",
            )
        )  # fmt: skip
    return rows


def _from_percent_change(changes: pd.DataFrame) -> pd.DataFrame:
    """Turn one row a trial into one row an arm, the treated one first."""
    require_columns("plot_claim, arms", changes, ["label", "percent_t", "percent_c"])
    faults = [
        f"{theme.plain(record['label'])}: the change of the {side} arm is missing; leave the trial "
        'out with changes.dropna(subset="net"), and say so'
        for record in changes.to_dict("records")
        for key, side in zip("tc", _SIDES, strict=True)
        if pd.isna(record[f"percent_{key}"])
    ]
    if faults:
        raise DataError.from_faults("plot_claim, arms", faults)
    parts = [
        pd.DataFrame(
            {
                "label": changes["label"],
                "arm": side,
                "estimate": changes[f"percent_{key}"],
                "ci_low": changes.get(f"percent_{key}_low", np.nan),
                "ci_high": changes.get(f"percent_{key}_high", np.nan),
            }
        ).reset_index(drop=True)
        for key, side in zip("tc", _SIDES, strict=True)
    ]
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def _sides(arms: pd.DataFrame, names: tuple[str, str]) -> list[str]:
    """Say of each row which arm it is; "" where nothing says so."""
    if "arm" in arms:
        found = [theme.plain(side) for side in arms["arm"]]
        faults = [
            f"{theme.plain(label)}: arm is {side!r}; needed: {' or '.join(_SIDES)}"
            for label, side in zip(arms["label"], found, strict=True)
            if side not in _SIDES
        ]
        if faults:
            raise DataError.from_faults("plot_claim, arms", faults)
        return found
    return [
        next(
            (
                side
                for side, name in zip(_SIDES, names, strict=True)
                if theme.plain(label).endswith(f", {theme.plain(name)}")
            ),
            "",
        )
        for label in arms["label"]
    ]


def _verdict(fit: Estimate, low: float, high: float, shown: str) -> str:
    """Say where the claim lies; a statement about intervals, not about truth."""
    ci_low, ci_high, pi_low, pi_high = to_axis(
        fit.scale, [fit.ci_low, fit.ci_high, *make.predicted(fit)]
    )
    null = null_place(fit.scale)
    name = "the interval of the one trial" if fit.k == 1 else "the interval of the pooled effect"
    inside = low <= ci_high and high >= ci_low
    predicted = bool(low <= pi_high and high >= pi_low)
    nothing_predicted = bool(pi_low <= null <= pi_high)
    # "inside" alone would read as a confirmation where nothing is excluded
    if inside and ci_low <= null <= ci_high:
        text = f"{upper_first(name)} holds both the claimed {shown} and no effect"
        if predicted and nothing_predicted:
            return f"{text}, and so does the prediction interval: they cannot tell the two apart."
        return f"{text}: it cannot tell the two apart."
    text = f"The claimed {shown} lies {'inside' if inside else 'outside'} {name}"
    if not np.isfinite(pi_low):
        return f"{text}."
    link = "and" if predicted == inside else "but"
    text += f" {link} {'inside' if predicted else 'outside'} the prediction interval"
    return f"{text}{', which holds no effect too' if predicted and nothing_predicted else ''}."
