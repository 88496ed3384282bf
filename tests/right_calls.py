"""One right call of every public function and method, whose arguments a test may replace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from inspect import isclass, isfunction, signature
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

import meta

YI = [-0.5, -0.1, -0.4, 0.2, -0.6, -0.25]
VI = [0.04, 0.09, 0.06, 0.05, 0.08, 0.07]
EVENTS = {
    "events_t": [4, 6, 3, 12, 9, 5], "n_t": [50, 60, 40, 90, 80, 45],
    "events_c": [9, 8, 7, 15, 14, 9], "n_c": [52, 58, 41, 88, 79, 47],
}  # fmt: skip
RATES = {
    "events_t": [4, 6, 3, 12, 9, 5], "time_t": [50.0, 60, 40, 90, 80, 45],
    "events_c": [9, 8, 7, 15, 14, 9], "time_c": [52.0, 58, 41, 88, 79, 47],
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A function, and arguments with which it answers."""

    name: str
    function: Callable[..., Any]
    right: dict[str, Any]
    drawn: bool = False

    def parameters(self) -> Iterator[str]:
        """Every argument that has a name."""
        for name, one in signature(self.function).parameters.items():
            if one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY):
                yield name

    def __call__(self, **changed: Any) -> Any:
        given = self.right | changed
        starred = [
            name for name, one in signature(self.function).parameters.items()
            if one.kind is one.VAR_POSITIONAL
        ]  # fmt: skip
        before = [] if not starred else given.pop(starred[0])
        return self.function(*before, **given)


@cache
def things() -> SimpleNamespace:
    """What functions are called with."""
    columns = {
        "group": list("ababab"), "trial": list("aabbcd"),
        "year": [1999, 2001, 2003, 2004, 2010, 2012],
        "study_id": list("uvwxyz"), "label": [f"trial {i}" for i in range(6)],
        "n_t": [30, 25, 40, 50, 20, 35], "n_c": [31, 25, 39, 52, 20, 33],
    }  # fmt: skip
    table = pd.DataFrame({"yi": YI, "vi": VI, **columns})
    effects = meta.Effects.from_arrays(
        YI, VI, columns["label"], "SMD",
        **{name: values for name, values in columns.items() if name != "label"},
    )  # fmt: skip
    evidence = meta.load_evidence("data")
    rows = evidence.primary("depression")
    judged = pd.DataFrame(
        [("a", "D1", "low"), ("a", "D2", "high"), ("b", "D1", "some")],
        columns=["study_id", "domain", "judgement"],
    )
    sides = ["treated", "control", "treated"]
    answer = meta.pool(effects)
    derived = meta.effects(rows, "SMD")
    judgements = Path(mkdtemp()) / "judgements.csv"
    judgements.write_text("study,D1,D2,Overall\nA,Low,High,High\n", encoding="utf-8")
    return SimpleNamespace(
        folder=mkdtemp(), derived=derived, judgements=judgements,
        chosen=rows[rows["result_id"].isin(derived.table["result_id"])],
        table=table, effects=effects, evidence=evidence, rows=rows, fit=answer,
        judged=judged,
        risks=meta.mantel_haenszel(**EVENTS, labels=columns["label"]),
        regression=meta.meta_regression(effects, "~ year"),
        posterior=meta.bayes(effects),
        found=meta.gosh(answer),
        placed=meta.albatross([0.02, 0.55, 0.3], [90, 64, 50], sides),
        vote=meta.direction_vote(sides),
        flow=meta.Flow(
            found={"PubMed": 120}, duplicates=20, excluded=80,
            reasons={"not randomised": 12}, reports=8, studies=7, silent=2,
        ),
        arms=meta.long_arms(evidence.table("antidepressants_primary_care")),
        choices={"ci_method": ["HK", "wald"]},
        study_table=meta.read_table(table),
    )  # fmt: skip


