"""The command line: ``meta check | import | pool | forest | claims | report | new``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from meta.errors import (
    BuildError,
    DataError,
    NotComparable,
    NotConverged,
    TooFewStudies,
    printable,
)

if TYPE_CHECKING:
    from meta.effect_sizes.container import Effects
    from meta.evidence.study_table import StudyTable
    from meta.synthesis.estimate import Estimate

_STUDIES = """\
FILE holds one study a row: CSV of any kind, a workbook or Parquet, its columns named as we,
metafor, R meta, RevMan or people name them (`meta import FILE` says what is taken for what). A row
gives

  yi and vi (or sei)   an effect and its sampling variance (or standard error); logarithms for
                       ratio measures, and --measure says which, so that ratios are shown
  estimate ...         with ci_low ci_high, se or p_value, on the scale that papers print
  the arms             with --measure:
{}

and, if you like, label (the study's name). Rows may differ in form.
"""


_BY_VARIANCE = ("random", "common", "uwls")
_POOL = "meta.synthesis.models.pool:pool"
_SETTINGS = ("tau2_method", "ci_method", "ci_level")
_OF_COUNTS = ("mantel-haenszel", "peto", "glmm")
# model -> its method, and which of the settings above it has
_METHODS: dict[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(_BY_VARIANCE, (_POOL, _SETTINGS)),
    "mantel-haenszel": ("meta.synthesis.models.two_by_two:mantel_haenszel", ("ci_level",)),
    "peto": ("meta.synthesis.models.two_by_two:peto", ("ci_level",)),
    "glmm": ("meta.synthesis.models.glmm:glmm", ("ci_level",)),
    "multilevel": ("meta.synthesis.models.multilevel:multilevel", ("cluster", *_SETTINGS)),
    "robust": ("meta.synthesis.models.robust:robust", ("cluster", *_SETTINGS)),
    "bayes": ("meta.synthesis.bayes.model:bayes", ("ci_level",)),
}


def _studies() -> str:
    """Say what a file of studies holds, with the arguments that give each measure."""
    from meta.effect_sizes.measures import arguments_in_words

    lines = [f"{' ' * 25}{names:<18} {arguments}" for names, arguments in arguments_in_words()]
    return _STUDIES.format("\n".join(lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind ``meta``; the process's own by default.

    Returns
    -------
    int
        0 if all went well; 1 if `check` found faults; 2 if the command could not be done, with the
        reason on the standard error (argparse, too, ends with 2 on a wrong command line).
    """
    given = sys.argv[1:] if arguments is None else arguments
    # what measures there are takes libraries that only help needs
    helping = given[:1] != ["--help"] and {"-h", "--help"} & set(given)
    parser = _parser(_studies() if helping else "")
    options = parser.parse_args(given)
    try:
        code: int = options.run(options)
    except (
        BuildError,
        DataError,
        NotComparable,
        NotConverged,
        OSError,
        TooFewStudies,
    ) as error:
        print(printable(f"meta {options.command}: {error}"), file=sys.stderr)
        return 2
    return code


def _parser(studies: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="meta",
        description="Check evidence tables, pool studies, draw forest plots, set the evidence "
        "beside claims, build the report, begin a folder of your own.",
        epilog="`meta COMMAND --help` says more of a command.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    check = commands.add_parser(
        "check",
        help="validate the tables of a folder",
        description="Look for every fault in every table of an evidence folder in one run. Each is "
        "named with file, line, column, study, what was found, what is needed and the way out.",
        epilog="Ends with 0 if nothing is wrong, with 1 if something is.",
    )
    check.add_argument(
        "folder",
        nargs="?",
        default="data",
        help="folder with datapackage.json and the tables it describes (default: data)",
    )
    check.set_defaults(run=_check)

    _add_import(commands)

    pool = commands.add_parser(
        "pool",
        help="pool the studies of a CSV file",
        description="Pool the studies of a CSV file and print the estimate with its interval,\n"
        "the prediction interval, the heterogeneity and what to know about them.",
        epilog=studies,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_study_options(pool)
    pool.add_argument(
        "--json", action="store_true", help="print every number as JSON (see Estimate.to_dict)"
    )
    pool.set_defaults(run=_pool)

    forest = commands.add_parser(
        "forest",
        help="draw a forest plot of the studies of a CSV file",
        description="Pool the studies of a CSV file and draw them.",
        epilog=studies,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_study_options(forest)
    forest.add_argument("--treatment", metavar="NAME", help="name of the treated arm")
    forest.add_argument("--control", metavar="NAME", help="name of the control arm")
    forest.add_argument("--title", default="", metavar="TEXT", help="heading of the figure")
    forest.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="file to write; .svg, .png or .pdf",
    )
    forest.set_defaults(run=_forest)

    claims = commands.add_parser(
        "claims",
        help="set the evidence beside the claims",
        description="Print the claims of all articles or of one with their verdicts, or one claim "
        "in full.",
        epilog="A claim has two words: what the evidence says, and what became of its source.",
    )
    claims.add_argument(
        "which",
        nargs="?",
        default="",
        metavar="ARTICLE or CLAIM_ID",
        help="such as a0 or a0-c11 (default: every claim)",
    )
    claims.add_argument(
        "--data",
        default="data",
        metavar="FOLDER",
        help="evidence folder with the table of claims (default: data)",
    )
    claims.set_defaults(run=_claims)

    report = commands.add_parser(
        "report",
        help="execute the notebooks and build the HTML report",
        description="Execute the notebooks and build the HTML report into build/site.",
    )
    report.add_argument(
        "folder", nargs="?", default=".", help="the project folder (default: this one)"
    )
    report.set_defaults(run=_report)

    new = commands.add_parser(
        "new",
        help="begin an evidence folder of your own",
        description="Write an evidence folder that is ready to be filled: trials.csv and "
        "results.csv with their headers, the datapackage.json that describes them, and a README.md "
        "on how to fill a row. Nothing that is there already is overwritten.",
    )
    new.add_argument("folder", help="where; a folder that is new or empty")
    new.set_defaults(run=_new)
    return parser


def _add_import(commands: Any) -> None:
    parser = commands.add_parser(
        "import",
        help="read a table of studies as it is",
        description="Read a table of studies as other programs and people write it: RevMan, RevMan "
        "Web, metafor, R meta, Metapsy, spreadsheets; CSV of any delimiter, decimal sign and "
        "encoding, .xlsx, .xls, .ods, Parquet. Say which column was taken for which field and what "
        "to know, and write a tidy CSV with our field names.",
        epilog="Example: meta import trials.xlsx --save-mapping mapping.toml -o trials.csv",
    )
    parser.add_argument("file", metavar="FILE", help="the table; - is the standard input")
    parser.add_argument(
        "--save-mapping", type=Path, metavar="FILE", help="write the mapping that was taken"
    )
    _add_table_options(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUT.csv",
        help="file to write (default: the standard output, with all words on the standard error)",
    )
    parser.set_defaults(run=_import)


def _add_table_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mapping",
        type=Path,
        metavar="FILE",
        help="which column is which field, as --save-mapping writes it",
    )
    parser.add_argument("--sheet", metavar="NAME", help="sheet of a workbook")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=TEXT",
        help="take the rows with this text only; may be repeated",
    )


