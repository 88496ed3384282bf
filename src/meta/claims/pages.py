"""How does an article read with the evidence beside each of its claims? A page in Markdown."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import pandas as pd

from meta.claims.assessment import Assessment
from meta.claims.verdicts import SUPPORTED, VERDICTS
from meta.claims.wording import (
    counted,
    figure,
    listing,
    probability_text,
    span,
)
from meta.errors import DataError


def article_page(
    found: Sequence[Assessment],
    *,
    notebooks: Mapping[str, str] | None = None,
    plots: Mapping[str, str] | None = None,
    trials: str = "../trials/",
) -> str:
    """Write the page of one article: its claims in its order, all with the same room.

    Parameters
    ----------
    found : sequence of Assessment
        The claims of one article, in its order.
    notebooks : mapping of str to str, optional
        Address of the notebook that answers claims of a topic, by ``topic``.
    plots : mapping of str to str, optional
        HTML of the plot of a claim, by ``claim_id``; trusted, not escaped.
    trials : str
        Folder of the pages of the studies, as seen from this page.

    Returns
    -------
    str
        MyST Markdown whose blocks are HTML; every text of the tables is escaped. A link is called
        the cited source only where it is.

    Raises
    ------
    DataError
        If there is no claim, or the claims are of several articles.

    Examples
    --------
    >>> import meta
    >>> from meta.claims.assess import assess
    >>> page = article_page([assess("a2-c27", meta.load_evidence("data"))])
    >>> page.splitlines()[0]
    '# Glycinate alongside antidepressants'
    """
    articles = {one.article_label for one in found}
    if len(articles) != 1:
        raise DataError(f"a page is of one article; these claims are of {len(articles)}")
    parts = [f"# {_heading(articles.pop())}", _counts(found)]
    for one in found:
        parts.append(_claim(one, notebooks or {}, plots or {}, trials))
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Escape text for HTML, on one line: an empty line would end the block that it stands in."""
    return html.escape(" ".join(text.split()))


