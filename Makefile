# All commands. They need make and Python >= 3.11. A target installs in .venv what it needs: the
# libraries of the service, or all; nothing is installed again until the pinned versions change.

VENV := .venv
BIN := $(VENV)/bin
SERVICE := $(VENV)/.service
INSTALLED := $(VENV)/.installed
CLIENTS_VENV := .venv-clients
CLIENTS_INSTALLED := $(CLIENTS_VENV)/.installed

# A Python counts when it runs (a shim may not), is new enough and can make environments.
USABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c '$(USABLE)' 2>/dev/null && echo $$p && break; done)

.DEFAULT_GOAL := help
# The steps of `check` print one after another, and the tests' summary comes last.
.NOTPARALLEL:
.PHONY: help install run worker migrate migration reset seed doctor test test-unit test-integration \
	faults mutants bench-events lint format types migrations coverage clients check \
	openapi lock sbom clean \
	docker-build docker-run

help: ## Show this help
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Start

install: $(INSTALLED) ## Make .venv with all pinned libraries

define MAKE_ENVIRONMENT
@$(or $(PYTHON),false) -c '$(USABLE)' 2>/dev/null || { echo \
	"Python 3.11 or newer (with venv) is needed: install it, or name it: make PYTHON=/path/to/python" \
	>&2; exit 1; }
@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
endef

$(SERVICE): requirements.txt
	@echo "== Install in $(VENV) what the service needs (some seconds, once)"
	$(MAKE_ENVIRONMENT)
	@scripts/install.sh $(VENV) -r $<
	@touch $@

# Compiled, since tests start many processes, and some environments keep Python from doing it.
$(INSTALLED): requirements-dev.txt
	@echo "== Install in $(VENV) what service, tests and checks need (half a minute, once)"
	$(MAKE_ENVIRONMENT)
	@scripts/install.sh $(VENV) --compile -r $<
	@touch $(SERVICE) $@

run: $(SERVICE) ## Start the API on http://127.0.0.1:8000
	@$(BIN)/python -m app serve

worker: $(SERVICE) ## Start a worker for events and jobs
	@$(BIN)/python -m app worker

doctor: $(SERVICE) ## Say what is wrong with settings, database and migrations
	@$(BIN)/python -m app doctor

##@ Data

migrate: $(SERVICE) ## Migrate the database
	@scripts/migrate.sh

migration: $(SERVICE) ## Write the next migration from the models (NAME="what it does")
	@$(BIN)/python -m app migration "$(or $(NAME),$(error give it a name: make migration NAME="what it does"))"

reset: $(SERVICE) ## Drop the tables of a database on this machine, and create them again
	@$(BIN)/python -m app reset

seed: $(SERVICE) ## Add demo data
	@$(BIN)/python scripts/seed.py

##@ Test and check

test: $(INSTALLED) ## Run the tests, without the thorough ones of `make check` (2 minutes)
	@$(BIN)/python -m pytest -n 3 -m "not thorough"

test-unit: $(INSTALLED) ## Run the tests that need no database
	@$(BIN)/python -m pytest tests/unit

test-integration: $(INSTALLED) ## Run the tests on real SQLite and PostgreSQL
	@$(BIN)/python -m pytest -n 2 tests/integration

# Most of it waits, so four at a time on two cores; what measures times has the machine to itself.
faults: export FAULTS_ROUNDS ?= 200
faults: LONG = -o faulthandler_timeout=1800
faults: TIMED = tests/faults/test_measured_sign_ins.py tests/faults/test_started_again.py
faults: $(INSTALLED) ## Kill, freeze and restart processes under load for an hour (FAULTS_ROUNDS, FAULTS_SEED)
	@$(BIN)/python -m pytest -n 4 $(LONG) tests/faults tests/e2e/contract $(TIMED:%=--ignore=%)
	@$(BIN)/python -m pytest -s $(LONG) $(TIMED)

# sample
BENCH_VENV := .venv-bench
BENCH_INSTALLED := $(BENCH_VENV)/.installed

.PHONY: bench bench-quick

bench: $(BENCH_INSTALLED) ## Compare requests with the limit and the alternatives (10 minutes)
	@$(BENCH_VENV)/bin/python -m bench.http

