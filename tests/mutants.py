"""Would the tests notice a small fault? Changes one place at a time, and runs what reaches it.

``make mutants`` samples such faults over the stages that compute. A mutant that no test kills is
printed with its place: either the tests lack a case there, or the change says the same.

One run of a stage's tests and doctests notes which functions each enters and how long it takes. A
mutant then meets those that enter its function, the quickest first, ``--seconds`` of them, in a
process of its own that is forked from one in which all is imported. What is computed when a module
is imported (tables, defaults, classes) meets the tests of its file's functions in a process that
imports anew.

Passed over, since no number can show them: texts, annotations, decorators and raised messages;
`PASSED_OVER`, the arguments that bear on layout, row labels, speed, memory, warnings and the
stopping of a search; what is done for a type checker alone; and ``* sign``, since dividing by 1 or
-1 is the same.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import hashlib
import importlib
import json
import os
import random
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType, FunctionType
from typing import Any

ROOT = Path(__file__).parents[1]
META = ROOT / "src" / "meta"
STAGES = ("effect_sizes", "synthesis", "claims", "evidence")
KEPT = ROOT / "build" / "mutants"
CODE = "src, data"
# a single test that takes longer is left to the whole suite
LONGEST = 3.0
# imported once, so that a mutant costs its tests and not the start of the interpreter
WARM = (
    "numpy", "pandas", "scipy.stats", "scipy.optimize", "scipy.special", "formulaic", "pymare",
    "statsmodels.api", "hypothesis", "frictionless", "pytest", "jinja2", "fastparquet",
)  # fmt: skip
PASSED_OVER = {
    "indent", "width", "stacklevel", "maxsize", "slots", "frozen", "kw_only", "repr", "strict",
    "copy", "drop", "xtol", "rtol", "ftol", "gtol", "maxiter", "maxfev", "epsabs", "epsrel",
}  # fmt: skip
FLAGS = ("-q", "-n0", "-p", "no:cacheprovider", "-p", "no:randomly")
SWAPS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
    ast.And: ast.Or, ast.Or: ast.And, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}  # fmt: skip

# a function by its file and the line on which it (or its first decorator) begins
Place = tuple[str, int]


@dataclass(frozen=True)
class Mutant:
    """One change of one file, and the function it is in (line 0: none)."""

    file: Path
    line: int
    function: Place
    before: str
    after: str
    tree: ast.Module

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.before}  ->  {self.after}"


# ---- what can be changed


def places(tree: ast.AST, function: int = 0) -> Iterator[tuple[ast.AST, str, int]]:
    """Every node that can be changed, how, and the line of its function."""
    for name, child in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list") or isinstance(tree, ast.JoinedStr):
            continue
        within = function
        if isinstance(tree, ast.FunctionDef) and name == "body" and not function:
            within = min([tree.lineno, *(each.lineno for each in tree.decorator_list)])
        for node in child if isinstance(child, list) else [child]:
            if not isinstance(node, ast.AST) or isinstance(node, ast.Raise):
                continue
            if isinstance(node, ast.keyword) and node.arg in PASSED_OVER:
                continue
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                continue
            by_sign = isinstance(node, ast.BinOp) and ast.unparse(node.right).endswith("sign")
            if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SWAPS:
                yield node, "ops", within
            elif (
                isinstance(node, ast.BoolOp | ast.BinOp) and type(node.op) in SWAPS and not by_sign
            ):
                yield node, "op", within
            elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
                yield node, "operand", within
            elif isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
                yield node, "value", within
            yield from places(node, within)


def mutant_of(file: Path, number: int) -> Mutant | None:
    """Change one place of a file; None if the change says the same."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    node, how, function = list(places(tree))[number]
    before = ast.unparse(node)
    change(node, how)
    after = ast.unparse(node)
    if after == before:
        return None
    tree = ast.fix_missing_locations(tree)
    return Mutant(file, node.lineno, (str(file), function), before, after, tree)


def change(node: Any, how: str) -> None:
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


