# `make demo` shows the program on a fresh machine; `make test` proves it. Everything happens in .venv.
PYTHON ?= python3
JOBS ?= 2

BIN := .venv/bin
.DELETE_ON_ERROR:
.PHONY: help demo test check format bench docs venv clean

help:
	@echo "make demo    the sample seeds in ./demo.duckdb, analysed, then the app; again opens it as it was left"
	@echo "make test    format, lint, types, import contracts, tests (JOBS=$(JOBS) at a time)"
	@echo "make format  apply the formatter and the safe fixes"
	@echo "make bench   the benchmarks, printed beside their limits"
	@echo "make docs    docs/commands.md and docs/keys.md, from the program itself"
	@echo "make clean   caches and builds; never a store"

demo: .venv/.stamp
	$(BIN)/workbench demo

test: .venv/.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

check: test

format: .venv/.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.stamp
	$(BIN)/python -m benchmarks

docs: .venv/.stamp
	$(BIN)/python -m workbench.cli.docs
	$(BIN)/python -c 'from pathlib import Path; from workbench.tui.actions import keys_markdown; Path("docs/keys.md").write_text(keys_markdown(), encoding="utf-8")'

clean:
	rm -rf build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache snapshot_report.html

venv: .venv/.stamp

# The build backends come first and from the same pins: an isolated build would fetch whatever is newest. (setuptools: one of
# the packages that the tests compare with is published as source only.)
.venv/.stamp: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Workbench needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt hatchling editables setuptools
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt --no-build-isolation -e ".[minilm,report,dev]"
	touch $@
