"""What would the answer be if the funnel were symmetric?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import NotConverged
from meta.synthesis.bias.study_size import size_notes
from meta.synthesis.consumers import need_estimate
from meta.synthesis.engine import check_choice, fit_columns
from meta.synthesis.estimate import Estimate
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import Answer
from meta.wording import number, p_alone

Values = NDArray[np.float64]

ESTIMATORS = ("L0", "R0", "Q0")
SIDES = ("left", "right")

# the count settles within a few rounds or alternates between two values for ever
_MAX_ROUNDS = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrimAndFill(Answer):
    """A pooled effect with mirror images of the studies that seem to be missing.

    Attributes
    ----------
    fit : Pooled
        The answer with the filled studies among its effects; their column ``filled`` is True.
    original : Pooled
        The answer without them.
    k0, k0_se : int, float
        Number of studies that seem to be missing, and its standard error; NaN where its formula
        gives no number.
    side : {"left", "right"}
        Where they seem to be missing: "right" is above the pooled effect on the scale of
        computation.
    estimator : {"L0", "R0", "Q0"}
        Estimator of ``k0``.
    p_value : float
        Test that no study is missing on that side; exists for R0 only, else NaN.
    filled : pandas.DataFrame
        The filled studies: ``label``, ``mirrors`` (label of the study each reflects), ``yi``,
        ``vi``.
    notes : tuple of str
        Sentences that must stand beside these numbers.
    """

    _caption: ClassVar[str] = "Trim and fill"

    fit: Pooled
    original: Pooled
    k0: int
    k0_se: float
    side: str
    estimator: str
    p_value: float
    filled: pd.DataFrame
    notes: tuple[str, ...]

    @property
    def estimate(self) -> float:
        """The pooled effect with the filled studies, on the scale of computation."""
        return self.fit.estimate

    def _rows(self) -> list[tuple[str, str]]:
        rows = [
            ("Effect measure", self.fit.scale.label),
            (
                "Missing studies",
                f"{self.k0} on the {self.side} (SE {number(self.k0_se)}, estimator "
                f"{self.estimator})",
            ),
        ]
        if np.isfinite(self.p_value):
            rows.append(("p, that none is missing", p_alone(self.p_value)))
        return [
            *rows,
            ("Observed", f"{self.original.effect_text()}, {self.original.k} studies"),
            ("Filled", f"{self.fit.effect_text()}, {self.fit.k} studies"),
        ]


@checked
def trim_and_fill(fit: Estimate, *, estimator: str = "L0", side: str | None = None) -> TrimAndFill:
    r"""Fill the funnel with mirror images of its outlying small studies (Duval and Tweedie).

    Parameters
    ----------
    fit : Pooled
        At least three studies; ten before the answer can be read. Its model, estimator of tau2 and
        interval serve throughout.
    estimator : {"L0", "R0", "Q0"}
        Estimator of the number of missing studies.
    side : {"left", "right"}, optional
        Where studies are missing: "left" is below the pooled effect on the scale of computation.
        By default the side away from which the effects lean as standard errors grow: "right" if
        the slope of Egger's regression (fit's estimator of tau2) is negative, else "left".

    Returns
    -------
    TrimAndFill
        The filled analysis is ``.fit``.

    Raises
    ------
    TooFewStudies
        If there are fewer than three studies.
    NotConverged
        If the count alternates, or the estimator gives none: R0 with no study on the empty side,
        Q0 with next to none there.
    DataError
        If a setting is unknown.

    Notes
    -----
    Studies are ordered along the side that has too many. In rounds, the k0 most extreme ones are
    left out, the rest is pooled, and all k effects are centred at that estimate and ranked by
    absolute value. With T the sum of the ranks of effects on the crowded side and
    :math:`\gamma` the length of the run of top ranks there,

    .. math::
        R_0 = \gamma - 1, \quad
        L_0 = \frac{4T - k(k+1)}{2k - 1}, \quad
        Q_0 = k - \tfrac12 - \sqrt{2k^2 - 4T + \tfrac14},

    rounded and floored at 0, until the count stays. The k0 most extreme studies are then
    reflected about the last estimate. For R0, P(none missing) :math:`= 2^{-(k_0 + 1)}`.

    This is a sensitivity analysis. It takes all asymmetry for missing studies, it fills funnels
    that heterogeneity alone made asymmetric, and the number of studies it asks for can change with
    the estimator. The filled effect is no estimate of the true one.

    Checked against metafor 3.8 (``trimfill``, L0 and R0).

    References
    ----------
    duvaltweedie2000, sterne2011

    Examples
    --------
    >>> import meta
    >>> fit = meta.pool([-0.9, -0.8, -0.5, -0.3, -0.1], [0.20, 0.18, 0.10, 0.02, 0.01])
    >>> answer = meta.trim_and_fill(fit)
    >>> answer.k0, answer.side, answer.fit.k
    (2, 'right', 7)
    """
    need_estimate("trim_and_fill", fit, 3)
    assert isinstance(fit, Pooled)  # the only answer that is not refused
    check_choice("estimator", estimator, ESTIMATORS)
    if side is None:
        side = _side(fit)
    check_choice("side", side, SIDES)
    # work with the crowded side on the right, as if the left one had the gaps
    sign = -1.0 if side == "right" else 1.0
    flipped = sign * fit.effects.yi
    order = np.argsort(flipped, kind="stable")
    k0, k0_se, centre = _missing(fit, flipped[order], fit.effects.vi[order], estimator)
    source = order[fit.k - k0 :]
    filled_yi = sign * (2 * centre - flipped[source])
    effects, filled = _fill(fit.effects, source, filled_yi)
    notes = [
        *size_notes(fit.k, "trim and fill"),
        "trim and fill takes every asymmetry for missing studies; it shows how much the answer "
        "leans on the small studies, and is no corrected estimate.",
    ]
    if k0 == fit.k - 1:
        notes.append(
            f"every study but one was trimmed: the funnel is mirrored about "
            f"{fit.effects.labels[order[0]]} alone."
        )
    if fit.i2 > 50:
        notes.append(
            f"the true effects differ (I² = {fit.i2:.0f} %), which alone can make a funnel "
            "asymmetric."
        )
    if fit.scale.standardised:
        notes.append(
            "a standardised mean difference enters its own standard error, so its funnel leans "
            "even when no study is missing."
        )
    return TrimAndFill(
        fit=fit.refit(effects),
        original=fit,
        k0=k0,
        k0_se=k0_se,
        side=side,
        estimator=estimator,
        p_value=0.5 ** (k0 + 1) if estimator == "R0" else np.nan,
        filled=filled,
        notes=tuple(notes),
    )


def _estimate(fit: Pooled, yi: Values, vi: Values, X: Values | None = None) -> Values:
    """Coefficients by the fit's model, without the rest of a fit."""
    method = fit.tau2_method if fit.model == "random" else None
    return fit_columns(yi[:, None], vi[:, None], X, method)[0][:, 0]


