"""Partials of notes: weights of bins, continuous phases, and bins that stay unchanged."""

import math

import numpy as np
import pytest
import torch

from msanii_live.dsp.mel import MelSpec, log_mel, stft_magnitudes
from msanii_live.dsp.partials import DRUM_MIN_WEIGHT, OFF_PARTIAL_WEIGHT, RELEASE_SECONDS, Partials
from msanii_live.dsp.phase import linear_grid
from msanii_live.dsp.vocoders import vocos
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.dsp.vocoding import VocoderSettings
from msanii_live.engines.notes.synthesis import mel_grid, vocode_grid
from msanii_live.notes import Note, Score

SPEC = MelSpec()
FRAMES = 44_100
BIN = SPEC.sample_rate / SPEC.n_fft


def grid(frames: int = FRAMES):
    return linear_grid(SPEC, frames, SPEC.mel_frames(frames), torch.device("cpu"))


def test_weights_are_at_the_partials_of_what_sounds() -> None:
    made = Partials([Note(0.2, 0.5, 69, 90)], SPEC).weights(grid().centres)
    sounding = made[round(0.4 * 44_100 / 512)]
    for number in (1, 2, 5):
        assert sounding[round(440 * number / BIN)] > 0.8
    assert sounding[round(660 / BIN)] == pytest.approx(OFF_PARTIAL_WEIGHT)
    assert sounding[round(8_000 / BIN)] == 1.0
    for second in (0.1, 0.5 + RELEASE_SECONDS + 0.05):
        silent = made[round(second * 44_100 / 512)]
        assert silent[: round(3_000 / BIN)].max() == pytest.approx(OFF_PARTIAL_WEIGHT)


def test_a_drum_lifts_what_lies_between() -> None:
    notes = [Note(0.0, 1.0, 69, 90), Note(0.5, 0.6, 38, 90, drum=True)]
    made = Partials(notes, SPEC).weights(grid().centres)[:, round(660 / BIN)]
    assert made[round(0.3 * 44_100 / 512)] == pytest.approx(OFF_PARTIAL_WEIGHT)
    assert made[round(0.55 * 44_100 / 512)] == pytest.approx(DRUM_MIN_WEIGHT)


@pytest.mark.parametrize("pitch", [33, 60, 69.0, 96])
def test_phases_are_those_of_one_sine(pitch: float) -> None:
    frequency = 440 * 2 ** ((pitch - 69) / 12)
    true = 0.3 * torch.sin(2 * math.pi * frequency * torch.arange(FRAMES) / 44_100)
    frames = grid()
    magnitude = frames.analyse(true).abs()
    noise = frames.analyse(torch.randn(FRAMES, generator=torch.Generator().manual_seed(1)))
    partials = Partials([Note(0.0, 1.0, int(pitch), 90)], SPEC)
    made = frames.synthesise(partials.with_partial_phases(magnitude, noise, frames.centres))
    inner = slice(8_192, -8_192)
    # Whatever its phase, it is that sine: as strong, and with little beside it.
    at = torch.arange(FRAMES)[inner] * (2 * math.pi * frequency / 44_100)
    basis = torch.stack([at.cos(), at.sin()], dim=1).double()
    found = torch.linalg.lstsq(basis, made[inner, None].double()).solution
    assert found.norm() == pytest.approx(0.3, rel=0.05)
    left = made[inner].double() - (basis @ found)[:, 0]
    assert left.square().mean().sqrt() < 0.05 * 0.3


def test_where_no_key_is_down_phases_are_left_alone() -> None:
    frames = grid()
    bins = frames.analyse(torch.randn(FRAMES, generator=torch.Generator().manual_seed(2)))
    made = Partials([], SPEC).with_partial_phases(bins.abs(), bins, frames.centres)
    assert torch.allclose(made, bins, atol=1e-4)
    drums = Partials([Note(0.0, 0.5, 38, 90, drum=True)], SPEC)
    assert torch.allclose(
        drums.with_partial_phases(bins.abs(), bins, frames.centres), bins, atol=1e-4
    )


def test_a_key_held_over_a_loop_s_end_goes_on_at_its_start() -> None:
    length = 52_920  # 1.2 s, in which a C turns no whole number of times
    key = Note(0.6, 1.5, 60, 90)
    notes = mel_grid(Score((key,), 1.2, is_loop=True), SPEC).with_previous_round((key,))
    assert [(n.start, n.end) for n in notes] == [
        pytest.approx((-0.6, 0.3)),
        pytest.approx((0.6, 1.5)),
    ]
    partials, ones = Partials(notes, SPEC), torch.ones(1, SPEC.n_fft // 2 + 1)
    start, end = (
        partials.with_partial_phases(ones, ones.to(torch.complex64), torch.tensor([at]))[0]
        for at in (0, length)
    )
    place = round(261.6 / BIN)
    assert torch.angle(start[place] / end[place]).abs() < 0.01
    assert torch.angle(start[place]).abs() > 0.1  # and is no accident


@pytest.mark.parametrize("pitch", [0, 12, 21, 23])
def test_the_lowest_keys_have_partials_next_to_bin_0(pitch: int) -> None:
    partials = Partials([Note(0.0, 1.0, pitch, 90)], SPEC)
    centres = grid().centres
    ones = torch.ones(len(centres), SPEC.n_fft // 2 + 1)
    made = partials.with_partial_phases(ones, ones.to(torch.complex64), centres)
    assert torch.allclose(made.abs(), ones, atol=1e-4)
    # The last bins of a frame, where no partial is, keep their phases.
    assert torch.equal(made[:, -3:], ones[:, -3:].to(torch.complex64))


@pytest.mark.slow
def test_a_held_key_does_not_stumble_when_others_are_struck() -> None:
    """A sine held under struck keys is steadier if the vocoder knows the notes."""
    held = Note(0.0, 3.0, 64, 90)
    struck = [Note(0.4 * n, 0.4 * n + 0.35, 48 + 3 * (n % 4), 90) for n in range(1, 7)]
    time = np.arange(3 * 44_100) / 44_100
    wave = 0.0 * time
    for note in (held, *struck):
        frequency = 440 * 2 ** ((note.pitch - 69) / 12)
        on = (time >= note.start) & (time < note.end)
        decay = np.exp(-2.0 * (time - note.start)) if note is not held else 1.0
        wave += 0.1 * on * decay * np.sin(2 * np.pi * frequency * (time - note.start))
    net = vocos.load(SHIPPED_WEIGHTS / "vocos.safetensors", torch.device("cpu"))
    true = torch.from_numpy(wave.astype(np.float32))
    mel = log_mel(stft_magnitudes(true, SPEC), SPEC)
    canvas = mel_grid(Score((held, *struck), 3.0), SPEC)
    plain = VocoderSettings(net, iterations=12)
    made = {
        name: vocode_grid(mel, canvas, vocoder, 0, lambda: None).numpy()
        for name, vocoder in (
            ("with notes", canvas.vocoder(plain, (held, *struck))),
            ("without", plain),
        )
    }

    def unsteadiness(samples: np.ndarray) -> float:
        frequency = 440 * 2 ** ((held.pitch - 69) / 12)
        turned = (samples * np.exp(-2j * np.pi * frequency * time))[8_192:][: 250 * 460]
        level = np.abs(turned.reshape(-1, 460).mean(1))
        return float(np.std(level) / np.mean(level))

    assert unsteadiness(made["with notes"]) < 0.9 * unsteadiness(made["without"])
