# One page of targets; anything longer than a line lives in tools/.
# `make` prints the list. PYTHON chooses the interpreter, INSTALLER=uv or pip takes one of them alone.

PYTHON ?= python3
INSTALLER ?= auto
VENV := .venv/bin
on = $(filter-out 0 no false,$(1))

export UV_PYTHON_DOWNLOADS := never
# Hundreds of processes of a test run would compile the same files.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup setup-hub setup-hub-postgresql setup-fuzz demo test fuzz fuzz-replies check check-money soak coverage mutation \
	bench bench-office docs format lock clean

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@printf '\n  %s\n  %s\n' 'Variables: PYTHON=python3.12  INSTALLER=pip  ONCE=1  REVISION=id  DB=postgresql  CASINO=node  ARGS="..."' \
		'Start with make demo, then make test. CONTRIBUTING.md tells the rest.'

setup: ## Install everything for development into .venv (instant when nothing changed)
	@$(PYTHON) -m tools.install dev --installer $(INSTALLER)

setup-hub:
	@$(PYTHON) -m tools.install hub --installer $(INSTALLER)

setup-hub-postgresql:
	@$(PYTHON) -m tools.install hub-postgresql --installer $(INSTALLER)

setup-fuzz:
	@$(PYTHON) -m tools.install fuzz --installer $(INSTALLER)

demo: $(if $(filter postgresql,$(DB)),setup-hub-postgresql,setup-hub) ## Start hub, toy casino and toy studio and run the tour (ONCE=1 ends after it)
	@$(VENV)/python -m meganodes demo $(if $(call on,$(ONCE)),--once) $(if $(REVISION),--revision $(REVISION)) \
		$(if $(DB),--db $(DB)) \
		$(if $(CASINO),--casino $(CASINO)) $(ARGS)

test: setup ## Run all tests but house rules and check-money (ARGS="-k name" narrows)
	@$(PYTHON) -m tools.ensure_system_packages test
	@$(VENV)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore tests/house --ignore tests/money $(ARGS)

fuzz: setup ## Fuzz both APIs for long (EXAMPLES=20000 each, SEED=1 repeats a finding)
	@FUZZ_EXAMPLES=$(or $(EXAMPLES),20000) FUZZ_SEED=$(or $(SEED),0) \
		$(VENV)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/fuzz $(ARGS)

fuzz-replies: setup-fuzz ## Fuzz the reading of backends' answers, led by coverage (RUNS=10000000, SEED=1 repeats)
	@$(VENV)/python -m tests.support.fuzz_processes --runs $(or $(RUNS),10000000) $(if $(SEED),--seed $(SEED))

check: setup ## Formatting, lint, types, layers and house rules
	@$(VENV)/python -m tools.check

check-money: setup-fuzz ## Break databases under load, many times; no money may be lost (up to 30 minutes)
	@$(PYTHON) -m tools.ensure_system_packages test
	@TEST_EFFORT=thorough $(VENV)/python -m pytest -n 0 -s -m alone tests/money $(ARGS) \
		|| [ $$? -eq 5 ]  # ARGS narrowed it to nothing
	@TEST_EFFORT=thorough $(VENV)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m 'thorough and not alone' tests $(ARGS) \
		|| [ $$? -eq 5 ]

soak: setup ## Run a slice of a long run and keep its figures (PART=nodes MINUTES=20 SEED=1)
	@$(PYTHON) -m tools.ensure_system_packages test
	@$(VENV)/python -m tests.soak $(PART) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED))

coverage: setup ## Measure lines and branches of the core; fails below 100 % (half an hour)
	@$(PYTHON) -m tools.ensure_system_packages test
	@$(VENV)/python -m tools.measure_coverage

mutation: setup ## Plant small faults in the rules about money; fails unless tests find 85 % (MODULE=domain.retry; an hour)
	@$(VENV)/python -m tools.mutation $(MODULE) $(if $(call on,$(AGAIN)),--again)

bench: setup-hub-postgresql ## Measure CPU per durable bet against a reverse proxy
	@$(PYTHON) -m tools.ensure_system_packages bench
	@$(VENV)/python -m benchmarks $(ARGS)

bench-office: setup-hub ## Measure every page of the Back Office, 1,000 agents, a million transactions
	@$(VENV)/python -m benchmarks.office $(ARGS)

docs: setup ## Build the documentation as a site into build/site, offline; a broken link fails it
	@$(VENV)/python -m tools.site

format: setup ## Format the code and apply the safe fixes of the linter
	@$(VENV)/ruff check --fix --quiet . ; $(VENV)/ruff format .

lock: setup ## Write requirements/*.txt anew from pyproject.toml (UPGRADE=1 takes newer versions)
	@$(PYTHON) -m tools.lock $(if $(call on,$(UPGRADE)),--upgrade)

clean: ## Remove everything that the other targets made
	@rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* dist build
	@find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
