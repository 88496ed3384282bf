"""Tables for a notebook: a data frame in, readable in JupyterLab, in text and in the report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import numpy as np
import pandas as pd

from meta import html
from meta.arguments import checked
from meta.errors import DataError, need
from meta.evidence.addresses import source_address
from meta.evidence.faults import closest
from meta.html import Markup
from meta.report.headings import DIGITS, headings, is_code
from meta.report.links import claim_name, source_link, study_name
from meta.wording import listed, number

# a study as `study_name` writes it
_STUDY = re.compile(r'<span class="study" data-study="([^"]*)">(.*?)</span>')
# an interval is shown in one cell, made of the columns with these endings
_LIMITS = (("ci_low", "ci_high"), ("low", "high"))


@dataclass(frozen=True, slots=True)
class Table:
    """A captioned table.

    Attributes
    ----------
    frame : pandas.DataFrame
        What is shown, unrounded, with the names of its columns.
    caption : str
        What it says, in one line.
    html : str
        The table as it stands on a page.
    """

    frame: pd.DataFrame
    caption: str
    html: str
    _read_at: Mapping[str, str] = field(default_factory=dict, repr=False)

    def _repr_html_(self) -> str:
        return html.shown(Markup(self.html if html.in_a_site() else self._to_reports()))

    def _to_reports(self) -> str:
        """Link each study to the page where it was read: a notebook has no page of the study."""

        def link(found: re.Match[str]) -> str:
            url = self._read_at.get(unescape(found[1]))
            return source_link(url, unescape(found[2])) if url else found[0]

        return _STUDY.sub(link, self.html)

    def __repr__(self) -> str:
        return f"{self.caption}\n{self.frame.to_string(index=False)}"


@checked
def table(
    frame: pd.DataFrame,
    caption: str,
    columns: Sequence[str] | Mapping[str, str] | None = None,
    *,
    digits: Mapping[str, int] | None = None,
    anchor: str = "",
) -> Table:
    """Show a data frame as a table of the report.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row each; its index is not shown.
    caption : str
        What the table says, in one line.
    columns : sequence of str, or mapping of str to str, optional
        The columns to show, in order; a mapping also gives their headings. All by default.
        ``"ci"`` stands for ``ci_low`` and ``ci_high`` in one cell, ``"net_ci"`` for ``net_low``
        and ``net_high``, and so on.
    digits : mapping of str to int, optional
        Decimals of numbers, by column; two, or what the column usually has, by default.
    anchor : str, optional
        Name under which other places of the page link to the table.

    Returns
    -------
    Table
        A cell that ends with it shows the table; ``print`` shows it as text; ``.frame`` has it
        unrounded.

    Raises
    ------
    DataError
        If this is no data frame, or has a name twice; if a column does not exist (the nearest names
        are given), or limits of an interval are no numbers.

    Notes
    -----
    Everything is escaped. A ``label`` beside a ``study_id`` becomes a link to the study's page on
    the site, a ``label`` beside a ``source_url`` alone a link to that page, and a ``locator``
    beside a ``source_url`` a link to the place that was read, and a ``claim_paraphrase`` beside a
    ``claim_id`` a link to the claim's place on the page of its article.

    Examples
    --------
    >>> import meta
    >>> rows = meta.load_evidence("data").select(study_id="tarleton2017", outcome="depression")
    >>> meta.table(rows.head(2), "Results", ["label", "instrument", "reporting"])
    Results
            label instrument reporting
    Tarleton 2017      PHQ-9  interval
    Tarleton 2017      PHQ-9      arms
    """
    _check(frame, caption, columns, digits)
    names = list(frame.columns if columns is None else columns)
    asked = dict.fromkeys([*names, *(digits or {})])
    missing = [name for name in asked if name not in frame and _limits(frame, name) is None]
    if missing:
        raise DataError.from_faults(
            f"table {caption!r}",
            (
                f"there is no column {name!r}. {closest(name, frame.columns)}"
                f"There are {listed(frame.columns)}"
                for name in missing
            ),
        )
    decimals = {**DIGITS, **(digits or {})}
    shown = pd.DataFrame(
        {name: _cells(frame, name, decimals.get(name, 2)) for name in names}, index=frame.index
    )
    shown_as = columns if isinstance(columns, Mapping) else headings(names)
    text = html.table(shown, caption, columns=shown_as, digits=decimals, anchor=anchor)
    read_at = {}
    if {"study_id", "source_url"} <= set(frame):
        known = frame.dropna(subset=["study_id", "source_url"]).to_dict("records")
        read_at = {str(row["study_id"]): source_address(row) for row in known}
    return Table(_plain(frame, names), caption, text, read_at)


def _check(frame: Any, caption: str, columns: Any, digits: Any) -> None:
    """Refuse what is no data frame, and settings of another kind."""
    what = f"table {caption!r}"
    need(what, frame, pd.DataFrame, "a data frame", "pandas.DataFrame({'label': [...]})")
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise DataError(f"{what}: {listed(twice)} is the name of two columns; rename one of them")
    if isinstance(columns, str):
        raise DataError(f"{what}: columns is {columns!r}; give a list, [{columns!r}]")
    need(what, digits or {}, Mapping, "digits by column", 'digits={"estimate": 1}')
    wrong = [value for value in (digits or {}).values() if not _is_count(value)]
    if wrong:
        raise DataError(
            f"{what}: digits are {listed(wrong)}; give whole numbers of decimals, 0 or more"
        )


def _is_count(value: Any) -> bool:
    return isinstance(value, int | np.integer) and bool(value >= 0)


@checked
def sources(*frames: pd.DataFrame, caption: str = "Where the figures were read") -> Table:
    """List the pages behind some rows, each once.

    Parameters
    ----------
    *frames : pandas.DataFrame
        Rows of the results, the reviews or the benchmarks: anything with ``source_url``.
    caption : str
        What the table says.

    Returns
    -------
    Table
        Study or review, kind of source, the place on the page with its link, and caution.

    Raises
    ------
    DataError
        If nothing is given, or rows without ``source_url`` or without a name.

    Examples
    --------
    >>> import meta
    >>> rows = meta.load_evidence("data").select(study_id="tarleton2017", outcome="depression")
    >>> len(meta.sources(rows).frame)
    2
    """
    if not frames:
        raise DataError("sources: no rows are given; give those of evidence.select(...)")
    rows = pd.concat([_with_label(frame) for frame in frames], ignore_index=True)
    names = ["label", "source_kind", "locator", "flag"]
    rows = rows.reindex(columns=[*names, "study_id", "source_url", "doi", "pmid"])
    rows = rows.drop_duplicates(["label", "source_url", "locator"]).sort_values(
        "label", kind="stable"
    )
    kept = [name for name in names if rows[name].notna().any()]
    return table(rows, caption, headings(kept) | {"label": "Source"})


def _with_label(frame: pd.DataFrame) -> pd.DataFrame:
    way = "rows of evidence.select(...), evidence.reviews or evidence.benchmarks"
    need("sources", frame, pd.DataFrame, "data frames", way)
    name = "label" if "label" in frame else "citation"
    missing = [column for column in (name, "source_url") if column not in frame]
    if missing:
        raise DataError(f"sources: no column {listed(missing)}; give {way}")
    return frame.assign(label=frame[name])


def _limits(frame: pd.DataFrame, name: str) -> tuple[str, str] | None:
    """Name the two columns that an interval's cell is made of, where there are such."""
    if not str(name).endswith("ci"):
        return None
    start = name.removesuffix("ci")
    pairs = ((start + low, start + high) for low, high in _LIMITS)
    return next(((low, high) for low, high in pairs if low in frame and high in frame), None)


