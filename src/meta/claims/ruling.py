"""What is asked of a rule, and what does it answer? A case goes in, a ruling comes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite, nan
from typing import Any

import pandas as pd

from meta.claims.claim_test import ClaimTest
from meta.claims.lookup import Lookup, lookup
from meta.claims.verdicts import NEITHER, Oriented, claimed_range
from meta.evidence.question import Question
from meta.evidence.tables import Evidence
from meta.synthesis.models.pooled import Pooled
from meta.wording import lower_first, words

# a row of claims.csv
Claim = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A claim, how it is tested, and the tables that answer.

    Attributes
    ----------
    claim : mapping
        Row of ``claims.csv``.
    test : ClaimTest
        Row of ``claim_tests.csv``.
    evidence : Evidence
        The tables.
    """

    claim: Claim
    test: ClaimTest
    evidence: Evidence

    @property
    def question(self) -> Question:
        """What the folder asks."""
        return self.evidence.question

    @property
    def lookup(self) -> Lookup:
        """The tables, derived once."""
        return lookup(self.evidence)

    @property
    def treatment(self) -> str:
        """What is given, within a sentence; where forms are compared, the form that is tested."""
        usual = self.question.primary.get("control", self.test.control)
        compared = self.test.control and not set(self.test.control) & set(usual)
        return "the form tested" if compared else self.question.treatment.lower()

    @property
    def dose_unit(self) -> str:
        """Unit of the dose, from the data dictionary; "" if there is none."""
        if not self.question.dose:
            return ""
        return str(self.evidence.described("trials")[self.question.dose].get("unit", ""))

    @property
    def names_form(self) -> bool:
        """Whether the claim is about the form of the question, not about any."""
        said = self.claim.get("intervention")
        form = self.question.form
        return form is not None and pd.notna(said) and form.label in str(said)

    def outcome(self, name: str) -> Mapping[str, Any]:
        """Return what the table ``outcomes`` says of an outcome; its name in words at least."""
        found: dict[str, Any] = {"words": words(name), "mid": nan}
        return found | self.lookup.outcomes.get(name, {})

    def label(self, column: str, code: str) -> str:
        """Return the words of a code of ``trials`` or ``results``, within a sentence."""
        for table in ("results", "trials"):
            described = self.evidence.described(table).get(column)
            if described is not None:
                return lower_first(str(described.get("labels", {}).get(code, words(code))))
        return words(code)

    @property
    def outcomes(self) -> list[str]:
        """The outcomes of the test, in words."""
        return [str(self.outcome(name)["words"]) for name in self.test.outcome]

    @property
    def claimed(self) -> tuple[float, float] | None:
        """What the claim covers, in figures; None if it names none."""
        cells = {name: self.claim[f"claimed_{name}"] for name in ("value", "low", "high")}
        figures = {name: None if pd.isna(cell) else float(cell) for name, cell in cells.items()}
        return claimed_range(**figures, at_least=self.test.at_least, at_most=self.test.at_most)

    @property
    def mid(self) -> float | None:
        """Smallest important difference of the outcome on the measure of the test, if known."""
        found = self.outcome(self.test.outcome[0]) if self.test.outcome else {}
        known = found and found.get("measure") == self.test.measure and isfinite(found["mid"])
        return float(found["mid"]) if known else None


def _no_rows() -> pd.DataFrame:
    return pd.DataFrame(columns=["result_id", "study_id", "label", "reason"])


def _no_table() -> pd.DataFrame | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A verdict with its reason and figures.

    Attributes
    ----------
    verdict : str
        What the evidence says; see `meta.claims.verdicts`.
    leans : {"for", "against", "neither"}
        To which side the evidence leans where it is too little to decide.
    answer : str
        The verdict in one plain sentence.
    details : str
        The figures behind it.
    certainty : str
        How sure: "high", "moderate", "low" or "very low" in the manner of GRADE; or what kind of
        evidence it is ("one study", "surveys"); "" where nothing was measured.
    certainty_why : tuple of str
        What lowered it.
    scale : str
        What the figures measure.
    claimed_low, claimed_high : float
        The claimed figure on that scale; NaN where there is none.
    estimate, ci_low, ci_high : float
        The real figure with its interval or range, on the reader's scale.
    ratio, ratio_low, ratio_high : float
        Claimed divided by real; infinite where the real figure may be nothing.
    probability : float
        Probability by the fitted model (flat prior) of what `probability_of` says.
    probability_of : str
        What it is the probability of.
    k, n_total : int, float or None
        Studies and people behind the figure.
    used, left_out : pandas.DataFrame
        Results used, and those that could not be, with the ``reason``.
    arms : pandas.DataFrame or None
        Percent falls of both arms, one row a trial.
    depends_on : tuple of str
        Trials, data sets and assumptions that the figure rests on.
    fit : Pooled or None
        The pooled effect, for figures.
    checks : callable
        Computes `Assessment.sensitivity` when it is asked for.
    """

    verdict: str
    answer: str
    leans: str = NEITHER
    details: str = ""
    certainty: str = ""
    certainty_why: tuple[str, ...] = ()
    scale: str = ""
    claimed_low: float = nan
    claimed_high: float = nan
    estimate: float = nan
    ci_low: float = nan
    ci_high: float = nan
    ratio: float = nan
    ratio_low: float = nan
    ratio_high: float = nan
    probability: float = nan
    probability_of: str = ""
    k: int = 0
    n_total: float | None = None
    used: pd.DataFrame = field(default_factory=pd.DataFrame)
    left_out: pd.DataFrame = field(default_factory=_no_rows)
    arms: pd.DataFrame | None = None
    depends_on: tuple[str, ...] = ()
    fit: Pooled | None = None
    checks: Callable[[], pd.DataFrame | None] = field(default=_no_table, repr=False)

    @property
    def reason(self) -> str:
        """The verdict in one sentence, and the figures behind it."""
        return f"{self.answer} {self.details}".strip()


def figures(
    claimed: tuple[float, float] = (nan, nan),
    real: tuple[float, float, float] = (nan, nan, nan),
    ratio: tuple[float, float, float] = (nan, nan, nan),
) -> dict[str, Any]:
    """Return fields of a ruling: the claimed ends; estimate and limits of the real figure, and of
    the ratio of the two.
    """
    ends = {"claimed_low": claimed[0], "claimed_high": claimed[1]}
    names = ("estimate", "ci_low", "ci_high", "ratio", "ratio_low", "ratio_high")
    return ends | dict(zip(names, (*real, *ratio), strict=True))


def only(values: Sequence[float]) -> float:
    """Return the one value there is; NaN where there are several, which nobody averaged."""
    return values[0] if len(values) == 1 else nan


def ratio_of(claimed: Oriented, real: Oriented) -> tuple[float, float, float]:
    """Divide a claimed by a real figure, with limits.

    Returns
    -------
    tuple of float
        Ratio and its limits; infinite where the real figure may be nothing, NaN where it is
        nothing or on the other side.
    """
    if not all(map(isfinite, (claimed.estimate, real.estimate))) or real.estimate <= 0:
        return nan, nan, nan
    low = claimed.low / real.high if real.high > 0 else nan
    high = claimed.high / real.low if real.low > 0 else inf
    return claimed.estimate / real.estimate, low, high
