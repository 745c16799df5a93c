# `make run` starts Selenite, `make test` checks it. Both prepare what they need and are quick the second time.

# A further package index for other builds of PyTorch, see README.md.
TORCH_INDEX ?=
export TORCH_INDEX
# Where `make run` serves. Another machine reaches it only where HOST is an address that it can reach.
HOST ?= 127.0.0.1
PORT ?= 8000

MANAGE := .venv/bin/python manage.py
PYTEST := .venv/bin/python -m pytest
# What tells speakers apart. Everything else works without it.
SPEAKERS := pyannote-segmentation ge2e
TEMPLATES := $(shell find templates -name '*.html')

# Each step needs the one before, also with `make -j`.
.NOTPARALLEL:
.PHONY: run setup test test-setup lint format

run: setup
	@exec $(MANAGE) up --host $(HOST) --port $(PORT)

setup:
	@scripts/environment requirements.txt
	@$(MANAGE) weights install base
	@$(MANAGE) weights install $(SPEAKERS) || echo "Speakers cannot be told apart until this works: $(MANAGE) weights install $(SPEAKERS)"
	@$(MANAGE) migrate --verbosity 0
	@$(MANAGE) collectstatic --no-input --verbosity 0
	@$(MANAGE) createadmin

test: test-setup lint
	$(PYTEST) -n auto --maxprocesses 4 -m "not weights and not e2e and not chaos and not servers"
	$(PYTEST) -m weights
	$(PYTEST) -n 2 --dist loadfile -m e2e
	$(PYTEST) -m chaos
	@.venv/bin/python -m tests.servers $(PYTEST) -m servers

test-setup:
	@scripts/environment requirements.txt requirements-dev.txt
	@.venv/bin/python -m tests.e2e.browser
	@$(MANAGE) weights install base --engine all
	@$(MANAGE) weights install tiny.en --engine all
	@$(MANAGE) weights install $(SPEAKERS)

# Some checks read the settings: they get a data folder of their own.
lint test-setup: export SELENITE_DATA_DIR := $(CURDIR)/.venv/checks
lint: export SELENITE_MODELS_DIR := $(CURDIR)/models
lint:
	@scripts/environment requirements.txt requirements-dev.txt
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	.venv/bin/djade --target-version 5.2 --check $(TEMPLATES)
	.venv/bin/djhtml --tabwidth 2 --check $(TEMPLATES)
	$(MANAGE) makemigrations --check --dry-run
	$(MANAGE) check --fail-level WARNING

format:
	@scripts/environment requirements.txt requirements-dev.txt
	.venv/bin/ruff check --fix-only .
	.venv/bin/ruff format .
	.venv/bin/djade --target-version 5.2 $(TEMPLATES)
	.venv/bin/djhtml --tabwidth 2 $(TEMPLATES)
