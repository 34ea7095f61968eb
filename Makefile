# Dermaboard: `make run` serves the dashboard, `make test` checks everything. Plain make and Python 3.11 to 3.13 will do.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# The first interpreter that the locked requirements are made for; override with `make PYTHON=/path/to/python ...`.
ifndef PYTHON
PYTHON := $(shell for python in python3 python python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { echo $$python; break; }; done)
endif

SERVE := .venv
DEV := .venv-dev
PIP := -m pip --disable-pip-version-check --quiet install --require-hashes
LOCK := $(DEV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock" pyproject.toml

.PHONY: help run test test-full check format bench lock sbom clean python

help: ## list what make can do
	@echo "Dermaboard. make TARGET, where TARGET is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: $(SERVE)/.installed ## serve the dashboard on http://127.0.0.1:8050 (installs what it needs first)
	@exec $(SERVE)/bin/python -m dashboard

test: check ## format, lint and types, then every test
	$(DEV)/bin/python -m pytest

test-full: check ## the same with those that are much alike: every page in every width
	$(DEV)/bin/python -m pytest -m ""

check: $(DEV)/.installed ## format, lint and types only
	$(DEV)/bin/ruff check .
	$(DEV)/bin/ruff format --check .
	$(DEV)/bin/hadolint Dockerfile
	$(DEV)/bin/deno lint --quiet
	$(DEV)/bin/deno fmt --quiet --check
	$(DEV)/bin/mypy

format: $(DEV)/.installed ## put the code into its form
	$(DEV)/bin/ruff check --fix .
	$(DEV)/bin/ruff format .
	$(DEV)/bin/deno fmt --quiet

bench: $(DEV)/.installed ## measure speed, size and memory; exits 1 if a measure misses its bar
	$(DEV)/bin/python -m tests.benchmarks

lock: $(DEV)/.installed ## recompile requirements/*.txt from pyproject.toml
	$(LOCK) --all-extras --upgrade --output-file requirements/dev.txt
	$(LOCK) --constraint requirements/dev.txt --output-file requirements/serve.txt
	$(LOCK) --constraint requirements/dev.txt --extra s3 --output-file requirements/s3.txt
	$(LOCK) --constraint requirements/dev.txt --extra s3 --extra cluster --output-file requirements/cluster.txt
	$(LOCK) --constraint requirements/dev.txt --extra train --output-file requirements/train.txt

sbom: $(SERVE)/.installed $(DEV)/.installed ## list what serving installs, with licences, as CycloneDX in sbom.json
	$(DEV)/bin/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file sbom.json $(SERVE)

clean: ## remove environments and caches; data and models stay
	rm -rf $(SERVE) $(DEV) .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(SERVE)/.installed: requirements/serve.txt | python
$(DEV)/.installed: requirements/dev.txt | python
$(SERVE)/.installed $(DEV)/.installed:
	@echo "Installing $< into $(@D) (once; a few minutes on a slow line) ..."
	@$(PYTHON) -m venv $(@D) || { echo "Python cannot make a virtual environment here." \
		"On Debian or Ubuntu: apt install python3-venv."; exit 1; }
	@$(@D)/bin/python $(PIP) -r $<
	@touch $@

python:
	@test -n "$(PYTHON)" || { echo "Dermaboard needs Python 3.11, 3.12 or 3.13, and found none of them." \
		"Install one, or name it: make PYTHON=/path/to/python3.13 run"; exit 1; }
