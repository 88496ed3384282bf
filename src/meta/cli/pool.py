"""`meta pool`: pool the studies of a table."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from meta.cli import output, tables
from meta.cli.studies import add_study_options, pooled, regressed
from meta.errors import DataError

if TYPE_CHECKING:
    from meta.evidence.study_table import StudyTable

_EXAMPLES = """\
Examples

  meta pool trials.csv --measure RR                 the pooled effect, and what to know of it
  meta pool trials.xlsx --by dose --html -o a.html  with subgroups, as a page
  meta pool trials.csv --moderators "~ year"        a meta-regression
  meta pool effects.csv --cluster label             several effects a study
  meta pool trials.csv --script -o again.R          code for metafor that repeats it (.py: Python)
  meta pool trials.csv --methods                    the methods paragraph with its references

"""


def add(commands: Any, studies: str) -> None:
    """Add the command; `studies` says what its file holds."""
    pool = commands.add_parser(
        "pool",
        help="pool the studies of a table",
        description="Pool the studies of a table and print the estimate with its interval,\n"
        "the prediction interval, the heterogeneity and what to know about them.",
        epilog=f"{_EXAMPLES}{studies}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_study_options(pool)
    pool.add_argument(
        "--moderators", metavar="FORMULA", help="regress the effects, such as '~ year + C(site)'"
    )
    pool.add_argument(
        "--influence", action="store_true", help="say, too, what each study does to the answer"
    )
    forms = output.add_forms(pool)
    forms.add_argument(
        "--script",
        action="store_true",
        help="code that repeats the analysis: Python with the same for metafor in comments; the "
        "ending of OUT, .py or .R, chooses one",
    )
    forms.add_argument(
        "--methods", action="store_true", help="what was done as a paragraph, with its references"
    )
    output.add_output(pool, " (default: the standard output)")
    pool.set_defaults(run=_pool)


def _pool(options: argparse.Namespace) -> int:
    if options.output is not None:
        output.place(options.output, force=options.force)
    table = tables.read(options)
    answers = _answers(options, table)
    if options.script:
        text = _script(answers[-1], table, options)
    elif options.methods:
        from meta.report.methods_text import methods_text

        text = methods_text(answers[-1])
    else:
        text = output.formed(answers, options)
    output.deliver(text, options)
    return 0


def _answers(options: argparse.Namespace, table: StudyTable) -> list[Any]:
    """Do the analyses that were asked for, the most particular one last."""
    if options.by and options.moderators:
        raise DataError("--by and --moderators are two analyses; ask for one, or put the column "
                        "into the formula: '~ C(column)'")  # fmt: skip
    if options.moderators:
        answers: list[Any] = [regressed(options, table)]
    else:
        answers = [pooled(options, table)]
    if options.influence:
        if options.script or options.methods or options.by:
            raise DataError("--influence is a table of its own; leave out --by, --script and "
                            "--methods")  # fmt: skip
        from meta.synthesis.diagnostics.influence import influence

        answers.append(output.Shown(influence(answers[0]), "Influence of each study"))
    if options.by:
        from meta.synthesis.models.subgroups import subgroups

        answers.append(subgroups(answers[0], by=options.by))
    return answers


def _script(fit: Any, table: StudyTable, options: argparse.Namespace) -> str:
    from meta.report.analysis_script import analysis_script

    ending = str(options.output or "").lower().rpartition(".")[2]
    if ending == "r":
        return analysis_script(fit, "R")
    python = analysis_script(fit, "python", effects=_reading(table, options))
    if ending == "py":
        return python
    try:
        in_r = analysis_script(fit, "R")
    except DataError as error:
        in_r = f"metafor: {error}"
    comment = "\n".join(f"# {line}".rstrip() for line in in_r.splitlines())
    return f"{python}\n# The same in R:\n#\n{comment}"


def _reading(table: StudyTable, options: argparse.Namespace) -> str | None:
    """Write how the file becomes effects; nothing for a pipe, which cannot be read again."""
    if options.file == "-":
        return None
    where = dict(text.partition("=")[::2] for text in options.where)
    given = {"mapping": options.mapping and str(options.mapping), "sheet": options.sheet}
    more = "".join(f", {name}={value!r}" for name, value in given.items() if value)
    more += f", where={where!r}" if where else ""
    measure = options.measure or table.measure
    settings = f", {measure!r}" if measure else ""
    drop00 = options.drop00
    if drop00 is None and options.model in ("mantel-haenszel", "peto", "glmm"):
        drop00 = False
    settings += f", drop00={drop00!r}" if drop00 is not None else ""
    return (
        f"table = meta.read_table({table.file!r}{more})\n"
        f"effects = meta.Effects.from_table(table.frame{settings})"
    )
