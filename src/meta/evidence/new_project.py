"""What does a project of one's own need? Writes one, whole: tables, a notebook, how to go on."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from meta.errors import DataError, refused_by_system
from meta.evidence.datapackage import DESCRIPTOR
from meta.evidence.study_table import StudyTable
from meta.evidence.tables import load_evidence
from meta.evidence.tables_from_studies import Asked, tables_of
from meta.wording import upper_first

_TEMPLATE = Path(__file__).parent / "new_project_template"
# what the worked rows of the template are about
_EXAMPLE = Asked(outcome="pain", measure="SMD", lower_is_better=True)

Contents = dict[str, str]


def new_project(
    folder: str | Path,
    table: StudyTable | None = None,
    *,
    title: str = "",
    outcome: str = "outcome",
    measure: str | None = None,
    lower_is_better: bool | None = None,
    force: bool = False,
) -> list[Path]:
    """Write a project that can be checked, assessed and reported at once.

    Parameters
    ----------
    folder : str or path
        Where; made if it is not there. Its name is the topic, if `title` does not say it.
    table : StudyTable, optional
        Trials to begin with, as `read_table` reads them. Without it every table holds one worked
        row, marked as an example.
    title : str
        The question in words.
    outcome : str
        What was measured in `table`; small letters, digits and ``_``.
    measure : str, optional
        Effect measure for `table`; by default what it says, else what its columns give.
    lower_is_better : bool, optional
        Whether a lower value, or fewer events, is the good direction in `table`; needed with it.
    force : bool
        Whether files of a project that is there already are replaced. Others are left alone.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    DataError
        If something is in the folder already, a part of it is a link, or the tables have faults;
        nothing is written then.

    Examples
    --------
    >>> import meta
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as place:
    ...     files = new_project(f"{place}/own")
    ...     meta.load_evidence(f"{place}/own/data").names
    ('trials', 'results', 'instruments', 'outcomes', 'claims', 'claim_tests')
    """
    folder = Path(folder)
    contents = {
        path.relative_to(_TEMPLATE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(_TEMPLATE.rglob("*"))
        if path.is_file()
    }
    package = json.loads(contents[f"data/{DESCRIPTOR}"])
    topic = " ".join(re.split(r"[\W_]+", folder.name)).strip()
    asked = _EXAMPLE
    if table is not None:
        asked = Asked.of(table, outcome, measure, lower_is_better)
        rows = tables_of(table, asked, package)
        package["question"] |= {
            name: upper_first(words)
            for name, words in (("treatment", table.treatment), ("control", table.control))
            if words
        }
        package["question"]["primary"] = {}  # whoever imports a table wants its rows pooled
        contents |= {f"data/{name}.csv": text for name, text in _as_csv(package, rows).items()}
    package["title"] = topic
    package["question"]["title"] = title or f"{upper_first(topic)}: what do trials say?"
    contents[f"data/{DESCRIPTOR}"] = json.dumps(package, ensure_ascii=False, indent=1) + "\n"
    words = {"OUTCOME": asked.outcome, "MEASURE": asked.measure, "PROJECT": folder.as_posix()}
    for name in contents:
        if not name.startswith("data/"):
            for word, said in words.items():
                contents[name] = contents[name].replace(word, said)
    return _write(folder, contents, force)


def _as_csv(
    package: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, str]]]
) -> Contents:
    """Write the tables of a package; those without rows have their header alone."""
    texts = {}
    for resource in package["resources"]:
        header = [field["name"] for field in resource["schema"]["fields"]]
        text = io.StringIO()
        writer = csv.DictWriter(text, header, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows.get(resource["name"], []))
        texts[resource["name"]] = text.getvalue()
    return texts


def _write(folder: Path, contents: Contents, force: bool) -> list[Path]:
    """Prepare the files aside, look whether they are sound, and move them into place."""
    _refuse(folder, contents, force)
    prepared = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        for name, text in contents.items():
            (prepared / name).parent.mkdir(parents=True, exist_ok=True)
            (prepared / name).write_text(text, encoding="utf-8", newline="\n")
        try:
            load_evidence(prepared / "data")
        except DataError as error:
            own = (fault.replace(prepared.as_posix(), folder.as_posix()) for fault in error.faults)
            raise DataError.from_faults(f"{folder} was not written", own) from None
        if folder.is_dir() and any(folder.iterdir()):
            for name in contents:
                (folder / name).parent.mkdir(exist_ok=True)
                (prepared / name).replace(folder / name)
        else:
            if folder.is_dir():
                folder.rmdir()  # it is empty
            prepared.rename(folder)
    except OSError as fault:  # a full disk, a folder that may not be written to
        raise DataError(f"{folder} cannot be written: {refused_by_system(fault)}") from fault
    finally:
        shutil.rmtree(prepared, ignore_errors=True)
    return [folder / name for name in contents]


def _refuse(folder: Path, contents: Contents, force: bool) -> None:
    """Refuse to write over what is there, and through links in any case."""
    places = {folder, *(folder / name for name in contents)}
    places |= {place.parent for place in places if place != folder}
    links = sorted(place for place in places if place.is_symlink())
    if links:
        raise DataError(f"{links[0]} is a link, through which nothing is written; name another")
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder that is new or empty")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise DataError(
            f"{folder} is not empty, and nothing in it is overwritten; name a folder that is new "
            "or empty, or replace the files of a project there with --force"
        )