def _add_study_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.csv", help="one study a row, see below")
    parser.add_argument(
        "--measure",
        help="effect measure: SMD, MD, RR, OR, HR, ... (not needed if the file says it)",
    )
    _add_table_options(parser)
    parser.add_argument(
        "--drop00",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="leave out studies in which nobody or everybody had the event (default: from ratios)",
    )
    parser.add_argument(
        "--model",
        default="random",
        choices=list(_METHODS),
        help="random effects (default), common effect, ...; mantel-haenszel, peto and glmm pool "
        "the counts of two arms, multilevel and robust effects that come in clusters (--cluster)",
    )
    parser.add_argument(
        "--cluster", metavar="COLUMN", help="which effects belong together: the name of a column"
    )
    parser.add_argument(
        "--tau2-method",
        choices=["DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"],
        help="estimator of the between-study variance (default: REML)",
    )
    parser.add_argument(
        "--ci-method",
        choices=["HK", "HK-adhoc", "wald", "t"],
        help="Knapp-Hartung interval (default), its conservative form, or the normal one; t for "
        "multilevel",
    )
    parser.add_argument(
        "--ci-level",
        type=float,
        metavar="LEVEL",
        help="level of the intervals, between 0 and 1 (default: 0.95)",
    )


def _check(options: argparse.Namespace) -> int:
    from meta.evidence.datapackage import profile_faults
    from meta.evidence.examination import examine

    found = examine(options.folder)
    faults = list(found.faults)
    if not found.package.faults:
        faults.extend(profile_faults(found.folder))
    rows = 0
    for table in found.tables.values():
        own = sum(fault.file == table.file for fault in faults)
        rows += len(table.lines)
        state = "ok" if own == 0 else "1 fault" if own == 1 else f"{own} faults"
        print(f"{table.file:<45} {len(table.lines):>6,} rows  {state}")
        for note in table.notes:
            print(f"    {note}")
    for name in found.not_described:
        print(f"{(found.folder / name).as_posix():<45} not described, not read")
    if faults:
        print()
        for fault in faults:
            print(fault)
        print()
    untested = [] if faults else _claim_faults(options.folder)
    for text in untested:
        print(text)
    count = len(faults) + len(untested)
    total = "no faults" if not count else "1 fault" if count == 1 else f"{count} faults"
    print(f"{options.folder}: {len(found.tables)} tables, {rows:,} rows, {total}")
    return 1 if count else 0