def calls() -> list[Call]:
    """Every public function, and the methods of public objects, with a right call."""
    use = things()
    fit, effects = {"fit": use.fit}, {"effects": use.effects}
    bare = {"effects": YI, "vi": VI}
    figure = meta.plot_intervals({"one": use.fit})
    percent = {
        "base_mean_t": [20.0, 22], "mean_t": [12.0, 15], "base_sd_t": [5.0, 4], "sd_t": [5.0, 5],
        "n_t": [30, 20], "base_mean_c": [21.0, 22], "mean_c": [18.0, 19], "base_sd_c": [5.0, 5],
        "sd_c": [6.0, 5], "n_c": [30, 21],
    }  # fmt: skip
    right: dict[str, dict[str, Any]] = {
        "absolute_effect": {"fit": use.risks, "control_risk": 0.2},
        "aggregate_correlated": {**effects, "cluster": "trial"},
        "albatross": {"p_values": [0.02, 0.5], "n": [90, 64], "directions": ["treated", "control"]},
        "as_text": {"text": "a"},
        "assess": {"claim": "a1-c01", "evidence": use.evidence},
        "bayes": bare,
        "certainties": {"evidence": use.evidence},
        "certainty": {"evidence": use.evidence, "outcome": "depression",
                      "fit": meta.pool(use.derived)},
        "check_trustworthiness": {"evidence": use.evidence},
        "combine_p_values": {"p_values": [0.02, 0.5], "directions": ["treated", "control"]},
        "compare": {"fits": {"one": use.fit}, "caption": "Answers"},
        "counts": {"board": board(), "by": "article_label"},
        "cumulative": fit,
        "direction_vote": {"directions": ["treated", "control", "treated"]},
        "directions": {"results": use.rows},
        "effect_size": {"measure": "SMD", "mean_t": [1.0, 2.0], "sd_t": [1.0, 1.0],
                        "n_t": [20, 30], "mean_c": [0.5, 1.5], "sd_c": [1.0, 1.0], "n_c": [20, 30]},
        "effects": {"results": use.rows},
        "equivalence": {**fit, "margin": 0.2},
        "from_pymare": {"dataset": meta.to_pymare(use.effects)},
        "glmm": {**EVENTS, "model": "CM.AL"},
        "glmm_rates": RATES,
        "headings": {"columns": ["n_t"], "evidence": use.evidence},
        "headline": {"board": board()},
        "impute_covariance": {**effects, "cluster": "trial", "correlation": 0.5},
        "information_size": {"mid": 0.3, "measure": "SMD"},
        "likelihood_ratio": {
            "small": meta.pool(use.effects, tau2_method="ML"),
            "large": meta.meta_regression(use.effects, "~ year", tau2_method="ML")},
        "load_evidence": {"folder": "data"},
        "long_arms": {"trials": use.evidence.table("antidepressants_primary_care")},
        "mantel_haenszel": EVENTS,
        "mantel_haenszel_rates": RATES,
        "meta_regression": {"effects": use.effects, "formula": "~ year"},
        "multilevel": {**effects, "cluster": "trial"},
        "multiverse": {"results": use.rows, "choices": use.choices},
        "net_change": {"results": use.chosen},
        "null_bounds": {"effects": use.derived, "silent": use.derived.silent},
        "operating_characteristics": {**fit, "repetitions": 100},
        "pairwise": {"arms": use.arms, "treated": ["TCA"], "control": "Placebo",
                     "events": "response"},
        "percent_change": percent,
        "permutation_test": {**fit, "n_max": 50},
        "peto": EVENTS,
        "plot_albatross": {"answer": use.placed},
        "plot_bubble": {"regression": use.regression, "moderator": "year"},
        "plot_claim": {**fit, "claimed": -0.5},
        "plot_claims": {"assessments": [assessment()]},
        "plot_evidence_map": {"results": use.evidence.select(), "columns": "design"},
        "plot_gosh": {"found": use.found},
        "plot_harvest": {"vote": use.vote},
        "plot_intervals": {"data": {"one": use.fit}},
        "plot_labbe": {"fit": use.risks},
        "plot_multiverse": {"found": multiverse()},
        "plot_posterior": {"fit": use.posterior},
        "plot_prisma_flow": {"flow": use.flow},
        "plot_risk_of_bias_summary": {"judgements": use.judged},
        "plot_traffic_light": {"judgements": use.judged},
        "pool": bare,
        "pool_many": {"yi": np.c_[YI, YI], "vi": np.c_[VI, VI]},
        "pool_proportions": {"events": [3, 8, 2], "n": [50, 60, 40]},
        "pool_rates": {"events": [3, 8, 2], "time": [50.0, 60.0, 40.0]},
        "read_risk_of_bias": {"path": use.judgements},
        "read_table": {"table": use.table},
        "reproduce": {"published": {"estimate": "-0.3"}, "results": use.rows,
                      "choices": use.choices},
        "residuals": {"fit": use.regression},
        "robust": {**effects, "cluster": "trial"},
        "save_figure": {"figure": figure, "path": Path(use.folder) / "one.svg"},
        "scoreboard": {"evidence": use.evidence},
        "sensitivity": {"results": use.rows},
        "shared_control_covariance": {"effects": use.effects, "cluster": "study_id"},
        "sources": {"frames": [use.rows.head(2)]},
        "studies_table": fit,
        "subgroups": {**effects, "by": "group"},
        "summary_of_findings": {"rated": {"one": certainty()}},
        "table": {"frame": use.table, "caption": "A table"},
        "to_pymare": effects,
        "what_if": {"effects": use.effects},
        "alt_text": {"drawn": figure},
    }  # fmt: skip
    found = []
    for name in meta.__all__:
        one = getattr(meta, name)
        if isfunction(one):
            found.append(Call(name, one, right.get(name, fit), name.startswith("plot_")))
    return [*found, *conversions(), *methods()]


