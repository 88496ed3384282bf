"""The public names, each in the module that defines it: `meta/__init__.py` reads this list."""

# ruff: noqa: I001 (in the order of the stages)

# evidence: what was reported
from meta.evidence.tables import Evidence as Evidence
from meta.evidence.tables import load_evidence as load_evidence
from meta.evidence.study_table import StudyTable as StudyTable
from meta.evidence.study_table import read_table as read_table
from meta.evidence.judgements import read_risk_of_bias as read_risk_of_bias
from meta.evidence.trustworthiness import CHECKS as CHECKS
from meta.evidence.trustworthiness import check_trustworthiness as check_trustworthiness

# effect sizes: from report to effect
from meta.effect_sizes.sizes import effect_size as effect_size
from meta.effect_sizes import convert as convert
from meta.effect_sizes.derive import effects as effects
from meta.effect_sizes.container import Effects as Effects
from meta.effect_sizes.direction import directions as directions
from meta.effect_sizes.pairwise import long_arms as long_arms
from meta.effect_sizes.pairwise import pairwise as pairwise
from meta.effect_sizes.net_change import net_change as net_change
from meta.effect_sizes.percent import percent_change as percent_change

# synthesis: from effects to answer
from meta.synthesis.models.pool import pool as pool
from meta.synthesis.models.pool_many import pool_many as pool_many
from meta.synthesis.estimate import Estimate as Estimate
from meta.synthesis.models.pooled import Pooled as Pooled
from meta.synthesis.estimators import to_pymare as to_pymare
from meta.synthesis.estimators import from_pymare as from_pymare
from meta.synthesis.estimators import by_pymare as by_pymare
from meta.synthesis.models.subgroups import subgroups as subgroups
from meta.synthesis.models.regression import meta_regression as meta_regression
from meta.synthesis.tau2_intervals import tau2_intervals as tau2_intervals
from meta.synthesis.diagnostics.likelihood_ratio import likelihood_ratio as likelihood_ratio
from meta.synthesis.models.multilevel import multilevel as multilevel
from meta.synthesis.models.robust import robust as robust
from meta.synthesis.models.two_by_two import mantel_haenszel as mantel_haenszel
from meta.synthesis.models.two_by_two import peto as peto
from meta.synthesis.models.glmm import glmm as glmm
from meta.synthesis.models.rates import pool_rates as pool_rates
from meta.synthesis.models.rates import glmm_rates as glmm_rates
from meta.synthesis.models.rates import mantel_haenszel_rates as mantel_haenszel_rates
from meta.synthesis.models.proportions import pool_proportions as pool_proportions
from meta.synthesis.models.correlated import aggregate_correlated as aggregate_correlated
from meta.synthesis.models.correlated import impute_covariance as impute_covariance
from meta.synthesis.models.correlated import shared_control_covariance as shared_control_covariance
from meta.synthesis.judgement.absolute_effect import absolute_effect as absolute_effect
from meta.synthesis.judgement.equivalence import equivalence as equivalence
from meta.synthesis.judgement.information_size import information_size as information_size
from meta.synthesis.diagnostics.influence import leave_one_out as leave_one_out
from meta.synthesis.diagnostics.influence import cumulative as cumulative
from meta.synthesis.diagnostics.regression_diagnostics import residuals as residuals
from meta.synthesis.diagnostics.influence import influence as influence
from meta.synthesis.diagnostics.influence import baujat as baujat
from meta.synthesis.diagnostics.influence import blup as blup
from meta.synthesis.bias.small_study import egger as egger
from meta.synthesis.bias.small_study import begg as begg
from meta.synthesis.bias.trim_and_fill import trim_and_fill as trim_and_fill
from meta.synthesis.bias.pet_peese import pet_peese as pet_peese
from meta.synthesis.bias.henmi_copas import henmi_copas as henmi_copas
from meta.synthesis.bias.limit_meta import limit_meta as limit_meta
from meta.synthesis.bias.excess_significance import excess_significance as excess_significance
from meta.synthesis.bias.fail_safe import fail_safe_n as fail_safe_n
from meta.synthesis.bias.smooth_selection import smooth_selection as smooth_selection
from meta.synthesis.bias.selection_model import selection_model as selection_model
from meta.synthesis.without_pooling.combined import combine_p_values as combine_p_values
from meta.synthesis.without_pooling.combined import direction_vote as direction_vote
from meta.synthesis.without_pooling.silent_trials import null_bounds as null_bounds
from meta.synthesis.without_pooling.albatross import albatross as albatross
from meta.synthesis.diagnostics.reproduce import reproduce as reproduce
from meta.synthesis.diagnostics.gosh import gosh as gosh
from meta.synthesis.diagnostics.multiverse import multiverse as multiverse
from meta.synthesis.diagnostics.operating_characteristics import (
    operating_characteristics as operating_characteristics,
)
from meta.synthesis.bayes.model import bayes as bayes
from meta.synthesis.diagnostics.permutation import permutation_test as permutation_test

