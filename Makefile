# `make demo` shows the program on a fresh machine; `make test` proves it. Everything happens in .venv.
PYTHON ?= python3
# A new store each time: what was decided in an earlier demo stays where it is.
STORE := demo/$(shell date +%Y%m%d-%H%M%S).duckdb
JOBS ?= 2

BIN := .venv/bin
.DELETE_ON_ERROR:
.PHONY: help demo test check format bench venv clean

help:
	@echo "make demo    the sample seeds in a fresh store, analysed, then the app (STORE=FILE to choose it)"
	@echo "make test    format, lint, types, import contracts, tests (JOBS=$(JOBS) at a time)"
	@echo "make format  apply the formatter and the safe fixes"
	@echo "make bench   the benchmarks, printed beside their limits"
	@echo "make clean   caches and builds; never a store"

demo: .venv/.stamp
	mkdir -p "$(dir $(STORE))"
	$(BIN)/workbench demo --store $(STORE)

test: .venv/.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n $(JOBS) --dist loadfile

check: test

format: .venv/.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.stamp
	$(BIN)/python -m benchmarks

clean:
	rm -rf build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache snapshot_report.html

venv: .venv/.stamp

# The build backend comes first and from the same pins: an isolated build would fetch whatever is newest.
.venv/.stamp: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Workbench needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt hatchling editables
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt --no-build-isolation -e ".[minilm,dev]"
	touch $@
