"""Would the tests notice a small fault? Changes one place at a time, and runs the tests near it.

``make mutants`` samples such faults over the stages that compute. A mutant that no test kills is
printed with its place: either the tests lack a case there, or the change says the same.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import os
import random
import re
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path

ROOT = Path(__file__).parents[1]
STAGES = ("effect_sizes", "synthesis", "claims", "evidence")
# imported once, so that a mutant costs its tests and not the start of the interpreter
WARM = (
    "numpy", "pandas", "scipy.stats", "scipy.optimize", "scipy.special", "formulaic", "pymare",
    "statsmodels.api", "hypothesis", "frictionless", "pytest", "jinja2", "fastparquet",
)  # fmt: skip
SECONDS = 600
SWAPS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of one file."""

    file: Path
    line: int
    before: str
    after: str
    source: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.before}  ->  {self.after}"


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Every node that can be changed, and how; texts, annotations and messages are left alone."""
    for name, child in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list") or isinstance(tree, ast.JoinedStr):
            continue
        for node in child if isinstance(child, list) else [child]:
            if not isinstance(node, ast.AST) or isinstance(node, ast.Raise):
                continue
            if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SWAPS:
                yield node, "ops"
            elif isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in SWAPS:
                yield node, "op"
            elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
                yield node, "operand"
            elif isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
                yield node, "value"
            yield from places(node)


def mutant_of(file: Path, number: int) -> Mutant | None:
    """Change one place of a file; None if the change says the same."""
    text = file.read_text(encoding="utf-8")
    tree = ast.parse(text)
    node, how = list(places(tree))[number]
    before = ast.unparse(node)
    change(node, how)
    after = ast.unparse(node)
    return None if after == before else Mutant(file, node.lineno, before, after, ast.unparse(tree))


def change(node: ast.AST, how: str) -> None:
    """Change a node in place."""
    if how == "ops":
        node.ops = [SWAPS[type(node.ops[0])]()]
    elif how == "op":
        node.op = SWAPS[type(node.op)]()
    elif how == "operand":
        node.op = ast.UAdd() if isinstance(node.op, ast.USub) else node.op
        if isinstance(node.op, ast.Not):
            node.operand = ast.UnaryOp(ast.Not(), node.operand)
    elif isinstance(node.value, bool):
        node.value = not node.value
    else:
        node.value = node.value + 1 if isinstance(node.value, int) else node.value * 1.5 + 0.1


def near(file: Path) -> list[str]:
    """The module's own examples, and the test files that speak most of it."""
    stage = file.relative_to(ROOT / "src" / "meta").parts[0]
    defined = [
        node.name for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]  # fmt: skip
    words = re.compile(rf"\b({'|'.join([file.stem, *defined])})\b")
    spoken = Counter()
    for test in (ROOT / "tests" / stage).rglob("test_*.py"):
        spoken[str(test)] = len(words.findall(test.read_text(encoding="utf-8")))
        spoken[str(test)] += 1000 * (test.stem == f"test_{file.stem}")
    found = [test for test, count in spoken.most_common(2) if count]
    return [str(file), *found]


def wing(file: Path) -> str:
    """The folder of tests that a mutant must pass as a whole before it is said to live."""
    parts = file.relative_to(ROOT / "src" / "meta").parent.parts
    folder = ROOT.joinpath("tests", *parts)
    return str(folder if folder.is_dir() else folder.parent)


def survives(tests: list[str], mutant: Mutant | None) -> bool:
    """Run tests in a child process; True if all of them pass."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with contextlib.suppress(BaseException):
        signal.alarm(SECONDS)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        if mutant:
            mutate_on_import(mutant)
        pytest = importlib.import_module("pytest")
        hypothesis = importlib.import_module("hypothesis")
        hypothesis.settings.register_profile("few", max_examples=20, derandomize=True)
        hypothesis.settings.load_profile("few")
        flags = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist"]
        os._exit(int(pytest.main([*flags, *tests])))
    os._exit(1)


def mutate_on_import(mutant: Mutant) -> None:
    """Import the mutant in place of its file."""
    usual = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, name: str):
        if Path(self.path) == mutant.file:
            return compile(mutant.source, self.path, "exec")
        return usual(self, name)

    SourceFileLoader.get_code = get_code
    # now, since pytest reads the files that it is given by a loader of its own
    parts = mutant.file.relative_to(ROOT / "src").with_suffix("").parts
    importlib.import_module(".".join(part for part in parts if part != "__init__"))


def main() -> None:
    """Sample mutants, run the tests near them, and name those that live."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=100, help="mutants of each stage")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stage", action="append", choices=STAGES)
    parser.add_argument("--only", default="", help="files whose path holds this")
    asked = parser.parse_args()
    os.chdir(ROOT)
    for name in WARM:
        importlib.import_module(name)
    sound: dict[Path, bool] = {}
    killed = total = 0
    lived = []
    for stage in asked.stage or STAGES:
        files = sorted((ROOT / "src" / "meta" / stage).rglob("*.py"))
        found = [
            (file, number)
            for file in files
            if asked.only in str(file)
            for number in range(len(list(places(ast.parse(file.read_text(encoding="utf-8"))))))
        ]
        for file, number in random.Random(asked.seed).sample(found, min(asked.count, len(found))):
            one = mutant_of(file, number)
            if one is None:
                continue
            tests = near(one.file)
            if one.file not in sound:
                sound[one.file] = survives(tests, None)
            if not sound[one.file]:
                print(f"left out, its tests fail unchanged: {one}", flush=True)
                continue
            total += 1
            if survives(tests, one) and survives([wing(one.file)], one):
                lived.append(one)
                print(f"lives  {one}", flush=True)
            else:
                killed += 1
            if total % 20 == 0:
                print(f"{killed} of {total} killed", flush=True)
    print(f"\n{killed} of {total} mutants killed ({100 * killed / max(total, 1):.0f} %)")
    print(*(f"lives: {one}" for one in lived), sep="\n")
    sys.exit(0)


if __name__ == "__main__":
    main()
