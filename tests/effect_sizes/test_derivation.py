"""Is every effect's way written so that a reader can redo it, and shown without harm?"""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path

import pandas as pd
import pytest
from scipy import stats

import meta
from meta.effect_sizes.assumptions import LEVELS, read_settings
from meta.effect_sizes.derivation import Assumption, Derivation, Input, Step
from meta.effect_sizes.forms import derive
from meta.effect_sizes.row_effect import RowEffect
from meta.effect_sizes.rows import read_rows

DATA = Path(__file__).parents[2] / "data"
CALCULATOR = {
    "sqrt": math.sqrt,
    "ln": math.log,
    "gamma": math.gamma,
    "abs": abs,
    "t_quantile": stats.t.ppf,
    "z_quantile": stats.norm.ppf,
}


def redo(derivation: Derivation) -> dict[str, float]:
    """Work through the printed arithmetic, line by line, as a reader with a calculator would."""
    known: dict[str, float] = {}
    for step in derivation.steps:
        expression = step.expression.replace("^", "**")
        known[step.name] = float(eval(expression, {"__builtins__": {}}, CALCULATOR | known))
        # figures are written with twelve digits
        assert known[step.name] == pytest.approx(step.value, rel=1e-8, abs=1e-10), step
    return known


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return meta.load_evidence(DATA).select()


@pytest.mark.parametrize("scores", ["post", "change", "both"])
@pytest.mark.parametrize("measure", ["SMD", "MD", "ROM", "OR", "RR", "RD", "PETO"])
def test_printed_arithmetic_gives_every_effect_of_the_evidence(rows, measure, scores):
    faults: list[str] = []
    settings = read_settings(measure, scores, LEVELS, 0.5, "instrument", None, faults)
    found = [derive(row, settings) for row in read_rows(rows, lower_is_better=True)]
    derivations = [each.derivation for each in found if isinstance(each, RowEffect)]
    for derivation in derivations:
        answer = redo(derivation)
        assert answer["yi"] == pytest.approx(derivation.yi, rel=1e-8, abs=1e-10)
        assert answer["vi"] == pytest.approx(derivation.vi, rel=1e-8)
    assert not faults
    assert derivations or (measure, scores) == ("ROM", "change")


def test_every_line_is_shown_with_printed_figures_beside_computed_ones(rows):
    row = rows[rows["result_id"] == "tarleton2017-depression-1"]
    shown = str(meta.effects(row, "MD").derivation("tarleton2017"))
    assert "-6.0 (CI -7.9, -4.2; P<0.001)" in shown
    assert "se = (-4.2 - (-7.9))/(2*z_quantile(0.975)) = 0.943" in shown
    assert "ci_level = 0.95 (assumed)" in shown
    assert "interval taken as one of 95 %: the level of the interval is not printed" in shown
    assert "https://pmc.ncbi.nlm.nih.gov/articles/PMC5487054 abstract" in shown


def make(**changes) -> Derivation:
    facts = {
        "study_id": "a",
        "label": "A 2020",
        "result_id": "a-1",
        "measure": "SMD",
        "form": "post",
        "formula": "yi = x",
        "yi": -0.5,
        "vi": 0.04,
        "steps": (Step("yi", "-0.5", -0.5),),
    }
    return Derivation(**(facts | changes))


def test_words_of_a_source_cannot_become_markup():
    bad = '<script>alert(1)</script> & "quoted" <b>'
    derivation = make(
        label=bad,
        reported_as=bad,
        source_url=bad,
        locator=bad,
        notes=(bad,),
        inputs=(Input("p_value", bad, bad),),
        assumptions=(Assumption(bad, bad, bad, bad),),
        form=bad,
    )
    html = derivation._repr_html_()
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html
    tags = set(re.findall(r"</?([a-z]+)", html))
    assert tags == {"table", "caption", "tbody", "tr", "th", "td"}


def test_turning_the_sign_is_written_down():
    reversed_ = make().sign_reversed()
    assert reversed_.yi == 0.5
    assert reversed_.vi == 0.04
    assert redo(reversed_)["yi"] == 0.5
    assert "sign reversed" in str(reversed_)


def test_ratio_is_also_shown_as_ratio():
    assert "0.606531 as a ratio" in str(make(measure="RR"))
    assert "as a ratio" not in str(make())


def test_without_assumptions_it_says_so():
    assert "assumed     nothing" in str(make())


def test_derivation_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        make().yi = 1.0
