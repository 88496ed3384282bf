"""What is said of a claim: verdict, source, reason and the figures behind them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from html import escape
from math import isfinite, nan
from typing import Any

import pandas as pd

from meta.claims.wording import LEVELS, directness_text, figure, listing, probability_text, span
from meta.synthesis.models.pooled import Pooled
from meta.synthesis.presentation import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A claim beside the evidence.

    Attributes
    ----------
    claim_id, article_file, article_label, topic, claim, claimed, kind : str
        The claim, where it stands, what it says in our words, its figure, and its kind.
    verdict : {"supported", "overstated", "contradicted", "unresolved", "no_trials", "not_testable"}
        What the evidence says.
    source : {"found", "misquoted", "not_found", "not_cited"}
        What became of the study it leans on.
    reason : str
        The verdict in one sentence, with its figures.
    source_text, source_link : str
        What the search for the source turned up, and where that is.
    source_link_is_citation : bool
        Whether the link leads to the cited source itself; where False it must never be printed as
        the citation.
    direct : {"direct", "partly direct", "indirect", ""}
        Whether the results used are about the salt of the claim; "" where none were used.
    holds : {"yes", "no", ""}
        Whether the verdict is the same in every check that has enough trials; "" if there is none.
    depends_on : tuple of str
        Single trials, flagged trials and assumptions that the verdict rests on.
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
    k, n_total : int, int or None
        Studies and people behind the figure.
    used, left_out : pandas.DataFrame
        Results used, and those that could not be, with the ``reason``.
    arms : pandas.DataFrame or None
        Percent falls of both arms, one row a trial.
    sensitivity : pandas.DataFrame or None
        The figure under other choices of trials; see :func:`meta.claims.sensitivity.sensitivity`.
    reporting : mapping of str to int
        How many of the results used are reported as arms, interval, p_value, ...
    flags : tuple of str
        Curators' flags on the results used.
    rationale : str
        Why this test answers the claim.
    fit : Pooled or None
        The pooled effect, for figures.
    """

    claim_id: str
    article_file: str
    article_label: str
    topic: str
    claim: str
    claimed: str
    kind: str
    verdict: str
    source: str
    reason: str
    source_text: str = ""
    source_link: str = ""
    source_link_is_citation: bool = False
    direct: str = ""
    holds: str = ""
    depends_on: tuple[str, ...] = ()
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
    n_total: int | None = None
    used: pd.DataFrame = field(default_factory=pd.DataFrame)
    left_out: pd.DataFrame = field(default_factory=pd.DataFrame)
    arms: pd.DataFrame | None = None
    sensitivity: pd.DataFrame | None = None
    reporting: dict[str, int] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    rationale: str = ""
    fit: Pooled | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain Python values, ready for JSON; NaN becomes None."""
        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}

    def sentence(self) -> str:
        """Say verdict and reason in one sentence."""
        return f"{self.verdict.replace('_', ' ').capitalize()}: {self.reason}"

    def rows(self) -> list[tuple[str, str]]:
        """Return what is shown, line by line: its name and its text."""
        rows = [
            ("Claim", f"{self.claim} ({self.article_label})"),
            ("Verdict", self.verdict.replace("_", " ")),
            ("Reason", self.reason),
            ("Source", f"{self.source.replace('_', ' ')}. {self.source_text}".strip()),
        ]
        if isfinite(self.estimate):
            shown = f"{figure(self.estimate)} ({span(self.ci_low, self.ci_high)})"
            rows.append(("Real figure", f"{shown}, {self.scale}"))
        elif isfinite(self.ci_low):
            rows.append(("Measured range", f"{span(self.ci_low, self.ci_high)}, {self.scale}"))
        if isfinite(self.claimed_low):
            rows.append(("Claimed figure", span(self.claimed_low, self.claimed_high)))
        if isfinite(self.ratio):
            limits = span(self.ratio_low, self.ratio_high)
            rows.append(("Claimed / real", f"{figure(self.ratio)} ({limits})"))
        if isfinite(self.probability):
            shown = probability_text(self.probability)
            rows.append(("Probability", f"{shown} that {self.probability_of}"))
        if self.direct:
            rows.append(("Evidence", directness_text(self.direct)))
        if self.reporting:
            levels = [f"{count} {LEVELS[name]}" for name, count in self.reporting.items()]
            rows.append(("Results used", listing(levels)))
        if self.holds:
            rows.append(("Same in every check", self.holds))
        if self.depends_on:
            rows.append(("Rests on", "; ".join(self.depends_on)))
        return rows

    def __str__(self) -> str:
        rows = self.rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)

    def _repr_html_(self) -> str:
        body = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>'
            for name, value in self.rows()
        )
        return (
            f'<table class="assessment"><caption>{escape(self.claim_id)}</caption>'
            f"<tbody>{body}</tbody></table>"
        )
