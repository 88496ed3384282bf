"""Does the answer hang on one study, and how did it come about?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from meta.arguments import checked
from meta.figures import forest_rows as make
from meta.figures import theme
from meta.figures.axis import axis_name, to_axis
from meta.figures.forest import favours
from meta.figures.frame import Note
from meta.figures.references import reference_lines
from meta.figures.table import (
    Column,
    Row,
    Table,
    effect_columns,
    interval_cells,
    rows_in_words,
    table_limits,
)
from meta.figures.table_drawing import HOLLOW, draw_table
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate
from meta.wording import compact, p_alone


@checked
def plot_leave_one_out(
    fit: Estimate,
    ax: Axes | None = None,
    *,
    treatment: str = "treatment",
    control: str = "control",
    title: str = "",
) -> Figure:
    """Draw the pooled effect without each study in turn, with p, tau2 and I2.

    Parameters
    ----------
    fit : Estimate
        At least two studies.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of the right size by default.
    treatment, control : str
        Names of the arms.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. The dashed line is the answer with all studies.

    Raises
    ------
    TooFewStudies
        If there is only one study.

    Examples
    --------
    >>> import meta
    >>> from meta.figures.leave_one_out import plot_leave_one_out
    >>> fit = meta.pool([-0.50, -0.10, -0.40], [0.04, 0.09, 0.06], measure="SMD")
    >>> plot_leave_one_out(fit).alt_text()[:45]
    'Leave-one-out plot of 3 studies. With all: St'
    """
    from meta.synthesis.diagnostics.influence import leave_one_out

    need_estimate("plot_leave_one_out", fit)
    table = leave_one_out(fit).table
    labels = [f"without {theme.plain(name)}" for name in table["left_out"]]
    return _steps(
        fit, table, labels, ax, "Leave-one-out", (treatment, control), title, with_all=True
    )


@checked
def plot_cumulative(
    fit: Estimate,
    ax: Axes | None = None,
    *,
    order: str | ArrayLike = "year",
    treatment: str = "treatment",
    control: str = "control",
    title: str = "",
) -> Figure:
    """Draw the pooled effect as the studies came in.

    Parameters
    ----------
    fit : Estimate
        The answer with all studies.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of the right size by default.
    order : str or array_like of int
        See :func:`meta.cumulative`.
    treatment, control : str
        Names of the arms.
    title : str
        Heading.

    Returns
    -------
    matplotlib.figure.Figure
        See :func:`meta.plot_forest`. The first row is one trial and drawn hollow; the last is the
        answer.

    Raises
    ------
    DataError
        If the studies cannot be put in that order.

    Notes
    -----
    The rows are looks at growing data, not independent tests; a note under the plot says so.

    Examples
    --------
    >>> import meta
    >>> from meta.figures.leave_one_out import plot_cumulative
    >>> fit = meta.pool([-0.50, -0.10, -0.40], [0.04, 0.09, 0.06], measure="SMD")
    >>> plot_cumulative(fit, order=[1, 0, 2]).alt_text()[:37]
    'Cumulative plot of 3 studies. With al'
    """
    from meta.synthesis.diagnostics.influence import cumulative

    need_estimate("plot_cumulative", fit)
    table = cumulative(fit, order).table
    labels = []
    for i, row in enumerate(table.to_dict("records")):
        name = theme.plain(row["added"])
        # the year is part of most labels; another ordering value is shown
        value = "" if not isinstance(order, str) or order in {"year", "label"} else row[order]
        labels.append(("" if i == 0 else "+ ") + name + (f" ({value})" if value != "" else ""))
    return _steps(fit, table, labels, ax, "Cumulative", (treatment, control), title, with_all=False)


def _steps(
    fit: Estimate,
    table: pd.DataFrame,
    labels: Sequence[str],
    ax: Axes | None,
    what: str,
    names: tuple[str, str],
    title: str,
    *,
    with_all: bool,
) -> Figure:
    scale, digits = fit.scale, make.effect_digits(fit, None)
    rows = []
    for label, record in zip(labels, table.to_dict("records"), strict=True):
        values = to_axis(scale, [record["estimate"], record["ci_low"], record["ci_high"]])
        estimate, low, high = (float(v) for v in values)
        cells = {"label": label, "k": str(record["k"]), "p": _p(record["p_value"])}
        cells |= _spread(record["tau2"], record["i2"])
        cells |= {"ci": "no answer"} | interval_cells(scale, estimate, low, high, digits)
        rows.append(
            Row(
                kind="study", cells=cells, estimate=estimate, low=low, high=high, size=0.6,
                hollow=record["k"] == 1,
            )
        )  # fmt: skip
    studies = list(rows)
    if with_all:
        total = make.summary_rows(fit, kind="total", label="all studies", arms="", digits=digits)
        extra = {"k": str(fit.k), "p": _p(fit.p_value)}
        extra |= _spread(fit.tau2, fit.i2)
        rows.append(replace(total[0], cells={**total[0].cells, **extra}))
    references = reference_lines(what, scale, fit=fit)
    notes = [Note(f"Method: {fit.method_text()}.")]
    if fit.k > 1:
        notes.append(Note("Dashed line: the answer with all studies."))
    if any(row.hollow for row in rows):
        notes.append(Note("One trial, with its normal interval.", HOLLOW))
    if not with_all:
        notes.append(
            Note(
                "Each row is another look at the same growing data: read it as a history, not "
                "as a row of tests."
            )
        )
    notes += [Note(note) for note in theme.note_lines(fit.notes)]
    drawn = Table(
        name=what,
        rows=tuple(rows),
        columns=(
            Column(key="label", heading="Study", align="left"),
            Column(key="k", heading="k"),
            *effect_columns(make.effect_heading(fit)),
            Column(key="p", heading="p", side="right"),
            *(
                Column(key=key, heading=heading, side="right")
                for key, heading in (("tau2", "τ²"), ("i2", "I², %"))
                if any(key in row.cells for row in rows)
            ),
        ),
        scale=scale,
        axis_label=axis_name(scale),
        limits=table_limits(what, scale, rows, references, None),
        references=tuple(references),
        favours=favours(fit, names),
        notes=tuple(notes),
        title=theme.plain(title),
    )
    return draw_table(
        drawn, ax,
        f"{what} plot of {fit.k} studies. With all: {fit.sentence()} "
        f"{rows_in_words(studies)}. " + " ".join(note.text for note in notes[1:]),
    )  # fmt: skip


def _spread(tau2: float, i2: float) -> dict[str, str]:
    cells = {"tau2": compact(tau2)} if np.isfinite(tau2) else {}
    return cells | ({"i2": f"{i2:.0f}"} if np.isfinite(i2) else {})


def _p(value: float) -> str:
    return p_alone(value) if np.isfinite(value) else "–"
