"""The evidence: every table of a folder, checked as a whole and typed.

>>> import meta
>>> evidence = meta.load_evidence("data")
>>> evidence.trials.loc[0, "label"]
'Tarleton 2017'
"""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meta import html
from meta.arguments import checked, shown
from meta.errors import DataError
from meta.evidence.examination import Examination, examine
from meta.evidence.faults import closest
from meta.evidence.question import Question, chosen_by
from meta.evidence.reporting import barred_studies, reporting_level
from meta.wording import listed

_SCALE_FACTS = {
    "sd_reference": "sd_reference",
    "sd_kind": "sd_reference_kind",
    "sd_low": "sd_low",
    "sd_high": "sd_high",
    "min": "scale_min",
    "max": "scale_max",
    "step": "scale_step",
}


@checked
def load_evidence(folder: str | Path = "data") -> Evidence:
    """Read the evidence tables of a folder, all or none.

    Parameters
    ----------
    folder : str or path, default "data"
        Folder with ``datapackage.json`` and the tables it describes; at least ``trials`` and
        ``results``. Taken as given, relative to the working directory; nothing is searched for.

    Returns
    -------
    Evidence
        The tables, typed as the dictionary says.

    Raises
    ------
    DataError
        If anything is wrong with any table. One error holds all faults of all files, each with
        file, line, column, study, what was found, what is needed and the way out.

    See Also
    --------
    Evidence : what can be asked of it.

    Notes
    -----
    A folder of one's own needs the same: two CSV files and a ``datapackage.json`` that describes
    their columns. Columns that it leaves out count as not reported.

    Examples
    --------
    >>> from meta import load_evidence
    >>> evidence = load_evidence("data")
    >>> evidence.select(study_id="tarleton2017", outcome="depression")["reporting"].tolist()
    ['interval', 'arms', 'direction']
    >>> load_evidence("nowhere")
    Traceback (most recent call last):
    ...
    meta.errors.DataError: nowhere: 1 fault
      - nowhere/datapackage.json: the folder does not exist. Name a folder ...
    """
    found = examine(folder)
    if found.faults:
        raise DataError.from_faults(str(folder), (str(fault) for fault in found.faults))
    return Evidence(found)