def _cells(frame: pd.DataFrame, name: str, digits: int) -> pd.Series:
    if name not in frame:
        low, high = _limits(frame, name) or ("", "")
        ends = zip(frame[low], frame[high], strict=True)
        try:
            texts = ["" if pd.isna(a) or pd.isna(b) else _span(a, b, digits) for a, b in ends]
        except (TypeError, ValueError):
            raise DataError(
                f"table: {low} and {high} must be numbers to stand as {name!r}"
            ) from None
        return pd.Series(texts, index=frame.index, dtype=object)
    column = frame[name]
    linked = _linked(frame, name)
    if linked is not None:
        return pd.Series(linked, index=frame.index, dtype=object)
    if is_code(name):
        return column.map(lambda text: text.replace("_", " ") if isinstance(text, str) else text)
    return column


def _span(low: float, high: float, digits: int) -> str:
    digits = 0 if float(low).is_integer() and float(high).is_integer() else digits
    return f"{number(float(low), digits)} to {number(float(high), digits)}"


def _linked(frame: pd.DataFrame, name: str) -> list[Markup] | None:
    """Link a study to its page, and a place or a review to the page that was read."""
    if name not in {"label", "locator", "citation", "claim_paraphrase"}:
        return None
    shown = frame[name].fillna("")
    if name == "claim_paraphrase":
        if "claim_id" not in frame:
            return None
        return [claim_name(*pair) for pair in zip(frame["claim_id"], shown, strict=True)]
    urls = [source_address(row) for row in frame.to_dict("records")]
    if name == "label" and "study_id" in frame:
        own = frame["study_id"]
        return [
            text
            if isinstance(text, Markup)
            else study_name(study, text)
            if pd.notna(study)
            else source_link(url, text)
            for study, text, url in zip(own, shown, urls, strict=True)
        ]
    if "source_url" in frame:
        return [
            text if isinstance(text, Markup) else source_link(url, text)
            for url, text in zip(urls, shown, strict=True)
        ]
    return None


def _plain(frame: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Keep what was shown, unrounded; an interval as its two limits."""
    kept: list[str] = []
    for name in names:
        kept += [name] if name in frame else list(_limits(frame, name) or ())
    return frame[list(dict.fromkeys(kept))].reset_index(drop=True)
