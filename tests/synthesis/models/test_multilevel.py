"""Three-level models and robust intervals against metafor, dense algebra, and their edges."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from reference_answers import reference
from scipy import optimize, stats

import meta
from meta.errors import DataError, TooFewStudies
from meta.synthesis.models.correlated import shared_control_covariance
from meta.synthesis.models.multilevel import multilevel
from meta.synthesis.models.robust import robust

CLOSED = 1e-8
# two iterated variances on both sides; metafor's were stopped at a relative change of 1e-12
ITERATIVE = 1e-6

# Assink, Wibbelink (2016), The Quantitative Methods for Psychology 12(3): standardised mean
# differences and sampling variances of 17 studies (dat.assink2016 in metadat), in order.
ASSINK = """
1: 0.9066 0.074, 0.4295 0.0398, 0.2679 0.0481, 0.2078 0.0239, 0.0526 0.0331, -0.0507 0.0886
2: 0.5117 0.0115, 0.4738 0.0076, 0.3544 0.0065
3: 2.2844 0.3325, 2.1771 0.3073, 1.7777 0.2697, 1.548 0.4533, 1.4855 0.1167, 1.4836 0.1706,
    1.2777 0.1538, 1.0311 0.3132, 0.9409 0.1487, 0.6263 0.2139
4: -0.0447 0.0331
5: 1.549 0.1384
6: 0.7516 0.0477, 0.3979 0.0449, 0.2062 0.3533, -0.2927 0.0758, -0.5067 0.0314
7: 1.7083 0.0729, 0.8003 0.0815, 0.7268 0.1394, 0.6569 0.0943, 0.5569 0.1355, 0.3504 0.0763
8: 0.3695 0.0199
9: 0.1048 0.0331, 0.1748 0.0346
10: 0.4549 0.0278, 0.3161 0.0185, 0.0826 0.0328, 0.0221 0.0612, -0.0199 0.0127
11: 2.358 0.1226, 2.358 0.1226, 2.3157 0.2416, 2.0765 0.0844, 2.0034 0.078, 1.7716 0.0723,
    1.4918 0.0701, 1.4476 0.0422, 1.2897 0.0663, 1.2637 0.0935, 1.2423 0.0392, 1.1769 0.0387,
    1.076 0.0391, 1.0653 0.038, 1.0379 0.1651, 1.0101 0.0586, 1.0087 0.0386, 0.8765 0.0893,
    0.8615 0.1591, 0.8531 0.035, 0.6999 0.0353, 0.6947 0.0353
12: 0.2994 0.0041, 0.2992 0.0042, 0.2989 0.0041, 0.291 0.0042, 0.217 0.0041
13: 0.3874 0.0138, 0.2178 0.0137
14: 0.4571 0.01, 0.1947 0.0059, 0.0239 0.0025, -0.0575 0.0032, -0.119 0.0789, -0.2945 0.0179
15: 0.713 0.1537, 0.399 0.2334, -0.7645 0.1674
16: 0.7156 0.0914, 0.7067 0.0875, 0.6475 0.033, 0.6428 0.0861, 0.6271 0.04, 0.6238 0.068, 0.6025
    0.1287, 0.5763 0.0332, 0.5171 0.0517, -0.3797 0.039, -0.4228 0.0664, -0.4245 0.0809, -0.4671
    0.0667, -0.523 0.0988, -0.5675 0.034, -0.7586 0.0437
