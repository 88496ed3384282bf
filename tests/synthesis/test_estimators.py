"""PyMARE as the second engine: both must give the same answers."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from reference_answers import reference, univariate_references

import meta
from meta.synthesis.engine import TAU2_METHODS

# PyMARE's search for the highest likelihood ends where the likelihood is flat to rounding, which
# leaves half of the digits of tau2; all else is computed to rounding.
FLAT = 2e-6
CLOSED = 1e-9


@pytest.mark.parametrize("name", univariate_references())
def test_pymare_gives_the_same_answers(name):
    ref = reference(name)
    size = float(np.sqrt(np.mean(ref["vi"])))
    settings = [{"tau2_method": method, "ci_method": "HK"} for method in TAU2_METHODS]
    settings += [{"ci_method": "HK-adhoc"}, {"ci_method": "wald", "prediction_method": "z"}]
    settings += [{"model": "common"}, {"model": "uwls"}]
    for one in settings:
        if name == "further/lau1992_OR" and one.get("tau2_method") == "ML":
            continue  # two peaks; see below
        table = meta.by_pymare(meta.pool(ref["yi"], ref["vi"], **one)).set_index("quantity")
        searched = one.get("tau2_method", "REML") in {"ML", "REML"} and "model" not in one
        tolerance = FLAT if searched else CLOSED
        units = {"q": 1, "i2": 100, "tau2": size**2, "tau2_low": size**2, "tau2_high": size**2}
        for quantity, row in table.iterrows():
            limit = 1e-6 if quantity in {"tau2_low", "tau2_high"} else tolerance
            scale = max(abs(row["meta"]), units.get(quantity, size))
            assert abs(row["difference"]) <= limit * scale, (one, quantity, row.to_dict())


def test_our_estimators_work_inside_pymare():
    ref = reference("bcg_RR")
    effects = meta.Effects.from_arrays(ref["yi"], ref["vi"], measure="RR")
    data = meta.to_pymare(effects)
    from meta.synthesis.estimators import Tau2Estimator

    for method in TAU2_METHODS:
        results = Tau2Estimator(method).fit_dataset(data).summary()
        fit = meta.pool(effects, tau2_method=method, ci_method="wald")
        assert float(np.ravel(results.tau2)[0]) == pytest.approx(fit.tau2, rel=1e-12)
        assert results.fe_params[0, 0] == pytest.approx(fit.estimate, rel=1e-12)
        assert results.get_fe_stats()["se"][0, 0] == pytest.approx(fit.se, rel=1e-12)


def test_effects_go_to_pymare_and_back():
    effects = meta.Effects.from_arrays([-0.5, 0.3], [0.04, 0.09], labels=["A", "B"], measure="MD")
    back = meta.from_pymare(meta.to_pymare(effects), labels=["A", "B"], measure="MD")
    assert back.yi.tolist() == effects.yi.tolist()
    assert back.vi.tolist() == effects.vi.tolist()
    assert (back.measure, list(back.labels)) == ("MD", ["A", "B"])


def test_what_pymare_cannot_give_is_refused():
    from pymare import Dataset

    with pytest.raises(meta.DataError, match="no variances"):
        meta.from_pymare(Dataset(y=[0.1, 0.2], n=[10, 12]))
    with pytest.raises(meta.DataError, match="2 sets"):
        meta.from_pymare(Dataset(y=np.zeros((3, 2)), v=np.ones((3, 2))))
    with pytest.raises(meta.DataError, match="one trial"):
        meta.by_pymare(meta.pool([0.1], [0.04]))


def test_the_arithmetic_of_a_fit_imports_no_second_engine():
    code = (
        "import sys; from meta.synthesis.means import pool_columns; from meta.synthesis import "
        "heterogeneity; pool_columns([[0.1], [0.3]], [[0.1], [0.2]]); "
        "print(sorted({'pymare', 'sympy', 'scipy.stats', 'statsmodels'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
