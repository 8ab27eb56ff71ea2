# Each command sets up .venv by itself, once. `make` lists them.
PORT ?= 8000
PYTHON ?= python3
STAGE ?=
KEEP ?=
REPOSITORY ?=
SOLUTIONS ?= yes
FOLDER ?= notebooks

VENV := $(CURDIR)/.venv
YAML := _config.yml _toc.yml .yamllint .pre-commit-config.yaml

SYSTEM_PATH := $(PATH)
# Kernels find the programs of .venv first, whatever is activated, and nothing depends on HOME.
export PATH := $(VENV)/bin:$(PATH)
export VIRTUAL_ENV := $(VENV)
export JUPYTER_PREFER_ENV_PATH := 1
export IPYTHONDIR := $(VENV)/cache/ipython
export MPLCONFIGDIR := $(VENV)/cache/matplotlib
unexport PYTHONPATH PYTHONHOME LECTURES_VIEW LECTURES_WRITE
# With "no" the site and its notebooks say that solutions come later.
ifeq ($(filter yes no,$(SOLUTIONS)),)
$(error SOLUTIONS=$(SOLUTIONS), but it must be yes or no)
endif
export LECTURES_SOLUTIONS := $(SOLUTIONS)
# The full data sets, where development and CI have them beside the repository.
ifneq ($(wildcard ../shared/data/cifar10.npz),)
export LECTURES_DATA_DIR ?= $(abspath ../shared/data)
endif
# Set only when PYTHON is chosen: then no other Python is taken.
export SET_UP_PYTHON := $(if $(filter file,$(origin PYTHON)),,$(PYTHON))

.DEFAULT_GOAL := help
.PHONY: help serve book write quick test lab fork pdf lighthouse links bench clean

help: ## list the commands
	@echo "Commands (each sets up .venv by itself, once):"
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 14

serve: book ## build the site and serve it at http://127.0.0.1:8000 (PORT=... for another)
	@python -m tools.serve --port $(PORT)

book: .venv/.ready ## execute what changed and build the site in _build/html (SOLUTIONS=no keeps them back)
	@yamllint --strict $(YAML)
	@python -m tools.build

write: .venv/.ready ## build what you save and reload its page, at http://127.0.0.1:8000 (PORT=...)
	@python -m tools.write --port $(PORT)

quick: .venv/.ready ## lint and the tests that are fast and need no build, in a minute
	@python tools/stages.py lint quick

test: .venv/.ready ## run all tests (STAGE=lint|unit|notebooks|book|site|engines|lab for one, KEEP=1 keeps results)
	@KEEP=$(KEEP) python tools/stages.py $(STAGE)

lab: book ## open JupyterLab on a working copy of the notebooks (FOLDER=... for another than notebooks)
	@python -m tools.lab $(FOLDER)

fork: .venv/.ready ## write your repository's address everywhere (REPOSITORY=https://github.com/me/fork)
	@python -m tools.address $(REPOSITORY)

pdf: book ## print the book as _build/html/course.pdf, and link to it (needs Chromium)
	@python -m tools.pdf

lighthouse: book ## Lighthouse's marks of every page, as a table (needs Chromium)
	@python -m tools.lighthouse

links: book ## ask every address in the text whether it still answers (needs the internet)
	@jupyter-book build . --path-output _build/work --builder linkcheck --quiet

bench: .venv/.ready ## run the benchmarks and print a table of ratios
	@python -m benchmarks

clean: ## remove the site, executed notebooks and caches (not .venv)
	rm -rf _build .pytest_cache .ruff_cache
	find . \( -path ./.venv -o -path ./.uv \) -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -print \
		| while read -r folder; do rm -rf "$$folder"; done

# A .venv that was copied or moved here from another folder is made anew.
ifneq ($(shell sed -n 1p .venv/.ready 2>/dev/null),$(CURDIR))
.PHONY: .venv/.ready
endif

.venv/.ready: requirements.txt pyproject.toml
	@export PATH="$(SYSTEM_PATH)"; \
	command -v "$(PYTHON)" >/dev/null || { echo "$(PYTHON) is not on PATH. Install Python 3.12, or" \
		"name yours: make PYTHON=/path/to/python3.12" >&2; exit 1; }; \
	"$(PYTHON)" tools/set_up.py
