"""Which lines of code repeat an analysis, here or in R with metafor?"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

import meta
from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import DataError, need
from meta.synthesis.estimate import Estimate, RandomEffects
from meta.synthesis.models.multilevel import Multilevel
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.models.regression import MetaRegression
from meta.synthesis.models.robust import Robust
from meta.synthesis.models.subgroups import Subgroups

Analysis = Estimate | Subgroups | MetaRegression

_COUNTS = ("events_t", "n_t", "events_c", "n_c")
_REGRESSION = ("model", "tau2_method", "ci_method", "ci_level")
# what metafor calls our estimators and intervals
_R_TAU2 = ("DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM")
_R_TESTS = {"HK": "knha", "HK-adhoc": "adhoc", "wald": "z", "t": "t"}
_R_BACK = {"log": "exp", "ZCOR": "transf.ztor", "PLO": "transf.ilogit"}
_LANGUAGES = ("python", "R")


@checked
def analysis_script(fit: Analysis, language: str = "python", effects: str | None = None) -> str:
    """Write a program that repeats an analysis and prints its answer.

    Parameters
    ----------
    fit : Estimate, Subgroups or MetaRegression
        The answer.
    language : {"python", "R"}
        Python with this module, or R with metafor.
    effects : str, optional
        Lines of Python that make ``effects``; by default the numbers themselves are written, in
        full precision. R gets numbers always.

    Returns
    -------
    str
        The program. In Python it gives the same digits; metafor stops its searches at a tolerance,
        so that the last digits differ.

    Raises
    ------
    DataError
        If metafor has no such analysis, or the language is another.

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], ci_method="wald")
    >>> print(meta.analysis_script(fit, "R"), end="")
    # Repeats one meta-analysis with metafor.
    library(metafor)
    <BLANKLINE>
    dat <- data.frame(
      label = c("study 1", "study 2", "study 3"),
      yi = c(-0.5, -0.1, -0.4),
      vi = c(0.04, 0.09, 0.06)
    )
    fit <- rma(yi, vi, data = dat, slab = label, method = "REML", test = "z", level = 95,
               control = list(threshold = 1e-10, tol = 1e-10, maxiter = 1000))
    print(fit)
    predict(fit)
    """
    need("analysis_script", fit, (Estimate, Subgroups, MetaRegression),
         "the answer of an analysis", "what meta.pool, meta.subgroups or meta.meta_regression "
         "return")  # fmt: skip
    if language not in _LANGUAGES:
        raise DataError(
            f"analysis_script: language is {language!r}; give {' or '.join(_LANGUAGES)}"
        )
    return _python(fit, effects) if language == "python" else _r(fit)


def _columns(fit: Analysis) -> dict[str, list[Any]]:
    """Return the columns that an analysis uses beside the effects."""
    one = fit.overall if isinstance(fit, Subgroups) else fit
    table = one.effects.table
    names = [name for name in (*_COUNTS, "n", "paired") if name in table]
    names += _used(fit)
    return {name: table[name].tolist() for name in dict.fromkeys(names) if name in table}


def _used(fit: Analysis) -> list[str]:
    """Return the names of the columns that the settings of an analysis speak of."""
    if isinstance(fit, MetaRegression):
        return [str(name) for name in fit.effects.table if re.search(rf"\b{re.escape(str(name))}\b",
                                                                     fit.formula)]  # fmt: skip
    if isinstance(fit, Subgroups):
        return [fit.by, *_used(fit.overall)]
    settings = fit.settings()
    names = [settings.get(name) for name in ("cluster", "inner", "weights")]
    formulas = " ".join(settings.get("random") or ())
    return [name for name in names if isinstance(name, str)] + re.findall(r"[A-Za-z_]\w*", formulas)


# --- Python ---------------------------------------------------------------------------------------


def _python(fit: Analysis, source: str | None) -> str:
    one = fit.overall if isinstance(fit, Subgroups) else fit
    made = source or _python_effects(one.effects, _columns(fit))
    lines = [
        f'"""Repeats one meta-analysis; written by version {meta.__version__}."""',
        "",
        "import meta",
        "",
        made,
        *_python_calls(fit),
        "print(fit)",
    ]
    return "\n".join(lines) + "\n"


def _python_effects(effects: Effects, columns: Mapping[str, list[Any]]) -> str:
    given: dict[str, Any] = {"labels": effects.labels, "measure": effects.measure}
    if effects.lower_is_better is not None:
        given["lower_is_better"] = effects.lower_is_better
    parts = [_literal(effects.yi), _literal(effects.vi)]
    parts += [f"{name}={_literal(value)}" for name, value in (given | dict(columns)).items()
              if name.isidentifier()]  # fmt: skip
    others = {name: value for name, value in columns.items() if not name.isidentifier()}
    if others:
        parts.append(f"**{{{', '.join(f'{n!r}: {_literal(v)}' for n, v in others.items())}}}")
    inside = "".join(f"    {part},\n" for part in parts)
    return f"effects = meta.Effects.from_arrays(\n{inside})"


def _python_calls(fit: Analysis) -> list[str]:
    if isinstance(fit, Subgroups):
        shared = ", shared_tau2=True" if fit.shared_tau2 else ""
        last = f"fit = meta.subgroups(fit, by={fit.by!r}{shared})"
        return [*_python_calls(fit.overall), last]
    if isinstance(fit, MetaRegression):
        settings = {name: getattr(fit, name) for name in _REGRESSION}
        return [_call("meta_regression", f"effects, {fit.formula!r}", settings)]
    if isinstance(fit, Robust):
        return [*_python_calls(fit.fit), f"fit = meta.robust(fit, cluster={fit.cluster!r})"]
    return [_call(fit._method.rpartition(":")[2], "effects", fit.settings())]


def _call(name: str, first: str, settings: Mapping[str, Any]) -> str:
    given = "".join(f", {n}={_literal(v)}" for n, v in settings.items() if v is not None)
    return f"fit = meta.{name}({first}{given})"


def _literal(value: Any) -> str:
    """Write a value so that it reads back as it is."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        inside = ", ".join(map(_literal, value))
        return f"[{inside}]"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    return repr(value)


