"""What is a column called on a page, with how many decimals, and is its text a code?"""

from __future__ import annotations

from collections.abc import Iterable

from meta.errors import DataError

# column of the tables or of an answer -> heading; any table may use another
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
    "elemental_mg_day": "Magnesium, mg a day",
    "estimate": "Estimate",
    "events_c": "Events, control",
    "events_t": "Events, magnesium",
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
    "mean_t": "Magnesium",
    "measure": "Measure",
    "mg_form": "Salt",
    "n_c": "People, control",
    "n_randomised": "People randomised",
    "n_t": "People, magnesium",
    "n_total": "People",
    "net": "Net change, points",
    "net_ci": "95 % interval",
    "note": "Remark",
    "outcome": "Outcome",
    "p_contrast": "Whose test",
    "p_value": "p",
    "percent_c": "Control, %",
    "percent_c_ci": "95 % interval",
    "percent_t": "Magnesium, %",
    "percent_t_ci": "95 % interval",
    "population": "In whom",
    "prediction": "Prediction interval",
    "reason": "Why",
    "reported_as": "As printed",
    "reporting": "Printed as",
    "result_id": "Result",
    "scenario": "Scenario",
    "scale": "What the figures measure",
    "sd_c": "SD, control",
    "sd_t": "SD, magnesium",
    "sei": "Standard error",
    "source_kind": "Read in",
    "source_text": "What became of it",
    "stratum": "Comparison",
    "tau2": "τ²",
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
        "mg_form",
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
    text = str(column).replace("_", " ")
    return text[:1].upper() + text[1:]


def headings(columns: Iterable[str]) -> dict[str, str]:
    """Return the headings of columns by name.

    Parameters
    ----------
    columns : iterable of str
        Names of columns.

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
    >>> meta.headings(["mg_form", "effect_size"])
    {'mg_form': 'Salt', 'effect_size': 'Effect size'}
    """
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        raise DataError(f"headings takes several names, for example [{columns!r}]")
    return {column: heading(column) for column in columns}
