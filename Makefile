# Two commands: `make` runs the main job, `make test` runs every check and test. Both set up .venv first.
.DEFAULT_GOAL := sweep
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= 8
CONFIG ?= config/config.yaml
RUST := $(shell find rust -name '*.rs' -not -path '*/target/*') Cargo.toml Cargo.lock $(wildcard rust/*/Cargo.toml)

.PHONY: sweep setup test lint clean

# What users need: the package with its compiled core, and the workflow.
setup: $(VENV)/.installed
$(VENV)/.installed: pyproject.toml constraints.txt $(RUST)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[workflow]'
	touch $@

# What tests need beyond that: PyTorch (large), linters, Slurm and a browser from Debian where that is possible.
$(VENV)/.installed-tests: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[workflow,torch,s3,cluster,dev]'
	touch $@

sweep: setup
	$(BIN)/snakemake --cores $(CORES) --configfile $(CONFIG)

test: $(VENV)/.installed-tests lint
	cargo test --quiet --workspace
	$(BIN)/python -m pytest -n 3 --dist loadgroup

lint: $(VENV)/.installed-tests
	cargo fmt --check
	cargo clippy --quiet --workspace --all-targets -- -D warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

clean:
	rm -rf $(VENV) target results .snakemake
