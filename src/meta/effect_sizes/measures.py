"""What is an effect measure? The one registry of all of them.

A measure is one entry of `MEASURES`: its name and words, the scale on which it is computed and the
way back to the reader's, the arguments that give it and its formula. Whoever adds one writes an
entry (and, where it is computed from arms, a formula) here, and a test; figures, texts, the
command line, `effect_size` and `Effects.from_table` know it from then on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtri

from meta.arguments import shown
from meta.effect_sizes.double_arcsine import double_arcsine, from_double_arcsine
from meta.effect_sizes.inputs import (
    ANY_NUMBER,
    CORRELATION,
    EVENTS,
    MEAN_ON_RATIO_SCALE,
    PERSON_TIME,
    SIZE_FOR_COUNTS,
    SIZE_FOR_MEANS,
    STANDARD_DEVIATION,
    Floats,
    Relation,
    Rule,
)
from meta.effect_sizes.standardised import (
    SMD_VTYPES,
    hedges_j,
    pooled_sd,
    smd_from_d,
    variance_of_difference,
)
from meta.errors import DataError

Effect = tuple[Floats, Floats]

# families of measures that compare nothing
_OF_ONE_GROUP = ("proportion", "rate", "mean", "spread", "discrimination")


@dataclass(frozen=True, slots=True)
class Transform:
    """The way between the scale of computation and the reader's scale.

    Attributes
    ----------
    name : str
        What the scale of computation is called; "" where it is the reader's own.
    to_reader, from_reader : callable
        Take an array from the scale of computation to the reader's, and back.
    """

    name: str
    to_reader: Callable[[Floats], Floats]
    from_reader: Callable[[Floats], Floats]


def _same(values: Floats) -> Floats:
    return values


def _from_arcsine(values: Floats) -> Floats:
    # an interval may reach past the ends of the transform's range, where the proportion is 0 or 1
    return np.asarray(np.sin(np.clip(values, 0.0, np.pi / 2)) ** 2)


NONE = Transform("", _same, _same)
LOG = Transform("logarithm", np.exp, np.log)
LOGIT = Transform("logit", expit, logit)
SQUARE_ROOT = Transform(
    "square root", lambda values: np.square(np.maximum(values, 0.0)), lambda values: np.sqrt(values)
)
ARCSINE = Transform("arcsine", _from_arcsine, lambda values: np.arcsin(np.sqrt(values)))
FISHER_Z = Transform("Fisher's z", np.tanh, np.arctanh)


def _freeman_tukey(n: Floats | float) -> Transform:
    """Make the transform of groups of n people."""
    return Transform(
        "double arcsine",
        lambda values: from_double_arcsine(values, n),
        lambda values: double_arcsine(values * n, np.asarray(n)),
    )


@dataclass(frozen=True, slots=True)
class Measure:
    """One effect measure.

    Attributes
    ----------
    name : str
        Short name, as in metafor.
    label : str
        Name for axes and tables, on the reader's scale.
    family : str
        What it is a kind of; rules and priors that hold for several measures go by it.
    formula : callable or None
        Takes the arguments by name (a 2x2 table as its cells a, b, c, d; see `cells`), returns
        effects and sampling variances. None where no arms give the measure.
    arguments : mapping of str to Rule
        What the arms must report, and what each must satisfy.
    in_words : str
        The formula, for a derivation.
    transform : Transform
        Scale of computation.
    short : str
        Heading of a column in a figure; the name by default.
    relations : tuple of Relation
        What arguments must satisfy together.
    optional : tuple of str
        Arguments that may be given and are checked, though the formula does without them.
    forms : tuple of {"arms", "interval", "p_value"}
        The reported forms that give the measure; an effect with its variance always does.
    vtypes : tuple of str
        The variance formulas on offer, the default first.
    can_correct_bias : bool
        `bias_corrected` has a meaning.
    add : float or None
        Default added to the cells of a table with a zero; None for a measure without cells.
    drop00 : bool or None
        Whether a study in which nobody or everybody had the event is left out by default, because
        it says nothing about the measure; None where there are no two arms with counts.
    of_sizes : callable or None
        Where the way back needs numbers of people (Freeman-Tukey): makes the transform of them.
    """

    name: str
    label: str
    family: str
    formula: Callable[..., Effect] | None = None
    arguments: Mapping[str, Rule] = field(default_factory=dict)
    in_words: str = ""
    transform: Transform = NONE
    short: str = ""
    relations: tuple[Relation, ...] = ()
    optional: tuple[str, ...] = ()
    forms: tuple[str, ...] = ("arms",)
    vtypes: tuple[str, ...] = ("LS",)
    can_correct_bias: bool = False
    add: float | None = None
    drop00: bool | None = None
    of_sizes: Callable[[Floats | float], Transform] | None = None

    def __post_init__(self) -> None:
        if not self.short:
            object.__setattr__(self, "short", self.name)

    @property
    def log(self) -> bool:
        """Effects are computed and stored as natural logarithms and read after exponentiation."""
        return self.transform is LOG

    @property
    def null(self) -> float:
        """No effect on the reader's scale; NaN for a measure of one group, which has none."""
        return np.nan if self.single_group else 1.0 if self.log else 0.0

    @property
    def single_group(self) -> bool:
        """The measure describes one group and favours nobody."""
        return self.family in _OF_ONE_GROUP

    @property
    def standardised(self) -> bool:
        """The measure is a difference of two arms in standard deviations."""
        return self.family == "standardised mean difference"

    @property
    def words(self) -> str:
        """Name within a sentence, with its article: "a risk ratio"."""
        name = self.label.partition(" (")[0]
        name = name if name.startswith("Peto") else name[0].lower() + name[1:]
        return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"

    def to_reader(self, values: ArrayLike) -> Any:
        """Take effects from the scale of computation to the reader's scale.

        Parameters
        ----------
        values : float or array_like
            Effects or interval limits as stored.

        Returns
        -------
        float or numpy.ndarray
            ``exp`` of the values for ratio measures, the inverse transform for single proportions
            and Fisher's z, else the values themselves. A double arcsine needs numbers of people:
            see `with_sizes`.
        """
        return self._turn(self.transform.to_reader, values)

    def from_reader(self, values: ArrayLike) -> Any:
        """Take values on the reader's scale to the scale of computation."""
        return self._turn(self.transform.from_reader, values)

    @staticmethod
    def _turn(way: Callable[[Floats], Floats], values: ArrayLike) -> Any:
        # the end of a very long interval is infinite, and so is the logarithm of no events
        try:
            numbers = np.asarray(values, dtype=float)
        except (TypeError, ValueError, OverflowError):
            raise DataError(f"values are {shown(values)}; needed: numbers") from None
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            result = np.asarray(way(numbers))
        return float(result) if result.ndim == 0 else result

    def with_sizes(self, n: Floats | float) -> Measure:
        """Give the measure as it is read with these numbers of people.

        Parameters
        ----------
        n : float or numpy.ndarray
            People: those of each study for values of the studies, their harmonic mean for a pooled
            value (a convention; see :func:`meta.convert.pft_to_proportion`).

        Returns
        -------
        Measure
            For the double arcsine, one that shows proportions; every other measure as it is.
        """
        if self.of_sizes is None:
            return self
        return replace(self, transform=self.of_sizes(n), label="Proportion", short="Proportion")


