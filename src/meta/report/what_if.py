"""A forest plot that a reader of the page can change: trials in and out, method, assumptions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import signature
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from meta.arguments import checked
from meta.effect_sizes.assumptions import ExternalSD
from meta.effect_sizes.container import Effects
from meta.effect_sizes.derive import effects as derive_effects
from meta.effect_sizes.measures import Measure, measure_of
from meta.errors import DataError, need
from meta.figures.axis import robust_limits, ticks
from meta.figures.forest import favours
from meta.figures.forest_rows import effect_digits
from meta.html import Markup, in_a_site, render
from meta.report.what_if_trials import Setting, Trials, derived_trials, given_trials, subsets
from meta.synthesis.engine import null_effect, quantile
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled
from meta.wording import as_stated, listed

_STATIC = Path(__file__).parent / "skeleton" / "_static"
_VARIED = ("correlation", "sd")
_NAMES = {"correlation": "Within-person correlation", "sd": "Outside standard deviation"}
# the page carries the effects under every combination
_MOST = 400
_SD_WORDS = {
    "None": "none",
    "instrument": "printed elsewhere for the scale",
    "instrument_low": "lowest printed for the scale",
    "instrument_high": "highest printed for the scale",
}


@dataclass(frozen=True, slots=True)
class WhatIf:
    """An interactive forest plot, which shows itself at the end of a notebook cell.

    Attributes
    ----------
    summary : str
        The answer as analysed, in one sentence, and what a reader may vary.
    html : str
        HTML. Scripts of the report bring it to life; without them it shows the summary. In
        JupyterLab the plot shows itself in a frame that has these scripts.
    """

    summary: str
    html: str = field(repr=False)

    def __str__(self) -> str:
        return self.summary

    def _repr_html_(self) -> str:
        return self.html if in_a_site() else self._framed()

    def _framed(self) -> str:
        """Return a page of its own in a frame: styles and scripts meet nothing of the notebook's.

        A notebook that is not trusted shows the summary alone.
        """
        page = render(
            "what_if_frame.html",
            styles=Markup((_STATIC / "report.css").read_text(encoding="utf-8")),
            scripts=[Markup((_STATIC / name).read_text(encoding="utf-8"))
                     for name in ("pool.js", "what_if.js")],
            plot=Markup(self.html),
        )  # fmt: skip
        return Markup(
            '<p>{}</p><iframe srcdoc="{}" title="Forest plot that can be changed" '
            'style="width: 100%; height: 40rem; border: 0"></iframe>'
        ).format(self.summary, str(page))


@dataclass(frozen=True, slots=True)
class _Assumption:
    """An argument of :func:`meta.effects` that the reader varies.

    ``instrument`` names the scale whose entry in ``sd`` is meant; "" for a whole argument.
    """

    argument: str
    instrument: str
    values: tuple[Any, ...]

    @property
    def name(self) -> str:
        return self.instrument or self.argument


@checked
def what_if(
    effects: Effects | pd.DataFrame,
    measure: str | None = None,
    *,
    correlation: float | Sequence[float] = 0.5,
    sd: ExternalSD | Sequence[ExternalSD] | Mapping[str, float | Sequence[float]] = None,
    start: Mapping[str, Any] | None = None,
    start_without: Sequence[str] = (),
    names: Mapping[str, str] | None = None,
    treatment: str = "treatment",
    control: str = "control",
    **how: Any,
) -> WhatIf:
    """Make a forest plot in which a reader takes trials out and varies method and assumptions.

    Parameters
    ----------
    effects : Effects or pandas.DataFrame
        Effects as analysed; or the rows of results behind them, from which the effects are derived
        under every combination of the assumptions that are offered.
    measure : str, optional
        Effect measure, as for :func:`meta.effects`; with rows only, "SMD" by default.
    correlation : float or sequence of float, default 0.5
        Within-person correlation, strictly between -1 and 1. A list gives the reader a slider.
    sd : as for :func:`meta.effects`, a list of such values, or a mapping with lists
        Outside standard deviation. A list (``["instrument_low", "instrument"]``) gives one slider,
        and so does each list in a mapping (``{"phq9": [4, 5, 6]}``).
    start : mapping, optional
        Value of each slider at first, by ``"correlation"``, ``"sd"`` or the instrument
        (``{"phq9": 5}``). Without, it is the value that :func:`meta.effects` uses by itself, if
        that is offered.
    start_without : sequence of str, optional
        Trials (`study_id`) that are not ticked at first.
    names : mapping of str to str, optional
        What each slider is called on the page, by the same names as ``start``.
    treatment, control : str
        Names of the arms, for the sides of the axis.
    **how
        Further arguments of :func:`meta.effects`, which stay as they are (``scores``, ``include``,
        ``choose``, ``lower_is_better``).

    Returns
    -------
    WhatIf
        Shows itself in a notebook. The first state, called "as analysed" on the page, is all trials
        but those of ``start_without``, REML and Knapp-Hartung, at the ``start`` values.

    Raises
    ------
    DataError
        If an assumption is unknown, offers fewer than two values, starts at a value that is not
        offered, or turns the direction of the effects; if assumptions are varied without rows; or
        if the measure is shown neither as it is computed nor as a ratio.
    TooFewStudies
        If no trial is ticked at first.

    Notes
    -----
    Every effect on the page is computed here, by :func:`meta.effects`; the page only pools, with
    the formulas of :func:`meta.pool` (REML, DerSimonian-Laird or Paule-Mandel; t with k - 1 degrees
    of freedom for the prediction interval). A trial without an effect under some combination is
    shown there as missing, with the reason. Intervals of trials are normal 95 % intervals. The axis
    spans all trials under all combinations and stays as it is.

    Examples
    --------
    >>> import meta
    >>> plot = what_if(meta.Effects.from_arrays([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06]))
    >>> print(plot.summary.rpartition(". ")[2])
    In JupyterLab and in the HTML report trials and method can be changed here.
    """
    if isinstance(effects, Effects):
        assumptions: list[_Assumption] = []
        extra = [name for name in ("measure", *how) if name in how or measure is not None]
        changed = {"correlation": _is_list(correlation) or correlation != 0.5, "sd": sd is not None}
        extra += [name for name, given in changed.items() if given]
        if extra:
            raise DataError(
                f"what_if: {', '.join(extra)} cannot be given with effects, which are derived "
                "already; give the rows of results and the measure instead"
            )
        trials = given_trials(effects)
        first: dict[str, int] = {}
        _check_names("start", start, assumptions)
    else:
        known = [name for name in signature(derive_effects).parameters if name != "results"]
        unknown = [name for name in how if name not in known]
        if unknown:
            raise DataError(
                f"what_if: {', '.join(unknown)} is no argument of meta.effects; the assumptions "
                f"that can vary are {', '.join(_VARIED)}, the rest is {', '.join(known[1:])}"
            )
        assumptions = [*_offered("correlation", correlation), *_offered("sd", sd)]
        first = _first(assumptions, start)
        settings = _settings(assumptions, first, correlation, sd)
        trials = derived_trials(effects, measure or "SMD", settings, how)
    _check_names("names", names, assumptions)
    scale = measure_of(trials.analysed.measure)
    _check_scale(scale)
    fit = pool(trials.analysed.subset(_ticked(trials, start_without)))
    data = {
        **_axis(trials, fit, scale, (treatment, control)),
        "trials": [
            {"label": trial.label, "included": trial.study_id not in start_without}
            | {"effects": trial.effects}
            for trial in trials.trials
        ],
        "without": trials.without,
        "subsets": subsets(trials),
        "assumptions": [
            {
                "argument": each.argument,
                "instrument": each.instrument,
                "label": (names or {}).get(each.name) or _NAMES.get(each.name, f"SD, {each.name}"),
                "values": each.values,
                "texts": [_text(value) for value in each.values],
                "start": first[each.name],
                "moves": trials.moved_by(place),
            }
            for place, each in enumerate(assumptions)
        ],
        "derivation": {"measure": trials.analysed.measure, **trials.arguments, **how},
    }
    offer = listed(["trials", "method", *(item["label"] for item in data["assumptions"])])
    summary = f"{fit.sentence()} In JupyterLab and in the HTML report {offer} can be changed here."
    return WhatIf(summary, _html(summary, data))


def _html(summary: str, data: Mapping[str, Any]) -> str:
    # "<" cannot close the element or open a comment when it is written as an escape
    text = json.dumps(data, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
    return Markup(
        '<div class="what-if"><p>{}</p><script type="application/json">{}</script></div>'
    ).format(summary, Markup(text))


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple | np.ndarray | pd.Series)


def _offered(argument: str, given: Any) -> list[_Assumption]:
    """Find what the reader may vary in one argument."""
    lists = given.items() if isinstance(given, Mapping) else [("", given)]
    found = []
    for instrument, values in lists:
        if not _is_list(values):
            continue
        plain = [v.item() if isinstance(v, np.generic) else v for v in values]
        one = _Assumption(argument, str(instrument), tuple(plain))
        if len(plain) < 2:
            raise DataError(
                f"what_if: {one.name} offers {len(plain)} values; give a list of at least two to "
                "choose from, or one value without a list"
            )
        twice = [value for place, value in enumerate(plain) if value in plain[:place]]
        if twice:
            raise DataError(f"what_if: {one.name} offers {twice[0]} twice; give each value once")
        found.append(one)
    return found


def _check_names(
    argument: str, given: Mapping[str, Any] | None, assumptions: Sequence[_Assumption]
) -> None:
    way = f'{argument}={{"correlation": ...}}'
    need("what_if", given or {}, Mapping, f"{argument} by assumption", way)
    known = [each.name for each in assumptions]
    unknown = [name for name in given or {} if name not in known]
    if unknown:
        raise DataError(
            f"what_if: {argument} names {', '.join(unknown)}; varied here: "
            f"{', '.join(known) or 'nothing'} (give a list of values to vary an assumption)"
        )


def _first(assumptions: Sequence[_Assumption], start: Mapping[str, Any] | None) -> dict[str, int]:
    """Find the position of each slider at first."""
    _check_names("start", start, assumptions)
    defaults = signature(derive_effects).parameters
    first, faults = {}, []
    for each in assumptions:
        offered = list(each.values)
        value = None if each.instrument else defaults[each.argument].default
        value = (start or {}).get(each.name, value)
        if value in offered:
            first[each.name] = offered.index(value)
        else:
            faults.append(
                f"{each.name} would start at {value}, which is not offered; give "
                f"start={{{each.name!r}: ...}} with one of {', '.join(map(str, offered))}"
            )
    if faults:
        raise DataError.from_faults("what_if", faults)
    return first


def _settings(
    assumptions: Sequence[_Assumption], first: Mapping[str, int], correlation: Any, sd: Any
) -> list[Setting]:
    """List every combination, with the arguments that make it; the one as analysed comes first."""
    count = prod(len(each.values) for each in assumptions)
    if count > _MOST:
        raise DataError(
            f"what_if: the assumptions make {count} combinations, all of which the page would "
            f"carry; offer fewer values (at most {_MOST} combinations)"
        )
    found = []
    for places in product(*(range(len(each.values)) for each in assumptions)):
        arguments: dict[str, Any] = {"correlation": correlation, "sd": sd}
        for each, place in zip(assumptions, places, strict=True):
            if each.instrument:
                arguments["sd"] = {**arguments["sd"], each.instrument: each.values[place]}
            else:
                arguments[each.argument] = each.values[place]
        found.append(Setting(places, arguments))
    analysed = tuple(first[each.name] for each in assumptions)
    return sorted(found, key=lambda setting: setting.places != analysed)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {as_stated(number)}" for name, number in value.items())
    if isinstance(value, int | float):
        return as_stated(value)
    return _SD_WORDS.get(str(value), str(value))


def _check_scale(scale: Measure) -> None:
    shown = np.exp(0.3) if scale.log else 0.3
    if scale.single_group or not np.isclose(scale.to_reader(0.3), shown):
        raise DataError(
            f"what_if: {scale.name} ({scale.label}) is neither a difference nor a ratio; show "
            "it with meta.plot_forest"
        )


def _ticked(trials: Trials, start_without: Sequence[str]) -> list[bool]:
    study_ids = [trial.study_id for trial in trials.trials]
    several = isinstance(start_without, Iterable) and not isinstance(start_without, str)
    if not several or any(study not in study_ids for study in start_without):
        raise DataError(
            f"what_if: start_without is {start_without!r}; needed: a list of study ids among "
            f"{', '.join(study_ids)}"
        )
    return [study not in start_without for study in trials.analysed.table["study_id"]]


def _axis(trials: Trials, fit: Pooled, scale: Measure, arms: tuple[str, str]) -> dict[str, Any]:
    """Fix the axis from all trials under all combinations."""
    yi, vi = trials.distinct()
    half = float(quantile(0.95)) * np.sqrt(vi)
    null = null_effect(scale)
    limits = robust_limits(
        yi,
        yi - half,
        yi + half,
        must_show=[null, fit.estimate],
        wide=[(fit.ci_low, fit.ci_high), (fit.pi_low, fit.pi_high)],
    )
    positions, texts = ticks(scale, limits)
    units = {}
    for column in ("effect_unit", "instrument"):
        table = trials.analysed.table
        found = set(table[column].dropna()) if column in table else set()
        units[column] = str(*found) if len(found) == 1 and scale.name == "MD" else ""
    title = scale.label + (f", {units['effect_unit']}" if units["effect_unit"] else "")
    title += f" ({units['instrument']})" if units["instrument"] else ""
    return {
        "measure": scale.short,
        "unit": units["effect_unit"],
        "title": title + (" (log scale)" if scale.log else ""),
        "log": scale.log,
        "null": null,
        "limits": limits,
        "ticks": list(zip(positions, texts, strict=True)),
        "digits": effect_digits(fit, None),
        "favours": favours(fit, arms),
    }
