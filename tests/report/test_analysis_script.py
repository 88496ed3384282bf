"""Programs that repeat an analysis give its answer: in Python to the digit, in metafor nearly."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

import meta
from meta.errors import DataError


def _bcg(root) -> meta.Effects:
    table = meta.read_table(root / "tests" / "evidence" / "files" / "bcg.csv")
    frame = table.frame.assign(year=np.arange(1948, 1961), half=["a", "b"] * 6 + ["a"],
                               pair=[i // 2 for i in range(13)])  # fmt: skip
    return meta.Effects.from_table(frame, "OR")


def _answers(root):
    effects = _bcg(root)
    yield "REML", meta.pool(effects)
    yield "PM, normal", meta.pool(effects, tau2_method="PM", ci_method="wald", ci_level=0.9)
    yield "ad hoc", meta.pool(effects, tau2_method="EB", ci_method="HK-adhoc")
    yield "common", meta.pool(effects, model="common")
    yield "uwls", meta.pool(effects, model="uwls")
    yield "given tau2", meta.pool(effects, tau2=0.3)
    yield "Mantel-Haenszel", meta.mantel_haenszel(effects, measure="OR")
    yield "Peto", meta.peto(effects)
    yield "glmm", meta.glmm(effects)
    yield "multilevel", meta.multilevel(effects, cluster="pair")
    yield "robust", meta.robust(meta.pool(effects), cluster="pair")
    yield "regression", meta.meta_regression(effects, "~ year + C(half)")
    yield "subgroups", meta.subgroups(effects, by="half")


NAMES = ["REML", "PM, normal", "ad hoc", "common", "uwls", "given tau2", "Mantel-Haenszel", "Peto",
         "glmm", "multilevel", "robust", "regression", "subgroups"]  # fmt: skip


@pytest.fixture(scope="module")
def answers(root):
    return dict(_answers(root))


def test_python_gives_the_same_answer(answers):
    for name in NAMES:
        code = meta.analysis_script(answers[name])
        made: dict[str, object] = {}
        exec(compile(code.replace("print(fit)", ""), name, "exec"), made)  # what it says is ours
        again, fit = made["fit"], answers[name]
        for one, other in _pairs(fit, again):
            assert one == other, name


def _pairs(fit, again):
    if isinstance(fit, meta.Estimate):
        names = ("estimate", "se", "ci_low", "ci_high", "p_value", "k", "n_total", "q")
        return [
            (getattr(fit, n), getattr(again, n))
            for n in names
            if getattr(fit, n) == getattr(fit, n)
        ]
    return [(fit.to_frame().to_csv(), again.to_frame().to_csv())]


def test_the_program_runs_by_itself(answers, tmp_path):
    path = tmp_path / "again.py"
    path.write_text(meta.analysis_script(answers["REML"]), encoding="utf-8")
    run = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=True)
    shown = [line for line in run.stdout.splitlines() if not line.startswith("Note")]
    assert shown == [line for line in str(answers["REML"]).splitlines() if "Note" not in line]


def test_metafor_gives_the_same_answer(answers, tmp_path):
    asked = ["Rscript", "-e", "library(metafor)"]
    if not shutil.which("Rscript") or subprocess.run(asked, capture_output=True).returncode:
        pytest.skip("R with metafor is not here")
    wanted, programs = [], []
    for name in NAMES:
        fit = answers[name]
        if name in ("robust", "subgroups", "regression", "uwls", "glmm"):
            continue  # other shapes: below; rma.glmm needs lme4
        programs.append(meta.analysis_script(fit, "R"))
        programs.append('cat("ANSWER", c(fit$beta), fit$se, fit$ci.lb, fit$ci.ub, "\\n")\n')
        wanted.append((name, fit))
    for name in ("regression", "robust", "subgroups", "uwls"):
        programs.append(
            meta.analysis_script(answers[name], "R").replace("fit <- robust", "# fit <-")
        )
        what = "coef(fit)" if name == "uwls" else "c(fit$beta)"
        programs.append(f'cat("MORE", "{name}", {what}, "\\n")\n')
    path = tmp_path / "all.R"
    path.write_text("\n".join(programs).replace("print(fit)", ""), encoding="utf-8")
    run = subprocess.run(["Rscript", str(path)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    lines = [line.split()[1:] for line in run.stdout.splitlines() if line.startswith("ANSWER")]
    for (name, fit), line in zip(wanted, lines, strict=True):
        ours = [fit.estimate, fit.se, fit.ci_low, fit.ci_high]
        # cat() writes 7 digits; rma.mv stops its search a little early
        tolerance = 2e-3 if name == "multilevel" else 2e-6
        np.testing.assert_allclose([float(x) for x in line], ours, rtol=tolerance, err_msg=name)
    more = {line.split()[1]: [float(x) for x in line.split()[2:]]
            for line in run.stdout.splitlines() if line.startswith("MORE")}  # fmt: skip
    coefficients = answers["regression"].coefficients["estimate"]
    np.testing.assert_allclose(more["regression"], coefficients, rtol=1e-5)
    np.testing.assert_allclose(more["uwls"], [answers["uwls"].estimate], rtol=1e-6)
    np.testing.assert_allclose(more["robust"], [answers["robust"].estimate], rtol=1e-6)
    last = answers["subgroups"].table["estimate"].iloc[-1]
    np.testing.assert_allclose(more["subgroups"], [last], rtol=1e-6)


def test_what_metafor_has_not_is_said(answers):
    with pytest.raises(DataError, match="metafor has no tau2_method 'DL2'"):
        meta.analysis_script(answers["REML"].refit(tau2_method="DL2"), "R")
    with pytest.raises(DataError, match="language is 'julia'; give python or R"):
        meta.analysis_script(answers["REML"], "julia")
    with pytest.raises(DataError, match="fit is 'fit'; needed: the answer of a pooling method"):
        meta.analysis_script("fit")


def test_names_of_studies_cannot_become_code():
    evil = ['"); system("ls")#', "'); import os#", "back\\slash\n", "A `b` {c}"]
    effects = meta.Effects.from_arrays([0.1, 0.2, 0.3, 0.5], [0.1] * 4, evil)
    fit = meta.pool(effects)
    made: dict[str, object] = {}
    exec(compile(meta.analysis_script(fit), "again", "exec"), made)
    assert made["effects"].labels == evil
    in_r = meta.analysis_script(fit, "R")
    assert r'"\"); system(\"ls\")#"' in in_r
    assert "\\n" in in_r


def test_the_methods_name_each_choice_and_its_source(answers):
    words = {
        "REML": ["odds ratio, analysed as its logarithm", "restricted maximum likelihood",
                 "Knapp and Hartung", "12 degrees", "Viechtbauer 2005", "357,347 people"],
        "PM, normal": ["Paule and Mandel", "90 % interval is the normal one"],
        "ad hoc": ["not below 1", "empirical Bayes", "Röver"],
        "common": ["common-effect model"],
        "uwls": ["unrestricted weighted least squares (Stanley and Doucouliagos 2014)"],
        "given tau2": ["given variance of the true effects (0.3)"],
        "Mantel-Haenszel": ["Mantel and Haenszel 1959"],
        "Peto": ["Yusuf and others 1985"],
        "glmm": ["binomial-normal", "Stijnen and others 2010"],
        "multilevel": ["multilevel model with 7 clusters (pair)", "Konstantopoulos 2011"],
        "robust": ["cluster-robust (CR2", "Tipton and Pustejovsky 2015"],
        "regression": ["regressed on year + C(half)", "Knapp and Hartung 2003"],
        "subgroups": ["Subgroups by half", "Borenstein and Higgins 2013"],
    }  # fmt: skip
    for name in NAMES:
        text = meta.methods_text(answers[name])
        for word in words[name]:
            assert word in text, name
        # each paper that is cited is listed, and no key is left over
        assert not re.search(r"\[[a-z]+\d{4}", text)
        cited = re.findall(r"(\w+)(?: and [\w ]+)? \d{4}[;)]", text.partition("References")[0])
        for family in cited:
            if family != "others":
                assert family in text.partition("References")[2], (name, family)


def test_the_methods_say_what_was_left_out_and_assumed():
    rows = {"label": ["a", "b", "c"], "events_t": [3, 0, 0], "n_t": [60, 40, 30],
            "events_c": [1, 0, 4], "n_c": [58, 41, 30]}  # fmt: skip
    import pandas as pd

    text = meta.methods_text(meta.pool(meta.Effects.from_table(pd.DataFrame(rows), "RR")))
    assert "1 reported result gave no effect: nobody in either arm had the event" in text
    assert "Assumed: 0.5 added to each count (1)" in text