def _side(fit: Pooled) -> str:
    sei = fit.effects.sei
    if np.ptp(sei) == 0:
        return "left"  # no slope: as for a slope of exactly 0
    design = np.column_stack([np.ones_like(sei), sei])
    slope = _estimate(fit, fit.effects.yi, fit.effects.vi, design)[1]
    return "right" if slope < 0 else "left"


def _missing(fit: Pooled, yi: Values, vi: Values, estimator: str) -> tuple[int, float, float]:
    """Number of missing studies, its standard error, and the centre of the trimmed funnel.

    ``yi`` rises, and its upper end is the crowded one.
    """
    k, k0 = len(yi), 0
    if np.ptp(yi) == 0:  # nothing lies on either side
        return 0, 0.0, float(yi[0])
    for _ in range(_MAX_ROUNDS):
        centre = float(_estimate(fit, yi[: k - k0], vi[: k - k0])[0])
        count, se = _count(yi - centre, estimator)
        if not np.isfinite(count):
            break
        before, k0 = k0, max(0, round(count))
        if k0 == before:
            return k0, se, centre
    raise NotConverged(
        f"trim and fill with estimator {estimator!r} finds no stable number of missing studies "
        f"among {k}: try another of {', '.join(map(repr, ESTIMATORS))}, and say that they disagree"
    )


def _count(centred: Values, estimator: str) -> tuple[float, float]:
    """Return the raw estimate of the number of missing studies and its standard error."""
    k = len(centred)
    ranks = np.empty(k)
    ranks[np.argsort(np.abs(centred), kind="stable")] = np.arange(1, k + 1)
    if estimator == "R0":
        below = ranks[centred < 0]
        if not len(below):  # a run has no end, and so no length
            return np.nan, np.nan
        run = k - below.max()
        return run - 1.0, float(np.sqrt(2 * max(0, run - 1) + 2))
    total = float(ranks[centred > 0].sum())
    if estimator == "L0":
        count = (4 * total - k * (k + 1)) / (2 * k - 1)
    else:
        # where nearly all ranks lie on the crowded side there is no real root, and no count
        square = 2 * k**2 - 4 * total + 0.25
        count = k - 0.5 - float(np.sqrt(square)) if square >= 0 else np.nan
    variance = (
        k * (k + 1) * (2 * k + 1)
        + 10 * count**3
        + 27 * count**2
        + 17 * count
        - 18 * k * count**2
        - 18 * k * count
        + 6 * k**2 * count
    ) / 24
    # below about -1/3 studies the formula has no root: the count is 0, its error is not known
    root = float(np.sqrt(variance)) if variance >= 0 else np.nan
    if estimator == "L0":
        return count, 4 * root / (2 * k - 1)
    spread = (k - 0.5) ** 2 - count * (2 * k - count - 1)
    return count, 2 * root / float(np.sqrt(spread)) if spread > 0 else np.nan


def _fill(effects: Effects, source: NDArray[np.intp], yi: Values) -> tuple[Effects, pd.DataFrame]:
    mirrored = effects.table.iloc[source]
    labels = [f"filled: {label}" for label in mirrored["label"]]
    filled = pd.DataFrame(
        {
            "label": labels,
            "mirrors": mirrored["label"].to_list(),
            "yi": yi,
            "vi": mirrored["vi"].to_list(),
        }
    )
    # a filled study has no people, no year and no source: every other column stays empty
    rows = filled.drop(columns="mirrors").assign(
        study_id=labels, sei=np.sqrt(filled["vi"]), filled=True
    )
    table = pd.concat([effects.table.assign(filled=False), rows], ignore_index=True)
    return replace(effects, table=table), filled
