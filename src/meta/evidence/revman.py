"""The studies of a RevMan 5 export ("Data and analyses"), in which analyses, subgroups and studies
stand below each other in one column.
"""

from __future__ import annotations

from dataclasses import replace

from meta.evidence.reading import RawTable

_LEVELS = ("Comparison Number", "Outcome Number", "Subgroup Number", "Name")
# by data type: its columns in the export, and our fields
_ARMS = {
    f"{name} {number}": f"{field}_{arm}"
    for number, arm in ((1, "t"), (2, "c"))
    for name, field in (("Events", "events"), ("Mean", "mean"), ("SD", "sd"), ("Total", "n"))
}
_FIELDS = {
    "DIC": ("Events 1", "Total 1", "Events 2", "Total 2"),
    "CON": ("Mean 1", "SD 1", "Total 1", "Mean 2", "SD 2", "Total 2"),
}
_HEADER = [
    "label",
    "year",
    "analysis",
    "Analysis name",
    "subgroup",
    "arm_t",
    "arm_c",
    "Effect measure",
]


def from_revman_5(raw: RawTable) -> RawTable:
    """Take the studies out of a RevMan 5 export; any other table comes back as it is.

    Parameters
    ----------
    raw : RawTable
        Cells of the file.

    Returns
    -------
    RawTable
        One study a row: ``label``, ``year``, ``analysis`` ("1.2"), ``Analysis name``, ``subgroup``,
        ``arm_t``, ``arm_c``, ``Effect measure`` and the figures of its type of data: events, means,
        or effects on the scale that RevMan pools (``yi``, ``sei``). RevMan writes 0 where a type
        has no such figure; those are left out.
    """
    if not set(_LEVELS) <= set(raw.header) or "Data Type" not in raw.header:
        return raw
    at = {name: raw.header.index(name) for name in raw.header if name}
    used = [*_ARMS.values(), "yi", "sei"]
    rows, lines = [], []
    titles: dict[tuple[str, ...], str] = {}
    kinds: dict[str, dict[str, str]] = {}
    for cells, line in zip(raw.rows, raw.lines, strict=True):
        cell = {name: cells[i].strip() for name, i in at.items()}
        comparison, outcome, subgroup = (cell[name] for name in _LEVELS[:3])
        analysis = f"{comparison}.{outcome}"
        if outcome == "0":
            continue  # the title of a comparison
        if cell["Data Type"]:
            kinds[analysis] = cell
            continue
        if not _is_study(cell):
            titles[analysis, subgroup] = cell["Name"]
            continue
        about = kinds.get(analysis, {})
        row = {
            "label": cell["Name"],
            "year": cell.get("Year of study", ""),
            "analysis": analysis,
            "Analysis name": about.get("Name", ""),
            "subgroup": titles.get((analysis, subgroup), ""),
            "arm_t": about.get("Group Label 1", ""),
            "arm_c": about.get("Group Label 2", ""),
            "Effect measure": about.get("Effect Measure", ""),
        }
        kind = about.get("Data Type", "")
        row |= {_ARMS[name]: cell.get(name, "") for name in _FIELDS.get(kind, ())}
        if kind not in _FIELDS and "GIV Mean" in cell:
            row |= {"yi": cell["GIV Mean"], "sei": cell.get("GIV SE", "")}
        rows.append([row.get(name, "") for name in (*_HEADER, *used)])
        lines.append(line)
    note = "an export of RevMan 5: rows of analyses and subgroups are their headings"
    return replace(raw, header=[*_HEADER, *used], rows=rows, lines=lines, notes=[*raw.notes, note])


def _is_study(cell: dict[str, str]) -> bool:
    """Tell a study from the heading of a subgroup, which has a test of its own."""
    if "User defined order" in cell:
        return bool(cell["User defined order"])
    return not any(cell.get(name) for name in ("Z", "df", "Q"))
