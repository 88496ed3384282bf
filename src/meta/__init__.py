"""The real effect beside each health claim: trial data, small meta-analyses, figures, verdicts.

Public names are imported when they are first used, so that ``import meta`` stays quick: the
estimation engine, the regression and the drawing libraries take seconds to import.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

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
    "selection_model": "meta.synthesis.bias.selection_model:selection_model",
    "combine_p_values": "meta.synthesis.without_pooling.combined:combine_p_values",
    "direction_vote": "meta.synthesis.without_pooling.combined:direction_vote",
    "null_bounds": "meta.synthesis.without_pooling.silent_trials:null_bounds",
    "albatross": "meta.synthesis.without_pooling.albatross:albatross",
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
    "plot_baujat": "meta.figures.diagnostics:plot_baujat",
    "plot_influence": "meta.figures.diagnostics:plot_influence",
    "plot_traffic_light": "meta.figures.risk_of_bias:plot_traffic_light",
    "plot_risk_of_bias_summary": "meta.figures.risk_of_bias:plot_risk_of_bias_summary",
    "plot_prisma_flow": "meta.figures.prisma_flow:plot_prisma_flow",
    "Flow": "meta.figures.prisma_flow:Flow",
    "save_figure": "meta.figures.theme:save",
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
    "StatisticalWarning": "meta.errors:StatisticalWarning",
}

__all__ = ["__version__", *sorted(_PUBLIC)]


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
