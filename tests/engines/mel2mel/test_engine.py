"""The mel2mel engine over OSC, also followed by an outpaint of mel-flow."""

import json
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from msanii_live.audio import rms_dbfs
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.loudness import normalize_loudness
from msanii_live.engines.mel2mel.engine import WEIGHTS, Mel2MelEngine
from msanii_live.engines.notes.instruments import INSTRUMENT_NAMES
from msanii_live.midi import files
from msanii_live.notes import Note, Score
from tests.engines.notes.played import arpeggio, centroid, pitch_at, read

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (SHIPPED_WEIGHTS / WEIGHTS).exists(), reason="the weights are not there"
    ),
]


@pytest.fixture(scope="module")
def riff(flow):
    return arpeggio(flow.folder, "riff.mid")


def test_a_server_of_mel_flow_plays_a_file_without_naming_an_engine(flow, riff):
    fields = flow.job("/msanii/render", "m1", "riff.mid", "clip", "riffed", "seed", 1)
    samples = read(fields)
    assert samples.shape == (4 * 44_100, 2)
    assert -30 < rms_dbfs(samples) < -12
    assert np.abs(samples).max() <= 0.892
    sidecar = json.loads((Path(flow.folder) / "riffed.json").read_text())
    assert (sidecar["engine"], sidecar["bpm"]) == ("mel2mel", 120)
    assert flow.count("/msanii/job/progress", "m1") >= 1


def test_it_plays_the_keys_that_are_written(flow, riff):
    samples = read(flow.job("/msanii/render", "k", "riff", "timbre", "organ"))
    heard = [pitch_at(samples, n.start + 0.1) for n in riff.notes]
    right = sum(a % 12 == n.pitch % 12 for a, n in zip(heard, riff.notes, strict=True))
    assert right >= 7


def test_the_same_command_makes_the_same_samples(flow, riff):
    a = read(flow.job("/msanii/render", "s1", "riff", "timbre", "harp", "seed", 3))
    b = read(flow.job("/msanii/render", "s2", "riff", "timbre", "harp", "seed", 3))
    assert np.array_equal(a, b)


def test_a_morph_goes_from_the_one_to_the_other(flow, riff):
    def made(token, *how):
        return read(flow.job("/msanii/render", token, "riff", *how, "seed", 1))

    mixes = [0, 0.25, 0.5, 0.75, 1]
    clips = [
        made(f"x{mix}", "timbre", "vibraphone", "timbre2", "trumpet", "mix", mix) for mix in mixes
    ]
    assert np.array_equal(clips[0], made("xa", "timbre", "vibraphone"))
    assert np.array_equal(clips[-1], made("xb", "timbre", "trumpet"))
    centroids = [centroid(clip) for clip in clips]
    assert centroids == sorted(centroids)


def test_wrong_words_are_told_with_the_right_ones(flow, riff):
    flow.client.send("/msanii/render", "riff", "timbre", "kazoo", "id", "w")
    failed = flow.client.wait(("/msanii/fail", "/msanii/job/done"), "w")
    assert failed.args[3] == "ERANGE"
    assert all(name in failed.args[4] for name in INSTRUMENT_NAMES)
    flow.client.send("/msanii/render", "riff", "engine", "mel-flow", "id", "e")
    assert flow.client.wait(("/msanii/fail",), "e").args[3] == "EENGINE"


def test_drums_and_bends_are_left_out_with_a_warning(flow):
    notes = (Note(0.0, 0.5, 60, 90), Note(0.0, 0.1, 36, 90, drum=True))
    midi = mido.MidiFile(file=None)
    midi = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack([mido.Message("pitchwheel", pitch=5_000)])
    for note in notes:
        channel = 9 if note.drum else 0
        track.append(mido.Message("note_on", note=note.pitch, velocity=90, channel=channel))
        track.append(mido.Message("note_off", note=note.pitch, channel=channel, time=240))
    midi.tracks.append(track)
    midi.save(Path(flow.folder) / "kit.mid")
    flow.job("/msanii/render", "d", "kit.mid")
    told = [m.args[1] for m in flow.client.received if m.address == "/msanii/warn"]
    assert any("drums" in text for text in told)
    assert any("pitch bend" in text for text in told)


def test_bars_close_as_a_loop(flow, riff):
    samples = read(flow.job("/msanii/render", "b", "riff", "bars", 2, "clip", "looped"))
    assert len(samples) == 4 * 44_100
    assert json.loads((Path(flow.folder) / "looped.json").read_text())["loops"] is True
    steps = np.abs(np.diff(samples, axis=0)).max(1)
    assert np.abs(samples[0] - samples[-1]).max() <= np.percentile(steps, 99.9)


