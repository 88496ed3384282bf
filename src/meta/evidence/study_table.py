"""Somebody's own table of studies, as it is, in our field names."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from meta import html
from meta.arguments import checked
from meta.errors import DataError, printable
from meta.evidence.column_names import (
    COUNTS,
    FIELDS,
    NUMBERS,
    RESULTS,
    is_known,
    key_of,
    measure_named,
    quantity_alone,
)
from meta.evidence.combined_cells import odd_intervals, taken_apart
from meta.evidence.faults import Fault, closest
from meta.evidence.mapping import SETTINGS, check_mapping, mapping_text, read_mapping
from meta.evidence.numbers import decimal_sign, is_missing, read_numbers
from meta.evidence.plausibility import implausible, worth_knowing
from meta.evidence.reading import RawTable, read_raw
from meta.evidence.recognition import RATIOS, Recognition, recognise
from meta.evidence.revman import from_revman_5
from meta.evidence.spreadsheet import safe_csv
from meta.evidence.workbooks import as_text
from meta.evidence.worked_out import worked_out
from meta.evidence.writing import write_whole
from meta.wording import listed

_ARM_COLUMNS = ("group", "arm", "treatment", "condition", "gruppe", "arm_name", "groupe", "grupo")
# rows below a table that pool or add up the others
_SUMS = re.compile(
    r"(?:sub|grand )?tota(?:ls?|le|al|ux|l events|l n)(?: ?[(\[].*[)\]])?|"
    r"(?:overall|summary)(?: effect| estimate)?|(?:pooled|combined)(?: .*)?|summe|"
    r"gesamt(?:effekt|ergebnis)?|insgesamt|"
    r"(?:random|common|fixed|re|fe|ce)(?:[- ]effects?)?(?: model)?|"
    r"(?:heterogeneity|test for .*):? .*",
    re.IGNORECASE,
)
_SHARES = {"percent", "percentage", "proportion", "prevalence", "risk", "pct"}
_STATISTICS = {"t", "f", "z", "statistic", "stat"}
# "5.1 \u00b1 2.3", "5.1 (2.3)"
_SEVERAL = re.compile(r"\d ?(?:\u00b1|\+/?-) ?\d|\d ?\([^)]*\d")
# what people write under a name that is the same in the next row
_DITTO = ('"', "''", "\u3003", "\u2033", "ditto", "idem", "ibid.", "do.")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class StudyTable:
    """One study a row, in our field names, with what was decided on the way.

    Made by `read_table`.

    Attributes
    ----------
    file : str
        Where it was read.
    frame : pandas.DataFrame
        ``label`` first, then the fields that were found, then every other column under its own
        name. Numbers are ``float64``, NaN where nothing was reported; ``p_value`` stays as
        printed.
    lines : tuple of int
        Line of the file, or row of the sheet, of each row.
    fields : mapping of str to list of str
        By field, the column or columns it was taken from.
    treatment, control : str or None
        What the file calls the arms.
    measure : str or None
        Effect measure that the header names.
    decimal : str
        Decimal sign of the file, "" where each column decided for itself.
    notes : tuple of str
        How the file was read.
    doubts : tuple of str
        What may be wrong with the figures or forbids to take rows as independent. Effects of the
        table say it again in their own notes.
    """

    file: str
    frame: pd.DataFrame
    lines: tuple[int, ...]
    fields: Mapping[str, list[str]]
    treatment: str | None = None
    control: str | None = None
    measure: str | None = None
    decimal: str = ""
    notes: tuple[str, ...] = field(default=())
    doubts: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.frame)

    def __str__(self) -> str:
        return "\n".join(
            [self.mapping_text(), *(f"Note: {note}" for note in (*self.notes, *self.doubts))]
        )

    @property
    def kept(self) -> list[str]:
        """Columns that are no field of ours, kept under their own names."""
        return [str(name) for name in self.frame if name not in FIELDS]

    def __repr__(self) -> str:
        return f"StudyTable({self.mapping_text()})"

    def _repr_html_(self) -> str:
        said, *notes = str(self).splitlines()
        table = html.table(self.frame, said)
        return html.shown(html.answer("studies", tables=[table], notes=notes))

    def mapping_text(self) -> str:
        """Say in one line which column was taken for which field.

        Examples
        --------
        >>> import meta
        >>> print(meta.read_table("data/st_johns_wort.csv").mapping_text())
        data/st_johns_wort.csv: 26 rows; label = study, year, subgroup, events_t, n_t, events_c, ...
        """
        taken = [
            name if columns == [name] else f"{name} = {' + '.join(columns)}"
            for name, columns in self.fields.items()
        ]
        parts = [f"{self.file}: {len(self)} rows; {', '.join(taken)}"]
        if self.treatment or self.control:
            parts.append(f"{self.treatment or 'treatment'} against {self.control or 'control'}")
        if self.measure:
            parts.append(f"measure {self.measure}")
        if self.kept:
            parts.append(f"other columns: {listed(self.kept, 8)}")
        return printable("; ".join(parts).replace("\n", " "))

    @checked
    def save_mapping(self, path: str | Path) -> Path:
        """Write the mapping as a small TOML file that can be edited and used again.

        Parameters
        ----------
        path : str or path
            Where.

        Returns
        -------
        pathlib.Path
            The file, which `read_table` takes as ``mapping`` and the command line as
            ``--mapping``.
        """
        settings = {name: getattr(self, name) or "" for name in SETTINGS}
        return write_whole(path, mapping_text(self.file, self.fields, settings))

    @checked
    def to_csv(self, path: str | Path | None = None) -> str:
        """Write the table as a tidy CSV: UTF-8, commas, decimal points, our field names.

        Parameters
        ----------
        path : str or path, optional
            Where; nowhere by default.

        Returns
        -------
        str
            The text.
        """
        numbers = self.frame.select_dtypes("number").columns
        cells = self.frame.assign(**{name: self.frame[name].map(as_text) for name in numbers})
        text = safe_csv(cells)
        if path is not None:
            write_whole(path, text)
        return text


@checked
def read_table(
    table: str | Path | pd.DataFrame,
    mapping: str | Path | Mapping[str, Any] | None = None,
    sheet: str | None = None,
    where: Mapping[str, str] | None = None,
) -> StudyTable:
    r"""Read a table of studies as it is: exports of RevMan, metafor, R meta, Metapsy, spreadsheets.

    Parameters
    ----------
    table : str, path or pandas.DataFrame
        CSV and its kin (any of the usual delimiters, decimal signs and encodings), a workbook
        (.xlsx, .xls, .ods) or Parquet; ``"-"`` is the standard input. Or a table that is read
        already.
    mapping : str, path or mapping, optional
        Which column is which field, if the names do not say it: a file as `StudyTable.save_mapping`
        writes it, or ``{"mean_t": "Column", ...}``. It is the whole truth: a field that it does
        not name is not taken.
    sheet : str, optional
        Sheet of a workbook.
    where : mapping of str to str, optional
        Rows to take: by column, the text that its cell must hold. Needed where a file holds
        several analyses.

    Returns
    -------
    StudyTable
        The rows in our field names. One decision on the decimal sign holds for a whole column.
        What was not reported (empty, ``NA``) is NaN.

    Raises
    ------
    DataError
        If the file is no table, a column is ambiguous or none is recognised (with the columns
        found and a mapping to copy), or cells hold no number or figures that cannot be. One error
        holds all faults, each with file, line, column, study, and the likely cause.

    See Also
    --------
    StudyTable : what can be asked of it.
    read_risk_of_bias : tables of judgements.

    Examples
    --------
    >>> import meta, pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "trials.csv")
    >>> _ = file.write_text("Studie;Ereignisse BCG;n BCG;Ereignisse Kontrolle;n Kontrolle\n"
    ...                     "Hart 1977;62;13.598;248;12.867\n")
    >>> table = meta.read_table(file)
    >>> table.frame.loc[0, ["events_t", "n_t"]].tolist(), table.treatment, table.control
    ([62.0, 13598.0], 'BCG', 'Kontrolle')
    """
    chosen, settings = read_mapping(mapping)
    names = [column for columns in chosen.values() for column in columns]
    if isinstance(table, pd.DataFrame):
        raw = _of_frame(table)
    else:
        raw = read_raw(table, names.__contains__ if names else is_known, sheet)
    if not raw.header:
        raise DataError.from_faults(
            raw.file, [*map(str, raw.faults)] or ["the table has no columns"]
        )
    if not raw.rows and not raw.faults:
        raise DataError(f"{raw.file} holds a header and no studies; give one study a row")
    raw = from_revman_5(raw)
    notes = raw.notes + [str(doubt) for doubt in raw.doubts]
    cells, meaning, apart = taken_apart(_columns(raw, notes))
    notes += apart
    if chosen:
        check_mapping(raw.file, chosen, cells)
    filled = {name: not all(map(is_missing, values)) for name, values in cells.items()}
    found = Recognition(fields=chosen) if chosen else recognise(list(cells), filled, meaning)
    analyses = _joined(cells, found.fields.get("analysis", []), ".")
    rows = _chosen_rows(raw, {"analysis": analyses, **cells} if analyses else cells, where)
    cells = {name: [values[i] for i in rows] for name, values in cells.items()}
    lines = [raw.lines[i] for i in rows]
    filled = {name: not all(map(is_missing, values)) for name, values in cells.items()}
    found.treatment = settings["treatment"] or found.treatment
    found.control = settings["control"] or found.control
    found.measure = settings["measure"] or found.measure or _measure_of_cells(cells)
    _refuse_unclear(raw, found, cells)
    if not chosen:
        notes += _logarithms(found, cells, filled)
    return _built(raw, found, cells, lines, filled, settings["decimal"], notes)


def _of_frame(frame: pd.DataFrame) -> RawTable:
    rows = [[as_text(cell) for cell in row] for row in frame.itertuples(index=False, name=None)]
    header = [str(name) for name in frame.columns]
    lines = list(range(1, len(rows) + 1))
    return RawTable(file="data frame", header=header, rows=rows, lines=lines)


def _joined(cells: Mapping[str, Sequence[str]], columns: Sequence[str], mark: str) -> list[str]:
    """Join columns row by row; nothing of no column."""
    if not columns:
        return []
    rows = zip(*(cells[column] for column in columns), strict=True)
    return [mark.join(part for part in row if not is_missing(part)) for row in rows]


def _columns(raw: RawTable, notes: list[str]) -> dict[str, list[str]]:
    """Give each column a name of its own, and take out what is R's numbering of the rows."""
    columns: dict[str, list[str]] = {}
    escaped = 0
    for j, name in enumerate(raw.header):
        values = [row[j] for row in raw.rows]
        bare = re.fullmatch(r"|Unnamed: \d+|\.\.\.\d+|X|rownames|row\.names", name)
        if bare and j == 0 and values:
            if values == [str(i + int(values[0] == "1")) for i in range(len(values))]:
                notes.append("the first column numbers the rows and is not read")
                continue
            name = name or "row names"
        elif not name:
            if all(map(is_missing, values)):
                continue
            name = f"column {j + 1}"
        name = printable(" ".join(name.split()))
        number = 1 + sum(re.fullmatch(rf"{re.escape(name)}(?: \[\d+\])?", c) is not None
                         for c in columns)  # fmt: skip
        clean = [printable(" ".join(value.split())) for value in values]
        if number > 1 and clean == columns[name] and not quantity_alone(name):
            notes.append(f"the column {name!r} stands twice with the same cells")
            continue
        escaped += sum(
            "".join(shown.split()) != "".join(value.split())
            for shown, value in zip(clean, values, strict=True)
        )
        columns[name if number == 1 else f"{name} [{number}]"] = clean
    if escaped:
        what = "1 cell holds" if escaped == 1 else f"{escaped} cells hold"
        notes.append(f"{what} control characters, which are written out (\\x1b)")
    return columns


