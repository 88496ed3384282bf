"""Other questions than the project's own, with the installed wheel and its extra `report` alone."""

from __future__ import annotations

import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import meta
from meta.claims.trial_sets import advantage_of
from meta.claims.verdicts import judge_superiority

TOPIC = re.compile(r"magnesium|glycinate|\bsalts?\b", re.IGNORECASE)
# an environment of its own takes seconds to fill; the tests that need it share it
pytestmark = pytest.mark.xdist_group("wheel")
Meta = Callable[..., str]


@pytest.fixture(scope="module")
def in_clean_environment(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Meta:
    """Install the wheel where nothing of the project is, and return how to run its commands."""
    place = tmp_path_factory.mktemp("clean")
    uv = str(Path(sys.executable).with_name("uv"))
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    clean["VIRTUAL_ENV"] = str(place / "venv")
    run = partial(subprocess.run, check=True, cwd=place, env=clean, capture_output=True, text=True)
    run([uv, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable,
         "--out-dir", str(place), str(root)])  # fmt: skip
    run([uv, "venv", "--quiet", "--python", sys.executable, str(place / "venv")])
    (wheel,) = place.glob("*.whl")
    install = [uv, "pip", "install", "--quiet", "--constraint", str(root / "requirements.lock")]
    install.append(f"evidence-desk[report] @ {wheel.as_uri()}")
    if run([*install, "--offline"], check=False).returncode:  # what is in no cache is fetched
        run(install)
    programs = place / "venv" / ("Scripts" if os.name == "nt" else "bin")

    def meta_in(home: Path, *arguments: str, program: str = "meta") -> str:
        done = run([str(programs / program), *arguments], cwd=home, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return meta_in


def texts_of_site(home: Path) -> dict[str, str]:
    site = home / "build" / "site"
    pages = [*site.rglob("*.html"), home / "build" / "report.html"]
    return {path.relative_to(home).as_posix(): path.read_text("utf-8") for path in pages}


def test_the_example_is_built_and_speaks_of_its_own_question_alone(
    root: Path, tmp_path: Path, in_clean_environment: Meta
):
    home = tmp_path / "hypericum"
    left = shutil.ignore_patterns("build", "figures")
    shutil.copytree(root / "examples" / "hypericum", home, ignore=left)
    assert "no faults" in in_clean_environment(home, "check")
    in_clean_environment(home, "report")
    texts = texts_of_site(home)
    assert len([name for name in texts if "/trials/" in name]) == 26
    assert [name for name, text in texts.items() if TOPIC.search(text)] == []
    first = BeautifulSoup(texts["build/site/index.html"], "html.parser")
    assert first.h1.get_text().startswith("Does St John’s wort help in depression?")
    article = BeautifulSoup(texts["build/site/articles/000.html"], "html.parser")
    evidence = meta.load_evidence(home / "data")
    for claim in evidence.claims["claim_id"]:
        assert meta.assess(claim, evidence).answer in article.select_one(f"#{claim}").get_text()


def test_a_new_project_is_reported_at_once(tmp_path: Path, in_clean_environment: Meta):
    in_clean_environment(tmp_path, "new", "zinc-and-colds")
    home = tmp_path / "zinc-and-colds"
    assert "no faults" in in_clean_environment(home, "check")
    assert "1 unresolved" in in_clean_environment(home, "claims")
    in_clean_environment(home, "report")
    texts = texts_of_site(home)
    assert "Zinc and colds: what do trials say?" in texts["build/site/index.html"]
    assert "EXAMPLE 2025" in texts["build/site/notebooks/01_answer.html"]
    assert [name for name, text in texts.items() if TOPIC.search(text)] == []


# language, file that the block stands for, text
BLOCK = re.compile(
    r"^```(?:\{code-block\} )?(\w+)\n(?::caption: ([^\n]+)\n\n)?(.*?)^```$",
    re.M | re.S,
)


def test_the_tutorial_does_what_it_says(root: Path, tmp_path: Path, in_clean_environment: Meta):
    home, said = tmp_path, ""
    page = (root / "report" / "pages" / "your_own_question.md").read_text(encoding="utf-8")
    for language, caption, text in BLOCK.findall(page):
        if caption:
            (home / caption).write_text(text, encoding="utf-8")
        elif language == "python":
            said = in_clean_environment(home, "-c", text, program="python")
        elif language == "text":
            assert set(text.splitlines()) <= set(said.splitlines()), said
        for line in text.splitlines() if language == "sh" else ():
            program, *arguments = shlex.split(line)
            if program == "cd":
                home /= arguments[0]
            else:
                said = in_clean_environment(home, *arguments, program=program)
    assert [path.name for path in (home / "build").glob("report.html")] == ["report.html"]
    assert "BCG protects against tuberculosis" in texts_of_site(home)["build/site/claims.html"]


def test_the_example_holds_the_numbers_and_verdicts_of_its_source(root: Path):
    with (root / "data" / "st_johns_wort.csv").open(encoding="utf-8", newline="") as file:
        printed = list(csv.DictReader(file))
    evidence = meta.load_evidence(root / "examples" / "hypericum" / "data")
    names = ["events_t", "n_t", "events_c", "n_c"]
    kept = evidence.results[names].astype("object").where(evidence.results[names].notna(), "")
    assert [[row[name] for name in names] for row in printed] == [
        [str(cell) for cell in row] for row in kept.to_numpy().tolist()
    ]
    # the same rule on the same numbers, without tables, claims or trusted sets
    plain = meta.read_table(root / "data" / "st_johns_wort.csv")
    fit = meta.pool(meta.Effects.from_table(plain.frame, "RR"), ci_method="HK-adhoc")
    found = meta.assess("a0-c01", evidence)
    assert (found.k, found.estimate) == (fit.k, float(fit.scale.to_reader(fit.estimate)))
    turned = meta.Effects.from_table(plain.frame, "RR", lower_is_better=False)
    own = advantage_of(meta.pool(turned, ci_method="HK-adhoc"))
    assert found.verdict == judge_superiority(own) == "supported"
    # older antidepressants: log 1.79 - log 1.26, and a margin of half of log 1.26
    older = meta.assess("a0-c02", evidence)
    assert older.verdict == "unresolved"
    assert older.estimate == pytest.approx(found.estimate / 1.26)
    assert older.claimed_high == pytest.approx(1.26**0.5)
