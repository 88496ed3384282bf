"""How is a verdict on trials put into words?"""

from __future__ import annotations

from scipy import stats

from meta.claims.finding import Finding
from meta.claims.pooled import Pool
from meta.claims.selection import GLYCINATE, Votes, labels_of
from meta.claims.sensitivity import (
    Check,
)
from meta.claims.tests import ClaimTest
from meta.claims.verdicts import (
    MIN_TRIALS,
    NO_TRIALS,
    OVERSTATED,
    SUPPORTED,
    UNRESOLVED,
    Interval,
)
from meta.claims.wording import (
    counted,
    figure,
    listing,
    lower_first,
    plain_list,
    sentence,
    with_interval,
    words,
)
from meta.evidence.reporting import doubted
from meta.evidence.tables import Evidence
from meta.synthesis.models.pooled import Pooled

Z = float(stats.norm.ppf(0.975))


# up to so many trials are named one by one
FEW = 4


def nobody(test: ClaimTest, evidence: Evidence) -> Finding:
    """Say that nobody measured it."""
    study = "study" if test.kind == "measured" else "randomised trial"
    searched = f"none of the {len(evidence.results)} results fits"
    if test.reading:
        named = f"no {study} in these tables measured {test.reading}"
        return Finding(verdict=NO_TRIALS, reason=sentence(named, searched))
    what = listing([words(name) for name in test.outcome], "or")
    form = listing(test.mg_form, "or")
    if test.stratum == ("magnesium_comparison",):
        named = f"no {study} in these tables set {form} against another salt and measured {what}"
        return Finding(verdict=NO_TRIALS, reason=sentence(named, searched))
    where = [f"on {form}"] if form else []
    if test.population:
        where.append(f"in people described by {listing(test.population, 'or')}")
    if test.background:
        where.append("with an antidepressant in both arms")
    named = f"no {study} in these tables measured {' '.join([what, *where])}"
    return Finding(verdict=NO_TRIALS, reason=sentence(named, searched))


def pooled_clause(fit: Pooled) -> str:
    """Say what was pooled and what came out."""
    side = ""
    if not fit.scale.log and fit.effects.lower_is_better is not None:
        side = f" ({'negative' if fit.effects.lower_is_better else 'positive'} favours magnesium)"
    estimate, low, high = (
        figure(float(fit.scale.to_reader(value)), 2)
        for value in (fit.estimate, fit.ci_low, fit.ci_high)
    )
    return (
        f"in {counted(fit.k, 'trial')}{_people(fit)} the {lower_first(fit.scale.label)} is"
        f" {estimate}, 95 % interval {low} to {high}{side}"
    )


def _people(fit: Pooled) -> str:
    return "" if fit.n_total is None else f" ({fit.n_total:,} people)"


def favoured(test: ClaimTest) -> str:
    """Name what stands against the control."""
    return "the tested form" if test.stratum == ("magnesium_comparison",) else "magnesium"


def verdict_clause(
    verdict: str,
    advantage: Interval,
    test: ClaimTest,
    counting: list[Check],
    differing: list[str],
) -> str:
    """Say which property of the figures decided."""
    made = counted(len(counting), "check")
    whole = f"the whole interval lies on the side of {favoured(test)}"
    if verdict == SUPPORTED:
        if test.kind == "tolerability":
            return (
                f"the interval stays below an excess of {figure(100 * (test.margin or 0))} in 100"
            )
        if not counting:
            return f"{whole}; too few trials are left to check it in any other way"
        return f"{whole}, and so it does in each of {made}"
    if verdict == OVERSTATED:
        if not differing:
            return f"that is less than {figure(test.margin or 0)}, the difference that matters"
        return f"{whole} here, but not {_failing(counting, differing)}"
    if verdict == UNRESOLVED:
        if test.kind == "tolerability":
            return (
                "the interval allows for no excess at all and for one of "
                f"{figure(100 * (test.margin or 0))} in 100"
            )
        return "the interval allows for no effect at all" + (
            f" and for one beyond {figure(test.margin)}, the difference that matters"
            if test.margin is not None and advantage.high >= test.margin
            else ""
        )
    if test.margin is not None and test.kind != "tolerability" and advantage.high >= 0:
        return (
            f"the whole interval lies within {figure(test.margin)} of no effect, the difference"
            " that matters"
        )
    return "the whole interval lies on the other side"


def _failing(counting: list[Check], differing: list[str]) -> str:
    parts = [
        f"{check.analysis} ({check.fit.effect_text()}, k = {check.fit.k})"
        for check in counting
        if check.analysis in differing and check.fit is not None
    ]
    return f"with {listing(parts, 'or')}"


def salt_clause(fit: Pooled) -> str:
    """Say how many trials used glycinate, unless all did."""
    if "mg_form" not in fit.effects.table:
        return ""
    own = int((fit.effects.table["mg_form"] == GLYCINATE).sum())
    return f"{'none' if own == 0 else own} of them used glycinate" if own < fit.k else ""


def chosen_clause(test: ClaimTest, evidence: Evidence) -> str:
    """Say which trials a test counts, where it does not take all of the outcome."""
    kinds = ["in the people of the claim"] if test.population else []
    if test.control == ("placebo",):
        kinds.append("against placebo")
    if not kinds and not test.left_out:
        return ""
    labels = evidence.trials.set_index("study_id")["label"]
    without = f"without {listing(labels[list(test.left_out)])}" if test.left_out else ""
    chosen = " ".join(["counted are trials", listing(kinds)]).strip()
    return f"{chosen}, {without}" if without else chosen