bench-quick: $(BENCH_INSTALLED) ## The same with a tenth of the data: only the ratios (90 seconds)
	@$(BENCH_VENV)/bin/python -m bench.http --quick

# Apart from .venv, so that no test is slowed down by a plugin that comes along.
$(BENCH_INSTALLED): requirements-dev.txt requirements-bench.txt $(INSTALLED)
	@echo "== Install the libraries in $(BENCH_VENV) (once)"
	@$(BIN)/python -m venv $(BENCH_VENV)
	@scripts/install.sh $(BENCH_VENV) -r requirements-dev.txt -r requirements-bench.txt
	@touch $@
# /sample

mutants: $(INSTALLED) ## Change the code of authentication, and check that tests fail (some minutes)
	@$(BIN)/mutmut run --max-children 2

bench-events: $(INSTALLED) ## Compare events with the fastest that the machine can do (BENCH=--quick for a minute)
	@$(BIN)/python -m bench.events $(BENCH)

lint: $(INSTALLED) ## Check style, architecture, dependencies, Docker and CI files
	@echo "== Style"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@echo "== Architecture"
	@$(BIN)/lint-imports --no-logo
	@echo "== Migrations"
	@$(BIN)/python -m app.shared.infrastructure.database.migration_rules
	@echo "== Dependencies"
	@$(BIN)/deptry .
	@echo "== Docker, CI and shell files"
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@for script in scripts/*.sh; do sh -n "$$script" || exit 1; done
	@bash -n .ci/run

format: $(INSTALLED) ## Format the code, and correct what ruff can correct
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

types: $(INSTALLED) ## Check the types
	@echo "== Types"
	@$(BIN)/mypy

migrations: $(INSTALLED) ## Check that models and migrations agree
	@echo "== Models and migrations agree"
	@directory=$$(mktemp -d) && trap 'rm -rf "$$directory"' EXIT && \
	export APP_ENV=test DATA_DIR="$$directory" DATABASE_URL="sqlite:///$$directory/check.db" && \
	$(BIN)/python -m app migrate && $(BIN)/python -m app migrate --check

coverage: $(INSTALLED) ## Run all tests, with the thorough ones, and show uncovered lines
	@echo "== Tests"
	@$(BIN)/python -m pytest -n 3 --cov

clients: $(CLIENTS_INSTALLED) ## Generate clients from docs/api/openapi.json, use them, and lint it
	@echo "== Generated clients"
	@$(BIN)/python -m pytest tests/clients

# Apart from .venv: what generates clients asks for other versions than the service does.
$(CLIENTS_INSTALLED): requirements-clients.txt $(INSTALLED)
	@echo "== Install in $(CLIENTS_VENV) what generates clients (once)"
	@$(BIN)/python -m venv $(CLIENTS_VENV)
	@scripts/install.sh $(CLIENTS_VENV) -r $<
	@touch $@

check: lint types migrations clients coverage ## Everything that must pass before a merge

##@ Maintain

openapi: $(INSTALLED) ## Write docs/api and the event catalogue from the code
	@$(BIN)/python -m app openapi --write

lock: $(INSTALLED) ## Pin the dependencies of pyproject.toml (LOCK=--upgrade takes the newest)
	@$(BIN)/uv pip compile pyproject.toml --extra sentry -o requirements.txt $(COMPILE)
	@$(BIN)/uv pip compile pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt $(COMPILE)
# sample
	@$(BIN)/uv pip compile --group bench -c requirements-dev.txt -o requirements-bench.txt $(COMPILE)
# /sample
	@$(BIN)/uv pip compile --group clients -o requirements-clients.txt $(COMPILE)

# One file for every Python and platform; the header must not tell where it was made.
COMPILE = --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(LOCK)

sbom: $(INSTALLED) ## Write the bill of materials to sbom.json (CycloneDX)
	@$(BIN)/python -W ignore::UserWarning -m cyclonedx_py requirements --pyproject pyproject.toml \
		--output-reproducible -o sbom.json requirements.txt

clean: ## Remove caches and reports; keep .venv and data
	@rm -rf .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache .schemathesis mutants sbom.json
	@find . -path './$(VENV)*' -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

##@ Docker

docker-build: ## Build the image
	@docker build --tag alicerce .

docker-run: ## Start API, worker, PostgreSQL and Redis (settings in .env)
	@docker compose up --build
