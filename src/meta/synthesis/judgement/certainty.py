"""How certain is an answer, and what takes certainty away?

In the manner of GRADE: randomised trials start high, and five questions take levels away. Here the
questions are answered by rules with stated thresholds where the tables allow it, and by the
curators (``certainty.csv``) where they do not. No guideline panel has met.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from meta.arguments import checked
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError, NotComparable
from meta.evidence.question import Form
from meta.evidence.reporting import doubted_studies
from meta.evidence.tables import Evidence
from meta.synthesis.consumers import need_estimate
from meta.synthesis.estimate import Estimate
from meta.synthesis.judgement.certainty_rules import (
    RULES,
    Judgement,
    form_share,
    heterogeneity,
    interval,
    unprinted_trials,
    weight_at_risk,
)
from meta.synthesis.presentation import Answer

LEVELS = ("very low", "low", "moderate", "high")
# a small effect by convention; a ratio of 1.25 is the rough guide of GRADE
_IMPORTANT = {"standardised mean difference": 0.2} | dict.fromkeys(
    ("risk ratio", "odds ratio", "rate ratio", "hazard ratio"), np.log(1.25)
)
_NEEDED = ("study_id", "label", "blinding", "randomised", "cluster")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certainty(Answer):
    """How certain an answer is, with the reason of each step down.

    Attributes
    ----------
    outcome : str
        What was measured.
    level : {"high", "moderate", "low", "very low"}
        Certainty.
    start : {"high", "low"}
        Where it began: high for randomised trials, low otherwise.
    judgements : tuple of Judgement
        The five answers.
    fit : Estimate
        The effect that is judged.
    notes : tuple of str
        Sentences that must stand beside it.
    """

    _caption: ClassVar[str] = "Certainty, in the manner of GRADE"

    outcome: str
    level: str
    start: str
    judgements: tuple[Judgement, ...]
    fit: Estimate = field(repr=False)
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row a question.

        Returns
        -------
        pandas.DataFrame
            Columns ``outcome level domain judgement levels basis reason``; ``level`` is the final
            certainty, ``levels`` what the row took away.
        """
        return pd.DataFrame(
            [
                {"outcome": self.outcome, "level": self.level} | item.to_dict()
                for item in self.judgements
            ]
        )

    def to_row(self) -> pd.DataFrame:
        """Return the answer as one row of a summary of findings, on the reader's scale.

        Returns
        -------
        pandas.DataFrame
            Columns ``outcome k n_total measure effect level`` and one for each question with its
            judgement.
        """
        facts = {
            "outcome": self.outcome,
            "k": self.fit.k,
            "n_total": self.fit.n_total,
            "measure": self.fit.scale.label,
            "effect": self.fit.effect_text(),
            "level": self.level,
        }
        judged = {item.domain: item.judgement for item in self.judgements}
        return pd.DataFrame([facts | judged]).astype({"n_total": "Int64"})

    def sentence(self) -> str:
        """Say the certainty and what lowered it in one sentence."""
        taken = [
            f"{item.domain.replace('_', ' ')} ({item.judgement})"
            for item in self.judgements
            if item.levels
        ]
        why = f"lowered from {self.start} for {', '.join(taken)}" if taken else "nothing lowered it"
        return f"Certainty for {self.outcome.replace('_', ' ')}: {self.level}; {why}."

    def _rows(self) -> list[tuple[str, str]]:
        rows = [("Outcome", self.outcome.replace("_", " ")), ("Effect", self.fit.sentence())]
        rows += [("Certainty", f"{self.level} (began {self.start})")]
        for item in self.judgements:
            text = f"{item.judgement}, by {_BY[item.basis]}: {item.reason}"
            rows.append((item.domain.replace("_", " ").capitalize(), text))
        return rows


# tools of the table that report doubts about figures, not about the conduct of a trial
_PUBLISHED = ("post_publication_critique", "integrity_notice")
_BY = {"rule": "rule", "curators": "the curators"}


