.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
VENV := .venv
BIN := $(VENV)/bin
# The machine's uv if it has one; otherwise one of our own inside .venv, which no externally managed Python notices.
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo $(BIN)/uv)
UV_VERSION := 0.13.9
export UV_PYTHON_DOWNLOADS := never
# Empty is off. Installed packages come without bytecode: where nobody may keep it, each of the hundreds of processes that
# the tests start compiles everything again, which takes longer than the rest of its start.
export PYTHONDONTWRITEBYTECODE :=
MEMBERS := shared/contracts shared/kit services/identity services/applications services/documents \
           services/notifications deploy/events deploy/stack
SOURCES := $(MEMBERS:=/src)

.PHONY: help setup run test first-half second-half deploy-half test-real real-stacks real-parts tools real-servers check \
        lint types imports contracts catalogue freeze asyncapi rules deploy-check images bench migrate format pins clean
help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.installed ## install everything into .venv: hashed pins, all members editable; needs python3 3.11 or newer

$(BIN)/python:
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python3 is older than 3.11")'
	@if [ $(UV) = uv ]; then uv venv --quiet $(VENV); else \
	python3 -m venv $(VENV) && $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); fi

# Members are built without a cache: a cached build of a member whose folders moved installs nothing, silently.
$(VENV)/.installed: requirements/dev.txt $(MEMBERS:=/pyproject.toml) | $(BIN)/python
	$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --no-cache $(MEMBERS:%=-e %)
	@touch $@

run: setup ## start everything here and play a case (PROGRAMME=green_loan: that of a loan; DEMO=0: none); ctrl-C stops it, data stays in .run
	@exec $(BIN)/madoguchi stack up $(if $(filter 0,$(DEMO)),--no-demo) $(if $(PROGRAMME),--case $(PROGRAMME)) $(if $(LOGS),--logs)

# Two halves of about the same length, each with servers of its own: most of the time a test waits for one of them. What
# starts the whole stack is in one of them: two stacks at once would wait for the processor, and not for each other. What
# they print comes in whole lines, so that both can be followed.
STACKS := tests/faults tests/journeys
FIRST_HALF := $(STACKS) $(addprefix tests/,contracts drill events kit operators stack)
SECOND_HALF := $(filter-out $(FIRST_HALF) tests/support tests/bench tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/)))
DEPLOY := $(filter 1,$(MADOGUCHI_DEPLOY_CHECK))
AT_ONCE := +@$(MAKE) --no-print-directory --keep-going --jobs
BY_LINE := sed -u ""
test: setup ## all tests, on servers from wheels; in two halves at once
	$(AT_ONCE) first-half second-half $(if $(DEPLOY),deploy-half real-servers)

first-half: setup
	$(BIN)/pytest $(FIRST_HALF) | $(BY_LINE)

second-half: setup
	$(BIN)/pytest $(if $(DEPLOY),$(filter-out tests/deploy,$(SECOND_HALF)),$(SECOND_HALF)) | $(BY_LINE)

# As `make deploy-check`, whose tools are made meanwhile: MADOGUCHI_DEPLOY_CHECK=1 asks for it.
deploy-half: second-half tools
	$(BIN)/pytest tests/deploy | $(BY_LINE)

test-real: setup ## the tests marked `real` against Apache Kafka and MinIO, obtained into .real the first time; in two parts at once
	$(BIN)/madoguchi stack obtain-real
	$(AT_ONCE) real-stacks real-parts

real-stacks: setup
	MADOGUCHI_TEST_SERVERS=real $(BIN)/pytest $(STACKS) -m real | $(BY_LINE)

real-parts: setup
	MADOGUCHI_TEST_SERVERS=real $(BIN)/pytest tests $(STACKS:%=--ignore=%) -m real | $(BY_LINE)

# Whatever is built beside them, the tests come first; and what cannot be had of one keeps nobody from the other.
tools: setup
	nice $(BIN)/madoguchi stack obtain-tools

real-servers: tools
	nice $(BIN)/madoguchi stack obtain-real

check: lint types imports contracts ## everything that needs no running server: style, types, imports, contracts, rules
	@PYTHONPATH=tests $(BIN)/python -m support.rules | tail -1

lint: setup ## ruff: style and likely mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## mypy, strict
	$(BIN)/mypy $(SOURCES)

imports: setup ## who may import whom
	$(BIN)/lint-imports

contracts: setup ## no event breaks a reader of any release; the teams that one would break are named
	$(BIN)/python -m madoguchi_events.gate

catalogue: setup ## write the catalogue of events: docs/events.md, events.html, asyncapi.json, events-changelog.md
	$(BIN)/python -m madoguchi_events.catalogue docs

freeze: setup ## release the present version of the events: keep its schemas and examples for ever (before it is deployed)
	$(BIN)/python -m madoguchi_events.freeze

asyncapi: setup ## let AsyncAPI's own parser judge docs/asyncapi.json; a part of test-real
	MADOGUCHI_TEST_SERVERS=real $(BIN)/pytest tests/events/test_asyncapi.py -m real

rules: setup ## every rule of the catalogue with the tests that prove it
	PYTHONPATH=tests $(BIN)/python -m support.rules

deploy-check: setup ## image, compose file, chart in a cluster without nodes, alerts; obtains its tools into .real the first time
	$(BIN)/madoguchi stack obtain-tools
	MADOGUCHI_DEPLOY_CHECK=1 $(BIN)/pytest tests/deploy

images: setup ## every image without a container engine, as root (Debian: buildah mmdebstrap umoci), and its processes started
	deploy/image/rehearse.sh $(CURDIR)/.real/images
	MADOGUCHI_DEPLOY_CHECK=1 MADOGUCHI_IMAGES=$(CURDIR)/.real/images $(BIN)/pytest tests/deploy/test_image.py

bench: setup ## the benchmarks; writes docs/benchmarks.md
	cd tests && ../$(BIN)/python -m bench

migrate: setup ## bring a database to this release: SERVICE=identity MADOGUCHI_DATABASE_URL=postgresql+asyncpg://...
	$(BIN)/madoguchi migrate $(SERVICE)

format: setup ## let ruff lay out the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

pins: setup ## compile the hashed pins again after a pyproject changed
	PATH="$(abspath $(BIN)):$$PATH" deploy/pins.sh

clean: ## remove what the local stack keeps: data, secrets, logs
	rm -rf .run
