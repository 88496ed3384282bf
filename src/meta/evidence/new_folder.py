"""What does an evidence folder of one's own need? Writes one that is ready to be filled."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from meta.errors import DataError
from meta.evidence.datapackage import DESCRIPTOR

_TEMPLATE = Path(__file__).parent / "new_folder_template"
_README = "README.md"


def new_folder(folder: str | Path) -> Path:
    """Write an evidence folder that is ready to be filled.

    Parameters
    ----------
    folder : str or path
        Where; made if it is not there.

    Returns
    -------
    pathlib.Path
        The folder, with ``trials.csv`` and ``results.csv`` (headers only), the
        ``datapackage.json`` that describes them, and a ``README.md`` on how to fill a row.

    Raises
    ------
    DataError
        If there is something in the folder already, or the name is that of a file.

    Examples
    --------
    >>> import meta
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as place:
    ...     meta.load_evidence(new_folder(f"{place}/own")).names
    ('trials', 'results')
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder that is new or empty")
    if folder.is_dir() and any(folder.iterdir()):
        raise DataError(
            f"{folder} is not empty, and nothing in it is overwritten; name a folder that is new "
            "or empty"
        )
    folder.mkdir(parents=True, exist_ok=True)
    package = (_TEMPLATE / DESCRIPTOR).read_text(encoding="utf-8")
    for table in json.loads(package)["resources"]:
        with (folder / table["path"]).open("w", encoding="utf-8", newline="") as file:
            header = [field["name"] for field in table["schema"]["fields"]]
            csv.writer(file, lineterminator="\n").writerow(header)
    (folder / DESCRIPTOR).write_text(package, encoding="utf-8")
    readme = (_TEMPLATE / _README).read_text(encoding="utf-8")
    (folder / _README).write_text(readme.replace("FOLDER", folder.as_posix()), encoding="utf-8")
    return folder
