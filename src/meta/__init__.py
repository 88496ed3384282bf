"""The real effect beside each health claim: trial data, small meta-analyses, figures, verdicts.

Public names are imported when they are first used, so that ``import meta`` stays quick: the
estimation engine, the regression and the drawing libraries take seconds to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# public name -> module that defines it ("" after the colon: the module itself)
_PUBLIC = {
    # evidence: what was reported
    "Evidence": "meta.evidence.tables:Evidence",
    "load_evidence": "meta.evidence.tables:load_evidence",
    "StudyTable": "meta.evidence.study_table:StudyTable",
    "read_table": "meta.evidence.study_table:read_table",
    "read_risk_of_bias": "meta.evidence.judgements:read_risk_of_bias",
    "CHECKS": "meta.evidence.trustworthiness:CHECKS",
    "check_trustworthiness": "meta.evidence.trustworthiness:check_trustworthiness",
    # effect sizes: from report to effect
    "effect_size": "meta.effect_sizes.sizes:effect_size",
    "convert": "meta.effect_sizes.convert:",
    "effects": "meta.effect_sizes.derive:effects",
    "Effects": "meta.effect_sizes.container:Effects",
    "directions": "meta.effect_sizes.direction:directions",
    "long_arms": "meta.effect_sizes.pairwise:long_arms",
    "pairwise": "meta.effect_sizes.pairwise:pairwise",
    "net_change": "meta.effect_sizes.net_change:net_change",
    "percent_change": "meta.effect_sizes.percent:percent_change",
    # synthesis: from effects to answer
    "pool": "meta.synthesis.models.pool:pool",
    "pool_many": "meta.synthesis.models.pool_many:pool_many",
    "Estimate": "meta.synthesis.estimate:Estimate",
    "Pooled": "meta.synthesis.models.pooled:Pooled",
    "to_pymare": "meta.synthesis.estimators:to_pymare",
    "from_pymare": "meta.synthesis.estimators:from_pymare",
    "by_pymare": "meta.synthesis.estimators:by_pymare",
    "subgroups": "meta.synthesis.models.subgroups:subgroups",
    "meta_regression": "meta.synthesis.models.regression:meta_regression",
    "tau2_intervals": "meta.synthesis.tau2_intervals:tau2_intervals",
    "likelihood_ratio": "meta.synthesis.fit_statistics:likelihood_ratio",
    "multilevel": "meta.synthesis.models.multilevel:multilevel",
    "robust": "meta.synthesis.models.robust:robust",
    "mantel_haenszel": "meta.synthesis.models.two_by_two:mantel_haenszel",
    "peto": "meta.synthesis.models.two_by_two:peto",
    "glmm": "meta.synthesis.models.glmm:glmm",
    "pool_rates": "meta.synthesis.models.rates:pool_rates",
    "glmm_rates": "meta.synthesis.models.rates:glmm_rates",
    "mantel_haenszel_rates": "meta.synthesis.models.rates:mantel_haenszel_rates",
    "pool_proportions": "meta.synthesis.models.proportions:pool_proportions",
    "aggregate_correlated": "meta.synthesis.models.correlated:aggregate_correlated",
    "impute_covariance": "meta.synthesis.models.correlated:impute_covariance",
    "shared_control_covariance": "meta.synthesis.models.correlated:shared_control_covariance",
    "absolute_effect": "meta.synthesis.judgement.absolute_effect:absolute_effect",
    "equivalence": "meta.synthesis.judgement.equivalence:equivalence",
    "information_size": "meta.synthesis.judgement.information_size:information_size",
    "leave_one_out": "meta.synthesis.diagnostics.influence:leave_one_out",
    "cumulative": "meta.synthesis.diagnostics.influence:cumulative",
    "residuals": "meta.synthesis.diagnostics.regression_diagnostics:residuals",
    "influence": "meta.synthesis.diagnostics.influence:influence",
    "baujat": "meta.synthesis.diagnostics.influence:baujat",
    "blup": "meta.synthesis.diagnostics.influence:blup",
    "egger": "meta.synthesis.bias.small_study:egger",
    "begg": "meta.synthesis.bias.small_study:begg",
    "trim_and_fill": "meta.synthesis.bias.trim_and_fill:trim_and_fill",
    "pet_peese": "meta.synthesis.bias.pet_peese:pet_peese",
    "henmi_copas": "meta.synthesis.bias.henmi_copas:henmi_copas",
    "excess_significance": "meta.synthesis.bias.excess_significance:excess_significance",
    "fail_safe_n": "meta.synthesis.bias.fail_safe:fail_safe_n",
    "beta_selection": "meta.synthesis.bias.beta_selection:beta_selection",
    "selection_model": "meta.synthesis.bias.selection_model:selection_model",
    "combine_p_values": "meta.synthesis.without_pooling.combined:combine_p_values",
    "direction_vote": "meta.synthesis.without_pooling.combined:direction_vote",
    "null_bounds": "meta.synthesis.without_pooling.silent_trials:null_bounds",
    "albatross": "meta.synthesis.without_pooling.albatross:albatross",
    "reproduce": "meta.synthesis.diagnostics.reproduce:reproduce",
    "gosh": "meta.synthesis.diagnostics.gosh:gosh",
    "multiverse": "meta.synthesis.diagnostics.multiverse:multiverse",
    "operating_characteristics": "meta.synthesis.diagnostics.operating:operating_characteristics",
    "bayes": "meta.synthesis.bayes.model:bayes",
    "permutation_test": "meta.synthesis.diagnostics.permutation:permutation_test",
    # claims: from an answer to a verdict
    "assess": "meta.claims.assess:assess",
    "Assessment": "meta.claims.assessment:Assessment",
    "scoreboard": "meta.claims.scoreboard:scoreboard",
    "counts": "meta.claims.scoreboard:counts",
    "headline": "meta.claims.scoreboard:headline",
    "sensitivity": "meta.claims.sensitivity:sensitivity",
    "certainty": "meta.synthesis.judgement.certainty:certainty",
    "certainties": "meta.claims.findings_table:certainties",
    "summary_of_findings": "meta.claims.findings_table:summary_of_findings",
    # figures: drawing
    "plot_forest": "meta.figures.forest:plot_forest",
    "plot_claim": "meta.figures.claim:plot_claim",
    "plot_intervals": "meta.figures.intervals:plot_intervals",
    "plot_claims": "meta.figures.claims_overview:plot_claims",
    "plot_evidence_map": "meta.figures.evidence_map:plot_evidence_map",
    "plot_funnel": "meta.figures.funnel:plot_funnel",
    "plot_bubble": "meta.figures.bubble:plot_bubble",
    "plot_drapery": "meta.figures.drapery:plot_drapery",
    "plot_harvest": "meta.figures.harvest:plot_harvest",
    "plot_multiverse": "meta.figures.multiverse:plot_multiverse",
    "plot_posterior": "meta.figures.posterior:plot_posterior",
    "plot_albatross": "meta.figures.albatross:plot_albatross",
    "plot_leave_one_out": "meta.figures.leave_one_out:plot_leave_one_out",
    "plot_cumulative": "meta.figures.leave_one_out:plot_cumulative",
    "plot_radial": "meta.figures.residual_plots:plot_radial",
    "plot_qq": "meta.figures.residual_plots:plot_qq",
    "plot_labbe": "meta.figures.labbe:plot_labbe",
    "plot_profile": "meta.figures.profile:plot_profile",
    "plot_gosh": "meta.figures.gosh:plot_gosh",
    "plot_baujat": "meta.figures.diagnostics:plot_baujat",
    "plot_influence": "meta.figures.diagnostics:plot_influence",
    "plot_traffic_light": "meta.figures.risk_of_bias:plot_traffic_light",
    "plot_risk_of_bias_summary": "meta.figures.risk_of_bias:plot_risk_of_bias_summary",
    "plot_prisma_flow": "meta.figures.prisma_flow:plot_prisma_flow",
    "Flow": "meta.figures.prisma_flow:Flow",
    "save_figure": "meta.figures.theme:save_figure",
    "alt_text": "meta.figures.theme:alt_text",
    # report: telling
    "as_text": "meta.report.links:as_text",
    "headings": "meta.report.headings:headings",
    "table": "meta.report.display:table",
    "sources": "meta.report.display:sources",
    "studies_table": "meta.report.fits:studies_table",
    "compare": "meta.report.fits:compare",
    "linked": "meta.report.fits:linked",
    "what_if": "meta.report.what_if:what_if",
    # errors
    "BuildError": "meta.errors:BuildError",
    "DataError": "meta.errors:DataError",
    "TooFewStudies": "meta.errors:TooFewStudies",
    "NotComparable": "meta.errors:NotComparable",
    "NotConverged": "meta.errors:NotConverged",
}

__all__ = ["__version__", *sorted(_PUBLIC)]


if TYPE_CHECKING:
    # the same names for type checkers, which do not run what is below
    from meta.claims.assess import assess as assess
    from meta.claims.assessment import Assessment as Assessment
    from meta.claims.findings_table import certainties as certainties
    from meta.claims.findings_table import summary_of_findings as summary_of_findings
    from meta.claims.scoreboard import counts as counts
    from meta.claims.scoreboard import headline as headline
    from meta.claims.scoreboard import scoreboard as scoreboard
    from meta.claims.sensitivity import sensitivity as sensitivity
    from meta.effect_sizes import convert as convert
    from meta.effect_sizes.container import Effects as Effects
    from meta.effect_sizes.derive import effects as effects
    from meta.effect_sizes.direction import directions as directions
    from meta.effect_sizes.net_change import net_change as net_change
    from meta.effect_sizes.pairwise import long_arms as long_arms
    from meta.effect_sizes.pairwise import pairwise as pairwise
    from meta.effect_sizes.percent import percent_change as percent_change
    from meta.effect_sizes.sizes import effect_size as effect_size
    from meta.errors import BuildError as BuildError
    from meta.errors import DataError as DataError
    from meta.errors import NotComparable as NotComparable
    from meta.errors import NotConverged as NotConverged
    from meta.errors import TooFewStudies as TooFewStudies
    from meta.evidence.judgements import read_risk_of_bias as read_risk_of_bias
    from meta.evidence.study_table import StudyTable as StudyTable
    from meta.evidence.study_table import read_table as read_table
    from meta.evidence.tables import Evidence as Evidence
    from meta.evidence.tables import load_evidence as load_evidence
    from meta.evidence.trustworthiness import CHECKS as CHECKS
    from meta.evidence.trustworthiness import check_trustworthiness as check_trustworthiness
    from meta.figures.albatross import plot_albatross as plot_albatross
    from meta.figures.bubble import plot_bubble as plot_bubble
    from meta.figures.claim import plot_claim as plot_claim
    from meta.figures.claims_overview import plot_claims as plot_claims
    from meta.figures.diagnostics import plot_baujat as plot_baujat
    from meta.figures.diagnostics import plot_influence as plot_influence
    from meta.figures.drapery import plot_drapery as plot_drapery
    from meta.figures.evidence_map import plot_evidence_map as plot_evidence_map
    from meta.figures.forest import plot_forest as plot_forest
    from meta.figures.funnel import plot_funnel as plot_funnel
    from meta.figures.gosh import plot_gosh as plot_gosh
    from meta.figures.harvest import plot_harvest as plot_harvest
    from meta.figures.intervals import plot_intervals as plot_intervals
    from meta.figures.labbe import plot_labbe as plot_labbe
    from meta.figures.leave_one_out import plot_cumulative as plot_cumulative
    from meta.figures.leave_one_out import plot_leave_one_out as plot_leave_one_out
    from meta.figures.multiverse import plot_multiverse as plot_multiverse
    from meta.figures.posterior import plot_posterior as plot_posterior
    from meta.figures.prisma_flow import Flow as Flow
    from meta.figures.prisma_flow import plot_prisma_flow as plot_prisma_flow
    from meta.figures.profile import plot_profile as plot_profile
    from meta.figures.residual_plots import plot_qq as plot_qq
    from meta.figures.residual_plots import plot_radial as plot_radial
    from meta.figures.risk_of_bias import plot_risk_of_bias_summary as plot_risk_of_bias_summary
    from meta.figures.risk_of_bias import plot_traffic_light as plot_traffic_light
    from meta.figures.theme import alt_text as alt_text
    from meta.figures.theme import save_figure as save_figure
    from meta.report.display import sources as sources
    from meta.report.display import table as table
    from meta.report.fits import compare as compare
    from meta.report.fits import linked as linked
    from meta.report.fits import studies_table as studies_table
    from meta.report.headings import headings as headings
    from meta.report.links import as_text as as_text
    from meta.report.what_if import what_if as what_if
    from meta.synthesis.bayes.model import bayes as bayes
    from meta.synthesis.bias.beta_selection import beta_selection as beta_selection
    from meta.synthesis.bias.excess_significance import excess_significance as excess_significance
    from meta.synthesis.bias.fail_safe import fail_safe_n as fail_safe_n
    from meta.synthesis.bias.henmi_copas import henmi_copas as henmi_copas
    from meta.synthesis.bias.pet_peese import pet_peese as pet_peese
    from meta.synthesis.bias.selection_model import selection_model as selection_model
    from meta.synthesis.bias.small_study import begg as begg
    from meta.synthesis.bias.small_study import egger as egger
    from meta.synthesis.bias.trim_and_fill import trim_and_fill as trim_and_fill
    from meta.synthesis.diagnostics.gosh import gosh as gosh
    from meta.synthesis.diagnostics.influence import baujat as baujat
    from meta.synthesis.diagnostics.influence import blup as blup
    from meta.synthesis.diagnostics.influence import cumulative as cumulative
    from meta.synthesis.diagnostics.influence import influence as influence
    from meta.synthesis.diagnostics.influence import leave_one_out as leave_one_out
    from meta.synthesis.diagnostics.multiverse import multiverse as multiverse
    from meta.synthesis.diagnostics.operating import (
        operating_characteristics as operating_characteristics,
    )
    from meta.synthesis.diagnostics.permutation import permutation_test as permutation_test
    from meta.synthesis.diagnostics.regression_diagnostics import residuals as residuals
    from meta.synthesis.diagnostics.reproduce import reproduce as reproduce
    from meta.synthesis.estimate import Estimate as Estimate
    from meta.synthesis.estimators import by_pymare as by_pymare
    from meta.synthesis.estimators import from_pymare as from_pymare
    from meta.synthesis.estimators import to_pymare as to_pymare
    from meta.synthesis.fit_statistics import likelihood_ratio as likelihood_ratio
    from meta.synthesis.judgement.absolute_effect import absolute_effect as absolute_effect
    from meta.synthesis.judgement.certainty import certainty as certainty
    from meta.synthesis.judgement.equivalence import equivalence as equivalence
    from meta.synthesis.judgement.information_size import information_size as information_size
    from meta.synthesis.models.correlated import aggregate_correlated as aggregate_correlated
    from meta.synthesis.models.correlated import impute_covariance as impute_covariance
    from meta.synthesis.models.correlated import (
        shared_control_covariance as shared_control_covariance,
    )
    from meta.synthesis.models.glmm import glmm as glmm
    from meta.synthesis.models.multilevel import multilevel as multilevel
    from meta.synthesis.models.pool import pool as pool
    from meta.synthesis.models.pool_many import pool_many as pool_many
    from meta.synthesis.models.pooled import Pooled as Pooled
    from meta.synthesis.models.proportions import pool_proportions as pool_proportions
    from meta.synthesis.models.rates import glmm_rates as glmm_rates
    from meta.synthesis.models.rates import mantel_haenszel_rates as mantel_haenszel_rates
    from meta.synthesis.models.rates import pool_rates as pool_rates
    from meta.synthesis.models.regression import meta_regression as meta_regression
    from meta.synthesis.models.robust import robust as robust
    from meta.synthesis.models.subgroups import subgroups as subgroups
    from meta.synthesis.models.two_by_two import mantel_haenszel as mantel_haenszel
    from meta.synthesis.models.two_by_two import peto as peto
    from meta.synthesis.tau2_intervals import tau2_intervals as tau2_intervals
    from meta.synthesis.without_pooling.albatross import albatross as albatross
    from meta.synthesis.without_pooling.combined import combine_p_values as combine_p_values
    from meta.synthesis.without_pooling.combined import direction_vote as direction_vote
    from meta.synthesis.without_pooling.silent_trials import null_bounds as null_bounds
else:

    def __getattr__(name: str) -> Any:
        try:
            module, _, attribute = _PUBLIC[name].partition(":")
        except KeyError:
            raise AttributeError(
                f"module 'meta' has no attribute {name!r}; its public names are "
                f"{', '.join(sorted(_PUBLIC))}"
            ) from None
        found = import_module(module)
        value = getattr(found, attribute) if attribute else found
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
