"""Notebooks run apart from each other, again only if needed, and one that fails is named."""

from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from projects import project_in, running, until, write_notebook

from meta.errors import BuildError
from meta.evidence.new_project import new_project
from meta.report import execute, notebook_client, warm_kernels
from meta.report.project import Project


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return project_in(tmp_path / "project", {})


def run(home: Path) -> dict[str, Path]:
    with execute.Runs(Project(home)) as runs:
        runs.execute()
        return runs.executed()


def shown(executed: Path) -> str:
    return nbformat.read(executed, as_version=4).cells[2].outputs[0]["data"]["text/plain"]


@pytest.fixture(params=["warm", "cold"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels are forked where there are more notebooks than cores, if that is safe."""
    if request.param == "warm" and sys.platform != "linux":
        pytest.skip("kernels start warm on Linux alone")
    cores = 2 if request.param == "warm" else 99
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(warm_kernels, "LIBRARIES", ("meta",))  # quick: the others prove no more


def test_failing_notebooks_are_named_with_their_cells(
    home: Path, kernels: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(execute, "_TIMEOUT", 5)
    monkeypatch.setattr(notebook_client, "_MOST_OUTPUT", 100_000)
    write_notebook(home, "a_sum", "total = 1\ntotal / 0")
    write_notebook(home, "b_fine", "1 + 1")
    write_notebook(home, "c_gone", "os._exit(1)")
    slow = "open('pid', 'w').write(str(os.getpid())), time.sleep(600)"
    write_notebook(home, "d_slow", slow)
    write_notebook(home, "e_flood", "while True: print('much' * 1000)")
    (home / "notebooks" / "f_torn.ipynb").write_text('{"cells": [', encoding="utf-8")
    with pytest.raises(BuildError) as caught:
        run(home)
    message = str(caught.value)
    assert (
        "notebooks/a_sum.ipynb failed in cell 3: ZeroDivisionError: division by zero\n"
        "  at the line: total / 0\n"
    ) in message
    assert "notebooks/c_gone.ipynb failed in cell 3: its kernel died" in message
    assert "notebooks/d_slow.ipynb failed in cell 3: it took longer than 5 s" in message
    assert "notebooks/e_flood.ipynb failed in cell 3: it shows more than 100,000" in message
    assert "notebooks/f_torn.ipynb is no notebook" in message
    assert "b_fine" not in message
    assert "Traceback" not in message
    assert not running(int((home / "notebooks" / "pid").read_text(encoding="utf-8")))


def test_notebooks_see_nothing_of_each_other(home: Path, kernels: None):
    """Each is a process of its own, with modules of its own, in the folder of the notebooks."""
    code = (
        "import meta, pandas\n"
        "display = pandas.options.display\n"
        "seen = (os.environ.get('LEFT'), vars(meta).get('left'), 'left' in globals())\n"
        "shown = (display.max_rows, display.max_columns, os.environ['MPLBACKEND'])\n"
        "left = meta.left = os.environ['LEFT'] = 'something'\n"
        "display.max_rows = 7\n"
        "(os.getpid(), os.getcwd(), seen, shown)"
    )
    for name in "abc":
        write_notebook(home, name, code)
    found = [ast.literal_eval(shown(path)) for path in run(home).values()]
    assert len({pid for pid, *_ in found}) == 3
    assert not any(running(pid) for pid, *_ in found)
    fresh = (60, 20, "module://matplotlib_inline.backend_inline")
    rest = (str(home / "notebooks"), (None, None, False), fresh)
    assert [tuple(one[1:]) for one in found] == [rest] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="kernels start warm on Linux alone")
@pytest.mark.parametrize(
    ("names", "number"),
    [("abcd", signal.SIGINT), ("abcd", signal.SIGKILL), ("a", signal.SIGINT)],
    ids=["warm, interrupted", "warm, killed", "cold, interrupted"],
)
def test_no_kernel_outlives_an_interrupted_build(home: Path, names: str, number: signal.Signals):
    """The signal reaches the build alone, as one of a program that started it does."""
    for name in names:
        write_notebook(home, name, "open(str(os.getpid()), 'w').close()\nwhile True: pass")
    program = (
        "import os, signal\n"
        # whoever runs the tests in the background may have made all that they start deaf to it
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from pathlib import Path\n"
        "from meta.report import execute, warm_kernels\n"
        "from meta.report.project import Project\n"
        "os.cpu_count = lambda: 2\n"
        "warm_kernels.LIBRARIES = ()\n"
        f"with execute.Runs(Project(Path({str(home)!r}))) as runs:\n"
        "    runs.execute()"
    )
    build = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)

    def started() -> list[int]:
        return [int(p.name) for p in (home / "notebooks").iterdir() if p.name.isdecimal()]

    at_once = min(len(names), 3)
    until(lambda: len(started()) == at_once)
    build.send_signal(number)
    build.communicate(timeout=60)
    until(lambda: not any(running(pid) for pid in started()))
    assert len(started()) == at_once


def test_a_notebook_runs_again_when_something_of_it_has_changed(home: Path):
    """Its text, a file that it reads, names in a folder that it lists, what it wrote."""
    (home / "table.csv").write_text("1", encoding="utf-8")
    (home / "texts").mkdir()
    work = "open('../table.csv').read(), os.listdir('../texts'), open('../made', 'w').write('x')"
    write_notebook(home, "a_reads", f"{work}\ntime.time_ns()")
    write_notebook(home, "b_alone", "time.time_ns()")

    def results() -> list[str]:
        return [shown(path) for path in run(home).values()]

    first, alone = results()
    assert results() == [first, alone]
    changes = [
        lambda: (home / "table.csv").write_text("2", encoding="utf-8"),
        lambda: (home / "texts" / "new").touch(),
        lambda: (home / "made").unlink(),
        lambda: write_notebook(home, "a_reads", f"{work}\n time.time_ns()".replace("\n ", "\n\n")),
    ]
    for change in changes:
        change()
        again, still = results()
        assert again != first
        assert still == alone
        first = again
    assert results() == [first, alone]


def test_a_notebook_runs_again_when_a_table_has_changed_that_it_uses(
    home: Path, monkeypatch: pytest.MonkeyPatch
):
    """All tables are loaded at once; a table that is read beside that is used."""
    monkeypatch.setattr(warm_kernels, "LIBRARIES", ("meta.evidence.tables",))
    (home / "data").unlink()
    new_project(home.parent / "new")
    shutil.copytree(home.parent / "new" / "data", home / "data")
    load = "import meta\nevidence = meta.load_evidence('../data')\n"
    work = {
        "a_rows": f"{load}os.chdir('..')\nevidence.select()\ntime.time_ns()",
        "b_names": f"{load}evidence.described('claims'), evidence.word('trials', 'design', 'x')\n"
        "time.time_ns()",
        "c_all": f"{load}repr(evidence)\ntime.time_ns()",
        "d_reads": f"{load}open('../data/claims.csv').read()\ntime.time_ns()",
    }
    for name, code in work.items():
        write_notebook(home, name, code)

    def again(table: str) -> set[str]:
        before = {name: shown(path) for name, path in run(home).items()}
        path = home / "data" / table
        path.write_text(f"{path.read_text(encoding='utf-8')}\n", encoding="utf-8")
        return {name[0] for name, path in run(home).items() if shown(path) != before[name]}

    assert again("results.csv") == {"a", "c"}
    assert again("instruments.csv") == {"a", "c"}
    assert again("claims.csv") == {"c", "d"}
    assert again("datapackage.json") == {"a", "b", "c", "d"}


def test_a_notebook_knows_the_modules_that_it_imports(home: Path, kernels: None):
    for name in "abc":  # enough to be forked from a process that has them all
        write_notebook(home, name, "import meta" + "\nmeta.DataError" * (name == "a"))
    run(home)
    kept = home / "build" / "work" / "notebooks"
    modules = [json.loads((kept / f"{name}.json").read_text("utf-8"))["modules"] for name in "ab"]
    assert modules[0].keys() - modules[1].keys() == {"meta.errors"}


def test_a_project_may_have_no_notebooks(home: Path):
    (home / "notebooks").rmdir()
    assert run(Project.at(home).home) == {}


def test_what_another_program_did_is_not_kept(home: Path):
    command = [sys.executable, "-c", ""]
    write_notebook(home, "a", f"import subprocess\nsubprocess.run({command})\ntime.time_ns()")
    first = shown(run(home)["a.ipynb"])
    assert shown(run(home)["a.ipynb"]) != first


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"own": 1}'])
def test_a_damaged_note_is_thrown_away(home: Path, damage: str):
    write_notebook(home, "a", "1 + 1")
    run(home)
    note = home / "build" / "work" / "notebooks" / "a.json"
    note.write_text(damage, encoding="utf-8")
    assert shown(run(home)["a.ipynb"]) == "2"
    assert len(note.read_text(encoding="utf-8")) > 100


def test_a_machine_without_loopback_is_told_so_at_once(home: Path, monkeypatch: pytest.MonkeyPatch):
    write_notebook(home, "a", "1 + 1")

    def refuse(*address: object) -> None:
        raise OSError(99, "Cannot assign requested address")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(BuildError, match=r"127\.0\.0\.1.*Cannot assign.*ip link set lo up"):
        run(home)
