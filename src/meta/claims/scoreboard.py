"""Which verdict has each claim, and how do they count by article, topic and group?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from meta.arguments import checked
from meta.claims.assess import assess
from meta.claims.kinds import KINDS
from meta.claims.lookup import lookup
from meta.claims.verdicts import (
    CONTRADICTED,
    LEANS,
    OVERSTATED,
    SOURCES,
    SUPPORTED,
    VERDICTS,
)
from meta.errors import DataError
from meta.evidence.tables import Evidence
from meta.wording import listed

COLUMNS = (
    "claim_id", "article_file", "article_label", "topic", "group", "same_as", "claim_paraphrase",
    "claimed", "verdict", "leans", "source", "answer", "reason", "certainty", "how_sure",
    "direct", "direct_people", "direct_form", "kind", "k", "n_total", "scale",
    "claimed_low", "claimed_high", "estimate", "ci_low", "ci_high", "ratio", "ratio_low",
    "ratio_high", "probability", "depends_on",
    "source_text", "source_link", "source_link_is_citation",
)  # fmt: skip
# the group whose claims a reader asks about first
WORKS = "works"


@checked
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
        no tables; ``depends_on`` joined by "; ". Verdict, leaning and source are ordered
        categories, so that counts show all of them.

    Raises
    ------
    DataError
        If a claim has no test, or a test cannot be read; see
        :func:`meta.claims.check_tests.check_claim_tests`.

    Examples
    --------
    >>> import meta
    >>> from meta.claims.scoreboard import counts, scoreboard
    >>> evidence = meta.load_evidence("data")
    >>> board = scoreboard(evidence)
    >>> len(board) == len(evidence.claims), int(board["verdict"].isna().sum())
    (True, 0)
    >>> int(counts(board).loc["total", "total"]) == len(board)
    True
    """
    return lookup(evidence).once("scoreboard", lambda: _board(evidence)).copy()


def _board(evidence: Evidence) -> pd.DataFrame:
    rows = []
    for claim in evidence.claims.to_dict("records"):
        found = assess({str(name): value for name, value in claim.items()}, evidence)
        values = {name: getattr(found, name, None) for name in COLUMNS}
        values["claim_paraphrase"] = found.claim
        values["depends_on"] = "; ".join(found.depends_on)
        rows.append(values)
    board = pd.DataFrame(rows, columns=list(COLUMNS))
    board["verdict"] = pd.Categorical(board["verdict"], categories=VERDICTS)
    board["leans"] = pd.Categorical(board["leans"], categories=LEANS)
    board["source"] = pd.Categorical(board["source"], categories=SOURCES)
    return board.astype({"n_total": "Int64"})


@checked
def counts(
    board: pd.DataFrame, by: str = "article_label", of: str = "verdict", *, distinct: bool = False
) -> pd.DataFrame:
    """Count verdicts or source statuses by article, topic or group.

    Parameters
    ----------
    board : pandas.DataFrame
        From :func:`scoreboard`.
    by : str
        Column whose values are the rows: ``article_label``, ``topic``, ``group``, ``kind``.
    of : {"verdict", "source", "leans"}
        What is counted.
    distinct : bool
        Count a statement once however often it is made: rows that point to another by ``same_as``
        are left out.

    Returns
    -------
    pandas.DataFrame
        A row for each value of `by`, in order of appearance, and a last one ``total``; a column
        for each verdict (also those that nobody has) and a last one ``total``.
    """
    _need_columns("counts", board, [by, of, *["same_as"] * distinct])
    kept = board[board["same_as"] == ""] if distinct else board
    table = pd.crosstab(kept[by], kept[of], dropna=False)
    table.columns = [str(name) for name in table.columns]
    table = table.reindex(kept[by].drop_duplicates())
    table["total"] = table.sum(axis=1)
    table.loc["total"] = table.sum()
    return table.astype(int)


@checked
def headline(board: pd.DataFrame) -> str:
    """Say how many of the claims that it works are backed, and how many trials decide.

    Parameters
    ----------
    board : pandas.DataFrame
        From :func:`scoreboard`: its columns ``group same_as verdict kind``.

    Returns
    -------
    str
        Two sentences: claims that it works, over statements and distinct ones; and claims of kinds
        that trusted trials must decide.

    Examples
    --------
    >>> import pandas as pd
    >>> board = pd.DataFrame({
    ...     "group": ["works", "works", "source"], "same_as": ["", "a0-c01", ""],
    ...     "verdict": ["unresolved", "unresolved", "supported"],
    ...     "kind": ["superiority", "superiority", "reference"]})
    >>> print(*headline(board).split(". "), sep=chr(10))
    Of 2 claims that it works, none is backed (0 of 1, if repeated claims count once)
    Of 2 claims that only trials can test, trusted trials decide none.
    """
    _need_columns("headline", board, ["group", "same_as", "kind", "verdict"])
    own = board[board["group"] == WORKS]
    once = own[own["same_as"] == ""]
    tried = board[board["kind"].isin([name for name, kind in KINDS.items() if kind.trusted])]
    decided = int(tried["verdict"].isin([SUPPORTED, OVERSTATED, CONTRADICTED]).sum())
    return (
        f"Of {len(own)} claims that it works, {_backed(own)} "
        f"({int((once['verdict'] == SUPPORTED).sum())} of {len(once)}, if repeated claims count "
        f"once). Of {len(tried)} claims that only trials can test, trusted trials decide "
        f"{decided or 'none'}."
    )


def _need_columns(what: str, board: pd.DataFrame, names: Sequence[str]) -> None:
    missing = [name for name in names if name not in board]
    if missing:
        raise DataError(
            f"{what}: board has no column {', '.join(map(repr, missing))}; it has "
            f"{listed(map(str, board)) or 'none'}, and meta.scoreboard(evidence) has all"
        )


def _backed(board: pd.DataFrame) -> str:
    count = int((board["verdict"] == SUPPORTED).sum())
    return "none is backed" if not count else f"{count} {'is' if count == 1 else 'are'} backed"
