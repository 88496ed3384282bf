"""A build that fails says where; notebooks are apart; tables escape what they show."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

import meta
from meta.html import fenced, link
from meta.html import table as html_table
from meta.report import build as report
from meta.report import execute, pages, warm_kernels
from meta.report.links import as_text

ATTACK = '<script>alert(1)</script> "><img src=x onerror=alert(2)> ``` $x^2$ {raw} html'


@pytest.fixture
def small(tmp_path: Path, root: Path) -> Path:
    """A project of one page: the site's settings, no notebooks, no data pages."""
    home = tmp_path / "project"
    (home / "build" / "source").mkdir(parents=True)
    (home / "build" / "source" / "index.md").write_text("# A page\n", encoding="utf-8")
    for name in ("report", "data"):
        (home / name).symlink_to(root / name, target_is_directory=True)
    return home


def notebooks(home: Path, **code: str) -> Path:
    """Write notebooks whose third cell holds the code; return where executed copies go."""
    (home / "notebooks").mkdir()
    for name, last in code.items():
        notebook = nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_markdown_cell("# A question"),
                nbformat.v4.new_code_cell("import os, time"),
                nbformat.v4.new_code_cell(last),
            ],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, home / "notebooks" / f"{name}.ipynb")
    return home / "build" / "source" / "notebooks"


def shown(executed: Path) -> str:
    return nbformat.read(executed, as_version=4).cells[2].outputs[0]["data"]["text/plain"]


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(params=["warm", "cold"])
def kernels(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels are forked where there are more notebooks than cores, if that is safe."""
    if request.param == "warm" and sys.platform != "linux":
        pytest.skip("kernels start warm on Linux alone")
    cores = 2 if request.param == "warm" else 99
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(warm_kernels, "LIBRARIES", ("meta",))  # quick: the others prove no more


def test_failing_notebooks_are_named_with_their_cells(
    small: Path, kernels: None, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(execute, "_TIMEOUT", 5)
    target = notebooks(
        small,
        a_sum="1 / 0",
        b_fine="1 + 1",
        c_name="nobody",
        d_gone="os._exit(1)",
        e_slow="open('pid', 'w').write(str(os.getpid())), time.sleep(600)",
    )
    with pytest.raises(RuntimeError) as caught:
        execute.execute_notebooks(small, target)
    message = str(caught.value)
    assert "notebooks/a_sum.ipynb failed in cell 3:" in message
    assert "ZeroDivisionError" in message
    assert "notebooks/c_name.ipynb failed in cell 3:" in message
    assert "notebooks/d_gone.ipynb failed in cell 3:\nKernel died" in message
    assert "notebooks/e_slow.ipynb failed in cell 3:\nA cell timed out" in message
    assert "b_fine" not in message
    assert not running(int((small / "notebooks" / "pid").read_text(encoding="utf-8")))


def test_notebooks_see_nothing_of_each_other(small: Path, kernels: None):
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
    target = notebooks(small, a=code, b=code, c=code)
    execute.execute_notebooks(small, target)
    found = [ast.literal_eval(shown(path)) for path in sorted(target.iterdir())]
    assert len({pid for pid, *_ in found}) == 3
    assert not any(running(pid) for pid, *_ in found)
    fresh = (60, 20, "module://matplotlib_inline.backend_inline")
    rest = (str(small / "notebooks"), (None, None, False), fresh)
    assert [tuple(one[1:]) for one in found] == [rest] * 3


@pytest.mark.skipif(sys.platform != "linux", reason="kernels start warm on Linux alone")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_kernel_outlives_an_interrupted_build(small: Path, number: signal.Signals):
    code = "open(str(os.getpid()), 'w').close(), time.sleep(600)"
    target = notebooks(small, a=code, b=code, c=code)
    program = (
        "import os\n"
        "from pathlib import Path\n"
        "from meta.report import execute, pages, warm_kernels\n"
        "os.cpu_count = lambda: 2\n"
        "warm_kernels.LIBRARIES = ()\n"
        f"execute.execute_notebooks(Path({str(small)!r}), Path({str(target)!r}))"
    )
    build = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)

    def started() -> list[int]:
        return [int(p.name) for p in (small / "notebooks").iterdir() if p.name.isdecimal()]

    until(lambda: len(started()) == 2)
    build.send_signal(number)
    build.communicate(timeout=60)
    until(lambda: not any(running(pid) for pid in started()))
    assert len(started()) == 2


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def test_executed_notebooks_are_kept_until_code_or_data_change(small: Path):
    (small / "src").mkdir()
    target = notebooks(small, a_time="time.time_ns()")

    def result() -> str:
        execute.execute_notebooks(small, target)
        return shown(target / "a_time.ipynb")

    first = result()
    assert result() == first
    (small / "src" / "module.py").write_text("ANSWER = 42", encoding="utf-8")
    assert result() != first


@pytest.fixture
def unassembled(small: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, whose build takes its one page as it is and generates no others."""
    monkeypatch.setattr(report, "_assemble", lambda home: home / "build" / "source")
    return small


def test_a_failing_notebook_fails_the_build(unassembled: Path):
    notebooks(unassembled, a_fine="1 + 1", b_sum="1 / 0")
    with pytest.raises(RuntimeError, match=r"notebooks/b_sum\.ipynb failed in cell 3:"):
        report.build(unassembled)
    assert not (unassembled / "build" / "report.html").exists()


def test_a_broken_link_fails_the_build(unassembled: Path):
    notebooks(unassembled)
    page = unassembled / "build" / "source" / "index.md"
    page.write_text("# A page\n\nSee [the other](missing_page.md).\n", encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"index\.md:3.*missing_page"):
        report.build(unassembled)
    assert not (unassembled / "build" / "report.html").exists()


def test_tables_escape_and_align():
    import pandas as pd

    frame = pd.DataFrame({"name": [ATTACK, None], "value": [-0.126, 3.0]})
    soup = BeautifulSoup(html_table(frame, ATTACK), "html.parser")
    assert soup.find("script") is None
    assert ATTACK.replace("`", "`") in soup.get_text()
    cells = [cell.get_text() for cell in soup.select("td.number")]
    assert cells == ["−0.13", "3.00"]
    assert soup.select_one("th[scope=row]").get_text() == ATTACK
    assert "```" not in fenced(html_table(frame, ATTACK))[3:-3]


def test_links_are_web_addresses_only():
    assert str(link("javascript:alert(1)", "x")) == "x"
    assert str(link("https://doi.org/10.1/a?b=1&c=2", "<x>")) == (
        '<a href="https://doi.org/10.1/a?b=1&amp;c=2">&lt;x&gt;</a>'
    )


def test_as_text_is_inert():
    assert as_text("a <b> *c* `d`\n# e") == "a &lt;b&gt; \\*c\\* \\`d\\` \\# e"


def test_the_reference_names_everything_public():
    listed = {line.strip() for line in pages._api_page().splitlines()}
    assert set(meta.__all__) - {"__version__", "convert"} <= listed
    assert set(meta.convert.__all__) <= listed


def test_building_elsewhere_says_where_to_go(tmp_path: Path):
    with pytest.raises(meta.DataError, match="not the project folder"):
        report.build(tmp_path)