# --- R --------------------------------------------------------------------------------------------


def _r(fit: Analysis) -> str:
    one = fit.overall if isinstance(fit, Subgroups) else fit
    effects = one.effects
    columns: dict[str, Iterable[Any]] = {"label": effects.labels, "yi": effects.yi.tolist(),
                                         "vi": effects.vi.tolist()} | _columns(fit)  # fmt: skip
    data = ",\n".join(f"  {_r_name(name)} = c({', '.join(map(_r_value, values))})"
                      for name, values in columns.items())  # fmt: skip
    lines = [
        "# Repeats one meta-analysis with metafor.",
        "library(metafor)",
        "",
        f"dat <- data.frame(\n{data}\n)",
        *_r_calls(fit),
    ]
    return "\n".join(lines) + "\n"


def _r_name(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z][A-Za-z0-9._]*", name) else f"`{name.replace('`', '')}`"


def _r_value(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool | np.bool_):
        return "TRUE" if value else "FALSE"
    if value is None or value != value:
        return "NA"
    return repr(float(value)).removesuffix(".0")


def _r_calls(fit: Analysis) -> list[str]:
    if isinstance(fit, Subgroups):
        return _r_subgroups(fit)
    if isinstance(fit, MetaRegression):
        formula = re.sub(r"\bC\((`[^`]+`|[\w.]+)\)", r"factor(\1)", fit.formula)
        if re.search(r"[({]", formula.replace("factor(", "")):
            raise DataError(
                f"the formula {fit.formula!r} calls functions, which R may not have; compute the "
                "moderators first and give them as columns"
            )
        return [_r_rma(fit, f", mods = {formula}"), "print(fit)"]
    if isinstance(fit, Robust):
        said = "# needs the package clubSandwich, too"
        last = f"fit <- robust(fit, cluster = {_r_name(fit.cluster)}, clubSandwich = TRUE)"
        return [said, *_r_calls(fit.fit)[:1], last, "print(fit)"]
    if isinstance(fit, Multilevel):
        return [_r_multilevel(fit), "print(fit)", f"predict(fit{_back(fit)})"]
    if isinstance(fit, Pooled):
        if fit.model == "uwls":
            return ["fit <- lm(yi ~ 1, data = dat, weights = 1 / vi)", "print(summary(fit))",
                    f"confint(fit, level = {fit.ci_level!r})"]  # fmt: skip
        told = f"predict(fit{_prediction(fit)}{_back(fit)})"
        return [_r_rma(fit), "print(fit)", told]
    by_counts = _R_COUNTS.get(type(fit).__name__)
    if by_counts is None:
        raise DataError(
            f"metafor has no {fit.model_name()} as it is computed here; ask for language='python'"
        )
    given = "ai = events_t, n1i = n_t, ci = events_c, n2i = n_c, data = dat, slab = label"
    calls = [f"fit <- {by_counts(fit, given)}", "print(fit)", f"predict(fit{_back(fit)})"]
    return ["# needs the package lme4, too", *calls] if by_counts is _glmm else calls


