"""How far can each trial be trusted, domain by domain?"""

from __future__ import annotations

import pandas as pd

from meta.errors import DataError
from meta.figures.theme import plain, require_columns

JUDGEMENTS = ("low", "some", "high", "unclear")
_SYNONYMS = {
    "some concerns": "some",
    "moderate": "some",
    "no information": "unclear",
    "serious": "high",
    "critical": "high",
}
ROB2_DOMAINS = {
    "D1": "randomisation process",
    "D2": "deviations from the intended interventions",
    "D3": "missing outcome data",
    "D4": "measurement of the outcome",
    "D5": "selection of the reported result",
    "overall": "overall",
}
_LEGEND = "+ low risk, ! some concerns, × high risk, ? unclear"


def read_judgements(table: pd.DataFrame) -> pd.DataFrame:
    """Check judgements and write them in one vocabulary.

    Returns
    -------
    pandas.DataFrame
        Columns ``study_id domain judgement`` and ``tool`` (one tool, or "" where none is named).

    Raises
    ------
    DataError
        If columns are missing, a judgement is unknown, a study is judged twice in a domain, or
        several tools are mixed.
    """
    require_columns("risk_of_bias", table, ["study_id", "domain", "judgement"])
    found = table[["study_id", "domain", "judgement"]].astype(str).reset_index(drop=True)
    found["tool"] = list(table["tool"].astype(str)) if "tool" in table else ""
    faults = []
    tools = sorted(set(found["tool"]))
    if len(tools) > 1:
        faults.append(
            f"{len(tools)} tools in one panel ({', '.join(tools)}): their domains differ; select "
            "one, for example risk_of_bias[risk_of_bias['tool'] == 'RoB2']"
        )
    words = found["judgement"].str.strip().str.lower()
    found["judgement"] = [_SYNONYMS.get(word, word) for word in words]
    for row in found[~found["judgement"].isin(JUDGEMENTS)].itertuples():
        faults.append(
            f"{row.study_id}, {row.domain}: judgement {row.judgement!r} is unknown; use "
            f"{', '.join(JUDGEMENTS)}"
        )
    if len(tools) == 1:
        twice = found[found.duplicated(["study_id", "domain"], keep=False)]
        for (study, domain), rows in twice.groupby(["study_id", "domain"], sort=False):
            if len(set(rows["judgement"])) > 1:
                faults.append(f"{study}, {domain}: judged {' and '.join(rows['judgement'])}")
    if faults:
        raise DataError.from_faults("risk_of_bias", faults)
    return found.drop_duplicates(["study_id", "domain"]).reset_index(drop=True)


def domains_of(judgements: pd.DataFrame) -> list[str]:
    """Return the domains in their order: RoB 2's own, others as they appear, overall last."""
    found = list(dict.fromkeys(judgements["domain"]))
    known = [name for name in ROB2_DOMAINS if name in found and name != "overall"]
    others = [name for name in found if name not in known and name != "overall"]
    return known + others + (["overall"] if "overall" in found else [])


def domain_name(domain: str) -> str:
    """Return the name of a domain in words."""
    return ROB2_DOMAINS.get(domain, plain(domain))


def lights_by_study(
    table: pd.DataFrame | None,
) -> tuple[tuple[str, ...], dict[str, tuple[str, ...]], str]:
    """Prepare the lights beside a forest plot.

    Returns
    -------
    domains : tuple of str
    lights : dict of str to tuple of str
        Judgements by study; "" where a domain was not judged.
    legend : str
        What the letters and symbols mean; "" without a table.
    """
    if table is None or len(table) == 0:
        return (), {}, ""
    judged = read_judgements(table)
    domains = domains_of(judged)
    cells = {(r.study_id, r.domain): str(r.judgement) for r in judged.itertuples()}
    lights = {
        str(study): tuple(cells.get((study, domain), "") for domain in domains)
        for study in judged["study_id"].unique()
    }
    letters = "; ".join(f"{chr(ord('A') + i)} {domain_name(d)}" for i, d in enumerate(domains))
    tool = judged["tool"].iloc[0]
    name = f"Risk of bias ({plain(tool)})" if tool else "Risk of bias"
    return tuple(domains), lights, f"{name}: {letters}. {_LEGEND}; no symbol: not judged."
