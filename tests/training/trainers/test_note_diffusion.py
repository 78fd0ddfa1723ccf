"""Check the set of notes, and that Spectrogram Diffusion learns from one, at toy size."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.note_diffusion.network import NoteDiffusion, NoteDiffusionConfig
from msanii_live.engines.notes.instruments import INSTRUMENTS, TRAINED_PROGRAMS
from msanii_live.errors import ConfigError
from msanii_live.notes import Note
from msanii_live.training.commands import RECIPES, TrainingOptions, train
from msanii_live.training.data import note_set, timbre_set
from msanii_live.training.data.note_set import NoteSet, NoteSplit, compose
from msanii_live.training.trainers.note_diffusion import (
    NoteDiffusionRecipe,
    draw_batch,
    read_recipe,
    train_note_diffusion,
)

SPEC = MelSpec(mels=8)
CONFIG = NoteDiffusionConfig(
    window=32, width=16, heads=2, inner=16, blocks=2, context_blocks=1, lane=2, detail=16,
    detail_blocks=1,
)  # fmt: skip
RECIPE = NoteDiffusionRecipe(
    steps=60, decay=30, warm_up=5, batch=6, rate=0.01, weight_decay=0.0, ema=0.9, every=30
)


def toy() -> NoteSet:
    """Pieces whose mels are loud in one of eight bands where a key is down."""
    rng = np.random.default_rng(1)
    pieces, mels = [], np.full((4, 160, 8), -6.0, np.float16)
    for piece in range(4):
        notes = [
            Note(0.25 * n, 0.25 * n + 0.2, int(rng.integers(40, 80)), 100, program=19)
            for n in range(7)
        ]
        for note in notes:
            first, last = (round(t * 44_100 / 512) for t in (note.start, note.end))
            mels[piece, first:last, (note.pitch - 40) // 5] = 1.0
        pieces.append(tuple(notes))
    split = NoteSplit(tuple(pieces), mels)
    return NoteSet(SPEC, split, split)


def test_the_loss_falls_and_training_resumes(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    lines: list[str] = []
    train_note_diffusion(toy(), replace(RECIPE, steps=30), CONFIG, tmp_path, lines.append)
    net = train_note_diffusion(toy(), RECIPE, CONFIG, tmp_path, lines.append)
    assert "resumed at step 30" in lines
    values = [float(line.split("validation ")[1].split()[0]) for line in lines if "valid" in line]
    assert values[-1] < 0.9 * values[0]
    assert -5.5 < net.mean.mean() < -4.0


def test_batches_show_what_was_before_as_far_as_the_piece_has_it() -> None:
    data, net = toy(), NoteDiffusion(CONFIG, SPEC)
    drawn = draw_batch(data.train, net, np.random.default_rng(0), replace(RECIPE, batch=40))
    known = drawn.there.sum(1)
    assert {0, 32} < set(known.tolist())
    assert (known % CONFIG.patch == 0).all()
    for row, count in enumerate(known.tolist()):
        assert drawn.there[row, 32 - count :].all()
        assert not drawn.before[row, : 32 - count].any()
        # What was before and the window are one stretch of a piece.
        stretch = torch.cat([drawn.before[row, 32 - count :], drawn.mel[row]]).numpy()
        assert any(
            np.array_equal(mels[first : first + len(stretch)], stretch)
            for mels in data.train.mels.astype(np.float32)
            for first in range(len(mels) - len(stretch) + 1)
        )
    assert drawn.mel.shape == drawn.before.shape == (40, 32, 8)


def test_pieces_depend_on_the_seed_alone_and_are_solos_or_bands() -> None:
    scores = [compose(seed) for seed in range(30)]
    assert scores[:3] == [compose(seed) for seed in range(3)]
    bands = [s for s in scores if any(n.drum for n in s.notes)]
    assert 3 <= len(bands) <= 20
    solos = [s for s in scores if len({n.program for n in s.notes}) == 1 and s not in bands]
    assert 12 <= len(solos) <= 27
    for score in scores:
        programs = {n.program for n in score.notes if not n.drum}
        assert programs <= set(TRAINED_PROGRAMS)
        assert all(0 <= n.start < n.end <= note_set.SECONDS for n in score.notes)
    assert set(INSTRUMENTS.values()) <= set(TRAINED_PROGRAMS)


def test_the_shipped_recipe_is_read() -> None:
    recipe, config = read_recipe(RECIPES / "note-diffusion.toml")
    assert (recipe.batch, config.window % config.patch) == (16, 0)


def test_a_folder_without_a_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no set of notes"):
        note_set.load(tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(
    shutil.which("fluidsynth") is None or not timbre_set.SOUNDFONT.exists(),
    reason="needs fluidsynth and fluid-soundfont-gm",
)
def test_the_command_builds_the_set_and_writes_an_engine(tmp_path: Path) -> None:
    data, out = tmp_path / "set", tmp_path / "engine"
    note_set.build(data, lambda line: None, pieces={"train": 3, "validation": 2})
    built = note_set.load(data)
    assert built.train.mels.shape == (3, 2240, 128)
    assert built.train.pieces[0] == compose(note_set.FIRST_SEED["train"]).notes
    loud = built.train.mels[0].astype(np.float32).mean(1)
    first = round(built.train.pieces[0][0].start * 44_100 / 512)
    assert loud[first + 4] > loud[max(0, first - 4)] or first < 4
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(
        "[training]\nsteps = 2\ndecay = 1\nbatch = 2\nwarm_up = 1\nevery = 2\n"
        "[network]\nwidth = 16\nheads = 2\ninner = 16\nblocks = 1\ncontext_blocks = 1\n"
        "lane = 2\ndetail = 16\ndetail_blocks = 1\n"
    )
    assert train(TrainingOptions(data, out, recipe, part="note-diffusion")) == 0
    assert (out / "note-diffusion.safetensors").exists()
