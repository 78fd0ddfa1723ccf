"""The Pure Data example of stems, rendered offline: they begin together and sum to the clip."""

import numpy as np
import pytest
import soundfile

from max_patches.generators.pd_stems import PARTS, players
from tests.clients.pure_data import COMPLAINTS, render

pytestmark = [pytest.mark.clients]

RATE = 44_100
SECONDS = 2.5
# Open the switches and give the path; write what sounded into tables, and then into a file.
RENDER = """
    begin  600 20 [loadbang]
    order  600 45 [t b b b b]
    on     600 70 (; pd dsp 1)
    start  680 70 (1)
    rec    600 95 [t b b]
    path   600 120 (symbol CLIP)
    wait   600 145 [delay LAST]
    ends   600 170 [t b b]
    halt   600 195 (write -wave -bytes 4 OUT outL outR)
    quit   700 195 (; pd quit)
    save   600 220 [soundfiler]
    keepl  600 245 [table outL ROOM]
    keepr  700 245 [table outR ROOM]
    recl   600 270 [tabwrite~ outL]
    recr   700 270 [tabwrite~ outR]
    begin -> order
    order:3 -> on
    order:2 -> start
    order:1 -> rec -> recl
    order:1 -> path -> codes
    rec:1 -> recr
    order -> wait -> ends
    ends:1 -> halt -> save
    ends -> quit
    left -> recl
    right -> recr
"""


def stems_of(folder, parts):
    """Write a clip and its stems, which close as loops; return the clip's samples."""
    frames = 20_160  # not a whole number of blocks
    t = np.arange(frames) / frames
    total = np.zeros((frames, 2), np.float32)
    for number, part in enumerate(parts):
        wave = (0.15 * np.sin(2 * np.pi * (90 + 37 * number) * t)).astype(np.float32)
        stem = np.stack([wave, -wave if number % 2 else wave], axis=1)
        soundfile.write(folder / f"a loop.{part}.wav", stem, RATE, subtype="FLOAT")
        total += stem
    soundfile.write(folder / "a loop.wav", total, RATE, subtype="FLOAT")
    return total


@pytest.mark.parametrize("parts", [PARTS, ("drums", "pad")], ids=len)
def test_stems_play_in_step_and_sum_to_the_clip(tmp_path, parts):
    total = stems_of(tmp_path, parts)
    sketch = players() + RENDER.replace("ROOM", str(int(SECONDS * RATE)))
    sketch = sketch.replace("LAST", str(int(1_000 * SECONDS)))
    path = (tmp_path / "a loop.wav").as_posix().replace(" ", "\\ ")
    said = render(tmp_path, sketch.replace("CLIP", path), RATE)
    unread = [line for line in said.splitlines() if COMPLAINTS.search(line)]
    assert all("No such file" in line or "error" in line for line in unread)
    assert len(parts) < len(PARTS) or not unread, said
    heard, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    span = heard[60_000:90_000]  # after the fade in, the third time round
    assert np.abs(span).max() > 0.1
    again = np.tile(0.7 * total, (4, 1))
    errors = [np.abs(again[k : k + len(span)] - span).max() for k in range(len(total))]
    assert min(errors) < 1e-3