def cells(arguments: Mapping[str, Floats]) -> dict[str, Floats]:
    """Return the cells of counts: a, c with and b, d without the event (b, d only of people)."""
    found = {}
    for people, with_event, without in (("_t", "a", "b"), ("_c", "c", "d"), ("", "a", "b")):
        if f"events{people}" in arguments:
            found[with_event] = arguments[f"events{people}"]
            if f"n{people}" in arguments:
                found[without] = arguments[f"n{people}"] - arguments[f"events{people}"]
    return found


def _md(mean_t: Floats, sd_t: Floats, n_t: Floats, mean_c: Floats, sd_c: Floats, n_c: Floats
        ) -> Effect:  # fmt: skip
    return mean_t - mean_c, sd_t**2 / n_t + sd_c**2 / n_c


def _smd(mean_t: Floats, sd_t: Floats, n_t: Floats, mean_c: Floats, sd_c: Floats, n_c: Floats,
         vtype: str) -> Effect:  # fmt: skip
    return smd_from_d((mean_t - mean_c) / pooled_sd(sd_t, n_t, sd_c, n_c), n_t, n_c, vtype)


def _smdh(mean_t: Floats, sd_t: Floats, n_t: Floats, mean_c: Floats, sd_c: Floats, n_c: Floats,
          vtype: str) -> Effect:  # fmt: skip
    var_t, var_c = sd_t**2, sd_c**2
    dof_t, dof_c = n_t - 1, n_c - 1
    mean_variance = (var_t + var_c) / 2
    j = hedges_j(dof_t + dof_c)
    yi = j * (mean_t - mean_c) / np.sqrt(mean_variance)
    spread = yi**2 * (var_t**2 / dof_t + var_c**2 / dof_c) / (8 * mean_variance**2)
    vi = spread + (var_t / dof_t + var_c / dof_c) / mean_variance
    return yi, j**2 * vi if vtype == "J2" else vi


