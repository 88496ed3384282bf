"""Pooled answers on a page: the rows behind each, several side by side, and links between them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from meta import html
from meta.arguments import checked
from meta.effect_sizes.measures import measure_of
from meta.effect_sizes.printed import printed_intervals, printed_text
from meta.errors import DataError, need
from meta.evidence.tables import Evidence
from meta.figures.axis import to_reader
from meta.figures.forest_rows import study_intervals
from meta.html import Markup
from meta.report.display import Table, table
from meta.report.headings import headings
from meta.report.links import study_name
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate, RandomEffects
from meta.synthesis.models.pooled import Pooled
from meta.wording import interval_texts, range_text


def anchor(fit: Estimate) -> str:
    """Name a pooled answer by what was pooled and how: equal answers have equal names."""
    digest = hashlib.sha256(
        repr((type(fit).__name__, fit.measure, fit.method_text(), fit.ci_level)).encode()
    )
    digest.update("\x1f".join(fit.effects.labels).encode())
    digest.update(np.asarray([fit.effects.yi, fit.effects.vi], dtype=float).tobytes())
    return f"fit-{digest.hexdigest()[:10]}"


@checked
def linked(fit: Estimate, digits: int = 2, *, among: bool = False) -> Markup:
    """Write a pooled effect as a link to the rows behind it, on the same page.

    Parameters
    ----------
    fit : Pooled
        The answer; :func:`studies_table` shows its rows elsewhere on the page.
    digits : int
        Decimals.
    among : bool
        Link to the answer's row in a table of :func:`compare` instead.

    Returns
    -------
    Markup
        For use in ``Markdown``; a text.

    Raises
    ------
    DataError
        If this is no answer of :func:`meta.pool`.

    Examples
    --------
    >>> import meta
    >>> print(meta.linked(meta.pool([-0.5, -0.3], [0.04, 0.04])))
    <a class="fit" href="#fit-...">−0.40 (−1.67 to 0.87)</a>
    """
    need_estimate("linked", fit)
    target = _among(fit) if among else anchor(fit)
    return Markup('<a class="fit" href="#{}">{}</a>').format(target, fit.effect_text(digits))


def _among(fit: Estimate) -> str:
    return f"{anchor(fit)}-row"


@checked
def studies_table(
    fit: Estimate,
    caption: str = "The effects behind the answer",
    *,
    evidence: Evidence | None = None,
) -> Table:
    """List the effects that were pooled: the trials, how each was reported, what it rests on.

    Parameters
    ----------
    fit : Pooled
        The answer.
    caption : str
        What the table says.
    evidence : Evidence, optional
        The tables that the effects come from: the form of the treatment is then shown, if their
        question names one.

    Returns
    -------
    Table
        One row an effect, largest weight first, on the reader's scale, with the interval of
        the trial (normal, level of the fit) and its weight; each name links to the study's page.
        Columns in which nothing stands are left out.

    Raises
    ------
    DataError
        If this is no answer of :func:`meta.pool`.

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.3], [0.04, 0.01], labels=["A", "B"])
    >>> meta.studies_table(fit).frame["label"].tolist()
    ['B', 'A']
    """
    need_estimate("studies_table", fit)
    form = None if evidence is None else evidence.question.form
    values = to_reader(fit.scale, study_intervals(fit).ravel()).reshape(-1, 3)
    read = dict(zip(("estimate", "ci_low", "ci_high"), values.T, strict=True))
    rows = fit.effects.table.assign(
        **read,
        weight=fit.weights,
    )
    rows["effect"] = [
        printed_text(said)
        if np.isfinite(said[0])
        else "{} ({} to {})".format(*interval_texts(one, log=fit.scale.log))
        if np.isfinite(one[0])
        else "not estimable"
        for one, said in zip(values, printed_intervals(fit.effects, fit.ci_level), strict=True)
    ]
    rows["mind"] = [
        "; ".join(str(text) for text in said if isinstance(text, str) and text)
        for said in rows.reindex(columns=["assumptions", "flag"]).itertuples(index=False)
    ]
    rows = rows.sort_values("weight", ascending=False, kind="stable")
    columns = {
        "label": "Trial",
        "instrument": "Scale",
        **headings([] if form is None else [form.column], evidence),
        "blinding": "Blinding",
        "control": "Against",
        "time_weeks": "Week",
        "effect": f"{fit.scale.short} ({fit.level_text()} interval)",
        "weight": "Weight, %",
        "reporting": "Printed as",
        "mind": "Assumptions and cautions",
    }
    kept = {
        name: text
        for name, text in columns.items()
        if name in rows and rows[name].dropna().astype(str).ne("").any()
    }
    shown = table(rows, caption, kept, anchor=anchor(fit))
    numbers = ["label", "estimate", "ci_low", "ci_high", "weight"]
    return replace(shown, frame=rows[numbers].reset_index(drop=True))


@checked
def compare(
    fits: Mapping[Any, Estimate | None] | pd.Series, caption: str, *, digits: int = 2
) -> Table:
    """Set several pooled answers side by side.

    Parameters
    ----------
    fits : mapping or pandas.Series of Pooled
        Answers by name; None where no trial is left.
    caption : str
        What the table says.
    digits : int
        Decimals of the effects.

    Returns
    -------
    Table
        One row an answer: trials (opening it names them, with the notes of the answer), people,
        effect with its interval, the conservative interval, the prediction interval, I2. A single
        trial has neither of the last three. ``.frame`` has the numbers on the scale of computation.

    Raises
    ------
    DataError
        If nothing is given, or something that is no pooled answer; if the answers have different
        measures, or intervals of different levels.

    Examples
    --------
    >>> import meta
    >>> both = meta.pool([-0.5, -0.3], [0.04, 0.04])
    >>> first = both.refit(both.effects.subset([0]))
    >>> meta.compare({"both": both, "first": first}, "Effects").frame["k"].tolist()
    [2, 1]
    """
    way = '{"all": fit, "without A": other}, or meta.subgroups(...).fits'
    need("compare", fits, (Mapping, pd.Series), "answers by name", way)
    named = dict(fits.items())
    if not named:
        raise DataError(f"compare: there is no answer; give {way}")
    wrong = [str(name) for name, fit in named.items() if not isinstance(fit, Estimate | None)]
    if wrong:
        raise DataError(
            f"compare: {', '.join(wrong)} is no answer of a pooling method; give meta.pool(effects)"
        )
    measures = {fit.measure for fit in named.values() if fit is not None}
    if len(measures) > 1:
        raise DataError(
            f"compare: the answers have different measures ({', '.join(sorted(measures))}); give "
            "each measure a table of its own"
        )
    levels = {fit.ci_level for fit in named.values() if fit is not None}
    if len(levels) > 1:
        found = ", ".join(map(str, sorted(levels)))
        raise DataError(
            f"compare: the intervals have different levels ({found}); pool all answers with one "
            "ci_level"
        )
    level = f"{100 * next(iter(levels), 0.95):g} %"
    rows = [_row(str(name), fit, digits) for name, fit in named.items()]
    taken: set[str] = set()
    for (row, _), fit in zip(rows, named.values(), strict=True):
        # choices that come to the same answer share one place, the first: a page's ids are unique
        if fit is not None and _among(fit) not in taken:
            taken.add(_among(fit))
            row["analysis"] = Markup('<span id="{}">{}</span>').format(_among(fit), row["analysis"])
    columns = {
        "analysis": "Analysis",
        "k": "Trials",
        "people": "People",
        "effect": f"{measure_of(next(iter(measures), 'GEN')).short} ({level} interval)",
        "adhoc": "Conservative interval",
        "prediction": "Prediction interval",
        "i2": "I², %",
    }
    shown = pd.DataFrame([row for row, _ in rows], columns=list(columns))
    drawn = html.table(shown, caption, columns=columns, digits={"i2": 0})
    return Table(pd.DataFrame([numbers for _, numbers in rows]), caption, drawn)


def _row(name: str, fit: Estimate | None, digits: int) -> tuple[dict[str, Any], dict[str, Any]]:
    if fit is None:
        return {"analysis": name, "k": 0, "effect": "no trial"}, {"analysis": name, "k": 0}
    several = fit.k > 1
    adhoc = ""
    if several and isinstance(fit, Pooled) and fit.model == "random":
        methods = fit.intervals().table.set_index("ci_method")
        ends = methods.loc["HK-adhoc", ["ci_low", "ci_high"]].to_numpy(dtype=float)
        adhoc = range_text(fit.scale.to_reader(ends), digits, log=fit.scale.log)
    names = [
        study_name(study, label)
        for study, label in zip(fit.effects.table["study_id"], fit.effects.labels, strict=True)
    ]
    said = Markup("").join(Markup("<p>{}</p>").format(note) for note in fit.notes)
    shown = {
        "analysis": name,
        "k": html.folded(fit.k, Markup("; ").join(names) + said),
        "people": fit.n_total,
        "effect": fit.effect_text(digits),
        "adhoc": adhoc,
        "prediction": fit.prediction_text(digits).partition(" (")[0]
        if several and isinstance(fit, RandomEffects)
        else "",
        "i2": fit.i2 if several and np.isfinite(fit.i2) else None,
    }
    numbers = {"analysis": name} | {
        field: getattr(fit, field, np.nan)
        for field in ("k", "n_total", "estimate", "ci_low", "ci_high", "pi_low", "pi_high", "i2")
    }
    return shown, numbers
