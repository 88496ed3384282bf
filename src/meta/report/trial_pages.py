"""One page for each study: what it was, what it printed, what follows from it, what to mind."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from meta import html
from meta.claims.wording import listing, words
from meta.effect_sizes.derivation import Derivation
from meta.evidence.tables import Evidence
from meta.evidence.trustworthiness import CHECKS, check_trustworthiness
from meta.html import Markup, escape, fenced, link
from meta.report.links import as_text
from meta.report.notebook_index import NotebookIndex
from meta.report.trial_results import derive_all, result_section

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
    "mg_form": "Magnesium salt",
    "elemental_mg_day": "Elemental magnesium, mg a day",
    "dose_note": "Dose",
    "duration_weeks": "Weeks",
    "comparator": "Comparator",
    "cointervention": "Given alongside",
    "funding": "Funding",
    "registration": "Registration",
    "access": "Read as",
    "note": "Curators' note",
}

# columns whose cells are codes
_CODES = ("design", "blinding", "mg_form", "access")
_TOOLS = {
    "Cochrane RoB1 (as judged in CD009402.pub3)": "Cochrane review CD009402 (RoB 1)",
    "Cochrane RoB1 (as judged in CD010655.pub3)": "Cochrane review CD010655 (RoB 1)",
    "RoB 1 (vitamin_meta)": "the unpublished data set vitamin_meta (RoB 1)",
    "RoB2": "the curators of these tables: one question of RoB 2, forced by a reported fact",
    "design_fact": "the curators: a fact of the design",
    "integrity_notice": "a notice of a journal or of Retraction Watch",
    "post_publication_critique": "a critique after publication",
}
_DOMAINS = {
    "D1": "randomisation (D1)",
    "D2": "deviations from what was intended (D2)",
    "D3": "missing data (D3)",
    "D4": "measurement (D4)",
    "D5": "selective reporting (D5)",
    "overall": "as a whole",
}


def write_trial_pages(evidence: Evidence, source: Path, notebooks: NotebookIndex) -> None:
    """Write the page of every study, and the list of them.

    Parameters
    ----------
    evidence : Evidence
        The curated tables.
    source : pathlib.Path
        Where the pages of the site are collected.
    notebooks : NotebookIndex
        What the notebooks on the site answer; a study is linked to those that speak of it.
    """
    folder = source / "trials"
    folder.mkdir()
    findings = check_trustworthiness(evidence)
    results = evidence.select()
    bias = evidence.risk_of_bias
    reviewed = evidence.review_trials
    derived = derive_all(results)
    for _, trial in evidence.trials.iterrows():
        study = trial["study_id"]
        page = _page(
            trial,
            results[results["study_id"] == study],
            bias[bias["study_id"] == study],
            findings[findings["study_id"] == study],
            reviewed[reviewed["study_id"] == study],
            derived,
            _notebooks(study, results[results["study_id"] == study], notebooks),
        )
        (folder / f"{study}.md").write_text(page, encoding="utf-8")
    (source / "trials.md").write_text(_list(evidence.trials, results), encoding="utf-8")


def trial_link(study: str, label: str, folder: str = "trials/") -> Markup:
    """Link to the page of a study."""
    return Markup(f'<a href="{folder}{escape(study)}.html">{escape(label)}</a>')


def _list(trials: pd.DataFrame, results: pd.DataFrame) -> str:
    shown = trials.assign(
        page=[trial_link(*pair) for pair in zip(trials["study_id"], trials["label"], strict=True)],
        results=trials["study_id"].map(results["study_id"].value_counts()).fillna(0).astype(int),
        outcomes=trials["study_id"].map(
            results.groupby("study_id")["outcome"].agg(
                lambda names: ", ".join(sorted({words(name) for name in names}))
            )
        ),
        **{name: trials[name].str.replace("_", " ") for name in _CODES},
    )
    columns = {
        "page": "Study",
        "year": "Year",
        "design": "Design",
        "blinding": "Blinding",
        "population": "Population",
        "mg_form": "Salt",
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
    table = html.table(shown, "All studies", columns=columns)
    return "\n\n".join(["# The studies", intro, fenced(table), toctree]) + "\n"


def _page(
    trial: pd.Series,
    results: pd.DataFrame,
    bias: pd.DataFrame,
    findings: pd.DataFrame,
    reviewed: pd.DataFrame,
    derived: Mapping[str, Derivation | str],
    together: str,
) -> str:
    parts = [f"# {as_text(trial['label'])}", fenced(_facts(trial))]
    if len(results):
        parts += ["## Results as printed", together]
        sections = (result_section(row, derived[row["result_id"]]) for _, row in results.iterrows())
        parts.append(fenced("\n".join(sections)))
    else:
        parts.append("No result of this study was read. The note above says what is known of it.")
    if len(findings):
        parts += ["## What does not add up", fenced(_findings(findings))]
    if len(bias):
        parts += ["## Risk of bias", fenced(_bias(bias))]
    if len(reviewed):
        parts += ["## As printed in reviews", fenced(_reviewed(reviewed))]
    return "\n\n".join(parts) + "\n"


def _facts(trial: pd.Series) -> str:
    facts = [
        (heading, str(trial[name]).replace("_", " ") if name in _CODES else trial[name])
        for name, heading in _FACTS.items()
        if pd.notna(trial[name])
    ]
    if pd.notna(trial["doi"]):
        facts.append(("Paper", link(f"https://doi.org/{trial['doi']}", f"doi {trial['doi']}")))
    if pd.notna(trial["pmid"]):
        address = f"https://pubmed.ncbi.nlm.nih.gov/{trial['pmid']}"
        facts.append(("PubMed", link(address, trial["pmid"])))
    if pd.notna(trial["same_trial_as"]):
        other = trial["same_trial_as"]
        facts.append(("Same trial as", trial_link(other, other, folder="")))
    return html.table(
        pd.DataFrame(facts, columns=["what", "value"]),
        "The study as entered; an empty field is left out and means: not reported",
        columns={"what": "What", "value": "As reported"},
        plain=True,
    )


def _notebooks(study: str, results: pd.DataFrame, notebooks: NotebookIndex) -> str:
    """Link to the notebooks that answer the questions which a study's results speak to."""
    names = notebooks.of_results(study, set(results["outcome"]))
    links = listing(f"[](../notebooks/{name}.ipynb)" for name in names)
    if not links:
        return "No notebook asks about these outcomes."
    return f"What these and other studies say together: {links}."


def _bias(bias: pd.DataFrame) -> str:
    return html.table(
        bias.assign(
            who=bias["tool"].map(lambda name: _TOOLS.get(name, name)),
            domain=bias["domain"].map(lambda name: _DOMAINS.get(name, name)),
            where=[link(url, "cited") for url in bias["source_url"]],
            read=[link(url, "page read" if "://" in url else url) for url in bias["read_at"]],
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
            result_id=[
                Markup(f'<a href="#{escape(name)}">{escape(name)}</a>' if name else "")
                for name in findings["result_id"]
            ],
        ),
        "Checks of the printed figures against arithmetic; they flag and delete nothing",
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
                link(url, place)
                for url, place in zip(reviewed["source_url"], reviewed["locator"], strict=True)
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
