# Everything starts from a bare machine: Python >= 3.11 and pip. Each target makes .venv if it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo app test lint bench calibrate pocket clean

help:  ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP)  ## make .venv with pinned versions

$(STAMP): pyproject.toml .constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint .constraints.txt --editable '.[offline,dev]'
	touch $(STAMP)

demo: $(STAMP)  ## run a bundled use case to a recommendation and a report
	$(BIN)/workbench demo

app: $(STAMP)  ## open the dashboard on the same workspace
	$(BIN)/workbench app

lint: $(STAMP)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: $(STAMP) lint  ## every check and test
	$(BIN)/python -m pytest

bench: $(STAMP)  ## speed and memory, printed as ratios
	$(BIN)/python -m tests.benchmarks

calibrate: $(STAMP)  ## how often each promise is broken, by family of made-up worlds (ten minutes)
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.calibrate

pocket: $(STAMP)  ## train the bundled base model from scratch (hours; resumable)
	$(BIN)/python -m recipes.pocket

clean:  ## remove .venv and caches; workspaces stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build
