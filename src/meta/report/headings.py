"""What is a column called on a page, with how many decimals, and is its text a code?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from meta.arguments import checked
from meta.errors import DataError
from meta.evidence.tables import Evidence
from meta.wording import lower_first, upper_first

# column of the tables or of an answer -> heading where no data dictionary is asked
HEADINGS = {
    "access": "Read as",
    "analysis": "Analysis",
    "answer": "Answer",
    "arithmetic": "Arithmetic",
    "arm_c": "Control arm",
    "arm_t": "Treated arm",
    "article_label": "Article",
    "assumptions": "Assumed",
    "basis": "Basis",
    "blinding": "Blinding",
    "check": "Check",
    "ci": "95 % interval",
    "ci_high": "Upper limit",
    "ci_low": "Lower limit",
    "cited_as": "Leans on",
    "claim_paraphrase": "Claim, in other words",
    "claimed": "Claimed",
    "depends_on": "Rests on",
    "direct": "People and form of the claim",
    "cointervention": "Given alongside",
    "comparator": "Against",
    "comparison": "Comparison",
    "control": "Against",
    "design": "Design",
    "domain": "Domain",
    "dose_note": "Dose",
    "doi": "DOI",
    "effect": "Effect (95 % interval)",
    "effect_unit": "Unit",
    "duration_weeks": "Weeks",
    "estimate": "Estimate",
    "events_c": "Events, control",
    "events_t": "Events, treatment",
    "favours": "Favours",
    "flag": "Caution",
    "how_sure": "How sure",
    "i2": "I², %",
    "instrument": "Scale",
    "judgement": "Judgement",
    "k": "Trials",
    "label": "Trial",
    "leans": "Leans",
    "left_out": "Left out",
    "locator": "Read at",
    "mean_c": "Control",
    "mean_t": "Treatment",
    "measure": "Measure",
    "n_c": "People, control",
    "n_randomised": "People randomised",
    "n_t": "People, treatment",
    "n_total": "People",
    "net": "Net change, points",
    "net_ci": "95 % interval",
    "note": "Remark",
    "outcome": "Outcome",
    "p_contrast": "Whose test",
    "p_value": "p",
    "percent_c": "Control, %",
    "percent_c_ci": "95 % interval",
    "percent_t": "Treatment, %",
    "percent_t_ci": "95 % interval",
    "population": "In whom",
    "pi_high": "Prediction interval, upper limit",
    "pi_low": "Prediction interval, lower limit",
    "prediction": "Prediction interval",
    "q": "Cochran's Q",
    "reason": "Why",
    "reported_as": "As printed",
    "reporting": "Printed as",
    "result_id": "Result",
    "scenario": "Scenario",
    "scale": "What the figures measure",
    "sd_c": "SD, control",
    "sd_t": "SD, treatment",
    "se": "Standard error",
    "sei": "Standard error",
    "source_kind": "Read in",
    "source_text": "What became of it",
    "stratum": "Comparison",
    "tau2": "τ²",
    "tau2_high": "τ², upper limit",
    "tau2_low": "τ², lower limit",
    "time_weeks": "Week",
    "tool": "Tool",
    "trials": "Which",
    "verdict": "Verdict",
    "vi": "Variance",
    "weight": "Weight, %",
    "what_was_found": "What was found",
    "year": "Year",
    "yi": "Effect",
}

# decimals where two would pretend to more than is known, or say less than is needed
DIGITS = {
    "i2": 0,
    "net": 0,
    "net_ci": 0,
    "percent_c": 0,
    "percent_c_ci": 0,
    "percent_t": 0,
    "percent_t_ci": 0,
    "tau2": 3,
    "vi": 3,
    "weight": 1,
}

# columns whose words are joined by underscores in the tables
CODES = frozenset(
    {
        "blinding",
        "control",
        "design",
        "favours",
        "kind",
        "outcome",
        "p_contrast",
        "reporting",
        "result_type",
        "source",
        "source_kind",
        "stratum",
        "verdict",
    }
)


def heading(column: str) -> str:
    """Return the heading of a column: the one written above, else its name in words."""
    if column in HEADINGS:
        return HEADINGS[column]
    return upper_first(str(column).replace("_", " "))


def is_code(column: str) -> bool:
    """Say whether the words of a column are joined by underscores in the tables."""
    return column in CODES or str(column).endswith(("_form", "_kind", "_type"))


def _titles(evidence: Evidence) -> dict[str, str]:
    """Return what a folder calls its columns, and the arms in columns that are computed."""
    asked = evidence.question
    found = {"percent_t": f"{asked.treatment}, %", "percent_c": f"{asked.control}, %"}
    for name in ("trials", "results"):
        for column, described in evidence.described(name).items():
            if column not in HEADINGS or column.endswith(("_t", "_c")):
                words = heading(column).replace("Treatment", asked.treatment)
                words = words.replace("treatment", lower_first(asked.treatment))
                found[column] = described.get("title", words)
    return found


def reported(frame: pd.DataFrame, columns: Mapping[str, str]) -> dict[str, str]:
    """Keep the headings of columns in which anything stands; the others say nothing.

    Examples
    --------
    >>> frame = pd.DataFrame({"year": [1999, None], "design": ["", None]})
    >>> reported(frame, {"year": "Year", "design": "Design", "journal": "Journal"})
    {'year': 'Year'}
    """
    return {
        name: heading
        for name, heading in columns.items()
        if name in frame and (frame[name].notna() & (frame[name] != "")).any()
    }


@checked
def headings(columns: Iterable[str], evidence: Evidence | None = None) -> dict[str, str]:
    """Return the headings of columns by name.

    Parameters
    ----------
    columns : iterable of str
        Names of columns.
    evidence : Evidence, optional
        The tables that they come from: its data dictionary then says what the arms and the columns
        of its own are called.

    Raises
    ------
    DataError
        If a single text is given.

    Returns
    -------
    dict of str to str
        Heading by column, in the given order, as :func:`meta.table` takes it; with ``|`` a few of
        them can be replaced.

    Examples
    --------
    >>> import meta
    >>> meta.headings(["n_t", "effect_size"])
    {'n_t': 'People, treatment', 'effect_size': 'Effect size'}
    >>> meta.headings(["n_t"], meta.load_evidence("data"))["n_t"].partition(",")[0]
    'People'
    """
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise DataError(f"headings takes several names, for example [{columns!r}]")
    known = {} if evidence is None else _titles(evidence)
    return {column: known.get(column, heading(column)) for column in columns}
