import json
import math
from dataclasses import asdict

import numpy as np
import pytest
import torch

from msanii_live.cli import main
from msanii_live.dsp.vocoders import multiband
from msanii_live.dsp.vocoders.multiband import MultibandConfig, MultibandVocoder
from msanii_live.dsp.vocoders.vocos import Vocos, VocosConfig
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.evaluation.vocoders import (
    audio_distances,
    available_networks,
    measure_vocoders,
    vocoder_variants,
    vocoders_markdown,
)
from msanii_live.training.data.dataset import Entry
from tests.evaluation.sounds import SPEC, clicks, small_engine, tone, validation_clip

__all__ = ["small_engine"]


def test_the_distances_of_a_perfect_vocoder_and_of_half_the_level():
    true = torch.from_numpy((tone([220, 554], 1) + clicks(0.25, 1)).T.copy())
    assert audio_distances(true, true, SPEC) == pytest.approx((0, 0, 0, 0), abs=1e-3)
    log_distance, convergence, slopes, mel = audio_distances(true / 2, true, SPEC)
    assert convergence == pytest.approx(0.5, abs=0.01)
    assert slopes == pytest.approx(0, abs=1e-3)
    assert 0 < log_distance < 0.7
    assert mel == pytest.approx(math.log(2), abs=1e-3)


def test_vocoders_are_ranked_by_what_they_lose():
    torch.manual_seed(0)
    sound = tone([220, 277.2, 329.6], 2, 0.1) + clicks(0.5, 2)
    clip = validation_clip(sound, sound, 1.0)
    untrained = VocoderSettings(Vocos(VocosConfig(16, 1), SPEC), iterations=0)
    voices = (("searched", VocoderSettings(iterations=16)), ("untrained", untrained))
    searched, raw = measure_vocoders(voices, [clip], SPEC)
    assert searched.mel < raw.mel
    assert searched.convergence < raw.convergence
    assert searched.ratio > 0
    assert searched.cut is None
    assert "| searched |" in vocoders_markdown([searched, raw])
    assert "| – |" in vocoders_markdown([searched, raw])


def test_the_boundary_of_two_spans_is_measured():
    sound = tone([220, 277.2, 329.6], 8, 0.1)
    vocoder = VocoderSettings(Vocos(VocosConfig(16, 1), SPEC), iterations=0, seam_iterations=0)
    (row,) = measure_vocoders([("raw", vocoder)], [validation_clip(sound, sound, 6.0)], SPEC)
    # No layer looks along time beyond its reach and nothing is searched for: the cut leaves a
    # fade between two guesses that agree.
    assert row.cut < 0.02
    assert row.cut_true == pytest.approx(row.whole_true, abs=0.02)


def test_the_vocoders_compared():
    vocos = Vocos(VocosConfig(16, 1), SPEC)
    bands = MultibandVocoder(MultibandConfig(width=16, least=8, filters=4, taps=31), SPEC)
    names = [name for name, _ in vocoder_variants({"Vocos": vocos, "Bands": bands})]
    assert names[4:] == ["Bands", "Bands, then 4 iterations", "Bands, then 8 iterations"]
    assert len(names) == len(set(names)) == 7
    assert len(vocoder_variants({})) == 1


def test_a_vocoder_that_does_not_fit_is_reported_and_left_out(small_engine):
    messages = []
    # The engine has a vocos of its own, and 64 mels: no other fits it.
    assert list(available_networks(small_engine.vocoder, messages.append)) == ["Vocos"]
    assert len(messages) == 1
    assert "bands is left out" in messages[0]


@pytest.fixture
def set_of_sounds(tmp_path):
    """Two held-out pieces as `msanii-live data build` leaves them, less what nothing here reads."""
    folder = tmp_path / "set"
    folder.mkdir()
    sounds = [tone(chord, 16, 0.05) + clicks(0.5, 16) for chord in ([220, 277, 330], [196, 247])]
    np.round(np.concatenate(sounds) * 32_767).astype(np.int16).tofile(folder / "waves.i16")
    np.zeros((1, 2, SPEC.mels), np.float16).tofile(folder / "mels.f16")
    entries = [
        Entry(i, "house", 0, 120.0, 0.5, 0, 1, (), "test", wave=i * len(x), frames=len(x))
        for i, x in enumerate(sounds)
    ]
    manifest = {
        "spec": asdict(SPEC), "mel_frames": 1, "frames": sum(len(x) for x in sounds),
        "mean": [], "deviation": [], "entries": [asdict(entry) for entry in entries],
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.mark.slow
def test_the_table_alone_is_made_printed_and_kept(set_of_sounds, tmp_path, capsys):
    engine = tmp_path / "engine"
    engine.mkdir()
    torch.manual_seed(0)
    multiband.save(
        engine / "bands.safetensors",
        MultibandVocoder(MultibandConfig(width=16, least=8, filters=4, taps=31), SPEC),
    )
    words = ["bench", "vocoders", "--data", str(set_of_sounds), "--clips", "1"]
    out = tmp_path / "figures"
    assert main([*words, "--engine", str(engine), "--out", str(out)]) == 0
    messages = capsys.readouterr()
    assert "vocos is left out" in messages.err  # the one that ships has other features
    rows = json.loads((out / "vocoders.json").read_text())["voices"]
    assert [row["name"] for row in rows][:2] == ["Griffin-Lim, 48 iterations", "Bands"]
    assert rows[0]["convergence"] < rows[1]["convergence"]  # it has learnt nothing
    assert all(row["cut"] is not None for row in rows)  # 9 s are two spans
    assert (out / "vocoders.md").read_text().strip() == messages.out.strip()
    assert "| Bands, then 8 iterations |" in messages.out


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ([], "--data"),
        (["--data", "nowhere"], "data build"),
        (["--data", ".", "--clips", "0"], "1 or more"),
        (["--data", ".", "--engine", "nowhere"], "folder"),
    ],
)
def test_invalid_arguments_are_refused_with_the_remedy(words, remedy, capsys):
    assert main(["bench", "vocoders", *words]) == 2
    assert remedy in capsys.readouterr().err