def sample(stage: str, count: int, seed: int, only: str) -> list[Mutant]:
    """Draw mutants of a stage."""
    found = [
        (file, number)
        for file in sorted((META / stage).rglob("*.py"))
        if only in str(file)
        for number, _ in enumerate(places(ast.parse(file.read_text(encoding="utf-8"))))
    ]
    drawn = random.Random(seed).sample(found, min(count, len(found)))
    return [one for file, number in drawn if (one := mutant_of(file, number))]


# ---- which tests reach what


@dataclass
class Reached:
    """What was entered while tests were collected, and by each test, with its seconds."""

    on_import: set[Place]
    functions: dict[str, set[Place]]
    seconds: dict[str, float]
    digests: dict[str, str]

    def tests(self, mutant: Mutant, most: float) -> tuple[list[str], float]:
        """Tests that enter the function of a mutant, or its file, the quickest first; seconds."""
        in_place, wanted = self.in_place(mutant), str(mutant.file)
        tests = [
            test
            for test, entered in self.functions.items()
            if mutant.function in entered
            or (not in_place and any(file == wanted for file, _ in entered))
        ]
        # of similar cost, those of one file stay together: they share what they prepare
        place = {test: number for number, test in enumerate(self.functions)}
        cost = {test: int(20 * self.seconds[test]).bit_length() for test in tests}
        tests.sort(key=lambda test: (cost[test], place[test]))
        spent = 0.0
        for number, test in enumerate(tests):
            spent += self.seconds[test]
            if spent > most:
                return tests[:number], most
        return tests, spent

    def in_place(self, mutant: Mutant) -> bool:
        """Tell whether a function can be changed after all was imported."""
        return bool(mutant.function[1]) and mutant.function not in self.on_import

    def save(self, file: Path) -> None:
        kept = {
            "digests": self.digests,
            "on_import": sorted(self.on_import),
            "functions": {test: sorted(entered) for test, entered in self.functions.items()},
            "seconds": self.seconds,
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(kept), encoding="utf-8")

    @classmethod
    def load(cls, file: Path) -> Reached:
        kept = json.loads(file.read_text(encoding="utf-8"))
        return cls(
            {(file, line) for file, line in kept["on_import"]},
            {
                test: {(file, line) for file, line in entered}
                for test, entered in kept["functions"].items()
            },
            kept["seconds"],
            kept["digests"],
        )

    def without_changed(self, now: dict[str, str]) -> Reached:
        """Forget the tests of files that have changed since; all if it is the code."""
        if self.digests[CODE] != now[CODE]:
            return Reached(set(), {}, {}, {})
        same = {name for name, digest in now.items() if self.digests.get(name) == digest}
        return Reached(
            self.on_import,
            {test: on for test, on in self.functions.items() if test.split("::")[0] in same},
            self.seconds,
            {name: self.digests[name] for name in same},
        )


class Recorder:
    """Notes which functions of the stages are entered."""

    def __init__(self) -> None:
        self.now: set[Place] = set()
        self._folders = tuple(str(META / stage) for stage in STAGES)

    def __call__(self, frame: FrameType, *_: object) -> None:
        code = frame.f_code
        if code.co_filename.startswith(self._folders):
            self.now.add((code.co_filename, code.co_firstlineno))


