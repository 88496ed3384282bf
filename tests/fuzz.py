"""What holds for every input: a typed error or a finite answer, whatever the order and the unit.

``make fuzz`` draws cases for a given time in one process; the tests draw a few from a fixed seed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import meta

TYPED = (meta.DataError, meta.TooFewStudies, meta.NotComparable, meta.NotConverged)
SETTINGS = {
    "model": ("random", "common", "uwls"),
    "tau2_method": ("DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"),
    "ci_method": ("HK", "HK-adhoc", "wald"),
    "prediction_method": ("t(k-1)", "t(k-2)", "z"),
    "ci_level": (0.5, 0.8, 0.95, 0.999),
}
# of the sums of rounding that a search for tau2 by steps of 1e-8 leaves
CLOSE = {"rtol": 1e-6, "atol": 1e-9}
BIAS = (
    meta.egger, meta.begg, meta.trim_and_fill, meta.pet_peese, meta.fail_safe_n, meta.henmi_copas,
    meta.excess_significance, meta.leave_one_out, meta.influence,
)  # fmt: skip
Draw = np.random.Generator
# sets of a block
MANY = 1_000
SAID = ["estimate", "se", "ci_low", "ci_high"]
TURNED = ["estimate", "se", "ci_high", "ci_low"]


def effects(draw: Draw) -> tuple[np.ndarray, np.ndarray]:
    """Draw effects and variances: ordinary, tied, of very unequal precision, or in another unit."""
    k = int(draw.integers(1, 12))
    yi = draw.normal(0, 10.0 ** draw.uniform(-2, 1), k)
    vi = 10.0 ** draw.uniform(-4, 1, k)
    if draw.random() < 0.25:
        yi = np.round(yi, 1)
    if draw.random() < 0.2:
        vi = np.full(k, vi[0])
    unit = 1.0 if draw.random() < 0.7 else 10.0 ** draw.uniform(-12, 12)
    return yi * unit, vi * unit**2


def counts(draw: Draw) -> dict[str, np.ndarray]:
    """Draw 2x2 tables, some with nobody or everybody."""
    k = int(draw.integers(1, 8))
    n_t, n_c = draw.integers(1, 200, k), draw.integers(1, 200, k)
    risk = draw.choice([0.0, 0.02, 0.3, 0.9, 1.0], k)
    return {
        "events_t": draw.binomial(n_t, risk), "n_t": n_t,
        "events_c": draw.binomial(n_c, draw.choice([0.02, 0.3, 0.9], k)), "n_c": n_c,
    }  # fmt: skip


def settings(draw: Draw) -> dict[str, Any]:
    """Draw settings of a pool."""
    return {name: values[int(draw.integers(len(values)))] for name, values in SETTINGS.items()}


def numbers(fit: meta.Estimate) -> np.ndarray:
    """What an answer says, without what moves by itself."""
    return np.array([fit.estimate, fit.se, fit.ci_low, fit.ci_high], dtype=float)


def sound(fit: meta.Estimate) -> None:
    """Hold an answer to what every answer obeys."""
    assert np.isfinite([fit.estimate, fit.se]).all()
    assert fit.se >= 0
    assert np.isnan(fit.p_value) or 0 <= fit.p_value <= 1
    slack = 1e-9 * abs(fit.estimate)
    if np.isfinite(fit.ci_low):
        assert fit.ci_low - slack <= fit.estimate <= fit.ci_high + slack
    if np.isfinite(fit.weights).all():  # a likelihood gives some answers no weights
        assert abs(np.sum(fit.weights) - 100) < 1e-6
    if np.isfinite(getattr(fit, "pi_low", np.nan)):
        assert fit.pi_low - slack <= fit.estimate <= fit.pi_high + slack
    for name in ("i2", "i2_low", "i2_high"):
        share = getattr(fit, name, np.nan)
        assert np.isnan(share) or 0 <= share <= 100, name
    assert fit.sentence()
    assert str(fit)


def pooled(draw: Draw) -> None:
    """Order, scale, sign and shift of effects move the answer as they must."""
    (yi, vi), how = effects(draw), settings(draw)
    fit = meta.pool(yi, vi, **how)
    sound(fit)
    unit = fit.se or 1.0
    order = draw.permutation(len(yi))
    same = meta.pool(yi[order], vi[order], **how)
    assert np.allclose(numbers(same) / unit, numbers(fit) / unit, equal_nan=True, **CLOSE)
    mirrored = meta.pool(-yi, vi, **how)
    low, high = mirrored.ci_low, mirrored.ci_high
    turned = np.array([-mirrored.estimate, mirrored.se, -high, -low])
    assert np.allclose(turned / unit, numbers(fit) / unit, equal_nan=True, **CLOSE)
    scaled = meta.pool(1000 * yi, 1e6 * vi, **how)
    assert np.allclose(numbers(scaled) / 1000 / unit, numbers(fit) / unit, equal_nan=True, **CLOSE)
    step = float(np.abs(yi).max())
    shifted = numbers(meta.pool(yi + step, vi, **how)) - np.array([step, 0, step, step])
    assert np.allclose(shifted / unit, numbers(fit) / unit, equal_nan=True, **CLOSE)


def many(draw: Draw) -> None:
    """What holds for one meta-analysis holds for each of a thousand drawn side by side."""
    how, k = settings(draw), int(draw.integers(1, 16))
    yi = draw.normal(0, 10.0 ** draw.uniform(-2, 1, MANY), (k, MANY))
    wide = 8 if draw.random() < 0.1 else 4
    vi = 10.0 ** draw.uniform(-wide, wide - 3, (k, MANY))
    yi, vi = (
        (draw.choice(yi[0], yi.shape) if draw.random() < 0.1 else yi),
        (vi[:1].repeat(k, axis=0) if draw.random() < 0.1 else vi),
    )
    yi = np.where(draw.random(MANY) < 0.2, yi.round(1), yi)
    unit = np.where(draw.random(MANY) < 0.7, 1.0, 10.0 ** draw.uniform(-12, 12, MANY))
    yi, vi = yi * unit, vi * unit**2
    fit = meta.pool_many(yi, vi, **how)
    assert np.isfinite(fit[["estimate", "se"]]).all(axis=None)
    assert (fit["se"] >= 0).all()
    assert (fit["p_value"].isna() | fit["p_value"].between(0, 1)).all()
    slack = 1e-9 * fit["estimate"].abs()
    for low, high in (("ci_low", "ci_high"), ("pi_low", "pi_high")):
        inside = fit["estimate"].between(fit[low] - slack, fit[high] + slack)
        assert (inside | fit[low].isna()).all(), low
    shares = fit[["i2", "i2_low", "i2_high"]]
    assert (shares.isna() | ((shares >= 0) & (shares <= 100))).all(axis=None)
    assert (fit["tau2"].isna() | (fit["tau2"] >= 0)).all()

    found, scale = fit[SAID].to_numpy(), fit[["se"]].to_numpy()
    scale = np.where(scale > 0, scale, 1.0)
    step = np.abs(yi).max(axis=0)
    away = step[:, None] * [1, 0, 1, 1]
    for moved, back in (
        (meta.pool_many(yi[::-1], vi[::-1], **how)[SAID].to_numpy(), found),
        (meta.pool_many(1000 * yi, 1e6 * vi, **how)[SAID].to_numpy() / 1000, found),
        (-meta.pool_many(-yi, vi, **how)[TURNED].to_numpy() * [1, -1, 1, 1], found),
        (meta.pool_many(yi + step, vi, **how)[SAID].to_numpy() - away, found),
    ):
        assert np.allclose(moved / scale, back / scale, equal_nan=True, **CLOSE)

    column = int(draw.integers(MANY))
    alone = meta.pool(yi[:, column], vi[:, column], **how)
    assert np.array_equal(numbers(alone), found[column], equal_nan=True)
    sound(alone)


def swapped(draw: Draw) -> None:
    """Swapped arms swap the sign, for every measure of two arms."""
    table = counts(draw)
    other = {
        "events_t": table["events_c"], "n_t": table["n_c"],
        "events_c": table["events_t"], "n_c": table["n_t"],
    }  # fmt: skip
    for method in (meta.mantel_haenszel, meta.peto):
        try:
            fit = method(**table)
        except TYPED:
            continue
        sound(fit)
        turned = method(**other)
        assert np.isclose(turned.estimate, -fit.estimate, rtol=1e-9, atol=1e-12)
        assert np.isclose(turned.se, fit.se, rtol=1e-9)
    for measure in ("OR", "RR", "RD"):
        found = meta.effect_size(measure, **table)
        turned = meta.effect_size(measure, **other)
        assert np.allclose(found["yi"], -turned["yi"], equal_nan=True, rtol=1e-9, atol=1e-12)
        assert np.allclose(found["vi"], turned["vi"], equal_nan=True, rtol=1e-9)


def loaded(draw: Draw) -> None:
    """A table has one answer by every road, and is read as it was written."""
    yi, vi = effects(draw)
    names = [f"study {i}" for i in range(len(yi))]
    table = pd.DataFrame({"label": names, "yi": yi, "vi": vi})
    read = meta.Effects.from_table(table)
    fit = meta.pool(read)
    assert np.array_equal(numbers(fit), numbers(meta.pool(yi, vi, labels=names)), equal_nan=True)
    assert np.array_equal(
        numbers(fit), numbers(meta.pool("yi", vi="vi", data=table)), equal_nan=True
    )
    written = meta.read_table(table.map(str))
    assert np.allclose(written.frame["yi"].astype(float), yi, rtol=1e-12)


def typed(draw: Draw) -> None:
    """A table is read as it was meant, whoever typed it and whatever program wrote it."""

    def one_of(*ways: str) -> str:
        return ways[int(draw.integers(len(ways)))]

    k = int(draw.integers(2, 9))
    yi, sei = np.round(draw.normal(0, 2, k), 4), np.round(draw.uniform(0.1, 2, k), 4)
    point, minus = one_of(".", ","), one_of("-", "\u2212", "\u2013", "\ufe63", "- ")
    between = one_of(";", "\t", "|") if point == "," else one_of(",", ";", "\t", "|")
    quote, end = one_of("", '"'), one_of("\n", "\r\n", "\r")

    def cell(value: float) -> str:
        return f"{value:.4f}".replace("-", minus).replace(".", point)

    header = [one_of("study", "Label", "Studie", "\u00c9tude"), one_of("yi", "TE", "logOR"),
              one_of("sei", "seTE", "SE(logOR)")]  # fmt: skip
    rows = [
        [f"S{i + 1}\u00e9", cell(y), cell(s)] for i, (y, s) in enumerate(zip(yi, sei, strict=True))
    ]
    lines = [between.join(f"{quote}{text}{quote}" for text in row) for row in (header, *rows)]
    lines += ["", "Source: my own table"] * int(draw.integers(2))
    text = one_of("", end) + end.join(lines) + one_of("", end)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.txt")
        path.write_bytes(text.encode(one_of("utf-8", "utf-8-sig", "utf-16", "cp1252")
                                     if minus in "- \u2013" else "utf-8"))  # fmt: skip
        frame = meta.read_table(path).frame
    assert frame["label"].tolist() == [row[0] for row in rows]
    assert frame["yi"].tolist() == yi.tolist()
    assert frame["sei"].tolist() == sei.tolist()


def bias(draw: Draw) -> None:
    """The tests of publication bias answer, or say why not."""
    yi, vi = effects(draw)
    fit = meta.pool(yi, vi)
    for test in BIAS:
        try:
            answer = test(fit)
        except TYPED:
            continue
        if isinstance(answer, meta.Estimate):
            sound(answer)
        p_value = getattr(answer, "p_value", np.nan)
        assert np.isnan(p_value) or 0 <= p_value <= 1


def regressed(draw: Draw) -> None:
    """A regression does not depend on the order of the studies nor on the unit of the moderator."""
    yi, vi = effects(draw)
    table = pd.DataFrame({"yi": yi, "vi": vi, "x": draw.integers(0, 5, len(yi)).astype(float)})
    fit = meta.meta_regression("yi", "~ x", vi="vi", data=table)
    found = fit.coefficients
    assert np.isfinite(found[["estimate", "se"]]).all().all()
    unit = found["se"].max() or 1.0
    again = meta.meta_regression("yi", "~ x", vi="vi", data=table.sample(frac=1, random_state=1))
    assert np.allclose(again.coefficients["estimate"] / unit, found["estimate"] / unit, **CLOSE)
    wide = meta.meta_regression("yi", "~ x", vi="vi", data=table.assign(x=1e6 * table["x"]))
    slope = wide.coefficients["estimate"].iloc[1] * 1e6
    assert np.isclose(slope / unit, found["estimate"].iloc[1] / unit, **CLOSE)


def converted(draw: Draw) -> None:
    """Conversions give finite numbers, there and back."""
    size = 10.0 ** draw.uniform(-40, 40)
    estimate, se = float(draw.normal(0, size)), size * float(draw.uniform(0.01, 10))
    level = float(draw.uniform(0.01, 0.999))
    low, high = meta.convert.se_to_ci(estimate, se, ci_level=level)
    assert low < high
    back = meta.convert.ci_to_se(low, high, ci_level=level)
    assert np.isclose(back.se, se, rtol=1e-6)
    p_value = float(10.0 ** draw.uniform(-250, 0))
    sign = int(draw.choice([-1, 1]))
    z = meta.convert.p_to_statistic(p_value, sign=sign)
    assert np.isclose(meta.convert.statistic_to_p(z), p_value, rtol=1e-6)


def wild(draw: Draw) -> None:
    """Whatever the numbers are, the answer is finite or the error is typed."""
    k = int(draw.integers(1, 6))
    odd = [0.0, -0.0, 1e-308, 1e308, -1e308, np.nan, np.inf, 1e-30, 1e30, 5e-324, 1.0, -1.0]
    yi, vi = draw.choice(odd, k), draw.choice(odd, k)
    sound(meta.pool(yi, vi, **settings(draw)))


CASES: tuple[Callable[[Draw], None], ...] = (
    pooled, many, swapped, loaded, typed, bias, regressed, converted, wild,
)  # fmt: skip


def one(case: Callable[[Draw], None], seed: int) -> str:
    """Draw one case: "answered", "refused", or what went wrong."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            case(np.random.default_rng(seed))
        except TYPED:
            return "refused"
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            text = str(error).partition("\n")[0][:80]
            return f"{type(error).__name__} {place.name}:{place.lineno} {text}"
    return "answered"


def main() -> None:
    """Draw cases for some time, and count what they find."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    end, seed = time.monotonic() + 60 * asked.minutes, asked.seed
    found: Counter[str] = Counter()
    first: dict[str, int] = {}
    while time.monotonic() < end:
        for case in CASES:
            outcome = f"{case.__name__}: {one(case, seed)}"
            found[outcome] += MANY if case is many else 1
            first.setdefault(outcome, seed)
        seed += 1
    for outcome, count in sorted(found.items()):
        print(f"{count:9,}  {outcome} (first seed {first[outcome]})")
    print(f"{found.total():,} cases in {asked.minutes:g} minutes")
    sys.exit(any(not name.endswith(("answered", "refused")) for name in found))


if __name__ == "__main__":
    main()
