"""The project's files agree about what it needs, and name no host."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import yaml


def test_conda_environment_has_every_requirement(root: Path):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {*project["dependencies"], *extras["notebooks"], *extras["report"], *extras["dev"]}
    conda = yaml.safe_load((root / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    pip = next(item["pip"] for item in conda if isinstance(item, dict))
    listed = {item for item in conda if isinstance(item, str)} | set(pip)
    assert wanted <= listed
    assert listed - wanted == {f"python{project['requires-python']}", "make", "pip", "-e ."}


def test_lock_covers_the_requirements_and_names_no_host(root: Path):
    lock = (root / "requirements.lock").read_text(encoding="utf-8")
    assert not re.search(r"https?://|--index|--find-links", lock)
    locked = set(re.findall(r"^([a-z0-9._-]+)==", lock, flags=re.MULTILINE))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {*project["dependencies"], *extras["notebooks"], *extras["report"], *extras["dev"]}
    assert {re.split(r"[><=]", name)[0].lower() for name in wanted} <= locked


def test_import_loads_no_heavy_library():
    """Modules are counted, not seconds: a machine's speed does not decide."""
    code = "import meta, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    heavy = {"pymare", "statsmodels", "matplotlib", "seaborn", "scipy", "pandas", "numpy"}
    assert not loaded & (heavy | {"frictionless", "formulaic", "sympy"})


def test_every_public_name_exists():
    """A name in the lazy table that leads nowhere would fail only when somebody needs it."""
    import meta

    for name in meta.__all__:
        assert getattr(meta, name) is not None
    assert set(meta.__all__) <= set(dir(meta))
