"""The shipped weights: what is asked for is heard in the notes, and every verb with the player."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.audio import rms_dbfs
from msanii_live.engines.base import EngineSettings, standalone_context
from msanii_live.engines.composer.engine import create
from msanii_live.engines.composer.read_piece import read_piece
from msanii_live.notes import part_of
from msanii_live.protocol.commands import (
    AudioToAudio,
    Generate,
    Inpaint,
    Interpolate,
    Outpaint,
    Render,
)
from tests.engines.composer.test_tasks import clip_of, is_smooth, run
from tests.engines.composer.tone_player import note_f1

pytestmark = pytest.mark.slow
SCALES = {"maj": {0, 2, 4, 5, 7, 9, 11}, "min": {0, 2, 3, 5, 7, 8, 10, 11}}  # minor: both sevenths


@pytest.fixture(scope="module")
def trained():
    return create(EngineSettings("cpu", name="composer"))


def context(seed, **changes):
    return replace(standalone_context(), seed=seed, **changes)


def compose(trained, seed=1, **arguments):
    return trained.compose(Generate(**{"steps": 4, **arguments}), context(seed))


def test_more_density_means_more_notes(trained):
    counts = [
        np.mean([
            len(compose(trained, seed, bars=4, style="house", density=density).notes)
            for seed in range(6)
        ])
        for density in (0.0, 0.5, 1.0)
    ]  # fmt: skip
    assert counts == sorted(counts)
    assert counts[2] > 1.3 * counts[0]


@pytest.mark.parametrize("key", ["Am", "F", "C#m", "Eb"])
def test_notes_are_in_the_key(trained, key):
    command, inside = Generate(bars=8, key=key, steps=8), []
    for seed in range(4):
        plan = trained.plan(command, context(seed))
        scale = SCALES["min" if plan.key >= 12 else "maj"]
        notes = trained.compose(command, context(seed)).notes
        inside += [(n.pitch - plan.key) % 12 in scale for n in notes if not n.drum]
    assert np.mean(inside) >= 0.9


def test_chords_that_are_asked_for_are_played(trained):
    right = []
    for seed in range(4):
        score = compose(trained, seed, bars=8, style="pop", chords="Am F C G")
        read = read_piece(replace(score, markers=()), 120.0, 4).chords
        right += [c is not None and c.root == (9, 5, 0, 7)[bar % 4] for bar, c in enumerate(read)]
    assert np.mean(right) >= 0.8


@pytest.mark.parametrize(
    ("style", "part"), [("piano", "drums"), ("piano", "bass"), ("house", "lead"), ("jazz", "pad")]
)
def test_a_part_that_is_asked_for_plays_in_any_style(trained, style, part):
    notes = compose(trained, style=style, bars=4, parts=part).notes
    assert {part_of(note) for note in notes} == {part}
    assert len(notes) >= 2
    more = trained.continue_score(
        compose(trained, style=style, bars=4), 4, Generate(parts=part, steps=4), context(2)
    )
    assert {part_of(note) for note in more.notes} == {part}


def test_a_continuation_keeps_to_the_chords_and_the_number_of_notes(trained):
    made, known = [], []
    for seed in range(4):
        before = compose(trained, seed, bars=8, style="pop", key="Am")
        after = trained.continue_score(before, 8, Outpaint(src="x", steps=4), context(seed + 50))
        made.append(len(after.notes))
        known.append(len(before.notes))
        assert after.seconds == before.seconds
        line, chords = (
            [m.text for m in each.markers if m.kind == "chord"] for each in (before, after)
        )
        sections = [
            [m.text for m in each.markers if m.kind == "section"] for each in (before, after)
        ]
        if sections[0][-1:] == sections[1][:1]:  # a new section may have other chords
            assert chords[0] in (line[-4], line[-8])
    assert 0.6 < np.sum(made) / np.sum(known) < 1.5


def test_density_steers_a_continuation(trained):
    before = compose(trained, 1, bars=8, style="pop", key="Am")
    counts = [
        np.mean([
            len(trained.continue_score(
                before, 4, Outpaint(src="x", density=density, steps=4), context(seed)
            ).notes)
            for seed in range(4)
        ])
        for density in (0.0, 1.0)
    ]  # fmt: skip
    assert counts[1] > 1.5 * counts[0]


def test_more_strength_keeps_fewer_notes_and_more_mix_has_more_of_the_other(trained):
    composer = trained._load_composer()
    kept, taken = [], []
    for seed in range(3):
        a, b = (compose(trained, seed + n, bars=8, style="pop") for n in (0, 50))
        clips = {"a": clip_of(a), "b": clip_of(b)}
        kept.append([
            note_f1(run(composer, AudioToAudio(src="a", strength=s), 9, clips).score, a)
            for s in (0.0, 0.3, 1.0)
        ])  # fmt: skip
        taken.append([
            note_f1(run(composer, Interpolate(a="a", b="b", mix=m), 9, clips).score, b)
            for m in (0.0, 0.5, 1.0)
        ])  # fmt: skip
    assert np.all(np.diff(np.mean(kept, 0)) < 0)
    assert np.all(np.diff(np.mean(taken, 0)) > 0)
    assert np.mean(taken, 0)[-1] == 1.0


def test_every_verb_with_the_network_that_plays(trained):
    def make(command, seed=1, clips=None, score=None):
        command = replace(command, steps=1, stems=1)
        made = trained.run(
            command,
            context(seed, clip=(clips or {}).__getitem__, score=lambda name: score),
        )
        total = sum(stem.astype(np.float64) for stem in made.stems.values())
        assert np.abs(total - made.samples).max() <= 2**-20
        assert made.info.frames == len(made.samples) == round(made.score.seconds * 44_100)
        assert np.abs(made.samples).max() <= 0.9
        return made

    source = make(Generate(bars=1, bpm=120, style="pop", key="Am"))
    clips, frames = {"a": source}, source.info.frames
    longer = make(Outpaint(src="a", bars=1), 2, clips)
    assert np.array_equal(longer.samples[: frames - 2_048], source.samples[:-2_048])
    assert is_smooth(longer.samples, frames)
    assert abs(rms_dbfs(longer.samples[frames:]) - rms_dbfs(source.samples)) < 6
    filled = make(Inpaint(src="b", start=1.0, end=3.0), 3, {"b": longer})
    assert np.array_equal(filled.samples[:42_000], longer.samples[:42_000])
    loop = make(AudioToAudio(src="a", strength=0.5, parts="drums"), 4, clips)
    assert loop.info.loops
    with_bass = make(Render(midi="riff", parts="bass"), 5, score=source.score.only(("drums",)))
    assert set(with_bass.score.parts) <= {"drums", "bass"}
