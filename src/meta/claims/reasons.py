"""How is a verdict on trials put into words? One plain sentence first, then the figures."""

from __future__ import annotations

from typing import Any

import pandas as pd
from scipy.special import ndtri

from meta.claims.claim_rows import Votes, labels_of
from meta.claims.lookup import Record, lookup
from meta.claims.ruling import Case, Ruling
from meta.claims.trial_sets import TrialSet, TrialSets
from meta.claims.verdicts import (
    AGAINST,
    CONTRADICTED,
    FOR,
    MIN_TRIALS,
    NO_TRIALS,
    OVERSTATED,
    SUPPORTED,
    UNRESOLVED,
)
from meta.synthesis.models.pooled import Pooled
from meta.wording import (
    brief,
    counted,
    in_words,
    listed,
    lower_first,
    sentence,
    sentences,
    with_interval,
    words,
)

Z = float(ndtri(0.975))
# up to so many trials are named one by one
FEW = 4
# a first sentence stays short
MOST_WORDS = 20


def nobody(case: Case, *details: str, study: str = "trial") -> Ruling:
    """Say that no trial was found that measured it."""
    test = case.test
    form = listed(test.form, last="or")
    if test.reading:
        answer = f"no {study} that we found looked at {test.reading}"
    elif set(test.control) - set(case.question.primary.get("control", ())) and form:
        answer = f"no {study} that we found set {form} against another form for this"
    else:
        where = f" on {form}" if form else ""
        answer = f"no {study} that we found looked at {listed(case.outcomes, last='or')}{where}"
    looked = f"looked for: {listed(case.outcomes, last='or')}" if case.outcomes else ""
    if len(answer.split()) > MOST_WORDS:
        answer = f"no {study} that we found looked at this"
    return Ruling(
        verdict=NO_TRIALS,
        answer=sentence(answer),
        details=sentences("" if test.reading else looked, *details),
    )


def nobody_counts(case: Case, fitting: pd.DataFrame, *details: str) -> Ruling:
    """Say that nobody measured it, or that whoever did cannot be counted."""
    if fitting.empty:
        return nobody(case, *details)
    flags = listed(
        dict.fromkeys(f"{row['label']}: {row['flag']}" for row in case.lookup.records(fitting))
    )
    return Ruling(
        verdict=UNRESOLVED,
        answer="It was measured, but the data are not good enough to count.",
        details=sentence(flags),
    )


def benchmark_rows(case: Case) -> list[Record]:
    """Return the yardsticks of a test, in its order."""
    return [case.lookup.benchmarks[name] for name in case.test.benchmark_ids]


def review_rows(case: Case) -> list[Record]:
    """Return the published results of a test that have an interval."""
    return [
        row
        for row in case.lookup.reviews
        if row["review_id"] in case.test.review_ids
        and row["outcome"] in case.test.outcome
        and pd.notna(row["ci_low"])
        and pd.notna(row["ci_high"])
    ]


def answer_of_effect(verdict: str, leans: str, found: TrialSets, *, other_side: bool) -> str:
    """Say in one plain sentence what trials show of an effect."""
    primary, trusted = found.primary.k, found.trusted.k
    if verdict == SUPPORTED:
        return "Trials show it, the ones that we trust most included."
    if verdict == OVERSTATED:
        return "There is an effect, but a smaller one than would matter."
    if verdict == CONTRADICTED:
        return "Trials point the other way." if other_side else "Trials show no effect of any use."
    if primary == 0:
        return "It was tested, but no trial gives a figure that we can use."
    if primary < MIN_TRIALS:
        give = "trial gives" if primary == 1 else "trials give"
        return f"Only {in_words(primary)} {give} a figure that we can use, too few to decide."
    side = {FOR: "lean towards a benefit", AGAINST: "lean against a benefit"}.get(leans)
    if trusted < MIN_TRIALS:
        few = "too few of them can be trusted to decide"
        return f"Trials {side}, but {few}." if side else f"Trials exist, but {few}."
    return f"Trials {side}, but do not settle it." if side else "The trials do not settle it."


