# Everything starts here: each target sets up what it needs, and is quick where that was done.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test image-test lint bench coverage clean debian restic restics

# Only inside recipes that run pra: the set-up must see the machine's own python and restic.
with_tools = PATH="$(CURDIR)/.tools/bin:$(CURDIR)/.venv/bin:$$PATH"

# More than half of what a test takes is waiting: two workers a core; eight at most, since each
# has servers of its own.
workers = $(shell n=$$(nproc); echo $$((n < 4 ? 2 * n : 8)))

help:
	@echo "make demo      a backup, a loss and a proven recovery, on this machine (a few minutes)"
	@echo "make test      lint, and every test"
	@echo "make image-test   the image, built and run; the service in a real systemd (as root)"
	@echo "make lint      ruff, mypy, import-linter"
	@echo "make bench     pra beside raw restic"
	@echo "make coverage  the branches of the pure modules that no test takes"
	@echo "make setup     only what the others need: .venv, .tools, packages of Debian"
	@echo "make clean     forget .venv, .tools and what was built"

demo: .venv/demo restic
	@$(with_tools) .venv/bin/pra demo

test: lint restics
	@$(with_tools) .venv/bin/python -m pytest -n $(workers) --dist loadfile \
		--no-loadscope-reorder --durations 40

image-test: .venv/dev restics
	@setup/debian image
	@$(with_tools) .venv/bin/python -m pytest tests/image --timeout 900

lint: .venv/dev
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache

bench: .venv/dev restics
	@$(with_tools) .venv/bin/python -m benchmarks

coverage: .venv/dev restics
	@$(with_tools) .venv/bin/python -m coverage run -m pytest tests/unit
	@.venv/bin/python -m coverage report

setup: .venv/dev restics

clean:
	rm -rf .venv .tools build dist .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache

# Both look for themselves, in a blink, whether there is anything to do.
debian:
	@setup/debian

restic: debian
	@setup/restic

restics: debian
	@setup/restic all

.venv/demo: pyproject.toml setup/venv | debian
	@setup/venv demo
	@touch $@

.venv/dev: pyproject.toml setup/venv | debian
	@setup/venv demo,dev
	@touch $@ .venv/demo
