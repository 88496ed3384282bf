"""One page for each study: what it was, what it printed, what follows from it, what to mind."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from meta.effect_sizes.derive import effects
from meta.errors import DataError, NotComparable
from meta.evidence.tables import Evidence
from meta.evidence.trustworthiness import check_trustworthiness
from meta.report.tables import Html, escape, html_block, html_table, link, as_text

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


def write_trial_pages(evidence: Evidence, source: Path) -> None:
    """Write the page of every study, and the list of them.

    Parameters
    ----------
    evidence : Evidence
        The curated tables.
    source : pathlib.Path
        Where the pages of the site are collected.
    """
    folder = source / "trials"
    folder.mkdir()
    findings = check_trustworthiness(evidence)
    results = evidence.select()
    bias = evidence.risk_of_bias
    reviewed = evidence.review_trials
    lines = _derive_all(results)
    for _, trial in evidence.trials.iterrows():
        study = trial["study_id"]
        page = _page(
            trial,
            results[results["study_id"] == study],
            bias[bias["study_id"] == study],
            findings[findings["study_id"] == study],
            reviewed[reviewed["study_id"] == study],
            lines,
        )
        (folder / f"{study}.md").write_text(page, encoding="utf-8")
    (source / "trials.md").write_text(_list(evidence.trials, results), encoding="utf-8")


def trial_link(study: str, label: str, folder: str = "trials/") -> Html:
    """Link to the page of a study."""
    return Html(f'<a href="{folder}{escape(study)}.html">{escape(label)}</a>')


def _list(trials: pd.DataFrame, results: pd.DataFrame) -> str:
    shown = trials.assign(
        page=[trial_link(*pair) for pair in zip(trials["study_id"], trials["label"], strict=True)],
        results=trials["study_id"].map(results["study_id"].value_counts()).fillna(0).astype(int),
        outcomes=trials["study_id"].map(
            results.groupby("study_id")["outcome"].agg(lambda names: ", ".join(sorted(set(names))))
        ),
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
    table = html_table(shown, "All studies", columns=columns)
    return "\n\n".join(["# The studies", intro, html_block(table), toctree]) + "\n"


def _page(
    trial: pd.Series,
    results: pd.DataFrame,
    bias: pd.DataFrame,
    findings: pd.DataFrame,
    reviewed: pd.DataFrame,
    lines: dict[str, tuple[str, str]],
) -> str:
    parts = [f"# {as_text(trial['label'])}", html_block(_facts(trial))]
    if len(results):
        parts += ["## Results as printed", html_block(_results(results))]
        parts += ["## From print to effect", html_block(_derivations(results, lines))]
    else:
        parts.append("No result of this study was read.")
    if len(findings):
        parts += ["## What does not add up", html_block(_findings(findings))]
    for tool, judged in bias.groupby("tool"):
        parts += [
            f"## Risk of bias: {as_text(tool)}",
            html_block(
                html_table(
                    judged.assign(
                        where=[link(url, "page read") for url in judged["read_at"]],
                    ),
                    "Judgements, and what each rests on",
                    columns={
                        "domain": "Domain",
                        "judgement": "Judgement",
                        "basis": "Basis",
                        "where": "Source",
                    },
                )
            ),
        ]
    if len(reviewed):
        parts += ["## As printed in reviews", html_block(_reviewed(reviewed))]
    return "\n\n".join(parts) + "\n"


def _facts(trial: pd.Series) -> str:
    facts = [(heading, trial[name]) for name, heading in _FACTS.items() if pd.notna(trial[name])]
    if pd.notna(trial["doi"]):
        facts.append(("Paper", link(f"https://doi.org/{trial['doi']}", f"doi {trial['doi']}")))
    if pd.notna(trial["pmid"]):
        address = f"https://pubmed.ncbi.nlm.nih.gov/{trial['pmid']}"
        facts.append(("PubMed", link(address, trial["pmid"])))
    if pd.notna(trial["same_trial_as"]):
        other = trial["same_trial_as"]
        facts.append(("Same trial as", trial_link(other, other, folder="")))
    return html_table(
        pd.DataFrame(facts, columns=["what", "value"]),
        "The study as entered; an empty field is left out and means: not reported",
        columns={"what": "What", "value": "As reported"},
        plain=True,
    )


def _results(results: pd.DataFrame) -> str:
    shown = results.assign(
        anchor=[
            Html(f'<span id="{escape(result)}">{escape(result)}</span>')
            for result in results["result_id"]
        ],
        source=[
            link(url, place)
            for url, place in zip(results["source_url"], results["locator"], strict=True)
        ],
    )
    return html_table(
        shown,
        "Each result, as it was printed and where",
        columns={
            "anchor": "Result",
            "outcome": "Outcome",
            "instrument": "Instrument",
            "time_weeks": "Week",
            "arm_t": "Treated",
            "arm_c": "Control",
            "reported_as": "As printed",
            "reporting": "Reported as",
            "stratum": "Comparison",
            "source": "Read at",
            "flag": "Flag",
            "note": "Note",
        },
    )


def _derive_all(results: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Say of every result, in a line, which effect it gives, with its derivation, or why none.

    Each row stands for itself here, so rows take their result as study: no trial "counts once".
    """
    rows = results.assign(study_id=results["result_id"], same_trial_as=None)
    rows = rows[rows["lower_is_better"].notna()]
    found = effects(rows, "SMD")
    said = dict(zip(found.excluded["result_id"], found.excluded["reason"], strict=True))
    lines = {name: (f"no effect: {reason}", "") for name, reason in said.items()}
    for name, derivation in found.derivations.items():
        lines[name] = ("as SMD", derivation._repr_html_())
    left = rows[~rows["result_id"].isin(found.derivations)]
    tried = {"RR": left[left["events_t"].notna()], "MD": left[left["estimate"].notna()]}
    for measure, candidates in tried.items():
        for position in range(len(candidates)):
            row = candidates.iloc[[position]]
            try:
                one = effects(row, measure)
            except (DataError, NotComparable):
                continue  # the reason why it is no SMD stands already
            for name, derivation in one.derivations.items():
                lines[name] = (f"as {measure}", derivation._repr_html_())
    return lines


def _derivations(results: pd.DataFrame, lines: dict[str, tuple[str, str]]) -> str:
    parts = []
    for result in results["result_id"]:
        name = escape(str(result))
        shown, body = lines.get(result, ("no effect: the direction of the outcome is not said", ""))
        opened = f"<details><summary>{name}: {escape(shown)}</summary>"
        parts.append(f"{opened}{body}</details>" if body else f"<p>{name}: {escape(shown)}</p>")
    return "\n".join(parts)


def _findings(findings: pd.DataFrame) -> str:
    return html_table(
        findings,
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
    return html_table(
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
