"""The Mel2Mel network: its layers, its chunks, and that it can learn."""

from pathlib import Path

import pytest
import torch

from msanii_live.dsp.mel import MelSpec
from msanii_live.engines.mel2mel import network as mel2mel
from msanii_live.engines.mel2mel.network import (
    CHUNK,
    Mel2Mel,
    Mel2MelConfig,
    TimbreFiLM,
    count_chunks,
    piano_rolls,
)
from msanii_live.engines.notes.instruments import (
    INSTRUMENT_NAMES,
    INSTRUMENTS,
    instrument_by_word,
    nearest_instrument,
)
from msanii_live.engines.notes.synthesis import increase_contrast
from msanii_live.notes import Note

SPEC = MelSpec(mels=16)


def net(timbre: int = 2, channels: int = 24) -> Mel2Mel:
    torch.manual_seed(1)
    return Mel2Mel(Mel2MelConfig(channels, timbre), SPEC).eval()


def test_rolls_hold_onsets_and_keys_with_their_force() -> None:
    drawn = piano_rolls([Note(0.1, 0.36, 21, 127), Note(0.2, 0.2, 108, 64)], 5, 0.1)
    assert drawn.shape == (5, 176)
    assert drawn[:, 0].tolist() == [0, 1, 0, 0, 0]
    assert drawn[:, 88].tolist() == pytest.approx([0, 1, 1, 1, 0])
    assert drawn[2, 87] == pytest.approx(64 / 127)
    assert drawn[:, 175].count_nonzero() == 1  # however short, it is there


def test_what_lies_outside_the_window_or_the_keyboard() -> None:
    drawn = piano_rolls([Note(9.0, 9.5, 60, 90), Note(0.0, 9.0, 12, 127)], 3, 0.1)
    assert drawn[:, 88 + 24 - 21].tolist() == [1, 1, 1]
    assert drawn.count_nonzero() == 4


def test_film_is_an_affine_map_that_the_timbre_chooses() -> None:
    film = TimbreFiLM(2, 3)
    x, timbre = torch.randn(1, 4, 3), torch.tensor([[0.3, -0.7]])
    scale = timbre @ film.scale.weight.T + film.scale.bias
    shift = timbre @ film.shift.weight.T + film.shift.bias
    assert torch.allclose(film(x, timbre), scale * x + shift)


def test_only_the_lstms_are_not_linear() -> None:
    model = net()
    assert [type(m).__name__ for m in model.children()] == [
        "Embedding", "Linear", "TimbreFiLM", "LSTM", "LSTM", "TimbreFiLM", "Linear",
    ]  # fmt: skip


def test_pieces_give_the_same_mel_as_the_whole() -> None:
    model = net()
    played = (torch.rand(1, CHUNK + 77, 176) > 0.97).float()
    timbre = model.timbre_of("harp")[None]
    count = 0

    def count_up() -> None:
        nonlocal count
        count += 1

    with torch.no_grad():
        whole, pieces = model(played, timbre), model.predict_in_chunks(played, timbre, count_up)
    assert torch.allclose(whole, pieces, atol=1e-5)
    assert count == count_chunks(CHUNK + 77) == 4


def test_both_directions_are_heard() -> None:
    model = net()
    played = torch.zeros(1, 21, 176)
    played[0, 10] = 1
    with torch.no_grad():
        changed = model(played, model.timbre_of("piano")[None]) - model(
            torch.zeros_like(played), model.timbre_of("piano")[None]
        )
    assert (changed[0].abs().amax(1) > 0).all()


def test_sharpening_stresses_differences_and_nothing_else() -> None:
    flat = torch.full((2, 5, 16), -3.0)
    assert torch.allclose(increase_contrast(flat), flat)
    mel = torch.full((2, 5, 16), -6.0)
    mel[..., 8] = 0.0
    made = increase_contrast(mel)
    assert made[0, 0, 8] > 0.0
    assert (made[..., 7] < -6.0).all()
    assert torch.allclose(made[..., 0], mel[..., 0])


def test_the_paper_s_size_by_configuration() -> None:
    model = Mel2Mel(Mel2MelConfig(256, 2), MelSpec(16_000, 1_024, 128, 80, 0.0, 8_000.0))
    assert model(torch.zeros(2, 4, 176), torch.zeros(2, 2)).shape == (2, 4, 80)
    assert model.timbres.weight.shape == (10, 2)


def test_weights_survive_the_disk(tmp_path: Path) -> None:
    model = net(timbre=5)
    mel2mel.save(tmp_path / "m.safetensors", model)
    again = mel2mel.load(tmp_path / "m.safetensors", torch.device("cpu"))
    assert again.config == model.config
    assert again.spec == SPEC
    played = (torch.rand(1, 30, 176) > 0.9).float()
    with torch.no_grad():
        a = model(played, model.timbre_of("organ")[None])
        b = again(played, again.timbre_of("organ")[None])
    assert torch.allclose(a, b, atol=2e-3)
    (tmp_path / "x.safetensors").write_bytes((tmp_path / "m.safetensors").read_bytes()[:100])
    with pytest.raises(ValueError, match="damaged"):
        mel2mel.load(tmp_path / "x.safetensors", torch.device("cpu"))


def test_every_program_and_every_name_means_an_instrument() -> None:
    assert {nearest_instrument(program) for program in range(128)} == set(INSTRUMENT_NAMES)
    assert all(nearest_instrument(program) == name for name, program in INSTRUMENTS.items())
    assert all(instrument_by_word(name.upper()) == name for name in INSTRUMENT_NAMES)
    assert instrument_by_word("Electric_Piano") == "epiano"
    assert instrument_by_word("") is None
