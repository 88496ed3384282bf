"""Speed side by side with peers, in one run on one machine, told as ratios.

`make bench` installs the one peer that is no dependency and runs this. It prints the tables and
writes them to benchmarks/results.md. Seconds depend on the machine and are not written; ratios
travel better.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

import meta
from meta.synthesis.engine import tau2_columns

HERE = Path(__file__).resolve().parent
STUDIES, LARGE = 13, 2_000
ANALYSES, LOOPED = 10_000, 300  # sets, and those that are timed one by one where a peer must loop
MANY = 100_000
ARMS = 1_000_000
DRAWN = 15  # studies of which all subsets are pooled
# of 13 studies every way to leave out at most six, under every setting: 1,032,192 combinations
CHOICES = {
    "leave_out": 6,
    "model": ["random", "common"],
    "tau2_method": ["REML", "DL", "PM", "ML", "SJ", "HE"],
    "ci_method": ["HK", "HK-adhoc", "wald"],
    "ci_level": [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99],
}
COMBINATIONS = 4_096 * 2 * 6 * 3 * 7
ROUNDS = 3
# studies of a set and number of sets in the table of growth; larger products take too long a turn
SIZES, COUNTS, MOST = (5, 10, 100, 1_000, 20_000), (1, 100, 10_000, 100_000), 10_000_000

TASKS = {
    "fit": "One fit, REML and Knapp-Hartung",
    "fit_dl": "One fit, fast tau2 (DerSimonian-Laird or Paule-Mandel)",
    "fit_large": f"One fit of {LARGE:,} studies, REML",
    "leave_one_out": f"Leave-one-out of {STUDIES} studies",
    "influence": f"Influence of {STUDIES} studies",
    "permutation": f"Exact permutation test of {STUDIES} effects",
    "many": f"{ANALYSES:,} sets of 10 studies, REML, every interval",
    "many_large": f"{MANY:,} sets of 10 studies, REML, every interval",
    "multiverse": f"Multiverse of {COMBINATIONS:,} combinations",
    "gosh": f"Every subset of {DRAWN} studies (GOSH)",
    "effect_size": f"Standardised mean differences of {ARMS:,} trials",
    "effect_size_one": "Standardised mean difference of one trial",
    "import": "Import of one function, whole process",
    "command": "A file pooled from the command line, whole process",
}
OURS = "meta"
Times = dict[str, float]


def clock() -> float:
    """Processor seconds of this process and those it has run: a busy machine changes them less."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def seconds(call: Callable[[], object], times: int = 1, rounds: int = ROUNDS) -> float:
    """Processor seconds of one call: the best of several rounds, after one to warm up."""
    call()
    found = []
    for _ in range(rounds):
        start = clock()
        for _ in range(times):
            call()
        found.append((clock() - start) / times)
    return min(found)


