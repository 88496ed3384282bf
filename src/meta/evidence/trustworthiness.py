"""Which printed figures should a reader not take on trust?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields

import pandas as pd

from meta.arguments import checked
from meta.errors import DataError
from meta.evidence.figure_checks import (
    lopsided_interval,
    numbers_of_people,
    percentages,
    recomputed_p,
)
from meta.evidence.findings import Finding, Reported
from meta.evidence.row_pairs import changes, repeated_figures, reports_of_one_trial
from meta.evidence.score_checks import EntryBounds, granularity, score_range, small_spread
from meta.evidence.tables import Evidence

CHECKS = {
    "GRIM": "no whole scores of n people have this mean",
    "GRIMMER": "no whole scores of n people have this SD beside this mean",
    "SD_RANGE": "mean or SD that the range of the scale does not allow",
    "ENTRY_RANGE": "baseline mean or SD that the trial's own criterion of entry does not allow",
    "SE_AS_SD": "an SD so small that it may be a standard error",
    "P_VALUE": "the printed p-value is not that of the printed figures",
    "CI_CENTRE": "the interval is not centred on its estimate",
    "CHANGE_SD": "the SDs before, after and of the change imply an impossible correlation",
    "CHANGE_MEAN": "end minus baseline is not the printed change",
    "N_ANALYSED": "more people analysed than randomised",
    "PERCENT": "the printed percentage is not that of the printed count",
    "SAME_TRIAL": "several reports of one trial",
    "SAME_FIGURES": "two studies print the same figures",
    "CRITIQUE": "a published critique or notice",
}
_PUBLISHED = ("post_publication_critique", "integrity_notice")
_COLUMNS = [field.name for field in fields(Finding)]


@checked
def check_trustworthiness(evidence: Evidence | pd.DataFrame) -> pd.DataFrame:
    """Hold printed figures against arithmetic, and show the arithmetic.

    Nothing is taken out and nothing is corrected: a finding is a question to the reader, and a
    reason to show an analysis with and without the trial.

    Parameters
    ----------
    evidence : Evidence or pandas.DataFrame
        All evidence, or result rows, best from `Evidence.select`: they need ``study_id``; whatever
        other column is absent counts as not reported, and the checks that need it are silent.
        ``reported_as`` holds the figures as printed, from which decimals are read (10.40 has two);
        without it a figure has the decimals that it needs. Entry criteria, registered companions
        and published critiques are only looked at with Evidence.

    Returns
    -------
    pandas.DataFrame
        One row for each finding, in the order of the results, then of the studies: ``study_id``,
        ``result_id`` ("" for the study as a whole), ``check``, ``verdict`` ("flag": the figures
        contradict each other; "note": they do not fit, but an ordinary reason may explain it),
        ``found`` (as printed), ``arithmetic`` (a sentence with the numbers), ``source_url``.

    Raises
    ------
    DataError
        If the table has no column ``study_id``.

    Notes
    -----
    Every check allows for rounding: a figure counts as wrong only if no number that is printed
    like it would be right.

    - GRIM, GRIMMER (`meta.evidence.granularity`): scores in points of a scale with known step. A
      finding is a flag where n stands beside the figures, else a note (the n of the row may be the
      number randomised). At baseline every n from those analysed to those randomised is tried.
    - SD_RANGE, ENTRY_RANGE: the largest SD that scores between two bounds can have beside the mean.
      The entry criteria stand in ``entry_criteria.csv``.
    - SE_AS_SD: an SD below half the smallest that other studies print for the same scale, or for
      the same outcome in the same unit (then at least two studies); a note if it is below half the
      median and, multiplied by the root of n, like theirs.
    - P_VALUE (`meta.evidence.retest`): t tests of the arms, or four tests of a 2x2 table, for
      parallel trials. A flag if the two p-values lie on two sides of 0.05, or differ by more than
      a factor of 2 and are not both below 0.01. An adjusted test can differ for good reasons.
    - CI_CENTRE: on the log scale for ratios; a flag above a tenth of half the interval's width.
    - CHANGE_SD: within-person correlation implied by three SDs, see `meta.evidence.row_pairs`.
    - SAME_FIGURES: at least four equal figures in two studies that are not declared one trial.

    References
    ----------
    Brown NJL, Heathers JAJ (2017). The GRIM test. Social Psychological and Personality Science
    8(4):363-369. doi:10.1177/1948550616673876

    Anaya J (2016). The GRIMMER test. PeerJ Preprints 4:e2400v1. doi:10.7287/peerj.preprints.2400v1

    Examples
    --------
    >>> import meta
    >>> found = meta.check_trustworthiness(meta.load_evidence("data"))
    >>> trial = found[(found.study_id == "rajizadeh2017") & (found.check == "GRIM")]
    >>> print(trial.arithmetic.iloc[-1])
    11.26 x 26 = 292.76, and whole scores add up to a multiple of 1: the nearest possible means are
    11.2308 and 11.2692.
    """
    if isinstance(evidence, Evidence):
        frame = evidence.select()
        entry = _entry_criteria(evidence)
    else:
        frame = evidence
        entry = {}
    if "study_id" not in frame:
        raise DataError(
            "check_trustworthiness: the table has no column study_id; give rows of "
            "Evidence.select, or name the study of each row"
        )
    names = [str(name) for name in frame.columns]
    rows = [
        Reported(dict(zip(names, cells, strict=True)))
        for cells in frame.itertuples(index=False, name=None)
    ]
    found = list(_within_rows(rows, entry))
    found.extend(changes(rows))
    found.extend(repeated_figures(rows))
    order = {row.text("result_id"): number for number, row in enumerate(rows)}
    found.sort(key=lambda finding: order.get(finding.result_id, len(rows)))
    if isinstance(evidence, Evidence):
        found.extend(reports_of_one_trial(evidence.trials))
        found.extend(_published(evidence))
    return pd.DataFrame([asdict(finding) for finding in found], columns=_COLUMNS, dtype="str")


def _within_rows(
    rows: Sequence[Reported], entry: dict[tuple[str, str], EntryBounds]
) -> Iterator[Finding]:
    spreads = _Spreads(rows)
    for row in rows:
        yield from granularity(row)
        bounds = entry.get((row.text("study_id"), row.text("instrument_id")))
        yield from score_range(row, bounds)
        yield from small_spread(row, *spreads.of_others(row))
        yield from recomputed_p(row)
        yield from lopsided_interval(row)
        yield from numbers_of_people(row)
        yield from percentages(row)


class _Spreads:
    """The SDs that studies print, by quantity and unit."""

    def __init__(self, rows: Sequence[Reported]) -> None:
        self._held: dict[tuple[str, str, str], list[tuple[str, float]]] = {}
        for row in rows:
            for mean in row.means():
                if mean.sd is not None and mean.sd > 0:
                    printed = (row.text("study_id"), mean.sd)
                    self._held.setdefault(self._quantity(row), []).append(printed)

    @staticmethod
    def _quantity(row: Reported) -> tuple[str, str, str]:
        # changes vary less or more than scores: they are compared with changes only
        form = "change" if "change" in row.text("result_type") else "score"
        return row.text("instrument_id") or row.text("outcome"), row.text("effect_unit"), form

    def of_others(self, row: Reported) -> tuple[list[float], str]:
        """Return the SDs of the other studies and their names; none if they are too few.

        The changes of a blood value depend on who was studied, those of a scale less: the former
        are not compared, nor are shares, whose SD moves with their size.
        """
        study, scale, kind = (
            row.text(name) for name in ("study_id", "instrument_id", "result_type")
        )
        if kind not in ("post", "change") or (kind == "change" and not scale):
            return [], ""
        held = [(name, sd) for name, sd in self._held.get(self._quantity(row), []) if name != study]
        studies = list(dict.fromkeys(name for name, _ in held))
        if len(studies) < (1 if scale else 2):
            return [], ""
        return [sd for _, sd in held], ", ".join(studies)


def _entry_criteria(evidence: Evidence) -> dict[tuple[str, str], EntryBounds]:
    """Return lowest and highest score at entry; an open side ends where the scale does."""
    if not {"entry_criteria", "instruments"} <= set(evidence.names):
        return {}
    criteria = evidence.entry_criteria.merge(
        evidence.instruments[["instrument_id", "min", "max"]], on="instrument_id", how="left"
    )
    criteria["low"] = criteria["low"].fillna(criteria["min"])
    criteria["high"] = criteria["high"].fillna(criteria["max"])
    closed = criteria.dropna(subset=["low", "high"])
    keys = zip(closed["study_id"].astype(str), closed["instrument_id"].astype(str), strict=True)
    bounds = zip(closed["low"].astype(float), closed["high"].astype(float), strict=True)
    return dict(zip(keys, bounds, strict=True))


def _published(evidence: Evidence) -> Iterator[Finding]:
    judged = evidence.optional("risk_of_bias", "tool")
    for row in judged[judged["tool"].isin(_PUBLISHED)].itertuples(index=False):
        yield Finding(
            study_id=str(row.study_id),
            result_id="",
            check="CRITIQUE",
            verdict="flag" if row.judgement == "high" else "note",
            found=str(row.tool).replace("_", " "),
            arithmetic=f"{str(row.basis).rstrip('.')}.",
            source_url=str(row.source_url),
        )