def sets_text(found: TrialSets, case: Case) -> list[str]:
    """Give the figures of every trial and of the trusted ones."""
    fit = found.primary.fit
    if fit is None:
        return []
    side = ""
    if not fit.scale.log and fit.effects.lower_is_better is not None:
        below = "below" if fit.effects.lower_is_better else "above"
        side = f" ({below} 0 favours {case.treatment})"
    label = lower_first(fit.scale.label)
    return [
        f"{trials_text(found.primary)}: {label} {figures_text(found.primary)}{side}",
        *heavy_clause(found.primary),
        *trusted_text(found, case),
    ]


def trusted_text(found: TrialSets, case: Case, digits: int = 2) -> list[str]:
    """Give the figures of the trusted trials beside those of every trial."""
    fit, trusted = found.primary.fit, found.trusted
    if fit is not None and trusted.fit is fit:
        return [f"{'it is' if fit.k == 1 else 'all of them are'} {trusted_words(case)}"]
    if trusted.k == 0:
        return [f"none of them is {trusted_words(case)}"]
    head = f"{counted(trusted.k, 'trial')} {'is' if trusted.k == 1 else 'are'}"
    shown = "" if trusted.fit is None else f": {figures_text(trusted, digits)}"
    return [f"{head} {trusted_words(case)}{shown}", *heavy_clause(trusted, digits)]


def trusted_words(case: Case) -> str:
    """Say what a trusted trial is."""
    known = lookup(case.evidence).rows
    # a column that the folder lacks chooses nobody
    filters = {name: taken for name, taken in case.question.trusted.items() if name in known}
    control = filters.pop("control", ())
    if case.test.control and not set(case.test.control) & set(control):
        control = case.test.control
    kinds = [f"{words(value)}-blind" for value in filters.get("blinding", ())]
    against = f"against {listed(map(words, control), last='or')}" if control else ""
    return listed(filter(None, [*kinds, against, "without an integrity flag"]))


def trials_text(found: TrialSet) -> str:
    """Count the trials that give a figure, and their people."""
    assert found.fit is not None
    people = "" if found.fit.n_total is None else f" ({found.fit.n_total:,} people)"
    verb = "gives" if found.k == 1 else "give"
    return f"{counted(found.k, 'trial')}{people} {verb} a figure"


def figures_text(found: TrialSet, digits: int = 2) -> str:
    """Write a pooled effect with its interval; one or two trials are written one by one."""
    fit = found.fit
    assert fit is not None
    if fit.k < MIN_TRIALS:
        return listed(each_effect(fit, digits))
    estimate, low, high = (
        brief(float(fit.scale.to_reader(value)), digits)
        for value in (fit.estimate, fit.ci_low, fit.ci_high)
    )
    return f"{estimate}, 95 % interval {low} to {high}"


def heavy_clause(found: TrialSet, digits: int = 2) -> list[str]:
    """Show what is left without a trial that holds more than half of the weight."""
    if found.without is None:
        return []
    rest = TrialSet(fit=found.without)
    share = brief(found.heaviest_weight, 0)
    return [
        f"{found.heaviest} holds {share} % of the weight; without it {figures_text(rest, digits)}"
    ]


def each_effect(fit: Pooled, digits: int = 2) -> list[str]:
    """Write the effect of each trial with its 95 % interval."""
    texts = []
    for effect, se, label in zip(fit.effects.yi, fit.effects.sei, fit.effects.labels, strict=True):
        shifts = (0.0, -Z * se, Z * se)
        centre, low, high = (float(fit.scale.to_reader(effect + shift)) for shift in shifts)
        texts.append(f"{with_interval(centre, low, high, digits)} in {label}")
    return texts


def form_clause(rows: pd.DataFrame, case: Case) -> str:
    """Say which trials used the form of the question, unless all did or the claim names none."""
    form = case.question.form
    if form is None or form.column not in rows:
        return ""
    trials = rows.drop_duplicates("study_id")
    own = trials[form.own(trials)]
    if len(own) == len(trials):
        return ""
    if own.empty:
        return f"none of these trials is known to have used {form.label}"
    return f"{form.label} was used in {listed(labels_of(own), 6)}"


def chosen_clause(case: Case) -> str:
    """Say which trials a test counts, where it does not take every one of the outcome."""
    chosen = ["in the people that the claim names"] if case.test.population else []
    if case.test.control and set(case.test.control) < set(case.question.primary["control"]):
        chosen.append(f"against {listed(map(words, case.test.control), last='or')}")
    return f"only trials {listed(chosen)} count here" if chosen else ""


