"""How do the sampling errors of effects hang together, and what do they say as one?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from meta.arguments import checked
from meta.effect_sizes.container import Effects
from meta.errors import DataError, NotComparable
from meta.synthesis.estimate import Estimate
from meta.synthesis.method_input import effects_of

Matrix = NDArray[np.float64]


def cluster_codes(
    effects: Effects, cluster: str | ArrayLike, name: str = "cluster"
) -> tuple[NDArray[np.intp], list[str]]:
    """Number the clusters of effects, in the order in which they first appear.

    Parameters
    ----------
    effects : Effects
        Effects.
    cluster : str or array_like of shape (k,)
        A column of ``effects.table``, or one label for each effect.
    name : str
        Argument to name in messages.

    Returns
    -------
    tuple
        Cluster of each effect, counted from 0, and the names of the clusters.

    Raises
    ------
    DataError
        If the column does not exist, the length differs, or an effect has no cluster.
    """
    if isinstance(cluster, str):
        if cluster not in effects.table:
            raise DataError(
                f"{name}={cluster!r} is no column of the effects; columns: "
                f"{', '.join(effects.table.columns)}. Or give one label for each effect"
            )
        labels = effects.table[cluster].to_numpy(dtype=object)
    else:
        labels = np.asarray(cluster, dtype=object).ravel()
        if len(labels) != effects.k:
            raise DataError(f"{name} has {len(labels)} labels for {effects.k} effects")
    missing = [label for label, gap in zip(effects.labels, pd.isna(labels), strict=True) if gap]
    if missing:
        raise DataError.from_faults(
            name,
            [
                f"{label} has no {name}: give it one of its own if it stands alone"
                for label in missing
            ],
        )
    codes, found = pd.factorize(labels)
    return codes, [str(label) for label in found]


def correlated_covariance(vi: ArrayLike, codes: ArrayLike, correlation: float) -> Matrix:
    """Return sampling covariances under one correlation between the effects of a cluster.

    Parameters
    ----------
    vi : array_like of shape (k,)
        Sampling variances.
    codes : array_like of shape (k,)
        Cluster of each effect.
    correlation : float
        Correlation of sampling errors within a cluster, from 0 to below 1.

    Raises
    ------
    DataError
        If correlation is outside that range.
    """
    if not 0 <= correlation < 1:
        raise DataError(
            f"correlation is {correlation!r}; give that of sampling errors within a cluster, from "
            "0 to below 1 (0.5 to 0.8 is usual for outcomes of the same people), and vary it"
        )
    sei, group = np.sqrt(np.asarray(vi, dtype=float)), np.asarray(codes)
    together = group[:, None] == group[None, :]
    covariance = np.where(together, correlation * np.outer(sei, sei), 0.0)
    np.fill_diagonal(covariance, sei**2)
    return covariance


@checked
def impute_covariance(
    effects: Effects | Estimate | pd.DataFrame, *, cluster: str | ArrayLike, correlation: float
) -> Matrix:
    r"""Return sampling covariances of effects of the same people under one assumed correlation.

    Parameters
    ----------
    effects : Effects
        Effects.
    cluster : str or array_like of shape (k,)
        Which effects are of the same people.
    correlation : float
        Correlation of their sampling errors, from 0 to below 1. It is an assumption: vary it.

    Returns
    -------
    numpy.ndarray of shape (k, k)
        :math:`r \sqrt{v_i v_j}` within clusters, 0 between them; for ``multilevel(..., V=)``.

    Raises
    ------
    DataError
        If the correlation is out of range, or an effect has no cluster.

    Notes
    -----
    When not to use it: where the real covariances follow from the design
    (:func:`meta.shared_control_covariance`) or are printed.

    References
    ----------
    pustejovskytipton2022

    Examples
    --------
    >>> import meta
    >>> effects = meta.Effects.from_arrays([0.3, 0.1], [0.04, 0.09], trial=["A", "A"])
    >>> meta.impute_covariance(effects, cluster="trial", correlation=0.5)
    array([[0.04, 0.03],
           [0.03, 0.09]])
    """
    effects = effects_of(effects)
    codes, _ = cluster_codes(effects, cluster)
    return correlated_covariance(effects.vi, codes, correlation)


@checked
def aggregate_correlated(
    effects: Effects | Estimate | pd.DataFrame,
    *,
    cluster: str | ArrayLike = "study_id",
    correlation: float = 0.5,
    weighted: bool = False,
) -> Effects:
    r"""Make one effect of each cluster: the mean of effects whose errors are correlated.

    Parameters
    ----------
    effects : Effects
        Several effects of the same people, for example two depression scales of one trial.
    cluster : str or array_like of shape (k,)
        Which effects belong together.
    correlation : float
        Correlation of their sampling errors, from 0 to below 1. It is an assumption: vary it.
    weighted : bool
        Weigh the effects of a cluster by the inverse of their covariance, as metafor's
        ``aggregate`` does, in place of equally. With a high correlation and unequal variances such
        weights can be negative.

    Returns
    -------
    Effects
        One effect for each cluster, in the order of first appearance, with the number of effects
        in it in the column ``n_effects``. Columns that agree within a cluster are kept, others are
        left empty.

    Raises
    ------
    DataError
        If correlation is out of range, or an effect has no cluster.

    Notes
    -----
    The composite of m effects is their mean, with variance

    .. math:: \frac{1}{m^2} \Big(\sum_i v_i + \sum_{i \ne j} \rho \sqrt{v_i v_j}\Big).

    Weighted, it is :math:`1'V^{-1}y / 1'V^{-1}1` with variance :math:`1 / 1'V^{-1}1` (checked
    against metafor 5.1 on konstantopoulos2011).

    With a correlation near 1 (the default of some programs) a composite is hardly more precise than
    one effect; with 0 the effects count as independent trials. Effects of one trial on different
    people (subgroups) have a correlation of 0.

    References
    ----------
    borenstein2009 (chapter 24)

    Examples
    --------
    >>> import meta
    >>> from meta.synthesis.models.correlated import aggregate_correlated
    >>> effects = meta.Effects.from_arrays(
    ...     [0.3, 0.1, 0.5], [0.05, 0.05, 0.04], labels=["A", "A", "B"], study_id=["A", "A", "B"]
    ... )
    >>> aggregate_correlated(effects, correlation=0.5).table[["study_id", "yi", "vi", "n_effects"]]
      study_id   yi      vi  n_effects
    0        A  0.2  0.0375          2
    1        B  0.5  0.0400          1
    """
    effects = effects_of(effects)
    codes, names = cluster_codes(effects, cluster)
    covariance = correlated_covariance(effects.vi, codes, correlation)
    rows = []
    for code, name in enumerate(names):
        members = np.flatnonzero(codes == code)
        part = effects.table.iloc[members]
        row: dict[str, Any] = {column: _common(part[column]) for column in effects.table.columns}
        block = covariance[np.ix_(members, members)]
        weights = np.linalg.solve(block, np.ones(len(members))) if weighted else np.ones(len(part))
        weights /= weights.sum()
        variance = float(weights @ block @ weights)
        row |= {
            "study_id": _common(part["study_id"]) or name,
            "label": _common(part["label"]) or name,
            "yi": float(weights @ part["yi"].to_numpy(dtype=float)),
            "vi": variance,
            "sei": float(np.sqrt(variance)),
            "n_effects": len(members),
        }
        rows.append(row)
    return replace(effects, table=pd.DataFrame(rows))


def _common(values: pd.Series[Any]) -> Any:
    """Return the value that all rows share; None if they differ."""
    first = values.iloc[0]
    same = values.isna().all() if pd.isna(first) else values.eq(first).all()
    return first if same else None


# measure -> covariance of two effects that share a control group, and the columns it takes
_SHARED = {
    "MD": ("sd_c", "n_c"),
    "ROM": ("mean_c", "sd_c", "n_c"),
    "SMD": ("n_t", "n_c"),
    "OR": ("events_c", "n_c"),
    "RR": ("events_c", "n_c"),
    "RD": ("events_c", "n_c"),
    "AS": ("n_c",),
}


@checked
def shared_control_covariance(
    effects: Effects | Estimate | pd.DataFrame, *, cluster: str | ArrayLike
) -> Matrix:
    r"""Return sampling covariances of effects whose trials share a control group.

    Parameters
    ----------
    effects : Effects
        Effects of measure MD, ROM, SMD, OR, RR, RD or AS with the figures of their control group in
        the columns that the formula takes.
    cluster : str or array_like of shape (k,)
        Which effects share a control group. An effect on its own is a cluster of one.

    Returns
    -------
    numpy.ndarray of shape (k, k)
        Sampling variances on the diagonal, covariances within clusters, 0 between them; for
        ``multilevel(..., V=)``.

    Raises
    ------
    NotComparable
        If there is no formula for the measure.
    DataError
        If a figure is missing, or the effects of a cluster disagree on their control group.

    Notes
    -----
    The control group's own error enters every effect of its trial. With subscript c for it,

    - MD: :math:`s_c^2 / n_c`;
    - ROM: :math:`s_c^2 / (n_c \bar x_c^2)`;
    - SMD: :math:`1 / n_c + g_i g_j / (2 N)` with N the people of the trial, all groups;
    - OR: :math:`1 / e_c + 1 / (n_c - e_c)`;
    - RR: :math:`1 / e_c - 1 / n_c`;
    - RD: :math:`p_c (1 - p_c) / n_c`;
    - AS: :math:`1 / (4 n_c)`.

    Those of OR, RR and RD are for tables without a corrected zero cell. For OR and RR a control
    group without events, or nothing but events, is an error.

    References
    ----------
    gleserolkin2009

    Examples
    --------
    >>> import meta
    >>> from meta.synthesis.models.correlated import shared_control_covariance
    >>> two_doses = meta.Effects.from_arrays(
    ...     [-1.0, -2.0], [0.5, 0.6], measure="MD", sd_c=[3.0, 3.0], n_c=[30, 30], trial=["A", "A"]
    ... )
    >>> shared_control_covariance(two_doses, cluster="trial")
    array([[0.5, 0.3],
           [0.3, 0.6]])
    """
    effects = effects_of(effects)
    if effects.measure not in _SHARED:
        raise NotComparable(
            f"there is no formula here for effects of measure {effects.measure!r} that share a "
            f"control group; there is one for {', '.join(_SHARED)}"
        )
    codes, names = cluster_codes(effects, cluster)
    figures = _control_figures(effects, codes, names)
    covariance = np.diag(effects.vi)
    for code in range(len(names)):
        members = np.flatnonzero(codes == code)
        if len(members) < 2:
            continue
        block = _shared_block(effects, figures, members)
        np.fill_diagonal(block, effects.vi[members])
        covariance[np.ix_(members, members)] = block
    return covariance


def _control_figures(
    effects: Effects, codes: NDArray[np.intp], names: list[str]
) -> dict[str, Matrix]:
    """Read the control groups, and report everything that is missing or contradictory."""
    columns = _SHARED[effects.measure]
    absent = [column for column in columns if column not in effects.table]
    if absent:
        raise DataError(
            f"the covariance of {effects.measure} effects takes the columns {', '.join(columns)}, "
            f"and the effects have no {', '.join(absent)}"
        )
    figures = {column: effects.column(column).to_numpy(dtype=float) for column in columns}
    faults = []
    for code, name in enumerate(names):
        members = np.flatnonzero(codes == code)
        if len(members) < 2:
            continue
        for column, values in figures.items():
            found = values[members]
            if not np.isfinite(found).all():
                faults.append(f"{name}: {column} is missing in some of its effects")
            elif column != "n_t" and np.ptp(found) > 0:
                faults.append(
                    f"{name}: its effects name different control groups ({column} "
                    f"{', '.join(f'{value:g}' for value in found)}); one cluster is one control "
                    "group"
                )
        if "events_c" in figures:
            events, people = figures["events_c"][members[0]], figures["n_c"][members[0]]
            if effects.measure != "RD" and not 0 < events < people:
                faults.append(
                    f"{name}: {events:g} of {people:g} people of the control group had the event; "
                    "the covariance needs some with and some without it"
                )
    if faults:
        raise DataError.from_faults("shared control groups", faults)
    return figures


def _shared_block(
    effects: Effects, figures: dict[str, Matrix], members: NDArray[np.intp]
) -> Matrix:
    first = members[0]
    control = {name: float(values[first]) for name, values in figures.items()}
    n_c, size = control["n_c"], len(members)
    if effects.measure == "SMD":
        people = n_c + float(figures["n_t"][members].sum())
        g = effects.yi[members]
        return np.asarray(1 / n_c + np.outer(g, g) / (2 * people))
    if effects.measure == "AS":
        return np.full((size, size), 1 / (4 * n_c))
    if effects.measure in {"MD", "ROM"}:
        shared = control["sd_c"] ** 2 / n_c
        if effects.measure == "ROM":
            shared /= control["mean_c"] ** 2
    else:
        events = control["events_c"]
        shared = {
            "OR": lambda: 1 / events + 1 / (n_c - events),
            "RR": lambda: 1 / events - 1 / n_c,
            "RD": lambda: events / n_c * (1 - events / n_c) / n_c,
        }[effects.measure]()
    return np.full((size, size), shared)
