"""The pages of a site: studies, claims, data dictionary, and those that are written by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from inspect import ismodule
from pathlib import Path

import pandas as pd

from meta import html
from meta.claims.assess import assess
from meta.evidence.reading import read_raw
from meta.evidence.tables import Evidence
from meta.html import Markup, fenced
from meta.report.by_hand import write_by_hand
from meta.report.claim_pages import write_claim_pages
from meta.report.display import table
from meta.report.headings import headings, reported
from meta.report.links import without_copies
from meta.report.notebook_index import NotebookIndex
from meta.report.project import Project
from meta.report.search_index import NOTED, noted
from meta.report.trial_pages import write_trial_pages

# heading -> the stage of src/meta that the names come from
_STAGES = {
    "The evidence: what was reported": "meta.evidence",
    "Effect sizes: from report to effect": "meta.effect_sizes",
    "Synthesis: from effects to an answer": "meta.synthesis",
    "Claims: from an answer to a verdict": "meta.claims",
    "Figures": "meta.figures",
    "The report: telling": "meta.report",
    "Errors": "meta.errors",
}


def write_pages(project: Project, evidence: Evidence, source: Path) -> None:
    """Write every page but the notebooks; what the project has no table or file for is left out.

    Parameters
    ----------
    project : Project
        The project.
    evidence : Evidence
        Its tables.
    source : pathlib.Path
        Where the pages of the site are collected.
    """
    data = project.home / "data"
    notebooks = NotebookIndex.read(project.notebooks)
    claims = evidence.optional("claims", "claim_id")["claim_id"]
    found = [assess(str(claim), evidence) for claim in claims]
    write_trial_pages(evidence, found, source, notebooks)
    first = write_claim_pages(evidence, found, source, notebooks, project.work / "cards")
    (source / "results.md").write_text(_results_page(evidence), encoding="utf-8")
    (source / "data.md").write_text(_data_page(project.home), encoding="utf-8")
    if (data / "CHANGES.md").is_file():
        shutil.copyfile(data / "CHANGES.md", source / "changes.md")
    if (data / "references.bib").is_file():
        listed = without_copies((data / "references.bib").read_text(encoding="utf-8"))
        (source / "references.bib").write_text(listed, encoding="utf-8")
    shutil.copyfile(project.settings / "methods.bib", source / "methods.bib")
    write_by_hand(
        project,
        source,
        question=evidence.question,
        about=project.about,
        tables=evidence.names,
        references=(source / "references.bib").is_file(),
        landing=Markup(fenced(first)),
        reference=_reference,
    )
    (source / NOTED).write_text(noted(evidence, found, source), encoding="utf-8")


def _results_page(evidence: Evidence) -> str:
    rows = evidence.select()
    rows["result"] = [
        Markup('<a href="trials/{}.html#{}">this result</a>').format(study, result)
        for study, result in zip(rows["study_id"], rows["result_id"], strict=True)
    ]
    columns = {"label": "Study", "outcome": "Outcome", "instrument": "Scale"}
    columns |= {"reported_as": "As printed", "result": "Details", "locator": "Read at"}
    form = evidence.question.form
    columns |= headings([form.column] if form else [], evidence)
    columns |= {"reporting": "Printed as", "flag": "Caution"}
    intro = (
        f"{len(rows)} results of {rows['study_id'].nunique()} studies, each as it was printed, "
        "with a link to the page that it was read on and to its details, where the way from "
        "there to an effect is shown. The box above the table filters by words, such as an "
        "outcome's name."
    )
    shown = table(rows, "Every result", reported(rows, columns))
    return f"# Every result\n\n{intro}\n\n{fenced(shown.html)}\n"


def _data_page(home: Path) -> str:
    package = json.loads((home / "data" / "datapackage.json").read_text(encoding="utf-8"))
    parts = [
        "# The data",
        "What each column of each table means. The tables are in the folder `data` of the "
        "project; [How to cite](how_to_cite.md) names their licence.",
    ]
    for resource in package["resources"]:
        fields = pd.DataFrame(
            {
                "name": field["name"],
                "type": field["type"],
                "unit": field.get("unit", ""),
                "description": field.get("description", ""),
            }
            for field in resource["schema"]["fields"]
        )
        rows = read_raw(home / "data" / resource["path"]).rows
        parts += [
            f"## {resource['name']}",
            f"{resource.get('description', '')} ({len(rows)} rows)",
            fenced(
                html.table(
                    fields,
                    f"Columns of {resource['path']}",
                    columns={
                        "name": "Column",
                        "type": "Type",
                        "unit": "Unit",
                        "description": "Meaning",
                    },
                )
            ),
        ]
    return "\n\n".join(parts) + "\n"


def _reference() -> Markup:
    """List the public names of the module, by the question that they answer."""
    import meta

    parts: list[str] = []
    for heading, stage in _STAGES.items():
        members = [name for name, module in meta._PUBLIC.items() if module.startswith(stage)]
        modules = [name for name in members if ismodule(getattr(meta, name))]
        names = [name for name in members if name not in modules]
        parts += [f"## {heading}", _listing("meta", names)]
        for name in modules:
            module = getattr(meta, name)
            listing = _listing(module.__name__, module.__all__)
            parts += [f"### `meta.{name}`", f"Each is called as `meta.{name}.NAME`.", listing]
    return Markup("\n\n".join(parts))


def _listing(module: str, names: Sequence[str]) -> str:
    listed = "\n".join(f"   {name}" for name in names)
    return (
        f"```{{eval-rst}}\n.. currentmodule:: {module}\n\n.. autosummary::\n"
        f"   :toctree: reference\n   :nosignatures:\n\n{listed}\n```"
    )
