# Every target makes .venv first if it is missing. `make` alone lists the targets.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup lock docs demo train serve test test-quick test-all lint bench bench-data bench-serve bench-hosts bench-page soak fuzz image images wheel push algorithm sbom clean

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3,$(shell $(name) -c 'print("$(name)")' 2>/dev/null)))
ROOT ?= opt_ml
export ALGORITHM ?= linear_learner
OPEN_NAME := open-$(subst _,-,$(ALGORITHM))
IMAGE ?= $(OPEN_NAME):dev
BASE_IMAGE ?= debian:bookworm-slim
ALGORITHMS := $(notdir $(patsubst %/card.py,%,$(wildcard */card.py open_algorithms/*/card.py)))
REPOSITORY ?= $(OPEN_NAME)
TAG ?= $(shell sed -n 's/^VERSION = "\(.*\)"/\1/p' open_algorithms/__init__.py)
FUZZ_SECONDS ?= 300
SOAK_SECONDS ?= 600
BIN := .venv/bin
PACKAGES := .venv/packages
READY := .venv/ready

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) .venv/snippet/ready ## build .venv with the pinned packages and the native library, and .venv/snippet with packages of MXNet's day

$(PACKAGES): requirements/dev.txt
	@$(or $(PYTHON),false) -c 'import sys, platform; sys.exit(not (sys.version_info[:2] in ((3, 11), (3, 12)) and platform.system() == "Linux"))' \
	|| { echo "This needs Linux with Python 3.11 or 3.12 (found: $(or $(PYTHON),no python) on $$(uname -s)). Elsewhere use the Docker image: make image"; exit 1; }
	@echo "Building .venv"
	@rm -rf .venv && $(PYTHON) -m venv .venv \
	|| { echo "venv is missing; on Debian: apt-get install python3-venv"; exit 1; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(READY): $(PACKAGES) $(wildcard open_algorithms/learning/engine/native/*.[ch] open_algorithms/learning/engine/native/build.py)
	@$(BIN)/python -m open_algorithms.learning.engine.native.build || true
	@touch $@

lock: ## pin every package with its hashes (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --extra onnx --group engine --group image -o requirements/runtime.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --extra onnx --group engine --group dev -o requirements/dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --group engine requirements/peers.in -o requirements/peers.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header $(PIP_FIND_LINKS:%=--find-links %) \
	    requirements/torch.in -c requirements/peers.txt -o requirements/torch.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements/snippet.in -o requirements/snippet.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements/fuzz.in -o requirements/fuzz.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements/sdk.in -o requirements/sdk.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements/sdk3.in -o requirements/sdk3.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header pyproject.toml --extra onnx --extra sklearn requirements/today.in -o requirements/today.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements/wheel.in -o requirements/wheel.txt

docs: $(READY) ## write docs/hyperparameters.md, of other algorithms docs/ALGORITHM_hyperparameters.md, and the tables of docs/rooms
	@$(foreach name,$(ALGORITHMS),ALGORITHM=$(name) $(BIN)/python -m publishing.reference \
	    > docs/$(patsubst %,%_,$(filter-out linear_learner,$(name)))hyperparameters.md &&) true
	@$(BIN)/python -m publishing.rooms

demo: $(READY) ## train on the bundled data, serve, predict in three formats, leave a report
	@$(BIN)/python examples/demo.py

$(ROOT):
	@mkdir -p $@/input/config $@/input/data/train $@/input/data/validation $@/model $@/output
	@cp examples/breast-cancer/train.csv $@/input/data/train/
	@cp examples/breast-cancer/validation.csv $@/input/data/validation/
	@cp examples/breast-cancer/config/*.json $@/input/config/

train: $(READY) $(ROOT) ## run a training job on ROOT (opt_ml, filled with the example)
	@SAGEMAKER_BASE_DIR=$(ROOT) exec $(BIN)/python train

serve: $(READY) $(ROOT) ## serve the model in ROOT on port 8080
	@SAGEMAKER_BASE_DIR=$(ROOT) exec $(BIN)/python serve

# The documented snippet wants the MXNet and numpy of its day; numpy 1.23.5 has no wheel for Python 3.12.
.venv/snippet/ready: requirements/snippet.txt $(PACKAGES)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || exit 0; \
	$(BIN)/python -m venv .venv/snippet && .venv/snippet/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@mkdir -p $(@D) && touch $@

# Amazon's SDK wants other packages than we do. Its tests need the image, so it is left out where no engine answers.
.venv/sdk/ready: requirements/sdk.txt $(PACKAGES)
	@echo "Building .venv/sdk, with Amazon's SDK for the tests"
	@$(BIN)/python -m venv .venv/sdk && .venv/sdk/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Version 3 of it, which is another SDK. The tests import little of it: not compiling the rest takes a third less time.
.venv/sdk3/ready: requirements/sdk3.txt $(PACKAGES)
	@echo "Building .venv/sdk3, with version 3 of Amazon's SDK for the tests"
	@$(BIN)/python -m venv .venv/sdk3 && .venv/sdk3/bin/pip install --no-compile --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# What builds the wheel. MXNet comes from PyPI into an environment of the build's own.
.venv/wheel/ready: requirements/wheel.txt $(PACKAGES)
	@echo "Building .venv/wheel, with what builds the wheel"
	@$(BIN)/python -m venv .venv/wheel && .venv/wheel/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# The project beside what it is measured against.
.venv/peers/ready: requirements/peers.txt requirements/torch.txt $(PACKAGES)
	@echo "Building .venv/peers, with the peers of the benchmarks"
	@$(BIN)/python -m venv .venv/peers && .venv/peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@.venv/peers/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/torch.txt 2> /dev/null \
	|| echo "torch is left out: let pip know where its CPU build lies (PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL), rm -r .venv/peers, and again"
	@touch $@

# The fuzzer, beside what the decoders import and no more.
.venv/fuzz/ready: requirements/fuzz.txt $(PACKAGES)
	@echo "Building .venv/fuzz, with the fuzzer of the decoders"
	@$(BIN)/python -m venv .venv/fuzz && .venv/fuzz/bin/pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

# Files of slow tests begin first, and a file stays on one worker, with what its tests share (tests/conftest.py).
PYTEST = $(BIN)/python -m pytest -q --numprocesses logical --maxprocesses 8 --dist loadfile --no-loadscope-reorder

test: $(READY) .venv/snippet/ready ## run the tests but those of the image, the SDK and the wheel, of many kills and of long streams
	@$(PYTEST) -m 'not (image or sdk or sdk3 or wheel or kills or streams)'

test-quick: $(READY) ## run in a minute the tests that need no program of their own, with fewer examples
	@$(PYTEST) -m 'not (image or sdk or sdk3 or wheel or kills or streams or browser or processes)' --hypothesis-profile quick

test-all: $(READY) .venv/snippet/ready $(shell docker info > /dev/null 2>&1 && echo .venv/sdk/ready .venv/sdk3/ready) ## run every test; those of the images need make images, those of the wheel make wheel
	@$(PYTEST)

lint: $(PACKAGES) ## check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy linear_learner container open_algorithms examples benchmarks publishing tests
	@$(BIN)/mypy train
	@$(BIN)/mypy serve

bench: .venv/peers/ready ## measure speed and quality against references in the same run, then bench-page
	@for program in bank job from_file growth quality optimum clusters components pairs; do .venv/peers/bin/python -m benchmarks.$$program || exit 1; done
	@for program in neighbours estimator thresholds; do $(BIN)/python -m benchmarks.$$program || exit 1; done
	@$(MAKE) --no-print-directory bench-page

bench-data: .venv/peers/ready .venv/sdk/ready ## measure the reading of data against references in the same run, then bench-page
	@for program in recordio libsvm pipe sparse memory tables predict; do \
	    $(BIN)/python -m benchmarks.$$program || exit 1; done
	@.venv/peers/bin/python -m benchmarks.csv
	@$(MAKE) --no-print-directory bench-page

bench-hosts: $(READY) ## measure one host against two, as containers with one core each (needs IMAGE), then bench-page
	@IMAGE='$(IMAGE)' $(BIN)/python -m benchmarks.hosts
	@$(MAKE) --no-print-directory bench-page

bench-page: $(READY) ## write docs/performance.md from the results that are kept
	@$(BIN)/python -m benchmarks.page

bench-serve: $(READY) ## measure the server against bare Flask in the same run (needs wrk), then bench-page
	@$(BIN)/python -m benchmarks.serving
	@$(MAKE) --no-print-directory bench-page

soak: $(READY) ## attack a server for SOAK_SECONDS (600) and check every answer
	@$(BIN)/python -m benchmarks.soak $(SOAK_SECONDS)

fuzz: .venv/fuzz/ready ## feed each decoder mutated data for FUZZ_SECONDS (300)
	@for codec in $(notdir $(wildcard tests/fuzz/corpus/*)); do \
	    echo "== $$codec"; .venv/fuzz/bin/python -m tests.fuzz $$codec -max_total_time=$(FUZZ_SECONDS) || exit 1; done

# Without attestations: they would make an index of the image, which SageMaker does not take.
image: ## build the Docker image IMAGE of ALGORITHM (linear_learner) on BASE_IMAGE
	BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build --tag $(IMAGE) --build-arg BASE_IMAGE=$(BASE_IMAGE) --build-arg ALGORITHM=$(ALGORITHM) .

images: $(ALGORITHMS:%=image-%) ## build the Docker images of all algorithms, which share all layers but the last one

image-%:
	@$(MAKE) --no-print-directory image ALGORITHM=$* IMAGE=open-$(subst _,-,$*):dev

wheel: .venv/wheel/ready ## build dist/: the source distribution, and the wheel, which carries MXNet
	@rm -rf dist *.egg-info/SOURCES.txt
	@.venv/wheel/bin/python -m build --outdir dist --config-setting=--global-option=--quiet .
	@.venv/wheel/bin/twine check --strict dist/*

push: ## push IMAGE to the account's ECR as REPOSITORY:TAG (DRY_RUN=1 only tells)
	@IMAGE='$(IMAGE)' REPOSITORY='$(REPOSITORY)' TAG='$(TAG)' DRY_RUN='$(DRY_RUN)' publishing/push

algorithm: $(READY) ## print the CreateAlgorithm request for IMAGE, an address in ECR (DIGEST, NAME, ROLE and DATA)
	@$(BIN)/python -m publishing.algorithm --image '$(IMAGE)' $(DIGEST:%=--digest %) $(NAME:%=--name %) \
	    $(ROLE:%=--role %) $(DATA:%=--data %)

sbom: $(READY) ## write the bill of materials of IMAGE to open-ALGORITHM.cdx.json
	@$(BIN)/python -m publishing.sbom '$(IMAGE)' $(OPEN_NAME).cdx.json

clean: ## remove what make built
	rm -rf .venv *.egg-info build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .fuzz opt_ml demo_ml examples/distributed/opt_ml open-*.cdx.json
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
