# make setup | demo | serve for users; make setup-dev | test | lint for developers.
# The environment is .venv; `make clean` removes it. If root runs demo, serve or test on Debian, apt-get
# installs the system packages that are missing; NO_SYSTEM=1 leaves the system alone.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
PACKAGES := libportaudio2
TEST_PACKAGES := puredata-core liblo-tools jackd2 iproute2 procps fluidsynth csound-soundfont \
  chromium supercollider-language supercollider-server csound chuck nodejs npm lua5.4 ardour

FUZZ_SECONDS ?= 60
FUZZ_PACKETS ?= 100000
SOAK_MINUTES ?= 5
SOAK_ENGINE ?= tones
PROCESSES ?= 3
OTHER_PYTHONS ?= 3.12 3.13 3.14

.PHONY: setup setup-dev demo serve test long fuzz fuzz-server soak capture generated pictures lint system test-system clean
.DEFAULT_GOAL := setup

# What a user needs.
setup: .venv/ready

# What tests and lint need as well.
setup-dev: .venv/ready-dev

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "msanii-live needs Python 3.11 or later; name one with make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv || \
	  { echo "Python has no venv module: apt-get install python3-venv"; rm -rf .venv; exit 1; }

.venv/ready: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing (torch is large: the first time takes minutes) ..."
	@$(PIP) -e .
	@touch $@
	@echo "installed: run '. .venv/bin/activate', and msanii-live is on the PATH of this terminal"

.venv/ready-dev: pyproject.toml constraints.txt | .venv/bin/python
	@echo "installing, with what tests need (torch is large: the first time takes minutes) ..."
	@$(PIP) -e '.[dev]'
	@touch .venv/ready $@

system:
	@sh tools/system-packages.sh $(PACKAGES)

test-system:
	@sh tools/system-packages.sh $(PACKAGES) $(TEST_PACKAGES)

demo: setup system
	@$(BIN)/msanii-live demo --out demo-output

serve: setup system
	@$(BIN)/msanii-live serve $(ARGS)

# Search for packets that break the front door; FUZZ_SECONDS bounds it. Linux and macOS.
fuzz: setup-dev
	@$(PIP) -e '.[fuzz]'
	@mkdir -p build/fuzz && cp -n tests/fuzz/corpus/* build/fuzz/
	@PYTHONPATH=. $(BIN)/python tests/fuzz/fuzz_front.py build/fuzz tests/fuzz/corpus \
	  -max_total_time=$(FUZZ_SECONDS) -max_len=2048 -artifact_prefix=build/fuzz-

# Send fuzzed packets to a real server, and a ping after every thousand.
fuzz-server: setup-dev
	@$(BIN)/python -m tests.fuzz.send_packets --packets $(FUZZ_PACKETS)

# Play a server with six kinds of clients for SOAK_MINUTES and check that nothing is lost or grows.
soak: setup-dev test-system
	@PYTHONPATH=. $(BIN)/python tests/soak/soak.py --minutes $(SOAK_MINUTES) --engine $(SOAK_ENGINE)

# Compare ten minutes of a stream under load with what reaches the sound device, frame by frame.
capture: setup-dev test-system
	@MSANII_LIVE_LONG=1 $(BIN)/python -m pytest -s tests/playback/test_real_alone.py \
	  -k stream_under_load

# Write anew all that is made from the command table.
generated: setup-dev
	@$(BIN)/msanii-live spec > docs/osc.md
	@$(BIN)/python max_patches/generate.py
	@$(BIN)/python tools/generate_client.py

# Take the pictures of docs/monitor.md anew.
pictures: setup-dev test-system
	@PYTHONPATH=. $(BIN)/python -m tests.web.take_pictures docs/pictures

lint: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Three processes, in the order of tests/conftest.py. As many tests compute at a time as there are
# cores; those that listen by the clock run beside none that compute. PROCESSES=0 runs all in one. A
# test that fails runs once more, for a machine may be busy; the summary names those that did.
# Compiled first, the many servers start sooner.
test: setup-dev test-system
	@$(BIN)/python -m compileall -q msanii_live tests
	$(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder --reruns 1 -r fER $(ARGS)

# What CI does not run, for a night: ten minutes of a stream captured, an hour of soaking, a million
# fuzzed packets, ten minutes of fuzzing by coverage, and the tests with the other Pythons that are here.
long: setup-dev test-system
	@echo "1 of 5: the capture, ten minutes"
	@$(MAKE) capture
	@echo "2 of 5: the soak, an hour"
	@$(MAKE) soak SOAK_MINUTES=60
	@echo "3 of 5: a million fuzzed packets"
	@$(MAKE) fuzz-server FUZZ_PACKETS=1000000
	@echo "4 of 5: fuzzing by coverage, ten minutes"
	@$(MAKE) fuzz FUZZ_SECONDS=600
	@echo "5 of 5: other Pythons: $(OTHER_PYTHONS)"
	@for version in $(OTHER_PYTHONS); do sh tools/test-with-python.sh $$version || exit 1; done

clean:
	rm -rf .venv .venv-*