def _chosen_rows(
    raw: RawTable, cells: Mapping[str, list[str]], where: Mapping[str, str] | None
) -> list[int]:
    rows = list(range(len(raw.rows)))
    for column, wanted in (where or {}).items():
        if column not in cells:
            raise DataError(
                f"{raw.file}: where names the column {column!r}, which the file has not. "
                f"{closest(column, cells)}Its columns are {listed(map(repr, cells))}"
            )
        rows = [i for i in rows if cells[column][i] == str(wanted)]
        if not rows:
            raise DataError(
                f"{raw.file}: no row has {column} {str(wanted)!r}; it holds "
                f"{listed(map(repr, dict.fromkeys(cells[column])))}"
            )
    return rows


def _refuse_unclear(
    raw: RawTable,
    found: Recognition,
    cells: Mapping[str, list[str]],
) -> None:
    """Refuse what cannot be told, with the columns and a mapping to copy."""
    problems = [f"{raw.file}: {problem}" for problem in found.problems]
    if not any(set(names) <= set(found.fields) for names in RESULTS):
        judged = sum(bool(re.match(r"D\d|overall|random|allocation", c, re.I)) for c in cells) > 2
        way = " It looks like judgements: give it to meta.read_risk_of_bias." if judged else ""
        half = [name for name in found.fields if name in NUMBERS]
        are = "is" if len(half) < 2 else "are"
        what = f"of the results only {listed(half)} {are}" if half else "no column with results is"
        problems.append(f"{raw.file}: {what} recognised.{way}")
        problems += [f"{raw.file}: {each}" for each in _no_fields(cells)]
    arms = [name for name in cells if name.lower() in _ARM_COLUMNS]
    single = {"mean", "sd", "events", "n"} & set(found.fields)
    labels = _joined(cells, found.fields.get("label", []), " ")
    if arms and single and len(set(labels)) < len(labels):
        problems.append(
            f"{raw.file}: each row seems to be one arm (column {arms[0]!r}); meta.pairwise makes "
            "one comparison a study of such rows"
        )
    several = _joined(cells, found.fields.get("analysis", []), ".")
    values = list(dict.fromkeys(several))
    if len(values) > 1:
        names = next((c for c in cells if c.lower() in ("analysis name", "outcome")), "")
        shown = [
            f"{value} ({cells[names][several.index(value)]})" if names else value
            for value in values
        ]
        raise DataError(
            f"{raw.file}: the file holds {len(values)} analyses, and only one can be pooled: "
            f"{listed(shown, 12)}. Name one: where={{'analysis': {values[0]!r}}}, on the "
            f"command line --where analysis={values[0]}"
        )
    if not problems:
        return
    problems = [*map(str, raw.faults), *problems]
    fields = found.fields or {"label": [next(iter(cells))], "mean_t": ["..."]}
    copy = mapping_text(raw.file, fields, {})
    raise DataError(
        "\n".join([
            *problems,
            f"Its columns are {listed(map(repr, cells))}.",
            "Say which column is which: save this as mapping.toml, correct it, and give it as "
            "mapping= (on the command line --mapping mapping.toml). Fields are "
            f"{listed(FIELDS, 60)}.",
            "",
            copy,
        ]),
        problems,
    )  # fmt: skip