def _smd1(mean_t: Floats, n_t: Floats, mean_c: Floats, sd_c: Floats, n_c: Floats) -> Effect:
    yi = hedges_j(n_c - 1) * (mean_t - mean_c) / sd_c
    return yi, 1 / n_t + 1 / n_c + yi**2 / (2 * n_c)


def _smd1h(mean_t: Floats, sd_t: Floats, n_t: Floats, mean_c: Floats, sd_c: Floats, n_c: Floats
           ) -> Effect:  # fmt: skip
    yi = hedges_j(n_c - 1) * (mean_t - mean_c) / sd_c
    return yi, (sd_t / sd_c) ** 2 / (n_t - 1) + 1 / (n_c - 1) + yi**2 / (2 * (n_c - 1))


def _log_sd(sd: Floats, n: Floats) -> Effect:
    return np.log(sd) + 1 / (2 * (n - 1)), 1 / (2 * (n - 1))


def _vr(sd_t: Floats, n_t: Floats, sd_c: Floats, n_c: Floats) -> Effect:
    (treated, vi), (control, vc) = _log_sd(sd_t, n_t), _log_sd(sd_c, n_c)
    return treated - control, vi + vc


def _cvr(mean_t: Floats, sd_t: Floats, n_t: Floats, mean_c: Floats, sd_c: Floats, n_c: Floats
         ) -> Effect:  # fmt: skip
    yi, vi = _vr(sd_t, n_t, sd_c, n_c)
    ratio, spread = _rom(mean_t, sd_t, n_t, mean_c, sd_c, n_c, "LS", bias_corrected=True)
    return yi - ratio, vi + spread


def _mn(mean: Floats, sd: Floats, n: Floats) -> Effect:
    return mean, sd**2 / n


def _mnln(mean: Floats, sd: Floats, n: Floats) -> Effect:
    return np.log(mean), sd**2 / (n * mean**2)


def _cvln(mean: Floats, sd: Floats, n: Floats) -> Effect:
    yi, vi = _log_sd(sd, n)
    return yi - np.log(mean), vi + sd**2 / (n * mean**2)


def _rom(mean_t: Floats, sd_t: Floats, n_t: Floats, mean_c: Floats, sd_c: Floats, n_c: Floats,
         vtype: str, bias_corrected: bool) -> Effect:  # fmt: skip
    cv2_t, cv2_c = sd_t**2 / (n_t * mean_t**2), sd_c**2 / (n_c * mean_c**2)
    yi, vi = np.log(mean_t) - np.log(mean_c), cv2_t + cv2_c
    if bias_corrected:
        yi = yi + (cv2_t - cv2_c) / 2
    return yi, vi + (cv2_t**2 + cv2_c**2) / 2 if vtype == "LS2" else vi


def _rr(a: Floats, b: Floats, c: Floats, d: Floats) -> Effect:
    n_t, n_c = a + b, c + d
    return np.log(a / n_t) - np.log(c / n_c), 1 / a - 1 / n_t + 1 / c - 1 / n_c


def _or(a: Floats, b: Floats, c: Floats, d: Floats) -> Effect:
    return np.log(a / b) - np.log(c / d), 1 / a + 1 / b + 1 / c + 1 / d


def _rd(a: Floats, b: Floats, c: Floats, d: Floats) -> Effect:
    n_t, n_c = a + b, c + d
    return a / n_t - c / n_c, a * b / n_t**3 + c * d / n_c**3


def _peto(a: Floats, b: Floats, c: Floats, d: Floats) -> Effect:
    n_t, n_c = a + b, c + d
    total = n_t + n_c
    expected = (a + c) * n_t / total
    information = expected * (n_c / total) * ((b + d) / (total - 1))
    return (a - expected) / information, 1 / information


def _as(a: Floats, b: Floats, c: Floats, d: Floats) -> Effect:
    n_t, n_c = a + b, c + d
    yi = np.arcsin(np.sqrt(a / n_t)) - np.arcsin(np.sqrt(c / n_c))
    return yi, 1 / (4 * n_t) + 1 / (4 * n_c)


def _irr(a: Floats, c: Floats, time_t: Floats, time_c: Floats) -> Effect:
    return np.log(a / time_t) - np.log(c / time_c), 1 / a + 1 / c


def _ird(a: Floats, c: Floats, time_t: Floats, time_c: Floats) -> Effect:
    return a / time_t - c / time_c, a / time_t**2 + c / time_c**2


def _irsd(a: Floats, c: Floats, time_t: Floats, time_c: Floats) -> Effect:
    return np.sqrt(a / time_t) - np.sqrt(c / time_c), 1 / (4 * time_t) + 1 / (4 * time_c)


def _ir(a: Floats, time: Floats) -> Effect:
    return a / time, a / time**2


