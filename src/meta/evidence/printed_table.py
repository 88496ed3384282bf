"""Is this text a data frame as R or pandas prints it, aligned by blanks? Splits it into cells."""

from __future__ import annotations

import re
from itertools import groupby

Line = tuple[int, str]

_ROW = re.compile(r"(\d+) +\S")


def printed_rows(text: str) -> list[tuple[list[str], int]]:
    r"""Split a printed data frame into rows of cells, the header first.

    Parameters
    ----------
    text : str
        A file. A wide data frame is printed in blocks of columns, each with the numbers of the
        rows.

    Returns
    -------
    list of (list of str, int)
        Cells of each row, without its number, and the line it begins on; nothing if the text is
        not a data frame printed whole.

    Examples
    --------
    >>> printed_rows("  study   yi\n1   A B -0.3\n2     C  0.1\n")
    [(['study', 'yi'], 1), (['A B', '-0.3'], 2), (['C', '0.1'], 3)]
    """
    lines = [(i, line) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    if len(lines) < 2 or "\t" in text:
        return []
    blocks: list[list[Line]] = []
    for is_header, run in groupby(lines, key=lambda line: line[1].startswith(" ")
                                  and not _ROW.match(line[1].strip())):  # fmt: skip
        if is_header:
            blocks.append(list(run))
        elif not blocks:
            return []
        else:
            blocks[-1] += run
    split = [_split(block) for block in blocks]
    numbers = [cells[0] for cells in split[0][1:]]
    if not numbers or numbers not in (
        [str(i + first) for i in range(len(numbers))] for first in (0, 1)
    ):
        return []
    if any([cells[0] for cells in each[1:]] != numbers for each in split):
        return []
    rows = [[cell for cells in parts for cell in cells[1:]] for parts in zip(*split, strict=True)]
    return [(cells, line) for cells, (line, _) in zip(rows, blocks[0], strict=True)]


def _split(block: list[Line]) -> list[list[str]]:
    """Split lines where all are blank; what has no name belongs to the column on its right."""
    wide = max(len(line) for _, line in block)
    padded = [line.ljust(wide) for _, line in block]
    filled = [any(line[i] != " " for line in padded) for i in range(wide)]
    starts = [i for i in range(wide) if filled[i] and (i == 0 or not filled[i - 1])]
    ends = [i for i in range(1, wide + 1) if filled[i - 1] and (i == wide or not filled[i])]
    if not starts or padded[0][: ends[0]].strip():
        return [[""]]
    columns, begin = [(starts[0], ends[0])], None
    for start, end in zip(starts[1:], ends[1:], strict=True):
        begin = start if begin is None else begin
        if padded[0][start:end].strip():
            columns.append((begin, end))
            begin = None
    # names that stand on the left do not say to which of two columns a word between them belongs
    on_the_left = any(padded[0][end - 1] == " " for _, end in columns[1:])
    if begin is not None or (len(columns) < len(starts) and on_the_left):
        return [[""]]
    return [[line[start:end].strip() for start, end in columns] for line in padded]
