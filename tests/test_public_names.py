"""Public names are the same for Python and for type checkers."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import meta


def test_every_public_name_is_there_and_no_other():
    """What type checkers read is what Python finds: each name in the module that defines it."""
    listed = ast.parse(Path(meta.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    places = {
        alias.asname: (line.module, alias.name)
        for line in listed.body
        if isinstance(line, ast.ImportFrom)
        for alias in line.names
    }
    assert sorted([*places, "__version__"]) == sorted(meta.__all__)
    for name, (module, defined) in places.items():
        assert name == defined
        found = getattr(meta, name)
        assert getattr(found, "__module__", module) == module, name


# what users write, and what a type checker must say of it
WRITTEN = {
    "name": ("meta.nosuch(1)", 'has no attribute "nosuch"'),
    "argument": (
        "meta.pool([0.1], [0.2], modle='random')",
        'Unexpected keyword argument "modle"',
    ),
    "field": ("print(meta.pool([0.1], [0.2]).estimat)", 'has no attribute "estimat"'),
    "right": ("fit: meta.Pooled = meta.pool([0.1], [0.2])\nprint(fit.tau2 + fit.estimate)", ""),
}


def test_a_type_checker_reads_files_of_a_user(root, tmp_path):
    for name, (line, _) in WRITTEN.items():
        (tmp_path / f"{name}.py").write_text(f"import meta\n\n{line}\n", encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent",
         "--cache-dir", str(root / ".mypy_cache" / "user"), *(f"{name}.py" for name in WRITTEN)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    said = found.stdout.splitlines()
    for name, (_, fault) in WRITTEN.items():
        own = [line for line in said if line.startswith(f"{name}.py:")]
        assert any(fault in line for line in own) == bool(fault), found.stdout
        assert bool(own) == bool(fault), found.stdout
    assert said[-1].startswith("Found 3 errors in 3 files (checked 4 source files)"), found.stdout


# what people of the field call it elsewhere -> the one name that it has here
ONE_NAME = {
    "level": "ci_level", "conf_level": "ci_level", "confidence": "ci_level",
    "tau2_estimator": "tau2_method", "estimator_tau2": "tau2_method",
    "test": "ci_method", "small_sample_correction": "ci_method",
    "rho": "correlation", "corr": "correlation", "r": "correlation",
    "cluster_by": "cluster", "clusters": "cluster", "study": "cluster",
    "group": "by", "group_by": "by", "subgroup": "by",
    "slab": "labels", "study_labels": "labels", "names": "labels",
    "smallest_important": "mid", "minimal_difference": "mid",
    "limits": "xlim", "x_limits": "xlim",
    "heading": "title", "df": "data", "dataframe": "data",
    "p": "p_value", "pval": "p_value", "pvalue": "p_value",
    "rows": "results", "method_prediction": "prediction_method", "random_state": "seed",
}  # fmt: skip
# where the word means something else: the correlation that is the effect, the study that a picture
# of subsets marks, the group of a claim, a switch that writes names, choices by name, and a figure
OTHERWISE = {
    ("effect_size", "r"), ("plot_gosh", "study"), ("Assessment", "group"),
    ("plot_bubble", "names"), ("what_if", "names"), ("plot_evidence_map", "rows"),
}  # fmt: skip


def signatures() -> Iterator[tuple[str, inspect.Signature]]:
    """Every call that a user can make: functions, classes and their public methods."""
    for public in meta.__all__:
        found = getattr(meta, public)
        named = {public: found}
        if inspect.ismodule(found):
            named = {name: getattr(found, name) for name in found.__all__}
        elif inspect.isclass(found) and not issubclass(found, Exception):
            named |= {
                f"{public}.{name}": method
                for name, method in inspect.getmembers(found, callable)
                if not name.startswith("_")
            }
        for name, thing in named.items():
            if callable(thing) and not (inspect.isclass(thing) and issubclass(thing, Exception)):
                yield name, inspect.signature(thing)


def test_one_thing_has_one_name_in_every_signature():
    found = {
        (called, name): ONE_NAME[name]
        for called, signature in signatures()
        for name in signature.parameters
        if name in ONE_NAME
    }
    assert {key: name for key, name in found.items() if key not in OTHERWISE} == {}


def test_the_method_of_an_estimate_is_named_by_what_it_estimates():
    """A bare ``method`` chooses the analysis itself, never tau2, the interval or the prediction."""
    bare = {called for called, signature in signatures() if "method" in signature.parameters}
    assert bare == {
        "begg", "combine_p_values", "fail_safe_n", "mean_sd_from_median", "pool_proportions",
        "pool_rates",
    }  # fmt: skip