def _no_fields(cells: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Say what gives no effect by itself though its name, or its place, is clear."""
    first = next(iter(cells.values()))
    if sum(map(is_known, first)) > 1:
        yield "rows and columns seem to be exchanged: give one study a row"
    for name in cells:
        words = set(key_of(re.sub(r"\d+ ?%", "", name)).split())  # without the level of an interval
        if any(map(_SEVERAL.search, cells[name])):
            yield (
                f"{name!r} holds several figures a cell, and its name does not say which: write, "
                f"for example, '{name} mean (SD)', '{name} n (%)' or '{name} OR (95% CI)'"
            )
        elif words & _SHARES and "bias" not in words:
            yield (
                f"{name!r} is a share of people, which has lost its rounding: write the number of "
                "persons with the event beside n, or the effect with its interval"
            )
        elif words & _STATISTICS and words <= _STATISTICS | {"value", "test", "score"}:
            yield (
                f"{name!r} is a test statistic: meta.convert.t_to_smd (or f_to_smd) makes yi and "
                "vi of it and the sizes of the arms, with the sign that the report gives"
            )


def _logarithms(
    found: Recognition, cells: Mapping[str, list[str]], filled: Mapping[str, bool]
) -> Iterator[str]:
    """Take estimates with a standard error as they stand where one is below 0, as no ratio is."""
    fields = found.fields
    held = {name for name, columns in fields.items() if any(filled[each] for each in columns)}
    beside = {"yi", "vi", "sei", "ci_low", "ci_high"} & held
    if not {"estimate", "se"} <= held or beside or found.measure in RATIOS:
        return
    if min(read_numbers(cells[fields["estimate"][0]]).values, default=0) < 0:
        fields["yi"], fields["sei"] = fields.pop("estimate"), fields.pop("se")
        yield "estimates below 0 are no ratios: of ratios they are taken as logarithms (yi, sei)"


def _built(
    raw: RawTable,
    found: Recognition,
    cells: Mapping[str, list[str]],
    lines: Sequence[int],
    filled: Mapping[str, bool],
    decimal: str,
    notes: list[str],
) -> StudyTable:
    """Make the frame, and name everything that is wrong with its cells."""
    fields = {name: columns for name, columns in found.fields.items() if name in FIELDS}
    empty = [name for name, c in fields.items() if not any(filled[each] for each in c)]
    if not all(filled.values()):
        hollow = listed([name for name, is_filled in filled.items() if not is_filled], 12)
        notes.append(f"nothing is reported in {hollow}")
    fields = {name: fields[name] for name in FIELDS if name in fields and name not in empty}
    labels = _labels(cells, fields, lines, notes)
    faults = list(raw.faults)
    used = [c for name, columns in fields.items() if name in NUMBERS for c in columns]
    of_file = decimal_sign([cells[name] for name in used])
    frame: dict[str, Any] = {"label": labels}

    def fault(i: int, column: str, problem: str, remedy: str) -> None:
        key = frame["label"][i]
        faults.append(
            Fault(file=raw.file, line=lines[i], column=column, key=key, found=problem,
                  remedy=remedy)
        )  # fmt: skip

    for i, label in enumerate(labels):
        if _SUMS.fullmatch(label):
            problem = "the row is named like a sum of the others, which is no study"
            fault(i, "label", problem, "Delete the row, or name the study.")
        if label in _DITTO:
            fault(i, "label", f"{label!r} stands for the row above", "Write the name again.")
    for column, odd in odd_intervals(cells).items():
        for i in odd:
            problem = f"{cells[column][i]!r} is no interval"
            fault(i, column, problem, "Write it as '0.54 to 0.89', or leave the cell empty.")
    for name, columns in fields.items():
        if name in NUMBERS:
            values = np.full(len(lines), math.nan)
            for column in columns:
                read = read_numbers(
                    cells[column], whole=name in COUNTS, of_file=of_file, given=decimal
                )
                for i, (problem, remedy) in read.problems.items():
                    fault(i, column, problem, remedy)
                values = np.where(np.isnan(values), read.values, values)
            frame[name] = values
        elif name == "p_value":
            sign = decimal or decimal_sign([cells[columns[0]]]) or of_file
            points = [v.replace(",", ".") if sign == "," else v for v in cells[columns[0]]]
            frame[name] = _texts(points)
        elif name != "label":
            frame[name] = _texts(_joined(cells, columns, "."))
    taken = {column for columns in fields.values() for column in columns}
    for column, texts in cells.items():
        if column not in taken and filled[column]:
            name = column if column not in FIELDS else f"{column} (column)"
            frame[name] = _free(texts, of_file)
    table = pd.DataFrame(frame, index=range(len(lines)))
    if "year" in table:
        table["year"] = _free(cells[fields["year"][0]], "")
    names = {name: columns[0] for name, columns in fields.items()}
    for i, name, problem, remedy in implausible(table):
        fault(i, names.get(name, name), problem, remedy)
    if faults:
        faults.sort(key=lambda each: each.line or 0)
        raise DataError.from_faults(raw.file, map(str, faults))
    if found.ci_level and "ci_level" not in table and "ci_low" in table and found.ci_level != 95:
        table["ci_level"] = found.ci_level
    notes += worked_out(table, found.measure)
    order = [name for name in ("label", *FIELDS) if name in table]
    order = [*dict.fromkeys(order), *(str(name) for name in table if name not in order)]
    return StudyTable(
        file=raw.file,
        frame=table[order],
        lines=tuple(lines),
        fields=fields,
        treatment=_arm_name(table, "arm_t") or found.treatment or None,
        control=_arm_name(table, "arm_c") or found.control or None,
        measure=found.measure or None,
        decimal=decimal,
        notes=tuple(map(printable, notes)),
        doubts=tuple(map(printable, worth_knowing(table, lines))),
    )


def _labels(
    cells: Mapping[str, list[str]],
    fields: dict[str, list[str]],
    lines: Sequence[int],
    notes: list[str],
) -> list[str]:
    """Name the studies: by their column, by author and year, else by number."""
    label, author, year = (fields.get(name, []) for name in ("label", "author", "year"))
    numbered = label and all(re.fullmatch(r"\d{1,3}", each) for each in cells[label[0]])
    if author and (not label or numbered):
        label = [*author, *year]
        fields["label"] = label
        fields.pop("author")
    if not label:
        rows = next((name for name in cells if name in ("row names", "rownames", "X")), "")
        nameless = [name for name in cells if re.fullmatch(r"column \d+", name)]
        if not rows and len(nameless) == 1 and read_numbers(cells[nameless[0]]).problems:
            rows = nameless[0]
        if not rows:
            return [f"study {i + 1}" for i in range(len(lines))]
        fields["label"] = label = [rows]
    shown = []
    for i, line in enumerate(lines):
        parts = [cells[name][i] for name in label]
        if len(parts) > 1 and parts[1] and parts[1] in parts[0]:
            parts = parts[:1]  # the author cell has the year already
        name = " ".join(part for part in parts if not is_missing(part))
        if not name:
            name = f"(no name, line {line})"
            notes.append(f"line {line}: the study has no name; name it, or it stands as {name!r}")
        shown.append(name)
    return shown


def _texts(values: Sequence[str]) -> pd.Series[Any]:
    return pd.Series([None if is_missing(value) else value for value in values], dtype="str")


def _free(values: Sequence[str], of_file: str) -> pd.Series[Any]:
    """Type a column that is no field of ours: numbers where all its cells are numbers."""
    read = read_numbers(values, whole=True, of_file=of_file)
    if read.problems or all(map(is_missing, values)):
        return _texts(values)
    return pd.Series(read.values, dtype="float64")


def _measure_of_cells(cells: Mapping[str, Sequence[str]]) -> str:
    """Return the measure that a column of that name gives to all rows."""
    for name, values in cells.items():
        if name.lower() in ("measure", "effect measure", "sm") and len(set(values)) == 1:
            return measure_named(values[0])
    return ""


def _arm_name(table: pd.DataFrame, column: str) -> str:
    """Return the name of an arm that a column gives to all rows."""
    if column not in table:
        return ""
    names = set(table[column].dropna())
    return str(names.pop()) if len(names) == 1 else ""