@checked
def certainty(
    evidence: Evidence,
    outcome: str,
    fit: Estimate,
    *,
    mid: float | None = None,
) -> Certainty:
    """Rate how certain a pooled answer, or that of one trial, is.

    Parameters
    ----------
    evidence : Evidence
        The tables: ``risk_of_bias`` for the judgements of trials, ``certainty`` for those of the
        curators. A folder that lacks them is rated by the remaining rules alone. Its ``question``
        names the form of the treatment that is asked about, if there is one.
    outcome : str
        Which rows of ``certainty`` belong to the answer.
    fit : Estimate
        The answer, from effects that :func:`meta.effects` made of rows of ``evidence.select``: the
        trials that gave no effect stand in it, too.
    mid : float, optional
        Smallest difference that matters, above 0, on the scale of computation (a logarithm for
        ratios). By default 0.2 for standardised mean differences and ln 1.25 for ratios; other
        measures have no default, and an interval is then only held against no effect.

    Returns
    -------
    Certainty
        The level and the five judgements with their reasons.

    Raises
    ------
    DataError
        If the effects lack facts of their trials, ``mid`` is not above 0, or the answer gives no
        weights (a corrected one).
    NotComparable
        If the measure describes one group, so that there is no effect to be certain of.

    Notes
    -----
    The start is high if all trials are randomised, else low. Each question takes 0 (no concern),
    1 (serious) or 2 (very serious) levels away; below very low there is nothing. A row of
    ``certainty.csv`` with a rule in ``computed_rule`` adds its words to the computed judgement, and
    a note tells when the judgement that it records is no longer the computed one. A row without a
    rule overrides. The rules and their thresholds stand in
    ``meta.synthesis.judgement.certainty_rules``.

    Upgrading (large effect, dose response) is not done: it is meant for observational studies.

    References
    ----------
    Guyatt GH, Oxman AD, Kunz R, et al. (2011). GRADE guidelines 6: imprecision. Journal of Clinical
    Epidemiology 64(12):1283-1293. doi:10.1016/j.jclinepi.2011.01.012

    Examples
    --------
    >>> import meta
    >>> from meta.synthesis.judgement.certainty import certainty
    >>> evidence = meta.load_evidence("data")
    >>> rows = evidence.primary("depression")
    >>> certainty(evidence, "depression", meta.pool(meta.effects(rows, "SMD"))).level
    'very low'
    """
    need_estimate("certainty", fit)
    _check(fit, mid, evidence.question.form)
    margin = _IMPORTANT.get(measure_of(fit.measure).family) if mid is None else mid
    computed = {
        "risk_of_bias": weight_at_risk(fit, *_judged(evidence)),
        "inconsistency": heterogeneity(fit, margin),
        "indirectness": form_share(fit, evidence.question.form),
        "imprecision": interval(fit, margin),
        "publication_bias": unprinted_trials(fit),
    }
    judgements, notes = _curated(evidence, outcome, computed)
    randomised = bool((fit.effects.table["randomised"] == "yes").all())
    begin = "high" if randomised else "low"
    place = max(LEVELS.index(begin) - sum(item.levels for item in judgements), 0)
    return Certainty(
        outcome=outcome,
        level=LEVELS[place],
        start=begin,
        judgements=tuple(judgements),
        fit=fit,
        notes=(
            "Rated in the manner of GRADE by stated rules and by the curators, not by a guideline "
            "panel.",
            *notes,
        ),
    )


def _curated(
    evidence: Evidence, outcome: str, computed: Mapping[str, Judgement]
) -> tuple[list[Judgement], list[str]]:
    """Let the curators add to, or override, what the rules found."""
    table = evidence.optional("certainty", "outcome")
    table = table[table["outcome"] == outcome]
    rows: dict[str, Any] = {str(row.domain): row for row in table.itertuples(index=False)}
    judgements, notes = [], []
    for domain, by_rule in computed.items():
        row = rows.get(domain)
        if row is None:
            judgements.append(by_rule)
            continue
        if pd.notna(row.computed_rule) and row.computed_rule != RULES[domain]:
            raise DataError(
                f"certainty.csv, {outcome}, {domain}: the rule {row.computed_rule!r} does not "
                f"answer this question; write {RULES[domain]!r}, or leave computed_rule empty for "
                "the curators' own judgement"
            )
        words = str(row.basis)
        if pd.isna(row.computed_rule):
            word, basis = str(row.judgement), "curators"
            reason = f"{words} (The rule alone: {by_rule.judgement}. {by_rule.reason})"
        else:
            word, basis = by_rule.judgement, "rule"
            reason = f"{by_rule.reason} {words}"
            if row.judgement != by_rule.judgement:
                notes.append(
                    f"certainty.csv records {row.judgement!r} for {domain} by rule; the rule now "
                    f"gives {by_rule.judgement!r}, which counts. Bring the row up to date."
                )
        judgements.append(Judgement(domain=domain, judgement=word, reason=reason, basis=basis))
    return judgements, notes


def _judged(evidence: Evidence) -> tuple[dict[str, str], dict[str, str]]:
    """Return by study the worst judgement over all tools, and what puts the figures in doubt."""
    flagged = sorted(map(str, doubted_studies(evidence.results)))
    doubts = dict.fromkeys(flagged, "integrity flag")
    worst: dict[str, str] = {}
    table = evidence.optional("risk_of_bias", "tool", "judgement", "domain")
    published = table["tool"].isin(_PUBLISHED)
    for row in table[published & (table["judgement"] == "high")].itertuples(index=False):
        doubts[str(row.study_id)] = str(row.tool).replace("_", " ")
    order = ("low", "some", "unclear", "high")
    # one domain at high risk puts the whole trial there; one at low risk says nothing of the rest
    counted = ~published & ((table["domain"] == "overall") | (table["judgement"] == "high"))
    for row in table[counted].itertuples(index=False):
        held = worst.get(str(row.study_id), "low")
        worst[str(row.study_id)] = max(held, str(row.judgement), key=order.index)
    return worst, doubts


def _check(fit: Estimate, mid: float | None, form: Form | None) -> None:
    if measure_of(fit.measure).single_group:
        raise NotComparable(
            f"{fit.measure} describes one group: there is no effect to be certain of; pool a "
            "comparison"
        )
    faults = []
    if mid is not None and not (np.isfinite(mid) and mid > 0):
        faults.append(
            f"mid is {mid}: give the smallest difference that matters, above 0, on the "
            "scale of computation (for ratios its logarithm)"
        )
    needed = _NEEDED if form is None else (*_NEEDED, form.column)
    missing = [name for name in needed if name not in fit.effects.table]
    if missing:
        faults.append(
            f"the effects lack {', '.join(missing)}: make them with meta.effects from rows of "
            "evidence.select, which carry the facts of the trials"
        )
    if faults:
        raise DataError.from_faults("certainty", faults)
