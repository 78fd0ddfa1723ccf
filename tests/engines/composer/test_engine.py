"""The composer engine: lengths, loops, seeds, cancelling, and what of a plan is followed."""

from dataclasses import replace

import numpy as np
import pytest

from msanii_live.engines.base import EngineSettings, standalone_context
from msanii_live.engines.composer.engine import ComposerEngine, create
from msanii_live.engines.composer.network import ComposerNet, NetworkConfig
from msanii_live.engines.composer.notes import PartNote
from msanii_live.engines.composer.piece_plan import find_metre, start_full
from msanii_live.engines.composer.weights import Composer, write_weights
from msanii_live.errors import CommandError
from msanii_live.protocol.commands import Generate, Vocode
from tests.engines.composer.tiny import plan, untrained

RATE = 44_100


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    path = untrained(tmp_path_factory.mktemp("composer") / "tiny.safetensors")
    return ComposerEngine("cpu", path, precision="fp32")


def context(seed=1, **changes):
    return replace(standalone_context(), seed=seed, **changes)


def made(engine, seed=1, beats=4, tempo=120.0, **arguments):
    arguments = {"steps": 1, **arguments}
    return engine.run(Generate(**arguments), context(seed, beats=beats, tempo=tempo))


def compose(engine, seed=1, warnings=None, beats=4, **arguments):
    warn = [].append if warnings is None else warnings.append
    command = Generate(**{"steps": 1, **arguments})
    return engine.compose(command, context(seed, warn=warn, beats=beats))


def test_notes_lie_in_the_clip_and_the_seed_decides_them(engine):
    first, again, other = (compose(engine, seed, bars=2, bpm=100) for seed in (1, 1, 2))
    assert first == again != other
    assert first.notes
    assert (first.is_loop, first.bpm, first.bar, first.beats) == (True, 100, 0.0, 4.0)
    assert first.seconds == pytest.approx(4.8, abs=1 / RATE)
    assert all(0 <= note.start < first.seconds for note in first.notes)
    cut = compose(engine, seconds=1.3, bpm=100)
    assert not cut.is_loop
    assert all(note.end <= 1.3 for note in cut.notes)


@pytest.mark.parametrize("style", ["", "lofi", "drum and bass"])
def test_a_style_takes_the_tempo_of_the_transport_but_for_a_named_one(engine, style):
    in_set = context(tempo=97.0)
    assert engine.plan(Generate(style=style, bars=2), in_set).bpm == 97.0
    assert engine.plan(Generate(style=style, prompt="at 174 bpm", bars=2), in_set).bpm == 174.0
    assert engine.plan(Generate(style=style, bpm=90, bars=2), in_set).bpm == 90.0


def test_a_long_piece_is_chained_and_its_windows_differ(engine):
    score = compose(engine, bars=40, bpm=240)
    assert score.seconds == 40.0
    bars = [{round(note.start * 16) % 16 for note in score.notes if int(note.start) == bar}
            for bar in range(40)]  # fmt: skip
    assert all(bars)
    assert len({tuple(sorted(bar)) for bar in bars}) > 8
    short = compose(engine, bars=16, bpm=240)
    first = [note for note in score.notes if note.end < 8.0]
    assert first == [note for note in short.notes if note.end < 8.0]


def test_style_and_key_are_taken_or_drawn_from_the_seed(engine):
    plan = engine.plan(Generate(style="lo-fi", key="F#m", bars=2), context())
    assert (plan.style, plan.key) == ("lofi", 18)
    assert plan.conditions.minor is True
    assert plan.conditions.chords[0].root == 6
    prompted = engine.plan(Generate(prompt="jazz in D major at 90 bpm", bars=2), context())
    assert (prompted.style, prompted.key, prompted.bpm) == ("jazz", 2, 90)
    drawn = [engine.plan(Generate(bars=2), context(seed)) for seed in range(20)]
    assert len({each.style for each in drawn}) > 4
    assert len({each.key for each in drawn}) > 6
    assert drawn[3] == engine.plan(Generate(bars=2), context(3))
    tonic = engine.plan(Generate(bars=2, style="pop"), context(3)).key % 12
    assert tonic == drawn[3].key % 12


def test_density_chooses_the_outline(engine):
    sparse, full = (
        engine.plan(Generate(bars=2, style="pop", density=density), context()).conditions
        for density in (0.0, 1.0)
    )
    assert (sparse.density, full.density) == (0.0, 1.0)


def test_short_pieces_start_where_most_parts_play(engine):
    assert start_full(plan("pop", False, 0.5)).plays[0][0]
    counts = [count for count in (3, 1, 2, 2) for _ in range(4)]  # parts that play in each bar
    bars = [tuple(part < count for part in range(5)) for count in counts]
    uneven = replace(plan("pop", False, 0.5), plays=tuple(bars), chords=(), form=())
    assert sum(start_full(uneven).plays[0]) == 3, "the fullest phrase"
    assert [sum(bar) for bar in start_full(uneven, 12).plays[:12]] == [2] * 8 + [3] * 4
    short, long = (
        engine.plan(Generate(bars=bars, style="pop"), context()).conditions for bars in (4, 16)
    )
    assert short.plays["drums"] == [True] * 4
    assert long.plays["drums"] == ([False] * 4 + [True] * 4) * 2


