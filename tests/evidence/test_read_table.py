"""Tables of studies as other programs and people write them."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pandas as pd
import pytest

import meta
from meta.errors import DataError
from meta.evidence.plausibility import worth_knowing

FILES = Path(__file__).parent / "files"
# length of stay with organised and routine stroke care; tuberculosis with and without BCG
STROKE = pd.read_csv(FILES / "tab.tsv", sep="\t")
BCG = pd.read_csv(FILES / "bcg.csv").rename(columns={"Study": "study"})
ARMS = ["mean_t", "sd_t", "n_t", "mean_c", "sd_c", "n_c"]
EVENTS = ["events_t", "n_t", "events_c", "n_c"]


def _write(tmp_path: Path, text: str, name: str = "studies.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize(
    "file",
    ["tab.tsv", "excel_de.csv", "revman_cont.csv", "revmanweb_cont.csv", "stroke.xlsx",
     "stroke.parquet"],
)  # fmt: skip
def test_exports_of_means_hold_the_same_trials(file):
    table = meta.read_table(FILES / file)
    pd.testing.assert_frame_equal(table.frame[ARMS], STROKE[ARMS], check_dtype=False)
    assert table.frame["label"].tolist() == STROKE["study"].tolist()
    assert len(table) == 9


@pytest.mark.parametrize("file", ["bcg.csv", "revman_dich.csv", "thousand.csv"])
def test_exports_of_events_hold_the_same_trials(file):
    table = meta.read_table(FILES / file)
    pd.testing.assert_frame_equal(table.frame[EVENTS], BCG[EVENTS], check_dtype=False)
    assert table.frame["label"].tolist() == BCG["study"].tolist()


def test_a_cell_that_says_not_reported_is_missing():
    frame = meta.read_table(FILES / "na.csv").frame
    assert frame[ARMS].isna().sum().sum() == 1
    assert pd.isna(frame.loc[3, "sd_t"])


@pytest.mark.parametrize(
    ("file", "column", "values"),
    [
        ("quoted_decimal_comma.csv", "yi", [-0.435, -1.286, -0.118]),
        ("bom.csv", "yi", [0.1, 0.3, -0.1]),
        ("utf16.csv", "vi", [0.02, 0.05]),
        ("unicode_minus.csv", "yi", [-0.31, -0.12, 0.2]),
        ("metafor_names.csv", "sd_c", [2, 2.2]),
        ("metafor_2x2.csv", "events_c", [11, 29]),
        ("metafor_escalc.csv", "mean_t", STROKE["mean_t"].tolist()),
        ("hr_ci.csv", "estimate", [1.78, 1.20, 1.14, 2.99, 2.90, 4.64, 2.75]),
        ("rare_prevalence.csv", "n", [217154, 16557, 676, 44, 29]),
        ("double_zero.csv", "events_t", [0, 3, 5, 20]),
    ],
)
def test_a_column_of_a_file(file, column, values):
    assert meta.read_table(FILES / file).frame[column].tolist() == values


def test_row_numbers_of_r_are_no_column_and_names_of_studies_are_given():
    table = meta.read_table(FILES / "r_rownames.csv")
    assert list(table.frame) == ["label", "n", "r", "yi", "vi"]
    assert table.frame["label"].tolist()[:2] == ["study 1", "study 2"]
    assert any("numbers the rows" in note for note in table.notes)


def test_effects_and_arms_may_stand_in_one_file():
    frame = meta.read_table(FILES / "mixed_yi_and_arms.csv").frame
    assert frame["yi"].notna().tolist() == [True, True, True, False]
    assert frame.loc[3, ARMS].tolist() == [0.25, 0.38, 20, 0, 0.2, 21]


def test_hazard_ratios_are_named_by_their_column():
    assert meta.read_table(FILES / "hr_ci.csv").measure == "HR"


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("python_floats.csv", ["line 3, column yi (B): '1_5'", "underscore", "line 4", "'inf'",
                               "line 5", "'nan'", "line 6", "another script", "digits: 1.2"]),
        ("percent.csv", ["line 2, column events (A): '42%' is not a number: it is a percentage",
                         "persons where it counts persons"]),
        ("broken_workbook.xlsx", ["an Excel workbook that cannot be read", "save it again"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_cause(file, words):
    with pytest.raises(DataError) as refused:
        meta.read_table(FILES / file)
    for word in words:
        assert word in str(refused.value)


def test_standard_errors_among_deviations_are_noted():
    (note,) = meta.read_table(FILES / "se_as_sd.csv").doubts
    assert note.startswith("line 3 (SE as SD): sd_t 0.79 and sd_c 0.81 look like standard errors")
    # another scale is no slip, nor is a mild group with narrow stays
    frame = meta.read_table(FILES / "se_as_sd.csv").frame
    frame.loc[1, ["mean_t", "mean_c"]] = [0.9, 1.2]
    assert worth_knowing(frame, [2, 3, 4]) == []
    assert meta.read_table(FILES / "tab.tsv").doubts == ()


def test_studies_without_a_name_or_with_several_rows_are_noted():
    table = meta.read_table(FILES / "empty_and_duplicate_label.csv")
    assert table.frame["label"].tolist() == ["(no name, line 2)", "B", "B"]
    (nameless,), (repeated,) = table.notes, table.doubts
    assert "line 2: the study has no name" in nameless
    assert "B (2)" in repeated
    assert "not independent" in repeated


HEADERS = {
    "R meta": ("studlab|event.e|n.e|event.c|n.c", EVENTS),
    "R meta, means": ("study|n.e|mean.e|sd.e|n.c|mean.c|sd.c", ARMS),
    "book": ("study|Ne|Me|Se|Nc|Mc|Sc", ARMS),
    "book, events": ("study|Ee|Ne|Ec|Nc", EVENTS),
    "Metapsy": (
        "study|condition_arm1|condition_arm2|mean_arm1|sd_arm1|n_arm1|mean_arm2|sd_arm2|n_arm2",
        ARMS,
    ),
    "words": ("Study|Events Exp|Total Exp|Events Ctrl|Total Ctrl", EVENTS),
    "digits": ("Study|mean1|sd1|n1|mean2|sd2|n2", ARMS),
    "camel": ("study|meanT|sdT|nT|meanC|sdC|nC", ARMS),
    "German": ("Studie|MW Verum|SD Verum|n Verum|MW Placebo|SD Placebo|n Placebo", ARMS),
    "German, events": (
        "Autor|Ereignisse Behandlung|N Behandlung|Ereignisse Kontrolle|N Kontrolle",
        EVENTS,
    ),
    "French": (
        "Étude|Moyenne (traitement)|Écart-type (traitement)|Effectif (traitement)|"
        "Moyenne (contrôle)|Écart-type (contrôle)|Effectif (contrôle)",
        ARMS,
    ),
    "Spanish": (
        "Estudio|Media intervención|DE intervención|N intervención|Media control|DE control|"
        "N control",
        ARMS,
    ),
    "own names of arms": ("Study|BCG events|BCG total|Control events|Control total", EVENTS),
    "estimate": ("Author|OR|Lower 95%|Upper 95 %", ["estimate", "ci_low", "ci_high"]),
    "broom": ("study|estimate|conf.low|conf.high", ["estimate", "ci_low", "ci_high"]),
    "German interval": (
        "Studie|RR|95%-KI untere Grenze|95%-KI obere Grenze",
        ["estimate", "ci_low", "ci_high"],
    ),
    "French interval": ("Étude|OR|IC 95 % inf|IC 95 % sup", ["estimate", "ci_low", "ci_high"]),
    "R meta, effects": ("studlab|TE|seTE", ["yi", "sei"]),
    "logarithms": ("Study|logOR|SE(logOR)", ["yi", "sei"]),
    "log hazard": ("Study|log(HR)|SE", ["yi", "sei"]),
    "generic": ("Study|GIV Mean|GIV SE", ["yi", "sei"]),
    "correlations": ("study|r|n", ["r", "n"]),
    "proportions": ("Study|Events|Total", ["events", "n"]),
    "person-time": ("study|x1i|t1i|x2i|t2i", ["events_t", "time_t", "events_c", "time_c"]),
}


@pytest.mark.parametrize("case", HEADERS)
def test_names_of_columns_are_recognised(tmp_path, case):
    header, fields = HEADERS[case]
    names = header.split("|")
    cells = ["0.5" if field in ("estimate", "yi", "sei", "r") else "0.4" if field == "ci_low" else
             "7" if field.startswith("events") else str(10 + i) for i, field in
             enumerate(["label"] * (len(names) - len(fields)) + fields)]  # fmt: skip
    cells[: len(names) - len(fields)] = ["Smith 2020"] * (len(names) - len(fields))
    table = meta.read_table(_write(tmp_path, f"{','.join(names)}\n{','.join(cells)}\n"))
    assert set(table.fields) - {"label", "arm_t", "arm_c"} == set(fields)
    assert table.frame["label"].tolist() == ["Smith 2020"]
    assert table.kept == []
    expected = dict(zip(names, cells, strict=True))
    for field in fields:
        assert table.frame[field].tolist() == [float(expected[table.fields[field][0]])]


def test_author_and_year_make_the_name_and_nonevents_the_number(tmp_path):
    text = "trial,author,year,tpos,tneg,cpos,cneg,ablat\n1,Aronson,1948,4,119,11,128,44\n"
    table = meta.read_table(_write(tmp_path, text))
    assert table.frame["label"].tolist() == ["Aronson 1948"]
    assert table.frame.loc[0, EVENTS].tolist() == [4, 123, 11, 139]
    assert table.frame.loc[0, "ablat"] == 44
    assert table.frame.loc[0, "year"] == 1948


def test_the_names_of_the_arms_are_kept(tmp_path):
    assert meta.read_table(FILES / "revman_cont.csv").treatment == "Experimental"
    assert meta.read_table(FILES / "tab.tsv").treatment is None
    text = "Study,BCG events,BCG total,Control events,Control total\nA,1,9,2,9\n"
    table = meta.read_table(_write(tmp_path, text))
    assert (table.treatment, table.control) == ("BCG", "Control")
    text = "study,condition_arm1,condition_arm2,mean_arm1,sd_arm1,n_arm1,mean_arm2,sd_arm2,n_arm2\n"
    table = meta.read_table(_write(tmp_path, text + "A,CBT,care as usual,1,2,9,2,2,9\n"))
    assert (table.treatment, table.control) == ("CBT", "care as usual")


def test_a_header_of_two_lines_as_a_spreadsheet_shows_it(tmp_path):
    text = (
        "Table 2. Length of stay\n\n,Stroke unit,,,Control,,\nStudy,Mean,SD,Total,Mean,SD,Total\n"
        "Edinburgh,55,47,155,75,64,156\n\n* all in days; see the protocol\n"
    )
    table = meta.read_table(_write(tmp_path, text))
    assert table.frame.loc[0, ARMS].tolist() == [55, 47, 155, 75, 64, 156]
    assert table.treatment == "Stroke unit"
    assert table.lines == (5,)
    assert any("not read: Table 2" in note for note in table.notes)
    assert any("not read: * all in days" in note for note in table.notes)


def test_two_arms_that_no_word_tells_apart_are_refused_with_a_mapping_that_works(tmp_path):
    for header in (
        "Study,Unit n,Unit mean,Unit SD,Ward n,Ward mean,Ward SD",
        "Study,N,Mean,SD,N.1,Mean.1,SD.1",
    ):
        path = _write(tmp_path, f"{header}\nEdinburgh,155,55,47,156,75,64\n")
        with pytest.raises(DataError, match="arm") as refused:
            meta.read_table(path)
        assert header.split(",")[1] in str(refused.value)
        _, _, mapping = str(refused.value).partition("\n# Which column")
        copied = _write(tmp_path, f"#{mapping}", "mapping.toml")
        assert meta.read_table(path, mapping=copied).frame.loc[0, ARMS].tolist() == [
            55, 47, 155, 75, 64, 156,
        ]  # fmt: skip


def test_a_mapping_is_saved_edited_and_used_again(tmp_path):
    table = meta.read_table(FILES / "revman_cont.csv")
    saved = table.save_mapping(tmp_path / "mapping.toml")
    again = meta.read_table(FILES / "revman_cont.csv", mapping=saved)
    pd.testing.assert_frame_equal(again.frame, table.frame)
    assert again.treatment == "Experimental"
    text = saved.read_text(encoding="utf-8")
    assert 'mean_t = "Experimental Mean"' in text
    exchanged = text.replace("Experimental M", "X M").replace("Control M", "Experimental M")
    saved.write_text(exchanged.replace("X M", "Control M"), encoding="utf-8")
    swapped = meta.read_table(FILES / "revman_cont.csv", mapping=saved)
    assert swapped.frame["mean_t"].tolist() == table.frame["mean_c"].tolist()


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ({"mean_x": "Study"}, "'mean_x' is no field. Did you mean 'mean_"),
        ({"mean_t": "Experimental mean"}, "no column 'Experimental mean'. Did you mean 'Exper"),
        ({"fields": {"mean_t": "Study"}, "decimals": ","}, "'decimals' is no setting"),
    ],
)
def test_a_wrong_mapping_is_named(mapping, words):
    with pytest.raises(DataError) as refused:
        meta.read_table(FILES / "revman_cont.csv", mapping=mapping)
    assert words in str(refused.value)


def test_an_unknown_table_is_refused_with_its_columns(tmp_path):
    with pytest.raises(DataError, match="no column with results") as refused:
        meta.read_table(_write(tmp_path, "who,what\nA,B\nC,D\n"))
    assert "'who' and 'what'" in str(refused.value)
    assert "[fields]" in str(refused.value)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("A,63,60,2,58", "63 persons with the event are more than the people (of n_t 60)"),
        ("A,-3,60,2,58", "-3 is below 0"),
        ("A,12.5,60,2,58", "12.5 is no whole number of persons (of n_t 60). It may be a percent"),
        ("A,0.2,60,0.1,58", "0.2 is a share, not a number of persons (of n_t 60)"),
        ("A,3 (5%),60,2,58", "'3 (5%)' is not a number: it holds two figures"),
        ("A,3/60,60,2,58", "'3/60' is not a number: it holds two figures"),
        ("A,5-Mar,60,2,58", "'5-Mar' is not a number: it is a date. A spreadsheet turned"),
        ("A,<5,60,2,58", "'<5' is not a number: it is a bound"),
        ("A,1O,60,2,58", "'1O' is not a number: it holds a letter in place of a digit"),
        ("A,#DIV/0!,60,2,58", "is an error of the spreadsheet"),
        ("A,three,60,2,58", "'three' is not a number. Write a figure, or leave the cell empty"),
        ("Total (95% CI),3,60,2,58", "named like a sum of the others"),
    ],
)  # fmt: skip
def test_figures_that_cannot_be_are_named_with_their_cause(tmp_path, row, words):
    text = f"study,events_t,n_t,events_c,n_c\n{row}\nB,1,50,2,50\n"
    with pytest.raises(DataError) as refused:
        meta.read_table(_write(tmp_path, text))
    assert f"studies.csv line 2, column {'label' if 'sum' in words else 'events_t'} (" in str(
        refused.value
    )
    assert words in str(refused.value)


def test_exchanged_columns_are_suspected(tmp_path):
    text = "study,events_t,n_t,events_c,n_c\nA,60,3,2,58\nB,50,1,2,50\nC,70,9,2,50\n"
    with pytest.raises(DataError, match="seem to be exchanged"):
        meta.read_table(_write(tmp_path, text))


def test_all_faults_come_at_once(tmp_path):
    text = "study,mean_t,sd_t,n_t,mean_c,sd_c,n_c\nA,1_5,2,9,2,-2,9\nB,1,2\nC,x,1,9,2,2,9\n"
    with pytest.raises(DataError) as refused:
        meta.read_table(_write(tmp_path, text))
    assert len(refused.value.faults) == 4
    assert [fault.partition(" line ")[2][0] for fault in refused.value.faults] == list("2234")


def test_one_decimal_sign_holds_for_a_column(tmp_path):
    text = 'study,yi,vi\nA,"0,435","0,02"\nB,"0,5","0,02"\nC,0.5,"0,1"\n'
    with pytest.raises(DataError, match=r"'0\.5' is not a number: it has a decimal point"):
        meta.read_table(_write(tmp_path, text))
    text = 'study,yi,vi\nA,"1,435","1,020"\nB,"2,511","3,020"\n'
    with pytest.raises(DataError, match=r"'1,435' may be 1\.435 or 1435"):
        meta.read_table(_write(tmp_path, text))
    given = {"fields": {"label": "study", "yi": "yi", "vi": "vi"}, "decimal": ","}
    assert meta.read_table(_write(tmp_path, text), mapping=given).frame["yi"][0] == 1.435


def test_several_analyses_are_not_read_as_one(tmp_path):
    text = (
        "Analysis number,Analysis name,Study,Experimental mean,Experimental SD,Experimental N,"
        "Control mean,Control SD,Control N\n1,Stay,A,1,2,9,2,2,9\n2,Pain,A,5,2,9,7,2,9\n"
    )
    path = _write(tmp_path, text)
    with pytest.raises(DataError, match=r"holds 2 analyses.*1 \(Stay\) and 2 \(Pain\)"):
        meta.read_table(path)
    one = meta.read_table(path, where={"analysis": "2"})
    assert one.frame["mean_t"].tolist() == [5]
    with pytest.raises(DataError, match="no row has Analysis number '3'; it holds '1' and '2'"):
        meta.read_table(path, where={"Analysis number": "3"})


def test_numbers_of_analyses_run_within_a_group(tmp_path):
    text = (
        "Analysis group,Analysis number,Study,Experimental cases,Experimental N,Control cases,"
        "Control N,O-E,Variance,Mean,CI start,CI end\n"
        "1,1,A,1,9,2,9,0,0,0.5,0.1,2.5\n2,1,A,5,9,7,9,0,0,0.7,0.2,1.9\n"
    )
    path = _write(tmp_path, text)
    with pytest.raises(DataError, match=r"holds 2 analyses.*1\.1 and 2\.1"):
        meta.read_table(path)
    table = meta.read_table(path, where={"analysis": "2.1"})
    # what RevMan Web worked out itself is no figure of the study
    assert set(table.fields) == {"label", "analysis", *EVENTS}
    assert table.frame["events_t"].tolist() == [5]


def test_the_studies_of_a_revman_5_export():
    path = FILES / "revman5.csv"
    with pytest.raises(DataError, match=r"1\.1 \(Death\) and 1\.2 \(Stay\)"):
        meta.read_table(path)
    death = meta.read_table(path, where={"analysis": "1.1"})
    assert death.frame[["label", "subgroup", *EVENTS]].values.tolist() == [
        ["Edinburgh", "Mild", 40, 155, 50, 156],
        ["Newcastle", "Severe", 23, 81, 25, 81],
    ]
    assert (death.treatment, death.control, death.measure) == ("Stroke unit", "Ward", "OR")
    # RevMan writes 0 for the means of events and the events of means
    assert "mean_t" not in death.frame
    stay = meta.read_table(path, where={"analysis": "1.2"})
    assert stay.frame[ARMS].values.tolist() == STROKE.loc[[0, 1], ARMS].values.tolist()
    assert stay.lines == (9, 10)


@pytest.mark.parametrize(
    ("text", "fields", "row"),
    [
        ("Study;Mean (SD) placebo;n placebo;Mean (SD) drug;n drug\nA;5,1 (2,3);30;4,0 (2,0);31",
         ARMS, [4, 2, 31, 5.1, 2.3, 30]),
        ("Study,Yoga mean ± SD,Yoga n,Control mean ± SD,Control n\nA,-5.1 ± 2.3,20,−3 ± 2.0,21",
         ARMS, [-5.1, 2.3, 20, -3, 2, 21]),
        ("Study,n/N yoga,n/N control\nA,4/123,11 / 139", EVENTS, [4, 123, 11, 139]),
        ("Study,BCG (n/N),Control (n/N)\nA,4/123 (3.3%),11/139 (7.9%)", EVENTS, [4, 123, 11, 139]),
        ("Study,Events (%) exp,N exp,Events (%) ctrl,N ctrl\nA,4 (3.3%),123,11 (7.9%),139",
         EVENTS, [4, 123, 11, 139]),
        ("Study,OR (95% CI)\nA,0.69 (0.54 to 0.89)", ["estimate", "ci_low", "ci_high"],
         [0.69, 0.54, 0.89]),
        ('Study,OR (95% CI)\nA,"0,69 (0,54, 0,89)"\nB,"1,2 (0,9–1,6)"',
         ["estimate", "ci_low", "ci_high"], [0.69, 0.54, 0.89]),
        ("Study,MD [95% CI]\nA,−0.5 [−1.2 – −0.1]", ["estimate", "ci_low", "ci_high"],
         [-0.5, -1.2, -0.1]),
        ("Study,HR,95% CI\nA,0.69,0.54-0.89", ["estimate", "ci_low", "ci_high"],
         [0.69, 0.54, 0.89]),
    ],
)  # fmt: skip
def test_cells_of_several_figures_are_taken_apart(tmp_path, text, fields, row):
    path = _write(tmp_path, f"{text}\n")
    table = meta.read_table(path)
    assert table.frame.loc[0, fields].tolist() == row
    assert any("holds several figures a cell" in note for note in table.notes)
    saved = table.save_mapping(tmp_path / "mapping.toml")
    pd.testing.assert_frame_equal(meta.read_table(path, saved).frame, table.frame)


@pytest.mark.parametrize("cell", ["1" * 60, f"{'1' * 60}x", f"0.{'7' * 60}e-05", "1,2" * 40 + "x"])
def test_a_cell_of_many_digits_is_read_at_once(tmp_path, cell):
    """A form that could split digits in two ways would try every way, and never end."""
    text = f'Study,yi,sei,note\nA,0.5,0.2,"{cell}"\nB,0.4,0.1,"{cell}"\n'
    assert meta.read_table(_write(tmp_path, text)).frame["yi"].tolist() == [0.5, 0.4]


def test_one_cell_of_another_form_leaves_the_column_whole(tmp_path):
    text = "Study,n/N yoga,n/N control\nA,4/123,11/139\nB,six,29/303\n"
    with pytest.raises(DataError, match="of the results only events_c and n_c are recognised"):
        meta.read_table(_write(tmp_path, text))


@pytest.mark.parametrize(
    ("header", "arms"),
    [
        ("Study,Vaccinated cases,Vaccinated total,Unvaccinated cases,Unvaccinated total",
         ("Vaccinated", "Unvaccinated")),
        ("Study,Placebo events,Placebo n,Vaccine events,Vaccine n", ("Vaccine", "Placebo")),
        ("Study,Yoga events,Yoga n,Waiting list events,Waiting list n", ("Yoga", "Waiting list")),
    ],
)  # fmt: skip
def test_the_control_is_known_by_its_word(tmp_path, header, arms):
    table = meta.read_table(_write(tmp_path, f"{header}\nA,1,10,2,11\n"))
    assert (table.treatment, table.control) == arms
    treated = header.split(",")[1].startswith(arms[0])
    assert table.frame.loc[0, EVENTS].tolist() == ([1, 10, 2, 11] if treated else [2, 11, 1, 10])


def test_one_arm_a_row_is_told_apart(tmp_path):
    text = "Study,Group,Mean,SD,N\nA,drug,5,2,30\nA,placebo,6,2,31\n"
    with pytest.raises(DataError, match=r"one arm \(column 'Group'\); meta\.pairwise"):
        meta.read_table(_write(tmp_path, text))


def test_means_of_one_group(tmp_path):
    frame = meta.read_table(_write(tmp_path, "study,mi,sdi,ni\nA,5,2,30\nB,6,2,31\n")).frame
    assert frame[["mean", "sd", "n"]].values.tolist() == [[5, 2, 30], [6, 2, 31]]
    frame = meta.read_table(_write(tmp_path, "study,xi,ti\nA,5,200\n")).frame
    assert frame[["events", "time"]].values.tolist() == [[5, 200]]


@pytest.mark.parametrize(
    "text",
    [
        "Study,Median drug,Q1 drug,Q3 drug,n drug,Median placebo,Q1 placebo,Q3 placebo,n placebo\n"
        "A,5,3,8,30,6,4,9,31\n",
        "Study,Drug median (IQR),Drug n,Placebo median (IQR),Placebo n\n"
        "A,5 (3–8),30,6 (4 to 9),31\n",
    ],
)
def test_medians_stand_where_the_effects_look_for_them(tmp_path, text):
    table = meta.read_table(_write(tmp_path, text))
    names = ["mean_t", "q1_t", "q3_t", "n_t", "mean_c", "q1_c", "q3_c", "n_c"]
    assert table.frame.loc[0, names].tolist() == [5, 3, 8, 30, 6, 4, 9, 31]
    assert table.frame["result_type"].tolist() == ["median_iqr"]
    assert (table.treatment, table.control) == ("Drug", "Placebo")


def test_what_r_meta_keeps_beside_its_input(tmp_path):
    text = (
        "studlab,TE,seTE,lower,upper,zval,pval,.event.e,.n.e,event.e,n.e,event.c,n.c\n"
        "A,-0.9,0.57,-2,0.2,-1.6,0.1,4,123,4,123,11,139\n"
    )
    table = meta.read_table(_write(tmp_path, text))
    assert set(table.fields) == {"label", "yi", "sei", "p_value", *EVENTS}
    assert table.fields["n_t"] == ["n.e"]


def test_text_of_a_file_reaches_no_terminal_as_it_is(tmp_path):
    path = _write(tmp_path, "label,yi,vi\nSmith \x1b[31m2020\u202e,0.1,0.02\nB,\x1b[2J,0.1\n")
    with pytest.raises(DataError) as refused:
        meta.read_table(path)
    assert "\x1b" not in str(refused.value)
    path = _write(tmp_path, "label,yi,vi\nSmith \x1b[31m2020\u202e,0.1,0.02\n")
    table = meta.read_table(path)
    assert table.frame["label"].tolist() == ["Smith \\x1b[31m2020\\u202e"]
    assert any("control characters" in note for note in table.notes)


def test_a_data_frame_is_read_as_a_file_is():
    frame = pd.read_csv(FILES / "revman_cont.csv")
    table = meta.read_table(frame)
    pd.testing.assert_frame_equal(
        table.frame, meta.read_table(FILES / "revman_cont.csv").frame, check_dtype=False
    )
    with pytest.raises(DataError, match="data frame line 1, column Experimental SD"):
        meta.read_table(frame.assign(**{"Experimental SD": ["5*", *["4"] * 8]}))


def test_a_notebook_shows_the_table_with_its_notes_and_no_foreign_html(tmp_path):
    text = "label;yi;vi\n<b>A</b> & B;0,1;0,02\n"
    shown = meta.read_table(_write(tmp_path, text))._repr_html_()
    assert "&lt;b&gt;A&lt;/b&gt; &amp; B" in shown
    assert "<b>" not in shown
    assert "<li>Note: columns separated by semicolons</li>" in shown


def test_the_standard_input_is_read(monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO((FILES / "excel_de.csv").read_bytes()))
    monkeypatch.setattr(sys, "stdin", stream)
    assert meta.read_table("-").file == "standard input"


def test_the_tidy_table_is_read_back_as_it_is(tmp_path):
    table = meta.read_table(FILES / "revmanweb_cont.csv")
    table.to_csv(tmp_path / "tidy.csv")
    again = meta.read_table(tmp_path / "tidy.csv")
    fields = ["label", *ARMS]
    pd.testing.assert_frame_equal(again.frame[fields], table.frame[fields])


def test_printed_p_values_stay_as_printed(tmp_path):
    text = "Studie;OR;KI unten;KI oben;p-Wert\nA;0,5;0,3;0,8;<0,001\nB;0,9;0,5;1,6;\n"
    frame = meta.read_table(_write(tmp_path, text)).frame
    assert frame["p_value"].tolist()[0] == "<0.001"
    assert frame["p_value"].isna().tolist() == [False, True]
    assert frame["estimate"].tolist() == [0.5, 0.9]