def test_a_long_rendering_can_be_cancelled(flow):
    arpeggio(flow.folder, "long.mid", beats=600)
    flow.client.send("/msanii/render", "long.mid", "id", "c")
    flow.client.wait(("/msanii/job/progress",), "c")
    flow.client.send("/msanii/job/cancel", "c")
    ending = flow.client.wait(("/msanii/job/done", "/msanii/job/cancelled"), "c")
    assert ending.address == "/msanii/job/cancelled"


def test_what_is_rendered_can_be_gone_on_from_mixed_and_streamed(flow, riff):
    flow.job("/msanii/render", "r", "riff", "timbre", "epiano", "clip", "ep", "seed", 1)
    source = read(("", 0, "", str(Path(flow.folder) / "ep.wav")))
    more = read(flow.job("/msanii/outpaint", "o", "ep", "seconds", 2, "steps", 2, "seed", 1))
    assert len(more) == len(source) + 2 * 44_100
    assert np.array_equal(more[: len(source) - 2_048], source[:-2_048])
    flow.job("/msanii/render", "r2", "riff", "timbre", "organ", "clip", "org", "seed", 1)
    between = flow.job("/msanii/interpolate", "i", "ep", "org", "mix", 0.5, "steps", 2)
    assert read(between).shape == source.shape
    flow.ask("/msanii/stream/start", "ep", "chunk", 2, "at", "none")
    chunk = flow.client.wait(("/msanii/stream/chunk",), None, 60)
    assert chunk.args[2] > 0
    flow.ask("/msanii/stream/stop")


def test_a_stream_of_notes_has_no_hole_and_no_click_at_its_joins(flow):
    notes = tuple(Note(0.0, 16.0, pitch, 80) for pitch in (48, 55, 64))
    (Path(flow.folder) / "held.mid").write_bytes(files.to_midi(Score(notes, 16.0, bpm=120.0)))
    how = ("chunk", 1.5, "ahead", 1.5, "at", "none", "timbre", "strings", "timbre2", "organ")
    flow.ask("/msanii/stream/start", *how, "midi", "held", "mix", 0.4, "id", "sn", token="sn")
    for _ in range(5):
        flow.client.wait(("/msanii/stream/chunk",), None, 60)
    flow.client.send("/msanii/record/stop", "clip", "sounded", "seconds", 4, "id", "rs")
    assert flow.client.wait(("/msanii/done", "/msanii/fail"), "rs").address == "/msanii/done"
    flow.ask("/msanii/stream/stop")
    heard = read(("", 0, "", str(Path(flow.folder) / "sounded.wav")))[:, 0]
    level = np.sqrt((heard[: len(heard) // 2_205 * 2_205].reshape(-1, 2_205) ** 2).mean(1))
    assert level.min() > 0.7 * np.median(level)
    steps = np.abs(np.diff(heard))
    assert steps.max() < 2 * np.percentile(steps, 99.5)


def test_a_take_is_made_again_from_its_sidecar(flow, riff, tmp_path):
    from msanii_live.cli.rerender import render_again

    flow.job("/msanii/render", "a", "riff", "timbre", "guitar", "clip", "again", "seed", 4)
    path = render_again(Path(flow.folder) / "again.json", tmp_path / "x.wav", "cpu")
    made, _ = soundfile.read(path, dtype="float32")
    true, _ = soundfile.read(Path(flow.folder) / "again.wav", dtype="float32")
    assert np.abs(made - true).max() < 1e-3


def test_the_weights_are_small_and_described():
    assert (SHIPPED_WEIGHTS / WEIGHTS).stat().st_size < 6e6
    card = (SHIPPED_WEIGHTS / WEIGHTS).with_suffix(".md").read_text().lower()
    for word in ("licence", "steps", "wall time", "soundfont", "correlation"):
        assert word in card


def test_an_engine_is_freed_and_loads_again():
    engine = Mel2MelEngine("cpu")
    engine.warm()
    assert engine.loaded
    engine.free()
    assert not engine.loaded


def test_loudness_is_measured_while_something_sounds():
    tone = 0.01 * np.sin(np.arange(44_100) * 0.05)[:, None].repeat(2, axis=1)
    sparse = np.concatenate([tone, np.zeros((10 * 44_100, 2))]).astype(np.float32)
    assert rms_dbfs(normalize_loudness(sparse)[:44_100]) == pytest.approx(-18, abs=1.5)
    assert not normalize_loudness(np.zeros((4_410, 2), np.float32)).any()
