# What compares requests of tasks with the limit and with other frameworks.

##@ Compare

BENCH_VENV := .venv-bench
BENCH_INSTALLED := $(BENCH_VENV)/.installed

.PHONY: bench bench-quick

bench: $(BENCH_INSTALLED) ## Compare the speed of requests with that of other frameworks (10 minutes)
	@$(BENCH_VENV)/bin/python -m bench.http

bench-quick: $(BENCH_INSTALLED) ## The same with a tenth of the data: only the ratios (90 seconds)
	@$(BENCH_VENV)/bin/python -m bench.http --quick

# Apart from .venv, so that no test is slowed down by a plugin that comes along.
$(BENCH_INSTALLED): requirements-dev.txt requirements-bench.txt $(INSTALLED)
	@echo "== Install the libraries in $(BENCH_VENV) (once)"
	@$(BIN)/python -m venv $(BENCH_VENV)
	@scripts/install.sh $(BENCH_VENV) -r requirements-dev.txt -r requirements-bench.txt
	@touch $@
