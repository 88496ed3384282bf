"""The commands as a user meets them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import meta
from meta.cli import main
from meta.evidence.examination import NEEDED


def test_check_of_the_project(root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    assert main(["check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("data/results.csv") and "426 rows  ok" in line for line in lines)
    assert lines[-1].startswith("data: ")
    assert lines[-1].endswith("no faults")


def test_check_of_a_folder_that_is_not_there(tmp_path, capsys):
    assert main(["check", str(tmp_path / "nowhere")]) == 1
    assert "the folder does not exist" in capsys.readouterr().out


def test_check_names_tables_that_nobody_reads(root, tmp_path, capsys):
    package = {
        "name": "own",
        "resources": [
            {
                "name": name,
                "path": f"{name}.csv",
                "schema": {"fields": [{"name": column} for column in columns]},
            }
            for name, columns in NEEDED.items()
        ],
    }
    package["resources"][0]["schema"]["fields"][0]["constraints"] = {"required": "perhaps"}
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    for name, columns in {**NEEDED, "stray": ["x"]}.items():
        (tmp_path / f"{name}.csv").write_text(",".join(columns) + "\n", encoding="utf-8")
    assert main(["check", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "stray.csv" in out
    assert "not described, not read" in out
    # the dictionary itself breaks the standard: required is true or false
    assert "datapackage.json: it breaks the Data Package standard" in out


def _csv(tmp_path: Path, text: str) -> str:
    path = tmp_path / "studies.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_pool_effects(tmp_path, capsys):
    file = _csv(tmp_path, "label,yi,vi\nA,-0.5,0.04\nB,-0.1,0.09\nC,-0.3,0.05\n")
    assert main(["pool", file]) == 0
    fit = meta.pool([-0.5, -0.1, -0.3], [0.04, 0.09, 0.05], labels=["A", "B", "C"])
    assert capsys.readouterr().out == f"{fit}\n"


def test_pool_standard_errors_by_other_methods(tmp_path, capsys):
    file = _csv(tmp_path, "label,yi,sei\nA,-0.5,0.2\nB,-0.1,0.3\n")
    command = ["pool", file, "--measure", "OR", "--model", "common", "--ci-level", "0.9"]
    assert main(command) == 0
    fit = meta.pool(
        [-0.5, -0.1], [0.04, 0.09], labels=["A", "B"], measure="OR", model="common", ci_level=0.9
    )
    assert capsys.readouterr().out == f"{fit}\n"


def test_pool_arms(tmp_path, capsys):
    file = _csv(tmp_path, "study,events_t,n_t,events_c,n_c\nMorton,1,40,2,36\nSmith,2,200,7,200\n")
    assert main(["pool", file, "--measure", "RR"]) == 0
    sizes = meta.effect_size("RR", events_t=[1, 2], n_t=[40, 200], events_c=[2, 7], n_c=[36, 200])
    fit = meta.pool(sizes["yi"], sizes["vi"], measure="RR")
    out = capsys.readouterr().out
    assert "Risk ratio" in out
    (estimate,) = (line for line in str(fit).splitlines() if line.startswith("Estimate"))
    assert estimate in out


def test_import_says_what_it_took_and_writes_a_tidy_table(tmp_path, capsys):
    text = (
        "Studie;Ereignisse BCG;n BCG;Ereignisse Kontrolle;n Kontrolle\nHart;62;13.598;248;12.867\n"
    )
    file, out = _csv(tmp_path, text), tmp_path / "tidy.csv"
    mapping = tmp_path / "mapping.toml"
    assert main(["import", file, "-o", str(out), "--save-mapping", str(mapping)]) == 0
    words = capsys.readouterr().out
    assert "n_t = n BCG" in words
    assert "BCG against Kontrolle" in words
    assert "columns separated by semicolons" in words
    tidy = "label,events_t,n_t,events_c,n_c\nHart,62,13598,248,12867\n"
    assert out.read_text(encoding="utf-8") == tidy
    # without a file to write, the table alone goes into a pipe
    assert main(["import", file, "--mapping", str(mapping)]) == 0
    streams = capsys.readouterr()
    assert streams.out == tidy
    assert "n_t = n BCG" in streams.err
    assert main(["import", file, "--where", "Studie=Aronson"]) == 2
    assert "no row has Studie 'Aronson'; it holds 'Hart'" in capsys.readouterr().err


TABLES = """label,events_t,n_t,events_c,n_c,team
A,4,123,11,139,x
B,0,50,2,50,x
C,3,231,11,220,y
D,9,80,10,80,z
E,0,40,0,41,z
"""


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("mantel-haenszel", [], "Mantel-Haenszel, common effect"),
        ("peto", [], "Peto, common effect"),
        ("glmm", [], "binomial-normal model"),
        ("uwls", [], "unrestricted weighted least squares"),
        ("bayes", ["--ci-level", "0.9"], "90 % credible interval"),
        ("multilevel", ["--cluster", "team", "--ci-method", "wald"], "3 clusters"),
        ("robust", ["--cluster", "team", "--tau2-method", "DL"], "cluster-robust"),
    ],
)
def test_every_model_pools_and_is_drawn(tmp_path, capsys, model, options, words):
    file = _csv(tmp_path, TABLES)
    asked = [file, "--measure", "OR", "--model", model, *options]
    assert main(["pool", *asked]) == 0
    assert words in capsys.readouterr().out
    assert main(["pool", *asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "meta/1"
    assert found["ci_low"] < found["estimate"] < found["ci_high"]
    assert main(["forest", *asked, "-o", str(tmp_path / "a.svg")]) == 0


def test_settings_that_a_model_does_not_have_are_refused(tmp_path, capsys):
    file = _csv(tmp_path, TABLES)
    assert main(["pool", file, "--measure", "OR", "--model", "peto", "--tau2-method", "DL"]) == 2
    assert "--tau2-method means nothing for --model peto" in capsys.readouterr().err
    assert main(["pool", file, "--measure", "OR", "--model", "multilevel"]) == 2
    assert "needs --cluster" in capsys.readouterr().err


def test_each_model_has_its_own_rule_for_trials_without_events(tmp_path, capsys):
    file = _csv(tmp_path, "label,events_t,n_t,events_c,n_c\nA,0,40,0,41\nB,3,60,0,58\n"
                          "C,5,100,9,98\nD,20,20,20,20\n")  # fmt: skip
    call = ["pool", file, "--measure", "RR"]
    assert main(call) == 0
    assert "Studies                   2, 316 people" in capsys.readouterr().out
    assert main([*call, "--no-drop00"]) == 0
    assert "Studies                   4, 437 people" in capsys.readouterr().out
    # all four tables by Mantel and Haenszel, of which the first says nothing
    assert main([*call, "--model", "mantel-haenszel"]) == 0
    assert "0.9590 (0.7277 to 1.2638)" in capsys.readouterr().out


def test_a_forest_names_the_arms_as_the_file_or_the_command_does(tmp_path, monkeypatch):
    from meta.figures import forest

    given = {}
    drawn = forest.plot_forest

    def spy(fit, **options):
        given.update(options, labels=fit.effects.labels)
        return drawn(fit, **options)

    monkeypatch.setattr(forest, "plot_forest", spy)
    text = "Who;x;BCG events;BCG n;Control events;Control n\nA;1;4;123;11;139\nB;1;6;306;29;303\n"
    target = tmp_path / "forest.svg"
    command = ["forest", _csv(tmp_path, text + "C;2;9;306;29;303\n"), "--measure", "RR"]
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(
        'treatment = "BCG"\n[fields]\nlabel = "Who"\nevents_t = "BCG events"\nn_t = "BCG n"\n'
        'events_c = "Control events"\nn_c = "Control n"\n',
        encoding="utf-8",
    )
    command += ["--mapping", str(mapping), "--where", "x=1", "-o", str(target)]
    assert main([*command, "--control", "no vaccine", "--title", "Two trials"]) == 0
    assert given == {
        "treatment": "BCG", "control": "no vaccine", "title": "Two trials", "labels": ["A", "B"],
        "by": None,
    }  # fmt: skip
    assert "Two trials" in target.read_text(encoding="utf-8")


def test_forest(tmp_path, capsys):
    file = _csv(tmp_path, "label,yi,vi\nA,-0.5,0.04\nB,-0.1,0.09\n")
    target = tmp_path / "forest.svg"
    assert main(["forest", file, "-o", str(target)]) == 0
    assert target.read_text(encoding="utf-8").lstrip().startswith("<?xml")
    assert str(target) in capsys.readouterr().out


_MEANS = "label,mean_t,sd_t,n_t,mean_c,sd_c,n_c\nA,1,1,9,2,1,9\n"


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("label,yi,vi\nA,x,0.1\nB,1_5,0.1\n", [], ["line 2, column yi (A): 'x' is not a number",
                                                   "line 3, column yi (B): '1_5'"]),
        ("label,yi,vi\nA,0.1,-1\n", [], ["line 2, column vi (A): -1 is not > 0"]),
        ("label,yi\nA,0.1\n", [], ["an effect is given without its variance or standard error"]),
        ("label,yi,vi\n", [], ["a header and no studies"]),
        (_MEANS, [], ["--measure MD"]),
        (_MEANS, ["--measure", "RR"], ["missing: events_t and events_c"]),
        (_MEANS, ["--measure", "DM"], ["measure is 'DM'; needed: one of"]),
        ("study,events,n\nA,5,3\n", ["--measure", "PR"], ["line 2, column events"]),
    ],
)  # fmt: skip
def test_our_errors_come_without_a_traceback(tmp_path, capsys, text, options, words):
    assert main(["pool", _csv(tmp_path, text), *options]) == 2
    streams = capsys.readouterr()
    assert streams.out == ""
    assert streams.err.startswith("meta pool: ")
    assert "Traceback" not in streams.err
    for word in words:
        assert word in streams.err


def test_a_file_that_is_not_there(tmp_path, capsys):
    assert main(["pool", str(tmp_path / "none.csv")]) == 2
    assert "there is no such file" in capsys.readouterr().err
    assert main(["report", str(tmp_path)]) == 2
    assert "meta report: " in capsys.readouterr().err


def test_one_claim_in_full(root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    monkeypatch.setenv("COLUMNS", "90")
    assert main(["claims", "a0-c11"]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 90
    found = meta.assess("a0-c11", meta.load_evidence("data"))
    # the same words as `meta.assess` prints, in shorter lines
    assert out.split() == str(found).split()


def test_the_claims_of_an_article_as_a_table(root, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "140")
    assert main(["claims", "a4", "--data", str(root / "data")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 140
    assert lines[0].split() == ["Id", "Claim", "Claimed", "Verdict", "Source", "Answer"]
    starts = [line.split()[0] for line in lines if line.startswith("a4-c")]
    assert starts == [f"a4-c{number:02}" for number in range(1, 23)]
    (fast,) = (line for line in lines if line.startswith("a4-c03"))
    assert "2 weeks  " in fast
    assert "unresolved" in fast
    assert lines[-1].startswith("22 claims: ")


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("a0-d11", "Did you mean 'a0-c11'? The articles are a0, a1, a2, a3 and a4"),
        ("verywell", "no claim or article 'verywell'. The articles are a0"),
    ],
)
def test_claims_that_are_not_there(root, capsys, which, words):
    assert main(["claims", which, "--data", str(root / "data")]) == 2
    assert words in capsys.readouterr().err


def test_a_new_project_is_checked_assessed_filled_and_pooled(tmp_path, capsys):
    home = tmp_path / "own"
    folder = home / "data"
    assert main(["new", str(home)]) == 0
    assert f"wrote {folder.as_posix()}/trials.csv" in capsys.readouterr().out
    assert main(["check", str(folder)]) == 0
    assert "6 tables, 6 rows, no faults" in capsys.readouterr().out
    assert main(["claims", "--data", str(folder)]) == 0
    assert "one claim: 1 unresolved" in capsys.readouterr().out

    def add(name: str, **cells: object) -> None:
        with (folder / f"{name}.csv").open(encoding="utf-8") as file:
            header = file.readline().strip().split(",")
        assert set(cells) <= set(header)
        with (folder / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write(",".join(str(cells.get(column, "")) for column in header) + "\n")

    for study, mean in (("smith2020", 41), ("jones2021", 38)):
        add("trials", study_id=study, label=study.title())
        add(
            "results",
            result_id=f"{study}-pain-1", study_id=study, outcome="pain", result_type="post",
            instrument_id="vas100", effect_unit="points", lower_is_better="yes",
            n_t=30, mean_t=mean, sd_t=12, n_c=30, mean_c=46, sd_c=12,
            reported_as=f"{mean} (12) v 46 (12); n = 30 each",
        )  # fmt: skip
    assert main(["check", str(folder)]) == 0
    effects = meta.effects(meta.load_evidence(folder).select(outcome="pain"), "MD")
    assert effects.yi.tolist() == [-5, -5, -8]
    assert meta.pool(effects).k == 3
    add("results", result_id="smith2020-pain-2", study_id="smith2020", outcome="pain",
        result_type="post", mean_t=33, mean_c=44, reported_as="not quoted")  # fmt: skip
    assert main(["check", str(folder)]) == 1
    assert "33 does not stand in reported_as" in capsys.readouterr().out


def test_a_new_project_begins_with_a_file(root, tmp_path, capsys):
    home, file = tmp_path / "own", root / "data" / "st_johns_wort.csv"
    given = ["--from", str(file), "--outcome", "response", "--lower-is-better", "no"]
    assert main(["new", str(home), "--question", "Does it help?", *given]) == 0
    assert "26 rows; label = study" in capsys.readouterr().out
    evidence = meta.load_evidence(home / "data")
    assert evidence.question.title == "Does it help?"
    assert len(evidence.primary("response")) == 26
    assert main(["new", str(tmp_path / "other"), "--outcome", "response"]) == 2
    assert "--outcome speaks of a file" in capsys.readouterr().err


def test_a_new_project_overwrites_nothing(tmp_path, capsys):
    (tmp_path / "file.txt").write_text("mine", encoding="utf-8")
    assert main(["new", str(tmp_path)]) == 2
    assert "is not empty, and nothing in it is overwritten" in capsys.readouterr().err
    assert main(["new", str(tmp_path / "file.txt")]) == 2
    assert "is a file" in capsys.readouterr().err
    assert (tmp_path / "file.txt").read_text(encoding="utf-8") == "mine"


COMMANDS = ["check", "import", "effects", "pool", "forest", "claims", "report", "new"]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    assert "usage: meta" in out
    assert "Example" in out or command in ([], ["report"], ["new"])
    assert len(out.splitlines()) > 6


def test_a_wrong_command_ends_with_two(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["chek"])
    assert stopped.value.code == 2
    assert "invalid choice: 'chek'" in capsys.readouterr().err


def test_as_a_module_and_without_slow_imports():
    code = (
        "import sys; from meta.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'pandas', 'scipy', 'pymare', 'matplotlib', 'frictionless'} "
        "& set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "[]"
    module = subprocess.run(
        [sys.executable, "-m", "meta", "--help"], capture_output=True, text=True, check=True
    )
    assert module.stdout.startswith("usage: meta")


EFFECTS = "label,yi,vi\nA,-0.5,0.04\nB,-0.1,0.09\nC,-0.3,0.05\n"
BCG = Path(__file__).parent / "evidence" / "files" / "bcg.csv"


def _bcg(tmp_path: Path) -> str:
    """Thirteen trials with a year, a region, and two names of which some carry the same."""
    frame = meta.read_table(BCG).frame
    frame = frame.assign(year=range(1933, 1946), region=["N", "S"] * 6 + ["N"],
                         team=[f"team {i // 2}" for i in range(13)])  # fmt: skip
    path = tmp_path / "bcg.csv"
    frame.to_csv(path, index=False)
    return str(path)


def test_the_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"meta {meta.__version__}\n"


def test_effects_of_a_file(tmp_path, capsys):
    assert main(["effects", _bcg(tmp_path), "--measure", "RR"]) == 0
    assert "RR: 13 effects, 0 results without one" in capsys.readouterr().out
    out = tmp_path / "effects.csv"
    assert main(["effects", _bcg(tmp_path), "--measure", "RR", "--csv", "-o", str(out)]) == 0
    capsys.readouterr()
    # what was written is read again, and gives the same answer
    assert main(["pool", str(out), "--measure", "RR"]) == 0
    again = capsys.readouterr().out
    main(["pool", _bcg(tmp_path), "--measure", "RR"])
    first = capsys.readouterr().out
    wanted = [line for line in first.splitlines() if line.startswith(("Estimate", "Heterogen"))]
    assert [line for line in again.splitlines() if line in wanted] == wanted
    assert main(["effects", _bcg(tmp_path), "--measure", "RR", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["measure"], len(found["effects"])) == ("meta/1", "RR", 13)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--by", "region"], ["Subgroups", "Difference between subgroups", "Knapp-Hartung"]),
        (["--moderators", "~ year"], ["Moderators", "year", "R²"]),
        (["--moderators", "~ year", "--cluster", "team"], ["in 7 clusters", "year"]),
        (["--cluster", "team"], ["in 7 clusters", "cluster-robust (CR2)"]),
        (["--cluster", "team", "--model", "multilevel"], ["multilevel model"]),
        (["--model", "mh"], ["Mantel-Haenszel, common effect"]),
        (["--model", "common"], ["common effect"]),
        (["--influence"], ["Influence of each study", "cook_d", "TPT Madras"]),
        (["--methods"], ["restricted maximum likelihood", "References", "Viechtbauer"]),
    ],
)
def test_what_pool_can_be_asked(tmp_path, capsys, options, words):
    assert main(["pool", _bcg(tmp_path), "--measure", "RR", *options]) == 0
    out = capsys.readouterr().out
    for word in words:
        assert word in out


@pytest.mark.parametrize("analysis", [[], ["--by", "region"], ["--moderators", "~ year"],
                                      ["--influence"], ["--model", "peto"]])  # fmt: skip
def test_each_form_of_each_answer(tmp_path, capsys, analysis):
    asked = ["pool", _bcg(tmp_path), "--measure", "OR", *analysis]
    assert main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == "meta/1"
    assert main([*asked, "--csv"]) == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert all(row.count(",") >= header.count(",") for row in rows)
    assert rows
    assert main([*asked, "--latex"]) == 0
    assert r"\begin{tabular}" in capsys.readouterr().out
    page = tmp_path / "page.html"
    assert main([*asked, "--html", "-o", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("<!doctype html>")
    assert "<table" in text
    assert "<script" not in text


@pytest.mark.parametrize(
    "analysis",
    [[], ["--by", "region"], ["--moderators", "~ year"], ["--model", "mh"],
     ["--model", "multilevel", "--cluster", "team"]],
)  # fmt: skip
def test_the_script_of_an_analysis_prints_its_answer(tmp_path, capsys, monkeypatch, analysis):
    asked = ["pool", _bcg(tmp_path), "--measure", "RR", *analysis]
    main(asked)
    answer = capsys.readouterr().out
    assert main([*asked, "--script"]) == 0
    code = capsys.readouterr().out
    assert "meta.read_table" in code
    assert "# library(metafor)" in code
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "script", "exec"), {})
    # subgroups stand below the pooled effect, and alone in the script
    assert capsys.readouterr().out.strip() in answer
    for ending, words in ((".py", "import meta"), (".R", "library(metafor)")):
        out = tmp_path / f"again{ending}"
        assert main([*asked, "--script", "-o", str(out)]) == 0
        text = out.read_text(encoding="utf-8")
        assert words in text
        assert not text.startswith("#") or ending == ".R"


def test_what_does_not_go_together_is_said(tmp_path, capsys):
    path = _bcg(tmp_path)
    for options, words in (
        (["--by", "region", "--moderators", "~ year"], "two analyses"),
        (["--moderators", "~ year", "--model", "peto"], "--moderators means nothing for --model"),
        (["--moderators", '~ {year.to_csv("x.csv")}'], "no column or function that a formula may"),
        (["--by", "nowhere"], "nowhere"),
    ):
        assert main(["pool", path, "--measure", "RR", *options]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()


def test_no_file_is_written_over_unasked(tmp_path, capsys):
    path, out = _csv(tmp_path, EFFECTS), tmp_path / "out.csv"
    asked = ["pool", path, "--csv", "-o", str(out)]
    assert main(asked) == 0
    out.write_text("mine", encoding="utf-8")
    assert main(asked) == 2
    assert "out.csv is there already; name another file, or add --force" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "mine"
    assert main([*asked, "--force"]) == 0
    assert out.read_text(encoding="utf-8").startswith("measure,")
    assert list(tmp_path.glob(".*")) == []  # what is written beside goes


def test_no_file_is_written_through_a_link_or_under_no_name(tmp_path, capsys):
    path, target = _csv(tmp_path, EFFECTS), tmp_path / "target.svg"
    target.write_text("mine", encoding="utf-8")
    (tmp_path / "link.svg").symlink_to(target)
    for name, words in (
        (str(tmp_path / "link.svg"), "is a link to another file"),
        ("a\0b.svg", "cannot be the name of a file"),
        (" ", "cannot be the name of a file"),
        (str(tmp_path), "is a folder; name a file in it"),
    ):
        for command in ("forest", "pool"):
            assert main([command, path, "-o", name, "--force"]) == 2
            assert words in capsys.readouterr().err
    assert target.read_text(encoding="utf-8") == "mine"
    assert main(["import", path, "--save-mapping", str(tmp_path / "link.svg")]) == 2
    assert main(["pool", path, "-o", str(tmp_path / "no" / "where.txt")]) == 2
    assert "is no folder; make it" in capsys.readouterr().err


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    from meta.evidence.writing import written_whole

    out = tmp_path / "out.svg"
    out.write_text("whole", encoding="utf-8")

    def fill_the_disk() -> None:
        with written_whole(out) as place:
            place.write_text("ha", encoding="utf-8")
            raise OSError(28, "No space left on device")

    with pytest.raises(meta.DataError, match="cannot be written: No space left"):
        fill_the_disk()
    assert out.read_text(encoding="utf-8") == "whole"
    assert [path.name for path in tmp_path.iterdir()] == ["out.svg"]


def test_a_reader_that_stops_reading_is_no_fault(tmp_path):
    rows = "".join(f"study {i},0.1,0.02\n" for i in range(20_000))
    path = _csv(tmp_path, f"label,yi,vi\n{rows}")
    run = subprocess.run(
        f'"{sys.executable}" -m meta import "{path}" 2>err.txt | head -1; echo "$PIPESTATUS"',
        shell=True, executable="/bin/bash", cwd=tmp_path, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert run.stdout.splitlines() == ["label,yi,vi", "0"]
    assert "Error" not in (tmp_path / "err.txt").read_text(encoding="utf-8")


def test_a_command_that_is_stopped_says_so(tmp_path, capsys, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("meta.cli.tables.read", stop)
    assert main(["pool", _csv(tmp_path, "label,yi,vi\nA,0.1,0.02\n")]) == 130
    assert capsys.readouterr().err == "\nmeta pool: stopped\n"


def test_nothing_of_a_file_is_obeyed_by_a_terminal(tmp_path, capsys):
    text = "label,yi,vi,by\n\x1b]0;x\x07A,0.1,0.02,\x1b[31mq\nB\u202e,0.2,0.03,q\nC,0.4,0.02,r\n"
    path = _csv(tmp_path, text + "D,0.4,0.02,r\n")
    pool = (["--influence"], ["--script"], ["--by", "by"], ["--methods"], ["--json"],
            ["--moderators", "~ nowhere"], ["--cluster", "label"])  # fmt: skip
    asks = [["effects", path], ["import", path], ["pool", path]]
    for asked in (*asks, *(["pool", path, *options] for options in pool)):
        main(asked)
        shown = capsys.readouterr()
        assert not set("\x1b\x07\u202e\x9b") & set(shown.out + shown.err), asked


def test_what_a_spreadsheet_would_run_is_written_as_text(tmp_path, capsys):
    path = _csv(tmp_path, 'label,yi,vi\n"=HYPERLINK(""x"")",-0.1,0.02\n@SUM,0.2,0.03\n')
    assert main(["import", path]) == 0
    out = capsys.readouterr().out
    assert '\n"\'=HYPERLINK(""x"")",-0.1,0.02\n\'@SUM,0.2,0.03' in out


def test_many_effects_of_one_study_are_said_with_the_way_out(tmp_path, capsys):
    rows = "".join(f"S{i % 40},{i / 100},0.02\n" for i in range(100))
    assert main(["pool", _csv(tmp_path, f"study,yi,vi\n{rows}")]) == 0
    out = capsys.readouterr().out
    assert "the 100 effects are of 40 studies" in out
    assert "--cluster label" in out
    assert main(["pool", _csv(tmp_path, f"study,yi,vi\n{rows}"), "--cluster", "label"]) == 0
    out = capsys.readouterr().out
    assert "100 in 40 clusters" in out
    assert "taken as independent" not in out


@pytest.mark.parametrize("command", [["pool", str(BCG), "--measure", "RR"], ["effects", str(BCG),
                                     "--measure", "RR"], ["check", "data"]])  # fmt: skip
def test_no_library_is_imported_that_a_command_does_not_need(root, command):
    code = (
        f"import sys; from meta.cli import main; main({command!r})\n"
        "print(sorted({'pymare', 'sympy', 'matplotlib', 'seaborn', 'statsmodels', 'scipy.stats', "
        "'scipy.optimize'} & set(sys.modules)))"
    )
    # -I: what the environment of the tests adds to Python, such as a path, is no part of a command
    run = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=False, cwd=root
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "[]", run.stdout