17: 0.3453 0.034, 0.1221 0.0158, 0.0906 0.0107, 0.004 0.0208, -0.0207 0.0123, -0.066 0.01
"""


def assink():
    yi, vi, study = [], [], []
    for line in ASSINK.replace("\n    ", " ").strip().splitlines():
        name, rest = line.split(": ")
        for pair in rest.split(","):
            effect, variance = map(float, pair.split())
            yi.append(effect)
            vi.append(variance)
            study.append(int(name))
    return meta.Effects.from_arrays(yi, vi, measure="SMD", study=study)


def konstantopoulos():
    ref = reference("konstantopoulos2011_multilevel")
    effects = meta.Effects.from_arrays(
        ref["yi"], ref["vi"], district=ref["cluster"], school=ref["inner"]
    )
    return ref, effects


def test_konstantopoulos2011_equals_metafor():
    ref, effects = konstantopoulos()
    for inner in (None, "school"):
        fit = multilevel(effects, cluster="district", inner=inner, ci_method="wald")
        assert fit.estimate == pytest.approx(ref["beta"], rel=ITERATIVE)
        assert fit.se == pytest.approx(ref["se"], rel=ITERATIVE)
        assert [fit.sigma2_between, fit.sigma2_within] == pytest.approx(
            ref["sigma2"], rel=ITERATIVE
        )
        assert fit.log_likelihood == pytest.approx(ref["logLik"], rel=CLOSED)
    assert fit.dof is None
    assert fit.ci_high - fit.estimate == pytest.approx(stats.norm.ppf(0.975) * fit.se)
    assert (fit.k, fit.n_clusters, fit.q_dof) == (56, 11, 55)
    # Cochran's Q is that of the common-effect model
    common = meta.pool(effects, model="common")
    assert fit.q == pytest.approx(common.q, rel=CLOSED)


def test_assink2016_equals_metafor():
    effects = assink()
    assert effects.k == 100
    independent = multilevel(effects, cluster="study")
    # printed by metafor with three and four decimals
    assert independent.estimate == pytest.approx(0.4268, abs=5e-5)
    assert [independent.sigma2_between, independent.sigma2_within] == pytest.approx(
        [0.188, 0.112], abs=5e-4
    )
    # metafor 3.8: V by vcalc(rho = 0.6), six decimals
    correlated = multilevel(effects, cluster="study", correlation=0.6)
    assert correlated.estimate == pytest.approx(0.367755, abs=5e-7)
    assert correlated.se == pytest.approx(0.096532, abs=5e-7)
    assert correlated.sigma2_between == pytest.approx(0.080733, abs=5e-7)
    assert correlated.sigma2_within == pytest.approx(0.154543, abs=5e-7)
    assert any("errors within clusters (0.6) is an assumption" in note for note in correlated.notes)


def dense(effects, codes, units, covariance, restricted):
    """The likelihood written out with full matrices."""
    y, ones = effects.yi, np.ones(effects.k)
    together = (codes[:, None] == codes[None, :]).astype(float)
    same = (units[:, None] == units[None, :]).astype(float)

    def negative(sigma2):
        m = covariance + sigma2[0] * together + sigma2[1] * same
        inverse = np.linalg.inv(m)
        total = ones @ inverse @ ones
        residual = y - (ones @ inverse @ y) / total
        value = -0.5 * (np.linalg.slogdet(m)[1] + residual @ inverse @ residual)
        if restricted:
            value += 0.5 * (np.log(effects.k) - np.log(total) + np.log(2 * np.pi))
        return -(value - 0.5 * effects.k * np.log(2 * np.pi))

    return negative


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_equals_the_dense_likelihood_with_shared_inner_units(method):
    rng = np.random.default_rng(7)
    codes = np.repeat(np.arange(6), [1, 2, 3, 4, 4, 6])
    inner = np.array([0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 1, 1, 2, 0, 0, 1, 1, 2, 2])
    vi = rng.uniform(0.02, 0.2, 20)
    units = np.unique(np.column_stack([codes, inner]), axis=0, return_inverse=True)[1].ravel()
    yi = rng.normal(size=6)[codes] * 0.5 + rng.normal(size=20)[units] * 0.4
    yi += np.sqrt(vi) * rng.normal(size=20)
    effects = meta.Effects.from_arrays(yi, vi, trial=codes, arm=inner)
    fit = multilevel(effects, cluster="trial", inner="arm", correlation=0.4, tau2_method=method)
    sei = np.sqrt(vi)
    covariance = np.where(codes[:, None] == codes[None, :], 0.4 * np.outer(sei, sei), 0)
    np.fill_diagonal(covariance, vi)
    negative = dense(effects, codes, units, covariance, method == "REML")
    at = np.array([fit.sigma2_between, fit.sigma2_within])
    assert fit.log_likelihood == pytest.approx(-negative(at), rel=CLOSED)
    search = optimize.minimize(
        negative,
        [0.1, 0.1],
        method="Nelder-Mead",
        bounds=[(0, None)] * 2,
        options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 4000},
    )
    # a simplex search finds a flat maximum to half the digits
    np.testing.assert_allclose(at, search.x, atol=1e-5)
    inverse = np.linalg.inv(fit.marginal_covariance())
    assert fit.se == pytest.approx(1 / np.sqrt(inverse.sum()), rel=CLOSED)
    assert fit.estimate == pytest.approx(inverse.sum(axis=0) @ yi / inverse.sum(), rel=CLOSED)
    v_inverse = np.linalg.inv(covariance)
    total = v_inverse.sum()
    p = v_inverse - np.outer(v_inverse.sum(axis=0), v_inverse.sum(axis=0)) / total
    typical = (effects.k - 1) / np.trace(p)
    assert fit.i2 == pytest.approx(100 * at.sum() / (at.sum() + typical), rel=CLOSED)
    assert fit.i2 == pytest.approx(fit.i2_between + fit.i2_within)
    assert fit.q == pytest.approx(yi @ p @ yi, rel=CLOSED)


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_one_effect_a_cluster_is_the_ordinary_model(method):
    ref = reference("bcg_RR")
    effects = meta.Effects.from_arrays(ref["yi"], ref["vi"], measure="RR")
    fit = multilevel(effects, cluster="study_id", tau2_method=method, ci_method="wald")
    simple = meta.pool(effects, tau2_method=method, ci_method="wald", prediction_method="z")
    assert fit.sigma2_between == pytest.approx(simple.tau2, rel=ITERATIVE)
    assert fit.sigma2_within == 0
    for name in ("estimate", "se", "ci_low", "p_value", "pi_high", "i2"):
        assert getattr(fit, name) == pytest.approx(getattr(simple, name), rel=ITERATIVE)
    assert any("cannot be separated" in note for note in fit.notes)
    # the same where several effects of a cluster share one true effect
    repeated = multilevel(effects, cluster=np.arange(13) // 2, inner=np.arange(13) // 2)
    assert repeated.sigma2_within == 0


def test_variances_may_be_zero():
    effects = meta.Effects.from_arrays(
        [0.30, 0.31, 0.29, 0.30, 0.32, 0.28], [0.05] * 6, trial=[1, 1, 2, 2, 3, 3]
    )
    fit = multilevel(effects, cluster="trial")
    assert fit.sigma2_between == fit.sigma2_within == 0
    assert fit.se == pytest.approx(np.sqrt(0.05 / 6))
    assert any("between and within clusters is estimated as 0" in note for note in fit.notes)


def test_order_unit_and_sign_do_not_matter():
    effects = assink()
    fit = multilevel(effects, cluster="study", correlation=0.3)
    shuffled = effects.subset(np.random.default_rng(3).permutation(100))
    other = multilevel(shuffled, cluster="study", correlation=0.3)
    assert other.estimate == pytest.approx(fit.estimate, rel=ITERATIVE)
    assert robust(other).dof == pytest.approx(robust(fit).dof, rel=ITERATIVE)
    scaled = meta.Effects.from_arrays(
        -1e3 * effects.yi, 1e6 * effects.vi, study=effects.table["study"]
    )
    other = multilevel(scaled, cluster="study", correlation=0.3)
    assert other.estimate == pytest.approx(-1e3 * fit.estimate, rel=ITERATIVE)
    assert other.sigma2_within == pytest.approx(1e6 * fit.sigma2_within, rel=ITERATIVE)


def test_a_given_covariance():
    effects = meta.Effects.from_arrays(
        [-1.0, -2.0, -0.5, -1.5, -0.2],
        [0.5, 0.6, 0.4, 0.5, 0.3],
        measure="MD",
        sd_c=[3.0, 3.0, 2.5, 2.5, 2.0],
        n_c=[30, 30, 25, 25, 40],
        trial=["A", "A", "B", "B", "C"],
    )
    covariance = shared_control_covariance(effects, cluster="trial")
    fit = multilevel(effects, cluster="trial", V=covariance)
    assert fit.correlation is None
    np.testing.assert_array_equal(fit.V, covariance)
    inverse = np.linalg.inv(fit.marginal_covariance())
    assert fit.se == pytest.approx(1 / np.sqrt(inverse.sum()), rel=CLOSED)


def faulty(change):
    effects = meta.Effects.from_arrays([0.1, 0.2, 0.4], [0.1, 0.2, 0.3], trial=["A", "A", "B"])
    matrix = np.diag(effects.vi)
    change(matrix)
    return multilevel(effects, cluster="trial", V=matrix)


def put(matrix, value, *cells):
    for cell in cells:
        matrix[cell] = value


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: put(m, 0.1, (0, 1)), "not symmetric"),
        (lambda m: put(m, 0.5, (0, 0)), "diagonal"),
        (lambda m: put(m, 0.01, (0, 2), (2, 0)), "between clusters"),
        (lambda m: put(m, 0.2, (0, 1), (1, 0)), "positive definite"),
        (lambda m: put(m, np.nan, (0, 1), (1, 0)), "NaN"),
    ],
)
def test_covariances_that_cannot_be(change, message):
    with pytest.raises(DataError, match=message):
        faulty(change)


def test_wrong_input_is_named():
    effects = meta.Effects.from_arrays([0.1, 0.2, 0.4], [0.1, 0.2, 0.3], trial=["A", None, None])
    with pytest.raises(DataError, match="study 2 has no cluster") as caught:
        multilevel(effects, cluster="trial")
    assert len(caught.value.faults) == 2
    with pytest.raises(DataError, match="cluster='report' is no column"):
        multilevel(effects, cluster="report")
    with pytest.raises(DataError, match="for 3 effects"):
        multilevel(effects, cluster=["A", "B"])
    with pytest.raises(TooFewStudies, match="one cluster"):
        multilevel(effects, cluster=["A"] * 3)
    for setting, message in (
        ({"correlation": 1.0}, "correlation is 1.0"),
        ({"correlation": 0.5, "V": np.eye(3)}, "twice"),
        ({"V": np.eye(2)}, "shape"),
        ({"tau2_method": "DL"}, "tau2_method='DL'"),
        ({"ci_method": "HK"}, "ci_method='HK'"),
        ({"ci_level": 95}, "ci_level is 95"),
    ):
        with pytest.raises(DataError, match=message):
            multilevel(effects, cluster=["A", "A", "B"], **setting)


def test_multilevel_shows_itself():
    fit = multilevel(assink(), cluster="study", correlation=0.6)
    text = str(fit)
    assert "100 in 17 clusters" in text
    assert "t, 16 df" in text
    assert fit.to_dict()["n_clusters"] == 17
    assert "Multilevel" in fit._repr_html_()


# --- robust intervals ---------------------------------------------------------------------------


def test_bcg_robust_equals_the_published_value():
    ref = reference("bcg_RR")
    effects = meta.Effects.from_arrays(ref["yi"], ref["vi"], measure="RR", trial=np.arange(13))
    answer = robust(effects, cluster="trial")
    # metafor with clubSandwich: variance 0.03229357, df 11.04125; more digits from PyMARE
    assert answer.se**2 == pytest.approx(0.0322935702, rel=CLOSED)
    assert answer.dof == pytest.approx(11.0412452, rel=CLOSED)
    half = stats.t.ppf(0.975, answer.dof) * answer.se
    assert answer.ci_low == pytest.approx(answer.estimate - half)
    assert answer.estimate == answer.fit.estimate
    assert any("cluster of its own" in note for note in answer.notes)


def test_equal_weights_follow_the_closed_forms():
    # Pustejovsky and Tipton (2018): mean of n values in clusters of size n_j, equal weights
    rng = np.random.default_rng(2)
    sizes = np.array([1, 2, 2, 3, 5, 8])
    codes = np.repeat(np.arange(6), sizes)
    yi = rng.normal(size=6)[codes] + rng.normal(size=len(codes))
    effects = meta.Effects.from_arrays(yi, np.full(len(codes), 0.3), trial=codes)
    answer = robust(meta.pool(effects, model="common"), cluster="trial")
    n = sizes.sum()
    means = np.array([yi[codes == j].mean() for j in range(6)])
    variance = np.sum(sizes**2 * (means - yi.mean()) ** 2 / (1 - sizes / n)) / n**2
    dof = n**2 / (
        n**2 * np.sum(sizes**2 / (n - sizes) ** 2)
        - 2 * n * np.sum(sizes**3 / (n - sizes) ** 2)
        + np.sum(sizes**2 / (n - sizes)) ** 2
    )
    assert answer.se**2 == pytest.approx(variance, rel=CLOSED)
    assert answer.dof == pytest.approx(dof, rel=CLOSED)


@pytest.mark.parametrize("name", ["konstantopoulos2011_moderators", "konstantopoulos2011_V"])
def test_the_working_model_of_a_multilevel_fit_equals_clubsandwich(name):
    answers = reference(f"../metafor5/{name}")
    effects = meta.Effects.from_arrays(answers["yi"], answers["vi"], district=answers["district"])
    fit = multilevel(effects, cluster="district", correlation=answers.get("rho"))
    answer = robust(fit)
    assert answer.model_se == pytest.approx(fit.se, rel=CLOSED)
    assert answer.estimate == fit.estimate
    # metafor stops its search for the variances after about seven digits
    assert answer.se == pytest.approx(answers["CR2"]["se"], rel=1e-6)
    assert answer.dof == pytest.approx(answers["CR2"]["df"], rel=1e-6)


def test_several_effects_a_cluster_equal_clubsandwich():
    answers = reference("../metafor5/cr2_clubsandwich")
    effects = meta.Effects.from_arrays(answers["yi"], answers["vi"], who=answers["cluster"])
    answer = robust(meta.pool(effects), cluster="who")
    # metafor's tau2 is good to five digits
    assert answer.se == pytest.approx(answers["mean"]["se"], rel=1e-5)
    assert answer.dof == pytest.approx(answers["mean"]["df"], rel=1e-5)


def test_few_degrees_of_freedom_are_said():
    effects = meta.Effects.from_arrays(
        [0.3, 0.1, 0.5, 0.6], [0.02, 0.03, 0.02, 0.04], trial=["A", "A", "B", "C"]
    )
    answer = robust(effects, cluster="trial")
    assert answer.dof < 4
    assert any("untrustworthy" in note for note in answer.notes)
    assert "untrustworthy" in str(answer)
    assert answer.to_dict()["n_clusters"] == 3


def test_robust_refuses_what_it_cannot_use():
    effects = meta.Effects.from_arrays(
        [0.3, 0.1, 0.5, 0.6], [0.02, 0.03, 0.02, 0.04], trial=["A", "A", "B", "C"]
    )
    with pytest.raises(DataError, match="cluster is missing"):
        robust(effects)
    with pytest.raises(TooFewStudies, match="one cluster"):
        robust(effects, cluster=["A"] * 4)
    fit = multilevel(effects, cluster="trial")
    with pytest.raises(DataError, match="reach across"):
        robust(fit, cluster=[0, 1, 2, 3])
    wider = robust(fit, cluster=[0, 0, 0, 1])
    assert wider.n_clusters == 2


# --- other random terms, moderators, and metafor's analysis examples ----------------------------

MODELS = reference("../models/mixed_models")


def outcomes(name):
    answers = MODELS[name]
    V = np.array(answers["V"]) if "V" in answers else np.diag(answers["vi"])
    columns = {
        key: values
        for key, values in answers.items()
        if isinstance(values, list) and key not in {"yi", "vi", "V"}
    }
    return answers, meta.Effects.from_arrays(answers["yi"], np.diag(V), **columns), V


def assert_model(fit, want, rel=2e-5):
    """Compare with rma.mv, whose search stops at about six digits."""
    np.testing.assert_allclose(
        sorted(fit.coefficients["estimate"]), sorted(want["beta"]), rtol=rel, atol=1e-6
    )
    np.testing.assert_allclose(sorted(fit.coefficients["se"]), sorted(want["se"]), rtol=rel)
    variances = [v for v in (*want["sigma2"], *want["tau2"]) if v]
    np.testing.assert_allclose(
        sorted(set(np.round(fit.variances["variance"], 9))), sorted(set(variances)), rtol=10 * rel
    )
    assert fit.log_likelihood == pytest.approx(want["log_likelihood"], abs=1e-6)
    assert fit.aic == pytest.approx(want["aic"], abs=1e-5)
    assert fit.bic == pytest.approx(want["bic"], abs=1e-5)
    assert fit.qe == pytest.approx(want["QE"], rel=1e-9)


@pytest.mark.parametrize("structure", ["UN", "CS", "HCS", "DIAG"])
def test_berkey_equals_metafor(structure):
    answers, effects, V = outcomes("berkey1998")
    fit = multilevel(
        effects, random="~ outcome | trial", structure=structure, formula="~ 0 + outcome", V=V,
        tau2_method="ML", ci_method="wald",
    )  # fmt: skip
    want = answers[structure]
    assert_model(fit, want, 1e-4)
    assert fit.omnibus.statistic == pytest.approx(want["QM"], rel=1e-3)
    if structure != "DIAG":
        rho = fit.correlations["outcome | trial"].loc["PD", "AL"]
        assert rho == pytest.approx(want["rho"][0], rel=1e-4)


def test_berkey_table_2():
    # Berkey and others 1998, page 2545, table II: multivariate regression on year
    answers, effects, V = outcomes("berkey1998")
    settings = {"random": "~ outcome | trial", "V": V, "tau2_method": "ML", "ci_method": "wald"}
    fit = multilevel(
        effects, formula="~ 0 + outcome + outcome:I(year - 1983)", structure="UN", **settings
    )
    found = fit.coefficients["estimate"]
    assert found.to_numpy() == pytest.approx([-0.3351, 0.3479, -0.0108, 0.0010], abs=6e-5)
    assert fit.coefficients["se"].to_numpy() == pytest.approx(
        [0.0787, 0.0520, 0.0243, 0.0154], abs=6e-5
    )
    assert fit.variances["variance"].to_numpy() == pytest.approx([0.0250, 0.0080], abs=6e-5)
    assert_model(fit, answers["UN_year"], 1e-4)
    free = multilevel(effects, formula="~ 0 + outcome", structure="UN", **settings)
    equal = multilevel(effects, formula="~ 0 + outcome", structure="CS", **settings)
    ratio = meta.likelihood_ratio(equal, free)
    assert ratio.p_value == pytest.approx(answers["UN_CS"]["p"], rel=1e-6)
    assert ratio.dof == 1


def test_ishak_table_1():
    # Ishak and others 2007, table 1: repeated measurements of deep brain stimulation
    answers, effects, V = outcomes("ishak2007")
    plain = np.diag(effects.vi)
    settings = {"formula": "~ 0 + C(time)", "ci_method": "wald"}
    apart = multilevel(effects, random="~ time | study", structure="DIAG", V=plain, **settings)
    assert apart.coefficients["estimate"].round(1).tolist() == [-24.9, -27.5, -28.5, -24.1]
    assert apart.variances["variance"].round(1).tolist() == [23.1, 27.8, 27.7, 29.9]
    assert_model(apart, answers["independent_DIAG"])
    study = multilevel(effects, random="~ 1 | study", V=plain, **settings)
    assert study.coefficients["estimate"].round(1).tolist() == [-26.2, -27.2, -28.5, -25.6]
    assert study.variances["variance"].round(1).tolist() == [26.7]
    assert_model(study, answers["independent_study"])
    for structure in ("HCS", "CS"):
        fit = multilevel(effects, random="~ time | study", structure=structure, V=V, **settings)
        assert_model(fit, answers[structure])


FURTHER = reference("../models/further")["ishak2007"]


@pytest.mark.parametrize("structure", ["ID", "AR", "HAR", "CAR"])
def test_structures_in_time_equal_metafor(structure):
    _, effects, V = outcomes("ishak2007")
    months = np.array([3, 6, 12, 24])[effects.table["time"].astype(int) - 1]
    effects = replace(effects, table=effects.table.assign(month=months))
    inner = "month" if structure == "CAR" else "time"
    V = np.diag(effects.vi) if structure == "ID" else V
    fit = multilevel(effects, random=f"~ {inner} | study", structure=structure, V=V,
                     formula="~ 0 + C(time)", ci_method="wald")  # fmt: skip
    want = FURTHER[structure]
    # metafor's search stops where the likelihood is flat
    np.testing.assert_allclose(fit.coefficients["estimate"], want["beta"], rtol=1e-5)
    np.testing.assert_allclose(fit.coefficients["se"], want["se"], rtol=1e-4)
    assert fit.log_likelihood == pytest.approx(want["log_likelihood"], rel=1e-8)
    assert fit.log_likelihood >= want["log_likelihood"] - 1e-9
    variances = fit.variances["variance"].to_numpy()
    np.testing.assert_allclose(variances, np.resize(want["tau2"], 4), rtol=1e-4)
    if structure != "ID":
        table = next(iter(fit.correlations.values())).to_numpy()
        # the first two times are one step apart, or three months
        power = 3 if structure == "CAR" else 1
        assert table[0, 1] == pytest.approx(want["rho"][0] ** power, rel=1e-4)


def test_continuous_time_needs_numbers():
    effects = meta.Effects.from_arrays(
        [0.1, 0.2, 0.3, 0.4], [0.1] * 4, when=["early", "late"] * 2, study=list("aabb")
    )
    with pytest.raises(DataError, match="needs numbers, and when holds early and late"):
        multilevel(effects, random="~ when | study", structure="CAR", formula="~ 0 + when")


def test_vanhouwelingen_bivariate():
    # van Houwelingen and others 2002, pages 604 to 605 and 612 to 613
    answers, effects, _ = outcomes("vanhouwelingen2002")
    settings = {
        "random": "~ group | trial", "structure": "UN", "tau2_method": "ML", "ci_method": "wald",
    }  # fmt: skip
    arms = multilevel(effects, formula="~ 0 + group", **settings)
    assert_model(arms, answers["arms"])
    by_arm = arms.variances.set_index("level")["variance"].round(3)
    assert by_arm.to_dict() == {"EXP": 1.431, "CON": 2.407}
    assert arms.correlations["group | trial"].loc["CON", "EXP"] == pytest.approx(0.947, abs=5e-4)
    difference = arms.contrasts({"group[EXP]": 1, "group[CON]": -1})
    assert difference["estimate"].iloc[0] == pytest.approx(-0.738, abs=5e-4)
    assert difference["se"].iloc[0] == pytest.approx(0.180, abs=5e-4)
    # here the correlation ends at 1, and metafor's search with it
    latitude = multilevel(effects, formula="~ 0 + group + group:I(ablat - 33)", **settings)
    assert sorted(latitude.coefficients["estimate"].round(3)) == [-4.826, -4.117, 0.039, 0.072]
    assert latitude.correlations["group | trial"].loc["CON", "EXP"] == pytest.approx(1, abs=1e-4)
    assert latitude.log_likelihood == pytest.approx(answers["latitude"]["log_likelihood"], abs=1e-5)
    assert any("end of its range" in note for note in latitude.notes)


def test_gleser_and_olkin_chapter_19():
    # Gleser and Olkin 2009, pages 360 to 367: several treatments against one control
    answers = {
        "RD": ([0.0200, 0.0043, 0.0211], 7.1907, 5e-5),
        "OR": ([0.5099, 0.0044, 0.4301], 2.0563, 5e-5),
        "RR": ([0.4875, 0.0006, 0.4047], 1.8954, 5e-5),
        "AS": ([0.0505, 0.0051, 0.0491], 4.2634, 5e-5),
    }
    arms = {
        "events_t": [100, 150, 15, 40, 80, 50],
        "n_t": [4000, 4000, 400, 1000, 1000, 1000],
        "events_c": [40, 40, 10, 150, 150, 150],
        "n_c": [1000, 1000, 200, 2000, 2000, 2000],
    }
    study, treatment = [1, 1, 2, 3, 3, 3], list("121123")
    for measure, (means, q, digits) in answers.items():
        sizes = meta.effect_size(measure, **arms)
        effects = meta.Effects.from_arrays(
            sizes["yi"], sizes["vi"], measure=measure, study=study, treatment=treatment, **arms
        )
        V = shared_control_covariance(effects, cluster="study")
        # generalised least squares: nothing varies beyond the sampling covariances
        X = (np.array(treatment)[:, None] == np.array(list("123"))).astype(float)
        W = np.linalg.inv(V)
        beta = np.linalg.solve(X.T @ W @ X, X.T @ W @ effects.yi)
        # the chapter takes treated from control
        assert -beta == pytest.approx(means, abs=digits), measure
        left = effects.yi - X @ beta
        assert left @ W @ left == pytest.approx(q, abs=5e-5), measure


def test_konstantopoulos_table_5_with_a_moderator():
    # Konstantopoulos 2011, page 71, table 5 (its intercept of 0.183 is a misprint of 0.178)
    answers = reference("../metafor5/konstantopoulos2011_moderators")
    names = ("district", "school", "year")
    effects = meta.Effects.from_arrays(
        answers["yi"], answers["vi"], **{name: answers[name] for name in names}
    )
    settings = {"random": "~ 1 | district/school", "ci_method": "wald", "tau2_method": "ML"}
    fit = multilevel(effects, formula="~ center(year)", **settings)
    assert fit.coefficients["estimate"].round(4).tolist() == [0.1780, 0.0051]
    assert fit.coefficients["se"].round(4).tolist() == [0.0805, 0.0085]
    assert fit.variances["variance"].round(4).tolist() == [0.0565, 0.0329]
    mean = multilevel(effects, **settings)
    assert mean.variances["variance"].round(4).tolist() == [0.0577, 0.0329]
    assert (mean.pi_low, mean.pi_high) == pytest.approx((-0.4262, 0.7951), abs=5e-5)
    ratio = meta.likelihood_ratio(mean, fit)
    assert ratio.statistic == pytest.approx(answers["lrt"]["LRT"], rel=1e-5)
    restricted = multilevel(effects, formula="~ center(year)", **settings | {"tau2_method": "REML"})
    answer = robust(restricted)
    want = answers["CR2_year"]
    assert answer.coefficients["se"].tolist() == pytest.approx(want["se"], rel=1e-6)
    assert answer.coefficients["dof"].tolist() == pytest.approx(want["df"], rel=1e-6)
    assert answer.coefficients["p_value"].tolist() == pytest.approx(want["p"], rel=1e-6)


def test_effects_as_outcomes_are_the_nested_model():
    answers, want = reference("../metafor5/konstantopoulos2011_moderators"), MODELS
    effects = meta.Effects.from_arrays(
        answers["yi"], answers["vi"], district=answers["district"], school=answers["school"]
    )
    nested = multilevel(effects, random="~ 1 | district/school", ci_method="wald")
    same = multilevel(effects, cluster="district", inner="school", ci_method="wald")
    assert nested.estimate == pytest.approx(same.estimate, rel=1e-12)
    assert nested.variances["groups"].tolist() == [11, 56]
    outcome = multilevel(effects, random="~ school | district", formula="~ 1", ci_method="wald")
    wanted = want["konstantopoulos2011"]["as_outcomes"]
    assert outcome.log_likelihood == pytest.approx(wanted["log_likelihood"], abs=1e-8)
    assert outcome.variances["variance"].iloc[0] == pytest.approx(wanted["tau2"][0], rel=1e-6)
    rho = outcome.correlations["school | district"].to_numpy()[0, 1]
    assert rho == pytest.approx(wanted["rho"][0], rel=1e-6)
    assert rho == pytest.approx(nested.sigma2_between / nested.tau2, rel=1e-5)


def test_moderators_of_dependent_effects():
    answers, effects, _ = outcomes("assink2016")
    V = meta.impute_covariance(effects, cluster="study", correlation=0.6)
    settings = {"random": "~ 1 | study/esid", "V": V, "ci_method": "wald"}
    assert_model(multilevel(effects, formula="~ type", **settings), answers["deltype"])
    by_number = multilevel(
        effects, formula="~ type", random="~ 1 | study/esid", correlation=0.6, ci_method="wald"
    )
    assert by_number.coefficients["se"].tolist() == pytest.approx(
        multilevel(effects, formula="~ type", **settings).coefficients["se"].tolist(), rel=1e-8
    )


def test_crossed_terms_equal_metafor():
    _, effects, _ = outcomes("assink2016")
    want = MODELS["crossed"]
    fit = multilevel(effects, random=["~ 1 | study", "~ 1 | type"], ci_method="wald")
    assert fit.estimate == pytest.approx(want["beta"][0], rel=1e-4)
    assert fit.se == pytest.approx(want["se"][0], rel=1e-4)
    assert fit.variances["variance"].tolist() == pytest.approx(want["sigma2"], rel=1e-3, abs=1e-6)
    assert fit.n_clusters == 3
    with pytest.raises(DataError, match="reach across"):
        robust(fit)
    again = fit.refit(tau2_method="ML")
    assert again.random == fit.random
    assert again.log_likelihood != fit.log_likelihood


def test_random_terms_that_cannot_be():
    effects = meta.Effects.from_arrays(
        [0.1, 0.2, 0.4, 0.3], [0.1] * 4, trial=list("AABB"), outcome=list("xyxy"), same=list("zzzz")
    )
    for given, message in (
        ({"random": "trial"}, "cannot be read"),
        ({"random": "~ 1 | nowhere"}, "no column"),
        ({"random": "~ 1 | trial", "cluster": "trial"}, "was given both"),
        ({}, "was given neither"),
        ({"random": ["~ 1 | trial", "~ 1 | trial"]}, "group the effects alike"),
        ({"random": "~ same | trial", "formula": "~ 1"}, "in every effect"),
        ({"random": "~ outcome | trial"}, "no one mean"),
        ({"random": "~ outcome | trial/same", "formula": "~ 1"}, "nests groups"),
        ({"random": "~ 1 | trial", "structure": "SP"}, "structure='SP'"),
        ({"random": "~ 1 | trial", "inner": "outcome"}, "belongs to cluster"),
    ):
        with pytest.raises(DataError, match=message):
            multilevel(effects, **given)
    with pytest.raises(TooFewStudies, match="one group"):
        multilevel(effects, random="~ 1 | same")
    with pytest.raises(TooFewStudies, match="2 groups cannot carry 2 coefficients"):
        multilevel(effects, random="~ 1 | trial", formula="~ outcome")


# --- robust regression --------------------------------------------------------------------------


def test_robust_regression_equals_clubsandwich():
    answers = reference("../metafor5/cr2_clubsandwich")
    effects = meta.Effects.from_arrays(
        answers["yi"], answers["vi"], length=answers["length"], who=answers["cluster"]
    )
    answer = robust(meta.meta_regression(effects, "~ length"), cluster="who")
    want = answers["length_model"]
    # metafor's tau2 is good to five digits
    for column, name in (("estimate", "beta"), ("se", "se"), ("dof", "df"), ("p_value", "p")):
        found = answer.coefficients[column].astype(float).tolist()
        assert found == pytest.approx(want[name], rel=1e-4), column
    # one coefficient: the omnibus test is its t test
    assert answer.omnibus.p_value == pytest.approx(
        answer.coefficients.loc["length", "p_value"], rel=1e-9
    )
    assert answer.omnibus.dof_residual == pytest.approx(
        answer.coefficients.loc["length", "dof"], rel=1e-9
    )
    with pytest.raises(DataError, match="cluster is missing"):
        robust(meta.meta_regression(effects, "~ length"))


def test_hotelling_keeps_its_level():
    # 12 clusters of 4, three equal groups: under no effect about 5 % of the tests reject
    rng = np.random.default_rng(11)
    codes = np.repeat(np.arange(12), 4)
    group = np.array(list("abc"))[codes % 3]
    rejected = 0
    for _ in range(200):
        yi = rng.normal(0, 0.3, 12)[codes] + rng.normal(0, 0.2, 48)
        effects = meta.Effects.from_arrays(yi, np.full(48, 0.04), group=group, trial=codes)
        fit = meta.meta_regression(effects, "~ group", tau2_method="DL")
        rejected += robust(fit, cluster="trial").test("group").p_value < 0.05
    # four standard errors of a share of 200
    assert rejected / 200 == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 200))


def test_a_table_keeps_the_columns_that_its_formulas_name():
    table = pd.DataFrame(
        {
            "study": np.repeat(list("abcdef"), 2), "effect": range(12),
            "yi": np.linspace(0.1, 0.9, 12) ** 2, "vi": 0.05, "out come": ["x", "y"] * 6,
        }
    )  # fmt: skip
    settings = {"data": table, "random": "~ 1 | study/effect", "formula": "~ `out come`"}
    fit = multilevel("yi", "vi", **settings)
    assert fit.variances["groups"].tolist() == [6, 12]
    assert fit.test("out come").dof == 1
    outcome = multilevel("yi", "vi", **settings | {"random": "~ `out come` | study"})
    assert list(outcome.correlations["out come | study"]) == ["x", "y"]
    values = json.loads(json.dumps(robust(outcome).to_dict()))
    assert values["coefficients"][0]["term"] == "Intercept"


def test_older_sandwiches_equal_metafor():
    """robust(rma(...), cluster = alloc), with and without adjust, of bcg."""
    answers = reference("../models/further")
    given, want = answers["bcg_given"], answers["bcg_robust"]
    alloc = [
        "random", "random", "random", "random", "alternate", "alternate", "random", "random",
        "random", "systematic", "systematic", "systematic", "systematic",
    ]  # fmt: skip
    effects = meta.Effects.from_arrays(given["yi"], given["vi"], measure="RR", alloc=alloc)
    for vcov in ("CR0", "CR1"):
        answer = robust(meta.pool(effects), cluster="alloc", vcov=vcov)
        assert answer.se == pytest.approx(want[vcov], rel=ITERATIVE)
        assert answer.dof == 2
        assert answer.refit() == answer
        assert f"({vcov}) interval (t, 2 df)" in answer.method_text()
    assert answer.refit(vcov="CR2") == robust(meta.pool(effects), cluster="alloc")
    with pytest.raises(DataError, match="vcov='HC3' is unknown"):
        robust(effects, cluster="alloc", vcov="HC3")
    # of a regression: CR1 is CR0 times J / (J - p), and one coefficient has the square of its t
    line = meta.meta_regression(
        replace(effects, table=effects.table.assign(x=np.arange(13.0))), "~ x"
    )
    plain, more = (robust(line, cluster="alloc", vcov=vcov) for vcov in ("CR0", "CR1"))
    np.testing.assert_allclose(more.cov, plain.cov * 3 / (3 - 2))
    t = more.coefficients.loc["x", "statistic"]
    assert more.omnibus.statistic == pytest.approx(t**2)
    assert more.coefficients["dof"].tolist() == [1, 1]
    three = meta.meta_regression(effects, "~ alloc")
    with pytest.raises(TooFewStudies, match="use vcov='CR2'"):
        robust(three, cluster="alloc", vcov="CR1")


def test_random_effects_by_level_equal_metafor():
    want = reference("../models/further")["konstantopoulos2011_ranef"]
    effects = meta.Effects.from_arrays(
        want["yi"], want["vi"], district=want["district"], school=want["school"]
    )
    fit = multilevel(effects, random="~ 1 | district/school", ci_method="wald")
    found = fit.random_effects()
    districts = found[found["term"] == "district"].set_index("group").loc[want["districts"]]
    np.testing.assert_allclose(districts["estimate"], want["district_estimate"], atol=1e-5)
    np.testing.assert_allclose(districts["se"], want["district_se"], rtol=1e-4)
    schools = found[found["term"] == "district/school"]
    assert schools["group"].iloc[0] == f"{want['district'][0]}/{want['school'][0]}"
    np.testing.assert_allclose(
        np.sort(schools["estimate"]), np.sort(want["school_estimate"]), atol=1e-5
    )
    np.testing.assert_allclose(np.sort(schools["se"]), np.sort(want["school_se"]), rtol=1e-4)
    # what is predicted of the effects is what the weights of the model leave of them
    own = multilevel(effects, cluster="district").random_effects()
    assert own["group"].iloc[-1] == f"{want['district'][-1]}/study 56"
