# The project's commands, the same for a person and for CI. `make help` lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
UV_VERSION := 0.13.9
READY := .venv/.ready

.PHONY: help setup lock demo app check test system bench gates clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## create .venv from the lock

$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync --quiet --require-hashes requirements.lock
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(READY)

lock: ## write requirements.lock anew from pyproject.toml
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip compile --quiet --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-header --no-annotate --extra dev pyproject.toml -o requirements.lock

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

system: ## what the browser tests need, where this is root on Debian
	@bash tests/system.sh

test: setup system check ## every check and every test
	$(BIN)/python -m pytest --durations=10

bench: setup ## time the engines side by side with their peers
	$(BIN)/python -m benchmarks

gates: setup ## statistical gates at full size
	$(BIN)/python -m benchmarks gates

clean: ## remove what the commands made, but not the data folder var/
	rm -rf .venv out build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -not -path './.git/*' -prune -exec rm -rf {} +