def _r_subgroups(fit: Subgroups) -> list[str]:
    overall = fit.overall
    if not isinstance(overall, Pooled) or overall.model == "uwls":
        raise DataError("subgroups are written for metafor after meta.pool; use language='python'")
    by = _r_name(fit.by)
    if fit.shared_tau2:
        return [_r_rma(overall, f", mods = ~ 0 + factor({by})"), "print(fit)"]
    each = _r_rma(overall, ", subset = rows").replace("\n", "\n  ")
    return [
        f"for (group in unique(dat${by})) {{",
        f"  rows <- dat${by} == group",
        f"  {each}",
        '  cat(group, "\\n")',
        "  print(fit)",
        "}",
    ]


def _r_rma(fit: Pooled | MetaRegression, more: str = "") -> str:
    """Write the call of ``rma``; the search is taken further than by default."""
    random = fit.model == "random" and fit.k > 1
    method = fit.tau2_method if random else "EE"
    if random and method not in _R_TAU2:
        raise DataError(f"metafor has no tau2_method {method!r}; ask for language='python'")
    given = fit.settings() if isinstance(fit, Pooled) else {}
    if given.get("tau2") is not None:
        more += f", tau2 = {given['tau2']!r}"
    if given.get("weights") is not None:
        more += f", weights = {_r_name(given['weights'])}"
    control = (
        ",\n           control = list(threshold = 1e-10, tol = 1e-10, maxiter = 1000)"
        if random
        else ""
    )
    return (
        f'fit <- rma(yi, vi, data = dat, slab = label{more}, method = "{method}", '
        f'test = "{_R_TESTS[fit.ci_method]}", level = {100 * fit.ci_level:g}{control})'
    )


def _r_multilevel(fit: Multilevel) -> str:
    settings = fit.settings()
    if settings["V"] is not None:
        raise DataError("given covariances (V=) are not written for metafor; use language='python'")
    if fit.random:
        random = ", ".join(fit.random)
        random = f"list({random})" if len(fit.random) > 1 else random
    else:
        inner = _r_name(fit.inner) if fit.inner else "effect"
        random = f"~ 1 | {_r_name(fit.cluster)} / {inner}"
    sampling = "vi"
    if fit.correlation:
        sampling = (
            f"vcalc(vi, cluster = {_r_name(fit.cluster)}, obs = effect, rho = {fit.correlation!r})"
        )
    dfs = ', test = "t", dfs = "contain"' if fit.ci_method == "t" else ""
    return (
        "dat$effect <- seq_len(nrow(dat))\n"
        f'fit <- rma.mv(yi, {sampling}, data = dat, random = {random}, method = "'
        f'{fit.tau2_method}"{dfs}, level = {100 * fit.ci_level:g})'
    )


def _prediction(fit: Pooled) -> str:
    """Ask for our reference distribution of the prediction interval where metafor has it."""
    return ', pi.type = "Riley"' if fit.prediction_method == "t(k-2)" else ""


def _back(fit: Estimate) -> str:
    scale = fit.scale
    way = _R_BACK.get("log" if scale.log else fit.measure)
    return f", transf = {way}" if way else ""


def _mh(fit: Any, given: str) -> str:
    return (
        f'rma.mh({given}, measure = "{fit.measure}", correct = '
        f"{_r_value(fit.settings()['cmh_correction'])}, level = {100 * fit.ci_level:g})"
    )


def _peto(fit: Any, given: str) -> str:
    return f"rma.peto({given}, level = {100 * fit.ci_level:g})"


def _glmm(fit: RandomEffects, given: str) -> str:
    return (
        f'rma.glmm({given}, measure = "OR", model = "{fit.model}", level = {100 * fit.ci_level:g})'
    )


# by the class of the answer
_R_COUNTS: dict[str, Callable[[Any, str], str]] = {
    "PooledTables": _mh,
    "PetoTables": _peto,
    "BinomialNormal": _glmm,
}
