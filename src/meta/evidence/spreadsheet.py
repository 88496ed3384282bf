"""How is a table written as CSV that a spreadsheet shows and does not execute?"""

from __future__ import annotations

import csv
from typing import Any

import pandas as pd


def safe_csv(rows: pd.DataFrame, float_format: str | None = None) -> str:
    """Write rows as CSV that a spreadsheet shows and does not execute.

    Text that begins with ``=``, ``+``, ``-``, ``@`` or a control character gets an apostrophe in
    front, unless it is a number; headings too. A carriage return within a cell would end the row in
    a spreadsheet, so that a table which holds one is quoted throughout.
    """
    safe = rows.apply(lambda column: column.map(_unarmed) if column.dtype.kind in "OTU" or
                      isinstance(column.dtype, pd.StringDtype) else column)  # fmt: skip
    safe.columns = [_unarmed(name) for name in rows.columns]
    text = str(safe.to_csv(index=False, lineterminator="\n", float_format=float_format))
    if "\r" in text:
        text = safe.to_csv(index=False, lineterminator="\n", float_format=float_format,
                           quoting=csv.QUOTE_NONNUMERIC)  # fmt: skip
    return str(text)


def _unarmed(cell: Any) -> Any:
    if not isinstance(cell, str) or not cell or cell[0] not in "=+-@\t\r":
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
