"""The folder that a report is built from, and where everything goes that is built of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from meta.errors import DataError, printable
from meta.evidence.datapackage import DESCRIPTOR
from meta.report.about import About
from meta.wording import listed

# names of notebooks become names of files, addresses and links
_PAGE = re.compile(r"[\w .,()+-]+")
_SKELETON = Path(__file__).parent / "skeleton"


@dataclass(frozen=True)
class Project:
    """A folder with data, perhaps notebooks, and what is special to its report.

    Attributes
    ----------
    home : pathlib.Path
        The folder. Below it, ``build`` holds everything that is built and may be deleted; in
        ``build``, ``site`` and ``report.html`` are the last report that was built whole, and
        ``work`` is where the next one is prepared.
    """

    home: Path

    @classmethod
    def at(cls, folder: Path | str) -> Project:
        """Look at a folder.

        Parameters
        ----------
        folder : path
            The project folder, which holds ``data``; ``notebooks``, ``figures`` and ``report``
            count if they are there.

        Raises
        ------
        DataError
            If something that a report needs is missing.
        """
        home = Path(folder).resolve()
        if not (home / "data" / DESCRIPTOR).is_file():
            raise DataError(
                f"{home} is no project folder: data/{DESCRIPTOR} is missing. Run this where it is, "
                "or begin with `meta new`"
            )
        project = cls(home)
        odd = [path.name for path in project.notebooks if not _PAGE.fullmatch(path.stem)]
        if odd:
            raise DataError(
                f"notebooks: {listed(map(repr, map(printable, odd)))} cannot be the name of a "
                "page; rename with letters, digits, blanks and _ - . , + ( )"
            )
        return project

    @property
    def notebooks(self) -> list[Path]:
        """The notebooks, in reading order."""
        return sorted((self.home / "notebooks").glob("*.ipynb"))

    @property
    def settings(self) -> Path:
        """What every report inherits: Sphinx's settings, static files, pages."""
        return _SKELETON

    @property
    def own(self) -> Path:
        """What is special to this report: pages and static files that override or add."""
        return self.home / "report"

    @property
    def lists_functions(self) -> bool:
        """Whether a page of its own lists the functions of this package."""
        pages = (self.own / "pages").glob("*.md")
        return any(b"reference()" in page.read_bytes() for page in pages)

    @property
    def styles(self) -> list[str]:
        """The style sheets; those that the project adds have the last word."""
        return ["report.css", "reader.css", *self._added("*.css")]

    @property
    def scripts(self) -> list[str]:
        """The scripts that a page needs wherever it stands, and those that the project adds."""
        return ["tables.js", "pool.js", "what_if.js", "on_paper.js", *self._added("*.js")]

    def _added(self, pattern: str) -> list[str]:
        inherited = {path.name for path in (self.settings / "_static").iterdir()}
        own = sorted(path.name for path in (self.own / "_static").glob(pattern))
        return [name for name in own if name not in inherited]

    @property
    def about(self) -> About:
        """Who stands behind the report, and under which licences."""
        return About.of(self.home)

    @property
    def build(self) -> Path:
        """The folder of everything that is built."""
        return self.home / "build"

    @property
    def work(self) -> Path:
        """Where a report is prepared."""
        return self.build / "work"

    @property
    def source(self) -> Path:
        """The pages that Sphinx reads."""
        return self.work / "source"

    @property
    def doctrees(self) -> Path:
        """What Sphinx keeps of the pages that it read."""
        return self.work / "doctrees"

    @property
    def prepared(self) -> Path:
        """The site that Sphinx writes, which a later build continues."""
        return self.work / "site"

    @property
    def site(self) -> Path:
        """The site as readers have it."""
        return self.build / "site"

    @property
    def single(self) -> Path:
        """The whole report in one file, as readers have it."""
        return self.build / "report.html"

    def reading_order(self) -> list[str]:
        """List every page as a reader meets them: the first one, notebooks, the rest, studies."""
        patterns = ("*.md", "notebooks/*.ipynb", "articles/*.md", "trials/*.md", "reference/*")
        pages = [
            path.relative_to(self.source).with_suffix("").as_posix()
            for pattern in patterns
            for path in sorted(self.source.glob(pattern))
        ]
        first = ("index", "articles/", "notebooks/", "methods", "trials", "results", "data", "api")
        rank = {
            page: [page.startswith(start) for start in (*first, "")].index(True) for page in pages
        }
        return sorted(pages, key=lambda page: (rank[page], pages.index(page)))
