"""Test the rack engine: it plays notes without PyTorch, and its stems are exact."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio.limiter import true_peaks
from msanii_live.engines.base import EngineSettings, standalone_context
from msanii_live.engines.rack.engine import TIMBRES, RackEngine, find_sound
from msanii_live.errors import CommandError
from msanii_live.notes import Note, Score
from msanii_live.protocol.commands import Generate, Render, Vocode
from msanii_live.rack.drums.kits import KITS
from tests.rack.test_render import groove

RENDER = Render(midi="riff")


@pytest.fixture(scope="module")
def engine() -> RackEngine:
    return RackEngine(EngineSettings("cpu"))


def played(engine: RackEngine, command: Render, score: Score | None = None):
    return engine.run(command, standalone_context(score=lambda name: score or groove()))


def test_it_plays_notes_with_exact_stems(engine: RackEngine) -> None:
    clip = played(engine, replace(RENDER, stems=1))
    assert tuple(clip.stems) == ("drums", "bass", "chords", "lead", "pad")
    assert np.abs(sum(clip.stems.values()) - clip.samples).max() < 2**-20
    assert clip.info.frames == round(groove().seconds * 44_100)
    assert (clip.info.bpm, clip.info.loops, clip.info.style) == (128.0, True, "techno")
    assert true_peaks(clip.samples).max() <= 10 ** (-1 / 20) + 1e-6
    assert clip.score is not None
    assert clip.score.notes == groove().notes
    assert np.array_equal(played(engine, RENDER).samples, clip.samples)


def test_playing_imports_no_torch() -> None:
    code = """
import sys
from msanii_live.engines.registry import EngineRegistry
engine = EngineRegistry("cpu", "rack").get()
engine.warm()
assert not engine.loaded
assert "torch" not in sys.modules
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_a_style_a_timbre_drive_and_space_change_the_sound(engine: RackEngine) -> None:
    usual = played(engine, RENDER).samples
    for key, value in {"style": "dub", "timbre": "acid", "drive": 0.8, "space": 0.9}.items():
        other = played(engine, replace(RENDER, **{key: value})).samples
        assert not np.allclose(other, usual, atol=0.02), key


@pytest.mark.parametrize(
    ("style", "told"),
    [("", False), ("dub", False), ("Drum-and-Bass", False), ("polka", True), ("rig", True)],
)
def test_a_style_that_no_rig_has_is_told(engine: RackEngine, style: str, told: bool) -> None:
    warned: list[str] = []
    context = standalone_context(score=lambda name: groove())
    command = replace(RENDER, style=style, seconds=0.5)
    clip = engine.run(command, replace(context, warn=warned.append))
    assert any(f"no style is called {style!r}" in text for text in warned) == told
    assert not told or np.array_equal(
        clip.samples, played(engine, replace(RENDER, seconds=0.5)).samples
    )


def test_two_timbres_are_mixed(engine: RackEngine) -> None:
    command = replace(RENDER, timbre="organ", timbre2="bell")
    ends = [played(engine, replace(command, mix=mix)).samples for mix in (0.0, 1.0)]
    between = played(engine, replace(command, mix=0.5)).samples
    assert np.array_equal(ends[0], played(engine, replace(RENDER, timbre="organ")).samples)
    assert not np.allclose(between, ends[0], atol=0.01)
    assert not np.allclose(between, ends[1], atol=0.01)


def test_a_kit_changes_the_drums_alone(engine: RackEngine) -> None:
    score = replace(groove(), style="house")
    usual, other = (
        played(engine, replace(RENDER, timbre=timbre, stems=1), score)
        for timbre in ("", "worn-kit")
    )
    drums, bass = (
        [clip.stems[part] / np.abs(clip.stems[part]).max() for clip in (usual, other)]
        for part in ("drums", "bass")
    )
    assert not np.allclose(*drums, atol=0.1)
    assert np.corrcoef(bass[0][:, 0], bass[1][:, 0])[0, 1] > 0.99


def test_what_it_cannot_play_is_told(engine: RackEngine) -> None:
    with pytest.raises(CommandError, match="no timbre is called 'kazoo'; there are sub"):
        played(engine, replace(RENDER, timbre="kazoo"))
    with pytest.raises(CommandError, match="cannot vocode"):
        engine.run(Vocode(src="x"), standalone_context())


def test_its_timbres_and_styles_are_told(engine: RackEngine) -> None:
    assert set(engine.capabilities.timbres) >= {"acid", "long-sub", "electric-piano"}
    assert len(set(TIMBRES)) == len(engine.capabilities.timbres)
    for word in ("Electric-Piano", "electric piano"):
        assert find_sound(word) == ("electric piano", "")
    found = [find_sound(word) for word in engine.capabilities.timbres]
    assert [kit for _, kit in found if kit] == list(KITS)
    assert {"techno", "drum-and-bass", "dub", "trap", "garage", "electro"} <= set(
        engine.capabilities.styles
    )


def test_a_chunk_of_a_stream_keeps_the_level_of_its_notes(engine: RackEngine) -> None:
    soft = tuple(replace(n, velocity=max(1, n.velocity // 3)) for n in groove().notes)
    context = standalone_context(score=lambda name: replace(groove(), notes=soft, is_loop=False))
    loud = standalone_context(score=lambda name: replace(groove(), is_loop=False))
    levels = [
        float(np.abs(engine.run(RENDER, replace(each, skip_normalization=True)).samples).mean())
        for each in (context, loud)
    ]
    assert levels[0] < 0.4 * levels[1]


def test_it_plays_what_the_composer_writes(engine: RackEngine) -> None:
    warned: list[str] = []
    context = replace(standalone_context(), warn=warned.append, seed=3)
    clip = engine.run(Generate(style="dub", bars=2, steps=2, stems=1), context)
    assert any("has not learnt dub" in text for text in warned)
    assert clip.info.style == "dub"
    assert clip.score is not None
    assert clip.score.style == "dub"
    if clip.score.notes:  # what a network composes is its own affair
        assert np.abs(sum(clip.stems.values()) - clip.samples).max() < 2**-20
    written = engine.compose(Generate(style="dub", bars=2, steps=2), context)
    assert written.style == "dub"
    after = engine.continue_score(written, 1.0, Generate(steps=2), context)
    assert after.style == "dub"
    engine.continue_score(written, 1.0, Generate(style="nostyle", steps=2), context)
    assert any("nostyle" in text for text in warned)
    engine.free()
    assert not engine.loaded


def test_notes_alone_are_enough(engine: RackEngine) -> None:
    drums = Score((Note(0.0, 0.1, 36, 100, drum=True),), 1.0)
    assert np.abs(played(engine, RENDER, drums).samples).max() > 0.1
