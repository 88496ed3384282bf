"""How is a file written whole or not at all?"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from meta.errors import DataError


@contextmanager
def written_whole(path: str | Path) -> Iterator[Path]:
    """Give a place to write to, and move what was written to its own in one step.

    Parameters
    ----------
    path : str or path
        Where the file shall stand; one that is there is replaced. Its folder must be there.

    Yields
    ------
    pathlib.Path
        A file beside it with the same ending. If writing fails it is taken away, and what stood at
        `path` stays as it was.

    Raises
    ------
    DataError
        If there cannot be a file of that name.
    """
    target = Path(path)
    if "\x00" in str(path):
        raise DataError(f"{str(path)!r} cannot be the name of a file; give another")
    if target.is_dir():
        raise DataError(f"{target} is a folder; name a file in it")
    if not target.parent.is_dir():
        raise DataError(f"{target.parent} is no folder; make it, or write to another")
    beside = None
    try:
        handle, name = tempfile.mkstemp(suffix=target.suffix, prefix=".", dir=target.parent)
        os.close(handle)
        beside = Path(name)
        yield beside
        beside.chmod(0o666 & ~_umask())
        beside.replace(target)
    except OSError as fault:  # a full disk, a folder that may not be written to
        raise DataError(f"{target} cannot be written: {fault.strerror or fault}") from fault
    finally:
        if beside is not None:
            beside.unlink(missing_ok=True)


def write_whole(path: str | Path, text: str) -> Path:
    """Write a text, whole or not at all; see `written_whole`."""
    with written_whole(path) as place:
        place.write_text(text, encoding="utf-8", newline="\n")
    return Path(path)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
