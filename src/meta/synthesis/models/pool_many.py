"""What are the effects of many sets of studies?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta.arguments import checked
from meta.effect_sizes.inputs import measure_in, take_column
from meta.effect_sizes.measures import measure_of
from meta.effect_sizes.poolable import check_effects
from meta.errors import DataError
from meta.synthesis.engine import (
    CI_METHODS,
    MODELS,
    PREDICTION_METHODS,
    TAU2_METHODS,
    check_choice,
    null_effect,
)
from meta.synthesis.means import pool_columns
from meta.wording import listed

Floats = NDArray[np.float64]
Index = NDArray[np.intp]

# in the order in which they are read
_COLUMNS = (
    "k", "estimate", "se", "ci_low", "ci_high", "p_value", "pi_low", "pi_high", "tau2", "tau2_low",
    "tau2_high", "i2", "i2_low", "i2_high", "h2", "h2_low", "h2_high", "q", "q_dof", "q_p_value",
    "hk_scale",
)  # fmt: skip
# sets of one task: large enough that handing them over costs little beside pooling them
_TASK = 20_000
# more faults than this are counted, not listed
_MOST_FAULTS = 20


@checked
def pool_many(
    yi: ArrayLike | str = "yi",
    vi: ArrayLike | str | None = None,
    *,
    sei: ArrayLike | str | None = None,
    data: pd.DataFrame | None = None,
    by: str | Sequence[str] | None = None,
    measure: str | None = None,
    model: str = "random",
    tau2_method: str = "REML",
    ci_method: str = "HK",
    ci_level: float = 0.95,
    prediction_method: str = "t(k-1)",
    executor: Executor | None = None,
) -> pd.DataFrame:
    """Pool many sets of studies in one call, one row of answers a set.

    Parameters
    ----------
    yi : array_like of shape (k, d), or str
        Effects of d sets of k studies, a column for each set (logarithms for ratio measures); or
        the name of a column of ``data``, ``"yi"`` by default.
    vi : array_like of shape (k, d) or (k,), or str, optional
        Sampling variances, all above 0; one column serves all sets. With ``data``, the name of a
        column, ``"vi"`` by default.
    sei : array_like of shape (k, d) or (k,), or str, optional
        Standard errors, in place of ``vi``.
    data : pandas.DataFrame, optional
        Long table: a row for each effect. Sets may differ in their number of studies.
    by : str or sequence of str, optional
        Columns of ``data`` whose values name the set of a row. Needed with ``data``.
    measure : str, optional
        Effect measure; ``"GEN"``, or what a column ``measure`` of ``data`` says. It decides which
        value means no effect.
    model, tau2_method, ci_method, ci_level, prediction_method
        As for :func:`meta.pool`.
    executor : concurrent.futures.Executor, optional
        Where the work is done, in parts (processes, threads, Dask's or joblib's executors). The
        answers have the same bits with and without.

    Returns
    -------
    pandas.DataFrame
        A row for each set, in the order of the columns or of first appearance: the columns ``by``,
        then, named as the attributes of the answer of :func:`meta.pool` and on the scale of
        computation, ``k estimate se ci_low ci_high p_value pi_low pi_high tau2 tau2_low tau2_high
        i2 i2_low i2_high h2 h2_low h2_high q q_dof q_p_value hk_scale``. What does not exist is
        NaN: a set of one study is that study with its normal interval.

    Raises
    ------
    DataError
        If an effect or variance is missing, infinite or not above 0, a column does not exist, a row
        names no set, or a setting is unknown.

    Notes
    -----
    Every row equals :func:`meta.pool` of its set to the last bit, whatever other sets stand beside
    it. What ``pool`` says in its notes (two studies, one that carries most of the weight) is
    not said here. A set of ten studies costs a few microseconds.

    Examples
    --------
    >>> import meta, pandas as pd
    >>> trials = pd.DataFrame({
    ...     "outcome": ["mood", "mood", "mood", "sleep", "sleep"],
    ...     "yi": [-0.5, -0.1, -0.4, 0.2, 0.3],
    ...     "vi": [0.04, 0.09, 0.06, 0.05, 0.02],
    ... })
    >>> table = meta.pool_many(data=trials, by="outcome")
    >>> table[["outcome", "k", "estimate", "tau2"]].round(4)
      outcome  k  estimate  tau2
    0    mood  3   -0.3842   0.0
    1   sleep  2    0.2714   0.0
    """
    check_choice("model", model, MODELS)
    check_choice("tau2_method", tau2_method, TAU2_METHODS)
    check_choice("ci_method", ci_method, CI_METHODS)
    check_choice("prediction_method", prediction_method, PREDICTION_METHODS)
    settings: dict[str, Any] = {
        "model": model,
        "tau2_method": tau2_method,
        "ci_method": ci_method,
        "ci_level": ci_level,
        "prediction_method": prediction_method,
    }
    if data is None:
        settings["null"] = null_effect(measure_of(measure or "GEN"))
        return _table(_arrays(yi, vi, sei, by), settings, executor)
    settings["null"] = null_effect(measure_of(measure_in(data, measure) or "GEN"))
    names, sets = _long(data, yi, vi, sei, by)
    return pd.concat([names, _table(sets, settings, executor)], axis=1)


# sets of equal k: their places in the answer, effects and variances of shape (k, sets)
Sized = tuple[Index, Floats, Floats]


def _table(sets: list[Sized], settings: dict[str, Any], executor: Executor | None) -> pd.DataFrame:
    count = sum(len(places) for places, _, _ in sets)
    columns = {name: np.full(count, np.nan) for name in _COLUMNS}
    columns |= {name: np.zeros(count, dtype=np.int64) for name in ("k", "q_dof")}
    parts = [
        tuple(np.ascontiguousarray(one[..., first : first + _TASK]) for one in (places, y, v))
        for places, y, v in sets
        for first in range(0, len(places), _TASK)
    ]
    spread = map if executor is None else executor.map
    effects, variances = [part[1] for part in parts], [part[2] for part in parts]
    answers = spread(partial(_answers, settings), effects, variances)
    for (places, y, _), found in zip(parts, answers, strict=True):
        columns["k"][places] = len(y)
        columns["q_dof"][places] = len(y) - 1
        for name, values in found.items():
            columns[name][places] = values
    return pd.DataFrame(columns)


def _answers(settings: dict[str, Any], y: Floats, v: Floats) -> dict[str, Floats]:
    return pool_columns(y, v, **settings)


def _numbers(name: str, given: Any) -> Floats:
    try:
        return np.asarray(given, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"pool_many: {name} holds what is no number; give numbers") from None


def _variances(vi: Any, sei: Any) -> Floats:
    if (vi is None) == (sei is None):
        raise DataError("pool_many: give the sampling variances vi or the standard errors sei")
    return _numbers("vi", vi) if sei is None else _numbers("sei", sei) ** 2


def _arrays(yi: Any, vi: Any, sei: Any, by: Any) -> list[Sized]:
    named = [f"{n}={v!r}" for n, v in (("yi", yi), ("vi", vi), ("sei", sei)) if isinstance(v, str)]
    if named or by is not None:
        raise DataError(
            f"pool_many: {listed(named or [f'by={by!r}'])} names a column and needs its table, "
            "data=; or give arrays of shape (k, d)"
        )
    y, v = _numbers("yi", yi), _variances(vi, sei)
    v = v[:, None] if v.ndim == 1 and y.ndim == 2 else v
    if y.ndim != 2 or v.ndim != 2 or y.shape[0] != v.shape[0] or v.shape[1] not in {1, y.shape[1]}:
        raise DataError(
            f"pool_many: yi has shape {y.shape} and the variances {v.shape}; give both as (k, d), "
            "a column for each set of k studies; for one set, meta.pool(yi, vi)"
        )
    v = np.broadcast_to(v, y.shape)
    _check([(np.arange(y.shape[1]), y, v)], lambda place: f"set {place}")
    return [(np.arange(y.shape[1]), y, v)]


def _long(
    data: pd.DataFrame, yi: Any, vi: Any, sei: Any, by: str | Sequence[str] | None
) -> tuple[pd.DataFrame, list[Sized]]:
    keys = [by] if isinstance(by, str) else list(by or ())
    if not keys:
        raise DataError("pool_many: by is missing; name the columns that tell the sets apart")
    if vi is None and sei is None:
        vi = "vi"
    y, v, s = (
        take_column("pool_many", data, name, given)
        for name, given in (("yi", yi), ("vi", vi), ("sei", sei))
    )
    for key in keys:
        take_column("pool_many", data, "by", key)
    y, v = _numbers("yi", y), _variances(v, s)
    missing = data.index[data[keys].isna().any(axis=1)].tolist()
    if missing:
        raise DataError.from_faults(
            "pool_many",
            _first([f"row {row}: {listed(keys)} is missing" for row in missing]),
        )
    grouped = data.groupby(keys, sort=False, observed=True)
    code = grouped.ngroup().to_numpy()
    names = data[keys].iloc[np.unique(code, return_index=True)[1]].reset_index(drop=True)
    sizes = np.bincount(code)
    order = np.argsort(code, kind="stable")
    starts = np.cumsum(sizes) - sizes
    sets = []
    for k in np.unique(sizes).tolist():
        places = np.flatnonzero(sizes == k)
        rows = order[starts[places] + np.arange(k)[:, None]]
        sets.append((places, y[rows], v[rows]))
    rows_of_names = names.astype(str).to_numpy(dtype=object)
    _check(sets, lambda place: ", ".join(rows_of_names[place]))
    return names, sets


def _check(sets: list[Sized], name: Any) -> None:
    """Refuse what :func:`meta.pool` refuses, in every set."""
    faults: list[str] = []
    for places, y, v in sets:
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            ratio = v.max(axis=0) / v.min(axis=0)
            usual = np.isfinite(y).all(axis=0) & (v.min(axis=0) > 1e-30) & (ratio < 1e12)
        for column in np.flatnonzero(~usual):
            labels = [str(study) for study in range(len(y))]
            try:
                check_effects(y[:, column], v[:, column], labels)
            except DataError as error:
                faults += [f"{name(places[column])}: {fault}" for fault in error.faults]
    if faults:
        raise DataError.from_faults("pool_many", _first(faults))


def _first(faults: list[str]) -> Iterator[str]:
    yield from faults[:_MOST_FAULTS]
    if len(faults) > _MOST_FAULTS:
        yield f"and {len(faults) - _MOST_FAULTS:,} more of this kind"
