"""Training of the flow network at toy size, from a data set to weights that an engine loads."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.mel_flow.conditions import PHASE_CHANNELS
from msanii_live.engines.mel_flow.network import FlowConfig
from msanii_live.engines.vocabulary import STYLES
from msanii_live.errors import ConfigError
from msanii_live.training import commands
from msanii_live.training.commands import SHIPPED_RECIPE, flow_model_of
from msanii_live.training.data import dataset
from msanii_live.training.data.batches import draw_batch, draw_mask
from msanii_live.training.options import RECIPES, TrainingOptions
from msanii_live.training.trainers import flow, shortcut, vocoder

TINY = FlowConfig(mels=8, width=32, blocks=2, heads=2, window=64, detail_width=16, detail_blocks=1)
RECIPE = flow.FlowRecipe(steps=40, decay=10, batch=4, rate=3e-3, warm_up=5, every=10)


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """A set of four pieces whose mels beat in time, written in the real format."""
    import json
    from dataclasses import asdict

    folder = tmp_path_factory.mktemp("toy")
    spec = MelSpec(mels=8)
    frames, entries, mels = 400, [], []
    for n in range(4):
        beat = 0.5 + 0.05 * n
        seconds = np.arange(frames) * spec.hop / spec.sample_rate
        pulse = np.cos(2 * np.pi * seconds / beat)[:, None, None] * np.ones((1, 2, 8))
        mels.append((pulse - 4 + n * 0.1).astype(np.float16))
        split = "validation" if n == 3 else "train"
        entries.append(
            dataset.Entry(n, STYLES[n], n, 60 / beat, beat, n * frames, frames, (0.0, 1.0), split)
        )
    whole = np.concatenate(mels)
    whole.tofile(folder / "mels.f16")
    manifest = {
        "spec": asdict(spec),
        "mel_frames": len(whole),
        "mean": whole.astype(float).mean(0).tolist(),
        "deviation": whole.astype(float).std(0).tolist(),
        "entries": [asdict(e) for e in entries],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_batches_are_normalised_masked_and_have_the_beat(toy):
    data = dataset.load(toy)
    batch = draw_batch(
        data, data.entries, np.random.default_rng(0), size=16, mel_frames=64, patch=4, dropout=0.0
    )
    assert batch.x.shape == (16, 2, 8, 64)
    assert abs(batch.x.mean()) < 0.5
    assert 0.3 < batch.x.std() < 2
    assert batch.conditions.phase.shape == (16, PHASE_CHANNELS, 64)
    assert (batch.conditions.tempo > 0).all()
    # The energy follows the cosine of the beat in the conditions (harmonic 4 of the bar).
    beat = batch.conditions.phase[:, 5 + 2]
    energy = batch.x.mean((1, 2))
    assert np.corrcoef(beat.flatten(), energy.flatten())[0, 1] > 0.8
    hidden = draw_batch(
        data, data.entries, np.random.default_rng(0), size=8, mel_frames=64, patch=4, dropout=3.0
    )
    assert (hidden.conditions.style == -1).all()
    assert (hidden.conditions.phase == 0).all()


def test_each_step_draws_the_length_of_its_windows(toy):
    data, recipe = dataset.load(toy), replace(RECIPE, lengths=(32, 64))
    lengths = [flow.seeded_batch(data, recipe, TINY, step).x.shape[-1] for step in range(12)]
    assert set(lengths) == {32, 64}
    again = flow.seeded_batch(data, recipe, TINY, 3)
    assert again.x.shape[-1] == lengths[3]
    assert flow.seeded_batch(data, RECIPE, TINY, 0).x.shape[-1] == TINY.window


def test_masks_lie_on_the_token_grid_and_leave_something_to_do():
    rng = np.random.default_rng(0)
    masks = np.stack([draw_mask(rng, 64, 4) for _ in range(300)])
    tokens = masks.reshape(300, 16, 4)
    assert (tokens.min(2) == tokens.max(2)).all()
    assert (masks.mean(1) < 1).all()
    assert 0.15 < (masks.sum(1) == 0).mean() < 0.35


def test_training_learns_resumes_and_serves(toy, tmp_path):
    data = dataset.load(toy)
    lines = []
    first = replace(RECIPE, steps=20, decay=0)
    flow.train(data, first, TINY, tmp_path, lines.append)
    net = flow.train(data, RECIPE, TINY, tmp_path, lines.append)
    assert any("resumed at step 20" in line for line in lines)
    log = (tmp_path / "log.jsonl").read_text().splitlines()
    losses = [float(line.split('"validation": ')[1].split(",")[0]) for line in log]
    assert losses[-1] < 0.8 * losses[0]
    from msanii_live.engines.mel_flow.weights import load, save

    save(tmp_path / "m.safetensors", flow_model_of(net, data))
    model = load(tmp_path / "m.safetensors", torch.device("cpu"))
    assert model.mean.shape == (2, 8, 1)
    batch = flow.seeded_batch(data, RECIPE, TINY, 999)
    given = (batch.x, torch.full((4,), 0.5), batch.x * batch.mask, batch.mask, batch.conditions)
    with torch.no_grad():
        assert torch.allclose(model.net(*given), net(*given), atol=0.02)


def test_an_interrupted_run_equals_an_unbroken_one(toy, tmp_path):
    data = dataset.load(toy)
    recipe = replace(RECIPE, steps=6, decay=0)
    whole = flow.train(data, recipe, TINY, tmp_path / "a", lambda _: None)
    flow.train(data, replace(recipe, steps=3), TINY, tmp_path / "b", lambda _: None)
    parts = flow.train(data, recipe, TINY, tmp_path / "b", lambda _: None)
    for p, q in zip(whole.parameters(), parts.parameters(), strict=True):
        assert torch.allclose(p, q, atol=1e-5)


def test_the_shipped_recipes_are_read_and_unknown_keys_refused(tmp_path):
    recipe, config = flow.read_recipe(SHIPPED_RECIPE)
    assert config == FlowConfig()
    assert recipe.steps > recipe.decay > 0
    for name in ("mel-flow-start", "mel-flow", "own-loops"):
        flow.read_recipe(RECIPES / f"{name}.toml")
    shortcut.read_recipe(RECIPES / "mel-flow-few.toml")
    vocoder.read_recipe(RECIPES / "vocos.toml")
    bad = tmp_path / "bad.toml"
    bad.write_text("[training]\nsteps = 1\ndecay = 0\nsteeps = 2\n")
    with pytest.raises(ConfigError, match="steeps"):
        flow.read_recipe(bad)


def test_few_steps_have_a_recipe_of_their_own(toy, tmp_path):
    options = TrainingOptions(data=toy, out=tmp_path, part="few")
    assert commands._data_and_recipe(options)[1].name == "mel-flow-long.toml"
    assert commands._data_and_recipe(replace(options, part="flow"))[1] == SHIPPED_RECIPE
    recipe, config = shortcut.read_recipe(RECIPES / "mel-flow-long.toml")
    assert max(recipe.lengths) == config.window


def test_pieces_are_split_by_piece_and_styles_take_turns():
    assert [dataset.compose(n)[2] for n in range(len(STYLES))] == list(STYLES)
    splits = [dataset.split_of(n) for n in range(400)]
    assert splits.count("validation") == splits.count("test") == 20
    assert all(dataset.keeps_audio(n) for n in range(400) if splits[n] != "train")


def test_a_piece_is_rebuilt_from_its_seed():
    if shutil.which("fluidsynth") is None or not dataset.SOUNDFONT.exists():
        pytest.skip("needs apt-get install fluidsynth fluid-soundfont-gm (1 min, 150 MB)")
    made, again = (dataset._make_piece(10, MelSpec()) for _ in range(2))
    entry = made.entry
    assert np.array_equal(made.mel, again.mel)
    assert np.array_equal(made.wave, again.wave)
    assert made.mel.shape == (entry.mel_frames, 2, 128)
    assert made.mel.shape[0] == MelSpec().mel_frames(len(made.wave))
    assert entry.split == "train"
    assert entry.style == STYLES[0]
    assert entry.mel_frames == pytest.approx(entry.onsets[-1] * 44_100 / 512, rel=0.1)


def test_too_small_a_set_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="take more"):
        dataset.build(tmp_path, len(STYLES), MelSpec(), lambda *_: None)
