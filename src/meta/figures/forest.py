"""What did each study find, and what do they say together?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from meta.errors import DataError
from meta.figures import forest_rows as make
from meta.figures import theme
from meta.figures.axis import robust_limits
from meta.figures.draw import draw_sheet
from meta.figures.risk_of_bias import lights_by_study
from meta.figures.sheet import Foot, Reference, Row, Sheet, reader_to_axis, to_axis
from meta.synthesis.result import Pooled, number, p_text

if TYPE_CHECKING:
    from meta.synthesis.subgroups import Subgroups

# the summary row's name by model; one trial gets none
_TOTAL = {
    "random": "Random effects",
    "common": "Common effect",
    "uwls": "Unrestricted weighted least squares",
}
_LISTED = 20


def forest(
    fit: Pooled | Subgroups,
    ax: Axes | None = None,
    *,
    layout: str = "revman",
    by: str | None = None,
    sort: str | None = None,
    treatment: str = "magnesium",
    control: str = "control",
    title: str = "",
    mid: float | None = None,
    claimed: float | None = None,
    risk_of_bias: pd.DataFrame | None = None,
    silent: pd.DataFrame | None = None,
    xlim: tuple[float, float] | None = None,
    digits: int | None = None,
) -> Figure:
    """Draw a forest plot: each study, the pooled effect, the prediction interval, and what to know.

    The figure takes the size that its content needs: all texts are measured first, so that
    nothing is clipped and nothing overlaps, for one study or sixty.

    Parameters
    ----------
    fit : Pooled or Subgroups
        The answer of :func:`meta.pool`, or of :func:`meta.subgroups`.
    ax : matplotlib.axes.Axes, optional
        Where to draw. Given axes keep their place: the effect axis takes up spare width, text
        shrinks where there is too little. By default a new figure of the right size.
    layout : {"revman", "jama", "compact"}
        RevMan: arms in columns, weight and effect left of the axis. JAMA: one column an arm,
        "favours" above the axis, weight on the right. Compact: label, axis, effect.
    by : str, optional
        Column of ``fit.effects.table`` to draw subgroups by, each with its own diamond, and the
        test between them.
    sort : str, optional
        "effect" (smallest first), "weight" (largest first) or a column (ascending). As given by
        default.
    treatment, control : str
        Names of the arms.
    title : str
        Heading above the plot.
    mid : float, optional
        Minimal important difference, on the reader's scale and signed: a line is drawn exactly
        there (for a scale where lower is better, a negative number).
    claimed : float, optional
        The claimed effect, on the reader's scale; a line is drawn exactly there.
    risk_of_bias : pandas.DataFrame, optional
        Judgements of one tool: columns ``study_id domain judgement`` (low, some, high, unclear).
    silent : pandas.DataFrame, optional
        Trials that measured the outcome and printed no figure: columns ``label`` and, where known,
        ``n_t n_c``. They are listed under the summary.
    xlim : tuple of float, optional
        Axis limits on the reader's scale. By default every estimate is shown and only intervals
        that would squash the others are cut.
    digits : int, optional
        Decimals of effects; two by default, fewer where effects are large.

    Returns
    -------
    matplotlib.figure.Figure
        Without ``ax`` a :class:`meta.figures.theme.Drawing`, which offers ``alt_text()`` and
        ``save(path)`` and shows itself in a notebook; else the figure of ``ax``.

    Raises
    ------
    DataError
        If there is no study, a setting or column is unknown, a reference line is not possible on
        the scale, or the given axes are too small to be read.

    Notes
    -----
    Squares have an area proportional to the weight. Intervals of studies are normal intervals at
    the level of the fit; the diamond is the fit's own interval, and the bar under it the
    prediction interval. An interval that runs out of the axis ends in an arrowhead and keeps its
    figures in the text. One study gets no diamond. Hollow squares rest on an assumption that is
    named under the plot, a dagger marks a trial with an integrity flag, and the notes of the fit
    always stand under the plot.

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.50, -0.10, -0.40], [0.04, 0.09, 0.06], measure="SMD")
    >>> figure = meta.forest(fit, claimed=-0.8)
    >>> figure.alt_text()[:44]
    'Forest plot of 3 studies. Standardised mean '
    """
    if layout not in make.LAYOUTS:
        raise DataError(
            f"forest: layout={layout!r} is unknown; use one of {', '.join(make.LAYOUTS)}"
        )
    groups: Any = None
    overall: Pooled | None
    if by is not None:
        from meta.synthesis.subgroups import subgroups

        if not isinstance(fit, Pooled):
            raise DataError("forest: by= needs a pooled answer; a subgroup analysis has its groups")
        groups, overall = subgroups(fit.effects, by=by, **fit.settings()), fit
    elif isinstance(fit, Pooled):
        overall = fit
    else:
        groups, overall = fit, getattr(fit, "overall", None)
    first = overall if overall is not None else next(iter(groups.fits.values()), None)
    if first is None or first.k == 0:
        raise DataError("forest: the fit holds no study; pool at least one effect first")
    sheet = _sheet(
        first, overall, groups, layout, sort, (treatment, control), title, mid, claimed,
        risk_of_bias, silent, xlim, make.effect_digits(first, digits),
    )  # fmt: skip
    figure, host, _ = draw_sheet(sheet, ax)
    theme.describe(host, _in_words(first, overall, groups, sheet, claimed, silent))
    return figure


def _sheet(
    first: Pooled,
    overall: Pooled | None,
    groups: Any,
    layout: str,
    sort: str | None,
    names: tuple[str, str],
    title: str,
    mid: float | None,
    claimed: float | None,
    risk_of_bias: pd.DataFrame | None,
    silent: pd.DataFrame | None,
    xlim: tuple[float, float] | None,
    digits: int,
) -> Sheet:
    scale = first.scale
    fits: dict[str, Pooled] = dict(groups.fits) if groups is not None else {"": first}
    arms = make.arms_kind(
        overall.effects.table if overall else pd.concat([f.effects.table for f in fits.values()])
    )
    domains, lights, rob_text = lights_by_study(risk_of_bias)
    rows, beside, foot = [], [], []
    shares = _shares(fits, overall)
    largest = max((float(np.nanmax(s)) for s in shares.values() if np.isfinite(s).any()), default=1)
    for name, one in fits.items():
        if groups is not None:
            rows.append(Row(kind="group", cells={"label": theme.plain(name)}))
        rows += make.study_rows(
            one, arms=arms, digits=digits, order=make.order_of(one, sort), largest=largest,
            weights=list(shares[name]), lights=lights,
        )  # fmt: skip
        if groups is not None:
            if one.k > 1:
                label = f"{_TOTAL[one.model]}: {theme.plain(name)}"
                total = float(shares[name].sum()) if overall is not None else 100.0
                rows += make.summary_rows(
                    one, kind="subtotal", label=label, arms=arms, digits=digits, weight=total
                )
            rows.append(Row(kind="gap"))
    if overall is not None and overall.k > 1:
        rows += make.summary_rows(
            overall, kind="total", label=_TOTAL[overall.model], arms=arms, digits=digits
        )
    rows += make.silent_rows(silent, arms)
    if groups is not None:
        beside += [f"{name}: {one.heterogeneity_text()}" for name, one in fits.items() if one.k > 1]
        beside.append(
            f"Test between subgroups: Q = {groups.q_between:.2f}, df = {groups.q_between_dof}, "
            f"p {p_text(groups.q_between_p_value)}"
        )
    if overall is not None:
        beside.append(f"Heterogeneity: {overall.heterogeneity_text()}")
        foot += make.remarks(overall)
    else:
        foot += [item for one in fits.values() for item in make.remarks(one)]
    source = overall if overall is not None else first
    test = f"; against no effect p {p_text(source.p_value)}" if np.isfinite(source.p_value) else ""
    beside.append(f"Method: {source.method()}{test if overall is not None else ''}")
    if rob_text:
        foot.insert(0, Foot(text=rob_text))
    references = _references(source, overall, mid, claimed, digits)
    level = f"{100 * source.ci_level:g} % interval"
    return Sheet(
        name="forest",
        rows=tuple(rows),
        columns=make.forest_columns(
            layout, arms, f"{make.short_name(source.measure)} ({level})", *names,
            weights=source.k > 1 and bool(np.isfinite(source.weights).any()),
        ),
        scale=scale,
        axis_label=scale.label + (" (log scale)" if scale.log else ""),
        limits=_limits(source, rows, references, xlim),
        references=tuple(references),
        favours=_favours(source, names),
        favours_on_top=layout == "jama",
        domains=domains,
        beside=tuple(beside),
        foot=tuple(foot),
        title=theme.plain(title),
        row_height=13.5 if layout == "compact" else 16.0,
    )  # fmt: skip


def _shares(fits: dict[str, Pooled], overall: Pooled | None) -> dict[str, np.ndarray]:
    """Weights to show: those in the overall answer where there is one, else each group's own."""
    if overall is None or len(fits) == 1:
        return {name: np.asarray(one.weights, dtype=float) for name, one in fits.items()}
    of_study = dict(zip(overall.effects.table["study_id"], overall.weights, strict=True))
    return {
        name: np.array([of_study.get(s, np.nan) for s in one.effects.table["study_id"]])
        for name, one in fits.items()
    }


