"""Has every result that a study of the asked form reports its row, or a reason why not?

The table ``reported_grid`` lists what such a study reports, line by line, whether or not a row of
``results`` could be made of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meta.evidence.cells import CheckedTable
from meta.evidence.faults import Fault
from meta.evidence.question import Question

GRID = "reported_grid"


def grid_faults(tables: Mapping[str, CheckedTable], question: Question) -> Iterator[Fault]:
    """Hold the grid of what was reported against the studies and their results.

    Parameters
    ----------
    tables : mapping of str to CheckedTable
        All tables of the folder that could be read.
    question : Question
        What is asked; its form says which studies must have a complete grid.

    Yields
    ------
    Fault
        A line with neither a row nor a reason, or with both; a line whose row is of another study;
        a study of the asked form without a line; a result without a line, of any study that the
        grid lists. Nothing where a folder has no grid.
    """
    if not {GRID, "trials", "results"} <= set(tables):
        return
    grid, results = tables[GRID], tables["results"]
    yield from _line_faults(grid)
    trials = tables["trials"].frame
    asked = set() if question.form is None else set(trials["study_id"][question.form.own(trials)])
    listed = set(grid.frame["study_id"].dropna())
    for row, study in enumerate(trials["study_id"]):
        if study in asked - listed:
            yield tables["trials"].fault(
                row,
                "study_id",
                f"{study!r} is of the form that is asked about, and {grid.file} has no line for it",
                "List there what it reports, outcome by outcome, with the row or the reason.",
            )
    named = set(grid.frame["result_id"].dropna())
    held = zip(results.frame["result_id"], results.frame["study_id"], strict=True)
    for row, (result, study) in enumerate(held):
        if study in listed and result not in named:
            yield results.fault(
                row,
                "result_id",
                f"{grid.file} lists what {study!r} reports, and no line names this row",
                "Add a line for it.",
            )


def _line_faults(grid: CheckedTable) -> Iterator[Fault]:
    frame = grid.frame[["study_id", "result_id", "why_no_row"]]
    for row, (study, result, why) in enumerate(frame.itertuples(index=False)):
        there = isinstance(result, str)
        if row in grid.spoilt:
            continue
        if there == isinstance(why, str):
            yield grid.fault(
                row,
                "result_id",
                "the line names a row and says why there is none"
                if there
                else "the line names no row and does not say why",
                "Fill exactly one of result_id and why_no_row.",
            )
        elif there and not result.startswith(f"{study}-"):
            yield grid.fault(
                row, "result_id", f"{result!r} is no row of {study!r}", "Name a row of the study."
            )
