"""What did a study print, where does it stand, and which effect follows from it?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from meta import html
from meta.claims.assessment import Assessment
from meta.effect_sizes.derivation import Derivation
from meta.effect_sizes.derive import effects
from meta.effect_sizes.measures import measure_of
from meta.errors import DataError, NotComparable
from meta.evidence.addresses import source_address
from meta.evidence.tables import Evidence
from meta.html import Markup
from meta.report.links import article_name, copied_on, source_link
from meta.report.reader_words import verdict_label
from meta.wording import counted, lower_first, sentence, upper_first, value_text, words

# how much of a result is printed, from most to least
_PRINTED = {
    "arms": "the figures of both arms",
    "interval": "a difference with its interval or standard error",
    "p_value": "an exact p-value and no figures of the arms",
    "direction": "whom it favours, without a size",
    "silent": "that there was no difference, without a figure",
    "single_arm": "one group, with nothing to compare it with",
}
_CONTROL = {"placebo": "against placebo", "no_treatment": "against no treatment"}
_READ = {
    "primary_abstract": "the paper's abstract",
    "primary_full_text": "the paper",
    "secondary_review": "a review or data set that reports it",
    "registry": "a trial registry",
}


def derive_all(results: pd.DataFrame) -> dict[str, Derivation | str]:
    """Find for every result the effect that it gives by itself, or the reason why it gives none.

    Parameters
    ----------
    results : pandas.DataFrame
        Rows of ``evidence.select``.

    Returns
    -------
    dict of str to Derivation or str
        By ``result_id``: the derivation of an SMD, else of a risk ratio, else of a mean difference;
        or why there is no SMD.
    """
    # each row stands for itself here, so rows take their result as study: no trial "counts once"
    rows = results.assign(study_id=results["result_id"], same_trial_as=None)
    undirected = ~_filled(rows, "lower_is_better")
    reason = "the outcome has no better direction"
    found: dict[str, Derivation | str] = dict.fromkeys(rows.loc[undirected, "result_id"], reason)
    rows = rows[~undirected]
    first = effects(rows, "SMD")
    found |= dict(zip(first.excluded["result_id"], first.excluded["reason"], strict=True))
    found |= first.derivations
    left = rows[~rows["result_id"].isin(first.derivations)]
    tried = {"RR": left[_filled(left, "events_t")], "MD": left[_filled(left, "estimate")]}
    for measure, candidates in tried.items():
        for position in range(len(candidates)):
            try:
                found |= effects(candidates.iloc[[position]], measure).derivations
            except (DataError, NotComparable):
                continue  # the reason why it is no SMD stands already
    return found


def _filled(rows: pd.DataFrame, column: str) -> pd.Series[bool]:
    """Say where something was reported; nowhere, if nobody had room for it."""
    return rows[column].notna() if column in rows else pd.Series(False, index=rows.index)


def result_titles(results: pd.DataFrame) -> dict[str, str]:
    """Name each result of a study, by ``result_id``; no two have the same name."""
    rows = results.to_dict("records")
    titles = [_title(row) for row in rows]
    for tell_apart in (_arms, lambda row: f"row {str(row['result_id']).rpartition('-')[2]}"):
        twice = {title for title, count in Counter(titles).items() if count > 1}
        titles = [
            f"{title}, {more}" if title in twice and (more := tell_apart(row)) else title
            for title, row in zip(titles, rows, strict=True)
        ]
    return dict(zip(results["result_id"], titles, strict=True))


def result_section(
    row: pd.Series,
    title: str,
    effect: Derivation | str,
    evidence: Evidence,
    claims: Sequence[Assessment] = (),
) -> Markup:
    """Write one result as a section of a page.

    Parameters
    ----------
    row : pandas.Series
        A row of ``evidence.select``.
    title : str
        Its heading.
    effect : Derivation or str
        The effect that it gives, or why it gives none.
    evidence : Evidence
        The tables of the row; their data dictionary has the words of its codes.
    claims : sequence of Assessment
        The claims that rest on it.

    Returns
    -------
    markupsafe.Markup
        HTML; every text of the tables is escaped.
    """
    named = (("flag", "Caution"), ("note", "Curators' note"))
    return html.render(
        "result.html",
        row=row,
        title=title,
        compared=_compared(row, evidence),
        quoted=row["reported_as"] if pd.notna(row.get("reported_as")) else "",
        where=_where(row),
        remarks=[(heading, row[name]) for name, heading in named if pd.notna(row.get(name))],
        effect=_effect(effect),
        resting=_resting(claims) if claims else "",
    )


def _resting(claims: Sequence[Assessment]) -> Markup:
    """Lead back to the claims that rest on a result."""
    links = [
        Markup('<li><a href="../articles/{}.html#{}">{}</a>: {}</li>').format(
            article_name(one.article_file), one.claim_id, one.claim, verdict_label(one)
        )
        for one in claims
    ]
    head = f"Used to check {counted(len(claims), 'claim')}"
    return html.folded(head, Markup("<ul>{}</ul>").format(Markup("").join(links)))


def _title(row: Mapping[Hashable, Any]) -> str:
    parts = [words(row["outcome"])]
    if pd.notna(row.get("instrument")):
        parts.append(row["instrument"])
    if pd.notna(row.get("time_weeks")) and row["time_weeks"] > 0:
        parts.append(f"week {row['time_weeks']:g}")
    return upper_first(", ".join(parts))


def _arms(row: Mapping[Hashable, Any]) -> str:
    return " against ".join(row[name] for name in ("arm_t", "arm_c") if pd.notna(row.get(name)))


def _compared(row: pd.Series, evidence: Evidence) -> str:
    arms = _arms(row.to_dict())
    kind = lower_first(evidence.word("results", "stratum", row.get("stratum")))
    compared = f"{kind} {_CONTROL.get(str(row.get('control')), '')}".strip()
    return sentence(arms, f"the comparison: {compared}" if arms and compared else compared)


def _where(row: pd.Series) -> Markup:
    text = Markup("Printed: {}.").format(_PRINTED[row["reporting"]])
    source = source_address(row.to_dict())
    if not source:
        return text
    place = row["locator"] if pd.notna(row.get("locator")) else source
    kind = _READ.get(str(row.get("source_kind")), "")
    text += Markup(" Read in {}{}").format(f"{kind}: " if kind else "", source_link(source, place))
    read = [row.get(name) for name in ("source_url", "read_at")]
    ways = dict.fromkeys(str(way) for way in read if pd.notna(way) and way != source)
    if ways:
        text += Markup(", through {}").format(Markup(" and ").join(map(_way, ways)))
    return text + "."


def _way(address: str) -> Markup:
    """Name the site on which a paper was read; a copy on a sharing site is no link."""
    if host := copied_on(address):
        return Markup("a copy on {}, which is not linked").format(host)
    return source_link(address, urlsplit(address).hostname or address)


def _effect(effect: Derivation | str) -> Markup:
    if isinstance(effect, str):
        return Markup("<p>No effect is computed from it: {}.</p>").format(effect)
    scale = measure_of(effect.measure)
    shown = value_text(scale.to_reader(effect.yi))
    error = f"{'on the log scale, ' if scale.log else ''}standard error {value_text(effect.sei)}"
    head = f"From print to effect: {scale.label} {shown} ({error})"
    return html.folded(head, Markup(effect._repr_html_()))
