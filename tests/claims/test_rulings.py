"""Each rule on trials made for it, whose answer is known beforehand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import special, stats

import meta
from meta.claims.assess import assess
from meta.claims.assessment import Assessment
from meta.claims.ruling import ratio_of
from meta.claims.verdicts import Oriented
from meta.evidence.tables import Evidence

World = Callable[..., Evidence]
CLAIM = "a0-c01"


def ruled(evidence: Evidence) -> Assessment:
    return assess(CLAIM, evidence)


def means(*treated: float, **cells: object) -> list[dict[str, object]]:
    return [{"mean_t": mean, **cells} for mean in treated]


def hedges(difference: float, n: int = 50) -> tuple[float, float]:
    """Standardised difference of two arms of n with a standard deviation of 1, and its variance."""
    half = (2 * n - 2) / 2
    j = np.exp(special.gammaln(half) - special.gammaln(half - 0.5)) / np.sqrt(half)
    g = j * difference
    return g, 2 / n + g**2 / (4 * n)


def pooled(*effects: tuple[float, float]) -> meta.Pooled:
    return meta.pool(*np.transpose(effects), ci_method="HK-adhoc")


CLEAR = means(9.0, 9.2, 9.1)


def test_three_alike_support_a_claim(world: World) -> None:
    found, by_hand = ruled(world(CLEAR, {})), pooled(*map(hedges, (-1.0, -0.8, -0.9)))
    assert (found.verdict, found.leans, found.k, found.n_total) == ("supported", "neither", 3, 300)
    shown = (found.estimate, found.ci_low, found.ci_high)
    assert shown == pytest.approx((by_hand.estimate, by_hand.ci_low, by_hand.ci_high))
    # the probability that the mean is below 0: t with two degrees of freedom
    sure = stats.t.cdf(-by_hand.estimate / by_hand.se, 2)
    assert found.probability == pytest.approx(sure)
    assert "Three trials (300 people) give a figure" in found.reason
    assert "(below 0 favours magnesium)" in found.reason
    assert "All of them are double-blind" in found.reason
    assert found.depends_on == ()


@pytest.mark.parametrize(
    ("trials", "test", "verdict", "leans", "answer"),
    [
        (means(11.0, 10.8, 10.9), {}, "contradicted", "neither", "Trials point the other way."),
        # six with an interval of 0.2 about nothing, inside the important difference of 0.44
        (means(10, 10, 10, 10, 10, 10), {}, "contradicted", "neither",
         "Trials show no effect of any use."),
        (means(*[9.75] * 6), {"strength": "large"}, "overstated", "neither",
         "There is an effect, but a smaller one than would matter."),
        (means(*[9.75] * 6), {}, "supported", "neither",
         "Trials show it, the ones that we trust most included."),
        (means(9.0, 9.1), {}, "unresolved", "neither",
         "Only two trials give a figure that we can use, too few to decide."),
        (means(9.0), {}, "unresolved", "neither",
         "Only one trial gives a figure that we can use, too few to decide."),
        (means(9.0, 9.4, 9.8), {}, "unresolved", "for",
         "Trials lean towards a benefit, but do not settle it."),
        (means(11.0, 10.6, 10.2), {}, "unresolved", "against",
         "Trials lean against a benefit, but do not settle it."),
        (means(9.5, 10.0, 10.5), {}, "unresolved", "neither", "The trials do not settle it."),
    ],
)  # fmt: skip
def test_what_trials_say(
    world: World, trials: list, test: dict, verdict: str, leans: str, answer: str
) -> None:
    found = ruled(world(trials, test))
    assert (found.verdict, found.leans, found.answer) == (verdict, leans, answer)


@pytest.mark.parametrize(
    ("doubt", "said"),
    [
        ({"blinding": "open"}, "In one trial people knew what they took."),
        ({"flag": "integrity: copied rows"}, "Study 1 carries an integrity flag."),
    ],
)
def test_two_trusted_trials_decide_nothing(world: World, doubt: dict, said: str) -> None:
    found = ruled(world([CLEAR[0] | doubt, *CLEAR[1:]], {}))
    assert (found.verdict, found.leans) == ("unresolved", "for")
    assert found.answer == (
        "Trials lean towards a benefit, but too few of them can be trusted to decide."
    )
    assert "Two trials are double-blind" in found.reason
    assert said in found.reason
    doubted = ("trials under an integrity flag (Study 1)",) if "flag" in doubt else ()
    assert found.depends_on == doubted


def test_a_study_with_more_than_half_of_the_weight_is_left_out_once(world: World) -> None:
    heavy = {"n_t": 400, "n_c": 400}
    found = ruled(world([{"mean_t": 9.6, **heavy}, *means(9.5, 9.7)], {}))
    effects = [hedges(-0.4, 400), hedges(-0.5), hedges(-0.3)]
    weight = pooled(*effects).weights[0]
    assert weight > 50
    rest = pooled(*effects[1:])
    assert rest.ci_low < 0 < rest.ci_high
    assert found.verdict == "unresolved"
    assert f"Study 1 holds {weight:.0f} % of the weight; without it" in found.reason
    assert found.depends_on == (f"Study 1, with {weight:.0f} % of the weight",)


@pytest.mark.parametrize(
    ("same", "said"),
    [(2, "two of them are known only from one"), (3, "all of them are known only from one")],
)
def test_scores_from_one_secondary_data_set(world: World, same: int, said: str) -> None:
    second = {"source_kind": "secondary_review", "source_url": "https://example.org/set"}
    found = ruled(world([CLEAR[i] | (second if i < same else {}) for i in range(3)], {}))
    assert f"The scores of {said} secondary data set." in found.reason
    named = {2: "Study 1 and Study 2", 3: "Study 1, Study 2 and Study 3"}[same]
    assert found.depends_on == (f"one secondary data set ({named})",)
    alone = ruled(world([CLEAR[0] | second, *CLEAR[1:]], {}))
    assert "data set" not in alone.reason + str(alone.depends_on)


SILENT = {"mean_c": None, "sd_t": None, "sd_c": None, "n_t": None, "n_c": None}


@pytest.mark.parametrize(
    ("sides", "leans"),
    [
        (("treated", "treated", "treated", "control"), "for"),
        (("control", "control", "treated"), "against"),
        (("treated", "treated", "control", "control"), "neither"),
        (("treated", "treated"), "neither"),
    ],
)
def test_directions_speak_where_there_is_no_figure(world: World, sides: tuple, leans: str) -> None:
    found = ruled(world([SILENT | {"favours": side} for side in sides], {}))
    assert (found.verdict, found.leans, found.k) == ("unresolved", leans, 0)
    assert found.answer == "It was tested, but no trial gives a figure that we can use."
    assert np.isnan(found.estimate)


def test_nobody_and_nobody_to_be_counted(world: World) -> None:
    elsewhere = ruled(world(means(9.0, population_group="insomnia"), {}))
    assert elsewhere.verdict == "no_trials"
    assert elsewhere.answer == "No trial that we found looked at depression."
    barred = ruled(world(means(9.0, barred="data", flag="integrity: copied rows"), {}))
    assert (barred.verdict, barred.k) == ("unresolved", 0)
    assert barred.reason == (
        "It was measured, but the data are not good enough to count."
        " Study 1: integrity: copied rows."
    )


@pytest.mark.parametrize(
    ("own", "favours", "leans"),
    [(9.2, "treated", "for"), (10.3, "control", "neither"), (9.2, None, "for")],
)
def test_a_form_that_is_named_must_be_on_the_side_of_the_lean(
    world: World, own: float, favours: str | None, leans: str
) -> None:
    named = {"intervention": "magnesium glycinate"}
    others = means(9.0, 9.8) if own < 10 else means(9.0, 9.1)
    trials = [{"mean_t": own, "mg_form": "glycinate", "favours": favours}, *others]
    found = ruled(world(trials, {}, named))
    assert (found.verdict, found.leans) == ("unresolved", leans)
    assert "Glycinate was used in Study 1." in found.reason
    # another claim about the same trials, which names no form
    assert ruled(world(trials, {}, {"intervention": "magnesium"})).leans == "for"


@pytest.mark.parametrize(
    ("strength", "clear", "unclear"),
    [
        ("compelling", "supported", "overstated"),
        ("not_enough", "unresolved", "supported"),
    ],
)
def test_claims_about_the_evidence_itself(
    world: World, strength: str, clear: str, unclear: str
) -> None:
    test = {"kind": "evidence_strength", "strength": strength}
    assert ruled(world(CLEAR, test)).verdict == clear
    assert ruled(world(means(9.0, 9.9, 10.2), test)).verdict == unclear


@pytest.mark.parametrize(
    ("sides", "verdict", "counts"),
    [
        ("ttt", "supported", "Of three trials that say, three came out better on magnesium and"
         " none found no difference."),
        ("ttcn", "unresolved", "Of four trials that say, two came out better on magnesium and one"
         " found no difference."),
        # exactly half is not more than half, and two are too few
        ("tttccn", "unresolved", "Of six trials that say, three came"),
        ("tttcc", "supported", "Of five trials that say, three came"),
        ("tt", "unresolved", "Of two trials that say, two came"),
        ("tttccc", "unresolved", "Of six trials that say, three came"),
    ],
)  # fmt: skip
def test_some_evidence_is_a_count_of_directions(
    world: World, sides: str, verdict: str, counts: str
) -> None:
    words = {"t": "treated", "c": "control", "n": "neither"}
    trials = [SILENT | {"favours": words[side]} for side in sides]
    found = ruled(world(trials, {"kind": "evidence_strength", "strength": "some"}))
    assert found.verdict == verdict
    assert found.answer.startswith(counts)


def test_works_within_so_many_days_counts_readings_until_then(world: World) -> None:
    weeks = [1.0, 2.0, 2.0, 2.1]
    trials = [
        {"mean_t": mean, "time_weeks": week}
        for mean, week in zip([9.2, 9.0, 9.1, 5.0], weeks, strict=True)
    ]
    found = ruled(world(trials, {"kind": "onset"}, {"claimed_value": 14, "claimed_unit": "days"}))
    assert (found.verdict, found.k) == ("supported", 3)
    assert (
        "On record as having looked by week 2: Study 1 (week 1), Study 2 (week 2) and Study 3"
        in found.reason
    )
    for value, unit, k in ((2, "weeks", 3), (1, "weeks", 1), (1, "months", 4), (0.4, "months", 1)):
        claim = {"claimed_value": value, "claimed_unit": unit}
        assert ruled(world(trials, {"kind": "onset"}, claim)).k == k
    late = world(means(9.0, time_weeks=9.0), {"kind": "onset"},
                 {"claimed_value": 2, "claimed_unit": "months"})  # fmt: skip
    assert ruled(late).verdict == "no_trials"


def test_who_looked_early_outside_the_question_is_named_with_the_reason(world: World) -> None:
    trials = means(9.0, 9.1, 9.2, time_weeks=1.0)
    trials[1]["route"] = "iv"
    trials[2]["randomised"] = "no"
    found = ruled(world(trials, {"kind": "onset"}, {"claimed_value": 7, "claimed_unit": "days"}))
    assert found.k == 1
    assert "Outside the question: Study 2 (into a vein)." in found.reason
    assert "Outside the question: Study 3 (" in found.reason


def counts(*events: tuple[int, int], n: int = 100) -> list[dict[str, object]]:
    return [
        {"events_t": treated, "events_c": control, "n_t": n, "n_c": n, "mean_c": None, "sd_t": None,
         "sd_c": None, "result_type": "events", "outcome": "any_adverse_event"}
        for treated, control in events
    ]  # fmt: skip


TOLERATED = {"kind": "tolerability", "outcome": "any_adverse_event", "measure": "RD"}


@pytest.mark.parametrize(
    ("events", "margin", "verdict", "answer"),
    [
        ([(10, 10), (12, 12), (11, 11), (9, 9)], 0.1, "supported",
         "Trials show no more unwanted effects than with the control."),
        ([(40, 10), (42, 12), (41, 11)], 0.1, "contradicted",
         "Trials show more unwanted effects than with the control."),
        ([(10, 10), (12, 12), (11, 11)], 0.05, "unresolved",
         "Trials cannot rule out one more person in twenty with unwanted effects."),
        ([(20, 10), (22, 12), (11, 11)], 0.1, "unresolved",
         "Trials cannot rule out one more person in ten with unwanted effects."),
        ([(10, 10), (12, 12), (11, 11)], 0.03, "unresolved",
         "Trials cannot rule out more people with unwanted effects."),
    ],
)  # fmt: skip
def test_well_tolerated(
    world: World, events: list, margin: float, verdict: str, answer: str
) -> None:
    found = ruled(world(counts(*events), TOLERATED | {"margin": margin, "margin_source": "us"}))
    assert (found.verdict, found.answer) == (verdict, answer)
    assert f"An excess of {100 * margin:g} in 100 people is taken to matter (us)." in found.reason
    # the difference of two shares, and the probability that it stays below the margin
    effects = []
    for treated, control in events:
        p, q = treated / 100, control / 100
        effects.append((p - q, p * (1 - p) / 100 + q * (1 - q) / 100))
    by_hand = pooled(*effects)
    assert found.estimate == pytest.approx(by_hand.estimate)
    z = (margin - by_hand.estimate) / by_hand.se
    assert found.probability == pytest.approx(stats.t.cdf(z, len(events) - 1))
    assert found.probability_of == f"the mean excess stays below {100 * margin:g} in 100"


def test_further_unwanted_effects_have_lines_of_their_own(world: World) -> None:
    trials = [*counts((10, 10), (12, 12), (11, 11)), *counts((9, 1), (8, 2))]
    for trial in trials[3:]:
        trial["outcome"] = "diarrhoea"
    test = TOLERATED | {"outcome": "any_adverse_event;diarrhoea", "margin": 0.1}
    found = ruled(world(trials, test))
    assert found.k == 3
    assert found.reason.count("iarrhoea: ") == 1
    alone = ruled(world(trials[:3], test))
    assert alone.estimate == found.estimate
    assert "iarrhoea: " not in alone.reason


def falls(*ends: tuple[float, float]) -> list[dict[str, object]]:
    base = {"base_mean_t": 20.0, "base_mean_c": 20.0, "base_sd_t": 1.0, "base_sd_c": 1.0}
    return [base | {"mean_t": treated, "mean_c": control} for treated, control in ends]


def net(treated: float, control: float) -> tuple[float, float]:
    """Net fall in percent of a start of 20, and its variance at a correlation of one half."""
    variance = 0.0
    for end in (treated, control):
        ratio = end / 20
        variance += 1e4 * (1 + ratio**2 - ratio) / (50 * 20**2)
    return 5 * (control - treated), variance


@pytest.mark.parametrize(
    ("ends", "claimed", "verdict", "leans"),
    [
        (((10, 15), (10.1, 15), (9.9, 15)), 10, "supported", "neither"),
        (((10, 15), (10.1, 15), (9.9, 15)), 28, "overstated", "neither"),
        (((15, 15), (15.1, 15), (14.9, 15)), 28, "contradicted", "neither"),
        # 5, 15 and 40 points: the middle is below half of 60, and above half of 28
        (((14, 15), (12, 15), (7, 15)), 60, "unresolved", "against"),
        (((14, 15), (12, 15), (7, 15)), 28, "unresolved", "for"),
    ],
)
def test_a_percentage_is_held_against_the_gap_between_the_groups(
    world: World, ends: tuple, claimed: float, verdict: str, leans: str
) -> None:
    found = ruled(world(falls(*ends), {"kind": "percent_fall"}, {"claimed_value": claimed}))
    by_hand = pooled(*(net(*end) for end in ends))
    assert (found.verdict, found.leans) == (verdict, leans)
    assert found.estimate == pytest.approx(by_hand.estimate)
    assert found.ci_high == pytest.approx(by_hand.ci_high)
    assert found.ratio == pytest.approx(claimed / by_hand.estimate)
    assert found.ratio_low == pytest.approx(claimed / by_hand.ci_high)
    reached = stats.t.cdf((by_hand.estimate - claimed) / by_hand.se, 2)
    assert found.probability == pytest.approx(reached)
    assert (found.claimed_low, found.claimed_high) == (claimed, claimed)
    treated = np.average([100 - 5 * end for end, _ in ends], weights=by_hand.weights)
    assert (
        f"In three trials scores fell {treated:.0f} % on magnesium and 25 % without" in found.answer
    )
    tail = {"unresolved": "which does not settle it."}
    gap = f"a gap of {by_hand.estimate:.0f} points."
    assert found.answer.endswith(tail.get(verdict, gap))


def test_a_score_that_is_better_high_rises(world: World) -> None:
    trials = [
        trial | {"lower_is_better": "no"} for trial in falls((30, 25), (30.1, 25), (29.9, 25))
    ]
    found = ruled(world(trials, {"kind": "percent_fall"}, {"claimed_value": 20}))
    assert found.answer.startswith("In three trials scores rose 50 % on magnesium and 25 % without")
    assert found.estimate == pytest.approx(25, rel=1e-3)
    assert found.verdict == "supported"


@pytest.mark.parametrize(
    ("trials", "answer"),
    [
        (falls((10, 15)), "Only one trial looked at this. One trial is too little to decide."),
        (falls((10, 15), (10, 15)), "Only two of two trials gives both changes in percent."),
        ([*falls((10, 15)), *means(9, 9)],
         "Only one of three trials gives both changes in percent."),
        (means(9, 9), "Trials looked at this, but none gives the change in percent of both"
         " groups."),
    ],
)  # fmt: skip
def test_too_few_percentages(world: World, trials: list, answer: str) -> None:
    found = ruled(world(trials, {"kind": "percent_fall"}, {"claimed_value": 28}))
    assert (found.verdict, found.answer) == ("unresolved", answer)
    assert (found.claimed_low, found.k) == (28, sum("base_mean_t" in trial for trial in trials))


def test_differences_from_which_no_percentage_follows_are_quoted(world: World) -> None:
    bare = SILENT | {"estimate": -3.0, "ci_low": -5.0, "ci_high": -1.0}
    printed = [
        bare | {"effect_unit": "points", "result_type": "difference"},
        bare | {"effect_unit": "SMD", "result_type": "difference"},
        {"mean_t": -6.0, "mean_c": -4.0, "result_type": "change", "effect_unit": "points"},
    ]
    found = ruled(world(printed, {"kind": "percent_fall"}, {"claimed_value": 28}))
    assert "Study 1 found a difference of −3 (−5 to −1) points;" in found.reason
    assert "Study 2 found a difference" not in found.reason
    assert "Study 3 found changes of −6 and −4 points" in found.reason
    assert "the starting score was not printed" in found.reason


DRUGS = {"kind": "equivalence", "benchmark_ids": "ad_munkholm2019_smd"}


@pytest.mark.parametrize(
    ("treated", "n", "verdict"),
    [(9.7, 4000, "supported"), (9.0, 50, "unresolved"), (10.3, 400, "contradicted")],
)
def test_as_good_as_a_drug_goes_through_placebo(
    world: World, treated: float, n: int, verdict: str
) -> None:
    found = ruled(world(means(treated, treated, treated, n_t=n, n_c=n), DRUGS))
    assert found.verdict == verdict
    # the drugs: 0.29 (0.27 to 0.31); half of their advantage may be lost
    by_hand = pooled(*[hedges(treated - 10, n)] * 3)
    se = np.hypot(by_hand.se, (0.31 - 0.27) / (2 * stats.norm.ppf(0.975)))
    centre, half = -by_hand.estimate - 0.29, stats.t.ppf(0.975, 2) * se
    shown = (found.estimate, found.ci_low, found.ci_high)
    assert shown == pytest.approx((centre, centre - half, centre + half))
    assert (found.claimed_low, found.claimed_high) == pytest.approx((-0.145, 0.145))
    assert ("No difference found is not as good as." in found.reason) == (verdict == "unresolved")
    assert found.depends_on[0] == "the indirect comparison through placebo"


def test_drugs_without_an_interval_have_no_error_of_their_own(world: World) -> None:
    found = ruled(world(means(9.7, 9.7, 9.7, n_t=4000, n_c=4000),
                        DRUGS | {"benchmark_ids": "ad_cipriani2018_smd"}))  # fmt: skip
    by_hand = pooled(*[hedges(-0.3, 4000)] * 3)
    half = stats.t.ppf(0.975, 2) * by_hand.se
    assert found.ci_high - found.ci_low == pytest.approx(2 * half)
    assert found.estimate == pytest.approx(-by_hand.estimate - 0.30)


CITRATE = {"kind": "effect_modification", "subgroup": "mg_form=citrate"}


def kinds_of(inside: list[float], outside: list[float]) -> list[dict[str, object]]:
    return [*means(*inside, mg_form="citrate"), *means(*outside)]


@pytest.mark.parametrize(
    ("inside", "outside", "verdict", "said"),
    [
        ([9, 9.1, 9.05], [9.9, 10, 9.95], "supported", "The two groups of trials differ."),
        ([9.9, 10, 9.95], [9, 9.1, 9.05], "contradicted", "The two groups of trials differ."),
        ([9.4, 9.5, 9.6], [9.5, 9.6, 9.7], "unresolved",
         "The two groups of trials cannot be told apart."),
        ([9, 9.1], [9.9, 10, 9.95], "unresolved",
         "Two of five trials are of the kind it names, too few to compare."),
        ([9], [9.9, 10, 9.95], "unresolved",
         "One of four trials is of the kind it names, too few to compare."),
        ([], [9.9, 10, 9.95], "unresolved",
         "None of three trials is of the kind it names, too few to compare."),
    ],
)  # fmt: skip
def test_works_better_in_one_kind_of_trials(
    world: World, inside: list, outside: list, verdict: str, said: str
) -> None:
    found = ruled(world(kinds_of(inside, outside), CITRATE))
    assert (found.verdict, found.answer, found.k) == (verdict, said, len(inside + outside))
    if not inside:
        assert np.isnan(found.estimate)
        return
    # with no variance between trials of a kind, weights are those of the two means
    effects = [np.array([hedges(mean - 10) for mean in part]).T for part in (inside, outside)]
    centres = [np.average(y, weights=1 / v) for y, v in effects]
    assert found.estimate == pytest.approx(centres[1] - centres[0])
    se = np.sqrt(sum(1 / np.sum(1 / v) for _, v in effects))
    half = stats.t.ppf(0.975, len(inside + outside) - 2) * se
    assert found.ci_high - found.ci_low == pytest.approx(2 * half)
    side = "ahead" if found.estimate > 0 else "behind"
    assert f"The first group is {side} by {abs(found.estimate):.2f}" in found.reason


def named(*numbers: int) -> str | None:
    return ";".join(f"s{number}-depression-1" for number in numbers) or None


def figures(*values: float, **cells: object) -> list[dict[str, object]]:
    return [
        SILENT | {"estimate": value, "result_type": "proportion", "instrument": "serum"} | cells
        for value in values
    ]


@pytest.mark.parametrize(
    ("own", "others", "claim", "verdict", "answer"),
    [
        ([10, 30], [], {"claimed_value": 20}, "unresolved",
         "It depends where “too low” begins: 10 to 30 %."),
        ([10, 30], [20, 40], {"claimed_value": 25}, "unresolved",
         "It depends where “too low” begins: 10 to 30 % in such people, 20 to 40 % in others."),
        ([10, 12], [], {"claimed_value": 50}, "contradicted",
         "Published shares say otherwise: 10 to 12 %."),
        # "up to": the upper end counts
        ([10, 12], [], {"claimed_low": 11, "claimed_high": 50}, "contradicted",
         "Published shares say otherwise: 10 to 12 %."),
        ([10, 12], [], {}, "unresolved",
         "The claim names no share that could be compared."),
    ],
)  # fmt: skip
def test_how_many_people_are_affected(
    world: World, own: list, others: list, claim: dict, verdict: str, answer: str
) -> None:
    first, last = len(own) + 1, len(own) + len(others)
    test = {
        "kind": "prevalence", "reading": "share of people",
        "result_ids": named(*range(1, first)), "wider_result_ids": named(*range(first, last + 1)),
    }  # fmt: skip
    nothing = {"claimed_value": None, "claimed_low": None, "claimed_high": None}
    found = ruled(world(figures(*own, *others), test, nothing | claim))
    assert (found.verdict, found.answer) == (verdict, answer)
    assert (found.ci_low, found.ci_high, found.k) == (min(own), max(own), len(own))
    value = max(claim.values(), default=np.nan)
    assert found.claimed_low == pytest.approx(value, nan_ok=True)
    assert ("In other people: " in found.reason) == bool(others)
    assert ("Claimed: " in found.reason) == bool(claim)
    hangs = bool(claim) and verdict == "unresolved"
    assert found.depends_on == (("the cut-off",) if hangs else ())


def test_one_share_has_a_ratio_to_the_claim(world: World) -> None:
    test = {"kind": "prevalence", "reading": "share", "result_ids": named(1)}
    found = ruled(world(figures(20), test, {"claimed_value": 30}))
    assert (found.estimate, found.ratio, found.ratio_low, found.ratio_high) == (20, 1.5, 1.5, 1.5)


NOTHING = {"claimed_value": None, "claimed_low": None, "claimed_high": None}


@pytest.mark.parametrize(
    ("doses", "claimed", "verdict", "answer"),
    [
        ([200, 300, 500, None], (200, 400), "supported",
         "Of three trials with a clear dose, two used one in this range."),
        ([200, 400, 500], (200, 400), "supported",
         "Of three trials with a clear dose, two used one in this range."),
        ([200, 300, 500, 600], (200, 350), "overstated",
         "Of four trials with a clear dose, two used one in this range."),
        ([500, 600, 700], (200, 350), "contradicted",
         "Of three trials with a clear dose, none used one in this range."),
        ([200, 300], (200, 400), "unresolved",
         "Only two trials of that kind with a clear dose, too few to say."),
    ],
)  # fmt: skip
def test_usual_doses(
    world: World, doses: list, claimed: tuple[float, float], verdict: str, answer: str
) -> None:
    trials = [{"mean_t": 9.0, "elemental_mg_day": dose} for dose in doses]
    claim = {"claimed_low": claimed[0], "claimed_high": claimed[1]}
    test = {"kind": "dose", "benchmark_ids": "ref_ul"}
    found = ruled(world(trials, test, NOTHING | claim))
    assert (found.verdict, found.answer) == (verdict, answer)
    known = [dose for dose in doses if dose]
    assert (found.ci_low, found.ci_high, found.k) == (min(known), max(known), len(known))
    assert (found.claimed_low, found.claimed_high) == claimed
    # the tolerable upper level is 350 mg a day
    assert ("Its upper end lies above 350" in found.reason) == (claimed[1] > 350)


EVENTS = {
    **dict.fromkeys(("mean_c", "sd_t", "sd_c")), "events_t": 6, "n_t": 21, "events_c": 2,
    "n_c": 30, "result_type": "events", "instrument": "nausea", "elemental_mg_day": 360,
}  # fmt: skip


@pytest.mark.parametrize(
    ("claim", "verdict", "answer"),
    [
        ({"claimed_value": 350}, "supported",
         "A published upper level is the same: 350 mg a day."),
        ({"claimed_value": 300}, "unresolved",
         "Published upper levels differ, and the claim lies between them."),
        ({"claimed_value": 200}, "overstated", "Published upper levels are higher than that."),
        ({"claimed_value": 400}, "contradicted", "Published upper levels are lower than that."),
        # harm begins at the lower end
        ({"claimed_low": 300, "claimed_high": 400}, "unresolved",
         "Published upper levels differ, and the claim lies between them."),
        ({}, "supported", "Published upper levels say the same."),
    ],
)  # fmt: skip
def test_where_harm_begins(world: World, claim: dict, verdict: str, answer: str) -> None:
    # the upper levels of two bodies: 250 and 350 mg a day
    test = {"kind": "threshold", "review_ids": "iom_ul;efsa_ul", "result_ids": named(1, 2)}
    trials = [EVENTS, EVENTS | {"n_c": None, "elemental_mg_day": None}]
    found = ruled(world(trials, test, NOTHING | claim))
    assert (found.verdict, found.answer) == (verdict, answer)
    assert (found.ci_low, found.ci_high, found.k) == (250, 350, 2)
    value = claim.get("claimed_value", claim.get("claimed_low", np.nan))
    assert found.claimed_low == pytest.approx(value, nan_ok=True)
    assert (
        "6 of 21 people with nausea at 360 mg/day against 2 of 30 on placebo (Study 1) and"
        " 6 of 21 people with nausea (Study 2)"
    ) in found.reason


@pytest.mark.parametrize(
    ("claimed", "verdict", "answer"),
    [
        ((310, 320), "supported", "That is the published figure."),
        ((310, 330), "overstated",
         "The published figure overlaps with it, but is not the same."),
        ((321, 330), "contradicted", "The published figure is another."),
        ((None, None), "unresolved", "The claim names no figure."),
    ],
)  # fmt: skip
def test_a_recommended_intake(world: World, claimed: tuple, verdict: str, answer: str) -> None:
    claim = NOTHING | {"claimed_low": claimed[0], "claimed_high": claimed[1]}
    test = {"kind": "reference_intake", "benchmark_ids": "ref_rda_women"}
    found = ruled(world([EVENTS], test, claim))
    assert (found.verdict, found.answer) == (verdict, answer)
    if claimed[0]:
        assert (found.claimed_low, found.claimed_high) == claimed
        assert (found.ci_low, found.ci_high) == (310, 320)


@pytest.mark.parametrize(
    ("little", "much", "verdict", "leans", "answer"),
    [
        ([(1.1, 2), (1.2, 2)], [], "supported", "neither", "Surveys agree on the link"),
        ([(0.1, 0.2), (0.2, 0.9)], [], "contradicted", "neither", "Surveys find the reverse"),
        ([(1.1, 2)], [(0.2, 0.9), (0.4, 2)], "unresolved", "for",
         "Two of three surveys find the link"),
        ([(0.5, 1.0), (1.0, 2)], [(0.2, 1.0)], "unresolved", "neither",
         "No of three surveys find the link"),
    ],
)  # fmt: skip
def test_a_link(
    world: World, little: list, much: list, verdict: str, leans: str, answer: str
) -> None:
    rows = [
        figures(sum(ends) / 2, ci_low=ends[0], ci_high=ends[1], effect_unit="OR")[0]
        for ends in (*little, *much)
    ]
    first = len(little) + 1
    test = {"kind": "association", "result_ids": named(*range(1, first)),
            "wider_result_ids": named(*range(first, len(rows) + 1))}  # fmt: skip
    found = ruled(world(rows, test))
    assert (found.verdict, found.leans, found.k) == (verdict, leans, len(rows))
    assert found.answer == f"{answer}; a link does not show that taking it helps."


@pytest.mark.parametrize(
    ("weeks", "verdict", "said"),
    [
        (
            ("8", "4-12", "30", None),
            "supported",
            "One of 3 randomised trials lasted longer than 6 months.",
        ),
        (
            ("27", "4-28", "30"),
            "unresolved",
            "Three of 3 randomised trials lasted longer than 6 months.",
        ),
        # 26 weeks are six months, not longer
        (("26", "26"), "supported", "None of 2 randomised trials lasted longer than 6 months."),
    ],
)
def test_how_long_trials_last(world: World, weeks: tuple, verdict: str, said: str) -> None:
    trials = [{"mean_t": 9.0, "duration_weeks": week} for week in weeks]
    claim = {"claimed_value": 6, "claimed_unit": "months"}
    found = ruled(world(trials, {"kind": "evidence_base"}, claim))
    assert (found.verdict, found.answer) == (verdict, said)
    ends = [float(week.rpartition("-")[2]) for week in weeks if week]
    assert (found.ci_low, found.ci_high, found.estimate) == (min(ends), max(ends), max(ends))
    assert (found.claimed_low, found.k) == (26, len(ends))
    longest = next(i for i, week in enumerate(weeks, 1) if week and week.endswith(f"{max(ends):g}"))
    assert f"lasted {max(ends):g} weeks (Study {longest})" in found.reason
    assert "not available" not in found.reason


def test_the_longest_trial_of_the_form_is_named_beside(world: World) -> None:
    trials = [{"mean_t": 9.0, "duration_weeks": "30"},
              {"mean_t": 9.0, "duration_weeks": "4-12", "mg_form": "glycinate"}]  # fmt: skip
    claim = {"claimed_value": 6, "claimed_unit": "months"}
    found = ruled(world(trials, {"kind": "evidence_base"}, claim))
    assert found.reason.endswith("30 weeks (Study 1), the longest with glycinate 12.")


@pytest.mark.parametrize(
    ("cells", "claimed", "limits"),
    [
        # a mean of 25 people with its SD: a t interval
        ({"mean_t": 20.0, "sd_t": 5.0, "n_t": 25}, (15, 25),
         (20 - stats.t.ppf(0.975, 24), 20 + stats.t.ppf(0.975, 24))),
        ({"mean_t": 20.0, "n_t": 25}, (15, 25), (20, 20)),
        # a share of people: 20 of 100
        ({"mean_t": None, "estimate": 20.0, "n_t": 100}, (15, 25), (20 - 7.84, 20 + 7.84)),
        ({"mean_t": None, "estimate": 20.0}, (15, 25), (20, 20)),
    ],
)  # fmt: skip
def test_a_share_has_the_limits_that_its_figures_give(
    world: World, cells: dict, claimed: tuple, limits: tuple
) -> None:
    test = {"kind": "measured", "measure": "share", "result_ids": named(1), "reading": "a share"}
    claim = NOTHING | {"claimed_low": claimed[0], "claimed_high": claimed[1]}
    found = ruled(world([SILENT | {"population": "adults"} | cells], test, claim))
    assert (found.estimate, found.k) == (20, 1)
    assert (found.ci_low, found.ci_high) == pytest.approx(limits)
    assert (found.claimed_low, found.claimed_high) == claimed
    assert found.ratio == pytest.approx(1.0)
    assert found.ratio_low == pytest.approx(15 / limits[1])
    assert found.ratio_high == pytest.approx(25 / limits[0])
    assert found.depends_on == ("one study (Study 1)",)
    assert found.verdict == "supported"


@pytest.mark.parametrize(
    ("own", "wider", "claimed", "verdict", "answer"),
    [
        ([20, 23], [10, 30], (50.1, 60), "contradicted",
         "What was measured says otherwise: 20 to 23 %."),
        ([20, 23], [10, 30], (19, 24), "supported", "What was measured agrees with it: 20 % and"
         " 23 %."),
        ([20, 33], [], (19, 24), "unresolved",
         "Measurements differ too much to decide: 20 % and 33 %."),
        ([], [10, 30], (50.1, 60), "contradicted",
         "We found no such measurement, and those that we found come nowhere near it."),
        ([], [10, 30], (20, 25), "unresolved",
         "We found no measurement of this form, and those of other forms do not rule it out."),
        ([20, 20, 21, 22], [], (19, 24), "supported", "It agrees."),
    ],
)  # fmt: skip
def test_measured_shares_beside_a_claim(
    world: World, own: list, wider: list, claimed: tuple, verdict: str, answer: str
) -> None:
    rows = [SILENT | {"mean_t": value, "population": "adults"} for value in (*own, *wider)]
    first = len(own) + 1
    test = {"kind": "measured", "measure": "share", "reading": "a share",
            "result_ids": named(*range(1, first)),
            "wider_result_ids": named(*range(first, len(rows) + 1))}  # fmt: skip
    claim = NOTHING | {"claimed_low": claimed[0], "claimed_high": claimed[1]}
    found = ruled(world(rows, test, claim))
    assert (found.verdict, found.answer) == (verdict, answer)
    taken = own or wider
    assert (found.ci_low, found.ci_high) == (min(taken), max(taken))
    assert np.isnan(found.estimate)
    every = f"{ {4: 'four', 2: 'two'}.get(len(rows)) } values, {min(own + wider)} to"
    assert (
        f"every human measurement of any form: {every}".lower() in found.reason.lower()
    ) == bool(wider)


def test_a_ratio_is_of_the_two_means(world: World) -> None:
    rows = [
        {"mean_t": 3.0, "mean_c": 2.0, "population": "adults"},
        {"mean_t": 2.0, "mean_c": 2.0, "population": "adults"},
    ]
    test = {"kind": "measured", "measure": "ratio", "wider_result_ids": named(1, 2)}
    found = ruled(world(rows, test, NOTHING | {"claimed_value": 2.51}))
    # 1.5 and 1: beyond twice their range
    assert (found.ci_low, found.ci_high, found.verdict) == (1.0, 1.5, "contradicted")
    near = ruled(world(rows, test, NOTHING | {"claimed_value": 2.49}))
    assert near.verdict == "unresolved"


@pytest.mark.parametrize(
    ("says", "verdict", "missing"),
    [
        ("trials.s1.randomised=yes; trials.s1.year<2002", "supported", None),
        ("trials.s1.randomised=no; trials.s1.year<2002; trials.s1.year>2010", "overstated",
         "Not in it: randomised = no and year > 2010."),
        ("trials.s1.randomised=yes; trials.s1.year!=2001", "overstated",
         "Not in it: year != 2001."),
    ],
)  # fmt: skip
def test_what_a_source_does_not_say_is_listed(
    world: World, evidence: Evidence, says: str, verdict: str, missing: str | None
) -> None:
    source = evidence.table("claim_sources").query("found == 'yes'").iloc[:1]
    source = source.assign(claim_id=CLAIM, what_was_found="A trial.", searches_tried="2: x; y")
    test = {"kind": "cited_source", "source_named": "yes", "source_says": says}
    made = world(means(9.0, year=2001), test, claim_sources=lambda _: source)
    found = ruled(made)
    assert (found.verdict, found.source) == (verdict, "found")
    expected = "Found: A trial." if missing is None else f"Found: A trial. {missing}"
    assert found.reason.endswith(expected)


@pytest.mark.parametrize(
    ("code", "status", "verdict", "answer", "text"),
    [
        ("part", "in_part", "overstated", "The source exists, but the article does not quote it"
         " right.", "Found, and it says only a part of it: A trial."),
        ("different", "misquoted", "contradicted", "The source exists and says something else.",
         "What was found says something else: A trial."),
        ("no", "not_found", "source_not_found", "We did not find the source in two searches.",
         "Not found in two searches. What we saw: A trial."),
    ],
)  # fmt: skip
def test_what_became_of_a_source(
    world: World, evidence: Evidence, code: str, status: str, verdict: str, answer: str, text: str
) -> None:
    source = evidence.table("claim_sources").iloc[:1].assign(
        claim_id=CLAIM, found=code, what_was_found="A trial.", searches_tried="2: x; y",
        doi=None, pmid=None, source_url="https://example.org/found",
    )  # fmt: skip
    test = {"kind": "cited_source", "source_named": "yes"}
    found = ruled(world(means(9.0), test, claim_sources=lambda _: source))
    assert (found.verdict, found.source, found.answer) == (verdict, status, answer)
    assert found.source_text == text
    assert found.source_link == "https://example.org/found"
    assert found.source_link_is_citation == (code == "part")
    unnamed = ruled(
        world(means(9.0), test | {"source_named": "no"}, claim_sources=lambda _: source)
    )
    assert unnamed.source == "not_cited"
    assert unnamed.answer == "The article names no source that one could look up."


@pytest.mark.parametrize(
    ("sides", "said"),
    [
        (("treated", "treated"), "favours the one named"),
        (("control", "control"), "favours the other"),
        (("treated", "control"), "points both ways"),
        (("neither",), "found no difference"),
        ((None,), "does not say which is better"),
        (("treated", "neither"), "does not say which is better"),
    ],
)
def test_studies_of_two_forms_are_quoted_and_decide_nothing(
    world: World, sides: tuple, said: str
) -> None:
    rows = [
        {"mean_t": 3.5, "effect_unit": "mmol/L", "arm_t": "one", "favours": side, "n_t": 12,
         "population": "adults"}
        for side in sides
    ]  # fmt: skip
    test = {"kind": "head_to_head", "result_ids": named(*range(1, len(sides) + 1))}
    found = ruled(world(rows, test))
    many = {1: "One study", 2: "Two studies"}[len(sides)]
    assert found.answer == f"{many} compared the two and {said}: too little to decide."
    assert (found.verdict, found.k) == ("unresolved", len(sides))
    # who was in it is said of a single study
    who = "Study 1: 12 people, adults." if len(sides) == 1 else "Study 1 and Study 2."
    assert found.details.startswith(who)
    assert "one 3.5 mmol/L" in found.details


def test_a_study_of_two_forms_without_figures_is_quoted_in_its_words(world: World) -> None:
    row = SILENT | {"mean_t": None, "reported_as": "no difference", "population": "adults"}
    found = ruled(world([row], {"kind": "head_to_head", "result_ids": named(1)}))
    assert found.details == "Study 1: adults. Depression: “no difference”."


def test_the_checks_leave_out_what_they_say(world: World) -> None:
    second = {"source_kind": "secondary_review", "source_url": "https://example.org/set"}
    trials = [
        {"mean_t": 9.6, "n_t": 400, "n_c": 400},
        {"mean_t": 9.5, "blinding": "open"},
        {"mean_t": 9.7, "flag": "integrity: copied rows"},
        {"mean_t": 9.6, **second},
        {"mean_t": 9.5, "mg_form": "glycinate"},
    ]
    table = ruled(world(trials, {})).sensitivity.set_index("analysis")
    assert table["k"].tolist() == [5, 5, 5, 4, 4, 3, 4, 1, 4]
    # the same trials, and one alone, check nothing
    assert table["counts"].tolist() == [True, False, False, True, True, True, True, False, True]
    assert table.index[-1].endswith("Study 1")
    assert table["trials"].iloc[3] == "Study 1; Study 3; Study 4; Study 5"
    assert table["trials"].iloc[4] == "Study 1; Study 2; Study 4; Study 5"
    assert table["trials"].iloc[5] == "Study 1; Study 4; Study 5"
    assert table["trials"].iloc[6] == "Study 1; Study 2; Study 3; Study 5"
    assert table["trials"].iloc[7] == "Study 5"
    effects = [hedges(-0.4, 400), hedges(-0.5), hedges(-0.3), hedges(-0.4), hedges(-0.5)]
    rest = pooled(*effects[1:])
    assert table["estimate"].iloc[-1] == pytest.approx(rest.estimate)
    assert table["ci_low"].iloc[-1] == pytest.approx(rest.ci_low)
    words = ["supported" if high < 0 else "unresolved" for high in table["ci_high"]]
    assert table["verdict"].tolist() == words
    assert table["n_total"].tolist()[0] == 1200


def test_three_trials_are_not_checked_without_the_heaviest(world: World) -> None:
    trials = [{"mean_t": 9.6, "n_t": 400, "n_c": 400}, *means(9.5, 9.7)]
    table = ruled(world(trials, {})).sensitivity
    assert not table["analysis"].str.contains("Study 1").any()


def test_silent_trials_count_as_no_effect_in_one_check(world: World) -> None:
    silent = SILENT | {"favours": "neither", "n_t": 50, "n_c": 50}
    table = ruled(world([*CLEAR, silent], {})).sensitivity
    assert table["k"].tolist()[:3] == [3, 3, 4]
    # the fourth, at nothing, draws a mean of three equal ones by a quarter
    assert table["estimate"][2] == pytest.approx(0.75 * table["estimate"][0], rel=0.05)


def test_the_checks_of_a_percentage(world: World) -> None:
    ends = ((10, 15), (10.1, 15), (9.9, 15), (10, 15))
    trials = falls(*ends)
    trials[3]["blinding"] = "open"
    found = ruled(world(trials, {"kind": "percent_fall"}, {"claimed_value": 10}))
    table = found.sensitivity
    assert table["k"].tolist()[:2] == [4, 3]
    assert table["verdict"][0] == "supported"
    by_hand = pooled(*(net(*end) for end in ends[:3]))
    assert table["estimate"][1] == pytest.approx(by_hand.estimate)
    assert table["ci_low"][1] == pytest.approx(by_hand.ci_low)
    assert table["counts"].tolist()[:2] == [True, True]
    only_form = table[table["k"] == 0].iloc[0]
    assert (only_form["verdict"], only_form["trials"], only_form["counts"]) == ("", "", False)


@pytest.mark.parametrize(
    ("cells", "test", "k"),
    [
        ([{"elemental_mg_day": dose} for dose in (100, 200, 300, 400)], {"dose_low": 200}, 3),
        ([{"elemental_mg_day": dose} for dose in (100, 200, 300, 400)], {"dose_high": 300}, 3),
        ([{"time_weeks": week} for week in (2.0, 4.0, 6.0)], {"max_weeks": 4.0}, 2),
        ([{"mg_form": form} for form in ("oxide", "citrate", "glycinate")], {"form": "citrate"}, 1),
        ([{"stratum": kind} for kind in ("magnesium_alone", "add_on", "combined")], {}, 2),
        ([{"stratum": kind} for kind in ("magnesium_alone", "add_on")], {"stratum": "add_on"}, 1),
        ([{"control": kind} for kind in ("placebo", "no_treatment", "drug")],
         {"control": "placebo;drug"}, 2),
        # studies that are named need not be of the primary set
        ([{"route": "iv"}, {"route": "oral"}], {"studies": "s1"}, 1),
        ([{"cointervention": text} for text in ("an SSRI", "diet", None)], {"background": "ssri"},
         1),
    ],
)  # fmt: skip
def test_which_results_a_test_selects(world: World, cells: list, test: dict, k: int) -> None:
    found = ruled(world([{"mean_t": 9.0, **cell} for cell in cells], test))
    assert found.k == k


def test_one_or_two_trials_are_shown_each_with_its_interval(world: World) -> None:
    found = ruled(world(means(9.0, 9.1), {}))
    shown = []
    for number, difference in ((1, -1.0), (2, -0.9)):
        g, v = hedges(difference)
        half = stats.norm.ppf(0.975) * np.sqrt(v)
        text = f"{g:.2f} ({g - half:.2f} to {g + half:.2f}) in Study {number}"
        shown.append(text.replace("-", "−"))
    assert " and ".join(shown) in found.reason


@pytest.mark.parametrize(
    ("claimed", "real", "ratio"),
    [
        ((6, 4, 8), (2, 1, 4), (3, 1, 8)),
        # where the real figure may be nothing, the ratio has no upper end
        ((6, 4, 8), (2, -1, 4), (3, 1, np.inf)),
        ((6, 4, 8), (2, 0, 4), (3, 1, np.inf)),
        # nothing, or the other side, has no ratio
        ((6, 4, 8), (0, -1, 4), (np.nan,) * 3),
        ((6, 4, 8), (-1, -2, 4), (np.nan,) * 3),
        ((np.nan,) * 3, (2, 1, 4), (np.nan,) * 3),
        ((6, 6, 6), (np.nan, 1, 4), (np.nan,) * 3),
    ],
)
def test_a_claimed_figure_beside_a_real_one(claimed: tuple, real: tuple, ratio: tuple) -> None:
    assert ratio_of(Oriented(*claimed), Oriented(*real)) == pytest.approx(ratio, nan_ok=True)


@pytest.mark.parametrize(
    ("cells", "link"),
    [
        ({"doi": "10.1/x", "pmid": "7", "source_url": "https://a.org"}, "https://doi.org/10.1/x"),
        ({"pmid": "7", "source_url": "https://a.org"}, "https://pubmed.ncbi.nlm.nih.gov/7/"),
        ({"source_url": "https://a.org"}, "https://a.org"),
        ({}, ""),
    ],
)
def test_the_address_of_a_source(
    world: World, evidence: Evidence, cells: dict[str, str], link: str
) -> None:
    source = evidence.table("claim_sources").iloc[:1].assign(
        claim_id=CLAIM, found="yes", doi=None, pmid=None, source_url=None
    )  # fmt: skip
    source = source.assign(**cells)
    made = world(CLEAR, {"source_named": "yes"}, claim_sources=lambda _: source)
    assert ruled(made).source_link == link


@pytest.mark.parametrize(
    ("benchmark", "claimed", "value", "limits", "verdict"),
    [
        # 35 to 40 without an estimate: the middle
        ("placebo_furukawa2016", (30, 45), 37.5, (35, 40), "supported"),
        # 37 without an interval
        ("placebo_motta2023_response", (30, 45), 37, (37, 37), "supported"),
        # 21 (14.9 to 26.7)
        ("mid_phq9_kounali", (30, 45), 21, (14.9, 26.7), "overstated"),
    ],
)
def test_a_published_share_with_what_it_prints(
    world: World, benchmark: str, claimed: tuple, value: float, limits: tuple, verdict: str
) -> None:
    test = {"kind": "measured", "measure": "share", "benchmark_ids": benchmark}
    claim = NOTHING | {"claimed_low": claimed[0], "claimed_high": claimed[1]}
    found = ruled(world(CLEAR, test, claim))
    assert found.estimate == pytest.approx(value)
    assert (found.ci_low, found.ci_high) == pytest.approx(limits)
    assert found.ratio == pytest.approx(37.5 / value)
    assert found.verdict == verdict
