"""From the project folder to the HTML report."""

from __future__ import annotations

import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from meta.errors import BuildError, refused_by_system
from meta.report.execute import Runs
from meta.report.memory import (
    code_digest,
    digest,
    environment,
    files_in,
    read_note,
    tree_digest,
    write_whole,
)
from meta.report.notebook_pages import notebook_page
from meta.report.project import Project
from meta.report.publish import alone, publish
from meta.report.single_file import single_file
from meta.report.sphinx_site import REFERENCE, SphinxProcess, build_site

if TYPE_CHECKING:
    from meta.evidence.tables import Evidence


def build(root: Path | str = ".") -> Path:
    """Execute the notebooks and build the HTML report.

    What an earlier build left is used where nothing of it has changed. The report is prepared
    aside and put into its place when it is whole: until then, and if the build fails or is ended,
    the last one stays.

    Parameters
    ----------
    root : path
        The project folder, which holds ``data`` and, if there are any, ``notebooks``, ``figures``
        and ``report``.

    Returns
    -------
    pathlib.Path
        The landing page, ``build/site/index.html``.

    Raises
    ------
    DataError
        If the folder is not the project, or the data tables have faults.
    BuildError
        If a notebook fails (it is named with its cell), a page refers to something missing, or a
        file cannot be written.
    """
    project = Project.at(root)
    started = time.perf_counter()
    try:
        _build(project)
    except OSError as error:  # a full disk, a folder that may not be written to
        said = refused_by_system(error)
        raise BuildError(f"the report cannot be written, the last one stays: {said}") from error
    print(f"      done in {time.perf_counter() - started:.0f} s", flush=True)
    index = project.site / "index.html"
    size = sum(path.stat().st_size for path in files_in(project.site))
    print(f"      the site, {size / 1e6:.1f} MB: {index.as_uri()}", flush=True)
    size = project.single.stat().st_size
    print(f"      one file, {size / 1e6:.1f} MB: {project.single.as_uri()}", flush=True)
    return index


def _build(project: Project) -> None:
    with alone(project), SphinxProcess(project) as sphinx, Runs(project) as runs:
        pages = Pages(project)
        if runs.waiting or not pages.current:
            sphinx.start()  # it is ready by the time that its turn comes
        _say(1, "checking the data and writing the generated pages")
        pages.check()
        _say(2, "executing the notebooks")
        # pages are written by this process, notebooks run in others
        with ThreadPoolExecutor(max_workers=1) as aside:
            executing = aside.submit(runs.execute)
            try:
                pages.write()
                executing.result()
            except BaseException:  # also Ctrl-C: notebooks whose kernels have gone end at once
                runs.end()
                raise
        _say(3, "building the site")
        _lay_out(project, pages.folder, runs.executed())
        build_site(project, sphinx)
        _say(4, "writing the single file")
        publish(project, single_file(project))


def _say(step: int, text: str) -> None:
    print(f"[{step}/4] {text}", flush=True)


class Pages:
    """The pages written by hand, and those about studies, claims, data and module."""

    def __init__(self, project: Project) -> None:
        self.folder = project.work / "pages"
        self._project = project
        self._note = project.work / "pages.json"
        self._evidence: Evidence | None = None
        names = [path.name for path in project.notebooks]
        read = tree_digest(project.home / "data", project.own / "pages")
        about = repr(project.about)
        self._own = digest(read, about, *names, code_digest(), environment())

    @property
    def current(self) -> bool:
        """Whether they are as they must be."""
        return bool(read_note(self._note) == [self._own, tree_digest(self.folder)])

    def check(self) -> None:
        """Tell what is wrong with the data before anything else is done."""
        if self.current:
            return
        from meta.evidence.tables import load_evidence
        from meta.report.bibliography import check_bibliography

        data = self._project.home / "data"
        self._evidence = load_evidence(data)
        if (data / "references.bib").is_file():
            check_bibliography(data / "references.bib")

    def write(self) -> None:
        """Write them from what was checked, unless they are as they must be."""
        if self._evidence is None:
            return
        from meta.report.pages import write_pages

        self._note.unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        write_pages(self._project, self._evidence, self.folder)
        write_whole(self._note, json.dumps([self._own, tree_digest(self.folder)]))


def _lay_out(project: Project, pages: Path, notebooks: dict[str, Path]) -> None:
    """Bring the pages together; what is there already as it must be is left alone."""
    wanted = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for folder, shown in ((pages, pages), (project.home, project.home / "figures"))
        for path in files_in(shown)
    }
    for path in notebooks.values():
        wanted |= notebook_page(path, project.about.citation)
    for path in files_in(project.source):
        name = path.relative_to(project.source).as_posix()
        if name not in wanted and not name.startswith(f"{REFERENCE}/"):
            path.unlink()
    for name, content in wanted.items():
        path = project.source / name
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