def _irln(a: Floats, time: Floats) -> Effect:
    return np.log(a / time), 1 / a


def _irs(a: Floats, time: Floats) -> Effect:
    return np.sqrt(a / time), 1 / (4 * time)


def _irft(a: Floats, time: Floats) -> Effect:
    return (np.sqrt(a / time) + np.sqrt((a + 1) / time)) / 2, 1 / (4 * time)


def _pr(a: Floats, b: Floats) -> Effect:
    n = a + b
    return a / n, a * b / n**3


def _plo(a: Floats, b: Floats) -> Effect:
    return np.log(a / b), 1 / a + 1 / b


def _pas(a: Floats, b: Floats) -> Effect:
    n = a + b
    return np.arcsin(np.sqrt(a / n)), 1 / (4 * n)


def _pft(a: Floats, b: Floats) -> Effect:
    n = a + b
    return double_arcsine(a, n), 1 / (4 * n + 2)


def _cor(r: Floats, n: Floats) -> Effect:
    return r, (1 - r**2) ** 2 / (n - 1)


def _zcor(r: Floats, n: Floats) -> Effect:
    return np.arctanh(r), 1 / (n - 3)


def _phi(a: Floats, b: Floats, c: Floats, d: Floats) -> Effect:
    n = a + b + c + d
    rows, columns = (a + b) * (c + d) / n**2, (a + c) * (b + d) / n**2
    yi = (a * d - b * c) / n**2 / np.sqrt(rows * columns)
    row, column = (a + b - c - d) / n, (a + c - b - d) / n
    spread = 1 - yi**2 + yi * (1 + yi**2 / 2) * row * column / np.sqrt(rows * columns)
    return yi, (spread - 3 / 4 * yi**2 * (row**2 / rows + column**2 / columns)) / n


def _yule(a: Floats, b: Floats, c: Floats, d: Floats, power: float) -> Effect:
    ratio, vi = _or(a, b, c, d)
    # (x - 1) / (x + 1) of the odds ratio, or of its root
    yi = np.tanh(power * ratio / 2)
    return yi, power**2 / 4 * (1 - yi**2) ** 2 * vi


def _yuq(a: Floats, b: Floats, c: Floats, d: Floats) -> Effect:
    return _yule(a, b, c, d, 1.0)


def _yuy(a: Floats, b: Floats, c: Floats, d: Floats) -> Effect:
    return _yule(a, b, c, d, 0.5)


def _rpb(mean_t: Floats, sd_t: Floats, n_t: Floats, mean_c: Floats, sd_c: Floats, n_c: Floats
         ) -> Effect:  # fmt: skip
    d = (mean_t - mean_c) / pooled_sd(sd_t, n_t, sd_c, n_c)
    n = n_t + n_c
    h = (n - 2) / n_t + (n - 2) / n_c
    vi = h**2 / (d**2 + h) ** 3 * (1 / n_t + 1 / n_c + d**2 / (2 * n))
    return d / np.sqrt(d**2 + h), vi


def _rbis(mean_t: Floats, sd_t: Floats, n_t: Floats, mean_c: Floats, sd_c: Floats, n_c: Floats
          ) -> Effect:  # fmt: skip
    n = n_t + n_c
    p, q = n_t / n, n_c / n
    cut = ndtri(q)
    density = np.exp(-(cut**2) / 2) / np.sqrt(2 * np.pi)
    yi = np.sqrt(p * q) / density * _rpb(mean_t, sd_t, n_t, mean_c, sd_c, n_c)[0]
    # an estimate beyond 1 has the variance of one at 1
    square = np.minimum(yi**2, 1.0)
    slope = 3 / 2 + (1 - p * cut / density) * (1 + q * cut / density)
    return yi, (p * q / density**2 - slope * square + square**2) / (n - 1)


def _pcor(r: Floats, n: Floats, predictors: Floats) -> Effect:
    return r, (1 - r**2) ** 2 / (n - predictors)


def _zpcor(r: Floats, n: Floats, predictors: Floats) -> Effect:
    return np.arctanh(r), 1 / (n - predictors - 2)


def _spcor(r: Floats, n: Floats, r2: Floats) -> Effect:
    rest = r2 - r**2
    return r, (r2**2 - 2 * r2 + rest + 1 - rest**2) / n


def _auc(auc: Floats, n_t: Floats, n_c: Floats) -> Effect:
    mean = (n_t + n_c) / 2
    spread = 2 * mean - 1 - (3 * mean - 3) / ((2 - auc) * (1 + auc))
    return auc, auc * (1 - auc) / ((n_t - 1) * (n_c - 1)) * spread


