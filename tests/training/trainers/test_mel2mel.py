"""Check the set of timbres and the training that learns from it, at toy size."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from msanii_live.dsp.mel import MelSpec, log_mel, stft_magnitudes
from msanii_live.engines.mel2mel.network import Mel2Mel, Mel2MelConfig, load, save
from msanii_live.errors import ConfigError
from msanii_live.notes import Note
from msanii_live.training.data import timbre_set
from msanii_live.training.data.timbre_set import (
    PIECE_SECONDS,
    TimbreSet,
    TimbreSplit,
    compose,
    compose_until,
)
from msanii_live.training.options import RECIPES
from msanii_live.training.trainers.mel2mel import (
    LOSSES,
    Mel2MelRecipe,
    WindowSampler,
    mel_loss,
    read_recipe,
    train_mel2mel,
)

SPEC = MelSpec(mels=8)


def toy() -> TimbreSet:
    """Two instruments of one band each: the first where keys are down, the second an octave up."""
    rng = np.random.default_rng(1)
    notes = []
    for n in range(60):
        start = 0.12 * n
        notes.append(Note(start, start + 0.1, int(rng.integers(40, 80)), 100))
    count = 700
    low = np.full((count, 8), -6.0)
    for note in notes:
        first, last = (round(t * 44_100 / 512) for t in (note.start, note.end))
        low[first:last, (note.pitch - 40) // 10] = 1.0
    mels = np.stack([low, np.roll(low, 4, axis=1)]).astype(np.float16)
    split = TimbreSplit(tuple(notes), mels)
    return TimbreSet(SPEC, ("piano", "organ"), split, split)


RECIPE = Mel2MelRecipe(
    steps=60, decay=30, warm_up=5, batch=6, rate=0.01, weight_decay=0.0, ema=0.9, window=64, skip=4,
    every=30,
)  # fmt: skip


@pytest.mark.parametrize("kind", LOSSES)
def test_each_loss_falls_and_training_resumes(tmp_path: Path, kind: str) -> None:
    lines: list[str] = []
    torch.set_num_threads(1)
    recipe, config = replace(RECIPE, loss=kind), Mel2MelConfig(16, 3)
    half = replace(recipe, steps=30)
    written: list[Path] = []

    def on_checkpoint(average: Mel2Mel) -> None:
        written.append(tmp_path / f"{len(written)}.safetensors")
        save(written[-1], average)

    train_mel2mel(toy(), half, config, tmp_path, lines.append, on_checkpoint)
    net = train_mel2mel(toy(), recipe, config, tmp_path, lines.append, on_checkpoint)
    assert "resumed at step 30" in lines
    every = [load(path, torch.device("cpu")).state_dict() for path in written]
    assert len(every) == len([line for line in lines if "valid" in line]) + 1  # the first at step 0
    assert not all(
        torch.equal(a, b) for a, b in zip(every[0].values(), every[-1].values(), strict=True)
    )
    values = [float(line.split("validation ")[1].split()[0]) for line in lines if "valid" in line]
    assert values[-1] < 0.9 * values[0]
    assert net.config.instruments == ("piano", "organ")


def test_losses_are_the_paper_s() -> None:
    a, b = torch.tensor([0.0, -4.0]), torch.tensor([1.0, -8.0])
    assert mel_loss("log-abs", a, b) == pytest.approx((1 + 16) / 2)
    assert mel_loss("abs", a, b).item() == pytest.approx(
        ((1 - np.e) ** 2 + (np.exp(-4) - np.exp(-8)) ** 2) / 2
    )
    expected = (np.tanh(0.25) ** 2 + (np.tanh(1) - np.tanh(2)) ** 2) / 2
    assert mel_loss("tanh-log-abs", a, b).item() == pytest.approx(expected)


def test_windows_between_instruments_lie_between_them() -> None:
    drawn = WindowSampler(toy().train, 512 / 44_100).draw(np.random.default_rng(3), 50, 40, 0.5)
    assert torch.allclose(drawn.timbre.sum(1), torch.ones(50))
    between = (drawn.timbre.max(1).values < 1).float().mean()
    assert 0.2 < between < 0.8
    assert drawn.mel.shape == (50, 40, 8)
    assert drawn.rolls.shape == (50, 40, 176)
    # The piano's notes are loud (1, not -6) in the lower four bands, the organ's in the upper four.
    sounding = [row for row in range(50) if drawn.mel[row].max() > -5.9]
    assert len(sounding) > 30
    for mel, (piano, organ) in zip(drawn.mel[sounding], drawn.timbre[sounding], strict=True):
        assert mel[:, :4].max() == pytest.approx(-6 + 7 * piano.item(), abs=1e-4)
        assert mel[:, 4:].max() == pytest.approx(-6 + 7 * organ.item(), abs=1e-4)


def test_the_shipped_recipe_is_read_and_wrong_ones_are_not(tmp_path: Path) -> None:
    recipe, config = read_recipe(RECIPES / "mel2mel.toml")
    assert (recipe.loss, config.channels) == ("tanh-log-abs", 384)
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('[training]\nsteps = 1\ndecay = 1\nloss = "l1"\n')
    with pytest.raises(ConfigError, match="tanh-log-abs"):
        read_recipe(wrong)


def test_the_music_depends_on_the_seed_alone_and_fits_the_piano() -> None:
    score = compose_until(500_000, 120.0)
    assert score == compose_until(500_000, 120.0)
    assert all(21 <= n.pitch <= 108 and 1 <= n.velocity <= 127 for n in score.notes)
    assert all(0 <= n.start < n.end for n in score.notes)
    for kind in ("piano", "groove", "struck", "held"):
        notes = compose(kind, 7)
        assert notes
        assert max(n.end for n in notes) <= PIECE_SECONDS
        down: dict[int, float] = {}
        for note in notes:
            assert down.get(note.pitch, 0.0) <= note.start  # no key goes down while it is down
            down[note.pitch] = note.end


def test_analysis_in_parts_is_the_whole_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timbre_set, "ANALYSIS_FRAMES", 20_000)
    wave = np.random.default_rng(1).normal(0, 0.1, 50_000).astype(np.float32)
    made = timbre_set.analyse(wave, SPEC)
    true = log_mel(stft_magnitudes(torch.from_numpy(wave), SPEC), SPEC).T.numpy()
    assert made.shape == true.shape
    assert np.abs(made - true).max() < 0.01


@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not timbre_set.SOUNDFONT.exists(),
    reason="needs fluidsynth and fluid-soundfont-gm",
)
def test_the_set_is_built_and_opened(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no set of timbres"):
        timbre_set.load(tmp_path)
    messages: list[str] = []
    timbre_set.build(tmp_path, messages.append, SPEC, 0.0, ("organ", "lead"))
    data = timbre_set.load(tmp_path)
    assert len(messages) == 4
    assert data.instruments == ("organ", "lead")
    assert (data.train.mels.max(axis=(1, 2)) > -2).all()
    drawn = WindowSampler(data.train, 512 / 44_100).draw(np.random.default_rng(0), 2, 50, 0.0)
    assert torch.isfinite(drawn.mel).all()
