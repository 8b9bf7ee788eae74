.DEFAULT_GOAL := help
UV ?= uv
VENV := .venv
PY := $(VENV)/bin/python
MEMBERS := shared/contracts shared/kit services/identity services/applications services/documents services/notifications deploy/stack

.PHONY: help setup pins
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed ## install everything: uv if missing, .venv from the hashed pins, all members editable

$(VENV)/.installed: requirements/dev.txt $(MEMBERS:=/pyproject.toml)
	@command -v $(UV) >/dev/null || python3 -m pip install --quiet uv==0.13.9
	test -x $(PY) || $(UV) venv --quiet $(VENV)
	$(UV) pip install --quiet --python $(PY) --require-hashes -r requirements/dev.txt
	$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation $(MEMBERS:%=-e %)
	@touch $@

pins: ## compile the hashed pins again after a pyproject changed
	deploy/pins.sh
