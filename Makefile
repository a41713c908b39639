# Two commands matter: `make demo` (all set-up, then the main job) and `make test` (all set-up,
# then everything a reviewer would run). Both work on a machine with Python 3.11+ alone.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Processes that share the tests: those of real servers wait far more than they compute.
JOBS ?= 2
# What judges a real shop by the clock, and so has the machine to itself after all else.
ALONE := tests/integration/loop tests/incidents
# What only computes, or breaks a lab of its own, and so fills the time in which those wait.
IDLE := tests/unit tests/docs tests/integration/lab
UV := $(BIN)/uv
INSTALL := VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --require-hashes

.PHONY: demo test .alone .idle lint types unit docs bench incidents lock clean help

help: ## List the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.demo ## Real Kafka, Headgate and a story that plays itself; Ctrl-C ends all of it
	$(BIN)/headgate demo $(ARGS)

test: lint ## Lint, types and every test, on real Kafka, PostgreSQL and Chromium
	$(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder \
		$(if $(ARGS),$(ARGS),$(addprefix --ignore ,$(ALONE) $(IDLE)))
	$(if $(ARGS),,$(MAKE) --no-print-directory -j2 .alone .idle)

.alone:
	$(BIN)/python -m pytest $(ALONE)

.idle: # told at its end, so that two reports do not mix
	@nice -n 19 sh -c '$(BIN)/mypy && $(BIN)/python -m pytest $(IDLE)' >$(VENV)/idle.log 2>&1 \
		|| { cat $(VENV)/idle.log; exit 1; }
	@tail -n 3 $(VENV)/idle.log

lint: $(VENV)/.dev ## Style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## Types
	$(BIN)/mypy

unit: $(VENV)/.dev ## Only the tests that need no server and no browser
	$(BIN)/python -m pytest tests/unit tests/docs $(ARGS)

docs: $(VENV)/.dev ## Write the generated reference pages anew
	$(BIN)/python docs/generate.py

bench: $(VENV)/.dev ## Every promised number, measured here, as one table
	$(BIN)/python -m benchmarks $(ARGS)

incidents: $(VENV)/.dev ## Real faults on a real Kafka, judged: one table (ARGS=--help)
	$(BIN)/python -m incidents $(ARGS)

lock: $(VENV)/.uv ## Resolve the requirement files anew, with hashes
	cd requirements && sh compile.sh ../$(UV)

clean: ## Remove the environment
	rm -rf $(VENV)

$(VENV)/.uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Headgate needs Python 3.11 or newer; $(PYTHON) is older. Set PYTHON=/path/to/python3.11." >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

$(VENV)/.demo: requirements/demo.txt pyproject.toml $(VENV)/.uv
	$(INSTALL) -r requirements/demo.txt
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml $(VENV)/.uv
	$(INSTALL) -r requirements/dev.txt
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.demo
