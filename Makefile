# `make demo` and `make test` work on a fresh machine: each sets up what it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PEERS  := .venv-bench
STAMP  := $(VENV)/.ready
OUT    := out/demo

.PHONY: setup demo test check lint types bench docs clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $@

demo: setup
	$(BIN)/nndsl build models/resnet.nn:ResNet18 -o $(OUT)
	$(BIN)/python examples/photograph.py $(OUT)

test: setup
	$(BIN)/python -m pytest -n auto --dist loadgroup

check: lint types test

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/nndsl fmt --check models nndsl/library examples

types: setup
	$(BIN)/mypy

docs: setup
	$(BIN)/python -m docs.generate
	$(BIN)/python -m tests.pages --update

# The peers live in an environment of their own.
bench: $(PEERS)/.ready
	$(PEERS)/bin/python -m benchmarks

$(PEERS)/.ready: pyproject.toml constraints.txt benchmarks/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet -c constraints.txt -e '.[all]' -r benchmarks/requirements.txt
	touch $@

clean:
	rm -rf out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
