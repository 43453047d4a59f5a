# Everything a developer or CI does. `make` alone says what there is.
# A fresh machine needs Python 3.11, git and make; the rest is installed here, into .venv and the
# user's cache folder. Chromium, which tests the hub's page, comes from apt where there is none.
# Clients that tests talk to, and that need a paho of their own, have a folder each in .venv/peers.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST_ARGS ?=
# Half of the time tests wait for a device or a server, so one more than there are processors.
WORKERS ?= $(shell n=$$(nproc); echo $$((n < 8 ? n + 1 : 8)))
BENCH_JSON ?= build/bench.json
AS_ROOT := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: help setup demo test lint bench docs dist format clean

help: ## Say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

setup: $(STAMP) ## Install what the rest needs: Python packages, the 32-bit MicroPython
	@$(BIN)/motelink micropython

$(STAMP): pyproject.toml
	@echo "Installing motelink and its tools into $(VENV) ..."
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	    echo "Installing python3-venv, which Debian's Python needs for that ..."; \
	    $(AS_ROOT) apt-get -qq update && $(AS_ROOT) apt-get -qq install -y python3-venv >/dev/null; }
	@test -x $(BIN)/python || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --upgrade --use-pep517 \
	    --target typings micropython-esp32-stubs==1.25.0.post5 \
	    micropython-stdlib-stubs==1.29.0.post2
	@{ command -v chromium || command -v google-chrome; } >/dev/null && \
	    $(BIN)/python -m playwright --version >/dev/null 2>&1 || { \
	    echo "Installing chromium and what drives it, for the tests of the hub's page ..."; \
	    $(AS_ROOT) apt-get -qq update && \
	    $(AS_ROOT) apt-get -qq install -y --no-install-recommends chromium libatomic1 >/dev/null; }
	@for peer in losant-mqtt==1.2.1 iottalk-py==2.3.1; do \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-warn-conflicts --upgrade --use-pep517 \
	        --target "$(VENV)/peers/$${peer%%[-=]*}" $$peer || exit 1; done
	@touch $@

demo: setup ## Flash a virtual board and watch it at work (DEMO_SECONDS=20: stop by itself)
	@$(BIN)/motelink demo

test: setup lint ## All checks and all tests
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

lint: $(STAMP) ## Style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy tools
	@$(BIN)/mypy --config-file lib/mypy.ini

bench: setup ## Measure; writes the figures into BENCH_JSON=file, and into docs/
	@mkdir -p build
	@BENCH_JSON=$(BENCH_JSON) $(BIN)/motelink bench
	@$(BIN)/motelink bench --write-docs $(BENCH_JSON)

docs: $(STAMP) ## Build the documentation into build/site; an unknown link is an error
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

dist: $(STAMP) ## Build a release into dist/: wheel, sdist, .mpy archive, CircuitPython bundle
	@$(BIN)/python -m motelink_tools.release dist

format: $(STAMP) ## Put the code into its form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## Remove what was installed and built here
	rm -rf $(VENV) typings build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
