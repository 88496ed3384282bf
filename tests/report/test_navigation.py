"""The menu that is made once for a folder is the theme's own, to the byte, on every page."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CONF = """
project = author = "A site"
extensions = ["myst_nb"]
html_theme = "furo"
"""
PAGES = {
    "index": "# Start\n\n```{toctree}\n:caption: First\nalone\ntrials/all\n```\n\n"
    "```{toctree}\n:caption: Second\n:hidden:\ntrials/b & c\ntrials/all\nhttps://example.org\n```\n",
    "alone": "# Alone\n\n## A part\n",
    "trials/all": "# All\n\n```{toctree}\n:glob:\n*\ndeep/one\n```\n",
    "trials/b & c": "# B & C\n",
    "trials/a": "# <A>\n",
    "trials/deep/one": "# One\n\n```{toctree}\n../a\n```\n",
}


def laid_out(home: Path, conf: str) -> list[str]:
    """Write a site, and return how Sphinx is asked to build it."""
    home.mkdir()
    (home / "conf.py").write_text(conf, encoding="utf-8")
    for name, text in PAGES.items():
        page = home / "source" / f"{name}.md"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
    return ["-q", "-c", str(home), str(home / "source"), str(home / "site")]


def pages_of(home: Path) -> dict[str, str]:
    pages = (home / "site").rglob("*.html")
    return {
        page.relative_to(home / "site").as_posix(): page.read_text(encoding="utf-8")
        for page in pages
    }


def test_every_page_has_the_menu_that_the_theme_gives_it(tmp_path: Path):
    own = "extensions.append('meta.report.extensions.navigation')\n"
    orders = [laid_out(tmp_path / "plain", CONF), laid_out(tmp_path / "quick", CONF + own)]
    # one process for both, which imports Sphinx once
    program = f"from sphinx.cmd.build import main; exit(any([main(one) for one in {orders}]))"
    subprocess.run([sys.executable, "-c", program], check=True)
    plain, quick = pages_of(tmp_path / "plain"), pages_of(tmp_path / "quick")
    assert plain == quick
    assert {f"{name}.html" for name in PAGES} < plain.keys()
    # the marks that had to be made: a page in two places, below entries that open
    assert plain["trials/a.html"].count("current reference") > 1
    assert plain["trials/a.html"].count('checked=""') > 1
    assert plain["search.html"].count("current reference") == 0
