"""Check the training of the transcriber, at toy size."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from msanii_live.errors import ConfigError
from msanii_live.training.commands_transcriber import RECIPE
from msanii_live.training.data import heard_set
from msanii_live.training.data.heard_pieces import HeardNote, HeardPiece
from msanii_live.training.data.heard_set import FRAMES, HeardSet, HeardSplit
from msanii_live.training.trainers.transcriber import (
    TranscriberRecipe,
    batch_losses,
    change_sound,
    draw_batch,
    read_recipe,
    target_of,
    train_transcriber,
)
from msanii_live.transcription.network import Transcriber, TranscriberConfig
from msanii_live.transcription.spectrogram import BANDS, FLOOR

SMALL = TranscriberConfig(channels=16, key_blocks=1, width=16, blocks=2, hidden=16)
TOY = TranscriberRecipe(steps=4, decay=2, warm_up=1, batch=2, every=2, window=60)
PIECE = HeardPiece(
    (
        HeardNote(1.0, 1.5, 60, 100, "lead"),
        HeardNote(2.01, 2.1, 36, 64, "drums"),
        HeardNote(3.0, 4.0, 20, 90, "bass"),
    ),
    ((1.0, True), (1.5, False)),
    ((0.0, 9, 1),),
    {"lead": 80, "drums": 0, "bass": 33},
)


def toy() -> HeardSet:
    rng = np.random.default_rng(0)
    sounds = rng.normal(-6, 2, (2, FRAMES, BANDS)).astype(np.float16)
    split = HeardSplit((PIECE, PIECE), sounds)
    return HeardSet(split, split)


def test_targets_stand_where_notes_begin_and_sound() -> None:
    target = target_of(PIECE, 10, 200, 2)
    onsets = target["onsets"]
    frame, part, key = np.unravel_index(int(onsets.argmax()), onsets.shape)
    assert (frame, part, key) == (40, 2, 60 + 2 - 21)  # bass, chords, lead, pad; moved by two
    assert onsets[frame, part, key] == 1.0
    assert 0 < onsets[frame + 1, part, key] < 1
    assert target["sounding"][40:65, 2, key].all()
    assert not target["sounding"][65:, 2, key].any()
    assert target["velocities"][frame, part, key] == pytest.approx(100 / 127)
    assert onsets[:, 0].max() == 1.0  # key 20 has moved onto the keyboard
    assert not target_of(PIECE, 10, 200, 0)["onsets"][:, 0].any()
    assert target["drums"][90].argmax() == 0
    assert target["beats"][40].tolist() == [1.0, 1.0]
    assert target["beats"][65].tolist() == [1.0, 0.0]
    assert (target["chords"] == (9 + 2) % 12 * 9 + 1).all()


def test_a_changed_sound_is_moved_by_keys_and_stays_above_the_floor() -> None:
    quiet = replace(TOY, tone=0.0, gain=0.0, hiss=0.0)
    sound = np.full((5, BANDS), -8.0, np.float32)
    sound[:, 30] = 0.0
    moved = change_sound(sound, 2, np.random.default_rng(0), quiet)
    assert moved[0].argmax() == 36
    assert change_sound(sound, -2, np.random.default_rng(0), quiet)[0].argmax() == 24
    loud = change_sound(sound, 0, np.random.default_rng(0), replace(quiet, hiss=1.0))
    assert np.median(loud) > -8.0
    assert moved.min() >= np.float32(np.log(FLOOR))


def test_a_run_goes_on_where_it_stopped_and_averages_what_it_learns(tmp_path) -> None:
    lines: list[str] = []
    net = train_transcriber(toy(), TOY, SMALL, tmp_path / "a", lines.append)
    assert any("onsets" in line for line in lines)
    train_transcriber(toy(), replace(TOY, steps=2), SMALL, tmp_path / "b", lines.append)
    again = train_transcriber(toy(), TOY, SMALL, tmp_path / "b", lines.append)
    assert any("resumed at step 2" in line for line in lines)
    assert again.state_dict().keys() == net.state_dict().keys()
    assert net.mean.mean() == pytest.approx(-6, abs=0.2)


def test_losses_fall_where_the_network_is_right() -> None:
    drawn = draw_batch(toy().train, np.random.default_rng(0), TOY, is_plain=True)
    torch.manual_seed(0)
    net = Transcriber(SMALL)
    before = {name: value.item() for name, value in batch_losses(net, drawn, TOY).items()}
    assert all(np.isfinite(value) for value in before.values())
    optimiser = torch.optim.Adam(net.parameters(), 5e-3)
    for _ in range(8):
        total = torch.stack(list(batch_losses(net, drawn, TOY).values())).sum()
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
    after = {name: value.item() for name, value in batch_losses(net, drawn, TOY).items()}
    assert sum(after.values()) < 0.8 * sum(before.values())


def test_the_shipped_recipe_is_read_and_a_missing_set_says_so(tmp_path) -> None:
    recipe, config = read_recipe(RECIPE)
    assert recipe.batch > 1
    assert config.channels % 16 == 0
    with pytest.raises(ConfigError, match="holds no set"):
        heard_set.load(tmp_path)
