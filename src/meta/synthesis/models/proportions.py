"""How often does it happen, taken over all groups?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.inputs import as_floats, read_columns, take_column
from meta.effect_sizes.measures import MEASURES
from meta.errors import DataError, TooFewStudies
from meta.synthesis.engine import check_choice
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.models.rates import CountNormal, count_model

PROPORTION_MEASURES = tuple(
    name for name, measure in MEASURES.items() if measure.family == "proportion"
)
_GROUP = MEASURES["PLO"]


@overload
def pool_proportions(
    events: ArrayLike | str, n: ArrayLike | str, measure: str = ..., *, method: Literal["IV"] = ...,
    labels: Sequence[str] | str | None = ..., data: pd.DataFrame | None = ...,
    ci_level: float = ..., **settings: Any,
) -> Pooled: ...  # fmt: skip
@overload
def pool_proportions(
    events: ArrayLike | str, n: ArrayLike | str, measure: str = ..., *, method: Literal["GLMM"],
    labels: Sequence[str] | str | None = ..., data: pd.DataFrame | None = ...,
    ci_level: float = ...,
) -> CountNormal: ...  # fmt: skip
@checked
def pool_proportions(
    events: ArrayLike | str,
    n: ArrayLike | str,
    measure: str = "PLO",
    *,
    method: str = "IV",
    labels: Sequence[str] | str | None = None,
    data: pd.DataFrame | None = None,
    ci_level: float = 0.95,
    **settings: Any,
) -> Pooled | CountNormal:
    r"""Pool the proportions of several single groups.

    Parameters
    ----------
    events : array_like of shape (k,) or str
        People with the event, from 0 to n. A missing count is a fault.
    n : array_like of shape (k,) or str
        People in each group, at least 1.
    measure : {"PLO", "PAS", "PR", "PFT"}
        Scale of pooling: log odds, arcsine of the square root, the raw proportion, or the double
        arcsine of Freeman and Tukey.
    method : {"IV", "GLMM"}
        Inverse variance of each group's own proportion, or a binomial-normal model of the counts
        (log odds only), which is advised: it adds nothing to groups without events.
    labels : sequence of str or str, optional
        Names of the groups; "study 1", "study 2", ... by default.
    data : pandas.DataFrame, optional
        Table in which names of columns are looked up.
    ci_level : float
        Confidence level, between 0 and 1.
    **settings
        Further settings of :func:`meta.pool` for ``method="IV"`` (``model``, ``tau2_method``,
        ``ci_method``, ``prediction_method``).

    Returns
    -------
    Pooled or CountNormal
        On the scale of pooling; texts show proportions between 0 and 1. A proportion has no value
        that means "no effect", so the p-value is NaN. ``effects.table`` keeps events and n.

    Raises
    ------
    DataError
        If a count is impossible, lengths differ, or a setting is unknown; with a line for each
        fault.
    TooFewStudies
        If there is no group.

    Notes
    -----
    PLO and PR need 0.5 added to both cells of a group in which nobody or everybody had the event;
    PAS does not. The back-transformed answer is the proportion of a typical group (the median of
    the distribution), not the mean of the proportions, which lies nearer to one half.
    GLMM: events are binomial with log odds :math:`\theta + u_i`, :math:`u_i \sim N(0, \tau^2)`.

    When not to use it: the double arcsine where groups differ in size. Its way back needs one
    number of people for all groups; by convention it is their harmonic mean (a note says so), and
    another choice gives another answer (Schwarzer 2019). With rare events prefer PLO to PR, whose
    interval can leave 0 to 1 and whose weights follow the observed proportion (a note says so where
    it matters).

    Checked against metafor (``rma`` of PLO, PAS, PR and PFT, ``rma.glmm(measure = "PLO")``) on
    dat.pritz1997.

    References
    ----------
    stijnen2010

    Schwarzer G, Chemaitelly H, Abu-Raddad LJ, Rücker G (2019). Seriously misleading results using
    inverse of Freeman-Tukey double arcsine transformation in meta-analysis of single proportions.
    Research Synthesis Methods 10(3):476-483. doi:10.1002/jrsm.1348

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool_proportions([12, 30, 9], [40, 110, 25])
    >>> print(fit.effect_text())
    0.29 (0.21 to 0.39)
    """
    check_choice("measure", measure, PROPORTION_MEASURES)
    check_choice("method", method, ("IV", "GLMM"))
    if data is not None:
        events, n, labels = (
            take_column("pool_proportions", data, name, value)
            for name, value in (("events", events), ("n", n), ("labels", labels))
        )
    given = {"events": events, "n": n}
    names = [str(label) for label in labels] if labels is not None else None
    faults: list[str] = []
    sizes = [
        np.size(values)
        for name, value in given.items()
        if (values := as_floats(name, value, [])) is not None
    ]
    longest = max(sizes, default=0)
    if names is not None and len(names) != longest:
        faults.append(f"labels has {len(names)} names for {longest} groups; needed: one for each")
    columns = read_columns(
        "pool_proportions", given, _GROUP.arguments, relations=_GROUP.relations, faults=faults
    )
    if len(columns) == 0:
        raise TooFewStudies("pool_proportions: there is no group to pool")
    counts, people = columns["events"], columns["n"]
    groups = pd.DataFrame({"events": counts, "n": people})
    effects = Effects.from_table(groups if names is None else groups.assign(label=names), measure)
    if method == "GLMM":
        if measure != "PLO" or settings:
            extra = ", ".join(settings) or f"measure={measure!r}"
            raise DataError(f"pool_proportions: {extra} belongs to method='IV'")
        return count_model(effects, model="binomial-normal", ci_level=ci_level, notes=())
    return pool(effects, ci_level=ci_level, **settings)
