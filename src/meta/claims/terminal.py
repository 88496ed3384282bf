"""How does the scoreboard read in a terminal?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from textwrap import wrap

from meta.claims.assess import assess
from meta.claims.assessment import Assessment
from meta.claims.verdicts import SUPPORTED, VERDICTS
from meta.errors import DataError
from meta.evidence.faults import closest
from meta.evidence.tables import Evidence
from meta.wording import counted, listed, words

_GAP = "  "
# heading, and what share of the room that is left belongs to a column of sentences (0: own width)
_COLUMNS = {"Id": 0, "Claim": 2, "Claimed": 0, "Verdict": 0, "Source": 0, "Answer": 3}
# below this a column of sentences cannot be read; the lines then run over the edge instead
_LEAST = 20


def choose_claims(which: str, evidence: Evidence) -> list[str]:
    """Return the keys of the claims that a word stands for.

    Parameters
    ----------
    which : str
        Key of a claim (``"a0-c11"``) or of an article, which begins the keys of its claims
        (``"a0"``); "" for all.
    evidence : Evidence
        Tables with ``claims``.

    Returns
    -------
    list of str
        In the order of ``claims.csv``.

    Raises
    ------
    DataError
        If the folder has no claims, or nothing of that name; the nearest one is named.
    """
    claims = [str(name) for name in evidence.optional("claims", "claim_id")["claim_id"]]
    if not claims:
        filled = [name for name in evidence.names if len(evidence.table(name))]
        raise DataError(
            f"{evidence.folder} has no claims. Its tables with rows are {listed(filled)}"
        )
    chosen = [name for name in claims if which in ("", name, name.partition("-")[0])]
    if not chosen:
        articles = list(dict.fromkeys(name.partition("-")[0] for name in claims))
        near = closest(which, [*articles, *claims])
        raise DataError(
            f"there is no claim or article {which!r}. {near}The articles are {listed(articles)}; a "
            f"claim is named like {claims[0]}"
        )
    return chosen


def claims_text(which: str, evidence: Evidence, width: int) -> str:
    """Write the scoreboard, or one claim in full.

    Parameters
    ----------
    which : str
        As in `choose_claims`.
    evidence : Evidence
        Tables with ``claims``, ``claim_sources`` and ``claim_tests``.
    width : int
        Columns of the terminal.

    Returns
    -------
    str
        A claim in full if `which` is one, else a table with one row a claim and a last line that
        counts the verdicts.

    Raises
    ------
    DataError
        As `choose_claims` and :func:`meta.assess` do.
    """
    found = [assess(name, evidence) for name in choose_claims(which, evidence)]
    if which == found[0].claim_id:
        return "\n".join(_lines(found[0].rows(), width, {1: 1}))
    return "\n".join([*_table(found, width), count_verdicts(found)])


def _table(found: Sequence[Assessment], width: int) -> list[str]:
    rows = [
        [
            one.claim_id,
            one.claim,
            one.claimed,
            one.verdict_words,
            words(one.source),
            one.answer,
        ]
        for one in found
    ]
    shares = {column: share for column, share in enumerate(_COLUMNS.values()) if share}
    return _lines([list(_COLUMNS), *rows], width, shares, between=[""])


def _lines(
    rows: Sequence[Sequence[str]],
    width: int,
    shares: dict[int, int],
    between: Sequence[str] = (),
) -> list[str]:
    """Set rows of cells in columns; those with a share of the room are broken into lines."""
    count = len(rows[0])
    widths = [max(len(row[column]) for row in rows) for column in range(count)]
    taken = sum(size for column, size in enumerate(widths) if column not in shares)
    room = width - taken - len(_GAP) * (count - 1)
    for column, share in shares.items():
        widths[column] = max(_LEAST, room * share // sum(shares.values()))
    lines: list[str] = []
    for row in rows:
        cells = [
            wrap(cell, size, break_on_hyphens=False) or [""]
            for cell, size in zip(row, widths, strict=True)
        ]
        for number in range(max(map(len, cells))):
            parts = [cell[number] if number < len(cell) else "" for cell in cells]
            line = _GAP.join(f"{part:<{size}}" for part, size in zip(parts, widths, strict=True))
            lines.append(line.rstrip())
        lines += between
    return lines


def count_verdicts(found: Sequence[Assessment]) -> str:
    """Count claims by verdict: "19 claims: 3 supported (source 3) and 16 unresolved"."""
    shown = []
    for name in VERDICTS:
        own = [one for one in found if one.verdict == name]
        if own:
            groups = _groups(own) if name == SUPPORTED else ""
            shown.append(f"{len(own)} {words(name)}{groups}")
    return f"{counted(len(found), 'claim')}: {listed(shown)}"


def _groups(found: Sequence[Assessment]) -> str:
    """Say of which groups claims are, so that no bare number of supported ones stands alone."""
    groups = Counter(words(one.group) for one in found if one.group)
    shown = ", ".join(f"{group} {count}" for group, count in groups.items())
    return f" ({shown})" if shown else ""
