.PHONY: demo test check lock docs browser balancers soak
PYTHON ?= python3
BIN = .venv/bin
unexport PYTHONDONTWRITEBYTECODE  # which would have the thousands of processes of the tests compile all they import

demo: .venv/demo.stamp  ## import three real models, score a month of flights with them, follow one for six more
	$(BIN)/python demo/run.py

test: .venv/dev.stamp browser balancers  ## check the code and run every test
	MYPY_NUM_WORKERS=2 $(MAKE) check
	$(BIN)/python -m lean_coverage $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=25

check: .venv/dev.stamp  ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check src tests bench demo docs tools
	$(BIN)/ruff check src tests bench demo docs tools
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: .venv/bin/uv  ## pin the newest versions of everything that demo and test need
	$(BIN)/uv pip compile -q --no-header --no-annotate --no-emit-index-url --extra postgres --group demo -o requirements/demo.txt pyproject.toml
	$(BIN)/uv pip compile -q --no-header --no-annotate --no-emit-index-url --extra postgres --extra otel --group dev -o requirements/dev.txt pyproject.toml

.venv/bin/uv:
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Python 3.11 or newer is needed: make PYTHON=python3.12 …"'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check "uv>=0.9"

.venv/%.stamp: requirements/%.txt pyproject.toml | .venv/bin/uv
	$(BIN)/uv pip install -q -r $< -e . $(if $(findstring dev,$*),-e tools/lean_coverage)
	touch $@

browser:  ## Chromium for the tests of the pages, which are skipped without it
	@command -v chromium > /dev/null || { command -v apt-get > /dev/null && [ "$$(id -u)" = 0 ] \
		&& apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium > /dev/null; } \
		|| echo "There is no Chromium here, and it cannot be installed: tests of pages are skipped."

balancers:  ## nginx and HAProxy for the tests of nodes behind them, which are skipped without
	@{ command -v nginx && command -v haproxy; } > /dev/null || { command -v apt-get > /dev/null \
		&& [ "$$(id -u)" = 0 ] && apt-get update -qq \
		&& apt-get install -qq -y --no-install-recommends nginx-light haproxy > /dev/null; } \
		|| echo "There is no nginx or HAProxy here: tests of nodes behind them are skipped."

soak: .venv/dev.stamp  ## an hour of mixed load on an API node: every answer right, memory flat
	$(BIN)/python bench/soak.py --seconds 3600

docs: .venv/dev.stamp  ## write the reference pages from the code
	$(BIN)/python docs/generate.py