def _mc(mean_post: Floats, mean_pre: Floats, sd_post: Floats, sd_pre: Floats, n: Floats, r: Floats
        ) -> Effect:  # fmt: skip
    return mean_post - mean_pre, variance_of_difference(sd_pre, sd_post, r) / n


def _smcc(mean_post: Floats, mean_pre: Floats, sd_post: Floats, sd_pre: Floats, n: Floats,
          r: Floats) -> Effect:  # fmt: skip
    sd = np.sqrt(variance_of_difference(sd_pre, sd_post, r))
    yi = hedges_j(n - 1) * (mean_post - mean_pre) / sd
    return yi, 1 / n + yi**2 / (2 * n)


def _smcr(
    mean_post: Floats, mean_pre: Floats, sd_pre: Floats, n: Floats, r: Floats
) -> Effect:  # fmt: skip
    yi = hedges_j(n - 1) * (mean_post - mean_pre) / sd_pre
    return yi, 2 * (1 - r) / n + yi**2 / (2 * n)


def _romc(mean_post: Floats, mean_pre: Floats, sd_post: Floats, sd_pre: Floats, n: Floats,
          r: Floats) -> Effect:  # fmt: skip
    cv_post, cv_pre = sd_post / mean_post, sd_pre / mean_pre
    yi = np.log(mean_post) - np.log(mean_pre)
    return yi, (cv_post**2 + cv_pre**2 - 2 * r * cv_post * cv_pre) / n


_MEANS = {
    "mean_t": ANY_NUMBER, "sd_t": STANDARD_DEVIATION, "n_t": SIZE_FOR_MEANS,
    "mean_c": ANY_NUMBER, "sd_c": STANDARD_DEVIATION, "n_c": SIZE_FOR_MEANS,
}  # fmt: skip
_TABLE = {
    "events_t": EVENTS, "n_t": SIZE_FOR_COUNTS, "events_c": EVENTS, "n_c": SIZE_FOR_COUNTS,
}  # fmt: skip
_RATES = {
    "events_t": EVENTS, "time_t": PERSON_TIME, "events_c": EVENTS, "time_c": PERSON_TIME,
}  # fmt: skip
_GROUP = {"events": EVENTS, "n": SIZE_FOR_COUNTS}
_RATE = {"events": EVENTS, "time": PERSON_TIME}
_MEAN = {"mean": ANY_NUMBER, "sd": STANDARD_DEVIATION, "n": SIZE_FOR_MEANS}
_MEAN_ABOVE_0 = {**_MEAN, "mean": MEAN_ON_RATIO_SCALE}
# Glass's delta has n_c - 1 degrees of freedom, of which J needs more than one
_GLASS = {
    **_MEANS,
    "n_c": Rule(lambda x: x >= 3, "a number of people >= 3 (for the small-sample factor)"),
}
_RATIO_MEANS = {**_MEANS, "mean_t": MEAN_ON_RATIO_SCALE, "mean_c": MEAN_ON_RATIO_SCALE}
_PAIRED = {
    "mean_post": ANY_NUMBER, "mean_pre": ANY_NUMBER,
    "sd_post": STANDARD_DEVIATION, "sd_pre": STANDARD_DEVIATION,
    "n": SIZE_FOR_MEANS, "r": CORRELATION,
}  # fmt: skip
# J needs more than one degree of freedom
_PAIRED_STANDARDISED = {
    **_PAIRED,
    "n": Rule(lambda x: x >= 3, "a number of people >= 3 (for the small-sample factor)"),
}


_PREDICTORS = Rule(lambda x: x >= 1, "a number of predictors >= 1")
_ENOUGH = (
    Relation(
        ("n", "predictors"),
        lambda n, predictors: n - predictors > 2,
        "at least 3 more people than predictors",
    ),
)
_PARTIAL = {"r": CORRELATION, "n": SIZE_FOR_MEANS, "predictors": _PREDICTORS}


def _not_more_than(events: Floats, n: Floats) -> Any:
    return events <= n


_OF_PEOPLE = tuple(
    Relation((f"events_{arm}", f"n_{arm}"), _not_more_than, "no more events than people")
    for arm in "tc"
)
_OF_GROUP = (Relation(("events", "n"), _not_more_than, "no more events than people"),)
_ALL = ("arms", "interval", "p_value")
_AFTER_LEAST = ("interval", "p_value")
_MEAN_AFTER = {"mean_post": MEAN_ON_RATIO_SCALE, "mean_pre": MEAN_ON_RATIO_SCALE}

MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("GEN", "Effect", "unknown", short="Effect", forms=_AFTER_LEAST),
        Measure(
            "MD", "Mean difference", "mean difference", _md, _MEANS,
            "yi = mean_t - mean_c; vi = sd_t^2 / n_t + sd_c^2 / n_c", forms=_ALL,
        ),
        Measure(
            "SMD", "Standardised mean difference (Hedges g)", "standardised mean difference",
            _smd, _MEANS,
            "yi = J (mean_t - mean_c) / pooled SD; vi = 1/n_t + 1/n_c + yi^2 / (2 (n_t + n_c))",
            forms=_ALL, vtypes=SMD_VTYPES,
        ),
        Measure(
            "SMDH", "Standardised mean difference (unequal variances)",
            "standardised mean difference", _smdh, _MEANS,
            "yi = J (mean_t - mean_c) / sqrt((sd_t^2 + sd_c^2) / 2); vi after Bonett", short="SMD",
            vtypes=("LS", "J2"),
        ),
        Measure(
            "SMD1", "Standardised mean difference (Glass's delta)", "standardised mean difference",
            _smd1, _GLASS,
            "yi = J(n_c - 1) (mean_t - mean_c) / sd_c; vi = 1/n_t + 1/n_c + yi^2 / (2 n_c)",
            short="SMD", optional=("sd_t",),
        ),
        Measure(
            "SMD1H", "Standardised mean difference (Glass's delta, unequal variances)",
            "standardised mean difference", _smd1h, _GLASS,
            "yi as SMD1; vi = sd_t^2 / (sd_c^2 (n_t - 1)) + 1/(n_c - 1) + yi^2 / (2 (n_c - 1))",
            short="SMD",
        ),
        Measure(
            "CVR", "Ratio of coefficients of variation", "ratio of spreads", _cvr, _RATIO_MEANS,
            "yi = VR less the corrected ROM; vi = the sum of theirs",
            LOG, "CV ratio",
        ),
        Measure(
            "VR", "Ratio of standard deviations", "ratio of spreads", _vr,
            {name: rule for name, rule in _MEANS.items() if not name.startswith("mean")},
            "yi = ln(sd_t / sd_c) + 1/(2 (n_t - 1)) - 1/(2 (n_c - 1)); "
            "vi = 1/(2 (n_t - 1)) + 1/(2 (n_c - 1))",
            LOG, "SD ratio",
        ),
        Measure(
            "ROM", "Ratio of means", "ratio of means", _rom, _RATIO_MEANS,
            "yi = ln(mean_t / mean_c); vi = sd_t^2 / (n_t mean_t^2) + sd_c^2 / (n_c mean_c^2)",
            LOG, forms=_ALL, vtypes=("LS", "LS2"), can_correct_bias=True,
        ),
        Measure(
            "RR", "Risk ratio", "risk ratio", _rr, _TABLE,
            "yi = ln((a / n_t) / (c / n_c)); vi = 1/a - 1/n_t + 1/c - 1/n_c",
            LOG, relations=_OF_PEOPLE, forms=_ALL, add=0.5, drop00=True,
        ),
        Measure(
            "OR", "Odds ratio", "odds ratio", _or, _TABLE,
            "yi = ln(a d / (b c)); vi = 1/a + 1/b + 1/c + 1/d",
            LOG, relations=_OF_PEOPLE, forms=_ALL, add=0.5, drop00=True,
        ),
        Measure(
            "PETO", "Peto odds ratio", "odds ratio", _peto, _TABLE,
            "yi = (a - E) / V, E = n_t (a + c) / N, V the hypergeometric variance of a; vi = 1/V",
            LOG, "Peto OR", relations=_OF_PEOPLE, forms=_ALL, add=0.5, drop00=True,
        ),
        Measure("HR", "Hazard ratio", "hazard ratio", transform=LOG, forms=_AFTER_LEAST),
        Measure(
            "RD", "Risk difference", "risk difference", _rd, _TABLE,
            "yi = a / n_t - c / n_c; vi = a b / n_t^3 + c d / n_c^3",
            relations=_OF_PEOPLE, forms=_ALL, add=0.5, drop00=False,
        ),
        Measure(
            "AS", "Arcsine difference", "risk difference", _as, _TABLE,
            "yi = asin(sqrt(a / n_t)) - asin(sqrt(c / n_c)); vi = 1/(4 n_t) + 1/(4 n_c)",
            short="Arcsine diff.", relations=_OF_PEOPLE, add=0.0, drop00=False,
        ),
        Measure(
            "IRR", "Incidence rate ratio", "rate ratio", _irr, _RATES,
            "yi = ln((a / time_t) / (c / time_c)); vi = 1/a + 1/c",
            LOG, forms=_ALL, add=0.5, drop00=True,
        ),
        Measure(
            "IRD", "Incidence rate difference", "rate difference", _ird, _RATES,
            "yi = a / time_t - c / time_c; vi = a / time_t^2 + c / time_c^2",
            short="Rate diff.", add=0.5, drop00=False,
        ),
        Measure(
            "IRSD", "Difference of square-root rates", "rate difference", _irsd, _RATES,
            "yi = sqrt(a / time_t) - sqrt(c / time_c); vi = 1/(4 time_t) + 1/(4 time_c)",
            short="Root rate diff.", add=0.0, drop00=False,
        ),
        Measure(
            "IR", "Incidence rate", "rate", _ir, _RATE, "yi = a / time; vi = a / time^2",
            short="Rate", add=0.5,
        ),
        Measure(
            "IRLN", "Incidence rate", "rate", _irln, _RATE, "yi = ln(a / time); vi = 1/a",
            LOG, "Rate", add=0.5,
        ),
        Measure(
            "IRS", "Incidence rate", "rate", _irs, _RATE,
            "yi = sqrt(a / time); vi = 1/(4 time)", SQUARE_ROOT, "Rate", add=0.0,
        ),
        Measure(
            "IRFT", "Freeman-Tukey square root of a rate", "rate", _irft, _RATE,
            "yi = (sqrt(a / time) + sqrt((a + 1) / time)) / 2; vi = 1/(4 time)",
            short="Root rate", add=0.0,
        ),
        Measure(
            "MN", "Mean", "mean", _mn, _MEAN, "yi = mean; vi = sd^2 / n",
        ),
        Measure(
            "MNLN", "Mean", "mean", _mnln, _MEAN_ABOVE_0,
            "yi = ln(mean); vi = sd^2 / (n mean^2)", LOG, "Mean",
        ),
        Measure(
            "SDLN", "Standard deviation", "spread", _log_sd,
            {"sd": STANDARD_DEVIATION, "n": SIZE_FOR_MEANS},
            "yi = ln(sd) + 1/(2 (n - 1)); vi = 1/(2 (n - 1))", LOG, "SD",
        ),
        Measure(
            "CVLN", "Coefficient of variation", "spread", _cvln, _MEAN_ABOVE_0,
            "yi = ln(sd / mean) + 1/(2 (n - 1)); vi = 1/(2 (n - 1)) + sd^2 / (n mean^2)", LOG, "CV",
        ),
        Measure(
            "PR", "Proportion", "proportion", _pr, _GROUP, "yi = a / n; vi = a b / n^3",
            short="Proportion", relations=_OF_GROUP, add=0.5,
        ),
        Measure(
            "PLO", "Proportion", "proportion", _plo, _GROUP, "yi = ln(a / b); vi = 1/a + 1/b",
            LOGIT, "Proportion", _OF_GROUP, add=0.5,
        ),
        Measure(
            "PAS", "Proportion", "proportion", _pas, _GROUP,
            "yi = asin(sqrt(a / n)); vi = 1/(4 n)", ARCSINE, "Proportion", _OF_GROUP, add=0.0,
        ),
        Measure(
            "PFT", "Double arcsine proportion", "proportion", _pft, _GROUP,
            "yi = (asin(sqrt(a/(n + 1))) + asin(sqrt((a + 1)/(n + 1)))) / 2; vi = 1/(4 n + 2)",
            short="Proportion", relations=_OF_GROUP, add=0.0, of_sizes=_freeman_tukey,
        ),
        Measure(
            "COR", "Correlation", "correlation", _cor, {"r": CORRELATION, "n": SIZE_FOR_MEANS},
            "yi = r; vi = (1 - r^2)^2 / (n - 1)", short="Correlation",
        ),
        Measure(
            "ZCOR", "Correlation", "correlation", _zcor,
            {
                "r": CORRELATION,
                "n": Rule(lambda x: x > 3, "a number of people > 3 (the variance is 1/(n - 3))"),
            },
            "yi = atanh(r); vi = 1/(n - 3)", FISHER_Z, "Correlation",
        ),
        Measure(
            "PHI", "Phi coefficient", "correlation", _phi, _TABLE,
            "yi = (a d - b c) / sqrt(product of the margins); vi after Yule (1912)",
            short="Phi", relations=_OF_PEOPLE, add=0.0, drop00=True,
        ),
        Measure(
            "YUQ", "Yule's Q", "correlation", _yuq, _TABLE,
            "yi = (OR - 1) / (OR + 1); vi = (1 - yi^2)^2 (1/a + 1/b + 1/c + 1/d) / 4",
            short="Yule's Q", relations=_OF_PEOPLE, add=0.5, drop00=True,
        ),
        Measure(
            "YUY", "Yule's Y", "correlation", _yuy, _TABLE,
            "yi = (sqrt(OR) - 1) / (sqrt(OR) + 1); "
            "vi = (1 - yi^2)^2 (1/a + 1/b + 1/c + 1/d) / 16",
            short="Yule's Y", relations=_OF_PEOPLE, add=0.5, drop00=True,
        ),
        Measure(
            "RPB", "Point-biserial correlation", "correlation", _rpb, _MEANS,
            "yi = d / sqrt(d^2 + h), h = (N - 2) / n_t + (N - 2) / n_c; vi for arms of given size",
            short="Correlation",
        ),
        Measure(
            "RBIS", "Biserial correlation", "correlation", _rbis, _MEANS,
            "yi = RPB sqrt(p q) / normal density at the cut; vi after Soper (1914)",
            short="Correlation",
        ),
        Measure(
            "PCOR", "Partial correlation", "correlation", _pcor, _PARTIAL,
            "yi = r; vi = (1 - r^2)^2 / (n - predictors)", short="Partial corr.",
            relations=_ENOUGH,
        ),
        Measure(
            "ZPCOR", "Partial correlation", "correlation", _zpcor, _PARTIAL,
            "yi = atanh(r); vi = 1/(n - predictors - 2)", FISHER_Z, "Partial corr.", _ENOUGH,
        ),
        Measure(
            "SPCOR", "Semi-partial correlation", "correlation", _spcor,
            {
                "r": CORRELATION, "n": SIZE_FOR_MEANS,
                "r2": Rule(lambda x: (x >= 0) & (x < 1), "a share of variance from 0 to below 1"),
            },
            "yi = r; vi = (r2^2 - 2 r2 + (r2 - r^2) + 1 - (r2 - r^2)^2) / n",
            short="Semi-partial corr.",
            relations=(
                Relation(("r", "r2"), lambda r, r2: r**2 <= r2, "r^2 no more than r2"),
            ),
        ),
        Measure(
            "AUC", "Area under the ROC curve", "discrimination", _auc,
            {
                "auc": Rule(lambda x: (x > 0) & (x < 1), "an area strictly between 0 and 1"),
                "n_t": SIZE_FOR_MEANS, "n_c": SIZE_FOR_MEANS,
            },
            "yi = auc; vi after Newcombe (2006)", short="AUC",
        ),
        Measure(
            "MC", "Mean change", "change in one group", _mc, _PAIRED,
            "yi = mean_post - mean_pre; vi = (sd_post^2 + sd_pre^2 - 2 r sd_post sd_pre) / n",
            short="Change",
        ),
        Measure(
            "SMCC", "Standardised mean change (SD of change)", "change in one group", _smcc,
            _PAIRED_STANDARDISED,
            "yi = J (mean_post - mean_pre) / SD of the change; vi = 1/n + yi^2 / (2n)",
            short="Std. change",
        ),
        Measure(
            "SMCR", "Standardised mean change (SD before)", "change in one group", _smcr,
            _PAIRED_STANDARDISED,
            "yi = J (mean_post - mean_pre) / sd_pre; vi = 2 (1 - r) / n + yi^2 / (2n)",
            short="Std. change", optional=("sd_post",),
        ),
        Measure(
            "ROMC", "Ratio of means, after to before", "change in one group", _romc,
            {**_PAIRED, **_MEAN_AFTER},
            "yi = ln(mean_post / mean_pre); vi = (CV_post^2 + CV_pre^2 - 2 r CV_post CV_pre) / n",
            LOG, "Ratio",
        ),
        Measure("PC", "Percent change", "change in one group", short="% change", forms=()),
    )
}  # fmt: skip


def measure_of(name: str) -> Measure:
    """Look up a measure by its short name.

    Raises
    ------
    DataError
        If it is unknown; the message lists the known ones.

    Examples
    --------
    >>> measure_of("RR").label, measure_of("RR").to_reader(0.0), measure_of("PLO").single_group
    ('Risk ratio', 1.0, True)
    """
    try:
        return MEASURES[name]
    except (KeyError, TypeError):
        raise DataError(
            f"unknown measure {name!r}: use one of {', '.join(MEASURES)} "
            "('GEN' for effects of any other kind)"
        ) from None


def arguments_in_words() -> list[tuple[str, str]]:
    """Say which arguments give which measures, those of one kind together.

    Returns
    -------
    list of (str, str)
        Names of the measures and of their arguments, each separated by blanks.
    """
    kinds: dict[str, list[str]] = {}
    for measure in MEASURES.values():
        if measure.formula is not None:
            needed = [name for name in measure.arguments if name not in measure.optional]
            kinds.setdefault(" ".join(needed), []).append(measure.name)
    return [(" ".join(names), arguments) for arguments, names in kinds.items()]
