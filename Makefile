# Two commands do everything from a fresh clone: `make report` and `make test`.
# PYTHON may name another interpreter (3.11 or newer), for example a conda one.
PYTHON ?= python3
BIN := .venv/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
PY := $(BIN)/python

# what is compiled once is kept: a report and its tests start dozens of processes
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help report test check lab bench lock validation reference fuzz mutants clean
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# The environment is rebuilt only when the lock or the project's metadata change.
.venv/ready: requirements-uv.lock requirements.lock pyproject.toml Makefile
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else f"Python 3.11 or newer is needed, {sys.executable} is {v.major}.{v.minor}. Name another: make PYTHON=/path/to/python3.11 ...")'
	@echo "== environment: installing the locked packages into .venv"
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes -r requirements.lock
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

report: .venv/ready ## execute the notebooks and build the HTML report
	@$(PY) -m meta report

# `make test STAGE=claims` runs the tests of one stage, without lint, types and data.
test: .venv/ready ## lint, types, stages, data and all tests; STAGE=claims for one stage
ifdef STAGE
	@$(PY) -m pytest -n auto --dist loadgroup $(wildcard tests/$(STAGE) src/meta/$(STAGE))
else
	@echo "== lint" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "== types" && $(BIN)/mypy
	@echo "== stages" && $(BIN)/lint-imports
	@echo "== data" && $(PY) -m meta check data
	@echo "== tests" && $(PY) -m pytest -n auto --dist loadgroup
endif

check: .venv/ready ## validate the data tables
	@$(PY) -m meta check data

lab: .venv/ready ## open JupyterLab on the first notebook
	@$(BIN)/jupyter lab notebooks/00_question.ipynb

bench: .venv/ready ## compare speed with peers, side by side in one run
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet -e '.[bench]'
	@$(PY) benchmarks/run.py

lock: .venv/ready ## renew requirements.lock from pyproject.toml
	@echo uv | $(BIN)/uv pip compile - --generate-hashes --no-annotate --upgrade --quiet \
		--custom-compile-command "make lock" -o requirements-uv.lock
	@$(BIN)/uv pip compile pyproject.toml --extra notebooks --extra report --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-annotate --upgrade --quiet \
		--custom-compile-command "make lock" -o requirements.lock

validation: .venv/ready ## set this package beside metafor's answers again
	@$(PY) -m validation.compare

reference: .venv/ready ## recompute the reference answers (needs R with metafor)
	@Rscript validation/metafor/recompute.R

fuzz: .venv/ready ## draw cases for an hour and count what they find; MINUTES=10 for less
	@PYTHONPATH=tests $(PY) tests/fuzz.py --minutes $(or $(MINUTES),60)

mutants: .venv/ready ## change the code in one place at a time, and name what no test notices
	@$(PY) tests/mutants.py --count $(or $(COUNT),80) --seed $(or $(SEED),1)

clean: ## remove everything that was built
	@rm -rf build .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
