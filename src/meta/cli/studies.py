"""One study a row: how a command takes studies and pools them."""

from __future__ import annotations

import argparse
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from meta.cli import tables
from meta.errors import DataError

if TYPE_CHECKING:
    from meta.effect_sizes.container import Effects
    from meta.evidence.study_table import StudyTable
    from meta.synthesis.estimate import Estimate
    from meta.synthesis.models.regression import MetaRegression
    from meta.synthesis.models.robust import RobustRegression

_FILE = """\
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
_SHORT = {"mh": "mantel-haenszel"}


def studies_help() -> str:
    """Say what a file of studies holds, with the arguments that give each measure."""
    from meta.effect_sizes.measures import arguments_in_words

    lines = [f"{' ' * 25}{names:<18} {arguments}" for names, arguments in arguments_in_words()]
    return _FILE.format("\n".join(lines))


def add_effect_options(parser: argparse.ArgumentParser) -> None:
    """Add what says which studies there are and what their effects are."""
    parser.add_argument("file", metavar="FILE", help="one study a row, see below; - reads the pipe")
    parser.add_argument(
        "--measure",
        help="effect measure: SMD, MD, RR, OR, HR, ... (not needed if the file says it)",
    )
    tables.add_table_options(parser)
    parser.add_argument(
        "--drop00",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="leave out studies in which nobody or everybody had the event (default: from ratios)",
    )


def add_study_options(parser: argparse.ArgumentParser) -> None:
    """Add what says which studies are pooled and how."""
    add_effect_options(parser)
    parser.add_argument(
        "--model",
        type=lambda word: _SHORT.get(word, word),
        choices=list(_METHODS),
        help="random effects (default), common effect, ...; mantel-haenszel (or mh), peto and glmm "
        "pool the counts of two arms, multilevel and robust effects that come in clusters",
    )
    parser.add_argument(
        "--cluster",
        metavar="COLUMN",
        help="which effects belong together, such as label: the interval then holds however they "
        "are related (--model robust, or multilevel)",
    )
    parser.add_argument("--by", metavar="COLUMN", help="pool subgroups, too, and compare them")
    parser.add_argument(
        "--tau2-method",
        choices=[
            *("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM", "DL2", "HE2", "HSk", "PMM"),
        ],
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


def pooled(options: argparse.Namespace, table: StudyTable) -> Estimate:
    """Pool the studies of a file by the model that was asked for."""
    model = options.model or ("robust" if options.cluster else "random")
    place, known = _METHODS[model]
    given = {"model": model} if model in _BY_VARIANCE else {}
    faults = []
    for name in ("cluster", "tau2_method", "ci_method", "ci_level"):
        value = getattr(options, name)
        if value is not None and name not in known:
            faults.append(f"--{name.replace('_', '-')} means nothing for --model {model}")
        elif value is not None:
            given[name] = value
    if "cluster" in known and options.cluster is None:
        faults.append(f"--model {model} needs --cluster, the column of what belongs together")
    if faults:
        raise DataError("; ".join(faults))
    # models of counts have a rule of their own for trials without events
    drop00 = False if options.drop00 is None and model in _OF_COUNTS else options.drop00
    effects = read_effects(table, options.measure, drop00)
    module, _, name = place.partition(":")
    method = getattr(import_module(module), name)
    if model == "robust":
        cluster = given.pop("cluster")
        pool = import_module(_POOL.partition(":")[0]).pool
        answer: Estimate = method(pool(effects, **given), cluster=cluster)
    else:
        if model == "mantel-haenszel":
            given["measure"] = effects.measure
        answer = method(effects, **given)
    return answer


def regressed(options: argparse.Namespace, table: StudyTable) -> MetaRegression | RobustRegression:
    """Regress the effects of a file on the moderators that were asked for."""
    from meta.synthesis.models.regression import meta_regression
    from meta.synthesis.models.robust import robust

    if options.model not in (None, "random", "common"):
        raise DataError(f"--moderators means nothing for --model {options.model}; use random or "
                        "common")  # fmt: skip
    given = {name: getattr(options, name) for name in ("model", *_SETTINGS)}
    effects = read_effects(table, options.measure, options.drop00)
    known = {name: value for name, value in given.items() if value is not None}
    fit = meta_regression(effects, options.moderators, **known)
    return robust(fit, cluster=options.cluster) if options.cluster else fit


def read_effects(table: StudyTable, measure: str | None, drop00: bool | None) -> Effects:
    """Derive an effect of each row, whatever form the rows have."""
    from meta.effect_sizes.container import Effects
    from meta.effect_sizes.sizes import LEFT_OUT

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
