# make setup | demo | serve | test | lint. The environment is .venv; `make clean` removes it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PACKAGES := libportaudio2
TEST_PACKAGES := puredata-core liblo-tools jackd2 iproute2 procps

.PHONY: setup demo serve test lint system test-system clean
.DEFAULT_GOAL := setup

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "msanii-live needs Python 3.11 or later; name one with make PYTHON=python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
	  { echo "Python has no venv module: apt-get install python3-venv"; rm -rf .venv; exit 1; }
	@echo "installing (torch is large: the first time takes minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

system:
	@sh tools/system-packages.sh $(PACKAGES)

test-system:
	@sh tools/system-packages.sh $(PACKAGES) $(TEST_PACKAGES)

demo: setup system
	@$(BIN)/msanii-live demo --out demo-output

serve: setup system
	@$(BIN)/msanii-live serve $(ARGS)

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup test-system
	$(BIN)/python -m pytest $(ARGS)

clean:
	rm -rf .venv
