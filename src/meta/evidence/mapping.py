"""Which column is which field, said by the user: a small file to write, edit and read again."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from meta.errors import DataError
from meta.evidence.column_names import FIELDS
from meta.evidence.faults import closest
from meta.wording import listed

SETTINGS = ("treatment", "control", "measure", "decimal")


def read_mapping(
    mapping: str | Path | Mapping[str, Any] | None,
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Read what the user says.

    Parameters
    ----------
    mapping : str, path, mapping or None
        A TOML file as `mapping_text` writes it, the same as a mapping, or fields alone.

    Returns
    -------
    fields : dict of str to list of str
        By field, its column or columns; empty if nothing was said.
    settings : dict of str to str
        `SETTINGS`, "" where one is not given.

    Raises
    ------
    DataError
        If there is no such file, it is no TOML, or a field or a setting is unknown.
    """
    if isinstance(mapping, str | Path):
        where = Path(mapping).as_posix()
        try:
            mapping = tomllib.loads(Path(mapping).read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            raise DataError(f"{where}: there is no such file; check the path") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise DataError(
                f"{where}: this is no mapping ({error}); write lines such as "
                'mean_t = "Column" below [fields]'
            ) from None
    given = dict(mapping or {})
    fields = given.pop("fields", None)
    if fields is None:
        fields = {name: value for name, value in given.items() if name in FIELDS or
                  name not in SETTINGS}  # fmt: skip
        given = {}
    faults = [
        f"{name!r} is no field. {closest(name, FIELDS)}The fields are {listed(FIELDS, 60)}"
        for name in fields
        if name not in FIELDS
    ]
    faults += [
        f"{name!r} is no setting; the settings are {listed(SETTINGS)}, above [fields]"
        for name in given
        if name not in SETTINGS
    ]
    if faults:
        raise DataError.from_faults("mapping", faults)
    chosen = {
        name: [str(each) for each in ([value] if isinstance(value, str) else value)]
        for name, value in fields.items()
        if value
    }
    return chosen, {name: str(given.get(name) or "") for name in SETTINGS}


def check_mapping(
    file: str, chosen: Mapping[str, Sequence[str]], cells: Mapping[str, object]
) -> None:
    """Refuse a mapping that names columns which the file has not.

    Raises
    ------
    DataError
        With the nearest column for each.
    """
    faults = [
        f"mapping, {name}: there is no column {column!r}. {closest(column, cells)}"
        f"The columns are {listed(map(repr, cells))}"
        for name, columns in chosen.items()
        for column in columns
        if column not in cells
    ]
    if faults:
        raise DataError.from_faults(file, faults)


def mapping_text(
    file: str, fields: Mapping[str, Sequence[str]], settings: Mapping[str, str]
) -> str:
    """Write a mapping as TOML.

    Parameters
    ----------
    file : str
        Whose columns they are.
    fields : mapping of str to sequence of str
        By field, its columns.
    settings : mapping of str to str
        `SETTINGS`; "" is not written.

    Returns
    -------
    str
        Text that `read_mapping` understands, once it stands in a file.

    Examples
    --------
    >>> print(mapping_text("a.csv", {"yi": ["g"]}, {"measure": "SMD"}), end="")
    # Which column of a.csv is which field.
    <BLANKLINE>
    measure = "SMD"
    <BLANKLINE>
    [fields]
    yi = "g"
    """

    # strings of JSON are strings of TOML, but for one character
    def quoted(value: object) -> str:
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

    lines = [f"# Which column of {Path(file).name} is which field.", ""]
    lines += [f"{name} = {quoted(settings[name])}" for name in SETTINGS if settings.get(name)]
    lines += ["", "[fields]"]
    lines += [
        f"{name} = {quoted(columns[0] if len(columns) == 1 else list(columns))}"
        for name, columns in fields.items()
    ]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"
