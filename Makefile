# make setup | demo | serve | test | lint. The environment is .venv; `make clean` removes it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PACKAGES := libportaudio2
TEST_PACKAGES := puredata-core liblo-tools jackd2 iproute2 procps fluidsynth csound-soundfont \
  chromium supercollider-language supercollider-server csound chuck

FUZZ_SECONDS ?= 60
SOAK_MINUTES ?= 5

.PHONY: setup demo serve test fuzz soak pictures lint system test-system clean
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

# Search for packets that break the front door; FUZZ_SECONDS bounds it. Linux and macOS.
fuzz: setup
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[fuzz]'
	@mkdir -p build/fuzz && cp -n tests/fuzz/corpus/* build/fuzz/
	@PYTHONPATH=. $(BIN)/python tests/fuzz/fuzz_front.py build/fuzz tests/fuzz/corpus \
	  -max_total_time=$(FUZZ_SECONDS) -max_len=2048 -artifact_prefix=build/fuzz-

# Play a server with four kinds of clients for SOAK_MINUTES and check that nothing is lost or grows.
soak: setup test-system
	@PYTHONPATH=. $(BIN)/python tests/soak/soak.py --minutes $(SOAK_MINUTES)

# Take the pictures of docs/monitor.md anew.
pictures: setup test-system
	@PYTHONPATH=. $(BIN)/python -m tests.web.take_pictures docs/pictures

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup test-system
	$(BIN)/python -m pytest $(ARGS)

clean:
	rm -rf .venv
