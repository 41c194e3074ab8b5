# Two commands from a fresh clone: `make run` and `make test`. The rest is listed by `make help`.

VENV ?= .venv
BIN := $(VENV)/bin
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c '$(SUPPORTED)' 2>/dev/null && echo $$python && break; done)
TWO_WORKERS := -n 2 --dist loadfile --no-loadscope-reorder
ROOT_OPTION := $(if $(filter 0,$(shell id -u 2>/dev/null)),--allow-root)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: run app cluster test check faults lint viz mlflow site dag notebooks help
.DEFAULT_GOAL := help

help: ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 12

run: $(VENV)/installed-to-run ## install, then train and evaluate (kedro run)
	$(BIN)/kedro run

app: $(VENV)/installed-to-draw ## open the page where one draws a digit, after make run
	$(BIN)/kedro app

cluster: $(VENV)/installed-to-scale ## install what reads on a Dask cluster and in buckets

test: $(VENV)/installed-to-test ## install with the test extras, then run all tests
	$(BIN)/pytest $(TWO_WORKERS)

check: lint ## lint, and the tests without whole runs
	$(BIN)/pytest $(TWO_WORKERS) -m "not runs"

faults: $(VENV)/installed-to-test ## kill runs, fill disks, feed damaged inputs
	printf '%s\n' 'kill.py 10' 'fuzz.py 500' 'places.py 2' 'interrupt.py 4' \
		| TF_CPP_MIN_LOG_LEVEL=3 xargs -P 2 -I TEST sh -c '$(BIN)/python tests/faults/TEST'

lint: $(VENV)/installed-to-test ## check style, format and types (ruff, mypy)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

viz: $(VENV)/installed-to-run ## open Kedro-Viz in the browser
	$(BIN)/kedro viz run

mlflow: $(VENV)/installed-to-track ## open the page of MLflow with the runs of kedro run --env mlflow
	$(BIN)/python -m digit_recognition.tracking.mlflow_page

notebooks: $(VENV)/installed-to-read ## open the notebooks (JupyterLab), after make run
	$(BIN)/jupyter lab notebooks $(ROOT_OPTION)

site: $(VENV)/installed-to-run ## build Kedro-Viz with its previews as a static site
	$(BIN)/python -m digit_recognition.viz.static_site

dag: $(VENV)/installed-to-test ## draw docs/dag.png, the flowchart of Kedro-Viz
	$(BIN)/python docs/draw_dag.py

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "expected Python 3.11, 3.12 or 3.13, found none; install one or name it: make PYTHON=/path/to/python3.12"; exit 1; }
	@$(PYTHON) -c '$(SUPPORTED)' || { echo "expected Python 3.11, 3.12 or 3.13, received $$($(PYTHON) --version); name another: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/installed-to-run: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --requirement requirements.txt
	$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/installed-to-draw: requirements-app.txt pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --requirement requirements-app.txt
	$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/installed-to-scale: requirements-dask.txt pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --requirement requirements-dask.txt
	$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/installed-to-track: requirements-mlflow.txt pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --requirement requirements-mlflow.txt
	$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/installed-to-test: requirements-test.txt pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --requirement requirements-test.txt
	$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/installed-to-read: requirements-notebooks.txt pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --requirement requirements-notebooks.txt
	$(INSTALL) --no-deps --editable .
	@touch $@
