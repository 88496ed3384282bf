"""One page for each study: what it was, what it printed, what follows from it, what to mind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from meta import html
from meta.claims.assessment import Assessment
from meta.effect_sizes.derivation import Derivation
from meta.evidence.addresses import doi_address, pubmed_address, source_address
from meta.evidence.tables import Evidence
from meta.evidence.trustworthiness import CHECKS, check_trustworthiness
from meta.html import Markup, fenced, link
from meta.report.headings import headings, reported
from meta.report.links import as_text, source_link
from meta.report.notebook_index import NotebookIndex
from meta.report.trial_results import derive_all, result_section, result_titles
from meta.wording import listed, words

# what is told of a study, before and after the form and the dose that the question names
_FACTS = {
    "title": "Title",
    "journal": "Journal",
    "year": "Year",
    "country": "Country",
    "design": "Design",
    "randomised": "Randomised",
    "blinding": "Blinding",
    "population": "Population",
    "n_randomised": "People randomised",
}
_COURSE = {
    "dose_note": "Dose",
    "duration_weeks": "Weeks",
    "comparator": "Comparator",
    "cointervention": "Given alongside",
    "funding": "Funding",
    "registration": "Registration",
    "access": "Read as",
    "note": "Curators' note",
}


def write_trial_pages(
    evidence: Evidence, found: Sequence[Assessment], source: Path, notebooks: NotebookIndex
) -> None:
    """Write the page of every study, and the list of them.

    Parameters
    ----------
    evidence : Evidence
        The curated tables.
    found : sequence of Assessment
        Every claim; each result is linked to those that rest on it.
    source : pathlib.Path
        Where the pages of the site are collected.
    notebooks : NotebookIndex
        What the notebooks on the site answer; a study is linked to those that speak of it.
    """
    folder = source / "trials"
    folder.mkdir()
    results = evidence.select()
    of_results, bias, findings, reviewed = (
        _by_study(rows)
        for rows in (
            results,
            evidence.optional("risk_of_bias", "study_id"),
            check_trustworthiness(evidence),
            evidence.optional("review_trials", "study_id"),
        )
    )
    derived, resting = derive_all(results), _resting(found)
    for _, trial in evidence.trials.iterrows():
        study = trial["study_id"]
        own = of_results(study)
        page = _page(
            trial,
            evidence,
            own,
            bias(study),
            findings(study),
            reviewed(study),
            derived,
            resting,
            _notebooks(study, own, notebooks),
        )
        (folder / f"{study}.md").write_text(page, encoding="utf-8")
    (source / "trials.md").write_text(_list(evidence, results), encoding="utf-8")


def _by_study(rows: pd.DataFrame) -> Callable[[str], pd.DataFrame]:
    """Look up the rows of a study, which are many small parts of a wide table."""
    parts = dict(iter(rows.groupby("study_id")))
    return lambda study: parts.get(study, rows.iloc[:0])


def _resting(found: Sequence[Assessment]) -> dict[str, list[Assessment]]:
    """List the claims that rest on each result, by its name."""
    claims: dict[str, list[Assessment]] = {}
    for one in found:
        if "result_id" in one.used:
            for name in one.used["result_id"].dropna().unique():
                claims.setdefault(str(name), []).append(one)
    return claims


def trial_link(study: str, label: str, folder: str = "trials/") -> Markup:
    """Link to the page of a study."""
    return Markup('<a href="{}{}.html">{}</a>').format(folder, study, label)


def _own(evidence: Evidence) -> dict[str, str]:
    """Name the columns of the form and of the dose that the question asks about."""
    asked = evidence.question
    described = evidence.described("trials")
    names = [name for name in (asked.form and asked.form.column, asked.dose) if name]
    titles = headings(names, evidence)
    units = {name: described.get(name, {}).get("unit") for name in names}
    return {
        name: f"{titles[name]}, {unit}" if unit else titles[name] for name, unit in units.items()
    }


def _list(evidence: Evidence, results: pd.DataFrame) -> str:
    trials = evidence.optional("trials", "design", "blinding")
    form = evidence.question.form
    own = [form.column] if form else []
    shown = trials.assign(
        page=[trial_link(*pair) for pair in zip(trials["study_id"], trials["label"], strict=True)],
        results=trials["study_id"].map(results["study_id"].value_counts()).fillna(0).astype(int),
        outcomes=trials["study_id"].map(
            results.groupby("study_id")["outcome"].agg(
                lambda names: ", ".join(sorted({words(name) for name in names}))
            )
        ),
        **{name: _worded(evidence, name, trials[name]) for name in ("design", "blinding", *own)},
    )
    columns = {
        "page": "Study",
        "year": "Year",
        "design": "Design",
        "blinding": "Blinding",
        "population": "Population",
        **headings(own, evidence),
        "n_randomised": "People",
        "outcomes": "Outcomes",
        "results": "Results",
    }
    toctree = "```{toctree}\n:hidden:\n:glob:\n\ntrials/*\n```"
    intro = (
        f"{len(trials)} studies: trials, companion reports, surveys, and leads that could not be "
        "followed. Each has a page with its results as printed, the place where each was read, and "
        "the way from there to an effect."
    )
    table = html.table(shown, "All studies", columns=reported(shown, columns))
    return "\n\n".join(["# The studies", intro, fenced(table), toctree]) + "\n"


def _page(
    trial: pd.Series,
    evidence: Evidence,
    results: pd.DataFrame,
    bias: pd.DataFrame,
    findings: pd.DataFrame,
    reviewed: pd.DataFrame,
    derived: Mapping[str, Derivation | str],
    resting: Mapping[str, Sequence[Assessment]],
    together: str,
) -> str:
    parts = [f"# {as_text(trial['label'])}", fenced(_facts(trial, evidence))]
    if len(results):
        parts += ["## Results as printed", together]
        sections = [
            result_section(row, title, derived[name], evidence, resting.get(name, ()))
            for (_, row), (name, title) in zip(
                results.iterrows(), result_titles(results).items(), strict=True
            )
        ]
        parts.append(fenced("\n".join(sections)))
    else:
        parts.append("No result of this study was read. The note above says what is known of it.")
    if len(findings):
        parts += ["## What does not add up", fenced(_findings(findings))]
    if len(bias):
        parts += ["## Risk of bias", fenced(_bias(bias, evidence))]
    if len(reviewed):
        parts += ["## As printed in reviews", fenced(_reviewed(reviewed))]
    return "\n\n".join(parts) + "\n"


def _worded(evidence: Evidence, name: str, codes: pd.Series) -> list[str]:
    """Write codes of the trials in words."""
    return [evidence.word("trials", name, code) for code in codes]


def _facts(trial: pd.Series, evidence: Evidence) -> str:
    described = evidence.described("trials")
    facts = [
        (
            heading,
            evidence.word("trials", name, trial[name])
            if "labels" in described.get(name, {})
            else trial[name],
        )
        for name, heading in (_FACTS | _own(evidence) | _COURSE).items()
        if pd.notna(trial.get(name))
    ]
    if pd.notna(trial.get("doi")):
        facts.append(("Paper", link(doi_address(trial["doi"]), f"doi {trial['doi']}")))
    if pd.notna(trial.get("pmid")):
        facts.append(("PubMed", link(pubmed_address(trial["pmid"]), trial["pmid"])))
    if pd.notna(trial.get("same_trial_as")):
        other = trial["same_trial_as"]
        facts.append(("Same trial as", trial_link(other, other, folder="")))
    return html.table(
        pd.DataFrame(facts, columns=["what", "value"]),
        "The study; what was not reported is left out",
        columns={"what": "What", "value": "As reported"},
        plain=True,
    )


def _notebooks(study: str, results: pd.DataFrame, notebooks: NotebookIndex) -> str:
    """Link to the notebooks that answer the questions which a study's results speak to."""
    names = notebooks.of_results(study, set(results["outcome"]))
    links = listed(f"[](../notebooks/{name}.ipynb)" for name in names)
    if not links:
        return "No notebook asks about these outcomes."
    return f"What these and other studies say together: {links}."