@cache
def board() -> pd.DataFrame:
    """Three rows of a scoreboard."""
    return pd.DataFrame(
        {
            "article_label": ["one", "one", "two"], "group": ["works", "works", "source"],
            "same_as": ["", "a0-c01", ""], "kind": ["superiority", "superiority", "reference"],
            "verdict": ["unresolved", "unresolved", "supported"],
        }
    )  # fmt: skip


@cache
def assessment() -> meta.Assessment:
    """A claim that was assessed."""
    return meta.assess("a1-c01", things().evidence)


@cache
def certainty() -> Any:
    """A rating."""
    use = things()
    return meta.certainty(use.evidence, "depression", meta.pool(use.derived))


@cache
def multiverse() -> Any:
    """Two combinations."""
    return meta.multiverse(things().rows, things().choices)


def conversions() -> list[Call]:
    """The functions of ``meta.convert``."""
    right: dict[str, dict[str, Any]] = {
        "ci_of_mean_to_sd": {"low": 1.0, "high": 2.0, "n": 20},
        "ci_to_se": {"low": 1.0, "high": 2.0},
        "combine_arms": {"n": [10, 12], "mean": [1.0, 2.0], "sd": [1.0, 1.5]},
        "convert_concentration": {
            "value": 1.0, "from_unit": "mmol/L", "to_unit": "mg/dL", "molar_mass": 24.3,
            "charge": 2},
        "convert_crp": {"value": 1.0, "from_unit": "mg/dL"},
        "correlation_from_sds": {"sd_a": 1.0, "sd_b": 1.2, "sd_difference": 1.1},
        "crossover_difference": {
            "mean_t": 1.0, "mean_c": 0.5, "n": 20, "sd_t": 1.0, "sd_c": 1.1, "correlation": 0.5},
        "crossover_smd": {
            "mean_t": 1.0, "sd_t": 1.0, "mean_c": 0.5, "sd_c": 1.1, "n": 20,
            "correlation": 0.5},
        "d_to_log_odds_ratio": {"yi": 0.5, "vi": 0.04},
        "d_to_r": {"yi": 0.5, "vi": 0.04},
        "effective_sample_size": {"n": 100, "cluster_size": 10, "icc": 0.02},
        "f_to_smd": {"f": 4.0, "n_t": 20, "n_c": 22, "sign": 1},
        "log_odds_ratio_to_d": {"yi": 0.5, "vi": 0.04},
        "log_rank_to_hr": {"o_minus_e": -4.0, "variance": 10.0},
        "matched_pairs_to_or": {"only_treated": 5, "only_control": 9},
        "mean_sd_from_median": {"n": 50, "median": 10.0, "q1": 8.0, "q3": 12.5},
        "p_to_se": {"estimate": 0.5, "p_value": 0.04},
        "p_to_smd": {"p_value": 0.04, "n_t": 20, "n_c": 22, "sign": 1},
        "p_to_statistic": {"p_value": 0.04, "sign": 1},
        "parse_p": {"text": "<0.05"},
        "pft_to_proportion": {"yi": 0.5, "n": 40},
        "r_to_d": {"yi": 0.3, "vi": 0.01},
        "sd_of_difference": {"sd_a": 1.0, "sd_b": 1.2, "correlation": 0.5},
        "se_difference_to_sd": {"se": 0.3, "n_t": 20, "n_c": 22},
        "se_to_ci": {"estimate": 0.5, "se": 0.2},
        "se_to_sd": {"se": 0.2, "n": 20},
        "small_sample_factor": {"dof": 20},
        "split_control": {"n_c": 40, "comparisons": 2},
        "statistic_to_p": {"statistic": 2.1},
        "t_to_smd": {"t": 2.1, "n_t": 20, "n_c": 22},
    }  # fmt: skip
    functions = [name for name in meta.convert.__all__ if not isclass(getattr(meta.convert, name))]
    return [Call(f"convert.{name}", getattr(meta.convert, name), right[name]) for name in functions]


