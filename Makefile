# Everything that is done to this project; `make` lists it.
#
# Each target sets up what it needs in .venv, from constraints.txt, and does so again
# only after pyproject.toml or constraints.txt changed. Another Python:
# make test PYTHON=python3.12

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest
# The whole suite: the tests, and every example in a docstring.
SUITE := --doctest-modules tests fairness pipelines
BENCHMARKS ?= calibration flips scan speed verdicts

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-spark test-postgres test-browser test-all lint types notebooks bench tenth everything clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))

demo: $(VENV)/.base ## Audit the campaigns of the sample CRM and write their reports
	$(BIN)/fairreach demo

test: $(VENV)/.test ## Run the tests and the docstring examples, but slow ones and those of servers
	$(PYTEST) -n auto -m "not slow and not spark and not postgres and not browser" $(SUITE)

test-spark: $(VENV)/.all ## Run the tests that need Spark and Java, in one process
	$(PYTEST) -m spark tests

test-postgres: $(VENV)/.all ## Run the tests that start a PostgreSQL, which has to be here
	FAIRREACH_NEEDS_POSTGRES=1 $(PYTEST) -n auto -m postgres tests

test-browser: $(VENV)/.all ## Run the tests that open the pages in a Chromium, which has to be here
	FAIRREACH_NEEDS_BROWSER=1 $(PYTEST) -n auto -m browser tests

test-all: $(VENV)/.all ## Run the tests and the docstring examples, but those of servers
	$(PYTEST) -n auto -m "not spark and not postgres and not browser" $(SUITE)

lint: $(VENV)/.test ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test ## Check types
	$(BIN)/mypy

notebooks: $(VENV)/.all ## Execute every notebook in a kernel of its own, and store what changed
	$(BIN)/python notebooks/run.py

bench: $(VENV)/.test ## Run the benchmarks, or some: make bench BENCHMARKS=speed
	@set -e; for name in $(BENCHMARKS); do \
		echo "== $$name"; $(BIN)/python -m "benchmarks.$$name"; \
	done

tenth: $(VENV)/.test ## Draw a tenth of the simulations, and see that they hold
	$(BIN)/python -m benchmarks.calibration --tenth
	$(BIN)/python -m benchmarks.flips --share 0.1

everything: $(VENV)/.all ## Set up .venv with every extra and run nothing

clean: ## Remove all that was made here, .venv too
	rm -rf $(VENV) fairreach-demo demo dist build spark-warehouse .coverage .hypothesis \
		.pytest_cache .mypy_cache .ruff_cache
	find fairness pipelines tests benchmarks notebooks -depth -type d \
		\( -name __pycache__ -o -name .ipynb_checkpoints \) -exec rm -rf {} +

# The stamps. An install of more extras is an install of fewer.

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: Python 3.11 or later is needed; $(PYTHON) is" \
			"$$($(PYTHON) --version 2>&1)." >&2; \
		echo "Hint: name another one: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
		echo "make: $(PYTHON) cannot make virtual environments." >&2; \
		echo "Hint: on Debian and Ubuntu, install python3-venv." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.base: EXTRAS :=
$(VENV)/.test: EXTRAS := [test]
$(VENV)/.all: EXTRAS := [test,browser,spark,sql,notebooks]
$(VENV)/.test: COVERS := $(VENV)/.base
$(VENV)/.all: COVERS := $(VENV)/.base $(VENV)/.test

$(VENV)/.base $(VENV)/.test $(VENV)/.all: $(VENV)/.made pyproject.toml constraints.txt
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.$(EXTRAS)'
	@touch $(COVERS) $@