def test_metres_are_those_of_the_transport():
    warnings = []
    assert [find_metre(beats, warnings.append) for beats in (2, 3, 4, 5, 6, 9)] == [
        (2, 4), (3, 4), (4, 4), (5, 4), (3, 4), (3, 4),
    ]  # fmt: skip
    assert warnings == []
    assert find_metre(7, warnings.append) == (4, 4)
    assert "7 beats" in warnings[0]


@pytest.mark.parametrize("beats", [3, 5, 6, 7])
def test_bars_are_as_long_as_the_transports(engine, beats):
    score = compose(engine, bars=2, bpm=120, beats=beats)
    assert score.seconds == beats
    assert score.notes[-1].start > beats / 2


def test_a_note_before_the_start_of_a_loop_is_at_its_end(engine):
    early = [PartNote("bass", 0, -0.25, 2.0, 40, 90), PartNote("drums", 4, 4.0, 1.0, 36, 90)]
    loop = engine.plan(Generate(bars=1, bpm=120), context()).score(early)
    assert [round(note.start, 6) for note in loop.notes] == [0.5, 1.96875]
    assert loop.notes[1].program == 38
    assert loop.notes[0].drum
    line = engine.plan(Generate(seconds=2.0, bpm=120), context()).score(early)
    assert [note.start for note in line.notes] == [0.0, 0.5]


def test_words_that_are_not_understood_are_warned_of(engine, tmp_path):
    warnings = []
    compose(engine, warnings=warnings, bars=1, style="polka")
    assert len(warnings) == 1
    assert "polka" in warnings[0]
    assert "house" in warnings[0]
    few = ComposerEngine("cpu", untrained(tmp_path / "few.safetensors", ("pop", "jazz")))
    warnings.clear()
    few.plan(Generate(style="techno"), context(warn=warnings.append))
    assert warnings[0].startswith("these weights do not know the style techno")


def test_errors_are_clear(engine, tmp_path):
    with pytest.raises(CommandError, match="composer cannot vocode") as caught:
        engine.run(Vocode(src="x"), context())
    assert caught.value.code == "EENGINE"
    with pytest.raises(CommandError, match=r"would last 800\.00 s: it must be") as caught:
        compose(engine, bars=400, bpm=120)
    assert caught.value.code == "ERANGE"
    missing = create(EngineSettings("cpu", name="mine", weights=tmp_path / "none.safetensors"))
    assert missing.name == "mine"
    with pytest.raises(CommandError, match=r"cannot load .*none\.safetensors") as caught:
        missing.load()
    assert caught.value.code == "EENGINE"
    path = tmp_path / "bare.safetensors"
    write_weights(path, Composer(ComposerNet(NetworkConfig(styles=("pop",), width=32, blocks=1))))
    with pytest.raises(CommandError, match="it holds no plans"):
        ComposerEngine("cpu", path).load()


def test_composing_can_be_cancelled_at_every_step(engine):
    class Stop(Exception):
        pass

    calls = []

    def progress(done, steps):
        calls.append((done, steps))
        if done == 3:
            raise Stop

    with pytest.raises(Stop):
        engine.compose(Generate(bars=40, steps=2), context(progress=progress))
    assert calls == [(1, 8), (2, 8), (3, 8)]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [{"bars": 2, "bpm": 124}, {"seconds": 2.01}])
def test_a_clip_is_exact_in_length_and_a_loop_closes(engine, arguments):
    clip = made(engine, style="pop", key="Am", **arguments)
    is_loop = "bars" in arguments
    assert len(clip.samples) == round((2 * 240 / 124 if is_loop else 2.01) * RATE)
    info = clip.info
    assert (info.loops, info.bar_offset, info.style, info.key) == (is_loop, 0.0, "pop", "A min")
    assert info.bpm == (124 if is_loop else 120)
    assert 0.02 < np.abs(clip.samples).max() <= 0.892
    steps = np.abs(np.diff(clip.samples, axis=0)).max(1)
    assert np.abs(clip.samples[0] - clip.samples[-1]).max() <= np.percentile(steps, 99.9)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_samples(engine):
    first, again, other = (made(engine, seed, seconds=1.0).samples for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.1, 0.6])
def test_both_stages_report_and_can_be_cancelled(engine, share):
    class Stop(Exception):
        pass

    calls = []

    def progress(done, steps):
        calls.append((done, steps))
        if done >= share * steps:
            raise Stop

    with pytest.raises(Stop):
        engine.run(Generate(seconds=6.0, steps=8, style="pop"), context(progress=progress))
    done, total = calls[-1]
    assert total == 24
    assert done - share * total < 2
    assert [step for step, _ in calls] == sorted(step for step, _ in calls)


@pytest.mark.slow
def test_the_weights_are_freed(tmp_path):
    engine = ComposerEngine("cpu", untrained(tmp_path / "tiny.safetensors"), precision="fp32")
    assert (engine.loaded, engine.precision) == (False, "")
    engine.warm()
    assert (engine.loaded, engine.precision) == (True, "fp32")
    engine.free()
    assert not engine.loaded