def _bias(bias: pd.DataFrame, evidence: Evidence) -> str:
    return html.table(
        bias.assign(
            who=bias["tool"].map(lambda name: evidence.word("risk_of_bias", "tool", name)),
            domain=bias["domain"].map(lambda name: evidence.word("risk_of_bias", "domain", name)),
            where=[source_link(url, "cited") for url in bias["source_url"]],
            read=[
                source_link(url, "page read" if "://" in url else url) for url in bias["read_at"]
            ],
        ),
        "Judgements: by whom, of what, and on what each rests",
        columns={
            "who": "Judged by",
            "domain": "Question",
            "judgement": "Risk",
            "basis": "Because",
            "where": "Source",
            "read": "Read at",
        },
        plain=True,
    )


def _findings(findings: pd.DataFrame) -> str:
    return html.table(
        findings.assign(
            check=findings["check"].map(CHECKS),
            verdict=findings["verdict"].replace("flag", "contradiction"),
            result_id=[
                Markup('<a href="#{}">{}</a>').format(name, name) if name else "whole study"
                for name in findings["result_id"]
            ],
        ),
        "The printed figures against arithmetic; nothing is deleted or corrected",
        columns={
            "result_id": "Result",
            "check": "Check",
            "verdict": "Verdict",
            "found": "Found",
            "arithmetic": "Arithmetic",
        },
    )


def _reviewed(reviewed: pd.DataFrame) -> str:
    return html.table(
        reviewed.assign(
            source=[
                source_link(source_address(row), row["locator"])
                for row in reviewed.to_dict("records")
            ]
        ),
        "This study in the tables of reviews",
        columns={
            "review_id": "Review",
            "outcome": "Outcome",
            "instrument": "Instrument",
            "n_t": "n treated",
            "mean_t": "Mean",
            "sd_t": "SD",
            "n_c": "n control",
            "mean_c": "Mean, control",
            "sd_c": "SD, control",
            "effect": "Effect",
            "source": "Read at",
            "note": "Note",
        },
    )
