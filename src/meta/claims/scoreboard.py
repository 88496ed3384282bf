"""Which verdict has each claim, and how do they count by article and topic?"""

from __future__ import annotations

import pandas as pd

from meta.claims.assess import assess
from meta.claims.verdicts import SOURCES, VERDICTS
from meta.evidence.tables import Evidence

COLUMNS = (
    "claim_id",
    "article_file",
    "article_label",
    "topic",
    "claim_paraphrase",
    "claimed",
    "verdict",
    "source",
    "reason",
    "direct",
    "holds",
    "kind",
    "k",
    "n_total",
    "scale",
    "claimed_low",
    "claimed_high",
    "estimate",
    "ci_low",
    "ci_high",
    "ratio",
    "ratio_low",
    "ratio_high",
    "probability",
    "depends_on",
    "source_text",
    "source_link",
    "source_link_is_citation",
)


def scoreboard(evidence: Evidence) -> pd.DataFrame:
    """Assess every claim.

    Parameters
    ----------
    evidence : Evidence
        Tables with ``claims``, ``claim_sources`` and ``claim_tests``.

    Returns
    -------
    pandas.DataFrame
        One row a claim, in the order of ``claims.csv``: the fields of :class:`Assessment` that are
        no tables; ``depends_on`` joined by "; ". Verdict and source are ordered categories, so
        that counts show all of them.

    Raises
    ------
    DataError
        If a claim has no test, or a test cannot be read; see
        :func:`meta.claims.tests.check_claim_tests`.

    Examples
    --------
    >>> import meta
    >>> from meta.claims.scoreboard import counts, scoreboard
    >>> board = scoreboard(meta.load_evidence("data"))
    >>> len(board), int(board["verdict"].isna().sum())
    (167, 0)
    >>> int(counts(board).loc["total", "total"])
    167
    """
    rows = []
    for claim_id in evidence.claims["claim_id"]:
        found = assess(str(claim_id), evidence)
        values = {name: getattr(found, name, None) for name in COLUMNS}
        values["claim_paraphrase"] = found.claim
        values["depends_on"] = "; ".join(found.depends_on)
        rows.append(values)
    board = pd.DataFrame(rows, columns=list(COLUMNS))
    board["verdict"] = pd.Categorical(board["verdict"], categories=VERDICTS)
    board["source"] = pd.Categorical(board["source"], categories=SOURCES)
    return board.astype({"n_total": "Int64"})


def counts(board: pd.DataFrame, by: str = "article_label", of: str = "verdict") -> pd.DataFrame:
    """Count verdicts or source statuses by article or topic.

    Parameters
    ----------
    board : pandas.DataFrame
        From :func:`scoreboard`.
    by : str
        Column whose values are the rows: ``article_label``, ``topic``, ``kind``.
    of : {"verdict", "source"}
        What is counted.

    Returns
    -------
    pandas.DataFrame
        A row for each value of `by`, in order of appearance, and a last one ``total``; a column
        for each verdict (also those that nobody has) and a last one ``total``.
    """
    table = pd.crosstab(board[by], board[of], dropna=False)
    table.columns = [str(name) for name in table.columns]
    table = table.reindex(board[by].drop_duplicates())
    table["total"] = table.sum(axis=1)
    table.loc["total"] = table.sum()
    return table.astype(int)
