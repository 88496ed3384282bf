"""Inputs of the kinds that failed once, each by its value or by the cause of its refusal."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

import meta

Z = NormalDist().inv_cdf(0.975)


def _write(tmp_path, text, name="studies.csv"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _effects(path, measure=None):
    table = meta.read_table(path)
    return meta.Effects.from_table(table.frame, measure or table.measure), table


# closed forms: logarithms, the width of an interval over twice the quantile, arms by their formula
LN = np.log
EFFECTS = {
    "ratio beside its logarithm": (
        "study,HR,lower,upper,loghr,se\nA,0.5,0.25,1,,\nB,,,,-0.3,0.2\n",
        None, [LN(0.5), -0.3], [LN(4) / 2 / Z, 0.2],
    ),
    "logarithm with its interval": (
        "study,logHR,lower,upper\nA,-0.37,-0.62,-0.12\nB,0.2,-0.1,0.5\n",
        None, [-0.37, 0.2], [0.25 / Z, 0.3 / Z],
    ),
    "logarithm with the interval of the ratio": (
        "study,lnOR,ci_low,ci_high\nA,-0.37,0.54,0.89\nB,0.2,0.9,1.65\n",
        None, [-0.37, 0.2], [LN(0.89 / 0.54) / 2 / Z, LN(1.65 / 0.9) / 2 / Z],
    ),
    "ratio with the error of the logarithm": (
        "study,HR,se(logHR)\nA,0.5,0.2\nB,0.8,0.3\n", None, [LN(0.5), LN(0.8)], [0.2, 0.3],
    ),
    "effect with interval of 90 %": (
        "study,yi,90% CI lower,90% CI upper\nA,1,0,2\n", "MD", [1],
        [1 / NormalDist().inv_cdf(0.95)],
    ),
    "level in the cell": (
        "study,OR,CI\nA,0.69,95% CI 0.54 to 0.89\nB,0.8,90% CI 0.55-1.16\n",
        None, [LN(0.69), LN(0.8)],
        [LN(0.89 / 0.54) / 2 / Z, LN(1.16 / 0.55) / 2 / NormalDist().inv_cdf(0.95)],
    ),
    "interval without brackets": (
        'study,OR (95% CI)\nA,"0.69, 95% CI 0.54 to 0.89"\nB,"0.8, CI 95%: 0.55 ~ 1.16"\n',
        None, [LN(0.69), LN(0.8)], [LN(0.89 / 0.54) / 2 / Z, LN(1.16 / 0.55) / 2 / Z],
    ),
    "effects beside arms": (
        "study,yi,vi,mean_t,sd_t,n_t,mean_c,sd_c,n_c\nA,0.046,0.0004,,,32,,,30\n"
        "B,,,0.25,0.38,20,0,0.2,21\n",
        "MD", [0.046, 0.25], [0.02, (0.38**2 / 20 + 0.2**2 / 21) ** 0.5],
    ),
    "ratios beside counts": (
        "study,or,ci_low,ci_high,events_t,n_t,events_c,n_c\nA,0.5,0.25,1,,,,\nB,,,,10,100,20,100\n",
        None, [LN(0.5), LN(10 * 80 / 90 / 20)],
        [LN(4) / 2 / Z, (1 / 10 + 1 / 90 + 1 / 20 + 1 / 80) ** 0.5],
    ),
    "a delimiter at the end of every row": (
        "label,yi,vi\nA,0.1,0.04,\nB,0.2,0.09,\n", None, [0.1, 0.2], [0.2, 0.3],
    ),
    "notes below the table": (
        "label,yi,vi\nA,0.1,0.04\nB,0.2,0.09\n\nNote: effects are logs\nSource: me, 2020\n"
        "Abbreviations: CI, confidence interval; yi, effect\n",
        None, [0.1, 0.2], [0.2, 0.3],
    ),
    "signs of all kinds": (
        "label,yi,vi\n"
        + "".join(f"S{i},{sign}0.3,0.04\n" for i, sign in enumerate("-\u2010\u2011\u2012\u2013"
                  "\u2014\u2015\u2212\ufe63\uff0d\u2796"))
        + "B,- 0.3,0.04\n",
        None, [-0.3] * 12, [0.2] * 12,
    ),
    "observed minus expected events with their variance": (
        "study,O-E,V,HR,HR CI lower,HR CI upper\nA,-3.2,12.1,,,\nB,,,0.5,0.25,1\n",
        "HR", [-3.2 / 12.1, LN(0.5)], [12.1**-0.5, LN(4) / 2 / Z],
    ),
    "a delimiter within brackets": (
        "Studie;HR [95%-KI]\nA;0,71 [0,55; 0,92]\nB;1,1 [0,8; 1,51]\n",
        None, [LN(0.71), LN(1.1)], [LN(0.92 / 0.55) / 2 / Z, LN(1.51 / 0.8) / 2 / Z],
    ),
    "a bracket that is not closed": (
        "study,yi,vi\nJones (2004,0.3,0.02\nA),0.2,0.1\n",
        "GEN", [0.3, 0.2], [0.02**0.5, 0.1**0.5],
    ),
    "log-rank statistics": (
        "trial,logrank O-E,logrank V\nA,-3.2,12.1\n", "PETO", [-3.2 / 12.1], [12.1**-0.5],
    ),
    "a data frame that R printed": (
        "            author year      yi     vi\n1          Aronson 1948 -0.8893 0.3256\n"
        "2 Ferguson & Simes 1949 -1.5854 0.1946\n",
        None, [-0.8893, -1.5854], [0.3256**0.5, 0.1946**0.5],
    ),
    "one that pandas printed, in two blocks": (
        "\n             study\n0          Aronson\n1  Ferguson, Simes\n       yi     vi\n"
        "0 -0.8893 0.3256\n1 -1.5854 0.1946\n",
        None, [-0.8893, -1.5854], [0.3256**0.5, 0.1946**0.5],
    ),
    "a column twice": (
        "label,yi,vi,vi\nA,0.1,0.04,0.04\n", None, [0.1], [0.2],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", EFFECTS)
def test_effects_and_their_errors(tmp_path, case):
    text, measure, yi, sei = EFFECTS[case]
    effects, _ = _effects(_write(tmp_path, text), measure)
    assert len(effects.excluded) == 0
    np.testing.assert_allclose(effects.yi, yi, rtol=1e-12)
    np.testing.assert_allclose(np.sqrt(effects.vi), sei, rtol=1e-12)


CELLS = {
    "1,2,3": "a separator too many",
    "0.3.": "a separator too many",
    "--0.3": "two signs before it",
    "(0.3)": "brackets, which may mean a minus sign",
    "=1/3": "a formula",
    "\u200b0.3": "a character that is not seen",
    "\ufeff0.3": "a character that is not seen",
    "O.3": "a letter in place of a digit",
    "1e-400": "too small for a number",
    "1e400": "too large for a number",
    "\u0661.\u0662": "digits of another script",
}


@pytest.mark.parametrize("cell", CELLS)
def test_what_is_no_number_is_refused_with_its_cause(tmp_path, cell):
    with pytest.raises(meta.DataError) as refused:
        meta.read_table(_write(tmp_path, f'label,yi,vi\nA,"{cell}",0.02\nB,0.5,0.05\n'))
    assert CELLS[cell] in str(refused.value)


REFUSED = {
    "two columns of one name": (
        "label,yi,yi,vi\nA,0.1,0.2,0.02\n", "'yi' and 'yi [2]' may both be yi",
    ),
    "crude and adjusted": (
        "label,OR,ll,ul,OR,ll,ul\nA,0.5,0.2,1.1,0.6,0.3,1.2\n", "may both be estimate",
    ),
    "an interval that is none": (
        "study,HR,95% CI\nA,0.69,0.54-0.89\nB,0.8,0.55-1.16*\n",
        "line 3, column 95% CI (B): '0.55-1.16*' is no interval",
    ),
    "printed rows left out": (
        "  study  yi   vi\n1 A 0.1 0.02\n3 C 0.1 0.03\n", "the row has",
    ),
    "a printed tibble": (
        "# A tibble: 2 \u00d7 3\n  study    yi    vi\n  <chr> <dbl> <dbl>\n1 A      0.1  0.02\n",
        "a tibble, which leaves out rows",
    ),
    "a printed analysis": (
        "\nRandom-Effects Model (k = 13; tau^2 estimator: REML)\n", "R prints of an analysis",
    ),
    "a variance of 0": (
        "study,O-E,V\nA,-3.2,0\n", "line 2, column V (A): 0 is not > 0",
    ),
    "a table that lies on its side": (
        "study,A,B\nyi,0.1,0.2\nvi,0.02,0.03\n", "rows and columns seem to be exchanged",
    ),
    "a table drawn with lines": (
        "     +------------+\n     | study   yi |\n     |------------|\n  1. | A       .1 |\n",
        "the drawing of a table",
    ),
    "two figures a cell that nobody names": (
        "study,drug,n drug,placebo,n placebo\nA,10.2 \u00b1 3.1,30,12.5 \u00b1 3.3,31\n",
        "'drug' holds several figures a cell, and its name does not say which",
    ),
    "ditto marks": (
        "study,year,yi,vi\nSmith,2003,0.1,0.02\n\u3003,2004,0.2,0.03\n", "stands for the row above",
    ),
    "test statistics": ("study,t,n1,n2\nA,2.3,30,31\n", "'t' is a test statistic"),
    "percentages": (
        "study,% treated,n treated,% control,n control\nA,20%,50,40%,50\n",
        "'% treated' is a share of people, which has lost its rounding",
    ),
    "a piece of a web page": ("<table><tr><th>label<th>yi</table>", "a web page"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_told_is_refused(tmp_path, case):
    text, words = REFUSED[case]
    with pytest.raises(meta.DataError) as refused:
        meta.read_table(_write(tmp_path, text))
    assert words in str(refused.value)


def test_arms_without_a_measure_are_named_with_the_way_out(tmp_path):
    text = "study,yi,vi,events_t,n_t,events_c,n_c\nA,-0.7,0.1,,,,\nB,,,10,100,20,100\n"
    effects, _ = _effects(_write(tmp_path, text))
    assert effects.excluded["label"].tolist() == ["B"]
    assert "no measure is named" in effects.excluded["reason"].iloc[0]


def test_names_that_only_resemble_shares_and_statistics_are_not_taken_for_them(tmp_path):
    with pytest.raises(meta.DataError) as refused:
        meta.read_table(_write(tmp_path, "study,score,risk of bias,value\nA,3,low,2\n"))
    assert "share of people" not in str(refused.value)
    assert "test statistic" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        # names on the left: "Simes" may belong to either column
        "  author         x yi   vi\n1 Ferguson Simes 1 -0.9 0.3\n2 Ferguson Brown 2 -1.6 0.2\n",
        # a last column without a name
        "  author   yi   vi\n1      A -0.9 0.3 x\n2      B -1.6 0.2 y\n",
    ],
)
def test_a_printed_table_whose_columns_cannot_be_told_is_refused(tmp_path, text):
    with pytest.raises(meta.DataError):
        meta.read_table(_write(tmp_path, text))


def test_a_log_rank_table_asks_which_ratio_it_is(tmp_path):
    table = meta.read_table(_write(tmp_path, "study,O-E,V\nA,-3.2,12.1\nB,1.1,7.4\n"))
    with pytest.raises(meta.DataError, match="measure='HR' for a log-rank test, 'PETO'"):
        meta.Effects.from_table(table.frame)
    found = meta.Effects.from_table(table.frame, "HR")
    by_hand = meta.convert.log_rank_to_hr([-3.2, 1.1], [12.1, 7.4])
    np.testing.assert_array_equal(found.yi, by_hand.yi)
    np.testing.assert_array_equal(found.vi, by_hand.vi)


def test_a_table_as_it_was_read_is_told_where_its_rows_are(tmp_path):
    table = meta.read_table(_write(tmp_path, "study,yi,vi\nA,0.1,0.02\n"))
    for road in (meta.effects, meta.Effects.from_table, meta.pool, meta.egger):
        with pytest.raises(meta.DataError, match=r"StudyTable, whose table is \.frame"):
            road(table)


def test_a_second_column_without_a_name_holds_the_names(tmp_path):
    _, table = _effects(_write(tmp_path, ",,yi,vi\n1,A,0.1,0.02\n2,B,0.2,0.03\n"))
    assert table.frame["label"].tolist() == ["A", "B"]


ARMS = "study,mean_t,sd_t,n_t,mean_c,sd_c,n_c\n"
DEVIATIONS = {
    "one arm": (
        "A,12.1,6.0,60,14.9,6.2,60\nB,11.8,0.79,58,14.6,6.1,60\nC,12.9,5.8,45,14.0,6.1,47\n",
        "B: the SD of one arm is far below the other's",
    ),
    "two trials": (
        "A,12.1,6.0,60,14.9,6.2,60\nB,11.8,0.79,58,14.6,0.81,60\n",
        "B: SDs so small that the difference is implausibly many of them",
    ),
    "most trials": (
        "A,12.1,0.77,60,14.9,0.8,60\nB,11.8,0.79,58,14.6,0.81,60\nC,12.9,5.8,45,14.0,6.1,47\n",
        "A and B: SDs so small",
    ),
    "variances": (
        "A,12.1,36,60,14.9,38,60\nB,11.8,6.1,58,14.6,6,60\nC,12.9,5.8,45,14.0,6.1,47\n",
        "A: SDs far above the others', by about the root of n",
    ),
}


@pytest.mark.parametrize("case", DEVIATIONS)
def test_errors_and_deviations_taken_for_each_other_are_asked_about(tmp_path, case):
    rows, words = DEVIATIONS[case]
    effects, _ = _effects(_write(tmp_path, ARMS + rows), "MD")
    (note,) = effects.notes
    assert note.startswith(words)


def test_ordinary_arms_are_not_asked_about(tmp_path):
    rows = "A,12.1,6.0,60,14.9,6.2,60\nB,11.8,3.1,58,14.6,9.1,60\nC,12.9,5.8,45,14.0,6.1,47\n"
    effects, _ = _effects(_write(tmp_path, ARMS + rows), "MD")
    assert effects.notes == ()


def test_errors_among_the_deviations_of_one_group(tmp_path):
    rows = "study,mean,sd,n\nA,12,6,60\nB,12.5,0.8,58\nC,13,5.9,50\n"
    effects, _ = _effects(_write(tmp_path, rows), "MN")
    assert effects.notes[0].startswith("B: SDs far below the others'")


def test_one_study_written_two_ways_is_one_study(tmp_path):
    rows = "Smith 2001,0.1,0.02\nsmith  2001,0.2,0.03\nMüller,0.1,0.1\nMu\u0308ller,0.2,0.1\n"
    effects, _ = _effects(_write(tmp_path, f"label,yi,vi\n{rows}"))
    assert "the 4 effects are of 2 studies" in effects.dependence
