"""Tables of judgements as robvis, RevMan and people write them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import meta
from meta.errors import DataError
from meta.evidence.judgements import tools

FILES = Path(__file__).parent / "files"


def _wide(path: Path, **options: str) -> pd.DataFrame:
    table = meta.read_risk_of_bias(path, **options)
    assert list(table) == ["study_id", "tool", "domain", "judgement"]
    return table.set_index(["study_id", "domain"])["judgement"].unstack()  # noqa: PD010


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "rob.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_cluster_trials_have_a_domain_of_their_own():
    table = meta.read_risk_of_bias(FILES / "rob2_cluster.csv")
    assert set(table["tool"]) == {"RoB2 cluster"}
    wide = _wide(FILES / "rob2_cluster.csv")
    assert wide["D1b"].tolist() == ["not applicable", "not applicable", "high", "some",
                                    "not applicable"]  # fmt: skip
    assert wide.loc["Trial E", "D5"] == "no information"
    assert wide.loc["Trial D", "overall"] == "high"
    assert len(table) == 35


def test_critical_is_not_serious_and_keeps_its_word():
    table = meta.read_risk_of_bias(FILES / "robins_i.csv")
    assert set(table["tool"]) == {"ROBINS-I"}
    wide = _wide(FILES / "robins_i.csv")
    assert wide.loc["Cohort A", ["D2", "overall"]].tolist() == ["critical", "critical"]
    assert wide.loc["Cohort C", "D2"] == "serious"
    assert tools()["ROBINS-I"].domains["D1"] == "confounding"
    assert len(tools()["ROBINS-I"].domains) == 7


def test_names_of_domains_words_signs_and_empty_cells_of_rob_1():
    table = meta.read_risk_of_bias(FILES / "rob1.csv")
    assert set(table["tool"]) == {"RoB1"}
    rows = table[table["study_id"] == "Trial D"].set_index("domain")["judgement"].to_dict()
    # an empty cell and NA are no judgement
    assert rows == {
        "random sequence generation": "low",
        "allocation concealment": "high",
        "blinding": "unclear",
        "other": "low",
        "overall": "high",
    }
    assert table["judgement"].tolist().count("no information") == 1


@pytest.mark.parametrize(
    ("row", "judgements"),
    [
        # RevMan: + ? - are low, some concerns, high
        ("+,?,-,+,+,-", ["low", "some", "high", "low", "low", "high"]),
        # robvis: + - x ? are low, some concerns, high, no information
        ("+,-,x,?,+,x", ["low", "some", "high", "no information", "low", "high"]),
        ("L,SC,H,NI,low risk of bias,High risk",
         ["low", "some", "high", "no information", "low", "high"]),
        ("niedrig,einige Bedenken,hoch,n/a,low,HIGH",
         ["low", "some", "high", "not applicable", "low", "high"]),
    ],
)  # fmt: skip
def test_signs_and_short_words_of_rob_2(tmp_path, row, judgements):
    table = meta.read_risk_of_bias(_file(tmp_path, f"Study,D1,D2,D3,D4,D5,Overall\nA,{row}\n"))
    assert table["judgement"].tolist() == judgements
    assert set(table["tool"]) == {"RoB2"}
    assert table["domain"].tolist() == ["D1", "D2", "D3", "D4", "D5", "overall"]


def test_a_sign_that_may_mean_two_judgements_is_refused(tmp_path):
    with pytest.raises(DataError, match="'-' may mean two judgements here"):
        meta.read_risk_of_bias(_file(tmp_path, "study,D1,D2,D3,D4,D5\nA,+,-,+,+,+\n"))


def test_a_long_table_and_the_words_of_a_tool(tmp_path):
    text = "study;domain;judgement\nA;Bias due to confounding;Serious\nA;Overall;Critical\n"
    table = meta.read_risk_of_bias(_file(tmp_path, text))
    assert table.values.tolist() == [
        ["A", "ROBINS-I", "D1", "serious"],
        ["A", "ROBINS-I", "overall", "critical"],
    ]


def test_a_tool_that_the_words_do_not_tell_can_be_named(tmp_path):
    path = _file(tmp_path, "study,D1,D2,D3,D4\nA,low,high,unclear,low\n")
    assert set(meta.read_risk_of_bias(path)["tool"]) == {""}
    assert set(meta.read_risk_of_bias(path, tool="PROBAST")["tool"]) == {"PROBAST"}
    with pytest.raises(DataError, match="Did you mean 'QUADAS-2'"):
        meta.read_risk_of_bias(path, tool="QUADAS")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("study,D1,D2\nA,low,bad\nB,good,low\n", ["line 2, column D2 (A): 'bad' is no judgement",
                                                  "line 3, column D1 (B): 'good' is no"]),
        ("study,D1,D2\nA,low,high\nA,high,high\n", ["'high', but line 2 says 'low'"]),
        ("study,mean,sd\nA,1,2\n", ["no domain is recognised", "'mean' and 'sd'"]),
    ],
)  # fmt: skip
def test_what_is_no_judgement_is_named(tmp_path, text, words):
    with pytest.raises(DataError) as refused:
        meta.read_risk_of_bias(_file(tmp_path, text))
    for word in words:
        assert word in str(refused.value)


def test_a_table_of_studies_points_here():
    for file in ("rob1.csv", "rob2_cluster.csv", "robins_i.csv"):
        with pytest.raises(DataError, match=r"give it to meta\.read_risk_of_bias"):
            meta.read_table(FILES / file)


@pytest.mark.parametrize("name", ["rob2_cluster.csv", "robins_i.csv", "rob1.csv"])
def test_a_frame_is_read_as_its_file(name):
    text = pd.read_csv(FILES / name, dtype=str, keep_default_na=False)
    text.index = range(7, 7 + len(text))
    told = meta.read_risk_of_bias(text)
    pd.testing.assert_frame_equal(told, meta.read_risk_of_bias(FILES / name))


@pytest.mark.parametrize("said", ["QUADAS-2", "Quadas 2", "quadas_2", "QUADAS-2 (by two of us)"])
def test_a_column_names_the_tool(tmp_path, said):
    file = tmp_path / "rob.csv"
    file.write_text(f"study,tool,D1,D2,D3,D4\nA,{said},low,high,unclear,low\n", encoding="utf-8")
    assert set(meta.read_risk_of_bias(file)["tool"]) == {"QUADAS-2"}


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            "A,RoB2,low,high\nB,ROBINS-I,low,serious\n",
            "of 2 tools, 'RoB2' and 'ROBINS-I'; give those",
        ),
        ("A,Downs and Black,low,high\n", "the tool 'Downs and Black' is unknown"),
    ],
)
def test_a_column_of_tools_that_is_no_use(tmp_path, rows, words):
    (tmp_path / "rob.csv").write_text(f"study,tool,D1,D2\n{rows}", encoding="utf-8")
    with pytest.raises(meta.DataError) as refused:
        meta.read_risk_of_bias(tmp_path / "rob.csv")
    assert words in str(refused.value)


def test_a_domain_may_have_its_code_beside_its_words(tmp_path):
    header = "study,D1: Bias due to confounding,Classification of interventions (D3),Overall"
    (tmp_path / "rob.csv").write_text(f"{header}\nA,low,serious,serious\n", encoding="utf-8")
    read = meta.read_risk_of_bias(tmp_path / "rob.csv")
    assert read[["domain", "judgement"]].to_numpy().tolist() == [
        ["D1", "low"], ["D3", "serious"], ["overall", "serious"],
    ]  # fmt: skip
