"""The player of note spectra: keys, parts, loops, stereo, and a file that is not there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from msanii_live.audio import rms_dbfs
from msanii_live.dsp.vocoders.registry import SHIPPED_WEIGHTS
from msanii_live.engines.base import standalone_context
from msanii_live.engines.note_spectra.engine import WEIGHTS, NoteSpectraEngine
from msanii_live.errors import CommandError
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Render
from tests.engines.notes.played import centroid, pitch_at

shipped = pytest.mark.skipif(
    not (SHIPPED_WEIGHTS / WEIGHTS).exists(), reason="the spectra are not there"
)
COMMAND = Render(midi="band")
BAND = Score(
    (
        *(Note(n / 2, n / 2 + 0.1, 36 if n % 2 == 0 else 42, 100, 25, drum=True) for n in range(4)),
        Note(0.0, 1.8, 36, 100, 33, part="bass"),
        *(Note(0.0, 1.8, key, 80, 89, part="pad") for key in (60, 64, 67)),
        Note(1.0, 1.5, 84, 30, 81, part="lead"),
    ),
    2.0,
    bpm=120.0,
)


@pytest.fixture(scope="module")
def player() -> NoteSpectraEngine:
    engine = NoteSpectraEngine("cpu")
    engine.load()
    return engine


def context_of(score: Score, seed: int = 0):
    return replace(standalone_context(score=lambda name: score), seed=seed)


@shipped
@pytest.mark.parametrize("is_loop", [False, True])
def test_stems_sum_to_the_clip_and_parts_keep_their_place(player, is_loop) -> None:
    score = replace(BAND, is_loop=is_loop)
    played = player.render_parts(score, COMMAND, context_of(score))
    clip = player.run(COMMAND, context_of(score))
    assert tuple(played.stems) == score.parts == ("drums", "bass", "lead", "pad")
    assert np.array_equal(clip.samples, played.clip.samples)
    assert np.abs(sum(played.stems.values()) - clip.samples).max() <= 2**-20
    assert centroid(played.stems["bass"]) < centroid(played.stems["lead"])
    assert -30 < rms_dbfs(clip.samples) < -10
    bare = player.render_parts(score, COMMAND, context_of(score), with_stems=False)
    assert bare.stems == {}
    assert np.array_equal(bare.clip.samples, clip.samples)


@shipped
def test_it_plays_the_keys_that_are_written(player) -> None:
    keys = (60, 64, 67, 72)
    notes = tuple(Note(n / 2, n / 2 + 0.45, key, 90) for n, key in enumerate(keys))
    score = Score(notes, 2.0, bpm=120.0)
    samples = player.run(COMMAND, context_of(score)).samples
    heard = [pitch_at(samples, note.start + 0.1) for note in notes]
    assert sum(a % 12 == key % 12 for a, key in zip(heard, keys, strict=True)) >= 3


@shipped
def test_a_chorused_pad_is_wider_than_a_bass(player) -> None:
    stems = player.render_parts(BAND, COMMAND, context_of(BAND)).stems
    sides = {
        part: rms_dbfs((stem[:, :1] - stem[:, 1:]) / 2) - rms_dbfs(stem.mean(1, keepdims=True))
        for part, stem in stems.items()
    }
    assert sides["pad"] > sides["bass"] + 6
    assert sides["pad"] > -8


@shipped
def test_progress_reaches_its_end(player) -> None:
    seen: list[tuple[int, int]] = []
    context = replace(context_of(BAND), progress=lambda done, total: seen.append((done, total)))
    player.run(COMMAND, context)
    assert seen[0][0] == 0
    assert seen[-1][0] == seen[-1][1]
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.npz"):
        NoteSpectraEngine("cpu", tmp_path / "none.npz").load()


@shipped
@pytest.mark.parametrize("program", [50, 62, 80, 81, 87, 88, 90])
def test_no_program_has_its_channels_in_antiphase(player, program) -> None:
    notes = tuple(Note(0.0, 1.8, key, 90, program) for key in (60, 64, 67))
    score = Score(notes, 2.0)
    left, right = player.run(COMMAND, context_of(score)).samples.T
    assert np.corrcoef(left, right)[0, 1] > 0
