# One command each; `make run` and `make test` need nothing but Python 3.11 or newer.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
MARKS := not gpu and not network$(if $(SLOW),, and not slow)
# A process for each core, at most four: a file's tests stay together, and so does what they share. Files come in the order
# of tests/conftest.py, not the largest first: the longest has one test.
SHARE := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: run install test lint format browser servers bench

# The studio: web, workers and their supervisor, until Ctrl-C.
run: $(VENV)/.installed
	@exec $(BIN)/vitrine up

# Everything a run needs, in .venv.
install: $(VENV)/.installed

# Everything the tests need, then ruff, mypy and the suite; SLOW=1 adds the slow tests.
test: $(VENV)/.installed-dev browser servers lint
	$(BIN)/python -m pytest $(SHARE) -m "$(MARKS)" -q --durations=10 $(ARGS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# A Chromium for the browser tests: one that is there, else the distribution's, else Playwright's.
browser: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.browser.install

# Redis and PostgreSQL for the integration tests, from the distribution's packages; RabbitMQ with SLOW=1, whose tests alone need it.
servers: $(VENV)/.installed-dev
	@$(BIN)/python -m tests.packages redis postgresql $(if $(SLOW),rabbitmq)

# Every claim about speed, memory and quality, measured here.
bench: $(VENV)/.installed-dev browser
	@for script in benchmarks/bench_*.py; do $(BIN)/python -m benchmarks.$$(basename $$script .py) || exit 1; done

$(BIN)/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Vitrine needs Python 3.11 or newer, this is %d.%d: make PYTHON=/path/to/python3.11 run" % sys.version_info[:2])'
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv

$(VENV)/.installed: $(BIN)/uv pyproject.toml constraints.txt
	@echo "Installing Vitrine and its libraries (PyTorch is the large one: about 3 GB the first time)"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraints constraints.txt --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what the tests need"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraints constraints.txt --editable '.[dev]'
	@touch $@
