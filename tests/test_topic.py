"""The package knows no topic: what is asked stands in the data."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from projects import evidence_folder

import meta
from meta.report.notebook_index import NotebookIndex
from meta.report.trial_pages import write_trial_pages

# `svg.hashsalt` is a setting of Matplotlib
TOPIC = re.compile(r"magnesium|glycinate|\bsalts?\b|\bmg_form|elemental_mg", re.IGNORECASE)


def test_no_file_of_the_package_speaks_of_the_topic(root: Path) -> None:
    said = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in sorted((root / "src" / "meta").rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if TOPIC.search(line)
    ]
    assert said == []


def test_tables_that_only_this_project_has_are_no_properties(root: Path) -> None:
    package = json.loads((root / "data" / "datapackage.json").read_text(encoding="utf-8"))
    names = {resource["name"] for resource in package["resources"]}
    own = {name for name in names if re.search("magnesium|antidepressants|wort", name)}
    assert len(own) == 5
    assert not own & set(dir(meta.Evidence))


@pytest.fixture
def another(tmp_path: Path) -> meta.Evidence:
    """Tables as a new project has them, with two trials of two arms."""
    folder = evidence_folder(tmp_path / "own")
    trials, results = (pd.read_csv(folder / f"{name}.csv") for name in ("trials", "results"))
    for number, mean in ((1, "4.0"), (2, "4.2")):
        trial = {"study_id": f"alpha{number}", "label": f"Alpha {number}", "design": "parallel"}
        trials.loc[len(trials)] = pd.Series(trial | {"randomised": "yes", "blinding": "double"})
        row = {"result_id": f"alpha{number}-pain-1", "study_id": f"alpha{number}"}
        row |= {"outcome": "pain", "result_type": "post", "lower_is_better": "yes"}
        row |= {"n_t": 50, "n_c": 50, "mean_t": mean, "mean_c": 5, "sd_t": 2, "sd_c": 2}
        results.loc[len(results)] = pd.Series(row | {"source_url": "https://example.org/a"})
    trials.to_csv(folder / "trials.csv", index=False)
    results.to_csv(folder / "results.csv", index=False)
    return meta.load_evidence(folder)


def test_another_question_is_pooled_rated_and_varied(another: meta.Evidence) -> None:
    rows = another.primary("pain")
    fit = meta.pool(meta.effects(rows, "SMD"))
    assert fit.k == 2
    judged = {item.domain: item.levels for item in meta.certainty(another, "pain", fit).judgements}
    assert judged["indirectness"] == 0
    analyses = meta.sensitivity(rows, "SMD", question=another.question)["analysis"]
    assert not analyses.str.contains("form", case=False).any()


def test_another_question_has_pages_of_its_studies(another: meta.Evidence, tmp_path: Path) -> None:
    write_trial_pages(another, [], tmp_path, NotebookIndex.read([]))
    text = (tmp_path / "trials" / "alpha1.md").read_text(encoding="utf-8")
    assert "Standardised mean difference (Hedges g) −0.50" in text
    pages = [*tmp_path.glob("*.md"), *tmp_path.glob("trials/*.md")]
    assert len(pages) == 3
    assert not [page for page in pages if TOPIC.search(page.read_text(encoding="utf-8"))]


def test_arms_are_called_as_the_question_calls_them(another: meta.Evidence) -> None:
    names = ["percent_t", "n_t", "mean_t"]
    named = dataclasses.replace(another.question, treatment="Vaccine")
    for question, said in (
        (another.question, ["Treatment, %", "People, treatment", "Treatment"]),
        (named, ["Vaccine, %", "People, vaccine", "Vaccine"]),
    ):
        another._package = dataclasses.replace(another._package, question=question)
        assert list(meta.headings(names, another).values()) == said


def test_a_claim_needs_only_the_columns_that_say_something(
    another: meta.Evidence, root: Path
) -> None:
    folder = another.folder
    claim = {"claim_id": "a0-c01", "article_file": "a0.md", "claim_paraphrase": "It eases pain."}
    tested = {"claim_id": "a0-c01", "kind": "superiority", "outcome": "pain", "measure": "SMD"}
    known = json.loads((root / "data" / "datapackage.json").read_text(encoding="utf-8"))
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    for name, row in (("claims", claim), ("claim_tests", tested)):
        table = next(each for each in known["resources"] if each["name"] == name)
        names = [each["name"] for each in table["schema"]["fields"] if each["name"] in row]
        fields = [each for each in table["schema"]["fields"] if each["name"] in row]
        package["resources"].append({**table, "schema": {"fields": fields}})
        pd.DataFrame([row])[names].to_csv(folder / table["path"], index=False)
    # what the control arms had is not recorded, so no reason may say it
    results = package["resources"][1]["schema"]
    results["fields"] = [each for each in results["fields"] if each["name"] != "control"]
    rows = pd.read_csv(folder / "results.csv").drop(columns="control")
    rows.to_csv(folder / "results.csv", index=False)
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    found = meta.assess("a0-c01", meta.load_evidence(folder))
    # two trials are fewer than three
    assert (found.verdict, found.claimed, found.topic) == ("unresolved", "", "")
    assert not re.search(f"{TOPIC.pattern}|placebo", f"{found.answer} {found.reason}")
