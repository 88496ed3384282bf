"""What do trials say of a claim that a treatment works, works fast, or is tolerated?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from meta.claims.claim_rows import (
    counted_rows,
    fitting_rows,
    labels_of,
    rows_by_id,
    vote,
)
from meta.claims.claim_test import ClaimTest
from meta.claims.how_sure import by_studies, graded
from meta.claims.kind import Kind
from meta.claims.reasons import (
    answer_of_effect,
    chosen_clause,
    form_clause,
    mid_clause,
    nobody,
    nobody_counts,
    one_data_set,
    own_scale,
    published_pools,
    quality_clauses,
    sets_text,
    votes_clause,
    votes_text,
)
from meta.claims.ruling import Case, Claim, Ruling, figures
from meta.claims.sensitivity import check_table
from meta.claims.trial_sets import (
    Orient,
    TrialSets,
    advantage_of,
    own_form_sides,
    rests_on,
    trial_sets,
)
from meta.claims.verdicts import (
    HALF,
    MIN_TRIALS,
    NEITHER,
    OVERSTATED,
    SUPPORTED,
    UNRESOLVED,
    Oriented,
    judge_superiority,
    judge_tolerability,
    lean_of_superiority,
    lean_of_tolerability,
    lean_of_votes,
)
from meta.evidence.question import chosen_by
from meta.evidence.tables import Evidence
from meta.synthesis.models.pooled import Pooled
from meta.wording import brief, in_words, listed, lower_first, sentences


def superiority(case: Case) -> Ruling:
    """Judge "better than the control" by :func:`meta.claims.verdicts.judge_superiority`."""
    return _superiority(case, fitting_rows(case.test, case.evidence))


def _superiority(case: Case, fitting: pd.DataFrame) -> Ruling:
    rows = counted_rows(fitting, case.evidence)
    if rows.empty:
        return nobody_counts(case, fitting)
    found = trial_sets(case, rows)
    judge = partial(judge_superiority, mid=case.mid, called_large=case.test.strength == "large")
    verdict = found.verdict(judge, advantage_of)
    leans = _leans(found, case) if verdict == UNRESOLVED else NEITHER
    fit = found.primary.fit
    return Ruling(
        verdict=verdict,
        leans=leans,
        answer=answer_of_effect(
            verdict, leans, found, other_side=fit is not None and advantage_of(fit).high < 0
        ),
        details=sentences(
            case.test.reading,
            *sets_text(found, case),
            mid_clause(case) if found.primary.k >= MIN_TRIALS else "",
            one_data_set(found),
            chosen_clause(case),
            form_clause(rows, case),
            *quality_clauses(rows if fit is None else fit.effects.table, case),
            votes_clause(found, case),
            *own_scale(found, case),
            *published_pools(case),
        ),
        **graded(case, fit, case.mid),
        **_figures(case, found),
        **_chance(found, advantage_of, "the mean effect is on the side of the claim"),
    )


def _leans(found: TrialSets, case: Case) -> str:
    """Say to which side the trials lean; a named form must be on that side, too."""
    primary = found.primary.oriented(advantage_of, MIN_TRIALS)
    if primary is None:
        sides = found.votes
        leans = lean_of_votes(len(sides.treated), len(sides.control), len(sides.neither))
    else:
        leans = lean_of_superiority(primary, found.trusted.oriented(advantage_of, 2))
    if case.names_form and leans not in own_form_sides(found, case, advantage_of):
        return NEITHER
    return leans


def _chance(found: TrialSets, orient: Orient, words: str) -> dict[str, Any]:
    """Return how probable it is that the mean lies above 0, where trials are pooled."""
    mean = found.primary.oriented(orient, MIN_TRIALS)
    if mean is None:
        return {}
    return {"probability": mean.probability_above, "probability_of": words}


def _figures(case: Case, found: TrialSets) -> dict[str, Any]:
    """Return the figures of a ruling; one or two trials are shown and not pooled."""
    fit = found.primary.fit
    shared: dict[str, Any] = {
        "left_out": found.excluded,
        "k": found.primary.k,
        "used": found.rows if fit is None else fit.effects.table,
        "depends_on": rests_on(found, case),
        "checks": partial(check_table, case, found.rows),
    }
    if fit is None or fit.k < MIN_TRIALS:
        return shared
    estimate, low, high = map(fit.scale.to_reader, (fit.estimate, fit.ci_low, fit.ci_high))
    shared |= figures(real=(float(estimate), float(low), float(high)))
    return shared | {"scale": fit.scale.label, "n_total": fit.n_total, "fit": fit}


def tolerability(case: Case) -> Ruling:
    """Judge "well tolerated" from the excess of unwanted effects.

    The first outcome of the test decides; each further one has a line of its own and is not pooled
    with it.
    """
    evidence, test = case.evidence, case.test
    fitting = fitting_rows(test, evidence)
    every = counted_rows(fitting, evidence)
    if every.empty:
        return nobody_counts(case, fitting)
    rows = every[every["outcome"] == test.outcome[0]].reset_index(drop=True)
    found = trial_sets(case, rows)
    margin = test.margin or 0.0
    verdict = found.verdict(partial(judge_tolerability, margin=margin), _excess_of)
    fit = found.primary.fit
    leans = NEITHER
    if verdict == UNRESOLVED and (excess := found.primary.oriented(_excess_of, MIN_TRIALS)):
        leans = lean_of_tolerability(excess, margin)
        if case.names_form and leans not in own_form_sides(found, case, advantage_of):
            leans = NEITHER
    return Ruling(
        verdict=verdict,
        leans=leans,
        answer=_answer_of_tolerability(verdict, found, margin),
        details=sentences(
            case.test.reading,
            _own_form_first(every, case),
            *sets_text(found, case),
            f"an excess of {brief(100 * margin)} in 100 people is taken to matter"
            f" ({test.margin_source})"
            if fit is not None and test.margin
            else "",
            form_clause(rows, case),
            votes_text(found.votes, case, unwanted=True) if found.votes.k > found.primary.k else "",
            *_further(every, case),
        ),
        **graded(case, fit, margin or None),
        **_figures(case, found),
        **_chance(
            found,
            lambda fit: advantage_of(fit).minus(-margin),
            f"the mean excess stays below {brief(100 * margin)} in 100",
        ),
    )


def _excess_of(fit: Pooled) -> Oriented:
    return -advantage_of(fit)


def _answer_of_tolerability(verdict: str, found: TrialSets, margin: float) -> str:
    if verdict == SUPPORTED:
        return "Trials show no more unwanted effects than with the control."
    if found.primary.k == 0:
        return "It was looked at, but no trial gives counts that we can use."
    if verdict == UNRESOLVED:
        share = {0.1: "one more person in ten", 0.05: "one more person in twenty"}.get(margin)
        return f"Trials cannot rule out {share or 'more people'} with unwanted effects."
    return "Trials show more unwanted effects than with the control."


def _own_form_first(rows: pd.DataFrame, case: Case) -> str:
    """Let the trials of the form that the claim names speak first."""
    form = case.question.form
    if form is None or not case.names_form or not form.own(rows).any():
        return ""
    own = rows[form.own(rows)]
    return f"on {form.label}, {votes_text(vote(own), case, unwanted=True)}"


def _further(rows: pd.DataFrame, case: Case) -> list[str]:
    """Count each further outcome by itself."""
    lines = []
    for outcome in case.test.outcome[1:]:
        own = rows[rows["outcome"] == outcome]
        if len(own):
            name = case.outcome(outcome)["words"]
            lines.append(f"{name}: {votes_text(vote(own), case, unwanted=True)}")
    return lines


def onset(case: Case) -> Ruling:
    """Judge "works within so many days" from the readings made by then."""
    weeks = _weeks(case.claim)
    rows = fitting_rows(case.test, case.evidence)
    early = rows[rows["time_weeks"] <= weeks].reset_index(drop=True)
    beside = (_looked(case, weeks), *_outside(case, weeks), _uncontrolled(case))
    if early.empty:
        return replace(nobody(case), details=sentences(*beside))
    found = _superiority(case, early)
    return replace(found, details=sentences(found.details, *beside))


def _weeks(claim: Claim) -> float:
    per = {"days": 1 / 7, "weeks": 1.0, "months": 52 / 12}[str(claim["claimed_unit"])]
    return float(claim["claimed_value"]) * per


def early_rows(test: ClaimTest, evidence: Evidence) -> pd.DataFrame:
    """Choose the results of a test that were read within the time that the claim names."""
    rows, claims = fitting_rows(test, evidence), evidence.claims
    claim = claims[claims["claim_id"] == test.claim_id].iloc[0]
    return rows[
        rows["time_weeks"] <= _weeks({str(name): cell for name, cell in claim.items()})
    ].reset_index(drop=True)


def _looked(case: Case, weeks: float) -> str:
    """Say which trials are on record as having looked by then, whatever they print of it."""
    anywhere = replace(case.test, stratum=(), control=(), form=(), expect="", max_weeks=None)
    rows = counted_rows(fitting_rows(anywhere, case.evidence), case.evidence)
    early = rows[rows["time_weeks"] <= weeks].sort_values("time_weeks", kind="stable")
    if early.empty:
        return ""
    shown = [
        f"{row['label']} (week {brief(row['time_weeks'])})"
        for row in case.lookup.records(early.drop_duplicates("study_id"))
    ]
    return f"on record as having looked by week {brief(weeks)}: {listed(shown, 6)}"


def _outside(case: Case, weeks: float) -> list[str]:
    """Name the trials that looked by then and fail one filter of the question, with the reason."""
    rows, primary = case.lookup.rows, case.question.primary
    early = rows[rows["outcome"].isin(case.test.outcome) & (rows["time_weeks"] <= weeks)]
    said = []
    for column in filter(early.columns.__contains__, primary):
        others = {name: values for name, values in primary.items() if name != column}
        failing = early[chosen_by(others, early) & ~early[column].isin(primary[column])]
        for value, part in failing.dropna(subset=[column]).groupby(column):
            named = listed(labels_of(part), 6)
            said.append(f"outside the question: {named} ({case.label(column, str(value))})")
    return said


def _uncontrolled(case: Case) -> str:
    if not case.test.wider_result_ids:
        return ""
    rows = rows_by_id(case.test.wider_result_ids, case.evidence)
    return f"{listed(labels_of(rows), 6)} had nothing to compare with and does not count"


def evidence_strength(case: Case) -> Ruling:
    """Judge a claim about the evidence itself: compelling, some, or not enough."""
    found = superiority(case)
    rows = counted_rows(fitting_rows(case.test, case.evidence), case.evidence)
    if case.test.strength == "some":
        votes = vote(rows)
        better, said = len(votes.treated), votes.k - len(votes.not_stated)
        enough = better >= MIN_TRIALS and better > len(votes.control)
        enough = enough and better > HALF * said
        none = "none" if not votes.neither else in_words(len(votes.neither))
        answer = (
            f"Of {in_words(said)} trials that say, {in_words(better)} came out better on"
            f" {case.treatment} and {none} found no difference."
        )
        return replace(
            found,
            verdict=SUPPORTED if enough else UNRESOLVED,
            leans=NEITHER,
            answer=answer,
            **by_studies(rows, "a count of directions"),
        )
    settled = found.verdict == SUPPORTED
    if case.test.strength == "compelling":
        verdict = SUPPORTED if settled else OVERSTATED
        answer = (
            "The evidence is as strong as that."
            if settled
            else "The evidence is weaker than that: it does not settle whether it works."
        )
    else:
        verdict = UNRESOLVED if settled else SUPPORTED
        answer = (
            "The evidence is stronger than that."
            if settled
            else "That is so: the trials do not settle whether it works."
        )
    details = sentences(lower_first(found.answer), found.details)
    return replace(found, verdict=verdict, leans=NEITHER, answer=answer, details=details)


KINDS = {
    "superiority": Kind(
        words="that it works",
        rule=superiority,
        needs=("outcome",),
        selects=fitting_rows,
        pools=True,
        trusted=True,
    ),
    "tolerability": Kind(
        words="that it is well tolerated",
        rule=tolerability,
        needs=("outcome",),
        selects=fitting_rows,
        pools=True,
        trusted=True,
    ),
    "onset": Kind(
        words="that it works fast",
        rule=onset,
        needs=("outcome",),
        selects=early_rows,
        pools=True,
        trusted=True,
    ),
    "evidence_strength": Kind(
        words="how strong the evidence is",
        rule=evidence_strength,
        needs=("outcome",),
        selects=fitting_rows,
        pools=True,
    ),
}
