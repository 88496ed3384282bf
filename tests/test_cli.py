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
    assert any(line.startswith("data/results.csv") and "345 rows  ok" in line for line in lines)
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


def test_forest(tmp_path, capsys):
    file = _csv(tmp_path, "label,yi,vi\nA,-0.5,0.04\nB,-0.1,0.09\n")
    target = tmp_path / "forest.svg"
    assert main(["forest", file, "-o", str(target)]) == 0
    assert target.read_text(encoding="utf-8").lstrip().startswith("<?xml")
    assert str(target) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("label,yi,vi\nA,x,0.1\nB,,0.1\n", [], ["line 2, column yi (A): 'x' is not a number",
                                                "line 3, column yi (B): the cell is empty"]),
        ("label,yi,vi\nA,0.1,-1\n", [], ["vi[0] (A) is -1.0"]),
        ("label,yi\nA,0.1\n", [], ["neither vi nor sei"]),
        ("label,yi,vi\n", [], ["a header and no studies"]),
        ("label;yi;vi\nA;1;2\n", [], ["separated by semicolons"]),
        ("label,mean_t\nA,1\n", [], ["--measure SMD"]),
        ("label,mean_t\nA,1\n", ["--measure", "MD"], ["missing: sd_t, n_t, mean_c, sd_c, n_c"]),
        ("label,mean_t\nA,1\n", ["--measure", "DM"], ["--measure DM is unknown"]),
        ("study,events,n\nA,5,3\n", ["--measure", "PR"], ["'line 2'", "no more events"]),
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


@pytest.mark.parametrize("command", [[], ["check"], ["pool"], ["forest"], ["report"]])
def test_help(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    assert stopped.value.code == 0
    out = capsys.readouterr().out
    assert "usage: meta" in out
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
