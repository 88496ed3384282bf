"""A plot that a reader of the page can change: trials in and out, method, assumptions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from meta.effect_sizes.container import Effects
from meta.effect_sizes.scales import scale_of
from meta.errors import DataError

_LEGEND = (
    "Take trials out, change the method or an assumption, and see what the answer does. Nothing "
    "leaves this page."
)


def what_if(
    effects: Effects,
    *,
    assumptions: Mapping[str, Sequence[float]] | None = None,
    chosen: Mapping[str, float] | None = None,
    under: Callable[..., Effects] | None = None,
    names: Mapping[str, str] | None = None,
) -> str:
    """Write the HTML of an interactive forest plot.

    Parameters
    ----------
    effects : Effects
        The effects as analysed; all of them are ticked at first.
    assumptions : mapping of str to sequence of float, optional
        Values that the reader may give to each assumption, by the name of an argument of ``under``
        (``{"correlation": [0.3, 0.5, 0.8]}``).
    chosen : mapping of str to float, optional
        The value of each assumption at first; it must be among its values.
    under : callable, optional
        Derives the effects again under the assumptions, given by name. The page holds its answer
        for every combination, so that a reader sees the numbers of ``meta`` and no approximation.
    names : mapping of str to str, optional
        What each assumption is called on the page.

    Returns
    -------
    str
        HTML. The script that brings it to life is part of the site; without scripts the page shows
        nothing here, and the figure above it stands.

    Raises
    ------
    DataError
        If assumptions are given without ``under``, or a first value is not among those offered.
    """
    offered = dict(assumptions or {})
    if offered and under is None:
        raise DataError("what_if: assumptions need `under`, which derives the effects with them")
    first = dict(chosen or {})
    wrong = [name for name, values in offered.items() if first.get(name) not in list(values)]
    if wrong:
        raise DataError(f"what_if: `chosen` needs one of the offered values for {', '.join(wrong)}")
    scale = scale_of(effects.measure)
    data = {
        "label": scale.label,
        "log": scale.log,
        "trials": _trials(effects, offered, under),
        "assumptions": [
            {
                "label": (names or {}).get(name, name),
                "values": [f"{value:g}" for value in values],
                "chosen": list(values).index(first[name]),
            }
            for name, values in offered.items()
        ],
    }
    # "<" cannot close the element or open a comment when it is written as an escape
    text = json.dumps(data, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
    return (
        f'<div class="what-if"><p>{_LEGEND}</p>'
        f'<script type="application/json">{text}</script></div>'
    )


def _trials(
    effects: Effects,
    offered: Mapping[str, Sequence[float]],
    under: Callable[..., Effects] | None,
) -> list[dict[str, Any]]:
    table = effects.table
    trials: dict[str, dict[str, Any]] = {}
    for study, label, yi, vi in zip(
        table["study_id"], effects.labels, effects.yi, effects.vi, strict=True
    ):
        trials[study] = {"label": label, "included": True, "effects": {"": [yi, vi]}}
    for column, key in (("assumptions", "assumed"), ("flag", "remark")):
        if column in table:
            for study, text in zip(table["study_id"], table[column].fillna(""), strict=True):
                if text:
                    trials[study][key] = str(text)
    if under is not None:
        for indices in product(*(range(len(values)) for values in offered.values())):
            setting = {
                name: list(values)[index]
                for (name, values), index in zip(offered.items(), indices, strict=True)
            }
            again = under(**setting)
            for study, yi, vi in zip(again.table["study_id"], again.yi, again.vi, strict=True):
                if study in trials:
                    trials[study]["effects"][",".join(map(str, indices))] = [yi, vi]
    return list(trials.values())
