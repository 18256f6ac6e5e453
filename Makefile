# Everything starts from here; each target does the set-up it needs.
#   make demo     two schools and a lesson going on now       make test    the whole suite
#   make check    format, lint, types, imports                make bench   the benchmarks
# Options: make demo DEMO_ARGS="--port 8080"    make test TEST_ARGS="tests/lessons -k end"

SHELL := /bin/bash
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH):/usr/sbin:/sbin
export PYRIGHT_PYTHON_CACHE_DIR := $(CURDIR)/.tools/pyright
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1
# Byte code is kept: a server's imports take more than twice the time without.
export PYTHONDONTWRITEBYTECODE :=

DEMO_ARGS ?=
TEST_ARGS ?=
BENCH_ARGS ?=

.PHONY: help setup demo test check format bench clean

help:  ## this text
	@grep -hE '^[a-z]+:.*##' $(firstword $(MAKEFILE_LIST)) \
		| sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

setup:  ## the environment only: .venv, npm packages, browser files
	@scripts/setup

demo:  ## two schools, a lesson going on now, and the addresses to try
	@scripts/setup
	@exec tongke demo $(DEMO_ARGS)

test:  ## the test suite (Chromium, PostgreSQL, Redis, nginx: from Debian)
	@scripts/setup test
	@exec scripts/test $(TEST_ARGS)

check:  ## format, lint, types, imports
	@scripts/setup
	ruff format --check .
	ruff check .
	mypy
	pyright
	lint-imports
	npm run --silent types

format:  ## put the sources into the house's format
	@scripts/setup
	ruff check --fix-only --quiet .
	ruff format .

bench:  ## every benchmark in turn, each with its table
	@scripts/setup
	@exec python -m bench $(BENCH_ARGS)

clean:  ## remove what was built or downloaded; data folders stay
	rm -rf .venv .tools node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf .import_linter_cache dist test-results
	find templates/static -mindepth 1 ! -name .gitkeep -delete 2>/dev/null || true
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