# claims: from an answer to a verdict
from meta.claims.assess import assess as assess
from meta.claims.assessment import Assessment as Assessment
from meta.claims.scoreboard import scoreboard as scoreboard
from meta.claims.scoreboard import counts as counts
from meta.claims.scoreboard import headline as headline
from meta.claims.sensitivity import sensitivity as sensitivity
from meta.synthesis.judgement.certainty import certainty as certainty
from meta.claims.findings_table import certainties as certainties
from meta.claims.findings_table import summary_of_findings as summary_of_findings

# figures: drawing
from meta.figures.forest import plot_forest as plot_forest
from meta.figures.claim import plot_claim as plot_claim
from meta.figures.intervals import plot_intervals as plot_intervals
from meta.figures.claims_overview import plot_claims as plot_claims
from meta.figures.evidence_map import plot_evidence_map as plot_evidence_map
from meta.figures.funnel import plot_funnel as plot_funnel
from meta.figures.bubble import plot_bubble as plot_bubble
from meta.figures.drapery import plot_drapery as plot_drapery
from meta.figures.harvest import plot_harvest as plot_harvest
from meta.figures.multiverse import plot_multiverse as plot_multiverse
from meta.figures.posterior import plot_posterior as plot_posterior
from meta.figures.albatross import plot_albatross as plot_albatross
from meta.figures.leave_one_out import plot_leave_one_out as plot_leave_one_out
from meta.figures.leave_one_out import plot_cumulative as plot_cumulative
from meta.figures.residual_plots import plot_radial as plot_radial
from meta.figures.residual_plots import plot_qq as plot_qq
from meta.figures.labbe import plot_labbe as plot_labbe
from meta.figures.profile import plot_profile as plot_profile
from meta.figures.gosh import plot_gosh as plot_gosh
from meta.figures.diagnostics import plot_baujat as plot_baujat
from meta.figures.diagnostics import plot_influence as plot_influence
from meta.figures.risk_of_bias import plot_traffic_light as plot_traffic_light
from meta.figures.risk_of_bias import plot_risk_of_bias_summary as plot_risk_of_bias_summary
from meta.figures.prisma_flow import plot_prisma_flow as plot_prisma_flow
from meta.figures.prisma_flow import Flow as Flow
from meta.figures.drawing import save_figure as save_figure
from meta.figures.drawing import alt_text as alt_text
from meta.figures.drawing import figure_data as figure_data

# report: telling
from meta.report.links import as_text as as_text
from meta.report.headings import headings as headings
from meta.report.display import table as table
from meta.report.display import sources as sources
from meta.report.fits import studies_table as studies_table
from meta.report.fits import compare as compare
from meta.report.fits import linked as linked
from meta.report.what_if import what_if as what_if
from meta.report.methods_text import methods_text as methods_text
from meta.report.analysis_script import analysis_script as analysis_script

# errors
from meta.errors import BuildError as BuildError
from meta.errors import DataError as DataError
from meta.errors import TooFewStudies as TooFewStudies
from meta.errors import NotComparable as NotComparable
from meta.errors import NotConverged as NotConverged

__version__: str
_PUBLIC: dict[str, str]