def _references(
    fit: Pooled, overall: Pooled | None, mid: float | None, claimed: float | None, digits: int
) -> list[Reference]:
    scale = fit.scale
    found = []
    if np.isfinite(scale.null):
        found.append(Reference(value=reader_to_axis(scale, scale.null), kind="null"))
    if overall is not None and overall.k > 1:
        found.append(Reference(value=float(to_axis(scale, overall.estimate)[0]), kind="pooled"))
    faults = []
    for kind, value, name in (("mid", mid, "important"), ("claimed", claimed, "claimed")):
        if value is None:
            continue
        if not np.isfinite(value) or (scale.log and value <= 0):
            need = "a ratio above 0" if scale.log else "a finite number"
            faults.append(f"{kind}={value}: give {need}, on the reader's scale")
            continue
        shown = number(value, digits)
        found.append(
            Reference(value=reader_to_axis(scale, value), kind=kind, label=f"{name} {shown}")  # type: ignore[arg-type]
        )
    if faults:
        raise DataError.from_faults("forest", faults)
    return found


def _limits(
    fit: Pooled,
    rows: Sequence[Row],
    references: Sequence[Reference],
    xlim: tuple[float, float] | None,
) -> tuple[float, float]:
    if xlim is not None:
        low, high = xlim
        if not (np.isfinite(xlim).all() and low < high and (low > 0 or not fit.scale.log)):
            need = "above 0 " if fit.scale.log else ""
            raise DataError(f"forest: xlim={xlim}: give two finite numbers {need}in rising order")
        return reader_to_axis(fit.scale, low), reader_to_axis(fit.scale, high)
    studies = [r for r in rows if r.kind == "study"]
    totals = [r for r in rows if r.kind in {"subtotal", "total", "prediction"}]
    return robust_limits(
        [r.estimate for r in studies],
        [r.low for r in studies],
        [r.high for r in studies],
        must_show=[r.value for r in references] + [r.estimate for r in totals],
        wide=[(r.low, r.high) for r in totals],
    )


