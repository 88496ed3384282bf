"""What is left of "falls by X percent" once the control arm stands beside it?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import nan

import numpy as np
import pandas as pd
from scipy import stats

from meta.claims.finding import Claim, Finding, ratio_of
from meta.claims.reasons import FEW, Z, chosen_clause, count_text, nobody
from meta.claims.selection import GLYCINATE, labels_of, rows_by_id, select_rows, vote
from meta.claims.sensitivity import ARMS, PRIMARY, UNFLAGGED, subsets
from meta.claims.tests import ClaimTest
from meta.claims.verdicts import (
    MIN_TRIALS,
    UNRESOLVED,
    Interval,
    judge_percent_fall,
)
from meta.claims.wording import (
    counted,
    figure,
    listing,
    lower_first,
    plain_list,
    sentence,
    span,
    words,
)
from meta.effect_sizes.derive import effects
from meta.effect_sizes.percent import percent_change
from meta.evidence.reporting import doubted
from meta.evidence.tables import Evidence
from meta.synthesis.models.pool import pool
from meta.synthesis.models.pooled import Pooled

# a trial with two thirds of the weight decides the answer
HEAVY = 200 / 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentPool:
    """Percent falls of both arms over trials; a fall is above 0.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a trial: ``result_id study_id label mg_form fall_t fall_c net net_low net_high
        assumptions``.
    fit : Pooled or None
        The pooled net fall in percentage points.
    """

    table: pd.DataFrame
    fit: Pooled | None

    @property
    def k(self) -> int:
        """Trials with both arms."""
        return len(self.table)

    @property
    def net(self) -> Interval:
        """Pooled net fall."""
        if self.fit is None:
            return Interval(nan, nan, nan)
        return Interval(self.fit.estimate, self.fit.ci_low, self.fit.ci_high)

    def mean(self, column: str) -> float:
        """Mean fall of an arm by the weights of the pooled net fall, so that they subtract."""
        if self.fit is None:
            return nan
        return float(np.average(self.table[column], weights=self.fit.weights))


def percent_pool(rows: pd.DataFrame) -> PercentPool:
    """Take the percent falls of both arms from results that print them, and pool the net fall.

    Parameters
    ----------
    rows : pandas.DataFrame
        Results as ``evidence.select(...)`` gives them.

    Returns
    -------
    PercentPool
        One trial counts once, by the same choice of report as the standardised differences; rows
        that the curators bar from pooling stay out.
    """
    columns = ["result_id", "study_id", "label", "fall_t", "fall_c", "net", "net_low", "net_high"]
    empty = PercentPool(table=pd.DataFrame(columns=[*columns, "mg_form", "assumptions"]), fit=None)
    usable = rows[rows["lower_is_better"].notna()]
    chosen = effects(usable, measure="SMD", include=("arms",)).table if len(usable) else usable
    if chosen.empty:
        return empty
    kept = usable[usable["result_id"].isin(chosen["result_id"])]
    change = percent_change(kept)
    change = change[change["net_low"].notna()].merge(
        kept[["result_id", "lower_is_better", "mg_form", "n_t", "n_c"]], on="result_id"
    )
    if change.empty:
        return empty
    sign = change["lower_is_better"].map({"yes": -1.0, "no": 1.0})
    low, high = change["net_low"] * sign, change["net_high"] * sign
    table = change[["result_id", "study_id", "label", "mg_form", "assumptions"]].assign(
        fall_t=change["percent_t"] * sign,
        fall_c=change["percent_c"] * sign,
        net=change["net"] * sign,
        net_low=np.minimum(low, high),
        net_high=np.maximum(low, high),
        n_total=change["n_t"] + change["n_c"],
    )
    variance = ((table["net_high"] - table["net_low"]) / (2 * Z)) ** 2
    fit = pool(table["net"], variance, labels=list(table["label"]), measure="GEN")
    return PercentPool(table=table, fit=fit)


def percent_fall(claim: Claim, test: ClaimTest, evidence: Evidence) -> Finding:
    """Judge "falls by X percent" by :func:`meta.claims.verdicts.judge_percent_fall`."""
    claimed = float(claim["claimed_value"])
    rows = select_rows(test, evidence)
    if rows is None or rows.empty:
        found = nobody(test, evidence)
        context = [*_nearest(test, evidence, claimed), *_benchmarks(test, evidence)]
        return replace(
            found,
            reason=sentence(found.reason, *context),
            claimed_low=claimed,
            claimed_high=claimed,
        )
    primary = percent_pool(rows)
    if primary.fit is None or primary.k < MIN_TRIALS:
        return _too_few(claimed, test, rows, primary, evidence)
    found_checks = list(_checks(rows, primary))
    counting = [(name, one) for name, one in found_checks[1:] if _counts(one, primary)]
    net, treated, control = primary.net, primary.mean("fall_t"), primary.mean("fall_c")
    verdict = judge_percent_fall(claimed, net, treated, control, [one.net for _, one in counting])
    alone = judge_percent_fall(claimed, net, treated, control)
    differing = [
        name
        for name, one in counting
        if judge_percent_fall(claimed, one.net, one.mean("fall_t"), one.mean("fall_c")) != alone
    ]
    fit = primary.fit
    freedom = np.inf if fit.dof is None else fit.dof
    ratio, ratio_low, ratio_high = ratio_of(Interval(claimed, claimed, claimed), net)
    own = int((primary.table["mg_form"] == GLYCINATE).sum())
    return Finding(
        verdict=verdict,
        reason=sentence(
            f"in the {counted(primary.k, 'trial')} that print both arms"
            f" ({plain_list(list(primary.table['label']))}), scores {_verb(rows)} by"
            f" {figure(treated, 0)} %"
            f" on magnesium and {figure(control, 0)} % on the control",
            f"the difference is {figure(net.estimate, 0)} percentage points"
            f" ({figure(net.low, 0)} to {figure(net.high, 0)}), and the claimed"
            f" {figure(claimed)} % " + _position(claimed, net, treated),
            chosen_clause(test, evidence),
            "none of these trials used glycinate" if own == 0 else f"{own} of them used glycinate",
            *_benchmarks(test, evidence),
        ),
        scale="net fall in percentage points",
        claimed_low=claimed,
        claimed_high=claimed,
        estimate=net.estimate,
        ci_low=net.low,
        ci_high=net.high,
        ratio=ratio,
        ratio_low=ratio_low,
        ratio_high=ratio_high,
        probability=float(stats.t.sf((claimed - net.estimate) / fit.se, freedom)),
        probability_of=f"the mean net fall reaches {figure(claimed)} %",
        k=primary.k,
        n_total=int(primary.table["n_total"].sum()),
        used=rows[rows["result_id"].isin(primary.table["result_id"])],
        left_out=_left_out(rows, primary),
        arms=primary.table,
        sensitivity=_table(found_checks, claimed),
        holds="no" if differing else "yes" if counting else "",
        depends_on=tuple(_dependence(rows, primary, claimed, alone, differing)),
        fit=fit,
    )


def _verb(rows: pd.DataFrame) -> str:
    return "rose" if (rows["lower_is_better"] == "no").all() else "fell"


def _position(claimed: float, net: Interval, treated: float) -> str:
    if net.high < claimed:
        where = "lies beyond it"
    elif net.excludes_zero:
        where = "lies within it"
    else:
        where = "lies within it, and so does no difference"
    if treated >= claimed > net.estimate:
        where += (
            "; it is reached only if the fall that came without magnesium is counted as an effect"
        )
    return where


def _checks(rows: pd.DataFrame, primary: PercentPool) -> Iterator[tuple[str, PercentPool]]:
    # every figure here comes from printed arms, and a percentage has no value at "no effect": the
    # checks that vary these two have nothing to vary
    yield PRIMARY, primary
    yield ARMS, primary
    for name, part in subsets(rows):
        yield name, percent_pool(part)


def _counts(one: PercentPool, primary: PercentPool) -> bool:
    """Say whether an analysis checks the primary one: enough trials, and not the same ones."""
    return one.k >= MIN_TRIALS and set(one.table["result_id"]) != set(primary.table["result_id"])


def _table(found: list[tuple[str, PercentPool]], claimed: float) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "analysis": name,
                "k": one.k,
                "n_total": int(one.table["n_total"].sum()) if one.k else 0,
                "estimate": one.net.estimate,
                "ci_low": one.net.low,
                "ci_high": one.net.high,
                "counts": name == PRIMARY or _counts(one, found[0][1]),
                "verdict": judge_percent_fall(
                    claimed, one.net, one.mean("fall_t"), one.mean("fall_c")
                )
                if one.k
                else "",
                "trials": "; ".join(one.table["label"]),
            }
            for name, one in found
        ]
    ).astype({"n_total": "Int64"})


def _dependence(
    rows: pd.DataFrame, primary: PercentPool, claimed: float, verdict: str, differing: list[str]
) -> Iterator[str]:
    assumed = sorted(set(filter(None, primary.table["assumptions"])))
    changed = []
    if primary.k > MIN_TRIALS:
        for row in primary.table.to_dict("records"):
            one = percent_pool(rows[rows["study_id"] != row["study_id"]])
            word = judge_percent_fall(claimed, one.net, one.mean("fall_t"), one.mean("fall_c"))
            if word != verdict:
                changed.append(str(row["label"]))
    if changed:
        yield f"{listing(changed, 'or')}: without it the primary analysis says otherwise"
    if UNFLAGGED in differing:
        flagged = doubted(rows["flag"])
        yield f"trials under an integrity flag ({listing(labels_of(rows[flagged]))})"
    flagged = primary.table["study_id"].isin(rows.loc[doubted(rows["flag"]), "study_id"])
    left = primary.k - int(flagged.sum())
    if flagged.any() and left < MIN_TRIALS:
        names = listing(labels_of(primary.table[flagged]))
        yield f"{names} (integrity flags): without them {left} trials are left, too few to check"
    if primary.fit is not None and primary.fit.weights.max() > HEAVY:
        top = int(np.argmax(primary.fit.weights))
        share = figure(float(primary.fit.weights[top]), 0)
        yield f"{primary.table['label'].iloc[top]}, which carries {share} % of the weight"
    if assumed:
        yield f"for the width of the interval: {listing(assumed)}"


def _left_out(rows: pd.DataFrame, primary: PercentPool) -> pd.DataFrame:
    left = rows[~rows["study_id"].isin(primary.table["study_id"])]
    reason = "does not print means at the start and the end in both arms with their spread"
    columns = ["result_id", "study_id", "label"]
    return left[columns].assign(reason=reason).reset_index(drop=True)


def _too_few(
    claimed: float, test: ClaimTest, rows: pd.DataFrame, primary: PercentPool, evidence: Evidence
) -> Finding:
    votes = vote(rows)
    named = f" ({plain_list(list(primary.table['label']))})" if primary.k else ""
    people, wider = "", ""
    if votes.k == 1:
        prints = "it prints" if primary.k else "it does not print"
    else:
        prints = {0: "none prints", 1: "one prints"}.get(primary.k, f"{primary.k} print")
    if test.population:
        people = " in the people of the claim"
        others = select_rows(replace(test, population=(), left_out=()), evidence)
        if others is not None:
            wider = "in people of any kind, " + count_text(vote(others))
    return Finding(
        verdict=UNRESOLVED,
        reason=sentence(
            f"{counted(votes.k, 'randomised trial')}{people} compared"
            f" {listing(_outcomes(rows), 'or')} ({plain_list(labels_of(rows))})",
            f"{prints} the means of both arms, from which a percentage could be taken{named}, and"
            f" a verdict needs {MIN_TRIALS}",
            _each(rows) if len(rows) <= FEW else count_text(votes),
            *_implied(rows, claimed),
            wider,
        ),
        scale="net fall in percentage points",
        claimed_low=claimed,
        claimed_high=claimed,
        used=rows,
        left_out=_left_out(rows, primary),
        arms=primary.table if primary.k else None,
        k=primary.k,
    )


def _each(rows: pd.DataFrame) -> str:
    """Say what each of a few results prints."""
    verdicts = {
        "treated": "leans to magnesium",
        "control": "leans to the control",
        "neither": "no difference",
        "not_stated": "no direction between the arms",
    }
    said = rows[rows["favours"].notna()]
    parts = [
        f"{listing(_outcomes(part))} ({verdicts[str(side)]})"
        for side, part in said.groupby("favours", sort=False)
    ]
    return f"as printed: {listing(parts)}" if parts else ""


def _outcomes(rows: pd.DataFrame) -> list[str]:
    return [words(name) for name in dict.fromkeys(rows["outcome"])]


def _implied(rows: pd.DataFrame, claimed: float) -> Iterator[str]:
    """Say of which starting value a printed difference would be the claimed share."""
    share = claimed / 100
    for row in rows.to_dict("records"):
        difference = row["estimate"]
        unit = row["effect_unit"]
        if pd.notna(difference) and pd.notna(row["ci_low"]) and unit not in ("OR", "RR", "SMD"):
            sizes = sorted(abs(float(row[name])) for name in ("ci_low", "ci_high"))
            limits = span(row["ci_low"], row["ci_high"])
            of_mean = figure(abs(difference) / share, 0)
            ends = f"{figure(sizes[0] / share, 0)} to {figure(sizes[1] / share, 0)}"
            yield (
                f"{row['label']} prints {figure(difference)} ({limits}) {unit} and no starting"
                f" mean: that would be {figure(claimed)} % of a mean of {of_mean} ({ends})"
            )
        elif (
            row["result_type"] == "change"
            and pd.notna(row["mean_t"])
            and pd.notna(row["mean_c"])
            and pd.isna(row["base_mean_t"])
        ):
            net = abs(float(row["mean_t"]) - float(row["mean_c"]))
            top = f" on a scale that ends at {figure(row['scale_max'])}"
            yield (
                f"{row['label']} prints changes of {figure(row['mean_t'])} and"
                f" {figure(row['mean_c'])} {unit} without spread and without a starting mean: the"
                f" difference of {figure(net)} would be {figure(claimed)} % of a mean of"
                f" {figure(net / share, 1)}{top if pd.notna(row['scale_max']) else ''}"
            )


def _nearest(test: ClaimTest, evidence: Evidence, claimed: float) -> Iterator[str]:
    """Show the percent falls of the nearest results, which are not what the claim is about."""
    if not test.wider_result_ids:
        return
    rows = rows_by_id(test.wider_result_ids, evidence)
    for row, change in zip(
        rows.to_dict("records"), percent_change(rows).to_dict("records"), strict=True
    ):
        fall_t, fall_c = -change["percent_t"], -change["percent_c"]
        if pd.isna(fall_t) or pd.isna(fall_c):
            continue
        yield (
            f"nearest is {row['label']} ({words(row['stratum'])}; {row['instrument']}, week"
            f" {figure(row['time_weeks'])}): {figure(fall_t, 0)} % down with magnesium and"
            f" {figure(fall_c, 0)} % with {words(row['control'])}, a difference of"
            f" {figure(fall_t - fall_c, 0)} points beside the {figure(claimed)} % of the claim"
        )
    yield from (f"nearest: {text}" for text in _implied(rows, claimed))


def _benchmarks(test: ClaimTest, evidence: Evidence) -> Iterator[str]:
    if not test.benchmark_ids:
        return
    table = evidence.benchmarks.set_index("benchmark_id", drop=False).loc[list(test.benchmark_ids)]
    parts = [
        f"{listing([f'{value} %' for value in part['estimate']])} ({lower_first(str(what))})"
        for what, part in table.groupby("what", sort=False)
    ]
    yield f"for comparison: {listing(parts)}"