def _claim_faults(folder: str) -> list[str]:
    """Check how the claims are tested, which needs tables without faults."""
    from meta.claims.check_tests import check_claim_tests
    from meta.evidence.tables import load_evidence

    evidence = load_evidence(folder)
    return check_claim_tests(evidence) if "claims" in evidence.names else []


def _import(options: argparse.Namespace) -> int:
    table = _read_table(options)
    words = sys.stdout if options.output else sys.stderr
    print(table, file=words)
    text = table.to_csv(options.output)
    if options.output:
        print(f"wrote {options.output}")
    else:
        print(text, end="")
    if options.save_mapping:
        print(f"wrote {table.save_mapping(options.save_mapping)}", file=words)
    return 0


def _pool(options: argparse.Namespace) -> int:
    answer = _pooled(options, _read_table(options))
    print(json.dumps(answer.to_dict(), ensure_ascii=False) if options.json else answer)
    return 0


def _forest(options: argparse.Namespace) -> int:
    from meta.figures.forest import plot_forest
    from meta.figures.theme import save_figure

    table = _read_table(options)
    figure = plot_forest(
        _pooled(options, table),
        treatment=options.treatment or table.treatment or "treatment",
        control=options.control or table.control or "control",
        title=options.title,
    )
    written = save_figure(figure, options.output)
    print(f"wrote {written}")
    return 0


def _claims(options: argparse.Namespace) -> int:
    from shutil import get_terminal_size

    from meta.claims.terminal import claims_text
    from meta.evidence.tables import load_evidence

    # wide enough for the table where nobody says how wide the terminal is
    width = get_terminal_size((120, 24)).columns
    print(claims_text(options.which, load_evidence(options.data), width))
    return 0


def _new(options: argparse.Namespace) -> int:
    from meta.evidence.new_folder import new_folder

    folder = new_folder(options.folder)
    for path in sorted(folder.iterdir()):
        print(f"wrote {path.as_posix()}")
    return 0


def _report(options: argparse.Namespace) -> int:
    from meta.report.build import build

    build(options.folder)
    return 0


def _pooled(options: argparse.Namespace, table: StudyTable) -> Estimate:
    """Pool the studies of a file by the model that was asked for."""
    from importlib import import_module

    place, known = _METHODS[options.model]
    given = {"model": options.model} if options.model in _BY_VARIANCE else {}
    faults = []
    for name in ("cluster", "tau2_method", "ci_method", "ci_level"):
        value = getattr(options, name)
        if value is not None and name not in known:
            faults.append(f"--{name.replace('_', '-')} means nothing for --model {options.model}")
        elif value is not None:
            given[name] = value
    if "cluster" in known and options.cluster is None:
        faults.append(
            f"--model {options.model} needs --cluster, the column of what belongs together"
        )
    if faults:
        raise DataError("; ".join(faults))
    # models of counts have a rule of their own for trials without events
    drop00 = False if options.drop00 is None and options.model in _OF_COUNTS else options.drop00
    effects = _read_studies(table, options.measure, drop00)
    module, _, name = place.partition(":")
    method = getattr(import_module(module), name)
    if options.model == "robust":
        cluster = given.pop("cluster")
        pool = import_module(_POOL.partition(":")[0]).pool
        answer: Estimate = method(pool(effects, **given), cluster=cluster)
    else:
        if options.model == "mantel-haenszel":
            given["measure"] = effects.measure
        answer = method(effects, **given)
    return answer


def _read_table(options: argparse.Namespace) -> StudyTable:
    from meta.evidence.study_table import read_table

    where = dict(text.partition("=")[::2] for text in options.where)
    return read_table(options.file, options.mapping, options.sheet, where)


def _read_studies(table: StudyTable, measure: str | None, drop00: bool | None) -> Effects:
    """Read one study a row, whatever form the rows have."""
    from meta.effect_sizes.container import Effects
    from meta.effect_sizes.sizes import LEFT_OUT

    if not len(table):
        raise TooFewStudies(f"{table.file} holds a header and no studies; give one study a row")
    try:
        found = Effects.from_table(table.frame, measure or table.measure, drop00=drop00)
    except DataError as error:
        raise DataError(f"{table.file}: {error}", error.faults) from None
    without = [
        f"{label} has no effect: {reason}."
        for label, reason in zip(found.excluded["label"], found.excluded["reason"], strict=True)
        if reason not in LEFT_OUT  # which the notes of the effects say
    ]
    return replace(found, remarks=(*table.notes, *without, *found.remarks))
