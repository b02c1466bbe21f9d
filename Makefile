# Two commands: `make` runs the main job, `make test` runs every check and test. Both set up .venv first.
.DEFAULT_GOAL := sweep
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CORES ?= 8
CONFIG ?= config/config.yaml
RUST := $(shell find rust -name '*.rs' -not -path '*/target/*') Cargo.toml Cargo.lock $(wildcard rust/*/Cargo.toml)

.PHONY: sweep setup test wheel-test lint clean

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
	$(MAKE) wheel-test

# A wheel must bring the workflow too: `molenspin run` in an empty folder.
wheel-test: $(VENV)/.installed-tests
	rm -rf target/wheel-test
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir target/wheel-test .
	MOLENSPIN_WHEEL="$$(ls target/wheel-test/*.whl)" $(BIN)/python -m pytest tests/test_wheel.py

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
