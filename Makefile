# `make help` lists the targets.
PYTHON ?= python3
# Extra flags for pip, e.g. PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu"
PIP_FLAGS ?=
INDEX ?= data/index
BASELINE ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -c constraints.txt
export PREP_QUESTION := $(value Q)

.DEFAULT_GOAL := help
.PHONY: help ask test install serve eval bench check baseline lint types clean

help: ## This list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

ask: $(INDEX)/CURRENT ## One cited answer: make ask Q="why does L1 give sparse weights?"
	@test -n "$$PREP_QUESTION" || { echo 'usage: make ask Q="your question"' >&2; exit 2; }
	@$(BIN)/prep ask --index $(INDEX) "$$PREP_QUESTION" || test $$? -eq 1

test: .venv/dev ## The whole test suite
	$(BIN)/python -m pytest

install: .venv/dev ## Everything into .venv

serve: $(INDEX)/CURRENT ## The HTTP service on http://127.0.0.1:8000
	$(BIN)/prep serve --index $(INDEX)

eval: $(INDEX)/CURRENT .venv/eval ## The benchmark; reports/report.html. Compare: make eval BASELINE=FILE
	$(BIN)/prep eval --index $(INDEX) --out reports $(if $(BASELINE),--baseline $(BASELINE))

bench: .venv/bench ## Speed against peers, as ratios
	$(BIN)/prep bench

check: lint types test baseline ## Lint, types, tests, and quality against data/golden/baseline.json

baseline: $(INDEX)/CURRENT .venv/dev ## The golden questions, measured and compared with what is on record
	$(BIN)/prep eval --no-judge --index $(INDEX) --out reports --baseline data/golden/baseline.json

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

clean: ## Remove the environment and the index
	rm -rf .venv $(INDEX)

$(INDEX)/CURRENT: .venv/run $(shell find data/corpus data/models core ingest -not -name '*.pyc' -not -name __pycache__)
	@$(BIN)/prep ingest data/corpus --index $(INDEX) --rebuild >&2
	@touch $@

.venv/run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("prep needs Python 3.11 or newer, set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	@echo "installing into .venv (minutes, once)" >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) -e .
	@touch $@

.venv/dev: .venv/run
	@$(PIP) -e ".[dev,eval]"
	@touch $@

.venv/bench: .venv/run
	@$(PIP) -e ".[bench]"
	@touch $@

.venv/eval: .venv/run
	@$(PIP) -e ".[eval]"
	@touch $@
