"""The Pure Data player, rendered offline: no clicks, the right pitch, loops to the frame."""

import numpy as np
import pytest
import soundfile

from tests.clients.pure_data import COMPLAINTS, render

pytestmark = [pytest.mark.clients]

# Load A at once and B after half a second; write what sounded, less the last blocks; quit. Into
# tables, since writesf~ has a thread of its own, which a quit cuts short.
RENDER = """
    load  20 20  [loadbang]
    all   20 45  [t b b b b]
    on    200 70 (; pd dsp 1)
    rec   200 95 [t b b]
    loop  200 120 (loop LOOP)
    one   20 120 (symbol A)
    wait  20 145 [delay 500]
    two   20 170 (symbol B)
    end   400 145 [delay LAST]
    halt  400 170 (write -wave -bytes 4 OUT outL outR)
    quit  400 195 (; pd quit)
    play  20 220 [msanii-player~]
    left  20 260 [tabwrite~ outL]
    right 70 290 [tabwrite~ outR]
    keepl 300 260 [table outL ROOM]
    keepr 300 290 [table outR ROOM]
    save  400 220 [soundfiler]
    told  120 260 [print FRAMES]
    over  240 260 [print END]
    load -> all
    all:3 -> on
    all:3 -> rec -> left
    rec:1 -> right
    all:2 -> loop -> play
    all:1 -> wait -> two -> play
    all:1 -> end -> ends
    ends  400 120 [t b b]
    ends:1 -> halt -> save
    ends -> quit
    all -> one -> play
    play -> left
    play:1 -> right
    play:2 -> told
    play:3 -> over
"""


def tone(path, hz, seconds, rate=44_100, channels=2, level=0.5):
    """Write whole cycles of a sine, so that it closes as a loop; return its pitch."""
    frames = round(seconds * rate)
    hz = round(hz * frames / rate) * rate / frames
    wave = level * np.sin(2 * np.pi * hz * np.arange(frames) / rate)
    soundfile.write(path, np.stack([wave] * channels, axis=1), rate, subtype="FLOAT")
    return hz


def fill(a, b, loop=1, last=2500, rate=44_100):
    room = (last - 20) * rate // 1_000
    return (
        RENDER.replace("LOOP", str(loop)).replace("LAST", str(last)).replace("ROOM", str(room))
        .replace("symbol A", f"symbol {spaced(a)}").replace("symbol B", f"symbol {spaced(b)}")
    )  # fmt: skip


def spaced(path):
    return path.as_posix().replace(" ", "\\ ")


def pitch(sound, rate):
    """Return the strongest frequency, and how far below it the strongest other one is, dB."""
    spectrum = np.abs(np.fft.rfft(sound * np.blackman(len(sound))))
    top = int(spectrum.argmax())
    others = spectrum.copy()
    others[max(0, top - 8) : top + 9] = 0
    others[:8] = 0
    return top * rate / len(sound), 20 * np.log10(spectrum[top] / others.max())


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_crossfades_and_loops_without_a_click(tmp_path, rate):
    folder = tmp_path / "müsik ordner"
    folder.mkdir()
    tone(folder / "a.wav", 220, 0.7)
    hz = tone(folder / "b é.wav", 330, 1.1)
    said = render(tmp_path, fill(folder / "a.wav", folder / "b é.wav", rate=rate), rate)
    assert not COMPLAINTS.search(said), said
    assert "FRAMES: 30870" in said
    assert "FRAMES: 48510" in said
    sound, got = soundfile.read(tmp_path / "out.wav")
    assert got == rate
    assert np.abs(sound).max() > 0.4
    # the steepest step of either tone is 0.024; a hard cut would be up to 0.7
    assert np.abs(np.diff(sound, axis=0)).max() < 0.035
    found, clean = pitch(sound[int(0.8 * rate) : int(2.4 * rate), 0], rate)
    assert found == pytest.approx(hz, abs=1)
    assert clean > 80  # two turns of the loop are in it