def draw(k: int, d: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Draw d sets of k studies."""
    random = np.random.default_rng(seed)
    V = random.uniform(0.02, 0.3, (k, d))
    return random.normal(0.3, np.sqrt(V + random.choice([0, 0.02, 0.1], d))), V


class Data:
    """One set, others, many sets, and arms of many trials, also as files for R."""

    def __init__(self) -> None:
        self.one, self.large, self.subsets = (
            pd.DataFrame({"yi": Y[:, 0], "vi": V[:, 0]})
            for Y, V in (draw(k, 1) for k in (STUDIES, LARGE, DRAWN))
        )
        self.Y, self.V = draw(10, ANALYSES)
        random = np.random.default_rng(1)
        arms = {f"mean_{arm}": random.normal(10, 2, ARMS) for arm in "tc"}
        arms |= {f"sd_{arm}": random.uniform(1, 3, ARMS) for arm in "tc"}
        arms |= {f"n_{arm}": random.integers(5, 200, ARMS) for arm in "tc"}
        self.arms = arms
        self.first = {name: values[0] for name, values in arms.items()}

    def write(self, folder: str) -> None:
        self.one.to_csv(f"{folder}/one.csv", index=False)
        self.large.to_csv(f"{folder}/large.csv", index=False)
        self.subsets.to_csv(f"{folder}/subsets.csv", index=False)
        pd.DataFrame(self.Y[:, :LOOPED]).to_csv(f"{folder}/many_y.csv", index=False)
        pd.DataFrame(self.V[:, :LOOPED]).to_csv(f"{folder}/many_v.csv", index=False)
        pd.DataFrame(self.arms).head(ARMS // 10).to_csv(f"{folder}/arms.csv", index=False)
        for k in SIZES:
            Y, V = draw(k, 1)
            pd.DataFrame({"yi": Y[:, 0], "vi": V[:, 0]}).to_csv(f"{folder}/k{k}.csv", index=False)


def time_ours(data: Data, folder: str) -> Times:
    yi, vi = data.one["yi"].to_numpy(), data.one["vi"].to_numpy()
    large = data.large["yi"].to_numpy(), data.large["vi"].to_numpy()
    fit, subsets = meta.pool(yi, vi), meta.pool(data.subsets)
    command = [str(Path(sys.executable).with_name("meta")), "pool", f"{folder}/one.csv"]
    return {
        "fit": seconds(lambda: meta.pool(yi, vi), 30),
        "fit_dl": seconds(lambda: meta.pool(yi, vi, tau2_method="DL"), 30),
        "fit_large": seconds(lambda: meta.pool(*large), 5),
        "leave_one_out": seconds(lambda: meta.leave_one_out(fit), 10),
        "influence": seconds(lambda: meta.influence(fit), 10),
        "permutation": seconds(lambda: meta.permutation_test(fit)),
        "many": seconds(lambda: meta.pool_many(data.Y, data.V)),
        "many_large": seconds(lambda: meta.pool_many(*draw(10, MANY)), rounds=1),
        "multiverse": seconds(lambda: meta.multiverse(data.one, CHOICES, "GEN")),
        "gosh": seconds(lambda: meta.gosh(subsets)),
        "effect_size": seconds(lambda: meta.effect_size("SMD", **data.arms)),
        "effect_size_one": seconds(lambda: meta.effect_size("SMD", **data.first), 30),
        "import": seconds(importing("from meta import pool")),
        "command": seconds(lambda: subprocess.run(command, capture_output=True, check=True)),
    }


def importing(line: str) -> Callable[[], object]:
    """Return a call that runs a line of Python in a process of its own."""
    command = [sys.executable, "-c", line]
    return lambda: subprocess.run(command, capture_output=True, check=True)


def time_pymare(data: Data) -> tuple[Times, Callable[[int, int], float]]:
    from pymare import meta_regression
    from pymare.effectsize import compute_measure
    from pymare.estimators import VarianceBasedLikelihoodEstimator

    yi, vi = data.one["yi"].to_numpy(), data.one["vi"].to_numpy()
    large = data.large["yi"].to_numpy(), data.large["vi"].to_numpy()
    sizes = {"m1": "mean_t", "sd1": "sd_t", "n1": "n_t", "m2": "mean_c", "sd2": "sd_c", "n2": "n_c"}
    arms = {theirs: data.first[ours] for theirs, ours in sizes.items()}

    def fit(method: str, y: np.ndarray = yi, v: np.ndarray = vi) -> object:
        return meta_regression(y, v, method=method).to_df()

    def likelihood(Y: np.ndarray, V: np.ndarray) -> object:
        return VarianceBasedLikelihoodEstimator(method="REML").fit(Y, V, np.ones((len(Y), 1)))

    test = meta_regression(yi, vi, method="REML")
    times = {
        "fit": seconds(lambda: fit("REML"), 30),
        "fit_dl": seconds(lambda: fit("DL"), 30),
        "fit_large": seconds(lambda: fit("REML", *large), rounds=1),
        "permutation": seconds(lambda: test.permutation_test(2**STUDIES), rounds=1),
        # tau2 and coefficients only: it has no intervals of many sets
        "many": seconds(lambda: likelihood(data.Y, data.V)),
        "many_large": seconds(lambda: likelihood(*draw(10, MANY)), rounds=1),
        "import": seconds(importing("from pymare import meta_regression")),
        "effect_size_one": seconds(lambda: compute_measure("SMD", **arms), rounds=1),
    }
    return times, lambda k, d: seconds(lambda: likelihood(*draw(k, d)), rounds=1)


def time_statsmodels(data: Data) -> tuple[Times, Callable[[int, int], float]]:
    from statsmodels.stats.meta_analysis import combine_effects, effectsize_smd

    yi, vi = data.one["yi"].to_numpy(), data.one["vi"].to_numpy()
    order = [f"{name}_{arm}" for arm in "tc" for name in ("mean", "sd", "n")]
    columns, single = [data.arms[n] for n in order], [data.first[n] for n in order]

    def fit(y: np.ndarray, v: np.ndarray) -> object:
        return combine_effects(y, v, method_re="iterated", use_t=True)

    def growth(k: int, d: int) -> float:
        Y, V = draw(k, 1)
        return d * seconds(lambda: fit(Y[:, 0], V[:, 0]), 5)

    times = {
        "fit_dl": seconds(lambda: fit(yi, vi), 30),
        "effect_size": seconds(lambda: effectsize_smd(*columns)),
        "effect_size_one": seconds(lambda: effectsize_smd(*single), 30),
        "import": seconds(importing("from statsmodels.stats.meta_analysis import combine_effects")),
    }
    return times, growth


def time_pymetaanalysis(data: Data) -> tuple[Times, Callable[[int, int], float]]:
    from meta_analyze import meta_analysis

    yi, vi = data.one["yi"].to_numpy(), data.one["vi"].to_numpy()
    large = data.large["yi"].to_numpy(), data.large["vi"].to_numpy()

    def fit(y: np.ndarray, v: np.ndarray, method: str = "REML") -> object:
        return meta_analysis(effect=y, variance=v, tau2_method=method, ci_method="hartung_knapp")

    def growth(k: int, d: int) -> float:
        Y, V = draw(k, 1)
        return d * seconds(lambda: fit(Y[:, 0], V[:, 0]), 2)

    whole = fit(yi, vi)
    looped = seconds(lambda: [fit(data.Y[:, j], data.V[:, j]) for j in range(LOOPED)], rounds=1)
    times = {
        "fit": seconds(lambda: fit(yi, vi), 30),
        "fit_dl": seconds(lambda: fit(yi, vi, "DL"), 30),
        "fit_large": seconds(lambda: fit(*large), rounds=1),
        "leave_one_out": seconds(whole.leave_one_out, 3),
        "many": looped / LOOPED * ANALYSES,
        "many_large": looped / LOOPED * MANY,
        "import": seconds(importing("from meta_analyze import meta_analysis")),
    }
    times["multiverse"] = COMBINATIONS * times["fit"]
    return times, growth


def time_metafor(folder: str) -> tuple[Times, Callable[[int, int], float], str, float]:
    command = ["Rscript", str(HERE / "peers.R"), folder]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    told = {name: rest for name, *rest in (line.split() for line in run.stdout.splitlines())}
    times = {name: float(told[name][0]) for name in TASKS if name in told}
    times["many_large"] = MANY * times["many"]
    times["many"] *= ANALYSES
    times["multiverse"] = COMBINATIONS * times["fit"]
    times["gosh"] *= 2**DRAWN - 1
    library = ["Rscript", "-e", "library(metafor)"]
    times["import"] = seconds(lambda: subprocess.run(library, capture_output=True, check=True))
    times["effect_size"] *= 10
    one = f'library(metafor); print(rma(yi, vi, data = read.csv("{folder}/one.csv")))'
    whole = ["Rscript", "-e", one]
    times["command"] = seconds(lambda: subprocess.run(whole, capture_output=True, check=True))
    return (
        times,
        lambda k, d: d * float(told[f"k{k}"][0]) if f"k{k}" in told else np.nan,
        "metafor {} on R {}".format(*told["version"]),
        float(told["many_failed"][0]),
    )


def peak(call: Callable[[], object]) -> float:
    """Return the most memory that a call asks for, in megabytes."""
    tracemalloc.start()
    call()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 2**20


def memory_table(data: Data) -> list[str]:
    """Measure what a call asks for beside what it returns."""
    subsets = meta.pool(data.subsets)
    calls: dict[str, Callable[[], pd.DataFrame]] = {
        "many_large": lambda: meta.pool_many(*draw(10, MANY)),
        "multiverse": lambda: meta.multiverse(data.one, CHOICES, "GEN").table,
        "gosh": lambda: meta.gosh(subsets).table,
        "effect_size": lambda: meta.effect_size("SMD", **data.arms),
    }
    lines = ["| task | answer, MB | beside it, MB |", "|---|---:|---:|"]
    for task, call in calls.items():
        answer = call().memory_usage().sum() / 2**20
        beside = max(peak(call) - answer, 0.0)
        lines.append(f"| {TASKS[task]} | {answer:.1f} | {beside:.1f} |")
    return lines


def report_table() -> list[str]:
    """Build this project's report in a copy, again and again, by the clock."""
    left = shutil.ignore_patterns("build", "src", "tests", "__pycache__", ".*")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "project")
        shutil.copytree(HERE.parent, copy, ignore=left)
        notebook, results = copy / "notebooks" / "04_sleep.ipynb", copy / "data" / "results.csv"

        def build() -> float:
            start = time.perf_counter()
            command = [sys.executable, "-m", "meta", "report"]
            subprocess.run(command, cwd=copy, capture_output=True, check=True)
            return time.perf_counter() - start

        def touched() -> None:
            text = notebook.read_text(encoding="utf-8")
            notebook.write_text(text.replace("import meta", "import meta  # touched", 1), "utf-8")

        def changed() -> None:
            rows = pd.read_csv(results, dtype=str, keep_default_na=False)
            rows.loc[0, "note"] += " Read again."
            rows.to_csv(results, index=False, lineterminator="\n")

        cold = build()
        lines = ["| build | share of the first |", "|---|---:|"]
        lines.append(f"| Nothing changed | {ratio(build() / cold)} |")
        for what, change in (("One notebook touched", touched), ("One row changed", changed)):
            change()
            lines.append(f"| {what} | {ratio(build() / cold)} |")
    return lines


