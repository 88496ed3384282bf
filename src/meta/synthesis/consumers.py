"""Which answers does a function take, and why not the others?

Whatever shows or examines an answer takes every :class:`~meta.synthesis.estimate.Estimate` for
which it is defined. Where it is not, the reason stands here, once: it is the error that is raised
and the table of the manual.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from meta.errors import DataError, TooFewStudies, need
from meta.synthesis.estimate import Estimate

# the classes of answers, with the calls that give them
ANSWERS = {
    "Pooled": "pool, pool_proportions, a subgroup, trim_and_fill",
    "PooledAsGiven": "pool(tau2=), pool(weights=)",
    "PooledTables": "mantel_haenszel, peto",
    "BinomialNormal": "glmm",
    "PooledRates": "mantel_haenszel_rates",
    "CountNormal": "pool_rates, glmm_rates, pool_proportions(method='GLMM')",
    "Multilevel": "multilevel",
    "Robust": "robust",
    "BayesFit": "bayes",
    "SelectionModel": "selection_model",
    "PetPeese": "pet_peese",
    "HenmiCopas": "henmi_copas",
    "LimitMeta": "limit_meta",
    "SmoothSelection": "smooth_selection",
}
_COUNTS, _CLUSTERED = ("BinomialNormal", "CountNormal"), ("Multilevel", "Robust")
_TABLES = ("PooledTables", "PooledRates", *_COUNTS)
_ADJUSTED = ("SelectionModel", "SmoothSelection", "PetPeese", "HenmiCopas", "LimitMeta")
_POOL = "give meta.pool(fit)"
_AVERAGE = "average each cluster first (meta.aggregate_correlated)"
_AS_GIVEN = f"it estimates tau2 and its own weights, and here they were given; {_POOL}"
_ALREADY = f"the answer is itself a correction of that kind; {_POOL}"


def _for(*parts: tuple[tuple[str, ...], str]) -> dict[str, str]:
    return {name: reason for names, reason in parts for name in names}


_LEVERAGE = _for(
    (("PooledAsGiven",), f"{_AS_GIVEN}, or ask meta.leave_one_out(fit)"),
    (_TABLES, "leverage belongs to inverse-variance weights; meta.leave_one_out(fit) is defined"),
    (
        _CLUSTERED,
        "one effect of a cluster has no leverage alone; meta.leave_one_out(fit) is defined",
    ),
    (("BayesFit",), "a posterior has no residuals; meta.leave_one_out(fit) is defined"),
    (_ADJUSTED, f"leverage belongs to a weighted mean; {_POOL}"),
)
_Q = _for(
    (("PooledAsGiven",), _AS_GIVEN),
    (_COUNTS, f"the counts are modelled, and no Q is made of single effects; {_POOL}"),
    (_CLUSTERED, f"Q has no part that is one effect's of a cluster; {_AVERAGE}"),
    (("BayesFit",), f"a posterior has no Q; {_POOL}"),
    (_ADJUSTED, f"Q belongs to a weighted mean; {_POOL}"),
)
_ASYMMETRY = _for(
    (_CLUSTERED, f"the test takes the effects for independent; {_AVERAGE}"), (_ADJUSTED, _ALREADY)
)
_INVERSE_VARIANCE = _for(
    (("PooledAsGiven",), _AS_GIVEN),
    ((*_TABLES, "BayesFit"), f"it repeats an inverse-variance analysis; {_POOL}"),
    (_CLUSTERED, f"it takes the effects for independent; {_AVERAGE}"),
    (_ADJUSTED, f"it repeats an inverse-variance analysis; {_POOL}"),
)
_RESIDUALS = _for(
    (("PooledAsGiven",), _AS_GIVEN),
    ((*_TABLES, "BayesFit", *_ADJUSTED), f"it needs one variance for each study; {_POOL}"),
    (_CLUSTERED, f"it needs one variance for each study; {_AVERAGE}"),
)
_TAU2 = _for(
    (("PooledAsGiven",), _AS_GIVEN),
    (("PooledTables", "PooledRates"), f"a common-effect method has no tau2; {_POOL}"),
    (_COUNTS, f"the likelihood of the counts is not profiled; read fit.tau2_se, or {_POOL}"),
    (("Robust",), "the sandwich leaves tau2 as it is; give its working model, fit.fit"),
    (("BayesFit",), "a posterior has an interval of its own; read fit.tau_low and fit.tau_high"),
    (_ADJUSTED, f"tau2 is what a correction leaves; {_POOL}"),
)
# function -> class of answer -> why it is not defined
REFUSED: Mapping[str, Mapping[str, str]] = {
    "plot_forest": {},
    "plot_funnel": {},
    "plot_claim": {},
    "plot_drapery": {"BayesFit": "a posterior has no p-values; draw meta.plot_posterior(fit)"},
    "plot_labbe": {},
    "plot_radial": _RESIDUALS,
    "plot_qq": _RESIDUALS,
    "plot_profile": _RESIDUALS,
    "leave_one_out": {},
    "cumulative": {},
    "influence": _LEVERAGE,
    "baujat": _Q,
    "egger": _ASYMMETRY,
    "begg": _ASYMMETRY,
    "trim_and_fill": _for(
        (("PooledAsGiven",), _AS_GIVEN),
        (_TABLES, f"a mirrored study has no counts; {_POOL}"),
        (_CLUSTERED, f"a mirrored study has no cluster; {_AVERAGE}"),
        (("BayesFit",), f"studies are trimmed around a weighted mean; {_POOL}"),
        (_ADJUSTED, _ALREADY),
    ),
    "selection_model": _ASYMMETRY,
    "pet_peese": _ASYMMETRY,
    "henmi_copas": _ASYMMETRY,
    "limit_meta": _ASYMMETRY,
    "smooth_selection": _ASYMMETRY,
    "excess_significance": _ASYMMETRY
    | _for(((*_TABLES, "BayesFit"), f"power is judged by an inverse-variance answer; {_POOL}")),
    "fail_safe_n": _ASYMMETRY,
    "subgroups": _for((_ADJUSTED, _ALREADY)),
    "robust": _for(
        (("PooledAsGiven",), _AS_GIVEN),
        (_TABLES, f"the sandwich needs the covariances of a working model; {_POOL}"),
        (("Robust",), "the answer is robust already; give its working model, fit.fit"),
        (("BayesFit", *_ADJUSTED), f"the sandwich needs a working model's weights; {_POOL}"),
    ),
    "blup": _INVERSE_VARIANCE,
    "permutation_test": _INVERSE_VARIANCE,
    "operating_characteristics": _INVERSE_VARIANCE,
    "by_pymare": _INVERSE_VARIANCE,
    "tau2_intervals": _TAU2,
    "information_size": _for(
        (
            ("PooledRates", *_COUNTS),
            f"no variance under a common effect stands beside that of the counts; {_POOL}",
        ),
        (_CLUSTERED, f"people who gave several effects would count several times; {_AVERAGE}"),
        (("BayesFit",), f"a posterior has no diversity; {_POOL}"),
        (_ADJUSTED, f"people are counted against an answer as it stands; {_POOL}"),
    ),
    "certainty": _for(
        (_ADJUSTED, f"risk of bias is judged by weights, which a correction does not give; {_POOL}")
    ),
    "equivalence": {"BayesFit": "a posterior has no tests; ask fit.probability(...)"},
    "absolute_effect": {},
    "plot_intervals": {},
    "compare": {},
    "studies_table": {},
    "linked": {},
}


def need_estimate(what: str, fit: Any, least: int = 1) -> None:
    """Refuse what is no estimate, or one for which the function is not defined.

    Parameters
    ----------
    what : str
        Public name of the function.
    fit : object
        What it was given.
    least : int
        Studies that it needs.

    Raises
    ------
    DataError
        With the reason and the way out.
    TooFewStudies
        If there are fewer studies.
    """
    need(what, fit, Estimate, "the answer of a pooling method", f"meta.{what}(meta.pool(effects))")
    # a figure of an analysis is refused with the words of the analysis
    refused = REFUSED.get(what) or REFUSED.get(what.removeprefix("plot_"), {})
    reason = next(
        (refused[kind.__name__] for kind in type(fit).__mro__ if kind.__name__ in refused), ""
    )
    if reason:
        raise DataError(f"{what} is not defined for {type(fit).__name__}: {reason}")
    if fit.k < least:
        raise TooFewStudies(
            f"{what} needs at least {least} studies and this fit has {fit.k}: show the studies "
            "themselves"
        )


def consumers() -> pd.DataFrame:
    """Return the table of functions and answers: "yes", or why not.

    Examples
    --------
    >>> consumers().loc["plot_forest", "Multilevel"], consumers().loc["begg", "Pooled"]
    ('yes', 'yes')
    """
    return pd.DataFrame(
        {
            kind: {name: refused.get(kind, "yes") for name, refused in REFUSED.items()}
            for kind in ANSWERS
        }
    )
