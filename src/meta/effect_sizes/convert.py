"""Conversions between the forms in which papers report a result (public as ``meta.convert``).

========================== =====================================================================
from                       function
========================== =====================================================================
confidence interval        `ci_to_se`, `ci_of_mean_to_sd`
standard error             `se_to_ci`, `se_to_sd`, `se_difference_to_sd`
p-value                    `parse_p`, `p_to_statistic`, `statistic_to_p`, `p_to_se`, `p_to_smd`
t or F                     `t_to_smd`, `f_to_smd`
d, odds ratio, correlation `d_to_log_odds_ratio`, `log_odds_ratio_to_d`, `d_to_r`, `r_to_d`
median, quartiles, range   `mean_sd_from_median`
double arcsine             `pft_to_proportion`
several arms               `combine_arms`, `split_control`
log-rank test              `log_rank_to_hr`
matched pairs              `matched_pairs_to_or`
cluster trials             `effective_sample_size`
the same people twice      `crossover_difference`, `crossover_smd`, `sd_of_difference`,
                           `correlation_from_sds`
units                      `convert_concentration`, `convert_crp`
small samples              `small_sample_factor`
========================== =====================================================================

All take numbers, arrays or Series and answer in kind; all raise `meta.DataError` with every fault
of the input at once. Each conversion assumes something: its Notes say what, and an effect that went
through one should carry the assumption by name.
"""

from __future__ import annotations

from meta.effect_sizes.arms import Arm, SharedControl, combine_arms, split_control
from meta.effect_sizes.designs import (
    EffectiveSize,
    effective_sample_size,
    log_rank_to_hr,
    matched_pairs_to_or,
)
from meta.effect_sizes.double_arcsine import pft_to_proportion
from meta.effect_sizes.intervals import (
    Interval,
    IntervalEffect,
    ci_of_mean_to_sd,
    ci_to_se,
    se_difference_to_sd,
    se_to_ci,
    se_to_sd,
)
from meta.effect_sizes.medians import mean_sd_from_median
from meta.effect_sizes.p_values import (
    PValue,
    p_to_se,
    p_to_statistic,
    parse_p,
    statistic_to_p,
)
from meta.effect_sizes.paired import (
    PairedDifference,
    correlation_from_sds,
    crossover_difference,
    crossover_smd,
    sd_of_difference,
)
from meta.effect_sizes.standardised import small_sample_factor
from meta.effect_sizes.statistics import (
    EffectVariance,
    d_to_log_odds_ratio,
    d_to_r,
    f_to_smd,
    log_odds_ratio_to_d,
    p_to_smd,
    r_to_d,
    t_to_smd,
)
from meta.effect_sizes.units import convert_concentration, convert_crp

__all__ = [
    "Arm",
    "EffectVariance",
    "EffectiveSize",
    "Interval",
    "IntervalEffect",
    "PValue",
    "PairedDifference",
    "SharedControl",
    "ci_of_mean_to_sd",
    "ci_to_se",
    "combine_arms",
    "convert_concentration",
    "convert_crp",
    "correlation_from_sds",
    "crossover_difference",
    "crossover_smd",
    "d_to_log_odds_ratio",
    "d_to_r",
    "effective_sample_size",
    "f_to_smd",
    "log_odds_ratio_to_d",
    "log_rank_to_hr",
    "matched_pairs_to_or",
    "mean_sd_from_median",
    "p_to_se",
    "p_to_smd",
    "p_to_statistic",
    "parse_p",
    "pft_to_proportion",
    "r_to_d",
    "sd_of_difference",
    "se_difference_to_sd",
    "se_to_ci",
    "se_to_sd",
    "small_sample_factor",
    "split_control",
    "statistic_to_p",
    "t_to_smd",
]