def test_the_loop_is_the_file_again_and_again_to_the_frame(tmp_path):
    tone(tmp_path / "a.wav", 220, 0.7)
    tone(tmp_path / "b.wav", 330, 0.9)
    render(tmp_path, fill(tmp_path / "a.wav", tmp_path / "b.wav"), 44_100)
    sound, _ = soundfile.read(tmp_path / "out.wav", dtype="float32")
    file, _ = soundfile.read(tmp_path / "b.wav", dtype="float32")
    start = int(0.6 * 44_100)  # B alone sounds from here
    heard = sound[start : start + 60_000, 0]
    again = np.tile(file[:, 0], 4)
    errors = [np.abs(again[k : k + 60_000] - heard).max() for k in range(4_000, 5_000)]
    assert min(errors) < 5e-5  # 80 dB below the tone: 1/1,000 of a frame


def test_a_clip_ends_by_itself_without_a_click(tmp_path):
    tone(tmp_path / "a.wav", 110, 0.4)
    frames = 30_000
    soundfile.write(  # it stops in the middle of a wave
        tmp_path / "b.wav", 0.5 * np.cos(np.arange(frames) / 30)[:, None].repeat(2, 1), 44_100
    )
    said = render(tmp_path, fill(tmp_path / "a.wav", tmp_path / "b.wav", loop=0), 44_100)
    assert said.count("END: bang") == 2, said
    sound, _ = soundfile.read(tmp_path / "out.wav")
    assert np.abs(np.diff(sound, axis=0)).max() < 0.03
    assert not sound[int(1.5 * 44_100) :].any()


def test_mono_sounds_on_both_sides_and_other_rates_keep_their_pitch(tmp_path):
    tone(tmp_path / "a.wav", 220, 0.7)
    hz = tone(tmp_path / "b.wav", 330, 1.1, rate=48_000, channels=1)
    render(tmp_path, fill(tmp_path / "a.wav", tmp_path / "b.wav"), 44_100)
    sound, rate = soundfile.read(tmp_path / "out.wav")
    tail = sound[int(0.8 * rate) : int(2.4 * rate)]
    assert np.abs(tail[:, 0] - tail[:, 1]).max() < 1e-6
    found, clean = pitch(tail[:, 0], rate)
    assert found == pytest.approx(hz, abs=1)
    assert clean > 80


def test_what_cannot_be_read_leaves_the_music_alone(tmp_path):
    hz = tone(tmp_path / "a.wav", 220, 0.7)
    (tmp_path / "b.wav").write_text("no sound")
    said = render(tmp_path, fill(tmp_path / "a.wav", tmp_path / "b.wav"), 44_100)
    assert "FRAMES: 0" in said
    sound, rate = soundfile.read(tmp_path / "out.wav")
    found, _ = pitch(sound[int(0.8 * rate) : int(2.4 * rate), 0], rate)
    assert found == pytest.approx(hz, abs=1)


def test_paths_that_come_faster_than_fades_do_not_click(tmp_path):
    tone(tmp_path / "a.wav", 220, 0.7)
    tone(tmp_path / "b.wav", 330, 0.9)
    sketch = (
        fill(tmp_path / "a.wav", tmp_path / "b.wav")
        + """
        soon  20 300 [delay 510]
        three 20 320 (symbol C)
        later 120 300 [delay 515]
        four  120 320 (symbol D)
        all:1 -> soon -> three -> play
        all:1 -> later -> four -> play
    """.replace("symbol C", f"symbol {spaced(tmp_path / 'a.wav')}").replace(
            "symbol D", f"symbol {spaced(tmp_path / 'b.wav')}"
        )
    )
    said = render(tmp_path, sketch, 44_100)
    assert not COMPLAINTS.search(said), said
    assert said.count("FRAMES: ") == 3  # A, B, and the last of the two that had to wait
    sound, _ = soundfile.read(tmp_path / "out.wav")
    assert np.abs(np.diff(sound, axis=0)).max() < 0.035