METHODS = (
    "Effects.from_arrays", "Effects.from_table", "Effects.to_reader", "Effects.column",
    "Effects.subset", "Effects.derivation", "Pooled.refit", "Pooled.subset", "Pooled.interval",
    "Pooled.effect_text", "Pooled.prediction_text", "Evidence.table", "Evidence.described",
    "Evidence.word", "Evidence.select", "Evidence.primary", "StudyTable.save_mapping",
    "StudyTable.to_csv", "BayesFit.refit", "BayesFit.subset", "BayesFit.interval",
    "BayesFit.probability", "BayesFit.density", "BayesFit.sensitivity", "MetaRegression.predict",
    "MetaRegression.test", "MetaRegression.contrasts", "MetaRegression.permutation",
    "MetaRegression.pairwise", "MetaRegression.marginal_means",
)  # fmt: skip


def methods() -> list[Call]:
    """The methods of public classes, and of what public functions answer, that take arguments."""
    use = things()
    right: dict[str, dict[str, Any]] = {
        "from_arrays": {"yi": YI, "vi": VI}, "from_table": {"table": use.table},
        "to_reader": {"values": YI}, "column": {"name": "yi"}, "subset": {"keep": [0, 1, 2]},
        "derivation": {"study_id": use.derived.table["study_id"].iloc[0]},
        "refit": {"ci_level": 0.9}, "interval": {"ci_level": 0.9}, "effect_text": {"digits": 2},
        "table": {"name": "results"}, "described": {"name": "results"},
        "word": {"table": "results", "column": "reporting", "code": "arms"},
        "select": {"outcome": "depression"}, "primary": {"outcome": "depression"},
        "save_mapping": {"path": Path(use.folder) / "one.toml"}, "probability": {"below": 0.0},
        "predict": {"newdata": pd.DataFrame({"group": ["a", "b"]})}, "test": {"terms": "group"},
        "contrasts": {"weights": {"group[T.b]": 1.0}}, "pairwise": {"factor": "group"},
        "marginal_means": {"factor": "group"}, "permutation": {"n_max": 20},
    }  # fmt: skip
    owners = {
        "Effects": use.derived, "Pooled": use.fit, "Evidence": use.evidence,
        "StudyTable": use.study_table, "BayesFit": use.posterior,
        "MetaRegression": meta.meta_regression(use.effects, "~ group"),
    }  # fmt: skip
    found = []
    for full in METHODS:
        owner, name = full.split(".")
        found.append(Call(full, getattr(owners[owner], name), right.get(name, {})))
    return found


def names() -> list[str]:
    """The names of all calls, without making anything that they are called with."""
    public = [name for name in meta.__all__ if isfunction(getattr(meta, name))]
    conversions = [name for name in meta.convert.__all__ if isfunction(getattr(meta.convert, name))]
    return [*public, *(f"convert.{name}" for name in conversions), *METHODS]
