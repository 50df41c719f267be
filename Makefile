# embedtune: `make` lists the targets.

SHELL       := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV   ?= .venv
DATA   ?=

BIN   := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo check test coverage bench constraints clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))
	@echo "  Another interpreter: make setup PYTHON=python3.12"

setup: $(STAMP) ## Make .venv and install embedtune with its pinned dependencies

# The stamp makes a second `make setup` do nothing until a requirement changes.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info < (3, 11) and sys.exit("embedtune needs Python 3.11 or newer: make setup PYTHON=python3.12")'
	@[[ -x $(BIN)/pip ]] || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV): one to two minutes the first time."
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[offline,dev]'
	@touch $@

demo: setup ## Run the whole flow on the shipped manuals, offline
	$(BIN)/embedtune demo

check: setup ## Lint, formatting, types and the import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check ## All checks, then all tests: exactly what CI runs
	$(BIN)/pytest

coverage: setup ## All tests with coverage, which takes half as long again
	$(BIN)/pytest --cov --cov-report=term

bench: setup ## Run the benchmarks on a folder of data: make bench DATA=path
	@[[ -n "$(DATA)" ]] || { echo "Which data? make bench DATA=path/to/data" >&2; exit 2; }
	@[[ -d "$(DATA)" ]] || { echo "$(DATA) is not a folder." >&2; exit 2; }
	@for script in benchmarks/[!_]*.py; do echo "== $$script"; $(BIN)/python "$$script" "$(DATA)"; done

constraints: setup ## Pin what .venv holds now into constraints.txt
	@head -2 constraints.txt > constraints.new
	@$(BIN)/pip freeze --all --exclude pip --exclude-editable | sed 's/+cpu$$//' | tr 'A-Z_' 'a-z-' | LC_ALL=C sort -t= -k1,1 >> constraints.new
	@mv constraints.new constraints.txt

clean: ## Remove the environment, caches and the demo's output
	@[[ ! -d embedtune-demo ]] || chmod -R u+w embedtune-demo
	rm -rf $(VENV) embedtune-demo build dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