def growth_table(peers: dict[str, Callable[[int, int], float]]) -> list[str]:
    """Time REML estimates by number of studies and of sets."""
    heads = ["studies", "sets", "passes", *peers, "memory, MB", "data, MB"]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---:|" * len(heads)]
    for k in SIZES:
        for d in COUNTS:
            if k * d > MOST:
                continue
            Y, V = draw(k, d)
            times = max(1, 20_000 // (k * d))
            floor = seconds(lambda Y=Y, V=V: (Y / V).sum(axis=0), times)
            ours, moments = (
                seconds(lambda Y=Y, V=V, method=method: tau2_columns(Y, V, method), times)
                for method in ("REML", "PM")
            )
            ratios = [
                ratio(peer(k, d) / (moments if name == "statsmodels" else ours))
                for name, peer in peers.items()
            ]
            memory = peak(lambda Y=Y, V=V: tau2_columns(Y, V, "REML"))
            cells = [f"{k:,}", f"{d:,}", ratio(ours / floor), *ratios]
            cells += [f"{memory:.1f}", f"{(Y.nbytes + V.nbytes) / 2**20:.1f}"]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def ratio(value: float) -> str:
    """Two digits, with no decimals that mean nothing."""
    if np.isnan(value):
        return ""
    return f"{value:.2g}" if value < 100 else f"{float(f'{value:.2g}'):,.0f}"


def machine() -> str:
    """Name the processor, if the system tells."""
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in told if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores"


def main() -> None:
    data = Data()
    versions = [f"{name} {version(name)}" for name in ("pymare", "statsmodels", "numpy", "scipy")]
    absent, failed = [], None
    growth: dict[str, Callable[[int, int], float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        data.write(folder)
        times = {OURS: time_ours(data, folder)}
        times["PyMARE"], growth["PyMARE"] = time_pymare(data)
        times["statsmodels"], growth["statsmodels"] = time_statsmodels(data)
        if importlib.util.find_spec("meta_analyze"):
            times["PyMetaAnalysis"], growth["PyMetaAnalysis"] = time_pymetaanalysis(data)
            versions.append(f"PyMetaAnalysis {version('pymetaanalysis')}")
        else:
            absent.append("PyMetaAnalysis (pip install '.[bench]')")
        if shutil.which("Rscript"):
            try:
                times["metafor"], growth["metafor"], r_versions, failed = time_metafor(folder)
                versions.append(r_versions)
            except subprocess.CalledProcessError as error:
                absent.append(f"metafor ({error.stderr.strip().splitlines()[-1]})")
        else:
            absent.append("metafor (no Rscript)")

    peers = [name for name in times if name != OURS]
    lines = ["| task | " + " | ".join(peers) + " |", "|---|" + "---:|" * len(peers)]
    for task, title in TASKS.items():
        cells = [ratio(times[peer].get(task, np.nan) / times[OURS][task]) for peer in peers]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    slower = [
        title
        for task, title in TASKS.items()
        if any(times[OURS][task] > 1.1 * times[peer].get(task, np.inf) for peer in peers)
    ]
    report = [
        "# Speed beside peers",
        "",
        "How many times as long as `meta` a peer takes for the same task: above 1, the peer is",
        "slower; below 1, faster. Processor time on one machine, in one run, best of some rounds.",
        "An empty cell: the peer does not offer the task.",
        "",
        *lines,
        "",
        "Slower than at least one peer in: "
        + (f"{'; '.join(slower)}." if slower else "nothing in this run."),
        f"The loops of peers were timed on {LOOPED} sets; those over combinations are the time of",
        "one fit, times their number, and metafor's subsets were timed on 200 of them.",
    ]
    if failed is not None:
        report.append(f"metafor's REML did not converge in {100 * failed:.1f} % of them.")
    report += [
        "",
        "## Memory",
        "",
        *memory_table(data),
        "",
        "## The report",
        "",
        "This project's report, built in a copy and again after a change, by the clock.",
        "",
        *report_table(),
        "",
        "## How it grows",
        "",
        "tau2 by REML of `sets` meta-analyses of `studies`. *Passes*: times as long as one pass of",
        "NumPy over the data, `(Y / V).sum(axis=0)`, the floor. Then how many times as long a peer",
        "takes (statsmodels: both by Paule-Mandel; all but PyMARE loop, and one set is timed).",
        "Memory is the most that the call asks for beside the data.",
        "",
        *growth_table(growth),
        "",
        f"{machine()}. Python {sys.version.split()[0]}, {', '.join(versions)}.",
    ]
    if absent:
        report.append(f"Left out: {'; '.join(absent)}.")
    text = "\n".join(report) + "\n"
    (HERE / "results.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
