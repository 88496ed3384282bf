"""Effects of every measure, form of report and setting, as they are on record."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from recorded import Calls, held_to_record

import meta
from meta.effect_sizes.measures import MEASURES

# three studies of each kind, the last ones with what needs care: zero cells, nobody, everybody
GIVEN: dict[str, list[float]] = {
    "mean_t": [8.0, -1.5, 3.0], "sd_t": [4.0, 2.0, 1.0], "n_t": [20, 3, 340],
    "mean_c": [10.0, -2.0, 2.5], "sd_c": [5.0, 1.0, 3.0], "n_c": [22, 5, 12],
    "events_t": [4, 0, 340], "events_c": [9, 2, 12], "time_t": [50.0, 30, 9], "time_c": [45.0, 40,
        8],
    "events": [3, 0, 12], "time": [50.0, 30, 8], "mean": [8.0, 1.5, 3.0], "sd": [4.0, 2.0, 1.0],
    "n": [20, 5, 12], "r": [0.3, -0.8, 0.0], "mean_post": [8.0, 1.5, 3.0],
    "mean_pre": [10.0, 2.0, 2.5], "sd_post": [4.0, 2.0, 1.0], "sd_pre": [5.0, 1.0, 3.0],
    "predictors": [1, 2, 3], "r2": [0.4, 0.7, 0.1], "auc": [0.6, 0.95, 0.5],
}  # fmt: skip
POSITIVE = {"mean_t": [8.0, 1.5, 3.0], "mean_c": [10.0, 2.0, 2.5]}
COMPUTED = [name for name, measure in MEASURES.items() if measure.formula is not None]


def sizes(measure: str, **how: Any) -> pd.DataFrame:
    needed = MEASURES[measure].arguments
    return meta.effect_size(
        measure,
        **{name: (GIVEN | how.get("other", {}))[name] for name in needed},
        **{name: value for name, value in how.items() if name != "other"},
    )


MADE: Calls = {
    **{measure: partial(sizes, measure) for measure in COMPUTED},
    **{f"{measure} of means above 0": partial(sizes, measure, other=POSITIVE)
       for measure in ("ROM", "CVR", "SMD1", "RPB")},
    **{f"{measure} by {vtype}": partial(sizes, measure, vtype=vtype, other=POSITIVE)
       for measure in COMPUTED for vtype in (*MEASURES[measure].vtypes[1:], "none")},
    **{f"{measure}, corrected": partial(sizes, measure, bias_corrected=True, other=POSITIVE)
       for measure in COMPUTED},
    **{f"{measure}, {to}": partial(sizes, measure, to=to, add=0.3, drop00=drop)
       for measure in COMPUTED if MEASURES[measure].add is not None
       for to, drop in (("only0", False), ("all", True), ("if0all", None), ("none", None),
           ("some", None))},
    **{f"{measure} of nobody and everybody": partial(
        sizes, measure, other={"events_t": [4, 0, 340], "events_c": [9, 0, 12]})
       for measure in COMPUTED if MEASURES[measure].drop00 is not None},
    **{f"{measure} in impossible figures": partial(
        sizes, measure, other={name: [-1.0, np.nan,
            0.5] for name in GIVEN}) for measure in COMPUTED},
    "of a table": lambda: meta.effect_size("MD", **{name: name for name in (
        "mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c")}, data=pd.DataFrame(GIVEN)),
    "of a table without": lambda: meta.effect_size("MD", mean_t="mean", data=pd.DataFrame({"meen":
        [1]})),
    "of other lengths": lambda: meta.effect_size("PR", events=[1, 2], n=[5, 6, 7]),
    "of an index": lambda: meta.effect_size("PR", events=pd.Series([1, 2], ["a", "b"]), n=9),
    "of two indices": lambda: meta.effect_size("PR", events=pd.Series([1, 2], ["a", "b"]),
                                               n=pd.Series([9, 9], ["a", "c"])),
    "of a wrong argument": lambda: meta.effect_size("PR", events=[1], n=[5], mean=[3]),
    "of too little": lambda: meta.effect_size("MD", mean_t=[1]),
    "of no measure": lambda: meta.effect_size("SMDX", mean_t=[1]),
    "of shares above": lambda: meta.effect_size("PR", events=[6], n=[5]),
    "of fractions": lambda: meta.effect_size("PR", events=[1.5], n=[5.5]),
    "of added none": lambda: meta.effect_size("OR", events_t=[1], n_t=[5], events_c=[2], n_c=[6],
        add=-1),
    "of rows of lists": lambda: meta.effect_size("PR", events=[[1, 2]], n=[5]),
    "of dates": lambda: meta.effect_size("PR", events=pd.to_datetime(["2020-01-01"]), n=[5]),
    "of texts": lambda: meta.effect_size("PR", events=["one", "2"], n=[5, 6]),
}  # fmt: skip

C = meta.convert
CONVERTED: Calls = {
    **{f"{name} {settings}": partial(getattr(C, name), **settings) for name, settings in [
        ("ci_of_mean_to_sd", {"low": 1.0, "high": 2.0, "n": 20, "ci_level": 0.9}),
        ("ci_of_mean_to_sd", {"low": 1.0, "high": 2.0, "n": 20, "distribution": "z"}),
        ("ci_of_mean_to_sd", {"low": 2.0, "high": 2.0, "n": 1}),
        ("ci_to_se", {"low": 1.0, "high": 2.0, "ci_level": 0.8}),
        ("ci_to_se", {"low": 0.5, "high": 2.0, "estimate": 1.2, "log": True}),
        ("ci_to_se", {"low": -0.5, "high": 2.0, "log": True}),
        ("ci_to_se", {"low": 0.5, "high": 2.0, "estimate": 1.0, "dof": 7}),
        ("se_to_ci", {"estimate": 0.5, "se": 0.2, "ci_level": 0.8, "dof": 5}),
        ("se_to_ci", {"estimate": 0.5, "se": 0.2, "log": True}),
        ("se_to_ci", {"estimate": 699.0, "se": 1.0, "log": True}),
        ("se_to_ci", {"estimate": 0.5, "se": -0.2}),
        ("combine_arms", {"n": [10, 12, 3], "mean": [1.0, 2.0, 9.0], "sd": [1.0, 1.5, 0.5]}),
        ("combine_arms", {"n": [10], "mean": [1.0], "sd": [1.0]}),
        ("convert_concentration", {"value": 3.0, "from_unit": "mg/dL", "to_unit": "mmol/L",
                                   "molar_mass": 24.3, "charge": 2}),
        ("convert_concentration", {"value": 3.0, "from_unit": "mmol/L", "to_unit": "mEq/L",
                                   "molar_mass": 24.3, "charge": 2}),
        ("convert_concentration", {"value": 3.0, "from_unit": "stone", "to_unit": "mEq/L",
                                   "molar_mass": 24.3, "charge": 2}),
        ("convert_crp", {"value": 3.0, "from_unit": "mg/L", "to_unit": "mg/dL"}),
        ("convert_crp", {"value": 3.0, "from_unit": "nmol/L"}),
        ("convert_crp", {"value": 3.0, "from_unit": "stone"}),
        ("correlation_from_sds", {"sd_a": 1.0, "sd_b": 1.2, "sd_difference": 0.9}),
        ("correlation_from_sds", {"sd_a": 0.1, "sd_b": 0.1 + 0.2,
                                  "sd_difference": (0.1 + 0.2) - 0.1}),
        ("correlation_from_sds", {"sd_a": 1.0, "sd_b": 1.2, "sd_difference": 9.0}),
        ("crossover_difference", {"mean_t": 1.0, "mean_c": 0.5, "n": 20, "sd_t": 1.0, "sd_c": 1.1,
                                  "correlation": 0.7}),
        ("crossover_difference", {"mean_t": 1.0, "mean_c": 0.5, "n": 20, "sd_difference": 1.3}),
        ("crossover_difference", {"mean_t": 1.0, "mean_c": 0.5, "n": 20, "se": 0.3}),
        ("crossover_difference", {"mean_t": 1.0, "mean_c": 0.5, "n": 20}),
        ("crossover_smd", {"mean_t": 1.0, "sd_t": 1.0, "mean_c": 0.5, "sd_c": 1.1, "n": 4,
                           "correlation": 0.7}),
        ("d_to_log_odds_ratio", {"yi": [0.5, -0.2], "vi": [0.04, 0.1]}),
        ("log_odds_ratio_to_d", {"yi": [0.5, -0.2], "vi": [0.04, 0.1]}),
        ("d_to_r", {"yi": 0.5, "vi": 0.04, "n_t": 10, "n_c": 30}),
        ("d_to_r", {"yi": 0.5, "vi": 0.04, "n_t": 10}),
        ("r_to_d", {"yi": [0.3, 1.0], "vi": [0.01, 0.01]}),
        ("effective_sample_size", {"n": 100, "cluster_size": 10, "icc": 0.02, "events": 30}),
        ("effective_sample_size", {"n": 100, "cluster_size": 0.5, "icc": 1.2, "events": 130}),
        ("f_to_smd", {"f": 4.0, "n_t": 20, "n_c": 22, "sign": -1, "vtype": "UB"}),
        ("t_to_smd", {"t": 2.1, "n_t": 4, "n_c": 5, "vtype": "UB"}),
        ("t_to_smd", {"t": 2.1, "n_t": 4, "n_c": 5, "vtype": "none"}),
        ("log_rank_to_hr", {"o_minus_e": [-4.0, 2], "variance": [10.0, 0]}),
        ("log_rank_to_hr", {"o_minus_e": [-4.0, 2], "variance": [10.0, 5]}),
        ("matched_pairs_to_or", {"only_treated": [5, 3], "only_control": [9, 2]}),
        ("p_to_se", {"estimate": 0.5, "p_value": 0.04, "dof": 6}),
        ("p_to_se", {"estimate": 1.5, "p_value": 0.04, "log": True}),
        ("p_to_se", {"estimate": 0.0, "p_value": 0.04}),
        ("p_to_smd", {"p_value": [0.04, 1.0], "n_t": 20, "n_c": 22, "sign": [-1, 1]}),
        ("p_to_smd", {"p_value": 0.04, "n_t": 1, "n_c": 1, "sign": 0}),
        ("p_to_statistic", {"p_value": [0.04, 0.5], "sign": [-1, 1], "dof": [5, 50]}),
        ("statistic_to_p", {"statistic": [2.1, -1.0], "dof": [5, 50]}),
        ("pft_to_proportion", {"yi": [0.5, 0.0, 1.5707], "n": [40, 3, 9]}),
        ("sd_of_difference", {"sd_a": 1.0, "sd_b": 1.2, "correlation": -0.3}),
        ("se_difference_to_sd", {"se": 0.3, "n_t": 20, "n_c": 5}),
        ("se_to_sd", {"se": 0.2, "n": [20, 1]}),
        ("small_sample_factor", {"dof": [1, 2, 20, 400]}),
        ("split_control", {"n_c": 41, "comparisons": 3, "events_c": 10}),
        ("split_control", {"n_c": 40, "comparisons": 1}),
    ]},
    **{f"p of {text}": partial(C.parse_p, text) for text in (
        "0.03", "p = .03", "<0.001", "P<.05", ">0.2", "ns", "0.000", "1.2", "0.04 (one-sided)",
        "0.6 one-sided", "0,03", "<=0.05", "≥ 0.1", "3e-5", "p=1", "0.03*", 0.2, 0.0,
            "0.03 to 0.04")},
    **{f"median, {name}": partial(C.mean_sd_from_median, n=n, **cells) for name, n, cells in [
        ("quartiles", 50, {"median": 10.0, "q1": 8.0, "q3": 12.5}),
        ("range", 50, {"median": 10.0, "minimum": 2.0, "maximum": 19.0}),
        ("all", 50, {"median": 10.0, "q1": 8.0, "q3": 12.5, "minimum": 2.0, "maximum": 19.0}),
        ("skewed", 400, {"median": 10.0, "q1": 9.5, "q3": 22.5}),
        ("skewed, allowed", 400, {"median": 10.0, "q1": 9.5, "q3": 22.5, "allow_skewed": True}),
        ("by quantiles", 40, {"median": 10.0, "q1": 8.0, "q3": 12.5, "method": "QE"}),
        ("skewed, by quantiles", 40, {"median": 10.0, "q1": 9.5, "q3": 22.5, "method": "QE"}),
        ("by all quantiles", 40, {"median": 10.0, "q1": 8.0, "q3": 12.5, "minimum": 2.0,
                                  "maximum": 19.0, "method": "QE"}),
        ("by range of quantiles", 40, {"median": 10.0, "minimum": 2.0, "maximum": 19.0, "method":
            "QE"}),
        ("one end", 40, {"median": 10.0, "q1": 8.0}), ("nothing", 40, {"median": 10.0}),
        ("disorder", 40, {"median": 10.0, "q1": 11.0, "q3": 8.0}),
        ("no width", 40, {"median": 10.0, "q1": 10.0, "q3": 10.0}),
        ("two people", 2, {"median": 10.0, "q1": 8.0, "q3": 12.5}),
        ("another way", 40, {"median": 10.0, "q1": 8.0, "q3": 12.5, "method": "none"}),
        ("several", [20, 30], {"median": [10.0, 4.0], "q1": [8.0, 3.0], "q3": [12.5, 5.5]}),
    ]},
}  # fmt: skip

ARMS = {"n_t": 20, "mean_t": 8.0, "sd_t": 4.0, "n_c": 22, "mean_c": 10.0, "sd_c": 5.0}
COUNTS = {"result_type": "events", "events_t": 4, "n_t": 20, "events_c": 9, "n_c": 22}
PRINTED = {"estimate": -2.0, "ci_low": -3.5, "ci_high": -0.5, "effect_unit": "points"}
RATIO = {"estimate": 0.6, "ci_low": 0.4, "ci_high": 0.9, "effect_unit": "OR"}
P = {"p_value": "0.04", "favours": "treated"}
REPORTS: dict[str, dict[str, Any]] = {
    "arms": ARMS, "arms that changed": ARMS | {"result_type": "change"},
    "arms of a crossover": ARMS | {"design": "crossover", "n_c": 20},
    "arms of a first period": ARMS | {"design": "crossover"},
    "arms with a start": ARMS | {"base_mean_t": 12.0, "base_mean_c": 12.5, "base_sd_t": 4.0,
                                 "base_sd_c": 4.5},
    "arms without people": {key: cell for key, cell in ARMS.items() if key != "n_c"},
    "arms with errors": ARMS | {"sd_kind": "SE"}, "arms of a doubted spread": ARMS | {
        "sd_kind": "unclear"},
    "medians": {"result_type": "median_iqr", "n_t": 20, "n_c": 22, "mean_t": 8.0, "mean_c": 10.0,
                "q1_t": 5.0, "q3_t": 11.0, "q1_c": 7.0, "q3_c": 13.5},
    "skewed medians": {"result_type": "median_iqr", "n_t": 200, "n_c": 220, "mean_t": 5.5,
                       "mean_c": 10.0, "q1_t": 5.0, "q3_t": 11.0, "q1_c": 9.8, "q3_c": 23.5},
    "counts": COUNTS, "counts with zero": COUNTS | {"events_t": 0},
    "counts of nobody": COUNTS | {"events_t": 0, "events_c": 0},
    "counts of everybody": COUNTS | {"events_t": 20, "events_c": 22},
    "counts in time": COUNTS | {"time_t": 50.0, "time_c": 60.0},
    "counts of a crossover": COUNTS | {"design": "crossover", "n_c": 20},
    "an interval": PRINTED, "an interval of 90": PRINTED | {"ci_level": 90},
    "an interval with people": PRINTED | {"n_t": 20, "n_c": 22},
    "an interval off the middle": PRINTED | {"estimate": -1.0},
    "an interval of an SMD": PRINTED | {"effect_unit": "SMD", "n_t": 20, "n_c": 22},
    "an interval with an outside spread": PRINTED | {
        "sd_reference": 6.0, "sd_low": 5.0, "sd_high": 8.0, "instrument": "PHQ-9",
        "instrument_id": "phq9", "sd_reference_kind": "norm", "n_t": 20, "n_c": 22},
    "an error": {"estimate": -2.0, "se": 0.7, "effect_unit": "points", "n_t": 20, "n_c": 22},
    "a ratio": RATIO, "a ratio of risks": RATIO | {"effect_unit": "RR"},
    "a ratio of hazards": RATIO | {"effect_unit": "HR"},
    "a ratio of means": RATIO | {"effect_unit": "ratio of means"},
    "a ratio with p": {"estimate": 0.6, "p_value": "0.03", "effect_unit": "OR"},
    "a p": P | {"n_t": 20, "n_c": 22}, "a p of all": P | {"n_randomised": 45},
    "a p of a crossover": P | {"n_t": 20, "n_c": 20, "design": "crossover"},
    "a p with a difference": {"p_value": "0.04", "estimate": -2.0, "n_t": 20, "n_c": 22},
    "a p of three arms": P | {"n_t": 20, "n_c": 22, "n_arms": 3},
    "a p within": P | {"n_t": 20, "n_c": 22, "p_contrast": "within"},
    "a p of groups": P | {"n_t": 20, "n_c": 22, "p_contrast": "between", "n_arms": 3},
    "a p below": {"p_value": "<0.05", "favours": "control", "n_t": 20, "n_c": 22},
    "a p to neither": {"p_value": "0.6", "favours": "neither", "n_t": 20, "n_c": 22},
    "a p to nobody": {"p_value": "0.6", "n_t": 20, "n_c": 22},
    "a direction": {"favours": "treated"}, "words": {"favours": "neither", "p_value": "ns"},
    "silence": {"n_t": 20, "n_c": 22}, "one group": {"result_type": "proportion", "estimate": 12.0},
    "a change of one": {"result_type": "single_arm_change", "estimate": -3.0, "se": 0.3},
    "no control": ARMS | {"stratum": "uncontrolled"}, "barred": ARMS | {"flag":
        "do not pool: copied"},
    "an effect": {"yi": -0.4, "vi": 0.09}, "an effect with an error": {"yi": -0.4, "sei": 0.3},
    "an effect alone": {"yi": -0.4},
}  # fmt: skip
OF_RESULTS = ("SMD", "MD", "SMDH", "ROM", "VR", "OR", "RR", "RD", "PETO", "HR", "IRR", "GEN", "PR")
HOW: dict[str, dict[str, Any]] = {
    "changes": {"scores": "change"}, "both": {"scores": "both"},
    "arms alone": {"include": ("arms",)}, "p alone": {"include": ("p_value",)},
    "a high correlation": {"correlation": 0.9}, "a spread": {"sd": 6.0},
    "spreads by name": {"sd": {"phq9": 3.0}}, "the instrument's": {"sd": "instrument"},
    "higher is better": {"lower_is_better": False}, "all tables": {"drop00": False},
    "by size": {"choose": ("size", "scores")}, "by nothing": {"choose": ()},
    "of unknown kinds": {"include": ("word",), "choose": ("word",), "scores": "word",
        "correlation": 2.0},
}  # fmt: skip


def table(*names: str, **columns: Any) -> pd.DataFrame:
    rows = [{"study_id": name, "result_id": f"{name}-1", "label": name.capitalize()} | REPORTS[name]
            for name in names or REPORTS]  # fmt: skip
    return pd.DataFrame(rows).assign(**({"lower_is_better": "yes"} | columns))


DERIVED: Calls = {
    **{f"{name} as {measure}": partial(lambda name, measure: meta.effects(table(name), measure),
        name,
                                       measure) for name in REPORTS for measure in ("SMD", "MD",
                                           "OR")},
    **{f"all as {measure}": partial(lambda measure: meta.effects(table(), measure), measure)
       for measure in OF_RESULTS},
    **{f"all as {measure}, {name}": partial(
        lambda measure, how: meta.effects(table(), measure, **how), measure, how)
       for name, how in HOW.items() for measure in ("SMD", "OR")},
    **{f"bare {measure}": partial(lambda measure: meta.effects(pd.DataFrame(
        {name: (GIVEN | POSITIVE)[name] for name in MEASURES[measure].arguments}), measure,
        lower_is_better=True), measure) for measure in COMPUTED},
    "bare, some broken": lambda: meta.effects(pd.DataFrame(GIVEN | {
        "sd_t": [4.0, 0.0, np.nan], "label": ["Ames", "", None]}), "SMD", lower_is_better=False),
    "bare, with all": lambda: meta.effects(pd.DataFrame(GIVEN)),
    "bare, no measure": lambda: meta.effects(pd.DataFrame({"a": [1]}), "MD"),
    "made before": lambda: meta.Effects.from_table(sizes("OR").assign(measure="OR")),
    "made before, of an unknown measure": lambda: meta.Effects.from_table(sizes("MD")),
    "of an unknown measure": lambda: meta.effects(table("arms"), "word", drop00=True),
    "of a log-rank test": lambda: meta.Effects.from_table(pd.DataFrame({"o_minus_e": [3.0]})),
    "of columns that tell": lambda: meta.Effects.from_table(pd.DataFrame(GIVEN)),
    "of columns that do not": lambda: meta.Effects.from_table(pd.DataFrame({"a": [1.0]})),
    "ratios of two directions": lambda: meta.effects(
        table("arms", "arms that changed", lower_is_better=["yes", "no"]), "ROM", scores="both"),
    "odds of two directions": lambda: meta.effects(
        table("counts", "counts with zero", lower_is_better=["yes", "no"]), "OR"),
    **{f"{name} as {measure}, mended": partial(
        lambda name, cells, measure: meta.effects(table(name).assign(**cells), measure, sd=5.0),
        name, cells, measure) for name, cells, measure in [
            ("an interval", {"estimate": -4.0}, "MD"), ("an interval", {"estimate": -4.0}, "SMD"),
            ("an interval of an SMD", {"estimate": -4.0}, "SMD"),
            ("an interval of an SMD", {"ci_low": None}, "SMD"),
            ("an interval of an SMD", {"ci_low": None, "n_t": None}, "SMD"),
            ("an interval of an SMD", {"ci_low": None, "design": "crossover", "n_c": 20}, "SMD"),
            ("an interval", {"effect_unit": "unclear"}, "SMD"),
            ("a ratio", {"estimate": 2.0}, "OR"), ("a ratio with p", {"p_value": "<0.05"}, "OR"),
            ("a ratio with p", {"p_value": "1"}, "OR"), ("a ratio with p", {"estimate": 1.0}, "OR"),
            ("a ratio with p", {"estimate": -1.0}, "OR"), ("arms", {"flag": "retracted in 2020"},
                "MD"),
            ("arms", {"sd_t": None}, "MD"), ("counts", {"n_t": None}, "OR"), ("counts", {}, "SMD"),
            ("medians", {"q1_t": None}, "SMD"), ("medians", {"n_t": None}, "SMD"),
            ("a p of all", {"n_randomised": 3}, "SMD"), ("a p of all", {"n_arms": 3}, "SMD"),
            ("a p", {"mean_t": 3.0, "mean_c": 3.0}, "SMD"), ("a p", {"mean_t": 3.0, "mean_c":
                2.0}, "SMD"),
            ("a p", {"mean_t": 3.0, "mean_c": 4.0, "favours": "control"}, "SMD"),
            ("a p", {"p_value": "0.03 (one-sided)"}, "SMD"), ("a p", {"n_t": 1}, "SMD"),
            ("arms", {"figures_not_quoted": "mean_t=elsewhere sd_t=derived"}, "SMD"),
            ("arms", {"n_t": 400, "n_c": 400}, "SMD"), ("arms", {"n_t": 171, "n_c": 171}, "SMD"),
        ]},
    "of one trial": lambda: meta.effects(table(
        "arms", "a p", "medians", "an interval with an outside spread", "arms that changed",
        study_id="s", time_weeks=[4.0, 8.0, 8.0, 9.0, None], duration_weeks="6-8",
        source_kind=["registry", "primary_full_text", "secondary_review", None, "x"]), "SMD",
        sd="instrument", scores="both"),
    "of reports of one trial": lambda: meta.effects(table(
        "arms", "counts", "a p", same_trial_as=["a p", None, "arms"])),
    "turned": lambda: meta.effects(table("arms", "a p", "an error", lower_is_better=["yes", "no",
        "no"]),
                                   "SMD", sd=2.0),
    "turned as differences": lambda: meta.effects(
        table("arms", "an error", lower_is_better=["yes", "no"]), "MD"),
    "of no direction": lambda: meta.effects(table("arms", "a p", lower_is_better=None)),
    "of other units": lambda: meta.effects(table("an interval", "an error", effect_unit=["kg",
        "lb"]), "MD"),
    "twice of one name": lambda: meta.effects(table("arms", "a p", result_id="same")),
    "of no study": lambda: meta.effects(table("arms", study_id=None)),
    "of nothing": lambda: meta.effects(table("arms").iloc[:0]),
    "directions": lambda: meta.directions(table()),
    "directions, unknown": lambda: meta.directions(table(lower_is_better=None)),
    "directions, turned": lambda: meta.directions(table(lower_is_better="no", favours=None)),
    **{f"the cell {column} {cell}": partial(
        lambda column, cell: meta.effects(table("arms").assign(**{column: cell})), column, cell)
       for column, cell in [
           ("n_t", 0), ("n_t", 1), ("n_t", "20_0"), ("sd_t", 0.0), ("sd_c", -1), ("mean_t", "inf"),
           ("mean_t", True), ("mean_t", 1e51), ("result_type", "word"), ("lower_is_better",
               "maybe"),
           ("favours", "us"), ("p_value", "2"), ("paired", "maybe"), ("time_weeks", -1),
               ("n_arms", 0),
           ("n_arms", 1.5), ("ci_level", 49), ("ci_level", 100), ("ci_level", 0.0),
           ("duration_weeks", "long"), ("n_randomised", 0), ("events_t", 21), ("se", 0),
       ]},
    "limits in disorder": lambda: meta.effects(table("an interval", ci_low=0.0), "MD"),
    "limits without an estimate": lambda: meta.effects(table("an interval", estimate=None), "MD"),
    "net changes": lambda: meta.net_change(table("arms with a start", "arms", "counts")),
    "net changes, other": lambda: meta.net_change(table("arms with a start"), correlation=0.9),
    "net changes, two": lambda: meta.net_change(table("arms with a start", "arms", study_id="s")),
    "net changes, turned": lambda: meta.net_change(pd.concat([
        table("arms with a start"), table("arms with a start", study_id="z", result_id="z-1",
                                          lower_is_better="no")])),
    **{f"percent, {name}": partial(meta.percent_change, **cells) for name, cells in {
        "post": {"base_mean_t": [20.0, 22, -2], "mean_t": [12.0, 15, 3], "base_sd_t": [5.0, 4, 1],
                 "sd_t": [5.0, 5, 1], "n_t": [30, 20, 9], "base_mean_c": [21.0, 22, 2],
                 "mean_c": [18.0, 19, -3], "base_sd_c": [5.0, 5, 1], "sd_c": [6.0, 5, 1],
                 "n_c": [30, 21, 8], "correlation": 0.8, "ci_level": 0.9},
        "change": {"base_mean_t": [20.0, 22, 5], "mean_t": [-8.0, 3, -9], "base_sd_t": [5.0, 4, 1],
                   "sd_t": [5.0, 9, 2], "n_t": [30, 20, 9], "base_mean_c": 21.0, "mean_c": -1.0,
                   "base_sd_c": 5.0, "sd_c": 6.0, "n_c": 30, "scores": "change"},
        "means alone": {"base_mean_t": 20.0, "mean_t": 12.0}, "one mean": {"mean_t": 12.0},
        "no spread": {"base_mean_t": 20.0, "mean_t": 12.0, "sd_t": 2.0, "base_mean_c": 1e-9,
                      "mean_c": 3.0},
        "lengths": {"base_mean_t": [20.0, 3], "mean_t": [12.0, 1, 2]},
        "wrong": {"base_mean_t": 20.0, "mean_t": 12.0, "scores": "word", "correlation": 1.0},
        "rows and figures": {"results": pd.DataFrame(), "mean_t": 1.0},
        "words": {"base_mean_t": ["x"], "mean_t": [12.0]},
    }.items()},
    "percent of rows": lambda: meta.percent_change(table()),
    "percent of printed percents": lambda: meta.percent_change(
        table("arms that changed", effect_unit="percent", design="crossover", n_c=20)),
}  # fmt: skip


@cache
def wide() -> pd.DataFrame:
    return pd.DataFrame({
        "trial_number": [1, 2, 3], "author": ["Ames", "Bird", "Cole"], "year": [1999, 2001, 2003],
        "treatment_1": ["A", "A", "B"], "n_1": [10, 12, 9], "response_1": [3, 4, 5],
        "mean_1": [1.0, 2.0, 3.0], "sd_1": [1.0, 1.0, 2.0],
        "treatment_2": ["B", "P", "P"], "n_2": [11, 13, 8], "response_2": [2, 3, 1],
        "mean_2": [1.5, 1.0, 2.0], "sd_2": [1.0, 1.5, 2.5],
        "treatment_3": ["P", None, None], "n_3": [12, None, None], "response_3": [1, None, None],
        "mean_3": [0.5, None, None], "sd_3": [1.0, None, None],
    })  # fmt: skip


PAIRS: Calls = {
    "long": lambda: meta.long_arms(wide()),
    "pairs, one not counted": lambda: meta.pairwise(
        meta.long_arms(wide().assign(response_2=[None, 3, 1])), ["A", "B"], "P", events="response"),
    "pairs, one without a spread": lambda: meta.pairwise(
        meta.long_arms(wide().assign(sd_2=[None, 1.5, 2.5])), ["A", "B"], "P", mean="mean",
            sd="sd"),
    "long without": lambda: meta.long_arms(wide().drop(columns=["n_1", "author"])),
    "long without an arm": lambda: meta.long_arms(wide().drop(columns="n_2")),
    "long with gaps": lambda: meta.long_arms(wide().assign(author=["Ames", None, "Cole"])),
    **{f"pairs, {name}": partial(
        lambda how: meta.pairwise(meta.long_arms(wide()), **({"control": "P"} | how)), how)
       for name, how in {
           "events": {"treated": "A", "events": "response"},
           "several": {"treated": ["A", "B"], "events": "response"},
           "means": {"treated": ["A", "B"], "mean": "mean", "sd": "sd"},
           "half": {"treated": "A", "mean": "mean"}, "nothing": {"treated": "A"},
           "no arm": {"treated": "C", "events": "response"}, "no column": {"treated": "A",
               "events": "x"},
           "none": {"treated": [], "events": "response"},
           "itself": {"treated": ["A", "P"], "events": "response"},
           "people": {"treated": "A", "events": "n"}, "names": {"treated": "A", "events": "label"},
       }.items()},
}  # fmt: skip


def three(**columns: Any) -> meta.Effects:
    return meta.Effects.from_arrays([0.1, -0.2, 0.3], [0.04, 0.1, 0.02], ["a", "b", "c"], **columns)


SETS: Calls = {
    **{f"as {measure}": partial(three, measure=measure, n=[20, 30, 40], n_t=[10, 15, 20],
                                n_c=[10, 15, None]) for measure in MEASURES},
    "with keys of their own": lambda: three(study_id=["u", "v", "w"]),
    "with clusters": lambda: three(cluster=["u", "u", "v"]).dependence,
    "read as they are": lambda: {name: three(measure=name, n=[9, 9, 9]).to_reader([-0.5, 0.2, 0.9])
                                 for name in MEASURES},
    "of a table": lambda: meta.Effects.from_table(pd.DataFrame({
        "study": ["x", "y"], "yi": [0.1, 0.2], "sei": [0.2, 0.3]})),
    "of other lengths": lambda: meta.Effects.from_arrays([0.1], [0.2, 0.3]),
    "of a bad column": lambda: three(n=[1, 2]),
    "a column that is none": lambda: three().column("word"),
    "a column of words": lambda: three(form=["x", "y", "z"]).column("form"),
    "a derivation that is none": lambda: three().derivation("d"),
    "in words": lambda: str(three(measure="OR")).splitlines(),
    "in a notebook": lambda: three(measure="OR", n_t=[9, 8, 7])._repr_html_(),
    "derivation in a notebook": lambda:
        meta.effects(table("arms")).derivation("arms")._repr_html_(),
    "far apart": lambda: meta.Effects.from_arrays([0.1, 0.2], [1e-20, 9.0]),
    "too small": lambda: meta.pool([0.1, 0.2], [1e-80, 1e-80]),
    "too far": lambda: meta.pool([1e60, 0.2], [1.0, 1.0]),
    "unnamed": lambda: meta.Effects.from_arrays([0.1, 0.2], [1.0, 1.0], ["a", " "]),
    "measures that are none": lambda: three(measure="word"),
    "masked": lambda: meta.effect_size("PR", events=np.ma.masked_array([1, 2], [0, 1]), n=9),
    "of ragged lists": lambda: meta.effect_size("PR", events=[[1, 2], [3]], n=9),
    "of missing": lambda: meta.effect_size("PR", events=[1, None, pd.NA], n=9),
    **{f"percent, {name}": partial(lambda cells: meta.percent_change(
        table("arms with a start").assign(**cells)), cells) for name, cells in {
            "crossover": {"design": "crossover", "n_c": 20}, "from none": {"base_mean_t": 0.0},
            "no people": {"n_t": None}, "no start": {"base_mean_c": None}, "to none": {"mean_c":
                None},
        }.items()},
    "percent of none": lambda: meta.percent_change(table("arms").iloc[:0]),
    **{f"crossover by {name}": partial(C.crossover_difference, 1.0, 0.5, 20, **how) for name,
        how in {
        "t": {"t": 2.0}, "p": {"p_value": 0.03}, "both": {"t": 2.0, "se": 0.3},
        "se": {"se": 0.3}}.items()},
    "crossover, corrected": lambda: C.crossover_smd(1.0, 1.0, 0.5, 1.1, 20, correlation=0.5,
                                                    bias_corrected=False),
    "doubled names": lambda: meta.Effects.from_arrays([0.1, 0.2], [0.1, 0.1], ["a", "a"]),
    "of no number": lambda: meta.Effects.from_arrays([0.1, np.nan], [0.0, -1.0]),
}  # fmt: skip
CALLS: Calls = MADE | CONVERTED | DERIVED | PAIRS | SETS

test_an_answer_on_record, test_nothing_else_on_record = held_to_record("effect_sizes", CALLS)
