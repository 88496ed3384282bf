"""Speed side by side with peers, in one run on one machine, told as ratios.

`make bench` installs the one peer that is no dependency and runs this. It prints a table and
writes it to benchmarks/results.md. Seconds depend on the machine and are not written; ratios travel
better.
"""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

import meta
from meta.synthesis.engine import tau2_columns

HERE = Path(__file__).resolve().parent
STUDIES = 13
ANALYSES = 10_000
LOOPED = 300  # analyses that are timed one by one; the rest is taken to last as long
ARMS = 100_000
ROUNDS = 3

TASKS = {
    "fit": "One fit, REML and Knapp-Hartung",
    "fit_dl": "One fit, fast tau2 (DerSimonian-Laird or Paule-Mandel)",
    "leave_one_out": f"Leave-one-out of {STUDIES} studies",
    "influence": f"Influence of {STUDIES} studies",
    "many": f"{ANALYSES:,} REML estimates of 10 studies",
    "effect_size": f"Standardised mean differences of {ARMS:,} trials",
    "effect_size_one": "Standardised mean difference of one trial",
}
OURS = "meta"
# one set of studies, effects and variances of many sets, arms of many trials
Sets = tuple[pd.DataFrame, np.ndarray, np.ndarray, pd.DataFrame]


def seconds(call: Callable[[], object], times: int = 1, rounds: int = ROUNDS) -> float:
    """Seconds of one call: the best of several rounds, after one to warm up."""
    call()
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(times):
            call()
        found.append((time.perf_counter() - start) / times)
    return min(found)


def data() -> Sets:
    """Draw one set of studies, many sets of equal size, and many trials."""
    random = np.random.default_rng(1)
    vi = random.uniform(0.01, 0.3, STUDIES)
    one = pd.DataFrame({"yi": random.normal(0.3, np.sqrt(vi + 0.1)), "vi": vi})
    V = random.uniform(0.02, 0.3, (10, ANALYSES))
    Y = random.normal(0.3, np.sqrt(V + random.choice([0, 0.02, 0.1], ANALYSES)))
    arms = pd.DataFrame({f"mean_{arm}": random.normal(10, 2, ARMS) for arm in "tc"})
    for arm in "tc":
        arms[f"sd_{arm}"] = random.uniform(1, 3, ARMS)
        arms[f"n_{arm}"] = random.integers(5, 200, ARMS)
    return one, Y, V, arms


def time_ours(sets: Sets) -> dict[str, float]:
    one, Y, V, arms = sets
    fit = meta.pool(one["yi"], one["vi"])
    columns = {name: arms[name] for name in arms}
    first = {name: arms[name].iloc[0] for name in arms}
    looped = seconds(lambda: [meta.pool(Y[:, j], V[:, j]) for j in range(LOOPED)], rounds=1)
    return {
        "fit": seconds(lambda: meta.pool(one["yi"], one["vi"]), 30),
        "fit_dl": seconds(lambda: meta.pool(one["yi"], one["vi"], tau2_method="DL"), 30),
        "leave_one_out": seconds(lambda: meta.leave_one_out(fit), 3),
        "influence": seconds(lambda: meta.influence(fit), 3),
        "many": seconds(lambda: tau2_columns(Y, V, "REML")),
        "many_looped": looped / LOOPED * ANALYSES,
        "effect_size": seconds(lambda: meta.effect_size("SMD", **columns)),
        "effect_size_one": seconds(lambda: meta.effect_size("SMD", **first), 30),
    }


def time_pymare(sets: Sets) -> dict[str, float]:
    from pymare import meta_regression
    from pymare.effectsize import compute_measure
    from pymare.estimators import VarianceBasedLikelihoodEstimator

    one, Y, V, arms = sets
    yi, vi, first = one["yi"].to_numpy(), one["vi"].to_numpy(), arms.iloc[0]

    def fit(method: str) -> object:
        return meta_regression(yi, vi, method=method)

    def size() -> object:
        return compute_measure(
            "SMD",
            m1=first["mean_t"],
            sd1=first["sd_t"],
            n1=first["n_t"],
            m2=first["mean_c"],
            sd2=first["sd_c"],
            n2=first["n_c"],
        )

    ones = np.ones((len(Y), 1))
    return {
        "fit": seconds(lambda: fit("REML").to_df(), 30),
        "fit_dl": seconds(lambda: fit("DL").to_df(), 30),
        "many": seconds(lambda: VarianceBasedLikelihoodEstimator(method="REML").fit(Y, V, ones)),
        "effect_size_one": seconds(size, rounds=1),
    }


def time_statsmodels(sets: Sets) -> dict[str, float]:
    from statsmodels.stats.meta_analysis import combine_effects, effectsize_smd

    one, _, _, arms = sets
    yi, vi, first = one["yi"].to_numpy(), one["vi"].to_numpy(), arms.iloc[0]
    columns = [arms[f"{name}_{arm}"].to_numpy() for arm in "tc" for name in ("mean", "sd", "n")]
    single = [first[f"{name}_{arm}"] for arm in "tc" for name in ("mean", "sd", "n")]
    return {
        "fit_dl": seconds(lambda: combine_effects(yi, vi, method_re="iterated", use_t=True), 30),
        "effect_size": seconds(lambda: effectsize_smd(*columns)),
        "effect_size_one": seconds(lambda: effectsize_smd(*single), 30),
    }


