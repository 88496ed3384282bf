"""How does a paper say what was done? The methods of an analysis, with the choices and sources."""

from __future__ import annotations

import platform
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path

import meta
from meta.arguments import checked
from meta.errors import need
from meta.synthesis.estimate import Estimate
from meta.synthesis.models.multilevel import Multilevel
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.models.regression import MetaRegression
from meta.synthesis.models.robust import Robust
from meta.synthesis.models.subgroups import Subgroups
from meta.wording import listed, upper_first

_BIB = Path(__file__).parent / "skeleton" / "methods.bib"
_TAU2 = {
    "DL": "the method of moments [dersimonianlaird1986]",
    "HE": "the method of Hedges and Olkin [hedgesolkin1985]",
    "SJ": "the method of Sidik and Jonkman [sidikjonkman2005]",
    "ML": "maximum likelihood [viechtbauer2005]",
    "REML": "restricted maximum likelihood (REML) [viechtbauer2005]",
    "EB": "the empirical Bayes method [viechtbauer2005]",
    "PM": "the method of Paule and Mandel [paulemandel1982]",
}
_MODELS = {
    "common": "a common-effect model (one true effect in all studies)",
    "uwls": "unrestricted weighted least squares [stanleydoucouliagos2014]",
}
_COUNTS = {
    "mantel-haenszel": "the counts were pooled by the method of Mantel and Haenszel "
    "[mantelhaenszel1959; robins1986], which takes one true effect for all tables",
    "peto": "the counts were pooled by Peto's one-step method [yusuf1985], which takes one true "
    "effect for all tables",
}


@checked
def methods_text(fit: Estimate | Subgroups | MetaRegression) -> str:
    """Write the methods of an analysis as a paragraph with its references.

    Parameters
    ----------
    fit : Estimate, Subgroups or MetaRegression
        The answer.

    Returns
    -------
    str
        What was pooled, how, with which choices, and what was left out; then the papers. It says
        what was done and gives no result; `sentence()` of the answer does.

    Raises
    ------
    DataError
        If it is given anything else.

    Examples
    --------
    >>> import meta
    >>> text = meta.methods_text(meta.pool([-0.5, -0.1, -0.4], [0.04, 0.09, 0.06], measure="SMD"))
    >>> print(text.partition("interval")[0])
    The effect measure was the standardised mean difference (Hedges g). 3 effects
    were pooled by inverse variance under a random-effects model; the variance of the true effects
    (tau²) was estimated by restricted maximum likelihood (REML) (Viechtbauer 2005). The 95 %
    """
    need("methods_text", fit, (Estimate, Subgroups, MetaRegression), "the answer of an analysis",
         "what meta.pool, meta.subgroups or meta.meta_regression return")  # fmt: skip
    said = " ".join(f"{upper_first(text)}." for text in _sentences(fit))
    keys = list(dict.fromkeys(key for group in re.findall(r"\[([a-z0-9; ]+)\]", said)
                              for key in group.split("; ")))  # fmt: skip
    papers = _papers()
    text = re.sub(
        r"\[([a-z0-9; ]+)\]",
        lambda found: f"({'; '.join(papers[key][0] for key in found[1].split('; '))})",
        said,
    )
    listing = sorted(papers[key][1] for key in keys)
    return "\n".join([text, "", "References", *listing]) if listing else text


def _sentences(fit: Estimate | Subgroups | MetaRegression) -> Iterator[str]:
    one = fit.overall if isinstance(fit, Subgroups) else fit
    effects, scale = one.effects, one.scale
    on = f", analysed as its {scale.transform.name}" if scale.transform.name else ""
    yield f"the effect measure was the {scale.label[:1].lower()}{scale.label[1:]}{on}"
    yield from _forms(one)
    if isinstance(fit, MetaRegression):
        yield from _regression(fit)
    else:
        yield from _pooling(one)  # type: ignore[arg-type]
    if isinstance(fit, Subgroups):
        spread = "one tau² for all" if fit.shared_tau2 else "a tau² of their own"
        yield (
            f"subgroups by {fit.by} were pooled with {spread} and compared by a Wald-type test "
            "[borensteinhiggins2013]"
        )
    if len(effects.excluded):
        reasons = effects.excluded["reason"].value_counts()
        told = listed([f"{reason} ({count})" for reason, count in reasons.items()], 6)
        count = len(effects.excluded)
        yield f"{count} reported result{'s' * (count > 1)} gave no effect: {told}"
    if len(effects.rejected):
        yield "each study counted once"
    yield (
        f"computed with evidence-desk {meta.__version__} (Python {platform.python_version()}, "
        f"NumPy {version('numpy')}, SciPy {version('scipy')})"
    )


def _forms(fit: Estimate | MetaRegression) -> Iterator[str]:
    """Say from what the effects were derived, and what was assumed."""
    table = fit.effects.table
    if "form" not in table:
        return
    words = {"arms": "figures of both arms", "interval": "printed estimates with their interval or "
             "standard error", "p_value": "p-values"}  # fmt: skip
    if "reporting" in table:
        counts = table["reporting"].value_counts()
        told = listed([f"{words.get(str(level), level)} ({n})" for level, n in counts.items()])
        yield f"effects were derived from {told}"
    if "assumptions" in table:
        assumed = table["assumptions"][table["assumptions"] != ""].value_counts()
        if len(assumed):
            yield f"assumed: {listed([f'{text} ({n})' for text, n in assumed.items()], 6)}"


