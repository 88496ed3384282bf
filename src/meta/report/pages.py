"""The site's generated pages: studies, data dictionary, reference of the module."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from meta.evidence.tables import load_evidence
from meta.report.claim_pages import write_claim_pages
from meta.report.tables import html_block, html_table
from meta.report.trial_pages import write_trial_pages

# heading -> the stage of src/meta that the names come from
_STAGES = {
    "The evidence: what was reported": "meta.evidence",
    "Effect sizes: from report to effect": "meta.effect_sizes",
    "Synthesis: from effects to an answer": "meta.synthesis",
    "Claims: from an answer to a verdict": "meta.claims",
    "Figures": "meta.figures",
    "Errors": "meta.errors",
}


def write_pages(home: Path, source: Path) -> None:
    """Write every generated page.

    Parameters
    ----------
    home : pathlib.Path
        The project folder.
    source : pathlib.Path
        Where the pages of the site are collected.
    """
    evidence = load_evidence(home / "data")
    notebooks = {path.stem for path in (home / "notebooks").glob("*.ipynb")}
    write_trial_pages(evidence, source, notebooks)
    write_claim_pages(evidence, source)
    changes = (home / "data" / "CHANGES.md").read_text(encoding="utf-8")
    (source / "changes.md").write_text(changes, encoding="utf-8")
    (source / "data.md").write_text(_data_page(home), encoding="utf-8")
    (source / "api.md").write_text(_api_page(), encoding="utf-8")


def _data_page(home: Path) -> str:
    package = json.loads((home / "data" / "datapackage.json").read_text(encoding="utf-8"))
    parts = [
        "# The data",
        "What stands in every column of every table. The tables are in the folder `data` of the "
        "project, under the Creative Commons Attribution 4.0 licence.",
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
        table = pd.read_csv(home / "data" / resource["path"], dtype=str)
        parts += [
            f"## {resource['name']}",
            f"{resource.get('description', '')} ({len(table)} rows)",
            html_block(
                html_table(
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


def _api_page() -> str:
    import meta

    parts = ["# The module `meta`", "Public names, by the question that they answer."]
    for heading, stage in _STAGES.items():
        names = [
            name
            for name, target in meta._PUBLIC.items()
            if target.startswith(stage) and not target.endswith(":")
        ]
        if not names:
            continue
        listed = "\n".join(f"   {name}" for name in names)
        parts += [
            f"## {heading}",
            "```{eval-rst}\n.. currentmodule:: meta\n\n.. autosummary::\n   :toctree: reference\n"
            f"   :nosignatures:\n\n{listed}\n```",
        ]
    return "\n\n".join(parts) + "\n"