class Evidence:
    """What was reported: the tables of a folder, checked and typed.

    Made by `load_evidence`. Each property returns a fresh copy, so that nothing done to it reaches
    the next one. Whole numbers are ``Int64`` with ``<NA>`` where nothing was reported, other
    numbers ``float64`` with NaN, everything else text; ``p_value`` stays as printed.

    Attributes
    ----------
    folder : pathlib.Path
        Where the tables were read.
    names : tuple of str
        Names of all tables.
    """

    def __init__(self, found: Examination) -> None:
        self._tables = {name: table.frame for name, table in found.tables.items()}
        self._package = found.package
        self.folder = found.folder
        self.names = tuple(self._tables)
        absolute = found.folder.absolute()  # as long as the working directory is the same
        self._files = {schema.name: absolute / schema.path for schema in found.package.tables}
        self._rows: pd.DataFrame | None = None  # of _joined

    def __repr__(self) -> str:
        counts = ", ".join(f"{name} {len(self._frame(name))}" for name in self.names)
        return f"Evidence({str(self.folder)!r}: rows of {counts})"

    def _repr_html_(self) -> str:
        files = {schema.name: schema.path for schema in self._package.tables}
        rows = [(name, files[name], len(self._frame(name))) for name in self.names]
        held = pd.DataFrame(rows, columns=["table", "file", "rows"])
        title = self.question.title
        caption = f"{self.folder}: {title}" if title else str(self.folder)
        return html.shown(html.table(held, caption))

    @checked
    def table(self, name: str) -> pd.DataFrame:
        """Return a fresh copy of a table.

        Parameters
        ----------
        name : str
            Name in ``datapackage.json``.

        Returns
        -------
        pandas.DataFrame
            One row for each row of the file, in its order.

        Raises
        ------
        DataError
            If the folder has no such table; the known names are listed.

        Examples
        --------
        >>> import meta
        >>> len(meta.load_evidence("data").table("st_johns_wort"))
        26
        """
        return self._frame(name).copy()

    @checked
    def optional(self, name: str, *columns: str) -> pd.DataFrame:
        """Return a table that the folder may lack: what it lacks was not reported.

        Parameters
        ----------
        name : str
            Name in ``datapackage.json``.
        *columns : str
            Columns that are asked for.

        Returns
        -------
        pandas.DataFrame
            A fresh copy of the table; without rows if there is none. A column that was asked for
            and that it lacks is there, with nothing in it.

        Examples
        --------
        >>> import meta
        >>> evidence = meta.load_evidence("data")
        >>> evidence.optional("weather", "day").shape
        (0, 1)
        >>> evidence.optional("trials", "moon")["moon"].notna().any()
        np.False_
        """
        table = self.table(name) if name in self.names else pd.DataFrame()
        absent = dict.fromkeys((column for column in columns if column not in table), None)
        return table.assign(**absent)

    @checked
    def described(self, name: str) -> Mapping[str, Mapping[str, Any]]:
        """Return what the data dictionary says of each column of a table.

        Parameters
        ----------
        name : str
            Name of the table.

        Returns
        -------
        mapping of str to mapping
            By column: ``description``, ``type``, ``unit``, ``constraints`` and so on.

        Raises
        ------
        DataError
            If the folder has no such table.
        """
        self._known(name)
        found = [schema for schema in self._package.tables if schema.name == name]
        return {column.name: dict(column.descriptor) for column in found[0].columns}

    @checked
    def word(self, table: str, column: str, code: Any) -> str:
        """Write a code of a table as the data dictionary labels it.

        Parameters
        ----------
        table, column : str
            Where it stands.
        code : object
            The cell.

        Returns
        -------
        str
            Its label; the code with spaces where the dictionary has none; "" for an empty cell.

        Raises
        ------
        DataError
            If the folder has no such table.

        Examples
        --------
        >>> import meta
        >>> meta.load_evidence("data").word("trials", "design", "single_arm")
        'One group, before and after'
        """
        if not isinstance(code, Hashable):
            raise DataError(f"word: code is {shown(code)}; needed: one value of the column")
        if _is_nothing(code):
            return ""
        labels = self.described(table).get(column, {}).get("labels", {})
        return str(labels.get(code, str(code).replace("_", " ")))

    @property
    def question(self) -> Question:
        """What is asked, from ``question`` in ``datapackage.json``."""
        return self._package.question

    @property
    def trials(self) -> pd.DataFrame:
        """Studies, one row each; key ``study_id``."""
        return self.table("trials")

    @property
    def results(self) -> pd.DataFrame:
        """Results: study x outcome x instrument x time x comparison; key ``result_id``."""
        return self.table("results")

    @property
    def risk_of_bias(self) -> pd.DataFrame:
        """Judgements: study x tool x domain."""
        return self.table("risk_of_bias")

    @property
    def instruments(self) -> pd.DataFrame:
        """Scales: range, direction, important difference, typical SD; key ``instrument_id``."""
        return self.table("instruments")

    @property
    def entry_criteria(self) -> pd.DataFrame:
        """Scores that let people into a trial; key ``study_id`` and ``instrument_id``."""
        return self.table("entry_criteria")

    @property
    def claims(self) -> pd.DataFrame:
        """Statements of the articles; key ``claim_id``."""
        return self.table("claims")

    @property
    def claim_sources(self) -> pd.DataFrame:
        """What became of the source that a claim leans on; key ``claim_id``."""
        return self.table("claim_sources")

    @property
    def reviews(self) -> pd.DataFrame:
        """Published pooled or narrative results."""
        return self.table("reviews")

    @property
    def review_trials(self) -> pd.DataFrame:
        """Trials as reviews print them."""
        return self.table("review_trials")

    @property
    def benchmarks(self) -> pd.DataFrame:
        """Yardsticks: effects of drugs and placebo, important differences, reference intakes."""
        return self.table("benchmarks")

    @checked
    def select(
        self, outcome: str | Iterable[str] | None = None, **column_filters: Any
    ) -> pd.DataFrame:
        """Choose result rows and set the facts of their trials and scales beside them.

        Parameters
        ----------
        outcome : str or iterable of str, optional
            Outcome or outcomes, for example ``"depression"``; all by default.
        **column_filters
            For any column of the answer, the value or the values that a row must have, for
            example ``control=["placebo", "no_treatment"]``, ``blinding="double"``,
            ``reporting=["arms", "interval"]``. ``None`` asks for rows where nothing was reported.

        Returns
        -------
        pandas.DataFrame
            One row for each chosen result, in the order of the file: the columns of ``results``;
            those of ``trials`` (the ones that results has, too, as ``trial_note`` and so on);
            ``sd_reference``, ``sd_reference_kind``, ``sd_low``, ``sd_high``, ``scale_min``,
            ``scale_max`` and ``scale_step`` of the scale in ``instrument_id``; and ``reporting``,
            how well the result is reported (see `meta.evidence.reporting.reporting_level`).

        Raises
        ------
        DataError
            If a filter names an unknown column, or a value that no row has; the known ones are
            listed. Filters that are known one by one but met by no row together give no rows.

        Examples
        --------
        >>> import meta
        >>> evidence = meta.load_evidence("data")
        >>> rows = evidence.select("depression", stratum="add_on", blinding="double")
        >>> sorted(rows["study_id"].unique())[:2]
        ['nazarinasab2022', 'ryszewska2018']
        >>> evidence.select("depresion")
        Traceback (most recent call last):
        ...
        meta.errors.DataError: select: 1 fault
          - no result has outcome 'depresion'. Did you mean 'depression'? Known are ...
        """
        rows = self._joined()
        return rows.loc[_passing(rows, outcome, column_filters)].reset_index(drop=True)

    @checked
    def primary(
        self, outcome: str | Iterable[str] | None = None, **column_filters: Any
    ) -> pd.DataFrame:
        """Choose the results of the primary analysis of an outcome.

        Parameters
        ----------
        outcome : str or iterable of str, optional
            Outcome or outcomes; all by default.
        **column_filters
            Further filters, as in :meth:`select`.

        Returns
        -------
        pandas.DataFrame
            Rows as :meth:`select` gives them that pass the ``primary`` filters of the question; a
            column that the folder lacks filters nothing. A study that its data bar is left out
            with all its rows (`meta.evidence.reporting.barred_studies`).

        Raises
        ------
        DataError
            As :meth:`select`.

        Examples
        --------
        >>> import meta
        >>> rows = meta.load_evidence("data").primary("depression")
        >>> sorted(rows["control"].unique())
        ['no_treatment', 'placebo']
        """
        rows = self._joined()
        keep = chosen_by(self.question.primary, rows) & _passing(rows, outcome, column_filters)
        keep &= ~rows["study_id"].isin(barred_studies(self._frame("results")))
        return rows.loc[keep].reset_index(drop=True)

    def _known(self, name: str) -> None:
        if name not in self._tables:
            raise DataError(
                f"{self.folder} has no table {name!r}. {closest(name, self.names)}"
                f"Its tables are {listed(self.names)}"
            )

    def _frame(self, name: str) -> pd.DataFrame:
        """Use a table, which whoever records this process hears (`meta.report.recording`)."""
        self._known(name)
        sys.audit("meta.table", self._files[name])
        return self._tables[name]

    def _joined(self) -> pd.DataFrame:
        """Results with the facts of their trials and scales beside them, joined once."""
        results, trials = self._frame("results"), self._frame("trials")
        scaled = "instruments" in self.names and "instrument_id" in {*results, *trials}
        scales = self._frame("instruments") if scaled else None
        if self._rows is None:
            self._rows = _join(results, trials, scales)
        return self._rows


