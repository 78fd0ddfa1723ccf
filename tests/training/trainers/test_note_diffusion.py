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
from msanii_live.notes import PARTS, Note
from msanii_live.training.commands import train
from msanii_live.training.data import note_set, timbre_set
from msanii_live.training.data.note_set import NoteSet, NoteSplit, compose
from msanii_live.training.data.note_windows import DynamicsOptions, draw_dynamics, mels_between
from msanii_live.training.options import RECIPES, TrainingOptions
from msanii_live.training.trainers.note_diffusion import (
    NoteDiffusionRecipe,
    division_loss,
    draw_batch,
    read_recipe,
    train_note_diffusion,
)

SPEC = MelSpec(mels=8)
CONFIG = NoteDiffusionConfig(
    window=32, width=16, heads=2, inner=16, blocks=2, context_blocks=1, lane=2, detail=16,
    detail_blocks=1, part_lane=2, part_detail=8,
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
            Note(0.25 * n, 0.25 * n + 0.2, int(rng.integers(40, 80)), 100, 19, part="chords")
            for n in range(7)
        ]
        for note in notes:
            first, last = (round(t * 44_100 / 512) for t in (note.start, note.end))
            mels[piece, first:last, (note.pitch - 40) // 5] = 1.0
        pieces.append(tuple(notes))
    split = NoteSplit(tuple(pieces), mels, (("chords",),) * 4, np.zeros((0, 160, 8), np.float16))
    return NoteSet(SPEC, split, split)


def duo() -> NoteSplit:
    """One piece of two parts: the bass is in the lower bands, the lead, half as loud, above."""
    alone = np.full((2, 160, 8), np.log(1e-5), np.float16)
    alone[0, :, :4], alone[1, :, 4:] = 1.0, 1.0 - np.log(2)
    notes = (Note(0.0, 1.8, 36, 100, 33, part="bass"), Note(0.0, 1.8, 72, 80, 80, part="lead"))
    return NoteSplit((notes,), alone.max(0, keepdims=True), (("bass", "lead"),), alone)


def test_the_loss_falls_and_training_resumes(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    lines: list[str] = []
    seen: list[NoteDiffusion] = []
    half = replace(RECIPE, steps=30)
    train_note_diffusion(toy(), half, CONFIG, tmp_path, lines.append, seen.append)
    net = train_note_diffusion(toy(), RECIPE, CONFIG, tmp_path, lines.append, seen.append)
    assert "resumed at step 30" in lines
    assert len(seen) == len([line for line in lines if "valid" in line]) + 1  # the first at step 0
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
        # What was before and the window are one stretch of a piece, at some level.
        stretch = torch.cat([drawn.before[row, 32 - count :], drawn.mel[row]]).numpy()
        stretch = stretch - stretch.min()
        assert any(
            np.allclose(mels[first : first + len(stretch)] + 6.0, stretch, atol=1e-4)
            or np.ptp(stretch) < 7.0  # the softest sounds are below the floor
            for mels in data.train.mels.astype(np.float32)
            for first in range(len(mels) - len(stretch) + 1)
        )
    assert drawn.mel.shape == drawn.before.shape == (40, 32, 8)


def test_the_level_of_a_part_and_its_velocities_are_drawn_together() -> None:
    split, seen = duo(), set()
    for seed in range(40):
        drawn = draw_dynamics(split, 0, np.random.default_rng(seed), DynamicsOptions())
        mix, alone = mels_between(split, drawn, 0, 160, 1e-5, 1.5)
        seen.add(tuple(drawn.factors))
        for note in drawn.notes:
            factor = drawn.factors[note.part]
            original = next(n for n in split.pieces[0] if n.part == note.part)
            assert note.velocity <= 127.001
            assert (note.velocity / original.velocity) ** 2 == pytest.approx(factor)
            bands = slice(0, 4) if note.part == "bass" else slice(4, 8)
            level = 1.0 - (np.log(2) if note.part == "lead" else 0.0) + np.log(factor)
            assert alone[PARTS.index(note.part)][:, bands] == pytest.approx(level, abs=1e-2)
            assert mix[:, bands] == pytest.approx(level, abs=1e-2)
        silent = [n for n, part in enumerate(PARTS) if part not in drawn.factors]
        assert alone[silent].max() == pytest.approx(np.log(1e-5))
    assert seen == {("bass", "lead"), ("bass",), ("lead",)}


def test_the_loss_of_the_division_is_zero_for_the_truth_alone() -> None:
    net, split = NoteDiffusion(CONFIG, SPEC), duo()
    drawn = draw_batch(split, net, np.random.default_rng(3), replace(RECIPE, batch=8))
    truth = 2 * drawn.parts
    assert division_loss(truth + 5.0, drawn).item() == pytest.approx(0.0, abs=1e-4)
    assert division_loss(torch.zeros_like(truth), drawn).item() > 0.3
    assert division_loss(-truth, drawn).isfinite()


def test_pieces_depend_on_the_seed_alone_and_are_solos_or_bands() -> None:
    scores = [compose(seed) for seed in range(30)]
    assert scores[:3] == [compose(seed) for seed in range(3)]
    bands = [s for s in scores if any(n.drum for n in s.notes)]
    assert 5 <= len(bands) <= 22
    solos = [s for s in scores if len({n.program for n in s.notes}) == 1 and s not in bands]
    assert 8 <= len(solos) <= 22
    assert all(note.part in PARTS for score in scores for note in score.notes)
    softest = [min(n.velocity for n in s.notes) / max(n.velocity for n in s.notes) for s in solos]
    assert min(softest) < 0.3  # some change their dynamics
    for score in scores:
        programs = {n.program for n in score.notes if not n.drum}
        assert programs <= set(TRAINED_PROGRAMS)
        assert all(0 <= n.start < n.end <= note_set.SECONDS for n in score.notes)
    assert set(INSTRUMENTS.values()) <= set(TRAINED_PROGRAMS)


@pytest.mark.parametrize(("name", "batch"), [("note-diffusion", 16), ("note-diffusion-more", 12)])
def test_the_shipped_recipes_are_read(name: str, batch: int) -> None:
    recipe, config = read_recipe(RECIPES / f"{name}.toml")
    assert (recipe.batch, config.window % config.patch) == (batch, 0)
    assert config == NoteDiffusionConfig()


def test_a_network_to_start_from_is_played_before_the_first_step(tmp_path: Path) -> None:
    torch.manual_seed(7)
    start, seen = NoteDiffusion(CONFIG, SPEC), []
    train_note_diffusion(
        toy(), replace(RECIPE, steps=1), CONFIG, tmp_path, lambda line: None,
        lambda average: seen.append(average.leave.bias.clone()), start,
    )  # fmt: skip
    assert torch.equal(seen[0], start.leave.bias)
    assert not torch.equal(seen[1], start.leave.bias)


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
    for piece, parts in enumerate(built.train.parts):
        alone = built.train.mels_of_parts(piece).astype(np.float32)
        assert alone.shape == (len(parts), 2240, 128)
        together = np.log(np.exp(2 * alone).sum(0)) / 2
        mix = built.train.mels[piece].astype(np.float32)
        heard = mix > mix.max() - 5
        assert np.median(np.abs(together - mix)[heard]) < 0.5
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
