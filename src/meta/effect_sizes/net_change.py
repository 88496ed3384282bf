"""By how much more percent did scores change in the treated arms than in the control arms?"""

from __future__ import annotations

import pandas as pd

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.effect_sizes.percent import percent_change
from meta.effect_sizes.rows import Row, read_rows
from meta.errors import DataError, NotComparable


@checked
def net_change(results: pd.DataFrame, *, correlation: float = 0.5) -> Effects:
    """Take the difference between the percent changes of both arms, ready to be pooled.

    Parameters
    ----------
    results : pandas.DataFrame
        Rows of reported results, as :func:`meta.percent_change` takes them, one a trial: those
        that :func:`meta.effects` chose, for example.
    correlation : float, default 0.5
        Within-person correlation of baseline and end, strictly between -1 and 1; used for end
        scores. Papers rarely print it: vary it over 0.3 to 0.8.

    Returns
    -------
    Effects
        Measure "PC": ``yi`` is the net change in percentage points, treated minus control, ``vi``
        its sampling variance; the other columns of the rows are carried. A row without a net
        change, or without its standard error, is in ``excluded`` with the reason.

    Raises
    ------
    DataError
        If a trial has more than one row, or a cell is wrong.
    NotComparable
        If lower is better in some of the rows with a net change and higher in others.

    Notes
    -----
    The formulas are those of :func:`meta.percent_change`. A percentage depends on where the scale
    begins: a fall of ten points from fifty is 20 %, and on a scale that begins at twenty a third of
    what could fall. Pool it to set it beside a claimed percentage, not as the answer.

    Examples
    --------
    >>> import meta
    >>> rows = meta.load_evidence("data").primary("depression")
    >>> chosen = rows[rows["result_id"].isin(meta.effects(rows, "SMD").table["result_id"])]
    >>> net = meta.net_change(chosen)
    >>> net.k, net.excluded["label"].tolist()
    (7, ['Sultana & Rahman 2023'])
    >>> print(meta.pool(net).effect_text(0))
    −16 (−36 to 4)
    """
    change = percent_change(results, correlation=correlation)
    rows = read_rows(results)
    ids: dict[str, list[str]] = {}
    for row in rows:
        ids.setdefault(row.trial, []).append(row.result_id)
    several = [
        f"{trial} has {len(known)} rows ({', '.join(known)}); needed: one a trial, for example the "
        "one that meta.effects chose"
        for trial, known in ids.items()
        if len(known) > 1
    ]
    if several:
        raise DataError.from_faults("net_change", several)
    table = results.reset_index(drop=True).assign(
        result_id=[row.result_id for row in rows],
        study_id=[row.study_id for row in rows],
        label=[row.label for row in rows],
        cluster=[row.trial for row in rows],
        paired=[row.paired for row in rows],
        assumptions=change.get("assumptions"),
        yi=change["net"],
        vi=change["net_se"] ** 2,
        sei=change["net_se"],
        reason=change["note"],
    )
    known = table["vi"].notna()
    return Effects(
        measure="PC",
        table=table[known].drop(columns="reason").reset_index(drop=True),
        excluded=_excluded(table[~known]),
        lower_is_better=_direction([row for row, kept in zip(rows, known, strict=True) if kept]),
    )


def _excluded(rows: pd.DataFrame) -> pd.DataFrame:
    names = ["result_id", "study_id", "label", "reporting", "n_t", "n_c", "paired", "reason"]
    return rows.reindex(columns=[*names, "cluster"]).reset_index(drop=True)


def _direction(rows: list[Row]) -> bool | None:
    directions = {row.lower_is_better for row in rows}
    if {True, False} <= directions:
        listed = ", ".join(row.result_id for row in rows if row.lower_is_better is False)
        raise NotComparable(
            f"net_change: higher is better in {listed} while lower is better in the others; a "
            "percent change cannot be reversed. Select results of one direction"
        )
    return directions.pop() if len(directions) == 1 else None
