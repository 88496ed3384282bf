"""Rulings on trials of many kinds, and every rule at its limits, as they are on record."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from itertools import product
from math import inf
from pathlib import Path
from typing import Any

import pandas as pd
from recorded import Calls, differences, held_to_record
from worlds import world_of

from meta.claims import verdicts as v
from meta.claims.assess import assess
from meta.claims.check_tests import check_claim_tests
from meta.claims.findings_table import certainties, summary_of_findings
from meta.claims.scoreboard import counts, headline, scoreboard
from meta.claims.terminal import claims_text
from meta.evidence.tables import Evidence, load_evidence

DATA = Path(__file__).resolve().parents[2] / "data"
Trials = list[dict[str, Any]]


@cache
def curated() -> Evidence:
    return load_evidence(DATA)


def means(*treated: float | None, **cells: Any) -> Trials:
    return [{"mean_t": mean, **cells} for mean in treated]


def each(trials: Trials, **columns: list[Any]) -> Trials:
    """Give each trial a cell of its own."""
    cells = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return [trial | cell for trial, cell in zip(trials, cells, strict=True)]


SILENT = {"mean_c": None, "sd_t": None, "sd_c": None, "n_t": None, "n_c": None}
SECOND = {"source_kind": "secondary_review", "source_url": "https://example.org/set"}
LEANING = means(9.0, 9.4, 9.8)
PRINTED = {"estimate": -3.0, "ci_low": -5.0, "ci_high": -1.0, "effect_unit": "points",
           "result_type": "difference"}  # fmt: skip
SETS: dict[str, Trials] = {
    "three": means(9.0, 9.2, 9.1), "leaning": LEANING, "against": means(11.0, 10.6, 10.2),
    "even": means(9.5, 10.0, 10.5), "two": means(9.0, 9.1), "one": means(9.0),
    "one with its interval": [SILENT | PRINTED], "none": means(9.0, population_group="insomnia"),
    "barred": means(9.0, 9.1, barred="data", flag="integrity: copied rows"),
    "small effects": means(*[9.75] * 6), "other side": means(11.0, 10.8, 10.9),
    "doubted": each(means(9.0, 9.2, 9.1, 9.3), blinding=["open", "open", "double", "single"],
                    flag=[None, "integrity: copied rows", None, "integrity: copied rows"]),
    "one open": each(means(9.0, 9.2, 9.1), blinding=["open", "double", "double"]),
    "heavy": each(means(9.6, 9.5, 9.7), n_t=[400, 50, 50], n_c=[400, 50, 50]),
    "second hand": [one | SECOND for one in means(9.0, 9.2)] + means(9.1),
    "all second hand": [one | SECOND for one in means(9.0, 9.2, 9.1)],
    "forms": each(means(9.0, 9.2, 9.1, 10.3), mg_form=["glycinate", "oxide", "citrate",
        "glycinate"],
                  favours=["treated", None, "treated", "control"]),
    "own form alone": means(9.0, 9.2, 9.1, mg_form="glycinate"),
    "silent ones": means(9.0, 9.2, 9.1) + [SILENT | {"favours": side} for side in (
        "treated", "control", "neither", "not_stated", "treated")],
    "few silent": [SILENT | {"favours": side} for side in ("treated", "control", "neither")],
    "on a scale of its own": [*LEANING, SILENT | PRINTED],
    "early": each(LEANING, time_weeks=[1.0, 2.0, 6.0]),
    "elsewhere": each(means(9.0, 9.1, 9.2, 9.3), route=["iv", "oral", "oral", "oral"],
                      control=["placebo", "no_treatment", "drug", "placebo"], time_weeks=[1.0] * 4,
                      stratum=["magnesium_alone", "add_on", "combined", "uncontrolled"]),
    "against something": each(LEANING, control=["placebo", "no_treatment", "drug"]),
    "doses": each(means(9.0, 9.1, 9.2, 9.3), elemental_mg_day=[200, 300, 400, None]),
    "spouses of one trial": each(means(9.0, 9.1, 9.2, 9.3), same_trial_as=[None, "s1", None, None]),
    "crossovers": means(9.0, 9.3, 9.1, design="crossover"),
    "higher": means(11.0, 11.2, 11.1, lower_is_better="no"),
}  # fmt: skip


def starts(*ends: tuple[float, float], **cells: Any) -> Trials:
    base = {"base_mean_t": 20.0, "base_mean_c": 20.0, "base_sd_t": 1.0, "base_sd_c": 1.0}
    return [base | {"mean_t": treated, "mean_c": control} | cells for treated, control in ends]


FALLS: dict[str, Trials] = {
    "clear": starts((10, 15), (10.1, 15), (9.9, 15)), "wide": starts((14, 15), (12, 15), (7, 15)),
    "none": starts((15, 15), (15.1, 15), (14.9, 15)), "one": starts((10, 15)), "two": starts(
        (10, 15), (10, 15)), "rising": starts((30, 25), (30.1, 25), (29.9, 25),
            lower_is_better="no"),
    "open": starts((10, 15), (10.1, 15), (9.9, 15), blinding="open"),
    "second hand": starts((10, 15), (10.1, 15), (9.9, 15), **SECOND),
    "own form": each(starts((10, 15), (10.1, 15), (9.9, 15), (16, 15)),
                     mg_form=["glycinate", "oxide", "oxide", "glycinate"]),
    "heavy": each(starts((12, 15), (11, 15), (10, 15)), n_t=[900, 40, 40], n_c=[900, 40, 40]),
    "of other kinds": [*starts((10, 15)), *means(9.0), SILENT | PRINTED | {"effect_unit": "points"},
                       SILENT | {"favours": "treated"}],
    "changes": [{"mean_t": -6.0, "mean_c": -4.0, "result_type": "change", "effect_unit":
        "points"}] * 2,
}  # fmt: skip
CLAIMED = ("superiority", "onset", "evidence_strength", "equivalence", "effect_modification")
TESTS: dict[str, dict[str, Any]] = {
    "superiority": {}, "onset": {}, "evidence_strength": {"strength": "compelling"},
    "equivalence": {"benchmark_ids": "ad_munkholm2019_smd"},
    "effect_modification": {"subgroup": "mg_form=oxide"},
}  # fmt: skip
TWO_WEEKS = {"claimed_value": 2, "claimed_unit": "weeks"}
GLYCINATE = {"intervention": "magnesium glycinate"}


def ruled(trials: Trials, test: dict[str, Any], claim: dict[str, Any] | None = None) -> Any:
    return assess("a0-c01", world_of(curated())(trials, test, claim))


def events(*cells: tuple[int, int], **more: Any) -> Trials:
    return [SILENT | {"events_t": treated, "events_c": control, "n_t": 100, "n_c": 100,
                      "result_type": "events", "outcome": "any_adverse_event"} | more
            for treated, control in cells]  # fmt: skip


TOLERATED = {"kind": "tolerability", "outcome": "any_adverse_event;diarrhoea", "measure": "RD",
             "margin": 0.1, "margin_source": "us"}  # fmt: skip
RULED: Calls = {
    **{f"{kind}, {name}": partial(ruled, trials, {"kind": kind} | TESTS[kind],
                                  TWO_WEEKS if kind == "onset" else None)
       for kind in CLAIMED for name, trials in SETS.items()
       if kind == "superiority" or name in ("leaning", "two", "forms", "early", "other side")},
    **{f"of glycinate, {side} in words at {mean}": partial(
        ruled, [*means(mean, mg_form="glycinate", favours=side, lower_is_better=better),
                *means(9.0, 9.8)], {}, GLYCINATE)
       for side, mean, better in (("neither", 9.2, "yes"), ("neither", 10.3, "yes"),
                                  (None, 10.3, "yes"), ("neither", 10.0, "yes"))},
    **{f"{inside} beside {outside}": partial(
        ruled, means(*[9.0, 9.1, 9.05][:inside], mg_form="citrate") + means(
            *[9.5, 9.7, 9.9][:outside]), {"kind": "effect_modification", "subgroup":
                "mg_form=citrate"})
       for inside, outside in ((1, 2), (2, 1), (2, 2), (1, 3), (3, 2), (3, 3), (0, 3), (3, 0))},
    **{f"measured, {name}": partial(
        ruled, [SILENT | {"mean_t": value, "population": "adults"} for value in (20.0, 23.0)],
        {"kind": "measured", "measure": "share"} | test, {"claimed_value": claimed})
       for name, test, claimed in (
           ("nothing claimed", {"result_ids": "s1-depression-1"}, None),
           ("nothing found", {"expect": "none"}, 25.0),
           ("two", {"result_ids": "s1-depression-1;s2-depression-1"}, 21.0),
           ("one and another", {"result_ids": "s1-depression-1",
                                "wider_result_ids": "s2-depression-1"}, 60.0),
           ("of another form", {"wider_result_ids": "s1-depression-1"}, 21.0),
           ("beside a yardstick", {"result_ids": "s1-depression-1",
                                   "benchmark_ids": "placebo_furukawa2016"}, 21.0))},
    **{f"checks of {name}": partial(lambda trials: ruled(trials, {}).sensitivity, SETS[name])
       for name in ("silent ones", "doubted", "heavy", "forms")},
    "checks of a fall": lambda: ruled(FALLS["own form"], {"kind": "percent_fall"},
                                      {"claimed_value": 28.0}).sensitivity,
    **{f"of glycinate, {name}": partial(ruled, SETS[name], {}, GLYCINATE)
       for name in ("forms", "own form alone", "leaning", "one")},
    **{f"tested by {test}": partial(ruled, SETS["silent ones"], test) for test in (
        {"strength": "large"}, {"form": "oxide"}, {"form": "citrate"}, {"control": "placebo"},
        {"control": "placebo;drug"}, {"people": "women"}, {"reading": "sleep in women"},
        {"population": "", "outcome": "depression;anxiety"}, {"measure": "vote"}, {"studies":
            "s1;s2"},
        {"review_ids": "cheung2026"}, {"max_weeks": 8.0}, {"max_weeks": 7.9}, {"dose_low": 100.0},
        {"kind": "evidence_strength", "strength": "some"},
        {"kind": "evidence_strength", "strength": "not_enough"})},
    **{f"nobody for {test}": partial(ruled, SETS["none"], test, GLYCINATE) for test in (
        {"form": "oxide"}, {"form": "oxide;citrate", "control": "active"}, {"reading": "x y z"},
        {"control": "magnesium_other_form", "form": "oxide"}, {"reading": "one " * 21},
        {"kind": "percent_fall"}, {"kind": "dose"}, {"kind": "equivalence",
                                                     "benchmark_ids": "ad_munkholm2019_smd"})},
    **{f"falls, {name}": partial(ruled, trials, {"kind": "percent_fall"}, {"claimed_value": 28.0})
       for name, trials in FALLS.items()},
    **{f"falls on glycinate, {name}": partial(ruled, FALLS[name], {"kind": "percent_fall",
        "benchmark_ids": "placebo_furukawa2016", "control": "placebo"},
        {"claimed_value": 20.0} | GLYCINATE) for name in ("clear", "own form", "of other kinds")},
    **{f"tolerated, {name}": partial(ruled, trials, TOLERATED, claim)
       for name, trials, claim in [
           ("clearly", events((10, 10), (12, 12), (11, 11), (9, 9)), None),
           ("not", events((40, 10), (42, 12), (41, 11)), None),
           ("perhaps", events((20, 10), (22, 12), (11, 11)), None),
           ("by one", events((20, 10)), None), ("by nobody", [SILENT | {
               "outcome": "any_adverse_event", "favours": "neither"}] * 2, None),
           ("in the form", events((20, 10), (22, 12), mg_form="glycinate") + events((11, 11)),
            GLYCINATE),
           ("of two kinds", events((10, 10), (12, 12), (11, 11)) + events(
               (9, 1), (8, 2), outcome="diarrhoea"), None),
           ("in words", events((10, 10), (12, 12), (11, 11)) + [SILENT | {
               "outcome": "any_adverse_event", "favours": side} for side in ("treated", "control")],
            None)]},
    **{f"doses from {low} to {high}": partial(ruled, SETS["doses"], {
        "kind": "dose", "benchmark_ids": "ref_ul"}, {"claimed_value": None, "claimed_low": low,
                                                     "claimed_high": high})
       for low, high in ((200, 300), (100, 500), (350, 390), (None, None))},
}  # fmt: skip

ENDS = (-6.0, -1.0, 0.0, 1.0, 5.0, 10.0)
LINES = [v.Oriented((low + high) / 2, low, high, (high - low) / 4 or 1.0, 5.0)
         for low, high in product(ENDS, ENDS) if low < high]  # fmt: skip
SIDES = [side for n in range(5) for side in product((-1, 0, 1), repeat=n)]
FEW = [list(values) for n in (1, 2, 3) for values in product((0.0, 5.0, 10.0), repeat=n)]


def initials(rule: Callable[..., str], *arguments: Any) -> list[str]:
    """The first letters of every answer, forty in a line."""
    said = "".join(str(rule(*each))[0] for each in product(*arguments))
    return [said[place : place + 40] for place in range(0, len(said), 40)]


NUMBERS = (None, -1.0, 0.0, 5.0, 10.0)
RULES: Calls = {
    "superiority by rule": lambda: initials(
        lambda line, mid, large: v.judge_superiority(line, mid=mid, called_large=large),
        LINES, (None, 1.0, 5.0, 6.0), (False, True)),
    "percent fall by rule": lambda: initials(v.judge_percent_fall, (1.0, 5.0, 10.0, 11.0, 100.0),
        LINES),
    "equivalence by rule": lambda: initials(v.judge_equivalence, LINES, (0.5, 1.0, 6.0)),
    "tolerability by rule": lambda: initials(v.judge_tolerability, LINES, (0.0, 1.0, 5.0)),
    "lean of superiority": lambda: initials(v.lean_of_superiority, LINES, (None, *LINES[::4])),
    "lean of votes": lambda: initials(v.lean_of_votes, range(5), range(5), range(5)),
    "lean of a percent fall": lambda: initials(
        v.lean_of_percent_fall, (1.0, 5.0, 10.0), LINES, (None, *LINES[::4])),
    "lean of equivalence": lambda: initials(v.lean_of_equivalence, LINES, (0.5, 1.0, 6.0)),
    "lean of tolerability": lambda: initials(v.lean_of_tolerability, LINES, (0.5, 1.0, 6.0)),
    "lean of an association": lambda: initials(v.lean_of_association, SIDES),
    "association by rule": lambda: initials(v.judge_association, SIDES),
    "measured by rule": lambda: initials(
        lambda claimed, own, every, ratio: v.judge_measured(claimed, own, every, ratio=ratio),
        [(0.0, 5.0), (5.0, 5.0), (-inf, 5.0), (5.0, inf), (40.0, 41.0), (-26.0, -25.0)],
        [[], [(5.0, 5.0)], [(0.0, 6.0)], [(0.0, 1.0), (7.0, 8.0)], [(9.0, 9.5)], [(4.0, 5.0)]],
        [[0.0, 10.0], [5.0], [-1.0, 5.0, 15.0]], (False, True)),
    "prevalence by rule": lambda: initials(v.judge_prevalence, (None, 0.0, 5.0, 40.0), FEW,
        FEW[::3]),
    "typical by rule": lambda: initials(v.judge_typical, FEW, (0.0, 1.0, 5.0), (5.0, 9.0, 10.0)),
    "threshold by rule": lambda: initials(v.judge_threshold, (None, -1.0, 0.0, 3.0, 5.0, 10.0,
        11.0), FEW),
    "reference by rule": lambda: initials(
        v.judge_reference, list(product(ENDS, ENDS)), [(0.0, 5.0), (1.0, 1.0)]),
    "source by rule": lambda: initials(
        v.judge_source, (v.FOUND, v.IN_PART, v.MISQUOTED, "x"), SIDES[:9]),
    "a claimed range": lambda: [v.claimed_range(*five) for five in product(NUMBERS[::2], repeat=5)],
    "settled": lambda: initials(v.settled, list(product("ab", repeat=3))),
}  # fmt: skip


def spoiled(**cells: Any) -> Evidence:
    return world_of(curated())(SETS["three"], cells)


BOARD = pd.DataFrame({
    "article_label": ["one", "one", "two", "two"], "group": ["works", "works", "source", "works"],
    "same_as": ["", "a0-c01", "", ""], "kind": ["superiority", "superiority", "reference", "onset"],
    "verdict": ["unresolved", "unresolved", "supported", "contradicted"],
})  # fmt: skip
TABLES: Calls = {
    "a board": lambda: scoreboard(spoiled()),
    "its headline": lambda: headline(BOARD), "its headline, one": lambda: headline(BOARD[2:3]),
    "its headline, none": lambda: headline(BOARD[:0]),
    "its headline of other columns": lambda: headline(BOARD[["kind"]]),
    **{f"counts by {by} of {of}, {distinct}": partial(counts, BOARD, by, of, distinct=distinct)
       for by, of in (("article_label", "verdict"), ("group", "kind"), ("kind", "word"))
       for distinct in (False, True)},
    **{f"claims {which} in {width}": partial(lambda which, width: claims_text(
        which, curated(), width).splitlines(), which, width)
       for which, width in (("a0-c01", 80), ("a0-c01", 40), ("a4-c03", 120), ("word", 80))},
    **{f"a test of {cells}": partial(lambda cells: [line.replace(str(DATA), "data")
                      for line in check_claim_tests(spoiled(**cells))], cells)
       for cells in (
           {}, {"outcome": "depresion"}, {"kind": "word"}, {"kind": "threshold"}, {"expect":
               "none"},
           {"outcome": "anxiety"}, {"outcome": "anxiety", "expect": "none"}, {"margin": 0.1},
           {"source_named": "yes"}, {"source_says": "trials.s1.year<"}, {"population":
               "depresssion"},
           {"form": "glycinat"}, {"strength": "huge"}, {"control": "placebos"}, {"studies": "s9"},
           {"result_ids": "s9-1"}, {"benchmark_ids": "x"}, {"review_ids": "x"}, {"measure": "word"},
           {"kind": "cited_source"}, {"kind": "effect_modification", "subgroup": "mg_form"},
           {"kind": "tolerability", "measure": "RD"}, {"dose_low": 5.0, "dose_high": 4.0},
           {"at_least": 3.0, "at_most": 2.0}, {"kind": "equivalence"})},
    "findings": lambda: summary_of_findings(certainties(curated())),
    "no findings": lambda: summary_of_findings({}),
}  # fmt: skip
CALLS: Calls = RULED | RULES | TABLES

test_an_answer_on_record, test_nothing_else_on_record = held_to_record("claims", CALLS)


def test_a_record_forgives_the_last_digit_that_a_processor_rounds_otherwise():
    assert not differences("0.83 (0.50 to 1.35), 3 trials", "0.84 (0.50 to 1.35), 3 trials")
    assert differences("0.83 (0.50 to 1.35), 3 trials", "0.85 (0.50 to 1.35), 3 trials")
    assert differences("0.83, 3 trials", "0.83, 4 trials")
    assert differences("0.83, 3 trials", "0.830, 3 trials")
    assert differences("0.83, 3 trials", "0.83, 3 studies")
