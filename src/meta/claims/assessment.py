"""What is said of a claim: verdict, source, how sure, and the figures behind them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any

import pandas as pd

from meta import html
from meta.claims.how_sure import worst
from meta.claims.ruling import Ruling
from meta.claims.verdicts import NEITHER, UNRESOLVED
from meta.synthesis.presentation import plain
from meta.wording import brief, listed, probability_text, span, words

# how a result is reported, behind a count of results
_REPORTED = {
    "arms": "with means or counts of both arms",
    "interval": "with an effect and its interval",
    "p_value": "with a p-value",
    "direction": "with a direction only",
    "silent": "with no figure of a difference",
    "single_arm": "of one group",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment(Ruling):
    """A claim beside the evidence: the ruling on it, its source, and how direct the evidence is.

    Attributes
    ----------
    claim_id, article_file, article_label, topic, claim, claimed, kind : str
        The claim, where it stands, what it says in our words, its figure, and its kind.
    kind_words : str
        What claims of this kind say.
    group : str
        What part the claim plays in its article: works, number, source, dose and safety or
        background; "" if the table does not say.
    same_as : str
        The claim that says the same; "" if none does.
    source : {"found", "in_part", "misquoted", "not_found", "not_cited"}
        What became of the study it leans on.
    source_text, source_link : str
        What the search for the source turned up, and where that is.
    source_link_is_citation : bool
        Whether the link leads to the cited source itself; where False it must never be printed as
        the citation.
    direct_people, direct_form : {"direct", "partly direct", "indirect", ""}
        Whether the results used are about the people, and about the form of the treatment, that the
        claim is about; "" where none were used.
    reporting : mapping of str to int
        How many of the results used are reported as arms, interval, p_value, ...
    flags : tuple of str
        Curators' flags on the results used.
    rationale : str
        Why this test answers the claim.
    """

    claim_id: str
    article_file: str
    article_label: str
    topic: str
    claim: str
    claimed: str
    kind: str
    source: str
    kind_words: str = ""
    group: str = ""
    same_as: str = ""
    source_text: str = ""
    source_link: str = ""
    source_link_is_citation: bool = False
    direct_people: str = ""
    direct_form: str = ""
    reporting: dict[str, int] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    rationale: str = ""

    @property
    def sensitivity(self) -> pd.DataFrame | None:
        """The figure under other choices of trials; they are shown and do not vote."""
        return self.checks()

    @property
    def direct(self) -> str:
        """The less direct of people and form."""
        return worst(self.direct_people, self.direct_form)

    @property
    def verdict_words(self) -> str:
        """The verdict as a reader is told, with the side it leans to: "unresolved, leans for"."""
        leaning = self.verdict == UNRESOLVED and self.leans != NEITHER
        return f"{words(self.verdict)}{f', leans {self.leans}' if leaning else ''}"

    @property
    def how_sure(self) -> str:
        """Certainty with what lowered it, in one line; "" where nothing was measured."""
        why = f" ({listed(self.certainty_why)})" if self.certainty_why else ""
        return f"{self.certainty}{why}" if self.certainty else ""

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain Python values, ready for JSON; NaN becomes None."""
        names = [item.name for item in fields(self) if item.name != "checks"]
        derived = ("reason", "direct", "sensitivity")
        return {name: plain(getattr(self, name)) for name in (*names, *derived)}

    def sentence(self) -> str:
        """Say verdict and answer in one sentence."""
        return f"{self.verdict_words.capitalize()}: {self.answer}"

    def rows(self) -> list[tuple[str, str]]:
        """Return what is shown, line by line: its name and its text."""
        rows = [
            ("Claim", f"{self.claim} ({self.article_label})"),
            ("Verdict", self.verdict_words),
            ("Answer", self.answer),
            ("Figures", self.details),
            ("Source", f"{words(self.source)}. {self.source_text}".strip()),
        ]
        if isfinite(self.estimate):
            shown = f"{brief(self.estimate)} ({span(self.ci_low, self.ci_high)})"
            rows.append(("Real figure", f"{shown}, {self.scale}"))
        elif isfinite(self.ci_low):
            rows.append(("Measured range", f"{span(self.ci_low, self.ci_high)}, {self.scale}"))
        if isfinite(self.claimed_low):
            rows.append(("Claimed figure", span(self.claimed_low, self.claimed_high)))
        if isfinite(self.ratio):
            limits = span(self.ratio_low, self.ratio_high)
            rows.append(("Claimed / real", f"{brief(self.ratio)} ({limits})"))
        if isfinite(self.probability):
            shown = probability_text(self.probability)
            rows.append(("Probability", f"{shown} that {self.probability_of}"))
        rows.append(("How sure", self.how_sure))
        if self.direct:
            parts = (("people", self.direct_people), ("form", self.direct_form))
            shown = "; ".join(f"{what} {level}" for what, level in parts if level)
            rows.append(("How direct", shown))
        rows.append(("Kind", self.kind_words))
        if self.reporting:
            levels = [f"{count} {_REPORTED[name]}" for name, count in self.reporting.items()]
            rows.append(("Results used", listed(levels)))
        if self.depends_on:
            rows.append(("Rests on", "; ".join(self.depends_on)))
        return [(name, text) for name, text in rows if text]

    def __str__(self) -> str:
        rows = self.rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)

    def _repr_html_(self) -> str:
        return html.shown(html.answer("assessment", self.claim_id, self.rows()))
