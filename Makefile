# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PARALLEL := -n auto --dist worksteal

.PHONY: help demo test test-all lint types bench lock clean

help:
	@echo "make demo      a plan, its apply and the empty plan after it, on the embedded sandbox"
	@echo "make test      lint, types and tests"
	@echo "make test-all  the same with the long tests"
	@echo "make bench     requests, time and memory of a plan beside a bare loop"
	@echo "make lock      resolve the development dependencies anew"

$(READY): pyproject.toml requirements-dev.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

demo: $(READY)
	@CWCTL=$(BIN)/cwctl sh docs/demo.sh

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

test: lint types
	$(BIN)/pytest $(PARALLEL)

test-all: lint types
	$(BIN)/pytest $(PARALLEL) -m "long or not long"

bench: $(READY)
	$(BIN)/python -m tests.bench $(BENCH_FLAGS)

lock:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-header --no-annotate --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
