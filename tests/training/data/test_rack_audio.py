"""Test training data that the rack plays."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msanii_live.errors import ConfigError
from msanii_live.midi import files
from msanii_live.training.data import note_set
from msanii_live.training.data.rack_audio import player_of, render_midi, render_parts
from msanii_live.training.data.render import render_folder
from tests.rack.test_render import groove


def test_a_piece_is_as_long_as_its_notes_and_peaks_at_minus_one() -> None:
    midi, _ = files.read_smf(files.to_midi(groove()), 1_000)
    wave = render_midi(midi, "techno")
    assert wave.dtype == np.float32
    assert wave.shape == (round(groove().seconds * 44_100), 2)
    assert np.abs(wave).max() == pytest.approx(10 ** (-1 / 20), abs=1e-4)


def test_parts_alone_sum_to_the_piece_and_sound() -> None:
    parts = render_parts(groove(2))
    assert parts.shape == (5, round(groove(2).seconds * 44_100))
    assert (np.abs(parts).max(1) > 0.005).all()
    level = 10 * np.log10((parts.sum(0) ** 2).mean())
    assert -28 < level < -12
    assert np.array_equal(render_parts(groove(2).only(("bass",)))[0], parts[1])


def test_a_set_of_notes_is_built_without_fluidsynth(tmp_path: Path) -> None:
    said: list[str] = []
    note_set.build(tmp_path, said.append, pieces={"train": 1, "validation": 1}, player="rack")
    built = note_set.load(tmp_path)
    assert np.isfinite(built.train.mels).all()
    assert float(np.asarray(built.train.mels, np.float32).std()) > 0.5
    assert json.loads((tmp_path / "notes.json").read_text())["train"][0]["notes"]


def test_a_folder_of_midi_files_becomes_flac(tmp_path: Path, capsys) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "riff.mid").write_bytes(files.to_midi(groove()))
    assert render_folder(tmp_path / "in", tmp_path / "out", None, "rack", "techno") == 0
    wave, rate = soundfile.read(tmp_path / "out" / "riff.flac")
    assert rate == 44_100
    assert 0.5 < np.abs(wave).max() < 0.95
    assert "played with the rack" in capsys.readouterr().out


def test_the_player_of_a_recipe() -> None:
    assert player_of(Path("r.toml"), {}) == "fluidsynth"
    assert player_of(Path("r.toml"), {"player": "rack"}) == "rack"
    with pytest.raises(ConfigError, match="fluidsynth or rack"):
        player_of(Path("r.toml"), {"player": "kazoo"})