def quality_clauses(rows: pd.DataFrame, case: Case) -> list[str]:
    """Say how many trials were open, and which stand in doubt."""
    trials = rows.drop_duplicates("study_id")
    parts = []
    opened = int((trials["blinding"] == "open").sum()) if "blinding" in trials else 0
    if opened:
        parts.append(f"in {counted(opened, 'trial')} people knew what they took")
    flagged = trials["study_id"].isin(case.lookup.flagged)
    if flagged.any():
        carry = "carries" if flagged.sum() == 1 else "carry"
        parts.append(f"{listed(labels_of(trials[flagged]), 6)} {carry} an integrity flag")
    return parts


def mid_clause(case: Case) -> str:
    """Say which difference is taken to matter, and where that is from."""
    if case.mid is None:
        return ""
    source = case.outcome(case.test.outcome[0]).get("mid_source", "")
    return f"a difference of {brief(case.mid)} is taken to matter ({lower_first(str(source))})"


def votes_clause(found: TrialSets, case: Case) -> str:
    """Count the sides of all trials, where they say more than what was pooled."""
    return votes_text(found.votes, case) if found.votes.k > found.primary.k else ""


def votes_text(votes: Votes, case: Case, *, unwanted: bool = False) -> str:
    """Count the sides of all trials, naming them where they are few."""
    verbs = (
        ("fewer on {0}", "more on {0}", "no difference", "no direction given")
        if unwanted
        else ("better on {0}", "worse on {0}", "no difference", "no direction given")
    )
    groups = (votes.treated, votes.control, votes.neither, votes.not_stated)
    said = [
        (group, verb.format(case.treatment))
        for group, verb in zip(groups, verbs, strict=True)
        if group
    ]
    if votes.k <= FEW:
        return f"in words: {listed(f'{listed(group)} ({verb})' for group, verb in said)}"
    counts = ", ".join(f"{len(group)} {verb}" for group, verb in said)
    return f"of all {votes.k} trials, significant or not: {counts}"


def said_by_trials(rows: pd.DataFrame, case: Case) -> str:
    """Quote what each of a few results says of the comparison."""
    sides = {
        "treated": f"better on {case.treatment}",
        "control": f"worse on {case.treatment}",
        "neither": "no difference",
        "not_stated": "no direction given",
    }
    said = rows[rows["favours"].notna()]
    parts = [
        f"{listed(str(case.outcome(name)['words']) for name in dict.fromkeys(part['outcome']))}"
        f" ({sides[str(side)]})"
        for side, part in said.groupby("favours", sort=False)
    ]
    return f"in words: {listed(parts)}" if parts else ""


def own_scale(found: TrialSets, case: Case) -> list[str]:
    """Quote printed intervals that could not be brought to the common scale."""
    if case.test.measure == "vote":
        return []
    fit = found.primary.fit
    inside: set[Any] = set() if fit is None else set(fit.effects.table["study_id"])
    rows = found.rows
    left = rows[rows["ci_low"].notna() & rows["ci_high"].notna() & ~rows["study_id"].isin(inside)]
    return [
        f"{row['label']}, on a scale of its own: {brief(row['estimate'])}"
        f" ({brief(row['ci_low'])} to {brief(row['ci_high'])}) {row['effect_unit']} of"
        f" {case.outcome(row['outcome'])['words']}"
        for row in case.lookup.records(left)
    ]


def published_pools(case: Case) -> list[str]:
    """Quote what reviews found for the outcome."""
    parts = [
        f"{row['label']}, {case.outcome(row['outcome'])['words']}, {row['measure']} "
        f"{with_interval(row['estimate'], row['ci_low'], row['ci_high'])}"
        for row in review_rows(case)
    ]
    return [f"published reviews: {listed(parts)}"] if parts else []


def one_data_set(found: TrialSets) -> str:
    """Say where several scores are known only from one secondary data set."""
    fit = found.primary.fit
    if fit is None or "source_kind" not in fit.effects.table:
        return ""
    table = fit.effects.table
    shared = table[table["source_kind"] == "secondary_review"]["source_url"].value_counts()
    if shared.empty or shared.iloc[0] < 2:
        return ""
    many = int(shared.iloc[0])
    share = "all of them" if many == fit.k else f"{in_words(many)} of them"
    return f"the scores of {share} are known only from one secondary data set"
