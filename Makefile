# Two commands do everything: `make demo` and `make test`. Both set up what they need.
.DEFAULT_GOAL := help
.PHONY: label-fuzz chaos fuzz simulate help setup demo test check page built-page browser screenshots conformance differential bench bench-fusion bench-policy bench-federation docs lock clean
SHELL := /bin/sh
BIN := .venv/bin

help:            ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):[^#]*## */  make \1|/' | column -t -s '|'

setup: .setup/done  ## .venv with the trilat command; kernels compiled once

.setup/done: pyproject.toml requirements/dev.txt requirements/uv.txt tools/setup.sh
	@tools/setup.sh

# What is looked at is what is written: built where the page's sources are newer, else at once done.
built-page: setup
	@$(BIN)/python -c "import sys; from pathlib import Path; from hatch_build import build_page; \
	    left_out = build_page(Path.cwd()); left_out and sys.stderr.write(left_out + chr(10))"

demo: setup built-page  ## three nodes, live, with a page to look at: 5 April 2009
	@$(BIN)/trilat demo --tour

check: setup     ## ruff, mypy, import rules, our own lint, docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q tests/tidy
	@$(MAKE) --no-print-directory page

page:            ## types, texts and tests of the page
	@if command -v npm >/dev/null 2>&1; then \
	    cd frontend && \
	    { [ node_modules/.package-lock.json -nt package-lock.json ] || \
	        npm ci --no-audit --no-fund --ignore-scripts; } && \
	    npm run --silent check && npm run --silent test; \
	else \
	    echo "page: NOT CHECKED, there is no npm: install Node.js 20.19 or newer" >&2; \
	fi

test: check built-page  ## check, then every test
	@tools/browser.sh
	@tools/postgres.sh
	$(BIN)/pytest -q -n 2 --dist loadfile --durations=10 --ignore tests/processes --ignore tests/browser
	@echo "now nodes as processes, and the page in a browser: one after another, each has the machine to itself"
	$(BIN)/pytest -q --durations=10 tests/processes tests/browser/test_page_live.py tests/browser/test_page_recorded.py
	@echo "the other rooms of the page are tested by make browser: a browser without a GPU takes a quarter of an hour"

browser: setup built-page  ## the page in a browser: every test; the last line is `N passed, 0 failed`
	@tools/browser.sh
	@$(BIN)/python tools/browser_tests.py

screenshots: setup built-page  ## docs/screenshots: every room in three languages, wide and on a phone
	@tools/browser.sh
	@$(BIN)/python -m tests.browser.screenshots

conformance: setup  ## every case of conformance/ asked of decide and of spec/
	@$(BIN)/python -m conformance.run

differential: setup  ## decide against spec/ and Cedar on random questions: CASES=1000000 SEED=1
	@$(BIN)/python -m conformance.differential --cases $(or $(CASES),20000) --seed $(or $(SEED),1)

chaos: setup     ## real nodes killed, paused, cut off, their disks filled: ROUNDS=100 SEED=1 FIRST=1 KINDS=...
	$(BIN)/python -m chaos --rounds $(or $(ROUNDS),10) --seed $(or $(SEED),1) --first $(or $(FIRST),1) \
	    $(if $(KINDS),--kinds $(KINDS)) $(if $(HUB),--hub $(HUB))
simulate: setup  ## whole federations under faults, one per seed: SEEDS=200 FIRST=1; MUTANTS=1 plants known faults
	@$(BIN)/python -m tests.simulation.run --seeds $(or $(SEEDS),200) --first $(or $(FIRST),1) \
	    $(if $(filter-out 0,$(MUTANTS)),--mutants)

bench: setup     ## measurements, side by side; results go to bench/RESULTS.md by hand
	$(BIN)/python bench/run.py

bench-policy: setup  ## rates of deciding, beside decide one by one and the slow reference
	$(BIN)/python bench/policy.py

bench-federation: setup  ## live lane through a hub, throughput, soak, beside bare NATS; ONLY=live for one part
	$(BIN)/python bench/federation.py $(if $(ONLY),--only $(ONLY))

bench-fusion: setup  ## tracking and fusion beside goals and bounds: hours; RUNS=quick for a look
	$(BIN)/python bench/fusion.py --runs $(or $(RUNS),full)

label-fuzz: setup  ## labels with one thing wrong; CASES=1000000 SEED=1, nothing may be released
	$(BIN)/python bench/label_fuzz.py --cases $(or $(CASES),1000000) --seed $(or $(SEED),1)

fuzz: setup      ## every reader of foreign bytes, and the HTTP interface: SECONDS=20 each, ONLY=how its name begins
	PYTHONPATH=. $(BIN)/python -m fuzzing.run --seconds $(or $(SECONDS),20) --only "$(ONLY)"

docs: setup      ## write the generated pages of docs/ again
	$(BIN)/python tools/generate_docs.py

lock: setup      ## pin requirements again, by hash, without index addresses
	tools/lock.sh

clean:           ## remove what setup made
	rm -rf .venv .setup .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