def _pooling(fit: Estimate) -> Iterator[str]:
    level = fit.level_text()
    if isinstance(fit, Robust):
        yield from _pooling(fit.fit)
        yield (
            f"as effects of one {fit.cluster} depend on each other, the {level} interval is "
            "cluster-robust (CR2, Satterthwaite's degrees of freedom) [hedges2010; "
            "tiptonpustejovsky2015; pustejovskytipton2018]"
        )
        return
    people = f" of {fit.n_total:,.0f} people" if fit.n_total is not None else ""
    counted = f"{fit.k} effects{people}"
    if fit.model in _COUNTS:
        yield f"of {counted}, {_COUNTS[fit.model]}"
    elif isinstance(fit, Multilevel):
        correlation = (
            f" and a correlation of {fit.correlation:g} between sampling errors within them"
            if fit.correlation
            else ""
        )
        groups = "random terms" if fit.random else f"{fit.n_clusters} clusters ({fit.cluster})"
        yield (
            f"{counted} were pooled by a multilevel model with {groups}{correlation}, fitted by "
            f"{fit.tau2_method} [konstantopoulos2011; pustejovskytipton2022]"
        )
    elif isinstance(fit, Pooled):
        yield f"{counted} were pooled by inverse variance under {_model(fit)}"
        yield from _interval(fit)
    else:
        source = " [stijnen2010; jackson2018]" if type(fit).__name__ == "BinomialNormal" else ""
        yield f"{counted} were pooled: {fit.method_text()}{source}"
    if not isinstance(fit, Pooled):
        yield f"intervals are at {level}"


def _model(fit: Pooled | MetaRegression) -> str:
    if fit.model != "random":
        return _MODELS[fit.model]
    by = _TAU2.get(fit.tau2_method, fit.tau2_method)
    given = fit.settings() if isinstance(fit, Pooled) else {}
    if given.get("tau2") is not None:
        return f"a random-effects model with a given variance of the true effects ({fit.tau2:g})"
    what = "residual variance" if isinstance(fit, MetaRegression) else "variance"
    return f"a random-effects model; the {what} of the true effects (tau²) was estimated by {by}"


def _interval(fit: Pooled) -> Iterator[str]:
    level = fit.level_text()
    if fit.model == "random" and fit.k > 1:
        yield {
            "HK": f"the {level} interval is that of Knapp and Hartung, by t with {fit.dof} degrees "
            "of freedom [hartungknapp2001; knapphartung2003; inthout2014]",
            "HK-adhoc": f"the {level} interval is that of Knapp and Hartung with its factor not "
            f"below 1, by t with {fit.dof} degrees of freedom [knapphartung2003; roever2015]",
            "wald": f"the {level} interval is the normal one",
        }[fit.ci_method]
        yield (
            "heterogeneity is described by tau² with its Q-profile interval [viechtbauer2007], by "
            "I² as it follows from tau² [higginsthompson2002] and by Cochran's Q"
        )
        reach = {"z": "the normal distribution", "KR": "Kenward and Roger's method "
                 "[partlettriley2017]"}.get(fit.prediction_method, f"{fit.prediction_method} "
                 "[higgins2009]")  # fmt: skip
        yield f"the prediction interval for the effect in a new study is by {reach}"
    else:
        yield f"the {level} interval is {fit._interval_text()}"


def _regression(fit: MetaRegression) -> Iterator[str]:
    yield (
        f"{fit.k} effects were regressed on {fit.formula.strip().removeprefix('~').strip()} under "
        f"{_model(fit)}"
    )
    tests = {"HK": "of Knapp and Hartung [knapphartung2003]", "HK-adhoc": "of Knapp and Hartung "
             "with the factor not below 1 [knapphartung2003]", "wald": "normal"}  # fmt: skip
    yield (
        f"intervals and tests of the coefficients are {tests[fit.ci_method]}; R² is the share of "
        "tau² that the moderators explain [thompsonhiggins2002]"
    )


# --- the papers -----------------------------------------------------------------------------------


@cache
def _papers() -> dict[str, tuple[str, str]]:
    """Return, by key, how a paper is cited and how it is listed."""
    found = {}
    for entry in re.split(r"\n(?=@)", _BIB.read_text(encoding="utf-8")):
        head = re.match(r"@\w+\{(\w+),", entry)
        if head:
            fields = dict(re.findall(r"^  (\w+) = \{(.*)\},$", entry, flags=re.MULTILINE))
            plain = {name: _unbraced(value) for name, value in fields.items()}
            found[head[1]] = _cited(plain)
    return found


def _cited(fields: dict[str, str]) -> tuple[str, str]:
    authors = fields.get("author", fields.get("editor", "")).split(" and ")
    families = [name.partition(",")[0] for name in authors]
    year = fields.get("year", "")
    if len(families) > 2 or "others" in families:
        short = f"{families[0]} and others {year}"
    else:
        short = f"{' and '.join(families)} {year}"
    where = fields.get("journal") or fields.get("booktitle") or fields.get("publisher", "")
    volume = f" {fields['volume']}" if "volume" in fields else ""
    pages = f":{fields['pages']}" if "pages" in fields else ""
    doi = f" doi:{fields['doi']}" if "doi" in fields else ""
    names = ", ".join(
        f"{family.strip()} {given.strip()}".strip()
        for family, _, given in (name.partition(",") for name in authors)
    )
    return (
        short,
        f"{names.rstrip('.')}. {fields.get('title', '')}. {where} {year};{volume}{pages}.{doi}",
    )


def _unbraced(text: str) -> str:
    """Take LaTeX's braces and accents out of a field."""
    marks = {'"': "\u0308", "'": "\u0301", "`": "\u0300", "^": "\u0302", "~": "\u0303"}
    text = re.sub(
        r"""\\(["'`^~])\{?(\w)\}?""",
        lambda found: unicodedata.normalize("NFC", found[2] + marks[found[1]]),
        text,
    )
    return re.sub(r"[{}]", "", text).replace("\\", "").replace("--", "\N{EN DASH}")
