"""The note-diffusion engine over OSC: keys, drums, loops, seeds, errors, its earlier name."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.audio import rms_dbfs
from msanii_live.engines.base import standalone_context
from msanii_live.engines.note_diffusion.engine import (
    SHIPPED_WEIGHTS,
    WEIGHTS,
    NoteDiffusionEngine,
)
from msanii_live.engines.notes.instruments import INSTRUMENT_NAMES
from msanii_live.midi import files
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Render
from tests.engines.notes.played import arpeggio, centroid, pitch_at, read
from tests.live import live

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (SHIPPED_WEIGHTS / WEIGHTS).exists(), reason="the weights are not there"
    ),
]


@pytest.fixture(scope="module")
def band(tmp_path_factory):
    folder = tmp_path_factory.mktemp("band")
    with live(folder, "--device", "cpu", "--engine", "spectrogram") as it:
        yield it


@pytest.fixture(scope="module")
def riff(band):
    return arpeggio(band.folder, "riff.mid")


def test_it_plays_the_keys_that_are_written_when_they_are(band, riff):
    fields = band.job("/msanii/render", "k", "riff", "clip", "keys", "seed", 1)
    samples = read(fields)
    assert samples.shape == (4 * 44_100, 2)
    assert -30 < rms_dbfs(samples) < -12
    assert np.abs(samples).max() <= 0.892
    heard = [pitch_at(samples, n.start + 0.1) for n in riff.notes]
    right = sum(a % 12 == n.pitch % 12 for a, n in zip(heard, riff.notes, strict=True))
    assert right >= 7
    sidecar = json.loads((Path(band.folder) / "keys.json").read_text())
    assert (sidecar["engine"], sidecar["bpm"]) == ("note-diffusion", 120)
    assert band.count("/msanii/job/progress", "k") >= 1


def test_a_seed_is_a_take(band, riff):
    made = [read(band.job("/msanii/render", f"s{n}", "riff", "seed", n // 2)) for n in range(3)]
    assert np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], made[2])


def test_drums_and_instruments_sound_together(band):
    beat = tuple(
        Note(n / 4, n / 4 + 0.1, 36 if n % 4 == 0 else 38 if n % 4 == 2 else 42, 110, drum=True)
        for n in range(16)
    )
    bass = tuple(Note(float(n), n + 0.9, 40, 100, program=33) for n in range(4))
    for name, notes in (("kit.mid", beat), ("bass.mid", bass), ("both.mid", (*beat, *bass))):
        score = Score(tuple(sorted(notes, key=lambda n: n.start)), 4.0, bpm=120.0)
        (Path(band.folder) / name).write_bytes(files.to_midi(score))
    kit, low, both = (
        read(band.job("/msanii/render", name, name, "seed", 1)) for name in ("kit", "bass", "both")
    )
    assert centroid(low) < 400 < centroid(kit)
    # A beat has attacks: far more of its rise is where drums are struck than elsewhere.
    level = np.sqrt((both.mean(1)[: 4 * 44_100].reshape(-1, 441) ** 2).mean(1))
    rise = np.maximum(0, np.diff(level))
    struck = np.zeros(len(rise), bool)
    for note in beat:
        struck[max(0, round(note.start * 100) - 2) : round(note.start * 100) + 5] = True
    assert rise[struck].mean() > 2 * rise[~struck].mean()


def test_bars_close_as_a_loop(band, riff):
    samples = read(band.job("/msanii/render", "b", "riff", "bars", 2, "clip", "looped", "seed", 1))
    assert len(samples) == 4 * 44_100
    assert json.loads((Path(band.folder) / "looped.json").read_text())["loops"] is True
    steps = np.abs(np.diff(samples, axis=0)).max(1)
    assert np.abs(samples[0] - samples[-1]).max() <= np.percentile(steps, 99.9)


def test_a_long_rendering_can_be_cancelled(band):
    arpeggio(band.folder, "long.mid", beats=300)
    band.client.send("/msanii/render", "long.mid", "id", "c")
    band.client.wait(("/msanii/job/progress",), "c")
    band.client.send("/msanii/job/cancel", "c")
    ending = band.client.wait(("/msanii/job/done", "/msanii/job/cancelled"), "c")
    assert ending.address == "/msanii/job/cancelled"


def test_what_it_cannot_is_told(band, riff):
    band.client.send("/msanii/render", "riff", "timbre", "kazoo", "id", "w")
    failed = band.client.wait(("/msanii/fail", "/msanii/job/done"), "w")
    assert failed.args[3] == "ERANGE"
    assert all(name in failed.args[4] for name in INSTRUMENT_NAMES)
    band.client.send("/msanii/generate", "seconds", 2, "id", "g")
    failed = band.client.wait(("/msanii/fail",), "g")
    assert failed.args[3] == "EENGINE"
    assert (
        failed.args[4]
        == "the engine note-diffusion cannot generate: mel-flow, composer, tones, rack can"
    )
    band.job("/msanii/render", "m", "riff", "timbre", "harp", "timbre2", "lead", "steps", 1)
    told = [m.args[1] for m in band.client.received if m.address == "/msanii/warn"]
    assert any("timbre2 was ignored" in text for text in told)


BAND = Score(
    (
        *(Note(n / 2, n / 2 + 0.1, 36 if n % 2 == 0 else 42, 100, drum=True) for n in range(6)),
        *(Note(n, n + 0.9, 36 + 5 * n, 100, 33, part="bass") for n in range(3)),
        *(Note(0.0, 2.8, key, 80, 48, part="pad") for key in (60, 64, 67)),
        Note(1.0, 2.0, 84, 30, 80, part="lead"),
    ),
    3.0,
    bpm=120.0,
)


@pytest.fixture(scope="module")
def player():
    engine = NoteDiffusionEngine("cpu")
    engine.load()
    return engine


@pytest.mark.parametrize("is_loop", [False, True])
def test_stems_sum_to_the_clip_that_is_made_without_them(player, is_loop):
    score, command = replace(BAND, is_loop=is_loop), Render(midi="band", steps=2)
    context = standalone_context(score=lambda name: score)
    played = player.render_parts(score, command, context)
    clip = player.run(command, context)
    assert tuple(played.stems) == score.parts == ("drums", "bass", "lead", "pad")
    assert np.array_equal(clip.samples, played.clip.samples)
    assert clip.stems == {}
    asked = player.run(replace(command, stems=1), context)
    assert np.array_equal(asked.samples, clip.samples)
    assert tuple(asked.stems) == score.parts
    assert np.abs(sum(played.stems.values()) - clip.samples).max() <= 2**-20
    side = clip.samples[:, 0] - clip.samples[:, 1]
    assert -40 < rms_dbfs(side[:, None]) - rms_dbfs(clip.samples) < 3
    assert centroid(played.stems["bass"]) < centroid(played.stems["lead"])
    assert clip.info.loops is is_loop


def test_velocity_is_heard_as_meant(player):
    levels = []
    for velocity in (20, 64, 127):
        notes = tuple(Note(n / 2, n / 2 + 0.4, 48 + 7 * n, velocity) for n in range(3))
        score = Score(notes, 2.0, bpm=120.0)
        context = replace(standalone_context(score=lambda _, s=score: s), skip_normalization=True)
        levels.append(rms_dbfs(player.run(Render(midi="phrase", steps=2), context).samples))
    wanted = [40 * np.log10(velocity / 127) for velocity in (20, 64, 127)]
    assert [level - levels[2] for level in levels] == pytest.approx(wanted, abs=3.0)


def test_a_clip_is_made_again_from_its_sidecar(band, riff, tmp_path):
    from msanii_live.cli.rerender import render_again

    band.job("/msanii/render", "a", "riff", "timbre", "guitar", "clip", "again", "seed", 4)
    path = render_again(Path(band.folder) / "again.json", tmp_path / "x.wav", "cpu")
    made, _ = soundfile.read(path, dtype="float32")
    true, _ = soundfile.read(Path(band.folder) / "again.wav", dtype="float32")
    assert np.abs(made - true).max() < 1e-3


def test_its_name_of_before_works_in_commands_and_old_sidecars_and_is_not_listed(
    band, riff, tmp_path
):
    from msanii_live.cli.rerender import render_again

    old = band.job("/msanii/render", "o", "riff", "engine", "spectrogram", "clip", "old", "seed", 2)
    new = band.job("/msanii/render", "n", "riff", "engine", "note-diffusion", "seed", 2)
    assert np.array_equal(read(old), read(new))
    path = Path(band.folder) / "old.json"
    sidecar = json.loads(path.read_text())
    assert sidecar["engine"] == "note-diffusion"
    sidecar["engine"] = sidecar["command"]["engine"] = "spectrogram"
    path.write_text(json.dumps(sidecar))
    again, _ = soundfile.read(render_again(path, tmp_path / "x.wav", "cpu"), dtype="float32")
    assert np.abs(again - read(old)).max() < 1e-3
    names = [row["engine"] for row in band.client.engine_list()]
    assert names[0] == "note-diffusion"
    assert "spectrogram" not in names


def test_the_weights_are_described():
    assert (SHIPPED_WEIGHTS / WEIGHTS).stat().st_size < 24e6
    card = (SHIPPED_WEIGHTS / WEIGHTS).with_suffix(".md").read_text().lower()
    for word in ("licence", "steps", "wall time", "soundfont", "f1"):
        assert word in card
