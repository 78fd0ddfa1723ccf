"""Freed audio goes back to the system. Each test has a process of its own: the heap is global."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only glibc's heap is set")

# Threads take and free audio of many lengths, and each keeps a small object after each block.
AUDIO = """
import os, sys, threading
import numpy as np
from msanii_live.dsp.heap import return_memory

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

def work(kept):
    for round in range(3):
        blocks = []
        for kib in (170, 300, 700, 1500, 4200, 340, 900) * 3:
            blocks.append(np.ones(kib * 1024, np.uint8))
            kept.append(bytes(700))
        peaks.append(resident())

if "audio" in sys.argv:
    return_memory()
if "networks" in sys.argv:
    from msanii_live.dsp.device import pick_device
    pick_device("cpu")
peaks, kept, before = [], [], resident()
for _ in range(4):
    thread = threading.Thread(target=work, args=(kept,))
    thread.start(); thread.join()
print((resident() - before) / (max(peaks) - before))
"""


def printed_by(script: str, *arguments: str, **environment: str) -> float:
    own = {name: value for name, value in os.environ.items() if "MALLOC_" not in name}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True, text=True, timeout=120, check=False,
        env={**own, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_no_thread_keeps_audio_that_it_has_freed():
    assert printed_by(AUDIO, "audio") < 0.05


def test_a_user_s_own_settings_of_the_heap_stay():
    kept = printed_by(AUDIO, "audio", MALLOC_MMAP_THRESHOLD_="33554432")
    assert kept == pytest.approx(printed_by(AUDIO, MALLOC_MMAP_THRESHOLD_="33554432"), abs=0.1)


def test_networks_reuse_the_memory_of_tensors():
    assert printed_by(AUDIO, "audio", "networks") > 0.5


def test_spare_memory_goes_back_when_asked():
    spare = AUDIO.replace(
        "print(",
        "from msanii_live.dsp.heap import return_spare_memory\nreturn_spare_memory()\nprint(",
    )
    assert printed_by(spare, "audio", "networks") < 0.2
