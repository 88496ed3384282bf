"""Each rule on trials made for it, whose answer is known beforehand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

import meta
from meta.claims.assess import assess
from meta.claims.assessment import Assessment
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
        ({"flag": "integrity: copied rows"}, "The data of Study 1 are in doubt."),
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
    doubted = ("trials whose data are in doubt (Study 1)",) if "flag" in doubt else ()
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