def _join(results: pd.DataFrame, trials: pd.DataFrame, scales: pd.DataFrame | None) -> pd.DataFrame:
    shared = [name for name in trials if name in results and name != "study_id"]
    trials = trials.rename(columns={name: f"trial_{name}" for name in shared})
    rows = results.merge(trials, on="study_id", how="left", validate="many_to_one")
    if scales is not None:
        facts = [name for name in _SCALE_FACTS if name in scales]
        scales = scales[["instrument_id", *facts]].rename(columns=_SCALE_FACTS)
        rows = rows.merge(scales, on="instrument_id", how="left", validate="many_to_one")
    rows["reporting"] = reporting_level(rows)
    return rows


def _passing(
    rows: pd.DataFrame, outcome: str | Iterable[str] | None, column_filters: dict[str, Any]
) -> NDArray[np.bool_]:
    """Say which rows a caller's filters leave, all of whose faults are told at once."""
    filters = dict(column_filters) if outcome is None else {"outcome": outcome} | column_filters
    faults = []
    keep = np.ones(len(rows), dtype=bool)
    for name, wanted in filters.items():
        if name not in rows:
            faults.append(
                f"there is no column {name!r}. {closest(name, rows.columns)}"
                f"Known are {listed(rows.columns)}"
            )
            continue
        values = list(wanted) if _is_several(wanted) else [wanted]
        known: set[Any] = set(rows[name][rows[name].notna()])
        for value in values:
            if not _is_nothing(value) and value not in known:
                near = closest(str(value), map(str, known))
                shown = f"Known are {listed(sorted(known))}" if known else "None has any"
                faults.append(f"no result has {name} {value!r}. {near}{shown}")
        asked = [value for value in values if not _is_nothing(value)]
        chosen = rows[name].isin(asked).to_numpy()
        if len(asked) < len(values):
            chosen = chosen | rows[name].isna().to_numpy()
        keep &= chosen
    if faults:
        raise DataError.from_faults("select", faults)
    return keep


def _is_several(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str)


def _is_nothing(value: Any) -> bool:
    return value is None or bool(pd.isna(value))
