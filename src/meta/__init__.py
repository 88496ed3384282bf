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
    "pool": "meta.synthesis.pool:pool",
    "Pooled": "meta.synthesis.result:Pooled",
    "subgroups": "meta.synthesis.subgroups:subgroups",
    "meta_regression": "meta.synthesis.regression:meta_regression",
    "multilevel": "meta.synthesis.dependence:multilevel",
    "robust": "meta.synthesis.robust:robust",
    "mantel_haenszel": "meta.synthesis.two_by_two:mantel_haenszel",
    "peto": "meta.synthesis.two_by_two:peto",
    "glmm": "meta.synthesis.glmm:glmm",
    "pool_proportions": "meta.synthesis.proportions:pool_proportions",
    "aggregate_correlated": "meta.synthesis.correlated:aggregate_correlated",
    "shared_control_covariance": "meta.synthesis.correlated:shared_control_covariance",
    "absolute_effect": "meta.synthesis.absolute:absolute_effect",
    "equivalence": "meta.synthesis.equivalence:equivalence",
    "leave_one_out": "meta.synthesis.influence:leave_one_out",
    "cumulative": "meta.synthesis.influence:cumulative",
    "influence": "meta.synthesis.influence:influence",
    "baujat": "meta.synthesis.influence:baujat",
    "blup": "meta.synthesis.influence:blup",
    "egger": "meta.synthesis.small_study:egger",
    "begg": "meta.synthesis.small_study:begg",
    "trim_and_fill": "meta.synthesis.trim_and_fill:trim_and_fill",
    "pet_peese": "meta.synthesis.pet_peese:pet_peese",
    "selection_model": "meta.synthesis.selection:selection_model",
    "combine_p_values": "meta.synthesis.without_pooling:combine_p_values",
    "direction_vote": "meta.synthesis.without_pooling:direction_vote",
    "null_bounds": "meta.synthesis.silent_trials:null_bounds",
    "albatross": "meta.synthesis.albatross:albatross",
    "multiverse": "meta.synthesis.multiverse:multiverse",
    "operating_characteristics": "meta.synthesis.operating:operating_characteristics",
    "bayes": "meta.synthesis.bayes:bayes",
    "permutation_test": "meta.synthesis.permutation:permutation_test",
    # claims: from an answer to a verdict
    "assess": "meta.claims.assess:assess",
    "Assessment": "meta.claims.assessment:Assessment",
    "scoreboard": "meta.claims.scoreboard:scoreboard",
    "counts": "meta.claims.scoreboard:counts",
    "sensitivity": "meta.claims.sensitivity:sensitivity",
    "certainty": "meta.synthesis.certainty:certainty",
    "certainties": "meta.claims.findings_table:certainties",
    "summary_of_findings": "meta.claims.findings_table:summary_of_findings",
    # figures: drawing
    "forest": "meta.figures.forest:forest",
    "claim_plot": "meta.figures.claim:claim_plot",
    "interval_plot": "meta.figures.intervals:interval_plot",
    "claims_plot": "meta.figures.claims_overview:claims_plot",
    "funnel": "meta.figures.funnel:funnel",
    "bubble": "meta.figures.bubble:bubble",
    "drapery": "meta.figures.drapery:drapery",
    "harvest": "meta.figures.harvest:harvest",
    "multiverse_plot": "meta.figures.multiverse:multiverse_plot",
    "posterior": "meta.figures.posterior:posterior",
    "albatross_plot": "meta.figures.albatross:albatross_plot",
    "leave_one_out_plot": "meta.figures.sensitivity:leave_one_out_plot",
    "cumulative_forest": "meta.figures.sensitivity:cumulative_forest",
    "baujat_plot": "meta.figures.diagnostics:baujat_plot",
    "influence_plot": "meta.figures.diagnostics:influence_plot",
    "traffic_light": "meta.figures.risk_of_bias:traffic_light",
    "risk_of_bias_summary": "meta.figures.risk_of_bias:risk_of_bias_summary",
    "prisma_flow": "meta.figures.prisma:prisma",
    "Flow": "meta.figures.prisma:Flow",
    "save_figure": "meta.figures.theme:save",
    "alt_text": "meta.figures.theme:alt_text",
    # report: telling
    "as_text": "meta.report.tables:as_text",
    "headings": "meta.report.headings:headings",
    "table": "meta.report.display:table",
    "sources": "meta.report.display:sources",
    "behind": "meta.report.fits:behind",
    "compare": "meta.report.fits:compare",
    "linked": "meta.report.fits:linked",
    "what_if": "meta.report.what_if:what_if",
    "agreement": "meta.report.agreement:agreement",
    "not_compared": "meta.report.agreement:not_compared",
    # errors
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