def _favours(fit: Pooled, names: tuple[str, str]) -> tuple[str, str] | None:
    lower = fit.effects.lower_is_better
    if lower is None or fit.scale.single_group or not np.isfinite(fit.scale.null):
        return None
    sides = [f"favours {name}" for name in (names if lower else names[::-1])]
    return sides[0], sides[1]


def _in_words(
    first: Pooled,
    overall: Pooled | None,
    groups: Any,
    sheet: Sheet,
    claimed: float | None,
    silent: pd.DataFrame | None,
) -> str:
    studies = [r for r in sheet.rows if r.kind == "study"]
    count = "1 study" if len(studies) == 1 else f"{len(studies)} studies"
    parts = [f"{sheet.title}. " if sheet.title else "", f"Forest plot of {count}."]
    if overall is not None:
        parts.append(overall.sentence())
    if groups is not None:
        parts += [f"{name}: {one.sentence()}" for name, one in groups.fits.items()]
        parts.append(f"{sheet.beside[len([f for f in groups.fits.values() if f.k > 1])]}.")
    if claimed is not None:
        parts.append(f"A line marks the claimed effect, {number(claimed)}.")
    shown = [
        f"{r.cells['label']} {r.cells.get('est', '')} {r.cells.get('ci', '')}" for r in studies
    ]
    listed = "; ".join(" ".join(text.split()) for text in shown[:_LISTED])
    rest = f"; and {len(shown) - _LISTED} more" if len(shown) > _LISTED else ""
    parts.append(f"{make.short_name(first.measure)} by study: {listed}{rest}.")
    if silent is not None and len(silent):
        names = ", ".join(theme.plain(label) for label in silent["label"])
        parts.append(f"Measured it and printed no figure: {names}.")
    parts += [item.text for item in sheet.foot]
    return " ".join(parts)