def quality_clause(fit: Pooled) -> str:
    """Say how many trials were open or carry an integrity flag."""
    table = fit.effects.table
    parts = []
    opened = int((table["blinding"] == "open").sum()) if "blinding" in table else 0
    if opened:
        verb = "was" if opened == 1 else "were"
        parts.append(f"{opened} {verb} open label (people knew what they took)")
    flagged = int(doubted(table["flag"]).sum())
    if flagged:
        verb = "carries" if flagged == 1 else "carry"
        parts.append(f"{flagged} {verb} an integrity flag (a doubt about the data)")
    return listing(parts)


def reading_clause(test: ClaimTest) -> str:
    """Say how the words of the claim are read, as the head of a clause."""
    return f"{test.reading}: " if test.reading else ""


def too_few_clause(found: Pool) -> str:
    """Show the effects of one or two trials one by one."""
    fit, test = found.fit, found.test
    if fit is None:
        trials = counted(found.votes.k, "trial")
        named = plain_list(labels_of(found.rows))
        if test.measure == "vote":
            own = found.rows["mg_form"].eq(GLYCINATE)
            salt = "none of them glycinate" if not own.any() else ""
            salt = salt or f"glycinate in {listing(labels_of(found.rows[own]))}"
            return (
                f"{trials} compared {listing(_outcomes(test), 'or')} ({named}; {salt}), and nothing"
                " is pooled"
            )
        verb = "prints no" if found.votes.k == 1 else "none prints a"
        return (
            f"{trials} compared {listing(_outcomes(test), 'or')} ({named}), and {verb} figure from"
            " which an effect follows"
        )
    label = lower_first(fit.scale.label)
    verb = "prints" if fit.k == 1 else "print"
    share = "one trial" if found.votes.k == 1 else f"{fit.k} of {found.votes.k} trials"
    return (
        f"{share} {verb} enough for an effect, and a verdict needs {MIN_TRIALS}:"
        f" {label} {listing(each_effect(fit))}"
    )


def _outcomes(test: ClaimTest) -> list[str]:
    return [words(name) for name in test.outcome]


def each_effect(fit: Pooled) -> list[str]:
    """Write the effect of each trial with its 95 % interval and its people."""
    texts = []
    for row in fit.effects.table.to_dict("records"):
        half = Z * float(row["sei"])
        centre, low, high = (
            float(fit.scale.to_reader(float(row["yi"]) + shift)) for shift in (0.0, -half, half)
        )
        shown = with_interval(centre, low, high)
        texts.append(f"{shown} in {row['label']}")
    return texts


def own_scale(found: Pool) -> list[str]:
    """Quote printed intervals that could not be brought to the common scale."""
    if not found.checks:
        return []
    inside = set() if found.fit is None else set(found.fit.effects.table["study_id"])
    rows = found.rows
    left = rows[rows["ci_low"].notna() & rows["ci_high"].notna() & ~rows["study_id"].isin(inside)]
    return [
        f"{row['label']} prints {figure(row['estimate'])} ({figure(row['ci_low'])} to"
        f" {figure(row['ci_high'])}) {row['effect_unit']} of {words(row['outcome'])}, on a scale of"
        " its own"
        for row in left.to_dict("records")
    ]


def votes_clause(found: Pool) -> str:
    """Count the sides of all trials, where they say more than what was pooled."""
    if found.votes.k <= found.k:
        return ""
    fewer = found.test.kind == "tolerability"
    return count_text(found.votes, favoured(found.test), fewer=fewer)


def count_text(votes: Votes, side: str = "magnesium", *, fewer: bool = False) -> str:
    """Count the sides of all trials, naming them where they are few."""
    verbs = (
        (f"fewer on {side}", "more", "as many on both", "no direction printed")
        if fewer
        else (f"lean to {side}", "to the control", "no difference", "no direction printed")
    )
    groups = (votes.treated, votes.control, votes.neither, votes.not_stated)
    if votes.k <= FEW:
        parts = [
            f"{listing(group)} ({verb})" for group, verb in zip(groups, verbs, strict=True) if group
        ]
        return f"as printed: {listing(parts)}"
    parts = [f"{len(group)} {verb}" for group, verb in zip(groups, verbs, strict=True) if group]
    return f"of all {votes.k} trials that compared it, significant or not: {', '.join(parts)}"


def published_pools(test: ClaimTest, evidence: Evidence) -> list[str]:
    """Quote what reviews printed for the outcome."""
    if not test.review_ids:
        return []
    reviews = evidence.reviews
    chosen = reviews[
        reviews["review_id"].isin(test.review_ids)
        & reviews["outcome"].isin(test.outcome)
        & reviews["ci_low"].notna()
        & reviews["ci_high"].notna()
    ]
    parts = [
        f"{row['label']} {words(row['outcome'])} {row['measure']} "
        f"{with_interval(row['estimate'], row['ci_low'], row['ci_high'])}"
        for row in chosen.to_dict("records")
    ]
    return [f"published pools: {listing(parts)}"] if parts else []
