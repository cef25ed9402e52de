# The project's commands, the same for a person and for CI. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9
READY := .venv/.ready
BENCH := .venv-bench

.PHONY: help setup lock demo app check test system bench gates fuzz clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## create .venv from the lock

$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(READY)

COMPILE := VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --no-header --no-annotate

lock: ## write both locks anew from pyproject.toml: what the program and its tests need, and the peers of the benchmarks beside it
	$(COMPILE) --extra dev pyproject.toml -o requirements.lock
	$(COMPILE) --extra dev --extra bench --constraint requirements.lock pyproject.toml -o requirements-bench.lock

$(BENCH)/.ready: $(READY) requirements-bench.lock
	test -x $(BENCH)/bin/python || $(PYTHON) -m venv $(BENCH)
	VIRTUAL_ENV=$(CURDIR)/$(BENCH) $(BIN)/uv pip sync --quiet --require-hashes requirements-bench.lock
	VIRTUAL_ENV=$(CURDIR)/$(BENCH) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## the whole main job on the synthetic city; results in out/demo
	$(BIN)/hatang demo

app: setup ## open the map at http://localhost:8501
	$(BIN)/hatang serve

check: setup ## format, lint, types, import arrows, dead code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/vulture

system: ## what the tests of browser and PostgreSQL need, where this is root on Debian
	@bash tests/system.sh

test: setup system check ## every check and every test
	$(BIN)/python -m pytest --durations=10

bench: $(BENCH)/.ready ## time the engines side by side with their peers, which stand in an environment of their own
	$(BENCH)/bin/python -m benchmarks

gates: setup ## statistical gates at full size
	$(BIN)/python -m benchmarks gates

SECONDS ?= 60
fuzz: setup ## damaged files against every reader, SECONDS for each (60); findings in out/fuzz
	$(BIN)/python -m benchmarks.fuzz --seconds $(SECONDS)

clean: ## remove what the commands made, but not the data folder var/
	rm -rf .venv $(BENCH) out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