def time_pymetaanalysis(sets: Sets) -> dict[str, float]:
    from meta_analyze import meta_analysis

    one, Y, V, _ = sets
    yi, vi = one["yi"].to_numpy(), one["vi"].to_numpy()

    def fit(y: np.ndarray, v: np.ndarray, method: str = "REML") -> object:
        return meta_analysis(effect=y, variance=v, tau2_method=method, ci_method="hartung_knapp")

    whole = fit(yi, vi)
    looped = seconds(lambda: [fit(Y[:, j], V[:, j]) for j in range(LOOPED)], rounds=1)
    return {
        "fit": seconds(lambda: fit(yi, vi), 30),
        "fit_dl": seconds(lambda: fit(yi, vi, "DL"), 30),
        "leave_one_out": seconds(whole.leave_one_out, 3),
        "many": looped / LOOPED * ANALYSES,
    }


def time_metafor(sets: Sets) -> tuple[dict[str, float], str, float]:
    one, Y, V, arms = sets
    with tempfile.TemporaryDirectory() as folder:
        one.to_csv(f"{folder}/one.csv", index=False)
        pd.DataFrame(Y[:, :LOOPED]).to_csv(f"{folder}/many_y.csv", index=False)
        pd.DataFrame(V[:, :LOOPED]).to_csv(f"{folder}/many_v.csv", index=False)
        arms.to_csv(f"{folder}/arms.csv", index=False)
        command = ["Rscript", str(HERE / "peers.R"), folder]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
    told = {name: rest for name, *rest in (line.split() for line in run.stdout.splitlines())}
    times = {name: float(told[name][0]) for name in TASKS if name in told}
    times["many"] *= ANALYSES
    return times, "metafor {} on R {}".format(*told["version"]), float(told["many_failed"][0])


def ratio(value: float) -> str:
    """Two digits, with no decimals that mean nothing."""
    return f"{value:.2g}" if value < 100 else f"{float(f'{value:.2g}'):,.0f}"


def main() -> None:
    sets = data()
    times = {OURS: time_ours(sets)}
    versions = [f"{name} {version(name)}" for name in ("pymare", "statsmodels", "numpy", "scipy")]
    times["PyMARE"] = time_pymare(sets)
    times["statsmodels"] = time_statsmodels(sets)
    absent = []
    if importlib.util.find_spec("meta_analyze"):
        times["PyMetaAnalysis"] = time_pymetaanalysis(sets)
        versions.append(f"PyMetaAnalysis {version('pymetaanalysis')}")
    else:
        absent.append("PyMetaAnalysis (pip install '.[bench]')")
    failed = None
    if shutil.which("Rscript"):
        try:
            times["metafor"], r_versions, failed = time_metafor(sets)
            versions.append(r_versions)
        except subprocess.CalledProcessError as error:
            absent.append(f"metafor ({error.stderr.strip().splitlines()[-1]})")
    else:
        absent.append("metafor (no Rscript)")

    peers = [name for name in times if name != OURS]
    lines = [
        "| task | " + " | ".join(peers) + " |",
        "|---|" + "---:|" * len(peers),
    ]
    for task, title in TASKS.items():
        cells = [
            ratio(times[peer][task] / times[OURS][task]) if task in times[peer] else ""
            for peer in peers
        ]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    slower = [
        title
        for task, title in TASKS.items()
        if any(times[OURS][task] > 1.1 * times[peer].get(task, np.inf) for peer in peers)
    ]
    looped = times[OURS]["many_looped"] / times[OURS]["many"]
    report = [
        "# Speed beside peers",
        "",
        "How many times as long as `meta` a peer takes for the same task: above 1, the peer is",
        "slower; below 1, faster. One machine, one run, the best of several rounds. An empty cell:",
        "the peer does not offer the task.",
        "",
        *lines,
        "",
        f"The many estimates are one call of `tau2_columns`; a loop over `meta.pool`, which also "
        f"computes every interval, takes {ratio(looped)} times as long. The loops of peers were "
        f"timed on {LOOPED} analyses.",
    ]
    if failed is not None:
        report.append(f"metafor's REML did not converge in {100 * failed:.1f} % of them.")
    report += [
        "",
        "`meta` is slower than at least one peer in: "
        f"{'; '.join(slower) if slower else 'nothing in this run'}. Its fit checks the input, "
        "names every fault, and always includes the intervals of tau2 and I2 and the prediction "
        "interval, which peers compute when asked, or not at all.",
        "",
        f"Python {sys.version.split()[0]}, {', '.join(versions)}.",
    ]
    if absent:
        report.append(f"Left out: {'; '.join(absent)}.")
    text = "\n".join(report) + "\n"
    (HERE / "results.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
