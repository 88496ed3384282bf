"""What does the search of the site look through, and which other words does it know?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from meta.claims.assessment import Assessment
from meta.evidence.tables import Evidence
from meta.report.links import article_name
from meta.report.reader_words import verdict_label

# what the pages of a site leave for it; the rest is found in the pages themselves
NOTED = "find.json"
_BEFORE, _BEHIND = "window.metaFind = ", ";\n"
# what people ask of any such site, and where it is told
_OF_ANY_SITE = (
    ("how_to_cite.html", "How to cite, and licence", "cite citation licence license reuse"),
    ("downloads/data.zip", "Download all data", "download data csv zip tables files"),
    ("index.html#can-i-trust-this-page", "Can I trust this page?",
     "who made this money funding conflict of interest author error contact"),
    ("claims.html", "All claims", "list of every claim statement verdict"),
    ("results.html", "Every result", "list of all results figures numbers as printed"),
    ("trials.html", "The studies", "list of all studies trials"),
    ("methods.html", "Methods", "how it was done method rules"),
    ("glossary.html", "Words explained", "glossary meaning definition words"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A place that can be found.

    Attributes
    ----------
    href : str
        Its address from the folder of the site.
    kind, name, text : str
        What is shown of it.
    more : str
        Further words that lead to it.
    first : float
        What it is given ahead of places that meet a question as well.
    """

    href: str
    kind: str
    name: str
    text: str
    more: str = ""
    first: float = 0.0


def noted(evidence: Evidence, found: Sequence[Assessment], folder: Path) -> str:
    """Write down, as JSON, what only the tables know: claims, statements on safety, studies.

    Parameters
    ----------
    evidence : Evidence
        The tables. ``search_words``, if there is one, lists other words for what people ask.
    found : sequence of Assessment
        Every claim.
    folder : pathlib.Path
        Where the pages are collected; a place that no page tells is left out.
    """
    entries = [*_claims(evidence, found), *_safety(evidence), *_studies(evidence), *_site(folder)]
    asked = [
        (str(row["asked"]), [part.strip() for part in str(row["means"]).split(";")])
        for row in evidence.optional("search_words").to_dict("records")
    ]
    asked.sort(key=lambda pair: -len(pair[0]))  # the longer phrase is meant
    return json.dumps({"entries": [astuple(one) for one in entries], "asked": asked})


def script(noted: str, sections: Iterable[Entry]) -> str:
    """Write the index as the script that the search page brings along."""
    known = json.loads(noted)
    known["entries"] += [astuple(one) for one in sections]
    return f"{_BEFORE}{json.dumps(known, ensure_ascii=False)}{_BEHIND}"


def read_script(text: str) -> dict[str, Any]:
    """Read the index back from that script: ``entries``, each as a list, and ``asked``."""
    known: dict[str, Any] = json.loads(text.removeprefix(_BEFORE).removesuffix(_BEHIND))
    return known


def _claims(evidence: Evidence, found: Sequence[Assessment]) -> list[Entry]:
    if not found:
        return []
    claims = evidence.claims.set_index("claim_id")
    quoted = claims["quoted"] if "quoted" in claims else pd.Series(dtype=object)
    return [
        Entry(
            f"articles/{article_name(one.article_file)}.html#{one.claim_id}",
            f"Claim: {verdict_label(one)}",
            one.claim,
            one.answer,
            # the figure is claimed whichever way it is written
            f"{one.claim_id} {one.topic} {one.article_label} "
            f"{quoted.get(one.claim_id) if pd.notna(quoted.get(one.claim_id)) else ''}",
            # a claim that it works, and a figure, are what a reader asks about
            0.3 if one.group in {"works", "number"} else 0.2,
        )
        for one in found
    ]


def _safety(evidence: Evidence) -> list[Entry]:
    return [
        Entry(
            "index.html#dose-and-safety",
            "Dose and safety",
            str(row["statement"]),
            str(row["citation"]),
            f"dose safe safety {row['section']}",
            0.4,
        )
        for row in evidence.optional("safety").to_dict("records")
    ]


def _studies(evidence: Evidence) -> list[Entry]:
    trials, form = evidence.trials, evidence.question.form
    own = [name for name in ("population", "journal", "country", "doi", "pmid") if name in trials]
    own += [form.column] if form else []
    return [
        Entry(
            f"trials/{row['study_id']}.html",
            "Study",
            str(row["label"]),
            "" if pd.isna(row.get("title")) else str(row["title"]),
            " ".join(str(row[name]) for name in own if pd.notna(row[name])),
        )
        for row in trials.to_dict("records")
    ]


def _site(folder: Path) -> list[Entry]:
    known = {f"{path.stem}.html" for path in folder.glob("*.md")} | {"downloads/data.zip"}
    return [
        Entry(href, "Page", name, "", more, 0.5)
        for href, name, more in _OF_ANY_SITE
        if href.partition("#")[0] in known
    ]