def _heading(text: str) -> str:
    """Escape text for a heading in Markdown, where any punctuation may mean something."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


def count_verdicts(found: Sequence[Assessment]) -> str:
    """Count claims by verdict: "19 claims: 3 supported (source 3) and 16 unresolved"."""
    shown = []
    for name in VERDICTS:
        own = [one for one in found if one.verdict == name]
        if own:
            groups = _groups(own) if name == SUPPORTED else ""
            shown.append(f"{len(own)} {name.replace('_', ' ')}{groups}")
    return f"{counted(len(found), 'claim')}: {listing(shown)}"


def _groups(found: Sequence[Assessment]) -> str:
    """Say of which groups claims are, so that no bare number of supported ones stands alone."""
    groups = Counter(one.group.replace("_", " ") for one in found if one.group)
    return (
        f" ({', '.join(f'{group} {count}' for group, count in groups.items())})" if groups else ""
    )


def _counts(found: Sequence[Assessment]) -> str:
    not_found = sum(one.source == "not_found" for one in found)
    text = f"{count_verdicts(found)}."
    if not_found:
        text += (
            f" The source of {not_found} of them was not found with the searches made, which is no"
            " proof that it does not exist."
        )
    return _block("p", text, "claim-counts")


def _block(tag: str, text: str, kind: str = "") -> str:
    attribute = f' class="{kind}"' if kind else ""
    return f"<{tag}{attribute}>{escape(text)}</{tag}>"


def _claim(
    one: Assessment, notebooks: Mapping[str, str], plots: Mapping[str, str], trials: str
) -> str:
    claimed = f"(claimed: {one.claimed})" if one.claimed else ""
    lines = [
        f'<section class="claim" id="{escape(one.claim_id)}">',
        f"<h2>{escape(one.claim)}</h2>",
        f'<p><strong class="verdict {escape(one.verdict)}">{escape(one.verdict_words)}</strong>'
        f" {escape(claimed)}</p>",
        _block("p", one.answer, "answer"),
        _block("p", one.details, "reason") if one.details else "",
    ]
    if one.claim_id in plots:
        lines.append(plots[one.claim_id])
    lines += _figures(one)
    if one.arms is not None and len(one.arms):
        lines.append(_arms(one.arms))
    if one.depends_on:
        lines.append(_block("p", f"It rests on: {'; '.join(one.depends_on)}.", "depends"))
    table = one.sensitivity
    if table is not None and len(table):
        lines.append(_sensitivity(table))
    lines.append(_source(one))
    lines += _links(one, notebooks, trials)
    lines.append("</section>")
    # a blank line would end the block of HTML
    return "\n".join(line for line in lines if line)


def _figures(one: Assessment) -> list[str]:
    parts = []
    if isfinite(one.ci_low):
        limits = span(one.ci_low, one.ci_high)
        known = isfinite(one.estimate)
        real = f"Real figure: {figure(one.estimate)} ({limits})" if known else f"Range: {limits}"
        # the reason often says already what the figure measures
        said = one.scale.lower() in one.reason.lower()
        parts.append(f"{real}{'' if said else f', {one.scale}'}.")
    if isfinite(one.ratio):
        limits = span(one.ratio_low, one.ratio_high)
        parts.append(f"The claimed figure is {figure(one.ratio)} times the real one ({limits}).")
    if isfinite(one.probability):
        shown = probability_text(one.probability)
        parts.append(f"By the fitted model the probability is {shown} that {one.probability_of}.")
    if one.how_sure:
        parts.append(f"How sure: {one.how_sure}.")
    if one.direct:
        parts.append(f"How direct: people {one.direct_people}, form {one.direct_form}.")
    return [_block("p", " ".join(parts), "figures")] if parts else []


def _arms(arms: pd.DataFrame) -> str:
    head = "<tr><th>Trial</th><th>Treatment</th><th>Control</th><th>Difference</th></tr>"
    rows = "".join(
        f"<tr><td>{escape(str(row['label']))}</td><td>{figure(row['fall_t'], 0)} %</td>"
        f"<td>{figure(row['fall_c'], 0)} %</td><td>{figure(row['net'], 0)} points"
        f" ({span(row['net_low'], row['net_high'], 0)})</td></tr>"
        for row in arms.to_dict("records")
    )
    return f"<table><caption>How far both arms moved</caption>{head}{rows}</table>"


def _sensitivity(table: pd.DataFrame) -> str:

    def shown(row: Mapping[Any, Any]) -> str:
        limits = span(row["ci_low"], row["ci_high"], 2)
        return f"{figure(row['estimate'], 2)} ({limits})"

    rows = "".join(
        f"<tr><td>{escape(str(row['analysis']))}</td><td>{row['k']}</td><td>{shown(row)}</td>"
        f"<td>{'' if row['counts'] else 'too few trials or the same ones: no check'}</td></tr>"
        for row in table.to_dict("records")
        if row["k"]
    )
    head = "<tr><th>Trials</th><th>k</th><th>Result (95 % interval)</th><th>Remark</th></tr>"
    return (
        f"<details><summary>The same with other choices of trials</summary><table>{head}{rows}"
        "</table></details>"
    )


def _source(one: Assessment) -> str:
    status = one.source.replace("_", " ")
    text = escape(f"Source ({status}): {one.source_text}".strip())
    if one.source_link.startswith(("https://", "http://")):
        address = escape(one.source_link.split(" ")[0])
        role = "the cited source" if one.source_link_is_citation else "what turned up"
        text += f' <a href="{address}">{role}</a>'
    return f'<p class="source">{text}</p>'


def _links(one: Assessment, notebooks: Mapping[str, str], trials: str) -> list[str]:
    lines = []
    if "study_id" in one.used and len(one.used):
        studies = dict(zip(one.used["study_id"], one.used["label"], strict=True))
        shown = ", ".join(
            f'<a href="{escape(trials)}{escape(str(study))}.html">{escape(str(label))}</a>'
            for study, label in studies.items()
        )
        left = len(one.left_out)
        without = f"; {counted(left, 'result')} without a usable figure" if left else ""
        lines.append(f'<p class="studies">Studies: {shown}{without}.</p>')
    if one.topic in notebooks:
        address = escape(notebooks[one.topic])
        lines.append(
            f'<p class="notebook"><a href="{address}">The notebook on this question</a></p>'
        )
    return lines
