# Optimizers by Hand. Every target sets up what it needs: Python packages in .venv, npm packages in
# node_modules, and, where it can, packages of the operating system.
SHELL := /bin/bash
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help book html notebooks pdf serve test check verify checksums unpinned
.PHONY: frameworks pythons package picture benchmark track lock setup clean

PORT ?= 8000
PYTHON := .venv/bin/python
# A file's tests share what they build, so they run one after the other.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder
export PATH := $(CURDIR)/.venv/bin:$(PATH)

help:  ## list what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 12

book: html notebooks pdf  ## the website, the notebooks and the PDF

html: setup  ## the website, in _build/html
	@$(PYTHON) tools/build.py html
	@echo "Website: _build/html/index.html"

notebooks: html  ## the notebooks, one a chapter, in _build/notebooks
	@echo "Notebooks: _build/notebooks"

pdf: setup  ## the PDF, _build/pdf/optimizers-by-hand.pdf
	@tools/system_packages.sh pdf
	@$(PYTHON) tools/build.py pdf
	@echo "PDF: _build/pdf/optimizers-by-hand.pdf"

serve: html  ## show the website at http://127.0.0.1:8000 (PORT=... for another port)
	@$(PYTHON) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

test: book  ## everything, then all tests
	@tools/system_packages.sh browser || echo "The tests in a browser look for another one."
	@$(PYTHON) -m pytest $(PARALLEL)

check: setup  ## format, lint and the fast tests
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@$(PYTHON) -m pytest $(PARALLEL) -m "not (slow or book or browser)"

verify: book  ## did this machine make the same bytes as are listed in checksums.txt?
	@$(PYTHON) tools/verify.py

checksums: book  ## write checksums.txt, after a change of the book
	@$(PYTHON) tools/verify.py --write

unpinned: setup  ## run every chapter with this machine's own instruction set: do all checks hold?
	@$(PYTHON) tools/execute.py --unpinned

benchmark: setup  ## time the package beside others (benchmarks/README.md)
	@$(PYTHON) benchmarks/d2l.py

# Single threads and the processor settings of the book (tools/execute.py), for the same steps.
track: setup  ## run the ten-minute track: table, figures and numbers in _build/track
	@NPY_DISABLE_CPU_FEATURES="X86_V4 AVX512_ICL AVX512_SPR" OPENBLAS_CORETYPE=Nehalem \
		OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(PYTHON) -m d2lmini.track --folder _build/track
	@echo "If it is to be the book's: cp _build/track/track_results.json d2lmini/"

# tf_keras asks for the large tensorflow; ours, the one for the CPU, does as well.
frameworks: setup  ## install PyTorch, Optax and the older tf.keras, and test the recipes for them
	@.venv/bin/pip install -qq --disable-pip-version-check -e ".[frameworks]"
	@.venv/bin/pip install -qq --disable-pip-version-check --no-deps tf_keras==2.21.0
	@$(PYTHON) -m pytest tests/test_frameworks_elsewhere.py tests/test_around_the_rule.py

pythons: setup  ## run the fast tests with Python 3.11, 3.12 and 3.13, where they can be had
	@tools/pythons.sh

package: setup  ## wheel and source of d2lmini for the package index, in _build/package
	@rm -rf _build/package
	@$(PYTHON) -m hatchling build --directory _build/package >/dev/null
	@echo "Package: _build/package"

picture: setup  ## draw the picture of the playground in the README
	@$(PYTHON) tools/picture.py

lock: setup  ## compile requirements.txt anew from requirements.in (asks the package index)
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
		--upgrade --custom-compile-command "make lock" requirements.in --output-file requirements.txt

setup:
	@tools/set_up.sh

clean:  ## remove everything that was built (not .venv and node_modules)
	rm -rf _build