def digests_of(stage: str) -> dict[str, str]:
    """Say by sums which code and data, and which test files of a stage, a map was made from."""
    code = hashlib.sha256()
    for folder in ("src", "data"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".csv", ".json", ".toml"):
                code.update(path.read_bytes())
    found = {CODE: code.hexdigest()}
    for folder in (ROOT / "tests" / stage, META / stage):
        for path in sorted(folder.rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


# ---- running


def few_examples() -> None:
    """Let drawn tests try the same few examples each time."""
    hypothesis = importlib.import_module("hypothesis")
    hypothesis.settings.register_profile("few", max_examples=5, derandomize=True, deadline=None)
    hypothesis.settings.load_profile("few")


def forked(work: Callable[[], bool], seconds: float) -> bool:
    """Do something in a child process, in silence; True if it succeeds in that much work."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with contextlib.suppress(BaseException):
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        os._exit(0 if work() else 1)
    os._exit(1)


def too_long(*_: object) -> None:
    """End a test that is left to the whole suite."""
    raise TimeoutError


class Session:
    """Tests of a stage that are collected once; each mutant meets them in a fork."""

    def __init__(self, stage: str, recorder: Recorder, then: Callable[[Session], None]) -> None:
        self.file, self._digests = KEPT / f"{stage}.json", digests_of(stage)
        self._recorder, self._then = recorder, then
        self._killer = KEPT / f"{stage}.txt"
        self._sound: set[str] = set()
        self._unsound: set[str] = set()
        sys.settrace(recorder)

    def pytest_runtestloop(self, session: Any) -> bool:
        sys.settrace(None)
        few_examples()  # whatever profile the tests themselves have loaded
        session.config.pluginmanager.unregister(name="terminalreporter")
        self.items = {item.nodeid: item for item in session.items}
        if not forked(lambda: self._record(session), 1e5):
            sys.exit("the tests could not be run")
        self.reached = Reached.load(self.file)
        self._then(self)
        return True

    def _record(self, session: Any) -> bool:
        """Run each test that is not known yet, and keep what it enters if it passes."""
        found = Reached(set(), {}, {}, {})
        if self.file.exists():
            found = Reached.load(self.file).without_changed(self._digests)
        known = set(found.digests)
        found.on_import |= self._recorder.now
        prepared: dict[tuple[str, str], set[Place]] = defaultdict(set)
        recorder = self._recorder

        class Prepared:
            """What is entered while a fixture is prepared belongs to every test that uses it."""

            def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
                before, recorder.now = recorder.now, set()
                yield
                prepared[fixturedef.baseid, fixturedef.argname] |= recorder.now
                recorder.now |= before

            def pytest_runtest_call(self) -> Iterator[None]:
                signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
                yield
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)

        around = importlib.import_module("pytest").hookimpl(hookwrapper=True)
        for name in ("pytest_fixture_setup", "pytest_runtest_call"):
            setattr(Prepared, name, around(getattr(Prepared, name)))
        session.config.pluginmanager.register(Prepared())
        signal.signal(signal.SIGVTALRM, too_long)
        items = [item for item in session.items if item.nodeid.split("::")[0] not in known]
        for place, item in enumerate(items):
            recorder.now = set()
            began = time.process_time()
            failed = session.testsfailed
            sys.settrace(recorder)
            self._run(items[place : place + 2])
            sys.settrace(None)
            if session.testsfailed == failed:
                found.functions[item.nodeid] = recorder.now
                found.seconds[item.nodeid] = time.process_time() - began
        for item in items:
            if item.nodeid in found.functions:
                info = getattr(item, "_fixtureinfo", None)
                for name, definitions in (info.name2fixturedefs if info else {}).items():
                    for each in definitions:
                        found.functions[item.nodeid] |= prepared[each.baseid, name]
        found.digests = self._digests
        found.save(self.file)
        return True

    @staticmethod
    def _run(items: list[Any]) -> None:
        """Run the first of these items; the second comes next."""
        following = items[1] if len(items) > 1 else None
        items[0].config.hook.pytest_runtest_protocol(item=items[0], nextitem=following)

    def survives(self, mutant: Mutant, tests: list[str], seconds: float) -> bool:
        """Change a function where it stands, and run tests; one must pass without the change."""
        left = [test for test in tests if test not in self._unsound]

        def work(changed: bool, tests: list[str]) -> bool:
            if changed:
                change_in_place(mutant)
            items = [self.items[test] for test in tests]
            for place, item in enumerate(items):
                self._killer.write_text(item.nodeid, encoding="utf-8")
                self._run(items[place : place + 2])
                if item.session.testsfailed:
                    return False
            return True

        while not forked(partial(work, True, left), seconds):
            killer = self._killer.read_text(encoding="utf-8")
            if killer in self._sound or forked(partial(work, False, [killer]), seconds):
                self._sound.add(killer)
                return False
            self._unsound.add(killer)  # it fails by itself: its word counts for nothing
            left.remove(killer)
        return True


def change_in_place(mutant: Mutant) -> None:
    """Give every function of a file the code of the mutant."""

    def codes(code: CodeType) -> Iterator[CodeType]:
        yield code
        for each in code.co_consts:
            if isinstance(each, CodeType):
                yield from codes(each)

    code = compile(mutant.tree, str(mutant.file), "exec", dont_inherit=True)
    changed = {(each.co_qualname, each.co_firstlineno): each for each in codes(code)}
    for function in gc.get_objects():
        # what has no name of its own is part of the code of its function
        if isinstance(function, FunctionType) and not function.__name__.startswith("<"):
            code = function.__code__
            if code.co_filename == str(mutant.file):
                function.__code__ = changed[code.co_qualname, code.co_firstlineno]


def survives_import(mutant: Mutant, tests: list[str], seconds: float) -> bool:
    """Import all anew with the mutant in place of its file, and run tests."""
    usual = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, name: str) -> CodeType | None:
        if Path(self.path) == mutant.file:
            return compile(mutant.tree, self.path, "exec", dont_inherit=True)
        return usual(self, name)

    def work() -> bool:
        own = (str(META), str(ROOT / "tests"))
        for name, module in list(sys.modules.items()):
            if name != "__main__" and str(getattr(module, "__file__", None)).startswith(own):
                del sys.modules[name]
        SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
        few_examples()
        # now, since pytest reads the files that it is given by a loader of its own
        parts = mutant.file.relative_to(ROOT / "src").with_suffix("").parts
        importlib.import_module(".".join(part for part in parts if part != "__init__"))
        return importlib.import_module("pytest").main(["-x", *FLAGS, *tests]) == 0

    return forked(work, seconds)


def run(stage: str, mutants: list[Mutant], recorder: Recorder, most: float) -> list[str]:
    """Let the tests of a stage meet mutants of it, or of one folder; return those that live."""
    whole = stage.split("/", maxsplit=1)[0]
    lived = []

    def tell(mutant: Mutant, lives: bool, tests: int) -> None:
        if lives:
            lived.append(f"{mutant}  ({tests} tests)")
        print("lives  " if lives else "killed ", mutant, flush=True)

    def all_in_place(session: Session) -> None:
        for mutant in filter(session.reached.in_place, mutants):
            tests, seconds = session.reached.tests(mutant, most)
            tell(mutant, session.survives(mutant, tests, 5 + 4 * seconds), len(tests))

    session = Session(whole, recorder, all_in_place)
    folders = [str(ROOT / "tests" / whole), str(META / whole)]
    importlib.import_module("pytest").main([*FLAGS, *folders], plugins=[session])
    for mutant in mutants:
        if not session.reached.in_place(mutant):
            tests, seconds = session.reached.tests(mutant, most)
            # without a name pytest would run all that there is
            lives = not tests or survives_import(mutant, tests, 60 + 4 * seconds)
            tell(mutant, lives, len(tests))
    return lived


def main() -> None:
    """Sample mutants, run the tests that reach them, and name those that live."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20, help="mutants of each stage")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20.0, help="of tests for each mutant")
    parser.add_argument("--stage", action="append", help="or a folder of one: synthesis/bias")
    parser.add_argument("--only", default="", help="files whose path holds this")
    asked = parser.parse_args()
    os.chdir(ROOT)
    for name in WARM:
        importlib.import_module(name)
    recorder, said = Recorder(), []
    for stage in asked.stage or STAGES:
        mutants = sample(stage, asked.count, asked.seed, asked.only)
        lived = run(stage, mutants, recorder, asked.seconds)
        said.append(f"{stage}: {len(mutants) - len(lived)} of {len(mutants)} mutants killed")
        said += [f"    lives: {one}" for one in lived]
    print("", *said, sep="\n")


if __name__ == "__main__":
    main()
