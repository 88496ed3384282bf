"""What did each study find, and what do they say together?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meta.arguments import checked
from meta.errors import DataError
from meta.figures import forest_rows as make
from meta.figures import theme
from meta.figures.axis import axis_name
from meta.figures.forest_notes import decoded, remarks
from meta.figures.frame import Note
from meta.figures.references import important_and_claimed, reference_lines
from meta.figures.risk_of_bias import lights_by_study
from meta.figures.table import Row, Table, rows_in_words, table_limits
from meta.figures.table_drawing import draw_table
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate
from meta.wording import as_stated, p_text

if TYPE_CHECKING:
    from meta.synthesis.models.subgroups import Subgroups


# of more studies a page of rows cannot be read
_MOST_NAMED = 150
_DENSE_HEIGHT = 620.0


@checked
def plot_forest(
    fit: Estimate | Subgroups,
    ax: Axes | None = None,
    *,
    layout: str | None = None,
    by: str | None = None,
    sort: str | None = None,
    treatment: str = "treatment",
    control: str = "control",
    title: str = "",
    mid: float | None = None,
    claimed: float | None = None,
    risk_of_bias: pd.DataFrame | str | Path | None = None,
    silent: pd.DataFrame | None = None,
    xlim: tuple[float, float] | None = None,
    digits: int | None = None,
) -> Figure:
    """Draw a forest plot: each study, the pooled effect, the prediction interval, and what to know.

    The figure takes the size that its content needs: all texts are measured first, so that
    nothing is clipped and nothing overlaps, for one study or sixty.

    Parameters
    ----------
    fit : Estimate or Subgroups
        The answer of any pooling method, drawn with that method's weights, or of
        :func:`meta.subgroups`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Given axes keep their place: the effect axis takes up spare width, text
        shrinks where there is too little. By default a new figure of the right size.
    layout : {"revman", "jama", "compact", "dense"}
        RevMan: arms in columns, weight and effect left of the axis. JAMA: one column an arm,
        "favours" above the axis, weight on the right. Compact: label, axis, effect. Dense: one thin
        line a study, without text; their names and numbers stand in ``to_frame()``. By default
        RevMan's, and dense for more than 150 studies.
    by : str, optional
        Column of ``fit.effects.table`` to draw subgroups by, each with its own diamond, and the
        test between them.
    sort : str, optional
        "effect" (smallest first), "weight" (largest first) or a column (ascending). As given by
        default; by effect in the dense layout.
    treatment, control : str
        Names of the arms.
    title : str
        Heading above the plot.
    mid : float, optional
        Minimal important difference, on the reader's scale and signed: a line is drawn exactly
        there (for a scale where lower is better, a negative number).
    claimed : float, optional
        The claimed effect, on the reader's scale; a line is drawn exactly there.
    risk_of_bias : pandas.DataFrame, str or path, optional
        Judgements of one tool, as :func:`meta.plot_traffic_light` takes them.
    silent : pandas.DataFrame, optional
        Trials that measured the outcome and printed no figure: columns ``label`` and, where known,
        ``n_t n_c``. They are listed under the summary. With a column ``study_id``, each is listed
        once, and trials that are in the pooled effect are not silent.
    xlim : tuple of float, optional
        Axis limits on the reader's scale. By default every estimate is shown and only intervals
        that would squash the others are cut.
    digits : int, optional
        Decimals of effects; two by default, fewer where effects are large, and more where an
        effect could not be told from its limits.

    Returns
    -------
    matplotlib.figure.Figure
        Without ``ax`` a :class:`meta.figures.drawing.Drawing`, which offers ``alt_text()`` and
        ``save(path)`` and shows itself in a notebook; else the figure of ``ax``.

    Raises
    ------
    DataError
        If this is no fit, there is no study, a setting or column is unknown, a reference line is
        not possible on the scale, or the given axes are too small to be read.

    Notes
    -----
    Squares have an area proportional to the weight. Intervals of studies are normal intervals at
    the level of the fit; the diamond is the fit's own interval, and the bar under it the
    prediction interval. An interval that runs out of the axis ends in an arrowhead and keeps its
    figures in the text. One study gets no diamond. Hollow squares rest on an assumption that is
    named under the plot; a dagger marks a doubt about a trial's integrity and a star any other
    remark of the column ``flag`` (remarks are parted by semicolons; doubts begin with
    "integrity" or speak of an expression of concern or a retraction); and the notes of the fit
    always stand under the plot.

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.50, -0.10, -0.40], [0.04, 0.09, 0.06], measure="SMD")
    >>> figure = meta.plot_forest(fit, claimed=-0.8)
    >>> figure.alt_text()[:44]
    'Forest plot of 3 studies. Standardised mean '
    """
    if layout is not None and layout not in make.LAYOUTS:
        raise DataError(
            f"plot_forest: layout={layout!r} is unknown; use one of {', '.join(make.LAYOUTS)}"
        )
    from meta.synthesis.models.subgroups import Subgroups as Groups
    from meta.synthesis.models.subgroups import subgroups

    groups: Subgroups | None = None
    if isinstance(fit, Groups):
        if by is not None:
            raise DataError(
                "plot_forest: by= needs a pooled answer; a subgroup analysis has its groups"
            )
        groups, fit = fit, fit.overall
    else:
        need_estimate("plot_forest", fit)
        groups = None if by is None else subgroups(fit, by=by)
    unheard = make.silent_trials(silent, fit)
    layout = layout or ("revman" if fit.k <= _MOST_NAMED else "dense")
    sort = "effect" if layout == "dense" and sort is None else sort
    table = _table(
        fit, groups, layout, sort, (treatment, control), title, mid, claimed,
        risk_of_bias, unheard, xlim, make.effect_digits(fit, digits),
    )  # fmt: skip
    return draw_table(table, ax, _in_words(fit, groups, table, mid, claimed, unheard))


def _table(
    fit: Estimate,
    groups: Subgroups | None,
    layout: str,
    sort: str | None,
    names: tuple[str, str],
    title: str,
    mid: float | None,
    claimed: float | None,
    risk_of_bias: pd.DataFrame | str | Path | None,
    silent: pd.DataFrame,
    xlim: tuple[float, float] | None,
    digits: int,
) -> Table:
    scale = fit.scale
    arms = make.arms_kind(fit.effects.table)
    domains, lights, rob_text = lights_by_study(risk_of_bias)
    width = make.NARROW if arms and layout not in {"compact", "dense"} else make.WIDE
    fits = {"": fit} if groups is None else dict(groups.fits)
    rows: list[Row] = []
    for name, one in fits.items():
        shares = _shares(one, fit)
        heading = decoded(theme.plain(name))
        if groups is not None:
            rows.append(Row(kind="group", cells={"label": heading}))
        rows += make.study_rows(
            one, arms=arms, digits=digits, order=make.order_of(one, sort), weights=shares,
            largest=float(np.nanmax(fit.weights, initial=0.0)), lights=lights,
            everyone=fit.effects.table, width=width,
        )  # fmt: skip
        if groups is not None:
            if one.k > 1:
                rows += make.summary_rows(
                    one, kind="subtotal", arms=arms,
                    label=make.in_lines(f"{make.total_name(one)}: {heading}", width, bold=True),
                    digits=digits, weight=sum(shares),
                )  # fmt: skip
            rows.append(Row(kind="gap"))
    if fit.k > 1:
        total = make.total_name(fit) + (": all" if groups is not None else "")
        if groups is None:
            rows.append(Row(kind="gap"))
        rows += make.summary_rows(fit, kind="total", label=total, arms=arms, digits=digits)
    rows += make.silent_rows(silent, arms, pooled=fit.k > 1, width=width)
    beside = []
    if groups is not None:
        beside += [
            f"{decoded(theme.plain(name))}: {one.heterogeneity_text()}"
            for name, one in fits.items()
            if one.k > 1 and one.heterogeneity_text()
        ]
        beside.append(f"Test between subgroups: {groups.test_text()}")
    name = "Heterogeneity" if groups is None else "Heterogeneity, all studies"
    if fit.heterogeneity_text():
        beside.append(f"{name}: {fit.heterogeneity_text()}")
    test = f"; against no effect p {p_text(fit.p_value)}" if np.isfinite(fit.p_value) else ""
    beside.append(f"Method: {fit.method_text()}{test}")
    notes = [Note(rob_text)] if rob_text else []
    if layout == "dense":
        notes.append(Note(f"Each of {fit.k:,} thin lines is one study with its interval."))
    notes += remarks(fit)
    if groups is not None:
        notes += [Note(f"Subgroups: {decoded(theme.for_readers(note))}") for note in groups.notes]
    references = reference_lines("plot_forest", scale, important_and_claimed(mid, claimed), fit)
    return Table(
        name="plot_forest",
        rows=tuple(rows),
        columns=make.forest_columns(
            layout, arms, make.effect_heading(fit),
            *names, weights=fit.k > 1 and bool(np.isfinite(fit.weights).any()),
        ),
        scale=scale,
        axis_label=axis_name(scale),
        limits=table_limits("plot_forest", scale, rows, references, xlim),
        references=tuple(references),
        favours=favours(fit, names),
        favours_on_top=layout == "jama",
        domains=domains,
        beside=tuple(beside),
        notes=tuple(notes),
        title=theme.plain(title),
        row_height=13.5 if layout == "compact" else 16.0,
        study_height=min(4.0, _DENSE_HEIGHT / fit.k) if layout == "dense" else np.nan,
    )  # fmt: skip


def _shares(one: Estimate, fit: Estimate) -> list[float]:
    """Weights in the answer over all studies, also where a subgroup has an answer of its own."""
    if one is fit:
        return [float(w) for w in fit.weights]
    of_study: dict[str, list[float]] = {}
    for study, weight in zip(fit.effects.table["study_id"], fit.weights, strict=True):
        of_study.setdefault(study, []).append(float(weight))
    # effects that share a study_id keep their order in the subgroups
    return [of_study[study].pop(0) for study in one.effects.table["study_id"]]


def favours(fit: Estimate, names: tuple[str, str]) -> tuple[str, str] | None:
    """Say what lies left and right of no effect; None where the good direction is not known."""
    lower = fit.effects.lower_is_better
    if lower is None or fit.scale.single_group or not np.isfinite(fit.scale.null):
        return None
    sides = [f"favours {name}" for name in (names if lower else names[::-1])]
    return sides[0], sides[1]


def _in_words(
    fit: Estimate,
    groups: Subgroups | None,
    table: Table,
    mid: float | None,
    claimed: float | None,
    silent: pd.DataFrame,
) -> str:
    studies = [r for r in table.rows if r.kind == "study"]
    count = "1 study" if len(studies) == 1 else f"{len(studies)} studies"
    parts = [f"Forest plot of {count}.", fit.sentence()]
    if groups is not None:
        parts.append(decoded(groups.sentence()))
    if mid is not None:
        parts.append(f"A line marks the smallest important effect, {as_stated(mid)}.")
    if claimed is not None:
        parts.append(f"A line marks the claimed effect, {as_stated(claimed)}.")
    parts.append(f"{fit.scale.short} by study: {rows_in_words(studies)}.")
    if len(silent):
        names = ", ".join(theme.plain(label) for label in silent["label"])
        parts.append(f"Measured it and printed no figure: {names}.")
    parts += [note.text for note in table.notes]
    return " ".join(parts)
