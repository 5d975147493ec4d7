# make demo       run the embedded models, of four kinds, on the embedded benchmark, and make a
#                 leaderboard of them
# make test       run the tests that the light environment can run in minutes
# make test-full  run the slow tests, those that need torchvision or lmms-eval, and all of the
#                 adapters; the first time it installs an environment of 7 GB
# make test-vllm  run the tests of adapter `vllm`, and of `openai` against a real `vllm serve`; the
#                 first time it installs an environment of 4 GB
# make docs       build the documentation site into site-docs/
# make lint       style and types, and the workflows

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONSTRAINTS := constraints-light.txt
BASELINES := mini_classifier mini_dual mini_knn
FULL := .venv-full
FULL_CONSTRAINTS := constraints-full.txt
VLLM := .venv-vllm
# A machine that tests without a GPU may have a way of its own to make this environment.
VLLM_SCRIPT := ../shared/vllm/make_env.sh
# One more than processors: tests wait for commands that they start a fifth of the time.
WORKERS = $(shell $(BIN)/python -c 'import os; print(1 + (os.cpu_count() or 1))')
FULL_EXTRAS := dev,lmms,open-clip,quantization,timm,vision

.PHONY: demo docs test test-full test-vllm lint clean

demo: $(VENV)/.ready
	$(BIN)/harness run --tasks mini_cw,mini_ow --model mini --output runs/demo >/dev/null
	@for model in $(BASELINES); do \
	    $(BIN)/harness run --tasks mini_classify --model $$model --output runs/demo >/dev/null || exit; \
	done
	@$(BIN)/harness merge runs/demo
	@rm -rf runs/demo-entries
	@for model in mini $(BASELINES); do \
	    $(BIN)/harness submit pack runs/demo/$$model -o runs/demo-entries/$$model \
	        --card leaderboard/submissions/$$model/MODEL_CARD.md >/dev/null || exit; \
	done
	@$(BIN)/harness leaderboard build runs/demo-entries -o site >/dev/null
	@echo 'The leaderboard of these models: $(CURDIR)/site/index.html'

# What is compiled is kept, whatever the shell says of it: else each worker of pytest compiles all
# tests at each start, which takes eight seconds.
test: $(VENV)/.ready-dev
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 PYTEST_XDIST_AUTO_NUM_WORKERS=$(WORKERS) \
	    $(BIN)/python -m pytest -m 'not slow' -n auto --maxprocesses 4 \
	    --dist loadfile --no-loadscope-reorder

test-full: $(FULL)/.ready
	$(FULL)/bin/python -m pytest -m 'full or slow' -n auto --maxprocesses 2 --dist loadfile
	$(FULL)/bin/python -m pytest -m 'not full and not slow' tests/adapters \
	    -n auto --maxprocesses 2 --dist loadfile

test-vllm: $(VLLM)/.ready
	VLLM_CPU_KVCACHE_SPACE=1 $(VLLM)/bin/python -m pytest -o filterwarnings=default -k vllm \
	    tests/adapters/test_conformance.py tests/adapters/test_*vllm*.py

docs: $(VENV)/.ready-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo 'The documentation: $(CURDIR)/site-docs/index.html'

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

$(VENV)/.ready: pyproject.toml $(CONSTRAINTS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint $(CONSTRAINTS) --editable .
	touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	$(BIN)/pip install --quiet --constraint $(CONSTRAINTS) --editable '.[dev]'
	touch $@

$(FULL)/.ready: pyproject.toml $(FULL_CONSTRAINTS)
	$(PYTHON) -m venv $(FULL)
	$(FULL)/bin/pip install --quiet --constraint $(FULL_CONSTRAINTS) --editable '.[$(FULL_EXTRAS)]'
	touch $@

$(VLLM)/.ready:
	if [ -x $(VLLM_SCRIPT) ]; then $(VLLM_SCRIPT) $(VLLM); \
	    else $(PYTHON) -m venv $(VLLM) && $(VLLM)/bin/pip install --quiet --editable '.[dev,vllm]'; fi
	touch $@

clean:
	rm -rf $(VENV) $(FULL) $(VLLM) runs site site-docs
